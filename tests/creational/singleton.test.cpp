// SPDX-License-Identifier: BSL-1.0
#include <gof/singleton.hpp>
// The header under test comes first, so that it has to stand alone.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "support/allocations.hpp"

namespace {
std::atomic<bool> atexit_fails = false;
}
// Takes the place of the one in the C library, and does the same unless told to fail.
extern "C" void* __dso_handle;
extern "C" int __cxa_atexit(void (*)(void*), void*, void*) noexcept;
extern "C" int atexit(void (*f)()) noexcept {
  if (atexit_fails) return 1;
  return __cxa_atexit([](void* called) { reinterpret_cast<void (*)()>(called)(); },
                      reinterpret_cast<void*>(f), &__dso_handle);
}

namespace {

using gof::singleton::cycle, gof::singleton::misuse, gof::singleton::no_instance;
using gof::singleton::lifetime, gof::singleton::shutdown_all, gof::singleton::singleton;

// Counts its objects.
template <int>
struct counted {
  counted() { ++made; }
  counted(const counted&) = delete;
  ~counted() { ++ended; }
  int value = 0;
  static inline std::atomic<int> made = 0, ended = 0;
};

class only_one {
  friend gof::singleton::access;
  only_one() = default;
  ~only_one() = default;
};

using plain = singleton<counted<0>>;
static_assert(!std::is_default_constructible_v<plain>);
static_assert(!std::is_copy_constructible_v<plain::scoped_override>);
static_assert(!std::is_copy_assignable_v<plain::scoped_override>);
static_assert(std::is_nothrow_constructible_v<plain::scoped_override, counted<0>&>);
static_assert(!std::is_constructible_v<plain::scoped_override, counted<0>>);
static_assert(!std::is_convertible_v<counted<0>&, plain::scoped_override>);
static_assert(std::is_same_v<decltype(plain::instance()), counted<0>&>);
static_assert(std::is_same_v<decltype(plain::try_instance()), counted<0>*>);
static_assert(noexcept(plain::try_instance()) && !noexcept(plain::instance()));
static_assert(!std::is_default_constructible_v<only_one> && !std::is_destructible_v<only_one>);
static_assert(std::is_base_of_v<std::logic_error, no_instance>);
static_assert(std::is_base_of_v<std::logic_error, cycle>);
static_assert(std::is_base_of_v<std::logic_error, misuse>);

// What a call says when it throws an E.
template <class E, class Call>
std::string said(Call call) {
  try {
    call();
  } catch (const E& e) {
    return e.what();
  }
  return "nothing was thrown";
}
bool holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// Runs f in n threads that begin together.
template <class F>
void together(int n, F f) {
  std::atomic<int> ready = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i != n; ++i) {
    threads.emplace_back([&, i] {
      for (++ready; ready != n;) std::this_thread::yield();
      f(i);
    });
  }
  for (std::thread& t : threads) t.join();
}

// ---- One instance -----------------------------------------------------------------------------

using early = singleton<counted<1>, void, lifetime::leaky>;
const counted<1>* const before_main = &early::instance();

TEST(Singleton, CanBeUsedBeforeMain) {
  EXPECT_EQ(before_main, &early::instance());
  EXPECT_EQ(counted<1>::made, 1);
}

TEST(Singleton, IsMadeAtTheFirstCall) {
  using s = singleton<counted<2>>;
  EXPECT_EQ(s::try_instance(), nullptr);
  EXPECT_EQ(counted<2>::made, 0);
  counted<2>& one = s::instance();
  EXPECT_EQ(counted<2>::made, 1);
  EXPECT_EQ(s::try_instance(), &one);
  EXPECT_EQ(&s::instance(), &one);
  EXPECT_EQ(counted<2>::made, 1);
}

TEST(Singleton, NeedsNoOtherMakerOfItsObjects) {
  EXPECT_EQ(&singleton<only_one>::instance(), &singleton<only_one>::instance());
  shutdown_all();
  EXPECT_EQ(singleton<only_one>::try_instance(), nullptr);
}

