// SPDX-License-Identifier: BSL-1.0
#include <gof/proxy/caching_proxy.hpp>
// The header under test comes first, so that it has to stand alone.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <latch>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "support/allocations.hpp"

namespace {

namespace px = gof::proxy;
using namespace std::chrono_literals;

// A clock that stands until it is told to go on.
struct manual_clock {
  using duration = std::chrono::nanoseconds;
  using time_point = std::chrono::time_point<std::chrono::steady_clock, duration>;
  time_point* at;
  time_point now() const { return *at; }
};

// A subject whose answers tell when they were asked for.
struct album {
  std::function<std::string(int)> answer;
  std::string thumbnail(int key) const { return answer(key); }
  int pages() const { return 3; }
  std::string title(int) const { return "title"; }
};

// A key that tells how many threads have looked for one, and can be slow to find once; a cache
// looks under its lock.
struct key {
  int n;
  static inline std::atomic<int> threads = 0;
  enum progress { fast, slow, being_found, found };
  static inline std::atomic<progress> now = fast;
  friend bool operator==(key, key) = default;
};
std::atomic<int> generation = 0;
struct slow {
  std::function<std::string(int)> answer;
  std::string get(key k) { return answer(k.n); }
};

}  // namespace

template <>
struct std::hash<key> {
  std::size_t operator()(key k) const noexcept {
    static thread_local int seen = -1;
    if (std::exchange(seen, generation.load()) != generation.load()) ++key::threads;
    auto expected = key::slow;
    if (key::now.compare_exchange_strong(expected, key::being_found)) {
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
      key::now = key::found;
    }
    return static_cast<std::size_t>(k.n);
  }
};

