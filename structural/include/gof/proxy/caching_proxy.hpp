// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// Caching proxy: remembers answers, and asks once where many ask at once.

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <exception>
#include <gof/proxy.hpp>
#include <gof/proxy/waiting.hpp>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <tuple>
#include <type_traits>
#include <unordered_map>
#include <utility>

namespace gof::inline v0::proxy {

namespace detail {
// The key and the answer of a member function.
template <class R, class C, class A>
std::pair<std::remove_cvref_t<A>, R> signature(R (C::*)(A));
template <class R, class C, class A>
std::pair<std::remove_cvref_t<A>, R> signature(R (C::*)(A) const);
}  // namespace detail

/// \addtogroup proxy
/// @{

/// What a cache keeps, and how long its users wait.
struct keeping {
  std::size_t capacity = 1024;  ///< At most so many answers; the one unused for longest goes first.
  /// An answer older than this is asked for again; the maximum means never.
  std::chrono::nanoseconds time_to_live = std::chrono::nanoseconds::max();
  std::chrono::milliseconds patience = default_patience;  ///< Longest wait for another thread.
};

/// What a cache holds, and what it was good for.
struct usage {
  std::size_t answers;  ///< Kept, those that are too old included.
  std::size_t hits;     ///< Requests that did not have to go to the real subject.
  std::size_t misses;   ///< Requests that went there.
};

/// An interceptor that remembers the answers to one request; others pass.
///
/// Where several threads ask for one key, one request goes to the real subject and the others wait
/// for its answer, or get its exception; exceptions are not remembered. A hit copies the answer
/// under a lock: let a large one be a `std::shared_ptr<const T>`.
/// \tparam Request a member function with one argument, the key, that returns a value; `std::hash`
/// and `==` of the key do not throw
/// \tparam Clock has `now()`, static or not
/// \threads any, with a `Clock` that is; moving only while nobody uses it
/// \law SameAnswer: for a subject that always answers the same, the cache cannot be noticed
/// \law NeverOlder: no answer was asked for longer ago than the time to live
/// \law Bounded: it never keeps more than its capacity
/// \law SingleFlight: of a key that is not forgotten, one request at a time is on its way
template <auto Request, class Clock = std::chrono::steady_clock>
class caching {
  using signature = decltype(detail::signature(Request));
  using key_type = typename signature::first_type;
  using value_type = typename signature::second_type;
  static_assert(std::is_same_v<value_type, std::remove_cvref_t<value_type>>,
                "gof::proxy: only values can be cached; a reference would dangle");

 public:
  /// \param how what to keep \param clock tells the age of answers \throws std::bad_alloc
  explicit caching(keeping how = {}, Clock clock = {})
      : state_(std::make_unique<state>(how, std::move(clock))) {}

  /// \param c the request \param next passes it on \returns the answer
  /// \throws what the request throws; timed_out; misuse where the answer to a key needs itself
  template <class Call, class Next>
  decltype(auto) around(Call c, Next&& next) const {
    if constexpr (Call::is(request<Request>)) {
      return answer(static_cast<const key_type&>(std::get<0>(c.arguments)), next);
    } else {
      return next();
    }
  }

  /// The next request for a key goes to the real subject. One that is on its way is not remembered.
  /// \param key which
  void forget(const key_type& key) {
    const std::lock_guard lock(state_->mutex);
    const auto found = state_->entries.find(key);
    if (found != state_->entries.end()) state_->erase(found);
  }
  /// Forgets all keys, as above.
  void clear() {
    const std::lock_guard lock(state_->mutex);
    state_->entries.clear();
    state_->order.clear();
  }
  /// \returns what the cache holds, and what it was good for
  [[nodiscard]] usage used() const {
    const std::lock_guard lock(state_->mutex);
    return {state_->order.size(), state_->hits, state_->misses};
  }

 private:
  // A request on its way, and then its answer.
  struct flight {
    const void* thread = nullptr;  // null once it has landed, with one of:
    std::optional<value_type> value{};
    std::exception_ptr error{};
    typename Clock::time_point asked{};
  };
  using keys = std::list<const key_type*>;
  struct entry {
    std::shared_ptr<flight> answer;
    typename keys::iterator place;  // in state::order once landed
  };
  using map = std::unordered_map<key_type, entry>;
  struct state {
    state(keeping h, Clock c) : how(h), clock(std::move(c)) {}
    bool fresh(const flight& f) {
      return how.time_to_live == std::chrono::nanoseconds::max() ||
             clock.now() - f.asked < how.time_to_live;
    }
    void erase(typename map::iterator at) {
      if (at->second.answer->thread == nullptr) order.erase(at->second.place);
      entries.erase(at);
    }

    const keeping how;
    std::mutex mutex;  // of all below
    std::condition_variable landed;
    Clock clock;
    map entries;
    keys order;  // of the entries that have landed: the last used first
    std::size_t hits = 0, misses = 0;
  };

  value_type answer(const key_type& key, auto& next) const {
    state& s = *state_;
    std::unique_lock lock(s.mutex);
    const auto found = s.entries.find(key);
    if (found == s.entries.end()) return fly(key, next, lock);
    const std::shared_ptr<flight>& f = found->second.answer;
    if (f->thread != nullptr) return wait(f, lock);
    if (s.fresh(*f)) {
      s.order.splice(s.order.begin(), s.order, found->second.place);
      ++s.hits;
      return *f->value;
    }
    s.erase(found);
    return fly(key, next, lock);
  }

  value_type wait(std::shared_ptr<flight> f, std::unique_lock<std::mutex>& lock) const {
    if (f->thread == detail::this_thread()) {
      throw misuse("gof::proxy: the answer to a key that is cached needs itself");
    }
    if (!state_->landed.wait_until(lock, detail::deadline(state_->how.patience),
                                   [&] { return f->thread == nullptr; })) {
      throw timed_out("gof::proxy: the answer another thread asked for is late; try again later");
    }
    if (f->error) std::rethrow_exception(f->error);
    ++state_->hits;
    return *f->value;
  }

  // Allocates all before the request is on its way: what comes after it cannot fail.
  value_type fly(key_type key, auto& next, std::unique_lock<std::mutex>& lock) const {
    state& s = *state_;
    const auto f = std::make_shared<flight>();
    f->thread = detail::this_thread();
    f->asked = s.clock.now();
    keys place(1);
    const auto at = s.entries.try_emplace(key, entry{f, place.begin()}).first;
    place.front() = &at->first;
    ++s.misses;
    lock.unlock();
    try {
      f->value.emplace(next());
    } catch (...) {
      f->error = std::current_exception();
    }
    lock.lock();
    f->thread = nullptr;
    const auto mine = s.entries.find(key);
    if (mine != s.entries.end() && mine->second.answer == f) {  // not forgotten in the meantime
      s.order.splice(s.order.begin(), place);
      if (f->error) s.erase(mine);
      while (s.order.size() > s.how.capacity) s.erase(s.entries.find(*s.order.back()));
    }
    lock.unlock();
    s.landed.notify_all();
    if (f->error) std::rethrow_exception(f->error);
    return *f->value;
  }

  std::unique_ptr<state> state_;
};

/// A proxy that caches. Parameters as for \ref proxy and \ref caching.
template <class Subject, auto Request, class Clock = std::chrono::steady_clock>
using caching_proxy = proxy<Subject, caching<Request, Clock>>;

/// @}
}  // namespace gof::inline v0::proxy
