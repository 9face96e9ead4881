// SPDX-License-Identifier: BSL-1.0
#include <gof/state.hpp>
// The header under test comes first, so that it has to stand alone.
#include <gtest/gtest.h>

#include <array>
#include <deque>
#include <functional>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "support/allocations.hpp"

namespace {

namespace st = gof::state;
using st::action, st::any, st::guard, st::ignore, st::internal, st::refuse, st::transition;

// The Context: writes down who was called, lets guards pass or not, and throws where it is told to.
struct fault {};
struct journal {
  std::string calls;
  std::array<bool, 3> open{};
  mutable std::size_t calls_until_fault = 0;  // 0: none
  void may_fail() const {
    if (calls_until_fault != 0 && --calls_until_fault == 0) throw fault();
  }
  void call(char who) {
    calls += who;
    may_fail();
  }
};

template <int I>
struct e {
  int n = 0;
};
using events = st::events<e<0>, e<1>, e<2>, e<3>>;
using later = st::queue<events>;

template <int I>
struct s {
  static void entry(journal& j) { j.call(static_cast<char>('A' + I)); }
  static void exit(journal& j, const auto&) { j.call(static_cast<char>('a' + I)); }
};
template <>
struct s<3> {};  // without entry and exit

template <std::size_t I>
bool open(const journal& j) {
  j.may_fail();
  return j.open[I];
}
template <char Who>
void act(journal& j) {
  j.call(Who);
}
template <int I>
void raise(journal& j, const auto&, later& q) {
  j.call('!');
  q.raise(e<I>());
}
constexpr auto raise_0 = [](journal& j, const auto& x, later& q) { raise<0>(j, x, q); };
constexpr auto raise_1 = [](journal& j, const auto& x, later& q) { raise<1>(j, x, q); };
constexpr auto raise_2 = [](journal& j, const auto& x, later& q) { raise<2>(j, x, q); };

using rows_table =
    st::table<journal, st::states<s<0>, s<1>, s<2>, s<3>>, events, transition<s<0>, e<0>, s<1>>,  //
              transition<s<0>, e<1>, s<2>, guard<open<0>>, action<act<'1'>>>,                     //
              internal<s<0>, e<1>, guard<open<1>>, action<raise_0>, action<act<'2'>>>,            //
              refuse<s<0>, e<1>, guard<open<2>>>,                                                 //
              transition<s<0>, e<1>, s<0>, action<raise_2>>,                                      //
              transition<s<1>, e<2>, s<3>, guard<open<0>>, guard<open<1>>>,                       //
              ignore<s<1>, e<2>>,                                                                 //
              transition<s<1>, any, s<2>, guard<open<2>>, action<raise_1>, action<raise_2>>,
              transition<s<3>, e<0>, s<3>, action<act<'3'>>>,  //
              transition<any, e<3>, s<0>>,                     //
              internal<s<2>, any, action<act<'4'>>>,           //
              refuse<any, any>>;

static_assert(sizeof(st::machine<rows_table>) == 2);
static_assert(std::is_nothrow_default_constructible_v<st::machine<rows_table>>);
static_assert(std::is_nothrow_copy_constructible_v<st::machine<rows_table>>);
static_assert(std::is_nothrow_copy_assignable_v<st::machine<rows_table>>);
static_assert(!std::is_copy_constructible_v<later> && !std::is_copy_assignable_v<later>);
static_assert(std::is_same_v<rows_table::event, std::variant<e<0>, e<1>, e<2>, e<3>>>);
static_assert(st::machine<rows_table>().is<s<0>>() && !st::machine<rows_table>().is<s<1>>());
static_assert(std::is_base_of_v<std::logic_error, st::misuse>);
static_assert(std::is_base_of_v<std::runtime_error, st::no_transition>);

// The same rows as data, and what they mean, step by step.
struct model {
  static constexpr int each = -1, stays = -2, refuses = -3;
  struct row {
    int from, event, to;
    std::vector<std::size_t> guards;
    std::string actions;  // a digit, or ! and which event is raised
  };
  const std::vector<row> rows{
      {0, 0, 1, {}, ""},        {0, 1, 2, {0}, "1"},       {0, 1, stays, {1}, "!02"},
      {0, 1, refuses, {2}, ""}, {0, 1, 0, {}, "!2"},       {1, 2, 3, {0, 1}, ""},
      {1, 2, stays, {}, ""},    {1, each, 2, {2}, "!1!2"}, {3, 0, 3, {}, "3"},
      {each, 3, 0, {}, ""},     {2, each, stays, {}, "4"}, {each, each, refuses, {}, ""}};
  int state = 0;
  journal j;

