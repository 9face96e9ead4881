// SPDX-License-Identifier: BSL-1.0
#include <gof/proxy/smart_reference.hpp>
// The header under test comes first, so that it has to stand alone.
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

namespace px = gof::proxy;
using namespace std::chrono_literals;

struct counter {
  int n = 0;
  int add(int by) { return n += by; }
  int get() const { return n; }
  void fail() { throw 3; }
};

// Runs f in another thread, to its end.
template <class F>
void elsewhere(F f) {
  std::thread(f).join();
}
// Whether another thread could lock it.
bool is_free(const px::locked<counter>& c) {
  bool free = false;
  elsewhere([&] {
    try {
      static_cast<void>(c->get());
      free = true;
    } catch (const px::timed_out&) {
    }
  });
  return free;
}

static_assert(!std::is_copy_constructible_v<px::locked<counter>>);
static_assert(!std::is_move_assignable_v<px::locked<counter>>);
static_assert(!std::is_move_constructible_v<px::locked<counter>::access<counter>>);
static_assert(!std::is_convertible_v<counter, px::locked<counter>>);
static_assert(
    std::is_same_v<decltype(*std::declval<const px::locked<counter>&>().lock()), const counter&>);
static_assert(std::is_same_v<decltype(*std::declval<px::locked<counter>&>().lock()), counter&>);
static_assert(noexcept(std::declval<const px::counting&>().count()));
static_assert(std::is_base_of_v<std::runtime_error, px::timed_out>);
static_assert(px::default_patience == 10s);

// The law OneAtATime.
TEST(Locked, OneAtATime) {
  px::locked shared(counter{}, 24h);  // who is not woken fails by the time limit of the test
  std::vector<std::thread> threads;
  for (int t = 0; t != 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i != 2000; ++i) {
        if (i % 2 == 0) {
          shared->add(1);
        } else {
          const auto held = shared.lock();
          const int before = held->get();
          std::this_thread::yield();  // so that others wait
          EXPECT_EQ(held->add(1), before + 1);
        }
      }
    });
  }
  for (std::thread& t : threads) t.join();
  EXPECT_EQ(shared->get(), 8000);
}

