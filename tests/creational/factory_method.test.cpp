// SPDX-License-Identifier: BSL-1.0
#include <gof/factory_method.hpp>
// The header under test comes first, so that it has to stand alone.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <limits>
#include <map>
#include <memory>
#include <new>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "support/allocations.hpp"

namespace {

using gof::factory_method::creator, gof::factory_method::if_taken;
using gof::factory_method::duplicate_key, gof::factory_method::unknown_key;

struct room {
  virtual ~room() = default;
  virtual int seats() const = 0;
};
struct hall : room {
  static constexpr std::string_view key = "hall";
  explicit hall(int seats) : seats_(seats) {}
  int seats() const override { return seats_; }
  int seats_;
};
struct cell : hall {
  static constexpr std::string_view key = "cell";
  explicit cell(int) : hall(1) {}
};

// Makes rooms of one size, and counts its objects.
class numbering {
 public:
  static inline int alive = 0;
  explicit numbering(int n) : n_(n) { ++alive; }
  numbering(const numbering& from) : n_(from.n_) { ++alive; }
  ~numbering() { --alive; }
  std::unique_ptr<hall> operator()(int) const { return std::make_unique<hall>(n_); }

 private:
  int n_;
};

using rooms = creator<room(int)>;

static_assert(!std::is_copy_constructible_v<rooms> && !std::is_move_constructible_v<rooms>);
static_assert(!std::is_copy_constructible_v<rooms::registration>);
static_assert(std::is_nothrow_move_constructible_v<rooms::registration> &&
              std::is_nothrow_move_assignable_v<rooms::registration>);
static_assert(noexcept(std::declval<const rooms&>().contains(std::string_view())) && noexcept(
    std::declval<rooms::registration&>().remove()));
static_assert(
    std::is_same_v<decltype(std::declval<const rooms&>().create("", 1)), std::unique_ptr<room>>);
static_assert(std::is_base_of_v<std::runtime_error, unknown_key>);
static_assert(std::is_base_of_v<std::logic_error, duplicate_key>);

// What is said where a key is unknown.
template <class C, class Key>
std::string why_not(const C& c, const Key& key) {
  try {
    static_cast<void>(c.create(key, 1));
    return "made";
  } catch (const unknown_key& unknown) {
    return unknown.what();
  }
}

TEST(FactoryMethod, MakesWhatIsRegisteredUnderTheKey) {
  rooms c;
  const auto a = c.register_creator<hall>("hall");
  const auto b = c.register_creator<cell>("cell");
  EXPECT_EQ(c.create("hall", 30)->seats(), 30);
  EXPECT_EQ(c.create("cell", 30)->seats(), 1);
  const std::string typed = "hall of fame";
  EXPECT_EQ(c.create(std::string_view(typed).substr(0, 4), 8)->seats(), 8);
  EXPECT_EQ(c.create(std::string("cell"), 8)->seats(), 1);
  EXPECT_TRUE(c.contains("hall"));
  EXPECT_FALSE(c.contains(typed));
  EXPECT_FALSE(c.contains("hal"));
  EXPECT_EQ(c.keys(), (std::vector<std::string>{"cell", "hall"}));
  EXPECT_EQ(c.size(), 2U);
}

TEST(FactoryMethod, TakesFunctionsAndFunctionObjects) {
  rooms c;
  int more = 5;
  const auto a = c.register_creator(
      "lambda", [more](int seats) { return std::make_unique<hall>(seats + more); });
  const auto b = c.register_creator("object", numbering(7));
  const auto d = c.register_creator(
      "function",
      +[](int seats) -> std::unique_ptr<room> { return std::make_unique<cell>(seats); });
  EXPECT_EQ(c.create("lambda", 10)->seats(), 15);
  EXPECT_EQ(c.create("object", 10)->seats(), 7);
  EXPECT_EQ(c.create("function", 10)->seats(), 1);
}

TEST(FactoryMethod, CopiesTheKey) {
  rooms c;
  std::string key = "a key that is too long to be stored inside of a string";
  const std::string same = key;
  const auto a = c.register_creator<hall>(key);
  key.assign(key.size(), '?');
  EXPECT_TRUE(c.contains(same));
  EXPECT_FALSE(c.contains(key));
}

TEST(FactoryMethod, HasNumbersAndEnumeratorsAsKeys) {
  creator<room(int), std::uint64_t> by_number;
  const auto a = by_number.register_creator<hall>(std::numeric_limits<std::uint64_t>::max());
  const auto b = by_number.register_creator<cell>(20);
  const auto c = by_number.register_creator<cell>(3);
  EXPECT_EQ(by_number.create(20, 9)->seats(), 1);
  EXPECT_EQ(why_not(by_number, 21U),
            "gof::factory_method: nothing is registered as \"21\"; "
            "there are: 3, 20, 18446744073709551615");
  enum class kind : signed char { hall = -1, cell = 65 };
  creator<room(int), kind> by_kind;
  const auto d = by_kind.register_creator<hall>(kind::hall);
  EXPECT_EQ(by_kind.create(kind::hall, 9)->seats(), 9);
  EXPECT_EQ(why_not(by_kind, kind::cell),
            "gof::factory_method: nothing is registered as \"65\"; there are: -1");
  creator<room(int), char> by_letter;
  EXPECT_EQ(why_not(by_letter, 'A'), "gof::factory_method: nothing is registered as \"65\"");
}

TEST(FactoryMethod, PassesArgumentsOnAsTheyAreDeclared) {
  using owner = std::unique_ptr<int>;
  creator<room(owner, int&, const std::string&)> c;
  const void* seen = nullptr;
  const auto a = c.register_creator("hall", [&seen](owner o, int& n, const std::string& s) {
    seen = &s;
    return std::make_unique<hall>(n += *o);
  });
  owner given = std::make_unique<int>(4);
  int number = 10;
  const std::string text;
  EXPECT_EQ(c.create("hall", std::move(given), number, text)->seats(), 14);
  EXPECT_EQ(number, 14);
  EXPECT_EQ(seen, &text);
  EXPECT_EQ(given, nullptr);
}

TEST(FactoryMethod, DoesNotTouchTheArgumentsWhereTheKeyIsUnknown) {
  creator<room(std::unique_ptr<int>)> c;
  auto given = std::make_unique<int>(4);
  EXPECT_THROW(static_cast<void>(c.create("hall", std::move(given))), unknown_key);
  EXPECT_NE(given, nullptr);
}

TEST(FactoryMethod, ListsTheKeysWhereOneIsUnknown) {
  rooms c;
  EXPECT_EQ(why_not(c, "hall"), "gof::factory_method: nothing is registered as \"hall\"");
  const auto a = c.register_creator<hall>("hall");
  const auto b = c.register_creator<cell>("cell");
  EXPECT_EQ(why_not(c, "tower"),
            "gof::factory_method: nothing is registered as \"tower\"; there are: cell, hall");
}

TEST(FactoryMethod, SuggestsAKeyThatDiffersInOneOrTwoLettersAtOnePlace) {
  rooms c;
  const auto a = c.register_creator<hall>("red");
  const auto b = c.register_creator<hall>("green");
  const auto d = c.register_creator<hall>("");
  const auto suggests = [&](std::string_view typed) {
    const std::string said = why_not(c, typed);
    const auto from = said.find("(did you mean "), to = said.find(';');
    return from == std::string::npos ? "" : said.substr(from, to - from);
  };
  EXPECT_EQ(suggests("gren"), "(did you mean \"green\"?)") << "a letter is missing";
  EXPECT_EQ(suggests("greeen"), "(did you mean \"green\"?)") << "one is too many";
  EXPECT_EQ(suggests("reen"), "(did you mean \"green\"?) (did you mean \"red\"?)");
  EXPECT_EQ(suggests("rgeen"), "(did you mean \"green\"?)") << "two have changed places";
  EXPECT_EQ(suggests("re"), "(did you mean \"red\"?)");
  EXPECT_EQ(suggests("reden"), "(did you mean \"red\"?)");
  EXPECT_EQ(suggests("gxeex"), "") << "at two places";
  EXPECT_EQ(suggests("greenest"), "") << "three";
  EXPECT_EQ(suggests("r"), "") << "more is missing than is there";
  EXPECT_EQ(suggests("xy"), "") << "nothing in common";
}

TEST(FactoryMethod, RefusesASecondRegistrationOfAKey) {
  rooms c;
  const auto a = c.register_creator<hall>("hall");
  try {
    const auto b = c.register_creator("hall", numbering(2));
    FAIL() << "not refused";
  } catch (const duplicate_key& refused) {
    EXPECT_STREQ(refused.what(), "gof::factory_method: \"hall\" is registered already");
  }
  EXPECT_THROW(static_cast<void>(c.register_creator<cell>("hall")), duplicate_key);
  EXPECT_EQ(c.size(), 1U);
  EXPECT_EQ(c.create("hall", 30)->seats(), 30);
  EXPECT_EQ(numbering::alive, 0);
}

/// [shadow]
TEST(FactoryMethod, AShadowStandsInUntilItEnds) {
  rooms c;
  const auto real = c.register_creator<hall>("hall");
  {
    const auto shadow = c.register_creator<cell>("hall", if_taken::shadow);
    EXPECT_EQ(c.create("hall", 30)->seats(), 1);
  }
  EXPECT_EQ(c.create("hall", 30)->seats(), 30);
}
/// [shadow]

TEST(FactoryMethod, ShadowsEndInAnyOrder) {
  std::array<int, 3> order{0, 1, 2};
  do {
    rooms c;
    std::vector<std::optional<rooms::registration>> kept;
    for (int i = 0; i != 3; ++i) {
      kept.emplace_back(c.register_creator("hall", numbering(i), if_taken::shadow));
    }
    for (const int ended : order) {
      kept[static_cast<std::size_t>(ended)].reset();
      int newest = 2;
      while (newest >= 0 && !kept[static_cast<std::size_t>(newest)]) --newest;
      ASSERT_EQ(c.contains("hall"), newest >= 0);
      if (newest >= 0) {
        ASSERT_EQ(c.create("hall", 30)->seats(), newest);
        ASSERT_EQ(c.keys(), (std::vector<std::string>{"hall"}));
      }
    }
    EXPECT_EQ(numbering::alive, 0);
  } while (std::next_permutation(order.begin(), order.end()));
}

TEST(FactoryMethod, ForgetsWhatIsRegisteredWithItsRegistration) {
  rooms c;
  std::unique_ptr<room> made;
  {
    const auto a = c.register_creator("hall", numbering(8));
    made = c.create("hall", 1);
    EXPECT_EQ(numbering::alive, 1);
  }
  EXPECT_FALSE(c.contains("hall"));
  EXPECT_EQ(c.size(), 0U);
  EXPECT_EQ(numbering::alive, 0);
  EXPECT_EQ(made->seats(), 8) << "products live on";
  const auto again = c.register_creator<cell>("hall");
  EXPECT_EQ(c.create("hall", 30)->seats(), 1);
}

TEST(FactoryMethod, ForgetsOnRequestOnce) {
  rooms c;
  auto a = c.register_creator("a", numbering(1));
  const auto b = c.register_creator("b", numbering(2));
  a.remove();
  EXPECT_EQ(c.keys(), (std::vector<std::string>{"b"}));
  EXPECT_EQ(numbering::alive, 1);
  a.remove();
  EXPECT_EQ(c.size(), 1U);
}

TEST(FactoryMethod, MovesRegistrations) {
  rooms c;
  auto a = c.register_creator("a", numbering(1));
  auto b = c.register_creator("b", numbering(2));
  auto moved(std::move(a));
  EXPECT_EQ(c.size(), 2U);
  moved = std::move(b);
  EXPECT_EQ(c.keys(), (std::vector<std::string>{"b"})) << "a has ended";
  EXPECT_EQ(numbering::alive, 1);
  auto& same = moved;
  moved = std::move(same);
  EXPECT_EQ(c.size(), 1U) << "moved to itself";
  a = std::move(b);  // both empty
  EXPECT_EQ(c.size(), 1U);
}

TEST(FactoryMethod, MayEndBeforeItsRegistrations) {
  alignas(rooms) std::byte memory[sizeof(rooms)];
  rooms* const c = new (memory) rooms;
  auto a = c->register_creator("a", numbering(1));
  auto b = c->register_creator("b", numbering(1));
  auto shadow = c->register_creator("b", numbering(1), if_taken::shadow);
  std::destroy_at(c);
  std::fill(std::begin(memory), std::end(memory), std::byte{0x55});  // whoever looks there crashes
  EXPECT_EQ(numbering::alive, 3) << "a registration owns what is registered";
  a.remove();
  b.remove();
  EXPECT_EQ(numbering::alive, 1);
  shadow = std::move(a);
  EXPECT_EQ(numbering::alive, 0);
}

/// [register_all]
TEST(FactoryMethod, RegistersAllClassesOfAList) {
  rooms c;
  {
    const auto kept = c.register_all<hall, cell>();
    EXPECT_EQ(c.keys(), (std::vector<std::string>{"cell", "hall"}));
    EXPECT_EQ(c.create("cell", 30)->seats(), 1);
  }
  EXPECT_EQ(c.size(), 0U);
}
/// [register_all]

TEST(FactoryMethod, RegistersAllClassesOfAListOrNone) {
  rooms c;
  auto taken = c.register_creator<hall>("cell");
  EXPECT_THROW(static_cast<void>(c.register_all<hall, cell>()), duplicate_key);
  EXPECT_EQ(c.keys(), (std::vector<std::string>{"cell"}));
  taken.remove();
  const std::size_t failures = gof::testing::fail_each_allocation(
      [&] {
        const auto kept = c.register_all<hall, cell>();
        EXPECT_EQ(c.size(), 2U);
      },
      [&] { EXPECT_EQ(c.size(), 0U); });
  EXPECT_GE(failures, 5U) << "the vector, and for each class what is registered and its node";
}

TEST(FactoryMethod, IsAsItWasWhereMemoryRunsOut) {
  rooms c;
  rooms::registrations all;
  all.reserve(40);
  for (int i = 0; i != 20; ++i) {
    const std::string key = "a key that is too long to be inside of a string: " + std::to_string(i);
    const std::size_t failures = gof::testing::fail_each_allocation(
        [&] { all.push_back(c.register_creator(key, numbering(i))); },
        [&] {
          EXPECT_EQ(c.size(), static_cast<std::size_t>(i));
          EXPECT_EQ(numbering::alive, i);
          EXPECT_FALSE(c.contains(key));
        });
    EXPECT_GE(failures, 3U) << "the key, what is registered, its node, and now and then more room";
  }
  gof::testing::fail_each_allocation(
      [&] {
        try {
          static_cast<void>(c.create("unknown", 1));
        } catch (const unknown_key&) {
        }
        try {
          static_cast<void>(c.register_creator(c.keys().front(), numbering(0)));
        } catch (const duplicate_key&) {
        }
      },
      [&] { EXPECT_EQ(numbering::alive, 20); });
  const std::string first = c.keys().front();
  gof::testing::fail_each_allocation(
      [&] { all.push_back(c.register_creator(first, numbering(99), if_taken::shadow)); },
      [&] { EXPECT_EQ(c.create(first, 1)->seats(), 0); });
  EXPECT_EQ(c.create(first, 1)->seats(), 99);
  all.clear();
  EXPECT_EQ(c.size(), 0U);
  EXPECT_EQ(numbering::alive, 0);
}

TEST(FactoryMethod, LetsOutWhatAConstructorThrowsAndGoesOn) {
  struct collapsing : hall {
    explicit collapsing(int seats) : hall(seats) {
      if (seats > 100) throw std::length_error("too many seats");
    }
  };
  rooms c;
  const auto a = c.register_creator<collapsing>("hall");
  EXPECT_THROW(static_cast<void>(c.create("hall", 101)), std::length_error);
  EXPECT_EQ(c.create("hall", 100)->seats(), 100);
}

TEST(FactoryMethod, CanBeUsedInsideWhatIsRegistered) {
  rooms c;
  rooms::registrations later;
  const auto a = c.register_creator<hall>("hall");
  const auto b = c.register_creator("suite", [&c, &later](int seats) {
    auto inner = c.create("hall", seats);
    for (int i = 0; i != 100; ++i) {  // the table has to grow
      later.push_back(c.register_creator<cell>("cell " + std::to_string(later.size())));
    }
    return inner;
  });
  EXPECT_EQ(c.create("suite", 12)->seats(), 12);
  EXPECT_EQ(c.size(), 102U);
  EXPECT_EQ(c.create("suite", 13)->seats(), 13);
}

/// [language]
// As in the book: an operation that leaves to derived classes what is made.
class inn {
 public:
  virtual ~inn() = default;
  int check_in(int guests) const { return make_room(guests)->seats(); }

