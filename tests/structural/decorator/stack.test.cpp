// SPDX-License-Identifier: BSL-1.0
#include <gof/decorator/stack.hpp>
// The header under test comes first, so that it has to stand alone.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "support/allocations.hpp"

namespace {

namespace dec = gof::decorator;
using dec::decorate, dec::layer_id, dec::misuse;
using stack = dec::stack<int(int)>;

struct sized {
  virtual ~sized() = default;
  virtual int size() const = 0;
};
struct seekable {
  int position = 0;
};
struct printable {
  int pages = 3;
};
struct twice : sized, seekable, printable {
  int size() const override { return 12; }
  int operator()(int x) const noexcept { return 2 * x; }
};
struct transparent {
  decltype(auto) invoke(auto& next, auto&&... args) const
      noexcept(noexcept(next(std::forward<decltype(args)>(args)...))) {
    return next(std::forward<decltype(args)>(args)...);
  }
};
struct plus {
  int n;
  int calls = 0;
  int invoke(auto& next, int x) {
    ++calls;
    return next(x) + n;
  }
  std::string label() const { return "+" + std::to_string(n); }
};
struct times {
  int n;
  int invoke(auto& next, int x) const noexcept(noexcept(next(x))) { return next(x) * n; }
  std::string label() const { return "*" + std::to_string(n); }
};
struct hider {
  using hides = dec::capabilities<seekable, printable>;
  int invoke(auto& next, int x) const { return next(x); }
};
struct own_size : sized {
  int size() const override { return 99; }
  int invoke(auto& next, int x) const { return next(x); }
};
struct can_throw {
  int invoke(auto& next, int x) const { return next(x); }
};
struct cannot_when_const {
  int invoke(auto& next, int x) noexcept { return next(x); }
};
struct final_one final {
  int invoke(auto& next, int x) const { return next(x); }
  int operator()(int x) const { return x; }
};

template <class S, class D>
concept takes = requires(S& s, D d) {
  s.push(std::move(d));
  s.push_inside(layer_id{}, std::move(d));
};
template <class S, class... Args>
constexpr bool calls = std::is_invocable_v<S, Args...>;
template <class S, class... Args>
constexpr bool calls_nothrow = std::is_nothrow_invocable_v<S, Args...>;
using constant = dec::stack<int(int) const>;
using nothrow = dec::stack<int(int) noexcept>;
using both = dec::stack<int(int) const noexcept>;

static_assert(!std::is_copy_constructible_v<stack> && !std::is_copy_assignable_v<stack>);
static_assert(std::is_nothrow_move_constructible_v<stack> && std::is_move_assignable_v<stack>);
static_assert(!std::is_convertible_v<twice, stack>);
// As the signature says.
static_assert(calls<stack&, int> && !calls<const stack&, int> && !calls_nothrow<stack&, int>);
static_assert(calls<constant&, int> && calls<const constant&, int>);
static_assert(!calls_nothrow<const constant&, int> && !calls_nothrow<constant&, int>);
static_assert(calls_nothrow<nothrow&, int> && !calls<const nothrow&, int>);
static_assert(calls_nothrow<both&, int> && calls_nothrow<const both&, int>);
static_assert(!calls<stack&, std::string> && !calls<stack&> && !calls<const both&, std::string>);
static_assert(takes<stack, plus> && takes<stack, times> && takes<stack, can_throw>);
static_assert(!takes<constant, plus> && takes<constant, times> && takes<constant, can_throw>);
static_assert(takes<nothrow, times> && !takes<nothrow, can_throw> && !takes<nothrow, plus>);
static_assert(takes<nothrow, cannot_when_const> && !takes<both, cannot_when_const>);
static_assert(takes<both, transparent> && !takes<both, can_throw>);
static_assert(!takes<stack, final_one> && !takes<stack, twice> && !takes<stack, int>);
static_assert(std::is_constructible_v<stack, twice> && !std::is_constructible_v<stack, plus>);
static_assert(!std::is_constructible_v<stack, final_one> && !std::is_constructible_v<stack, int>);
static_assert(!std::is_constructible_v<nothrow, std::function<int(int)>>);
static_assert(!std::is_constructible_v<constant, dec::decorated<twice, plus>>);
static_assert(std::is_constructible_v<stack, dec::decorated<twice, plus>>);
static_assert(!std::is_constructible_v<dec::stack<int*(int)>, twice>);
static_assert(std::same_as<decltype(std::declval<stack&>().as<sized>()), sized*>);
static_assert(std::same_as<decltype(std::declval<const stack&>().as<sized>()), const sized*>);
static_assert(noexcept(std::declval<stack&>().as<sized>()));
static_assert(std::is_base_of_v<std::logic_error, misuse>);

// A stack as a list, the outermost last.
struct model {
  enum kind { plus_kind, times_kind, transparent_kind, hider_kind, own_size_kind };
  struct entry {
    kind k;
    int n;
    layer_id id;
  };
  std::vector<entry> layers;

