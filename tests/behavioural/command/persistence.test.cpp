// SPDX-License-Identifier: BSL-1.0
#include <gof/command/persistence.hpp>
// The header under test comes first, so that it has to stand alone.
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <tuple>

#include "support/allocations.hpp"

namespace {

namespace cmd = gof::command;

struct append {
  std::string text;
  void execute(std::string& to) { to += text; }
  void undo(std::string& to) { to.erase(to.size() - text.size()); }
  std::string label() const { return "append " + text; }
};
struct reverse {
  void execute(std::string& text) { text = {text.rbegin(), text.rend()}; }
  void undo(std::string& text) { execute(text); }
};
struct codec {
  static std::string encode(const append& c) { return 'a' + c.text; }
  static std::string encode(const reverse&) { return "r"; }
  static std::variant<append, reverse> decode(std::string_view bytes) {
    if (bytes.starts_with('a')) return append{std::string(bytes.substr(1))};
    if (bytes == "r") return reverse{};
    throw std::invalid_argument("no command");
  }
};
using edits = cmd::history<std::string, append, reverse>;
using macros = cmd::macro_history<std::string, append, reverse>;

template <class History>
auto seen(const History& h) {
  return std::tuple(h.size(), h.position(), h.clean_position(), h.undo_label(), h.redo_label());
}

// Bytes that a careless format would stumble over.
std::string random_text(std::mt19937& random) {
  std::string text(random() % 6, ' ');
  for (char& c : text) c = "\n0 1\0a\xff"[random() % 8];
  return text;
}
void edit(macros& h, std::mt19937& random) {
  switch (random() % 6) {
    case 0:
    case 1:
      h.execute(append{random_text(random)});
      break;
    case 2:
      h.execute(reverse{});
      break;
    case 3: {
      auto m = h.begin_macro(random_text(random));
      for (auto n = random() % 4; n != 0; --n) h.execute(append{random_text(random)});
      h.execute(reverse{});
      m.commit();
      break;
    }
    case 4:
      h.go_to(random() % (h.size() + 1));
      break;
    case 5:
      h.mark_clean();
      break;
  }
}

class Seeded : public testing::TestWithParam<unsigned> {};
INSTANTIATE_TEST_SUITE_P(CommandPersistence, Seeded, testing::Range(0U, 100U));

TEST_P(Seeded, WhatIsLoadedIsWhatWasSaved) {
  std::mt19937 random(GetParam());
  std::string text;
  macros h(text);
  for (int i = 0; i != 40; ++i) edit(h, random);
  const std::string saved = cmd::save(h, codec{}, text);
  EXPECT_EQ(cmd::stamp_of(saved), text);

  std::string again = text;
  macros loaded(again);
  cmd::load(loaded, saved, codec{}, text);
  EXPECT_EQ(again, text) << "loading executes nothing";
  EXPECT_EQ(seen(loaded), seen(h));
  EXPECT_EQ(cmd::save(loaded, codec{}, text), saved);
  for (std::size_t i = 0; i <= h.size(); ++i) {
    h.go_to(i);
    loaded.go_to(i);
    ASSERT_EQ(again, text) << "at position " << i;
  }
}

TEST(CommandPersistence, KeepsHistoriesWithoutMacros) {
  std::string text;
  edits h(text);
  h.execute(append{"ab"});
  h.execute(reverse{});
  h.undo();
  const std::string saved = cmd::save(h, codec{}, "stamp");
  edits loaded(text);
  cmd::load(loaded, saved, codec{}, "stamp");
  EXPECT_EQ(seen(loaded), std::tuple(2U, 1U, 0U, "append ab", ""));
  loaded.redo();
  EXPECT_EQ(text, "ba");
}

TEST(CommandPersistence, KeepsThatTheCleanMarkCannotBeReached) {
  std::string text;
  edits h(text), loaded(text);
  h.execute(append{"a"});
  h.clear();
  cmd::load(loaded, cmd::save(h, codec{}, ""), codec{}, "");
  EXPECT_EQ(loaded.clean_position(), edits::npos);
}

TEST(CommandPersistence, RefusesWhatIsDamagedAndIsAsItWas) {
  std::mt19937 random(1);
  std::string text;
  macros h(text);
  for (int i = 0; i != 12; ++i) edit(h, random);
  const std::string saved = cmd::save(h, codec{}, "stamp");
  const auto before = seen(h);
  const auto refused = [&](const std::string& damaged) {
    EXPECT_THROW(cmd::load(h, damaged, codec{}, "stamp"), cmd::damaged);
    EXPECT_THROW(static_cast<void>(cmd::stamp_of(damaged)), cmd::damaged);
    EXPECT_EQ(seen(h), before);
  };
  for (std::size_t i = 0; i != saved.size(); ++i) {
    std::string damaged = saved;
    damaged[i] = static_cast<char>(damaged[i] ^ 1);
    refused(damaged);
    refused(std::string(saved).erase(i, 1));
    refused(saved.substr(0, i));
    refused(std::string(saved).insert(i, 1, '7'));
  }
  refused(saved + ' ');
  refused("");
}

// Texts whose checksum is right, as a wrong program or a malicious one writes them.
std::string forged(const std::string& body) {
  return "gof history 1\n" + std::to_string(cmd::detail::checksum(body)) + ' ' + body;
}

TEST(CommandPersistence, RefusesWhatIsForged) {
  std::string text;
  macros h(text);
  edits without(text);
  const std::string good = "1 s\n1 1 2 0 2 ab\n1 1 m\n1 1 r\n";
  cmd::load(h, forged(good), codec{}, "s");
  EXPECT_EQ(seen(h), std::tuple(2U, 1U, 0U, "append b", "m"));
  for (std::size_t length = 4; length != good.size(); ++length) {
    EXPECT_THROW(cmd::load(h, forged(good.substr(0, length)), codec{}, "s"), cmd::damaged);
  }
  EXPECT_THROW(cmd::load(h, forged(good + ' '), codec{}, "s"), cmd::damaged);
  EXPECT_THROW(cmd::load(h, forged("1 s\n0 0 1 2 2 ab\n"), codec{}, "s"), cmd::damaged)
      << "no such kind of step";
  EXPECT_THROW(cmd::load(h, forged("1 s\n2 1 1 0 2 ab\n"), codec{}, "s"), cmd::damaged)
      << "position";
  EXPECT_THROW(cmd::load(h, forged("1 s\n0 3 1 0 2 ab\n"), codec{}, "s"), cmd::damaged)
      << "clean position";
  EXPECT_THROW(cmd::load(h, forged("1 s\n0 0 99999999999999999999 "), codec{}, "s"), cmd::damaged);
  EXPECT_THROW(cmd::load(h, forged("1 s\n0 0 18446744073709551615 "), codec{}, "s"), cmd::damaged);
  EXPECT_THROW(cmd::load(h, forged("1 s\n0 0 1 0 18446744073709551615 "), codec{}, "s"),
               cmd::damaged);
  EXPECT_THROW(cmd::load(without, forged(good), codec{}, "s"), cmd::damaged) << "macros";
  EXPECT_EQ(seen(h), std::tuple(2U, 1U, 0U, "append b", "m"));
  EXPECT_EQ(without.size(), 0U);
}

TEST(CommandPersistence, RefusesAHistoryOfAnotherState) {
  std::string text;
  edits h(text);
  h.execute(append{"a"});
  const std::string saved = cmd::save(h, codec{}, "Monday");
  EXPECT_THROW(cmd::load(h, saved, codec{}, "Tuesday"), cmd::out_of_step);
  EXPECT_EQ(h.size(), 1U);
}

TEST(CommandPersistence, LetsTheCodecsErrorsThrough) {
  std::string text;
  edits h(text);
  EXPECT_THROW(cmd::load(h, forged("1 s\n0 0 1 0 1 x\n"), codec{}, "s"), std::invalid_argument);
  EXPECT_EQ(h.size(), 0U);
}

TEST(CommandPersistence, ChecksumIsThePublishedOne) {  // FNV-1a test vectors of its authors
  EXPECT_EQ(cmd::detail::checksum(""), 0xcbf29ce484222325U);
  EXPECT_EQ(cmd::detail::checksum("a"), 0xaf63dc4c8601ec8cU);
  EXPECT_EQ(cmd::detail::checksum("foobar"), 0x85944171f73967e8U);
}

TEST(CommandPersistence, IsAsItWasWhereMemoryRunsOut) {
  std::mt19937 random(1);
  std::string text;
  macros h(text);
  for (int i = 0; i != 12; ++i) edit(h, random);
  const auto before = seen(h);
  std::string saved;
  const std::size_t failed_saves = gof::testing::fail_each_allocation(
      [&] { saved = cmd::save(h, codec{}, "a stamp that does not fit into a string"); },
      [&] { EXPECT_EQ(seen(h), before); });
  EXPECT_GT(failed_saves, 0U);
  std::string other;
  macros loaded(other);
  const std::size_t failed_loads = gof::testing::fail_each_allocation(
      [&] { cmd::load(loaded, saved, codec{}, "a stamp that does not fit into a string"); },
      [&] { EXPECT_EQ(loaded.size(), 0U); });
  EXPECT_GT(failed_loads, 0U);
  EXPECT_EQ(seen(loaded), before);
}

}  // namespace
