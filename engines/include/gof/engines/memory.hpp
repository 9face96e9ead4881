// SPDX-License-Identifier: BSL-1.0
#pragma once
#ifdef GOF_ENGINES_COMPILED  // what is inline here is compiled once: engines/src/engines.cpp
#pragma interface
#endif
/// \file
/// The embedded engine, `memory:`: many nodes, on as many threads, on one broker in the process.

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <gof/engines/broker.hpp>
#include <gof/engines/endpoint.hpp>

namespace gof::inline v0::engines {

/// \addtogroup engines
/// @{

/// A broker for the threads of a process. It has no thread of its own: whoever sends a request when
/// nobody is at work does it, and what comes in meanwhile, with one commit for all that has
/// gathered.
/// \threads any
class embedded_broker {
 public:
  /// What the broker has for a node, and what is posted to it.
  struct inbox {
    /// What the broker says, or a function, and when it came.
    struct item {
      std::variant<happening, unique_function<void()>> what;  ///< one of them
      time_point when;                                        ///< when it came
    };
    std::mutex guard{};              ///< of what follows
    std::condition_variable came{};  ///< something came
    std::deque<item> items{};        ///< in order
    std::size_t told = 0;            ///< how many of them are of topics
    bool look = false;               ///< the broker has something due earlier than before
  };
  /// How many messages of topics wait for a node; what comes when there are more is lost.
  static constexpr std::size_t most_told = 1024;

  /// \param keep where it keeps what must last; null keeps it for as long as this object
  /// \throws damaged; std::system_error
  explicit embedded_broker(std::unique_ptr<storage> keep = {})
      : storage_(std::move(keep)), broker_(storage_.get()), begin_(broker_.time()) {}

  /// \returns the time, which goes on from where the storage left off
  [[nodiscard]] time_point now() const {
    return begin_ + (std::chrono::steady_clock::now() - start_);
  }
  /// \returns whether what was acknowledged outlives the process
  [[nodiscard]] bool durable() const noexcept { return storage_ && storage_->durable(); }
  /// \returns when the broker has something to do by itself
  [[nodiscard]] time_point next_due() const noexcept {
    return time_point(duration(next_due_.load(std::memory_order_relaxed)));
  }

  /// A node comes. \param name its name; one is made up where it is empty \param to its inbox
  /// \returns its name and its life \throws failure where a node of that name is there, or its life
  /// cannot be kept
  std::pair<std::string, session> enter(std::string name, std::shared_ptr<inbox> to) {
    const std::lock_guard at_work(work_);
    work();  // a node of that name may just have left
    for (int number = 1; name.empty(); ++number)
      if (std::string made_up = "node-" + std::to_string(number); !broker_.knows(made_up))
        name = std::move(made_up);
    if (broker_.knows(name))
      throw failure({errc::conflict, "a node with the name " + name + " is there already", {}});
    const session life = broker_.enter(name, duration::zero(), now());
    if (auto why = broker_.commit()) {
      broker_.handle(life, {0, leave{}}, now());
      throw failure(std::move(*why));
    }
    const std::lock_guard lock(guard_);
    inboxes_[life] = std::move(to);
    return {std::move(name), life};
  }

  /// Has the broker do what a node asks; on return it is done, or somebody else is doing it.
  /// \param from the node \param what its request
  void submit(session from, request&& what) {
    leave_for_later(from, std::move(what));
    catch_up();
  }
  /// Leaves a request to the next that submits one, or catches up. \param from the node
  /// \param what its request \returns how many are left so
  std::size_t leave_for_later(session from, request what) {
    const std::lock_guard lock(guard_);
    waiting_.emplace_back(from, std::move(what));
    return waiting_.size();
  }
  /// Does what was left for later. \returns false where nothing was, or somebody else is doing it
  bool catch_up() {
    {
      const std::lock_guard lock(guard_);
      if (waiting_.empty() || std::exchange(busy_, true)) return false;
    }
    struct idle {  // also where memory runs out
      embedded_broker& of;
      bool done = false;
      ~idle() {
        if (done) return;
        const std::lock_guard lock(of.guard_);
        of.busy_ = false;
      }
    } mark{*this};
    for (;;) {
      const std::lock_guard at_work(work_);
      work();
      const std::lock_guard lock(guard_);
      if (!waiting_.empty()) continue;
      busy_ = false;
      mark.done = true;
      return true;
    }
  }
  /// Asks a policy from now on. \param asked the policy
  void allow(broker::policy asked) {
    const std::lock_guard at_work(work_);
    broker_.allow(std::move(asked));
  }

