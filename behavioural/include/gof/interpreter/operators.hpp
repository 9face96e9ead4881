// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// What the operators of the language mean; for builders and compilers.

#include <cstddef>
#include <cstdint>
#include <gof/interpreter.hpp>
#include <limits>
#include <optional>
#include <string_view>

namespace gof::inline v0::interpreter {

namespace detail {
constexpr bool is_comparison(op what) noexcept {
  return what >= op::equal && what <= op::greater_equal;
}

// What an operator makes of operands of these types, where it can; a unary one has the same twice.
constexpr std::optional<type> result_of(op what, type left, type right) noexcept {
  if (left != right) return {};
  if (what == op::not_ || what == op::and_ || what == op::or_) {
    return left == type::boolean ? std::optional(left) : std::nullopt;
  }
  if (what == op::equal || what == op::not_equal) return type::boolean;
  if (is_comparison(what)) {
    return left != type::boolean ? std::optional(type::boolean) : std::nullopt;
  }
  const bool can = left == type::integer || (left == type::text && what == op::add);
  return can ? std::optional(left) : std::nullopt;
}

// Integer arithmetic; false where the result would be out of range.
constexpr bool add(std::int64_t a, std::int64_t b, std::int64_t& to) noexcept {
  to = static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
  return ((a ^ to) & (b ^ to)) >= 0;
}
constexpr bool subtract(std::int64_t a, std::int64_t b, std::int64_t& to) noexcept {
  to = static_cast<std::int64_t>(static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b));
  return ((a ^ b) & (a ^ to)) >= 0;
}
constexpr bool multiply(std::int64_t a, std::int64_t b, std::int64_t& to) noexcept {
  constexpr auto min = std::numeric_limits<std::int64_t>::min();
  to = static_cast<std::int64_t>(static_cast<std::uint64_t>(a) * static_cast<std::uint64_t>(b));
  if (a == static_cast<std::int32_t>(a) && b == static_cast<std::int32_t>(b)) [[likely]]
    return true;
  return a == 0 || (!(a == -1 && b == min) && to / a == b);
}

template <op What, class T>
constexpr bool holds(const T& a, const T& b) noexcept {
  if constexpr (What == op::equal) return a == b;
  if constexpr (What == op::not_equal) return a != b;
  if constexpr (What == op::less) return a < b;
  if constexpr (What == op::less_equal) return a <= b;
  if constexpr (What == op::greater) return a > b;
  if constexpr (What == op::greater_equal) return a >= b;
}

// Apart, so that what calls them is small.
[[noreturn, gnu::cold, gnu::noinline]] inline void out_of_range(std::size_t at) {
  throw evaluation_error("the result is out of range", at);
}
[[noreturn, gnu::cold, gnu::noinline]] inline void division_by_zero(std::size_t at) {
  throw evaluation_error("division by zero", at);
}

// What an operator makes of two integers, or of two texts; a unary one, of the first.
template <op What, bool Texts>
inline cell apply(const cell& a, const cell& b, [[maybe_unused]] text_store& texts,
                  [[maybe_unused]] std::size_t at) {
  if constexpr (Texts && What == op::add) {
    return texts.join(a.text(), b.text());
  } else if constexpr (Texts) {
    return cell::of(std::int64_t{holds<What>(a.text(), b.text())});
  } else if constexpr (is_comparison(What)) {
    return cell::of(std::int64_t{holds<What>(a.i, b.i)});
  } else if constexpr (What == op::not_) {
    return cell::of(std::int64_t{a.i == 0});
  } else if constexpr (What == op::and_ || What == op::or_) {
    return a;  // the operand that decided
  } else {
    std::int64_t n = 0;
    bool fits = true;
    if constexpr (What == op::negate) fits = subtract(0, a.i, n);
    if constexpr (What == op::add) fits = add(a.i, b.i, n);
    if constexpr (What == op::subtract) fits = subtract(a.i, b.i, n);
    if constexpr (What == op::multiply) fits = multiply(a.i, b.i, n);
    if constexpr (What == op::divide || What == op::remainder) {
      if (b.i == 0) division_by_zero(at);
      if (b.i == -1) {
        fits = subtract(0, What == op::divide ? a.i : 0, n);  // the machine would trap
      } else {
        n = What == op::divide ? a.i / b.i : a.i % b.i;
      }
    }
    if (!fits) [[unlikely]]
      out_of_range(at);
    return cell::of(n);
  }
}

template <class Context, op What, bool Texts>
cell run_operator(const Context&, const cell* arguments, text_store& texts, std::size_t at) {
  constexpr bool two = What >= op::equal;
  return apply<What, Texts>(arguments[0], arguments[two ? 1 : 0], texts, at);
}

// Calls f.operator()<What, Texts>() for an operator that is only known now.
template <op What = op::negate, class F>
auto with_operator(op what, bool texts, F f) {
  if constexpr (What < op::remainder) {
    if (what != What)
      return with_operator<static_cast<op>(static_cast<int>(What) + 1)>(what, texts, f);
  }
  if constexpr (result_of(What, type::text, type::text).has_value()) {
    if (texts) return f.template operator()<What, true>();
  }
  return f.template operator()<What, false>();
}
}  // namespace detail

}  // namespace gof::inline v0::interpreter
