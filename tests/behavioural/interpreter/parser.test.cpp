// SPDX-License-Identifier: BSL-1.0
#include <gof/interpreter/parser.hpp>
// The header under test comes first, so that it has to stand alone.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <random>
#include <string>
#include <vector>

namespace {

namespace in = gof::interpreter;
using rule = in::operator_rule;

// A language of its own: powers group to the right, `<` does not chain, `..` is two characters.
constexpr std::array<rule, 7> rules{{{"<", 1, rule::none},
                                     {"..", 2},
                                     {"+", 3, rule::left},
                                     {"-", 3, rule::left},
                                     {"^", 5, rule::right},
                                     {"-", 4, rule::prefix},
                                     {"some", 4, rule::prefix}}};

// Writes each operator before its operands, in brackets.
struct writer {
  std::vector<std::string> operands;
  void number(std::string_view s, in::extent) { operands.emplace_back(s); }
  void text(std::string s, in::extent) { operands.push_back('\'' + s + '\''); }
  void name(std::string_view s, in::extent) { operands.emplace_back(s); }
  void call(std::string_view s, std::size_t n, in::extent) { combine(std::string(s), n); }
  void apply(const rule& r, in::extent) {
    combine(std::string(r.spelling), r.fixity == rule::prefix ? 1 : 2);
  }
  void missing(in::extent) { operands.emplace_back("?"); }
  void discard() { operands.pop_back(); }

