// SPDX-License-Identifier: BSL-1.0
#include <gof/abstract_factory/registry.hpp>
// The header under test comes first, so that it has to stand alone.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <map>
#include <memory>
#include <new>
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

namespace af = gof::abstract_factory;

struct part {
  virtual ~part() = default;
  virtual int number() const = 0;
};
struct numbered : part {
  explicit numbered(int n) : n_(n) {}
  int number() const override { return n_; }
  int n_;
};
using maker = af::abstract_factory<part()>;

// Makes parts with its number, for any family; counts itself.
class numbering : public maker {
 public:
  static inline int alive = 0;
  numbering(const af::family& of, int n) : maker(of), n_(n) { ++alive; }
  numbering(const numbering&) = delete;
  ~numbering() override { --alive; }

 private:
  std::unique_ptr<part> do_create(std::type_identity<part>) const override {
    return std::make_unique<numbered>(n_);
  }
  int n_;
};
struct explosive : numbering {
  explicit explosive(const af::family& of) : numbering(of, 0) { throw 1; }
};

using registry = af::family_registry<maker>;

const af::family red("red"), green("green"), blue("blue"), another_red("red"), nameless("");

static_assert(!std::is_copy_constructible_v<registry> && !std::is_move_constructible_v<registry>);
static_assert(!std::is_copy_constructible_v<registry::registration>);
static_assert(std::is_nothrow_move_constructible_v<registry::registration> &&
              std::is_nothrow_move_assignable_v<registry::registration>);
static_assert(noexcept(std::declval<const registry&>().find(std::string_view())));
static_assert(std::is_base_of_v<std::runtime_error, af::unknown_family>);
static_assert(std::is_base_of_v<std::logic_error, af::duplicate_family>);

std::string why_not(const registry& r, std::string_view name) {
  try {
    static_cast<void>(r.get(name));
    return "found";
  } catch (const af::unknown_family& unknown) {
    return unknown.what();
  }
}

TEST(AbstractFactoryRegistry, FindsAFactoryByTheNameOfItsFamily) {
  registry r;
  const auto a = r.add<numbering>(red, 1);
  const auto b = r.add<numbering>(blue, 2);
  const std::string typed = "blue and more";
  EXPECT_EQ(r.get(std::string_view(typed).substr(0, 4)).create<part>()->number(), 2);
  EXPECT_EQ(r.get("red").create<part>()->number(), 1);
  EXPECT_EQ(r.find("red"), &r.get("red"));
  EXPECT_EQ(r.find("green"), nullptr);
  EXPECT_EQ(r.names(), (std::vector<std::string_view>{"blue", "red"}));
  EXPECT_EQ(r.size(), 2U);
}

TEST(AbstractFactoryRegistry, ListsWhatThereIsWhereAFamilyIsUnknown) {
  registry r;
  EXPECT_EQ(why_not(r, "red"), "gof::abstract_factory: there is no family \"red\"");
  const auto a = r.add<numbering>(red, 1);
  EXPECT_EQ(why_not(r, "violet"),
            "gof::abstract_factory: there is no family \"violet\"; there are: red");
  const auto b = r.add<numbering>(green, 1);
  EXPECT_EQ(why_not(r, "violet"),
            "gof::abstract_factory: there is no family \"violet\"; there are: green, red");
}

