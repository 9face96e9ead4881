// SPDX-License-Identifier: BSL-1.0
#include <gof/distributed/decorator/guards.hpp>
// The header under test comes first, so that it has to stand alone.
#include <gtest/gtest.h>

#include <deque>

#include "structural/distributed/decorator/scripted.hpp"
#include "support/seeds.hpp"

namespace {

using namespace std::chrono_literals;
using namespace gof::decorator::distributed;
using gof::errc, gof::duration, gof::time_point, gof::testing::stage, gof::testing::always,
    gof::testing::first, gof::testing::attempt, gof::testing::scripted;
namespace sim = gof::sim;

static_assert(layer<deadline> && layer<attempt_timeout> && layer<rate_limit> && layer<breaker> &&
              layer<bulkhead>);
static_assert(noexcept(std::declval<const circuit&>().open()));

constexpr time_point start{1h};
// Has so many calls come to that, a millisecond apart. \returns the time after them
time_point come_to(circuit& it, int count, bool good, time_point now, std::uint64_t life = 0) {
  for (int i = 0; i < count; ++i, now += 1ms)
    if (const auto ticket = it.admit(now, life)) it.record(*ticket, now, good, 1ms, life, 0);
  return now;
}

// ---- The machine
// ---------------------------------------------------------------------------------

TEST(Circuit, OpensWhereHalfOfTwentyFail) {
  circuit it({});
  time_point now = come_to(it, 10, true, start);
  now = come_to(it, 9, false, now);
  EXPECT_FALSE(it.open());
  now = come_to(it, 1, false, now);
  EXPECT_TRUE(it.open());
  EXPECT_FALSE(it.admit(now, 0));
}

TEST(Circuit, NoGrudge) {
  circuit it({});
  come_to(it, 19, false, start);
  EXPECT_FALSE(it.open());  // of fewer than twenty nothing is known
  come_to(it, 19, false, start + 11s);
  EXPECT_FALSE(it.open());  // and they are forgotten after ten seconds
  come_to(it, 10, false, start + 12s);
  EXPECT_TRUE(it.open());
}

TEST(Circuit, OpensForFiveSecondsOrAFifthMoreOrLess) {
  for (const auto& [chance, open] : std::vector<std::pair<std::uint64_t, duration>>{
           {0, 4s}, {1'000'000'000, 5s}, {2'000'000'000, 6s}, {2'000'000'001, 4s}}) {
    circuit it({.least = 1});
    it.record(*it.admit(start, 0), start, false, 1ms, 0, chance);
    EXPECT_EQ(it.rest(start), open);
    EXPECT_FALSE(it.admit(start + open - 1ns, 0));
    EXPECT_TRUE(it.admit(start + open, 0));
  }
}

TEST(Circuit, LetsThreeProbesThroughAndClosesWhereTheySucceed) {
  circuit it({.least = 1});
  come_to(it, 1, false, start);
  const time_point now = start + 4s;
  std::vector<std::uint64_t> tickets;
  for (int i = 0; i < 3; ++i) tickets.push_back(it.admit(now, 0).value());
  EXPECT_FALSE(it.admit(now, 0));
  for (const std::uint64_t one : tickets) {
    EXPECT_TRUE(it.open());
    it.record(one, now, true, 1ms, 0, 0);
  }
  EXPECT_FALSE(it.open());
  EXPECT_TRUE(it.admit(now, 0));
}

TEST(Circuit, OpensAgainWhereAProbeFails) {
  circuit it({.least = 1});
  come_to(it, 1, false, start);
  const auto a = it.admit(start + 4s, 0), b = it.admit(start + 4s, 0);
  it.record(*a, start + 4s, false, 1ms, 0, 0);
  EXPECT_EQ(it.rest(start + 4s), 4s);
  it.record(*b, start + 4s, true, 1ms, 0, 0);  // it is of another time
  EXPECT_FALSE(it.admit(start + 5s, 0));
}

TEST(Circuit, AProbeIsNoCallOfBefore) {
  circuit it({.least = 2});
  const auto old = it.admit(start, 0);
  come_to(it, 2, false, start);
  (void)it.admit(start + 5s, 0);
  it.record(*old, start + 5s, false, 1ms, 0, 0);
  EXPECT_TRUE(it.admit(start + 5s, 0));  // the second probe
}

TEST(Circuit, AnAnswerThatComesSlowlyIsAFailure) {
  circuit it({.least = 4, .slow = 1s});
  for (int i = 0; i < 4; ++i) {
    EXPECT_FALSE(it.open());
    it.record(*it.admit(start, 0), start, true, i % 2 == 0 ? 1s : 999ms, 0, 0);
  }
  EXPECT_TRUE(it.open());
}

TEST(Circuit, AnotherLifeIsAnotherOne) {
  circuit it({});
  come_to(it, 20, false, start, 3);
  EXPECT_TRUE(it.open());
  EXPECT_FALSE(it.admit(start + 1s, 3));
  EXPECT_FALSE(it.admit(start + 1s, 2));  // of an older one it knows enough
  EXPECT_TRUE(it.admit(start + 1s, 4));   // the caller knows that
  EXPECT_FALSE(it.open());
  come_to(it, 20, false, start + 1s, 4);
  EXPECT_TRUE(it.open());
  const auto probe = it.admit(start + 7s, 0);
  it.record(*probe, start + 7s, true, 1ms, 5, 0);  // who answers has another one
  EXPECT_FALSE(it.open());
}

// A list of all that happened.
struct model {
  circuit::options how{};
  struct call {
    time_point at;
    bool good;
  };
  std::deque<call> calls{};
  bool open = false, half = false;
  time_point until{};
  std::uint64_t life = 0, era = 0;
  std::uint32_t admitted = 0, passed = 0;
  void forget() { calls.clear(), open = half = false, ++era; }
  bool admit(time_point now, std::uint64_t of) {
    if (of > life) life = of, forget();
    if (open && now < until) return false;
    if (open && !half) half = true, ++era, admitted = passed = 0;
    return !half || admitted++ < how.probes;
  }
  void record(std::uint64_t of_era, time_point now, bool good, std::uint64_t of) {
    if (of > life) return life = of, forget();
    if (of_era != era) return;
    const auto trip = [&] { forget(), open = true, until = now + 4s; };
    if (half) {
      if (!good) return trip();
      if (++passed == how.probes) forget();
      return;
    }
    calls.push_back({now, good});
    std::uint64_t bad = 0, all = 0;
    for (const call& one : calls)  // of the second that runs, and the nine before
      if (one.at.time_since_epoch() / 1s > now.time_since_epoch() / 1s - 10)
        ++all, bad += !one.good;
    if (all >= how.least && bad * 100 >= all * how.share) trip();
  }
};

TEST(Circuit, IsAsAListOfAllThatHappened) {
  std::uint64_t opened = 0, closed = 0;
  for (std::uint64_t seed = 1; seed <= 500; ++seed) {
    sim::chance by(seed);
    circuit::options how;
    how.least = 1 + static_cast<std::uint32_t>(by.below(20));
    how.share = 10 + static_cast<std::uint32_t>(by.below(90));
    circuit it(how);
    model m{how};
    time_point now = start;
    std::uint64_t life = 1;
    struct flight {
      std::uint64_t ticket, era;
    };
    std::vector<flight> under_way;
    std::uint64_t share = by.below(1000);
    for (int i = 0; i < 600; ++i) {
      now += duration(by.exponential(100'000'000));
      if (by.per_mille(20)) share = by.below(1000);
      if (by.per_mille(5)) ++life;
      if (by.per_mille(600)) {
        const std::uint64_t of = by.per_mille(500) ? life : 0;
        const bool was = it.open();
        const auto ticket = it.admit(now, of);
        ASSERT_EQ(ticket.has_value(), m.admit(now, of)) << "seed " << seed;
        closed += was && !it.open();
        if (ticket) under_way.push_back({*ticket, m.era});
      } else if (!under_way.empty()) {
        const std::size_t at = by.below(under_way.size());
        const bool good = by.per_mille(share);
        const std::uint64_t of = good && by.per_mille(900) ? life : 0;
        const bool was = it.open();
        it.record(under_way[at].ticket, now, good, 1ms, of, 0);
        m.record(under_way[at].era, now, good, of);
        opened += !was && it.open();
        closed += was && !it.open();
        under_way.erase(under_way.begin() + static_cast<std::ptrdiff_t>(at));
      }
      ASSERT_EQ(it.open(), m.open) << "seed " << seed;
    }
  }
  EXPECT_GT(opened, 100u);
  EXPECT_GT(closed, 100u);
}

// ---- The layers
// ----------------------------------------------------------------------------------

TEST(Breaker, DoesNotCallWhoFailsAllTheTime) {
  stage s;
  stack calls(*s.node, s.inner, breaker());
  s.inner.answers = always(errc::overloaded);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(s.why(calls, {"a"}), errc::overloaded);
  EXPECT_TRUE(calls.as<breaker>()->open("a"));
  EXPECT_EQ(s.why(calls, {"a"}), errc::unavailable);
  EXPECT_EQ(s.why(calls, {"b"}), errc::overloaded);  // another destination
  EXPECT_EQ(s.inner.all.size(), 21u);
  s.inner.answers = always(gof::message({}, "done"));
  s.in.run(6s);
  EXPECT_EQ(s.why(calls, {"a"}), std::nullopt);
  EXPECT_FALSE(
      calls.as<breaker>()->open("a"));  // the probe was answered by a life not known before
}

TEST(Breaker, AnAnswerThatRefusesShowsThatSomebodyIsThere) {
  stage s;
  stack calls(*s.node, s.inner, breaker());
  for (const errc why : {errc::refused, errc::conflict, errc::not_found, errc::too_large,
                         errc::denied, errc::failed_there}) {
    s.inner.answers = always(why);
    for (int i = 0; i < 20; ++i) EXPECT_EQ(s.why(calls, {"a"}), why);
  }
  EXPECT_FALSE(calls.as<breaker>()->open("a"));
  for (const errc why : {errc::deadline, errc::closed, errc::unavailable, errc::overloaded}) {
    const std::string to(gof::category().message(static_cast<int>(why)));
    s.inner.answers = always(why);
    for (int i = 0; i < 20; ++i) EXPECT_EQ(s.why(calls, {to}, {.deadline = 10ms}), why);
    EXPECT_TRUE(calls.as<breaker>()->open(to));
  }
}

TEST(Breaker, WhereNobodyIsWhoComesNextIsAnotherOne) {
  stage s;
  stack calls(*s.node, s.inner, breaker());
  s.inner.answers = always(errc::unavailable);
  for (int i = 0; i < 19; ++i) EXPECT_EQ(s.why(calls, {"a"}), errc::unavailable);
  s.inner.answers = always(errc::nobody_there);
  EXPECT_EQ(s.why(calls, {"a"}), errc::nobody_there);
  s.inner.answers = always(errc::unavailable);
  for (int i = 0; i < 19; ++i) EXPECT_EQ(s.why(calls, {"a"}), errc::unavailable);
  EXPECT_FALSE(calls.as<breaker>()->open("a"));
}

TEST(Bulkhead, HasSoManyUnderWayToEachDestination) {
  stage s;
  stack calls(*s.node, s.inner, bulkhead(3));
  s.inner.takes = 100ms;
  std::map<std::string, std::vector<std::optional<errc>>> came;
  const auto call = [&](const std::string& to) {
    calls.call({to}, [&came, to](const gof::result<gof::message>& what) {
      came[to].push_back(what ? std::nullopt : std::optional(what.error().why));
    });
  };
  for (int i = 0; i < 5; ++i) call("a");
  call("b");
  s.in.run(50ms);
  EXPECT_EQ(came["a"], (std::vector<std::optional<errc>>{errc::overloaded, errc::overloaded}));
  EXPECT_EQ(s.inner.all.size(), 4u);
  s.in.run(100ms);
  call("a");  // there is room again
  s.in.run(1s);
  EXPECT_EQ(came["a"].size(), 6u);
  EXPECT_EQ(came["a"].back(), std::nullopt);
}

TEST(RateLimit, LetsSoManyASecondThrough) {
  stage s;
  stack calls(*s.node, s.inner, rate_limit(20, 5));
  int good = 0, refused = 0;
  for (int i = 0; i < 1000; ++i) {  // for ten seconds, a hundred a second
    calls.call({"a"}, [&](const gof::result<gof::message>& what) {
      ++(what ? good : refused);
      EXPECT_TRUE(what || what.error().why == errc::overloaded);
    });
    s.in.run(10ms);
  }
  EXPECT_EQ(good + refused, 1000);
  EXPECT_NEAR(good, 5 + 10 * 20, 1);
  EXPECT_EQ(s.why(calls, {"b"}), std::nullopt);
}

TEST(Deadline, GivesSoMuchTimeAndSendsNothingWithoutAny) {
  stage s;
  stack calls(*s.node, s.inner, deadline(2s), attempt_timeout(1s));
  for (const auto& [asked, given] :
       std::vector<std::pair<duration, duration>>{{5s, 1s}, {1500ms, 1s}, {300ms, 300ms}}) {
    EXPECT_EQ(s.why(calls, {"a"}, {asked}), std::nullopt);
    EXPECT_EQ(s.inner.all.back().how.deadline, given);
  }
  EXPECT_EQ(s.why(calls, {"a"}, {0s}), errc::unavailable);
  EXPECT_EQ(s.why(calls, {"a"}, {-1s}), errc::unavailable);
  EXPECT_EQ(s.inner.all.size(), 3u);
  stack total(*s.node, s.inner, deadline(2s));
  EXPECT_EQ(s.why(total, {"a"}), std::nullopt);
  EXPECT_EQ(s.inner.all.back().how.deadline, 2s);
}

}  // namespace
