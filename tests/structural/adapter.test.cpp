// SPDX-License-Identifier: BSL-1.0
#include <gof/adapter.hpp>
// The header under test comes first, so that it has to stand alone.
#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/allocations.hpp"

namespace {

namespace ad = gof::adapter;

// Target: an interface with each kind of operation.
class stack {
 public:
  virtual ~stack() = default;
  virtual std::size_t size() const noexcept = 0;
  virtual const int& top() const = 0;
  virtual int& top_slot() = 0;
  virtual void push(int) = 0;
  virtual int pop() = 0;
  virtual void take(std::unique_ptr<int>) = 0;
  virtual void name(const char*) = 0;
};
using stack_target = ad::target<&stack::size, &stack::top, &stack::top_slot, &stack::push,
                                &stack::pop, &stack::take, &stack::name>;

// Adaptee: a list with other names.
struct sequence {
  std::vector<int> items{};
  std::string label{};
  std::size_t count() const noexcept { return items.size(); }
  const int& last() const { return items.at(items.size() - 1); }
  int& last_slot() { return items.at(items.size() - 1); }
  void append(long n) { items.push_back(static_cast<int>(n)); }
  void append(const std::string&) {}
  void adopt(std::unique_ptr<int> n) { items.push_back(*n); }
  void rename(const std::string& to) { label = to; }
};
int remove_last(sequence& from) {
  const int last = from.last();
  from.items.pop_back();
  return last;
}

template <class Adaptee>
using adapted =
    ad::adapter<stack_target, Adaptee, ad::bind<&stack::size, &sequence::count>,
                ad::bind<&stack::top, &sequence::last>,
                ad::bind<&stack::top_slot, &sequence::last_slot>,
                ad::bind<&stack::push, static_cast<void (sequence::*)(long)>(&sequence::append)>,
                ad::bind<&stack::pop, remove_last>, ad::bind<&stack::take, &sequence::adopt>,
                ad::bind<&stack::name, &sequence::rename>>;
using owned = adapted<sequence>;
using referred = adapted<sequence&>;
using held = adapted<std::unique_ptr<sequence>>;

static_assert(sizeof(owned) == sizeof(sequence));
static_assert(sizeof(referred) == sizeof(sequence*));
static_assert(sizeof(held) == sizeof(sequence*));
static_assert(std::is_copy_constructible_v<owned> && !std::is_copy_constructible_v<held>);
static_assert(std::is_nothrow_move_constructible_v<owned> && std::is_move_assignable_v<referred>);
static_assert(!std::is_convertible_v<sequence, owned>);
static_assert(!std::is_constructible_v<referred, sequence>);
static_assert(!std::is_constructible_v<referred, const sequence&>);
static_assert(noexcept(referred(std::declval<sequence&>())));
static_assert(std::is_same_v<decltype(std::declval<owned&>().request<&stack::top_slot>()), int&>);
static_assert(std::is_same_v<decltype(std::declval<const owned&>().request<&stack::top>()),  //
                             const int&>);
static_assert(std::is_same_v<decltype(std::declval<const referred&>().adaptee()),  //
                             const sequence&>);
template <class A>
concept pushes = requires(A a) {
  a.template request<&stack::push>(1);
};
static_assert(pushes<owned&> && pushes<referred&> && !pushes<const owned&>);
static_assert(!pushes<const referred&>);  // const reaches what is only referred to

// What is refused as lossy is what braces refuse.
static_assert(ad::detail::lossless<int, long> && !ad::detail::lossless<long, int>);
static_assert(ad::detail::lossless<float, double> && !ad::detail::lossless<double, float>);
static_assert(!ad::detail::lossless<int*, bool> && !ad::detail::lossless<int, unsigned>);
static_assert(ad::detail::lossless<const char*, std::string>);
static_assert(!ad::detail::lossless<std::string, int> && !ad::detail::lossless<int, const int&>);
static_assert(!ad::detail::lossless<int, int&&> && ad::detail::lossless<int&&, int&&>);
static_assert(ad::detail::lossless<int&, const int&> && !ad::detail::lossless<const int&, int&>);

// The law NothingIsAdded in a constant expression; a lambda, too, can be bound.
struct counter {
  int n = 0;
  constexpr int next() { return ++n; }
};
struct ticket {
  virtual int draw(int) = 0;

