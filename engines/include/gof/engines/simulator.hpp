// SPDX-License-Identifier: BSL-1.0
#pragma once
#ifdef GOF_ENGINES_COMPILED  // what is inline here is compiled once: engines/src/engines.cpp
#pragma interface
#endif
/// \file
/// The simulator, `sim:SEED`: nodes and their broker on a network that fails, in virtual time.

#include <algorithm>
#include <array>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include <gof/engines/broker.hpp>
#include <gof/engines/endpoint.hpp>
#include <gof/engines/faults.hpp>

namespace gof::inline v0::sim {

/// \addtogroup engines
/// @{

/// How a simulated network is when nothing goes wrong.
struct options {
  duration latency = std::chrono::microseconds(200);  ///< the least time of a message, one way
  duration jitter = std::chrono::microseconds(100);   ///< on top of it, on average
  duration silence = std::chrono::seconds(3);  ///< so long unheard, the broker gives a node up
  bool sealed = true;  ///< what a tap changes or sends is noticed and dropped, as with TLS
  bool synced = true;  ///< what the broker commits outlasts a loss of its unsynced writes
};

/// What happened in a run.
struct ledger {
  std::uint64_t events = 0;                      ///< things that happened
  std::uint64_t messages = 0;                    ///< between nodes and broker
  std::uint64_t bytes = 0;                       ///< of them
  std::array<std::uint64_t, kinds> injected{};   ///< faults, by kind
  std::array<std::uint64_t, kinds> effective{};  ///< messages and nodes that they hit, by kind
  std::uint64_t unsynced = 0;  ///< writes that the broker lost, as they were not synced
};

/// A message or a fault, for those who look on.
struct step {
  time_point at{};                           ///< when it left, or began
  std::string_view who{};                    ///< whose: the node's name
  const engines::request* up = nullptr;      ///< what it sends to the broker,
  const engines::happening* down = nullptr;  ///< or what the broker sends to it,
  const fault* what = nullptr;               ///< or what goes wrong
  time_point arrives{};                      ///< of a message: when; the clock's maximum for never
};

class world;

/// What a role's thread unwinds with when its node crashes; a role lets it pass.
struct crashed {};

/// Keeps what is committed; what is not synced can be lost.
class disk final : public engines::storage {
 public:
  /// \param synced whether each commit is synced
  explicit disk(bool synced) : synced_(synced) {}
  void put(std::string_view key, std::string_view value) override {
    pending_.push_back({std::string(key), {}, std::string(value)});
    growth_ += key.size() + value.size();
  }
  void erase(std::string_view first, std::string_view last) override {
    pending_.push_back({std::string(first), std::string(last), {}});
  }
  void commit() override {
    if (std::exchange(growth_, 0) + size_ > most_ && most_ != 0) {
      ++refused_;
      throw std::system_error(std::make_error_code(std::errc::no_space_on_device));
    }
    for (change& one : std::exchange(pending_, {})) {
      if (one.value) {
        remember(one.key);
        std::string& there = all_[one.key];
        size_ += one.value->size() + (there.empty() ? one.key.size() : 0) - there.size();
        there = std::move(*one.value);
      } else {
        for (auto i = all_.lower_bound(one.key); i != all_.end() && i->first < one.last;) {
          remember(i->first);
          size_ -= i->first.size() + i->second.size();
          i = all_.erase(i);
        }
      }
    }
    if (synced_) unsynced_.clear();
  }
  void roll_back() noexcept override {
    pending_.clear();
    growth_ = 0;
  }
  void scan(const std::function<void(std::string_view, std::string_view)>& each) override {
    for (const auto& [key, value] : all_) each(key, value);
  }
  [[nodiscard]] bool durable() const noexcept override { return true; }
  /// Fails commits that would make it larger. \param bytes how large; 0 for any size
  void limit(std::size_t bytes) noexcept { most_ = bytes; }
  /// \returns how many bytes it holds
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  /// \returns how many commits failed
  [[nodiscard]] std::uint64_t refused() const noexcept { return refused_; }
  /// Forgets what was not synced. \returns how much
  std::size_t lose_unsynced() {
    const std::size_t lost = unsynced_.size();
    for (; !unsynced_.empty(); unsynced_.pop_back()) {
      auto& [key, value] = unsynced_.back();
      if (value)
        all_[key] = std::move(*value);
      else
        all_.erase(key);
    }
    size_ = 0;
    for (const auto& [key, value] : all_) size_ += key.size() + value.size();
    return lost;
  }

