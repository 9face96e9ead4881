// SPDX-License-Identifier: BSL-1.0
#include <gof/composite.hpp>
// The header under test comes first, so that it has to stand alone.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <numeric>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "support/allocations.hpp"

namespace {

namespace cp = gof::composite;
using cp::limits;

// A file, or a folder, which alone may have children.
struct entry {
  std::string name;
  bool file = false;
  bool is_leaf() const { return file; }
  bool operator==(const entry&) const = default;
};
using component = cp::component<int>;
using tree = cp::tree<int>;
using owner = cp::tree<std::unique_ptr<int>>;

static_assert(cp::knows_leaves<entry> && !cp::knows_leaves<int>);
static_assert(!std::is_copy_constructible_v<component> && !std::is_copy_assignable_v<component>);
static_assert(!std::is_constructible_v<component, int> && !std::is_destructible_v<component>);
static_assert(std::is_copy_constructible_v<tree> && std::is_copy_assignable_v<tree>);
static_assert(std::is_nothrow_move_constructible_v<tree> && std::is_nothrow_destructible_v<tree>);
static_assert(!std::is_convertible_v<int, tree> && !std::is_convertible_v<component&, tree>);
static_assert(std::is_same_v<component::value_type, int>);
static_assert(std::is_base_of_v<std::logic_error, cp::misuse>);
static_assert(std::is_base_of_v<std::runtime_error, cp::over_budget>);
static_assert(noexcept(std::declval<component&>().parent()));
static_assert(noexcept(std::declval<const component&>().depth()));
static_assert(noexcept(std::declval<const tree&>().size()));
template <class C>
constexpr bool reads = requires(C& c) {
  { c.parent() } -> std::same_as<C*>;
  { c.first_child() } -> std::same_as<C*>;
  { c.next_sibling() } -> std::same_as<C*>;
  { c.get_child(0) } -> std::same_as<C&>;
};
static_assert(reads<component> && reads<const component>);

// The values as nested lists: 1(2,3(4)). Goes by the links, so that it sees each of them.
template <class T>
std::string shown(const cp::component<T>& c) {
  std::string text = std::to_string(c.value);
  const cp::component<T>* child = c.first_child();
  if (child == nullptr) return text;
  for (char before = '('; child != nullptr; before = ',', child = child->next_sibling()) {
    EXPECT_EQ(child->parent(), &c);
    text += before + shown(*child);
  }
  return text + ')';
}
template <class T>
std::string shown(const cp::tree<T>& t) {
  return shown(t.root());
}

// What a tree does, done by lists in lists.
struct nested {
  int value;
  std::vector<nested> children;

