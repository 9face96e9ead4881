// SPDX-License-Identifier: BSL-1.0
#pragma once
// What the serializers of values have in common.
#include <algorithm>
#include <compare>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <gof/pyro/value.hpp>

namespace gof::inline v0::pyro::detail {

inline constexpr std::string_view hex_digits = "0123456789abcdef";
inline constexpr std::string_view base64_digits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

[[noreturn]] void refuse(wire::refusal why, const std::string& what);
// … and where.
[[noreturn]] void refuse(wire::refusal why, const char* language, std::size_t at,
                         const std::string& what);

// Where text stops being UTF-8; npos if it does not.
std::size_t utf8_error(std::string_view text) noexcept;

// A total order: by kind, then by what it is; equal in the sense of ==.
std::weak_ordering order(const value& a, const value& b);

// Whether Python hashes it, and can read it as a key: no NaN, nothing that is written as text.
bool can_be_key(const value& v);

// Whether key(0) … key(n - 1), which are values, differ. Strangers choose them: no square of n.
template <class Key>
bool differ(std::size_t n, Key key) {
  if (n <= 8) {
    for (std::size_t i = 1; i < n; ++i)
      for (std::size_t j = 0; j != i; ++j)
        if (key(i) == key(j)) return false;
    return true;
  }
  std::vector<const value*> all(n);
  for (std::size_t i = 0; i != n; ++i) all[i] = &key(i);
  std::sort(all.begin(), all.end(), [](auto* a, auto* b) { return order(*a, *b) < 0; });
  return std::adjacent_find(all.begin(), all.end(), [](auto* a, auto* b) { return *a == *b; }) ==
         all.end();
}
inline bool keys_differ(const dict& d) {
  return differ(d.size(), [&](std::size_t i) -> const value& { return d[i].first; });
}
inline bool items_differ(const list& l) {
  return differ(l.size(), [&](std::size_t i) -> const value& { return l[i]; });
}

// Whether Python has the year.
bool is_possible(date d) noexcept;
bool is_possible(datetime t) noexcept;

void write_message_pack(std::string& out, const value& v, wire::limits most);
value read_message_pack(std::string_view in, wire::limits most);
void write_literal(std::string& out, const value& v, serializer how, wire::limits most);
value read_literal(std::string_view in, serializer how, wire::limits most);

}  // namespace gof::inline v0::pyro::detail
