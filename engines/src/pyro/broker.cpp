// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <deque>
#include <map>
#include <optional>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include <gof/engines/pyro.hpp>

#include "loop.hpp"
#include "registry.hpp"
#include "socket.hpp"
#include "words.hpp"

namespace gof::inline v0::engines {
namespace {

namespace asio = boost::asio;
namespace words = pyro::words;
using pyro::detail::late_answer;

constexpr std::size_t most_told = 1024;              // messages of topics that wait for a node
constexpr std::size_t most_bytes = 64 << 20;         // all that waits for a node; it is gone then
constexpr duration grace = std::chrono::seconds(1);  // for a node to connect again
constexpr duration often = std::chrono::milliseconds(250);

// In the thread of the loop, but for its beginning.
class service {
 public:
  explicit service(std::unique_ptr<storage> keep)
      : storage_(std::move(keep)), broker_(storage_.get()), begin_(broker_.time()) {}
  service(const service&) = delete;
  service& operator=(const service&) = delete;

  void allow(broker::policy asked) {
    if (!asked) return;
    direct_ = false;
    broker_.allow(std::move(asked));
  }
  void start(asio::io_context& in) {
    in_ = &in;
    due_.emplace(in);
    looks_.emplace(in);
    look();
  }
  void stop() noexcept {  // nothing runs any more
    due_.reset();
    looks_.reset();
    for (auto& [key, it] : by_key_) it->asks.clear(), it->listens.reset();
  }

  // What a node calls. A name that is empty is made up; `was` is its last life.
  words::entered enter(std::string name, session was, std::string host, std::uint16_t port,
                       std::string key) {
    for (int number = 1; name.empty(); ++number)
      if (std::string made_up = "node-" + std::to_string(number); !broker_.knows(made_up))
        name = std::move(made_up);
    if (broker_.knows(name)) {
      const auto same = std::find_if(by_key_.begin(), by_key_.end(),
                                     [&](const auto& it) { return it.second->name == name; });
      if (same != by_key_.end() && !same->second->line.expired())
        return error{errc::conflict, "a node with the name " + name + " is there already", {}};
      if (same != by_key_.end()) gone(same->second);
    }
    const session life = broker_.enter(name, {}, now(), std::max(broker_.last_life(), was) + 1);
    if (auto why = broker_.commit()) {
      broker_.handle(life, {0, leave{}}, now());
      return std::move(*why);
    }
    auto it = std::make_shared<member>();
    it->life = life;
    it->name = std::move(name);
    it->key = pyro::detail::secret_text();
    it->host = std::move(host);
    it->port = port;
    it->called_by = std::move(key);
    attach(*it);
    by_life_[life] = by_key_[it->key] = it;
    return words::welcome{it->name, life, it->key, storage_ && storage_->durable(),
                          now().time_since_epoch()};
  }

  // Nothing where the node is not known.
  std::optional<words::news> exchange(words::exchange what) {
    const auto found = by_key_.find(what.key);
    if (found == by_key_.end()) return {};
    const std::shared_ptr<member> it = found->second;
    it->heard = now();
    acknowledge(*it, what.heard);
    if (what.first > it->received + 1) throw pyro::type_error("a request is missing");
    bool leaves = false;
    for (words::request& one : what.requests) {
      if (what.first++ <= it->received) continue;  // it came before
      ++it->received;
      leaves = leaves || std::holds_alternative<leave>(one.what);
      broker_.handle(it->life, words::read(std::move(one)), now());
    }
    if (leaves) {
      const words::news bye = received(*it);
      forget(it);
      settle_soon();
      return bye;
    }
    const auto answer = pyro::detail::answer_later();
    if (what.patience <= duration::zero()) {
      attach(*it);
      it->asks.push_back(answer);
    } else {
      if (it->listens) tell(*it, *std::exchange(it->listens, nullptr));
      it->sent = what.heard;
      it->listens = answer;
      it->patience = now() + std::min(what.patience, words::quiet);
    }
    touched_.push_back(it);
    settle_soon();
    return {};
  }

