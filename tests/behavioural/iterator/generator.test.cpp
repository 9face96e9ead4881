// SPDX-License-Identifier: BSL-1.0
#include <gof/iterator/generator.hpp>
// The header under test comes first, so that it has to stand alone.
#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <ranges>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "support/allocations.hpp"

namespace {

namespace it = gof::iterator;
using it::elements_of, it::generator;

static_assert(std::ranges::input_range<generator<int>> &&
              std::ranges::view<generator<int>> == false);
static_assert(!std::ranges::forward_range<generator<int>>);
static_assert(!std::is_copy_constructible_v<generator<int>>);
static_assert(std::is_nothrow_move_constructible_v<generator<int>>);
static_assert(std::is_nothrow_move_assignable_v<generator<int>>);
static_assert(!std::is_copy_constructible_v<generator<int>::iterator>);
static_assert(std::is_same_v<std::ranges::range_reference_t<generator<int>>, int&>);
static_assert(std::is_same_v<std::ranges::range_reference_t<generator<const int>>, const int&>);
static_assert(std::is_same_v<std::ranges::range_value_t<generator<const int>>, int>);

generator<int> up_to(int n) {
  for (int i = 0; i != n; ++i) co_yield i;
}
template <class T>
std::vector<std::remove_cv_t<T>> all(generator<T> g) {
  std::vector<std::remove_cv_t<T>> items;
  for (T& item : g) items.push_back(std::move(item));
  return items;
}
using ints = std::vector<int>;

TEST(IteratorGenerator, YieldsItemsInOrder) {
  EXPECT_EQ(all(up_to(4)), (ints{0, 1, 2, 3}));
  EXPECT_EQ(all(up_to(0)), ints{});
  ints some;
  for (const int i : up_to(9) | std::views::filter([](int n) { return n % 2 != 0; })) {
    some.push_back(i);
  }
  EXPECT_EQ(some, (ints{1, 3, 5, 7}));
}

TEST(IteratorGenerator, MakesNoItemBeforeItIsAskedFor) {
  std::string log;
  const auto make = [](std::string& l) -> generator<int> {
    l += "a";
    co_yield 1;
    l += "b";
    co_yield 2;
    l += "c";
  };
  generator<int> g = make(log);
  EXPECT_EQ(log, "");
  auto i = g.begin();
  EXPECT_EQ(log, "a");
  EXPECT_EQ(*i, 1);
  ++i;
  EXPECT_EQ(log, "ab");
  EXPECT_EQ(*i, 2);
  EXPECT_FALSE(i == g.end());
  i++;
  EXPECT_EQ(log, "abc");
  EXPECT_TRUE(i == g.end());
}

generator<std::string> greetings(const std::string& name) {
  std::string hello = "hello, and long enough for the heap: " + name;
  co_yield hello;             // itself: the user may change it
  co_yield hello;             // as it is now
  co_yield name;              // a copy: the user must not change it
  co_yield std::move(hello);  // itself, as before
  co_yield "text";            // a temporary
}
TEST(IteratorGenerator, YieldsObjectsThemselvesAndCopiesOfWhatIsConst) {
  const std::string name = "somebody whose name is on the heap as well";
  std::vector<std::string> got;
  for (std::string& s : greetings(name)) {
    got.push_back(s);
    s += "!";
  }
  const std::string hello = "hello, and long enough for the heap: " + name;
  EXPECT_EQ(got, (std::vector<std::string>{hello, hello + "!", name, hello + "!!", "text"}));
  EXPECT_EQ(name, "somebody whose name is on the heap as well");
}

TEST(IteratorGenerator, YieldsReferencesToConstObjectsWithoutACopy) {
  const std::vector<std::string> names{"Ana", "Ben"};
  const auto each = [](const std::vector<std::string>& from) -> generator<const std::string> {
    for (const std::string& s : from) co_yield s;
  };
  const std::string* expected = names.data();
  for (const std::string& s : each(names)) EXPECT_EQ(&s, expected++);
  EXPECT_EQ(expected, names.data() + 2);
}

TEST(IteratorGenerator, YieldsWhatCanOnlyBeMoved) {
  const auto make = []() -> generator<std::unique_ptr<int>> {
    auto p = std::make_unique<int>(1);
    co_yield p;
    co_yield std::make_unique<int>(p == nullptr ? 2 : 3);
  };
  const auto got = all(make());
  EXPECT_EQ(*got.at(0), 1);
  EXPECT_EQ(*got.at(1), 2);
}

TEST(IteratorGenerator, CanBeWalkedOnOnce) {
  generator<int> g = up_to(3);
  auto i = g.begin();
  EXPECT_THROW(static_cast<void>(g.begin()), it::misuse);
  EXPECT_EQ(*++i, 1) << "the walk goes on";
  generator<int> other = std::move(g);
  EXPECT_EQ(*++i, 2);
  EXPECT_THROW(static_cast<void>(g.begin()), it::misuse);  // NOLINT: moved from, on purpose
  EXPECT_THROW(static_cast<void>(other.begin()), it::misuse);
}

TEST(IteratorGenerator, CanBeAssigned) {
  generator<int> g = up_to(1);
  auto last = g.begin();
  EXPECT_EQ(*last, 0);
  g = up_to(2);
  EXPECT_EQ(all(std::move(g)), (ints{0, 1}));
}

// A tree with random children, and its values in the order in which they should come.
struct node {
  int value;
  std::vector<node> children;
};
generator<int> pre_order(const node& n) {
  co_yield n.value;
  for (const node& c : n.children) co_yield elements_of(pre_order(c));
}
generator<int> post_order(const node& n) {
  for (const node& c : n.children) co_yield elements_of(post_order(c));
  co_yield n.value;
}
void append(ints& to, const node& n, bool before) {
  if (before) to.push_back(n.value);
  for (const node& c : n.children) append(to, c, before);
  if (!before) to.push_back(n.value);
}
TEST(IteratorGenerator, ItemsAreThoseYielded) {
  for (unsigned seed = 0; seed != 100; ++seed) {
    std::mt19937 random(seed);
    node root{0, {}};
    for (int i = 1; i != 40; ++i) {
      node* n = &root;
      while (!n->children.empty() && random() % 3 != 0)
        n = &n->children[random() % n->children.size()];
      n->children.push_back({i, {}});
    }
    ints before, after;
    append(before, root, true);
    append(after, root, false);
    EXPECT_EQ(all(pre_order(root)), before) << "seed " << seed;
    EXPECT_EQ(all(post_order(root)), after) << "seed " << seed;
  }
}

TEST(IteratorGenerator, TakesOtherGeneratorsWithoutItems) {
  const auto make = []() -> generator<int> {
    co_yield elements_of(up_to(0));
    co_yield elements_of(up_to(1));
    generator<int> named = up_to(0);
    co_yield elements_of(std::move(named));
  };
  EXPECT_EQ(all(make()), ints{0});
}

TEST(IteratorGenerator, TakesNoGeneratorOfWhichAnItemWasTaken) {
  const auto make = [](generator<int> inner) -> generator<int> {
    co_yield -1;
    co_yield elements_of(std::move(inner));
  };
  generator<int> started = up_to(2);
  EXPECT_EQ(*started.begin(), 0);
  EXPECT_THROW(all(make(std::move(started))), it::misuse);
  EXPECT_THROW(all(make(std::move(started))), it::misuse) << "nor one that was moved from";
}

struct broken : std::runtime_error {
  using runtime_error::runtime_error;
};
generator<int> fails(int depth) {
  co_yield depth;
  if (depth == 0) throw broken("at the bottom");
  co_yield elements_of(fails(depth - 1));
  co_yield -1;
}
TEST(IteratorGenerator, WhatIsThrownReachesTheUserThroughAll) {
  generator<int> g = fails(3);
  auto i = g.begin();
  for (int depth = 3; depth != 0; --depth, ++i) EXPECT_EQ(*i, depth);
  EXPECT_EQ(*i, 0);
  EXPECT_THROW(++i, broken);
  EXPECT_TRUE(i == g.end());

  const auto at_once = []() -> generator<int> {
    throw broken("at once");
    co_return;
  };
  generator<int> none = at_once();
  EXPECT_THROW(static_cast<void>(none.begin()), broken);
}

TEST(IteratorGenerator, WhoTakesAnotherCanCatchWhatItThrows) {
  const auto careful = []() -> generator<int> {
    for (int again = 0; again != 2; ++again) {
      bool caught = false;
      try {
        co_yield elements_of(fails(1));
      } catch (const broken&) {
        caught = true;
      }
      if (caught) co_yield 100;
    }
  };
  EXPECT_EQ(all(careful()), (ints{1, 0, 100, 1, 0, 100}));
}

// Counts how many of it there are.
struct counted {
  explicit counted(int& n) : count(&n) { ++*count; }
  counted(const counted& from) : count(from.count) { ++*count; }
  counted& operator=(const counted&) = delete;
  ~counted() { --*count; }
  int* count;
};
generator<const counted> levels(int& count, int depth) {
  const counted mine(count);
  co_yield mine;
  if (depth != 0) co_yield elements_of(levels(count, depth - 1));
  co_yield counted(count);
}
TEST(IteratorGenerator, NothingIsLeft) {
  int count = 0;
  for (int taken = 0; taken != 13; ++taken) {
    {
      generator<const counted> g = levels(count, 5);
      EXPECT_EQ(count, 0);
      int n = 0;
      if (taken != 0) {
        for (auto i = g.begin(); i != g.end() && ++n != taken; ++i) EXPECT_GT(count, 0);
      }
    }
    EXPECT_EQ(count, 0) << "after " << taken << " items";
  }
}

TEST(IteratorGenerator, TheInnermostIsDestroyedFirst) {
  struct says {
    std::string* log;
    char what;
    ~says() { *log += what; }
  };
  struct walk {
    static generator<int> inner(std::string& log) {
      const says end{&log, 'i'};
      co_yield 1;
    }
    static generator<int> outer(std::string& log) {
      const says end{&log, 'o'};
      co_yield elements_of(inner(log));
    }
  };
  std::string log;
  {
    generator<int> g = walk::outer(log);
    EXPECT_EQ(*g.begin(), 1);
  }
  EXPECT_EQ(log, "io");
}

generator<int> chain(int depth) {
  co_yield depth;
  if (depth != 0) co_yield elements_of(chain(depth - 1));
  co_yield -depth;
}
TEST(IteratorGenerator, HoweverDeepTheStackDoesNotOverflow) {
  constexpr int depth = 200'000;
  long sum = 0, items = 0;
  for (const int i : chain(depth)) sum += i, ++items;
  EXPECT_EQ(sum, 0);
  EXPECT_EQ(items, 2L * depth + 2);
  generator<int> g = chain(depth);
  auto i = g.begin();
  while (*i != 0) ++i;
}  // and is destroyed there

TEST(IteratorGenerator, IsEndedByAnAllocationThatFails) {
  int count = 0, most = 0;
  const std::size_t failed = gof::testing::fail_each_allocation(
      [&] {
        for (const counted& c : levels(count, 3)) most = std::max(most, *c.count);
      },
      [&] { EXPECT_EQ(count, 0); });
  EXPECT_EQ(failed, 4U) << "a coroutine, an allocation";
  EXPECT_EQ(count, 0);
  EXPECT_EQ(most, 5);
}

}  // namespace
