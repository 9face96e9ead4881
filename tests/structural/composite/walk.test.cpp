// SPDX-License-Identifier: BSL-1.0
#include <gof/composite/walk.hpp>
// The header under test comes first, so that it has to stand alone.
#include <gtest/gtest.h>
#include <gof/composite/edit.hpp>

#include <algorithm>
#include <random>
#include <ranges>
#include <set>
#include <thread>
#include <utility>
#include <vector>

#include "support/allocations.hpp"

namespace {

namespace cp = gof::composite;
using component = cp::component<int>;
using tree = cp::tree<int>;
using values = std::vector<int>;

static_assert(std::ranges::input_range<decltype(cp::preorder(std::declval<component&>()))>);
static_assert(std::ranges::input_range<decltype(cp::level_order(std::declval<component&>()))>);
static_assert(std::ranges::input_range<decltype(cp::children(std::declval<const component&>()))>);
static_assert(
    std::is_same_v<decltype(*cp::postorder(std::declval<component&>()).begin()), component&>);
static_assert(std::is_same_v<decltype(*cp::postorder(std::declval<const component&>()).begin()),
                             const component&>);
static_assert(!std::is_copy_constructible_v<decltype(cp::preorder(std::declval<component&>()))>);
static_assert(noexcept(cp::preorder(std::declval<component&>())));
static_assert(noexcept(++cp::preorder(std::declval<component&>()).begin()));
static_assert(!noexcept(++cp::level_order(std::declval<component&>()).begin()));
template <class Walk>
constexpr bool skips = requires(Walk& w) {
  w.skip();
};
static_assert(skips<decltype(cp::preorder(std::declval<component&>()))>);
static_assert(!skips<decltype(cp::postorder(std::declval<component&>()))>);

enum order { in_children, in_preorder, in_postorder, in_levels };

// Calls f(walk) with a walk in that order.
void with(order o, auto& top, auto f) {
  const auto call = [&](auto&& walk) { f(walk); };
  switch (o) {
    case in_children:
      return call(cp::children(top));
    case in_preorder:
      return call(cp::preorder(top));
    case in_postorder:
      return call(cp::postorder(top));
    case in_levels:
      return call(cp::level_order(top));
  }
}
values seen(order o, auto& top) {
  values all;
  with(o, top, [&](auto& walk) {
    for (auto& c : walk) all.push_back(c.value);
  });
  return all;
}

// The orders by functions that call themselves.
void expect(order o, component& c, std::vector<component*>& out, std::size_t level = 0) {
  const bool wanted = o == in_preorder || (o == in_levels && level == 0);
  if (wanted) out.push_back(&c);
  for (auto* child = c.first_child(); child != nullptr; child = child->next_sibling()) {
    if (o == in_children) {
      out.push_back(child);
    } else if (o != in_levels || level != 0) {
      expect(o, *child, out, level - 1);
    }
  }
  if (o == in_postorder) out.push_back(&c);
}
std::vector<component*> expected(order o, component& top) {
  std::vector<component*> all;
  if (o != in_levels) {
    expect(o, top, all);
    return all;
  }
  for (std::size_t level = 0;; ++level) {
    const std::size_t before = all.size();
    expect(o, top, all, level);
    if (all.size() == before) return all;
  }
}

class SeededWalk : public testing::TestWithParam<std::tuple<order, unsigned>> {
 protected:
  SeededWalk() {
    for (int i = 1; i != 25; ++i) any().add(i);
  }
  const order in = std::get<0>(GetParam());
  std::mt19937 random{std::get<1>(GetParam())};
  tree t{0};
  std::size_t below(std::size_t n) { return random() % n; }
  component& any() {
    const auto all = expected(in_preorder, t.root());
    return *all[below(all.size())];
  }
};
INSTANTIATE_TEST_SUITE_P(CompositeWalk, SeededWalk,
                         testing::Combine(testing::Values(in_children, in_preorder, in_postorder,
                                                          in_levels),
                                          testing::Range(0U, 100U)));

TEST_P(SeededWalk, VisitsInOrder) {
  component& top = any();
  values all;
  for (const component* c : expected(in, top)) all.push_back(c->value);
  EXPECT_EQ(seen(in, top), all);
  EXPECT_EQ(seen(in, std::as_const(top)), all);
}

TEST_P(SeededWalk, WhatStaysIsVisitedOnce) {
  component& top = any();
  std::set<component*> stays;
  for (component* c : expected(in, top)) stays.insert(c);
  std::multiset<component*> visited;
  std::vector<tree> kept;
  int next_value = 100;
  bool ended = false;
  component* here = nullptr;
  const auto leaves = [&](component& part) {
    ended = ended || top.is_in(part);
    if (here != nullptr && here->is_in(part)) here = nullptr;
    for (component* c : expected(in_preorder, part)) stays.erase(c);
  };
  with(in, top, [&](auto& walk) {
    for (component& at : walk) {
      ASSERT_FALSE(ended);
      visited.insert(here = &at);
      for (std::size_t edits = below(4); edits != 0; --edits) {
        component& part = below(2) == 0 || here == nullptr ? any() : *here;
        component& other = any();
        switch (below(4)) {
          case 0:
            if (next_value < 200) part.add(++next_value, part.first_child());
            break;
          case 1:
            if (&part == &t.root()) break;
            leaves(part);
            if (below(2) == 0) {
              part.parent()->remove(part);
            } else {
              kept.push_back(cp::take(part));
            }
            break;
          case 2:
            if (&part == &t.root() || other.is_in(part) || next_value == 200) break;
            ++next_value;
            leaves(part);
            cp::splice(part, other);
            break;
          case 3:
            if (&part == &t.root() || part.is_in(other) || next_value == 200) break;
            ++next_value;
            leaves(part);
            leaves(other);
            kept.push_back(cp::replace(part, other));
            break;
        }
        if (ended) break;
      }
    }
  });
  if (ended) return;
  for (component* c : stays) EXPECT_EQ(visited.count(c), 1U) << c->value;
}

// 0(1(2,3),4(5(6),7))
class Walk : public testing::Test {
 protected:
  tree t{0};
  component &one = t.root().add(1), &two = one.add(2), &three = one.add(3), &four = t.root().add(4),
            &five = four.add(5), &six = five.add(6), &seven = four.add(7);
  // What is seen when something is done at a component.
  values when(order o, component& here, auto something) {
    return when(o, t.root(), here, something);
  }
  values when(order o, component& top, component& here, auto something) {
    values all;
    with(o, top, [&](auto& walk) {
      for (component& c : walk) {
        all.push_back(c.value);
        if (&c == &here) something();
      }
    });
    return all;
  }
};

TEST_F(Walk, KnowsFourOrders) {
  EXPECT_EQ(seen(in_preorder, t.root()), (values{0, 1, 2, 3, 4, 5, 6, 7}));
  EXPECT_EQ(seen(in_postorder, t.root()), (values{2, 3, 1, 6, 5, 7, 4, 0}));
  EXPECT_EQ(seen(in_levels, t.root()), (values{0, 1, 4, 2, 3, 5, 7, 6}));
  EXPECT_EQ(seen(in_children, t.root()), (values{1, 4}));
  EXPECT_EQ(seen(in_children, six), values{});
  EXPECT_EQ(seen(in_postorder, std::as_const(five)), (values{6, 5}));
}

TEST_F(Walk, GoesOnAfterThePartThatIsRemoved) {
  const auto remove_five = [&] { four.remove(five); };
  EXPECT_EQ(when(in_preorder, five, remove_five), (values{0, 1, 2, 3, 4, 5, 7}));
  EXPECT_EQ(seen(in_preorder, t.root()), (values{0, 1, 2, 3, 4, 7}));
  EXPECT_EQ(when(in_children, four, [&] { t.root().remove(four); }), (values{1, 4}));
}
TEST_F(Walk, GoesOnAfterALargerPart) {
  EXPECT_EQ(when(in_preorder, two, [&] { t.root().remove(one); }), (values{0, 1, 2, 4, 5, 6, 7}));
  EXPECT_EQ(when(in_postorder, six, [&] { t.root().remove(four); }), (values{6, 0}));
}
TEST_F(Walk, GoesOnInTheNextLevel) {
  EXPECT_EQ(when(in_levels, four, [&] { t.root().remove(four); }), (values{0, 1, 4, 2, 3}));
}
TEST_F(Walk, GoesOnWithTheRestOfTheLevelAfterAnEarlierOneWent) {
  EXPECT_EQ(when(in_levels, three, [&] { one.remove(two); }), (values{0, 1, 4, 2, 3, 5, 7, 6}));
}
TEST_F(Walk, GoesOnInTheLevelAfterAnEarlierOneWent) {
  EXPECT_EQ(when(in_levels, four, [&] { t.root().remove(one); }), (values{0, 1, 4, 5, 7, 6}));
}
TEST_F(Walk, GoesOnWhenTheNextOneGoesAsWell) {
  EXPECT_EQ(when(in_preorder, two,
                 [&] {
                   one.remove(two);
                   one.remove(three);
                   t.root().remove(four);
                 }),
            (values{0, 1, 2}));
}
TEST_F(Walk, EndsWithItsTop) {
  EXPECT_EQ(when(in_preorder, one, two, [&] { t.root().remove(one); }), (values{1, 2}));
  EXPECT_EQ(when(in_postorder, five, six, [&] { t.root().remove(four); }), (values{6}));
}
TEST_F(Walk, EndsWithItsTree) {
  EXPECT_EQ(when(in_preorder, two, [&] { t = tree(8); }), (values{0, 1, 2}));
  EXPECT_EQ(when(in_levels, t.root(), t.root(), [&] { t = tree(9); }), values{8});
}
TEST_F(Walk, EndsWhereItsRootGoesIntoAnotherTree) {
  tree other(9);
  EXPECT_EQ(when(in_preorder, two, [&] { cp::splice(t.root(), other.root()); }), (values{0, 1, 2}));
  EXPECT_EQ(seen(in_children, other.root()), values{0});
}
TEST_F(Walk, OutlivesItsTree) {
  auto gone = std::make_unique<tree>(1);
  auto walk = cp::preorder(gone->root());
  auto levels = cp::level_order(gone->root());
  gone.reset();
  EXPECT_EQ(walk.begin(), walk.end());
  EXPECT_EQ(levels.begin(), levels.end());
}

TEST_F(Walk, SeesWhatIsAddedAhead) {
  EXPECT_EQ(when(in_preorder, two, [&] { two.add(8); }), (values{0, 1, 2, 8, 3, 4, 5, 6, 7}));
  EXPECT_EQ(when(in_postorder, two, [&] { four.add(9); }), (values{8, 2, 3, 1, 6, 5, 7, 9, 4, 0}));
}
TEST_F(Walk, DoesNotSeeWhatIsAddedBehind) {
  EXPECT_EQ(when(in_preorder, two, [&] { one.add(8, &two); }), (values{0, 1, 2, 3, 4, 5, 6, 7}));
}
TEST_F(Walk, SeesWhatMovesAheadAgain) {
  EXPECT_EQ(when(in_preorder, two, [&] { cp::splice(two, four); }),
            (values{0, 1, 2, 3, 4, 5, 6, 7, 2}));
}
TEST_F(Walk, DoesNotFollowWhatMovesOutOfItsTop) {
  EXPECT_EQ(when(in_preorder, one, two, [&] { cp::splice(two, four); }), (values{1, 2, 3}));
}
TEST_F(Walk, FillsATreeWhileWalkingIt) {
  tree grown(3);
  for (component& c : cp::preorder(grown.root())) {
    for (int i = 0; i != c.value; ++i) c.add(i);
  }
  EXPECT_EQ(seen(in_preorder, grown.root()), (values{3, 0, 1, 0, 2, 0, 1, 0}));
}

TEST_F(Walk, SkipsWhatItIsToldTo) {
  values all;
  auto walk = cp::preorder(t.root());
  for (component& c : walk) {
    all.push_back(c.value);
    if (&c == &one || &c == &five) walk.skip();
    if (&c == &five) walk.skip();  // nothing more to leave out
  }
  EXPECT_EQ(all, (values{0, 1, 4, 5, 7}));
}
TEST_F(Walk, WalksInWalks) {
  int pairs = 0;
  for (component& a : cp::preorder(t.root())) {
    for (const component& b : cp::postorder(a)) pairs += b.is_in(a);
    if (&a == &six) t.root().remove(one);
  }
  EXPECT_EQ(pairs, 8 + 3 + 1 + 1 + 4 + 2 + 1 + 1);
}
// Walks that end in another order than they began.
TEST_F(Walk, IsForgottenAtItsEnd) {
  auto first = std::make_unique<cp::walk<component, cp::detail::in_preorder<component>>>(t.root());
  auto second = std::make_unique<cp::level_walk<component>>(t.root());
  auto third = std::make_unique<cp::level_walk<component>>(t.root());
  second.reset();
  t.root().remove(one);
  third.reset();
  first.reset();
  t.root().remove(four);
  EXPECT_EQ(t.size(), 1U);
}
TEST_F(Walk, IsARange) {
  auto walk = cp::preorder(t.root());
  const auto odd = [](const component& c) { return c.value % 2 == 1; };
  EXPECT_EQ(std::ranges::count_if(walk, odd), 4);
  auto again = cp::preorder(t.root());
  auto i = again.begin();
  i++;
  EXPECT_EQ(i->value, 1);
}

TEST_F(Walk, TakesNoMemoryExceptForLevels) {
  const std::size_t before = gof::testing::allocations();
  for (component& c : cp::preorder(t.root())) ++c.value;
  for (component& c : cp::postorder(t.root())) --c.value;
  EXPECT_EQ(gof::testing::allocations(), before);
}
TEST_F(Walk, StaysWhereItIsWhereALevelFindsNoMemory) {
  auto walk = cp::level_order(t.root());
  auto at = walk.begin();
  for (int level = 0; level != 3; ++level) {
    gof::testing::fail_allocation(1);
    component* const before = &*at;
    try {
      ++at;
      gof::testing::fail_allocation(0);
    } catch (const std::bad_alloc&) {
      gof::testing::fail_allocation(0);
      EXPECT_EQ(&*at, before);
    }
  }
  values rest;
  for (; at != walk.end(); ++at) rest.push_back(at->value);
  EXPECT_EQ(rest.back(), 6);
  EXPECT_EQ(std::set(rest.begin(), rest.end()).size(), rest.size());
}

TEST_F(Walk, ManyReadAtOnce) {
  const tree& shared = t;
  const auto read = [&] {
    for (int i = 0; i != 100; ++i) {
      EXPECT_EQ(seen(in_preorder, shared.root()).size(), 8U);
      EXPECT_EQ(seen(in_levels, shared.root()).size(), 8U);
    }
  };
  std::jthread other(read);
  read();
}

TEST(CompositeWalk, AMillionLevelsAreNotTooDeep) {
  constexpr int levels = 1'000'000;
  tree t(0);
  component* at = &t.root();
  for (int i = 1; i <= levels; ++i) at = &at->add(i);
  int last = -1;
  for (const component& c : cp::preorder(t.root())) last = c.value;
  EXPECT_EQ(last, levels);
  for (const component& c : cp::postorder(t.root())) last = c.value;
  EXPECT_EQ(last, 0);
  for (const component& c : cp::level_order(t.root())) last = c.value;
  EXPECT_EQ(last, levels);
}

}  // namespace
