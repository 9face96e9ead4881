// SPDX-License-Identifier: BSL-1.0
// The power fails, the disk is full, a write or a sync fails: at each thing that SQLite does.
#include <gof/engines/file.hpp>
// The header under test comes first.
#include <signal.h>
#include <sys/resource.h>

#include <gof/wait.hpp>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "disk.hpp"
#include "support.hpp"

namespace {

using gof::blocking;
using gof::errc;
using gof::outcome;
using gof::engines::join_file;
using gof::engines::open_file;
using gof::testing::disk;
using gof::testing::folder;
using deed = disk::deed;
using unsynced = disk::history::unsynced;
using image = disk::history::image;

using records = std::map<std::string, std::string>;

records all_of(gof::engines::storage& in) {
  records all;
  in.scan([&](std::string_view key, std::string_view value) {
    all[std::string(key)] = std::string(value);
  });
  return all;
}

// ---- Power --------------------------------------------------------------------------------------

// Changes a storage at random, and keeps what it should hold after each commit.
class scribbler {
 public:
  scribbler(const disk& on, std::uint64_t seed, std::size_t largest)
      : disk_(on), chance_(seed), largest_(largest) {}
  void change(gof::engines::storage& it) {
    records next = states.back().what;
    for (std::uint64_t i = chance_() % 5 + 1; i != 0; --i) {
      const std::string key = "k" + std::to_string(chance_() % 20);
      if (chance_() % 4 == 0) {
        const std::string last = key + "\xff";
        it.erase(key, last);
        next.erase(next.lower_bound(key), next.lower_bound(last));
      } else {
        std::string value(chance_() % 4 == 0 ? chance_() % largest_ : chance_() % 200, 'v');
        for (char& c : value) c = static_cast<char>(chance_());
        it.put(key, value);
        next[key] = value;
      }
    }
    it.commit();
    states.push_back({disk_.done.events.size(), std::move(next)});
  }
  struct state {
    std::size_t committed;  // after so many events
    records what;
  };
  std::vector<state> states{{0, {}}};

