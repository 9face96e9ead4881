// SPDX-License-Identifier: BSL-1.0
#include <gof/distributed/decorator.hpp>
// The header under test comes first, so that it has to stand alone.
#include <gtest/gtest.h>

#include <gof/distributed/decorator/answers.hpp>
#include <gof/distributed/decorator/errand.hpp>
#include <gof/distributed/decorator/resilient.hpp>
#include <gof/join.hpp>
#include <iostream>
#include <optional>

#include "structural/distributed/decorator/overload.hpp"
#include "structural/distributed/decorator/scripted.hpp"
#include "support/seeds.hpp"

namespace {

using namespace std::chrono_literals;
using namespace gof::decorator::distributed;
using gof::errc, gof::duration, gof::testing::stage, gof::testing::always, gof::testing::first;
namespace sim = gof::sim;

// Says that it was there.
struct named {
  char name;
  std::string* said;
  void invoke(inside& next, gof::message request, gof::completion<gof::message> done,
              call_options how) {
    *said += name;
    next(std::move(request), next.bind([this, done = std::move(done)](auto what) mutable {
      *said += static_cast<char>(name - 'a' + 'A');
      done(std::move(what));
    }),
         how);
  }
  [[nodiscard]] std::string label() const { return {name}; }
};
struct throws_nothing {};

static_assert(layer<named> && !layer<throws_nothing> && layer<reordered<retry>>);
static_assert(!std::is_copy_constructible_v<resilient> && !std::is_move_constructible_v<resilient>);
static_assert(std::derived_from<resilient, component> && std::derived_from<direct, component>);

// ---- The stack
// -----------------------------------------------------------------------------------

TEST(DecoratorStack, OutermostFirst) {
  stage s;
  std::string said;
  stack calls(*s.node, s.inner, named{'a', &said}, named{'b', &said}, named{'c', &said});
  EXPECT_EQ(s.why(calls), std::nullopt);
  EXPECT_EQ(said, "abcCBA");
  EXPECT_EQ(calls.describe(), "a -> b -> c -> node");
  EXPECT_EQ(calls.as<named>()->name, 'a');
  EXPECT_EQ(calls.as<retry>(), nullptr);
}

TEST(DecoratorStack, WithoutLayersIsLikeTheNode) {
  stage s;
  stack calls(*s.node, s.inner);
  EXPECT_EQ(s.why(calls, {"a", "b", {1, 2}}, {.deadline = 3s, .repeatable = true}), std::nullopt);
  EXPECT_EQ(s.inner.all[0].request.id, (gof::operation_id{1, 2}));
  EXPECT_EQ(s.inner.all[0].how.deadline, 3s);
  EXPECT_TRUE(s.inner.all[0].how.repeatable);
}

TEST(DecoratorStack, SaysItsOrderAndAllOfItHasAPlace) {
  stage s;
  stack all(*s.node, trace(), cache(), idempotency_key(), deadline(),
            fallback([](auto&, auto&) { return std::optional<std::string>(); }), retry(),
            attempt_trace(), rate_limit(1000, 1000), breaker(), bulkhead(), attempt_timeout(1s),
            chaos({}));
  EXPECT_EQ(
      all.describe(),
      "trace -> cache -> idempotency_key -> deadline -> fallback -> retry -> attempt_trace -> "
      "rate_limit -> breaker -> bulkhead -> attempt_timeout -> chaos -> node");
  stack other(*s.node, breaker(), reordered(retry()), bulkhead());
  EXPECT_EQ(other.describe(), "breaker -> reordered retry -> bulkhead -> node");
  EXPECT_NE(other.as<retry>(), nullptr);
  EXPECT_EQ(resilient(*s.node).describe(),
            "trace -> deadline -> retry -> attempt_trace -> breaker -> bulkhead -> node");
}

TEST(DecoratorStack, DestroyedItAnswersNoMore) {
  for (const bool answered : {true, false}) {
    stage s;
    int told = 0;
    auto calls = std::make_unique<stack<cache, retry, breaker, bulkhead>>(
        *s.node, s.inner, cache(), retry({.hedge = true}), breaker(), bulkhead());
    s.inner.answers = first({errc::unavailable, std::nullopt});
    for (int i = 0; i < 5; ++i)
      calls->call({"a", std::to_string(i % 3)}, [&](const auto&) { ++told; }, {1s, true});
    s.in.run(answered ? gof::duration(10s) : 500us);
    calls.reset();
    s.in.run(10s);
    EXPECT_EQ(told, answered ? 5 : 0);
  }
}

TEST(DecoratorStack, ACompletionMayDestroyIt) {
  for (const bool good : {true, false}) {
    stage s;
    bool told = false;
    auto calls = std::make_unique<
        stack<trace, cache, fallback, retry, attempt_trace, breaker, bulkhead, chaos>>(
        *s.node, s.inner, trace([](const span&) {}), cache(),
        fallback([](auto&, auto&) { return std::optional<std::string>(); }), retry(),
        attempt_trace([](const span&) {}), breaker(), bulkhead(), chaos({}));
    if (!good) s.inner.answers = always(errc::unavailable);
    calls->call({"a"}, [&](const auto&) { calls.reset(), told = true; }, {1s, true});
    s.in.run(5s);
    EXPECT_TRUE(told);
  }
}

TEST(Resilient, CallsOverMemory) {
  const auto node = gof::join("memory:");
  int tried = 0;
  const auto serves = node->serve("read", [&](const gof::message& asked, gof::responder r) {
    EXPECT_TRUE(trace_context::parse(asked.trace));
    if (++tried < 3) return r.fail({errc::overloaded, {}, {}});
    r.reply(asked.body + "!");
  });
  resilient calls(*node);
  std::optional<gof::result<gof::message>> came;
  calls.call({"read", "notes"}, [&](auto what) { came = std::move(what); });
  ASSERT_TRUE(node->run_until([&] { return came.has_value(); }, 1min));
  EXPECT_EQ(came->value().body, "notes!");
  EXPECT_FALSE(degraded(came->value()));  // engines say who answers
  EXPECT_EQ(tried, 3);
}

// ---- Calls for calls
// -----------------------------------------------------------------------------

TEST(Errand, EndsBeforeTheCallItIsFor) {
  stage s;
  gof::message asked("album");
  asked.trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  asked.principal = "ben";
  asked.remaining = 2s;
  const errand of(*s.node, asked);
  EXPECT_EQ(of.within().deadline, 1995ms);
  EXPECT_EQ(of.within({.deadline = 300ms, .repeatable = true}).deadline, 300ms);
  EXPECT_TRUE(of.within({.deadline = 300ms, .repeatable = true}).repeatable);
  s.in.run(1500ms);
  EXPECT_EQ(of.within().deadline, 495ms);
  EXPECT_EQ(of.within({}, 100ms).deadline, 400ms);
  s.in.run(1s);
  EXPECT_LT(of.within().deadline, 0s);
  EXPECT_EQ(of.within({.attempt = 2}).attempt, 2u);
  EXPECT_EQ(of.request({"read", "x"}).trace, asked.trace);
  EXPECT_EQ(of.request({"read", "x"}).principal, "ben");
}

TEST(Errand, WhatWasRepeatedHereIsNotRepeatedOutside) {
  for (int i = 1; i <= static_cast<int>(errc::closed); ++i) {
    const gof::error was{static_cast<errc>(i), "words", {}}, told = errand::failed(was);
    EXPECT_FALSE(worth_repeating(told.why, true));
    const bool same = !worth_repeating(was.why, true) && was.why != errc::cancelled;
    EXPECT_EQ(told.why == was.why, same);
    EXPECT_NE(told.message.find("words"), std::string::npos);
  }
}

TEST(Errand, TheMarkOfARetryTravels) {
  stage s;
  std::vector<std::uint32_t> came;
  const auto serves = s.node->serve("read", [&](const gof::message& asked, gof::responder r) {
    came.push_back(errand(*s.node, asked).within().attempt);
    r.fail({errc::overloaded, {}, {}});
  });
  s.in.run(100ms);
  stack calls(*s.node, retry());
  EXPECT_EQ(s.why(calls), errc::overloaded);
  EXPECT_EQ(came, (std::vector<std::uint32_t>{1, 2, 3}));
}

// A tower of services, each of which asks the one below.
struct tower {
  enum class bottom { refuses, is_silent };
  // \tparam make makes what the services, and the caller, call with
  template <class Make>
  tower(std::uint64_t seed, bottom how, int calls, bool naive, Make make) : in(seed) {
    std::vector<std::unique_ptr<gof::node>> nodes;
    std::vector<gof::registration> serve;
    using caller = decltype(make(*nodes[0]));
    std::vector<caller> callers;
    std::vector<gof::responder> silent;
    for (int i = 0; i <= 4; ++i) nodes.push_back(in.join("n" + std::to_string(i)));
    for (int i = 0; i < 4; ++i) callers.push_back(make(*nodes[static_cast<std::size_t>(i)]));
    for (std::size_t i = 1; i <= 4; ++i)
      serve.push_back(nodes[i]->serve(
          "s" + std::to_string(i), [&, i](const gof::message& asked, gof::responder r) {
            if (i == 4) {
              ++attempts;
              if (how == bottom::refuses) return r.fail({errc::unavailable, {}, {}});
              return silent.push_back(std::move(r));
            }
            const errand of(*nodes[i], asked);
            callers[i]->call(
                of.request({"s" + std::to_string(i + 1)}),
                [naive, r = std::move(r)](gof::result<gof::message> what) mutable {
                  if (what) return r.reply(what->body);
                  r.fail(naive ? what.error() : errand::failed(what.error()));
                },
                of.within({.repeatable = true}));
          }));
    in.run(100ms);
    int answered = 0;
    for (int i = 0; i < calls; ++i) {
      callers[0]->call({"s1"}, [&](const auto&) { ++answered; }, {4s, true});
      in.run(10ms);
    }
    in.run(10s);
    EXPECT_EQ(answered, calls);
  }
  sim::world in;
  int attempts = 0;
};
// Three attempts, whatever comes of them, and whoever repeats it too.
class thrice final : public component {
 public:
  explicit thrice(gof::node& on) : transport_(on) {}
  void call(gof::message request, gof::completion<gof::message> done, call_options how) override {
    again(std::move(request), std::move(done), {how.deadline / 3}, 1);
  }

