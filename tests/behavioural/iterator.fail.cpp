// SPDX-License-Identifier: BSL-1.0
#include <coroutine>
#include <gof/iterator.hpp>
#include <gof/iterator/any_range.hpp>
#include <gof/iterator/generator.hpp>
#include <gof/iterator/sequence.hpp>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace {

namespace it = gof::iterator;

it::generator<int> numbers() { co_yield 1; }

it::generator<int> coroutine() {
#ifdef FAIL_wait_in_a_generator  // says: deleted function|deleted member function
  co_await std::suspend_always();
#else
  co_yield 2;
#endif

#ifdef FAIL_elements_of_a_generator_that_is_kept  // says: cannot bind rvalue|no viable constructor
  it::generator<int> kept = numbers();
  co_yield it::elements_of(kept);
#else
  it::generator<int> kept = numbers();
  co_yield it::elements_of(std::move(kept));
#endif
}

#ifdef FAIL_generator_of_references  // says: name the type of the items
it::generator<int&> references();
[[maybe_unused]] auto first = references();
#endif

struct thrower {
  thrower() = default;
  thrower(const thrower&) noexcept(false) {}
  thrower& operator=(const thrower&) noexcept(false) { return *this; }
};
struct no_move {
  using position = thrower;
  std::optional<thrower> first() const { return {}; }
  std::optional<thrower> after(const thrower&) const { return {}; }
  const int* at(const thrower&) const { return nullptr; }
};

[[maybe_unused]] void cases(std::set<int>& set, std::multiset<int>& several) {
#ifdef FAIL_cursor_on_what_is_gone_at_once  // says: deleted function|deleted constructor
  it::cursor temporary(std::set<int>{1, 2});
#else
  it::cursor temporary(set);
#endif
  static_cast<void>(temporary.is_done());

#ifdef FAIL_cursor_on_equal_keys  // says: constraint|no viable constructor
  it::cursor equal(several);
#else
  it::cursor equal(std::as_const(set));
#endif
  static_cast<void>(equal.is_done());

#ifdef FAIL_cursor_on_what_has_no_order  // says: constraint
  using unordered = it::cursor<std::unordered_map<int, int>>;
#else
  using unordered = it::cursor<std::vector<int>>;
#endif
  static_cast<void>(sizeof(unordered));

#ifdef FAIL_position_that_throws_when_moved  // says: a position is moved without throwing
  const no_move own;
  it::cursor c(own);
#else
  static_assert(it::aggregate<const no_move>);
#endif

#ifdef FAIL_change_of_a_const_item  // says: read-only|assignment of|const-qualified
  const std::vector<int> fixed(1);
  it::cursor(fixed).current_item() = 1;
#else
  std::vector<int> changing(1);
  it::cursor(changing).current_item() = 1;
#endif

#ifdef FAIL_copy_of_a_generator  // says: deleted function|deleted constructor|implicitly deleted
  it::generator<int> g = numbers(), copy = g;
#else
  it::generator<int> g = numbers(), moved = std::move(g);
#endif

#ifdef FAIL_range_of_other_items  // says: conversion from|no viable conversion
  it::any_range<int> range = std::vector<std::string>();
#else
  it::any_range<const std::string> range = std::vector<std::string>();
#endif

#ifdef FAIL_sequence_of_what_throws_when_moved  // says: moved without throwing
  it::sequence<thrower> items;
#else
  it::sequence<std::unique_ptr<thrower>> items;
#endif
}

}  // namespace
