// SPDX-License-Identifier: BSL-1.0
#include <gof/pyro/value.hpp>
// The header under test comes first, so that it has to stand alone.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <random>
#include <sstream>
#include <string>

namespace {

namespace pyro = gof::pyro;
namespace wire = gof::wire;
using pyro::big_integer;
using pyro::bytes;
using pyro::date;
using pyro::datetime;
using pyro::dict;
using pyro::list;
using pyro::serializer;
using pyro::tuple;
using pyro::value;
using wire::refusal;
using complex = std::complex<double>;
using std::string_literals::operator""s;

constexpr serializer all_serializers[] = {serializer::serpent, serializer::json,
                                          serializer::msgpack};
constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

static_assert(std::regular<value>);
static_assert(std::is_nothrow_move_constructible_v<value>);
static_assert(std::is_convertible_v<const char*, value> && std::is_convertible_v<list, value>);
static_assert(!std::is_constructible_v<value, void*> && !std::is_constructible_v<value, char>);
static_assert(pyro::kind_of_value<tuple> && !pyro::kind_of_value<int>);

std::string name_of(serializer how) {
  return how == serializer::serpent ? "serpent" : how == serializer::json ? "json" : "msgpack";
}
std::string literal(const value& v) {
  std::string text = pyro::encode(v, serializer::serpent);
  const std::string header = "# serpent utf-8 python3.2\n";
  EXPECT_TRUE(text.starts_with(header));
  return text.substr(header.size());
}
std::string json(const value& v) { return pyro::encode(v, serializer::json); }
value from_literal(std::string_view s) { return pyro::decode(s, serializer::serpent); }
value from_json(std::string_view s) { return pyro::decode(s, serializer::json); }
bytes bytes_of(std::string_view s) {
  const auto all = std::as_bytes(std::span(s));
  return {all.begin(), all.end()};
}
datetime at(double seconds) { return datetime(std::chrono::duration<double>(seconds)); }
date day(int year, unsigned month, unsigned of_month) {
  return std::chrono::year(year) / std::chrono::month(month) / std::chrono::day(of_month);
}

// Why f() throws wire::error.
template <class F>
refusal why(F f) {
  try {
    static_cast<void>(f());
  } catch (const wire::error& e) {
    EXPECT_NE(std::string(e.what()).find("gof::"), std::string::npos) << e.what();
    return e.why();
  }
  return refusal::none;
}
refusal why_not(std::string_view in, serializer how, wire::limits most = {}) {
  return why([&] { return pyro::decode(in, how, most); });
}
refusal why_not_literal(std::string_view in) { return why_not(in, serializer::serpent); }
refusal why_not_json(std::string_view in) { return why_not(in, serializer::json); }

// ---- Random values ------------------------------------------------------------------------------

struct generator {
  serializer how;
  std::mt19937_64 random;
  bool for_python = false;  // nothing that Python's side cannot read, or changes

