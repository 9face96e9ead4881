// SPDX-License-Identifier: BSL-1.0
#include <gof/distributed/singleton.hpp>
// The header under test comes first, so that it has to stand alone.
#include <gtest/gtest.h>

#include <algorithm>
#include <gof/engines/simulator.hpp>
#include <gof/join.hpp>
#include <gof/wait.hpp>
#include <map>
#include <memory>
#include <stdexcept>
#include <type_traits>
#include <vector>

#include "support/seeds.hpp"

namespace {

using namespace std::chrono_literals;
namespace sim = gof::sim;
using gof::singleton::distributed::caller;
using gof::singleton::distributed::candidate;
using gof::singleton::distributed::fence;
using gof::singleton::distributed::kept_fence;
using gof::singleton::distributed::sequencer;

// Neither copied nor moved. Knows who made it, and whether it is there.
struct writer {
  writer(const sequencer& of, int& alive) : token(of), alive_(alive) { ++alive_; }
  writer(const writer&) = delete;
  writer& operator=(const writer&) = delete;
  ~writer() { --alive_; }
  sequencer token;

 private:
  int& alive_;
};

static_assert(!std::is_copy_constructible_v<candidate<writer>>);
static_assert(!std::is_move_constructible_v<candidate<writer>>);
static_assert(!std::is_copy_constructible_v<caller> && !std::is_copy_constructible_v<kept_fence>);
static_assert(std::is_copy_constructible_v<fence> && std::is_nothrow_move_constructible_v<fence>);
static_assert(noexcept(std::declval<const fence&>().newest()));

template <class T>
gof::errc why(const gof::result<T>& what) {
  return what ? gof::errc{} : what.error().why;
}

// ---- The machine
// ---------------------------------------------------------------------------------

TEST(SingletonFence, RefusesWhoWasThereBefore) {
  fence guard("log");
  EXPECT_EQ(why(guard.admit({"log", 0, 1})), gof::errc::conflict) << "nobody is no leader";
  EXPECT_TRUE(guard.admit({"log", 3, 1}));
  EXPECT_TRUE(guard.admit({"log", 3, 1})) << "as often as it likes";
  EXPECT_TRUE(guard.admit({"log", 7, 2}));
  const auto refused = guard.admit({"log", 3, 1});
  ASSERT_EQ(why(refused), gof::errc::conflict);
  EXPECT_EQ(refused.error().message, "leader 3 of log comes after 7");
  EXPECT_EQ(guard.newest(), (sequencer{"log", 7, 2}));
}

TEST(SingletonFence, FollowsOneElection) {
  fence guard("log");
  const auto refused = guard.admit({"other", 9, 1});
  ASSERT_EQ(why(refused), gof::errc::refused);
  EXPECT_EQ(refused.error().message, "it follows log, not other");
  EXPECT_TRUE(guard.admit({"log", 1, 1}));
}

TEST(SingletonFence, OneAtATime) {
  fence guard("log");
  EXPECT_TRUE(guard.admit({"log", 5, 1}));
  EXPECT_EQ(why(guard.admit({"log", 5, 2})), gof::errc::conflict)
      << "two clusters of one name gave the same number";
}

// \law NeverBack and OneAtATime, against a list of all that was admitted.
TEST(SingletonFence, NeverBack) {
  for (std::uint64_t seed = 1; seed <= gof::testing::seeds(200); ++seed) {
    sim::chance by(seed);
    fence guard("log");
    std::vector<sequencer> admitted;
    for (int i = 0; i < 200; ++i) {
      const sequencer shown{by.per_mille(50) ? "other" : "log",
                            by.below(static_cast<unsigned>(i) / 8 + 3), by.below(3)};
      bool may = shown.of == "log" && shown.generation > 0;
      for (const sequencer& it : admitted)
        may = may && (it.generation < shown.generation || it == shown);
      ASSERT_EQ(bool(guard.look(shown)), may) << seed;
      ASSERT_EQ(bool(guard.admit(shown)), may) << seed;
      if (may) admitted.push_back(shown);
      if (by.per_mille(100)) guard = fence(sequencer(guard.newest()));  // kept and restored
    }
    ASSERT_GT(admitted.size(), 10u);
  }
}

// ---- The fence that is kept
// ----------------------------------------------------------------------

struct Singleton : testing::Test {
  sim::world world{1};
  std::unique_ptr<gof::node> ann = world.join("ann"), bob = world.join("bob"),
                             eva = world.join("eva");

