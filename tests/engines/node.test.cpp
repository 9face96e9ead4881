// SPDX-License-Identifier: BSL-1.0
#include <gof/node.hpp>
// The header under test comes first, so that it has to stand alone.
#include <gtest/gtest.h>

#include <array>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <system_error>
#include <type_traits>
#include <utility>
#include <vector>

#include <gof/engines/memory.hpp>
#include <gof/unique_function.hpp>
#include <gof/wait.hpp>

namespace {

using namespace std::chrono_literals;
using gof::errc;
using gof::outcome;
using gof::result;
using function = gof::unique_function<int(int)>;

static_assert(!std::is_copy_constructible_v<function> && !std::is_copy_assignable_v<function>);
static_assert(std::is_nothrow_default_constructible_v<function>);
static_assert(std::is_nothrow_move_constructible_v<function>);
static_assert(std::is_nothrow_move_assignable_v<function>);
static_assert(std::is_constructible_v<function, int (*)(int)>);
static_assert(std::is_constructible_v<function, long (*)(long)>, "what converts will do");
static_assert(!std::is_constructible_v<function, int (*)(std::string)>);
static_assert(!std::is_constructible_v<function, void (*)(int)>);
static_assert(sizeof(function) <= 64);

static_assert(!std::is_copy_constructible_v<gof::registration>);
static_assert(std::is_nothrow_default_constructible_v<gof::registration>);
static_assert(std::is_nothrow_move_constructible_v<gof::registration>);
static_assert(std::is_nothrow_move_assignable_v<gof::registration>);
static_assert(noexcept(std::declval<gof::registration&>().drop()));
static_assert(!std::is_copy_constructible_v<gof::responder>);
static_assert(std::is_nothrow_move_constructible_v<gof::responder>);
static_assert(std::is_nothrow_move_assignable_v<gof::responder>);
static_assert(!std::is_copy_constructible_v<gof::node> && !std::is_move_constructible_v<gof::node>);
static_assert(std::is_copy_constructible_v<result<gof::message>>);
static_assert(std::is_convertible_v<errc, result<void>>);
static_assert(std::is_convertible_v<gof::error, result<int>>);
static_assert(!std::is_convertible_v<result<int>, bool>, "only where it is asked for");
static_assert(std::is_base_of_v<std::system_error, gof::failure>);
static_assert(std::is_nothrow_copy_constructible_v<gof::failure>, "as exceptions are thrown");
static_assert(std::is_error_code_enum_v<errc>);
static_assert(gof::clock::is_steady);
static_assert(gof::outcome_of(errc::nobody_there) == outcome::not_applied);
static_assert(gof::outcome_of(errc::unavailable) == outcome::not_applied);
static_assert(gof::outcome_of(errc::failed_there) == outcome::failed_there);
static_assert(gof::outcome_of(errc::deadline) == outcome::unknown);
static_assert(gof::outcome_of(errc::closed) == outcome::unknown);

// ---- Errors and results -------------------------------------------------------------------------

TEST(NodeError, EachReasonHasItsOwnWords) {
  std::set<std::string> words;
  for (int i = 1; i <= static_cast<int>(errc::closed); ++i)
    words.insert(gof::category().message(i));
  EXPECT_EQ(words.size(), 12U);
  EXPECT_FALSE(words.contains(gof::category().message(99)));
  EXPECT_FALSE(words.contains(gof::category().message(-1)));
  const std::error_code code = errc::conflict;
  EXPECT_EQ(code, errc::conflict);
  EXPECT_NE(code, errc::denied);
  EXPECT_STREQ(code.category().name(), "gof");
  EXPECT_EQ(code.message(), "conflict");
}

TEST(NodeError, TextHasTheReasonTheKindAndTheMessage) {
  EXPECT_EQ((gof::error{errc::denied, {}, {}}).text(), "denied");
  EXPECT_EQ((gof::error{errc::denied, "not you", {}}).text(), "denied: not you");
  EXPECT_EQ((gof::error{errc::failed_there, "7 > 5", "std::range_error"}).text(),
            "it threw there: std::range_error: 7 > 5");
}

TEST(NodeError, AFailureCarriesTheReason) {
  const gof::failure failed({errc::failed_there, "7 > 5", "std::range_error"});
  EXPECT_EQ(failed.code(), errc::failed_there);
  EXPECT_EQ(failed.result(), outcome::failed_there);
  EXPECT_EQ(failed.reason().kind, "std::range_error");
  EXPECT_EQ(failed.reason().message, "7 > 5");
  EXPECT_NE(std::string(failed.what()).find("std::range_error: 7 > 5"), std::string::npos);
}

TEST(NodeResult, IsAValueOrAReason) {
  result<std::string> value("x"), reason(errc::not_found);
  ASSERT_TRUE(value);
  EXPECT_EQ(*value, "x");
  EXPECT_EQ(value->size(), 1U);
  EXPECT_EQ(value.outcome(), outcome::ok);
  EXPECT_EQ(std::move(value).value(), "x");
  ASSERT_FALSE(reason);
  EXPECT_EQ(reason.error().why, errc::not_found);
  EXPECT_EQ(reason.outcome(), outcome::not_applied);
  EXPECT_THROW(reason.value(), gof::failure);
  EXPECT_THROW(static_cast<void>(std::as_const(reason).value()), gof::failure);
  EXPECT_THROW(static_cast<void>(std::move(reason).value()), gof::failure);
  EXPECT_TRUE(result<void>());
  EXPECT_FALSE(result<void>(errc::closed));
  try {
    result<int>(gof::error{errc::conflict, "3, not 4", {}}).value();
  } catch (const gof::failure& failed) {
    EXPECT_EQ(failed.code(), errc::conflict);
  }
}

TEST(NodeResult, HoldsWhatIsMovedOnly) {
  result<std::unique_ptr<int>> it(std::make_unique<int>(7));
  const std::unique_ptr<int> out = std::move(it).value();
  EXPECT_EQ(*out, 7);
}

// ---- Functions ----------------------------------------------------------------------------------

template <std::size_t Size>
struct counted {
  explicit counted(int& alive) : alive_(&alive) { ++*alive_; }
  counted(counted&& other) noexcept : alive_(other.alive_) { ++*alive_; }
  counted(const counted& other) : alive_(other.alive_) { ++*alive_; }
  ~counted() { --*alive_; }
  int operator()(int n) const { return n + *alive_; }
  int* alive_;
  std::array<char, Size> more{};
};

template <class T>
class UniqueFunction : public ::testing::Test {};
struct throws_when_moved : counted<1> {
  using counted<1>::counted;
  throws_when_moved(throws_when_moved&& other) noexcept(false) : counted<1>(std::move(other)) {}
  throws_when_moved(const throws_when_moved&) = default;
};
struct alignas(64) aligned : counted<1> {
  using counted<1>::counted;
};
using kinds = ::testing::Types<counted<1>, counted<40>, counted<41>, counted<500>,
                               throws_when_moved, aligned>;
TYPED_TEST_SUITE(UniqueFunction, kinds);

TYPED_TEST(UniqueFunction, OwnsOneWhereverItIsMoved) {
  int alive = 0;
  {
    function first{TypeParam(alive)};
    EXPECT_EQ(alive, 1);
    EXPECT_EQ(first(10), 11);
    function second(std::move(first));
    EXPECT_EQ(alive, 1);
    EXPECT_FALSE(first);
    EXPECT_EQ(second(10), 11);
    first = std::move(second);
    EXPECT_EQ(alive, 1);
    EXPECT_FALSE(second);
    function& same = first;
    first = std::move(same);
    EXPECT_EQ(first(10), 11) << "moved to itself, it is as it was";
    second = function(TypeParam(alive));
    EXPECT_EQ(alive, 2);
    first = std::move(second);
    EXPECT_EQ(alive, 1);
    std::vector<function> many;
    for (int i = 0; i < 20; ++i) many.emplace_back(TypeParam(alive));
    EXPECT_EQ(alive, 21);
    first = {};
    EXPECT_EQ(alive, 20);
    EXPECT_THROW(first(1), std::bad_function_call);
  }
  EXPECT_EQ(alive, 0);
}

TEST(UniqueFunctionCalls, TakeReferencesValuesAndWhatIsMovedOnly) {
  gof::unique_function<void(int&)> add([](int& n) { ++n; });
  int n = 1;
  add(n);
  EXPECT_EQ(n, 2);
  gof::unique_function<std::unique_ptr<int>(std::unique_ptr<int>)> through(
      [](std::unique_ptr<int> it) { return it; });
  EXPECT_EQ(*through(std::make_unique<int>(7)), 7);
  gof::unique_function<void()> ignores([] { return 3; });  // a result that nobody wants
  ignores();
  gof::unique_function<std::size_t(const std::string&)> member(&std::string::size);
  EXPECT_EQ(member("abc"), 3U);
  gof::unique_function<void()> throws([] { throw 7; });
  EXPECT_THROW(throws(), int);
  EXPECT_TRUE(throws);
}

// ---- What can be dropped ------------------------------------------------------------------------

class register_of_calls final : public gof::detail::registrar {
 public:
  void drop(std::uint64_t token) noexcept override { dropped.push_back(token); }
  void cancel(std::uint64_t token) override { cancelled.push_back(token); }
  std::vector<std::uint64_t> dropped, cancelled;
};
using tokens = std::vector<std::uint64_t>;

TEST(NodeRegistration, IsDroppedOnce) {
  const auto of = std::make_shared<register_of_calls>();
  {
    gof::registration one(of, 1), two(of, 2), three(of, 3);
    const gof::registration moved(std::move(one));
    two.drop();
    two.drop();
    EXPECT_EQ(of->dropped, (tokens{2}));
    three.detach();
  }
  EXPECT_EQ(of->dropped, (tokens{2, 1}));
  EXPECT_TRUE(of->cancelled.empty());
}

TEST(NodeRegistration, AssignedToDropsWhatItStoodFor) {
  const auto of = std::make_shared<register_of_calls>();
  gof::registration one(of, 1), two(of, 2);
  one = std::move(two);
  EXPECT_EQ(of->dropped, (tokens{1}));
  gof::registration& same = one;
  one = std::move(same);
  EXPECT_EQ(of->dropped, (tokens{1}));
  one = {};
  EXPECT_EQ(of->dropped, (tokens{1, 2}));
}

TEST(NodeRegistration, CancelledIsNotDropped) {
  const auto of = std::make_shared<register_of_calls>();
  {
    gof::registration one(of, 1);
    one.cancel();
    one.cancel();
  }
  EXPECT_EQ(of->cancelled, (tokens{1}));
  EXPECT_TRUE(of->dropped.empty());
}

TEST(NodeRegistration, OutlivesItsNode) {
  auto of = std::make_shared<register_of_calls>();
  gof::registration one(of, 1), two(of, 2);
  of.reset();
  one.drop();
  two.cancel();
}

TEST(NodeScope, CallsNothingAfterItsEnd) {
  int called = 0;
  std::function<void(int)> later;
  {
    gof::scope alive;
    later = alive.bind([&](int n) { called += n; });
    later(1);
    EXPECT_EQ(called, 1);
    alive.reset();
    later(10);
    EXPECT_EQ(called, 1);
    later = alive.bind([&](int n) { called += n; });
    later(100);
    EXPECT_EQ(called, 101);
  }
  later(1000);
  EXPECT_EQ(called, 101);
}

TEST(NodeScope, BindsWhatIsMovedOnly) {
  gof::scope alive;
  int got = 0;
  gof::completion<std::unique_ptr<int>> done =
      alive.bind([&, owned = std::make_unique<int>(1)](result<std::unique_ptr<int>> what) {
        got = *what.value() + *owned;
      });
  done(result<std::unique_ptr<int>>(std::make_unique<int>(2)));
  EXPECT_EQ(got, 3);
}

// ---- Responders ---------------------------------------------------------------------------------

struct answers {
  std::vector<result<std::string>> all;
  gof::responder one() {
    return gof::responder([this](result<std::string> what) { all.push_back(std::move(what)); });
  }
};

TEST(NodeResponder, AnswersOnceAndADroppedOneFails) {
  answers to;
  {
    gof::responder one = to.one();
    one.reply("x");
    one.reply("y");
    one.fail({errc::refused, {}, {}});
  }
  { const gof::responder two = to.one(); }
  {
    gof::responder three = to.one();
    const gof::responder moved = std::move(three);
  }
  ASSERT_EQ(to.all.size(), 3U);
  EXPECT_EQ(*to.all[0], "x");
  for (std::size_t i : {1U, 2U}) {
    EXPECT_EQ(to.all[i].error().why, errc::failed_there);
    EXPECT_EQ(to.all[i].error().kind, "gof::no_answer");
  }
}

TEST(NodeResponder, AssignedToTellsThatThereIsNoAnswer) {
  answers to;
  gof::responder one = to.one();
  one = to.one();
  ASSERT_EQ(to.all.size(), 1U) << "who is waiting for the first learns that it failed";
  EXPECT_EQ(to.all[0].error().why, errc::failed_there);
  one.reply("x");
  ASSERT_EQ(to.all.size(), 2U);
  EXPECT_EQ(*to.all[1], "x");
}

TEST(NodeResponder, WhatNobodyThereCanKnowIsTold) {
  answers to;
  to.one().fail({errc::deadline, "mine", {}});
  to.one().fail({errc::denied, "not you", {}});
  EXPECT_EQ(to.all.at(0).error().why, errc::failed_there);
  EXPECT_EQ(to.all.at(0).error().message, "mine");
  EXPECT_EQ(to.all.at(1).error().why, errc::denied);
}

// ---- Waiting ------------------------------------------------------------------------------------

class NodeWait : public ::testing::Test {
 protected:
  std::shared_ptr<gof::engines::embedded_broker> broker =
      std::make_shared<gof::engines::embedded_broker>();
  gof::engines::embedded_node node{broker, "ann"};
};

TEST_F(NodeWait, ReturnsTheValueOrThrowsTheReason) {
  gof::blocking by(node);
  const auto first = by.put("b", "k", "1", gof::absent);
  EXPECT_EQ(by.get("b", "k").version, first);
  try {
    by.put("b", "k", "2", gof::absent);
    ADD_FAILURE() << "a conflict";
  } catch (const gof::failure& failed) {
    EXPECT_EQ(failed.reason().why, errc::conflict);
    EXPECT_EQ(failed.result(), outcome::not_applied);
  }
  EXPECT_EQ(by.append("l", {"x"}).sequence, 1U);
  EXPECT_NO_THROW(by.truncate("l", 2));
  EXPECT_GT(by.erase("b", "k"), first);
  EXPECT_THROW(by.get("b", "k"), gof::failure);
  const gof::registration served =
      node.serve("s", [](const gof::message&, gof::responder to) { to.reply("x"); });
  EXPECT_EQ(by.call({"s"}).body, "x");
}

TEST_F(NodeWait, LetsHandlersRunAndKeepsTheDeadline) {
  int ran = 0;
  node.after(1ms, [&] { ++ran; }).detach();
  const gof::time_point begin = node.now();
  gof::blocking(node).pause(10ms);
  EXPECT_GE(node.now() - begin, 10ms);
  EXPECT_EQ(ran, 1);
  std::vector<gof::responder> held;
  const gof::registration served = node.serve(
      "s", [&](const gof::message&, gof::responder to) { held.push_back(std::move(to)); });
  try {
    gof::blocking(node).call({"s"}, {20ms});
    ADD_FAILURE() << "nobody answers";
  } catch (const gof::failure& failed) {
    EXPECT_EQ(failed.reason().why, errc::deadline);
    EXPECT_EQ(failed.result(), outcome::unknown);
  }
  EXPECT_GE(node.now() - begin, 30ms);
}

TEST_F(NodeWait, AnOperationThatDoesNotCompleteIsGivenUp) {
  std::weak_ptr<int> kept;
  const auto what = gof::wait_for<int>(
      node,
      [&](gof::completion<int> done) {
        auto owned = std::make_shared<int>();
        kept = owned;
        return node.after(1h, [owned, done = std::move(done)]() mutable { done(7); });
      },
      5ms);
  ASSERT_FALSE(what);
  EXPECT_EQ(what.error().why, errc::deadline);
  EXPECT_TRUE(kept.expired()) << "nothing of it is left that could be called";
}

TEST_F(NodeWait, AnExceptionOfAHandlerLeavesItAndTheOperationIsDropped) {
  node.post([] { throw std::out_of_range("mine"); });
  EXPECT_THROW(gof::blocking(node).get("b", "k"), std::out_of_range);
  EXPECT_THROW(gof::blocking(node).get("b", "k"), gof::failure) << "and the next is as always";
}

TEST_F(NodeWait, InsideAHandlerItDoesNothing) {
  int thrown = 0;
  node.post([&] {
    try {
      gof::blocking(node).put("b", "k", "1");
    } catch (const std::logic_error&) {
      ++thrown;
    }
  });
  node.run_until([&] { return thrown == 1; }, 20s);
  EXPECT_EQ(thrown, 1);
  EXPECT_THROW(gof::blocking(node).get("b", "k"), gof::failure) << "it was not even begun";
}

}  // namespace
