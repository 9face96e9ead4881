// SPDX-License-Identifier: BSL-1.0
#include <gof/task.hpp>

#include <gtest/gtest.h>

#include <gof/engines/simulator.hpp>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using namespace std::chrono_literals;

struct Task : testing::Test {
  gof::sim::world world{1};
  std::unique_ptr<gof::node> ada = world.join("ada"), bob = world.join("bob");
  std::vector<std::string> said;
  gof::registration serving = bob->serve("greet", [](const gof::message& m, gof::responder to) {
    if (m.body.empty()) throw std::invalid_argument("whom?");
    to.reply("Hello, " + m.body);
  });

  Task() { world.run(1s); }
  gof::task<std::string> greet(std::string whom) {
    const gof::message answer = co_await gof::awaiting(*ada).call({"greet", whom});
    co_return answer.body;
  }
  gof::task<> all() {
    said.push_back(co_await greet("Ana"));
    co_await gof::awaiting(*ada).pause(1h);
    said.push_back(co_await greet("Ben"));
  }
  gof::task<> wrong() {
    try {
      co_await greet("");
    } catch (const gof::failure& e) {
      said.push_back(e.reason().kind);
    }
    co_await greet("");
  }
};

// \law Nothing happens before it is started; then what is written happens, in that order.
TEST_F(Task, DoesOneThingAfterTheOther) {
  gof::task<> it = all();
  world.run(1s);
  EXPECT_TRUE(said.empty());
  it.start();
  EXPECT_TRUE(said.empty()) << "an answer never comes inside the call";
  EXPECT_TRUE(ada->run_until([&] { return said.size() == 1; }, 1s));
  EXPECT_FALSE(it.done());
  EXPECT_TRUE(ada->run_until([&] { return it.done(); }, 2h));
  EXPECT_EQ(said, (std::vector<std::string>{"Hello, Ana", "Hello, Ben"}));
}

TEST_F(Task, ReturnsAValue) {
  gof::task<std::string> it = greet("Eva");
  it.start();
  EXPECT_TRUE(ada->run_until([&] { return it.done(); }, 1s));
  EXPECT_EQ(it.value(), "Hello, Eva");
}

// \law What an operation fails by is thrown where it is awaited, through tasks that await tasks,
// and where nobody awaits it, out of run_until.
TEST_F(Task, ThrowsWhereItIsAwaited) {
  gof::task<> it = wrong();
  it.start();
  EXPECT_THROW(ada->run_until([&] { return it.done(); }, 1s), gof::failure);
  EXPECT_EQ(said.size(), 1u);
  EXPECT_TRUE(it.done());
}

TEST_F(Task, ThrowsOutOfStartWhatComesBeforeItWaits) {
  const auto at_once = []() -> gof::task<> {
    throw std::runtime_error("at once");
    co_return;
  };
  gof::task<> it = at_once();
  EXPECT_THROW(it.start(), std::runtime_error);
  EXPECT_TRUE(it.done());
}

// \law Dropped, nothing of it is called any more, and what it holds is destroyed, wherever it
// waits.
TEST_F(Task, IsDestroyedWithAllThatItAwaits) {
  const auto held = std::make_shared<int>(7);
  const auto inner = [](gof::node& n, std::shared_ptr<int> kept) -> gof::task<> {
    co_await gof::awaiting(n).pause(10s);
    *kept = 8;
  };
  const auto outer = [&](gof::node& n, std::shared_ptr<int> kept) -> gof::task<> {
    co_await inner(n, kept);
    *kept = 9;
  };
  {
    gof::task<> it = outer(*ada, held);
    it.start();
    world.run(1s);
    EXPECT_GT(held.use_count(), 1);
  }
  EXPECT_EQ(held.use_count(), 1);
  world.run(20s);
  EXPECT_EQ(*held, 7);
}

TEST_F(Task, MayBeMovedAndReplacedWhileItWaits) {
  gof::task<> it = all();
  it.start();
  gof::task<> other = std::move(it);
  EXPECT_TRUE(ada->run_until([&] { return said.size() == 1; }, 1s));
  other = all();
  world.run(2h);
  EXPECT_EQ(said.size(), 1u) << "the first is gone, the second never began";
}

// \law A node that closes completes what a task waits for, and one that goes away ends it.
TEST_F(Task, EndsWithItsNode) {
  bool closed = false;
  const auto waits = [&](gof::node& n) -> gof::task<> {
    try {
      co_await gof::awaiting(n).call({"greet", "Ana"});
    } catch (const gof::failure& e) {
      closed = e.code() == gof::errc::closed;
    }
  };
  gof::task<> it = waits(*ada);
  it.start();
  ada->close({});
  EXPECT_TRUE(it.done());
  EXPECT_TRUE(closed);
  gof::task<> left = waits(*bob);
  left.start();
  bob.reset();
  EXPECT_FALSE(left.done());
}

TEST_F(Task, AwaitsEveryOperationOfANode) {
  const auto uses = [&](gof::node& n) -> gof::task<std::uint64_t> {
    gof::awaiting on(n);
    const std::uint64_t version = co_await on.put("seats", "7", "Ada", gof::absent);
    const gof::versioned seat = co_await on.get("seats", "7");
    said.push_back(*seat.value);
    co_await on.erase("seats", "7", version);
    const gof::appended line = co_await on.append("log", {"line", "text"});
    co_await on.truncate("log", line.sequence + 1);
    const auto begin = [&n](gof::completion<gof::versioned> done) {
      return n.get("seats", "7", std::move(done));
    };
    try {
      co_await gof::awaited<gof::versioned>(begin);
    } catch (const gof::failure& e) {
      if (e.code() != gof::errc::not_found) throw;
      said.push_back("gone");
    }
    co_return line.sequence;
  };
  auto it = uses(*ada);
  it.start();
  EXPECT_TRUE(ada->run_until([&] { return it.done(); }, 5s));
  EXPECT_EQ(it.value(), 1u);
  EXPECT_EQ(said, (std::vector<std::string>{"Ada", "gone"}));
}

}  // namespace
