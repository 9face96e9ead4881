// SPDX-License-Identifier: BSL-1.0
// Three parts of one family: made by a factory that was chosen at run time, or is known when
// compiling; and the choice itself, by name.
#include <algorithm>
#include <functional>
#include <gof/abstract_factory.hpp>
#include <gof/abstract_factory/registry.hpp>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_map>
#include <vector>

#include "support/bench.hpp"

#ifdef GOF_HAS_LOKI
#include <loki/AbstractFactory.h>
#endif

namespace {

namespace af = gof::abstract_factory;

struct board {
  virtual ~board() = default;
  virtual int value() const = 0;
};
struct pieces {
  virtual ~pieces() = default;
  virtual int value() const = 0;
};
struct rules {
  virtual ~rules() = default;
  virtual int value() const = 0;
};
template <class Part, int Value>
struct part_of final : Part {
  int value() const override { return Value + more; }
  int more = 0;
};

/// [by_hand]
// By hand: a class with a function for each part.
struct by_hand {
  virtual ~by_hand() = default;
  virtual std::unique_ptr<board> create_board() const = 0;
  virtual std::unique_ptr<pieces> create_pieces() const = 0;
  virtual std::unique_ptr<rules> create_rules() const = 0;
};
template <int Value>
struct by_hand_of final : by_hand {
  std::unique_ptr<board> create_board() const override {
    return std::make_unique<part_of<board, Value>>();
  }
  std::unique_ptr<pieces> create_pieces() const override {
    return std::make_unique<part_of<pieces, Value>>();
  }
  std::unique_ptr<rules> create_rules() const override {
    return std::make_unique<part_of<rules, Value>>();
  }
};
/// [by_hand]

// A struct of functions.
struct functions {
  std::function<std::unique_ptr<board>()> create_board;
  std::function<std::unique_ptr<pieces>()> create_pieces;
  std::function<std::unique_ptr<rules>()> create_rules;
};
template <int Value>
functions functions_of() {
  return {[] { return std::make_unique<part_of<board, Value>>(); },
          [] { return std::make_unique<part_of<pieces, Value>>(); },
          [] { return std::make_unique<part_of<rules, Value>>(); }};
}

/// [ours]
using ours = af::abstract_factory<board(), pieces(), rules()>;
const af::family one("one"), two("two");
template <const af::family& Family, int Value>
using ours_of = af::concrete_factory<ours, Family, af::binds<board, part_of<board, Value>>,
                                     af::binds<pieces, part_of<pieces, Value>>,
                                     af::binds<rules, part_of<rules, Value>>>;
/// [ours]

// One of two factories, and the optimiser does not know which.
template <class Factory, class One, class Two>
const Factory& choose() {
  static const One first{};
  static const Two second{};
  const Factory* chosen = &first;
  benchmark::DoNotOptimize(chosen);
  if (chosen == nullptr) chosen = &second;
  benchmark::DoNotOptimize(chosen);
  return *chosen;
}

void use(const auto& b, const auto& p, const auto& r) {
  benchmark::DoNotOptimize(b->value() + p->value() + r->value());
}

void chosen_by_hand(benchmark::State& state) {
  const by_hand& f = choose<by_hand, by_hand_of<1>, by_hand_of<2>>();
  for (auto _ : state) use(f.create_board(), f.create_pieces(), f.create_rules());
}
void chosen_functions(benchmark::State& state) {
  functions f = functions_of<1>();
  benchmark::DoNotOptimize(&f);
  for (auto _ : state) use(f.create_board(), f.create_pieces(), f.create_rules());
}
#ifdef GOF_HAS_LOKI
using loki = Loki::AbstractFactory<LOKI_TYPELIST_3(board, pieces, rules)>;
template <int Value>
struct loki_parts {
  using first = part_of<board, Value>;
  using second = part_of<pieces, Value>;
  using third = part_of<rules, Value>;
  using type = LOKI_TYPELIST_3(first, second, third);
};
template <int Value>
using loki_of =
    Loki::ConcreteFactory<loki, Loki::OpNewFactoryUnit, typename loki_parts<Value>::type>;
void chosen_loki(benchmark::State& state) {
  loki& f = const_cast<loki&>(choose<loki, loki_of<1>, loki_of<2>>());
  for (auto _ : state) {
    use(std::unique_ptr<board>(f.Create<board>()), std::unique_ptr<pieces>(f.Create<pieces>()),
        std::unique_ptr<rules>(f.Create<rules>()));
  }
}
#endif
void chosen_ours(benchmark::State& state) {
  const ours& f = choose<ours, ours_of<one, 1>, ours_of<two, 2>>();
  for (auto _ : state) use(f.create<board>(), f.create<pieces>(), f.create<rules>());
}
void chosen_ours_checked(benchmark::State& state) {
  const ours& f = choose<ours, ours_of<one, 1>, ours_of<two, 2>>();
  for (auto _ : state) {
    const auto b = f.create<board>();
    const auto p = f.create<pieces>();
    const auto r = f.create<rules>();
    af::require_one_family(b, p, r);
    use(b, p, r);
  }
}

const gof::bench::comparison create({.operation = "create three",
                                     .contenders = {{"hand", chosen_by_hand},
                                                    {"functions", chosen_functions},
#ifdef GOF_HAS_LOKI
                                                    {"Loki", chosen_loki},
#endif
                                                    {"ours", chosen_ours},
                                                    {"ours, checked", chosen_ours_checked}}});

void known_by_hand(benchmark::State& state) {
  for (auto _ : state) {
    use(std::unique_ptr<board>(std::make_unique<part_of<board, 1>>()),
        std::unique_ptr<pieces>(std::make_unique<part_of<pieces, 1>>()),
        std::unique_ptr<rules>(std::make_unique<part_of<rules, 1>>()));
  }
}
void known_ours(benchmark::State& state) {
  const ours_of<one, 1> f;
  for (auto _ : state) use(f.create<board>(), f.create<pieces>(), f.create<rules>());
}

const gof::bench::comparison known({.operation = "create three, family known",
                                    .contenders = {{"hand", known_by_hand}, {"ours", known_ours}}});

// A factory for any family, to fill registries.
struct any_family : ours {
  explicit any_family(const af::family& of) : ours(of) {}
  std::unique_ptr<board> do_create(std::type_identity<board>) const override { return nullptr; }
  std::unique_ptr<pieces> do_create(std::type_identity<pieces>) const override { return nullptr; }
  std::unique_ptr<rules> do_create(std::type_identity<rules>) const override { return nullptr; }
};

// Families with names as a configuration has them, and the names in the order asked for.
struct asked {
  explicit asked(benchmark::State& state) {
    const auto n = static_cast<std::size_t>(state.range(0));
    all.reserve(n);
    for (std::size_t i = 0; i != n; ++i) names.push_back("edition/" + std::to_string(i));
    for (const std::string& name : names) all.push_back(std::make_unique<af::family>(name));
    order.assign(names.begin(), names.end());
    std::shuffle(order.begin(), order.end(), std::mt19937(42));
  }
  std::vector<std::string> names;
  std::vector<std::unique_ptr<af::family>> all;
  std::vector<std::string_view> order;
};

struct hash {
  using is_transparent = void;
  std::size_t operator()(std::string_view s) const noexcept {
    return std::hash<std::string_view>()(s);
  }
};
template <class Map>
void find_in_map(benchmark::State& state) {
  const asked a(state);
  Map map;
  for (const auto& f : a.all) map.emplace(f->name(), std::make_unique<any_family>(*f));
  for (auto _ : state) {
    for (const std::string_view name : a.order)
      benchmark::DoNotOptimize(map.find(name)->second.get());
  }
}
void find_ours(benchmark::State& state) {
  const asked a(state);
  af::family_registry<ours> registry;
  std::vector<af::family_registry<ours>::registration> kept;
  for (const auto& f : a.all) kept.push_back(registry.add<any_family>(*f));
  for (auto _ : state) {
    for (const std::string_view name : a.order) benchmark::DoNotOptimize(&registry.get(name));
  }
}

using owner = std::unique_ptr<ours>;
const gof::bench::comparison find(
    {.operation = "find by name",
     .sizes = {4, 32, 256},
     .per_item = true,
     .contenders = {{"hand: std::map", find_in_map<std::map<std::string, owner, std::less<>>>},
                    {"unordered_map",
                     find_in_map<std::unordered_map<std::string, owner, hash, std::equal_to<>>>},
                    {"ours", find_ours}}});

}  // namespace
