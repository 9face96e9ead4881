// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// Bridge: lets an abstraction and its implementation vary on their own.

#include <concepts>
#include <cstddef>
#include <memory>
#include <new>
#include <stdexcept>
#include <type_traits>
#include <utility>

/// \defgroup bridge Bridge
/// \ingroup structural
/// Keeps what a class offers apart from how it is done: hide it, exchange it, check it.
///
/// | In the book         | Here                                                                     |
/// |---------------------|--------------------------------------------------------------------------|
/// | Abstraction         | a class of yours, with one of the three below as a member                |
/// | RefinedAbstraction  | what derives from it                                                     |
/// | Implementor         | your interface; or a class that only one unit knows                      |
/// | ConcreteImplementor | what an \ref gof::bridge::implementor "implementor" holds                |
/// | Handle/Body         | \ref gof::bridge::pimpl "pimpl", \ref gof::bridge::fast_pimpl "fast_pimpl" |
///
/// | To …                                      | write                                              |
/// |-------------------------------------------|----------------------------------------------------|
/// | choose an implementation at run time      | `implementor<medium> to(std::make_unique<file>(…))` |
/// | use it                                    | `to->put(line)`                                    |
/// | exchange it, even while it is in use      | `to.exchange(std::make_unique<console>())`         |
/// | hide members from a header                | `struct state; pimpl<state> state_;`               |
/// | hide them, and take nothing from the heap | `fast_pimpl<state, 64> state_;`                    |
/// | check all implementors by one suite       | `gof/bridge/conformance.hpp`: `conformance`        |
///
/// A class with a `pimpl` or a `fast_pimpl` of an incomplete type declares its constructors,
/// assignments and destructor in the header and writes `= default` in the unit that has the type.
///
/// \source Gamma, Helm, Johnson, Vlissides, *Design Patterns* (1994), chapter 4, Bridge

namespace gof::inline v0::bridge {

/// \addtogroup bridge
/// @{

/// A handle was used that has nothing to lead to.
class misuse : public std::logic_error {
  using std::logic_error::logic_error;
};

/// A hidden value: copied, compared and `const` like a member, and it lies on the heap.
/// \tparam T what is hidden; may be incomplete where no function of this class is called
/// \threads as a `T`
/// \law DeepConst: what is `const` leads to what is `const`
/// \law CopiesAreApart: a copy is equal, and stays what it is when the other changes
/// \law MovedFromIsEmpty: what was moved from is empty, and full again once assigned to
template <class T>
class pimpl {
 public:
  /// Makes a `T`. \throws what that throws
  pimpl() : it_(std::make_unique<T>()) {}
  /// Makes a `T`. \param arguments for its constructor \throws what that throws
  template <class... Arguments>
  explicit pimpl(std::in_place_t, Arguments&&... arguments)
      : it_(new T(std::forward<Arguments>(arguments)...)) {}
  /// Copies the value; does not compile where `T` cannot be copied. A copy of what is empty is
  /// empty. \param other is copied \throws what copying throws
  pimpl(const pimpl& other) : it_(other.it_ ? new T(*other.it_) : nullptr) {}
  /// Takes over the value; its address stays. \param other is empty after
  pimpl(pimpl&& other) noexcept = default;
  /// Copies the value. \param other is copied \returns `*this`
  /// \throws what copying throws; unchanged
  pimpl& operator=(const pimpl& other) {
    it_ = pimpl(other).it_;
    return *this;
  }
  /// Takes over the value. \param other is empty after \returns `*this`
  pimpl& operator=(pimpl&& other) noexcept = default;
  ~pimpl() = default;

