// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <iterator>
#include <numeric>
#include <optional>
#include <regex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "support/bench.hpp"
#include "support/heap.hpp"

namespace gof::bench {
namespace {

std::vector<plan>& plans() {
  static std::vector<plan> all;
  return all;
}

// A contender with a size: what Google Benchmark registers.
struct entry {
  std::string label;  // the contender's, or "… again"
  std::string name;   // operation/contender/size, as Google Benchmark spells it
  void (*run)(benchmark::State&);
  std::vector<double> times{};  // nanoseconds a turn of the loop, one a round
};

// Keeps the times of what has run; prints nothing.
class collector : public benchmark::BenchmarkReporter {
 public:
  explicit collector(std::vector<entry>& entries) : entries_(entries) {}
  bool ReportContext(const Context&) override { return true; }
  void ReportRuns(const std::vector<Run>& runs) override {
    for (const Run& run : runs) {
      entry& ran = entries_[static_cast<std::size_t>(run.family_index)];
      if (run.error_occurred) {
        std::cerr << ran.name << ": " << run.error_message << '\n';
        std::exit(EXIT_FAILURE);
      }
      ran.times.push_back(run.threads > 1 ? run.GetAdjustedRealTime() : run.GetAdjustedCPUTime());
    }
  }

 private:
  std::vector<entry>& entries_;
};

benchmark::internal::Benchmark* enlist(const plan& p, std::optional<std::int64_t> size,
                                       const entry& e) {
  auto* registered = benchmark::RegisterBenchmark(e.label.c_str(), e.run);
  if (size) registered->Arg(*size);
  if (p.threads > 1) registered->Threads(p.threads)->UseRealTime();
  return registered;
}

// Every entry takes one turn, in random order.
void run_round(std::vector<entry>& entries) {
  collector reporter(entries);
  benchmark::RunSpecifiedBenchmarks(&reporter, ".");
}

void run_exactly(const plan& p, std::optional<std::int64_t> size, entry e, std::int64_t turns) {
  benchmark::ClearRegisteredBenchmarks();
  enlist(p, size, e)->Iterations(turns);
  std::vector<entry> only{e};
  run_round(only);
}

// The cost of one turn by a count that grows with the turns: what is done outside the loop cancels
// out.
template <class Count>
double difference(std::int64_t turns, Count count) {
  const double once = count(turns);
  return (count(2 * turns) - once) / static_cast<double>(turns);
}

double quantile(std::vector<double> values, double q) {
  std::sort(values.begin(), values.end());
  const double at = q * static_cast<double>(values.size() - 1);
  const auto below = static_cast<std::size_t>(at);
  const auto above = std::min(below + 1, values.size() - 1);
  return std::lerp(values[below], values[above], at - static_cast<double>(below));
}

// The exponent k of the power of n that fits best: the slope of log(time) over log(n).
double growth(const std::vector<std::int64_t>& sizes, const std::vector<double>& times) {
  std::vector<double> x, y;
  for (const auto n : sizes) x.push_back(std::log(static_cast<double>(n)));
  for (const auto t : times) y.push_back(std::log(t));
  const double n = static_cast<double>(x.size());
  const double mx = std::accumulate(x.begin(), x.end(), 0.0) / n;
  const double my = std::accumulate(y.begin(), y.end(), 0.0) / n;
  double xy = 0, xx = 0;
  for (std::size_t i = 0; i != x.size(); ++i) {
    xy += (x[i] - mx) * (y[i] - my);
    xx += (x[i] - mx) * (x[i] - mx);
  }
  return xy / xx;
}

class program {
 public:
  program(int argc, char** argv) : path_(argv[0]) {
    // Ours are first, so that the caller's win.
    std::vector<std::string> arguments{argv[0], "--benchmark_min_time=0.01",
                                       "--benchmark_enable_random_interleaving=true"};
    arguments.insert(arguments.end(), argv + 1, argv + argc);
    std::vector<char*> raw;
    for (auto& a : arguments) raw.push_back(a.data());
    int count = static_cast<int>(raw.size());
    benchmark::Initialize(&count, raw.data());
    for (int i = 1; i < count; ++i) own_argument(raw[static_cast<std::size_t>(i)]);
    try {
      filter_ = std::regex(benchmark::GetBenchmarkFilter());
    } catch (const std::regex_error&) {
      fail("not a regular expression: " + benchmark::GetBenchmarkFilter());
    }
  }

