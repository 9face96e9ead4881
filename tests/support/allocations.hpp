// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// Counts the allocations of a thread, and makes a chosen one fail.

#include <cstddef>
#include <functional>
#include <new>

namespace gof::testing {

/// Allocations by this thread since the program began.
[[nodiscard]] std::size_t allocations() noexcept;
/// Those less what this thread has freed.
[[nodiscard]] std::ptrdiff_t live_allocations() noexcept;
/// The n-th allocation by this thread from now on calls `f()` first, once; 0 lets all pass.
void at_allocation(std::size_t n, std::function<void()> f) noexcept;
/// The n-th allocation by this thread from now on throws `std::bad_alloc`, once; 0 lets all pass.
void fail_allocation(std::size_t n) noexcept;

/// Calls `scenario()` again and again: with the first allocation failing, then the second, … until
/// one run ends without a failure. The scenario lets `std::bad_alloc` out; `after()` then checks
/// what is left.
/// \returns how many runs failed.
template <class Scenario, class After>
std::size_t fail_each_allocation(Scenario scenario, After after) {
  for (std::size_t n = 1;; ++n) {
    fail_allocation(n);
    try {
      scenario();
      fail_allocation(0);
      return n - 1;
    } catch (const std::bad_alloc&) {
      fail_allocation(0);
      after();
    }
  }
}

}  // namespace gof::testing
