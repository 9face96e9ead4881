// SPDX-License-Identifier: BSL-1.0
#include <gof/observer/concurrent.hpp>
// What both kinds of subject promise alike.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/allocations.hpp"

namespace {

namespace obs = gof::observer;

struct alone {
  template <class... Args>
  using subject = obs::subject<Args...>;
};
struct concurrent {
  template <class... Args>
  using subject = obs::concurrent_subject<Args...>;
};
using log = std::vector<int>;

template <class Kind>
class Observer : public testing::Test {};
using kinds = testing::Types<alone, concurrent>;
TYPED_TEST_SUITE(Observer, kinds);

// ---- The laws, against a model ------------------------------------------------------------------

// What an observer does when it is called, besides noting that it was.
enum action { nothing, detach_self, detach_other, attach_another, notify_again, block_other, fail };
struct failure {
  int id;
};

// A list that is never changed while it is walked, since a copy is.
class naive {
 public:
  explicit naive(std::function<void(int)> on_call) : on_call_(std::move(on_call)) {}
  void attach(int id, int order, bool once) { all_[id] = {order, id, once, true, 0}; }
  void detach(int id) { all_[id].attached = false; }
  void block(int id) { ++all_[id].blocks; }
  void unblock(int id) { --all_[id].blocks; }
  bool attached(int id) { return all_[id].attached; }
  std::size_t size() const {
    return static_cast<std::size_t>(
        std::count_if(all_.begin(), all_.end(), [](auto& e) { return e.second.attached; }));
  }
  void notify() {
    std::vector<entry> now;
    for (const auto& [id, e] : all_) {
      if (e.attached) now.push_back(e);
    }
    std::sort(now.begin(), now.end(),
              [](auto& a, auto& b) { return std::pair(a.order, a.id) < std::pair(b.order, b.id); });
    for (const entry& found : now) {
      entry& e = all_[found.id];
      if (!e.attached || e.blocks != 0) continue;
      if (e.once) e.attached = false;
      on_call_(e.id);
    }
  }

 private:
  struct entry {
    int order, id;
    bool once, attached;
    int blocks;
  };
  std::map<int, entry> all_;  // by id, that is in the order in which they were attached
  std::function<void(int)> on_call_;
};

template <class Subject>
class real {
 public:
  explicit real(std::function<void(int)> on_call) : on_call_(std::move(on_call)) {}
  void attach(int id, int order, bool once) {
    connections_[id] =
        subject_.attach([this, id] { on_call_(id); }, {.order = order, .once = once});
  }
  void detach(int id) { EXPECT_TRUE(connections_[id].detach()); }
  void block(int id) { blocks_.emplace(id, connections_[id].block()); }
  void unblock(int id) { blocks_.erase(blocks_.find(id)); }
  bool attached(int id) { return connections_[id].connected(); }
  std::size_t size() const { return subject_.size(); }
  void notify() { subject_.notify(); }