 private:
  struct change {
    std::string key, last;
    std::optional<std::string> value;
  };
  void remember(const std::string& key) {
    if (synced_) return;
    const auto found = all_.find(key);
    unsynced_.emplace_back(key, found == all_.end() ? std::optional<std::string>() : found->second);
  }
  bool synced_;
  std::size_t size_ = 0, growth_ = 0, most_ = 0;
  std::uint64_t refused_ = 0;
  std::vector<change> pending_;
  std::map<std::string, std::string, std::less<>> all_;
  std::vector<std::pair<std::string, std::optional<std::string>>> unsynced_;  // what was before
};

/// A node in a simulation.
class simulated_node final : public engines::endpoint {
 public:
  /// For the world.
  simulated_node(world& in, std::string name, std::uint64_t life);
  /// Leaves.
  ~simulated_node() override;
  [[nodiscard]] std::uint64_t incarnation() const noexcept override { return life_; }
  [[nodiscard]] gof::promises promises() const noexcept override { return {true, true}; }
  [[nodiscard]] time_point now() const override;
  [[nodiscard]] std::uint64_t random() override { return chance_.next(); }
  void post(unique_function<void()> f) override;
  bool run_until(unique_function<bool()> condition, duration limit) override;
  void close(duration limit) override;

 protected:
  void send(engines::request&& what) override;

 private:
  friend class world;
  struct stepping {  // a handler runs
    simulated_node& of;
    explicit stepping(simulated_node& it) noexcept : of(it) { of.stepping_ = true; }
    stepping(const stepping&) = delete;
    stepping& operator=(const stepping&) = delete;
    ~stepping() { of.stepping_ = false; }
  };
  // What a thread waits for in run_until.
  struct wait {
    unique_function<bool()> condition;
    std::uint64_t number = 0;
    bool over = false;
  };
  world* world_;
  std::uint64_t life_;
  chance chance_;
  bool up_ = true;         // neither crashed nor destroyed
  bool stepping_ = false;  // a handler runs
  bool is_role_ = false;   // a thread of its own waits in run_until
  std::int64_t clock_ahead_ = 0;
  time_point paused_until_{};
  time_point wakes_ = time_point::max();  // when the world looks at its timers, in the world's time
  std::uint64_t sent_ = 0, heard_ = 0;    // the numbers of messages, to and from the broker
  std::uint64_t epoch_ = 0;               // of the broker's knowing it; 0 until it was heard of
  bool forgotten_ = false;                // the broker said that it does not know it
  std::optional<wait> waits_;
};

/// Nodes and their broker, on one thread, in virtual time. What goes wrong is given as data; the
/// same seed and the same faults give the same run, to the last event.
///
/// A node belongs to whoever joins; an actor is made anew whenever its node starts; a role is code
/// that blocks, on a thread of its own, of which exactly one runs at a time.
/// \threads one; roles' threads are the world's own
class world {
 public:
  /// What an actor is made by: gets its node, and returns what lives until the node is gone.
  using actor = std::function<std::shared_ptr<void>(node&)>;
  /// What a role does.
  using role = std::function<void(node&)>;

  /// \param seed what happens by chance \param how how the network is
  explicit world(std::uint64_t seed, options how = {})
      : seed_(seed), how_(how), ties_(chance::mix(seed, 1)), disk_(how.synced) {
    start_broker();
  }
  world(const world&) = delete;
  world& operator=(const world&) = delete;
  /// Ends all roles and actors.
  ~world();

  /// \returns a node of that name, which must not outlive the world. \param name its name
  std::unique_ptr<node> join(std::string name) {
    return std::make_unique<simulated_node>(*this, std::move(name), lives_.size());
  }
  /// Has a node with an actor, which starts anew after a crash. \param name its name \param make
  /// makes the actor
  void start(const std::string& name, actor make) {
    machine& of = machines_[name];
    of.make = std::move(make);
    boot(name, of);
  }
  /// Has a node with a role. \param name its name \param what what it does; an exception that
  /// leaves it leaves \ref run
  void start_role(const std::string& name, role what) {
    machine& of = machines_[name];
    of.what = std::move(what);
    boot(name, of);
  }
  /// \returns the version of its program that a node is to run: 1, unless a fault says another.
  /// What another version does otherwise is the actor's to know. \param who the node
  [[nodiscard]] std::uint64_t version(const std::string& who) const {
    const auto found = machines_.find(who);
    return found == machines_.end() ? 1 : found->second.version;
  }
  /// Has something go wrong. \param one when and what
  void inject(const fault& one);
  /// Has all of these go wrong. \param all when and what
  void inject(const std::vector<fault>& all) {
    for (const fault& one : all) inject(one);
  }
  /// Lets time pass until the condition holds. \param condition asked after each event
  /// \param limit how long at most \returns whether it holds \throws what a handler or a role
  /// throws
  /// \param only the nodes whose handlers run meanwhile; all, where there are none
  bool run_until(unique_function<bool()> condition, duration limit,
                 const std::vector<node*>& only = {});
  /// Lets time pass. \param span how long
  void run(duration span) {
    run_until([] { return false; }, span);
  }
  /// Lets time pass until all roles are done. \param limit how long at most \returns whether they
  /// are
  bool run_roles(duration limit) {
    return run_until(
        [this] {
          return std::all_of(machines_.begin(), machines_.end(),
                             [](const auto& it) { return !it.second.what || it.second.done; });
        },
        limit);
  }
  /// \returns the time
  [[nodiscard]] time_point now() const noexcept { return now_; }
  /// \returns what happened
  [[nodiscard]] ledger counts() const noexcept {
    ledger all = ledger_;
    all.effective[index(kind::quota)] = disk_.refused();
    return all;
  }
  /// \returns how many bytes went between a node and the broker, so far. \param who the node
  [[nodiscard]] std::uint64_t bytes(const std::string& who) const {
    const auto found = links_.find(who);
    return found == links_.end() ? 0 : found->second.bytes;
  }
  /// \returns how many bytes the broker keeps
  [[nodiscard]] std::size_t kept() const noexcept { return disk_.size(); }
  /// \returns a hash of all that happened, in order: equal for equal runs
  [[nodiscard]] std::uint64_t trace() const noexcept { return trace_; }
  /// \returns the seed
  [[nodiscard]] std::uint64_t seed() const noexcept { return seed_; }
  /// Shows all requests to a tap, as they leave. \param tap called with who sends what, until the
  /// world ends: bind it to a scope where it refers to what ends earlier
  void listen(std::function<void(const std::string& who, const engines::request&)> tap) {
    tap_ = std::move(tap);
  }
  /// Shows all messages and faults, as they leave and begin. \param look called with each, as a tap
  void watch(std::function<void(const step&)> look) { look_ = std::move(look); }
  /// Sends a request in a node's name, as one on the path may try. \param who the name \param what
  /// it
  void forge(const std::string& who, engines::request what);

