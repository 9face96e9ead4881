// SPDX-License-Identifier: BSL-1.0
#include <gof/adapter/two_way.hpp>
// The header under test comes first, so that it has to stand alone.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

namespace {

namespace ad = gof::adapter;

constexpr ad::two_way doubled{[](int n) { return 2 * n; }, [](int n) { return n / 2; }};
static_assert(std::is_empty_v<std::remove_const_t<decltype(doubled)>>);
static_assert(ad::round_trips(doubled, 7));
static_assert(!ad::round_trips(doubled.inverse(), 7));  // 7 / 2 * 2
static_assert(ad::round_trips(doubled.inverse(), 8));
static_assert(doubled.to(3) == 6 && doubled.back(6) == 3);
static_assert(doubled.inverse().to(6) == 3 && doubled.inverse().inverse().to(3) == 6);

class Seeded : public testing::TestWithParam<unsigned> {};
INSTANTIATE_TEST_SUITE_P(AdapterTwoWay, Seeded, testing::Range(0U, 100U));

// The law RoundTrip: the helper finds the first value that is lost, and nothing else.
TEST_P(Seeded, RoundTrip) {
  std::mt19937 random(GetParam());
  std::vector<int> values(random() % 8);
  for (int& v : values) v = static_cast<int>(random() % 4) * 2 + (random() % 8 == 0);
  const auto odd = std::find_if(values.begin(), values.end(), [](int v) { return v % 2 != 0; });
  const int* lost = ad::first_lost(doubled.inverse(), values);
  EXPECT_EQ(lost, odd == values.end() ? nullptr : &*odd);
  EXPECT_EQ(ad::first_lost(doubled, values), nullptr);
}

TEST(AdapterTwoWay, WhatAConversionThrowsComesOut) {
  const ad::two_way text([](int n) { return std::to_string(n); },
                         [](const std::string& s) -> int {
                           if (s == "3") throw std::range_error(s);
                           return std::stoi(s);
                         });
  const std::vector<int> good{1, -2}, bad{1, 3};
  EXPECT_EQ(ad::first_lost(text, good), nullptr);
  EXPECT_THROW(static_cast<void>(ad::first_lost(text, bad)), std::range_error);
}

}  // namespace
