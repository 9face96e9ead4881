// SPDX-License-Identifier: BSL-1.0
#include <gof/proxy/virtual_proxy.hpp>
// The header under test comes first, so that it has to stand alone.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <latch>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "support/allocations.hpp"

namespace {

namespace px = gof::proxy;
using namespace std::chrono_literals;

struct picture {
  virtual ~picture() = default;
  virtual int draw() const = 0;
};
struct real_picture final : picture {
  explicit real_picture(int n) : pixels(n) {}
  real_picture(const real_picture&) = delete;  // nor can it be moved
  int draw() const override { return pixels; }
  int pixels;
};
struct no_file : std::runtime_error {
  using std::runtime_error::runtime_error;
};

static_assert(px::factory_of<int (*)(), int>);
static_assert(px::factory_of<std::unique_ptr<real_picture> (*)(), picture>);
static_assert(px::factory_of<real_picture (*)(), real_picture>);
static_assert(!px::factory_of<real_picture (*)(), picture>);
static_assert(!px::factory_of<std::string (*)(), int> && !px::factory_of<int, int>);
static_assert(sizeof(px::virtual_proxy<std::string>) == 2 * sizeof(void*));
static_assert(!std::is_copy_constructible_v<px::virtual_proxy<int>>);
static_assert(!std::is_move_assignable_v<px::virtual_proxy<int>>);
static_assert(std::is_nothrow_move_constructible_v<px::virtual_proxy<int>>);
static_assert(noexcept(std::declval<const px::virtual_proxy<int>&>().made()));
static_assert(std::is_same_v<decltype(*std::declval<const px::virtual_proxy<int>&>()), const int&>);
static_assert(std::is_same_v<decltype(*std::declval<px::virtual_proxy<int>&>()), int&>);

// The law NotMadeUnlessUsed.
TEST(VirtualProxy, NotMadeUnlessUsed) {
  int calls = 0;
  {
    px::virtual_proxy<int> unused([&] { return ++calls; });
    EXPECT_FALSE(unused.made());
  }
  EXPECT_EQ(calls, 0);
}

TEST(VirtualProxy, MakesItsSubjectAtTheFirstUse) {
  int calls = 0;
  px::virtual_proxy<int> p([&] { return ++calls; });
  EXPECT_EQ(*p, 1);
  EXPECT_TRUE(p.made());
  *p = 5;
  EXPECT_EQ(*std::as_const(p), 5);
  EXPECT_EQ(p.operator->(), &*p);
  EXPECT_EQ(std::as_const(p).operator->(), &*p);
  EXPECT_EQ(calls, 1);
}

TEST(VirtualProxy, MakesWhatIsDerivedFromTheSubject) {
  px::virtual_proxy<picture> p([] { return std::make_unique<real_picture>(8); });
  EXPECT_EQ(p->draw(), 8);
}

TEST(VirtualProxy, MakesWhatCannotBeMoved) {
  const px::virtual_proxy<real_picture> p([] { return real_picture(9); });
  EXPECT_EQ(p->draw(), 9);
}

TEST(VirtualProxy, TakesAFactoryThatCannotBeCopied) {
  px::virtual_proxy<int> p([n = std::make_unique<int>(4)] { return *n; });
  EXPECT_EQ(*p, 4);
}

TEST(VirtualProxy, ServesAProxy) {
  px::proxy p(px::virtual_proxy<picture>([] { return std::make_unique<real_picture>(3); }));
  EXPECT_FALSE(p.subject().made());
  EXPECT_EQ(std::as_const(p).request<&picture::draw>(), 3);
  EXPECT_TRUE(p.subject().made());
}

TEST(VirtualProxy, ReleasesWhatTheFactoryHoldsOnceItIsNotNeeded) {
  const auto held = std::make_shared<int>(2);
  bool fails = true;
  px::virtual_proxy<int> p([held, &fails] { return fails ? throw no_file("") : *held; });
  EXPECT_THROW(*p, no_file);
  EXPECT_EQ(held.use_count(), 2) << "it is still needed";
  fails = false;
  EXPECT_EQ(*p, 2);
  EXPECT_EQ(held.use_count(), 1);

  px::virtual_proxy<int> sticky([held]() -> int { throw no_file(""); },
                                {.on_failure = px::at_failure::remember});
  EXPECT_THROW(*sticky, no_file);
  EXPECT_EQ(held.use_count(), 1);
}

TEST(VirtualProxy, CanBeUsedWhileTheFactoryIsDestroyed) {
  const px::virtual_proxy<int>* self = nullptr;
  int used = 0;
  const auto use = [&](int*) {
    try {
      static_cast<void>(**self);
    } catch (const no_file&) {
    }
    ++used;
  };
  for (const bool fails : {false, true}) {
    int n = 3;
    const px::virtual_proxy<int> p(
        [fails, held = std::unique_ptr<int, decltype(use)>(&n, use)] {
          return fails ? throw no_file("") : *held;
        },
        {.on_failure = px::at_failure::remember, .patience = 24h});
    self = &p;
    if (fails) {
      EXPECT_THROW(static_cast<void>(*p), no_file);
    } else {
      EXPECT_EQ(*p, 3);
    }
  }
  EXPECT_EQ(used, 2);
}

TEST(VirtualProxy, RemembersAFailureWhereToldTo) {
  int calls = 0;
  px::virtual_proxy<int> p([&]() -> int { throw no_file("no. " + std::to_string(++calls)); },
                           {.on_failure = px::at_failure::remember});
  for (int i = 0; i != 3; ++i) {
    try {
      *p;
      FAIL() << "made of nothing";
    } catch (const no_file& e) {
      EXPECT_STREQ(e.what(), "no. 1");
    }
  }
  EXPECT_EQ(calls, 1);
  EXPECT_FALSE(p.made());
}

class Seeded : public testing::TestWithParam<unsigned> {};
INSTANTIATE_TEST_SUITE_P(VirtualProxy, Seeded, testing::Range(0U, 50U));

// Any sequence of uses and failures, against a model: a subject, or an error, or neither.
TEST_P(Seeded, FollowsItsPolicy) {
  std::mt19937 random(GetParam());
  const auto policy = random() % 2 == 0 ? px::at_failure::retry : px::at_failure::remember;
  int calls = 0;
  bool fails = false;
  px::virtual_proxy<int> p(
      [&] {
        ++calls;
        return fails ? throw calls : calls;
      },
      {.on_failure = policy});
  std::optional<int> made, error;
  int expected = 0;
  for (int i = 0; i != 20; ++i) {
    fails = random() % 3 != 0;
    if (!made && !error) (fails ? error : made) = ++expected;
    std::optional<int> got, caught;
    try {
      got = *p;
    } catch (int e) {
      caught = e;
    }
    ASSERT_EQ(got, made);
    ASSERT_EQ(caught, error);
    ASSERT_EQ(calls, expected);
    ASSERT_EQ(p.made(), made.has_value());
    if (policy == px::at_failure::retry) error.reset();
  }
}

// What came of each of several threads that use a proxy at the same time.
struct outcome {
  const int* got = nullptr;
  int caught = 0;
};
std::vector<outcome> race(px::virtual_proxy<int>& p, std::size_t threads) {
  std::vector<outcome> all(threads);
  std::latch start(static_cast<std::ptrdiff_t>(threads));
  std::vector<std::thread> running;
  for (outcome& o : all) {
    running.emplace_back([&] {
      start.arrive_and_wait();
      try {
        o.got = &*p;
      } catch (int e) {
        o.caught = e;
      }
    });
  }
  for (std::thread& t : running) t.join();
  return all;
}

// The law MadeOnce.
TEST(VirtualProxy, MadeOnce) {
  for (int round = 0; round != 50; ++round) {
    std::atomic<int> calls = 0;
    px::virtual_proxy<int> p([&] {
      std::this_thread::sleep_for(1ms);
      return ++calls;
    });
    for (const outcome& o : race(p, 6)) EXPECT_EQ(o.got, &*p);
    EXPECT_EQ(calls, 1);
  }
}

TEST(VirtualProxy, GivesEachFailureToOneOfThoseThatRace) {
  for (int round = 0; round != 20; ++round) {
    std::atomic<int> calls = 0;
    px::virtual_proxy<int> p([&] {
      const int n = ++calls;
      std::this_thread::sleep_for(1ms);
      return n <= 3 ? throw int{n} : n;
    });
    std::multiset<int> caught;
    for (const outcome& o : race(p, 6)) {
      caught.insert(o.caught);
      EXPECT_EQ(o.got, o.caught == 0 ? &*p : nullptr);
    }
    EXPECT_EQ(caught, (std::multiset<int>{0, 0, 0, 1, 2, 3}));
    EXPECT_EQ(calls, 4);
  }
}

TEST(VirtualProxy, GivesARememberedFailureToAllThatRace) {
  std::atomic<int> calls = 0;
  px::virtual_proxy<int> p(
      [&]() -> int {
        std::this_thread::sleep_for(5ms);
        throw ++calls;
      },
      {.on_failure = px::at_failure::remember});
  for (const outcome& o : race(p, 6)) EXPECT_EQ(o.caught, 1);
  EXPECT_EQ(calls, 1);
}

TEST(VirtualProxy, RefusesAFactoryThatNeedsWhatItMakes) {
  const px::virtual_proxy<int>* self = nullptr;
  bool again = true;
  const px::virtual_proxy<int> p([&] { return again ? **self + 1 : 1; }, {.patience = 24h});
  self = &p;
  try {
    static_cast<void>(*p);
    FAIL() << "made of itself";
  } catch (const px::misuse& e) {
    EXPECT_STREQ(e.what(), "gof::proxy: the factory of a virtual proxy needs what it is to make");
  }
  again = false;
  EXPECT_EQ(*p, 1) << "and is as before";
}

TEST(VirtualProxy, RefusesAFactoryThatReturnsNull) {
  px::virtual_proxy<picture> p([] { return std::unique_ptr<picture>(); });
  EXPECT_THROW(*p, px::misuse);
  EXPECT_FALSE(p.made());
}

TEST(VirtualProxy, WaitsNoLongerThanItsPatience) {
  std::latch in_factory(1), go_on(1);
  px::virtual_proxy<int> p(
      [&] {
        in_factory.count_down();
        go_on.wait();
        return 1;
      },
      {.patience = 20ms});
  std::thread maker([&] { EXPECT_EQ(*p, 1); });
  in_factory.wait();
  try {
    *p;
    ADD_FAILURE() << "it is not yet made";
  } catch (const px::timed_out& e) {
    EXPECT_STREQ(e.what(),
                 "gof::proxy: another thread has not yet made the subject; try again later");
  }
  EXPECT_FALSE(p.made());
  go_on.count_down();
  maker.join();
  EXPECT_EQ(*p, 1);
}

TEST(VirtualProxy, WaitsAsLongAsItMay) {
  std::latch in_factory(1);
  px::virtual_proxy<int> p(
      [&] {
        in_factory.count_down();
        std::this_thread::sleep_for(20ms);
        return 1;
      },
      {.patience = std::chrono::milliseconds::max()});
  std::thread maker([&] { EXPECT_EQ(*p, 1); });
  in_factory.wait();
  EXPECT_EQ(*p, 1);
  maker.join();
}

TEST(VirtualProxy, TwoThatNeedEachOtherInTwoThreadsComeToAnEnd) {
  std::latch both(2);
  std::atomic<int> entered = 0;
  px::virtual_proxy<int>*one = nullptr, *other = nullptr;
  const auto needs = [&](px::virtual_proxy<int>*& p) {
    return [&] {
      if (++entered <= 2) both.arrive_and_wait();
      return **p + 1;
    };
  };
  px::virtual_proxy<int> a(needs(other), {.patience = 50ms}), b(needs(one), {.patience = 50ms});
  one = &a;
  other = &b;
  std::atomic<int> late = 0;
  const auto use = [&](px::virtual_proxy<int>& p) {
    try {
      *p;
    } catch (const px::timed_out&) {
      ++late;
    } catch (const px::misuse&) {  // where the other has given up already
    }
  };
  std::thread t([&] { use(a); });
  use(b);
  t.join();
  EXPECT_GE(late, 1);
}

TEST(VirtualProxy, MovesWithAndWithoutItsSubject) {
  int calls = 0;
  px::virtual_proxy<int> a([&] { return ++calls; });
  px::virtual_proxy<int> b(std::move(a));
  const int* made = &*b;
  px::virtual_proxy<int> c(std::move(b));
  EXPECT_TRUE(c.made());
  EXPECT_FALSE(b.made());
  EXPECT_EQ(&*c, made);
  EXPECT_EQ(calls, 1);
}

TEST(VirtualProxy, IsAsItWasWhereMemoryRunsOut) {
  std::optional<px::virtual_proxy<std::string>> p;
  const auto make = [] { return std::string(100, 'x'); };
  EXPECT_EQ(gof::testing::fail_each_allocation([&] { p.emplace(make); },
                                               [&] { EXPECT_FALSE(p.has_value()); }),
            2U);
  EXPECT_EQ(gof::testing::fail_each_allocation([&] { **p; }, [&] { EXPECT_FALSE(p->made()); }), 2U);
  EXPECT_EQ(**p, make());
}

}  // namespace
