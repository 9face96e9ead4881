// SPDX-License-Identifier: BSL-1.0
// A hidden implementation: called, made and destroyed, exchanged while in use.
#include <array>
#include <gof/bridge.hpp>
#include <gof/bridge/implementor.hpp>
#include <memory>
#include <vector>

#include "support/bench.hpp"

namespace {

namespace br = gof::bridge;

// What is hidden. The functions of all that hide it are in another unit, as far as the optimiser
// knows.
struct state {
  std::array<long, 4> sums{};
  long add(long n) { return sums[static_cast<std::size_t>(n) % 4] += n; }
};

/// [virtual]
struct implementor {
  virtual ~implementor() = default;
  virtual long add(long n) = 0;
};
struct adding final : implementor {
  state it;
  long add(long n) override { return it.add(n); }
};
/// [virtual]
struct multiplying final : implementor {
  state it;
  long add(long n) override { return 3 * it.add(n); }
};
volatile bool adds = true;
[[gnu::noinline]] std::unique_ptr<implementor> make_implementor() {
  if (adds) return std::make_unique<adding>();
  return std::make_unique<multiplying>();
}
/// [virtual abstraction]
class by_virtual {
 public:
  by_virtual() : it_(make_implementor()) {}
  long add(long n) const { return it_->add(n); }  // const, and yet it changes

 private:
  std::unique_ptr<implementor> it_;
};
/// [virtual abstraction]

/// [parameter]
// Fixed when it is compiled.
template <class Implementor>
class by_parameter {
 public:
  long add(long n) { return it_.add(n); }

 private:
  Implementor it_;
};
/// [parameter]

/// [unique_ptr]
// Hidden. In a header, `state` is incomplete, and the three functions are only declared.
class by_unique_ptr {
 public:
  [[gnu::noinline]] by_unique_ptr() : it_(std::make_unique<state>()) {}
  [[gnu::noinline]] ~by_unique_ptr() {}
  [[gnu::noinline]] long add(long n) { return it_->add(n); }

 private:
  std::unique_ptr<state> it_;
};
/// [unique_ptr]

template <class Handle>
class by_handle {
 public:
  [[gnu::noinline]] by_handle() {}
  [[gnu::noinline]] ~by_handle() {}
  [[gnu::noinline]] long add(long n) { return it_->add(n); }

 private:
  Handle it_;
};
using by_pimpl = by_handle<br::pimpl<state>>;
using by_fast_pimpl = by_handle<br::fast_pimpl<state, sizeof(state)>>;

// One operation of each of many.
template <class Abstraction>
void calls(benchmark::State& run) {
  std::vector<Abstraction> all(static_cast<std::size_t>(run.range(0)));
  long n = 0;
  for (auto _ : run) {
    ++n;
    for (Abstraction& each : all) {
      benchmark::DoNotOptimize(&each);
      benchmark::DoNotOptimize(each.add(n));
    }
  }
}
const gof::bench::comparison operation({.operation = "operation",
                                        .sizes = {1'000, 100'000},
                                        .per_item = true,
                                        .contenders = {
                                            {"hand, virtual", calls<by_virtual>},
                                            {"template parameter", calls<by_parameter<state>>},
                                            {"unique_ptr", calls<by_unique_ptr>},
                                            {"ours, pimpl", calls<by_pimpl>},
                                            {"ours, fast_pimpl", calls<by_fast_pimpl>}}});

template <class Abstraction>
void life(benchmark::State& run) {
  long n = 0;
  for (auto _ : run) {
    Abstraction it;
    benchmark::DoNotOptimize(&it);
    benchmark::DoNotOptimize(it.add(++n));
    benchmark::ClobberMemory();
  }
}
const gof::bench::comparison lives({.operation = "make, operation, destroy",
                                    .contenders = {{"hand, virtual", life<by_virtual>},
                                                   {"unique_ptr", life<by_unique_ptr>},
                                                   {"ours, pimpl", life<by_pimpl>},
                                                   {"ours, fast_pimpl", life<by_fast_pimpl>}}});

// Exchangeable while in use. ----------------------------------------------------------------------

void shared_by_hand(benchmark::State& run) {
  std::shared_ptr<implementor> it = make_implementor();
  long n = 0;
  for (auto _ : run) {
    benchmark::DoNotOptimize(&it);
    const std::shared_ptr<implementor> used = it;
    benchmark::DoNotOptimize(used->add(++n));
    benchmark::ClobberMemory();
  }
}
void ours_exchangeable(benchmark::State& run) {
  br::implementor<implementor> it(make_implementor());
  long n = 0;
  for (auto _ : run) {
    benchmark::DoNotOptimize(&it);
    benchmark::DoNotOptimize(it->add(++n));
    benchmark::ClobberMemory();
  }
}
const gof::bench::comparison uses({.operation = "use that survives an exchange",
                                   .contenders = {{"hand, shared_ptr", shared_by_hand},
                                                  {"not exchangeable",
                                                   [](benchmark::State& run) {
                                                     const by_virtual it;
                                                     long n = 0;
                                                     for (auto _ : run) {
                                                       benchmark::DoNotOptimize(&it);
                                                       benchmark::DoNotOptimize(it.add(++n));
                                                       benchmark::ClobberMemory();
                                                     }
                                                   }},
                                                  {"ours", ours_exchangeable}}});

void exchange_by_hand(benchmark::State& run) {
  std::shared_ptr<implementor> it = make_implementor();
  for (auto _ : run) {
    it = make_implementor();
    benchmark::DoNotOptimize(&it);
  }
}
void exchange_ours(benchmark::State& run) {
  br::implementor<implementor> it(make_implementor());
  for (auto _ : run) {
    it.exchange(make_implementor());
    benchmark::DoNotOptimize(&it);
  }
}
const gof::bench::comparison exchanges({.operation = "exchange",
                                        .contenders = {{"hand, shared_ptr", exchange_by_hand},
                                                       {"ours", exchange_ours}}});

}  // namespace
