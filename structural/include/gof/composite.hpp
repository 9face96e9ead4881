// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// Composite: a tree that owns its parts, in which one is used as many are.

#include <concepts>
#include <cstddef>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

/// \defgroup composite Composite
/// \ingroup structural
/// A tree of values that owns its parts, however deep: no function here calls itself.
///
/// | In the book            | Here                                                               |
/// |------------------------|--------------------------------------------------------------------|
/// | Component              | \ref gof::composite::component "component", a value in its place   |
/// | Leaf                   | one without children; `is_leaf()` of its value says it gets none   |
/// | Composite              | one with children                                                  |
/// | Operation              | \ref gof::composite::fold "fold", or a walk                        |
/// | Add, Remove, GetChild  | `add`, `remove`, `get_child`                                       |
///
/// | To …                              | write                                                         |
/// |-----------------------------------|---------------------------------------------------------------|
/// | make a tree                       | `tree<entry> home(entry{"home"})`                             |
/// | put something into a component    | `auto& notes = home.root().add(entry{"notes", 20})`           |
/// | destroy a part                    | `notes.parent()->remove(notes)`                               |
/// | compute something from leaves up  | `fold<std::size_t>(home.root(), f)`                           |
/// | limit a tree that others grow     | `home.set_limits({.components = 1000, .depth = 20})`          |
/// | visit a part, and edit meanwhile  | `gof/composite/walk.hpp`: `preorder(top)`, `postorder`, …     |
/// | move, take out, replace a part    | `gof/composite/edit.hpp`: `splice`, `take`, `replace`         |
/// | find by path                      | `gof/composite/path.hpp`: `find(top, "a/b", &entry::name)`    |
/// | walk often, edit seldom           | `gof/composite/flat.hpp`: `flat<entry>`                       |
///
/// \source Gamma, Helm, Johnson, Vlissides, *Design Patterns* (1994), chapter 4, Composite

namespace gof::inline v0::composite {

/// \addtogroup composite
/// @{

/// A tree was used in a way that cannot be: a leaf was to get a child, a child is another's.
class misuse : public std::logic_error {
  using std::logic_error::logic_error;
};
/// A tree was to become larger or deeper than its limits.
class over_budget : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// What a tree may become.
struct limits {
  /// Means "no limit".
  static constexpr std::size_t none = static_cast<std::size_t>(-1);
  std::size_t components = none;  ///< At most so many, the root included.
  std::size_t depth = none;       ///< At most so many levels below the root.

  /// \throws over_budget where a tree of such a size and depth is over them
  void require(std::size_t its_components, std::size_t its_depth) const {
    const bool many = its_components > components;
    if (!many && its_depth <= depth) return;
    throw over_budget("gof::composite: at most " + std::to_string(many ? components : depth) +
                      (many ? " components" : " levels below the root"));
  }
};

/// A value that says of itself whether it never has children.
template <class T>
concept knows_leaves = requires(const T& value) {
  { value.is_leaf() } -> std::convertible_to<bool>;
};

template <class T>
class component;
template <class T>
class tree;

namespace detail {
template <class T>
struct cursor;
template <class T>
struct editor;

// What all components of a tree refer to.
template <class T>
struct state {
  component<T>* root = nullptr;
  std::size_t size = 0;
  limits most{};
  cursor<T>* cursors = nullptr;

  state() = default;
  state(const state&) = delete;
  state& operator=(const state&) = delete;
  ~state() {
    if (root != nullptr) leave(*root);
    for (auto* c = cursors; c != nullptr; c = c->next) c->tree = nullptr;
    if (root != nullptr) component<T>::destroy(*root);
  }
  void leave(component<T>& part) noexcept {
    for (auto* c = cursors; c != nullptr; c = c->next) c->leave(part);
  }
};

// One that walks through a tree, and steps aside when a part goes.
template <class T>
struct cursor {
  state<T>* tree;  // null where there is nobody to tell it
  cursor* next;

