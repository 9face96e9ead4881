// SPDX-License-Identifier: BSL-1.0
#include <gof/singleton.hpp>
#include <utility>

namespace {

using gof::singleton::singleton;

struct log {
  int lines = 0;
};
class only_one {
  friend gof::singleton::access;
  only_one() = default;
};
struct numbers {
  static int create() { return 1; }
};
struct logs {
  static log create() { return {}; }
};

[[maybe_unused]] void cases(log& other) {
#ifdef FAIL_object_of_a_singleton  // says: deleted
  singleton<log> object;
#else
  [[maybe_unused]] log& object = singleton<log>::instance();
#endif

#ifdef FAIL_another_of_an_only_one  // says: private
  only_one another;
#else
  [[maybe_unused]] only_one& another = singleton<only_one>::instance();
#endif

#ifdef FAIL_override_by_a_temporary  // says: deleted
  const singleton<log>::scoped_override in_test(log{});
#else
  const singleton<log>::scoped_override in_test(other);
#endif

#ifdef FAIL_copy_of_an_override  // says: deleted
  const auto copy = in_test;
#else
  [[maybe_unused]] const auto& copy = in_test;
#endif

#ifdef FAIL_tag_that_creates_something_else  // says: returns a T, or an object of a class derived
  singleton<log, numbers>::instance();
#else
  singleton<log, logs>::instance();
#endif

#ifdef FAIL_const_singleton  // says: T is not const and not a reference
  singleton<const log>::instance();
#else
  static_cast<void>(std::as_const(singleton<log>::instance()));
#endif
}

}  // namespace
