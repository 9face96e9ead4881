// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// What the proxies that wait for another thread have in common: no wait is endless.

#include <algorithm>
#include <chrono>
#include <stdexcept>

namespace gof::inline v0::proxy {

/// \addtogroup proxy
/// @{

/// Another thread holds, or is making, what was asked for, and did not come to an end in time.
class timed_out : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// How long a proxy waits for another thread unless it is told otherwise.
inline constexpr std::chrono::milliseconds default_patience = std::chrono::seconds(10);

/// @}

namespace detail {
// Tells threads apart: no other thread that runs has the same. An even address.
inline const void* this_thread() noexcept {
  alignas(2) static thread_local constinit char here = 0;
  return &here;
}
// The end of a wait that begins now. What is longer than a year is a year: it must not overflow.
inline std::chrono::steady_clock::time_point deadline(std::chrono::milliseconds patience) noexcept {
  constexpr std::chrono::milliseconds year = std::chrono::hours(24 * 365);
  return std::chrono::steady_clock::now() + std::min(patience, year);
}
}  // namespace detail
}  // namespace gof::inline v0::proxy
