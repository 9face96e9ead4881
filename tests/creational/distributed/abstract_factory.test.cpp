// SPDX-License-Identifier: BSL-1.0
#include <gof/distributed/abstract_factory.hpp>
// The header under test comes first, so that it has to stand alone.
#include <gtest/gtest.h>

#include <gof/engines/simulator.hpp>
#include <gof/join.hpp>
#include <gof/wait.hpp>
#include <stdexcept>
#include <type_traits>

#include "support/seeds.hpp"

namespace {

using namespace std::chrono_literals;
namespace sim = gof::sim;
namespace af = gof::abstract_factory::distributed;
namespace wire = gof::wire;
using af::belief, af::factory, af::kit, af::made, af::maker, af::plan, af::product, af::publisher,
    af::roster;

struct edition {
  product board{}, rules{};
  std::optional<product> clock{};
};
BOOST_DESCRIBE_STRUCT(edition, (), (board, rules, clock))
// What later programs have.
struct with_more {
  product board{}, rules{};
  std::optional<product> music{};
};
BOOST_DESCRIBE_STRUCT(with_more, (), (board, rules, music))
struct with_dice {
  product board{}, rules{};
  wire::required<product> dice{};
};
BOOST_DESCRIBE_STRUCT(with_dice, (), (board, rules, dice))
struct without_rules {
  product board{};
};
BOOST_DESCRIBE_STRUCT(without_rules, (), (board))
struct nothing {
  wire::unknown_fields rest{};
};
BOOST_DESCRIBE_STRUCT(nothing, (), (rest))

static_assert(!std::is_copy_constructible_v<kit<edition>>);
static_assert(!std::is_copy_constructible_v<factory<edition>>);
static_assert(!std::is_copy_constructible_v<maker<int>>);
static_assert(!std::is_copy_constructible_v<publisher<edition>>);

template <class T>
gof::errc why(const gof::result<T>& what) {
  return what ? gof::errc{} : what.error().why;
}
template <class T>
std::string text(const gof::result<T>& what) {
  return what ? "ok" : what.error().message;
}
constexpr gof::time_point at(gof::duration since) { return gof::time_point(since); }
template <class Family>
std::string bytes(std::uint64_t epoch, Family of, std::uint64_t client = 1) {
  return wire::encode(plan<Family>{{epoch, {{epoch, client, epoch}}}, std::move(of)});
}

// ---- The machines
// ---------------------------------------------------------------------------------

TEST(AbstractFactoryPlan, KnowsTheLastOperations) {
  af::head it;
  for (std::uint64_t i = 1; i <= 40; ++i) it = it.next({7, i});
  EXPECT_EQ(it.epoch, 40u);
  EXPECT_EQ(it.past.size(), 32u);
  EXPECT_EQ(it.published({7, 40}), 40u);
  EXPECT_EQ(it.published({7, 9}), 9u);
  EXPECT_EQ(it.published({7, 8}), std::nullopt);
  EXPECT_EQ(it.published({8, 40}), std::nullopt);
}

TEST(AbstractFactoryPlan, NamesWhatIsMissing) {
  EXPECT_TRUE(af::complete(edition{{"b"}, {"r"}, {}}));
  EXPECT_EQ(text(af::complete(edition{{"b"}, {}, {}})), "the family lacks rules");
  EXPECT_EQ(text(af::complete(edition{{}, {}, product{}})), "the family lacks board, rules, clock");
  EXPECT_EQ(text(af::complete(with_dice{{"b"}, {"r"}, {}})), "the family lacks dice");
  EXPECT_EQ(text(af::complete(nothing{})), "the family has no products");
}

TEST(AbstractFactoryBelief, LastKnownGood) {
  belief<edition> it("chess");
  EXPECT_EQ(it.why_not()->why, gof::errc::not_found);
  ASSERT_TRUE(it.learn(bytes(3, edition{{"b3"}, {"r3"}, {}})));
  EXPECT_FALSE(it.why_not());
  const auto good = it.newest();
  const auto keeps = [&](const std::optional<std::string>& what, gof::errc because,
                         const std::string& name) {
    const auto said = it.learn(what);
    EXPECT_EQ(why(said), because);
    EXPECT_NE(text(said).find(name), std::string::npos) << text(said);
    EXPECT_EQ(it.newest(), good);
  };
  keeps("junk", gof::errc::refused, "chess");
  keeps(std::nullopt, gof::errc::not_found, "chess");
  keeps(bytes(4, with_dice{{"b4"}, {"r4"}, {{"d4"}}}), gof::errc::refused, "dice");
  EXPECT_EQ(it.why_not()->why, gof::errc::refused);
  keeps(bytes(4, without_rules{{"b4"}}), gof::errc::refused, "rules");
  keeps(bytes(4, edition{{"b4"}, {}, {}}), gof::errc::refused, "rules");
  ASSERT_TRUE(it.learn(bytes(4, with_more{{"b4"}, {"r4"}, product{"m4"}})));
  EXPECT_EQ(it.newest()->products.board.subject, "b4");
  EXPECT_FALSE(it.why_not());
}

// \law NeverBack, against the greatest that was told.
TEST(AbstractFactoryBelief, NeverBack) {
  for (std::uint64_t seed = 1; seed <= gof::testing::seeds(200); ++seed) {
    sim::chance by(seed);
    belief<edition> it("chess");
    std::uint64_t epoch = 0, client = 0, news = 0;
    for (int i = 0; i < 100; ++i) {
      const std::uint64_t e = 1 + by.below(static_cast<unsigned>(i) / 4 + 2), c = 1 + by.below(2);
      const bool whole = !by.per_mille(300);
      const bool may = whole && (e > epoch || (e == epoch && c == client));
      const std::string mark = std::to_string(e) + std::to_string(c);
      ASSERT_EQ(bool(it.learn(bytes(e, edition{{"b" + mark}, {whole ? "r" + mark : ""}, {}}, c))),
                may)
          << seed;
      if (may) news += e > epoch, epoch = e, client = c;
      if (epoch == 0) continue;
      const std::string known = std::to_string(epoch) + std::to_string(client);
      ASSERT_EQ(it.newest()->products.board.subject, "b" + known) << seed;
      ASSERT_EQ(it.newest()->products.rules.subject, "r" + known) << seed;
    }
    ASSERT_GT(news, 3u);
  }
}

TEST(AbstractFactoryRoster, MakeBeforeBreak) {
  roster it({10s, 1min, 8, 8});
  EXPECT_EQ(why(it.hold(1, 1, 11, at(0s))), gof::errc::unavailable) << "nobody said so";
  it.stage(1);
  EXPECT_EQ(it.hold(1, 1, 11, at(0s)).value(), 11u) << "before it is published";
  it.follow(1, true, at(1s));
  it.stage(2);
  EXPECT_EQ(it.hold(2, 1, 12, at(2s)).value(), 12u);
  EXPECT_EQ(it.hold(3, 2, 13, at(2s)).value(), 13u);
  it.follow(2, false, at(3s));
  EXPECT_EQ(text(it.hold(4, 1, 14, at(4s))), "epoch 1 was replaced: obtain again");
  EXPECT_EQ(why(it.hold(4, 2, 14, at(4s))), gof::errc::conflict) << "this is not of it";
  EXPECT_EQ(it.hold(1, 1, 15, at(4s)).value(), 11u) << "but who holds it, holds it";
  EXPECT_TRUE(it.admit(12, 1, at(5s)));
  EXPECT_FALSE(it.retired());
  EXPECT_EQ(it.let_go(1), 11u);
  EXPECT_EQ(it.let_go(1), 0u);
  EXPECT_EQ(it.let_go(2), 12u);
  EXPECT_EQ(it.let_go(3), 13u);
  EXPECT_TRUE(it.retired());
}

TEST(AbstractFactoryRoster, TheGraceIsTheEnd) {
  roster it({10s, 25s, 8, 8});
  it.stage(1);
  ASSERT_TRUE(it.hold(1, 1, 11, at(0s)));
  it.follow(1, true, at(0s));
  it.follow(2, true, at(5s));
  ASSERT_TRUE(it.hold(2, 2, 12, at(5s)));
  for (auto now = 6s; now < 40s; now += 2s) {
    EXPECT_EQ(bool(it.admit(11, 1, at(now))), now < 30s) << now.count();
    EXPECT_TRUE(it.admit(12, 2, at(now)));
  }
  EXPECT_EQ(it.reap(at(40s)), std::vector<std::uint64_t>{11});
}

TEST(AbstractFactoryRoster, SoManyAndNoMore) {
  roster it({10s, 25s, 2, 8});
  it.stage(1);
  EXPECT_TRUE(it.hold(1, 1, 11, at(0s)));
  EXPECT_TRUE(it.hold(2, 1, 12, at(5s)));
  EXPECT_EQ(why(it.hold(3, 1, 13, at(5s))), gof::errc::overloaded);
  EXPECT_EQ(it.reap(at(10s)), std::vector<std::uint64_t>{11});
  EXPECT_TRUE(it.hold(3, 1, 13, at(10s)));
}

// \law OneEpoch, against a list of all that hold.
TEST(AbstractFactoryRoster, OneEpoch) {
  for (std::uint64_t seed = 1; seed <= gof::testing::seeds(200); ++seed) {
    sim::chance by(seed);
    roster it({10s, 30s, 1000, 8});
    struct held {
      std::uint64_t ticket, epoch;
      gof::duration until, ends;
    };
    std::vector<held> model;
    std::uint64_t newest = 0, ticket = 0, admitted = 0, refused = 0;
    bool named = false;
    std::set<std::uint64_t> staged;
    for (gof::duration now = 0s; now < 200s; now += 1ms * static_cast<int>(by.below(2000))) {
      const std::uint64_t e = newest + by.below(3);
      switch (by.below(8)) {
        case 0:
          it.stage(e);
          if (e > newest) staged.insert(e);
          break;
        case 1:
          if (e <= newest) break;
          named = !by.per_mille(300);
          it.follow(newest = e, named, at(now));
          staged.erase(staged.begin(), staged.upper_bound(e));
          for (held& one : model)
            if (one.epoch < e) one.ends = std::min(one.ends, now + 30s);
          break;
        case 2:
        case 3: {
          const bool may = (e == newest && named) || (e > newest && staged.contains(e));
          ++ticket;
          ASSERT_EQ(bool(it.hold(ticket + 1000, e, ticket, at(now))), may) << seed;
          if (may) model.push_back({ticket, e, now + 10s, 1000s});
          break;
        }
        default: {
          if (model.empty()) break;
          held& one = model[by.below(model.size())];
          const std::uint64_t shown = by.per_mille(700) ? one.epoch : e;
          const bool may = shown == one.epoch && now < std::min(one.until, one.ends);
          ASSERT_EQ(bool(it.admit(one.ticket, shown, at(now))), may) << seed;
          if (may) one.until = now + 10s;
          ++(may ? admitted : refused);
        }
      }
      if (!by.per_mille(100)) continue;
      for (const std::uint64_t gone : it.reap(at(now))) {
        const auto is = [&](const held& one) {
          return one.ticket == gone && now >= std::min(one.until, one.ends);
        };
        ASSERT_EQ(std::erase_if(model, is), 1u) << seed;
      }
    }
    ASSERT_GT(admitted, 5u);
    ASSERT_GT(refused, 0u);
  }
}

// ---- The shells
// -----------------------------------------------------------------------------------

// A piece of a game, which says of which edition it is.
using part = std::string;
struct makes : maker<part> {
  makes(gof::node& on, const std::string& what, const std::string& label,
        af::terms how = {3s, 20s, 64, 8})
      : maker<part>(
            on, "chess", what, "chess." + what + '.' + label,
            [what, label](const std::string& body) {
              if (body == "bad") throw std::invalid_argument("no such " + what);
              return what + ' ' + label + ' ' + body;
            },
            [](part& it, const gof::message& m, gof::responder to) { to.reply(it += m.body); },
            how) {}
};
edition of(const std::string& label) {
  return {{"chess.board." + label}, {"chess.rules." + label}, {}};
}

struct AbstractFactory : testing::Test {
  sim::world world{1};
  std::unique_ptr<gof::node> ann = world.join("ann"), bob = world.join("bob"),
                             eva = world.join("eva"), shop = world.join("shop");
  publisher<edition> publishes{*shop, "chess"};
  factory<edition> chess{*eva, "chess"};

