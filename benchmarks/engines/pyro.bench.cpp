// SPDX-License-Identifier: BSL-1.0
// A call of an object over TCP, and the plain bytes underneath: the same number of bytes there and
// back, by send and recv. Where both sides are decides more than what they do: so both on one
// processor, where all work counts, and on one each, where waking the other side does.
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <gof/pyro.hpp>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "support/bench.hpp"

namespace {

namespace pyro = gof::pyro;

// Two threads, on one processor or on one each. The one that is made first inherits its place.
enum class place { one, each };
void pin(int processor) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(processor, &set);
  sched_setaffinity(0, sizeof set, &set);
}
void begin_server(place where) { pin(where == place::one ? 0 : 1); }
void begin_client() { pin(0); }

// ---- By hand ------------------------------------------------------------------------------------

/// [hand]
class raw_echo {
 public:
  raw_echo(place where, std::size_t question, std::size_t answer)
      : question_(question), answer_(answer) {
    begin_server(where);
    const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at;
    if (::bind(listener, reinterpret_cast<sockaddr*>(&at), size) != 0 ||
        ::listen(listener, 1) != 0 ||
        ::getsockname(listener, reinterpret_cast<sockaddr*>(&at), &size) != 0)
      std::abort();
    server_ = std::thread([this, listener] {
      const int line = ::accept(listener, nullptr, nullptr);
      prepare(line);
      std::string in(question_, 0), out(answer_, 'a');
      while (take(line, in)) give(line, out);
      ::close(line);
      ::close(listener);
    });
    begin_client();
    line_ = ::socket(AF_INET, SOCK_STREAM, 0);
    if (::connect(line_, reinterpret_cast<sockaddr*>(&at), size) != 0) std::abort();
    prepare(line_);
  }
  raw_echo(const raw_echo&) = delete;
  raw_echo& operator=(const raw_echo&) = delete;
  ~raw_echo() {
    ::close(line_);
    server_.join();
  }
  void call() {
    give(line_, question_);
    if (!take(line_, answer_)) std::abort();
  }

 private:
  static void prepare(int line) {
    const int yes = 1;
    ::setsockopt(line, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  }
  static void give(int line, const std::string& all) {
    for (std::size_t done = 0; done < all.size();) {
      const auto n = ::send(line, all.data() + done, all.size() - done, MSG_NOSIGNAL);
      if (n <= 0) return;
      done += static_cast<std::size_t>(n);
    }
  }
  static bool take(int line, std::string& all) {
    for (std::size_t done = 0; done < all.size();) {
      const auto n = ::recv(line, all.data() + done, all.size() - done, 0);
      if (n <= 0) return false;
      done += static_cast<std::size_t>(n);
    }
    return true;
  }
  // … which make room for as many bytes, once.
  void give(int line, std::size_t n) {
    buffer_.resize(n, 'q');
    give(line, buffer_);
  }
  bool take(int line, std::size_t n) {
    buffer_.resize(n);
    return take(line, buffer_);
  }

  const std::size_t question_, answer_;
  std::string buffer_;
  std::thread server_;
  int line_ = -1;
};
/// [hand]

// The bytes of the messages of ours: 40 of a header, and what they hold.
constexpr std::size_t question = 40 + 18, answer = 40 + 1;

// ---- Ours ---------------------------------------------------------------------------------------

struct adder {
  virtual ~adder() = default;
  virtual int add(int a, int b) = 0;
  virtual std::vector<std::byte> echo(std::vector<std::byte> all) = 0;
};
GOF_REMOTE(adder, add, echo)
struct real_adder final : adder {
  int add(int a, int b) override { return a + b; }
  std::vector<std::byte> echo(std::vector<std::byte> all) override { return all; }
};

pyro::message_limits large() {
  pyro::message_limits most;
  most.message = 16 << 20;
  return most;
}

template <place Where>
class ours {
 public:
  ours() {
    begin_server(Where);
    pyro::serving how;
    how.most.messages = large();
    server_ = std::make_unique<pyro::server>(how);
    const pyro::uri at = server_->expose<adder>(std::make_shared<real_adder>(), "adder");
    pyro::calling calls;
    calls.most = large();
    client_ = std::make_unique<pyro::remote<adder>>(at, calls);
    static_cast<void>((*client_)->add(1, 2));  // while the server's thread inherits its place
    begin_client();
  }
  pyro::remote<adder>& operator*() { return *client_; }

 private:
  std::unique_ptr<pyro::server> server_;
  std::unique_ptr<pyro::remote<adder>> client_;
};

template <place Where>
void hand_call(benchmark::State& state) {
  raw_echo echo(Where, question, answer);
  for (auto _ : state) echo.call();
}
template <place Where>
void our_call(benchmark::State& state) {
  ours<Where> it;
  adder& a = **it;
  for (auto _ : state) benchmark::DoNotOptimize(a.add(1, 2));
}
template <place Where>
void by_name(benchmark::State& state) {
  ours<Where> it;
  pyro::remote_object& a = (*it).object();
  for (auto _ : state) benchmark::DoNotOptimize(a.call<int>("add", 1, 2));
}
void batch_of_100(benchmark::State& state) {
  ours<place::one> it;
  for (auto _ : state) {
    pyro::remote<adder>::batch all(*it);
    for (int i = 0; i < 100; ++i) static_cast<void>(all.add<&adder::add>(1, 2));
    all.send();
  }
  state.SetItemsProcessed(state.iterations() * 100);
}
void hand_million(benchmark::State& state) {
  raw_echo echo(place::one, 1'000'000, 1'000'000);
  for (auto _ : state) echo.call();
}
void our_million(benchmark::State& state) {
  ours<place::one> it;
  const std::vector<std::byte> all(1'000'000);
  for (auto _ : state) benchmark::DoNotOptimize((*it)->echo(all));
}

const gof::bench::comparison on_one({.operation = "call, both sides on one processor",
                                     .waits = true,
                                     .contenders = {{"hand", hand_call<place::one>},
                                                    {"ours, by name", by_name<place::one>},
                                                    {"ours", our_call<place::one>}}});
const gof::bench::comparison on_two({.operation = "call, a processor each",
                                     .waits = true,
                                     .contenders = {{"hand", hand_call<place::each>},
                                                    {"ours", our_call<place::each>}}});
const gof::bench::comparison in_batches({.operation = "100 calls in a batch, beside one call",
                                         .waits = true,
                                         .contenders = {{"hand", hand_call<place::one>},
                                                        {"ours", batch_of_100}}});
const gof::bench::comparison of_a_million({.operation = "a million bytes, there and back",
                                           .waits = true,
                                           .contenders = {{"hand", hand_million},
                                                          {"ours", our_million}}});
}  // namespace
