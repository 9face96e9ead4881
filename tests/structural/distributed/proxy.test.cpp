// SPDX-License-Identifier: BSL-1.0
#include <gof/distributed/proxy.hpp>
// The header under test comes first, so that it has to stand alone.
#include <gtest/gtest.h>

#include <atomic>
#include <gof/engines/simulator.hpp>
#include <gof/future.hpp>
#include <gof/join.hpp>
#include <gof/proxy/caching_proxy.hpp>
#include <gof/proxy/virtual_proxy.hpp>
#include <gof/task.hpp>
#include <map>
#include <stdexcept>
#include <thread>

#include "support/seeds.hpp"

// In a namespace of the user's, which the library knows nothing of.
namespace art {
namespace {

struct picture {
  std::string pixels{};
  friend bool operator==(const picture&, const picture&) = default;
};
BOOST_DESCRIBE_STRUCT(picture, (), (pixels))

struct easel {
  virtual ~easel() = default;
  virtual std::string look() const = 0;
};
GOF_REMOTE(easel, look)

struct gallery {
  virtual ~gallery() = default;
  virtual std::uint64_t size_of(std::string name) const = 0;
  virtual std::uint64_t hang(const std::string& name, picture what) = 0;
  virtual void clear() = 0;
  virtual gof::proxy::distributed::reference<easel> place() = 0;
};
GOF_REMOTE(gallery, size_of, hang, clear, place)

// RealSubject: plain C++.
struct house : gallery {
  std::uint64_t size_of(std::string name) const override {
    ++reads;
    return pictures.at(name).pixels.size();
  }
  std::uint64_t hang(const std::string& name, picture what) override {
    if (name.empty()) throw std::invalid_argument("a picture has a name");
    pictures[name] = std::move(what);
    by = std::string(gof::proxy::distributed::caller());
    return ++hung;
  }
  void clear() override { pictures.clear(); }
  gof::proxy::distributed::reference<easel> place() override { return easel_at; }
  std::map<std::string, picture> pictures{};
  std::uint64_t hung = 0;
  mutable std::uint64_t reads = 0;
  std::string by{};
  gof::proxy::distributed::reference<easel> easel_at{};
};
struct canvas : easel {
  explicit canvas(std::string what) : shows(std::move(what)) {}
  std::string look() const override { return shows; }
  std::string shows;
};

}  // namespace
}  // namespace art

