// SPDX-License-Identifier: BSL-1.0
#include <gof/wire.hpp>
// The header under test comes first, so that it has to stand alone.
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <cmath>
#include <deque>
#include <limits>
#include <list>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <tuple>
#include <unordered_map>
#include <variant>
#include <vector>

#include "support/allocations.hpp"

namespace {

namespace wire = gof::wire;
using wire::refusal;
using std::string_literals::operator""s;

enum class colour : std::uint8_t { red = 1, green = 2, blue = 200 };
BOOST_DESCRIBE_ENUM(colour, red, green, blue)
enum class level : std::int16_t {};

struct point {
  int x = 0, y = 0;
  friend bool operator==(const point&, const point&) = default;
};
BOOST_DESCRIBE_STRUCT(point, (), (x, y))

struct item {
  std::string name;
  double price = 0;
  std::optional<std::string> note;
  friend bool operator==(const item&, const item&) = default;
};
BOOST_DESCRIBE_STRUCT(item, (), (name, price, note))

struct order {
  std::uint64_t id = 0;
  std::vector<item> items;
  friend bool operator==(const order&, const order&) = default;
};
BOOST_DESCRIBE_STRUCT(order, (), (id, items))

struct tree {
  int value = 0;
  std::vector<tree> children;
  friend bool operator==(const tree&, const tree&) = default;
};
BOOST_DESCRIBE_STRUCT(tree, (), (value, children))

struct shape {
  int id = 0;
};
BOOST_DESCRIBE_STRUCT(shape, (), (id))
struct circle : shape {
  int radius = 0;
};
BOOST_DESCRIBE_STRUCT(circle, (shape), (radius))

class hidden {
 public:
  hidden() = default;
  explicit hidden(int n) : number_(n) {}
  friend bool operator==(const hidden&, const hidden&) = default;

