// SPDX-License-Identifier: BSL-1.0
#include <gof/pyro/server.hpp>
// The header under test comes first, so that it has to stand alone.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <gof/pyro/object.hpp>
#include <gof/pyro/remote.hpp>

#include "engines/pyro/waiting.hpp"

namespace {

namespace pyro = gof::pyro;
using namespace std::chrono_literals;
using gof::errc;
using gof::outcome;
using pyro::remote_object;
using pyro::serving;
using pyro::value;

static_assert(!std::is_copy_constructible_v<pyro::server>);

using waiting::eventually;
using waiting::reason;

// Opens once, for all who wait.
class gate {
 public:
  void open() {
    const std::lock_guard lock(guard_);
    open_ = true;
    opened_.notify_all();
  }
  bool wait(gof::duration most = 30s) {
    std::unique_lock lock(guard_);
    return opened_.wait_for(lock, most, [&] { return open_; });
  }

 private:
  std::mutex guard_;
  std::condition_variable opened_;
  bool open_ = false;
};

struct counter {
  int sum = 0;
  int add(int n) { return sum += n; }
  std::string bad_text() { return "\xff\xfe"; }
  void bad_exception() { throw std::runtime_error("\xff\xfe"); }
  void large_exception(std::size_t n) { throw std::runtime_error(std::string(n, 'x')); }
  std::string large(std::size_t n) { return std::string(n, 'x'); }
  std::size_t size_of(std::string text) { return text.size(); }
  std::string caller() { return std::string(pyro::being_called()->address); }
};
pyro::members<counter> of_counter() {
  return pyro::members<counter>()
      .method<&counter::add>("add")
      .method<&counter::bad_text>("bad_text")
      .method<&counter::bad_exception>("bad_exception")
      .method<&counter::large_exception>("large_exception")
      .method<&counter::large>("large")
      .method<&counter::size_of>("size_of")
      .method<&counter::caller>("caller")
      .attribute<&counter::sum>("sum");
}

// ---- Exposing -----------------------------------------------------------------------------------

TEST(PyroServer, ServesAnObjectByTheIdThatItHas) {
  pyro::server at;
  const auto where = at.expose(std::make_shared<counter>(), "counter", of_counter());
  EXPECT_EQ(where, pyro::uri("counter", "127.0.0.1", at.port()));
  EXPECT_EQ(where, at.where("counter"));
  remote_object it(where);
  EXPECT_EQ(it.call<int>("add", 2), 2);
  EXPECT_EQ(it.call<int>("add", 3), 5);
  EXPECT_EQ(it.get<int>("sum"), 5);
  it.set("sum", 1);
  EXPECT_EQ(it.call<int>("add", 1), 2);
  EXPECT_EQ(it.members().methods, of_counter().names().methods);
  EXPECT_EQ(it.members().attributes, of_counter().names().attributes);
}

TEST(PyroServer, MakesUpIdsThatCannotBeGuessed) {
  pyro::server at;
  counter first, second;
  const auto one = at.expose(first, {}, of_counter()), two = at.expose(second, {}, of_counter());
  EXPECT_NE(one, two);
  EXPECT_EQ(one.object.size(), 4u + 32u);
  EXPECT_EQ(remote_object(two).call<int>("add", 2), 2);
  EXPECT_EQ(first.sum, 0);
  EXPECT_EQ(second.sum, 2);
}

TEST(PyroServer, RefusesAnIdThatIsTakenOrNone) {
  pyro::server at;
  counter it;
  at.expose(it, "counter", of_counter());
  EXPECT_EQ(reason([&] { at.expose(it, "counter", of_counter()); }), errc::conflict);
  EXPECT_EQ(reason([&] { at.expose(it, "Pyro.Daemon", of_counter()); }), errc::conflict);
  for (const char* id : {"a b", "a@b", "\n"})
    EXPECT_EQ(reason([&] { at.expose(it, id, of_counter()); }), errc::refused) << id;
  EXPECT_EQ(remote_object(at.where("counter")).call<int>("add", 1), 1);
}

TEST(PyroServer, RefusesToListenWhereItCannotOrShouldNot) {
  const pyro::server at;
  EXPECT_EQ(reason([&] { pyro::server({.port = at.port()}); }), errc::conflict);
  for (const char* host : {"0.0.0.0", "::", "192.0.2.1", "127.example.org"})
    EXPECT_EQ(reason([&] { pyro::server({.host = host}); }), errc::refused) << host;
  EXPECT_EQ(reason([&] { pyro::server({.host = "192.0.2.1", .insecure = true}); }),
            errc::unavailable);
  EXPECT_EQ(reason([&] { pyro::server({.host = "0.0.0.0", .insecure = true}); }), std::nullopt);
  EXPECT_EQ(reason([&] {
              pyro::server({.tls = {"/nowhere.pem", "/nowhere.key", {}, {}}});
            }),
            errc::refused);
}

TEST(PyroServer, SaysAnotherHostInReferencesWhereItIsTold) {
  pyro::server at({.known_as = "localhost"});
  const auto where = at.expose(std::make_shared<counter>(), "counter", of_counter());
  EXPECT_EQ(where.text(), "PYRO:counter@localhost:" + std::to_string(at.port()));
  EXPECT_EQ(remote_object(where).call<int>("add", 1), 1);
}

TEST(PyroServer, RefusesWhatIsNotThere) {
  pyro::server at;
  at.expose(std::make_shared<counter>(), "counter", of_counter());
  EXPECT_EQ(reason([&] { remote_object(at.where("other")).call("add", 1); }), errc::nobody_there);
  remote_object it(at.where("counter"));
  EXPECT_THROW(it.call("subtract", 1), pyro::attribute_error);
  EXPECT_THROW(it.call("add", "text"), pyro::type_error);
  EXPECT_THROW(it.call("add", 1, pyro::named("n", 2)), pyro::type_error);
  EXPECT_THROW(it.call<std::string>("add", 1), pyro::type_error);  // it ran
  EXPECT_EQ(it.get<int>("sum"), 1);
  EXPECT_EQ(at.connections(), 1u);  // all on one connection
}

TEST(PyroServer, ListsItsObjectsOnlyWhereItIsTold) {
  pyro::server quiet, open({.tells_objects = true});
  quiet.expose(std::make_shared<counter>(), "counter", of_counter());
  open.expose(std::make_shared<counter>(), "counter", of_counter());
  EXPECT_THROW(remote_object(quiet.where("Pyro.Daemon")).call("registered"), pyro::attribute_error);
  EXPECT_EQ(remote_object(open.where("Pyro.Daemon")).call<std::vector<std::string>>("registered"),
            (std::vector<std::string>{"Pyro.Daemon", "counter"}));
  remote_object it(quiet.where("Pyro.Daemon"));
  EXPECT_EQ(it.call("ping"), value());
  EXPECT_TRUE(it.call("get_metadata", "counter").find("methods"));
  EXPECT_EQ(reason([&] { it.call("get_metadata", "other"); }), errc::nobody_there);
  EXPECT_THROW(it.call("get_metadata", 1), pyro::type_error);
  EXPECT_THROW(it.call("shutdown"), pyro::attribute_error);
}

// ---- Who calls ----------------------------------------------------------------------------------

TEST(PyroServer, TellsAnObjectWhoCalls) {
  pyro::server at;
  const auto where = at.expose(std::make_shared<counter>(), "counter", of_counter());
  EXPECT_EQ(remote_object(where).call<std::string>("caller"), "127.0.0.1");
  EXPECT_EQ(pyro::being_called(), nullptr);
}

TEST(PyroServer, LetsInWhomItsOwnerLetsIn) {
  std::vector<pyro::visitor> visitors;
  std::vector<gof::event> told;
  std::mutex guard;
  pyro::server at({.admit =
                       [&](const pyro::visitor& who) {
                         const std::lock_guard lock(guard);
                         visitors.push_back(who);
                         if (who.handshake == value("mallory")) throw std::runtime_error("not you");
                         return value("come in");
                       },
                   .on_event =
                       [&](const gof::event& it) {
                         const std::lock_guard lock(guard);
                         told.push_back(it);
                       }});
  const auto where = at.expose(std::make_shared<counter>(), "counter", of_counter());
  EXPECT_EQ(remote_object(where, {.handshake = value("ann")}).call<int>("add", 1), 1);
  remote_object mallory(where, {.handshake = value("mallory")});
  try {
    mallory.call("add", 1);
    ADD_FAILURE();
  } catch (const gof::failure& e) {
    EXPECT_EQ(e.reason().why, errc::denied);
    EXPECT_NE(std::string(e.what()).find("not you"), std::string::npos);
  }
  const std::lock_guard lock(guard);
  ASSERT_EQ(visitors.size(), 2u);
  EXPECT_EQ(visitors[0].address, "127.0.0.1");
  EXPECT_EQ(visitors[0].certificate, "");
  EXPECT_EQ(visitors[0].object, "counter");
  EXPECT_EQ(visitors[0].handshake, value("ann"));
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0].what, gof::event::kind::refused);
}

