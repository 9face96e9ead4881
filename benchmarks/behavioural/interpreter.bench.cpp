// SPDX-License-Identifier: BSL-1.0
// An arithmetic expression and a query over a record, node by node.
#include <cstdint>
#include <functional>
#include <gof/interpreter/compile.hpp>
#include <gof/interpreter/language.hpp>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "support/bench.hpp"

#ifdef GOF_HAS_MUPARSER
#include <muParser.h>
#endif

namespace {

namespace in = gof::interpreter;

// What variables read.
struct numbers {
  std::int64_t x = 3, y = 5, z = 7;
};

/// [problem]
// The book's way: an object a node, with a virtual function.
struct expression {
  virtual ~expression() = default;
  virtual std::int64_t interpret(const numbers&) const = 0;
};
using pointer = std::unique_ptr<expression>;

struct literal final : expression {
  explicit literal(std::int64_t n) : value(n) {}
  std::int64_t interpret(const numbers&) const override { return value; }
  std::int64_t value;
};
template <auto Member>
struct variable final : expression {
  std::int64_t interpret(const numbers& context) const override { return context.*Member; }
};
template <class Operator>
struct binary final : expression {
  binary(pointer l, pointer r) : left(std::move(l)), right(std::move(r)) {}
  std::int64_t interpret(const numbers& context) const override {
    return Operator()(left->interpret(context), right->interpret(context));
  }
  pointer left, right;
};
/// [problem]

struct by_hand {
  using node = pointer;
  static node number(std::int64_t n) { return std::make_unique<literal>(n); }
  static node name(char c) {
    if (c == 'x') return std::make_unique<variable<&numbers::x>>();
    if (c == 'y') return std::make_unique<variable<&numbers::y>>();
    return std::make_unique<variable<&numbers::z>>();
  }
  static node apply(char c, node l, node r) {
    if (c == '+') return std::make_unique<binary<std::plus<>>>(std::move(l), std::move(r));
    if (c == '-') return std::make_unique<binary<std::minus<>>>(std::move(l), std::move(r));
    return std::make_unique<binary<std::multiplies<>>>(std::move(l), std::move(r));
  }
};
// A function object a node.
struct closures {
  using node = std::function<std::int64_t(const numbers&)>;
  static node number(std::int64_t n) {
    return [n](const numbers&) { return n; };
  }
  static node name(char c) {
    if (c == 'x') return [](const numbers& context) { return context.x; };
    if (c == 'y') return [](const numbers& context) { return context.y; };
    return [](const numbers& context) { return context.z; };
  }
  static node apply(char c, node l, node r) {
    if (c == '+') {
      return [l, r](const numbers& context) { return l(context) + r(context); };
    }
    if (c == '-') {
      return [l, r](const numbers& context) { return l(context) - r(context); };
    }
    return [l, r](const numbers& context) { return l(context) * r(context); };
  }
};
// Its text, with a bracket around each operator.
struct texts {
  using node = std::string;
  static node number(std::int64_t n) { return std::to_string(n); }
  static node name(char c) { return std::string(1, c); }
  static node apply(char c, const node& l, const node& r) { return '(' + l + c + r + ')'; }
};

// A random tree of so many nodes, an odd number; the same for every maker.
template <class Make>
typename Make::node tree(std::int64_t nodes, std::mt19937& random) {
  if (nodes == 1) {
    const auto n = random();
    return n % 2 == 0 ? Make::number(1 + static_cast<std::int64_t>(n / 2 % 9))
                      : Make::name("xyz"[n / 2 % 3]);
  }
  const std::int64_t left = 1 + 2 * (static_cast<std::int64_t>(random()) % ((nodes - 1) / 2));
  const char c = "+-"[random() % 2];
  auto l = tree<Make>(left, random);
  auto r = tree<Make>(nodes - 1 - left, random);
  return Make::apply(nodes == 3 ? '*' : c, std::move(l), std::move(r));  // small enough for all
}
template <class Make>
[[gnu::noinline]] typename Make::node make(const benchmark::State& state) {
  std::mt19937 random(1);
  return tree<Make>(state.range(0), random);
}
in::expression<numbers, std::int64_t> parsed(const benchmark::State& state) {
  in::language<numbers> l;
  l.variable<&numbers::x>("x").variable<&numbers::y>("y").variable<&numbers::z>("z");
  return l.parse<std::int64_t>(make<texts>(state));
}

template <class F>
void evaluate(benchmark::State& state, F f) {
  numbers context;
  for (auto _ : state) {
    benchmark::DoNotOptimize(&context);
    benchmark::DoNotOptimize(f(context));
  }
}
void hand(benchmark::State& state) {
  const pointer e = make<by_hand>(state);
  evaluate(state, [&](const numbers& context) { return e->interpret(context); });
}
void functions(benchmark::State& state) { evaluate(state, make<closures>(state)); }
#ifdef GOF_HAS_MUPARSER
void muparser(benchmark::State& state) {
  double x = 3, y = 5, z = 7;
  mu::Parser p;
  p.DefineVar("x", &x);
  p.DefineVar("y", &y);
  p.DefineVar("z", &z);
  p.SetExpr(make<texts>(state));
  evaluate(state, [&](const numbers& context) {
    x = static_cast<double>(context.x);
    y = static_cast<double>(context.y);
    z = static_cast<double>(context.z);
    return p.Eval();
  });
}
#endif
void interpreted(benchmark::State& state) {
  const auto e = parsed(state);
  evaluate(state, [&](const numbers& context) { return e.interpret(context); });
}
void compiled(benchmark::State& state) { evaluate(state, in::compile(parsed(state))); }

// What a query is asked of.
struct record {
  std::int64_t level;
  std::string service, text;
};
std::vector<record> records() {
  std::mt19937 random(1);
  std::vector<record> all;
  for (int i = 0; i != 1000; ++i) {
    all.push_back({static_cast<std::int64_t>(random() % 4),
                   random() % 3 == 0   ? "mail"
                   : random() % 2 == 0 ? "shop"
                                       : "files",
                   random() % 4 == 0 ? "queue is full" : "done"});
  }
  return all;
}
constexpr std::string_view query =
    R"((level >= 2 or level = 0) and (service = "mail" or service = "shop") and text != "done")";

// By hand, with values of any type, since the user's text decides.
namespace by_hand_query {
using value = std::variant<bool, std::int64_t, std::string_view>;
struct expression {
  virtual ~expression() = default;
  virtual value interpret(const record&) const = 0;
};
using pointer = std::unique_ptr<expression>;
struct literal final : expression {
  explicit literal(value v) : it(v) {}
  value interpret(const record&) const override { return it; }
  value it;
};
template <auto Member>
struct variable final : expression {
  value interpret(const record& r) const override { return r.*Member; }
};
template <class Operator>
struct comparison final : expression {
  comparison(pointer l, pointer r) : left(std::move(l)), right(std::move(r)) {}
  value interpret(const record& r) const override {
    return Operator()(left->interpret(r), right->interpret(r));
  }
  pointer left, right;
};
template <bool Decides>
struct logical final : expression {
  logical(pointer l, pointer r) : left(std::move(l)), right(std::move(r)) {}
  value interpret(const record& r) const override {
    return std::get<bool>(left->interpret(r)) == Decides ? Decides
                                                         : std::get<bool>(right->interpret(r));
  }
  pointer left, right;
};
template <class T, class... From>
pointer node(From&&... from) {
  return std::make_unique<T>(std::forward<From>(from)...);
}
[[gnu::noinline]] pointer make() {
  const auto is = [](auto member, value v) {
    return node<comparison<std::equal_to<>>>(std::move(member), node<literal>(v));
  };
  auto level = [] { return node<variable<&record::level>>(); };
  auto service = [] { return node<variable<&record::service>>(); };
  auto levels = node<logical<true>>(
      node<comparison<std::greater_equal<>>>(level(), node<literal>(std::int64_t{2})),
      is(level(), std::int64_t{0}));
  auto services = node<logical<true>>(is(service(), "mail"), is(service(), "shop"));
  return node<logical<false>>(
      node<logical<false>>(std::move(levels), std::move(services)),
      node<comparison<std::not_equal_to<>>>(node<variable<&record::text>>(),
                                            node<literal>(std::string_view("done"))));
}
}  // namespace by_hand_query

in::expression<record, bool> parsed_query() {
  in::language<record> l;
  l.variable<&record::level>("level").variable<&record::service>("service").variable<&record::text>(
      "text");
  return l.parse<bool>(query);
}
template <class F>
void ask(benchmark::State& state, F f) {
  const std::vector<record> all = records();
  for (auto _ : state) {
    std::size_t found = 0;
    for (const record& r : all) {
      benchmark::DoNotOptimize(&r);
      found += f(r) ? 1 : 0;
    }
    benchmark::DoNotOptimize(found);
  }
}
void hand_query(benchmark::State& state) {
  const auto e = by_hand_query::make();
  ask(state, [&](const record& r) { return std::get<bool>(e->interpret(r)); });
}
/// [language]
// The same query, known when compiling.
constexpr auto known = [](const record& r) {
  return (r.level >= 2 || r.level == 0) && (r.service == "mail" || r.service == "shop") &&
         r.text != "done";
};
/// [language]
void known_query(benchmark::State& state) { ask(state, known); }
void interpreted_query(benchmark::State& state) {
  const auto e = parsed_query();
  ask(state, [&](const record& r) { return e.interpret(r); });
}
void compiled_query(benchmark::State& state) { ask(state, in::compile(parsed_query())); }

const gof::bench::comparison arithmetic({.operation = "a node of arithmetic",
                                         .sizes = {15, 1'001},
                                         .per_item = true,
                                         .contenders = {{"hand", hand},
                                                        {"closures", functions},
#ifdef GOF_HAS_MUPARSER
                                                        {"muParser", muparser},
#endif
                                                        {"ours, interpreted", interpreted},
                                                        {"ours, compiled", compiled}}});
const gof::bench::comparison of_a_record({.operation = "a query of a record",
                                          .sizes = {1'000},
                                          .per_item = true,
                                          .contenders = {{"hand", hand_query},
                                                         {"in C++", known_query},
                                                         {"ours, interpreted", interpreted_query},
                                                         {"ours, compiled", compiled_query}}});

}  // namespace