  std::uint64_t below(std::uint64_t n) { return random() % n; }
  std::string text() {
    static const std::string parts[] = {"a",  "Z",  " ",      "'",      "\"",   "\\", "\n",
                                        "\r", "\t", "\x01",   "\0"s,    "\x7f", "é",  "Ж",
                                        "字", "🎲",  "\u00a0", "\u0085", "{",    "#"};
    std::string s;
    for (std::uint64_t n = below(4) == 0 ? 0 : below(30); n != 0; --n)
      s += parts[below(std::size(parts))];
    return s;
  }
  bytes some_bytes() {
    bytes b(below(40));
    for (auto& one : b) one = static_cast<std::byte>(random());
    return b;
  }
  value integer() {
    const std::uint64_t n = random() >> below(64);
    switch (below(4)) {
      case 0:
        return n;
      case 1:
        return static_cast<std::int64_t>(0 - n);
      case 2:
        return below(2) == 0 ? std::numeric_limits<std::int64_t>::min() : -1;
      default: {
        std::string digits = below(2) == 0 ? "-1" : "1";
        for (std::uint64_t k = 19 + below(300); k != 0; --k)
          digits += static_cast<char>('0' + below(10));
        return big_integer(digits);
      }
    }
  }
  double number() {
    static constexpr double special[] = {0.0,
                                         -0.0,
                                         infinity,
                                         -infinity,
                                         nan,
                                         5e-324,
                                         1e16,
                                         1e-5,
                                         1.7976931348623157e308,
                                         9007199254740993.0,
                                         1e22,
                                         0.0001};
    if (below(3) == 0) return special[below(std::size(special))];
    const double x = std::bit_cast<double>(random());
    return below(2) != 0 || std::isnan(x) ? static_cast<double>(below(100'000)) / 8 - 99 : x;
  }
  complex complex_number() {
    const complex z(number(), number());
    return for_python && (std::isnan(z.real()) || std::isnan(z.imag())) ? complex(1, 2) : z;
  }
  // Those that are different in Python too.
  value key() {
    if (how == serializer::msgpack) return below(4) != 0 ? value(text()) : value(some_bytes());
    if (how == serializer::json) return below(4) != 0 ? value(text()) : integer();
    switch (below(for_python ? 3 : 5)) {
      case 0:
        return integer();
      case 1:
        return tuple{{integer(), text()}};
      case 2:
        return text();
      case 3:
        return some_bytes();
      default:
        return 0.5 + static_cast<double>(below(1000));
    }
  }
  pyro::set some_set(int depth) {
    pyro::set s;
    for (std::uint64_t n = below(12); n != 0; --n) {
      value v = how == serializer::serpent ? key() : any(depth + 1);
      if (std::find(s.items.begin(), s.items.end(), v) == s.items.end())
        s.items.push_back(std::move(v));
    }
    return s;
  }
  dict some_dict(int depth) {
    dict d;
    const auto name = [&](const value& k) { return how == serializer::json ? key_text(k) : k; };
    for (std::uint64_t n = below(12); n != 0; --n) {
      value k = key();
      if (std::none_of(d.begin(), d.end(), [&](auto& it) { return name(it.first) == name(k); }))
        d.emplace_back(std::move(k), any(depth + 1));
    }
    return d;
  }
  list some_list(int depth) {
    list l;
    for (std::uint64_t n = below(6); n != 0; --n) l.push_back(any(depth + 1));
    return l;
  }
  value any(int depth = 0) {
    switch (below(depth < 5 ? 15 : 11)) {
      case 0:
        return {};
      case 1:
        return below(2) == 0;
      case 2:
      case 3:
        return integer();
      case 4:
      case 5:
        return number();
      case 6:
        return how == serializer::json ? value(text()) : complex_number();
      case 7:
        return how == serializer::json ? value(text()) : some_bytes();
      case 8:
        return text();
      case 9:
        return date(std::chrono::days(static_cast<int>(below(3'652'059)) - 719'162));
      case 10:  // as Python has them: of whole microseconds
        return at(static_cast<double>(below(4'000'000'000)) +
                  static_cast<double>(below(1'000'000)) / 1e6);
      case 11:
        return some_list(depth);
      case 12:
        return tuple{some_list(depth)};
      case 13:
        return some_set(depth);
      default:
        return some_dict(depth);
    }
  }

  static value key_text(const value& k) {
    return k.is<std::string>() ? k : value(pyro::to_string(k));
  }
  // What the table in value.hpp says of it. Dates become text through the C library.
  value comes_back(const value& v) const {
    const bool is_serpent = how == serializer::serpent;
    const auto items = [&] {
      list l;
      for (const value& it : v.items()) l.push_back(comes_back(it));
      return l;
    };
    if (v.is<tuple>()) return is_serpent ? value(tuple{items()}) : value(items());
    if (v.is<pyro::set>())
      return !is_serpent         ? value(items())
             : v.items().empty() ? value(tuple())
                                 : value(pyro::set{items()});
    if (v.is<list>()) return items();
    if (v.is<dict>()) {
      dict d;
      for (const auto& [k, x] : v.as<dict>())
        d.emplace_back(how == serializer::json ? key_text(k) : k, comes_back(x));
      return d;
    }
    if (how == serializer::msgpack) return v;
    if (v.is<date>())
      return time_text("%Y-%m-%d", v.as<date>().time_since_epoch() / std::chrono::seconds(1));
    if (v.is<datetime>()) {
      const double seconds = v.as<datetime>().time_since_epoch().count();
      const auto whole = static_cast<std::int64_t>(seconds);
      const long micro = std::lround((seconds - static_cast<double>(whole)) * 1e6);
      std::ostringstream text;
      text << time_text("%Y-%m-%dT%H:%M:%S", whole);
      if (micro != 0) text << '.' << std::string(6 - std::to_string(micro).size(), '0') << micro;
      return text.str() + "+00:00";
    }
    return v;
  }
  static std::string time_text(const char* format, std::int64_t seconds) {
    const std::time_t t = seconds;
    char text[64];
    std::strftime(text, sizeof text, format, std::gmtime(&t));
    const std::string all = text;  // it writes years without zeros before them
    return std::string(4 - std::min<std::size_t>(all.find('-'), 4), '0') + all;
  }
};

// ---- The value ----------------------------------------------------------------------------------

TEST(PyroValue, IsMadeOfWhatItCanBe) {
  EXPECT_TRUE(value().is<std::monostate>());
  EXPECT_TRUE(value(nullptr).is<std::monostate>());
  EXPECT_TRUE(value(true).is<bool>());
  EXPECT_EQ(value(-1).as<std::int64_t>(), -1);
  EXPECT_EQ(value(static_cast<unsigned char>(200)).as<std::int64_t>(), 200);
  EXPECT_EQ(value(std::uint64_t{1} << 62).as<std::int64_t>(), std::int64_t{1} << 62);
  EXPECT_EQ(value(std::uint64_t{1} << 63).as<std::uint64_t>(), std::uint64_t{1} << 63);
  EXPECT_EQ(value(1.5F).as<double>(), 1.5);
  EXPECT_EQ(value("text").as<std::string>(), "text");
  EXPECT_EQ(value(std::string_view("text")), "text");
  EXPECT_TRUE(value(std::chrono::system_clock::now()).is<datetime>());
  EXPECT_TRUE(value(day(2024, 2, 29)).is<date>());
  const value v =
      dict{{"list", list{1, "two", 3.0}}, {2, tuple{{1, "x"}}}, {"set", pyro::set{{1, 2}}}};
  EXPECT_EQ(v.at("list")[1], "two");
  EXPECT_EQ(v.at(2).items().size(), 2U);
  EXPECT_EQ(v.find("nothing"), nullptr);
  EXPECT_EQ(value(1).find("nothing"), nullptr);
  EXPECT_EQ(pyro::to_string(v), "{'list': [1, 'two', 3.0], 2: (1, 'x'), 'set': {1, 2}}");
}

TEST(PyroValue, HoldsAnIntegerInTheSmallestKind) {
  EXPECT_EQ(value(big_integer("-0005")), -5);
  EXPECT_EQ(value(big_integer("-0")), 0);
  EXPECT_EQ(value(big_integer("-9223372036854775808")), std::numeric_limits<std::int64_t>::min());
  EXPECT_TRUE(value(big_integer("9223372036854775808")).is<std::uint64_t>());
  EXPECT_TRUE(value(big_integer("18446744073709551615")).is<std::uint64_t>());
  EXPECT_TRUE(value(big_integer("18446744073709551616")).is<big_integer>());
  EXPECT_TRUE(value(big_integer("-9223372036854775809")).is<big_integer>());
  EXPECT_EQ(big_integer(-7).text(), "-7");
  for (const char* text : {"", "-", "+1", "1a", "--1", "1 "})
    EXPECT_EQ(why([&] { return big_integer(text); }), refusal::malformed) << text;
  EXPECT_EQ(big_integer(std::string(4300, '9')).text().size(), 4300U);
  EXPECT_EQ(why([] { return big_integer(std::string(4301, '9')); }), refusal::too_large);
}

TEST(PyroValue, SaysWhatItIsWhereAnotherKindIsWanted) {
  try {
    static_cast<void>(value(list{}).as<std::string>());
    FAIL();
  } catch (const wire::error& e) {
    EXPECT_EQ(e.why(), refusal::wrong_type);
    EXPECT_STREQ(e.what(), "gof::pyro: a list, where a string was expected");
  }
  EXPECT_EQ(why([] { return value(1).at("key"); }), refusal::wrong_type);
  EXPECT_EQ(why([] { return value(dict{}).at("key"); }), refusal::missing_field);
  EXPECT_EQ(why([] { return value(tuple{{1}})[1]; }), refusal::out_of_range);
  EXPECT_EQ(why([] { return value("text")[0]; }), refusal::wrong_type);
}

TEST(PyroValue, ChangesInPlaceAndIsKept) {
  value v = list{1};
  v.as<list>().emplace_back("two");
  EXPECT_EQ(v, (value(list{1, "two"})));
  EXPECT_EQ(value("text").as<std::string>(), "text");
}

TEST(PyroValue, IsEqualByKindAndContent) {
  EXPECT_NE(value(1), value(1.0));
  EXPECT_NE(value(1), value(true));
  EXPECT_NE(value(std::uint64_t{1} << 63), value(big_integer("18446744073709551616")));
  EXPECT_NE(value(list{1}), value(tuple{{1}}));
  EXPECT_EQ(value(nan), value(-nan));
  EXPECT_EQ(value(0.0), value(-0.0));
  EXPECT_NE(value(nan), value(0.0));
  EXPECT_NE(value(complex(1, nan)), value(complex(2, nan)));
  EXPECT_NE(value(list{1, 2}), value(list{2, 1}));
  EXPECT_EQ(value(pyro::set{{1, "a", nan}}), value(pyro::set{{nan, "a", 1}}));
  EXPECT_NE(value(pyro::set{{1, 2}}), value(pyro::set{{1, 3}}));
  EXPECT_EQ(value(dict{{1, "a"}, {2, "b"}}), value(dict{{2, "b"}, {1, "a"}}));
  EXPECT_NE(value(dict{{1, "a"}}), value(dict{{1, "b"}}));
  EXPECT_NE(value(dict{{1, "a"}}), value(dict{{1, "a"}, {2, "b"}}));
  EXPECT_EQ(tuple{{1}}, tuple{{1}});
  EXPECT_EQ((pyro::set{{1, 2}}), (pyro::set{{2, 1}}));
}

// ---- What is written ----------------------------------------------------------------------------

// Each pair was made by serpent 1.43: serpent.dumps(…).
TEST(PyroSerpent, WritesWhatPythonWrites) {
  EXPECT_EQ(literal({}), "None");
  EXPECT_EQ(literal(list{true, false}), "[True,False]");
  EXPECT_EQ(literal(list{-1, big_integer("-18446744073709551616")}), "[-1,-18446744073709551616]");
  EXPECT_EQ(literal(list{1.0, -0.0, 0.1, 1e16, 123456789012345680.0, 0.0001, 1e-5, 5e-324, 1e22}),
            "[1.0,-0.0,0.1,1e+16,1.2345678901234568e+17,0.0001,1e-05,5e-324,1e+22]");
  EXPECT_EQ(literal(list{infinity, -infinity}), "[1e30000,-1e30000]");
  EXPECT_EQ(literal(nan), "{'__class__':'float','value':'nan'}");
  EXPECT_EQ(literal(complex(1, -2.5)), "(1.0-2.5j)");
  EXPECT_EQ(literal(complex(-0.0, infinity)), "(-0.0+1e30000j)");
  EXPECT_EQ(literal(complex(nan, 1)),
            "{'__class__':'complex','real':{'__class__':'float','value':'nan'},'imag':1.0}");
  EXPECT_EQ(literal(list{"it's", "\"", "'\"", "\n\r\t\\\x01\x7f\0é\u00a0\u0085"s}),
            R"(["it's",'"','\'"','\n\r\t\\\x01\x7f\x00é\xa0\x85'])");
  EXPECT_EQ(literal(bytes_of("hello!")), "{'data': 'aGVsbG8h', 'encoding': 'base64'}");
  EXPECT_EQ(literal(bytes_of("\xff\xfe")), "{'data': '//4=', 'encoding': 'base64'}");
  EXPECT_EQ(literal(bytes_of("a")), "{'data': 'YQ==', 'encoding': 'base64'}");
  EXPECT_EQ(literal(tuple{{tuple{}, tuple{{1}}, tuple{{1, 2}}}}), "((),(1,),(1,2))");
  EXPECT_EQ(literal(list{pyro::set{}, pyro::set{{1}}, dict{}}), "[(),{1},{}]");
  EXPECT_EQ(literal(dict{{1, "a"}, {tuple{{1, 2.5}}, {}}}), "{1:'a',(1,2.5):None}");
  EXPECT_EQ(literal(day(33, 1, 2)), "'0033-01-02'");
  EXPECT_EQ(literal(list{at(0), at(-0.5), at(1'000'000'000.000001)}),
            "['1970-01-01T00:00:00+00:00','1969-12-31T23:59:59.500000+00:00',"
            "'2001-09-09T01:46:40.000001+00:00']");
}

// Each pair was made by json.dumps(…, ensure_ascii=False).
TEST(PyroJson, WritesWhatPythonWrites) {
  EXPECT_EQ(json(dict{{"a", list{{}, true, -1, 1.0, 1e100}}, {"b", dict{}}}),
            R"({"a": [null, true, -1, 1.0, 1e+100], "b": {}})");
  EXPECT_EQ(json(list{nan, infinity, -infinity}), "[NaN, Infinity, -Infinity]");
  EXPECT_EQ(json("\"\\/\b\f\n\r\t\x01\x7fé'\u2028"),
            "\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\x7fé'\u2028\"");
  EXPECT_EQ(json(dict{{{}, 1}, {true, 2}, {5, 3}, {1.5, 4}, {nan, 5}}),
            R"({"null": 1, "true": 2, "5": 3, "1.5": 4, "NaN": 5})");
  EXPECT_EQ(json(tuple{{1, pyro::set{{2}}}}), "[1, [2]]");
  EXPECT_EQ(json(big_integer("123456789012345678901234567890")), "123456789012345678901234567890");
}

// Each was made by Pyro5's serializer.
TEST(PyroMessagePack, WritesWhatPythonWrites) {
  const auto packed = [](const value& v) { return pyro::encode(v, serializer::msgpack); };
  EXPECT_EQ(packed(dict{{"a", list{-1, 128, 1.5}}}),
            "\x81\xa1"
            "a\x93\xff\xcc\x80\xcb\x3f\xf8\0\0\0\0\0\0"s);
  EXPECT_EQ(packed(big_integer("18446744073709551616")),
            "\xc7\x14\x31"
            "18446744073709551616");
  EXPECT_EQ(packed(big_integer("-9223372036854775809")), "\xc7\x14\x31-9223372036854775809");
  EXPECT_EQ(packed(complex(1, 2)), "\xd8\x30\0\0\0\0\0\0\xf0\x3f\0\0\0\0\0\0\0\x40"s);
  EXPECT_EQ(packed(day(1970, 1, 1)), "\xd7\x33\x3b\xf9\x0a\0\0\0\0\0"s);
  EXPECT_EQ(packed(at(1)), "\xd7\x32\0\0\0\0\0\0\xf0\x3f"s);
  EXPECT_EQ(packed(bytes_of("ab")),
            "\xc4\x02"
            "ab");
  EXPECT_EQ(packed(tuple{{1, pyro::set{{2}}}}), "\x92\x01\x91\x02"s);
}

TEST(PyroValue, RefusesToWriteWhatWouldNotBeRead) {
  const auto refused = [](const value& v, serializer how) {
    std::string out = "before";
    const refusal reason = why([&] { return pyro::encode_to(out, v, how), 0; });
    EXPECT_EQ(out, "before");
    return reason;
  };
  for (const serializer how : all_serializers) {
    EXPECT_EQ(refused("\xff", how), refusal::malformed);
    EXPECT_EQ(refused(list{"ok", "\xed\xa0\x80"}, how), refusal::malformed);  // a surrogate
    EXPECT_EQ(refused(dict{{"a", 1}, {"b", 2}, {"a", 3}}, how), refusal::duplicate_field);
    EXPECT_EQ(refused(pyro::set{{1, 2, 1}}, how), refusal::duplicate_field);
    EXPECT_EQ(refused(dict{{list{}, 1}}, how), refusal::wrong_type);
    EXPECT_EQ(refused(dict{{day(2000, 1, 1), 1}}, how), refusal::wrong_type);
    EXPECT_EQ(refused(day(10'000, 1, 1), how), refusal::out_of_range);
    EXPECT_EQ(refused(day(0, 12, 31), how), refusal::out_of_range);
    EXPECT_EQ(refused(at(253'402'300'800), how), refusal::out_of_range);
    EXPECT_EQ(refused(at(nan), how), refusal::out_of_range);
    value deep = 1;
    for (int i = 0; i != 64; ++i) deep = list{std::move(deep)};
    EXPECT_EQ(pyro::decode(pyro::encode(deep, how), how), deep);
    EXPECT_EQ(refused(list{deep}, how), refusal::too_deep);
    EXPECT_EQ(refused(std::string(1 << 20, 'x'), how), refusal::too_large);
  }
  EXPECT_EQ(refused(dict{{1, 2}}, serializer::msgpack), refusal::wrong_type);
  EXPECT_EQ(refused(complex(1, 2), serializer::json), refusal::wrong_type);
  EXPECT_EQ(refused(bytes(), serializer::json), refusal::wrong_type);
  EXPECT_EQ(refused(dict{{bytes(), 1}}, serializer::json), refusal::wrong_type);
  EXPECT_EQ(refused(dict{{tuple(), 1}}, serializer::json), refusal::wrong_type);
  EXPECT_EQ(refused(dict{{1, 1}, {"1", 2}}, serializer::json), refusal::duplicate_field);
  EXPECT_EQ(refused(dict{{nan, 1}}, serializer::serpent), refusal::wrong_type);
  EXPECT_EQ(refused(pyro::set{{list{}}}, serializer::serpent), refusal::wrong_type);
  EXPECT_EQ(refused(dict{{tuple{{list{}}}, 1}}, serializer::serpent), refusal::wrong_type);
  EXPECT_EQ(refused(1, serializer::marshal), refusal::wrong_type);
  EXPECT_EQ(why_not("N", serializer::marshal), refusal::wrong_type);
}

TEST(PyroValue, ShowsWhatCannotBeWritten) {
  EXPECT_EQ(pyro::to_string("\xff'"), "\"\\xff'\"");
  EXPECT_EQ(pyro::to_string(list{nan, -infinity, pyro::set{}, bytes_of("\x01'a")}),
            R"([nan, -inf, set(), b"\x01'a"])");
  EXPECT_EQ(pyro::to_string(dict{{list{}, 1}, {list{}, 2}}), "{[]: 1, []: 2}");
  value deep;
  for (int i = 0; i != 200; ++i) deep = list{std::move(deep)};
  EXPECT_EQ(pyro::to_string(deep).size(), 404U);
  EXPECT_FALSE(pyro::to_string(date(std::chrono::days(100'000'000))).empty());
}

// ---- What is read -------------------------------------------------------------------------------

// ast.literal_eval says the same of each.
TEST(PyroSerpent, ReadsLiterals) {
  const std::pair<const char*, value> all[] = {
      {" # comment\n\n  [ # a\n 1 ,\n ] # b\n", list{1}},
      {"(1)", 1},
      {"((1),)", tuple{{1}}},
      {"()", tuple{}},
      {"(1,2,)", tuple{{1, 2}}},
      {"{}", dict{}},
      {"{1,}", pyro::set{{1}}},
      {"{'a':1,}", dict{{"a", 1}}},
      {"set()", pyro::set{}},
      {"[-5, - 5, +5, -(5), 1_000, 0x_fF, 0o17, 0B101, 00]",
       list{-5, -5, 5, -5, 1000, 255, 15, 5, 0}},
      {"-9223372036854775808", std::numeric_limits<std::int64_t>::min()},
      {"-9223372036854775809", big_integer("-9223372036854775809")},
      {"0xffffffffffffffff", ~std::uint64_t{}},
      {"[1., .5, 1e5, 1E-5, 01.5, 1_0.2_5, 1e1_0]", list{1.0, .5, 1e5, 1e-5, 1.5, 10.25, 1e10}},
      {"[1e30000, -1e30000, 1e-30000]", list{infinity, -infinity, 0.0}},
      {"[2j, 1+2j, -1-2.5J, 1 - 01j, (1)+(2j), 1e30000+1j]",
       list{complex(0, 2), complex(1, 2), complex(-1, -2.5), complex(1, -1), complex(1, 2),
            complex(infinity, 1)}},
      {R"('a' "b" '''c'd''' """e"" """)", "abc'de\"\" "},
      {"'''a\r\nb\rc'''", "a\nb\nc"},
      {"'a\\\r\nb\\\nc'", "abc"},
      {R"('\'\"\\\a\b\f\n\r\t\v\0\18\101\x41\u0416\U0001f3b2\q\8')",
       "'\"\\\a\b\f\n\r\t\v\0\1"
       "8AAЖ🎲\\q\\8"s},
      {R"('\377\777\x80')", "ÿǿ\u0080"},
      {R"([r'\n\'', R"\x", u'a', U'b'])", list{"\\n\\'", "\\x", "a", "b"}},
      {R"([b'\x00\xff\101\u0416\N' b'a', rb'\n', Br'\'', bR'a'])",
       list{bytes_of("\0\xff"
                     "A\\u0416\\Na"s),
            bytes_of("\\n"), bytes_of("\\'"), bytes_of("a")}},
      {"{b'a':1, 1+2j:2, (1,(2,)):3, None:4}",
       dict{{bytes_of("a"), 1}, {complex(1, 2), 2}, {tuple{{1, tuple{{2}}}}, 3}, {{}, 4}}},
  };
  for (const auto& [text, v] : all) EXPECT_EQ(from_literal(text), v) << text;
  EXPECT_TRUE(std::signbit(from_literal("-0.0").as<double>()));
  EXPECT_TRUE(std::signbit(from_literal("-0j").as<complex>().imag()));
}

TEST(PyroSerpent, TurnsItsDictsBackIntoWhatTheyStandFor) {
  EXPECT_EQ(from_literal("{'data':'aGk=','encoding':'base64'}"), bytes_of("hi"));
  EXPECT_EQ(from_literal("{'encoding':'base64','data':''}"), bytes());
  EXPECT_EQ(from_literal("{'__class__':'float','value':'nan'}"), nan);
  EXPECT_EQ(
      from_literal("{'__class__':'complex','real':1.0,'imag':{'__class__':'float','value':'nan'}}"),
      complex(1, nan));
  for (const char* plain :
       {"{'data':'a','encoding':'base64'}", "{'data':'ab=c','encoding':'base64'}",
        "{'data':'a===','encoding':'base64'}", "{'data':'aGk=','encoding':'other'}",
        "{'data':'aGk=','encoding':'base64','more':1}", "{'data':1,'encoding':'base64'}",
        "{'__class__':'float','value':'inf'}", "{'__class__':'complex','real':1,'imag':2}"})
    EXPECT_TRUE(from_literal(plain).is<dict>()) << plain;
}

TEST(PyroSerpent, RefusesWhatIsNoLiteral) {
  for (const char* text :
       {"f'a'", "x ", "none ", "null ", "1+2", "1j+2j", "-True", "--1", "-(-1)", "-(1+2j)",
        "1+(1+2j)", "1+-2j", "True+2j", "[1]+2j", "-[1]", "(,)", "[,]", "{,}", "[1 2]", "[1,,2]",
        "{1:2,3}", "{1,2:3}", "{1:}", "01", "1__0", "1_", "0x ", "0xg", "0b2", "1e ", "1e+ ", "1x",
        "1jj", "'a\nb'", "'a\rb'", "'a' b'b'", "b'é'", "rb'\\é'", "'\\xg0'", "'\\u12'",
        "'\\U00110000'", "bu''", "uu''", "set(1)", "'\xff'", "{**{}}", "f(1)", ")",
        // … and these, which Python takes:
        "'\\ud800'", "'\\ud83d\\ude00'", "'\\N{DASH}'", "b'\\777'", "...", "[1\\\n]"})
    EXPECT_EQ(why_not_literal(text), refusal::malformed) << text;
  EXPECT_EQ(why_not_literal("'\0'"s), refusal::malformed);
  EXPECT_EQ(why_not_literal("1\0"s), refusal::trailing_bytes);
  for (const char* text :
       {"1 2", "1\n+2j", "1,2" /* Python takes this one */, "'a'\n'b'", "[]]", "0x1.5"})
    EXPECT_EQ(why_not_literal(text), refusal::trailing_bytes) << text;
  for (const char* text : {"{[]:1}", "{{}}", "{{1}:1}", "{([],):1}"})
    EXPECT_EQ(why_not_literal(text), refusal::wrong_type) << text;
  for (const char* text : {"{1,1}", "{'a':1,'a':2}", "{1:1,0x1:2}"})
    EXPECT_EQ(why_not_literal(text), refusal::duplicate_field) << text;
  EXPECT_EQ(why_not_literal("0x10000000000000000"), refusal::out_of_range);
  EXPECT_EQ(why_not_literal("1" + std::string(400, '0') + "+1j"), refusal::out_of_range);
}

TEST(PyroJson, ReadsWhatPythonReads) {
  EXPECT_EQ(from_json("\t\r\n {\"a\" : [ null , true,false ] } "),
            (dict{{"a", list{{}, true, false}}}));
  EXPECT_EQ(from_json("[NaN, Infinity, -Infinity, -0, -1, 1.5e3, 1E-2, 1e999, -1e999, -1e-999]"),
            (list{nan, infinity, -infinity, 0, -1, 1500.0, 0.01, infinity, -infinity, 0.0}));
  EXPECT_EQ(from_json(R"("\"\\\/\b\f\n\r\t\u0416\ud83c\udfb2\u0000")"), "\"\\/\b\f\n\r\tЖ🎲\0"s);
  EXPECT_EQ(from_json("123456789012345678901234567890"),
            big_integer("123456789012345678901234567890"));
  EXPECT_EQ(from_json("{\"data\": \"aGk=\", \"encoding\": \"base64\"}").at("data"), "aGk=");
}

TEST(PyroJson, RefusesWhatPythonRefuses) {
  for (const char* text : {"'a'",
                           "[1,]",
                           "{\"a\":1,}",
                           "[,]",
                           "{1:2}",
                           "{\"a\"}",
                           "01",
                           "-01",
                           "+1",
                           ".5",
                           "1.e5",
                           "1.x",
                           "-x",
                           "0x1",
                           "1_0",
                           "\"\n\"",
                           "\"\\x41\"",
                           "\"\\u12g4\"",
                           "\"\\ud800\"",
                           "\"\\udc00\"",
                           "\"\\ud800\\u0041\"",
                           "None ",
                           "nan ",
                           "(1)",
                           "# a",
                           "[1 2]",
                           "\"\xc0\x80\"",
                           "\"\xf4\x90\x80\x80\""})
    EXPECT_EQ(why_not_json(text), refusal::malformed) << text;
  EXPECT_EQ(why_not_json("1 2"), refusal::trailing_bytes);
  EXPECT_EQ(why_not_json(R"({"a":1,"\u0061":2})"), refusal::duplicate_field);
}

TEST(PyroMessagePack, RefusesWhatPythonRefuses) {
  const auto refused = [](const std::string& s) { return why_not(s, serializer::msgpack); };
  EXPECT_EQ(refused("\xc1"), refusal::malformed);
  EXPECT_EQ(refused("\xa1\xff"), refusal::malformed);
  EXPECT_EQ(refused("\x01\x02"), refusal::trailing_bytes);
  EXPECT_EQ(refused("\x81\x01\x02"), refusal::wrong_type);       // a key that is a number
  EXPECT_EQ(refused("\xd6\xff\0\0\0\0"s), refusal::wrong_type);  // MessagePack's own timestamp
  EXPECT_EQ(refused("\xd4\x40\0"s), refusal::wrong_type);
  EXPECT_EQ(refused("\xd7\x30\0\0\0\0\0\0\0\0"s), refusal::wrong_length);
  EXPECT_EQ(refused("\xd6\x32\0\0\0\0"s), refusal::wrong_length);
  EXPECT_EQ(refused("\xd5\x33\0\0"s), refusal::wrong_length);
  EXPECT_EQ(refused("\xd6\x33\0\0\0\0"s), refusal::out_of_range);          // there is no day 0
  EXPECT_EQ(refused("\xd6\x33\xff\xff\xff\xff"s), refusal::out_of_range);  // nor before
  EXPECT_EQ(refused("\xd7\x32\0\0\0\0\0\0\xf8\x7f"s), refusal::out_of_range);
  EXPECT_EQ(refused("\xd4\x31x"), refusal::malformed);
  EXPECT_EQ(refused("\xc8\x10\xcd\x31" + std::string(4301, '1')), refusal::too_large);
  EXPECT_EQ(refused("\x82\xa1"
                    "a\x01\xa1"
                    "a\x02"),
            refusal::duplicate_field);
  EXPECT_EQ(refused("\xdd\xff\xff\xff\xff"), refusal::truncated);
  EXPECT_EQ(refused("\xdf\xff\xff\xff\xff\x01"), refusal::truncated);
  EXPECT_EQ(refused("\xc6\xff\xff\xff\xff\x01"), refusal::truncated);
  EXPECT_EQ(pyro::decode("\xd4\x31"
                         "5",
                         serializer::msgpack),
            5);
  EXPECT_EQ(pyro::decode("\xca\x3f\xc0\0\0"s, serializer::msgpack), 1.5);
  EXPECT_EQ(pyro::decode("\xd6\x33\x01\0\0\0"s, serializer::msgpack),
            day(1, 1, 1));  // from Windows
}

TEST(PyroValue, SaysAtWhichByteItIsWrong) {
  const auto words = [](std::string_view in, serializer how) -> std::string {
    try {
      static_cast<void>(pyro::decode(in, how));
    } catch (const wire::error& e) {
      return e.what();
    }
    return "";
  };
  EXPECT_EQ(words("[1, x y]", serializer::serpent),
            "gof::pyro: serpent, byte 4: expected a value (malformed)");
  EXPECT_EQ(words("[1, ", serializer::json),
            "gof::pyro: JSON, byte 4: expected a value (truncated)");
  EXPECT_EQ(words("\x92\x01\xc1", serializer::msgpack),
            "gof::pyro: MessagePack, byte 2: expected a value (malformed)");
}

TEST(PyroValue, IsBounded) {
  for (const serializer how : {serializer::serpent, serializer::json}) {
    const auto nested = [](std::size_t n) { return std::string(n, '[') + std::string(n, ']'); };
    EXPECT_EQ(why_not(nested(64), how), refusal::none);
    EXPECT_EQ(why_not(nested(65), how), refusal::too_deep);
    EXPECT_EQ(why_not(std::string(1'000'000, '['), how), refusal::too_deep);
    EXPECT_EQ(why_not(nested(3), how, {.bytes = 100, .depth = 2}), refusal::too_deep);
    EXPECT_EQ(why_not("[1, 2]", how, {.bytes = 5}), refusal::too_large);
    EXPECT_EQ(why_not("-" + std::string(4300, '9'), how), refusal::none);
    EXPECT_EQ(why_not(std::string(4301, '9'), how), refusal::too_large);
    EXPECT_EQ(pyro::decode(std::string(1'000'000, '9') + ".0", how), infinity);
  }
  EXPECT_EQ(why_not(std::string(1'000'000, '('), serializer::serpent), refusal::too_deep);
  EXPECT_EQ(why_not(std::string(1'000'000, '-'), serializer::serpent), refusal::malformed);
  EXPECT_EQ(why_not(std::string(1'000'000, '\x91'), serializer::msgpack), refusal::too_deep);
  std::string claims;  // each says that it has as many items as there are bytes
  for (int i = 0; i != 64; ++i) claims += "\xdd\0\x0f\0\0"s;
  claims.resize(1 << 20, '\xc1');
  EXPECT_EQ(why_not(claims, serializer::msgpack), refusal::malformed);
}

// What serpent writes with more levels than the value has must not be too deep to be read.
TEST(PyroValue, CanBeReadHoweverDeepItIsWritten) {
  for (const value& leaf : {value(nan), value(bytes_of("a")), value(complex(1, 2)),
                            value(complex(nan, nan)), value(tuple{}), value(dict{{"a", 1}})})
    for (const serializer how : {serializer::serpent, serializer::msgpack})
      for (int levels = 61; levels != 66; ++levels) {
        value v = leaf;
        for (int i = 0; i != levels; ++i) v = list{std::move(v)};
        std::string text;
        if (why([&] { return pyro::encode_to(text, v, how), 0; }) == refusal::none) {
          EXPECT_EQ(why_not(text, how), refusal::none);
        }
      }
}

// ---- Laws ---------------------------------------------------------------------------------------

TEST(PyroValue, RoundTrip) {
  for (const serializer how : all_serializers) {
    generator make{how, std::mt19937_64(7)};
    for (int i = 0; i != 10'000; ++i) {
      const value v = make.any();
      const std::string text = pyro::encode(v, how);
      ASSERT_EQ(pyro::decode(text, how), make.comes_back(v)) << name_of(how) << ' ' << text;
    }
  }
}

TEST(PyroValue, EveryBeginningIsRefused) {
  for (const serializer how : all_serializers) {
    generator make{how, std::mt19937_64(8)};
    for (int i = 0; i != 300; ++i) {
      const std::string text = pyro::encode(list{make.any()}, how);
      if (text.size() > 500) continue;
      for (std::size_t n = 0; n != text.size(); ++n) {
        const refusal reason = why_not(std::string_view(text).substr(0, n), how);
        ASSERT_TRUE(reason == refusal::truncated ||
                    (reason == refusal::malformed && how != serializer::msgpack))
            << name_of(how) << ' ' << text.substr(0, n);
      }
    }
  }
}

TEST(PyroValue, ADictOfManyKeysIsReadInTime) {
  std::string text = "{";
  for (int i = 0; i != 100'000; ++i) text += std::to_string(i) + ":0,";
  EXPECT_EQ(from_literal(text + "}").as<dict>().size(), 100'000U);
  EXPECT_EQ(why_not_literal(text + "99999:1}"), refusal::duplicate_field);
}

// Typed code reads and writes MessagePack, whatever the other side speaks.
TEST(PyroValue, CrossesBetweenTypedCodeAndText) {
  using arguments = std::tuple<int, std::string, std::vector<double>>;
  const arguments sent{5, "five", {0.5, infinity}};
  for (const serializer how : {serializer::serpent, serializer::json}) {
    std::string text, back;
    pyro::transcode_to(text, wire::encode(sent), serializer::msgpack, how);
    EXPECT_EQ(text, how == serializer::json
                        ? "[5, \"five\", [0.5, Infinity]]"
                        : "# serpent utf-8 python3.2\n[5,'five',[0.5,1e30000]]");
    pyro::transcode_to(back, text, how, serializer::msgpack);
    EXPECT_EQ(wire::decode<arguments>(back), sent);
  }
  std::string out = "before";
  EXPECT_EQ(why([&] {
              return pyro::transcode_to(out, "{1:2}", serializer::serpent, serializer::msgpack), 0;
            }),
            refusal::wrong_type);
  EXPECT_EQ(out, "before");
}

// ---- Real Python --------------------------------------------------------------------------------

class PyroPython : public testing::TestWithParam<serializer> {
 protected:
  void SetUp() override {
    const char* const python = std::getenv("GOF_PYRO_PYTHON");
    if (python == nullptr || *python == '\0') GTEST_SKIP() << "GOF_PYRO_PYTHON names no python";
    const auto script = std::filesystem::path(__FILE__).parent_path() / "values.py";
    // Python takes moments for local time, and orders sets at random.
    command_ = "TZ=UTC PYTHONHASHSEED=0 PYTHONDONTWRITEBYTECODE=1 '" + std::string(python) + "' '" +
               script.string() + "' ";
    const auto folder = std::filesystem::temp_directory_path();
    const std::string unique = std::to_string(std::random_device()());
    in_ = (folder / ("gof-values-in-" + unique)).string();
    out_ = (folder / ("gof-values-out-" + unique)).string();
  }
  void TearDown() override {
    std::error_code none;
    std::filesystem::remove(in_, none);
    std::filesystem::remove(out_, none);
  }
  void run(const std::string& task, const std::string& rest) {
    const std::string line = command_ + task + ' ' + name_of(GetParam()) + ' ' + rest;
    ASSERT_EQ(std::system(line.c_str()), 0) << line;
  }
  static void write(const std::string& path, const std::vector<std::string>& frames) {
    std::ofstream file(path, std::ios::binary);
    for (const std::string& frame : frames) {
      for (int shift : {24, 16, 8, 0}) file.put(static_cast<char>(frame.size() >> shift));
      file << frame;
    }
  }
  static std::vector<std::string> read(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::vector<std::string> frames;
    for (unsigned char head[4]; file.read(reinterpret_cast<char*>(head), 4);) {
      const std::size_t size = static_cast<std::size_t>(head[0]) << 24 |
                               static_cast<std::size_t>(head[1]) << 16 |
                               static_cast<std::size_t>(head[2]) << 8 | head[3];
      file.read(frames.emplace_back(size, '\0').data(), static_cast<std::streamsize>(size));
    }
    return frames;
  }
  std::string command_, in_, out_;
};

TEST_P(PyroPython, EchoesOurs) {
  generator make{GetParam(), std::mt19937_64(9), true};
  std::vector<value> sent;
  std::vector<std::string> frames;
  for (int i = 0; i != 10'000; ++i)
    frames.push_back(pyro::encode(sent.emplace_back(make.any()), GetParam()));
  write(in_, frames);
  run("echo", in_ + ' ' + out_);
  const std::vector<std::string> back = read(out_);
  ASSERT_EQ(back.size(), sent.size());
  for (std::size_t i = 0; i != sent.size(); ++i)
    ASSERT_EQ(pyro::decode(back[i], GetParam()), make.comes_back(sent[i])) << frames[i] << "\n"
                                                                           << back[i];
}

TEST_P(PyroPython, GetsItsOwnBack) {
  run("make", "10 10000 " + in_);
  const std::vector<std::string> frames = read(in_);
  ASSERT_EQ(frames.size(), 10'000U);
  std::vector<std::string> back;
  std::size_t same = 0;
  for (const std::string& frame : frames) {
    back.push_back(pyro::encode(pyro::decode(frame, GetParam()), GetParam()));
    // serpent escapes what cannot be seen.
    const bool escapes = frame.find("\\u") != frame.npos || frame.find("\\U") != frame.npos;
    if (GetParam() == serializer::serpent && escapes) continue;
    ASSERT_EQ(back.back(), frame);
    ++same;
  }
  EXPECT_GT(same, 5'000U);
  write(out_, back);
  run("check", "10 10000 " + out_);
}

INSTANTIATE_TEST_SUITE_P(Each, PyroPython, testing::ValuesIn(all_serializers),
                         [](const auto& it) { return name_of(it.param); });

}  // namespace
