// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// Observer: a subject tells whoever is attached, without knowing them.

#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

/// \defgroup observer Observer
/// \ingroup behavioural
/// Tell others of a change, without knowing them.
///
/// | In the book      | Here                                                               |
/// |------------------|--------------------------------------------------------------------|
/// | Subject          | \ref gof::observer::subject "subject", a member of what is watched |
/// | Observer, Update | any callable: what models \ref gof::observer::observer "observer"  |
/// | Attach           | `attach`; gives a \ref gof::observer::connection "connection"      |
/// | Detach           | `connection::detach`, or the end of a `scoped_connection`          |
/// | Notify           | `notify`; push: its arguments; pull: pass the ConcreteSubject      |
///
/// | To …                                     | write                                               |
/// |------------------------------------------|-----------------------------------------------------|
/// | observe until told otherwise             | `connection c = s.attach(f)`, `c.detach()`          |
/// | observe as long as a member lives        | `scoped_connection c = s.attach(f)`                 |
/// | observe as long as a shared object lives | `s.attach(std::weak_ptr(view), &view_type::show)`   |
/// | observe the next time only               | `s.attach(f, {.once = true})`                       |
/// | come before the others                   | `s.attach(f, {.order = -1})`                        |
/// | not be called for a while                | `auto quiet = c.block()`                            |
/// | tell all; the first that throws ends it  | `s.notify(x)`                                       |
/// | tell all, whoever throws                 | `s.notify_all(x)`, or `s.notify_or(handler, x)`     |
/// | do all of this in several threads        | `gof/observer/concurrent.hpp`: `concurrent_subject` |
///
/// | When an observer …             | with `subject`                                  | with `concurrent_subject`                |
/// |--------------------------------|-------------------------------------------------|------------------------------------------|
/// | detaches itself                | that was its last call                          | the same                                 |
/// | detaches one that comes later  | it is not called any more                       | nor by others, if attached with `wait`   |
/// | attaches others                | they are called from the next `notify` on       | the same                                 |
/// | is destroyed without `detach`  | no call, with a scoped connection or an owner   | the same, if scoped with `wait`          |
/// | destroys the subject           | the remaining ones are not called               | the same                                 |
/// | throws                         | `notify` stops; `notify_or`, `notify_all` go on | the same                                 |
/// | is detached while it is called | it ends its call                                | with `wait`, `detach` returns after that |
/// | calls `notify` again           | all are called in between, itself too           | the same                                 |
///
/// \source Gamma, Helm, Johnson, Vlissides, *Design Patterns* (1994), chapter 5, Observer

namespace gof::inline v0::observer {

namespace detail {
// How an argument reaches each observer: none of them can take it away from the next.
template <class T>
using param = std::conditional_t<std::is_reference_v<T> || std::is_scalar_v<T>, T, const T&>;

// Calls an observer with its owner, or an owner's member function.
template <class F, class Owner, class... Args>
auto call_in(F& f, Owner& owner, Args&... args) -> decltype(f(owner, args...)) {
  return f(owner, args...);
}
template <class F, class Owner, class... Args>
auto call_in(F f, Owner& owner, Args&... args) -> decltype((owner.*f)(args...)) {
  return (owner.*f)(args...);
}

// What a connection refers to.
struct slot {
  virtual ~slot() = default;
  virtual bool attached() const noexcept = 0;
  virtual bool detach() noexcept = 0;
  virtual void block(int by) noexcept = 0;
};
}  // namespace detail

/// \addtogroup observer
/// @{

/// Can be attached to a `subject<Args...>`. What it returns is ignored.
template <class F, class... Args>
concept observer = requires(F& f, detail::param<Args>... args) {
  f(args...);
};

/// Is like `std::weak_ptr`: `lock()` gives something that is true, and keeps the owner alive, as
/// long as there is one.
template <class Weak>
concept weak_reference = requires(const Weak& owner) {
  static_cast<bool>(owner.lock());
  *owner.lock();
};

/// Can be attached together with a reference to its owner: is called with the owner, then the
/// arguments, or is a member function of the owner.
template <class F, class Weak, class... Args>
concept observer_in = weak_reference<Weak> &&
    requires(F& f, const Weak& owner, detail::param<Args>... args) {
  detail::call_in(f, *owner.lock(), args...);
};

/// Keeps an observer from being called, as long as this lives; several add up.
class [[nodiscard]] blocker {
 public:
  /// Takes over a block. \param from then holds none
  blocker(blocker&& from) noexcept = default;
  blocker& operator=(blocker&&) = delete;
  /// Ends the block.
  ~blocker() {
    if (const auto slot = slot_.lock()) slot->block(-1);
  }

 private:
  friend class connection;
  explicit blocker(const std::weak_ptr<detail::slot>& slot) noexcept : slot_(slot) {
    if (const auto blocked = slot_.lock()) blocked->block(1);
  }
  std::weak_ptr<detail::slot> slot_;
};

/// Refers to an observer that was attached; copies refer to the same one. It may outlive the
/// subject. Its end detaches nothing.
class connection {
 public:
  connection() noexcept = default;  ///< Refers to none.

