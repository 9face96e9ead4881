// SPDX-License-Identifier: BSL-1.0
#include <gof/interpreter/language.hpp>
// The header under test comes first, so that it has to stand alone.
#include <gtest/gtest.h>

#include <array>
#include <random>
#include <string>
#include <vector>

namespace {

namespace in = gof::interpreter;
using in::op;

struct record {
  std::int64_t level = 2;
  std::string service = "mail";
  std::string text() const { return "queue is full"; }
};
using query_language = in::language<record>;
query_language make() {
  query_language l;
  l.variable<&record::level>("level")
      .variable<&record::service>("service")
      .variable<&record::text>("text")
      .variable("loud", [](const record& r) { return r.level > 1; })
      .constant("warn", std::int64_t{2})
      .constant("post", "mail")
      .function("contains",
                [](std::string_view s, std::string_view part) { return s.find(part) != s.npos; })
      .function("now", [] { return 12; });
  return l;
}
const query_language queries = make();

in::value value_of(std::string_view text, const record& r = {}) {
  return queries.parse(text).interpret(r);
}
// Where errors begin, and what they say.
template <class Result = in::value>
std::string errors(std::string_view text) {
  std::string all;
  try {
    static_cast<void>(queries.parse<Result>(text));
  } catch (const in::syntax_error& e) {
    for (const auto& d : e.diagnostics())
      all += std::to_string(d.where.begin) + ' ' + d.message + '\n';
  }
  return all;
}
std::string printed(std::string_view text) { return in::print(queries.parse(text)); }

TEST(InterpreterLanguage, UnderstandsQueries) {
  EXPECT_EQ(value_of(R"(level >= warn and service = "mail")"), in::value(true));
  EXPECT_EQ(value_of(R"(level >= warn and service = "mail")", {1}), in::value(false));
  EXPECT_EQ(value_of(R"(contains(text, "full") and service = post)"), in::value(true));
  EXPECT_EQ(value_of("1 + 2 * 3 - 8 / 3 % 2"), in::value(std::int64_t{7}));
  EXPECT_EQ(value_of("not loud or true"), in::value(true));
  EXPECT_EQ(value_of("not (loud or true)"), in::value(false));
  EXPECT_EQ(value_of("not level = 2"), in::value(false)) << "not binds loosely";
  EXPECT_EQ(value_of("-level * -3"), in::value(std::int64_t{6}));
  EXPECT_EQ(value_of(R"(service + "s")"), in::value("mails"));
  EXPECT_EQ(value_of("now() - 2"), in::value(std::int64_t{10}));
  EXPECT_EQ(value_of("-9223372036854775808"), in::value(std::int64_t{-9223372036854775807 - 1}));
  EXPECT_EQ(value_of("1 < 2 and 2 <= 2 and 3 > 2 and 3 >= 3 and 1 != 2"), in::value(true));
}

TEST(InterpreterLanguage, NeedsNeitherTheTextNorTheLanguageAfterwards) {
  const auto e = [] {
    const query_language l = make();
    const std::string text = R"(service = "mail" and contains("a text, longer than most", post))";
    return l.parse<bool>(text);
  }();
  EXPECT_FALSE(e.interpret({}));
  EXPECT_EQ(in::print(e), R"(service = "mail" and contains("a text, longer than most", post))");
}

TEST(InterpreterLanguage, ChecksTypesBeforeAnythingIsInterpreted) {
  EXPECT_EQ(errors("service > 3"), "8 there is no \"text > integer\"\n");
  EXPECT_EQ(errors("not level"), "0 there is no \"not integer\"\n");
  EXPECT_EQ(errors("-service"), "0 there is no \"- text\"\n");
  EXPECT_EQ(errors("level and loud"), "6 there is no \"integer and boolean\"\n");
  EXPECT_EQ(errors<bool>("level + 1"), "0 this is of type integer, not boolean\n");
  EXPECT_EQ(errors<std::string>("service"), "");
  EXPECT_EQ(errors("contains(text)"), "0 this is used as contains(text, text)\n");
  EXPECT_EQ(errors("contains(text, 1)"), "0 this is used as contains(text, text)\n");
  EXPECT_EQ(errors("contains(1, text)"), "0 this is used as contains(text, text)\n");
  EXPECT_EQ(errors("now(1)"), "0 this is used as now()\n");
  EXPECT_EQ(errors("level(1)"), "0 this is used as level\n");
  EXPECT_EQ(errors("now + 1"), "0 this is a function: write now()\n");
}

TEST(InterpreterLanguage, SaysWhichWordsThereAre) {
  EXPECT_EQ(
      errors("levl = 2"),
      "0 there is no \"levl\"; there are: level, service, text, loud, warn, post, contains, now\n");
  EXPECT_EQ(errors("has(1)").substr(0, 19), "0 there is no \"has\"");
}

TEST(InterpreterLanguage, KnowsIntegersOnly) {
  EXPECT_EQ(errors("9223372036854775807"), "");
  EXPECT_EQ(errors("9223372036854775808"), "0 this integer is too large\n");
  EXPECT_EQ(errors("1.5"), "0 integers only\n");
}

TEST(InterpreterLanguage, FindsSeveralErrorsButNoneThatOnlyFollows) {
  EXPECT_EQ(errors("levl > 3 and service < 4 or 99999999999999999999 = level + loud").substr(0, 11),
            "0 there is ");
  const auto said = [](std::string_view text) {
    try {
      static_cast<void>(queries.parse(text));
    } catch (const in::syntax_error& e) {
      return e.diagnostics().size();
    }
    return std::size_t{0};
  };
  EXPECT_EQ(said("levl > 3 and service < 4 or 99999999999999999999 = level + loud"), 4U);
  EXPECT_EQ(said("(levl + 1) * 2 - now(level) = warn"), 2U);
  EXPECT_EQ(said("level = 1 = 2"), 1U);
  EXPECT_EQ(said("contains(levl, text) and (1 + )"), 2U);
}

TEST(InterpreterLanguage, PutsACaretUnderEachError) {
  try {
    static_cast<void>(queries.parse("level > \"x\" and servce = post"));
    ADD_FAILURE();
  } catch (const in::syntax_error& e) {
    EXPECT_STREQ(
        e.what(),
        "level > \"x\" and servce = post\n"
        "      ^ there is no \"integer > text\"\n"
        "level > \"x\" and servce = post\n"
        "                ^~~~~~ there is no \"servce\"; there are: level, service, text, loud, "
        "warn, post, contains, now\n");
  }
}

TEST(InterpreterLanguage, SaysWhereAnInterpretationFailed) {
  try {
    static_cast<void>(value_of("1 + 10 / (level - 2)"));
    ADD_FAILURE();
  } catch (const in::evaluation_error& e) {
    EXPECT_EQ(e.position(), 7U);
  }
}

TEST(InterpreterLanguage, RefusesWordsThatAreNoNames) {
  query_language l = make();
  for (const char* name : {"", "1a", "a b", " a", "a ", "and", "not", "true", "false", "level",
                           "contains", "+", "(", "a-b"}) {
    EXPECT_THROW(l.constant(name, true), std::invalid_argument) << name;
  }
  try {
    l.function("level", [] { return 1; });
  } catch (const std::invalid_argument& e) {
    EXPECT_STREQ(e.what(), "gof::interpreter: \"level\" is no name, or is there already");
  }
  EXPECT_EQ(std::get<std::int64_t>(l.parse("level").interpret({})), 2) << "unchanged";
  l.constant("andy", true);
  EXPECT_EQ(std::get<bool>(l.parse("andy and true").interpret({})), true);
}

TEST(InterpreterLanguage, PrintsNoMoreBracketsThanItNeeds) {
  for (const char* text : {"level >= warn and service = post",
                           "1 + 2 * 3",
                           "(1 + 2) * 3",
                           "1 - (2 - 3)",
                           "1 - 2 - 3",
                           "-(1)",
                           "-(-1)",
                           "-level",
                           "-(level + 1)",
                           "not loud and true",
                           "not (loud and true)",
                           "not not loud",
                           "(not loud) = true",
                           "loud = (not true)",
                           "(1 < 2) = (2 < 3)",
                           "loud or true and false",
                           "(loud or true) and false",
                           "loud and (true and false)",
                           "now()",
                           "contains(text + \"a\", service)",
                           R"("say \"yes\" \\ \n")",
                           "2 - -5",
                           "-(level) * 2"}) {
    const std::string wanted = std::string(text) == "-(level) * 2" ? "-level * 2" : text;
    EXPECT_EQ(printed(text), wanted);
  }
}