namespace {

using thumbnails = px::caching<&album::thumbnail, manual_clock>;
static_assert(std::is_nothrow_move_constructible_v<px::caching<&album::thumbnail>>);
static_assert(!std::is_copy_constructible_v<px::caching<&album::thumbnail>>);
static_assert(std::is_same_v<px::caching_proxy<album, &album::thumbnail>,
                             px::proxy<album, px::caching<&album::thumbnail>>>);
static_assert(
    std::is_same_v<decltype(std::declval<const px::caching_proxy<album*, &album::title>&>()
                                .request<&album::title>(1)),
                   std::string>);

// What a cache says of itself.
auto seen(const auto& proxy) {
  const px::usage u = proxy.template interceptor<thumbnails>().used();
  return std::tuple(u.answers, u.hits, u.misses);
}
using counts = std::tuple<std::size_t, std::size_t, std::size_t>;

class Seeded : public testing::TestWithParam<unsigned> {};
INSTANTIATE_TEST_SUITE_P(CachingProxy, Seeded, testing::Range(0U, 100U));

// The laws SameAnswer, NeverOlder and Bounded, after any sequence of operations, against a list
// that is searched from the front.
TEST_P(Seeded, SameAnswer) {
  std::mt19937 random(GetParam());
  const auto below = [&](std::size_t n) { return std::size_t{random() % n}; };
  const std::size_t capacity = below(6);
  const auto life = below(3) == 0 ? std::chrono::nanoseconds::max() : std::chrono::nanoseconds(20);
  manual_clock::time_point now{};
  bool fails = false;
  album a{[&](int k) {
    if (fails) throw k;
    return std::to_string(k) + " at " + std::to_string(now.time_since_epoch().count());
  }};
  px::proxy p(&a, thumbnails({.capacity = capacity, .time_to_live = life}, manual_clock{&now}));
  auto& cache = p.interceptor<thumbnails>();

  struct kept {
    int key;
    std::string answer;
    manual_clock::time_point asked;
  };
  std::vector<kept> model;  // the last used first
  std::size_t hits = 0, misses = 0;
  const auto find = [&](int k) {
    return std::find_if(model.begin(), model.end(), [&](const kept& e) { return e.key == k; });
  };
  for (int i = 0; i != 400; ++i) {
    now += std::chrono::nanoseconds(below(6));
    const int k = static_cast<int>(below(8));
    fails = below(5) == 0;
    switch (below(12)) {
      case 0:
        cache.forget(k);
        if (const auto at = find(k); at != model.end()) model.erase(at);
        break;
      case 1:
        if (below(5) == 0) {
          cache.clear();
          model.clear();
        }
        break;
      default: {
        std::optional<std::string> expected;
        auto at = find(k);
        if (at != model.end() && life != life.max() && now - at->asked >= life) {
          model.erase(at);
          at = model.end();
        }
        if (at != model.end()) {
          ++hits;
          std::rotate(model.begin(), at, at + 1);
          expected = model.front().answer;
        } else {
          ++misses;
          if (!fails) {
            expected = a.thumbnail(k);
            model.insert(model.begin(), {k, *expected, now});
            if (model.size() > capacity) model.pop_back();
          }
        }
        std::optional<std::string> got;
        try {
          got = p.request<&album::thumbnail>(k);
        } catch (int thrown) {
          EXPECT_EQ(thrown, k);
        }
        ASSERT_EQ(got, expected) << "operation " << i;
      }
    }
    ASSERT_EQ(seen(p), counts(model.size(), hits, misses)) << "operation " << i;
  }
}

TEST(CachingProxy, ForgetsTheOneUnusedForLongest) {
  manual_clock::time_point now{};
  album a{[](int k) { return std::to_string(k); }};
  px::proxy p(&a, thumbnails({.capacity = 2}, manual_clock{&now}));
  p.request<&album::thumbnail>(1);
  p.request<&album::thumbnail>(2);
  p.request<&album::thumbnail>(1);
  p.request<&album::thumbnail>(3);
  EXPECT_EQ(seen(p), counts(2, 1, 3));
  p.request<&album::thumbnail>(1);
  EXPECT_EQ(seen(p), counts(2, 2, 3));
  p.request<&album::thumbnail>(2);
  EXPECT_EQ(seen(p), counts(2, 2, 4));
}

TEST(CachingProxy, CountsTheAgeFromTheRequestNotFromTheAnswer) {
  manual_clock::time_point now{};
  album a{[&](int) {
    now += 8ns;
    return std::string("x");
  }};
  px::proxy p(&a, thumbnails({.time_to_live = 10ns}, manual_clock{&now}));
  p.request<&album::thumbnail>(1);
  now += 1ns;
  p.request<&album::thumbnail>(1);
  EXPECT_EQ(seen(p), counts(1, 1, 1));
  now += 1ns;
  p.request<&album::thumbnail>(1);
  EXPECT_EQ(seen(p), counts(1, 1, 2));
}

TEST(CachingProxy, LetsOtherRequestsPass) {
  album a{[](int) { return std::string("thumbnail"); }};
  px::proxy p(&a, px::caching<&album::thumbnail>());
  EXPECT_EQ(p.request<&album::thumbnail>(1), "thumbnail");
  EXPECT_EQ(p.request<&album::title>(1), "title");
  EXPECT_EQ(p.request<&album::pages>(), 3);
  EXPECT_EQ(p.interceptor<px::caching<&album::thumbnail>>().used().misses, 1U);
}

struct shop {
  int asked = 0;
  std::size_t price(std::string article) {
    const std::string taken = std::move(article);
    ++asked;
    return taken.size();
  }
};

TEST(CachingProxy, KeepsAKeyThatTheSubjectTakes) {
  px::proxy p(shop{}, px::caching<&shop::price>());
  const std::string article = "a long name that is not kept inline";
  for (int i = 0; i != 2; ++i) {
    std::string mine = article;
    EXPECT_EQ(p.request<&shop::price>(std::move(mine)), article.size());
    EXPECT_EQ(p.request<&shop::price>(article.c_str()), article.size());
    EXPECT_EQ(p.request<&shop::price>("tea"), 3U);
  }
  EXPECT_EQ(p.subject().asked, 2);
}

TEST(CachingProxy, DoesNotRememberAnException) {
  int calls = 0;
  album a{[&](int) { return ++calls == 1 ? throw std::runtime_error("no disk") : "x"; }};
  px::proxy p(&a, px::caching<&album::thumbnail>());
  EXPECT_THROW(p.request<&album::thumbnail>(1), std::runtime_error);
  EXPECT_EQ(p.request<&album::thumbnail>(1), "x");
  EXPECT_EQ(calls, 2);
}

TEST(CachingProxy, RefusesAnAnswerThatNeedsItself) {
  const px::caching_proxy<album*, &album::thumbnail>* self = nullptr;
  album a{[&](int k) { return self->request<&album::thumbnail>(k); }};
  const px::caching_proxy<album*, &album::thumbnail> p(
      &a, px::caching<&album::thumbnail>({.patience = 24h}));
  self = &p;
  try {
    p.request<&album::thumbnail>(1);
    FAIL() << "answered by itself";
  } catch (const px::misuse& e) {
    EXPECT_STREQ(e.what(), "gof::proxy: the answer to a key that is cached needs itself");
  }
  a.answer = [](int) { return std::string("x"); };
  EXPECT_EQ(p.request<&album::thumbnail>(1), "x");
}

TEST(CachingProxy, GivesAnAnswerThatNeedsOthers) {
  const px::caching_proxy<album*, &album::thumbnail>* self = nullptr;
  int calls = 0;
  album a{[&](int k) {
    ++calls;
    const auto of = [&](int n) { return std::stoll(self->request<&album::thumbnail>(n)); };
    return std::to_string(k < 2 ? k : of(k - 1) + of(k - 2));
  }};
  const px::caching_proxy<album*, &album::thumbnail> p(&a, px::caching<&album::thumbnail>());
  self = &p;
  EXPECT_EQ(p.request<&album::thumbnail>(80), "23416728348467685");
  EXPECT_EQ(calls, 81);
}

TEST(CachingProxy, DoesNotRememberWhatIsForgottenOnItsWay) {
  for (const bool all : {false, true}) {
    manual_clock::time_point now{};
    px::proxy<album*, thumbnails>* self = nullptr;
    int calls = 0;
    album a{[&](int k) {
      auto& cache = self->interceptor<thumbnails>();
      if (++calls == 1) all ? cache.clear() : cache.forget(k);
      return std::to_string(calls);
    }};
    px::proxy p(&a, thumbnails({}, manual_clock{&now}));
    self = &p;
    EXPECT_EQ(p.request<&album::thumbnail>(1), "1");
    EXPECT_EQ(seen(p), counts(0, 0, 1));
    EXPECT_EQ(p.request<&album::thumbnail>(1), "2");
    EXPECT_EQ(p.request<&album::thumbnail>(1), "2");
    EXPECT_EQ(seen(p), counts(1, 1, 2));
  }
}

TEST(CachingProxy, RemembersTheLaterAnswerWhereAnEarlierWasForgottenOnItsWay) {
  manual_clock::time_point now{};
  px::proxy<album*, thumbnails>* self = nullptr;
  int calls = 0;
  album a{[&](int k) {
    const std::string answer = std::to_string(++calls);
    if (calls == 1) {
      self->interceptor<thumbnails>().forget(k);
      EXPECT_EQ(self->request<&album::thumbnail>(k), "2");
    }
    return answer;
  }};
  px::proxy p(&a, thumbnails({}, manual_clock{&now}));
  self = &p;
  EXPECT_EQ(p.request<&album::thumbnail>(1), "1");
  EXPECT_EQ(p.request<&album::thumbnail>(1), "2");
  EXPECT_EQ(seen(p), counts(1, 1, 2));
}

// Several threads ask for one key, and the subject answers when all of them wait.
struct crowd {
  static constexpr int size = 6;
  std::vector<std::string> got = std::vector<std::string>(size);
  std::atomic<int> calls = 0, caught = 0;

