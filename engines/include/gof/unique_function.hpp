// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// A function that is moved and never copied, so that it may own what it captures.

#include <concepts>
#include <cstddef>
#include <functional>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

namespace gof::inline v0 {

/// \addtogroup node
/// @{

/// A function that is moved and never copied. \tparam Signature such as `void(int)`
template <class Signature>
class unique_function;

/// What `std::move_only_function` is from C++23 on. Functions of up to 48 bytes that move without
/// throwing are kept in place.
/// \tparam R what it returns \tparam Args what it takes
template <class R, class... Args>
class unique_function<R(Args...)> {
 public:
  /// Makes an empty one.
  unique_function() noexcept = default;
  /// Takes over `f`. \tparam F what can be called with `Args…` and gives an `R`
  template <class F>
    requires(!std::same_as<std::remove_cvref_t<F>, unique_function>)
  &&std::is_invocable_r_v<R, std::decay_t<F>&, Args...> unique_function(
      F&& f) {  // implicit, as a function is expected to be
    using function = std::decay_t<F>;
    if constexpr (sizeof(function) <= sizeof place_ && alignof(function) <= alignof(void*) &&
                  std::is_nothrow_move_constructible_v<function>) {
      ::new (place_) function(std::forward<F>(f));
      table_ = &table_of<function, kept<function>>;
    } else {
      ::new (place_) function*(new function(std::forward<F>(f)));
      table_ = &table_of<function, owned<function>>;
    }
  }
  /// Leaves `other` empty.
  unique_function(unique_function&& other) noexcept : table_(std::exchange(other.table_, nullptr)) {
    if (table_) table_->move(other.place_, place_);
  }
  /// Leaves `other` empty.
  unique_function& operator=(unique_function other) noexcept {
    if (table_) table_->destroy(place_);
    table_ = std::exchange(other.table_, nullptr);
    if (table_) table_->move(other.place_, place_);
    return *this;
  }
  /// Exchanges the two.
  void swap(unique_function& other) noexcept {
    unique_function mine = std::move(*this);
    *this = std::move(other);
    other = std::move(mine);
  }
  /// Destroys what it took over.
  ~unique_function() {
    if (table_) table_->destroy(place_);
  }
  /// \returns false where it is empty
  explicit operator bool() const noexcept { return table_ != nullptr; }
  /// Calls it. \throws std::bad_function_call where it is empty; and what the function throws
  R operator()(Args... args) {
    if (!table_) throw std::bad_function_call();
    return table_->call(place_, std::forward<Args>(args)...);
  }

 private:
  struct table {
    R (*call)(std::byte*, Args&&...);
    void (*move)(std::byte* from, std::byte* to) noexcept;
    void (*destroy)(std::byte*) noexcept;
  };
  template <class F>
  struct kept {
    static F& get(std::byte* place) { return *std::launder(reinterpret_cast<F*>(place)); }
    static void move(std::byte* from, std::byte* to) noexcept {
      ::new (to) F(std::move(get(from)));
      get(from).~F();
    }
    static void destroy(std::byte* place) noexcept { get(place).~F(); }
  };
  template <class F>
  struct owned {
    static F*& pointer(std::byte* place) { return *std::launder(reinterpret_cast<F**>(place)); }
    static F& get(std::byte* place) { return *pointer(place); }
    static void move(std::byte* from, std::byte* to) noexcept { ::new (to) F*(pointer(from)); }
    static void destroy(std::byte* place) noexcept { delete pointer(place); }
  };
  template <class F, class Where>
  static constexpr table table_of{
      [](std::byte* place, Args&&... args) -> R {
        return static_cast<R>(std::invoke(Where::get(place), std::forward<Args>(args)...));
      },
      &Where::move, &Where::destroy};

  // The function, or a pointer to it; without one, table_ is null.
  alignas(void*) std::byte place_[48];
  const table* table_ = nullptr;
};

/// @}
}  // namespace gof::inline v0
