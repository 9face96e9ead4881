// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// Families by name, for a choice at run time.

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <gof/abstract_factory.hpp>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace gof::inline v0::abstract_factory {

/// \addtogroup abstract_factory
/// @{

/// There is no family of that name; what() lists those there are.
class unknown_family : public std::runtime_error {
  using std::runtime_error::runtime_error;
};
/// There is a family of that name already.
class duplicate_family : public std::logic_error {
  using std::logic_error::logic_error;
};

/// Factories, each under the name of its family.
/// \tparam Factory the AbstractFactory
/// \threads finding from any number of threads; adding and removing alone
/// \law WhatIsRegisteredIsFound: from `add` until the registration ends, under its name, and
/// nothing else is
template <class Factory>
class family_registry {
  struct entry;

 public:
  /// Owns a factory, and keeps it registered as long as this lives; may outlive the registry.
  class registration {
   public:
    registration(registration&&) noexcept = default;
    /// Ends what it kept up. \param from what it keeps up then \returns itself
    registration& operator=(registration&& from) noexcept {
      std::unique_ptr<entry> next = std::move(from.entry_);
      remove();
      entry_ = std::move(next);
      return *this;
    }
    ~registration() { remove(); }  ///< As `remove`.
    /// Takes the factory out of the registry and destroys it; products live on.
    void remove() noexcept {
      if (entry_ != nullptr && entry_->registry != nullptr) entry_->registry->forget(*entry_);
      entry_.reset();
    }

   private:
    friend family_registry;
    explicit registration(std::unique_ptr<entry> e) noexcept : entry_(std::move(e)) {}
    std::unique_ptr<entry> entry_;  // null after a move and after remove
  };

  family_registry() = default;  ///< Without families.
  family_registry(const family_registry&) = delete;
  family_registry& operator=(const family_registry&) = delete;
  /// The factories stay with their registrations.
  ~family_registry() {
    for (const auto& [name, e] : entries_) e->registry = nullptr;
  }

  /// Makes a factory and registers it under the name of its family.
  /// \tparam F the ConcreteFactory \param args for its constructor; the family outlives what is
  /// returned
  /// \returns what keeps it registered
  /// \throws duplicate_family, std::bad_alloc, what the constructor throws; unchanged
  template <std::derived_from<Factory> F, class... Args>
    requires std::constructible_from<F, Args...>
  [[nodiscard]] registration add(Args&&... args) {
    auto added = std::make_unique<entry>(std::make_unique<F>(std::forward<Args>(args)...), this);
    const std::string_view name = added->factory->brand().name();
    if (!entries_.try_emplace(name, added.get()).second) {
      throw duplicate_family("gof::abstract_factory: there is a family \"" + std::string(name) +
                             "\" already");
    }
    return registration(std::move(added));
  }

  /// \returns the factory of a family, until its registration ends \param name its name
  /// \throws unknown_family \complexity constant
  [[nodiscard]] const Factory& get(std::string_view name) const {
    if (const Factory* found = find(name)) return *found;
    throw unknown_family(explain(name));
  }
  /// \returns the factory of a family, or null \param name its name \complexity constant
  [[nodiscard]] const Factory* find(std::string_view name) const noexcept {
    const auto at = entries_.find(name);
    return at == entries_.end() ? nullptr : at->second->factory.get();
  }
  /// \returns the names of all, in alphabetical order
  [[nodiscard]] std::vector<std::string_view> names() const {
    std::vector<std::string_view> all;
    for (const auto& [name, e] : entries_) all.push_back(name);
    std::sort(all.begin(), all.end());
    return all;
  }
  /// \returns how many families there are
  [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }

 private:
  struct entry {
    std::unique_ptr<const Factory> factory;
    family_registry* registry;  // null when that is gone
  };

  void forget(const entry& e) noexcept {
    std::erase_if(entries_, [&](const auto& named) { return named.second == &e; });
  }

  std::string explain(std::string_view name) const {
    std::string near, all;
    for (const std::string_view known : names()) {
      all.append(all.empty() ? "; there are: " : ", ").append(known);
      if (is_near(known, name)) near.append(" (did you mean \"").append(known).append("\"?)");
    }
    return "gof::abstract_factory: there is no family \"" + std::string(name) + '"' + near + all;
  }
  // Whether they differ in one or two letters that stand together, and share no fewer.
  static bool is_near(std::string_view a, std::string_view b) noexcept {
    const std::size_t longer = std::max(a.size(), b.size());
    const auto [left, l] = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
    const auto [right, r] = std::mismatch(a.rbegin(), std::make_reverse_iterator(left), b.rbegin(),
                                          std::make_reverse_iterator(l));
    const auto same = static_cast<std::size_t>((left - a.begin()) + (right - a.rbegin()));
    return longer - same <= std::min(same, std::size_t{2});
  }

  std::unordered_map<std::string_view, entry*> entries_;
};

/// @}
}  // namespace gof::inline v0::abstract_factory
