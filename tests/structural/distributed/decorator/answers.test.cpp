// SPDX-License-Identifier: BSL-1.0
#include <gof/distributed/decorator/answers.hpp>
// The header under test comes first, so that it has to stand alone.
#include <gtest/gtest.h>

#include "structural/distributed/decorator/scripted.hpp"

namespace {

using namespace std::chrono_literals;
using namespace gof::decorator::distributed;
using gof::errc, gof::duration, gof::time_point, gof::testing::stage, gof::testing::always,
    gof::testing::first, gof::testing::attempt, gof::testing::scripted;
namespace sim = gof::sim;

static_assert(layer<cache> && layer<fallback> && !std::is_copy_constructible_v<fallback::function>);
static_assert(noexcept(degraded(std::declval<const gof::message&>())));

constexpr call_options read{.repeatable = true};

// ---- The machine
// ---------------------------------------------------------------------------------

TEST(Answers, ToWhomItWasGiven) {
  answers it;
  const time_point now{1h};
  it.keep({"a", "b", "ada", "1"}, {"a", "hers"}, now, now + 1s);
  ASSERT_NE(it.find({"a", "b", "ada", "1"}, now), nullptr);
  EXPECT_EQ(it.find({"a", "b", "ada", "1"}, now)->body, "hers");
  for (const answers::question& other :
       {answers::question{"x", "b", "ada", "1"}, answers::question{"a", "x", "ada", "1"},
        answers::question{"a", "b", "ben", "1"}, answers::question{"a", "b", "ada", "2"},
        answers::question{"ab", "", "ada", "1"}})
    EXPECT_EQ(it.find(other, now), nullptr);
  EXPECT_NE(it.find({"a", "b", "ada", "1"}, now + 999ms), nullptr);
  EXPECT_EQ(it.find({"a", "b", "ada", "1"}, now + 1s), nullptr);
}

TEST(Answers, Bounded) {
  std::uint64_t found = 0, missed = 0;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    sim::chance by(seed);
    const std::size_t most = 2000 + by.below(5000);
    answers it(most);
    time_point now{1h};
    std::map<std::string, std::pair<std::string, time_point>> model;  // without a bound
    for (int i = 0; i < 300; ++i) {
      now += duration(by.exponential(10'000'000));
      const std::string key = std::to_string(by.below(40));
      if (by.per_mille(500)) {
        const std::string body(by.below(900), static_cast<char>('a' + by.below(26)));
        const time_point until = now + duration(by.exponential(500'000'000));
        it.keep({"s", key, "ada", {}}, {"s", body}, now, until);
        model[key] = {body, until};
      } else {
        const gof::message* answer = it.find({"s", key, "ada", {}}, now);
        ++(answer ? found : missed);
        if (!answer) continue;
        ASSERT_TRUE(model.count(key));
        ASSERT_EQ(answer->body, model[key].first) << "seed " << seed;
        ASSERT_LT(now, model[key].second) << "seed " << seed;
      }
      ASSERT_LE(it.size(), most) << "seed " << seed;
    }
  }
  EXPECT_GT(found, 1000u);
  EXPECT_GT(missed, 1000u);
}

TEST(Answers, WhatIsTooLargeIsNotKeptAndWhatWasThereBeforeIsGone) {
  answers it(1000);
  const time_point now{1h};
  it.keep({"s", "k", {}, {}}, {"s", "old"}, now, now + 1h);
  it.keep({"s", "other", {}, {}}, {"s", "other"}, now, now + 1h);
  it.keep({"s", "k", {}, {}}, {"s", std::string(5000, 'x')}, now, now + 1h);
  EXPECT_EQ(it.find({"s", "k", {}, {}}, now), nullptr);
  EXPECT_NE(it.find({"s", "other", {}, {}}, now), nullptr);
}

// ---- The layers
// ----------------------------------------------------------------------------------

TEST(Cache, AnswersAgainForASecondOrAFifthMoreOrLess) {
  std::set<bool> after_a_second;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    stage s(seed);
    stack calls(*s.node, s.inner, cache());
    EXPECT_EQ(s.why(calls, {"a"}, read), std::nullopt);
    const auto then = s.call(calls, {"a"}, read);
    EXPECT_EQ(then.first.value().body, "done");
    EXPECT_EQ(then.first.value().incarnation, 7u);
    EXPECT_EQ(s.inner.all.size(), 1u);
    s.in.run(790ms);
    EXPECT_EQ(s.why(calls, {"a"}, read), std::nullopt);
    EXPECT_EQ(s.inner.all.size(), 1u);
    s.in.run(210ms);
    (void)s.call(calls, {"a"}, read);
    after_a_second.insert(s.inner.all.size() == 1);
    s.in.run(1210ms);
    const std::size_t before = s.inner.all.size();
    (void)s.call(calls, {"a"}, read);
    EXPECT_EQ(s.inner.all.size(), before + 1);
  }
  EXPECT_EQ(after_a_second.size(), 2u);  // not all end at once
}

