// SPDX-License-Identifier: BSL-1.0
#include "support/heap.hpp"

#include <malloc.h>

#include <cstddef>
#include <cstdint>

namespace {
constinit thread_local gof::bench::heap_use used;

void count(std::size_t bytes) noexcept {
  ++used.allocations;
  used.bytes += static_cast<std::int64_t>(bytes);
}
}  // namespace

// The C library lets a program replace these, and keeps its own under other names.
extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);

void* malloc(std::size_t size) noexcept {
  count(size);
  return __libc_malloc(size);
}
void* calloc(std::size_t n, std::size_t size) noexcept {
  count(n * size);
  return __libc_calloc(n, size);
}
void* realloc(void* memory, std::size_t size) noexcept {
  count(size);
  return __libc_realloc(memory, size);
}
void* aligned_alloc(std::size_t alignment, std::size_t size) noexcept {
  count(size);
  return __libc_memalign(alignment, size);
}
}

namespace gof::bench {
heap_use heap_used() noexcept { return used; }

void keep_heap() noexcept {
  mallopt(M_MMAP_MAX, 0);
  mallopt(M_TRIM_THRESHOLD, -1);
  mallopt(M_TOP_PAD, 64 << 20);
}
}  // namespace gof::bench
