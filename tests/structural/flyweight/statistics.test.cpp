// SPDX-License-Identifier: BSL-1.0
#include <gof/flyweight/statistics.hpp>
// The header under test comes first, so that it has to stand alone.
#include <gtest/gtest.h>

#include <gof/flyweight/shared_factory.hpp>
#include <string>
#include <vector>

namespace {

using gof::flyweight::bytes_of, gof::flyweight::statistics, gof::flyweight::usage;

static_assert(usage{}.bytes_saved() == 0);
static_assert(usage{.bytes = 3, .bytes_unshared = 10}.bytes_saved() == 7);
static_assert(usage{.bytes = 10, .bytes_unshared = 3}.bytes_saved() == -7);

TEST(BytesOf, CountsWhatAContainerHolds) {
  EXPECT_EQ(bytes_of()(7), sizeof(int));
  EXPECT_EQ(bytes_of()(std::string("short")), sizeof(std::string));
  const std::string text(100, 'x');
  EXPECT_EQ(bytes_of()(text), sizeof(std::string) + text.capacity());
  const std::vector<double> numbers(10);
  EXPECT_EQ(bytes_of()(numbers), sizeof(numbers) + 10 * sizeof(double));
  EXPECT_EQ(bytes_of()(std::vector<int>()), sizeof(std::vector<int>));
}

template <class Factory>
class Statistics : public testing::Test {};
using factories = testing::Types<gof::flyweight::flyweight_factory<std::string>,
                                 gof::flyweight::shared_flyweight_factory<std::string>>;
TYPED_TEST_SUITE(Statistics, factories);

TYPED_TEST(Statistics, SayWhetherSharingPays) {
  TypeParam names;
  const auto bytes = [](const std::string& s) { return s.size(); };
  EXPECT_EQ(statistics(names).values, 0U);
  {
    const std::string large(1000, 'x');
    const std::vector held(5, names.get_flyweight(large));
    const auto one = names.get_flyweight("1"), same = names.get_flyweight("1");
    static_cast<void>(names.get_flyweight("unused"));

    const usage u = statistics(names, bytes);
    EXPECT_EQ(u.hits, 1U);
    EXPECT_EQ(u.misses, 3U);
    EXPECT_EQ(u.values, 3U);
    EXPECT_EQ(u.unused, 1U);
    EXPECT_EQ(u.flyweights, 7U);
    EXPECT_EQ(u.bytes_unshared, 5 * 1000U + 2 * 1U);
    // Of each value: how many use it, its hash, and three pointers that lead to it.
    EXPECT_EQ(u.bytes, 1000 + 1 + 6 + 3 * 5 * sizeof(void*) + 7 * sizeof(void*));
    EXPECT_EQ(u.bytes_saved(), 5002 - 1007 - 22 * static_cast<std::ptrdiff_t>(sizeof(void*)));
  }
  EXPECT_EQ(statistics(names, bytes).unused, 3U);
  EXPECT_LT(statistics(names, bytes).bytes_saved(), 0);
}

}  // namespace
