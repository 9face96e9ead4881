// SPDX-License-Identifier: BSL-1.0
#include <gof/engines/broker.hpp>
// The header under test comes first, so that it has to stand alone.
#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <system_error>
#include <utility>
#include <variant>
#include <vector>

namespace {

using namespace std::chrono_literals;
using namespace gof::engines;
using gof::absent;
using gof::any_version;
using gof::errc;
using gof::time_point;
using gof::verdict;

static_assert(!std::is_copy_constructible_v<broker>);

/// A storage that outlives its broker, and can be told to fail.
class map_storage final : public storage {
 public:
  void put(std::string_view key, std::string_view value) override {
    if (fail_put) throw std::system_error(std::make_error_code(std::errc::no_space_on_device));
    now_[std::string(key)] = value;
  }
  void erase(std::string_view first, std::string_view last) override {
    if (fail_put) throw std::system_error(std::make_error_code(std::errc::no_space_on_device));
    now_.erase(now_.lower_bound(std::string(first)), now_.lower_bound(std::string(last)));
  }
  void commit() override {
    if (fail_commit) throw std::system_error(std::make_error_code(std::errc::io_error));
    ++commits;
    committed = now_;
  }
  void roll_back() noexcept override { now_ = committed; }
  void scan(const std::function<void(std::string_view, std::string_view)>& each) override {
    for (const auto& [key, value] : now_) each(key, value);
  }
  [[nodiscard]] bool durable() const noexcept override { return true; }
  /// The machine stops: what was not committed is gone.
  void crash() { now_ = committed; }

  bool fail_put = false, fail_commit = false;
  int commits = 0;
  std::map<std::string, std::string> committed;

 private:
  std::map<std::string, std::string> now_;
};

/// A broker with one way to ask it: nothing it says is looked at before it has committed.
class world {
 public:
  explicit world(map_storage* keep = nullptr) : keep_(keep) { restart(); }
  void restart() {
    if (keep_) keep_->crash();
    broker_.emplace(keep_);
    now = std::max(now, broker_->time());
  }
  session join(std::string name, gof::duration quiet = 0s) {
    const session who = broker_->enter(std::move(name), quiet, now);
    commit();
    return who;
  }
  /// What it says, to whomever, to this and because of the time.
  std::vector<outgoing> ask(session from, token about, decltype(request::what) what) {
    broker_->handle(from, {about, std::move(what)}, now);
    return commit();
  }
  std::vector<outgoing> wait(gof::duration span) {
    now += span;
    broker_->tick(now);
    return commit();
  }
  std::vector<outgoing> commit() {
    broker_->commit();
    return broker_->take_outgoing();
  }
  broker& it() { return *broker_; }
  time_point now{};

