// SPDX-License-Identifier: BSL-1.0
#include <gof/iterator.hpp>
// The header under test comes first, so that it has to stand alone.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <deque>
#include <limits>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "support/allocations.hpp"

namespace {

namespace it = gof::iterator;
using it::cursor;
using testing::Range;

using numbers = std::set<int>;
using names = std::map<std::string, int>;

static_assert(it::keyed<numbers> && it::keyed<const numbers> && it::keyed<names>);
static_assert(it::keyed<std::map<int, std::unique_ptr<int>>>);
static_assert(!it::aggregate<std::multiset<int>> && !it::aggregate<std::multimap<int, int>>);
static_assert(!it::aggregate<std::unordered_map<std::size_t, int>>);
static_assert(it::indexed<std::vector<int>> && it::indexed<const std::deque<int>>);
static_assert(it::indexed<std::span<int>> && it::indexed<std::array<int, 3>>);
static_assert(!it::indexed<names> && !it::indexed<std::vector<bool>> && !it::aggregate<int>);
static_assert(std::is_same_v<cursor<names>::position, std::string>);
static_assert(std::is_same_v<cursor<std::vector<int>>::position, std::size_t>);
static_assert(!std::is_constructible_v<cursor<const numbers>, numbers>);
static_assert(!std::is_convertible_v<numbers&, cursor<numbers>>);
static_assert(std::is_copy_constructible_v<cursor<numbers>>);
static_assert(noexcept(std::declval<const cursor<numbers>&>().is_done()));
template <class A>
using item_t = decltype(std::declval<const cursor<A>&>().current_item());
static_assert(std::is_same_v<item_t<std::vector<int>>, int&>);
static_assert(std::is_same_v<item_t<const std::vector<int>>, const int&>);
static_assert(std::is_same_v<item_t<names>, std::pair<const std::string, int>&>);
static_assert(std::is_base_of_v<std::runtime_error, it::gone>);
static_assert(std::is_base_of_v<std::runtime_error, it::lost>);
static_assert(std::is_base_of_v<std::logic_error, it::misuse>);

template <class A>
std::vector<int> walked(cursor<A> c) {
  std::vector<int> seen;
  for (c.first(); !c.is_done(); c.next()) seen.push_back(c.current_item());
  return seen;
}
using seen = std::vector<int>;

// The even numbers up to a last one; makes them when asked, and fails when told.
struct evens {
  using position = int;
  int last = 0;
  bool fails = false;
  std::optional<int> first() const { return after(-2); }
  std::optional<int> after(int p) const {
    if (fails) throw it::lost("told to fail");
    return p + 2 <= last ? std::optional(p + 2) : std::nullopt;
  }
  std::optional<std::string> at(int p) const {
    return p <= last ? std::optional(std::to_string(p)) : std::nullopt;
  }
};
static_assert(it::positioned<evens> && it::positioned<const evens>);
static_assert(std::is_same_v<item_t<evens>, std::string>);

TEST(IteratorCursor, VisitsEachItemOfWhateverItWalksOn) {
  std::vector<int> v{3, 1, 2};
  const std::deque<int> d{3, 1, 2};
  std::array<int, 3> a{3, 1, 2};
  std::span<int> s(a);
  numbers n{3, 1, 2};
  const numbers none;
  EXPECT_EQ(walked(cursor(v)), (seen{3, 1, 2}));
  EXPECT_EQ(walked(cursor(d)), (seen{3, 1, 2}));
  EXPECT_EQ(walked(cursor(a)), (seen{3, 1, 2}));
  EXPECT_EQ(walked(cursor(s)), (seen{3, 1, 2}));
  EXPECT_EQ(walked(cursor(n)), (seen{1, 2, 3}));
  EXPECT_EQ(walked(cursor(none)), seen{});

  names ages{{"Ben", 40}, {"Ana", 30}};
  std::string all;
  for (cursor c(ages); !c.is_done(); c.next()) {
    all += c.current_item().first;
    c.current_item().second += 1;
  }
  EXPECT_EQ(all, "AnaBen");
  EXPECT_EQ(ages, (names{{"Ana", 31}, {"Ben", 41}}));

  const evens own{4};
  all.clear();
  for (cursor c(own); !c.is_done(); c.next()) all += c.current_item();
  EXPECT_EQ(all, "024");
}

TEST(IteratorCursor, BeginsAgain) {
  numbers n{1, 2, 3};
  cursor c(n);
  c.next();
  c.next();
  n.erase(1);
  c.first();
  EXPECT_EQ(c.current_item(), 2);
  EXPECT_EQ(c.save(), std::nullopt);
}

TEST(IteratorCursor, SaysThatTheCurrentItemIsGoneAndGoesOn) {
  numbers n{1, 2, 3};
  cursor c(n);
  c.next();
  n.erase(2);
  EXPECT_FALSE(c.is_done());
  EXPECT_THROW(static_cast<void>(c.current_item()), it::gone);
  n.insert(2);
  EXPECT_EQ(c.current_item(), 2);
  n.erase(2);
  c.next();
  EXPECT_EQ(c.current_item(), 3);

  evens own{4};
  cursor e(own);
  e.next();
  own.last = 1;
  EXPECT_THROW(static_cast<void>(e.current_item()), it::gone);
}

TEST(IteratorCursor, SeesAtTheEndWhatIsThereByNow) {
  numbers n;
  std::vector<int> v;
  evens own{-2};
  const auto check = [](auto c, auto append) {
    for (int end = 0; end != 3; ++end) {
      EXPECT_TRUE(c.is_done());
      EXPECT_THROW(static_cast<void>(c.current_item()), it::misuse);
      c.next();
      EXPECT_TRUE(c.is_done()) << "there is nothing yet";
      append();
      if (c.is_done()) c.next();
      ASSERT_FALSE(c.is_done());
      static_cast<void>(c.current_item());
      c.next();
    }
  };
  check(cursor(n), [&] { n.insert(static_cast<int>(n.size())); });
  check(cursor(v), [&] { v.push_back(1); });
  check(cursor(own), [&] { own.last += 2; });
}

TEST(IteratorCursor, TheCurrentItemIsNotPassedYet) {
  std::vector<int> v{1, 2};
  cursor c(v);
  EXPECT_EQ(c.save(), std::nullopt);
  c.next();
  EXPECT_EQ(c.save(), std::optional<std::size_t>(0));
  cursor other(v);
  other.resume(c.save());
  EXPECT_EQ(other.current_item(), 2);
  EXPECT_EQ(other.save(), std::optional<std::size_t>(0)) << "as if it had passed them itself";
  c.next();
  other.resume(c.save());
  EXPECT_TRUE(other.is_done());
  other.resume(std::nullopt);
  EXPECT_EQ(other.current_item(), 1);
  EXPECT_EQ(other.save(), std::nullopt);
}

TEST(IteratorCursor, DoesNotFindIndicesOfItemsThatAreNotThereAnyMore) {
  std::vector<int> v{1, 2, 3};
  cursor c(v);
  c.next();
  for (const std::size_t gone : {std::size_t(3), std::numeric_limits<std::size_t>::max()}) {
    EXPECT_THROW(c.resume(gone), it::lost);
    EXPECT_EQ(c.current_item(), 2);
    EXPECT_EQ(c.save(), std::optional<std::size_t>(0));
  }
  v.resize(1);
  EXPECT_TRUE(c.is_done());
  c.next();
  EXPECT_TRUE(c.is_done());
  v.clear();
  EXPECT_THROW(c.next(), it::lost);
  c.first();
  EXPECT_TRUE(c.is_done());
}

TEST(IteratorCursor, IsWhereItWasWhenTheAggregateThrows) {
  evens own{6};
  cursor c(own);
  c.next();
  c.next();
  own.fails = true;
  EXPECT_THROW(c.next(), it::lost);
  EXPECT_THROW(c.first(), it::lost);
  EXPECT_THROW(c.resume(0), it::lost);
  EXPECT_EQ(c.current_item(), "4");
  EXPECT_EQ(c.save(), 2);
  own.fails = false;
  c.next();
  c.next();
  own.fails = true;
  EXPECT_THROW(c.next(), it::lost) << "at the end, too";
  EXPECT_TRUE(c.is_done());
  EXPECT_EQ(c.save(), 6);
}

TEST(IteratorCursor, IsWhereItWasWhenThereIsNoMemory) {
  const std::string long_name(100, 'x');
  names n{{long_name + "1", 1}, {long_name + "2", 2}, {long_name + "3", 3}};
  cursor c(n);
  c.next();
  const auto unchanged = [&] {
    EXPECT_EQ(c.current_item().second, 2);
    EXPECT_EQ(c.save(), long_name + "1");
  };
  EXPECT_EQ(gof::testing::fail_each_allocation(
                [&] {
                  auto copy = c;
                  copy.next();
                },
                unchanged),
            3U);
  const auto each = [&](auto operation) {
    for (std::size_t n_th = 1;; ++n_th) {
      gof::testing::fail_allocation(n_th);
      try {
        operation();
        gof::testing::fail_allocation(0);
        return n_th - 1;
      } catch (const std::bad_alloc&) {
        gof::testing::fail_allocation(0);
        unchanged();
      }
    }
  };
  EXPECT_EQ(each([&] { static_cast<void>(c.save()); }), 1U);
  EXPECT_EQ(each([&] { c.resume(c.save()); }), 2U);
  EXPECT_EQ(each([&] { c.next(); }), 1U);
  EXPECT_EQ(c.current_item().second, 3);
  c.first();
  c.next();
  EXPECT_EQ(each([&] { c.first(); }), 1U);
  EXPECT_EQ(c.current_item().second, 1);
}

class Seeded : public testing::TestWithParam<unsigned> {
 protected:
  std::mt19937 random{GetParam()};
  int below(int n) { return static_cast<int>(random() % static_cast<unsigned>(n)); }
  // Inserts or removes some numbers.
  void edit(numbers& n) {
    for (int i = below(4); i != 0; --i) {
      const int value = below(60);
      if (n.erase(value) == 0) n.insert(value);
    }
  }
  numbers some() {
    numbers n;
    for (int i = 0; i != 20; ++i) n.insert(below(60));
    return n;
  }
};
INSTANTIATE_TEST_SUITE_P(Iterator, Seeded, Range(0U, 200U));

TEST_P(Seeded, NeitherSkippedNorRepeated) {
  numbers n = some(), all_the_time = n;
  seen visited;
  for (cursor c(n); !c.is_done(); c.next()) {
    int item = -1;
    try {
      item = c.current_item();
    } catch (const it::gone&) {
    }
    if (item != -1) {
      EXPECT_TRUE(n.contains(item));
      EXPECT_TRUE(visited.empty() || visited.back() < item) << "in order, so no one twice";
      visited.push_back(item);
    }
    edit(n);
    std::erase_if(all_the_time, [&](int i) { return !n.contains(i); });
  }
  EXPECT_TRUE(
      std::includes(visited.begin(), visited.end(), all_the_time.begin(), all_the_time.end()));
}

TEST_P(Seeded, SavedIsAsNotInterrupted) {
  numbers n = some();
  cursor waits(n);
  std::string saved;  // as it would stand in a file
  {
    cursor c(n);
    EXPECT_EQ(c.save(), std::nullopt);
  }
  while (!waits.is_done()) {
    cursor other(n);
    if (!saved.empty()) other.resume(std::stoi(saved));
    ASSERT_EQ(other.is_done(), waits.is_done());
    ASSERT_EQ(other.current_item(), waits.current_item());
    other.next();
    saved = std::to_string(other.save().value());
    edit(n);
    waits.next();
  }
}

}  // namespace
