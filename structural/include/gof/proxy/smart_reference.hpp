// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// Smart reference: does something around each use, such as holding a lock or counting.

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <gof/proxy.hpp>
#include <gof/proxy/waiting.hpp>
#include <mutex>
#include <utility>

namespace gof::inline v0::proxy {

/// \addtogroup proxy
/// @{

/// A subject that can only be used under its lock: `x->f()` holds it for the full expression (also
/// called execute-around), `lock()` for as long as you keep what it returns.
///
/// Two uses in one expression, as in `x->f(x->g())`, are a second lock by who holds it: misuse.
/// \tparam Subject what is locked
/// \threads any; moving from it as well
/// \law OneAtATime: what is done under the lock never overlaps
template <class Subject>
class locked {
 public:
  /// The right to use the subject, until its destruction. \tparam S the subject, or `const`
  template <class S>
  class access {
   public:
    access(const access&) = delete;
    access& operator=(const access&) = delete;
    ~access() { owner_.release(); }  ///< Releases the lock.
    /// \returns the subject
    [[nodiscard]] S* operator->() const noexcept { return &subject_; }
    /// \returns the subject
    [[nodiscard]] S& operator*() const noexcept { return subject_; }

   private:
    friend locked;
    access(const locked& owner, S& subject) : owner_(owner), subject_(subject) { owner.acquire(); }
    const locked& owner_;
    S& subject_;
  };

  /// \param subject what to lock \param patience how long to wait for the lock at most
  explicit locked(Subject subject, std::chrono::milliseconds patience = default_patience)
      : subject_(std::move(subject)), patience_(patience) {}
  /// Takes the subject out of another, under the other's lock. \param from the other
  /// \throws timed_out, misuse; unchanged
  locked(locked&& from) : locked(std::move(*from.lock()), from.patience_) {}
  locked& operator=(locked&&) = delete;

  /// Locks for the full expression. \returns what leads to the subject
  /// \throws timed_out; misuse where this thread holds the lock
  [[nodiscard]] access<Subject> operator->() { return {*this, subject_}; }
  /// As above. \returns what leads to the subject
  [[nodiscard]] access<const Subject> operator->() const { return {*this, subject_}; }
  /// Locks for several operations. \returns the lock, which leads to the subject
  /// \throws timed_out; misuse where this thread holds the lock
  [[nodiscard]] access<Subject> lock() { return {*this, subject_}; }
  /// As above. \returns the lock, which leads to the subject
  [[nodiscard]] access<const Subject> lock() const { return {*this, subject_}; }

 private:
  void acquire() const {
    const auto me = reinterpret_cast<std::uintptr_t>(detail::this_thread());
    std::uintptr_t holder = 0;
    if (!holder_.compare_exchange_strong(holder, me, std::memory_order_acquire)) [[unlikely]] {
      if ((holder & ~waited_for) == me) {
        throw misuse("gof::proxy: this thread holds the lock; use what lock() returned");
      }
      wait(me);
    }
  }
  void wait(std::uintptr_t me) const {
    const auto deadline = detail::deadline(patience_);
    std::unique_lock lock(mutex_);
    for (bool late = false;;) {
      std::uintptr_t holder = 0;
      // Others may wait as well: whoever comes from here wakes them.
      if (holder_.compare_exchange_strong(holder, me | waited_for, std::memory_order_acquire))
        return;
      if (late) throw timed_out("gof::proxy: another thread holds the lock; try again later");
      if (holder_.compare_exchange_strong(holder, holder | waited_for, std::memory_order_relaxed)) {
        late = released_.wait_until(lock, deadline) == std::cv_status::timeout;
      }
    }
  }
  void release() const noexcept {
    if ((holder_.exchange(0, std::memory_order_release) & waited_for) != 0) [[unlikely]] {
      const std::lock_guard lock(mutex_);  // who has said so is waiting by now
      released_.notify_all();
    }
  }

  // Who holds the lock, as detail::this_thread, or 0; with a bit where others wait for released_.
  static constexpr std::uintptr_t waited_for = 1;
  mutable std::atomic<std::uintptr_t> holder_ = 0;
  mutable std::mutex mutex_;
  mutable std::condition_variable released_;
  Subject subject_;
  std::chrono::milliseconds patience_;
};

/// An interceptor that counts requests. \threads any
class counting {
 public:
  counting() = default;
  /// Goes on counting from there. \param from the other
  counting(const counting& from) noexcept : count_(from.count()) {}
  counting& operator=(const counting&) = delete;

  /// \param next passes the request on \returns what `next` returns
  template <class Call, class Next>
  decltype(auto) around(Call, Next&& next) const {
    count_.fetch_add(1, std::memory_order_relaxed);
    return next();
  }
  /// \returns how many requests there were, those included that came to nothing
  [[nodiscard]] std::size_t count() const noexcept {
    return count_.load(std::memory_order_relaxed);
  }

 private:
  mutable std::atomic<std::size_t> count_ = 0;
};

/// @}
}  // namespace gof::inline v0::proxy
