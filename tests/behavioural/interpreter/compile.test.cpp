// SPDX-License-Identifier: BSL-1.0
#include <gof/interpreter/compile.hpp>
// The header under test comes first, so that it has to stand alone.
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <variant>
#include <vector>

#include "support/allocations.hpp"

namespace {

namespace in = gof::interpreter;
using in::op, in::type;

struct record {
  std::int64_t x = 0, y = 0;
  std::string s{}, t{};
  mutable int reads = 0;
};
const std::vector<in::word<record>> integers{
    in::variable<record>("x", [](const record& r) { return ++r.reads, r.x; }),
    in::variable<record>("y", [](const record& r) { return ++r.reads, r.y; }),
    in::constant<record>("most", std::numeric_limits<std::int64_t>::max())};
const std::vector<in::word<record>> texts{
    in::variable<record>("s", [](const record& r) -> const std::string& { return r.s; }),
    in::variable<record>("t", [](const record& r) { return r.t + '!'; })};
const std::vector<in::word<record>> booleans{
    in::variable<record>("odd", [](const record& r) { return r.x % 2 != 0; })};
const auto size = in::function<record>(
    "size", [](std::string_view s) { return static_cast<std::int64_t>(s.size()); });
const auto choose = in::function<record>(
    "choose", [](bool c, std::int64_t a, std::int64_t b) { return c ? a : b; });
const auto join = in::function<record>(
    "join", [](std::string_view a, std::string_view b) { return std::string(a).append(b); });

static_assert(std::is_copy_constructible_v<in::program<record, bool>>);
static_assert(std::is_copy_assignable_v<in::program<record, bool>>);
static_assert(std::is_nothrow_move_constructible_v<in::program<record, bool>>);
static_assert(
    std::is_same_v<bool, std::invoke_result_t<in::program<record, bool>&, const record&>>);

// What a random expression is: interpreted here by recursion, and made by a builder.
struct tree {
  op what = op::literal;
  in::value literal{};
  const in::word<record>* word = nullptr;
  std::vector<tree> below{};
};
struct failure {};

std::int64_t calculate(op what, std::int64_t a, std::int64_t b) {
  std::int64_t n = 0;
  bool over = false;
  if (what == op::add) over = __builtin_add_overflow(a, b, &n);
  if (what == op::subtract) over = __builtin_sub_overflow(a, b, &n);
  if (what == op::multiply) over = __builtin_mul_overflow(a, b, &n);
  if (what == op::divide || what == op::remainder) {
    over =
        b == 0 || (what == op::divide && b == -1 && a == std::numeric_limits<std::int64_t>::min());
    if (!over && b == -1) n = what == op::divide ? -a : 0;
    if (!over && b != -1) n = what == op::divide ? a / b : a % b;
  }
  if (over) throw failure();
  return n;
}
template <class T>
bool compare(op what, const T& a, const T& b) {
  switch (what) {
    case op::equal:
      return a == b;
    case op::not_equal:
      return !(a == b);
    case op::less:
      return a < b;
    case op::less_equal:
      return !(b < a);
    case op::greater:
      return b < a;
    default:
      return !(a < b);
  }
}
in::value naive(const tree& t, const record& r);
template <class T>
T naive_as(const tree& t, const record& r) {
  return std::get<T>(naive(t, r));
}
in::value naive(const tree& t, const record& r) {
  if (t.what == op::literal) return t.word != nullptr ? t.word->constant : t.literal;
  if (t.what == op::variable) {
    if (t.word->name == "odd") return r.x % 2 != 0;
    if (t.word->name == "s") return r.s;
    if (t.word->name == "t") return r.t + '!';
    return t.word->name == "x" ? r.x : r.y;
  }
  if (t.what == op::not_) return !naive_as<bool>(t.below[0], r);
  if (t.what == op::negate)
    return calculate(op::subtract, 0, naive_as<std::int64_t>(t.below[0], r));
  if (t.what == op::and_ || t.what == op::or_) {
    const bool left = naive_as<bool>(t.below[0], r);
    return left == (t.what == op::or_) ? left : naive_as<bool>(t.below[1], r);
  }
  std::vector<in::value> of;
  for (const tree& b : t.below) of.push_back(naive(b, r));
  if (t.what == op::call) {
    if (t.word->name == "size")
      return static_cast<std::int64_t>(std::get<std::string>(of[0]).size());
    if (t.word->name == "join") return std::get<std::string>(of[0]) + std::get<std::string>(of[1]);
    return std::get<bool>(of[0]) ? of[1] : of[2];
  }
  if (t.what < op::add) {
    return std::visit(
        [&]<class T>(const T& a) { return in::value(compare(t.what, a, std::get<T>(of[1]))); },
        of[0]);
  }
  if (const auto* text = std::get_if<std::string>(&of[0]))
    return *text + std::get<std::string>(of[1]);
  return calculate(t.what, std::get<std::int64_t>(of[0]), std::get<std::int64_t>(of[1]));
}
void build(const tree& t, in::builder<record>& b) {
  for (const tree& below : t.below) build(below, b);
  if (t.word != nullptr) {
    b.add(*t.word);
  } else if (t.what == op::literal) {
    b.literal(t.literal);
  } else {
    b.apply(t.what);
  }
}
in::expression<record> expression_of(const tree& t) {
  in::builder<record> b;
  build(t, b);
  return b.finish();
}

class Seeded : public testing::TestWithParam<unsigned> {
 protected:
  std::mt19937 random{GetParam()};
  std::size_t below(std::size_t n) { return random() % n; }