TEST(InterpreterLanguage, PrintsManyLevels) {
  constexpr std::size_t levels = 200'000;
  in::builder<record> b;
  b.literal(true);
  for (std::size_t i = 0; i != levels; ++i) b.apply(op::not_);
  const auto e = b.finish<bool>();
  const std::string text = in::print(e);
  EXPECT_EQ(text.size(), 4 * levels + 4);
  EXPECT_TRUE(queries.parse<bool>(text, {.length = text.size(), .depth = levels}) == e);
  EXPECT_THROW(static_cast<void>(queries.parse(text)), in::syntax_error);
}

class Seeded : public testing::TestWithParam<unsigned> {
 protected:
  std::mt19937 random{GetParam()};
  std::size_t below(std::size_t n) { return random() % n; }

  // Adds a random expression of the type to a builder; not deep.
  void grow(in::builder<record>& b, in::type t, int size) {
    const bool leaf = size <= 1;
    if (t == in::type::boolean) {
      if (leaf)
        return below(2) == 0 ? b.add(in::variable<record>("loud", loud)) : b.literal(below(2) == 0);
      switch (below(4)) {
        case 0:
          grow(b, t, size - 1);
          return b.apply(op::not_);
        case 1:
          return two(b, t, size, below(2) == 0 ? op::and_ : op::or_);
        case 2:
          return two(b, t, size, below(2) == 0 ? op::equal : op::not_equal);
        default:
          return two(b, below(2) == 0 ? in::type::integer : in::type::text, size,
                     static_cast<op>(static_cast<std::size_t>(op::equal) + below(6)));
      }
    }
    if (t == in::type::text) {
      if (!leaf) return two(b, t, size, op::add);
      return b.literal(std::array{"", "a", "\"\\\n", "\xC3\xA4 b"}[below(4)]);
    }
    if (leaf && below(2) == 0) return b.add(in::constant<record>("warn", std::int64_t{2}));
    if (leaf) return b.literal(static_cast<std::int64_t>(below(9)) - 4);
    if (below(4) == 0) {
      grow(b, t, size - 1);
      return b.apply(op::negate);
    }
    two(b, t, size, static_cast<op>(static_cast<std::size_t>(op::add) + below(5)));
  }
  void two(in::builder<record>& b, in::type t, int size, op what) {
    const int left = 1 + static_cast<int>(below(static_cast<std::size_t>(size)));
    grow(b, t, left - 1);
    grow(b, t, size - left);
    b.apply(what);
  }
  static constexpr auto loud = [](const record& r) { return r.level > 1; };
};
INSTANTIATE_TEST_SUITE_P(InterpreterLanguage, Seeded, testing::Range(0U, 50U));

