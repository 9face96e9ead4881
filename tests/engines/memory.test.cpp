// SPDX-License-Identifier: BSL-1.0
#include <gof/engines/memory.hpp>
// The header under test comes first, so that it has to stand alone.
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gof/join.hpp>
#include <gof/wait.hpp>

#include "engines/conformance.hpp"

namespace {

using namespace gof::testing;
using gof::errc;
namespace engines = gof::engines;

class embedded : public engine_under_test {
 public:
  std::unique_ptr<gof::node> join(std::string name) override {
    return std::make_unique<engines::embedded_node>(broker_, std::move(name));
  }
  [[nodiscard]] bool has_threads() const override { return true; }

 private:
  std::shared_ptr<engines::embedded_broker> broker_ = std::make_shared<engines::embedded_broker>();
};
std::unique_ptr<engine_under_test> make_embedded() { return std::make_unique<embedded>(); }

INSTANTIATE_TEST_SUITE_P(Memory, Conformance, ::testing::Values(&make_embedded));

// ---- The suite finds a planted fault ------------------------------------------------------------

/// A node whose put compares first and sets later: somebody else may come between.
class not_atomic final : public gof::node {
 public:
  explicit not_atomic(std::unique_ptr<gof::node> real) : real_(std::move(real)) {}
  const std::string& name() const noexcept override { return real_->name(); }
  std::uint64_t incarnation() const noexcept override { return real_->incarnation(); }
  gof::promises promises() const noexcept override { return real_->promises(); }
  gof::time_point now() const override { return real_->now(); }
  std::uint64_t random() override { return real_->random(); }
  void post(gof::unique_function<void()> f) override { real_->post(std::move(f)); }
  gof::registration after(gof::duration delay, gof::unique_function<void()> f) override {
    return real_->after(delay, std::move(f));
  }
  bool run_until(gof::unique_function<bool()> holds, gof::duration limit) override {
    return real_->run_until(std::move(holds), limit);
  }
  void on_event(gof::unique_function<void(const gof::event&)> f) override {
    real_->on_event(std::move(f));
  }
  void close(gof::duration limit) override { real_->close(limit); }
  gof::registration call(gof::message what, gof::completion<gof::message> done,
                         gof::operation_options how) override {
    return real_->call(std::move(what), std::move(done), how);
  }
  gof::registration serve(std::string subject,
                          gof::unique_function<void(const gof::message&, gof::responder)> handler,
                          gof::serve_options how, gof::completion<void> ready) override {
    return real_->serve(std::move(subject), std::move(handler), std::move(how), std::move(ready));
  }
  gof::result<void> publish(gof::message what) override { return real_->publish(std::move(what)); }
  gof::registration subscribe(std::string pattern,
                              gof::unique_function<void(const gof::message&)> handler,
                              gof::subscribe_options how, gof::completion<void> ready) override {
    return real_->subscribe(std::move(pattern), std::move(handler), std::move(how),
                            std::move(ready));
  }
  gof::registration append(std::string log, gof::message line, gof::completion<gof::appended> done,
                           gof::append_options how) override {
    return real_->append(std::move(log), std::move(line), std::move(done), how);
  }
  gof::registration read(std::string log, std::uint64_t from,
                         gof::unique_function<void(const gof::entry&)> handler,
                         gof::read_options how) override {
    return real_->read(std::move(log), from, std::move(handler), std::move(how));
  }
  gof::registration truncate(std::string log, std::uint64_t before, gof::completion<void> done,
                             gof::operation_options how) override {
    return real_->truncate(std::move(log), before, std::move(done), how);
  }
  gof::registration work(std::string log, std::string group,
                         gof::unique_function<void(gof::delivery)> handler,
                         gof::work_options how) override {
    return real_->work(std::move(log), std::move(group), std::move(handler), std::move(how));
  }
  gof::registration get(std::string bucket, std::string key, gof::completion<gof::versioned> done,
                        gof::operation_options how) override {
    return real_->get(std::move(bucket), std::move(key), std::move(done), how);
  }
  gof::registration put(std::string bucket, std::string key, std::string value,
                        std::uint64_t expect, gof::completion<std::uint64_t> done,
                        gof::operation_options how) override {
    return real_->get(
        bucket, key,
        [=, this, done = std::move(done)](gof::result<gof::versioned> found) mutable {
          if (expect != gof::any_version && expect != (found ? found->version : gof::absent))
            return done(errc::conflict);
          real_->put(bucket, key, value, gof::any_version, std::move(done), how).detach();
        },
        how);
  }
  gof::registration erase(std::string bucket, std::string key, std::uint64_t expect,
                          gof::completion<std::uint64_t> done,
                          gof::operation_options how) override {
    return real_->erase(std::move(bucket), std::move(key), expect, std::move(done), how);
  }
  gof::registration watch(std::string bucket, std::string pattern,
                          gof::unique_function<void(const gof::versioned&)> handler,
                          gof::watch_options how) override {
    return real_->watch(std::move(bucket), std::move(pattern), std::move(handler), std::move(how));
  }

