// SPDX-License-Identifier: BSL-1.0
#include <gof/pyro/remote.hpp>
// The header under test comes first, so that it has to stand alone.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <gof/pyro/name_server.hpp>
#include <gof/pyro/server.hpp>

#include "engines/pyro/waiting.hpp"

namespace {

namespace pyro = gof::pyro;
using namespace std::chrono_literals;
using gof::errc;
using gof::outcome;
using pyro::remote;
using pyro::remote_object;
using pyro::value;

// An account, and a bank that has some: both elsewhere.
struct account {
  virtual ~account() = default;
  virtual std::string owner() const = 0;
  virtual int balance() const = 0;
  virtual int deposit(int amount) = 0;
  virtual void note(const std::string& text) = 0;
  virtual pyro::stream<int> history() = 0;
};
GOF_REMOTE(account, owner, balance, deposit, note, history)
using shared_account = std::shared_ptr<account>;

struct watcher {
  virtual ~watcher() = default;
  virtual int changed(std::string owner, int balance) = 0;
};
GOF_REMOTE(watcher, changed)
using shared_watcher = std::shared_ptr<watcher>;

struct bank {
  virtual ~bank() = default;
  virtual shared_account open(std::string owner) = 0;
  virtual std::vector<shared_account> all() = 0;
  virtual shared_account same(shared_account it) = 0;
  virtual int total(std::vector<shared_account> of) = 0;
  virtual bool is_ours(shared_account it) = 0;
  virtual int watch(shared_watcher by, std::string owner) = 0;
};
GOF_REMOTE(bank, open, all, same, total, is_ours, watch)

class real_account final : public account {
 public:
  explicit real_account(std::string owner) : owner_(std::move(owner)) {}
  std::string owner() const override { return owner_; }
  int balance() const override { return balance_; }
  int deposit(int amount) override {
    if (amount <= 0) throw std::invalid_argument("nothing is deposited");
    deposits_.push_back(amount);
    return balance_ += amount;
  }
  void note(const std::string& text) override { owner_ += text; }
  pyro::stream<int> history() override { return pyro::stream<int>::of(deposits_); }

 private:
  std::string owner_;
  int balance_ = 0;
  std::vector<int> deposits_;
};
class real_bank final : public bank {
 public:
  shared_account open(std::string owner) override {
    if (owner.empty()) return nullptr;
    shared_account& it = accounts_[owner];
    if (!it) it = std::make_shared<real_account>(owner);
    return it;
  }
  std::vector<shared_account> all() override {
    std::vector<shared_account> list;
    for (const auto& [owner, it] : accounts_) list.push_back(it);
    return list;
  }
  shared_account same(shared_account it) override { return it; }
  int total(std::vector<shared_account> of) override {
    int sum = 0;
    for (const shared_account& it : of) sum += it ? it->balance() : 0;
    return sum;
  }
  bool is_ours(shared_account it) override { return dynamic_cast<real_account*>(it.get()); }
  int watch(shared_watcher by, std::string owner) override {
    return by->changed(owner, open(owner)->balance());
  }

