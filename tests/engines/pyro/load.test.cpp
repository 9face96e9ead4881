// SPDX-License-Identifier: BSL-1.0
#include <gof/pyro/async.hpp>
// The header under test comes first, so that it has to stand alone.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <exception>
#include <fstream>
#include <functional>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>

#include <gof/pyro/server.hpp>

// Many connections, and 64 calls under way on each that is used, for a while: no error, and memory
// does not grow. The server is in a process of its own. For a minute, with 1,000 connections:
//
//     GOF_LOAD="60 1000 1000" tests.engines.pyro.load      seconds, connections, those used
namespace {

namespace asio = boost::asio;
namespace pyro = gof::pyro;
using namespace std::chrono_literals;
using clock = std::chrono::steady_clock;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool is_sanitized = true;  // memory is not what it is
#else
constexpr bool is_sanitized = false;
#endif
constexpr std::size_t in_flight = 64, most_growth = 2 << 20;
double mebibytes(std::size_t n) { return static_cast<double>(n) / (1 << 20); }

struct load {
  int seconds = 2;
  std::size_t connections = is_sanitized ? 20 : 100, used = connections;
};
load wanted() {
  load it;
  if (const char* text = std::getenv("GOF_LOAD"))
    if (!(std::istringstream(text) >> it.seconds >> it.connections >> it.used))
      throw std::invalid_argument("GOF_LOAD=\"SECONDS CONNECTIONS USED\"");
  it.used = std::min(it.used, it.connections);
  return it;
}

// What a process has of the machine's memory.
std::size_t resident(pid_t process) {
  std::size_t size = 0, pages = 0;
  std::ifstream("/proc/" + std::to_string(process) + "/statm") >> size >> pages;
  return pages * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

struct adder {
  int sum(int a, int b) { return a + b; }
};

// A server in a process of its own, until its input ends. Its status is 1 if it had to tell of
// anything.
class process {
 public:
  explicit process(bool one_thread) {
    std::array<int, 2> in{}, out{};
    if (::pipe(in.data()) != 0 || ::pipe(out.data()) != 0) throw std::runtime_error("no pipe");
    std::fflush(stdout);  // or the child has it, too
    child_ = ::fork();
    if (child_ < 0) throw std::runtime_error("no process");
    if (child_ == 0) {
      ::close(in[1]);
      ::_exit(serve(one_thread, in[0], out[1]));
    }
    ::close(in[0]);
    ::close(out[1]);
    std::uint16_t port = 0;
    const bool told = ::read(out[0], &port, sizeof port) == sizeof port;
    ::close(out[0]);
    input_ = in[1];
    if (!told) throw std::runtime_error("the server does not begin");
    where_ = {"adder", "127.0.0.1", port};
  }
  process(const process&) = delete;
  process& operator=(const process&) = delete;
  ~process() {
    if (child_ > 0) static_cast<void>(end());
  }
  int end() {
    int status = -1;
    ::close(input_);
    ::waitpid(std::exchange(child_, 0), &status, 0);
    return status;
  }
  [[nodiscard]] const pyro::uri& where() const noexcept { return where_; }
  [[nodiscard]] std::size_t memory() const { return resident(child_); }

 private:
  static int serve(bool one_thread, int in, int out) {
    std::atomic<int> status = 0;
    try {
      pyro::serving how;
      how.one_thread = one_thread;
      how.most.connections = how.most.connections_each = 10'000;
      how.most.handshake = how.most.message = how.most.answer = 60s;
      how.most.idle = 600s;
      how.on_event = [&](const gof::event& it) {
        status = 1;
        std::fprintf(stderr, "the server tells: %s\n", it.text.c_str());
      };
      pyro::server it(how);
      it.expose(std::make_shared<adder>(), "adder",
                pyro::members<adder>().method<&adder::sum>("sum"), true);
      const std::uint16_t port = it.port();
      char c = 0;
      if (::write(out, &port, sizeof port) != sizeof port || ::read(in, &c, 1) != 0) return 1;
    } catch (const std::exception& e) {
      std::fprintf(stderr, "the server: %s\n", e.what());
      return 1;
    }
    return status;
  }
  pid_t child_ = 0;
  int input_ = -1;
  pyro::uri where_;
};

// How long how many took, to a thirty-second of it.
class durations {
 public:
  void add(clock::duration it) {
    const auto n = static_cast<std::uint64_t>(std::max<std::int64_t>(it.count(), 32));
    const auto shift = static_cast<std::size_t>(std::bit_width(n)) - 6;
    ++counts_[shift * 32 + (n >> shift) - 32];
    ++all_;
  }
  // In milliseconds.
  [[nodiscard]] double quantile(double q) const {
    const auto wanted = static_cast<std::uint64_t>(q * static_cast<double>(all_));
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i != counts_.size(); ++i)
      if ((seen += counts_[i]) > wanted)
        return static_cast<double>((32 + i % 32) << (i / 32)) * 1e-6;
    return 0;
  }

 private:
  std::array<std::uint64_t, 60 * 32> counts_{};
  std::uint64_t all_ = 0;
};

struct client {
  asio::io_context loop{1};
  bool warm = false, ends = false;
  std::uint64_t begun = 0, answered = 0, wrong = 0;
  std::string first_error{};
  durations took{};
};
// One of those that are under way on a connection: once it is answered, the next begins.
struct call {
  client& of;
  pyro::async_object& on;
  bool goes_on;
  int a = 0;
  clock::time_point began{};

