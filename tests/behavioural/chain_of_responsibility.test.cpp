// SPDX-License-Identifier: BSL-1.0
#include <gof/chain_of_responsibility.hpp>
// The header under test comes first, so that it has to stand alone.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace {

namespace cor = gof::chain_of_responsibility;
using cor::chain_of, cor::outcome;

// Answers multiples of its number.
struct multiples {
  int of;
  constexpr outcome<int> handle_request(int x, auto next) const {
    if (x % of == 0) return of;
    return std::move(next)(x);
  }
};
struct everything {
  constexpr int handle_request(int, auto) const { return -1; }
};
struct transparent {
  constexpr auto handle_request(int x, auto next) const { return std::move(next)(x); }
};
// Writes down what it sees and what comes back.
struct logging {
  std::vector<std::string>* log;
  std::string name;
  outcome<int> handle_request(int x, auto next) const {
    log->push_back(name);
    auto result = std::move(next)(x);
    log->push_back("/" + name + (result ? "" : " nobody"));
    return result;
  }
};
struct counting {
  int seen = 0;
  outcome<int> handle_request(int x, auto next) {
    ++seen;
    return std::move(next)(x);
  }
};

// Computed where it can be.
constexpr auto three = chain_of<int(int)>(multiples{2}, multiples{3}, multiples{5});
static_assert(*three.handle_request(4) == 2 && *three.handle_request(9) == 3);
static_assert(*three.handle_request(30) == 2);
static_assert(three.handle_request(25).value() == 5);
static_assert(!three.handle_request(7));
static_assert(three.handle_request(7).value_or(-1) == -1);
static_assert(three.handle_request(3).value_or(-1) == 3);
constexpr auto none = chain_of<int(int)>();
static_assert(!none.handle_request(1));
constexpr auto with_tail = chain_of<int(int)>(multiples{2}, everything());
static_assert(*with_tail.handle_request(1) == -1);
// What is known of an outcome.
static_assert(!std::is_default_constructible_v<outcome<int>>);
static_assert(!std::is_copy_constructible_v<outcome<int>>);
static_assert(std::is_nothrow_move_constructible_v<outcome<int>>);
static_assert(std::is_convertible_v<const char*, outcome<std::string>>);
static_assert(!std::is_convertible_v<std::nullptr_t, outcome<int>>);
static_assert(!std::is_convertible_v<outcome<int>, bool>);
static_assert(!std::is_convertible_v<outcome<int>, outcome<long>>);
// A token is no value to keep.
struct probe {
  outcome<int> handle_request(int, auto next) const {
    using token = decltype(next);
    static_assert(std::is_nothrow_move_constructible_v<token>);
    static_assert(!std::is_copy_constructible_v<token> && !std::is_move_assignable_v<token>);
    static_assert(std::is_invocable_v<token, int>);
    static_assert(!std::is_invocable_v<token&, int> && !std::is_invocable_v<const token&, int>);
    return 1;
  }
};
static_assert(sizeof(chain_of<int(int)>(transparent(), multiples{2}, everything())) == sizeof(int));

TEST(StaticChain, EmptyMeansNobody) {
  std::vector<std::string> log;
  const auto chain = chain_of<int(int)>(logging{&log, "a"}, multiples{2}, logging{&log, "b"});
  EXPECT_EQ(*chain.handle_request(4), 2);
  EXPECT_EQ(log, (std::vector<std::string>{"a", "/a"}));
  log.clear();
  EXPECT_FALSE(chain.handle_request(3));
  EXPECT_EQ(log, (std::vector<std::string>{"a", "b", "/b nobody", "/a nobody"}));
}

TEST(StaticChain, InOrder) {
  std::vector<std::string> log;
  const auto chain =
      chain_of<int(int)>(logging{&log, "a"}, logging{&log, "b"}, transparent(), everything());
  EXPECT_EQ(*chain.handle_request(1), -1);
  EXPECT_EQ(log, (std::vector<std::string>{"a", "b", "/b", "/a"}));
}

TEST(StaticChain, AtMostOnce) {
  const auto twice = [](int x, auto next) -> outcome<int> {
    static_cast<void>(std::move(next)(x));
    return std::move(next)(x);
  };
  auto chain = chain_of<int(int)>(twice, counting(), everything());
  EXPECT_THROW(static_cast<void>(chain.handle_request(1)), cor::misuse);
  EXPECT_EQ(chain.get<counting>().seen, 1);
  const auto moved_away = [](int x, auto next) -> outcome<int> {
    [[maybe_unused]] const auto elsewhere = std::move(next);
    return std::move(next)(x);
  };
  auto other = chain_of<int(int)>(moved_away, counting());
  EXPECT_THROW(static_cast<void>(other.handle_request(1)), cor::misuse);
  EXPECT_EQ(other.get<counting>().seen, 0);
}

TEST(StaticChain, ANextCanBeMovedToWhereItIsUsed) {
  const auto later = [](int x, auto next) -> outcome<int> {
    auto mine = std::move(next);
    return std::move(mine)(x);
  };
  EXPECT_EQ(*chain_of<int(int)>(later, everything()).handle_request(1), -1);
  EXPECT_EQ(*chain_of<int(int)>(probe()).handle_request(1), 1);
}

