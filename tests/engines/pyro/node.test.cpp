// SPDX-License-Identifier: BSL-1.0
#include <gof/engines/pyro.hpp>
// The header under test comes first, so that it has to stand alone.
#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <initializer_list>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gof/join.hpp>
#include <gof/pyro/object.hpp>
#include <gof/pyro/server.hpp>
#include <gof/wait.hpp>

#ifdef GOF_HAS_FILE
#include <gof/engines/file.hpp>
#endif

#include "engines/conformance.hpp"
#include "engines/file/support.hpp"
#include "engines/pyro/authority.hpp"
#include "engines/pyro/waiting.hpp"
#include "support/port.hpp"

namespace {

using namespace gof::testing;
using namespace std::chrono_literals;
using certifying::authority;
using gof::errc;
using gof::message;
using gof::result;
using std::chrono::steady_clock;
using waiting::reason;
namespace engines = gof::engines;

std::string rest(const engines::pyro_broker& of) { return of.url().substr(5); }

class over_tcp : public engine_under_test {
 public:
  std::unique_ptr<gof::node> join(std::string name) override {
    return engines::join_pyro(rest(broker_), std::move(name));
  }
  [[nodiscard]] bool has_threads() const override { return true; }

 private:
  engines::pyro_broker broker_;
};
std::unique_ptr<engine_under_test> make_over_tcp() { return std::make_unique<over_tcp>(); }

INSTANTIATE_TEST_SUITE_P(Pyro, Conformance, ::testing::Values(&make_over_tcp));

// ---- Helpers ------------------------------------------------------------------------------------

constexpr auto patience = 60s;  // no test depends on how soon

// Runs nodes by turns, until it holds.
template <class F>
bool together(std::initializer_list<gof::node*> all, F holds) {
  for (const auto end = steady_clock::now() + patience; steady_clock::now() < end;)
    for (gof::node* const it : all)
      if (it->run_until(holds, 1ms)) return true;
  return false;
}
// What a call of one comes to, while the others run.
result<message> answer_of(gof::node& caller, message what, std::initializer_list<gof::node*> others,
                          gof::duration deadline = gof::default_deadline) {
  std::optional<result<message>> came;
  caller.call(std::move(what), [&](auto it) { came.emplace(std::move(it)); }, {deadline}).detach();
  std::vector<gof::node*> all(others);
  for (const auto end = steady_clock::now() + patience; !came && steady_clock::now() < end;) {
    caller.run_until([&] { return came.has_value(); }, 1ms);
    for (gof::node* const it : others) it->run_until([] { return false; }, 1ms);
  }
  if (!came) return errc::deadline;
  return std::move(*came);
}
// Serves a subject, and says who asked.
gof::registration serves(gof::node& on, const std::string& subject, const std::string& group = {}) {
  bool ready = false;
  auto it = on.serve(
      subject,
      [](const message& what, gof::responder to) {
        to.reply(what.body + " of " + what.principal + ' ' + std::to_string(what.incarnation));
      },
      {group}, [&](const result<void>& is) { ready = bool(is); });
  EXPECT_TRUE(on.run_until([&] { return ready; }, patience));
  return it;
}
std::string said_to(const gof::node& who, const std::string& what) {
  return what + " of " + who.name() + ' ' + std::to_string(who.incarnation());
}
std::string why_not(const std::string& rest, const std::string& name = {},
                    engines::pyro_options how = {}) {
  try {
    const auto node = engines::join_pyro(rest, name, std::move(how));
    return {};
  } catch (const gof::failure& why) {
    return why.reason().text();
  }
}

// Between nodes and their broker: passes bytes on, and cuts connections at any byte.
class forwarder {
 public:
  explicit forwarder(std::uint16_t to) : to_(to), listens_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in at = gof::testing::here(0);
    socklen_t size = sizeof at;
    if (::bind(listens_, reinterpret_cast<sockaddr*>(&at), size) != 0 ||
        ::listen(listens_, 64) != 0 ||
        ::getsockname(listens_, reinterpret_cast<sockaddr*>(&at), &size) != 0)
      throw std::runtime_error("no forwarder");
    port_ = ntohs(at.sin_port);
    thread_ = std::thread([this] { run(); });
  }
  forwarder(const forwarder&) = delete;
  forwarder& operator=(const forwarder&) = delete;
  ~forwarder() {
    ends_ = true;
    thread_.join();
    for (const pair& it : all_) it.close();
    ::close(listens_);
  }
  [[nodiscard]] std::string rest() const { return "//127.0.0.1:" + std::to_string(port_); }
  [[nodiscard]] int cuts() const { return cuts_; }
  void cut_all() {
    all_at_once_ = true;
    if (!waiting::eventually([&] { return !all_at_once_; })) throw std::runtime_error("not cut");
  }
  // One of so many chunks is cut off; 0 for none.
  void cut_one_of(unsigned many) { one_of_ = many; }