 private:
  std::map<std::string, shared_account> accounts_;
};

std::string address_of(const shared_account& it) {
  const auto* const there = dynamic_cast<const pyro::detail::waiting<account>*>(it.get());
  return there ? there->gof_object->where().text() : "here";
}
using waiting::reason;

struct PyroRemote : testing::Test {
  pyro::server at;
  std::shared_ptr<real_account> ann = std::make_shared<real_account>("ann");
  pyro::uri where = at.expose(ann, "ann");
  pyro::uri bank_at =
      at.expose(std::make_shared<real_bank>(), "bank", pyro::members_of<real_bank>(), true);
};

// ---- Calls --------------------------------------------------------------------------------------

TEST_F(PyroRemote, HasTheInterfaceOfTheObject) {
  remote<account> it(where);
  EXPECT_EQ(it->owner(), "ann");
  EXPECT_EQ(it->deposit(5), 5);
  EXPECT_EQ((*it).deposit(7), 12);
  EXPECT_EQ(std::as_const(*it).balance(), 12);
  const shared_account shared = it.shared();
  EXPECT_EQ(shared->balance(), 12);
  EXPECT_EQ(ann->balance(), 12);
}

TEST_F(PyroRemote, CallsByTheFunctionAndWithoutWaiting) {
  remote<account> it(where);
  EXPECT_EQ(it.call<&account::deposit>(5), 5);
  EXPECT_EQ(it.call<&account::owner>(), "ann");
  it.one_way<&account::note>("!");
  it.one_way<&account::deposit>(-1);  // what it throws is lost
  it.call<&account::note>("?");
  EXPECT_EQ(it->owner(), "ann!?");  // in the order in which they were made
  EXPECT_EQ(it->balance(), 5);
}

TEST_F(PyroRemote, ThrowsWhatTheObjectThrows) {
  remote<account> it(where);
  try {
    it->deposit(0);
    ADD_FAILURE();
  } catch (const std::invalid_argument& e) {
    EXPECT_STREQ(e.what(), "builtins.ValueError: nothing is deposited");
    const auto& there = dynamic_cast<const pyro::remote_exception&>(e);
    EXPECT_EQ(there.words(), "nothing is deposited");
    EXPECT_EQ(there.attributes, (pyro::dict{{value("cpp_type"), value("std::invalid_argument")}}));
    EXPECT_TRUE(there.traceback.empty());  // what is where in a server is its own
  }
  EXPECT_EQ(it->deposit(1), 1);
}

TEST_F(PyroRemote, BatchesCallsUpToTheFirstThatThrows) {
  remote<account> it(where);
  remote<account>::batch all(it);
  const auto one = all.add<&account::deposit>(1), two = all.add<&account::deposit>(2);
  const auto owner = all.add<&account::owner>();
  EXPECT_EQ(ann->balance(), 0);
  EXPECT_THROW(one.get(), std::logic_error);  // not yet
  all.send();
  EXPECT_EQ(one.get(), 1);
  EXPECT_EQ(two.get(), 3);
  EXPECT_EQ(owner.get(), "ann");

  const auto fine = all.add<&account::deposit>(1), wrong = all.add<&account::deposit>(0),
             after = all.add<&account::deposit>(1);
  all.send();
  EXPECT_EQ(fine.get(), 4);
  EXPECT_THROW(wrong.get(), std::invalid_argument);
  EXPECT_THROW(wrong.get(), std::invalid_argument);  // as often as it is asked
  EXPECT_THROW(after.get(), std::logic_error);
  EXPECT_EQ(it->balance(), 4);
  EXPECT_EQ(two.get(), 3);  // the answers of before are still there

  static_cast<void>(all.add<&account::deposit>(3));
  static_cast<void>(all.add<&account::note>("!"));
  all.send_one_way();
  EXPECT_EQ(it->owner(), "ann!");
  EXPECT_EQ(it->balance(), 7);
  all.send();  // an empty one
}

TEST_F(PyroRemote, RunsNoCallOfABatchWithOneThatIsNotThere) {
  remote_object it(where);
  remote_object::batch all(it);
  static_cast<void>(all.add<int>("deposit", 1));
  static_cast<void>(all.add<int>("withdraw", 1));
  EXPECT_THROW(all.send(), pyro::attribute_error);
  EXPECT_EQ(it.call<int>("balance"), 0);
  remote_object::batch streams(it);
  const auto no_stream = streams.add<value>("history");
  streams.send();
  EXPECT_THROW(no_stream.get(), pyro::type_error);
}

TEST_F(PyroRemote, GoesThroughAStreamItemByItem) {
  remote<account> it(where);
  for (const int amount : {1, 2, 3}) it->deposit(amount);
  std::vector<int> all;
  for (const int amount : it->history()) {
    all.push_back(amount);
    EXPECT_EQ(it->balance(), 6);  // other calls may come between
  }
  EXPECT_EQ(all, (std::vector{1, 2, 3}));
  // As many as one likes, where those that are left are ended.
  for (int i = 0; i < 100; ++i) {
    auto some = it->history();
    EXPECT_EQ(some.next(), 1);
  }
  // Not as many as one likes at once.
  std::vector<pyro::stream<int>> many;
  EXPECT_EQ(reason([&] {
              for (int i = 0; i < 100; ++i) many.push_back(it->history());
            }),
            errc::failed_there);
  EXPECT_EQ(many.size(), pyro::serving_limits().streams);
  for (auto& one : many) EXPECT_EQ(one.next(), 1);
  many.clear();
  EXPECT_EQ(it->history().next(), 1);
}

TEST_F(PyroRemote, EndsAStreamWithItsConnection) {
  remote<account> it(where);
  it->deposit(1);
  it->deposit(2);
  auto some = it->history();
  EXPECT_EQ(some.next(), 1);
  it.object().disconnect();
  EXPECT_EQ(reason([&] { some.next(); }), errc::failed_there);
  EXPECT_EQ(some.next(), std::nullopt);
}

// ---- References ---------------------------------------------------------------------------------

TEST_F(PyroRemote, ReturnsObjectsAsReferencesToThem) {
  remote<bank> it(bank_at);
  const shared_account bob = it->open("bob");
  EXPECT_EQ(bob->deposit(3), 3);
  EXPECT_EQ(it->open("bob")->balance(), 3);
  EXPECT_EQ(it->open(""), nullptr);
  EXPECT_EQ(address_of(it->open("bob")), address_of(bob));  // the same object, the same reference
  EXPECT_NE(address_of(it->open("eve")), address_of(bob));
  const auto all = it->all();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0]->owner(), "bob");
  EXPECT_EQ(address_of(all[0]), address_of(bob));
  EXPECT_EQ(all[1]->owner(), "eve");
}

