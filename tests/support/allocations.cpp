// SPDX-License-Identifier: BSL-1.0
#include "allocations.hpp"

#include <cstdlib>
#include <utility>

namespace {
thread_local std::size_t made = 0;
thread_local std::ptrdiff_t live = 0;
thread_local std::size_t countdown = 0;
thread_local std::function<void()> before;

void* allocate(std::size_t size, std::size_t alignment) {
  ++made;
  if (countdown != 0 && --countdown == 0) before();
  const std::size_t rounded = (size + alignment - 1) / alignment * alignment;
  void* memory = std::aligned_alloc(alignment, rounded == 0 ? alignment : rounded);
  if (memory == nullptr) throw std::bad_alloc();
  ++live;
  return memory;
}
void release(void* memory) noexcept {
  if (memory != nullptr) --live;
  std::free(memory);
}
}  // namespace

namespace gof::testing {
std::size_t allocations() noexcept { return made; }
std::ptrdiff_t live_allocations() noexcept { return live; }
void at_allocation(std::size_t n, std::function<void()> f) noexcept {
  before = std::move(f);
  countdown = n;
}
void fail_allocation(std::size_t n) noexcept {
  at_allocation(n, [] { throw std::bad_alloc(); });
}
}  // namespace gof::testing

void* operator new(std::size_t size) { return allocate(size, __STDCPP_DEFAULT_NEW_ALIGNMENT__); }
void* operator new(std::size_t size, std::align_val_t alignment) {
  return allocate(size, static_cast<std::size_t>(alignment));
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  try {
    return operator new(size);
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}
void operator delete(void* memory) noexcept { release(memory); }
void operator delete(void* memory, std::size_t) noexcept { release(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { release(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { release(memory); }
