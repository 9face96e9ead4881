// SPDX-License-Identifier: BSL-1.0
#include <gof/composite/edit.hpp>
// The header under test comes first, so that it has to stand alone.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "support/allocations.hpp"

namespace {

namespace cp = gof::composite;
using cp::limits;
using component = cp::component<int>;
using tree = cp::tree<int>;

static_assert(std::is_base_of_v<cp::misuse, cp::cycle>);

std::string shown(const component& c) {
  std::string text = std::to_string(c.value);
  const component* child = c.first_child();
  if (child == nullptr) return text;
  for (char before = '('; child != nullptr; before = ',', child = child->next_sibling()) {
    EXPECT_EQ(child->parent(), &c);
    text += before + shown(*child);
  }
  return text + ')';
}

std::string shown(const tree& t) { return shown(t.root()); }

// What two trees do, done by lists of the names of children.
struct model {
  std::map<int, std::vector<int>> children;
  std::map<int, int> parent;

  std::string shown(int of) const {
    std::string text = std::to_string(of);
    const std::vector<int>& below = children.at(of);
    for (std::size_t i = 0; i != below.size(); ++i) {
      text += (i == 0 ? '(' : ',') + shown(below[i]);
    }
    return below.empty() ? text : text + ')';
  }
  bool is_in(int a, int b) const {
    while (a != b && parent.contains(a)) a = parent.at(a);
    return a == b;
  }
  int root(int of) const {
    while (parent.contains(of)) of = parent.at(of);
    return of;
  }
  std::size_t size(int of) const {
    std::size_t n = 1;
    for (const int c : children.at(of)) n += size(c);
    return n;
  }
  std::size_t height(int of) const {
    std::size_t n = 0;
    for (const int c : children.at(of)) n = std::max(n, 1 + height(c));
    return n;
  }
  std::size_t depth(int of) const { return parent.contains(of) ? 1 + depth(parent.at(of)) : 0; }
  void cut(int part) {
    if (parent.contains(part)) std::erase(children[parent[part]], part);
    parent.erase(part);
  }
  void put(int part, int to, std::size_t at) {
    auto& below = children[to];
    below.insert(below.begin() + static_cast<std::ptrdiff_t>(at), part);
    parent[part] = to;
  }
};

class SeededEdit : public testing::TestWithParam<unsigned> {};
INSTANTIATE_TEST_SUITE_P(CompositeEdit, SeededEdit, testing::Range(0U, 200U));

// The law EditsAreThoseOfNestedLists, for parts, between two trees with limits.
TEST_P(SeededEdit, EditsAreThoseOfNestedLists) {
  std::mt19937 random(GetParam());
  const auto below = [&](std::size_t n) { return random() % n; };
  std::map<int, tree> trees;  // by the name of the root
  std::map<int, component*> parts;
  std::map<int, limits> most;
  model m;
  for (const int root : {0, 100}) {
    trees.emplace(root, tree(root));
    parts[root] = &trees.at(root).root();
    m.children[root];
    for (int i = root + 1; i != root + 12; ++i) {
      const int to = root + static_cast<int>(below(static_cast<std::size_t>(i - root)));
      parts[i] = &parts[to]->add(i);
      m.children[i];
      m.put(i, to, m.children[to].size());
    }
    if (below(2) == 0) {
      most[root] = {m.size(root) + below(4), m.height(root) + below(3)};
      trees.at(root).set_limits(most[root]);
    }
  }
  const auto any = [&] {
    auto i = parts.begin();
    std::advance(i, below(parts.size()));
    return i->first;
  };
  // May the part be there, when so many go?
  const auto fits = [&](int part, int to, std::size_t more, std::size_t less) {
    const int root = m.root(to);
    const limits l = most[root];
    return m.size(root) + more - less <= l.components &&
           (l.depth == limits::none || m.depth(to) + 1 + m.height(part) <= l.depth);
  };
  for (int step = 0; step != 60; ++step) {
    const int a = any(), b = any();
    const std::string before_a = m.shown(m.root(a)), before_b = m.shown(m.root(b));
    switch (below(3)) {
      case 0: {  // a to b
        const std::size_t at = below(m.children[b].size() + 1);
        component* before = at == m.children[b].size() ? nullptr : parts.at(m.children[b][at]);
        const bool same = m.root(a) == m.root(b);
        if (m.is_in(b, a)) {
          ASSERT_THROW(cp::splice(*parts[a], *parts[b], before), cp::cycle);
        } else if (!fits(a, b, same ? 0 : m.size(a), 0)) {
          ASSERT_THROW(cp::splice(*parts[a], *parts[b], before), cp::over_budget);
        } else {
          ASSERT_EQ(&cp::splice(*parts[a], *parts[b], before), parts[a]);
          if (!m.parent.contains(a)) trees.erase(a), most.erase(a);
          const int next = before == nullptr ? -1 : before->value;
          if (next != a) {
            m.cut(a);
            const auto& siblings = m.children[b];
            const auto place = std::find(siblings.begin(), siblings.end(), next);
            m.put(a, b, static_cast<std::size_t>(place - siblings.begin()));
          }
        }
        break;
      }
      case 1: {  // a out
        if (!m.parent.contains(a)) break;
        trees.emplace(a, cp::take(*parts[a]));
        m.cut(a);
        break;
      }
      case 2: {  // b in the place of a
        if (!m.parent.contains(a)) {
          ASSERT_THROW(cp::replace(*parts[a], *parts[b]), cp::misuse);
          break;
        }
        if (m.is_in(a, b)) {
          ASSERT_THROW(cp::replace(*parts[a], *parts[b]), cp::cycle);
          break;
        }
        const int to = m.parent[a];
        const bool comes = m.root(a) != m.root(b) || m.is_in(b, a);
        if (!fits(b, to, comes ? m.size(b) : 0, m.size(a))) {
          ASSERT_THROW(cp::replace(*parts[a], *parts[b]), cp::over_budget);
          break;
        }
        tree taken = cp::replace(*parts[a], *parts[b]);
        if (!m.parent.contains(b)) trees.erase(b), most.erase(b);
        trees.emplace(a, std::move(taken));
        m.cut(b);
        const auto& siblings = m.children[to];
        const auto place = std::find(siblings.begin(), siblings.end(), a);
        const auto at = static_cast<std::size_t>(place - siblings.begin());
        m.cut(a);
        m.put(b, to, at);
        break;
      }
    }
    for (const auto& [root, t] : trees) {
      ASSERT_EQ(&t.root(), parts[root]);
      ASSERT_EQ(shown(t.root()), m.shown(root)) << "after step " << step;
      ASSERT_EQ(t.size(), m.size(root));
      ASSERT_EQ(t.get_limits().components, most[root].components);
    }
  }
}

std::string message(auto&& f) {
  try {
    f();
  } catch (const std::exception& e) {
    return e.what();
  }
  return "nothing";
}

// 0(1(2(3)),4)
class Edit : public testing::Test {
 protected:
  tree t{0};
  component &one = t.root().add(1), &two = one.add(2), &three = two.add(3), &four = t.root().add(4);
  std::string all() { return shown(t.root()); }
};

TEST_F(Edit, NothingGoesIntoItself) {
  EXPECT_EQ(message([&] { cp::splice(one, three); }),
            "gof::composite: a part cannot be put into itself");
  EXPECT_THROW(cp::splice(one, one), cp::cycle);
  EXPECT_THROW(cp::splice(t.root(), four), cp::cycle);
  EXPECT_EQ(message([&] { cp::replace(three, one); }),
            "gof::composite: a part cannot replace what is in it");
  EXPECT_THROW(cp::replace(two, two), cp::cycle);
  EXPECT_EQ(message([&] { cp::replace(t.root(), one); }),
            "gof::composite: a root is replaced by assigning its tree");
  EXPECT_EQ(all(), "0(1(2(3)),4)");
}

TEST_F(Edit, MovesToAPlace) {
  cp::splice(two, t.root(), &four);
  EXPECT_EQ(all(), "0(1,2(3),4)");
  cp::splice(two, t.root(), &two);
  EXPECT_EQ(all(), "0(1,2(3),4)");
  cp::splice(one, t.root());
  EXPECT_EQ(all(), "0(2(3),4,1)");
  EXPECT_THROW(cp::splice(four, t.root(), &three), cp::misuse);
  EXPECT_EQ(all(), "0(2(3),4,1)");
}

TEST_F(Edit, KeepsAddressesAcrossTrees) {
  tree other(9);
  EXPECT_EQ(&cp::splice(one, other.root()), &one);
  EXPECT_EQ(shown(other.root()), "9(1(2(3)))");
  EXPECT_EQ(other.size(), 4U);
  EXPECT_EQ(t.size(), 2U);
  EXPECT_EQ(two.parent(), &one);
  cp::splice(t.root(), three);
  EXPECT_EQ(t.size(), 0U);
  EXPECT_THROW(static_cast<void>(t.root()), cp::misuse);
  EXPECT_EQ(shown(other.root()), "9(1(2(3(0(4)))))");
  tree whole = cp::take(other.root());
  EXPECT_EQ(other.size(), 0U);
  EXPECT_EQ(whole.size(), 6U);
}

TEST_F(Edit, APartReplacesWhatItIsIn) {
  const tree taken = cp::replace(one, three);
  EXPECT_EQ(all(), "0(3,4)");
  EXPECT_EQ(shown(taken.root()), "1(2)");
  EXPECT_EQ(taken.size(), 2U);
  EXPECT_EQ(shown(cp::replace(three, four)), "3");
  EXPECT_EQ(all(), "0(4)");
}

TEST_F(Edit, StaysInItsLimits) {
  t.set_limits({.components = 5, .depth = 3});
  tree other(9);
  other.root().add(8);
  EXPECT_THROW(cp::splice(other.root(), four), cp::over_budget);
  EXPECT_THROW(cp::replace(four, other.root()), cp::over_budget);
  EXPECT_EQ(shown(cp::replace(two, other.root())), "2(3)");
  EXPECT_EQ(all(), "0(1(9(8)),4)");
  EXPECT_THROW(cp::splice(one, four), cp::over_budget) << "four levels below the root";
  tree free = cp::take(one);
  EXPECT_EQ(free.get_limits().components, limits::none);
  EXPECT_EQ(all(), "0(4)");
}

struct entry {
  int value;
  bool is_leaf() const { return value < 0; }
};
TEST(CompositeEdit, ALeafTakesNothing) {
  cp::tree<entry> t(entry{0});
  auto& leaf = t.root().add({-1});
  auto& other = t.root().add({-2});
  EXPECT_THROW(cp::splice(other, leaf), cp::misuse);
  EXPECT_EQ(t.root().get_child(1).value.value, -2);
}

TEST_F(Edit, IsUnchangedWhereAnAllocationFails) {
  const auto unchanged = [&] {
    EXPECT_EQ(all(), "0(1(2(3)),4)");
    EXPECT_EQ(t.size(), 5U);
  };
  EXPECT_EQ(gof::testing::fail_each_allocation(
                [&] {
                  tree taken = cp::take(one);
                  cp::splice(one, t.root(), &four);
                },
                unchanged),
            1U)
      << "splice takes no memory";
  unchanged();
  EXPECT_EQ(gof::testing::fail_each_allocation([&] { cp::replace(one, four); }, unchanged), 1U);
  EXPECT_EQ(all(), "0(4)");
}

TEST(CompositeEdit, AMillionLevelsAreNotTooDeep) {
  constexpr int levels = 1'000'000;
  tree t(0);
  component* at = &t.root();
  for (int i = 1; i <= levels; ++i) at = &at->add(i);
  tree taken = cp::take(*t.root().first_child());
  EXPECT_EQ(t.size(), 1U);
  t.set_limits({.components = levels, .depth = levels});
  EXPECT_THROW(cp::splice(taken.root(), t.root()), cp::over_budget);
  t.set_limits({.depth = levels});
  cp::splice(taken.root(), t.root());
  EXPECT_EQ(t.size(), static_cast<std::size_t>(levels) + 1);
  EXPECT_THROW(cp::splice(t.root(), *at), cp::cycle);
}

}  // namespace