  /// The observer is not called any more, also by a notification that has begun. Does nothing where
  /// it is not attached.
  /// \returns false where it was attached with `wait` to a `concurrent_subject` and its callback
  /// still runs: this is called from inside it, or has waited as long as it was told; else true
  bool detach() noexcept {
    const auto slot = slot_.lock();
    return slot == nullptr || slot->detach();
  }
  /// \returns whether the observer is attached, blocked or not
  [[nodiscard]] bool connected() const noexcept {
    const auto slot = slot_.lock();
    return slot != nullptr && slot->attached();
  }
  /// The observer misses what happens in the meantime. \returns how long that is
  [[nodiscard]] blocker block() noexcept { return blocker(slot_); }

 private:
  template <class...>
  friend class subject;
  template <class...>
  friend class concurrent_subject;
  explicit connection(std::weak_ptr<detail::slot> slot) noexcept : slot_(std::move(slot)) {}
  std::weak_ptr<detail::slot> slot_;
};

/// A connection whose end detaches the observer. As a member, declare it after what the observer
/// uses.
class [[nodiscard]] scoped_connection : public connection {
 public:
  scoped_connection() noexcept = default;  ///< Refers to none.
  /// Detaches at its end what this refers to. \param c a connection
  scoped_connection(connection c) noexcept : connection(std::move(c)) {}
  /// Takes over. \param from then refers to none
  scoped_connection(scoped_connection&& from) noexcept = default;
  /// Detaches, and takes over. \param from then refers to none \returns this
  scoped_connection& operator=(scoped_connection&& from) noexcept {
    connection next = from.release();
    detach();
    connection::operator=(std::move(next));
    return *this;
  }
  ~scoped_connection() { detach(); }  ///< Detaches.
  /// Lets the observer be. \returns a connection to it
  connection release() noexcept { return std::exchange(static_cast<connection&>(*this), {}); }
};

/// What observers threw, when all of them were called nevertheless.
class notify_error : public std::runtime_error {
 public:
  /// \param causes what was thrown, in order
  explicit notify_error(std::vector<std::exception_ptr> causes)
      : std::runtime_error("gof::observer: " + std::to_string(causes.size()) +
                           " of the observers threw; see causes()"),
        causes_(std::move(causes)) {}
  /// \returns what was thrown, in order
  [[nodiscard]] const std::vector<std::exception_ptr>& causes() const noexcept { return causes_; }

 private:
  std::vector<std::exception_ptr> causes_;
};

/// @}

namespace detail {
// The state of an observer; 0 for one that is to be called without further ado.
enum flag : unsigned { detached = 1, once = 2, waits = 4, blocked = 8 };  // blocked is counted

// How an observer begins.
struct setup {
  int order;
  unsigned state;
};

struct list;

// An observer in the list of a subject.
struct node : slot {
  explicit node(setup as) noexcept : state(as.state), order(as.order) {}
  bool attached() const noexcept override { return (state & detached) == 0; }
  bool detach() noexcept override;
  void block(int by) noexcept override { state += static_cast<unsigned>(by) * blocked; }
  // Whether to call it, where the state is not 0.
  bool takes_part() noexcept { return state == once && detach(); }

  std::shared_ptr<node> next;
  std::uint64_t number = 0;  // grows with each that is attached
  unsigned state;            // of flags
  int order;
  node* previous = nullptr;
  list* in = nullptr;
};

// The observers of a subject, by order. While a notification runs none is taken out, so that it can
// go on from wherever it is; the list outlives the subject if need be.
struct list {
  void insert(std::shared_ptr<node> added) noexcept {
    added->in = this;
    added->number = ++attached;
    ++size;
    node* before = last;
    while (before != nullptr && before->order > added->order) before = before->previous;
    std::shared_ptr<node>& place = before == nullptr ? first : before->next;
    (place == nullptr ? last : place->previous) = added.get();
    added->previous = before;
    added->next = std::move(place);
    place = std::move(added);
  }
  std::shared_ptr<node> take(node& n) noexcept {
    (n.next == nullptr ? last : n.next->previous) = n.previous;
    return std::exchange(n.previous == nullptr ? first : n.previous->next, std::move(n.next));
  }
  // Takes out those that are detached. Their destructors can do anything, even destroy the subject,
  // so they come last.
  void sweep() noexcept {
    dirty = false;
    std::shared_ptr<node> garbage;
    for (node* n = first.get(); n != nullptr;) {
      node& here = *std::exchange(n, n->next.get());
      if (here.attached()) continue;
      std::shared_ptr<node> taken = take(here);
      taken->next = std::move(garbage);
      garbage = std::move(taken);
    }
    if (orphaned) delete this;
    while (garbage != nullptr) garbage = std::move(garbage->next);
  }
  // The subject is gone.
  void orphan() noexcept {
    for (node* n = first.get(); n != nullptr; n = n->next.get()) n->state |= detached;
    orphaned = dirty = true;
    if (running == 0) sweep();
  }

