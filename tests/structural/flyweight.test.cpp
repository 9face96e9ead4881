// SPDX-License-Identifier: BSL-1.0
#include <gof/flyweight.hpp>
// The header under test comes first, so that it has to stand alone.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_set>
#include <utility>
#include <vector>

#include "support/allocations.hpp"

namespace {

using gof::flyweight::flyweight, gof::flyweight::flyweight_factory, gof::flyweight::threads;
using gof::flyweight::itself, gof::flyweight::key_of, gof::flyweight::key_t;
using gof::flyweight::misuse;

using text = flyweight<std::string>;
using texts = flyweight_factory<std::string>;

// Found by its name; counts how many there are.
struct texture {
  std::string name;
  int size = 0;
  explicit texture(std::string_view n, int s = 0) : name(n), size(s) { ++alive; }
  texture(const texture&) = delete;
  ~texture() { --alive; }
  int area(int scale) const { return size * scale; }  // scale is extrinsic state
  static inline int alive = 0;
};
struct by_name {
  std::string_view operator()(const texture& t) const { return t.name; }
};

// Told apart by what a hash of its own is for.
struct point {
  int x, y;
  friend bool operator==(const point&, const point&) = default;
};
struct all_collide {
  const point& operator()(const point& p) const { return p; }
  static std::size_t hash(const point&) { return 7; }
};
struct no_key {
  void operator()(const point&) const {}
};

static_assert(sizeof(text) == sizeof(void*));
static_assert(std::is_nothrow_default_constructible_v<text>);
static_assert(std::is_nothrow_copy_constructible_v<text> &&
              std::is_nothrow_copy_assignable_v<text>);
static_assert(std::is_nothrow_move_constructible_v<text> &&
              std::is_nothrow_move_assignable_v<text>);
static_assert(std::is_same_v<decltype(*std::declval<text&>()), const std::string&>);
static_assert(!std::is_convertible_v<text, bool> && !std::is_constructible_v<text, std::string>);
static_assert(!std::is_convertible_v<flyweight<int>, flyweight<int, threads::many>>);
static_assert(noexcept(text() == text()) && noexcept(std::hash<text>()(text())));
static_assert(noexcept(std::declval<texts&>().sweep()));
static_assert(!std::is_copy_constructible_v<texts> && !std::is_move_constructible_v<texts>);
static_assert(!std::is_copy_assignable_v<texts> && !std::is_move_assignable_v<texts>);
static_assert(std::is_same_v<key_t<itself, std::string>, std::string_view>);
static_assert(std::is_same_v<key_t<itself, int>, int>);
static_assert(key_of<itself, std::string> && key_of<by_name, texture>);
static_assert(key_of<all_collide, point> && !key_of<itself, point> && !key_of<no_key, point>);
static_assert(std::is_base_of_v<std::logic_error, misuse>);

class Seeded : public testing::TestWithParam<unsigned> {};
INSTANTIATE_TEST_SUITE_P(Flyweight, Seeded, testing::Range(0U, 60U));

// Which keys are used, and how often.
struct model {
  std::vector<int> held = std::vector<int>(60, -1);  // -1 for an empty one
  std::vector<int> users = std::vector<int>(400);    // of each key
  std::size_t used = 0, most_used = 0;
  void set(std::size_t at, int key) {
    const int before = std::exchange(held[at], key);
    if (key >= 0 && users[static_cast<std::size_t>(key)]++ == 0) ++used;
    most_used = std::max(most_used, used);  // the one before is let go after the new one is there
    if (before >= 0 && --users[static_cast<std::size_t>(before)] == 0) --used;
  }
};

// The laws EqualKeysShare, UnusedOnesGo and Bounded.
TEST_P(Seeded, EqualKeysShare) {
  std::mt19937 random(GetParam());
  const auto text_of = [](int key) { return "the key number " + std::to_string(key); };
  texts factory;
  model m;
  std::vector<text> held(m.held.size());
  std::size_t asked = 0;
  const auto different = 10 + random() % 390;
  for (int step = 0; step != 3000; ++step) {
    const std::size_t at = random() % held.size(), from = random() % held.size();
    const int key = static_cast<int>(random() % different);
    switch (random() % 8) {
      case 0:
        held[at] = held[from];
        m.set(at, m.held[from]);
        break;
      case 1:
        held[at] = text();
        m.set(at, -1);
        break;
      case 2: {
        const text found = factory.find(text_of(key));
        if (found) {
          ASSERT_EQ(*found, text_of(key));
        } else {
          ASSERT_EQ(m.users[static_cast<std::size_t>(key)], 0);
        }
        break;
      }
      case 3:
        if (random() % 30 == 0) {
          const std::size_t size = factory.size();
          ASSERT_EQ(factory.sweep(), size - m.used);
          ASSERT_EQ(factory.size(), m.used);
        }
        break;
      default:
        held[at] = factory.get_flyweight(text_of(key));
        m.set(at, key);
        ++asked;
    }
    ASSERT_LE(factory.size(), 2 * std::max(m.most_used, std::size_t{32}));
    ASSERT_EQ(static_cast<bool>(held[at]), m.held[at] >= 0);
    if (held[at]) {
      ASSERT_EQ(*held[at], text_of(m.held[at]));
    }
    ASSERT_EQ(held[at] == held[from], m.held[at] == m.held[from]);
  }
  EXPECT_EQ(factory.hits() + factory.misses(), asked);
}

TEST(Flyweight, IsOneObjectForEqualValues) {
  texts names;
  const text a = names.get_flyweight("Ana"), b = names.get_flyweight(std::string("Ana"));
  const text c = names.get_flyweight("Ben");
  EXPECT_EQ(a, b);
  EXPECT_EQ(&*a, &*b);
  EXPECT_NE(a, c);
  EXPECT_EQ(*c, "Ben");
  EXPECT_EQ(a->size(), 3U);
  EXPECT_EQ(names.size(), 2U);
  EXPECT_EQ(names.hits(), 1U);
  EXPECT_EQ(names.misses(), 2U);
}

TEST(Flyweight, IsEqualByIdentity) {
  texts one, other;
  EXPECT_FALSE(one.get_flyweight("x") == other.get_flyweight("x"));
  EXPECT_TRUE(text() == text());
  EXPECT_FALSE(one.get_flyweight("x") == text());
}

TEST(Flyweight, IsAKey) {
  texts names;
  std::unordered_set<text> set{names.get_flyweight("Ana"), names.get_flyweight("Ben"),
                               names.get_flyweight("Ana")};
  EXPECT_EQ(set.size(), 2U);
  EXPECT_TRUE(set.contains(names.get_flyweight("Ben")));
  EXPECT_FALSE(set.contains(names.get_flyweight("Cem")));
  EXPECT_NE(std::hash<text>()(names.get_flyweight("Ana")),
            std::hash<text>()(names.get_flyweight("Ben")));
}

TEST(Flyweight, IsEmptyAfterAMove) {
  texts names;
  text a = names.get_flyweight("Ana");
  const text b = std::move(a);
  EXPECT_FALSE(a);
  EXPECT_TRUE(b);
  a = b;
  EXPECT_EQ(a, b);
  a = std::move(a);
  EXPECT_EQ(a, b) << "also to itself";
  names.sweep();
  EXPECT_EQ(names.size(), 1U);
}

TEST(Flyweight, TakesExtrinsicStateAtTheCall) {
  flyweight_factory<texture, by_name> textures;
  const auto oak = textures.get_flyweight("oak", [] { return texture("oak", 5); });
  EXPECT_EQ(oak->area(1), 5);
  EXPECT_EQ(oak->area(3), 15);
}

TEST(FlyweightFactory, MakesNothingToLookForIt) {
  texts names;
  const std::string key(100, 'x');
  const text held = names.get_flyweight(key);
  const std::size_t before = gof::testing::allocations();
  const text again = names.get_flyweight(std::string_view(key)), found = names.find(key);
  EXPECT_FALSE(names.find("y"));
  EXPECT_EQ(gof::testing::allocations(), before);
  EXPECT_EQ(again, held);
  EXPECT_EQ(found, held);
  EXPECT_EQ(names.hits(), 1U) << "find is no request";
  EXPECT_EQ(names.size(), 1U);
}

TEST(FlyweightFactory, FindsByAPartOfTheValue) {
  flyweight_factory<texture, by_name> textures;
  int made = 0;
  const auto load = [&] { return ++made, texture("oak", 7); };
  const auto oak = textures.get_flyweight("oak", load);
  EXPECT_EQ(textures.get_flyweight("oak", load), oak);
  EXPECT_EQ(made, 1);
  EXPECT_EQ(oak->size, 7);
  EXPECT_EQ(textures.get_flyweight("elm")->size, 0) << "made of the key";
}

TEST(FlyweightFactory, TellsApartWhatHasOneHash) {
  flyweight_factory<point, all_collide> points;
  std::vector<flyweight<point>> held;
  for (int i = 0; i != 100; ++i) held.push_back(points.get_flyweight({i, -i}));
  for (int i = 0; i != 100; ++i) {
    EXPECT_EQ(points.find({i, -i}), held[static_cast<std::size_t>(i)]);
  }
  EXPECT_FALSE(points.find({1, 1}));
  for (std::size_t i = 0; i < held.size(); i += 3) held[i] = {};
  EXPECT_EQ(points.sweep(), 34U);
  for (int i = 0; i != 100; ++i) {
    EXPECT_EQ(points.find({i, -i}), held[static_cast<std::size_t>(i)]) << "taken out of the middle";
  }
}

TEST(FlyweightFactory, KeepsWhatNobodyUsesUntilASweep) {
  flyweight_factory<texture, by_name> textures;
  const int before = texture::alive;
  static_cast<void>(textures.get_flyweight("oak"));
  EXPECT_EQ(texture::alive, before + 1);
  EXPECT_TRUE(textures.find("oak"));
  EXPECT_EQ(textures.sweep(), 1U);
  EXPECT_EQ(texture::alive, before);
  EXPECT_FALSE(textures.find("oak"));
  EXPECT_EQ(textures.sweep(), 0U);
}

TEST(FlyweightFactory, SweepsAsSoonAsAsManyWereMadeAsWereLeft) {
  flyweight_factory<int> numbers;
  std::vector<flyweight<int>> held;
  for (int i = 0; i != 31; ++i) static_cast<void>(numbers.get_flyweight(i));
  EXPECT_EQ(numbers.size(), 31U);
  held.push_back(numbers.get_flyweight(31));
  EXPECT_EQ(numbers.size(), 1U) << "the 32nd is used, and no other";
  for (int i = 0; i != 99; ++i) held.push_back(numbers.get_flyweight(100 + i));
  EXPECT_EQ(numbers.sweep(), 0U);
  for (int i = 0; i != 99; ++i) static_cast<void>(numbers.get_flyweight(1000 + i));
  EXPECT_EQ(numbers.size(), 199U);
  static_cast<void>(numbers.get_flyweight(2000));
  EXPECT_EQ(numbers.size(), 101U) << "the one that was made last was used still";
}

TEST(FlyweightFactory, TellsOfEachValueHowManyUseIt) {
  texts names;
  const text a = names.get_flyweight("a"), b = a, c = names.get_flyweight("c");
  static_cast<void>(names.get_flyweight("unused"));
  std::map<std::string, std::size_t> seen;
  names.for_each([&](const std::string& s, std::size_t n) { seen[s] = n; });
  EXPECT_EQ(seen, (std::map<std::string, std::size_t>{{"a", 2}, {"c", 1}, {"unused", 0}}));
}

// The law ValuesOutliveTheFactory.
TEST(FlyweightFactory, ValuesOutliveTheFactory) {
  const int before = texture::alive;
  flyweight<texture> kept;
  {
    flyweight_factory<texture, by_name> textures;
    kept = textures.get_flyweight("oak");
    static_cast<void>(textures.get_flyweight("elm"));
  }
  EXPECT_EQ(texture::alive, before + 1);
  EXPECT_EQ(kept->name, "oak");
  flyweight<texture> copy = kept;
  kept = {};
  EXPECT_EQ(copy->name, "oak");
  copy = {};
  EXPECT_EQ(texture::alive, before);
}

// A list whose tails are shared.
struct list {
  int head;
  flyweight<list> tail;
  friend bool operator==(const list&, const list&) = default;
};
struct by_head_and_tail {
  const list& operator()(const list& l) const { return l; }
  static std::size_t hash(const list& l) {
    return std::hash<flyweight<list>>()(l.tail) + static_cast<std::size_t>(l.head);
  }
};

// The law UnusedOnesGo, where values use one another.
TEST(FlyweightFactory, UnusedOnesGo) {
  flyweight_factory<list, by_head_and_tail> lists;
  flyweight<list> all, half, again;
  for (int i = 0; i != 100'000; ++i) {
    all = lists.get_flyweight({i, all});
    if (i == 49'999) half = all;
  }
  for (int i = 0; i != 50'000; ++i) again = lists.get_flyweight({i, again});
  EXPECT_EQ(again, half);
  EXPECT_EQ(lists.size(), 100'000U);
  all = {};
  EXPECT_EQ(lists.sweep(), 50'000U);
  half = again = {};
  EXPECT_EQ(lists.sweep(), 50'000U) << "all of it at once";
}

TEST(FlyweightFactory, MayBeUsedWhileAValueIsMade) {
  texts names;
  const auto inner = [&] { return *names.get_flyweight("a"); };
  const text outer = names.get_flyweight("ab", [&] { return inner() + "b"; });
  EXPECT_EQ(*outer, "ab");
  EXPECT_EQ(names.size(), 2U);

  text first;
  const text second = names.get_flyweight("same", [&] {
    first = names.get_flyweight("same");
    return std::string("same");
  });
  EXPECT_EQ(first, second);
  EXPECT_EQ(names.size(), 3U);
}

TEST(FlyweightFactory, RefusesAValueOfAnotherKey) {
  texts names;
  const text ana = names.get_flyweight("Ana");
  try {
    static_cast<void>(names.get_flyweight("Ben", [] { return std::string("Ana"); }));
    FAIL() << "took another";
  } catch (const misuse& e) {
    EXPECT_STREQ(e.what(), "gof::flyweight: what was made for a key has another key");
  }
  EXPECT_EQ(names.size(), 1U);
  EXPECT_EQ(names.misses(), 1U);
  EXPECT_EQ(names.find("Ana"), ana);
}

TEST(FlyweightFactory, IsUnchangedWhereMakingThrows) {
  texts names;
  struct fault {};
  EXPECT_THROW(static_cast<void>(names.get_flyweight("x", []() -> std::string { throw fault(); })),
               fault);
  EXPECT_EQ(names.size(), 0U);
  EXPECT_EQ(names.misses(), 0U);
  EXPECT_FALSE(names.find("x"));
}

TEST(FlyweightFactory, IsUnchangedWhereAnAllocationFails) {
  for (const int there : {0, 31, 32, 64}) {
    texts names;
    std::vector<text> held;
    for (int i = 0; i != there; ++i) held.push_back(names.get_flyweight(std::to_string(i)));
    const std::string key(100, 'x');
    const auto failures = gof::testing::fail_each_allocation(
        [&] { static_cast<void>(names.get_flyweight(key)); },
        [&] {
          EXPECT_EQ(names.size(), held.size());
          EXPECT_FALSE(names.find(key));
          for (int i = 0; i != there; ++i) {
            EXPECT_EQ(names.find(std::to_string(i)), held[static_cast<std::size_t>(i)]);
          }
        });
    EXPECT_EQ(failures, there == 31 ? 2U : 3U) << "its text, itself, and a larger table";
    EXPECT_TRUE(names.find(key));
  }
}

TEST(FlyweightFactory, HashesNumbersEvenly) {
  flyweight_factory<std::size_t> numbers;
  std::vector<flyweight<std::size_t>> held;
  for (std::size_t i = 0; i != 2000; ++i) held.push_back(numbers.get_flyweight(i << 40U));
  for (std::size_t i = 0; i != 2000; ++i) EXPECT_EQ(numbers.find(i << 40U), held[i]);
}

struct alignas(128) wide {
  explicit wide(int n) : value(n) {}
  int value;
};
struct by_value {
  int operator()(const wide& w) const { return w.value; }
};

TEST(FlyweightFactory, AlignsValues) {
  flyweight_factory<wide, by_value> values;
  for (int i = 0; i != 10; ++i) {
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(&*values.get_flyweight(i)) % 128, 0U);
  }
}

}  // namespace
