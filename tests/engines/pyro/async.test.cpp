// SPDX-License-Identifier: BSL-1.0
#include <gof/pyro/async.hpp>
// The header under test comes first, so that it has to stand alone.
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <atomic>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <filesystem>
#include <fstream>
#include <future>
#include <memory>
#include <mutex>
#include <numeric>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <gof/pyro/name_server.hpp>
#include <gof/pyro/remote.hpp>
#include <gof/pyro/server.hpp>

#include "engines/pyro/waiting.hpp"

// An interface, as a user has it.
namespace house {
struct workshop {
  virtual ~workshop() = default;
  virtual int add(int a, int b) = 0;
  virtual std::string repeat(std::string text, std::size_t times) = 0;
  virtual void fail(std::string text) = 0;
  virtual void note(int n) = 0;
  virtual std::vector<int> noted() const = 0;
  virtual gof::pyro::stream<int> count(int n) = 0;
  virtual std::string wait() = 0;
};
GOF_REMOTE(workshop, add, repeat, fail, note, noted, count, wait)
}  // namespace house

namespace {

namespace asio = boost::asio;
namespace pyro = gof::pyro;
using namespace std::chrono_literals;
using gof::errc;
using house::workshop;
using pyro::async_object;
using pyro::async_stream;
using pyro::remote_object;

static_assert(!std::is_copy_constructible_v<async_object>);
static_assert(std::is_nothrow_move_constructible_v<async_object>);

using waiting::eventually;
std::optional<errc> reason(const std::exception_ptr& it) {
  try {
    if (it) std::rethrow_exception(it);
    return {};
  } catch (const gof::failure& e) {
    return e.reason().why;
  }
}

struct works final : workshop {
  std::mutex guard;
  std::condition_variable opened;
  bool open = false;
  std::vector<int> all;
  std::shared_ptr<std::atomic<int>> streams = std::make_shared<std::atomic<int>>(0);

  int add(int a, int b) override { return a + b; }
  std::string repeat(std::string text, std::size_t times) override {
    std::string it;
    while (times-- > 0) it += text;
    return it;
  }
  void fail(std::string text) override { throw std::invalid_argument(text); }
  void note(int n) override {
    const std::lock_guard lock(guard);
    all.push_back(n);
  }
  std::vector<int> noted() const override { return all; }
  pyro::stream<int> count(int n) override {
    ++*streams;
    const std::shared_ptr<void> end(nullptr, [count = streams](void*) { --*count; });
    return pyro::stream<int>(
        [i = 0, n, end]() mutable { return i < n ? std::optional(i++) : std::nullopt; });
  }
  // Until it is let go.
  std::string wait() override {
    std::unique_lock lock(guard);
    opened.wait_for(lock, 30s, [&] { return open; });
    return "waited";
  }
  void let_go() {
    const std::lock_guard lock(guard);
    open = true;
    opened.notify_all();
  }
};

// A server of either kind.
struct PyroAsync : testing::TestWithParam<bool> {
  std::shared_ptr<works> shop = std::make_shared<works>();
  std::unique_ptr<pyro::server> at;
  pyro::uri where;
  asio::io_context loop;

