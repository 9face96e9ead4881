// SPDX-License-Identifier: BSL-1.0
#include <gof/future.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <gof/join.hpp>
#include <memory>
#include <string>
#include <thread>

namespace {

using namespace std::chrono_literals;

// A node whose loop another thread runs.
struct Future : testing::Test {
  std::unique_ptr<gof::node> node = gof::join("memory:future");
  std::atomic<bool> stop = false;
  std::thread loop{[this] { node->run_until([this] { return stop.load(); }, 60s); }};
  void end() {
    if (!loop.joinable()) return;
    stop = true;
    node->post([] {});
    loop.join();
  }
  ~Future() override { end(); }
};

TEST_F(Future, HasTheValue) {
  auto version = gof::begin<std::uint64_t>(*node, [](gof::node& n, auto done) {
    return n.put("seats", "7", "Ada", 0, std::move(done));
  });
  auto seat = gof::begin<gof::versioned>(
      *node, [](gof::node& n, auto done) { return n.get("seats", "7", std::move(done)); });
  EXPECT_EQ(seat.get().version, version.get());
}

TEST_F(Future, ThrowsWhereThereIsNone) {
  auto seat = gof::begin<gof::versioned>(
      *node, [](gof::node& n, auto done) { return n.get("seats", "8", std::move(done)); });
  try {
    seat.get();
    FAIL();
  } catch (const gof::failure& e) {
    EXPECT_EQ(e.code(), gof::errc::not_found);
  }
}

// \law Nobody waits for ever for a node that is gone.
TEST_F(Future, BreaksItsPromiseWhereTheNodeGoes) {
  end();
  auto never = gof::begin<gof::versioned>(
      *node, [](gof::node& n, auto done) { return n.get("seats", "7", std::move(done)); });
  auto under_way = gof::begin<gof::message>(*node, [](gof::node& n, auto done) {
    return n.call({"nobody", ""}, std::move(done));
  });
  node.reset();
  EXPECT_THROW(never.get(), std::future_error);
  EXPECT_THROW(under_way.get(), std::future_error);
}

}  // namespace
