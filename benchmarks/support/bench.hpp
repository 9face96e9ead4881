// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// Compares ways to do one thing with the hand-written twin. A benchmark file declares comparisons
/// at namespace scope; `main`, the measuring and the tables are in the support library:
///
///     void hand(benchmark::State& state) {
///       for (auto _ : state) { … benchmark::DoNotOptimize(result); }
///     }
///     const gof::bench::comparison push({.operation = "push",
///                                        .sizes = {1'000, 1'000'000},
///                                        .per_item = true,
///                                        .contenders = {{"hand", hand}, {"virtual", …}, {"ours",
///                                        ours}}});
///
/// The order is: the hand-written twin, then the peers (each under its `#ifdef GOF_HAS_<PEER>`),
/// then ours. The twin is measured a second time as `hand again`: what its ratio differs from 1.00
/// is the error bar.
///
/// A contender is called many times, so what it does outside its loop must not depend on earlier
/// calls. What is in its loop is counted: time, allocations, bytes. Hide objects from the optimiser
/// in each turn (`DoNotOptimize`), make factories opaque, and let it know two implementations of
/// each interface, or it measures what it has folded away.
///
/// The program takes `--benchmark_filter=REGEX` (on `operation/contender/size`; the twin always
/// runs),
/// `--benchmark_min_time`, `--rounds=N`, and `--instructions`, which counts instructions (exactly
/// repeatable) with callgrind instead of measuring time.

#include <benchmark/benchmark.h>

#include <cstdint>
#include <vector>

namespace gof::bench {

/// A way to do the operation.
struct contender {
  const char* name;                ///< `hand`, the peer's name, or `ours` with what tells it apart
  void (*run)(benchmark::State&);  ///< as for Google Benchmark; `state.range(0)` is the size
};

/// What is compared.
struct plan {
  const char* operation = "";
  std::vector<std::int64_t>
      sizes{};            ///< each is measured; with two or more the growth is fitted; may be empty
  bool per_item = false;  ///< figures are for one of the `size` items, not for one turn of the loop
  int threads =
      1;  ///< as `benchmark::Benchmark::Threads`; more than one is timed by the wall clock
  std::vector<contender> contenders{};  ///< the first is the twin
};

/// Registers a plan, to be measured by `main`.
class comparison {
 public:
  comparison(plan);
};

}  // namespace gof::bench
