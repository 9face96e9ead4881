// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// Decorator over a network: what stands around a call, such as a retry or a breaker.

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>

#include <gof/decorator.hpp>
#include <gof/node.hpp>

/// \defgroup decorator_distributed Decorator, distributed
/// \ingroup decorator
/// The same call, with what a network makes necessary in layers around it. Each layer decides by a
/// machine that knows no node: time and chance are its arguments.
///
/// | In the book       | In the field           | Here                                          |
/// |-------------------|------------------------|-----------------------------------------------|
/// | Component         | channel, handler       | \ref gof::decorator::distributed::component "component" |
/// | ConcreteComponent | transport              | \ref gof::decorator::distributed::direct "direct" |
/// | Decorator         | interceptor, strategy  | \ref gof::decorator::distributed::layer "layer", with the `inside` that it calls |
/// | ConcreteDecorator | retry, circuit breaker | the layers below, and any class of yours with `invoke` |
/// |                   | resilience pipeline    | \ref gof::decorator::distributed::stack "stack" |
///
/// | To …                                    | write                                              |
/// |-----------------------------------------|----------------------------------------------------|
/// | do the usual, and the right thing       | `resilient calls(node);`, gof/distributed/decorator/resilient.hpp |
/// | call                                    | `calls.call({"read", "notes"}, done, {.repeatable = true})` |
/// | choose the layers, the outermost first  | `stack calls(node, deadline(2s), retry(), breaker());` |
/// | see their order                         | `calls.describe()`                                 |
/// | ask one of them                         | `calls.as<breaker>()->open("read")`                |
/// | call others while serving a call        | `errand of(node, asked);` `calls.call(of.request({"read"}), done, of.within())` |
///
/// | Layer, the outermost first | Header        | What it does                                     |
/// |----------------------------|---------------|--------------------------------------------------|
/// | `trace`                    | observing.hpp | one span a call                                  |
/// | `cache`                    | answers.hpp   | answers again, to the same principal; asks once for all who ask |
/// | `idempotency_key`          | attempts.hpp  | one operation id for all attempts                |
/// | `deadline`                 | guards.hpp    | so long for all attempts together                |
/// | `fallback`                 | answers.hpp   | another answer, which is marked                  |
/// | `retry`                    | attempts.hpp  | other attempts, or a hedge, from one budget a destination |
/// | `attempt_trace`            | observing.hpp | one span an attempt                              |
/// | `rate_limit`               | guards.hpp    | so many a second                                 |
/// | `breaker`                  | guards.hpp    | none to who fails all the time                   |
/// | `bulkhead`                 | guards.hpp    | so many at a time                                |
/// | `attempt_timeout`          | guards.hpp    | so long for an attempt                           |
/// | `chaos`                    | observing.hpp | delays, losses and errors, to try the rest       |
///
/// | What may happen                   | What it comes to                                          |
/// |-----------------------------------|-----------------------------------------------------------|
/// | no answer to an attempt           | another one, where the call is repeatable or has an id; else outcome `unknown` |
/// | that other one is refused         | still `unknown`: the first one may have taken place       |
/// | all fail, or the budget is empty  | the last reason, at once                                  |
/// | the destination fails all the time | `unavailable` without asking it, until a probe succeeds or another life of it is there |
/// | it does not keep pace             | `overloaded` without asking it                            |
/// | no time is left for a call        | `unavailable`, and it was not sent                        |
/// | the stack is destroyed            | calls under way are not answered any more                 |
///
/// \source Gamma, Helm, Johnson, Vlissides, *Design Patterns* (1994), chapter 4, Decorator; Nygard,
/// *Release It!* (2nd ed., 2018), chapter 5; gRPC A6, *Client Retries*; Dean, Barroso, *The Tail at
/// Scale* (2013); Bronson and others, *Metastable Failures in Distributed Systems* (2021)

/// \namespace gof::decorator::distributed
/// See \ref decorator_distributed.

namespace gof::inline v0::decorator::distributed {

/// \addtogroup decorator_distributed
/// @{

/// How a call is made.
struct call_options {
  duration deadline = default_deadline;  ///< for all attempts together
  /// Executing it twice does no more than once: it reads. Where the request has an operation id,
  /// who serves it sees to that.
  bool repeatable = false;
  /// The how-manieth attempt it is, or is made for: what another one repeats is not repeated again.
  std::uint32_t attempt = 1;
  std::uint64_t incarnation = 0;  ///< the life of whom it means, where the caller knows it
};

/// How calls reach those who serve them: the book's Component.
class component {
 public:
  component() = default;
  component(const component&) = delete;
  component& operator=(const component&) = delete;
  virtual ~component() = default;
  /// Asks one who serves the subject. \param request the subject, the body and the operation id,
  /// which stays the same for all attempts \param done gets the answer, exactly once unless the
  /// node goes away, and never inside this call \param how how long, and whether it may be repeated
  virtual void call(message request, completion<message> done, call_options how) = 0;
};

/// Calls without more: the book's ConcreteComponent.
class direct final : public component {
 public:
  /// \param on the node, which outlives this
  explicit direct(node& on) noexcept : node_(&on) {}
  void call(message request, completion<message> done, call_options how) override {
    request.attempt = how.attempt;
    node_->call(std::move(request), std::move(done), {how.deadline}).detach();
  }

