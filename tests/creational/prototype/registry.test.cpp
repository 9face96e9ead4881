// SPDX-License-Identifier: BSL-1.0
#include <gof/prototype/registry.hpp>
// The header under test comes first, so that it has to stand alone.
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "support/allocations.hpp"

namespace {

using gof::prototype::duplicate_prototype, gof::prototype::other_class;
using gof::prototype::polymorphic, gof::prototype::prototype_registry;
using gof::prototype::unknown_prototype;

struct player {
  virtual ~player() = default;
  int level = 1;

 protected:
  player() = default;
  player(const player&) = default;
  player& operator=(const player&) = default;
};
struct careful final : player {
  explicit careful(int d = 0) : depth(d) {}
  int depth;
};
struct talker final : player {
  std::string greeting = "a greeting that is not short at all";
};

using players = prototype_registry<player>;

static_assert(std::is_copy_constructible_v<players> && std::is_copy_assignable_v<players>);
static_assert(std::is_nothrow_move_constructible_v<players>);
static_assert(noexcept(std::declval<players&>().remove(std::string_view())));
static_assert(std::is_base_of_v<std::runtime_error, unknown_prototype>);
static_assert(std::is_base_of_v<std::logic_error, duplicate_prototype>);
static_assert(std::is_base_of_v<std::logic_error, other_class>);
static_assert(std::is_same_v<decltype(std::declval<players&>().get("")), const player&>);

players some() {
  players all;
  all.add("talker", talker());
  all.add("careful", careful(3));
  return all;
}

// What a call says when it throws an E.
template <class E, class Call>
std::string said(Call call) {
  try {
    call();
  } catch (const E& e) {
    return e.what();
  }
  return "nothing";
}

// The law AClonedPrototypeIsUnchanged.
TEST(PrototypeRegistry, AClonedPrototypeIsUnchanged) {
  const players all = some();
  auto a = all.clone("careful");
  a->level = 7;
  const auto b = all.clone("careful", [](player& p) { p.level = 9; });
  EXPECT_EQ(b->level, 9);
  EXPECT_EQ(all.get("careful").level, 1);
  EXPECT_EQ(all.clone("careful")->level, 1);
  EXPECT_EQ(dynamic_cast<const careful&>(*b).depth, 3);
}

TEST(PrototypeRegistry, ClonesWithChangesOfTheDerivedClass) {
  const players all = some();
  const auto deep = all.clone<careful>("careful", [](careful& c) { c.depth = 5; });
  EXPECT_EQ(dynamic_cast<const careful&>(*deep).depth, 5);
  EXPECT_EQ(said<other_class>([&] {
              static_cast<void>(all.clone<careful>("talker", [](careful& c) { c.depth = 5; }));
            }),
            "gof::prototype: the prototype \"talker\" is not of the class that is to be changed");
}

TEST(PrototypeRegistry, SaysWhatThereIs) {
  players all = some();
  const auto ask = [&] { static_cast<void>(all.clone("crefull")); };
  EXPECT_EQ(said<unknown_prototype>(ask),
            "gof::prototype: there is no prototype \"crefull\"; there are: careful, talker");
  EXPECT_EQ(said<unknown_prototype>([&] { static_cast<void>(all.get("zzz")); }),
            "gof::prototype: there is no prototype \"zzz\"; there are: careful, talker");
  EXPECT_EQ(all.names(), (std::vector<std::string_view>{"careful", "talker"}));
  all = players();
  EXPECT_EQ(said<unknown_prototype>(ask),
            "gof::prototype: there is no prototype \"crefull\"; there are: none");
}

TEST(PrototypeRegistry, RefusesASecondOfOneName) {
  players all = some();
  EXPECT_EQ(said<duplicate_prototype>([&] { all.add("talker", careful()); }),
            "gof::prototype: there is a prototype \"talker\" already");
  EXPECT_NE(dynamic_cast<const talker*>(&all.get("talker")), nullptr);
  EXPECT_EQ(all.names().size(), 2U);
}

TEST(PrototypeRegistry, ForgetsWhatIsRemoved) {
  players all = some();
  const auto kept = all.clone("talker");
  EXPECT_FALSE(all.remove("nobody"));
  EXPECT_FALSE(all.remove("zzz"));
  EXPECT_TRUE(all.remove("talker"));
  EXPECT_FALSE(all.remove("talker"));
  EXPECT_EQ(all.names(), std::vector<std::string_view>{"careful"});
  EXPECT_EQ(dynamic_cast<const talker&>(*kept).greeting, "a greeting that is not short at all");
  all.add("talker", careful());
}

TEST(PrototypeRegistry, IsAValue) {
  players all = some();
  const players copy = all;
  EXPECT_NE(&all.get("careful"), &copy.get("careful"));
  EXPECT_TRUE(all.remove("careful"));
  EXPECT_EQ(copy.names().size(), 2U);
}

TEST(PrototypeRegistry, FindsEachOfMany) {
  std::mt19937 random(1);
  players all;
  std::map<std::string, int> model;
  for (int i = 0; i != 2000; ++i) {
    const std::string name = std::to_string(random() % 200);
    if (random() % 3 == 0) {
      EXPECT_EQ(all.remove(name), model.erase(name) == 1);
    } else if (!model.contains(name)) {
      all.add(name, careful(i));
      model[name] = i;
    }
    const auto found = model.find(name);
    if (found == model.end()) {
      EXPECT_THROW(static_cast<void>(all.clone(name)), unknown_prototype);
    } else {
      EXPECT_EQ(dynamic_cast<const careful&>(all.get(name)).depth, found->second);
    }
  }
  EXPECT_EQ(all.names().size(), model.size());
}

TEST(PrototypeRegistry, IsUnchangedWhereSomethingFails) {
  struct fault {};
  players all = some();
  EXPECT_THROW(static_cast<void>(all.clone("careful", [](player&) { throw fault(); })), fault);
  EXPECT_EQ(all.get("careful").level, 1);
  const auto failures = gof::testing::fail_each_allocation(
      [&] { all.add("a name that is not short at all", talker()); },
      [&] {
        EXPECT_EQ(all.names(), (std::vector<std::string_view>{"careful", "talker"}));
      });
  EXPECT_GE(failures, 4U) << "the name, the object, its text, and the table";
  EXPECT_EQ(all.names().size(), 3U);
  EXPECT_EQ(gof::testing::fail_each_allocation([&] { static_cast<void>(all.clone("talker")); },
                                               [&] { EXPECT_EQ(all.names().size(), 3U); }),
            2U);
}

}  // namespace