 private:
  int number_ = 0;
  BOOST_DESCRIBE_CLASS(hidden, (), (), (), (number_))
};

struct nothing {
  friend bool operator==(const nothing&, const nothing&) = default;
};
BOOST_DESCRIBE_STRUCT(nothing, (), ())

struct all {
  bool flag = false;
  std::int8_t small = 0;
  std::int64_t big = 0;
  std::uint64_t bigger = 0;
  char letter = 'a';
  float f = 0;
  double d = 0;
  std::string text;
  std::vector<std::byte> bytes;
  std::array<std::byte, 2> two{};
  std::vector<int> numbers;
  std::vector<bool> bits;
  std::array<int, 3> triple{};
  std::deque<std::string> queue;
  std::list<point> points;
  std::map<std::string, std::vector<int>> sorted;
  std::unordered_map<std::string, int> hashed;
  std::optional<point> maybe;
  std::variant<std::monostate, int, std::string, point> one_of;
  std::pair<int, std::string> pair;
  std::tuple<bool, int, std::optional<int>> parts;
  std::chrono::milliseconds wait{};
  std::chrono::duration<double> seconds{};
  std::monostate unit;
  colour paint = colour::red;
  level height{};
  hidden inner;
  nothing none;
  tree branch;
  wire::required<int> must{};
  wire::required<std::optional<int>> may{};
  wire::versioned<point, 1, 3> envelope{};
  friend bool operator==(const all&, const all&) = default;
};
BOOST_DESCRIBE_STRUCT(all, (),
                      (flag, small, big, bigger, letter, f, d, text, bytes, two, numbers, bits,
                       triple, queue, points, sorted, hashed, maybe, one_of, pair, parts, wait,
                       seconds, unit, paint, height, inner, none, branch, must, may, envelope))

// A layout that has grown.
struct old_note {
  std::string text;
};
BOOST_DESCRIBE_STRUCT(old_note, (), (text))
struct relay_note {
  std::string text;
  wire::unknown_fields rest;
};
BOOST_DESCRIBE_STRUCT(relay_note, (), (text, rest))
struct new_note {
  std::string text;
  std::optional<int> stars;
  std::optional<order> bought;
  friend bool operator==(const new_note&, const new_note&) = default;
};
BOOST_DESCRIBE_STRUCT(new_note, (), (text, stars, bought))
struct strict_note {
  std::string text;
  wire::required<std::string> currency;
};
BOOST_DESCRIBE_STRUCT(strict_note, (), (text, currency))
struct lenient_note {
  std::string text;
  wire::required<std::optional<std::string>> currency{};
};
BOOST_DESCRIBE_STRUCT(lenient_note, (), (text, currency))

struct throws {
  throws() = default;
  throws(const throws&) { throw 1; }
  throws& operator=(const throws&) = default;
};
BOOST_DESCRIBE_STRUCT(throws, (), ())

struct undescribed {
  int x;
};
struct holds_undescribed {
  std::vector<undescribed> list;
};
BOOST_DESCRIBE_STRUCT(holds_undescribed, (), (list))

static_assert(wire::decodable<all> && wire::decodable<tree> && wire::decodable<refusal>);
static_assert(wire::decodable<std::variant<int, std::vector<all>>>);
static_assert(wire::encodable<std::string_view> && !wire::decodable<std::string_view>);
static_assert(wire::encodable<std::span<const std::byte>>);
static_assert(!wire::decodable<std::vector<std::span<const std::byte>>>);
static_assert(!wire::encodable<undescribed> && !wire::encodable<holds_undescribed>);
static_assert(!wire::encodable<int*> && !wire::encodable<long double> && !wire::encodable<char[2]>);
static_assert(!wire::encodable<std::map<int, int>> && !wire::encodable<std::unique_ptr<int>>);
static_assert(!wire::encodable<std::optional<std::optional<int>>>);
static_assert(!wire::encodable<std::optional<std::monostate>>);
static_assert(noexcept(wire::decode_into(std::string_view(), std::declval<point&>())));
static_assert(!noexcept(wire::decode_into(std::string_view(), std::declval<item&>())));
static_assert(std::is_base_of_v<std::runtime_error, wire::error>);
static_assert(wire::limits().bytes == 1'048'576 && wire::limits().depth == 64);
static_assert(wire::versioned<int, 1, 2>().version == 2);

// The bytes of hexadecimal digits.
std::string hex(std::string_view digits) {
  std::string out;
  unsigned value = 0, n = 0;
  for (const char c : digits) {
    if (c == ' ') continue;
    value = value << 4 | static_cast<unsigned>(c <= '9' ? c - '0' : c - 'a' + 10);
    if (++n % 2 == 0) out += static_cast<char>(value);
  }
  return out;
}
// What decoding is refused for; whatever T holds before.
template <class T>
refusal why(std::string_view bytes, wire::limits l = {}) {
  T value{};
  const refusal r = wire::decode_into(bytes, value, l);
  if (r == refusal::none) {
    EXPECT_NO_THROW(static_cast<void>(wire::decode<T>(bytes, l)));
  } else {
    try {
      static_cast<void>(wire::decode<T>(bytes, l));
      ADD_FAILURE() << "decode accepts what decode_into refuses";
    } catch (const wire::error& e) {
      EXPECT_EQ(e.why(), r);
    }
  }
  return r;
}
template <class T>
std::string message(std::string_view bytes) {
  try {
    static_cast<void>(wire::decode<T>(bytes));
  } catch (const wire::error& e) {
    return e.what();
  }
  return "accepted";
}
template <class T>
refusal why_not_encoded(const T& value, wire::limits l = {}) {
  std::string out = "kept";
  try {
    wire::encode_to(out, value, l);
  } catch (const wire::error& e) {
    EXPECT_EQ(out, "kept");
    return e.why();
  }
  return refusal::none;
}
template <class T>
void expect_golden(const T& value, std::string_view bytes) {
  EXPECT_EQ(wire::encode(value), bytes);
  EXPECT_EQ(wire::decode<T>(bytes), value);
}

// Values from a seed; the engine's numbers are the same everywhere.
class random_values {
 public:
  explicit random_values(std::uint64_t seed) : engine_(seed) {}
  std::uint64_t below(std::uint64_t n) { return engine_() % n; }
  // All magnitudes are as likely.
  template <class Int>
  Int integer() {
    return static_cast<Int>(engine_() >> below(64));
  }
  std::string text() {
    std::string out(below(8) == 0 ? below(400) : below(40), ' ');
    for (char& c : out) c = static_cast<char>(engine_());
    return out;
  }
  template <class Container, class Make>
  Container many(Make make) {
    Container out;
    for (auto n = below(20); n != 0; --n) out.insert(out.end(), make());
    return out;
  }
  tree branch(int levels) {
    tree t{integer<int>(), {}};
    if (levels != 0)
      for (auto n = below(3); n != 0; --n) t.children.push_back(branch(levels - 1));
    return t;
  }
  point spot() { return {integer<int>(), -integer<int>()}; }
  all value() {
    all v;
    v.flag = below(2) != 0;
    v.small = integer<std::int8_t>();
    v.big = -integer<std::int64_t>();
    v.bigger = integer<std::uint64_t>();
    v.letter = integer<char>();
    v.f = static_cast<float>(integer<int>()) / 3;
    v.d = static_cast<double>(integer<std::int64_t>()) / 7;
    v.text = text();
    v.bytes = many<std::vector<std::byte>>([&] { return std::byte(engine_() & 0xff); });
    v.two = {std::byte(engine_() & 0xff), std::byte{7}};
    v.numbers = many<std::vector<int>>([&] { return integer<int>(); });
    v.bits = many<std::vector<bool>>([&] { return below(2) != 0; });
    v.triple = {integer<int>(), 0, -integer<int>()};
    v.queue = many<std::deque<std::string>>([&] { return text(); });
    v.points = many<std::list<point>>([&] { return spot(); });
    v.sorted = many<decltype(v.sorted)>(
        [&] { return std::pair(text(), many<std::vector<int>>([&] { return integer<int>(); })); });
    v.hashed = many<decltype(v.hashed)>([&] { return std::pair(text(), integer<int>()); });
    if (below(2) != 0) v.maybe = spot();
    switch (below(4)) {
      case 0:
        break;
      case 1:
        v.one_of = integer<int>();
        break;
      case 2:
        v.one_of = text();
        break;
      default:
        v.one_of = spot();
    }
    v.pair = {integer<int>(), text()};
    v.parts = {below(2) != 0, integer<int>(), std::nullopt};
    v.wait = std::chrono::milliseconds(integer<int>());
    v.seconds = std::chrono::duration<double>(static_cast<double>(integer<int>()) / 8);
    v.paint = std::array{colour::red, colour::green, colour::blue}[below(3)];
    v.height = level{integer<std::int16_t>()};
    v.inner = hidden(integer<int>());
    v.branch = branch(4);
    v.must.value = integer<int>();
    if (below(2) != 0) v.may.value = integer<int>();
    v.envelope = {below(2) != 0 ? 1U : 3U, spot()};
    return v;
  }