TEST(Singleton, EverybodyGetsTheSame) {
  using s = singleton<counted<3>, void, lifetime::phoenix>;
  for (int round = 1; round <= 200; ++round) {
    std::array<counted<3>*, 4> got{};
    together(4, [&](int i) { got[static_cast<std::size_t>(i)] = &s::instance(); });
    EXPECT_EQ(got, (std::array{got[0], got[0], got[0], got[0]}));
    EXPECT_EQ(counted<3>::made, round);
    shutdown_all();
    EXPECT_EQ(counted<3>::ended, round);
  }
}

TEST(Singleton, MakesOthersWaitUntilItIsComplete) {
  struct takes_long {
    takes_long() {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      complete = true;
    }
    bool complete = false;
  };
  together(4, [](int) { EXPECT_TRUE(singleton<takes_long>::instance().complete); });
}

TEST(Singleton, IsAlignedAsItsType) {
  struct alignas(256) wide {
    char c = 'w';
  };
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(&singleton<wide>::instance()) % 256, 0U);
}

// ---- Tags -------------------------------------------------------------------------------------

struct left {
  static constexpr const char* name = "left";
};
struct right {};

TEST(SingletonTag, TellsInstancesOfOneTypeApart) {
  auto& l = singleton<counted<4>, left>::instance();
  auto& r = singleton<counted<4>, right>::instance();
  EXPECT_NE(&l, &r);
  EXPECT_EQ(counted<4>::made, 2);
}

struct base {
  virtual int number() const = 0;
  virtual ~base() = default;
};
struct other {
  virtual ~other() = default;
  int padding = 0;
};
// Its base is not at its address, and it can be neither copied nor moved.
struct derived final : other, base {
  explicit derived(int n) : n_(n) {}
  derived(derived&&) = delete;
  ~derived() override { ++ended; }
  int number() const override { return n_; }
  int n_;
  static inline int ended = 0;
};
struct with_seven {
  static derived create() { return derived(7); }
};

TEST(SingletonTag, MakesTheInstanceWithArgumentsAndOfADerivedClass) {
  using s = singleton<base, with_seven>;
  EXPECT_EQ(s::instance().number(), 7);
  EXPECT_EQ(s::try_instance()->number(), 7);
  derived::ended = 0;
  shutdown_all();
  EXPECT_EQ(derived::ended, 1);
}

TEST(SingletonTag, NamesItInErrors) {
  using named = singleton<counted<5>, left>;
  named::instance();
  shutdown_all();
  EXPECT_EQ(
      said<no_instance>([] { named::instance(); }),
      "gof::singleton: left was torn down: get it earlier, in the constructor of what uses it "
      "late, or ask try_instance");
}

TEST(SingletonTag, IsNotNeededForTheTypeToBeNamedInErrors) {
  using unnamed = singleton<counted<5>, right>;
  unnamed::instance();
  shutdown_all();
  EXPECT_TRUE(holds(said<no_instance>([] { unnamed::instance(); }), typeid(counted<5>).name()));
}

// ---- A constructor that fails -----------------------------------------------------------------

struct fault {};
template <int>
struct fragile {
  fragile() {
    ++tries;
    if (failures-- > 0) throw fault();
  }
  static inline std::atomic<int> tries = 0, failures = 0;
};

TEST(Singleton, IsTriedAgainWhereItsConstructorThrew) {
  using s = singleton<fragile<0>>;
  fragile<0>::failures = 2;
  EXPECT_THROW(s::instance(), fault);
  EXPECT_EQ(s::try_instance(), nullptr);
  EXPECT_THROW(s::instance(), fault);
  EXPECT_NO_THROW(s::instance());
  EXPECT_EQ(fragile<0>::tries, 3);
}

