// SPDX-License-Identifier: BSL-1.0
#include <gof/mediator.hpp>
// The header under test comes first, so that it has to stand alone.
#include <gtest/gtest.h>
#include <gof/mediator/fixed.hpp>
#include <gof/mediator/pipeline.hpp>
#include <gof/mediator/publish_all.hpp>

#include <algorithm>
#include <functional>
#include <list>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "support/allocations.hpp"

struct in_no_namespace {
  using answer = int;
};

namespace {

namespace med = gof::mediator;
using log = std::vector<int>;

struct ask {
  using answer = int;
  int number;
};
struct tell {
  using answer = void;
};
struct news {
  int number;
};
struct nested {
  static constexpr std::size_t depth = 3;
};
using hub = med::mediator<ask, tell, news, nested>;

// Does whatever it is told to; an empty function does nothing.
struct answerer {
  std::function<int(const ask&)> f = [](const ask& a) { return a.number + 1; };
  int receive(const ask& a) { return f(a); }
};
struct listener {
  std::function<void(int)> f;
  void receive(const news& n) { f(n.number); }
};
struct deep {
  std::function<void()> f;
  void receive(const nested&) { f(); }
};
struct both {
  int heard = 0;
  int receive(const ask&) { return 7; }
  void receive(const tell&) { heard += 100; }
  void receive(const news&) { ++heard; }
};
struct fault {
  int number;
};

static_assert(med::request<ask> && med::request<tell> && !med::request<news>);
static_assert(std::same_as<med::answer_of<ask>, int> && std::same_as<med::answer_of<news>, void>);
static_assert(med::receives<both, news> && !med::receives<answerer, news>);
static_assert(!std::is_copy_constructible_v<hub> && !std::is_move_constructible_v<hub>);
static_assert(!std::is_copy_constructible_v<med::membership>);
static_assert(std::is_nothrow_destructible_v<med::membership>);
static_assert(noexcept(std::declval<med::membership&>().leave()));
static_assert(std::is_base_of_v<std::logic_error, med::loop>);

TEST(Mediator, RoutesEachMessageByItsType) {
  hub m;
  both b;
  const auto in = m.join(b);
  EXPECT_EQ(m.send(ask{1}), 7);
  m.send(tell{});
  m.publish(news{1});
  m.publish(nested{});  // nobody hears it
  EXPECT_EQ(b.heard, 101);
  EXPECT_EQ(m.receivers<news>(), 1U);
  EXPECT_EQ(m.receivers<nested>(), 0U);
}

TEST(Mediator, SaysThatNobodyAnswers) {
  hub m;
  try {
    m.send(ask{1});
    FAIL();
  } catch (const med::unanswered& e) {
    EXPECT_STREQ(e.what(), "gof::mediator: nobody answers ask");
  }
  answerer a;
  {
    const auto in = m.join(a);
    EXPECT_EQ(m.send(ask{1}), 2);
  }
  EXPECT_THROW(m.send(ask{1}), med::unanswered);
}

TEST(Mediator, NamesAMessageThatIsInNoNamespace) {
  med::mediator<in_no_namespace> m;
  try {
    m.send(in_no_namespace());
    FAIL();
  } catch (const med::unanswered& e) {
    EXPECT_STREQ(e.what(), "gof::mediator: nobody answers in_no_namespace");
  }
}

TEST(Mediator, RefusesASecondWhoAnswersAndIsUnchanged) {
  hub m;
  answerer a;
  both b;
  auto in = m.join(a);
  try {
    static_cast<void>(m.join(b));
    FAIL();
  } catch (const med::answered_twice& e) {
    EXPECT_STREQ(e.what(), "gof::mediator: somebody answers ask already");
  }
  EXPECT_EQ(m.receivers<news>(), 0U);
  EXPECT_EQ(m.send(ask{1}), 2);
  in.leave();
  EXPECT_FALSE(in);
  const auto other = m.join(b);
  EXPECT_EQ(m.send(ask{1}), 7);
}

TEST(Mediator, IsUnchangedWhereThereIsNoMemoryToJoin) {
  both b;
  const auto failed = gof::testing::fail_each_allocation(
      [&] {
        hub m;
        try {
          const auto in = m.join(b);
        } catch (const std::bad_alloc&) {
          gof::testing::fail_allocation(0);
          EXPECT_EQ(m.receivers<ask>() + m.receivers<tell>() + m.receivers<news>(), 0U);
          const auto again = m.join(b);
          EXPECT_EQ(m.send(ask{1}), 7);
          throw;
        }
      },
      [] {});
  EXPECT_EQ(failed, 4U);  // three lists of receivers, and the memberships
}

TEST(Mediator, SendsWithoutAnAllocation) {
  hub m;
  both b;
  const auto in = m.join(b);
  const auto before = gof::testing::allocations();
  m.send(ask{1});
  m.publish(news{1});
  EXPECT_EQ(gof::testing::allocations(), before);
}

TEST(Mediator, MayEndBeforeItsMemberships) {
  both b;
  auto m = std::make_unique<hub>();
  auto in = m->join(b);
  m.reset();
  EXPECT_FALSE(in);
  in.leave();
}

// A model: who is there, in order, and who is to hear a message under way.
class Seeded : public testing::TestWithParam<unsigned> {};
INSTANTIATE_TEST_SUITE_P(Mediator, Seeded, testing::Range(0U, 200U));

TEST_P(Seeded, AllInOrder) {
  struct person {
    int order, id;
    listener ear;
    std::unique_ptr<med::membership> in;
  };
  std::minstd_rand random(GetParam() + 1);
  const auto below = [&](std::size_t n) { return static_cast<std::size_t>(random() % n); };
  hub m;
  std::list<person> there;                    // the model keeps them sorted
  std::vector<std::unique_ptr<person>> left;  // they may be in a call
  int ids = 0;
  log heard, expected;
  std::vector<int> waiting;  // the ids of those who are still to hear it
  const auto change = [&](auto& self) -> void {
    if (below(2) == 0 || there.empty()) {
      const int order = static_cast<int>(below(3));
      const auto at = std::ranges::find_if(there, [&](auto& p) { return p.order > order; });
      person& p = *there.emplace(at, person{order, ++ids, {}, {}});
      p.ear.f = [&, id = p.id](int) {
        heard.push_back(id);
        ASSERT_FALSE(waiting.empty());
        expected.push_back(waiting.front());
        waiting.erase(waiting.begin());
        while (below(2) == 0) self(self);
      };
      p.in.reset(new med::membership(m.join(p.ear, order)));
    } else {
      auto at = std::next(there.begin(), static_cast<std::ptrdiff_t>(below(there.size())));
      at->in.reset();
      std::erase(waiting, at->id);
      left.push_back(std::make_unique<person>());
      left.back()->ear.f.swap(at->ear.f);
      there.erase(at);
    }
  };
  for (int i = 0; i != 5; ++i) change(change);
  for (int i = 0; i != 20; ++i) {
    waiting.clear();
    for (const auto& p : there) waiting.push_back(p.id);
    m.publish(news{i});
    EXPECT_TRUE(waiting.empty());
    EXPECT_EQ(heard, expected);
    change(change);
  }
}

TEST(Mediator, ALeaverMayBeDestroyedBeforeItsTurn) {
  hub m;
  log heard;
  auto last = std::make_unique<listener>();
  last->f = [&](int) { heard.push_back(2); };
  std::unique_ptr<med::membership> last_in;
  listener first{[&](int) {
    heard.push_back(1);
    last_in.reset();
    last.reset();
  }};
  const auto first_in = m.join(first);
  last_in.reset(new med::membership(m.join(*last)));
  m.publish(news{0});
  EXPECT_EQ(heard, log{1});
}

TEST(Mediator, StopsAtTheFirstWhoThrowsAndCanBeUsedAgain) {
  hub m;
  log heard;
  listener one{[&](int) { heard.push_back(1); }};
  listener two{[&](int n) { n == 0 ? throw fault{2} : heard.push_back(2); }};
  listener three{[&](int) { heard.push_back(3); }};
  const auto c = m.join(three, 3), a = m.join(one, 1), b = m.join(two, 2);
  EXPECT_THROW(m.publish(news{0}), fault);
  EXPECT_EQ(heard, log{1});
  m.publish(news{1});
  EXPECT_EQ(heard, (log{1, 1, 2, 3}));
}

TEST(Mediator, GoesOnAndReportsAllWhoThrew) {
  hub m;
  log heard;
  listener one{[](int) { throw fault{1}; }};
  listener two{[&](int) { heard.push_back(2); }};
  listener three{[](int) { throw fault{3}; }};
  const auto a = m.join(one), b = m.join(two), c = m.join(three);
  try {
    publish_all(m, news{0});
    FAIL();
  } catch (const med::publish_error& e) {
    EXPECT_STREQ(e.what(), "gof::mediator: 2 of the colleagues threw; see causes()");
    for (const auto& cause : e.causes()) {
      try {
        std::rethrow_exception(cause);
      } catch (const fault& f) {
        heard.push_back(f.number);
      }
    }
  }
  EXPECT_EQ(heard, (log{2, 1, 3}));
  one.f = [](int) {};
  bool told = false;
  listener four{[&](int) { told = true; }};
  const auto d = m.join(four);
  three.f = [](int) {
    gof::testing::fail_allocation(1);
    throw fault{3};
  };
  two.f = [](int) {};
  EXPECT_THROW(publish_all(m, news{0}), std::bad_alloc);
  EXPECT_TRUE(told);
}

TEST(Mediator, NamesTheChainThatLedAMessageToItself) {
  hub m;
  answerer a;
  listener l{[&](int n) { m.send(ask{n}); }};
  a.f = [&](const ask& q) {
    if (q.number != 0) m.publish(news{q.number});
    return 5;
  };
  const auto in = m.join(a), ear = m.join(l);
  try {
    m.send(ask{1});
    FAIL();
  } catch (const med::loop& e) {
    EXPECT_EQ(e.chain(), (std::vector<std::string>{"ask", "news", "ask"}));
    EXPECT_STREQ(e.what(), "gof::mediator: a message led to itself: ask > news > ask");
  }
  EXPECT_EQ(m.send(ask{0}), 5);  // nothing is left under way
  m.publish(news{0});
}

TEST(Mediator, AllowsTheDepthThatAMessageAsksFor) {
  hub m;
  int calls = 0;
  deep d{[&] {
    ++calls;
    m.publish(nested{});
  }};
  const auto in = m.join(d);
  EXPECT_THROW(m.publish(nested{}), med::loop);
  EXPECT_EQ(calls, 3);
}

TEST(MediatorPipeline, AdviceIsNested) {
  hub m;
  med::pipeline p(m);
  std::string done;
  answerer a;
  const auto in = m.join(a);
  p.around<ask>([&](const ask& q, auto& next) {
    done += '(';
    const int answer = next(q);
    done += ')';
    return 2 * answer;
  });
  p.around<ask>([&](const ask& q, auto& next) {
    done += '[';
    const int answer = next(ask{q.number + 10});
    done += ']';
    return answer + 1;
  });
  EXPECT_EQ(p.send(ask{1}), 2 * (1 + 10 + 1 + 1));
  EXPECT_EQ(done, "([])");
  EXPECT_EQ(m.send(ask{1}), 2);  // goes past it
}

TEST(MediatorPipeline, AdviceCanRefuseAndRepeatAndHearNotifications) {
  hub m;
  med::pipeline p(m);
  int asked = 0, heard = 0, told = 0;
  answerer a;
  a.f = [&](const ask&) { return ++asked < 3 ? throw fault{1} : asked; };
  listener l{[&](int) { ++heard; }};
  const auto in = m.join(a), ear = m.join(l);
  p.around<ask>([](const ask& q, auto& next) {
    if (q.number < 0) return -1;
    for (;;) {
      try {
        return next(q);
      } catch (const fault&) {
      }
    }
  });
  p.around<news>([&](const news& n, auto& next) {
    ++told;
    next(n);
  });
  EXPECT_EQ(p.send(ask{-1}), -1);
  EXPECT_EQ(asked, 0);
  EXPECT_EQ(p.send(ask{1}), 3);
  p.publish(news{1});
  EXPECT_EQ(told, 1);
  EXPECT_EQ(heard, 1);
}

struct constant {
  int heard = 0;
  constexpr int receive(const ask& a) { return 2 * a.number; }
  constexpr void receive(const news& n) { heard = 10 * heard + n.number; }
};
struct ear {
  constant* other;
  int before = 0;
  constexpr void receive(const news&) { before = other->heard; }
};
static_assert([] {
  constant c;
  ear e{&c};
  const med::fixed<constant, ear> m(c, e);
  m.publish(news{4});
  return m.send(ask{3}) + e.before;
}() == 10);

TEST(MediatorFixed, TellsAllInTheOrderOfTheList) {
  constant c;
  ear e{&c};
  const med::fixed<ear, constant> m(e, c);
  m.publish(news{4});
  EXPECT_EQ(e.before, 0);
  EXPECT_EQ(c.heard, 4);
  m.publish(nested{});  // nobody hears it
}

}  // namespace