 private:
  // Does what waits. With work_ taken, so that requests are done in the order in which they came.
  void work() {
    std::vector<std::pair<session, request>> all;
    {
      const std::lock_guard lock(guard_);
      all.swap(waiting_);
    }
    std::vector<session> left;
    for (auto& [from, what] : all) {
      if (std::holds_alternative<leave>(what.what)) left.push_back(from);
      broker_.handle(from, std::move(what), now());
    }
    broker_.commit();
    const std::lock_guard lock(guard_);
    for (outgoing& it : broker_.take_outgoing()) {
      const auto to = inboxes_.find(it.to);
      if (to != inboxes_.end()) put(*to->second, std::move(it.what), now());
    }
    for (session gone : left) inboxes_.erase(gone);
    const auto due = broker_.next_due().time_since_epoch().count();
    if (due < next_due_.exchange(due, std::memory_order_relaxed))
      for (auto& [life, to] : inboxes_) {  // whoever sleeps longer than that wakes up and looks
        const std::lock_guard inbox_lock(to->guard);
        to->look = true;
        to->came.notify_one();
      }
  }
  static void put(inbox& to, happening what, time_point when) {
    const std::lock_guard lock(to.guard);
    if (std::holds_alternative<told>(what.what) && ++to.told > most_told) {
      --to.told;  // the gap is seen by the number of the next
      return;
    }
    to.items.push_back({std::move(what), when});
    to.came.notify_one();
  }

  const std::unique_ptr<storage> storage_;
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  std::mutex work_;  // of the broker; taken before guard_, and that before an inbox's
  broker broker_;
  const time_point begin_;
  std::atomic<std::int64_t> next_due_{time_point::max().time_since_epoch().count()};

  std::mutex guard_;  // of what follows
  bool busy_ = false;
  std::vector<std::pair<session, request>> waiting_;
  std::map<session, std::shared_ptr<inbox>> inboxes_;
};

/// A node on an embedded broker.
class embedded_node final : public endpoint {
 public:
  /// \param on its broker \param name its name; one is made up where it is empty
  /// \throws failure where a node of that name is there
  explicit embedded_node(std::shared_ptr<embedded_broker> on, std::string name = {})
      : embedded_node(on, std::make_shared<embedded_broker::inbox>(), std::move(name)) {}
  /// Leaves.
  ~embedded_node() override {
    if (!ended()) broker_->submit(life_, {0, leave{}});
    forget();
  }
  [[nodiscard]] std::uint64_t incarnation() const noexcept override { return life_; }
  [[nodiscard]] gof::promises promises() const noexcept override {
    return {broker_->durable(), true};
  }
  [[nodiscard]] time_point now() const override { return broker_->now(); }
  [[nodiscard]] std::uint64_t random() override {  // not to be guessed
    return std::uint64_t(chance_()) << 32 | chance_();
  }
  void post(unique_function<void()> f) override {
    const std::lock_guard lock(inbox_->guard);
    inbox_->items.push_back({std::move(f), now()});
    inbox_->came.notify_one();
  }
  bool run_until(unique_function<bool()> condition, duration limit) override {
    const running mark(*this);
    const time_point end = limit > time_point::max() - now() ? time_point::max() : now() + limit;
    std::size_t left = 0;  // once the limit is over: the steps for what had come by then
    bool over = false;
    for (std::size_t steps = 1;; ++steps) {
      if (condition()) return true;
      if (steps % most_left == 0) broker_->catch_up();
      if (idle()) {  // takes in no more than an inbox holds: what is too much is lost there
        if (broker_->next_due() <= now()) broker_->submit(0, {0, ping{}});
        take_in();
      }
      if (!over && now() >= end) {
        over = true;
        left = ready();
      }
      if (over && left-- == 0) return false;
      if (!step() && !broker_->catch_up() && !over) wait(end);
    }
  }
  void close(duration) override {
    const running mark(*this);
    if (ended()) return;
    broker_->submit(life_, {0, leave{}});
    end();
  }

