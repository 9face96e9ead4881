// SPDX-License-Identifier: BSL-1.0
#include <openssl/crypto.h>

#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <deque>
#include <exception>
#include <iterator>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <stdexcept>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include <gof/engines/endpoint.hpp>
#include <gof/engines/pyro.hpp>
#include <gof/pyro/async.hpp>
#include <gof/pyro/secret.hpp>

#include "loop.hpp"
#include "registry.hpp"
#include "socket.hpp"
#include "words.hpp"

namespace gof::inline v0::engines {
namespace {

namespace asio = boost::asio;
namespace words = pyro::words;
using pyro::detail::late_answer;

constexpr std::uint64_t direct = std::uint64_t{1} << 63;  // a call that did not pass the broker
constexpr unsigned epoch_bits = 40;    // above the number of a call, which broker it came from
constexpr std::size_t most_lines = 8;  // connections to one other node
constexpr std::size_t most_waiting = 64 << 20;  // bytes of requests, while there is no broker
constexpr std::size_t most_ready = 4096;        // steps that wait before more are listened for
constexpr duration slack = std::chrono::seconds(5);
constexpr duration one_second = std::chrono::seconds(1);
constexpr std::size_t most_routes = 10'000;
constexpr duration longest_call = std::chrono::hours(1);  // its own deadline is sooner
constexpr duration a_year = std::chrono::hours(24 * 365);

error failure_of(const std::exception_ptr& why) {
  try {
    std::rethrow_exception(why);
  } catch (const failure& e) {
    return e.reason();
  } catch (const std::exception& e) {
    return {errc::failed_there, e.what(), {}};
  } catch (...) {
    return {errc::failed_there, "what was thrown is no std::exception", {}};
  }
}
time_point present() { return time_point(std::chrono::steady_clock::now().time_since_epoch()); }
pyro::calling calling_of(const pyro_security& how, const std::string& name, duration deadline) {
  pyro::calling it;
  it.deadline = deadline;
  it.tls = how.tls;
  it.most = words::limits();
  if (!how.secret.empty())
    it.proves = [key = pyro::secret(how.secret), name] { return key.proof(name); };
  return it;
}

class pyro_node final : public endpoint {
 public:
  // What it has when it was let in.
  struct beginning {
    pyro::uri broker;
    pyro_options how;
    std::string key;
    std::shared_ptr<asio::io_context> in;
    std::shared_ptr<pyro::detail::registry> objects;  // none where it is not called directly
    std::unique_ptr<pyro::detail::listener> at;
    std::unique_ptr<pyro::async_object> asks;
    words::welcome who;
  };
  explicit pyro_node(beginning from)
      : endpoint(from.who.name),
        broker_(std::move(from.broker)),
        how_(std::move(from.how)),
        key_(std::move(from.key)),
        me_(std::move(from.who)),
        in_(std::move(from.in)),
        work_(in_->get_executor()),
        again_(*in_),
        objects_(std::move(from.objects)),
        at_(std::move(from.at)),
        asks_(std::move(from.asks)),
        listens_(std::make_unique<pyro::async_object>(
            *in_, broker_, calling_of(how_.security, name(), words::patience + slack))) {
    if (objects_) {
      pyro::members<door> all;
      all.method<&door::call>("call");
      objects_->expose(
          std::make_shared<pyro::servant_of<door>>(std::make_shared<door>(*this), all, true),
          words::node_id);
      loop_ = std::make_unique<pyro::detail::loop>(
          objects_, pyro::detail::make_tls(how_.security.tls, true), *at_, in_);
    }
    take_in();
  }
  pyro_node(const pyro_node&) = delete;
  pyro_node& operator=(const pyro_node&) = delete;
  ~pyro_node() override {
    forget();
    try {
      leave_broker(one_second);
    } catch (...) {  // it finds out by itself
    }
    peers_.clear();
    asks_.reset();
    listens_.reset();
    again_.reset();
    work_.reset();
    in_.reset();  // the loop's is the last
  }

