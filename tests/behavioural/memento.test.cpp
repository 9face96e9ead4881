// SPDX-License-Identifier: BSL-1.0
#include <gof/memento.hpp>
// The header under test comes first, so that it has to stand alone.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <memory>
#include <random>
#include <string>
#include <tuple>
#include <vector>

#include "support/allocations.hpp"

namespace {

namespace mem = gof::memento;

// Originator: a text, with a cursor in it.
class editor {
  struct state {
    std::string text;
    std::size_t cursor = 0;
    std::size_t cost() const noexcept { return text.size(); }
  };

 public:
  using memento = mem::memento<editor, state>;
  memento create_memento() const { return memento(state_); }
  void set_memento(const memento& m) { m.restore(state_); }

  void type(const std::string& text) {
    state_.text.insert(state_.cursor, text);
    state_.cursor += text.size();
  }
  void go(std::size_t to) { state_.cursor = to; }
  const std::string& text() const { return state_.text; }
  std::size_t cursor() const { return state_.cursor; }

  // What is nested in the originator can look inside as well.
  struct reader {
    static const std::string& text(const memento& m) { return m.state().text; }
  };

 private:
  state state_;
};

// Originator of a plain state; its type need not be hidden.
template <class State>
struct holder {
  using memento = mem::memento<holder, State>;
  State value{};
  memento create_memento() const { return memento(value); }
  void set_memento(const memento& m) { m.restore(value); }
};

// A state that shares with the one before all that is equal in it.
struct shared_parts {
  std::vector<int> parts;
  std::size_t cost() const noexcept { return parts.size(); }
  std::size_t cost_after(const shared_parts& before) const noexcept {
    std::size_t different = 0;
    for (std::size_t i = 0; i != parts.size(); ++i) {
      if (i >= before.parts.size() || parts[i] != before.parts[i]) ++different;
    }
    return different;
  }
};

// A state whose copy throws where it is told to.
struct faulty {
  struct fault {};
  static inline bool throws = false;
  int value = 0;
  explicit faulty(int v) : value(v) {}
  faulty(const faulty& other) : value(other.value) {
    if (throws) throw fault();
  }
  faulty(faulty&& other) noexcept = default;
  faulty& operator=(const faulty&) = default;
  faulty& operator=(faulty&&) noexcept = default;
};

using texts = mem::caretaker<editor::memento>;
using kept_parts = mem::caretaker<holder<shared_parts>::memento>;

static_assert(mem::originator<editor> && mem::originator<holder<int>>);
static_assert(!mem::originator<std::string>);
static_assert(std::is_nothrow_move_constructible_v<editor::memento>);
static_assert(std::is_copy_constructible_v<editor::memento>);
static_assert(!std::is_default_constructible_v<editor::memento>);
static_assert(!std::is_copy_constructible_v<texts> && !std::is_move_constructible_v<texts>);
static_assert(sizeof(holder<int>::memento) == sizeof(int));
static_assert(noexcept(std::declval<const editor::memento&>().cost()));
static_assert(std::is_same_v<decltype(std::declval<const texts&>().at(1)), const texts::kept&>);
static_assert(std::is_same_v<decltype(*std::declval<texts&>().begin()), const texts::kept&>);
static_assert(std::is_base_of_v<std::logic_error, mem::misuse>);
static_assert(std::is_base_of_v<std::out_of_range, mem::not_kept>);

shared_parts parts(std::vector<int> from) { return {std::move(from)}; }
holder<shared_parts>::memento saved(std::vector<int> from) {
  return holder<shared_parts>{parts(std::move(from))}.create_memento();
}

// What a caretaker shows, to compare it before and after.
template <class Caretaker>
auto seen(const Caretaker& c) {
  std::vector<std::tuple<typename Caretaker::id, std::string, std::size_t>> all;
  for (const auto& k : c) all.emplace_back(k.which, k.label, k.cost);
  return std::tuple(c.size(), c.bytes(), all);
}

class Seeded : public testing::TestWithParam<unsigned> {};
INSTANTIATE_TEST_SUITE_P(Memento, Seeded, testing::Range(0U, 200U));

TEST_P(Seeded, RestoringGivesTheStateBack) {
  std::mt19937 random(GetParam());
  editor e;
  texts c;
  std::vector<std::tuple<texts::id, std::string, std::size_t>> model;
  for (int i = 0; i != 100; ++i) {
    switch (random() % 4) {
      case 0:
        model.emplace_back(c.keep(e.create_memento()), e.text(), e.cursor());
        break;
      case 1:
        if (!model.empty()) {
          const auto& [id, text, cursor] = model[random() % model.size()];
          c.restore(e, id);
          ASSERT_EQ(e.text(), text);
          ASSERT_EQ(e.cursor(), cursor);
        }
        break;
      case 2:
        e.go(random() % (e.text().size() + 1));
        break;
      case 3:
        e.type(std::string(random() % 30, static_cast<char>('a' + random() % 26)));
        break;
    }
  }
}

// The laws LimitsHold and BytesAreWhatIsKept, and all that a caretaker says of itself, after any
// sequence of operations.
TEST_P(Seeded, LimitsHold) {
  std::mt19937 random(GetParam());
  struct item {
    kept_parts::id id;
    std::string label;
    shared_parts state;
  };
  std::vector<item> model;
  std::size_t most = kept_parts::npos, most_bytes = kept_parts::npos;
  kept_parts::id next = 1;
  kept_parts c;
  shared_parts now = parts({0, 0, 0, 0, 0, 0});
  const auto costs = [&] {
    std::vector<std::size_t> all;
    for (std::size_t i = 0; i != model.size(); ++i) {
      all.push_back(i == 0 ? model[i].state.parts.size()
                           : model[i].state.cost_after(model[i - 1].state));
    }
    return all;
  };
  const auto bytes = [&] {
    std::size_t sum = 0;
    for (const std::size_t cost : costs()) sum += cost;
    return sum;
  };
  const auto trim = [&] {
    while (model.size() > 1 && (model.size() > most || bytes() > most_bytes)) {
      model.erase(model.begin());
    }
  };
  for (int i = 0; i != 100; ++i) {
    switch (random() % 8) {
      case 0:
      case 1:
      case 2:
      case 3: {
        for (auto n = random() % 5; n != 0; --n) now.parts[random() % 6] = static_cast<int>(n);
        const std::string label = std::to_string(random() % 10);
        model.push_back({next, label, now});
        ASSERT_EQ(c.keep(saved(now.parts), label), next++);
        trim();
        break;
      }
      case 4:
      case 5: {
        const kept_parts::id id = 1 + random() % next;
        const auto at = std::ranges::find(model, id, &item::id);
        ASSERT_EQ(c.drop(id), at != model.end());
        if (at != model.end()) model.erase(at);
        break;
      }
      case 6:
        most = random() % 3 == 0 ? kept_parts::npos : random() % 12;
        most_bytes = random() % 3 == 0 ? kept_parts::npos : random() % 50;
        c.set_limits({.mementos = most, .bytes = most_bytes});
        trim();
        break;
      case 7:
        if (random() % 8 == 0) {
          c.clear();
          model.clear();
        }
        break;
    }
    const std::vector<std::size_t> cost = costs();
    ASSERT_EQ(c.size(), model.size());
    ASSERT_EQ(c.bytes(), bytes());
    for (std::size_t k = 0; k != model.size(); ++k) {
      ASSERT_EQ(c[k].which, model[k].id);
      ASSERT_EQ(c[k].label, model[k].label);
      ASSERT_EQ(c[k].cost, cost[k]);
      ASSERT_EQ(&c.at(model[k].id), &c[k]);
      holder<shared_parts> back;
      c.restore(back, model[k].id);
      ASSERT_EQ(back.value.parts, model[k].state.parts);
    }
    const kept_parts::id id = random() % (next + 2);
    if (std::ranges::find(model, id, &item::id) == model.end()) {
      ASSERT_THROW(static_cast<void>(c.at(id)), mem::not_kept);
    }
  }
}

TEST(Memento, IsOpenToItsOriginatorAndWhatIsNestedInIt) {
  editor e;
  e.type("ab");
  EXPECT_EQ(editor::reader::text(e.create_memento()), "ab");
}

TEST(Memento, RestoreIsAllOrNothing) {
  holder<faulty> h{faulty(1)};
  const auto m = h.create_memento();
  h.value.value = 2;
  faulty::throws = true;
  EXPECT_THROW(h.set_memento(m), faulty::fault);
  faulty::throws = false;
  EXPECT_EQ(h.value.value, 2);
  h.set_memento(m);
  EXPECT_EQ(h.value.value, 1);
}

TEST(Memento, RestoreIsAllOrNothingWhereMemoryRunsOut) {
  using lines = std::vector<std::string>;
  const lines then{std::string(100, 'a'), std::string(100, 'b')};
  const lines now{std::string(100, 'c')};
  holder<lines> h{then};
  const auto m = h.create_memento();
  h.value = now;
  const std::size_t failed = gof::testing::fail_each_allocation([&] { h.set_memento(m); },
                                                                [&] { EXPECT_EQ(h.value, now); });
  EXPECT_EQ(failed, 3U) << "the vector, and each line";
  EXPECT_EQ(h.value, then);
}

TEST(Memento, RestoresMoreThanOnce) {
  editor e;
  e.type("a");
  const auto m = e.create_memento();
  for (int i = 0; i != 3; ++i) {
    e.type("b");
    e.set_memento(m);
    EXPECT_EQ(e.text(), "a");
  }
}

TEST(Memento, CostsWhatItsStateSays) {
  editor e;
  e.type("12345");
  EXPECT_EQ(e.create_memento().cost(), 5U);
  EXPECT_EQ(e.create_memento().cost_after(editor().create_memento()), 5U) << "nothing is shared";
  EXPECT_EQ(saved({1, 2, 3}).cost_after(saved({1, 9})), 2U);
}

TEST(Memento, CostsItsSizeAndWhatIsInIt) {
  EXPECT_EQ(holder<int>().create_memento().cost(), sizeof(int));
  EXPECT_EQ((holder<std::array<int, 4>>().create_memento().cost()), 4 * sizeof(int));
  EXPECT_EQ(holder<std::vector<short>>{std::vector<short>(100)}.create_memento().cost(),
            sizeof(std::vector<short>) + 200);
  EXPECT_EQ(holder<std::string>{"abc"}.create_memento().cost(), sizeof(std::string) + 3);
}

TEST(Caretaker, BeginsEmpty) {
  texts c;
  EXPECT_EQ(c.size(), 0U);
  EXPECT_EQ(c.bytes(), 0U);
  EXPECT_EQ(c.begin(), c.end());
  EXPECT_FALSE(c.drop(1));
  EXPECT_THROW(static_cast<void>(c.at(1)), mem::not_kept);
}

TEST(Caretaker, KeepsTheNewestHoweverLargeItIs) {
  kept_parts c;
  c.set_limits({.mementos = 0, .bytes = 1});
  c.keep(saved({1, 2}));
  const auto newest = c.keep(saved({1, 2, 3}));
  ASSERT_EQ(c.size(), 1U);
  EXPECT_EQ(c[0].which, newest);
  EXPECT_EQ(c.bytes(), 3U);
}

TEST(Caretaker, BytesAreWhatIsKept) {
  kept_parts c;
  const auto first = c.keep(saved({1, 2, 3}));
  const auto second = c.keep(saved({1, 2, 4}));
  const auto third = c.keep(saved({1, 5, 4}));
  EXPECT_EQ(c.bytes(), 3U + 1U + 1U);
  c.drop(second);
  EXPECT_EQ(c.at(third).cost, 2U) << "what it shared with the second is its own now";
  EXPECT_EQ(c.bytes(), 3U + 2U);
  c.drop(first);
  EXPECT_EQ(c.bytes(), 3U);
  c.clear();
  EXPECT_EQ(c.bytes(), 0U);
}

TEST(Caretaker, ForgetsTheOldest) {
  kept_parts c;
  c.set_limits({.mementos = 2});
  c.keep(saved({1}), "a");
  c.keep(saved({2}), "b");
  c.keep(saved({3}), "c");
  EXPECT_EQ(c.at(2).label, "b");
  EXPECT_EQ(c.at(3).label, "c");
  EXPECT_THROW(static_cast<void>(c.at(1)), mem::not_kept);
}

TEST(Caretaker, NeverUsesANameAgain) {
  kept_parts c;
  c.keep(saved({1}));
  const auto second = c.keep(saved({1}));
  c.drop(second);
  const auto third = c.keep(saved({1}));
  EXPECT_GT(third, second);
  c.clear();
  EXPECT_GT(c.keep(saved({1})), third);
}

TEST(Caretaker, SaysWhichMementoIsNotKept) {
  kept_parts c;
  try {
    static_cast<void>(c.at(17));
    FAIL();
  } catch (const mem::not_kept& e) {
    EXPECT_STREQ(e.what(), "gof::memento: memento 17 is not kept (any more)");
  }
}

TEST(Caretaker, CannotBeChangedWhileItRestores) {
  struct meddler {
    mem::caretaker<holder<int>::memento>* c;
    int refused = 0;
    void set_memento(const holder<int>::memento& m) {
      const auto refuses = [this](auto change) {
        try {
          change();
        } catch (const mem::misuse&) {
          ++refused;
        }
      };
      refuses([&] { c->keep(m); });
      refuses([&] { c->drop(1); });
      refuses([&] { c->clear(); });
      refuses([&] { c->set_limits({}); });
      refuses([&] { c->restore(*this, 1); });
      EXPECT_EQ(c->at(1).label, "one") << "it can be read";
    }
  };
  mem::caretaker<holder<int>::memento> c;
  c.keep(holder<int>{1}.create_memento(), "one");
  const auto before = seen(c);
  meddler m{&c};
  c.restore(m, 1);
  EXPECT_EQ(m.refused, 5);
  EXPECT_EQ(seen(c), before);
  EXPECT_TRUE(c.drop(1)) << "afterwards it can be changed";
}

TEST(Caretaker, IsAsItWasWhereRestoringThrows) {
  holder<faulty> h{faulty(1)};
  mem::caretaker<holder<faulty>::memento> c;
  const auto id = c.keep(h.create_memento(), "one");
  const auto before = seen(c);
  faulty::throws = true;
  EXPECT_THROW(c.restore(h, id), faulty::fault);
  faulty::throws = false;
  EXPECT_EQ(seen(c), before);
  EXPECT_THROW(c.restore(h, id + 1), mem::not_kept);
  c.restore(h, id);
  EXPECT_EQ(h.value.value, 1);
}

TEST(Caretaker, IsAsItWasWhereMemoryRunsOut) {
  mem::caretaker<holder<std::string>::memento> c;
  c.set_limits({.mementos = 30});
  const holder<std::string> h{std::string(100, 'a')};
  for (int i = 0; i != 100; ++i) {
    auto before = seen(c);
    const std::size_t failed = gof::testing::fail_each_allocation(
        [&] { c.keep(h.create_memento(), "a label that does not fit into a string itself"); },
        [&] { EXPECT_EQ(seen(c), before); });
    EXPECT_GE(failed, 2U) << "the state and the label";
    ASSERT_EQ(c.size(), std::min(i + 1, 30));
    ASSERT_EQ(c[c.size() - 1].which, static_cast<std::uint64_t>(i + 1));
  }
}

TEST(Caretaker, KeepsMementosThatCannotBeCopied) {
  struct unique {
    std::unique_ptr<int> owned;
  };
  mem::caretaker<unique> c;
  c.keep({std::make_unique<int>(7)});
  EXPECT_EQ(*c[0].memento.owned, 7);
  EXPECT_EQ(c.bytes(), sizeof(unique));
}

}  // namespace
