// SPDX-License-Identifier: BSL-1.0
#include <gof/engines/simulator.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <gof/roles.hpp>
#include <gof/wait.hpp>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "engines/conformance.hpp"

namespace gof::testing {
namespace {

struct simulated final : engine_under_test {
  sim::world world{42};
  std::unique_ptr<node> join(std::string name) override { return world.join(std::move(name)); }
  bool run_until(const several& nodes, const condition& holds, duration limit) override {
    return world.run_until([&] { return holds(); }, limit, nodes);
  }
};
std::unique_ptr<engine_under_test> make_simulated() { return std::make_unique<simulated>(); }
INSTANTIATE_TEST_SUITE_P(Simulator, Conformance, ::testing::Values(&make_simulated));

// ---- What goes wrong ----------------------------------------------------------------------------

using namespace std::chrono_literals;
using sim::kind;

std::uint64_t hits(const sim::world& in, kind what) {
  return in.counts().effective[static_cast<std::size_t>(what)];
}
// Does something again and again.
void repeat(node& on, duration every, std::function<void()> f) {
  on.after(every, [&on, every, f] {
      f();
      repeat(on, every, f);
    }).detach();
}
std::vector<std::string> lines(node& of, const std::string& log) {
  std::vector<std::string> all;
  const auto reading = of.read(log, 1, [&](const entry& it) {
    all.push_back(it.content.principal + ": " + it.content.body);
  });
  of.run_until([] { return false; }, 1s);
  return all;
}

// An actor that puts its life under a key again and again, and serves.
struct resident {
  node& on;
  std::map<std::uint64_t, resident*>& all;
  std::optional<time_point> last_put{};
  std::size_t put = 0, refused = 0, executed = 0;
  registration serving{};
  resident(node& at, std::map<std::uint64_t, resident*>& there) : on(at), all(there) {
    all[on.incarnation()] = this;
    serving = on.serve("who", [this](const message&, responder r) {
      ++executed;
      r.reply(std::to_string(on.incarnation()));
    });
    repeat(on, 50ms, [this] {
      on.put("lives", "ada", std::to_string(on.incarnation()), any_version,
             [this](const result<std::uint64_t>& it) {
               ++(it ? put : refused);
               if (it) last_put = on.now();
             },
             {200ms})
          .detach();
    });
  }
  resident(const resident&) = delete;
  resident& operator=(const resident&) = delete;
  ~resident() { all.erase(on.incarnation()); }
};

TEST(SimulatorFaults, AfterAMoveTheOldOneGoesOnAndReachesNobody) {
  std::map<std::uint64_t, resident*> all;
  sim::world w(7);
  w.start("ada", [&](node& n) { return std::make_shared<resident>(n, all); });
  const auto eva = w.join("eva");
  w.inject({1s, 2s, kind::move, "ada", 0});
  w.run(900ms);
  ASSERT_EQ(all.size(), 1u);
  const std::uint64_t first = all.begin()->first;
  EXPECT_EQ(blocking(*eva).call({"who"}).body, std::to_string(first));
  w.run(1s);
  ASSERT_EQ(all.size(), 2u);
  resident &old = *all.begin()->second, &now = *all.rbegin()->second;
  EXPECT_GT(now.put, 5u);
  ASSERT_TRUE(old.last_put);
  EXPECT_LT(*old.last_put, time_point(1010ms));  // as soon as the broker has heard of the new one
  EXPECT_GT(old.refused, 3u);
  const std::size_t executed = old.executed;
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(blocking(*eva).call({"who"}).body, std::to_string(now.on.incarnation()));
    w.run(50ms);
  }
  EXPECT_EQ(old.executed, executed);
  w.run(2s);
  EXPECT_EQ(all.size(), 1u);
  EXPECT_EQ(hits(w, kind::move), 1u);
  EXPECT_EQ(hits(w, kind::crash), 0u);
}

TEST(SimulatorFaults, AfterAMoveACallMayStillBeExecutedByTheOldOneAndIsUnknown) {
  std::map<std::uint64_t, resident*> all;
  sim::world w(7, {.latency = 100ms});
  w.start("ada", [&](node& n) { return std::make_shared<resident>(n, all); });
  const auto eva = w.join("eva");
  w.inject({1s, 1s, kind::move, "ada", 0});  // the broker hears of that at 1.1 s
  w.run(950ms);
  std::optional<result<message>> what;
  const auto call = eva->call({"who"}, [&](result<message> it) { what = std::move(it); });
  w.run(400ms);  // it came to the broker at 1.05 s, and to the old one at 1.15 s
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all.begin()->second->executed, 1u);
  EXPECT_EQ(all.rbegin()->second->executed, 0u);
  ASSERT_TRUE(what);
  EXPECT_EQ(what->outcome(), outcome::unknown);
}

