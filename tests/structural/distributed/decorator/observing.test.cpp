// SPDX-License-Identifier: BSL-1.0
#include <gof/distributed/decorator/observing.hpp>
// The header under test comes first, so that it has to stand alone.
#include <gtest/gtest.h>

#include <gof/distributed/decorator/attempts.hpp>
#include <set>

#include "structural/distributed/decorator/scripted.hpp"

namespace {

using namespace std::chrono_literals;
using namespace gof::decorator::distributed;
using gof::errc, gof::duration, gof::testing::stage, gof::testing::always, gof::testing::first;
namespace sim = gof::sim;

static_assert(layer<trace> && layer<attempt_trace> && layer<chaos>);
constexpr const char* sample = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
static_assert(trace_context::parse(sample)->span == 0x00f067aa0ba902b7);
static_assert(trace_context::parse(sample)->trace[0] == 0x4bf92f3577b34da6);
static_assert(trace_context::parse(sample)->trace[1] == 0xa3ce929d0e0e4736);

TEST(TraceContext, SaysWhatItHasRead) {
  EXPECT_EQ(trace_context::parse(sample)->text(), sample);
  for (std::uint64_t seed = 1; seed <= 500; ++seed) {
    sim::chance by(seed);
    const trace_context it{{by.next() >> by.below(64), by.next() | 1},
                           by.next() >> by.below(60) | 1,
                           static_cast<std::uint8_t>(by.below(2))};
    const auto read = trace_context::parse(it.text());
    ASSERT_TRUE(read);
    EXPECT_EQ(read->trace, it.trace);
    EXPECT_EQ(read->span, it.span);
    EXPECT_EQ(read->flags, it.flags);
  }
}

TEST(TraceContext, OfALaterVersionItReadsWhatItKnows) {
  const std::string rest(sample + 2);
  for (const std::string& text : {"01" + rest, "01" + rest + "-more", "fe" + rest + "-"}) {
    ASSERT_TRUE(trace_context::parse(text)) << text;
    EXPECT_EQ(trace_context::parse(text)->text(), sample);
  }
  const std::string flags = std::string(sample).substr(0, 53) + "ff";
  EXPECT_EQ(trace_context::parse(flags)->flags, 1);  // bits, of which one is known
}

TEST(TraceContext, WhatIsNotValidIsNone) {
  const std::string good = sample, rest = good.substr(2);
  for (const std::string& text :
       {std::string(), good.substr(0, 54), good + "-", good + "0", "ff" + rest, "01" + rest + "x",
        "00-" + std::string(32, '0') + good.substr(35),
        good.substr(0, 36) + std::string(16, '0') + "-01", "0g" + rest,
        "00-4BF92F3577B34DA6A3CE929D0E0E4736" + good.substr(35)})
    EXPECT_FALSE(trace_context::parse(text)) << text;
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string text = good;
    text[i] = '~';
    EXPECT_FALSE(trace_context::parse(text)) << text;
  }
}

TEST(Trace, OneSpanACallAndOneAnAttemptInIt) {
  stage s;
  std::vector<span> calls_made, attempts;
  stack calls(*s.node, s.inner, trace([&](const span& it) { calls_made.push_back(it); }), retry(),
              attempt_trace([&](const span& it) { attempts.push_back(it); }));
  s.inner.answers = first({errc::unavailable, errc::overloaded});
  gof::message request("read");
  request.trace = sample;
  EXPECT_EQ(s.why(calls, request), std::nullopt);
  ASSERT_EQ(calls_made.size(), 1u);
  ASSERT_EQ(attempts.size(), 3u);
  const auto theirs = *trace_context::parse(sample);
  EXPECT_EQ(calls_made[0].parent, theirs.span);
  EXPECT_EQ(calls_made[0].context.trace, theirs.trace);
  EXPECT_EQ(calls_made[0].context.flags, 1);
  EXPECT_EQ(calls_made[0].failed, std::nullopt);
  std::set<std::uint64_t> spans{theirs.span, calls_made[0].context.span};
  for (std::uint32_t i = 0; i < 3; ++i) {
    EXPECT_EQ(attempts[i].parent, calls_made[0].context.span);
    EXPECT_EQ(attempts[i].context.trace, theirs.trace);
    EXPECT_EQ(attempts[i].attempt, i + 1);
    EXPECT_EQ(attempts[i].subject, "read");
    EXPECT_EQ(attempts[i].took, 1ms);
    EXPECT_EQ(attempts[i].context.text(), s.inner.all[i].request.trace);
    spans.insert(attempts[i].context.span);
  }
  EXPECT_EQ(spans.size(), 5u);
  EXPECT_EQ(attempts[0].failed, errc::unavailable);
  EXPECT_EQ(attempts[1].failed, errc::overloaded);
}

TEST(Trace, BeginsANewOneWhereThereIsNone) {
  stage s;
  stack calls(*s.node, s.inner, trace());
  std::set<std::string> traces;
  for (const char* text : {"", "nonsense", ""}) {
    gof::message request("read");
    request.trace = text;
    EXPECT_EQ(s.why(calls, request), std::nullopt);
    EXPECT_TRUE(trace_context::parse(s.inner.all.back().request.trace));
    EXPECT_EQ(trace_context::parse(s.inner.all.back().request.trace)->flags, 0);  // nobody records
    traces.insert(s.inner.all.back().request.trace.substr(3, 32));
  }
  EXPECT_EQ(traces.size(), 3u);
}

TEST(Chaos, GoesWrongAsOftenAsItSays) {
  sim::chance by(1);
  const chaos::options how{.late = 200, .by = 100ms, .lost = 50, .failed = 10};
  int late = 0, lost = 0, failed = 0;
  for (int i = 0; i < 100'000; ++i) {
    const chaos::fate it = chaos::draw(how, by.next());
    late += it.late > 0s, lost += it.lost, failed += it.failed;
    ASSERT_LE(it.late, 100ms);
  }
  EXPECT_NEAR(late, 20'000, 700);
  EXPECT_NEAR(lost, 5'000, 350);
  EXPECT_NEAR(failed, 1'000, 160);
}

TEST(Chaos, DelaysLosesAndFailsByTheDeadline) {
  stage s;
  stack late(*s.node, s.inner, chaos({.late = 1000, .by = 100ms}));
  for (int i = 0; i < 50; ++i) {
    const auto [what, took] = s.call(late, {"a"}, {.deadline = 50ms});
    EXPECT_LE(took, 50ms);
    EXPECT_TRUE(!what || s.inner.all.back().how.deadline == 51ms - took);
    EXPECT_TRUE(what || what.error().why == errc::deadline);
  }
  EXPECT_GT(s.inner.all.size(), 10u);
  EXPECT_LT(s.inner.all.size(), 40u);
  s.inner.all.clear();
  stack lost(*s.node, s.inner, chaos({.lost = 1000}));
  const auto [what, took] = s.call(lost, {"a"}, {.deadline = 1s});
  EXPECT_EQ(what.error().why, errc::deadline);
  EXPECT_EQ(took, 1s);
  EXPECT_EQ(s.inner.all.size(), 1u);  // it was executed
  stack failed(*s.node, s.inner, chaos({.failed = 1000}));
  EXPECT_EQ(s.why(failed), errc::unavailable);
  EXPECT_EQ(s.inner.all.size(), 1u);
}

}  // namespace
