// SPDX-License-Identifier: BSL-1.0
// Our client, and objects of ours that are called back, against objects of real Pyro5: those of
// peer.py. interoperate.sh runs it, and says in the environment:
//
//     GOF_PEER              the URI of an object of peer.py; all others are beside it
//     GOF_PEER_COMMAND      a command for the shell that starts another one at another port
//     GOF_PEER_SERIALIZER   serpent, json or msgpack: which the client speaks
//     GOF_PEER_NAME_SERVER  HOST:PORT of a name server that knows the peer's objects; or none
//     GOF_PEER_TLS          a folder of certificates that the peer has made; or none
//     GOF_PEER_VALUES       how many random values are sent each way: 10,000 unless it says
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/describe.hpp>
#include <chrono>
#include <cmath>
#include <complex>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <future>
#include <gof/described.hpp>
#include <gof/node.hpp>
#include <gof/pyro/context.hpp>
#include <gof/pyro/name_server.hpp>
#include <gof/pyro/object.hpp>
#include <gof/pyro/remote.hpp>
#include <gof/pyro/server.hpp>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <ostream>
#include <random>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <tuple>
#include <typeinfo>
#include <utility>
#include <vector>

extern char** environ;

namespace gof::inline v0::pyro {
static void PrintTo(const value& it, std::ostream* out) { *out << to_string(it); }
}  // namespace gof::inline v0::pyro