 private:
  void again(gof::message request, gof::completion<gof::message> done, call_options how, int made) {
    auto told = [this, request, how, made,
                 done = std::move(done)](gof::result<gof::message> what) mutable {
      if (what || made == 3) return done(std::move(what));
      again(std::move(request), std::move(done), how, made + 1);
    };
    transport_.call(std::move(request), std::move(told), how);
  }
  direct transport_;
};

TEST(Tower, FourLayersThatRetryMakeAtMostHalfAsManyCallsMore) {
  for (const auto how : {tower::bottom::refuses, tower::bottom::is_silent}) {
    for (std::uint64_t seed = 1; seed <= 2; ++seed) {
      const int calls = 1500;
      const auto usual = [](gof::node& on) { return std::make_unique<resilient>(on); };
      const auto only_retry = [](gof::node& on) {
        return std::make_unique<stack<deadline, retry>>(on, deadline(), retry());
      };
      const int with_breakers = tower(seed, how, calls, false, usual).attempts;
      const int without = tower(seed, how, calls, false, only_retry).attempts;
      EXPECT_LE(with_breakers, calls * 3 / 2);
      EXPECT_LE(without, calls * 3 / 2);
      std::cout << "the bottom " << (how == tower::bottom::refuses ? "refuses" : "is silent")
                << ", seed " << seed << ": attempts a call, resilient "
                << 1.0 * with_breakers / calls << ", deadline and retry alone "
                << 1.0 * without / calls << '\n';
    }
  }
  const auto naive = [](gof::node& on) { return std::make_unique<thrice>(on); };
  EXPECT_EQ(tower(1, tower::bottom::refuses, 20, true, naive).attempts, 20 * 3 * 3 * 3 * 3);
  // Where what failed below is not repeated, that alone leaves the three of the last one.
  const auto unpaid = [](gof::node& on) {
    return std::make_unique<stack<deadline, retry>>(on, deadline(), retry({.burst = 1000}));
  };
  EXPECT_EQ(tower(1, tower::bottom::refuses, 20, false, unpaid).attempts, 20 * 3);
}

// ---- Overload
// ------------------------------------------------------------------------------------

// Five seconds of more than the server can do. What comes of it when that is over?
struct storm {
  template <class Call>
  storm(std::uint64_t seed, Call call) : in(seed) {
    overload::server files(*server, "files", 10ms, 200);
    overload::callers calls(*client, [&](auto done) { call(*client, std::move(done)); });
    in.run(100ms);
    calls.rate(80);
    in.run(5s);
    calls.rate(120);
    in.run(5s);
    calls.rate(80);
    in.run(20s);
    const auto share = [](const overload::second& it) {
      return static_cast<double>(it.good) / static_cast<double>(it.calls);
    };
    before = share(calls.between(0, 4));
    after = share(calls.between(20, 25));
    for (std::size_t i = 10; i < 20; ++i) best = std::max(best, share(calls.between(i, i + 1)));
    attempts = static_cast<double>(files.attempts) /
               static_cast<double>(calls.between(0, calls.seconds.size()).calls);
  }
  sim::world in;
  std::unique_ptr<gof::node> server = in.join("server"), client = in.join("client");
  double before = 0, best = 0, after = 0, attempts = 0;
};

TEST(Overload, OursRecoversAndTheNaiveStackDoesNot) {
  const std::uint64_t seeds = std::min<std::uint64_t>(20, gof::testing::seeds(20));
  double after = 0, least = 1, most = 0, naive_most = 0;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    const storm naive(seed, [](gof::node& on, auto done) {
      overload::try_three_times(on, "files", 150ms, std::move(done));
    });
    EXPECT_GT(naive.before, 0.95) << "seed " << seed;
    EXPECT_LT(naive.after, 0.05) << "seed " << seed;
    EXPECT_GT(naive.attempts, 2) << "seed " << seed;
    std::optional<resilient> calls;
    const storm ours(seed, [&](gof::node& on, auto done) {
      if (!calls) calls.emplace(on);
      calls->call({"files"}, std::move(done), {450ms, true});
    });
    EXPECT_GT(ours.before, 0.95) << "seed " << seed;
    EXPECT_GE(ours.best, 0.9) << "seed " << seed;  // within ten seconds
    EXPECT_LE(ours.attempts, 1.1) << "seed " << seed;
    after += ours.after / static_cast<double>(seeds);
    least = std::min(least, ours.after);
    most = std::max(most, ours.attempts);
    naive_most = std::max(naive_most, naive.attempts);
  }
  EXPECT_GE(after, 0.9);
  std::cout << seeds << " seeds: ten seconds after the overload ours succeeds in " << 100 * after
            << " % of the calls, and in " << 100 * least
            << " % in the worst seed; attempts a call at most " << most << ", and naively "
            << naive_most << '\n';
}

