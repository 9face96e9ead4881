// SPDX-License-Identifier: BSL-1.0
// Proxy, and the fallacy that the network is homogeneous: what real Python programs said to each
// other, recorded byte by byte (golden/capture.py), is said to an object in C++, and to a proxy of
// it. A naive proxy, which sends what is in its memory, is not understood.
#include <gof/pyro.hpp>
// The header under test comes first.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <future>
#include <stdexcept>
#include <string>
#include <tuple>
#include <vector>

#include "golden/frames.hpp"
#include "support/port.hpp"

namespace {

namespace pyro = gof::pyro;
namespace wire = gof::wire;
using gof::testing::frame, gof::testing::golden_frames;

// Subject
struct calculator {
  virtual ~calculator() = default;
  virtual int add(int a, int b) = 0;
  virtual int fail(std::string why) = 0;
};
GOF_REMOTE(calculator, add, fail)

// RealSubject
struct real final : calculator {
  int add(int a, int b) override { return a + b; }
  int fail(std::string why) override { throw std::invalid_argument(why); }
  void note(const std::string& text) { noted += text; }
  int level = 1;
  std::string noted;
};
pyro::members<real> of_real() {
  return pyro::members<real>()
      .method<&real::add>("add")
      .method<&real::fail>("fail")
      .one_way<&real::note>("note")
      .attribute<&real::level>("level");
}

// Bytes over TCP, with a deadline for each.
class line {
 public:
  explicit line(int number) : number_(number) {
    const timeval most{20, 0};
    ::setsockopt(number_, SOL_SOCKET, SO_RCVTIMEO, &most, sizeof most);
  }
  line(const line&) = delete;
  line& operator=(const line&) = delete;
  ~line() { ::close(number_); }
  void connect(std::uint16_t port) const {
    const sockaddr_in at = gof::testing::here(port);
    if (::connect(number_, reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0)
      throw std::runtime_error("nobody listens");
  }
  std::uint16_t listen() const {
    sockaddr_in at = gof::testing::here(0);
    socklen_t size = sizeof at;
    if (::bind(number_, reinterpret_cast<sockaddr*>(&at), size) != 0 || ::listen(number_, 1) != 0 ||
        ::getsockname(number_, reinterpret_cast<sockaddr*>(&at), &size) != 0)
      throw std::runtime_error("cannot listen");
    return ntohs(at.sin_port);
  }
  [[nodiscard]] int accept() const { return ::accept(number_, nullptr, nullptr); }
  void say(const std::string& all) const {
    ASSERT_EQ(::send(number_, all.data(), all.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(all.size()));
  }
  std::string take(std::size_t size) const {
    std::string all(size, '\0');
    for (std::size_t n = 0; n < size;) {
      const auto got = ::recv(number_, all.data() + n, size - n, 0);
      if (got <= 0) throw std::runtime_error("the other side ended it");
      n += static_cast<std::size_t>(got);
    }
    return all;
  }
  // One message: its header, and what it says.
  std::pair<pyro::header, std::string> hear() const {
    const std::string first = take(pyro::header::size);
    pyro::header h;
    if (pyro::parse(first, h) != wire::refusal::none) throw std::runtime_error("no header");
    const std::string rest = take(static_cast<std::size_t>(h.rest()));
    return {h, rest.substr(h.annotations)};
  }

 private:
  int number_;
};

// Those of these scenarios, and who connects first.
std::vector<frame> recorded(const std::string& serializer) {
  std::vector<frame> all;
  for (frame& one : golden_frames(serializer))
    for (const char* wanted : {"connect", "call", "exception", "one-way", "attribute"})
      if (one.scenario == wanted) all.push_back(std::move(one));
  return all;
}

TEST(Homogeneous, APythonProgramsBytesAreUnderstoodByAnObjectInCpp) {
  for (const char* serializer : {"msgpack", "serpent"}) {
    pyro::server at;
    real it;
    at.expose(it, "calc", of_real());
    const line client(::socket(AF_INET, SOCK_STREAM, 0));
    client.connect(at.port());
    int answers = 0;
    for (const frame& one : recorded(serializer)) {
      if (one.from_client) {
        client.say(one.bytes);
        continue;
      }
      const auto [h, said] = client.hear();
      EXPECT_EQ(static_cast<unsigned>(h.type), one.type);
      EXPECT_EQ(h.sequence, one.sequence);
      EXPECT_EQ(h.flags & pyro::flag::exception, one.flags & pyro::flag::exception);
      if (one.scenario == "connect") continue;  // says what there is to call, which is not the same
      ++answers;
      const auto by = static_cast<pyro::serializer>(h.serializer);
      if (one.flags & pyro::flag::exception) {
        const auto what = pyro::remote_exception::from(pyro::decode(said, by));
        EXPECT_EQ(what.kind, "builtins.ValueError");
        EXPECT_EQ(what.words(), "bad");
      } else {
        EXPECT_EQ(pyro::encode(pyro::decode(said, by), pyro::serializer::msgpack), one.says)
            << one.scenario;
      }
    }
    EXPECT_EQ(answers, 4);
    EXPECT_EQ(it.noted, "seen");
    EXPECT_EQ(it.level, 5);
  }
}

TEST(Homogeneous, AProxyInCppSaysWhatAPythonProgramSaysAndUnderstandsItsAnswers) {
  const std::vector<frame> all = recorded("msgpack");
  const line listener(::socket(AF_INET, SOCK_STREAM, 0));
  const std::uint16_t port = listener.listen();
  auto python = std::async(std::launch::async, [&] {
    const line client(listener.accept());
    int questions = 0;
    for (const frame& one : all) {
      if (one.scenario != "connect" && one.scenario != "call" && one.scenario != "exception")
        continue;
      if (!one.from_client) {
        std::string answer = one.bytes;
        answer[10] = static_cast<char>(questions >> 8);  // the number of its question
        answer[11] = static_cast<char>(questions);
        client.say(answer);
        continue;
      }
      const auto [h, said] = client.hear();
      EXPECT_EQ(static_cast<unsigned>(h.type), one.type);
      questions = h.sequence;
      if (one.scenario != "connect") {
        EXPECT_EQ(said, one.says) << one.scenario;
      }
    }
  });
  pyro::remote<calculator> proxy(pyro::uri("calc", "127.0.0.1", port));
  EXPECT_EQ(proxy->add(1, 2), 3);
  try {
    proxy->fail("bad");
    ADD_FAILURE();
  } catch (const std::invalid_argument& thrown) {
    EXPECT_NE(std::string(thrown.what()).find("bad"), std::string::npos);
  }
  python.get();
}

/// [naive]
struct as_in_memory {
  int a, b;
};
long add(const std::string& bytes) {
  as_in_memory it{};
  std::memcpy(&it, bytes.data(), std::min(bytes.size(), sizeof it));
  return static_cast<long>(it.a) + it.b;
}
/// [naive]

TEST(Homogeneous, WhatIsInMemoryIsNotUnderstood) {
  const as_in_memory mine{1, 2};
  std::string bytes(sizeof mine, '\0');
  std::memcpy(bytes.data(), &mine, sizeof mine);
  EXPECT_EQ(add(bytes), 3) << "on one kind of machine, in one language, all is well";
  for (const frame& one : recorded("msgpack"))
    if (one.scenario == "call" && one.from_client) {
      EXPECT_NE(add(one.says), 3);
    }
  std::reverse(bytes.begin(), bytes.begin() + sizeof mine.a);  // of another kind of machine
  std::reverse(bytes.begin() + sizeof mine.a, bytes.end());
  EXPECT_NE(add(bytes), 3);
  EXPECT_ANY_THROW(static_cast<void>(wire::decode<std::tuple<int, int>>(bytes)))
      << "a typed reader refuses them";
}

}  // namespace
