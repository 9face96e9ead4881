// SPDX-License-Identifier: BSL-1.0
#include <gof/proxy.hpp>
// The header under test comes first, so that it has to stand alone.
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "support/allocations.hpp"

namespace {

namespace px = gof::proxy;

// A subject with each kind of operation.
struct account {
  int balance = 0;
  constexpr int deposit(int n) { return balance += n; }
  constexpr int read() const { return balance; }
  constexpr int& slot() { return balance; }
  constexpr const int& slot_const() const { return balance; }
  void take(std::unique_ptr<int> from) { balance += *from; }
  void fill(std::string& out) const { out += std::to_string(balance); }
  static int version() { return 1; }
  int twice(int n) { return balance = 2 * n; }
  int twice(const std::string& n) { return balance = 2 * std::stoi(n); }
};

// Passes on, and counts; usable in a const proxy only where it is const.
struct pass {
  int* seen;
  constexpr decltype(auto) around(auto, auto&& next) const {
    ++*seen;
    return next();
  }
};
struct pass_mutable {
  int seen = 0;
  constexpr decltype(auto) around(auto, auto&& next) {
    ++seen;
    return next();
  }
};
struct empty {
  constexpr decltype(auto) around(auto, auto&& next) const { return next(); }
};

static_assert(sizeof(px::proxy<account>) == sizeof(account));
static_assert(sizeof(px::proxy<account, empty>) == sizeof(account));
static_assert(sizeof(px::proxy<account*>) == sizeof(account*));
static_assert(std::is_copy_constructible_v<px::proxy<account, pass>>);
static_assert(!std::is_copy_constructible_v<px::proxy<std::unique_ptr<account>>>);
static_assert(std::is_nothrow_move_constructible_v<px::proxy<std::unique_ptr<account>>>);
static_assert(!std::is_convertible_v<account, px::proxy<account>>);
static_assert(std::is_base_of_v<std::logic_error, px::misuse>);
static_assert(noexcept(std::declval<px::proxy<account>&>().subject()));
static_assert(std::is_same_v<decltype(px::proxy(account{}, empty{})), px::proxy<account, empty>>);
static_assert(px::call<&account::read>::is(px::request<&account::read>));
static_assert(!px::call<&account::read>::is(px::request<&account::deposit>));
static_assert(!px::call<&account::slot>::is(px::request<&account::slot_const>));

// The law NothingIsAdded: a request is the call of the member, also in a constant expression.
static_assert([] {
  px::proxy p(account{5}, empty{});
  p.request<&account::deposit>(2);
  p.request<&account::slot>() += 1;
  return std::as_const(p).request<&account::read>();
}() == 8);
static_assert(std::is_same_v<decltype(std::declval<px::proxy<account, empty>&>()  //
                                          .request<&account::slot>()),
                             int&>);
static_assert(std::is_same_v<decltype(std::declval<const px::proxy<account, empty>&>()
                                          .request<&account::slot_const>()),
                             const int&>);

// Writes down what it sees, and does what it is told.
struct scribe {
  enum does { passes, answers, throws_before, throws_after };
  struct fault {
    int by;
  };
  int id;
  does what;
  std::vector<int>* log;
  decltype(auto) around(auto, auto&& next) const {
    log->push_back(id);
    if (what == throws_before) throw fault{id};
    if (what == answers) return id;
    const int answer = next();
    log->push_back(-id);
    if (what == throws_after) throw fault{id};
    return int{answer};
  }
};
struct recorder {
  std::vector<int>* log;
  int answer(int n) const {
    log->push_back(0);
    return n;
  }
};

class Seeded : public testing::TestWithParam<unsigned> {};
INSTANTIATE_TEST_SUITE_P(Proxy, Seeded, testing::Range(0U, 100U));

// The laws InOrder and AtMostOnce: what happens is what nested calls written by hand would do.
TEST_P(Seeded, InOrder) {
  std::mt19937 random(GetParam());
  std::vector<scribe::does> does;
  for (int i = 0; i != 3; ++i) does.push_back(static_cast<scribe::does>(random() % 4));

  std::vector<int> expected;
  std::optional<int> answer = 77, fault;
  int reached = 0;
  while (reached != 3) {
    expected.push_back(reached + 1);
    const auto what = does[static_cast<std::size_t>(reached)];
    if (what == scribe::answers) answer = reached + 1;
    if (what == scribe::throws_before) fault = reached + 1;
    if (what == scribe::answers || what == scribe::throws_before) break;
    ++reached;
  }
  if (reached == 3) expected.push_back(0);
  while (reached != 0 && !fault) {
    expected.push_back(-reached);
    if (does[static_cast<std::size_t>(reached) - 1] == scribe::throws_after) fault = reached;
    --reached;
  }

  std::vector<int> log;
  const px::proxy p(recorder{&log}, scribe{1, does[0], &log}, scribe{2, does[1], &log},
                    scribe{3, does[2], &log});
  for (int again = 0; again != 2; ++again) {  // a request leaves nothing behind
    log.clear();
    std::optional<int> got, caught;
    try {
      got = p.request<&recorder::answer>(77);
    } catch (const scribe::fault& f) {
      caught = f.by;
    }
    EXPECT_EQ(log, expected);
    EXPECT_EQ(caught, fault);
    EXPECT_EQ(got, fault ? std::nullopt : answer);
  }
}

TEST(Proxy, OwnsItsSubject) {
  account mine{10};
  px::proxy p(mine);
  p.request<&account::deposit>(5);
  EXPECT_EQ(mine.balance, 10);
  EXPECT_EQ(p.subject().balance, 15);
}

TEST(Proxy, RefersToItsSubjectWhereGivenAPointer) {
  account mine{10};
  px::proxy p(&mine);
  p.request<&account::deposit>(5);
  EXPECT_EQ(mine.balance, 15);
}

TEST(Proxy, FollowsEveryArrow) {
  account mine{1};
  auto owned = std::make_unique<account*>(&mine);
  const px::proxy p(&owned);
  EXPECT_EQ(p.request<&account::deposit>(1), 2);
  EXPECT_EQ(mine.balance, 2);
  px::proxy o(std::optional(account{3}));
  EXPECT_EQ(o.request<&account::deposit>(1), 4);
}

TEST(Proxy, CopiesHaveTheirOwnSubject) {
  int seen = 0;
  px::proxy a(account{1}, pass{&seen});
  px::proxy b(a);
  static_assert(std::is_same_v<decltype(a), decltype(b)>);
  b.request<&account::deposit>(1);
  EXPECT_EQ(a.subject().balance, 1);
  EXPECT_EQ(b.subject().balance, 2);
}

TEST(Proxy, IsConstAllTheWay) {
  int seen = 0;
  const px::proxy p(account{4}, pass{&seen});
  EXPECT_EQ(p.request<&account::read>(), 4);
  EXPECT_EQ(&p.request<&account::slot_const>(), &p.subject().balance);
  EXPECT_EQ(seen, 2);
}

TEST(Proxy, GivesBackItsInterceptors) {
  px::proxy p(account{}, empty{}, pass_mutable{});
  p.request<&account::read>();
  EXPECT_EQ(p.interceptor<pass_mutable>().seen, 1);
  EXPECT_EQ(std::as_const(p).interceptor<pass_mutable>().seen, 1);
  p.interceptor<pass_mutable>().seen = 7;
  p.request<&account::read>();
  EXPECT_EQ(p.interceptor<pass_mutable>().seen, 8);
}

TEST(Proxy, ForwardsArguments) {
  px::proxy p(account{}, empty{});
  p.request<&account::take>(std::make_unique<int>(6));
  std::string out = "is ";
  p.request<&account::fill>(out);
  EXPECT_EQ(out, "is 6");
  auto mine = std::make_unique<int>(1);
  p.request<&account::take>(std::move(mine));
  EXPECT_EQ(mine, nullptr);
}

struct refuse {
  void around(auto, auto&&) const {}
};

TEST(Proxy, LeavesAnArgumentWhereTheRequestIsNotPassedOn) {
  px::proxy p(account{}, refuse{});
  auto mine = std::make_unique<int>(1);
  p.request<&account::take>(std::move(mine));
  EXPECT_NE(mine, nullptr);
  EXPECT_EQ(p.subject().balance, 0);
}

TEST(Proxy, TakesFunctionsAsRequests) {
  int seen = 0;
  px::proxy p(account{}, pass{&seen});
  constexpr auto by_text = [](account& a, const std::string& n) { return a.twice(n); };
  EXPECT_EQ(p.request<by_text>("21"), 42);
  EXPECT_EQ((p.request<[](account& a, int n) -> int& { return a.balance = n; }>(3)), 3);
  EXPECT_EQ(p.subject().balance, 3);
  EXPECT_EQ(p.request<[](const account&) { return account::version(); }>(), 1);
  EXPECT_EQ(seen, 3);
}

// Changes what is asked for, and tells requests apart when compiling.
struct doubling {
  decltype(auto) around(auto call, auto&& next) const {
    if constexpr (call.is(px::request<&account::deposit>)) std::get<0>(call.arguments) *= 2;
    return next();
  }
};

TEST(Proxy, ShowsArgumentsToInterceptors) {
  px::proxy p(account{}, doubling{});
  int n = 4;
  EXPECT_EQ(p.request<&account::deposit>(n), 8);
  EXPECT_EQ(n, 8) << "an interceptor sees the argument, not a copy";
  EXPECT_EQ(p.request<&account::deposit>(1), 10);
  EXPECT_EQ(p.request<&account::read>(), 10);
}

// Passes on by two copies of what it was given.
struct eager {
  decltype(auto) around(auto, auto next) const {
    auto same = next;
    next();
    return same();
  }
};

TEST(Proxy, RefusesToPassARequestOnTwice) {
  px::proxy p(account{}, eager{});
  try {
    p.request<&account::deposit>(5);
    FAIL() << "passed on twice";
  } catch (const px::misuse& e) {
    EXPECT_STREQ(e.what(),
                 "gof::proxy: next() was called twice; its arguments may have been moved");
  }
  EXPECT_EQ(p.subject().balance, 5) << "the first one arrived";
}

TEST(Proxy, AllocatesNothing) {
  px::proxy p(account{}, empty{});
  const std::size_t before = gof::testing::allocations();
  for (int i = 0; i != 100; ++i) p.request<&account::deposit>(i);
  EXPECT_EQ(gof::testing::allocations(), before);
}

// GoF's form: clients know the interface, and cannot tell the proxy from the real subject.
struct picture {
  virtual ~picture() = default;
  virtual int draw(int width) = 0;
  virtual std::string name() const = 0;
};
struct real_picture final : picture {
  int draw(int width) override { return width * 2; }
  std::string name() const override { return "real"; }
};
class picture_proxy final : public picture {
 public:
  picture_proxy(std::unique_ptr<picture> real, int* seen) : real_(std::move(real), pass{seen}) {}
  int draw(int width) override { return real_.request<&picture::draw>(width); }
  std::string name() const override { return real_.request<&picture::name>(); }

 private:
  px::proxy<std::unique_ptr<picture>, pass> real_;
};

TEST(Proxy, ImplementsTheSubjectsInterface) {
  int outer = 0, inner = 0;
  const std::unique_ptr<picture> p = std::make_unique<picture_proxy>(
      std::make_unique<picture_proxy>(std::make_unique<real_picture>(), &inner), &outer);
  EXPECT_EQ(p->draw(3), 6);
  EXPECT_EQ(p->name(), "real");
  EXPECT_EQ(outer, 2);
  EXPECT_EQ(inner, 2);
}

}  // namespace
