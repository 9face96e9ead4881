// SPDX-License-Identifier: BSL-1.0
#include <gof/visitor/open_visitor.hpp>
// The header under test comes first, so that it has to stand alone.
#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "support/allocations.hpp"

namespace {

namespace vs = gof::visitor;
using vs::open_visitor, vs::otherwise, vs::refuse;

struct item {
  int weight = 0;
  virtual ~item() = default;
};
template <int N>
struct kind : item {
  static constexpr int number = N;
};
struct special : kind<1> {};

static_assert(!std::is_default_constructible_v<open_visitor<item>>);
static_assert(!std::is_convertible_v<refuse, open_visitor<item>>);
static_assert(!std::is_copy_constructible_v<open_visitor<item>>);
static_assert(std::is_nothrow_move_constructible_v<open_visitor<item>>);
static_assert(std::is_base_of_v<std::runtime_error, vs::unknown_element>);
static_assert(std::is_base_of_v<std::logic_error, vs::misuse>);

std::string message(auto&& f) {
  try {
    f();
  } catch (const std::exception& e) {
    return e.what();
  }
  return "nothing";
}

// The law EachByItsOwnCase: for any subset of cases, in any order.
class SeededOpen : public testing::TestWithParam<unsigned> {
 protected:
  template <int... N>
  static std::vector<std::unique_ptr<item>> items(std::integer_sequence<int, N...>) {
    std::vector<std::unique_ptr<item>> all;
    (all.push_back(std::make_unique<kind<N>>()), ...);
    return all;
  }
  template <int... N>
  static auto adders(std::integer_sequence<int, N...>) {
    using visitor = open_visitor<const item, int>;
    return std::vector<void (*)(visitor&)>{
        [](visitor& v) { v.on([](const kind<N>& k) { return k.number; }); }...};
  }
};
INSTANTIATE_TEST_SUITE_P(OpenVisitor, SeededOpen, testing::Range(0U, 50U));

TEST_P(SeededOpen, EachByItsOwnCase) {
  constexpr std::make_integer_sequence<int, 40> all{};
  std::mt19937 random(GetParam());
  const auto elements = items(all);
  const auto add = adders(all);
  std::vector<bool> has(40);
  open_visitor<const item, int> v(otherwise([](const item&) { return -1; }));
  for (int i = 0; i != 60; ++i) {
    const std::size_t n = random() % 40;
    if (has[n]) {
      EXPECT_THROW(add[n](v), vs::misuse);
    } else {
      add[n](v);
    }
    has[n] = true;
    for (std::size_t k = 0; k != 40; ++k) {
      ASSERT_EQ(v(*elements[k]), has[k] ? static_cast<int>(k) : -1);
    }
  }
}

TEST(OpenVisitor, RefusesTheUnknown) {
  open_visitor<const item> v(refuse{});
  int seen = 0;
  v.on([&](const kind<2>&) { ++seen; });
  v(kind<2>());
  EXPECT_EQ(seen, 1);
  const std::string expected =
      std::string("gof::visitor: there is no case for elements of type ") + typeid(kind<3>).name();
  EXPECT_EQ(message([&] { v(kind<3>()); }), expected);
  EXPECT_THROW(v(kind<3>()), vs::unknown_element);
  EXPECT_THROW(v(item()), vs::unknown_element);
}

TEST(OpenVisitor, GivesTheUnknownToAFunction) {
  int sum = 0;
  open_visitor<item> v(otherwise([&](item& e) { sum += e.weight; }));
  kind<4> four;
  four.weight = 4;
  v(four);
  EXPECT_EQ(sum, 4);
}

TEST(OpenVisitor, GoesByTheTypeItself) {
  open_visitor<const item, int> v(otherwise([](const item&) { return 0; }));
  v.on([](const kind<1>&) { return 1; });
  EXPECT_EQ(v(special()), 0) << "derived from one that has a case, and unknown";
  v.on([](const special&) { return 2; }).on([](const item&) { return 3; });
  EXPECT_EQ(v(special()), 2);
  EXPECT_EQ(v(kind<1>()), 1);
  EXPECT_EQ(v(item()), 3);
}

TEST(OpenVisitor, RefusesASecondCase) {
  open_visitor<const item, int> v(refuse{});
  v.on([](const kind<1>&) { return 1; });
  const std::string expected =
      std::string("gof::visitor: there is a case already for elements of type ") +
      typeid(kind<1>).name();
  EXPECT_EQ(message([&] { v.on([](const kind<1>&) { return 2; }); }), expected);
  EXPECT_EQ(v(kind<1>()), 1);
}

TEST(OpenVisitor, ChangesElementsAndKeepsState) {
  open_visitor<item, int> v(refuse{});
  v.on([n = 0](kind<1>& e) mutable { return e.weight = ++n; });
  kind<1> a, b;
  EXPECT_EQ(v(a), 1);
  EXPECT_EQ(v(b), 2);
  auto moved = std::move(v);
  EXPECT_EQ(moved(a), 3);
  EXPECT_EQ(a.weight, 3);
  EXPECT_EQ(b.weight, 2);
}

TEST(OpenVisitor, ConvertsResults) {
  open_visitor<const item, double> v(otherwise([](const item&) { return 1; }));
  v.on([](const kind<1>&) { return 2; });
  EXPECT_EQ(v(kind<1>()), 2.0);
  EXPECT_EQ(v(kind<2>()), 1.0);
  open_visitor<const item> nothing(refuse{});
  nothing.on([](const kind<1>&) { return 2; });
  nothing(kind<1>());
}

TEST(OpenVisitor, LetsExceptionsOut) {
  open_visitor<const item> v(refuse{});
  v.on([](const kind<1>&) { throw std::string("out"); });
  EXPECT_THROW(v(kind<1>()), std::string);
}

TEST(OpenVisitor, IsUnchangedWhereAnAllocationFails) {
  open_visitor<const item, int> v(otherwise([](const item&) { return 0; }));
  v.on([](const kind<1>&) { return 1; }).on([](const kind<2>&) { return 2; });
  const auto both = [&] {
    EXPECT_EQ(v(kind<1>()), 1);
    EXPECT_EQ(v(kind<2>()), 2);
    EXPECT_EQ(v(kind<3>()), 0);
  };
  EXPECT_EQ(
      gof::testing::fail_each_allocation([&] { v.on([](const kind<3>&) { return 3; }); }, both), 2U)
      << "the case, and room for it";
  EXPECT_EQ(v(kind<3>()), 3);
}

TEST(OpenVisitor, VisitsWithoutAllocating) {
  open_visitor<const item, int> v(refuse{});
  v.on([](const kind<1>&) { return 1; });
  const kind<1> one;
  const std::size_t before = gof::testing::allocations();
  for (int i = 0; i != 100; ++i) EXPECT_EQ(v(one), 1);
  EXPECT_EQ(gof::testing::allocations(), before);
}

}  // namespace