TEST(Singleton, IsTriedAgainByOneOfThoseWhoWaited) {
  using s = singleton<fragile<1>, void, lifetime::phoenix>;
  for (int round = 0; round != 50; ++round) {
    fragile<1>::tries = 0;
    fragile<1>::failures = 2;
    std::atomic<int> faults = 0;
    together(4, [&](int) {
      try {
        s::instance();
      } catch (const fault&) {
        ++faults;
      }
    });
    EXPECT_EQ(faults, 2);
    EXPECT_EQ(fragile<1>::tries, 3);
    shutdown_all();
  }
}

TEST(Singleton, IsAbsentWhereMemoryRunsOut) {
  struct owner {
    std::unique_ptr<int> a = std::make_unique<int>(1), b = std::make_unique<int>(2);
  };
  using s = singleton<owner>;
  const std::size_t failures = gof::testing::fail_each_allocation(
      [] { s::instance(); }, [] { EXPECT_EQ(s::try_instance(), nullptr); });
  EXPECT_EQ(failures, 2U) << "it allocates nothing besides";
  EXPECT_EQ(*s::instance().b, 2);
}

TEST(Singleton, IsAbsentWhereItsTeardownCannotBePlanned) {
  using s = singleton<counted<6>>;
  atexit_fails = true;
  EXPECT_THROW(s::instance(), std::bad_alloc);
  EXPECT_EQ(s::try_instance(), nullptr);
  EXPECT_EQ(counted<6>::ended, 1);
  using l = singleton<counted<6>, left, lifetime::leaky>;
  EXPECT_NO_THROW(l::instance());
  atexit_fails = false;
  EXPECT_NO_THROW(s::instance());
  EXPECT_EQ(counted<6>::made, 3);
}

// ---- Order, and cycles ------------------------------------------------------------------------

// Eight singletons; what each needs is decided at run time.
constexpr std::size_t parts = 8;
struct need {
  std::size_t part;
  bool optional;  // goes on without it
};
std::array<std::vector<need>, parts> needs;
std::vector<std::size_t> completed, torn_down;
void obtain(std::size_t part);

template <std::size_t I>
struct part {
  part() {
    for (const need& n : needs[I]) {
      try {
        obtain(n.part);
      } catch (const cycle&) {
        if (!n.optional) throw;
      }
    }
    completed.push_back(I);
  }
  ~part() { torn_down.push_back(I); }
  static constexpr const char name[] = {'0' + static_cast<char>(I), '\0'};
};
template <std::size_t I>
using part_singleton = singleton<part<I>, part<I>, lifetime::phoenix>;

template <std::size_t... I>
void obtain_one(std::size_t which, std::index_sequence<I...>) {
  ((which == I ? static_cast<void>(part_singleton<I>::instance()) : void()), ...);
}
void obtain(std::size_t which) { obtain_one(which, std::make_index_sequence<parts>()); }

// The same as a list, and a stack of those that are being made.
struct model {
  std::vector<std::size_t> completed, making;
  // Makes a part, or returns the cycle.
  std::optional<std::string> obtain(std::size_t which) {
    if (std::find(completed.begin(), completed.end(), which) != completed.end()) return {};
    const auto open = std::find(making.begin(), making.end(), which);
    if (open != making.end()) {
      std::string path = std::to_string(making.back());
      for (auto at = open; at != making.end(); ++at) path += " -> " + std::to_string(*at);
      return path + ":";
    }
    making.push_back(which);
    for (const need& n : needs[which]) {
      const auto found = obtain(n.part);
      if (found && !n.optional) {
        making.pop_back();
        return found;
      }
    }
    making.pop_back();
    completed.push_back(which);
    return {};
  }
};

class Seeded : public testing::TestWithParam<unsigned> {};
INSTANTIATE_TEST_SUITE_P(Singleton, Seeded, testing::Range(0U, 200U));

