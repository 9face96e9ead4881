// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// A context that many threads use, whose strategy is replaced while they do.

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <gof/strategy.hpp>
#include <optional>
#include <stdexcept>
#include <type_traits>
#include <utility>

namespace gof::inline v0::strategy {

/// \addtogroup strategy
/// @{

/// Too many strategies were replaced while calls of them were running, and still are.
class too_many_running : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// A context for many threads.
/// \tparam Signature of the strategy, `R(Args...)`
template <class Signature>
class concurrent_context;

/// The Context: holds a strategy that all threads may call, and replace, at once.
///
/// No call ever waits: not for another, nor for who replaces the strategy. A call is carried out by
/// the strategy that was there when it began. One that was replaced is destroyed when its last
/// call has ended, in the thread where that was, and with no lock held: in a call, and in the
/// destructor of a strategy, this can be called and configured. It counts up to 2^56 calls of one
/// strategy: more than twenty years at a hundred million a second.
/// \tparam R what the strategy returns \tparam Args what it is called with
/// \threads any number, except while it is made or destroyed; the strategy is called by several
/// \law OneCallOneStrategy: a call, and a `pinned`, has one strategy from beginning to end
/// \law TheOldOneLivesAsLongAsItsCalls: it is destroyed once, when the last of them has ended
template <class R, class... Args>
class concurrent_context<R(Args...)> {
  static_assert(!std::is_reference_v<R>,
                "gof::strategy: the result could refer to a strategy that is gone: return a value");
  struct cell;

 public:
  /// How many can be there at once: the current one, and those replaced that are still running.
  static constexpr std::size_t capacity = 64;

  /// One strategy for several calls; it is kept as long as this lives.
  class pinned {
   public:
    /// Takes the one that is there now. \param of the context; lives longer
    explicit pinned(const concurrent_context& of) noexcept : in_(of.enter()) {}
    pinned(const pinned&) = delete;
    pinned& operator=(const pinned&) = delete;
    ~pinned() {
      in_.leave();
    }  ///< Destroys the strategy, if it was replaced and this was the last.
    /// Calls it. \param args for the strategy \returns what it returns \throws what it throws
    R operator()(Args... args) const { return (*in_.held)(std::forward<Args>(args)...); }

   private:
    cell& in_;
  };

  /// \param first the strategy to begin with
  explicit concurrent_context(strategy<R(Args...)> first) noexcept {
    cells_[0].held.emplace(std::move(first));
    cells_[0].taken = true;
  }
  concurrent_context(const concurrent_context&) = delete;
  concurrent_context& operator=(const concurrent_context&) = delete;
  ~concurrent_context() = default;  ///< No call may be running.

  /// Calls the current strategy. \param args for it \returns what it returns
  /// \throws what it throws
  R operator()(Args... args) const { return pinned(*this)(std::forward<Args>(args)...); }

  /// Replaces the strategy; calls that begin from now on have the new one. The old one is destroyed
  /// here, if no call of it is running. \param next the new one \throws too_many_running; unchanged
  void configure(strategy<R(Args...)> next) {
    const std::size_t at = take();
    cells_[at].held.emplace(std::move(next));
    const std::uint64_t old = current_.exchange(at << shift, std::memory_order_acq_rel);
    cells_[old >> shift].retire(static_cast<std::int64_t>(old & ((std::uint64_t{1} << shift) - 1)));
  }

 private:
  static constexpr int shift = 56;

  struct cell {
    void leave() noexcept {
      if (balance.fetch_sub(1, std::memory_order_acq_rel) == 1) release();
    }
    // It is not the current one any more; so many calls have begun.
    void retire(std::int64_t entered) noexcept {
      if (balance.fetch_add(entered, std::memory_order_acq_rel) + entered == 0) release();
    }
    void release() noexcept {
      held.reset();
      taken.store(false, std::memory_order_release);
    }
    std::optional<strategy<R(Args...)>> held;
    std::atomic<std::int64_t> balance = 0;  // less calls ended; once retired: those still running
    std::atomic<bool> taken = false;
  };

  cell& enter() const noexcept {
    return cells_[current_.fetch_add(1, std::memory_order_acquire) >> shift];
  }
  // A free cell.
  std::size_t take() {
    for (std::size_t i = 0; i != capacity; ++i) {
      if (!cells_[i].taken.exchange(true, std::memory_order_acquire)) return i;
    }
    throw too_many_running(
        "gof::strategy: cannot replace the strategy, those before it are all still running: try "
        "again when calls have ended");
  }

  mutable std::atomic<std::uint64_t> current_ = 0;  // the cell, and how many calls it has begun
  mutable std::array<cell, capacity> cells_;
};

/// @}
}  // namespace gof::inline v0::strategy
