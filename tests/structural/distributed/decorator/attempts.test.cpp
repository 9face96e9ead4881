// SPDX-License-Identifier: BSL-1.0
#include <gof/distributed/decorator/attempts.hpp>
// The header under test comes first, so that it has to stand alone.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "structural/distributed/decorator/scripted.hpp"
#include "support/seeds.hpp"

namespace {

using namespace std::chrono_literals;
using namespace gof::decorator::distributed;
using gof::errc, gof::duration, gof::testing::stage, gof::testing::always, gof::testing::first,
    gof::testing::scripted, gof::testing::attempt;
namespace sim = gof::sim;

static_assert(layer<retry> && layer<idempotency_key>);
static_assert(!std::is_copy_constructible_v<idempotency_key>);
static_assert(noexcept(worth_repeating(errc::deadline, true)));

// ---- The machines
// --------------------------------------------------------------------------------

TEST(Tokens, NeverMoreThanItWasGiven) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    sim::chance by(seed);
    const std::uint64_t most = by.below(12);
    tokens it(most);
    std::uint64_t model = most * 10, taken = 0, added = 0;  // in tenths
    for (int i = 0; i < 500; ++i) {
      if (by.per_mille(600)) {
        const std::uint64_t tenths = by.below(15);
        it.add(tenths * (tokens::whole / 10));
        model = std::min(model + tenths, most * 10);
        added += tenths;
      } else {
        const bool some = model >= 10;
        ASSERT_EQ(it.any(), some) << "seed " << seed;
        ASSERT_EQ(it.take(), some) << "seed " << seed;
        if (some) model -= 10, ++taken;
      }
    }
    ASSERT_LE(taken * 10, most * 10 + added);
  }
}

TEST(Tokens, DoNotRunOver) {
  tokens it(3);
  it.add(~std::uint64_t(0));
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(it.take());
  EXPECT_FALSE(it.take());
}

TEST(ByDestination, ForgetsTheLongestUnusedOnly) {
  by_destination<int> all;
  for (std::size_t i = 0; i < 2 * all.most; ++i) {
    (void)all.get("kept", [] { return 42; });
    (void)all.get(std::to_string(i), [&] { return static_cast<int>(i); });
  }
  EXPECT_EQ(*all.find("kept"), 42);
  EXPECT_EQ(all.find("0"), nullptr);
  EXPECT_EQ(*all.find(std::to_string(2 * all.most - 1)), static_cast<int>(2 * all.most - 1));
}

TEST(Backoff, IsByChanceUpToABoundThatDoubles) {
  const backoff b;
  for (std::uint32_t made = 1; made <= 80; ++made) {
    const duration bound = made < 7 ? 50ms * (1 << (made - 1)) : 2s;
    duration least = 1h, most = {};
    sim::chance by(made);
    for (int i = 0; i < 1000; ++i) {
      const duration wait = b.wait(made, by.next());
      ASSERT_GE(wait, 0s);
      ASSERT_LE(wait, bound);
      least = std::min(least, wait), most = std::max(most, wait);
    }
    EXPECT_LT(least, bound / 20);  // full jitter: from nothing to all of it
    EXPECT_GT(most, bound * 19 / 20);
  }
}

TEST(Latencies, OneOfTwentyTakesLonger) {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    sim::chance by(seed);
    latencies it;
    std::vector<duration> all;
    EXPECT_EQ(it.p95(), std::nullopt);
    const std::uint64_t count = 16 * (2 + by.below(20));
    for (std::uint64_t i = 0; i < count; ++i) {
      all.push_back(duration(by.exponential(1'000'000)));
      it.add(all.back());
    }
    if (all.size() > 128) all.erase(all.begin(), all.end() - 128);
    std::sort(all.begin(), all.end());
    ASSERT_EQ(it.p95(), all[all.size() * 95 / 100]) << "seed " << seed;
  }
}

