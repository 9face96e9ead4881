// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <optional>
#include <regex>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "support/bench.hpp"
#include "support/heap.hpp"

namespace gof::bench {
namespace {

using size = std::optional<std::int64_t>;  // of a plan that has sizes

std::vector<plan>& plans() {
  static std::vector<plan> all;
  return all;
}

// A contender and its figures.
struct row {
  std::string label;
  const contender* measured;
  std::int64_t turns = 0;         // of the loop in a run; 0: as many as take long enough
  std::vector<double> times{};    // nanoseconds a turn, one a round
  std::vector<double> medians{};  // of the times of each size so far
};

// Keeps the times of what has run; prints nothing.
struct collector : benchmark::BenchmarkReporter {
  collector(std::vector<row>& r, bool w) : rows(r), waits(w) {}
  bool ReportContext(const Context&) override { return true; }
  void ReportRuns(const std::vector<Run>& runs) override {
    for (const Run& run : runs) {
      row& ran = rows[static_cast<std::size_t>(run.family_index)];
      ran.turns = run.iterations / run.threads;
      ran.times.push_back(waits ? run.GetAdjustedRealTime() : run.GetAdjustedCPUTime());
      if (!(ran.times.back() > 0))
        throw std::runtime_error(ran.label + ": gave up, or took no time");
    }
  }
  std::vector<row>& rows;
  const bool waits;
};

// Runs each row once, in random order. Returns what this thread has taken from the heap.
heap_use run_round(const plan& p, size n, std::vector<row>& rows) {
  const heap_use before = heap_used();
  benchmark::ClearRegisteredBenchmarks();
  for (const row& r : rows) {
    auto* registered = benchmark::RegisterBenchmark(r.label.c_str(), r.measured->run);
    if (n) registered->Arg(*n);
    if (p.threads > 1) registered->Threads(p.threads);
    if (p.threads > 1 || p.waits) registered->UseRealTime();
    r.turns == 0 ? registered->MinTime(0.01) : registered->Iterations(r.turns);
  }
  collector times(rows, p.threads > 1 || p.waits);
  benchmark::RunSpecifiedBenchmarks(&times, ".");
  return heap_used() - before;
}

double quantile(std::vector<double> values, double q) {
  const auto at = values.begin() + std::lround(q * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

// The slope of log(time) over log(size): the k for which size^k fits best.
double exponent(const std::vector<std::int64_t>& sizes, const std::vector<double>& times) {
  double count = 0, x = 0, y = 0, xx = 0, xy = 0;
  for (std::size_t i = 0; i != sizes.size(); ++i, ++count) {
    const double log_size = std::log(static_cast<double>(sizes[i]));
    x += log_size;
    y += std::log(times[i]);
    xx += log_size * log_size;
    xy += log_size * std::log(times[i]);
  }
  return (count * xy - x * y) / (count * xx - x * x);
}

std::string text(const char* format, auto... values) {
  char buffer[128];
  std::snprintf(buffer, sizeof buffer, format, values...);
  return buffer;
}

std::string head(size n, double cost, const char* unit) {
  return (n ? text("N = %lld, ", static_cast<long long>(*n)) : "") +
         text(cost < 1000 ? "1.00 = %.3g %s" : "1.00 = %.0f %s", cost, unit);
}

void measure(const plan& p, size n, double items, std::vector<row>& rows, int rounds) {
  for (row& r : rows) r.turns = 0, r.times.clear();
  for (int round = 0; round != rounds; ++round) run_round(p, n, rows);

  const bool last = p.sizes.size() > 1 && n == p.sizes.back();
  const std::vector<double> twin = rows.front().times;
  std::printf("  %-30s %7s  %-17s %10s %10s%s\n",
              head(n, quantile(twin, 0.5) / items, "ns").c_str(), "median", "quartiles", "allocs",
              "bytes", last ? "  growth" : "");
  for (row& r : rows) {
    // More turns take more from the heap; what is outside the loop cancels out.
    const std::int64_t turns = r.turns < 16 ? 2 : 16;
    std::vector<row> once{{r.label, r.measured, turns}}, twice{{r.label, r.measured, 2 * turns}};
    const heap_use taken = run_round(p, n, twice) - run_round(p, n, once);
    const double counted = static_cast<double>(turns) * items;

    r.medians.push_back(quantile(r.times, 0.5));
    for (std::size_t i = 0; i != twin.size(); ++i) r.times[i] /= twin[i];
    const auto at = [&](double q) { return quantile(r.times, q); };
    std::printf("    %-28s %7.2f  %-17s %10.3g %10.7g%s\n", r.label.c_str(), at(0.5),
                text("%.2f - %.2f", at(0.25), at(0.75)).c_str(),
                static_cast<double>(taken.allocations) / counted,
                static_cast<double>(taken.bytes) / counted,
                last ? text("  N^%.2f", exponent(p.sizes, r.medians)).c_str() : "");
  }
}

// What this program executes under callgrind when all it does is to run one row.
double instructions(const std::string& path, const plan& p, size n, const row& r,
                    std::int64_t turns) {
  const std::string command =
      "valgrind --tool=callgrind --callgrind-out-file=/dev/null '" + path + "' --counted=" +
      text("%td,%td,%lld,%lld 2>&1", &p - plans().data(), r.measured - p.contenders.data(),
           static_cast<long long>(n.value_or(0)), static_cast<long long>(turns));
  std::string said;
  if (std::FILE* pipe = popen(command.c_str(), "r")) {
    for (char line[256]; std::fgets(line, sizeof line, pipe) != nullptr;) said += line;
    pclose(pipe);
  }
  std::smatch match;
  if (!std::regex_search(said, match, std::regex("Collected : (\\d+)"))) {
    throw std::runtime_error("valgrind is missing (Debian: valgrind), or failed:\n" + said);
  }
  return std::stod(match[1]);
}

void run_counted(const std::string& what) {
  std::size_t p = 0, c = 0;
  long long n = 0, turns = 0;
  std::sscanf(what.c_str(), "%zu,%zu,%lld,%lld", &p, &c, &n, &turns);
  const plan& one = plans().at(p);
  std::vector<row> rows{{"counted", &one.contenders.at(c), turns}};
  run_round(one, one.sizes.empty() ? size() : size(n), rows);
}

void count(const plan& p, size n, double items, const std::vector<row>& rows,
           const std::string& path) {
  const std::int64_t turns = std::max<std::int64_t>(2, 1'000 / n.value_or(1));
  double twin = 1;
  for (const row& r : rows) {
    const double more = instructions(path, p, n, r, 2 * turns) - instructions(path, p, n, r, turns);
    const double cost = more / static_cast<double>(turns * p.threads) / items;
    if (&r == &rows.front()) {
      twin = cost;
      std::printf("  %s\n", head(n, twin, "instructions").c_str());
    }
    std::printf("    %-28s %7.2f %12.1f\n", r.label.c_str(), cost / twin, cost);
  }
}

void run(int argc, char** argv) {
  std::regex filter("");
  int rounds = 21;
  bool counting = false, any = false;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    const std::string name = argument.substr(0, argument.find('=') + 1);
    const std::string value = argument.substr(name.size());
    if (name == "--counted=") return run_counted(value);
    if (name == "--filter=") {
      filter = value;
    } else if (name == "--rounds=" && std::atoi(value.c_str()) > 0) {
      rounds = std::atoi(value.c_str());
    } else if (argument == "--instructions") {
      counting = true;
    } else {
      throw std::runtime_error("--filter=REGEX, --rounds=N or --instructions, not " + argument);
    }
  }
  for (const plan& p : plans()) {
    std::vector<row> rows;
    bool matches = false;
    for (const contender& c : p.contenders) {
      const bool is_twin = rows.empty();
      const bool passes = std::regex_search(p.operation + std::string("/") + c.name, filter);
      matches = matches || passes;
      if (passes || is_twin) rows.push_back({c.name, &c});
      if (is_twin && !counting) rows.push_back({c.name + std::string(" again"), &c});
    }
    if (!matches) continue;
    if (!std::exchange(any, true) && !counting) {
      std::printf(
          "Times relative to the first row, lower is better: %d rounds, in each of which\n"
          "all take a turn. What \"again\" is off 1.00 is the error bar.\n",
          rounds);
    }
    std::printf("\n%s%s\n", p.operation, p.per_item ? ", one of N" : "");
    std::vector<size> sizes(p.sizes.begin(), p.sizes.end());
    if (sizes.empty()) sizes.emplace_back();
    for (const size n : sizes) {
      const double items = p.per_item ? static_cast<double>(n.value_or(1)) : 1.0;
      counting ? count(p, n, items, rows, argv[0]) : measure(p, n, items, rows, rounds);
      std::fflush(stdout);
    }
  }
  if (!any) throw std::runtime_error("no operation/contender matches the filter");
}

}  // namespace

comparison::comparison(plan p) { plans().push_back(std::move(p)); }

}  // namespace gof::bench

int main(int argc, char** argv) {
  try {
    // Until a second thread has existed, mutexes and shared_ptr do without atomic instructions.
    std::thread([] {}).join();
    gof::bench::keep_heap();
    char interleave[] = "--benchmark_enable_random_interleaving=true";
    char* arguments[] = {argv[0], interleave};
    int count = 2;
    benchmark::Initialize(&count, arguments);
    gof::bench::run(argc, argv);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "%s: %s\n", argv[0], e.what());
    return EXIT_FAILURE;
  }
}