 private:
  const disk& disk_;
  std::mt19937_64 chance_;
  std::size_t largest_;
};

// Opens what a loss of power left. Returns how many of the last committed states are lost; what is
// there is one that was committed, or about to be.
std::size_t lost(const image& left, const std::string& path, const std::size_t cut,
                 const std::vector<scribbler::state>& states) {
  const disk quick;  // nothing waits for the real one
  const folder in;
  for (const auto& [name, bytes] : left)
    gof::testing::write_file(in / name.substr(name.rfind('/') + 1), bytes);
  const records there =
      all_of(*open_file(in / path.substr(path.rfind('/') + 1) + "?durability=process"));
  std::size_t acknowledged = 0;
  while (acknowledged + 1 != states.size() && states[acknowledged + 1].committed <= cut)
    ++acknowledged;
  if (acknowledged + 1 != states.size() && there == states[acknowledged + 1].what) return 0;
  for (std::size_t back = 0; back <= acknowledged; ++back)
    if (there == states[acknowledged - back].what) return back;
  ADD_FAILURE() << "what is there was never committed";
  return 0;
}

struct losses {
  std::size_t images = 0, with_loss = 0;
};

// Cuts the power where `cut_at` says.
template <class CutAt>
losses cut_power(const disk::history& on, const std::string& path,
                 const std::vector<scribbler::state>& states, std::uint64_t seeds, CutAt cut_at) {
  losses found;
  for (std::size_t cut = 0; cut <= on.events.size(); ++cut) {
    if (!cut_at(cut)) continue;
    for (std::uint64_t seed = 0; seed != seeds + 2; ++seed) {
      SCOPED_TRACE("cut at " + std::to_string(cut) + ", seed " + std::to_string(seed));
      const unsynced what = seed == 0   ? unsynced::lost
                            : seed == 1 ? unsynced::kept
                                        : unsynced::torn;
      ++found.images;
      try {
        if (lost(on.after(cut, what, cut * 100 + seed), path, cut, states)) ++found.with_loss;
      } catch (const std::exception& failed) {
        ADD_FAILURE() << failed.what();
      }
      if (::testing::Test::HasFailure()) return found;
    }
  }
  return found;
}

// Three sessions, from the making of the file on; each ends in order.
losses small_workload(const std::string& options) {
  const folder in;
  const std::string path = in / "kept.db";
  auto watched = std::make_unique<disk>();
  scribbler by(*watched, 7, 6000);
  for (int session = 0; session != 3; ++session) {
    const auto it = open_file(path + options);
    EXPECT_EQ(all_of(*it), by.states.back().what);
    for (int i = 0; i != 8; ++i) by.change(*it);
  }
  const auto done = std::exchange(watched->done, {});
  watched.reset();
  return cut_power(done, path, by.states, 3, [](std::size_t) { return true; });
}

TEST(FileDurability, NothingThatWasCommittedIsLostWithThePower) {
  const losses found = small_workload("");
  EXPECT_EQ(found.with_loss, 0u);
  EXPECT_GT(found.images, 500u);
}

TEST(FileDurability, OfAProcessLosesTheLastCommitsWithThePowerAndNothingElse) {
  const losses found = small_workload("?durability=process");
  EXPECT_GT(found.with_loss, 0u) << "the disk forgets nothing: the test above shows nothing";
}

// PATH-wal grows until it is copied to PATH, and begins anew.
TEST(FileDurability, HoldsWhileTheLogIsCopiedToTheFile) {
  const folder in;
  const std::string path = in / "kept.db";
  auto watched = std::make_unique<disk>();
  scribbler by(*watched, 8, 200'000);
  std::size_t copied = 0;  // events up to the end of the first copy
  {
    const auto it = open_file(path);
    const std::size_t made = watched->done.events.size();
    while (by.states.size() < 400 && copied == 0) {
      by.change(*it);
      for (std::size_t i = watched->done.events.size(); i-- != made && copied == 0;)
        if (watched->done.events[i].what == deed::sync && watched->done.events[i].path == path)
          copied = i;
    }
    for (int i = 0; i != 3; ++i) by.change(*it);
  }
  const auto done = std::exchange(watched->done, {});
  watched.reset();
  ASSERT_NE(copied, 0u) << "it was never copied";
  const auto is_sync = [&](std::size_t i) {
    return i < done.events.size() && done.events[i].what == deed::sync;
  };
  const losses found = cut_power(done, path, by.states, 1, [&](std::size_t cut) {
    // Around each sync, and now and then between them.
    return cut + 1500 > copied && (cut % 50 == 0 || is_sync(cut) || is_sync(cut - 1));
  });
  EXPECT_EQ(found.with_loss, 0u);
  EXPECT_GT(found.images, 50u);
}

// From the answer that a node gets, down to the disk.
TEST(FileDurability, WhatANodeWasToldIsOnTheDisk) {
  for (const bool power : {true, false}) {
    const folder in;
    const std::string path = in / "kept.db";
    const std::string options = power ? "?durability=power" : "?durability=process";
    disk watched;
    image left;
    {
      const auto node = join_file(path + options, "writer");
      blocking(*node).append("log", {"line", "precious"});
      left = watched.done.after(watched.done.events.size(), unsynced::lost);
    }
    const folder other;
    for (const auto& [name, bytes] : left)
      gof::testing::write_file(other / name.substr(name.rfind('/') + 1), bytes);
    const auto node = join_file(other / "kept.db", "reader");
    EXPECT_EQ(gof::testing::lines_of(*node, "log").size(), power ? 1u : 0u) << options;
  }
}

// ---- Errors of the disk -------------------------------------------------------------------------

// Does one thing after the other, and notes what it was told.
class careful_writer {
 public:
  explicit careful_writer(gof::node& on) : node_(&on) {}
  void write(int number) {
    const std::string text = std::to_string(number);
    append(text);
    put("k" + std::to_string(number % 3), text);
  }
  // What is there is what it was told, where it was told.
  void check(gof::node& on) const {
    const auto lines = gof::testing::lines_of(on, "log");
    std::map<std::string, int> times;
    for (const auto& [sequence, text] : lines) ++times[text];
    for (const auto& [text, what] : lines_) {
      if (what == outcome::ok) {
        EXPECT_EQ(times[text], 1) << text;
      } else if (what == outcome::not_applied) {
        EXPECT_EQ(times[text], 0) << text;
      }
      EXPECT_LE(times[text], 1);
    }
    const auto values = gof::testing::values_of(on, "values");
    for (const auto& [key, allowed] : possible_) {
      const auto there = values.find(key);
      const std::string value = there == values.end() ? "" : there->second.first;
      EXPECT_TRUE(allowed.contains(value)) << key << " is \"" << value << '"';
    }
    for (const auto& [key, value] : values) EXPECT_TRUE(possible_.contains(key)) << key;
  }
  std::map<outcome, int> told{};
  std::string last_words{};

 private:
  void append(const std::string& text) {
    lines_[text] = attempt([&] {
      blocking(*node_).append("log", {"line", text, {5, number(text)}});
    });
  }
  void put(const std::string& key, const std::string& text) {
    auto& could_be = possible_.try_emplace(key, std::set<std::string>{""}).first->second;
    switch (attempt([&] { blocking(*node_).put("values", key, text); })) {
      case outcome::ok:
        could_be = {text};
        break;
      case outcome::unknown:
        could_be.insert(text);
        break;
      default:
        break;
    }
  }
  static std::uint64_t number(const std::string& text) { return std::stoull(text) + 1; }
  template <class Do>
  outcome attempt(Do it) {
    outcome what = outcome::ok;
    try {
      it();
    } catch (const gof::failure& failed) {
      what = failed.result();
      last_words = failed.reason().text();
    }
    ++told[what];
    return what;
  }
  gof::node* node_;
  std::map<std::string, outcome> lines_{};
  std::map<std::string, std::set<std::string>> possible_{};
};

TEST(FileEngine, SaysThatTheDiskIsFullLosesNothingAndGoesOnWhenThereIsRoom) {
  const folder in;
  const std::string path = in / "kept.db";
  disk watched;
  auto node = join_file(path, "writer");
  careful_writer by(*node);
  for (int i = 0; i != 20; ++i) by.write(i);
  EXPECT_EQ(by.told[outcome::ok], 40);
  watched.refuse = [](const disk::event& it) {
    return it.what == deed::write ? SQLITE_FULL : SQLITE_OK;
  };
  for (int i = 20; i != 25; ++i) by.write(i);
  EXPECT_EQ(by.told[outcome::not_applied], 10);
  EXPECT_NE(by.last_words.find("no room"), std::string::npos) << by.last_words;
  EXPECT_EQ(blocking(*node).get("values", "k1").value, "19") << "it can still be read";
  try {
    const auto another = join_file(path, "another");
    ADD_FAILURE() << "its life could not be kept";
  } catch (const gof::failure& failed) {
    EXPECT_EQ(failed.code(), errc::unavailable) << failed.what();
  }
  watched.refuse = {};
  for (int i = 25; i != 30; ++i) by.write(i);
  EXPECT_EQ(by.told[outcome::ok], 50);
  EXPECT_EQ(blocking(*node).append("log", {"line", "99"}, {}).sequence, 26u) << "there is no gap";
  EXPECT_EQ(join_file(path, "another")->name(), "another");
  by.check(*node);
  node.reset();
  by.check(*join_file(path, "reader"));
}

// Each write or sync in turn fails once, as one that is refused, or one that is in doubt.
TEST(FileEngine, IsRightAboutWhatTookPlaceWhicheverWriteFails) {
  int refused = 0, doubtful = 0;
  for (const int code : {SQLITE_FULL, SQLITE_IOERR_WRITE, SQLITE_IOERR_FSYNC}) {
    const deed which = code == SQLITE_IOERR_FSYNC ? deed::sync : deed::write;
    for (int nth = 1;; ++nth) {
      SCOPED_TRACE("the " + std::to_string(nth) + ". fails with " + std::to_string(code));
      const folder in;
      const std::string path = in / "kept.db";
      disk watched;
      auto node = join_file(path, "writer");
      careful_writer by(*node);
      for (int i = 0; i != 3; ++i) by.write(i);
      int left = nth;
      watched.refuse = [&](const disk::event& it) {
        return it.what == which && --left == 0 ? code : SQLITE_OK;
      };
      for (int i = 3; i != 8; ++i) by.write(i);
      const bool failed = left <= 0;
      watched.refuse = {};
      if (failed) {
        EXPECT_GE(by.told[outcome::not_applied] + by.told[outcome::unknown], 1);
        refused += by.told[outcome::not_applied] != 0;
        doubtful += by.told[outcome::unknown];
      }
      // The power fails before anything else is done; or it ends in order.
      const image left_by =
          watched.done.after(watched.done.events.size(), nth % 2 ? unsynced::lost : unsynced::kept);
      node.reset();
      by.check(*join_file(path, "reader"));
      const folder other;
      for (const auto& [name, bytes] : left_by)
        gof::testing::write_file(other / name.substr(name.rfind('/') + 1), bytes);
      by.check(*join_file(other / "kept.db", "reader"));
      if (HasFailure()) return;
      if (!failed) break;
      ASSERT_LT(nth, 1000);
    }
  }
  EXPECT_GT(refused, 0);
  EXPECT_GT(doubtful, 0);
}

TEST(FileEngine, AfterASyncThatFailedRefusesToGoOnUntilItIsOpenedAgain) {
  const folder in;
  const std::string path = in / "kept.db";
  disk watched;
  auto node = join_file(path, "writer");
  blocking(*node).append("log", {"line", "before"});
  watched.refuse = [](const disk::event& it) {
    return it.what == deed::sync ? SQLITE_IOERR_FSYNC : SQLITE_OK;
  };
  careful_writer by(*node);
  by.write(0);
  watched.refuse = {};
  EXPECT_EQ(by.told[outcome::unknown], 1);
  EXPECT_EQ(by.told[outcome::not_applied], 1);
  EXPECT_NE(by.last_words.find("see to the disk"), std::string::npos) << by.last_words;
  node.reset();
  node = join_file(path, "writer");
  EXPECT_EQ(gof::testing::lines_of(*node, "log").at(1), "before");
}

// The system's own limit to the size of a file.
TEST(FileEngine, MeetsARealLimit) {
  const folder in;
  const std::string path = in / "kept.db";
  auto node = join_file(path, "writer");
  careful_writer by(*node);
  by.write(0);
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto ignored = ::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{100'000, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  for (int i = 1; i != 60; ++i) by.write(i);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  EXPECT_GT(by.told[outcome::ok], 4);
  EXPECT_GT(by.told[outcome::not_applied], 4);
  EXPECT_NE(by.last_words.find("no room"), std::string::npos) << by.last_words;
  by.write(60);
  ::signal(SIGXFSZ, ignored);
  by.check(*node);
  node.reset();
  by.check(*join_file(path, "reader"));
}

}  // namespace