  std::optional<words::place> find(std::string key, std::string subject) {
    const auto asks = by_key_.find(key);
    if (asks == by_key_.end() || !direct_) return {};
    const auto serves = by_life_.find(broker_.alone(subject));
    if (serves == by_life_.end() || serves->second->port == 0) return {};
    const member &from = *asks->second, &to = *serves->second;
    const std::string who = words::caller(from.life, from.name);
    return words::place{
        to.host, to.port, to.name, to.life,
        pyro::detail::keyed_digest(to.called_by, std::to_string(to.life) + ' ' + who) + ' ' + who};
  }

 private:
  struct member {
    session life = 0;
    std::string name, key, host, called_by;
    std::uint16_t port = 0;
    std::weak_ptr<void> line;  // the connection that it asks on
    time_point heard{}, lost = time_point::max();
    std::uint64_t received = 0;    // requests
    std::deque<words::dated> out;  // not known to have come, up to the one of this number
    std::uint64_t last = 0, sent = 0;
    std::size_t told = 0, bytes = 0;  // messages of topics among them; of all of them
    std::vector<std::shared_ptr<late_answer>> asks;
    std::shared_ptr<late_answer> listens;
    time_point patience{};
  };

  [[nodiscard]] time_point now() const {
    return begin_ + (std::chrono::steady_clock::now() - start_);
  }
  static void attach(member& it) {
    auto& kept = pyro::detail::kept_with_connection();
    if (kept && it.line.lock() == kept) return;
    kept = std::make_shared<char>();
    it.line = kept;
    it.lost = time_point::max();
  }
  static void acknowledge(member& it, std::uint64_t heard) {
    while (!it.out.empty() && it.last - it.out.size() < heard) {
      const auto& what = it.out.front().what.what;
      it.bytes -= words::size_of_any(what);
      if (std::holds_alternative<told>(what)) --it.told;
      it.out.pop_front();
    }
    it.sent = std::max(it.sent, heard);
  }
  // That its requests have come, and no more.
  [[nodiscard]] words::news received(const member& it) const {
    return {it.received, now().time_since_epoch(), it.sent + 1, {}};
  }
  // What it was not told.
  void tell(member& it, late_answer& by) const {
    words::news all{it.received, now().time_since_epoch(), it.sent + 1, {}};
    std::size_t bytes = 0;
    for (auto i = it.out.size() - static_cast<std::size_t>(it.last - it.sent);
         i < it.out.size() && bytes < words::enough; ++i, ++it.sent) {
      bytes += words::size_of_any(it.out[i].what.what);
      all.all.push_back(it.out[i]);
    }
    by(wire::encode(std::optional(std::move(all)), {16 << 20, 64}));
  }

  // With all that has come by then: one commit is for all.
  void settle_soon() {
    if (std::exchange(settles_, true)) return;
    asio::post(*in_, [this] {
      settles_ = false;
      settle_all();
    });
  }
  void settle_all() {
    broker_.tick(now());
    broker_.commit();
    for (outgoing& it : broker_.take_outgoing()) {
      const auto found = by_life_.find(it.to);
      if (found == by_life_.end()) continue;
      member& to = *found->second;
      if (std::holds_alternative<told>(it.what.what)) {
        if (to.told >= most_told) continue;  // the gap is seen by the number of the next
        ++to.told;
      }
      to.bytes += words::size_of_any(it.what.what);
      to.out.push_back({now().time_since_epoch(), std::move(it.what)});
      ++to.last;
      touched_.push_back(found->second);
    }
    for (const auto& it : std::exchange(touched_, {})) {
      if (it->bytes > most_bytes) {  // it does not keep pace
        gone(it);
        continue;
      }
      for (const auto& one : std::exchange(it->asks, {})) tell(*it, *one);
      if (it->listens && it->sent < it->last) tell(*it, *std::exchange(it->listens, nullptr));
    }
    wait_until_due();
  }
  void wait_until_due() {
    const time_point next = broker_.next_due();
    if (next == armed_) return;
    armed_ = next;
    if (next == time_point::max()) return static_cast<void>(due_->cancel());
    due_->expires_after(std::chrono::ceil<std::chrono::steady_clock::duration>(next - now()));
    due_->async_wait([this](const auto& aborted) {
      if (aborted) return;
      armed_ = {};
      settle_all();
    });
  }
  // Who is gone, and who has waited long enough.
  void look() {
    looks_->expires_after(often);
    looks_->async_wait([this](const auto& aborted) {
      if (aborted) return;
      const time_point present = now();
      std::vector<std::shared_ptr<member>> left;
      for (const auto& [key, it] : by_key_) {
        if (it->listens && it->patience <= present) tell(*it, *std::exchange(it->listens, nullptr));
        if (!it->line.expired() || it->heard > it->lost) {
          it->lost = time_point::max();
        } else if (it->lost == time_point::max()) {
          it->lost = present;
          // It may not know that it has to connect again: if it is there, it listens again.
          if (it->listens) tell(*it, *std::exchange(it->listens, nullptr));
        }
        if (present - it->heard > words::quiet ||
            (it->lost != time_point::max() && present - it->lost > grace))
          left.push_back(it);
      }
      for (const auto& it : left) gone(it);
      look();
    });
  }
  void gone(const std::shared_ptr<member>& it) {
    broker_.handle(it->life, {0, leave{}}, now());
    forget(it);
    settle_soon();
  }
  void forget(const std::shared_ptr<member>& it) {
    for (const auto& one : std::exchange(it->asks, {}))
      (*one)(wire::encode(std::optional(received(*it))));
    if (it->listens)
      (*std::exchange(it->listens, nullptr))(wire::encode(std::optional<words::news>()));
    by_life_.erase(it->life);
    by_key_.erase(it->key);
  }

