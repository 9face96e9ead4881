// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// A tree as an array, for those who read it often.

#include <concepts>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include <gof/composite.hpp>

namespace gof::inline v0::composite {

/// \addtogroup composite
/// @{

/// The values of a part in preorder, one behind the other, and where each part ends. To read all of
/// it, or a part, is to read an array. The shape cannot be edited.
///
/// The first child of `i` is `i + 1`, if that is less than `end_of(i)`; the next sibling of `i` is
/// `end_of(i)`, if that is less than the end of its parent.
/// \tparam T the value
/// \threads as a vector
/// \law FlatIsTheSame: a walk and a fold give what they give for the tree
template <class T>
class flat {
 public:
  /// Copies a part. \param top the part \throws std::bad_alloc; what copying a value throws
  explicit flat(const component<T>& top) {
    std::vector<std::size_t> open;
    for (const component<T>* at = &top;;) {
      values_.push_back(at->value);
      ends_.push_back(size());
      if (at->first_child() != nullptr) {
        open.push_back(size() - 1);
        at = at->first_child();
        continue;
      }
      for (; at != &top && at->next_sibling() == nullptr; at = at->parent()) {
        ends_[open.back()] = size();
        open.pop_back();
      }
      if (at == &top) return;
      at = at->next_sibling();
    }
  }

  /// \returns how many values there are
  [[nodiscard]] std::size_t size() const noexcept { return values_.size(); }
  /// \returns all values in preorder
  [[nodiscard]] std::span<T> values() noexcept { return values_; }
  /// \returns all values in preorder
  [[nodiscard]] std::span<const T> values() const noexcept { return values_; }
  /// \returns one past the last that is in `i` \param i less than `size()`
  [[nodiscard]] std::size_t end_of(std::size_t i) const noexcept { return ends_[i]; }
  /// \returns the values of a part \param i its top, less than `size()`
  [[nodiscard]] std::span<const T> part(std::size_t i) const noexcept {
    return values().subspan(i, ends_[i] - i);
  }

  /// As \ref gof::composite::fold "fold" of the tree. \tparam R what is computed
  /// \param f called as `f(value, results of its children)` \returns its result for the top
  /// \throws what `f` throws; std::bad_alloc
  template <std::movable R, class F>
  R fold(F f) const {
    static_assert(!std::same_as<R, bool>, "gof::composite: fold to char, not to bool");
    std::vector<R> results;
    struct parent {
      std::size_t at, begin;  // its position, and where the results of its children begin
    };
    std::vector<parent> open;
    for (std::size_t i = 0; i != size(); ++i) {
      if (ends_[i] != i + 1) {
        open.push_back({i, results.size()});
        continue;
      }
      results.push_back(f(values_[i], std::span<R>()));
      for (; !open.empty() && ends_[open.back().at] == i + 1; open.pop_back()) {
        detail::fold_children(results, open.back().begin, values_[open.back().at], f);
      }
    }
    return std::move(results.back());
  }

 private:
  std::vector<T> values_;
  std::vector<std::size_t> ends_;  // of each part, one past its last
};

/// @}
}  // namespace gof::inline v0::composite