 private:
  friend class simulated_node;
  enum class way : std::uint8_t { up, down };  // to the broker, and back
  struct event {
    time_point at;
    std::uint64_t tie, number;
    std::uint32_t slot;
    [[nodiscard]] bool operator<(const event& other) const noexcept {  // of a heap: the last first
      if (at != other.at) return at > other.at;
      return tie != other.tie ? tie > other.tie : number > other.number;
    }
  };
  // What happens to the link of a node, now.
  struct link {
    std::string name;
    std::uint64_t seed = 0;                     // of what happens to its messages by chance
    std::array<std::uint64_t, kinds> active{};  // how much of each kind; 0 for none
    std::array<std::uint64_t, kinds> countdown{};
    duration gone{};  // how long the broker will be, after that countdown
    bool tapped = false;
    std::uint64_t bytes = 0;                  // so far
    std::array<std::uint64_t, 2> messages{};  // so far, each way
    std::array<time_point, 2> last{};         // when the last one arrives, each way
    std::array<time_point, 2> busy{};         // until when, each way, where it is narrow
    std::vector<engines::request> heard{};    // by a tap that will send them again
  };
  // What the world knows of a life of a node.
  struct lifetime {
    simulated_node* node;  // null when it is gone
    link* path;
    std::uint64_t heard = 0, told = 0;  // numbers of messages, to the broker and from it
    std::uint64_t epoch = 0;            // of the broker's knowing it
  };
  struct machine {
    actor make{};
    role what{};
    std::unique_ptr<simulated_node> node{};
    std::shared_ptr<void> acts{};
    std::thread thread{};
    bool done = false;
    std::uint64_t version = 1;
  };
  static constexpr int most_steps = 1000;  // of a node in no time
  static constexpr std::uint64_t index(kind what) noexcept {
    return static_cast<std::uint64_t>(what);
  }

  // ---- Events
  void at(time_point when, unique_function<void()> what) {
    std::uint32_t slot;
    if (free_.empty()) {
      slot = static_cast<std::uint32_t>(happens_.size());
      happens_.push_back(std::move(what));
    } else {
      slot = free_.back();
      free_.pop_back();
      happens_[slot] = std::move(what);
    }
    heap_.push_back({std::max(when, now_), ties_.next(), ++events_made_, slot});
    std::push_heap(heap_.begin(), heap_.end());
  }
  bool happen(time_point limit) {
    if (heap_.empty() || heap_.front().at > limit) return false;
    std::pop_heap(heap_.begin(), heap_.end());
    const event next = heap_.back();
    heap_.pop_back();
    now_ = next.at;
    auto what = std::move(happens_[next.slot]);
    happens_[next.slot] = {};
    free_.push_back(next.slot);
    ++ledger_.events;
    record(static_cast<std::uint64_t>(now_.time_since_epoch().count()), 0);
    what();
    return true;
  }
  void record(std::uint64_t a, std::uint64_t b) noexcept {
    trace_ = (trace_ ^ (a + 0x9e3779b97f4a7c15u * b)) * 0x100000001b3u;
    trace_ ^= trace_ >> 29;
  }
  void hit(kind what) noexcept { ++ledger_.effective[index(what)]; }

  // ---- Nodes
  void boot(const std::string& name, machine& of);
  bool crash(const std::string& name, duration gone);
  void move(const std::string& name, duration lasts);
  void pump(simulated_node& of);
  void note_timer(simulated_node& of);
  void ping(std::uint64_t life);
  link& link_of(const std::string& name) {
    link& of = links_[name];
    if (of.name.empty()) {
      of.name = name;
      of.seed = chance::mix(seed_, engines::packer::checksum(name));
      if (name != "broker") of.active = link_of("broker").active;  // what goes wrong everywhere
    }
    return of;
  }
  // The node of a life; null where it is gone.
  [[nodiscard]] simulated_node* find(std::uint64_t life) const { return lives_[life].node; }
  [[nodiscard]] simulated_node* find(const std::string& name) const {
    const auto found = nodes_.find(name);
    return found == nodes_.end() ? nullptr : found->second;
  }
  void pump(std::uint64_t life) {
    if (simulated_node* of = find(life)) pump(*of);
  }

