// SPDX-License-Identifier: BSL-1.0
// A call of an object over TCP, and the plain bytes underneath: the same number of bytes there and
// back, by send and recv; secured; in loops of Boost.Asio; and real Pyro5, where GOF_PYRO_PYTHON is
// a Python that has it:
//
//     sh tests/engines/pyro/with_python.sh 5.17 build/release/benchmarks/bench.engines.pyro
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <gof/pyro.hpp>
#include <gof/pyro/async.hpp>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "../../tests/engines/pyro/authority.hpp"
#include "support/bench.hpp"
#include "support/place.hpp"

namespace {

namespace asio = boost::asio;
namespace pyro = gof::pyro;
using gof::bench::begin_client;
using gof::bench::begin_server;
using gof::bench::place;

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
  explicit ours(pyro::tls_options tls = {}, bool one_thread = false) {
    begin_server(Where);
    pyro::serving how;
    how.tls = tls;
    how.one_thread = one_thread;
    how.most.messages = large();
    server_ = std::make_unique<pyro::server>(how);
    where_ = server_->expose<adder>(std::make_shared<real_adder>(), "adder");
    how_.tls = std::move(tls);
    how_.most = large();
    client_ = std::make_unique<pyro::remote<adder>>(where_, how_);
    static_cast<void>((*client_)->add(1, 2));  // while the server's thread inherits its place
    begin_client();
  }
  pyro::remote<adder>& operator*() { return *client_; }
  [[nodiscard]] const pyro::uri& where() const { return where_; }
  [[nodiscard]] const pyro::calling& how() const { return how_; }

 private:
  std::unique_ptr<pyro::server> server_;
  pyro::uri where_;
  pyro::calling how_;
  std::unique_ptr<pyro::remote<adder>> client_;
};

template <place Where>
void hand_call(benchmark::State& state) {
  raw_echo echo(Where, question, answer);
  for (auto _ : state) echo.call();
}
template <place Where>
void call_on(ours<Where>& it, benchmark::State& state) {
  adder& a = **it;
  for (auto _ : state) benchmark::DoNotOptimize(a.add(1, 2));
}
template <place Where>
void our_call(benchmark::State& state) {
  ours<Where> it;
  call_on(it, state);
}
template <place Where>
void by_name(benchmark::State& state) {
  ours<Where> it;
  pyro::remote_object& a = (*it).object();
  for (auto _ : state) benchmark::DoNotOptimize(a.call<int>("add", 1, 2));
}
void hand_million(benchmark::State& state) {
  raw_echo echo(place::one, 1'000'000, 1'000'000);
  for (auto _ : state) echo.call();
}
// The same, and the copies that an interface of values makes: into a message and out of it, there
// and back.
void hand_copies(benchmark::State& state) {
  raw_echo echo(place::one, 1'000'000, 1'000'000);
  std::vector<char> value(1'000'000), message;
  for (auto _ : state) {
    echo.call();
    for (int i = 0; i != 4; ++i) {
      std::vector<char>(value).swap(message);
      benchmark::DoNotOptimize(message.data());
    }
  }
}
void million_on(ours<place::one>& it, benchmark::State& state) {
  const std::vector<std::byte> all(1'000'000);
  pyro::remote_object& a = (*it).object();
  for (auto _ : state)
    benchmark::DoNotOptimize(a.call<std::vector<std::byte>>("echo", std::span(all)));
}
void our_million(benchmark::State& state) {
  ours<place::one> it;
  million_on(it, state);
}

// ---- In loops -----------------------------------------------------------------------------------

// The same bytes in loops, one here and one in a thread.
class loop_echo {
 public:
  using tcp = asio::ip::tcp;
  explicit loop_echo(place where) {
    begin_server(where);
    tcp::acceptor at(server_loop_, {asio::ip::address_v4::loopback(), 0});
    line_.connect(at.local_endpoint());
    line_.set_option(tcp::no_delay(true));
    server_ = at.accept();
    server_.set_option(tcp::no_delay(true));
    serve();
    thread_ = std::thread([this] { server_loop_.run(); });
    begin_client();
  }
  loop_echo(const loop_echo&) = delete;
  loop_echo& operator=(const loop_echo&) = delete;
  ~loop_echo() {
    line_.close();
    thread_.join();
  }
  template <class F>
  void call(F done) {
    asio::async_write(
        line_, asio::buffer(room_, question), [this, done](boost::system::error_code, std::size_t) {
          asio::async_read(line_, asio::buffer(room_, answer),
                           [done](boost::system::error_code, std::size_t) { done(); });
        });
  }
  asio::io_context loop{1};