  PyroAsync() { serve({}); }
  void serve(pyro::serving how) {
    at.reset();
    how.one_thread = GetParam();
    at = std::make_unique<pyro::server>(how);
    where = at->expose<workshop>(shop, "workshop", pyro::members_of<workshop>(), true);
  }
  ~PyroAsync() override { shop->let_go(); }
  // Runs until there is nothing more to wait for.
  void run() {
    loop.restart();
    loop.run();
  }
  // Runs a coroutine to its end, and throws what it throws.
  void run(asio::awaitable<void> what) {
    auto done = asio::co_spawn(loop, std::move(what), asio::use_future);
    run();
    done.get();
  }
};
INSTANTIATE_TEST_SUITE_P(Of, PyroAsync, testing::Bool(),
                         [](const auto& kind) { return kind.param ? "OneThread" : "AThreadEach"; });

// ---- Calls --------------------------------------------------------------------------------------

TEST_P(PyroAsync, CompletesAFunctionWithTheResult) {
  async_object o(loop, where);
  std::optional<int> sum;
  o.call<int>([&](std::exception_ptr why, int n) { sum = why ? -1 : n; }, "add", 1, 2);
  EXPECT_EQ(sum, std::nullopt) << "inside of the call";
  run();
  EXPECT_EQ(sum, 3);
}

TEST_P(PyroAsync, CanBeWaitedForInAnotherThread) {
  async_object o(loop, where);
  const auto work = asio::make_work_guard(loop);
  std::thread other([this] { loop.run(); });
  EXPECT_EQ(o.call<int>(asio::use_future, "add", 1, 2).get(), 3);
  EXPECT_THROW(o.call<void>(asio::use_future, "fail", "no").get(), std::invalid_argument);
  std::vector<std::thread> many;
  for (int i = 0; i < 4; ++i)
    many.emplace_back([&, i] {
      for (int n = 0; n < 50; ++n)
        EXPECT_EQ(o.call<int>(asio::use_future, "add", i, n).get(), i + n);
    });
  for (std::thread& one : many) one.join();
  loop.stop();
  other.join();
}

asio::awaitable<void> converse(async_object& o) {
  EXPECT_EQ(co_await o.call<int>(asio::use_awaitable, "add", 1, 2), 3);
  EXPECT_EQ(co_await o.call<std::string>(asio::use_awaitable, "repeat", "ab", 3), "ababab");
  const pyro::value same = co_await o.call(asio::use_awaitable, "add", 40, 2);
  EXPECT_EQ(same, pyro::value(42));
  std::string said;
  try {
    co_await o.call<void>(asio::use_awaitable, "fail", "not today");
  } catch (const std::invalid_argument& e) {
    said = e.what();
  }
  EXPECT_EQ(said, "builtins.ValueError: not today");
  EXPECT_EQ(co_await o.call<int>(asio::use_awaitable, "add", 5, 6), 11);
}
TEST_P(PyroAsync, CanBeAwaited) {
  async_object o(loop, where);
  run(converse(o));
}

TEST_P(PyroAsync, SaysWhatIsWrongWithACall) {
  async_object o(loop, where);
  EXPECT_THROW(
      {
        auto it = o.call<int>(asio::use_future, "subtract", 1, 2);
        run();
        it.get();
      },
      pyro::attribute_error);
  EXPECT_THROW(
      {
        auto it = o.call<int>(asio::use_future, "add", 1, "two");
        run();
        it.get();
      },
      pyro::type_error);
  EXPECT_THROW(
      {
        auto it = o.call<int>(asio::use_future, "repeat", "x", 1);
        run();
        it.get();
      },
      pyro::type_error);
  EXPECT_THROW(
      {
        auto it = o.call<int>(asio::use_future, "count", 3);
        run();
        it.get();
      },
      pyro::type_error);
}

struct plain {
  int n = 3;
  std::string name = "plain";
};
TEST_P(PyroAsync, ReadsAndSetsAttributes) {
  const auto to =
      at->expose(std::make_shared<plain>(), "plain",
                 pyro::members<plain>().attribute<&plain::n>("n").attribute<&plain::name>("name"));
  async_object o(loop, to);
  auto before = o.get<int>(asio::use_future, "n");
  auto set = o.set(asio::use_future, "n", 7);
  auto after = o.get<int>(asio::use_future, "n");
  auto name = o.get<std::string>(asio::use_future, "name");
  run();
  EXPECT_EQ(before.get(), 3);
  EXPECT_NO_THROW(set.get());
  EXPECT_EQ(after.get(), 7);
  EXPECT_EQ(name.get(), "plain");
}

// \law What one kind of client sees of one kind of server, the others see.
TEST_P(PyroAsync, SeesWhatTheBlockingOneSees) {
  remote_object blocking(where);
  async_object o(loop, where);
  for (const std::size_t n : {0U, 1U, 100U, 5'000U, 70'000U, 400'000U}) {
    auto it = o.call<std::string>(asio::use_future, "repeat", "x", n);
    run();
    EXPECT_EQ(it.get(), blocking.call<std::string>("repeat", "x", n)) << n;
  }
  const std::string large(900'000, 'y');
  auto it = o.call<std::string>(asio::use_future, "repeat", large, 1);
  run();
  EXPECT_EQ(it.get(), large);
  EXPECT_THROW(o.call<std::string>(asio::use_future, "repeat", std::string(2 << 20, 'y'), 1),
               gof::wire::error);
  auto next = o.call<int>(asio::use_future, "add", 1, 2);
  run();
  EXPECT_EQ(next.get(), 3);
}

TEST_P(PyroAsync, CallsTheFunctionsOfAnInterface) {
  pyro::async_remote<workshop> w(loop, where);
  auto sum = w.call<&workshop::add>(asio::use_future, 1, 2);
  auto text = w.call<&workshop::repeat>(asio::use_future, "ab", 2);
  auto told = w.one_way<&workshop::note>(asio::use_future, 4);
  auto noted = w.call<&workshop::noted>(asio::use_future);
  auto items = w.call<&workshop::count>(asio::use_future, 1);
  run();
  EXPECT_EQ(sum.get(), 3);
  EXPECT_EQ(text.get(), "abab");
  EXPECT_NO_THROW(told.get());
  EXPECT_EQ(noted.get(), std::vector{4});
  static_assert(std::is_same_v<decltype(items), std::future<async_stream<int>>>);
  auto all = items.get();
  auto first = all.next(asio::use_future);
  auto second = all.next(asio::use_future);
  run();
  EXPECT_EQ(first.get(), 0);
  EXPECT_EQ(second.get(), std::nullopt);
}

TEST_P(PyroAsync, RunsACompletionByItsOwnExecutor) {
  async_object o(loop, where);
  asio::thread_pool others(1);
  std::thread::id by;
  o.call<int>(asio::bind_executor(others,
                                  [&](std::exception_ptr, int n) {
                                    if (n == 3) by = std::this_thread::get_id();
                                  }),
              "add", 1, 2);
  run();
  others.join();
  EXPECT_NE(by, std::this_thread::get_id());
  EXPECT_NE(by, std::thread::id());
}

// ---- Many at once -------------------------------------------------------------------------------

// \law Order: calls on one connection are executed and answered in their order.
TEST_P(PyroAsync, AnswersManyCallsInTheirOrder) {
  async_object o(loop, where);
  std::vector<int> sums;
  for (int i = 0; i < 64; ++i)
    o.call<int>([&](std::exception_ptr, int n) { sums.push_back(n); }, "add", i, i);
  std::size_t connections = 0;
  o.call<int>([&](std::exception_ptr, int) { connections = at->connections(); }, "add", 0, 0);
  run();
  ASSERT_EQ(sums.size(), 64u);
  for (int i = 0; i < 64; ++i) EXPECT_EQ(sums[static_cast<std::size_t>(i)], 2 * i);
  EXPECT_EQ(connections, 1u);
}

// Calls with the answer of the last: 64 chains of these on one connection.
struct chain {
  async_object& o;
  int left;
  int& ended;
  void operator()(std::exception_ptr why, int n) {
    ASSERT_FALSE(why);
    if (left-- > 0)
      o.call<int>(chain(*this), "add", n, 1);
    else if (n == 101)
      ++ended;
  }
};
TEST_P(PyroAsync, KeepsManyCallsUnderWay) {
  async_object o(loop, where);
  int ended = 0;
  for (int i = 0; i < 64; ++i) o.call<int>(chain{o, 100, ended}, "add", 0, 1);
  run();
  EXPECT_EQ(ended, 64);
}

TEST_P(PyroAsync, ServesManyClientsAtOnce) {
  constexpr std::size_t clients = 200;
  pyro::serving how;
  how.most.connections_each = clients;
  serve(how);
  std::deque<async_object> all;
  int ended = 0;
  for (std::size_t i = 0; i < clients; ++i)
    all.emplace_back(loop, where).call<int>(chain{all.back(), 100, ended}, "add", 0, 1);
  run();
  EXPECT_EQ(ended, static_cast<int>(clients));
  EXPECT_EQ(at->connections(), clients);
  all.clear();
  run();
  EXPECT_TRUE(eventually([&] { return at->connections() == 0; }));
}

TEST_P(PyroAsync, MayBeRunByManyThreads) {
  async_object o(loop, where);
  std::atomic<int> ended = 0;
  for (int i = 0; i < 8; ++i)
    asio::co_spawn(
        loop,
        [&o, &ended]() -> asio::awaitable<void> {
          int n = 0;
          while (n < 100) n = co_await o.call<int>(asio::use_awaitable, "add", n, 1);
          ++ended;
        },
        asio::detached);
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) threads.emplace_back([this] { loop.run(); });
  for (std::thread& one : threads) one.join();
  EXPECT_EQ(ended, 8);
}

TEST_P(PyroAsync, RefusesMoreThanCanBeUnderWay) {
  async_object o(loop, where);
  std::vector<std::future<int>> all;
  for (std::size_t i = 0; i < gof::most_operations + 2; ++i)
    all.push_back(o.call<int>(asio::use_future, "add", 1, 2));
  run();
  int answered = 0, refused = 0;
  for (auto& one : all) try {
      answered += one.get() == 3;
    } catch (const gof::failure& e) {
      refused += e.reason().why == errc::overloaded;
    }
  EXPECT_EQ(answered, static_cast<int>(gof::most_operations));
  EXPECT_EQ(refused, 2);
}

TEST_P(PyroAsync, SendsWhatNobodyWaitsForInOrder) {
  async_object o(loop, where);
  int sent = 0;
  for (int i = 0; i < 100; ++i) o.one_way([&](std::exception_ptr why) { sent += !why; }, "note", i);
  o.one_way([&](std::exception_ptr why) { sent += !why; }, "fail", "nobody hears this");
  auto noted = o.call<std::vector<int>>(asio::use_future, "noted");
  run();
  EXPECT_EQ(sent, 101);
  std::vector<int> all(100);
  std::iota(all.begin(), all.end(), 0);
  EXPECT_EQ(noted.get(), all);
}

// ---- The end of waiting -------------------------------------------------------------------------

// \law EndsByItself: where nothing is under way, nothing keeps the loop running.
TEST_P(PyroAsync, KeepsTheLoopOnlyWhileSomethingIsUnderWay) {
  async_object o(loop, where, {.deadline = 1h});
  for (int i = 0; i < 3; ++i) {
    auto sum = o.call<int>(asio::use_future, "add", i, i);
    run();
    EXPECT_EQ(sum.get(), 2 * i);
  }
  EXPECT_EQ(at->connections(), 1u);
}

TEST_P(PyroAsync, ClosesTheConnectionWhereAnAnswerIsLate) {
  async_object o(loop, where, {.deadline = 200ms});
  auto before = o.call<int>(asio::use_future, "add", 1, 2);
  run();
  auto late = o.call<std::string>(asio::use_future, "wait");
  asio::steady_timer pause(loop, 100ms);
  std::future<int> behind;
  pause.async_wait([&](auto) { behind = o.call<int>(asio::use_future, "add", 3, 4); });
  run();
  EXPECT_EQ(before.get(), 3);
  const auto why = [](auto& it) {
    try {
      it.get();
    } catch (const gof::failure& e) {
      return e.reason().why;
    }
    return errc{};
  };
  EXPECT_EQ(why(late), errc::deadline);
  EXPECT_EQ(why(behind), errc::closed);
  shop->let_go();
  EXPECT_TRUE(eventually([&] { return at->connections() == 0; }));
  auto again = o.call<int>(asio::use_future, "add", 5, 6);
  run();
  EXPECT_EQ(again.get(), 11);
}

TEST_P(PyroAsync, GivesOneCallUpAndGoesOnWithTheOthers) {
  async_object o(loop, where);
  asio::cancellation_signal stop;
  std::vector<std::string> order;
  o.call<std::string>(asio::bind_cancellation_slot(stop.slot(),
                                                   [&](std::exception_ptr why, std::string) {
                                                     order.push_back("given up");
                                                     EXPECT_EQ(reason(why), errc::cancelled);
                                                     shop->let_go();
                                                   }),
                      "wait");
  o.call<int>(
      [&](std::exception_ptr why, int n) { order.push_back(why ? "lost" : std::to_string(n)); },
      "add", 1, 2);
  asio::steady_timer pause(loop, 50ms);
  pause.async_wait([&](auto) { stop.emit(asio::cancellation_type::terminal); });
  run();
  EXPECT_EQ(order, (std::vector<std::string>{"given up", "3"}));
  EXPECT_EQ(at->connections(), 1u) << "it was not closed for that";
}

TEST_P(PyroAsync, DoesNotSendWhatIsGivenUpBefore) {
  async_object o(loop, where);
  asio::cancellation_signal stop;
  std::optional<errc> why;
  o.call<void>(
      asio::bind_cancellation_slot(stop.slot(), [&](std::exception_ptr it) { why = reason(it); }),
      "note", 1);
  stop.emit(asio::cancellation_type::total);  // it is not connected yet
  auto noted = o.call<std::vector<int>>(asio::use_future, "noted");
  run();
  EXPECT_EQ(why, errc::cancelled);
  EXPECT_EQ(noted.get(), std::vector<int>());
}

TEST_P(PyroAsync, CompletesAllWithCancelledWhereItGoes) {
  std::vector<std::optional<errc>> why;
  {
    auto o = std::make_unique<async_object>(loop, where);
    const auto note = [&](std::exception_ptr it, auto...) { why.push_back(reason(it)); };
    o->call<std::string>(note, "wait");
    o->call<int>(note, "add", 1, 2);
    asio::steady_timer pause(loop, 50ms);
    pause.async_wait([&](auto) { o.reset(); });
    run();
  }
  async_object(loop, where)
      .call<int>([&](std::exception_ptr it, int) { why.push_back(reason(it)); }, "add", 1, 2);
  run();
  EXPECT_EQ(why, (std::vector<std::optional<errc>>(3, errc::cancelled)));
  shop->let_go();
  EXPECT_TRUE(eventually([&] { return at->connections() == 0; }));
}

TEST_P(PyroAsync, LeavesNothingBehindWhereTheLoopGoes) {
  const auto told = std::make_shared<int>(0);
  {
    asio::io_context other;
    async_object o(other, where);
    for (int i = 0; i < 3; ++i)
      o.call<std::string>([told](std::exception_ptr, std::string) { ++*told; }, "wait");
    other.run_for(50ms);
  }
  EXPECT_EQ(*told, 0);
  EXPECT_EQ(told.use_count(), 1);
}

TEST_P(PyroAsync, LetsOutWhatACompletionThrowsAndGoesOn) {
  async_object o(loop, where);
  int answered = 0;
  for (int i = 0; i < 10; ++i)
    o.call<int>(
        [&, i](std::exception_ptr, int) {
          ++answered;
          if (i == 4) throw std::runtime_error("mine");
        },
        "add", i, i);
  EXPECT_THROW(run(), std::runtime_error);
  EXPECT_EQ(answered, 5);
  run();
  EXPECT_EQ(answered, 10);
}

TEST_P(PyroAsync, SaysWhyThereIsNoConnection) {
  const auto why = [&](pyro::uri to, pyro::calling how = {}) {
    async_object o(loop, std::move(to), std::move(how));
    std::optional<errc> first, second;
    o.call<int>([&](std::exception_ptr it, int) { first = reason(it); }, "add", 1, 2);
    o.call<int>([&](std::exception_ptr it, int) { second = reason(it); }, "add", 1, 2);
    run();
    EXPECT_EQ(first, second);
    return first;
  };
  EXPECT_EQ(why(at->where("nothing")), errc::nobody_there);
  EXPECT_EQ(why({"workshop", "localhost", at->port()}), std::nullopt);
  EXPECT_EQ(why(where, {.tls = {.authorities = "/no/such/file"}}), errc::refused);
  at.reset();
  EXPECT_EQ(why(where), errc::nobody_there);
  pyro::serving how;
  how.admit = [](const pyro::visitor&) -> pyro::value { throw std::invalid_argument("not you"); };
  serve(how);
  EXPECT_EQ(why(where), errc::denied);
}

TEST_P(PyroAsync, ConnectsAgainAfterTheServerEnded) {
  async_object o(loop, where);
  auto first = o.call<int>(asio::use_future, "add", 1, 2);
  run();
  EXPECT_EQ(first.get(), 3);
  pyro::serving how;
  how.port = at->port();
  serve(how);
  std::vector<std::optional<errc>> why;
  for (int i = 0; i < 2; ++i) {
    o.call<int>([&](std::exception_ptr it, int) { why.push_back(reason(it)); }, "add", 1, 2);
    run();
  }
  // That it was over is seen by the first call, whose outcome is unknown; it is not repeated.
  EXPECT_EQ(why, (std::vector<std::optional<errc>>{errc::closed, std::nullopt}));
}

TEST_P(PyroAsync, FindsAnObjectByItsName) {
  pyro::name_directory::serve(*at);
  pyro::name_server names("127.0.0.1", at->port());
  names.add("house.workshop", where, {"house", "wood"});
  const std::string host = "@127.0.0.1:" + std::to_string(at->port());
  const auto call = [&](const std::string& name) {
    async_object o(loop, name + host);
    std::optional<errc> why;
    int sum = 0;
    o.call<int>(
        [&](std::exception_ptr it, int n) {
          why = reason(it);
          sum = n;
        },
        "add", 1, 2);
    run();
    EXPECT_EQ(sum, why ? 0 : 3);
    return why;
  };
  EXPECT_EQ(call("PYRONAME:house.workshop"), std::nullopt);
  EXPECT_EQ(call("PYROMETA:wood,house"), std::nullopt);
  EXPECT_EQ(call("PYRONAME:house.kitchen"), errc::not_found);
  EXPECT_EQ(call("PYROMETA:wood,kitchen"), errc::not_found);
}

// ---- Streams ------------------------------------------------------------------------------------

asio::awaitable<void> read_all(async_object& o, std::vector<int>& all) {
  auto items = co_await o.call<pyro::stream<int>>(asio::use_awaitable, "count", 5);
  for (;;) {
    const std::optional<int> one = co_await items.next(asio::use_awaitable);
    if (!one) break;
    all.push_back(*one);
  }
  EXPECT_EQ(co_await items.next(asio::use_awaitable), std::nullopt) << "it is over";
}
TEST_P(PyroAsync, ReadsAStreamToItsEnd) {
  async_object o(loop, where);
  std::vector<int> all;
  run(read_all(o, all));
  EXPECT_EQ(all, (std::vector{0, 1, 2, 3, 4}));
  EXPECT_EQ(*shop->streams, 0);
}

TEST_P(PyroAsync, EndsAStreamThatIsNotReadToItsEnd) {
  async_object o(loop, where);
  auto items = o.call<pyro::stream<int>>(asio::use_future, "count", 1000);
  run();
  std::optional all(items.get());
  auto first = all->next(asio::use_future);
  run();
  EXPECT_EQ(first.get(), 0);
  EXPECT_EQ(*shop->streams, 1);
  all.reset();
  run();
  EXPECT_TRUE(eventually([&] { return *shop->streams == 0; }));
  EXPECT_EQ(at->connections(), 1u);
  EXPECT_THROW(async_stream<int>().next(asio::use_future), std::logic_error);
}

TEST_P(PyroAsync, KeepsNoStreamWithoutItsObject) {
  std::optional<async_object> o(std::in_place, loop, where);
  auto items = o->call<pyro::stream<int>>(asio::use_future, "count", 1000);
  run();
  auto all = items.get();
  o.reset();
  std::optional<errc> why;
  all.next([&](std::exception_ptr it, std::optional<int>) { why = reason(it); });
  run();
  EXPECT_EQ(why, errc::cancelled);
  EXPECT_TRUE(eventually([&] { return *shop->streams == 0; }));
}

// ---- TLS ----------------------------------------------------------------------------------------

// A certificate of one's own, which is its own authority.
class self_signed {
 public:
  explicit self_signed(const std::string& name) {
    std::string folder = std::filesystem::temp_directory_path() / "gof-async-XXXXXX";
    if (!::mkdtemp(folder.data())) throw std::runtime_error("there is no folder for it");
    folder_ = folder;
    const std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> key(EVP_EC_gen("P-256"), EVP_PKEY_free);
    const std::unique_ptr<X509, void (*)(X509*)> it(X509_new(), X509_free);
    X509_set_version(it.get(), 2);
    ASN1_INTEGER_set(X509_get_serialNumber(it.get()), 1);
    X509_gmtime_adj(X509_getm_notBefore(it.get()), -3600);
    X509_gmtime_adj(X509_getm_notAfter(it.get()), 3600);
    X509_set_pubkey(it.get(), key.get());
    X509_NAME_add_entry_by_txt(X509_get_subject_name(it.get()), "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
    X509_set_issuer_name(it.get(), X509_get_subject_name(it.get()));
    for (const auto& [which, text] :
         {std::pair(NID_basic_constraints, "critical,CA:TRUE"),
          std::pair(NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1")}) {
      const std::unique_ptr<X509_EXTENSION, void (*)(X509_EXTENSION*)> one(
          X509V3_EXT_conf_nid(nullptr, nullptr, which, text), X509_EXTENSION_free);
      X509_add_ext(it.get(), one.get(), -1);
    }
    if (X509_sign(it.get(), key.get(), EVP_sha256()) == 0) throw std::runtime_error("not signed");
    const std::unique_ptr<BIO, int (*)(BIO*)> a(BIO_new_file(certificate().c_str(), "w"), BIO_free);
    const std::unique_ptr<BIO, int (*)(BIO*)> b(BIO_new_file(secret().c_str(), "w"), BIO_free);
    PEM_write_bio_X509(a.get(), it.get());
    PEM_write_bio_PrivateKey(b.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  }
  ~self_signed() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  [[nodiscard]] std::string certificate() const { return folder_ / "certificate.pem"; }
  [[nodiscard]] std::string secret() const { return folder_ / "key.pem"; }

 private:
  std::filesystem::path folder_;
};

struct PyroAsyncTls : PyroAsync {
  self_signed one{"one"}, other{"other"};
  pyro::tls_options ours{one.certificate(), one.secret(), {}, one.certificate()};
  std::string name;
  void SetUp() override {
    pyro::serving how;
    how.tls = ours;
    how.admit = [this](const pyro::visitor& who) {
      name = who.certificate;
      return pyro::value("hello");
    };
    serve(how);
  }
};
INSTANTIATE_TEST_SUITE_P(Of, PyroAsyncTls, testing::Bool(),
                         [](const auto& kind) { return kind.param ? "OneThread" : "AThreadEach"; });

TEST_P(PyroAsyncTls, SecuresAllThatItSays) {
  async_object o(loop, where, {.tls = ours});
  run(converse(o));
  EXPECT_EQ(name, "one");
  int ended = 0;
  for (int i = 0; i < 64; ++i) o.call<int>(chain{o, 100, ended}, "add", 0, 1);
  run();
  EXPECT_EQ(ended, 64);
  auto large = o.call<std::string>(asio::use_future, "repeat", std::string(300'000, 'x'), 3);
  auto sent = o.one_way(asio::use_future, "note", 1);
  auto noted = o.call<std::vector<int>>(asio::use_future, "noted");
  run();
  EXPECT_EQ(large.get(), std::string(900'000, 'x'));
  EXPECT_NO_THROW(sent.get());
  EXPECT_EQ(noted.get(), std::vector{1});
  remote_object blocking(where, {.tls = ours});
  EXPECT_EQ(blocking.call<int>("add", 1, 2), 3);
  EXPECT_EQ(blocking.call<std::string>("repeat", "x", 900'000), std::string(900'000, 'x'));
}

TEST_P(PyroAsyncTls, TrustsNobodyElse) {
  const auto why = [&](pyro::uri to, pyro::tls_options with) {
    async_object o(loop, std::move(to), {.tls = std::move(with)});
    std::optional<errc> it;
    o.call<int>([&](std::exception_ptr e, int) { it = reason(e); }, "add", 1, 2);
    run();
    return it;
  };
  EXPECT_EQ(why({"workshop", "localhost", where.port}, ours), std::nullopt);
  // A server that is not trusted; a server for another host; a client that is not; none at all.
  EXPECT_EQ(why(where, {one.certificate(), one.secret(), {}, other.certificate()}), errc::denied);
  EXPECT_EQ(why({"workshop", "127.0.0.2", where.port}, ours), errc::nobody_there);
  EXPECT_EQ(why(where, {other.certificate(), other.secret(), {}, one.certificate()}), errc::denied);
  EXPECT_EQ(why(where, {}), errc::unavailable);
}

}  // namespace
