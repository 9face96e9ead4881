// SPDX-License-Identifier: BSL-1.0
#include <gof/abstract_factory.hpp>
// The header under test comes first, so that it has to stand alone.
#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "support/allocations.hpp"

namespace {

namespace af = gof::abstract_factory;

// AbstractProducts: made of a size, of what cannot be copied and a reference, of nothing.
struct board {
  virtual ~board() = default;
  virtual std::string name() const = 0;
};
struct pieces {
  virtual ~pieces() = default;
  virtual std::string name() const = 0;
};
struct rules {
  virtual ~rules() = default;
  virtual std::string name() const = 0;
};
// Added later: with a default, and without.
struct sound {
  virtual ~sound() = default;
  virtual std::string name() const = 0;
};
struct timer {
  virtual ~timer() = default;
  virtual int seconds() const = 0;
};
struct silence : sound {
  explicit silence(std::string of) : of_(std::move(of)) {}
  std::string name() const override { return "no " + of_; }
  std::string of_;
};

/// [optional]
// As it was, and with what was added: no family had to change.
using old_edition = af::abstract_factory<board(int), pieces(std::unique_ptr<int>, int&), rules()>;
using edition =
    af::abstract_factory<board(int), pieces(std::unique_ptr<int>, int&), rules(),
                         af::optional<sound(std::string), silence>, af::optional<timer(int)>>;
/// [optional]

inline constexpr af::family classic("classic"), modern("modern");

// ConcreteProducts of both families.
template <const af::family& Of>
struct board_of : board {
  explicit board_of(int size) : size_(size) {}
  std::string name() const override { return std::string(Of.name()) + " " + std::to_string(size_); }
  int size_;
};
template <const af::family& Of>
struct pieces_of : pieces {
  pieces_of(std::unique_ptr<int> owned, int& shared) : owned_(std::move(owned)), shared_(shared) {
    ++shared_;
  }
  std::string name() const override {
    return std::string(Of.name()) + " " + std::to_string(*owned_ + shared_);
  }
  std::unique_ptr<int> owned_;
  int& shared_;
};
template <const af::family& Of>
struct rules_of : rules {
  std::string name() const override { return std::string(Of.name()); }
};
struct bell : sound {
  explicit bell(std::string of) : of_(std::move(of)) {}
  std::string name() const override { return "bell for " + of_; }
  std::string of_;
};
struct sandglass : timer {
  explicit sandglass(int seconds) : seconds_(seconds) {}
  int seconds() const override { return seconds_; }
  int seconds_;
};

// The classic edition binds what it has to, the modern one everything.
template <class Edition>
using classic_for = af::concrete_factory<Edition, classic, af::binds<board, board_of<classic>>,
                                         af::binds<pieces, pieces_of<classic>>,
                                         af::binds<rules, rules_of<classic>>>;
using classic_edition = classic_for<edition>;
using modern_edition =
    af::concrete_factory<edition, modern, af::binds<timer, sandglass>,
                         af::binds<rules, rules_of<modern>>, af::binds<pieces, pieces_of<modern>>,
                         af::binds<sound, bell>, af::binds<board, board_of<modern>>>;

template <class Factory, class P, class... Args>
concept can_create = requires(const Factory& f, Args&&... args) {
  f.template create<P>(std::forward<Args>(args)...);
};
template <const af::family& F>
void together(const af::branded<board, F>&, const af::branded<rules, F>&) {}
template <class Board, class Rules>
concept fit = requires(const Board& b, const Rules& r) {
  together(b, r);
};

using classic_board = af::branded<board, classic>;
using modern_board = af::branded<board, modern>;

static_assert(
    std::is_same_v<decltype(std::declval<const edition&>().create<board>(1)), af::product<board>>);
static_assert(std::is_same_v<decltype(std::declval<const classic_edition&>().create<board>(1)),
                             classic_board>);
static_assert(can_create<edition, board, int> && can_create<edition, board, short>);
static_assert(!can_create<edition, board> && !can_create<edition, board, std::string>);
static_assert(!can_create<edition, board, int, int> && !can_create<edition, int>);
static_assert(can_create<edition, pieces, std::unique_ptr<int>, int&>);
static_assert(!can_create<edition, pieces, std::unique_ptr<int>, int>);
static_assert(!can_create<edition, pieces, std::unique_ptr<int>&, int&>);
static_assert(can_create<classic_edition, rules> && !can_create<classic_edition, rules, int>);
static_assert(!can_create<old_edition, timer, int> && can_create<classic_edition, timer, int>);
static_assert(std::is_abstract_v<edition> && std::is_base_of_v<edition, classic_edition>);
static_assert(std::is_default_constructible_v<const classic_edition>);
static_assert(std::is_nothrow_default_constructible_v<classic_edition>);
static_assert(sizeof(classic_edition) == 2 * sizeof(void*));

static_assert(fit<classic_board, af::branded<rules, classic>>);
static_assert(!fit<classic_board, af::branded<rules, modern>>);
static_assert(!fit<af::product<board>, af::product<rules>>);
static_assert(sizeof(classic_board) == sizeof(void*));
static_assert(sizeof(af::product<board>) == 2 * sizeof(void*));
static_assert(std::is_nothrow_move_constructible_v<classic_board> &&
              std::is_nothrow_move_assignable_v<classic_board>);
static_assert(std::is_nothrow_move_constructible_v<af::product<board>> &&
              std::is_nothrow_move_assignable_v<af::product<board>>);
static_assert(!std::is_copy_constructible_v<classic_board> &&
              !std::is_copy_constructible_v<af::product<board>>);
static_assert(!std::is_convertible_v<modern_board, classic_board> &&
              !std::is_assignable_v<classic_board&, modern_board>);
static_assert(std::is_nothrow_convertible_v<classic_board, af::product<board>>);
static_assert(!std::is_constructible_v<af::product<board>, classic_board&>);
static_assert(!std::is_constructible_v<classic_board, af::product<board>>);
static_assert(!std::is_constructible_v<classic_board, std::unique_ptr<board>>);
static_assert(
    !std::is_constructible_v<af::product<board>, std::unique_ptr<board>, const af::family&>);
static_assert(!std::is_convertible_v<classic_board, bool>);
static_assert(classic_board::brand() == classic && classic_board::brand() != modern);

static_assert(af::of_a_family<classic_board> && af::of_a_family<af::product<board>>);
static_assert(af::of_a_family<edition> && !af::of_a_family<board>);
static_assert(!std::is_copy_constructible_v<af::family> && !std::is_copy_assignable_v<af::family>);
static_assert(!std::is_constructible_v<af::family, std::string>);
static_assert(std::is_constructible_v<af::family, std::string&>);
static_assert(std::is_base_of_v<std::logic_error, af::mixed_families>);

TEST(AbstractFactory, CreatesWhatItsFamilyBinds) {
  const classic_edition a;
  const modern_edition b;
  for (const edition* chosen : std::initializer_list<const edition*>{&a, &b}) {
    const std::string name(chosen->brand().name());
    int shared = 40;
    EXPECT_EQ(chosen->create<board>(3)->name(), name + " 3");
    EXPECT_EQ((*chosen->create<pieces>(std::make_unique<int>(1), shared)).name(), name + " 42");
    EXPECT_EQ(shared, 41) << "a reference stays a reference";
    EXPECT_EQ(chosen->create<rules>().get()->name(), name);
  }
}

TEST(AbstractFactory, CreatesTheSameWhereTheFamilyIsKnownWhenCompiling) {
  const modern_edition known;
  int shared = 40;
  EXPECT_EQ(known.create<board>(3)->name(), "modern 3");
  EXPECT_EQ((*known.create<pieces>(std::make_unique<int>(1), shared)).name(), "modern 42");
  EXPECT_EQ(known.create<rules>().get()->name(), "modern");
  EXPECT_EQ(known.create<sound>("check")->name(), "bell for check");
  EXPECT_TRUE(known.create<timer>(1));
  EXPECT_FALSE(classic_edition().create<timer>(1));
}

TEST(AbstractFactory, MayLeaveAnOptionalProductToItsDefault) {
  const classic_for<old_edition> before;
  EXPECT_EQ(before.create<board>(1)->name(), "classic 1");
  const classic_for<edition> old;
  const edition& chosen = old;
  EXPECT_EQ(chosen.create<sound>("check")->name(), "no check");
  EXPECT_EQ(old.create<sound>("check")->name(), "no check");
  const af::product<timer> none = chosen.create<timer>(9);
  EXPECT_FALSE(none);
  EXPECT_EQ(none.get(), nullptr);
  EXPECT_EQ(none.brand(), classic);
}

TEST(AbstractFactory, BindsAnOptionalProductLikeAnyOther) {
  const modern_edition complete;
  const edition& chosen = complete;
  EXPECT_EQ(chosen.create<sound>("check")->name(), "bell for check");
  ASSERT_TRUE(chosen.create<timer>(9));
  EXPECT_EQ(chosen.create<timer>(9)->seconds(), 9);
}

TEST(AbstractFactory, MakesAProductInEachOfTheWaysThatAreDeclared) {
  struct book {
    virtual ~book() = default;
    virtual int pages() const = 0;
  };
  struct novel : book {
    novel() = default;
    explicit novel(int pages) : pages_(pages) {}
    int pages() const override { return pages_; }
    int pages_ = 300;
  };
  using shelf = af::abstract_factory<book(int), book()>;
  const af::concrete_factory<shelf, classic, af::binds<book, novel>> novels;
  const shelf& books = novels;
  EXPECT_EQ(books.create<book>()->pages(), 300);
  EXPECT_EQ(books.create<book>(7)->pages(), 7);
}

// A ConcreteFactory by hand: it has a state. And an AbstractFactory with a name of its own.
struct named_edition : edition {
  using edition::edition;
};
/// [by_hand]
class scaled_edition : public named_edition {
 public:
  explicit scaled_edition(int scale) : named_edition(modern), scale_(scale) {}

