// SPDX-License-Identifier: BSL-1.0
// A request through a proxy: inlined, behind an interface, made late, cached, locked.
#include <chrono>
#include <gof/proxy.hpp>
#include <gof/proxy/caching_proxy.hpp>
#include <gof/proxy/smart_reference.hpp>
#include <gof/proxy/virtual_proxy.hpp>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "support/bench.hpp"

#ifdef GOF_HAS_LOKI
#include <loki/SmartPtr.h>
#endif

namespace {

namespace px = gof::proxy;

// The interface has two implementations, and nobody sees which one is made.
struct subject {
  virtual ~subject() = default;
  virtual std::size_t request(std::size_t n) = 0;
};
struct sum final : subject {
  std::size_t value = 0;
  std::size_t request(std::size_t n) override { return value = 3 * value + n; }
};
struct mix final : subject {
  std::size_t value = 0;
  std::size_t request(std::size_t n) override { return value = 3 * value ^ n; }
};
volatile bool sums = true;

// Both proxies count.
struct counting {
  std::size_t count = 0;
  constexpr decltype(auto) around(auto, auto&& next) {
    ++count;
    return next();
  }
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

/// [static]
struct adder {
  std::size_t value = 0;
  std::size_t add(std::size_t n) { return value += n; }
};
class counted_adder {
 public:
  std::size_t add(std::size_t n) {
    ++count_;
    return real_.add(n);
  }

 private:
  adder real_;
  std::size_t count_ = 0;
};
void static_hand(benchmark::State& state) {
  requests(
      state, [] { return counted_adder(); }, [](auto& p, std::size_t n) { return p.add(n); });
}
void static_ours(benchmark::State& state) {
  requests(
      state, [] { return px::proxy(adder(), counting()); },
      [](auto& p, std::size_t n) { return p.template request<&adder::add>(n); });
}
/// [static]

const gof::bench::comparison inlined({.operation = "request, inlined",
                                      .contenders = {{"hand", static_hand},
                                                     {"ours", static_ours}}});

// Behind the interface. ---------------------------------------------------------------------------

class hand_proxy final : public subject {
 public:
  explicit hand_proxy(std::unique_ptr<subject> real) : real_(std::move(real)) {}
  std::size_t request(std::size_t n) override {
    ++count_;
    return real_->request(n);
  }

 private:
  std::unique_ptr<subject> real_;
  std::size_t count_ = 0;
};
/// [dynamic]
class our_proxy final : public subject {
 public:
  explicit our_proxy(std::unique_ptr<subject> real) : real_(std::move(real), counting()) {}
  std::size_t request(std::size_t n) override { return real_.request<&subject::request>(n); }

 private:
  px::proxy<std::unique_ptr<subject>, counting> real_;
};
// Owns a real subject of a type that is known: its function is inlined.
class our_owner final : public subject {
 public:
  std::size_t request(std::size_t n) override { return real_.request<call>(n); }

 private:
  static constexpr auto call = [](sum& s, std::size_t n) { return s.request(n); };
  px::proxy<sum, counting> real_{sum(), counting()};
};
/// [dynamic]
[[gnu::noinline]] std::unique_ptr<subject> make_real() {
  if (sums) return std::make_unique<sum>();
  return std::make_unique<mix>();
}
template <class Proxy>
[[gnu::noinline]] std::unique_ptr<subject> make_proxy() {
  if (!sums) return std::make_unique<mix>();
  if constexpr (std::is_default_constructible_v<Proxy>) {
    return std::make_unique<Proxy>();
  } else {
    return std::make_unique<Proxy>(make_real());
  }
}
constexpr auto by_interface = [](auto& p, std::size_t n) { return p->request(n); };
void dynamic_hand(benchmark::State& state) {
  requests(state, make_proxy<hand_proxy>, by_interface);
}
void dynamic_none(benchmark::State& state) { requests(state, make_real, by_interface); }
void dynamic_ours(benchmark::State& state) { requests(state, make_proxy<our_proxy>, by_interface); }
void dynamic_owner(benchmark::State& state) {
  requests(state, make_proxy<our_owner>, by_interface);
}

const gof::bench::comparison behind({.operation = "request, behind the interface",
                                     .contenders = {
                                         {"hand, virtual to virtual", dynamic_hand},
                                         {"no proxy, one virtual call", dynamic_none},
                                         {"ours, any real subject", dynamic_ours},
                                         {"ours, owns its real subject", dynamic_owner}}});

// Made late, and there already. -------------------------------------------------------------------

[[gnu::noinline]] std::unique_ptr<adder> make_adder() { return std::make_unique<adder>(); }

/// [problem]
// One thread only.
struct null_check {
  std::unique_ptr<adder> real;
  adder* operator->() {
    if (real == nullptr) real = make_adder();
    return real.get();
  }
};
/// [problem]
struct once {
  std::once_flag flag;
  std::unique_ptr<adder> real;
  adder* operator->() {
    std::call_once(flag, [this] { real = make_adder(); });
    return real.get();
  }
};
constexpr auto by_arrow = [](auto& p, std::size_t n) { return (*p)->add(n); };
template <class T>
void late(benchmark::State& state) {
  requests(state, std::make_unique<T>, by_arrow);
}
void late_ours(benchmark::State& state) {
  requests(
      state, [] { return std::make_unique<px::virtual_proxy<adder>>(make_adder); }, by_arrow);
}

const gof::bench::comparison made({.operation = "use of what was made late",
                                   .contenders = {{"hand, one thread", late<null_check>},
                                                  {"hand, std::call_once", late<once>},
                                                  {"ours", late_ours}}});

// A hit in a cache of N, all of which are asked for in turn. --------------------------------------

struct squares {
  double at(std::size_t n) const { return static_cast<double>(n) * static_cast<double>(n); }
};
template <bool Ages>
class hand_cache {
 public:
  explicit hand_cache(std::size_t capacity) : capacity_(capacity) {}
  double at(std::size_t n) {
    const std::lock_guard lock(mutex_);
    const auto found = entries_.find(n);
    if (found != entries_.end() && (!Ages || clock::now() - found->second.asked < hour)) {
      order_.splice(order_.begin(), order_, found->second.place);
      return found->second.value;
    }
    if (found != entries_.end()) {
      order_.erase(found->second.place);
      entries_.erase(found);
    }
    order_.push_front(n);
    const entry e{real_.at(n), order_.begin(), Ages ? clock::now() : clock::time_point()};
    entries_.emplace(n, e);
    if (order_.size() > capacity_) {
      entries_.erase(order_.back());
      order_.pop_back();
    }
    return e.value;
  }