TEST(StaticChain, KeepsTheStateOfItsHandlers) {
  auto chain = chain_of<int(int)>(counting(), multiples{2});
  static_cast<void>(chain.handle_request(1));
  const auto copy = chain;
  static_cast<void>(chain.handle_request(2));
  EXPECT_EQ(chain.get<counting>().seen, 2);
  EXPECT_EQ(copy.get<counting>().seen, 1);
  EXPECT_EQ(copy.get<multiples>().of, 2);
}

TEST(StaticChain, AHandlerMayChangeTheRequestAndTheAnswer) {
  const auto trimmed = [](const std::string& s, auto next) {
    return std::move(next)(s.substr(0, 3));
  };
  const auto loud = [](const std::string& s, auto next) -> outcome<std::string> {
    return std::move(next)(s).value() + "!";
  };
  const auto echo = [](const std::string& s, auto) -> outcome<std::string> { return s; };
  const auto chain = chain_of<std::string(const std::string&)>(trimmed, loud, echo);
  EXPECT_EQ(*chain.handle_request("abcdef"), "abc!");
}

TEST(StaticChain, ARequestIsHandedOnAsTheSignatureSays) {
  using text = std::string;
  // A reference is the same object for all; they may change it.
  const auto adds = [](text& s, auto next) {
    s += '+';
    return std::move(next)(s);
  };
  text mine;
  const auto where = [](text& s, auto) -> outcome<text*> { return &s; };
  EXPECT_EQ(*chain_of<text*(text&)>(adds, adds, where).handle_request(mine), &mine);
  EXPECT_EQ(mine, "++");
  // They may take it away.
  using owner = std::unique_ptr<int>;
  const auto looks = [](owner&& p, auto next) {
    EXPECT_NE(p, nullptr);
    return std::move(next)(std::move(p));
  };
  const auto takes = [](owner&& p, auto) -> outcome<owner> { return std::move(p); };
  const auto chain = chain_of<owner(owner &&)>(looks, takes);
  EXPECT_EQ(*chain.handle_request(std::make_unique<int>(7)).value(), 7);
  // A value is not copied.
  const auto address = [](const text& s, auto) -> outcome<const text*> { return &s; };
  EXPECT_EQ(*chain_of<const text*(text)>(address).handle_request(mine), &mine);
}

TEST(StaticChain, WhatAHandlerThrowsArrives) {
  const auto rejects = [](int, auto) -> outcome<int> { throw cor::rejected("no such user"); };
  auto chain = chain_of<int(int)>(counting(), rejects, counting());
  try {
    static_cast<void>(chain.handle_request(1));
    FAIL() << "was not rejected";
  } catch (const cor::rejected& refusal) {
    EXPECT_STREQ(refusal.what(), "no such user");
  }
}

TEST(StaticChain, AHandlerMayAnswerForThoseThatFail) {
  const auto rejects = [](int, auto) -> outcome<int> { throw cor::rejected("full"); };
  const auto falls_back = [](int x, auto next) -> outcome<int> {
    try {
      return std::move(next)(x);
    } catch (const cor::rejected&) {
      return 99;
    }
  };
  EXPECT_EQ(*chain_of<int(int)>(falls_back, rejects).handle_request(1), 99);
}

TEST(Outcome, GivesTheAnswerOrSaysThatThereIsNone) {
  outcome<std::string> some = "text";
  ASSERT_TRUE(some);
  EXPECT_EQ(some->size(), 4u);
  *some += '!';
  outcome<std::string> taken = std::move(some);
  EXPECT_EQ(*std::as_const(taken), "text!");
  EXPECT_EQ(std::move(taken).value_or("other"), "text!");
  const auto nobody = [] { return chain_of<std::string(int)>().handle_request(1); };
  EXPECT_EQ(nobody().value_or("other"), "other");
  try {
    static_cast<void>(nobody().value());
    FAIL() << "there was an answer";
  } catch (const cor::unhandled& e) {
    EXPECT_STREQ(e.what(), "gof::chain_of_responsibility: no handler answered the request");
  }
}

TEST(Outcome, OwnsTheAnswerOnce) {
  const auto shared = std::make_shared<int>(1);
  {
    outcome<std::shared_ptr<int>> a = shared;
    const outcome<std::shared_ptr<int>> b = std::move(a);
    EXPECT_EQ(shared.use_count(), 2);
    EXPECT_EQ(*b, shared);
  }
  EXPECT_EQ(shared.use_count(), 1);
}

TEST(Outcome, MaySayNoMoreThanThatItWasHandled) {
  const auto chain = chain_of<cor::handled(int)>([](int x, auto next) -> outcome<cor::handled> {
    if (x == 1) return cor::handled();
    return std::move(next)(x);
  });
  EXPECT_EQ(*chain.handle_request(1), cor::handled());
  EXPECT_FALSE(chain.handle_request(2));
}

}  // namespace
