// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// The prototype manager: prototypes by name.

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <gof/prototype.hpp>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gof::inline v0::prototype {

/// \addtogroup prototype
/// @{

/// There is no prototype of that name; what() lists those there are.
class unknown_prototype : public std::runtime_error {
  using std::runtime_error::runtime_error;
};
/// There is a prototype of that name already.
class duplicate_prototype : public std::logic_error {
  using std::logic_error::logic_error;
};
/// The prototype of that name is of a class that cannot be changed in this way.
class other_class : public std::logic_error {
  using std::logic_error::logic_error;
};

/// Keeps prototypes, and clones them. A value: its copy has copies of them.
/// \tparam T the Prototype
/// \threads cloning in any number, where the copy constructors allow it; adding and removing alone
/// \law AClonedPrototypeIsUnchanged: whatever is done to its clones
template <class T>
class prototype_registry {
 public:
  /// Keeps a prototype. \param name new here \param prototype the object to be cloned
  /// \throws duplicate_prototype, std::bad_alloc; unchanged
  void add(std::string name, polymorphic<T> prototype) {
    const auto at = lower_bound(name);
    if (at != entries_.end() && at->name == name) {
      throw duplicate_prototype("gof::prototype: there is a prototype \"" + name + "\" already");
    }
    entries_.insert(at, {std::move(name), std::move(prototype)});
  }
  /// Forgets a prototype; its clones live on. \param name which \returns whether there was one
  bool remove(std::string_view name) noexcept {
    const auto at = lower_bound(name);
    if (at == entries_.end() || at->name != name) return false;
    entries_.erase(at);
    return true;
  }

  /// \returns a clone \param name of which prototype
  /// \throws unknown_prototype, std::bad_alloc, what the copy constructor throws
  /// \complexity logarithmic in the number of prototypes
  [[nodiscard]] polymorphic<T> clone(std::string_view name) const { return at(name).prototype; }
  /// \returns a clone with changes \param name of which prototype
  /// \param change is called with the clone, as a \p U
  /// \tparam U the class that is to be changed: T, or one derived from it
  /// \throws unknown_prototype, other_class, std::bad_alloc, what the copy constructor and `change`
  /// throw
  template <std::derived_from<T> U = T, std::invocable<U&> Change>
  [[nodiscard]] polymorphic<T> clone(std::string_view name, Change change) const {
    polymorphic<T> made = clone(name);
    if constexpr (std::same_as<U, T>) {
      change(*made);
    } else if (U* const as = dynamic_cast<U*>(&*made)) {
      change(*as);
    } else {
      throw other_class("gof::prototype: the prototype \"" + std::string(name) +
                        "\" is not of the class that is to be changed");
    }
    return made;
  }

  /// \returns the prototype itself, to be looked at \param name which \throws unknown_prototype
  [[nodiscard]] const T& get(std::string_view name) const { return *at(name).prototype; }
  /// \returns the names of all, in alphabetical order
  [[nodiscard]] std::vector<std::string_view> names() const {
    std::vector<std::string_view> all;
    for (const entry& e : entries_) all.push_back(e.name);
    return all;
  }

 private:
  struct entry {
    std::string name;
    polymorphic<T> prototype;
  };
  auto lower_bound(std::string_view name) const noexcept {
    return std::lower_bound(entries_.begin(), entries_.end(), name,
                            [](const entry& e, std::string_view n) { return e.name < n; });
  }
  const entry& at(std::string_view name) const {
    const auto found = lower_bound(name);
    if (found != entries_.end() && found->name == name) return *found;
    std::string all;
    for (const entry& e : entries_) all.append(all.empty() ? "" : ", ").append(e.name);
    throw unknown_prototype("gof::prototype: there is no prototype \"" + std::string(name) +
                            "\"; there are: " + (all.empty() ? "none" : all));
  }

  std::vector<entry> entries_;  // by name
};

/// @}
}  // namespace gof::inline v0::prototype
