// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// Chain of Responsibility: a request goes from handler to handler until one answers it.

#include <concepts>
#include <cstddef>
#include <memory>
#include <optional>
#include <stdexcept>
#include <tuple>
#include <type_traits>
#include <utility>

/// \defgroup chain_of_responsibility Chain of Responsibility
/// \ingroup behavioural
/// A request goes from handler to handler until one answers it, and it is known whether one did.
///
/// | In the book                | Here                                                            |
/// |----------------------------|-----------------------------------------------------------------|
/// | Handler, ConcreteHandler   | a class with `handle_request(request, next)`; no base class     |
/// | HandleRequest              | `chain.handle_request(request)`                                 |
/// | successor                  | `next`, which can be used once                                  |
/// | "receipt isn't guaranteed" | an empty \ref gof::chain_of_responsibility::outcome "outcome"   |
///
/// | To …                                   | write                                                   |
/// |----------------------------------------|---------------------------------------------------------|
/// | answer a request                       | in a handler: `return answer;`                          |
/// | pass it on                             | `return std::move(next)(request);`                      |
/// | do something with the answer of others | `auto o = std::move(next)(request); …; return o;`       |
/// | reject it: nobody else is asked        | `throw rejected("no such user")`                        |
/// | put handlers in a row                  | `auto c = chain_of<answer(const request&)>(a{}, b{})`   |
/// | ask them                               | `if (auto o = c.handle_request(r)) use(*o);`            |
/// | say what holds when nobody answers     | `c.handle_request(r).value_or(fallback)`                |
/// | let that be an error                   | `c.handle_request(r).value()`                           |
/// | add, remove and trace at run time      | `gof/chain_of_responsibility/chain.hpp`: `chain`        |
///
/// \source Gamma, Helm, Johnson, Vlissides, *Design Patterns* (1994), chapter 5, Chain of
/// Responsibility

namespace gof::inline v0::chain_of_responsibility {

/// \addtogroup chain_of_responsibility
/// @{

/// A `next` was used that had been used before, or moved away.
class misuse : public std::logic_error {
  using std::logic_error::logic_error;
};
/// To be thrown by a handler: this request is refused, and no other handler is asked.
class rejected : public std::runtime_error {
  using std::runtime_error::runtime_error;
};
/// An answer was asked for, but no handler gave one.
class unhandled : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// An answer for those who have nothing to say except that the request was handled.
struct handled {
  friend constexpr bool operator==(handled, handled) noexcept = default;  ///< Always.
};

namespace detail {
template <class Answer, class Request>
struct link;
}  // namespace detail

/// What came of a request: an answer, or nothing, since all handlers passed it on.
///
/// Only the end of a chain makes an empty one. So a handler has to answer, to pass on or to throw:
/// there is no way to drop a request by mistake.
/// \tparam Answer what a handler says; any type of object
template <class Answer>
class [[nodiscard]] outcome {
 public:
  /// \param answer it, or what converts to it
  template <class A = Answer>
    requires(!std::same_as<std::remove_cvref_t<A>, outcome> && std::convertible_to<A, Answer>)
  constexpr outcome(A&& answer) : answer_(std::in_place, std::forward<A>(answer)) {}
  /// Moves the answer. \param from its answer is moved from
  constexpr outcome(outcome&& from) noexcept(std::is_nothrow_move_constructible_v<Answer>)
      : answer_(std::move(from.answer_)) {}
  outcome& operator=(outcome&&) = delete;
  constexpr ~outcome() { std::destroy_at(&answer_); }  ///< Destroys the answer.

  /// \returns whether there is an answer
  [[nodiscard]] constexpr explicit operator bool() const noexcept { return answer_.has_value(); }
  /// \returns the answer, which must be there
  [[nodiscard]] constexpr Answer& operator*() noexcept { return *answer_; }
  /// \returns the answer, which must be there
  [[nodiscard]] constexpr const Answer& operator*() const noexcept { return *answer_; }
  /// \returns the answer, which must be there
  [[nodiscard]] constexpr const Answer* operator->() const noexcept {
    return std::addressof(*answer_);
  }

  /// \returns the answer \throws unhandled where there is none
  [[nodiscard]] constexpr Answer value() && {
    if (answer_) return *std::move(answer_);
    throw unhandled("gof::chain_of_responsibility: no handler answered the request");
  }
  /// \returns the answer \param other what is returned where there is none
  [[nodiscard]] constexpr Answer value_or(Answer other) && {
    return answer_ ? *std::move(answer_) : std::move(other);
  }

