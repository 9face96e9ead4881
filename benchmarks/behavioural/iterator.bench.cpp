// SPDX-License-Identifier: BSL-1.0
// Adding up what is in an array, a part of it, a tree, a map, and a list that may be edited.
#include <gof/iterator.hpp>
#include <gof/iterator/any_range.hpp>
#include <gof/iterator/generator.hpp>
#include <gof/iterator/sequence.hpp>
#include <map>
#include <memory>
#include <numeric>
#include <ranges>
#include <utility>
#include <vector>

#include "support/bench.hpp"

namespace {

namespace it = gof::iterator;
using array = std::vector<int>;

array numbers(const benchmark::State& state) {
  array all(static_cast<std::size_t>(state.range(0)));
  std::iota(all.begin(), all.end(), 0);
  return all;
}
// Measures how long it takes to add up a collection.
template <class Items, class Sum>
void measure(benchmark::State& state, Items items, Sum sum) {
  for (auto _ : state) {
    benchmark::DoNotOptimize(&items);
    benchmark::ClobberMemory();
    benchmark::DoNotOptimize(sum(items));
  }
}
long sum_of(auto&& range) {
  long sum = 0;
  for (auto&& i : range) sum += i;
  return sum;
}
[[gnu::noinline]] long sum_of_any(it::any_range<const int> range) { return sum_of(range); }
long walk(auto cursor) {
  long sum = 0;
  for (; !cursor.is_done(); cursor.next()) sum += cursor.current_item();
  return sum;
}

/// [book]
// The Iterator as in the book, and the ConcreteIterator of an array.
template <class Item>
class iterator {
 public:
  virtual ~iterator() = default;
  virtual void first() = 0;
  virtual void next() = 0;
  virtual bool is_done() const = 0;
  virtual Item& current_item() const = 0;
};
template <class Item>
class array_iterator final : public iterator<Item> {
 public:
  explicit array_iterator(std::vector<Item>& items) : items_(&items) {}
  void first() override { index_ = 0; }
  void next() override { ++index_; }
  bool is_done() const override { return index_ >= items_->size(); }
  Item& current_item() const override { return (*items_)[index_]; }

 private:
  std::vector<Item>* items_;
  std::size_t index_ = 0;
};
/// [book]
// Another one, so that calls stay virtual.
template <class Item>
class backwards final : public iterator<Item> {
 public:
  explicit backwards(std::vector<Item>& items) : items_(&items), left_(items.size()) {}
  void first() override { left_ = items_->size(); }
  void next() override { --left_; }
  bool is_done() const override { return left_ == 0; }
  Item& current_item() const override { return (*items_)[left_ - 1]; }

 private:
  std::vector<Item>* items_;
  std::size_t left_;
};
[[gnu::noinline]] std::unique_ptr<iterator<int>> create_iterator(array& a, bool forwards) {
  if (forwards) return std::make_unique<array_iterator<int>>(a);
  return std::make_unique<backwards<int>>(a);
}

it::generator<const int> each(const array& a) {
  for (const int& i : a) co_yield i;
}
void array_hand(benchmark::State& s) {
  measure(s, numbers(s), [](const array& a) { return sum_of(a); });
}
void array_book(benchmark::State& s) {
  measure(s, numbers(s), [](array& a) {
    long sum = 0;
    const auto i = create_iterator(a, true);
    for (i->first(); !i->is_done(); i->next()) sum += i->current_item();
    return sum;
  });
}
void array_cursor(benchmark::State& s) {
  measure(s, numbers(s), [](array& a) { return walk(it::cursor(a)); });
}
void array_any(benchmark::State& s) {
  measure(s, numbers(s), [](const array& a) { return sum_of_any(a); });
}
void array_generator(benchmark::State& s) {
  measure(s, numbers(s), [](const array& a) { return sum_of(each(a)); });
}

/// [view]
constexpr auto odd = [](int i) { return i % 2 != 0; };
constexpr auto squared = [](int i) { return i * i % 1000; };
auto view(const array& a) { return a | std::views::filter(odd) | std::views::transform(squared); }
/// [view]
it::generator<const int> some(const array& a) {
  for (const int i : a) {
    if (odd(i)) co_yield squared(i);
  }
}
void part_hand(benchmark::State& s) {
  measure(s, numbers(s), [](const array& a) {
    long sum = 0;
    for (const int i : a) {
      if (odd(i)) sum += squared(i);
    }
    return sum;
  });
}
void part_ranges(benchmark::State& s) {
  measure(s, numbers(s), [](const array& a) { return sum_of(view(a)); });
}
void part_any(benchmark::State& s) {
  measure(s, numbers(s), [](const array& a) { return sum_of_any(view(a)); });
}
void part_generator(benchmark::State& s) {
  measure(s, numbers(s), [](const array& a) { return sum_of(some(a)); });
}

// A binary tree, walked on in order.
struct node {
  int value;
  std::unique_ptr<node> left, right;
};
std::unique_ptr<node> tree(int from, int to) {
  if (from == to) return nullptr;
  const int middle = from + (to - from) / 2;
  return std::make_unique<node>(node{middle, tree(from, middle), tree(middle + 1, to)});
}
class in_order {  // by hand: a stack of those whose left part is done
 public:
  explicit in_order(const node* n) { descend(n); }
  bool is_done() const { return open_.empty(); }
  int current_item() const { return open_.back()->value; }
  void next() {
    const node* n = open_.back();
    open_.pop_back();
    descend(n->right.get());
  }

