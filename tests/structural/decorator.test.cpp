// SPDX-License-Identifier: BSL-1.0
#include <gof/decorator.hpp>
// The header under test comes first, so that it has to stand alone.
#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

struct in_no_namespace {
  int operator()(int x) const { return x; }
};

namespace somewhere::inner {
struct named {
  template <class T>
  struct part {
    int invoke(auto& next, int x) const { return next(x); }
  };
};
}  // namespace somewhere::inner

namespace {

namespace dec = gof::decorator;
using dec::decorate;

// Capabilities: an interface, and a class that is none.
struct sized {
  virtual ~sized() = default;
  virtual int size() const = 0;
};
struct seekable {
  int position = 0;
};

struct twice : sized, seekable {
  int size() const override { return 12; }
  constexpr int operator()(int x) const noexcept { return 2 * x; }
};
struct growing {
  int by = 0;
  int operator()(int x) { return x + ++by; }
};
struct throwing {
  int operator()(int) const { throw std::runtime_error("from the component"); }
};
// Hands on, and nothing else.
struct transparent {
  constexpr decltype(auto) invoke(auto& next, auto&&... args) const
      noexcept(noexcept(next(std::forward<decltype(args)>(args)...))) {
    return next(std::forward<decltype(args)>(args)...);
  }
};
struct plus {
  int n;
  constexpr int invoke(auto& next, int x) const noexcept(noexcept(next(x))) { return next(x) + n; }
  std::string label() const { return "plus " + std::to_string(n); }
};
struct times {
  int n;
  constexpr int invoke(auto& next, int x) const noexcept(noexcept(next(x))) { return next(x) * n; }
};
struct counted {
  int calls = 0;
  int invoke(auto& next, int x) {
    ++calls;
    return next(x);
  }
};
struct no_seeking {
  using hides = dec::capabilities<seekable>;
  int invoke(auto& next, int x) const { return next(x); }
};
struct own_size : sized {
  int size() const override { return 99; }
  int invoke(auto& next, int x) const { return next(x); }
};
struct never {
  int invoke(auto&, int) const noexcept { return -1; }
};
struct again {
  int invoke(auto& next, int x) const { return next(x) + next(x); }
};
// A decorator may take other arguments than the component.
struct length_of {
  int invoke(auto& next, const std::string& text) { return next(static_cast<int>(text.size())); }
};

template <class D, class... Args>
constexpr bool calls = std::is_invocable_v<D, Args...>;
template <class D, class... Args>
constexpr bool calls_nothrow = std::is_nothrow_invocable_v<D, Args...>;

using all = dec::decorated<twice, transparent, plus, times>;
static_assert(std::same_as<all, decltype(decorate(twice()) | transparent() | plus{1} | times{2})>);
static_assert(std::same_as<dec::decorated<twice>, decltype(decorate(twice()))>);
static_assert(std::is_copy_constructible_v<all> && std::is_nothrow_move_constructible_v<all>);
// It is const and noexcept where all parts are.
static_assert(calls<all&, int> && calls<const all&, int>);
static_assert(calls_nothrow<all&, int> && calls_nothrow<const all&, int>);
static_assert(!calls_nothrow<dec::decorated<twice, counted, plus>&, int>);
static_assert(calls<dec::decorated<twice, counted>&, int>);
static_assert(!calls<const dec::decorated<twice, counted>&, int>);
static_assert(!calls<const dec::decorated<twice, counted, plus>&, int>);
static_assert(calls<dec::decorated<growing, plus>&, int>);
static_assert(!calls<const dec::decorated<growing, plus>&, int>);
static_assert(!calls_nothrow<dec::decorated<growing, plus>&, int>);
static_assert(!calls_nothrow<const dec::decorated<throwing, plus>&, int>);
static_assert(calls_nothrow<const dec::decorated<throwing, never>&, int>);
static_assert(!calls<all&, std::string> && !calls<all&> && !calls<all&, int, int>);
static_assert(calls<dec::decorated<twice, length_of>&, std::string>);
// It is computed where it can be.
static_assert((decorate([](int x) { return x + 1; }) | times{10} | plus{5})(2) == 35);
static_assert((decorate([](int x) { return x + 1; }) | plus{5} | times{10})(2) == 80);
static_assert([] {
  const auto constant = decorate([](int x) { return x + 1; }) | times{10} | plus{5};
  return constant(2);
}() == 35);
// Decorators without a state cost no memory.
static_assert(sizeof(decorate(growing()) | transparent() | never()) == sizeof(growing));
static_assert(std::same_as<decltype(std::declval<all&>().as<sized>()), sized*>);
static_assert(std::same_as<decltype(std::declval<const all&>().as<sized>()), const sized*>);
static_assert(noexcept(std::declval<all&>().as<sized>()));

TEST(DecoratorLayers, NoLayerIsLikeNone) {
  auto bare = decorate(growing{10});
  auto with = decorate(growing{10}) | transparent() | transparent();
  std::mt19937 random(7);
  for (int i = 0; i != 100; ++i) {
    const int x = static_cast<int>(random() % 1000);
    EXPECT_EQ(with(x), bare(x));
  }
  auto fails = decorate(throwing()) | transparent();
  EXPECT_THROW(fails(1), std::runtime_error);
  auto refers = decorate([](std::string& s) -> std::string& { return s += '!'; }) | transparent();
  std::string text = "hi";
  EXPECT_EQ(&refers(text), &text);
  EXPECT_EQ(text, "hi!");
  auto moves = decorate([](std::unique_ptr<int> p) { return p; }) | transparent();
  EXPECT_EQ(*moves(std::make_unique<int>(4)), 4);
}

// Writes down when it is entered and left.
struct traced {
  std::vector<std::string>* log;
  std::string name;
  int invoke(auto& next, int x) {
    log->push_back(name);
    const int result = next(x);
    log->push_back("/" + name);
    return result;
  }
  std::string label() const { return name; }
};

TEST(DecoratorLayers, OutermostFirst) {
  std::vector<std::string> log;
  auto r = decorate(twice()) | traced{&log, "in"} | traced{&log, "mid"} | traced{&log, "out"};
  EXPECT_EQ(r(1), 2);
  EXPECT_EQ(log, (std::vector<std::string>{"out", "mid", "in", "/in", "/mid", "/out"}));
  EXPECT_EQ(r.describe(), "out -> mid -> in -> twice");
}

TEST(DecoratorLayers, NothingIsHiddenUnasked) {
  auto r = decorate(twice()) | transparent() | counted() | plus{1};
  ASSERT_NE(r.as<sized>(), nullptr);
  EXPECT_EQ(r.as<sized>()->size(), 12);
  r.as<seekable>()->position = 5;
  EXPECT_EQ(std::as_const(r).as<twice>()->position, 5);
  EXPECT_EQ(std::as_const(r).as<seekable>()->position, 5);
  EXPECT_EQ(r.as<std::string>(), nullptr);
  EXPECT_EQ(decorate(growing()).as<sized>(), nullptr);
}

TEST(DecoratorLayers, HideWhatTheyListAndNoMore) {
  auto r = decorate(twice()) | no_seeking() | plus{1};
  EXPECT_EQ(r.as<seekable>(), nullptr);
  EXPECT_EQ(std::as_const(r).as<seekable>(), nullptr);
  EXPECT_NE(r.as<sized>(), nullptr);
  EXPECT_NE(r.as<twice>(), nullptr);
  EXPECT_NE(r.as<no_seeking>(), nullptr);
}

TEST(DecoratorLayers, AnswerForWhatIsInsideWhereTheyHaveTheCapability) {
  auto r = decorate(twice()) | own_size() | transparent();
  EXPECT_EQ(r.as<sized>()->size(), 99);
  EXPECT_EQ(r.as<twice>()->size(), 12);
}

struct measured {
  int invoke(auto& next, int x) const {
    const auto* s = next.template as<sized>();
    return s == nullptr ? next(x) : s->size();
  }
};

TEST(DecoratorLayers, AskWhatIsInside) {
  EXPECT_EQ((decorate(twice()) | transparent() | measured())(1), 12);
  EXPECT_EQ((decorate(growing()) | transparent() | measured())(1), 2);
}

TEST(DecoratorLayers, MayCallNeverOrOftenOrWithOtherArguments) {
  EXPECT_EQ((decorate(throwing()) | never())(5), -1);
  EXPECT_EQ((decorate(growing()) | again())(10), 11 + 12);
  EXPECT_EQ((decorate(twice()) | length_of())("four"), 8);
}

TEST(DecoratorLayers, KeepAStateOfTheirOwn) {
  auto a = decorate(twice()) | counted() | counted();
  a(1);
  auto b = a;
  b(1);
  b(1);
  EXPECT_EQ(a.as<counted>()->calls, 1);
  EXPECT_EQ(b.as<counted>()->calls, 3);
  counted mine;
  auto c = decorate(twice()) | mine;
  c(1);
  EXPECT_EQ(mine.calls, 0);
}

TEST(DecoratorLayers, GoAroundWhatCannotBeCopied) {
  struct owner {
    std::unique_ptr<int> n;
    int operator()(int x) const { return x + *n; }
  };
  auto r = decorate(owner{std::make_unique<int>(3)}) | plus{1};
  EXPECT_EQ(r(1), 5);
  static_assert(!std::is_copy_constructible_v<decltype(r)>);
}

TEST(DecoratorLayers, AreNamedByTheirLabelOrTheirClass) {
  EXPECT_EQ((decorate(twice()) | plus{3} | times{2}).describe(), "times -> plus 3 -> twice");
  using part = somewhere::inner::named::part<somewhere::inner::named>;
  EXPECT_EQ((decorate(twice()) | part()).describe().substr(0, 5), "part<");
  EXPECT_EQ(decorate(twice()).describe(), "twice");
  EXPECT_EQ(decorate(in_no_namespace()).describe(), "in_no_namespace");
  const std::string lambda = decorate([](int x) { return x; }).describe();
  EXPECT_NE(lambda.find("lambda"), std::string::npos) << lambda;
  EXPECT_EQ(lambda.find("::"), std::string::npos) << lambda;
  auto of_many = decorate(std::vector<somewhere::inner::named>()).describe();
  EXPECT_EQ(of_many.substr(0, 7), "vector<");
}

}  // namespace