TEST(SimulatorFaults, NothingOnItsWayToAnOldLifeReachesTheNewOneOfThatName) {
  sim::world w(7, {.latency = 100ms});
  const auto ada = w.join("ada");
  ada->put("files", "1", "of the first life", absent, [](const auto&) {}).detach();
  ada->put("files", "2", "of the second", absent, [](const auto&) {}).detach();
  w.run(500ms);
  std::vector<std::string> heard;
  std::uint64_t lives = 0;
  w.start("eva", [&](node& n) {
    n.get("files", std::to_string(++lives), [&](const result<versioned>& it) {
       heard.push_back(it.value().value.value());
     }).detach();
    return std::make_shared<int>();
  });
  w.inject({650ms, {}, kind::crash, "eva", 0});  // the answer is on its way, and comes at 0.7 s
  w.run(5s);
  EXPECT_EQ(lives, 2u);
  EXPECT_EQ(heard, (std::vector<std::string>{"of the second"}));
}

TEST(SimulatorFaults, ANodeComesBackAsAnotherVersionOfItsProgram) {
  sim::world w(7);
  std::vector<std::uint64_t> versions;
  w.start("ada", [&](node& n) {
    versions.push_back(w.version(n.name()));
    return std::make_shared<int>();
  });
  w.inject(std::vector<sim::fault>{{1s, 100ms, kind::version, "ada", 2},
                                   {2s, 100ms, kind::crash, "ada", 0},
                                   {3s, 100ms, kind::version, "ada", 2},
                                   {4s, 100ms, kind::version, "ada", 0}});
  w.run(5s);
  EXPECT_EQ(versions, (std::vector<std::uint64_t>{1, 2, 2, 2, 0}));
  EXPECT_EQ(hits(w, kind::version), 2u);
  EXPECT_EQ(w.version("nobody"), 1u);
}

// What is in the log after a tap has made up a message in ada's name.
std::vector<std::string> forged(bool sealed) {
  sim::world w(7, {.sealed = sealed});
  w.inject({1s, {}, kind::forge, "ada", 1});
  const auto ada = w.join("ada"), eva = w.join("eva");
  blocking(*ada).append("log", message("a", "yes0", {1, 1}));
  w.run(2s);
  EXPECT_EQ(hits(w, kind::forge), 1u);
  return lines(*eva, "log");
}
TEST(SimulatorFaults, WhatIsMadeUpIsNoticedWhereTheNetworkIsSealed) {
  EXPECT_EQ(forged(true), (std::vector<std::string>{"ada: yes0"}));
  EXPECT_EQ(forged(false), (std::vector<std::string>{"ada: yes0", "ada: yes1"}));
}

// What is in the log after the broker has lost its power.
std::pair<std::size_t, std::uint64_t> after_loss_of_power(bool synced) {
  sim::world w(7, {.synced = synced});
  w.inject({1s, 100ms, kind::crash, "broker", 1});
  const auto ada = w.join("ada");
  for (int i = 0; i < 3; ++i) blocking(*ada).append("log", message("a", "x"));
  w.run(10s);
  return {lines(*ada, "log").size(), w.counts().unsynced};
}
TEST(SimulatorFaults, TheBrokerLosesOnlyWhatIsNotSynced) {
  EXPECT_EQ(after_loss_of_power(true), (std::pair<std::size_t, std::uint64_t>(3, 0)));
  const auto [left, lost] = after_loss_of_power(false);
  EXPECT_EQ(left, 0u);
  EXPECT_GT(lost, 3u);
}

