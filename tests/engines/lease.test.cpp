// SPDX-License-Identifier: BSL-1.0
#include <gof/lease.hpp>

#include <gtest/gtest.h>

#include <gof/engines/simulator.hpp>
#include <memory>
#include <string>
#include <vector>

#include "support/seeds.hpp"

namespace {

using namespace std::chrono_literals;
namespace sim = gof::sim;

// Refuses a smaller token than it has seen.
struct resource {
  std::uint64_t last = 0;
  int accepted = 0, refused = 0;
  void write(std::uint64_t token) {
    if (token < last) {
      ++refused;
      return;
    }
    last = token;
    ++accepted;
  }
};

struct Lease : testing::Test {
  sim::world world{1};
  std::unique_ptr<gof::node> ann = world.join("ann"), bob = world.join("bob");
};

static_assert(!std::is_copy_constructible_v<gof::lease>);

TEST_F(Lease, IsHeldByOne) {
  gof::lease a(*ann, "log", 2s), b(*bob, "log", 2s);
  ASSERT_TRUE(world.run_until([&] { return a.held() || b.held(); }, 10s));
  for (int i = 0; i < 200; ++i) {
    world.run(50ms);
    EXPECT_NE(a.held(), b.held());
  }
}

TEST_F(Lease, IsFreeAtOnceWhenItIsReleased) {
  gof::lease a(*ann, "log", 10s);
  ASSERT_TRUE(world.run_until([&] { return a.held(); }, 1s));
  const std::uint64_t first = a.token();
  gof::lease b(*bob, "log", 10s);
  world.run(1s);
  EXPECT_FALSE(b.held());
  a.release();
  EXPECT_FALSE(a.held());
  EXPECT_TRUE(world.run_until([&] { return b.held(); }, 1s));
  EXPECT_GT(b.token(), first);
  world.run(30s);
  EXPECT_FALSE(a.held()) << "it is not wanted any more";
}

TEST_F(Lease, IsTakenOverNotBeforeItsTimeAndTheSleeperIsFenced) {
  std::vector<std::uint64_t> told;
  gof::lease a(*ann, "log", 2s, [&](std::uint64_t token) { told.push_back(token); });
  ASSERT_TRUE(world.run_until([&] { return a.held(); }, 1s));
  resource guarded;
  const std::uint64_t old = a.token();
  guarded.write(old);
  gof::lease b(*bob, "log", 2s);
  world.run(1s);
  const gof::time_point paused = world.now();
  world.inject({paused.time_since_epoch(), 20s, sim::kind::pause, "ann", 0});
  ASSERT_TRUE(world.run_until([&] { return b.held(); }, 10s));
  EXPECT_GE(world.now() - paused, 1s) << "the last renewal was at most a third of it ago";
  guarded.write(b.token());
  guarded.write(old);  // it wakes up, and believes
  EXPECT_EQ(guarded.accepted, 2);
  EXPECT_EQ(guarded.refused, 1);
  EXPECT_FALSE(a.held()) << "by its own clock, too";
  world.run(25s);
  EXPECT_EQ(told, (std::vector<std::uint64_t>{old, 0}));
  EXPECT_TRUE(b.held());
}

TEST_F(Lease, ItsTimeToLiveIsThatOfItsHolder) {
  gof::lease a(*ann, "log", 2s);
  ASSERT_TRUE(world.run_until([&] { return a.held(); }, 1s));
  gof::lease b(*bob, "log", 2ms);  // the same number, of another unit
  for (int i = 0; i < 100; ++i) {
    world.run(50ms);
    ASSERT_TRUE(a.held());
    ASSERT_FALSE(b.held());
  }
  const gof::time_point gone = world.now();
  world.inject({gone.time_since_epoch(), 1h, sim::kind::partition, "ann", 0});
  ASSERT_TRUE(world.run_until([&] { return b.held(); }, 10s));
  EXPECT_GE(world.now() - gone, 2s - 2s / 3);
  EXPECT_FALSE(a.held());
}

TEST_F(Lease, WhoseTimeIsTooShortDoesNotHinderOthers) {
  gof::lease a(*ann, "log", 1us), b(*bob, "log", 1us);  // No answer comes in that time.
  const std::uint64_t before = world.counts().messages;
  world.run(1s);
  EXPECT_LT(world.counts().messages - before, 500u) << "and asks seldom";
  const auto eva = world.join("eva");
  gof::lease c(*eva, "log", 2s);
  ASSERT_TRUE(world.run_until([&] { return c.held(); }, 2s));
  for (int i = 0; i < 100; ++i) {
    world.run(50ms);
    ASSERT_TRUE(c.held());
  }
}

TEST_F(Lease, WhatSaysNoTimeToLiveHasOnesOwn) {
  for (const std::string value : {"somebody", "somebody 5s", "somebody 99999999999999999999ns",
                                  "somebody -5ns", "somebody 0ns", "", "5", "5n"}) {
    SCOPED_TRACE(value);
    bool there = false;
    bob->put("gof.leases", "log", value, gof::any_version, [&](const auto& r) { there = bool(r); })
        .detach();
    ASSERT_TRUE(world.run_until([&] { return there; }, 1s));
    const gof::time_point seen = world.now();
    gof::lease a(*ann, "log", 1s);
    ASSERT_TRUE(world.run_until([&] { return a.held(); }, 2s));
    EXPECT_GE(world.now() - seen, 1250ms);
  }
}

TEST_F(Lease, ItIsReleasedAlsoWhileItIsAskedFor) {
  std::vector<std::uint64_t> told;
  const auto tells = [&](std::uint64_t token) { told.push_back(token); };
  gof::lease a(*ann, "log", 10s, tells);
  ASSERT_TRUE(world.run_until([&] { return a.held(); }, 1s));
  bool renewing = false;  // A renewal is on its way, and not answered.
  gof::scope until_the_end;
  world.listen(until_the_end.bind([&](const std::string&, const gof::engines::request& what) {
    renewing = renewing || std::holds_alternative<gof::engines::put>(what.what);
  }));
  ASSERT_TRUE(world.run_until([&] { return renewing; }, 10s));
  a.release();
  gof::lease b(*bob, "log", 10s);
  EXPECT_TRUE(world.run_until([&] { return b.held(); }, 1s));
  world.run(30s);
  EXPECT_TRUE(b.held());
  EXPECT_EQ(told.size(), 2u) << "it is not wanted any more";

  gof::lease c(*ann, "other", 10s, tells);  // It is asked for, and not held yet.
  world.run(250us);
  c.release();
  gof::lease d(*bob, "other", 10s);
  EXPECT_TRUE(world.run_until([&] { return d.held(); }, 1s));
  EXPECT_EQ(told.size(), 2u);
}

TEST_F(Lease, ComesBackAfterACrashOfItsHolder) {
  {
    gof::lease a(*ann, "log", 1s);
    ASSERT_TRUE(world.run_until([&] { return a.held(); }, 1s));
    world.inject({world.now().time_since_epoch(), 1h, sim::kind::crash, "ann", 0});
    world.run(1ms);
  }
  gof::lease b(*bob, "log", 1s);
  EXPECT_TRUE(world.run_until([&] { return b.held(); }, 10s));
}

// \law The tokens that a resource accepts never fall; two nodes never hold it by the world's time;
// and after all faults somebody holds it.
TEST(LeaseUnderFaults, TokensNeverFall) {
  std::uint64_t holdings = 0;
  const std::uint64_t seeds = gof::testing::seeds(300);
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    sim::world world(seed);
    std::vector<std::unique_ptr<gof::node>> nodes;
    std::vector<std::unique_ptr<gof::lease>> all;
    std::uint64_t greatest = 0;
    bool fell = false, twice = false;
    for (const char* name : {"ann", "bob", "eva"}) {
      nodes.push_back(world.join(name));
      all.push_back(
          std::make_unique<gof::lease>(*nodes.back(), "log", 1s, [&](std::uint64_t token) {
            if (token == 0) return;
            ++holdings;
            fell = fell || token <= greatest;
            greatest = token;
          }));
    }
    sim::recipe of;
    of.nodes = {"ann", "bob", "eva", "broker"};
    of.what = {sim::kind::lose,      sim::kind::lose_answers, sim::kind::lose_requests,
               sim::kind::partition, sim::kind::delay,        sim::kind::duplicate,
               sim::kind::reorder,   sim::kind::pause,        sim::kind::crash_before_nth_answer};
    const auto faults = sim::random_faults(seed, of);
    world.inject(faults);
    for (int i = 0; i < 400; ++i) {
      world.run(50ms);
      int now = 0;
      for (const auto& one : all) now += one->held();
      twice = twice || now > 1;
    }
    world.run(30s);
    int now = 0;
    for (const auto& one : all) now += one->held();
    ASSERT_FALSE(fell) << seed << sim::as_code(faults);
    ASSERT_FALSE(twice) << seed << sim::as_code(faults);
    ASSERT_EQ(now, 1) << seed << sim::as_code(faults);
    all.clear();
  }
  EXPECT_GT(holdings, seeds);
}

}  // namespace