 private:
  void serve() {
    asio::async_read(server_, asio::buffer(server_room_, question),
                     [this](boost::system::error_code why, std::size_t) {
                       if (why) return;
                       asio::async_write(
                           server_, asio::buffer(server_room_, answer),
                           [this](boost::system::error_code, std::size_t) { serve(); });
                     });
  }
  asio::io_context server_loop_{1};
  tcp::socket line_{loop}, server_{server_loop_};
  std::array<char, 64> room_{}, server_room_{};
  std::thread thread_;
};
// Begins the next from the completion of each, as a program in a loop does.
template <class Begin>
void chain(benchmark::State& state, asio::io_context& loop, Begin begin) {
  auto turn = state.begin();
  const auto end = state.end();
  const auto next = [&](const auto& again) -> void {
    if (turn != end) begin([&, again] { ++turn, again(again); });
  };
  next(next);
  loop.run();
}
void asio_call(benchmark::State& state) {
  loop_echo echo(place::one);
  chain(state, echo.loop, [&](auto done) { echo.call(done); });
}
void async_call(benchmark::State& state) {
  ours<place::one> it({}, true);
  asio::io_context loop{1};
  pyro::async_object a(loop, it.where(), it.how());
  chain(state, loop, [&](auto done) {
    a.call<int>([done](const std::exception_ptr&, int) { done(); }, "add", 1, 2);
  });
}
void in_flight(benchmark::State& state) {
  ours<place::one> it({}, true);
  asio::io_context loop{1};
  pyro::async_object a(loop, it.where(), it.how());
  for (auto _ : state) {
    for (int i = 0; i != 64; ++i) a.call<int>([](const std::exception_ptr&, int) {}, "add", 1, 2);
    loop.run();
    loop.restart();
  }
}

// ---- Secured ------------------------------------------------------------------------------------

// For both sides.
const pyro::tls_options& certificate() {
  static certifying::authority own("bench");
  static const pyro::tls_options it = own.of("both", own);
  return it;
}
template <place Where>
void secured_call(benchmark::State& state) {
  ours<Where> it(certificate());
  call_on(it, state);
}
void secured_million(benchmark::State& state) {
  ours<place::one> it(certificate());
  million_on(it, state);
}

// ---- Python -------------------------------------------------------------------------------------

constexpr const char* python_program = R"(
import sys
import Pyro5.api
Pyro5.config.SERIALIZER = "msgpack"
Pyro5.config.SOCK_NODELAY = True

@Pyro5.api.expose
class Adder:
    def add(self, a, b):
        return a + b

if sys.argv[1] == "serve":
    import threading
    daemon = Pyro5.api.Daemon()
    print(daemon.register(Adder(), "adder"), flush=True)
    threading.Thread(target=daemon.requestLoop, daemon=True).start()
    sys.stdin.read()
else:
    with Pyro5.api.Proxy(sys.argv[2]) as adder:
        print(adder.add(1, 2), flush=True)
        for line in sys.stdin:
            for _ in range(int(line)):
                if sys.argv[1] == "call":
                    adder.add(1, 2)
                else:
                    batch = Pyro5.api.BatchProxy(adder)
                    for _ in range(100):
                        batch.add(1, 2)
                    for _ in batch():
                        pass
            print("done", flush=True)
)";
const char* const python_path = std::getenv("GOF_PYRO_PYTHON");

// It, until this ends: what it is told, and what it says.
class python {
 public:
  explicit python(const char* role, const std::string& uri = {}) {
    begin_client();
    std::array<int, 2> in{}, out{};
    if (::pipe2(in.data(), O_CLOEXEC) != 0 || ::pipe2(out.data(), O_CLOEXEC) != 0)
      throw std::runtime_error("no pipe");
    child_ = ::fork();
    if (child_ == 0) {
      ::dup2(in[0], 0), ::dup2(out[1], 1);
      ::execl(python_path, python_path, "-c", python_program, role, uri.c_str(), nullptr);
      ::_exit(127);
    }
    ::close(in[0]), ::close(out[1]);
    to_ = ::fdopen(in[1], "w");
    from_ = ::fdopen(out[0], "r");
    first = hear();
  }
  python(const python&) = delete;
  python& operator=(const python&) = delete;
  ~python() {
    std::fclose(to_), std::fclose(from_);
    ::waitpid(child_, nullptr, 0);
  }
  void tell(std::int64_t n) {
    std::fprintf(to_, "%lld\n", static_cast<long long>(n));
    std::fflush(to_);
  }
  std::string hear() {
    std::array<char, 256> line{};
    if (!std::fgets(line.data(), line.size(), from_))
      throw std::runtime_error(std::string("no Pyro5 in ") + python_path);
    std::string all = line.data();
    all.pop_back();
    return all;
  }
  std::string first;  // what it said when it was ready