TEST(Retry, OnlyWhatMayHelpAndDoesNoHarm) {
  for (const errc why : {errc::nobody_there, errc::overloaded, errc::unavailable}) {
    EXPECT_TRUE(worth_repeating(why, false));
    EXPECT_TRUE(worth_repeating(why, true));
  }
  for (const errc why : {errc::deadline, errc::closed}) {
    EXPECT_FALSE(worth_repeating(why, false));
    EXPECT_TRUE(worth_repeating(why, true));
  }
  for (const errc why : {errc::refused, errc::conflict, errc::not_found, errc::too_large,
                         errc::denied, errc::failed_there, errc::cancelled})
    EXPECT_FALSE(worth_repeating(why, true));
}

// ---- The layers
// ----------------------------------------------------------------------------------

TEST(Retry, TriesThreeTimesWithTheSameIdAndCountsThem) {
  stage s;
  stack calls(*s.node, s.inner, idempotency_key(), retry());
  s.inner.answers = first({errc::unavailable, std::nullopt});
  EXPECT_EQ(s.why(calls), std::nullopt);
  ASSERT_EQ(s.inner.all.size(), 3u);
  for (std::uint32_t i = 0; i < 3; ++i) {
    EXPECT_EQ(s.inner.all[i].how.attempt, i + 1);
    EXPECT_EQ(s.inner.all[i].request.id, s.inner.all[0].request.id);
  }
  EXPECT_TRUE(s.inner.all[0].request.id);
  s.inner.answers = always(errc::unavailable);
  EXPECT_EQ(s.why(calls), errc::unavailable);
  EXPECT_EQ(s.inner.all.size(), 6u);
  EXPECT_NE(s.inner.all[3].request.id, s.inner.all[0].request.id);
}

TEST(IdempotencyKey, LeavesAnIdOfTheCallersAndReadsAlone) {
  stage s;
  stack calls(*s.node, s.inner, idempotency_key());
  EXPECT_EQ(s.why(calls, {"write", "x", {4, 2}}), std::nullopt);
  EXPECT_EQ(s.inner.all.back().request.id, (gof::operation_id{4, 2}));
  EXPECT_EQ(s.why(calls, {"read"}, {.repeatable = true}), std::nullopt);
  EXPECT_FALSE(s.inner.all.back().request.id);
}

TEST(Retry, DoesNotRepeatAnUnknownWithoutAnId) {
  stage s;
  stack calls(*s.node, s.inner, retry());
  s.inner.answers = first({std::nullopt});
  const auto [what, took] = s.call(calls, {"write"}, {.deadline = 3s});
  EXPECT_EQ(what.error().why, errc::deadline);
  EXPECT_EQ(took, 3s);  // it had all the time
  EXPECT_EQ(s.inner.all.size(), 1u);
  s.inner.answers = first({std::nullopt});
  EXPECT_EQ(s.why(calls, {"read"}, {.deadline = 3s, .repeatable = true}), std::nullopt);
  EXPECT_EQ(s.inner.all[1].how.deadline, 1s);
  EXPECT_EQ(s.inner.all.size(), 3u);
}

TEST(Retry, UnknownStaysUnknown) {
  stage s;
  stack calls(*s.node, s.inner, retry());
  s.inner.answers = first({std::nullopt, errc::unavailable, errc::nobody_there});
  const auto what = s.call(calls, {"write", "x", {1, 1}}).first;
  EXPECT_EQ(what.outcome(), gof::outcome::unknown);
  EXPECT_NE(what.error().message.find("nobody"), std::string::npos);
  s.inner.answers = first({std::nullopt, errc::unavailable, errc::nobody_there});
  EXPECT_EQ(s.why(calls, {"read"}, {.repeatable = true}), errc::nobody_there);
}

TEST(Retry, OneBudgetADestination) {
  stage s;
  stack calls(*s.node, s.inner, retry());
  s.inner.answers = always(errc::unavailable);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(s.why(calls, {"a"}), errc::unavailable);
  EXPECT_EQ(s.inner.all.size(), 100u + 10 + 9);  // the burst, and one for ten calls after the first
  s.inner.all.clear();
  EXPECT_EQ(s.why(calls, {"b"}), errc::unavailable);
  EXPECT_EQ(s.inner.all.size(), 3u);  // it has its own
}

