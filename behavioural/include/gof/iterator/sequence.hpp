// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// A list that may be edited while cursors walk on it.

#include <cstddef>
#include <cstdint>
#include <gof/iterator.hpp>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

namespace gof::inline v0::iterator {

/// \addtogroup iterator
/// @{

/// A ConcreteAggregate: a list in which each item has an id that is never used again. Cursors name
/// items by these ids, and the list does not know them: there may be any number, of any age.
///
/// Of an item that is removed, its place is remembered. Where it is so long ago that the place was
/// forgotten, the position is \ref lost.
/// \tparam T the type of the items
/// \threads one at a time
/// \complexity inserting and removing are linear; a step of a cursor is constant, or linear in how
/// far its item was moved since
template <class T>
class sequence {
  static_assert(std::is_nothrow_move_constructible_v<T> && std::is_nothrow_move_assignable_v<T>,
                "gof::iterator: items of a sequence are moved without throwing");

 public:
  /// Names an item, also when it is not there any more.
  struct position {
    std::uint64_t id = 0;  ///< The item's, from 1.
    std::size_t near = 0;  ///< Where it was last: where to begin to look. 0 is as good, but slower.
    /// The same item?
    friend bool operator==(const position& a, const position& b) noexcept { return a.id == b.id; }
  };

  /// An empty list. \param remembered how many places of removed items are remembered
  explicit sequence(std::size_t remembered = 1024) noexcept : remembered_(remembered) {}

  /// Appends an item. \param item it \returns its position \throws std::bad_alloc; unchanged
  position push_back(T item) { return put(items_.size(), std::move(item)); }
  /// Puts an item before another. \param p the position of the other \param item it
  /// \returns its position \throws gone where the other is not there; std::bad_alloc; unchanged
  position insert(const position& p, T item) { return put(index(p), std::move(item)); }
  /// Removes an item. \param p its position \returns it
  /// \throws gone where it is not there; std::bad_alloc; unchanged
  T remove(const position& p) {
    const std::size_t i = index(p);
    const std::uint64_t id = items_[i].id, before = i == 0 ? 0 : items_[i - 1].id;
    removed_.push_back({id, before});
    for (place& r : removed_) {
      if (r.before == id) r.before = before;
    }
    if (removed_.size() > remembered_) removed_.erase(removed_.begin());
    T item = std::move(items_[i].item);
    items_.erase(items_.begin() + static_cast<std::ptrdiff_t>(i));
    return item;
  }
  /// \returns how many items there are
  [[nodiscard]] std::size_t size() const noexcept { return items_.size(); }

  /// \returns the position of the first item, or nothing
  [[nodiscard]] std::optional<position> first() const noexcept { return from(0); }
  /// \returns the position of the first item after a place, or nothing \param p the place
  /// \throws lost where the item was removed, and its place forgotten
  [[nodiscard]] std::optional<position> after(const position& p) const {
    if (const auto i = find(p)) return from(*i + 1);
    for (const place& r : removed_) {
      if (r.id == p.id) return r.before == 0 ? from(0) : from(*find({r.before, p.near}) + 1);
    }
    throw lost("gof::iterator: this position is not known here, or was forgotten; begin again");
  }
  /// \returns the item, or a null pointer where it is not there \param p its position
  [[nodiscard]] T* at(const position& p) noexcept {
    const auto i = find(p);
    return i ? &items_[*i].item : nullptr;
  }
  /// \returns the item, or a null pointer where it is not there \param p its position
  [[nodiscard]] const T* at(const position& p) const noexcept {
    const auto i = find(p);
    return i ? &items_[*i].item : nullptr;
  }

 private:
  struct entry {
    std::uint64_t id;
    T item;
  };
  struct
      place {  // of an item that was removed: after this one, which is there; 0: at the beginning
    std::uint64_t id, before;
  };

  position put(std::size_t i, T&& item) {
    items_.insert(items_.begin() + static_cast<std::ptrdiff_t>(i),
                  entry{last_id_ + 1, std::move(item)});
    return {++last_id_, i};
  }
  std::optional<position> from(std::size_t i) const noexcept {
    if (i >= items_.size()) return {};
    return position{items_[i].id, i};
  }
  std::optional<std::size_t> find(const position& p) const noexcept {
    if (p.near < items_.size() && items_[p.near].id == p.id) return p.near;
    return search(p);
  }
  // Looks from where it was last in both directions.
  std::optional<std::size_t> search(const position& p) const noexcept {
    const std::size_t n = items_.size(), near = p.near < n ? p.near : n - 1;
    for (std::size_t d = 0; d < n; ++d) {
      if (near + d < n && items_[near + d].id == p.id) return near + d;
      if (d <= near && items_[near - d].id == p.id) return near - d;
    }
    return {};
  }
  std::size_t index(const position& p) const {
    const auto i = find(p);
    if (!i) throw gone("gof::iterator: there is no such item any more");
    return *i;
  }

  std::vector<entry> items_;
  std::vector<place> removed_;  // the oldest first
  std::uint64_t last_id_ = 0;
  std::size_t remembered_;
};

/// @}
}  // namespace gof::inline v0::iterator
