// SPDX-License-Identifier: BSL-1.0
#include <gof/facade.hpp>
#include <utility>

namespace {

namespace fc = gof::facade;

struct part {
  int value = 0;
};
struct stops {
  void stop() noexcept {}
};
struct may_throw {
  void stop() {}
};
struct no_default {
  explicit no_default(int) {}
};

[[maybe_unused]] void cases() {
#ifdef FAIL_stop_that_may_throw  // says: the stop\(\) of a part is noexcept
  fc::subsystems<may_throw> a;
#else
  fc::subsystems<stops> a;
#endif
  a.start();

  fc::subsystems<part> b;
#ifdef FAIL_copy  // says: deleted
  fc::subsystems<part> c(b);
#else
  fc::subsystems<part> c;
#endif
#ifdef FAIL_move  // says: deleted
  c = std::move(b);
#endif
  c.start();

#ifdef FAIL_part_that_needs_arguments  // says: deleted|no matching (function|constructor)
  fc::subsystems<no_default> d;
#else
  fc::subsystems<no_default> d(no_default(1));
#endif
  d.start();

#ifdef FAIL_use_of_parts_in_another_order  // says: no (matching function|type)|invoke
  fc::subsystems<part, stops>().use([](stops&, part&) {});
#else
  fc::subsystems<part, stops>().use([](part&, stops&) {});
#endif
}

}  // namespace
