// SPDX-License-Identifier: BSL-1.0
#include <gof/distributed/observer.hpp>
// The header under test comes first, so that it has to stand alone.
#include <gtest/gtest.h>

#include <array>
#include <gof/engines/simulator.hpp>
#include <gof/join.hpp>
#include <gof/wait.hpp>
#include <iostream>
#include <stdexcept>
#include <type_traits>

#include "support/seeds.hpp"

namespace {

using namespace std::chrono_literals;
namespace wire = gof::wire;
namespace sim = gof::sim;
namespace engines = gof::engines;
using gof::observer::distributed::busy;
using gof::observer::distributed::kind;

struct file {
  std::uint64_t size = 0;
  friend bool operator==(const file&, const file&) = default;
};
BOOST_DESCRIBE_STRUCT(file, (), (size))
// What a newer program writes: one that an old one can do without, and one that it cannot.
struct annotated {
  std::uint64_t size = 0;
  std::optional<std::string> note{};
};
BOOST_DESCRIBE_STRUCT(annotated, (), (size, note))
struct encrypted {
  std::uint64_t size = 0;
  wire::required<std::string> cipher{};
};
BOOST_DESCRIBE_STRUCT(encrypted, (), (size, cipher))

using news = gof::observer::distributed::news<file>;
using view = gof::observer::distributed::view<file>;
using watch = gof::observer::distributed::watch<file>;
using subject = gof::observer::distributed::subject<file>;

static_assert(!std::is_copy_constructible_v<watch> && !std::is_move_constructible_v<watch>);
static_assert(!std::is_copy_constructible_v<subject> && !std::is_move_constructible_v<subject>);
static_assert(std::is_copy_constructible_v<view> && std::is_nothrow_destructible_v<view>);
static_assert(noexcept(std::declval<const view&>().version()));
static_assert(noexcept(std::declval<const view&>().digest()));
static_assert(noexcept(std::declval<const watch&>().state()));
static_assert(std::constructible_from<watch, gof::node&, std::string, void (*)(const news&)>);
static_assert(std::constructible_from<watch, gof::node&, std::string, void (*)(const news&, busy)>);
static_assert(!std::constructible_from<watch, gof::node&, std::string, void (*)(const file&)>);

gof::entry line(std::uint64_t sequence, std::string key, std::string body,
                std::string who = "ada") {
  gof::entry it{sequence, gof::message(std::move(key), std::move(body))};
  it.content.principal = std::move(who);
  return it;
}
std::string bytes(std::uint64_t size) { return wire::encode(file{size}); }
std::string_view name_of(kind what) { return boost::describe::enum_to_string(what, "?"); }
// Such as "changed a=1 @2".
std::string text(const news& it) {
  std::string all(name_of(it.what));
  if (!it.key.empty()) all += ' ' + it.key;
  if (it.value) all += '=' + std::to_string(it.value->size);
  all += " @" + std::to_string(it.version);
  if (it.skipped) all += " after " + std::to_string(it.skipped) + " more";
  return all;
}
std::vector<std::string> texts(const std::vector<news>& all) {
  std::vector<std::string> words;
  for (const news& it : all) words.push_back(text(it));
  return words;
}
using words = std::vector<std::string>;

// ---- The view
// ------------------------------------------------------------------------------------

TEST(ObserverView, KeepsTheLastOfEachKey) {
  view v;
  EXPECT_EQ(text(*v.apply(line(1, "a", bytes(10)))), "changed a=10 @1");
  EXPECT_EQ(text(*v.apply(line(2, "b", bytes(20)))), "changed b=20 @2");
  EXPECT_EQ(text(*v.apply(line(5, "a", bytes(11)))), "changed a=11 @5");
  EXPECT_EQ(text(*v.apply(line(6, "b", {}))), "erased b @6");
  EXPECT_EQ(v.find("a"), file{11});
  EXPECT_EQ(v.find("b"), std::nullopt);
  EXPECT_EQ(v.keys(), (std::map<std::string, std::uint64_t>{{"a", 5}}));
}

TEST(ObserverView, ItsVersionNeverGoesBack) {
  view v;
  v.apply(line(5, "a", bytes(5)));
  const std::uint64_t before = v.digest();
  EXPECT_FALSE(v.apply(line(5, "a", bytes(6))));
  EXPECT_FALSE(v.apply(line(4, "a", bytes(4))));
  view older;
  older.apply(line(4, "a", bytes(4)));
  EXPECT_TRUE(v.load(older.save()).empty());
  EXPECT_EQ(v.version(), 5u);
  EXPECT_EQ(v.find("a"), file{5});
  EXPECT_EQ(v.digest(), before);
}

TEST(ObserverView, ASnapshotTellsOnlyWhatIsNewerAndFirstWhatIsGone) {
  view v;
  for (std::uint64_t i = 1; i <= 3; ++i) v.apply(line(i, std::string(1, char('a' + i)), bytes(i)));
  view behind = v;
  v.apply(line(4, "b", {}));
  v.apply(line(5, "e", bytes(5)));
  v.apply(line(6, "d", bytes(6)));
  v.apply(line(7, "c", bytes(7)));
  v.apply(line(8, "f", bytes(8)));
  v.apply(line(9, "f", {}));
  EXPECT_EQ(texts(behind.load(v.save())),
            (words{"resync @3", "erased b @3", "changed e=5 @5", "changed d=6 @6", "changed c=7 @7",
                   "current @9"}));
  EXPECT_EQ(behind.digest(), v.digest());
  EXPECT_EQ(behind.version(), 9u);
}

TEST(ObserverView, WhatIsNoSnapshotChangesNothing) {
  view v;
  v.apply(line(1, "a", bytes(1)));
  view other;
  other.apply(line(9, "b", bytes(2)));
  const std::string whole = other.save();
  const std::uint64_t before = v.digest();
  for (std::size_t i = 0; i < whole.size(); ++i)
    EXPECT_THROW(v.load(std::string_view(whole).substr(0, i)), wire::error);
  EXPECT_EQ(v.digest(), before);
  EXPECT_EQ(v.version(), 1u);
}

TEST(ObserverView, ResumedItTellsWhatIsGoneSince) {
  view v, resumed;
  v.apply(line(1, "a", bytes(1)));
  v.apply(line(2, "b", bytes(2)));
  resumed.resume(2, v.keys());
  EXPECT_EQ(resumed.digest(), v.digest());
  EXPECT_EQ(resumed.find("a"), std::nullopt);  // its value is not known
  v.apply(line(3, "a", {}));
  v.apply(line(4, "c", bytes(4)));
  EXPECT_EQ(texts(resumed.load(v.save())),
            (words{"resync @2", "erased a @2", "changed c=4 @4", "current @4"}));
}

TEST(ObserverView, WhatANewerProgramAddedIsPassedOn) {
  using newer = gof::observer::distributed::view<annotated>;
  view old;
  EXPECT_EQ(text(*old.apply(line(1, "a", wire::encode(annotated{1, "mine"})))), "changed a=1 @1");
  newer v;
  v.load(old.save());
  EXPECT_EQ(v.find("a")->note, "mine");
}

TEST(ObserverView, WhatCannotBeReadIsToldAndPassedOn) {
  using newer = gof::observer::distributed::view<encrypted>;
  view old;
  old.apply(line(1, "a", bytes(1)));
  const auto what = old.apply(line(2, "a", wire::encode(encrypted{1, {"rot13"}})));
  EXPECT_EQ(text(*what), "unreadable a @2");
  EXPECT_NE(what->why.find("cipher"), std::string::npos);
  EXPECT_EQ(old.find("a"), std::nullopt);  // and not the value before it
  newer v;
  v.load(old.save());
  EXPECT_EQ(v.find("a")->cipher.value, "rot13");
  view another;
  EXPECT_EQ(texts(another.load(old.save())), (words{"resync @0", "unreadable a @2", "current @2"}));
}

TEST(ObserverView, OnlyThoseItTrustsCount) {
  view v({"ada", "ben"}), all;
  EXPECT_TRUE(v.apply(line(1, "a", bytes(1), "ada")));
  EXPECT_FALSE(v.apply(line(2, "a", bytes(2), "mallory")));
  EXPECT_FALSE(v.apply(line(3, "b", bytes(3), {})));
  EXPECT_TRUE(v.apply(line(4, "b", bytes(4), "ben")));
  EXPECT_EQ(v.ignored(), 2u);
  EXPECT_EQ(v.version(), 4u);
  EXPECT_EQ(v.find("a"), file{1});
  all.apply(line(5, "a", bytes(5), "mallory"));
  all.apply(line(6, "c", bytes(6), "ada"));
  v.load(all.save());
  EXPECT_EQ(v.keys(), (std::map<std::string, std::uint64_t>{{"c", 6}}));
}

TEST(ObserverView, ALossIsPassedOnToThoseWhoHaveNotSeenIt) {
  view v, new_one, up_to_date;
  v.apply(line(1, "a", bytes(1)));
  EXPECT_EQ(text(v.lose(7)), "lost @7");
  up_to_date.apply(line(7, "a", bytes(7)));
  v.apply(line(8, "b", bytes(8)));
  EXPECT_EQ(texts(new_one.load(v.save())),
            (words{"resync @0", "lost @0", "changed a=1 @1", "changed b=8 @8", "current @8"}));
  EXPECT_EQ(texts(up_to_date.load(v.save())), (words{"resync @7", "changed b=8 @8", "current @8"}));
  EXPECT_EQ(up_to_date.find("a"), file{7});
  view after;  // it is passed on by those to whom it was
  EXPECT_EQ(texts(after.load(new_one.save())),
            (words{"resync @0", "lost @0", "changed a=1 @1", "changed b=8 @8", "current @8"}));
}

TEST(ObserverView, WhatItHasSeenStandsAgainstTheSnapshotOfOneThatHasLostIt) {
  view lossy, v;
  for (view* one : {&lossy, &v}) {
    one->apply(line(1, "a", bytes(1)));
    one->apply(line(2, "b", bytes(2)));
  }
  v.apply(line(3, "a", {}));
  v.apply(line(4, "b", bytes(4)));
  v.apply(line(5, "c", bytes(5)));
  lossy.lose(5);
  for (view* one : {&lossy, &v}) one->apply(line(6, "c", bytes(6)));
  view whole = v;
  lossy.apply(line(7, "d", bytes(7)));
  EXPECT_EQ(texts(v.load(lossy.save())), (words{"resync @6", "changed d=7 @7", "current @7"}));
  EXPECT_EQ(v.keys(), (std::map<std::string, std::uint64_t>{{"b", 4}, {"c", 6}, {"d", 7}}));
  EXPECT_EQ(v.find("b"), file{4});
  whole.apply(line(7, "d", bytes(7)));
  EXPECT_EQ(v.save(), whole.save());  // nothing is lost here
}

TEST(ObserverView, WhereAKeyMayBeGoneOrMayNeverHaveBeenSeenThatIsALoss) {
  view lossy, v;
  v.apply(line(3, "a", bytes(3)));
  v.apply(line(6, "b", bytes(6)));
  lossy.lose(5);
  lossy.apply(line(6, "b", bytes(6)));
  lossy.apply(line(7, "b", {}));
  EXPECT_EQ(texts(v.load(lossy.save())),
            (words{"resync @6", "lost @6", "erased a @6", "erased b @6", "current @7"}));
  v = view();
  v.apply(line(6, "b", bytes(6)));  // of what came after the loss, it is known
  EXPECT_EQ(texts(v.load(lossy.save())), (words{"resync @6", "erased b @6", "current @7"}));
}

// Views that have been given the same entries, or a snapshot of them, have the same digest.
TEST(ObserverView, WithASnapshotOfWhateverLengthItIsTheSame) {
  for (std::uint64_t seed = 1; seed <= 2000; ++seed) {
    sim::chance by(seed);
    std::vector<gof::entry> all;
    std::uint64_t sequence = 0;
    for (std::uint64_t n = by.below(40); n > 0; --n) {
      sequence += 1 + by.below(2);
      const std::string key(1, static_cast<char>('a' + by.below(5)));
      all.push_back(line(sequence, key, by.per_mille(300) ? std::string() : bytes(sequence)));
    }
    view whole, begun, snapshot;
    std::map<std::string, file> mirror;  // of what is told
    const auto tell = [&](const news& it) {
      if (it.value) mirror[it.key] = *it.value;
      if (it.what == kind::erased) mirror.erase(it.key);
    };
    for (const gof::entry& it : all) whole.apply(it);
    const std::uint64_t first = by.below(all.size() + 1);
    const std::uint64_t second = first + by.below(all.size() + 1 - first);
    for (std::size_t i = 0; i < first; ++i)
      if (const auto it = begun.apply(all[i])) tell(*it);
    for (std::size_t i = 0; i < second; ++i) snapshot.apply(all[i]);
    if (by.per_mille(300)) {  // it is another one, who goes on with what that one has
      const view before = std::exchange(begun, view());
      begun.resume(before.version(), before.keys());
    }
    for (const news& it : begun.load(snapshot.save())) tell(it);
    for (std::size_t i = by.below(second + 1); i < all.size(); ++i)
      if (const auto it = begun.apply(all[i])) tell(*it);
    ASSERT_EQ(begun.digest(), whole.digest()) << "seed " << seed;
    ASSERT_EQ(begun.version(), whole.version()) << "seed " << seed;
    ASSERT_EQ(mirror.size(), whole.keys().size()) << "seed " << seed;
    for (const auto& [key, value] : mirror) ASSERT_EQ(whole.find(key), value) << "seed " << seed;
  }
}

// Whoever loses what, and takes whose snapshot: no version goes back; and who was told of no loss
// has what the entries come to.
TEST(ObserverView, LossesOfOthersAreNotItsOwn) {
  struct one {
    view v;
    std::uint64_t version = 0;
    std::map<std::string, std::uint64_t> keys, last;  // `last` also of those that are gone
    bool lost = false, resumed = false;
    void tell(const news& it) {
      ASSERT_GE(it.version, version) << text(it);
      lost = lost || it.what == kind::lost;
      if (it.what == kind::changed) {
        ASSERT_GT(it.version, version) << text(it);
        ASSERT_GT(it.version, last[it.key]) << text(it);
      }
      version = it.version;
      if (!it.key.empty()) last[it.key] = it.version;
      if (it.what == kind::changed) keys[it.key] = it.version;
      if (it.what == kind::erased) keys.erase(it.key);
    }
  };
  std::uint64_t losses = 0, taken = 0, from_lossy = 0;
  for (std::uint64_t seed = 1; seed <= gof::testing::seeds(3000); ++seed) {
    sim::chance by(seed);
    std::vector<one> all(4);
    std::vector<std::map<std::string, std::uint64_t>> truth(1);  // by version
    for (std::uint64_t n = 1; n <= 40; ++n) {
      const std::string key(1, static_cast<char>('a' + by.below(5)));
      const bool erases = by.per_mille(400);
      truth.push_back(truth.back());
      if (erases)
        truth.back().erase(key);
      else
        truth.back()[key] = n;
      for (one& it : all) {
        if (it.v.version() + 1 < n || by.per_mille(200)) {  // it did not come here
          if (!by.per_mille(300)) continue;
          one& maker = all[by.below(all.size())];
          if (&maker != &it && !maker.resumed) {
            const auto what = it.v.load(maker.v.save());
            for (const news& told : what) it.tell(told);
            taken += !what.empty();
            from_lossy += !what.empty() && maker.lost && !it.lost;
          }
          if (it.v.version() + 1 < n && by.per_mille(100)) it.tell(it.v.lose(n - 1)), ++losses;
        }
        if (it.v.version() + 1 != n) continue;
        if (const auto told = it.v.apply(line(n, key, erases ? std::string() : bytes(n))))
          it.tell(*told);
        if (by.per_mille(50)) {  // it is another one, who goes on with what that one has
          it.v = view();
          it.v.resume(it.version, it.keys);
          it.resumed = true;
        }
      }
      for (const one& it : all) {
        if (HasFatalFailure()) FAIL() << "seed " << seed;
        ASSERT_EQ(it.v.keys(), it.keys) << "seed " << seed;
        ASSERT_TRUE(it.lost || it.keys == truth[it.v.version()]) << "seed " << seed;
      }
    }
  }
  for (const std::uint64_t times : {losses, taken, from_lossy}) EXPECT_GT(times, 0u);
}

TEST(ObserverView, APatternMeansTheSameKeysAsOnTheNode) {
  const std::vector<std::string> parts{"a", "b", "*", ">"};
  sim::chance by(1);
  for (int i = 0; i < 20'000; ++i) {
    std::string pattern = parts[by.below(4)], key = parts[by.below(2)];
    for (std::uint64_t n = by.below(4); n > 0; --n) pattern += '.' + parts[by.below(4)];
    for (std::uint64_t n = by.below(4); n > 0; --n) key += '.' + parts[by.below(2)];
    if (!engines::is_pattern(pattern)) continue;
    view v({}, pattern);
    ASSERT_EQ(v.apply(line(1, key, bytes(1))).has_value(), gof::matches(pattern, key))
        << pattern << ' ' << key;
  }
}

// ---- One thing at a time
// -------------------------------------------------------------------------

// A simulated network with a subject and what an observer was told.
struct stage {
  sim::world in{7};
  std::unique_ptr<gof::node> ada = in.join("ada"), eva = in.join("eva");
  std::optional<subject> files{std::in_place, *ada, "files"};
  std::vector<news> told;
  auto listener() {
    return [this](const news& it) { told.push_back(it); };
  }
  void notify(const std::string& key, std::uint64_t size) {
    files->notify(key, file{size}, [](const gof::result<std::uint64_t>& what) {
      EXPECT_TRUE(what) << what.error().text();
    });
    in.run(10ms);
  }
  void compact(std::uint64_t keep) {
    std::optional<gof::result<void>> what;
    files->compact(keep, [&](gof::result<void> it) { what = std::move(it); });
    in.run(100ms);
    ASSERT_TRUE(what && *what);
  }
};

TEST(Observer, IsToldEachChangeInOrder) {
  stage s;
  std::uint64_t version = 0;
  watch w(*s.eva, "files", s.listener());
  s.files->notify("a", file{1}, [&](auto what) { version = what.value(); });
  s.files->notify("b", file{2});
  s.files->erase("a");
  s.in.run(1s);
  EXPECT_EQ(texts(s.told), (words{"changed a=1 @1", "changed b=2 @2", "erased a @3"}));
  EXPECT_EQ(s.told.front().by, "ada");
  EXPECT_EQ(version, 1u);
  EXPECT_EQ(w.version(), 3u);
  EXPECT_EQ(w.state().digest(), s.files->state().digest());
}

TEST(Observer, IsToldOnlyTheKeysItWants) {
  stage s;
  watch w(*s.eva, "files", s.listener(), {.pattern = "docs.*"});
  s.notify("docs.a", 1);
  s.notify("pictures.a", 2);
  s.notify("docs.b", 3);
  EXPECT_EQ(texts(s.told), (words{"changed docs.a=1 @1", "changed docs.b=3 @3"}));
  s.compact(0);
  s.notify("docs.c", 4);
  watch late(*s.eva, "files", s.listener(), {.pattern = "docs.*"});
  s.told.clear();
  s.in.run(1s);
  EXPECT_EQ(texts(s.told), (words{"resync @0", "changed docs.a=1 @1", "changed docs.b=3 @3",
                                  "current @3", "changed docs.c=4 @4"}));
}

TEST(Observer, ResumesWhereItWas) {
  stage s;
  s.notify("a", 1);
  s.notify("b", 2);
  s.notify("c", 3);
  watch w(*s.eva, "files", s.listener(), {.from = 2, .known = {{"a", 1}, {"b", 2}}});
  EXPECT_EQ(w.version(), 2u);
  s.in.run(1s);
  EXPECT_EQ(texts(s.told), (words{"changed c=3 @3"}));
  EXPECT_EQ(w.state().digest(), s.files->state().digest());
}

TEST(Observer, IsToldWhatDiffersWhereItsVersionIsCompacted) {
  stage s;
  s.notify("a", 1);
  s.notify("b", 2);
  s.notify("c", 3);
  s.notify("b", 4);
  s.files->erase("a");
  s.notify("d", 6);
  s.compact(2);  // 5 and 6 stay
  watch::options how;
  how.from = 2;
  how.known = {{"a", 1}, {"b", 2}};
  const watch w(*s.eva, "files", s.listener(), how);
  s.in.run(1s);
  EXPECT_EQ(texts(s.told), (words{"resync @2", "erased a @2", "changed c=3 @3", "changed b=4 @4",
                                  "changed d=6 @6", "current @6"}));
  s.told.clear();
  how.from = 4;
  const watch near(*s.eva, "files", s.listener(), how);
  s.in.run(1s);
  EXPECT_EQ(texts(s.told), (words{"erased a @5", "changed d=6 @6"}));
}

TEST(Observer, IsCutOffAndComesBackWithoutAGap) {
  stage s;
  s.in.inject({1s, 8s, sim::kind::partition, "eva", 0});
  const watch w(*s.eva, "files", s.listener());
  words all;
  for (std::uint64_t i = 1; i <= 30; ++i) {
    s.notify("a", i);
    all.push_back("changed a=" + std::to_string(i) + " @" + std::to_string(i));
    s.in.run(200ms);
  }
  EXPECT_LT(s.told.size(), 10u);
  s.in.run(10s);
  EXPECT_EQ(texts(s.told), all);
}

TEST(Observer, WhoseRightIsTakenAwayAndGivenBackMissesNothing) {
  stage s;
  s.in.inject({1s, 20s, sim::kind::deny, "eva", 0});
  std::vector<gof::event> events;
  s.eva->on_event([&](const gof::event& it) { events.push_back(it); });
  watch w(*s.eva, "files", s.listener());
  s.notify("a", 1);
  s.in.run(10s);
  s.notify("a", 2);
  s.notify("b", 3);
  s.compact(0);
  s.in.run(5s);
  EXPECT_EQ(texts(s.told), (words{"changed a=1 @1"}));  // it had asked before
  EXPECT_FALSE(events.empty());
  s.in.run(20s);
  EXPECT_EQ(texts(s.told), (words{"changed a=1 @1", "resync @1", "changed a=2 @2", "changed b=3 @3",
                                  "current @3"}));
}

TEST(Observer, IsToldOfALossWhereAnotherAdministratorForgets) {
  stage s;
  for (std::uint64_t i = 1; i <= 4; ++i) s.notify("a", i);
  gof::blocking(*s.eva).truncate("files", 4);
  watch w(*s.eva, "files", s.listener());
  s.in.run(10s);
  EXPECT_EQ(texts(s.told), (words{"lost @3", "changed a=4 @4"}));
}

TEST(Observer, ASnapshotThatIsNoneIsALossAndNotReplaced) {
  stage s;
  for (std::uint64_t i = 1; i <= 4; ++i) s.notify("a", i);
  gof::blocking(*s.eva).put("gof.snapshots", "files", "no snapshot");
  std::optional<gof::result<void>> what;
  s.files->compact(0, [&](gof::result<void> it) { what = std::move(it); });
  s.in.run(1s);
  ASSERT_TRUE(what);
  EXPECT_EQ(what->error().why, gof::errc::refused);
  gof::blocking(*s.eva).truncate("files", 3);
  const watch w(*s.eva, "files", s.listener());
  s.in.run(10s);
  EXPECT_EQ(texts(s.told), (words{"lost @2", "changed a=3 @3", "changed a=4 @4"}));
}

TEST(Observer, IsToldNothingWhileBusyAndThenHowManyWereSkipped) {
  stage s;
  std::vector<busy> kept;
  watch::options how;
  how.gather = 2;
  watch w(
      *s.eva, "files",
      [&](const news& it, busy token) {
        s.told.push_back(it);
        kept.push_back(std::move(token));
      },
      how);
  s.notify("a", 1);
  for (std::uint64_t i = 2; i <= 41; ++i) s.notify(i % 2 == 0 ? "b" : "c", i);
  EXPECT_EQ(texts(s.told), (words{"changed a=1 @1"}));
  EXPECT_LE(w.waiting(), 4u);  // at most twice as many as keys
  EXPECT_EQ(w.version(), 1u);
  const std::size_t waited = w.waiting();
  for (std::size_t i = 0; i < 41; ++i) {
    kept.clear();
    s.in.run(1ms);
  }
  ASSERT_EQ(s.told.size(), 1 + waited);
  EXPECT_EQ(s.told[1].skipped, 40 - waited);
  EXPECT_EQ(w.version(), 41u);
  EXPECT_EQ(s.told.back().value, file{41});
  for (std::uint64_t i = 42; i <= 60; ++i) {
    s.notify("a", i);
    EXPECT_LE(w.waiting(), 3u);  // of one key
  }
}

TEST(Observer, IsNotSkippedForWhatComesAtOnceWhenItIsNotBusy) {
  stage s;
  for (std::uint64_t i = 1; i <= 300; ++i) s.notify('k' + std::to_string(i % 100), i);
  s.compact(150);
  watch::options how;
  how.gather = 0;
  watch w(*s.eva, "files", s.listener(), how);
  s.in.run(5s);
  std::uint64_t skipped = 0;
  for (const news& it : s.told) skipped += it.skipped;
  EXPECT_EQ(skipped, 0u);
  EXPECT_EQ(s.told.size(), 102u);
  EXPECT_EQ(w.state().digest(), s.files->state().digest());
}

TEST(Observer, OneResyncWaitsForABusyObserverHoweverManyThereWere) {
  stage s;
  std::vector<busy> kept;
  bool patient = true;
  watch::options how;
  how.gather = 0;
  watch w(
      *s.eva, "files",
      [&](const news& it, busy token) {
        s.told.push_back(it);
        if (patient) kept.push_back(std::move(token));
      },
      how);
  s.notify("first", 1);
  for (std::uint64_t i = 0; i < 5; ++i) {
    s.in.inject({s.in.now().time_since_epoch(), 8s, sim::kind::partition, "eva", 0});
    s.notify("a", 10 + i);
    s.notify("b", 20 + i);
    if (i == 4) s.files->erase("b");
    s.compact(0);
    s.in.run(20s);
  }
  patient = false;
  kept.clear();
  s.in.run(1s);
  words heard = texts(s.told);
  heard[1] = heard[1].substr(0, 9);  // how many were skipped is looked at elsewhere
  EXPECT_EQ(heard, (words{"changed first=1 @1", "resync @1", "erased b @9", "changed a=14 @10",
                          "current @12"}));
}

TEST(Observer, IsNotCalledAnyMoreAfterItsWatchEnds) {
  stage s;
  std::optional<watch> w(std::in_place, *s.eva, "files", s.listener());
  for (std::uint64_t i = 1; i <= 5; ++i) s.files->notify("a", file{i});
  while (s.told.size() < 3) s.in.run(10us);
  w.reset();  // the others are on their way, or in the node
  s.in.run(10s);
  EXPECT_EQ(s.told.size(), 3u);
}

TEST(Observer, MayEndItsOwnWatch) {
  stage s;
  std::optional<watch> w;
  std::vector<busy> kept;
  const std::string owned(100, 'x');  // what the observer itself has is still there after that
  w.emplace(*s.eva, "files", [&, owned](const news& it, busy token) {
    kept.push_back(std::move(token));
    w.reset();
    s.told.push_back(it);
    EXPECT_EQ(owned.size(), 100u);
  });
  for (std::uint64_t i = 1; i <= 5; ++i) s.files->notify("a", file{i});
  s.in.run(1s);
  kept.clear();
  s.in.run(1s);
  EXPECT_EQ(s.told.size(), 1u);
}

TEST(Observer, ThatThrowsIsToldTheNext) {
  stage s;
  const watch w(*s.eva, "files", [&](const news& it) {
    s.told.push_back(it);
    if (it.version == 1) throw std::runtime_error("no room");
  });
  s.files->notify("a", file{1});
  s.files->notify("a", file{2});
  EXPECT_THROW(s.in.run(1s), std::runtime_error);
  s.in.run(1s);
  EXPECT_EQ(texts(s.told), (words{"changed a=1 @1", "changed a=2 @2"}));
}

TEST(Subject, SaysUnknownWhereItDoesNotKnow) {
  stage s;
  std::optional<gof::result<std::uint64_t>> first, second;
  s.in.inject({1s, 10s, sim::kind::lose_answers, "ada", 1000});
  s.in.run(2s);
  s.files->notify("a", file{1}, [&](auto what) { first = std::move(what); });
  s.files->notify("a", file{2}, [&](auto what) { second = std::move(what); });
  s.in.run(4999ms);
  EXPECT_FALSE(first || second);
  s.in.run(2ms);
  ASSERT_TRUE(first && second);  // at the deadline
  EXPECT_EQ(first->outcome(), gof::outcome::unknown);
  EXPECT_EQ(second->outcome(), gof::outcome::not_applied);
  s.in.run(20s);
  EXPECT_EQ(s.files->state().version(), 1u);  // however often it was sent
  EXPECT_EQ(s.files->unsettled(), 0u);
}

TEST(Subject, ALostAnswerIsOneEntry) {
  stage s;
  std::optional<gof::result<std::uint64_t>> what;
  s.in.inject({1s, {}, sim::kind::lose_nth_answer, "ada", 1});
  s.in.run(1100ms);
  s.files->notify("a", file{1}, [&](auto it) { what = std::move(it); });
  s.in.run(5s);
  EXPECT_EQ(what->value(), 1u);
  EXPECT_EQ(s.files->state().version(), 1u);
}

TEST(Subject, TriesNoLongerThanAnIdIsKnown) {
  stage s;
  s.files.emplace(*s.ada, "files", subject::options{.deadline = 1h});
  std::optional<gof::result<std::uint64_t>> what;
  s.in.inject({1s, 10min, sim::kind::lose_answers, "ada", 1000});
  s.in.run(2s);
  s.files->notify("a", file{1}, [&](auto it) { what = std::move(it); });
  s.in.run(gof::deduplication_window);
  EXPECT_EQ(what->outcome(), gof::outcome::unknown);
  s.in.run(20min);
  EXPECT_EQ(s.files->state().version(), 1u);
}

TEST(Subject, NobodyCanTakeTheIdOfItsNextChange) {
  stage s;
  const auto mallory = s.in.join("mallory");
  s.notify("a", 1);
  gof::operation_id id;
  const auto reading = mallory->read("files", 1, [&](const gof::entry& it) { id = it.content.id; });
  s.in.run(1s);
  ASSERT_TRUE(id);
  ++id.sequence;
  gof::blocking(*mallory).append("files", gof::message("a", bytes(2), id));
  s.notify("a", 2);  // the very same
  EXPECT_EQ(s.files->state().keys().at("a"), 3u);
}

TEST(Subject, IsToldWhatIsRefused) {
  stage s;
  std::vector<gof::errc> why;
  const auto note = [&](const gof::result<std::uint64_t>& it) { why.push_back(it.error().why); };
  s.files->notify("two words", file{1}, note);
  s.in.run(1s);
  s.in.inject({1s, 5s, sim::kind::deny, "ada", 0});
  s.in.run(1s);
  s.files->notify("a", file{2}, note);
  s.in.run(1s);
  EXPECT_EQ(why, (std::vector{gof::errc::refused, gof::errc::denied}));
  s.in.run(10s);
  s.notify("a", 3);  // the right is given back
  EXPECT_EQ(s.files->state().find("a"), file{3});
}

TEST(Subject, DoesNotTakeMoreThanItKeeps) {
  stage s;
  std::size_t refused = 0;
  for (std::uint64_t i = 0; i < subject::most_waiting + 10; ++i)
    s.files->notify("a", file{i}, [&](const gof::result<std::uint64_t>& it) {
      if (!it) refused += it.error().why == gof::errc::overloaded;
    });
  s.in.run(10s);
  EXPECT_EQ(refused, 10u);
  EXPECT_EQ(s.files->state().version(), subject::most_waiting);
}

TEST(Subject, OfTwoThatCompactAtOnceTheLaterSnapshotStays) {
  stage s;
  const auto ben = s.in.join("ben");
  subject other(*ben, "files");
  s.notify("a", 1);
  s.notify("b", 2);
  std::vector<bool> done;
  for (subject* one : {&*s.files, &other})
    one->compact(0, [&](const gof::result<void>& it) { done.push_back(bool(it)); });
  s.in.run(1s);
  EXPECT_EQ(std::count(done.begin(), done.end(), true), 1);
  other.compact(0, [&](const gof::result<void>& it) { done.push_back(bool(it)); });
  s.in.run(1s);
  EXPECT_EQ(done.size(), 3u);
  EXPECT_TRUE(done.back());
  watch w(*s.eva, "files", s.listener());
  s.in.run(1s);
  EXPECT_EQ(texts(s.told), (words{"resync @0", "changed a=1 @1", "changed b=2 @2", "current @2"}));
}

TEST(Observer, WorksOnTheEmbeddedEngine) {
  const auto ada = gof::join("memory:observer", {.name = "ada"});
  const auto eva = gof::join("memory:observer", {.name = "eva"});
  const auto mallory = gof::join("memory:observer", {.name = "mallory"});
  subject files(*ada, "files");
  std::vector<news> told;
  watch::options how{.from_only = {"ada"}};
  std::optional<watch> w(
      std::in_place, *eva, "files", [&](const news& it) { told.push_back(it); }, how);
  std::uint64_t acknowledged = 0;
  for (std::uint64_t i = 1; i <= 100; ++i)
    files.notify("a", file{i}, [&](const auto& what) { acknowledged += bool(what); });
  ASSERT_TRUE(ada->run_until([&] { return acknowledged == 100; }, 10s));
  gof::blocking(*mallory).append("files", gof::message("a", bytes(666)));
  ASSERT_TRUE(eva->run_until([&] { return w->version() == 101; }, 10s));
  EXPECT_EQ(told.size(), 100u);
  EXPECT_EQ(w->state().find("a"), file{100});
  EXPECT_EQ(w->state().ignored(), 1u);
  w.reset();
  std::optional<gof::result<void>> compacted;
  files.notify("b", file{102});
  ASSERT_TRUE(ada->run_until([&] { return files.state().version() == 102; }, 10s));
  files.compact(0, [&](gof::result<void> it) { compacted = std::move(it); });
  ASSERT_TRUE(ada->run_until([&] { return compacted.has_value(); }, 10s));
  EXPECT_TRUE(*compacted);
  how.from = 50;
  how.known = {{"a", 50}};
  told.clear();
  w.emplace(
      *eva, "files", [&](const news& it) { told.push_back(it); }, watch::options(how));
  ASSERT_TRUE(eva->run_until([&] { return w->version() == 102; }, 10s));
  // The subject listens to all, and so its snapshot has what mallory wrote. An observer does not
  // believe it, but does not have what was there before: the set is to be the same for all.
  EXPECT_EQ(texts(told),
            (words{"resync @50", "erased a @50", "changed b=102 @102", "current @102"}));
}

// ---- Anything at any time
// ------------------------------------------------------------------------

// What outlasts the crashes of an observer, and all that it was told.
struct book {
  std::uint64_t version = 0;
  std::map<std::string, std::uint64_t> keys;
  std::map<std::string, file> values;
  std::vector<std::pair<int, news>> told;  // in which life
  int lives = 0;
  bool attached = false, slow = false, moves = false;
  watch::options how{};
  const watch* current = nullptr;
};

// A change as its subject knows it.
struct change {
  std::string by, key;
  std::optional<std::uint64_t> size{};  // unique; none for an erasure
  int life = 0;
  std::optional<gof::result<std::uint64_t>> result{};
};

struct trial {
  explicit trial(std::uint64_t seed) : compacts(seed % 3 != 0), in(seed) {}

