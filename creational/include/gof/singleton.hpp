// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// Singleton: one instance that everybody reaches, that goes in order, and that a test can replace.

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <typeinfo>

/// \defgroup singleton Singleton
/// \ingroup creational
/// One instance that everybody reaches. You probably want to pass it as a parameter instead; the
/// page of the pattern says when not.
///
/// | In the book | Here                                                                         |
/// |-------------|------------------------------------------------------------------------------|
/// | Singleton   | any class; the only maker of its objects is \ref gof::singleton::access "access" |
/// | Instance    | `instance` of \ref gof::singleton::singleton "singleton"                     |
///
/// | To …                                     | write                                                     |
/// |------------------------------------------|-----------------------------------------------------------|
/// | give it a name                           | `using the_log = gof::singleton::singleton<log_file>`     |
/// | get the instance, made at the first call | `the_log::instance()`                                     |
/// | get it only where it is there            | `the_log::try_instance()`                                 |
/// | replace it in a test                     | `the_log::scoped_override in_test(other_log)`             |
/// | make it with arguments                   | `struct app { static log_file create(); }` as the tag     |
/// | have two of one type                     | `singleton<log_file, app>`, `singleton<log_file, audit>`  |
/// | say how long it lives                    | `singleton<log_file, app, lifetime::leaky>`               |
/// | tear all down before `main` ends         | `gof::singleton::shutdown_all()`                          |
///
/// \source Gamma, Helm, Johnson, Vlissides, *Design Patterns* (1994), chapter 3, Singleton;
/// Alexandrescu, *Modern C++ Design* (2001), chapter 6 (lifetimes)

namespace gof::inline v0::singleton {

/// \addtogroup singleton
/// @{

/// How long an instance lives.
enum class lifetime : unsigned char {
  at_exit,  ///< From the first use until shutdown_all, or until the program ends.
  leaky,    ///< From the first use on: it is never destroyed.
  phoenix,  ///< As at_exit; used after that, it is made again: during a teardown for the last time.
  scoped,   ///< Only as a `scoped_override`: it has an owner, which makes and destroys it.
};

/// There is no instance: it was torn down, or its scope has not begun or has ended.
class no_instance : public std::logic_error {
  using std::logic_error::logic_error;
};
/// Each of these instances needs the next to be made, and the last one the first.
class cycle : public std::logic_error {
  using std::logic_error::logic_error;
};
/// A shutdown from inside a singleton's constructor or destructor.
class misuse : public std::logic_error {
  using std::logic_error::logic_error;
};

namespace detail {
enum class stage : int { absent, making, there, ending, gone };
class replacement;

// All there is about a singleton except its type. It is neither made nor destroyed at run time, and
// so works before and after main.
struct entry {
  lifetime kind;
  const char* (*name)() noexcept;
  void* (*construct)();
  void (*destroy)() noexcept;

  std::atomic<stage> now = kind == lifetime::scoped ? stage::gone : stage::absent;
  bool rises = kind == lifetime::phoenix;
  std::atomic<void*> current = nullptr;  // what instance() gives: replaced, own, or nothing
  void* own = nullptr;                   // once it was made
  replacement* replaced = nullptr;       // the innermost
  entry* older = nullptr;                // completed before it, and to be torn down after it
  entry* needs = nullptr;                // while it is made: the one that its constructor asked for
};

class lock {
 public:
  explicit lock(std::atomic<int>& flag) noexcept : flag_(flag) {
    while (flag_.exchange(1, std::memory_order_acquire) != 0) flag_.wait(1);
  }
  lock(const lock&) = delete;
  ~lock() {
    flag_.store(0, std::memory_order_release);
    flag_.notify_one();
  }

 private:
  std::atomic<int>& flag_;
};
inline constinit std::atomic<int> entries = 0;   // locked for a moment, never around a user's code
inline constinit std::atomic<int> teardown = 0;  // locked by the thread that tears down
inline constinit entry* newest = nullptr;        // the last completed of those to be torn down
inline constinit thread_local entry* making_here = nullptr;  // by this thread, the innermost
inline constinit thread_local bool ending_here = false;      // by this thread, any

// An instance that stands in for an entry's own, and for those replaced before it.
class replacement {
 public:
  replacement(entry& e, void* by) noexcept : entry_(e), by_(by) {
    const lock held(entries);
    outer_ = e.replaced;
    e.replaced = this;
    show(e);
  }
  replacement(const replacement&) = delete;
  ~replacement() {
    const lock held(entries);
    replacement** at = &entry_.replaced;
    while (*at != this) at = &(*at)->outer_;
    *at = outer_;
    show(entry_);
  }
  static void show(entry& e) noexcept {
    void* const own = e.now == stage::there ? e.own : nullptr;
    e.current.store(e.replaced != nullptr ? e.replaced->by_ : own, std::memory_order_release);
  }