 private:
  using clock = std::chrono::steady_clock;
  static constexpr std::chrono::hours hour{1};
  struct entry {
    double value;
    std::list<std::size_t>::iterator place;
    clock::time_point asked;
  };
  std::size_t capacity_;
  std::mutex mutex_;
  std::unordered_map<std::size_t, entry> entries_;
  std::list<std::size_t> order_;
  squares real_;
};
template <class Ask>
void hits(benchmark::State& state, Ask ask) {
  const auto n = static_cast<std::size_t>(state.range(0));
  for (std::size_t i = 0; i != n; ++i) ask(i);
  std::size_t i = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(ask(i));
    if (++i == n) i = 0;
  }
}
template <bool Ages>
void cache_hand(benchmark::State& state) {
  hand_cache<Ages> cache(static_cast<std::size_t>(state.range(0)));
  hits(state, [&](std::size_t n) { return cache.at(n); });
}
void cache_with(benchmark::State& state, std::chrono::nanoseconds time_to_live) {
  px::proxy cache(squares(),
                  px::caching<&squares::at>({.capacity = static_cast<std::size_t>(state.range(0)),
                                             .time_to_live = time_to_live}));
  hits(state, [&](std::size_t n) { return cache.request<&squares::at>(n); });
}
void cache_ours(benchmark::State& state) { cache_with(state, std::chrono::nanoseconds::max()); }
void cache_ageing(benchmark::State& state) { cache_with(state, std::chrono::hours(1)); }

const gof::bench::comparison cached({.operation = "hit in a cache of N",
                                     .sizes = {16, 4096},
                                     .contenders = {{"hand", cache_hand<false>},
                                                    {"ours", cache_ours}}});
const gof::bench::comparison aged({.operation = "hit in a cache of N, with a time to live",
                                   .sizes = {16, 4096},
                                   .contenders = {{"hand", cache_hand<true>},
                                                  {"ours", cache_ageing}}});

// Locked for one use. -----------------------------------------------------------------------------

struct hand_locked {
  std::mutex mutex;
  adder real;
  std::size_t add(std::size_t n) {
    const std::lock_guard lock(mutex);
    return real.add(n);
  }
};
// All threads of a comparison use the same one.
template <class T>
void lock(benchmark::State& state, T& shared, auto add) {
  std::size_t n = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(&shared);
    benchmark::DoNotOptimize(add(shared, ++n));
  }
}
void lock_hand(benchmark::State& state) {
  static hand_locked shared;
  lock(state, shared, [](auto& s, std::size_t n) { return s.add(n); });
}
#ifdef GOF_HAS_LOKI
struct lockable_adder : adder {
  std::mutex mutex;
  void Lock() { mutex.lock(); }
  void Unlock() { mutex.unlock(); }
};
void lock_loki(benchmark::State& state) {
  using pointer = Loki::SmartPtr<lockable_adder, Loki::NoCopy, Loki::DisallowConversion,
                                 Loki::NoCheck, Loki::LockedStorage>;
  static pointer shared(new lockable_adder);
  lock(state, shared, [](auto& s, std::size_t n) { return s->add(n); });
}
#endif
void lock_ours(benchmark::State& state) {
  static px::locked shared{adder()};
  lock(state, shared, [](auto& s, std::size_t n) { return s->add(n); });
}
void lock_proxy(benchmark::State& state) {
  static px::proxy shared(px::locked{adder()});
  lock(state, shared, [](auto& s, std::size_t n) { return s.template request<&adder::add>(n); });
}

const std::vector<gof::bench::contender> locks{{"hand, lock_guard", lock_hand},
#ifdef GOF_HAS_LOKI
                                               {"Loki LockedStorage", lock_loki},
#endif
                                               {"ours, locked", lock_ours},
                                               {"ours, a proxy to it", lock_proxy}};
const gof::bench::comparison one_thread({.operation = "use under a lock", .contenders = locks});
const gof::bench::comparison two_threads({.operation = "use under a lock, two threads",
                                          .threads = 2,
                                          .contenders = locks});

}  // namespace
