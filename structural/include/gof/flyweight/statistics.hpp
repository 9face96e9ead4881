// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// Whether sharing pays.

#include <cstddef>
#include <cstdint>
#include <gof/flyweight.hpp>

namespace gof::inline v0::flyweight {

/// \addtogroup flyweight
/// @{

/// What a value takes: its size and, of a container, the room for its elements; not what these own.
struct bytes_of {
  /// \returns bytes \param value it \tparam T its type
  template <class T>
  std::size_t operator()(const T& value) const noexcept {
    if constexpr (requires { value.capacity() * sizeof(*value.data()); }) {
      const auto at = reinterpret_cast<std::uintptr_t>(value.data());
      const auto self = reinterpret_cast<std::uintptr_t>(&value);
      const bool inside = at >= self && at < self + sizeof(T);  // as the text of a short string
      return sizeof(T) + (inside ? 0 : value.capacity() * sizeof(*value.data()));
    } else {
      return sizeof(T);
    }
  }
};

/// How a factory is used, and what it takes.
struct usage {
  std::size_t hits = 0;            ///< So often a value was there already.
  std::size_t misses = 0;          ///< So often one was made.
  std::size_t values = 0;          ///< That are there now.
  std::size_t unused = 0;          ///< Those of them that no flyweight refers to.
  std::size_t flyweights = 0;      ///< That refer to the others.
  std::size_t bytes = 0;           ///< What all of it takes: values, flyweights and the factory.
  std::size_t bytes_unshared = 0;  ///< What it would take, were each flyweight a value of its own.

  /// \returns bytes; less than 0 where sharing does not pay
  [[nodiscard]] constexpr std::ptrdiff_t bytes_saved() const noexcept {
    return static_cast<std::ptrdiff_t>(bytes_unshared) - static_cast<std::ptrdiff_t>(bytes);
  }
};

/// \returns how a factory is used now
/// \param factory a \ref flyweight_factory or \ref shared_flyweight_factory
/// \param bytes tells what a value takes, without what a memory allocator adds
/// \complexity linear in the number of values
template <class Factory, class Bytes = bytes_of>
[[nodiscard]] usage statistics(const Factory& factory, Bytes bytes = {}) {
  usage u;
  u.hits = factory.hits();
  u.misses = factory.misses();
  factory.for_each([&]<class T>(const T& value, std::size_t flyweights) {
    constexpr std::size_t kept = sizeof(detail::entry<T, threads::one>) - sizeof(T) + sizeof(void*);
    const std::size_t each = bytes(value);
    ++u.values;
    u.unused += flyweights == 0 ? 1 : 0;
    u.flyweights += flyweights;
    u.bytes += each + kept + flyweights * sizeof(void*);
    u.bytes_unshared += flyweights * each;
  });
  return u;
}

/// @}
}  // namespace gof::inline v0::flyweight