TEST_P(Seeded, TeardownReversesCompletion) {
  std::mt19937 random(GetParam());
  const auto below = [&](std::size_t n) { return std::size_t{random() % n}; };
  completed.clear();
  torn_down.clear();
  for (auto& some : needs) {
    some.clear();
    for (std::size_t n = below(3); n != 0; --n) some.push_back({below(parts), below(4) == 0});
  }
  model m;
  for (int i = 0; i != 12; ++i) {
    const std::size_t which = below(parts);
    const auto refused = m.obtain(which);
    if (refused) {
      const std::string says = said<cycle>([&] { obtain(which); });
      EXPECT_TRUE(holds(says, "gof::singleton: " + *refused)) << says << "\nnot " << *refused;
    } else {
      EXPECT_NO_THROW(obtain(which));
    }
    ASSERT_EQ(completed, m.completed);
  }
  shutdown_all();
  std::reverse(completed.begin(), completed.end());
  EXPECT_EQ(torn_down, completed);
}

// Three that need each other, and ask when all three are being made.
struct r0;
struct r1;
struct r2;
struct ring;
std::atomic<int> arrived = 0;
template <class Next, class Tag>
struct member {
  member() {
    for (++arrived; arrived < 3;) std::this_thread::yield();
    singleton<Next, Tag>::instance();
  }
};
struct r0 : member<r1, ring> {};
struct r1 : member<r2, ring> {};
struct r2 : member<r0, ring> {};

TEST(SingletonCycle, IsFoundAcrossThreads) {
  std::atomic<int> refused = 0;
  together(3, [&](int i) {
    try {
      if (i == 0) singleton<r0, ring>::instance();
      if (i == 1) singleton<r1, ring>::instance();
      if (i == 2) singleton<r2, ring>::instance();
    } catch (const cycle&) {
      ++refused;
    }
  });
  EXPECT_EQ(refused, 3);
  EXPECT_EQ((singleton<r0, ring>::try_instance()), nullptr);
}

TEST(SingletonCycle, NamesASelfCycle) {
  struct narcissus {
    narcissus() { singleton<narcissus, left>::instance(); }
  };
  using s = singleton<narcissus, left>;
  EXPECT_EQ(said<cycle>([] { s::instance(); }),
            "gof::singleton: left -> left: break the cycle, one must not need the next to be made");
}

TEST(SingletonCycle, IsNoneWhereTwoThreadsNeedTheSame) {
  struct shared {
    shared() { std::this_thread::sleep_for(std::chrono::milliseconds(20)); }
  };
  struct a {
    shared& s = singleton<shared>::instance();
  };
  struct b {
    shared& s = singleton<shared>::instance();
  };
  std::array<shared*, 2> got{};
  together(2, [&](int i) {
    if (i == 0) got[0] = &singleton<a>::instance().s;
    if (i == 1) got[1] = &singleton<b>::instance().s;
  });
  EXPECT_EQ(got[0], got[1]);
}

// ---- Teardown ---------------------------------------------------------------------------------

struct looking {
  ~looking() {
    EXPECT_EQ(singleton<looking>::try_instance(), nullptr);
    EXPECT_THROW(singleton<looking>::instance(), no_instance);
    looked = true;
  }
  static inline bool looked = false;
};

TEST(SingletonTeardown, IsSeenFromItsBeginning) {
  singleton<looking>::instance();
  shutdown_all();
  EXPECT_TRUE(looking::looked);
  EXPECT_EQ(singleton<looking>::try_instance(), nullptr);
  EXPECT_THROW(singleton<looking>::instance(), no_instance);
}

TEST(SingletonTeardown, IsNotUndoneWhereMemoryRunsOut) {
  using s = singleton<counted<18>>;
  s::instance();
  shutdown_all();
  const auto is_gone = [] { EXPECT_EQ(s::try_instance(), nullptr); };
  const std::size_t failures = gof::testing::fail_each_allocation(
      [] { EXPECT_NE(said<no_instance>([] { s::instance(); }), ""); }, is_gone);
  EXPECT_GT(failures, 0U) << "the text of the error";
  is_gone();
}

