// SPDX-License-Identifier: BSL-1.0
#include <gof/flyweight/shared_factory.hpp>
// The header under test comes first, so that it has to stand alone.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <future>
#include <latch>
#include <map>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "support/allocations.hpp"

namespace {

using gof::flyweight::misuse, gof::flyweight::shared_flyweight;
using gof::flyweight::shared_flyweight_factory;

using text = shared_flyweight<std::string>;
using texts = shared_flyweight_factory<std::string>;

static_assert(sizeof(text) == sizeof(void*));
static_assert(std::is_nothrow_copy_constructible_v<text> &&
              std::is_nothrow_copy_assignable_v<text>);
static_assert(!std::is_copy_constructible_v<texts> && !std::is_move_constructible_v<texts>);
static_assert(std::is_default_constructible_v<texts>&& noexcept(std::declval<texts&>().sweep()));

// Runs f(number) in n threads at once.
template <class F>
void at_once(int n, F f) {
  std::latch begin(n);
  std::vector<std::thread> all;
  for (int i = 0; i != n; ++i) {
    all.emplace_back([&, i] {
      begin.arrive_and_wait();
      f(i);
    });
  }
  for (std::thread& t : all) t.join();
}

// The law EqualKeysShare, in four threads that get, copy, let go and sweep.
TEST(SharedFlyweightFactory, EqualKeysShare) {
  texts names;
  std::vector<text> held;
  for (int i = 0; i != 10; ++i) held.push_back(names.get_flyweight(std::to_string(i)));
  std::atomic<std::size_t> asked = held.size();
  at_once(4, [&](int thread) {
    std::mt19937 random(static_cast<unsigned>(thread));
    std::vector<text> mine(10);
    for (int step = 0; step != 5000; ++step) {
      const std::size_t number = random() % 200, at = random() % mine.size();
      const std::string key = std::to_string(number);
      text got = names.get_flyweight(key);
      ++asked;
      EXPECT_EQ(*got, key);
      if (number < held.size()) {
        EXPECT_EQ(got, held[number]);
      }
      EXPECT_EQ(names.find(key), got);
      mine[at] = got;
      if (random() % 3 == 0) mine[at] = text();
      if (random() % 500 == 0) {
        names.sweep();
        EXPECT_GE(names.size(), held.size());
      }
    }
  });
  EXPECT_EQ(names.hits() + names.misses(), asked);
  names.sweep();
  EXPECT_EQ(names.size(), held.size());
}

TEST(SharedFlyweightFactory, UnusedOnesGo) {
  texts names;
  {
    std::vector<text> held;
    for (int i = 0; i != 1000; ++i) held.push_back(names.get_flyweight(std::to_string(i)));
    EXPECT_EQ(names.size(), 1000U);
    EXPECT_EQ(names.sweep(), 0U);
  }
  EXPECT_EQ(names.sweep(), 1000U);
  EXPECT_EQ(names.size(), 0U);
}

// A list whose tails are shared, and lie in any shard.
struct list {
  int head;
  shared_flyweight<list> tail;
  friend bool operator==(const list&, const list&) = default;
};
struct by_head_and_tail {
  const list& operator()(const list& l) const { return l; }
  static std::size_t hash(const list& l) {
    return std::hash<shared_flyweight<list>>()(l.tail) + static_cast<std::size_t>(l.head);
  }
};

TEST(SharedFlyweightFactory, UnusedOnesGoWhereTheyUseOneAnother) {
  shared_flyweight_factory<list, by_head_and_tail> lists;
  shared_flyweight<list> all;
  for (int i = 0; i != 200; ++i) all = lists.get_flyweight({i, all});
  EXPECT_EQ(lists.size(), 200U);
  all = {};
  EXPECT_EQ(lists.sweep(), 200U);
}

TEST(SharedFlyweightFactory, DividesNumbersAmongItsShards) {
  shared_flyweight_factory<int> numbers;
  for (int i = 0; i != 100; ++i) static_cast<void>(numbers.get_flyweight(i));
  EXPECT_EQ(numbers.size(), 100U) << "in one shard there would have been a sweep";
}

// The law Bounded.
TEST(SharedFlyweightFactory, Bounded) {
  shared_flyweight_factory<int> numbers;
  for (int i = 0; i != 20'000; ++i) {
    static_cast<void>(numbers.get_flyweight(i));
    ASSERT_LE(numbers.size(), 16U * 64U);
  }
  EXPECT_EQ(numbers.misses(), 20'000U);
}

TEST(SharedFlyweightFactory, ValuesOutliveTheFactory) {
  text kept;
  {
    texts names;
    kept = names.get_flyweight("Ana");
  }
  at_once(2, [&](int) {
    for (int i = 0; i != 1000; ++i) {
      const text copy = kept;
      EXPECT_EQ(*copy, "Ana");
    }
  });
}

TEST(SharedFlyweightFactory, TheLastUserMayBeInAnyThread) {
  for (int i = 0; i != 200; ++i) {
    auto names = std::make_unique<texts>();
    std::vector<text> held(2, names->get_flyweight("a text that is not short"));
    at_once(3, [&](int thread) {
      if (thread == 2) {
        names.reset();
      } else {
        EXPECT_EQ(held[static_cast<std::size_t>(thread)]->size(), 24U);
        held[static_cast<std::size_t>(thread)] = text();
      }
    });
  }
}

TEST(SharedFlyweightFactory, KeepsOneOfTwoThatAreMadeAtOnce) {
  texts names;
  std::latch both(2);
  std::vector<text> got(2);
  at_once(2, [&](int thread) {
    got[static_cast<std::size_t>(thread)] = names.get_flyweight("x", [&] {
      both.arrive_and_wait();  // no lock is held here
      return std::string("x");
    });
  });
  EXPECT_EQ(got[0], got[1]);
  EXPECT_EQ(names.size(), 1U);
  EXPECT_EQ(names.misses(), 1U);
  EXPECT_EQ(names.hits(), 1U);
}

TEST(SharedFlyweightFactory, MayBeUsedWhileAValueIsMade) {
  texts names;
  const text outer = names.get_flyweight("same", [&] { return *names.get_flyweight("same"); });
  EXPECT_EQ(*outer, "same");
  EXPECT_EQ(names.size(), 1U);
}

struct in_one_shard : gof::flyweight::itself {
  static std::size_t hash(std::string_view) { return 0; }
};

TEST(SharedFlyweightFactory, OneAtATimeIsInAShard) {
  using factory = shared_flyweight_factory<std::string, in_one_shard>;
  const std::vector<std::function<void(factory&)>> all{
      [](factory& f) { static_cast<void>(f.get_flyweight("a")); },
      [](factory& f) { static_cast<void>(f.find("a")); },
      [](factory& f) { static_cast<void>(f.size()); }, [](factory& f) { f.sweep(); },
      [](factory& f) { f.for_each([](auto&&...) {}); }};
  for (std::size_t i = 0; i != all.size(); ++i) {
    factory names;
    const auto kept = names.get_flyweight("a");
    std::future<void> other;
    names.for_each([&](auto&&...) {
      other = std::async(std::launch::async, [&] { all[i](names); });
      EXPECT_EQ(other.wait_for(std::chrono::milliseconds(20)), std::future_status::timeout) << i;
    });
    other.get();
  }
}
TEST(SharedFlyweightFactory, WhatWasMadeIsPutInByOneAtATime) {
  shared_flyweight_factory<std::string, in_one_shard> names;
  const auto kept = names.get_flyweight("a");
  std::latch making(1), go_on(1);
  auto made = std::async(std::launch::async, [&] {
    return names.get_flyweight("b", [&] {
      making.count_down();
      go_on.wait();
      return std::string("b");
    });
  });
  making.wait();
  names.for_each([&](auto&&...) {
    go_on.count_down();
    EXPECT_EQ(made.wait_for(std::chrono::milliseconds(20)), std::future_status::timeout);
  });
  EXPECT_EQ(*made.get(), "b");
}

TEST(SharedFlyweightFactory, TellsOfEachValueHowManyUseIt) {
  texts names;
  const text a = names.get_flyweight("a"), b = a, c = names.get_flyweight("c");
  std::map<std::string, std::size_t> seen;
  names.for_each([&](const std::string& s, std::size_t n) { seen[s] = n; });
  EXPECT_EQ(seen, (std::map<std::string, std::size_t>{{"a", 2}, {"c", 1}}));
}

TEST(SharedFlyweightFactory, IsUnchangedWhereMakingFails) {
  texts names;
  const std::string key(100, 'x');
  EXPECT_THROW(static_cast<void>(names.get_flyweight("Ben", [] { return std::string("Ana"); })),
               misuse);
  EXPECT_EQ(gof::testing::fail_each_allocation([&] { static_cast<void>(names.get_flyweight(key)); },
                                               [&] {
                                                 EXPECT_EQ(names.size(), 0U);
                                                 EXPECT_FALSE(names.find(key));
                                               }),
            3U);
  EXPECT_EQ(names.misses(), 1U);
}

}  // namespace
