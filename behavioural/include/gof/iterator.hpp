// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// Iterator: a cursor, whose position can be kept and outlives changes to what it walks on.

#include <concepts>
#include <cstddef>
#include <optional>
#include <stdexcept>
#include <type_traits>
#include <utility>

/// \defgroup iterator Iterator
/// \ingroup behavioural
/// Walks on a collection that changes meanwhile, stops, and goes on another day.
///
/// | In the book          | Here                                                                   |
/// |----------------------|------------------------------------------------------------------------|
/// | Aggregate            | what models \ref gof::iterator::aggregate "aggregate"                  |
/// | CreateIterator       | `cursor c(items)`                                                      |
/// | Iterator             | \ref gof::iterator::cursor "cursor"                                    |
/// | First, Next          | `first()`, `next()`                                                    |
/// | IsDone, CurrentItem  | `is_done()`, `current_item()`                                          |
/// | robust iterator      | a cursor on keys, or on a \ref gof::iterator::sequence "sequence"      |
/// | internal iterator    | a loop; `std::ranges::for_each`                                        |
///
/// | To …                                  | write                                               |
/// |---------------------------------------|-----------------------------------------------------|
/// | walk                                  | `for (cursor c(items); !c.is_done(); c.next()) …`   |
/// | use the current item                  | `c.current_item()`                                  |
/// | keep the position, go on another day  | `c.save()`, `c.resume(saved)`                       |
/// | see what was added since the end      | `c.next()` again                                    |
/// | walk on something of your own         | give it `position`, `first`, `after`, `at`          |
/// | walk on a list while others edit it   | `gof/iterator/sequence.hpp`: `sequence`             |
/// | write a walk as a function            | `gof/iterator/generator.hpp`: `generator`           |
/// | take any range in a compiled function | `gof/iterator/any_range.hpp`: `any_range`           |
///
/// \source Gamma, Helm, Johnson, Vlissides, *Design Patterns* (1994), chapter 5, Iterator

namespace gof::inline v0::iterator {

/// \addtogroup iterator
/// @{

/// The current item was removed. `next()` goes on with what follows its place.
class gone : public std::runtime_error {
  using std::runtime_error::runtime_error;
};
/// The aggregate does not know a position, nor what follows it. `first()` begins again.
class lost : public std::runtime_error {
  using std::runtime_error::runtime_error;
};
/// There is no current item, or a second walk on what can be walked on once.
class misuse : public std::logic_error {
  using std::logic_error::logic_error;
};

/// An aggregate with positions of its own. A `position` is a value that names a place.
/// `first()` is the first one, or nothing. `after(p)` is the one after `p`, or nothing; where the
/// item at `p` was removed, it still knows what follows, or throws
/// \ref gof::iterator::lost "lost". `at(p)` is a pointer to the item, or a `std::optional` with a
/// copy; empty where it was removed.
template <class A>
concept positioned = requires(A& a, const typename A::position& p) {
  { a.first() } -> std::same_as<std::optional<typename A::position>>;
  { a.after(p) } -> std::same_as<std::optional<typename A::position>>;
  {*a.at(p)};
  { !a.at(p) } -> std::same_as<bool>;
};
/// An aggregate with unique keys in order: a map or a set. The keys are the positions.
template <class A>
concept keyed = requires(A& a, const typename A::key_type& key, std::remove_const_t<A>& changing) {
  { a.upper_bound(key) } -> std::same_as<decltype(a.find(key))>;
  { changing.insert(*a.find(key)).second } -> std::convertible_to<bool>;
};
/// An aggregate with indices: a vector, an array, a span. The indices are the positions, and they
/// are good as long as items are only appended.
template <class A>
concept indexed = !requires {
  typename A::key_type;
}
&&requires(A& a, std::size_t i) {
  { a.size() } -> std::convertible_to<std::size_t>;
  { &a[i] } -> std::convertible_to<const volatile void*>;
};
/// The Aggregate: what a cursor can walk on.
template <class A>
concept aggregate = positioned<A> || keyed<A> || indexed<A>;

namespace detail {
[[noreturn]] inline void removed() {
  throw gone("gof::iterator: the current item was removed; next() goes on");
}

template <class A>
struct access {  // positions of its own
  using position = typename A::position;
  static std::optional<position> first(A& a) { return a.first(); }
  static std::optional<position> after(A& a, const position& p) { return a.after(p); }
  static bool is_end(A&, const std::optional<position>& p) noexcept { return !p; }
  static decltype(auto) item(A& a, const position& p) {
    auto item = a.at(p);
    if (!item) removed();
    if constexpr (std::is_pointer_v<decltype(item)>) {
      return *item;
    } else {
      return std::remove_cvref_t<decltype(*item)>(*std::move(item));
    }
  }
};
template <class A>
  requires(keyed<A> && !positioned<A>)
struct access<A> {
  using position = typename A::key_type;
  static std::optional<position> first(A& a) { return key(a, a.begin()); }
  static std::optional<position> after(A& a, const position& p) { return key(a, a.upper_bound(p)); }
  static bool is_end(A&, const std::optional<position>& p) noexcept { return !p; }
  static auto& item(A& a, const position& p) {
    const auto found = a.find(p);
    if (found == a.end()) removed();
    return *found;
  }