 private:
  std::mt19937_64 engine_;
};

template <class Check>
void for_seeds(int count, Check check) {
  for (int seed = 1; seed <= count; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    random_values from(static_cast<std::uint64_t>(seed));
    check(from);
    if (::testing::Test::HasFailure()) return;
  }
}

// Law RoundTrip.
TEST(Wire, RoundTrip) {
  for_seeds(500, [](random_values& from) {
    const all value = from.value();
    EXPECT_TRUE(wire::decode<all>(wire::encode(value)) == value);
    all warm = from.value();  // something else before
    ASSERT_EQ(wire::decode_into(wire::encode(value), warm), refusal::none);
    EXPECT_TRUE(warm == value);
  });
}

// Law Canonical.
TEST(Wire, Canonical) {
  for_seeds(200, [](random_values& from) {
    all value = from.value();
    const std::string bytes = wire::encode(value);
    EXPECT_EQ(wire::encode(wire::decode<all>(bytes)), bytes);
    std::unordered_map<std::string, int> other(1'000);  // other buckets, other order
    for (const auto& entry : std::map(value.hashed.begin(), value.hashed.end()))
      other.insert(entry);
    ASSERT_EQ(other, value.hashed);
    value.hashed = other;
    EXPECT_EQ(wire::encode(value), bytes);
    EXPECT_EQ(wire::encode(other), wire::encode(std::map(other.begin(), other.end())));
  });
}

// Law Truncated.
TEST(Wire, Truncated) {
  for_seeds(10, [](random_values& from) {
    const std::string bytes = wire::encode(from.value());
    all warm;
    for (std::size_t size = 0; size != bytes.size(); ++size) {
      // A copy, so that a sanitizer sees a read past the end.
      const std::vector<char> start(bytes.begin(), bytes.begin() + static_cast<long>(size));
      ASSERT_EQ(wire::decode_into(std::string_view(start.data(), size), warm), refusal::truncated)
          << size;
    }
    EXPECT_EQ(why<all>(bytes + '\0'), refusal::trailing_bytes);
  });
}

TEST(Wire, RefusesTheStartOfAFieldThatIsSkipped) {
  const std::string bytes = wire::encode(new_note{"t", 3, order{7, {{"a", 1, "b"}}}});
  ASSERT_EQ(why<old_note>(bytes), refusal::none);
  for (std::size_t size = 0; size != bytes.size(); ++size)
    EXPECT_EQ(why<old_note>(std::string_view(bytes).substr(0, size)), refusal::truncated) << size;
}

// Expected bytes here and below follow from the specification's table of formats.
TEST(WireFormat, Integers) {
  expect_golden<int>(0, hex("00"));
  expect_golden<int>(127, hex("7f"));
  expect_golden<int>(128, hex("cc 80"));
  expect_golden<int>(255, hex("cc ff"));
  expect_golden<int>(256, hex("cd 01 00"));
  expect_golden<int>(65'535, hex("cd ff ff"));
  expect_golden<int>(65'536, hex("ce 00 01 00 00"));
  expect_golden<std::uint32_t>(4'294'967'295, hex("ce ff ff ff ff"));
  expect_golden<std::int64_t>(4'294'967'296, hex("cf 00 00 00 01 00 00 00 00"));
  expect_golden(std::numeric_limits<std::uint64_t>::max(), hex("cf ff ff ff ff ff ff ff ff"));
  expect_golden<int>(-1, hex("ff"));
  expect_golden<int>(-32, hex("e0"));
  expect_golden<int>(-33, hex("d0 df"));
  expect_golden<int>(-128, hex("d0 80"));
  expect_golden<int>(-129, hex("d1 ff 7f"));
  expect_golden<int>(-32'768, hex("d1 80 00"));
  expect_golden<int>(-32'769, hex("d2 ff ff 7f ff"));
  expect_golden(std::numeric_limits<std::int32_t>::min(), hex("d2 80 00 00 00"));
  expect_golden<std::int64_t>(-2'147'483'649, hex("d3 ff ff ff ff 7f ff ff ff"));
  expect_golden(std::numeric_limits<std::int64_t>::min(), hex("d3 80 00 00 00 00 00 00 00"));
  expect_golden('a', hex("61"));
  expect_golden(std::chrono::seconds(-33), hex("d0 df"));
}

TEST(WireFormat, NilBoolAndFloats) {
  expect_golden(std::monostate(), hex("c0"));
  expect_golden(std::optional<int>(), hex("c0"));
  expect_golden(std::optional<int>(5), hex("05"));
  expect_golden(false, hex("c2"));
  expect_golden(true, hex("c3"));
  expect_golden(1.5F, hex("ca 3f c0 00 00"));
  expect_golden(1.5, hex("cb 3f f8 00 00 00 00 00 00"));
  expect_golden(-0.1, hex("cb bf b9 99 99 99 99 99 9a"));
  expect_golden(std::chrono::duration<double>(1.5), hex("cb 3f f8 00 00 00 00 00 00"));
}

TEST(WireFormat, StringsAndBytes) {
  expect_golden(""s, hex("a0"));
  expect_golden("abc"s, hex("a3 61 62 63"));
  const auto text = [](std::size_t n) { return std::string(n, 'x'); };
  expect_golden(text(31), hex("bf") + text(31));
  expect_golden(text(32), hex("d9 20") + text(32));
  expect_golden(text(255), hex("d9 ff") + text(255));
  expect_golden(text(256), hex("da 01 00") + text(256));
  expect_golden(text(65'535), hex("da ff ff") + text(65'535));
  expect_golden(text(65'536), hex("db 00 01 00 00") + text(65'536));
  const auto bytes = [](std::size_t n) { return std::vector(n, std::byte('x')); };
  expect_golden(bytes(0), hex("c4 00"));
  expect_golden(bytes(255), hex("c4 ff") + text(255));
  expect_golden(bytes(256), hex("c5 01 00") + text(256));
  expect_golden(bytes(65'536), hex("c6 00 01 00 00") + text(65'536));
  expect_golden(std::array{std::byte{1}, std::byte{2}}, hex("c4 02 01 02"));
  EXPECT_EQ(wire::encode(std::string_view("abc")), hex("a3 61 62 63"));
  EXPECT_EQ(wire::encode(std::span<const std::byte>(bytes(2))), hex("c4 02 78 78"));
}

TEST(WireFormat, Arrays) {
  expect_golden(std::vector<int>(), hex("90"));
  expect_golden(std::vector{1, -1}, hex("92 01 ff"));
  expect_golden(std::deque{1, -1}, hex("92 01 ff"));
  expect_golden(std::list{1, -1}, hex("92 01 ff"));
  expect_golden(std::array{1, -1}, hex("92 01 ff"));
  expect_golden(std::vector{true, false}, hex("92 c3 c2"));
  expect_golden(std::pair(1, "a"s), hex("92 01 a1 61"));
  expect_golden(std::tuple(1, true, "a"s), hex("93 01 c3 a1 61"));
  expect_golden(std::tuple<>(), hex("90"));
  expect_golden(std::vector<int>(15, 7), hex("9f") + std::string(15, '\7'));
  expect_golden(std::vector<int>(16, 7), hex("dc 00 10") + std::string(16, '\7'));
  expect_golden(std::vector<int>(65'536, 7), hex("dd 00 01 00 00") + std::string(65'536, '\7'));
  using either = std::variant<std::monostate, int, std::string>;
  expect_golden(either(), hex("92 00 c0"));
  expect_golden(either(5), hex("92 01 05"));
  expect_golden(either("a"), hex("92 02 a1 61"));
}

TEST(WireFormat, Maps) {
  using map = std::map<std::string, int>;
  expect_golden(map(), hex("80"));
  expect_golden(map{{"b", 1}, {"a", 2}}, hex("82 a1 61 02 a1 62 01"));
  expect_golden(std::unordered_map<std::string, int>{{"b", 1}, {"a", 2}},
                hex("82 a1 61 02 a1 62 01"));
  map many;
  for (char c = 'a'; many.size() != 15; ++c) many[std::string(1, c)] = 1;
  EXPECT_EQ(wire::encode(many).substr(0, 4), hex("8f a1 61 01"));
  many["z"] = 1;
  EXPECT_EQ(wire::encode(many).substr(0, 6), hex("de 00 10 a1 61 01"));
  EXPECT_EQ(wire::decode<map>(wire::encode(many)), many);
  many.clear();
  for (int i = 0; i != 65'536; ++i) many[std::to_string(i)] = 1;
  EXPECT_EQ(wire::encode(many).substr(0, 5), hex("df 00 01 00 00"));
  EXPECT_EQ(wire::decode<map>(wire::encode(many)), many);
}

TEST(WireFormat, ARawValueIsAnyAndStaysAsItCame) {
  using call = std::tuple<std::string, wire::raw, int>;
  const std::vector<std::string> all{"\xc0"s,
                                     "\x07"s,
                                     "\xcd\x00\x07"s,
                                     "\xa1x"s,
                                     "\x92\x01\x81\xa1k\xc3"s,
                                     "\xd6\x31"
                                     "1234"s,
                                     "\xc7\x01\x33!"s,
                                     "\xc4\x02\x00\x01"s};
  for (const std::string& one : all) {
    const std::string bytes =
        "\x93\xa1"
        "f" +
        one + "\x05";
    const auto it = wire::decode<call>(bytes);
    EXPECT_EQ(std::get<1>(it).bytes, one);
    EXPECT_EQ(std::get<2>(it), 5);
    EXPECT_EQ(wire::encode(it), bytes);
  }
  wire::raw it;
  EXPECT_EQ(wire::encode(it), "\xc0") << "nil, unless it is set";
  EXPECT_EQ(wire::decode_into("\x92\x01"s, it), wire::refusal::truncated);
  EXPECT_EQ(wire::decode_into("\xc1"s, it), wire::refusal::malformed);
  EXPECT_EQ(wire::decode_into(std::string(64, '\x91') + "\x01", it), wire::refusal::none);
  EXPECT_EQ(wire::decode_into(std::string(65, '\x91') + "\x01", it), wire::refusal::too_deep);
}

TEST(WireFormat, StructsAndEnums) {
  expect_golden(point{1, -1}, hex("82 a1 78 01 a1 79 ff"));
  expect_golden(nothing(), hex("80"));
  expect_golden(hidden(5), hex("81 a7") + "number_" + hex("05"));
  // An empty optional member is left out: what an older program without it writes is the same.
  expect_golden(item{"a", 1.5, {}},
                hex("82 a4") + "name" + hex("a1 61 a5") + "price" + hex("cb 3ff8000000000000"));
  expect_golden(item{"a", 1.5, "b"}, hex("83 a4") + "name" + hex("a1 61 a5") + "price" +
                                         hex("cb 3ff8000000000000 a4") + "note" + hex("a1 62"));
  circle c;
  c.id = 1, c.radius = 2;
  EXPECT_EQ(wire::encode(c), hex("82 a2") + "id" + hex("01 a6") + "radius" + hex("02"));
  EXPECT_EQ(wire::decode<circle>(wire::encode(c)).id, 1);
  expect_golden(colour::blue, hex("cc c8"));
  expect_golden(level{-33}, hex("d0 df"));
  expect_golden(std::byte{128}, hex("cc 80"));
  EXPECT_EQ(wire::encode(strict_note{"a", {"b"}}),
            hex("82 a4") + "text" + hex("a1 61 a9") + "!currency" + hex("a1 62"));
  expect_golden(wire::versioned<int, 1, 2>{1, 5}, hex("92 01 05"));
}

TEST(WireFormat, LongerFormsOfOthersAreAccepted) {
  for (const char* five :
       {"05", "cc 05", "cd 00 05", "ce 00 00 00 05", "cf 00 00 00 00 00 00 00 05", "d0 05",
        "d1 00 05", "d2 00 00 00 05", "d3 00 00 00 00 00 00 00 05"})
    EXPECT_EQ(wire::decode<std::uint8_t>(hex(five)), 5) << five;
  for (const char* minus :
       {"ff", "d0 ff", "d1 ff ff", "d2 ff ff ff ff", "d3 ff ff ff ff ff ff ff ff"})
    EXPECT_EQ(wire::decode<std::int8_t>(hex(minus)), -1) << minus;
  for (const char* text : {"a1 61", "d9 01 61", "da 00 01 61", "db 00 00 00 01 61"})
    EXPECT_EQ(wire::decode<std::string>(hex(text)), "a") << text;
  for (const char* list : {"91 05", "dc 00 01 05", "dd 00 00 00 01 05"})
    EXPECT_EQ(wire::decode<std::vector<int>>(hex(list)), std::vector{5}) << list;
  for (const char* spot : {"82 a1 79 02 a1 78 01", "de 00 02 d9 01 78 01 da 00 01 79 02",
                           "df 00 00 00 02 a1 78 01 a1 79 02"})
    EXPECT_EQ(wire::decode<point>(hex(spot)), (point{1, 2})) << spot;
}

TEST(WireNumbers, AreNeverChanged) {
  EXPECT_EQ(wire::decode<std::uint8_t>(hex("cc ff")), 255);
  EXPECT_EQ(why<std::uint8_t>(hex("cd 01 00")), refusal::out_of_range);
  EXPECT_EQ(why<std::uint64_t>(hex("ff")), refusal::out_of_range);
  EXPECT_EQ(wire::decode<std::int8_t>(hex("d0 80")), -128);
  EXPECT_EQ(why<std::int8_t>(hex("d1 ff 7f")), refusal::out_of_range);
  EXPECT_EQ(why<std::int8_t>(hex("cc 80")), refusal::out_of_range);
  EXPECT_EQ(why<std::int64_t>(hex("cf 80 00 00 00 00 00 00 00")), refusal::out_of_range);
  EXPECT_EQ(why<std::int32_t>(hex("ce 80 00 00 00")), refusal::out_of_range);
  EXPECT_EQ(why<std::int32_t>(hex("d3 ff ff ff ff 7f ff ff ff")), refusal::out_of_range);
  // A float is no integer, whatever its value.
  EXPECT_EQ(why<int>(hex("cb 40 14 00 00 00 00 00 00")), refusal::wrong_type);
  EXPECT_EQ(why<int>(hex("ca 40 a0 00 00")), refusal::wrong_type);
  EXPECT_EQ(why<bool>(hex("01")), refusal::wrong_type);
  EXPECT_EQ(why<int>(hex("c3")), refusal::wrong_type);
}

TEST(WireNumbers, AnIntegerIsAFloatOnlyWhereItIsExact) {
  EXPECT_EQ(wire::decode<double>(hex("05")), 5.0);
  EXPECT_EQ(wire::decode<double>(hex("ff")), -1.0);
  EXPECT_EQ(wire::decode<double>(hex("cf 00 20 00 00 00 00 00 00")), std::ldexp(1, 53));
  EXPECT_EQ(why<double>(hex("cf 00 20 00 00 00 00 00 01")), refusal::out_of_range);
  EXPECT_EQ(wire::decode<double>(hex("cf 80 00 00 00 00 00 00 00")), std::ldexp(1, 63));
  EXPECT_EQ(why<double>(hex("cf ff ff ff ff ff ff ff ff")), refusal::out_of_range);
  EXPECT_EQ(wire::decode<double>(hex("d3 80 00 00 00 00 00 00 00")), -std::ldexp(1, 63));
  EXPECT_EQ(why<double>(hex("d3 80 00 00 00 00 00 00 01")), refusal::out_of_range);
  EXPECT_EQ(wire::decode<float>(hex("ce 01 00 00 00")), 16'777'216.0F);
  EXPECT_EQ(why<float>(hex("ce 01 00 00 01")), refusal::out_of_range);
}

TEST(WireNumbers, ADoubleIsAFloatOnlyWhereItIsExact) {
  EXPECT_EQ(wire::decode<double>(hex("ca 3f c0 00 00")), 1.5);
  EXPECT_EQ(wire::decode<float>(hex("cb 3f f8 00 00 00 00 00 00")), 1.5F);
  EXPECT_EQ(why<float>(wire::encode(0.1)), refusal::out_of_range);
  EXPECT_EQ(why<float>(wire::encode(1e300)), refusal::out_of_range);
  EXPECT_EQ(why<float>(wire::encode(-1e300)), refusal::out_of_range);
  EXPECT_EQ(why<float>(wire::encode(1e-300)), refusal::out_of_range);
  EXPECT_EQ(wire::decode<float>(wire::encode(-HUGE_VAL)), -HUGE_VALF);
}

TEST(WireNumbers, InfinityAndNaNAreKeptWithTheirPayload) {
  for (const std::string& bytes :
       {hex("cb 7f f0 00 00 00 00 00 00"), hex("cb ff f0 00 00 00 00 00 00"),
        hex("cb 7f f8 00 00 00 00 12 34"), hex("cb ff f8 de ad be ef 00 01"),
        hex("cb 80 00 00 00 00 00 00 00")})
    EXPECT_EQ(wire::encode(wire::decode<double>(bytes)), bytes);
  for (const std::string& bytes : {hex("ca 7f 80 00 00"), hex("ca 7f c0 12 34")})
    EXPECT_EQ(wire::encode(wire::decode<float>(bytes)), bytes);
  EXPECT_EQ(wire::encode(wire::decode<double>(hex("ca 7f c0 00 01"))),
            hex("cb 7f f8 00 00 20 00 00 00"));
  EXPECT_EQ(wire::encode(wire::decode<float>(hex("cb 7f f8 00 00 20 00 00 00"))),
            hex("ca 7f c0 00 01"));
  EXPECT_EQ(why<float>(hex("cb 7f f8 00 00 00 00 12 34")), refusal::out_of_range);
}

TEST(WireRefusal, OfAnotherType) {
  EXPECT_EQ(why<std::string>(hex("c4 01 61")), refusal::wrong_type);
  EXPECT_EQ(why<std::vector<std::byte>>(hex("a1 61")), refusal::wrong_type);
  EXPECT_EQ(why<std::vector<int>>(hex("80")), refusal::wrong_type);
  EXPECT_EQ((why<std::map<std::string, int>>(hex("90"))), refusal::wrong_type);
  EXPECT_EQ((why<std::map<std::string, int>>(hex("81 05 05"))), refusal::wrong_type);
  EXPECT_EQ(why<point>(hex("92 01 02")), refusal::wrong_type);
  EXPECT_EQ(why<point>(hex("81 05 05")), refusal::wrong_type);
  EXPECT_EQ(why<std::monostate>(hex("05")), refusal::wrong_type);
  EXPECT_EQ(why<int>(hex("c0")), refusal::wrong_type);
  EXPECT_EQ(why<int>(hex("d4 01 02")), refusal::wrong_type);
  EXPECT_EQ(why<std::optional<int>>(hex("a0")), refusal::wrong_type);
  EXPECT_EQ((why<std::variant<int, bool>>(hex("92 01 05"))), refusal::wrong_type);
}

TEST(WireRefusal, OfValuesThatTheTypeHasNot) {
  EXPECT_EQ((why<std::array<int, 2>>(hex("93 01 02 03"))), refusal::wrong_length);
  EXPECT_EQ((why<std::array<int, 2>>(hex("91 01"))), refusal::wrong_length);
  EXPECT_EQ((why<std::array<std::byte, 2>>(hex("c4 01 01"))), refusal::wrong_length);
  EXPECT_EQ((why<std::pair<int, int>>(hex("91 01"))), refusal::wrong_length);
  EXPECT_EQ((why<std::tuple<int, int>>(hex("93 01 01 01"))), refusal::wrong_length);
  EXPECT_EQ((why<std::variant<int, bool>>(hex("93 00 05 05"))), refusal::wrong_length);
  EXPECT_EQ((why<std::variant<int, bool>>(hex("92 02 05"))), refusal::out_of_range);
  EXPECT_EQ((why<std::variant<int, bool>>(hex("92 ff 05"))), refusal::out_of_range);
  EXPECT_EQ(why<colour>(hex("03")), refusal::unknown_enumerator);
  EXPECT_EQ(why<colour>(hex("cd 01 01")), refusal::out_of_range);
  EXPECT_EQ(why<int>(hex("c1")), refusal::malformed);
  EXPECT_EQ(why<point>(hex("83 a1 78 01 a1 79 02 a1 7a c1")), refusal::malformed);
}

TEST(WireRefusal, OfFields) {
  EXPECT_EQ(why<point>(hex("81 a1 78 01")), refusal::missing_field);
  EXPECT_EQ(why<point>(hex("80")), refusal::missing_field);
  EXPECT_EQ(why<point>(hex("83 a1 78 01 a1 79 02 a1 78 01")), refusal::duplicate_field);
  EXPECT_EQ(why<point>(hex("83 a1 78 01 a1 78 02 a1 79 01")), refusal::duplicate_field);
  EXPECT_EQ((why<std::map<std::string, int>>(hex("82 a1 78 01 a1 78 01"))),
            refusal::duplicate_field);
}

TEST(WireRefusal, OfMoreThanTheLimits) {
  const std::string text(100, 'x');
  EXPECT_EQ(why<std::string>(wire::encode(text), {.bytes = 102}), refusal::none);
  EXPECT_EQ(why<std::string>(wire::encode(text), {.bytes = 101}), refusal::too_large);
  EXPECT_EQ(why_not_encoded(text, {.bytes = 102}), refusal::none);
  EXPECT_EQ(why_not_encoded(text, {.bytes = 101}), refusal::too_large);
  for (std::size_t most = 0; most != 9; ++most)
    EXPECT_EQ(why_not_encoded(1.5, {.bytes = most}), refusal::too_large) << most;
  EXPECT_EQ(why_not_encoded(1.5, {.bytes = 9}), refusal::none);
  EXPECT_EQ(why_not_encoded(std::vector<int>(200, 1), {.bytes = 200}), refusal::too_large);
  const std::string most(1'048'576 - 5, 'x');
  EXPECT_EQ(wire::decode<std::string>(wire::encode(most)), most);
  EXPECT_EQ(why_not_encoded(most + 'x'), refusal::too_large);
  EXPECT_EQ(why<std::string>(hex("db 00 0f ff fc") + most + 'x'), refusal::too_large);

  // A tree of n levels is 2 n arrays and maps inside each other.
  const auto levels = [](int n) {
    tree t{n, {}};
    while (--n != 0) t = tree{n, {t}};
    return t;
  };
  EXPECT_EQ(wire::decode<tree>(wire::encode(levels(32))), levels(32));
  EXPECT_EQ(why_not_encoded(levels(33)), refusal::too_deep);
  const std::string deep = wire::encode(levels(33), {.depth = 66});
  EXPECT_EQ(why<tree>(deep), refusal::too_deep);
  EXPECT_EQ(why<tree>(deep, {.depth = 66}), refusal::none);
  EXPECT_EQ(why<int>(hex("05"), {.depth = 0}), refusal::none);
  EXPECT_EQ(why<nothing>(hex("80"), {.depth = 0}), refusal::too_deep);
  // The levels of what is skipped count too.
  const auto skipped = [](std::size_t n) {
    return hex("81 a1 61") + std::string(n, '\x91') + '\1';
  };
  EXPECT_EQ(why<nothing>(skipped(63)), refusal::none);
  EXPECT_EQ(why<nothing>(skipped(64)), refusal::too_deep);
  EXPECT_EQ(why<nothing>(skipped(1'000'000)), refusal::too_deep);
}

TEST(WireRefusal, IsBeforeAnyAllocation) {
  const auto before = gof::testing::allocations();
  std::vector<std::string> list;
  std::map<std::string, int> map;
  std::string text;
  std::vector<std::byte> bytes;
  tree recursive;
  // Prepared outside of what is counted would be longer than what is tested.
  const auto refused = [](std::string_view in, auto& value) {
    return wire::decode_into(in, value) == refusal::truncated;
  };
  EXPECT_TRUE(refused({"\xdd\xff\xff\xff\xff\x01", 6}, list));
  EXPECT_TRUE(refused({"\xdf\xff\xff\xff\xff\x01", 6}, map));
  EXPECT_TRUE(refused({"\xdf\x80\x00\x00\x00\x01", 6}, map));
  EXPECT_TRUE(refused({"\xdb\xff\xff\xff\xff\x01", 6}, text));
  EXPECT_TRUE(refused({"\xc6\xff\xff\xff\xff\x01", 6}, bytes));
  EXPECT_TRUE(refused({"\xdf\xff\xff\xff\xff\x01", 6}, recursive));
  EXPECT_EQ(gof::testing::allocations(), before);
}

TEST(WireRefusal, SaysWhereWhatAndWhy) {
  order o{7, std::vector<item>(4)};
  std::string bytes = wire::encode(o);
  bytes.replace(bytes.rfind("price") + 5, 9, hex("a3 61 62 63"));
  EXPECT_EQ(message<order>(bytes),
            "gof::wire: order.items[3].price: expected double, found a string of 3 (wrong_type, "
            "byte " +
                std::to_string(bytes.size() - 4) + ")");
  EXPECT_EQ(message<point>(hex("82 a1 78 01 a1 79 cf ff ff ff ff ff ff ff ff")),
            "gof::wire: point.y: expected int, found an integer 18446744073709551615 "
            "(out_of_range, byte 6)");
  EXPECT_EQ(message<point>(hex("81 a1 78 01")),
            "gof::wire: point: expected the field y, found a map of 1 (missing_field, byte 0)");
  EXPECT_EQ(message<point>(hex("82 a1 78 01 a1 78 01")),
            "gof::wire: point: expected each field once, found x (duplicate_field, byte 4)");
  EXPECT_EQ(message<point>(hex("82 a1 78 01 a2 21 1b 01")),
            "gof::wire: point: expected no unknown field that is required, found !? "
            "(unknown_required_field, byte 4)");
  EXPECT_EQ(message<point>(hex("82 a1 78 01 a1 79")),
            "gof::wire: point.y: expected more bytes, found the end (truncated, byte 6)");
  EXPECT_EQ((message<std::map<std::string, std::vector<bool>>>(hex("81 a2 0a 61 92 c3 f0"))),
            "gof::wire: value[?a][1]: expected a bool, found an integer -16 (wrong_type, byte 6)");
  EXPECT_EQ((message<std::tuple<int, std::variant<int, colour>>>(hex("92 01 92 01 09"))),
            "gof::wire: value[1][1]: expected colour, found an integer 9 (unknown_enumerator, "
            "byte 4)");
  EXPECT_EQ((message<std::array<int, 3>>(hex("92 01 02"))),
            "gof::wire: value: expected an array of 3, found an array of 2 (wrong_length, byte 0)");
  EXPECT_EQ((message<std::array<int, 0>>(hex("91 02"))),
            "gof::wire: value: expected an array of 0, found an array of 1 (wrong_length, byte 0)");
  EXPECT_EQ(message<int>(hex("01 c0")),
            "gof::wire: value: expected the end, found nil (trailing_bytes, byte 1)");
  EXPECT_EQ(message<int>(hex("c1")),
            "gof::wire: value: expected a value, found the byte 0xc1 (malformed, byte 0)");
}

TEST(WireEvolution, AnUnknownFieldIsSkippedWhateverItHolds) {
  for (const char* value : {"c0",
                            "c2",
                            "05",
                            "ff",
                            "cc 80",
                            "cf 01 02 03 04 05 06 07 08",
                            "d3 01 02 03 04 05 06 07 08",
                            "ca 01 02 03 04",
                            "cb 01 02 03 04 05 06 07 08",
                            "a2 61 62",
                            "d9 01 61",
                            "da 00 01 61",
                            "db 00 00 00 01 61",
                            "c4 01 61",
                            "c5 00 01 61",
                            "c6 00 00 00 01 61",
                            "92 01 91 02",
                            "dc 00 01 05",
                            "dd 00 00 00 01 05",
                            "82 01 02 a1 61 80",
                            "de 00 01 05 05",
                            "df 00 00 00 01 05 05",
                            "c7 01 05 61",
                            "c7 00 05",
                            "c8 00 01 05 61",
                            "c9 00 00 00 01 05 61",
                            "d4 05 01",
                            "d5 05 01 02",
                            "d6 05 01 02 03 04",
                            "d7 05 01 02 03 04 05 06 07 08",
                            "d8 05 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f 10"}) {
    const std::string bytes = hex("83 a1 78 01 a1 7a") + hex(value) + hex("a1 79 02");
    EXPECT_EQ(wire::decode<point>(bytes), (point{1, 2})) << value;
    for (std::size_t size = 0; size != bytes.size(); ++size)
      EXPECT_EQ(why<point>(std::string_view(bytes).substr(0, size)), refusal::truncated) << value;
  }
}

TEST(WireEvolution, AnOptionalMemberMayBeMissingOrNil) {
  const std::string old = wire::encode(old_note{"a"});
  new_note warm{"b", 5, order()};
  ASSERT_EQ(wire::decode_into(old, warm), refusal::none);
  EXPECT_EQ(warm, (new_note{"a", {}, {}}));
  EXPECT_EQ(wire::encode(warm), old);
  warm.stars = 5;
  ASSERT_EQ(wire::decode_into(hex("82 a4") + "text" + hex("a1 61 a5") + "stars" + hex("c0"), warm),
            refusal::none);
  EXPECT_EQ(warm, (new_note{"a", {}, {}}));
}

TEST(WireEvolution, UnknownFieldsAreKeptAndWrittenAgain) {
  const new_note sent{"a", 3, order{7, {{"b", 1, "c"}}}};
  auto relayed = wire::decode<relay_note>(wire::encode(sent));
  EXPECT_EQ(relayed.rest.size(), 2U);
  EXPECT_EQ(wire::encode(relayed), wire::encode(sent));
  relayed.text = "changed";
  EXPECT_EQ(wire::decode<new_note>(wire::encode(relayed)), (new_note{"changed", 3, sent.bought}));
  ASSERT_EQ(wire::decode_into(wire::encode(old_note{"b"}), relayed), refusal::none);
  EXPECT_EQ(relayed.rest, wire::unknown_fields());
  EXPECT_EQ(why<relay_note>(wire::encode(strict_note{"a", {"b"}})),
            refusal::unknown_required_field);
}

TEST(WireEvolution, ARequiredFieldMustBeUnderstood) {
  const std::string strict = wire::encode(strict_note{"a", {"EUR"}});
  EXPECT_EQ(wire::decode<strict_note>(strict).currency.value, "EUR");
  EXPECT_EQ(wire::decode<lenient_note>(strict).currency.value, "EUR");
  EXPECT_EQ(why<old_note>(strict), refusal::unknown_required_field);
  EXPECT_EQ(why<strict_note>(wire::encode(old_note{"a"})), refusal::missing_field);
  // One that is optional binds only where it is used.
  EXPECT_EQ(wire::encode(lenient_note{"a"}), wire::encode(old_note{"a"}));
  EXPECT_EQ(why<old_note>(wire::encode(lenient_note{"a", {"EUR"}})),
            refusal::unknown_required_field);
}

TEST(WireEvolution, AVersionThatIsNotAcceptedIsRefusedBeforeItsValue) {
  using old_envelope = wire::versioned<point, 1>;
  using new_envelope = wire::versioned<std::string, 2, 3>;
  const std::string bytes = wire::encode(new_envelope{3, "a"});
  EXPECT_EQ(wire::decode<new_envelope>(bytes), (new_envelope{3, "a"}));
  EXPECT_EQ(why<old_envelope>(bytes), refusal::unknown_version);
  EXPECT_EQ(why<new_envelope>(wire::encode(old_envelope())), refusal::unknown_version);
  EXPECT_EQ(why_not_encoded(new_envelope{1, "a"}), refusal::unknown_version);
  EXPECT_EQ(message<old_envelope>(bytes),
            "gof::wire: value[0]: expected a version that is accepted, found an integer 3 "
            "(unknown_version, byte 1)");
}

TEST(WireEncode, RefusesWhatNobodyWouldDecode) {
  EXPECT_EQ(why_not_encoded(colour{3}), refusal::unknown_enumerator);
  EXPECT_EQ(why_not_encoded(std::vector{colour::red, colour{3}}), refusal::unknown_enumerator);
  std::variant<int, throws> v;
  EXPECT_THROW(v.emplace<1>(throws()), int);
  ASSERT_TRUE(v.valueless_by_exception());
  EXPECT_EQ(why_not_encoded(v), refusal::out_of_range);
}

TEST(WireEncode, AppendsAndIsUnchangedWhereThereIsNoMemory) {
  std::string out = "before";
  wire::encode_to(out, point{1, 2});
  EXPECT_EQ(out, "before" + hex("82 a1 78 01 a1 79 02"));
  std::string kept;
  const auto failed = gof::testing::fail_each_allocation(
      [&] {
        kept = "before";
        wire::encode_to(kept, std::vector<int>(1'000, 1'000));
      },
      [&] { EXPECT_EQ(kept, "before"); });
  EXPECT_GT(failed, 1U);
}

TEST(WireDecode, LetsBadAllocOutAndLeavesAValue) {
  random_values from(1);
  const all value = from.value();
  const std::string bytes = wire::encode(value);
  all there;
  const auto failed = gof::testing::fail_each_allocation(
      [&] {
        there = all();
        static_cast<void>(wire::decode_into(bytes, there));
      },
      [&] { there = all(); });
  EXPECT_GT(failed, 10U);
  EXPECT_TRUE(there == value);
}

TEST(WireDecode, WarmNothingIsAllocated) {
  const order o{7,
                {{"a name that is longer than a small string", 1, "and so is this note, surely"},
                 {"another one of which the same can be said", 2, {}}}};
  std::string bytes;
  order there;
  const auto round = [&] {
    bytes.clear();
    wire::encode_to(bytes, o);
    return wire::decode_into(bytes, there) == refusal::none;
  };
  ASSERT_TRUE(round());
  const auto before = gof::testing::allocations();
  ASSERT_TRUE(round());
  EXPECT_EQ(gof::testing::allocations(), before);
  EXPECT_EQ(there, o);
}

TEST(WireDecode, TakesSpansOfBytes) {
  const std::vector<std::byte> bytes{std::byte{0x82}, std::byte{0xa1}, std::byte{0x78},
                                     std::byte{0x01}, std::byte{0xa1}, std::byte{0x79},
                                     std::byte{0x02}};
  EXPECT_EQ(wire::decode<point>(bytes), (point{1, 2}));
  point there;
  EXPECT_EQ(wire::decode_into(std::span(bytes), there), refusal::none);
  EXPECT_EQ(why<int>(std::string_view()), refusal::truncated);
}

struct long_name {
  int a_name_of_exactly_31_characters = 0;
  int a_name_of_exactly_32_characters_ = 0;
  friend bool operator==(const long_name&, const long_name&) = default;
};
BOOST_DESCRIBE_STRUCT(long_name, (),
                      (a_name_of_exactly_31_characters, a_name_of_exactly_32_characters_))

TEST(WireFormat, LongNamesOfMembers) {
  expect_golden(long_name{1, 2}, hex("82 bf") + "a_name_of_exactly_31_characters" +
                                     hex("01 d9 20") + "a_name_of_exactly_32_characters_" +
                                     hex("02"));
}

}  // namespace