  std::string shown() const {
    std::string text = std::to_string(value);
    for (std::size_t i = 0; i != children.size(); ++i) {
      text += (i == 0 ? '(' : ',') + children[i].shown();
    }
    return children.empty() ? text : text + ')';
  }
  std::size_t size() const {
    std::size_t n = 1;
    for (const nested& c : children) n += c.size();
    return n;
  }
  std::size_t height() const {
    std::size_t n = 0;
    for (const nested& c : children) n = std::max(n, 1 + c.height());
    return n;
  }
};
// The same place in both, with its depth.
struct place {
  component* at;
  nested* model;
  std::size_t depth;
};

class Seeded : public testing::TestWithParam<unsigned> {
 protected:
  std::mt19937 random{GetParam()};
  std::size_t below(std::size_t n) { return random() % n; }
  place any(tree& t, nested& model) {
    place p{&t.root(), &model, 0};
    while (!p.model->children.empty() && below(3) != 0) {
      const std::size_t i = below(p.model->children.size());
      p = {&p.at->get_child(i), &p.model->children[i], p.depth + 1};
    }
    return p;
  }
  void add(const place& p, int value) {
    const std::size_t i = below(p.model->children.size() + 1);
    component* before = i == p.model->children.size() ? nullptr : &p.at->get_child(i);
    const component& made = p.at->add(value, before);
    EXPECT_EQ(made.value, value);
    EXPECT_EQ(&made, &p.at->get_child(i));
    p.model->children.insert(p.model->children.begin() + static_cast<std::ptrdiff_t>(i),
                             nested{value, {}});
  }
};
INSTANTIATE_TEST_SUITE_P(Composite, Seeded, testing::Range(0U, 100U));

// The law EditsAreThoseOfNestedLists, as far as the face goes, with limits.
TEST_P(Seeded, EditsAreThoseOfNestedLists) {
  tree t(0);
  nested model{0, {}};
  limits most;
  for (int i = 1; i != 80; ++i) {
    const place p = any(t, model);
    EXPECT_EQ(p.at->depth(), p.depth);
    const std::size_t what = below(10);
    if (what == 0) {
      most = {below(2) == 0 ? limits::none : 5 + below(30),
              below(2) == 0 ? limits::none : below(7)};
      if (model.size() > most.components || model.height() > most.depth) {
        EXPECT_THROW(t.set_limits(most), cp::over_budget);
        most = t.get_limits();
      } else {
        t.set_limits(most);
      }
    } else if (what < 3 && !p.model->children.empty()) {
      const std::size_t victim = below(p.model->children.size());
      p.at->remove(p.at->get_child(victim));
      p.model->children.erase(p.model->children.begin() + static_cast<std::ptrdiff_t>(victim));
    } else if (model.size() == most.components || p.depth == most.depth) {
      EXPECT_THROW(p.at->add(i), cp::over_budget);
    } else {
      add(p, i);
    }
    ASSERT_EQ(shown(t), model.shown());
    ASSERT_EQ(t.size(), model.size());
    ASSERT_EQ(t.get_limits().components, most.components);
    ASSERT_EQ(t.get_limits().depth, most.depth);
  }
}

TEST_P(Seeded, ACopyIsEqualAndApart) {
  tree t(0);
  nested model{0, {}};
  for (int i = 1; i != 30; ++i) add(any(t, model), i);
  tree copy = t;
  EXPECT_EQ(copy, t);
  EXPECT_EQ(shown(copy), model.shown());
  EXPECT_EQ(copy.size(), 30U);
  add(any(t, model), 77);
  EXPECT_NE(copy, t);
  EXPECT_EQ(copy.size(), 30U);
  copy = t;
  EXPECT_EQ(copy, t);
  any(t, model).at->value = -1;
  EXPECT_NE(copy, t);

  const place part = any(copy, model);
  EXPECT_EQ(shown(tree(*part.at)), part.model->shown());
}

// A function that calls itself, against the loop.
std::string recursive(const nested& n) {
  std::vector<std::string> results;
  for (const nested& c : n.children) results.push_back(recursive(c));
  return std::accumulate(results.begin(), results.end(), std::to_string(n.value) + '[') + ']';
}

TEST_P(Seeded, FoldIsTheRecursion) {
  tree t(0);
  nested model{0, {}};
  const auto join = [](int value, std::span<std::string> results) {
    return std::accumulate(results.begin(), results.end(), std::to_string(value) + '[') + ']';
  };
  for (int i = 1; i != 30; ++i) {
    const place part = any(t, model);
    ASSERT_EQ(cp::fold<std::string>(*part.at, join), recursive(*part.model));
    add(any(t, model), i);
  }
}

TEST(Composite, BeginsWithARoot) {
  tree t(7);
  EXPECT_EQ(t.root().value, 7);
  EXPECT_EQ(t.root().parent(), nullptr);
  EXPECT_EQ(t.root().first_child(), nullptr);
  EXPECT_EQ(t.root().next_sibling(), nullptr);
  EXPECT_EQ(t.root().depth(), 0U);
  EXPECT_EQ(t.size(), 1U);
  EXPECT_EQ(t.get_limits().components, limits::none);
  EXPECT_EQ(t.get_limits().depth, limits::none);
}

TEST(Composite, GivesItsChildrenInOrder) {
  tree t(0);
  component& b = t.root().add(2);
  t.root().add(3);
  t.root().add(1, &b);
  for (int i = 0; i != 3; ++i) {
    EXPECT_EQ(t.root().get_child(static_cast<std::size_t>(i)).value, i + 1);
  }
  EXPECT_THROW(static_cast<void>(t.root().get_child(3)), std::out_of_range);
  EXPECT_THROW(static_cast<void>(std::as_const(b).get_child(0)), std::out_of_range);
}

TEST(Composite, KnowsWhatItIsIn) {
  tree t(0);
  component& a = t.root().add(1);
  component& b = a.add(2);
  component& c = t.root().add(3);
  EXPECT_TRUE(b.is_in(b));
  EXPECT_TRUE(b.is_in(a));
  EXPECT_TRUE(b.is_in(t.root()));
  EXPECT_FALSE(a.is_in(b));
  EXPECT_FALSE(c.is_in(a));
  tree other(1);
  EXPECT_FALSE(a.is_in(other.root()));
}

TEST(Composite, KeepsAddresses) {
  tree t(0);
  component& a = t.root().add(1);
  component& b = a.add(2);
  for (int i = 3; i != 100; ++i) t.root().add(i, &a);
  const tree moved = std::move(t);
  EXPECT_EQ(moved.root().get_child(97).first_child(), &b);
  EXPECT_EQ(b.parent(), &a);
}

TEST(Composite, HoldsWhatCanOnlyBeMoved) {
  owner t(std::make_unique<int>(1));
  t.root().add(std::make_unique<int>(2)).value = std::make_unique<int>(3);
  const auto sum = [](const std::unique_ptr<int>& n, std::span<const int> results) {
    return std::accumulate(results.begin(), results.end(), *n);
  };
  EXPECT_EQ(cp::fold<int>(t.root(), sum), 4);
}

TEST(Composite, RefusesChildrenOfALeaf) {
  cp::tree<entry> t(entry{"home"});
  auto& file = t.root().add({"notes", true});
  EXPECT_THROW(file.add({"x"}), cp::misuse);
  EXPECT_EQ(t.size(), 2U);
  EXPECT_EQ(file.first_child(), nullptr);
  t.root().add({"folder"}).add({"x", true});
  EXPECT_EQ(t.size(), 4U);
}

TEST(Composite, RefusesTheChildOfAnother) {
  tree t(0), other(0);
  component& a = t.root().add(1);
  component& b = a.add(2);
  component& elsewhere = other.root().add(3);
  EXPECT_THROW(t.root().remove(b), cp::misuse);
  EXPECT_THROW(t.root().remove(elsewhere), cp::misuse);
  EXPECT_THROW(t.root().remove(t.root()), cp::misuse);
  EXPECT_THROW(t.root().add(4, &b), cp::misuse);
  EXPECT_THROW(t.root().add(4, &elsewhere), cp::misuse);
  EXPECT_EQ(shown(t), "0(1(2))");
  EXPECT_EQ(shown(other), "0(3)");
}

std::string message(auto&& f) {
  try {
    f();
  } catch (const std::exception& e) {
    return e.what();
  }
  return "nothing";
}

TEST(Composite, SaysWhichLimitWasReached) {
  tree t(0);
  t.set_limits({.components = 3, .depth = 1});
  component& a = t.root().add(1);
  EXPECT_EQ(message([&] { a.add(2); }), "gof::composite: at most 1 levels below the root");
  t.root().add(2);
  EXPECT_EQ(message([&] { t.root().add(3); }), "gof::composite: at most 3 components");
  EXPECT_EQ(message([&] { t.set_limits({.components = 2}); }),
            "gof::composite: at most 2 components");
  EXPECT_EQ(message([&] { t.set_limits({.depth = 0}); }),
            "gof::composite: at most 0 levels below the root");
  EXPECT_EQ(t.get_limits().components, 3U);
  EXPECT_EQ(shown(t), "0(1,2)");
  const tree copy = t;
  EXPECT_EQ(copy.get_limits().depth, 1U);
  EXPECT_EQ(tree(t.root()).get_limits().depth, limits::none);
  t.root().remove(a);
  t.root().add(4);
  EXPECT_EQ(shown(t), "0(2,4)");
}

TEST(Composite, HasNoRootWhenMovedAway) {
  tree t(0);
  tree other = std::move(t);
  EXPECT_EQ(t.size(), 0U);
  EXPECT_EQ(message([&] { static_cast<void>(t.root()); }),
            "gof::composite: the root of this tree was moved away");
  EXPECT_THROW(static_cast<void>(std::as_const(t).root()), cp::misuse);
  EXPECT_THROW(t.set_limits({}), cp::misuse);
  EXPECT_THROW(static_cast<void>(t.get_limits()), cp::misuse);
  EXPECT_THROW(static_cast<void>(tree(t)), cp::misuse);
  EXPECT_NE(t, other);
  EXPECT_NE(other, t);
  const tree last = std::move(other);
  EXPECT_EQ(t, other);
  t = tree(5);
  EXPECT_EQ(shown(t), "5");
}

TEST(Composite, DiffersByValueAndByShape) {
  const auto made = [](bool nested) {
    tree t(0);
    component& a = t.root().add(1);
    (nested ? a : t.root()).add(2);
    t.root().add(3);
    return t;
  };
  EXPECT_EQ(made(true), made(true));
  EXPECT_NE(made(true), made(false));
  tree other = made(true);
  other.root().get_child(1).value = 4;
  EXPECT_NE(other, made(true));
  // The same values in preorder, and as many of them.
  tree left(0), right(0);
  left.root().add(1).add(2);
  right.root().add(1);
  right.root().add(2);
  EXPECT_NE(left, right);
  EXPECT_NE(right, left);
}

// Knows how many there are, and throws when it is copied for the n-th time.
struct counted {
  static inline int alive = 0, copies_until_fault = -1;
  struct fault {};
  int n;
  explicit counted(int from) : n(from) { ++alive; }
  counted(counted&& other) noexcept : n(other.n) { ++alive; }
  counted(const counted& other) : n(other.n) {
    if (copies_until_fault == 0) throw fault();
    --copies_until_fault;
    ++alive;
  }
  ~counted() { --alive; }
};

cp::tree<counted> some() {
  cp::tree<counted> t(counted(0));
  for (int i = 1; i != 4; ++i) {
    auto& c = t.root().add(counted(i));
    for (int k = 0; k != i; ++k) c.add(counted(10 * i + k));
  }
  return t;
}

TEST(Composite, DestroysEachOnce) {
  {
    cp::tree<counted> t = some();
    EXPECT_EQ(counted::alive, 10);
    t.root().remove(t.root().get_child(1));
    EXPECT_EQ(counted::alive, 7);
    EXPECT_EQ(t.size(), 7U);
    t = cp::tree<counted>(counted(1));
    EXPECT_EQ(counted::alive, 1);
  }
  EXPECT_EQ(counted::alive, 0);
}

TEST(Composite, LeavesNothingBehindWhereACopyFails) {
  const cp::tree<counted> t = some();
  int faults = 0;
  for (int n = 0;; ++n) {
    counted::copies_until_fault = n;
    try {
      const cp::tree<counted> copy = t;
      break;
    } catch (const counted::fault&) {
      ++faults;
    }
    ASSERT_EQ(counted::alive, 10);
  }
  counted::copies_until_fault = -1;
  EXPECT_EQ(faults, 10);
}

TEST(Composite, IsUnchangedWhereAnAllocationFails) {
  tree t(0);
  t.root().add(1);
  component& two = t.root().add(2);
  const auto unchanged = [&] {
    EXPECT_EQ(shown(t), "0(1,2)");
    EXPECT_EQ(t.size(), 3U);
  };
  EXPECT_EQ(gof::testing::fail_each_allocation([&] { two.add(3); }, unchanged), 1U);
  two.remove(two.get_child(0));
  EXPECT_EQ(gof::testing::fail_each_allocation([&] { static_cast<void>(tree(t)); }, unchanged), 4U);
  const auto count = [](int, std::span<int> r) { return std::accumulate(r.begin(), r.end(), 1); };
  int nodes = 0;
  EXPECT_GT(gof::testing::fail_each_allocation([&] { nodes = cp::fold<int>(t.root(), count); },
                                               unchanged),
            0U);
  EXPECT_EQ(nodes, 3);
}

TEST(Composite, FoldEndsWhereTheFunctionThrows) {
  const tree t = [] {
    tree made(0);
    made.root().add(1).add(2);
    return made;
  }();
  std::vector<int> seen;
  const auto f = [&](int value, std::span<std::unique_ptr<int>>) {
    seen.push_back(value);
    if (value == 1) throw counted::fault();
    return std::make_unique<int>(value);
  };
  EXPECT_THROW(cp::fold<std::unique_ptr<int>>(t.root(), f), counted::fault);
  EXPECT_EQ(seen, (std::vector{2, 1}));
}

TEST(Composite, AddingTakesOneAllocation) {
  tree t(0);
  const std::size_t before = gof::testing::allocations();
  for (int i = 0; i != 100; ++i) t.root().add(i).add(i);
  EXPECT_EQ(gof::testing::allocations() - before, 200U);
}

// A function that calls itself for each level would overflow the stack.
TEST(Composite, AMillionLevelsAreNotTooDeep) {
  constexpr int levels = 1'000'000;
  tree t(0);
  component* at = &t.root();
  for (int i = 1; i <= levels; ++i) at = &at->add(i);
  EXPECT_EQ(at->depth(), static_cast<std::size_t>(levels));
  t.set_limits({.depth = levels});
  EXPECT_THROW(at->add(0), cp::over_budget);
  const auto longest = [](int, std::span<int> results) {
    return results.empty() ? 0 : 1 + results[0];
  };
  EXPECT_EQ(cp::fold<int>(t.root(), longest), levels);
  tree copy = t;
  EXPECT_EQ(copy, t);
  copy.root().remove(*copy.root().first_child());
  EXPECT_EQ(copy.size(), 1U);
}

}  // namespace