  void run() {
    if (measuring()) {
      std::printf(
          "Times relative to the first row, lower is better: median, quartiles, and the fastest "
          "turns,\n"
          "in each of which all take a turn. What \"again\" is off 1.00 is the "
          "error bar.\n",
          rounds_);
    }
    for (const plan& p : plans()) compare(p);
    if (!matched_) fail("nothing matches " + benchmark::GetBenchmarkFilter());
  }

 private:
  bool measuring() const { return counted_.empty() && !instructions_ && !listing_; }

  [[noreturn]] void fail(const std::string& why) const {
    std::cerr << path_ << ": " << why << '\n';
    std::exit(EXIT_FAILURE);
  }

  void own_argument(std::string_view argument) {
    const auto value = [&](std::string_view name) -> std::optional<std::string> {
      if (!argument.starts_with(name)) return std::nullopt;
      return std::string(argument.substr(name.size()));
    };
    if (argument == "--benchmark_list_tests") {
      listing_ = true;
    } else if (argument == "--instructions") {
      instructions_ = true;
    } else if (const auto n = value("--rounds=")) {
      rounds_ = std::atoi(n->c_str());
      if (rounds_ < 1) fail("not a number of rounds: " + *n);
    } else if (const auto name = value("--counted=")) {  // what --instructions runs under callgrind
      counted_ = *name;
    } else if (const auto turns = value("--turns=")) {
      turns_ = std::atoll(turns->c_str());
    } else {
      fail("unknown argument: " + std::string(argument));
    }
  }

  // The contenders that pass the filter; the twin always, if any.
  std::vector<entry> select(const plan& p, std::optional<std::int64_t> size) {
    std::vector<entry> entries;
    bool any = false;
    for (const contender& c : p.contenders) {
      std::string name = std::string(p.operation) + '/' + c.name;
      if (size) name += '/' + std::to_string(*size);
      const bool matches = std::regex_search(name, filter_);
      any = any || matches;
      const bool is_twin = entries.empty();
      if (matches || is_twin) entries.push_back({c.name, name, c.run});
      if (is_twin && measuring()) entries.push_back({c.name + std::string(" again"), name, c.run});
    }
    matched_ = matched_ || any;
    return any ? entries : std::vector<entry>{};
  }

  void compare(const plan& p) {
    std::vector<std::optional<std::int64_t>> sizes(p.sizes.begin(), p.sizes.end());
    if (sizes.empty()) sizes.emplace_back();
    std::vector<std::pair<std::string, std::vector<double>>> medians;  // by contender, one a size
    bool titled = false;
    for (const auto& size : sizes) {
      std::vector<entry> entries = select(p, size);
      if (entries.empty()) continue;
      if (listing_) {
        for (const entry& e : entries) std::printf("%s\n", e.name.c_str());
        continue;
      }
      if (!counted_.empty()) {
        for (const entry& e : entries)
          if (e.name == counted_) run_exactly(p, size, e, turns_);
        continue;
      }
      if (!std::exchange(titled, true))
        std::printf("\n%s%s\n", p.operation, p.per_item ? ", one of N" : "");
      if (instructions_)
        count_instructions(p, size, entries);
      else
        measure(p, size, entries);
      medians.resize(entries.size());
      for (std::size_t i = 0; i != entries.size() && !instructions_; ++i) {
        medians[i].first = entries[i].label;
        medians[i].second.push_back(quantile(entries[i].times, 0.5));
      }
    }
    if (instructions_ || p.sizes.size() < 2 || !titled) return;
    std::printf("  growth with N:");
    for (const auto& [name, times] : medians)
      if (times.size() == p.sizes.size())
        std::printf("  %s N^%.2f", name.c_str(), growth(p.sizes, times));
    std::printf("\n");
  }