  template <class T, class F>
  gof::result<T> wait(F f, gof::duration limit = 30s) {
    std::optional<gof::result<T>> came;
    f([&](gof::result<T> what) { came.emplace(std::move(what)); });
    EXPECT_FALSE(came) << "inside the call";
    EXPECT_TRUE(world.run_until([&] { return came.has_value(); }, limit));
    return came ? std::move(*came) : gof::result<T>(gof::errc::cancelled);
  }
  gof::result<std::uint64_t> publish(edition what, gof::operation_id id,
                                     gof::duration deadline = 5s) {
    const auto epoch = wait<std::uint64_t>(
        [&](auto done) { publishes.publish(std::move(what), id, std::move(done), deadline); });
    world.run(10ms);  // until all have heard of it
    return epoch;
  }
  using kit_ptr = std::unique_ptr<kit<edition>>;
  gof::result<kit_ptr> obtain(gof::duration deadline = 5s) {
    return wait<kit_ptr>([&](auto done) { chess.obtain(std::move(done), deadline); });
  }
  template <class Member>
  gof::result<made> create(kit<edition>& in, Member edition::*which, std::string body,
                           gof::duration deadline = 5s) {
    return wait<made>(
        [&](auto done) { in.create(which, std::move(body), std::move(done), deadline); });
  }
  std::string call(kit<edition>& in, const made& it, std::string body) {
    const auto said =
        wait<gof::message>([&](auto done) { in.call(it, std::move(body), std::move(done), 2s); });
    return said ? said->body : said.error().text();
  }
  void wrong(gof::duration lasts, sim::kind what, const std::string& who, std::uint64_t much = 0) {
    world.inject({world.now().time_since_epoch(), lasts, what, who, much});
    world.run(1ms);
  }
};

TEST_F(AbstractFactory, AMatchNeverMixes) {
  makes board(*ann, "board", "1"), rules(*bob, "rules", "1");
  ASSERT_EQ(publish(of("1"), {7, 1}).value(), 1u);
  const kit_ptr match = obtain().value();
  const made b = create(*match, &edition::board, "8x8").value();
  makes board2(*ann, "board", "2"), rules2(*bob, "rules", "2");
  ASSERT_EQ(publish(of("2"), {7, 2}).value(), 2u);
  const made r = create(*match, &edition::rules, "mate").value();
  EXPECT_EQ(call(*match, r, "!"), "rules 1 mate!") << "of the edition that it is played in";
  EXPECT_EQ(call(*match, b, " e4"), "board 1 8x8 e4");
  const kit_ptr next = obtain().value();
  EXPECT_EQ(next->epoch(), 2u);
  EXPECT_EQ(call(*next, create(*next, &edition::rules, "mate").value(), "."), "rules 2 mate.");
  EXPECT_EQ(call(*next, b, " e5"), "conflict: it is of another kit");
  world.run(10s);
  EXPECT_TRUE(match->held());
  EXPECT_FALSE(board.retired() || rules.retired());
}

TEST_F(AbstractFactory, TheOldFamilyGoesWhenNobodyHoldsIt) {
  makes board(*ann, "board", "1"), rules(*bob, "rules", "1");
  makes rules2(*bob, "rules", "2");
  ASSERT_TRUE(publish(of("1"), {7, 1}));
  kit_ptr match = obtain().value();
  ASSERT_TRUE(create(*match, &edition::rules, "mate"));
  edition second = of("2");
  second.board = {"chess.board.1"};  // the same board
  ASSERT_TRUE(publish(second, {7, 2}));
  world.run(8s);
  EXPECT_FALSE(rules.retired());
  EXPECT_EQ(rules.size(), 1u);
  match.reset();
  world.run(100ms);
  EXPECT_TRUE(rules.retired());
  EXPECT_EQ(rules.size(), 0u);
  EXPECT_FALSE(board.retired());
  EXPECT_FALSE(rules2.retired());
}

TEST_F(AbstractFactory, ButForTheGraceAtMost) {
  makes board(*ann, "board", "1"), rules(*bob, "rules", "1");
  makes board2(*ann, "board", "2"), rules2(*bob, "rules", "2");
  ASSERT_TRUE(publish(of("1"), {7, 1}));
  const kit_ptr match = obtain().value();
  ASSERT_TRUE(publish(of("2"), {7, 2}));
  world.run(19s);
  EXPECT_TRUE(match->held());
  world.run(4s);
  EXPECT_FALSE(match->held());
  EXPECT_TRUE(rules.retired());
  EXPECT_NE(text(create(*match, &edition::board, "8x8")).find("obtain again"), std::string::npos);
  EXPECT_EQ(obtain().value()->epoch(), 2u);
}

TEST_F(AbstractFactory, AnIncompleteFamilyIsNotPublished) {
  makes board(*ann, "board", "1"), rules(*bob, "rules", "1");
  ASSERT_TRUE(publish(of("1"), {7, 1}));
  EXPECT_EQ(text(publish({{"chess.board.1"}, {}, {}}, {7, 2})), "the family lacks rules");
  const auto nobody = publish({{"chess.board.1"}, {"chess.rules.9"}, {}}, {7, 3}, 2s);
  EXPECT_EQ(why(nobody), gof::errc::nobody_there);
  EXPECT_EQ(text(nobody).substr(0, 7), "rules: ");
  const auto other = publish({{"chess.rules.1"}, {"chess.rules.1"}, {}}, {7, 4});
  EXPECT_EQ(why(other), gof::errc::refused);
  EXPECT_EQ(text(other), "board: refused: it makes rules of chess");
  EXPECT_EQ(obtain().value()->epoch(), 1u);
}

TEST_F(AbstractFactory, PublishedOnce) {
  makes board(*ann, "board", "1"), rules(*bob, "rules", "1");
  wrong(1min, sim::kind::lose_nth_answer, "shop", 4);  // that of the put
  EXPECT_EQ(publish(of("1"), {7, 1}, 10s).value(), 1u);
  EXPECT_EQ(publish(of("1"), {7, 1}).value(), 1u);
  EXPECT_EQ(publish(of("1"), {7, 2}).value(), 2u);
  EXPECT_EQ(publish(of("1"), {7, 1}).value(), 1u) << "though another one came after it";
  EXPECT_EQ(obtain().value()->epoch(), 2u);
}

TEST_F(AbstractFactory, TwoAtOnceAreOneAfterTheOther) {
  makes board(*ann, "board", "1"), rules(*bob, "rules", "1");
  publisher<edition> other(*eva, "chess");
  std::set<std::uint64_t> epochs;
  for (std::uint64_t i = 1; i <= 3; ++i) {
    publishes.publish(of("1"), {7, i}, [&](const auto& e) { epochs.insert(e.value()); });
    other.publish(of("1"), {8, i}, [&](const auto& e) { epochs.insert(e.value()); });
  }
  world.run(6s);
  EXPECT_EQ(epochs, (std::set<std::uint64_t>{1, 2, 3, 4, 5, 6}));
}

TEST_F(AbstractFactory, UnknownAndIncompleteFamiliesAreRefused) {
  EXPECT_EQ(why(obtain()), gof::errc::not_found);
  gof::blocking(*shop).put("gof.families", "chess", bytes(1, without_rules{{"b"}}));
  world.run(10ms);
  const auto half = obtain();
  EXPECT_EQ(why(half), gof::errc::refused);
  EXPECT_NE(text(half).find("rules"), std::string::npos) << text(half);
}

TEST_F(AbstractFactory, ANewerFamilyThatIsNotUnderstoodIsRefusedAndTheOldOneStays) {
  makes board(*ann, "board", "1"), rules(*bob, "rules", "1");
  ASSERT_TRUE(publish(of("1"), {7, 1}));
  const kit_ptr match = obtain().value();
  makes dice(*ann, "dice", "1");
  publisher<with_dice> newer(*shop, "chess");
  ASSERT_EQ(wait<std::uint64_t>([&](auto done) {
              newer.publish({{"chess.board.1"}, {"chess.rules.1"}, {{"chess.dice.1"}}}, {7, 2},
                            std::move(done));
            }).value(),
            2u);
  world.run(10ms);
  const auto refused = obtain();
  EXPECT_EQ(why(refused), gof::errc::refused);
  EXPECT_NE(text(refused).find("dice"), std::string::npos) << text(refused);
  EXPECT_TRUE(create(*match, &edition::rules, "mate"));
  factory<with_dice> modern(*eva, "chess");
  world.run(10ms);
  const auto it =
      wait<std::unique_ptr<kit<with_dice>>>([&](auto done) { modern.obtain(std::move(done)); });
  EXPECT_EQ(it.value()->epoch(), 2u);
}

TEST_F(AbstractFactory, AllOrNothing) {
  makes board(*ann, "board", "1");
  auto rules = std::make_unique<makes>(*bob, "rules", "1");
  ASSERT_TRUE(publish(of("1"), {7, 1}));
  rules.reset();
  const auto half = obtain(2s);
  EXPECT_EQ(why(half), gof::errc::nobody_there);
  EXPECT_EQ(text(half).substr(0, 7), "rules: ");
  rules = std::make_unique<makes>(*bob, "rules", "1");
  EXPECT_TRUE(obtain()) << "the same again";
  wrong(3s, sim::kind::partition, "bob");
  const auto silent = obtain(2s);
  EXPECT_EQ(why(silent), gof::errc::unavailable);
  EXPECT_EQ(text(silent).substr(0, 7), "rules: ");
}

TEST_F(AbstractFactory, OneEffect) {
  makes board(*ann, "board", "1"), rules(*bob, "rules", "1");
  ASSERT_TRUE(publish(of("1"), {7, 1}));
  const kit_ptr it = obtain().value();
  wrong(1500ms, sim::kind::lose_answers, "eva", 1000);
  ASSERT_TRUE(create(*it, &edition::board, "8x8", 10s));
  EXPECT_EQ(board.size(), 1u);
  ASSERT_TRUE(create(*it, &edition::board, "8x8"));
  EXPECT_EQ(board.size(), 2u);
  wrong(5s, sim::kind::lose_answers, "eva", 1000);
  EXPECT_EQ(why(create(*it, &edition::board, "8x8", 2s)), gof::errc::deadline);
  EXPECT_EQ(board.size(), 3u) << "so it is unknown";
}

TEST_F(AbstractFactory, WhatMayHaveBeenMadeIsUnknownWhateverComesOfTheNextAttempt) {
  makes board(*ann, "board", "1"), rules(*bob, "rules", "1");
  ASSERT_TRUE(publish(of("1"), {7, 1}));
  const kit_ptr it = obtain().value();
  const auto now = world.now().time_since_epoch();
  world.inject({now, 500ms, sim::kind::lose_answers, "eva", 1000});
  world.inject({now + 500ms, 2s, sim::kind::deny, "eva", 0});
  world.run(1ms);
  const auto what = create(*it, &edition::board, "8x8");
  EXPECT_EQ(why(what), gof::errc::deadline);
  EXPECT_NE(text(what).find("may not"), std::string::npos) << text(what);
  EXPECT_EQ(board.size(), 1u);
}

TEST_F(AbstractFactory, TooManyDoNotWait) {
  wrong(1min, sim::kind::partition, "eva");
  factory<edition> unheard(*eva, "chess");
  std::map<gof::errc, int> came;
  for (int i = 0; i < 1030; ++i) unheard.obtain([&](const auto& what) { ++came[why(what)]; }, 10s);
  world.run(1s);
  EXPECT_EQ(came, (std::map<gof::errc, int>{{gof::errc::overloaded, 6}}));
  world.run(12s);
  EXPECT_EQ(came[gof::errc::unavailable], 1024) << "nothing was heard";
}

TEST_F(AbstractFactory, WhatIsRefusedIsToldAndNotMade) {
  makes board(*ann, "board", "1"), rules(*bob, "rules", "1");
  ASSERT_TRUE(publish(of("1"), {7, 1}));
  const kit_ptr it = obtain().value();
  EXPECT_EQ(why(create(*it, &edition::board, "bad")), gof::errc::failed_there);
  EXPECT_EQ(why(create(*it, &edition::clock, "5min")), gof::errc::not_found);
  for (int i = 0; i < 8; ++i) ASSERT_TRUE(create(*it, &edition::board, "8x8"));
  EXPECT_EQ(why(create(*it, &edition::board, "8x8", 1s)), gof::errc::overloaded);
  EXPECT_EQ(board.size(), 8u);
  gof::blocking wait(*eva);
  EXPECT_THROW((void)wait.call({"chess.board.1", "junk"}), gof::failure);
}

TEST_F(AbstractFactory, WhoIsNotHeardOfHasGone) {
  makes board(*ann, "board", "1"), rules(*bob, "rules", "1");
  ASSERT_TRUE(publish(of("1"), {7, 1}));
  const kit_ptr it = obtain().value();
  const made b = create(*it, &edition::board, "8x8").value();
  world.run(10s);
  EXPECT_EQ(board.size(), 1u) << "it is renewed";
  wrong(5s, sim::kind::partition, "eva");
  world.run(3750ms);
  EXPECT_EQ(board.size(), 0u);
  world.run(5s);
  EXPECT_FALSE(it->held());
  EXPECT_EQ(call(*it, b, "e4"), "conflict: board: conflict: it is not held any more: obtain again");
}

TEST_F(AbstractFactory, AMakerThatStartsAnewKnowsNoKit) {
  auto board = std::make_unique<makes>(*ann, "board", "1");
  makes rules(*bob, "rules", "1");
  ASSERT_TRUE(publish(of("1"), {7, 1}));
  const kit_ptr it = obtain().value();
  ASSERT_TRUE(create(*it, &edition::board, "8x8"));
  board.reset();
  board = std::make_unique<makes>(*ann, "board", "1");
  EXPECT_EQ(why(create(*it, &edition::board, "8x8")), gof::errc::conflict);
  EXPECT_FALSE(it->held());
  EXPECT_EQ(why(create(*it, &edition::rules, "mate")), gof::errc::conflict) << "all of it";
  EXPECT_TRUE(obtain());
}

TEST_F(AbstractFactory, OneRoundTripForAll) {
  makes board(*ann, "board", "1"), rules(*bob, "rules", "1");
  ASSERT_TRUE(publish(of("1"), {7, 1}));
  world.run(1s);
  int calls = 0, others = 0;
  gof::scope until_the_end;
  world.listen(until_the_end.bind([&](const std::string& who, const gof::engines::request& what) {
    if (who != "eva" || std::holds_alternative<gof::engines::ping>(what.what)) return;
    ++(std::holds_alternative<gof::engines::ask>(what.what) ? calls : others);
  }));
  const kit_ptr it = obtain().value();
  EXPECT_EQ(calls, 2);
  EXPECT_EQ(others, 0);
}

TEST_F(AbstractFactory, AfterItsEndNothingIsCalled) {
  makes board(*ann, "board", "1"), rules(*bob, "rules", "1");
  ASSERT_TRUE(publish(of("1"), {7, 1}));
  bool called = false;
  {
    factory<edition> f(*eva, "chess");
    f.obtain([&](const auto&) { called = true; });
    publisher<edition> p(*eva, "chess");
    p.publish(of("1"), {9, 1}, [&](const auto&) { called = true; });
    const kit_ptr it = obtain().value();
    it->create(&edition::board, "8x8", [&](const auto&) { called = true; });
    called = false;
  }
  world.run(10s);
  EXPECT_FALSE(called);
  EXPECT_EQ(board.size(), 0u);
}

// ---- On another engine
// ---------------------------------------------------------------------------

TEST(AbstractFactoryOnMemory, IsPublishedAndObtained) {
  const auto node = gof::join("memory:abstract_factory");
  makes board(*node, "board", "1"), rules(*node, "rules", "1");
  publisher<edition> p(*node, "chess");
  factory<edition> f(*node, "chess");
  std::unique_ptr<kit<edition>> it;
  std::string said;
  p.publish(of("1"), {7, 1}, [&](const gof::result<std::uint64_t>& is) {
    EXPECT_EQ(is.value(), 1u);
    f.obtain([&](gof::result<std::unique_ptr<kit<edition>>> what) {
      it = std::move(what).value();
      it->create(&edition::board, "8x8", [&](const gof::result<made>& one) {
        it->call(one.value(), " e4",
                 [&](const gof::result<gof::message>& m) { said = m.value().body; });
      });
    });
  });
  ASSERT_TRUE(node->run_until([&] { return !said.empty(); }, 10s));
  EXPECT_EQ(said, "board 1 8x8 e4");
}

}  // namespace
