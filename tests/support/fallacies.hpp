// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// The fallacies matrix as a program: for each fallacy of distributed computing, a naive program
/// that fails by it, and ours, which does not. Each cell runs four times:
///
/// | program | faults          | has to                                           |
/// |---------|-----------------|--------------------------------------------------|
/// | naive   | the pinned ones | fail, by the cell's invariant and no other       |
/// | naive   | none            | pass: so it is the fallacy that it fails by      |
/// | ours    | the pinned ones | pass, with work in flight when they hit          |
/// | ours    | of each seed    | pass; in 5 % of the seeds twice, with equal traces |

#include <algorithm>
#include <array>
#include <cstdint>
#include <exception>
#include <functional>
#include <gof/engines/diagram.hpp>
#include <gof/engines/simulator.hpp>
#include <iomanip>
#include <iostream>
#include <memory>
#include <numeric>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace fallacies {

namespace sim = gof::sim;
using namespace std::chrono_literals;
using faults = std::vector<sim::fault>;

/// What a run found.
struct found {
  std::string broken{};    // The invariant that does not hold; empty where all do.
  std::string sentence{};  // What was there, and what should have been.
  sim::ledger counts{};
  std::uint64_t trace = 0, acknowledged = 0;
  bool reached = false;  // The faults met what they are there for.
  /// Only the first that is broken counts. \param name the invariant \param said the sentence
  void violate(std::string name, std::string said) {
    if (broken.empty()) broken = std::move(name), sentence = std::move(said);
  }
  /// Takes down what happened. \param in where \returns this
  found in(const sim::world& in) && {
    counts = in.counts();
    trace = in.trace();
    return std::move(*this);
  }
};
// Where the next world is to be drawn; nowhere, unless somebody looks.
inline std::optional<sim::diagram>* looking = nullptr;

/// The world that a program runs in.
struct world : sim::world {
  /// \param seed what happens by chance \param how how the network is
  explicit world(std::uint64_t seed, sim::options how = {}) : sim::world(seed, how) {
    if (looking) looking->emplace(*this);
  }
};

using program = std::function<found(std::uint64_t seed, const faults& all)>;

/// A fallacy, and what it does to a pattern.
struct cell {
  char letter;          // R, S, H, T, L, B, C or A.
  std::string fallacy;  // What one believes.
  std::string failure;  // What then goes wrong, in the naive program.
  std::string invariant,
      mark;  // By which it fails; and what is reached when the faults have met it.
  faults pinned;
  std::function<faults(std::uint64_t seed)> random;
  program naive, ours;
};

/// The same, later. \param all the faults \param by how much
inline faults later(faults all, gof::duration by) {
  for (sim::fault& one : all) one.at += by;
  return all;
}

/// What an actor keeps while its node lives.
using shelf = std::shared_ptr<void>;
/// \returns a shelf with these on it
template <class... Parts>
shelf kept(Parts... parts) {
  return std::make_shared<std::tuple<Parts...>>(std::move(parts)...);
}
/// Does something every so often, as long as the node lives.
template <class F>
void every(gof::node& on, gof::duration span, F f) {
  on.after(span, [&on, span, f]() mutable {
      f();
      every(on, span, f);
    }).detach();
}

/// \returns what a network does to any program, and more. \param who whom it may hit \param more
/// what else \param within when it begins, at the latest \param most how many
inline sim::recipe any_loss(std::vector<std::string> who, std::vector<sim::kind> more,
                            gof::duration within, std::uint32_t most) {
  using sim::kind;
  sim::recipe of{std::move(who),
                 {kind::lose, kind::lose_requests, kind::lose_answers, kind::partition, kind::delay,
                  kind::duplicate, kind::reorder, kind::pause, kind::crash, kind::flip,
                  kind::lose_nth_request, kind::lose_nth_answer, kind::crash_before_nth_answer},
                 within,
                 most};
  of.what.insert(of.what.end(), more.begin(), more.end());
  return of;
}
/// \returns the same without a kind. \param what the kind \param of the recipe
inline sim::recipe without(sim::kind what, sim::recipe of) {
  std::erase(of.what, what);
  return of;
}
/// \returns the same, where the broker's crash before an answer is over before all is looked at,
/// and strikes through a node's link. \param all the faults \param instead that node
inline faults over_in_time(faults all, const std::string& instead) {
  for (sim::fault& one : all)
    if (one.what == sim::kind::crash_before_nth_answer) {
      one.amount = 1 + one.amount % 3;
      if (one.who == "broker") one.who = instead;
    }
  return all;
}
/// \returns how many messages and nodes a kind has hit. \param in what happened \param what the
/// kind
inline std::uint64_t hits(const sim::ledger& in, sim::kind what) {
  return in.effective[static_cast<std::size_t>(what)];
}

