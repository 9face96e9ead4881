// SPDX-License-Identifier: BSL-1.0
#include <gof/interpreter.hpp>
// The header under test comes first, so that it has to stand alone.
#include <gtest/gtest.h>
#include <gof/interpreter/builder.hpp>

#include <string>
#include <vector>

#include "support/allocations.hpp"

namespace {

namespace in = gof::interpreter;
using in::op;

// A context that counts how often it is read.
struct record {
  std::int64_t level = 2;
  std::string service = "mail";
  mutable int reads = 0;
};
const auto level = in::variable<record>("level", [](const record& r) { return r.level; });
const auto service = in::variable<record>(
    "service", [](const record& r) -> const std::string& { return r.service; });
const auto counted =
    in::variable<record>("counted", [](const record& r) { return ++r.reads != 0; });
const auto thrice = in::function<record>(
    "thrice", [](std::string_view s) { return std::string(s).append(s).append(s); });

static_assert(in::result<bool> && in::result<std::int64_t> && in::result<std::string>);
static_assert(in::result<in::value> && !in::result<int> && !in::result<std::string_view>);
static_assert(std::is_copy_constructible_v<in::expression<record>>);
static_assert(std::is_nothrow_move_constructible_v<in::expression<record, bool>>);
static_assert(!std::is_default_constructible_v<in::expression<record>>);
static_assert(std::is_base_of_v<std::runtime_error, in::budget_exceeded>);
static_assert(std::is_base_of_v<std::runtime_error, in::evaluation_error>);
static_assert(std::is_base_of_v<std::invalid_argument, in::type_error>);
static_assert(noexcept(std::declval<in::expression<record>&>().depth()));

// level >= 2 and service = "mail"
in::builder<record> query() {
  in::builder<record> b;
  b.add(level);
  b.literal(std::int64_t{2});
  b.apply(op::greater_equal);
  b.add(service);
  b.literal("mail");
  b.apply(op::equal);
  b.apply(op::and_);
  return b;
}
// Which budget is not enough, or nothing.
template <class E>
std::string lacks(const E& e, const in::budget& within) {
  try {
    static_cast<void>(e.interpret(record(), within));
    return {};
  } catch (const in::budget_exceeded& refused) {
    EXPECT_EQ(std::string(refused.what()),
              "gof::interpreter: over budget: " + std::string(refused.which()));
    return std::string(refused.which());
  }
}

TEST(Interpreter, InterpretsAnExpressionInAContext) {
  const auto e = query().finish<bool>();
  EXPECT_TRUE(e.interpret({2, "mail"}));
  EXPECT_FALSE(e.interpret({1, "mail"}));
  EXPECT_FALSE(e.interpret({2, "shop"}));
  EXPECT_EQ(e.result(), in::type::boolean);
}

TEST(Interpreter, GivesAValueOfItsType) {
  in::builder<record> b;
  b.add(level);
  EXPECT_EQ(b.finish<std::int64_t>().interpret({7}), 7);
  b.add(service);
  EXPECT_EQ(b.finish<std::string>().interpret({}), "mail");
  b.add(level);
  EXPECT_EQ(b.finish().interpret({7}), in::value(std::int64_t{7}));
  b.add(service);
  EXPECT_EQ(b.finish().interpret({}), in::value("mail"));
  b.literal(false);
  EXPECT_EQ(b.finish().interpret({}), in::value(false));
}

TEST(Interpreter, LeftDecidesFirst) {
  for (const op what : {op::and_, op::or_}) {
    for (const bool left : {false, true}) {
      in::builder<record> b;
      b.literal(left);
      b.add(counted);
      b.apply(what);
      const record r;
      EXPECT_EQ(b.finish<bool>().interpret(r), what == op::or_ || left);
      EXPECT_EQ(r.reads, left == (what == op::or_) ? 0 : 1);
    }
  }
}

TEST(Interpreter, DecidesAlongAChain) {
  in::builder<record> b;  // ((false and counted) or counted) and counted
  b.literal(false);
  b.add(counted);
  b.apply(op::and_);
  b.add(counted);
  b.apply(op::or_);
  b.add(counted);
  b.apply(op::and_);
  const record r;
  EXPECT_TRUE(b.finish<bool>().interpret(r));
  EXPECT_EQ(r.reads, 2);
}

TEST(Interpreter, SameContextSameValue) {
  const auto e = query().finish<bool>();
  const record r;
  for (int i = 0; i != 3; ++i) EXPECT_TRUE(e.interpret(r));
  const auto copy = e;
  EXPECT_TRUE(copy.interpret(r));
}

TEST(Interpreter, NeverOverBudget) {
  const auto e = query().finish<bool>();  // 7 nodes; 2 values wait
  EXPECT_EQ(e.depth(), 3U) << "the left value waits as long as it is not known";
  EXPECT_EQ(lacks(e, {.steps = 7}), "");
  EXPECT_EQ(lacks(e, {.steps = 6}), "steps");
  EXPECT_EQ(lacks(e, {.steps = 0}), "steps");
  EXPECT_EQ(lacks(e, {.depth = 3}), "");
  EXPECT_EQ(lacks(e, {.depth = 2}), "depth");
  EXPECT_FALSE(e.interpret({1}, {.steps = 4})) << "what is not asked takes no step";
}

TEST(Interpreter, CountsTheTextsThatAreMade) {
  in::builder<record> b;  // thrice(service) + service: 12 bytes, then 16
  b.add(service);
  b.add(thrice);
  b.add(service);
  b.apply(op::add);
  const auto e = b.finish<std::string>();
  EXPECT_EQ(e.interpret({}), "mailmailmailmail");
  EXPECT_EQ(lacks(e, {.bytes = 28}), "");
  EXPECT_EQ(lacks(e, {.bytes = 27}), "bytes");
  EXPECT_EQ(lacks(e, {.bytes = 11}), "bytes");
  b.add(service);
  EXPECT_EQ(lacks(b.finish(), {.bytes = 0}), "") << "it is there already";
}

TEST(Interpreter, StopsWhatWouldGrowWithoutBound) {
  in::builder<record> b;
  b.add(service);
  for (int i = 0; i != 100; ++i) b.add(thrice);  // 4 * 3^100 bytes
  EXPECT_EQ(lacks(b.finish<std::string>(), {}), "bytes");
}

// Recursion would overflow.
TEST(Interpreter, TakesAMillionLevels) {
  constexpr std::size_t levels = 1'000'000;
  in::builder<record> b;
  b.literal(true);
  for (std::size_t i = 0; i != levels; ++i) b.apply(op::not_);
  const auto nested = b.finish<bool>();
  EXPECT_EQ(lacks(nested, {}), "steps");
  EXPECT_TRUE(nested.interpret({}, {.steps = levels + 1}));
  const auto copy = nested;
  EXPECT_EQ(copy, nested);

  constexpr std::size_t many = 100'000;
  for (std::size_t i = 0; i != many; ++i) b.literal(std::int64_t{1});
  for (std::size_t i = 1; i != many; ++i) b.apply(op::add);
  const auto right = b.finish<std::int64_t>();
  EXPECT_EQ(lacks(right, {}), "depth");
  EXPECT_EQ(right.interpret({}, {.steps = 2 * many, .depth = many}), std::int64_t{many});
}

TEST(Interpreter, WhatDoesNotDecideWaitsNoLonger) {
  constexpr std::size_t many = 100'000;
  in::builder<record> b;  // false or false or false …
  b.literal(false);
  for (std::size_t i = 1; i != many; ++i) {
    b.literal(false);
    b.apply(op::or_);
  }
  const auto e = b.finish<bool>();
  EXPECT_EQ(e.depth(), 2U);
  EXPECT_FALSE(e.interpret({}, {.steps = 2 * many, .depth = 2}));
}

TEST(Interpreter, IsEqualWhereTheTreeIs) {
  const auto e = query().finish<bool>();
  EXPECT_EQ(e, query().finish<bool>());
  const auto one = [](auto... step) {
    in::builder<record> b;
    (step(b), ...);
    return b.finish();
  };
  const auto number = [](std::int64_t n, std::size_t at = 0) {
    return [=](auto& b) { b.literal(n, at); };
  };
  const auto text = [](const char* s) { return [=](auto& b) { b.literal(s); }; };
  const auto word = [](const auto& w) { return [&](auto& b) { b.add(w); }; };
  const auto apply = [](op what) { return [=](auto& b) { b.apply(what); }; };
  const auto warn = in::constant<record>("warn", std::int64_t{2});
  const auto level_too = in::variable<record>("level", [](const record& r) { return r.level + 1; });
  const auto renamed = [&] {
    auto w = level;
    w.name = "rank";
    return w;
  }();
  EXPECT_EQ(one(number(1)), one(number(1, 5))) << "wherever it stood";
  EXPECT_NE(one(number(1)), one(number(2)));
  EXPECT_NE(one(number(2)), one(word(warn)));
  EXPECT_NE(one(text("a")), one(text("b")));
  EXPECT_NE(one(text("a")), one(number(0)));
  EXPECT_NE(one(word(level)), one(word(level_too)));
  EXPECT_NE(one(word(level)), one(word(renamed)));
  EXPECT_NE(one(number(1), number(2), apply(op::add)),
            one(number(1), number(2), apply(op::subtract)));
  EXPECT_NE(one(number(1), number(2), number(3), apply(op::add), apply(op::add)),
            one(number(1), number(2), apply(op::add), number(3), apply(op::add)));
  EXPECT_NE(one(number(1)), one(number(1), apply(op::negate)));
}

TEST(Interpreter, LetsOutWhatAFunctionThrows) {
  struct fault {};
  in::builder<record> b;
  b.add(in::variable<record>("faulty", [](const record&) -> bool { throw fault(); }));
  EXPECT_THROW(static_cast<void>(b.finish<bool>().interpret({})), fault);
}

TEST(Interpreter, IsAsItWasWhereMemoryRunsOut) {
  in::builder<record> b;
  for (int i = 0; i != 40; ++i) b.add(service);  // more than wait without an allocation
  for (int i = 1; i != 40; ++i) b.apply(op::add);
  const auto e = b.finish<std::string>();
  const record r{2, "a text that is too long to be kept in place"};
  std::string all;
  EXPECT_GT(gof::testing::fail_each_allocation([&] { all = e.interpret(r); }, [] {}), 40U);
  EXPECT_EQ(all.size(), 40 * r.service.size());
}

TEST(Interpreter, AllocatesNothingForASmallExpression) {
  const auto e = query().finish<bool>();
  const record r;
  const std::size_t before = gof::testing::allocations();
  EXPECT_TRUE(e.interpret(r));
  EXPECT_EQ(gof::testing::allocations(), before);
}

}  // namespace