TEST(PyroServer, BearsWithWhateverIsThrownWhereItAsksWhomToLetIn) {
  int n = 0;
  pyro::server at({.admit = [&](const pyro::visitor&) -> value {
    if (n++ % 2 == 0) throw 7;
    pyro::remote_exception it;
    it.kind = "builtins.ValueError";
    it.arguments.emplace_back("not you");
    throw it;
  }});
  const auto where = at.expose(std::make_shared<counter>(), "counter", of_counter());
  for (int i = 0; i < 4; ++i)
    EXPECT_EQ(reason([&] { remote_object(where).call("add", 1); }), errc::denied);
}

// ---- What cannot be sent ------------------------------------------------------------------------

TEST(PyroServer, SaysSoWhereAResultOrAnExceptionCannotBeSentAndGoesOn) {
  pyro::server at;
  const auto where = at.expose(std::make_shared<counter>(), "counter", of_counter());
  for (const auto speaks :
       {pyro::serializer::msgpack, pyro::serializer::serpent, pyro::serializer::json}) {
    remote_object it(where, {.speaks = speaks});
    try {
      it.call("bad_text");  // MessagePack lets it through, and the client finds it
      ADD_FAILURE();
    } catch (const pyro::type_error&) {
      EXPECT_EQ(speaks, pyro::serializer::msgpack);
    } catch (const gof::failure& e) {
      EXPECT_EQ(e.reason().why, errc::failed_there);
    }
    EXPECT_EQ(reason([&] { it.call("bad_exception"); }), errc::failed_there);
    EXPECT_EQ(reason([&] { it.call("large", 2'000'000); }), errc::failed_there);
    EXPECT_EQ(reason([&] { it.call("large_exception", 2'000'000); }), errc::failed_there);
    EXPECT_EQ(it.call<std::string>("large", 10), "xxxxxxxxxx");
  }
  EXPECT_LE(at.connections(), 3u);
}

