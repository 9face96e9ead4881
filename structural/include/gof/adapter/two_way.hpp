// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// Adapter: conversions that go both ways, and the law that nothing is lost on the way.

namespace gof::inline v0::adapter {

/// \addtogroup adapter
/// @{

/// A conversion and its way back. \tparam To a function of a value
/// \tparam Back a function of what `To` returns
template <class To, class Back>
struct two_way {
  [[no_unique_address]] To to;      ///< There.
  [[no_unique_address]] Back back;  ///< And back again.
  /// \returns the same conversion, seen from the other side
  [[nodiscard]] constexpr two_way<Back, To> inverse() const { return {back, to}; }
};
/// \tparam To as there \tparam Back as there
template <class To, class Back>
two_way(To, Back) -> two_way<To, Back>;

/// \returns whether the value comes back as it was \param conversion a two_way
/// \param value one to try \throws what the conversion and `==` throw
template <class To, class Back>
[[nodiscard]] constexpr bool round_trips(const two_way<To, Back>& conversion, const auto& value) {
  return conversion.back(conversion.to(value)) == value;
}

/// Tries the law RoundTrip, in a test: what goes there comes back as it was.
/// \returns the first value that does not; a null pointer if all do
/// \param conversion a two_way \param values a range of values, such as a vector
/// \throws what the conversion and `==` throw
template <class To, class Back, class Values>
[[nodiscard]] constexpr auto first_lost(const two_way<To, Back>& conversion, const Values& values)
    -> decltype(&*values.begin()) {
  for (const auto& value : values) {
    if (!round_trips(conversion, value)) return &value;
  }
  return nullptr;
}
/// What it returned would dangle.
template <class To, class Back, class Values>
void first_lost(const two_way<To, Back>&, const Values&&) = delete;

/// @}
}  // namespace gof::inline v0::adapter
