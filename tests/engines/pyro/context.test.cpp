// SPDX-License-Identifier: BSL-1.0
#include <gof/pyro/context.hpp>
// The header under test comes first, so that it has to stand alone.
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstddef>
#include <exception>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gof/pyro/async.hpp>
#include <gof/pyro/object.hpp>
#include <gof/pyro/remote.hpp>
#include <gof/pyro/server.hpp>

#include "engines/pyro/waiting.hpp"

namespace {

namespace pyro = gof::pyro;
using namespace std::chrono_literals;
using gof::errc;
using pyro::call_context;
using pyro::context_scope;
using pyro::remote_object;
using the_clock = std::chrono::steady_clock;

using waiting::reason;

pyro::correlation_id correlation() {
  pyro::correlation_id it;
  for (std::size_t i = 0; i < it.size(); ++i) it[i] = static_cast<std::byte>(i + 1);
  return it;
}
call_context all_of_it() {
  return {{7, 18'446'744'073'709'551'615u},
          42,
          "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
          the_clock::now() + 1h,
          correlation()};
}

// It keeps what the calls of it belong to, and calls another, if there is one.
struct station {
  std::vector<std::optional<call_context>> seen;
  std::shared_ptr<remote_object> next;
  int calls = 0;
  int pass(int n) {
    const call_context* const now = pyro::current_context();
    seen.push_back(now ? std::optional(*now) : std::nullopt);
    ++calls;
    return next ? next->call<int>("pass", n + 1) : n;
  }
};
pyro::members<station> of_station() {
  return pyro::members<station>().method<&station::pass>("pass").attribute<&station::calls>(
      "calls");
}
void expect_same(const std::optional<call_context>& got, const call_context& sent) {
  ASSERT_TRUE(got);
  EXPECT_EQ(got->id, sent.id);
  EXPECT_EQ(got->incarnation, sent.incarnation);
  EXPECT_EQ(got->trace, sent.trace);
  EXPECT_EQ(got->correlation, sent.correlation);
  ASSERT_EQ(got->deadline.has_value(), sent.deadline.has_value());
  if (!sent.deadline) return;
  // What is left is counted anew at each station, so that it ends later by the time on the way.
  EXPECT_GE(*got->deadline, *sent.deadline);
  EXPECT_LE(*got->deadline, the_clock::now() + 1h);
}

// ---- In one thread ------------------------------------------------------------------------------

TEST(PyroContext, IsThatOfTheInnermostScope) {
  EXPECT_EQ(pyro::current_context(), nullptr);
  {
    const context_scope outer({.trace = "outer"});
    {
      const context_scope inner({.id = {1, 2}});
      EXPECT_EQ(pyro::current_context()->id, (gof::operation_id{1, 2}));
      EXPECT_EQ(pyro::current_context()->trace, "");  // nothing of the outer one
    }
    EXPECT_EQ(pyro::current_context()->trace, "outer");
    EXPECT_EQ(std::async(std::launch::async, [] { return pyro::current_context(); }).get(),
              nullptr);
  }
  EXPECT_EQ(pyro::current_context(), nullptr);
}

TEST(PyroContext, IsReadAsItIsWritten) {
  const call_context sent = all_of_it();
  const context_scope scope(sent);
  const auto bytes = pyro::detail::context_to_send();
  pyro::annotations notes;
  ASSERT_EQ(pyro::annotations::parse(bytes.chunks, notes), gof::wire::refusal::none);
  EXPECT_EQ(notes.find("OPID"), "7/18446744073709551615");
  EXPECT_EQ(notes.find("LIFE"), "42");
  EXPECT_EQ(notes.find("TRCE"), sent.trace);
  EXPECT_EQ(bytes.correlation, correlation());
  expect_same(pyro::detail::context_of(notes, bytes.correlation), sent);
}

TEST(PyroContext, SaysNothingThatIsNotSet) {
  EXPECT_EQ(pyro::detail::context_to_send().chunks, "");
  const context_scope scope({});
  const auto bytes = pyro::detail::context_to_send();
  EXPECT_EQ(bytes.chunks, "");
  EXPECT_EQ(bytes.correlation, std::nullopt);
}

TEST(PyroContext, LeavesAloneWhatIsWrittenInAnotherWay) {
  for (const auto& [id, text] :
       std::vector<std::pair<std::string, std::string>>{{"OPID", ""},
                                                        {"OPID", "7"},
                                                        {"OPID", "7/"},
                                                        {"OPID", "/8"},
                                                        {"OPID", "7/8/9"},
                                                        {"OPID", "0/8"},
                                                        {"OPID", "-7/8"},
                                                        {"OPID", "7/ 8"},
                                                        {"OPID", "99999999999999999999/1"},
                                                        {"LIFE", ""},
                                                        {"LIFE", "x"},
                                                        {"LIFE", "-1"},
                                                        {"LIFE", "18446744073709551616"},
                                                        {"LEFT", ""},
                                                        {"LEFT", "1.5"},
                                                        {"LEFT", "-1"},
                                                        {"ZZZZ", "1"}}) {
    std::string chunks;
    pyro::append_annotation(chunks, id, text);
    pyro::annotations notes;
    ASSERT_EQ(pyro::annotations::parse(chunks, notes), gof::wire::refusal::none);
    const call_context it = pyro::detail::context_of(notes, {});
    EXPECT_FALSE(it.id) << id << ' ' << text;
    EXPECT_EQ(it.incarnation, 0u) << id << ' ' << text;
    EXPECT_EQ(it.trace, "") << id << ' ' << text;
    EXPECT_EQ(it.deadline, std::nullopt) << id << ' ' << text;
  }
}

TEST(PyroContext, TakesAnyNumberAsWhatIsLeft) {
  std::string chunks;
  pyro::append_annotation(chunks, "LEFT", "18446744073709551615");
  pyro::annotations notes;
  ASSERT_EQ(pyro::annotations::parse(chunks, notes), gof::wire::refusal::none);
  EXPECT_GT(*pyro::detail::context_of(notes, {}).deadline, the_clock::now() + 24h);
}

// ---- Between programs ---------------------------------------------------------------------------

TEST(PyroContext, GoesWithACallAndOnToThoseThatItMakes) {
  for (const bool one_thread : {false, true}) {
    pyro::server first({.one_thread = one_thread}), second({.one_thread = one_thread});
    station near, far;
    second.expose(far, "far", of_station());
    near.next = std::make_shared<remote_object>(second.where("far"));
    remote_object it(first.expose(near, "near", of_station()));
    const call_context sent = all_of_it();
    {
      const context_scope scope(sent);
      EXPECT_EQ(it.call<int>("pass", 1), 2);
    }
    EXPECT_EQ(it.call<int>("pass", 1), 2);  // and not with the next
    ASSERT_EQ(near.seen.size(), 2u);
    ASSERT_EQ(far.seen.size(), 2u);
    for (const station* at : {&near, &far}) {
      expect_same(at->seen[0], sent);
      expect_same(at->seen[1], {});
    }
  }
}

TEST(PyroContext, GoesWithABatchAndInALoop) {
  pyro::server at;
  station there;
  const auto where = at.expose(there, "station", of_station());
  const call_context sent = all_of_it();
  remote_object it(where);
  boost::asio::io_context loop;
  pyro::async_object in_loop(loop, where);
  std::optional<int> came;
  {
    const context_scope scope(sent);
    remote_object::batch all(it);
    const auto one = all.add<int>("pass", 1), two = all.add<int>("pass", 2);
    all.send();
    EXPECT_EQ(one.get() + two.get(), 3);
    it.one_way("pass", 1);
    EXPECT_EQ(it.get<int>("calls"), 3);  // behind it
    in_loop.call<int>([&](const std::exception_ptr&, int n) { came = n; }, "pass", 4);
  }
  loop.run();
  EXPECT_EQ(came, 4);
  ASSERT_EQ(there.seen.size(), 4u);
  for (const auto& one : there.seen) expect_same(one, sent);
}

TEST(PyroContext, EndsTheWaitAtItsDeadline) {
  std::promise<void> ends;
  pyro::server at;
  struct silent {
    std::shared_future<void> until;
    int wait() { return until.wait(), 1; }
  } there{ends.get_future().share()};
  const auto where =
      at.expose(there, "silent", pyro::members<silent>().method<&silent::wait>("wait"), true);
  remote_object it(where);
  boost::asio::io_context loop;
  pyro::async_object in_loop(loop, where);
  std::optional<errc> came;
  {
    const context_scope scope({.deadline = the_clock::now() + 300ms});
    in_loop.call<int>(
        [&](const std::exception_ptr& why, int) {
          came = reason([&] {
            if (why) std::rethrow_exception(why);
          });
        },
        "wait");
    loop.run();
    EXPECT_GE(the_clock::now(), *pyro::current_context()->deadline);
  }
  EXPECT_EQ(came, errc::deadline);
  {
    const context_scope scope({.deadline = the_clock::now() + 300ms});
    EXPECT_EQ(reason([&] { it.call<int>("wait"); }), errc::deadline);
    EXPECT_GE(the_clock::now(), *pyro::current_context()->deadline);
  }
  ends.set_value();
}

// … and only that of its own call: those before and behind it keep the connection.
TEST(PyroContext, EndsTheWaitForOneOfManyInALoop) {
  std::promise<void> ends;
  struct busy {
    std::shared_future<void> until;
    int wait() { return until.wait(), 1; }
    int add(int n) { return n + 1; }
  } there{ends.get_future().share()};
  pyro::server at;
  boost::asio::io_context loop;
  pyro::async_object it(
      loop,
      at.expose(there, "busy",
                pyro::members<busy>().method<&busy::wait>("wait").method<&busy::add>("add")),
      {.deadline = 30s});
  std::vector<int> came;
  const auto take = [&](const std::exception_ptr& why, int n) {
    EXPECT_FALSE(why);
    came.push_back(n);
  };
  it.call<int>(take, "wait");
  const auto begin = the_clock::now();
  for (const auto most : {600ms, 300ms}) {
    const context_scope scope({.deadline = begin + most});
    it.call<int>(
        [&, most](const std::exception_ptr& why, int) {
          EXPECT_EQ(reason([&] { std::rethrow_exception(why); }), errc::deadline);
          came.push_back(-static_cast<int>(most.count()));
          if (came.size() == 2) ends.set_value();
        },
        "add", 1);
  }
  it.call<int>(take, "add", 2);
  loop.run();
  ASSERT_EQ(came.size(), 4u);
  if (came[0] == -600) std::swap(came[0], came[1]);  // where both were over when it looked
  EXPECT_EQ(came, (std::vector<int>{-300, -600, 1, 3}));
  EXPECT_EQ(at.connections(), 1u);
}

TEST(PyroContext, CallsNothingWhenItIsTooLate) {
  pyro::server at;
  station there;
  const auto where = at.expose(there, "station", of_station());
  remote_object it(where);
  boost::asio::io_context loop;
  pyro::async_object in_loop(loop, where);
  EXPECT_EQ(it.call<int>("pass", 1), 1);
  {
    const context_scope scope({.deadline = the_clock::now()});
    EXPECT_EQ(reason([&] { it.call<int>("pass", 1); }), errc::refused);
    EXPECT_EQ(reason([&] { it.one_way("pass", 1); }), errc::refused);
    EXPECT_EQ(reason([&] {
                in_loop.call<int>([](const std::exception_ptr&, int) { FAIL(); }, "pass", 1);
              }),
              errc::refused);
  }
  loop.run();
  EXPECT_EQ(it.get<int>("calls"), 1);
}

// Where the object was busy with others, for longer than the caller waits, it is not called either.
TEST(PyroContext, IsTooLateForAnObjectWhoseTurnCameTooLate) {
  pyro::server at;
  const auto there = std::make_shared<station>();
  pyro::servant_of<station> it(there, of_station());
  const auto by = at.references();
  const auto pass = [&] {
    std::string out;
    it.invoke(pyro::servant::use::call, "pass", {"\x91\x01", "\x80"}, out, *by);
  };
  {
    const context_scope scope({.deadline = the_clock::now()});
    EXPECT_EQ(reason(pass), errc::refused);
  }
  EXPECT_EQ(there->calls, 0);
  {
    const context_scope scope({.deadline = the_clock::now() + 1h});
    EXPECT_EQ(reason(pass), std::nullopt);
  }
  EXPECT_EQ(there->calls, 1);
}

}  // namespace