TEST(SingletonTeardown, IsDoneOnce) {
  singleton<counted<7>>::instance();
  shutdown_all();
  shutdown_all();
  EXPECT_EQ(counted<7>::ended, 1);
}

TEST(SingletonTeardown, IsDoneByOneOfSeveralThreads) {
  using s = singleton<counted<8>, void, lifetime::phoenix>;
  for (int round = 1; round <= 50; ++round) {
    s::instance();
    together(3, [&](int) {
      shutdown_all();
      EXPECT_EQ(counted<8>::ended, round) << "the others waited for it";
    });
  }
}

TEST(SingletonTeardown, IncludesWhatIsMadeMeanwhile) {
  struct late {
    ~late() { singleton<counted<9>>::instance(); }
  };
  singleton<late>::instance();
  shutdown_all();
  EXPECT_EQ(counted<9>::made, 1);
  EXPECT_EQ(counted<9>::ended, 1);
}

TEST(SingletonTeardown, IsRefusedInsideAConstructorOrADestructor) {
  struct meddler {
    meddler() { refused(); }
    ~meddler() {
      refused();
      EXPECT_EQ(counted<10>::ended, 0) << "it is needed here";
    }
    counted<10>& needed = singleton<counted<10>>::instance();

   private:
    static void refused() {
      EXPECT_EQ(said<misuse>(shutdown_all),
                "gof::singleton: no shutdown from inside a singleton's constructor or destructor");
    }
  };
  singleton<meddler>::instance();
  EXPECT_EQ(counted<10>::ended, 0);
  shutdown_all();
  EXPECT_EQ(counted<10>::ended, 1);
}

TEST(SingletonTeardown, IsPossibleAgainAfterAConstructorThrew) {
  using s = singleton<fragile<2>>;
  fragile<2>::failures = 1;
  EXPECT_THROW(s::instance(), fault);
  EXPECT_NO_THROW(shutdown_all());
}

// ---- Lifetimes --------------------------------------------------------------------------------

TEST(SingletonLifetime, LeakyIsNeverTornDown) {
  using s = singleton<counted<11>, void, lifetime::leaky>;
  auto& one = s::instance();
  shutdown_all();
  EXPECT_EQ(&s::instance(), &one);
  EXPECT_EQ(counted<11>::ended, 0);
}

TEST(SingletonLifetime, PhoenixIsMadeAgainAfterEachShutdown) {
  using s = singleton<counted<12>, void, lifetime::phoenix>;
  for (int life = 1; life <= 3; ++life) {
    s::instance().value = life;
    EXPECT_EQ(counted<12>::made, life);
    shutdown_all();
    EXPECT_EQ(counted<12>::ended, life);
    EXPECT_EQ(s::try_instance(), nullptr);
  }
}

TEST(SingletonLifetime, PhoenixIsTriedAgainWhereItsSecondLifeFails) {
  using s = singleton<fragile<3>, void, lifetime::phoenix>;
  s::instance();
  shutdown_all();
  fragile<3>::failures = 1;
  EXPECT_THROW(s::instance(), fault);
  EXPECT_NO_THROW(s::instance());
  shutdown_all();
}

// Each makes the other again when it ends.
template <int I>
struct reviver {
  ~reviver() {
    ++ended;
    try {
      singleton<reviver<1 - I>, void, lifetime::phoenix>::instance();
    } catch (const no_instance&) {
    }
  }
  static inline int ended = 0;
};

TEST(SingletonLifetime, PhoenixesDoNotReviveEachOtherForEver) {
  singleton<reviver<0>, void, lifetime::phoenix>::instance();
  singleton<reviver<1>, void, lifetime::phoenix>::instance();
  shutdown_all();
  EXPECT_EQ(reviver<0>::ended, 2);
  EXPECT_EQ(reviver<1>::ended, 2);
}

