// SPDX-License-Identifier: BSL-1.0
// A call of an object on another node, beside the plain call of the node underneath, with bytes
// packed and unpacked by hand; and many calls in one message.
#include <gof/distributed/proxy.hpp>

#include <gof/join.hpp>
#include <gof/wait.hpp>
#include <string>

#include "support/bench.hpp"

namespace {

namespace remoting = gof::proxy::distributed;
namespace wire = gof::wire;
constexpr gof::duration patient = std::chrono::minutes(1);

struct gallery {
  virtual ~gallery() = default;
  virtual std::uint64_t size_of(const std::string& name) const = 0;
  virtual std::uint64_t hang(const std::string& name, std::uint64_t price) = 0;
};
GOF_REMOTE(gallery, size_of, hang)

struct house final : gallery {
  std::uint64_t size_of(const std::string& name) const override { return name.size(); }
  std::uint64_t hang(const std::string&, std::uint64_t price) override { return sum += price; }
  std::uint64_t sum = 0;
};
const std::string name = "the sunset, by night";

struct here {  // both ends in one thread
  explicit here(bool by_hand = false) {
    bool ready = false;
    auto is = [&](const gof::result<void>&) { ready = true; };
    if (by_hand)
      serves = node->serve(
          "gallery", [this](const auto& m, auto r) { answer(m, r); }, {}, is);
    else
      served.emplace(*node, "gallery", real, remoting::remembering{}, is);
    node->run_until([&] { return ready; }, patient);
  }
  /// [hand]
  void answer(const gof::message& m, gof::responder& caller) {
    const auto [what, price] = wire::decode<std::pair<std::string, std::uint64_t>>(m.body);
    caller.reply(wire::encode(price ? real.hang(what, price) : real.size_of(what)));
  }
  std::uint64_t call(const std::string& what, std::uint64_t price) {
    const auto body = wire::encode(std::pair(what, price));
    return wire::decode<std::uint64_t>(gof::blocking(*node).call({"gallery", body}).body);
  }
  /// [hand]
  std::unique_ptr<gof::node> node = gof::join("memory:bench");
  house real;
  gof::registration serves;
  std::optional<remoting::exposed<gallery>> served;
};

void reads_by_hand(benchmark::State& state) {
  here it(true);
  for (auto _ : state) benchmark::DoNotOptimize(it.call(name, 0));
}
void reads_called_back(benchmark::State& state) {
  here it;
  remoting::remote<gallery> g(*it.node, "gallery");
  for (auto _ : state) {
    std::uint64_t size = 0;
    g.call<&gallery::size_of>([&](const auto& r) { size = r.value(); }, name);
    it.node->run_until([&] { return size != 0; }, patient);
  }
}
void reads(benchmark::State& state) {
  here it;
  remoting::remote<gallery> g(*it.node, "gallery");
  for (auto _ : state) benchmark::DoNotOptimize(g->size_of(name));
}
const gof::bench::comparison reading({.operation = "a call that reads",
                                      .contenders = {{"plain call", reads_by_hand},
                                                     {"ours, called back", reads_called_back},
                                                     {"ours, by the interface", reads}}});

void changes_by_hand(benchmark::State& state) {
  here it(true);
  for (auto _ : state) benchmark::DoNotOptimize(it.call(name, 1));
}
void changes(benchmark::State& state) {
  here it;
  remoting::remote<gallery> g(*it.node, "gallery");
  for (auto _ : state) benchmark::DoNotOptimize(g->hang(name, 1));
}
const gof::bench::comparison changing({.operation = "a call that changes, once",
                                       .contenders = {{"plain call", changes_by_hand},
                                                      {"ours", changes}}});

void each_by_hand(benchmark::State& state) {
  here it(true);
  for (auto _ : state)
    for (std::int64_t i = 0; i != state.range(0); ++i) benchmark::DoNotOptimize(it.call(name, 0));
}
void batch(benchmark::State& state) {
  here it;
  remoting::remote<gallery> g(*it.node, "gallery");
  for (auto _ : state) {
    bool done = false;
    std::uint64_t sum = 0;
    auto b = g.batch();
    for (std::int64_t i = 0; i != state.range(0); ++i)
      b.add<&gallery::size_of>([&](const auto& r) { sum += r.value(); }, name);
    b.send([&](const gof::result<void>&) { done = true; });
    it.node->run_until([&] { return done; }, patient);
    benchmark::DoNotOptimize(sum);
  }
}
const gof::bench::comparison batches({.operation = "N calls",
                                      .sizes = {1, 10, 100},
                                      .per_item = true,
                                      .contenders = {{"plain calls", each_by_hand},
                                                     {"ours, a batch", batch}}});

}  // namespace
