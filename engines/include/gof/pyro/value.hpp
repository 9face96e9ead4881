// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// Values whose types are known at run time only, as Python's are, and how they cross.

#include <chrono>
#include <complex>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <gof/wire.hpp>

namespace gof::inline v0::pyro {

/// \addtogroup pyro
/// @{

/// How values are written; the numbers are Pyro's.
enum class serializer : std::uint8_t {
  serpent = 1,  ///< literals of Python; what Python uses unless it is told otherwise
  marshal = 2,  ///< Python's own; refused here
  json = 3,     ///< JSON, and `NaN`, `Infinity` and `-Infinity`, as Python writes them
  msgpack = 4   ///< MessagePack; what typed code reads and writes
};

class value;
using bytes = std::vector<std::byte>;               ///< Python's `bytes`.
using date = std::chrono::sys_days;                 ///< Python's `date`; its years are 1 to 9999.
using list = std::vector<value>;                    ///< Python's `list`.
using dict = std::vector<std::pair<value, value>>;  ///< Python's `dict`: keys and values, in order.
/// A moment; Python's `datetime`. Its years are 1 to 9999.
using datetime = std::chrono::time_point<std::chrono::system_clock, std::chrono::duration<double>>;

/// Python's `tuple`: `tuple{{1, "two"}}`.
struct tuple {
  list items;                                          ///< what is in it
  friend bool operator==(const tuple&, const tuple&);  ///< By items, in order.
};
/// Python's `set`: `set{{1, "two"}}`. Nothing is in it twice, or it is refused where it is written.
struct set {
  list items;                                      ///< what is in it, in the order in which it came
  friend bool operator==(const set&, const set&);  ///< By items, in any order.
};

/// An integer of any size, in decimal.
class big_integer {
 public:
  /// No integer has more digits than Python reads.
  static constexpr std::size_t most_digits = 4300;
  /// \param text digits, after a `-` if it is negative
  /// \throws wire::error malformed, too_large
  explicit big_integer(std::string_view text);
  /// \param n the integer
  template <wire::detail::integer T>
  explicit big_integer(T n) : text_(std::to_string(n)) {}
  /// \returns it, without zeros before it
  [[nodiscard]] const std::string& text() const noexcept { return text_; }
  friend bool operator==(const big_integer&, const big_integer&) = default;  ///< By value.

 private:
  std::string text_;
};

/// \cond
namespace detail {
using any_of =
    std::variant<std::monostate, bool, std::int64_t, std::uint64_t, big_integer, double,
                 std::complex<double>, std::string, bytes, date, datetime, list, tuple, set, dict>;
template <class T, class Variant>
constexpr bool is_among = false;
template <class T, class... A>
constexpr bool is_among<T, std::variant<A...>> = (std::same_as<T, A> || ...);
template <class T, class... A>
concept one_of = (std::same_as<T, A> || ...);
template <class T>
concept text = std::convertible_to<const T&, std::string_view>;
}  // namespace detail
/// \endcond

/// What a value can be.
template <class T>
concept kind_of_value = detail::is_among<T, detail::any_of>;

/// Any value that crosses between programs, whatever its type. What becomes of it on the way:
///
/// | C++                          | Python       | serpent      | JSON     | MessagePack  |
/// |------------------------------|--------------|--------------|----------|--------------|
/// | `std::monostate`, `bool`     | `None`, bool | the same     | the same | the same     |
/// | `std::int64_t`               | int          | the same     | the same | the same     |
/// | `std::uint64_t`, if larger   | int          | the same     | the same | the same     |
/// | \ref big_integer, if neither | int          | the same     | the same | extension 31 |
/// | `double`                     | float        | the same     | the same | the same     |
/// | `std::complex<double>`       | complex      | the same     | refused  | extension 30 |
/// | `std::string`, UTF-8         | str          | the same     | the same | the same     |
/// | \ref bytes                   | bytes        | see below    | refused  | the same     |
/// | \ref date                    | date         | text         | text     | extension 33 |
/// | \ref datetime                | datetime     | text, in UTC | text     | extension 32 |
/// | \ref list                    | list         | the same     | the same | the same     |
/// | \ref tuple                   | tuple        | the same     | list     | list         |
/// | \ref set                     | set          | set, or `()` | list     | list         |
/// | \ref dict, keys of text      | dict         | the same     | the same | the same     |
/// | … keys of bytes              | dict         | the same     | refused  | the same     |
/// | … keys of nil, bool, numbers | dict         | the same     | text     | refused      |
/// | … keys of tuples of such     | dict         | the same     | refused  | refused      |
///
/// The extensions (hexadecimal) are Pyro's; all others are refused, MessagePack's own timestamp
/// too. serpent writes bytes, a NaN, and a complex number with one, as dicts. A Python program gets
/// bytes as that dict, and reads it with `serpent.tobytes`; here it becomes bytes again.
///
/// A key that comes twice is refused, where Python takes the last. 1, 1.0 and true are three values
/// here, and one key in Python.
class value {
 public:
  /// Nil.
  value() noexcept = default;
  /// Nil.
  value(std::nullptr_t) noexcept {}
  /// \param b a bool
  template <std::same_as<bool> T>
  value(T b) noexcept : held_(b) {}
  /// \param n an integer
  template <wire::detail::integer T>
    requires(!detail::one_of<T, bool, char>)
  value(T n)
  noexcept {
    if (std::is_signed_v<T> || static_cast<std::uint64_t>(n) <= ~std::uint64_t{} >> 1)
      held_ = static_cast<std::int64_t>(n);
    else
      held_ = static_cast<std::uint64_t>(n);
  }
  /// \param n an integer; it becomes an `std::int64_t` or `std::uint64_t` if it is one
  value(big_integer n);
  /// \param x a number
  template <wire::detail::floating T>
  value(T x) noexcept : held_(static_cast<double>(x)) {}
  /// \param s text, UTF-8
  value(std::string s) noexcept : held_(std::move(s)) {}
  /// \param s text, UTF-8
  value(std::string_view s) : held_(std::string(s)) {}
  /// \param s text, UTF-8, up to its zero
  value(const char* s) : held_(std::string(s)) {}
  /// \param t a moment
  value(datetime t) noexcept : held_(t) {}
  /// \param it anything else that a value can be
  template <kind_of_value T>
    requires(detail::one_of<T, std::monostate, std::complex<double>, bytes, date, list, tuple, set,
                            dict>)
  value(T it)
  noexcept : held_(std::move(it)) {}

