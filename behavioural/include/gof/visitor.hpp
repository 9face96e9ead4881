// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// Visitor: an operation over elements of several types, kept in one place.

#include <concepts>
#include <type_traits>
#include <utility>
#include <variant>

/// \defgroup visitor Visitor
/// \ingroup behavioural
/// An operation that does something different for each type of element, outside of these types.
///
/// | In the book               | Here                                                                |
/// |---------------------------|---------------------------------------------------------------------|
/// | Visitor                   | what is called with each element; no base class                     |
/// | ConcreteVisitor           | \ref gof::visitor::visitor "visitor", or a class with `operator()`  |
/// | VisitElementA             | a function that takes `element_a`                                   |
/// | Element, ConcreteElement  | `std::variant<element_a, …>` and its alternatives; no `Accept`      |
/// | Accept                    | \ref gof::visitor::visit "visit", or a call of an \ref gof::visitor::open_visitor "open_visitor" |
/// | ObjectStructure           | what \ref gof::visitor::traverse "traverse" goes through            |
///
/// | To …                                   | write                                                    |
/// |----------------------------------------|----------------------------------------------------------|
/// | do something for each type             | `visit(visitor{[](const file&) {…}, [](const link&) {…}}, e)` |
/// | do the same for all other types        | `visitor{…, otherwise([](const auto&) {…})}`             |
/// | keep something from visit to visit     | a class with an `operator()` for each type               |
/// | visit all of a tree, however deep      | `gof/visitor/traverse.hpp`: `traverse(top, v)`           |
/// | visit types that others add            | `gof/visitor/open_visitor.hpp`: `open_visitor`           |
///
/// \source Gamma, Helm, Johnson, Vlissides, *Design Patterns* (1994), chapter 5, Visitor

namespace gof::inline v0::visitor {

/// \addtogroup visitor
/// @{

/// In a visitor, the function for all elements that have no case of their own. Without it, a type
/// that is added later is found when compiling; with it, nobody will hear of it.
/// \tparam F takes whatever is left
template <class F>
struct otherwise {
  F function;  ///< What is called.
};
/// \param function what is called
template <class F>
otherwise(F function) -> otherwise<F>;

namespace detail {
// The type of element that a function with one parameter is for; none, where it may be for several.
struct none {};
template <class>
struct parameter {
  using type = none;
};
template <class F, class R, class E>
struct parameter<R (F::*)(E)> {
  using type = std::remove_cvref_t<E>;
};
template <class F, class R, class E>
struct parameter<R (F::*)(E) const> : parameter<R (F::*)(E)> {};
template <class F, class R, class E>
struct parameter<R (F::*)(E) noexcept> : parameter<R (F::*)(E)> {};
template <class F, class R, class E>
struct parameter<R (F::*)(E) const noexcept> : parameter<R (F::*)(E)> {};

template <class F>
struct case_of {
  using type = none;
};
template <class F>
  requires requires { &F::operator(); }
struct case_of<F> : parameter<decltype(&F::operator())> {};

template <class F, class Element>
constexpr bool is_for = std::same_as<typename case_of<F>::type, std::remove_cvref_t<Element>>;
template <class F>
constexpr bool is_rest = false;
template <class F>
constexpr bool is_rest<otherwise<F>> = true;
template <class F>
constexpr bool is_case = is_rest<F> || !std::same_as<typename case_of<F>::type, none>;

// Compilers write out the types when these fail.
template <class Element, bool Has>
struct needs_case {
  static_assert(Has, "gof::visitor: there is no case for this Element");
};
template <class Element, bool Once>
struct needs_one_case {
  static_assert(Once, "gof::visitor: there is more than one case for this Element");
};

template <class F>
constexpr F& function_of(F& f) noexcept {
  return f;
}
template <class F>
constexpr F& function_of(otherwise<F>& o) noexcept {
  return o.function;
}
template <class F>
constexpr const F& function_of(const otherwise<F>& o) noexcept {
  return o.function;
}

template <class From, class To>
using const_like = std::conditional_t<std::is_const_v<From>, const To, To>;
}  // namespace detail

/// A ConcreteVisitor made of functions, each for one type, and for exactly that: what only converts
/// to it is not meant.
/// \tparam Cases functions that have one parameter, of a named type, by value or reference; and
/// perhaps an `otherwise`
/// \law EachByItsOwnCase: an element is given to the case for its type, in whatever order the cases
/// are; to `otherwise` if and only if it has none
template <class... Cases>
struct visitor : Cases... {
  static_assert((detail::is_case<Cases> && ...),
                "gof::visitor: a case has one parameter, of a named type; for all that is left, "
                "write otherwise(f)");