TEST_F(PyroRemote, PassesReferencesOnAsTheyAre) {
  pyro::server elsewhere;
  const auto far = elsewhere.expose(std::make_shared<real_account>("far"), "far");
  remote<bank> it(bank_at);
  remote<account> there(far);
  there->deposit(10);
  const shared_account back = it->same(there.shared());
  EXPECT_EQ(address_of(back), far.text());  // it is called where it is, not through the bank
  EXPECT_EQ(back->balance(), 10);
  EXPECT_FALSE(it->is_ours(there.shared()));
  EXPECT_EQ(it->same(nullptr), nullptr);
  const shared_account bob = it->open("bob");
  bob->deposit(1);
  EXPECT_EQ(it->total({there.shared(), nullptr, bob, bob}), 12);
}

TEST_F(PyroRemote, CallsBackWhatItsServerServes) {
  struct log final : watcher {
    int changed(std::string owner, int balance) override {
      all.push_back(owner + " " + std::to_string(balance));
      return static_cast<int>(all.size());
    }
    std::vector<std::string> all;
  };
  const auto mine = std::make_shared<log>();
  remote<bank> deaf(bank_at);
  EXPECT_EQ(reason([&] { deaf->watch(mine, "bob"); }), errc::refused);  // nobody could call it

  pyro::server here;
  remote<bank> it(bank_at, {.by = here.references()});
  EXPECT_EQ(it->watch(mine, "bob"), 1);
  EXPECT_EQ(it->watch(mine, "eve"), 2);
  EXPECT_EQ(mine->all, (std::vector<std::string>{"bob 0", "eve 0"}));
  // An object of ours goes, and comes back as a reference to it.
  const auto own = std::make_shared<real_account>("own");
  EXPECT_FALSE(it->is_ours(own));
  const shared_account back = it->same(own);
  EXPECT_EQ(back->deposit(4), 4);
  EXPECT_EQ(own->balance(), 4);
}

TEST_F(PyroRemote, ReturnsAnObjectWithTwoInterfacesAsWhatIsAsked) {
  struct both final : account, watcher {
    std::string owner() const override { return "both"; }
    int balance() const override { return 1; }
    int deposit(int amount) override { return amount; }
    void note(const std::string&) override {}
    pyro::stream<int> history() override { return {}; }
    int changed(std::string, int balance) override { return balance + 1; }
  };
  struct desk {
    std::shared_ptr<both> it = std::make_shared<both>();
    shared_account as_account() { return it; }
    shared_watcher as_watcher() { return it; }
  };
  const auto desk_at = at.expose(std::make_shared<desk>(), "desk",
                                 pyro::members<desk>()
                                     .method<&desk::as_account>("as_account")
                                     .method<&desk::as_watcher>("as_watcher"));
  pyro::server here;
  remote_object it(desk_at);
  EXPECT_EQ(it.call<shared_account>("as_account")->owner(), "both");
  EXPECT_EQ(it.call<shared_watcher>("as_watcher")->changed("", 1), 2);
}