namespace {

namespace pyro = gof::pyro;
using namespace std::chrono_literals;
using gof::errc;
using gof::failure;
using gof::outcome;
using pyro::named;
using pyro::remote_exception;
using pyro::remote_object;
using pyro::serializer;
using pyro::value;
using person = std::shared_ptr<remote_object>;
using the_clock = std::chrono::steady_clock;

// ---- What there is ------------------------------------------------------------------------------

std::string said(const char* name) {
  const char* const text = std::getenv(name);
  return text ? text : "";
}
const std::string& tls_folder() {
  static const std::string folder = said("GOF_PEER_TLS");
  return folder;
}
serializer spoken() {
  static const std::string name = said("GOF_PEER_SERIALIZER");
  return name == "serpent" ? serializer::serpent
         : name == "json"  ? serializer::json
                           : serializer::msgpack;
}
pyro::tls_options showing(const std::string& name, const std::string& authority = "authority") {
  const std::string at = tls_folder() + '/';
  return {at + name + ".pem", at + name + ".key", {}, at + authority + ".pem"};
}
pyro::calling usual() {
  pyro::calling how;
  how.deadline = 10s;
  how.speaks = spoken();
  if (!tls_folder().empty()) how.tls = showing("client");
  return how;
}
pyro::uri where(const std::string& id) {
  static const pyro::uri one(said("GOF_PEER"));
  return {id, one.host, one.port};
}
remote_object object(const std::string& id, pyro::calling how = usual()) {
  return remote_object(where(id), std::move(how));
}
// A server of ours, for what the peer is to call.
pyro::serving serving() {
  pyro::serving how;
  if (!tls_folder().empty()) how.tls = showing("server");
  return how;
}
bool becomes_true(const std::function<bool()>& condition) {
  const auto end = the_clock::now() + 10s;
  while (!condition()) {
    if (the_clock::now() > end) return false;
    std::this_thread::sleep_for(5ms);
  }
  return true;
}

// Runs it. \returns the failure that it throws; one without a reason where it throws none
template <class F>
gof::error fails(const F& run) {
  try {
    run();
  } catch (const failure& e) {
    return e.reason();
  }
  ADD_FAILURE() << "nothing failed";
  return {errc{}, "", ""};
}
// Runs it. \returns what was thrown there, which is exactly the nearest of ours
template <class Nearest, class F>
remote_exception throws(const F& run) {
  try {
    run();
    ADD_FAILURE() << "nothing was thrown";
  } catch (const Nearest& e) {
    EXPECT_EQ(typeid(e), typeid(pyro::thrown<Nearest>)) << e.what();
    if (const auto* it = dynamic_cast<const remote_exception*>(&e)) {
      EXPECT_EQ(e.what(), it->kind + ": " + it->words());
      return *it;
    }
  } catch (const std::exception& e) {
    ADD_FAILURE() << "another was thrown: " << typeid(e).name() << ' ' << e.what();
  }
  return {};
}

// Another peer, that can be ended.
class other_peer {
 public:
  explicit other_peer(std::uint16_t port = 0, const std::string& more = {}) {
    std::array<int, 2> in{}, out{};
    if (::pipe2(in.data(), O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
    if (::pipe2(out.data(), O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
    const std::string command =
        "exec " + said("GOF_PEER_COMMAND") + " --port " + std::to_string(port) + ' ' + more;
    const std::array<const char*, 4> words{"sh", "-c", command.c_str(), nullptr};
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, in[0], 0);
    posix_spawn_file_actions_adddup2(&actions, out[1], 1);
    const int bad = ::posix_spawn(&process_, "/bin/sh", &actions, nullptr,
                                  const_cast<char* const*>(words.data()), environ);
    posix_spawn_file_actions_destroy(&actions);
    ::close(in[0]), ::close(out[1]);
    alive_ = in[1], says_ = out[0];
    std::string line;
    const auto end = the_clock::now() + 20s;
    pollfd ready{says_, POLLIN, 0};
    for (char c = 0; bad == 0 && c != '\n' && the_clock::now() < end;) {
      if (::poll(&ready, 1, 100) != 1) continue;
      if (::read(says_, &c, 1) != 1) break;
      line += c;
    }
    if (!line.starts_with("ready ") || !line.ends_with('\n')) {
      end_now();
      throw std::runtime_error("no other peer: " + command + ": " + line);
    }
    where_ = pyro::uri(std::string_view(line).substr(6, line.size() - 7));
  }
  other_peer(const other_peer&) = delete;
  other_peer& operator=(const other_peer&) = delete;
  ~other_peer() { end_now(); }

  void end_now() {
    if (process_ <= 0) return;
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
    process_ = 0;
    ::close(alive_), ::close(says_);
  }
  [[nodiscard]] pyro::uri where(const std::string& id) const {
    return {id, where_.host, where_.port};
  }

 private:
  ::pid_t process_ = 0;
  int alive_ = -1, says_ = -1;
  pyro::uri where_;
};

// ---- Calls --------------------------------------------------------------------------------------

TEST(PyroClient, CallsAndTakesWhatIsReturned) {
  auto arithmetic = object("arithmetic");
  EXPECT_EQ(arithmetic.call<int>("add", 1, 2), 3);
  EXPECT_EQ(arithmetic.call<std::int64_t>("add", (std::int64_t{1} << 62), -5),
            (std::int64_t{1} << 62) - 5);
  EXPECT_EQ(arithmetic.call<double>("divide", 1.0, 2.0), 0.5);
  EXPECT_EQ(arithmetic.call("add", 1, 2), value(3));
  for (int i = 0; i < 300; ++i) ASSERT_EQ(arithmetic.call<int>("add", i, i), 2 * i);
  EXPECT_EQ(arithmetic.where(), where("arithmetic"));
}

TEST(PyroClient, NamesArgumentsForPython) {
  auto arithmetic = object("arithmetic");
  EXPECT_EQ(arithmetic.call<int>("add", 1), 11);
  EXPECT_EQ(arithmetic.call<int>("add", 1, named("b", 2)), 3);
  EXPECT_EQ(arithmetic.call<int>("add", named("b", 2), named("a", 1)), 3);
  EXPECT_EQ(arithmetic.call<int>("scale", 5, named("factor", 3)), 15);
  EXPECT_EQ(arithmetic.call<std::string>("add", named("a", "x"), named("b", std::string("y"))),
            "xy");
  throws<pyro::type_error>([&] { arithmetic.call("scale", 5, 3); });
  throws<pyro::type_error>([&] { arithmetic.call("add", 1, named("c", 2)); });
}

TEST(PyroClient, LeavesTheCallersArgumentsAsTheyAre) {
  auto echo = object("echo");
  value text("text");
  EXPECT_EQ(echo.call("echo", text), text);
  EXPECT_EQ(text, value("text"));
  named given("value", text);
  EXPECT_EQ(echo.call("echo", given), text);
  EXPECT_EQ(given.value, value("text"));
  remote_object::batch all(echo);
  const auto first = all.add("echo", text), second = all.add("echo", text);
  all.send();
  EXPECT_EQ(first.get(), value("text"));
  EXPECT_EQ(second.get(), value("text"));
}

TEST(PyroClient, IsRefusedWhatDoesNotFit) {
  auto arithmetic = object("arithmetic");
  throws<pyro::type_error>([&] { arithmetic.call("add"); });
  throws<pyro::type_error>([&] { arithmetic.call("add", 1, 2, 3); });
  throws<pyro::type_error>([&] { arithmetic.call("add", "one", 2); });
  throws<pyro::attribute_error>([&] { arithmetic.call("multiply", 1, 2); });
  throws<pyro::attribute_error>([&] { arithmetic.call("_private"); });
  throws<pyro::attribute_error>([&] { arithmetic.call("__init__"); });
  EXPECT_THROW(arithmetic.call<std::string>("add", 1, 2), pyro::type_error);
  EXPECT_EQ(arithmetic.call<int>("add", 1, 2), 3);
}

TEST(PyroClient, ReachesNobodyWhereNobodyIs) {
  auto nothing = object("nothing");
  EXPECT_EQ(fails([&] { nothing.call("add", 1, 2); }).why, errc::nobody_there);
  remote_object no_port({"echo", "127.0.0.1", 1}, usual());
  EXPECT_EQ(fails([&] { no_port.call("echo", 1); }).why, errc::nobody_there);
  remote_object no_host({"echo", "no-such-host.invalid", 4711}, usual());
  const errc why = fails([&] { no_host.call("echo", 1); }).why;
  // Where there is no name service, it does not know either.
  EXPECT_TRUE(why == errc::nobody_there || why == errc::unavailable) << static_cast<int>(why);
}

TEST(PyroClient, KnowsWhatPythonOffers) {
  const auto sorted = [](std::vector<std::string> all) {
    std::sort(all.begin(), all.end());
    return all;
  };
  using names = std::vector<std::string>;
  const auto one_way = object("one_way").members();
  EXPECT_EQ(sorted(one_way.methods), (names{"clear", "fail", "note", "note_later", "noted"}));
  EXPECT_EQ(sorted(one_way.one_way), (names{"fail", "note", "note_later"}));
  EXPECT_TRUE(one_way.attributes.empty());
  const auto attributes = object("attributes").members();
  EXPECT_EQ(sorted(attributes.attributes), (names{"broken", "name", "size"}));
  EXPECT_TRUE(attributes.methods.empty());
}

TEST(PyroClient, ShowsAHandshakeThatTheServerJudges) {
  auto how = usual();
  how.handshake = pyro::dict{{value("user"), value("alice")}};
  EXPECT_EQ(object("arithmetic", how).call<int>("add", 1, 2), 3);
  how.handshake = 7;
  EXPECT_EQ(object("arithmetic", how).call<int>("add", 1, 2), 3);
  how.handshake = pyro::dict{{value("user"), value("mallory")}};
  auto refused = object("arithmetic", how);
  for (int i = 0; i < 2; ++i) {
    const auto why = fails([&] { refused.call("add", 1, 2); });
    EXPECT_EQ(why.why, errc::denied) << why.text();
    EXPECT_NE(why.message.find("mallory is not welcome"), std::string::npos) << why.message;
  }
}

TEST(PyroClient, IsUsedByManyThreadsInTurn) {
  auto counter = object("counter");
  counter.call<void>("reset");
  std::vector<std::future<void>> all;
  for (int t = 0; t < 4; ++t)
    all.push_back(std::async(std::launch::async, [&] {
      for (int i = 0; i < 50; ++i) counter.call<int>("add", 1);
    }));
  for (auto& one : all) one.get();
  EXPECT_EQ(counter.call<int>("total"), 200);
}

TEST(PyroClient, ConnectsAnew) {
  auto arithmetic = object("arithmetic");
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(arithmetic.call<int>("add", i, 0), i);
    arithmetic.disconnect();
  }
}

TEST(PyroClient, WaitsNoLongerThanItsDeadline) {
  auto how = usual();
  how.deadline = 300ms;
  auto slow = object("slow", how);
  EXPECT_EQ(slow.call<double>("sleep", 0.01), 0.01);
  const auto begin = the_clock::now();
  const auto why = fails([&] { slow.call("sleep", 0.8); });
  const auto took = the_clock::now() - begin;
  EXPECT_EQ(why.why, errc::deadline) << why.text();
  EXPECT_GE(took, 299ms);
  EXPECT_LT(took, 790ms);
  std::this_thread::sleep_for(600ms);  // a peer with one thread serves nobody meanwhile
  EXPECT_EQ(slow.call<double>("sleep", 0.02), 0.02);
}

// ---- Attributes ---------------------------------------------------------------------------------

TEST(PyroClient, ReadsAndSetsAttributes) {
  auto it = object("attributes");
  EXPECT_EQ(it.get<std::string>("name"), "chess");
  EXPECT_EQ(it.get<int>("size"), 5);
  it.set("name", "Gänse 🎲");
  EXPECT_EQ(it.get("name"), value("Gänse 🎲"));
  EXPECT_EQ(it.get<int>("size"), 7);
  EXPECT_EQ(throws<std::invalid_argument>([&] { it.set("name", ""); }).words(),
            "a name has letters");
  throws<pyro::attribute_error>([&] { it.set("size", 3); });
  throws<pyro::attribute_error>([&] { it.get("colour"); });
  throws<pyro::attribute_error>([&] { it.set("colour", "red"); });
  EXPECT_EQ(throws<std::runtime_error>([&] { it.get("broken"); }).words(),
            "this attribute is broken");
  it.set("name", std::string("chess"));
  EXPECT_EQ(it.get<std::string>("name"), "chess");
}

TEST(PyroClient, SaysWhatACallBelongsTo) {
  remote_object it = object("context");
  pyro::correlation_id id{};
  id.fill(std::byte{0xab});
  {
    const pyro::context_scope scope({{7, 8}, 42, "00-0af7-b7ad-01", the_clock::now() + 1h, id});
    const value got = it.call("echo");
    EXPECT_EQ(*got.find("correlation"), value("abababab-abab-abab-abab-abababababab"));
    const value& said = *got.find("annotations");
    EXPECT_EQ(*said.find("OPID"), value("7/8"));
    EXPECT_EQ(*said.find("LIFE"), value("42"));
    EXPECT_EQ(*said.find("TRCE"), value("00-0af7-b7ad-01"));
    EXPECT_GT(std::stoll(said.find("LEFT")->as<std::string>()), 0);
    EXPECT_LE(std::stoll(said.find("LEFT")->as<std::string>()), 3'600'000'000'000);
  }
  EXPECT_EQ(*it.call("echo").find("annotations"), value(pyro::dict()));
}

TEST(PyroClient, UsesSpecialMethods) {
  auto shelf = object("shelf");
  EXPECT_EQ(shelf.call<int>("__len__"), 3);
  EXPECT_EQ(shelf.call<std::string>("__getitem__", 1), "go");
  throws<std::out_of_range>([&] { shelf.call("__getitem__", 3); });
}

// ---- Exceptions ---------------------------------------------------------------------------------

template <class Nearest>
void is_caught_as(const std::string& module, std::initializer_list<const char*> kinds) {
  auto it = object("exceptions");
  for (const std::string kind : kinds) {
    SCOPED_TRACE(kind);
    const auto thrown = throws<Nearest>([&] { it.call("raise_it", kind, "why"); });
    EXPECT_EQ(thrown.kind, module + kind);
    EXPECT_EQ(thrown.words(), "why");
    EXPECT_EQ(thrown.arguments, pyro::list{value("why")});
    EXPECT_FALSE(thrown.traceback.empty());
  }
}

TEST(PyroClient, CatchesTheNearestException) {
  is_caught_as<std::invalid_argument>("builtins.", {"ValueError", "UnicodeError"});
  is_caught_as<pyro::type_error>("builtins.", {"TypeError"});
  is_caught_as<pyro::attribute_error>("builtins.", {"AttributeError"});
  is_caught_as<std::out_of_range>("builtins.", {"IndexError", "KeyError", "LookupError"});
  is_caught_as<std::domain_error>("builtins.",
                                  {"ArithmeticError", "ZeroDivisionError", "FloatingPointError"});
  is_caught_as<std::overflow_error>("builtins.", {"OverflowError"});
  is_caught_as<std::bad_alloc>("builtins.", {"MemoryError"});
  is_caught_as<std::logic_error>("builtins.", {"AssertionError", "NotImplementedError"});
  is_caught_as<std::runtime_error>("builtins.", {"RuntimeError", "OSError", "PermissionError",
                                                 "TimeoutError", "StopIteration", "Exception"});
  EXPECT_EQ(throws<std::domain_error>([] { object("arithmetic").call("divide", 1.0, 0.0); }).kind,
            "builtins.ZeroDivisionError");
}

TEST(PyroClient, CatchesPyrosOwnAsFailures) {
  is_caught_as<failure>("Pyro5.errors.", {"PyroError", "NamingError", "DaemonError"});
  auto it = object("exceptions");
  const auto why = [&](const char* kind) {
    return fails([&] { it.call("raise_it", kind, "why"); });
  };
  EXPECT_EQ(why("NamingError").why, errc::failed_there);
  EXPECT_EQ(why("NamingError").kind, "Pyro5.errors.NamingError");
  EXPECT_EQ(why("NamingError").message, "why");
  // After these Pyro ends the connection; the next call makes another.
  EXPECT_EQ(why("SecurityError").why, errc::denied);
  EXPECT_EQ(why("SerializeError").kind, "Pyro5.errors.SerializeError");
  // And for these it ends it without an answer.
  EXPECT_EQ(gof::outcome_of(why("CommunicationError").why), outcome::unknown);
  EXPECT_EQ(throws<std::invalid_argument>([&] { it.call("raise_it", "ValueError", ""); }).words(),
            "");
}

TEST(PyroClient, KeepsWhatAnExceptionIsMadeOf) {
  auto it = object("exceptions");
  const auto thrown = throws<std::invalid_argument>([&] { it.call("raise_with_attributes"); });
  EXPECT_EQ(thrown.arguments, (pyro::list{value("with attributes"), value(7)}));
  EXPECT_EQ(thrown.words(), "'with attributes', 7");
  const value known(thrown.attributes);
  EXPECT_EQ(known.at("code"), value(42));
  EXPECT_EQ(known.at("path"), value(pyro::list{value("a"), value("b")}));
  std::string lines;
  for (const std::string& line : thrown.traceback) lines += line;
  EXPECT_NE(lines.find("raise_with_attributes"), std::string::npos) << lines;
  EXPECT_NE(lines.find("peer.py"), std::string::npos) << lines;

  EXPECT_EQ(throws<std::invalid_argument>([&] { it.call("raise_non_ascii"); }).words(),
            "Grüße, 世界 🎲");
  const auto own = throws<std::runtime_error>([&] { it.call("raise_own"); });
  EXPECT_EQ(own.kind, "warehouse.OutOfStock");
  EXPECT_EQ(own.arguments, (pyro::list{value("chess"), value(0)}));
  EXPECT_EQ(throws<std::runtime_error>([&] { it.call("raise_unknown"); }).kind,
            "elsewhere.Unknown");
  const auto unsent = throws<failure>([&] { it.call("raise_unserializable"); });
  EXPECT_NE(unsent.words().find("TypeError"), std::string::npos) << unsent.words();
}

TEST(PyroClient, GoesOnAfterAnArgumentThatPythonCannotRead) {
  auto echo = object("echo");
  const value stranger(
      pyro::dict{{value("__class__"), value("elsewhere.Stranger")}, {value("name"), value("m")}});
  const auto why = fails([&] { echo.call("echo", stranger); });
  EXPECT_EQ(why.kind, "Pyro5.errors.SerializeError") << why.text();
  EXPECT_EQ(echo.call<std::string>("echo", "text"), "text");
}

// ---- One-way, batches, streams ------------------------------------------------------------------

TEST(PyroClient, WaitsForNothingOneWay) {
  auto it = object("one_way");
  it.call<void>("clear");
  for (int i = 0; i < 50; ++i) it.one_way("note", i);
  const auto noted = [&] { return it.call<std::vector<int>>("noted"); };
  EXPECT_TRUE(becomes_true([&] { return noted().size() >= 50; }));
  auto all = noted();
  std::sort(all.begin(), all.end());
  std::vector<int> expected;
  for (int i = 0; i < 50; ++i) expected.push_back(i);
  EXPECT_EQ(all, expected);
  it.one_way("fail");
  it.one_way("no_such_function");
  it.call<void>("clear");
  const auto begin = the_clock::now();
  it.one_way("note_later", 0.5, 7);
  EXPECT_LT(the_clock::now() - begin, 400ms);
  EXPECT_TRUE(becomes_true([&] { return noted() == std::vector{7}; }));
  // Whether one waits is the caller's choice.
  it.call<void>("note", 8);
  EXPECT_EQ(noted(), (std::vector{7, 8}));
  throws<std::invalid_argument>([&] { it.call("fail"); });
  auto counter = object("counter");
  counter.call<void>("reset");
  counter.one_way("add", named("n", 5));
  EXPECT_TRUE(becomes_true([&] { return counter.call<int>("total") == 5; }));
}

TEST(PyroClient, SendsManyCallsInOneMessage) {
  auto counter = object("counter");
  counter.call<void>("reset");
  remote_object::batch all(counter);
  std::vector<remote_object::answer<int>> sums;
  for (int i = 1; i <= 100; ++i) sums.push_back(all.add<int>("add", i));
  const auto last = all.add<int>("add", named("n", 0));
  const auto nothing = all.add<void>("reset");
  EXPECT_THROW(last.get(), std::logic_error);
  all.send();
  for (int i = 1; i <= 100; ++i)
    EXPECT_EQ(sums[static_cast<std::size_t>(i) - 1].get(), i * (i + 1) / 2);
  EXPECT_EQ(last.get(), 5050);
  nothing.get();
  all.send();  // of nothing
  const auto again = all.add<int>("add", 7);
  all.send();
  EXPECT_EQ(again.get(), 7);
  EXPECT_EQ(last.get(), 5050);
}

TEST(PyroClient, EndsABatchWhereACallFails) {
  auto counter = object("counter");
  counter.call<void>("reset");
  remote_object::batch all(counter);
  const auto one = all.add<int>("add", 1);
  const auto bad = all.add("fail", "why");
  const auto never = all.add<int>("add", 2);
  all.send();
  EXPECT_EQ(one.get(), 1);
  EXPECT_EQ(throws<std::invalid_argument>([&] { bad.get(); }).words(), "why");
  EXPECT_THROW(never.get(), std::logic_error);
  EXPECT_EQ(counter.call<int>("total"), 1);

  const auto before = all.add<int>("add", 5);
  all.add("no_such_function");
  throws<pyro::attribute_error>([&] { all.send(); });
  EXPECT_THROW(before.get(), std::logic_error);
  EXPECT_EQ(counter.call<int>("total"), 6);  // it ran, and its result is lost
}

TEST(PyroClient, SendsABatchOneWay) {
  auto counter = object("counter");
  counter.call<void>("reset");
  remote_object::batch all(counter);
  for (int i = 0; i < 10; ++i) all.add<int>("add", i);
  all.send_one_way();
  EXPECT_TRUE(becomes_true([&] { return counter.call<int>("total") == 45; }));
}

TEST(PyroClient, GoesThroughAGenerator) {
  auto it = object("streams");
  std::vector<int> items;
  for (const int item : it.call<pyro::stream<int>>("count_to", 100)) items.push_back(item);
  std::vector<int> expected;
  for (int i = 0; i < 100; ++i) expected.push_back(i);
  EXPECT_EQ(items, expected);
  auto none = it.call<pyro::stream<int>>("count_to", 0);
  EXPECT_EQ(none.next(), std::nullopt);
  EXPECT_EQ(none.next(), std::nullopt);
  EXPECT_THROW(it.call<int>("count_to", 3), pyro::type_error);
  EXPECT_THROW(static_cast<void>(it.call<pyro::stream<int>>("closed")), pyro::type_error);
}

TEST(PyroClient, EndsAGeneratorThatHasNoEnd) {
  auto it = object("streams");
  const int before = it.call<int>("closed");
  {
    auto items = it.call<pyro::stream<int>>("forever");
    for (int i = 0; i < 50; ++i) ASSERT_EQ(items.next(), i);
    EXPECT_EQ(it.call<int>("closed"), before);
  }
  EXPECT_TRUE(becomes_true([&] { return it.call<int>("closed") == before + 1; }));
}

TEST(PyroClient, CatchesWhatAGeneratorThrows) {
  auto it = object("streams");
  auto items = it.call<pyro::stream<int>>("fail_after", 3);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(items.next(), i);
  EXPECT_EQ(throws<std::invalid_argument>([&] { items.next(); }).words(), "the stream broke");
  EXPECT_EQ(items.next(), std::nullopt);
}

TEST(PyroClient, GoesThroughManyGeneratorsAtOnce) {
  auto it = object("streams");
  auto one = it.call<pyro::stream<int>>("count_to", 20);
  auto other = it.call<pyro::stream<value>>("forever");
  for (int i = 0; i < 20; ++i) {
    ASSERT_EQ(one.next(), i);
    ASSERT_EQ(other.next(), value(i));
    it.call<int>("closed");
  }
  EXPECT_EQ(one.next(), std::nullopt);
  EXPECT_EQ(other.next(), value(20));
}

// ---- References ---------------------------------------------------------------------------------

struct room {
  virtual ~room() = default;
  virtual std::string say(std::string text) = 0;
  virtual void whisper(std::string text) = 0;
  virtual std::vector<std::string> whispered() = 0;
};
GOF_REMOTE(room, say, whisper, whispered)

struct rooms {
  virtual ~rooms() = default;
  virtual std::shared_ptr<room> open(std::string name) = 0;
  virtual std::vector<std::shared_ptr<room>> all() = 0;
  virtual std::shared_ptr<room> back(std::shared_ptr<room> it) = 0;
  virtual std::string name_of(std::shared_ptr<room> it) = 0;
  virtual void close(std::string name) = 0;
};
GOF_REMOTE(rooms, open, all, back, name_of, close)

TEST(PyroClient, CallsWhatItIsGivenAReferenceTo) {
  auto it = object("rooms");
  auto blue = it.call<person>("open", "blue");
  EXPECT_EQ(blue->where().port, where("rooms").port);
  EXPECT_EQ(blue->call<std::string>("say", "hello"), "blue: hello");
  EXPECT_EQ(blue->get<std::string>("name"), "blue");
  blue->one_way("whisper", "psst");
  EXPECT_TRUE(
      becomes_true([&] { return blue->call<std::vector<std::string>>("whispered").size() == 1; }));
  EXPECT_EQ(it.call<person>("open", "blue")->where(), blue->where());
  it.call<person>("open", "azure");
  const auto all = it.call<std::vector<person>>("all");
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0]->get<std::string>("name"), "azure");
  EXPECT_EQ(all[1]->get<std::string>("name"), "blue");

