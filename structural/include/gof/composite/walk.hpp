// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// Walks through a tree that may be edited meanwhile.

#include <concepts>
#include <cstddef>
#include <iterator>
#include <type_traits>
#include <utility>
#include <vector>

#include <gof/composite.hpp>

namespace gof::inline v0::composite {

/// \addtogroup composite
/// @{

namespace detail {
// The orders: the first in a part; the next one; what follows a part that holds the current one.
template <class C>
struct in_order_of_children {
  static C* first(C* top) noexcept { return top->first_child(); }
  static C* next(C* at, C*) noexcept { return at->next_sibling(); }
  static C* past(C* part, C*) noexcept { return part->next_sibling(); }
};
template <class C>
struct in_preorder {
  static C* first(C* top) noexcept { return top; }
  static C* next(C* at, C* top) noexcept { return detail::next(at, top); }
  static C* past(C* part, C* top) noexcept { return detail::past(part, top); }
};
template <class C>
struct in_postorder {
  static C* first(C* top) noexcept { return deepest(top); }
  static C* next(C* at, C* top) noexcept {
    if (at == top) return nullptr;
    return at->next_sibling() != nullptr ? deepest(at->next_sibling()) : at->parent();
  }
  static C* past(C* part, C* top) noexcept { return next(part, top); }
};

template <class Walk>
class walk_iterator {
 public:
  using value_type = std::remove_cv_t<typename Walk::component_type>;
  using difference_type = std::ptrdiff_t;

  explicit walk_iterator(Walk& walk) noexcept : walk_(&walk) {}
  auto& operator*() const noexcept { return *walk_->at(); }
  auto* operator->() const noexcept { return walk_->at(); }
  walk_iterator& operator++() noexcept(noexcept(std::declval<Walk&>().advance())) {
    walk_->advance();
    return *this;
  }
  void operator++(int) { walk_->advance(); }
  friend bool operator==(const walk_iterator& i, std::default_sentinel_t) noexcept {
    return i.operator->() == nullptr;
  }

 private:
  Walk* walk_;
};
}  // namespace detail

/// A walk, to be used in a loop, once. What it stands at may be edited, and so may all the tree:
/// what is added is visited where the walk has not passed; when the component where it stands goes,
/// alone or in a larger part, the walk goes on with what follows that part; when its top goes, it
/// ends. To be moved is to go and to be added.
///
/// Through a `const` tree many threads can walk at once, while nobody edits it.
/// \tparam C a component, or a `const` one \tparam Order the order
/// \threads one at a time
/// \law WhatStaysIsVisitedOnce: a component that is there from the first, and stays, with all that
/// it is in, is visited once, whatever comes and goes elsewhere
template <class C, class Order>
class walk final : detail::cursor<typename C::value_type> {
 public:
  using component_type = C;  ///< What is visited.

  /// Stands at the first one. \param top where it begins and ends
  explicit walk(C& top) noexcept
      : detail::cursor<typename C::value_type>(top), top_(&top), at_(Order::first(&top)) {}
  /// \returns where it stands, for a loop
  [[nodiscard]] auto begin() noexcept { return detail::walk_iterator(*this); }
  /// \returns the end of the loop
  [[nodiscard]] std::default_sentinel_t end() const noexcept { return {}; }
  /// Leaves out what is in the component where it stands.
  void skip() noexcept requires std::same_as<Order, detail::in_preorder<C>> {
    if (!gone_) at_ = Order::past(at_, top_);
    gone_ = true;
  }

 private:
  friend class detail::walk_iterator<walk>;
  C* at() const noexcept { return at_; }
  void advance() noexcept {
    if (!std::exchange(gone_, false)) at_ = Order::next(at_, top_);
  }
  void leave(component<typename C::value_type>& part) noexcept override {
    if (at_ == nullptr || !(at_->is_in(part) || top_->is_in(part))) return;
    at_ = top_->is_in(part) ? nullptr : Order::past(&part, top_);
    gone_ = true;
  }

  C* top_;
  C* at_;              // null at the end
  bool gone_ = false;  // at_ is what follows the component that was visited
};

/// A walk level by level; otherwise as \ref gof::composite::walk "walk". A level is fixed when the
/// walk comes to it: what is added is visited where it is on a later one.
/// \tparam C a component, or a `const` one
/// \threads one at a time
template <class C>
class level_walk final : detail::cursor<typename C::value_type> {
 public:
  using component_type = C;  ///< What is visited.

  /// Stands at the first one. \param top where it begins \throws std::bad_alloc
  explicit level_walk(C& top) : detail::cursor<typename C::value_type>(top), level_{&top} {}
  /// \returns where it stands, for a loop; `++` throws std::bad_alloc, and has done nothing then
  [[nodiscard]] auto begin() noexcept { return detail::walk_iterator(*this); }
  /// \returns the end of the loop
  [[nodiscard]] std::default_sentinel_t end() const noexcept { return {}; }

 private:
  friend class detail::walk_iterator<level_walk>;
  C* at() const noexcept { return at_ == level_.size() ? nullptr : level_[at_]; }
  void advance() {
    if (at_ + (gone_ ? 0 : 1) >= level_.size()) {
      below_.clear();
      for (C* parent : level_) {
        for (C* c = parent->first_child(); c != nullptr; c = c->next_sibling()) below_.push_back(c);
      }
      level_.swap(below_);
      at_ = 0;
    } else if (!gone_) {
      ++at_;
    }
    gone_ = false;
  }
  void leave(component<typename C::value_type>& part) noexcept override {
    std::size_t kept = 0, passed = 0;
    for (std::size_t i = 0; i != level_.size(); ++i) {
      if (!level_[i]->is_in(part)) {
        if (i < at_) ++passed;
        level_[kept++] = level_[i];
      } else if (i == at_) {
        gone_ = true;
      }
    }
    level_.resize(kept);
    at_ = passed;
  }

  std::vector<C*> level_, below_;
  std::size_t at_ = 0;
  bool gone_ = false;  // at_ is what follows the component that was visited
};

/// Visits the children of a component. \param of the component, or a `const` one \returns the walk
template <class C>
[[nodiscard]] walk<C, detail::in_order_of_children<C>> children(C& of) noexcept {
  return walk<C, detail::in_order_of_children<C>>(of);
}
/// Visits a part, each before its children. \param top the part, `const` or not \returns the walk
template <class C>
[[nodiscard]] walk<C, detail::in_preorder<C>> preorder(C& top) noexcept {
  return walk<C, detail::in_preorder<C>>(top);
}
/// Visits a part, each after its children. \param top the part, `const` or not \returns the walk
template <class C>
[[nodiscard]] walk<C, detail::in_postorder<C>> postorder(C& top) noexcept {
  return walk<C, detail::in_postorder<C>>(top);
}
/// Visits a part, each after all that are less deep. \param top the part, `const` or not
/// \returns the walk \throws std::bad_alloc
template <class C>
[[nodiscard]] level_walk<C> level_order(C& top) {
  return level_walk<C>(top);
}

/// @}
}  // namespace gof::inline v0::composite