TEST(Retry, WhatIsRepeatedOutsideIsNotRepeated) {
  stage s;
  stack calls(*s.node, s.inner, retry());
  s.inner.answers = always(errc::unavailable);
  EXPECT_EQ(s.why(calls, {"a"}, {.attempt = 2}), errc::unavailable);
  EXPECT_EQ(s.inner.all.size(), 1u);
  EXPECT_EQ(s.inner.all[0].how.attempt, 2u);
  stack both(*s.node, s.inner, retry(), reordered(retry()));
  EXPECT_EQ(s.why(both, {"a"}), errc::unavailable);
  EXPECT_EQ(s.inner.all.size(), 1u + 3 + 2);  // of the first attempt, three; and two more
}

TEST(Retry, AnAttemptThatCannotBeRepeatedHasAllTheTime) {
  stage s;
  stack calls(*s.node, s.inner, retry({.burst = 0}));
  s.inner.takes = 2s;
  EXPECT_EQ(s.why(calls, {"a"}, {.deadline = 3s, .repeatable = true}), std::nullopt);
  EXPECT_EQ(s.inner.all.size(), 1u);
}

TEST(Retry, OnlyAttemptsWhoseRepetitionIsPaidForAreCutShort) {
  stage s;
  stack calls(*s.node, s.inner, retry({.burst = 2}));
  s.inner.takes = 100ms;
  int good = 0;
  const auto call = [&] {
    calls.call({"a"}, [&](const auto& what) { good += static_cast<bool>(what); }, {3s, true});
  };
  for (int i = 0; i < 4; ++i) call();
  s.in.run(1s);
  for (int i = 0; i < 4; ++i) call();  // what was not needed is there again
  s.in.run(1s);
  EXPECT_EQ(good, 8);
  ASSERT_EQ(s.inner.all.size(), 8u);
  for (std::size_t i = 0; i < 8; ++i)
    EXPECT_EQ(s.inner.all[i].how.deadline, i % 4 < 2 ? 1s : 3s) << i;
}

TEST(Hedge, ASecondCopyForWhatTakesLongerThanNineteenOfTwenty) {
  stage s;
  stack calls(*s.node, s.inner, retry({.hedge = true}));
  for (int i = 0; i < 32; ++i) (void)s.call(calls, {"a"}, {.repeatable = true});
  ASSERT_EQ(s.inner.all.size(), 32u);
  bool slow = true;
  s.inner.answers = [&](const attempt&) {
    s.inner.takes = std::exchange(slow, false) ? 900ms : 1ms;
    return gof::message({}, "done");
  };
  const auto [what, took] = s.call(calls, {"a"}, {.repeatable = true});
  EXPECT_TRUE(what);
  EXPECT_EQ(took, 2ms);  // one until the copy, one for it
  EXPECT_EQ(s.inner.all.size(), 34u);
  s.in.run(2s);  // the first one's answer comes, and nobody is told
  slow = true;
  EXPECT_EQ(s.call(calls, {"a", "x", {1, 1}}).second, 900ms);  // no write is hedged
  EXPECT_EQ(s.inner.all.size(), 35u);
}

TEST(Hedge, IsFromTheBudgetOfRetries) {
  stage s;
  stack calls(*s.node, s.inner, retry({.hedge = true}));
  for (int i = 0; i < 32; ++i) (void)s.call(calls, {"a"}, {.repeatable = true});
  s.inner.takes = 500ms;  // all are slow
  for (int i = 0; i < 30; ++i) (void)s.call(calls, {"a"}, {.repeatable = true});
  EXPECT_LE(s.inner.all.size(), 62u + 10 + 6);
  EXPECT_GE(s.inner.all.size(), 62u + 5);
}

