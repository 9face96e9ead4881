// SPDX-License-Identifier: BSL-1.0
#include <gof/bridge/conformance.hpp>
// The header under test comes first, so that it has to stand alone.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace {

namespace br = gof::bridge;
using failures = std::vector<br::failure>;

struct counter {
  virtual ~counter() = default;
  virtual void add() { ++n; }
  int n = 0;
};
struct forgets_the_second final : counter {
  void add() override { n = 1; }
};
struct throws final : counter {
  void add() override { throw 7; }
};

const br::conformance<counter> suite{
    {"begins at nothing", [](counter& c) { br::expect(c.n == 0, "none"); }},
    {"counts one",
     [](counter& c) {
       c.add();
       br::expect(c.n == 1, "one");
     }},
    {"counts two", [](counter& c) {
       c.add();
       c.add();
       br::expect(c.n == 2, "two");
     }}};

TEST(Conformance, PassesWhatConforms) {
  EXPECT_EQ(suite.run("counter", [] { return counter(); }), failures{});
  EXPECT_EQ(suite.run("counter", [] { return std::make_unique<counter>(); }), failures{});
}

TEST(Conformance, EachCheckAlone) {
  int made = 0;
  const auto make = [&] { return ++made, throws(); };
  const std::string other = "threw what is no std::exception";
  const failures expected{{"throws", "counts one", other}, {"throws", "counts two", other}};
  EXPECT_EQ(suite.run("throws", make), expected);
  EXPECT_EQ(made, 3);
  EXPECT_EQ(suite.run("throws", [] { return std::make_unique<throws>(); }), expected);
}

TEST(Conformance, NamesTheCheckTheImplementorAndTheReason) {
  const failures found = suite.run("forgets", [] { return forgets_the_second(); });
  EXPECT_EQ(found, (failures{{"forgets", "counts two", "expected two"}}));
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(to_string(found[0]), "forgets: counts two: expected two");
}

TEST(Conformance, FailsWhatCannotBeMade) {
  int made = 0;
  const failures found = suite.run("late", [&] {
    if (++made == 2) throw std::runtime_error("no room");
    return std::make_unique<counter>();
  });
  EXPECT_EQ(found, (failures{{"late", "counts one", "no room"}}));
}

TEST(Conformance, IsNotEmpty) { EXPECT_THROW(br::conformance<counter>({}), br::misuse); }

TEST(Expectation, ThrowsWhereItIsNotMet) {
  EXPECT_NO_THROW(br::expect(true, "x"));
  EXPECT_THROW(br::expect(false, "x"), br::not_met);
}

}  // namespace
