// SPDX-License-Identifier: BSL-1.0
// Values as text: serpent, which is literals of Python, and JSON; and as they are shown.
#include <charconv>
#include <cmath>
#include <cstdio>
#include <utility>

#include "codec.hpp"

namespace gof::inline v0::pyro {
namespace detail {
namespace {

using wire::refusal;

void append_base64(std::string& out, const bytes& from) {
  for (std::size_t i = 0; i < from.size(); i += 3) {
    const std::size_t n = std::min<std::size_t>(from.size() - i, 3);
    unsigned all = 0;
    for (std::size_t k = 0; k != 3; ++k)
      all = all << 8 | (k < n ? std::to_integer<unsigned>(from[i + k]) : 0);
    for (std::size_t k = 0; k != 4; ++k)
      out += k <= n ? base64_digits[all >> (18 - 6 * k) & 63] : '=';
  }
}

std::string text_of(date d) {
  const std::chrono::year_month_day it(d);
  char text[64];
  std::snprintf(text, sizeof text, "%04d-%02u-%02u", static_cast<int>(it.year()),
                static_cast<unsigned>(it.month()), static_cast<unsigned>(it.day()));
  return text;
}
std::string text_of(datetime t) {
  double whole = 0;
  const double part = std::modf(t.time_since_epoch().count(), &whole);
  const std::chrono::sys_time<std::chrono::microseconds> at{
      std::chrono::seconds(static_cast<std::int64_t>(whole)) +
      std::chrono::microseconds(std::lrint(part * 1e6))};
  const date day = std::chrono::floor<std::chrono::days>(at);
  const std::chrono::hh_mm_ss time(at - day);
  char text[64];
  std::snprintf(text, sizeof text, "T%02d:%02d:%02d", static_cast<int>(time.hours().count()),
                static_cast<int>(time.minutes().count()), static_cast<int>(time.seconds().count()));
  std::string all = text_of(day) + text;
  if (const auto micro = static_cast<int>(time.subseconds().count()); micro != 0) {
    std::snprintf(text, sizeof text, ".%06d", micro);
    all += text;
  }
  return all + "+00:00";
}

enum class style : std::uint8_t { serpent, json, shown };

struct text_writer {
  std::string& out;
  const style as;
  const wire::limits most;
  const std::size_t begin = out.size();
  std::size_t depth = most.depth;
  bool in_key = false;

  // What a reader takes for one more level.
  struct level {
    std::size_t& depth;
    explicit level(text_writer& of) : depth(of.depth) {
      if (depth == 0) refuse(refusal::too_deep, "the value has too many levels");
      --depth;
    }
    level(const level&) = delete;
    level& operator=(const level&) = delete;
    ~level() { ++depth; }
  };

  bool json() const { return as == style::json; }
  void write(const value& v) {
    v.visit(*this);
    if (out.size() - begin > most.bytes)
      refuse(refusal::too_large,
             "the value takes more than " + std::to_string(most.bytes) + " bytes");
  }
  // In key position, bytes are a literal: the dict that serpent writes could not be read there.
  void write_key(const value& v) {
    if (as == style::serpent && !can_be_key(v))
      refuse(refusal::wrong_type, std::string("a key or an item of a set cannot be ") + v.kind());
    const bool before = std::exchange(in_key, true);
    write(v);
    in_key = before;
  }
  template <class Write>
  void write_all(std::size_t n, Write one) {
    for (std::size_t i = 0; i != n; ++i) {
      if (i != 0) out += as == style::serpent ? "," : ", ";
      one(i);
    }
  }
  void write_items(char open, const list& l, const char* close) {
    const level one(*this);
    out += open;
    write_all(l.size(), [&](std::size_t i) { write(l[i]); });
    out += close;
  }

