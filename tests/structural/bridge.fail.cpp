// SPDX-License-Identifier: BSL-1.0
#include <gof/bridge/conformance.hpp>
#include <gof/bridge/implementor.hpp>
#include <memory>
#include <string>
#include <utility>

namespace {

namespace br = gof::bridge;

struct medium {
  virtual ~medium() = default;
  virtual void put(int) {}
  virtual int size() const { return 0; }
};
struct bare {
  void put(int) {}
};
struct big {
  char room[72];
};
struct alignas(64) wide {};

[[maybe_unused]] void cases() {
#ifdef FAIL_value_that_does_not_fit  // says: fits<72,? ?64
  br::fast_pimpl<big, 64> in_place;
#else
  br::fast_pimpl<big, 72> in_place;
#endif
  static_cast<void>(*in_place);

#ifdef FAIL_value_of_greater_alignment  // says: this error names what is needed
  br::fast_pimpl<wide, 64> aligned;
#else
  br::fast_pimpl<wide, 64, 64> aligned;
#endif
  static_cast<void>(*aligned);

#ifdef FAIL_change_through_a_const_pimpl  // says: no match for .operator=|no viable|discards
  const br::pimpl<std::string> text;
  *text = "x";
#else
  br::pimpl<std::string> text;
  *text = "x";
#endif

#ifdef FAIL_change_through_a_const_fast_pimpl  // says: read-only|cannot assign
  const br::fast_pimpl<int, 4> number;
  *number = 1;
#else
  br::fast_pimpl<int, 4> number;
  *number = 1;
#endif

  br::pimpl<std::unique_ptr<int>> owner;
#ifdef FAIL_copy_of_what_cannot_be_copied  // says: deleted
  const auto copy = owner;
#else
  const auto copy = std::move(owner);
#endif

#ifdef FAIL_implementor_without_virtual_destructor  // says: give that a virtual destructor
  br::implementor<bare> to(std::make_unique<bare>());
#else
  br::implementor<medium> to(std::make_unique<medium>());
#endif
  to->put(1);

#ifdef FAIL_change_through_a_const_implementor  // says: discards qualifiers|not marked const
  std::as_const(to)->put(1);
#endif

#ifdef FAIL_copy_of_an_implementor  // says: deleted
  const auto other = to;
#else
  const auto other = std::move(to);
#endif
}

}  // namespace