TEST(PyroServer, TakesAndSendsAsMuchAsItsLimitsSay) {
  pyro::message_limits most;
  most.message = most.inflated = 8 << 20;
  pyro::server at({.most = {.messages = most}});
  const auto where = at.expose(std::make_shared<counter>(), "counter", of_counter());
  for (const bool compress : {false, true}) {
    remote_object it(where, {.most = most, .compress = compress});
    EXPECT_EQ(it.call<std::string>("large", 3'000'000).size(), 3'000'000u);
    std::string text(3'000'000, ' ');
    std::mt19937 random;
    for (char& c : text) c = static_cast<char>('a' + random() % 16);
    EXPECT_EQ(it.call<std::size_t>("size_of", text), 3'000'000u);
  }
}

// ---- Withdrawing --------------------------------------------------------------------------------

struct slow {
  gate entered, leave;
  std::atomic<bool> left = false;
  int stay(int n) {
    entered.open();
    leave.wait();
    left = true;
    return n;
  }
  void pass() {}
};
pyro::members<slow> of_slow() {
  return pyro::members<slow>().method<&slow::stay>("stay").method<&slow::pass>("pass");
}

TEST(PyroServer, WithdrawsOnceTheCallsThatRunHaveEnded) {
  pyro::server at;
  slow it;
  const auto where = at.expose(it, "slow", of_slow(), true);
  auto call =
      std::async(std::launch::async, [&] { return remote_object(where).call<int>("stay", 7); });
  ASSERT_TRUE(it.entered.wait());
  std::atomic<bool> withdrawn = false;
  auto withdraw = std::async(std::launch::async, [&] {
    const bool there = at.withdraw("slow");
    withdrawn = true;
    return there && it.left;
  });
  // Nobody new is let in from now on, while the one who is in stays there.
  EXPECT_TRUE(eventually(
      [&] { return reason([&] { remote_object(where).call("pass"); }) == errc::nobody_there; }));
  EXPECT_FALSE(withdrawn);
  it.leave.open();
  EXPECT_TRUE(withdraw.get());
  EXPECT_EQ(call.get(), 7);
  EXPECT_FALSE(at.withdraw("slow"));
}