 private:
  Subject subject_;
  std::map<int, obs::connection> connections_;
  std::multimap<int, obs::blocker> blocks_;
  std::function<void(int)> on_call_;
};

// Does one and the same random sequence to either of them, and notes what happens.
template <class Subject>
log play(unsigned seed, const std::vector<action>& actions) {
  log seen;
  int last = 0, depth = 0;
  std::vector<int> blocked;
  std::mt19937 random(seed);
  const auto below = [&](int n) { return static_cast<int>(random() % static_cast<unsigned>(n)); };
  Subject* subject = nullptr;
  const auto attach = [&] { subject->attach(++last, below(5) - 2, below(6) == 0); };
  Subject s([&](int id) {
    seen.push_back(id);
    const int other = 1 + below(last);
    switch (actions[static_cast<std::size_t>(id) % actions.size()]) {
      case nothing:
        break;
      case detach_self:
        subject->detach(id);
        break;
      case detach_other:
        subject->detach(other);
        break;
      case attach_another:
        if (last < 60) attach();
        break;
      case notify_again:
        if (depth < 3) {
          ++depth;
          subject->notify();
          --depth;
        }
        break;
      case block_other:
        subject->block(other);
        blocked.push_back(other);
        break;
      case fail:
        throw failure{id};
    }
  });
  subject = &s;
  for (int i = 0; i != 40; ++i) {
    if (below(3) != 0) attach();
    if (last != 0 && below(4) == 0) s.detach(1 + below(last));
    if (!blocked.empty() && below(3) == 0) {
      s.unblock(blocked.back());
      blocked.pop_back();
    }
    try {
      s.notify();
      seen.push_back(0);
    } catch (const failure& f) {
      depth = 0;
      seen.push_back(-f.id);
    }
    seen.push_back(1000 + static_cast<int>(s.size()));
    for (int id = 1; id <= last; ++id) seen.push_back(s.attached(id));
  }
  return seen;
}
template <class Kind>
void is_as_the_model(const std::vector<action>& actions) {
  for (unsigned seed = 0; seed != 50; ++seed) {
    ASSERT_EQ(play<real<typename Kind::template subject<>>>(seed, actions),
              play<naive>(seed, actions))
        << "seed " << seed;
  }
}

TYPED_TEST(Observer, ObserversAreCalledInOrder) {
  is_as_the_model<TypeParam>({nothing, fail, nothing, notify_again});
}
TYPED_TEST(Observer, WhatIsDetachedIsNotCalled) {
  is_as_the_model<TypeParam>({nothing, detach_self, detach_other, notify_again, block_other});
}
TYPED_TEST(Observer, WhatIsAttachedIsCalledFromTheNextNotifyOn) {
  is_as_the_model<TypeParam>(
      {attach_another, nothing, detach_self, notify_again, detach_other, fail, block_other});
}

// ---- What is told -------------------------------------------------------------------------------

TYPED_TEST(Observer, NoneCanTakeWhatTheOthersAreToSee) {
  typename TypeParam::template subject<std::string> s;
  std::vector<std::string> seen;
  for (int i = 0; i != 2; ++i) {
    s.attach([&](std::string text) { seen.push_back(std::move(text)); });
    s.attach([&](auto&& text) { seen.push_back(std::forward<decltype(text)>(text)); });
  }
  s.notify("a text that is too long to be kept in the string itself");
  ASSERT_EQ(seen.size(), 4U);
  EXPECT_EQ(seen[0], "a text that is too long to be kept in the string itself");
  EXPECT_EQ(std::count(seen.begin(), seen.end(), seen[0]), 4);
}
TYPED_TEST(Observer, TellsReferencesAsSuch) {
  typename TypeParam::template subject<int&, const std::unique_ptr<int>&> s;
  s.attach([](int& n, const std::unique_ptr<int>& p) { n += *p; });
  s.attach([](int& n, const auto& p) { n *= *p; });
  int n = 1;
  s.notify(n, std::make_unique<int>(3));
  EXPECT_EQ(n, 12);
}
TYPED_TEST(Observer, CanBeMoveOnlyAndChangeItself) {
  typename TypeParam::template subject<> s;
  int seen = 0;
  s.attach([&seen, own = std::make_unique<int>(0)]() mutable { return seen = ++*own; });
  s.notify();
  s.notify();
  EXPECT_EQ(seen, 2);
}
TYPED_TEST(Observer, CanBeAFunctionOrAnLvalue) {
  static int called;
  called = 0;
  struct functor {
    void operator()(int by) const { called += by; }
  };
  typename TypeParam::template subject<int> s;
  const functor f;
  s.attach(f);
  s.attach(+[](int by) { called += by; });
  s.notify(5);
  EXPECT_EQ(called, 10);
}

// ---- Once, order, blocking ----------------------------------------------------------------------

TYPED_TEST(Observer, AttachedOnceIsCalledOnceEvenIfItNotifies) {
  typename TypeParam::template subject<> s;
  int called = 0;
  const obs::connection c = s.attach(
      [&] {
        ++called;
        EXPECT_TRUE(s.empty());
        s.notify();
      },
      {.once = true});
  EXPECT_TRUE(c.connected());
  s.notify();
  s.notify();
  EXPECT_EQ(called, 1);
  EXPECT_FALSE(c.connected());
}
TYPED_TEST(Observer, AttachedOnceAndBlockedIsKept) {
  typename TypeParam::template subject<> s;
  int called = 0;
  obs::connection c = s.attach([&] { ++called; }, {.once = true});
  {
    const auto quiet = c.block();
    s.notify();
  }
  EXPECT_EQ(called, 0);
  s.notify();
  EXPECT_EQ(called, 1);
}
TYPED_TEST(Observer, MissesWhatHappensWhileABlockerLives) {
  typename TypeParam::template subject<int> s;
  log seen;
  obs::connection c = s.attach([&](int n) { seen.push_back(n); });
  {
    obs::blocker first = c.block();
    {
      const obs::blocker second = obs::connection(c).block();
      s.notify(1);
    }
    s.notify(2);
    EXPECT_TRUE(c.connected());
    EXPECT_EQ(s.size(), 1U);
    const obs::blocker moved = std::move(first);
    s.notify(3);
  }
  s.notify(4);
  EXPECT_EQ(seen, log{4});
}
TYPED_TEST(Observer, ABlockerMayOutliveTheObserverAndTheSubject) {
  auto s = std::make_unique<typename TypeParam::template subject<>>();
  obs::connection c = s->attach([] {});
  const obs::blocker of_detached = c.block();
  c.detach();
  const obs::blocker of_none = c.block();
  const obs::blocker of_lost = s->attach([] {}).block();
  s.reset();
  EXPECT_FALSE(c.connected());
}

// ---- Connections --------------------------------------------------------------------------------

TYPED_TEST(Observer, AllCopiesOfAConnectionReferToOneObserver) {
  typename TypeParam::template subject<> s;
  obs::connection a = s.attach([] {}), b = a, none;
  EXPECT_TRUE(a.connected());
  EXPECT_TRUE(b.connected());
  EXPECT_FALSE(none.connected());
  EXPECT_TRUE(b.detach());
  EXPECT_FALSE(a.connected());
  EXPECT_TRUE(a.detach()) << "a second time, which does nothing";
  EXPECT_TRUE(none.detach());
  EXPECT_EQ(s.size(), 0U);
  EXPECT_TRUE(s.empty());
}
TYPED_TEST(Observer, AConnectionMayOutliveTheSubject) {
  auto s = std::make_unique<typename TypeParam::template subject<>>();
  obs::connection c = s->attach([] {});
  obs::scoped_connection scoped = s->attach([] {});
  s.reset();
  EXPECT_FALSE(c.connected());
  EXPECT_TRUE(c.detach());
  EXPECT_FALSE(scoped.connected());
}
TYPED_TEST(Observer, AScopedConnectionDetachesAtItsEnd) {
  typename TypeParam::template subject<> s;
  log seen;
  s.attach([&] { seen.push_back(0); });
  {
    const obs::scoped_connection c = s.attach([&] { seen.push_back(1); });
    s.notify();
  }
  s.notify();
  EXPECT_EQ(seen, (log{0, 1, 0}));
}
TYPED_TEST(Observer, AScopedConnectionCanBeMovedAndReleased) {
  typename TypeParam::template subject<> s;
  obs::connection kept;
  {
    obs::scoped_connection a = s.attach([] {}), b = s.attach([] {});
    const obs::connection first = a, second = b;
    a = std::move(b);
    EXPECT_FALSE(first.connected()) << "what it had is detached";
    EXPECT_TRUE(second.connected());
    EXPECT_FALSE(b.connected());
    obs::scoped_connection c = std::move(a);
    EXPECT_FALSE(a.connected());
    obs::scoped_connection& itself = c;
    c = std::move(itself);
    EXPECT_TRUE(c.connected()) << "moved to itself";
    kept = c.release();
    EXPECT_FALSE(c.connected());
  }
  EXPECT_TRUE(kept.connected());
  EXPECT_EQ(s.size(), 1U);
}

// ---- Owners -------------------------------------------------------------------------------------

struct view {
  explicit view(log& to) : seen(to) {}
  ~view() { seen.push_back(-1); }
  void show(int n) { seen.push_back(n); }
  log& seen;
};

TYPED_TEST(Observer, IsCalledAsLongAsItsOwnerLives) {
  typename TypeParam::template subject<int> s;
  log seen;
  auto owner = std::make_shared<view>(seen);
  const obs::connection c = s.attach(std::weak_ptr(owner), &view::show);
  s.attach(std::weak_ptr(owner), [](view& v, int n) { v.show(10 * n); }, {.order = -1});
  s.notify(1);
  owner.reset();
  s.notify(2);
  EXPECT_EQ(seen, (log{10, 1, -1}));
  EXPECT_FALSE(c.connected());
  EXPECT_TRUE(s.empty());
}
TYPED_TEST(Observer, ItsOwnerDoesNotDieDuringTheCall) {
  typename TypeParam::template subject<> s;
  log seen;
  auto owner = std::make_shared<view>(seen);
  s.attach(std::weak_ptr(owner), [&](view& v) {
    owner.reset();
    v.show(1);
  });
  s.notify();
  EXPECT_EQ(seen, (log{1, -1}));
}
TYPED_TEST(Observer, IsCalledOnceForItsOwner) {
  typename TypeParam::template subject<int> s;
  log seen;
  const auto owner = std::make_shared<view>(seen);
  s.attach(std::weak_ptr(owner), &view::show, {.once = true});
  s.notify(1);
  s.notify(2);
  EXPECT_EQ(seen, log{1});
}

// ---- When an observer throws --------------------------------------------------------------------

// Observers 1 to 5, of which 2 and 4 throw.
template <class Subject>
void attach_five(Subject& s, log& seen) {
  for (int id = 1; id <= 5; ++id) {
    s.attach([&seen, id](int) {
      seen.push_back(id);
      if (id % 2 == 0) throw failure{id};
    });
  }
}
int id_of(const std::exception_ptr& e) {
  try {
    std::rethrow_exception(e);
  } catch (const failure& f) {
    return f.id;
  }
}

TYPED_TEST(Observer, NotifyStopsAtTheFirstThatThrows) {
  typename TypeParam::template subject<int> s;
  log seen;
  attach_five(s, seen);
  try {
    s.notify(0);
    FAIL() << "it should throw";
  } catch (const failure& f) {
    EXPECT_EQ(f.id, 2);
  }
  EXPECT_EQ(seen, (log{1, 2}));
  EXPECT_EQ(s.size(), 5U);
}
TYPED_TEST(Observer, NotifyAllCallsAllAndThrowsAllThatWasThrown) {
  typename TypeParam::template subject<int> s;
  log seen;
  attach_five(s, seen);
  try {
    s.notify_all(0);
    FAIL() << "it should throw";
  } catch (const obs::notify_error& e) {
    ASSERT_EQ(e.causes().size(), 2U);
    EXPECT_EQ(id_of(e.causes()[0]), 2);
    EXPECT_EQ(id_of(e.causes()[1]), 4);
    EXPECT_STREQ(e.what(), "gof::observer: 2 of the observers threw; see causes()");
  }
  EXPECT_EQ(seen, (log{1, 2, 3, 4, 5}));
}
TYPED_TEST(Observer, NotifyAllThrowsNothingWhereNoneDoes) {
  typename TypeParam::template subject<int> s;
  int sum = 0;
  s.attach([&](int n) { sum += n; });
  EXPECT_NO_THROW(s.notify_all(3));
  EXPECT_EQ(sum, 3);
}
TYPED_TEST(Observer, NotifyAllCallsAllWhereMemoryRunsOut) {
  typename TypeParam::template subject<int> s;
  log seen;
  seen.reserve(5);
  for (int id = 1; id <= 5; ++id) {
    s.attach([&seen, id](int) {
      seen.push_back(id);
      gof::testing::fail_allocation(id == 2 ? 1 : 0);  // for what keeps the cause
      if (id == 2) throw failure{id};
    });
  }
  EXPECT_THROW(s.notify_all(0), std::bad_alloc);
  EXPECT_EQ(seen, (log{1, 2, 3, 4, 5}));
}
TYPED_TEST(Observer, NotifyOrHandsOverWhatIsThrown) {
  typename TypeParam::template subject<int> s;
  log seen, handled;
  attach_five(s, seen);
  s.notify_or([&](const std::exception_ptr& e) { handled.push_back(id_of(e)); }, 0);
  EXPECT_EQ(seen, (log{1, 2, 3, 4, 5}));
  EXPECT_EQ(handled, (log{2, 4}));
}
TYPED_TEST(Observer, NotifyOrStopsWhereTheHandlerThrows) {
  typename TypeParam::template subject<int> s;
  log seen;
  attach_five(s, seen);
  EXPECT_THROW(s.notify_or([](const std::exception_ptr& e) { std::rethrow_exception(e); }, 0),
               failure);
  EXPECT_EQ(seen, (log{1, 2}));
}

// ---- The end of an observer ---------------------------------------------------------------------

TYPED_TEST(Observer, IsDestroyedWhenDetachedThoughAConnectionIsLeft) {
  typename TypeParam::template subject<> s;
  const auto held = std::make_shared<int>();
  obs::connection c = s.attach([held] {});
  EXPECT_EQ(held.use_count(), 2);
  c.detach();
  EXPECT_EQ(held.use_count(), 1);
}
TYPED_TEST(Observer, IsNotDestroyedWhileItRuns) {
  typename TypeParam::template subject<> s;
  auto held = std::make_shared<int>(7);
  const std::weak_ptr<int> watched = held;
  obs::connection c;
  int seen = 0;
  c = s.attach([&s, &c, &seen, held = std::move(held)] {
    c.detach();
    if (seen == 0) s.attach([] {});
    seen = *held;
  });
  s.notify();
  EXPECT_EQ(seen, 7);
  EXPECT_TRUE(watched.expired()) << "but when the notification has ended";
  EXPECT_EQ(s.size(), 1U);
}
TYPED_TEST(Observer, IsDestroyedWithTheSubject) {
  const auto held = std::make_shared<int>();
  {
    typename TypeParam::template subject<> s;
    for (int i = 0; i != 3; ++i) s.attach([held] {});
    EXPECT_EQ(held.use_count(), 4);
  }
  EXPECT_EQ(held.use_count(), 1);
}

// Calls what it is given when it is destroyed.
struct at_end {
  std::shared_ptr<void> call;
  explicit at_end(std::function<void()> f) : call(nullptr, [f](void*) { f(); }) {}
  void operator()() const {}
};
TYPED_TEST(Observer, CanUseTheSubjectInItsDestructor) {
  typename TypeParam::template subject<> s;
  log seen;
  obs::connection last = s.attach([&] { seen.push_back(1); }, {.order = 1});
  obs::connection c = s.attach(at_end([&] {
    s.notify();
    last.detach();
    s.attach([&] { seen.push_back(2); });
    s.notify();
  }));
  c.detach();
  EXPECT_EQ(seen, (log{1, 2}));
  EXPECT_EQ(s.size(), 1U);
}
TYPED_TEST(Observer, CanDestroyTheSubjectInItsDestructor) {
  auto s = std::make_unique<typename TypeParam::template subject<>>();
  auto* subject = s.get();
  bool called = false;
  obs::connection c;
  c = subject->attach([&c] { c.detach(); });
  c.detach();
  c = subject->attach([&c, last = at_end([&] { s.reset(); })] { c.detach(); });
  subject->attach([&] { called = true; });
  subject->notify();
  EXPECT_EQ(s, nullptr);
  EXPECT_TRUE(called) << "the notification had ended by then";
}
TYPED_TEST(Observer, CanDestroyTheSubject) {
  auto s = std::make_unique<typename TypeParam::template subject<int>>();
  log seen;
  const auto held = std::make_shared<int>(1);
  const obs::connection before = s->attach([&](int n) { seen.push_back(n); });
  s->attach([&, held](int n) {
    if (n == 1) {
      s->notify(2);  // and within that
    } else {
      s.reset();
      EXPECT_FALSE(before.connected());
      seen.push_back(*held);
    }
  });
  s->attach([&](int) { seen.push_back(99); });
  s->notify(1);
  EXPECT_EQ(seen, (log{1, 2, 1}));
  EXPECT_EQ(held.use_count(), 1);
}
TYPED_TEST(Observer, LeavesNothingBehindWhereverItEnds) {
  const std::ptrdiff_t before = gof::testing::live_allocations();
  {
    auto s = std::make_unique<typename TypeParam::template subject<>>();
    s->attach([] {});
    s->attach([&s] { s.reset(); });
    s->attach([] {});
    auto* const subject = s.get();
    subject->notify();
  }
  EXPECT_EQ(gof::testing::live_allocations(), before);
  {
    typename TypeParam::template subject<> s;
    obs::connection c = s.attach([] {});
    s.attach([&c] { c.detach(); });
    s.notify();
  }
  EXPECT_EQ(gof::testing::live_allocations(), before);
}

// ---- When memory runs out -----------------------------------------------------------------------

TYPED_TEST(Observer, AttachLeavesAllAsItWasWhereMemoryRunsOut) {
  std::size_t failures = 0;
  for (const bool inside_a_callback : {false, true}) {
    typename TypeParam::template subject<> s;
    int called = 0;
    const auto held = std::make_shared<int>();
    const auto attach = [&] {
      failures +=
          gof::testing::fail_each_allocation([&] { s.attach([&called, held] { ++called; }); },
                                             [&] {
                                               EXPECT_EQ(held.use_count(), 1);
                                               EXPECT_TRUE(s.empty());
                                             });
    };
    if (inside_a_callback) {
      s.attach(attach, {.once = true});
      s.notify();
    } else {
      attach();
    }
    EXPECT_EQ(called, 0);
    s.notify();
    EXPECT_EQ(called, 1);
  }
  EXPECT_GE(failures, 3U);
}

struct throwing_copy {
  throwing_copy() = default;
  throwing_copy(const throwing_copy&) { throw failure{0}; }
  void operator()() const {}
  void operator()(int&) const {}
};
TYPED_TEST(Observer, AttachLeavesAllAsItWasWhereCopyingThrows) {
  typename TypeParam::template subject<> s;
  const throwing_copy f;
  EXPECT_THROW(s.attach(f), failure);
  EXPECT_THROW(s.attach(std::weak_ptr<int>(), f), failure);
  EXPECT_TRUE(s.empty());
}

}  // namespace
