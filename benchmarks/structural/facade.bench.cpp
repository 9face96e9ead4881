// SPDX-License-Identifier: BSL-1.0
// An operation of a facade, and the start and stop of what is behind it.
#include <gof/facade.hpp>
#include <stdexcept>

#include "support/bench.hpp"

namespace {

namespace fc = gof::facade;

struct part {
  std::size_t value = 0;
  volatile bool fails = false;
  bool open = false;
  void start() {
    if (fails) throw std::runtime_error("it does not start");
    open = true;
  }
  void stop() noexcept { open = false; }
};

/// [problem]
class hand_facade {
 public:
  ~hand_facade() { stop(); }
  void start() {
    if (running_) return;
    a_.start();
    try {
      b_.start();
      try {
        c_.start();
      } catch (...) {
        b_.stop();
        throw;
      }
    } catch (...) {
      a_.stop();
      throw;
    }
    running_ = true;
  }
  void stop() noexcept {
    if (!running_) return;
    running_ = false;
    c_.stop();
    b_.stop();
    a_.stop();
  }
  std::size_t send(std::size_t n) {
    if (!running_) throw std::logic_error("not running");
    return c_.value += b_.value ^= a_.value += n;
  }

 private:
  part a_, b_, c_;
  bool running_ = false;
};
/// [problem]

/// [ours]
class our_facade {
 public:
  void start() { parts_.start(); }
  void stop() { parts_.stop(); }
  std::size_t send(std::size_t n) {
    return parts_.use(
        [&](part& a, part& b, part& c) { return c.value += b.value ^= a.value += n; });
  }

 private:
  fc::subsystems<part, part, part> parts_;
};
/// [ours]

template <class Facade>
void send(benchmark::State& state) {
  Facade facade;
  facade.start();
  std::size_t n = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(&facade);
    benchmark::ClobberMemory();
    benchmark::DoNotOptimize(facade.send(++n));
  }
}
template <class Facade>
void start_stop(benchmark::State& state) {
  Facade facade;
  for (auto _ : state) {
    benchmark::DoNotOptimize(&facade);
    facade.start();
    benchmark::ClobberMemory();
    facade.stop();
    benchmark::ClobberMemory();
  }
}

const gof::bench::comparison sent({.operation = "operation of a facade",
                                   .contenders = {{"hand", send<hand_facade>},
                                                  {"ours", send<our_facade>}}});
const gof::bench::comparison started({.operation = "start and stop",
                                      .contenders = {{"hand", start_stop<hand_facade>},
                                                     {"ours", start_stop<our_facade>}}});

}  // namespace
