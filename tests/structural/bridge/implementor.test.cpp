// SPDX-License-Identifier: BSL-1.0
#include <gof/bridge/implementor.hpp>
// The header under test comes first, so that it has to stand alone.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "support/allocations.hpp"

namespace {

namespace br = gof::bridge;

struct medium {
  virtual ~medium() = default;
  virtual int put(int) = 0;
  virtual int name() const = 0;
};
struct numbered final : medium {
  static inline std::vector<int> gone;
  explicit numbered(int n, std::function<void()> f = {}) : number(n), while_in_use(std::move(f)) {}
  ~numbered() override { gone.push_back(number); }
  int put(int n) override {
    if (while_in_use) while_in_use();
    return 10 * number + n;  // is read after: a sanitizer sees it, should it be gone
  }
  int name() const override { return number; }
  int number;
  std::function<void()> while_in_use;
};
std::unique_ptr<medium> made(int n, std::function<void()> f = {}) {
  return std::make_unique<numbered>(n, std::move(f));
}
using chosen = br::implementor<medium>;
using gone = std::vector<int>;

static_assert(!std::is_copy_constructible_v<chosen>);
static_assert(std::is_nothrow_move_constructible_v<chosen>);
static_assert(std::is_nothrow_move_assignable_v<chosen>);
static_assert(!std::is_convertible_v<std::unique_ptr<medium>, chosen>);
static_assert(sizeof(chosen) == sizeof(void*));
// The law DeepConst.
static_assert(std::is_same_v<decltype(*std::declval<chosen&>().use()), medium&>);
static_assert(std::is_same_v<decltype(*std::declval<const chosen&>().use()), const medium&>);

class Implementor : public testing::Test {
 protected:
  void SetUp() override { numbered::gone.clear(); }
};

TEST_F(Implementor, IsExchanged) {
  chosen it(made(1));
  EXPECT_EQ(it->put(2), 12);
  it.exchange(made(2));
  EXPECT_EQ(numbered::gone, gone{1});
  EXPECT_EQ(std::as_const(it)->name(), 2);
}

TEST_F(Implementor, EndsWhereItBegan) {
  chosen it(made(1, [&] {
    it.exchange(made(2));
    it.exchange(made(3));
    EXPECT_EQ(numbered::gone, gone{2});
    EXPECT_EQ(it->name(), 3);
  }));
  EXPECT_EQ(it->put(5), 15);
  EXPECT_EQ(numbered::gone, (gone{2, 1}));
}

TEST_F(Implementor, OutlivesItsAbstractionWhileInUse) {
  auto it = std::make_unique<chosen>(made(1));
  {
    const auto used = it->use();
    it.reset();
    EXPECT_EQ(used->put(1), 11);
    EXPECT_EQ((*used).put(2), 12);
    EXPECT_EQ(numbered::gone, gone{});
  }
  EXPECT_EQ(numbered::gone, gone{1});
}

TEST_F(Implementor, IsMoved) {
  chosen a(made(1)), b = std::move(a);
  EXPECT_EQ(b->name(), 1);
  EXPECT_THROW(static_cast<void>(a->name()), br::misuse);
  EXPECT_THROW(static_cast<void>(std::as_const(a)->name()), br::misuse);
  a.exchange(made(2));
  EXPECT_EQ(a->name(), 2);
  chosen& same = a;
  a = std::move(same);
  EXPECT_EQ(a->name(), 2);
  {
    const auto used = a.use();
    a = std::move(b);
    EXPECT_EQ(used->name(), 2);
    EXPECT_EQ(a->name(), 1);
  }
  EXPECT_EQ(numbered::gone, gone{2});
}

TEST_F(Implementor, AllOrNothing) {
  chosen it(made(1));
  EXPECT_THROW(it.exchange(nullptr), br::misuse);
  EXPECT_THROW(chosen(nullptr), br::misuse);
  EXPECT_EQ(it->name(), 1);
  const std::size_t failed = gof::testing::fail_each_allocation([&] { it.exchange(made(2)); },
                                                                [&] { EXPECT_EQ(it->name(), 1); });
  EXPECT_EQ(failed, 2U);
  EXPECT_EQ(it->name(), 2);
  EXPECT_EQ(numbered::gone, (gone{2, 1}));  // the one that failed, then the one before
}

TEST_F(Implementor, IsNotAllocatedForAUse) {
  chosen it(made(1));
  const std::size_t before = gof::testing::allocations();
  EXPECT_EQ(it->put(1), 11);
  EXPECT_EQ(gof::testing::allocations(), before);
}

// Uses nested in each other, with exchanges at random: each ends where it began, and all are gone
// once, after their last use.
class Seeded : public testing::TestWithParam<unsigned> {};
INSTANTIATE_TEST_SUITE_P(Implementor, Seeded, testing::Range(0U, 100U));
TEST_P(Seeded, EndsWhereItBegan) {
  numbered::gone.clear();
  std::mt19937 random(GetParam());
  int last = 0;
  {
    chosen it(made(0));
    std::vector<int> in_use;
    const std::function<void(int)> nest = [&](int depth) {
      const auto used = it.use();
      in_use.push_back(last);
      for (auto n = random() % 3; n != 0; --n) {
        if (depth != 0 && random() % 2) {
          nest(depth - 1);
        } else {
          it.exchange(made(++last));
        }
        ASSERT_EQ(used->name(), in_use.back());
        ASSERT_EQ(it->name(), last);
        for (int i = 0; i <= last; ++i) {
          const bool needed =
              i == last || std::find(in_use.begin(), in_use.end(), i) != in_use.end();
          ASSERT_EQ(std::count(numbered::gone.begin(), numbered::gone.end(), i), needed ? 0 : 1);
        }
      }
      in_use.pop_back();
    };
    for (int i = 0; i != 10; ++i) nest(4);
  }
  EXPECT_EQ(numbered::gone.size(), static_cast<std::size_t>(last) + 1);
}

}  // namespace
