// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// What gof::node promises, made into tests: one body for all engines, in conformance.cpp. The test
/// of an engine writes
///
///     std::unique_ptr<gof::testing::engine_under_test> make();
///     INSTANTIATE_TEST_SUITE_P(Name, Conformance, ::testing::Values(&make));
///
/// No test knows how fast the machine is: what has to happen is waited for with a generous limit,
/// and times are asserted from one side only (not early).

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gof/node.hpp>
#include <gof/wait.hpp>

namespace gof::testing {

using namespace std::chrono_literals;
using condition = std::function<bool()>;
using several = std::vector<node*>;

/// An engine with nothing in it yet.
class engine_under_test {
 public:
  virtual ~engine_under_test() = default;
  virtual std::unique_ptr<node> join(std::string name) = 0;
  /// Lets these nodes run, and no other, until the condition holds or the time is over on the first
  /// one's clock.
  virtual bool run_until(const several& nodes, const condition& holds, duration limit) {
    for (const time_point end = nodes.at(0)->now() + limit;;) {
      for (node* one : nodes)
        if (one->run_until([&] { return holds(); }, 100us)) return true;
      if (nodes.at(0)->now() >= end) return holds();
    }
  }
  /// May nodes be run by several threads at the same time?
  [[nodiscard]] virtual bool has_threads() const { return false; }
  /// Does nothing happen in a node that is not run, while others are?
  [[nodiscard]] virtual bool can_hold_back() const { return true; }
};
using engine_maker = std::unique_ptr<engine_under_test> (*)();
/// Nothing takes so long.
inline constexpr duration patient = 20s;

/// What an operation told its completion.
template <class T>
struct heard {
  std::vector<result<T>> all;
  completion<T> done() {
    return [this](result<T> what) { all.push_back(std::move(what)); };
  }
};
template <class T>
std::error_code code(const result<T>& of) {
  return of ? std::error_code() : make_error_code(of.error().why);
}
template <class T>
std::error_code code(const heard<T>& of) {
  return code(of.all.at(0));
}

// ---- A check that is also run against a planted fault -------------------------------------------

/// Adds one to a number, again and again: reads it, and writes it if nobody has meanwhile.
class incrementer {
 public:
  incrementer(node& on, int times) : on_(&on), left_(times) {}
  void begin() {
    on_->get("numbers", "one",
             [this](result<versioned> found) {
               const int number = found ? std::stoi(*found->value) : 0;
               on_->put("numbers", "one", std::to_string(number + 1),
                        found ? found->version : absent,
                        [this](result<std::uint64_t> written) {
                          successes += written.outcome() == outcome::ok;
                          unknown += written.outcome() == outcome::unknown;
                          if (--left_ > 0) begin();
                        })
                   .detach();
             })
        .detach();
  }
  [[nodiscard]] bool ended() const { return left_ == 0; }
  int successes = 0, unknown = 0;

 private:
  node* on_;
  int left_;
};

/// What came of several incrementers.
struct increments {
  int successes = 0, unknown = 0, number = 0;
  /// Every success counts once, and nothing else counts.
  [[nodiscard]] bool add_up() const {
    return successes > 0 && number >= successes && number <= successes + unknown;
  }
};

/// Each node has so many incrementers; on its own thread where the engine has them.
inline increments increment(engine_under_test& engine, const several& nodes, int on_each = 4,
                            int times = 25) {
  std::vector<std::vector<incrementer>> all;
  for (node* on : nodes)
    all.emplace_back(static_cast<std::size_t>(on_each), incrementer(*on, times));
  const auto ended = [](const std::vector<incrementer>& of) {
    return std::all_of(of.begin(), of.end(), [](const incrementer& one) { return one.ended(); });
  };
  if (engine.has_threads()) {
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < nodes.size(); ++i)
      threads.emplace_back([&, i] {
        for (incrementer& one : all[i]) one.begin();
        nodes[i]->run_until([&] { return ended(all[i]); }, patient);
      });
    for (std::thread& one : threads) one.join();
  } else {
    for (auto& of : all)
      for (incrementer& one : of) one.begin();
    engine.run_until(
        nodes, [&] { return std::all_of(all.begin(), all.end(), ended); }, patient);
  }
  increments what;
  for (auto& of : all)
    for (incrementer& one : of) {
      EXPECT_TRUE(one.ended());
      what.successes += one.successes;
      what.unknown += one.unknown;
    }
  heard<versioned> last;
  const registration asked = nodes[0]->get("numbers", "one", last.done());
  engine.run_until(
      nodes, [&] { return !last.all.empty(); }, patient);
  if (last.all.size() == 1 && last.all[0]) what.number = std::stoi(*last.all[0]->value);
  return what;
}

