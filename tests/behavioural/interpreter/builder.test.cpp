// SPDX-License-Identifier: BSL-1.0
#include <gof/interpreter/builder.hpp>
// The header under test comes first, so that it has to stand alone.
#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <optional>
#include <string>

#include "support/allocations.hpp"

namespace {

namespace in = gof::interpreter;
using in::op, in::type, in::value;

enum class colour : unsigned char { red, green };
struct record {
  std::size_t size = 3;
  colour paint = colour::green;
  const char* note = "a note";
  bool open = true;
};

struct stateful {
  int n;
  int operator()(const record&) const { return n; }
};
constexpr auto stateless = [](const record&) { return 1; };
static_assert(in::stateless<decltype(stateless)> && !in::stateless<stateful>);
static_assert(!in::stateless<int (*)(const record&)>);

constexpr std::int64_t least = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();

// What an operator makes of two literals; nothing where they do not fit it.
std::optional<value> made(op what, value a, value b) {
  in::builder<record> builder;
  builder.literal(std::move(a));
  builder.literal(std::move(b));
  try {
    builder.apply(what, 7);
  } catch (const in::type_error&) {
    return {};
  }
  return builder.finish().interpret(record());
}
std::optional<value> made(op what, value a) {
  in::builder<record> builder;
  builder.literal(std::move(a));
  try {
    builder.apply(what, 7);
  } catch (const in::type_error&) {
    return {};
  }
  return builder.finish().interpret(record());
}
value i(std::int64_t n) { return n; }

TEST(InterpreterBuilder, KnowsWhatOperatorsMean) {
  EXPECT_EQ(made(op::add, i(2), i(3)), i(5));
  EXPECT_EQ(made(op::subtract, i(2), i(3)), i(-1));
  EXPECT_EQ(made(op::multiply, i(-2), i(3)), i(-6));
  EXPECT_EQ(made(op::divide, i(-7), i(2)), i(-3));
  EXPECT_EQ(made(op::remainder, i(-7), i(2)), i(-1));
  EXPECT_EQ(made(op::negate, i(7)), i(-7));
  EXPECT_EQ(made(op::not_, true), value(false));
  EXPECT_EQ(made(op::not_, false), value(true));
  EXPECT_EQ(made(op::add, "ab", "c"), value("abc"));
  const auto compared = [](value a, value b) {
    std::string all;
    for (const op what :
         {op::equal, op::not_equal, op::less, op::less_equal, op::greater, op::greater_equal}) {
      const auto v = made(what, a, b);
      all += !v ? '-' : std::get<bool>(*v) ? '1' : '0';
    }
    return all;
  };
  EXPECT_EQ(compared(i(1), i(2)), "011100");
  EXPECT_EQ(compared(i(2), i(2)), "100101");
  EXPECT_EQ(compared(i(2), i(-1)), "010011");
  EXPECT_EQ(compared("ab", "b"), "011100");
  EXPECT_EQ(compared("b", "b"), "100101");
  EXPECT_EQ(compared("b", "ab"), "010011");
  EXPECT_EQ(compared(true, true), "10----");
  EXPECT_EQ(compared(true, false), "01----");
  EXPECT_EQ(compared("1", i(1)), "------");
}

TEST(InterpreterBuilder, RefusesOperandsThatDoNotFit) {
  for (const op what : {op::add, op::subtract, op::multiply, op::divide, op::remainder}) {
    EXPECT_FALSE(made(what, true, true));
    EXPECT_FALSE(made(what, i(1), "a"));
    EXPECT_EQ(made(what, "a", "a").has_value(), what == op::add);
  }
  for (const op what : {op::and_, op::or_}) {
    EXPECT_FALSE(made(what, i(1), i(1)));
    EXPECT_FALSE(made(what, true, i(1)));
    EXPECT_FALSE(made(what, "a", "a"));
  }
  EXPECT_FALSE(made(op::not_, i(1)));
  EXPECT_FALSE(made(op::negate, true));
  EXPECT_FALSE(made(op::negate, "a"));
  EXPECT_FALSE(made(op::literal, i(1)));
  EXPECT_FALSE(made(op::call, i(1), i(1)));
}

TEST(InterpreterBuilder, FindsIntegersThatAreOutOfRange) {
  const auto fails = [](auto... of) {
    try {
      static_cast<void>(made(of...));
      return std::string();
    } catch (const in::evaluation_error& e) {
      EXPECT_EQ(e.position(), 7U);
      return std::string(e.what());
    }
  };
  const std::string range = "the result is out of range";
  EXPECT_EQ(fails(op::add, i(most), i(1)), range);
  EXPECT_EQ(fails(op::add, i(least), i(-1)), range);
  EXPECT_EQ(fails(op::add, i(most), i(least)), "");
  EXPECT_EQ(fails(op::subtract, i(least), i(1)), range);
  EXPECT_EQ(fails(op::subtract, i(0), i(least)), range);
  EXPECT_EQ(fails(op::subtract, i(-1), i(least)), "");
  EXPECT_EQ(fails(op::negate, i(least)), range);
  EXPECT_EQ(fails(op::negate, i(most)), "");
  EXPECT_EQ(fails(op::divide, i(1), i(0)), "division by zero");
  EXPECT_EQ(fails(op::remainder, i(1), i(0)), "division by zero");
  EXPECT_EQ(fails(op::divide, i(least), i(-1)), range);
  EXPECT_EQ(made(op::divide, i(most), i(-1)), i(-most));
  EXPECT_EQ(made(op::remainder, i(least), i(-1)), i(0));
  const std::int64_t root = 3'037'000'499;  // the largest whose square fits
  EXPECT_EQ(made(op::multiply, i(root), i(root)), i(root * root));
  EXPECT_EQ(fails(op::multiply, i(root + 1), i(root + 1)), range);
  EXPECT_EQ(fails(op::multiply, i(least), i(-1)), range);
  EXPECT_EQ(fails(op::multiply, i(-1), i(least)), range);
  EXPECT_EQ(made(op::multiply, i(least), i(1)), i(least));
  EXPECT_EQ(made(op::multiply, i(0), i(least)), i(0));
  EXPECT_EQ(made(op::multiply, i(least), i(0)), i(0));
}

TEST(InterpreterBuilder, ReadsWhatAContextHas) {
  const auto read = [](auto f, record r = {}) {
    in::builder<record> b;
    b.add(in::variable<record>("it", f), 9);
    return b.finish().interpret(r);
  };
  EXPECT_EQ(read([](const record& r) { return r.size; }), i(3));
  EXPECT_EQ(read([](const record& r) { return r.paint; }), i(1));
  EXPECT_EQ(read([](const record& r) { return r.note; }), value("a note"));
  EXPECT_EQ(read([](const record& r) { return r.open; }), value(true));
  EXPECT_EQ(read([](const record& r) { return std::string(r.note) + '!'; }), value("a note!"));
  EXPECT_EQ(read([](const record& r) noexcept { return static_cast<short>(r.size); }), i(3));
  const auto size = [](const record& r) { return r.size; };
  EXPECT_EQ(read(size, {std::size_t{most}}), i(most));
  try {
    static_cast<void>(read(size, {std::size_t{most} + 1}));
    ADD_FAILURE() << "it does not fit";
  } catch (const in::evaluation_error& e) {
    EXPECT_EQ(e.position(), 9U);
  }
}

TEST(InterpreterBuilder, CallsFunctionsOfAnyValues) {
  in::builder<record> b;
  const auto pick = in::function<record>(
      "pick", [](const record& r, bool which, std::int64_t n, const std::string_view& s) {
        return which ? std::to_string(n) : std::string(s) + r.note;
      });
  EXPECT_EQ(pick.parameters, (std::vector{type::boolean, type::integer, type::text}));
  EXPECT_EQ(pick.result, type::text);
  for (const bool which : {true, false}) {
    b.literal(which);
    b.literal(i(5));
    b.literal("x ");
    b.add(pick);
    EXPECT_EQ(b.finish().interpret({}), value(which ? "5" : "x a note"));
  }
  b.add(in::function<record>("answer", []() noexcept { return 42; }));
  EXPECT_EQ(b.finish().interpret({}), i(42));
}

TEST(InterpreterBuilder, RefusesWhatDoesNotFitAndStaysAsItWas) {
  const auto less =
      in::function<record>("less", [](std::int64_t a, std::int64_t b) { return a < b; });
  in::builder<record> b;
  EXPECT_THROW(b.add(less), in::type_error);
  EXPECT_THROW(b.apply(op::negate), in::type_error);
  EXPECT_THROW(static_cast<void>(b.finish()), in::type_error);
  b.literal(i(1));
  EXPECT_THROW(b.add(less), in::type_error);
  EXPECT_THROW(b.apply(op::add), in::type_error);
  EXPECT_THROW(static_cast<void>(b.finish<bool>()), in::type_error);
  b.literal("a");
  EXPECT_THROW(b.add(less), in::type_error);
  EXPECT_THROW(b.apply(op::add), in::type_error);
  EXPECT_THROW(static_cast<void>(b.finish()), in::type_error) << "these are two";
  b.literal("b");
  b.apply(op::equal);
  EXPECT_THROW(b.apply(op::and_), in::type_error);
  b.apply(op::not_);
  EXPECT_THROW(static_cast<void>(b.finish()), in::type_error);
  std::string said;
  try {
    b.add(less);
  } catch (const in::type_error& e) {
    said = e.what();
  }
  EXPECT_EQ(said, "gof::interpreter: these arguments do not fit less");
  b.add(in::function<record>("both", [](std::int64_t n, bool yes) { return yes ? n : -n; }));
  EXPECT_EQ(b.finish().interpret({}), i(1));
}

TEST(InterpreterBuilder, KnowsTheNodes) {
  in::builder<record> b;  // (1 or-free) names, texts and extents
  b.add(in::constant<record>("name", "text"), 2);
  b.literal("other", 9);
  b.apply(op::equal, 7);
  b.literal(true, 20);
  b.apply(op::or_, 17);
  const auto e = b.finish<bool>();
  ASSERT_EQ(e.nodes().size(), 5U);
  EXPECT_EQ(e.depth(), 2U);
  EXPECT_EQ(e.texts()[e.nodes()[0].name - 1], "name");
  EXPECT_EQ(e.texts()[e.nodes()[0].text_index()], "text");
  EXPECT_EQ(e.nodes()[1].name, 0U);
  EXPECT_EQ(e.nodes()[2].first, 0U);
  EXPECT_EQ(e.nodes()[2].branch, 4U);
  EXPECT_EQ(e.nodes()[3].first, 3U);
  EXPECT_EQ(e.nodes()[4].first, 0U);
  EXPECT_EQ(e.nodes()[4].at, 17U);
  EXPECT_EQ(e.nodes()[1].at, 9U);
}

TEST(InterpreterBuilder, IsAsItWasWhereMemoryRunsOut) {
  in::builder<record> b;
  const auto name = in::constant<record>("a name that is too long to be kept in place", i(1));
  std::size_t failures = 0;
  const auto often = [&](auto f) { failures += gof::testing::fail_each_allocation(f, [] {}); };
  often([&] { b.add(name); });
  for (std::int64_t n = 2; n != 50; ++n) {
    often([&] { b.literal(n); });
    often([&] { b.apply(op::add); });
  }
  EXPECT_GT(failures, 5U);
  EXPECT_EQ(b.finish().interpret({}), i(49 * 50 / 2));
}

}  // namespace
