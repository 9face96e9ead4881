// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// Adapter: gives a class the interface that its clients expect.

#include <concepts>
#include <stdexcept>
#include <type_traits>
#include <utility>

/// \defgroup adapter Adapter
/// \ingroup structural
/// Makes a class fit that has another interface: complete, nothing lost, and clear who owns what.
///
/// | In the book     | Here                                                                          |
/// |-----------------|-------------------------------------------------------------------------------|
/// | Target          | your interface; \ref gof::adapter::target "target" lists its operations       |
/// | Adaptee         | any class: owned, or referred to                                              |
/// | Adapter         | \ref gof::adapter::adapter "adapter"; a class of yours with one as member     |
/// | Request         | `request<&mailbox::size>()`                                                   |
/// | SpecificRequest | the second argument of \ref gof::adapter::bind "bind"                         |
///
/// | To …                                  | write                                                |
/// |---------------------------------------|------------------------------------------------------|
/// | say which operations there are        | `target<&mailbox::size, &mailbox::at>`               |
/// | say what answers one                  | `bind<&mailbox::size, &mbox_file::count>`            |
/// | own the adaptee                       | `adapter<Target, mbox_file, …>`, or `unique_ptr`     |
/// | refer to it                           | `adapter<Target, mbox_file&, …>`                     |
/// | turn codes into exceptions, and back  | `gof/adapter/errors.hpp`: `throwing`, `coding`       |
/// | convert both ways, and test that      | `gof/adapter/two_way.hpp`: `two_way`, `first_lost`   |
///
/// \source Gamma, Helm, Johnson, Vlissides, *Design Patterns* (1994), chapter 4, Adapter

namespace gof::inline v0::adapter {

/// \addtogroup adapter
/// @{

/// The operations of an interface. \tparam Operations pointers to member functions, all different
template <auto... Operations>
struct target {};

/// \tparam Operation of the Target \tparam SpecificRequest what answers it: a pointer to a member
/// function of the adaptee, or a function or a lambda that takes the adaptee first. What converts
/// arguments or the result is a function.
template <auto Operation, auto SpecificRequest>
struct bind {};

namespace detail {
template <class To>
struct element {
  To to;
};
template <class From, class To>
concept braces_take = requires(From from) {
  element<To>{static_cast<From>(from)};
};
// Converts without what braces refuse: long to int, double to float, a pointer to bool. A reference
// stays one, to the same object.
template <class From, class To>
inline constexpr bool lossless =
    std::is_same_v<From, To> ||
    (std::is_convertible_v<From, To> &&
     (std::is_reference_v<To>
          ? std::is_reference_v<From> &&
                std::is_convertible_v<std::remove_reference_t<From>*, std::remove_reference_t<To>*>
          : braces_take<From, To>));

template <auto Specific, class Adaptee, class... Arguments>
concept called_with = requires(Adaptee& a) {
  (a.*Specific)(std::declval<Arguments>()...);
}
|| requires(Adaptee& a) { Specific(a, std::declval<Arguments>()...); };

template <auto Specific, class Adaptee, class... Arguments>
constexpr decltype(auto) perform(Adaptee& adaptee, Arguments&&... arguments) {
  if constexpr (std::is_member_function_pointer_v<decltype(Specific)>) {
    return (adaptee.*Specific)(static_cast<Arguments&&>(arguments)...);
  } else {
    return Specific(adaptee, static_cast<Arguments&&>(arguments)...);
  }
}

template <class Function>
struct signature {  // of a lambda: it takes what the language converts
  template <class...>
  static constexpr bool takes = true;
};
template <class Result, class Self, class... Parameters>
struct signature_of {
  static constexpr bool is_const = std::is_const_v<Self>;
  template <class... From>
  static constexpr bool takes = ((lossless<From&&, Parameters> ||
                                  lossless<From&&, std::remove_cvref_t<Parameters>>)&&...);

