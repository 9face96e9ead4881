// SPDX-License-Identifier: BSL-1.0
// A step through the log and back, beside what is underneath: the append, and the local history.
#include <gof/distributed/command.hpp>

#include <gof/join.hpp>
#include <gof/wait.hpp>
#include <memory>
#include <string>
#include <vector>

#include "support/bench.hpp"

namespace {

using gof::command::distributed::policy, gof::command::distributed::step;

struct total {
  std::int64_t value = 0;
};
struct add {
  std::int64_t n = 0;
  void execute(total& t) noexcept { t.value += n; }
  void undo(total& t) noexcept { t.value -= n; }
};
BOOST_DESCRIBE_STRUCT(add, (), (n))
std::vector<std::string> keys_of(const add&) { return {"total"}; }

using history = gof::command::distributed::replicated_history<total, add>;
using replica = gof::command::distributed::replica<total, add>;

// Two lines in the log, each waited for.
void plain_append(benchmark::State& state) {
  const auto node = gof::join("memory:bench");
  gof::blocking wait(*node);
  for (auto _ : state)
    for (int i = 0; i < 2; ++i)
      benchmark::DoNotOptimize(wait.append("plain", {"proposal", std::string(80, 'x')}).sequence);
}
// Two lines, read by a reader, each waited for: what a step needs at least.
void append_and_read(benchmark::State& state) {
  const auto node = gof::join("memory:bench");
  std::uint64_t last = 0;
  const auto reading = node->read("read", 1, [&](const gof::entry& line) { last = line.sequence; });
  gof::blocking wait(*node);
  for (auto _ : state)
    for (int i = 0; i < 2; ++i) {
      const auto at = wait.append("read", {"proposal", std::string(80, 'x')}).sequence;
      node->run_until([&] { return last >= at; }, std::chrono::seconds(5));
    }
}
void execute_and_undo(benchmark::State& state) {
  const auto node = gof::join("memory:bench");
  history h(*node, "history", {});
  const auto wait = [&](auto begin) {
    bool done = false;
    begin([&](const gof::result<step>&) { done = true; });
    node->run_until([&] { return done; }, std::chrono::seconds(5));
  };
  for (auto _ : state) {
    wait([&](auto done) { h.execute(add{3}, std::move(done)); });
    wait([&](auto done) { h.undo(policy::reject, std::move(done)); });
  }
}
const gof::bench::comparison through_the_log({.operation = "execute and undo, through the log",
                                              .contenders = {{"append", plain_append},
                                                             {"append, read", append_and_read},
                                                             {"ours", execute_and_undo}}});

// Without a log: what a replica does with an entry, beside the local history.
void local(benchmark::State& state) {
  total t;
  gof::command::history<total, add> h(t);
  for (auto _ : state) {
    h.execute(add{3});
    h.undo();
    benchmark::DoNotOptimize(&t);
  }
}
void applied(benchmark::State& state) {
  replica r{total{}};
  gof::command::distributed::detail::proposal it;
  it.user = "ana";
  std::uint64_t index = 0;
  r.apply(++index, {"proposal", gof::wire::encode(it)});
  it.session = 1;
  it.commands = {gof::wire::encode(replica::any_command(add{3}))};
  std::vector<gof::message> lines;
  for (auto _ : state) {
    for (const auto what : {gof::command::distributed::detail::deed::execute,
                            gof::command::distributed::detail::deed::undo}) {
      it.what = what;
      ++it.sequence;
      benchmark::DoNotOptimize(r.apply(++index, {"proposal", gof::wire::encode(it)}));
    }
  }
}
const gof::bench::comparison by_a_replica({.operation = "execute and undo, by a replica",
                                           .contenders = {{"local history", local},
                                                          {"ours, applied", applied}}});

}  // namespace