  EXPECT_EQ(it.call<std::string>("name_of", blue), "blue");
  EXPECT_EQ(it.call<person>("back", blue)->where(), blue->where());
  ASSERT_TRUE(blue);
  EXPECT_EQ(it.call<std::string>("name_of", blue->reference()), "blue");

  it.call<void>("close", "azure");
  it.call<void>("close", "blue");
  const auto gone = fails([&] { blue->call("say", "is anyone here?"); });
  EXPECT_EQ(gone.why, errc::nobody_there) << gone.text();
  remote_object again(blue->where(), usual());
  EXPECT_EQ(fails([&] { again.call("say", "hello?"); }).why, errc::nobody_there);
}

TEST(PyroClient, UsesAPythonObjectByItsInterface) {
  const pyro::remote<rooms> it(where("rooms"), usual());
  const std::shared_ptr<room> red = it->open("red");
  EXPECT_EQ(red->say("hello"), "red: hello");
  red->whisper("psst");
  EXPECT_EQ(red->whispered(), std::vector<std::string>{"psst"});
  EXPECT_EQ(it->name_of(red), "red");
  EXPECT_EQ(it->back(red)->whispered(), red->whispered());
  EXPECT_EQ(it->all().size(), 1U);
  it->close("red");
  EXPECT_EQ(fails([&] { red->say("is anyone here?"); }).why, errc::nobody_there);
}

struct counter {
  virtual ~counter() = default;
  virtual int add(int n) = 0;
  virtual int total() const = 0;
  virtual void fail(std::string text) = 0;
  virtual void reset() = 0;
};
GOF_REMOTE(counter, add, total, fail, reset)

TEST(PyroClient, CallsFunctionsOfAnInterfaceInItsOtherWays) {
  pyro::remote<counter> it(where("counter"), usual());
  it->reset();
  EXPECT_EQ(it->add(2), 2);
  EXPECT_EQ(it.call<&counter::add>(3), 5);
  it.one_way<&counter::add>(4);
  EXPECT_TRUE(becomes_true([&] { return it->total() == 9; }));
  pyro::remote<counter>::batch all(it);
  const auto sum = all.add<&counter::add>(1);
  const auto bad = all.add<&counter::fail>("why");
  all.send();
  EXPECT_EQ(sum.get(), 10);
  EXPECT_EQ(throws<std::invalid_argument>([&] { bad.get(); }).words(), "why");
  EXPECT_THROW(it->fail("why"), std::invalid_argument);
}

struct streams {
  virtual ~streams() = default;
  virtual pyro::stream<int> count_to(int n) = 0;
};
GOF_REMOTE(streams, count_to)

TEST(PyroClient, GoesThroughAGeneratorOfAnInterface) {
  const pyro::remote<streams> it(where("streams"), usual());
  int sum = 0;
  for (const int item : it->count_to(10)) sum += item;
  EXPECT_EQ(sum, 45);
}

// ---- Callbacks ----------------------------------------------------------------------------------

struct visitor {
  virtual ~visitor() = default;
  virtual std::string answer(std::string text) = 0;
  virtual void fail(std::string text) = 0;
  virtual void note(int n) = 0;
};
GOF_REMOTE(visitor, answer, fail, note)

struct callbacks {
  virtual ~callbacks() = default;
  virtual std::vector<std::string> call(std::shared_ptr<visitor> who, int times) = 0;
  virtual void tell(std::shared_ptr<visitor> who, int times) = 0;
  virtual std::string provoke(std::shared_ptr<visitor> who, std::string text) = 0;
  virtual void subscribe(std::shared_ptr<visitor> who) = 0;
  virtual std::vector<std::string> publish(std::string text) = 0;
  virtual void clear() = 0;
};
GOF_REMOTE(callbacks, call, tell, provoke, subscribe, publish, clear)

class guest final : public visitor {
 public:
  explicit guest(std::string name = "alice") : name_(std::move(name)) {}
  std::string answer(std::string text) override { return name_ + " heard " + text; }
  void fail(std::string text) override { throw std::invalid_argument(text); }
  void note(int n) override {
    const std::lock_guard lock(guard_);
    noted_.push_back(n);
  }
  std::vector<int> noted() {
    const std::lock_guard lock(guard_);
    return noted_;
  }

