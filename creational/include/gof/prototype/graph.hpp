// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// Objects that point to one another, copied together.

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <gof/prototype.hpp>
#include <type_traits>
#include <utility>
#include <vector>

namespace gof::inline v0::prototype {

/// \addtogroup prototype
/// @{

/// Which copy was made of which object, while a \ref graph is copied. \tparam T the Prototype
template <class T>
class identity_map {
 public:
  /// \returns the copy of an object; the object itself where it is not part of the graph, as null
  /// \param original what is pointed to \tparam U its class, T or derived from it
  template <class U>
    requires std::derived_from<U, T>
  [[nodiscard]] U* operator()(U* original) const noexcept {
    const slot& found = slots_[find(original)];
    return found.original == nullptr ? original : static_cast<U*>(found.copy);
  }

 private:
  template <class>
  friend class graph;
  struct slot {
    const T* original = nullptr;
    T* copy = nullptr;
  };
  explicit identity_map(std::size_t size) : slots_(std::bit_ceil(2 * size + 1)) {}
  void add(slot pair) noexcept { slots_[find(pair.original)] = pair; }
  // Where it is, or else would be.
  std::size_t find(const T* original) const noexcept {
    const std::uint64_t hash = reinterpret_cast<std::uintptr_t>(original) * 0x9E3779B97F4A7C15U;
    const std::size_t mask = slots_.size() - 1;
    std::size_t i = (hash >> 32U) & mask;
    while (slots_[i].original != nullptr && slots_[i].original != original) i = (i + 1) & mask;
    return i;
  }
  std::vector<slot> slots_;  // a power of two, less than half of them used
};

/// Has `relink(copies)`, which replaces each pointer `p` of the object by `copies(p)`.
template <class T>
concept linked = requires(T& node, const identity_map<T>& copies) {
  node.relink(copies);
};

/// Owns objects that point to one another. A copy has copies of all, which point to one another as
/// the originals do, in shared parts and cycles as well, and to the same outside.
/// \tparam T the Prototype of the objects; it is `linked`
/// \threads as a vector
/// \law ACopyHasTheSameShape: i points to j in the copy where it does in the original, and nothing
/// in one points to the other
template <class T>
class graph {
 public:
  graph() = default;  ///< Without objects.
  /// Copies all objects, in a loop: however long a chain of them is.
  /// \param from another \throws std::bad_alloc, what copy constructors and `relink` throw
  graph(const graph& from) : nodes_(from.nodes_) {
    static_assert(linked<T>, "gof::prototype: a node has relink(const identity_map<T>&)");
    identity_map<T> copies(size());
    for (std::size_t i = 0; i != size(); ++i) copies.add({&from[i], &(*this)[i]});
    for (auto& node : nodes_) node->relink(copies);
  }
  graph(graph&&) noexcept = default;  ///< Objects stay where they are.
  /// Owns other objects. \param from a copy, or what is moved \returns itself
  graph& operator=(graph from) noexcept {
    nodes_.swap(from.nodes_);
    return *this;
  }

  /// Owns one more. \param node is copied or moved; its pointers stay as they are
  /// \tparam U its class \returns the object, which stays where it is
  /// \throws as the constructors of \ref polymorphic; unchanged
  template <class U>
    requires concrete_prototype<std::remove_cvref_t<U>, T> std::remove_cvref_t<U>
  &add(U&& node) {
    nodes_.emplace_back(std::forward<U>(node));
    return static_cast<std::remove_cvref_t<U>&>(*nodes_.back());
  }

  /// \returns how many objects there are
  [[nodiscard]] std::size_t size() const noexcept { return nodes_.size(); }
  /// \returns an object, as they were added, in a copy too \param i below `size()`
  [[nodiscard]] T& operator[](std::size_t i) noexcept { return *nodes_[i]; }
  /// \returns an object \param i below `size()`
  [[nodiscard]] const T& operator[](std::size_t i) const noexcept { return *nodes_[i]; }

 private:
  std::vector<polymorphic<T>> nodes_;
};

/// @}
}  // namespace gof::inline v0::prototype
