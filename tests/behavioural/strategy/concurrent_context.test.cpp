// SPDX-License-Identifier: BSL-1.0
#include <gof/strategy/concurrent_context.hpp>
// The header under test comes first, so that it has to stand alone.
#include <gtest/gtest.h>

#include <atomic>
#include <barrier>
#include <latch>
#include <memory>
#include <random>
#include <thread>
#include <utility>
#include <vector>

#include "support/allocations.hpp"

namespace {

namespace st = gof::strategy;
using context = st::concurrent_context<int(int)>;

static_assert(!std::is_copy_constructible_v<context> && !std::is_copy_assignable_v<context>);
static_assert(!std::is_default_constructible_v<context>);
static_assert(!std::is_copy_constructible_v<context::pinned>);
static_assert(!std::is_copy_assignable_v<context::pinned>);
static_assert(std::is_nothrow_constructible_v<context::pinned, const context&>);
static_assert(std::is_nothrow_constructible_v<context, st::strategy<int(int)>>);
static_assert(context::capacity >= 2);

// Knows how many of it there are, copies apart.
struct alive {
  explicit alive(int& count) : n(count) { ++n; }
  alive(const alive&) = delete;
  alive& operator=(const alive&) = delete;
  ~alive() { --n; }
  int& n;
};
auto says(int answer, int& count) {
  return [answer, lives = std::make_shared<alive>(count)](int) { return answer; };
}

TEST(StrategyConcurrentContext, CallsTheCurrentOne) {
  context c([](int n) { return n + 1; });
  EXPECT_EQ(c(1), 2);
  c.configure([](int n) { return 10 * n; });
  EXPECT_EQ(c(1), 10);
  struct fault {};
  c.configure([](int) -> int { throw fault(); });
  EXPECT_THROW(c(1), fault);
  c.configure([](int n) { return n; });
  EXPECT_EQ(c(1), 1);
}

// Against a model: what each pinned one answers, and that those alive are the current one and those
// that are pinned.
TEST(StrategyConcurrentContext, TheOldOneLivesAsLongAsItsCalls) {
  std::mt19937 random(1);
  for (int round = 0; round != 100; ++round) {
    std::vector<int> lives(101, 0);
    {
      int current = 0;
      context c(says(0, lives[0]));
      std::vector<std::pair<int, std::unique_ptr<context::pinned>>> pins;
      for (int i = 1; i <= 100; ++i) {
        if (const auto what = random() % 4; what == 0) {
          c.configure(says(i, lives[static_cast<std::size_t>(i)]));
          current = i;
        } else if (what == 1 && !pins.empty()) {
          pins.erase(pins.begin() + static_cast<std::ptrdiff_t>(random() % pins.size()));
        } else if (what == 2) {
          pins.emplace_back(current, std::make_unique<context::pinned>(c));
        } else {
          ASSERT_EQ(c(0), current);
        }
        std::vector<int> expected(101, 0);
        expected[static_cast<std::size_t>(current)] = 1;
        for (const auto& [answer, pin] : pins) {
          expected[static_cast<std::size_t>(answer)] = 1;
          ASSERT_EQ((*pin)(0), answer);
        }
        ASSERT_EQ(lives, expected);
      }
    }
    EXPECT_EQ(lives, std::vector<int>(101, 0));
  }
}

TEST(StrategyConcurrentContext, NobodyWaitsForACallThatRuns) {
  std::latch inside(1), go_on(1);
  std::atomic<bool> destroyed = false;
  const auto mark = [&](int* p) {
    delete p;
    destroyed = true;
  };
  context c([&, lives = std::shared_ptr<int>(new int(7), mark)](int) {
    inside.count_down();
    go_on.wait();
    return *lives;
  });
  int answer = 0;
  std::jthread slow([&] { answer = c(0); });
  inside.wait();
  c.configure([](int n) { return n; });
  EXPECT_EQ(c(3), 3);
  EXPECT_FALSE(destroyed);
  go_on.count_down();
  slow.join();
  EXPECT_TRUE(destroyed);
  EXPECT_EQ(answer, 7);
}

TEST(StrategyConcurrentContext, CanBeReplacedByItself) {
  int lives = 0;
  context* in = nullptr;
  context c([&, self = std::make_shared<alive>(lives)](int n) {
    in->configure([](int m) { return -m; });
    EXPECT_EQ((*in)(n), -n);
    return self->n;
  });
  in = &c;
  EXPECT_EQ(c(3), 1) << "it was there to the end of its call";
  EXPECT_EQ(lives, 0);
  EXPECT_EQ(c(3), -3);
}

TEST(StrategyConcurrentContext, CanBeUsedInTheDestructorOfAStrategy) {
  context* in = nullptr;
  int seen = 0;
  const auto last_words = [&](int* p) {
    delete p;
    seen = (*in)(1);
    in->configure([](int) { return 3; });
  };
  context c([lives = std::shared_ptr<int>(new int(1), last_words)](int) { return *lives; });
  in = &c;
  c.configure([](int) { return 2; });
  EXPECT_EQ(seen, 2);
  EXPECT_EQ(c(0), 3);
}

TEST(StrategyConcurrentContext, RefusesTooManyThatRun) {
  int lives = 0;
  context c(says(0, lives));
  std::vector<std::unique_ptr<context::pinned>> pins;
  for (std::size_t i = 1; i != context::capacity; ++i) {
    pins.push_back(std::make_unique<context::pinned>(c));
    c.configure(says(static_cast<int>(i), lives));
  }
  pins.push_back(std::make_unique<context::pinned>(c));
  const int last = static_cast<int>(context::capacity) - 1;
  for (int i = 0; i != 3; ++i) {
    EXPECT_THROW(c.configure(says(-1, lives)), st::too_many_running);
    EXPECT_EQ(c(0), last);
    EXPECT_EQ(lives, last + 1);
  }
  pins.erase(pins.begin() + 5);
  c.configure(says(-2, lives));
  EXPECT_EQ(c(0), -2);
  EXPECT_EQ(lives, last + 1);
  pins.clear();
  EXPECT_EQ(lives, 1);
}

TEST(StrategyConcurrentContext, NeitherACallNorAReplacementAllocates) {
  context c([](int n) { return n; });
  st::strategy<int(int)> next = [](int n) { return -n; };
  const std::size_t before = gof::testing::allocations();
  EXPECT_EQ(c(1), 1);
  c.configure(std::move(next));
  EXPECT_EQ(c(1), -1);
  EXPECT_EQ(gof::testing::allocations(), before);
}

// Dead once it is destroyed; a call looks at it twice.
struct watched {
  explicit watched(int n, std::atomic<int>& count) : id(n), lives(count) { ++lives; }
  watched(const watched&) = delete;
  watched& operator=(const watched&) = delete;
  ~watched() {
    id = -1;
    --lives;
  }
  std::atomic<int> id;
  std::atomic<int>& lives;
};

TEST(StrategyConcurrentContext, OneCallOneStrategy) {
  constexpr int readers = 3, writers = 2, times = 2000;
  std::atomic<int> lives = 0, mixed = 0;
  const auto make = [&](int id) {
    return [w = std::make_shared<watched>(id, lives)](int yields) {
      const int before = w->id;
      while (yields-- > 0) std::this_thread::yield();
      return before == w->id ? before : -1;
    };
  };
  {
    context c(make(0));
    std::barrier ready(readers + writers);
    std::vector<std::jthread> threads;
    for (int t = 0; t != readers; ++t) {
      threads.emplace_back([&, t] {
        ready.arrive_and_wait();
        for (int i = 0; i != times; ++i) {
          const context::pinned p(c);
          const int first = p(t);
          if (first < 0 || p(0) != first || c(0) < 0) ++mixed;
        }
      });
    }
    for (int t = 0; t != writers; ++t) {
      threads.emplace_back([&, t] {
        ready.arrive_and_wait();
        for (int i = 1; i <= times; ++i) c.configure(make(i * writers + t));
      });
    }
    threads.clear();
    EXPECT_EQ(mixed, 0);
    EXPECT_EQ(lives, 1);
    EXPECT_GE(c(0), times * writers) << "the last one of a writer is the last one";
  }
  EXPECT_EQ(lives, 0);
}

}  // namespace