  /// Visits an element. \param element of a type that has a case \returns what its case returns
  /// \throws what its case throws
  template <class Element>
  constexpr decltype(auto) operator()(Element&& element) {
    return pass(std::forward<Element>(element), static_cast<Cases&>(*this)...);
  }
  /// Visits an element. \param element of a type that has a case \returns what its case returns
  /// \throws what its case throws
  template <class Element>
  constexpr decltype(auto) operator()(Element&& element) const {
    return pass(std::forward<Element>(element), static_cast<const Cases&>(*this)...);
  }

 private:
  template <class Element, class... Functions>
  static constexpr decltype(auto) pass(Element&& element, Functions&... functions) {
    using type = std::remove_cvref_t<Element>;
    constexpr int own = (0 + ... + int{detail::is_for<Cases, type>});
    constexpr int rest = (0 + ... + int{detail::is_rest<Cases>});
    static_cast<void>(detail::needs_case<type, own + rest != 0>());
    static_cast<void>(detail::needs_one_case < type, own <= 1 && rest <= 1 > ());
    return choose<own == 0>(std::forward<Element>(element), functions...);
  }
  template <bool Rest, class Element, class First, class... Others>
  static constexpr decltype(auto) choose(Element&& element, First& first, Others&... others) {
    using function = std::remove_const_t<First>;
    if constexpr (Rest ? detail::is_rest<function> : detail::is_for<function, Element>) {
      return detail::function_of(first)(std::forward<Element>(element));
    } else {
      return choose<Rest>(std::forward<Element>(element), others...);
    }
  }
};
/// \param cases the functions
template <class... Cases>
visitor(Cases... cases) -> visitor<Cases...>;

namespace detail {
template <class V>
constexpr bool checks_itself = false;
template <class... Cases>
constexpr bool checks_itself<visitor<Cases...>> = true;

template <class V, class Variant, class... Elements>
constexpr void require_cases(const std::variant<Elements...>&) noexcept {
  if constexpr (!checks_itself<std::remove_cvref_t<V>>) {
    using sample = std::remove_reference_t<Variant>;
    (static_cast<void>(
         needs_case<Elements,
                    std::invocable<V, std::conditional_t<std::is_lvalue_reference_v<Variant>,
                                                         const_like<sample, Elements>&,
                                                         const_like<sample, Elements>&&>>>()),
     ...);
  }
}
}  // namespace detail

/// Accept, for a closed set of types: calls a visitor with the element that a variant holds. A type
/// without a case does not compile, and the message names it.
/// \param v a `visitor`, or an object of a class with an `operator()` for each type
/// \param element a `std::variant` of elements, or an object of a class that is derived from one
/// \returns what the visitor returns, which is of the same type for all
/// \throws what the visitor throws; std::bad_variant_access where the variant is valueless
template <class V, class Variant>
constexpr decltype(auto) visit(V&& v, Variant&& element) {
  detail::require_cases<V, Variant>(element);
  return std::visit(std::forward<V>(v), std::forward<Variant>(element));
}

/// @}
}  // namespace gof::inline v0::visitor
