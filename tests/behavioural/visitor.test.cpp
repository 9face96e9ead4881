// SPDX-License-Identifier: BSL-1.0
#include <gof/visitor.hpp>
// The header under test comes first, so that it has to stand alone.
#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "support/allocations.hpp"

namespace {

namespace vs = gof::visitor;
using vs::otherwise, vs::visitor, vs::visit;

struct file {
  int size = 0;
};
struct folder {};
struct link {};
using element = std::variant<file, folder, link>;
// As the examples have it: a class of its own, with something of its own.
struct entry : element {
  using element::element;
  bool is_file() const { return index() == 0; }
};

constexpr visitor ids{[](const file&) { return 1; }, [](const folder&) { return 2; },
                      [](const link&) { return 3; }};

static_assert(visit(ids, element(file{})) == 1 && visit(ids, element(link{})) == 3);
static_assert(std::is_empty_v<decltype(ids)>);
static_assert(visit(visitor{[](file) { return 1; }, otherwise([](const auto&) { return 0; })},
                    element(folder{})) == 0);
static_assert(std::is_same_v<decltype(visit(visitor{[](file& f) -> int& { return f.size; }},
                                            std::declval<std::variant<file>&>())),
                             int&>);
static_assert(
    std::is_same_v<
        decltype(visit(visitor{[](const file&) {}}, std::declval<std::variant<file>&>())), void>);

class Seeded : public testing::TestWithParam<unsigned> {};
INSTANTIATE_TEST_SUITE_P(Visitor, Seeded, testing::Range(0U, 50U));

// Against the switch that it stands for.
TEST_P(Seeded, EachByItsOwnCase) {
  std::mt19937 random(GetParam());
  const auto any = [&]() -> element {
    switch (random() % 3) {
      case 0:
        return file{static_cast<int>(random() % 100)};
      case 1:
        return folder{};
      default:
        return link{};
    }
  };
  for (int i = 0; i != 20; ++i) {
    const element e = any();
    const std::size_t expected =
        e.index() == 0 ? static_cast<std::size_t>(std::get<0>(e).size) : 1000 + e.index();
    const auto size = [](const file& f) { return static_cast<std::size_t>(f.size); };
    const auto one = [](const folder&) -> std::size_t { return 1001; };
    const auto two = [](link) -> std::size_t { return 1002; };
    const auto rest = [&](const auto&) { return 1000 + e.index(); };
    EXPECT_EQ(visit(visitor{size, one, two}, e), expected);
    EXPECT_EQ(visit(visitor{two, one, size}, e), expected);
    EXPECT_EQ(visit(visitor{size, otherwise(rest)}, e), expected);
    EXPECT_EQ(visit(visitor{otherwise(rest), one, size}, e), expected);
    EXPECT_EQ(std::visit(visitor{one, two, size}, e), expected);
  }
}

TEST(Visitor, TakesNothingThatOnlyConverts) {
  const auto name = [](const std::variant<bool, int, double>& v) {
    return visit(visitor{[](bool) { return "bool"; }, [](double) { return "double"; },
                         otherwise([](auto) { return "other"; })},
                 v);
  };
  EXPECT_STREQ(name(1), "other") << "an int is neither";
  EXPECT_STREQ(name(true), "bool");
  EXPECT_STREQ(name(1.0), "double");
}

struct base {};
struct derived : base {};
TEST(Visitor, TakesADerivedClassAsWhatItIs) {
  const visitor v{[](const base&) { return "base"; }, [](const derived&) { return "derived"; }};
  EXPECT_STREQ(visit(v, std::variant<derived, base>(derived())), "derived");
  EXPECT_STREQ(visit(v, std::variant<derived, base>(base())), "base");
}

TEST(Visitor, ChangesElementsAndMovesThem) {
  std::variant<file, std::unique_ptr<int>> e = file{1};
  visit(visitor{[](file& f) { f.size = 5; }, [](std::unique_ptr<int>&) {}}, e);
  EXPECT_EQ(std::get<0>(e).size, 5);
  e = std::make_unique<int>(7);
  const auto taken = visit(visitor{[](file&&) { return std::unique_ptr<int>(); },
                                   [](std::unique_ptr<int>&& p) { return std::move(p); }},
                           std::move(e));
  EXPECT_EQ(*taken, 7);
  EXPECT_EQ(std::get<1>(e), nullptr);
}

TEST(Visitor, KeepsStateInItsCases) {
  visitor v{[n = 0](const file&) mutable { return ++n; }, [](const folder&) { return -1; },
            [](const link&) noexcept { return -2; }};
  const element f = file{}, l = link{};
  EXPECT_EQ(visit(v, f), 1);
  EXPECT_EQ(visit(v, f), 2);
  EXPECT_EQ(visit(v, l), -2);
  auto copy = v;
  EXPECT_EQ(visit(copy, f), 3);
  EXPECT_EQ(visit(v, f), 3);
}
TEST(Visitor, KeepsStateInWhatTakesTheRest) {
  visitor v{[](const file&) { return 0; }, otherwise([n = 0](const auto&) mutable { return ++n; })};
  EXPECT_EQ(visit(v, element(link{})), 1);
  EXPECT_EQ(visit(v, element(folder{})), 2);
  EXPECT_EQ(visit(v, element(file{})), 0);
}
TEST(Visitor, MayBeConstWithWhatTakesTheRest) {
  const visitor v{[](const file&) { return 0; }, otherwise([](const auto&) { return 1; })};
  EXPECT_EQ(visit(v, element(link{})), 1);
  EXPECT_EQ(visit(v, element(file{})), 0);
}

// The book's form: a class with a function for each type.
struct counting {
  int files = 0, others = 0;
  void operator()(const file&) { ++files; }
  void operator()(const folder&) { ++others; }
  void operator()(const link&) { ++others; }
};
TEST(Visitor, IsAClassAsWell) {
  counting c;
  for (const element& e : {element(file{}), element(link{}), element(folder{})}) visit(c, e);
  EXPECT_EQ(c.files, 1);
  EXPECT_EQ(c.others, 2);
}

TEST(Visitor, VisitsWhatIsDerivedFromAVariant) {
  entry e = file{4};
  EXPECT_TRUE(e.is_file());
  visit(visitor{[](file& f) { ++f.size; }, otherwise([](auto&) {})}, e);
  EXPECT_EQ(visit(visitor{[](const file& f) { return f.size; }, otherwise([](auto) { return 0; })},
                  std::as_const(e)),
            5);
}

struct fault {};
struct throwing {
  throwing() = default;
  throwing(const throwing&) { throw fault(); }
};
TEST(Visitor, LetsExceptionsOut) {
  const element e = link{};
  EXPECT_THROW(visit(visitor{[](const link&) { throw fault(); }, otherwise([](auto&) {})}, e),
               fault);
  std::variant<file, throwing> broken;
  EXPECT_THROW(broken.emplace<1>(throwing()), fault);
  EXPECT_THROW(visit(visitor{[](const file&) {}, [](const throwing&) {}}, broken),
               std::bad_variant_access);
}

TEST(Visitor, AllocatesNothing) {
  const element e = folder{};
  const std::size_t before = gof::testing::allocations();
  int sum = 0;
  for (int i = 0; i != 100; ++i) sum += visit(ids, e);
  EXPECT_EQ(gof::testing::allocations(), before);
  EXPECT_EQ(sum, 200);
}

}  // namespace