 private:
  static std::optional<position> key(A& a, auto place) {
    if (place == a.end()) return {};
    if constexpr (requires { typename A::mapped_type; }) {
      return place->first;
    } else {
      return *place;
    }
  }
};
template <class A>
  requires(indexed<A> && !positioned<A>)
struct access<A> {
  using position = std::size_t;
  static std::optional<position> first(A&) noexcept { return 0; }
  static std::optional<position> after(A& a, position p) {
    if (p >= a.size()) throw lost("gof::iterator: there are fewer items now; begin again");
    return p + 1;
  }
  static bool is_end(A& a, const std::optional<position>& p) noexcept { return *p >= a.size(); }
  static auto& item(A& a, position p) noexcept { return a[p]; }
};
}  // namespace detail

/// The Iterator: knows what it has passed, and where it is.
///
/// Each step asks the aggregate anew, by the position; so nothing here dangles when the aggregate
/// changes. Where an operation throws, the cursor is where it was.
/// \tparam Aggregate what it walks on; `const` to read only
/// \threads as the aggregate
/// \complexity a step is a search by key, or constant by index
/// \law NeitherSkippedNorRepeated: what is there all the time is seen once, in order, whatever is
/// inserted and removed meanwhile
/// \law SavedIsAsNotInterrupted: who saves, and resumes after changes, is where one would be who
/// waited for them before `next()`
template <aggregate Aggregate>
class cursor {
  using access = detail::access<Aggregate>;

 public:
  /// What names a place in the aggregate: a value to be kept, for instance in a file.
  using position = typename access::position;
  static_assert(std::is_nothrow_move_constructible_v<position> &&
                    std::is_nothrow_move_assignable_v<position>,
                "gof::iterator: a position is moved without throwing");

  /// At the first item. \param a what to walk on; must outlive this
  explicit cursor(Aggregate& a) : aggregate_(&a), current_(access::first(a)) {}
  cursor(const Aggregate&&) = delete;

  /// Begins again.
  void first() {
    current_ = access::first(*aggregate_);
    passed_.reset();
  }
  /// Passes the current item. At the end, looks whether there is more by now.
  /// \throws lost, and what the aggregate throws; unchanged
  void next() {
    if (is_done()) return resume(passed_);
    std::optional<position> following = access::after(*aggregate_, *current_);
    passed_ = std::move(current_);
    current_ = std::move(following);
  }
  /// \returns whether all items are passed
  [[nodiscard]] bool is_done() const noexcept { return access::is_end(*aggregate_, current_); }
  /// \returns the current item: a reference to it, or a copy where the aggregate makes copies
  /// \throws gone where it was removed; misuse at the end
  [[nodiscard]] decltype(auto) current_item() const {
    if (is_done()) throw misuse("gof::iterator: there is no current item; ask is_done() first");
    return access::item(*aggregate_, *current_);
  }

  /// \returns the position of the last item that was passed, to resume after it; nothing at the
  /// beginning. The current item is not passed yet: who resumes sees it again.
  [[nodiscard]] std::optional<position> save() const { return passed_; }
  /// Goes to the first item after those that were passed; to the end, where there is none yet.
  /// \param saved what \ref save returned, of this cursor or of another, now or in an earlier run
  /// \throws lost, and what the aggregate throws; unchanged
  void resume(std::optional<position> saved) {
    current_ = saved ? access::after(*aggregate_, *saved) : access::first(*aggregate_);
    passed_ = std::move(saved);
  }

 private:
  Aggregate* aggregate_;
  std::optional<position> passed_{};  // all up to here were visited
  std::optional<position> current_;   // the next one when the cursor came here
};

/// @}
}  // namespace gof::inline v0::iterator
