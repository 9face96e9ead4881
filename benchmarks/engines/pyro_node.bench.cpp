// SPDX-License-Identifier: BSL-1.0
// Nodes on a broker over TCP, beside the same nodes on one in memory: what the network costs. The
// broker has a thread of its own, and so has a node that serves.
#include <cstdint>
#include <gof/engines/pyro.hpp>
#include <gof/join.hpp>
#include <gof/wait.hpp>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "support/bench.hpp"
#include "support/place.hpp"

namespace {

using gof::bench::place;

const std::string body(32, 'b');
constexpr gof::duration patient = std::chrono::minutes(1);

// Where nodes meet: in memory, or at a broker.
enum class by { memory, tcp };
class meeting {
 public:
  meeting(by what, place where) {
    gof::bench::begin_server(where);
    if (what == by::tcp) broker_ = std::make_unique<gof::engines::pyro_broker>();
    gof::bench::begin_client();
  }
  [[nodiscard]] std::unique_ptr<gof::node> join() const {
    return gof::join(broker_ ? broker_->url() : "memory:bench");
  }

 private:
  std::unique_ptr<gof::engines::pyro_broker> broker_;
};

template <by What, place Where>
void append(benchmark::State& state) {
  const meeting at(What, Where);
  const auto node = at.join();
  for (auto _ : state) {
    std::int64_t done = 0;
    for (std::int64_t i = 0; i != state.range(0); ++i)
      node->append("log", {"line", body}, [&](gof::result<gof::appended> r) { done += bool(r); })
          .detach();
    if (!node->run_until([&] { return done == state.range(0); }, patient))
      state.SkipWithError("refused");
  }
}
const gof::bench::comparison appends_on_one(
    {.operation = "append, node and broker on one processor",
     .sizes = {1, 64},
     .per_item = true,
     .waits = true,
     .contenders = {{"memory:", append<by::memory, place::one>},
                    {"ours", append<by::tcp, place::one>}}});
const gof::bench::comparison appends_on_two({.operation = "append, a processor each",
                                             .sizes = {1, 64},
                                             .per_item = true,
                                             .waits = true,
                                             .contenders = {
                                                 {"memory:", append<by::memory, place::each>},
                                                 {"ours", append<by::tcp, place::each>}}});

template <by What, place Where>
void compare_and_set(benchmark::State& state) {
  const meeting at(What, Where);
  const auto node = at.join();
  gof::blocking on(*node);
  std::uint64_t version = gof::absent;
  for (auto _ : state) version = on.put("bucket", "key", body, version);
}
const gof::bench::comparison sets_on_one(
    {.operation = "compare and set, node and broker on one processor",
     .waits = true,
     .contenders = {{"memory:", compare_and_set<by::memory, place::one>},
                    {"ours", compare_and_set<by::tcp, place::one>}}});
const gof::bench::comparison sets_on_two({.operation = "compare and set, a processor each",
                                          .waits = true,
                                          .contenders = {
                                              {"memory:", compare_and_set<by::memory, place::each>},
                                              {"ours", compare_and_set<by::tcp, place::each>}}});

// A node that answers what it is asked.
class echoing {
 public:
  echoing(const meeting& at, place where) : node_(at.join()) {
    bool ready = false;
    service_ = node_->serve(
        "echo", [](const gof::message& it, gof::responder to) { to.reply(it.body); }, {},
        [&](const gof::result<void>& r) { ready = bool(r); });
    node_->run_until([&] { return ready; }, patient);
    gof::bench::begin_server(where);
    thread_ = std::thread([this] {
      while (!done_) node_->run_until([this] { return done_; }, patient);
    });
    gof::bench::begin_client();
  }
  echoing(const echoing&) = delete;
  echoing& operator=(const echoing&) = delete;
  ~echoing() {
    node_->post([this] { done_ = true; });
    thread_.join();
  }

 private:
  std::unique_ptr<gof::node> node_;
  gof::registration service_;
  bool done_ = false;  // only in the loop
  std::thread thread_;
};
template <by What, place Where>
void call(benchmark::State& state) {
  const meeting at(What, Where);
  const echoing other(at, Where);
  const auto node = at.join();
  gof::blocking on(*node);
  for (auto _ : state) benchmark::DoNotOptimize(on.call({"echo", body}));
}
const gof::bench::comparison calls_on_one(
    {.operation = "call from node to node, both on one processor",
     .waits = true,
     .contenders = {{"memory:", call<by::memory, place::one>},
                    {"ours", call<by::tcp, place::one>}}});
const gof::bench::comparison calls_on_two({.operation = "call from node to node, a processor each",
                                           .waits = true,
                                           .contenders = {
                                               {"memory:", call<by::memory, place::each>},
                                               {"ours", call<by::tcp, place::each>}}});

}  // namespace
