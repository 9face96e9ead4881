// SPDX-License-Identifier: BSL-1.0
#include <gof/abstract_factory/prototype.hpp>
// The header under test comes first, so that it has to stand alone.
#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "support/allocations.hpp"

namespace {

namespace af = gof::abstract_factory;

struct wall {
  virtual ~wall() = default;
  virtual std::unique_ptr<wall> clone(int height) const = 0;
  virtual int area() const = 0;
  virtual void paint(std::string) = 0;
  virtual std::string colour() const = 0;
};
struct door {
  virtual ~door() = default;
  virtual std::unique_ptr<door> clone() const = 0;
};
struct plain_wall : wall {
  explicit plain_wall(int width) : width_(width) {}
  std::unique_ptr<wall> clone(int height) const override {
    auto copy = std::make_unique<plain_wall>(*this);
    copy->height_ = height;
    return copy;
  }
  int area() const override { return width_ * height_; }
  void paint(std::string colour) override { colour_ = std::move(colour); }
  std::string colour() const override { return colour_; }
  int width_, height_ = 0;
  std::string colour_ = "a colour whose name is not short";
};
struct plain_door : door {
  std::unique_ptr<door> clone() const override { return std::make_unique<plain_door>(*this); }
};

using house = af::abstract_factory<wall(int), af::optional<door(), plain_door>>;
using prototypes = af::prototype_factory<house>;

static_assert(std::is_base_of_v<house, prototypes> && !std::is_copy_constructible_v<prototypes>);
static_assert(std::is_constructible_v<prototypes, const af::family&, std::unique_ptr<plain_wall>,
                                      std::unique_ptr<door>>);
static_assert(!std::is_constructible_v<prototypes, af::family, std::unique_ptr<plain_wall>,
                                       std::unique_ptr<door>>);

TEST(AbstractFactoryPrototype, ClonesWithTheArgumentsOfCreate) {
  const af::family wood("wood");
  const prototypes factory(wood, std::make_unique<plain_wall>(3), std::make_unique<plain_door>());
  const house& chosen = factory;
  EXPECT_EQ(chosen.create<wall>(5)->area(), 15);
  const af::product<door> made = chosen.create<door>();
  EXPECT_TRUE(made);
  EXPECT_EQ(made.brand(), wood);
}

TEST(AbstractFactoryPrototype, MakesFamiliesAtRunTime) {
  /// [prototypes]
  const std::vector<std::string> names{"wood", "stone"};
  const af::family wood(names[0]), stone(names[1]);
  const prototypes one(wood, std::make_unique<plain_wall>(1), nullptr);
  const prototypes other(stone, std::make_unique<plain_wall>(2), nullptr);
  /// [prototypes]
  EXPECT_EQ(one.create<wall>(1).brand().name(), "wood");
  EXPECT_NO_THROW(af::require_one_family(one, one.create<wall>(1), one.create<wall>(2)));
  EXPECT_THROW(af::require_one_family(one.create<wall>(1), other.create<wall>(1)),
               af::mixed_families);
}

TEST(AbstractFactoryPrototype, MakesNothingOfAnOptionalProductWithoutPrototype) {
  const af::family wood("wood");
  const prototypes factory(wood, std::make_unique<plain_wall>(1), nullptr);
  EXPECT_FALSE(factory.create<door>());
  EXPECT_EQ(factory.create<door>().brand(), wood);
}

TEST(AbstractFactoryPrototype, RefusesToBeMadeWithoutAPrototype) {
  const af::family wood("wood");
  try {
    const prototypes factory(wood, nullptr, std::make_unique<plain_door>());
    FAIL() << "not refused";
  } catch (const std::invalid_argument& refused) {
    EXPECT_STREQ(refused.what(), "gof::abstract_factory: there is no prototype of a product");
  }
}

class Seeded : public testing::TestWithParam<unsigned> {};
INSTANTIATE_TEST_SUITE_P(AbstractFactoryPrototype, Seeded, testing::Range(0U, 50U));

TEST_P(Seeded, AClonedProductIsAsItsPrototype) {
  std::mt19937 random(GetParam());
  const int width = static_cast<int>(random() % 100);
  auto prototype = std::make_unique<plain_wall>(width);
  const std::string colour = "colour " + std::to_string(random() % 100);
  prototype->paint(colour);
  const af::family wood("wood");
  const prototypes factory(wood, std::move(prototype), nullptr);
  std::vector<af::product<wall>> walls;
  for (int i = 0; i != 10; ++i) {
    walls.push_back(factory.create<wall>(i));
    EXPECT_EQ(walls.back()->area(), width * i);
    EXPECT_EQ(walls.back()->colour(), colour) << "whatever happened to the clones before";
    walls[random() % walls.size()]->paint("another");
  }
}

TEST(AbstractFactoryPrototype, LetsOutWhatACloneThrows) {
  const af::family wood("wood");
  const prototypes factory(wood, std::make_unique<plain_wall>(3), nullptr);
  const std::size_t failures = gof::testing::fail_each_allocation(
      [&] { EXPECT_EQ(factory.create<wall>(2)->area(), 6); }, [] {});
  EXPECT_EQ(failures, 2U) << "the clone, and its colour";
}

}  // namespace
