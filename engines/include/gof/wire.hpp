// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// Wire: values as MessagePack and back, typed, canonical, and safe against hostile bytes.

#include <algorithm>
#include <array>
#include <bit>
#include <boost/describe.hpp>
#include <boost/mp11.hpp>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

/// \defgroup wire Wire
/// \ingroup engines
/// What crosses between programs: a value is MessagePack, and the type says what is accepted.
///
/// | To …                                    | write                                                    |
/// |-----------------------------------------|----------------------------------------------------------|
/// | let a struct cross                      | `BOOST_DESCRIBE_STRUCT(order, (), (id, price))`          |
/// | make bytes                              | `encode(value)`; `encode_to(out, value)` appends         |
/// | make a value                            | `decode<order>(bytes)`; throws `error`                   |
/// | the same, from strangers                | `decode_into(bytes, value)`; returns why not             |
/// | add a member that old readers skip      | `std::optional<T> note;`                                 |
/// | add one that old readers must not skip  | `required<T> currency;`                                  |
/// | pass on what a newer writer added       | a member `unknown_fields rest;`                          |
/// | say which layout it is                  | `versioned<order, 1, 2>`                                 |
///
/// | C++                                                    | MessagePack                                |
/// |--------------------------------------------------------|--------------------------------------------|
/// | `bool`, integers, enums, durations                     | bool; integer, the shortest                |
/// | `float`, `double`                                      | float 32, float 64                         |
/// | `std::string`; `std::string_view`, to encode           | str                                        |
/// | vector and array of `std::byte`; span of it, to encode | bin                                        |
/// | vector, array, deque, list, pair, tuple                | array                                      |
/// | map and unordered_map of `std::string`                 | map; an unordered one is sorted            |
/// | optional, monostate                                    | nil or the value; nil                      |
/// | variant                                                | array: index, value                        |
/// | described struct                                       | map: names and members, bases first        |
/// | \ref raw                                               | any value, which is not looked into        |
///
/// \source MessagePack specification, https://github.com/msgpack/msgpack/blob/master/spec.md

/// \namespace gof::wire
/// See \ref wire.

namespace gof::inline v0::wire {

/// \addtogroup wire
/// @{

/// Why bytes are not a value, or a value does not become bytes.
enum class refusal {
  none,                    ///< it was not refused
  truncated,               ///< the bytes end inside the value
  trailing_bytes,          ///< the bytes go on after the value
  malformed,               ///< the byte that MessagePack never uses
  wrong_type,              ///< such as a string where there has to be an integer
  wrong_length,            ///< of an array whose length is fixed
  out_of_range,            ///< a number that the type cannot hold exactly; no such alternative
  too_large,               ///< more bytes than the limit
  too_deep,                ///< more levels than the limit
  missing_field,           ///< a member that is not optional is not there
  duplicate_field,         ///< a name or key is there twice
  unknown_required_field,  ///< a field that must be understood, and is not known
  unknown_enumerator,      ///< a number that is no described enumerator
  unknown_version          ///< a version that is not accepted
};
/// \cond
BOOST_DESCRIBE_ENUM(refusal, none, truncated, trailing_bytes, malformed, wrong_type, wrong_length,
                    out_of_range, too_large, too_deep, missing_field, duplicate_field,
                    unknown_required_field, unknown_enumerator, unknown_version)
/// \endcond

/// Something was refused. The message says where, what was expected, and what was there.
class error : public std::runtime_error {
 public:
  /// \param why the reason \param what the message
  error(refusal why, const std::string& what) : std::runtime_error(what), why_(why) {}
  /// \returns the reason
  [[nodiscard]] refusal why() const noexcept { return why_; }

 private:
  refusal why_;
};

/// What a message may be, in both directions. So a message of n bytes makes at most n elements; but
/// strangers can choose keys that slow an unordered map down, and not those of a map.
struct limits {
  std::size_t bytes = 1 << 20;  ///< of the whole message
  std::size_t depth = 64;       ///< arrays and maps inside each other
};

/// A member that a reader has to understand: one that does not know it refuses the whole message.
/// On the wire its name begins with `!`. One that is optional binds readers only where it is there.
template <class T>
struct required {
  T value{};                                                           ///< the member
  friend bool operator==(const required&, const required&) = default;  ///< By value.
};

namespace detail {
struct access;
}
/// As a member of a struct: keeps the fields that the struct does not know, and writes them again
/// unchanged, after the others.
class unknown_fields {
 public:
  /// \returns how many there are
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  friend bool operator==(const unknown_fields&, const unknown_fields&) = default;  ///< By bytes.