TEST(AbstractFactoryRegistry, SuggestsANameThatDiffersInOneOrTwoLettersAtOnePlace) {
  registry r;
  const auto a = r.add<numbering>(red, 1);
  const auto b = r.add<numbering>(green, 1);
  const auto c = r.add<numbering>(nameless, 1);
  const auto suggests = [&](std::string_view typed) {
    const std::string said = why_not(r, typed);
    const auto from = said.find("(did you mean "), to = said.find(';');
    return from == std::string::npos ? "" : said.substr(from, to - from);
  };
  EXPECT_EQ(suggests("gren"), "(did you mean \"green\"?)") << "a letter is missing";
  EXPECT_EQ(suggests("greeen"), "(did you mean \"green\"?)") << "one is too many";
  EXPECT_EQ(suggests("reen"), "(did you mean \"green\"?) (did you mean \"red\"?)");
  EXPECT_EQ(suggests("greenly"), "(did you mean \"green\"?)");
  EXPECT_EQ(suggests("rgeen"), "(did you mean \"green\"?)") << "two have changed places";
  EXPECT_EQ(suggests("grxxn"), "(did you mean \"green\"?)");
  EXPECT_EQ(suggests("xed"), "(did you mean \"red\"?)");
  EXPECT_EQ(suggests("re"), "(did you mean \"red\"?)");
  EXPECT_EQ(suggests("reden"), "(did you mean \"red\"?)");
  EXPECT_EQ(suggests("gxeex"), "") << "at two places";
  EXPECT_EQ(suggests("greenest"), "") << "three";
  EXPECT_EQ(suggests("r"), "") << "more is missing than is there";
  EXPECT_EQ(suggests("xy"), "") << "nothing in common";
}

TEST(AbstractFactoryRegistry, RefusesASecondFamilyOfTheSameName) {
  registry r;
  const auto a = r.add<numbering>(red, 1);
  try {
    const auto b = r.add<numbering>(another_red, 2);
    FAIL() << "not refused";
  } catch (const af::duplicate_family& refused) {
    EXPECT_STREQ(refused.what(), "gof::abstract_factory: there is a family \"red\" already");
  }
  EXPECT_EQ(r.size(), 1U);
  EXPECT_EQ(r.get("red").create<part>()->number(), 1);
  EXPECT_EQ(numbering::alive, 1);
}

TEST(AbstractFactoryRegistry, ForgetsAFactoryWithItsRegistration) {
  registry r;
  std::optional<af::product<part>> made;
  {
    const auto a = r.add<numbering>(red, 1);
    made = r.get("red").create<part>();
  }
  EXPECT_EQ(r.size(), 0U);
  EXPECT_EQ(r.find("red"), nullptr);
  EXPECT_EQ(numbering::alive, 0);
  EXPECT_EQ((*made)->number(), 1) << "products live on";
  EXPECT_EQ(made->brand(), red);
  const auto again = r.add<numbering>(another_red, 2);
  EXPECT_EQ(r.get("red").create<part>()->number(), 2);
}

TEST(AbstractFactoryRegistry, ForgetsAFactoryOnRequestOnce) {
  registry r;
  auto a = r.add<numbering>(red, 1);
  const auto b = r.add<numbering>(blue, 1);
  a.remove();
  EXPECT_EQ(r.names(), (std::vector<std::string_view>{"blue"}));
  EXPECT_EQ(numbering::alive, 1);
  a.remove();
  EXPECT_EQ(r.size(), 1U);
}

TEST(AbstractFactoryRegistry, MovesRegistrations) {
  registry r;
  auto a = r.add<numbering>(red, 1);
  auto b = r.add<numbering>(blue, 2);
  auto moved(std::move(a));
  EXPECT_EQ(r.size(), 2U);
  moved = std::move(b);
  EXPECT_EQ(r.names(), (std::vector<std::string_view>{"blue"})) << "red has ended";
  EXPECT_EQ(numbering::alive, 1);
  auto& same = moved;
  moved = std::move(same);
  EXPECT_EQ(r.size(), 1U) << "moved to itself";
  a = std::move(b);  // both empty
  EXPECT_EQ(r.size(), 1U);
}

TEST(AbstractFactoryRegistry, MayEndBeforeItsRegistrations) {
  alignas(registry) std::byte room[sizeof(registry)];
  registry* const r = new (room) registry;
  auto a = r->add<numbering>(red, 1);
  auto b = r->add<numbering>(blue, 1);
  std::destroy_at(r);
  std::fill(std::begin(room), std::end(room), std::byte{0x55});  // whoever looks there crashes
  EXPECT_EQ(numbering::alive, 2) << "a registration owns its factory";
  a.remove();
  EXPECT_EQ(numbering::alive, 1);
  b = std::move(a);
  EXPECT_EQ(numbering::alive, 0);
}

