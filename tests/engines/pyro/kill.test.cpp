// SPDX-License-Identifier: BSL-1.0
// The distributed patterns over TCP, each role and the broker a process (victim.cpp), one of which
// is killed at any moment, again and again, and comes back. What was acknowledged has taken place,
// once; what was not has at most once. How often they are killed is in GOF_KILLS, for each pattern.
#include <gof/engines/pyro.hpp>
// The header under test comes first.
#include <gtest/gtest.h>
#include <poll.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <deque>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <gof/join.hpp>
#include <gof/wait.hpp>

#include "engines/file/support.hpp"
#include "engines/pyro/victim.hpp"
#include "support/child.hpp"
#include "support/port.hpp"

namespace {

using namespace std::chrono_literals;
using std::chrono::microseconds;
using std::chrono::steady_clock;
using words = std::vector<std::string>;

constexpr auto patience = 60s;  // until all goes on; no test depends on how soon
constexpr int kills_of_a_file = 12;

std::uint64_t number(std::istream& in) {
  std::uint64_t read = 0;
  EXPECT_TRUE(in >> read) << "a number was expected";
  return read;
}
std::string word(std::istream& in) {
  std::string read;
  in >> read;
  return read;
}
template <class... Parts>
words to_words(const Parts&... parts) {
  return {std::to_string(parts)...};
}

enum class kind { client, server, broker };
constexpr const char* names[] = {"client", "server", "broker"};

// One that is killed, and comes back.
struct process {
  std::string role, name;
  kind is = kind::client;
  std::function<words()> how{};  // what it begins with, each time
  std::function<void(process&, const std::string& what, std::istream&)> heard{};
  std::unique_ptr<gof::testing::child> lives{};
  bool ready = false;
  std::set<std::string> open{};  // begun, and not acknowledged
  std::uint64_t acknowledged = 0;

  void begins(const std::string& what) { open.insert(what); }
  void ends(const std::string& what) {
    open.erase(what);
    ++acknowledged;
  }
  void hear(const std::string& line) {
    std::istringstream in(line);
    const std::string what = word(in);
    if (what == "ready")
      ready = true;
    else if (what == "error")
      ADD_FAILURE() << role << ' ' << name << ": " << line;
    else if (heard)
      heard(*this, what, in);
  }
};

// All processes of a pattern, and what is known of them.
class cast {
 public:
  explicit cast(std::mt19937_64& chance) : chance_(&chance) {
    all_.push_back({"broker", "broker", kind::broker, [this] { return words{in_ / "kept.db"}; }});
  }
  cast(const cast&) = delete;
  cast& operator=(const cast&) = delete;
  virtual ~cast() = default;

