// SPDX-License-Identifier: BSL-1.0
// Values as MessagePack, with Pyro's extensions.
#include <bit>
#include <cstring>

#include "codec.hpp"

namespace gof::inline v0::pyro::detail {
namespace {

using wire::refusal;
using wire::detail::kind;
using wire::detail::reader;
using wire::detail::token;
using wire::detail::writer;

enum extension : std::uint8_t { complex_number = 0x30, digits, seconds, ordinal };
constexpr std::int64_t epoch = 719'163;  // the ordinal of 1970-01-01 in Python

// Pyro's extensions are little-endian on all machines that matter.
std::string_view put(char* at, std::uint64_t n) {
  for (int i = 0; i != 8; ++i) at[i] = static_cast<char>(n >> 8 * i);
  return {at, 8};
}
std::uint64_t get(std::string_view bytes) {
  std::uint64_t n = 0;
  for (std::size_t i = bytes.size(); i != 0; --i)
    n = n << 8 | static_cast<unsigned char>(bytes[i - 1]);
  return n;
}

struct packer {
  writer& to;

  void level() const {
    if (to.depth-- == 0) refuse(refusal::too_deep, "the value has too many levels");
  }
  void write(const value& v) const { v.visit(*this); }
  void extend(extension type, std::string_view with) const {
    if (std::has_single_bit(with.size()) && with.size() <= 16)
      to.byte(0xd4U + static_cast<unsigned>(std::countr_zero(with.size())));
    else
      to.header(0, 0, 0xc7, 0, with.size());
    to.byte(type);
    to.bytes(with.data(), with.size());
  }

  void operator()(std::monostate) const { to.byte(0xc0); }
  void operator()(const big_integer& n) const { extend(digits, n.text()); }
  void operator()(const std::complex<double>& z) const {
    char at[16];
    put(at, std::bit_cast<std::uint64_t>(z.real()));
    put(at + 8, std::bit_cast<std::uint64_t>(z.imag()));
    extend(complex_number, {at, sizeof at});
  }
  void operator()(const std::string& s) const {
    if (utf8_error(s) != s.npos) refuse(refusal::malformed, "a string that is not UTF-8");
    to.string(s);
  }
  void operator()(date d) const {
    if (!is_possible(d)) refuse(refusal::out_of_range, "a date of a year that Python has not");
    char at[8];
    extend(ordinal, put(at, static_cast<std::uint64_t>(d.time_since_epoch().count() + epoch)));
  }
  void operator()(datetime t) const {
    if (!is_possible(t)) refuse(refusal::out_of_range, "a datetime of a year that Python has not");
    char at[8];
    extend(seconds, put(at, std::bit_cast<std::uint64_t>(t.time_since_epoch().count())));
  }
  void operator()(const list& l) const {
    level();
    to.array(l.size());
    for (const value& v : l) write(v);
    ++to.depth;
  }
  void operator()(const tuple& t) const { (*this)(t.items); }
  void operator()(const set& s) const {
    if (!items_differ(s.items)) refuse(refusal::duplicate_field, "an item is in a set twice");
    (*this)(s.items);
  }
  void operator()(const dict& d) const {
    if (!keys_differ(d)) refuse(refusal::duplicate_field, "a key is in a dict twice");
    level();
    to.map(d.size());
    for (const auto& [key, v] : d) {
      if (!key.is<std::string>() && !key.is<bytes>())
        refuse(refusal::wrong_type,
               std::string("a key in MessagePack is a string or bytes, not ") + key.kind());
      write(key), write(v);
    }
    ++to.depth;
  }
  // What is the same in typed code.
  template <one_of<bool, std::int64_t, std::uint64_t, double, bytes> T>
  void operator()(const T& it) const {
    wire::detail::write(to, it);
  }
};

struct unpacker {
  reader from;