 private:
  virtual std::unique_ptr<room> make_room(int seats) const = 0;
};
class hostel : public inn {
  std::unique_ptr<room> make_room(int seats) const override {
    return std::make_unique<hall>(seats);
  }
};

// The same without a class for each: the caller says how a room is made.
int check_in(int guests, const auto& make_room) { return make_room(guests)->seats(); }
/// [language]

TEST(FactoryMethod, MakesWhatTheLanguageMakesForOneKind) {
  rooms c;
  const auto kept = c.register_all<hall, cell>();
  const auto make_room = [&c](int seats) { return c.create("hall", seats); };
  EXPECT_EQ(hostel().check_in(3), 3);
  EXPECT_EQ(check_in(3, [](int seats) { return std::make_unique<hall>(seats); }), 3);
  EXPECT_EQ(check_in(3, make_room), 3);
}

// The law WhatIsRegisteredIsMade, after any sequence of operations.
class Seeded : public testing::TestWithParam<unsigned> {};
INSTANTIATE_TEST_SUITE_P(FactoryMethod, Seeded, testing::Range(0U, 100U));

template <class Key>
void what_is_registered_is_made(unsigned seed, const std::vector<Key>& keys) {
  std::mt19937 random(seed);
  struct registered {
    int number;
    typename creator<room(int), Key>::registration kept;
  };
  creator<room(int), Key> c;
  std::map<Key, std::vector<registered>> model;  // the newest last
  for (int i = 0; i != 80; ++i) {
    const Key& key = keys[random() % keys.size()];
    auto& stack = model[key];
    if (random() % 2 == 0) {
      const if_taken policy = random() % 3 == 0 ? if_taken::reject : if_taken::shadow;
      if (policy == if_taken::reject && !stack.empty()) {
        EXPECT_THROW(static_cast<void>(c.register_creator(key, numbering(i), policy)),
                     duplicate_key);
      } else {
        stack.push_back({i, c.register_creator(key, numbering(i), policy)});
      }
    } else if (!stack.empty()) {
      stack.erase(stack.begin() + static_cast<std::ptrdiff_t>(random() % stack.size()));
    }
    std::vector<Key> expected;
    for (const auto& [known, all] : model) {
      if (!all.empty()) expected.push_back(known);
    }
    ASSERT_EQ(c.keys(), expected);
    ASSERT_EQ(c.size(), expected.size());
    for (const Key& k : keys) {
      const auto& all = model[k];
      ASSERT_EQ(c.contains(k), !all.empty());
      if (all.empty()) {
        ASSERT_THROW(static_cast<void>(c.create(k, 0)), unknown_key);
      } else {
        ASSERT_EQ(c.create(k, 0)->seats(), all.back().number);
      }
    }
  }
}

TEST_P(Seeded, WhatIsRegisteredIsMade) {
  what_is_registered_is_made<std::string>(GetParam(), {"a", "ab", "abc", "", "B", "\xff"});
  what_is_registered_is_made<int>(GetParam(), {-1, 0, 1, 13, 26, 1 << 30});
}

TEST(FactoryMethod, MakesOnManyThreadsAtOnce) {
  rooms c;
  const auto kept = c.register_all<hall, cell>();
  std::atomic<int> sum = 0;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t != 4; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i != 500; ++i) {
          sum += c.create("hall", 2)->seats() + c.create("cell", 2)->seats();
          if (c.contains("tower") || c.keys().size() != 2) sum = -1'000'000;
        }
      });
    }
  }
  EXPECT_EQ(sum, 4 * 500 * 3);
}

}  // namespace
