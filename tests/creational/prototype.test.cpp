// SPDX-License-Identifier: BSL-1.0
#include <gof/prototype.hpp>
// The header under test comes first, so that it has to stand alone.
#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "support/allocations.hpp"

namespace {

using gof::prototype::concrete_prototype, gof::prototype::polymorphic, gof::prototype::sliced;
using gof::prototype::unsliceable;

struct shape {
  virtual ~shape() { --alive; }
  virtual int area() const = 0;
  virtual void grow(int by) = 0;
  static inline int alive = 0;

 protected:
  shape() { ++alive; }
  shape(const shape&) { ++alive; }
  shape& operator=(const shape&) = default;
};
struct square final : shape {
  explicit square(int s) : side(s) {}
  int area() const override { return side * side; }
  void grow(int by) override { side += by; }
  int side;
};
// Others are derived from it.
struct box : shape {
  box(int w, int h) : width(w), height(h) {}
  int area() const override { return width * height; }
  void grow(int by) override { width += by; }
  int width, height;
};
struct labelled_box : box {
  labelled_box(int w, int h, std::string l) : box(w, h), label(std::move(l)) {}
  std::string label;
};
// Holds other shapes.
struct group final : shape {
  int area() const override {
    int sum = 0;
    for (const auto& p : parts) sum += p->area();
    return sum;
  }
  void grow(int by) override {
    for (auto& p : parts) p->grow(by);
  }
  std::vector<polymorphic<shape>> parts;
};
// Is made of another shape, as a decorator is.
struct twice final : shape {
  explicit twice(polymorphic<shape> i) : inner(std::move(i)) {}
  int area() const override { return 2 * inner->area(); }
  void grow(int by) override { inner->grow(by); }
  polymorphic<shape> inner;
};
// Its copies throw when told to.
struct fragile final : shape {
  struct fault {};
  explicit fragile(int* c) : copies(c) {}
  fragile(const fragile& f) : shape(f), copies(f.copies) {
    if (--*copies < 0) throw fault();
  }
  int area() const override { return 0; }
  void grow(int) override {}
  int* copies;
};
// Is not the first base of what is derived from it.
struct named {
  virtual ~named() = default;
  std::string name = "a name";
};
struct named_square final : named, shape {
  int area() const override { return 4; }
  void grow(int) override {}
};
struct plain final {  // not polymorphic at all
  int n;
};
struct open_base {
  virtual ~open_base() = default;
};
struct copy_protected {
  virtual ~copy_protected() = default;