  explicit cursor(component<T>& top) noexcept : tree(top.tree_), next(tree->cursors) {
    tree->cursors = this;
  }
  explicit cursor(const component<T>&) noexcept : tree(nullptr), next(nullptr) {}
  cursor(const cursor&) = delete;
  cursor& operator=(const cursor&) = delete;
  virtual void leave(component<T>& part) noexcept = 0;

 protected:
  ~cursor() {
    if (tree == nullptr) return;
    cursor** link = &tree->cursors;
    while (*link != this) link = &(*link)->next;
    *link = next;
  }
};

// What follows a part, and all in it, in preorder; null at the end of `top`.
template <class C>
C* past(C* part, std::type_identity_t<C>* top) noexcept {
  while (part != top && part->next_sibling() == nullptr) part = part->parent();
  return part == top ? nullptr : part->next_sibling();
}
// The next in preorder.
template <class C>
C* next(C* at, std::type_identity_t<C>* top) noexcept {
  return at->first_child() != nullptr ? at->first_child() : past(at, top);
}
// The first in postorder.
template <class C>
C* deepest(C* at) noexcept {
  while (at->first_child() != nullptr) at = at->first_child();
  return at;
}
// How many levels there are below a part.
template <class T>
std::size_t height(const component<T>& top) noexcept {
  std::size_t most = 0, depth = 0;
  for (const component<T>* at = &top; at != nullptr;) {
    if (at->first_child() != nullptr) {
      at = at->first_child();
      if (++depth > most) most = depth;
    } else {
      for (; at != &top && at->next_sibling() == nullptr; --depth) at = at->parent();
      at = at == &top ? nullptr : at->next_sibling();
    }
  }
  return most;
}
// Puts the result of a parent in the place of those of its children, which begin there.
template <class R, class T, class F>
void fold_children(std::vector<R>& results, std::size_t begin, const T& parent, F& f) {
  const auto first = results.begin() + static_cast<std::ptrdiff_t>(begin);
  *first = f(parent, std::span<R>(first, results.end()));
  results.erase(first + 1, results.end());
}
}  // namespace detail

/// A value in its place in a tree. It has one address until it is destroyed, wherever it is moved,
/// also into another tree: a reference to it is a stable handle.
///
/// Leaves and composites have one interface, as in the book: who walks need not know which it is.
/// Only a value that says that it is a leaf refuses children.
/// \tparam T the value
/// \threads `const` functions from any number of threads; edits alone
template <class T>
class component {
 public:
  using value_type = T;  ///< What it holds.
  T value;               ///< What it holds.

  component(const component&) = delete;
  component& operator=(const component&) = delete;

  /// Makes a child. \param its_value what it holds
  /// \param before the child that it comes before; null: it is the last
  /// \returns the child \throws misuse, over_budget, std::bad_alloc; unchanged
  /// \complexity constant; where the depth is limited, linear in it
  component& add(T its_value, component* before = nullptr) {
    require(before, tree_->size + 1, 0);
    return make(std::move(its_value), before);
  }
  /// Destroys a child, and all in it. \param child the child \throws misuse; unchanged
  void remove(component& child) {
    require_child(child);
    child.cut();
    destroy(child);
  }
  /// \returns a child \param i which \throws std::out_of_range \complexity linear in `i`
  [[nodiscard]] const component& get_child(std::size_t i) const {
    const component* child = first_;
    while (child != nullptr && i-- != 0) child = child->next_;
    if (child == nullptr) throw std::out_of_range("gof::composite: no such child");
    return *child;
  }
  /// \returns a child \param i which \throws std::out_of_range \complexity linear in `i`
  [[nodiscard]] component& get_child(std::size_t i) {
    return const_cast<component&>(std::as_const(*this).get_child(i));
  }