  [[noreturn]] void fail(refusal why, const unsigned char* at, const std::string& what) const {
    refuse(why, "MessagePack", static_cast<std::size_t>(at - from.begin), what);
  }
  std::string_view take(std::uint64_t n) {
    const std::string_view all(reinterpret_cast<const char*>(from.at), static_cast<std::size_t>(n));
    from.at += n;
    return all;
  }
  void level(const unsigned char* at) {
    if (from.depth-- == 0) fail(refusal::too_deep, at, "fewer levels are allowed");
  }

  value read() {
    const unsigned char* const at = from.at;
    token t;
    if (!from.next(t)) fail(from.why, from.found, std::string("expected ") + from.expected);
    switch (t.is) {
      case kind::boolean:
        return t.n != 0;
      case kind::natural:
        return t.n;
      case kind::negative:
        return static_cast<std::int64_t>(t.n);
      case kind::f32:
        return std::bit_cast<float>(static_cast<std::uint32_t>(t.n));
      case kind::f64:
        return std::bit_cast<double>(t.n);
      case kind::ext:
        return read_extension(at, take(t.n));
      case kind::bin: {
        const auto all = std::as_bytes(std::span(take(t.n)));
        return bytes(all.begin(), all.end());
      }
      case kind::str: {
        const std::string_view all = take(t.n);
        if (const std::size_t bad = utf8_error(all); bad != all.npos)
          fail(refusal::malformed, from.at - all.size() + bad, "a string that is not UTF-8");
        return all;
      }
      case kind::array: {
        level(at);
        list all;
        all.reserve(std::min<std::size_t>(t.n, 16));  // a stranger says how many there are
        for (; t.n != 0; --t.n) all.push_back(read());
        ++from.depth;
        return all;
      }
      case kind::map: {
        level(at);
        dict all;
        for (; t.n != 0; --t.n) {
          const unsigned char* const key_at = from.at;
          value key = read();
          if (!key.is<std::string>() && !key.is<bytes>())
            fail(refusal::wrong_type, key_at,
                 std::string("a key is a string or bytes, not ") + key.kind());
          all.emplace_back(std::move(key), read());
        }
        if (!keys_differ(all)) fail(refusal::duplicate_field, at, "a key is there twice");
        ++from.depth;
        return all;
      }
      default:
        return {};
    }
  }
  value read_extension(const unsigned char* at, std::string_view all) {
    const auto type = static_cast<unsigned char>(all[0]);
    all.remove_prefix(1);
    const auto number = [&](std::size_t i) { return std::bit_cast<double>(get(all.substr(i, 8))); };
    const auto require = [&](bool fits) {
      if (!fits) fail(refusal::wrong_length, at, "an extension of another length");
    };
    switch (type) {
      case complex_number:
        require(all.size() == 16);
        return std::complex(number(0), number(8));
      case digits:
        try {
          return big_integer(all);
        } catch (const wire::error& e) {
          fail(e.why(), at, e.what());
        }
      case seconds: {
        require(all.size() == 8);
        const datetime t(std::chrono::duration<double>(number(0)));
        if (!is_possible(t)) fail(refusal::out_of_range, at, "a datetime of year 1 to 9999");
        return t;
      }
      case ordinal: {
        require(all.size() == 8 || all.size() == 4);  // a `long` in C, where Python runs
        const std::uint64_t days = get(all);          // one that is negative is too large
        if (days == 0 || days > 3'652'059)
          fail(refusal::out_of_range, at, "a date of year 1 to 9999");
        return date(std::chrono::days(static_cast<std::int64_t>(days) - epoch));
      }
      default:
        fail(refusal::wrong_type, at, "an extension that is not Pyro's: " + std::to_string(type));
    }
  }
};

}  // namespace

void write_message_pack(std::string& out, const value& v, wire::limits most) {
  writer to{out, most};
  packer{to}.write(v);
  to.finish();
}

value read_message_pack(std::string_view in, wire::limits most) {
  unpacker all{wire::detail::reader_of(std::as_bytes(std::span(in)), most, nullptr)};
  value v = all.read();
  if (all.from.left() != 0) all.fail(refusal::trailing_bytes, all.from.at, "the value has ended");
  return v;
}

}  // namespace gof::inline v0::pyro::detail