// A wake-up that comes between looking and waiting must not be lost: of two threads, nobody else
// would come and wake the one that waits.
TEST(Locked, LosesNoWakeUp) {
  px::locked shared(counter{}, 24h);
  const auto use = [&] {
    for (int i = 0; i != 20'000; ++i) shared.lock()->add((std::this_thread::yield(), 1));
  };
  std::thread other(use);
  use();
  other.join();
  EXPECT_EQ(shared->get(), 40'000);
}

TEST(Locked, HoldsTheLockForTheFullExpression) {
  px::locked shared(counter{}, 0ms);
  EXPECT_TRUE(is_free(shared));
  EXPECT_FALSE((shared->add(1), is_free(shared)));
  EXPECT_TRUE(is_free(shared));
  EXPECT_EQ(std::as_const(shared)->get(), 1);
}

TEST(Locked, HoldsTheLockAsLongAsItIsKept) {
  px::locked shared(counter{}, 0ms);
  {
    const auto held = shared.lock();
    (*held).n = 5;
    EXPECT_EQ(held->get(), 5);
    EXPECT_FALSE(is_free(shared));
  }
  EXPECT_TRUE(is_free(shared));
  {
    const auto held = std::as_const(shared).lock();
    EXPECT_FALSE(is_free(shared));
  }
  EXPECT_TRUE(is_free(shared));
}

TEST(Locked, ReleasesTheLockWhereTheUseThrows) {
  px::locked shared(counter{}, 0ms);
  EXPECT_THROW(shared->fail(), int);
  EXPECT_TRUE(is_free(shared));
}

TEST(Locked, RefusesASecondLockByWhoHoldsIt) {
  px::locked shared(counter{7}, 24h);
  EXPECT_THROW(shared->add(shared->get()), px::misuse);
  {
    const auto held = shared.lock();
    EXPECT_THROW(static_cast<void>(shared.lock()), px::misuse);
    EXPECT_THROW(static_cast<void>(std::as_const(shared)->get()), px::misuse);
    try {
      shared->add(1);
    } catch (const px::misuse& e) {
      EXPECT_STREQ(e.what(), "gof::proxy: this thread holds the lock; use what lock() returned");
    }
    EXPECT_EQ(held->get(), 7);
  }
  EXPECT_EQ(shared->add(1), 8) << "and is free afterwards";
}

TEST(Locked, WaitsForAnotherThread) {
  px::locked shared(counter{}, std::chrono::milliseconds::max());
  std::thread other;
  {
    const auto held = shared.lock();
    other = std::thread([&] { shared->add(1); });
    std::this_thread::sleep_for(20ms);
    EXPECT_EQ(held->get(), 0);
  }
  other.join();
  EXPECT_EQ(shared->get(), 1);
}

TEST(Locked, WakesAllThatWait) {
  px::locked shared(counter{}, 24h);  // who is not woken fails by the time limit of the test
  std::vector<std::thread> threads;
  {
    const auto held = shared.lock();
    for (int t = 0; t != 4; ++t) threads.emplace_back([&] { shared->add(1); });
    std::this_thread::sleep_for(20ms);
  }
  for (std::thread& t : threads) t.join();
  EXPECT_EQ(shared->get(), 4);
}

TEST(Locked, WaitsNoLongerThanItsPatience) {
  px::locked shared(counter{}, 30ms);
  const auto held = shared.lock();
  elsewhere([&] {
    const auto began = std::chrono::steady_clock::now();
    try {
      shared->add(1);
      ADD_FAILURE() << "the lock is held";
    } catch (const px::timed_out& e) {
      EXPECT_STREQ(e.what(), "gof::proxy: another thread holds the lock; try again later");
    }
    const auto waited = std::chrono::steady_clock::now() - began;
    EXPECT_GE(waited, 30ms);
    EXPECT_LT(waited, 5s);
  });
  EXPECT_EQ(held->get(), 0);
}

TEST(Locked, MovesItsSubjectAndItsPatience) {
  px::locked<std::unique_ptr<counter>> from(std::make_unique<counter>(counter{3}), 0ms);
  {
    const auto held = from.lock();
    EXPECT_THROW(px::locked(std::move(from)), px::misuse);
    EXPECT_NE(*held, nullptr);
  }
  px::locked to(std::move(from));
  EXPECT_EQ(*from.lock(), nullptr);
  const auto held = to.lock();
  EXPECT_EQ((*held)->n, 3);
  elsewhere([&] { EXPECT_THROW(static_cast<void>(to.lock()), px::timed_out); });
}

// Whether the lock is free before and after what it stands around.
struct observe {
  const px::locked<counter>* subject;
  bool* was_free;
  int around(auto, auto&& next) const {
    const bool before = is_free(*subject);
    const int answer = next();
    *was_free = before && is_free(*subject);
    return answer;
  }
};

TEST(Locked, IsLockedOnlyWhileARequestIsInTheSubject) {
  px::locked shared(counter{}, 0ms);
  bool was_free = false;
  px::proxy p(&shared, observe{&shared, &was_free});
  EXPECT_EQ(p.request<&counter::add>(2), 2);
  EXPECT_TRUE(was_free);
  constexpr auto look = [](counter&, const px::locked<counter>* c) -> int { return is_free(*c); };
  EXPECT_EQ(p.request<look>(&shared), 0);
}

TEST(Counting, CountsRequestsOfAllThreads) {
  const px::proxy p(counter{}, px::counting{});
  std::vector<std::thread> threads;
  for (int t = 0; t != 3; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i != 1000; ++i) static_cast<void>(p.request<&counter::get>());
    });
  }
  for (std::thread& t : threads) t.join();
  EXPECT_EQ(p.interceptor<px::counting>().count(), 3000U);
}

TEST(Counting, CountsWhatThrowsAndGoesOnInACopy) {
  px::proxy p(counter{}, px::counting{});
  EXPECT_THROW(p.request<&counter::fail>(), int);
  px::proxy copy = p;
  copy.request<&counter::add>(1);
  EXPECT_EQ(p.interceptor<px::counting>().count(), 1U);
  EXPECT_EQ(copy.interceptor<px::counting>().count(), 2U);
}

}  // namespace