// ---- Deadlines, and connections that are lost ---------------------------------------------------

struct sleeper {
  std::mutex guard;
  std::condition_variable woken;
  bool awake = false;
  std::atomic<int> slept = 0;
  void sleep() {
    std::unique_lock lock(guard);
    woken.wait_for(lock, 30s, [&] { return awake; });
    ++slept;
  }
  int count() { return slept; }
  void wake() {
    const std::lock_guard lock(guard);
    awake = true;
    woken.notify_all();
  }
};
pyro::members<sleeper> of_sleeper() {
  return pyro::members<sleeper>().method<&sleeper::sleep>("sleep").method<&sleeper::count>("count");
}

TEST(PyroRemoteObject, SendsBytesHoweverTheyAreKept) {
  struct echo {
    std::vector<std::byte> same(std::vector<std::byte> all) { return all; }
  } there;
  pyro::server at;
  remote_object it(at.expose(there, "echo", pyro::members<echo>().method<&echo::same>("same")));
  std::vector<std::byte> all{std::byte{0}, std::byte{0xff}, std::byte{7}};
  const auto& fixed = all;
  std::array<std::byte, 3> few{all[0], all[1], all[2]};
  using bytes_of = std::vector<std::byte>;
  EXPECT_EQ(it.call<bytes_of>("same", all), all);
  EXPECT_EQ(it.call<bytes_of>("same", std::span(all)), all);
  EXPECT_EQ(it.call<bytes_of>("same", std::span(fixed)), all);
  EXPECT_EQ(it.call<bytes_of>("same", std::as_writable_bytes(std::span(all))), all);
  EXPECT_EQ(it.call<bytes_of>("same", few), all);
}

TEST(PyroRemoteObject, WaitsNoLongerThanItsDeadline) {
  const auto it = std::make_shared<sleeper>();
  pyro::server at;
  remote_object there(at.expose(it, "sleeper", of_sleeper(), true), {.deadline = 50ms});
  EXPECT_EQ(there.call<int>("count"), 0);
  EXPECT_EQ(reason([&] { there.call("sleep"); }), errc::deadline);
  EXPECT_EQ(there.call<int>("count"), 0);  // on a new connection: no answer that came too late
  it->wake();
}

TEST(PyroRemoteObject, WaitsNoLongerForItsTurnEither) {
  const auto it = std::make_shared<sleeper>();
  pyro::server at;
  remote_object there(at.expose(it, "sleeper", of_sleeper(), true), {.deadline = 500ms});
  there.call("count");
  std::vector<std::future<std::optional<errc>>> calls;
  for (int i = 0; i < 2; ++i)
    calls.push_back(
        std::async(std::launch::async, [&] { return reason([&] { there.call("sleep"); }); }));
  // One waits for its answer, and the other for its turn, or for the answer after the turn.
  for (auto& call : calls) {
    const auto why = call.get();
    EXPECT_TRUE(why == errc::deadline || why == errc::overloaded);
  }
  it->wake();
}

TEST(PyroRemoteObject, WaitsNoLongerForAServerThatSaysNothing) {
  // One that sleeps while it lets somebody in.
  std::atomic<bool> ends = false;
  pyro::server mute({.admit = [&](const pyro::visitor&) {
    while (!ends) std::this_thread::sleep_for(1ms);
    return value();
  }});
  remote_object there(mute.where("Pyro.Daemon"), {.deadline = 50ms});
  EXPECT_EQ(reason([&] { there.call("ping"); }), errc::unavailable);  // nothing ran
  ends = true;
}

TEST(PyroRemoteObject, ConnectsAgainWhenItsServerIsThereAgain) {
  const auto it = std::make_shared<real_account>("ann");
  auto at = std::make_unique<pyro::server>();
  const std::uint16_t port = at->port();
  const auto where = at->expose(it, "ann");
  remote<account> there(where);
  EXPECT_EQ(there->deposit(1), 1);
  at.reset();
  const auto lost = reason([&] { there->deposit(1); });
  EXPECT_TRUE(lost == errc::closed || lost == errc::nobody_there);
  EXPECT_EQ(reason([&] { there->deposit(1); }), errc::nobody_there);
  at = std::make_unique<pyro::server>(pyro::serving{.port = port});
  EXPECT_EQ(reason([&] { there->deposit(1); }),
            errc::nobody_there);  // the server has no such object
  at->expose(it, "ann");
  EXPECT_EQ(there->deposit(1), 2);
}