  std::shared_ptr<node> first;
  node* last = nullptr;
  std::uint64_t attached = 0;  // how many ever were
  std::size_t size = 0, running = 0;
  bool dirty = false;  // there are detached ones in it
  bool orphaned = false;
};

inline bool node::detach() noexcept {
  if (!attached()) return true;
  state |= detached;
  --in->size;
  in->dirty = in->running != 0;
  if (!in->dirty) in->take(*this);
  return true;
}

// As long as it lives a list is walked.
struct notification {
  explicit notification(list& l) noexcept : of(l), outer(l.running), newest(l.attached) {
    of.running = outer + 1;
  }
  notification(const notification&) = delete;
  notification& operator=(const notification&) = delete;
  ~notification() {
    of.running = outer;
    if (of.dirty && outer == 0) of.sweep();
  }
  list& of;
  const std::size_t outer;     // how many ran already
  const std::uint64_t newest;  // those attached later are not called
};

template <class... Args>
struct updated : node {
  using node::node;
  virtual void update(param<Args>... args) = 0;
};

// What is attached: a callable, in a node of either kind of subject.
template <class Base, class F, class... Args>
struct calling final : Base {
  calling(setup as, F&& from) : Base(as), f(std::move(from)) {}
  void update(param<Args>... args) override { f(args...); }
  F f;
};
template <class Base, class Weak, class F, class... Args>
struct calling_in final : Base {
  calling_in(setup as, Weak&& with, F&& from)
      : Base(as), owner(std::move(with)), f(std::move(from)) {}
  void update(param<Args>... args) override {
    if (const auto alive = owner.lock()) {
      call_in(f, *alive, args...);
    } else {
      this->detach();
    }
  }
  Weak owner;
  F f;
};

// Keeps what observers throw until all were called.
struct failures {
  void operator()(std::exception_ptr e) noexcept {
    try {
      causes.push_back(std::move(e));
    } catch (...) {
      lost = true;
    }
  }
  void report() {
    if (lost) throw std::bad_alloc();
    if (!causes.empty()) throw notify_error(std::move(causes));
  }
  std::vector<std::exception_ptr> causes;
  bool lost = false;
};
}  // namespace detail

/// \addtogroup observer
/// @{

/// Whom to tell of something. Moving it moves the observers along; what is left has none.
///
/// In a callback everything is allowed: to attach, detach, notify, move or destroy the subject.
/// What is detached in a callback is destroyed when the outermost notification ends.
/// \tparam Args what observers are told; none of them is an rvalue reference, so that no observer
/// can take away what the next is to see. Values reach the observers as constants.
/// \threads one at a time; for more see `concurrent_subject`
/// \law ObserversAreCalledInOrder: by `order`, and where that is the same, as they were attached
/// \law WhatIsDetachedIsNotCalled: from the return of `detach` on
/// \law WhatIsAttachedIsCalledFromTheNextNotifyOn: and not by one that runs
template <class... Args>
class subject {
  static_assert(!(std::is_rvalue_reference_v<Args> || ...),
                "the first observer could take what the others are to see: use a value or const&");
  using node = detail::updated<Args...>;

 public:
  /// How to attach.
  struct options {
    int order = 0;      ///< Lower ones are called first.
    bool once = false;  ///< Called once at most: it is detached before its call.
  };

  /// Attaches an observer. \param f any callable \param how the order, and how often
  /// \returns a connection \throws std::bad_alloc, what moving `f` throws; unchanged
  /// \complexity constant, and linear in how many of a higher order there are
  template <observer<Args...> F>
  connection attach(F f, options how = {}) {
    return insert<detail::calling<node, F, Args...>>(how, std::move(f));
  }
  /// Attaches an observer for as long as its owner lives, who also cannot die during the call.
  /// \param owner such as a `std::weak_ptr` \param f called with the owner, then the arguments, or
  /// a member function of the owner \param how the order, and how often
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
  [[nodiscard]] std::size_t size() const noexcept { return list_ == nullptr ? 0 : list_->size; }
  /// \returns whether none is attached
  [[nodiscard]] bool empty() const noexcept { return size() == 0; }

 private:
  struct orphan {
    void operator()(detail::list* l) const noexcept { l->orphan(); }
  };
  template <class Node, class... From>
  connection insert(options how, From&&... from) {
    const detail::setup as{how.order, how.once ? detail::once : 0U};
    auto added = std::make_shared<Node>(as, std::forward<From>(from)...);
    if (list_ == nullptr) list_.reset(new detail::list);
    connection c{std::weak_ptr<detail::slot>(added)};
    list_->insert(std::move(added));
    return c;
  }
  template <class Call>
  void each(Call call) {
    if (list_ == nullptr) return;
    const detail::notification running(*list_);
    for (detail::node* n = running.of.first.get(); n != nullptr; n = n->next.get()) {
      if (n->number > running.newest) continue;
      if (n->state != 0) [[unlikely]] {
        if (!n->takes_part()) continue;
      }
      call(static_cast<node&>(*n));
    }
  }

  std::unique_ptr<detail::list, orphan> list_;  // none until the first is attached
};

/// @}
}  // namespace gof::inline v0::observer
