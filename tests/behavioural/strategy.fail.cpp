// SPDX-License-Identifier: BSL-1.0
#include <gof/strategy/concurrent_context.hpp>
#include <memory>
#include <string>

namespace {

namespace st = gof::strategy;
using number = st::strategy<int(int)>;

struct same {
  int operator()(int n) const { return n; }
};
struct changes {
  int operator()(int n) { return n; }
};
struct only_moves : same {
  std::unique_ptr<int> p;
};

[[maybe_unused]] void cases() {
#ifdef FAIL_algorithm_that_changes_when_called  // says: constraint|no viable|conversion from
  number f = changes();
#else
  number f = same();
#endif

#ifdef FAIL_algorithm_that_cannot_be_copied  // says: an algorithm is to be copyable
  number g = only_moves();
#else
  number g = same();
#endif

#ifdef FAIL_strategy_that_is_empty  // says: no matching (function|constructor)
  number h;
#else
  number h = f;
#endif

#ifdef FAIL_result_that_would_dangle  // says: constraint|no viable|conversion from
  st::strategy<const std::string&()> i = [] { return std::string(); };
#else
  st::strategy<std::string()> i = [] { return std::string(); };
#endif

  st::concurrent_context<int(int)> c(g);
#ifdef FAIL_copy_of_a_context  // says: deleted function|deleted constructor
  st::concurrent_context<int(int)> copy(c);
#else
  st::concurrent_context<int(int)> copy(h);
#endif

#ifdef FAIL_result_that_refers_to_a_strategy  // says: return a value
  st::concurrent_context<const int&(const int&)> d([](const int& n) -> const int& { return n; });
#else
  st::concurrent_context<int(const int&)> d([](const int& n) { return n; });
#endif
  static_cast<void>(i() + std::to_string(copy(1) + d(2)));
}

}  // namespace
