// SPDX-License-Identifier: BSL-1.0
#include <gof/node.hpp>
#include <gof/unique_function.hpp>
#include <string>
#include <utility>

namespace {

[[maybe_unused]] void cases(gof::node& node) {
#ifdef FAIL_completion_of_another_value  // says: (could not|cannot|viable) conver
  node.get("b", "k", [](gof::result<int>) {}).detach();
#else
  node.get("b", "k", [](gof::result<gof::versioned>) {}).detach();
#endif

#ifdef FAIL_completion_that_takes_a_value_only  // says: (could not|cannot|viable) conver
  node.get("b", "k", [](const gof::versioned&) {}).detach();
#else
  node.get("b", "k", [](const gof::result<gof::versioned>&) {}).detach();
#endif

  gof::registration one = node.after(gof::duration(1), [] {});
#ifdef FAIL_registration_that_is_copied  // says: deleted
  gof::registration two = one;
#else
  gof::registration two = std::move(one);
#endif
  two.detach();

  gof::unique_function<void()> f([] {});
#ifdef FAIL_function_that_is_copied  // says: deleted
  gof::unique_function<void()> g = f;
#else
  gof::unique_function<void()> g = std::move(f);
#endif
  g();

  const gof::result<int> what = 7;
#ifdef FAIL_result_as_its_value  // says: (cannot convert|no viable conversion)
  const int value = what;
#else
  const int value = what.value();
#endif
  static_cast<void>(value);
}

}  // namespace
