// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// A subject that many threads use at once.

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <exception>
#include <gof/observer.hpp>
#include <iterator>
#include <memory>
#include <mutex>
#include <new>
#include <type_traits>
#include <utility>
#include <vector>

namespace gof::inline v0::observer {

namespace detail {
template <class Node>
class board;

// The calls by this thread of observers that wait.
struct waited_call {
  explicit waited_call(const slot& s) noexcept : of(&s) { innermost = this; }
  waited_call(const waited_call&) = delete;
  waited_call& operator=(const waited_call&) = delete;
  ~waited_call() { innermost = outer; }
  static bool is_in(const slot& s) noexcept {
    const waited_call* c = innermost;
    while (c != nullptr && c->of != &s) c = c->outer;
    return c != nullptr;
  }
  const slot* const of;
  static inline constinit thread_local waited_call* innermost = nullptr;
  waited_call* const outer = innermost;
};

// How many threads are in a callback, for who waits until there is none.
class counted_calls {
 public:
  explicit counted_calls(std::chrono::milliseconds patience) noexcept : patience_(patience) {}
  struct one {
    explicit one(counted_calls& c) : of(c) { of.add(1); }
    one(const one&) = delete;
    one& operator=(const one&) = delete;
    ~one() { of.add(-1); }
    counted_calls& of;
  };
  bool await_none() {
    std::unique_lock lock(mutex_);
    return none_.wait_for(lock, patience_, [this] { return running_ == 0; });
  }

 private:
  void add(int by) {
    const std::lock_guard lock(mutex_);
    running_ += by;
    if (running_ == 0) none_.notify_all();
  }
  const std::chrono::milliseconds patience_;
  std::mutex mutex_;
  std::condition_variable none_;
  int running_ = 0;
};

// An observer on a board.
template <class... Args>
struct shared_node : slot {
  explicit shared_node(setup as) noexcept : order(as.order), state(as.state) {}
  virtual void update(param<Args>... args) = 0;
  bool attached() const noexcept override { return (state & detached) == 0; }
  bool detach() noexcept override {
    take_out();
    return calls == nullptr || (!waited_call::is_in(*this) && calls->await_none());
  }
  void block(int by) noexcept override { state += static_cast<unsigned>(by) * blocked; }

  // Calls it by `call`, unless it is detached or blocked; for those whose state is not 0.
  template <class Call>
  void call_specially(Call& call) {
    if (calls == nullptr) {
      if (takes_part()) call(*this);
      return;
    }
    const counted_calls::one here(*calls);
    const waited_call scope(*this);
    if (takes_part()) call(*this);
  }
  bool takes_part() noexcept {
    const unsigned now = state & ~waits;
    return now == 0 || (now == once && take_out());
  }
  // Whether it was this call that did it.
  bool take_out() noexcept {
    const bool first = (state.fetch_or(detached) & detached) == 0;
    try {
      if (const auto alive = in.lock(); first && alive) alive->remove(*this);
    } catch (const std::bad_alloc&) {
      // It is not called any more; the next roll is without it.
    }
    return first;
  }

  const int order;
  std::atomic<unsigned> state;           // of flags
  std::unique_ptr<counted_calls> calls;  // where `detach` waits
  std::weak_ptr<board<shared_node>> in;
};

// Observers, by order. They are changed only while nobody walks them.
template <class Node>
struct roll {
  // Another has taken its place. These two say whether it is to be deleted; if not, the last to
  // leave deletes it, maybe at once.
  bool retire() noexcept {
    const std::ptrdiff_t all = entered;
    return balance.fetch_add(all) + all == 0;
  }
  bool leave() noexcept { return balance.fetch_sub(1) == 1; }

  std::vector<std::shared_ptr<Node>> nodes;
  std::ptrdiff_t entered = 0;               // under the lock of the board
  std::atomic<std::ptrdiff_t> balance = 0;  // less those that left; once retired: who is still in
};

// Where the roll is found. Observers are destroyed outside the lock: they can do anything then.
template <class Node>
class board {
 public:
  board() = default;
  board(const board&) = delete;
  board& operator=(const board&) = delete;
  ~board() { replaced(current_); }

  void insert(std::shared_ptr<Node> added) {
    std::unique_ptr<roll<Node>> old;
    const std::lock_guard lock(mutex_);
    if (!idle()) old = replace();
    auto at = current_->nodes.end();
    while (at != current_->nodes.begin() && (*std::prev(at))->order > added->order) --at;
    current_->nodes.insert(at, std::move(added));
  }
  // Takes out one that is detached.
  void remove(const Node& n) {
    std::shared_ptr<Node> taken;
    std::unique_ptr<roll<Node>> old;
    const std::lock_guard lock(mutex_);
    if (idle()) {
      for (auto& here : current_->nodes) {
        if (here.get() == &n) taken = std::move(here);
      }
      std::erase(current_->nodes, nullptr);
    } else {
      old = replace();
    }
  }
  roll<Node>& enter() {
    const std::lock_guard lock(mutex_);
    ++current_->entered;
    return *current_;
  }

 private:
  bool idle() const noexcept { return current_->entered + current_->balance == 0; }
  // A copy takes the place of a roll that is walked, without those that are detached.
  std::unique_ptr<roll<Node>> replace() {
    auto next = std::make_unique<roll<Node>>();
    next->nodes.reserve(current_->nodes.size() + 1);
    for (const auto& n : current_->nodes) {
      if (n->attached()) next->nodes.push_back(n);
    }
    return replaced(std::exchange(current_, next.release()));
  }
  static std::unique_ptr<roll<Node>> replaced(roll<Node>* old) noexcept {
    return std::unique_ptr<roll<Node>>(old->retire() ? old : nullptr);
  }