  [[nodiscard]] std::uint64_t incarnation() const noexcept override { return me_.life; }
  [[nodiscard]] gof::promises promises() const noexcept override { return {me_.durable, true}; }
  [[nodiscard]] time_point now() const override { return present(); }
  std::uint64_t random() override { return std::uint64_t{chance_()} << 32 | chance_(); }
  void post(unique_function<void()> f) override {
    asio::post(*in_, [this, f = std::move(f)]() mutable { enqueue(std::move(f)); });
  }
  bool run_until(unique_function<bool()> condition, duration limit) override {
    const running mark(*this);
    const time_point end = limit > time_point::max() - now() ? time_point::max() : now() + limit;
    std::size_t left = 0;  // once the limit is over: the steps for what had come by then
    bool over = false;
    for (std::size_t steps = 1;; ++steps) {
      if (condition()) return true;
      if (idle() || steps % 64 == 0) take_in();
      if (!over && now() >= end) {
        over = true;
        left = ready();
      }
      if (over && left-- == 0) return false;
      if (!step() && !over) wait(std::min(end, next_timer()));
    }
  }
  void close(duration limit) override {
    const running mark(*this);
    if (ended()) return;
    leave_broker(limit);
    peers_.clear();
    asks_.reset();
    listens_.reset();
    alone_.clear();
    for (const auto& [call, from] : std::exchange(asked_, {}))
      say(*from.by, error{errc::closed, "who executed it went away", {}});
    end();
  }

 protected:
  void send(request&& what) override {
    if (auto* asks = std::get_if<ask>(&what.what)) {
      if (call_directly(what.token, *asks)) return;
    } else if (auto* it = std::get_if<engines::answer>(&what.what)) {
      if (it->call & direct) return answer_directly(it->call, std::move(it->what));
      if (it->call >> epoch_bits != epoch_) return;  // of a broker that is no more
      it->call &= (std::uint64_t{1} << epoch_bits) - 1;
    } else if (const auto* serves = std::get_if<engines::serve>(&what.what)) {
      if (serves->group.empty()) alone_.try_emplace(serves->subject, what.token);
    } else if (std::holds_alternative<stop>(what.what)) {
      std::erase_if(alone_, [&](const auto& one) { return one.second == what.token; });
    }
    wait_for_broker(std::move(what));
    if (!runs_ && !takes_in_) take_in();
  }

 private:
  struct running {
    explicit running(pyro_node& it) : of(it) {
      if (std::exchange(of.runs_, true))
        throw std::logic_error("gof::node: a handler must not wait, nor close its node");
    }
    running(const running&) = delete;
    running& operator=(const running&) = delete;
    ~running() {
      of.take_in();  // and so what was sent is on its way
      of.runs_ = false;
    }
    pyro_node& of;
  };

  // ---- The loop ---------------------------------------------------------------------------------

  void take_in() {
    takes_in_ = true;
    if (in_->stopped()) in_->restart();
    in_->poll();
    takes_in_ = false;
    listen();
  }
  void wait(time_point until) {
    takes_in_ = true;
    if (in_->stopped()) in_->restart();
    in_->run_one_until(
        std::chrono::steady_clock::time_point(std::min(until, now() + a_year).time_since_epoch()));
    takes_in_ = false;
  }

  // ---- With the broker --------------------------------------------------------------------------
  // One connection asks, one request after the other, each with all that has gathered. The other
  // waits for what happens.