TEST(PyroServer, CallsNothingAfterItIsWithdrawn) {
  pyro::server at;
  struct fragile {
    std::atomic<int>& late;
    std::atomic<bool> gone = false;
    int touch() {
      if (gone) ++late;
      std::this_thread::yield();
      if (gone) ++late;
      return 1;
    }
  };
  std::atomic<int> late = 0;
  std::atomic<bool> ends = false;
  std::vector<std::thread> callers;
  for (int i = 0; i < 4; ++i)
    callers.emplace_back([&] {
      remote_object it(at.where("fragile"));
      while (!ends) {
        try {
          it.call("touch");
        } catch (const gof::failure& e) {
          EXPECT_EQ(e.reason().why, errc::nobody_there) << e.what();
        }
      }
    });
  for (int round = 0; round < 100; ++round) {
    fragile it{late};
    at.expose(it, "fragile", pyro::members<fragile>().method<&fragile::touch>("touch"),
              round % 2 == 0);
    std::this_thread::sleep_for(1ms);
    EXPECT_TRUE(at.withdraw("fragile"));
    it.gone = true;
  }
  ends = true;
  for (std::thread& one : callers) one.join();
  EXPECT_EQ(late, 0);
}

TEST(PyroServer, AsksAStreamForNothingAfterItsObjectIsWithdrawn) {
  pyro::server at;
  struct spring {
    std::atomic<int> asked = 0;
    pyro::stream<int> flow() {
      return pyro::stream<int>([this] { return std::optional<int>(asked++); });
    }
  };
  auto it = std::make_unique<spring>();
  const auto where =
      at.expose(*it, "spring", pyro::members<spring>().method<&spring::flow>("flow"));
  remote_object there(where);
  auto items = there.call<pyro::stream<int>>("flow");
  EXPECT_EQ(items.next(), 0);
  EXPECT_EQ(items.next(), 1);
  EXPECT_TRUE(at.withdraw("spring"));
  EXPECT_EQ(it->asked, 2);
  it.reset();
  EXPECT_EQ(reason([&] { items.next(); }), errc::nobody_there);
  EXPECT_EQ(items.next(), std::nullopt);
}

// ---- Turns --------------------------------------------------------------------------------------

