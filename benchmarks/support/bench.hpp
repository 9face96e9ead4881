// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// Compares ways to do one thing with the hand-written twin. A benchmark file declares comparisons
/// at namespace scope; `main`, the measuring and the tables are in the support library:
///
///     void hand(benchmark::State& state) {
///       for (auto _ : state) {
///         std::vector<int> done;
///         benchmark::DoNotOptimize(&done);  // whoever sees the address may change it
///         for (int i = 0; i != state.range(0); ++i) done.push_back(i);
///         benchmark::ClobberMemory();       // and reads it here
///       }
///     }
///     const gof::bench::comparison push({.operation = "push",
///                                        .sizes = {1'000, 1'000'000},
///                                        .per_item = true,
///                                        .contenders = {{"hand", hand},
///     #ifdef GOF_HAS_QT
///                                                       {"QUndoStack", qt},
///     #endif
///                                                       {"ours", ours}}});
///
/// The order is: the hand-written twin, then the peers, then ours. Peers are GOF_HAS_SIGNALS2,
/// GOF_HAS_SIGCPP, GOF_HAS_QT and GOF_HAS_LOKI. In each round all contenders take a turn, in random
/// order, and their times are divided by the twin's. The twin takes part twice: what its second
/// ratio, `hand again`, is off 1.00 is the error bar.
///
/// A contender is called many times, so it must not depend on earlier calls. What is in its loop is
/// counted: time, and what the thread takes from the heap. Make factories opaque
/// (`[[gnu::noinline]]`), and have two implementations of each interface: otherwise the optimiser
/// folds away what was to be measured.
///
/// Options: `--filter=REGEX`, on `operation/contender` (the twin always runs); `--rounds=N`;
/// `--instructions`: instead of times, counts of instructions by callgrind, which repeat exactly.

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
  /// Each is measured; over two or more the growth of a turn is fitted. None: there is no size.
  std::vector<std::int64_t> sizes{};
  /// The figures are for one of the `size` items, not for one turn of the loop.
  bool per_item = false;
  /// How many threads run the loop at once. One is timed by its processor time; more by the wall
  /// clock, divided by the turns of all.
  int threads = 1;
  /// The one thread waits for others: it is timed by the wall clock, too.
  bool waits = false;
  /// The first is the twin.
  std::vector<contender> contenders{};
};

/// Registers a plan, to be measured by `main`.
class comparison {
 public:
  comparison(plan);
};

}  // namespace gof::bench
