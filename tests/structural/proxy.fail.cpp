// SPDX-License-Identifier: BSL-1.0
#include <gof/proxy/caching_proxy.hpp>
#include <gof/proxy/protection_proxy.hpp>
#include <gof/proxy/smart_reference.hpp>
#include <gof/proxy/virtual_proxy.hpp>
#include <string>
#include <utility>

namespace {

namespace px = gof::proxy;

struct page {
  std::string text;
  const std::string& read(int) const { return text; }
  std::string copy(int) const { return text; }
  void write(const std::string& to) { text = to; }
};

struct passes {
  decltype(auto) around(auto, auto&& next) const { return next(); }
};
struct copies {
  auto around(auto, auto&& next) const { return next(); }
};
struct counts {
  int n = 0;
  decltype(auto) around(auto, auto&& next) { return ++n, next(); }
};
struct nothing {};

[[maybe_unused]] void cases() {
#ifdef FAIL_answer_that_would_dangle  // says: returns what next\(\) returns
  px::proxy(page{}, copies{}).request<&page::read>(1);
#else
  px::proxy(page{}, copies{}).request<&page::copy>(1);
  px::proxy(page{}, passes{}).request<&page::read>(1);
#endif

#ifdef FAIL_interceptor_without_around  // says: an interceptor has around\(call, next\)
  px::proxy(page{}, nothing{}).request<&page::read>(1);
#else
  px::proxy(page{}, passes{}).request<&page::read>(1);
#endif

#ifdef FAIL_const_proxy_with_an_interceptor_that_changes  // says: const for a const
  const px::proxy counted(page{}, counts{});
#else
  px::proxy counted(page{}, counts{});
#endif
  counted.request<&page::read>(1);

#ifdef FAIL_change_through_a_const_proxy  // says: invalid conversion from .const|drops .const
  const px::proxy p(page{});
  p.request<&page::write>("x");
#else
  px::proxy p(page{});
  p.request<&page::write>("x");
#endif

#ifdef FAIL_is_a_proxy_equal_to_another  // says: no match for .operator==|invalid operands
  static_cast<void>(px::proxy(page{}) == px::proxy(page{}));
#endif

#ifdef FAIL_change_through_a_const_virtual_proxy  // says: discards qualifiers|not marked const
  const px::virtual_proxy<page> made([] { return page{}; });
  made->write("x");
#else
  px::virtual_proxy<page> made([] { return page{}; });
  made->write("x");
#endif

#ifdef FAIL_factory_of_something_else  // says: constraint|no matching (function|constructor)
  px::virtual_proxy<page> other([] { return 3; });
#else
  px::virtual_proxy<int> other([] { return 3; });
#endif

#ifdef FAIL_reference_that_outlives_the_lock  // says: would outlive the lock
  px::proxy(px::locked(page{})).request<&page::read>(1);
#else
  px::proxy(px::locked(page{})).request<&page::copy>(1);
#endif

  px::locked shared(page{});
#ifdef FAIL_copy_of_a_lock  // says: deleted function|deleted constructor
  const auto held = shared.lock();
  const auto copy = held;
#else
  const auto held = shared.lock();
#endif

#ifdef FAIL_guard_that_decides_nothing  // says: an interceptor has around\(call, next\)
  px::proxy(page{}, px::protection([](auto) {})).request<&page::read>(1);
#else
  px::proxy(page{}, px::protection([](auto) { return true; })).request<&page::read>(1);
#endif

#ifdef FAIL_cache_of_references  // says: only values can be cached
  px::caching<&page::read> cache;
#else
  px::caching<&page::copy> cache;
#endif
  static_cast<void>(cache.used());
}

}  // namespace