 protected:
  copy_protected() = default;
  copy_protected(const copy_protected&) = default;
};
struct no_virtual_destructor {
 protected:
  no_virtual_destructor() = default;
  no_virtual_destructor(const no_virtual_destructor&) = default;
  no_virtual_destructor& operator=(const no_virtual_destructor&) = default;
};
struct derived_from_that : no_virtual_destructor {};

using any_shape = polymorphic<shape>;

static_assert(sizeof(any_shape) == 2 * sizeof(void*));
static_assert(unsliceable<shape> && unsliceable<square> && unsliceable<plain>);
static_assert(!unsliceable<open_base> && !unsliceable<copy_protected> && !unsliceable<box>);
static_assert(concrete_prototype<square, shape> && concrete_prototype<plain, plain>);
static_assert(!concrete_prototype<plain, shape>);
static_assert(!concrete_prototype<derived_from_that, no_virtual_destructor>);
static_assert(std::is_copy_constructible_v<any_shape> && std::is_copy_assignable_v<any_shape>);
static_assert(std::is_nothrow_move_constructible_v<any_shape>);
static_assert(std::is_nothrow_move_assignable_v<any_shape>);
static_assert(!std::is_default_constructible_v<any_shape>);
static_assert(std::is_convertible_v<square, any_shape> &&
              !std::is_constructible_v<any_shape, plain>);
static_assert(!std::is_constructible_v<any_shape, square*>);
static_assert(std::is_constructible_v<any_shape, std::in_place_type_t<square>, int>);
static_assert(!std::is_constructible_v<any_shape, std::in_place_type_t<square>, std::string>);
static_assert(std::is_same_v<decltype(*std::declval<any_shape&>()), shape&>);
static_assert(std::is_same_v<decltype(*std::declval<const any_shape&>()), const shape&>);
static_assert(
    std::is_same_v<decltype(std::declval<const any_shape&>().operator->()), const shape*>);
static_assert(std::is_base_of_v<std::logic_error, sliced>);

class Seeded : public testing::TestWithParam<unsigned> {};
INSTANTIATE_TEST_SUITE_P(Prototype, Seeded, testing::Range(0U, 50U));

// The law ACopyIsEqualAndApart, against numbers.
TEST_P(Seeded, ACopyIsEqualAndApart) {
  struct model {
    bool is_square;
    int a, b;
    int area() const { return is_square ? a * a : a * b; }
  };
  std::mt19937 random(GetParam());
  const int before = shape::alive;
  {
    std::vector<any_shape> shapes(8, square(1));
    std::vector<model> models(8, {true, 1, 0});
    for (int step = 0; step != 300; ++step) {
      const std::size_t i = random() % 8, j = random() % 8;
      const int n = static_cast<int>(random() % 9);
      switch (random() % 5) {
        case 0:
          shapes[i] = square(n);
          models[i] = {true, n, 0};
          break;
        case 1:
          shapes[i] = any_shape(std::in_place_type<box>, n, 3);
          models[i] = {false, n, 3};
          break;
        case 2:
          shapes[i] = shapes[j];
          models[i] = models[j];
          break;
        case 3:
          std::swap(shapes[i], shapes[j]);
          std::swap(models[i], models[j]);
          break;
        default:
          shapes[i]->grow(n);
          models[i].a += n;
      }
      for (std::size_t k = 0; k != 8; ++k) {
        ASSERT_EQ(shapes[k]->area(), models[k].area());
        ASSERT_EQ(dynamic_cast<square*>(&*shapes[k]) != nullptr, models[k].is_square);
      }
      ASSERT_EQ(shape::alive, before + 8);
    }
  }
  EXPECT_EQ(shape::alive, before);
}

// The law ConstIsDeep.
template <class P>
constexpr bool can_grow = requires(P& p) {
  p->grow(1);
};
template <class P>
constexpr bool can_grow_by_star = requires(P& p) {
  (*p).grow(1);
};
TEST(Polymorphic, ConstIsDeep) {
  static_assert(can_grow<any_shape> && !can_grow<const any_shape>);
  static_assert(can_grow_by_star<any_shape> && !can_grow_by_star<const any_shape>);
  const any_shape p(square(3));
  EXPECT_EQ(p->area(), 9);
  EXPECT_EQ((*p).area(), 9);
}

TEST(Polymorphic, CopiesTheWholeObject) {
  const any_shape a(labelled_box(2, 3, "a label that is not short"));
  const any_shape b = a;
  EXPECT_NE(&*a, &*b);
  EXPECT_EQ(dynamic_cast<const labelled_box&>(*b).label, "a label that is not short");
}

TEST(Polymorphic, CopiesWhatIsInside) {
  group g;
  g.parts.emplace_back(square(2));
  g.parts.emplace_back(box(2, 3));
  const any_shape a(g);
  any_shape b = a;
  b->grow(1);
  EXPECT_EQ(a->area(), 4 + 6);
  EXPECT_EQ(b->area(), 9 + 9);
}

TEST(Polymorphic, HoldsWhatIsMadeOfOne) {
  any_shape a(std::in_place_type<twice>, any_shape(twice(square(1))));
  const any_shape b = a;
  a->grow(1);
  EXPECT_EQ(a->area(), 16) << "twice, twice";
  EXPECT_EQ(b->area(), 4);
}

TEST(Polymorphic, TakesOverWithoutACopy) {
  any_shape a(square(3));
  const shape* const object = &*a;
  const std::size_t before = gof::testing::allocations();
  any_shape b = std::move(a);
  EXPECT_EQ(&*b, object);
  EXPECT_TRUE(a.valueless_after_move());
  EXPECT_FALSE(b.valueless_after_move());
  a = std::move(b);
  EXPECT_EQ(&*a, object);
  EXPECT_EQ(gof::testing::allocations(), before);
}

TEST(Polymorphic, CopiesAnEmptyOneAsEmpty) {
  any_shape a(square(3));
  static_cast<void>(any_shape(std::move(a)));
  const any_shape b = a;
  EXPECT_TRUE(b.valueless_after_move());
  a = any_shape(square(2));
  EXPECT_EQ(a->area(), 4);
}

TEST(Polymorphic, MayBeAssignedToItself) {
  any_shape a(square(3));
  const any_shape& same = a;
  a = same;
  EXPECT_EQ(a->area(), 9);
}

TEST(Polymorphic, TakesOneAllocation) {
  const std::size_t before = gof::testing::allocations();
  const any_shape a(std::in_place_type<square>, 3);
  EXPECT_EQ(gof::testing::allocations(), before + 1);
  const any_shape b = a;
  EXPECT_EQ(gof::testing::allocations(), before + 2);
}

TEST(Polymorphic, RefusesToSliceWhatIsBehindABase) {
  const labelled_box whole(2, 3, "label");
  const box& part = whole;
  const int before = shape::alive;
  try {
    const any_shape p(part);
    FAIL() << "copied a part";
  } catch (const sliced& e) {
    EXPECT_STREQ(e.what(), "gof::prototype: the object is of a derived class; copy what owns it");
  }
  EXPECT_EQ(shape::alive, before);
  EXPECT_EQ(any_shape(whole)->area(), 6);
  EXPECT_EQ(any_shape(box(2, 3))->area(), 6);
}

TEST(Polymorphic, FollowsTheRightBase) {
  const any_shape a(std::in_place_type<named_square>);
  const any_shape b = a;
  EXPECT_EQ(b->area(), 4);
  EXPECT_EQ(dynamic_cast<const named&>(*b).name, "a name");
}

TEST(Polymorphic, HoldsAFinalClassToo) {
  const polymorphic<plain> a(plain{3});
  const polymorphic<plain> b = a;
  EXPECT_EQ(b->n, 3);
  EXPECT_NE(&*a, &*b);
}

TEST(Polymorphic, IsUnchangedWhereACopyThrows) {
  int copies = 10;
  const any_shape source(std::in_place_type<fragile>, &copies);
  any_shape target(square(3));
  const int before = shape::alive;
  copies = 0;
  EXPECT_THROW(target = source, fragile::fault);
  EXPECT_EQ(target->area(), 9);
  EXPECT_EQ(shape::alive, before);
}

TEST(Polymorphic, IsUnchangedWhereAnAllocationFails) {
  const any_shape source(labelled_box(2, 3, "a label that is not short at all"));
  any_shape target(square(3));
  const int before = shape::alive;
  const auto failures = gof::testing::fail_each_allocation([&] { target = source; },
                                                           [&] {
                                                             EXPECT_EQ(target->area(), 9);
                                                             EXPECT_EQ(shape::alive, before);
                                                           });
  EXPECT_EQ(failures, 2U) << "the object, and its label";
  EXPECT_EQ(target->area(), 6);
}

}  // namespace