TEST_P(Seeded, PrintedAndParsedIsTheSame) {
  for (int i = 0; i != 20; ++i) {
    in::builder<record> b;
    grow(b, static_cast<in::type>(below(3)), static_cast<int>(below(30)));
    const auto made = b.finish();
    const std::string text = in::print(made);
    const auto e = queries.parse(text);
    EXPECT_EQ(in::print(e), text);
    EXPECT_TRUE(queries.parse(in::print(e)) == e) << text;
    ASSERT_EQ(e.nodes().size(), made.nodes().size()) << text;
    for (std::size_t n = 0; n != e.nodes().size(); ++n) {
      EXPECT_EQ(e.nodes()[n].what, made.nodes()[n].what) << text;
      EXPECT_EQ(e.nodes()[n].first, made.nodes()[n].first) << text;
    }
  }
}

// Random texts, and right ones with some characters changed: never a crash, always an end, and what
// is understood can be interpreted within a budget.
TEST_P(Seeded, ParsingEnds) {
  constexpr std::string_view right =
      R"(level >= warn and not (service = post or contains(text + "!", "full")) or -now() % 5 < 3)";
  constexpr std::string_view characters = "()\"\\+-*/%=<>!,. \n\tanotr19_\xC3\x80#";
  std::size_t understood = 0, refused = 0;
  for (int i = 0; i != 100; ++i) {
    std::string text(right.substr(0, below(3) == 0 ? below(right.size()) : right.size()));
    if (below(3) == 0) text.clear();
    for (std::size_t n = below(6); n != 0 || text.empty(); n -= n != 0 ? 1 : 0) {
      const char c =
          below(8) == 0 ? static_cast<char>(below(256)) : characters[below(characters.size())];
      const std::size_t at = below(text.size() + 1);
      switch (below(3)) {
        case 0:
          text.insert(at, 1 + below(3), c);
          break;
        case 1:
          text.erase(at, below(4));
          break;
        default:
          if (at != text.size()) text[at] = c;
      }
    }
    try {
      const auto e = queries.parse(text, {.length = 200, .depth = 20, .errors = 5});
      EXPECT_TRUE(queries.parse(in::print(e)) == e) << text;
      ++understood;
      static_cast<void>(e.interpret({}, {.steps = 100, .depth = 30, .bytes = 100}));
    } catch (const in::syntax_error& e) {
      EXPECT_GT(e.diagnostics().size(), 0U);
      EXPECT_LE(e.diagnostics().size(), 5U);
      ++refused;
    } catch (const in::evaluation_error&) {
    } catch (const in::budget_exceeded&) {
    }
  }
  EXPECT_GT(refused, 0U);
  EXPECT_GT(understood, 0U);
}

}  // namespace
