// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// A FlyweightFactory for many threads.

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <gof/flyweight.hpp>
#include <mutex>
#include <type_traits>
#include <utility>

namespace gof::inline v0::flyweight {

/// \addtogroup flyweight
/// @{

/// A flyweight whose copies may be in many threads. \tparam T the type of the value
template <class T>
using shared_flyweight = flyweight<T, threads::many>;

/// Makes flyweights for many threads; for the rest as \ref flyweight_factory.
///
/// The hash of a key chooses one of 16 shards, each with a lock. It is held while a value is looked
/// for, put in or destroyed, and not while one is made: where two threads make the same one, the
/// second is dropped.
/// \tparam T the type of the values; its destructor may not use the factory
/// \tparam KeyOf by what they are told apart
/// \threads any
/// \law EqualKeysShare, UnusedOnesGo, ValuesOutliveTheFactory: as there
/// \law Bounded: as there, in each shard
template <class T, key_of<T> KeyOf = itself>
class shared_flyweight_factory {
 public:
  /// \returns the flyweight of a key, made of the key where there is none
  /// \param key nothing is made to look for it
  /// \throws std::bad_alloc, misuse, what the constructor throws; unchanged
  /// \complexity amortised constant
  [[nodiscard]] shared_flyweight<T> get_flyweight(const key_t<KeyOf, T>& key) {
    return get_flyweight(key, [&] { return T(key); });
  }
  /// \returns the flyweight of a key \param key it
  /// \param make is called where there is none, and returns a `T`; may use this factory
  /// \throws std::bad_alloc, misuse, what `make` throws; unchanged
  template <class Make>
    requires(std::same_as<std::invoke_result_t<Make&>, T>)
  [[nodiscard]] shared_flyweight<T> get_flyweight(const key_t<KeyOf, T>& key, Make make) {
    const std::uint64_t hash = detail::hash<KeyOf>(key);
    shard& s = shards_[hash >> shift];
    {
      const std::lock_guard lock(s.mutex);
      if (auto found = s.values.hit(hash, key)) return found;
    }
    auto made = table::make(hash, key, make);
    std::unique_lock lock(s.mutex);
    auto put = s.values.put(std::move(made));
    const bool is_due = s.values.is_due();
    lock.unlock();
    if (is_due) sweep();
    return put;
  }
  /// \returns the flyweight of a key, or an empty one; counts as no request \param key it
  [[nodiscard]] shared_flyweight<T> find(const key_t<KeyOf, T>& key) const {
    const std::uint64_t hash = detail::hash<KeyOf>(key);
    const shard& s = shards_[hash >> shift];
    const std::lock_guard lock(s.mutex);
    return s.values.find(hash, key);
  }

  /// Destroys the values that nobody uses. \returns how many
  /// \complexity linear; where values use one another, times the longest chain of them
  std::size_t sweep() noexcept {
    std::size_t gone = 0, before = 0;
    do {
      before = gone;
      for (shard& s : shards_) {
        const std::lock_guard lock(s.mutex);
        gone += s.values.sweep();
      }
    } while (gone != before);  // in a shard that was swept already
    return gone;
  }
  /// \returns how many values there are, used or not
  [[nodiscard]] std::size_t size() const { return sum(&table::size); }
  /// \returns how often a value was there already
  [[nodiscard]] std::size_t hits() const { return sum(&table::hits); }
  /// \returns how often one was made
  [[nodiscard]] std::size_t misses() const { return sum(&table::misses); }
  /// Calls `f(value, number of flyweights)` for each value. \param f may not use the factory
  void for_each(auto f) const {
    for (const shard& s : shards_) {
      const std::lock_guard lock(s.mutex);
      s.values.for_each(f);
    }
  }

 private:
  using table = detail::table<T, KeyOf, threads::many>;
  struct alignas(64) shard {  // no two in one cache line
    mutable std::mutex mutex;
    table values;
  };
  static constexpr unsigned shift = 60;  // the high bits choose a shard, the low ones a bucket

  std::size_t sum(std::size_t table::*of) const {
    std::size_t all = 0;
    for (const shard& s : shards_) {
      const std::lock_guard lock(s.mutex);
      all += s.values.*of;
    }
    return all;
  }

  std::array<shard, 16> shards_;
};

/// @}
}  // namespace gof::inline v0::flyweight