// ---- Faults
// --------------------------------------------------------------------------------------

// All layers at once, in a network that fails, with chaos on top of it.
TEST(DecoratorStack, EachCallIsAnsweredOnceByItsDeadline) {
  std::uint64_t good = 0, bad = 0;
  for (std::uint64_t seed = 1; seed <= gof::testing::seeds(100); ++seed) {
    sim::world in(seed);
    in.inject(sim::random_faults(
        seed, {{"ada", "files", "broker"},
               {sim::kind::lose, sim::kind::partition, sim::kind::delay, sim::kind::duplicate,
                sim::kind::reorder, sim::kind::crash, sim::kind::crash_before_nth_answer},
               8s,
               6}));
    in.start("files", [](gof::node& n) {
      return std::make_shared<gof::registration>(n.serve(
          "files", [](const gof::message& asked, gof::responder r) { r.reply(asked.body); }));
    });
    int calls = 0, answered = 0;
    const auto start = [&](gof::node& n) {
      auto it = std::make_shared<
          stack<trace, cache, idempotency_key, deadline, fallback, retry, attempt_trace, rate_limit,
                breaker, bulkhead, attempt_timeout, chaos>>(
          n, trace(), cache(), idempotency_key(), deadline(1s),
          fallback([](const gof::message&, const gof::error& why) {
            return why.why == errc::overloaded ? std::optional<std::string>("old") : std::nullopt;
          }),
          retry({.hedge = seed % 2 == 0}), attempt_trace(), rate_limit(20, 5), breaker(),
          bulkhead(4), attempt_timeout(700ms), chaos({.late = 100, .lost = 20, .failed = 20}));
      for (int i = 0; i < 200; ++i)
        n.after(50ms * i, [&, i, calls_with = it.get()] {
           ++calls;
           const std::string body = std::to_string(i % 20);
           const auto begun = n.now();
           const duration limit = 1ms * static_cast<int>(1 + n.random() % 2000);
           calls_with->call({"files", body},
                            [&, begun, limit, body](const gof::result<gof::message>& what) {
                              ++answered;
                              ++(what ? good : bad);
                              EXPECT_LE(n.now() - begun, std::min<duration>(limit, 1s));
                              EXPECT_TRUE(!what || degraded(*what) || what->body == body);
                            },
                            {limit, n.random() % 2 == 0});
         }).detach();
      return it;
    };
    const auto ada = in.join("ann");  // no crash: that would end its calls
    const auto keeps = start(*ada);
    in.run(15s);
    ASSERT_EQ(calls, 200);
    ASSERT_EQ(answered, calls) << "seed " << seed;
    if (HasFailure()) return;
  }
  EXPECT_GT(good, 100u);
  EXPECT_GT(bad, 100u);
}

}  // namespace
