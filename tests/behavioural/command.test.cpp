// SPDX-License-Identifier: BSL-1.0
#include <gof/command.hpp>
// The header under test comes first, so that it has to stand alone.
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "support/allocations.hpp"

namespace {

namespace cmd = gof::command;
using cmd::outcome;

// Adds to a number; two in a row merge, and annihilate where they add up to nothing.
struct add {
  long n;
  void execute(long& to) noexcept { to += n; }
  void undo(long& to) noexcept { to -= n; }
  cmd::merge merge_with(const add& later) {
    n += later.n;
    return n == 0 ? cmd::merge::annihilated : cmd::merge::yes;
  }
  static std::string label() { return "add"; }
  static std::size_t cost() noexcept { return 10; }
};
// Doubles a number; has no label, and costs its size.
struct twice {
  void execute(long& to) noexcept { to *= 2; }
  void undo(long& to) noexcept { to /= 2; }
};
// Sets a number; does it again in another way.
struct set {
  const long to;  // such a command cannot be assigned
  long before = 0;
  int* redone = nullptr;
  void execute(long& x) { before = std::exchange(x, to); }
  void undo(long& x) { x = before; }
  void redo(long& x) {
    if (redone != nullptr) ++*redone;
    x = to;
  }
};
// Throws where it is told to.
struct faulty {
  enum where { nowhere, in_execute, in_undo, in_redo };
  static inline where now = nowhere;
  struct fault {};
  std::unique_ptr<int> owned = std::make_unique<int>(1);
  void execute(long& x) { step(x, 1, in_execute); }
  void undo(long& x) { step(x, -1, in_undo); }
  void redo(long& x) { step(x, 1, in_redo); }

 private:
  static void step(long& x, long by, where here) {
    if (now == here) throw fault();
    x += by;
  }
};
struct not_undoable {
  void execute(long&) {}
};
struct throwing_move {
  throwing_move() = default;
  throwing_move(throwing_move&&) {}
  void execute(long&) {}
  void undo(long&) {}
};

using numbers = cmd::history<long, add, twice, set>;

static_assert(cmd::command<not_undoable, long>);
static_assert(!cmd::command<not_undoable, std::string>);
static_assert(cmd::undoable<add, long> && cmd::undoable<set, long>);
static_assert(!cmd::undoable<not_undoable, long> && !cmd::undoable<throwing_move, long>);
static_assert(!std::is_copy_constructible_v<numbers> && !std::is_copy_assignable_v<numbers>);
static_assert(std::is_same_v<numbers::step, std::variant<add, twice, set>>);
static_assert(noexcept(std::declval<cmd::history<long, add, twice>&>().undo()));
static_assert(noexcept(std::declval<cmd::history<long, add, twice>&>().redo()));
static_assert(!noexcept(std::declval<cmd::history<long, add, set>&>().undo()));
static_assert(!noexcept(std::declval<cmd::history<long, add, set>&>().redo()));
static_assert(std::is_nothrow_constructible_v<numbers, long&>);
static_assert(!std::is_convertible_v<outcome, bool>);
static_assert(outcome(outcome::done) && !outcome(outcome::refused) && !outcome(outcome::nothing));
static_assert(std::is_base_of_v<std::logic_error, cmd::misuse>);

// What a history shows, to compare it before and after.
template <class History>
auto seen(const History& h) {
  return std::tuple(h.size(), h.position(), h.clean_position(), h.is_clean(), h.can_undo(),
                    h.can_redo(), h.undo_label(), h.redo_label());
}

// A history as a list of all the states it went through.
struct model {
  struct step {
    bool is_add;
    long n;  // of an add
    std::size_t cost;
  };
  std::vector<long> states{0};  // before the first step, after it, …
  std::vector<step> steps;
  std::size_t position = 0, most_steps = numbers::npos, most_bytes = numbers::npos;
  std::optional<std::size_t> clean = 0;
  bool merging = true;