 private:
  std::unique_ptr<board> do_create(std::type_identity<board>, int size) const override {
    return std::make_unique<board_of<modern>>(size * scale_);
  }
  std::unique_ptr<pieces> do_create(std::type_identity<pieces>, std::unique_ptr<int> owned,
                                    int& shared) const override {
    return std::make_unique<pieces_of<modern>>(std::move(owned), shared);
  }
  std::unique_ptr<rules> do_create(std::type_identity<rules>) const override {
    return std::make_unique<rules_of<modern>>();
  }
  int scale_;
};
/// [by_hand]

TEST(AbstractFactory, CanBeImplementedByHand) {
  const scaled_edition scaled(10);
  const named_edition& chosen = scaled;
  EXPECT_EQ(chosen.create<board>(4)->name(), "modern 40");
  EXPECT_EQ(chosen.create<board>(4).brand(), modern);
  EXPECT_EQ(chosen.create<sound>("check")->name(), "no check") << "optional: there already";
  EXPECT_FALSE(chosen.create<timer>(1));
}

TEST(AbstractFactory, BindsToAClassDerivedFromIt) {
  const af::concrete_factory<named_edition, classic, af::binds<board, board_of<classic>>,
                             af::binds<pieces, pieces_of<classic>>,
                             af::binds<rules, rules_of<classic>>>
      factory;
  const named_edition& chosen = factory;
  EXPECT_EQ(chosen.create<board>(2)->name(), "classic 2");
}

TEST(AbstractFactoryProduct, KeepsItsFamilyWhenItIsMoved) {
  const classic_edition a;
  const modern_edition b;
  af::product<board> from = static_cast<const edition&>(a).create<board>(1);
  const board* const object = from.get();
  af::product<board> to(std::move(from));
  EXPECT_FALSE(from);
  EXPECT_EQ(from.brand(), classic);
  EXPECT_EQ(to.get(), object);
  EXPECT_EQ(to.brand(), classic);
  to = static_cast<const edition&>(b).create<board>(2);
  EXPECT_EQ(to->name(), "modern 2");
  EXPECT_EQ(to.brand(), modern) << "the family is that of the object";
}

TEST(AbstractFactoryProduct, TakesItsFamilyFromTheCompilerToTheRun) {
  const modern_edition known;
  auto from = known.create<board>(5);
  const board* const object = from.get();
  af::product<board> to = std::move(from);
  EXPECT_FALSE(from);
  EXPECT_EQ(to.get(), object);
  EXPECT_EQ(to.brand(), modern);
}

TEST(AbstractFactoryProduct, GivesUpItsObject) {
  const modern_edition known;
  auto branded = known.create<board>(5);
  const std::unique_ptr<board> one = std::move(branded).take();
  EXPECT_EQ(one->name(), "modern 5");
  EXPECT_FALSE(branded);
  auto product = static_cast<const edition&>(known).create<board>(6);
  const std::unique_ptr<board> other = std::move(product).take();
  EXPECT_EQ(other->name(), "modern 6");
  EXPECT_FALSE(product);
}

TEST(AbstractFactoryFamily, IsEqualOnlyToItself) {
  const af::family a("twin"), b("twin");
  EXPECT_EQ(a, a);
  EXPECT_NE(a, b);
  EXPECT_EQ(a.name(), b.name());
}

TEST(AbstractFactoryFamily, IsNamedWhereTwoAreMixed) {
  const classic_edition a;
  const modern_edition b;
  try {
    af::require_one_family(a.create<board>(1), a.create<rules>(), b.create<rules>());
    FAIL() << "not refused";
  } catch (const af::mixed_families& refused) {
    EXPECT_STREQ(refused.what(),
                 "gof::abstract_factory: one is of family \"classic\", another of \"modern\"");
  }
}

// The law WhatAFactoryCreatesIsOfItsFamily, and that require_one_family refuses what is mixed and
// nothing else.
class Seeded : public testing::TestWithParam<unsigned> {};
INSTANTIATE_TEST_SUITE_P(AbstractFactory, Seeded, testing::Range(0U, 200U));

TEST_P(Seeded, WhatAFactoryCreatesIsOfItsFamily) {
  std::mt19937 random(GetParam());
  const classic_edition a;
  const modern_edition b;
  const scaled_edition c(2);
  const std::array<const edition*, 3> factories{&a, &b, &c};
  const std::array<std::string, 3> names{"classic", "modern", "modern"};
  std::vector<af::product<board>> boards;
  std::vector<af::product<rules>> all_rules;
  std::vector<std::string> of_board, of_rules;
  for (int i = 0; i != 20; ++i) {
    const std::size_t which = random() % 3;
    if (random() % 2 == 0) {
      boards.push_back(factories[which]->create<board>(i));
      of_board.push_back(names[which]);
    } else {
      all_rules.push_back(factories[which]->create<rules>());
      of_rules.push_back(names[which]);
    }
  }
  for (std::size_t i = 0; i != boards.size(); ++i) {
    EXPECT_EQ(boards[i].brand().name(), of_board[i]);
    for (std::size_t j = 0; j != all_rules.size(); ++j) {
      EXPECT_EQ(all_rules[j].brand().name(), of_rules[j]);
      const std::size_t k = random() % boards.size();
      const auto check = [&] { af::require_one_family(boards[i], all_rules[j], boards[k]); };
      if (of_board[i] == of_rules[j] && of_board[i] == of_board[k]) {
        EXPECT_NO_THROW(check());
      } else {
        EXPECT_THROW(check(), af::mixed_families);
      }
    }
  }
}

// Counts itself, and throws where it is told to.
struct faulty : board {
  struct fault {};
  static inline int alive = 0;
  static inline bool now = false;
  explicit faulty(int size) : text_(static_cast<std::size_t>(size), 'x') {
    if (now) throw fault();
    ++alive;
  }
  ~faulty() override { --alive; }
  std::string name() const override { return text_; }
  std::string text_;
};
using fragile = af::abstract_factory<board(int)>;
using fragile_edition = af::concrete_factory<fragile, classic, af::binds<board, faulty>>;

TEST(AbstractFactory, LetsOutWhatAConstructorThrows) {
  const fragile_edition factory;
  const fragile& chosen = factory;
  faulty::now = true;
  EXPECT_THROW(static_cast<void>(chosen.create<board>(1)), faulty::fault);
  EXPECT_THROW(static_cast<void>(factory.create<board>(1)), faulty::fault);
  faulty::now = false;
  EXPECT_EQ(faulty::alive, 0);
  EXPECT_EQ(chosen.create<board>(1)->name(), "x");
}

TEST(AbstractFactory, LeavesNothingBehindWhereMemoryRunsOut) {
  const fragile_edition factory;
  const fragile& chosen = factory;
  std::string made;
  const std::size_t failures = gof::testing::fail_each_allocation(
      [&] {
        const auto product = chosen.create<board>(100);
        made.reserve(200);
        made = product->name();
      },
      [&] { EXPECT_EQ(faulty::alive, 0); });
  EXPECT_EQ(failures, 4U) << "the product, its text, the room for the copy, the copy";
  EXPECT_EQ(made, std::string(100, 'x'));
}

TEST(AbstractFactory, AllocatesTheProductAndNothingElse) {
  const fragile_edition factory;
  const fragile& chosen = factory;
  const std::size_t before = gof::testing::allocations();
  auto one = chosen.create<board>(1);
  auto other = factory.create<board>(1);
  EXPECT_EQ(gof::testing::allocations() - before, 2U);
  EXPECT_EQ(faulty::alive, 2);
  const auto moved = std::move(one);
  const af::product<board> turned = std::move(other);
  EXPECT_EQ(gof::testing::allocations() - before, 2U);
  EXPECT_EQ(faulty::alive, 2);
}

TEST(AbstractFactory, DestroysAProductOnce) {
  const fragile_edition factory;
  {
    af::product<board> one = factory.create<board>(1);
    one = factory.create<board>(2);
    EXPECT_EQ(faulty::alive, 1);
    const af::product<board> two(std::move(one));
    EXPECT_EQ(faulty::alive, 1);
  }
  EXPECT_EQ(faulty::alive, 0);
}

TEST(AbstractFactory, IsDestroyedThroughItsAbstractFactory) {
  static int destroyed;
  destroyed = 0;
  struct counted : scaled_edition {
    counted() : scaled_edition(1) {}
    ~counted() override { ++destroyed; }
  };
  std::unique_ptr<edition> owned = std::make_unique<counted>();
  owned.reset();
  EXPECT_EQ(destroyed, 1);
}

TEST(AbstractFactory, CreatesOnManyThreadsAtOnce) {
  const modern_edition factory;
  const edition& chosen = factory;
  std::array<int, 4> sums{};
  {
    std::vector<std::jthread> threads;
    for (int& sum : sums) {
      threads.emplace_back([&chosen, &sum] {
        for (int i = 0; i != 1000; ++i) {
          const auto b = chosen.create<board>(i);
          const auto t = chosen.create<timer>(i);
          af::require_one_family(b, t);
          sum += t->seconds();
        }
      });
    }
  }
  EXPECT_EQ(sums, (std::array<int, 4>{499500, 499500, 499500, 499500}));
}

}  // namespace
