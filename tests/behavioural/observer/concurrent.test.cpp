// SPDX-License-Identifier: BSL-1.0
#include <gof/observer/concurrent.hpp>
// The header under test comes first. What both kinds of subject have in common is tested in
// both.test.cpp; this is about threads.
#include <gtest/gtest.h>

#include <barrier>
#include <chrono>
#include <future>
#include <latch>
#include <memory>
#include <optional>
#include <random>
#include <thread>
#include <vector>

#include "support/allocations.hpp"

namespace {

namespace obs = gof::observer;
using numbers = obs::concurrent_subject<int>;
using namespace std::chrono_literals;

static_assert(std::is_default_constructible_v<numbers>);
static_assert(!std::is_copy_constructible_v<numbers> && !std::is_copy_assignable_v<numbers>);
static_assert(!std::is_move_constructible_v<numbers> && !std::is_move_assignable_v<numbers>);
static_assert(numbers::options{}.wait == 0s && !numbers::options{}.once);
static_assert(numbers::options{}.order == 0);

void notify_in_threads(numbers& s, int threads, int times) {
  std::barrier ready(threads);
  std::vector<std::jthread> running;
  for (int t = 0; t != threads; ++t) {
    running.emplace_back([&] {
      ready.arrive_and_wait();
      for (int i = 0; i != times; ++i) s.notify(1);
    });
  }
}

TEST(ObserverConcurrentSubject, TellsAllOfAllThreads) {
  numbers s;
  std::atomic<int> sum = 0;
  for (int i = 0; i != 3; ++i) s.attach([&](int n) { sum += n; });
  notify_in_threads(s, 4, 500);
  EXPECT_EQ(sum, 3 * 4 * 500);
}

TEST(ObserverConcurrentSubject, OnceIsOnce) {
  for (int round = 0; round != 1000; ++round) {
    numbers s;
    std::atomic<int> arrived = 0, called = 0;
    s.attach([&](int n) {
      arrived += n;
      while (arrived != 2) std::this_thread::yield();  // both come to the next one at once
    });
    s.attach([&](int n) { called += n; }, {.once = true, .wait = std::chrono::seconds(round % 2)});
    notify_in_threads(s, 2, 1);
    EXPECT_EQ(called, 1);
    EXPECT_EQ(s.size(), 1U);
  }
}

// What an observer uses until it is detached, and what is given back then. Under AddressSanitizer
// and ThreadSanitizer a call that comes too late is an error by itself.
struct used {
  std::atomic<bool> alive = true;
  int plain = 0;  // written by one thread at a time only if no call is left
  ~used() { alive = false; }
};

TEST(ObserverConcurrentSubject, DetachedAndWaitedForIsNotRunning) {
  for (unsigned seed = 0; seed != 10; ++seed) {
    numbers s;
    std::atomic<bool> stop = false;
    std::vector<std::jthread> notifiers;
    for (int t = 0; t != 2; ++t) {
      notifiers.emplace_back([&] {
        for (; !stop; std::this_thread::yield()) s.notify(1);
      });
    }
    std::mt19937 random(seed);
    for (int i = 0; i != 20; ++i) {
      auto state = std::make_unique<used>();
      std::atomic<int> calls = 0;
      used* const raw = state.get();
      obs::connection c = s.attach(
          [raw, &calls](int n) {
            EXPECT_TRUE(raw->alive);
            calls += n;
          },
          {.order = static_cast<int>(random() % 3), .wait = 10s});
      const int enough = static_cast<int>(random() % 3);
      while (calls < enough) std::this_thread::yield();
      EXPECT_TRUE(c.detach());
      const int then = calls;
      ++state->plain;
      state.reset();
      std::this_thread::yield();
      EXPECT_EQ(calls, then);
    }
    stop = true;
  }
}

// An observer that is held up in its callback, in a thread of its own.
struct held_up {
  std::latch entered{1}, go_on{1};
  std::atomic<bool> left = false;
  void operator()() {
    entered.count_down();
    go_on.wait();
    left = true;
  }
};

TEST(ObserverConcurrentSubject, DetachWaitsForACallInAnotherThread) {
  numbers s;
  held_up held;
  obs::connection c = s.attach([&](int) { held(); }, {.wait = 5min});
  std::jthread notifier([&] { s.notify(1); });
  held.entered.wait();
  auto detached = std::async(std::launch::async, [&] { return c.detach() && held.left; });
  while (c.connected()) std::this_thread::yield();
  auto again = std::async(std::launch::async, [&] { return c.detach() && held.left; });
  EXPECT_EQ(detached.wait_for(50ms), std::future_status::timeout);
  EXPECT_EQ(again.wait_for(0ms), std::future_status::timeout) << "a second one waits as well";
  s.notify(1);  // does not enter it
  held.go_on.count_down();
  EXPECT_TRUE(detached.get()) << "it returned when the call had";
  EXPECT_TRUE(again.get());
}

TEST(ObserverConcurrentSubject, DetachWaitsNoLongerThanItIsTold) {
  numbers s;
  held_up held;
  obs::connection c = s.attach([&](int) { held(); }, {.wait = 20ms});
  std::jthread notifier([&] { s.notify(1); });
  held.entered.wait();
  EXPECT_FALSE(c.detach()) << "the call still runs";
  EXPECT_FALSE(c.connected());
  EXPECT_FALSE(held.left);
  held.go_on.count_down();
  notifier.join();
  EXPECT_TRUE(c.detach());
}

TEST(ObserverConcurrentSubject, AScopedConnectionWaitsAtItsEnd) {
  numbers s;
  held_up held;
  std::optional<obs::scoped_connection> c = s.attach([&](int) { held(); }, {.wait = 10s});
  std::jthread notifier([&] { s.notify(1); });
  held.entered.wait();
  std::jthread later([&] {
    std::this_thread::sleep_for(20ms);
    held.go_on.count_down();
  });
  c.reset();
  EXPECT_TRUE(held.left);
}

TEST(ObserverConcurrentSubject, DetachDoesNotWaitUnlessAsked) {
  numbers s;
  held_up held;
  obs::connection c = s.attach([&](int) { held(); });
  std::jthread notifier([&] { s.notify(1); });
  held.entered.wait();
  EXPECT_TRUE(c.detach());
  EXPECT_FALSE(held.left);
  held.go_on.count_down();
}

TEST(ObserverConcurrentSubject, DetachSaysThatItCannotWaitForItself) {
  numbers s;
  obs::connection c;
  std::vector<bool> answers;
  c = s.attach(
      [&](int depth) {
        if (depth != 0) return s.notify(depth - 1);
        obs::connection other = s.attach([&](int) {}, {.wait = 10s});
        answers.push_back(other.detach());
        answers.push_back(c.detach());
        answers.push_back(c.detach());
        EXPECT_FALSE(c.connected());
      },
      {.wait = 10s});
  s.attach([&](int) { answers.push_back(c.detach()); },  // in a callback, but not in the one of c
           {.once = true, .wait = 10s});
  s.notify(1);
  EXPECT_EQ(answers, (std::vector<bool>{true, false, false, false}));
  EXPECT_TRUE(c.detach()) << "once outside";
}

TEST(ObserverConcurrentSubject, DetachWaitsNoMoreAfterACallThatThrows) {
  numbers s;
  obs::connection c = s.attach([](int n) { throw n; }, {.wait = 10s});
  EXPECT_THROW(s.notify(1), int);
  EXPECT_TRUE(c.detach());
}

TEST(ObserverConcurrentSubject, AWaitingObserverCanBeBlocked) {
  numbers s;
  int called = 0;
  obs::connection c = s.attach([&](int n) { called += n; }, {.wait = 10s});
  {
    const auto quiet = c.block();
    s.notify(1);
  }
  EXPECT_EQ(called, 0);
  s.notify(1);
  EXPECT_EQ(called, 1);
}

TEST(ObserverConcurrentSubject, AnOwnerLivesUntilTheCallHasEnded) {
  numbers s;
  auto state = std::make_shared<held_up>();
  const std::weak_ptr<held_up> watched = state;
  s.attach(watched, [](held_up& h, int) {
    h();
    EXPECT_TRUE(h.left);
  });
  std::jthread notifier([&] { s.notify(1); });
  state->entered.wait();
  std::latch& go_on = state->go_on;
  state.reset();
  EXPECT_FALSE(watched.expired());
  go_on.count_down();
  notifier.join();
  EXPECT_TRUE(watched.expired());
}

TEST(ObserverConcurrentSubject, IsUsedByManyThreadsAtOnce) {
  constexpr int threads = 4, times = 300;
  numbers s;
  std::atomic<int> always = 0, others = 0;
  s.attach([&](int n) { always += n; });
  {
    std::barrier ready(threads);
    std::vector<std::jthread> running;
    for (int t = 0; t != threads; ++t) {
      running.emplace_back([&, t] {
        std::mt19937 random(static_cast<unsigned>(t));
        std::vector<obs::scoped_connection> mine;
        ready.arrive_and_wait();
        for (int i = 0; i != times; ++i) {
          mine.push_back(
              s.attach([&, held = std::make_unique<int>(1)](int n) { others += n * *held; },
                       {.order = static_cast<int>(random() % 3) - 1,
                        .wait = std::chrono::seconds(random() % 2)}));
          {
            const auto quiet = mine[random() % mine.size()].block();
            s.notify(1);
          }
          if (mine.size() > 5) mine.erase(mine.begin() + static_cast<int>(random() % 5));
        }
      });
    }
  }
  EXPECT_EQ(always, threads * times);
  EXPECT_EQ(s.size(), 1U);
  const int then = others;
  s.notify(1);
  EXPECT_EQ(others, then);
}

// The lock is held where the list of observers grows.
TEST(ObserverConcurrentSubject, OneAtATimeIsInTheListOfObservers) {
  for (const int what : {0, 1, 2}) {
    numbers s;
    obs::connection c = s.attach([](int) {});
    const auto use = [&] {
      if (what == 0) s.notify(1);
      if (what == 1) s.attach([](int) {});
      if (what == 2) c.detach();
    };
    std::future<void> other;
    gof::testing::at_allocation(2, [&] {  // the first is for the observer
      other = std::async(std::launch::async, use);
      EXPECT_EQ(other.wait_for(20ms), std::future_status::timeout) << what;
    });
    s.attach([](int) {});
    ASSERT_TRUE(other.valid());
    other.get();
    EXPECT_EQ(s.size(), what == 0 ? 2U : what == 1 ? 3U : 1U);
  }
}

TEST(ObserverConcurrentSubject, KeepsNothingOfWhatWasDetachedWhileItWasInUse) {
  numbers s;
  held_up held;
  s.attach([&](int) { held(); }, {.once = true});
  const auto resource = std::make_shared<int>();
  std::vector<obs::connection> all;
  for (int i = 0; i != 3; ++i) all.push_back(s.attach([resource](int) {}));
  std::jthread notifier([&] { s.notify(1); });
  held.entered.wait();
  for (auto& c : all) c.detach();
  obs::connection late = s.attach([resource](int) {});
  EXPECT_EQ(resource.use_count(), 5) << "the notification still walks the old ones";
  EXPECT_EQ(s.size(), 1U);
  late.detach();
  EXPECT_EQ(resource.use_count(), 4) << "it does not walk this one";
  held.go_on.count_down();
  notifier.join();
  EXPECT_EQ(resource.use_count(), 1);
}

TEST(ObserverConcurrentSubject, MayEndInACallbackWhileAnotherNotificationEnds) {
  auto s = std::make_unique<numbers>();
  auto* const subject = s.get();
  held_up held;
  const auto resource = std::make_shared<int>();
  subject->attach([&, resource](int n) {
    if (n == 1) held();
  });
  obs::connection waiting = subject->attach([](int) {}, {.wait = 10s});
  subject->attach([&](int n) {
    if (n == 2) s.reset();
  });
  std::jthread notifier([subject] { subject->notify(1); });
  held.entered.wait();
  subject->notify(2);
  EXPECT_FALSE(waiting.connected());
  EXPECT_TRUE(waiting.detach());
  EXPECT_EQ(resource.use_count(), 2) << "the other notification is in it";
  held.go_on.count_down();
  notifier.join();
  EXPECT_EQ(resource.use_count(), 1);
}

TEST(ObserverConcurrentSubject, DetachesAlsoWhereMemoryRunsOut) {
  numbers s;
  int called = 0;
  obs::connection other = s.attach([&](int n) { called += n; }, {.order = 1});
  s.attach([&](int) {
    gof::testing::fail_allocation(1);
    other.detach();
    gof::testing::fail_allocation(0);
  });
  s.notify(1);
  EXPECT_EQ(called, 0);
  EXPECT_FALSE(other.connected());
  EXPECT_EQ(s.size(), 1U);
  s.notify(1);
  EXPECT_EQ(called, 0);
}

TEST(ObserverConcurrentSubject, AllocatesOnlyToAttachUnlessItIsInUse) {
  numbers s;
  std::vector<obs::connection> all(100);
  std::size_t before = gof::testing::allocations();
  for (auto& c : all) c = s.attach([](int) {});
  EXPECT_LE(gof::testing::allocations() - before, 110U)
      << "one an observer; the list grows in powers";
  before = gof::testing::allocations();
  s.notify(1);
  for (auto& c : all) c.detach();
  EXPECT_EQ(gof::testing::allocations(), before);
  EXPECT_TRUE(s.empty());
}
TEST(ObserverConcurrentSubject, MakesRoomOnceToAttachWhileItIsInUse) {
  numbers s;
  for (int i = 0; i != 10; ++i) s.attach([](int) {});
  std::size_t allocated = 0;
  s.attach([&](int) {
    const std::size_t before = gof::testing::allocations();
    s.attach([](int) {});
    allocated = gof::testing::allocations() - before;
  });
  s.notify(1);
  EXPECT_EQ(allocated, 3U) << "the observer, a list, and room in it for all";
}

}  // namespace