  // Kills so many, one after the other, or sometimes before all go on.
  void play(int kills) {
    for (process& it : all_) start(it);
    go_on();
    for (int i = 0; i != kills && !::testing::Test::HasFailure(); ++i) {
      const auto is = static_cast<kind>(i % 3);
      std::vector<process*> of_kind;
      for (process& it : all_)
        if (it.is == is) of_kind.push_back(&it);
      if (of_kind.empty()) of_kind.push_back(&all_[1 + chance() % (all_.size() - 1)]);
      listen_for(microseconds(chance() % 30'000));
      until([&] { return in_flight() != 0; }, "something is under way");
      listen_for(microseconds(chance() % 300));
      kill(*of_kind[chance() % of_kind.size()], true);
      listen_for(microseconds(chance() % (chance() % 4 == 0 ? 400'000 : 30'000)));
      for (process& it : all_)
        if (!it.lives) start(it);
      if (chance() % 4 != 0) go_on();
    }
    if (::testing::Test::HasFailure()) return;
    go_on();
    for (process& it : all_)
      if (it.is == kind::client) kill(it, false);
    const auto node = gof::join("pyro://127.0.0.1:" + std::to_string(port_), {"witness"});
    check(*node);
  }

  std::map<kind, int> in_flight_kills;
  int idle_kills = 0;

  [[nodiscard]] std::uint64_t acknowledged() const {
    std::uint64_t sum = 0;
    for (const process& it : all_) sum += it.acknowledged;
    return sum;
  }

 protected:
  virtual void check(gof::node& on) = 0;
  void add(process it) { all_.push_back(std::move(it)); }
  // Hears all until it holds.
  template <class F>
  void until(F holds, const std::string& what) {
    const auto end = steady_clock::now() + patience;
    while (!holds() && !::testing::Test::HasFailure()) {
      if (steady_clock::now() > end) {
        ADD_FAILURE() << "in vain: " << what;
        for (const process& it : all_)
          std::cout << it.role << ' ' << it.name << ": " << it.open.size() << " open, "
                    << it.acknowledged << " acknowledged\n";
        return;
      }
      listen_for(1ms);
    }
  }
  std::mt19937_64::result_type chance() { return (*chance_)(); }

 private:
  [[nodiscard]] std::size_t in_flight() const {
    std::size_t sum = 0;
    for (const process& it : all_) sum += it.open.size();
    return sum;
  }
  void start(process& it) {
    words all{GOF_VICTIM, it.role, it.name, std::to_string(port_)};
    if (it.how)
      for (std::string& one : it.how()) all.push_back(std::move(one));
    it.ready = false;
    it.lives = std::make_unique<gof::testing::child>(std::move(all));
  }
  void listen_for(microseconds span) {
    const auto end = steady_clock::now() + span;
    do {
      std::vector<pollfd> what;
      for (const process& it : all_)
        if (it.lives) what.push_back({it.lives->pipe(), POLLIN, 0});
      const auto left =
          std::chrono::ceil<std::chrono::milliseconds>(end - steady_clock::now()).count();
      // The last millisecond is not slept through.
      if (::poll(what.data(), what.size(), static_cast<int>(std::max<long>(0, left - 1))) > 0)
        take_all();
    } while (steady_clock::now() < end);
  }
  void take_all() {
    for (process& it : all_)
      if (it.lives && !it.lives->take([&](const std::string& line) { it.hear(line); })) {
        ADD_FAILURE() << it.role << ' ' << it.name << " has ended by itself";
        it.lives.reset();
      }
  }
  void kill(process& it, bool counts) {
    take_all();
    std::vector<std::pair<process*, std::string>> before;
    for (process& one : all_)
      for (const std::string& what : one.open) before.emplace_back(&one, what);
    if (!it.lives) return;
    it.lives->kill();
    it.lives->take([&](const std::string& line) { it.hear(line); });
    it.lives.reset();
    take_all();
    // What was begun before, and is not acknowledged after, was in flight.
    const bool under_way = std::any_of(before.begin(), before.end(), [](const auto& one) {
      return one.first->open.contains(one.second);
    });
    it.open.clear();
    if (counts) ++(under_way ? in_flight_kills[it.is] : idle_kills);
  }
  // Each client has something acknowledged.
  void go_on() {
    std::map<const process*, std::uint64_t> before;
    for (const process& it : all_) before[&it] = it.acknowledged;
    until(
        [&] {
          return std::all_of(all_.begin(), all_.end(), [&](const process& it) {
            return it.ready && (it.is != kind::client || it.acknowledged > before[&it]);
          });
        },
        "all go on");
  }

  std::mt19937_64* chance_;
  const std::uint16_t port_ = gof::testing::free_port();
  const gof::testing::folder in_;
  std::deque<process> all_;
};

// What numbered calls came to, where each may be done once.
struct calls {
  std::set<std::uint64_t> begun, acknowledged, refused;
  std::map<std::uint64_t, int> done;
  // Returns whether it was about one.
  bool hear(process& by, const std::string& what, std::istream& in) {
    const bool begins = what == "begin", acks = what == "ack", did = what == "did";
    if (!begins && !acks && !did && what != "end") return false;
    const std::uint64_t which = number(in);
    if (begins) {
      begun.insert(which);
      by.begins(std::to_string(which));
    } else if (did) {
      ++done[which];
    } else if (acks) {
      acknowledged.insert(which);
      by.ends(std::to_string(which));
    } else {
      if (word(in) == "not") refused.insert(which);
      by.open.erase(std::to_string(which));
    }
    return true;
  }
  void check() {
    for (const auto& [which, times] : done) {
      EXPECT_TRUE(begun.contains(which)) << which << " was never begun";
      EXPECT_LE(times, 1) << which << " was done twice";
    }
    for (const std::uint64_t which : acknowledged) EXPECT_EQ(done[which], 1) << which;
    for (const std::uint64_t which : refused)
      EXPECT_EQ(done.count(which), 0u) << which << " was said not to have been done";
  }
};

// Each client has its numbers.
struct numbers {
  std::map<std::string, std::uint64_t> next{{"ann", 1}, {"bob", 1'000'001}};
  static std::string of(std::uint64_t which) { return which < 1'000'000 ? "ann" : "bob"; }
};

// ---- Command ------------------------------------------------------------------------------------

class command_cast final : public cast {
 public:
  explicit command_cast(std::mt19937_64& chance) : cast(chance) {
    for (const auto& [name, first] : numbers().next) {
      user& it = users_[name];
      it.next = first;
      add({"proposer", name, kind::client, [&it, this] { return begin(it); },
           [&it, this](process& p, const std::string& what, std::istream& in) {
             hear(it, p, what, in);
           }});
    }
  }

 private:
  struct user {
    std::uint64_t next = 0;
    std::vector<std::uint64_t> stack{};  // what it did, and did not take back
    std::string deed{}, intent{};        // of what is under way
    process* by = nullptr;
  };
  words begin(user& it) {
    words all = to_words(it.next);
    if (!it.intent.empty()) {
      all.push_back(it.intent);
      it.by->begins(std::to_string(it.next));
    }
    return all;
  }
  void hear(user& it, process& p, const std::string& what, std::istream& in) {
    it.by = &p;
    const std::uint64_t which = number(in);
    if (what == "begin") {
      EXPECT_EQ(which, it.next);
      it.deed = word(in);
      it.intent = word(in);
      p.begins(std::to_string(which));
    } else if (what == "ack") {
      EXPECT_EQ(which, it.next);
      EXPECT_EQ(take_place(it), word(in) == "done") << it.deed << ' ' << which;
      ++it.next;
      it.intent.clear();
      p.ends(std::to_string(which));
    } else {
      agree(which, number(in));
    }
  }
  static bool take_place(user& it) {
    if (it.deed == "add")
      it.stack.push_back(it.next);
    else if (it.stack.empty())
      return false;
    else
      it.stack.pop_back();
    return true;
  }
  void agree(std::uint64_t index, std::uint64_t digest) {
    const auto [there, is_new] = digests_.emplace(index, digest);
    EXPECT_TRUE(is_new || there->second == digest) << "replicas differ at " << index;
  }
  void check(gof::node& on) override {
    victims::history it(on, "commands", {});
    it.on_step([&](const auto& what) { agree(what.index, it.digest()); });
    bool done = false;
    it.execute(victims::add{0}, [&](const auto& what) { done = bool(what); });
    ASSERT_TRUE(on.run_until([&] { return done; }, patience)) << "the log could not be read";
    for (auto& [name, of] : users_) {
      std::vector<std::uint64_t> there;
      for (const std::uint64_t one : it.receiver().all)
        if (one != 0 && numbers::of(one) == name) there.push_back(one);
      if (there != of.stack && !of.intent.empty()) take_place(of);
      EXPECT_EQ(there, of.stack) << "of " << name;
    }
  }

  std::map<std::string, user> users_;
  std::map<std::uint64_t, std::uint64_t> digests_;  // by index
};

// ---- Observer -----------------------------------------------------------------------------------

class observer_cast final : public cast {
 public:
  explicit observer_cast(std::mt19937_64& chance) : cast(chance) {
    for (const auto& [name, first] : numbers().next) {
      subject& it = subjects_[name];
      it.next = first;
      add({"subject", name, kind::client, [&it] { return to_words(it.next); },
           [&it](process& p, const std::string& what, std::istream& in) {
             const std::uint64_t which = number(in);
             if (what == "begin") {
               it.begun.insert(which);
               p.begins(std::to_string(which));
             } else {
               it.acknowledged[which] = number(in);
               p.ends(std::to_string(which));
             }
             it.next = which + 1;
           }});
    }
    for (const char* name : {"cleo", "dan"}) {
      watcher& it = watchers_[name];
      add({"watcher", name, kind::server,
           [&it] {
             words all = to_words(it.version);
             for (const auto& [key, version] : it.known) {
               all.push_back(key);
               all.push_back(std::to_string(version));
             }
             return all;
           },
           [&it](process&, const std::string&, std::istream& in) {
             const std::uint64_t version = number(in);
             EXPECT_GT(version, std::exchange(it.version, version)) << "it was told again";
             const std::string key = word(in);
             const std::uint64_t value = number(in);
             EXPECT_EQ(number(in), 0u) << "changes were left out";
             it.told[version] = {key, value};
             if (value != 0)
               it.known[key] = version;
             else
               it.known.erase(key);
           }});
    }
  }

 private:
  struct subject {
    std::uint64_t next = 0;
    std::set<std::uint64_t> begun{};
    std::map<std::uint64_t, std::uint64_t> acknowledged{};  // the version of each
  };
  using changes = std::map<std::uint64_t, std::pair<std::string, std::uint64_t>>;
  struct watcher {
    std::uint64_t version = 0;
    std::map<std::string, std::uint64_t> known{};
    changes told{};
  };
  static bool erases(std::uint64_t which) { return which % 8 == 7; }

  void check(gof::node& on) override {
    const std::uint64_t end = gof::blocking(on).append("files", {"end"}).sequence;
    changes there;
    std::map<std::string, std::uint64_t> erased;
    std::map<std::uint64_t, std::uint64_t> places;
    const auto reading = on.read("files", 1, [&](const gof::entry& it) {
      std::uint64_t value = 0;
      const std::string& by = it.content.principal;
      if (!it.content.body.empty()) {
        value = gof::wire::decode<victims::update>(it.content.body).number;
        EXPECT_EQ(numbers::of(value), by);
        EXPECT_TRUE(places.emplace(value, it.sequence).second) << value << " is there twice";
        EXPECT_TRUE(subjects_[by].begun.contains(value)) << value << " was never begun";
      } else if (it.sequence != end) {
        ++erased[by];
      }
      there[it.sequence] = {it.content.subject, value};
    });
    ASSERT_TRUE(on.run_until([&] { return there.contains(end); }, patience));
    for (const auto& [name, of] : subjects_) {
      std::uint64_t least = 0, most = 0;
      for (const std::uint64_t which : of.begun) {
        const auto version = of.acknowledged.find(which);
        const bool is = version != of.acknowledged.end();
        if (erases(which)) {
          ++most;
          least += is;
        }
        if (!is) continue;
        const std::pair change("k" + std::to_string(which % 5), erases(which) ? 0 : which);
        EXPECT_EQ(there[version->second], change) << "at " << version->second;
      }
      EXPECT_GE(erased[name], least);
      EXPECT_LE(erased[name], most);
    }
    for (const auto& [name, of] : watchers_) {
      until([&] { return of.version >= end; }, name + " is told all");
      EXPECT_EQ(of.told, there) << "what " << name << " was told";
    }
  }

  std::map<std::string, subject> subjects_;
  std::map<std::string, watcher> watchers_;
};

// ---- Proxy --------------------------------------------------------------------------------------

class proxy_cast final : public cast {
 public:
  explicit proxy_cast(std::mt19937_64& chance) : cast(chance) {
    for (const auto& [name, first] : numbers().next)
      add({"client", name, kind::client,
           [this, n = name] {
             return words{std::to_string(next_.next[n]), n == "ann" ? "plain" : "resilient"};
           },
           [this](process& p, const std::string& what, std::istream& in) {
             all_.hear(p, what, in);
             if (what == "begin") next_.next[p.name] = *begun_last(p.name) + 1;
           }});
    for (const char* name : {"left", "right"})
      add({"server",
           name,
           kind::server,
           {},
           [this](process& p, const std::string& what, std::istream& in) {
             all_.hear(p, what, in);
           }});
  }

 private:
  std::set<std::uint64_t>::iterator begun_last(const std::string& name) {
    auto end = name == "ann" ? all_.begun.lower_bound(1'000'000) : all_.begun.end();
    return std::prev(end);
  }
  void check(gof::node&) override { all_.check(); }
  numbers next_;
  calls all_;
};

// ---- Decorator ----------------------------------------------------------------------------------

class decorator_cast final : public cast {
 public:
  explicit decorator_cast(std::mt19937_64& chance) : cast(chance) {
    for (const auto& [name, first] : numbers().next)
      add({"resilient", name, kind::client, [this, n = name] { return begin(n); },
           [this](process& p, const std::string& what, std::istream& in) { hear(p, what, in); }});
    for (const char* name : {"left", "right"}) {
      process it{"keeper", name, kind::server};
      add(std::move(it));
    }
  }

 private:
  words begin(const std::string& name) {
    words all = to_words(next_.next[name], name == "ann" ? 7 : 8);
    for (const std::uint64_t which : all_.begun)
      if (which % 2 == 0 && numbers::of(which) == name && !all_.acknowledged.contains(which)) {
        all.push_back(std::to_string(which));
        by_.at(name)->begins(std::to_string(which));
      }
    return all;
  }
  void hear(process& p, const std::string& what, std::istream& in) {
    by_[p.name] = &p;
    const auto at = in.tellg();
    const std::uint64_t which = number(in);
    in.seekg(at);
    all_.hear(p, what, in);
    if (what == "begin") next_.next[p.name] = which + 1;
    if (what == "ack") places_[which] = number(in);
  }
  void check(gof::node& on) override {
    for (const auto& [sequence, body] : gof::testing::lines_of(on, "kept")) {
      const std::uint64_t which = std::stoull(body);
      ++all_.done[which];
      const auto said = places_.find(which);
      EXPECT_TRUE(said == places_.end() || said->second == sequence) << "of " << which;
    }
    all_.check();
  }
  numbers next_;
  calls all_;
  std::map<std::string, process*> by_;
  std::map<std::uint64_t, std::uint64_t> places_;
};

// ---- Abstract Factory ---------------------------------------------------------------------------

class factory_cast final : public cast {
 public:
  explicit factory_cast(std::mt19937_64& chance) : cast(chance) {
    for (const std::string name : {"board", "rules"})
      add({"maker", name, kind::server, [name] { return words{name}; },
           [this, name](process&, const std::string&, std::istream& in) {
             EXPECT_EQ(word(in), name);
             const std::uint64_t which = number(in);
             EXPECT_TRUE(made_[name].emplace(which, word(in)).second)
                 << name << ' ' << which << " was made twice";
           }});
    add({"publisher", "ann", kind::client, [this] { return to_words(epochs_.size() + 1); },
         [this](process& p, const std::string& what, std::istream& in) {
           const std::uint64_t which = number(in);
           EXPECT_EQ(which, epochs_.size() + 1);
           if (what == "begin") return p.begins(std::to_string(which));
           epochs_.push_back(number(in));
           EXPECT_EQ(epochs_.back(), which) << "something was published twice, or not at all";
           p.ends(std::to_string(which));
         }});
    add({"player", "bob", kind::client,
         [this] { return to_words(kits_.begun.empty() ? 1 : *kits_.begun.rbegin() + 1); },
         [this](process& p, const std::string& what, std::istream& in) {
           const auto at = in.tellg();
           const std::uint64_t which = number(in);
           if (what == "ack") editions_[which] = word(in);
           in.seekg(at);
           kits_.hear(p, what, in);
         }});
  }

 private:
  void check(gof::node& on) override {
    for (const auto& [which, edition] : editions_)
      for (auto& [product, of] : made_) EXPECT_EQ(of[which], edition) << product << ' ' << which;
    for (const auto& [product, of] : made_)
      for (const auto& [which, edition] : of)
        EXPECT_TRUE(kits_.begun.contains(which)) << product << ' ' << which;
    const gof::versioned there = gof::blocking(on).get("gof.families", "game");
    const auto plan =
        gof::wire::decode<gof::abstract_factory::distributed::plan<victims::game>>(*there.value);
    EXPECT_GE(plan.epoch, epochs_.size());
    EXPECT_LE(plan.epoch, epochs_.size() + 1);
    EXPECT_EQ(plan.products.board.subject.back(), plan.products.rules.subject.back());
  }
  calls kits_;
  std::map<std::uint64_t, std::string> editions_;                     // of what is whole
  std::map<std::string, std::map<std::uint64_t, std::string>> made_;  // by product
  std::vector<std::uint64_t> epochs_;                                 // as they were published
};

// ---- Singleton ----------------------------------------------------------------------------------

class singleton_cast final : public cast {
 public:
  explicit singleton_cast(std::mt19937_64& chance) : cast(chance) {
    add({"disk",
         "disk",
         kind::server,
         {},
         [this](process& p, const std::string& what, std::istream& in) {
           all_.hear(p, what, in);
           const std::uint64_t generation = number(in), nonce = number(in);
           EXPECT_GE(generation, std::exchange(newest_, generation)) << "a former leader wrote";
           EXPECT_EQ(nonce, nonces_.emplace(generation, nonce).first->second)
               << "two leaders wrote";
         }});
    for (const char* name : {"ann", "bob"}) {
      process it{"candidate", name, kind::server};
      add(std::move(it));
    }
    add({"wisher", "cleo", kind::client,
         [this] { return to_words(all_.begun.empty() ? 1 : *all_.begun.rbegin() + 1); },
         [this](process& p, const std::string& what, std::istream& in) {
           all_.hear(p, what, in);
         }});
  }

 private:
  void check(gof::node&) override { all_.check(); }
  calls all_;
  std::uint64_t newest_ = 0;
  std::map<std::uint64_t, std::uint64_t> nonces_;  // by generation
};

// ---- The node's own -----------------------------------------------------------------------------

class node_cast final : public cast {
 public:
  explicit node_cast(std::mt19937_64& chance) : cast(chance) {
    for (const auto& [name, first] : numbers().next) {
      counter& it = counters_[name];
      it.next_line = first;
      add({"counter", name, kind::client, [&it, n = name] { return begin(it, n); },
           [&it](process& p, const std::string& what, std::istream& in) {
             hear(it, p, what, in);
           }});
    }
    add({"worker",
         "cleo",
         kind::server,
         {},
         [this](process&, const std::string& what, std::istream& in) {
           const std::uint64_t sequence = number(in);
           EXPECT_FALSE(what == "got" && settled_.contains(sequence)) << sequence << " came again";
           (what == "got" ? got_ : settled_).insert(sequence);
         }});
    add({"reader", "dan", kind::server, [this] { return to_words(last_ + 1); },
         [this](process&, const std::string&, std::istream& in) {
           const std::uint64_t sequence = number(in);
           EXPECT_EQ(sequence, last_ + 1) << "a gap, or a repetition";
           last_ = sequence;
           read_[sequence] = word(in);
         }});
  }

 private:
  struct counter {
    std::uint64_t counted = 0, next_line = 0;
    std::set<std::uint64_t> begun{};                        // lines
    std::map<std::uint64_t, std::uint64_t> acknowledged{};  // the sequence of each
    process* by = nullptr;
  };
  static words begin(counter& it, const std::string& name) {
    words all = to_words(it.counted + 1, it.next_line, name == "ann" ? 7 : 8);
    for (const std::uint64_t which : it.begun)
      if (!it.acknowledged.contains(which)) {
        all.push_back(std::to_string(which));
        it.by->begins("l " + std::to_string(which));
      }
    return all;
  }
  static void hear(counter& it, process& p, const std::string& what, std::istream& in) {
    it.by = &p;
    const std::string of = word(in);
    const std::uint64_t which = number(in);
    const std::string name = of + ' ' + std::to_string(which);
    what == "begin" ? p.begins(name) : p.ends(name);
    if (of == "c") {
      EXPECT_EQ(which, it.counted + 1);
      if (what == "ack") it.counted = which;
    } else if (what == "begin") {
      it.begun.insert(which);
      it.next_line = which + 1;
    } else {
      it.acknowledged[which] = number(in);
    }
  }
  void check(gof::node& on) override {
    const auto value = gof::blocking(on).get("counts", "all").value;
    const auto counts = gof::wire::decode<victims::counts>(*value);
    std::uint64_t sum = 0;
    for (const auto& [name, of] : counters_) {
      const std::uint64_t by = counts.by.at(name);
      EXPECT_TRUE(by == of.counted || by == of.counted + 1) << name << ' ' << by;
      sum += by;
    }
    EXPECT_EQ(counts.sum, sum);

    const auto there = gof::testing::lines_of(on, "lines");
    std::map<std::uint64_t, std::uint64_t> places;
    for (const auto& [sequence, body] : there) {
      const std::uint64_t which = std::stoull(body);
      EXPECT_TRUE(places.emplace(which, sequence).second) << which << " is there twice";
      EXPECT_TRUE(counters_[numbers::of(which)].begun.contains(which)) << which;
    }
    for (const auto& [name, of] : counters_)
      for (const auto& [which, sequence] : of.acknowledged)
        EXPECT_EQ(places[which], sequence) << "of " << which;
    until([&] { return last_ > there.rbegin()->first && got_.size() > there.size(); },
          "all lines are read, and worked on");
    std::erase_if(read_, [](const auto& it) { return it.second.empty(); });  // the end
    EXPECT_EQ(read_, there);
  }

  std::map<std::string, counter> counters_;
  std::set<std::uint64_t> got_, settled_;
  std::uint64_t last_ = 0;
  std::map<std::uint64_t, std::string> read_;
};

template <class Cast>
void campaign(const char* name, std::uint64_t seed) {
  const char* asked = std::getenv("GOF_KILLS");
  const int wanted = asked ? std::atoi(asked) : 6;
  std::mt19937_64 chance(asked ? std::random_device()() : seed);
  std::map<kind, int> kills;
  int idle = 0, left = wanted;
  std::uint64_t acknowledged = 0;
  while (left > 0 && !::testing::Test::HasFailure()) {
    Cast all(chance);
    all.play(std::min(left, kills_of_a_file));
    left -= kills_of_a_file;
    for (const auto& [of, count] : all.in_flight_kills) kills[of] += count;
    idle += all.idle_kills;
    acknowledged += all.acknowledged();
  }
  std::cout << name << ": killed with something in flight";
  for (const kind of : {kind::client, kind::server, kind::broker})
    std::cout << ", " << names[static_cast<int>(of)] << ' ' << kills[of];
  std::cout << "; without, " << idle << "; " << acknowledged << " acknowledgements\n";
}

TEST(PyroKilled, Command) { campaign<command_cast>("Command", 1); }
TEST(PyroKilled, Observer) { campaign<observer_cast>("Observer", 2); }
TEST(PyroKilled, Proxy) { campaign<proxy_cast>("Proxy", 3); }
TEST(PyroKilled, Decorator) { campaign<decorator_cast>("Decorator", 4); }
TEST(PyroKilled, AbstractFactory) { campaign<factory_cast>("Abstract Factory", 5); }
TEST(PyroKilled, Singleton) { campaign<singleton_cast>("Singleton", 6); }
TEST(PyroKilled, Node) { campaign<node_cast>("Node", 7); }

}  // namespace
