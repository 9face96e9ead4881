// SPDX-License-Identifier: BSL-1.0
#include <gof/decorator/stack.hpp>
#include <string>

namespace {

namespace dec = gof::decorator;

struct twice {
  int operator()(int x) const { return 2 * x; }
};
struct plus {
  int n = 1;
  int invoke(auto& next, int x) const { return next(x) + n; }
};
struct counted {
  int calls = 0;
  int invoke(auto& next, int x) {
    ++calls;
    return next(x);
  }
};
struct sealed final {
  int invoke(auto& next, int x) const { return next(x); }
};
struct of_text {
  std::string invoke(auto&, const std::string& text) const { return text; }
};

[[maybe_unused]] void cases(dec::stack<int(int)>& s) {
  const auto fixed = dec::decorate(twice()) | plus();
#ifdef FAIL_call_with_what_no_part_takes  // says: no match for call|no matching function
  fixed("text");
#else
  fixed(1);
#endif

#ifdef FAIL_constant_call_where_a_part_changes  // says: no match for call|no matching function
  const auto counts = dec::decorate(twice()) | counted();
#else
  auto counts = dec::decorate(twice()) | counted();
#endif
  counts(1);

#ifdef FAIL_decorator_on_what_was_not_decorated  // says: no match for .operator|invalid operands
  auto r = twice() | plus();
#else
  auto r = dec::decorate(twice()) | plus();
#endif
  r(1);

#ifdef FAIL_push_of_a_decorator_for_another_call  // says: constraint
  s.push(of_text());
#else
  dec::stack<std::string(std::string)>([](const std::string& t) { return t; }).push(of_text());
#endif

#ifdef FAIL_push_of_a_final_class  // says: constraint
  s.push(sealed());
#else
  s.push(plus());
#endif

#ifdef FAIL_copy_of_a_stack  // says: deleted function|deleted copy constructor
  auto copy = s;
#else
  auto moved = std::move(s);
#endif

#ifdef FAIL_decorator_that_changes_in_a_constant_stack  // says: constraint
  dec::stack<int(int) const>(twice()).push(counted());
#else
  dec::stack<int(int)>(twice()).push(counted());
#endif

#ifdef FAIL_decorator_that_can_throw_where_none_may  // says: constraint
  dec::stack<int(int) noexcept>([](int x) noexcept { return x; }).push(plus());
#else
  dec::stack<int(int)>([](int x) noexcept { return x; }).push(plus());
#endif
}

}  // namespace
