// SPDX-License-Identifier: BSL-1.0
#include <gof/prototype/graph.hpp>
// The header under test comes first, so that it has to stand alone.
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "support/allocations.hpp"

namespace {

using gof::prototype::graph, gof::prototype::identity_map, gof::prototype::linked;

// Points to others of any class.
struct node {
  virtual ~node() = default;
  virtual void relink(const identity_map<node>& copies) {
    for (node*& n : next) n = copies(n);
  }
  std::vector<node*> next;

 protected:
  node() = default;
  node(const node&) = default;
  node& operator=(const node&) = default;
};
struct named;
// Has a pointer to one of a derived class, and one that cannot change what it points to.
struct pair final : node {
  void relink(const identity_map<node>& copies) override;
  named* first = nullptr;
  const node* second = nullptr;
};
struct named final : node {
  explicit named(std::string n) : name(std::move(n)) {}
  std::string name;
};
void pair::relink(const identity_map<node>& copies) {
  node::relink(copies);
  first = copies(first);
  second = copies(second);
}
struct lonely final {
  int n;
};

static_assert(linked<node> && !linked<lonely>);
static_assert(std::is_nothrow_move_constructible_v<graph<node>>);
static_assert(std::is_nothrow_move_assignable_v<graph<node>>);
static_assert(std::is_same_v<decltype(std::declval<const graph<node>&>()[0]), const node&>);

class Seeded : public testing::TestWithParam<unsigned> {};
INSTANTIATE_TEST_SUITE_P(Graph, Seeded, testing::Range(0U, 50U));

// The law ACopyHasTheSameShape: the edges, as numbers, are those that were put in.
TEST_P(Seeded, ACopyHasTheSameShape) {
  std::mt19937 random(GetParam());
  graph<node> g;
  const std::size_t size = 1 + random() % 40;
  for (std::size_t i = 0; i != size; ++i) g.add(named(std::to_string(i)));
  std::vector<std::vector<std::size_t>> edges(size);
  for (std::size_t e = random() % (3 * size); e != 0; --e) {
    const std::size_t from = random() % size, to = random() % size;
    g[from].next.push_back(&g[to]);
    edges[from].push_back(to);
  }
  const graph<node> copy = g;
  ASSERT_EQ(copy.size(), size);
  for (const graph<node>* each : {static_cast<const graph<node>*>(&g), &copy}) {
    for (std::size_t i = 0; i != size; ++i) {
      ASSERT_EQ(dynamic_cast<const named&>((*each)[i]).name, std::to_string(i));
      ASSERT_EQ((*each)[i].next.size(), edges[i].size());
      for (std::size_t e = 0; e != edges[i].size(); ++e) {
        ASSERT_EQ((*each)[i].next[e], &(*each)[edges[i][e]]);
      }
    }
  }
  for (std::size_t i = 0; i != size; ++i) EXPECT_NE(&g[i], &copy[i]);
}

TEST(Graph, RelinksPointersOfAnyClass) {
  graph<node> g;
  auto& a = g.add(named("a"));
  auto& p = g.add(pair());
  p.first = &a;
  p.second = &p;
  p.next = {nullptr, &a};
  const graph<node> copy = g;
  const auto& q = dynamic_cast<const pair&>(copy[1]);
  EXPECT_EQ(q.first, &copy[0]);
  EXPECT_EQ(q.second, &q);
  EXPECT_EQ(q.next, (std::vector<node*>{nullptr, q.first}));
}

TEST(Graph, SharesWhatIsOutside) {
  named outside("outside");
  graph<node> g;
  g.add(named("a")).next = {&outside};
  const graph<node> copy = g;
  EXPECT_EQ(copy[0].next[0], &outside);
}

TEST(Graph, ObjectsStayWhereTheyAre) {
  graph<node> g;
  const node* const first = &g.add(named("a"));
  for (int i = 0; i != 100; ++i) g.add(named("b"));
  EXPECT_EQ(&g[0], first);
  const graph<node> moved = std::move(g);
  EXPECT_EQ(&moved[0], first);
}

TEST(Graph, CopiesAChainOfAnyLength) {
  graph<node> g;
  for (int i = 0; i != 200'000; ++i) {
    node& added = g.add(named(""));
    if (i != 0) added.next = {&g[static_cast<std::size_t>(i) - 1]};
  }
  const graph<node> copy = g;
  EXPECT_EQ(copy[199'999].next[0], &copy[199'998]);
}

TEST(Graph, AssignsAsAValue) {
  graph<node> g, h;
  g.add(named("g"));
  g[0].next = {&g[0]};
  h.add(named("h"));
  h = g;
  EXPECT_EQ(h[0].next[0], &h[0]);
  EXPECT_EQ(dynamic_cast<const named&>(h[0]).name, "g");
}

TEST(Graph, IsUnchangedWhereAnAllocationFails) {
  graph<node> g, target;
  for (int i = 0; i != 3; ++i) {
    node& added = g.add(named("a name that is not short at all"));
    added.next = {&g[0]};
  }
  target.add(named("kept"));
  const auto failures = gof::testing::fail_each_allocation([&] { target = g; },
                                                           [&] {
                                                             ASSERT_EQ(target.size(), 1U);
                                                             EXPECT_EQ(g[2].next[0], &g[0]);
                                                           });
  EXPECT_EQ(failures, 1U + 3 * 3 + 1) << "the table, three nodes with name and edges, the map";
  EXPECT_EQ(target[2].next[0], &target[0]);
}

}  // namespace