namespace {

using namespace std::chrono_literals;
namespace sim = gof::sim;
namespace wire = gof::wire;
namespace px = gof::proxy;
namespace remoting = gof::proxy::distributed;
namespace decorator = gof::decorator::distributed;
using art::gallery, art::house, art::picture, art::easel, art::canvas;
using gof::errc, gof::outcome, gof::result;
using remoting::receiver, remoting::exposed, remoting::remote;
using verdict = receiver::verdict;
using sim::kind;

static_assert(!std::is_copy_constructible_v<remote<gallery>>);
static_assert(!std::is_move_constructible_v<remote<gallery>>);
static_assert(!std::is_copy_constructible_v<exposed<gallery>>);
static_assert(std::is_same_v<decltype(std::declval<remote<gallery>&>().operator->()), gallery*>);
static_assert(noexcept(std::declval<remote<gallery>&>().operator->()));
static_assert(wire::decodable<remoting::reference<gallery>>);

constexpr gof::time_point start{};

// ---- The machines -------------------------------------------------------------------------------

TEST(ProxyReceiver, ACallIsFreshOnceAndThenRepeatedWithItsAnswer) {
  receiver r;
  ASSERT_TRUE(r.open(7, "ada", start));
  EXPECT_EQ(r.admit({7, 1}, 1, 10, "ada", start).first, verdict::fresh);
  r.keep({7, 1}, "one");
  const auto [is, answer] = r.admit({7, 1}, 1, 10, "ada", start);
  EXPECT_EQ(is, verdict::repeated);
  EXPECT_EQ(*answer, "one");
  EXPECT_EQ(r.admit({7, 1}, 1, 11, "ada", start).first, verdict::misused);
  EXPECT_EQ(r.admit({7, 2}, 2, 10, "ada", start).first, verdict::fresh);
  EXPECT_EQ(r.admit({7, 1}, 1, 10, "ada", start).first, verdict::stale);
  EXPECT_EQ(r.bytes(), 0u);
}

TEST(ProxyReceiver, WhoHasNoSessionIsNotServed) {
  receiver r;
  ASSERT_TRUE(r.open(7, "ada", start));
  EXPECT_FALSE(r.open(7, "ben", start));
  EXPECT_EQ(r.admit({8, 1}, 1, 0, "ada", start).first, verdict::ended);
  EXPECT_EQ(r.admit({7, 1}, 1, 0, "ben", start).first, verdict::ended);
  EXPECT_EQ(r.admit({7, 0}, 0, 0, "ada", start).first, verdict::stale);
  EXPECT_EQ(r.admit({7, 1}, 1, 0, "ada", start).first, verdict::fresh);
}

TEST(ProxyReceiver, ASessionEndsWhenItIsUnusedForItsLease) {
  receiver r({.lease = 10s, .sessions = 2});
  ASSERT_TRUE(r.open(1, "ada", start));
  ASSERT_TRUE(r.open(2, "ben", start));
  EXPECT_FALSE(r.open(3, "cyd", start));
  EXPECT_EQ(r.admit({1, 1}, 1, 0, "ada", start + 9s).first, verdict::fresh);
  r.keep({1, 1}, "kept");
  EXPECT_EQ(r.admit({1, 1}, 1, 0, "ada", start + 19s).first, verdict::repeated);
  EXPECT_EQ(r.sessions(), 1u);  // ben's has ended
  EXPECT_EQ(r.admit({1, 1}, 1, 0, "ada", start + 30s).first, verdict::ended);
  EXPECT_EQ(r.sessions(), 0u);
  EXPECT_EQ(r.bytes(), 0u);
}

TEST(ProxyReceiver, RefusesWhatItCouldNotRemember) {
  receiver r({.answers = 3, .bytes = 100});
  ASSERT_TRUE(r.open(1, "ada", start));
  EXPECT_EQ(r.admit({1, 4}, 1, 0, "ada", start).first, verdict::full);
  EXPECT_EQ(r.admit({1, 3}, 1, 0, "ada", start).first, verdict::fresh);
  r.keep({1, 3}, std::string(100, 'x'));
  EXPECT_EQ(r.admit({1, 2}, 1, 0, "ada", start).first, verdict::full);
  EXPECT_EQ(r.admit({1, 4}, 4, 0, "ada", start).first, verdict::fresh);
  EXPECT_EQ(r.admit({1, ~0ull}, 4, 0, "ada", start).first, verdict::full);
  EXPECT_EQ(r.admit({1, 5}, ~0ull, 0, "ada", start).first, verdict::stale);
}

TEST(ProxyReceiver, ACallIsFreshOnce) {
  for (std::uint64_t seed = 1; seed <= gof::testing::seeds(200); ++seed) {
    sim::chance by(seed);
    receiver r({.lease = 5s, .sessions = 4, .answers = 6, .bytes = 60});
    std::map<gof::operation_id, std::pair<std::uint64_t, std::string>> ran;  // content, answer
    std::map<std::uint64_t, std::uint64_t> first;                            // of a session
    std::map<std::uint64_t, gof::time_point> used;
    gof::time_point now = start;
    for (int step = 0; step < 300; ++step) {
      now += 1ms * static_cast<std::int64_t>(by.below(by.per_mille(20) ? 6000 : 100));
      const std::uint64_t session = 1 + by.below(5);
      const bool lives = used.contains(session) && now - used[session] <= 5s;
      if (by.per_mille(100)) {
        std::size_t count = 0;
        for (const auto& [of, when] : used) count += now - when <= 5s;
        EXPECT_EQ(r.open(session, "ada", now), count < 4 && !lives) << "seed " << seed;
        if (count < 4 && !lives) {
          std::erase_if(ran, [&](const auto& it) { return it.first.client == session; });
          used[session] = now;
          first[session] = 1;
        }
        continue;
      }
      const gof::operation_id id{session, first[session] + by.below(8)};
      const std::uint64_t content = by.below(10) ? id.sequence : 99;
      const std::uint64_t over = first[session] + (by.per_mille(200) ? by.below(3) : 0);
      const auto [is, answer] = r.admit(id, over, content, "ada", now);
      if (!lives) {
        EXPECT_EQ(is, verdict::ended) << "seed " << seed;
        continue;
      }
      used[session] = now;
      first[session] = std::max(first[session], over);
      if (id.sequence < first[session]) {
        EXPECT_EQ(is, verdict::stale) << "seed " << seed;
      } else if (const auto before = ran.find(id); before != ran.end()) {
        EXPECT_EQ(is, before->second.first == content ? verdict::repeated : verdict::misused);
        if (is == verdict::repeated) {
          EXPECT_EQ(*answer, before->second.second);
        }
      } else if (id.sequence >= first[session] + 6) {
        EXPECT_EQ(is, verdict::full) << "seed " << seed;
      } else if (is != verdict::full) {
        ASSERT_EQ(is, verdict::fresh) << "seed " << seed;
        ran[id] = {content, std::string(by.below(20), 'a')};
        r.keep(id, ran[id].second);
      } else {
        EXPECT_GE(r.bytes(), 60u) << "seed " << seed;
      }
      EXPECT_LT(r.bytes(), 60u + 20u) << "seed " << seed;
      EXPECT_LE(r.sessions(), 4u) << "seed " << seed;
    }
  }
}

TEST(ProxyNumbering, AllBelowTheFirstAreOver) {
  remoting::numbering n;
  EXPECT_EQ(n.first(), 1u);
  EXPECT_EQ(n.next(), 1u);
  EXPECT_EQ(n.next(), 2u);
  EXPECT_EQ(n.next(), 3u);
  n.over(2);
  EXPECT_EQ(n.first(), 1u);
  n.over(1);
  EXPECT_EQ(n.first(), 3u);
  EXPECT_FALSE(n.idle());
  n.over(3);
  EXPECT_TRUE(n.idle());
  EXPECT_EQ(n.first(), 4u);
}

// ---- In the simulator ---------------------------------------------------------------------------

template <class T>
struct told {
  std::optional<result<T>> came{};
  int times = 0;
  gof::completion<T> completion() {
    return [this](result<T> what) {
      came.emplace(std::move(what));
      ++times;
    };
  }
};

// Repeats a call, with its id, until there is an answer or its time is over; knows no better.
class stubborn final : public decorator::component {
 public:
  explicit stubborn(gof::node& on) : node_(&on) {}
  void call(gof::message m, gof::completion<gof::message> done,
            decorator::call_options how) override {
    again(std::move(m), std::move(done), node_->now() + how.deadline, false);
  }
  gof::duration patience = 300ms;
  int attempts = 0;