 private:
  std::unique_ptr<gof::node> real_;
};

class taking_turns final : public embedded {
 public:
  [[nodiscard]] bool has_threads() const override { return false; }
};

TEST(ConformanceItself, IncrementersFindACompareAndSetThatIsNotAtomic) {
  taking_turns engine;
  not_atomic ann(engine.join("ann")), bob(engine.join("bob"));
  const increments wrong = increment(engine, {&ann, &bob});
  EXPECT_FALSE(wrong.add_up());
  EXPECT_GT(wrong.successes, 0);
  EXPECT_EQ(wrong.unknown, 0);
}

TEST(ConformanceItself, IncrementersAddUpWhereItIsAtomic) {
  taking_turns engine;
  const auto ann = engine.join("ann"), bob = engine.join("bob");
  const increments right = increment(engine, {ann.get(), bob.get()});
  EXPECT_TRUE(right.add_up());
  EXPECT_EQ(right.number, right.successes);
  EXPECT_LT(right.successes, 2 * 4 * 25) << "some were in conflict";
}

// ---- What only this engine promises -------------------------------------------------------------

TEST(Memory, EqualUrlsAreOneBrokerAndOthersAreNot) {
  const auto ann = gof::join("memory:one", {"ann"}), bob = gof::join("memory:one");
  const auto other = gof::join("memory:two", {"ann"});
  EXPECT_EQ(ann->name(), "ann");
  EXPECT_FALSE(bob->name().empty());
  EXPECT_NE(bob->name(), "ann");
  gof::blocking(*ann).put("b", "k", "v");
  EXPECT_EQ(gof::blocking(*bob).get("b", "k").value, "v");
  EXPECT_THROW(gof::blocking(*other).get("b", "k"), gof::failure);
  EXPECT_FALSE(ann->promises().durable);
  EXPECT_TRUE(ann->promises().knows_principal);
}

TEST(Memory, ABrokerLivesAsLongAsItsNodes) {
  gof::blocking(*gof::join("memory:short")).put("b", "k", "v");
  const auto again = gof::join("memory:short");
  EXPECT_THROW(gof::blocking(*again).get("b", "k"), gof::failure);
}

TEST(Memory, AUrlThatCannotBeJoinedSaysWhy) {
  const auto why = [](const char* url) {
    try {
      static_cast<void>(gof::join(url));
      return gof::error{errc::closed, "joined", {}};
    } catch (const gof::failure& failed) {
      return failed.reason();
    }
  };
  for (const char* url : {"", "memory", "mem:x", ":", "http://x"}) {
    EXPECT_EQ(why(url).why, errc::refused) << url;
    EXPECT_NE(why(url).message.find("memory:"), std::string::npos) << "it names what there is";
  }
  for (const char* url : {"sim:7", "nats://localhost"}) {
    EXPECT_EQ(why(url).why, errc::unavailable) << url;
    EXPECT_NE(why(url).message.find(url), std::string::npos) << url;
  }
}

TEST(Memory, ANameIsFreeAgainAsSoonAsItsNodeIsGone) {
  const auto broker = std::make_shared<engines::embedded_broker>();
  std::atomic<bool> stop = false;
  std::thread busy([&] {  // does the others' requests, too
    engines::embedded_node bob(broker, "bob");
    while (!stop) static_cast<void>(bob.publish({"t"}));
  });
  for (int i = 0; i < 2000; ++i) {
    engines::embedded_node ann(broker, "ann");
    EXPECT_THROW(engines::embedded_node(broker, "ann"), gof::failure);
    if (i % 2) ann.close(1s);
  }
  stop = true;
  busy.join();
}

TEST(Memory, TheLimitHoldsWhileThereIsAlwaysSomethingToDo) {
  embedded engine;
  const auto ann = engine.join("ann");
  std::function<void()> again = [&] { ann->post(again); };
  again();
  EXPECT_FALSE(ann->run_until([] { return false; }, 5ms));
  EXPECT_FALSE(ann->run_until([] { return false; }, 0ms));
  std::function<void()> timer = [&] { ann->after(0ms, timer).detach(); };
  timer();
  EXPECT_FALSE(ann->run_until([] { return false; }, 5ms));
}

TEST(Memory, WithoutTimeAllThatHasComeIsDone) {
  embedded engine;
  const auto ann = engine.join("ann");
  int ran = 0;
  for (int i = 0; i < 200; ++i) ann->post([&] { ++ran; });
  EXPECT_FALSE(ann->run_until([] { return false; }, 0ms));
  EXPECT_EQ(ran, 200);
  // What the broker has to do by itself is done by those who only look in, too.
  int attempts = 0;
  gof::work_options how;
  how.patience = 1ms;
  how.attempts = 1000000;
  const gof::registration work = ann->work(
      "jobs", "g", [&](const gof::delivery&) { ++attempts; }, how);
  ann->append("jobs", {"x"}, [](const auto&) {}).detach();
  const auto end = ann->now() + patient;
  while (attempts < 3 && ann->now() < end) ann->run_until([] { return false; }, 0ms);
  EXPECT_GE(attempts, 3);
}

TEST(Memory, ATopicThatIsNotHeardKeepsSoManyAndTellsTheRest) {
  embedded engine;
  const auto ann = engine.join("ann"), bob = engine.join("bob");
  std::vector<std::uint64_t> gaps;
  std::size_t came = 0;
  gof::subscribe_options how;
  how.on_gap = [&](std::uint64_t lost) { gaps.push_back(lost); };
  const gof::registration heard = ann->subscribe(
      "t", [&](const gof::message&) { ++came; }, std::move(how));
  for (int i = 0; i < 2000; ++i) EXPECT_TRUE(bob->publish({"t"}));
  ann->run_until([] { return false; }, 1ms);
  EXPECT_EQ(came, engines::embedded_broker::most_told);
  EXPECT_TRUE(gaps.empty());
  EXPECT_TRUE(bob->publish({"t"}));
  ann->run_until([] { return false; }, 1ms);
  EXPECT_EQ(came, engines::embedded_broker::most_told + 1);
  EXPECT_EQ(gaps, (std::vector<std::uint64_t>{2000 - engines::embedded_broker::most_told}));
}

TEST(Memory, AHandlerThatIsTooSlowLosesMessagesAndNotTheMemory) {
  embedded engine;
  const auto ann = engine.join("ann"), bob = engine.join("bob");
  std::uint64_t came = 0, lost = 0, sent = 0;
  const auto publish = [&] {
    EXPECT_TRUE(bob->publish({"t"}));
    ++sent;
  };
  gof::subscribe_options how;
  how.on_gap = [&](std::uint64_t more) { lost += more; };
  const gof::registration heard = ann->subscribe(
      "t",
      [&](const gof::message&) {
        if (++came > 2000) return;
        for (int i = 0; i < 10; ++i) publish();  // while one is handled, ten come
      },
      std::move(how));
  publish();
  const auto end = ann->now() + patient;
  do {
    ann->run_until([] { return false; }, 1ms);
    publish();  // so that a loss is told
    ann->run_until([] { return false; }, 1ms);
  } while (came + lost < sent && ann->now() < end);
  EXPECT_EQ(came + lost, sent);
  EXPECT_LE(came, 2000U + 2 * engines::embedded_broker::most_told + 20);
}

TEST(Memory, APolicySaysWhoMayDoWhat) {
  const auto broker = std::make_shared<engines::embedded_broker>();
  engines::embedded_node ann(broker, "ann"), eve(broker, "eve");
  std::set<std::string> asked;
  broker->allow([&](const std::string& who, std::string_view what, const std::string& where) {
    asked.insert(std::string(what) + ' ' + where);
    return who == "ann";
  });
  const auto why = [](auto f) {
    try {
      f();
      return errc{};
    } catch (const gof::failure& failed) {
      return failed.reason().why;
    }
  };
  gof::blocking as_ann(ann), as_eve(eve);
  EXPECT_EQ(why([&] { as_ann.put("b", "k", "v"); }), errc{});
  EXPECT_EQ(why([&] { as_eve.put("b", "k", "v"); }), errc::denied);
  EXPECT_EQ(why([&] { as_eve.erase("b", "k"); }), errc::denied);
  EXPECT_EQ(why([&] { as_eve.get("b", "k"); }), errc::denied);
  EXPECT_EQ(why([&] { as_eve.call({"s"}); }), errc::denied);
  EXPECT_EQ(why([&] { as_eve.append("l", {"x"}); }), errc::denied);
  EXPECT_EQ(why([&] { as_eve.truncate("l", 1); }), errc::denied);
  std::vector<errc> ready;
  int denied = 0, handled = 0;
  const auto count = [&](const auto&...) { ++handled; };
  eve.on_event([&](const gof::event& it) { denied += it.what == gof::event::kind::refused; });
  const auto told = [&](const gof::result<void>& what) { ready.push_back(what.error().why); };
  const gof::registration all[] = {eve.serve("s", count, {}, told),
                                   eve.subscribe("t.*", count, {}, told), eve.read("l", 1, count),
                                   eve.work("l", "g", count), eve.watch("b", ">", count)};
  EXPECT_TRUE(eve.run_until([&] { return ready.size() == 2 && denied == 3; }, patient));
  EXPECT_EQ(ready, (std::vector{errc::denied, errc::denied}));
  EXPECT_TRUE(eve.publish({"t.a"}));
  as_ann.append("l", {"x"});
  EXPECT_EQ(handled, 0);
  EXPECT_EQ(asked,
            (std::set<std::string>{"append l", "call s", "get b", "publish t.a", "put b", "read l",
                                   "serve s", "subscribe t.*", "truncate l", "watch b", "work l"}));
}

TEST(Memory, AWatchThatFellBehindTheErasuresThatAreRememberedBeginsAnew) {
  embedded engine;
  const auto ann = engine.join("ann"), bob = engine.join("bob");
  std::vector<std::string> told;
  int resyncs = 0, currents = 0;
  gof::watch_options how;
  how.on_resync = [&] {
    ++resyncs;
    told.clear();
  };
  how.on_current = [&] { ++currents; };
  const gof::registration watch = ann->watch(
      "w", ">",
      [&](const gof::versioned& it) {
        if (it.value) told.push_back(it.key);
      },
      std::move(how));
  gof::blocking by(*bob);
  by.put("w", "stays", "1");
  by.put("w", "goes", "1");
  EXPECT_TRUE(ann->run_until([&] { return told.size() == 2 && currents == 1; }, patient));
  by.erase("w", "goes");
  for (int i = 0; i < 1100; ++i) {
    const std::string key = "k" + std::to_string(i);
    by.put("w", key, "1");
    by.erase("w", key);
  }
  // The first answer was there before; the next question finds that it is too late.
  EXPECT_TRUE(ann->run_until([&] { return resyncs == 1 && currents == 2; }, patient));
  EXPECT_EQ(told, (std::vector<std::string>{"stays"}));
}

TEST(Memory, ManyNodesOnManyThreadsDoEverythingAtOnce) {
  constexpr int nodes = 6, rounds = 60;
  const auto broker = std::make_shared<engines::embedded_broker>();
  std::atomic<int> ready = 0, ended = 0, executed = 0, worked = 0, answered = 0;
  std::atomic<std::uint64_t> lines = 0;
  std::vector<std::thread> threads;
  for (int me = 0; me < nodes; ++me)
    threads.emplace_back([&, me] {
      engines::embedded_node node(broker, "n" + std::to_string(me));
      gof::blocking by(node);
      std::uint64_t last = 0;
      const gof::registration handlers[] = {
          node.serve("s." + std::to_string(me),
                     [&](const gof::message& what, gof::responder to) {
                       ++executed;
                       to.reply(what.body);
                     }),
          node.subscribe("t.*", [](const gof::message&) {}),
          node.read("l", 1,
                    [&](const gof::entry& it) {
                      EXPECT_GT(it.sequence, last);
                      last = it.sequence;
                      ++lines;
                    }),
          node.work("l", "g",
                    [&](gof::delivery it) {
                      it.settle(gof::verdict::done, {},
                                [&](const gof::result<void>& what) { worked += bool(what); });
                    }),
          node.watch("b", ">", [](const gof::versioned&) {})};
      ++ready;
      node.run_until([&] { return ready == nodes; }, patient);
      for (int i = 0; i < rounds; ++i) {
        const std::string body = std::to_string(me) + ' ' + std::to_string(i);
        answered +=
            by.call({"s." + std::to_string((me + 1) % nodes), body}, {patient}).body == body;
        static_cast<void>(node.publish({"t.x", body}));
        by.append("l", {"x", body}, {patient});
        by.put("b", "k" + std::to_string(i % 3), body, gof::any_version, {patient});
      }
      ++ended;
      const std::uint64_t all = nodes * nodes * rounds;
      for (int i = 0; i < 20000 && (ended < nodes || worked < nodes * rounds || lines < all); ++i)
        by.pause(1ms);
    });
  for (std::thread& one : threads) one.join();
  EXPECT_EQ(answered, nodes * rounds);
  EXPECT_EQ(executed, nodes * rounds);
  EXPECT_EQ(worked, nodes * rounds);
  EXPECT_EQ(lines, static_cast<std::uint64_t>(nodes * nodes * rounds));
}

}  // namespace