 protected:
  // What a durable broker must keep waits until the loop has nothing else to do: one commit is for
  // all.
  void send(request&& what) override {
    const bool kept = std::holds_alternative<engines::append>(what.what) ||
                      std::holds_alternative<engines::put>(what.what) ||
                      std::holds_alternative<settle>(what.what);
    if (!kept || !broker_->durable()) return broker_->submit(life_, std::move(what));
    if (broker_->leave_for_later(life_, std::move(what)) >= most_left) broker_->catch_up();
  }

 private:
  embedded_node(std::shared_ptr<embedded_broker> on, std::shared_ptr<embedded_broker::inbox> in,
                std::string name)
      : embedded_node(on, in, on->enter(std::move(name), in)) {}
  embedded_node(std::shared_ptr<embedded_broker> on, std::shared_ptr<embedded_broker::inbox> in,
                std::pair<std::string, session> entered)
      : endpoint(std::move(entered.first)),
        broker_(std::move(on)),
        inbox_(std::move(in)),
        life_(entered.second) {}

  static constexpr std::size_t most_left = 64;
  struct running {
    explicit running(embedded_node& it) : of(it) {
      if (std::exchange(of.runs_, true))
        throw std::logic_error("gof::node: a handler must not wait, nor close its node");
    }
    running(const running&) = delete;
    running& operator=(const running&) = delete;
    ~running() {
      of.broker_->catch_up();
      of.runs_ = false;
    }
    embedded_node& of;
  };

  // Moves what came into the loop.
  void take_in() {
    std::deque<embedded_broker::inbox::item> all;
    {
      const std::lock_guard lock(inbox_->guard);
      if (inbox_->items.empty()) return;
      all.swap(inbox_->items);
      inbox_->told = 0;
    }
    for (auto& [what, when] : all) {
      if (auto* said = std::get_if<happening>(&what))
        receive(std::move(*said), when);
      else
        enqueue(std::move(std::get<unique_function<void()>>(what)), when);
    }
  }
  void wait(time_point end) {
    const time_point due = std::min({end, next_timer(), broker_->next_due()});
    std::unique_lock lock(inbox_->guard);
    const auto ready = [&] { return !inbox_->items.empty() || std::exchange(inbox_->look, false); };
    if (due == time_point::max())
      inbox_->came.wait(lock, ready);
    else
      inbox_->came.wait_for(lock, due - now(), ready);
  }

  const std::shared_ptr<embedded_broker> broker_;
  const std::shared_ptr<embedded_broker::inbox> inbox_;
  const session life_;
  bool runs_ = false;
  std::random_device chance_;
};

/// \returns a node on the broker of that name in this process, which lives as long as its nodes
/// \param broker_name which broker \param node_name the node's name; one is made up where it is
/// empty
/// \throws failure where a node of that name is there \threads any
inline std::unique_ptr<node> join_memory(const std::string& broker_name, std::string node_name) {
  static std::mutex guard;
  static std::map<std::string, std::weak_ptr<embedded_broker>> all;
  std::shared_ptr<embedded_broker> it;
  {
    const std::lock_guard lock(guard);
    it = all[broker_name].lock();
    if (!it) all[broker_name] = it = std::make_shared<embedded_broker>();
  }
  return std::make_unique<embedded_node>(std::move(it), std::move(node_name));
}

/// @}
}  // namespace gof::inline v0::engines
