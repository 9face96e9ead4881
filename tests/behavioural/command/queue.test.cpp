// SPDX-License-Identifier: BSL-1.0
#include <gof/command/queue.hpp>
// The header under test comes first, so that it has to stand alone.
#include <gtest/gtest.h>
#include <gof/command/any_command.hpp>

#include <functional>
#include <memory>
#include <random>
#include <string>

#include "support/allocations.hpp"

namespace {

namespace cmd = gof::command;

struct append {
  char c;
  void execute(std::string& to) { to += c; }
  void undo(std::string& to) { to.pop_back(); }
};
struct reverse {
  void execute(std::string& text) { text = {text.rbegin(), text.rend()}; }
  void undo(std::string& text) { execute(text); }
};
// Cannot be undone, only executed.
struct call {
  std::function<void()> what;
  void execute(std::string&) { what(); }
};
struct fault {};

using edits = cmd::queue<std::string, append, reverse>;
using calls = cmd::queue<std::string, append, call>;
static_assert(cmd::command<call, std::string> && !cmd::undoable<call, std::string>);
static_assert(!std::is_constructible_v<std::variant<append, reverse>, call>);

class Seeded : public testing::TestWithParam<unsigned> {};
INSTANTIATE_TEST_SUITE_P(CommandQueue, Seeded, testing::Range(0U, 50U));

TEST_P(Seeded, LaterIsAsNow) {
  std::mt19937 random(GetParam());
  std::string now, later, undone;
  edits q, through;
  cmd::history<std::string, append, reverse> h(undone);
  for (int i = 0; i != 50; ++i) {
    if (random() % 2 == 0) {
      append a{static_cast<char>('a' + random() % 26)};
      q.prepare(a);
      through.prepare(a);
      a.execute(now);
    } else {
      q.prepare(reverse{});
      through.prepare(reverse{});
      reverse{}.execute(now);
    }
    EXPECT_EQ(q.size(), static_cast<std::size_t>(i + 1));
  }
  EXPECT_EQ(later, "");
  EXPECT_TRUE(q.execute_next(later));
  EXPECT_EQ(q.size(), 49U);
  EXPECT_EQ(q.execute_all(later), 49U);
  EXPECT_EQ(later, now);
  EXPECT_TRUE(q.empty());
  EXPECT_FALSE(q.execute_next(later));
  EXPECT_EQ(through.execute_all(h), 50U);
  EXPECT_EQ(undone, now);
  h.go_to(0);
  EXPECT_EQ(undone, "");
}

TEST(CommandQueue, KeepsTheCommandThatThrowsInFront) {
  std::string text;
  calls q;
  bool faulty = true;
  q.prepare(append{'a'});
  q.prepare(call{[&] {
    if (faulty) throw fault();
  }});
  q.prepare(append{'b'});
  EXPECT_THROW(q.execute_all(text), fault);
  EXPECT_EQ(text, "a");
  EXPECT_EQ(q.size(), 2U);
  EXPECT_THROW(q.execute_next(text), fault);
  faulty = false;
  EXPECT_EQ(q.execute_all(text), 2U);
  EXPECT_EQ(text, "ab");
}

TEST(CommandQueue, KeepsTheCommandThatAHistoryDidNotTake) {
  struct owner {
    bool* faulty;
    std::unique_ptr<int> owned = std::make_unique<int>(1);
    void execute(std::string& to) {
      if (*faulty) throw fault();
      to += owned != nullptr ? "whole" : "emptied";
    }
    void undo(std::string& to) { to.clear(); }
  };
  std::string text;
  bool faulty = true;
  cmd::queue<std::string, owner> q;
  cmd::history<std::string, owner> h(text);
  q.prepare(owner{&faulty});
  EXPECT_THROW(q.execute_next(h), fault);
  faulty = false;
  EXPECT_TRUE(q.execute_next(h));
  EXPECT_EQ(text, "whole");
  EXPECT_TRUE(h.can_undo());
}

TEST(CommandQueue, CanBeAddedToFromInsideItsCommand) {
  std::string text;
  calls q;
  q.prepare(call{[&] { q.prepare(append{'x'}); }});
  q.prepare(append{'y'});
  EXPECT_EQ(q.execute_all(text), 3U);
  EXPECT_EQ(text, "yx");
}

TEST(CommandQueue, RefusesToBeRunOrClearedFromInsideItsCommand) {
  std::string text;
  calls q;
  int refused = 0;
  q.prepare(call{[&] {
    EXPECT_THROW(q.execute_next(text), cmd::misuse);
    EXPECT_THROW(q.execute_all(text), cmd::misuse);
    EXPECT_THROW(q.clear(), cmd::misuse);
    ++refused;
  }});
  q.prepare(append{'a'});
  EXPECT_TRUE(q.execute_next(text));
  EXPECT_EQ(refused, 1);
  EXPECT_EQ(q.size(), 1U);
  q.clear();
  EXPECT_TRUE(q.empty());
}

TEST(CommandQueue, TakesAnyCommand) {
  std::string text;
  cmd::queue<std::string, cmd::any_command<std::string>> q;
  cmd::any_history<std::string> h(text);
  q.prepare(append{'a'});
  q.prepare(reverse{});
  EXPECT_EQ(q.execute_all(h), 2U);
  EXPECT_EQ(text, "a");
}

TEST(CommandQueue, IsAsItWasWhereMemoryRunsOut) {
  edits q;
  std::size_t prepared = 0, failures = 0;
  for (; prepared != 1000; ++prepared) {
    failures += gof::testing::fail_each_allocation([&] { q.prepare(append{'a'}); },
                                                   [&] { EXPECT_EQ(q.size(), prepared); });
  }
  EXPECT_GT(failures, 0U);
  std::string text;
  EXPECT_EQ(q.execute_all(text), 1000U);
  EXPECT_EQ(text, std::string(1000, 'a'));
}

}  // namespace
