// SPDX-License-Identifier: BSL-1.0
#include <gof/builder/runtime.hpp>
// The header under test comes first, so that it has to stand alone.
#include <gtest/gtest.h>

#include <cstddef>
#include <random>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "support/allocations.hpp"

namespace {

using gof::builder::invalid_product, gof::builder::optional, gof::builder::part;
using gof::builder::required, gof::builder::runtime_builder;

struct booking {
  std::string name, day;
  int guests = 0;
  std::vector<std::string> wishes;
  void wish(std::string what) { wishes.push_back(std::move(what)); }
  friend bool operator==(const booking&, const booking&) = default;
};

constexpr auto few = [](int n) { return n < 9 ? "" : "are too many"; };
constexpr auto known = [](const std::string& d) -> std::string_view {
  return d.empty() || d == "today" ? "" : "is no day";
};
constexpr part<"name", &booking::name> name;
constexpr part<"guests", &booking::guests, few> guests;
constexpr part<"day", &booking::day, known> day;
constexpr part<"wish", &booking::wish> wish;
using form = runtime_builder<booking, required<name, guests>, optional<day, wish>>;
using problems = std::vector<std::string>;

static_assert(std::is_same_v<decltype(form().with(name = "")), form&&>);
static_assert(std::is_copy_constructible_v<form> && std::is_move_constructible_v<form>);

TEST(RuntimeBuilder, BuildsWhatIsComplete) {
  const booking expected{"Ana", "today", 2, {"a window", "quiet"}};
  EXPECT_EQ(form()
                .with(name = "Ana", guests = 2)
                .with(day = "today")
                .with(wish("a window"), wish("quiet"))
                .build(),
            expected);
  form f;
  f.with(guests = 2).with(wish("a window"));
  f.with(wish("quiet"), day = "today", name = "Ana");
  EXPECT_EQ(f.problems(), problems());
  EXPECT_EQ(f.build(), expected);
  EXPECT_EQ(f.build(), expected) << "goes on";
  const std::size_t before = gof::testing::allocations();
  const booking made = std::move(f).build();
  EXPECT_EQ(gof::testing::allocations(), before) << "not copied";
  EXPECT_EQ(made, expected);
}

/// [problems]
TEST(RuntimeBuilder, SaysAllThatIsMissingOrInvalidAtOnce) {
  form f;
  f.with(guests = 9, day = "yesterday");
  try {
    static_cast<void>(f.build());
    FAIL() << "not refused";
  } catch (const invalid_product& refused) {
    EXPECT_STREQ(refused.what(),
                 "gof::builder: name is missing; guests are too many; day is no day");
    EXPECT_EQ(refused.problems(), f.problems());
  }
}
/// [problems]

TEST(RuntimeBuilder, LosesNothingWhereItRefuses) {
  form f;
  EXPECT_EQ(f.problems(), (problems{"name is missing", "guests is missing"}));
  f.with(name = "Ana", wish("a window"));
  EXPECT_THROW(static_cast<void>(std::move(f).build()), invalid_product);
  f.with(guests = 9);
  EXPECT_EQ(f.problems(), problems{"guests are too many"});
  EXPECT_EQ(f.with(guests = 0).build(), (booking{"Ana", "", 0, {"a window"}}));
}

TEST(RuntimeBuilder, ADirectorDoesSeveralStepsAsOne) {
  const auto family = [](auto& b, int children) { b.with(guests = 2 + children, wish("toys")); };
  form f;
  EXPECT_EQ(f.apply(family, 2).with(name = "Ana").build(), (booking{"Ana", "", 4, {"toys"}}));
}

TEST(RuntimeBuilder, DoesNotCountAStepThatFails) {
  constexpr part<"fails", [](booking&) { throw 7; }> fails;
  runtime_builder<booking, required<name, fails>> f;
  EXPECT_THROW(f.with(name = "Ana", fails()), int);
  EXPECT_EQ(f.problems(), problems{"fails is missing"});
}

TEST(RuntimeBuilder, SurvivesThatMemoryRunsOut) {
  form f;
  const std::string long_name = "a name that is too long to be stored inside of a string";
  const std::size_t failures = gof::testing::fail_each_allocation(
      [&] { f.with(name = long_name); },
      [&] {
        EXPECT_EQ(f.problems(), (problems{"name is missing", "guests is missing"}));
      });
  EXPECT_EQ(failures, 1U);
  gof::testing::fail_each_allocation(
      [&] {
        try {
          static_cast<void>(f.build());
        } catch (const invalid_product&) {
        }
      },
      [&] { EXPECT_EQ(f.problems(), problems{"guests is missing"}); });
}

class Seeded : public testing::TestWithParam<unsigned> {};
INSTANTIATE_TEST_SUITE_P(RuntimeBuilder, Seeded, testing::Range(0U, 100U));

TEST_P(Seeded, ProblemsAreWhatBuildRefuses) {
  std::mt19937 random(GetParam());
  form f;
  booking model;
  bool named = false, counted = false;
  for (int i = 0; i != 20; ++i) {
    const int n = static_cast<int>(random() % 12);
    switch (random() % 4) {
      case 0:
        f.with(name = std::to_string(n));
        model.name = std::to_string(n);
        named = true;
        break;
      case 1:
        f.with(guests = n);
        model.guests = n;
        counted = true;
        break;
      case 2:
        f.with(day = n < 6 ? "today" : "never");
        model.day = n < 6 ? "today" : "never";
        break;
      default:
        f.with(wish("quiet"));
        model.wishes.push_back("quiet");
    }
    problems expected;
    if (!named) expected.push_back("name is missing");
    if (!counted) expected.push_back("guests is missing");
    if (counted && model.guests >= 9) expected.push_back("guests are too many");
    if (model.day == "never") expected.push_back("day is no day");
    ASSERT_EQ(f.problems(), expected);
    if (expected.empty()) {
      ASSERT_EQ(f.build(), model);
    } else {
      ASSERT_THROW(static_cast<void>(f.build()), invalid_product);
    }
  }
}

}  // namespace
