// SPDX-License-Identifier: BSL-1.0
#include <gof/flyweight/front_cache.hpp>
// The header under test comes first, so that it has to stand alone.
#include <gtest/gtest.h>

#include <functional>
#include <limits>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "support/allocations.hpp"

namespace {

using gof::flyweight::front_cache, gof::flyweight::shared_flyweight;
using gof::flyweight::shared_flyweight_factory;

using text = shared_flyweight<std::string>;
using texts = shared_flyweight_factory<std::string>;
using front = front_cache<std::string>;

static_assert(!std::is_copy_constructible_v<front> && !std::is_copy_assignable_v<front>);
static_assert(!std::is_constructible_v<front, texts>);  // it would be gone
static_assert(!std::is_convertible_v<texts&, front>);
static_assert(std::is_same_v<decltype(std::declval<front&>().get_flyweight("")), const text&>);
static_assert(noexcept(std::declval<front&>().clear()));

// The law AFrontCacheCannotBeNoticed, in two threads that sweep.
TEST(FrontCache, AFrontCacheCannotBeNoticed) {
  texts names;
  std::vector<std::thread> both;
  for (unsigned seed = 0; seed != 2; ++seed) {
    both.emplace_back([&names, seed] {
      std::mt19937 random(seed);
      front_cache mine(names, 16);
      for (int step = 0; step != 10'000; ++step) {
        const std::string key = std::to_string(random() % 100);
        const text got = mine.get_flyweight(key);
        EXPECT_EQ(*got, key);
        EXPECT_EQ(names.find(key), got);
        if (random() % 100 == 0) names.sweep();
        if (random() % 500 == 0) mine.clear();
      }
    });
  }
  for (std::thread& t : both) t.join();
}

TEST(FrontCache, AsksTheFactoryOnce) {
  texts names;
  front_cache mine(names);
  const text first = mine.get_flyweight("Ana");
  EXPECT_EQ(names.misses(), 1U);
  const std::size_t before = gof::testing::allocations();
  EXPECT_EQ(mine.get_flyweight("Ana"), first);
  EXPECT_EQ(gof::testing::allocations(), before);
  EXPECT_EQ(mine.hits(), 1U);
  EXPECT_EQ(names.hits(), 0U);
}

TEST(FrontCache, KeepsTheLastThatItGot) {
  shared_flyweight_factory<int> numbers;
  front_cache mine(numbers, 4);  // one set
  for (const int n : {1, 2, 3, 4}) static_cast<void>(mine.get_flyweight(n));
  for (const int n : {1, 2, 3, 4}) EXPECT_EQ(*mine.get_flyweight(n), n);
  EXPECT_EQ(mine.hits(), 4U);
  EXPECT_EQ(*mine.get_flyweight(5), 5);
  for (const int n : {2, 3, 4, 5}) EXPECT_EQ(*mine.get_flyweight(n), n);
  EXPECT_EQ(mine.hits(), 8U);
  EXPECT_EQ(*mine.get_flyweight(1), 1);
  EXPECT_EQ(mine.hits(), 8U) << "1 had been the oldest";
}

TEST(FrontCache, KeepsAsManyAsItIsTold) {
  for (const auto& [capacity, kept] : {std::pair{0, 4}, {1, 4}, {4, 4}, {5, 8}, {8, 8}, {9, 16}}) {
    shared_flyweight_factory<int> numbers;
    front_cache mine(numbers, static_cast<std::size_t>(capacity));
    for (int i = 0; i != 2000; ++i) static_cast<void>(mine.get_flyweight(i));
    numbers.sweep();
    EXPECT_EQ(numbers.size(), static_cast<std::size_t>(kept)) << capacity;
    mine.clear();
    numbers.sweep();
    EXPECT_EQ(numbers.size(), 0U);
  }
}

TEST(FrontCache, WhatItKeepsIsUsed) {
  texts names;
  front_cache mine(names);
  static_cast<void>(mine.get_flyweight("Ana"));
  EXPECT_EQ(names.sweep(), 0U);
  mine.clear();
  EXPECT_EQ(names.sweep(), 1U);
  EXPECT_EQ(*mine.get_flyweight("Ana"), "Ana") << "usable after clear";
}

struct point {
  int x, y;
  friend bool operator==(const point&, const point&) = default;
};
struct all_collide {
  const point& operator()(const point& p) const { return p; }
  static std::size_t hash(const point&) { return 0; }
};

TEST(FrontCache, TellsApartWhatHasOneHash) {
  shared_flyweight_factory<point, all_collide> points;
  front_cache mine(points);
  for (int again = 0; again != 2; ++again) {
    for (int i = 0; i != 4; ++i) EXPECT_EQ(mine.get_flyweight({i, 0})->x, i);
  }
  EXPECT_EQ(mine.hits(), 4U);
}

TEST(FrontCache, TellsApartTextsThatLookAlike) {
  texts names;
  front_cache mine(names);
  std::vector<std::string> keys;
  for (const std::size_t size : {0U, 1U, 7U, 8U, 9U, 16U, 100U}) {
    keys.emplace_back(size, 'x');
    for (std::size_t i = 0; i != size; ++i) {
      keys.emplace_back(size, 'x');
      keys.back()[i] = 'y';
    }
  }
  for (int again = 0; again != 2; ++again) {
    for (const std::string& key : keys) ASSERT_EQ(*mine.get_flyweight(key), key);
  }
  EXPECT_GE(mine.hits(), 1U + 2 + 8 + 9 + 10 + 17) << "all that are not long";
}

struct hash_counted : gof::flyweight::itself {
  static std::size_t hash(std::string_view key) {
    ++calls;
    return std::hash<std::string_view>()(key);
  }
  static inline int calls = 0;
};

TEST(FrontCache, HashesALongTextOnlyToAskTheFactory) {
  for (const auto& [key, hashed] : {std::pair{"a long text", 0}, {"8 bytes.", 0}, {"a short", 1}}) {
    shared_flyweight_factory<std::string, hash_counted> names;
    front_cache mine(names);
    hash_counted::calls = 0;
    static_cast<void>(mine.get_flyweight(key));
    EXPECT_EQ(hash_counted::calls, 1 + hashed) << key;
    static_cast<void>(mine.get_flyweight(key));
    EXPECT_EQ(mine.hits(), 1U);
    EXPECT_EQ(hash_counted::calls, 1 + 2 * hashed) << key;
  }
}

TEST(FrontCache, MayBeUsedWhileAValueIsMade) {
  texts names;
  front_cache mine(names, 4);
  const text outer = mine.get_flyweight("ab", [&] { return *mine.get_flyweight("a") + "b"; });
  EXPECT_EQ(*outer, "ab");
  EXPECT_EQ(mine.get_flyweight("ab"), outer);
  EXPECT_EQ(*mine.get_flyweight("a"), "a");
  EXPECT_EQ(mine.hits(), 2U);
}

TEST(FrontCache, IsUnchangedWhereMakingFails) {
  texts names;
  front_cache mine(names, 4);
  static_cast<void>(mine.get_flyweight("a"));
  const std::string key(100, 'x');
  gof::testing::fail_each_allocation([&] { static_cast<void>(mine.get_flyweight(key)); },
                                     [&] {
                                       EXPECT_EQ(*mine.get_flyweight("a"), "a");
                                       EXPECT_EQ(names.size(), 1U);
                                     });
  EXPECT_EQ(*mine.get_flyweight(key), key);
  EXPECT_EQ(mine.hits(), 4U);
}

TEST(FrontCache, RefusesMoreThanThereIsMemory) {
  texts names;
  EXPECT_THROW(front(names, std::numeric_limits<std::size_t>::max()), std::length_error);
}

}  // namespace