TEST(SingletonLifetime, ScopedIsThereInItsScopeOnly) {
  using s = singleton<base, left, lifetime::scoped>;
  EXPECT_EQ(s::try_instance(), nullptr);
  EXPECT_EQ(said<no_instance>([] { s::instance(); }),
            "gof::singleton: left is there only in the scope of a scoped_override");
  {
    derived owned(3);
    const s::scoped_override in_scope(owned);
    EXPECT_EQ(&s::instance(), &owned);
    shutdown_all();
    EXPECT_EQ(&s::instance(), &owned) << "its owner tears it down";
  }
  EXPECT_EQ(s::try_instance(), nullptr);
  EXPECT_THROW(s::instance(), no_instance);
}

// ---- Overrides --------------------------------------------------------------------------------

TEST(SingletonOverride, MakesTheInstanceProperSuperfluous) {
  using s = singleton<counted<13>>;
  counted<13> mine;
  {
    const s::scoped_override in_test(mine);
    EXPECT_EQ(&s::instance(), &mine);
    EXPECT_EQ(s::try_instance(), &mine);
  }
  EXPECT_EQ(counted<13>::made, 1) << "mine";
  EXPECT_EQ(s::try_instance(), nullptr);
  EXPECT_NE(&s::instance(), &mine);
}

TEST(SingletonOverride, EndsWithAnException) {
  using s = singleton<counted<14>>;
  auto& own = s::instance();
  try {
    counted<14> mine;
    const s::scoped_override in_test(mine);
    throw fault();
  } catch (const fault&) {
  }
  EXPECT_EQ(&s::instance(), &own);
}

// As the scopes of several threads may, they end in any order.
TEST_P(Seeded, OverridesNest) {
  using s = singleton<counted<15>, void, lifetime::phoenix>;
  std::mt19937 random(GetParam());
  std::array<counted<15>, 6> objects;
  std::vector<std::pair<counted<15>*, std::unique_ptr<s::scoped_override>>> open;
  counted<15>* own = nullptr;
  shutdown_all();
  for (int i = 0; i != 60; ++i) {
    if (open.size() < objects.size() && random() % 2 == 0) {
      auto& by = objects[random() % objects.size()];
      open.emplace_back(&by, std::make_unique<s::scoped_override>(by));
    } else if (!open.empty()) {
      const bool innermost = random() % 2 == 0;
      open.erase(innermost ? open.end() - 1
                           : open.begin() + static_cast<std::ptrdiff_t>(random() % open.size()));
    }
    if (open.empty() && random() % 4 == 0) own = &s::instance();
    if (random() % 8 == 0) {
      shutdown_all();
      own = nullptr;
    }
    ASSERT_EQ(s::try_instance(), open.empty() ? own : open.back().first);
  }
}

struct slow {
  explicit slow(bool waits = true) {
    for (begun = true; waits && !may_end;) std::this_thread::yield();
  }
  static inline std::atomic<bool> begun = false, may_end = false;
};

TEST(SingletonOverride, HoldsWhileTheInstanceProperIsMade) {
  using s = singleton<slow>;
  slow mine(false);
  slow::begun = false;
  slow* got = nullptr;
  std::optional<s::scoped_override> in_test;
  std::thread maker([&] { got = &s::instance(); });
  while (!slow::begun) std::this_thread::yield();
  EXPECT_EQ(s::try_instance(), nullptr);
  in_test.emplace(mine);
  slow::may_end = true;
  maker.join();
  EXPECT_EQ(got, &mine);
  EXPECT_EQ(s::try_instance(), &mine);
  in_test.reset();
  ASSERT_NE(s::try_instance(), nullptr);
  EXPECT_NE(s::try_instance(), &mine);
}

TEST(SingletonOverride, WorksAfterTheTeardown) {
  using s = singleton<counted<16>>;
  s::instance();
  shutdown_all();
  counted<16> mine;
  {
    const s::scoped_override in_test(mine);
    EXPECT_EQ(&s::instance(), &mine);
  }
  EXPECT_THROW(s::instance(), no_instance);
}