TEST(Hedge, WhereACopyFailsTheOtherCountsAndThereAreTwoAtMost) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    stage s(seed);
    stack calls(*s.node, s.inner, retry({.hedge = true}));
    s.inner.takes = 20ms;
    for (int i = 0; i < 32; ++i) (void)s.call(calls, {"a"}, {.repeatable = true});
    s.inner.all.clear();
    sim::chance by(seed);
    bool any = false;
    s.inner.answers = [&](const attempt&) -> scripted::answer {
      s.inner.takes = 1ms * static_cast<int>(1 + by.below(60));
      if (by.per_mille(500)) return errc::unavailable;
      any = true;
      return gof::message({}, "done");
    };
    const bool good = !s.why(calls, {"a"}, {.repeatable = true});
    EXPECT_LE(s.inner.all.size(), 2u) << "seed " << seed;
    EXPECT_EQ(good, any) << "seed " << seed;
  }
}

// Whatever comes of attempts: each call is answered once, by its deadline; no attempt begins after
// it; no more are made than is paid for; what may have taken place is not denied.
TEST(Retry, KeepsItsLaws) {
  std::uint64_t repeated = 0, unknown = 0, hedged = 0;
  for (std::uint64_t seed = 1; seed <= gof::testing::seeds(500); ++seed) {
    sim::chance by(seed);
    stage s(seed);
    const bool hedge = by.per_mille(300);
    stack calls(*s.node, s.inner, idempotency_key(), retry({.hedge = hedge}));
    std::map<std::string, bool> took_place;  // by body
    s.inner.answers = [&](const attempt& it) -> scripted::answer {
      s.inner.takes = duration(by.exponential(300'000'000));
      const std::uint64_t draw = by.below(10);
      took_place[it.request.body] = took_place[it.request.body] || draw < 6;
      if (draw < 4) return gof::message({}, "done");
      if (draw < 6) return {};
      constexpr errc whys[] = {errc::unavailable, errc::overloaded, errc::nobody_there,
                               errc::denied};
      return whys[draw - 6];
    };
    std::map<std::string, duration> ends;
    std::map<std::string, int> answered;
    const std::uint64_t count = 60;
    for (std::uint64_t i = 0; i < count; ++i) {
      const std::string body = std::to_string(i);
      const duration deadline = 1ms * static_cast<int>(50 + by.below(3000));
      const bool repeatable = by.per_mille(500);
      const auto begun = s.node->now();
      ends[body] = begun - s.inner.begun + deadline;
      calls.call({"a", body},
                 [&, body, begun, deadline, repeatable](const gof::result<gof::message>& what) {
                   ++answered[body];
                   EXPECT_LE(s.node->now() - begun, deadline) << "seed " << seed;
                   const bool denied = !repeatable && what.outcome() == gof::outcome::not_applied;
                   EXPECT_FALSE(denied && took_place[body]) << "seed " << seed;
                   unknown += what.outcome() == gof::outcome::unknown;
                 },
                 {deadline, repeatable});
      s.in.run(1ms * static_cast<int>(by.below(100)));
    }
    s.in.run(10s);
    std::map<std::string, std::set<std::uint64_t>> ids;
    for (const attempt& it : s.inner.all) {
      EXPECT_LT(it.at, ends[it.request.body]) << "seed " << seed;
      EXPECT_LE(it.at + it.how.deadline, ends[it.request.body]) << "seed " << seed;
      ids[it.request.body].insert(it.request.id.sequence);
    }
    for (const auto& [body, of] : ids) EXPECT_EQ(of.size(), 1u) << "seed " << seed;
    ASSERT_EQ(answered.size(), count) << "seed " << seed;
    for (const auto& [body, times] : answered) EXPECT_EQ(times, 1) << "seed " << seed;
    EXPECT_LE(s.inner.all.size(), count + 10 + count / 10) << "seed " << seed;
    repeated += s.inner.all.size() - count;
    hedged += hedge;
    if (HasFailure()) return;
  }
  EXPECT_GT(repeated, 100u);
  EXPECT_GT(unknown, 100u);
  EXPECT_GT(hedged, 1u);
}

}  // namespace
