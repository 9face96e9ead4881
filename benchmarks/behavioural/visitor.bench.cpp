// SPDX-License-Identifier: BSL-1.0
// Adding up over elements of three types: a closed set, and one that is open.
#include <cstdint>
#include <gof/visitor/open_visitor.hpp>
#include <gof/visitor/traverse.hpp>
#include <memory>
#include <random>
#include <utility>
#include <variant>
#include <vector>

#include "support/bench.hpp"

#ifdef GOF_HAS_LOKI
#include <loki/Visitor.h>
#endif
#ifdef GOF_HAS_SIGNALS2  // Boost is there
#include <boost/variant2/variant.hpp>
#endif

namespace {

namespace vs = gof::visitor;

// The double dispatch of the book.
/// [problem]
struct file;
struct folder;
struct shortcut;
struct hand_visitor {
  virtual ~hand_visitor() = default;
  virtual void visit(const file&) = 0;
  virtual void visit(const folder&) = 0;
  virtual void visit(const shortcut&) = 0;
};
struct hand_element {
  virtual ~hand_element() = default;
  virtual void accept(hand_visitor&) const = 0;
};
struct file final : hand_element {
  explicit file(std::uint64_t n) : size(n) {}
  void accept(hand_visitor& v) const override { v.visit(*this); }
  std::uint64_t size;
};
/// [problem]
struct folder final : hand_element {
  explicit folder(std::uint64_t n) : entries(n) {}
  void accept(hand_visitor& v) const override { v.visit(*this); }
  std::uint64_t entries;
};
struct shortcut final : hand_element {
  explicit shortcut(std::uint64_t n) : target(n) {}
  void accept(hand_visitor& v) const override { v.visit(*this); }
  std::uint64_t target;
};
struct hand_sum final : hand_visitor {
  std::uint64_t sum = 0;
  void visit(const file& f) override { sum += f.size; }
  void visit(const folder& f) override { sum ^= f.entries; }
  void visit(const shortcut& s) override { sum -= s.target; }
};
struct hand_count final : hand_visitor {
  std::uint64_t sum = 0;
  void visit(const file&) override { ++sum; }
  void visit(const folder&) override {}
  void visit(const shortcut&) override {}
};

// The same for a closed set: no base class.
struct a_file {
  std::uint64_t size;
};
struct a_folder {
  std::uint64_t entries;
};
struct a_shortcut {
  std::uint64_t target;
};
using element = std::variant<a_file, a_folder, a_shortcut>;
struct a_sum {
  std::uint64_t sum = 0;
  void operator()(const a_file& f) { sum += f.size; }
  void operator()(const a_folder& f) { sum ^= f.entries; }
  void operator()(const a_shortcut& s) { sum -= s.target; }
};

// N elements in a random order, made by `make(kind, n)`.
template <class Make>
auto elements(std::int64_t n, Make make) {
  std::mt19937 random(42);
  std::vector<decltype(make(0U, 1U))> all;
  for (std::int64_t i = 0; i != n; ++i) all.push_back(make(random() % 3, random() % 5000));
  return all;
}
auto make_hand(std::uint64_t kind, std::uint64_t n) -> std::unique_ptr<hand_element> {
  if (kind == 0) return std::make_unique<file>(n);
  if (kind == 1) return std::make_unique<folder>(n);
  return std::make_unique<shortcut>(n);
}
template <class Variant>
Variant make_variant(std::uint64_t kind, std::uint64_t n) {
  if (kind == 0) return a_file{n};
  if (kind == 1) return a_folder{n};
  return a_shortcut{n};
}

// Visits all, by `visit(elements)`.
template <class Make, class Visit>
void all(benchmark::State& state, Make make, Visit visit) {
  const auto es = elements(state.range(0), make);
  for (auto _ : state) {
    benchmark::DoNotOptimize(es.data());
    benchmark::ClobberMemory();
    benchmark::DoNotOptimize(visit(es));
  }
}

// Two visitors, so that the compiler does not know which.
[[gnu::noinline]] void visit_hand(const std::vector<std::unique_ptr<hand_element>>& es,
                                  hand_visitor& v) {
  for (const auto& e : es) e->accept(v);
}
volatile bool adds = true;
void closed_hand(benchmark::State& state) {
  all(state, make_hand, [](const auto& es) {
    hand_sum sum;
    hand_count count;
    visit_hand(es, adds ? static_cast<hand_visitor&>(sum) : count);
    return sum.sum + count.sum;
  });
}
void closed_std(benchmark::State& state) {
  all(state, make_variant<element>, [](const auto& es) {
    a_sum v;
    for (const element& e : es) std::visit(v, e);
    return v.sum;
  });
}
#ifdef GOF_HAS_SIGNALS2
void closed_variant2(benchmark::State& state) {
  using element2 = boost::variant2::variant<a_file, a_folder, a_shortcut>;
  all(state, make_variant<element2>, [](const auto& es) {
    a_sum v;
    for (const element2& e : es) boost::variant2::visit(v, e);
    return v.sum;
  });
}
#endif
/// [ours]
void closed_ours(benchmark::State& state) {
  all(state, make_variant<element>, [](const auto& es) {
    std::uint64_t sum = 0;
    const vs::visitor v{[&](const a_file& f) { sum += f.size; },
                        [&](const a_folder& f) { sum ^= f.entries; },
                        [&](const a_shortcut& s) { sum -= s.target; }};
    for (const element& e : es) vs::visit(v, e);
    return sum;
  });
}
/// [ours]
void closed_class(benchmark::State& state) {
  all(state, make_variant<element>, [](const auto& es) {
    a_sum v;
    for (const element& e : es) vs::visit(v, e);
    return v.sum;
  });
}

// The open set. -----------------------------------------------------------------------------------

// By hand: an interface a type, found by a cast.
struct any_visitor {
  virtual ~any_visitor() = default;
};
template <class Element>
struct visits {
  virtual ~visits() = default;
  virtual void visit(const Element&) = 0;
};
struct open_element {
  virtual ~open_element() = default;
  virtual void accept(any_visitor&) const = 0;
};
template <int Kind>
struct open_kind final : open_element {
  explicit open_kind(std::uint64_t n) : number(n) {}
  void accept(any_visitor& v) const override {
    if (auto* mine = dynamic_cast<visits<open_kind>*>(&v)) mine->visit(*this);
  }
  std::uint64_t number;
};
struct open_sum final : any_visitor,
                        visits<open_kind<0>>,
                        visits<open_kind<1>>,
                        visits<open_kind<2>> {
  std::uint64_t sum = 0;
  void visit(const open_kind<0>& k) override { sum += k.number; }
  void visit(const open_kind<1>& k) override { sum ^= k.number; }
  void visit(const open_kind<2>& k) override { sum -= k.number; }
};
template <class Base, template <int> class Kind>
std::unique_ptr<Base> make_kind(std::uint64_t kind, std::uint64_t n) {
  if (kind == 0) return std::make_unique<Kind<0>>(n);
  if (kind == 1) return std::make_unique<Kind<1>>(n);
  return std::make_unique<Kind<2>>(n);
}
void open_hand(benchmark::State& state) {
  all(state, make_kind<open_element, open_kind>, [](const auto& es) {
    open_sum v;
    for (const auto& e : es) e->accept(v);
    return v.sum;
  });
}

#ifdef GOF_HAS_LOKI
struct loki_element : Loki::BaseVisitable<void, Loki::DefaultCatchAll, true> {
  LOKI_DEFINE_CONST_VISITABLE()
};
template <int Kind>
struct loki_kind final : loki_element {
  explicit loki_kind(std::uint64_t n) : number(n) {}
  LOKI_DEFINE_CONST_VISITABLE()
  std::uint64_t number;
};
struct loki_sum final : Loki::BaseVisitor,
                        Loki::Visitor<loki_kind<0>, void, true>,
                        Loki::Visitor<loki_kind<1>, void, true>,
                        Loki::Visitor<loki_kind<2>, void, true> {
  std::uint64_t sum = 0;
  void Visit(const loki_kind<0>& k) override { sum += k.number; }
  void Visit(const loki_kind<1>& k) override { sum ^= k.number; }
  void Visit(const loki_kind<2>& k) override { sum -= k.number; }
};
void open_loki(benchmark::State& state) {
  all(state, make_kind<loki_element, loki_kind>, [](const auto& es) {
    loki_sum v;
    for (const auto& e : es) e->Accept(v);
    return v.sum;
  });
}
#endif

struct our_element {
  virtual ~our_element() = default;
};
template <int Kind>
struct our_kind final : our_element {
  explicit our_kind(std::uint64_t n) : number(n) {}
  std::uint64_t number;
};
void open_ours(benchmark::State& state) {
  std::uint64_t sum = 0;
  vs::open_visitor<const our_element> v(vs::refuse{});
  v.on([&](const our_kind<0>& k) { sum += k.number; });
  v.on([&](const our_kind<1>& k) { sum ^= k.number; });
  v.on([&](const our_kind<2>& k) { sum -= k.number; });
  all(state, make_kind<our_element, our_kind>, [&](const auto& es) {
    for (const auto& e : es) v(*e);
    return sum;
  });
}

// A tree. -----------------------------------------------------------------------------------------

struct node {
  element value;
  std::vector<node> children{};
};
node tree(std::int64_t n) {
  std::mt19937 random(42);
  node top{a_folder{0}, {}};
  for (std::int64_t i = 1; i < n; ++i) {
    node* at = &top;
    while (at->children.size() > 7) at = &at->children[random() % 8];
    at->children.push_back({make_variant<element>(random() % 3, random() % 5000), {}});
  }
  return top;
}
template <class V>
void recursive(const node& n, V& v) {
  std::visit(v, n.value);
  for (const node& c : n.children) recursive(c, v);
}
void tree_hand(benchmark::State& state) {
  const node top = tree(state.range(0));
  for (auto _ : state) {
    benchmark::DoNotOptimize(&top);
    benchmark::ClobberMemory();
    a_sum v;
    recursive(top, v);
    benchmark::DoNotOptimize(v.sum);
  }
}
void tree_ours(benchmark::State& state) {
  const node top = tree(state.range(0));
  for (auto _ : state) {
    benchmark::DoNotOptimize(&top);
    benchmark::ClobberMemory();
    a_sum v;
    vs::traverse(top, v);
    benchmark::DoNotOptimize(v.sum);
  }
}

const gof::bench::comparison closed({.operation = "closed set of N, an element",
                                     .sizes = {1 << 10, 1 << 14},
                                     .per_item = true,
                                     .contenders = {{"hand, double dispatch", closed_hand},
                                                    {"std::visit", closed_std},
#ifdef GOF_HAS_SIGNALS2
                                                    {"Boost.Variant2", closed_variant2},
#endif
                                                    {"ours, a visitor of lambdas", closed_ours},
                                                    {"ours, a class", closed_class}}});
const gof::bench::comparison open({.operation = "open set of N, an element",
                                   .sizes = {1 << 10, 1 << 14},
                                   .per_item = true,
                                   .contenders = {{"hand, acyclic by dynamic_cast", open_hand},
                                                  {"hand, cyclic double dispatch", closed_hand},
#ifdef GOF_HAS_LOKI
                                                  {"Loki, acyclic", open_loki},
#endif
                                                  {"ours, open_visitor", open_ours}}});
const gof::bench::comparison trees({.operation = "tree of N, an element",
                                    .sizes = {1 << 10, 1 << 14},
                                    .per_item = true,
                                    .contenders = {{"hand, recursion", tree_hand},
                                                   {"ours, traverse", tree_ours}}});

}  // namespace
