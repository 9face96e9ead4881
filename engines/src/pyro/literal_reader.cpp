// SPDX-License-Identifier: BSL-1.0
// Values from text: serpent, which is literals of Python, and JSON; one parser with two dialects.
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <system_error>
#include <utility>

#include "codec.hpp"

namespace gof::inline v0::pyro::detail {
namespace {

using wire::refusal;

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

// False where it is none.
bool read_base64(std::string_view from, bytes& out) {
  static constexpr auto values = [] {
    std::array<signed char, 256> all{};
    all.fill(-1);
    for (std::size_t i = 0; i != 64; ++i)
      all[static_cast<unsigned char>(base64_digits[i])] = static_cast<signed char>(i);
    return all;
  }();
  if (from.size() % 4 != 0) return false;
  for (int n = 0; n != 2 && from.ends_with('='); ++n) from.remove_suffix(1);
  unsigned all = 0;
  int bits = 0;
  for (const char c : from) {
    const int digit = values[static_cast<unsigned char>(c)];
    if (digit < 0) return false;
    all = all << 6 | static_cast<unsigned>(digit);
    if ((bits += 6) >= 8) out.push_back(static_cast<std::byte>(all >> (bits -= 8)));
  }
  return bits != 6;
}

void append_utf8(std::string& out, std::uint32_t c) {
  const auto tail = [&](int shift) { return static_cast<char>(0x80 | (c >> shift & 0x3f)); };
  if (c < 0x80)
    out += static_cast<char>(c);
  else if (c < 0x800)
    out += {static_cast<char>(0xc0 | c >> 6), tail(0)};
  else if (c < 0x1'0000)
    out += {static_cast<char>(0xe0 | c >> 12), tail(6), tail(0)};
  else
    out += {static_cast<char>(0xf0 | c >> 18), tail(12), tail(6), tail(0)};
}

// The nearest double, also to what is too large or too small for one.
double nearest(std::string_view text) {
  double x = 0;
  if (std::from_chars(text.data(), text.data() + text.size(), x).ec == std::errc()) return x;
  // The power of ten of the first digit that counts.
  const std::size_t e = std::min(text.find_first_of("eE"), text.size());
  const std::size_t point = std::min(text.find('.'), e);
  const std::size_t first = std::min(text.find_first_of("123456789"), e);
  std::int64_t power = 0;
  std::string_view exponent = text.substr(std::min(e + 1, text.size()));
  exponent.remove_prefix(exponent.starts_with('+'));
  if (std::from_chars(exponent.data(), exponent.data() + exponent.size(), power).ec ==
      std::errc::result_out_of_range)
    power = exponent.starts_with('-') ? -(std::int64_t{1} << 60) : std::int64_t{1} << 60;
  power += static_cast<std::int64_t>(point) - static_cast<std::int64_t>(first);
  return std::copysign(first != e && power > 0 ? infinity : 0, text.starts_with('-') ? -1 : 1);
}

value negative(const value& v) {
  if (v.is<double>()) return -v.as<double>();
  if (v.is<std::complex<double>>()) return -v.as<std::complex<double>>();
  const std::string text = to_string(v);
  return big_integer(text.starts_with('-') ? text.substr(1) : '-' + text);
}

class text_reader {
 public:
  text_reader(std::string_view in, serializer how, wire::limits most)
      : in_(in), json_(how == serializer::json), depth_(most.depth) {}

  value whole() {
    if (const std::size_t bad = utf8_error(in_); bad != in_.npos)
      fail(refusal::malformed, bad, "this is not UTF-8");
    skip_blanks(true);
    value v = read();
    skip_blanks(true);
    if (!at_end()) fail(refusal::trailing_bytes, at_, "the value has ended");
    return v;
  }

 private:
  // ---- Errors and characters

  [[noreturn]] void fail(refusal why, std::size_t at, const std::string& what) const {
    refuse(why, json_ ? "JSON" : "serpent", at, what);
  }
  [[noreturn]] void expected(const std::string& what) const {
    fail(at_end() ? refusal::truncated : refusal::malformed, at_, "expected " + what);
  }
  bool at_end() const { return at_ == in_.size(); }
  // The character n after this; 0 after the end, and that is no character of any text.
  char peek(std::size_t n = 0) const { return in_.size() - at_ > n ? in_[at_ + n] : '\0'; }
  bool take(char c) { return peek() == c && !at_end() && (++at_, true); }
  void require(char c) {
    if (!take(c)) expected(std::string("a ") + c);
  }
  // Python ends an expression where the line ends, unless it is in brackets.
  void skip_blanks(bool lines) {
    for (; !at_end(); ++at_) {
      const char c = in_[at_];
      if (c == '#' && !json_)
        at_ = std::min(in_.find_first_of("\r\n", at_), in_.size()) - 1;
      else if (c != ' ' && c != '\t' && !(c == '\f' && !json_) &&
               !((c == '\n' || c == '\r') && (json_ || lines)))
        return;
    }
  }
  void skip_blanks() { skip_blanks(brackets_ != 0); }

  struct level {
    text_reader& of;
    explicit level(text_reader& r) : of(r) {
      if (of.depth_ == 0) of.fail(refusal::too_deep, of.at_, "fewer levels are allowed");
      --of.depth_, ++of.brackets_;
    }
    level(const level&) = delete;
    level& operator=(const level&) = delete;
    ~level() { ++of.depth_, --of.brackets_; }
  };

  // ---- Values

  value read() { return json_ ? read_primary() : read_sum(); }

  // Python: a number may have a sign, and be two: 1+2j.
  value read_sum() {
    value left = read_signed();
    skip_blanks();
    if (const char sign = peek(); sign == '+' || sign == '-') {
      const std::size_t at = at_++;
      if (number_is_ == number::none || left.is<std::complex<double>>())
        fail(refusal::malformed, at, "what is before the sign is no real number");
      skip_blanks();
      const value right = read_primary();
      if (number_is_ != number::plain || !right.is<std::complex<double>>())
        fail(refusal::malformed, at, "what is after the sign is no imaginary number");
      number_is_ = number::none;
      const double imaginary = right.as<std::complex<double>>().imag();
      return std::complex(real(left, at), sign == '-' ? -imaginary : imaginary);
    }
    return left;
  }
  value read_signed() {
    const std::size_t at = at_;
    const char sign = peek();
    if (sign != '+' && sign != '-') return read_primary();
    ++at_;
    skip_blanks();
    const value v = read_primary();
    if (number_is_ != number::plain)
      fail(refusal::malformed, at, "what is after the sign is no number");
    number_is_ = number::with_sign;
    return sign == '-' ? negative(v) : v;
  }
  double real(const value& v, std::size_t at) const {
    if (v.is<double>()) return v.as<double>();
    const double x = nearest(to_string(v));
    if (std::isinf(x)) fail(refusal::out_of_range, at, "an integer that is no double");
    return x;
  }

  value read_primary() {
    number_is_ = number::none;
    const char c = peek();
    if (is_digit(c) || (json_ ? c == '-' && peek(1) != 'I' : c == '.')) return read_number();
    if (c == '[') return read_list();
    if (c == '{') return read_braces();
    if (c == '(' && !json_) return read_parentheses();
    if (json_ ? c == '"' : starts_string()) return json_ ? value(read_json_text()) : read_strings();
    return read_word();
  }

  // Calls one() for each item up to the bracket that closes; returns whether there was a comma.
  template <class One>
  bool read_all(char close, One one) {
    const level here(*this);
    bool comma = false;
    ++at_;
    for (skip_blanks(); !(take(close) && (!json_ || !comma)); skip_blanks()) {
      one();
      skip_blanks();
      if (take(close)) break;
      if (!take(',')) expected(std::string("a comma or a ") + close);
      comma = true;
      skip_blanks();
      if (json_ && peek() == close) expected("an item after the comma");
    }
    return comma;
  }
  value read_list() {
    list all;
    read_all(']', [&] { all.push_back(read()); });
    number_is_ = number::none;
    return all;
  }
  value read_parentheses() {
    list all;
    const bool comma = read_all(')', [&] { all.push_back(read()); });
    if (all.size() == 1 && !comma) return std::move(all.front());
    number_is_ = number::none;
    return tuple{std::move(all)};
  }
  value read_braces() {
    const std::size_t at = at_;
    dict pairs;
    set items;
    bool is_set = false;
    read_all('}', [&] {
      const std::size_t key_at = at_;
      if (json_ && peek() != '"') expected("a string as the key");
      value key = read();
      if (!can_be_key(key))
        fail(refusal::wrong_type, key_at, std::string("a key cannot be ") + key.kind());
      skip_blanks();
      if (pairs.empty() && items.items.empty()) is_set = !json_ && peek() != ':';
      if (is_set) return void(items.items.push_back(std::move(key)));
      require(':');
      skip_blanks();
      pairs.emplace_back(std::move(key), read());
    });
    number_is_ = number::none;
    if (!(is_set ? items_differ(items.items) : keys_differ(pairs)))
      fail(refusal::duplicate_field, at, "a key is there twice");
    if (is_set) return items;
    return json_ ? value(std::move(pairs)) : what_it_stands_for(std::move(pairs));
  }
  // What serpent writes as dicts.
  static value what_it_stands_for(dict d) {
    value it(std::move(d));
    const std::size_t size = it.as<dict>().size();
    const auto has = [&](std::string_view key, std::string_view text) {
      const value* const v = it.find(key);
      return v != nullptr && v->is<std::string>() && v->as<std::string>() == text;
    };
    if (size == 2 && has("encoding", "base64")) {
      const value* const data = it.find("data");
      bytes out;
      if (data != nullptr && data->is<std::string>() && read_base64(data->as<std::string>(), out))
        return out;
    }
    if (size == 2 && has("__class__", "float") && has("value", "nan"))
      return std::numeric_limits<double>::quiet_NaN();
    if (size == 3 && has("__class__", "complex")) {
      const value *const re = it.find("real"), *const im = it.find("imag");
      if (re && im && re->is<double>() && im->is<double>())
        return std::complex(re->as<double>(), im->as<double>());
    }
    return it;
  }

  value read_word() {
    const std::size_t begin = at_;
    if (json_) take('-');
    while (is_letter(peek()) || is_digit(peek())) ++at_;
    const std::string_view word = in_.substr(begin, at_ - begin);
    if (json_) {
      if (word == "null") return {};
      if (word == "true" || word == "false") return word == "true";
      if (word == "NaN") return std::numeric_limits<double>::quiet_NaN();
      if (word == "Infinity" || word == "-Infinity")
        return word == "Infinity" ? infinity : -infinity;
    } else {
      if (word == "None") return {};
      if (word == "True" || word == "False") return word == "True";
      if (word == "set") {
        skip_blanks();
        require('(');
        skip_blanks(true);
        require(')');
        return set();
      }
    }
    if (!at_end()) at_ = begin;
    expected("a value");
  }

  // ---- Numbers

  // Digits, which Python allows a single _ between, without that.
  void take_digits(bool alone = false) {
    if (!is_digit(peek())) expected("a digit");
    for (; is_digit(peek()); ++at_) {
      number_ += peek();
      if (alone) return void(++at_);
      if (!json_ && peek(1) == '_' && is_digit(peek(2))) ++at_;
    }
  }
  value read_number() {
    const std::size_t begin = at_;
    number_.clear();
    number_is_ = number::plain;
    if (take('-')) number_ += '-';  // JSON
    if (!json_ && peek() == '0' && std::string_view("xXoObB").find(peek(1)) != in_.npos)
      return read_radix();
    const bool zero = peek() == '0';
    bool is_integer = true;
    if (peek() != '.' || json_) take_digits(json_ && zero);
    if (take('.')) {
      is_integer = false;
      if (number_.empty() || json_ || is_digit(peek())) number_ += '.', take_digits();
    }
    if (const char e = peek(); e == 'e' || e == 'E') {
      is_integer = false;
      number_ += 'e', ++at_;
      if (peek() == '-' || peek() == '+') number_ += peek(), ++at_;
      take_digits();
    }
    const bool imaginary = !json_ && (take('j') || take('J'));
    if (is_letter(peek()) || is_digit(peek())) expected("the end of the number");
    if (imaginary) return std::complex(0.0, nearest(number_));
    if (!is_integer) return nearest(number_);
    if (!json_ && zero && number_.find_first_not_of('0') != number_.npos)
      fail(refusal::malformed, begin, "an integer begins with 0");
    if (number_.size() > big_integer::most_digits + number_.starts_with('-'))
      fail(refusal::too_large, begin, "an integer of more than 4300 digits");
    std::int64_t n = 0;
    const char* const end = number_.data() + number_.size();
    if (std::from_chars(number_.data(), end, n).ec == std::errc()) return n;
    return big_integer(number_);
  }
  value read_radix() {
    const std::size_t begin = at_;
    const char mark = static_cast<char>(peek(1) | 0x20);
    const int bits = mark == 'x' ? 4 : mark == 'o' ? 3 : 1;
    at_ += 2;
    std::uint64_t n = 0;
    do {
      take('_');
      const std::size_t digit = hex_digit();
      if (digit >> bits != 0) expected("a digit");
      if (n >> (64 - bits) != 0)
        fail(refusal::out_of_range, begin, "an integer above 64 bits that is not decimal");
      n = n << bits | digit;
      ++at_;
    } while (is_letter(peek()) || is_digit(peek()));
    return n;
  }
  // More than 15 if it is none.
  std::size_t hex_digit() const {
    return hex_digits.find(static_cast<char>(peek() > '9' ? peek() | 0x20 : peek()));
  }

  // ---- Strings

  std::uint32_t take_hex(int n) {
    std::uint32_t all = 0;
    for (; n != 0; --n, ++at_) {
      const std::size_t digit = hex_digit();
      if (digit > 15) expected("a hexadecimal digit");
      all = all << 4 | static_cast<std::uint32_t>(digit);
    }
    return all;
  }
  void append_character(std::string& out, std::uint32_t c, std::size_t at) const {
    if (c >> 11 == 0xd800 >> 11) fail(refusal::malformed, at, "a lone surrogate");
    if (c > 0x10'ffff) fail(refusal::malformed, at, "a character above U+10FFFF");
    append_utf8(out, c);
  }

  std::string read_json_text() {
    std::string all;
    for (++at_;;) {
      const std::size_t plain = at_;
      while (static_cast<unsigned char>(peek()) >= ' ' && peek() != '"' && peek() != '\\') ++at_;
      all.append(in_, plain, at_ - plain);
      if (take('"')) return all;
      const std::size_t at = at_;
      if (!take('\\')) expected("a character that is no control character");
      if (take('u')) {
        std::uint32_t c = take_hex(4);
        if (c >> 10 == 0xd800 >> 10 && peek() == '\\' && peek(1) == 'u') {
          at_ += 2;
          const std::uint32_t low = take_hex(4);
          if (low >> 10 != 0xdc00 >> 10) fail(refusal::malformed, at, "a lone surrogate");
          c = 0x1'0000 + ((c & 0x3ff) << 10 | (low & 0x3ff));
        } else if (at_end()) {
          expected("the rest of the string");
        }
        append_character(all, c, at);
      } else {
        const std::size_t known = std::string_view("\"\\/bfnrt").find(peek());
        if (known == in_.npos) expected("an escape that JSON has");
        all += "\"\\/\b\f\n\r\t"[known];
        ++at_;
      }
    }
  }

  // Up to two letters and a quote.
  bool starts_string() const {
    std::size_t n = 0;
    while (n != 2 && std::string_view("rRbBuU").find(peek(n)) != in_.npos) ++n;
    return peek(n) == '\'' || peek(n) == '"';
  }
  // Those that follow each other are one.
  value read_strings() {
    std::string all;
    bool first = true, are_bytes = false;
    for (; starts_string(); skip_blanks()) {
      const std::size_t at = at_;
      std::string prefix;
      for (; is_letter(peek()); ++at_) prefix += static_cast<char>(peek() | 0x20);
      if (prefix.size() == 2 && prefix != "rb" && prefix != "br")
        fail(refusal::malformed, at, "a string has no such prefix");
      const bool is_bytes = prefix.find('b') != prefix.npos;
      if (!std::exchange(first, false) && is_bytes != are_bytes)
        fail(refusal::malformed, at, "bytes and text are not one");
      are_bytes = is_bytes;
      read_python_text(all, prefix.find('r') != prefix.npos, is_bytes);
    }
    if (!are_bytes) return all;
    const auto them = std::as_bytes(std::span(all));
    return bytes(them.begin(), them.end());
  }
  void read_python_text(std::string& all, bool raw, bool is_bytes) {
    const char quote = peek();
    const bool thrice = peek(1) == quote && peek(2) == quote;
    at_ += thrice ? 3 : 1;
    for (;;) {
      const std::size_t plain = at_;
      const auto is_plain = [&](char c) {
        return c != quote && c != '\\' && c != '\n' && c != '\r' && c != '\0' &&
               !(is_bytes && (c & 0x80) != 0);
      };
      while (is_plain(peek())) ++at_;
      all.append(in_, plain, at_ - plain);
      if (take(quote)) {
        if (!thrice) return;
        if (peek() == quote && peek(1) == quote) return void(at_ += 2);
        all += quote;
      } else if (take('\\')) {
        if (!raw) {
          read_escape(all, is_bytes);
        } else {
          all += '\\';
          if (!take_line_end(all) && (peek() == quote || peek() == '\\')) all += in_[at_++];
        }
      } else if (!thrice || !take_line_end(all)) {
        expected(is_bytes ? "ASCII or an escape" : "a character or an escape");
      }
    }
  }
  // All ends of lines are one character in Python.
  bool take_line_end(std::string& all) {
    if (peek() != '\n' && peek() != '\r') return false;
    if (take('\r') ? peek() == '\n' : true) ++at_;
    return all += '\n', true;
  }
  void read_escape(std::string& all, bool is_bytes) {
    const std::size_t at = at_ - 1;
    std::string ignored;
    if (at_end()) expected("the rest of the escape");
    if (take_line_end(ignored)) return;
    const char c = peek();
    if (const std::size_t known = std::string_view("\\'\"abfnrtv").find(c); known != in_.npos) {
      all += "\\'\"\a\b\f\n\r\t\v"[known];
      ++at_;
    } else if (c >= '0' && c <= '7') {
      std::uint32_t n = 0;
      for (int i = 0; i != 3 && peek() >= '0' && peek() <= '7'; ++i, ++at_)
        n = n << 3 | static_cast<std::uint32_t>(peek() - '0');
      if (is_bytes && n > 0xff) fail(refusal::malformed, at, "an escape above 0377");
      is_bytes ? void(all += static_cast<char>(n)) : append_utf8(all, n);
    } else if (c == 'x') {
      ++at_;
      const std::uint32_t n = take_hex(2);
      is_bytes ? void(all += static_cast<char>(n)) : append_utf8(all, n);
    } else if (!is_bytes && (c == 'u' || c == 'U')) {
      ++at_;
      append_character(all, take_hex(c == 'u' ? 4 : 8), at);
    } else if (!is_bytes && c == 'N') {
      fail(refusal::malformed, at, "characters by name are not known here");
    } else {
      all += '\\';  // Python leaves what it does not know as it is
    }
  }

  const std::string_view in_;
  const bool json_;
  std::size_t at_ = 0, depth_, brackets_ = 0;
  enum class number : std::uint8_t { none, plain, with_sign };
  number number_is_ = number::none;  // what was read last, or what is in the parentheses around it
  std::string number_;               // the digits of the number that is being read
};

}  // namespace

value read_literal(std::string_view in, serializer how, wire::limits most) {
  return text_reader(in, how, most).whole();
}

}  // namespace gof::inline v0::pyro::detail
