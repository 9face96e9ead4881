// SPDX-License-Identifier: BSL-1.0
#include <gof/pyro/server.hpp>
// The header under test comes first, so that it has to stand alone.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <gof/pyro/object.hpp>
#include <gof/pyro/session.hpp>

#include "engines/pyro/authority.hpp"
#include "engines/pyro/waiting.hpp"
#include "support/seeds.hpp"

// Clients that keep to nothing. Whatever they do, others are served, memory is bounded, and who
// watches over the server is told. Limits are short, and nothing depends on how fast the machine
// is: whoever waits for what has to happen waits long enough.
namespace {

namespace pyro = gof::pyro;
using namespace std::chrono_literals;
using certifying::authority;
using gof::errc;
using pyro::client_session;
using pyro::message_type;
using pyro::remote_object;
using pyro::serializer;
using pyro::serving;
using pyro::value;
using namespace std::string_literals;
using kind = gof::event::kind;
using clock = std::chrono::steady_clock;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool is_sanitized = true;  // memory is not what it is, and threads are dear
#else
constexpr bool is_sanitized = false;
#endif

constexpr auto long_enough = 60s;
template <class F>
bool eventually(const F& is_true) {
  return waiting::eventually(is_true, long_enough);
}
using waiting::reason;
// What this process has of the machine's memory.
std::size_t resident() {
  std::size_t size = 0, pages = 0;
  std::ifstream("/proc/self/statm") >> size >> pages;
  return pages * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}
std::size_t grown_since(std::size_t before) {
  return is_sanitized ? 0 : resident() - std::min(resident(), before);
}

// ---- A client that is only a socket -------------------------------------------------------------

class line {
 public:
  // Strangers come from another address than those who behave.
  explicit line(std::uint16_t port, const char* from = "127.0.0.2") {
    fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in here{}, there{};
    here.sin_family = there.sin_family = AF_INET;
    ::inet_pton(AF_INET, from, &here.sin_addr);
    ::inet_pton(AF_INET, "127.0.0.1", &there.sin_addr);
    there.sin_port = htons(port);
    if (fd_ < 0 || ::bind(fd_, reinterpret_cast<sockaddr*>(&here), sizeof here) != 0 ||
        ::connect(fd_, reinterpret_cast<sockaddr*>(&there), sizeof there) != 0)
      throw std::runtime_error("no connection: "s + std::strerror(errno));
  }
  line(line&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  line& operator=(line&&) = delete;
  ~line() {
    if (fd_ >= 0) ::close(fd_);
  }
  // Returns whether all of it went; the other side may have ended it, or may not read.
  bool say(std::string_view all) {
    while (!all.empty()) {
      const auto n = ::send(fd_, all.data(), all.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (n < 0 && errno == EAGAIN) {
        pollfd it{fd_, POLLOUT, 0};
        if (::poll(&it, 1, 60'000) != 1) return false;
      } else if (n < 0) {
        return false;
      } else {
        all.remove_prefix(static_cast<std::size_t>(n));
      }
    }
    return true;
  }
  // One byte after another, with pauses. Returns whether the other side ended it before the last.
  bool is_cut_off(std::string_view all) {
    for (const char byte : all) {
      if (!say({&byte, 1}) || has_ended()) return true;
      std::this_thread::sleep_for(2ms);
    }
    return false;
  }
  void say_no_more() { ::shutdown(fd_, SHUT_WR); }
  // What comes; empty at the end.
  std::string hear() {
    std::string some(4096, '\0');
    pollfd it{fd_, POLLIN, 0};
    if (::poll(&it, 1, 60'000) != 1) {
      ADD_FAILURE() << "nothing comes, and no end";
      return {};
    }
    some.resize(
        static_cast<std::size_t>(std::max<::ssize_t>(::recv(fd_, some.data(), some.size(), 0), 0)));
    return some;
  }
  std::string hear_all() {
    std::string all;
    for (std::string some = hear(); !some.empty(); some = hear()) all += some;
    return all;
  }

 private:
  [[nodiscard]] bool has_ended() const {
    char c = 0;
    const auto n = ::recv(fd_, &c, 1, MSG_PEEK | MSG_DONTWAIT);
    return n == 0 || (n < 0 && errno != EAGAIN);
  }
  int fd_ = -1;
};

// A client that knows the protocol, and what it may say.
class caller {
 public:
  explicit caller(const pyro::uri& to, const char* from = "127.0.0.2")
      : it(to.port, from), to_(to) {
    session.connect(to.object);
    flush();
    if (next() != client_session::event::accepted)
      throw std::runtime_error("not let in: " + session.reason());
  }
  void ask(std::string_view method, std::string_view arguments,
           serializer encoding = serializer::msgpack, std::string_view object = {}) {
    session.invoke({.object = object.empty() ? std::string_view(to_.object) : object,
                    .method = method,
                    .encoding = encoding},
                   [&](std::string& out) { out += arguments; });
  }
  void flush() {
    it.say(session.output());
    session.sent(session.output().size());
  }
  client_session::event next() {
    for (;;) {
      const auto what = session.next();
      if (what != client_session::event::none) return what;
      const std::string some = it.hear();
      if (some.empty()) return client_session::event::closed;
      std::memcpy(session.room(some.size()).data(), some.data(), some.size());
      session.received(some.size());
    }
  }
  // Calls, and returns the answer; an exception as its class.
  std::string call(std::string_view method, std::string_view arguments,
                   std::string_view object = {}) {
    ask(method, arguments, serializer::msgpack, object);
    flush();
    if (next() != client_session::event::replied) return "the end";
    const auto& answer = session.answer();
    if (answer.is == client_session::reply::kind::stream) return std::string(answer.text);
    const value told = pyro::decode(answer.payload, serializer::msgpack);
    return answer.is == client_session::reply::kind::exception
               ? pyro::remote_exception::from(told).kind
               : to_string(told);
  }
  line it;
  client_session session{};

 private:
  pyro::uri to_;
};

std::string message(message_type type, serializer how, std::string_view payload,
                    std::uint16_t flags = 0, std::string_view notes = {}) {
  pyro::header h;
  h.type = type;
  h.serializer = static_cast<std::uint8_t>(how);
  h.flags = flags;
  h.payload = static_cast<std::uint32_t>(payload.size());
  h.annotations = static_cast<std::uint32_t>(notes.size());
  std::string all(pyro::header::size, '\0');
  pyro::write(h, all.data());
  return all.append(notes).append(payload);
}
// A header that promises so many bytes.
std::string promise(message_type type, std::uint32_t payload, std::uint32_t notes = 0) {
  pyro::header h;
  h.type = type;
  h.serializer = 4;
  h.payload = payload;
  h.annotations = notes;
  std::string all(pyro::header::size, '\0');
  pyro::write(h, all.data());
  return all;
}
// Why a client is not let in, as it is told.
std::string told_by(const std::string& bytes) {
  pyro::header h;
  if (pyro::parse(bytes, h) != gof::wire::refusal::none || h.type != message_type::connect_fail)
    return "it is told nothing";
  const auto payload = std::string_view(bytes).substr(pyro::header::size, h.payload);
  if (h.serializer == 2) return std::string(pyro::marshal_text(payload).value_or("unclear"));
  return pyro::decode(payload, static_cast<serializer>(h.serializer)).as<std::string>();
}
std::string note(std::string_view id, std::string_view what) {
  std::string all(id);
  for (int bits = 24; bits >= 0; bits -= 8) all += static_cast<char>(what.size() >> bits);
  return all.append(what);
}
const std::string greeting = message(message_type::connect, serializer::msgpack,
                                     "\x82\xa9handshake\xa5hello\xa6object\xa5"s + "adder");

// ---- What they are let loose on -----------------------------------------------------------------

struct adder {
  std::atomic<int> calls = 0;
  int add(int a, int b) {
    ++calls;
    return a + b;
  }
  value same(value it) { return it; }
  std::string large(std::size_t n) { return std::string(n, 'x'); }
  pyro::stream<int> endless() {
    return pyro::stream<int>([n = 0]() mutable { return std::optional(n++); });
  }
};
pyro::members<adder> of_adder() {
  return pyro::members<adder>()
      .method<&adder::add>("add")
      .method<&adder::same>("same")
      .method<&adder::large>("large")
      .method<&adder::endless>("endless");
}

// A server, and what it tells.
class victim {
 public:
  explicit victim(serving how = {}) {
    if (!how.on_event)
      how.on_event = [this](const gof::event& e) {
        const std::lock_guard lock(guard_);
        told_.push_back(e);
      };
    tls = how.tls;
    at = std::make_unique<pyro::server>(std::move(how));
    where = at->expose(it, "adder", of_adder(), true);
  }
  bool is_told(kind what, std::string_view text) {
    return eventually([&] {
      const std::lock_guard lock(guard_);
      return std::any_of(told_.begin(), told_.end(), [&](const gof::event& e) {
        return e.what == what && e.text.find(text) != e.text.npos;
      });
    });
  }
  // Whether somebody who behaves is served; who is slow himself tries again.
  bool serves_others() {
    return eventually([&] {
      try {
        return remote_object(where, {.tls = tls}).call<int>("add", 1, 2) == 3;
      } catch (const gof::failure&) {
        return false;
      }
    });
  }
  bool is_alone() {
    return eventually([&] { return at->connections() == 0; });
  }

  std::shared_ptr<adder> it = std::make_shared<adder>();
  pyro::tls_options tls;
  pyro::uri where;
  std::unique_ptr<pyro::server> at;

 private:
  std::mutex guard_;
  std::vector<gof::event> told_;

 public:
  ~victim() { at.reset(); }  // which may still tell something
};
serving with(pyro::serving_limits most) {
  serving how;
  how.most = most;
  return how;
}

// ---- Too slow -----------------------------------------------------------------------------------

TEST(PyroHostile, WhoNeverSaysWhatHeWantsIsCutOff) {
  victim v(with({.handshake = 30ms}));
  line silent(v.at->port()), begins(v.at->port());
  begins.say(greeting.substr(0, 50));
  EXPECT_TRUE(v.serves_others());
  EXPECT_EQ(silent.hear_all(), "");
  EXPECT_EQ(begins.hear_all(), "");
  EXPECT_TRUE(v.is_told(kind::slow, "127.0.0.2"));
  EXPECT_TRUE(v.is_alone());
}

TEST(PyroHostile, WhoGreetsByteByByteIsCutOffHoweverSteadyHeIs) {
  victim v(with({.handshake = 200ms}));
  line slow(v.at->port());
  EXPECT_TRUE(slow.is_cut_off(promise(message_type::connect, 4096) + std::string(4095, 'x')));
  EXPECT_TRUE(v.is_told(kind::slow, "127.0.0.2"));
  EXPECT_TRUE(v.serves_others());
}

TEST(PyroHostile, WhoSendsAMessageByteByByteIsCutOff) {
  victim v(with({.handshake = 30s, .message = 200ms, .bytes_per_second = 1'000'000}));
  caller slow(v.where);
  EXPECT_EQ(slow.call("add", "\x92\x01\x02"), "3");
  EXPECT_TRUE(slow.it.is_cut_off(promise(message_type::invoke, 30'000) + std::string(29'999, 'x')));
  EXPECT_TRUE(v.is_told(kind::slow, "127.0.0.2"));
  caller begins(v.where);
  begins.it.say("PYRO");
  EXPECT_EQ(begins.it.hear_all(), "");
  EXPECT_TRUE(v.serves_others());
  EXPECT_TRUE(v.is_alone());
}

TEST(PyroHostile, WhoHasSentMuchMayNotStopWithinAMessage) {
  // Bytes buy time, but not more than one who is idle has.
  victim v(with({.handshake = 30s, .message = 30s, .bytes_per_second = 1, .idle = 30ms}));
  caller it(v.where);
  it.it.say(promise(message_type::invoke, 30'000) + std::string(20'000, 'x'));
  EXPECT_EQ(it.it.hear_all(), "");
  EXPECT_TRUE(v.is_told(kind::slow, "127.0.0.2"));
}

TEST(PyroHostile, WhoIsIdleIsCutOff) {
  victim v(with({.handshake = 30s, .idle = 30ms}));
  caller idle(v.where);
  EXPECT_EQ(idle.it.hear_all(), "");
  EXPECT_TRUE(v.is_told(kind::slow, "127.0.0.2"));
  EXPECT_TRUE(v.serves_others());
  // Whoever behaves finds his connection over, and makes another.
  remote_object it(v.where);
  EXPECT_EQ(it.call<int>("add", 1, 2), 3);
  EXPECT_TRUE(v.is_alone());
  EXPECT_TRUE(eventually([&] {
    try {
      return it.call<int>("add", 1, 2) == 3;
    } catch (const gof::failure&) {
      return false;
    }
  }));
}

TEST(PyroHostile, WhoNeverReadsHisAnswersIsCutOff) {
  victim v(with({.answer = 30ms}));
  caller deaf(v.where);
  const std::size_t before = resident();
  for (int i = 0; i < 100; ++i) deaf.ask("large", "\x91\xce\x00\x0f\x00\x00"s);
  deaf.flush();
  EXPECT_TRUE(v.is_told(kind::slow, "127.0.0.2"));
  EXPECT_TRUE(v.serves_others());
  EXPECT_TRUE(v.is_alone());
  EXPECT_LT(grown_since(before), (16u << 20));
}

// ---- Too much -----------------------------------------------------------------------------------

TEST(PyroHostile, WhoPromisesTooMuchIsRefusedAtTheHeader) {
  victim v;
  const std::size_t before = resident();
  const auto greets = [&](std::uint32_t payload, std::uint32_t notes) {
    line it(v.at->port());
    it.say(promise(message_type::connect, payload, notes));
    return told_by(it.hear_all());
  };
  for (const std::uint32_t payload : {4097u, 1u << 20, 1u << 30, 0x7fff'ffffu, 0xffff'ffffu})
    EXPECT_NE(greets(payload, 0).find("too large"), std::string::npos) << payload;
  for (const std::uint32_t notes : {(64u << 10) + 1, 0x8000'0000u, 0xffff'ffffu})
    EXPECT_NE(greets(1, notes).find("too large"), std::string::npos) << notes;
  EXPECT_NE(greets(0xffff'ffffu, 0xffff'ffffu).find("too large"), std::string::npos);
  for (const auto& [payload, notes] : {std::pair((1u << 20) + 1, 0u),
                                       {0xffff'ffffu, 0u},
                                       {0xffff'ffffu, 0xffff'ffffu},
                                       {0u, 1u << 20}}) {
    caller it(v.where);
    it.it.say(promise(message_type::invoke, payload, notes));
    EXPECT_EQ(it.it.hear_all(), "");
  }
  EXPECT_TRUE(v.is_told(kind::refused, "too large"));
  EXPECT_TRUE(v.serves_others());
  EXPECT_LT(grown_since(before), (16u << 20));
}

TEST(PyroHostile, WhoPromisesAllThatIsAllowedGetsNoMemoryForIt) {
  victim v;
  std::list<caller> all;
  for (int i = 0; i < 30; ++i) all.emplace_back(v.where);
  const std::size_t before = resident();
  for (caller& one : all) one.it.say(promise(message_type::invoke, 1u << 20));
  EXPECT_TRUE(v.serves_others());
  EXPECT_LT(grown_since(before), (16u << 20));
}

TEST(PyroHostile, WhoSaysTooMuchBesidesIsRefused) {
  victim v;
  std::string many;
  for (int i = 0; i < 17; ++i) many += note("NOTE", "");
  const std::string broken[] = {many, note("NOTE", "x").substr(0, 8), "NOTE\xff\xff\xff\xff",
                                "N\xc3\xb6T\0\0\0\0"s, "NOT"};
  for (const std::string& notes : broken) {
    line it(v.at->port());
    it.say(message(message_type::connect, serializer::msgpack, greeting.substr(40), 0, notes));
    EXPECT_NE(told_by(it.hear_all()).find("annotations"), std::string::npos);
    caller greeted(v.where);
    greeted.it.say(message(message_type::invoke, serializer::msgpack, "\x90", 0, notes));
    EXPECT_EQ(greeted.it.hear_all(), "");
  }
  EXPECT_TRUE(v.is_told(kind::refused, "annotations"));
  EXPECT_TRUE(v.serves_others());
}

TEST(PyroHostile, WhoNestsTooDeeplyIsToldAndMayGoOn) {
  victim v;
  constexpr std::size_t levels = 100'000;
  const auto call = [](std::string_view open, std::string_view argument, std::string_view close) {
    return std::string(open).append(argument).append(close);
  };
  const auto nested = [](char open, char close) {
    return std::string(levels, open) + std::string(levels, close);
  };
  const std::pair<serializer, std::string> deep[] = {
      {serializer::msgpack, call("\x94\xa5"
                                 "adder\xa4same\x91",
                                 std::string(levels, '\x91') + '\x01', "\x80")},
      {serializer::json, call(R"({"object":"adder","method":"same","params":[)", nested('[', ']'),
                              R"(],"kwargs":{}})")},
      {serializer::serpent,
       call("# serpent utf-8 python3.2\n('adder','same',(", nested('[', ']'), ",),{})")},
      {serializer::serpent,
       call("# serpent utf-8 python3.2\n('adder','same',(", nested('(', ')'), ",),{})")},
      {serializer::serpent,
       call("# serpent utf-8 python3.2\n('adder','same',(", nested('-', ' '), ",),{})")},
  };
  for (const auto& [how, payload] : deep) {
    caller it(v.where);
    it.it.say(message(message_type::invoke, how, payload));
    const std::string answer = it.it.hear();
    ASSERT_GE(answer.size(), pyro::header::size);
    pyro::header h;
    ASSERT_EQ(pyro::parse(answer, h), gof::wire::refusal::none);
    EXPECT_EQ(h.type, message_type::result);
    EXPECT_TRUE(h.has(pyro::flag::exception));
    const value told = pyro::decode(std::string_view(answer).substr(pyro::header::size), how);
    EXPECT_EQ(pyro::remote_exception::from(told).kind, "builtins.ValueError") << to_string(told);
  }
  caller it(v.where);
  EXPECT_EQ(it.call("same", "\x91\xc0"), "None");
  EXPECT_TRUE(v.serves_others());
}

TEST(PyroHostile, WhoSendsABombIsRefusedBeforeItGrows) {
  victim v;
  std::string bomb;
  pyro::deflate(std::string(64u << 20, '\0'), bomb);
  ASSERT_LT(bomb.size(), 1u << 20);
  const std::size_t before = resident();
  caller it(v.where);
  it.it.say(message(message_type::invoke, serializer::msgpack, bomb, pyro::flag::compressed));
  EXPECT_EQ(it.it.hear_all(), "");
  EXPECT_TRUE(v.is_told(kind::refused, "too large when inflated"));
  // One in the greeting, which is small, and would become larger than a greeting may be.
  std::string small;
  pyro::deflate("\x82\xa9handshake\xda\x13\x88" + std::string(5000, 'x') +
                    "\xa6object\xa5"
                    "adder",
                small);
  line greets(v.at->port());
  greets.say(message(message_type::connect, serializer::msgpack, small, pyro::flag::compressed));
  EXPECT_NE(told_by(greets.hear_all()).find("too large when inflated"), std::string::npos);
  line broken(v.at->port());
  broken.say(
      message(message_type::connect, serializer::msgpack, "no zlib", pyro::flag::compressed));
  EXPECT_NE(told_by(broken.hear_all()).find("corrupt"), std::string::npos);
  EXPECT_TRUE(v.serves_others());
  EXPECT_LT(grown_since(before), (16u << 20));
}

TEST(PyroHostile, WhoBeginsStreamsWithoutEndIsRefusedMoreOfThem) {
  victim v(with({.streams = 3}));
  caller it(v.where);
  std::vector<std::string> ids;
  for (int i = 0; i < 3; ++i) ids.push_back(it.call("endless", "\x90"));
  EXPECT_EQ(ids[0].size(), 32u);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(it.call("endless", "\x90"), "Pyro5.errors.PyroError");
  const auto id = [](const std::string& text) { return "\x91\xd9\x20" + text; };
  const std::string_view itself = "Pyro.Daemon";
  EXPECT_EQ(it.call("get_next_stream_item", id(ids[0]), itself), "0");
  EXPECT_EQ(it.call("get_next_stream_item", id(ids[0]), itself), "1");
  // Another cannot read them, nor end them, even if he knows their names.
  caller thief(v.where, "127.0.0.3");
  EXPECT_EQ(thief.call("get_next_stream_item", id(ids[0]), itself), "Pyro5.errors.PyroError");
  EXPECT_EQ(thief.call("close_stream", id(ids[0]), itself), "None");
  EXPECT_EQ(it.call("get_next_stream_item", id(ids[0]), itself), "2");
  EXPECT_EQ(it.call("close_stream", id(ids[0]), itself), "None");
  EXPECT_EQ(it.call("get_next_stream_item", id(ids[0]), itself), "Pyro5.errors.PyroError");
  EXPECT_EQ(it.call("endless", "\x90").size(), 32u);
  EXPECT_TRUE(v.serves_others());
}

// ---- Too many -----------------------------------------------------------------------------------

TEST(PyroHostile, WhoHasTooManyConnectionsGetsNoMore) {
  victim v(with({.connections = 4, .connections_each = 3}));
  std::list<caller> first;
  for (int i = 0; i < 3; ++i) first.emplace_back(v.where);
  for (int i = 0; i < 10; ++i)
    EXPECT_EQ(told_by(line(v.at->port()).hear_all()), "too many connections of one client");
  EXPECT_TRUE(v.is_told(kind::refused, "127.0.0.2: too many connections of one client"));
  EXPECT_EQ(v.at->connections(), 3u);
  EXPECT_TRUE(v.serves_others());
  EXPECT_TRUE(eventually([&] { return v.at->connections() == 3; }));
  {
    caller fourth(v.where, "127.0.0.3");
    EXPECT_EQ(told_by(line(v.at->port(), "127.0.0.4").hear_all()), "too many clients");
    EXPECT_TRUE(v.is_told(kind::refused, "127.0.0.4: too many clients"));
    // A client of ours is told the same.
    EXPECT_EQ(reason([&] { remote_object(v.where).call("add", 1, 2); }), errc::denied);
    EXPECT_EQ(first.back().call("add", "\x92\x01\x02"), "3");
  }
  EXPECT_TRUE(v.serves_others());
  first.pop_back();
  EXPECT_TRUE(eventually([&] { return v.at->connections() == 2; }));
  EXPECT_EQ(caller(v.where).call("add", "\x92\x01\x02"), "3");
}

TEST(PyroHostile, AThousandIdleConnectionsLeaveRoomForOthers) {
  constexpr std::size_t many = is_sanitized ? 200 : 1000;
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  if (files.rlim_cur < 2 * many + 100) {
    files.rlim_cur = std::min<rlim_t>(files.rlim_max, 2 * many + 100);
    ::setrlimit(RLIMIT_NOFILE, &files);
  }
  if (files.rlim_cur < 2 * many + 100) GTEST_SKIP() << "a process may open too few files here";
  victim v(with({.connections = many + 10, .connections_each = many}));
  const std::size_t before = resident();
  std::list<caller> all;
  for (std::size_t i = 0; i < many; ++i) all.emplace_back(v.where);
  EXPECT_EQ(v.at->connections(), many);
  EXPECT_TRUE(v.serves_others());
  EXPECT_LT(grown_since(before), many * (100u << 10));
  EXPECT_EQ(all.front().call("add", "\x92\x01\x02"), "3");
  EXPECT_EQ(all.back().call("add", "\x92\x01\x02"), "3");
  all.clear();
  EXPECT_TRUE(v.is_alone());
  EXPECT_TRUE(v.serves_others());
}

// ---- What is none of theirs ---------------------------------------------------------------------

TEST(PyroHostile, WhoGuessesNamesFindsNothing) {
  victim v;
  caller it(v.where);
  for (const std::string name :
       {"_add", "__init__", "__class__", "__dict__", "__del__", "__reduce__", "__call__", "__len__",
        "add.__class__", "add ", "", "<batch>", "it", "calls"}) {
    const std::string text = gof::wire::encode(name);
    EXPECT_EQ(it.call(name, "\x90"), "builtins.AttributeError") << name;
    EXPECT_EQ(it.call("__getattr__", '\x91' + text), "builtins.AttributeError") << name;
    EXPECT_EQ(it.call("__setattr__", '\x92' + text + '\x01'), "builtins.AttributeError") << name;
  }
  EXPECT_EQ(it.call("__getattr__", "\x90"), "builtins.TypeError");
  EXPECT_EQ(it.call("__getattr__", "\x91\x01"), "builtins.TypeError");
  EXPECT_EQ(it.call("__setattr__",
                    "\x91\xa3"
                    "add"),
            "builtins.TypeError");
  EXPECT_EQ(it.call("add", "\x92\x01\x02", "another"), "Pyro5.errors.DaemonError");
  EXPECT_EQ(it.call("registered", "\x90", "Pyro.Daemon"), "builtins.AttributeError");
  EXPECT_EQ(it.call("shutdown", "\x90", "Pyro.Daemon"), "builtins.AttributeError");
  EXPECT_EQ(it.call("add", "\x92\x01\x02"), "3");
  EXPECT_EQ(v.it->calls, 1);
}

TEST(PyroHostile, WhoSaysAnythingAtAllIsBorneWith) {
  victim v(with({.connections_each = 1000}));
  std::mt19937 random(5489);
  const auto anything = [&](std::size_t most) {
    std::string bytes(random() % most, '\0');
    for (char& c : bytes) c = static_cast<char>(random());
    return bytes;
  };
  const std::string call = message(message_type::invoke, serializer::msgpack,
                                   "\x94\xa5"
                                   "adder\xa3"
                                   "add\x92\x01\x02\x80");
  const std::uint64_t rounds = gof::testing::seeds(300);
  for (std::uint64_t i = 0; i < rounds; ++i) {
    std::string said = greeting + call + call;
    switch (random() % 4) {
      case 0:
        said = anything(200);
        break;
      case 1:
        said = greeting + anything(200);
        break;
      case 2:
        said = greeting + call.substr(0, pyro::header::size) + anything(200);
        break;
      default:
        for (auto n = random() % 8 + 1; n > 0; --n)
          said[random() % said.size()] = static_cast<char>(random());
    }
    line it(v.at->port());
    it.say(said);
    it.say_no_more();
    static_cast<void>(it.hear_all());
  }
  EXPECT_TRUE(v.serves_others());
  EXPECT_TRUE(v.is_alone());
}

// ---- A server that keeps to nothing
// ---------------------------------------------------------------

// Answers what comes with what it was given, once for each connection; then it says nothing.
class impostor {
 public:
  explicit impostor(std::vector<std::string> answers) : answers_(std::move(answers)) {
    sockaddr_in here{};
    here.sin_family = AF_INET;
    ::inet_pton(AF_INET, "127.0.0.1", &here.sin_addr);
    socklen_t size = sizeof here;
    if (::bind(fd_, reinterpret_cast<sockaddr*>(&here), size) != 0 || ::listen(fd_, 8) != 0 ||
        ::getsockname(fd_, reinterpret_cast<sockaddr*>(&here), &size) != 0)
      throw std::runtime_error("no server");
    port_ = ntohs(here.sin_port);
    thread_ = std::thread([this] {
      for (int fd; (fd = ::accept(fd_, nullptr, nullptr)) >= 0; ::close(fd)) {
        std::string some(4096, '\0');
        for (const std::string& one : answers_)
          if (::recv(fd, some.data(), some.size(), 0) > 0)
            static_cast<void>(::send(fd, one.data(), one.size(), MSG_NOSIGNAL));
        while (::recv(fd, some.data(), some.size(), 0) > 0) {
        }
      }
    });
  }
  impostor(const impostor&) = delete;
  impostor& operator=(const impostor&) = delete;
  ~impostor() {
    ::shutdown(fd_, SHUT_RDWR);
    thread_.join();
    ::close(fd_);
  }
  // What a client has of it.
  std::optional<errc> call() const {
    return reason([&] {
      remote_object({"adder", "127.0.0.1", port_}, {.deadline = 300ms}).call<int>("add", 1, 2);
    });
  }

 private:
  const int fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const std::vector<std::string> answers_;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

TEST(PyroHostile, AServerThatSaysAnythingAtAllIsBorneWithByItsClients) {
  const auto welcome = [](const std::string& meta) {
    return message(message_type::connect_ok, serializer::msgpack,
                   "\x82\xa9handshake\xc0\xa4meta" + meta);
  };
  const std::string fine = welcome("\x80");
  const auto result = [](const std::string& payload, std::uint16_t flags = 0, char sequence = 1) {
    std::string all = message(message_type::result, serializer::msgpack, payload, flags);
    all[11] = sequence;
    return all;
  };
  EXPECT_EQ(impostor({fine, result("\x03")}).call(), std::nullopt);
  // Nothing ran.
  for (const std::string& odd :
       {"PYRO"s, "HTTP/1.1 400 Bad Request\r\n\r\n................"s, welcome("\xd4\x7f\x00"s),
        welcome("\x81\xc0"), welcome("\x81\x90\x01"), welcome("\xa1\xff"),
        promise(message_type::connect_ok, 0xffff'ffff), result("\x03")})
    EXPECT_EQ(impostor({odd}).call(), errc::unavailable) << odd;
  // It ran, for all that is known.
  for (const std::string& odd : {"\xc1"s, "\xa1\xff"s, "\xd4\x7f\x00"s, ""s})
    EXPECT_EQ(impostor({fine, result(odd, pyro::flag::exception)}).call(), errc::failed_there);
  EXPECT_EQ(impostor({fine, result("\x03", 0, 2)}).call(), errc::closed);
  EXPECT_EQ(impostor({fine, promise(message_type::result, 0xffff'ffff)}).call(), errc::closed);
  EXPECT_EQ(impostor({fine, result("\x03").substr(0, 40)}).call(), errc::deadline);
  EXPECT_EQ(impostor({fine}).call(), errc::deadline);
  // What it says is no int.
  for (const std::string& odd : {"\xc1"s, "\xa1x"s, "\x03\x03"s, ""s})
    EXPECT_THROW(impostor({fine, result(odd)}).call(), pyro::type_error);
}

// ---- TLS ----------------------------------------------------------------------------------------

struct PyroHostileTls : testing::Test {
  authority ours{"ours"}, theirs{"theirs"};
  pyro::tls_options server = ours.of("server", ours), ann = ours.of("ann", ours);
  std::atomic<int> calls = 0;
  std::optional<errc> call(victim& v, const pyro::tls_options& as) {
    return reason([&] { remote_object(v.where, {.tls = as}).call<int>("add", 1, 2); });
  }
};

TEST_F(PyroHostileTls, WhoHasTheRightCertificateIsServedByHisName) {
  std::string name;
  serving how;
  how.tls = server;
  how.admit = [&](const pyro::visitor& who) {
    name = who.certificate;
    return value();
  };
  victim v(how);
  EXPECT_EQ(call(v, ann), std::nullopt);
  EXPECT_EQ(name, "ann");
  v.tls = ann;
  EXPECT_TRUE(v.serves_others());
}

TEST_F(PyroHostileTls, WhoHasAnotherCertificateOrNoneIsRefused) {
  serving how;
  how.tls = server;
  victim v(how);
  v.tls = ann;
  EXPECT_EQ(call(v, theirs.of("ann", ours)), errc::denied);  // of an authority that is not trusted
  EXPECT_TRUE(v.is_told(kind::refused, "no TLS connection"));
  EXPECT_EQ(call(v, ours.trusted_only()), errc::denied);     // no certificate
  EXPECT_EQ(call(v, ours.of("ann", theirs)), errc::denied);  // the client does not trust the server
  EXPECT_EQ(v.it->calls, 0);
  EXPECT_TRUE(v.serves_others());
}

TEST_F(PyroHostileTls, AServerOfAnotherNameIsRefused) {
  serving how;
  how.tls = ours.of("elsewhere", ours);
  victim v(how);
  EXPECT_EQ(call(v, ann), errc::denied);
  EXPECT_EQ(v.it->calls, 0);
}

TEST_F(PyroHostileTls, WhoSpeaksPlainlyIsRefused) {
  serving how;
  how.tls = server;
  victim v(how);
  v.tls = ann;
  line plain(v.at->port());
  plain.say(greeting);
  EXPECT_EQ(plain.hear_all().find("PYRO"), std::string::npos);
  EXPECT_TRUE(v.is_told(kind::refused, "no TLS connection"));
  EXPECT_NE(call(v, {}), std::nullopt);
  EXPECT_TRUE(v.serves_others());
  // And who wants TLS of a server without it.
  victim open;
  EXPECT_EQ(call(open, ann), errc::denied);
  EXPECT_TRUE(open.serves_others());
}

TEST_F(PyroHostileTls, WhoStopsWithinTheHandshakeIsCutOff) {
  serving how;
  how.tls = server;
  how.most.handshake = 100ms;
  victim v(how);
  v.tls = ann;
  // The beginning of a client's first record, which has 512 bytes.
  const std::string begins = "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"s;
  line silent(v.at->port()), half(v.at->port()), slow(v.at->port());
  half.say(begins);
  EXPECT_TRUE(slow.is_cut_off(begins + std::string(505, 'x')));
  EXPECT_EQ(silent.hear_all(), "");
  static_cast<void>(half.hear_all());
  EXPECT_TRUE(v.is_told(kind::refused, "takes too long"));
  EXPECT_TRUE(v.serves_others());
  EXPECT_TRUE(v.is_alone());
}

TEST_F(PyroHostileTls, WhoSendsOddBytesInsteadOfAHandshakeIsBorneWith) {
  serving how;
  how.tls = server;
  victim v(how);
  v.tls = ann;
  std::mt19937 random(5489);
  for (std::uint64_t i = gof::testing::seeds(100); i > 0; --i) {
    std::string bytes = "\x16\x03\x01"s;
    for (auto n = random() % 300; n > 0; --n) bytes += static_cast<char>(random());
    line it(v.at->port());
    it.say(bytes);
    it.say_no_more();
    static_cast<void>(it.hear_all());
  }
  EXPECT_TRUE(v.serves_others());
}

}  // namespace