  /// \returns whether it is of this kind
  template <kind_of_value T>
  [[nodiscard]] bool is() const noexcept {
    return std::holds_alternative<T>(held_);
  }
  /// \returns it. \throws wire::error wrong_type, which says what it is, if it is of another kind
  template <kind_of_value T>
  [[nodiscard]] const T& as() const& {
    if (const T* it = std::get_if<T>(&held_)) return *it;
    refuse_as(boost::mp11::mp_find<detail::any_of, T>::value);
  }
  /// The same, to be changed.
  template <kind_of_value T>
    requires(!detail::one_of<T, std::uint64_t, big_integer>)
  [[nodiscard]] T& as() & { return const_cast<T&>(std::as_const(*this).as<T>()); }
  /// The same, to be kept.
  template <kind_of_value T>
  [[nodiscard]] T as() && {
    return std::move(const_cast<T&>(std::as_const(*this).as<T>()));
  }
  /// \returns what `f` does for what it is. \param f takes each kind
  template <class F>
  decltype(auto) visit(F&& f) const {
    return std::visit(std::forward<F>(f), held_);
  }
  /// \returns its kind, in words, such as `a list`
  [[nodiscard]] const char* kind() const noexcept;

  /// \returns what is in a list, tuple or set. \throws wire::error wrong_type
  [[nodiscard]] const list& items() const;
  /// \returns one of them. \param i which \throws wire::error wrong_type, out_of_range
  [[nodiscard]] const value& operator[](std::size_t i) const;
  /// \returns what a dict has for a key, which takes time as it has keys; null if it has no such
  /// key, or is no dict. \param key the key
  template <detail::text T>
  [[nodiscard]] const value* find(const T& key) const {
    return find_text(key);
  }
  /// The same, for any key.
  [[nodiscard]] const value* find(const value& key) const;
  /// \returns the same. \param key the key \throws wire::error wrong_type, missing_field
  [[nodiscard]] const value& at(const value& key) const;

  /// Of the same kind and the same: dicts and sets in any order, 0.0 and -0.0, and all NaN.
  friend bool operator==(const value&, const value&);

 private:
  [[nodiscard]] const value* find_text(std::string_view key) const;
  [[noreturn]] void refuse_as(std::size_t wanted) const;

  detail::any_of held_;
};

/// \returns it as Python shows it. \param v any value, even one that cannot be written
[[nodiscard]] std::string to_string(const value& v);

/// Writes a value. serpent and JSON are what Python writes, byte for byte, but for the moments,
/// which have no time zone there, and for characters above U+00FF that cannot be seen, which
/// serpent writes as escapes.
/// \param out what is appended to \param v the value \param how in which serializer
/// \param most what it may be
/// \throws wire::error wrong_type for what the table of \ref value says is refused, for an item of
/// a set that cannot be a key in serpent, and for marshal; malformed for text that is not UTF-8;
/// duplicate_field; out_of_range for years that Python has not; too_large, too_deep;
/// std::bad_alloc; `out` unchanged
/// \law RoundTrip: what is decoded is what the table says
void encode_to(std::string& out, const value& v, serializer how, wire::limits most = {});
/// Writes a value. \returns its bytes \param v the value \param how in which serializer
/// \param most what it may be \throws as encode_to
[[nodiscard]] std::string encode(const value& v, serializer how, wire::limits most = {});

/// Reads a value. serpent is what Python's `ast.literal_eval` takes, but for `...`, characters by
/// name, lone surrogates, octal escapes above 0377 in bytes, integers above 64 bits that are not
/// decimal, lines that are continued, and tuples without parentheses; JSON is what Python's
/// `json.loads` takes, but for lone surrogates.
/// \param in its bytes, and nothing else \param how in which serializer \param most what it may be
/// \returns the value
/// \throws wire::error that says where: truncated, trailing_bytes, malformed; wrong_type for what
/// cannot be a key, for another extension, and for marshal; wrong_length of an extension;
/// duplicate_field; out_of_range for years that Python has not; too_large, too_deep; std::bad_alloc
/// \threads a pure function
[[nodiscard]] value decode(std::string_view in, serializer how, wire::limits most = {});

/// Writes what was written in one serializer in another: typed code reads and writes MessagePack.
/// \param out what is appended to \param in a value \param from its serializer \param to the other
/// \param most what both may be \throws as decode and encode_to; `out` unchanged
inline void transcode_to(std::string& out, std::string_view in, serializer from, serializer to,
                         wire::limits most = {}) {
  encode_to(out, decode(in, from, most), to, most);
}

/// @}
}  // namespace gof::inline v0::pyro
