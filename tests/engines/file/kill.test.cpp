// SPDX-License-Identifier: BSL-1.0
// A process that works on a file is killed at any moment, again and again (victim.cpp). What it was
// told to have taken place has, once; what it was not told has at most once.
#include <gof/engines/file.hpp>
// The header under test comes first.
#include <algorithm>
#include <array>
#include <chrono>
#include <gof/wait.hpp>
#include <iostream>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "support.hpp"
#include "support/child.hpp"

namespace {

using gof::testing::child;
using gof::testing::folder;
using std::chrono::microseconds;
using std::chrono::steady_clock;

// What is known of a file from what its victims said.
class witness {
 public:
  // Returns whether it was the line that says that the victim works.
  bool hear(const std::string& line) {
    std::istringstream in(line);
    std::string what, of;
    in >> what;
    if (what == "error") {
      ADD_FAILURE() << line;
    } else if (what == "ready") {
      const std::uint64_t life = number(in);
      EXPECT_GT(life, std::exchange(life_, life)) << "the life of an earlier node";
      return true;
    } else if (what == "value") {
      const std::uint64_t k = number(in), value = number(in), version = number(in);
      look(keys_.at(k), value, version);
    } else if (what == "got") {
      const std::uint64_t sequence = number(in);
      EXPECT_FALSE(settled.contains(sequence)) << sequence << " came again";
      handed.insert(sequence);
    } else if (what == "begin") {
      in >> of;
      begin(of, in);
    } else {
      EXPECT_EQ(what, "ack");
      in >> of;
      acknowledge(of, in);
    }
    return false;
  }
  // The victim is dead: what it had begun is in doubt. Returns whether there is something.
  bool killed() {
    for (key& it : keys_)
      if (it.begun) it.doubt = std::exchange(it.begun, {});
    return std::exchange(under_way_, 0) != 0;
  }
  // Compares with what is there.
  void check(gof::node& on) {
    for (log_of* of : {&history, &jobs}) {
      const auto there = gof::testing::lines_of(on, of == &history ? "history" : "jobs");
      std::map<std::uint64_t, std::uint64_t> places;
      for (const auto& [sequence, body] : there) {
        const std::uint64_t number = std::stoull(body);
        EXPECT_TRUE(places.emplace(number, sequence).second) << number << " is there twice";
        EXPECT_TRUE(of->acknowledged.contains(number) || of->begun.contains(number))
            << number << " was never appended";
      }
      for (const auto& [number, sequence] : of->acknowledged)
        EXPECT_EQ(places[number], sequence) << "of line " << number;
    }
    const auto there = gof::testing::values_of(on, "values");
    for (std::size_t k = 0; k != keys_.size(); ++k) {
      const auto found = there.find("k" + std::to_string(k));
      if (found == there.end())
        look(keys_[k], 0, 0);
      else
        look(keys_[k], std::stoull(found->second.first), found->second.second);
    }
  }

  struct log_of {
    std::set<std::uint64_t> begun{};                        // not acknowledged
    std::map<std::uint64_t, std::uint64_t> acknowledged{};  // the sequence of each
  };
  log_of history{}, jobs{};
  std::set<std::uint64_t> handed{}, settling{}, settled{};
  std::uint64_t last_number = 0, acknowledgements = 0;

