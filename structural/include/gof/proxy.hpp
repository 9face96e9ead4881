// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// Proxy: stands in for an object, and decides whether, when and how a request reaches it.

#include <concepts>
#include <cstddef>
#include <stdexcept>
#include <tuple>
#include <type_traits>
#include <utility>

/// \defgroup proxy Proxy
/// \ingroup structural
/// Stands in for an object: make it late, guard it, lock it, remember its answers.
///
/// | In the book          | Here                                                                |
/// |----------------------|---------------------------------------------------------------------|
/// | Subject              | your interface, or any class; no base class is needed               |
/// | RealSubject          | what a \ref gof::proxy::proxy "proxy" owns or leads to              |
/// | Proxy                | \ref gof::proxy::proxy "proxy"; a class of yours with one as member |
/// | Request              | `request<&subject::operation>(arguments)`                           |
/// | virtual proxy        | \ref gof::proxy::virtual_proxy "virtual_proxy"                      |
/// | protection proxy     | \ref gof::proxy::protection "protection", a guard                   |
/// | smart reference      | \ref gof::proxy::locked "locked", \ref gof::proxy::counting "counting" |
///
/// | To …                               | write                                                       |
/// |------------------------------------|-------------------------------------------------------------|
/// | stand before each request          | a struct with `around(call, next)`; `proxy p(subject, it)`  |
/// | pass a request on                  | `p.request<&picture::draw>(canvas)`                         |
/// | know which request it is           | `call.is(request<&picture::draw>)`                          |
/// | refer to a subject, not own it     | `proxy p(&subject, …)`                                      |
/// | implement the subject's interface  | derive, hold a proxy, one line a method                     |
/// | make the subject at its first use  | `gof/proxy/virtual_proxy.hpp`: `virtual_proxy`              |
/// | decide who may do what             | `gof/proxy/protection_proxy.hpp`: `protection`              |
/// | hold a lock for each use; count    | `gof/proxy/smart_reference.hpp`: `locked`, `counting`       |
/// | remember answers                   | `gof/proxy/caching_proxy.hpp`: `caching`                    |
///
/// \source Gamma, Helm, Johnson, Vlissides, *Design Patterns* (1994), chapter 4, Proxy

namespace gof::inline v0::proxy {

/// \addtogroup proxy
/// @{

/// A proxy was used in a way that cannot be answered: `next` called twice, a factory that needs
/// what it makes, a lock taken by who holds it.
class misuse : public std::logic_error {
  using std::logic_error::logic_error;
};

/// Names a request. \tparam Request a pointer to a member function; or a function or a lambda that
/// takes the subject first, where there are overloads, or the real subject is `final` and its
/// function is to be inlined
template <auto Request>
struct request_name {};
/// The name of a request. \tparam Request as for \ref request_name
template <auto Request>
inline constexpr request_name<Request> request{};

/// A request on its way: what an interceptor sees of it.
/// \tparam Request which it is \tparam Arguments their types, as they were given
template <auto Request, class... Arguments>
struct call {
  std::tuple<Arguments&...> arguments;  ///< They live as long as the request.

