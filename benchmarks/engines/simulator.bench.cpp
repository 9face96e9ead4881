// SPDX-License-Identifier: BSL-1.0
// Events of a simulation, beside the heap of functions that it is underneath.
#include <gof/engines/simulator.hpp>

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "support/bench.hpp"

namespace {

using namespace std::chrono_literals;

// By hand: functions in a heap, by time, without a network. 1,000 events.
void heap(benchmark::State& state) {
  struct event {
    std::int64_t at;
    std::function<void()> what;
    bool operator<(const event& other) const { return at > other.at; }
  };
  std::vector<event> all;
  std::int64_t now = 0, done = 0;
  gof::sim::chance by(1);
  std::function<void()> next_one;
  next_one = [&] {
    ++done;
    all.push_back({now + static_cast<std::int64_t>(by.below(1000)), next_one});
    std::push_heap(all.begin(), all.end());
  };
  for (int i = 0; i < 16; ++i) next_one();
  for (auto _ : state)
    for (const std::int64_t until = done + 1000; done < until;) {
      std::pop_heap(all.begin(), all.end());
      event next = std::move(all.back());
      all.pop_back();
      now = next.at;
      next.what();
    }
}
// Eight clients that call a server again and again: 1,000 events of nodes, broker and links.
void calls(benchmark::State& state) {
  gof::sim::world world(1);
  const auto server = world.join("server");
  const auto serving =
      server->serve("echo", [](const gof::message& it, gof::responder to) { to.reply(it.body); });
  struct client {
    std::unique_ptr<gof::node> on;
    void go() {
      on->call({"echo", "x"}, [this](const gof::result<gof::message>&) { go(); }).detach();
    }
  };
  std::vector<std::unique_ptr<client>> all;
  for (int i = 0; i < 8; ++i) {
    all.push_back(std::make_unique<client>(client{world.join("client-" + std::to_string(i))}));
    all.back()->on->after(10ms, [of = all.back().get()] { of->go(); }).detach();
  }
  world.run(1s);
  for (auto _ : state) {
    const std::uint64_t until = world.counts().events + 1000;
    world.run_until([&] { return world.counts().events >= until; }, 1h);
  }
}
const gof::bench::comparison events({.operation = "1,000 events",
                                     .contenders = {{"a heap", heap}, {"ours, calls", calls}}});

}  // namespace
