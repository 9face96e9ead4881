// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// A walk written as a function: it yields items, and goes on when the next one is asked for.

#include <concepts>
#include <coroutine>
#include <cstddef>
#include <exception>
#include <gof/iterator.hpp>
#include <iterator>
#include <memory>
#include <type_traits>
#include <utility>

namespace gof::inline v0::iterator {

/// \addtogroup iterator
/// @{

template <class T>
class generator;

/// Stands for all items of a generator: `co_yield elements_of(children(node))`.
/// \tparam T the type of its items
template <class T>
struct elements_of {
  /// \param g a generator of which no item was taken yet
  explicit elements_of(generator<T>&& g) noexcept : items(std::move(g)) {}
  generator<T> items;  ///< Its items.
};

/// An input range whose items are those that a coroutine yields, which returns it. The next item
/// takes constant time, however deep generators are in generators. What a coroutine throws reaches
/// whoever asked for the item, through all of them. A walk may end at any item.
///
/// With g++ 12, name what is yielded in a statement of its own where it is a `?:`, a lambda that
/// captures, or an aggregate made on the spot: the compiler destroys such temporaries twice.
/// \tparam T what is yielded; whoever takes an item gets a `T&`, good until the next one
/// \threads one at a time
/// \law ItemsAreThoseYielded: in order, once, and none is made before it is asked for
/// \law NothingIsLeft: all that coroutines hold is destroyed once, wherever the walk ends
template <class T>
class [[nodiscard]] generator {
  static_assert(!std::is_reference_v<T>, "gof::iterator: name the type of the items, without &");

 public:
  class promise_type;
  class iterator;

  /// Takes the walk over. \param from cannot be used then
  generator(generator&& from) noexcept : handle_(std::exchange(from.handle_, nullptr)) {}
  /// Takes the walk over. \param from another; gets this one \returns itself
  generator& operator=(generator&& from) noexcept {
    std::swap(handle_, from.handle_);
    return *this;
  }
  /// Ends the walk, the innermost coroutine first.
  ~generator() {
    if (!handle_) return;
    for (auto top = handle_.promise().top_; top != handle_;) {
      const auto ended = std::exchange(top, top.promise().parent_);
      std::exchange(ended.promise().owner_->handle_, nullptr).destroy();
    }
    handle_.destroy();
  }

  /// Runs to the first item. \returns where it is
  /// \throws misuse the second time, or when it was moved from; what the coroutine throws
  [[nodiscard]] iterator begin() {
    start();
    handle_.promise().advance();
    return iterator(handle_);
  }
  /// \returns what an iterator at the end is equal to
  [[nodiscard]] std::default_sentinel_t end() const noexcept { return {}; }

 private:
  using handle = std::coroutine_handle<promise_type>;
  explicit generator(handle h) noexcept : handle_(h) {}
  void start() {
    if (!handle_ || std::exchange(handle_.promise().started_, true)) {
      throw misuse("gof::iterator: a generator can be walked on once; call its function again");
    }
  }
  handle handle_;
};

/// Where a walk is. \tparam T the type of the items
template <class T>
class generator<T>::iterator {
 public:
  using value_type = std::remove_cv_t<T>;            ///< What an item is.
  using difference_type = std::ptrdiff_t;            ///< Not used.
  using iterator_concept = std::input_iterator_tag;  ///< One walk.

  iterator(iterator&& from) noexcept = default;             ///< \param from goes on here
  iterator& operator=(iterator&& from) noexcept = default;  ///< \param from it \returns itself

  /// \returns the current item
  [[nodiscard]] T& operator*() const noexcept { return *handle_.promise().item_; }
  /// Runs to the next item, or to the end. \returns itself
  /// \throws what the coroutine throws; then it is at the end
  iterator& operator++() {
    handle_.promise().advance();
    return *this;
  }
  /// As above.
  void operator++(int) { ++*this; }
  /// \returns whether it is at the end \param i the iterator
  friend bool operator==(const iterator& i, std::default_sentinel_t) noexcept {
    return i.handle_.done();
  }

 private:
  friend generator;
  explicit iterator(handle h) noexcept : handle_(h) {}
  handle handle_;
};

/// What the compiler needs of a coroutine. \tparam T the type of the items
template <class T>
class generator<T>::promise_type {
  struct copy : std::suspend_always {  // lives in the coroutine until the next item is asked for
    explicit copy(const T& item) : value(item) {}
    void await_suspend(handle h) noexcept { h.promise().root_->item_ = std::addressof(value); }
    std::remove_cv_t<T> value;
  };
  class nested : public std::suspend_always {
   public:
    explicit nested(generator&& g) noexcept : items_(std::move(g)) {}
    void await_suspend(handle parent) noexcept {
      promise_type& p = items_.handle_.promise();
      p.root_ = parent.promise().root_;
      p.parent_ = parent;
      p.owner_ = &items_;
      p.root_->top_ = items_.handle_;
    }
    void await_resume() const {
      if (items_.handle_.promise().failure_) {
        std::rethrow_exception(std::exchange(items_.handle_.promise().failure_, nullptr));
      }
    }

   private:
    generator items_;
  };

 public:
  /// \returns the generator
  generator get_return_object() noexcept { return generator(top_); }
  /// \returns that nothing runs before the first item is asked for
  static std::suspend_always initial_suspend() noexcept { return {}; }
  /// \returns that the coroutine is kept until its generator goes
  static std::suspend_always final_suspend() noexcept { return {}; }
  /// \returns that it waits here \param item what is yielded
  std::suspend_always yield_value(T& item) noexcept {
    root_->item_ = std::addressof(item);
    return {};
  }
  /// \returns that it waits here \param item what is yielded; lives until the next one
  std::suspend_always yield_value(T&& item) noexcept { return yield_value(item); }
  /// \returns that it waits here \param item what is yielded, as a copy
  copy yield_value(const T& item) requires(!std::is_const_v<T> && std::copy_constructible<T>) {
    return copy(item);
  }
  /// \returns that it waits here until the other has no more \param inner another generator
  /// \throws misuse where an item of the other was taken
  nested yield_value(elements_of<T> inner) {
    inner.items.start();
    return nested(std::move(inner.items));
  }
  void return_void() const noexcept {}                                          ///< The end.
  void unhandled_exception() noexcept { failure_ = std::current_exception(); }  ///< The end.
  /// A generator waits for nothing but its user. \tparam Awaited what it cannot wait for
  template <class Awaited>
  void await_transform(Awaited&&) = delete;

 private:
  friend generator;
  // In the root: resumes the innermost coroutine until there is an item, or the root has ended. No
  // coroutine resumes another, so that none stands on the stack of another.
  void advance() {
    const handle self = handle::from_promise(*this);
    for (item_ = nullptr; item_ == nullptr;) {
      top_.resume();
      if (!top_.done()) continue;
      if (top_ == self) break;
      top_ = top_.promise().parent_;
    }
    if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
  }

  T* item_ = nullptr;                         // in the root
  promise_type* root_ = this;                 // whom the user asks
  handle top_ = handle::from_promise(*this);  // in the root: the innermost
  handle parent_{};                           // who waits for this
  generator* owner_ = nullptr;                // in the parent
  std::exception_ptr failure_{};
  bool started_ = false;
};

/// @}
}  // namespace gof::inline v0::iterator