TEST(PyroRemoteObject, IsUsedByManyThreadsWhichTakeTurns) {
  pyro::server at;
  const auto it = std::make_shared<real_account>("ann");
  remote<account> there(at.expose(it, "ann"));
  std::vector<std::thread> all;
  for (int i = 0; i < 8; ++i)
    all.emplace_back([&] {
      for (int n = 0; n < 50; ++n) {
        there->deposit(1);
        for (const int amount : there->history()) {
          EXPECT_EQ(amount, 1);
          break;
        }
      }
    });
  for (std::thread& one : all) one.join();
  EXPECT_EQ(there->balance(), 400);
  EXPECT_EQ(at.connections(), 1u);
}

TEST(PyroRemoteObject, ProvesAnewForEachConnection) {
  std::vector<value> shown;
  std::mutex guard;
  pyro::server at({.admit = [&](const pyro::visitor& who) {
    const std::lock_guard lock(guard);
    shown.push_back(who.handshake);
    return value();
  }});
  int n = 0;
  remote_object it(at.where("Pyro.Daemon"), {.proves = [&n] { return value(++n); }});
  it.call("ping");
  it.call("ping");
  it.disconnect();
  it.call("ping");
  const std::lock_guard lock(guard);
  EXPECT_EQ(shown, (std::vector{value(1), value(2)}));
}

// ---- References that are forged -----------------------------------------------------------------

value reference(const char* uri) {
  return pyro::dict{{value("__class__"), value("Pyro5.client.Proxy")},
                    {value("state"), value(pyro::list{value(uri)})}};
}

TEST_F(PyroRemote, FollowsReferencesOnThisMachineOnlyUnlessItIsTold) {
  remote_object it(bank_at);
  for (const char* far :
       {"PYRO:a@192.0.2.1:80", "PYRO:a@example.org:80", "PYRO:a@127.example.org:80",
        "PYRO:a@localhost.example.org:80", "PYRO:a@[2001:db8::1]:80", "PYRO:a@0.0.0.0:80",
        "PYRONAME:a", "PYRONAME:a@localhost", "PYRONAME:a@127.0.0.1:80", "PYROMETA:a@localhost"})
    EXPECT_EQ(reason([&] { it.call("same", reference(far)); }), errc::denied) << far;
  for (const char* near : {"PYRO:a@127.0.0.1:80", "PYRO:a@localhost:80", "PYRO:a@[::1]:80"})
    EXPECT_EQ(it.call("same", reference(near)).at("state")[0], value(near));
  for (const value& none :
       {value("PYRO:a@127.0.0.1:80"), value(pyro::dict{}),
        value(pyro::dict{{value("__class__"), value("Pyro5.client.Proxy")}}),
        value(pyro::dict{{value("__class__"), value("Pyro5.client.Proxy")},
                         {value("state"), value(pyro::list{})}}),
        value(pyro::dict{{value("__class__"), value("os.system")},
                         {value("state"), value(pyro::list{value("PYRO:a@127.0.0.1:80")})}})})
    EXPECT_THROW(it.call("same", none), pyro::type_error) << to_string(none);
  EXPECT_THROW(it.call("same", reference("HTTP:a@127.0.0.1:80")), gof::failure);

  pyro::server wide({.follow = [](const pyro::uri& to) { return to.host == "192.0.2.1"; }});
  remote_object other(wide.expose(std::make_shared<real_bank>(), "bank"));
  EXPECT_EQ(other.call("same", reference("PYRO:a@192.0.2.1:80")).at("state")[0],
            value("PYRO:a@192.0.2.1:80"));
  EXPECT_EQ(reason([&] { other.call("same", reference("PYRO:a@127.0.0.1:80")); }), errc::denied);
}

// ---- Names --------------------------------------------------------------------------------------

struct PyroNames : testing::Test {
  pyro::server at;
  pyro::uri directory = pyro::name_directory::serve(at);
  pyro::name_server names{"127.0.0.1", at.port()};
};

