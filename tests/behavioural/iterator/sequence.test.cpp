// SPDX-License-Identifier: BSL-1.0
#include <gof/iterator/sequence.hpp>
// The header under test comes first, so that it has to stand alone.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "support/allocations.hpp"

namespace {

namespace it = gof::iterator;
using it::cursor, it::sequence;
using numbers = sequence<int>;
using position = numbers::position;

static_assert(it::positioned<numbers> && it::positioned<const numbers>);
static_assert(std::is_same_v<decltype(std::declval<cursor<numbers>&>().current_item()), int&>);
static_assert(
    std::is_same_v<decltype(std::declval<cursor<const numbers>&>().current_item()), const int&>);
static_assert(noexcept(numbers()) && noexcept(std::declval<const numbers&>().at({})));
static_assert(std::is_copy_constructible_v<numbers>);

template <class T>
std::vector<T> all(const sequence<T>& s) {
  std::vector<T> items;
  for (cursor c(s); !c.is_done(); c.next()) items.push_back(c.current_item());
  EXPECT_EQ(items.size(), s.size());
  return items;
}
using ints = std::vector<int>;

TEST(IteratorSequence, IsAList) {
  numbers s;
  EXPECT_EQ(s.first(), std::nullopt);
  const position two = s.push_back(2);
  const position one = s.insert(two, 1);
  const position three = s.push_back(3);
  EXPECT_EQ(all(s), (ints{1, 2, 3}));
  EXPECT_EQ(s.first(), one);
  EXPECT_EQ(s.after(one), two);
  EXPECT_EQ(s.after(three), std::nullopt);
  EXPECT_FALSE(one == two);
  *s.at(two) = 20;
  EXPECT_EQ(s.remove(one), 1);
  EXPECT_EQ(all(s), (ints{20, 3}));
  EXPECT_EQ(s.at(one), nullptr);
}

TEST(IteratorSequence, AnIdIsNeverUsedAgain) {
  numbers s;
  std::set<std::uint64_t> ids;
  for (int i = 0; i != 5; ++i) {
    const position p = s.push_back(i);
    EXPECT_TRUE(ids.insert(p.id).second);
    EXPECT_NE(p.id, 0U);
    s.remove(p);
  }
  EXPECT_EQ(s.size(), 0U);
}

TEST(IteratorSequence, WhatIsGoneIsSaidToBe) {
  numbers s;
  const position one = s.push_back(1);
  s.push_back(2);
  s.remove(one);
  EXPECT_THROW(s.remove(one), it::gone);
  EXPECT_THROW(s.insert(one, 3), it::gone);
  EXPECT_THROW(s.insert(position{}, 3), it::gone);
  EXPECT_EQ(all(s), ints{2});
}

TEST(IteratorSequence, APlaceOutlivesItsItemAndThoseBeforeIt) {
  numbers s;
  std::vector<position> p;
  for (int i = 0; i != 6; ++i) p.push_back(s.push_back(i));
  cursor c(s);
  for (int i = 0; i != 3; ++i) c.next();
  s.remove(p[3]);  // the current one
  s.remove(p[2]);
  s.remove(p[0]);
  s.remove(p[1]);
  EXPECT_THROW(static_cast<void>(c.current_item()), it::gone);
  c.next();
  EXPECT_EQ(c.current_item(), 4);
  s.remove(p[4]);
  s.remove(p[5]);
  s.push_back(6);
  c.next();
  EXPECT_EQ(c.current_item(), 6);
}

TEST(IteratorSequence, WhatWasRemovedLongAgoIsLost) {
  numbers s(2);
  std::vector<position> p;
  for (int i = 0; i != 5; ++i) p.push_back(s.push_back(i));
  cursor c(s);
  c.next();
  c.next();
  for (int i = 1; i != 3; ++i) s.remove(p[static_cast<std::size_t>(i)]);
  EXPECT_EQ(s.after(p[1]), p[3]) << "two are remembered";
  s.remove(p[0]);
  EXPECT_EQ(s.after(p[2]), p[3]);
  EXPECT_THROW(c.resume(c.save()), it::lost);
  EXPECT_THROW(static_cast<void>(s.after({99, 0})), it::lost) << "nor was there ever such a one";
  EXPECT_THROW(static_cast<void>(c.current_item()), it::gone) << "it is where it was";
  c.next();
  EXPECT_EQ(c.current_item(), 3);

  numbers forgets(0);
  const position only = forgets.push_back(1);
  forgets.remove(only);
  EXPECT_THROW(static_cast<void>(forgets.after(only)), it::lost);
}

TEST(IteratorSequence, AnIdIsEnoughToComeBack) {
  numbers s;
  for (int i = 0; i != 5; ++i) s.push_back(i);
  cursor c(s);
  for (int i = 0; i != 4; ++i) c.next();
  const std::string saved = std::to_string(c.save().value().id);
  for (const std::size_t near : {std::size_t(0), std::size_t(1), std::size_t(4), std::size_t(99)}) {
    cursor later(s);
    later.resume(position{std::stoul(saved), near});
    EXPECT_EQ(later.current_item(), 4) << near;
  }
}

TEST(IteratorSequence, HoldsWhatCanOnlyBeMoved) {
  sequence<std::unique_ptr<int>> s;
  const auto p = s.push_back(std::make_unique<int>(1));
  EXPECT_EQ(*cursor(s).current_item(), 1);
  EXPECT_EQ(*s.remove(p), 1);
}

TEST(IteratorSequence, IsAsItWasWhenThereIsNoMemory) {
  using texts = sequence<std::string>;
  const std::string old = "what was there is long enough for the heap";
  const std::string item = "and so is what comes";
  const auto failures = [&](auto operation) {
    for (std::size_t n = 1;; ++n) {
      texts s;
      const auto p = s.push_back(old);
      std::string given = item;
      gof::testing::fail_allocation(n);
      try {
        operation(s, p, std::move(given));
        gof::testing::fail_allocation(0);
        return n - 1;
      } catch (const std::bad_alloc&) {
        gof::testing::fail_allocation(0);
        EXPECT_EQ(all(s), std::vector{old});
        EXPECT_EQ(s.after(p), std::nullopt);
      }
    }
  };
  EXPECT_EQ(failures([&](texts& s, auto, std::string given) { s.push_back(std::move(given)); }),
            1U);
  EXPECT_EQ(failures([&](texts& s, auto p, std::string given) { s.insert(p, std::move(given)); }),
            1U);
  EXPECT_EQ(failures([&](texts& s, auto p, const std::string&) { s.remove(p); }), 1U);
}

class Seeded : public testing::TestWithParam<unsigned> {
 protected:
  std::mt19937 random{GetParam()};
  std::size_t below(std::size_t n) { return random() % n; }
};
INSTANTIATE_TEST_SUITE_P(Iterator, Seeded, testing::Range(0U, 200U));

// Some cursors walk at once, each as fast as it likes, while the list is edited. What follows a
// place is known from a list in which nothing is ever removed, only marked.
TEST_P(Seeded, NeitherSkippedNorRepeated) {
  struct item {
    int value;
    position at;
    bool there;
  };
  numbers s;
  std::vector<item> model;
  int made = 0;
  for (; made != 10; ++made) model.push_back({made, s.push_back(made), true});
  struct walk {
    cursor<numbers> c;
    std::size_t at;  // in the model; its size at the end
  };
  const auto there_from = [&](std::size_t i) {
    while (i < model.size() && !model[i].there) ++i;
    return i;
  };
  std::vector<walk> walks(3, walk{cursor(s), 0});
  for (int step = 0; step != 60; ++step) {
    const std::size_t i = below(model.size());
    if (below(2) == 0 && model[i].there) {
      EXPECT_EQ(s.remove(model[i].at), model[i].value);
      model[i].there = false;
    } else if (model[i].there) {
      // Right before an item, after all that was removed there.
      model.insert(model.begin() + static_cast<std::ptrdiff_t>(i),
                   {made, s.insert(model[i].at, made), true});
      ++made;
      for (walk& w : walks) {
        if (w.at >= i && !w.c.is_done()) ++w.at;
        if (w.c.is_done()) w.at = model.size();
      }
    }
    walk& w = walks[below(walks.size())];
    if (w.c.is_done()) {
      w.c.first();
      w.at = there_from(0);
    } else {
      w.c.next();
      w.at = there_from(w.at + 1);
    }
    for (const walk& each : walks) {
      ASSERT_EQ(each.c.is_done(), each.at >= model.size());
      if (each.c.is_done()) continue;
      if (model[each.at].there) {
        ASSERT_EQ(each.c.current_item(), model[each.at].value);
      } else {
        ASSERT_THROW(static_cast<void>(each.c.current_item()), it::gone);
      }
    }
    ints expected;
    for (const item& m : model) {
      if (m.there) expected.push_back(m.value);
    }
    ASSERT_EQ(all(s), expected);
  }
}

}  // namespace
