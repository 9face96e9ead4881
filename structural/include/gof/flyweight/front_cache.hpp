// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// Flyweights that one thread uses often, at hand without a lock.

#include <algorithm>
#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <gof/flyweight.hpp>
#include <gof/flyweight/shared_factory.hpp>
#include <string_view>
#include <utility>
#include <vector>

namespace gof::inline v0::flyweight {

/// \addtogroup flyweight
/// @{

/// Stands before a factory in one thread, and keeps the flyweights that it got last. A hit
/// writes nothing that another thread uses.
///
/// What it keeps is used: a sweep does not take it. It looks for a text by its length, beginning,
/// middle and end: of texts that differ only elsewhere it keeps four.
/// \tparam T the type of the values \tparam KeyOf by what they are told apart
/// \threads one: each has its own, a local or `thread_local` variable
/// \law AFrontCacheCannotBeNoticed: what it returns is what the factory would
template <class T, key_of<T> KeyOf = itself>
class front_cache {
 public:
  /// \param factory where flyweights come from; outlives this
  /// \param capacity how many it keeps; rounded up to a power of two
  /// \throws std::bad_alloc; std::length_error where it is too large
  explicit front_cache(shared_flyweight_factory<T, KeyOf>& factory, std::size_t capacity = 1024)
      : factory_(&factory),
        sets_(std::bit_ceil(capacity / ways + (capacity % ways != 0 ? 1 : 0))) {}
  front_cache(const front_cache&) = delete;
  front_cache& operator=(const front_cache&) = delete;

  /// \returns the flyweight of a key, until the next call of `get_flyweight` or `clear`; copy it to
  /// keep it \param key its key
  /// \throws misuse, std::bad_alloc, what the constructor throws; unchanged
  [[nodiscard]] const shared_flyweight<T>& get_flyweight(const key_t<KeyOf, T>& key) {
    return get_flyweight(key, [&] { return T(key); });
  }
  /// \returns the flyweight of a key, as above \param key its key
  /// \param make is called where there is none, and returns one
  /// \throws misuse, std::bad_alloc, what `make` throws; unchanged
  template <class Make>
    requires(std::same_as<std::invoke_result_t<Make&>, T>)
  [[nodiscard]] const shared_flyweight<T>& get_flyweight(const key_t<KeyOf, T>& key, Make make) {
    const std::uint64_t mark = mark_of(key);
    set& s = sets_[mark & (sets_.size() - 1)];
    for (const slot& each : s) {
      if (each.mark == mark && each.kept && KeyOf()(*each.kept) == key) {
        ++hits_;
        return each.kept;
      }
    }
    shared_flyweight<T> got = factory_->get_flyweight(key, [&] { return make(); });
    std::move_backward(s.begin(), s.end() - 1, s.end());
    s.front() = {mark, std::move(got)};
    return s.front().kept;
  }

  /// \returns how often the factory was not asked
  [[nodiscard]] std::size_t hits() const noexcept { return hits_; }
  /// Keeps nothing any more.
  void clear() noexcept { std::fill(sets_.begin(), sets_.end(), set()); }

 private:
  struct slot {
    std::uint64_t mark = 0;
    shared_flyweight<T> kept{};
  };
  static constexpr std::size_t ways = 4;
  struct alignas(64) set : std::array<slot, ways> {};  // one cache line, the newest first

  // Decides the set; cheaper than the hash of a long text.
  static std::uint64_t mark_of(const key_t<KeyOf, T>& key) {
    if constexpr (std::same_as<key_t<KeyOf, T>, std::string_view>) {
      if (const std::size_t size = key.size(); size >= 8) {
        const auto word = [&](std::size_t at) {
          std::uint64_t w = 0;
          std::memcpy(&w, key.data() + at, 8);
          return w;
        };
        std::uint64_t m = (word(0) * 3 + word(size / 2 - 4)) * 5 + word(size - 8) + size;
        m = (m ^ m >> 32U) * 0x9E3779B97F4A7C15U;
        return m ^ m >> 32U;
      }
    }
    return detail::hash<KeyOf>(key);
  }

  shared_flyweight_factory<T, KeyOf>* factory_;
  std::vector<set> sets_;  // a power of two
  std::size_t hits_ = 0;
};

/// @}
}  // namespace gof::inline v0::flyweight
