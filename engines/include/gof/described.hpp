// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// GOF_REMOTE: describes an interface, so that it can be used over a network. What it writes is for
/// Proxy (gof/distributed/proxy.hpp) and the Pyro engine (gof/pyro/remote.hpp).

#include <boost/mp11.hpp>
#include <boost/preprocessor.hpp>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

/// \cond
namespace gof::inline v0::described {

template <class Signature>
struct signature {
  static_assert(
      sizeof(Signature) == 0,
      "GOF_REMOTE: a remote function is a member function, and not noexcept: it can fail");
};
template <class R, class C, class... A>
struct signature<R (C::*)(A...)> {
  using result = R;
  using arguments = std::tuple<std::remove_cvref_t<A>...>;
  static constexpr bool reads = false;
  static_assert(!std::is_reference_v<R> && !std::is_pointer_v<R>,
                "GOF_REMOTE: what a remote function returns is a value, not where it is");
  static_assert(!((std::is_lvalue_reference_v<A> && !std::is_const_v<std::remove_reference_t<A>>) ||
                  ...),
                "GOF_REMOTE: a remote function cannot change its arguments; return the value");
};
template <class R, class C, class... A>
struct signature<R (C::*)(A...) const> : signature<R (C::*)(A...)> {
  static constexpr bool reads = true;
};
template <auto Method>
using signature_of = signature<std::remove_const_t<decltype(Method)>>;
template <auto Method>
using result_of = typename signature_of<Method>::result;
template <class R>
using as_value = std::conditional_t<std::is_void_v<R>, std::monostate, R>;

template <auto Method>
struct constant {};
template <class Subject>
concept with_GOF_REMOTE = requires(const Subject* s) {
  gof_remote(s);
};
template <with_GOF_REMOTE Subject>
using methods_of = typename decltype(gof_remote(std::declval<const Subject*>()))::methods;

// The name of a function as it is sent.
template <class Subject, auto Method>
constexpr std::string_view name_of() {
  constexpr std::string_view name = [] {
    std::string_view found;
    boost::mp11::mp_for_each<methods_of<Subject>>([&]<class M>(M) {
      if (std::is_same_v<constant<M::gof_pointer>, constant<Method>>) found = M::gof_name;
    });
    return found;
  }();
  static_assert(!name.empty(), "GOF_REMOTE: it does not name this function");
  return name;
}
template <auto Method, class Tuple, class... A>
constexpr bool takes = false;
template <auto Method, class... P, class... A>
  requires(sizeof...(P) == sizeof...(A))
constexpr bool takes<Method, std::tuple<P...>, A...> = (std::is_convertible_v<A, P> && ...);

// The arguments, as the function takes them.
template <auto Method, class... A>
auto arguments(A&&... each) {
  using tuple = typename signature_of<Method>::arguments;
  constexpr bool fits = takes<Method, tuple, A...>;
  static_assert(fits, "GOF_REMOTE: these are not the arguments that the remote function takes");
  if constexpr (fits)
    return tuple(std::forward<A>(each)...);
  else
    return tuple();
}

// The class with the subject's interface, made from Base, which has it and gof_wait: a function
// after the other is added to it.
template <class Base, class Method>
using with = typename Method::template gof_stub<Base>;
template <class Subject, class Base>
using stub = boost::mp11::mp_fold<methods_of<Subject>, Base, with>;
}  // namespace gof::inline v0::described

// clang-format off
#define GOF_REMOTE_METHOD(r, Subject, method)                                                     \
  struct BOOST_PP_CAT(method, _method) {                                                          \
    template <class S>                                                                            \
    static constexpr bool gof_one =                                                               \
        requires { typename std::type_identity<decltype(&S::method)>::type; };                    \
    static_assert(gof_one<GofSubject>, "GOF_REMOTE: " BOOST_PP_STRINGIZE(Subject::method)         \
                                       " is overloaded, or not there");                           \
    static constexpr std::string_view gof_name = BOOST_PP_STRINGIZE(method);                      \
    static constexpr auto gof_pointer = &GofSubject::method;                                      \
    static_assert(sizeof(::gof::described::signature_of<gof_pointer>) != 0);                      \
    template <class Base, class Signature = std::remove_const_t<decltype(gof_pointer)>>           \
    struct gof_stub;                                                                              \
    template <class Base, class R, class C, class... A>                                           \
    struct gof_stub<Base, R (C::*)(A...)> : Base {                                                \
      R method(A... arguments) override {                                                         \
        return this->template gof_wait<gof_pointer>(std::forward<A>(arguments)...);               \
      }                                                                                           \
    };                                                                                            \
    template <class Base, class R, class C, class... A>                                           \
    struct gof_stub<Base, R (C::*)(A...) const> : Base {                                          \
      R method(A... arguments) const override {                                                   \
        return this->template gof_wait<gof_pointer>(std::forward<A>(arguments)...);               \
      }                                                                                           \
    };                                                                                            \
  };
// clang-format on
#define GOF_REMOTE_LISTED(r, data, i, method) BOOST_PP_COMMA_IF(i) BOOST_PP_CAT(method, _method)
/// \endcond

/// Describes an interface to be used over a network, and writes the class that has the interface
/// and calls the object; in the namespace of the interface, and after it. It names all functions
/// that can be called, each of which has a name of its own, and takes and returns values.
/// \param Subject the interface, without its namespace; the functions follow, all that are virtual
#define GOF_REMOTE(Subject, ...)                                                             \
  template <class GofSubject>                                                                \
  struct gof_remote_##Subject {                                                              \
    BOOST_PP_SEQ_FOR_EACH(GOF_REMOTE_METHOD, Subject, BOOST_PP_VARIADIC_TO_SEQ(__VA_ARGS__)) \
    using methods = ::boost::mp11::mp_list<BOOST_PP_SEQ_FOR_EACH_I(                          \
        GOF_REMOTE_LISTED, _, BOOST_PP_VARIADIC_TO_SEQ(__VA_ARGS__))>;                       \
  };                                                                                         \
  [[maybe_unused]] inline gof_remote_##Subject<Subject> gof_remote(const Subject*) { return {}; }