  void handle(int event) {
    std::deque<int> queue{event};
    while (!queue.empty()) {
      one(queue.front(), queue);
      queue.pop_front();
    }
  }
  void one(int event, std::deque<int>& queue) {
    for (const row& r : rows) {
      if ((r.from != each && r.from != state) || (r.event != each && r.event != event)) continue;
      bool allowed = true;
      for (const std::size_t g : r.guards) {
        if (allowed) j.may_fail();
        allowed = allowed && j.open[g];
      }
      if (!allowed) continue;
      if (r.to == refuses) throw st::no_transition("", "");
      if (r.to >= 0 && state != 3) j.call(static_cast<char>('a' + state));
      for (std::size_t i = 0; i != r.actions.size(); ++i) {
        j.call(r.actions[i]);
        if (r.actions[i] == '!') queue.push_back(r.actions[++i] - '0');
      }
      if (r.to >= 0 && r.to != 3) j.call(static_cast<char>('A' + r.to));
      if (r.to >= 0) state = r.to;
      return;
    }
  }
};

rows_table::event event(std::size_t i) {
  const std::array<rows_table::event, 4> all{e<0>(), e<1>(), e<2>(), e<3>()};
  return all[i];
}
// What came of it: 0 nothing, 1 a refusal, 2 a fault.
int outcome(auto handle) try {
  handle();
  return 0;
} catch (const st::no_transition&) {
  return 1;
} catch (const fault&) {
  return 2;
}

class Seeded : public testing::TestWithParam<unsigned> {
 protected:
  void compare(bool with_faults) {
    std::mt19937 random(GetParam());
    st::machine<rows_table> m;
    journal j;
    model expected;
    for (int i = 0; i != 300; ++i) {
      for (bool& o : j.open) o = random() % 2 == 0;
      j.calls_until_fault = with_faults ? random() % 6 : 0;
      j.calls.clear();
      expected.j = j;
      const std::size_t which = random() % 4;
      const int came = outcome([&] { m.handle(j, event(which)); });
      ASSERT_EQ(came, outcome([&] { expected.handle(static_cast<int>(which)); })) << i;
      ASSERT_EQ(j.calls, expected.j.calls) << i;
      ASSERT_EQ(m.name(), "s<" + std::to_string(expected.state) + '>') << i;
    }
  }
};
INSTANTIATE_TEST_SUITE_P(State, Seeded, testing::Range(0U, 200U));

TEST_P(Seeded, TheTableDecides) { compare(false); }
TEST_P(Seeded, AThrowLeavesTheState) { compare(true); }

TEST_P(Seeded, RunsToCompletion) {  // nothing begins before what was before it has ended
  struct counter {
    std::mt19937 random;
    int depth = 0, raised = 0, handled = 0;
  };
  struct ping {
    int n;
  };
  using pings = st::events<ping>;
  struct only {};
  constexpr auto act = [](counter& c, const ping& p, st::queue<pings>& q) {
    EXPECT_EQ(++c.depth, 1);
    EXPECT_EQ(p.n, c.handled++) << "in the order in which they were raised";
    for (std::size_t more = c.random() % 3; more != 0 && c.raised != 50; --more) {
      q.raise(ping{++c.raised});
    }
    --c.depth;
  };
  using table = st::table<counter, st::states<only>, pings, internal<only, ping, action<act>>>;
  counter c{std::mt19937(GetParam())};
  st::machine<table>().handle(c, ping{0});
  EXPECT_EQ(c.handled, c.raised + 1);
}

// A machine that is a member of its context, whose functions its table names.
struct go {
  int n;
};
struct back {};
struct again {};
using trips = st::events<go, back, again>;
class traveller;
struct home {
  static constexpr std::string_view name = "at home";
  static void exit(traveller&, const go&);
};
struct away {
  static void entry(traveller&, const go&, st::queue<trips>&);
  void exit() const { ++exits; }
  static inline int exits = 0;
};

class traveller {
 public:
  void handle(const std::variant<go, back, again>& e) { where_.handle(*this, e); }
  std::string_view where() const { return where_.name(); }
  bool is_home() const { return where_.is<home>(); }
  void note(const std::string& what) {
    said.push_back(what + " at home: " + (is_home() ? "yes" : "no"));
  }