  // The Target's operation, answered by Specific.
  template <auto Specific, class Adaptee>
  static constexpr Result answer(Adaptee& adaptee, Parameters... arguments) {
    constexpr bool callable = called_with<Specific, Adaptee, Parameters...>;
    static_assert(callable,
                  "gof::adapter: what is bound cannot be called with the Target's "
                  "arguments; what answers a const operation has to be const as well");
    if constexpr (callable) {
      using got = decltype(perform<Specific>(adaptee, static_cast<Parameters&&>(arguments)...));
      static_assert(signature<decltype(Specific)>::template takes<Parameters...>,
                    "gof::adapter: an argument would be narrowed; bind a function that converts");
      static_assert(std::is_void_v<Result> == std::is_void_v<got>,
                    "gof::adapter: a result would be ignored, or is missing; bind a function that "
                    "decides what becomes of it (throwing makes exceptions of codes)");
      static_assert(std::is_void_v<got> || lossless<got, Result>,
                    "gof::adapter: the result does not become the Target's: it would be narrowed, "
                    "or refer to a temporary; bind a function that converts it");
      return perform<Specific>(adaptee, static_cast<Parameters&&>(arguments)...);
    }
  }
};
template <class R, class C, bool N, class... P>
struct signature<R (C::*)(P...) noexcept(N)> : signature_of<R, C, P...> {};
template <class R, class C, bool N, class... P>
struct signature<R (C::*)(P...) const noexcept(N)> : signature_of<R, const C, P...> {};
template <class R, class Self, bool N, class... P>
struct signature<R (*)(Self, P...) noexcept(N)> : signature_of<R, Self, P...> {};

template <auto Operation, auto... Others>
inline constexpr int count_of = (0 + ... + std::is_same_v<bind<Operation, 0>, bind<Others, 0>>);

template <auto Operation, auto Bound, auto Specific, class... Rest>
constexpr auto find(bind<Bound, Specific>, Rest... rest) {
  if constexpr (count_of<Operation, Bound> != 0) {
    return Specific;
  } else {
    return find<Operation>(rest...);
  }
}
template <auto Operation, auto... Bound>
struct is_bound {  // a template, so that the compiler names the operation
  static_assert(count_of<Operation, Bound...> != 0, "gof::adapter: this operation is not bound");
  static_assert(count_of<Operation, Bound...> < 2, "gof::adapter: this operation is bound twice");
};
template <class Adaptee>
concept owning_pointer = requires(Adaptee p) {
  typename Adaptee::element_type;
  { p.get() } -> std::convertible_to<const volatile void*>;
};
}  // namespace detail

/// \tparam Target a \ref target
/// \tparam Adaptee `T` or `std::unique_ptr<T>`, owned; `T&`, which is to outlive the adapter
/// \tparam Bindings a \ref bind for each operation of the target
template <class Target, class Adaptee, class... Bindings>
class adapter;

/// Answers the requests of a Target by an adaptee. It adds neither size nor time.
///
/// Each operation of the target is bound once, and no result is lost, narrowed or left to dangle:
/// otherwise it does not compile. A `const` operation sees a `const` adaptee, also one that is only
/// referred to.
/// \tparam Operations as in \ref target \tparam Adaptee as above \tparam Bound the operations that
/// are bound \tparam Specific what they are bound to
/// \threads as the adaptee
/// \law NothingIsAdded: a request is one call of what is bound, with the same arguments
template <auto... Operations, class Adaptee, auto... Bound, auto... Specific>
class adapter<target<Operations...>, Adaptee, bind<Bound, Specific>...>
    : detail::is_bound<Operations, Bound...>... {
  static constexpr bool refers = std::is_lvalue_reference_v<Adaptee>;
  static_assert(!std::is_pointer_v<Adaptee>,
                "gof::adapter: say who owns the adaptee: T, T& or std::unique_ptr<T>");
  static_assert((true && ... && (detail::count_of<Bound, Operations...> == 1)),
                "gof::adapter: what is bound is not in the Target, or is there twice");
  template <auto Operation>
  using operation = detail::signature<decltype(Operation)>;
  template <auto Operation>
  static constexpr bool listed = detail::count_of<Operation, Operations...> != 0;
  template <auto Operation>
  static constexpr auto specific = detail::find<Operation>(bind<Bound, Specific>()...);

 public:
  /// \param adaptee what is adapted \throws std::invalid_argument where it is a null pointer
  constexpr explicit adapter(Adaptee adaptee) requires(!refers) : adaptee_(std::move(adaptee)) {
    if constexpr (detail::owning_pointer<Adaptee>) {
      if (adaptee_ == nullptr) throw std::invalid_argument("gof::adapter: the adaptee is null");
    }
  }
  /// \param adaptee what is adapted; it must outlive the adapter
  constexpr explicit adapter(Adaptee adaptee) noexcept requires refers : adaptee_(&adaptee) {}
  /// A temporary would be gone at once.
  adapter(const std::remove_reference_t<Adaptee>&&) requires refers = delete;

  /// Answers a request. \tparam Operation of the Target \param arguments as the Target takes them
  /// \returns as the Target does \throws what is bound throws
  template <auto Operation, class... Arguments>
    requires(listed<Operation> && !operation<Operation>::is_const)
  constexpr decltype(auto) request(Arguments&&... arguments) {
    return operation<Operation>::template answer<specific<Operation>>(
        adaptee(), static_cast<Arguments&&>(arguments)...);
  }
  /// As above, for the `const` operations of the Target. \tparam Operation one of them
  /// \param arguments as the Target takes them \returns as the Target does
  /// \throws what is bound throws
  template <auto Operation, class... Arguments>
    requires(listed<Operation>&& operation<Operation>::is_const)
  constexpr decltype(auto) request(Arguments&&... arguments) const {
    return operation<Operation>::template answer<specific<Operation>>(
        adaptee(), static_cast<Arguments&&>(arguments)...);
  }

  /// \returns the adaptee; not after a `std::unique_ptr` was moved away
  [[nodiscard]] constexpr auto& adaptee() noexcept { return at(adaptee_); }
  /// \returns the adaptee; not after a `std::unique_ptr` was moved away
  [[nodiscard]] constexpr const auto& adaptee() const noexcept { return at(adaptee_); }

 private:
  static constexpr auto& at(auto& held) noexcept {
    if constexpr (refers || detail::owning_pointer<Adaptee>) {
      return *held;
    } else {
      return held;
    }
  }
  // Never null, unless moved from.
  std::conditional_t<refers, std::remove_reference_t<Adaptee>*, Adaptee> adaptee_;
};

/// @}
}  // namespace gof::inline v0::adapter
