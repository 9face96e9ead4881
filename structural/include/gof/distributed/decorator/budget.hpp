// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// What several layers count by: tokens, and something kept for each destination.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <gof/distributed/decorator.hpp>

namespace gof::inline v0::decorator::distributed {

/// \addtogroup decorator_distributed
/// @{

/// So many tokens at most; each use takes one. What adds to them is the caller's: calls, for a
/// budget of retries; time, for a limit of calls a second.
/// \law NeverMoreThanItWasGiven: what is taken is at most what was added, and the first `most`.
class tokens {
 public:
  /// Begins full. \param most how many at most
  explicit constexpr tokens(std::uint64_t most) noexcept
      : most_(most * whole), has_(most * whole) {}
  /// \param parts how many thousand-millionths of a token
  constexpr void add(std::uint64_t parts) noexcept {
    has_ = parts < most_ - has_ ? has_ + parts : most_;
  }
  /// \returns whether there is one
  [[nodiscard]] constexpr bool any() const noexcept { return has_ >= whole; }
  /// Takes one. \returns whether there was one
  constexpr bool take() noexcept {
    if (!any()) return false;
    has_ -= whole;
    return true;
  }
  static constexpr std::uint64_t whole = 1'000'000'000;  ///< the parts of a token

 private:
  std::uint64_t most_, has_;
};

/// One `T` for each destination; of more than there may be, the one that was longest unused is
/// forgotten. \tparam T what is kept
template <class T>
class by_destination {
 public:
  /// How many destinations are known.
  static constexpr std::size_t most = 1024;
  /// \returns what is kept, which goes on while somebody has it \param name the destination
  /// \param make makes it where there is none
  template <class Make>
  std::shared_ptr<T> get(const std::string& name, Make make) {
    ++uses_;
    if (const auto found = all_.find(name); found != all_.end()) {
      found->second.second = uses_;
      return found->second.first;
    }
    if (all_.size() >= most)
      all_.erase(std::min_element(all_.begin(), all_.end(), [](const auto& a, const auto& b) {
        return a.second.second < b.second.second;
      }));
    return all_.emplace(name, std::pair(std::make_shared<T>(make()), uses_)).first->second.first;
  }
  /// \returns what is kept; null where nothing is \param name the destination
  [[nodiscard]] std::shared_ptr<T> find(std::string_view name) const {
    const auto found = all_.find(name);
    return found == all_.end() ? nullptr : found->second.first;
  }

 private:
  std::map<std::string, std::pair<std::shared_ptr<T>, std::uint64_t>, std::less<>> all_;
  std::uint64_t uses_ = 0;
};

/// @}
}  // namespace gof::inline v0::decorator::distributed