  std::vector<std::string> said;
  bool may_go = true, turns_back = false;
  std::function<void(traveller&)> trouble = [](traveller&) {};

 private:
  bool free_to_go(const go& g) const { return may_go && g.n > 0; }
  void pack(const go& g) { note("pack " + std::to_string(g.n)); }
  void make_trouble() { trouble(*this); }

 public:
  using table = st::table<traveller, st::states<home, away>, trips,
                          transition<home, go, away, guard<&traveller::free_to_go>,
                                     action<&traveller::pack>, action<[] {}>>,
                          ignore<home, go>,                                        //
                          transition<away, back, home>,                            //
                          internal<any, again, action<&traveller::make_trouble>>,  //
                          refuse<any, any>>;

 private:
  st::machine<table> where_;
};
void home::exit(traveller& t, const go& g) { t.note("exit " + std::to_string(g.n)); }
void away::entry(traveller& t, const go& g, st::queue<trips>& q) {
  t.note("entry " + std::to_string(g.n));
  if (t.turns_back) q.raise(back());
}

TEST(State, CallsExitActionsAndEntryAndThenChangesTheState) {
  traveller t;
  t.handle(go{7});
  EXPECT_EQ(t.said, (std::vector<std::string>{"exit 7 at home: yes", "pack 7 at home: yes",
                                              "entry 7 at home: yes"}));
  EXPECT_FALSE(t.is_home());
  EXPECT_EQ(t.where(), "away");
}

TEST(State, HandlesWhatAnEntryRaisedBeforeItReturns) {
  traveller t;
  t.turns_back = true;
  const int exits = away::exits;
  t.handle(go{1});
  EXPECT_EQ(t.said.size(), 3U);
  EXPECT_TRUE(t.is_home());
  EXPECT_EQ(away::exits, exits + 1);
}

TEST(State, AsksAGuardAboutTheEventAndTheContext) {
  traveller t;
  t.handle(go{0});
  EXPECT_TRUE(t.is_home());
  t.may_go = false;
  t.handle(go{1});
  EXPECT_TRUE(t.is_home());
  EXPECT_TRUE(t.said.empty());
}

TEST(State, SaysWhichEventIsRefusedInWhichState) {
  traveller t;
  try {
    t.handle(back());
    FAIL();
  } catch (const st::no_transition& refused) {
    EXPECT_EQ(refused.state(), "at home");
    EXPECT_EQ(refused.event(), "back");
    EXPECT_STREQ(refused.what(), "gof::state: back is refused in state at home");
  }
  EXPECT_TRUE(t.is_home());
}

TEST(State, RefusesToBeUsedByItsOwnAction) {
  traveller t;
  t.trouble = [](traveller& me) { me.handle(go{1}); };
  EXPECT_THROW(t.handle(again()), st::misuse);
  EXPECT_TRUE(t.is_home());
  t.trouble = [](traveller& me) {
    EXPECT_THROW(me.handle(back()), st::misuse) << "an event that would only be looked up";
    EXPECT_THROW(me.handle(again()), st::misuse) << "still";
  };
  t.handle(again());
  t.handle(go{1});
  EXPECT_FALSE(t.is_home()) << "and can be used again";
}

TEST(State, CopiedByItsOwnActionIsReadyForUse) {
  traveller t;
  std::optional<traveller> copy;
  traveller assigned;
  t.trouble = [&](traveller& me) {
    copy = me;
    assigned = me;
  };
  t.handle(go{1});
  t.handle(again());
  copy->handle(back());
  assigned.handle(back());
  EXPECT_TRUE(copy->is_home());
  EXPECT_TRUE(assigned.is_home());
  EXPECT_FALSE(t.is_home());
}

TEST(State, AnAssignmentByItsOwnActionDoesNotLetOthersIn) {
  traveller t;
  t.trouble = [](traveller& me) {
    traveller other;
    me = traveller(other);
    me.handle(go{1});
  };
  EXPECT_THROW(t.handle(again()), st::misuse);
}

TEST(State, RestoresAStateByItsName) {
  using machine = st::machine<traveller::table>;
  EXPECT_TRUE(machine::restore("at home").is<home>());
  EXPECT_TRUE(machine::restore(machine::restore("away").name()).is<away>());
  try {
    static_cast<void>(machine::restore("lost"));
    FAIL();
  } catch (const std::invalid_argument& unknown) {
    EXPECT_STREQ(unknown.what(), "gof::state: no state \"lost\" among at home, away");
  }
}

TEST(State, EndsARunThatRaisesEventsWithoutEnd) {
  struct only {};
  struct tick {};
  using ticks = st::events<tick>;
  constexpr auto raise = [](long& n, const tick&, st::queue<ticks>& q) {
    ++n;
    q.raise(tick());
  };
  using table = st::table<long, st::states<only>, ticks, internal<only, tick, action<raise>>>;
  st::machine<table> m;
  long n = 0;
  EXPECT_THROW(m.handle(n, tick()), st::misuse);
  EXPECT_EQ(n, 1'000'001) << "the event, and a million that it raised";
  EXPECT_THROW(m.handle(n, tick()), st::misuse);
  EXPECT_EQ(n, 2'000'002) << "it can be used again, and nothing was left";
}

// Raises three events, of which the second throws.
struct step {
  int n = 0;
};
struct one {};
struct two {};
struct three {};
using steps = st::events<step>;
using three_states =
    st::table<std::vector<int>, st::states<one, two, three>, steps,
              transition<one, step, two,
                         action<[](std::vector<int>& did, const step& x, st::queue<steps>& q) {
                           did.push_back(x.n);
                           for (int i = 1; i != 4; ++i) q.raise(step{x.n + i});
                         }>>,
              transition<two, step, three,
                         action<[](std::vector<int>& did, const step& x) { did.push_back(x.n); }>>,
              transition<three, step, one, action<[](std::vector<int>& did, const step& x) {
                           did.push_back(x.n);
                           throw fault();
                         }>>>;

TEST(State, KeepsWhatEarlierEventsOfARunLedToAndDropsTheRest) {
  std::vector<int> did;
  st::machine<three_states> m;
  EXPECT_THROW(m.handle(did, step{10}), fault);
  EXPECT_TRUE(m.is<three>());
  EXPECT_EQ(did, (std::vector<int>{10, 11, 12}));
  EXPECT_THROW(m.handle(did, step{20}), fault);
  EXPECT_EQ(did, (std::vector<int>{10, 11, 12, 20})) << "13 is not handled any more";
}

TEST(State, IsAsItWasWhereMemoryForRaisedEventsRunsOut) {
  st::machine<three_states> m;
  const std::size_t failed = gof::testing::fail_each_allocation(
      [&] {
        std::vector<int> did;
        did.reserve(10);
        m = st::machine<three_states>();
        try {
          m.handle(did, step());
        } catch (const fault&) {  // the last of the three
        }
      },
      [&] { EXPECT_TRUE(m.is<one>()); });
  EXPECT_GE(failed, 2U);
}

TEST(State, TakesNothingFromTheHeapWhereNothingIsRaised) {
  st::machine<rows_table> m;
  journal j;
  j.calls.reserve(100);
  const std::size_t before = gof::testing::allocations();
  m.handle(j, e<0>());
  m.handle(j, e<2>());
  EXPECT_EQ(gof::testing::allocations(), before);
  EXPECT_EQ(j.calls, "aB");
}

TEST(State, RefusesAnEventThatIsNone) {
  struct throws {
    throws() = default;
    throws(const throws&) = default;
    throws(throws&&) { throw fault(); }
    throws& operator=(throws&&) = default;
  };
  struct only {};
  using table = st::table<int, st::states<only>, st::events<int, throws>, ignore<only, any>>;
  table::event none = 1;
  EXPECT_THROW(none = throws(), fault);
  ASSERT_TRUE(none.valueless_by_exception());
  int context = 0;
  EXPECT_THROW(st::machine<table>().handle(context, none), std::bad_variant_access);
}

// Tells each step, and can throw while it does.
struct traced {
  std::string log;
  bool fails = false;
  void trace(std::string_view from, std::string_view event, std::string_view to) {
    if (fails) throw fault();
    log += std::string(from) + ' ' + std::string(event) + ' ' + std::string(to) + '\n';
  }
};

TEST(State, TracesEachStepBeforeTheStateChanges) {
  using table = st::table<traced, st::states<one, two, three>, st::events<go, back, again>,
                          transition<one, go, two>, ignore<one, back>, transition<two, go, three>,
                          transition<three, back, one>, refuse<any, any>>;
  st::machine<table> m;
  traced t;
  m.handle(t, go{1});
  EXPECT_THROW(m.handle(t, again()), st::no_transition);
  t.fails = true;
  EXPECT_THROW(m.handle(t, go{1}), fault);
  EXPECT_TRUE(m.is<two>());
  t.fails = false;
  m.handle(t, go{1});
  m.handle(t, back());
  m.handle(t, back());
  EXPECT_EQ(t.log, "one go two\ntwo go three\nthree back one\none back one\n");
}

TEST(State, LooksUpTransitionsWithNothingToDo) {
  using table = st::table<const int, st::states<one, two, three>, st::events<go, back>,
                          transition<one, go, two>, transition<two, go, three>,
                          transition<any, back, one>, refuse<three, go>>;
  st::machine<table> m;
  const int context = 0;
  m.handle(context, go{1});
  EXPECT_TRUE(m.is<two>());
  m.handle(context, go{1});
  EXPECT_TRUE(m.is<three>());
  EXPECT_THROW(m.handle(context, go{1}), st::no_transition);
  EXPECT_TRUE(m.is<three>());
  m.handle(context, back());
  EXPECT_TRUE(m.is<one>());
}

namespace nested {
struct inner {};
}  // namespace nested
template <class T>
struct boxed {};

TEST(State, IsNamedWithoutWhatItIsNestedInButWithItsArguments) {
  using table = st::table<int, st::states<nested::inner, boxed<nested::inner>>, st::events<go>,
                          transition<any, go, boxed<nested::inner>>>;
  st::machine<table> m;
  EXPECT_EQ(m.name(), "inner");
  int context = 0;
  m.handle(context, go{1});
  EXPECT_TRUE(m.name().starts_with("boxed<")) << m.name();
}

// A ring of states, each of which counts its entries.
template <std::size_t I>
struct node {
  static void entry(std::array<int, 30>& entries) { ++entries[I]; }
};
template <class Numbers>
struct ring;
template <std::size_t... I>
struct ring<std::index_sequence<I...>> {
  using table = st::table<std::array<int, 30>, st::states<node<I>...>, st::events<go>,
                          transition<node<I>, go, node<(I + 1) % sizeof...(I)>>...>;
};

TEST(State, HasManyStates) {
  st::machine<ring<std::make_index_sequence<30>>::table> m;
  std::array<int, 30> entries{};
  for (int i = 0; i != 80; ++i) m.handle(entries, go{1});
  EXPECT_TRUE(m.is<node<20>>());
  for (std::size_t i = 0; i != 30; ++i) EXPECT_EQ(entries[i], i >= 1 && i <= 20 ? 3 : 2) << i;
}

}  // namespace