/// A fallacy in one word, and what to ask oneself before one looks.
struct belief {
  char letter;
  std::string_view word, question;
};
inline constexpr std::array<belief, 8> beliefs{{
    {'R', "reliable",
     "An answer is lost. What does the one who asked know, and what should they do?"},
    {'S', "secure",
     "Somebody on the path sends a message again, or makes one up. What gives it away?"},
    {'H', "homogeneous", "Two that differ read the same message. Do they come to the same state?"},
    {'T', "topology",
     "One goes, and another comes under its name. Who notices, and what is missed?"},
    {'L', "latency", "Two messages leave in order. Do they arrive in order, and in time?"},
    {'B', "bandwidth", "More is sent than the line or the receiver takes. Where does it pile up?"},
    {'C', "cost", "Each message has a price. Which of them did somebody want?"},
    {'A', "administrator", "Somebody else changes a right, a limit or a log. Who is told?"},
}};

/// How the programs of a pattern are run.
class matrix {
 public:
  /// \param pattern its name \param cells its cells
  matrix(std::string pattern, std::vector<cell> cells)
      : pattern_(std::move(pattern)), cells_(std::move(cells)) {}
  /// Does what the arguments say. \returns the exit status: 0, 1 where a cell fails, 2 for misuse
  int run(int count, char** arguments) {
    try {
      for (int i = 1; i < count; ++i) take(arguments[i]);
    } catch (const std::exception& why) {
      std::cerr << why.what()
                << "\n--cell=LETTER  only this cell\n--seeds=N      of ours; 1000\n"
                   "--seed=S       only this one, with its story\n"
                   "--hunt         of ours, until an invariant breaks; says which, and the seeds\n"
                   "--trace        only a hash of what happened in seed 42\n"
                   "--table        the cells as rows of a table\n"
                   "--break=WORD   naive and ours with the same faults, drawn; WORD is one of";
      for (const belief& one : beliefs) std::cerr << ' ' << one.word;
      std::cerr << '\n';
      return 2;
    }
    bool good = true;
    if (drawn_) return draw() ? 0 : 1;
    if (table_) return table();
    if (!hunt_ && !trace_ && !seed_)
      std::cout << pattern_ << " over a network: naive against ours, " << seeds_
                << " seeds a cell\n";
    for (const cell& one : cells_) {
      if (letter_ && letter_ != one.letter) continue;
      good = (trace_ ? hash(one) : hunt_ ? hunt(one) : seed_ ? story(one) : four_runs(one)) && good;
    }
    if (!hunt_ && !trace_ && !seed_) summary(good);
    return good ? 0 : 1;
  }

 private:
  static constexpr std::uint64_t pinned_seeds =
      4;  // A run with pinned faults is no matter of luck.

  void take(std::string_view word) {
    const auto value = [&](std::string_view name) -> std::optional<std::string> {
      if (word.substr(0, name.size()) != name) return {};
      return std::string(word.substr(name.size()));
    };
    if (word == "--hunt") {
      hunt_ = true;
    } else if (word == "--trace") {
      trace_ = true;
    } else if (word == "--table") {
      table_ = true;
    } else if (auto letter = value("--cell=")) {
      for (const cell& one : cells_)
        if (*letter == std::string(1, one.letter)) letter_ = one.letter;
      if (!letter_) throw std::invalid_argument("no cell \"" + *letter + "\" of " + pattern_);
    } else if (auto word_of = value("--break=")) {
      for (const belief& one : beliefs)
        if (*word_of == one.word && has(one.letter)) drawn_ = &one;
      if (!drawn_) {
        std::string known;
        for (const belief& one : beliefs)
          if (has(one.letter)) known += ' ' + std::string(one.word);
        throw std::invalid_argument("there is no such cell of " + pattern_ +
                                    "; there are:" + known);
      }
    } else if (auto seeds = value("--seeds=")) {
      seeds_ = number(*seeds);
    } else if (auto seed = value("--seed=")) {
      seed_ = number(*seed);
    } else {
      throw std::invalid_argument("unknown option " + std::string(word));
    }
  }
  static std::uint64_t number(const std::string& digits) {
    if (digits.empty() || digits.size() > 18 ||
        digits.find_first_not_of("0123456789") != std::string::npos || std::stoull(digits) == 0)
      throw std::invalid_argument('"' + digits + "\" is no number of seeds, nor a seed");
    return std::stoull(digits);
  }