 private:
  struct key {
    std::uint64_t value = 0, version = 0;  // value 0: it is not there
    std::optional<std::uint64_t> begun{}, doubt{};
  };
  static std::uint64_t number(std::istream& in) {
    std::uint64_t read = 0;
    EXPECT_TRUE(in >> read);
    return read;
  }
  // It is as it was acknowledged, or as what was in doubt made it.
  void look(key& it, std::uint64_t value, std::uint64_t version) {
    if (value == it.value) {
      EXPECT_EQ(version, it.version);
    } else {
      ASSERT_TRUE(it.doubt && *it.doubt == value) << value << ", not " << it.value;
      if (version != 0) {
        EXPECT_GT(version, last_version_) << "a version was used again";
        highest_doubtful_ = std::max(highest_doubtful_, version);
      }
      it.value = value;
      it.version = version;
    }
    it.doubt.reset();
  }
  void begin(const std::string& of, std::istream& in) {
    under_way_ += of != "s";
    if (of == "a" || of == "j") {
      const std::uint64_t which = number(in);
      (of == "a" ? history : jobs).begun.insert(which);
      last_number = std::max(last_number, which);
    } else if (of == "s") {
      settling.insert(number(in));
    } else {
      const std::uint64_t k = number(in), which = number(in);
      last_number = std::max(last_number, which);
      keys_.at(k).begun = of == "p" ? which : 0;
    }
  }
  void acknowledge(const std::string& of, std::istream& in) {
    ++acknowledgements;
    under_way_ -= of != "s";
    if (of == "a" || of == "j") {
      log_of& to = of == "a" ? history : jobs;
      const std::uint64_t which = number(in), sequence = number(in);
      to.begun.erase(which);
      EXPECT_TRUE(to.acknowledged.emplace(which, sequence).second);
    } else if (of == "s") {
      settled.insert(number(in));
    } else {
      const std::uint64_t k = number(in), which = number(in), version = number(in);
      EXPECT_GT(version, std::max(last_version_, highest_doubtful_)) << "a version was used again";
      last_version_ = version;
      key& it = keys_.at(k);
      it = {of == "p" ? which : 0, of == "p" ? version : 0};
    }
  }

  std::array<key, 4> keys_{};
  std::uint64_t life_ = 0;
  int under_way_ = 0;
  std::uint64_t last_version_ = 0, highest_doubtful_ = 0;
};

// Every job that was acknowledged, and not settled, still comes.
void drain(gof::node& on, witness& known) {
  gof::work_options how;
  const gof::registration working = on.work(
      "jobs", "workers",
      [&](gof::delivery it) {
        EXPECT_FALSE(known.settled.contains(it.sequence)) << it.sequence << " came again";
        known.handed.insert(it.sequence);
        it.settle(gof::verdict::done, {}, {});
      },
      std::move(how));
  const auto missing = [&] {
    for (const auto& [number, sequence] : known.jobs.acknowledged)
      if (!known.settling.contains(sequence) && !known.handed.contains(sequence)) return true;
    return false;
  };
  EXPECT_TRUE(on.run_until([&] { return !missing(); }, std::chrono::seconds(10)))
      << "an acknowledged job never came";
}

TEST(FileEngine, KeepsWhatItAcknowledgedWhenItIsKilledAtAnyMoment) {
  constexpr int wanted = 200;
  std::mt19937_64 chance(20'011'117);
  int in_flight = 0, early = 0, acknowledged = 0;
  for (int file = 0; file != 60 && in_flight < wanted; ++file) {
    const folder in;
    const std::string url = in / "kept.db" + (file % 4 == 0 ? "" : "?durability=process");
    witness known;
    for (int round = 0; round != 10; ++round) {
      SCOPED_TRACE("file " + std::to_string(file) + ", round " + std::to_string(round));
      std::vector<std::string> arguments{GOF_VICTIM, "file:" + url, std::to_string(chance()),
                                         std::to_string(known.last_number + 1)};
      for (std::uint64_t again : known.history.begun) arguments.push_back(std::to_string(again));
      child victim(arguments);
      bool works = false;
      const auto hear = [&](const std::string& line) { works = known.hear(line) || works; };
      const auto start = steady_clock::now();
      if (chance() % 6 == 0) {  // while it comes
        victim.listen(start + microseconds(chance() % 15'000), hear);
      } else {
        while (!works && victim.listen(steady_clock::now() + std::chrono::milliseconds(1), hear))
          ASSERT_LT(steady_clock::now() - start, std::chrono::seconds(30));
        victim.listen(steady_clock::now() + microseconds(chance() % 25'000), hear);
      }
      victim.kill();
      victim.listen(steady_clock::now() + std::chrono::seconds(5), hear);
      known.killed() ? ++in_flight : ++early;
      if (chance() % 3 == 0 || round == 9) {
        const auto node = gof::engines::join_file(url, "witness");
        known.check(*node);
        if (round == 9) drain(*node, known);
      }
      if (HasFailure()) return;
    }
    acknowledged += static_cast<int>(known.acknowledgements);
  }
  EXPECT_GE(in_flight, wanted);
  EXPECT_GT(acknowledged, wanted) << "the victims came to nothing";
  std::cout << in_flight << " kills with an operation in flight, " << early << " without, "
            << acknowledged << " acknowledgements\n";
}

}  // namespace
