// SPDX-License-Identifier: BSL-1.0
// A call on memory: through layers, beside the node's own; and each layer alone.
#include <gof/distributed/decorator/answers.hpp>
#include <gof/distributed/decorator/resilient.hpp>
#include <gof/join.hpp>
#include <memory>
#include <optional>
#include <string>

#include "support/bench.hpp"

namespace {

using namespace gof::decorator::distributed;
using namespace std::chrono_literals;

struct world {
  std::unique_ptr<gof::node> node = gof::join("memory:bench");
  gof::registration serves =
      node->serve("read", [](const gof::message& asked, gof::responder r) { r.reply(asked.body); });
};
constexpr gof::duration patient = 1min;

/// [hand]
void node_call(benchmark::State& state) {
  const world in;
  for (auto _ : state) {
    bool done = false;
    in.node
        ->call({"read", "notes"}, [&](const gof::result<gof::message>& what) { done = !!what; },
               {patient})
        .detach();
    in.node->run_until([&] { return done; }, patient);
  }
}
/// [hand]
// \tparam Layers what is around it \param layers makes them
template <class Make>
void through(benchmark::State& state, Make make) {
  const world in;
  const std::unique_ptr<component> calls = make(*in.node);
  for (auto _ : state) {
    bool done = false;
    calls->call({"read", "notes"}, [&](const gof::result<gof::message>& what) { done = !!what; },
                {patient, true});
    in.node->run_until([&] { return done; }, patient);
  }
}
template <class... Layers>
std::unique_ptr<component> around(gof::node& on, Layers... layers) {
  return std::make_unique<stack<Layers...>>(on, std::move(layers)...);
}
std::optional<std::string> nothing(const gof::message&, const gof::error&) { return {}; }
template <class Layer>
void alone(benchmark::State& state) {
  through(state, [](gof::node& on) { return around(on, Layer()); });
}

void usual(benchmark::State& state) {
  through(state, [](gof::node& on) { return std::make_unique<resilient>(on); });
}
void all_but_cache(benchmark::State& state) {
  through(state, [](gof::node& on) {
    return around(on, trace(), idempotency_key(), deadline(patient), fallback(nothing),
                  retry({.hedge = true}), attempt_trace(), rate_limit(1'000'000'000, 1000),
                  breaker(), bulkhead(), attempt_timeout(patient), chaos({}));
  });
}
void none(benchmark::State& state) {
  through(state, [](gof::node& on) { return around(on); });
}
const gof::bench::comparison calls({.operation = "a call on memory:",
                                    .contenders = {{"node", node_call},
                                                   {"no layer", none},
                                                   {"resilient", usual},
                                                   {"all, with a hedge", all_but_cache}}});

void limited(benchmark::State& state) {
  through(state, [](gof::node& on) { return around(on, rate_limit(1'000'000'000, 1000)); });
}
void timed(benchmark::State& state) {
  through(state, [](gof::node& on) { return around(on, attempt_timeout(patient)); });
}
void hedged(benchmark::State& state) {
  through(state, [](gof::node& on) { return around(on, retry({.hedge = true})); });
}
void falls_back(benchmark::State& state) {
  through(state, [](gof::node& on) { return around(on, fallback(nothing)); });
}
void kept(benchmark::State& state) {
  through(state, [](gof::node& on) { return around(on, cache({.keeps = 1h})); });
}
void calm(benchmark::State& state) {
  through(state, [](gof::node& on) { return around(on, chaos({})); });
}
void keyed(benchmark::State& state) {
  through(state, [](gof::node& on) { return around(on, idempotency_key()); });
}
const gof::bench::comparison layers({.operation = "a call through one layer",
                                     .contenders = {{"node", node_call},
                                                    {"trace", alone<trace>},
                                                    {"cache, that has it", kept},
                                                    {"idempotency_key", keyed},
                                                    {"deadline", alone<deadline>},
                                                    {"fallback", falls_back},
                                                    {"retry", alone<retry>},
                                                    {"retry, with a hedge", hedged},
                                                    {"rate_limit", limited},
                                                    {"breaker", alone<breaker>},
                                                    {"bulkhead", alone<bulkhead>},
                                                    {"attempt_timeout", timed},
                                                    {"chaos", calm}}});

}  // namespace
