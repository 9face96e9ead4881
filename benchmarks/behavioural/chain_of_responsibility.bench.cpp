// SPDX-License-Identifier: BSL-1.0
// A request that goes along eight handlers, of which one answers it, or none.
#include <array>
#include <functional>
#include <gof/chain_of_responsibility.hpp>
#include <gof/chain_of_responsibility/chain.hpp>
#include <memory>
#include <utility>
#include <vector>

#include "support/bench.hpp"

namespace {

namespace cor = gof::chain_of_responsibility;
using benchmark::DoNotOptimize;

constexpr int handlers = 8;
struct request {
  int topic;
  long amount;
};

/// [problem]
class handler {
 public:
  virtual ~handler() = default;
  virtual bool handle_request(const request& r, long& answer) {
    return successor && successor->handle_request(r, answer);
  }
  std::unique_ptr<handler> successor;
};
class desk final : public handler {
 public:
  bool handle_request(const request& r, long& answer) override {
    if (r.topic != topic) return handler::handle_request(r, answer);
    answer = r.amount + 1;
    return true;
  }
  int topic = 0;
};
/// [problem]
class office final : public handler {
 public:
  bool handle_request(const request& r, long& answer) override {
    if (r.topic != topic) return handler::handle_request(r, answer);
    answer = r.amount * 2;
    return true;
  }
  int topic = 0;
};
[[gnu::noinline]] std::unique_ptr<handler> virtual_chain() {
  std::unique_ptr<handler> all;
  for (int topic = handlers; topic != 0;) {
    auto o = std::make_unique<office>();
    o->topic = topic--;
    o->successor = std::move(all);
    auto d = std::make_unique<desk>();
    d->topic = topic--;
    d->successor = std::move(o);
    all = std::move(d);
  }
  return all;
}

// The same without a base class.
struct desk_handler {
  int topic;
  constexpr cor::outcome<long> handle_request(const request& r, auto next) const {
    if (r.topic != topic) return std::move(next)(r);
    return r.amount + 1;
  }
};
struct office_handler {
  int topic;
  constexpr cor::outcome<long> handle_request(const request& r, auto next) const {
    if (r.topic != topic) return std::move(next)(r);
    return r.amount * 2;
  }
};

// Asks each time with what the optimiser knows nothing of; nobody answers topic 0.
void ask(benchmark::State& state, auto& chain, int topic) {
  request r{topic, 3};
  for (auto _ : state) {
    DoNotOptimize(&chain);
    DoNotOptimize(&r);
    if constexpr (requires(long& answer) { chain.handle_request(r, answer); }) {
      long answer = 0;
      DoNotOptimize(chain.handle_request(r, answer));
      DoNotOptimize(answer);
    } else {
      const auto answered = chain.handle_request(r);
      DoNotOptimize(&answered);
    }
    benchmark::ClobberMemory();
  }
}

template <int Topic>
void hand(benchmark::State& state) {
  const auto all = virtual_chain();
  ask(state, *all, Topic);
}

// One function that does all.
struct inlined {
  std::array<int, handlers> topic;
  bool handle_request(const request& r, long& answer) const {
    for (std::size_t i = 0; i != handlers; i += 2) {
      if (r.topic == topic[i]) return answer = r.amount + 1, true;
      if (r.topic == topic[i + 1]) return answer = r.amount * 2, true;
    }
    return false;
  }
};
template <int Topic>
void one_function(benchmark::State& state) {
  inlined all{{1, 2, 3, 4, 5, 6, 7, 8}};
  ask(state, all, Topic);
}

using function = std::function<bool(const request&, long&)>;

// A vector of functions, asked in a loop: a handler cannot do anything after the others.
struct functions {
  std::vector<function> all;
  bool handle_request(const request& r, long& answer) const {
    for (const auto& f : all) {
      if (f(r, answer)) return true;
    }
    return false;
  }
};
[[gnu::noinline]] functions function_chain() {
  functions chain;
  for (int topic = 1; topic <= handlers; topic += 2) {
    chain.all.emplace_back([topic](const request& r, long& answer) {
      return r.topic == topic && (answer = r.amount + 1, true);
    });
    chain.all.emplace_back([topic = topic + 1](const request& r, long& answer) {
      return r.topic == topic && (answer = r.amount * 2, true);
    });
  }
  return chain;
}
template <int Topic>
void loop_of_functions(benchmark::State& state) {
  auto all = function_chain();
  ask(state, all, Topic);
}

// Functions that hold the next one: middleware.
struct middleware {
  function first;
  bool handle_request(const request& r, long& answer) const { return first(r, answer); }
};
[[gnu::noinline]] middleware middleware_chain() {
  function all = [](const request&, long&) { return false; };
  for (int topic = handlers; topic != 0; topic -= 2) {
    all = [topic, next = std::move(all)](const request& r, long& answer) {
      if (r.topic != topic) return next(r, answer);
      return answer = r.amount * 2, true;
    };
    all = [topic = topic - 1, next = std::move(all)](const request& r, long& answer) {
      if (r.topic != topic) return next(r, answer);
      return answer = r.amount + 1, true;
    };
  }
  return {std::move(all)};
}
template <int Topic>
void nested_functions(benchmark::State& state) {
  auto all = middleware_chain();
  ask(state, all, Topic);
}

template <int Topic>
void ours_static(benchmark::State& state) {
  auto all = cor::chain_of<long(const request&)>(
      desk_handler{1}, office_handler{2}, desk_handler{3}, office_handler{4}, desk_handler{5},
      office_handler{6}, desk_handler{7}, office_handler{8});
  ask(state, all, Topic);
}

using chain = cor::chain<long(const request&)>;
[[gnu::noinline]] void fill(chain& all) {
  for (int topic = 1; topic <= handlers; topic += 2) {
    all.add("desk", desk_handler{topic}).keep();
    all.add("office", office_handler{topic + 1}).keep();
  }
}
template <int Topic>
void ours_dynamic(benchmark::State& state) {
  chain all;
  fill(all);
  ask(state, all, Topic);
}
template <int Topic>
void ours_traced(benchmark::State& state) {
  struct {
    chain all;
    cor::trace seen;
    cor::outcome<long> handle_request(const request& r) {
      seen.clear();
      return all.handle_request(r, seen);
    }
  } traced;
  fill(traced.all);
  ask(state, traced, Topic);
}

template <int Topic>
gof::bench::plan asks(const char* operation) {
  return {.operation = operation,
          .contenders = {{"hand: virtual", hand<Topic>},
                         {"hand: one function", one_function<Topic>},
                         {"loop of std::function", loop_of_functions<Topic>},
                         {"nested std::function", nested_functions<Topic>},
                         {"ours: static_chain", ours_static<Topic>},
                         {"ours: chain", ours_dynamic<Topic>},
                         {"ours: chain, traced", ours_traced<Topic>}}};
}
const gof::bench::comparison last(asks<handlers>("the last of 8 answers"));
const gof::bench::comparison first(asks<1>("the first of 8 answers"));
const gof::bench::comparison none(asks<0>("none of 8 answers"));

// Put together, and destroyed.

void build_by_hand(benchmark::State& state) {
  for (auto _ : state) {
    std::unique_ptr<handler> all;
    for (auto i = state.range(0); i != 0; --i) {
      auto d = std::make_unique<desk>();
      d->successor = std::move(all);
      all = std::move(d);
    }
    DoNotOptimize(&all);
  }
}
void build_ours(benchmark::State& state) {
  for (auto _ : state) {
    chain all;
    for (auto i = state.range(0); i != 0; --i) all.add("desk", desk_handler{1}).keep();
    DoNotOptimize(&all);
  }
}
const gof::bench::comparison build({.operation = "add N, and destroy",
                                    .sizes = {8, 64, 512},
                                    .per_item = true,
                                    .contenders = {{"hand: virtual", build_by_hand},
                                                   {"ours: chain", build_ours}}});

}  // namespace