  void execute(step s, long after) {
    steps.resize(position);
    states.resize(position + 1);
    if (clean > position) clean.reset();
    const bool merges =
        merging && s.is_add && position != 0 && clean != position && steps.back().is_add;
    merging = true;
    if (merges && steps.back().n + s.n == 0) {
      steps.pop_back();
      states.pop_back();
      --position;
    } else if (merges) {
      steps.back().n += s.n;
      states.back() = after;
    } else {
      steps.push_back(s);
      states.push_back(after);
      ++position;
    }
    trim();
  }
  void trim() {
    const auto bytes = [&] {
      std::size_t sum = 0;
      for (const step& s : steps) sum += s.cost;
      return sum;
    };
    while (steps.size() > 1 && (steps.size() > most_steps || bytes() > most_bytes)) {
      if (position > 1) {
        steps.erase(steps.begin());
        states.erase(states.begin());
        --position;
        if (clean == 0U) clean.reset();
        if (clean) --*clean;
      } else {
        steps.pop_back();
        states.pop_back();
        if (clean > steps.size()) clean.reset();
      }
    }
  }
};

class Seeded : public testing::TestWithParam<unsigned> {};
INSTANTIATE_TEST_SUITE_P(CommandHistory, Seeded, testing::Range(0U, 200U));

// The laws UndoRestoresTheReceiver, RedoRepeatsTheEffect and PositionDecidesTheReceiver, and all
// that a history says of itself, after any sequence of operations.
TEST_P(Seeded, PositionDecidesTheReceiver) {
  std::mt19937 random(GetParam());
  const auto below = [&](std::size_t n) { return std::size_t{random() % n}; };
  long x = 0;
  numbers h(x);
  model m;
  for (int i = 0; i != 300; ++i) {
    switch (below(12)) {
      case 0:
      case 1:
      case 2: {
        const long n = static_cast<long>(below(4)) - 1;
        h.execute(add{n});
        m.execute({true, n, 10}, m.states[m.position] + n);
        break;
      }
      case 3:
        if (std::abs(x) < 1000) {
          h.execute(twice{});
          m.execute({false, 0, sizeof(twice)}, m.states[m.position] * 2);
        }
        break;
      case 4: {
        const long n = static_cast<long>(below(9));
        const set s{n};
        h.execute(s);
        m.execute({false, 0, sizeof(set)}, n);
        break;
      }
      case 5:
      case 6:
        EXPECT_EQ(h.undo(), m.position == 0 ? outcome::nothing : outcome::done);
        if (m.position != 0) --m.position;
        break;
      case 7:
        EXPECT_EQ(h.redo(), m.position == m.steps.size() ? outcome::nothing : outcome::done);
        if (m.position != m.steps.size()) ++m.position;
        break;
      case 8: {
        const std::size_t to = below(m.steps.size() + 1);
        EXPECT_EQ(h.go_to(to), to == m.position ? outcome::nothing : outcome::done);
        m.position = to;
        break;
      }
      case 9:
        h.mark_clean();
        m.clean = m.position;
        break;
      case 10:
        h.stop_merging();
        m.merging = false;
        break;
      case 11:
        if (below(4) == 0) {
          m.most_steps = below(3) == 0 ? numbers::npos : 1 + below(20);
          m.most_bytes = below(2) == 0 ? numbers::npos : below(300);
          h.set_limits({.steps = m.most_steps, .bytes = m.most_bytes});
          m.trim();
        }
        break;
    }
    ASSERT_EQ(x, m.states[m.position]) << "after operation " << i;
    ASSERT_EQ(h.size(), m.steps.size()) << "after operation " << i;
    ASSERT_EQ(h.position(), m.position) << "after operation " << i;
    ASSERT_EQ(h.clean_position(), m.clean.value_or(numbers::npos)) << "after operation " << i;
    ASSERT_EQ(h.is_clean(), m.clean == m.position);
    ASSERT_EQ(h.can_undo(), m.position != 0);
    ASSERT_EQ(h.can_redo(), m.position != m.steps.size());
    for (std::size_t s = 0; s != m.steps.size(); ++s) {
      ASSERT_EQ(std::holds_alternative<add>(h[s]), m.steps[s].is_add);
      if (m.steps[s].is_add) {
        ASSERT_EQ(std::get<add>(h[s]).n, m.steps[s].n);
      }
    }
  }
}

TEST_P(Seeded, UndoRestoresTheReceiver) {
  std::mt19937 random(GetParam());
  long x = static_cast<long>(random() % 100);
  const long before = x;
  numbers h(x);
  h.execute(set{static_cast<long>(random() % 100)});
  EXPECT_TRUE(h.undo());
  EXPECT_EQ(x, before);
}

TEST_P(Seeded, RedoRepeatsTheEffect) {
  std::mt19937 random(GetParam());
  long x = static_cast<long>(random() % 100);
  numbers h(x);
  h.execute(add{static_cast<long>(random() % 100)});
  const long after = x;
  EXPECT_TRUE(h.undo());
  EXPECT_TRUE(h.redo());
  EXPECT_EQ(x, after);
}

TEST(CommandHistory, BeginsEmptyAndClean) {
  long x = 5;
  numbers h(x);
  EXPECT_EQ(seen(h), std::tuple(0U, 0U, 0U, true, false, false, "", ""));
  EXPECT_EQ(h.undo(), outcome::nothing);
  EXPECT_EQ(h.redo(), outcome::nothing);
  EXPECT_EQ(x, 5);
}

TEST(CommandHistory, NamesWhatUndoAndRedoWouldDo) {
  long x = 0;
  numbers h(x);
  h.execute(add{1});
  h.execute(twice{});
  EXPECT_EQ(h.undo_label(), "");
  h.undo();
  EXPECT_EQ(h.undo_label(), "add");
  h.undo();
  EXPECT_EQ(h.undo_label(), "");
  EXPECT_EQ(h.redo_label(), "add");
}

TEST(CommandHistory, DropsWhatCouldBeRedoneWhenACommandIsExecuted) {
  long x = 0;
  numbers h(x);
  h.execute(add{1});
  h.execute(twice{});
  h.go_to(0);
  h.execute(set{7});
  EXPECT_EQ(h.size(), 1U);
  EXPECT_EQ(h.redo(), outcome::nothing);
  EXPECT_EQ(x, 7);
}

TEST(CommandHistory, DropsWhatCouldBeRedoneWhenACommandMerges) {
  long x = 0;
  numbers h(x);
  h.execute(add{1});
  h.execute(twice{});
  h.undo();
  h.execute(add{1});
  EXPECT_EQ(h.size(), 1U);
  EXPECT_FALSE(h.can_redo());
  h.undo();
  EXPECT_EQ(x, 0);
}

TEST(CommandHistory, NeverMergesAcrossTheCleanMark) {
  long x = 0;
  numbers h(x);
  h.execute(add{1});
  h.mark_clean();
  h.execute(add{1});
  EXPECT_EQ(h.size(), 2U);
  h.undo();
  EXPECT_TRUE(h.is_clean());
  EXPECT_EQ(x, 1);
}

TEST(CommandHistory, IsCleanAgainWhereTwoCommandsAnnihilate) {
  long x = 0;
  numbers h(x);
  h.execute(twice{});
  h.mark_clean();
  h.execute(add{3});
  EXPECT_FALSE(h.is_clean());
  h.execute(add{-3});
  EXPECT_EQ(h.size(), 1U);
  EXPECT_TRUE(h.is_clean());
}

TEST(CommandHistory, StopsMergingForOneCommand) {
  long x = 0;
  numbers h(x);
  h.execute(add{1});
  h.stop_merging();
  h.execute(add{2});
  h.execute(add{3});
  ASSERT_EQ(h.size(), 2U);
  EXPECT_EQ(std::get<add>(h[0]).n, 1);
  EXPECT_EQ(std::get<add>(h[1]).n, 5);
}

TEST(CommandHistory, KeepsACommandApartWhereMergingThrows) {
  struct stubborn {
    void execute(long& x) { ++x; }
    void undo(long& x) { --x; }
    cmd::merge merge_with(const stubborn&) { throw 1; }
  };
  long x = 0;
  cmd::history<long, stubborn> h(x);
  h.execute(stubborn{});
  h.execute(stubborn{});
  EXPECT_EQ(h.size(), 2U);
  EXPECT_EQ(x, 2);
}

TEST(CommandHistory, ForgetsTheCleanMarkThatCannotBeReachedAnyMore) {
  long x = 0;
  numbers h(x);
  h.execute(twice{});
  h.mark_clean();
  h.undo();
  EXPECT_FALSE(h.is_clean());
  h.execute(set{1});
  EXPECT_EQ(h.clean_position(), numbers::npos);
  h.undo();
  EXPECT_FALSE(h.is_clean());
}

TEST(CommandHistory, RedoesByRedoWhereACommandHasIt) {
  long x = 0;
  int redone = 0;
  numbers h(x);
  h.execute(set{3, 0, &redone});
  EXPECT_EQ(redone, 0);
  h.undo();
  h.redo();
  EXPECT_EQ(redone, 1);
  EXPECT_EQ(x, 3);
}

TEST(CommandHistory, RecordsWhatWasExecutedElsewhere) {
  long x = 5;
  numbers h(x);
  h.record(add{5});
  EXPECT_EQ(x, 5);
  h.record(add{1});  // merges, as if executed
  EXPECT_EQ(h.size(), 1U);
  h.undo();
  EXPECT_EQ(x, -1);
}

TEST(CommandHistory, IsAsItWasWhereACommandThrows) {
  long x = 0;
  cmd::history<long, faulty> h(x);
  h.execute(faulty{});
  h.execute(faulty{});
  h.undo();
  int heard = 0;
  h.on_change([&](const auto&) noexcept { ++heard; });
  const auto before = seen(h);
  faulty mine;
  for (const auto where : {faulty::in_execute, faulty::in_undo, faulty::in_redo}) {
    faulty::now = where;
    const auto use = [&] {
      if (where == faulty::in_execute) h.execute(std::move(mine));
      if (where == faulty::in_undo) h.undo();
      if (where == faulty::in_redo) h.redo();
    };
    EXPECT_THROW(use(), faulty::fault);
    faulty::now = faulty::nowhere;
    EXPECT_EQ(seen(h), before);
    EXPECT_EQ(x, 1);
  }
  EXPECT_NE(mine.owned, nullptr) << "the command is still the caller's";
  EXPECT_EQ(heard, 0);
  EXPECT_TRUE(h.redo());
}

TEST(CommandHistory, GoesAsFarAsItCanWhereACommandThrows) {
  long x = 0;
  cmd::history<long, faulty, add> h(x);
  h.execute(faulty{});
  h.execute(add{5});
  int heard = 0;
  h.on_change([&](const auto&) noexcept { ++heard; });
  faulty::now = faulty::in_undo;
  EXPECT_THROW(h.go_to(0), faulty::fault);
  faulty::now = faulty::nowhere;
  EXPECT_EQ(h.position(), 1U);
  EXPECT_EQ(x, 1);
  EXPECT_EQ(heard, 1);
}

TEST(CommandHistory, RefusesAPositionThatIsNone) {
  long x = 0;
  numbers h(x);
  h.execute(add{1});
  EXPECT_THROW(h.go_to(2), std::out_of_range);
  EXPECT_EQ(h.position(), 1U);
  EXPECT_EQ(x, 1);
}

TEST(CommandHistory, NotifiesOnceAChange) {
  long x = 0;
  numbers h(x);
  std::vector<std::size_t> positions;
  h.on_change([&](const numbers& changed) noexcept { positions.push_back(changed.position()); });
  h.execute(twice{});
  h.execute(twice{});
  h.execute(twice{});
  h.undo();
  h.redo();
  h.go_to(0);
  h.go_to(0);  // no change
  h.undo();    // no change
  h.mark_clean();
  h.set_limits({.steps = 2});
  h.clear();
  EXPECT_EQ(positions, (std::vector<std::size_t>{1, 2, 3, 2, 3, 0, 0, 0, 0}));
  h.on_change([](const numbers&) noexcept {});
  h.execute(twice{});
  EXPECT_EQ(positions.size(), 9U) << "the listener was replaced";
}

// Does what the test wants, whatever it is used for.
struct meddler {
  const std::function<void()>* meddle;
  void execute(long&) { (*meddle)(); }
  void undo(long&) { (*meddle)(); }
};

TEST(CommandHistory, RefusesToBeUsedFromInsideACommand) {
  long x = 0;
  int meddled = 0;
  cmd::history<long, meddler> h(x);
  const std::function<void()> nothing = [] {};
  const std::function<void()> meddle = [&] {
    ++meddled;
    EXPECT_THROW(h.execute(meddler{&nothing}), cmd::misuse);
    EXPECT_THROW(h.record(meddler{&nothing}), cmd::misuse);
    EXPECT_THROW(h.mark_clean(), cmd::misuse);
    EXPECT_THROW(h.set_limits({}), cmd::misuse);
    EXPECT_THROW(h.clear(), cmd::misuse);
    EXPECT_THROW(h.assign({}, 0, 0), cmd::misuse);
    EXPECT_EQ(h.undo(), outcome::refused);
    EXPECT_EQ(h.redo(), outcome::refused);
    EXPECT_FALSE(h.can_undo());
    EXPECT_FALSE(h.can_redo());
    EXPECT_EQ(h.go_to(h.position() == 0 ? 1 : 0), outcome::refused);
  };
  h.execute(meddler{&nothing});
  h.execute(meddler{&meddle});
  EXPECT_TRUE(h.undo());
  EXPECT_TRUE(h.redo());
  EXPECT_EQ(meddled, 3);
  EXPECT_EQ(h.size(), 2U);
  EXPECT_EQ(h.position(), 2U);
}

TEST(CommandHistory, CanOnlyBeReadFromInsideAListener) {
  long x = 0;
  numbers h(x);
  bool refused = false;
  h.on_change([&](const numbers&) noexcept {
    refused = h.undo() == outcome::refused;
    EXPECT_THROW(h.execute(add{1}), cmd::misuse);
  });
  h.execute(add{1});
  EXPECT_TRUE(refused);
  EXPECT_TRUE(h.can_undo()) << "once the listener has returned";
  EXPECT_EQ(x, 1);
}

TEST(CommandHistory, SaysWhatIsWrongInAMisuse) {
  long x = 0;
  numbers h(x);
  std::string said;
  h.on_change([&](const numbers&) noexcept {
    try {
      h.clear();
    } catch (const cmd::misuse& e) {
      said = e.what();
    }
  });
  h.mark_clean();
  EXPECT_EQ(said, "gof::command: not inside a command, a listener or an open macro");
}

TEST(CommandHistory, KeepsTheCurrentStepWhateverTheLimits) {
  long x = 0;
  numbers h(x);
  h.set_limits({.steps = 0, .bytes = 0});
  h.execute(set{1});
  h.execute(set{2});
  EXPECT_EQ(h.size(), 1U);
  EXPECT_TRUE(h.undo());
  EXPECT_EQ(x, 1);
}

TEST(CommandHistory, ReleasesWhatItForgets) {
  struct holder {
    std::shared_ptr<int> held;
    void execute(long&) {}
    void undo(long&) {}
  };
  long x = 0;
  const auto held = std::make_shared<int>(1);
  cmd::history<long, holder> h(x);
  h.set_limits({.steps = 3});
  for (int i = 0; i != 10; ++i) h.execute(holder{held});
  EXPECT_EQ(held.use_count(), 4);
  h.go_to(1);
  h.execute(holder{held});
  EXPECT_EQ(held.use_count(), 3);
  h.clear();
  EXPECT_EQ(held.use_count(), 1);
  EXPECT_EQ(h.size(), 0U);
}

TEST(CommandHistory, IsCleanAfterClearOnlyWhereItWas) {
  long x = 0;
  numbers h(x);
  h.execute(twice{});
  h.clear();
  EXPECT_FALSE(h.is_clean());
  EXPECT_EQ(h.clean_position(), numbers::npos);
  h.mark_clean();
  h.clear();
  EXPECT_TRUE(h.is_clean());
}

TEST(CommandHistory, TakesStepsThatWereKept) {
  long x = 3;
  numbers h(x);
  h.execute(twice{});
  std::vector<numbers::step> steps;
  steps.emplace_back(add{1});
  steps.emplace_back(add{2});
  EXPECT_THROW(h.assign({}, 1, 0), std::out_of_range);
  EXPECT_THROW(h.assign({}, 0, 1), std::out_of_range);
  EXPECT_EQ(h.size(), 1U);
  h.set_limits({.steps = 2});
  h.assign(std::move(steps), 1, 2);
  EXPECT_EQ(seen(h), std::tuple(2U, 1U, 2U, false, true, true, "add", "add"));
  h.undo();
  EXPECT_EQ(x, 5);
  h.set_limits({.steps = 1});
  EXPECT_EQ(h.size(), 1U) << "the limits hold for what was assigned";
}

TEST(CommandHistory, PushesInAmortisedConstantTimeAndBoundedSpace) {
  long x = 0;
  cmd::history<long, set> h(x);
  const std::size_t before = gof::testing::allocations();
  for (int i = 0; i != 10'000; ++i) h.execute(set{i});
  EXPECT_LE(gof::testing::allocations() - before, 20U) << "it grows in powers";
  h.set_limits({.steps = 100});
  const std::size_t limited = gof::testing::allocations();
  for (int i = 0; i != 100'000; ++i) h.execute(set{i});
  EXPECT_GT(gof::testing::allocations() - limited, 100U) << "it gives back what it forgot";
  EXPECT_LT(gof::testing::allocations() - limited, 2000U);
}

TEST(CommandHistory, IsAsItWasWhereMemoryRunsOut) {
  long x = 0;
  std::optional<cmd::history<long, faulty>> h(x);
  std::optional<std::tuple<std::size_t, long>> before;
  std::size_t failures = 0;
  for (int i = 0; i != 40; ++i) {
    failures += gof::testing::fail_each_allocation(
        [&] {
          before.emplace(h->position(), x);
          faulty command;
          h->execute(std::move(command));
        },
        [&] { EXPECT_EQ(std::tuple(h->position(), x), before); });
  }
  EXPECT_GT(failures, 40U) << "the command's allocation each time, the history's now and then";
  EXPECT_EQ(h->position(), 40U);
  EXPECT_EQ(x, 40);
  h->go_to(0);
  EXPECT_EQ(x, 0);
}

TEST(CommandHistory, MakesNoCopyOfACommandThatIsMoved) {
  long x = 0;
  cmd::history<long, faulty> h(x);  // faulty cannot be copied
  faulty command;
  const int* owned = command.owned.get();
  h.execute(std::move(command));
  EXPECT_EQ(std::get<0>(h[0]).owned.get(), owned);
}

TEST(CommandHistory, TakesWhatConvertsToItsOnlyCommand) {
  struct from_number {
    long n;
    from_number(long from) : n(from) {}
    void execute(long& x) { x += n; }
    void undo(long& x) { x -= n; }
  };
  long x = 0;
  cmd::history<long, from_number> h(x);
  h.execute(4L);
  EXPECT_EQ(x, 4);
  h.undo();
  EXPECT_EQ(x, 0);
}

}  // namespace
