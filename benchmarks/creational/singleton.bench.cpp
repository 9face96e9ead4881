// SPDX-License-Identifier: BSL-1.0
// The one settings object: getting it, and making it for the first time.
#include <cxxabi.h>

#include <atomic>
#include <cstddef>
#include <gof/singleton.hpp>
#include <mutex>
#include <new>
#include <optional>
#include <vector>

#include "support/bench.hpp"

#ifdef GOF_HAS_LOKI
#include <loki/Singleton.h>
#endif

// Nothing is torn down when this program ends: what is made again and again would be listed for it
// again and again.
extern "C" int atexit(void (*)()) noexcept { return 0; }

namespace {

[[gnu::noinline]] int configured() {
  static std::atomic<int> value = 0;
  return value += 2;
}
struct settings {
  settings() : value(configured()) {}
  ~settings() { value = -1; }
  int value;
};
struct constant {
  int value = 2;
};

/// [static]
struct meyers {
  static settings& instance() {
    static settings one;
    return one;
  }
};
/// [static]
struct constinit_global {
  static constant& instance() { return one; }
  static inline constinit constant one;
};
struct call_once {
  static settings& instance() {
    std::call_once(flag, [] { one.emplace(); });
    return *one;
  }
  static inline std::once_flag flag;
  static inline std::optional<settings> one;
};
struct mutex {
  static settings& instance() {
    const std::lock_guard held(lock);
    if (!one) one.emplace();
    return *one;
  }
  static inline std::mutex lock;
  static inline std::optional<settings> one;
};
#ifdef GOF_HAS_LOKI
// Its threading policies do not compile any more, so this one may not be raced on.
struct loki {
  static settings& instance() { return Loki::SingletonHolder<settings>::Instance(); }
};
#endif
using ours = gof::singleton::singleton<settings>;

template <class Singleton>
void access(benchmark::State& state) {
  for (auto _ : state) {
    for (int i = 0; i != state.range(0); ++i) {
      const int value = Singleton::instance().value;
      benchmark::DoNotOptimize(value);
    }
  }
}

const std::vector<gof::bench::contender> ways{{"Meyers static", access<meyers>},
                                              {"constinit global", access<constinit_global>},
                                              {"call_once", access<call_once>},
                                              {"mutex", access<mutex>},
#ifdef GOF_HAS_LOKI
                                              {"Loki, not thread-safe", access<loki>},
#endif
                                              {"ours", access<ours>}};
const gof::bench::comparison alone(
    {.operation = "access", .sizes = {1000}, .per_item = true, .contenders = ways});
const gof::bench::comparison two({.operation = "access by two threads",
                                  .sizes = {1000},
                                  .per_item = true,
                                  .threads = 2,
                                  .contenders = ways});

// What the compiler makes of a function-local static, spelled out, so that it can be made again.
struct meyers_again {
  static settings& instance() {
    if (!std::atomic_ref(reinterpret_cast<char&>(guard)).load(std::memory_order_acquire)) {
      if (abi::__cxa_guard_acquire(&guard)) {
        ::new (storage) settings();
        abi::__cxa_guard_release(&guard);
        atexit([] {});
      }
    }
    return *std::launder(reinterpret_cast<settings*>(storage));
  }
  static void end() {
    instance().~settings();
    guard = {};
  }
  static inline abi::__guard guard{};
  alignas(settings) static inline std::byte storage[sizeof(settings)];
};
struct mutex_again : mutex {
  static void end() { one.reset(); }
};
struct ours_again : gof::singleton::singleton<settings, void, gof::singleton::lifetime::phoenix> {
  static void end() { gof::singleton::shutdown_all(); }
};

template <class Singleton>
void make(benchmark::State& state) {
  for (auto _ : state) {
    const int value = Singleton::instance().value;
    benchmark::DoNotOptimize(value);
    Singleton::end();
  }
}
const gof::bench::comparison first({.operation = "first access, and teardown",
                                    .contenders = {{"Meyers static", make<meyers_again>},
                                                   {"mutex", make<mutex_again>},
                                                   {"ours", make<ours_again>}}});

}  // namespace