  gof::errc admit(kept_fence& guard, sequencer shown) {
    std::optional<gof::errc> came;
    guard.admit(std::move(shown), [&](const auto& what) { came = why(what); });
    EXPECT_FALSE(came) << "inside the call";
    EXPECT_TRUE(world.run_until([&] { return came.has_value(); }, 20s));
    return came.value_or(gof::errc::deadline);
  }
  void wrong(gof::duration lasts, sim::kind what, const std::string& who) {
    world.inject({world.now().time_since_epoch(), lasts, what, who, 0});
    world.run(1ms);
  }
};
constexpr gof::errc ok{};

TEST_F(Singleton, AKeptFenceKnowsTheNewestAfterARestart) {
  {
    kept_fence guard(*ann, "file", "log");
    EXPECT_EQ(admit(guard, {"log", 4, 1}), ok);
    EXPECT_EQ(admit(guard, {"log", 6, 2}), ok);
    EXPECT_EQ(admit(guard, {"log", 4, 1}), gof::errc::conflict);
  }
  kept_fence again(*bob, "file", "log");
  EXPECT_EQ(admit(again, {"log", 4, 1}), gof::errc::conflict);
  EXPECT_EQ(admit(again, {"log", 6, 3}), gof::errc::conflict);
  EXPECT_EQ(admit(again, {"log", 6, 2}), ok);
  EXPECT_EQ(again.newest(), (sequencer{"log", 6, 2}));
}

TEST_F(Singleton, AKeptFenceIsWrittenOnceForALeader) {
  kept_fence guard(*ann, "file", "log");
  ASSERT_EQ(admit(guard, {"log", 4, 1}), ok);
  int sent = 0;
  gof::scope until_the_end;
  world.listen(until_the_end.bind([&](const std::string&, const gof::engines::request& what) {
    sent += !std::holds_alternative<gof::engines::ping>(what.what);
  }));
  for (int i = 0; i < 100; ++i) ASSERT_EQ(admit(guard, {"log", 4, 1}), ok);
  EXPECT_EQ(sent, 0);
}

TEST_F(Singleton, WhatAKeptFenceHasReadIsCertainOnlyOnceItWasWritten) {
  kept_fence old(*ann, "file", "log"), young(*bob, "file", "log");
  ASSERT_EQ(admit(old, {"log", 4, 1}), ok);
  ASSERT_EQ(admit(young, {"log", 6, 2}), ok);
  EXPECT_EQ(admit(old, {"log", 5, 3}), gof::errc::conflict) << "as another process has written";
  EXPECT_EQ(old.newest(), (sequencer{"log", 6, 2}));
}

TEST_F(Singleton, AKeptFenceAnswersInOrder) {
  kept_fence guard(*ann, "file", "log");
  std::vector<std::uint64_t> in;
  for (const std::uint64_t generation : {3u, 3u, 5u, 3u, 5u, 4u, 8u, 5u})
    guard.admit({"log", generation, 1}, [&in, generation](const gof::result<void>& may) {
      if (may) in.push_back(generation);
    });
  world.run(1s);
  EXPECT_EQ(in, (std::vector<std::uint64_t>{3, 3, 5, 5, 8}));
}

TEST_F(Singleton, WhoseFenceCannotBeKeptIsNotLetIn) {
  kept_fence guard(*ann, "file", "log");
  ASSERT_EQ(admit(guard, {"log", 4, 1}), ok);
  wrong(2s, sim::kind::deny, "ann");
  EXPECT_EQ(admit(guard, {"log", 6, 2}), gof::errc::unavailable);
  EXPECT_EQ(guard.newest().generation, 4u);
  world.run(3s);
  EXPECT_EQ(admit(guard, {"log", 6, 2}), ok);
  // It may have been kept, and the answer lost.
  wrong(2s, sim::kind::lose_answers, "ann");
  world.inject({world.now().time_since_epoch(), 7s, sim::kind::lose_answers, "ann", 1000});
  EXPECT_EQ(admit(guard, {"log", 8, 3}), gof::errc::unavailable);
  world.run(8s);
  EXPECT_EQ(admit(guard, {"log", 7, 4}), gof::errc::conflict);
  EXPECT_EQ(admit(guard, {"log", 8, 3}), ok);
}

TEST_F(Singleton, AKeptFenceFollowsOneElection) {
  kept_fence guard(*ann, "file", "log"), other(*bob, "file", "log2");
  ASSERT_EQ(admit(guard, {"log", 4, 1}), ok);
  EXPECT_EQ(admit(other, {"log2", 9, 1}), gof::errc::refused);
  gof::blocking(*eva).put("gof.fences", "junk", "junk");
  kept_fence third(*ann, "junk", "log");
  EXPECT_EQ(admit(third, {"log", 4, 1}), gof::errc::refused);
}

TEST_F(Singleton, TooManyDoNotWaitAtAFence) {
  wrong(1min, sim::kind::partition, "ann");
  std::map<gof::errc, int> came;
  kept_fence guard(*ann, "file", "log");
  for (int i = 0; i < 1030; ++i)
    guard.admit({"log", 4, 1}, [&](const auto& what) { ++came[why(what)]; });
  world.run(1s);
  EXPECT_EQ(came, (std::map<gof::errc, int>{{gof::errc::overloaded, 6}}));
}

// ---- The candidate and the caller
// ----------------------------------------------------------------

// One of each, whose leader answers with its generation.
struct Election : Singleton {
  struct party {
    int alive = 0, served = 0;
    std::vector<sequencer> made;
    std::vector<gof::responder> kept;
    bool keeps = false;
    candidate<writer> it;
    party(gof::node& on, gof::duration ttl = 2s, std::size_t at_once = 64)
        : it(
              on, "log", ttl,
              [this](const sequencer& of) {
                made.push_back(of);
                return writer(of, alive);
              },
              [this](writer& w, const gof::message&, gof::responder to) {
                ++served;
                if (keeps)
                  kept.push_back(std::move(to));
                else
                  to.reply(std::to_string(w.token.generation));
              },
              at_once) {}
  };
  template <class... P>
  bool leads(P&... of) {
    return world.run_until([&] { return (... || (of.it.instance() != nullptr)); }, 20s);
  }
  gof::result<gof::message> ask(caller& at, gof::duration deadline = 5s) {
    std::optional<gof::result<gof::message>> came;
    at.call(
        "?", [&](auto what) { came.emplace(std::move(what)); }, deadline);
    EXPECT_FALSE(came) << "inside the call";
    EXPECT_TRUE(world.run_until([&] { return came.has_value(); }, deadline + 1s));
    return came ? *came : gof::errc::cancelled;
  }
};

TEST_F(Election, OneInstance) {
  party a(*ann), b(*bob);
  EXPECT_EQ(a.it.instance(), nullptr);
  EXPECT_EQ(a.it.token(), (sequencer{"log", 0, 0}));
  ASSERT_TRUE(leads(a, b));
  for (int i = 0; i < 100; ++i) {
    world.run(50ms);
    ASSERT_NE(a.it.instance() != nullptr, b.it.instance() != nullptr);
    ASSERT_EQ(a.alive + b.alive, 1);
  }
  party& leader = a.it.instance() ? a : b;
  EXPECT_EQ(leader.made.size(), 1u);
  EXPECT_EQ(leader.it.token(), leader.made.front());
  EXPECT_EQ(leader.it.instance()->token, leader.made.front());
}

TEST_F(Election, SoonAnotherAndTheSleeperIsRefused) {
  party a(*ann);
  ASSERT_TRUE(leads(a));
  party b(*bob);
  world.run(1s);
  fence guard("log");
  const sequencer old = a.it.token();
  EXPECT_TRUE(guard.admit(old));
  const gof::time_point paused = world.now();
  wrong(20s, sim::kind::pause, "ann");
  ASSERT_TRUE(leads(b));
  EXPECT_LE(world.now() - paused, 2500ms + 2s / 3 + 250ms);
  EXPECT_EQ(a.alive, 1) << "it stands still, and knows nothing";
  EXPECT_EQ(a.it.instance(), nullptr) << "but its clock goes on";
  EXPECT_TRUE(guard.admit(b.it.token()));
  EXPECT_EQ(why(guard.admit(old)), gof::errc::conflict);
  world.run(25s);
  EXPECT_EQ(a.alive, 0);
  EXPECT_NE(b.it.instance(), nullptr);
}

TEST_F(Election, AtOnceWhenItResigns) {
  party a(*ann, 1min);
  ASSERT_TRUE(leads(a));
  party b(*bob, 1min);
  world.run(2s);
  const sequencer old = a.it.token();
  a.it.resign();
  EXPECT_EQ(a.alive, 0);
  EXPECT_EQ(a.it.token().generation, 0u);
  ASSERT_TRUE(world.run_until([&] { return b.it.instance() != nullptr; }, 100ms));
  EXPECT_GT(b.it.token().generation, old.generation);
  world.run(10min);
  EXPECT_EQ(a.made.size(), 1u) << "it is no candidate any more";
}

TEST_F(Election, WhoCannotMakeItIsNoCandidateAnyMore) {
  candidate<int> a(*ann, "log", 1min,
                   [](const sequencer&) -> int { throw std::runtime_error("no disk"); });
  EXPECT_THROW(world.run(1s), std::runtime_error);
  EXPECT_EQ(a.instance(), nullptr);
  party b(*bob);
  EXPECT_TRUE(world.run_until([&] { return b.it.instance() != nullptr; }, 1s));
  world.run(2min);
  EXPECT_EQ(a.instance(), nullptr);
}

TEST_F(Election, ACallIsAnsweredByTheLeaderWhoeverItIs) {
  party a(*ann), b(*bob);
  caller c(*eva, "log");
  EXPECT_EQ(c.leader(), sequencer{"log"});
  const auto first = ask(c);
  ASSERT_TRUE(first) << first.error().text();
  party &leader = a.it.instance() ? a : b, &other = a.it.instance() ? b : a;
  EXPECT_EQ(first->body, std::to_string(leader.it.token().generation));
  EXPECT_EQ(c.leader(), leader.it.token());
  leader.it.resign();
  const auto second = ask(c);
  ASSERT_TRUE(second) << second.error().text();
  EXPECT_EQ(second->body, std::to_string(other.it.token().generation));
  EXPECT_EQ(leader.served + other.served, 2);
}

TEST_F(Election, NobodyThere) {
  caller c(*eva, "log");
  EXPECT_EQ(why(ask(c, 1s)), gof::errc::nobody_there);
  party a(*ann);
  EXPECT_TRUE(ask(c));
  a.it.resign();
  const gof::time_point asked = world.now();
  EXPECT_EQ(why(ask(c, 3s)), gof::errc::nobody_there);
  EXPECT_EQ(world.now() - asked, 3s) << "somebody might have come";
}

TEST_F(Election, AFormerLeaderRefuses) {
  party a(*ann, 1s);
  caller c(*eva, "log");
  ASSERT_TRUE(ask(c));
  party b(*bob, 1s);
  wrong(2500ms, sim::kind::pause, "ann");
  world.run(1ms);
  std::vector<gof::result<gof::message>> came;
  for (int i = 0; i < 3; ++i)
    c.call(
        "?", [&](auto what) { came.push_back(std::move(what)); }, 10s);
  ASSERT_TRUE(leads(b));
  ASSERT_TRUE(world.run_until([&] { return came.size() == 3; }, 10s));
  for (const auto& it : came) {
    ASSERT_TRUE(it) << it.error().text();
    EXPECT_EQ(it->body, std::to_string(b.it.token().generation));
  }
  EXPECT_EQ(a.served, 1) << "those were with it all the time, and it did not lead when it woke up";
}

TEST_F(Election, AnUnansweredCallIsUnknownAndNotAskedAgain) {
  party a(*ann);
  caller c(*eva, "log");
  ASSERT_TRUE(ask(c));
  a.keeps = true;
  const auto it = ask(c, 2s);
  EXPECT_EQ(it.outcome(), gof::outcome::unknown);
  EXPECT_EQ(a.served, 2);
}

TEST_F(Election, SoManyAtOnceAndNoMore) {
  party a(*ann, 2s, 3);
  caller c(*eva, "log");
  ASSERT_TRUE(ask(c));
  a.keeps = true;
  std::map<gof::errc, int> came;
  for (int i = 0; i < 10; ++i)
    c.call(
        "?", [&](const auto& what) { ++came[why(what)]; }, 3s);
  world.run(1s);
  EXPECT_EQ(a.kept.size(), 3u);
  a.kept.pop_back();  // it is dropped, and so answered
  world.run(1s);
  EXPECT_EQ(a.kept.size(), 3u) << "another one has its place";
  world.run(2s);
  EXPECT_EQ(came, (std::map<gof::errc, int>{{gof::errc::failed_there, 1},
                                            {gof::errc::deadline, 3},
                                            {gof::errc::overloaded, 6}}));
}

TEST_F(Election, TooManyCallsDoNotWait) {
  caller c(*eva, "log");
  std::map<gof::errc, int> came;
  for (int i = 0; i < 1030; ++i)
    c.call(
        "?", [&](const auto& what) { ++came[why(what)]; }, 2s);
  world.run(3s);
  EXPECT_EQ(came, (std::map<gof::errc, int>{{gof::errc::overloaded, 6},
                                            {gof::errc::nobody_there, 1024}}));
  came.clear();
  c.call(
      "?", [&](const auto& what) { ++came[why(what)]; }, 1s);
  world.run(2s);
  EXPECT_EQ(came.count(gof::errc::nobody_there), 1u) << "there is room again";
}

TEST_F(Election, AskedAgainItIsStillTheSameOperation) {
  std::vector<gof::operation_id> ids;
  candidate<int> a(
      *ann, "log", 2s, [](const sequencer&) { return 1; },
      [&](int&, const gof::message& what, gof::responder to) {
        ids.push_back(what.id);
        ids.size() < 3 ? to.fail({gof::errc::unavailable, "later", {}}) : to.reply(what.body);
      });
  caller c(*eva, "log");
  std::optional<gof::result<gof::message>> came;
  c.call("line", [&](auto what) { came.emplace(std::move(what)); }, 5s, {7, 1});
  ASSERT_TRUE(world.run_until([&] { return came.has_value(); }, 6s));
  ASSERT_TRUE(*came);
  EXPECT_EQ((*came)->body, "line");
  EXPECT_EQ(ids, std::vector<gof::operation_id>(3, {7, 1}));
}

TEST_F(Election, WhatIsRefusedIsNotAskedAgain) {
  int asked = 0;
  candidate<int> a(
      *ann, "log", 2s, [](const sequencer&) { return 1; },
      [&](int&, const gof::message&, gof::responder to) {
        ++asked;
        to.fail({gof::errc::refused, "no such line", {}});
      });
  caller c(*eva, "log");
  EXPECT_EQ(why(ask(c)), gof::errc::refused);
  EXPECT_EQ(asked, 1);
}

TEST_F(Election, AfterItsEndNothingIsCalled) {
  auto a = std::make_unique<party>(*ann);
  auto c = std::make_unique<caller>(*eva, "log");
  ASSERT_TRUE(ask(*c));
  bool called = false;
  c->call(
      "?", [&](const auto&) { called = true; }, 2s);
  c.reset();
  a->keeps = true;
  caller other(*bob, "log");
  std::optional<gof::errc> came;
  other.call(
      "?", [&](const auto& what) { came = why(what); }, 2s);
  ASSERT_TRUE(world.run_until([&] { return !a->kept.empty(); }, 2s));
  auto kept = std::move(a->kept);
  a.reset();
  kept.front().reply("late");  // it still counts, and touches nothing that is gone
  world.run(3s);
  EXPECT_FALSE(called);
  EXPECT_EQ(came, ok);
}

// \law OneInstance and SoonAnother, under faults: a fence that all pass admits each leader when it
// begins, and after all faults there is one, which answers.
TEST(ElectionUnderFaults, OneInstanceAndSoonAnother) {
  std::uint64_t elections = 0;
  const std::uint64_t seeds = gof::testing::seeds(100);
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    sim::world world(seed);
    sim::recipe of;
    of.nodes = {"ann", "bob", "eva", "broker"};
    of.what = {sim::kind::lose,      sim::kind::lose_answers, sim::kind::lose_requests,
               sim::kind::partition, sim::kind::delay,        sim::kind::duplicate,
               sim::kind::reorder,   sim::kind::pause};
    const auto faults = sim::random_faults(seed, of);
    world.inject(faults);
    fence guard("log");
    bool admitted = true;
    int alive = 0;
    std::vector<std::unique_ptr<gof::node>> nodes;
    std::vector<std::unique_ptr<candidate<writer>>> all;
    for (const char* name : {"ann", "bob", "eva"}) {
      nodes.push_back(world.join(name));
      all.push_back(std::make_unique<candidate<writer>>(
          *nodes.back(), "log", 1s,
          [&](const sequencer& by) {
            ++elections;
            admitted = admitted && guard.admit(by);
            return writer(by, alive);
          },
          [](writer&, const gof::message& m, gof::responder to) { to.reply(m.body); }));
    }
    const auto leaders = [&] {
      return std::count_if(all.begin(), all.end(), [](auto& it) { return it->instance(); });
    };
    for (int i = 0; i < 300; ++i) {
      world.run(50ms);
      ASSERT_LE(leaders(), 1) << seed << sim::as_code(faults);
      for (const auto& it : all)
        ASSERT_TRUE(!it->instance() || it->instance()->token == guard.newest())
            << seed << sim::as_code(faults);
    }
    ASSERT_TRUE(admitted) << seed << sim::as_code(faults);
    // A watch whose answer was lost asks again after six seconds.
    ASSERT_TRUE(world.run_until([&] { return leaders() == 1; }, 9s + 1250ms + 1s / 3 + 250ms))
        << seed << sim::as_code(faults);
    const auto shop = world.join("shop");
    caller log(*shop, "log");
    bool answered = false;
    log.call(
        "line", [&](const gof::result<gof::message>& it) { answered = bool(it); }, 10s);
    ASSERT_TRUE(world.run_until([&] { return answered; }, 11s)) << seed << sim::as_code(faults);
    all.clear();
    ASSERT_EQ(alive, 0);
  }
  EXPECT_GT(elections, seeds);
}