 private:
  friend struct detail::access;  ///< Fills it, and writes it.
  std::size_t size_ = 0;
  std::string bytes_;  // names and values as they came, each looked through
};

/// One value that is not looked into, whatever it is: read as it came, and written as it is.
struct raw {
  std::string bytes = "\xc0";  ///< its MessagePack: one whole value, or what it is part of is none
  friend bool operator==(const raw&, const raw&) = default;  ///< By bytes.
};

/// An envelope that says which layout of T it holds. A version that is not accepted is refused
/// before the value is looked at. \tparam Accepted the versions; the last is written unless set
template <class T, std::uint32_t... Accepted>
  requires(sizeof...(Accepted) > 0)
struct versioned {
  /// \returns whether a version is accepted
  [[nodiscard]] static constexpr bool accepts(std::uint32_t v) { return ((v == Accepted) || ...); }
  /// Of the layout.
  std::uint32_t version =
      boost::mp11::mp_back<boost::mp11::mp_list_c<std::uint32_t, Accepted...>>();
  T value{};                                                             ///< What it holds.
  friend bool operator==(const versioned&, const versioned&) = default;  ///< By both.
};

namespace detail {
namespace describe = boost::describe;
namespace mp = boost::mp11;

// The name of T, without what it is nested in.
template <class T>
constexpr std::string_view name_of() {
  std::string_view text = __PRETTY_FUNCTION__;  // "… [with T = a::b; …]" or "… [T = a::b]"
  text.remove_prefix(text.find("T = ") + 4);
  text = text.substr(0, text.find_first_of(";]"));
  return text.substr(text.substr(0, text.find('<')).rfind(':') + 1);
}

template <class T, template <class...> class Template>
constexpr bool is = false;
template <template <class...> class Template, class... T>
constexpr bool is<Template<T...>, Template> = true;
template <class T>
constexpr bool is_versioned = false;
template <class T, std::uint32_t... V>
constexpr bool is_versioned<versioned<T, V...>> = true;

template <class T>
concept floating = std::same_as<T, float> || std::same_as<T, double>;
template <class T>
concept integer = std::integral<T> && sizeof(T) <= sizeof(std::uint64_t) && !std::is_const_v<T>;
template <class T>
concept string = std::same_as<T, std::string> || std::same_as<T, std::string_view>;
template <class T>
concept binary = requires(const T& v) {
  { v.data() } -> std::same_as<const std::byte*>;
};
template <class T>
concept view = std::same_as<T, std::string_view> ||
    (binary<T>&& std::is_const_v<std::remove_pointer_t<decltype(std::declval<T&>().data())>>);
template <class T>
concept duration = requires {
  typename T::period;
};
template <class T>
concept described = describe::has_describe_members<T>::value && !std::is_union_v<T>;
template <class T>
concept map = string<typename T::key_type> && requires(T& v) {
  v.try_emplace({});
};
template <class T>
concept sequence = requires(T& v) {
  v.emplace_back(), v.resize(v.size());
};
template <class T>
concept fixed = requires {
  std::tuple_size<T>::value;
};
template <class T>
concept array = fixed<T> && requires {
  typename T::value_type;
};

// The members of a struct: D is how one is described, `required` is taken off its type.
template <class C, class M>
std::type_identity<M> type_of(M C::*);
template <class D>
using type = typename decltype(type_of(D::pointer))::type;
template <class D>
using value_type = mp::mp_eval_if_c<!is<type<D>, required>, type<D>, mp::mp_first, type<D>>;
template <class D>
using is_keeper = std::is_same<type<D>, unknown_fields>;
template <class T>
using members = describe::describe_members<T, describe::mod_any_access | describe::mod_inherited |
                                                  describe::mod_hidden>;
template <class T>
using fields = mp::mp_rename<mp::mp_remove_if<members<T>, is_keeper>, mp::mp_list>;
template <class T>
using keepers = mp::mp_rename<mp::mp_copy_if<members<T>, is_keeper>, mp::mp_list>;

template <class D>
constexpr auto& value(auto& object) {
  if constexpr (is<type<D>, required>) return (object.*D::pointer).value;
  if constexpr (!is<type<D>, required>) return object.*D::pointer;
}
// An empty optional is not written, so that bytes do not change when a member is added.
template <class D>
constexpr bool is_written(const auto& object) {
  if constexpr (is<value_type<D>, std::optional>) return value<D>(object).has_value();
  return true;
}
// The name of a member as it is written: a str with its header.
template <class D>
constexpr auto key = [] {
  constexpr std::string_view name = D::name;
  constexpr bool must = is<type<D>, required>;
  constexpr std::size_t size = name.size() + must, header = size < 32 ? 1 : 2;
  static_assert(size < 256, "gof::wire: a name of more than 255 characters");
  std::array<char, header + size> bytes{static_cast<char>(size < 32 ? 0xa0 | size : 0xd9)};
  if (size >= 32) bytes[1] = static_cast<char>(size);
  if (must) bytes[header] = '!';
  std::copy(name.begin(), name.end(), bytes.begin() + header + must);
  return bytes;
}();
template <class D>
constexpr std::string_view written(key<D>.data(), key<D>.size());
template <class D>
constexpr std::string_view name = written<D>.substr(written<D>.size() < 33 ? 1 : 2);

// The types of which T is made; void where T cannot cross.
template <class T>
consteval auto parts() {
  constexpr bool whole = integer<T> || floating<T> || std::is_enum_v<T> || string<T> || binary<T>;
  if constexpr (whole || std::same_as<T, std::monostate> || std::same_as<T, raw>)
    return mp::mp_list<>();
  else if constexpr (is_versioned<T>)
    return mp::mp_list<decltype(T::value)>();
  else if constexpr (described<T>)
    return mp::mp_transform<value_type, fields<T>>();
  else if constexpr (duration<T>)
    return mp::mp_list<typename T::rep>();
  else if constexpr (map<T>)
    return mp::mp_list<typename T::key_type, typename T::mapped_type>();
  else if constexpr (sequence<T> || array<T>)
    return mp::mp_list<typename T::value_type>();
  else if constexpr (is<T, std::optional> || is<T, std::variant> || fixed<T>)
    return mp::mp_rename<T, mp::mp_list>();
}
// Two values would have the same bytes, or two members the same name.
template <class T>
consteval bool is_ambiguous() {
  if constexpr (is<T, std::optional>) {
    using inner = typename T::value_type;
    return is<inner, std::optional> || std::same_as<inner, std::monostate>;
  } else if constexpr (described<T>) {
    const auto twice = []<class... D>(mp::mp_list<D...>) {
      std::vector<std::string_view> names{name<D>...};
      std::sort(names.begin(), names.end());
      return std::adjacent_find(names.begin(), names.end()) != names.end();
    };
    return twice(fields<T>()) || mp::mp_size<keepers<T>>() > 1;
  }
  return false;
}
// The innermost part of T that cannot cross; void if there is none. A type may contain itself.
template <class T, bool Decodes, class... Outer>
consteval auto culprit() {
  using P = decltype(parts<T>());
  if constexpr ((std::same_as<T, Outer> || ...))
    return std::type_identity<void>();
  else if constexpr (std::is_void_v<P>)
    return std::type_identity<T>();
  else if constexpr (Decodes && (view<T> || !std::default_initializable<T>))
    return std::type_identity<T>();
  else
    return []<class... Part>(mp::mp_list<Part...>) {
      using inner = mp::mp_list<typename decltype(culprit<Part, Decodes, T, Outer...>())::type...>;
      using itself = std::conditional_t<is_ambiguous<T>(), T, void>;
      using found = mp::mp_push_back<mp::mp_remove<inner, void>, itself>;
      return std::type_identity<mp::mp_front<found>>();
    }(P());
}
// Its name is what the compiler says of the type that stands in the way.
template <class Culprit>
concept known_or_described_with_BOOST_DESCRIBE_STRUCT = std::is_void_v<Culprit>;
}  // namespace detail

/// Can be made bytes: it is built of the types in the table above, inside each other as you like.
template <class T>
concept encodable = detail::known_or_described_with_BOOST_DESCRIBE_STRUCT<
    typename decltype(detail::culprit<T, false>())::type>;
/// Can be made of bytes as well: it owns what it holds, and all its parts have a default.
template <class T>
concept decodable = encodable<T> && detail::known_or_described_with_BOOST_DESCRIBE_STRUCT<
    typename decltype(detail::culprit<T, true>())::type>;

namespace detail {
template <class E>
constexpr bool is_enumerator(E e) {
  if constexpr (describe::has_describe_enumerators<E>::value) {
    bool found = false;
    mp::mp_for_each<describe::describe_enumerators<E>>([&](auto d) { found |= d.value == e; });
    return found;
  }
  return true;
}

struct access {
  static auto& size(auto& unknown) { return unknown.size_; }
  static auto& bytes(auto& unknown) { return unknown.bytes_; }
};

[[noreturn]] inline void refuse(refusal why, const std::string& what) {
  throw error(why, "gof::wire: " + what);
}

// Writes behind what is in the string already, which is as before unless finish() was called.
struct writer {
  std::string& out;
  const limits most;
  const std::size_t begin = out.size();
  std::size_t kept = begin, depth = most.depth;
  char* at = out.data() + begin;  // what was written ends here …
  char* end = at;                 // … and there is room until here

