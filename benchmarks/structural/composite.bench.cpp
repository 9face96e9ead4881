// SPDX-License-Identifier: BSL-1.0
// The sizes of a tree of files, by a function that calls itself, in loops, and as an array.
#include <cstdint>
#include <gof/composite/flat.hpp>
#include <gof/composite/walk.hpp>
#include <memory>
#include <random>
#include <utility>
#include <variant>
#include <vector>

#include "support/bench.hpp"

#ifdef GOF_HAS_QT
#include <QObject>
#endif

namespace {

namespace cp = gof::composite;

/// [problem]
struct node {
  virtual ~node() = default;
  virtual std::uint64_t bytes() const = 0;
};
struct file final : node {
  explicit file(std::uint64_t n) : size(n) {}
  std::uint64_t bytes() const override { return size; }
  std::uint64_t size;
};
struct folder final : node {
  std::uint64_t bytes() const override {
    std::uint64_t sum = 0;
    for (const auto& child : children) sum += child->bytes();
    return sum;
  }
  std::vector<std::unique_ptr<node>> children;
};
/// [problem]

// The same tree for all: of N, where each goes, and whether it is a folder. They come as they are
// read from a disk: all that is in one folder, then all that is in another one.
struct plan_entry {
  std::size_t parent;
  bool is_folder;
  std::uint64_t size;
};
std::vector<plan_entry> shape(std::int64_t n) {
  std::mt19937 random(42);
  std::vector<plan_entry> all{{0, true, 0}};
  const auto enough = [&] { return all.size() == static_cast<std::size_t>(n); };
  for (std::size_t parent = 0; !enough(); ++parent) {
    if (!all[parent].is_folder) continue;
    all.push_back({parent, true, 0});
    for (std::size_t files = random() % 12; files != 0 && !enough(); --files) {
      const bool is_folder = random() % 8 == 0;
      all.push_back({parent, is_folder, is_folder ? 0 : random() % 5000});
    }
  }
  return all;
}

std::unique_ptr<node> make_hand(const std::vector<plan_entry>& plan) {
  auto root = std::make_unique<folder>();
  std::vector<folder*> folders(plan.size());
  folders[0] = root.get();
  for (std::size_t i = 1; i != plan.size(); ++i) {
    auto& children = folders[plan[i].parent]->children;
    if (plan[i].is_folder) {
      auto made = std::make_unique<folder>();
      folders[i] = made.get();
      children.push_back(std::move(made));
    } else {
      children.push_back(std::make_unique<file>(plan[i].size));
    }
  }
  return root;
}

// What the language has for a closed set.
struct variant_folder;
using variant_node = std::variant<std::uint64_t, std::unique_ptr<variant_folder>>;
struct variant_folder {
  std::vector<variant_node> children;
};
std::uint64_t bytes(const variant_node& n) {
  if (const auto* size = std::get_if<std::uint64_t>(&n)) return *size;
  std::uint64_t sum = 0;
  for (const auto& child : std::get<1>(n)->children) sum += bytes(child);
  return sum;
}
variant_node make_variant(const std::vector<plan_entry>& plan) {
  auto root = std::make_unique<variant_folder>();
  std::vector<variant_folder*> folders(plan.size());
  folders[0] = root.get();
  for (std::size_t i = 1; i != plan.size(); ++i) {
    auto& children = folders[plan[i].parent]->children;
    if (plan[i].is_folder) {
      auto made = std::make_unique<variant_folder>();
      folders[i] = made.get();
      children.emplace_back(std::move(made));
    } else {
      children.emplace_back(plan[i].size);
    }
  }
  return root;
}

struct entry {
  std::uint64_t size;
  bool is_folder;
};
cp::tree<entry> make_ours(const std::vector<plan_entry>& plan) {
  cp::tree<entry> t(entry{0, true});
  std::vector<cp::component<entry>*> all{&t.root()};
  for (std::size_t i = 1; i != plan.size(); ++i) {
    all.push_back(&all[plan[i].parent]->add({plan[i].size, plan[i].is_folder}));
  }
  return t;
}

#ifdef GOF_HAS_QT
struct qt_entry : QObject {
  std::uint64_t size = 0;
};
std::uint64_t bytes(const QObject& o) {
  std::uint64_t sum = static_cast<const qt_entry&>(o).size;
  for (const QObject* child : o.children()) sum += bytes(*child);
  return sum;
}
std::unique_ptr<qt_entry> make_qt(const std::vector<plan_entry>& plan) {
  auto root = std::make_unique<qt_entry>();
  std::vector<qt_entry*> all{root.get()};
  for (std::size_t i = 1; i != plan.size(); ++i) {
    all.push_back(new qt_entry);
    all.back()->size = plan[i].size;
    all.back()->setParent(all[plan[i].parent]);
  }
  return root;
}
#endif

// Walks through all of it. ------------------------------------------------------------------------

template <class Make, class Sum>
void walk(benchmark::State& state, Make make, Sum sum) {
  const auto tree = make(shape(state.range(0)));
  for (auto _ : state) {
    benchmark::DoNotOptimize(&tree);
    benchmark::ClobberMemory();
    benchmark::DoNotOptimize(sum(tree));
  }
}
constexpr auto add_up = [](const entry& e, std::span<const std::uint64_t> below) {
  std::uint64_t sum = e.size;
  for (const std::uint64_t n : below) sum += n;
  return sum;
};
auto make_flat(const std::vector<plan_entry>& plan) {
  const cp::tree<entry> t = make_ours(plan);
  return cp::flat<entry>(t.root());
}

void walk_hand(benchmark::State& state) {
  walk(state, make_hand, [](const auto& root) { return root->bytes(); });
}
void walk_variant(benchmark::State& state) {
  walk(state, make_variant, [](const auto& root) { return bytes(root); });
}
#ifdef GOF_HAS_QT
void walk_qt(benchmark::State& state) {
  walk(state, make_qt, [](const auto& root) { return bytes(*root); });
}
#endif
/// [walks]
void walk_flat(benchmark::State& state) {
  walk(state, make_flat, [](const cp::flat<entry>& f) {
    std::uint64_t sum = 0;
    for (const entry& e : f.values()) sum += e.size;
    return sum;
  });
}
void walk_preorder(benchmark::State& state) {
  walk(state, make_ours, [](const cp::tree<entry>& t) {
    std::uint64_t sum = 0;
    for (const auto& c : cp::preorder(t.root())) sum += c.value.size;
    return sum;
  });
}
/// [walks]
void fold_flat(benchmark::State& state) {
  walk(state, make_flat, [](const auto& f) { return f.template fold<std::uint64_t>(add_up); });
}
void fold_tree(benchmark::State& state) {
  walk(state, make_ours, [](const auto& t) { return cp::fold<std::uint64_t>(t.root(), add_up); });
}

const gof::bench::comparison walked({.operation = "sum over a tree of N, a node",
                                     .sizes = {1 << 10, 1 << 14},
                                     .per_item = true,
                                     .contenders = {{"hand, virtual recursion", walk_hand},
                                                    {"variant, recursion", walk_variant},
#ifdef GOF_HAS_QT
                                                    {"QObject, recursion", walk_qt},
#endif
                                                    {"ours, flat walk", walk_flat},
                                                    {"ours, flat fold", fold_flat},
                                                    {"ours, tree, preorder", walk_preorder},
                                                    {"ours, tree, fold", fold_tree}}});

// Makes and destroys it. --------------------------------------------------------------------------

template <class Make>
void life(benchmark::State& state, Make make) {
  const auto plan = shape(state.range(0));
  for (auto _ : state) {
    const auto tree = make(plan);
    benchmark::DoNotOptimize(&tree);
    benchmark::ClobberMemory();
  }
}
void life_hand(benchmark::State& state) {
  life(state, [](const auto& plan) { return make_hand(plan); });
}
void life_variant(benchmark::State& state) {
  life(state, [](const auto& plan) { return make_variant(plan); });
}
#ifdef GOF_HAS_QT
void life_qt(benchmark::State& state) {
  life(state, [](const auto& plan) { return make_qt(plan); });
}
#endif
void life_ours(benchmark::State& state) {
  life(state, [](const auto& plan) { return make_ours(plan); });
}

const gof::bench::comparison made({.operation = "make and destroy a tree of N, a node",
                                   .sizes = {1 << 10, 1 << 14},
                                   .per_item = true,
                                   .contenders = {{"hand, vectors of unique_ptr", life_hand},
                                                  {"variant, vectors", life_variant},
#ifdef GOF_HAS_QT
                                                  {"QObject", life_qt},
#endif
                                                  {"ours, tree", life_ours}}});

// Copies it. --------------------------------------------------------------------------------------

std::unique_ptr<node> copied(const node& n) {
  if (const auto* f = dynamic_cast<const folder*>(&n)) {
    auto copy = std::make_unique<folder>();
    for (const auto& child : f->children) copy->children.push_back(copied(*child));
    return copy;
  }
  return std::make_unique<file>(static_cast<const file&>(n));
}
void copy_hand(benchmark::State& state) {
  walk(state, make_hand, [](const auto& root) { return copied(*root); });
}
void copy_ours(benchmark::State& state) {
  walk(state, make_ours, [](const auto& t) { return cp::tree<entry>(t); });
}
void copy_flat(benchmark::State& state) {
  walk(state, make_ours, [](const auto& t) { return cp::flat<entry>(t.root()); });
}

const gof::bench::comparison copies({.operation = "copy a tree of N, a node",
                                     .sizes = {1 << 10, 1 << 14},
                                     .per_item = true,
                                     .contenders = {{"hand, recursion", copy_hand},
                                                    {"ours, tree", copy_ours},
                                                    {"ours, made flat", copy_flat}}});

}  // namespace
