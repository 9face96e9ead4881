// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// Items that come one after another, from where they are made.

#include <cstddef>
#include <iterator>
#include <memory>
#include <optional>
#include <utility>

#include <gof/unique_function.hpp>

namespace gof::inline v0::pyro {

/// \addtogroup pyro
/// @{

/// Items that are made when they are asked for; Python's generator, and on this side of the network
/// whatever makes items. To be gone through once. What it does when it is asked for the next item
/// may fail, over a network above all: then it throws, and there are no more.
/// \tparam T the items
template <class T>
class [[nodiscard]] stream {
 public:
  using value_type = T;  ///< the items
  /// Goes through the items. \see begin
  class iterator {
   public:
    using iterator_concept = std::input_iterator_tag;  ///< once
    using value_type = T;                              ///< the items
    using difference_type = std::ptrdiff_t;            ///< none is needed
    /// Of no stream.
    iterator() = default;
    /// \param of the stream, whose next item it stands at
    explicit iterator(stream& of) : of_(&of) { ++*this; }
    /// \returns the item
    T& operator*() const { return *of_->item_; }
    /// Asks for the next. \throws what the source throws
    iterator& operator++() {
      of_->item_ = of_->next();
      return *this;
    }
    /// The same.
    void operator++(int) { ++*this; }
    /// \returns whether there are no more
    bool operator==(std::default_sentinel_t) const { return !of_->item_; }

   private:
    stream* of_ = nullptr;
  };

  /// Of nothing.
  stream() = default;
  /// \param next returns the next item, or none when there are no more
  explicit stream(unique_function<std::optional<T>()> next) : next_(std::move(next)) {}
  /// \returns one of what is in a range, which it keeps. \param all the range
  /// \tparam Range a container, or another range whose iterators outlive being moved with it
  template <class Range>
  static stream of(Range all) {
    struct place {
      explicit place(Range it) : range(std::move(it)), at(range.begin()) {}
      Range range;
      decltype(range.begin()) at;
    };
    return stream([it = std::make_unique<place>(std::move(all))]() -> std::optional<T> {
      if (it->at == it->range.end()) return {};
      std::optional<T> item(*it->at);
      ++it->at;
      return item;
    });
  }

  /// \returns the next item, or none when there are no more \throws what the source throws; it is
  /// over then
  std::optional<T> next() {
    if (!next_) return {};
    struct last {
      stream& of;
      bool goes_on = false;
      ~last() {
        if (!goes_on) of.next_ = {};
      }
    } mark{*this};
    std::optional<T> item = next_();
    mark.goes_on = item.has_value();
    return item;
  }
  /// \returns where it stands, at its next item; there is no other beginning
  [[nodiscard]] iterator begin() { return iterator(*this); }
  /// \returns where there are no more
  [[nodiscard]] std::default_sentinel_t end() const noexcept { return {}; }

 private:
  unique_function<std::optional<T>()> next_;
  std::optional<T> item_;  // where an iterator stands
};

/// @}
}  // namespace gof::inline v0::pyro