 private:
  /// \cond
  template <class, class...>
  friend class static_chain;
  template <class, class>
  friend struct detail::link;
  constexpr outcome() noexcept : answer_() {}
  // Lets f make an outcome here, as its return value would be.
  template <class F>
  outcome(std::in_place_t, F f) {
    f(static_cast<void*>(this));
  }
  union {  // so that nothing is here before f has made it, and nothing to destroy where it throws
    std::optional<Answer> answer_;
  };
  /// \endcond
};

namespace detail {
// How a request reaches each handler.
template <class T>
using param = std::conditional_t<std::is_reference_v<T> || std::is_scalar_v<T>, T, const T&>;

// Asks a handler.
template <class Request, class H, class Next>
constexpr auto ask(H& h, param<Request> request, Next next)
    -> decltype(h.handle_request(static_cast<param<Request>>(request), std::move(next))) {
  return h.handle_request(static_cast<param<Request>>(request), std::move(next));
}
template <class Request, class H, class Next>
constexpr auto ask(H& h, param<Request> request, Next next)
    -> decltype(h(static_cast<param<Request>>(request), std::move(next))) {
  return h(static_cast<param<Request>>(request), std::move(next));
}

template <class T>
constexpr T& unspent(T*& token) {
  if (token == nullptr) [[unlikely]] {
    throw misuse("gof::chain_of_responsibility: this next was used before; pass on only once");
  }
  return *std::exchange(token, nullptr);
}
}  // namespace detail

/// Can be asked: has `handle_request(request, next)`, or is called with these, and returns an
/// answer or what `next` gave.
template <class H, class Answer, class Request, class Next>
concept handler = requires(H& h, detail::param<Request> request, Next next) {
  {
    detail::ask<Request>(h, static_cast<decltype(request)>(request), std::move(next))
    } -> std::convertible_to<outcome<Answer>>;
};

/// Is there for signatures of the form `answer(request)`.
/// \tparam Signature of HandleRequest \tparam Handlers their classes, the first is asked first
template <class Signature, class... Handlers>
class static_chain;

/// Handlers in a row that is fixed at compile time. Calls are inlined, and computed at compile time
/// where the handlers can be.
///
/// A handler takes `next` as `auto`. It is the right to ask the handlers after it, once: it can be
/// moved, not copied, and is used by `std::move(next)(request)`, with this request or another one.
/// A second use throws misuse. It must not be kept beyond the call.
/// \tparam Answer what a handler says
/// \tparam Request what is handled: `const T&` as a rule; `T&` where handlers change it, `T&&`
/// where they take it away; of a class `T`, each gets a `const T&`
/// \tparam Handlers their classes, the first is asked first
/// \threads as the handlers
/// \law EmptyMeansNobody: an outcome is empty exactly where each handler passed the request on
/// \law InOrder: handlers see a request in the order in which they are given
/// \law AtMostOnce: a handler sees a request once or not at all
template <class Answer, class Request, class... Handlers>
class static_chain<Answer(Request), Handlers...> {
 public:
  /// \param handlers the first is asked first
  constexpr explicit static_chain(Handlers... handlers) : handlers_(std::move(handlers)...) {}

  /// Asks the handlers. \param request what is to be handled
  /// \returns the answer, or that there is none \throws what a handler throws
  constexpr outcome<Answer> handle_request(detail::param<Request> request) {
    return ask<0>(*this, static_cast<decltype(request)>(request));
  }
  /// Asks the handlers as constants. \param request what is to be handled
  /// \returns the answer, or that there is none \throws what a handler throws
  constexpr outcome<Answer> handle_request(detail::param<Request> request) const {
    return ask<0>(*this, static_cast<decltype(request)>(request));
  }

  /// \returns a handler \tparam H its class, given once
  template <class H>
  [[nodiscard]] constexpr H& get() noexcept {
    return std::get<H>(handlers_);
  }
  /// \returns a handler \tparam H its class, given once
  template <class H>
  [[nodiscard]] constexpr const H& get() const noexcept {
    return std::get<H>(handlers_);
  }

 private:
  template <std::size_t I, class Self>
  class successor {
   public:
    constexpr successor(successor&& from) noexcept : self_(std::exchange(from.self_, nullptr)) {}
    successor& operator=(successor&&) = delete;
    constexpr outcome<Answer> operator()(detail::param<Request> request) && {
      return ask<I>(detail::unspent(self_), static_cast<decltype(request)>(request));
    }

   private:
    friend static_chain;
    constexpr explicit successor(Self& self) noexcept : self_(&self) {}
    Self* self_;  // null when spent
  };

  template <std::size_t I, class Self>
  static constexpr outcome<Answer> ask(Self& self, detail::param<Request> request) {
    if constexpr (I == sizeof...(Handlers)) {
      return outcome<Answer>();
    } else {
      using rest = successor<I + 1, Self>;
      auto& asked = std::get<I>(self.handlers_);
      static_assert(handler<decltype(asked), Answer, Request, rest>,
                    "gof::chain_of_responsibility: a handler has handle_request(request, next), "
                    "const for a const chain, and returns an answer or what next gave");
      return detail::ask<Request>(asked, static_cast<decltype(request)>(request), rest(self));
    }
  }

  [[no_unique_address]] std::tuple<Handlers...> handlers_;
};

/// \returns handlers in a row \tparam Signature the chain's, `answer(const request&)`
/// \param handlers the first is asked first
template <class Signature, class... Handlers>
[[nodiscard]] constexpr static_chain<Signature, Handlers...> chain_of(Handlers... handlers) {
  return static_chain<Signature, Handlers...>(std::move(handlers)...);
}

/// @}
}  // namespace gof::inline v0::chain_of_responsibility
