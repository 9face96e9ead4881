// SPDX-License-Identifier: BSL-1.0
// A call through four decorators: counted, checked, scaled and shifted.

#include <algorithm>
#include <functional>
#include <gof/decorator/stack.hpp>
#include <memory>
#include <utility>

#include "support/bench.hpp"

namespace {

using benchmark::DoNotOptimize;

// A capability, the component, and the decorators.
struct sized {
  virtual ~sized() = default;
  virtual long size() const = 0;
};
struct cell : sized {
  long value = 3;
  long operator()(long x) const noexcept { return x ^ value; }
  long size() const override { return value; }
};
struct shift {
  long by = 7;
  long invoke(auto& next, long x) const { return next(x) + by; }
};
struct scale {
  long by = 3;
  long invoke(auto& next, long x) const { return next(x) * by; }
};
struct check {
  long most = 1'000'000;
  long invoke(auto& next, long x) const { return std::min(next(x), most); }
};
struct count {
  long calls = 0;
  long invoke(auto& next, long x) {
    ++calls;
    return next(x);
  }
};

// Calls what it is given, which the optimiser knows nothing of.
void calls(benchmark::State& state, auto& object) {
  long x = 1;
  for (auto _ : state) {
    DoNotOptimize(&object);
    DoNotOptimize(x);
    DoNotOptimize(object(x));
    benchmark::ClobberMemory();
  }
}

// Fixed at compile time.

void inlined_by_hand(benchmark::State& state) {
  struct {
    long value = 3, shift_by = 7, scale_by = 3, most = 1'000'000, calls = 0;
    long operator()(long x) {
      ++calls;
      return std::min(((x ^ value) + shift_by) * scale_by, most);
    }
  } all;
  calls(state, all);
}
void nested_lambdas(benchmark::State& state) {
  auto shifted = [component = cell(), by = 7L](long x) { return component(x) + by; };
  auto scaled = [shifted, by = 3L](long x) { return shifted(x) * by; };
  auto checked = [scaled, most = 1'000'000L](long x) { return std::min(scaled(x), most); };
  auto counted = [checked, n = 0L](long x) mutable {
    ++n;
    return checked(x);
  };
  calls(state, counted);
}
void ours_static(benchmark::State& state) {
  auto all = gof::decorator::decorate(cell()) | shift() | scale() | check() | count();
  calls(state, all);
}

// Put together while the program runs.

/// [virtual]
struct component {
  virtual ~component() = default;
  virtual long operation(long x) = 0;
};
struct decorator : component {
  explicit decorator(std::unique_ptr<component> n) : next(std::move(n)) {}
  std::unique_ptr<component> next;
};
struct counting final : decorator {
  using decorator::decorator;
  long operation(long x) override {
    ++calls;
    return next->operation(x);
  }
  long calls = 0;
};
/// [virtual]
struct checking final : decorator {
  using decorator::decorator;
  long operation(long x) override { return std::min(next->operation(x), most); }
  long most = 1'000'000;
};
struct scaling final : decorator {
  using decorator::decorator;
  long operation(long x) override { return next->operation(x) * by; }
  long by = 3;
};
struct shifting final : decorator {
  using decorator::decorator;
  long operation(long x) override { return next->operation(x) + by; }
  long by = 7;
};
struct virtual_cell final : component, sized {
  long value = 3;
  long operation(long x) override { return x ^ value; }
  long size() const override { return value; }
};
[[gnu::noinline]] std::unique_ptr<component> virtual_chain() {
  std::unique_ptr<component> all = std::make_unique<virtual_cell>();
  all = std::make_unique<shifting>(std::move(all));
  all = std::make_unique<scaling>(std::move(all));
  all = std::make_unique<checking>(std::move(all));
  return std::make_unique<counting>(std::move(all));
}
void virtual_by_hand(benchmark::State& state) {
  const auto all = virtual_chain();
  auto call = [&](long x) { return all->operation(x); };
  calls(state, call);
}
[[gnu::noinline]] std::function<long(long)> function_chain() {
  std::function<long(long)> all = cell();
  all = [next = std::move(all), d = shift()](long x) mutable { return d.invoke(next, x); };
  all = [next = std::move(all), d = scale()](long x) mutable { return d.invoke(next, x); };
  all = [next = std::move(all), d = check()](long x) mutable { return d.invoke(next, x); };
  return [next = std::move(all), d = count()](long x) mutable { return d.invoke(next, x); };
}
void functions(benchmark::State& state) {
  auto all = function_chain();
  calls(state, all);
}
using stack = gof::decorator::stack<long(long)>;
[[gnu::noinline]] stack our_chain() {
  stack all{cell()};
  all.push(shift());
  all.push(scale());
  all.push(check());
  all.push(count());
  return all;
}
void ours_dynamic(benchmark::State& state) {
  auto all = our_chain();
  calls(state, all);
}

// What the component can besides, asked through all decorators.

void size_by_hand(benchmark::State& state) {
  const auto all = virtual_chain();
  for (auto _ : state) {
    component* at = all.get();
    DoNotOptimize(at);
    sized* found = dynamic_cast<sized*>(at);
    while (found == nullptr) {
      auto* d = dynamic_cast<decorator*>(at);
      if (d == nullptr) break;
      at = d->next.get();
      found = dynamic_cast<sized*>(at);
    }
    DoNotOptimize(found->size());
  }
}
void size_of_ours(benchmark::State& state) {
  auto all = our_chain();
  for (auto _ : state) {
    DoNotOptimize(&all);
    DoNotOptimize(all.as<sized>()->size());
  }
}

// Made and destroyed.

void build_by_hand(benchmark::State& state) {
  for (auto _ : state) {
    std::unique_ptr<component> all = std::make_unique<virtual_cell>();
    for (auto i = state.range(0); i != 0; --i) all = std::make_unique<shifting>(std::move(all));
    DoNotOptimize(&all);
  }
}
void build_functions(benchmark::State& state) {
  for (auto _ : state) {
    std::function<long(long)> all = cell();
    for (auto i = state.range(0); i != 0; --i) {
      all = [next = std::move(all), d = shift()](long x) mutable { return d.invoke(next, x); };
    }
    DoNotOptimize(&all);
  }
}
void build_ours(benchmark::State& state) {
  for (auto _ : state) {
    stack all{cell()};
    for (auto i = state.range(0); i != 0; --i) all.push(shift());
    DoNotOptimize(&all);
  }
}

const gof::bench::comparison fixed({.operation = "call through 4, fixed at compile time",
                                    .contenders = {{"hand: inlined", inlined_by_hand},
                                                   {"nested lambdas", nested_lambdas},
                                                   {"ours: decorate |", ours_static}}});
const gof::bench::comparison dynamic({.operation = "call through 4, put on at run time",
                                      .contenders = {{"hand: virtual", virtual_by_hand},
                                                     {"std::function", functions},
                                                     {"ours: stack", ours_dynamic}}});
const gof::bench::comparison capability({.operation = "ask for a capability through 4",
                                         .contenders = {{"hand: dynamic_cast", size_by_hand},
                                                        {"ours: stack", size_of_ours}}});
const gof::bench::comparison build({.operation = "put N on, and destroy",
                                    .sizes = {4, 64, 1024},
                                    .per_item = true,
                                    .contenders = {{"hand: virtual", build_by_hand},
                                                   {"std::function", build_functions},
                                                   {"ours: stack", build_ours}}});

}  // namespace
