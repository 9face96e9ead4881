// SPDX-License-Identifier: BSL-1.0
#include <gof/pyro/message.hpp>
// The header under test comes first, so that it has to stand alone.
#include <gtest/gtest.h>

#include <cstring>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "golden/frames.hpp"
#include "support/allocations.hpp"
#include "support/seeds.hpp"

namespace {

namespace pyro = gof::pyro;
namespace wire = gof::wire;
using gof::testing::frame;
using pyro::header;
using wire::refusal;
using std::string_literals::operator""s;

static_assert(std::is_trivially_copyable_v<pyro::annotations>);
static_assert(std::forward_iterator<pyro::annotations::iterator>);
static_assert(noexcept(pyro::parse({}, std::declval<header&>())));

// The CONNECT that is written out in the description of the protocol.
const std::string connect = "PYRO\x01\xf6\x01\x04\0\0\0\0\0\0\0\x1d\0\0\0\0"s +
                            std::string(16, '\0') + "\0\0\x4d\xc5"s +
                            "\x82\xa9handshake\xa5hello\xa6object\xa4"
                            "calc"s;

std::string written(const header& h) {
  std::string bytes(header::size, '?');
  pyro::write(h, bytes.data());
  return bytes;
}
std::string chunk(const std::string& id, const std::string& bytes) {
  std::string out;
  pyro::append_annotation(out, id, bytes);
  return out;
}
std::vector<frame> golden() {
  std::vector<frame> all = gof::testing::golden_frames("msgpack");
  for (frame& f : gof::testing::golden_frames("serpent")) all.push_back(std::move(f));
  return all;
}

TEST(PyroHeader, IsAtTheBytesThatTheProtocolSays) {
  header h;
  ASSERT_EQ(pyro::parse(connect, h), refusal::none);
  EXPECT_EQ(h.type, pyro::message_type::connect);
  EXPECT_EQ(h.serializer, 4);
  EXPECT_EQ(h.flags, 0);
  EXPECT_EQ(h.sequence, 0);
  EXPECT_EQ(h.payload, 0x1d);
  EXPECT_EQ(h.annotations, 0);
  EXPECT_EQ(written(h), connect.substr(0, header::size));

  h.flags = 0x1234;
  h.sequence = 0x5678;
  h.annotations = 0x0001'0000;
  h.correlation.fill(std::byte{0xab});
  const std::string bytes = written(h);
  EXPECT_EQ(bytes.substr(8, 4), "\x12\x34\x56\x78");
  EXPECT_EQ(bytes.substr(16, 4), "\0\1\0\0"s);
  EXPECT_EQ(bytes.substr(20, 16), std::string(16, '\xab'));
}

TEST(PyroHeader, IsReadAsItWasWritten) {
  std::mt19937_64 random(1);
  for (std::uint64_t n = gof::testing::seeds(10'000); n != 0; --n) {
    header h;
    h.type = static_cast<pyro::message_type>(random());
    h.serializer = static_cast<std::uint8_t>(random());
    h.flags = static_cast<std::uint16_t>(random());
    h.sequence = static_cast<std::uint16_t>(random());
    h.payload = static_cast<std::uint32_t>(random() % (1 << 19));
    h.annotations = static_cast<std::uint32_t>(random() % (1 << 16));
    for (std::byte& b : h.correlation) b = static_cast<std::byte>(random());
    header read;
    ASSERT_EQ(pyro::parse(written(h), read), refusal::none);
    ASSERT_EQ(read, h);
  }
}

TEST(PyroHeader, IsRefusedAsSoonAsItIsWrong) {
  header h;
  for (std::size_t n = 0; n != header::size; ++n)
    EXPECT_EQ(pyro::parse(connect.substr(0, n), h), refusal::truncated) << n;
  EXPECT_EQ(pyro::parse("GET / HTTP/1.1\r\n", h), refusal::malformed);
  EXPECT_EQ(pyro::parse("PYRO\x01\xf5", h), refusal::unknown_version);
  std::string wrong = connect;
  wrong[39] = 0;
  EXPECT_EQ(pyro::parse(wrong, h), refusal::malformed);
  EXPECT_EQ(h, header()) << "it was overwritten";
  wrong = connect;
  wrong[36] = wrong[37] = '\xff';
  EXPECT_EQ(pyro::parse(wrong, h), refusal::none) << "what is reserved is ignored";
}

TEST(PyroHeader, IsRefusedForItsLengths) {
  const auto parsed = [](std::uint32_t payload, std::uint32_t annotations,
                         const pyro::message_limits& most = {}) {
    header h;
    h.payload = payload;
    h.annotations = annotations;
    return pyro::parse(written(h), h, most);
  };
  EXPECT_EQ(parsed(1 << 20, 0), refusal::none);
  EXPECT_EQ(parsed((1 << 20) + 1, 0), refusal::too_large);
  EXPECT_EQ(parsed(1 << 20, 1), refusal::too_large) << "both together";
  EXPECT_EQ(parsed(0, 64 << 10), refusal::none);
  EXPECT_EQ(parsed(0, (64 << 10) + 1), refusal::too_large);
  EXPECT_EQ(parsed(0xffff'ffff, 0xffff'ffff), refusal::too_large) << "the sum runs over in 32 bits";
  pyro::message_limits large;
  large.message = 1ULL << 40;
  EXPECT_EQ(parsed(0xffff'ffff, 0, large), refusal::none);
}

TEST(PyroHeader, OfPythonIsWhatPythonSent) {
  for (const frame& f : golden()) {
    SCOPED_TRACE(f.scenario);
    header h;
    ASSERT_EQ(pyro::parse(f.bytes, h), refusal::none);
    EXPECT_EQ(static_cast<unsigned>(h.type), f.type);
    EXPECT_EQ(h.serializer, f.serializer);
    EXPECT_EQ(h.flags, f.flags);
    EXPECT_EQ(h.sequence, f.sequence);
    EXPECT_EQ(std::memcmp(h.correlation.data(), f.correlation.data(), 16), 0);
    EXPECT_EQ(header::size + h.rest(), f.bytes.size());
    EXPECT_EQ(written(h), f.bytes.substr(0, header::size)) << "ours are the same bytes";
  }
}

TEST(PyroAnnotations, OfPythonAreWhatPythonSent) {
  std::size_t seen = 0;
  for (const frame& f : golden()) {
    SCOPED_TRACE(f.scenario);
    header h;
    ASSERT_EQ(pyro::parse(f.bytes, h), refusal::none);
    pyro::annotations notes;
    const std::string bytes = f.bytes.substr(header::size, h.annotations);
    ASSERT_EQ(pyro::annotations::parse(bytes, notes), refusal::none);
    std::vector<std::pair<std::string, std::string>> found;
    std::string ours;
    for (const auto& [id, what] : notes) {
      found.emplace_back(id, what);
      pyro::append_annotation(ours, id, what);
    }
    EXPECT_EQ(found, f.annotations);
    EXPECT_EQ(ours, bytes);
    seen += found.size();
  }
  EXPECT_GE(seen, 10U);
}

TEST(PyroAnnotations, AreFoundByTheirLetters) {
  const std::string all = chunk("GOPI", "one") + chunk("GTRC", "") + chunk("GOPI", "two");
  pyro::annotations notes;
  ASSERT_EQ(pyro::annotations::parse(all, notes), refusal::none);
  EXPECT_EQ(notes.find("GOPI"), "two") << "the last one, as in Python";
  EXPECT_EQ(notes.find("GTRC"), "");
  EXPECT_EQ(notes.find("NONE"), std::nullopt);
  EXPECT_EQ(notes.bytes(), all);
  EXPECT_EQ(std::distance(notes.begin(), std::next(notes.begin(), 3)), 3);
  const std::size_t before = gof::testing::allocations();
  EXPECT_TRUE(notes.find("GOPI"));
  EXPECT_EQ(gof::testing::allocations(), before);
}

TEST(PyroAnnotations, AreRefusedUnlessTheyFillTheirLength) {
  const std::string all = chunk("GOPI", "one") + chunk("GTRC", "two");
  const std::size_t first = chunk("GOPI", "one").size();
  pyro::annotations notes;
  for (std::size_t n = 0; n != all.size(); ++n)
    EXPECT_EQ(pyro::annotations::parse(all.substr(0, n), notes),
              n == 0 || n == first ? refusal::none : refusal::truncated)
        << n;
  EXPECT_EQ(pyro::annotations::parse(all + "x", notes), refusal::truncated);
  EXPECT_EQ(pyro::annotations::parse("GOPI\xff\xff\xff\xff", notes), refusal::truncated);
  EXPECT_EQ(pyro::annotations::parse("GOP\xc3\0\0\0\0"s, notes), refusal::malformed);
}

TEST(PyroAnnotations, AreRefusedBeyondTheirLimits) {
  pyro::annotations notes;
  std::string all;
  for (int i = 0; i != 16; ++i) all += chunk("MANY", "");
  EXPECT_EQ(pyro::annotations::parse(all, notes), refusal::none);
  EXPECT_EQ(pyro::annotations::parse(all + chunk("MANY", ""), notes), refusal::too_large);
  EXPECT_EQ(pyro::annotations::parse(chunk("LONG", std::string((64 << 10) - 8, 'x')), notes),
            refusal::none);
  EXPECT_EQ(pyro::annotations::parse(chunk("LONG", std::string((64 << 10) - 7, 'x')), notes),
            refusal::too_large);
}

TEST(PyroAnnotations, HaveFourAsciiLetters) {
  const auto refused = [](const std::string& id) {
    std::string out = "before";
    try {
      pyro::append_annotation(out, id, "x");
    } catch (const wire::error& e) {
      EXPECT_EQ(out, "before");
      return e.why();
    }
    return refusal::none;
  };
  EXPECT_EQ(refused("ABC"), refusal::wrong_length);
  EXPECT_EQ(refused("ABCDE"), refusal::wrong_length);
  EXPECT_EQ(refused("AB\xc3\xa9"), refusal::malformed);
  EXPECT_EQ(refused("ABCD"), refusal::none);
}

TEST(PyroCompression, IsUndone) {
  std::mt19937_64 random(1);
  std::string packed, out;
  for (const std::size_t size :
       std::vector<std::size_t>{0, 1, 100, 101, 5'000, 300'000, 1'000'000}) {
    std::string payload(size, 'x');
    for (std::size_t i = 0; i < size; i += 1 + random() % 50)
      payload[i] = static_cast<char>(random());
    pyro::deflate(payload, packed);
    ASSERT_EQ(pyro::inflate(packed, out), refusal::none) << size;
    EXPECT_EQ(out, payload);
    EXPECT_EQ(pyro::inflate(packed + "what follows is ignored, as Python does", out),
              refusal::none);
    EXPECT_EQ(out, payload);
    EXPECT_EQ(pyro::inflate(packed.substr(0, packed.size() - 1), out), refusal::truncated);
  }
  EXPECT_EQ(pyro::inflate("", out), refusal::truncated);
  EXPECT_EQ(pyro::inflate("this is not a stream of zlib", out), refusal::malformed);
  packed.back() = static_cast<char>(packed.back() ^ 1);
  EXPECT_EQ(pyro::inflate(packed, out), refusal::malformed) << "the checksum";
  EXPECT_EQ(pyro::inflate("\x78\xbb\0\0\0\0"s, out), refusal::malformed) << "needs a dictionary";
}

TEST(PyroCompression, OfPythonIsUndone) {
  int seen = 0;
  for (const frame& f : golden()) {
    header h;
    ASSERT_EQ(pyro::parse(f.bytes, h), refusal::none);
    if (!h.has(pyro::flag::compressed)) continue;
    std::string out;
    ASSERT_EQ(pyro::inflate(std::string_view(f.bytes).substr(header::size + h.annotations), out),
              refusal::none);
    EXPECT_NE(out.find(std::string(300, 'x')), out.npos);
    ++seen;
  }
  EXPECT_EQ(seen, 4);
}

TEST(PyroCompression, OfABombEndsAtTheLimits) {
  const auto inflated = [](std::size_t size, const pyro::message_limits& most = {}) {
    std::string packed, out;
    pyro::deflate(std::string(size, '\0'), packed);
    const refusal why = pyro::inflate(packed, out, most);
    EXPECT_LE(out.capacity(), 2 * std::max(most.small_inflated, most.ratio * packed.size()) + 64);
    return why;
  };
  EXPECT_EQ(inflated(64 << 10), refusal::none) << "nobody is harmed";
  EXPECT_EQ(inflated((64 << 10) + 1), refusal::too_large) << "more than 100 times as large";
  EXPECT_EQ(inflated(100 << 20), refusal::too_large);
  pyro::message_limits most;
  most.ratio = 2'000;
  EXPECT_EQ(inflated(4 << 20, most), refusal::none);
  EXPECT_EQ(inflated((4 << 20) + 1, most), refusal::too_large);
  most.ratio = ~std::size_t{};
  most.inflated = ~std::size_t{};
  EXPECT_EQ(pyro::inflate(std::string((1 << 20) + 1, 'x'), *std::make_unique<std::string>(), most),
            refusal::too_large);
}

TEST(PyroMarshal, StringsOfPythonAreRead) {
  // What marshal.dumps() gives in Python 3.11, for strings that are shared or not, and interned.
  EXPECT_EQ(pyro::marshal_text("\xda\x03"
                               "abc"),
            "abc");
  EXPECT_EQ(pyro::marshal_text("\x7a\x03"
                               "abc"),
            "abc");
  EXPECT_EQ(pyro::marshal_text("\xfa\x0eunknown object"), "unknown object");
  EXPECT_EQ(pyro::marshal_text("\xf5\x02\0\0\0\xc3\xa9"s), "\xc3\xa9");
  EXPECT_EQ(pyro::marshal_text("\xc1\x2c\x01\0\0"s + std::string(300, 'x')), std::string(300, 'x'));
  EXPECT_EQ(pyro::marshal_text("\x7a\0"s), "");
  EXPECT_EQ(pyro::marshal_text("\x61\0\0\0\0"s), "");
}

TEST(PyroMarshal, NothingElseIsRead) {
  for (const char* bytes : {"", "z", "z\x01", "N", "i\x01\x01\x01\x01", "a\x01\x01\x01\x01", "u",
                            "a\x01", "(\x01z\x01x"})
    EXPECT_EQ(pyro::marshal_text(bytes), std::nullopt) << bytes;
  EXPECT_EQ(pyro::marshal_text("u\xff\xff\xff\xff\xff"), std::nullopt);
}

TEST(PyroMarshal, StringsAreReadAsTheyWereWritten) {
  for (const std::string& text :
       {""s, "abc"s, std::string(255, 'x'), std::string(256, 'x'), std::string(70'000, 'x'),
        "\xc3\xa9"s, std::string(300, '\xc3')}) {
    std::string out = "before";
    pyro::append_marshal(out, text);
    EXPECT_EQ(pyro::marshal_text(std::string_view(out).substr(6)), text);
  }
  std::string out;
  pyro::append_marshal(out, "abc");
  pyro::append_marshal(out, "\xc3\xa9");
  EXPECT_EQ(out,
            "z\x03"
            "abcu\x02\0\0\0\xc3\xa9"s);
}

}  // namespace