 private:
  void again(gof::message m, gof::completion<gof::message> done, gof::time_point until, bool ran) {
    const gof::duration left = until - node_->now();
    ++attempts;
    gof::message copy = m;
    auto answered = [this, m = std::move(m), done = std::move(done), until,
                     ran](result<gof::message> r) mutable {
      if (r || node_->now() >= until) return done(std::move(r));
      const bool may_have = ran || r.outcome() == outcome::unknown;
      if (r.outcome() == outcome::not_applied && r.error().why != errc::nobody_there) {
        if (may_have) return done(gof::error{errc::closed, r.error().text(), {}});
        return done(std::move(r));
      }
      if (r.error().why == errc::nobody_there && !may_have) return done(std::move(r));
      node_
          ->after(50ms,
                  [this, m = std::move(m), done = std::move(done), until, may_have]() mutable {
                    again(std::move(m), std::move(done), until, may_have);
                  })
          .detach();
    };
    node_->call(std::move(copy), std::move(answered), {std::min(patience, left)}).detach();
  }
  gof::node* node_;
};

// A world with a gallery, and one who calls it.
struct town {
  explicit town(std::uint64_t seed = 1, remoting::remembering most = {}) : world(seed) {
    at = world.join("museum");
    ada = world.join("ada");
    open(most);
  }
  void open(remoting::remembering most = {}) {
    bool ready = false;
    served.emplace(*at, "gallery", real, most, [&](result<void> r) { r.value(), ready = true; });
    ASSERT_TRUE(world.run_until([&] { return ready; }, 5s));
  }
  template <class T>
  result<T>& wait(told<T>& of) {
    EXPECT_TRUE(world.run_until([&] { return of.came.has_value(); }, 30s));
    return *of.came;
  }
  sim::world world;
  house real;
  std::unique_ptr<gof::node> at, ada;
  std::optional<exposed<gallery>> served;
};

TEST(Proxy, HasTheInterfaceOfTheObject) {
  town t;
  remote<gallery> g(*t.ada, "gallery");
  const auto use = [](gallery& any) {  // which does not know that it is far away
    any.hang("sunset", {"abc"});
    return any.hang("moon", {"12345"}) + any.size_of("sunset");
  };
  EXPECT_EQ(use(*g), 5u);
  EXPECT_EQ(t.real.pictures.at("moon"), picture{"12345"});
  g->clear();
  EXPECT_TRUE(t.real.pictures.empty());
}

TEST(Proxy, WhatTheObjectThrowsArrivesAsFailedThere) {
  town t;
  remote<gallery> g(*t.ada, "gallery");
  try {
    g->hang("", {});
    FAIL();
  } catch (const gof::failure& what) {
    EXPECT_EQ(what.result(), outcome::failed_there);
    EXPECT_EQ(what.reason().kind, "std::invalid_argument");
    EXPECT_EQ(what.reason().message, "a picture has a name");
  }
  EXPECT_EQ(g->hang("sunset", {}), 1u);
}

TEST(Proxy, WaitsInFourWays) {
  town t;
  remote<gallery> g(*t.ada, "gallery");
  told<std::uint64_t> back;
  g.call<&gallery::hang>(back.completion(), "called", picture{"a"});
  EXPECT_EQ(back.times, 0);
  EXPECT_EQ(t.wait(back).value(), 1u);
  std::uint64_t awaited = 0;
  const auto story = [](remote<gallery>& of, std::uint64_t& size) -> gof::task<> {
    const picture p{"abcd"};
    co_await of.awaited<&gallery::hang>("awaited", p);
    size = co_await of.awaited<&gallery::size_of>("awaited");
    co_await of.awaited<&gallery::clear>();
  };
  gof::task<> plays = story(g, awaited);
  plays.start();
  ASSERT_TRUE(t.world.run_until([&] { return plays.done(); }, 5s));
  EXPECT_EQ(awaited, 4u);
  EXPECT_TRUE(t.real.pictures.empty());
  g.one_way<&gallery::hang>("one way", picture{"z"});
  t.world.run(1s);
  EXPECT_EQ(t.real.pictures.count("one way"), 1u);
  EXPECT_EQ(g->size_of("one way"), 1u);
  EXPECT_EQ(
      gof::wait_for<std::uint64_t>(*t.ada, g.awaited<&gallery::size_of>("one way"), 5s).value(),
      1u);
}

TEST(Proxy, ACoroutineThatIsDroppedIsNotResumed) {
  town t;
  remote<gallery> g(*t.ada, "gallery");
  bool resumed = false;
  {
    const auto story = [](remote<gallery>& of, bool& on) -> gof::task<> {
      const picture p;
      co_await of.awaited<&gallery::hang>("x", p);
      on = true;
    };
    gof::task<> plays = story(g, resumed);
    plays.start();
  }
  t.world.run(1s);
  EXPECT_FALSE(resumed);
  EXPECT_EQ(t.real.hung, 1u);
}

TEST(Proxy, NothingIsCalledAfterItsEnd) {
  town t;
  told<std::uint64_t> one, two;
  told<void> all;
  {
    remote<gallery> g(*t.ada, "gallery");
    g.call<&gallery::hang>(one.completion(), "x", picture{});
    auto b = g.batch();
    b.add<&gallery::hang>(two.completion(), "y", picture{});
    b.send(all.completion());
  }
  t.world.run(10s);
  EXPECT_EQ(one.times + two.times + all.times, 0);
}

TEST(Proxy, ABatchIsOneMessageAndStopsAtTheFirstFailure) {
  town t;
  remote<gallery> g(*t.ada, "gallery");
  g->clear();
  told<std::uint64_t> first, bad, never;
  told<void> all;
  auto b = g.batch();
  b.add<&gallery::hang>(first.completion(), "sunset", picture{"abc"});
  b.add<&gallery::clear>({});
  b.add<&gallery::size_of>(bad.completion(), "sunset");
  b.add<&gallery::hang>(never.completion(), "moon", picture{});
  const auto before = t.world.bytes("museum");
  b.send(all.completion());
  EXPECT_EQ(t.wait(all).error().kind, "std::out_of_range");
  EXPECT_LT(t.world.bytes("museum") - before, 800u);
  EXPECT_EQ(first.came->value(), 1u);
  EXPECT_EQ(bad.came->error().why, errc::failed_there);
  EXPECT_EQ(never.came->error().why, errc::refused);
  EXPECT_EQ(t.real.hung, 1u);
  b.send(all.completion());  // it is empty by now
  t.world.run(1s);
  EXPECT_TRUE(*all.came);
  EXPECT_EQ(all.times, 2);
}

TEST(Proxy, ABatchTakesOneRoundTrip) {
  town t;
  remote<gallery> g(*t.ada, "gallery");
  for (int i = 0; i < 20; ++i) g->hang("p" + std::to_string(i), {std::string(7, 'x')});
  auto b = g.batch();
  std::uint64_t sum = 0;
  for (int i = 0; i < 20; ++i)
    b.add<&gallery::size_of>([&](auto r) { sum += r.value(); }, "p" + std::to_string(i));
  told<void> all;
  const auto began = t.world.now();
  b.send(all.completion());
  t.wait(all).value();
  EXPECT_EQ(sum, 140u);
  EXPECT_LT(t.world.now() - began, 100ms);
}

TEST(Proxy, ALostAnswerIsGivenAgainAndTheCallRunsOnce) {
  town t;
  stubborn again(*t.ada);
  remote<gallery> g(*t.ada, "gallery", {.through = &again});
  EXPECT_EQ(g->hang("sunset", {}), 1u);
  t.world.inject({t.world.now() - start, 400ms, kind::lose_answers, "ada", 1000});
  EXPECT_EQ(g->hang("moon", {}), 2u);
  EXPECT_GE(again.attempts, 3);
  EXPECT_EQ(t.real.hung, 2u);
}

TEST(Proxy, WithoutAnAnswerTheOutcomeIsUnknown) {
  town t;
  remote<gallery> g(*t.ada, "gallery", {.deadline = 1s});
  g->hang("sunset", {});
  t.world.inject({t.world.now() - start, 2s, kind::lose_answers, "ada", 1000});
  told<std::uint64_t> it;
  g.call<&gallery::hang>(it.completion(), "moon", picture{});
  EXPECT_EQ(t.wait(it).outcome(), outcome::unknown);
  EXPECT_EQ(t.real.hung, 2u);
}

TEST(Proxy, AnOldReferenceNeverReachesALaterObject) {
  town t;
  remote<gallery> g(*t.ada, "gallery");
  remote<gallery> fails_over(*t.ada, "gallery", {.fail_over = true});
  remote<gallery> bound(*t.ada, t.served->reference(), {.fail_over = true});
  g->hang("a", {}), fails_over->hang("b", {}), bound->hang("c", {});
  t.served.reset();
  told<std::uint64_t> gone;
  g.call<&gallery::hang>(gone.completion(), "d", picture{});
  EXPECT_EQ(t.wait(gone).error().why, errc::nobody_there);
  t.open();
  EXPECT_THROW(g->hang("e", {}), gof::failure);
  EXPECT_THROW(bound->hang("f", {}), gof::failure);
  EXPECT_EQ(t.real.hung, 3u);
  EXPECT_EQ(fails_over->hang("g", {}), 4u);
  EXPECT_EQ(remote<gallery>(*t.ada, "gallery")->hang("h", {}), 5u);
}

TEST(Proxy, OnlyCallsThatReadAreRepeatedElsewhere) {
  town t;
  remote<gallery> g(*t.ada, "gallery", {.deadline = 20s, .fail_over = true});
  g->hang("sunset", {"abc"});
  house other;
  other.pictures["sunset"] = {"12345"};
  auto there = t.world.join("annex");
  exposed<gallery> second(*there, "gallery", other);
  t.world.run(1s);
  // The museum's node goes without a word; the broker finds out.
  t.world.inject({t.world.now() - start, 1min, kind::partition, "museum", 0});
  told<std::uint64_t> writes, reads;
  g.call<&gallery::hang>(writes.completion(), "moon", picture{});
  g.call<&gallery::size_of>(reads.completion(), "sunset");
  EXPECT_EQ(t.wait(reads).value(), 5u);
  EXPECT_EQ(t.wait(writes).error().why, errc::closed);
  EXPECT_EQ(other.hung, 0u);
  EXPECT_EQ(g->hang("moon", {}), 1u);
}

TEST(Proxy, ASessionThatEndedMeanwhileIsUnknownAndOneThatIsIdleIsRenewed) {
  town t(1, {.lease = 1s});
  stubborn again(*t.ada);
  again.patience = 1500ms;  // longer than the session lasts
  remote<gallery> g(*t.ada, "gallery", {.through = &again});
  EXPECT_EQ(g->hang("a", {}), 1u);
  t.world.run(10s);
  EXPECT_EQ(g->hang("b", {}), 2u);  // in another session
  t.world.inject({t.world.now() - start, 1400ms, kind::lose_answers, "ada", 1000});
  told<std::uint64_t> it;
  g.call<&gallery::hang>(it.completion(), "c", picture{});
  EXPECT_EQ(t.wait(it).outcome(), outcome::unknown);
  EXPECT_EQ(t.real.hung, 3u);  // and not four
  EXPECT_EQ(g->hang("d", {}), 4u);
}

TEST(Proxy, TooManySessionsAreOverloaded) {
  town t(1, {.lease = 10s, .sessions = 1});
  remote<gallery> one(*t.ada, "gallery");
  one->clear();
  {
    remote<gallery> two(*t.ada, "gallery");
    told<void> it;
    two.call<&gallery::clear>(it.completion());
    EXPECT_EQ(t.wait(it).error().why, errc::overloaded);
    t.world.run(11s);
    two->clear();
  }
  EXPECT_EQ(t.served->remembered().sessions(), 1u);
}

TEST(Proxy, WhatIsTooLargeIsRefusedBeforeItIsSent) {
  town t;
  remote<gallery> g(*t.ada, "gallery");
  told<std::uint64_t> it;
  const auto before = t.world.counts().messages;
  g.call<&gallery::hang>(it.completion(), "big", picture{std::string(2 << 20, 'x')});
  EXPECT_EQ(it.times, 0);
  EXPECT_EQ(t.wait(it).error().why, errc::too_large);
  told<std::uint64_t> just;
  g.call<&gallery::hang>(just.completion(), "big", picture{std::string((1 << 20) - 60, 'x')});
  EXPECT_EQ(t.wait(just).error().why, errc::too_large);
  EXPECT_LE(t.world.counts().messages, before + 2);  // they ping
  EXPECT_EQ(g->hang("large", {std::string(1'000'000, 'x')}), 1u);
}

TEST(Proxy, WhatNobodyExposesIsNotApplied) {
  sim::world w(1);
  const auto ada = w.join("ada");
  remote<gallery> g(*ada, "gallery");
  told<void> it;
  g.call<&gallery::clear>(it.completion());
  w.run_until([&] { return it.came.has_value(); }, 5s);
  EXPECT_EQ(it.came->error().why, errc::nobody_there);
  w.inject({w.now() - start, 1min, kind::partition, "ada", 0});
  g.call<&gallery::clear>(it.completion());
  w.run_until([&] { return it.times == 2; }, 10s);
  EXPECT_EQ(it.came->error().why, errc::unavailable);  // it was never sent
}

TEST(Proxy, NoMoreCallsWaitThanMayBeUnderWay) {
  town t;
  remote<gallery> g(*t.ada, "gallery");
  std::size_t overloaded = 0, ran = 0;
  for (std::size_t i = 0; i < gof::most_operations + 10; ++i)
    g.call<&gallery::size_of>(
        [&](const auto& r) { r.error().why == errc::overloaded ? ++overloaded : ++ran; }, "none");
  t.world.run(5s);
  EXPECT_EQ(overloaded, 10u);
  EXPECT_EQ(ran, gof::most_operations);
}

TEST(Proxy, InAHandlerOneDoesNotWait) {
  town t;
  remote<gallery> g(*t.ada, "gallery");
  bool thrown = false;
  t.ada->post([&] {
    try {
      g->clear();
    } catch (const std::logic_error&) {
      thrown = true;
    }
  });
  t.world.run(1s);
  EXPECT_TRUE(thrown);
}

TEST(Proxy, WorkWhoseTimeIsOverIsNotBegun) {
  town t;
  remote<gallery> g(*t.ada, "gallery", {.deadline = 500ms});
  g->hang("a", {});
  t.world.inject({t.world.now() - start, 1s, kind::pause, "museum", 0});
  told<std::uint64_t> it;
  g.call<&gallery::hang>(it.completion(), "late", picture{});
  EXPECT_EQ(t.wait(it).error().why, errc::deadline);
  t.world.run(5s);
  EXPECT_EQ(t.real.hung, 1u);
}

// ---- What strangers send ------------------------------------------------------------------------

struct stranger {
  explicit stranger(town& in) : t(in), node(in.world.join("mallory")) {}
  gof::errc send(const std::string& subject, const std::string& body) {
    told<gof::message> it;
    node->call({subject, body}, it.completion()).detach();
    const auto& r = t.wait(it);
    return r ? errc{} : r.error().why;
  }
  static std::string call(std::uint64_t session, const std::string& name,
                          const std::string& arguments) {
    return wire::encode(remoting::detail::asked{session, 1, 1, {name, arguments}});
  }
  town& t;
  std::unique_ptr<gof::node> node;
};

TEST(Proxy, WhatCannotBeGuessedCannotBeCalled) {
  town t;
  stranger mallory(t);
  const std::string clear = stranger::call(1, "clear", wire::encode(std::tuple<>()));
  EXPECT_EQ(mallory.send("gallery", clear), errc::refused);
  EXPECT_EQ(mallory.send("gallery." + std::string(22, 'A'), clear), errc::nobody_there);
  remote<easel> named(*mallory.node, remoting::reference<easel>{"gallery"});
  told<std::string> it;
  named.call<&easel::look>(it.completion());
  EXPECT_EQ(t.wait(it).error().why, errc::refused);  // a name is no reference
  const exposed<gallery> other(*t.at, "other", t.real);
  EXPECT_NE(other.reference(), t.served->reference());
  EXPECT_EQ(other.reference().subject.size(), std::string("other.").size() + 22);
}

TEST(Proxy, WhoHasTheReferenceStillNeedsASessionOfHisOwn) {
  town t;
  stranger mallory(t);
  remote<gallery> g(*t.ada, "gallery");
  g->hang("a", {});
  const std::string& at = t.served->reference().subject;
  const auto arguments = wire::encode(std::tuple<std::string, picture>("b", {}));
  EXPECT_EQ(mallory.send(at, stranger::call(0, "hang", arguments)), errc{});  // refused inside
  for (std::uint64_t session = 1; session < 20; ++session)
    EXPECT_EQ(mallory.send(at, stranger::call(session, "hang", arguments)), errc{});
  EXPECT_EQ(t.real.hung, 1u);
}

TEST(Proxy, HostileBytesAreRefused) {
  town t;
  stranger mallory(t);
  const std::string& at = t.served->reference().subject;
  const std::string whole =
      stranger::call(0, "size_of", wire::encode(std::tuple<std::string>("a")));
  for (std::size_t i = 1; i < whole.size(); ++i)
    EXPECT_EQ(mallory.send(at, whole.substr(0, i)), errc::refused);
  sim::chance by(1);
  for (std::uint64_t i = 0; i < gof::testing::seeds(300); ++i) {
    std::string bytes = whole;
    bytes[by.below(bytes.size())] = static_cast<char>(by.below(256));
    mallory.send(at, bytes);
  }
  EXPECT_EQ(t.real.hung, 0u);
}

TEST(Proxy, AnAnswerToAnotherCallIsRefused) {
  sim::world w(1);
  const auto museum = w.join("museum"), ada = w.join("ada");
  std::string body;
  const auto serves = museum->serve("gallery", [&](const gof::message&, gof::responder r) {
    r.reply(wire::encode(remoting::detail::opened{"gallery.x", 5, 1min}));
  });
  const auto answers =
      museum->serve("gallery.x", [&](const gof::message&, gof::responder r) { r.reply(body); });
  w.run(1s);
  remote<gallery> g(*ada, "gallery");
  const auto outcome_with = [&](remoting::detail::answered it) {
    body = wire::encode(it);
    told<std::uint64_t> what;
    g.call<&gallery::hang>(what.completion(), "a", picture{});
    w.run_until([&] { return what.came.has_value(); }, 9s);
    return what.came->outcome();
  };
  const std::string two = wire::encode(2);
  EXPECT_EQ(outcome_with({5, 1, {two}, {}}), outcome::ok);
  EXPECT_EQ(outcome_with({5, 1, {two}, {}}), outcome::unknown);  // it is the second by now
  EXPECT_EQ(outcome_with({6, 3, {two}, {}}), outcome::unknown);
  EXPECT_EQ(outcome_with({5, 4, {}, {}}), outcome::unknown);
  EXPECT_EQ(outcome_with({5, 5, {wire::encode(std::string("two"))}, {}}), outcome::unknown);
  EXPECT_EQ(outcome_with({5, 6, {}, remoting::detail::failed{77, {}, {}}}), outcome::unknown);
  body = "?";
  told<std::uint64_t> none;
  g.call<&gallery::hang>(none.completion(), "a", picture{});
  w.run_until([&] { return none.came.has_value(); }, 9s);
  EXPECT_EQ(none.came->outcome(), outcome::unknown);
}

// ---- With the local proxies ---------------------------------------------------------------------

// Each function is one line, as with the local ones.
template <class Proxy>
struct guarded : gallery {
  explicit guarded(Proxy p) : real(std::move(p)) {}
  std::uint64_t size_of(std::string name) const override {
    return real.template request<&gallery::size_of>(std::move(name));
  }
  std::uint64_t hang(const std::string& name, picture what) override {
    return real.template request<&gallery::hang>(name, std::move(what));
  }
  void clear() override { real.template request<&gallery::clear>(); }
  remoting::reference<easel> place() override { return real.template request<&gallery::place>(); }
  Proxy real;
};
template <class Proxy>
guarded(Proxy) -> guarded<Proxy>;

TEST(Proxy, AProtectionProxyKnowsWhoCalls) {
  town t;
  t.served.reset();
  guarded only_ada(px::proxy(&t.real, px::protection([](const auto& call) {
    return !call.is(px::request<&gallery::hang>) || remoting::caller() == "ada";
  })));
  const exposed<gallery> protects(*t.at, "gallery", only_ada);
  const auto ben = t.world.join("ben");
  t.world.run(1s);
  remote<gallery> adas(*t.ada, "gallery"), bens(*ben, "gallery");
  EXPECT_EQ(adas->hang("a", {"abc"}), 1u);
  EXPECT_EQ(t.real.by, "ada");
  EXPECT_EQ(remoting::caller(), "");
  EXPECT_EQ(bens->size_of("a"), 3u);
  told<std::uint64_t> it;
  bens.call<&gallery::hang>(it.completion(), "b", picture{});
  EXPECT_EQ(t.wait(it).error().why, errc::denied);
  EXPECT_EQ(t.wait(it).outcome(), outcome::not_applied);
  EXPECT_EQ(t.real.hung, 1u);
}

TEST(Proxy, AVirtualProxyMakesTheObjectWhenItIsFirstCalled) {
  town t;
  t.served.reset();
  int made = 0;
  guarded late(
      px::proxy(px::virtual_proxy<gallery>([&] { return ++made, std::make_unique<house>(); })));
  const exposed<gallery> serves(*t.at, "gallery", late);
  t.world.run(1s);
  remote<gallery> g(*t.ada, "gallery");
  EXPECT_EQ(made, 0);
  EXPECT_EQ(g->hang("a", {}), 1u);
  EXPECT_EQ(g->hang("b", {}), 2u);
  EXPECT_EQ(made, 1);
}

TEST(Proxy, ACachingProxyBeforeItSavesTheMessages) {
  town t;
  remote<gallery> g(*t.ada, "gallery");
  g->hang("a", {"abc"});
  guarded cached(px::proxy(&*g, px::caching<&gallery::size_of>()));
  for (int i = 0; i < 10; ++i) EXPECT_EQ(cached.size_of("a"), 3u);
  EXPECT_EQ(t.real.reads, 1u);
}

TEST(Proxy, AReferenceTravelsAndIsTheOnlyWay) {
  town t;
  canvas shown("a face");
  exposed<easel> hidden(*t.at, shown);
  t.real.easel_at = hidden.reference();
  t.world.run(1s);
  remote<gallery> g(*t.ada, "gallery");
  remote<easel> e(*t.ada, g->place());
  EXPECT_EQ(e->look(), "a face");
}

// ---- Under faults -------------------------------------------------------------------------------

// Each call that changes ran once where it was acknowledged, at most once else, and not at all
// where the outcome is not_applied; each answer is that of its call.
TEST(Proxy, ACallThatChangesSomethingRunsOnce) {
  std::uint64_t acknowledged = 0, unknown = 0, repeated = 0;
  for (std::uint64_t seed = 1; seed <= gof::testing::seeds(150); ++seed) {
    sim::world w(seed);
    std::map<std::string, std::map<std::uint64_t, int>> ran;  // name, stamp, how often
    struct counting : house {
      explicit counting(std::map<std::string, std::map<std::uint64_t, int>>& all, std::uint64_t b)
          : ran(all), base(b) {}
      std::uint64_t hang(const std::string& name, picture) override {
        ++ran[name][++base];
        return base;
      }
      std::map<std::string, std::map<std::uint64_t, int>>& ran;
      std::uint64_t base;
    };
    struct serving {
      serving(gof::node& n, std::map<std::string, std::map<std::uint64_t, int>>& all,
              std::uint64_t base)
          : real(all, base), served(n, "gallery", real, {.lease = 30s}) {}
      counting real;
      exposed<gallery> served;
    };
    std::uint64_t lives = 0;
    for (const char* name : {"museum", "annex"})
      w.start(name,
              [&](gof::node& n) { return std::make_shared<serving>(n, ran, ++lives * 1'000'000); });
    const auto ada = w.join("ada");
    stubborn again(*ada);
    remote<gallery> g(*ada, "gallery", {.deadline = 2s, .fail_over = true, .through = &again});
    auto faults = sim::random_faults(
        seed, {{"museum", "annex", "ada", "broker"},
               {kind::lose, kind::lose_requests, kind::lose_answers, kind::partition, kind::delay,
                kind::duplicate, kind::reorder, kind::pause, kind::crash, kind::lose_nth_answer,
                kind::crash_before_nth_answer},
               5s,
               6});
    std::erase_if(faults, [](const sim::fault& one) {  // she would not come back
      return one.what == kind::crash && one.who == "ada";
    });
    w.inject(faults);
    std::map<std::string, told<std::uint64_t>> calls;
    for (int i = 0; i < 60; ++i) {
      const std::string name = "p" + std::to_string(i);
      g.call<&gallery::hang>(calls[name].completion(), name, picture{});
      w.run(100ms);
    }
    w.run(10s);
    repeated += static_cast<std::uint64_t>(again.attempts) > 70;
    for (const auto& [name, it] : calls) {
      ASSERT_EQ(it.times, 1) << name << ", seed " << seed;
      int times = 0;
      for (const auto& [stamp, n] : ran[name]) times += n;
      ASSERT_LE(times, 1) << name << ", seed " << seed;
      if (*it.came) {
        ++acknowledged;
        ASSERT_EQ(times, 1) << name << ", seed " << seed;
        ASSERT_EQ(it.came->value(), ran[name].begin()->first) << name << ", seed " << seed;
      } else if (it.came->outcome() == outcome::not_applied) {
        ASSERT_EQ(times, 0) << name << ", seed " << seed << ": " << it.came->error().text();
      } else {
        ++unknown;
      }
    }
  }
  EXPECT_GT(acknowledged, 0u);
  EXPECT_GT(unknown, 0u);
  EXPECT_GT(repeated, 0u);
}

// ---- On memory: ---------------------------------------------------------------------------------

// What another thread sets, a loop does not notice by itself.
void until(gof::node& n, const std::atomic<bool>& set) {
  for (int i = 0; i < 5000 && !set; ++i) n.run_until([] { return false; }, 2ms);
}

TEST(Proxy, OnMemoryTwoThreadsTalk) {
  std::atomic<bool> ready = false, over = false;
  const auto mine = gof::join("memory:proxy", {"ada"});
  std::thread museum([&] {
    const auto node = gof::join("memory:proxy", {"museum"});
    house real;
    const exposed<gallery> served(*node, "gallery", real, {},
                                  [&](const result<void>& r) { ready = static_cast<bool>(r); });
    until(*node, over);
    EXPECT_EQ(real.by, "ada");
  });
  until(*mine, ready);
  remote<gallery> g(*mine, "gallery");
  for (std::uint64_t i = 1; i <= 100; ++i) EXPECT_EQ(g->hang("a", {"abc"}), i);
  EXPECT_EQ(g->size_of("a"), 3u);
  auto size = gof::begin<std::uint64_t>(*mine, [&](gof::node&, auto done) {
    g.call<&gallery::size_of>(std::move(done), "a");
    return gof::registration();
  });
  mine->run_until([&] { return size.wait_for(0s) == std::future_status::ready; }, 10s);
  EXPECT_EQ(size.get(), 3u);
  over = true;
  museum.join();
}

}  // namespace