  // ---- Links
  template <class Deliver>
  time_point transmit(link& of, way where, std::size_t size, Deliver deliver);
  void to_broker(simulated_node& from, engines::request&& what);
  void arrive(std::uint64_t life, std::uint64_t number, engines::request&& what);
  void deliver(std::uint64_t life, engines::happening&& what);
  void apply(const fault& one, const std::string& who, bool begins);
  void say();
  // The body that a message bears; null for none.
  static std::string* body_of(engines::request& what);
  static std::string* body_of(engines::happening& what);
  static void make_up(engines::request& what);
  template <class What>
  static std::size_t size_of(What& what) {
    const std::string* body = body_of(what);
    return 64 + (body ? body->size() : 0);
  }
  static std::size_t size_of(engines::happening& what) {  // all that it brings
    std::size_t size = 64;
    if (const auto* it = std::get_if<engines::lines>(&what.what)) {
      for (const entry& one : it->all) size += 64 + one.content.body.size();
    } else if (const auto* jobs = std::get_if<engines::jobs>(&what.what)) {
      for (const engines::job& one : jobs->all) size += 64 + one.line.content.body.size();
    } else if (const auto* changes = std::get_if<engines::changes>(&what.what)) {
      for (const versioned& one : changes->all) size += 64 + (one.value ? one.value->size() : 0);
    } else if (const std::string* body = body_of(what)) {
      size += body->size();
    }
    return size;
  }

  // ---- The broker
  void start_broker() {
    broker_.emplace(&disk_);
    broker_->allow([this](const std::string& who, std::string_view, const std::string&) {
      const auto found = links_.find(who);
      const bool denied = found != links_.end() && found->second.active[index(kind::deny)] > 0;
      if (denied) hit(kind::deny);
      return !denied;
    });
    for (lifetime& one : lives_) one.heard = one.epoch = 0;
    broker_ticks_ = time_point::max();
  }
  void crash_broker(duration gone, bool unsynced);
  void note_broker_timer();

  // ---- Roles
  void resume(simulated_node& of);  // its thread runs until it waits again, or is done
  bool yield(simulated_node& of, unique_function<bool()> condition, duration limit);
  void take_baton(std::unique_lock<std::mutex>& lock, const simulated_node* mine) {
    baton_moved_.wait(lock, [&] { return baton_ == mine; });
  }

  const std::uint64_t seed_;
  const options how_;
  chance ties_;
  time_point now_{};
  std::vector<event> heap_;
  std::vector<unique_function<void()>> happens_;  // by slot
  std::vector<std::uint32_t> free_;
  std::uint64_t events_made_ = 0, waits_made_ = 0;
  std::uint64_t trace_ = 0xcbf29ce484222325u;
  ledger ledger_;
  std::function<void(const std::string&, const engines::request&)> tap_;
  std::function<void(const step&)> look_;
  std::map<std::string, simulated_node*> nodes_;
  std::map<std::string, link> links_;
  std::deque<lifetime> lives_{{nullptr, nullptr}};  // a node's life is its place here
  std::map<std::string, machine> machines_;
  std::map<std::uint64_t, machine> former_;  // by life: whose name has moved, and who go on

  disk disk_;
  std::optional<engines::broker> broker_;
  time_point broker_paused_until_{};
  time_point broker_ticks_ = time_point::max();
  std::uint64_t last_epoch_ = 0;
  unique_function<bool()>* asked_ = nullptr;  // what run_until waits for
  bool holds_ = false;
  std::vector<node*> only_;  // whose handlers run; all, where it is empty

