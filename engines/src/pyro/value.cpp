// SPDX-License-Identifier: BSL-1.0
#include <gof/pyro/value.hpp>

#include <charconv>
#include <cmath>
#include <cstring>
#include <iterator>
#include <system_error>

#include "codec.hpp"

namespace gof::inline v0::pyro {
namespace detail {
namespace {

constexpr const char* kinds[] = {"nil",
                                 "a bool",
                                 "an integer",
                                 "an integer above int64",
                                 "an integer above 64 bits",
                                 "a double",
                                 "a complex number",
                                 "a string",
                                 "bytes",
                                 "a date",
                                 "a datetime",
                                 "a list",
                                 "a tuple",
                                 "a set",
                                 "a dict"};
static_assert(std::size(kinds) == std::variant_size_v<any_of>);

// By size, then by what is in it.
template <class T, class Order>
std::weak_ordering order_items(const std::vector<T>& a, const std::vector<T>& b, Order of) {
  std::weak_ordering found = a.size() <=> b.size();
  for (std::size_t i = 0; found == 0 && i != a.size(); ++i) found = of(a[i], b[i]);
  return found;
}
// The same, in any order.
template <class T, class Order>
std::weak_ordering order_sorted(const std::vector<T>& a, const std::vector<T>& b, Order of) {
  if (a.size() != b.size()) return a.size() <=> b.size();
  const auto sorted = [&](const std::vector<T>& v) {
    std::vector<const T*> all;
    for (const T& it : v) all.push_back(&it);
    std::sort(all.begin(), all.end(), [&](auto* x, auto* y) { return of(*x, *y) < 0; });
    return all;
  };
  return order_items(sorted(a), sorted(b), [&](auto* x, auto* y) { return of(*x, *y); });
}
template <class T>
std::weak_ordering order_plain(const T& a, const T& b) {
  return a < b   ? std::weak_ordering::less
         : b < a ? std::weak_ordering::greater
                 : std::weak_ordering::equivalent;
}
std::weak_ordering order_numbers(double a, double b) {
  return std::isnan(a) || std::isnan(b) ? std::isnan(a) <=> std::isnan(b) : order_plain(a, b);
}
std::size_t index_of(const value& v) {
  return v.visit(
      []<class T>(const T&) -> std::size_t { return boost::mp11::mp_find<any_of, T>(); });
}
std::weak_ordering order_entries(const dict::value_type& a, const dict::value_type& b) {
  const auto keys = order(a.first, b.first);
  return keys != 0 ? keys : order(a.second, b.second);
}

}  // namespace

void refuse(wire::refusal why, const std::string& what) {
  throw wire::error(why, "gof::pyro: " + what);
}
void refuse(wire::refusal why, const char* language, std::size_t at, const std::string& what) {
  refuse(why, std::string(language) + ", byte " + std::to_string(at) + ": " + what + " (" +
                  boost::describe::enum_to_string(why, "") + ")");
}

std::weak_ordering order(const value& a, const value& b) {
  if (&a == &b) return std::weak_ordering::equivalent;
  return a.visit([&]<class T>(const T& x) -> std::weak_ordering {
    if (!b.is<T>()) return index_of(a) <=> index_of(b);
    const T& y = b.as<T>();
    if constexpr (std::same_as<T, double>) {
      return order_numbers(x, y);
    } else if constexpr (std::same_as<T, std::complex<double>>) {
      const auto real = order_numbers(x.real(), y.real());
      return real != 0 ? real : order_numbers(x.imag(), y.imag());
    } else if constexpr (std::same_as<T, big_integer>) {
      return order_plain(x.text(), y.text());
    } else if constexpr (std::same_as<T, list>) {
      return order_items(x, y, order);
    } else if constexpr (std::same_as<T, tuple>) {
      return order_items(x.items, y.items, order);
    } else if constexpr (std::same_as<T, set>) {
      return order_sorted(x.items, y.items, order);
    } else if constexpr (std::same_as<T, dict>) {
      return order_sorted(x, y, order_entries);
    } else {
      return order_plain(x, y);
    }
  });
}

bool can_be_key(const value& v) {
  return v.visit([]<class T>(const T& it) {
    if constexpr (std::same_as<T, double>)
      return !std::isnan(it);
    else if constexpr (std::same_as<T, std::complex<double>>)
      return !std::isnan(it.real()) && !std::isnan(it.imag());
    else if constexpr (std::same_as<T, tuple>)
      return std::all_of(it.items.begin(), it.items.end(), can_be_key);
    else
      return !one_of<T, date, datetime, list, set, dict>;
  });
}

// Blocks of eight bytes first: most text is ASCII.
std::size_t utf8_error(std::string_view text) noexcept {
  const auto* const begin = reinterpret_cast<const unsigned char*>(text.data());
  for (std::size_t i = 0; i != text.size();) {
    std::uint64_t block = 0;
    if (text.size() - i >= sizeof block) {
      std::memcpy(&block, begin + i, sizeof block);
      if ((block & 0x8080'8080'8080'8080) == 0) {
        i += sizeof block;
        continue;
      }
    }
    const unsigned char c = begin[i];
    if (c < 0x80) {
      ++i;
      continue;
    }
    const std::size_t more = c < 0xc2 || c > 0xf4 ? 0 : c < 0xe0 ? 1 : c < 0xf0 ? 2 : 3;
    if (more == 0 || text.size() - i <= more) return i;
    // Nothing that is too long, no surrogate, nothing above U+10FFFF.
    const unsigned low = c == 0xe0 ? 0xa0 : c == 0xf0 ? 0x90 : 0x80;
    const unsigned high = c == 0xed ? 0x9f : c == 0xf4 ? 0x8f : 0xbf;
    if (begin[i + 1] < low || begin[i + 1] > high) return i;
    for (std::size_t k = 2; k <= more; ++k)
      if ((begin[i + k] & 0xc0) != 0x80) return i;
    i += more + 1;
  }
  return text.npos;
}

bool is_possible(date d) noexcept {
  return d.time_since_epoch() >= std::chrono::days(-719'162) &&
         d.time_since_epoch() <= std::chrono::days(2'932'896);
}
bool is_possible(datetime t) noexcept {
  const double seconds = t.time_since_epoch().count();
  return seconds >= -719'162 * 86'400.0 && seconds < 2'932'897 * 86'400.0;
}

}  // namespace detail

bool operator==(const value& a, const value& b) { return detail::order(a, b) == 0; }
bool operator==(const tuple& a, const tuple& b) { return a.items == b.items; }
bool operator==(const set& a, const set& b) {
  return detail::order_sorted(a.items, b.items, detail::order) == 0;
}

big_integer::big_integer(std::string_view text) {
  const std::string_view sign = text.substr(0, text.starts_with('-'));
  text.remove_prefix(sign.size());
  if (text.empty() || text.find_first_not_of("0123456789") != text.npos)
    detail::refuse(wire::refusal::malformed, "an integer has digits, after a - if it is negative");
  text.remove_prefix(std::min(text.find_first_not_of('0'), text.size() - 1));
  if (text.size() > most_digits)
    detail::refuse(wire::refusal::too_large, "an integer of more than 4300 digits");
  text_.append(text == "0" ? "" : sign).append(text);
}

value::value(big_integer n) {
  const std::string& text = n.text();
  const auto fits = [&](auto small) {
    const bool all =
        std::from_chars(text.data(), text.data() + text.size(), small).ec == std::errc();
    if (all) *this = value(small);
    return all;
  };
  if (!fits(std::int64_t{}) && (text.starts_with('-') || !fits(std::uint64_t{})))
    held_ = std::move(n);
}

const char* value::kind() const noexcept { return detail::kinds[held_.index()]; }
void value::refuse_as(std::size_t wanted) const {
  detail::refuse(wire::refusal::wrong_type,
                 std::string(kind()) + ", where " + detail::kinds[wanted] + " was expected");
}

const list& value::items() const {
  if (is<tuple>()) return as<tuple>().items;
  if (is<set>()) return as<set>().items;
  return as<list>();
}
const value& value::operator[](std::size_t i) const {
  const list& all = items();
  if (i >= all.size())
    detail::refuse(wire::refusal::out_of_range, "there is no item " + std::to_string(i) + " in " +
                                                    kind() + " of " + std::to_string(all.size()));
  return all[i];
}
const value* value::find_text(std::string_view key) const {
  if (is<dict>())
    for (const auto& [name, what] : as<dict>())
      if (name.is<std::string>() && name.as<std::string>() == key) return &what;
  return nullptr;
}
const value* value::find(const value& key) const {
  if (is<dict>())
    for (const auto& [name, what] : as<dict>())
      if (name == key) return &what;
  return nullptr;
}
const value& value::at(const value& key) const {
  static_cast<void>(as<dict>());
  if (const value* it = find(key)) return *it;
  detail::refuse(wire::refusal::missing_field, "there is no " + to_string(key) + " in the dict");
}

void encode_to(std::string& out, const value& v, serializer how, wire::limits most) {
  switch (how) {
    case serializer::msgpack:
      return detail::write_message_pack(out, v, most);
    case serializer::serpent:
    case serializer::json:
      return detail::write_literal(out, v, how, most);
    default:
      detail::refuse(wire::refusal::wrong_type, "only serpent, JSON and MessagePack are written");
  }
}
std::string encode(const value& v, serializer how, wire::limits most) {
  std::string out;
  encode_to(out, v, how, most);
  return out;
}
value decode(std::string_view in, serializer how, wire::limits most) {
  if (in.size() > most.bytes)
    detail::refuse(wire::refusal::too_large, std::to_string(in.size()) + " bytes, and only " +
                                                 std::to_string(most.bytes) + " are allowed");
  switch (how) {
    case serializer::msgpack:
      return detail::read_message_pack(in, most);
    case serializer::serpent:
    case serializer::json:
      return detail::read_literal(in, how, most);
    default:
      detail::refuse(wire::refusal::wrong_type, "only serpent, JSON and MessagePack are read");
  }
}

}  // namespace gof::inline v0::pyro