  int call(int x) const {
    int result = 2 * x;
    for (const entry& e : layers) {
      if (e.k == plus_kind) result += e.n;
      if (e.k == times_kind) result *= e.n;
    }
    return result;
  }
  std::string describe() const {
    std::string all;
    for (auto e = layers.rbegin(); e != layers.rend(); ++e) {
      if (e->k == plus_kind) all += "+" + std::to_string(e->n);
      if (e->k == times_kind) all += "*" + std::to_string(e->n);
      if (e->k == transparent_kind) all += "transparent";
      if (e->k == hider_kind) all += "hider";
      if (e->k == own_size_kind) all += "own_size";
      all += " -> ";
    }
    return all + "twice";
  }
  bool has(kind k) const {
    for (const entry& e : layers) {
      if (e.k == k) return true;
    }
    return false;
  }
  bool remove_outermost(kind k) {
    for (std::size_t i = layers.size(); i-- != 0;) {
      if (layers[i].k != k) continue;
      layers.erase(layers.begin() + static_cast<std::ptrdiff_t>(i));
      return true;
    }
    return false;
  }
};

class Seeded : public testing::TestWithParam<unsigned> {};
INSTANTIATE_TEST_SUITE_P(DecoratorStack, Seeded, testing::Range(0U, 100U));

// All that a stack shows, after any sequence of edits.
TEST_P(Seeded, OutermostFirst) {
  std::mt19937 random(GetParam());
  const auto below = [&](std::size_t n) { return std::size_t{random() % n}; };
  stack s{twice()};
  model m;
  std::vector<layer_id> gone;
  // With `push` or `push_inside`, at a place of its choice.
  const auto add = [&](auto d, model::kind k, int n) {
    const std::size_t at = below(m.layers.size() + 1);
    const layer_id id = at == m.layers.size() ? s.push(d) : s.push_inside(m.layers[at].id, d);
    m.layers.insert(m.layers.begin() + static_cast<std::ptrdiff_t>(at), {k, n, id});
  };
  for (int i = 0; i != 200; ++i) {
    const int n = static_cast<int>(below(3)) - 1;
    switch (below(9)) {
      case 0:
      case 1:
        add(plus{n}, model::plus_kind, n);
        break;
      case 2:
        add(times{n}, model::times_kind, n);
        break;
      case 3:
        add(transparent(), model::transparent_kind, 0);
        break;
      case 4:
        add(hider(), model::hider_kind, 0);
        break;
      case 5:
        add(own_size(), model::own_size_kind, 0);
        break;
      case 6:
      case 7:
        if (!m.layers.empty()) {
          const std::size_t at = below(m.layers.size());
          gone.push_back(m.layers[at].id);
          ASSERT_TRUE(s.remove(gone.back()));
          m.layers.erase(m.layers.begin() + static_cast<std::ptrdiff_t>(at));
        }
        break;
      case 8:
        ASSERT_EQ(s.remove<plus>(), m.remove_outermost(model::plus_kind));
        ASSERT_EQ(s.remove<hider>(), m.remove_outermost(model::hider_kind));
        break;
    }
    ASSERT_EQ(s(7), m.call(7)) << s.describe();
    ASSERT_EQ(s.describe(), m.describe());
    ASSERT_EQ(s.as<seekable>() != nullptr, !m.has(model::hider_kind));
    ASSERT_EQ(std::as_const(s).as<printable>() != nullptr, !m.has(model::hider_kind));
    ASSERT_EQ(s.as<sized>()->size(), m.has(model::own_size_kind) ? 99 : 12);
    ASSERT_EQ(s.as<hider>() != nullptr, m.has(model::hider_kind));
    ASSERT_NE(s.as<twice>(), nullptr);
  }
  for (const layer_id id : gone) ASSERT_FALSE(s.remove(id)) << "a name is not used again";
}

// A random stack, and the same with one more decorator somewhere.
struct random_stacks {
  explicit random_stacks(unsigned seed) : random(seed) {
    for (unsigned i = 0; i != 8; ++i) {
      const int n = static_cast<int>(random() % 5);
      if (random() % 2 == 0) {
        ids.push_back(s.push(plus{n})), other.push(plus{n});
      } else {
        ids.push_back(s.push(times{n})), other.push(times{n});
      }
    }
  }
  layer_id add(auto d) { return s.push_inside(ids[random() % ids.size()], d); }
  std::mt19937 random;
  stack s{twice()}, other{twice()};
  std::vector<layer_id> ids;
};

TEST_P(Seeded, NoLayerIsLikeNone) {
  random_stacks r(GetParam());
  r.add(transparent());
  for (int x = -20; x != 20; ++x) ASSERT_EQ(r.s(x), r.other(x));
}

TEST_P(Seeded, NothingIsHiddenUnasked) {
  random_stacks r(GetParam());
  r.add(transparent());
  EXPECT_EQ(r.s.as<sized>()->size(), 12);
  r.s.as<seekable>()->position = 4;
  EXPECT_EQ(std::as_const(r.s).as<twice>()->position, 4);
}

TEST_P(Seeded, RemoveUndoesPush) {
  random_stacks r(GetParam());
  EXPECT_TRUE(r.s.remove(r.add(times{0})));
  EXPECT_EQ(r.s.describe(), r.other.describe());
  for (int x = -20; x != 20; ++x) ASSERT_EQ(r.s(x), r.other(x));
}

TEST(DecoratorStack, TakesWhatWasDecoratedOneByOne) {
  stack s(decorate(twice()) | plus{1} | hider() | times{3});
  EXPECT_EQ(s(5), 33);
  EXPECT_EQ(s.describe(), "*3 -> hider -> +1 -> twice");
  EXPECT_EQ(s.as<sized>()->size(), 12);
  EXPECT_EQ(s.as<seekable>(), nullptr);
  EXPECT_TRUE(s.remove<hider>());
  EXPECT_NE(s.as<seekable>(), nullptr);
  EXPECT_TRUE(s.remove<plus>());
  EXPECT_EQ(s(5), 30);
}

TEST(DecoratorStack, NeverRemovesTheComponent) {
  stack s{twice()};
  EXPECT_FALSE(s.remove<twice>());
  EXPECT_FALSE(s.remove(layer_id{}));
  EXPECT_FALSE(s.remove<plus>());
  EXPECT_THROW(s.push_inside(layer_id{}, plus{1}), std::out_of_range);
  EXPECT_EQ(s.describe(), "twice");
}

TEST(DecoratorStack, RefusesAPlaceThatIsNotThereAnyMore) {
  stack s{twice()};
  const layer_id id = s.push(plus{1});
  s.remove(id);
  s.push(times{2});
  try {
    s.push_inside(id, plus{2});
    FAIL();
  } catch (const std::out_of_range& e) {
    EXPECT_NE(std::string(e.what()).find("no such decorator"), std::string::npos);
  }
  EXPECT_EQ(s.describe(), "*2 -> twice");
}

TEST(DecoratorStack, NamesNoDecoratorOfAnotherStack) {
  stack a{twice()}, b{twice()};
  const layer_id of_a = a.push(plus{1});
  EXPECT_NE(b.push(plus{1}), of_a);
  EXPECT_FALSE(b.remove(of_a));
  stack c = std::move(a);
  EXPECT_TRUE(c.remove(of_a)) << "it keeps its name when the stack moves";
}

TEST(DecoratorStack, KeepsTheStateOfTheOthers) {
  stack s{twice()};
  s.push(plus{1});
  const layer_id id = s.push(times{2});
  s(0);
  const plus* where = s.as<plus>();
  s.remove(id);
  s.push(times{3});
  s(0);
  EXPECT_EQ(s.as<plus>(), where);
  EXPECT_EQ(where->calls, 2);
}

TEST(DecoratorStack, HandsOnReferencesAndWhatCannotBeCopied) {
  dec::stack<std::unique_ptr<int>(std::unique_ptr<int>)> moves{
      [](std::unique_ptr<int> p) { return p; }};
  moves.push(transparent());
  moves.push(transparent());
  EXPECT_EQ(*moves(std::make_unique<int>(4)), 4);
  dec::stack<std::string&(std::string&)> refers{[](std::string& s) -> std::string& { return s; }};
  refers.push(transparent());
  std::string text;
  EXPECT_EQ(&refers(text), &text);
  dec::stack<void(int&)> changes{[](int& x) { return ++x; }};
  changes.push(transparent());
  int x = 1;
  changes(x);
  EXPECT_EQ(x, 2);
}

TEST(DecoratorStack, ConvertsArgumentsAndResults) {
  dec::stack<long(std::string)> s{[](const std::string& text) { return text.size(); }};
  s.push(transparent());
  EXPECT_EQ(s("four"), 4);
}

struct which {
  std::string operator()() { return "variable"; }
  std::string operator()() const { return "constant"; }
};

struct added {
  std::string invoke(auto& next) { return "variable, " + next(); }
  std::string invoke(auto& next) const { return "constant, " + next(); }
};

TEST(DecoratorStack, CallsItsPartsAsConstantsWhereItsSignatureDoes) {
  dec::stack<std::string()> variable{which()};
  variable.push(added());
  EXPECT_EQ(variable(), "variable, variable");
  dec::stack<std::string() const> always_constant{which()};
  always_constant.push(added());
  EXPECT_EQ(always_constant(), "constant, constant");
  EXPECT_EQ(std::as_const(always_constant)(), "constant, constant");
}

struct measured {
  int invoke(auto& next, int x) const {
    const auto* size = next.template as<sized>();
    return size == nullptr || next.template as<seekable>() != nullptr ? next(x) : size->size();
  }
};

struct constant_next {
  int invoke(auto& next, int x) const {
    static_assert(std::same_as<decltype(next.template as<sized>()), const sized*>);
    return next(x);
  }
};

TEST(DecoratorStack, LetsADecoratorAskWhatIsInside) {
  stack s{twice()};
  s.push(measured());
  EXPECT_EQ(s(1), 2);
  s.push_inside(s.push(transparent()), own_size());  // outside of it
  EXPECT_EQ(s(1), 2);
  s.push_inside(s.push(measured()), hider());
  EXPECT_EQ(s(1), 99);
  constant c{twice()};
  c.push(constant_next());
  EXPECT_EQ(c(1), 2);
}

// Has virtual functions that are named as things in the header are.
struct confusing {
  virtual ~confusing() = default;
  virtual std::string label() const { return "confusing"; }
  virtual int run(int x) { return -x; }
  virtual bool hides_type() const { return true; }
  int node_ = 1, inner_ = 2, about_ = 3, id_ = 4;
  int invoke(auto& next, int x) { return next(run(x)) + node_ + inner_ + about_ + id_; }
};

TEST(DecoratorStack, IsNotConfusedByTheNamesInAPart) {
  stack s{twice()};
  s.push(confusing());
  EXPECT_EQ(s(3), -6 + 10);
  EXPECT_EQ(s.describe(), "confusing -> twice");
  EXPECT_NE(s.as<seekable>(), nullptr);
}

TEST(DecoratorStack, LetsExceptionsThrough) {
  bool fail = true;
  constant c{[&](int x) { return fail ? throw x : x; }};
  EXPECT_THROW(c(1), int);
  c.push(times{2});  // the call is over
  stack s{[&](int x) { return fail ? throw x : x; }};
  s.push(plus{1});
  EXPECT_THROW(s(1), int);
  fail = false;
  s.push(plus{1});  // the call is over
  EXPECT_EQ(s(1), 3);
}

struct minus {
  int invoke(auto& next, int x) const { return -next(x); }
};
// Does what the test wants, whenever it is called.
struct meddler {
  const std::function<void()>* meddle;
  int invoke(auto& next, int x) const {
    (*meddle)();
    return next(x);
  }
};

template <class Stack>
class DecoratorStackInItsCall : public testing::Test {};
using Signatures = testing::Types<stack, constant>;
TYPED_TEST_SUITE(DecoratorStackInItsCall, Signatures);

TYPED_TEST(DecoratorStackInItsCall, RefusesToBeEdited) {
  std::optional<TypeParam> s(std::in_place, twice());
  TypeParam other{twice()};
  int meddled = 0;
  layer_id inside{};
  const std::function<void()> meddle = [&] {
    if (++meddled == 1) {
      EXPECT_EQ((*s)(5), -10) << "but it can be called";
    }
    EXPECT_THROW(s->push(minus()), misuse);
    EXPECT_THROW(s->push_inside(inside, minus()), misuse);
    EXPECT_THROW(s->remove(inside), misuse);
    EXPECT_THROW(s->template remove<minus>(), misuse);
    EXPECT_THROW(s->template remove<hider>(), misuse) << "also where there is none";
    EXPECT_THROW(*s = TypeParam(twice()), misuse);
    EXPECT_EQ(s->describe(), "meddler -> minus -> twice");
    other.push(minus());  // another one can be edited
  };
  inside = s->push(minus());
  s->push(meddler{&meddle});
  EXPECT_EQ((*s)(5), -10);
  EXPECT_EQ(meddled, 2);
  EXPECT_EQ(other(5), 10) << "edited twice";
  EXPECT_TRUE(s->template remove<minus>());
  EXPECT_TRUE(s->template remove<meddler>());
  EXPECT_EQ(s->describe(), "twice");
}

TYPED_TEST(DecoratorStackInItsCall, RefusesAlsoThroughTheCallOfAnother) {
  TypeParam outer{twice()}, inner{twice()};
  int meddled = 0;
  const std::function<void()> edit = [&] {
    ++meddled;
    EXPECT_THROW(outer.push(minus()), misuse);
    EXPECT_THROW(inner.push(minus()), misuse);
  };
  const std::function<void()> call = [&] { inner(1); };
  inner.push(meddler{&edit});
  outer.push(meddler{&call});
  outer(1);
  EXPECT_EQ(meddled, 1);
}

TYPED_TEST(DecoratorStackInItsCall, RefusesAlsoWhereItWasMovedTo) {
  TypeParam s{twice()}, to{twice()};
  int meddled = 0;
  const std::function<void()> move = [&] {
    ++meddled;
    to = std::move(s);
    EXPECT_THROW(to.push(minus()), misuse);
  };
  s.push(meddler{&move});
  EXPECT_EQ(s(4), 8);
  EXPECT_EQ(meddled, 1);
  to.push(minus());
  EXPECT_EQ(to.describe(), "minus -> meddler -> twice");
}

TEST(DecoratorStack, SaysWhatIsWrongInAMisuse) {
  stack s{twice()};
  std::string said;
  const std::function<void()> meddle = [&] {
    try {
      s.remove<meddler>();
    } catch (const misuse& e) {
      said = e.what();
    }
  };
  s.push(meddler{&meddle});
  s(1);
  EXPECT_NE(said.find("from inside its own call"), std::string::npos) << said;
}

TEST(DecoratorStack, CanBeEditedInOneThreadWhileAnotherIsInACallOfAnother) {
  stack a{twice()}, b{twice()};
  const std::function<void()> edit = [&] { std::thread([&] { b.push(plus{1}); }).join(); };
  a.push(meddler{&edit});
  a(1);
  EXPECT_EQ(b(0), 1);
}

// Counts how many there are.
struct counted {
  explicit counted(int* n) : alive(n) { ++*alive; }
  counted(counted&& other) noexcept : alive(other.alive) { ++*alive; }
  ~counted() { --*alive; }
  int invoke(auto& next, int x) const { return next(x); }
  int* alive;
};

TEST(DecoratorStack, DestroysWhatItOwnsWhenItShould) {
  int alive = 0;
  {
    stack s{twice()};
    const layer_id first = s.push(counted(&alive));
    s.push(counted(&alive));
    s.push(counted(&alive));
    EXPECT_EQ(alive, 3);
    s.remove(first);
    EXPECT_EQ(alive, 2);
    stack t = std::move(s);
    EXPECT_EQ(alive, 2);
    s = stack(twice());
    s.push(counted(&alive));
    EXPECT_EQ(alive, 3);
    t = std::move(s);
    EXPECT_EQ(alive, 1) << "at once, not when the other ends";
    EXPECT_EQ(t.describe(), "counted -> twice");
    stack& same = t;
    t = std::move(same);
    EXPECT_EQ(t(4), 8);
  }
  EXPECT_EQ(alive, 0);
}

struct last_word {
  stack* s;
  int* said;
  last_word(stack* st, int* sd) : s(st), said(sd) {}
  last_word(last_word&& other) noexcept : s(std::exchange(other.s, nullptr)), said(other.said) {}
  ~last_word() {
    if (s != nullptr) *said = (*s)(10);
  }
  int invoke(auto& next, int) const { return next(-1); }
};

TEST(DecoratorStack, ALayerMayUseTheStackWhenItIsRemoved) {
  int said = 0;
  stack s{twice()};
  s.push(last_word(&s, &said));
  s.remove<last_word>();
  EXPECT_EQ(said, 20);
}

TEST(DecoratorStack, CanBeOneMillionDeep) {
  const auto deep = [] {
    stack s{twice()};
    for (int i = 0; i != 1'000'000; ++i) s.push(transparent());
    return s;
  };
  stack assigned_to = deep();
  assigned_to = stack(twice());
  EXPECT_EQ(assigned_to(1), 2);
  stack destroyed{twice()};
  const layer_id bottom = destroyed.push(plus{1});
  destroyed = deep();
  EXPECT_EQ(destroyed.as<sized>()->size(), 12);
  EXPECT_FALSE(destroyed.remove(bottom));
}

// Its move throws when it is told to.
struct faulty {
  static inline int moves_left = -1;
  struct fault {};
  std::unique_ptr<int> owned = std::make_unique<int>(1);
  faulty() = default;
  faulty(faulty&& other) : owned(std::move(other.owned)) {
    if (moves_left-- == 0) throw fault();
  }
  int invoke(auto& next, int x) const { return next(x) + *owned; }
  int operator()(int x) const { return x + *owned; }
};

TEST(DecoratorStack, IsAsItWasWhereAMoveThrows) {
  stack s{twice()};
  const layer_id id = s.push(plus{1});
  int thrown = 0;
  for (int n = 0;; ++n) {
    faulty::moves_left = n;
    try {
      n % 2 == 0 ? s.push(faulty()) : s.push_inside(id, faulty());
      break;
    } catch (const faulty::fault&) {
      ++thrown;
      EXPECT_EQ(s.describe(), "+1 -> twice");
      EXPECT_EQ(s(3), 7);
    }
  }
  EXPECT_GT(thrown, 1);
  EXPECT_EQ(s(3), 8);
  faulty::moves_left = 0;
  EXPECT_THROW(stack(decorate(twice()) | faulty()), faulty::fault);
  faulty::moves_left = -1;
}

TEST(DecoratorStack, IsAsItWasWhereMemoryRunsOut) {
  std::size_t failures = 0;
  std::optional<stack> s;
  failures += gof::testing::fail_each_allocation([&] { s.emplace(twice()); },
                                                 [&] { EXPECT_FALSE(s.has_value()); });
  EXPECT_EQ(failures, 1U);
  failures += gof::testing::fail_each_allocation([&] { s->push(plus{1}); },
                                                 [&] { EXPECT_EQ(s->describe(), "twice"); });
  const layer_id id = s->push(times{2});
  failures +=
      gof::testing::fail_each_allocation([&] { s->push_inside(id, faulty()); },
                                         [&] { EXPECT_EQ(s->describe(), "*2 -> +1 -> twice"); });
  EXPECT_EQ(failures, 1U + 1U + 2U);
  EXPECT_EQ((*s)(3), 16);
  failures = gof::testing::fail_each_allocation(
      [&] { s.emplace(decorate(twice()) | plus{1} | plus{2}); }, [] {});
  EXPECT_EQ(failures, 3U);
}

TEST(DecoratorStack, TakesNoMemoryToCallAndToRemove) {
  stack s{twice()};
  s.push(plus{1});
  const layer_id id = s.push(times{2});
  const std::size_t before = gof::testing::allocations();
  s(1);
  EXPECT_NE(s.as<sized>(), nullptr);
  s.remove(id);
  stack t = std::move(s);
  EXPECT_EQ(gof::testing::allocations(), before);
}

struct tally {
  std::shared_ptr<std::atomic<int>> calls = std::make_shared<std::atomic<int>>(0);
  int invoke(auto& next, int x) const {
    ++*calls;
    return next(x);
  }
};

TEST(DecoratorStack, IsCalledFromSeveralThreadsWhereItIsConstant) {
  constant s{twice()};
  s.push(tally());
  s.push(times{3});
  const constant& shared = s;
  std::vector<std::thread> threads;
  std::atomic<int> wrong = 0;
  for (int t = 0; t != 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i != 500; ++i) wrong += shared(i) != 6 * i;
    });
  }
  for (std::thread& t : threads) t.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(*s.as<tally>()->calls, 2000);
  s.push(times{2});  // no call has been forgotten
  EXPECT_EQ(s(1), 12);
}

TEST(DecoratorStack, GivesNamesThatDifferInAllThreads) {
  std::vector<layer_id> ids[2];
  const auto fill = [](std::vector<layer_id>& to) {
    stack s{twice()};
    for (int i = 0; i != 1000; ++i) to.push_back(s.push(transparent()));
  };
  std::thread other(fill, std::ref(ids[0]));
  fill(ids[1]);
  other.join();
  ids[0].insert(ids[0].end(), ids[1].begin(), ids[1].end());
  std::sort(ids[0].begin(), ids[0].end());
  EXPECT_EQ(std::adjacent_find(ids[0].begin(), ids[0].end()), ids[0].end());
}

}  // namespace