// Finds out whether two were in it at once; each waits a while for another.
struct narrow {
  std::mutex guard;
  std::condition_variable met;
  int inside = 0, most = 0;
  void pass(gof::duration wait) {
    std::unique_lock lock(guard);
    most = std::max(most, ++inside);
    met.notify_all();
    met.wait_for(lock, wait, [&] { return most > 1; });
    --inside;
  }
  void pass_soon() { pass(20ms); }
  void pass_late() { pass(30s); }
};
pyro::members<narrow> of_narrow() {
  return pyro::members<narrow>()
      .method<&narrow::pass_soon>("pass_soon")
      .method<&narrow::pass_late>("pass_late");
}
void call_by_two(const pyro::uri& one, const pyro::uri& other, const char* what) {
  std::thread first([&] { remote_object(one).call(what); });
  remote_object(other).call(what);
  first.join();
}

TEST(PyroServer, UsesAnObjectByOneCallerAtATime) {
  pyro::server at, another;
  const auto it = std::make_shared<narrow>();
  const auto where = at.expose(it, "narrow", of_narrow());
  call_by_two(where, where, "pass_soon");
  EXPECT_EQ(it->most, 1);
  // Also where it is exposed twice.
  call_by_two(where, at.expose(it, "again", of_narrow()), "pass_soon");
  call_by_two(where, another.expose(*it, "again", of_narrow()), "pass_soon");
  EXPECT_EQ(it->most, 1);
}

TEST(PyroServer, UsesAnObjectByManyAtOnceWhereItBearsThat) {
  pyro::server at;
  const auto it = std::make_shared<narrow>();
  const auto where = at.expose(it, "narrow", of_narrow(), true);
  call_by_two(where, where, "pass_late");
  EXPECT_EQ(it->most, 2);
}

TEST(PyroServer, LetsDifferentObjectsBeUsedAtOnce) {
  pyro::server at;
  gate first, second;
  struct meeting {
    gate &mine, &other;
    bool meet() {
      mine.open();
      return other.wait();
    }
  };
  const auto of = pyro::members<meeting>().method<&meeting::meet>("meet");
  const auto one = at.expose(std::make_shared<meeting>(meeting{first, second}), "one", of);
  const auto two = at.expose(std::make_shared<meeting>(meeting{second, first}), "two", of);
  auto call = std::async(std::launch::async, [&] { return remote_object(one).call<bool>("meet"); });
  EXPECT_TRUE(remote_object(two).call<bool>("meet"));
  EXPECT_TRUE(call.get());
}

// ---- The end ------------------------------------------------------------------------------------

TEST(PyroServer, EndsOnceTheCallsThatRunHaveEnded) {
  auto at = std::make_unique<pyro::server>();
  slow it;
  const auto where = at->expose(it, "slow", of_slow());
  auto call = std::async(std::launch::async, [&] {
    return reason([&] { remote_object(where).call<int>("stay", 7); });
  });
  ASSERT_TRUE(it.entered.wait());
  std::atomic<bool> ended = false;
  std::thread end([&] {
    at.reset();
    ended = true;
  });
  EXPECT_EQ(call.get(), errc::closed);  // nobody knows whether it ran
  EXPECT_FALSE(ended);
  it.leave.open();
  end.join();
  EXPECT_TRUE(it.left);
  EXPECT_EQ(reason([&] { remote_object(where).call<int>("stay", 7); }), errc::nobody_there);
}

TEST(PyroServer, MayBeAskedAndMayThrowWhereItTells) {
  std::atomic<pyro::server*> asked = nullptr;
  std::atomic<int> told = 0;
  pyro::server at({.most = {.connections_each = 1}, .on_event = [&](const gof::event&) {
                     if (asked) static_cast<void>(asked.load()->connections());
                     ++told;
                     throw std::runtime_error("nobody hears this");
                   }});
  const auto where = at.expose(std::make_shared<counter>(), "counter", of_counter());
  asked = &at;
  remote_object it(where);
  EXPECT_EQ(it.call<int>("add", 1), 1);
  EXPECT_EQ(reason([&] { remote_object(where).call("add", 1); }), errc::denied);
  EXPECT_EQ(told, 1);
  EXPECT_EQ(it.call<int>("add", 1), 2);
}

}  // namespace
