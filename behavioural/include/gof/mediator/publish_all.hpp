// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// Tells all colleagues, and reports in one exception all that they threw.

#include <gof/mediator.hpp>
#include <new>

namespace gof::inline v0::mediator {

/// \addtogroup mediator
/// @{

/// Colleagues threw while all were told.
class publish_error : public std::runtime_error {
 public:
  /// \param causes what was thrown, in order
  explicit publish_error(std::vector<std::exception_ptr> causes)
      : std::runtime_error("gof::mediator: " + std::to_string(causes.size()) +
                           " of the colleagues threw; see causes()"),
        causes_(std::move(causes)) {}
  /// \returns what was thrown, in order
  [[nodiscard]] const std::vector<std::exception_ptr>& causes() const noexcept { return causes_; }

 private:
  std::vector<std::exception_ptr> causes_;
};

/// Tells all, in order, whoever throws. \param to the mediator \param n the notification
/// \throws loop; and when all were told publish_error with all that was thrown, or std::bad_alloc
/// where that could not be kept
template <class N, class... Messages>
void publish_all(mediator<Messages...>& to, const N& n) {
  std::vector<std::exception_ptr> causes;
  bool lost = false;
  to.publish_or(
      [&](std::exception_ptr cause) noexcept {
        try {
          causes.push_back(std::move(cause));
        } catch (const std::bad_alloc&) {
          lost = true;
        }
      },
      n);
  if (lost) throw std::bad_alloc();
  if (!causes.empty()) throw publish_error(std::move(causes));
}

/// @}
}  // namespace gof::inline v0::mediator