  std::mutex guard_;  // of the baton: who runs; null for the world
  std::condition_variable baton_moved_;
  const simulated_node* baton_ = nullptr;
  std::exception_ptr thrown_;
  bool ending_ = false;
};

// ---- The node's side
// -----------------------------------------------------------------------------

inline simulated_node::simulated_node(world& in, std::string name, std::uint64_t life)
    : endpoint(std::move(name)),
      world_(&in),
      life_(life),
      chance_(chance::mix(in.seed_, engines::packer::checksum(this->name()), life)) {
  const auto found = in.nodes_.find(this->name());
  if (found != in.nodes_.end() && found->second->up_)
    throw failure(
        {errc::conflict, "a node with the name " + this->name() + " is there already", {}});
  in.nodes_[this->name()] = this;
  in.lives_.push_back({this, &in.link_of(this->name())});
  send({0, engines::ping{}});  // the broker does not know it: it enters
  in.ping(life);
}

inline simulated_node::~simulated_node() {
  if (up_ && !ended()) send({0, engines::leave{}});
  up_ = false;
  forget();
  world_->lives_[life_].node = nullptr;
  if (world_->find(name()) == this) world_->nodes_.erase(name());
}

inline time_point simulated_node::now() const { return world_->now_ + duration(clock_ahead_); }

inline void simulated_node::post(unique_function<void()> f) {
  enqueue(std::move(f));
  world_->at(world_->now_, [in = world_, life = life_] { in->pump(life); });
}

inline void simulated_node::send(engines::request&& what) {
  if (up_) world_->to_broker(*this, std::move(what));
}

inline bool simulated_node::run_until(unique_function<bool()> condition, duration limit) {
  if (stepping_) throw std::logic_error("gof::node: a handler must not wait, nor close its node");
  if (is_role_) return world_->yield(*this, std::move(condition), limit);
  return world_->run_until(std::move(condition), limit);
}

inline void simulated_node::close(duration) {
  if (stepping_) throw std::logic_error("gof::node: a handler must not wait, nor close its node");
  if (ended()) return;
  send({0, engines::leave{}});
  const stepping mark(*this);
  end();
}

// ---- Links
// ---------------------------------------------------------------------------------------

inline std::string* world::body_of(engines::request& what) {
  if (auto* it = std::get_if<engines::ask>(&what.what)) return &it->what.body;
  if (auto* it = std::get_if<engines::publish>(&what.what)) return &it->what.body;
  if (auto* it = std::get_if<engines::append>(&what.what)) return &it->line.body;
  if (auto* it = std::get_if<engines::put>(&what.what); it && it->value) return &*it->value;
  if (auto* it = std::get_if<engines::answer>(&what.what); it && it->what) return &*it->what;
  return nullptr;
}
inline std::string* world::body_of(engines::happening& what) {
  if (auto* it = std::get_if<engines::asked>(&what.what)) return &it->what.body;
  if (auto* it = std::get_if<engines::told>(&what.what)) return &it->what.body;
  if (auto* it = std::get_if<engines::reply>(&what.what)) return &it->what.body;
  if (auto* it = std::get_if<engines::lines>(&what.what); it && !it->all.empty())
    return &it->all.front().content.body;
  if (auto* it = std::get_if<versioned>(&what.what); it && it->value) return &*it->value;
  return nullptr;
}

// Makes it another message of the same kind, which nobody has sent.
inline void world::make_up(engines::request& what) {
  if (std::string* body = body_of(what); body && !body->empty()) body->back() ^= 1;
  const auto other = [](operation_id& id) { id.client += id ? 2 : 0; };
  if (auto* it = std::get_if<engines::ask>(&what.what)) other(it->what.id);
  if (auto* it = std::get_if<engines::publish>(&what.what)) other(it->what.id);
  if (auto* it = std::get_if<engines::append>(&what.what)) other(it->line.id);
}

// Has `deliver` called when the message arrives: once, never, or twice; with true where a tap
// turned a bit of it. Gives the time of that, and the clock's maximum where it is lost.
template <class Deliver>
time_point world::transmit(link& of, way where, std::size_t size, Deliver deliver) {
  const auto w = static_cast<std::size_t>(where);
  chance by(chance::mix(of.seed, ++of.messages[w], w));
  ++ledger_.messages;
  ledger_.bytes += size;
  of.bytes += size;
  const auto active = [&](kind what) { return of.active[index(what)]; };
  const auto struck = [&](kind what) {
    const bool is = active(what) && by.per_mille(active(what));
    if (is) hit(what);
    return is;
  };
  const auto counted = [&](kind what) {
    const bool is = of.countdown[index(what)] && --of.countdown[index(what)] == 0;
    if (is) hit(what);
    return is;
  };
  if (active(kind::partition)) {
    hit(kind::partition);
    return time_point::max();
  }
  if (struck(kind::lose) || struck(where == way::up ? kind::lose_requests : kind::lose_answers) ||
      counted(where == way::up ? kind::lose_nth_request : kind::lose_nth_answer))
    return time_point::max();
  time_point leaves = now_;
  if (const std::uint64_t speed = active(kind::narrow)) {
    const time_point free = std::max(of.busy[w], now_);
    hit(kind::narrow);
    if (free - now_ > std::chrono::seconds(1)) return time_point::max();  // its queue is full
    leaves = of.busy[w] = free + duration(static_cast<std::int64_t>(size * 1'000'000'000u / speed));
  }
  duration takes = how_.latency + duration(by.exponential(how_.jitter.count()));
  if (by.below(1000) == 0) takes += std::chrono::milliseconds(1 + by.below(50));
  if (const std::uint64_t most = active(kind::delay)) {
    hit(kind::delay);
    takes += std::chrono::microseconds(std::min<std::int64_t>(
        static_cast<std::int64_t>(most), by.exponential(static_cast<std::int64_t>(most / 4 + 1))));
  }
  time_point arrives = leaves + takes;
  if (struck(kind::reorder))
    arrives = leaves + how_.latency / 4;  // before those that left earlier
  else
    of.last[w] = arrives = std::max(arrives, of.last[w] + duration(1));
  const bool flipped = struck(kind::flip);
  if (struck(kind::duplicate))
    at(arrives + duration(by.exponential(1'000'000'000)),
       [deliver, flipped]() mutable { deliver(flipped); });
  at(arrives, [deliver = std::move(deliver), flipped]() mutable { deliver(flipped); });
  return arrives;
}

inline void world::to_broker(simulated_node& from, engines::request&& what) {
  if (tap_) tap_(from.name(), what);
  link& of = *lives_[from.life_].path;
  if (of.tapped && body_of(what) && !std::holds_alternative<engines::answer>(what.what))
    of.heard.push_back(what);
  const std::size_t size = size_of(what);
  const auto shown = look_ ? std::optional(what) : std::nullopt;
  const time_point arrives =
      transmit(of, way::up, size,
               [this, life = from.life_, number = ++from.sent_,
                what = std::move(what)](bool flipped) mutable {
                 if (flipped && how_.sealed) return;
                 if (std::string* body = flipped ? body_of(what) : nullptr; body && !body->empty())
                   (*body)[body->size() / 2] ^= 1;
                 arrive(life, number, std::move(what));
               });
  if (shown) look_({now_, from.name(), &*shown, nullptr, nullptr, arrives});
}

// A request comes to the broker. Number 0 is one of a tap, which has no place in the order.
inline void world::arrive(std::uint64_t life, std::uint64_t number, engines::request&& what) {
  if (!broker_) return;
  if (broker_paused_until_ > now_) {
    hit(kind::pause);
    return at(broker_paused_until_, [this, life, number, what = std::move(what)]() mutable {
      arrive(life, number, std::move(what));
    });
  }
  auto& from = lives_[life];
  if (number) {
    if (number <= from.heard) return;  // it came again, or was overtaken
    from.heard = number;
  }
  record(life, what.what.index() + 1);
  const bool is_ping = std::holds_alternative<engines::ping>(what.what);
  if (!broker_->present(life)) {
    if (std::holds_alternative<engines::leave>(what.what)) return;
    if (!is_ping) return deliver(life, {0, error{errc::closed, "who are you?", {}}});
    if (!broker_->enter(from.path->name, how_.silence, now_, life))
      return;  // a later one of that name is there
    from.epoch = ++last_epoch_;
  }
  broker_->handle(life, std::move(what), now_);
  broker_->commit();
  link& of = *from.path;
  if (auto& left = of.countdown[index(kind::crash_before_nth_answer)];
      left && !is_ping && --left == 0) {
    hit(kind::crash_before_nth_answer);
    return crash_broker(of.gone, false);
  }
  if (is_ping) deliver(life, {0, engines::version{from.epoch}});
  say();
}

// Sends to nodes what the broker has to say, and looks at its timers.
inline void world::say() {
  for (engines::outgoing& it : broker_->take_outgoing()) deliver(it.to, std::move(it.what));
  note_broker_timer();
}

inline void world::note_broker_timer() {
  const time_point due = std::max(broker_->next_due(), broker_paused_until_);
  if (due == time_point::max() || due >= broker_ticks_) return;
  broker_ticks_ = due;
  at(due, [this, due] {
    if (!broker_ || broker_ticks_ != due) return;  // another one, or an earlier one
    broker_ticks_ = time_point::max();
    if (broker_paused_until_ <= now_) {
      broker_->tick(now_);
      broker_->commit();
    }
    say();
  });
}

inline void world::deliver(std::uint64_t life, engines::happening&& what) {
  auto& of = lives_[life];
  const std::size_t size = size_of(what);
  const auto shown = look_ ? std::optional(what) : std::nullopt;
  const time_point arrives =
      transmit(*of.path, way::down, size,
               [this, life, number = ++of.told, what = std::move(what)](bool flipped) mutable {
                 if (flipped && how_.sealed) return;
                 if (std::string* body = flipped ? body_of(what) : nullptr; body && !body->empty())
                   (*body)[body->size() / 2] ^= 1;
                 simulated_node* to = find(life);
                 if (!to || number <= to->heard_) return;
                 to->heard_ = number;
                 record(life, what.what.index() + 100);
                 if (what.token != 0) {
                   to->receive(std::move(what), to->now());
                 } else if (const auto* epoch = std::get_if<engines::version>(&what.what)) {
                   const bool anew = to->epoch_ != 0 && to->epoch_ != epoch->number;
                   to->epoch_ = epoch->number;
                   if (anew || std::exchange(to->forgotten_, false)) to->resume();
                 } else {
                   to->forgotten_ = true;
                   to->send({0, engines::ping{}});
                 }
                 pump(*to);
               });
  if (shown) look_({now_, of.path->name, nullptr, &*shown, nullptr, arrives});
}

inline void world::forge(const std::string& who, engines::request what) {
  if (how_.sealed) return;
  if (const simulated_node* of = find(who)) arrive(of->life_, 0, std::move(what));
}

// ---- Nodes
// ---------------------------------------------------------------------------------------

// So that the broker knows that it is there, and it knows whether the broker does.
inline void world::ping(std::uint64_t life) {
  at(now_ + std::chrono::seconds(1), [this, life] {
    simulated_node* of = find(life);
    if (!of || of->ended()) return;
    if (of->paused_until_ <= now_) of->send({0, engines::ping{}});
    ping(life);
  });
}

// Does what is ready on a node.
inline void world::pump(simulated_node& of) {
  if (!only_.empty() && std::find(only_.begin(), only_.end(), &of) == only_.end()) return;
  for (int steps = 0; of.up_;) {
    if (of.paused_until_ > now_) {
      hit(kind::pause);
      at(of.paused_until_, [this, life = of.life_] { pump(life); });
      return;
    }
    if (of.is_role_ && (!of.waits_ || of.waits_->over)) return;  // its thread runs, or is done
    if (++steps > most_steps) {  // what is always due leaves room for others, and for time
      at(now_ + std::chrono::microseconds(1), [this, life = of.life_] { pump(life); });
      return;
    }
    {
      const simulated_node::stepping mark(of);
      if (!of.step()) break;
    }
    record(of.life_, 200);
    if (of.waits_ && of.waits_->condition()) {
      of.waits_->over = true;
      resume(of);
    } else if (asked_ && (*asked_)()) {
      holds_ = true;
      at(now_, [this, life = of.life_] { pump(life); });
      return;
    }
  }
  note_timer(of);
}

inline void world::note_timer(simulated_node& of) {
  if (!of.up_ || of.next_timer() == time_point::max()) return;
  const time_point due = of.next_timer() - duration(of.clock_ahead_);
  if (due >= of.wakes_) return;
  of.wakes_ = due;
  at(due, [this, due, life = of.life_] {
    simulated_node* it = find(life);
    if (!it || it->wakes_ != due) return;
    it->wakes_ = time_point::max();
    pump(*it);
  });
}

inline void world::boot(const std::string& name, machine& of) {
  of.node = std::make_unique<simulated_node>(*this, name, lives_.size());
  simulated_node& it = *of.node;
  if (of.make) {
    of.acts = of.make(it);
    pump(it);
    return;
  }
  it.is_role_ = true;
  of.thread = std::thread([this, &of, &it] {
    {
      std::unique_lock lock(guard_);
      take_baton(lock, &it);
    }
    try {
      if (it.up_) of.what(it);
      of.done = it.up_;
    } catch (const crashed&) {  // it is made anew, or the world ends
    } catch (...) {
      of.done = true;
      thrown_ = std::current_exception();
    }
    if (of.done) at(now_, [&of] { of.node.reset(); });
    const std::lock_guard lock(guard_);
    baton_ = nullptr;
    baton_moved_.notify_all();
  });
  at(now_, [this, life = it.life_] {
    if (simulated_node* role_of = find(life)) resume(*role_of);
  });
}

inline bool world::crash(const std::string& name, duration gone) {
  simulated_node* const found = find(name);
  if (!found) return false;
  simulated_node& it = *found;
  it.up_ = false;
  lives_[it.life_].node = nullptr;
  nodes_.erase(name);
  const auto of = machines_.find(name);
  if (of == machines_.end()) return true;
  if (of->second.thread.joinable()) {
    if (!of->second.done) resume(it);  // its thread unwinds
    of->second.thread.join();
    if (of->second.done) return true;
  }
  of->second.acts.reset();
  of->second.node.reset();
  at(now_ + gone, [this, name] { boot(name, machines_[name]); });
  return true;
}

inline void world::move(const std::string& name, duration lasts) {
  const auto found = machines_.find(name);
  simulated_node* const it = find(name);
  if (!it || found == machines_.end() || !found->second.make) return;
  hit(kind::move);
  machine& old = former_[it->life_];
  old.node = std::move(found->second.node);
  old.acts = std::move(found->second.acts);
  nodes_.erase(name);
  at(now_ + lasts, [this, life = it->life_] {
    find(life)->up_ = false;
    former_.erase(life);
  });
  boot(name, found->second);
}

inline void world::crash_broker(duration gone, bool unsynced) {
  if (!broker_) return;
  broker_.reset();
  disk_.roll_back();
  if (unsynced) ledger_.unsynced += disk_.lose_unsynced();
  at(now_ + gone, [this] {
    start_broker();
    broker_->tick(now_);
    note_broker_timer();
  });
}

inline world::~world() {
  ending_ = true;
  for (auto& [name, of] : machines_) {
    if (of.node) of.node->up_ = false;
    if (!of.thread.joinable()) continue;
    if (!of.done && of.node) resume(*of.node);
    of.thread.join();
  }
  for (auto& [life, of] : former_) of.node->up_ = false;
  former_.clear();
  for (auto& [name, of] : machines_) {
    of.acts.reset();
    of.node.reset();
  }
}

inline bool world::run_until(unique_function<bool()> condition, duration limit,
                             const std::vector<node*>& only) {
  const time_point end = limit > time_point::max() - now_ ? time_point::max() : now_ + limit;
  for (const auto& [name, of] : nodes_) at(now_, [this, life = of->life_] { pump(life); });
  for (const auto& [life, of] : former_) at(now_, [this, who = life] { pump(who); });
  struct asking {  // also where a handler throws
    world& in;
    ~asking() {
      in.asked_ = nullptr;
      in.only_.clear();
    }
  } const mark{*this};
  only_ = only;
  asked_ = &condition;
  holds_ = condition();
  while (!holds_) {
    if (!happen(end)) {
      now_ = std::max(now_, end == time_point::max() ? now_ : end);
      return condition();
    }
    if (auto thrown = std::exchange(thrown_, nullptr)) std::rethrow_exception(thrown);
    holds_ = holds_ || condition();
  }
  return true;
}

// ---- Roles
// ---------------------------------------------------------------------------------------

inline void world::resume(simulated_node& of) {
  std::unique_lock lock(guard_);
  baton_ = &of;
  baton_moved_.notify_all();
  take_baton(lock, nullptr);
}

inline bool world::yield(simulated_node& of, unique_function<bool()> condition, duration limit) {
  if (condition()) return true;
  const std::uint64_t number = ++waits_made_;
  of.waits_.emplace(simulated_node::wait{std::move(condition), number, false});
  const std::uint64_t life = of.life_;
  at(now_, [this, life] { pump(life); });
  at(limit > time_point::max() - now_ ? time_point::max() : now_ + limit, [this, life, number] {
    simulated_node* it = find(life);
    if (!it || !it->waits_ || it->waits_->over || it->waits_->number != number) return;
    it->waits_->over = true;
    resume(*it);
  });
  {
    std::unique_lock lock(guard_);
    baton_ = nullptr;
    baton_moved_.notify_all();
    take_baton(lock, &of);
  }
  if (!of.up_) throw crashed{};
  const bool holds = of.waits_->condition();
  of.waits_.reset();
  return holds;
}

// ---- Faults
// --------------------------------------------------------------------------------------

inline void world::inject(const fault& one) {
  ++ledger_.injected[index(one.what)];
  if (one.what == kind::replay || one.what == kind::forge) link_of(one.who).tapped = true;
  const auto all = [this, one](bool begins) {
    if (begins && look_) look_({now_, one.who, nullptr, nullptr, &one, now_});
    if (one.who != "broker") return apply(one, one.who, begins);
    if (one.what == kind::crash) {
      if (begins) {
        if (broker_) hit(kind::crash);
        crash_broker(one.lasts, one.amount == 1);
      }
    } else if (one.what == kind::quota) {
      disk_.limit(begins ? one.amount : 0);
    } else if (one.what == kind::pause) {
      if (begins) broker_paused_until_ = std::max(broker_paused_until_, now_ + one.lasts);
    } else {
      link_of("broker");  // stands for those that are not there yet
      for (const auto& [name, of] : links_) apply(one, name, begins);
    }
  };
  at(time_point{} + one.at, [all] { all(true); });
  at(time_point{} + one.at + one.lasts, [all] { all(false); });
}

inline void world::apply(const fault& one, const std::string& who, bool begins) {
  link& of = link_of(who);
  simulated_node* const it = find(who);
  switch (one.what) {
    case kind::crash:
      if (begins && crash(who, one.lasts)) hit(kind::crash);
      break;
    case kind::move:
      if (begins) move(who, one.lasts);
      break;
    case kind::version:
      if (const auto found = machines_.find(who); begins && found != machines_.end()) {
        if (std::exchange(found->second.version, one.amount) != one.amount) hit(kind::version);
        crash(who, one.lasts);
      }
      break;
    case kind::pause:
      if (begins && it) it->paused_until_ = std::max(it->paused_until_, now_ + one.lasts);
      break;
    case kind::clock_jump:
      if (begins && it) {
        hit(kind::clock_jump);
        it->clock_ahead_ += duration(std::chrono::milliseconds(one.amount)).count();
        note_timer(*it);
      }
      break;
    case kind::replay:
    case kind::forge:
      if (begins) {
        const std::size_t count = std::min<std::size_t>(one.amount, of.heard.size());
        const std::vector<engines::request> again(
            of.heard.end() - static_cast<std::ptrdiff_t>(count), of.heard.end());
        for (engines::request what : again) {
          if (one.what == kind::forge) make_up(what);
          if (one.what == kind::forge || !how_.sealed) hit(one.what);
          forge(who, std::move(what));
        }
      }
      break;
    case kind::lose_nth_request:
    case kind::lose_nth_answer:
    case kind::crash_before_nth_answer:
      if (begins) {
        of.countdown[index(one.what)] = one.amount;
        of.gone = one.lasts;
      }
      break;
    case kind::narrow:
      of.active[index(one.what)] = begins ? one.amount : 0;
      break;
    case kind::partition:
    case kind::quota:
    case kind::deny:
      of.active[index(one.what)] += begins ? 1 : std::uint64_t(-1);
      break;
    default:
      of.active[index(one.what)] += begins ? one.amount : 0 - one.amount;
      break;
  }
}

/// @}
}  // namespace gof::inline v0::sim
