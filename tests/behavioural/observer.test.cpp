// SPDX-License-Identifier: BSL-1.0
#include <gof/observer.hpp>
// The header under test comes first, so that it has to stand alone. What a subject has in common
// with the concurrent one is tested in observer/both.test.cpp.
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "support/allocations.hpp"

namespace {

namespace obs = gof::observer;
using log = std::vector<int>;

struct widget {
  void draw(int) {}
  void draw_const(int) const {}
};
[[maybe_unused]] const auto takes_int = [](int) {};
[[maybe_unused]] const auto takes_rvalue = [](std::string&&) {};
[[maybe_unused]] const auto takes_widget = [](widget&, int) {};
using takes_int_t = decltype(takes_int);
using numbers = obs::subject<int>;

static_assert(obs::observer<takes_int_t, int> && obs::observer<void (*)(long), int>);
static_assert(!obs::observer<takes_int_t> && !obs::observer<takes_int_t, std::string>);
static_assert(!obs::observer<decltype(takes_rvalue), std::string>);
static_assert(obs::weak_reference<std::weak_ptr<widget>> && !obs::weak_reference<widget*>);
static_assert(obs::observer_in<void (widget::*)(int), std::weak_ptr<widget>, int>);
static_assert(obs::observer_in<void (widget::*)(int) const, std::weak_ptr<const widget>, int>);
static_assert(obs::observer_in<decltype(takes_widget), std::weak_ptr<widget>, int>);
static_assert(!obs::observer_in<void (widget::*)(int), std::weak_ptr<const widget>, int>);
static_assert(!obs::observer_in<takes_int_t, std::weak_ptr<widget>, int>);
static_assert(std::is_nothrow_default_constructible_v<numbers>);
static_assert(std::is_nothrow_move_constructible_v<numbers>);
static_assert(std::is_nothrow_move_assignable_v<numbers>);
static_assert(!std::is_copy_constructible_v<numbers> && !std::is_copy_assignable_v<numbers>);
static_assert(sizeof(numbers) == sizeof(void*));
static_assert(std::is_copy_constructible_v<obs::connection>);
static_assert(std::is_nothrow_move_constructible_v<obs::scoped_connection>);
static_assert(std::is_nothrow_move_assignable_v<obs::scoped_connection>);
static_assert(!std::is_copy_constructible_v<obs::scoped_connection>);
static_assert(!std::is_copy_assignable_v<obs::scoped_connection>);
static_assert(std::is_convertible_v<obs::connection, obs::scoped_connection>);
static_assert(std::is_nothrow_move_constructible_v<obs::blocker>);
static_assert(!std::is_copy_constructible_v<obs::blocker>);
static_assert(noexcept(std::declval<obs::connection&>().detach()));
static_assert(noexcept(std::declval<obs::connection&>().block()));
static_assert(std::is_base_of_v<std::runtime_error, obs::notify_error>);

TEST(ObserverSubject, WithoutObserversTellsNobody) {
  numbers s;
  s.notify(1);
  s.notify_all(1);
  EXPECT_EQ(s.size(), 0U);
  EXPECT_TRUE(s.empty());
}

TEST(ObserverSubject, AllocatesNothingUntilAttachAndOnceAnAttach) {
  const std::size_t before = gof::testing::allocations();
  numbers s;
  s.notify(1);
  EXPECT_EQ(gof::testing::allocations(), before);
  s.attach(takes_int);
  const std::size_t first = gof::testing::allocations();
  obs::connection c = s.attach(takes_int);
  EXPECT_EQ(gof::testing::allocations(), first + 1);
  s.notify(1);
  const auto quiet = c.block();
  c.detach();
  numbers moved = std::move(s);
  EXPECT_EQ(gof::testing::allocations(), first + 1);
}

TEST(ObserverSubject, TakesItsObserversAlongWhenMoved) {
  log seen;
  numbers a;
  obs::connection c = a.attach([&](int n) { seen.push_back(n); });
  numbers b = std::move(a);
  EXPECT_TRUE(c.connected());
  EXPECT_EQ(a.size(), 0U);
  EXPECT_EQ(b.size(), 1U);
  a.notify(1);
  b.notify(2);
  a.attach([&](int n) { seen.push_back(-n); });
  a.notify(3);
  EXPECT_EQ(seen, (log{2, -3}));
  c.detach();
  EXPECT_TRUE(b.empty());
}

TEST(ObserverSubject, DetachesItsOwnWhenAnotherIsMovedIntoIt) {
  log seen;
  numbers a, b;
  const obs::connection of_a = a.attach([&](int n) { seen.push_back(n); });
  const obs::connection of_b = b.attach([&](int n) { seen.push_back(-n); });
  a = std::move(b);
  EXPECT_FALSE(of_a.connected());
  EXPECT_TRUE(of_b.connected());
  a.notify(1);
  EXPECT_EQ(seen, log{-1});
}

TEST(ObserverSubject, CanBeMovedInACallback) {
  log seen;
  std::optional<numbers> a(std::in_place);
  numbers b;
  a->attach([&](int n) {
    seen.push_back(n);
    if (!a) return;
    b = std::move(*a);
    a.reset();
    b.attach([&](int m) { seen.push_back(10 * m); });
  });
  a->attach([&](int n) { seen.push_back(-n); });
  a->notify(1);
  EXPECT_EQ(seen, (log{1, -1})) << "the notification goes on";
  b.notify(2);
  EXPECT_EQ(seen, (log{1, -1, 2, -2, 20}));
}

TEST(ObserverSubject, CanBeReplacedInACallback) {
  log seen;
  numbers a;
  a.attach([&](int) {
    numbers other;
    other.attach([&](int n) { seen.push_back(n); });
    a = std::move(other);
  });
  a.attach([&](int) { seen.push_back(99); });
  a.notify(1);
  EXPECT_TRUE(seen.empty()) << "the remaining ones are not called, the new ones not yet";
  a.notify(2);
  EXPECT_EQ(seen, log{2});
}

TEST(ObserverSubject, DestroysWhatWasDetachedWhenTheOutermostNotificationEnds) {
  numbers s;
  const auto held = std::make_shared<int>();
  obs::connection c = s.attach([held](int) {});
  s.attach([&](int n) {
    if (n == 0) return;
    c.detach();
    s.notify(0);
    EXPECT_EQ(held.use_count(), 2);
  });
  s.notify(1);
  EXPECT_EQ(held.use_count(), 1);
}

TEST(ObserverSubject, DestroysWhatWasDetachedAlsoWhereAnObserverThrows) {
  numbers s;
  const auto held = std::make_shared<int>();
  obs::connection c = s.attach([held, &c](int) { c.detach(); });
  s.attach([](int) { throw 1; });
  EXPECT_THROW(s.notify(0), int);
  EXPECT_EQ(held.use_count(), 1);
  EXPECT_EQ(s.size(), 1U);
  EXPECT_THROW(s.notify(0), int);
}

TEST(ObserverSubject, DetachesInAnyOrder) {
  std::vector<std::vector<int>> orders = {{0, 1, 2, 3}, {3, 2, 1, 0}, {1, 2, 0, 3}, {2, 0, 3, 1}};
  for (const auto& order : orders) {
    for (const bool inside_a_callback : {false, true}) {
      numbers s;
      log seen;
      std::vector<obs::connection> all;
      for (int i = 0; i != 4; ++i) all.push_back(s.attach([&, i](int) { seen.push_back(i); }));
      std::vector<int> left{0, 1, 2, 3};
      for (const int next : order) {
        const auto detach = [&](int) { all[static_cast<std::size_t>(next)].detach(); };
        if (inside_a_callback) {
          s.attach(detach, {.order = -1, .once = true});
          s.notify(0);
        } else {
          detach(0);
        }
        std::erase(left, next);
        seen.clear();
        s.notify(0);
        EXPECT_EQ(seen, left);
        s.attach([&](int) { seen.push_back(4); }, {.once = true});  // the end is where it should be
        seen.clear();
        s.notify(0);
        EXPECT_EQ(seen.size(), left.size() + 1);
        EXPECT_EQ(seen.back(), 4);
      }
      EXPECT_TRUE(s.empty());
    }
  }
}

TEST(ObserverSubject, OfVeryManyObserversIsDestroyedWithoutDeepRecursion) {
  int called = 0;
  numbers s;
  std::vector<obs::connection> all;
  for (int i = 0; i != 100'000; ++i) all.push_back(s.attach([&](int) { ++called; }));
  s.notify(0);
  EXPECT_EQ(called, 100'000);
  s.attach([&](int) {
    for (auto& c : all) c.detach();
  });
  s.notify(0);
  EXPECT_EQ(s.size(), 1U);
  for (int i = 0; i != 100'000; ++i) s.attach([](int) {});
}

}  // namespace