 private:
  const std::string name_;
  std::mutex guard_;
  std::vector<int> noted_;
};

TEST(PyroClient, IsCalledBack) {
  pyro::server ours(serving());
  auto how = usual();
  how.by = ours.references();
  const pyro::remote<callbacks> it(where("callbacks"), how);
  const auto alice = std::make_shared<guest>(), bob = std::make_shared<guest>("bob");
  EXPECT_EQ(it->call(alice, 0), std::vector<std::string>{});
  EXPECT_EQ(
      it->call(alice, 3),
      (std::vector<std::string>{"alice heard call 0", "alice heard call 1", "alice heard call 2"}));
  it->tell(alice, 3);
  EXPECT_EQ(alice->noted(), (std::vector{0, 1, 2}));
  EXPECT_EQ(it->provoke(alice, "Grüße"), "ValueError: Grüße");
  it->subscribe(alice);
  it->subscribe(bob);
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(it->publish("news"),
              (std::vector<std::string>{"alice heard news", "bob heard news"}));
  it->clear();
  EXPECT_EQ(it->publish("news"), std::vector<std::string>{});
}

TEST(PyroClient, IsCalledBackOneWay) {
  pyro::server ours(serving());
  auto how = usual();
  how.by = ours.references();
  const auto alice = std::make_shared<guest>();
  const auto which =
      pyro::members<guest>().method<&guest::answer>("answer").one_way<&guest::note>("note");
  const value who = ours.references()->refer(
      std::make_shared<pyro::servant_of<guest>>(alice, which), alice.get());
  auto it = object("callbacks", how);
  it.call<void>("tell", who, 20);
  std::vector<int> expected;
  for (int i = 0; i < 20; ++i) expected.push_back(i);
  EXPECT_TRUE(becomes_true([&] { return alice->noted().size() >= 20; }));
  EXPECT_EQ(alice->noted(), expected);
}

TEST(PyroClient, NeedsAServerToBeCalledBack) {
  const pyro::remote<callbacks> it(where("callbacks"), usual());
  const auto why = fails([&] { it->call(std::make_shared<guest>(), 1); });
  EXPECT_EQ(why.why, errc::refused);
  EXPECT_NE(why.message.find("calling::by"), std::string::npos) << why.message;
}

// ---- Values -------------------------------------------------------------------------------------

struct order {
  std::string what;
  int pieces = 0;
  std::optional<double> price;
  friend bool operator==(const order&, const order&) = default;
};
BOOST_DESCRIBE_STRUCT(order, (), (what, pieces, price))

template <class T>
void comes_back(const T& it) {
  EXPECT_EQ(object("echo").call<T>("echo", it), it);
}

TEST(PyroClient, SendsArgumentsOfEveryType) {
  comes_back(true);
  comes_back(-7);
  comes_back(std::numeric_limits<std::int64_t>::min());
  comes_back(std::numeric_limits<std::uint64_t>::max());
  comes_back(0.1);
  comes_back(std::numeric_limits<double>::infinity());
  comes_back(std::string("Grüße, 世界 🎲 ' \" \\ \n \0 \x7f", 32));
  comes_back(std::string(300, 'x'));
  comes_back(std::vector{1, 2, 3});
  comes_back(std::vector<std::vector<std::string>>{{"a"}, {}, {"b", "c"}});
  comes_back(std::array{1.5, -0.5});
  comes_back(std::pair(1, std::string("one")));
  comes_back(std::tuple(1, std::string("two"), 3.5, true));
  comes_back(std::map<std::string, int>{{"a", 1}, {"", 2}});
  comes_back(std::optional<int>());
  comes_back(std::optional<int>(7));
  comes_back(std::set{3, 1, 2});
  comes_back(order{"chess", 3, 29.5});
  comes_back(std::vector<order>{{"go", 1, std::nullopt}});
  comes_back(pyro::big_integer("-123456789012345678901234567890"));
  EXPECT_EQ(object("echo").call<std::string>("echo", "a literal"), "a literal");
  EXPECT_EQ(object("echo").call<std::string>("echo", std::string_view("a view")), "a view");
  EXPECT_TRUE(std::signbit(object("echo").call<double>("echo", -0.0)));
  EXPECT_TRUE(std::isnan(object("echo").call<double>("echo", std::nan(""))));
}

TEST(PyroClient, SendsBytesAndComplexNumbers) {
  auto echo = object("echo");
  const pyro::bytes some{std::byte{0}, std::byte{0xff}, std::byte{0x0a}};
  if (spoken() == serializer::json) {
    EXPECT_THROW(echo.call("echo", some), gof::wire::error);
    EXPECT_THROW(echo.call("echo", std::complex(1.0, 2.0)), gof::wire::error);
    EXPECT_EQ(echo.call<int>("echo", 1), 1);  // nothing was sent
    return;
  }
  comes_back(some);
  comes_back(pyro::bytes{});
  comes_back(std::complex(1.0, 2.0));
  comes_back(std::complex(-0.5, 1e-9));
  EXPECT_EQ(echo.call<int>("size_of", some), 3);
}

TEST(PyroClient, SendsDates) {
  using namespace std::chrono;
  const pyro::date day = sys_days(2026y / March / 1);
  const pyro::datetime moment = day + 12h + 30min + 15s + 250ms;
  if (spoken() == serializer::msgpack) {
    comes_back(day);
    comes_back(moment);
    return;
  }
  auto echo = object("echo");
  EXPECT_EQ(echo.call<std::string>("echo", day), "2026-03-01");
  EXPECT_EQ(echo.call<std::string>("echo", moment), "2026-03-01T12:30:15.250000+00:00");
}

TEST(PyroClient, HasKeysOfTextOnly) {
  auto echo = object("echo");
  EXPECT_THROW(echo.call("echo", value(pyro::dict{{value(7), value("int")}})), gof::wire::error);
  EXPECT_EQ(echo.call<int>("echo", 1), 1);
}

// A value of any kind, and what comes back of it.
class random_pair {
 public:
  explicit random_pair(std::uint64_t seed) : r_(seed) {}
  std::pair<value, value> next(int depth = 0) {
    const bool json = spoken() == serializer::json, typed = spoken() == serializer::msgpack;
    switch (up_to(depth < 4 ? 15 : 11)) {
      case 0:
        return same(value());
      case 1:
        return same(value(up_to(1) == 0));
      case 2:
        return same(value(up_to(400) - 200));
      case 3:
        return same(value(static_cast<std::int64_t>(r_() >> up_to(63))));
      case 4:
        return same(value(-static_cast<std::int64_t>(r_() >> 1 >> up_to(62)) - 1));
      case 5:
        return same(value(r_()));
      case 6: {
        std::string digits = up_to(1) == 0 ? "-" : "";
        digits += static_cast<char>('1' + up_to(8));
        for (int n = 20 + up_to(200); n > 0; --n) digits += static_cast<char>('0' + up_to(9));
        return same(value(pyro::big_integer(digits)));
      }
      case 7:
        return same(value(number()));
      case 8:
        return same(value(text()));
      case 9:
        return date();
      case 10: {
        if (json) return same(value(text()));
        pyro::bytes all(static_cast<std::size_t>(up_to(40)));
        for (std::byte& one : all) one = static_cast<std::byte>(up_to(255));
        return same(value(all));
      }
      case 11:
        if (json) return same(value(number()));
        return same(value(std::complex(up_to(1000) / 8.0 - 50, up_to(1000) / 16.0)));
      case 12: {
        pyro::set all;
        for (int n = up_to(5); n > 0; --n) all.items.emplace_back(std::int64_t{n} * 1000);
        return {value(all), value(all.items)};
      }
      case 13: {
        pyro::dict all, came;
        for (int n = up_to(5); n > 0; --n) {
          const bool other = typed && up_to(3) == 0;
          const std::string key = std::to_string(n) + text();
          pyro::bytes bytes;
          for (const char c : key) bytes.push_back(static_cast<std::byte>(c));
          const value name = other ? value(bytes) : value(key);
          auto [sent, back] = next(depth + 1);
          all.emplace_back(name, sent);
          came.emplace_back(name, back);
        }
        return {value(all), value(came)};
      }
      default: {
        pyro::list all, came;
        for (int n = up_to(5); n > 0; --n) {
          auto [sent, back] = next(depth + 1);
          all.push_back(sent);
          came.push_back(back);
        }
        if (up_to(1) == 0) return {value(pyro::tuple{all}), value(came)};
        return {value(all), value(came)};
      }
    }
  }

