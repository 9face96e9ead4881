// SPDX-License-Identifier: BSL-1.0
#include <gof/facade.hpp>
// The header under test comes first, so that it has to stand alone.
#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <new>
#include <random>
#include <stdexcept>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "support/allocations.hpp"

namespace {

namespace fc = gof::facade;
using fc::condition;

// Writes down its starts (1, 2, …) and stops (-1, -2, …), and fails when told to.
struct world {
  std::vector<int> log{};
  int fails = 0;  // the start of this part throws
};
template <int Id>
struct part {
  world* w;
  void start() {
    if (w->fails == Id) throw Id;
    w->log.push_back(Id);
  }
  void stop() noexcept { w->log.push_back(-Id); }
};
using three = fc::subsystems<part<1>, part<2>, part<3>>;

struct plain {
  int value = 7;
};
static_assert(!std::is_copy_constructible_v<three> && !std::is_move_constructible_v<three>);
static_assert(!std::is_copy_assignable_v<three> && !std::is_move_assignable_v<three>);
static_assert(std::is_nothrow_destructible_v<three>);
static_assert(std::is_base_of_v<std::logic_error, fc::misuse>);
static_assert(noexcept(std::declval<three&>().running()));
static_assert(noexcept(std::declval<three&>().health()));
static_assert(std::is_same_v<decltype(std::declval<fc::subsystems<plain>&>().use(
                                 [](plain& p) -> int& { return p.value; })),
                             int&>);
static_assert([] {
  fc::subsystems<plain> s;
  s.start();
  return s.use([](plain& p) { return p.value; });
}() == 7);

class Seeded : public testing::TestWithParam<unsigned> {};
INSTANTIATE_TEST_SUITE_P(Facade, Seeded, testing::Range(0U, 100U));

// The law AllOrNone: what happens is what is written down here by hand.
TEST_P(Seeded, AllOrNone) {
  std::mt19937 random(GetParam());
  world w;
  std::vector<int> expected;
  {
    three s(part<1>{&w}, part<2>{&w}, part<3>{&w});
    bool runs = false;
    const auto stopped = [&](int from) {
      for (int i = from; i != 0; --i) expected.push_back(-i);
      runs = false;
    };
    for (int step = 0; step != 20; ++step) {
      w.fails = static_cast<int>(random() % 5);  // 0 and 4: none
      if (random() % 3 == 0) {
        s.stop();
        if (runs) stopped(3);
      } else if (!runs && 1 <= w.fails && w.fails <= 3) {
        try {
          s.start();
          ADD_FAILURE() << "it started";
        } catch (int id) {
          EXPECT_EQ(id, w.fails);
        }
        for (int i = 1; i != w.fails; ++i) expected.push_back(i);
        stopped(w.fails - 1);
      } else {
        s.start();
        if (!runs) expected.insert(expected.end(), {1, 2, 3});
        runs = true;
      }
      ASSERT_EQ(w.log, expected);
      ASSERT_EQ(s.running(), runs);
    }
    if (runs) stopped(3);
  }
  EXPECT_EQ(w.log, expected);  // the destructor stops what runs
}

TEST(Facade, PartsAreUsedOnlyWhileTheyRun) {
  fc::subsystems<plain, plain> s;
  const auto sum = [](plain& a, plain& b) { return a.value + b.value; };
  EXPECT_THROW(s.use(sum), fc::misuse);
  s.start();
  EXPECT_EQ(s.use(sum), 14);
  s.use([](plain& a, plain&) { a.value = 1; });
  EXPECT_EQ(s.use(sum), 8);
  EXPECT_THROW(s.use([](plain&, plain&) { throw std::range_error("x"); }), std::range_error);
  EXPECT_TRUE(s.running());
  s.stop();
  EXPECT_THROW(s.use(sum), fc::misuse);
}

TEST(Facade, APartThatIsReferredToIsTheSame) {
  plain p;
  fc::subsystems<plain&> s(p);
  s.start();
  EXPECT_EQ(s.use([](plain& used) { return &used; }), &p);
}

TEST(Facade, WithoutPartsItStartsAndStops) {
  fc::subsystems<> s;
  s.start();
  EXPECT_TRUE(s.running());
  s.stop();
  EXPECT_FALSE(s.running());
}

struct mood {
  int* is;
  bool healthy() const {
    if (*is == 2) throw std::runtime_error("x");
    return *is == 0;
  }
};
TEST(Facade, HealthIsAskedForOnlyWhileTheyRun) {
  int is = 0;
  fc::subsystems<mood, plain> s(mood{&is}, plain{});
  using all = std::array<condition, 2>;
  EXPECT_EQ(s.health(), (all{condition::stopped, condition::stopped}));
  s.start();
  EXPECT_EQ(s.health(), (all{condition::well, condition::well}));
  for (is = 1; is != 3; ++is) {
    EXPECT_EQ(s.health(), (all{condition::unwell, condition::well}));
  }
}

// A part that interferes with the start of all.
struct meddler {
  void (*with)(fc::subsystems<part<1>, meddler>&);
  fc::subsystems<part<1>, meddler>** all;
  void start() { with(**all); }
};
using meddled = fc::subsystems<part<1>, meddler>;
TEST(Facade, APartThatMeddlesWithTheStartIsRefused) {
  constexpr void (*ways[])(meddled&) = {[](meddled& s) { s.start(); }, [](meddled& s) { s.stop(); },
                                        [](meddled& s) { s.use([](part<1>&, meddler&) {}); }};
  for (const auto way : ways) {
    world w;
    meddled* all = nullptr;
    meddled s(part<1>{&w}, meddler{way, &all});
    all = &s;
    EXPECT_THROW(s.start(), fc::misuse);
    EXPECT_FALSE(s.running());
    EXPECT_EQ(w.log, (std::vector{1, -1}));
    EXPECT_THROW(s.start(), fc::misuse);  // it was no misuse to try again, only to meddle
    EXPECT_EQ(w.log, (std::vector{1, -1, 1, -1}));
  }
}

struct allocates {
  std::unique_ptr<int> held{};
  void start() { held = std::make_unique<int>(1); }
  void stop() noexcept { held.reset(); }
};
TEST(Facade, AnAllocationThatFailsIsRolledBack) {
  fc::subsystems<allocates, allocates> s;
  const auto failed = gof::testing::fail_each_allocation([&] { s.start(); },
                                                         [&] {
                                                           EXPECT_FALSE(s.running());
                                                           s.stop();
                                                         });
  EXPECT_EQ(failed, 2U);
  EXPECT_TRUE(s.use([](allocates& a, allocates& b) { return a.held && b.held; }));
}

TEST(Facade, ItAllocatesNothingOfItsOwn) {
  fc::subsystems<plain, plain> s;
  const std::size_t before = gof::testing::allocations();
  s.start();
  static_cast<void>(s.health());
  static_cast<void>(s.use([](plain& a, plain&) { return a.value; }));
  s.stop();
  EXPECT_EQ(gof::testing::allocations(), before);
}

}  // namespace