  /// \returns what it is in; null for the root
  [[nodiscard]] component* parent() noexcept { return parent_; }
  /// \returns what it is in; null for the root
  [[nodiscard]] const component* parent() const noexcept { return parent_; }
  /// \returns its first child, or null
  [[nodiscard]] component* first_child() noexcept { return first_; }
  /// \returns its first child, or null
  [[nodiscard]] const component* first_child() const noexcept { return first_; }
  /// \returns the next child of its parent, or null
  [[nodiscard]] component* next_sibling() noexcept { return next_; }
  /// \returns the next child of its parent, or null
  [[nodiscard]] const component* next_sibling() const noexcept { return next_; }
  /// \returns how many levels it is below the root \complexity linear in the result
  [[nodiscard]] std::size_t depth() const noexcept {
    std::size_t n = 0;
    for (const component* c = parent_; c != nullptr; c = c->parent_) ++n;
    return n;
  }
  /// \returns whether it is `part`, or in it \param part another \complexity linear in the depth
  [[nodiscard]] bool is_in(const component& part) const noexcept {
    const component* c = this;
    while (c != nullptr && c != &part) c = c->parent_;
    return c != nullptr;
  }

 private:
  friend class tree<T>;
  friend struct detail::state<T>;
  friend struct detail::cursor<T>;
  friend struct detail::editor<T>;

  component(T&& its_value, detail::state<T>& its_tree)
      : value(std::move(its_value)), tree_(&its_tree) {
    ++its_tree.size;
  }
  ~component() { --tree_->size; }

  void require_child(const component& child) const {
    if (child.parent_ != this) throw misuse("gof::composite: not a child of this component");
  }
  // That a part of so many levels can come before `before`, when there are so many in all then.
  void require(const component* before, std::size_t size, std::size_t levels) const {
    if constexpr (knows_leaves<T>) {
      if (value.is_leaf()) throw misuse("gof::composite: a leaf has no children");
    }
    if (before != nullptr) require_child(*before);
    const limits& most = tree_->most;
    most.require(size, most.depth == limits::none ? 0 : depth() + 1 + levels);
  }

  component& make(T&& its_value, component* before) {
    return place(*new component(std::move(its_value), *tree_), before);
  }
  component& place(component& child, component* before) noexcept {
    child.parent_ = this;
    child.next_ = before;
    child.previous_ = before == nullptr ? last_ : before->previous_;
    (child.previous_ == nullptr ? first_ : child.previous_->next_) = &child;
    (before == nullptr ? last_ : before->previous_) = &child;
    return child;
  }
  void cut() noexcept {
    tree_->leave(*this);
    (previous_ == nullptr ? parent_->first_ : previous_->next_) = next_;
    (next_ == nullptr ? parent_->last_ : next_->previous_) = previous_;
  }
  static void destroy(component& top) noexcept {
    for (component* at = detail::deepest(&top); at != &top;) {
      component* up = at->parent_;
      up->first_ = at->next_;
      delete at;
      at = detail::deepest(up);
    }
    delete &top;
  }

  // Invariant: the children are linked both ways, from first_ to last_. What a walk needs is first.
  component* first_ = nullptr;
  component* next_ = nullptr;
  component* parent_ = nullptr;
  component* last_ = nullptr;
  component* previous_ = nullptr;
  detail::state<T>* tree_;
};

/// Owns a root, and all that is in it. A copy has copies of all. Equal are trees of the same shape
/// with equal values.
/// \tparam T what a component holds
/// \threads as a component
/// \law EditsAreThoseOfNestedLists: whatever is added, moved, replaced, taken or removed, the tree
/// is what lists in lists would be
/// \law ACopyIsEqualAndApart: a copy is equal to its original, and does not change with it
template <class T>
class tree {
 public:
  /// A root without children. \param value what it holds
  explicit tree(T value) : tree() { state_->root = new component<T>(std::move(value), *state_); }
  /// A copy of a part, without limits. \param part becomes the root
  explicit tree(const component<T>& part) : tree(part.value) {
    component<T>* to = state_->root;
    for (const component<T>* from = &part;;) {
      if (from->first_ != nullptr) {
        from = from->first_;
      } else {
        for (; from != &part && from->next_ == nullptr; to = to->parent_) from = from->parent_;
        if (from == &part) return;
        from = from->next_;
        to = to->parent_;
      }
      to = &to->make(T(from->value), nullptr);
    }
  }
  /// A copy, also of the limits. \param other has a root
  tree(const tree& other) : tree(other.root()) { state_->most = other.state_->most; }
  tree(tree&&) noexcept = default;  ///< The other has no root any more.
  /// Takes over another. \param other copied or moved \returns this
  tree& operator=(tree other) noexcept {
    state_.swap(other.state_);
    return *this;
  }