  const std::unique_ptr<storage> storage_;
  broker broker_;
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  const time_point begin_;
  bool direct_ = true;
  asio::io_context* in_ = nullptr;
  std::optional<asio::steady_timer> due_, looks_;
  time_point armed_ = time_point::max();
  bool settles_ = false;
  std::map<std::string, std::shared_ptr<member>> by_key_;
  std::unordered_map<session, std::shared_ptr<member>> by_life_;
  std::vector<std::shared_ptr<member>> touched_;
};

pyro::serving serving_of(const pyro_broker_options& how) {
  pyro::serving it = words::serving_of(how.security);
  it.host = how.host;
  it.port = how.port;
  it.on_event = how.on_event;
  pyro::detail::check(it);
  return it;
}

}  // namespace

class pyro_broker::core {
 public:
  core(std::unique_ptr<storage> keep, pyro_broker_options how)
      : service_(std::make_shared<service>(std::move(keep))),
        objects_(std::make_shared<pyro::detail::registry>(serving_of(how))),
        listener_(how.host, how.port) {
    service_->allow(std::move(how.allow));
    objects_->listen_at(listener_.port());
    pyro::members<service> all;
    all.method<&service::enter>("enter")
        .method<&service::exchange>("exchange")
        .method<&service::find>("find");
    objects_->expose(std::make_shared<pyro::servant_of<service>>(service_, std::move(all), true),
                     words::broker_id);
    const auto tls = pyro::detail::make_tls(how.security.tls, true);
    context_ = std::make_shared<asio::io_context>(BOOST_ASIO_CONCURRENCY_HINT_UNSAFE_IO);
    service_->start(*context_);
    loop_ = std::make_unique<pyro::detail::loop>(objects_, tls, listener_, context_);
    thread_ = std::thread([this] { context_->run(); });
  }
  core(const core&) = delete;
  core& operator=(const core&) = delete;
  ~core() {
    context_->stop();
    thread_.join();
    service_->stop();
    context_.reset();  // the loop's is the last
  }
  [[nodiscard]] std::string url() const {
    const bool long_address = listener_host().find(':') != std::string::npos;
    return "pyro://" + (long_address ? '[' + listener_host() + ']' : listener_host()) + ':' +
           std::to_string(listener_.port());
  }
  [[nodiscard]] std::uint16_t port() const noexcept { return listener_.port(); }

 private:
  [[nodiscard]] const std::string& listener_host() const { return objects_->how().host; }
  const std::shared_ptr<service> service_;
  const std::shared_ptr<pyro::detail::registry> objects_;
  pyro::detail::listener listener_;
  std::shared_ptr<asio::io_context> context_;
  std::unique_ptr<pyro::detail::loop> loop_;
  std::thread thread_;
};

pyro_broker::pyro_broker(std::unique_ptr<storage> keep, pyro_broker_options how)
    : core_(std::make_unique<core>(std::move(keep), std::move(how))) {}
pyro_broker::~pyro_broker() = default;
std::uint16_t pyro_broker::port() const noexcept { return core_->port(); }
std::string pyro_broker::url() const { return core_->url(); }

}  // namespace gof::inline v0::engines
