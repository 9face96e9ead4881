// SPDX-License-Identifier: BSL-1.0
// Cloning objects whose class is not known, and graphs of them.
#include <any>
#include <cstddef>
#include <gof/prototype.hpp>
#include <gof/prototype/graph.hpp>
#include <memory>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "support/bench.hpp"

namespace {

namespace pt = gof::prototype;

/// [hand]
struct shape {
  virtual ~shape() = default;
  virtual std::unique_ptr<shape> clone() const = 0;
  virtual double area() const = 0;
};
struct circle : shape {
  double radius = 1;
  std::unique_ptr<shape> clone() const override { return std::make_unique<circle>(*this); }
  double area() const override { return 3 * radius * radius; }
};
struct box : shape {
  double width = 1, height = 2, depth = 3;
  std::unique_ptr<shape> clone() const override { return std::make_unique<box>(*this); }
  double area() const override { return width * height * depth; }
};
/// [hand]

/// [ours]
struct figure {
  virtual ~figure() = default;
  virtual double area() const = 0;

 protected:
  figure() = default;
  figure(const figure&) = default;
  figure& operator=(const figure&) = default;
};
struct disc final : figure {
  double radius = 1;
  double area() const override { return 3 * radius * radius; }
};
struct brick final : figure {
  double width = 1, height = 2, depth = 3;
  double area() const override { return width * height * depth; }
};
/// [ours]

// Clones N objects of two classes that take turns, and destroys the clones.
template <class Handle, class Clone>
void clones(benchmark::State& state, Handle (*make)(bool), Clone clone) {
  std::vector<Handle> from;
  for (int i = 0; i != state.range(0); ++i) from.push_back(make(i * i % 3 == 0));
  std::vector<Handle> to;
  to.reserve(from.size());
  for (auto _ : state) {
    benchmark::DoNotOptimize(from.data());
    for (const Handle& h : from) to.push_back(clone(h));
    benchmark::ClobberMemory();
    to.clear();
  }
}

[[gnu::noinline]] std::unique_ptr<shape> make_shape(bool round) {
  if (round) return std::make_unique<circle>();
  return std::make_unique<box>();
}
void clone_hand(benchmark::State& state) {
  clones(state, make_shape, [](const auto& h) { return h->clone(); });
}
using closed = std::variant<disc, brick>;
[[gnu::noinline]] closed make_closed(bool round) {
  if (round) return disc();
  return brick();
}
void clone_variant(benchmark::State& state) {
  clones(state, make_closed, [](const closed& h) { return closed(h); });
}
[[gnu::noinline]] std::any make_any(bool round) {
  if (round) return disc();
  return brick();
}
void clone_any(benchmark::State& state) {
  clones(state, make_any, [](const std::any& h) { return std::any(h); });
}
using open = pt::polymorphic<figure>;
[[gnu::noinline]] open make_open(bool round) {
  if (round) return disc();
  return brick();
}
void clone_ours(benchmark::State& state) {
  clones(state, make_open, [](const open& h) { return open(h); });
}

const gof::bench::comparison cloned({.operation = "clone one of N, and destroy it",
                                     .sizes = {16, 4096},
                                     .per_item = true,
                                     .contenders = {{"hand, unique_ptr and clone()", clone_hand},
                                                    {"std::variant", clone_variant},
                                                    {"std::any", clone_any},
                                                    {"ours, polymorphic", clone_ours}}});

// Copies a graph of N nodes, each of which points to two others. ----------------------------------

/// [graph]
struct hand_node {
  std::size_t value = 0;
  hand_node* next[2] = {};
};
class hand_graph {
 public:
  hand_graph() = default;
  hand_graph(const hand_graph& from) {
    std::unordered_map<const hand_node*, hand_node*> copies;
    nodes.reserve(from.nodes.size());
    copies.reserve(from.nodes.size());
    for (const auto& n : from.nodes) {
      nodes.push_back(std::make_unique<hand_node>(*n));
      copies[n.get()] = nodes.back().get();
    }
    for (const auto& n : nodes) {
      for (hand_node*& next : n->next) next = copies.at(next);
    }
  }
  std::vector<std::unique_ptr<hand_node>> nodes;
};
/// [graph]
struct our_node final {
  std::size_t value = 0;
  our_node* next[2] = {};
  void relink(const pt::identity_map<our_node>& copies) {
    for (our_node*& n : next) n = copies(n);
  }
};

template <class Graph, class Add>
void copies(benchmark::State& state, Add add) {
  Graph from;
  const auto size = static_cast<std::size_t>(state.range(0));
  add(from, size);
  for (auto _ : state) {
    benchmark::DoNotOptimize(&from);
    Graph copy(from);
    benchmark::DoNotOptimize(&copy);
    benchmark::ClobberMemory();
  }
}
void link(auto& graph, std::size_t size, auto at) {
  for (std::size_t i = 0; i != size; ++i) {
    at(graph, i).next[0] = &at(graph, (i + 1) % size);
    at(graph, i).next[1] = &at(graph, i * 7919 % size);
  }
}
void graph_hand(benchmark::State& state) {
  copies<hand_graph>(state, [](hand_graph& g, std::size_t size) {
    for (std::size_t i = 0; i != size; ++i) g.nodes.push_back(std::make_unique<hand_node>());
    link(
        g, size, [](hand_graph & h, std::size_t i) -> auto& { return *h.nodes[i]; });
  });
}
void graph_ours(benchmark::State& state) {
  using graph = pt::graph<our_node>;
  copies<graph>(state, [](graph& g, std::size_t size) {
    for (std::size_t i = 0; i != size; ++i) g.add(our_node());
    link(
        g, size, [](graph & h, std::size_t i) -> auto& { return h[i]; });
  });
}
const gof::bench::comparison graphs({.operation = "copy a graph of N, a node",
                                     .sizes = {100, 10'000},
                                     .per_item = true,
                                     .contenders = {{"hand, unordered_map", graph_hand},
                                                    {"ours, graph", graph_ours}}});

}  // namespace
