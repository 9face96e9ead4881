// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// Counts what a thread takes from the heap, by `new` or by `malloc` (which Qt uses).

#include <cstdint>

namespace gof::bench {

/// Taken from the heap by one thread.
struct heap_use {
  std::int64_t allocations = 0;
  std::int64_t bytes = 0;

  friend heap_use operator-(heap_use a, heap_use b) noexcept {
    return {a.allocations - b.allocations, a.bytes - b.bytes};
  }
};

/// \returns what this thread has taken since it began.
[[nodiscard]] heap_use heap_used() noexcept;

/// Lets the heap keep what it has: giving large blocks back and fetching them again costs page
/// faults that drown the rest.
void keep_heap() noexcept;

}  // namespace gof::bench