  ~writer() { out.resize(kept); }
  std::size_t used() const { return static_cast<std::size_t>(at - out.data()); }
  void finish() {
    if (used() - begin > most.bytes) refuse_size();
    kept = used();
  }
  [[noreturn]] void refuse_size() const {
    refuse(refusal::too_large,
           "the value takes more than " + std::to_string(most.bytes) + " bytes");
  }
  void room(std::size_t n) {
    if (static_cast<std::size_t>(end - at) < n) grow(n);
  }
  void check(std::size_t n) const {
    if (n > most.bytes || used() - begin > most.bytes - n) refuse_size();
  }
  [[gnu::noinline]] void grow(std::size_t n) {
    const std::size_t size = used();
    check(n);
    out.resize(size + n + std::min<std::size_t>(size - begin, 4096) + 128);
    at = out.data() + size;
    end = out.data() + out.size();
  }
  // What has no room is appended, so that room for it is not set to zero first.
  [[gnu::noinline]] void append(const void* from, std::size_t n) {
    check(n);
    out.resize(used());
    out.append(static_cast<const char*>(from), n);
    at = end = out.data() + out.size();
  }

  void byte(std::size_t b) {
    room(1);
    *at++ = static_cast<char>(b);
  }
  void bytes(const void* from, std::size_t n) {
    if (static_cast<std::size_t>(end - at) < n) return append(from, n);
    if (n != 0) std::memcpy(at, from, n);
    at += n;
  }
  // The byte `first + log2`, then a number of `1 << log2` bytes.
  void number(unsigned first, unsigned log2, std::uint64_t n) {
    room(1 + (std::size_t{1} << log2));
    *at++ = static_cast<char>(first + log2);
    for (int bits = 8 << log2; bits != 0;) *at++ = static_cast<char>(n >> (bits -= 8));
  }
  // The header of n things: in one byte if they are few, or else as a number of those forms that
  // begin with `first`, in which it has at least `1 << log2` bytes.
  void header(unsigned one, std::size_t few, unsigned first, unsigned log2, std::size_t n) {
    if (n < few) return byte(one | n);
    if (n > 0xffff'ffff) refuse_size();
    number(first - log2, std::max(log2, n <= 0xff ? 0U : n <= 0xffff ? 1U : 2U), n);
  }
  void array(std::size_t n) { header(0x90, 16, 0xdc, 1, n); }
  void map(std::size_t n) { header(0x80, 16, 0xde, 1, n); }
  void string(std::string_view s) {
    header(0xa0, 32, 0xd9, 0, s.size());
    bytes(s.data(), s.size());
  }
};

template <class T>
void write(writer& w, const T& v);

template <class T>
void write_integer(writer& w, T v) {
  const auto n = static_cast<std::uint64_t>(v);
  if (std::is_unsigned_v<T> || v >= T{}) {
    if (n < 0x80) return w.byte(n);
    w.number(0xcc, n <= 0xff ? 0 : n <= 0xffff ? 1 : n <= 0xffff'ffff ? 2 : 3, n);
  } else {
    if (~n < 0x20) return w.byte(n & 0xff);
    w.number(0xd0, ~n < 0x80 ? 0 : ~n < 0x8000 ? 1 : ~n < 0x8000'0000 ? 2 : 3, n);
  }
}
template <class T>
void write_struct(writer& w, const T& v) {
  [&]<class... D, class... K>(mp::mp_list<D...>, mp::mp_list<K...>) {
    w.map((std::size_t{0} + ... + is_written<D>(v)) +
          (std::size_t{0} + ... + (v.*K::pointer).size()));
    [[maybe_unused]] const auto field = [&]<class F>(mp::mp_identity<F>) {
      if (!is_written<F>(v)) return;
      w.bytes(key<F>.data(), key<F>.size());
      write(w, value<F>(v));
    };
    (field(mp::mp_identity<D>()), ...);
    (w.bytes(access::bytes(v.*K::pointer).data(), access::bytes(v.*K::pointer).size()), ...);
  }(fields<T>(), keepers<T>());
}
template <class T>
void write_map(writer& w, const T& v) {
  w.map(v.size());
  const auto entry = [&](const auto& e) { w.string(e.first), write(w, e.second); };
  if constexpr (requires { typename T::hasher; }) {
    std::vector<const typename T::value_type*> sorted;
    for (const auto& e : v) sorted.push_back(&e);
    std::sort(sorted.begin(), sorted.end(), [](auto* a, auto* b) { return a->first < b->first; });
    for (const auto* e : sorted) entry(*e);
  } else {
    for (const auto& e : v) entry(e);
  }
}
template <class T>
void write_levels(writer& w, const T& v) {
  if (w.depth-- == 0) refuse(refusal::too_deep, "the value has too many levels");
  if constexpr (is_versioned<T>) {
    if (!T::accepts(v.version))
      refuse(refusal::unknown_version, "version " + std::to_string(v.version) + " is not accepted");
    w.array(2), write(w, v.version), write(w, v.value);
  } else if constexpr (is<T, std::variant>) {
    if (v.valueless_by_exception()) refuse(refusal::out_of_range, "a variant without a value");
    w.array(2), write(w, v.index());
    std::visit([&](const auto& held) { write(w, held); }, v);
  } else if constexpr (described<T>) {
    write_struct(w, v);
  } else if constexpr (map<T>) {
    write_map(w, v);
  } else if constexpr (sequence<T> || array<T>) {
    w.array(v.size());
    for (const typename T::value_type& e : v) write(w, e);
  } else {
    w.array(std::tuple_size_v<T>);
    std::apply([&](const auto&... e) { (write(w, e), ...); }, v);
  }
  ++w.depth;
}
template <class T>
void write(writer& w, const T& v) {
  if constexpr (std::same_as<T, bool>)
    w.byte(v ? 0xc3 : 0xc2);
  else if constexpr (integer<T>)
    write_integer(w, v);
  else if constexpr (std::same_as<T, float>)
    w.number(0xca - 2, 2, std::bit_cast<std::uint32_t>(v));
  else if constexpr (std::same_as<T, double>)
    w.number(0xcb - 3, 3, std::bit_cast<std::uint64_t>(v));
  else if constexpr (std::is_enum_v<T>) {
    if (!is_enumerator(v)) refuse(refusal::unknown_enumerator, "no " + std::string(name_of<T>()));
    write(w, static_cast<std::underlying_type_t<T>>(v));
  } else if constexpr (string<T>)
    w.string(v);
  else if constexpr (binary<T>)
    w.header(0, 0, 0xc4, 0, v.size()), w.bytes(v.data(), v.size());
  else if constexpr (std::same_as<T, std::monostate>)
    w.byte(0xc0);
  else if constexpr (std::same_as<T, raw>)
    w.bytes(v.bytes.data(), v.bytes.size());
  else if constexpr (is<T, std::optional>)
    v ? write(w, *v) : w.byte(0xc0);
  else if constexpr (duration<T>)
    write(w, v.count());
  else
    write_levels(w, v);
}

// The formats of MessagePack, by what they are of.
enum class kind { nil, boolean, natural, negative, f32, f64, ext, bin, str, array, map, never };
constexpr const char* names[] = {"nil",      "a bool",   "an integer",   "an integer",
                                 "a float",  "a float",  "an extension", "bytes",
                                 "a string", "an array", "a map",        "the byte 0xc1"};
// What the first bytes of a value say: n is the number, size or count.
struct token {
  kind is = kind::never;
  std::uint64_t n = 0;
};

// Reads from the front. What returns false has called refuse() before.
struct reader {
  static constexpr std::size_t none = ~std::size_t{};
  const unsigned char *begin, *end;
  std::size_t depth;
  std::string* path = nullptr;  // to where it was refused; null if nobody asks
  const unsigned char* at = begin;
  refusal why = refusal::none;
  const char* expected = "";
  std::string_view expected_name = "";
  std::size_t expected_number = none;
  const unsigned char* found = at;

  std::size_t left() const { return static_cast<std::size_t>(end - at); }

  [[gnu::cold]] bool refuse(refusal r, const unsigned char* where, const char* what,
                            std::string_view name = {}, std::size_t number = none) {
    why = r, found = where, expected = what, expected_name = name, expected_number = number;
    return false;
  }
  [[gnu::cold]] bool truncated() { return refuse(refusal::truncated, end, "more bytes"); }
  // On the way out of a refusal: it was in this part of what is around it.
  [[gnu::cold]] bool in(std::string_view part, const char* before = ".", const char* after = "") {
    if (path != nullptr) path->insert(0, before + printable(part) + after);
    return false;
  }
  [[gnu::cold]] bool in(std::size_t part) { return in(std::to_string(part), "[", "]"); }

  bool next(token& t) {
    using enum kind;
    static constexpr kind kinds[] = {
        nil, never,   boolean, boolean, bin,     bin,      bin,      ext,      ext,      ext, f32,
        f64, natural, natural, natural, natural, negative, negative, negative, negative, ext, ext,
        ext, ext,     ext,     str,     str,     str,      array,    array,    map,      map};
    static constexpr unsigned char sizes[] = {0, 0, 0, 0, 1, 2, 4, 1, 2, 4, 4, 8, 1, 2, 4, 8,
                                              1, 2, 4, 8, 0, 0, 0, 0, 0, 1, 2, 4, 2, 4, 2, 4};
    if (at == end) return truncated();
    const unsigned char b = *at++;
    if (b < 0x80) return t = {natural, b}, true;
    if (b >= 0xe0) return t = {negative, b | ~std::uint64_t{0xff}}, true;
    if (b < 0xc0) {
      t = b < 0x90   ? token{map, b & 0xfU}
          : b < 0xa0 ? token{array, b & 0xfU}
                     : token{str, b & 0x1fU};
    } else {
      unsigned size = sizes[b - 0xc0];
      if (left() < size) return truncated();
      t = {kinds[b - 0xc0], 0};
      const int unused = 64 - 8 * static_cast<int>(size);
      for (; size != 0; --size) t.n = t.n << 8 | *at++;
      if (t.is == never) return refuse(refusal::malformed, at - 1, "a value");
      if (t.is == boolean) t.n = b & 1;
      if (t.is == negative) {
        t.n = static_cast<std::uint64_t>(static_cast<std::int64_t>(t.n << unused) >> unused);
        if (t.n >> 63 == 0) t.is = natural;
      }
      if (t.is == ext) t.n = 1 + (b < 0xd4 ? t.n : 1U << (b - 0xd4));  // with its type
    }
    // All things in it take at least a byte, so nothing is allocated for what is not there.
    return t.is < ext || t.n * (t.is == map ? 2 : 1) <= left() || truncated();
  }
  bool next(kind is, token& t) {
    const unsigned char* const from = at;
    if (!next(t)) return false;
    return t.is == is || refuse(refusal::wrong_type, from, names[static_cast<int>(is)]);
  }
  // A str or bin.
  bool text(kind is, std::string_view& s) {
    token t;
    if (!next(is, t)) return false;
    s = {reinterpret_cast<const char*>(at), static_cast<std::size_t>(t.n)};
    at += t.n;
    return true;
  }
  // An array or map; leave() follows.
  bool enter(kind is, std::size_t& size) {
    const unsigned char* const from = at;
    token t;
    if (!next(is, t)) return false;
    size = static_cast<std::size_t>(t.n);
    return depth-- != 0 || refuse(refusal::too_deep, from, "fewer levels");
  }
  bool enter_array(std::size_t size) {
    const unsigned char* const from = at;
    std::size_t n = 0;
    if (!enter(kind::array, n)) return false;
    return n == size || refuse(refusal::wrong_length, from, "an array of ", {}, size);
  }
  bool leave() { return ++depth, true; }
  // Whether these bytes came next.
  bool skip(std::string_view bytes) {
    if (left() < bytes.size() || std::memcmp(at, bytes.data(), bytes.size()) != 0) return false;
    at += bytes.size();
    return true;
  }
  bool skip_value() {
    const unsigned char* const from = at;
    token t;
    if (!next(t)) return false;
    if (t.is >= kind::ext && t.is <= kind::str) at += t.n;
    if (t.is < kind::array) return true;
    if (depth-- == 0) return refuse(refusal::too_deep, from, "fewer levels");
    for (t.n *= t.is == kind::map ? 2 : 1; t.n != 0; --t.n)
      if (!skip_value()) return false;
    return leave();
  }

  // Of what a stranger sent: no more than fits, and nothing that moves a terminal.
  static std::string printable(std::string_view s) {
    std::string out(s.substr(0, 40));
    std::replace_if(
        out.begin(), out.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
    return s.size() > 40 ? out + "..." : out;
  }
  // What refuse() was told, in words.
  std::string message(std::string_view root) const {
    token t;
    reader there{found, end, 0};
    std::string what = "the end";
    if (found != end) {
      static_cast<void>(there.next(t));
      what = names[static_cast<int>(t.is)];
      if (t.is == kind::natural) what += " " + std::to_string(t.n);
      if (t.is == kind::negative) what += " " + std::to_string(static_cast<std::int64_t>(t.n));
      if (t.is >= kind::bin && t.is <= kind::map) what += " of " + std::to_string(t.n);
      if (why == refusal::duplicate_field || why == refusal::unknown_required_field)
        what = printable({reinterpret_cast<const char*>(there.at), static_cast<std::size_t>(t.n)});
    }
    return "gof::wire: " + std::string(root) + *path + ": expected " + expected +
           std::string(expected_name) +
           (expected_number == none ? "" : std::to_string(expected_number)) + ", found " + what +
           " (" + describe::enum_to_string(why, "") + ", byte " + std::to_string(found - begin) +
           ")";
  }
};

template <class T>
bool read(reader& r, T& v);

template <class T>
bool read_number(reader& r, T& v) {
  const unsigned char* const from = r.at;
  token t;
  if (!r.next(t)) return false;
  bool exact = true;
  const bool natural = t.is == kind::natural;
  if (natural || t.is == kind::negative) {
    if constexpr (integer<T>) {
      using range = std::numeric_limits<T>;
      exact = natural ? t.n <= static_cast<std::uint64_t>(range::max())
                      : std::is_signed_v<T> && ~t.n <= static_cast<std::uint64_t>(range::max());
      v = static_cast<T>(t.n);
    } else {
      const std::uint64_t size = natural ? t.n : 0 - t.n;
      exact = size == 0 || size >> std::countr_zero(size) >> std::numeric_limits<T>::digits == 0;
      v = natural ? static_cast<T>(size) : -static_cast<T>(size);
    }
  } else if (floating<T> && t.is == kind::f32) {
    v = static_cast<T>(std::bit_cast<float>(static_cast<std::uint32_t>(t.n)));
  } else if (floating<T> && t.is == kind::f64) {
    const auto sent = std::bit_cast<double>(t.n);
    exact = !std::isfinite(sent) ||
            (sent <= std::numeric_limits<T>::max() && sent >= std::numeric_limits<T>::lowest());
    if (exact) v = static_cast<T>(sent);  // a NaN too only if its payload fits
    exact = exact && std::bit_cast<std::uint64_t>(static_cast<double>(v)) == t.n;
  } else {
    return r.refuse(refusal::wrong_type, from, "", name_of<T>());
  }
  return exact || r.refuse(refusal::out_of_range, from, "", name_of<T>());
}

template <class D>
bool read_field(reader& r, auto& object) {
  return read(r, value<D>(object)) || r.in(D::name);
}
template <class D>
bool leave_out(reader& r, auto& object, const unsigned char* from) {
  if constexpr (is<value_type<D>, std::optional>) return value<D>(object).reset(), true;
  return r.refuse(refusal::missing_field, from, "the field ", name<D>);
}
template <class T, class... D, class... K>
bool read_struct(reader& r, T& v, mp::mp_list<D...>, mp::mp_list<K...>) {
  [[maybe_unused]] const unsigned char* const from = r.at;
  std::size_t left = 0;
  if (!r.enter(kind::map, left)) return false;
  ((v.*K::pointer = {}), ...);
  bool seen[sizeof...(D) + 1] = {};
  bool* it = seen;
  // First the fields that are in the order in which we write them …
  [[maybe_unused]] const auto next = [&]<class F>(mp::mp_identity<F>) {
    bool& seen_it = *it++;
    if (left == 0 || !r.skip(written<F>)) return true;
    --left;
    return seen_it = read_field<F>(r, v);
  };
  if (!(next(mp::mp_identity<D>()) && ...)) return false;
  // … and then all others.
  for (; left != 0; --left) {
    const unsigned char* const begin = r.at;
    std::string_view field;
    if (!r.text(kind::str, field)) return false;
    it = seen;
    bool fine = true;
    [[maybe_unused]] const auto matches = [&]<class F>(mp::mp_identity<F>) {
      bool& seen_it = *it++;
      if (field != name<F>) return false;
      fine = seen_it ? r.refuse(refusal::duplicate_field, begin, "each field once")
                     : (seen_it = read_field<F>(r, v));
      return true;
    };
    if ((matches(mp::mp_identity<D>()) || ...)) {
      if (!fine) return false;
    } else {
      if (field.starts_with('!'))
        return r.refuse(refusal::unknown_required_field, begin,
                        "no unknown field that is required");
      if (!r.skip_value()) return r.in(field);
      (++access::size(v.*K::pointer), ...);
      (access::bytes(v.*K::pointer).append(begin, r.at), ...);
    }
  }
  it = seen;
  return ((*it++ || leave_out<D>(r, v, from)) && ...) && r.leave();
}
template <class T>
bool read_map(reader& r, T& v) {
  std::size_t left = 0;
  if (!r.enter(kind::map, left)) return false;
  for (v.clear(); left != 0; --left) {
    const unsigned char* const from = r.at;
    std::string_view name;
    if (!r.text(kind::str, name)) return false;
    const auto [at, fresh] = v.try_emplace(std::string(name));
    if (!fresh) return r.refuse(refusal::duplicate_field, from, "each key once");
    if (!read(r, at->second)) return r.in(name, "[", "]");
  }
  return r.leave();
}
template <class T>
bool read_sequence(reader& r, T& v) {
  std::size_t size = 0, i = 0;
  if (!r.enter(kind::array, size)) return false;
  if (v.size() > size) v.resize(size);
  const auto element = [&](auto&& e) {
    if constexpr (std::same_as<typename T::value_type, bool>) {  // e may stand for a bit
      bool b = false;
      return read(r, b) && (e = b, true);
    } else {
      return read(r, e);
    }
  };
  for (auto&& e : v) {
    if (!element(e)) return r.in(i);
    ++i;
  }
  for (; i != size; ++i)
    if (!element(v.emplace_back())) return r.in(i);
  return r.leave();
}
template <class T>
bool read_levels(reader& r, T& v) {
  if constexpr (is_versioned<T>) {
    if (!r.enter_array(2)) return false;
    const unsigned char* const from = r.at;
    if (!read(r, v.version)) return r.in(0);
    if (!T::accepts(v.version))
      return r.refuse(refusal::unknown_version, from, "a version that is accepted") || r.in(0);
    return read(r, v.value) ? r.leave() : r.in(1);
  } else if constexpr (is<T, std::variant>) {
    std::uint64_t index = 0;
    if (!r.enter_array(2)) return false;
    const unsigned char* const from = r.at;
    if (!read(r, index)) return r.in(0);
    if (index >= std::variant_size_v<T>)
      return r.refuse(refusal::out_of_range, from, "the number of an alternative") || r.in(0);
    return mp::mp_with_index<std::variant_size_v<T>>(index, [&](auto i) {
      if (v.index() != i) v.template emplace<i>();
      return read(r, *std::get_if<i>(&v)) ? r.leave() : r.in(1);
    });
  } else if constexpr (described<T>) {
    return read_struct(r, v, fields<T>(), keepers<T>());
  } else if constexpr (map<T>) {
    return read_map(r, v);
  } else if constexpr (sequence<T>) {
    return read_sequence(r, v);
  } else {
    if (!r.enter_array(std::tuple_size_v<T>)) return false;
    std::size_t i = 0;
    const auto element = [&](auto& e) { return read(r, e) ? (++i, true) : r.in(i); };
    if constexpr (array<T>)
      return std::all_of(v.begin(), v.end(), element) && r.leave();
    else
      return std::apply([&](auto&... e) { return (element(e) && ...); }, v) && r.leave();
  }
}
template <class T>
bool read(reader& r, T& v) {
  const unsigned char* const from = r.at;
  token t;
  std::string_view s;
  if constexpr (std::same_as<T, bool>) {
    return r.next(kind::boolean, t) && (v = t.n != 0, true);
  } else if constexpr (integer<T> || floating<T>) {
    return read_number(r, v);
  } else if constexpr (std::is_enum_v<T>) {
    std::underlying_type_t<T> n{};
    if (!read(r, n)) return false;
    v = static_cast<T>(n);
    return is_enumerator(v) || r.refuse(refusal::unknown_enumerator, from, "", name_of<T>());
  } else if constexpr (string<T>) {
    return r.text(kind::str, s) && (v.assign(s), true);
  } else if constexpr (binary<T>) {
    if (!r.text(kind::bin, s)) return false;
    const auto* const at = reinterpret_cast<const std::byte*>(s.data());
    if constexpr (!fixed<T>) return v.assign(at, at + s.size()), true;
    if (v.size() != s.size())
      return r.refuse(refusal::wrong_length, from, "bytes of ", {}, v.size());
    std::copy_n(at, s.size(), v.begin());
    return true;
  } else if constexpr (std::same_as<T, std::monostate>) {
    return r.next(kind::nil, t);
  } else if constexpr (std::same_as<T, raw>) {
    return r.skip_value() && (v.bytes.assign(from, r.at), true);
  } else if constexpr (is<T, std::optional>) {
    if (r.skip("\xc0")) return v.reset(), true;
    return read(r, v ? *v : v.emplace());
  } else if constexpr (duration<T>) {
    typename T::rep count{};
    return read(r, count) && (v = T(count), true);
  } else {
    return read_levels(r, v);
  }
}
// The whole message.
template <class T>
bool read(reader& r, T& v, limits most) {
  if (r.left() > most.bytes)
    return r.refuse(refusal::too_large, r.end, "at most this many bytes: ", {}, most.bytes);
  return read(r, v) && (r.left() == 0 || r.refuse(refusal::trailing_bytes, r.at, "the end"));
}
inline reader reader_of(std::span<const std::byte> bytes, limits l, std::string* path) noexcept {
  const auto* const begin = reinterpret_cast<const unsigned char*>(bytes.data());
  return {begin, begin + bytes.size(), l.depth, path};
}
}  // namespace detail

/// Appends a value to bytes; takes nothing from the heap where there is room, but to sort an
/// unordered map.
/// \param out what is appended to; no part of it is in `value`
/// \throws error too_large, too_deep, unknown_enumerator, unknown_version; out_of_range for a
/// variant without a value; std::bad_alloc; `out` unchanged
template <encodable T>
void encode_to(std::string& out, const T& value, limits l = {}) {
  detail::writer w{out, l};
  detail::write(w, value);
  w.finish();
}
/// Makes bytes of a value. \returns them \throws as encode_to
/// \law Canonical: equal values become equal bytes, whatever the order of an unordered map (but 0.0
/// and -0.0 are equal and differ)
template <encodable T>
[[nodiscard]] std::string encode(const T& value, limits l = {}) {
  std::string out;
  encode_to(out, value, l);
  return out;
}

/// Makes a value of bytes, in place: what `value` has of strings and vectors is used again.
/// \returns why not, and then `value` is partly overwritten; `none` when it is made
/// \throws std::bad_alloc where T owns memory, and nothing else
/// \threads a pure function of the bytes and the limits
template <decodable T>
[[nodiscard]] refusal decode_into(std::span<const std::byte> bytes, T& value,
                                  limits l = {}) noexcept(std::is_trivially_copyable_v<T>) {
  detail::reader r = detail::reader_of(bytes, l, nullptr);
  return detail::read(r, value, l) ? refusal::none : r.why;
}
/// The same, of characters.
template <decodable T>
[[nodiscard]] refusal decode_into(std::string_view bytes, T& value,
                                  limits l = {}) noexcept(std::is_trivially_copyable_v<T>) {
  return wire::decode_into(std::as_bytes(std::span(bytes)), value, l);
}

/// Makes a value of bytes. \returns it \throws error, std::bad_alloc
/// \law RoundTrip: `decode<T>(encode(value)) == value`
/// \law Truncated: no beginning of `encode(value)` but the whole is accepted; each is `truncated`
template <decodable T>
[[nodiscard]] T decode(std::span<const std::byte> bytes, limits l = {}) {
  T value{};
  std::string path;
  detail::reader r = detail::reader_of(bytes, l, &path);
  if (detail::read(r, value, l)) return value;
  throw error(r.why, r.message(detail::described<T> ? detail::name_of<T>() : "value"));
}
/// The same, of characters.
template <decodable T>
[[nodiscard]] T decode(std::string_view bytes, limits l = {}) {
  return wire::decode<T>(std::as_bytes(std::span(bytes)), l);
}

/// @}
}  // namespace gof::inline v0::wire
