// SPDX-License-Identifier: BSL-1.0
// The instance where it leads, beside the local singleton; a lease that is won and renewed, and a
// fence that is kept, beside the plain put; a call of the one instance, beside a plain one.
#include <gof/distributed/singleton.hpp>

#include <gof/engines/simulator.hpp>
#include <gof/join.hpp>
#include <gof/wait.hpp>
#include <memory>
#include <string>

#include "support/bench.hpp"

namespace {

constexpr gof::duration patient = std::chrono::minutes(1);
using gof::singleton::distributed::caller;
using gof::singleton::distributed::candidate;
using gof::singleton::distributed::fence;
using gof::singleton::distributed::kept_fence;
using gof::singleton::distributed::sequencer;

struct log_file {
  std::uint64_t lines = 0;
};
using the_log = gof::singleton::singleton<log_file>;
struct leading {
  std::unique_ptr<gof::node> node = gof::join("memory:bench");
  candidate<log_file> it{*node, "log", std::chrono::hours(1),
                         [](const sequencer&) { return log_file{}; },
                         [](log_file& log, const gof::message&, gof::responder to) {
                           ++log.lines;
                           to.reply({});
                         }};
  leading() {
    node->run_until([&] { return it.instance() != nullptr; }, patient);
  }
};

void local(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(++the_log::instance().lines);
}
void clock(benchmark::State& state) {
  const auto node = gof::join("memory:bench");
  for (auto _ : state) {
    benchmark::DoNotOptimize(node->now());
    benchmark::DoNotOptimize(++the_log::instance().lines);
  }
}
void instance(benchmark::State& state) {
  leading of;
  for (auto _ : state) benchmark::DoNotOptimize(++of.it.instance()->lines);
}
const gof::bench::comparison accesses({.operation = "access",
                                       .contenders = {{"local singleton", local},
                                                      {"and a look at the clock", clock},
                                                      {"ours", instance}}});

void nothing(benchmark::State& state) {
  std::uint64_t newest = 1;
  for (auto _ : state) {
    std::uint64_t shown = 2;
    benchmark::DoNotOptimize(shown);
    if (shown >= newest) newest = shown;
    benchmark::DoNotOptimize(newest);
  }
}
void admit(benchmark::State& state) {
  fence guard("log");
  const sequencer shown{"log", 2, 3};
  for (auto _ : state) benchmark::DoNotOptimize(bool(guard.admit(shown)));
}
const gof::bench::comparison fences({.operation = "a token is looked at",
                                     .contenders = {{"two numbers", nothing}, {"ours", admit}}});

void plain_put(benchmark::State& state) {
  const auto node = gof::join("memory:bench");
  gof::blocking wait(*node);
  std::uint64_t version = gof::absent;
  for (auto _ : state) version = wait.put("bench", "log", "ann 1 2", version);
}
void win(benchmark::State& state) {
  const auto node = gof::join("memory:bench");
  for (auto _ : state) {
    gof::lease it(*node, "log", patient);
    node->run_until([&] { return it.held(); }, patient);
  }
}
void lead(benchmark::State& state) {
  const auto node = gof::join("memory:bench");
  for (auto _ : state) {
    candidate<log_file> it(*node, "log", patient, [](const sequencer&) { return log_file{}; });
    node->run_until([&] { return it.instance() != nullptr; }, patient);
  }
}
void keep(benchmark::State& state) {
  const auto node = gof::join("memory:bench");
  kept_fence guard(*node, "file", "log");
  std::uint64_t generation = 0;
  for (auto _ : state) {
    bool done = false;
    guard.admit({"log", ++generation, 1}, [&](const gof::result<void>& may) { done = bool(may); });
    node->run_until([&] { return done; }, patient);
  }
}
void known(benchmark::State& state) {
  const auto node = gof::join("memory:bench");
  kept_fence guard(*node, "file", "log");
  for (auto _ : state) {
    bool done = false;
    guard.admit({"log", 1, 1}, [&](const gof::result<void>& may) { done = bool(may); });
    node->run_until([&] { return done; }, patient);
  }
}
const gof::bench::comparison puts({.operation = "kept by the node",
                                   .contenders = {{"plain put", plain_put},
                                                  {"a lease is won and given up", win},
                                                  {"the same, with an instance", lead},
                                                  {"a fence lets a newer one in", keep},
                                                  {"a fence lets the same in again", known}}});

// In virtual time, so that no time is waited for.
void put_and_watched(benchmark::State& state) {
  gof::sim::world world(1);
  const auto node = world.join("ann");
  std::uint64_t seen = 0, version = gof::absent;
  const auto watching =
      node->watch("bench", "log", [&](const gof::versioned& it) { seen = it.version; });
  for (auto _ : state) {
    node->put("bench", "log", "ann 1 2", version,
              [&](const gof::result<std::uint64_t>& it) { version = it.value(); })
        .detach();
    world.run_until([&] { return seen > 0 && seen == version; }, patient);
    seen = 0;
    world.run(std::chrono::milliseconds(9));
  }
}
void renewal(benchmark::State& state) {
  gof::sim::world world(1);
  const auto node = world.join("ann");
  gof::lease it(*node, "log", std::chrono::milliseconds(30));
  world.run_until([&] { return it.held(); }, patient);
  for (auto _ : state) world.run(std::chrono::milliseconds(10));
  if (!it.held()) state.SkipWithError("it is lost");
}
const gof::bench::comparison renewals({.operation = "a renewal, simulated",
                                       .contenders = {{"plain put, watched", put_and_watched},
                                                      {"ours", renewal}}});

void plain_call(benchmark::State& state) {
  const auto node = gof::join("memory:bench");
  const auto serves =
      node->serve("log", [](const gof::message&, gof::responder to) { to.reply({}); });
  for (auto _ : state) {
    bool done = false;
    node->call({"log", "line"}, [&](const auto& it) { done = bool(it); }).detach();
    node->run_until([&] { return done; }, patient);
  }
}
void call(benchmark::State& state) {
  leading of;
  caller log(*of.node, "log");
  for (auto _ : state) {
    bool done = false;
    log.call("line", [&](const auto& it) { done = bool(it); });
    of.node->run_until([&] { return done; }, patient);
  }
}
const gof::bench::comparison calls({.operation = "a call",
                                    .contenders = {{"plain call", plain_call}, {"ours", call}}});

}  // namespace
