// SPDX-License-Identifier: BSL-1.0
#include <gof/template_method.hpp>
// The header under test comes first, so that it has to stand alone.
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "support/allocations.hpp"

struct in_no_namespace {};

namespace {

namespace tpl = gof::template_method;
using tpl::hook, tpl::progress, tpl::required;

template <int I>
struct step {};
using five = tpl::skeleton<required<step<0>>, hook<step<1>>, required<step<2>>, hook<step<3>>,
                           required<step<4>>>;

// Has a run for each step, and an undo where the bit is set; throws in a step, if told to.
struct fault {};
template <unsigned Undoes>
struct worker {
  int throws_in = -1;
  std::vector<int> did{};  // 10 for the run of step 1, 11 for its undo

  template <int I>
  void run(step<I>) {
    if (I == throws_in) throw fault();
    did.push_back(10 * I);
  }
  template <int I>
    requires((Undoes >> I) % 2 == 1)
  void undo(step<I>) noexcept { did.push_back(10 * I + 1); }
};

// Only what is required.
struct plain {
  int runs = 0;
  constexpr void run(step<0>) noexcept { ++runs; }
  constexpr void run(step<2>) noexcept { runs += 10; }
  constexpr void run(step<4>) noexcept { runs += 100; }
};
struct careless : plain {
  using plain::run;
  void run(step<3>) { throw fault(); }
};
struct named {
  static constexpr std::string_view name = "a step of its own name";
};
namespace nested {
struct last {};
}  // namespace nested

static_assert(tpl::runs<plain, step<0>> && !tpl::runs<plain, step<1>>);
static_assert(tpl::undoes<worker<2>, step<1>> && !tpl::undoes<worker<2>, step<2>>);
static_assert(noexcept(five::execute(std::declval<plain&>())));
static_assert(!noexcept(five::execute(std::declval<careless&>())));
static_assert(five::steps.size() == 5 && five::steps[3] == "step<3>");
static_assert(tpl::skeleton<required<named>, hook<nested::last>>::steps[0] == named::name);
static_assert(tpl::skeleton<required<named>, hook<nested::last>>::steps[1] == "last");
static_assert(tpl::skeleton<required<in_no_namespace>>::steps[0] == "in_no_namespace");
static_assert(tpl::skeleton<hook<std::vector<nested::last>>>::steps[0].starts_with("vector<"));
static_assert([] {
  plain p;
  five::execute(p);
  return p.runs;
}() == 111);

class Seeded : public testing::TestWithParam<unsigned> {
 protected:
  // What a worker is to have done, by a loop over the steps.
  static std::vector<int> expected(unsigned undoes, int throws_in) {
    std::vector<int> did;
    for (int i = 0; i != 5 && i != throws_in; ++i) did.push_back(10 * i);
    if (throws_in < 0) return did;
    for (int i = throws_in; i-- != 0;) {
      if ((undoes >> i) % 2 == 1) did.push_back(10 * i + 1);
    }
    return did;
  }
  template <unsigned Undoes>
  static std::vector<int> done(int throws_in) {
    worker<Undoes> w{throws_in};
    bool threw = false;
    try {
      five::execute(w);
    } catch (const fault&) {
      threw = true;
    }
    EXPECT_EQ(threw, throws_in >= 0);
    return w.did;
  }
  template <std::size_t... U>
  static std::vector<int> done_by(unsigned undoes, int throws_in, std::index_sequence<U...>) {
    std::vector<int> did;
    ((U == undoes ? static_cast<void>(did = done<U>(throws_in)) : void()), ...);
    return did;
  }
};
INSTANTIATE_TEST_SUITE_P(TemplateMethod, Seeded, testing::Range(0U, 200U));

TEST_P(Seeded, AFailureUndoesInReverse) {
  std::mt19937 random(GetParam());
  const unsigned undoes = random() % 32;
  const int throws_in = static_cast<int>(random() % 5);
  EXPECT_EQ(done_by(undoes, throws_in, std::make_index_sequence<32>()),
            expected(undoes, throws_in));
}

TEST_P(Seeded, InOrder) {
  const unsigned undoes = GetParam() % 32;
  EXPECT_EQ(done_by(undoes, -1, std::make_index_sequence<32>()), expected(undoes, -1));
}

// Writes down what it hears.
struct listener {
  std::vector<std::string>* heard;
  void operator()(std::string_view step, progress what) const noexcept {
    constexpr std::string_view names[] = {"begun", "done", "skipped", "failed", "undone"};
    heard->push_back(std::string(step) + ' ' + std::string(names[static_cast<std::size_t>(what)]));
  }
};

TEST(TemplateMethod, TellsOfEachStep) {
  std::vector<std::string> heard;
  plain p;
  five::execute(p, listener{&heard});
  EXPECT_EQ(heard, (std::vector<std::string>{"step<0> begun", "step<0> done", "step<1> skipped",
                                             "step<2> begun", "step<2> done", "step<3> skipped",
                                             "step<4> begun", "step<4> done"}));
}

TEST(TemplateMethod, TellsWhichStepFailedAndWhichWereUndone) {
  std::vector<std::string> heard;
  worker<0b101> w{3};
  EXPECT_THROW(five::execute(w, listener{&heard}), fault);
  EXPECT_EQ(heard, (std::vector<std::string>{"step<0> begun", "step<0> done", "step<1> begun",
                                             "step<1> done", "step<2> begun", "step<2> done",
                                             "step<3> begun", "step<3> failed", "step<2> undone",
                                             "step<0> undone"}));
}

TEST(TemplateMethod, LeavesAHookOut) {
  careless c;
  EXPECT_THROW(five::execute(c), fault);
  EXPECT_EQ(c.runs, 11);
}

// The class is chosen at run time: the steps are virtual, the order is not.
struct base {
  virtual ~base() = default;
  virtual void run(step<0>) = 0;
  virtual void run(step<1>) {}  // the default of a hook
  virtual void undo(step<0>) noexcept {}
  std::string did;
};
struct first final : base {
  void run(step<0>) override { did += "first "; }
  void run(step<1>) override { throw fault(); }
  void undo(step<0>) noexcept override { did += "undone"; }
};
struct second final : base {
  using base::run;
  void run(step<0>) override { did += "second"; }
};

TEST(TemplateMethod, RunsVirtualSteps) {
  using two = tpl::skeleton<required<step<0>>, hook<step<1>>>;
  first a;
  second b;
  EXPECT_THROW(two::execute(static_cast<base&>(a)), fault);
  two::execute(static_cast<base&>(b));
  EXPECT_EQ(a.did, "first undone");
  EXPECT_EQ(b.did, "second");
}

TEST(TemplateMethod, TakesNothingFromTheHeap) {
  plain p;
  const std::size_t before = gof::testing::allocations();
  five::execute(p);
  EXPECT_EQ(gof::testing::allocations(), before);
}

TEST(TemplateMethod, UndoesWhereMemoryRunsOut) {
  struct hungry {
    int open = 0;
    std::vector<int> a{}, b{};
    void run(step<0>) { a.resize(1), ++open; }
    void undo(step<0>) noexcept { --open; }
    void run(step<2>) { b.resize(1), ++open; }
    void undo(step<2>) noexcept { --open; }
    void run(step<4>) { std::vector<int>(100).swap(a); }
  };
  int open = -1;
  const std::size_t failed = gof::testing::fail_each_allocation(
      [&] {
        hungry h;
        try {
          five::execute(h);
        } catch (...) {
          open = h.open;
          throw;
        }
      },
      [&] { EXPECT_EQ(open, 0); });
  EXPECT_EQ(failed, 3U);
}

}  // namespace
