// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// Prototype: copies of objects whose type only they know, whole, and as values.

#include <concepts>
#include <stdexcept>
#include <type_traits>
#include <typeinfo>
#include <utility>

/// \defgroup prototype Prototype
/// \ingroup creational
/// Copies an object without knowing its type, and never only a part of it.
///
/// | In the book       | Here                                                                            |
/// |-------------------|---------------------------------------------------------------------------------|
/// | Prototype         | your interface, whose copy operations are protected; it needs no `clone`        |
/// | ConcretePrototype | a class derived from it, with a copy constructor                                |
/// | Clone             | the copy of a \ref gof::prototype::polymorphic "polymorphic<Prototype>"         |
/// | prototype manager | \ref gof::prototype::prototype_registry "prototype_registry"                    |
/// | Client            | your program, which copies what it does not know                                |
///
/// | To …                                     | write                                                  |
/// |------------------------------------------|--------------------------------------------------------|
/// | hold an object of any derived class      | `polymorphic<player> p(careful(3))`                    |
/// | copy it, whatever it is                  | `auto q = p`                                           |
/// | use it                                   | `p->move(board)`; of a `const` one it is `const`       |
/// | forbid copies of a part, when compiling  | make the copy operations of the interface protected    |
/// | keep prototypes by name                  | `gof/prototype/registry.hpp`: `prototype_registry`     |
/// | copy one with changes                    | `registry.clone("careful", [](player& p) { … })`       |
/// | copy objects that point to one another   | `gof/prototype/graph.hpp`: `graph`                     |
///
/// \source Gamma, Helm, Johnson, Vlissides, *Design Patterns* (1994), chapter 3, Prototype

namespace gof::inline v0::prototype {

/// \addtogroup prototype
/// @{

/// Nobody can copy or assign a part of an object as if it were the whole: outsiders cannot copy or
/// assign a `T` at all, or nothing is derived from it.
template <class T>
concept unsliceable = std::is_final_v<T> ||
    (!std::is_copy_constructible_v<T> && !std::is_copy_assignable_v<T> &&
     !std::is_move_constructible_v<T> && !std::is_move_assignable_v<T>);

/// Is a `T`, and can be destroyed as one. To be held it must also have a public copy constructor;
/// that is not asked for here, since its other constructors may take a `polymorphic<T>`.
template <class U, class T>
concept concrete_prototype = std::derived_from<U, T> &&
    (std::has_virtual_destructor_v<T> || std::is_final_v<T>);

/// What was to be copied is of a derived class; its rest would have been lost.
class sliced : public std::logic_error {
  using std::logic_error::logic_error;
};

/// Owns an object of a class derived from `T`. A value: its copy owns a copy, of the same class.
/// Empty only when it was moved from.
/// \tparam T the Prototype: an interface with a virtual destructor and protected copy operations
/// \threads as an `int`; copying calls the copy constructor of the object
/// \law ACopyIsEqualAndApart: it has the type and the state of what was copied, and neither sees a
/// change of the other
/// \law ConstIsDeep: of a `const` one, the object is `const`
template <class T>
class polymorphic {
 public:
  /// Owns an object. \param object is copied or moved; its class is \p U, not one derived from that
  /// \tparam U the ConcretePrototype
  /// \throws sliced where it is derived from \p U; std::bad_alloc; what its constructor throws
  template <class U>
    requires concrete_prototype<std::remove_cvref_t<U>, T> polymorphic(U&& object)
        : polymorphic(std::in_place_type<std::remove_cvref_t<U>>,
                      whole<std::remove_cvref_t<U>>(std::forward<U>(object))) {}
    /// Makes an object and owns it. \tparam U the ConcretePrototype
    /// \param args for its constructor \throws std::bad_alloc, what the constructor throws
    template <concrete_prototype<T> U, class... Args>
      requires std::constructible_from<U, Args...>
    explicit polymorphic(std::in_place_type_t<U>, Args&&... args)
        : object_(new U(std::forward<Args>(args)...)), clone_(&clone_as<U>) {
      static_assert(std::copy_constructible<U>,
                    "gof::prototype: a prototype can be copied by anyone");
      static_assert(
          unsliceable<T>,
          "gof::prototype: the copy operations of this base are public, so that objects can "
          "be sliced; make them protected");
    }

    /// Clones the object. \param from what owns one; or empty, and so is the copy
    /// \throws std::bad_alloc, what the copy constructor of the object throws
    polymorphic(const polymorphic& from)
        : object_(from.object_ == nullptr ? nullptr : from.clone_(*from.object_)),
          clone_(from.clone_) {}
    /// Takes the object over. \param from is empty then
    polymorphic(polymorphic&& from) noexcept
        : object_(std::exchange(from.object_, nullptr)), clone_(from.clone_) {}
    /// Owns another object, the old one goes. \param from a copy, or what is moved \returns itself
    polymorphic& operator=(polymorphic from) noexcept {
      std::swap(object_, from.object_);
      std::swap(clone_, from.clone_);
      return *this;
    }
    /// Destroys the object.
    ~polymorphic() { delete object_; }

    /// \returns the object
    [[nodiscard]] T& operator*() noexcept { return *object_; }
    /// \returns the object
    [[nodiscard]] const T& operator*() const noexcept { return *object_; }
    /// \returns the object, for a call
    [[nodiscard]] T* operator->() noexcept { return object_; }
    /// \returns the object, for a call
    [[nodiscard]] const T* operator->() const noexcept { return object_; }
    /// \returns whether there is none, since it was moved from
    [[nodiscard]] bool valueless_after_move() const noexcept { return object_ == nullptr; }

   private:
    template <class U, class Object>
    static Object&& whole(Object&& object) {
      if constexpr (!std::is_final_v<U>) {
        if (typeid(object) != typeid(U)) {
          throw sliced("gof::prototype: the object is of a derived class; copy what owns it");
        }
      }
      return std::forward<Object>(object);
    }
    template <class U>
    static T* clone_as(const T& object) {
      return new U(static_cast<const U&>(object));
    }

    T* object_;
    T* (*clone_)(const T&);
};

/// @}
}  // namespace gof::inline v0::prototype