  std::mutex mutex_;
  roll<Node>* current_ = new roll<Node>;
};

// As long as it lives the roll that it found is walked.
template <class Node>
class reading {
 public:
  explicit reading(board<Node>& b) : roll_(b.enter()) {}
  reading(const reading&) = delete;
  reading& operator=(const reading&) = delete;
  ~reading() {
    if (roll_.leave()) delete &roll_;
  }
  auto begin() const noexcept { return roll_.nodes.begin(); }
  auto end() const noexcept { return roll_.nodes.end(); }

 private:
  roll<Node>& roll_;
};
}  // namespace detail

/// \addtogroup observer
/// @{

/// A \ref subject for many threads: all of them may attach, detach, block and notify at once.
///
/// Observers are called in the thread that notifies, with no lock held, and several threads may be
/// in the same one. In a callback everything is allowed, as with `subject`; to destroy the subject,
/// too, if no other thread begins to use it then.
///
/// An observer can be in a call, or about to be called, in another thread when `detach` returns, so
/// what it uses must outlive that. Attach it with its owner (a `std::weak_ptr`), who then lives
/// until the call has ended; or attach it with `wait`.
///
/// \tparam Args what observers are told, as with `subject`
/// \threads any number, except while it is made or destroyed
/// \law DetachedAndWaitedForIsNotRunning: once `detach` has returned true for an observer attached
/// with `wait`, no thread is in it, nor will be
/// \law OnceIsOnce: however many threads notify
template <class... Args>
class concurrent_subject {
  static_assert(!(std::is_rvalue_reference_v<Args> || ...),
                "the first observer could take what the others are to see: use a value or const&");
  using node = detail::shared_node<Args...>;

 public:
  /// How to attach.
  struct options {
    int order = 0;      ///< Lower ones are called first.
    bool once = false;  ///< Called once at most: it is detached before its call.
    /// For how long `detach` waits until no thread is in the callback of the observer; it returns
    /// false where one still is, and at once when called from inside it. Where it is called with a
    /// lock held that the callback takes, or by two callbacks for each other, it waits in vain.
    std::chrono::milliseconds wait{0};
  };

  concurrent_subject() = default;  ///< With no observers. \throws std::bad_alloc
  concurrent_subject(const concurrent_subject&) = delete;
  concurrent_subject& operator=(const concurrent_subject&) = delete;
  /// Detaches all, and waits for none.
  ~concurrent_subject() {
    for (const auto& n : detail::reading(*board_)) n->state |= detail::detached;
  }

  /// Attaches an observer. \param f any callable \param how the order, how often, waiting
  /// \returns a connection \throws std::bad_alloc, what moving `f` throws; unchanged
  /// \complexity linear in how many are attached where a notification runs, else as `subject`
  template <observer<Args...> F>
  connection attach(F f, options how = {}) {
    return insert<detail::calling<node, F, Args...>>(how, std::move(f));
  }
  /// Attaches an observer for as long as its owner lives, who also cannot die during the call.
  /// \param owner such as a `std::weak_ptr` \param f called with the owner, then the arguments, or
  /// a member function of the owner \param how the order, how often, waiting
  /// \returns a connection; that the owner is gone is noticed at the next notification
  /// \throws std::bad_alloc, what moving throws; unchanged
  template <class Weak, observer_in<Weak, Args...> F>
  connection attach(Weak owner, F f, options how = {}) {
    return insert<detail::calling_in<node, Weak, F, Args...>>(how, std::move(owner), std::move(f));
  }

  /// Calls all observers. \param args what they are told
  /// \throws what an observer throws; those after it are not called
  void notify(detail::param<Args>... args) {
    each([&](node& n) { n.update(args...); });
  }
  /// Calls all observers, and a handler for each that throws.
  /// \param handler is called with a `std::exception_ptr` \param args what they are told
  /// \throws what the handler throws; the observers after that are not called
  template <class Handler>
  void notify_or(Handler&& handler, detail::param<Args>... args) {
    each([&](node& n) {
      try {
        n.update(args...);
      } catch (...) {
        handler(std::current_exception());
      }
    });
  }
  /// Calls all observers, whoever throws. \param args what they are told
  /// \throws notify_error with all that was thrown, or std::bad_alloc where it could not be kept
  void notify_all(detail::param<Args>... args) {
    detail::failures failures;
    notify_or(failures, args...);
    failures.report();
  }

  /// \returns how many are attached
  [[nodiscard]] std::size_t size() const noexcept {
    std::size_t n = 0;
    for (const auto& each : detail::reading(*board_)) n += each->attached();
    return n;
  }
  /// \returns whether none is attached
  [[nodiscard]] bool empty() const noexcept { return size() == 0; }

 private:
  template <class Node, class... From>
  connection insert(options how, From&&... from) {
    const bool waits = how.wait.count() != 0;
    const detail::setup as{how.order,
                           (how.once ? detail::once : 0U) | (waits ? detail::waits : 0U)};
    auto added = std::make_shared<Node>(as, std::forward<From>(from)...);
    if (waits) added->calls = std::make_unique<detail::counted_calls>(how.wait);
    connection c{std::weak_ptr<detail::slot>(added)};
    added->in = board_;
    board_->insert(std::move(added));
    return c;
  }
  template <class Call>
  void each(Call call) {
    for (const auto& n : detail::reading(*board_)) {
      if (n->state == 0) {
        call(*n);
      } else {
        n->call_specially(call);
      }
    }
  }

  std::shared_ptr<detail::board<node>> board_ = std::make_shared<detail::board<node>>();
};

/// @}
}  // namespace gof::inline v0::observer
