// SPDX-License-Identifier: BSL-1.0
#include <gof/command/macro.hpp>
// The header under test comes first, so that it has to stand alone.
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <tuple>

#include "support/allocations.hpp"

namespace {

namespace cmd = gof::command;
using cmd::outcome;

struct add {
  long n;
  void execute(long& to) noexcept { to += n; }
  void undo(long& to) noexcept { to -= n; }
  cmd::merge merge_with(const add& later) noexcept {
    n += later.n;
    return cmd::merge::yes;
  }
  static std::string label() { return "add"; }
  static std::size_t cost() noexcept { return 10; }
};
struct twice {
  void execute(long& to) noexcept { to *= 2; }
  void undo(long& to) noexcept { to /= 2; }
};
// Does what the test wants, and counts by 1 where that does not throw.
struct meddler {
  std::function<void()> in_execute{}, in_undo{}, in_redo{};
  void execute(long& x) { meddle(in_execute), ++x; }
  void undo(long& x) { meddle(in_undo), --x; }
  void redo(long& x) { meddle(in_redo), ++x; }

 private:
  static void meddle(const std::function<void()>& how) {
    if (how) how();
  }
};
struct fault {};
void fail() { throw fault(); }

using numbers = cmd::macro_history<long, add, twice>;
using meddlers = cmd::macro_history<long, meddler, add>;

static_assert(cmd::undoable<cmd::macro_command<long, add, twice>, long>);
static_assert(noexcept(std::declval<numbers&>().undo()));
static_assert(noexcept(std::declval<numbers&>().redo()));
static_assert(!noexcept(std::declval<meddlers&>().undo()));
static_assert(!std::is_copy_constructible_v<numbers::macro>);
static_assert(!std::is_move_constructible_v<numbers::macro>);

template <class History>
auto seen(const History& h) {
  return std::tuple(h.size(), h.position(), h.clean_position(), h.can_undo(), h.can_redo(),
                    h.undo_label(), h.redo_label());
}

class Seeded : public testing::TestWithParam<unsigned> {};
INSTANTIATE_TEST_SUITE_P(CommandMacro, Seeded, testing::Range(0U, 200U));

// The model is the list of the states before each step; an open macro is the depth of scopes.
TEST_P(Seeded, PositionDecidesTheReceiver) {
  std::mt19937 random(GetParam());
  const auto below = [&](std::size_t n) { return std::size_t{random() % n}; };
  long x = 1;
  numbers h(x);
  std::vector<long> states{1};
  std::size_t position = 0;
  const auto record = [&] {
    states.resize(++position);
    states.push_back(x);
  };
  const auto edit = [&] {
    if (std::abs(x) < 1000 && below(2) == 0) {
      h.execute(twice{});
    } else {
      h.stop_merging();
      const add one{static_cast<long>(below(5)) - 2};
      h.execute(one);
    }
  };
  // Executes at random in a scope, which ends in one of three ways.
  // Returns whether something of it was committed.
  const std::function<bool(int)> scope = [&](int depth) {
    const long before = x;
    bool any = false;
    const std::size_t end = below(3);
    {
      auto m = h.begin_macro("scope");
      for (std::size_t n = below(4); n != 0; --n) {
        if (depth < 3 && below(3) == 0) {
          any = scope(depth + 1) || any;
        } else {
          edit();
          any = true;
        }
        EXPECT_EQ(h.undo(), outcome::refused);
        EXPECT_EQ(h.redo(), outcome::refused);
      }
      if (end == 0) m.commit();
      if (end == 1) m.roll_back();
    }
    if (end == 0) return any;
    EXPECT_EQ(x, before);
    return false;
  };
  for (int i = 0; i != 100; ++i) {
    switch (below(5)) {
      case 0:
        edit();
        record();
        break;
      case 1: {
        const auto before = seen(h);
        if (scope(0)) {
          record();
        } else {
          EXPECT_EQ(seen(h), before) << "ARolledBackMacroLeavesNoTrace";
        }
        break;
      }
      case 2:
        if (h.undo()) --position;
        break;
      case 3:
        if (h.redo()) ++position;
        break;
      case 4:
        position = below(states.size());
        h.go_to(position);
        break;
    }
    ASSERT_EQ(x, states[position]) << "after operation " << i;
    ASSERT_EQ(h.position(), position);
    ASSERT_EQ(h.size(), states.size() - 1);
  }
}

TEST(CommandMacro, IsOneStepOnceCommitted) {
  long x = 1;
  numbers h(x);
  {
    auto m = h.begin_macro("both");
    h.execute(add{1});
    h.execute(twice{});
    EXPECT_EQ(x, 4);
    EXPECT_EQ(h.size(), 0U);
    m.commit();
  }
  EXPECT_EQ(h.size(), 1U);
  EXPECT_EQ(h.undo_label(), "both");
  EXPECT_TRUE(h.undo());
  EXPECT_EQ(x, 1);
  EXPECT_TRUE(h.redo());
  EXPECT_EQ(x, 4);
}

TEST(CommandMacro, IsNoStepWhereNothingWasExecuted) {
  long x = 1;
  numbers h(x);
  h.execute(add{1});
  h.undo();
  h.begin_macro("nothing").commit();
  EXPECT_EQ(h.size(), 1U);
  EXPECT_TRUE(h.can_redo()) << "what could be redone is still there";
}

TEST(CommandMacro, ARolledBackMacroLeavesNoTrace) {
  long x = 1;
  numbers h(x);
  h.execute(add{1});
  h.execute(twice{});
  h.undo();
  int heard = 0;
  h.on_change([&](const auto&) noexcept { ++heard; });
  const auto before = seen(h);
  {
    const auto m = h.begin_macro("");
    h.execute(twice{});
  }
  EXPECT_EQ(seen(h), before);
  EXPECT_EQ(x, 2);
  EXPECT_EQ(heard, 0);
  EXPECT_TRUE(h.redo());
  EXPECT_EQ(x, 4);
}

TEST(CommandMacro, GivesItsCommandsToTheMacroAroundIt) {
  long x = 1;
  numbers h(x);
  auto outer = h.begin_macro("outer");
  h.execute(twice{});
  {
    auto inner = h.begin_macro("inner");
    h.execute(add{1});
    inner.commit();
  }
  {
    const auto rolled_back = h.begin_macro("");
    h.execute(add{100});
  }
  h.execute(twice{});
  outer.commit();
  ASSERT_EQ(h.size(), 1U);
  const auto& all = std::get<2>(h[0]);
  EXPECT_EQ(all.label(), "outer");
  ASSERT_EQ(all.steps().size(), 3U);
  EXPECT_TRUE(std::holds_alternative<add>(all.steps()[1]));
  EXPECT_EQ(all.cost(), sizeof(all) + 2 * sizeof(twice) + 10);
  EXPECT_EQ(x, 6);
  h.undo();
  EXPECT_EQ(x, 1);
}

TEST(CommandMacro, KeepsItsCommandsApart) {
  long x = 1;
  numbers h(x);
  auto m = h.begin_macro("");
  h.execute(add{1});
  h.execute(add{1});
  m.commit();
  EXPECT_EQ(std::get<2>(h[0]).steps().size(), 2U);
  h.execute(add{1});
  EXPECT_EQ(h.size(), 2U) << "nor does the next merge into it";
}

TEST(CommandMacro, CanBePreparedAndExecutedLater) {
  long x = 1;
  numbers h(x);
  const auto prepared = [] {
    return cmd::macro_command<long, add, twice>("prepared", {add{1}, twice{}});
  };
  h.execute(prepared());
  EXPECT_EQ(x, 4);
  {
    auto m = h.begin_macro("around");
    h.execute(add{1});
    h.execute(prepared());
    EXPECT_EQ(x, 12);
    m.commit();
  }
  EXPECT_EQ(std::get<2>(h[1]).steps().size(), 3U);
  h.undo();
  EXPECT_EQ(x, 4);
  h.undo();
  EXPECT_EQ(x, 1);
}

TEST(CommandMacro, ExecutesFirstAndRedoesLater) {
  long x = 0;
  int executed = 0, redone = 0;
  meddlers h(x);
  cmd::macro_command<long, meddler, add> m("m");
  auto scope = h.begin_macro("m");
  h.execute(meddler{[&] { ++executed; }, {}, [&] { ++redone; }});
  scope.commit();
  h.undo();
  h.redo();
  EXPECT_EQ(std::pair(executed, redone), std::pair(1, 1));
}

TEST(CommandMacro, IsClosedOnceTheInnermostFirst) {
  long x = 0;
  numbers h(x);
  auto outer = h.begin_macro("outer");
  auto inner = h.begin_macro("inner");
  h.execute(add{1});
  EXPECT_THROW(outer.commit(), cmd::misuse);
  EXPECT_THROW(outer.roll_back(), cmd::misuse);
  inner.commit();
  EXPECT_THROW(inner.commit(), cmd::misuse);
  EXPECT_THROW(inner.roll_back(), cmd::misuse);
  outer.commit();
  EXPECT_THROW(outer.commit(), cmd::misuse);
  EXPECT_EQ(h.size(), 1U);
  EXPECT_EQ(x, 1);
}

TEST(CommandMacro, RefusesAllElseWhileItIsOpen) {
  long x = 0;
  numbers h(x);
  h.execute(add{1});
  auto m = h.begin_macro("");
  EXPECT_THROW(h.mark_clean(), cmd::misuse);
  EXPECT_THROW(h.clear(), cmd::misuse);
  EXPECT_THROW(h.set_limits({}), cmd::misuse);
  EXPECT_EQ(h.undo(), outcome::refused);
  EXPECT_EQ(h.go_to(0), outcome::refused);
  EXPECT_FALSE(h.can_undo());
  m.roll_back();
  EXPECT_TRUE(h.can_undo());
  EXPECT_EQ(x, 1);
}

TEST(CommandMacro, RefusesToBeUsedFromInsideACommand) {
  long x = 0;
  int meddled = 0;
  meddlers h(x);
  h.execute(meddler{[&] {
    ++meddled;
    EXPECT_THROW(static_cast<void>(h.begin_macro("")), cmd::misuse);
  }});
  auto m = h.begin_macro("");
  const auto meddle = [&] {
    ++meddled;
    EXPECT_THROW(static_cast<void>(h.begin_macro("")), cmd::misuse);
    EXPECT_THROW(h.execute(add{1}), cmd::misuse);
    EXPECT_THROW(m.commit(), cmd::misuse);
    EXPECT_THROW(m.roll_back(), cmd::misuse);
  };
  h.execute(meddler{meddle, meddle});
  h.execute(add{1});
  m.roll_back();
  EXPECT_EQ(meddled, 3);
  EXPECT_EQ(x, 1);
}

TEST(CommandMacro, StaysOpenWhereACommandThrows) {
  long x = 0;
  meddlers h(x);
  auto m = h.begin_macro("");
  h.execute(add{5});
  meddler mine{fail};
  EXPECT_THROW(h.execute(std::move(mine)), fault);
  EXPECT_TRUE(mine.in_execute) << "the command is still the caller's";
  h.execute(add{1});
  m.commit();
  EXPECT_EQ(std::get<2>(h[0]).steps().size(), 2U);
  EXPECT_EQ(x, 6);
}

TEST(CommandMacro, KeepsWhatCannotBeRolledBack) {
  long x = 0;
  meddlers h(x);
  {
    auto m = h.begin_macro("kept");
    h.execute(meddler{{}, fail});
    h.execute(add{5});
    EXPECT_THROW(m.roll_back(), fault);
    EXPECT_EQ(x, 1) << "add is undone, the other is not";
  }
  EXPECT_EQ(h.size(), 1U);
  EXPECT_EQ(h.undo_label(), "kept");
  EXPECT_EQ(std::get<2>(h[0]).steps().size(), 1U);
}

TEST(CommandMacro, IsUndoneAndRedoneAsAWholeOrNotAtAll) {
  long x = 0;
  bool faulty = false;
  const auto maybe = [&] {
    if (faulty) fail();
  };
  meddlers h(x);
  auto m = h.begin_macro("");
  h.execute(add{2});
  h.execute(meddler{{}, maybe, maybe});
  h.execute(add{3});
  m.commit();
  faulty = true;
  EXPECT_THROW(h.undo(), fault);
  EXPECT_EQ(x, 6);
  EXPECT_EQ(h.position(), 1U);
  faulty = false;
  EXPECT_TRUE(h.undo());
  EXPECT_EQ(x, 0);
  faulty = true;
  EXPECT_THROW(h.redo(), fault);
  EXPECT_EQ(x, 0);
  faulty = false;
  EXPECT_TRUE(h.redo());
  EXPECT_EQ(x, 6);
}

TEST(CommandMacro, PreparedIsExecutedAsAWholeOrNotAtAll) {
  long x = 0;
  meddlers h(x);
  std::vector<std::variant<meddler, add>> steps;
  steps.emplace_back(add{2});
  steps.emplace_back(meddler{fail});
  EXPECT_THROW(h.execute(cmd::macro_command<long, meddler, add>("", std::move(steps))), fault);
  EXPECT_EQ(x, 0);
  EXPECT_EQ(h.size(), 0U);
}

TEST(CommandMacro, SaysWhereItHasDiverged) {
  long x = 0;
  bool faulty = false;
  const auto maybe = [&] {
    if (faulty) fail();
  };
  meddlers h(x);
  auto m = h.begin_macro("");
  h.execute(meddler{{}, fail});
  h.execute(meddler{{}, {}, maybe});
  m.commit();
  faulty = true;
  EXPECT_THROW(h.undo(), cmd::diverged);
  EXPECT_EQ(h.position(), 1U);

  meddlers other(x);
  std::vector<std::variant<meddler, add>> steps;
  steps.emplace_back(meddler{{}, fail});
  steps.emplace_back(meddler{fail});
  EXPECT_THROW(other.execute(cmd::macro_command<long, meddler, add>("", std::move(steps))),
               cmd::diverged);
}

TEST(CommandMacro, IsAsItWasWhereMemoryRunsOut) {
  for (int size = 1; size != 20; ++size) {
    long x = 0;
    std::optional<numbers> h(x);
    const auto after = [&] {
      EXPECT_EQ(x, 0);
      EXPECT_EQ(h->size(), 0U);
      EXPECT_FALSE(h->can_undo());
      h->begin_macro("").commit();  // no macro is open
    };
    const std::size_t failures = gof::testing::fail_each_allocation(
        [&] {
          auto outer = h->begin_macro("a label that does not fit into a string");
          for (int i = 0; i != size; ++i) h->execute(twice{}), h->execute(add{1});
          auto inner = h->begin_macro("");
          for (int i = 0; i != size; ++i) h->execute(add{1});
          inner.commit();
          outer.commit();
        },
        after);
    EXPECT_GE(failures, 4U) << "label, outer, inner, history";
    EXPECT_EQ(h->size(), 1U);
    EXPECT_EQ(std::get<2>((*h)[0]).steps().size(), static_cast<std::size_t>(3 * size));
    h->undo();
    EXPECT_EQ(x, 0);
  }
}

TEST(CommandMacro, StaysOpenWhereThereIsNoMemoryToCommit) {
  long x = 0;
  numbers h(x);
  auto m = h.begin_macro("");
  h.execute(add{1});
  gof::testing::fail_allocation(1);
  EXPECT_THROW(m.commit(), std::bad_alloc);
  EXPECT_THROW(h.mark_clean(), cmd::misuse);
  m.commit();
  EXPECT_EQ(h.size(), 1U);
  h.mark_clean();
}

TEST(CommandMacro, TakesAPreparedMacroWholeOrNotAtAllWhereMemoryRunsOut) {
  long x = 0;
  numbers h(x);
  auto m = h.begin_macro("");
  for (std::size_t prepared = 0; prepared != 10; ++prepared) {
    gof::testing::fail_each_allocation(
        [&] {
          std::vector<std::variant<add, twice>> steps(7, add{1});
          h.execute(cmd::macro_command<long, add, twice>("", std::move(steps)));
        },
        [&] { EXPECT_EQ(x, static_cast<long>(7 * prepared)); });
  }
  m.commit();
  EXPECT_EQ(std::get<2>(h[0]).steps().size(), 70U);
  h.undo();
  EXPECT_EQ(x, 0);
}

TEST(CommandMacro, GrowsInAmortisedConstantTime) {
  long x = 0;
  numbers h(x);
  auto outer = h.begin_macro("");
  const std::size_t before = gof::testing::allocations();
  for (int i = 0; i != 10'000; ++i) h.execute(add{1});
  EXPECT_LE(gof::testing::allocations() - before, 20U);
  for (int i = 0; i != 10'000; ++i) {
    auto inner = h.begin_macro("");
    h.execute(add{1});
    inner.commit();
  }
  EXPECT_LE(gof::testing::allocations() - before, 10'040U) << "one for each inner macro";
  outer.commit();
  EXPECT_EQ(std::get<2>(h[0]).steps().size(), 20'000U);
}

}  // namespace