 private:
  void combine(const std::string& what, std::size_t n) {
    std::string all = '(' + what;
    for (auto it = operands.end() - static_cast<std::ptrdiff_t>(n); it != operands.end(); ++it) {
      all += ' ' + *it;
    }
    operands.resize(operands.size() - n);
    operands.push_back(all + ')');
  }
};
static_assert(in::parser_actions<writer>);
static_assert(!in::parser_actions<std::string>);

struct outcome {
  std::string tree;
  std::vector<in::diagnostic> errors;
};
outcome parse(std::string_view text, const in::limits& within = {}) {
  outcome o;
  writer w;
  in::parse(text, rules, w, within, o.errors);
  const auto ends = [](const in::diagnostic& e) {
    return e.message.find("levels deep") != std::string::npos ||
           e.message.find("longer than") != std::string::npos;
  };
  const bool stopped =
      o.errors.size() >= within.errors || std::any_of(o.errors.begin(), o.errors.end(), ends);
  EXPECT_TRUE(stopped || w.operands.size() == 1) << text;
  if (!w.operands.empty()) o.tree = w.operands.back();
  return o;
}
std::string tree(std::string_view text) {
  const outcome o = parse(text);
  for (const auto& e : o.errors) ADD_FAILURE() << in::point_at(text, e);
  return o.tree;
}
// Where errors begin and end, and what they say.
std::string errors(std::string_view text, const in::limits& within = {}) {
  std::string all;
  for (const auto& e : parse(text, within).errors) {
    all +=
        std::to_string(e.where.begin) + '-' + std::to_string(e.where.end) + ' ' + e.message + '\n';
  }
  return all;
}

TEST(InterpreterParser, GroupsByPrecedence) {
  EXPECT_EQ(tree("1 + 2 .. 3"), "(.. (+ 1 2) 3)");
  EXPECT_EQ(tree("1 .. 2 + 3"), "(.. 1 (+ 2 3))");
  EXPECT_EQ(tree("(1 .. 2) + 3"), "(+ (.. 1 2) 3)");
  EXPECT_EQ(tree("a < b + c"), "(< a (+ b c))");
}

TEST(InterpreterParser, GroupsToTheLeftOrToTheRight) {
  EXPECT_EQ(tree("1 - 2 - 3 + 4"), "(+ (- (- 1 2) 3) 4)");
  EXPECT_EQ(tree("a ^ b ^ c"), "(^ a (^ b c))");
  EXPECT_EQ(tree("a ^ b + c"), "(+ (^ a b) c)");
  EXPECT_EQ(tree("(a < b) < (c < d)"), "(< (< a b) (< c d))");
}

TEST(InterpreterParser, TakesOperatorsBeforeTheirOperand) {
  EXPECT_EQ(tree("-a + b"), "(+ (- a) b)");
  EXPECT_EQ(tree("-a ^ b"), "(- (^ a b))") << "which binds tighter";
  EXPECT_EQ(tree("a ^ -b"), "(^ a (- b))");
  EXPECT_EQ(tree("some some x"), "(some (some x))");
  EXPECT_EQ(tree("something"), "something");
}

TEST(InterpreterParser, KnowsWhatAMinusIs) {
  EXPECT_EQ(tree("-5"), "-5");
  EXPECT_EQ(tree("- 5"), "(- 5)");
  EXPECT_EQ(tree("2-5"), "(- 2 5)");
  EXPECT_EQ(tree("2--5"), "(- 2 -5)");
  EXPECT_EQ(tree("a-b"), "(- a b)");
}

TEST(InterpreterParser, KnowsNumbersNamesAndTexts) {
  EXPECT_EQ(tree("12"), "12");
  EXPECT_EQ(tree("1.25"), "1.25");
  EXPECT_EQ(tree("1..2"), "(.. 1 2)");
  EXPECT_EQ(tree("aZ_Az09"), "aZ_Az09");
  EXPECT_EQ(tree(" \t\r\n_a1\xC3\xA4 "), "_a1\xC3\xA4");
  EXPECT_EQ(tree(R"("say \"yes\" \\ \n.")"), "'say \"yes\" \\ \n.'");
  EXPECT_EQ(tree(R"("")"), "''");
  EXPECT_EQ(tree(R"("x" .. "y")"), "(.. 'x' 'y')");
}

TEST(InterpreterParser, TakesCalls) {
  EXPECT_EQ(tree("f()"), "(f)");
  EXPECT_EQ(tree("f ( )"), "(f)");
  EXPECT_EQ(tree("f(1)"), "(f 1)");
  EXPECT_EQ(tree("f(1, g(2 + 3, (4)), 5) + 6"), "(+ (f 1 (g (+ 2 3) 4) 5) 6)");
}

TEST(InterpreterParser, SaysWhatIsMissing) {
  EXPECT_EQ(errors(""), "0-0 an operand is missing here\n");
  EXPECT_EQ(errors("1 +"), "3-3 an operand is missing here\n");
  EXPECT_EQ(errors("+ 1"), "0-1 an operand is missing here\n");
  EXPECT_EQ(errors("1 ^ + 2"), "4-5 an operand is missing here\n");
  EXPECT_EQ(errors("()"), "1-2 an operand is missing here\n");
  EXPECT_EQ(errors("f(1,)"), "4-5 an operand is missing here\n");
  EXPECT_EQ(errors("1 2"), "2-3 an operator is missing here\n");
  EXPECT_EQ(errors("1 (2)"), "2-3 an operator is missing here\n");
  EXPECT_EQ(errors("a some b"), "2-6 an operator is missing here\n");
}

TEST(InterpreterParser, SaysWhatIsOpenAndWhatIsNot) {
  EXPECT_EQ(errors("(1"), "0-1 its bracket is not closed\n");
  EXPECT_EQ(errors("1 + f(2"), "4-5 its bracket is not closed\n");
  EXPECT_EQ(errors("1)"), "1-2 no bracket is open here\n");
  EXPECT_EQ(errors("1, 2"), "1-2 a comma belongs between the arguments of a function\n");
  EXPECT_EQ(errors("f((1, 2))"), "4-5 a comma belongs between the arguments of a function\n");
  EXPECT_EQ(errors("1 + \"open"), "4-9 this text does not end in its line\n");
  EXPECT_EQ(errors("1 \"open"), "2-7 this text does not end in its line\n");
  EXPECT_EQ(errors("\"a\n+ 1"), "0-2 this text does not end in its line\n");
  EXPECT_EQ(errors("\"a\\"), "0-3 this text does not end in its line\n");
  EXPECT_EQ(errors("1 + #2"), "4-5 no word begins like this\n");
}

TEST(InterpreterParser, SaysWhatDoesNotChain) {
  EXPECT_EQ(errors("a < b < c"), "6-7 this needs brackets around what is before it, or after it\n");
  EXPECT_EQ(errors("a < b + c"), "");
}

TEST(InterpreterParser, FindsSeveralErrorsAtOnce) {
  EXPECT_EQ(errors("(1 + ) ^ # f(2 3) .. \"x"),
            "5-6 an operand is missing here\n"
            "9-10 no word begins like this\n"
            "15-16 an operator is missing here\n"
            "21-23 this text does not end in its line\n");
}

TEST(InterpreterParser, StopsAtItsLimits) {
  EXPECT_EQ(errors("1 + 1", {.length = 4}), "4-5 the text is longer than 4 bytes\n");
  EXPECT_EQ(errors("1 + 1", {.length = 5}), "");
  EXPECT_EQ(errors("((1))", {.depth = 2}), "");
  EXPECT_EQ(errors("1 + (((2)))", {.depth = 3}), "6-7 this is more than 3 levels deep\n");
  EXPECT_EQ(
      errors("# # # #", {.errors = 3}),
      "0-1 no word begins like this\n2-3 no word begins like this\n4-5 no word begins like this\n");
  EXPECT_EQ(parse("((((((", {.errors = 3}).errors.size(), 3U);
  EXPECT_EQ(parse("(+", {.errors = 0}).errors.size(), 1U) << "one tells that it failed";
}

// Recursion would overflow.
TEST(InterpreterParser, TakesManyLevelsWhereItMay) {
  constexpr std::size_t levels = 200'000;
  const in::limits much{.length = 3 * levels, .depth = levels};
  const std::string open(levels, '('), close(levels, ')');
  EXPECT_EQ(parse(open + '1' + close, much).tree, "1");
  EXPECT_EQ(errors(open + '1' + close, {.length = 3 * levels}),
            "200-201 this is more than 200 levels deep\n");
  EXPECT_EQ(errors('(' + open + '1' + close, much).substr(0, 13), "200000-200001");
}

TEST(InterpreterParser, PointsAtWhatIsWrong) {
  const auto point = [](std::string_view text, std::size_t begin, std::size_t end) {
    return in::point_at(text, {{begin, end}, "here"});
  };
  EXPECT_EQ(point("abc def", 4, 7), "abc def\n    ^~~ here\n");
  EXPECT_EQ(point("abc", 3, 3), "abc\n   ^ here\n");
  EXPECT_EQ(point("", 0, 0), "\n^ here\n");
  EXPECT_EQ(point("abc", 9, 12), "abc\n   ^ here\n") << "beyond the end";
  EXPECT_EQ(point("one\ntwo\nthree", 4, 5), "two\n^ here\n");
  EXPECT_EQ(point("one\ntwo\nthree", 6, 10), "two\n  ^ here\n") << "one line of it";
  EXPECT_EQ(point("one\ntwo", 3, 3), "one\n   ^ here\n");
  EXPECT_EQ(point("\xC3\xA4\xC3\xB6 + \xC3\xBC\xC3\xBC", 7, 11),
            "\xC3\xA4\xC3\xB6 + \xC3\xBC\xC3\xBC\n     ^~ here\n")
      << "characters, not bytes";
  EXPECT_EQ(point("a\t\x1B[2J", 2, 3), "a  [2J\n  ^ here\n") << "nothing that a terminal obeys";
  EXPECT_EQ(point(std::string(500, 'x'), 200, 201),
            std::string(120, 'x') + '\n' + std::string(60, ' ') + "^ here\n")
      << "what is near";
  const auto umlauts = [](int n) {
    std::string all;
    while (n-- != 0) all += "\xC3\xA4";
    return all;
  };
  EXPECT_EQ(
      point(umlauts(50) + 'x' + umlauts(30) + 'x' + umlauts(50), 141, 143),
      umlauts(9) + 'x' + umlauts(30) + 'x' + umlauts(20) + '\n' + std::string(30, ' ') + "^ here\n")
      << "whole characters";
}

TEST(InterpreterParser, DescribesAllErrorsByPosition) {
  const in::syntax_error e("one two", {{{4, 7}, "second"}, {{0, 3}, "first"}});
  EXPECT_STREQ(e.what(), "one two\n^~~ first\none two\n    ^~~ second\n");
  ASSERT_EQ(e.diagnostics().size(), 2U);
  EXPECT_EQ(e.diagnostics()[0].message, "first");
}

// Whatever the text, it ends, and operands and operators fit each other.
TEST(InterpreterParser, ParsingEnds) {
  std::mt19937 random(1);
  constexpr std::array<std::string_view, 16> words{"1", "a",  "f(",    "(",  ")",  ",",  "-", "^",
                                                   "<", "..", "some ", "\"", "\\", "\n", "#", " "};
  std::size_t right = 0;
  for (int run = 0; run != 20'000; ++run) {
    std::string text;
    for (auto n = random() % 12; n != 0; --n) text += words[random() % words.size()];
    const outcome o = parse(text, {.length = 64, .depth = 5, .errors = 4});
    EXPECT_LE(o.errors.size(), 4U);
    for (const auto& e : o.errors) {
      EXPECT_LE(e.where.begin, e.where.end);
      EXPECT_LE(e.where.end, text.size());
      EXPECT_FALSE(in::point_at(text, e).empty());
    }
    right += o.errors.empty() ? 1 : 0;
  }
  EXPECT_GT(right, 200U) << "some are right";
}

}  // namespace