TEST(AbstractFactoryRegistry, IsAsItWasWhereAFactoryCannotBeMade) {
  registry r;
  EXPECT_THROW(static_cast<void>(r.add<explosive>(red)), int);
  EXPECT_EQ(r.size(), 0U);
  EXPECT_EQ(numbering::alive, 0);
}

TEST(AbstractFactoryRegistry, IsAsItWasWhereMemoryRunsOut) {
  const af::family families[] = {af::family("a"), af::family("b"), af::family("c"), af::family("d"),
                                 af::family("e")};
  registry r;
  std::vector<registry::registration> all;
  all.reserve(5);
  for (std::size_t i = 0; i != 5; ++i) {
    const std::size_t failures =
        gof::testing::fail_each_allocation([&] { all.push_back(r.add<numbering>(families[i], 1)); },
                                           [&] {
                                             EXPECT_EQ(r.size(), i);
                                             EXPECT_EQ(numbering::alive, static_cast<int>(i));
                                             EXPECT_EQ(r.find(families[i].name()), nullptr);
                                           });
    EXPECT_GE(failures, 2U) << "the factory, the entry, and now and then more room";
  }
  EXPECT_EQ(r.size(), 5U);
}

// The law WhatIsRegisteredIsFound, after any sequence of operations.
class Seeded : public testing::TestWithParam<unsigned> {};
INSTANTIATE_TEST_SUITE_P(AbstractFactoryRegistry, Seeded, testing::Range(0U, 100U));

TEST_P(Seeded, WhatIsRegisteredIsFound) {
  std::mt19937 random(GetParam());
  const std::array<std::string, 8> names{"a", "ab", "abc", "b", "ba", "", "B", "\xff"};
  std::vector<std::unique_ptr<af::family>> families;
  for (int i = 0; i != 16; ++i) {
    families.push_back(std::make_unique<af::family>(names[static_cast<std::size_t>(i) % 8]));
  }
  registry r;
  std::map<std::string, int, std::less<>> model;
  std::map<std::string, registry::registration, std::less<>> kept;
  for (int i = 0; i != 60; ++i) {
    const af::family& of = *families[random() % families.size()];
    const std::string name(of.name());
    if (random() % 2 == 0) {
      if (model.contains(name)) {
        EXPECT_THROW(static_cast<void>(r.add<numbering>(of, i)), af::duplicate_family);
      } else {
        kept.emplace(name, r.add<numbering>(of, i));
        model[name] = i;
      }
    } else {
      kept.erase(name);
      model.erase(name);
    }
    std::vector<std::string_view> expected;
    for (const auto& [known, number] : model) expected.push_back(known);
    ASSERT_EQ(r.names(), expected);
    ASSERT_EQ(r.size(), model.size());
    for (const std::string& n : names) {
      ASSERT_EQ(r.find(n) != nullptr, model.contains(n));
      if (model.contains(n)) {
        ASSERT_EQ(r.get(n).create<part>()->number(), model[n]);
      } else {
        ASSERT_THROW(static_cast<void>(r.get(n)), af::unknown_family);
      }
    }
  }
}

TEST(AbstractFactoryRegistry, IsReadOnManyThreadsAtOnce) {
  registry r;
  const auto a = r.add<numbering>(red, 1);
  const auto b = r.add<numbering>(blue, 2);
  std::atomic<int> sum = 0;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t != 4; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i != 500; ++i) {
          sum += r.get("red").create<part>()->number() + r.get("blue").create<part>()->number();
          if (r.find("green") != nullptr || r.names().size() != 2) sum = -1'000'000;
        }
      });
    }
  }
  EXPECT_EQ(sum, 4 * 500 * 3);
}

}  // namespace