// ---- The suite ----------------------------------------------------------------------------------

class Conformance : public ::testing::TestWithParam<engine_maker> {
 public:
  void SetUp() override { engine_ = GetParam()(); }
  void TearDown() override {
    kept_.clear();
    nodes_.clear();
  }
  engine_under_test& engine() { return *engine_; }

  node& join(std::string name) {
    nodes_.push_back(engine_->join(std::move(name)));
    return *nodes_.back();
  }
  void leave(node& which) {
    std::erase_if(nodes_, [&](const auto& it) { return it.get() == &which; });
  }
  several everybody() const {
    several all;
    for (const auto& one : nodes_) all.push_back(one.get());
    return all;
  }
  bool run(const condition& holds, duration limit = patient) {
    return engine_->run_until(everybody(), holds, limit);
  }
  bool run_only(const several& these, const condition& holds, duration limit = patient) {
    return engine_->run_until(these, holds, limit);
  }
  /// Lets at least so much time pass, on every node's clock.
  void pass(duration span) {
    std::vector<std::pair<node*, time_point>> ends;
    for (node* one : everybody()) ends.emplace_back(one, one->now() + span);
    EXPECT_TRUE(run([&] {
      return std::all_of(ends.begin(), ends.end(),
                         [](const auto& it) { return it.first->now() >= it.second; });
    }));
  }
  /// Whatever was on its way to a node has come: an answer comes after what was sent before it.
  void quiet(const several& these) {
    for (int again = 0; again < 2; ++again) {
      heard<versioned> answers;
      for (node* one : these) one->get("nothing", "here", answers.done()).detach();
      EXPECT_TRUE(run_only(these, [&] { return answers.all.size() == these.size(); }));
    }
  }
  void quiet() { quiet(everybody()); }

  template <class T, class Begin>
  result<T> await(Begin begin) {
    heard<T> what;
    const registration operation = begin(what.done());
    EXPECT_TRUE(what.all.empty()) << "completed inside the call that began it";
    EXPECT_TRUE(run([&] { return !what.all.empty(); })) << "not completed";
    if (what.all.empty()) return error{errc::unavailable, "not completed", {}};
    return what.all[0];
  }
  result<message> call(node& by, message what, operation_options how = {}) {
    return await<message>(
        [&](auto done) { return by.call(std::move(what), std::move(done), how); });
  }
  result<appended> append(node& by, std::string log, message line, append_options how = {}) {
    return await<appended>([&](auto done) {
      return by.append(std::move(log), std::move(line), std::move(done), how);
    });
  }
  result<void> truncate(node& by, std::string log, std::uint64_t before) {
    return await<void>(
        [&](auto done) { return by.truncate(std::move(log), before, std::move(done)); });
  }
  result<versioned> get(node& by, std::string bucket, std::string key) {
    return await<versioned>(
        [&](auto done) { return by.get(std::move(bucket), std::move(key), std::move(done)); });
  }
  result<std::uint64_t> put(node& by, std::string bucket, std::string key, std::string value,
                            std::uint64_t expect = any_version) {
    return await<std::uint64_t>([&](auto done) {
      return by.put(std::move(bucket), std::move(key), std::move(value), expect, std::move(done));
    });
  }
  result<std::uint64_t> erase(node& by, std::string bucket, std::string key,
                              std::uint64_t expect = any_version) {
    return await<std::uint64_t>([&](auto done) {
      return by.erase(std::move(bucket), std::move(key), expect, std::move(done));
    });
  }
  /// Serves, until the test ends or the result is dropped.
  registration serve(node& by, std::string subject,
                     unique_function<void(const message&, responder)> handler,
                     std::string group = {}) {
    heard<void> ready;
    registration it =
        by.serve(std::move(subject), std::move(handler), {std::move(group)}, ready.done());
    EXPECT_TRUE(ready.all.empty());
    EXPECT_TRUE(run([&] { return !ready.all.empty(); }));
    EXPECT_EQ(code(ready), std::error_code());
    return it;
  }
  registration subscribe(node& by, std::string pattern,
                         unique_function<void(const message&)> handler,
                         subscribe_options how = {}) {
    heard<void> ready;
    registration it =
        by.subscribe(std::move(pattern), std::move(handler), std::move(how), ready.done());
    EXPECT_TRUE(ready.all.empty());
    EXPECT_TRUE(run([&] { return !ready.all.empty(); }));
    EXPECT_EQ(code(ready), std::error_code());
    return it;
  }
  void keep(registration it) { kept_.push_back(std::move(it)); }

 private:
  std::unique_ptr<engine_under_test> engine_;
  std::vector<std::unique_ptr<node>> nodes_;
  std::vector<registration> kept_;
};

}  // namespace gof::testing