 private:
  void descend(const node* n) {
    for (; n != nullptr; n = n->left.get()) open_.push_back(n);
  }
  std::vector<const node*> open_;
};
it::generator<const int> yielded_again(const node* n) {
  if (n == nullptr) co_return;
  for (const int& i : yielded_again(n->left.get())) co_yield i;
  co_yield n->value;
  for (const int& i : yielded_again(n->right.get())) co_yield i;
}
it::generator<const int> nested(const node* n) {
  if (n->left) co_yield it::elements_of(nested(n->left.get()));
  co_yield n->value;
  if (n->right) co_yield it::elements_of(nested(n->right.get()));
}
it::generator<const int> with_stack(const node* root) {
  std::vector<const node*> open;
  for (const node* n = root; n != nullptr || !open.empty(); n = n->right.get()) {
    for (; n != nullptr; n = n->left.get()) open.push_back(n);
    n = open.back();
    open.pop_back();
    co_yield n->value;
  }
}
std::unique_ptr<node> tree(const benchmark::State& s) {
  return tree(0, static_cast<int>(s.range(0)));
}
void tree_hand(benchmark::State& s) {
  measure(s, tree(s), [](const auto& t) { return walk(in_order(t.get())); });
}
void tree_again(benchmark::State& s) {
  measure(s, tree(s), [](const auto& t) { return sum_of(yielded_again(t.get())); });
}
void tree_stack(benchmark::State& s) {
  measure(s, tree(s), [](const auto& t) { return sum_of(with_stack(t.get())); });
}
void tree_nested(benchmark::State& s) {
  measure(s, tree(s), [](const auto& t) { return sum_of(nested(t.get())); });
}

// By hand: after each item, what follows its key is looked up anew.
using map = std::map<int, int>;
map pairs(const benchmark::State& s) {
  map all;
  for (const int i : numbers(s)) all.emplace(i, i);
  return all;
}
void map_hand(benchmark::State& s) {
  measure(s, pairs(s), [](const map& m) {
    long sum = 0;
    for (auto i = m.begin(); i != m.end();) {
      const int key = i->first;
      sum += i->second;
      benchmark::ClobberMemory();  // it may have changed
      i = m.upper_bound(key);
    }
    return sum;
  });
}
void map_iterator(benchmark::State& s) {
  measure(s, pairs(s), [](const map& m) {
    long sum = 0;
    for (const auto& [key, value] : m) sum += value;
    return sum;
  });
}
void map_cursor(benchmark::State& s) {
  measure(s, pairs(s), [](const map& m) {
    long sum = 0;
    for (it::cursor c(m); !c.is_done(); c.next()) {
      benchmark::ClobberMemory();
      sum += c.current_item().second;
    }
    return sum;
  });
}

// By hand: a list that knows the index of each walk, and moves it at each edit.
class registered {
 public:
  explicit registered(array items) : items_(std::move(items)) {}
  std::size_t* begin() {
    walks_.push_back(std::make_unique<std::size_t>(0));
    return walks_.back().get();
  }
  void end() { walks_.pop_back(); }
  [[gnu::noinline]] void erase(std::size_t i) {
    items_.erase(items_.begin() + static_cast<std::ptrdiff_t>(i));
    for (const auto& w : walks_) *w -= *w > i ? 1U : 0U;
  }
  const array& items() const { return items_; }

 private:
  array items_;
  std::vector<std::unique_ptr<std::size_t>> walks_;
};
void list_hand(benchmark::State& s) {
  measure(s, registered(numbers(s)), [](registered& list) {
    long sum = 0;
    std::size_t* i = list.begin();
    for (; *i < list.items().size(); ++*i) {
      sum += list.items()[*i];
      benchmark::DoNotOptimize(i);  // it may have been moved
      benchmark::ClobberMemory();
    }
    list.end();
    return sum;
  });
}
void list_cursor(benchmark::State& s) {
  it::sequence<int> items;
  for (const int i : numbers(s)) items.push_back(i);
  measure(s, std::move(items), [](it::sequence<int>& list) {
    long sum = 0;
    for (it::cursor c(list); !c.is_done(); c.next()) {
      sum += c.current_item();
      benchmark::ClobberMemory();
    }
    return sum;
  });
}

gof::bench::plan of_each_item(const char* operation, std::vector<gof::bench::contender> all) {
  return {.operation = operation, .sizes = {1'000}, .per_item = true, .contenders = std::move(all)};
}
const gof::bench::comparison arrays(of_each_item("array", {{"hand", array_hand},
                                                           {"the book's", array_book},
                                                           {"ours, cursor", array_cursor},
                                                           {"ours, any_range", array_any},
                                                           {"ours, generator", array_generator}}));
const gof::bench::comparison parts(of_each_item("filter and map",
                                                {{"hand", part_hand},
                                                 {"std::ranges", part_ranges},
                                                 {"ours, any_range of it", part_any},
                                                 {"ours, generator", part_generator}}));
const gof::bench::comparison trees(of_each_item("tree", {{"hand", tree_hand},
                                                         {"each yields again", tree_again},
                                                         {"ours, with a stack", tree_stack},
                                                         {"ours, elements_of", tree_nested}}));
const gof::bench::comparison maps(of_each_item(
    "map that may change",
    {{"hand", map_hand}, {"its own iterator", map_iterator}, {"ours, cursor", map_cursor}}));
const gof::bench::comparison lists(
    of_each_item("list that may change", {{"hand", list_hand}, {"ours, cursor", list_cursor}}));

}  // namespace