  bool compacts;
  bool calm = false;
  std::string wrong;
  std::uint64_t last_size = 0, ignored = 0, most_waiting = 0, compactions = 0;
  std::deque<change> changes;
  std::map<std::uint64_t, gof::entry> truth;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> unseen;  // of the truth: from, to before
  std::map<std::string, const subject*> subjects;
  std::map<std::string, int> lives;
  std::map<std::string, book> books;
  sim::world in;  // last: what lives in it refers to the rest

  void claim(bool holds, const std::string& what) {
    if (!holds && wrong.empty()) wrong = what;
  }
};

constexpr std::array<const char*, 6> all_keys{"a.1", "a.2", "a.3", "b.1", "b.2", "c"};

// Calls f again and again.
void repeat(gof::node& on, std::int64_t mean, std::function<void()> f) {
  const auto span =
      1ms * (1 + static_cast<std::int64_t>(on.random() % (2 * static_cast<std::uint64_t>(mean))));
  on.after(span, [&on, mean, f = std::move(f)] {
      f();
      repeat(on, mean, f);
    }).detach();
}

std::shared_ptr<void> act_as_subject(trial& t, gof::node& on) {
  subject::options how;
  how.deadline = 3s;
  how.from_only = {"ada", "ben"};
  auto it = std::make_shared<subject>(on, "files", how);
  t.subjects[on.name()] = it.get();
  const int life = ++t.lives[on.name()];
  subject& of = *it;
  repeat(on, 150, [&t, &on, &of, life] {
    if (t.calm) return;
    change& made = t.changes.emplace_back();
    made.by = on.name();
    made.life = life;
    made.key = all_keys[on.random() % all_keys.size()];
    const auto done = [&t, &made](gof::result<std::uint64_t> what) {
      t.claim(!made.result, "a completion was called twice");
      made.result = std::move(what);
    };
    if (on.random() % 5 == 0) return of.erase(made.key, done);
    made.size = ++t.last_size;
    of.notify(made.key, file{t.last_size}, done);
  });
  if (t.compacts)
    repeat(on, 900, [&t, &on, &of] {
      if (!t.calm)
        of.compact(on.random() % 20,
                   [&t](const gof::result<void>& what) { t.compactions += bool(what); });
    });
  return it;
}

// One entry of an observer's book, as it is told.
void note(trial& t, book& of, const news& it) {
  t.claim(of.attached, "told after its watch had ended");
  const bool is_key = !it.key.empty();
  if (it.what == kind::changed || it.what == kind::unreadable)
    t.claim(it.version > of.version, "a version twice, or an older one: " + text(it));
  t.claim(it.version >= of.version, "the version goes back: " + text(it));
  t.claim(it.what != kind::lost, "nothing is lost, but " + text(it));
  t.claim(it.what != kind::unreadable, "nothing is unreadable, but " + text(it));
  if (is_key && of.keys.contains(it.key))
    t.claim(it.version >= of.keys[it.key], "an older one over a newer one: " + text(it));
  of.version = it.version;
  if (it.what == kind::changed) {
    of.keys[it.key] = it.version;
    of.values[it.key] = *it.value;
  } else if (it.what == kind::erased) {
    of.keys.erase(it.key);
    of.values.erase(it.key);
  }
  of.told.emplace_back(of.lives, it);
  if (of.current) t.most_waiting = std::max<std::uint64_t>(t.most_waiting, of.current->waiting());
}

// Attaches, and now and then detaches.
struct observing {
  trial& t;
  gof::node& on;
  book& of;
  std::optional<watch> w{};
  observing(trial& in, gof::node& at) : t(in), on(at), of(in.books.at(at.name())) {
    attach();
    if (of.moves)
      repeat(on, 1500, [this] {
        if (!w || t.calm) return w ? void() : attach();
        detach();
      });
  }
  observing(const observing&) = delete;
  observing& operator=(const observing&) = delete;
  ~observing() { detach(); }
  void detach() {
    if (w) t.ignored += w->state().ignored();
    w.reset();
    of.attached = false;
    of.current = nullptr;
  }
  void attach() {
    watch::options how = of.how;
    how.from = of.version;
    how.known = of.keys;
    how.from_only = {"ada", "ben"};
    of.attached = true;
    ++of.lives;
    w.emplace(
        on, "files",
        [this](const news& it, busy token) {
          note(t, of, it);
          if (of.slow && !t.calm)
            on.after(1ms * (1 + static_cast<std::int64_t>(on.random() % 600)), [token = std::move(
                                                                                    token)] {
              }).detach();
        },
        how);
    of.current = &*w;
  }
};

void cast(trial& t) {
  t.books["eva"].moves = true;
  t.books["sam"].slow = true;
  t.books["sam"].how.gather = 4;
  t.books["pat"].how.pattern = "a.*";
  for (const char* name : {"ada", "ben"})
    t.in.start(name, [&t](gof::node& on) { return act_as_subject(t, on); });
  for (const auto& [name, of] : t.books)
    t.in.start(name, [&t](gof::node& on) -> std::shared_ptr<void> {
      return std::make_shared<observing>(t, on);
    });
  t.in.start("mallory", [&t](gof::node& on) -> std::shared_ptr<void> {
    repeat(on, 400, [&t, &on] {
      if (!t.calm)
        on.append("files", gof::message(all_keys[on.random() % all_keys.size()], bytes(1'000'000)),
                  [](const auto&) {})
            .detach();
    });
    return {};
  });
  // Sees all there is, on a good link, unless it is forgotten while the broker is away.
  t.in.start("rex", [&t](gof::node& on) -> std::shared_ptr<void> {
    gof::read_options how;
    how.on_gap = [&t](std::uint64_t from, std::uint64_t to) { t.unseen.emplace_back(from, to); };
    return std::make_shared<gof::registration>(on.read(
        "files", 1, [&t](const gof::entry& it) { t.truth[it.sequence] = it; }, std::move(how)));
  });
}

// What an observer was told, against all that happened.
void check_told(trial& t, const std::string& name, const book& of) {
  std::uint64_t at = 0, credit = 0;
  bool resync = false;
  int life = 0;
  for (const auto& [lived, it] : of.told) {
    if (lived != life) credit = 0, resync = false, life = lived;
    credit += it.skipped;
    if (it.what == kind::resync) resync = true;
    if (!resync)
      for (auto i = t.truth.upper_bound(at); i != t.truth.end() && i->first < it.version; ++i) {
        if (i->second.content.principal == "mallory" ||
            !gof::matches(of.how.pattern, i->second.content.subject))
          continue;
        t.claim(credit > 0, name + " missed " + std::to_string(i->first) + " before " + text(it));
        --credit;
      }
    if (it.what == kind::current) resync = false;
    at = it.version;
    const auto found = t.truth.find(it.version);
    if (it.what == kind::changed && found != t.truth.end())
      t.claim(found->second.content.subject == it.key &&
                  found->second.content.body == bytes(it.value->size) &&
                  found->second.content.principal == it.by,
              name + " was told " + text(it) + ", which did not happen");
  }
  if (!t.compacts) t.claim(credit == 0, name + " was told that more were skipped than were");
}

void check_changes(trial& t) {
  std::map<std::string, std::vector<std::uint64_t>> places;  // by body
  for (const auto& [version, it] : t.truth)
    if (!it.content.body.empty()) places[it.content.body].push_back(version);
  std::map<std::pair<std::string, int>, std::uint64_t> last;
  const auto known = [&](std::uint64_t version) {
    return std::none_of(t.unseen.begin(), t.unseen.end(), [&](const auto& gap) {
      return gap.first <= version && version < gap.second;
    });
  };
  std::set<std::uint64_t> given;
  for (const change& it : t.changes) {
    const bool acknowledged = it.result && *it.result;
    if (acknowledged) {
      const std::uint64_t version = it.result->value();
      t.claim(given.insert(version).second, "a version was given out twice");
      std::uint64_t& before = last[{it.by, it.life}];
      t.claim(version > before, "changes of a subject changed places");
      before = version;
      const auto found = t.truth.find(version);
      t.claim(found != t.truth.end() || !known(version), "an acknowledged change is not there");
      if (found != t.truth.end())
        t.claim(found->second.content.subject == it.key &&
                    found->second.content.body == (it.size ? bytes(*it.size) : std::string()),
                "a version was given out for another change");
    }
    if (!it.size) continue;
    const auto found = places.find(bytes(*it.size));
    const std::size_t times = found == places.end() ? 0 : found->second.size();
    t.claim(times <= 1, "a change is in the log " + std::to_string(times) + " times");
    if (it.result && it.result->outcome() == gof::outcome::not_applied)
      t.claim(times == 0, "a change took place that was said not to");
  }
}

struct verdict {
  std::string wrong;
  std::uint64_t trace = 0, digest = 0, acknowledged = 0, unknown = 0, not_applied = 0, resyncs = 0,
                skipped = 0, ignored = 0, told = 0, compactions = 0, attached = 0;
  sim::ledger counts;
};

verdict run(std::uint64_t seed, const std::vector<sim::fault>& faults) {
  trial t(seed);
  cast(t);
  t.in.inject(faults);
  t.in.run(10s);
  t.calm = true;
  t.in.run(5s);
  const auto finished = [&] {
    if (t.subjects.size() < 2) return false;
    const view& state = t.subjects.at("ada")->state();
    for (const auto& [name, of] : t.books) {
      if (!of.current || of.current->waiting() > 0) return false;
      if (of.how.pattern == ">" && of.current->version() != state.version()) return false;
    }
    return state.version() == t.subjects.at("ben")->state().version() && !t.truth.empty() &&
           state.version() == t.truth.rbegin()->first &&
           std::all_of(t.subjects.begin(), t.subjects.end(),
                       [](const auto& it) { return it.second->unsettled() == 0; });
  };
  for (int i = 0; i < 12 && !finished(); ++i) t.in.run(5s);
  t.claim(finished(), "it does not come to rest");
  t.in.run(20s);  // also for those who want only some keys, of whom that is not seen

  verdict what;
  if (t.wrong.empty()) {
    check_changes(t);
    const view& state = t.subjects.at("ada")->state();
    t.claim(t.subjects.at("ben")->state().digest() == state.digest(), "the subjects differ");
    if (t.unseen.empty()) {  // the state is what all that happened comes to
      std::map<std::string, std::uint64_t> versions;
      for (const auto& [version, it] : t.truth) {
        if (it.content.principal == "mallory") continue;
        if (it.content.body.empty())
          versions.erase(it.content.subject);
        else
          versions[it.content.subject] = version;
      }
      t.claim(versions == state.keys(), "the subject's state is not what happened");
    }
    for (const auto& [name, of] : t.books) {
      check_told(t, name, of);
      std::map<std::string, std::uint64_t> expected = state.keys();
      std::erase_if(expected, [&, &how = of.how](const auto& it) {
        return !gof::matches(how.pattern, it.first);
      });
      t.claim(of.keys == expected, name + " does not have the subject's state");
      t.claim(of.current->state().keys() == expected, name + "'s view is not the subject's state");
      for (const auto& [key, value] : of.values)
        t.claim(state.find(key) == value, name + " has another value of " + key);
    }
    // gather is 4, or two for each key and resync, current.
    t.claim(t.most_waiting <= 2 * (all_keys.size() + 2), "too many news wait");
  }
  what.wrong = t.wrong;
  what.trace = t.in.trace();
  what.digest = t.subjects.at("ada")->state().digest();
  what.counts = t.in.counts();
  what.compactions = t.compactions;
  for (const change& it : t.changes) {
    if (!it.result) continue;
    what.acknowledged += it.result->outcome() == gof::outcome::ok;
    what.unknown += it.result->outcome() == gof::outcome::unknown;
    what.not_applied += it.result->outcome() == gof::outcome::not_applied;
  }
  what.ignored = t.ignored;
  for (const auto& [name, of] : t.books)
    if (of.current) what.ignored += of.current->state().ignored();
  for (const auto& [name, of] : t.books) {
    what.attached += static_cast<std::uint64_t>(of.lives);
    what.told += of.told.size();
    for (const auto& [life, it] : of.told) {
      what.resyncs += it.what == kind::resync;
      what.skipped += it.skipped;
    }
  }
  return what;
}

std::vector<sim::fault> faults_of(std::uint64_t seed) {
  using sim::kind;
  std::vector<sim::fault> all = sim::random_faults(
      seed,
      {{"ada", "ben", "eva", "sam", "pat"},
       {kind::lose, kind::lose_requests, kind::lose_answers, kind::partition, kind::delay,
        kind::duplicate, kind::reorder, kind::narrow, kind::pause, kind::crash, kind::clock_jump,
        kind::deny, kind::lose_nth_request, kind::lose_nth_answer, kind::crash_before_nth_answer}});
  if (seed % 2 == 0) {
    const auto more = sim::random_faults(
        seed + 1'000'000, {{"broker"}, {kind::crash, kind::pause}, std::chrono::seconds(10), 3});
    all.insert(all.end(), more.begin(), more.end());
  }
  return all;
}

// VersionsGrow, NothingIsMissed, ItConverges, with a subject's once and in order.
TEST(Observer, KeepsItsLawsWhateverGoesWrong) {
  const std::uint64_t seeds = gof::testing::seeds(200);
  verdict sum;
  std::array<std::uint64_t, sim::kinds> effective{};
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    const auto faults = faults_of(seed);
    const verdict it = run(seed, faults);
    if (!it.wrong.empty()) {
      const auto fewer =
          sim::shrink(faults, [&](const auto& some) { return !run(seed, some).wrong.empty(); });
      FAIL() << "seed " << seed << ": " << run(seed, fewer).wrong << "\n" << sim::as_code(fewer);
    }
    if (seed % 20 == 0) {
      const verdict again = run(seed, faults);
      ASSERT_EQ(again.trace, it.trace) << "seed " << seed;
      ASSERT_EQ(again.digest, it.digest) << "seed " << seed;
    }
    for (std::size_t i = 0; i < sim::kinds; ++i) effective[i] += it.counts.effective[i];
    sum.trace = sim::chance::mix(sum.trace, it.trace);
    sum.acknowledged += it.acknowledged;
    sum.unknown += it.unknown;
    sum.not_applied += it.not_applied;
    sum.resyncs += it.resyncs;
    sum.skipped += it.skipped;
    sum.ignored += it.ignored;
    sum.told += it.told;
    sum.compactions += it.compactions;
    sum.attached += it.attached;
    sum.counts.events += it.counts.events;
  }
  std::cout << seeds << " seeds (trace " << std::hex << sum.trace << std::dec
            << "): " << sum.counts.events << " events, " << sum.acknowledged
            << " changes acknowledged, " << sum.unknown << " unknown, " << sum.not_applied
            << " not applied; " << sum.told << " told, " << sum.skipped << " skipped, "
            << sum.resyncs << " resyncs after " << sum.compactions << " compactions, "
            << sum.attached << " times attached, " << sum.ignored
            << " forged ignored; effective faults:";
  for (std::size_t i = 0; i < sim::kinds; ++i)
    if (effective[i])
      std::cout << ' ' << sim::name_of(static_cast<sim::kind>(i)) << ' ' << effective[i];
  std::cout << '\n';
  if (seeds < 100) return;
  // All that matters has happened.
  for (const std::uint64_t times : {sum.acknowledged, sum.unknown, sum.not_applied, sum.resyncs,
                                    sum.skipped, sum.ignored, sum.compactions})
    EXPECT_GT(times, 0u);
  using sim::kind;
  for (const kind one :
       {kind::lose, kind::lose_requests, kind::lose_answers, kind::partition, kind::delay,
        kind::duplicate, kind::reorder, kind::narrow, kind::pause, kind::crash, kind::clock_jump,
        kind::deny, kind::lose_nth_request, kind::lose_nth_answer, kind::crash_before_nth_answer})
    EXPECT_GT(effective[static_cast<std::size_t>(one)], 0u) << sim::name_of(one);
}

}  // namespace
