// SPDX-License-Identifier: BSL-1.0
// A kit of three products beside a plain get and beside three plain calls at once; a product that
// is made beside a plain call; a family that is published beside a plain put.
#include <gof/distributed/abstract_factory.hpp>

#include <gof/join.hpp>
#include <gof/wait.hpp>
#include <memory>
#include <string>

#include "support/bench.hpp"

namespace {

namespace af = gof::abstract_factory::distributed;
constexpr gof::duration patient = std::chrono::minutes(1);

struct edition {
  af::product board{}, pieces{}, rules{};
};
BOOST_DESCRIBE_STRUCT(edition, (), (board, pieces, rules))
const edition products{{"chess.board"}, {"chess.pieces"}, {"chess.rules"}};
constexpr af::terms many{std::chrono::hours(1), std::chrono::hours(1), 1 << 20, 1 << 30};

struct maker : af::maker<int> {
  maker(gof::node& on, const std::string& product)
      : af::maker<int>(
            on, "chess", product, "chess." + product, [](const std::string&) { return 1; },
            [](int&, const gof::message&, gof::responder to) { to.reply({}); }, many) {}
};
struct world {
  std::unique_ptr<gof::node> node = gof::join("memory:bench");
  maker board{*node, "board"}, pieces{*node, "pieces"}, rules{*node, "rules"};
  af::publisher<edition> publisher{*node, "chess"};
  af::factory<edition> factory{*node, "chess"};
  std::unique_ptr<af::kit<edition>> kit;
  std::uint64_t published = 0;
  world() {
    publish();
    node->run_until([&] { return factory.knows().newest() != nullptr; }, patient);
  }
  void publish() {
    bool done = false;
    publisher.publish(products, {7, ++published}, [&](const auto& is) { done = bool(is); });
    node->run_until([&] { return done; }, patient);
  }
  void obtain() {
    kit.reset();
    factory.obtain([&](auto what) { kit = std::move(what).value(); });
    node->run_until([&] { return kit != nullptr; }, patient);
  }
};

void plain_get(benchmark::State& state) {
  world of;
  gof::blocking wait(*of.node);
  for (auto _ : state) benchmark::DoNotOptimize(wait.get("gof.families", "chess").version);
}
void plain_calls(benchmark::State& state) {
  const auto node = gof::join("memory:bench");
  const auto serves =
      node->serve("chess", [](const gof::message&, gof::responder to) { to.reply({}); });
  for (auto _ : state) {
    int done = 0;
    for (int i = 0; i < 6; ++i)  // three are asked, and three are told that nobody needs them
      node->call({"chess", "hold"}, [&](const auto& it) { done += bool(it); }).detach();
    node->run_until([&] { return done == 6; }, patient);
  }
}
void obtain(benchmark::State& state) {
  world of;
  for (auto _ : state) of.obtain();
}
const gof::bench::comparison kits({.operation = "a family of three is obtained and let go",
                                   .contenders = {{"plain get", plain_get},
                                                  {"six plain calls at once", plain_calls},
                                                  {"ours", obtain}}});

void plain_call(benchmark::State& state) {
  const auto node = gof::join("memory:bench");
  const auto serves =
      node->serve("chess", [](const gof::message&, gof::responder to) { to.reply({}); });
  for (auto _ : state) {
    bool done = false;
    node->call({"chess", "8x8"}, [&](const auto& it) { done = bool(it); }).detach();
    node->run_until([&] { return done; }, patient);
  }
}
void create(benchmark::State& state) {
  world of;
  of.obtain();
  for (auto _ : state) {
    bool done = false;
    of.kit->create(&edition::board, "8x8", [&](const auto& it) { done = bool(it); });
    of.node->run_until([&] { return done; }, patient);
  }
}
void use(benchmark::State& state) {
  world of;
  of.obtain();
  std::optional<af::made> it;
  of.kit->create(&edition::board, "8x8", [&](const auto& made) { it = made.value(); });
  of.node->run_until([&] { return it.has_value(); }, patient);
  for (auto _ : state) {
    bool done = false;
    of.kit->call(*it, "e4", [&](const auto& said) { done = bool(said); });
    of.node->run_until([&] { return done; }, patient);
  }
}
const gof::bench::comparison calls({.operation = "a product",
                                    .contenders = {{"plain call", plain_call},
                                                   {"ours, it is made", create},
                                                   {"ours, it is used", use}}});

void plain_put(benchmark::State& state) {
  const auto node = gof::join("memory:bench");
  gof::blocking wait(*node);
  std::uint64_t version = gof::absent;
  for (auto _ : state) version = wait.put("bench", "chess", std::string(200, 'x'), version);
}
void publish(benchmark::State& state) {
  world of;
  for (auto _ : state) of.publish();
}
const gof::bench::comparison puts({.operation = "a family of three is published",
                                   .contenders = {{"plain put", plain_put}, {"ours", publish}}});

}  // namespace
