// SPDX-License-Identifier: BSL-1.0
/// \file
/// A video player chooses the quality of each part of a film. By which rule, is said by name, and
/// can be changed while the film runs. `strategy TRACE-FILE` compares the rules on a trace of
/// yours: a line a second, with the kbit/s.

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <fstream>
#include <gof/strategy.hpp>
#include <gof/strategy/concurrent_context.hpp>
#include <iomanip>
#include <iostream>
#include <thread>

#include "world/trace.hpp"

namespace st = gof::strategy;

constexpr std::array kbit_s{400.0, 800.0, 1600.0, 3200.0};  // of the qualities
constexpr double part = 4, longest_buffer = 20;             // seconds

/// [strategy]
// What a rule is told: the seconds that are loaded ahead, and how fast the parts so far came.
struct situation {
  double buffer = 0;
  std::vector<double> measured{};  // kbit/s
};
// Strategy: says which quality is next.
using decision = std::size_t(const situation&);
using rule = st::strategy<decision>;
/// [strategy]

/// [concrete]
// ConcreteStrategies.
std::size_t lowest(const situation&) { return 0; }

// The best that the slowest of the last parts allows, and some to spare.
struct by_speed {
  double share = 0.8;
  std::size_t operator()(const situation& now) const {
    const auto last = now.measured.end() - std::min<std::ptrdiff_t>(std::ssize(now.measured), 3);
    if (last == now.measured.end()) return 0;
    const double rate = share * *std::min_element(last, now.measured.end());
    const auto above = std::upper_bound(kbit_s.begin(), kbit_s.end(), rate);
    return static_cast<std::size_t>(std::max<std::ptrdiff_t>(above - kbit_s.begin() - 1, 0));
  }
};

// The more is loaded ahead, the better.
struct by_buffer {
  std::size_t operator()(const situation& now) const {
    return std::min(static_cast<std::size_t>(now.buffer / part), kbit_s.size() - 1);
  }
};
/// [concrete]

/// [registry]
const st::registry<decision> rules{
    {"lowest", lowest},
    {"speed", by_speed()},
    {"buffer", by_buffer()},
    {"bold", by_speed{.share = 1.5}},
};
/// [registry]

struct report {
  std::vector<std::size_t> qualities{};
  double stalled = 0;  // seconds
};

/// [context]
// Context: plays a film, by any rule. Where it is known when compiling, this is all there is to it.
template <class Rule>
report play(const world::trace& connection, int parts, const Rule& decide, auto each_part) {
  report seen;
  situation now;
  for (double at = 0; parts-- != 0;) {
    each_part(parts);
    const std::size_t quality = decide(now);
    const double kbit = part * kbit_s[quality], took = connection.time_to_load(kbit, at);
    if (at != 0) seen.stalled += std::max(0.0, took - now.buffer);
    at += took;
    now.buffer = std::max(0.0, now.buffer - took) + part;
    const double wait = std::max(0.0, now.buffer - longest_buffer);
    at += wait;
    now.buffer -= wait;
    now.measured.push_back(kbit / took);
    seen.qualities.push_back(quality);
  }
  return seen;
}
/// [context]

void print(const std::string& name, const report& seen) {
  double sum = 0;
  std::string picture;
  for (const std::size_t q : seen.qualities) {
    sum += kbit_s[q];
    picture += std::to_string(q);
  }
  std::cout << "    " << std::left << std::setw(8) << name << std::right << std::setw(5)
            << std::lround(sum / static_cast<double>(seen.qualities.size())) << " kbit/s"
            << std::setw(6) << std::fixed << std::setprecision(1) << seen.stalled << " s stalled   "
            << picture << '\n';
}

constexpr auto nothing = [](int) {};
void compare(const world::trace& connection) {
  for (const auto& [name, decide] : rules.entries()) {
    print(name, play(connection, 40, decide, nothing));
  }
}

int main(int argc, char** argv) try {
  if (argc > 1) return compare(world::read_trace(argv[1])), 0;
  std::ofstream file("train.trace");
  file << "# A train: fast at first, then a tunnel, then the country\n";
  for (const int rate : {2600, 3000, 2800, 3100, 2900, 3000}) {
    for (int i = 0; i != 6; ++i) file << rate << '\n';
  }
  for (int i = 0; i != 14; ++i) file << 300 << '\n';
  for (int i = 0; i != 40; ++i) file << (i % 10 < 5 ? 1500 : 900) << '\n';
  file.close();
  const world::trace train = world::read_trace("train.trace");

  std::cout << "160 s of film on a train, the quality of each part by each rule\n";
  compare(train);

  std::cout << "\nA rule that is known when compiling needs no strategy: a template parameter\n";
  print("careful", play(train, 40, by_speed{.share = 0.5}, nothing));

  std::cout << "\nThe configuration says \"bufer\"\n";
  try {
    const rule configured = rules.make("bufer");
    print("bufer", play(train, 40, configured, nothing));
  } catch (const st::unknown_strategy& refused) {
    std::cout << "    " << refused.what() << '\n';
  }

  std::cout << "\nIt begins with \"bold\"; 20 parts before the end, \"buffer\" is rolled out\n";
  /// [swap]
  st::concurrent_context<decision> current(rules.make("bold"));
  print("both", play(train, 40, current, [&](int left) {
          if (left == 20) current.configure(rules.make("buffer"));
        }));
  /// [swap]

  std::cout << "\nFour viewers watch; meanwhile the rule is replaced a thousand times\n";
  std::atomic<int> parts = 0;
  {
    std::vector<std::jthread> viewers;
    for (int i = 0; i != 4; ++i) {
      viewers.emplace_back([&] { play(train, 2000, current, [&](int) { ++parts; }); });
    }
    for (int i = 0; i != 1000; ++i) current.configure(rules.make(i % 2 == 0 ? "speed" : "lowest"));
  }
  std::cout << "    " << parts << " parts of film played; the next has quality "
            << current(situation{}) << '\n';

  std::cout << "\nStrategy rule · ConcreteStrategy lowest, by_speed, by_buffer · Context play; "
               "current, for many threads\n";
} catch (const std::exception& problem) {
  std::cout << problem.what() << '\n';
  return 1;
}