 private:
  map_storage* keep_;
  std::optional<broker> broker_;
};

/// The one event, which is to be of this kind.
template <class Event>
Event only(const std::vector<outgoing>& all) {
  EXPECT_EQ(all.size(), 1U);
  if (all.size() != 1) return {};
  const Event* it = std::get_if<Event>(&all[0].what.what);
  EXPECT_NE(it, nullptr) << "of another kind: " << all[0].what.what.index();
  return it ? *it : Event{};
}
errc why(const std::vector<outgoing>& all) { return only<gof::error>(all).why; }
take ask_for_work(std::uint32_t count = 16, std::uint32_t attempts = 3) {
  gof::work_options how;
  how.patience = 10s;
  how.attempts = attempts;
  return {"jobs", "g", std::move(how), count, 1h};
}
append line(std::string log, std::string body, gof::operation_id id = {},
            std::uint64_t expect = any_version) {
  return {std::move(log), {"x", std::move(body), id}, expect};
}

// ---- Logs ---------------------------------------------------------------------------------------

TEST(Broker, AnIdIsKnownForTheWindowAndNoLonger) {
  map_storage keep;
  world w(&keep);
  session ann = w.join("ann");
  EXPECT_EQ(only<gof::appended>(w.ask(ann, 1, line("l", "a", {1, 1}))).sequence, 1U);
  w.wait(gof::deduplication_window - 1ns);
  EXPECT_TRUE(only<gof::appended>(w.ask(ann, 1, line("l", "a", {1, 1}))).repeated);
  w.restart();
  ann = w.join("ann");
  EXPECT_TRUE(only<gof::appended>(w.ask(ann, 1, line("l", "a", {1, 1}))).repeated);
  w.wait(1ns);
  const auto anew = only<gof::appended>(w.ask(ann, 1, line("l", "a", {1, 1})));
  EXPECT_FALSE(anew.repeated) << "a repetition does not make it younger";
  EXPECT_EQ(anew.sequence, 2U);
  EXPECT_EQ(only<gof::appended>(w.ask(ann, 1, line("l", "a", {1, 1}))).sequence, 2U);
}

TEST(Broker, AnIdIsKnownAfterARestartEvenWhenItsLineIsForgotten) {
  map_storage keep;
  world w(&keep);
  session ann = w.join("ann");
  for (std::uint64_t i = 1; i <= 3; ++i) w.ask(ann, 1, line("l", "a", {1, i}));
  only<done>(w.ask(ann, 1, gof::engines::truncate{"l", 4}));
  w.restart();
  ann = w.join("ann");
  for (std::uint64_t i = 1; i <= 3; ++i) {
    const auto again = only<gof::appended>(w.ask(ann, 1, line("l", "a", {1, i})));
    EXPECT_TRUE(again.repeated);
    EXPECT_EQ(again.sequence, i);
  }
  EXPECT_EQ(only<gof::appended>(w.ask(ann, 1, line("l", "b"))).sequence, 4U);
  w.wait(gof::deduplication_window);
  EXPECT_EQ(only<gof::appended>(w.ask(ann, 1, line("l", "a", {1, 1}))).sequence, 5U);
  w.ask(ann, 1, gof::engines::truncate{"l", 5});
  std::size_t lines_kept = 0;
  for (const auto& [key, value] : keep.committed) lines_kept += key[0] == 'm';
  EXPECT_EQ(lines_kept, 1U) << "what nobody asks for any more is not kept";
}

TEST(Broker, OneIdTwiceInALogOfDeadLettersIsNoTrouble) {
  map_storage keep;
  world w(&keep);
  const session ann = w.join("ann");
  w.ask(ann, 1, line("jobs", "a", {1, 1}));
  for (const std::string name : {"g", "h"}) {  // two groups give the same line up
    take ask = ask_for_work();
    ask.group = name;
    ASSERT_EQ(only<jobs>(w.ask(ann, 2, ask)).all.size(), 1U);
    w.ask(ann, 3, settle{"jobs", name, 1, 1, verdict::hopeless, 0s});
    w.wait(1min);
  }
  w.wait(10s);  // the first is older than the window, the second is not
  const auto place = only<gof::appended>(w.ask(ann, 1, line("jobs.dead", "b", {1, 2})));
  EXPECT_EQ(place.sequence, 3U);
  only<done>(w.ask(ann, 1, gof::engines::truncate{"jobs.dead", 2}));
  w.wait(3min);
  EXPECT_EQ(only<gof::appended>(w.ask(ann, 1, line("jobs.dead", "a", {1, 1}))).sequence, 4U);
  only<done>(w.ask(ann, 1, gof::engines::truncate{"jobs.dead", 5}));
}

// ---- Queues -------------------------------------------------------------------------------------

TEST(Broker, ALineIsHandedOutAgainWhenThePatienceEndsAndNotBefore) {
  world w;
  const session ann = w.join("ann"), bob = w.join("bob");
  w.ask(ann, 1, line("jobs", "a"));
  EXPECT_EQ(only<jobs>(w.ask(ann, 2, ask_for_work())).all.at(0).attempt, 1U);
  EXPECT_TRUE(w.ask(bob, 7, ask_for_work()).empty());
  EXPECT_TRUE(w.wait(10s - 1ns).empty());
  EXPECT_LE(w.it().next_due(), w.now + 1ns);
  auto said = w.wait(1ns);
  EXPECT_EQ(only<jobs>(said).all.at(0).attempt, 2U);
  EXPECT_EQ(said.at(0).to, bob);
  EXPECT_EQ(said.at(0).what.token, 7U);
  // The first one comes too late.
  EXPECT_EQ(why(w.ask(ann, 3, settle{"jobs", "g", 1, 1, verdict::done, 0s})), errc::conflict);
  EXPECT_EQ(why(w.ask(ann, 3, settle{"jobs", "g", 1, 2, verdict::done, 0s})), errc::conflict)
      << "nor may it settle what another one has";
  w.wait(5s);
  only<done>(w.ask(bob, 3, settle{"jobs", "g", 1, 2, verdict::more_time, 0s}));
  EXPECT_TRUE(w.ask(ann, 2, ask_for_work()).empty());
  EXPECT_TRUE(w.wait(10s - 1ns).empty());
  only<done>(w.ask(bob, 3, settle{"jobs", "g", 1, 2, verdict::again, 1min}));
  EXPECT_TRUE(w.wait(1min - 1ns).empty());
  said = w.wait(1ns);
  EXPECT_EQ(only<jobs>(said).all.at(0).attempt, 3U);
  EXPECT_EQ(said.at(0).to, ann);
  // The last attempt: then it is a dead letter, once.
  EXPECT_TRUE(w.ask(bob, 7, ask_for_work()).empty());
  EXPECT_TRUE(w.wait(10s).empty());
  const auto dead = only<lines>(w.ask(ann, 4, gof::engines::read{"jobs.dead", ">", 1, 10, 1h}));
  ASSERT_EQ(dead.all.size(), 1U);
  EXPECT_EQ(dead.all[0].content.body, "a");
  EXPECT_EQ(dead.all[0].content.principal, "ann");
  EXPECT_EQ(why(w.ask(ann, 3, settle{"jobs", "g", 1, 3, verdict::done, 0s})), errc::conflict);
  w.ask(ann, 1, line("jobs", "b"));
  EXPECT_TRUE(w.wait(9s).empty());
}

TEST(Broker, TheLinesOfASessionThatLeavesGoToOthersAtOnce) {
  world w;
  const session ann = w.join("ann"), bob = w.join("bob");
  for (const char* body : {"a", "b", "c"}) w.ask(ann, 1, line("jobs", body));
  EXPECT_EQ(only<jobs>(w.ask(ann, 2, ask_for_work(2))).all.size(), 2U);
  EXPECT_EQ(only<jobs>(w.ask(bob, 2, ask_for_work(1))).all.size(), 1U);
  EXPECT_TRUE(w.ask(bob, 2, ask_for_work(16)).empty());
  const auto said = w.ask(ann, 0, leave{});
  const auto freed = only<jobs>(said);
  ASSERT_EQ(freed.all.size(), 2U);
  EXPECT_EQ(said.at(0).to, bob);
  EXPECT_EQ(freed.all[0].line.content.body, "a");
  EXPECT_EQ(freed.all[0].attempt, 2U);
  EXPECT_EQ(freed.all[0].settled, 0U);
}

TEST(Broker, AQueueGoesOnAfterARestartHoweverLongItHadRun) {
  map_storage keep;
  world w(&keep);
  session ann = w.join("ann");
  w.ask(ann, 1, line("jobs", "a"));
  w.ask(ann, 1, line("jobs", "b"));
  w.wait(240h);  // long after the last line
  EXPECT_EQ(only<jobs>(w.ask(ann, 2, ask_for_work(1))).all.at(0).line.content.body, "a");
  EXPECT_EQ(only<jobs>(w.ask(ann, 2, ask_for_work(1))).all.at(0).line.content.body, "b");
  only<done>(w.ask(ann, 3, settle{"jobs", "g", 1, 1, verdict::done, 0s}));
  w.now = time_point();  // another machine's clock
  w.restart();
  ann = w.join("ann");
  auto said = w.ask(ann, 2, ask_for_work());
  if (said.empty()) said = w.wait(10s);  // what was handed out may wait for the patience
  const auto again = only<jobs>(said);
  ASSERT_EQ(again.all.size(), 1U);
  EXPECT_EQ(again.all[0].line.content.body, "b");
  EXPECT_EQ(again.all[0].attempt, 2U);
  EXPECT_EQ(again.all[0].settled, 1U);
}

TEST(Broker, WaitingWorkersAskInTurnAndTimersDoNotPileUp) {
  world w;
  const session ann = w.join("ann");
  w.ask(ann, 1, line("jobs", "late"));
  only<jobs>(w.ask(ann, 2, ask_for_work()));
  only<done>(w.ask(ann, 3, settle{"jobs", "g", 1, 1, verdict::again, 1h}));
  for (int i = 0; i < 1000; ++i) {
    w.ask(ann, 2, ask_for_work());
    w.ask(ann, 1, line("jobs", "x"));
    const auto sequence = static_cast<std::uint64_t>(i + 2);
    only<done>(w.ask(ann, 3, settle{"jobs", "g", sequence, 1, verdict::done, 0s}));
  }
  w.ask(ann, 2, ask_for_work());
  const auto said = w.wait(1h);
  std::size_t with_lines = 0;
  for (const auto& one : said)
    if (const auto* it = std::get_if<jobs>(&one.what.what)) with_lines += !it->all.empty();
  EXPECT_EQ(with_lines, 1U);
}

// ---- Coming and going, calls --------------------------------------------------------------------

TEST(Broker, ASessionThatIsSilentIsGone) {
  world w;
  const session ann = w.join("ann", 10s), bob = w.join("bob");
  only<done>(w.ask(ann, 1, serve{"s", ""}));
  EXPECT_EQ(w.ask(bob, 5, ask{{"s"}}).size(), 1U) << "it is asked; without a deadline, it is over";
  w.wait(9s);
  EXPECT_TRUE(w.ask(ann, 0, ping{}).empty());
  w.wait(9s);
  EXPECT_TRUE(w.it().knows("ann"));
  gof::message call("s");
  call.remaining = 1h;
  EXPECT_EQ(only<asked>(w.ask(bob, 6, ask{call})).what.principal, "bob");
  const auto said = w.wait(1s);
  EXPECT_EQ(why(said), errc::closed) << "who executed it is gone";
  EXPECT_EQ(said.at(0).to, bob);
  EXPECT_EQ(said.at(0).what.token, 6U);
  EXPECT_FALSE(w.it().knows("ann"));
  EXPECT_EQ(why(w.ask(bob, 7, ask{call})), errc::nobody_there);
  EXPECT_TRUE(w.ask(ann, 1, serve{"s", ""}).empty()) << "nothing it asks is done";
}

TEST(Broker, AnotherOfTheSameNameTakesItsPlaceWithALaterLife) {
  map_storage keep;
  world w(&keep);
  const session first = w.join("ann");
  only<done>(w.ask(first, 1, serve{"s", ""}));
  const session second = w.join("ann");
  EXPECT_GT(second, first);
  EXPECT_EQ(why(w.ask(second, 2, ask{{"s"}})), errc::nobody_there);
  w.restart();
  EXPECT_GT(w.join("ann"), second);
}

TEST(Broker, OnlyWhoWasAskedAnswersAndOnlyInTime) {
  world w;
  const session ann = w.join("ann"), bob = w.join("bob"), eve = w.join("eve");
  only<done>(w.ask(bob, 1, serve{"s", ""}));
  gof::message call("s", "x");
  call.remaining = 10s;
  const auto first = only<asked>(w.ask(ann, 5, ask{call}));
  EXPECT_EQ(first.what.remaining, 10s);
  EXPECT_TRUE(w.ask(eve, 0, answer{first.call, std::string("forged")}).empty());
  EXPECT_TRUE(w.ask(eve, 0, answer{first.call + 1, std::string("of none")}).empty());
  const auto said = w.ask(bob, 0, answer{first.call, std::string("y")});
  EXPECT_EQ(only<reply>(said).what.principal, "bob");
  EXPECT_EQ(said.at(0).to, ann);
  EXPECT_TRUE(w.ask(bob, 0, answer{first.call, std::string("again")}).empty());
  const auto second = only<asked>(w.ask(ann, 6, ask{call}));
  w.wait(10s);
  EXPECT_TRUE(w.ask(bob, 0, answer{second.call, std::string("late")}).empty());
  const auto third = only<asked>(w.ask(ann, 7, ask{call}));
  w.ask(ann, 0, leave{});
  EXPECT_TRUE(w.ask(bob, 0, answer{third.call, std::string("to nobody")}).empty());
}

TEST(Broker, AQuestionThatIsAskedAgainIsAnsweredOnce) {
  world w;
  const session ann = w.join("ann");
  for (int again = 0; again < 3; ++again)
    EXPECT_TRUE(w.ask(ann, 2, gof::engines::read{"l", ">", 1, 10, 1h}).empty());
  std::size_t told = 0;
  for (const auto& one : w.ask(ann, 1, line("l", "a"))) told += one.what.token == 2;
  EXPECT_EQ(told, 1U);
  EXPECT_TRUE(w.ask(ann, 2, gof::engines::read{"l", ">", 2, 10, 5s}).empty());
  const auto nothing = only<lines>(w.wait(5s));
  EXPECT_TRUE(nothing.all.empty());
  EXPECT_EQ(nothing.next, 2U);
}

// ---- Values -------------------------------------------------------------------------------------

TEST(Broker, ErasedKeysAreForgottenTheOldestFirstAndAWatchIsTold) {
  map_storage keep;
  world w(&keep);
  session ann = w.join("ann");
  w.ask(ann, 1, put{"b", "stays", "1", any_version});
  for (int i = 0; i < 1025; ++i) {
    const std::string key = "k" + std::to_string(i);
    w.ask(ann, 1, put{"b", key, "1", any_version});
    w.ask(ann, 1, put{"b", key, std::nullopt, any_version});
  }
  for (int restarted = 0; restarted < 2; ++restarted) {
    // The first erasure, version 3, is forgotten.
    const auto old = only<changes>(w.ask(ann, 2, watch{"b", ">", 2, 5000, 0s}));
    EXPECT_TRUE(old.resync);
    const auto known = only<changes>(w.ask(ann, 2, watch{"b", ">", 3, 5000, 0s}));
    EXPECT_FALSE(known.resync);
    EXPECT_EQ(known.all.size(), 1024U);
    EXPECT_EQ(known.through, 2051U);
    w.restart();
    ann = w.join("ann");
  }
  EXPECT_EQ(only<version>(w.ask(ann, 1, put{"b", "k0", "2", absent})).number, 2052U);
}

// ---- Storage ------------------------------------------------------------------------------------

TEST(Broker, WhereTheStorageFailsNothingTookPlaceAndThatIsSaid) {
  for (const bool at_put : {false, true}) {
    SCOPED_TRACE(at_put ? "put fails" : "commit fails");
    map_storage keep;
    world w(&keep);
    const session ann = w.join("ann"), bob = w.join("bob");
    w.ask(ann, 1, line("jobs", "a", {1, 1}));
    w.ask(ann, 1, put{"b", "k", "1", any_version});
    EXPECT_EQ(only<jobs>(w.ask(bob, 2, ask_for_work())).all.size(), 1U);
    EXPECT_TRUE(w.ask(bob, 3, gof::engines::read{"jobs", ">", 2, 10, 1h}).empty());
    EXPECT_TRUE(w.ask(bob, 4, watch{"b", ">", 1, 10, 1h}).empty());
    const auto before = keep.committed;
    (at_put ? keep.fail_put : keep.fail_commit) = true;
    std::vector<outgoing> all;
    const auto and_then = [&](const std::vector<outgoing>& said) {
      all.insert(all.end(), said.begin(), said.end());
    };
    and_then(w.ask(ann, 11, line("jobs", "b", {1, 2})));
    and_then(w.ask(ann, 12, put{"b", "k", "2", any_version}));
    and_then(w.ask(ann, 13, put{"b", "k", std::nullopt, any_version}));
    and_then(w.ask(ann, 14, gof::engines::truncate{"jobs", 2}));
    std::size_t refused = 0;
    for (const auto& one : all) {
      if (one.to == ann) {
        const auto* failed = std::get_if<gof::error>(&one.what.what);
        ASSERT_NE(failed, nullptr);
        EXPECT_EQ(failed->why, errc::unavailable);
        EXPECT_FALSE(failed->message.empty());
        ++refused;
      } else if (const auto* told = std::get_if<lines>(&one.what.what)) {
        EXPECT_TRUE(told->all.empty());
        EXPECT_EQ(told->next, 2U);
      } else if (const auto* changed = std::get_if<changes>(&one.what.what)) {
        EXPECT_TRUE(changed->all.empty());
        EXPECT_EQ(changed->through, 1U);
      }
    }
    EXPECT_EQ(refused, 4U);
    EXPECT_EQ(keep.committed, before);
    keep.fail_put = keep.fail_commit = false;
    // As if it had not been asked.
    EXPECT_EQ(only<gof::versioned>(w.ask(ann, 1, get{"b", "k"})).value, "1");
    EXPECT_EQ(only<lines>(w.ask(ann, 5, gof::engines::read{"jobs", ">", 1, 10, 0s})).all.size(),
              1U);
    EXPECT_TRUE(only<gof::appended>(w.ask(ann, 1, line("jobs", "a", {1, 1}))).repeated);
    EXPECT_EQ(only<gof::appended>(w.ask(ann, 1, line("jobs", "b", {1, 2}))).sequence, 2U);
  }
}

TEST(Broker, ARepetitionOfWhatCouldNotBeKeptIsUnknown) {
  map_storage keep;
  world w(&keep);
  const session ann = w.join("ann");
  keep.fail_commit = true;
  // Both in one commit, as under load.
  w.it().handle(ann, {1, line("l", "a", {1, 1})}, w.now);
  w.it().handle(ann, {2, line("l", "a", {1, 1})}, w.now);
  const auto said = w.commit();
  ASSERT_EQ(said.size(), 2U);
  for (const auto& one : said) {
    const auto* failed = std::get_if<gof::error>(&one.what.what);
    ASSERT_NE(failed, nullptr);
    EXPECT_NE(gof::outcome_of(failed->why), gof::outcome::ok);
  }
  keep.fail_commit = false;
  EXPECT_FALSE(only<gof::appended>(w.ask(ann, 1, line("l", "a", {1, 1}))).repeated);
}

TEST(Broker, WhatWasSaidIsThereAfterACrashAndWhatWasNotIsNot) {
  for (unsigned seed = 0; seed < 100; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    map_storage keep;
    world w(&keep);
    session ann = w.join("ann");
    std::map<std::string, std::string> values;
    std::vector<std::string> all_lines;
    std::uint64_t first = 1;
    std::map<std::uint64_t, time_point> used;  // ids, and when
    for (int step = 0; step < 60; ++step) {
      w.wait(std::chrono::seconds(random() % 40));
      keep.fail_commit = random() % 5 == 0;
      const std::string key = "k" + std::to_string(random() % 4), value = std::to_string(step);
      std::vector<outgoing> said;
      const auto took_place = [&] {
        return !std::holds_alternative<gof::error>(said.at(0).what.what);
      };
      switch (random() % 5) {
        case 0:
          said = w.ask(ann, 1, put{"b", key, value, any_version});
          if (took_place()) values[key] = value;
          break;
        case 1:
          said = w.ask(ann, 1, put{"b", key, std::nullopt, any_version});
          if (took_place()) {
            EXPECT_EQ(values.erase(key), 1U);
          }
          break;
        case 2:
        case 3: {
          const std::uint64_t which = random() % 20 + 1;
          said = w.ask(ann, 1, line("l", value, {1, which}));
          const auto* place = std::get_if<gof::appended>(&said.at(0).what.what);
          const bool known =
              used.contains(which) && used[which] + gof::deduplication_window > w.now;
          if (known) {
            EXPECT_TRUE(!place || place->repeated) << "an id within the window";
          } else if (place) {
            EXPECT_FALSE(place->repeated) << "an id that is new, or old";
            all_lines.push_back(value);
            EXPECT_EQ(place->sequence, all_lines.size());
            used[which] = w.now;
          }
        } break;
        default: {
          const std::uint64_t before = random() % (all_lines.size() + 1) + 1;
          said = w.ask(ann, 1, gof::engines::truncate{"l", before});
          if (took_place()) first = std::max(first, before);
        }
      }
      keep.fail_commit = false;
      if (random() % 6 == 0) {
        w.restart();
        ann = w.join("ann");
      }
      for (int i = 0; i < 4; ++i) {
        const std::string each = "k" + std::to_string(i);
        const auto found = w.ask(ann, 1, get{"b", each});
        if (values.contains(each)) {
          EXPECT_EQ(only<gof::versioned>(found).value, values[each]);
        } else {
          EXPECT_EQ(why(found), errc::not_found);
        }
      }
      const auto told = w.ask(ann, 2, gof::engines::read{"l", ">", 1, 1000, 0s});
      std::vector<std::string> bodies;
      for (const auto& one : told)
        if (const auto* it = std::get_if<lines>(&one.what.what))
          for (const auto& each : it->all) bodies.push_back(each.content.body);
      EXPECT_EQ(bodies,
                (std::vector<std::string>(
                    all_lines.begin() + static_cast<std::ptrdiff_t>(first - 1), all_lines.end())));
      w.ask(ann, 2, stop{});
      if (HasFailure()) return;
    }
  }
}

TEST(Broker, WhatIsNotAsItWasWrittenIsSaidToBeDamaged) {
  map_storage keep;
  {
    world w(&keep);
    const session ann = w.join("ann");
    for (std::uint64_t i = 1; i < 5; ++i) w.ask(ann, 1, line("jobs", "a", {1, i}));
    w.ask(ann, 1, put{"b", "k", "1", any_version});
    w.ask(ann, 1, put{"b", "k", std::nullopt, any_version});
    w.ask(ann, 2, ask_for_work());
  }
  const auto whole = keep.committed;
  ASSERT_GE(whole.size(), 8U);
  const auto load = [&] {
    keep.roll_back();
    broker it(&keep);
  };
  EXPECT_NO_THROW(load());
  for (const auto& [key, value] : whole) {
    for (std::size_t i = 0; i < value.size(); ++i) {
      keep.committed = whole;
      keep.committed[key][i] = static_cast<char>(value[i] ^ 0x10);
      EXPECT_THROW(load(), damaged) << "byte " << i;
    }
    for (std::size_t size = 0; size < value.size(); ++size) {
      keep.committed = whole;
      keep.committed[key].resize(size);
      EXPECT_THROW(load(), damaged) << "cut at " << size;
    }
    if (key[0] == 'm') {
      keep.committed = whole;
      keep.committed.erase(key);
      EXPECT_THROW(load(), damaged) << "a line is missing";
    }
  }
  keep.committed = whole;
  keep.committed["?"] = packer().seal("?").bytes();
  EXPECT_THROW(load(), damaged) << "a record of another kind";
}

// ---- It is a machine ----------------------------------------------------------------------------

TEST(Broker, TheSameRequestsAtTheSameTimesGiveTheSameAnswers) {
  const auto run = [](unsigned seed) {
    std::mt19937 random(seed);
    world w;
    std::vector<session> all{w.join("ann"), w.join("bob"), w.join("eve")};
    std::string trace;
    for (int i = 0; i < 400; ++i) {
      const session who = all[random() % 3];
      const token about = random() % 20;
      decltype(request::what) what;
      gof::message call("s." + std::to_string(random() % 3), "x");
      call.remaining = std::chrono::seconds(random() % 20);
      switch (random() % 9) {
        case 0:
          what = ask{call};
          break;
        case 1:
          what = serve{call.subject, "g"};
          break;
        case 2:
          what = subscribe{"s.*", random() % 2 ? "g" : ""};
          break;
        case 3:
          what = publish{call};
          break;
        case 4:
          what = line("jobs", "x", {1, random() % 50});
          break;
        case 5:
          what = ask_for_work(static_cast<std::uint32_t>(random() % 3 + 1));
          break;
        case 6:
          what = settle{"jobs", "g", random() % 20, 1, verdict::again, 1s};
          break;
        case 7:
          what = put{"b", call.subject, "v", random() % 2 ? any_version : absent};
          break;
        default:
          what = watch{"b", ">", random() % 9, 3, 1s};
          break;
      }
      auto said = w.ask(who, about, std::move(what));
      const auto more = w.wait(std::chrono::milliseconds(random() % 500));
      said.insert(said.end(), more.begin(), more.end());
      for (const auto& one : said)
        trace += std::to_string(one.to) + ':' + std::to_string(one.what.token) + ':' +
                 std::to_string(one.what.what.index()) + ' ';
    }
    return trace;
  };
  for (unsigned seed = 0; seed < 20; ++seed) EXPECT_EQ(run(seed), run(seed));
  EXPECT_NE(run(1), run(2));
}

TEST(Broker, SubjectsAndPatterns) {
  EXPECT_TRUE(is_subject("a"));
  EXPECT_TRUE(is_subject("a.b-c.D_9"));
  EXPECT_TRUE(is_subject(std::string(255, 'a')));
  for (const char* wrong : {"", ".", "a.", ".a", "a..b", "*", "a.>", "a b", "a\t"})
    EXPECT_FALSE(is_subject(wrong)) << wrong;
  for (const char* right : {"a", "*", ">", "a.*", "a.*.b", "*.*", "a.>", "*.>"})
    EXPECT_TRUE(is_pattern(right)) << right;
  for (const char* wrong : {"", ">.a", "a*", "*a", "a>", "a.b>", "a.>.b", "**", "a..>"})
    EXPECT_FALSE(is_pattern(wrong)) << wrong;
}

}  // namespace