TEST(SingletonOverride, BeginsAndEndsInSeveralThreads) {
  using s = singleton<counted<19>>;
  auto& own = s::instance();
  std::array<counted<19>, 4> objects;
  together(4, [&](int i) {
    counted<19>& mine = objects[static_cast<std::size_t>(i)];
    for (int n = 0; n != 20'000; ++n) {
      const s::scoped_override outer(mine), inner(mine);
      ASSERT_NE(s::try_instance(), &own) << "at least this one is there";
    }
  });
  EXPECT_EQ(&s::instance(), &own);
}

TEST(SingletonOverride, IsSafeToReadMeanwhile) {
  using s = singleton<counted<17>>;
  counted<17> mine;
  auto& own = s::instance();
  own.value = 1;
  mine.value = 2;
  together(3, [&](int i) {
    for (int n = 0; n != 500; ++n) {
      if (i == 0) {
        const s::scoped_override in_test(mine);
        EXPECT_EQ(s::instance().value, 2);
      } else {
        const auto& got = s::instance();
        EXPECT_EQ(got.value, &got == &own ? 1 : 2);
      }
    }
  });
  EXPECT_EQ(&s::instance(), &own);
}

// ---- At the end of the program ----------------------------------------------------------------

template <char Name>
struct spoken {
  spoken() { std::fputc(Name, stderr); }
  ~spoken() {
    std::fputc('~', stderr);
    std::fputc(Name, stderr);
  }
};
using a = singleton<spoken<'a'>>;
struct user_of_a : spoken<'u'> {
  user_of_a() { a::instance(); }
};

// Runs f in a process of its own, and looks at what it writes until it has ended.
#define EXPECT_AT_EXIT(f, writes) \
  EXPECT_EXIT((f(), std::exit(0)), testing::ExitedWithCode(0), "^" writes "$")

TEST(SingletonDeathTest, IsTornDownWhereAStaticVariableWouldBe) {
  const auto program = [] {
    singleton<user_of_a>::instance();
    static const spoken<'s'> between;
    singleton<spoken<'b'>>::instance();
  };
  EXPECT_AT_EXIT(program, "uasb~b~s~u~a");
}

TEST(SingletonDeathTest, IsNotTornDownTwiceAfterAShutdown) {
  const auto program = [] {
    singleton<user_of_a>::instance();
    shutdown_all();
    std::fputc('.', stderr);
  };
  EXPECT_AT_EXIT(program, "ua~u~a[.]");
}

TEST(SingletonDeathTest, LeakyOutlivesTheProgram) {
  const auto program = [] { singleton<spoken<'l'>, void, lifetime::leaky>::instance(); };
  EXPECT_AT_EXIT(program, "l");
}

TEST(SingletonDeathTest, PhoenixServesTheDestructorOfAStaticVariable) {
  struct late {
    ~late() { singleton<spoken<'p'>, void, lifetime::phoenix>::instance(); }
  };
  const auto program = [] {
    static const late user;
    singleton<spoken<'p'>, void, lifetime::phoenix>::instance();
  };
  EXPECT_AT_EXIT(program, "p~pp~p");
}

TEST(SingletonDeathTest, PhoenixesDoNotReviveEachOtherForEver) {
  const auto program = [] {
    singleton<reviver<0>, void, lifetime::phoenix>::instance();
    singleton<reviver<1>, void, lifetime::phoenix>::instance();
  };
  EXPECT_AT_EXIT(program, "");
}

TEST(SingletonDeathTest, EndsWhereADestructorEndsTheProgram) {
  struct quitter {
    ~quitter() { std::exit(0); }
  };
  const auto program = [] {
    a::instance();
    singleton<quitter>::instance();
    shutdown_all();
  };
  EXPECT_AT_EXIT(program, "a");
}

}  // namespace