 private:
  node* node_;
};

/// What a layer has inside of it: the next one to call, as the local pattern's `next`, and the
/// node.
class inside {
 public:
  /// For the stack. \param on the node \param next the component inside \param alive ends with the
  /// stack
  inside(node& on, component& next, const scope& alive) noexcept
      : node_(&on), next_(&next), alive_(&alive) {}
  /// Calls what is inside. \param request what \param done gets the answer \param how how
  void operator()(message request, completion<message> done, call_options how) {
    next_->call(std::move(request), std::move(done), how);
  }
  /// \returns the node, for timers and chance
  [[nodiscard]] node& on() const noexcept { return *node_; }
  /// \returns a function that does nothing once the stack is gone \param f the function
  template <class F>
  [[nodiscard]] auto bind(F f) const {
    return alive_->bind(std::move(f));
  }
  /// Answers without calling it: soon, as a completion is not called inside the call.
  /// \param done gets the answer \param what it
  void answer(completion<message> done, result<message> what) {
    node_->post(bind(
        [done = std::move(done), what = std::move(what)]() mutable { done(std::move(what)); }));
  }

 private:
  node* node_;
  component* next_;
  const scope* alive_;
};

/// A Decorator: adds to a call by what its `invoke` does before, after or instead of calling
/// `next`.
/// It answers once, by `how.deadline`, and never inside `invoke`; it may have a `rank`.
/// \tparam L the class
template <class L>
concept layer = std::movable<L> &&
    requires(L& it, inside& next, message request, completion<message> done, call_options how) {
  it.invoke(next, std::move(request), std::move(done), how);
};

namespace detail {
template <class L>
constexpr int rank_of() {
  if constexpr (requires { L::rank; }) return L::rank;
  return 0;
}
template <class Outer, class Inner>
struct belongs_outside {
  static_assert(rank_of<Outer>() == 0 || rank_of<Inner>() == 0 ||
                    rank_of<Outer>() < rank_of<Inner>(),
                "gof::decorator: these two layers are in the wrong order. Write them from the "
                "outside in: trace, cache, idempotency_key, deadline, fallback, retry, "
                "attempt_trace, rate_limit, breaker, bulkhead, attempt_timeout, chaos. If you mean "
                "it, write reordered(layer)");
  static constexpr bool value = true;
};
template <class...>
struct in_order : std::true_type {};
template <class Outer, class... Inner>
struct in_order<Outer, Inner...>
    : std::bool_constant<(belongs_outside<Outer, Inner>::value && ...) &&
                         in_order<Inner...>::value> {};

template <class...>
class chain {  // the end of it
 public:
  chain(node&, component& end, const scope&) noexcept : end_(&end) {}
  component& head() noexcept { return *end_; }
  template <class T>
  T* as() noexcept {
    return nullptr;
  }
  [[nodiscard]] std::string describe() const { return "node"; }

 private:
  component* end_;
};
template <class L, class... Inner>
class chain<L, Inner...> final : public component {
 public:
  chain(node& on, component& end, const scope& alive, L first, Inner... others)
      : inner_(on, end, alive, std::move(others)...),
        layer_(std::move(first)),
        inside_(on, inner_.head(), alive) {}
  component& head() noexcept { return *this; }
  void call(message request, completion<message> done, call_options how) override {
    layer_.invoke(inside_, std::move(request), std::move(done), how);
  }
  template <class T>
  T* as() noexcept {
    if constexpr (std::convertible_to<L*, T*>) {
      return &layer_;
    } else {
      return inner_.template as<T>();
    }
  }
  [[nodiscard]] std::string describe() const {
    return decorator::detail::label(layer_) + decorator::detail::arrow + inner_.describe();
  }

 private:
  chain<Inner...> inner_;
  L layer_;
  inside inside_;
};
}  // namespace detail

/// A layer for any place, in a stack that would not compile otherwise. \tparam L its class
template <layer L>
struct reordered : L {
  static constexpr int rank = 0;                  ///< any
  explicit reordered(L it) : L(std::move(it)) {}  ///< Takes it over. \param it the layer
  [[nodiscard]] std::string label() const {       ///< \returns what `describe` writes
    return "reordered " + decorator::detail::label(static_cast<const L&>(*this));
  }
};

/// A component with layers around it, fixed at compile time, the outermost first. Layers that have
/// a `rank` stand in its order.
/// \law OutermostFirst: a call enters the layers in the order that `describe` prints.
/// \law EachCallIsAnsweredOnce: by its deadline, while the node runs.
/// \tparam Layers their classes \threads of one node, which outlives it
template <layer... Layers>
class stack : public component {
  static_assert(detail::in_order<Layers...>::value);

 public:
  /// Around the node's own calls. \param on the node \param layers the layers
  explicit stack(node& on, Layers... layers)
      : transport_(on), chain_(on, transport_, alive_, std::move(layers)...) {}
  /// Around another component. \param on the node \param inner the component, which outlives this
  /// \param layers the layers
  stack(node& on, component& inner, Layers... layers)
      : transport_(on), chain_(on, inner, alive_, std::move(layers)...) {}
  /// Calls through the layers. \param request the subject, the body and the operation id
  /// \param done gets the answer, exactly once while the node runs and this lives, and never inside
  /// this call \param how how long, and whether it may be repeated
  void call(message request, completion<message> done, call_options how = {}) override {
    chain_.head().call(std::move(request), std::move(done), how);
  }
  /// \returns the outermost layer that is a `T`; null where there is none \tparam T the class
  template <class T>
  [[nodiscard]] T* as() noexcept {
    return chain_.template as<T>();
  }
  /// \returns the names of the layers, the outermost first
  [[nodiscard]] std::string describe() const { return chain_.describe(); }

 private:
  direct transport_;
  scope alive_;
  detail::chain<Layers...> chain_;
};

/// @}
}  // namespace gof::inline v0::decorator::distributed