// ---- On another engine
// ---------------------------------------------------------------------------

TEST(SingletonOnMemory, IsHandedOverAndCalled) {
  const auto ann = gof::join("memory:singleton"), bob = gof::join("memory:singleton");
  const auto make = [](const sequencer& of) { return of.generation; };
  const auto serve = [](std::uint64_t& g, const gof::message& m, gof::responder to) {
    to.reply(m.body + std::to_string(g));
  };
  caller c(*bob, "log");
  std::string said;
  const auto ask = [&] {
    said.clear();
    c.call("by ", [&](const gof::result<gof::message>& what) { said = what.value().body; });
    bob->run_until([&] { return !said.empty(); }, 10s);
    return said;
  };
  {
    candidate<std::uint64_t> it(*bob, "log", 10s, make, serve);
    ASSERT_TRUE(bob->run_until([&] { return it.instance() != nullptr; }, 10s));
    EXPECT_EQ(ask(), "by " + std::to_string(*it.instance()));
  }
  candidate<std::uint64_t> next(*bob, "log", 10s, make, serve);
  ASSERT_TRUE(bob->run_until([&] { return next.instance() != nullptr; }, 5s)) << "at once";
  EXPECT_EQ(ask(), "by " + std::to_string(*next.instance()));
  kept_fence guard(*ann, "file", "log");
  std::optional<gof::errc> came;
  guard.admit(next.token(), [&](const auto& what) { came = why(what); });
  ASSERT_TRUE(ann->run_until([&] { return came.has_value(); }, 10s));
  EXPECT_EQ(came, ok);
}

}  // namespace