  void operator()(std::monostate) { out += json() ? "null" : "None"; }
  void operator()(bool b) { out += json() ? (b ? "true" : "false") : (b ? "True" : "False"); }
  template <one_of<std::int64_t, std::uint64_t> T>
  void operator()(T n) {
    char text[24];
    out.append(text, std::to_chars(text, text + sizeof text, n).ptr);
  }
  void operator()(const big_integer& n) { out += n.text(); }
  void operator()(double x) {
    if (std::isnan(x)) {
      if (as != style::serpent) return void(out += json() ? "NaN" : "nan");
      const level one(*this);
      out += "{'__class__':'float','value':'nan'}";
    } else if (std::isinf(x)) {
      if (x < 0) out += '-';
      out += json() ? "Infinity" : as == style::serpent ? "1e30000" : "inf";
    } else {
      // As Python's repr: the shortest that is read as x, with an exponent where that is long.
      const double size = std::abs(x);
      const bool fixed = size == 0 || (size >= 1e-4 && size < 1e16);
      char text[40];
      const std::string_view all(
          text, static_cast<std::size_t>(
                    std::to_chars(text, text + sizeof text, x,
                                  fixed ? std::chars_format::fixed : std::chars_format::scientific)
                        .ptr -
                    text));
      out += all;
      if (fixed && all.find('.') == all.npos) out += ".0";
    }
  }
  void operator()(const std::complex<double>& z) {
    if (json()) refuse(refusal::wrong_type, "JSON has no complex numbers");
    const level one(*this);
    if (as == style::serpent && (std::isnan(z.real()) || std::isnan(z.imag()))) {
      out += "{'__class__':'complex','real':";
      (*this)(z.real());
      out += ",'imag':";
      (*this)(z.imag());
      out += '}';
    } else {
      out += '(';
      (*this)(z.real());
      if (!std::signbit(z.imag()) || std::isnan(z.imag())) out += '+';
      (*this)(z.imag());
      out += "j)";
    }
  }
  void operator()(const std::string& s) {
    const bool valid = utf8_error(s) == s.npos;
    if (!valid && as != style::shown) refuse(refusal::malformed, "a string that is not UTF-8");
    json() ? write_json_text(s) : write_python_text(s, !valid);
  }
  void operator()(const bytes& b) {
    if (json()) refuse(refusal::wrong_type, "JSON has no bytes");
    if (as == style::serpent && !in_key) {
      const level one(*this);
      out += "{'data': '";
      append_base64(out, b);
      out += "', 'encoding': 'base64'}";
    } else {
      out += 'b';
      write_python_text({reinterpret_cast<const char*>(b.data()), b.size()}, true);
    }
  }
  template <one_of<date, datetime> T>
  void operator()(T t) {
    if (is_possible(t))
      (*this)(text_of(t));
    else if (as == style::shown)
      out += "'a time of no year that Python has'";
    else
      refuse(refusal::out_of_range, "a time of a year that Python has not");
  }
  void operator()(const list& l) { write_items('[', l, "]"); }
  void operator()(const tuple& t) {
    if (json()) return (*this)(t.items);
    write_items('(', t.items, t.items.size() == 1 ? ",)" : ")");
  }
  void operator()(const set& s) {
    if (as != style::shown && !items_differ(s.items))
      refuse(refusal::duplicate_field, "an item is in a set twice");
    if (json()) return (*this)(s.items);
    if (s.items.empty() && as == style::serpent) return (*this)(tuple());
    if (s.items.empty()) return void(out += "set()");
    const level one(*this);
    out += '{';
    write_all(s.items.size(), [&](std::size_t i) { write_key(s.items[i]); });
    out += '}';
  }
  void operator()(const dict& d) {
    list names;  // in JSON: what Python makes of keys, unless all are text already
    const auto is_text = [](const auto& it) { return it.first.template is<std::string>(); };
    if (json() && !std::all_of(d.begin(), d.end(), is_text))
      for (const auto& [key, v] : d) names.push_back(json_name(key));
    const auto key = [&](std::size_t i) -> const value& {
      return names.empty() ? d[i].first : names[i];
    };
    if (as != style::shown && !differ(d.size(), key))
      refuse(refusal::duplicate_field, "a key is in a dict twice");
    const level one(*this);
    out += '{';
    write_all(d.size(), [&](std::size_t i) {
      json() ? write(key(i)) : write_key(key(i));
      out += as == style::serpent ? ":" : ": ";
      write(d[i].second);
    });
    out += '}';
  }

  value json_name(const value& key) const {
    return key.visit([&]<class T>(const T& it) -> value {
      if constexpr (one_of<T, std::monostate, bool, std::int64_t, std::uint64_t, big_integer,
                           double>) {
        std::string name;
        text_writer{name, as, most}(it);
        return name;
      } else if constexpr (std::same_as<T, std::string>) {
        return it;
      } else {
        refuse(refusal::wrong_type, std::string("a key in JSON cannot be ") + key.kind());
      }
    });
  }
  void escape(unsigned char c) { out += {'\\', 'x', hex_digits[c >> 4], hex_digits[c & 15]}; }
  // As Python's repr. `ascii` escapes all that is not.
  void write_python_text(std::string_view s, bool ascii) {
    const bool twice = s.find('\'') != s.npos && s.find('"') == s.npos;
    const char quote = twice ? '"' : '\'';
    out += quote;
    std::size_t plain = 0;
    const auto flush = [&](std::size_t until) { out.append(s, plain, until - plain); };
    for (std::size_t i = 0; i != s.size(); ++i) {
      const auto c = static_cast<unsigned char>(s[i]);
      if (c >= ' ' && c < 0x7f && s[i] != quote && c != '\\') continue;
      if (c >= 0x80 && !ascii) {
        // Above ASCII, those of Latin-1 that cannot be seen.
        const unsigned next = c == 0xc2 ? static_cast<unsigned char>(s[i + 1]) : 0U;
        if (next == 0 || (next > 0xa0 && next != 0xad)) continue;
        flush(i++);
        escape(static_cast<unsigned char>(next));
      } else {
        flush(i);
        if (const std::size_t at = std::string_view("\n\r\t\\'\"").find(s[i]); at != s.npos)
          out += {'\\', "nrt\\'\""[at]};
        else
          escape(c);
      }
      plain = i + 1;
    }
    flush(s.size());
    out += quote;
  }
  void write_json_text(std::string_view s) {
    out += '"';
    std::size_t plain = 0;
    for (std::size_t i = 0; i != s.size(); ++i) {
      const auto c = static_cast<unsigned char>(s[i]);
      if (c >= ' ' && c != '"' && c != '\\') continue;
      out.append(s, plain, i - plain);
      plain = i + 1;
      if (const std::size_t at = std::string_view("\"\\\b\f\n\r\t").find(s[i]); at != s.npos)
        out += {'\\', "\"\\bfnrt"[at]};
      else
        (out += "\\u00") += {hex_digits[c >> 4], hex_digits[c & 15]};
    }
    out.append(s, plain, s.size() - plain) += '"';
  }
};

}  // namespace

void write_literal(std::string& out, const value& v, serializer how, wire::limits most) {
  const std::size_t size = out.size();
  try {
    text_writer to{out, how == serializer::json ? style::json : style::serpent, most};
    if (how == serializer::serpent) out += "# serpent utf-8 python3.2\n";
    to.write(v);
  } catch (...) {
    out.resize(size);
    throw;
  }
}

}  // namespace detail

std::string to_string(const value& v) {
  std::string out;
  constexpr std::size_t any = ~std::size_t{};
  detail::text_writer{out, detail::style::shown, {any, any}}.write(v);
  return out;
}

}  // namespace gof::inline v0::pyro