  /// \returns whether it is this request, usable in `if constexpr` where the call is taken by value
  /// \tparam Other the request in question
  template <auto Other>
  [[nodiscard]] static constexpr bool is(request_name<Other>) noexcept {
    return std::is_same_v<request_name<Request>, request_name<Other>>;
  }
};

namespace detail {
// Calls f with the object at the end of the arrows: *p of a pointer, what -> leads to, or itself.
template <class Handle, class F>
constexpr decltype(auto) at_subject(Handle& handle, F&& f) {
  if constexpr (std::is_pointer_v<Handle>) {
    return at_subject(*handle, f);
  } else if constexpr (requires { handle.operator->(); }) {
    auto&& arrow = handle.operator->();
    using result = decltype(at_subject(arrow, f));
    static_assert(
        std::is_pointer_v<std::remove_cvref_t<decltype(arrow)>> || !std::is_reference_v<result>,
        "gof::proxy: this result would outlive the lock; let the operation return a value");
    return at_subject(arrow, f);
  } else {
    return f(handle);
  }
}

template <auto Request, class... Arguments>
constexpr decltype(auto) perform(auto& subject, const call<Request, Arguments...>& c) {
  return std::apply(
      [&](auto&... arguments) -> decltype(auto) {
        if constexpr (std::is_member_function_pointer_v<decltype(Request)>) {
          return (subject.*Request)(static_cast<Arguments&&>(arguments)...);
        } else {
          return Request(subject, static_cast<Arguments&&>(arguments)...);
        }
      },
      c.arguments);
}
}  // namespace detail

/// Stands in for a subject: each request passes the interceptors, the first one first, and then
/// reaches the real subject.
///
/// An interceptor has `around(call, next)`, `const` where it is to serve a `const` proxy. It
/// returns `next()`, or does not call it and returns an answer of its own, or throws.
/// \tparam Subject what is stood in for: an object, then owned; or what leads to it by `->`, then
/// followed to the end: `T*` (not owned, must outlive the proxy), `std::unique_ptr<T>`,
/// `virtual_proxy<T>`, `locked<T>`
/// \tparam Interceptors what stands before it
/// \threads as the subject and the interceptors
/// \law NothingIsAdded: without interceptors, a request is the call of the member
/// \law InOrder: interceptors see a request in the order in which they are given, and its answer in
/// the reverse order
/// \law AtMostOnce: a request reaches the real subject once or not at all
template <class Subject, class... Interceptors>
class proxy {
 public:
  /// \param subject what is stood in for \param interceptors what stands before it
  constexpr explicit proxy(Subject subject, Interceptors... interceptors)
      : subject_(std::move(subject)), interceptors_(std::move(interceptors)...) {}

  /// Sends a request on its way. \tparam Request as for \ref request_name
  /// \param arguments the operation's, forwarded \returns what it returns
  /// \throws what it and the interceptors throw
  template <auto Request, class... Arguments>
  constexpr decltype(auto) request(Arguments&&... arguments) {
    return pass<0>(*this, call<Request, Arguments...>{{arguments...}});
  }
  /// As above; a real subject that is owned is `const`, as are the interceptors.
  /// \param arguments the operation's, forwarded \returns what it returns
  /// \throws what it and the interceptors throw \tparam Request as for \ref request_name
  template <auto Request, class... Arguments>
  constexpr decltype(auto) request(Arguments&&... arguments) const {
    return pass<0>(*this, call<Request, Arguments...>{{arguments...}});
  }

  /// \returns what was given as the subject, for the owner of the proxy: nothing stands before it
  [[nodiscard]] constexpr Subject& subject() noexcept { return subject_; }
  /// \returns what was given as the subject
  [[nodiscard]] constexpr const Subject& subject() const noexcept { return subject_; }
  /// \returns an interceptor \tparam I its type, given once
  template <class I>
  [[nodiscard]] constexpr I& interceptor() noexcept {
    return std::get<I>(interceptors_);
  }
  /// \returns an interceptor \tparam I its type, given once
  template <class I>
  [[nodiscard]] constexpr const I& interceptor() const noexcept {
    return std::get<I>(interceptors_);
  }

 private:
  template <std::size_t I, class Self, class Call>
  static constexpr decltype(auto) pass(Self& self, const Call& c) {
    if constexpr (I == sizeof...(Interceptors)) {
      return detail::at_subject(self.subject_, [&](auto& subject) -> decltype(auto) {
        return detail::perform(subject, c);
      });
    } else {
      auto& interceptor = std::get<I>(self.interceptors_);
      bool passed_on = false;
      auto next = [&]() -> decltype(auto) {
        if (std::exchange(passed_on, true)) {
          throw misuse("gof::proxy: next() was called twice; its arguments may have been moved");
        }
        return pass<I + 1>(self, c);
      };
      constexpr bool fits = requires {
        { interceptor.around(c, next) } -> std::same_as<decltype(next())>;
      };
      static_assert(fits,
                    "gof::proxy: an interceptor has around(call, next), const for a const "
                    "proxy, that returns what next() returns: write decltype(auto)");
      return interceptor.around(c, next);
    }
  }

  [[no_unique_address]] Subject subject_;
  [[no_unique_address]] std::tuple<Interceptors...> interceptors_;
};

/// @}
}  // namespace gof::inline v0::proxy
