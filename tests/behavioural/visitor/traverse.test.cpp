// SPDX-License-Identifier: BSL-1.0
#include <gof/visitor/traverse.hpp>
// The header under test comes first, so that it has to stand alone.
#include <gtest/gtest.h>
#include <gof/composite/walk.hpp>
#include <gof/visitor/open_visitor.hpp>

#include <list>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "support/allocations.hpp"

namespace {

namespace vs = gof::visitor;
namespace cp = gof::composite;
using vs::limits, vs::step, vs::traverse;

static_assert(std::is_base_of_v<std::runtime_error, vs::over_budget>);

// Four structures, as people have them.
struct by_value {
  int id = 0;
  std::vector<by_value> children{};
};
struct by_pointer {
  int id = 0;
  std::list<std::unique_ptr<by_pointer>> children{};
};
struct kind_a {
  int id;
};
struct kind_b {
  int id;
};
using kinds = std::variant<kind_a, kind_b>;
struct with_value {
  kinds value;
  std::vector<with_value> children{};
};
using components = cp::tree<kinds>;

int id(const by_value& n) { return n.id; }
int id(const by_pointer& n) { return n.id; }
int id(const kind_a& n) { return n.id; }
int id(const kind_b& n) { return n.id; }

// What becomes of an element, by its id.
step decide(int i) { return i % 7 == 3 ? step::over : i == 40 ? step::stop : step::into; }

// What is to be seen, by a function that calls itself; false where it was stopped.
bool expect(const by_value& n, std::vector<int>& seen) {
  seen.push_back(n.id);
  if (decide(n.id) == step::stop) return false;
  if (decide(n.id) == step::into) {
    for (const by_value& c : n.children) {
      if (!expect(c, seen)) return false;
    }
  }
  seen.push_back(-n.id);
  return n.id != 50;
}
auto entering(std::vector<int>& seen) {
  return [&](const auto& e) { return seen.push_back(id(e)), decide(id(e)); };
}
auto leaving(std::vector<int>& seen) {
  return [&](const auto& e) {
    seen.push_back(-id(e));
    return id(e) == 50 ? step::stop : step::into;
  };
}

void copy(const by_value& from, by_pointer& to, with_value& valued, cp::component<kinds>& c) {
  for (const by_value& child : from.children) {
    const kinds kind = child.id % 2 == 0 ? kinds(kind_a{child.id}) : kinds(kind_b{child.id});
    to.children.push_back(std::make_unique<by_pointer>());
    to.children.back()->id = child.id;
    valued.children.push_back({kind, {}});
    copy(child, *to.children.back(), valued.children.back(), c.add(kind));
  }
}

class SeededTraverse : public testing::TestWithParam<unsigned> {};
INSTANTIATE_TEST_SUITE_P(VisitorTraverse, SeededTraverse, testing::Range(0U, 100U));

TEST_P(SeededTraverse, TraverseIsTheRecursion) {
  std::mt19937 random(GetParam());
  by_value top{1};
  for (int i = 2; i != 62; ++i) {
    by_value* at = &top;
    while (!at->children.empty() && random() % 3 != 0) {
      at = &at->children[random() % at->children.size()];
    }
    at->children.insert(
        at->children.begin() + static_cast<std::ptrdiff_t>(random() % (at->children.size() + 1)),
        by_value{i});
  }
  by_pointer pointers{1};
  with_value values{kind_b{1}};
  components tree(kind_b{1});
  copy(top, pointers, values, tree.root());
  std::vector<int> expected;
  const bool whole = expect(top, expected);

  const auto check = [&](auto& structure) {
    std::vector<int> seen;
    EXPECT_EQ(traverse(structure, entering(seen), leaving(seen)), whole);
    EXPECT_EQ(seen, expected);
  };
  check(top);
  check(std::as_const(top));
  check(pointers);
  check(std::as_const(pointers));
  check(values);
  check(tree.root());
  check(std::as_const(tree).root());
}

// 1(2(3),4)
const by_value four{1, {{2, {{3, {}}}}, {4, {}}}};

TEST(VisitorTraverse, VisitsWithoutLeaving) {
  std::vector<int> seen;
  const auto enter = [&](const by_value& n) { seen.push_back(n.id); };
  EXPECT_TRUE(traverse(four, enter));
  EXPECT_EQ(seen, (std::vector{1, 2, 3, 4}));
  seen.clear();
  EXPECT_TRUE(traverse(four.children[0], enter, {.elements = 2}));
  EXPECT_EQ(seen, (std::vector{2, 3}));
}

TEST(VisitorTraverse, ChangesElements) {
  by_value copy = four;
  traverse(copy, [](by_value& n) { n.id *= 10; });
  EXPECT_EQ(copy.children[0].children[0].id, 30);
}

TEST(VisitorTraverse, KeepsStateInTheVisitorThatIsGiven) {
  struct counting {
    int a = 0, b = 0;
    void operator()(const kind_a&) { ++a; }
    void operator()(const kind_b&) { ++b; }
  } count;
  components t(kind_a{1});
  t.root().add(kind_b{2}).add(kind_b{3});
  EXPECT_TRUE(traverse(t.root(), count));
  EXPECT_EQ(count.a, 1);
  EXPECT_EQ(count.b, 2);
}

struct item {
  virtual ~item() = default;
};
struct known : item {};
struct strange : item {};
TEST(VisitorTraverse, FollowsPointersToElements) {
  cp::tree<std::unique_ptr<item>> t(std::make_unique<known>());
  t.root().add(std::make_unique<strange>());
  t.root().add(std::make_unique<known>());
  int knowns = 0, others = 0;
  vs::open_visitor<const item> count(vs::otherwise([&](const item&) { ++others; }));
  count.on([&](const known&) { ++knowns; });
  EXPECT_TRUE(traverse(t.root(), count));
  EXPECT_EQ(knowns, 2);
  EXPECT_EQ(others, 1);
}

std::string message(auto&& f) {
  try {
    f();
  } catch (const vs::over_budget& e) {
    return e.what();
  }
  return "nothing";
}

TEST(VisitorTraverse, EndsWhereTheBudgetDoes) {
  std::vector<int> seen;
  const auto enter = [&](const by_value& n) { seen.push_back(n.id); };
  EXPECT_EQ(message([&] { traverse(four, enter, {.elements = 3}); }),
            "gof::visitor: more than 3 elements");
  EXPECT_EQ(seen, (std::vector{1, 2, 3}));
  EXPECT_EQ(message([&] { traverse(four, enter, {.elements = 4}); }), "nothing");
  seen.clear();
  EXPECT_EQ(message([&] { traverse(four, enter, {.levels = 2}); }),
            "gof::visitor: more than 2 levels");
  EXPECT_EQ(seen, (std::vector{1, 2}));
  EXPECT_EQ(message([&] { traverse(four, enter, {.levels = 3}); }), "nothing");
  EXPECT_EQ(message([&] { traverse(four, enter, {.levels = 0}); }),
            "gof::visitor: more than 0 levels");
}

TEST(VisitorTraverse, WhatIsLeftOutCostsNothing) {
  std::vector<int> seen;
  const auto enter = [&](const by_value& n) {
    seen.push_back(n.id);
    return n.id == 2 ? step::over : step::into;
  };
  EXPECT_TRUE(traverse(four, enter, {.elements = 3, .levels = 2}));
  EXPECT_EQ(seen, (std::vector{1, 2, 4}));
}

TEST(VisitorTraverse, LetsExceptionsOut) {
  struct fault {};
  int left = 0;
  const auto enter = [](const by_value& n) {
    if (n.id == 3) throw fault();
  };
  EXPECT_THROW(traverse(four, enter, [&](const by_value&) { ++left; }), fault);
  EXPECT_EQ(left, 0);
  int seen = 0;
  EXPECT_GT(gof::testing::fail_each_allocation(
                [&] {
                  seen = 0;
                  traverse(four, [&](const by_value&) { ++seen; });
                },
                [&] { EXPECT_LT(seen, 4); }),
            0U);
  EXPECT_EQ(seen, 4);
}

TEST(VisitorTraverse, AMillionLevelsAreNotTooDeep) {
  constexpr int levels = 1'000'000;
  components t(kind_a{0});
  cp::component<kinds>* at = &t.root();
  for (int i = 1; i <= levels; ++i) at = &at->add(kind_b{i});
  int entered = 0, last = -1;
  EXPECT_TRUE(traverse(
      t.root(), [&](const auto&) { ++entered; }, [&](const auto& e) { last = e.id; }));
  EXPECT_EQ(entered, levels + 1);
  EXPECT_EQ(last, 0);
  EXPECT_THROW(traverse(t.root(), [](const auto&) {}, {.levels = levels}), vs::over_budget);
}

}  // namespace
