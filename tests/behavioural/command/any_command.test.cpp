// SPDX-License-Identifier: BSL-1.0
#include <gof/command/any_command.hpp>
// The header under test comes first, so that it has to stand alone.
#include <gtest/gtest.h>
#include <gof/command/macro.hpp>

#include <memory>
#include <random>
#include <string>
#include <vector>

#include "support/allocations.hpp"

namespace {

namespace cmd = gof::command;

struct append {
  std::string text;
  void execute(std::string& to) { to += text; }
  void undo(std::string& to) { to.erase(to.size() - text.size()); }
  cmd::merge merge_with(const append& later) {
    text += later.text;
    return cmd::merge::yes;
  }
  std::string label() const { return "append " + text; }
  std::size_t cost() const noexcept { return 100; }
};
struct drop {
  std::unique_ptr<char> dropped = std::make_unique<char>('-');  // cannot be copied
  int* redone = nullptr;
  void execute(std::string& from) {
    *dropped = from.back();
    from.pop_back();
  }
  void undo(std::string& from) { from += *dropped; }
  void redo(std::string& from) {
    if (redone != nullptr) ++*redone;
    execute(from);
  }
};
using any = cmd::any_command<std::string>;

static_assert(cmd::undoable<any, std::string>);
static_assert(std::is_convertible_v<append, any> && std::is_convertible_v<drop, any>);
static_assert(!std::is_constructible_v<any, int>);
static_assert(!std::is_copy_constructible_v<any>);
static_assert(std::is_same_v<cmd::any_history<std::string>, cmd::history<std::string, any>>);

TEST(AnyCommand, IsExecutedUndoneAndRedoneAsTheCommand) {
  std::string text;
  int redone = 0;
  cmd::any_history<std::string> h(text);
  h.execute(append{"ab"});
  const append lasting{"cd"};
  h.stop_merging();
  h.execute(lasting);
  h.execute(drop{std::make_unique<char>(), &redone});
  EXPECT_EQ(text, "abc");
  h.go_to(1);
  EXPECT_EQ(text, "ab");
  h.go_to(3);
  EXPECT_EQ(text, "abc");
  EXPECT_EQ(redone, 1);
}

TEST(AnyCommand, HasTheLabelAndTheCostOfTheCommand) {
  const any with(append{"x"}), without(drop{});
  EXPECT_EQ(with.label(), "append x");
  EXPECT_EQ(with.cost(), 100U);
  EXPECT_EQ(without.label(), "");
  EXPECT_EQ(without.cost(), sizeof(drop));
}

TEST(AnyCommand, MergesWithItsOwnTypeOnly) {
  std::string text;
  cmd::any_history<std::string> h(text);
  h.execute(append{"a"});
  h.execute(append{"b"});
  EXPECT_EQ(h.size(), 1U);
  EXPECT_EQ(h.undo_label(), "append ab");
  h.execute(drop{});
  h.execute(drop{});
  EXPECT_EQ(h.size(), 3U);
  h.execute(append{"c"});
  EXPECT_EQ(h.size(), 4U);
  h.go_to(0);
  EXPECT_EQ(text, "");
}

TEST(AnyCommand, GoesIntoMacros) {
  std::string text;
  cmd::macro_history<std::string, any> h(text);
  auto m = h.begin_macro("both");
  h.execute(append{"ab"});
  h.execute(drop{});
  m.commit();
  h.execute(append{"c"});
  EXPECT_EQ(text, "ac");
  EXPECT_EQ(h.size(), 2U);
  h.go_to(0);
  EXPECT_EQ(text, "");
}

TEST(AnyCommand, LeavesTheHistoryAsItWasWhereMemoryRunsOut) {
  std::string text;
  cmd::any_history<std::string> h(text);
  const std::size_t failures = gof::testing::fail_each_allocation([&] { h.execute(append{"x"}); },
                                                                  [&] { EXPECT_EQ(h.size(), 0U); });
  EXPECT_EQ(failures, 2U) << "the command's, and the history's";
}

}  // namespace