  tree word(const std::vector<in::word<record>>& of) {
    const in::word<record>& w = of[below(of.size())];
    return {w.what, {}, &w, {}};
  }
  tree make(type t, std::size_t nodes) {
    if (nodes <= 1) return leaf(t);
    const auto two = [&](op what, type of) {
      const std::size_t left = below(nodes);
      return tree{what, {}, nullptr, {make(of, left), make(of, nodes - 1 - left)}};
    };
    const auto any = [&](op first, std::size_t n) {
      return static_cast<op>(static_cast<std::size_t>(first) + below(n));
    };
    if (t == type::text) {
      if (below(3) != 0) return two(op::add, t);
      return {op::call, {}, &join, {make(t, nodes / 2), make(t, nodes / 2)}};
    }
    if (t == type::integer) {
      switch (below(8)) {
        case 0:
          return {op::negate, {}, nullptr, {make(t, nodes - 1)}};
        case 1:
          return {op::call, {}, &size, {make(type::text, nodes - 1)}};
        case 2: {
          const std::size_t third = nodes / 3;
          return {
              op::call, {}, &choose, {make(type::boolean, third), make(t, third), make(t, third)}};
        }
        default:
          return two(any(op::add, 5), t);
      }
    }
    switch (below(6)) {
      case 0:
        return {op::not_, {}, nullptr, {make(t, nodes - 1)}};
      case 1:
        return two(any(op::equal, 2), t);
      case 2:
        return two(any(op::equal, 6), type::integer);
      case 3:
        return two(any(op::equal, 6), type::text);
      default:
        return two(any(op::or_, 2), t);
    }
  }
  tree leaf(type t) {
    if (t == type::boolean)
      return below(2) == 0 ? word(booleans) : tree{op::literal, below(2) == 0};
    if (t == type::text)
      return below(2) == 0 ? word(texts) : tree{op::literal, std::string(below(3), 'a')};
    if (below(3) != 0) return word(integers);
    return {op::literal, static_cast<std::int64_t>(below(7)) - 3};
  }
};
INSTANTIATE_TEST_SUITE_P(InterpreterProgram, Seeded, testing::Range(0U, 50U));

// The value by f(), or nothing where it fails.
template <class F>
std::optional<in::value> value_by(F f) {
  try {
    return f();
  } catch (const in::evaluation_error&) {
  } catch (const failure&) {
  }
  return {};
}

// Against a naive interpreter, and each other; small expressions and large ones.
TEST_P(Seeded, CompiledIsInterpreted) {
  std::size_t values = 0;
  for (int i = 0; i != 20; ++i) {
    const tree t = make(static_cast<type>(below(3)), below(i < 18 ? 30 : 400));
    const auto e = expression_of(t);
    auto p = in::compile(e);
    auto copy = p;
    for (int c = 0; c != 4; ++c) {
      const record r{static_cast<std::int64_t>(below(6)) - 2, static_cast<std::int64_t>(below(3)),
                     std::string(below(3), 'a'), std::string(below(2), 'b')};
      const auto wanted = value_by([&] { return naive(t, r); });
      EXPECT_EQ(value_by([&] { return e.interpret(r); }), wanted);
      r.reads = 0;
      EXPECT_EQ(value_by([&] { return p(r); }), wanted);
      EXPECT_LE(r.reads, 20)
          << "where it is read in a right operand, it may be read again after it";
      EXPECT_EQ(value_by([&] { return copy(r); }), wanted);
      values += wanted ? 1 : 0;
    }
  }
  EXPECT_GT(values, 10U);
}

// With one step less, and one byte less, it is refused; with enough it is not.
TEST_P(Seeded, NeverOverBudget) {
  for (int i = 0; i != 10; ++i) {
    const tree t = make(type::text, below(20));
    const auto e = expression_of(t);
    const record r{1, 2, "aa", "b"};
    const auto wanted = value_by([&] { return naive(t, r); });
    if (!wanted) continue;
    const auto enough = [&](const in::budget& b) {
      try {
        EXPECT_EQ(e.interpret(r, b), wanted);
        return true;
      } catch (const in::budget_exceeded&) {
        return false;
      }
    };
    const auto least = [&](std::size_t in::budget::*member) {
      in::budget b;
      b.*member = 0;
      while (!enough(b)) ++(b.*member);
      return b.*member;
    };
    EXPECT_LE(least(&in::budget::steps), e.nodes().size());
    EXPECT_EQ(least(&in::budget::depth), e.depth());
    const std::size_t bytes = least(&in::budget::bytes);
    EXPECT_EQ(in::compile(e, {.steps = e.nodes().size(), .depth = e.depth(), .bytes = bytes})(r),
              *wanted);
  }
}

in::expression<record, bool> both(const in::word<record>& a, const in::word<record>& b, op what) {
  in::builder<record> builder;  // a = 1 what b = 1
  for (const auto* w : {&a, &b}) {
    builder.add(*w);
    builder.literal(std::int64_t{1});
    builder.apply(op::equal);
  }
  builder.apply(what);
  return builder.finish<bool>();
}

TEST(InterpreterProgram, ReadsAVariableOnceAndOnlyWhereItIsNeeded) {
  const auto reads = [](const in::expression<record, bool>& e, const record& r) {
    r.reads = 0;
    static_cast<void>(in::compile(e)(r));
    return r.reads;
  };
  const auto &x = integers[0], &y = integers[1];
  EXPECT_EQ(reads(both(x, x, op::and_), {1}), 1);
  EXPECT_EQ(reads(both(x, y, op::and_), {1}), 2);
  EXPECT_EQ(reads(both(x, y, op::and_), {0}), 1);
  EXPECT_EQ(reads(both(x, y, op::or_), {0}), 2);
  EXPECT_EQ(reads(both(x, y, op::or_), {1}), 1);
}

// What the right operand has read is not taken for read where the right operand was left out.
TEST(InterpreterProgram, ReadsAgainWhatMayNotHaveBeenRead) {
  in::builder<record> b;  // (x = 1 and y = 1) = (y = 1)
  for (const auto* w : {&integers[0], &integers[1]}) {
    b.add(*w);
    b.literal(std::int64_t{1});
    b.apply(op::equal);
  }
  b.apply(op::and_);
  b.add(integers[1]);
  b.literal(std::int64_t{1});
  b.apply(op::equal);
  b.apply(op::equal);
  auto p = in::compile(b.finish<bool>());
  EXPECT_TRUE(p({1, 1}));
  EXPECT_FALSE(p({0, 1}));
  EXPECT_TRUE(p({0, 0}));
}

TEST(InterpreterProgram, IsRefusedWhereABudgetMightNotBeEnough) {
  const auto e = both(integers[0], integers[1], op::and_);
  const auto lacks = [&](const in::budget& within) {
    try {
      static_cast<void>(in::compile(e, within));
      return std::string();
    } catch (const in::budget_exceeded& refused) {
      return std::string(refused.which());
    }
  };
  EXPECT_EQ(lacks({.steps = 7}), "");
  EXPECT_EQ(lacks({.steps = 6}), "steps");
  EXPECT_EQ(lacks({.depth = e.depth()}), "");
  EXPECT_EQ(lacks({.depth = e.depth() - 1}), "depth");
}

TEST(InterpreterProgram, CountsTheTextsOfEachCallApart) {
  in::builder<record> b;
  b.add(texts[0]);
  b.literal("12345");
  b.apply(op::add);
  auto p = in::compile(b.finish<std::string>(), {.bytes = 8});
  for (int i = 0; i != 3; ++i) {
    EXPECT_EQ(p({0, 0, "abc"}), "abc12345");
    EXPECT_THROW(static_cast<void>(p({0, 0, "abcd"})), in::budget_exceeded);
  }
}

TEST(InterpreterProgram, SaysWhereItFailed) {
  in::builder<record> b;
  b.literal(std::int64_t{1}, 0);
  b.literal(std::int64_t{0}, 4);
  b.apply(op::divide, 2);
  auto p = in::compile(b.finish<std::int64_t>());
  for (int i = 0; i != 2; ++i) {
    try {
      static_cast<void>(p({}));
      ADD_FAILURE();
    } catch (const in::evaluation_error& e) {
      EXPECT_EQ(e.position(), 2U);
    }
  }
  b.add(in::variable<record>("huge", [](const record&) { return ~0ULL; }), 5);
  auto q = in::compile(b.finish<std::int64_t>());
  try {
    static_cast<void>(q({}));
    ADD_FAILURE();
  } catch (const in::evaluation_error& e) {
    EXPECT_EQ(e.position(), 5U);
  }
}

TEST(InterpreterProgram, OutlivesWhatItWasMadeOf) {
  auto p = [] {
    in::builder<record> b;
    b.add(texts[0]);
    b.literal("a text that is too long to be kept in place");
    b.apply(op::equal);
    const auto e = b.finish<bool>();
    auto first = in::compile(e);
    auto second = first;
    return second;
  }();
  EXPECT_TRUE(p({0, 0, "a text that is too long to be kept in place"}));
  EXPECT_FALSE(p({0, 0, "another"}));
}

TEST(InterpreterProgram, AllocatesNothingButTexts) {
  auto p = in::compile(both(integers[0], integers[1], op::or_));
  const record r;
  const std::size_t before = gof::testing::allocations();
  for (int i = 0; i != 10; ++i) EXPECT_FALSE(p(r));
  EXPECT_EQ(gof::testing::allocations(), before);
}

TEST(InterpreterProgram, KeepsTheTextsOfItsLastCallOnly) {
  in::builder<record> b;
  b.add(texts[0]);
  b.literal(" and more");
  b.apply(op::add);
  auto p = in::compile(b.finish<std::string>());
  const record r{0, 0, "a text that is too long to be kept in place"};
  static_cast<void>(p(r));
  const std::ptrdiff_t after_one = gof::testing::live_allocations();
  for (int i = 0; i != 10; ++i) static_cast<void>(p(r));
  EXPECT_EQ(gof::testing::live_allocations(), after_one);
}

TEST(InterpreterProgram, IsAsItWasWhereMemoryRunsOut) {
  in::builder<record> b;
  b.add(texts[0]);
  b.add(texts[0]);
  b.apply(op::add);
  const auto e = b.finish<std::string>();
  const record r{0, 0, "a text that is too long to be kept in place"};
  std::string all;
  EXPECT_GT(gof::testing::fail_each_allocation([&] { all = in::compile(e)(r); }, [] {}), 4U);
  auto p = in::compile(e);
  EXPECT_GT(gof::testing::fail_each_allocation([&] { all = p(r); }, [] {}), 1U);
  EXPECT_EQ(all, r.s + r.s);
}

// Long code, with and without jumps over much of it, also where no optimiser makes jumps of calls.
TEST(InterpreterProgram, TakesManyLevels) {
  constexpr std::size_t levels = 200'000;
  const in::budget much{.steps = 8 * levels, .depth = 2 * levels};
  in::builder<record> b;
  b.add(booleans[0]);
  for (std::size_t i = 0; i != levels; ++i) b.apply(op::not_);
  EXPECT_TRUE(in::compile(b.finish<bool>(), much)({1}));

  for (std::size_t i = 0; i != levels; ++i) b.add(integers[0]);
  for (std::size_t i = 1; i != levels; ++i) b.apply(op::add);
  EXPECT_EQ(in::compile(b.finish<std::int64_t>(), much)({3}), std::int64_t{3 * levels});

  for (std::size_t i = 0; i != levels; ++i) b.add(booleans[0]);
  for (std::size_t i = 1; i != levels; ++i) b.apply(op::or_);
  auto right = in::compile(b.finish<bool>(), much);
  EXPECT_TRUE(right({1}));
  EXPECT_FALSE(right({2}));

  b.add(booleans[0]);
  for (std::size_t i = 1; i != levels; ++i) {
    b.add(booleans[0]);
    b.apply(i % 2 == 0 ? op::or_ : op::and_);
  }
  auto left = in::compile(b.finish<bool>(), much);
  EXPECT_TRUE(left({1}));
  EXPECT_FALSE(left({2}));
}

}  // namespace
