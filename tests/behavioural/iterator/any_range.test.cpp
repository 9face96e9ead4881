// SPDX-License-Identifier: BSL-1.0
#include <gof/iterator/any_range.hpp>
// The header under test comes first, so that it has to stand alone.
#include <gtest/gtest.h>

#include <array>
#include <forward_list>
#include <gof/iterator/generator.hpp>
#include <list>
#include <map>
#include <memory>
#include <random>
#include <ranges>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/allocations.hpp"

namespace {

namespace it = gof::iterator;
using it::any_range;
using ints = std::vector<int>;

static_assert(std::ranges::input_range<any_range<int>>);
static_assert(!std::is_copy_constructible_v<any_range<int>>);
static_assert(std::is_nothrow_move_constructible_v<any_range<int>>);
static_assert(std::is_same_v<std::ranges::range_reference_t<any_range<const int>>, const int&>);
static_assert(std::is_convertible_v<ints&, any_range<int>>);
static_assert(std::is_convertible_v<ints, any_range<const int>>);
static_assert(!std::is_convertible_v<int, any_range<int>>);
static_assert(!std::is_convertible_v<std::vector<std::string>, any_range<int>>);
static_assert(!std::is_convertible_v<const std::vector<std::unique_ptr<int>>&,
                                     any_range<std::unique_ptr<int>>>);

ints all(any_range<const int> range) {
  ints items;
  for (const int& i : range) items.push_back(i);
  return items;
}
it::generator<int> up_to(int n) {
  for (int i = 0; i != n; ++i) co_yield i;
}

TEST(IteratorAnyRange, StandsForAnyRangeOfSuchItems) {
  ints v{1, 2, 3};
  int array[] = {1, 2, 3};
  const std::list<int> list{1, 2, 3};
  EXPECT_EQ(all(v), v);
  EXPECT_EQ(all(ints{1, 2, 3}), v);
  EXPECT_EQ(all(array), v);
  EXPECT_EQ(all(list), v);
  EXPECT_EQ(all(std::forward_list<int>{1, 2, 3}), v);
  EXPECT_EQ(all(std::vector<short>{1, 2, 3}), v) << "as copies";
  EXPECT_EQ(all(std::vector<bool>{true, false}), (ints{1, 0}));
  EXPECT_EQ(all(std::views::iota(1, 4)), v);
  EXPECT_EQ(all(v | std::views::reverse | std::views::transform([](int i) { return 4 - i; })), v);
  EXPECT_EQ(all(up_to(3)), (ints{0, 1, 2}));
  EXPECT_EQ(all(ints{}), ints{});
  EXPECT_EQ(all(std::list<int>{}), ints{});
  EXPECT_EQ(all(up_to(0)), ints{});
}

TEST(IteratorAnyRange, SameItems) {
  for (unsigned seed = 0; seed != 100; ++seed) {
    std::mt19937 random(seed);
    ints v(random() % 40);
    for (int& i : v) i = static_cast<int>(random() % 100);
    const std::list<int> list(v.begin(), v.end());
    EXPECT_EQ(all(v), v);
    EXPECT_EQ(all(list), v);
    ints some;
    for (const int i : v) {
      if (i % 3 == 0) some.push_back(i + 1);
    }
    EXPECT_EQ(all(v | std::views::filter([](int i) { return i % 3 == 0; }) |
                  std::views::transform([](int i) { return i + 1; })),
              some);
  }
}

TEST(IteratorAnyRange, GivesTheItemsThemselves) {
  ints v{1, 2};
  std::list<int> list{1, 2};
  const auto twice = [](any_range<int> range) {
    for (int& i : range) i *= 2;
  };
  twice(v);
  twice(list);
  EXPECT_EQ(v, (ints{2, 4}));
  EXPECT_EQ(list, (std::list<int>{2, 4}));

  any_range<std::unique_ptr<int>> owned = [] {
    std::vector<std::unique_ptr<int>> p;
    p.push_back(std::make_unique<int>(7));
    return p;
  }();
  for (std::unique_ptr<int>& p : owned) EXPECT_EQ(*std::exchange(p, nullptr), 7);
}

TEST(IteratorAnyRange, MakesItemsOfWhatIsAnother) {
  const std::vector<std::string_view> views{"a", "b"};
  std::string text;
  for (std::string& s : any_range<std::string>(views)) text += s += '.';
  EXPECT_EQ(text, "a.b.");
  EXPECT_EQ(views[0], "a");
}

struct base {
  int value;
};
struct derived : base {
  explicit derived(int v) : base{v} {}
  std::array<char, 20> more{};
};
TEST(IteratorAnyRange, GivesWhatIsInheritedOfEach) {
  std::vector<derived> v{derived(1), derived(2), derived(3)};
  ints values;
  const derived* expected = v.data();
  for (const base& b : any_range<const base>(v)) {
    EXPECT_EQ(&b, expected++);
    values.push_back(b.value);
  }
  EXPECT_EQ(values, (ints{1, 2, 3}));
}

TEST(IteratorAnyRange, AsksForItemsOneByOneUnlessTheyLieSideBySide) {
  int made = 0;
  ints v{1, 2, 3};
  any_range<int> range = v | std::views::transform([&](int i) { return ++made, i; });
  auto i = range.begin();
  EXPECT_EQ(made, 1);
  EXPECT_EQ(*i, 1);
  ++i;
  EXPECT_EQ(made, 2);
  EXPECT_FALSE(i == range.end());
  i++;
  EXPECT_EQ(*i, 3);
  ++i;
  EXPECT_TRUE(i == range.end());
}

TEST(IteratorAnyRange, CanBeWalkedOnAsOftenAsTheRangeAllows) {
  ints v{1, 2};
  any_range<int> twice = v;
  std::list<int> l{1, 2};
  any_range<int> list = l;
  for (int again = 0; again != 2; ++again) {
    ints items;
    for (const int i : twice) items.push_back(i);
    for (const int i : list) items.push_back(i);
    EXPECT_EQ(items, (ints{1, 2, 1, 2}));
  }

  any_range<int> generated = up_to(2);
  static_cast<void>(generated.begin());
  EXPECT_THROW(static_cast<void>(generated.begin()), it::misuse);

  std::istringstream in("1 2 3");
  any_range<int> read = std::views::istream<int>(in);
  static_cast<void>(read.begin());
  EXPECT_THROW(static_cast<void>(read.begin()), it::misuse);

  any_range<int> moved = std::move(twice);
  EXPECT_EQ(*moved.begin(), 1);
  EXPECT_THROW(static_cast<void>(twice.begin()), it::misuse);  // NOLINT: on purpose
}

TEST(IteratorAnyRange, IsAtTheEndWhenTheRangeThrows) {
  const auto fails_at_2 = [](int i) {
    if (i == 2) throw std::runtime_error("2");
    return i;
  };
  any_range<int> range = std::views::iota(1, 4) | std::views::transform(fails_at_2);
  auto i = range.begin();
  EXPECT_EQ(*i, 1);
  EXPECT_THROW(++i, std::runtime_error);
  EXPECT_TRUE(i == range.end());
}

TEST(IteratorAnyRange, TakesOneAllocation) {
  ints v{1, 2};
  int sum = 0;
  EXPECT_EQ(gof::testing::fail_each_allocation(
                [&] {
                  sum = 0;
                  for (const int i : any_range<int>(v)) sum += i;
                },
                [&] { EXPECT_EQ(sum, 0); }),
            1U);
  EXPECT_EQ(sum, 3);
}

}  // namespace