TEST(Cache, ToThePrincipalAlone) {
  stage s;
  const auto ben = s.in.join("ben");
  scripted ben_s(*ben);
  ben_s.answers = always(gof::message({}, "his"));
  const auto kept = std::make_shared<answers>();
  stack hers(*s.node, s.inner, cache({.keeps = 1min, .kept = kept}));
  stack his(*ben, ben_s, cache({.keeps = 1min, .kept = kept}));
  EXPECT_EQ(s.call(hers, {"inbox"}, read).first->body, "done");
  EXPECT_EQ(s.call(his, {"inbox"}, read).first->body, "his");
  gof::message for_ben("inbox");
  for_ben.principal = "ben";
  EXPECT_EQ(s.call(hers, for_ben, read).first->body, "his");  // on his behalf
  for_ben.principal = "eva";
  EXPECT_EQ(s.call(hers, for_ben, read).first->body, "done");
  EXPECT_EQ(s.inner.all.size(), 2u);
}

TEST(Cache, KeepsNoFailureNoFallbackAndNoWrite) {
  stage s;
  stack calls(*s.node, s.inner, cache({.keeps = 1min}), fallback([](const auto&, const auto&) {
    return std::optional<std::string>("perhaps");
  }));
  s.inner.answers = first({errc::unavailable});
  const auto guessed = s.call(calls, {"a"}, read).first;
  EXPECT_TRUE(degraded(*guessed));
  EXPECT_EQ(s.call(calls, {"a"}, read).first->body, "done");
  EXPECT_EQ(s.inner.all.size(), 2u);
  stack bare(*s.node, s.inner, cache({.keeps = 1min}));
  s.inner.answers = first({errc::unavailable});
  EXPECT_EQ(s.why(bare, {"a"}, read), errc::unavailable);
  EXPECT_EQ(s.why(bare, {"a"}, read), std::nullopt);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(s.why(bare, {"write"}), std::nullopt);
  EXPECT_EQ(s.inner.all.size(), 7u);
}

TEST(Cache, AsksOnceForAllWhoAskMeanwhile) {
  stage s;
  stack calls(*s.node, s.inner, cache({.keeps = 1min}));
  s.inner.takes = 100ms;
  std::vector<std::string> came;
  const auto ask = [&](duration deadline) {
    calls.call({"a"},
               [&](const gof::result<gof::message>& what) {
                 came.push_back(what ? what->body : what.error().text());
               },
               {deadline, true});
  };
  for (int i = 0; i < 3; ++i) ask(5s);
  ask(1s);   // ends before: not made to wait
  ask(15s);  // has much more time: nor is that
  s.in.run(1s);
  EXPECT_EQ(came, std::vector<std::string>(5, "done"));
  EXPECT_EQ(s.inner.all.size(), 3u);
  came.clear();
  s.inner.answers = always(errc::unavailable);
  s.in.run(2min);
  for (int i = 0; i < 3; ++i) ask(5s);
  s.in.run(1s);
  EXPECT_EQ(came, std::vector<std::string>(3, "unavailable"));
  EXPECT_EQ(s.inner.all.size(), 4u);
}

TEST(Fallback, AnswersOtherwiseAndSaysSo) {
  stage s;
  std::vector<std::string> asked;
  stack calls(*s.node, s.inner, fallback([&](const gof::message& request, const gof::error& why) {
    asked.push_back(request.subject + request.body + ": " + why.text());
    return why.why == errc::denied ? std::nullopt : std::optional<std::string>("old");
  }));
  const auto good = s.call(calls, {"a", "1"}).first;
  EXPECT_FALSE(degraded(*good));
  s.inner.answers = always(errc::overloaded);
  const auto instead = s.call(calls, {"a", "1"}).first;
  EXPECT_EQ(instead->body, "old");
  EXPECT_EQ(instead->subject, "a");
  EXPECT_TRUE(degraded(*instead));
  s.inner.answers = always(errc::denied);
  EXPECT_EQ(s.why(calls, {"a", "2"}), errc::denied);
  EXPECT_EQ(asked, (std::vector<std::string>{"a1: too much is under way", "a2: denied"}));
}

TEST(Fallback, NotWhereACallThatIsNotRepeatableMayHaveTakenPlace) {
  stage s;
  stack calls(*s.node, s.inner, fallback([&](const auto&, const auto&) {
    return std::optional<std::string>("instead");
  }));
  for (const errc why : {errc::deadline, errc::closed, errc::cancelled}) {
    s.inner.answers = always(why);
    EXPECT_EQ(s.why(calls, {"write", "x", {1, 1}}), why);
    EXPECT_EQ(s.why(calls, {"a"}, read), std::nullopt);
  }
}

}  // namespace