  void begin() {
    ++of.begun;
    began = clock::now();
    on.call<int>(call(*this), "sum", a, 1);
  }
  void operator()(const std::exception_ptr& why, int sum) {
    ++of.answered;
    try {
      if (why) std::rethrow_exception(why);
      if (sum != a + 1) throw std::runtime_error("the sum is wrong");
    } catch (const std::exception& e) {
      if (++of.wrong == 1) of.first_error = e.what();
      return;
    }
    if (of.warm) of.took.add(clock::now() - began);
    a = sum % 1'000'000;
    if (goes_on && !of.ends) begin();
  }
};

void run(bool one_thread) {
  const load it = wanted();
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);
  if (files.rlim_max < it.connections + 100) GTEST_SKIP() << "too few files may be open here";

  process server(one_thread);
  client all;
  std::array<std::size_t, 2> before{}, after{};
  {
    pyro::calling how;
    how.deadline = 60s;
    std::deque<pyro::async_object> objects;
    for (std::size_t i = 0; i != it.connections; ++i) {
      auto& on = objects.emplace_back(all.loop, server.where(), how);
      for (std::size_t n = 0; n != (i < it.used ? in_flight : 1); ++n)
        call{all, on, i < it.used}.begin();
    }
    // It lasts for as long as is wanted, and until each has gone on for a while.
    const auto begin = clock::now();
    const auto chains = static_cast<double>(it.connections + it.used * (in_flight - 1));
    const auto has_gone_on = [&](double share) {
      const std::chrono::duration<double> time = clock::now() - begin;
      return all.wrong > 0 || (time.count() >= share * it.seconds &&
                               static_cast<double>(all.answered) >= share * 30 * chains);
    };
    const auto memory = [&] { return std::array{server.memory(), resident(::getpid())}; };
    asio::steady_timer timer(all.loop);
    std::function<void(boost::system::error_code)> look = [&](boost::system::error_code) {
      if (!all.warm && has_gone_on(0.25)) before = memory(), all.warm = true;
      if (has_gone_on(1)) {
        after = memory(), all.ends = true;
        return;
      }
      timer.expires_after(10ms);
      timer.async_wait(look);
    };
    look({});
    all.loop.run();
  }
  all.loop.restart();
  all.loop.run();  // the connections end

  const auto count = [](std::uint64_t n) { return static_cast<unsigned long long>(n); };
  std::printf(
      "%s, %zu connections, %zu of them with %zu calls under way, %d s:\n"
      "  %llu calls, %llu errors; p50 %.2f ms, p99 %.2f ms, p99.9 %.2f ms\n"
      "  server %.1f MiB after a quarter of the time, %.1f MiB at the end; client %.1f, %.1f\n",
      one_thread ? "a thread for all" : "a thread each", it.connections, it.used, in_flight,
      it.seconds, count(all.answered), count(all.wrong), all.took.quantile(0.5),
      all.took.quantile(0.99), all.took.quantile(0.999), mebibytes(before[0]), mebibytes(after[0]),
      mebibytes(before[1]), mebibytes(after[1]));
  EXPECT_EQ(all.wrong, 0U) << all.first_error;
  EXPECT_EQ(all.answered, all.begun);
  EXPECT_EQ(server.end(), 0);
  if (is_sanitized) return;
  for (std::size_t i = 0; i != before.size(); ++i)
    EXPECT_LT(after[i], before[i] + most_growth) << (i == 0 ? "of the server" : "of the client");
}

TEST(Load, OfAServerWithAThreadForEachConnection) { run(false); }
TEST(Load, OfAServerWithAThreadForAll) { run(true); }

}  // namespace