  void wait_for_broker(request&& what) {
    if (ended() || !asks_) return;
    if (!connected_ && unsent_bytes_ > most_waiting) return;  // operations end by themselves
    words::request it = words::written(std::move(what));
    unsent_bytes_ += words::size_of_any(it.what);
    unsent_.push_back(std::move(it));
    talk();
  }
  void talk() {
    if (!asks_ || asking_ || paused_ || (said_.requests.empty() && unsent_.empty())) return;
    if (said_.requests.empty()) {
      std::size_t bytes = 0;
      said_.first = number_ + 1;
      while (!unsent_.empty() && bytes < words::enough) {
        const std::size_t size = words::size_of_any(unsent_.front().what);
        bytes += size;
        unsent_bytes_ -= size;
        said_.requests.push_back(std::move(unsent_.front()));
        unsent_.pop_front();
      }
      number_ += said_.requests.size();
    }
    said_.key = me_.key;
    said_.heard = heard_;
    asking_ = true;
    asks_->call<std::optional<words::news>>(
        [this](std::exception_ptr why, std::optional<words::news> what) {
          asking_ = false;
          if (why) {
            came_ = came_ || outcome_of(failure_of(why).why) != outcome::not_applied;
            return lost(why);
          }
          if (!what) return enter_again();
          came_ = false;
          said_.requests.clear();
          hear(std::move(*what));
          talk();
        },
        "exchange", said_);
  }
  void listen() {
    if (!listens_ || listening_ || paused_ || leaves_ || ready() > most_ready) return;
    listening_ = true;
    const words::exchange what{me_.key, 0, {}, heard_, words::patience};
    listens_->call<std::optional<words::news>>(
        [this, key = me_.key](std::exception_ptr why, std::optional<words::news> news) {
          listening_ = false;
          if (key != me_.key) return listen();
          if (why) return lost(why);
          if (!news) return enter_again();
          hear(std::move(*news));
          listen();
        },
        "exchange", what);
  }
  void hear(words::news what) {
    if (!std::exchange(connected_, true)) {
      pause_ = {};
      tell(event::kind::connected, "the broker at " + broker_.text());
    }
    set_clock(what.now);
    if (what.first > heard_ + 1) return;  // what is between comes on the other connection, or again
    for (auto& [at, one] : what.all) {
      if (what.first++ <= heard_) continue;
      ++heard_;
      if (auto* it = std::get_if<asked>(&one.what)) it->call |= epoch_ << epoch_bits;
      receive(std::move(one), here(at));
    }
  }
  // How long something was on its way, and how long it then waited for this node to run, is known
  // by the broker's clock. What took the least time tells how far that is from ours; clocks drift
  // apart by no more than a ten-thousandth.
  void set_clock(duration brokers) {
    const time_point local = now();
    const duration apart = local.time_since_epoch() - brokers;
    apart_ = std::min(apart, apart_ + (local - looked_) / 10'000);
    looked_ = local;
  }
  [[nodiscard]] time_point here(duration brokers) const {
    return std::min(now(), time_point(brokers + apart_));
  }
  [[nodiscard]] duration there() const { return now().time_since_epoch() - apart_; }
  // Tries again, soon and then later.
  void lost(const std::exception_ptr& why) {
    if (!asks_ || paused_) return;
    if (std::exchange(connected_, false)) tell(event::kind::lost, failure_of(why).text());
    paused_ = true;
    pause_ = std::clamp<duration>(2 * pause_, std::chrono::milliseconds(20), one_second);
    again_->expires_after(pause_);
    again_->async_wait([this](const auto& aborted) {
      if (aborted || !asks_) return;
      paused_ = false;
      // Where one connection broke, the other may have too, and nobody has looked.
      if (!asking_) ask_on_another();
      if (enters_) return enter_again();
      talk();
      listen();
    });
  }
  void ask_on_another() {
    asks_ = std::make_unique<pyro::async_object>(
        *in_, broker_, calling_of(how_.security, name(), default_deadline));
  }
  // The broker is another one, or has given this node up.
  void enter_again() {
    if (asking_ || !asks_ || leaves_) return;  // when that has come to something
    asking_ = enters_ = true;
    asks_->call<words::entered>(
        [this](std::exception_ptr why, words::entered what) {
          asking_ = false;
          if (!why && what.index() == 0)
            why = std::make_exception_ptr(failure(std::get<error>(std::move(what))));
          if (why) return lost(why);
          enters_ = false;
          me_ = std::get<words::welcome>(std::move(what));
          apart_ = now().time_since_epoch() - me_.now;
          begin_anew();
        },
        "enter", name(), me_.life, host(), port(), key_);
  }
  // What was said to the broker before is forgotten. What was not said yet is said now, but for
  // what is about things that the new one does not know.
  void begin_anew() {
    ++epoch_;
    number_ = heard_ = 0;
    if (!std::exchange(came_, false))
      unsent_.insert(unsent_.begin(), std::make_move_iterator(said_.requests.begin()),
                     std::make_move_iterator(said_.requests.end()));
    said_.requests.clear();
    routes_.clear();
    std::set<token> kept;
    for (const auto& [place, lines] : peers_)
      for (const auto& one : lines) kept.insert(one->operation);
    std::deque<words::request> waiting = std::exchange(unsent_, {});
    unsent_bytes_ = 0;
    for (words::request& one : waiting) {
      const bool waits = std::visit(
          [](const auto& it) {
            using kind = std::remove_cvref_t<decltype(it)>;
            return std::is_same_v<kind, ask> || std::is_same_v<kind, engines::append> ||
                   std::is_same_v<kind, engines::truncate> || std::is_same_v<kind, engines::get> ||
                   std::is_same_v<kind, engines::put>;
          },
          one.what);
      if (!waits || !knows(one.token)) continue;
      kept.insert(one.token);
      unsent_bytes_ += words::size_of_any(one.what);
      unsent_.push_back(std::move(one));
    }
    lose("the broker was lost", [&](token which) { return kept.contains(which); });
    resume();
    talk();
    listen();
  }
  // Tells it, and waits until it has heard all, or the limit is over.
  void leave_broker(duration limit) {
    if (!asks_) return;
    const time_point end = now() + std::clamp<duration>(limit, duration::zero(), a_year);
    leaves_ = true;
    unsent_.push_back({0, leave{}});
    talk();
    while ((asking_ || !unsent_.empty()) && !paused_ && now() < end) wait(end);
  }
  void tell(event::kind what, std::string text) {
    enqueue([this, what, text = std::move(text)] { report(what, text); });
  }

  // ---- With other nodes -------------------------------------------------------------------------

  [[nodiscard]] std::string host() const { return objects_ ? objects_->how().host : std::string(); }
  [[nodiscard]] std::uint16_t port() const { return objects_ ? objects_->port() : 0; }

  // Where a subject is called.
  struct route {
    std::optional<words::place> to;  // if it is known, and served alone
    time_point until{};              // when it is looked for again, if it is not
  };
  struct line {
    std::unique_ptr<pyro::async_object> on;
    token operation = 0;  // that it is used for
    time_point by{};      // when that is over
  };
  struct called {
    std::shared_ptr<late_answer> by;
    time_point until;
  };
  // What others call.
  struct door {
    explicit door(pyro_node& is) : of(&is) {}
    words::answered call(std::string ticket, duration at, message what) {
      return of->be_called(ticket, at, std::move(what));
    }
    pyro_node* of;
  };

  // Returns false where the broker is to do it.
  bool call_directly(token which, ask& it) {
    if (!asks_ || it.what.body.size() > largest_body) return false;
    if (routes_.size() > most_routes) routes_.clear();
    route& way = routes_[it.what.subject];
    if (!way.to && way.until <= now()) look_for(it.what.subject, way);
    if (!way.to) return false;
    const std::shared_ptr<line> by = free_line(*way.to);
    if (!by) return false;
    const auto what = std::make_shared<ask>(std::move(it));
    by->operation = which;
    by->by = now() + what->what.remaining;
    by->on->call<words::answered>(
        [this, line = std::weak_ptr(by), which, what, to = *way.to](std::exception_ptr why,
                                                                    words::answered said) {
          if (const auto still = line.lock())  // or it was given up
            called_back(*still, which, *what, to, why, std::move(said));
        },
        "call", way.to->ticket, there(), what->what);
    if (!runs_ && !takes_in_) take_in();
    return true;
  }
  void look_for(const std::string& subject, route& way) {
    way.until = now() + words::patience;
    asks_->call<std::optional<words::place>>(
        [this, subject, key = me_.key](std::exception_ptr why, std::optional<words::place> to) {
          const auto found = routes_.find(subject);
          if (why || key != me_.key || found == routes_.end()) return;
          found->second = {std::move(to), now() + words::patience};
        },
        "find", me_.key, subject);
  }
  // Each is for one call at a time, so that none waits for another.
  std::shared_ptr<line> free_line(const words::place& to) {
    auto& all = peers_[{to.host, to.port}];
    for (const auto& one : all)
      if (one->operation == 0) return one;
    std::erase_if(all, [&](const auto& one) { return one->by + one_second < now(); });
    if (all.size() >= most_lines) return {};
    auto made = std::make_shared<line>();
    made->on =
        std::make_unique<pyro::async_object>(*in_, pyro::uri(words::node_id, to.host, to.port),
                                             calling_of(how_.security, name(), longest_call));
    all.push_back(made);
    return made;
  }
  void called_back(line& by, token which, ask& what, const words::place& to,
                   const std::exception_ptr& why, words::answered said) {
    by.operation = 0;
    if (!why) {
      if (auto* text = std::get_if<std::string>(&said)) {
        message all({}, std::move(*text));
        all.principal = to.name;
        all.incarnation = to.life;
        return receive({which, reply{std::move(all)}}, now());
      }
      if (auto* failed = std::get_if<error>(&said))
        return receive({which, std::move(*failed)}, now());
    } else {
      error failed = failure_of(why);
      std::erase_if(peers_[{to.host, to.port}], [&](const auto& one) { return one.get() == &by; });
      if (outcome_of(failed.why) != outcome::not_applied)
        return receive({which, std::move(failed)}, now());
    }
    // It did not come to be executed there: the broker may know where else.
    routes_.erase(what.what.subject);
    what.what.remaining = by.by - now();
    wait_for_broker({which, std::move(what)});
  }

  words::answered be_called(const std::string& ticket, duration at, message what) {
    const std::string who = ticket.size() > 65 ? ticket.substr(65) : std::string();
    const std::string right =
        pyro::detail::keyed_digest(key_, std::to_string(me_.life) + ' ' + who);
    const auto serves = alone_.find(what.subject);
    if (serves == alone_.end() || who.empty() ||
        CRYPTO_memcmp(ticket.data(), right.data(), right.size()) != 0)
      return {};  // this is not who was meant
    if (ready() > most_ready) return error{errc::overloaded, "too many calls wait there", {}};
    if (asked_.size() > look_at_) {
      std::erase_if(asked_, [&](const auto& one) { return one.second.until <= now(); });
      look_at_ = 2 * asked_.size() + 64;
    }
    what.principal = who.substr(who.find(' ') + 1);
    what.incarnation = std::strtoull(who.c_str(), nullptr, 10);
    const std::uint64_t call = direct | ++called_;
    const time_point when = here(at);
    asked_[call] = {pyro::detail::answer_later(), when + what.remaining};
    receive({serves->second, asked{call, std::move(what)}}, when);
    return {};
  }
  void answer_directly(std::uint64_t call, result<std::string> what) {
    const auto found = asked_.find(call);
    if (found == asked_.end()) return;
    const auto by = std::move(found->second.by);
    asked_.erase(found);
    if (what)
      say(*by, std::move(*what));
    else
      say(*by, what.error());
    if (!runs_ && !takes_in_) take_in();
  }
  static void say(late_answer& by, words::answered what) {
    by(wire::encode(what, {words::limits().message, 64}));
  }

  const pyro::uri broker_;
  const pyro_options how_;
  const std::string key_;  // by which the broker says who calls
  words::welcome me_;
  duration apart_ = now().time_since_epoch() - me_.now;  // our clock from the broker's
  time_point looked_ = now();                            // … at this time
  bool runs_ = false, takes_in_ = false;
  std::random_device chance_;

  // Of these, the loop is to be the last, and what is in its context the last but one.
  std::unique_ptr<pyro::detail::loop> loop_;
  std::shared_ptr<asio::io_context> in_;
  std::optional<asio::executor_work_guard<asio::io_context::executor_type>> work_;
  std::optional<asio::steady_timer> again_;
  const std::shared_ptr<pyro::detail::registry> objects_;
  const std::unique_ptr<pyro::detail::listener> at_;

  std::unique_ptr<pyro::async_object> asks_, listens_;
  bool asking_ = false, listening_ = false;  // something is on its way
  bool connected_ = true, enters_ = false, leaves_ = false;
  bool paused_ = false;  // for so long
  duration pause_{};
  std::uint64_t epoch_ = 0;  // how many brokers there were before
  std::deque<words::request> unsent_;
  std::size_t unsent_bytes_ = 0;
  words::exchange said_;                  // what is not known to have come
  bool came_ = false;                     // it may have
  std::uint64_t number_ = 0, heard_ = 0;  // of the last request in it; of the last happening

  std::unordered_map<std::string, token> alone_;  // what this serves, by subject
  std::unordered_map<std::string, route> routes_;
  std::map<std::pair<std::string, std::uint16_t>, std::vector<std::shared_ptr<line>>> peers_;
  std::map<std::uint64_t, called> asked_;
  std::uint64_t called_ = 0;
  std::size_t look_at_ = 64;
};

pyro::uri address_of(const std::string& rest_of_url) {
  const std::string text = "pyro:" + rest_of_url;
  std::string rest = rest_of_url;
  if (rest.starts_with("//")) rest.erase(0, 2);
  if (rest.ends_with('/')) rest.pop_back();
  if (rest_of_url.starts_with("//") && !rest.empty()) try {
      return pyro::uri("PYRO:" + std::string(words::broker_id) + '@' + rest);
    } catch (const failure&) {
    }
  throw failure({errc::refused, text + " is no place: write pyro://HOST:PORT", {}});
}

}  // namespace

std::unique_ptr<node> join_pyro(const std::string& rest_of_url, std::string node_name,
                                pyro_options how) {
  pyro_node::beginning it;
  it.broker = address_of(rest_of_url);
  it.key = pyro::detail::secret_text();
  it.in = std::make_shared<asio::io_context>(BOOST_ASIO_CONCURRENCY_HINT_UNSAFE_IO);
  if (!how.host.empty() || pyro::detail::is_this_machine(it.broker.host)) {
    pyro::serving at = words::serving_of(how.security);
    if (!how.host.empty()) at.host = how.host;
    pyro::detail::check(at);
    it.objects = std::make_shared<pyro::detail::registry>(at);
    it.at = std::make_unique<pyro::detail::listener>(at.host, 0);
    it.objects->listen_at(it.at->port());
  }
  it.asks = std::make_unique<pyro::async_object>(
      *it.in, it.broker, calling_of(how.security, node_name, default_deadline));
  // Where a node of that name has just ended, the broker may not know it yet.
  const time_point until = present() + one_second;
  for (bool again = true; again;) {
    again = false;
    std::exception_ptr failed;
    words::entered what;
    it.asks->call<words::entered>(
        [&](std::exception_ptr why, words::entered came) {
          failed = std::move(why);
          what = std::move(came);
        },
        "enter", node_name, session{0}, it.objects ? it.objects->how().host : std::string(),
        it.objects ? it.objects->port() : std::uint16_t{0}, it.key);
    it.in->restart();
    it.in->run();
    if (failed) std::rethrow_exception(failed);
    if (auto* why = std::get_if<error>(&what)) {
      if (why->why != errc::conflict || present() > until) throw failure(std::move(*why));
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
      again = true;
    } else {
      it.who = std::get<words::welcome>(std::move(what));
    }
  }
  it.how = std::move(how);
  return std::make_unique<pyro_node>(std::move(it));
}

}  // namespace gof::inline v0::engines
