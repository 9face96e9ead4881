// SPDX-License-Identifier: BSL-1.0
#include <gof/chain_of_responsibility/chain.hpp>
// The header under test comes first, so that it has to stand alone.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "support/allocations.hpp"

namespace {

namespace cor = gof::chain_of_responsibility;
using cor::decision, cor::outcome, cor::trace;
using chain = cor::chain<int(int)>;
using successor = cor::successor<int(int)>;
using registration = chain::registration;

static_assert(std::is_nothrow_default_constructible_v<chain>);
static_assert(!std::is_copy_constructible_v<chain> && !std::is_move_constructible_v<chain>);
static_assert(std::is_nothrow_move_constructible_v<registration>);
static_assert(std::is_nothrow_move_assignable_v<registration>);
static_assert(!std::is_copy_constructible_v<registration>);
static_assert(!std::is_default_constructible_v<registration>);
static_assert(std::is_nothrow_move_constructible_v<successor> &&
              !std::is_copy_constructible_v<successor>);
static_assert(!std::is_move_assignable_v<successor>);
static_assert(std::is_invocable_v<successor, int> && !std::is_invocable_v<successor&, int>);
static_assert(noexcept(std::declval<registration&>().remove()));

struct multiples {
  int of;
  outcome<int> handle_request(int x, auto next) const {
    if (x % of == 0) return of;
    return std::move(next)(x);
  }
};
// Names the token, and is no template.
outcome<int> pass_on(int x, successor after) { return std::move(after)(x); }
// Lives as long as it is in a chain.
struct living {
  std::shared_ptr<int> life;
  outcome<int> handle_request(int x, auto next) const { return std::move(next)(x); }
};

TEST(Chain, WithoutHandlersNobodyAnswers) {
  chain empty;
  EXPECT_FALSE(empty.handle_request(1));
  trace seen;
  EXPECT_FALSE(empty.handle_request(1, seen));
  EXPECT_TRUE(seen.empty());
  EXPECT_EQ(empty.describe(), "");
}

// The same as a plain list.
struct model_handler {
  std::string name;
  int order;
  int of;
};

class ChainLaws : public testing::TestWithParam<unsigned> {};
INSTANTIATE_TEST_SUITE_P(Seeds, ChainLaws, testing::Range(1u, 21u));

// EmptyMeansNobody, InOrder, AtMostOnce and RemoveUndoesAdd, by random edits and requests.
TEST_P(ChainLaws, EmptyMeansNobodyInOrderAtMostOnceRemoveUndoesAdd) {
  std::mt19937 random(GetParam());
  const auto below = [&](int n) { return static_cast<int>(random() % static_cast<unsigned>(n)); };
  chain tested;
  std::vector<model_handler> model;
  std::vector<std::pair<std::string, registration>> kept;
  for (int step = 0; step != 200; ++step) {
    if (const int what = below(4); what == 0) {
      const model_handler h{"h" + std::to_string(step), below(5) - 2, 2 + below(9)};
      kept.emplace_back(h.name, tested.add(h.name, multiples{h.of}, {.order = h.order}));
      const auto at = std::find_if(model.begin(), model.end(),
                                   [&](const auto& other) { return other.order > h.order; });
      model.insert(at, h);
    } else if (what == 1 && !kept.empty()) {
      const auto at = kept.begin() + below(static_cast<int>(kept.size()));
      std::erase_if(model, [&](const auto& h) { return h.name == at->first; });
      if (below(2) == 0) at->second.remove();
      kept.erase(at);
    } else {
      const int x = 1 + below(100);
      trace expected;
      std::optional<int> answer;
      for (const auto& h : model) {
        if (x % h.of == 0) answer = h.of;
        expected.push_back({h.name, answer ? decision::answered : decision::passed_on});
        if (answer) break;
      }
      trace seen;
      const auto traced = tested.handle_request(x, seen);
      EXPECT_EQ(seen, expected);
      EXPECT_EQ(traced ? std::optional(*traced) : std::nullopt, answer);
      const auto plain = tested.handle_request(x);
      EXPECT_EQ(plain ? std::optional(*plain) : std::nullopt, answer);
    }
    std::string order;
    for (const auto& h : model) order += (order.empty() ? "" : " -> ") + h.name;
    EXPECT_EQ(tested.describe(), order);
  }
}

TEST(ChainOrder, EqualsComeInTheOrderInWhichTheyWereAdded) {
  chain c;
  const auto a = c.add("a", pass_on);
  const auto b = c.add("b", pass_on, {.order = 1});
  const auto first = c.add("first", pass_on, {.order = -1});
  const auto d = c.add("d", pass_on);
  EXPECT_EQ(c.describe(), "first -> a -> d -> b");
}

TEST(ChainToken, AtMostOnce) {
  int seen = 0;
  chain c;
  const auto twice = c.add("twice", [](int x, successor n) -> outcome<int> {
    static_cast<void>(std::move(n)(x));
    return std::move(n)(x);
  });
  const auto counts = c.add("counts", [&](int, auto) -> outcome<int> { return ++seen; });
  EXPECT_THROW(static_cast<void>(c.handle_request(1)), cor::misuse);
  EXPECT_EQ(seen, 1);
  trace all;
  EXPECT_THROW(static_cast<void>(c.handle_request(1, all)), cor::misuse);
  EXPECT_EQ(all, (trace{{"twice", decision::passed_on}, {"counts", decision::answered}}));
}

TEST(ChainToken, IsSpentWhereItWasMovedFrom) {
  chain c;
  const auto gives_away = c.add("gives away", [](int x, successor n) -> outcome<int> {
    const outcome<int> result = pass_on(x, std::move(n));
    return std::move(n)(*result);
  });
  const auto tail = c.add("tail", [](int x, auto) { return x; });
  EXPECT_THROW(static_cast<void>(c.handle_request(1)), cor::misuse);
}

TEST(ChainTrace, TellsWhoSawARequestAndWhatHeDid) {
  chain c;
  const auto a = c.add("a", pass_on);
  const auto b = c.add("b", multiples{2});
  const auto d = c.add("c", [](int x, auto) -> outcome<int> {
    if (x == 3) throw cor::rejected("no 3");
    return x;
  });
  trace seen;
  EXPECT_EQ(*c.handle_request(4, seen), 2);
  EXPECT_EQ(seen, (trace{{"a", decision::passed_on}, {"b", decision::answered}}));
  seen.clear();
  EXPECT_EQ(*c.handle_request(5, seen), 5);
  EXPECT_EQ(
      seen,
      (trace{{"a", decision::passed_on}, {"b", decision::passed_on}, {"c", decision::answered}}));
  EXPECT_THROW(static_cast<void>(c.handle_request(3, seen)), cor::rejected);
  ASSERT_EQ(seen.size(), 6u);
  EXPECT_EQ(seen[4], (cor::visit{"b", decision::passed_on}));
  EXPECT_EQ(seen[5], (cor::visit{"c", decision::threw}));
}

TEST(ChainEdits, RemoveUndoesAdd) {
  const auto life = std::make_shared<int>(1);
  chain c;
  const auto a = c.add("a", pass_on);
  const auto b = c.add("b", pass_on, {.order = 2});
  {
    registration gone = c.add("gone", living{life}, {.order = 1});
    EXPECT_EQ(c.describe(), "a -> gone -> b");
    EXPECT_EQ(life.use_count(), 2);
    gone.remove();
    EXPECT_EQ(life.use_count(), 1);
    EXPECT_EQ(c.describe(), "a -> b");
    gone.remove();  // does nothing
  }
  EXPECT_EQ(c.describe(), "a -> b");
}

TEST(ChainEdits, ARegistrationKeepsWhatItWasMovedTo) {
  chain c;
  std::optional<registration> last;
  {
    registration a = c.add("a", pass_on);
    registration b = c.add("b", pass_on);
    last.emplace(std::move(a));
    a.remove();  // keeps nothing
    EXPECT_EQ(c.describe(), "a -> b");
    *last = std::move(b);  // ends what it kept
    EXPECT_EQ(c.describe(), "b");
    registration& same = *last;
    *last = std::move(same);
    EXPECT_EQ(c.describe(), "b");
  }
  EXPECT_EQ(c.describe(), "b");
  last.reset();
  EXPECT_EQ(c.describe(), "");
}

TEST(ChainEdits, WhatIsKeptStaysAsLongAsTheChain) {
  const auto life = std::make_shared<int>(1);
  {
    chain c;
    c.add("kept", living{life}).keep();
    registration r = c.add("another", pass_on);
    r.remove();
    std::move(r).keep();  // does nothing
    EXPECT_EQ(c.describe(), "kept");
    EXPECT_EQ(life.use_count(), 2);
  }
  EXPECT_EQ(life.use_count(), 1);
}

TEST(ChainEdits, ARegistrationMayOutliveTheChain) {
  const auto life = std::make_shared<int>(1);
  std::optional<registration> r;
  {
    chain c;
    r.emplace(c.add("a", living{life}));
  }
  EXPECT_EQ(life.use_count(), 1);
  r->remove();
  r.reset();
}

// EditsCountAhead: handlers with an odd number edit at random while a request passes them.
struct editor {
  int number;
  std::vector<std::string>* log;
  std::function<void(int)>* edit;
  outcome<int> handle_request(int x, auto next) const {
    log->push_back(std::to_string(number));
    if (number % 2 == 1) (*edit)(number);
    if (x == number) return x;
    return std::move(next)(x);
  }
};

TEST_P(ChainLaws, EditsCountAhead) {
  std::mt19937 random(GetParam());
  std::vector<std::string> log, expected;
  std::function<void(int)> edit;
  chain tested;
  std::vector<std::pair<int, registration>> kept;  // the model: who is there
  const auto there = [&](int n) {
    return std::find_if(kept.begin(), kept.end(), [&](const auto& k) { return k.first == n; });
  };
  edit = [&](int by) {
    for (int i = 0; i != 3; ++i) {
      const int n = static_cast<int>(random() % 20);
      if (n == by) continue;  // put back among equals it would come again
      if (const auto at = there(n); at == kept.end()) {
        kept.emplace_back(n, tested.add(std::to_string(n), editor{n, &log, &edit}, {.order = n}));
      } else {
        kept.erase(at);
      }
    }
  };
  edit(-1);
  for (int request = 0; request != 50; ++request) {
    // The model: after each handler, the next in order of those who are there by then.
    log.clear();
    const std::mt19937 before = random;
    std::vector<int> model;
    for (const auto& [n, r] : kept) model.push_back(n);
    const auto outcome = tested.handle_request(10);
    random = before;
    expected.clear();
    for (int at = 0; at != 20; ++at) {
      if (std::find(model.begin(), model.end(), at) == model.end()) continue;
      expected.push_back(std::to_string(at));
      for (int i = 0; at % 2 == 1 && i != 3; ++i) {
        const int n = static_cast<int>(random() % 20);
        if (n != at && std::erase(model, n) == 0) model.push_back(n);
      }
      if (at == 10) break;
    }
    EXPECT_EQ(log, expected);
    EXPECT_EQ(static_cast<bool>(outcome), !expected.empty() && expected.back() == "10");
  }
}

TEST(ChainEdits, WhatIsRemovedInsideARequestIsDestroyedAfterIt) {
  const auto life = std::make_shared<int>(1);
  chain c;
  std::optional<registration> self, later;
  int seen = 0;
  self.emplace(c.add("self", [&, life](int x, auto next) -> outcome<int> {
    self.reset();
    later.reset();
    EXPECT_EQ(c.describe(), "inner -> tail");
    EXPECT_EQ(life.use_count(), 3);
    const auto nested = c.handle_request(x + 1);
    EXPECT_EQ(*nested, x + 1);
    EXPECT_EQ(life.use_count(), 3);
    return std::move(next)(x);
  }));
  later.emplace(c.add("later", living{life}));
  const auto inner = c.add("inner", [&](int x, successor n) {
    ++seen;
    return std::move(n)(x);
  });
  const auto tail = c.add("tail", [](int x, auto) { return x; });
  EXPECT_EQ(life.use_count(), 3);
  trace all;
  EXPECT_EQ(*c.handle_request(1, all), 1);
  EXPECT_EQ(all, (trace{{"self", decision::passed_on},
                        {"inner", decision::passed_on},
                        {"tail", decision::answered}}));
  EXPECT_EQ(life.use_count(), 1);
  EXPECT_EQ(seen, 2);
}

// At its end it removes others, and asks.
struct last_will {
  std::vector<registration> others;
  chain* home;
  last_will(last_will&&) = default;
  last_will(std::vector<registration> o, chain& h) : others(std::move(o)), home(&h) {}
  ~last_will() {
    if (!others.empty()) {
      EXPECT_EQ(*home->handle_request(6), 6);
    }
  }
  outcome<int> handle_request(int x, auto next) const { return std::move(next)(x); }
};

TEST(ChainEdits, TheEndOfAHandlerMayRemoveOthersAndAsk) {
  chain c;
  std::vector<registration> others;
  others.push_back(c.add("a", pass_on));
  others.push_back(c.add("b", pass_on, {.order = 2}));
  const auto tail = c.add("tail", [](int x, auto) { return x; }, {.order = 3});
  {
    const auto r = c.add("owner", last_will(std::move(others), c), {.order = 1});
    EXPECT_EQ(c.describe(), "a -> owner -> b -> tail");
  }
  EXPECT_EQ(c.describe(), "tail");
}

TEST(ChainFailure, LeavesTheChainAsItWas) {
  const auto life = std::make_shared<int>(1);
  chain c;
  std::optional<registration> fails;
  fails.emplace(c.add("fails", [&, life](int x, auto) -> outcome<int> {
    fails.reset();
    EXPECT_EQ(life.use_count(), 2);  // removed, but not destroyed under way
    throw std::runtime_error(std::to_string(x));
  }));
  const auto tail = c.add("tail", [](int x, auto) { return x; });
  EXPECT_THROW(static_cast<void>(c.handle_request(1)), std::runtime_error);
  EXPECT_EQ(life.use_count(), 1);  // the end of the request was noticed
  EXPECT_EQ(*c.handle_request(1), 1);
}

// An answer that is made, and then lost to an exception, is destroyed once.
TEST(ChainFailure, AfterAnAnswerDestroysItOnce) {
  using answer = std::shared_ptr<int>;
  const auto life = std::make_shared<int>(1);
  cor::chain<answer(int)> c;
  const auto throws = c.add("throws", [](int x, auto next) -> outcome<answer> {
    outcome<answer> result = std::move(next)(x);
    if (x == 1) throw std::runtime_error("after the others");
    return result;
  });
  const auto passes = c.add("passes", [](int x, auto next) { return std::move(next)(x); });
  const auto answers = c.add("answers", [&](int, auto) -> outcome<answer> { return life; });
  EXPECT_THROW(static_cast<void>(c.handle_request(1)), std::runtime_error);
  EXPECT_EQ(life.use_count(), 1);
  EXPECT_EQ(*c.handle_request(2), life);
}

TEST(ChainFailure, OfAnAllocationChangesNothing) {
  chain c;
  const auto a = c.add("a", multiples{2});
  std::size_t failures = gof::testing::fail_each_allocation(
      [&] {
        const auto r = c.add("a name that needs an allocation of its own", multiples{3});
        EXPECT_EQ(*c.handle_request(3), 3);
      },
      [&] {
        EXPECT_EQ(c.describe(), "a");
        EXPECT_FALSE(c.handle_request(3));
      });
  EXPECT_GE(failures, 2u);
  failures = gof::testing::fail_each_allocation(
      [&] {
        trace seen;
        EXPECT_EQ(*c.handle_request(2, seen), 2);
      },
      [&] { EXPECT_EQ(c.describe(), "a"); });
  EXPECT_GE(failures, 1u);
}

struct stays {
  stays() = default;
  stays(stays&&) { throw std::runtime_error("stays"); }
  outcome<int> handle_request(int x, auto next) const { return std::move(next)(x); }
};

TEST(ChainFailure, OfAMoveChangesNothing) {
  chain c;
  EXPECT_THROW(static_cast<void>(c.add("stays", stays())), std::runtime_error);
  EXPECT_EQ(c.describe(), "");
}

TEST(ChainCost, ARequestAllocatesNothing) {
  chain c;
  const auto a = c.add("a", pass_on);
  const auto b = c.add("b", multiples{2});
  const std::size_t before = gof::testing::allocations();
  EXPECT_EQ(*c.handle_request(2), 2);
  EXPECT_FALSE(c.handle_request(3));
  EXPECT_EQ(gof::testing::allocations(), before);
}

TEST(ChainCost, AMillionHandlersAreDestroyedWithoutRecursion) {
  chain c;
  for (int i = 0; i != 1'000'000; ++i) c.add("", multiples{i + 1}).keep();
  EXPECT_EQ(*c.handle_request(1), 1);
}

TEST(ChainRequest, IsHandedOnAsTheSignatureSays) {
  using text = std::string;
  cor::chain<text*(text&)> changed;
  const auto adds = [](text& s, auto next) {
    s += '+';
    return std::move(next)(s);
  };
  changed.add("one", adds).keep();
  changed.add("two", adds).keep();
  changed.add("last", [](text& s, auto) { return &s; }).keep();
  text mine;
  trace seen;
  EXPECT_EQ(*changed.handle_request(mine), &mine);
  EXPECT_EQ(*changed.handle_request(mine, seen), &mine);
  EXPECT_EQ(mine, "++++");
  using owner = std::unique_ptr<int>;
  cor::chain<owner(owner &&)> taken;
  const auto looks = [](owner&& p, auto next) { return std::move(next)(std::move(p)); };
  auto first = taken.add("first", looks);
  taken.add("last", [](owner&& p, auto) { return std::move(p); }).keep();
  first.remove();
  EXPECT_EQ(*taken.handle_request(std::make_unique<int>(7)).value(), 7);
  EXPECT_EQ(*taken.handle_request(std::make_unique<int>(8), seen).value(), 8);
}

TEST(ChainRequest, MayBeChangedOnTheWay) {
  chain c;
  const auto doubles = c.add("doubles", [](int x, auto next) { return std::move(next)(2 * x); });
  const auto adds = c.add(
      "adds", [](int x, auto next) -> outcome<int> { return std::move(next)(x).value_or(x) + 1; });
  EXPECT_EQ(*c.handle_request(5), 11);
}

// StaticIsDynamic: the same handlers say the same in both kinds of chain.
TEST_P(ChainLaws, SaysTheSameAsAStaticOne) {
  std::mt19937 random(GetParam());
  const auto number = [&] { return multiples{static_cast<int>(2 + random() % 20)}; };
  const multiples a = number(), b = number(), c = number();
  const auto fixed = cor::chain_of<int(int)>(a, b, c);
  chain dynamic;
  for (const multiples& m : {a, b, c}) dynamic.add("", m).keep();
  for (int x = 1; x != 200; ++x) {
    EXPECT_EQ(fixed.handle_request(x).value_or(0), dynamic.handle_request(x).value_or(0));
  }
}

}  // namespace
