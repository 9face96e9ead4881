// SPDX-License-Identifier: BSL-1.0
#include <gof/strategy.hpp>
// The header under test comes first, so that it has to stand alone.
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "support/allocations.hpp"

namespace {

namespace st = gof::strategy;
using number = st::strategy<int(int)>;
using numbers = st::registry<int(int)>;

struct line {
  int a, b;
  int operator()(int x) const { return a * x + b; }
};
struct changes {
  int operator()(int x) { return x; }
};
// Contexts: made from a strategy, the second one is one as well.
struct context {
  context(number n) : inner(std::move(n)) {}
  number inner;
};
struct decorator : context {
  using context::context;
  int operator()(int x) const { return 2 * inner(x); }
};
struct gives_string {
  std::string operator()() const { return "x"; }
};
int twice(int x) { return 2 * x; }

static_assert(sizeof(number) == sizeof(void*));
static_assert(std::copyable<number> && std::is_nothrow_move_constructible_v<number>);
static_assert(!std::is_default_constructible_v<number>);
static_assert(st::concrete_strategy<line, int(int)> && st::concrete_strategy<line, void(int)>);
static_assert(st::concrete_strategy<line, double(short)>);
static_assert(st::concrete_strategy<int (*)(int), int(int)>);
static_assert(!st::concrete_strategy<changes, int(int)>);
static_assert(!st::concrete_strategy<line, int(std::string)>);
static_assert(!st::concrete_strategy<line, std::string(int)>);
static_assert(st::concrete_strategy<gives_string, std::string()>);
static_assert(!st::concrete_strategy<gives_string, const std::string&()>, "would dangle");
static_assert(!std::is_constructible_v<number, std::nullptr_t>);
static_assert(std::copyable<context> && std::copyable<decorator>);
static_assert(std::is_constructible_v<number, decorator>);
static_assert(!std::is_constructible_v<number, context>);
static_assert(std::is_same_v<decltype(std::declval<const numbers&>().make("")), number>);
static_assert(noexcept(std::declval<const numbers&>().find("")));
static_assert(noexcept(std::declval<const numbers&>().entries()));

TEST(Strategy, CallsTheAlgorithm) {
  std::mt19937 random(1);
  number kept = twice;
  EXPECT_EQ(kept(4), 8);
  for (int round = 0; round != 300; ++round) {
    const line model{static_cast<int>(random() % 100), static_cast<int>(random() % 100)};
    const int x = static_cast<int>(random() % 100);
    const number taken = model;
    EXPECT_EQ(taken(x), model.a * x + model.b);
    if (round % 2 == 0) {
      kept = taken;
    } else {
      kept = number(model);
    }
    EXPECT_EQ(kept(x), model.a * x + model.b);
  }
  kept = decorator(twice);
  EXPECT_EQ(kept(4), 16);
  struct fault {};
  kept = [](int x) { return x > 0 ? x : throw fault(); };
  EXPECT_EQ(kept(1), 1);
  EXPECT_THROW(kept(0), fault);
  EXPECT_EQ(kept(2), 2);
}

struct remembers {
  mutable int calls = 0;
  int operator()(int) const { return ++calls; }
};

TEST(Strategy, ACopyIsItsOwn) {
  std::mt19937 random(2);
  for (int round = 0; round != 100; ++round) {
    std::vector<number> all{remembers()};
    std::vector<int> model{0};
    for (int i = 0; i != 50; ++i) {
      const std::size_t at = random() % all.size(), from = random() % all.size();
      switch (random() % 3) {
        case 0:
          all.push_back(number(all[from]));
          model.push_back(int(model[from]));
          break;
        case 1:
          all[at] = all[from];
          model[at] = model[from];
          break;
        default:
          ASSERT_EQ(all[at](0), ++model[at]);
      }
    }
  }
}

TEST(Strategy, PassesArgumentsAndResultsOn) {
  const st::strategy<std::unique_ptr<int>(std::unique_ptr<int>)> moves =
      [](std::unique_ptr<int> p) { return p; };
  auto p = std::make_unique<int>(3);
  const int* const was = p.get();
  EXPECT_EQ(moves(std::move(p)).get(), was);

  const st::strategy<int&(int&)> same = [](int& n) -> int& { return n; };
  int n = 1;
  EXPECT_EQ(&same(n), &n);

  const st::strategy<void(int&)> increments = [](int& m) { return ++m; };
  increments(n);
  EXPECT_EQ(n, 2);
}

TEST(Strategy, RefusesANullPointer) {
  int (*none)(int) = nullptr;
  EXPECT_THROW(number{none}, std::invalid_argument);
}

TEST(Strategy, CanBeGivenAnotherAfterItWasMovedFrom) {
  number a = twice;
  number b = std::move(a);
  EXPECT_EQ(b(1), 2);
  a = line{1, 1};
  EXPECT_EQ(a(1), 2);
  b = std::move(a);
  EXPECT_EQ(b(4), 5);
}

TEST(Strategy, IsDestroyedOnce) {
  const auto watched = std::make_shared<int>();
  {
    number a = [watched](int x) { return x; };
    EXPECT_EQ(watched.use_count(), 2);
    const number b = a;
    EXPECT_EQ(watched.use_count(), 3);
    a = twice;
    EXPECT_EQ(watched.use_count(), 2);
  }
  EXPECT_EQ(watched.use_count(), 1);
}

TEST(Strategy, IsUnchangedWhereACopyFails) {
  number kept = twice;
  const number other = line{3, 0};
  const std::size_t failed =
      gof::testing::fail_each_allocation([&] { kept = other; }, [&] { EXPECT_EQ(kept(1), 2); });
  EXPECT_EQ(failed, 1U);
  EXPECT_EQ(kept(1), 3);
}

TEST(Strategy, ACallAllocatesNothing) {
  const number f = line{1, 2};
  const std::size_t before = gof::testing::allocations();
  EXPECT_EQ(f(1), 3);
  EXPECT_EQ(gof::testing::allocations(), before);
}

template <class Exception>
std::string message_of(auto f) {
  try {
    f();
  } catch (const Exception& e) {
    return e.what();
  }
  return "nothing thrown";
}

TEST(StrategyRegistry, MakesWhatWasAdded) {
  std::mt19937 random(3);
  for (int round = 0; round != 100; ++round) {
    numbers r;
    std::map<std::string, line> model;
    for (int i = 0; i != 20; ++i) {
      const std::string name(1, static_cast<char>('a' + random() % 12));
      const line l{static_cast<int>(random() % 9), i};
      if (model.emplace(name, l).second) {
        r.add(name, l);
      } else {
        EXPECT_THROW(r.add(name, l), st::duplicate_strategy);
      }
    }
    EXPECT_EQ(r.entries().size(), model.size());
    for (char c = 'a'; c != 'm'; ++c) {
      const std::string name(1, c);
      const auto found = model.find(name);
      EXPECT_EQ(r.find(name) != nullptr, found != model.end());
      if (found == model.end()) {
        EXPECT_THROW(static_cast<void>(r.make(name)), st::unknown_strategy);
      } else {
        EXPECT_EQ(r.make(name)(5), found->second(5));
      }
    }
  }
}

TEST(StrategyRegistry, MakesACopyEachTime) {
  const numbers r{{"counts", remembers()}};
  const number first = r.make("counts");
  EXPECT_EQ(first(0), 1);
  EXPECT_EQ(first(0), 2);
  EXPECT_EQ(r.make("counts")(0), 1);
}

TEST(StrategyRegistry, KeepsTheOrder) {
  numbers r{{"z", twice}, {"a", line{1, 1}}};
  r.add("m", twice);
  std::string names;
  for (const auto& [name, f] : r.entries()) names += name;
  EXPECT_EQ(names, "zam");
}

TEST(StrategyRegistry, SaysWhatThereIs) {
  numbers r;
  EXPECT_EQ(message_of<st::unknown_strategy>([&] { static_cast<void>(r.make("a")); }),
            "gof::strategy: there is no \"a\", nor any other");
  r.add("b", twice);
  r.add("c", twice);
  EXPECT_EQ(message_of<st::unknown_strategy>([&] { static_cast<void>(r.make("a")); }),
            "gof::strategy: there is no \"a\", only b, c");
  EXPECT_EQ(message_of<st::duplicate_strategy>([&] {
              r.add("b", line{1, 1});
            }),
            "gof::strategy: there is a \"b\" already");
  EXPECT_EQ(r.make("b")(1), 2) << "the first one stays";
  EXPECT_THROW((numbers{{"x", twice}, {"x", twice}}), st::duplicate_strategy);
}

TEST(StrategyRegistry, IsUnchangedWhereAddFails) {
  numbers r{{"first", twice}};
  const std::string name = "a name that is too long to be kept in place";
  const std::size_t failed = gof::testing::fail_each_allocation(
      [&] {
        r.add(name, line{1, 1});
      },
      [&] {
        EXPECT_EQ(r.entries().size(), 1U);
        EXPECT_EQ(r.find(name), nullptr);
        EXPECT_EQ(r.make("first")(1), 2);
      });
  EXPECT_GE(failed, 3U);  // the name, the strategy, the place for both
  EXPECT_EQ(r.make(name)(1), 2);
}

}  // namespace