  explicit crowd(bool fails, std::size_t capacity) {
    ++generation;
    key::threads = 0;
    px::proxy p(slow{[&](int) {
                  while (key::threads != size) std::this_thread::yield();
                  return ++calls, fails ? throw std::runtime_error("no disk") : "x";
                }},
                px::caching<&slow::get>({.capacity = capacity, .patience = 24h}));
    std::vector<std::thread> threads;
    for (std::string& g : got) {
      threads.emplace_back([&] {
        try {
          g = p.request<&slow::get>(key{1});
        } catch (const std::runtime_error&) {
          ++caught;
        }
      });
    }
    for (std::thread& t : threads) t.join();
    used = p.interceptor<px::caching<&slow::get>>().used();
  }
  px::usage used{};
};

// The law SingleFlight: each has looked under the lock before the first one comes back to it, so
// that all others wait.
TEST(CachingProxy, SingleFlight) {
  for (const std::size_t capacity : {0U, 5U}) {
    const crowd c(false, capacity);
    EXPECT_EQ(c.calls, 1);
    EXPECT_EQ(c.got, std::vector<std::string>(crowd::size, "x"));
    EXPECT_EQ(c.used.hits, 5U);
    EXPECT_EQ(c.used.misses, 1U);
    EXPECT_EQ(c.used.answers, std::min<std::size_t>(capacity, 1));
  }
}

TEST(CachingProxy, GivesTheExceptionToAllThatWait) {
  const crowd c(true, 5);
  EXPECT_EQ(c.calls, 1);
  EXPECT_EQ(c.caught, crowd::size);
  EXPECT_EQ(c.used.hits, 0U);
  EXPECT_EQ(c.used.answers, 0U);
}

TEST(CachingProxy, WaitsNoLongerThanItsPatience) {
  std::latch on_its_way(1), go_on(1);
  album a{[&](int) {
    on_its_way.count_down();
    go_on.wait();
    return std::string("x");
  }};
  const px::proxy p(&a, px::caching<&album::thumbnail>({.patience = 20ms}));
  std::thread first([&] { EXPECT_EQ(p.request<&album::thumbnail>(1), "x"); });
  on_its_way.wait();
  try {
    p.request<&album::thumbnail>(1);
    ADD_FAILURE() << "there is no answer yet";
  } catch (const px::timed_out& e) {
    EXPECT_STREQ(e.what(),
                 "gof::proxy: the answer another thread asked for is late; try again later");
  }
  go_on.count_down();
  first.join();
  EXPECT_EQ(p.request<&album::thumbnail>(1), "x");
  EXPECT_EQ(p.interceptor<px::caching<&album::thumbnail>>().used().misses, 1U);
}

TEST(CachingProxy, IsNotTouchedWhileAnotherThreadSearchesIt) {
  px::proxy p(slow{[](int) { return std::string("x"); }}, px::caching<&slow::get>());
  auto& cache = p.interceptor<px::caching<&slow::get>>();
  const std::function<void()> uses[] = {[&] { static_cast<void>(cache.used()); },
                                        [&] { cache.forget(key{1}); }, [&] { cache.clear(); }};
  for (const auto& use : uses) {
    key::now = key::slow;
    std::thread other([&] { p.request<&slow::get>(key{2}); });
    while (key::now == key::slow) std::this_thread::yield();
    use();
    EXPECT_EQ(key::now, key::found);
    other.join();
    key::now = key::fast;
  }
}

TEST(CachingProxy, AnswersManyThreads) {
  album a{[](int k) { return std::to_string(k); }};
  const px::proxy p(&a, px::caching<&album::thumbnail>({.capacity = 5, .time_to_live = 100us}));
  std::vector<std::thread> threads;
  for (unsigned t = 0; t != 4; ++t) {
    threads.emplace_back([&, t] {
      std::mt19937 random(t);
      for (int i = 0; i != 2000; ++i) {
        const int k = static_cast<int>(random() % 10);
        EXPECT_EQ(p.request<&album::thumbnail>(k), std::to_string(k));
      }
    });
  }
  for (std::thread& t : threads) t.join();
  const px::usage u = p.interceptor<px::caching<&album::thumbnail>>().used();
  EXPECT_EQ(u.hits + u.misses, 8000U);
  EXPECT_LE(u.answers, 5U);
}

TEST(CachingProxy, IsAsItWasWhereMemoryRunsOut) {
  manual_clock::time_point now{};
  int calls = 0;
  album a{[&](int k) {
    ++calls;
    return std::string(100, static_cast<char>('a' + k));
  }};
  px::proxy p(&a, thumbnails({.capacity = 3}, manual_clock{&now}));
  std::size_t failures = 0;
  for (int k = 0; k != 20; ++k) {
    const auto answers = std::get<0>(seen(p));
    std::string got;
    failures += gof::testing::fail_each_allocation([&] { got = p.request<&album::thumbnail>(k); },
                                                   [&] {
                                                     EXPECT_GE(std::get<0>(seen(p)), answers);
                                                     EXPECT_LE(std::get<0>(seen(p)), 3U);
                                                   });
    EXPECT_EQ(got, std::string(100, static_cast<char>('a' + k)));
  }
  EXPECT_GE(failures, 100U);
  EXPECT_EQ(seen(p), counts(3, std::get<1>(seen(p)), static_cast<std::size_t>(calls)))
      << "no request is thought to be on its way";
}

}  // namespace