// Ada works, and the faults of one kind hit her.
struct shift {
  sim::ledger counts;
  std::uint64_t trace;
};
shift work_under(std::uint64_t seed, const std::vector<sim::fault>& all) {
  sim::world w(seed, {.sealed = false});
  w.inject(all);
  w.start("ada", [](node& n) {
    repeat(n, 20ms, [&n] {
      n.append("log", message("a", std::string(100, 'x')), [](const auto&) {}).detach();
    });
    return std::make_shared<registration>(n.read("log", 1, [](const entry&) {}));
  });
  w.run(15s);
  return {w.counts(), w.trace()};
}

TEST(SimulatorFaults, EveryKindIsDrawnAndHitsSomethingAndIsTheSameAgain) {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < sim::kinds; ++i) {
    const auto what = static_cast<kind>(i);
    names.insert(sim::name_of(what));
    std::uint64_t effective = 0;
    for (std::uint64_t seed = 1; seed <= 3; ++seed) {
      const auto all = sim::random_faults(seed, {{"ada"}, {what}});
      for (const sim::fault& one : all) EXPECT_EQ(one.what, what);
      EXPECT_NE(sim::as_code(all).find("kind::" + std::string(sim::name_of(what)) + ", "),
                std::string::npos);
      const shift first = work_under(seed, all);
      EXPECT_EQ(first.counts.injected[i], all.size());
      EXPECT_EQ(work_under(seed, all).trace, first.trace) << sim::name_of(what);
      effective += first.counts.effective[i];
    }
    EXPECT_GT(effective, 0u) << sim::name_of(what);
  }
  EXPECT_EQ(names.size(), sim::kinds);
}

TEST(SimulatorFaults, OnlyThoseThatMatterAreLeftAndPrintedAsCode) {
  auto all = sim::random_faults(1, {{"ada", "broker"}, {kind::delay, kind::duplicate}});
  all.push_back({2s, 300ms, kind::version, "ada", 2});
  all.push_back({3s, 1500us, kind::move, "ada", 0});
  const auto left = sim::shrink(all, [](const auto& some) {
    const auto counts = work_under(1, some).counts;
    return counts.effective[static_cast<std::size_t>(kind::move)] > 0 &&
           counts.effective[static_cast<std::size_t>(kind::version)] > 0;
  });
  EXPECT_EQ(sim::as_code(left),
            "{{2000ms, 300ms, kind::version, \"ada\", 2},\n"
            " {3000ms, 1500000ns, kind::move, \"ada\", 0}}");
}

}  // namespace
// \law Who served goes on when it may: a right that is taken away while the broker forgets is told,
// and asked for again.
TEST(Simulator, ServesAndListensAgainWhenTheRightComesBack) {
  sim::world world(7);
  auto ada = world.join("ada"), bob = world.join("bob");
  int refusals = 0, heard = 0;
  bob->on_event([&](const gof::event& e) { refusals += e.what == gof::event::kind::refused; });
  const auto serving =
      bob->serve("greet", [](const gof::message&, gof::responder to) { to.reply("hello"); });
  const auto listening = bob->subscribe("news", [&](const gof::message&) { ++heard; });
  world.run(1s);
  world.inject({2s, 500ms, sim::kind::crash, "broker", 0});
  world.inject({2s, 8s, sim::kind::deny, "bob", 0});
  world.run(12s);
  EXPECT_GT(refusals, 0);
  EXPECT_TRUE(ada->publish({"news"}));
  const auto answer = gof::wait_for<gof::message>(
      *ada, [&](auto done) { return ada->call({"greet"}, std::move(done)); }, 5s);
  ASSERT_TRUE(answer) << answer.error().text();
  EXPECT_EQ(answer->body, "hello");
  world.run(1s);
  EXPECT_EQ(heard, 1);
}

}  // namespace gof::testing
