// SPDX-License-Identifier: BSL-1.0
// A change told to N, who hear it, beside what is underneath: a loop of callbacks, a topic, a log
// that is read; and a change that nobody watches, beside the plain append.
#include <gof/distributed/observer.hpp>

#include <functional>
#include <gof/join.hpp>
#include <gof/wait.hpp>
#include <memory>
#include <string>
#include <vector>

#include "support/bench.hpp"

namespace {

constexpr gof::duration patient = std::chrono::minutes(1);

struct file {
  std::uint64_t size = 0;
};
BOOST_DESCRIBE_STRUCT(file, (), (size))
using gof::observer::distributed::news, gof::observer::distributed::subject,
    gof::observer::distributed::watch;
const std::string body = gof::wire::encode(file{1});

/// [hand]
void callbacks(benchmark::State& state) {
  std::vector<std::function<void(const std::string&, const file&)>> all;
  std::uint64_t heard = 0;
  for (std::int64_t i = 0; i != state.range(0); ++i)
    all.emplace_back([&](const std::string&, const file& it) { heard += it.size; });
  const std::string key = "a";
  for (auto _ : state) {
    benchmark::DoNotOptimize(&all);
    for (auto& one : all) one(key, {1});
    benchmark::DoNotOptimize(&heard);
  }
}
/// [hand]
void topic(benchmark::State& state) {
  const auto node = gof::join("memory:bench");
  std::vector<gof::registration> all;
  std::int64_t heard = 0, ready = 0;
  for (std::int64_t i = 0; i != state.range(0); ++i)
    all.push_back(node->subscribe(
        "a",
        [&](const gof::message& it) {
          heard += static_cast<std::int64_t>(gof::wire::decode<file>(it.body).size);
        },
        {}, [&](const gof::result<void>&) { ++ready; }));
  node->run_until([&] { return ready == state.range(0); }, patient);
  for (auto _ : state) {
    heard = 0;
    if (!node->publish({"a", gof::wire::encode(file{1})})) state.SkipWithError("refused");
    node->run_until([&] { return heard == state.range(0); }, patient);
  }
}
void log_that_is_read(benchmark::State& state) {
  const auto node = gof::join("memory:bench");
  std::vector<gof::registration> all;
  std::int64_t heard = 0;
  for (std::int64_t i = 0; i != state.range(0); ++i)
    all.push_back(node->read("log", 1, [&](const gof::entry& it) {
      heard += static_cast<std::int64_t>(gof::wire::decode<file>(it.content.body).size);
    }));
  for (auto _ : state) {
    heard = 0;
    node->append("log", {"a", gof::wire::encode(file{1})}, [](const auto&) {}).detach();
    node->run_until([&] { return heard == state.range(0); }, patient);
  }
}
void watches(benchmark::State& state) {
  const auto node = gof::join("memory:bench");
  subject<file> files(*node, "files");
  std::vector<std::unique_ptr<watch<file>>> all;
  std::int64_t heard = 0;
  for (std::int64_t i = 0; i != state.range(0); ++i)
    all.push_back(std::make_unique<watch<file>>(*node, "files", [&](const news<file>& it) {
      heard += static_cast<std::int64_t>(it.value->size);
    }));
  for (auto _ : state) {
    heard = 0;
    files.notify("a", file{1});
    node->run_until([&] { return heard == state.range(0); }, patient);
  }
}
const gof::bench::comparison notifies({.operation = "tell N, who hear it",
                                       .sizes = {1, 8, 64},
                                       .per_item = true,
                                       .contenders = {{"hand", callbacks},
                                                      {"topic", topic},
                                                      {"log that is read", log_that_is_read},
                                                      {"ours", watches}}});

void plain_append(benchmark::State& state) {
  const auto node = gof::join("memory:bench");
  gof::blocking wait(*node);
  for (auto _ : state) benchmark::DoNotOptimize(wait.append("plain", {"a", body}).sequence);
}
void notify(benchmark::State& state) {
  const auto node = gof::join("memory:bench");
  subject<file> files(*node, "files");
  for (auto _ : state) {
    bool done = false;
    files.notify("a", file{1}, [&](const gof::result<std::uint64_t>&) { done = true; });
    node->run_until([&] { return done; }, patient);
  }
}
const gof::bench::comparison appends({.operation = "a change that nobody watches",
                                      .contenders = {{"plain append", plain_append},
                                                     {"ours", notify}}});

}  // namespace