 private:
  struct pair {
    int ends[2];
    void close() const {
      for (const int it : ends) ::close(it);
    }
  };
  void run() {
    while (!ends_) {
      if (all_at_once_) {
        for (const pair& it : all_) it.close();
        all_.clear();
        all_at_once_ = false;
      }
      std::vector<pollfd> what{{listens_, POLLIN, 0}};
      for (const pair& it : all_)
        for (const int end : it.ends) what.push_back({end, POLLIN, 0});
      if (::poll(what.data(), what.size(), 10) <= 0) continue;
      std::size_t at = 1;
      for (auto it = all_.begin(); it != all_.end();) {
        bool lives = true;
        for (int from = 0; from != 2; ++from)
          if (what[at++].revents != 0 && lives) lives = pass_on(it->ends[from], it->ends[1 - from]);
        if (!lives) it->close();
        it = lives ? std::next(it) : all_.erase(it);
      }
      if (what[0].revents != 0) take_in();
    }
  }
  void take_in() {
    pair it{{::accept(listens_, nullptr, nullptr), ::socket(AF_INET, SOCK_STREAM, 0)}};
    const sockaddr_in at = gof::testing::here(to_);
    if (::connect(it.ends[1], reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0)
      all_.push_back(it);
    else
      it.close();
  }
  bool pass_on(int from, int to) {
    char bytes[2048];
    const ssize_t size = ::recv(from, bytes, sizeof bytes, MSG_DONTWAIT);
    if (size <= 0) return false;
    const unsigned many = one_of_;
    const bool cut = many != 0 && chance_() % many == 0;
    if (cut) ++cuts_;
    const auto left = static_cast<std::size_t>(size);
    const std::size_t passes = cut ? chance_() % (left + 1) : left;
    for (std::size_t at = 0; at < passes;) {
      const ssize_t sent = ::send(to, bytes + at, passes - at, MSG_NOSIGNAL);
      if (sent <= 0) return false;
      at += static_cast<std::size_t>(sent);
    }
    return !cut;
  }

  const std::uint16_t to_;
  const int listens_;
  std::uint16_t port_ = 0;
  std::list<pair> all_;
  std::mt19937 chance_{17};
  std::atomic<unsigned> one_of_ = 0;
  std::atomic<int> cuts_ = 0;
  std::atomic<bool> ends_ = false, all_at_once_ = false;
  std::thread thread_;
};

// ---- Connections that break ---------------------------------------------------------------------

// Adds so many, by a value's version.
struct incrementer {
  gof::node& on;
  int left, unknown = 0, done = 0;
  void next() {
    if (left == 0) return;
    on.get("counts", "all", [this](const result<gof::versioned>& it) {
        if (!it && it.error().why != errc::not_found) return next();  // it only looks
        add(it ? std::stoi(*it->value) : 0, it ? it->version : gof::absent);
      }).detach();
  }
  void add(int before, std::uint64_t version) {
    on.put("counts", "all", std::to_string(before + 1), version,
           [this](const result<std::uint64_t>& is) {
             if (!is && is.outcome() == gof::outcome::not_applied) return next();
             --left;
             ++(is ? done : unknown);
             next();
           })
        .detach();
  }
};

TEST(PyroNode, LosesAndDoublesNothingWhereItsConnectionsAreCutAtAnyByte) {
  const engines::pyro_broker broker;
  forwarder between(broker.port());
  const auto ann = engines::join_pyro(between.rest(), "ann");
  const auto bob = engines::join_pyro(between.rest(), "bob");
  const std::uint64_t lives[] = {ann->incarnation(), bob->incarnation()};

  constexpr int lines = 300;
  constexpr int steps = 50;
  int ready = 0;
  int executed = 0, answered = 0, doubtful = 0, appended = 0, unknown = 0, heard = 0;
  std::map<std::uint64_t, std::string> read;
  std::uint64_t last_read = 0;
  const auto serving = bob->serve(
      "count",
      [&](const message& what, gof::responder to) {
        ++executed;
        to.reply(what.body);
      },
      {"group"}, [&](const result<void>& is) { ready += bool(is); });
  const auto reading = bob->read("lines", 1, [&](const gof::entry& it) {
    EXPECT_EQ(it.sequence, ++last_read) << "a gap, or a repetition";
    read[it.sequence] = it.content.body;
  });
  int last_heard = -1;
  const auto listening = bob->subscribe(
      "news",
      [&](const message& what) {
        const int number = std::stoi(what.body);
        EXPECT_GT(number, std::exchange(last_heard, number)) << "again, or out of order";
        ++heard;
      },
      {}, [&](const result<void>& is) { ready += bool(is); });
  ASSERT_TRUE(bob->run_until([&] { return ready == 2; }, patience));
  between.cut_one_of(40);

  std::map<std::uint64_t, std::string> acknowledged;
  int begun = 0;
  std::function<void()> append = [&] {
    if (begun == lines) return;
    const std::string body = std::to_string(begun++);
    EXPECT_TRUE(ann->publish({"news", body}));
    ann->append("lines", {"line", body},
                [&, body](const result<gof::appended>& is) {
                  if (is)
                    EXPECT_TRUE(acknowledged.emplace(is->sequence, body).second);
                  else
                    ++unknown;
                  ++appended;
                  append();
                })
        .detach();
  };
  int calls = 0;
  std::function<void()> call = [&] {
    if (calls == steps) return;
    const std::string body = std::to_string(calls++);
    ann->call({"count", body},
              [&, body](const result<message>& is) {
                EXPECT_TRUE(!is || is->body == body) << "the answer of another call";
                if (is)
                  ++answered;
                else if (is.outcome() != gof::outcome::not_applied)
                  ++doubtful;
                call();
              })
        .detach();
  };
  incrementer first{*ann, steps}, second{*bob, steps};
  for (int i = 0; i != 5; ++i) append();
  call();
  first.next();
  second.next();
  ASSERT_TRUE(together({ann.get(), bob.get()}, [&] {
    return appended == lines && calls == steps && answered + doubtful == steps && first.left == 0 &&
           second.left == 0;
  }));
  EXPECT_GT(between.cuts(), 10);
  between.cut_one_of(0);

  // Who is not back in a second may be given up: what it asked for is unknown then, and is told so.
  EXPECT_TRUE(unknown + first.unknown == 0 || lives[0] != ann->incarnation());
  EXPECT_TRUE(second.unknown == 0 || lives[1] != bob->incarnation());
  EXPECT_GE(executed, answered);
  EXPECT_LE(executed, answered + doubtful);
  const auto there = lines_of(*ann, "lines");
  EXPECT_GE(there.size(), acknowledged.size());
  EXPECT_LE(there.size(), acknowledged.size() + static_cast<std::size_t>(unknown));
  std::set<std::string> bodies;
  for (const auto& [sequence, body] : there) EXPECT_TRUE(bodies.insert(body).second) << body;
  for (const auto& [sequence, body] : acknowledged) EXPECT_EQ(there.at(sequence), body);
  const int sum = std::stoi(*gof::blocking(*ann).get("counts", "all").value);
  EXPECT_GE(sum, first.done + second.done);
  EXPECT_LE(sum, first.done + second.done + first.unknown + second.unknown);
  ASSERT_TRUE(together({ann.get(), bob.get()}, [&] { return last_read > there.rbegin()->first; }));
  std::erase_if(read, [](const auto& it) { return it.second.empty(); });  // the end
  EXPECT_EQ(read, there);
  EXPECT_LE(heard, lines);
}

TEST(PyroNode, StaysTheSameWhereItsConnectionsAreCutWhileItWaits) {
  const engines::pyro_broker broker;
  forwarder between(broker.port());
  const auto ann = engines::join_pyro(between.rest(), "ann");
  const auto bob = engines::join_pyro(between.rest(), "bob");
  const std::uint64_t lives[] = {ann->incarnation(), bob->incarnation()};
  std::optional<gof::responder> kept;
  int executed = 0;
  bool ready = false;
  const auto serving = bob->serve(
      "count",
      [&](const message&, gof::responder to) {
        ++executed;
        kept.emplace(std::move(to));
      },
      {"group"}, [&](const result<void>& is) { ready = bool(is); });
  ASSERT_TRUE(bob->run_until([&] { return ready; }, patience));
  std::optional<result<message>> came;
  const auto begun = steady_clock::now();
  ann->call({"count"}, [&](auto it) { came.emplace(std::move(it)); }, {10min}).detach();
  ASSERT_TRUE(together({ann.get(), bob.get()}, [&] { return executed == 1; }));
  between.cut_all();
  // Longer than the second after which who is not connected is gone.
  together({ann.get(), bob.get()}, [&] { return steady_clock::now() - begun > 2500ms; });
  EXPECT_FALSE(came);
  kept->reply("one");
  ASSERT_TRUE(together({ann.get(), bob.get()}, [&] { return came.has_value(); }));
  ASSERT_TRUE(*came) << came->error().text();
  EXPECT_EQ(executed, 1);
  EXPECT_EQ(ann->incarnation(), lives[0]);
  EXPECT_EQ(bob->incarnation(), lives[1]);
}

// ---- A broker that is started again -------------------------------------------------------------

#ifdef GOF_HAS_FILE
TEST(PyroNode, GoesOnWithABrokerThatIsStartedAgain) {
  const folder in;
  const std::uint16_t port = free_port();
  std::optional<engines::pyro_broker> broker;
  const auto start = [&] {
    broker.emplace(engines::open_file(in / "kept.db?durability=process"),
                   engines::pyro_broker_options{.port = port});
  };
  start();
  const auto ann = gof::join(broker->url(), {"ann"}), bob = gof::join(broker->url(), {"bob"});
  EXPECT_TRUE(ann->promises().durable);
  gof::blocking waits(*ann);
  const std::uint64_t life = bob->incarnation();

  const auto alone = serves(*bob, "alone"), grouped = serves(*bob, "grouped", "group");
  std::vector<gof::responder> kept;
  int executed = 0;
  const auto never = bob->serve("never",
                                [&](const message&, gof::responder to) {
                                  ++executed;
                                  kept.push_back(std::move(to));
                                },
                                {"group"});
  int heard = 0;
  const auto listening = bob->subscribe("news.*", [&](const message&) { ++heard; });
  std::vector<std::uint64_t> read;
  const auto reading =
      bob->read("lines", 1, [&](const gof::entry& it) { read.push_back(it.sequence); });
  std::string value;
  const auto watching =
      bob->watch("values", ">", [&](const gof::versioned& it) { value = it.value.value_or(""); });
  int worked = 0;
  const auto working = bob->work("jobs", "workers", [&](gof::delivery it) {
    ++worked;
    it.settle(gof::verdict::done, {}, {});
  });
  std::vector<std::string> events;
  ann->on_event([&](const gof::event& it) {
    if (it.what == gof::event::kind::lost) events.push_back("lost");
    if (it.what == gof::event::kind::connected) events.push_back("connected");
  });
  const auto publishes_until_heard = [&] {
    const int before = heard;
    return together({bob.get(), ann.get()}, [&] {
      if (heard == before) (void)ann->publish({"news.sport", "3:1"});
      return heard > before;
    });
  };
  EXPECT_TRUE(publishes_until_heard());
  const auto first = waits.append("lines", {"line", "one", {7, 1}}).sequence;
  const auto version = waits.put("values", "seat", "Ada", gof::absent);
  ASSERT_TRUE(together({ann.get(), bob.get()}, [&] { return read.size() == 1 && value == "Ada"; }));

  // Under way, with ten minutes left.
  std::optional<result<message>> came;
  ann->call({"never"}, [&](auto it) { came.emplace(std::move(it)); }, {10min}).detach();
  ASSERT_TRUE(together({ann.get(), bob.get()}, [&] { return executed == 1; }));
  broker.reset();
  ASSERT_TRUE(together({ann.get(), bob.get()}, [&] { return events.size() == 1; }));
  EXPECT_FALSE(came) << "nobody knows yet what becomes of it";
  // What is asked for meanwhile waits for the next one.
  std::optional<result<gof::appended>> second;
  ann->append("lines", {"line", "two"}, [&](auto it) { second.emplace(std::move(it)); }).detach();
  start();
  ASSERT_TRUE(
      together({ann.get(), bob.get()}, [&] { return came && second && events.size() == 2; }));
  ASSERT_FALSE(*came);
  EXPECT_EQ(came->error().why, errc::closed);
  EXPECT_EQ(came->outcome(), gof::outcome::unknown);
  EXPECT_NE(came->error().message, "");
  EXPECT_EQ(events, (std::vector<std::string>{"lost", "connected"}));
  EXPECT_TRUE(*second) << second->error().text();

  // An answer to a call of the broker before goes nowhere, though this one counts anew.
  came.reset();
  EXPECT_TRUE(publishes_until_heard());  // so bob is there
  ann->call({"never"}, [&](auto it) { came.emplace(std::move(it)); }, {10min}).detach();
  ASSERT_TRUE(together({ann.get(), bob.get()}, [&] { return executed == 2; }));
  kept.at(0).reply("to the one before");
  EXPECT_TRUE(publishes_until_heard());
  EXPECT_FALSE(came);
  kept.at(1).reply("to this one");
  ASSERT_TRUE(together({ann.get(), bob.get()}, [&] { return came.has_value(); }));
  ASSERT_TRUE(*came) << came->error().text();
  EXPECT_EQ((*came)->body, "to this one");

  // What was kept is there, and an id is still known.
  const auto again = waits.append("lines", {"line", "one", {7, 1}});
  EXPECT_EQ(again.sequence, first);
  EXPECT_TRUE(again.repeated);
  EXPECT_EQ(waits.get("values", "seat").version, version);
  EXPECT_EQ(reason([&] { waits.put("values", "seat", "Bea", gof::absent); }), errc::conflict);
  EXPECT_GT(waits.put("values", "seat", "Cleo", version), version);

  // Whoever served, listened, read, followed or worked, does so again.
  ASSERT_TRUE(together({ann.get(), bob.get()}, [&] { return bob->incarnation() > life; }));
  for (const char* subject : {"alone", "grouped"}) {
    result<message> it = answer_of(*ann, {subject, "hello"}, {bob.get()});
    // It may not have been told of yet.
    const auto end = steady_clock::now() + patience;
    while (!it && it.error().why == errc::nobody_there && steady_clock::now() < end)
      it = answer_of(*ann, {subject, "hello"}, {bob.get()});
    ASSERT_TRUE(it) << subject << ": " << it.error().text();
    EXPECT_EQ(it->body, said_to(*ann, "hello"));
  }
  EXPECT_TRUE(publishes_until_heard());
  waits.append("lines", {"line", "three"});
  waits.append("jobs", {"job", "one"});
  ASSERT_TRUE(together({ann.get(), bob.get()},
                       [&] { return read.size() == 3 && value == "Cleo" && worked == 1; }));
  EXPECT_EQ(read, (std::vector<std::uint64_t>{first, first + 1, first + 2}));
  EXPECT_EQ(executed, 2);
}
#endif

TEST(PyroNode, EndsWhatWasUnderWayAlsoWhereTheNextBrokerKnowsNothing) {
  const std::uint16_t port = free_port();
  std::optional<engines::pyro_broker> broker;
  broker.emplace(nullptr, engines::pyro_broker_options{.port = port});
  const auto ann = gof::join(broker->url(), {"ann"});
  gof::blocking(*ann).append("lines", {"line", "one"});
  std::optional<result<message>> came;
  const auto serving = ann->serve("self",
                                  [](const message&, gof::responder to) {
                                    static std::vector<gof::responder> kept;  // answers nobody
                                    kept.push_back(std::move(to));
                                  },
                                  {"group"});
  ann->call({"self"}, [&](auto it) { came.emplace(std::move(it)); }, {10min}).detach();
  ann->run_until([] { return false; }, 50ms);
  broker.reset();
  broker.emplace(nullptr, engines::pyro_broker_options{.port = port});
  ASSERT_TRUE(ann->run_until([&] { return came.has_value(); }, patience));
  EXPECT_EQ(came->error().why, errc::closed);
  EXPECT_EQ(gof::blocking(*ann).append("lines", {"line", "one"}).sequence, 1u) << "a new log";
}

// ---- Direct calls -------------------------------------------------------------------------------

TEST(PyroNode, CallsWhoServesAloneAlsoWhereTheBrokerIsGone) {
  std::optional<engines::pyro_broker> broker;
  broker.emplace();
  const auto ann = gof::join(broker->url(), {"ann"}), bob = gof::join(broker->url(), {"bob"});
  const auto alone = serves(*bob, "alone"), grouped = serves(*bob, "grouped", "group");
  // The first call asks the broker where it is.
  for (const char* subject : {"alone", "grouped", "alone"})
    ASSERT_TRUE(answer_of(*ann, {subject, "with it"}, {bob.get()})) << subject;
  bool lost = false;
  ann->on_event([&](const gof::event& it) { lost = lost || it.what == gof::event::kind::lost; });
  broker.reset();
  ASSERT_TRUE(together({ann.get(), bob.get()}, [&] { return lost; }));
  for (int i = 0; i != 3; ++i) {
    const auto it = answer_of(*ann, {"alone", "without it"}, {bob.get()});
    ASSERT_TRUE(it) << it.error().text();
    EXPECT_EQ(it->body, said_to(*ann, "without it"));
    EXPECT_EQ(it->principal, "bob");
    EXPECT_EQ(it->incarnation, bob->incarnation());
  }
  const auto it = answer_of(*ann, {"grouped", "without it"}, {bob.get()}, 200ms);
  ASSERT_FALSE(it);
  EXPECT_EQ(it.outcome(), gof::outcome::unknown);
}

TEST(PyroNode, SaysWhoCallsWhateverTheCallerSays) {
  const engines::pyro_broker broker;
  const auto ann = gof::join(broker.url(), {"ann"}), bob = gof::join(broker.url(), {"bob"});
  const auto eve = gof::join(broker.url(), {"eve"});
  const auto alone = serves(*bob, "alone"), grouped = serves(*bob, "grouped", "group");
  for (int i = 0; i != 3; ++i)  // through the broker, and then directly
    for (const char* subject : {"alone", "grouped"}) {
      message forged(subject, "it is me");
      forged.principal = "ann";
      forged.incarnation = ann->incarnation();
      const auto it = answer_of(*eve, std::move(forged), {bob.get(), ann.get()});
      ASSERT_TRUE(it) << it.error().text();
      EXPECT_EQ(it->body, said_to(*eve, "it is me"));
    }
}

// Somebody who speaks the protocol by hand, as what nodes say to each other.
TEST(PyroNode, BelievesNobodyWhoCallsDirectlyWithoutTheBrokersWord) {
  using gof::pyro::value;
  const engines::pyro_broker broker;
  const auto bob = gof::join(broker.url(), {"bob"}), ann = gof::join(broker.url(), {"ann"});
  const auto alone = serves(*bob, "alone");
  gof::pyro::remote_object asks(gof::pyro::uri("gof.broker", "127.0.0.1", broker.port()));
  const auto entered = asks.call<value>("enter", "eve", 0, "", 0, "a key")[1];
  const auto place = asks.call<value>("find", entered.at("key").as<std::string>(), "alone");
  const auto port = static_cast<std::uint16_t>(place.at("port").as<std::int64_t>());
  const std::string ticket = place.at("ticket").as<std::string>();
  ASSERT_TRUE(ticket.ends_with(" eve")) << ticket;
  gof::pyro::remote_object door(gof::pyro::uri("gof.node", "127.0.0.1", port));
  const auto calls_with = [&](const std::string& shown) {
    using gof::pyro::dict;
    const dict id{{value("client"), value(0)}, {value("sequence"), value(0)}};
    const dict what{{value("subject"), value("alone")}, {value("body"), value("hello")},
                    {value("id"), value(id)},           {value("trace"), value("")},
                    {value("attempt"), value(1)},       {value("remaining"), value(10'000'000'000)},
                    {value("incarnation"), value(0)},   {value("principal"), value("ann")}};
    auto answer = std::async(std::launch::async, [&] {
      return door.call<value>("call", shown, std::int64_t{1} << 60, value(what));
    });
    EXPECT_TRUE(
        together({bob.get()}, [&] { return answer.wait_for(0s) == std::future_status::ready; }));
    return answer.get();
  };
  const auto with_it = calls_with(ticket);
  ASSERT_EQ(with_it[0].as<std::int64_t>(), 2);
  EXPECT_TRUE(with_it[1].as<std::string>().starts_with("hello of eve "));
  const std::string digest = ticket.substr(0, 64);
  for (const std::string& forged : {digest + ' ' + std::to_string(ann->incarnation()) + " ann",
                                    std::string(64, '0') + ticket.substr(64), digest, digest + ' ',
                                    std::string(), ' ' + ticket, ticket + 'x'})
    EXPECT_EQ(calls_with(forged)[0].as<std::int64_t>(), 0) << forged;
}

TEST(PyroNode, CallsTheNextOneWhereTheOneWhoServedAloneIsGone) {
  const engines::pyro_broker broker;
  const auto ann = gof::join(broker.url(), {"ann"});
  auto bob = gof::join(broker.url(), {"bob"});
  auto alone = serves(*bob, "alone");
  for (int i = 0; i != 2; ++i) ASSERT_TRUE(answer_of(*ann, {"alone", "1"}, {bob.get()}));
  const auto cleo = gof::join(broker.url(), {"cleo"});
  alone.drop();
  bob.reset();
  std::optional<gof::registration> next;
  ASSERT_TRUE(waiting::eventually([&] {  // that he is gone may take a moment
    bool is = false, told = false;
    next = cleo->serve(
        "alone", [](const message&, gof::responder to) { to.reply("by cleo"); }, {},
        [&](const result<void>& came) {
          told = true;
          is = bool(came);
        });
    cleo->run_until([&] { return told; }, patience);
    return is;
  }));
  result<message> it = answer_of(*ann, {"alone", "2"}, {cleo.get()});
  // The connection to him may end while this one is on its way.
  if (!it && it.outcome() == gof::outcome::unknown)
    it = answer_of(*ann, {"alone", "3"}, {cleo.get()});
  ASSERT_TRUE(it) << it.error().text();
  EXPECT_EQ(it->body, "by cleo");
}

TEST(PyroNode, IsAskedByThePolicyForCallsThatWouldGoDirectly) {
  engines::pyro_broker_options how;
  how.allow = [](const std::string& who, std::string_view what, const std::string& where) {
    return what != "call" || where != "alone" || who != "eve";
  };
  const engines::pyro_broker broker({}, std::move(how));
  const auto ann = gof::join(broker.url(), {"ann"}), bob = gof::join(broker.url(), {"bob"});
  const auto eve = gof::join(broker.url(), {"eve"});
  const auto alone = serves(*bob, "alone");
  for (int i = 0; i != 3; ++i) {
    EXPECT_TRUE(answer_of(*ann, {"alone", "hello"}, {bob.get()}));
    const auto it = answer_of(*eve, {"alone", "hello"}, {bob.get()});
    ASSERT_FALSE(it);
    EXPECT_EQ(it.error().why, errc::denied);
    EXPECT_NE(it.error().message, "");
  }
}

// ---- What cannot be joined ----------------------------------------------------------------------

TEST(PyroNode, IsRefusedByWordsThatSayWhatToWrite) {
  for (const char* rest : {"", "//", "//localhost", "//localhost:", "//localhost:x",
                           "//localhost:99999", "127.0.0.1:4000", "//:4000"}) {
    const std::string why = why_not(rest);
    EXPECT_TRUE(why.starts_with("refused: pyro:")) << rest << ": " << why;
    EXPECT_NE(why.find("write pyro://HOST:PORT"), std::string::npos) << rest << ": " << why;
  }
}

TEST(PyroNode, IsToldWhereThereIsNoBroker) {
  const std::string at = "127.0.0.1:" + std::to_string(free_port());
  const std::string nobody = why_not("//" + at);
  EXPECT_TRUE(nobody.starts_with("nobody serves this")) << nobody;
  EXPECT_NE(nobody.find(at), std::string::npos) << nobody;
  const std::string unknown = why_not("//no-such-host.invalid:4000");
  EXPECT_NE(unknown.find("no-such-host.invalid"), std::string::npos) << unknown;
  // Somebody is there, and is no broker.
  gof::pyro::server other;
  const std::string another = why_not("//127.0.0.1:" + std::to_string(other.port()));
  EXPECT_NE(another, "");
  EXPECT_NE(another.find("gof.broker"), std::string::npos) << another;
}

TEST(PyroNode, HasANameOfItsOwn) {
  const engines::pyro_broker broker;
  const auto ann = gof::join(broker.url(), {"ann"});
  const std::string why = why_not(rest(broker), "ann");
  EXPECT_TRUE(why.starts_with("conflict")) << why;
  EXPECT_NE(why.find("ann"), std::string::npos) << why;
  const auto one = gof::join(broker.url()), other = gof::join(broker.url());
  EXPECT_NE(one->name(), other->name());
}

TEST(PyroBroker, IsAloneAtItsPort) {
  const engines::pyro_broker broker;
  EXPECT_EQ(reason([&] { const engines::pyro_broker again({}, {.port = broker.port()}); }),
            errc::conflict);
}

// ---- Security -----------------------------------------------------------------------------------

TEST(PyroBroker, IsSecuredWhereOthersReachIt) {
  EXPECT_EQ(reason([] { const engines::pyro_broker open({}, {.host = "0.0.0.0"}); }),
            errc::refused);
  const engines::pyro_broker meant({}, {.host = "0.0.0.0", .security = {.insecure = true}});
  // Nor does a node let itself be called.
  EXPECT_EQ(reason([&] {
              const auto ann = engines::join_pyro("//127.0.0.1:" + std::to_string(meant.port()),
                                                  "ann", {.security = {}, .host = "0.0.0.0"});
            }),
            errc::refused);
}

TEST(PyroNode, SharesTlsAndASecretWithItsBroker) {
  authority ours("ours"), theirs("theirs");
  const std::string secret = "sixteen bytes at least";
  const engines::pyro_broker broker({}, {.security = {ours.of("broker", ours), secret}});
  const engines::pyro_options of_ann{.security = {ours.of("ann", ours), secret}};
  const engines::pyro_options of_bob{.security = {ours.of("bob", ours), secret}};
  const auto ann = engines::join_pyro(rest(broker), "ann", of_ann);
  const auto bob = engines::join_pyro(rest(broker), "bob", of_bob);
  const auto alone = serves(*bob, "alone"), grouped = serves(*bob, "grouped", "group");
  for (int i = 0; i != 3; ++i)
    for (const char* subject : {"alone", "grouped"}) {
      const auto it = answer_of(*ann, {subject, "hello"}, {bob.get()});
      ASSERT_TRUE(it) << it.error().text();
      EXPECT_EQ(it->body, said_to(*ann, "hello"));
    }
  EXPECT_EQ(gof::blocking(*ann).append("lines", {"line", "one"}).sequence, 1u);

  const auto refused = [&](engines::pyro_security how) {
    return reason([&] {
      const auto eve = engines::join_pyro(rest(broker), "eve", {.security = std::move(how)});
    });
  };
  EXPECT_EQ(refused({ours.of("eve", ours), "another sixteen bytes"}), errc::denied);
  EXPECT_EQ(refused({ours.of("eve", ours), {}}), errc::denied);
  // What the broker says of a certificate may get lost, as it then hangs up.
  const auto untrusted = refused({theirs.of("eve", ours), secret});
  EXPECT_TRUE(untrusted == errc::denied || untrusted == errc::unavailable);
  EXPECT_EQ(refused({ours.of("eve", theirs), secret}), errc::denied);
  EXPECT_NE(refused({{}, secret}), std::nullopt);
  EXPECT_TRUE(answer_of(*ann, {"alone", "still"}, {bob.get()}));
}

TEST(PyroNode, SharesASecretWithoutTlsOnThisMachine) {
  const engines::pyro_broker broker({}, {.security = {.secret = "sixteen bytes at least"}});
  const auto ann =
      engines::join_pyro(rest(broker), "ann", {.security = {.secret = "sixteen bytes at least"}});
  EXPECT_EQ(gof::blocking(*ann).append("lines", {"line", "one"}).sequence, 1u);
  for (const char* wrong : {"another sixteen bytes", ""}) {
    const std::string why = why_not(rest(broker), "eve", {.security = {.secret = wrong}});
    EXPECT_TRUE(why.starts_with("denied")) << why;
  }
}

}  // namespace
