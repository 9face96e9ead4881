// SPDX-License-Identifier: BSL-1.0
#include <gof/composite/flat.hpp>
// The header under test comes first, so that it has to stand alone.
#include <gtest/gtest.h>

#include <memory>
#include <numeric>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "support/allocations.hpp"

namespace {

namespace cp = gof::composite;
using component = cp::component<int>;
using tree = cp::tree<int>;
using flat = cp::flat<int>;

static_assert(std::is_nothrow_move_constructible_v<flat> && std::is_copy_constructible_v<flat>);
static_assert(!std::is_convertible_v<const component&, flat>);
static_assert(std::is_same_v<decltype(std::declval<flat&>().values()), std::span<int>>);
static_assert(std::is_same_v<decltype(std::declval<const flat&>().values()), std::span<const int>>);

constexpr auto nested = [](int value, std::span<const std::string> results) {
  return std::accumulate(results.begin(), results.end(), std::to_string(value) + '[') + ']';
};
// Values in preorder, and where each part ends, by a function that calls itself.
void expect(const component& c, std::vector<int>& values, std::vector<std::size_t>& ends) {
  const std::size_t at = values.size();
  values.push_back(c.value);
  ends.push_back(0);
  for (auto* child = c.first_child(); child != nullptr; child = child->next_sibling()) {
    expect(*child, values, ends);
  }
  ends[at] = values.size();
}

class SeededFlat : public testing::TestWithParam<unsigned> {};
INSTANTIATE_TEST_SUITE_P(CompositeFlat, SeededFlat, testing::Range(0U, 100U));

TEST_P(SeededFlat, FlatIsTheSame) {
  std::mt19937 random(GetParam());
  tree t(0);
  std::vector<component*> all{&t.root()};
  for (std::size_t i = random() % 40; i != 0; --i) {
    all.push_back(&all[random() % all.size()]->add(static_cast<int>(i)));
  }
  for (const component* top : {all[0], all[random() % all.size()]}) {
    const flat f(*top);
    std::vector<int> values;
    std::vector<std::size_t> ends;
    expect(*top, values, ends);
    EXPECT_EQ(std::vector(f.values().begin(), f.values().end()), values);
    ASSERT_EQ(f.size(), values.size());
    for (std::size_t i = 0; i != f.size(); ++i) {
      EXPECT_EQ(f.end_of(i), ends[i]);
      EXPECT_EQ(f.part(i).data(), &f.values()[i]);
      EXPECT_EQ(f.part(i).size(), ends[i] - i);
    }
    EXPECT_EQ(f.fold<std::string>(nested), cp::fold<std::string>(*top, nested));
  }
}

TEST(CompositeFlat, IsACopyWhoseValuesCanBeEdited) {
  tree t(1);
  t.root().add(2);
  flat f(t.root());
  f.values()[1] = 5;
  EXPECT_EQ(f.fold<std::string>(nested), "1[5[]]");
  EXPECT_EQ(t.root().get_child(0).value, 2);
}

TEST(CompositeFlat, FoldsToWhatCanOnlyBeMoved) {
  tree t(1);
  t.root().add(2).add(3);
  t.root().add(4);
  const auto sum = [](int value, std::span<const std::unique_ptr<int>> results) {
    for (const auto& r : results) value += *r;
    return std::make_unique<int>(value);
  };
  EXPECT_EQ(*flat(t.root()).fold<std::unique_ptr<int>>(sum), 10);
}

TEST(CompositeFlat, LosesNothingWhereAnAllocationFails) {
  tree t(1);
  for (int i = 0; i != 10; ++i) t.root().add(i).add(i);
  const auto count = [](int, std::span<const int> r) {
    return std::accumulate(r.begin(), r.end(), 1);
  };
  int nodes = 0;
  EXPECT_GT(gof::testing::fail_each_allocation([&] { nodes = flat(t.root()).fold<int>(count); },
                                               [&] { EXPECT_EQ(t.size(), 21U); }),
            4U);
  EXPECT_EQ(nodes, 21);
}

TEST(CompositeFlat, AMillionLevelsAreNotTooDeep) {
  constexpr int levels = 1'000'000;
  tree t(0);
  component* at = &t.root();
  for (int i = 1; i <= levels; ++i) at = &at->add(i);
  const flat f(t.root());
  EXPECT_EQ(f.values().back(), levels);
  EXPECT_EQ(f.end_of(0), f.size());
  const auto longest = [](int, std::span<int> r) { return r.empty() ? 0 : 1 + r[0]; };
  EXPECT_EQ(f.fold<int>(longest), levels);
}

}  // namespace