 private:
  static std::pair<value, value> same(value it) { return {it, it}; }
  int up_to(int most) { return static_cast<int>(r_() % (static_cast<unsigned>(most) + 1)); }
  double number() {
    static constexpr std::array special{0.0, std::numeric_limits<double>::infinity(),
                                        -std::numeric_limits<double>::infinity(),
                                        std::numeric_limits<double>::quiet_NaN(), 5e-324};
    if (up_to(4) == 0) return special[static_cast<std::size_t>(up_to(4))];
    return std::ldexp(static_cast<double>(r_() >> 11) - 4e15, up_to(1500) - 800);
  }
  std::string text() {
    using namespace std::string_view_literals;
    static constexpr std::array letters{
        "a"sv,      "Z"sv,          "7"sv,  " "sv,  "'"sv,      "\""sv,     "\\"sv,
        "\n"sv,     "\r"sv,         "\t"sv, "\0"sv, "\x7f"sv,   "\x1b"sv,   "ß"sv,
        "é"sv,      "Ж"sv,          "世"sv, "🎲"sv,  "\u2028"sv, "\ufeff"sv, "\uffff"sv,
        "\u00ad"sv, "\U0010ffff"sv, "{"sv,  "}"sv};
    std::string all;
    for (int n = up_to(20); n > 0; --n)
      all += letters[static_cast<std::size_t>(up_to(int{letters.size()} - 1))];
    return all;
  }
  // A day, or a moment; which have no type in serpent and JSON.
  std::pair<value, value> date() {
    using namespace std::chrono;
    const sys_days day = sys_days(1970y / January / 1) + days(up_to(90'000) - 25'000);
    const year_month_day is(day);
    std::array<char, 64> all{};
    if (up_to(1) == 0) {
      std::snprintf(all.data(), all.size(), "%04d-%02u-%02u", int{is.year()}, unsigned{is.month()},
                    unsigned{is.day()});
      return {value(day), spoken() == serializer::msgpack ? value(day) : value(all.data())};
    }
    const int second = up_to(86'399), micro = up_to(1) == 0 ? 0 : up_to(999'999);
    const pyro::datetime moment(duration<double>(
        static_cast<double>(duration_cast<seconds>(day.time_since_epoch()).count() + second) +
        micro / 1e6));
    const int n = std::snprintf(all.data(), all.size(), "%04d-%02u-%02uT%02d:%02d:%02d",
                                int{is.year()}, unsigned{is.month()}, unsigned{is.day()},
                                second / 3600, second / 60 % 60, second % 60);
    if (micro > 0)
      std::snprintf(all.data() + n, all.size() - static_cast<std::size_t>(n), ".%06d", micro);
    const value text = std::string(all.data()) + "+00:00";
    return {value(moment), spoken() == serializer::msgpack ? value(moment) : text};
  }

  std::mt19937_64 r_;
};

int random_values() {
  const std::string n = said("GOF_PEER_VALUES");
  return n.empty() ? 10'000 : std::stoi(n);
}

TEST(PyroClient, GetsRandomValuesBack) {
  auto echo = object("echo");
  random_pair r(7);
  for (int n = 0; n < random_values(); n += 50) {
    pyro::list sent, expected;
    for (int i = 0; i < 50; ++i) {
      auto [one, back] = r.next();
      sent.push_back(one);
      expected.push_back(back);
    }
    const pyro::list came = echo.call("echo", value(sent)).as<pyro::list>();
    ASSERT_EQ(came.size(), 50U);
    for (std::size_t i = 0; i < 50; ++i) ASSERT_EQ(came[i], expected[i]) << to_string(sent[i]);
  }
}

TEST(PyroClient, SendsPythonsRandomValuesBack) {
  if (spoken() == serializer::serpent)
    GTEST_SKIP() << "declared: MessagePack inside has no tuples, no sets, and no keys but text";
  auto values = object("values");
  for (int seed = 0; seed < random_values(); seed += 100) {
    const value them = values.call("random_values", seed, 100);
    ASSERT_EQ(them.items().size(), 100U);
    ASSERT_EQ(values.call<std::string>("verify_values", seed, 100, them), "");
  }
  EXPECT_NE(values.call<std::string>("verify_values", 1, 100, value(pyro::list())), "");
}

TEST(PyroClient, SendsAndGetsMuch) {
  for (const bool compress : {false, true}) {
    auto how = usual();
    how.compress = compress;
    auto echo = object("echo", how);
    std::string text;
    std::mt19937 r(1);
    while (text.size() < 800'000) text += static_cast<char>('!' + r() % 90);
    EXPECT_EQ(echo.call<std::size_t>("size_of", text), text.size());
    EXPECT_TRUE(echo.call<std::string>("echo", text) == text);
    std::string all;
    for (int i = 0; i < 400'000; ++i) all += "ab";
    how.most.ratio = 2000;  // so regular a text is taken for an attack
    EXPECT_TRUE(object("echo", how).call<std::string>("repeat", "ab", 400'000) == all);
    if (spoken() == serializer::json) continue;
    pyro::bytes noise(600'000);
    for (std::byte& one : noise) one = static_cast<std::byte>(r());
    EXPECT_TRUE(echo.call<pyro::bytes>("echo", noise) == noise);
  }
}

TEST(PyroClient, SetsALimitToWhatItSendsAndGets) {
  auto echo = object("echo");
  const std::string text(2'000'000, 'x');
  EXPECT_THROW(echo.call("size_of", text), gof::wire::error);
  EXPECT_EQ(echo.call<int>("echo", 1), 1);
  const auto why = fails([&] { echo.call("repeat", "x", 200'000'000); });
  EXPECT_EQ(gof::outcome_of(why.why), outcome::unknown) << why.text();
  EXPECT_EQ(echo.call<int>("echo", 1), 1);
  auto how = usual();
  how.most.message = 4 << 20;
  EXPECT_EQ(object("echo", how).call<std::size_t>("size_of", text), text.size());
}

// ---- A server that is gone, and comes back ------------------------------------------------------

TEST(PyroClient, CallsAgainWhenTheServerIsBack) {
  std::optional<other_peer> peer(std::in_place);
  const pyro::uri at = peer->where("counter");
  remote_object counter(at, usual());
  EXPECT_EQ(counter.call<int>("add", 1), 1);
  peer.reset();
  remote_object too_late(at, usual());
  EXPECT_EQ(fails([&] { too_late.call("add", 1); }).why, errc::nobody_there);
  peer.emplace(at.port);
  EXPECT_EQ(too_late.call<int>("add", 5), 5);
  std::this_thread::sleep_for(
      1100ms);  // it looks at a connection that it has not used for a second
  EXPECT_EQ(counter.call<int>("add", 6), 11);
}

TEST(PyroClient, DoesNotRepeatACallThatWasUnderWay) {
  std::optional<other_peer> peer(std::in_place);
  const pyro::uri at = peer->where("one_way");
  remote_object one_way(at, usual());
  EXPECT_EQ(one_way.call<std::vector<int>>("noted"), std::vector<int>{});
  const auto begin = the_clock::now();
  {
    const auto restarts = std::async(std::launch::async, [&] {
      std::this_thread::sleep_for(200ms);
      peer.reset();
      peer.emplace(at.port);
    });
    const auto why = fails([&] { one_way.call("note_later", 3.0, 7); });
    EXPECT_EQ(why.why, errc::closed) << why.text();
    EXPECT_LT(the_clock::now() - begin, 2s);
  }
  EXPECT_EQ(one_way.call<std::vector<int>>("noted"), std::vector<int>{});
}

// ---- A name server ------------------------------------------------------------------------------

class PyroNames : public testing::Test {
 protected:
  void SetUp() override {
    if (at_.empty()) GTEST_SKIP() << "declared: there is no name server in this run";
    names_.emplace(host(), port(), usual());
    TearDown();
  }
  void TearDown() override {
    if (names_)
      for (const auto& [name, it] : names_->list("ours.")) names_->remove(name);
  }
  [[nodiscard]] std::string host() const { return at_.substr(0, at_.rfind(':')); }
  [[nodiscard]] std::uint16_t port() const {
    return static_cast<std::uint16_t>(std::stoi(at_.substr(at_.rfind(':') + 1)));
  }
  const std::string at_ = said("GOF_PEER_NAME_SERVER");
  std::optional<pyro::name_server> names_;
};

TEST_F(PyroNames, AreFoundAndForgotten) {
  EXPECT_EQ(names_->lookup("peer.echo"), where("echo"));
  const auto unknown = fails([&] { static_cast<void>(names_->lookup("ours.nothing")); });
  EXPECT_EQ(unknown.why, errc::not_found) << unknown.text();
  names_->add("ours.echo", where("echo"));
  EXPECT_EQ(names_->lookup("ours.echo"), where("echo"));
  const auto taken = fails([&] { names_->add("ours.echo", where("slow"), {}, false); });
  EXPECT_EQ(taken.why, errc::conflict) << taken.text();
  EXPECT_EQ(names_->lookup("ours.echo"), where("echo"));
  names_->add("ours.echo", where("slow"));
  EXPECT_EQ(names_->lookup("ours.echo"), where("slow"));
  names_->add("ours.other", where("other"), {}, false);
  EXPECT_EQ(names_->list("ours."), (std::map<std::string, pyro::uri>{
                                       {"ours.echo", where("slow")},
                                       {"ours.other", where("other")},
                                   }));
  EXPECT_EQ(names_->list().count("Pyro.NameServer"), 1U);
  EXPECT_TRUE(names_->remove("ours.echo"));
  EXPECT_FALSE(names_->remove("ours.echo"));
  EXPECT_EQ(names_->list("ours.").size(), 1U);
}

TEST_F(PyroNames, HaveTags) {
  names_->add("ours.one", where("one"), {"ours", "red"});
  names_->add("ours.two", where("two"), {"ours", "blue"});
  const auto red = names_->with_all({"ours", "red"});
  ASSERT_EQ(red.size(), 1U);
  EXPECT_EQ(red.begin()->first, "ours.one");
  EXPECT_EQ(red.begin()->second.where, where("one"));
  EXPECT_EQ(red.begin()->second.tags, (std::set<std::string>{"ours", "red"}));
  EXPECT_EQ(names_->with_any({"red", "blue"}).size(), 2U);
  EXPECT_TRUE(names_->with_all({"red", "blue"}).empty());
  EXPECT_TRUE(names_->with_any({"green"}).empty());
}

TEST_F(PyroNames, StandForObjects) {
  remote_object echo("PYRONAME:peer.echo@" + at_, usual());
  EXPECT_EQ(echo.call<std::string>("echo", "text"), "text");
  EXPECT_EQ(echo.where(), where("echo"));
  echo.disconnect();
  EXPECT_EQ(echo.call<std::string>("echo", "again"), "again");
  remote_object tagged("PYROMETA:peer,peer:echo@" + at_, usual());
  EXPECT_EQ(tagged.call<std::string>("echo", "text"), "text");
  for (const char* const text : {"PYRONAME:ours.nothing@", "PYROMETA:peer,ours@"}) {
    remote_object nothing(text + at_, usual());
    const auto why = fails([&] { nothing.call("echo", 1); });
    EXPECT_EQ(why.why, errc::not_found) << why.text();
  }
  remote_object nowhere("PYRONAME:peer.echo@127.0.0.1:1", usual());
  EXPECT_EQ(fails([&] { nowhere.call("echo", 1); }).why, errc::nobody_there);
}

TEST_F(PyroNames, LeadPythonToObjectsOfOurs) {
  pyro::server ours(serving());
  names_->add("ours.guest", ours.expose<visitor>(std::make_shared<guest>("carol"), "guest"));
  auto how = usual();
  how.by = ours.references();
  remote_object carol("PYRONAME:ours.guest@" + at_, how);
  EXPECT_EQ(carol.call<std::string>("answer", "us"), "carol heard us");
  EXPECT_EQ(object("callbacks", how).call<std::vector<std::string>>("call", carol.reference(), 1),
            std::vector<std::string>{"carol heard call 0"});
}

// ---- TLS ----------------------------------------------------------------------------------------

class PyroTls : public testing::Test {
 protected:
  void SetUp() override {
    if (tls_folder().empty()) GTEST_SKIP() << "declared: there is no TLS in this run";
  }
  static errc adding(const pyro::uri& at, const pyro::tls_options& tls) {
    auto how = usual();
    how.deadline = 3s;
    how.tls = tls;
    remote_object arithmetic(at, how);
    return fails([&] { arithmetic.call("add", 1, 2); }).why;
  }
};

TEST_F(PyroTls, RefusesClientsWithoutTheRightCertificate) {
  const auto at = where("arithmetic");
  pyro::tls_options nothing;
  nothing.authorities = tls_folder() + "/authority.pem";
  // Python ends the connection at once, and the reason for it may be lost then.
  const auto is_refused = [](errc why) { return why == errc::denied || why == errc::unavailable; };
  EXPECT_PRED1(is_refused, adding(at, nothing));
  EXPECT_PRED1(is_refused, adding(at, showing("stranger")));
  EXPECT_PRED1(is_refused, adding(at, {}));  // in clear text
  EXPECT_EQ(object("arithmetic").call<int>("add", 1, 2), 3);
}

TEST_F(PyroTls, RefusesServersWithoutTheRightCertificate) {
  EXPECT_EQ(adding(where("arithmetic"), showing("client", "stranger_authority")), errc::denied);
  for (const char* const name : {"elsewhere", "stranger"}) {
    const other_peer peer(0, std::string("--tls-as ") + name);
    EXPECT_EQ(adding(peer.where("arithmetic"), showing("client")), errc::denied) << name;
  }
}

TEST_F(PyroTls, IsRefusedByAServerInClearText) {
  const other_peer peer(0, "--tls ''");
  EXPECT_EQ(adding(peer.where("arithmetic"), showing("client")), errc::denied);
}

}  // namespace