 private:
  entry& entry_;
  void* by_;
  replacement* outer_;
};

// The way of one thread to an instance that was not there: it makes it, or waits for who does.
class creation {
 public:
  explicit creation(entry& e) noexcept : entry_(e), user_(making_here) {}
  creation(const creation&) = delete;
  ~creation() {
    making_here = user_;
    const lock held(entries);
    if (user_ != nullptr) user_->needs = nullptr;
    if (found_ != found::nothing) return;
    entry_.now = made_ ? stage::there : before_;
    if (made_ && entry_.kind != lifetime::leaky) {
      entry_.older = newest;
      newest = &entry_;
    }
    if (made_ && teardown != 0) entry_.rises = false;
    replacement::show(entry_);
    entry_.now.notify_all();
  }

  void run() {
    while ((found_ = look()) == found::maker) entry_.now.wait(stage::making);
    if (found_ == found::cycle) throw cycle(path());
    if (found_ == found::end) throw no_instance(why());
    if (found_ == found::instance) return;
    making_here = &entry_;
    entry_.own = entry_.construct();
    made_ = true;
  }

 private:
  enum class found {
    instance,
    nothing,  // so this thread makes one
    maker,    // another thread, to be waited for
    cycle,    // the maker waits for this thread
    end       // torn down, or out of scope
  };

  found look() noexcept {
    const lock held(entries);
    if (entry_.current != nullptr) return found::instance;
    before_ = entry_.now;
    const bool can_make = before_ == stage::absent || (before_ == stage::gone && entry_.rises);
    if (!can_make && before_ != stage::making) return found::end;
    if (user_ != nullptr) {
      for (const entry* e = &entry_; e != nullptr; e = e->needs) {
        if (e == user_) return found::cycle;
      }
      user_->needs = &entry_;
    }
    if (!can_make) return found::maker;
    entry_.now = stage::making;
    return found::nothing;
  }
  // The others in the cycle wait for what this thread makes: nothing changes meanwhile.
  std::string path() const {
    std::string names = user_->name();
    for (const entry* e = &entry_;; e = e->needs) {
      names += std::string(" -> ") + e->name();
      if (e == user_) break;
    }
    return "gof::singleton: " + names + ": break the cycle, one must not need the next to be made";
  }
  std::string why() const {
    return std::string("gof::singleton: ") + entry_.name() +
           (entry_.kind == lifetime::scoped
                ? " is there only in the scope of a scoped_override"
                : " was torn down: get it earlier, in the constructor of what uses it late, or ask "
                  "try_instance");
  }

  entry& entry_;
  entry* const user_;  // what this thread makes already, and needs it for
  found found_ = found::instance;
  stage before_ = stage::absent;
  bool made_ = false;
};

// What instance() gives where there was nothing yet.
inline void* obtain(entry& e) {
  while (true) {
    creation(e).run();
    void* const now = e.current.load(std::memory_order_acquire);
    if (now != nullptr) return now;  // it was not torn down meanwhile
  }
}

// Takes the newest off, unless `last` was.
inline entry* take_newest(const entry* last) noexcept {
  const lock held(entries);
  if (newest == nullptr || (last != nullptr && last->now != stage::there)) return nullptr;
  entry* const e = newest;
  newest = e->older;
  e->now = stage::ending;
  replacement::show(*e);
  return e;
}
// Down to `last`, or all.
inline void tear_down(const entry* last) noexcept {
  if (ending_here) return;  // the program exits from inside a destructor
  const lock alone(teardown);
  ending_here = true;
  while (entry* const e = take_newest(last)) {
    e->destroy();
    e->now = stage::gone;
  }
  ending_here = false;
}

template <class T, class Tag>
struct made_by {
  using type = T;
};
template <class T, class Tag>
  requires requires { Tag::create(); }
struct made_by<T, Tag> {
  using type = decltype(Tag::create());
};
}  // namespace detail

/// Makes and destroys instances. A class that wants no other objects has private constructors and
/// says `friend gof::singleton::access`.
class access {
  template <class, class, lifetime>
  friend class singleton;