  [[nodiscard]] bool has(char letter) const {
    return std::any_of(cells_.begin(), cells_.end(),
                       [&](const cell& one) { return one.letter == letter; });
  }
  static found safely(const program& what, std::uint64_t seed, const faults& all) {
    try {
      return what(seed, all);
    } catch (const std::exception& thrown) {
      found it;
      it.violate("no exception", std::string("it threw: ") + thrown.what());
      return it;
    }
  }
  static std::uint64_t sum(const std::array<std::uint64_t, sim::kinds>& of) {
    return std::accumulate(of.begin(), of.end(), std::uint64_t(0));
  }
  [[nodiscard]] std::string command_of(const cell& of, std::uint64_t seed) const {
    return "./gof fallacies " + pattern_ + " -- --cell=" + of.letter +
           " --seed=" + std::to_string(seed);
  }
  // A run of ours that broke something: how to see it again, and with how little it happens.
  void tell(const cell& of, std::uint64_t seed, const found& it, const faults& all) const {
    std::cout << "  FAILED: \"" << it.broken << "\" with seed " << seed << ": " << it.sentence
              << "\n  " << command_of(of, seed) << '\n';
    const auto fewer = sim::shrink(
        all, [&](const faults& some) { return safely(of.ours, seed, some).broken == it.broken; });
    std::cout << "  the same with " << fewer.size() << " of " << all.size() << " faults:\n"
              << sim::as_code(fewer) << '\n';
  }

  bool four_runs(const cell& of) const {
    std::cout << '\n' << of.letter << "  " << of.fallacy << '\n';
    bool good = true;
    const auto fail = [&](const std::string& what) {
      std::cout << "  FAILED: " << what << '\n';
      good = false;
    };
    found told;
    for (std::uint64_t seed = 1; seed <= pinned_seeds; ++seed) {
      const std::string with = " (seed " + std::to_string(seed) + "): ";
      told = safely(of.naive, seed, of.pinned);
      if (told.broken != of.invariant)
        fail("naive, pinned faults" + with + (told.broken.empty() ? "it passes" : told.broken) +
             ", not \"" + of.invariant + "\"; " + told.sentence);
      const found ideal = safely(of.naive, seed, {});
      if (!ideal.broken.empty())
        fail("naive, no faults" + with + ideal.broken + ": " + ideal.sentence);
      const found ours = safely(of.ours, seed, of.pinned);
      if (!ours.broken.empty()) {
        fail("ours, pinned faults" + with + ours.broken + ": " + ours.sentence);
      } else if (!ours.reached) {
        fail("ours, pinned faults" + with + "not reached: " + of.mark);
      }
    }
    std::cout << "   naive    " << of.failure << ": " << told.sentence << '\n'
              << "   ours     \"" << of.invariant << "\" holds";
    std::uint64_t injected = 0, effective = 0, violations = 0, reached = 0, done = 0, look = 0;
    for (std::uint64_t seed = 1; seed <= seeds_; ++seed) {
      const faults all = of.random(seed);
      const found it = safely(of.ours, seed, all);
      injected += sum(it.counts.injected);
      effective += sum(it.counts.effective);
      done += it.acknowledged;
      if (it.reached && reached++ == 0) look = seed;
      if (seed % 20 == 0 && safely(of.ours, seed, all).trace != it.trace) {
        std::cout << '\n';
        fail("seed " + std::to_string(seed) + " gave another trace the second time");
      }
      if (it.broken.empty()) continue;
      good = false;
      if (violations++ < 3) {
        std::cout << '\n';
        tell(of, seed, it, all);
      }
    }
    std::ostringstream bound;
    bound << std::setprecision(2) << 300.0 / static_cast<double>(seeds_);
    if (violations == 0)
      std::cout << ": 0 violations in " << seeds_ << " seeds; 95 % bound " << bound.str()
                << " % of such runs\n";
    else
      fail(std::to_string(violations) + " violations in " + std::to_string(seeds_) + " seeds");
    std::cout << "   faults   " << injected << " injected, hit " << effective
              << " messages and nodes; " << done << " operations acknowledged\n"
              << "   reached  in " << reached << " seeds: " << of.mark << '\n';
    if (effective == 0) fail("no fault hit anything");
    if (reached == 0) fail("not reached in any seed: " + of.mark);
    if (look) std::cout << "   look     " << command_of(of, look) << '\n';
    return good;
  }