  /// \returns whether it was moved from, and not assigned to since
  [[nodiscard]] bool empty() const noexcept { return !it_; }
  /// \returns the value \throws misuse where it is empty
  [[nodiscard]] T& operator*() { return full(); }
  /// \returns the value \throws misuse where it is empty
  [[nodiscard]] const T& operator*() const { return full(); }
  /// \returns the value's address \throws misuse where it is empty
  [[nodiscard]] T* operator->() { return &full(); }
  /// \returns the value's address \throws misuse where it is empty
  [[nodiscard]] const T* operator->() const { return &full(); }
  /// \returns whether both are empty, or both values are equal \param a one \param b the other
  [[nodiscard]] friend bool operator==(const pimpl& a,
                                       const pimpl& b) requires std::equality_comparable<T> {
    return a.it_ && b.it_ ? *a.it_ == *b.it_ : !a.it_ && !b.it_;
  }

 private:
  T& full() const {
    if (!it_) throw misuse("gof::bridge: this pimpl was moved from; assign to it before its use");
    return *it_;
  }
  std::unique_ptr<T> it_;
};

namespace detail {
template <std::size_t SizeNeeded, std::size_t Size, std::size_t AlignNeeded, std::size_t Align>
struct fits {
  static_assert(SizeNeeded <= Size && AlignNeeded <= Align,
                "gof::bridge: fast_pimpl<T, Size, Align> is too small for T; this error names what "
                "is needed: detail::fits<SizeNeeded, Size, AlignNeeded, Align>");
  static constexpr bool value = true;
};
}  // namespace detail

/// A hidden value that lies in place: nothing is taken from the heap. Where it does not fit, the
/// unit that makes it does not compile, and the error names the size that is needed.
/// \tparam T what is hidden; may be incomplete where no function of this class is called
/// \tparam Size the bytes kept for it \tparam Align its alignment
/// \threads as a `T`
/// \law InPlace: nothing is taken from the heap but by the value itself
template <class T, std::size_t Size, std::size_t Align = alignof(std::max_align_t)>
class fast_pimpl {
 public:
  /// Makes a `T`. \throws what that throws
  fast_pimpl() : fast_pimpl(std::in_place) {}
  /// Makes a `T`. \param arguments for its constructor \throws what that throws
  template <class... Arguments>
  explicit fast_pimpl(std::in_place_t, Arguments&&... arguments) {
    static_assert(detail::fits<sizeof(T), Size, alignof(T), Align>::value);
    ::new (static_cast<void*>(room_)) T(std::forward<Arguments>(arguments)...);
  }
  /// Copies the value; does not compile where `T` cannot be copied. \param other is copied
  /// \throws what that throws
  fast_pimpl(const fast_pimpl& other) : fast_pimpl(std::in_place, *other) {}
  /// Moves the value. \param other holds what moving leaves of it
  fast_pimpl(fast_pimpl&& other) noexcept(std::is_nothrow_move_constructible_v<T>)
      : fast_pimpl(std::in_place, std::move(*other)) {}
  /// Assigns the value, with the guarantee of `T`. \param other is copied \returns `*this`
  fast_pimpl& operator=(const fast_pimpl& other) {
    **this = *other;
    return *this;
  }
  /// Assigns the value, with the guarantee of `T`. \param other holds what moving leaves of it
  /// \returns `*this`
  fast_pimpl& operator=(fast_pimpl&& other) noexcept(std::is_nothrow_move_assignable_v<T>) {
    **this = std::move(*other);
    return *this;
  }
  /// Destroys the value.
  ~fast_pimpl() { (**this).~T(); }

  /// \returns the value
  [[nodiscard]] T& operator*() noexcept { return *operator->(); }
  /// \returns the value
  [[nodiscard]] const T& operator*() const noexcept { return *operator->(); }
  /// \returns the value's address
  [[nodiscard]] T* operator->() noexcept { return std::launder(reinterpret_cast<T*>(room_)); }
  /// \returns the value's address
  [[nodiscard]] const T* operator->() const noexcept {
    return std::launder(reinterpret_cast<const T*>(room_));
  }
  /// \returns whether the values are equal \param a one \param b the other
  [[nodiscard]] friend bool operator==(const fast_pimpl& a,
                                       const fast_pimpl& b) requires std::equality_comparable<T> {
    return *a == *b;
  }

 private:
  alignas(Align) std::byte room_[Size];
};

/// @}
}  // namespace gof::inline v0::bridge