 private:
  pid_t child_;
  std::FILE* to_;
  std::FILE* from_;
};
const std::string& python_server() {
  static const python it("serve");
  return it.first;
}
void loop_in(python& client, benchmark::State& state) {
  const auto turns = static_cast<std::int64_t>(state.max_iterations);
  while (state.KeepRunningBatch(turns)) {
    client.tell(turns);
    client.hear();
  }
}
void python_calls_python(benchmark::State& state) {
  static python client("call", python_server());
  loop_in(client, state);
}
void python_batches_python(benchmark::State& state) {
  static python client("batch", python_server());
  loop_in(client, state);
}
void python_calls_ours(benchmark::State& state) {
  static ours<place::one> it;
  static python client("call", it.where().text());
  loop_in(client, state);
}
void ours_calls_python(benchmark::State& state) {
  pyro::remote<adder> it(python_server());
  for (auto _ : state) benchmark::DoNotOptimize(it->add(1, 2));
}
void batch_on(pyro::remote<adder>& it, benchmark::State& state) {
  for (auto _ : state) {
    pyro::remote<adder>::batch all(it);
    for (int i = 0; i < 100; ++i) static_cast<void>(all.add<&adder::add>(1, 2));
    all.send();
  }
}
void ours_batches_python(benchmark::State& state) {
  pyro::remote<adder> it(python_server());
  batch_on(it, state);
}
void batch_of_100(benchmark::State& state) {
  ours<place::one> it;
  batch_on(*it, state);
}

// ---- All ----------------------------------------------------------------------------------------

const gof::bench::comparison on_one({.operation = "call, both sides on one processor",
                                     .waits = true,
                                     .contenders = {{"hand", hand_call<place::one>},
                                                    {"ours, by name", by_name<place::one>},
                                                    {"ours, secured", secured_call<place::one>},
                                                    {"ours", our_call<place::one>}}});
const gof::bench::comparison on_two({.operation = "call, a processor each",
                                     .waits = true,
                                     .contenders = {{"hand", hand_call<place::each>},
                                                    {"ours, secured", secured_call<place::each>},
                                                    {"ours", our_call<place::each>}}});
const gof::bench::comparison in_loops({.operation = "call, a loop on both sides of one processor",
                                       .waits = true,
                                       .contenders = {{"hand", hand_call<place::one>},
                                                      {"Boost.Asio", asio_call},
                                                      {"ours", async_call}}});
const gof::bench::comparison together({.operation = "64 calls under way, beside one call",
                                       .waits = true,
                                       .contenders = {{"hand", hand_call<place::one>},
                                                      {"ours", in_flight}}});
const gof::bench::comparison in_batches({.operation = "100 calls in a batch, beside one call",
                                         .waits = true,
                                         .contenders = {{"hand", hand_call<place::one>},
                                                        {"ours", batch_of_100}}});
const gof::bench::comparison of_a_million({.operation = "a million bytes, there and back",
                                           .waits = true,
                                           .contenders = {{"hand", hand_million},
                                                          {"hand, with four copies", hand_copies},
                                                          {"ours, secured", secured_million},
                                                          {"ours", our_million}}});

const std::vector<gof::bench::comparison> beside_python = [] {
  std::vector<gof::bench::comparison> all;
  if (!python_path) {
    std::puts("GOF_PYRO_PYTHON names no Python: ours is not compared with Pyro5");
    return all;
  }
  all.push_back(gof::bench::comparison({.operation = "call, beside Python, on one processor",
                                        .waits = true,
                                        .contenders = {{"hand", hand_call<place::one>},
                                                       {"Python to Python", python_calls_python},
                                                       {"Python to ours", python_calls_ours},
                                                       {"ours to Python", ours_calls_python},
                                                       {"ours", our_call<place::one>}}}));
  all.push_back(gof::bench::comparison({.operation = "100 calls in a batch, beside Python",
                                        .waits = true,
                                        .contenders = {{"hand", hand_call<place::one>},
                                                       {"Python to Python", python_batches_python},
                                                       {"ours to Python", ours_batches_python},
                                                       {"ours", batch_of_100}}}));
  return all;
}();
}  // namespace
