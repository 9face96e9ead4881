// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// A range of any type, for functions that are compiled once.

#include <concepts>
#include <cstddef>
#include <gof/iterator.hpp>
#include <iterator>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

namespace gof::inline v0::iterator {

/// \addtogroup iterator
/// @{

namespace detail {
template <class R>
using begin_t = decltype(std::begin(std::declval<R&>()));
template <class R>
using item_t = decltype(*std::declval<begin_t<R>&>());
template <class T>
using side_by_side = T (*)[];

template <class R>
concept range = requires(R& r) {
  std::begin(r) != std::end(r);
};
// The items of an R are there as a T.
template <class R, class T>
concept refers_to = std::is_lvalue_reference_v<item_t<R>> &&
    std::convertible_to<std::add_pointer_t<item_t<R>>, std::add_pointer_t<T>>;
// And they lie side by side.
template <class R, class T>
concept lies_as = std::contiguous_iterator<begin_t<R>> &&
    std::convertible_to<side_by_side<std::remove_reference_t<item_t<R>>>, side_by_side<T>> &&
    requires(R& r) {
  std::end(r) - std::begin(r);
};
}  // namespace detail

/// What an \ref gof::iterator::any_range "any_range" of `T` can stand for: its items are `T`, or a
/// `T` can be made of each.
template <class R, class T>
concept range_of = detail::range<R> &&
    (detail::refers_to<R, T> || std::constructible_from<std::remove_cv_t<T>, detail::item_t<R>>);

/// An input range that stands for any range of such items. Items that lie side by side are taken
/// all at once; of others, each costs a virtual call.
/// \tparam T what a range holds, `const` to read only; whoever takes an item gets a `T&`: the item
/// itself, or where there is no `T`, one that is made of it and good until the next one
/// \threads one at a time
/// \law SameItems: they are those of the range, in order
template <class T>
class any_range {
  struct items {
    T* begin = nullptr;
    T* end = nullptr;
  };
  struct source;

 public:
  /// Where a walk is.
  class iterator {
   public:
    using value_type = std::remove_cv_t<T>;            ///< What an item is.
    using difference_type = std::ptrdiff_t;            ///< Not used.
    using iterator_concept = std::input_iterator_tag;  ///< One walk.

    iterator(iterator&& from) noexcept = default;             ///< \param from goes on here
    iterator& operator=(iterator&& from) noexcept = default;  ///< \param from it \returns itself

    /// \returns the current item
    [[nodiscard]] T& operator*() const noexcept { return *at_.begin; }
    /// Goes to the next item. \returns itself
    /// \throws what the range throws; then it is at the end
    iterator& operator++() {
      if (++at_.begin == at_.end) at_ = source_->more();
      return *this;
    }
    /// As above.
    void operator++(int) { ++*this; }
    /// \returns whether it is at the end \param i the iterator
    friend bool operator==(const iterator& i, std::default_sentinel_t) noexcept {
      return i.at_.begin == i.at_.end;
    }

   private:
    friend any_range;
    explicit iterator(source& s) : source_(&s), at_(s.more()) {}
    source* source_;
    items at_;
  };

  /// Stands for a range. \param range it: where it is an lvalue, must outlive this; otherwise owned
  /// \throws std::bad_alloc
  template <class R>
    requires(!std::is_same_v<std::remove_cvref_t<R>, any_range> &&
             range_of<std::remove_reference_t<R>, T>)
  any_range(R&& range) : source_(std::make_unique<source_of<R>>(std::forward<R>(range))) {}

  /// Begins a walk; one at a time. \returns where it is
  /// \throws misuse when this was moved from, or at the second walk on a range that allows one;
  /// what the range throws
  [[nodiscard]] iterator begin() {
    if (!source_) throw misuse("gof::iterator: this range was moved from");
    source_->start();
    return iterator(*source_);
  }
  /// \returns what an iterator at the end is equal to
  [[nodiscard]] std::default_sentinel_t end() const noexcept { return {}; }

 private:
  struct source {
    virtual ~source() = default;
    virtual void start() = 0;
    virtual items more() = 0;  // none at the end
  };
  template <class R>
  class source_of final : public source {
    using range = std::remove_reference_t<R>;

   public:
    explicit source_of(R&& r) : range_(std::forward<R>(r)) {}
    void start() override {
      if (at_ && !std::forward_iterator<detail::begin_t<range>>) {
        throw misuse("gof::iterator: this range can be walked on once");
      }
      at_.emplace(std::begin(range_));
      fresh_ = true;
    }
    items more() override {
      const bool fresh = std::exchange(fresh_, false);
      if constexpr (detail::lies_as<range, T>) {
        const auto n = std::end(range_) - *at_;
        if (!fresh || n == 0) return {};
        T* const first = std::to_address(*at_);
        return {first, first + n};
      } else {
        if (!fresh) ++*at_;
        if (!(*at_ != std::end(range_))) return {};
        if constexpr (detail::refers_to<range, T>) {
          return one(**at_);
        } else {
          return one(made_.emplace(**at_));
        }
      }
    }

   private:
    static items one(T& item) noexcept { return {std::addressof(item), std::addressof(item) + 1}; }
    R range_;
    std::optional<detail::begin_t<range>> at_{};
    std::optional<std::remove_cv_t<T>> made_{};
    bool fresh_ = false;
  };

  std::unique_ptr<source> source_;
};

/// @}
}  // namespace gof::inline v0::iterator
