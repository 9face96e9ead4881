// SPDX-License-Identifier: BSL-1.0
#include <gof/builder.hpp>
// The header under test comes first, so that it has to stand alone.
#include <gtest/gtest.h>

#include <cstddef>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "support/allocations.hpp"

namespace {

using gof::builder::builder, gof::builder::invalid_product, gof::builder::part;
using gof::builder::optional, gof::builder::ordered, gof::builder::required;

struct letter {
  std::string from, to, text;
  int copies = 1;
  std::vector<std::string> enclosed;
  void enclose(std::string what) { enclosed.push_back(std::move(what)); }
  friend bool operator==(const letter&, const letter&) = default;
};

/// [parts]
constexpr auto not_empty = [](const std::string& value) -> std::string_view {
  return value.empty() ? "is empty" : "";
};
constexpr auto positive = [](int value) { return value > 0 ? "" : "is not positive"; };

constexpr part<"from", &letter::from, not_empty> from;
constexpr part<"to", &letter::to, not_empty> to;
constexpr part<"text", &letter::text> text;
constexpr part<"copies", &letter::copies, positive> copies;
constexpr part<"enclose", &letter::enclose> enclose;
constexpr part<"twice", [](letter& l, int n) { l.copies = 2 * n; }> twice;

using draft = builder<letter, required<from, to>, optional<text, copies, enclose, twice>>;
/// [parts]
using in_order = builder<letter, ordered<from, to>, optional<text>>;
using anything = builder<letter, required<>, optional<text>>;

using with_from = decltype(draft().with(from = "Ana"));
using complete = decltype(draft::from(letter()));
static_assert(std::is_same_v<decltype(draft().with(from = "").with(to = "")), complete>);
static_assert(std::is_same_v<decltype(draft().with(to = "", from = "")), complete>);
static_assert(std::is_same_v<decltype(draft().with(text = "")), draft>);
static_assert(std::is_same_v<decltype(draft().with(from = "").with(from = "")), with_from>);
static_assert(!std::is_same_v<with_from, complete> && !std::is_same_v<with_from, draft>);
static_assert(std::is_default_constructible_v<draft> && !std::is_default_constructible_v<complete>);
static_assert(sizeof(complete) == sizeof(letter));
static_assert(!std::is_constructible_v<complete, letter>);
static_assert(decltype(from)::label == "from");
static_assert(std::is_base_of_v<std::runtime_error, invalid_product>);

const letter plain{"Ana", "Ben", "", 1, {}};

TEST(Builder, BuildsInStepsOrAtOnce) {
  EXPECT_EQ(draft().with(from = "Ana").with(to = "Ben").build(), plain);
  EXPECT_EQ(draft().with(to = "Ben", from = "Ana").build(), plain);
  EXPECT_EQ(draft::make(to = "Ben", from = "Ana"), plain);
  const letter full{"Ana", "Ben", "Dear Ben", 6, {"a key", "a map"}};
  EXPECT_EQ(draft()
                .with(enclose("a key"))
                .with(from = "Ana")
                .with(text = "Dear Ben", twice(3))
                .with(to = "Ben")
                .with(enclose("a map"))
                .build(),
            full);
  EXPECT_EQ(draft::make(enclose("a key"), enclose("a map"), from = "Ana", copies = 6, to = "Ben",
                        text = "Dear Ben"),
            full);
  EXPECT_EQ(anything().build(), letter());
  EXPECT_EQ(anything::make(), letter());
}

TEST(Builder, BuildsInTheOrderThatIsDeclared) {
  EXPECT_EQ(in_order().with(from = "Ana").with(to = "Ben").build(), plain);
  EXPECT_EQ(in_order::make(text = "", from = "Ana", to = "Ben"), plain);
  EXPECT_EQ(in_order().with(from = "?", to = "Ben").with(from = "Ana").build(), plain) << "again";
}

TEST(Builder, PartsCanBeBracedListsAndMoved) {
  struct box {
    std::vector<std::string> names;
    std::unique_ptr<int> owned;
  };
  constexpr part<"names", &box::names> names;
  constexpr part<"owned", &box::owned> owned;
  using packing = builder<box, required<names, owned>>;
  auto given = std::make_unique<int>(4);
  const int* const address = given.get();
  const box made = packing::make(names = {"a", "b", "c"}, owned = std::move(given));
  EXPECT_EQ(made.names, (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_EQ(made.owned.get(), address);
  EXPECT_EQ(packing().with(owned = {}, names = {}).build().owned, nullptr);
  const std::vector<std::string> kept{"d"};
  EXPECT_EQ(packing().with(names = kept).with(owned = nullptr).build().names, kept);
}

TEST(Builder, ABuilderWithANameBuildsAgainAndAgain) {
  auto b = draft().with(from = "Ana", to = "Ben");
  b.with(text = "first");
  EXPECT_EQ(b.build().text, "first");
  b.with(text = "second", enclose("a key")).with(to = "Cem");
  const letter copy = b.build();
  EXPECT_EQ(copy, (letter{"Ana", "Cem", "second", 1, {"a key"}}));
  EXPECT_EQ(b.build(), copy) << "the builder goes on";
  EXPECT_EQ(std::move(b).build(), copy);
}

TEST(Builder, MovesTheProductOutOfWhatIsMoved) {
  auto b = draft::from({"Ana", "Ben", "a text that is too long to be inside of a string", 1, {}});
  const std::size_t before = gof::testing::allocations();
  const letter made = std::move(b).build();
  EXPECT_EQ(gof::testing::allocations(), before) << "not copied";
  EXPECT_EQ(made.to, "Ben");
}

/// [modify]
TEST(Builder, ChangesAProductThatWasBuilt) {
  const letter first = draft::make(from = "Ana", to = "Ben", text = "Dear friend");
  const letter second = draft::from(first).with(to = "Cem").build();
  EXPECT_EQ(second, (letter{"Ana", "Cem", "Dear friend", 1, {}}));
}
/// [modify]

/// [recipe]
// A Director: knows the steps, and not what is built by them.
constexpr auto invitation = [](auto b, const std::string& who) {
  return std::move(b).with(text = "Dear " + who + ", please come.", enclose("a map"));
};

TEST(Builder, ADirectorDoesSeveralStepsAsOne) {
  const letter made = draft().with(from = "Ana").apply(invitation, "Ben").with(to = "Ben").build();
  EXPECT_EQ(made, (letter{"Ana", "Ben", "Dear Ben, please come.", 1, {"a map"}}));
}
/// [recipe]

// The book: the same construction process creates different representations.
struct page {
  std::string html;
};
struct outline {
  int lines = 0;
};
constexpr part<"title",
               [](auto& product, const char* words) {
                 if constexpr (std::is_same_v<decltype(product), page&>) {
                   product.html += std::string("<h1>") + words + "</h1>";
                 } else {
                   ++product.lines;
                 }
               }>
    title;

TEST(Builder, OneDirectorBuildsDifferentRepresentations) {
  const auto construct = [](auto b) { return std::move(b).with(title("One")).with(title("Two")); };
  EXPECT_EQ((builder<page, required<title>>().apply(construct).build().html),
            "<h1>One</h1><h1>Two</h1>");
  EXPECT_EQ((builder<outline, required<title>>().apply(construct).build().lines), 2);
}

TEST(Builder, SaysAllThatIsInvalidAtOnce) {
  auto b = draft().with(from = "", to = "").with(copies = 0);
  try {
    static_cast<void>(b.build());
    FAIL() << "not refused";
  } catch (const invalid_product& refused) {
    EXPECT_STREQ(refused.what(),
                 "gof::builder: from is empty; to is empty; copies is not positive");
    EXPECT_EQ(refused.problems(),
              (std::vector<std::string>{"from is empty", "to is empty", "copies is not positive"}));
  }
  EXPECT_THROW(static_cast<void>(std::move(b).build()), invalid_product);
  b.with(from = "Ana", to = "Ben", copies = 1);
  EXPECT_EQ(b.build(), plain) << "nothing was lost";
  EXPECT_THROW(static_cast<void>(draft::make(from = "Ana", to = "")), invalid_product);
  EXPECT_THROW(static_cast<void>(draft::from(letter()).build()), invalid_product);
}

TEST(Builder, IsAsItWasWhereAStepFails) {
  constexpr part<"fails", [](letter&) { throw 7; }> fails;
  using failing = builder<letter, required<from>, optional<fails, text>>;
  auto b = failing().with(from = "Ana");
  EXPECT_THROW(b.with(text = "done", fails()), int);
  EXPECT_THROW(std::move(b).with(fails()), int);
  EXPECT_EQ(b.build(), (letter{"Ana", "", "done", 1, {}})) << "what was done before it is done";
  EXPECT_THROW(static_cast<void>(failing::make(from = "Ana", fails())), int);
}

TEST(Builder, SurvivesThatMemoryRunsOut) {
  const std::string long_text =
      "a text that is too long to be stored inside of a string, with more";
  auto b = draft().with(from = "Ana", to = "Ben");
  gof::testing::fail_each_allocation([&] { b.with(text = long_text); },
                                     [&] { EXPECT_EQ(b.build(), plain); });
  EXPECT_EQ(b.build().text, long_text);
  const std::size_t failures =
      gof::testing::fail_each_allocation([&] { EXPECT_EQ(b.build().text, long_text); },
                                         [&] { EXPECT_EQ(std::as_const(b).build().to, "Ben"); });
  EXPECT_GE(failures, 1U);
  gof::testing::fail_each_allocation(
      [&] {
        try {
          static_cast<void>(draft::make(from = "", to = "", text = long_text));
        } catch (const invalid_product&) {
        }
      },
      [] {});
}

// The laws, after any sequence of steps.
class Seeded : public testing::TestWithParam<unsigned> {};
INSTANTIATE_TEST_SUITE_P(Builder, Seeded, testing::Range(0U, 100U));

TEST_P(Seeded, TheLastValueCounts) {
  std::mt19937 random(GetParam());
  letter model = plain;
  auto b = random() % 2 == 0 ? draft().with(from = "Ana", to = "Ben")
                             : draft().with(to = "Ben").with(from = "Ana");
  for (int i = 0; i != 30; ++i) {
    const std::string value = std::to_string(random() % 1000);
    switch (random() % 5) {
      case 0:
        b.with(from = value);
        model.from = value;
        break;
      case 1:
        b.with(to = value, text = value);
        model.to = model.text = value;
        break;
      case 2:
        b = std::move(b).with(copies = i + 1);
        model.copies = i + 1;
        break;
      case 3:
        b.with(enclose(value));
        model.enclosed.push_back(value);
        break;
      default:
        b = std::move(b).with(twice(i + 1), text = "");
        model.copies = 2 * (i + 1);
        model.text = "";
    }
    ASSERT_EQ(b.build(), model);
  }
}

TEST_P(Seeded, FromChangesNothing) {
  std::mt19937 random(GetParam());
  const auto word = [&random] { return std::string(1 + random() % 40, 'a'); };
  const letter l{word(), word(), word(), static_cast<int>(1 + random() % 9), {word(), word()}};
  EXPECT_EQ(draft::from(l).build(), l);
}

}  // namespace
