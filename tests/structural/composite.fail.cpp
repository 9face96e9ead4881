// SPDX-License-Identifier: BSL-1.0
#include <gof/composite/edit.hpp>
#include <gof/composite/flat.hpp>
#include <gof/composite/path.hpp>
#include <gof/composite/walk.hpp>
#include <memory>
#include <string>
#include <utility>

namespace {

namespace cp = gof::composite;

struct unequal {
  int value;
};

[[maybe_unused]] void cases() {
  cp::tree<int> t(1);
  const cp::tree<int> fixed(1);
#ifdef FAIL_root_of_a_tree_that_ends  // says: deleted function|deleted member function
  for (auto& c : cp::preorder(cp::tree<int>(1).root())) c.value = 2;
#else
  for (auto& c : cp::preorder(t.root())) c.value = 2;
#endif

#ifdef FAIL_change_through_a_const_tree  // says: read-only|const-qualified
  for (auto& c : cp::preorder(fixed.root())) c.value = 2;
#else
  for (auto& c : cp::preorder(fixed.root())) static_cast<void>(c.value);
#endif

#ifdef FAIL_addition_to_a_const_tree  // says: discards qualifiers|not marked const
  fixed.root().add(3);
#else
  t.root().add(3);
#endif

#ifdef FAIL_part_moved_out_of_a_const_tree  // says: no matching function
  cp::splice(fixed.root(), t.root());
#else
  cp::splice(t.root().get_child(0), t.root());
#endif

#ifdef FAIL_copy_of_a_component  // says: deleted function|deleted constructor
  auto copy = t.root();
#else
  cp::tree<int> copy(std::as_const(t).root());
#endif
  static_cast<void>(copy);

#ifdef FAIL_component_outside_a_tree  // says: private|no matching constructor
  cp::component<int> alone(1, {});
#endif

#ifdef FAIL_tree_without_a_root  // says: private|no matching
  cp::tree<int> nothing;
#else
  cp::tree<int> nothing(0);
#endif
  static_cast<void>(nothing);

#ifdef FAIL_fold_to_bool  // says: fold to char, not to bool
  cp::fold<bool>(t.root(), [](int, auto) { return true; });
#else
  cp::fold<char>(t.root(), [](int, auto) { return char(1); });
#endif

#ifdef FAIL_flat_fold_to_bool  // says: fold to char, not to bool
  cp::flat<int>(t.root()).fold<bool>([](int, auto) { return true; });
#else
  cp::flat<int>(t.root()).fold<char>([](int, auto) { return char(1); });
#endif

#ifdef FAIL_copy_of_what_can_only_be_moved  // says: deleted function|deleted constructor
  cp::tree<std::unique_ptr<int>> pointers(nullptr), other(pointers);
#else
  cp::tree<std::unique_ptr<int>> pointers(nullptr), other(std::move(pointers));
#endif

#ifdef FAIL_comparison_of_what_has_none  // says: no match for|invalid operands
  static_cast<void>(cp::tree(unequal{}) == cp::tree(unequal{}));
#else
  static_cast<void>(cp::tree(1) == cp::tree(1));
#endif

#ifdef FAIL_walk_that_is_copied  // says: deleted function|deleted copy constructor
  auto walk = cp::preorder(t.root());
  auto again = walk;
#else
  auto walk = cp::preorder(t.root());
  auto again = walk.begin();
#endif
  static_cast<void>(again);

  auto after = cp::postorder(t.root());
#ifdef FAIL_skip_of_what_was_visited_already  // says: constraint|no matching member
  after.skip();
#else
  walk.skip();
#endif
  static_cast<void>(after);
}

}  // namespace