TEST_F(PyroNames, AreGivenLookedUpAndForgotten) {
  const pyro::uri one("one", "h", 1), two("two", "h", 2);
  names.add("stock.one", one, {"red", "small"});
  names.add("stock.two", two, {"red"});
  EXPECT_EQ(names.lookup("stock.one"), one);
  EXPECT_EQ(reason([&] { static_cast<void>(names.lookup("stock")); }), errc::not_found);
  EXPECT_EQ(reason([&] { names.add("stock.one", two, {}, false); }), errc::conflict);
  EXPECT_EQ(names.lookup("stock.one"), one);
  EXPECT_EQ(names.list("stock."),
            (std::map<std::string, pyro::uri>{{"stock.one", one}, {"stock.two", two}}));
  EXPECT_EQ(names.list().at("Pyro.NameServer"), directory);
  EXPECT_EQ(names.with_all({"red", "small"}).size(), 1u);
  EXPECT_EQ(names.with_any({"red", "small"}).size(), 2u);
  EXPECT_EQ(names.with_all({"red"}).at("stock.one").tags, (std::set<std::string>{"red", "small"}));
  EXPECT_TRUE(names.with_all({"blue"}).empty());
  names.add("stock.one", two);
  EXPECT_EQ(names.lookup("stock.one"), two);
  EXPECT_TRUE(names.remove("stock.one"));
  EXPECT_FALSE(names.remove("stock.one"));
  EXPECT_FALSE(names.remove("Pyro.NameServer"));  // not itself
  EXPECT_EQ(names.lookup("Pyro.NameServer"), directory);
}

TEST_F(PyroNames, LeadToTheObject) {
  const auto it = std::make_shared<real_account>("ann");
  const auto where = at.expose(it, "ann");
  const std::string server = "@127.0.0.1:" + std::to_string(at.port());
  remote<account> by_name("PYRONAME:people.ann" + server);
  EXPECT_EQ(reason([&] { by_name->owner(); }), errc::not_found);
  names.add("people.ann", where, {"person", "first"});
  EXPECT_EQ(by_name->owner(), "ann");
  EXPECT_EQ(by_name.object().where(), where);
  EXPECT_EQ(remote<account>("PYROMETA:person,first" + server)->owner(), "ann");
  EXPECT_EQ(reason([&] { remote<account>("PYROMETA:person,last" + server)->owner(); }),
            errc::not_found);
  // A name is asked for again with each connection.
  names.add("people.ann", at.expose(std::make_shared<real_account>("eve"), "eve"));
  EXPECT_EQ(by_name->owner(), "ann");
  by_name.object().disconnect();
  EXPECT_EQ(by_name->owner(), "eve");
}

TEST_F(PyroNames, RefuseWhatIsNone) {
  remote_object raw(directory);
  EXPECT_THROW(raw.call("register", "a", 7), pyro::type_error);
  EXPECT_THROW(raw.call("register", "a", "no uri"), gof::failure);
  EXPECT_THROW(raw.call("register", std::string(1025, 'a'), "PYRO:a@h:1"), pyro::type_error);
  EXPECT_THROW(raw.call("register", 7, "PYRO:a@h:1"), pyro::type_error);
  EXPECT_THROW(raw.call("register", "a", "PYRO:a@h:1", false, "tags"), pyro::type_error);
  EXPECT_THROW(raw.call("lookup"), pyro::type_error);
  EXPECT_THROW(raw.call("yplookup"), std::invalid_argument);
  EXPECT_THROW(raw.call("list", "a", "b"), std::invalid_argument);
  EXPECT_THROW(raw.call("list", nullptr, "("), gof::failure);
  EXPECT_THROW(raw.call("shutdown"), pyro::attribute_error);
  EXPECT_THROW(raw.get("_pyroDaemon"), pyro::attribute_error);
  EXPECT_EQ(raw.call<int>("count"), 1);
  // An expression that would take for ever.
  for (int i = 0; i < 3; ++i) names.add(std::string(40, 'a') + std::to_string(i), "PYRO:a@h:1");
  EXPECT_THROW(raw.call("list", nullptr, "(a+)+(a+)+(a+)+(a+)+$"), gof::failure);
  EXPECT_EQ(raw.call<int>("remove", nullptr, nullptr, "a+"), 3);
}

}  // namespace