  /// \returns the root \throws misuse where it was moved away
  [[nodiscard]] component<T>& root() & { return *require_root().root; }
  /// \returns the root \throws misuse where it was moved away
  [[nodiscard]] const component<T>& root() const& { return *require_root().root; }
  void root() && = delete;  ///< It would be gone.
  /// \returns how many components there are
  [[nodiscard]] std::size_t size() const noexcept { return state_ == nullptr ? 0 : state_->size; }
  /// From now on refuses what would go over the limits. \param to the limits
  /// \throws over_budget where it is over them; misuse where the root was moved away; unchanged
  /// \complexity linear in the size
  void set_limits(limits to) {
    to.require(size(), detail::height(*require_root().root));
    state_->most = to;
  }
  /// \returns what was set \throws misuse where the root was moved away
  [[nodiscard]] limits get_limits() const { return require_root().most; }

  /// Has the other the same shape, and equal values?
  friend bool operator==(const tree& a, const tree& b) requires std::equality_comparable<T> {
    if (a.size() != b.size() || a.size() == 0) return a.size() == b.size();
    const component<T>*x = a.state_->root, *y = b.state_->root;
    while (x->value == y->value && (x->first_child() == nullptr) == (y->first_child() == nullptr) &&
           (x->next_sibling() == nullptr) == (y->next_sibling() == nullptr)) {
      x = detail::next(x, a.state_->root);
      y = detail::next(y, b.state_->root);
      if (x == nullptr) return true;
    }
    return false;
  }

 private:
  friend struct detail::editor<T>;
  tree() : state_(std::make_unique<detail::state<T>>()) {}
  detail::state<T>& require_root() const {
    if (size() == 0) throw misuse("gof::composite: the root of this tree was moved away");
    return *state_;
  }
  std::unique_ptr<detail::state<T>> state_;
};

/// Computes something of a part, from the leaves up.
/// \tparam R what is computed, by value
/// \param top the part
/// \param f called once for each value, as `f(value, results)`, with those of its children in order
/// \returns its result for `top` \throws what `f` throws; std::bad_alloc
/// \complexity linear; the memory, in the depth and the results that wait
/// \law FoldIsTheRecursion: it computes what a function that calls itself for each child would
template <std::movable R, class T, class F>
R fold(const component<T>& top, F f) {
  static_assert(!std::same_as<R, bool>, "gof::composite: fold to char, not to bool");
  std::vector<R> results;
  std::vector<std::size_t> begins;  // where the results of the children of each parent begin
  for (const component<T>* at = &top;;) {
    for (; at->first_child() != nullptr; at = at->first_child()) begins.push_back(results.size());
    results.push_back(f(at->value, std::span<R>()));
    for (; at != &top && at->next_sibling() == nullptr; begins.pop_back()) {
      at = at->parent();
      detail::fold_children(results, begins.back(), at->value, f);
    }
    if (at == &top) return std::move(results.back());
    at = at->next_sibling();
  }
}

/// @}
}  // namespace gof::inline v0::composite
