// SPDX-License-Identifier: BSL-1.0
#include <gof/bridge.hpp>
// The header under test comes first, so that it has to stand alone.
#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "support/allocations.hpp"

namespace {

namespace br = gof::bridge;
using gof::testing::allocations;
using gof::testing::fail_each_allocation;

// What a header says: two classes whose state is incomplete.
class account {
 public:
  explicit account(int balance);
  account(const account&);
  account(account&&) noexcept;
  account& operator=(const account&);
  account& operator=(account&&) noexcept;
  ~account();
  int& balance();
  const int& balance() const;

 private:
  struct state;
  br::pimpl<state> state_;
};
class account_in_place {
 public:
  explicit account_in_place(int balance);
  account_in_place(const account_in_place&);
  account_in_place(account_in_place&&) noexcept;
  account_in_place& operator=(const account_in_place&);
  account_in_place& operator=(account_in_place&&) noexcept;
  ~account_in_place();
  int& balance();
  const int& balance() const;

 private:
  struct state;
  br::fast_pimpl<state, 64> state_;
};

static_assert(sizeof(account) == sizeof(void*));
static_assert(sizeof(account_in_place) == 64);
static_assert(std::is_nothrow_move_constructible_v<account>);
static_assert(std::is_nothrow_move_assignable_v<account>);
static_assert(std::is_nothrow_move_constructible_v<account_in_place>);

// What the unit says.
struct account::state {
  int balance;
  std::string name = "the name of whom the account belongs to";
};
account::account(int balance) : state_(std::in_place, balance) {}
account::account(const account&) = default;
account::account(account&&) noexcept = default;
account& account::operator=(const account&) = default;
account& account::operator=(account&&) noexcept = default;
account::~account() = default;
int& account::balance() { return state_->balance; }
const int& account::balance() const { return state_->balance; }

struct account_in_place::state {
  int balance;
};
account_in_place::account_in_place(int balance) : state_(std::in_place, balance) {}
account_in_place::account_in_place(const account_in_place&) = default;
account_in_place::account_in_place(account_in_place&&) noexcept = default;
account_in_place& account_in_place::operator=(const account_in_place&) = default;
account_in_place& account_in_place::operator=(account_in_place&&) noexcept = default;
account_in_place::~account_in_place() = default;
int& account_in_place::balance() { return state_->balance; }
const int& account_in_place::balance() const { return state_->balance; }

// The law DeepConst.
template <class Handle, class T>
constexpr bool deep_const = std::is_same_v<decltype(*std::declval<Handle&>()), T&>&&
    std::is_same_v<decltype(*std::declval<const Handle&>()), const T&>&&
        std::is_same_v<decltype(std::declval<Handle&>().operator->()), T*>&&
            std::is_same_v<decltype(std::declval<const Handle&>().operator->()), const T*>;
static_assert(deep_const<br::pimpl<std::string>, std::string>);
static_assert(deep_const<br::fast_pimpl<std::string, 64>, std::string>);

struct not_comparable {};
template <class T>
concept comparable = requires(T a) {
  a == a;
};
static_assert(comparable<br::pimpl<int>> && !comparable<br::pimpl<not_comparable>>);
static_assert(comparable<br::fast_pimpl<int, 4>> && !comparable<br::fast_pimpl<not_comparable, 4>>);
static_assert(!std::is_convertible_v<int, br::pimpl<int>>);
static_assert(std::is_base_of_v<std::logic_error, br::misuse>);
static_assert(alignof(br::fast_pimpl<char, 1>) == alignof(std::max_align_t));
static_assert(alignof(br::fast_pimpl<char, 64, 64>) == 64);
static_assert(sizeof(br::fast_pimpl<char, 1, 1>) == 1);

struct throwing_move {
  throwing_move() = default;
  throwing_move(throwing_move&&) {}
  throwing_move& operator=(throwing_move&&) { return *this; }
};
static_assert(!std::is_nothrow_move_constructible_v<br::fast_pimpl<throwing_move, 1>>);
static_assert(!std::is_nothrow_move_assignable_v<br::fast_pimpl<throwing_move, 1>>);
static_assert(std::is_nothrow_move_constructible_v<br::pimpl<throwing_move>>);

template <class T>
class Pimpl : public testing::Test {};
using both = testing::Types<account, account_in_place>;
TYPED_TEST_SUITE(Pimpl, both);

TYPED_TEST(Pimpl, CopiesAreApart) {
  TypeParam a(1);
  TypeParam b = a;
  EXPECT_EQ(b.balance(), 1);
  b.balance() = 2;
  EXPECT_EQ(std::as_const(a).balance(), 1);
  a = b;
  b.balance() = 3;
  EXPECT_EQ(a.balance(), 2);
  TypeParam& same = a;
  a = same;
  EXPECT_EQ(a.balance(), 2);
}

TYPED_TEST(Pimpl, IsMoved) {
  TypeParam a(1), b = std::move(a);
  EXPECT_EQ(b.balance(), 1);
  a = std::move(b);
  EXPECT_EQ(a.balance(), 1);
}

TEST(MovedFromPimpl, MovedFromIsEmpty) {
  br::pimpl<std::string> a(std::in_place, "a"), b = std::move(a);
  EXPECT_TRUE(a.empty());
  EXPECT_FALSE(b.empty());
  EXPECT_THROW(static_cast<void>(*a), br::misuse);
  EXPECT_THROW(static_cast<void>(std::as_const(a)->size()), br::misuse);
  const br::pimpl<std::string> copy = a;
  EXPECT_TRUE(copy.empty());
  EXPECT_TRUE(copy == a);
  EXPECT_FALSE(copy == b);
  EXPECT_FALSE(b == copy);
  a = b;
  EXPECT_EQ(*a, "a");
  a = copy;
  EXPECT_TRUE(a.empty());
  a = std::move(b);
  EXPECT_EQ(*a, "a");
}

TEST(MovedPimpl, KeepsTheAddressOfItsValue) {
  br::pimpl<int> a;
  EXPECT_EQ(*a, 0);
  const int* value = &*a;
  const br::pimpl<int> b = std::move(a);
  EXPECT_EQ(&*b, value);
}

TEST(ComparedPimpls, AreEqualWhereTheirValuesAre) {
  const br::pimpl<int> one(std::in_place, 1), other(std::in_place, 1), two(std::in_place, 2);
  EXPECT_TRUE(one == other);
  EXPECT_TRUE(one != two);
  const br::fast_pimpl<int, 8> a(std::in_place, 1), b(std::in_place, 1), c;
  EXPECT_TRUE(a == b);
  EXPECT_TRUE(a != c);
}

// Random steps on some handles do what they do on optional values; moved from is none.
class Seeded : public testing::TestWithParam<unsigned> {};
INSTANTIATE_TEST_SUITE_P(Bridge, Seeded, testing::Range(0U, 100U));
TEST_P(Seeded, PimplIsAValue) {
  std::mt19937 random(GetParam());
  std::array<br::pimpl<int>, 4> handles;
  std::array<std::optional<int>, 4> model{0, 0, 0, 0};
  for (int step = 0; step != 100; ++step) {
    const std::size_t i = random() % 4, j = random() % 4;
    switch (random() % 3) {
      case 0:
        handles[i] = handles[j];
        model[i] = model[j];
        break;
      case 1:
        if (i == j) break;
        handles[i] = std::move(handles[j]);
        model[i] = std::exchange(model[j], std::nullopt);
        break;
      default:
        handles[i] = br::pimpl<int>(std::in_place, step);
        model[i] = step;
    }
    for (std::size_t k = 0; k != 4; ++k) {
      ASSERT_EQ(handles[k].empty(), !model[k]);
      if (model[k]) {
        ASSERT_EQ(*handles[k], *model[k]);
      }
      ASSERT_EQ(handles[k] == handles[i], model[k] == model[i]);
    }
  }
}

TEST(Pimpl, IsUnchangedWhereCopyingThrows) {
  using texts = br::pimpl<std::vector<std::string>>;
  const std::vector<std::string> before(3, std::string(100, 'x'));
  texts to(std::in_place, before);
  const texts from(std::in_place, 2U, std::string(100, 'y'));
  const std::size_t failed = fail_each_allocation([&] { to = from; },
                                                  [&] {
                                                    EXPECT_EQ(*to, before);
                                                    EXPECT_EQ(from->size(), 2U);
                                                  });
  EXPECT_EQ(failed, 4U);  // the value, its array, two texts
  EXPECT_EQ(*to, *from);
}

TEST(FastPimpl, InPlace) {
  const std::size_t before = allocations();
  br::fast_pimpl<std::array<int, 8>, 32> a;
  br::fast_pimpl<std::array<int, 8>, 32> b = a;
  b = std::move(a);
  EXPECT_EQ(allocations(), before);
  const auto inside = reinterpret_cast<std::uintptr_t>(&*b);
  EXPECT_EQ(inside, reinterpret_cast<std::uintptr_t>(&b));
}

struct counted {
  static inline int alive = 0;
  counted() { ++alive; }
  explicit counted(int) { throw 1; }
  counted(const counted&) { ++alive; }
  counted& operator=(const counted&) = default;
  ~counted() { --alive; }
};
TEST(Handles, DestroyWhatTheyHoldOnce) {
  {
    br::fast_pimpl<counted, 1> a, b = a, c = std::move(a);
    b = c;
    br::pimpl<counted> d, e = d, f = std::move(d);
    d = f;
    EXPECT_EQ(counted::alive, 6);
    EXPECT_THROW((br::fast_pimpl<counted, 1>(std::in_place, 1)), int);
    EXPECT_THROW((br::pimpl<counted>(std::in_place, 1)), int);
  }
  EXPECT_EQ(counted::alive, 0);
}

struct move_only {
  std::unique_ptr<int> value = std::make_unique<int>(3);
};
TEST(Handles, HoldWhatCannotBeCopied) {
  br::pimpl<move_only> a, b = std::move(a);
  br::fast_pimpl<move_only, 8> c, d = std::move(c);
  c = std::move(d);
  EXPECT_EQ(*b->value, 3);
  EXPECT_EQ(*c->value, 3);
  EXPECT_EQ(d->value, nullptr);
}

}  // namespace