  void measure(const plan& p, std::optional<std::int64_t> size, std::vector<entry>& entries) const {
    benchmark::ClearRegisteredBenchmarks();
    for (const entry& e : entries) enlist(p, size, e);
    for (int round = 0; round != rounds_; ++round) run_round(entries);

    const double items = p.per_item && size ? static_cast<double>(*size) : 1.0;
    const std::vector<double> twin = entries.front().times;
    print_head(size, quantile(twin, 0.5) / items, "ns");
    std::printf("    %-28s %6s  %-15s %12s %8s\n", "", "median", "quartiles", "allocations",
                "bytes");
    for (const entry& e : entries) {
      std::vector<double> ratios;
      std::transform(e.times.begin(), e.times.end(), twin.begin(), std::back_inserter(ratios),
                     std::divides<>());
      const auto heap = [&](std::uint64_t heap_use::*member) {
        return difference(16,
                          [&](std::int64_t turns) {
                            const std::uint64_t before = heap_used().*member;
                            run_exactly(p, size, e, turns);
                            return static_cast<double>(heap_used().*member - before);
                          }) /
               items;
      };
      char quartiles[32];
      std::snprintf(quartiles, sizeof quartiles, "%.2f - %.2f", quantile(ratios, 0.25),
                    quantile(ratios, 0.75));
      std::printf("    %-28s %6.2f  %-15s %12.3g %8.4g\n", e.label.c_str(), quantile(ratios, 0.5),
                  quartiles, heap(&heap_use::allocations), heap(&heap_use::bytes));
    }
    std::fflush(stdout);
  }

  void count_instructions(const plan& p, std::optional<std::int64_t> size,
                          const std::vector<entry>& entries) const {
    const double items = p.per_item && size ? static_cast<double>(*size) : 1.0;
    const std::int64_t turns = std::max(std::int64_t{2}, 10'000 / size.value_or(1));
    std::optional<double> twin;
    for (const entry& e : entries) {
      const double cost =
          difference(turns, [&](std::int64_t n) { return instructions(e.name, n); }) / items;
      if (!twin) print_head(size, *(twin = cost), "instructions");
      std::printf("    %-28s %6.2f  %10.1f instructions\n", e.label.c_str(), cost / *twin, cost);
      std::fflush(stdout);
    }
  }

  static void print_head(std::optional<std::int64_t> size, double cost, const char* unit) {
    std::printf("  %s1.00 = %.3g %s\n", size ? ("N = " + std::to_string(*size) + ", ").c_str() : "",
                cost, unit);
  }

  // How many instructions this program executes when it runs one entry.
  double instructions(const std::string& name, std::int64_t turns) const {
    const std::string command = "valgrind --tool=callgrind --callgrind-out-file=/dev/null '" +
                                path_ + "' '--counted=" + name +
                                "' --turns=" + std::to_string(turns) + " 2>&1";
    std::string said;
    if (FILE* pipe = popen(command.c_str(), "r")) {
      for (char line[256]; std::fgets(line, sizeof line, pipe);) said += line;
      pclose(pipe);
    }
    std::smatch match;
    if (!std::regex_search(said, match, std::regex("Collected : (\\d+)")))
      fail("valgrind is missing, or failed:\n" + said);
    return std::stod(match[1]);
  }

  std::string path_;
  std::regex filter_;
  std::string counted_;
  std::int64_t turns_ = 1;
  int rounds_ = 21;
  bool listing_ = false;
  bool instructions_ = false;
  bool matched_ = false;
};

}  // namespace

comparison::comparison(plan p) { plans().push_back(std::move(p)); }

}  // namespace gof::bench

int main(int argc, char** argv) {
  std::thread([] {}).join();  // until a second thread has existed, mutexes and shared_ptr do
                              // without atomic instructions
  gof::bench::keep_heap();
  gof::bench::program(argc, argv).run();
}
