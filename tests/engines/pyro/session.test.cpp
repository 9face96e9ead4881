// SPDX-License-Identifier: BSL-1.0
#include <gof/pyro/session.hpp>
// The header under test comes first, so that it has to stand alone.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <deque>
#include <functional>
#include <map>
#include <random>
#include <stdexcept>
#include <string>
#include <tuple>
#include <vector>

#include "golden/frames.hpp"
#include "support/allocations.hpp"
#include "support/seeds.hpp"

namespace {

namespace pyro = gof::pyro;
namespace wire = gof::wire;
using gof::testing::frame;
using pyro::client_session;
using pyro::header;
using pyro::message_type;
using pyro::serializer;
using pyro::server_session;
using wire::refusal;
using client = client_session::event;
using server = server_session::event;
using kind = client_session::reply::kind;
using std::string_literals::operator""s;

static_assert(!std::is_copy_constructible_v<server_session>);

constexpr serializer spoken[] = {serializer::serpent, serializer::json, serializer::msgpack};

// ---- Bytes --------------------------------------------------------------------------------------

void feed(pyro::session& to, std::string_view bytes) {
  const auto room = to.room(bytes.size());
  if (!bytes.empty()) std::memcpy(room.data(), bytes.data(), bytes.size());
  to.received(bytes.size());
}
std::string drain(pyro::session& from) {
  std::string bytes(from.output());
  from.sent(bytes.size());
  EXPECT_TRUE(from.output().empty());
  return bytes;
}
std::string raw(message_type type, unsigned serializer, const std::string& payload,
                unsigned flags = 0, unsigned sequence = 0, const std::string& chunks = "") {
  header h;
  h.type = type;
  h.serializer = static_cast<std::uint8_t>(serializer);
  h.flags = static_cast<std::uint16_t>(flags);
  h.sequence = static_cast<std::uint16_t>(sequence);
  h.payload = static_cast<std::uint32_t>(payload.size());
  h.annotations = static_cast<std::uint32_t>(chunks.size());
  std::string bytes(header::size, '\0');
  pyro::write(h, bytes.data());
  return bytes + chunks + payload;
}
std::string chunk(const std::string& id, const std::string& what) {
  std::string out;
  pyro::append_annotation(out, id, what);
  return out;
}
struct message {
  header head;
  std::string payload;
};
// All messages in these bytes, which end with the last.
std::vector<message> messages(std::string_view bytes) {
  std::vector<message> all;
  while (!bytes.empty()) {
    message m;
    EXPECT_EQ(pyro::parse(bytes, m.head), refusal::none);
    if (pyro::parse(bytes, m.head) != refusal::none) break;
    m.payload = bytes.substr(header::size + m.head.annotations, m.head.payload);
    bytes.remove_prefix(header::size + static_cast<std::size_t>(m.head.rest()));
    all.push_back(std::move(m));
  }
  return all;
}
// Appends a value, in MessagePack.
template <class T>
auto packed(T value) {
  return [value](std::string& out) { wire::encode_to(out, value); };
}
auto verbatim(std::string_view bytes) {
  return [bytes](std::string& out) { out += bytes; };
}
const std::string hello = wire::encode("hello"s);

struct meta {
  std::vector<std::string> methods, oneway, attrs;
  friend bool operator==(const meta&, const meta&) = default;
};
BOOST_DESCRIBE_STRUCT(meta, (), (methods, oneway, attrs))
meta sorted(std::string_view bytes) {
  meta m = wire::decode<meta>(bytes);
  for (auto* names : {&m.methods, &m.oneway, &m.attrs}) std::sort(names->begin(), names->end());
  return m;
}
struct greeting {
  wire::raw handshake;
  std::string object;
};
BOOST_DESCRIBE_STRUCT(greeting, (), (handshake, object))
struct welcome {
  wire::raw handshake, meta;
};
BOOST_DESCRIBE_STRUCT(welcome, (), (handshake, meta))
struct thrown {
  std::string type;
  bool is = false;
  std::vector<std::string> args;
};
// What is in Pyro's map of an exception, whose names are no names in C++.
thrown exception_in(std::string_view bytes) {
  const auto all = wire::decode<std::map<std::string, wire::raw>>(bytes);
  return {wire::decode<std::string>(all.at("__class__").bytes),
          wire::decode<bool>(all.at("__exception__").bytes),
          wire::decode<std::vector<std::string>>(all.at("args").bytes)};
}

// ---- A connection -------------------------------------------------------------------------------

// What both sides have said goes over at once.
struct pair {
  explicit pair(const pyro::message_limits& most = {}, bool compress = false)
      : c(most, compress), s(most, compress) {}
  client_session c;
  server_session s;
  void to_server() { feed(s, drain(c)); }
  void to_client() { feed(c, drain(s)); }
  void open(serializer how = serializer::msgpack) {
    c.connect("calc", hello, how);
    to_server();
    ASSERT_EQ(s.next(), server::connect);
    s.accept(hello, wire::encode(meta{{"add"}, {}, {}}));
    to_client();
    ASSERT_EQ(c.next(), client::accepted);
  }
};
client_session::call call_of(std::string_view object, std::string_view method,
                             serializer how = serializer::msgpack) {
  client_session::call what;
  what.object = object;
  what.method = method;
  what.encoding = how;
  return what;
}

TEST(PyroSessions, CallAndAnswerInEachSerializer) {
  for (const serializer how : spoken) {
    SCOPED_TRACE(static_cast<int>(how));
    pair both;
    both.c.connect("calc", wire::encode("open sesame"s), how, chunk("GTRC", "t1"));
    both.to_server();
    ASSERT_EQ(both.s.next(), server::connect);
    EXPECT_EQ(both.s.client().object, "calc");
    EXPECT_EQ(both.s.client().handshake, wire::encode("open sesame"s));
    EXPECT_EQ(both.s.client().encoding, how);
    EXPECT_EQ(both.s.client().notes.find("GTRC"), "t1");
    const meta has{{"add"}, {"note"}, {"level"}};
    both.s.accept(wire::encode(5), wire::encode(has), chunk("GINC", "7"));
    both.to_client();
    ASSERT_EQ(both.c.next(), client::accepted);
    EXPECT_EQ(both.c.server().handshake, wire::encode(5));
    EXPECT_EQ(wire::decode<meta>(both.c.server().meta), has);
    EXPECT_EQ(both.c.server().notes.find("GINC"), "7");

    auto what = call_of("calc", "add", how);
    const auto named = wire::encode(std::map<std::string, int>{{"b", 2}});
    const auto chunks = chunk("GOPI", "\x01") + chunk("GDLN", "\x02");
    what.named = named;
    what.chunks = chunks;
    what.correlation.emplace().fill(std::byte{9});
    EXPECT_EQ(both.c.invoke(what, packed(std::vector<int>{1})), 1);
    both.to_server();
    ASSERT_EQ(both.s.next(), server::invoke);
    const server_session::call& got = both.s.request();
    EXPECT_EQ(got.object, "calc");
    EXPECT_EQ(got.method, "add");
    EXPECT_EQ(got.arguments, wire::encode(std::vector<int>{1}));
    EXPECT_EQ(got.named, named);
    EXPECT_EQ(got.sequence, 1);
    EXPECT_EQ(got.encoding, how);
    EXPECT_EQ(got.notes.bytes(), chunks);
    EXPECT_EQ(got.correlation, what.correlation);
    EXPECT_TRUE(both.s.result(packed(3), chunk("ECHO", "")));
    both.to_client();
    ASSERT_EQ(both.c.next(), client::replied);
    EXPECT_EQ(both.c.answer().is, kind::result);
    EXPECT_EQ(both.c.answer().sequence, 1);
    EXPECT_EQ(both.c.answer().payload, wire::encode(3));
    EXPECT_EQ(both.c.answer().notes.find("ECHO"), "");
    EXPECT_EQ(both.c.answer().correlation, what.correlation) << "it comes back";

    both.c.invoke(call_of("calc", "fail", how), packed(std::tuple<>()));
    both.to_server();
    ASSERT_EQ(both.s.next(), server::invoke);
    both.s.exception("builtins.ValueError", "bad");
    both.to_client();
    ASSERT_EQ(both.c.next(), client::replied);
    EXPECT_EQ(both.c.answer().is, kind::exception);
    const thrown what_was = exception_in(both.c.answer().payload);
    EXPECT_EQ(what_was.type, "builtins.ValueError");
    EXPECT_TRUE(what_was.is);
    EXPECT_EQ(what_was.args, std::vector{"bad"s});
    EXPECT_EQ(both.c.answer().correlation, std::nullopt);

    both.c.invoke(call_of("calc", "numbers", how), packed(std::tuple<>()));
    both.to_server();
    ASSERT_EQ(both.s.next(), server::invoke);
    EXPECT_FALSE(both.s.result([](std::string& out) {
      out += "what is thrown away";
      return false;
    }));
    both.s.stream("id-of-36-letters");
    both.to_client();
    ASSERT_EQ(both.c.next(), client::replied);
    EXPECT_EQ(both.c.answer().is, kind::stream) << "though it says that it is an exception, too";
    EXPECT_EQ(both.c.answer().text, "id-of-36-letters");
    EXPECT_EQ(both.c.answer().payload, "");

    both.c.ping();
    both.to_server();
    EXPECT_EQ(both.s.next(), server::none);
    both.to_client();
    EXPECT_EQ(both.c.next(), client::pong);
    EXPECT_EQ(both.c.waiting(), 0U);
  }
}

TEST(PyroSessions, OneWayCallsRunAndAreNotAnswered) {
  pair both;
  both.open();
  auto what = call_of("calc", "note");
  what.flags = pyro::flag::one_way;
  for (int how = 0; how != 3; ++how) both.c.invoke(what, packed(std::tuple<>()));
  EXPECT_EQ(both.c.waiting(), 0U);
  both.to_server();
  int ran = 0;
  ASSERT_EQ(both.s.next(), server::invoke);
  EXPECT_TRUE(both.s.request().one_way());
  EXPECT_TRUE(both.s.result([&](std::string& out) { out += std::string(5, '\xc0'), ++ran; }));
  ASSERT_EQ(both.s.next(), server::invoke);
  EXPECT_FALSE(both.s.result([&](std::string&) { return ++ran == 0; }));
  both.s.stream("nobody asks");
  ASSERT_EQ(both.s.next(), server::invoke);
  EXPECT_THROW(both.s.result([&](std::string&) { throw std::runtime_error("bad"); }),
               std::runtime_error);
  both.s.exception("builtins.RuntimeError", "nobody hears");
  EXPECT_EQ(both.s.next(), server::none);
  EXPECT_EQ(ran, 2);
  EXPECT_EQ(drain(both.s), "");
}

TEST(PyroSessions, ABatchIsAnsweredAsOne) {
  pair both;
  both.open();
  auto what = call_of("calc", "<batch>");
  what.flags = pyro::flag::batch;
  what.named = "\xc0";
  using one = std::tuple<std::string, std::vector<int>, std::map<std::string, int>>;
  const std::vector<one> calls = {{"add", {1, 2}, {}}, {"add", {3, 4}, {}}};
  both.c.invoke(what, packed(calls));
  both.to_server();
  ASSERT_EQ(both.s.next(), server::invoke);
  EXPECT_TRUE(both.s.request().batch());
  EXPECT_EQ(both.s.request().arguments, wire::encode(calls));
  EXPECT_EQ(both.s.request().named, "\x80") << "it is always a map";
  both.s.result(packed(std::vector<int>{3, 7}));
  both.to_client();
  ASSERT_EQ(both.c.next(), client::replied);
  EXPECT_EQ(both.c.answer().flags & pyro::flag::batch, pyro::flag::batch);
  EXPECT_EQ(both.c.answer().payload, wire::encode(std::vector<int>{3, 7}));
}

TEST(PyroSessions, CompressWhatIsLong) {
  pair both({}, true);
  both.open();
  const std::string words(1'000, 'w');
  both.c.invoke(call_of("calc", "echo"), packed(std::tuple(words)));
  EXPECT_LT(both.c.output().size(), 200U);
  both.to_server();
  ASSERT_EQ(both.s.next(), server::invoke);
  EXPECT_EQ(both.s.request().arguments, wire::encode(std::tuple(words)));
  std::string noise(1'000, 0);
  std::mt19937 random(1);
  for (char& c : noise) c = static_cast<char>(random());
  both.s.result(packed(noise));
  EXPECT_EQ(both.s.output().size(), header::size + wire::encode(noise).size())
      << "only if it helps";
  both.to_client();
  ASSERT_EQ(both.c.next(), client::replied);
  EXPECT_EQ(both.c.answer().payload, wire::encode(noise));
  both.c.invoke(call_of("calc", "f"), packed(std::tuple(std::string(80, 'w'))));
  const auto sent = messages(drain(both.c));
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_EQ(sent[0].head.payload, 94U - 3U + 1U);
  EXPECT_FALSE(sent[0].head.has(pyro::flag::compressed)) << "it has at most 100 bytes";
  auto what = call_of("calc", "f");
  what.flags = pyro::flag::compressed | pyro::flag::correlated | pyro::flag::batch;
  both.c.invoke(what, packed(std::tuple<>()));
  EXPECT_EQ(messages(drain(both.c)).at(0).head.flags, pyro::flag::batch) << "it knows the others";
}

TEST(PyroSessions, SendNothingWhereAppendingFails) {
  for (const serializer how : spoken) {
    pair both;
    both.open(how);
    const auto throws = [](std::string& out) {
      out += "half";
      throw std::runtime_error("bad");
    };
    EXPECT_THROW(both.c.invoke(call_of("calc", "f", how), throws), std::runtime_error);
    auto what = call_of("calc", "f", how);
    what.chunks = "no chunk";
    EXPECT_THROW(both.c.invoke(what, packed(std::tuple<>())), wire::error);
    EXPECT_THROW(
        both.c.invoke(call_of("calc", "f", how), packed(std::tuple(std::string(1 << 20, 'x')))),
        wire::error);
    const std::string large = chunk("LONG", std::string(60'000, 'x'));
    what.chunks = large;
    EXPECT_THROW(both.c.invoke(what, packed(std::tuple(std::string(1'000'000, 'x')))), wire::error)
        << "both together";
    EXPECT_EQ(both.c.output(), "");
    EXPECT_EQ(both.c.waiting(), 0U);
    EXPECT_EQ(both.c.invoke(call_of("calc", "f", how), packed(std::tuple<>())), 1)
        << "none is lost";
    both.to_server();
    ASSERT_EQ(both.s.next(), server::invoke);
    EXPECT_THROW(both.s.result(throws), std::runtime_error);
    EXPECT_EQ(both.s.output(), "");
    both.s.exception("builtins.RuntimeError", "bad");
    both.to_client();
    ASSERT_EQ(both.c.next(), client::replied);
    EXPECT_EQ(both.c.answer().is, kind::exception);
  }
}

TEST(PyroSessions, SayWhenTheyAreUsedInTheWrongOrder) {
  pair both;
  EXPECT_THROW(both.c.ping(), std::logic_error);
  EXPECT_THROW(both.c.invoke(call_of("a", "b"), packed(std::tuple<>())), std::logic_error);
  EXPECT_THROW(both.s.accept(hello, hello), std::logic_error);
  EXPECT_THROW(both.s.refuse("why"), std::logic_error);
  EXPECT_THROW(both.s.result(packed(1)), std::logic_error);
  EXPECT_THROW(both.c.connect("calc", hello, serializer::marshal), wire::error);
  both.c.connect("calc");
  EXPECT_THROW(both.c.connect("calc"), std::logic_error);
  both.to_server();
  ASSERT_EQ(both.s.next(), server::connect);
  EXPECT_THROW(both.s.next(), std::logic_error);
  both.s.accept(hello, "\xc0");
  both.to_client();
  ASSERT_EQ(both.c.next(), client::accepted);
  EXPECT_EQ(both.c.server().meta, "\xc0");
  both.c.invoke(call_of("a", "b"), packed(std::tuple<>()));
  both.to_server();
  ASSERT_EQ(both.s.next(), server::invoke);
  EXPECT_THROW(both.s.next(), std::logic_error);
  both.s.result(packed(1));
  EXPECT_THROW(both.s.result(packed(1)), std::logic_error);
  EXPECT_THROW(both.s.received(1 << 20), std::logic_error);
}

TEST(PyroSessions, NumberCallsWithSixteenBits) {
  pair both;
  both.open();
  for (unsigned n = 1; n != 70'000; ++n) {
    ASSERT_EQ(both.c.invoke(call_of("a", "b"), packed(std::tuple<>())), n & 0xffff);
    both.to_server();
    ASSERT_EQ(both.s.next(), server::invoke);
    ASSERT_EQ(both.s.request().sequence, n & 0xffff);
    both.s.result(packed(n));
    both.to_client();
    ASSERT_EQ(both.c.next(), client::replied);
    ASSERT_EQ(both.c.answer().payload, wire::encode(n));
  }
}

TEST(PyroSessions, TakeNothingFromTheHeapOnceWarm) {
  pair both;
  both.open();
  const std::string chunks = chunk("GOPI", "operation"), text = "what a traveller may bring";
  const auto once = [&] {
    auto what = call_of("calc", "add");
    what.chunks = chunks;
    for (int i = 0; i != 5; ++i) both.c.invoke(what, packed(std::tuple(1, 2)));
    both.c.ping();
    both.c.invoke(
        what, [&](std::string& out) { wire::encode_to(out, std::tuple(std::string_view(text))); });
    feed(both.s, both.c.output());
    both.c.sent(both.c.output().size());
    while (both.s.next() == server::invoke) {
      if (both.s.request().sequence % 3 == 0)
        both.s.exception("builtins.ValueError", "bad");
      else
        both.s.result(packed(3), chunks);
    }
    feed(both.c, both.s.output());
    both.s.sent(both.s.output().size());
    int seen = 0;
    while (both.c.next() != client::none) ++seen;
    return seen;
  };
  for (int i = 0; i != 10; ++i) ASSERT_EQ(once(), 7);
  const std::size_t before = gof::testing::allocations();
  for (int i = 0; i != 100; ++i) once();
  EXPECT_EQ(gof::testing::allocations(), before);
}

TEST(PyroSessions, TakeNothingFromTheHeapThoughTheyAreNeverIdle) {
  pair both;
  both.open();
  std::size_t before = 0;
  const auto ask = [&] { both.c.invoke(call_of("calc", "add"), packed(std::tuple(1, 2))); };
  ask();
  for (int i = 0; i != 2'000;
       ++i) {  // something is always on the way, both ways, and in all buffers
    if (i == 1'000) before = gof::testing::allocations();
    ask();
    const std::string_view asked = both.c.output();
    feed(both.s, asked.substr(0, asked.size() - 7));
    both.c.sent(asked.size() - 7);
    while (both.s.next() == server::invoke) both.s.result(packed(3));
    const std::string_view answers = both.s.output();
    if (answers.size() < 7) continue;
    feed(both.c, answers.substr(0, answers.size() - 7));
    both.s.sent(answers.size() - 7);
    while (both.c.next() == client::replied) ASSERT_EQ(both.c.answer().payload, "\x03");
    ASSERT_NE(both.c.waiting(), 0U);
  }
  EXPECT_EQ(gof::testing::allocations(), before);
}

TEST(PyroSessions, GiveBackWhatLargeMessagesTook) {
  pair both;
  both.open();
  const std::string large(500'000, 'x');
  both.c.invoke(call_of("calc", "echo"), packed(std::tuple(large)));
  both.to_server();
  ASSERT_EQ(both.s.next(), server::invoke);
  const std::ptrdiff_t before = gof::testing::live_allocations();
  both.c.shrink();
  EXPECT_EQ(gof::testing::live_allocations(), before - 1) << "what was sent";
  both.s.shrink();
  EXPECT_EQ(both.s.room(1).size(), 1U) << "what came";
  both.s.result(packed(1));  // which the views were of, and the answer is not
  both.to_client();
  ASSERT_EQ(both.c.next(), client::replied);
  EXPECT_EQ(both.c.answer().payload, wire::encode(1));
  both.c.invoke(call_of("calc", "echo"), packed(std::tuple(large)));
  both.c.shrink();
  EXPECT_GT(both.c.output().size(), large.size()) << "what is under way stays";
}

// ---- Bytes come in any pieces -------------------------------------------------------------------

// What a server says of bytes that come in these pieces, and what it sends.
std::string told(const std::vector<std::string_view>& pieces,
                 const pyro::message_limits& most = {}) {
  server_session s(most);
  std::string all;
  for (const std::string_view piece : pieces) {
    feed(s, piece);
    for (server e = s.next(); e != server::none; e = s.next()) {
      if (e == server::connect) {
        all += "connect " + std::string(s.client().object) + std::string(s.client().handshake);
        s.accept(hello, "\xc0");
      } else if (e == server::invoke) {
        const auto& r = s.request();
        all += "\ncall " + std::string(r.object) + "." + std::string(r.method) +
               std::string(r.arguments) + std::string(r.named) + std::to_string(r.sequence);
        s.result(packed(r.sequence));
      } else {
        all += "\nclosed " + s.reason();
        break;
      }
    }
  }
  return all + "\n" + drain(s);
}
std::string conversation(const std::string& how) {
  std::string all;
  for (const frame& f : gof::testing::golden_frames(how))
    if (f.from_client && f.scenario != "no-handshake") {
      if (f.scenario == "handshake") break;  // the next client
      all += f.bytes;
    }
  return all;
}

TEST(PyroServerSession, TakesBytesInAnyPieces) {
  for (const char* how : {"msgpack", "serpent"}) {
    const std::string all = conversation(how);
    const std::string whole = told({all});
    EXPECT_NE(whole.find("call calc.add"), whole.npos);
    for (std::size_t at = 0; at <= all.size(); ++at)
      ASSERT_EQ(told({std::string_view(all).substr(0, at), std::string_view(all).substr(at)}),
                whole)
          << at;
    std::vector<std::string_view> bytes;
    for (std::size_t at = 0; at != all.size(); ++at)
      bytes.push_back(std::string_view(all).substr(at, 1));
    EXPECT_EQ(told(bytes), whole);
  }
}

TEST(PyroClientSession, TakesBytesInAnyPieces) {
  std::string all = raw(message_type::connect_ok, 4, "\x82\xa9handshake\xc0\xa4meta\xc0");
  for (unsigned n = 1; n != 4; ++n)
    all += raw(message_type::result, 4, wire::encode(n), 0, n, n == 2 ? chunk("ECHO", "x") : "");
  all += raw(message_type::ping, 42, "pong");
  for (std::size_t at = 0; at <= all.size(); ++at) {
    client_session c;
    c.connect("calc");
    std::string events;
    for (const auto& piece : {all.substr(0, at), all.substr(at)}) {
      feed(c, piece);
      for (client e = c.next(); e != client::none; e = c.next()) {
        if (e == client::accepted) {
          for (int n = 0; n != 3; ++n) c.invoke(call_of("calc", "f"), packed(std::tuple<>()));
          c.ping();
        }
        events += std::to_string(static_cast<int>(e));
        if (e == client::replied) events += c.answer().payload;
        ASSERT_NE(e, client::closed) << c.reason();
      }
    }
    ASSERT_EQ(events,
              "13\x01"
              "3\x02"
              "3\x03"
              "4")
        << at;
  }
}

TEST(PyroSession, SaysHowMuchIsMissing) {
  server_session s;
  EXPECT_EQ(s.missing(), 0U);
  const std::string all = raw(message_type::connect, 4, std::string(100, 'x'));
  feed(s, all.substr(0, 1));
  EXPECT_EQ(s.next(), server::none);
  EXPECT_EQ(s.missing(), header::size - 1);
  feed(s, all.substr(1, header::size - 1));
  EXPECT_EQ(s.next(), server::none);
  EXPECT_EQ(s.missing(), 100U);
  feed(s, all.substr(header::size, 60));
  EXPECT_EQ(s.next(), server::none);
  EXPECT_EQ(s.missing(), 40U);
}

TEST(PyroSession, KeepsNoMoreRoomThanBytesHaveCome) {
  server_session s;
  feed(s, raw(message_type::connect, 4, "\x82\xa9handshake\xc0\xa6object\xa1x"));
  ASSERT_EQ(s.next(), server::connect);
  s.accept(hello, "\xc0");
  std::string head = raw(message_type::invoke, 4, "");
  head[13] = 0x10;  // a megabyte follows; or rather, it does not
  feed(s, head);
  EXPECT_EQ(s.next(), server::none);
  EXPECT_EQ(s.missing(), 1U << 20);
  std::size_t come = 0, most = 0;
  for (; come + 1'000 < (1 << 20); come += 1'000) {
    most = std::max(most, s.room(1'000).size());
    s.received(1'000);
    ASSERT_EQ(s.next(), server::none);
    ASSERT_LE(most, 2 * come + 2'000);
  }
}

// ---- Messages of real Pyro5 ---------------------------------------------------------------------

std::string without_correlation(std::string bytes) {
  if (bytes.size() < header::size) return bytes;
  bytes[9] = static_cast<char>(bytes[9] & ~pyro::flag::correlated);
  std::fill_n(bytes.begin() + 20, 16, '\0');
  return bytes;
}
std::string chunks_of(const frame& f) {
  std::string all;
  for (const auto& [id, what] : f.annotations) pyro::append_annotation(all, id, what);
  return all;
}

TEST(PyroServerSession, UnderstandsPythonAndAnswersAsPythonDoes) {
  for (const std::string how : {"msgpack", "serpent"}) {
    const auto frames = gof::testing::golden_frames(how);
    auto s = std::make_unique<server_session>();
    int compared = 0;
    for (std::size_t i = 0; i != frames.size(); ++i) {
      const frame& f = frames[i];
      SCOPED_TRACE(how + " " + f.scenario);
      if (!f.from_client) continue;
      const bool answered = i + 1 != frames.size() && !frames[i + 1].from_client;
      const frame reply = answered ? frames[i + 1] : frame();
      const bool connects = f.type == 1 || f.scenario == "no-handshake";
      if (connects) s = std::make_unique<server_session>();
      feed(*s, f.bytes);
      const server e = s->next();
      // What Python writes as a set or a tuple, we write as a list; what it compresses, we do not.
      bool same = !answered || reply.type != 2 || how == "msgpack";
      if (e == server::connect) {
        ASSERT_EQ(f.type, 1U);
        const auto says = wire::decode<greeting>(f.says);
        EXPECT_EQ(s->client().object, says.object);
        EXPECT_EQ(s->client().handshake, says.handshake.bytes);
        if (reply.type == 2) {
          const auto answer = wire::decode<welcome>(std::string_view(reply.says));
          std::string order = answer.meta.bytes;  // of a set: as it came
          if (how == "msgpack")
            order = wire::decode<welcome>(std::string_view(reply.bytes).substr(header::size))
                        .meta.bytes;
          s->accept(answer.handshake.bytes, order);
        } else {
          s->refuse(wire::decode<std::string>(reply.says));
        }
      } else if (e == server::invoke) {
        ASSERT_EQ(f.type, 4U);
        using call = std::tuple<std::string, std::string, wire::raw, wire::raw>;
        const auto [object, method, arguments, named] = wire::decode<call>(f.says);
        EXPECT_EQ(s->request().object, object);
        EXPECT_EQ(s->request().method, method);
        EXPECT_EQ(s->request().arguments, arguments.bytes);
        EXPECT_EQ(s->request().named, named.bytes == "\xc0" ? "\x80" : named.bytes);
        EXPECT_EQ(s->request().flags, f.flags);
        EXPECT_EQ(s->request().sequence, f.sequence);
        EXPECT_EQ(s->request().notes.bytes(), chunks_of(f));
        if (reply.flags & pyro::flag::stream) {
          s->stream(reply.annotations.at(0).second);
        } else if (reply.flags & pyro::flag::exception) {
          s->exception(verbatim(reply.says), chunks_of(reply));
        } else {
          s->result(verbatim(answered ? reply.says : "\xc0"), chunks_of(reply));
        }
        const bool tuples = f.scenario == "batch" || (reply.flags & pyro::flag::exception) != 0;
        same =
            f.scenario != "compressed" && f.scenario != "metadata" && (how == "msgpack" || !tuples);
      } else if (f.scenario == "no-handshake") {
        EXPECT_EQ(e, server::closed);
        same = false;  // in other words
        const auto sent = messages(s->output());
        ASSERT_EQ(sent.size(), 1U);
        EXPECT_EQ(sent[0].head.type, message_type::connect_fail);
        EXPECT_EQ(sent[0].head.serializer, reply.serializer);
        EXPECT_TRUE(pyro::marshal_text(sent[0].payload));
      } else {
        EXPECT_EQ(f.scenario, "ping");
        EXPECT_EQ(e, server::none);
      }
      std::string sent = drain(*s), expected = reply.bytes;
      EXPECT_EQ(sent.empty(), !answered);
      if (!same || !answered) continue;
      if ((f.flags & pyro::flag::correlated) == 0) expected = without_correlation(expected);
      EXPECT_EQ(sent, expected);
      ++compared;
    }
    EXPECT_EQ(compared, how == "msgpack" ? 17 : 10);
  }
}

TEST(PyroClientSession, SpeaksAsPythonDoesAndUnderstandsIt) {
  for (const std::string how : {"msgpack", "serpent"}) {
    const serializer encoding = how == "msgpack" ? serializer::msgpack : serializer::serpent;
    auto c = std::make_unique<client_session>();
    for (const frame& f : gof::testing::golden_frames(how)) {
      SCOPED_TRACE(how + " " + f.scenario);
      if (f.scenario == "no-handshake" && f.from_client) {
        c = std::make_unique<client_session>();
        c->connect("calc");
        drain(*c);
        continue;
      }
      if (f.from_client) {
        bool own = false;
        if (f.type == 1) {
          c = std::make_unique<client_session>();
          const auto says = wire::decode<greeting>(f.says);
          c->connect(says.object, says.handshake.bytes, encoding);
        } else if (f.type == 6) {
          c->ping();
        } else {
          using call = std::tuple<std::string, std::string, wire::raw, wire::raw>;
          const auto [object, method, arguments, named] = wire::decode<call>(f.says);
          own = object == "Pyro.Daemon";
          auto what = call_of(object, method, encoding);
          const std::string chunks = chunks_of(f);
          what.named = named.bytes;
          what.flags = static_cast<std::uint16_t>(f.flags);
          what.chunks = chunks;
          if (f.flags & pyro::flag::correlated)
            std::memcpy(what.correlation.emplace().data(), f.correlation.data(), 16);
          EXPECT_EQ(c->invoke(what, verbatim(arguments.bytes)), f.sequence);
        }
        const std::string sent = drain(*c);
        // Calls in a batch are tuples in Python, and arguments of Pyro's own calls are lists.
        if (f.scenario != "compressed" && (how == "msgpack" || (f.scenario != "batch" && !own))) {
          EXPECT_EQ(sent, f.bytes);
        }
        continue;
      }
      feed(*c, f.bytes);
      const client e = c->next();
      if (f.type == 2) {
        ASSERT_EQ(e, client::accepted) << c->reason();
        const auto says = wire::decode<welcome>(f.says);
        EXPECT_EQ(c->server().handshake, says.handshake.bytes);
        EXPECT_EQ(sorted(c->server().meta), wire::decode<meta>(says.meta.bytes));
      } else if (f.type == 3) {
        ASSERT_EQ(e, client::refused);
        EXPECT_EQ(c->reason(), wire::decode<std::string>(f.says));
        EXPECT_TRUE(c->closed());
        EXPECT_EQ(c->next(), client::closed);
      } else if (f.type == 6) {
        ASSERT_EQ(e, client::pong);
      } else {
        ASSERT_EQ(e, client::replied) << c->reason();
        const auto& answer = c->answer();
        EXPECT_EQ(answer.sequence, f.sequence);
        EXPECT_EQ(answer.notes.bytes(), chunks_of(f));
        EXPECT_EQ(std::memcmp(answer.correlation->data(), f.correlation.data(), 16), 0);
        if (f.flags & pyro::flag::stream) {
          EXPECT_EQ(answer.is, kind::stream);
          EXPECT_EQ(answer.text, f.annotations.at(0).second);
        } else if (f.scenario == "metadata") {
          EXPECT_EQ(sorted(answer.payload), wire::decode<meta>(f.says));
        } else {
          EXPECT_EQ(answer.is, f.flags & pyro::flag::exception ? kind::exception : kind::result);
          EXPECT_EQ(answer.payload, f.says);
        }
      }
    }
  }
}

// ---- What is wrong ------------------------------------------------------------------------------

std::string patched(std::string bytes, std::size_t at, const std::string& with) {
  return bytes.replace(at, with.size(), with);
}
std::string bomb(std::size_t size) {
  std::string out;
  pyro::deflate(std::string(size, '\0'), out);
  return out;
}
const std::string greets =
    "\x82\xa9handshake\xc0\xa6object\xa4"
    "calc";
const std::string adds =
    "\x94\xa4"
    "calc\xa3"
    "add\x92\x01\x02\x80";

struct wrong {
  const char* what;
  std::string bytes;
  refusal why;
};
// What is seen in the header, in annotations, or in a compressed payload.
std::vector<wrong> wrong_messages(message_type type, const std::string& payload) {
  const std::string fine = raw(type, 4, payload);
  std::string many;
  for (int i = 0; i != 17; ++i) many += chunk("MANY", "");
  return {{"tag", patched(fine, 0, "X"), refusal::malformed},
          {"version", patched(fine, 5, "\xf5"), refusal::unknown_version},
          {"magic", patched(fine, 39, "\xc6"), refusal::malformed},
          {"type", patched(fine, 6, "\x05"), refusal::wrong_type},
          {"no type at all", patched(fine, 6, "\xff"), refusal::wrong_type},
          {"too large", patched(fine, 12, "\x7f"), refusal::too_large},
          {"too large annotations", patched(fine, 17, "\x01\x00\x01"s), refusal::too_large},
          {"too many annotations", raw(type, 4, payload, 0, 1, many), refusal::too_large},
          {"annotations that overrun",
           raw(type, 4, payload, 0, 1, patched(chunk("GOPI", "x"), 7, "\2")), refusal::truncated},
          {"annotations that are short", raw(type, 4, payload, 0, 1, chunk("GOPI", "x") + "GOP"),
           refusal::truncated},
          {"annotations that are not ASCII",
           raw(type, 4, payload, 0, 1, patched(chunk("GOPI", ""), 0, "\xff")), refusal::malformed},
          {"corrupt compression", raw(type, 4, "this is no zlib", pyro::flag::compressed),
           refusal::malformed},
          {"half a compression", raw(type, 4, bomb(2'000).substr(0, 12), pyro::flag::compressed),
           refusal::truncated},
          {"a bomb", raw(type, 4, bomb(1 << 20), pyro::flag::compressed), refusal::too_large}};
}

TEST(PyroServerSession, SaysInMarshalWhatIsWrongBeforeAHandshakeAndIsOver) {
  auto all = wrong_messages(message_type::connect, greets);
  all.push_back({"a call", raw(message_type::invoke, 4, adds), refusal::wrong_type});
  all.push_back({"a ping", raw(message_type::ping, 42, "ping"), refusal::wrong_type});
  all.push_back({"a large handshake",
                 raw(message_type::connect, 4, greets + std::string(4'096, 'x')),
                 refusal::too_large});
  all.push_back({"a handshake that grows",
                 raw(message_type::connect, 4, bomb(4'097), pyro::flag::compressed),
                 refusal::too_large});
  for (const wrong& w : all) {
    SCOPED_TRACE(w.what);
    server_session s;
    feed(s, w.bytes + raw(message_type::connect, 4, greets));
    EXPECT_EQ(s.next(), server::closed);
    EXPECT_EQ(s.next(), server::closed);
    EXPECT_TRUE(s.closed());
    EXPECT_EQ(s.why(), w.why);
    const auto sent = messages(drain(s));
    ASSERT_EQ(sent.size(), 1U);
    EXPECT_EQ(sent[0].head.type, message_type::connect_fail);
    EXPECT_EQ(sent[0].head.serializer, 2);
    EXPECT_EQ(sent[0].head.sequence, 0);
    EXPECT_EQ(pyro::marshal_text(sent[0].payload), s.reason());
    EXPECT_FALSE(s.reason().empty());
  }
}

TEST(PyroServerSession, ClosesForTheSameAfterAHandshake) {
  auto all = wrong_messages(message_type::invoke, adds);
  all.push_back({"a second handshake", raw(message_type::connect, 4, greets), refusal::wrong_type});
  all.push_back(
      {"an unknown serializer", raw(message_type::invoke, 9, adds), refusal::unknown_enumerator});
  all.push_back({"marshal", raw(message_type::invoke, 2, adds), refusal::unknown_enumerator});
  all.push_back({"a large bomb",
                 raw(message_type::invoke, 4, bomb(64 << 20), pyro::flag::compressed),
                 refusal::too_large});
  for (const wrong& w : all) {
    SCOPED_TRACE(w.what);
    server_session s;
    feed(s, raw(message_type::connect, 4, greets));
    ASSERT_EQ(s.next(), server::connect);
    s.accept(hello, "\xc0");
    drain(s);
    feed(s, raw(message_type::invoke, 4, adds) + w.bytes + raw(message_type::invoke, 4, adds));
    ASSERT_EQ(s.next(), server::invoke);
    s.result(packed(3));
    EXPECT_EQ(s.next(), server::closed);
    EXPECT_EQ(s.why(), w.why);
    EXPECT_FALSE(s.reason().empty());
    EXPECT_EQ(messages(drain(s)).size(), 1U) << "what was answered before is sent, and no more";
    EXPECT_THROW(s.result(packed(3)), std::logic_error);
    feed(s, raw(message_type::invoke, 4, adds));
    EXPECT_EQ(s.next(), server::closed);
    EXPECT_EQ(drain(s), "");
  }
}

TEST(PyroServerSession, SaysInTheClientsSerializerWhatIsWrongWithAHandshake) {
  const struct {
    const char* what;
    unsigned serializer;
    std::string payload;
    refusal why;
    std::string text;  // a part of it
  } all[] = {{"empty", 4, "", refusal::truncated, "truncated"},
             {"no end", 4, greets.substr(0, 20), refusal::truncated, "truncated"},
             {"too long", 4, greets + "x", refusal::trailing_bytes, "trailing_bytes"},
             {"no MessagePack", 4, "\xc1", refusal::malformed, "malformed"},
             {"a number", 4, "\x05", refusal::wrong_type, "a map"},
             {"an array", 4, "\x93\x01\x02\x03", refusal::wrong_type, "a map"},
             {"empty map", 4, "\x80", refusal::missing_field, "'handshake'"},
             {"no object", 4, "\x81\xa9handshake\xc0", refusal::missing_field, "'object'"},
             {"a number as object", 4, "\x82\xa9handshake\xc0\xa6object\x05", refusal::wrong_type,
              "string"},
             {"unknown extension", 4, "\x82\xa9handshake\xd4\x05\x00\xa6object\xa1x"s,
              refusal::unknown_enumerator, "extension"},
             {"too deep", 4, "\x82\xa9handshake" + std::string(80, '\x91') + "\xc0\xa6object\xa1x",
              refusal::too_deep, "too_deep"},
             {"no literal", 1, "# serpent utf-8 python3.2\n{'handshake':", refusal::truncated, ""},
             {"no object", 1, "# serpent utf-8 python3.2\n{'handshake':1}", refusal::missing_field,
              "'object'"},
             {"no JSON", 3, "{\"handshake\": nul}", refusal::malformed, ""},
             {"a list", 3, "[1]", refusal::wrong_type, "a map"}};
  for (const auto& w : all) {
    SCOPED_TRACE(w.what);
    server_session s;
    feed(s, raw(message_type::connect, w.serializer, w.payload, 0, 5));
    EXPECT_EQ(s.next(), server::closed);
    EXPECT_NE(s.reason().find(w.text), std::string::npos) << s.reason();
    const std::string sent = drain(s);
    const auto all_sent = messages(sent);
    ASSERT_EQ(all_sent.size(), 1U);
    EXPECT_EQ(all_sent[0].head.type, message_type::connect_fail);
    EXPECT_EQ(all_sent[0].head.serializer, w.serializer);
    EXPECT_EQ(all_sent[0].head.sequence, 5);
    client_session c;
    c.connect("calc", hello, static_cast<serializer>(w.serializer));
    feed(c, sent);
    EXPECT_EQ(c.next(), client::refused);
    EXPECT_EQ(c.reason(), s.reason());
    EXPECT_EQ(s.why(), w.why);
  }
}

TEST(PyroServerSession, RefusesMarshalInJsonAndSaysNothingToWhatIsUnknown) {
  server_session s;
  feed(s, raw(message_type::connect, 2, greets));
  EXPECT_EQ(s.next(), server::closed);
  EXPECT_EQ(s.why(), refusal::unknown_enumerator);
  const auto sent = messages(drain(s));
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_EQ(sent[0].head.serializer, 3);
  EXPECT_EQ(sent[0].payload, '"' + s.reason() + '"');
  for (const unsigned id : {0U, 5U, 42U, 255U}) {
    server_session other;
    feed(other, raw(message_type::connect, id, greets));
    EXPECT_EQ(other.next(), server::closed);
    EXPECT_EQ(other.why(), refusal::unknown_enumerator);
    EXPECT_EQ(drain(other), "");
  }
}

TEST(PyroServerSession, AnswersWhatIsWrongWithACallItself) {
  const std::string serpent = "# serpent utf-8 python3.2\n";
  const struct {
    const char* what;
    unsigned serializer;
    std::string payload;
    std::string type;
    bool stays = true;
    unsigned flags = 0;
  } all[] = {
      {"empty", 4, "", "builtins.ValueError"},
      {"no end", 4, adds.substr(0, 8), "builtins.ValueError"},
      {"too long", 4, adds + "x", "builtins.ValueError"},
      {"no MessagePack", 4, "\x94\xa1x\xa1y\x91\xc1\x80", "builtins.ValueError"},
      {"huge", 4, "\x94\xa1x\xa1y\xdd\xff\xff\xff\xff\x80", "builtins.ValueError"},
      {"too deep", 4, "\x94\xa1x\xa1y" + std::string(80, '\x91') + "\xc0\x80",
       "builtins.ValueError"},
      {"three parts", 4, "\x93\xa1x\xa1y\x90", "builtins.ValueError"},
      {"five parts", 4, "\x95\xa1x\xa1y\x90\x80\x80", "builtins.ValueError"},
      {"a number", 4, "\x05", "builtins.TypeError"},
      {"a number as object", 4, "\x94\x05\xa1y\x90\x80", "builtins.TypeError"},
      {"a number as method", 4, "\x94\xa1x\x05\x90\x80", "builtins.TypeError"},
      {"a number as arguments", 4, "\x94\xa1x\xa1y\x05\x80", "builtins.TypeError"},
      {"a number as named ones", 4, "\x94\xa1x\xa1y\x90\x05", "builtins.TypeError"},
      {"nil as named ones", 4, "\x94\xa1x\xa1y\x90\xc0", "builtins.TypeError"},
      {"unknown extension", 4, "\x94\xa1x\xa1y\x91\xd4\x05\x00\x80"s, "Pyro5.errors.SerializeError",
       false},
      {"blob without a note", 4, adds, "builtins.KeyError", true, pyro::flag::kept_serialized},
      {"no literal", 1, serpent + "('calc',", "builtins.ValueError"},
      {"trailing", 1, serpent + "('calc','add',(),{})x", "builtins.ValueError"},
      {"three parts", 1, serpent + "('calc','add',())", "builtins.ValueError"},
      {"a number", 1, serpent + "5", "builtins.TypeError"},
      {"no JSON", 3, "{", "builtins.ValueError"},
      {"a list", 3, "[1,2,3,4]", "builtins.TypeError"},
      {"no params", 3, R"({"object":"a","method":"b","kwargs":{}})", "builtins.KeyError"}};
  for (const auto& w : all) {
    SCOPED_TRACE(std::string(w.what) + " " + std::to_string(w.serializer));
    for (const bool heard : {true, false}) {
      server_session s;
      feed(s, raw(message_type::connect, 4, greets));
      ASSERT_EQ(s.next(), server::connect);
      s.accept(hello, "\xc0");
      drain(s);
      const unsigned flags = w.flags | (heard ? 0U : pyro::flag::one_way);
      feed(s, raw(message_type::invoke, w.serializer, w.payload, flags, 8));
      EXPECT_EQ(s.next(), w.stays ? server::none : server::closed);
      EXPECT_EQ(s.why(), w.stays ? refusal::none : refusal::unknown_enumerator);
      const auto sent = messages(drain(s));
      ASSERT_EQ(sent.size(), heard ? 1U : 0U);
      if (heard) {
        EXPECT_EQ(sent[0].head.type, message_type::result);
        EXPECT_EQ(sent[0].head.flags, pyro::flag::exception);
        EXPECT_EQ(sent[0].head.serializer, w.serializer);
        EXPECT_EQ(sent[0].head.sequence, 8);
        std::string answer;
        pyro::transcode_to(answer, sent[0].payload, static_cast<serializer>(w.serializer),
                           serializer::msgpack);
        EXPECT_EQ(exception_in(answer).type, w.type);
        EXPECT_EQ(exception_in(answer).args.size(), 1U);
      }
      if (!w.stays) continue;
      feed(s, raw(message_type::invoke, 4, adds));
      ASSERT_EQ(s.next(), server::invoke);
      EXPECT_EQ(s.request().method, "add");
    }
  }
}

TEST(PyroServerSession, RefusesBlobsAndGoesOn) {
  server_session s;
  feed(s, raw(message_type::connect, 4, greets));
  ASSERT_EQ(s.next(), server::connect);
  s.accept(hello, "\xc0");
  drain(s);
  feed(s,
       raw(message_type::invoke, 4, "opaque", pyro::flag::kept_serialized, 1, chunk("BLBI", "x")));
  EXPECT_EQ(s.next(), server::none);
  const auto sent = messages(drain(s));
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_EQ(exception_in(sent[0].payload).type, "builtins.NotImplementedError");
}

TEST(PyroServerSession, IgnoresFlagsAndAnnotationsThatItDoesNotKnow) {
  server_session s;
  feed(s, raw(message_type::connect, 4, greets, 0xff80, 0, chunk("XXXX", "x")));
  ASSERT_EQ(s.next(), server::connect);
  s.accept(hello, "\xc0");
  drain(s);
  feed(s, raw(message_type::invoke, 4, adds, 0xff80, 1, chunk("\x01\x02  ", "x")));
  ASSERT_EQ(s.next(), server::invoke);
  s.result(packed(3));
  EXPECT_EQ(drain(s), raw(message_type::result, 4, "\x03", 0, 1));
}

TEST(PyroServerSession, LooksThroughTheWholePayload) {
  const auto answered = [](const std::string& payload, unsigned flags = 0) {
    server_session s;
    feed(s, raw(message_type::connect, 4, greets));
    EXPECT_EQ(s.next(), server::connect);
    s.accept(hello, "\xc0");
    drain(s);
    feed(s, raw(message_type::invoke, 4, payload, flags));
    const server e = s.next();
    return e == server::invoke ? std::string(s.request().named) : drain(s).substr(header::size);
  };
  for (const char type : {'\x30', '\x31', '\x32', '\x33', '\xff'})
    EXPECT_EQ(answered("\x94\xa1x\xa1y\x91\xd4"s + type + "0\x80"), "\x80");
  for (const char type : {'\x2f', '\x34', '\xfe', '\x00'})
    EXPECT_EQ(exception_in(answered("\x94\xa1x\xa1y\x91\xd4"s + type + "0\x80")).type,
              "Pyro5.errors.SerializeError");
  const auto nested = [](std::size_t n) {  // and the array around all
    return "\x94\xa1x\xa1y" + std::string(n - 2, '\x91') + "\x90\x80";
  };
  EXPECT_EQ(answered(nested(64)), "\x80");
  EXPECT_EQ(exception_in(answered(nested(65))).type, "builtins.ValueError");
  const std::string named =
      "\x81\xa1"
      "b\x02";
  EXPECT_EQ(answered("\x94\xa1x\xab__getattr__\x90\xc0"), "\x80");
  EXPECT_EQ(answered("\x94\xa1x\xab__setattr__\x90\xc0"), "\x80");
  EXPECT_EQ(answered("\x94\xa1x\xab__getattr__\x90" + named), named);
  EXPECT_EQ(answered("\x94\xa1x\xa7<batch>\x90" + named, pyro::flag::batch), named);
  EXPECT_EQ(exception_in(answered("\x94\xa1x\xa7<batch>\x90\x05", pyro::flag::batch)).type,
            "builtins.TypeError");

  server_session s;
  feed(s, raw(message_type::connect, 4, "\x83\xa6object\xa1x\xa9handshake\x05\xa6object\xa1y"));
  ASSERT_EQ(s.next(), server::connect);
  EXPECT_EQ(s.client().object, "y") << "the last one counts";
}

TEST(PyroServerSession, KeepsNothingThatComesAfterItsEnd) {
  server_session s;
  feed(s, "GET / HTTP/1.1");
  ASSERT_EQ(s.next(), server::closed);
  for (int i = 0; i != 1'000; ++i) {
    ASSERT_LE(s.room(1'000).size(), 4'000U);
    s.received(1'000);
  }
}

TEST(PyroServerSession, MayEndAfterAnAnswer) {
  server_session s;
  feed(s, raw(message_type::connect, 4, greets));
  ASSERT_EQ(s.next(), server::connect);
  s.accept(hello, "\xc0");
  drain(s);
  feed(s, raw(message_type::invoke, 4, adds) + raw(message_type::invoke, 4, adds));
  ASSERT_EQ(s.next(), server::invoke);
  s.exception("Pyro5.errors.SerializeError", "unsupported serialized class: x");
  s.end("unsupported serialized class: x");
  EXPECT_EQ(s.next(), server::closed);
  EXPECT_EQ(s.why(), refusal::none);
  EXPECT_EQ(messages(drain(s)).size(), 1U);
}

TEST(PyroClientSession, ReadsWhyItWasRefused) {
  const struct {
    unsigned serializer;
    std::string payload, text;
  } all[] = {{4, "\xa3why", "why"},
             {2, "\xfa\x03why", "why"},
             {3, "\"why\"", "why"},
             {1, "# serpent utf-8 python3.2\n'why'", "why"},
             {4, "", "it does not say why"},
             {4, "\x05", "what it says cannot be read"},
             {4, "\xa9why", "what it says cannot be read"},
             {2, "i\x01\x01\x01\x01", "what it says cannot be read"},
             {9, "why", "what it says cannot be read"},
             {1, "why", "what it says cannot be read"}};
  for (const auto& f : all) {
    client_session c;
    c.connect("calc");
    feed(c, raw(message_type::connect_fail, f.serializer, f.payload, 0, 3));
    EXPECT_EQ(c.next(), client::refused);
    EXPECT_EQ(c.reason(), f.text);
    EXPECT_EQ(c.why(), refusal::none);
    EXPECT_EQ(c.next(), client::closed);
    EXPECT_THROW(c.ping(), std::logic_error);
  }
}

TEST(PyroClientSession, ClosesWhenTheServerIsWrong) {
  const std::string accepts = raw(message_type::connect_ok, 4, "\x82\xa9handshake\xc0\xa4meta\xc0");
  auto before = wrong_messages(message_type::connect_ok, "\x80");
  before.push_back({"no map", raw(message_type::connect_ok, 4, "\x05"), refusal::wrong_type});
  before.push_back({"no end", raw(message_type::connect_ok, 4, "\x81"), refusal::truncated});
  before.push_back(
      {"marshal", raw(message_type::connect_ok, 2, "{0"), refusal::unknown_enumerator});
  for (const wrong& w : before) {
    SCOPED_TRACE(w.what);
    client_session c;
    c.connect("calc");
    feed(c, w.bytes);
    EXPECT_EQ(c.next(), client::closed);
    EXPECT_EQ(c.why(), w.why) << c.reason();
  }
  auto after = wrong_messages(message_type::result, "\x03");
  for (wrong& w : after)
    if (w.what == "type"s) w.bytes[6] = 4;
  after.push_back({"a second answer to the handshake", accepts, refusal::wrong_type});
  after.push_back({"a pong", raw(message_type::ping, 42, "pong"), refusal::wrong_type});
  after.push_back({"sequence", raw(message_type::result, 4, "\x03", 0, 2), refusal::out_of_range});
  after.push_back(
      {"serializer", raw(message_type::result, 3, "3", 0, 1), refusal::unknown_enumerator});
  after.push_back({"a stream without an id", raw(message_type::result, 4, "\xc0", 0x11, 1),
                   refusal::missing_field});
  after.push_back({"a stream with an empty id",
                   raw(message_type::result, 4, "\xc0", 0x10, 1, chunk("STRM", "")),
                   refusal::missing_field});
  after.push_back(
      {"two answers",
       raw(message_type::result, 4, "\x03", 0, 1) + raw(message_type::result, 4, "\x03", 0, 1),
       refusal::wrong_type});
  for (const wrong& w : after) {
    SCOPED_TRACE(w.what);
    client_session c;
    c.connect("calc");
    feed(c, accepts);
    ASSERT_EQ(c.next(), client::accepted);
    c.invoke(call_of("calc", "f"), packed(std::tuple<>()));
    feed(c, w.bytes);
    client e = c.next();
    if (w.what == "two answers"s) {
      EXPECT_EQ(e, client::replied);
      e = c.next();
    }
    EXPECT_EQ(e, client::closed);
    EXPECT_EQ(c.why(), w.why) << c.reason();
    EXPECT_THROW(c.invoke(call_of("calc", "f"), packed(std::tuple<>())), std::logic_error);
  }
}

TEST(PyroClientSession, KeepsTheConnectionWhenAnAnswerCannotBeRead) {
  client_session c;
  c.connect("calc");
  feed(c, raw(message_type::connect_ok, 4, "\x80"));
  ASSERT_EQ(c.next(), client::accepted);
  EXPECT_EQ(c.server().meta, "\xc0") << "none was sent";
  for (const auto how : {serializer::serpent, serializer::json})
    c.invoke(call_of("calc", "f", how), packed(std::tuple<>()));
  feed(c, raw(message_type::result, 1, "# serpent utf-8 python3.2\n(1,", 0, 1));
  ASSERT_EQ(c.next(), client::replied);
  EXPECT_EQ(c.answer().is, kind::unreadable);
  EXPECT_FALSE(c.answer().text.empty());
  feed(c, raw(message_type::result, 3, "[1, 2]", 0, 2));
  ASSERT_EQ(c.next(), client::replied);
  EXPECT_EQ(c.answer().is, kind::result);
  EXPECT_EQ(c.answer().payload, "\x92\x01\x02");
}

// ---- Random conversations -----------------------------------------------------------------------

TEST(PyroSessions, AnswerInOrderWhateverIsAskedAndHoweverItTravels) {
  for (std::uint64_t seed = gof::testing::seeds(300); seed != 0; --seed) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    const auto below = [&](std::size_t n) { return static_cast<std::size_t>(random() % n); };
    pair both({}, below(2) == 0);
    both.open(spoken[below(3)]);
    struct expected {
      client event;
      kind is;
      std::uint16_t sequence;
      std::string says;
    };
    std::deque<expected> asked;  // what the client waits for
    std::deque<std::tuple<std::string, bool, kind, std::string>> calls;  // what the server will see
    std::string to_server, to_client;
    const auto move = [&](std::string& from, pyro::session& to) {
      const std::size_t n = below(from.size() + 1);
      feed(to, std::string_view(from).substr(0, n));
      from.erase(0, n);
    };
    const auto take = [&](pyro::session& from, std::string& to) {
      const std::size_t n = below(from.output().size() + 1);
      to += from.output().substr(0, n);
      from.sent(n);
    };
    std::size_t seen = 0;
    for (int step = 0; step < 400 || !asked.empty() || !calls.empty(); ++step) {
      ASSERT_LT(step, 20'000);
      if (step < 400 && below(3) == 0) {
        if (below(6) == 0) {
          both.c.ping();
          asked.push_back({client::pong, {}, 0, {}});
        } else {
          auto what = call_of("calc", "f", spoken[below(3)]);
          const std::string argument(below(300), static_cast<char>('a' + below(26)));
          const bool one_way = below(4) == 0;
          const auto is = static_cast<kind>(below(3));
          if (one_way) what.flags = pyro::flag::one_way;
          const std::string chunks = below(2) == 0 ? chunk("GOPI", argument) : "";
          what.chunks = chunks;
          const auto n = both.c.invoke(what, packed(std::tuple(argument)));
          calls.emplace_back(wire::encode(std::tuple(argument)), one_way, is, chunks);
          if (!one_way)
            asked.push_back(
                {client::replied, is, n, is == kind::result ? wire::encode(argument) : argument});
        }
        ASSERT_EQ(both.c.waiting(), asked.size());
      }
      take(both.c, to_server);
      move(to_server, both.s);
      if (below(2) == 0 && both.s.next() == server::invoke) {
        ASSERT_FALSE(calls.empty());
        const auto [arguments, one_way, is, chunks] = calls.front();
        calls.pop_front();
        ASSERT_EQ(both.s.request().arguments, arguments);
        ASSERT_EQ(both.s.request().one_way(), one_way);
        ASSERT_EQ(both.s.request().notes.bytes(), chunks);
        const auto text = std::get<0>(wire::decode<std::tuple<std::string>>(arguments));
        if (is == kind::result)
          both.s.result(packed(text), chunks);
        else if (is == kind::exception)
          both.s.exception("builtins.ValueError", text);
        else
          both.s.stream(text.empty() ? "-" : text);
      }
      take(both.s, to_client);
      move(to_client, both.c);
      if (below(2) == 0) continue;
      const client e = both.c.next();
      if (e == client::none) continue;
      ASSERT_FALSE(asked.empty());
      ASSERT_EQ(e, asked.front().event) << both.c.reason();
      if (e == client::replied) {
        const auto& answer = both.c.answer();
        ASSERT_EQ(answer.is, asked.front().is);
        ASSERT_EQ(answer.sequence, asked.front().sequence);
        if (answer.is == kind::result) {
          ASSERT_EQ(answer.payload, asked.front().says);
        }
        if (answer.is == kind::stream && !asked.front().says.empty()) {
          ASSERT_EQ(answer.text, asked.front().says);
        }
        if (answer.is == kind::exception && !asked.front().says.empty()) {
          ASSERT_EQ(exception_in(answer.payload).args, std::vector{asked.front().says});
        }
      }
      asked.pop_front();
      ++seen;
    }
    EXPECT_GT(seen, 50U);
  }
}

}  // namespace
