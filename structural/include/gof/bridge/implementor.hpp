// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// An implementor that is chosen at run time, and can be exchanged while it is in use.

#include <cstddef>
#include <gof/bridge.hpp>
#include <memory>
#include <type_traits>
#include <utility>

namespace gof::inline v0::bridge {

/// \addtogroup bridge
/// @{

/// Holds the ConcreteImplementor that an abstraction uses.
///
/// An operation that is on its way, such as one that finds the disk full and exchanges its own
/// implementor, ends on the implementor on which it began; that one is destroyed after.
/// \tparam Implementor the interface, with a virtual destructor
/// \threads one at a time: uses are counted without atomics
/// \law EndsWhereItBegan: what was exchanged lives until its last use has ended, and no longer
/// \law AllOrNothing: an exchange that throws leaves the implementor that was there
/// \law DeepConst: what is `const` leads to what is `const`
template <class Implementor>
class implementor {
  static_assert(std::has_virtual_destructor_v<Implementor>,
                "gof::bridge: an implementor is destroyed through its interface: give that a "
                "virtual destructor");
  struct held {
    std::unique_ptr<Implementor> it;
    std::size_t users;  // uses on their way, and one while it is the chosen one
  };

 public:
  /// Keeps what is used alive, until the end of its scope. \tparam T the interface, or `const`
  template <class T>
  class [[nodiscard]] use_of {
   public:
    use_of(const use_of&) = delete;             ///< Ask for another one.
    use_of& operator=(const use_of&) = delete;  ///< Ask for another one.
    /// Destroys what was exchanged meanwhile, where nobody else uses it.
    ~use_of() { release(held_); }
    /// \returns what is used
    [[nodiscard]] T* operator->() const noexcept { return held_->it.get(); }
    /// \returns what is used
    [[nodiscard]] T& operator*() const noexcept { return *held_->it; }

   private:
    friend implementor;
    explicit use_of(held* it) : held_(it) {
      if (!it) throw misuse("gof::bridge: this implementor was moved from; assign to it first");
      ++it->users;
    }
    held* held_;
  };

  /// \param first what is used at first \throws misuse where it is null, std::bad_alloc
  explicit implementor(std::unique_ptr<Implementor> first) : held_(hold(std::move(first))) {}
  /// \param other has nothing after: its uses throw `misuse`, until it is assigned to
  implementor(implementor&& other) noexcept : held_(std::exchange(other.held_, nullptr)) {}
  /// Takes over the other's; uses on their way end where they began.
  /// \param other has nothing after \returns `*this`
  implementor& operator=(implementor&& other) noexcept {
    if (this != &other) release(std::exchange(held_, std::exchange(other.held_, nullptr)));
    return *this;
  }
  /// What is used lives until its last use has ended.
  ~implementor() { release(held_); }

  /// Uses it for one expression: `to->put(line)`. \returns what keeps it until then
  /// \throws misuse where it was moved from
  use_of<Implementor> operator->() { return use(); }
  /// As above, and it is `const`. \returns what keeps it until then \throws misuse as above
  use_of<const Implementor> operator->() const { return use(); }
  /// Uses the same one for several expressions. \returns what keeps it
  /// \throws misuse where it was moved from
  use_of<Implementor> use() { return use_of<Implementor>(held_); }
  /// As above, and it is `const`. \returns what keeps it \throws misuse as above
  use_of<const Implementor> use() const { return use_of<const Implementor>(held_); }

  /// From now on, uses the next one. The one before is destroyed, or when its last use has ended.
  /// \param next the next one
  /// \throws misuse where it is null, std::bad_alloc; unchanged
  void exchange(std::unique_ptr<Implementor> next) {
    release(std::exchange(held_, hold(std::move(next))));
  }

 private:
  static held* hold(std::unique_ptr<Implementor> it) {
    if (!it) throw misuse("gof::bridge: an implementor cannot be null");
    return new held{std::move(it), 1};
  }
  static void release(held* it) noexcept {
    if (it && --it->users == 0) delete it;
  }

  held* held_;
};

/// @}
}  // namespace gof::inline v0::bridge
