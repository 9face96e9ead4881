// SPDX-License-Identifier: BSL-1.0
// An algorithm that does next to nothing, so that the call is what is measured.
#include <functional>
#include <gof/strategy.hpp>
#include <gof/strategy/concurrent_context.hpp>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <vector>

#include "support/bench.hpp"

namespace {

namespace st = gof::strategy;

// Twins. ------------------------------------------------------------------------------------------

/// [problem]
// As in the book: a base class, and a derived one for each algorithm.
struct rule {
  virtual ~rule() = default;
  virtual unsigned choose(unsigned n) const = 0;
};
/// [problem]
struct add final : rule {
  unsigned choose(unsigned n) const override { return n + by; }
  unsigned by = 3;
};
struct mix final : rule {
  unsigned choose(unsigned n) const override { return n ^ by; }
  unsigned by = 3;
};
volatile bool adds = true;

struct adder {
  unsigned by = 3;
  unsigned operator()(unsigned n) const { return n + by; }
};
struct mixer {
  unsigned by = 3;
  unsigned operator()(unsigned n) const { return n ^ by; }
};
unsigned plus3(unsigned n) { return n + 3; }
unsigned xor3(unsigned n) { return n ^ 3; }

[[gnu::noinline]] std::unique_ptr<rule> make_virtual() {
  if (adds) return std::make_unique<add>();
  return std::make_unique<mix>();
}
using pointer = unsigned (*)(unsigned);
[[gnu::noinline]] pointer make_pointer() { return adds ? plus3 : xor3; }
template <class T>
[[gnu::noinline]] T make() {
  if (adds) return T(adder());
  return T(mixer());
}

void calls(benchmark::State& state, auto& kept, auto call) {
  unsigned n = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(&kept);
    benchmark::DoNotOptimize(n = call(kept, n));
    benchmark::ClobberMemory();
  }
}
constexpr auto directly = [](auto& f, unsigned n) { return f(n); };

void one_virtual(benchmark::State& state) {
  auto r = make_virtual();
  calls(state, r, [](auto& p, unsigned n) { return p->choose(n); });
}
void one_pointer(benchmark::State& state) {
  auto f = make_pointer();
  calls(state, f, directly);
}
void one_parameter(benchmark::State& state) {
  adder f;
  calls(state, f, directly);
}
template <class T>
void one(benchmark::State& state) {
  auto f = make<T>();
  calls(state, f, directly);
}
const gof::bench::comparison call({.operation = "call",
                                   .contenders = {
                                       {"hand, virtual", one_virtual},
                                       {"function pointer", one_pointer},
                                       {"template parameter", one_parameter},
                                       {"std::function", one<std::function<unsigned(unsigned)>>},
                                       {"ours", one<st::strategy<unsigned(unsigned)>>}}});

// With others that may replace it. ----------------------------------------------------------------

/// [shared]
// A copy of the pointer is made under a lock, so that the rule lives until the call has ended.
class shared_by_hand {
 public:
  unsigned operator()(unsigned n) const {
    std::shared_ptr<const rule> kept;
    {
      const std::lock_guard lock(mutex_);
      kept = current_;
    }
    return kept->choose(n);
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const rule> current_ = make_virtual();
};
/// [shared]
// Who replaces the rule waits for all calls, and new ones wait for that.
class under_shared_lock {
 public:
  unsigned operator()(unsigned n) const {
    const std::shared_lock lock(mutex_);
    return current_->choose(n);
  }

 private:
  mutable std::shared_mutex mutex_;
  std::unique_ptr<const rule> current_ = make_virtual();
};
struct ours : st::concurrent_context<unsigned(unsigned)> {
  ours() : concurrent_context(make<st::strategy<unsigned(unsigned)>>()) {}
};
// All threads of a comparison use the same one.
template <class T>
void shared(benchmark::State& state) {
  static T kept;
  calls(state, kept, directly);
}
const std::vector<gof::bench::contender> contexts{{"hand, shared_ptr", shared<shared_by_hand>},
                                                  {"hand, shared_mutex", shared<under_shared_lock>},
                                                  {"ours", shared<ours>}};
const gof::bench::comparison alone({.operation = "call, can be replaced", .contenders = contexts});
const gof::bench::comparison together({.operation = "call, can be replaced, two threads",
                                       .threads = 2,
                                       .contenders = contexts});

}  // namespace
