// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// Coroutines for a node's loop: what waits reads like what blocks, and the loop goes on.

#include <coroutine>
#include <cstdint>
#include <exception>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include <gof/node.hpp>
#include <gof/wait.hpp>

namespace gof::inline v0 {

/// \addtogroup node
/// @{

/// \cond
namespace detail {
template <class T>
struct returned {
  std::optional<T> value;
  void return_value(T what) { value.emplace(std::move(what)); }
  T take() { return *std::move(value); }
};
template <>
struct returned<void> {
  void return_void() noexcept {}
  void take() noexcept {}
};
}  // namespace detail
/// \endcond

/// A coroutine that begins when it is awaited or started, and is destroyed with its task, wherever
/// it waits: nothing of it is called any more.
/// \code
///   gof::task<> book(gof::node& node, std::string who) {
///     const gof::versioned seat = co_await gof::awaiting(node).get("seats", "7");
///     co_await gof::awaiting(node).put("seats", "7", who, seat.version);
///   }
///   gof::task<> ada = book(*node, "Ada");
///   ada.start();
///   node->run_until([&] { return ada.done(); }, 5s);
/// \endcode
/// What the coroutine throws comes out where it is awaited; out of run_until where it was started.
/// \note g++ 12 destroys temporaries twice that stand in one expression with `co_await`, where they
/// are aggregates, lambdas that capture, or of a `?:`. Name them first.
/// \threads of one node \tparam T what it returns
template <class T = void>
class [[nodiscard("dropped at once, it never begins")]] task {
 public:
  struct promise_type;  ///< what the compiler makes a coroutine of
  /// Leaves `other` empty.
  task(task && other) noexcept : coroutine_(std::exchange(other.coroutine_, {})) {}
  /// Destroys its coroutine, and leaves `other` empty.
  task& operator=(task&& other) noexcept {
    task(std::move(other)).swap(*this);
    return *this;
  }
  /// Destroys its coroutine, and with it all that it waits for.
  ~task() {
    if (coroutine_) coroutine_.destroy();
  }
  /// Begins, once, and runs to where it waits first.
  void start() { coroutine_.resume(); }
  /// \returns whether it has returned
  [[nodiscard]] bool done() const noexcept { return coroutine_.done(); }
  /// \returns what it returned, which it must have; once
  T value() { return coroutine_.promise().take(); }
  /// Begins it, and waits until it returns.
  auto operator co_await()&& noexcept { return awaiter{coroutine_}; }

 private:
  using handle = std::coroutine_handle<promise_type>;
  struct awaiter;
  explicit task(handle coroutine) noexcept : coroutine_(coroutine) {}
  void swap(task & other) noexcept { std::swap(coroutine_, other.coroutine_); }
  handle coroutine_;
};

/// \cond
template <class T>
struct task<T>::promise_type : detail::returned<T> {
  std::coroutine_handle<> then;  // who awaits it
  std::exception_ptr thrown;
  task get_return_object() noexcept { return task(handle::from_promise(*this)); }
  std::suspend_always initial_suspend() const noexcept { return {}; }
  auto final_suspend() const noexcept {
    struct next : std::suspend_always {
      std::coroutine_handle<> await_suspend(handle ended) const noexcept {
        const auto awaiting = ended.promise().then;
        return awaiting ? awaiting : std::noop_coroutine();
      }
    };
    return next{};
  }
  void unhandled_exception() {
    if (!then) throw;
    thrown = std::current_exception();
  }
};
template <class T>
struct task<T>::awaiter : std::suspend_always {
  explicit awaiter(handle coroutine) noexcept : of(coroutine) {}
  handle await_suspend(std::coroutine_handle<> who) const noexcept {
    of.promise().then = who;
    return of;
  }
  T await_resume() const {
    if (of.promise().thrown) std::rethrow_exception(of.promise().thrown);
    return of.promise().take();
  }
  handle of;
};

namespace detail {
template <class T, class Begin>
class awaited : public std::suspend_always {
 public:
  explicit awaited(Begin begin) : begin_(std::move(begin)) {}
  void await_suspend(std::coroutine_handle<> who) {
    operation_ = begin_(completion<T>([this, who](result<T> r) {
      what_.emplace(std::move(r));
      who.resume();
    }));
  }
  typename result<T>::value_type await_resume() { return std::move(*what_).value(); }

 private:
  Begin begin_;
  std::optional<result<T>> what_;
  registration operation_;
};
}  // namespace detail
/// \endcond

/// \returns what a task awaits, to have the value of any operation that takes a completion
/// \param begin called with a completion, which it gives to the operation that it begins and
/// returns; a variable, where it captures more than references (see \ref gof::task)
/// \tparam T the value \tparam Begin a function
template <class T, class Begin>
[[nodiscard]] auto awaited(Begin begin) {
  return detail::awaited<T, Begin>(std::move(begin));
}

/// A node's operations, for tasks: `co_await awaiting(node).get("seats", "7")` has the value.
/// \throws gof::failure, where it is awaited, if there is no value
class awaiting : public operations<awaiting> {
 public:
  /// \param on the node, which outlives what is awaited
  explicit awaiting(node& on) noexcept : operations(on) {}
  /// Lets time pass. \param span how long
  auto pause(duration span) {
    return awaited<void>([n = node_, span](completion<void> done) {
      return n->after(span, [done = std::move(done)]() mutable { done({}); });
    });
  }

 private:
  friend operations;
  template <class T, class Begin>
  auto wait(duration, Begin begin) {
    return awaited<T>(std::move(begin));
  }
};

/// @}
}  // namespace gof::inline v0
