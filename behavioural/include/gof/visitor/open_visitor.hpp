// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// Visitors of types that others add.

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <typeinfo>
#include <utility>
#include <vector>

#include <gof/visitor.hpp>

namespace gof::inline v0::visitor {

/// \addtogroup visitor
/// @{

/// An element came that the visitor does not know.
class unknown_element : public std::runtime_error {
  using std::runtime_error::runtime_error;
};
/// A type was given a second case.
class misuse : public std::logic_error {
  using std::logic_error::logic_error;
};

/// What a visitor does about elements that it does not know: throws `unknown_element`.
struct refuse {};

/// A visitor whose cases are added while the program runs, for elements with a common base class,
/// which knows no visitor: neither side has to be compiled anew when the other one grows.
///
/// The case is chosen by the dynamic type of the element, exactly. One of a derived class without a
/// case of its own is unknown, and what becomes of the unknown is said when the visitor is made.
/// \tparam Base the Element, a polymorphic class; `const` where visitors do not change elements
/// \tparam R what a visit returns
/// \threads one at a time
/// \law EachByItsOwnCase: as for a visitor
template <class Base, class R = void>
class open_visitor {
  static_assert(std::is_polymorphic_v<Base>, "gof::visitor: Base needs a virtual function");
  template <class F>
  using element = detail::const_like<Base, typename detail::case_of<F>::type>;

 public:
  /// Refuses what it does not know.
  explicit open_visitor(refuse) : slots_(4) {}
  /// Gives what it does not know to a function. \param rest called with `Base&`
  template <class F>
    requires std::is_invocable_r_v<R, F&, Base&>
  explicit open_visitor(otherwise<F> rest)
      : slots_(4), rest_(std::make_unique<model<F, Base>>(std::move(rest.function))) {}

  /// Adds a case. \param f has one parameter, of a class derived from `Base` \returns this
  /// \throws misuse where the class has a case; std::bad_alloc; unchanged
  template <class F>
    requires(std::derived_from<element<F>, Base>&& std::is_invocable_r_v<R, F&, element<F>&>)
  open_visitor& on(F f) {
    const std::type_info& type = typeid(element<F>);
    if (known(type) != nullptr) throw misuse(of("there is a case already for", type));
    auto made = std::make_unique<model<F, element<F>>>(std::move(f));
    if (2 * (size_ + 1) > slots_.size()) grow();
    put(slots_, {&type, std::move(made)});
    ++size_;
    return *this;
  }

  /// Visits an element. \param e the element \returns what its case returns
  /// \throws unknown_element, where it refuses; what the case, or `otherwise`, throws
  /// \complexity constant
  R operator()(Base& e) {
    const std::type_info& type = typeid(e);
    for (std::size_t i = place(slots_, type);; i = (i + 1) & (slots_.size() - 1)) {
      if (slots_[i].type == &type) return slots_[i].function->call(e);
      if (slots_[i].type == nullptr) return visit_other(e, type);
    }
  }

 private:
  struct interface {
    virtual ~interface() = default;
    virtual R call(Base&) = 0;
  };
  template <class F, class Element>
  struct model final : interface {
    explicit model(F from) : f(std::move(from)) {}
    R call(Base& e) override { return static_cast<R>(f(static_cast<Element&>(e))); }
    F f;
  };
  struct slot {
    const std::type_info* type = nullptr;
    std::unique_ptr<interface> function;
  };

  static std::string of(const char* what, const std::type_info& type) {
    return std::string("gof::visitor: ") + what + " elements of type " + type.name();
  }
  static std::size_t place(const std::vector<slot>& slots, const std::type_info& type) noexcept {
    return reinterpret_cast<std::uintptr_t>(&type) / alignof(std::max_align_t) & (slots.size() - 1);
  }
  static void put(std::vector<slot>& slots, slot s) noexcept {
    std::size_t i = place(slots, *s.type);
    while (slots[i].type != nullptr) i = (i + 1) & (slots.size() - 1);
    slots[i] = std::move(s);
  }
  void grow() {
    std::vector<slot> larger(2 * slots_.size());
    for (slot& s : slots_) {
      if (s.type != nullptr) put(larger, std::move(s));
    }
    slots_.swap(larger);
  }
  // A type can have several type_info objects, one in each shared library.
  interface* known(const std::type_info& type) const noexcept {
    for (const slot& s : slots_) {
      if (s.type != nullptr && *s.type == type) return s.function.get();
    }
    return nullptr;
  }
  R visit_other(Base& e, const std::type_info& type) {
    interface* function = known(type);
    if (function == nullptr) function = rest_.get();
    if (function == nullptr) throw unknown_element(of("there is no case for", type));
    return function->call(e);
  }

  // Invariant: open addressing by the address of the type; a power of two, at most half of it used.
  std::vector<slot> slots_;
  std::size_t size_ = 0;
  std::unique_ptr<interface> rest_;
};

/// @}
}  // namespace gof::inline v0::visitor
