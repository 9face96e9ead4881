// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// Parts that are moved, taken out and replaced, within a tree and between trees.

#include <cstddef>
#include <type_traits>
#include <utility>

#include <gof/composite.hpp>

namespace gof::inline v0::composite {

/// \addtogroup composite
/// @{

/// A part was to be put into itself.
class cycle : public misuse {
  using misuse::misuse;
};

namespace detail {
template <class T>
struct editor {
  using component = composite::component<T>;

  static std::size_t count(const component& part) noexcept {
    std::size_t n = 0;
    for (const component* c = &part; c != nullptr; c = next(c, &part)) ++n;
    return n;
  }
  // How many come into the tree of `to` with a part.
  static std::size_t more(const component& part, const component& to) noexcept {
    return part.tree_ == to.tree_ ? 0 : count(part);
  }
  // That the part can come there, when there are so many in all then.
  static void require(const component& part, const component& to, const component* before,
                      std::size_t size) {
    if (to.is_in(part)) throw cycle("gof::composite: a part cannot be put into itself");
    to.require(before, size, to.tree_->most.depth == limits::none ? 0 : height(part));
  }
  static void cut(component& part) noexcept {
    if (part.parent_ != nullptr) return part.cut();
    part.tree_->leave(part);
    part.tree_->root = nullptr;
  }
  static void belong_to(state<T>& to, component& part) noexcept {
    if (part.tree_ == &to) return;
    for (component* c = &part; c != nullptr; c = next(c, &part)) {
      --std::exchange(c->tree_, &to)->size;
      ++to.size;
    }
  }
  static component& splice(component& part, component& to, component* before) {
    require(part, to, before, to.tree_->size + more(part, to));
    if (before == &part) before = part.next_;
    cut(part);
    belong_to(*to.tree_, part);
    return to.place(part, before);
  }
  static tree<T> take(component& part) {
    tree<T> taken;
    cut(part);
    belong_to(*taken.state_, part);
    taken.state_->root = &part;
    part.parent_ = part.previous_ = part.next_ = nullptr;
    return taken;
  }
  static tree<T> replace(component& part, component& by) {
    component* to = part.parent_;
    if (to == nullptr) throw misuse("gof::composite: a root is replaced by assigning its tree");
    if (part.is_in(by)) throw cycle("gof::composite: a part cannot replace what is in it");
    const std::size_t in = by.is_in(part) ? count(by) : more(by, part);
    require(by, *to, nullptr, part.tree_->size - count(part) + in);
    component* before = part.next_;
    tree<T> taken = take(part);
    splice(by, *to, before);
    return taken;
  }
};
}  // namespace detail

/// Moves a part, within its tree or from another one. A root that is moved leaves its tree without
/// one, to be assigned to or destroyed. \param part the part \param to its new parent
/// \param before the child of `to` that it comes before; null: it is the last
/// \returns the part \throws cycle, misuse, over_budget; unchanged
/// \complexity linear in the depth; from another tree or with limits, also in the size of the part
template <class T>
component<T>& splice(component<T>& part, component<T>& to,
                     std::type_identity_t<component<T>>* before = nullptr) {
  return detail::editor<T>::splice(part, to, before);
}

/// Takes a part out. \param part the part; a root leaves its tree without one
/// \returns a tree with it as the root, without limits \throws std::bad_alloc; unchanged
/// \complexity linear in the size of the part
template <class T>
tree<T> take(component<T>& part) {
  return detail::editor<T>::take(part);
}

/// Puts a part in the place of another one. \param part what goes; not a root
/// \param by what comes, from anywhere that does not hold `part`; also from within it
/// \returns a tree with `part` as the root, without limits
/// \throws cycle, misuse, over_budget, std::bad_alloc; unchanged
/// \complexity linear in the depth, and in the sizes of both
template <class T>
tree<T> replace(component<T>& part, component<T>& by) {
  return detail::editor<T>::replace(part, by);
}

/// @}
}  // namespace gof::inline v0::composite