  template <class Made, class Tag>
  static Made* construct(void* at) {
    if constexpr (requires { Tag::create(); }) {
      return ::new (at) Made(Tag::create());
    } else {
      return ::new (at) Made();
    }
  }
  template <class Made>
  static void destroy(Made* made) noexcept {
    made->~Made();
  }
};

/// Tears down all that is to be torn down, the last completed first, and what is made meanwhile.
/// \throws misuse from inside a singleton's constructor or destructor; nothing is torn down
/// \threads no other thread may use what is torn down; waits for a teardown in another thread
inline void shutdown_all() {
  if (detail::ending_here || detail::making_here != nullptr) {
    throw misuse("gof::singleton: no shutdown from inside a singleton's constructor or destructor");
  }
  detail::tear_down(nullptr);
}

/// The one instance of `T`, or of `T` with this tag.
///
/// An instance is torn down where a `static` variable completed at the same time would be: after
/// all that was completed later, and so after what obtained it in its own constructor.
/// \tparam T its type, or a base of it
/// \tparam Tag tells instances of one type apart. May have: `create()`, which makes the instance, a
/// `T` or derived from `T`; `name`, what errors call it, a C string
/// \tparam Lifetime how long it lives
/// \threads any, where not said otherwise. A constructor must not wait for another thread that asks
/// for the same instance: that never ends, as with a `static` variable
/// \law EverybodyGetsTheSame: any calls by any threads give one instance, made once
/// \law TeardownReversesCompletion: what was completed last is torn down first
/// \law OverridesNest: when an override ends, the instance is the one from before it
template <class T, class Tag = void, lifetime Lifetime = lifetime::at_exit>
class singleton {
  using made = typename detail::made_by<T, Tag>::type;
  static_assert(std::is_same_v<T, std::remove_cvref_t<T>>, "T is not const and not a reference");
  static_assert(std::is_convertible_v<made*, T*>,
                "create() of the tag returns a T, or an object of a class derived from T");

 public:
  singleton() = delete;

  /// Makes it where it is not there; others that ask meanwhile wait.
  /// \returns the instance
  /// \throws what its constructor throws: the next call tries again; std::bad_alloc; cycle;
  /// no_instance
  static T& instance() {
    void* const now = entry_.current.load(std::memory_order_acquire);
    return *static_cast<T*>(now != nullptr ? now : detail::obtain(entry_));
  }

  /// \returns the instance; null before it was made, and from the beginning of its teardown
  [[nodiscard]] static T* try_instance() noexcept {
    return static_cast<T*>(entry_.current.load(std::memory_order_acquire));
  }

  /// As long as it lives, another object is the instance, for all threads. Overrides nest; the
  /// instance proper is not made for them.
  /// \threads begins and ends at any time, but lives as long as a thread uses what it gave
  class [[nodiscard]] scoped_override {
   public:
    /// Begins. \param by the instance from now on; must outlive this
    explicit scoped_override(T& by) noexcept : replacement_(entry_, &by) {}
    scoped_override(T&&) = delete;

   private:
    detail::replacement replacement_;
  };

 private:
  static const char* name() noexcept {
    if constexpr (requires { static_cast<const char*>(Tag::name); }) {
      return Tag::name;
    } else {
      return typeid(T).name();
    }
  }
  static void* construct() {
    if constexpr (Lifetime == lifetime::scoped) {
      return nullptr;  // never called
    } else {
      made* const object = access::construct<made, Tag>(storage_);
      if (Lifetime != lifetime::leaky && std::atexit([] { detail::tear_down(&entry_); }) != 0) {
        access::destroy(object);
        throw std::bad_alloc();
      }
      return static_cast<T*>(object);
    }
  }
  static void destroy() noexcept {
    if constexpr (Lifetime != lifetime::scoped) {
      access::destroy(std::launder(reinterpret_cast<made*>(storage_)));
    }
  }

  alignas(made) static inline std::byte storage_[sizeof(made)];
  static inline constinit detail::entry entry_{Lifetime, &name, &construct, &destroy};
};

/// @}
}  // namespace gof::inline v0::singleton