 protected:
  ~ticket() = default;
};
static_assert([] {
  counter c;
  using draw = ad::bind<&ticket::draw, [](counter& from, int m) { return m * from.next(); }>;
  ad::adapter<ad::target<&ticket::draw>, counter&, draw> tickets(c);
  tickets.request<&ticket::draw>(10);
  return tickets.request<&ticket::draw>(10) + c.n;
}() == 22);
static_assert(sizeof(ad::adapter<ad::target<>, counter>) == sizeof(counter));

class Seeded : public testing::TestWithParam<unsigned> {};
INSTANTIATE_TEST_SUITE_P(Adapter, Seeded, testing::Range(0U, 100U));

// The same requests to a stack written by hand, whatever way the adaptee is kept.
template <class Adapter>
void does_as_by_hand(Adapter& a, std::mt19937& random) {
  std::vector<int> model;
  for (int step = 0; step != 60; ++step) {
    const int n = static_cast<int>(random() % 100);
    switch (random() % 5) {
      case 0:
        a.template request<&stack::push>(n);
        model.push_back(n);
        break;
      case 1:
        a.template request<&stack::take>(std::make_unique<int>(n));
        model.push_back(n);
        break;
      case 2:
        if (model.empty()) break;
        a.template request<&stack::top_slot>() += n;
        model.back() += n;
        break;
      default:
        if (model.empty()) {
          EXPECT_THROW(a.template request<&stack::pop>(), std::out_of_range);
        } else {
          EXPECT_EQ(a.template request<&stack::pop>(), model.back());
          model.pop_back();
        }
    }
    ASSERT_EQ(std::as_const(a).template request<&stack::size>(), model.size());
    if (!model.empty()) {
      ASSERT_EQ(&a.template request<&stack::top>(), &a.adaptee().items.back());
    }
    ASSERT_EQ(a.adaptee().items, model);
  }
}

TEST_P(Seeded, NothingIsAdded) {
  std::mt19937 random(GetParam());
  owned by_value(sequence{});
  does_as_by_hand(by_value, random);
  sequence s;
  referred by_reference(s);
  does_as_by_hand(by_reference, random);
  EXPECT_EQ(&by_reference.adaptee(), &s);
  held by_pointer(std::make_unique<sequence>());
  does_as_by_hand(by_pointer, random);
}

TEST(Adapter, ACopyOfOneThatOwnsOwnsACopy) {
  owned first(sequence{{1}});
  owned second = first;
  second.request<&stack::push>(2);
  EXPECT_EQ(first.request<&stack::size>(), 1U);
  EXPECT_EQ(second.request<&stack::size>(), 2U);
}

TEST(Adapter, ACopyOfOneThatRefersRefersToTheSame) {
  sequence s;
  referred first(s);
  referred second = first;
  second.request<&stack::push>(2);
  EXPECT_EQ(first.request<&stack::size>(), 1U);
}

TEST(Adapter, ANullPointerIsRefusedAtOnce) {
  EXPECT_THROW(held(nullptr), std::invalid_argument);
  EXPECT_THROW(adapted<std::shared_ptr<sequence>>(nullptr), std::invalid_argument);
}

TEST(Adapter, ASharedPointerSharesTheAdaptee) {
  auto s = std::make_shared<sequence>();
  adapted<std::shared_ptr<sequence>> a(s);
  a.request<&stack::push>(3);
  EXPECT_EQ(s->items, std::vector{3});
}

TEST(Adapter, AnArgumentConvertsWhereNothingIsLost) {
  owned a(sequence{});
  a.request<&stack::name>("a name");
  EXPECT_EQ(a.adaptee().label, "a name");
}

TEST(Adapter, ARequestAllocatesNothingOfItsOwn) {
  owned a(sequence{{1, 2}});
  const std::size_t before = gof::testing::allocations();
  a.request<&stack::pop>();
  a.request<&stack::push>(5);
  EXPECT_EQ(gof::testing::allocations(), before);
}

TEST(Adapter, AnAllocationThatFailsLeavesTheAdapteeAsItWas) {
  sequence s;
  referred a(s);
  const std::size_t failed = gof::testing::fail_each_allocation(
      [&] { a.request<&stack::push>(1); }, [&] { EXPECT_TRUE(s.items.empty()); });
  EXPECT_EQ(failed, 1U);
  EXPECT_EQ(s.items, std::vector{1});
}

// An interface is implemented by one line an operation.
class sequence_stack final : public stack {
 public:
  std::size_t size() const noexcept override { return real_.request<&stack::size>(); }
  const int& top() const override { return real_.request<&stack::top>(); }
  int& top_slot() override { return real_.request<&stack::top_slot>(); }
  void push(int n) override { real_.request<&stack::push>(n); }
  int pop() override { return real_.request<&stack::pop>(); }
  void take(std::unique_ptr<int> n) override { real_.request<&stack::take>(std::move(n)); }
  void name(const char* n) override { real_.request<&stack::name>(n); }

 private:
  owned real_{sequence{}};
};

TEST(Adapter, AClientOfTheTargetCannotTell) {
  const std::unique_ptr<stack> s = std::make_unique<sequence_stack>();
  s->push(1);
  s->take(std::make_unique<int>(2));
  s->top_slot() *= 10;
  EXPECT_EQ(s->top(), 20);
  EXPECT_EQ(s->pop(), 20);
  EXPECT_EQ(s->size(), 1U);
}

}  // namespace
