// SPDX-License-Identifier: BSL-1.0
// A request through an adapter: inlined, behind an interface, with a code turned to an exception.
#include <gof/adapter.hpp>
#include <gof/adapter/errors.hpp>
#include <memory>
#include <system_error>
#include <type_traits>
#include <utility>

#include "support/bench.hpp"

namespace {

namespace ad = gof::adapter;

// The adaptee counts in its own words.
struct meter {
  std::size_t value = 0;
  std::size_t advance(std::size_t n) { return value = 3 * value + n; }
};

class hand_counter {
 public:
  std::size_t add(std::size_t n) { return meter_.advance(n); }

 private:
  meter meter_;
};

// Requests to what `make` returns, by `request(it, n)`.
template <class Make, class Request>
void requests(benchmark::State& state, Make make, Request request) {
  auto it = make();
  std::size_t n = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(&it);
    benchmark::DoNotOptimize(request(it, ++n));
    benchmark::ClobberMemory();
  }
}

// Inlined. ----------------------------------------------------------------------------------------

/// [ours]
struct counter {
  virtual ~counter() = default;
  virtual std::size_t add(std::size_t n) = 0;
};
using our_counter =
    ad::adapter<ad::target<&counter::add>, meter, ad::bind<&counter::add, &meter::advance>>;
/// [ours]
void inlined_hand(benchmark::State& state) {
  requests(
      state, [] { return hand_counter(); }, [](auto& c, std::size_t n) { return c.add(n); });
}
void inlined_ours(benchmark::State& state) {
  requests(
      state, [] { return our_counter(meter()); },
      [](auto& c, std::size_t n) { return c.template request<&counter::add>(n); });
}
const gof::bench::comparison inlined({.operation = "request, inlined",
                                      .contenders = {{"hand", inlined_hand},
                                                     {"ours", inlined_ours}}});

// Behind the interface, of which nobody sees which implementation is made. ------------------------

struct hand_behind final : counter {
  meter real;
  std::size_t add(std::size_t n) override { return real.advance(n); }
};
struct our_behind final : counter {
  our_counter real{meter()};
  std::size_t add(std::size_t n) override { return real.request<&counter::add>(n); }
};
struct other final : counter {
  std::size_t add(std::size_t n) override { return n; }
};
volatile bool adapts = true;
template <class Counter>
[[gnu::noinline]] std::unique_ptr<counter> make() {
  if (adapts) return std::make_unique<Counter>();
  return std::make_unique<other>();
}
constexpr auto by_interface = [](auto& c, std::size_t n) { return c->add(n); };
void behind_hand(benchmark::State& state) { requests(state, make<hand_behind>, by_interface); }
void behind_ours(benchmark::State& state) { requests(state, make<our_behind>, by_interface); }
const gof::bench::comparison behind({.operation = "request, behind the interface",
                                     .contenders = {{"hand", behind_hand}, {"ours", behind_ours}}});

// The adaptee gives a code, the client wants an exception. ----------------------------------------

struct limited {
  std::size_t left = static_cast<std::size_t>(-1);
  std::size_t take(std::size_t n, std::error_code& code) {
    if (n > left) {
      code = std::make_error_code(std::errc::no_space_on_device);
      return 0;
    }
    return left -= n & 1;
  }
};
/// [problem]
struct hand_limited {
  limited real;
  std::size_t add(std::size_t n) {
    std::error_code code;
    const std::size_t left = real.take(n, code);
    if (code) throw std::system_error(code);
    return left;
  }
};
/// [problem]
using our_limited = ad::adapter<ad::target<&counter::add>, limited,
                                ad::bind<&counter::add, ad::throwing<&limited::take>>>;
void code_hand(benchmark::State& state) {
  requests(
      state, [] { return hand_limited(); }, [](auto& c, std::size_t n) { return c.add(n); });
}
void code_ours(benchmark::State& state) {
  requests(
      state, [] { return our_limited(limited()); },
      [](auto& c, std::size_t n) { return c.template request<&counter::add>(n); });
}
const gof::bench::comparison codes({.operation = "request, a code becomes an exception",
                                    .contenders = {{"hand", code_hand}, {"ours", code_ours}}});

}  // namespace