  // What the page about the fallacies ends with.
  [[nodiscard]] int table() const {
    for (const cell& one : cells_)
      for (const belief& of : beliefs)
        if (of.letter == one.letter)
          std::cout << "| " << pattern_ << " | " << of.word << " | " << one.failure << " | "
                    << one.invariant << " |\n";
    return 0;
  }

  // Both programs, with the pinned faults.
  bool draw() const {
    const cell& of = *std::find_if(cells_.begin(), cells_.end(), [this](const cell& one) {
      return one.letter == drawn_->letter;
    });
    const std::uint64_t seed = seed_.value_or(1);
    std::cout << pattern_ << ", where this is false: " << of.fallacy << "\n\n  " << drawn_->question
              << "\n\nwhat goes wrong, in both programs, seed " << seed << ":\n"
              << sim::as_code(of.pinned) << '\n';
    const auto show = [&](const char* who, const program& what) {
      std::optional<sim::diagram> drawing;
      looking = &drawing;
      found it = safely(what, seed, of.pinned);
      looking = nullptr;
      std::cout << '\n' << who << '\n';
      if (drawing) drawing->print(std::cout);
      if (it.broken.empty())
        std::cout << "=> \"" << of.invariant << "\" holds"
                  << (it.reached ? "; " + of.mark : std::string()) << '\n';
      else
        std::cout << "=> \"" << it.broken << "\" is broken: " << it.sentence << '\n';
      return it.broken;
    };
    const bool naive = show(("naive: " + of.failure).c_str(), of.naive) == of.invariant;
    const bool ours = show("ours", of.ours).empty();
    std::cout << "\nWith the faults of other seeds: ./gof fallacies " << pattern_
              << " -- --cell=" << of.letter << "\n";
    return naive && ours;
  }

  bool story(const cell& of) const {
    const faults all = of.random(*seed_);
    std::cout << of.letter << "  " << of.fallacy << ", seed " << *seed_ << "\nfaults:\n"
              << sim::as_code(all) << '\n';
    const found it = safely(of.ours, *seed_, all);
    for (std::size_t i = 0; i < sim::kinds; ++i)
      if (it.counts.injected[i])
        std::cout << "  " << sim::name_of(static_cast<sim::kind>(i)) << ": "
                  << it.counts.injected[i] << " injected, hit " << it.counts.effective[i] << '\n';
    std::cout << "  " << it.acknowledged << " operations acknowledged, " << it.counts.messages
              << " messages, " << it.counts.events << " events, trace " << std::hex << it.trace
              << std::dec << "\n  " << (it.reached ? "reached: " : "not reached: ") << of.mark
              << '\n';
    if (it.broken.empty())
      std::cout << "  all invariants hold\n";
    else
      tell(of, *seed_, it, all);
    return it.broken.empty();
  }

  bool hunt(const cell& of) const {
    if (const found it = safely(of.naive, 1, of.pinned); it.broken != of.invariant) {
      std::cout << of.letter << " naive " << it.broken << ": " << it.sentence << '\n';
      return false;
    }
    for (std::uint64_t seed = 0; seed <= seeds_; ++seed) {
      const found it = safely(of.ours, seed, seed == 0 ? of.pinned : of.random(seed));
      if (it.broken.empty()) continue;
      std::cout << of.letter << ' ' << (seed == 0 ? "pinned" : std::to_string(seed)) << ' '
                << it.broken << ": " << it.sentence << '\n';
      return false;
    }
    std::cout << of.letter << " nothing in " << seeds_ << " seeds\n";
    return true;
  }

  static bool hash(const cell& of) {
    std::cout << of.letter << std::hex << ' ' << safely(of.naive, 42, of.pinned).trace << ' '
              << safely(of.ours, 42, of.random(42)).trace << std::dec << '\n';
    return true;
  }

  static void summary(bool good) {
    std::cout
        << "\nFaults are messages lost, delayed, doubled, overtaken, forged; nodes and the broker "
           "paused, crashed,\nmoved and of other versions; clocks, rights and disks as the cells "
           "say. A bound holds for this mix\nof faults. Outside it: real kernels and engines, "
           "disks that lie, machines that lie beyond the tap.\n"
        << (good ? "All cells hold.\n" : "FAILED\n");
  }

  std::string pattern_;
  std::vector<cell> cells_;
  char letter_ = 0;
  const belief* drawn_ = nullptr;
  std::uint64_t seeds_ = 1000;
  std::optional<std::uint64_t> seed_;
  bool hunt_ = false, trace_ = false, table_ = false;
};

}  // namespace fallacies
