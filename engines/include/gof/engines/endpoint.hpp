// SPDX-License-Identifier: BSL-1.0
#pragma once
#ifdef GOF_ENGINES_COMPILED  // what is inline here is compiled once: engines/src/engines.cpp
#pragma interface
#endif
/// \file
/// A node that talks to a broker: what it remembers of its operations and handlers.

#include <cxxabi.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <deque>
#include <exception>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <typeinfo>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include <gof/engines/protocol.hpp>

namespace gof::inline v0::engines {

/// \addtogroup engines
/// @{

/// A node whose engine has only to pass requests to a broker, and what the broker says back, in
/// order, and to run a loop. Requests and answers may get lost: operations end with their deadline,
/// and what reads, follows or works asks again. \threads of one node
class endpoint : public node, private detail::registrar {
 public:
  /// \param name the node's name
  explicit endpoint(std::string name) : name_(std::move(name)) {}
  endpoint(const endpoint&) = delete;
  endpoint& operator=(const endpoint&) = delete;

  [[nodiscard]] const std::string& name() const noexcept override { return name_; }
  registration after(duration delay, unique_function<void()> f) override;
  void on_event(unique_function<void(const event&)> handler) override {
    on_event_ = std::move(handler);
  }
  registration call(message request, completion<message> done, operation_options how = {}) override;
  registration serve(std::string subject, unique_function<void(const message&, responder)> handler,
                     serve_options how = {}, completion<void> ready = {}) override;
  result<void> publish(message what) override;
  registration subscribe(std::string pattern, unique_function<void(const message&)> handler,
                         subscribe_options how = {}, completion<void> ready = {}) override;
  registration append(std::string log, message line, completion<appended> done,
                      append_options how = {}) override;
  registration read(std::string log, std::uint64_t from,
                    unique_function<void(const entry&)> handler, read_options how = {}) override;
  registration truncate(std::string log, std::uint64_t before, completion<void> done,
                        operation_options how = {}) override;
  registration work(std::string log, std::string group, unique_function<void(delivery)> handler,
                    work_options how = {}) override;
  registration get(std::string bucket, std::string key, completion<versioned> done,
                   operation_options how = {}) override;
  registration put(std::string bucket, std::string key, std::string value, std::uint64_t expect,
                   completion<std::uint64_t> done, operation_options how = {}) override;
  registration erase(std::string bucket, std::string key, std::uint64_t expect,
                     completion<std::uint64_t> done, operation_options how = {}) override;
  registration watch(std::string bucket, std::string pattern,
                     unique_function<void(const versioned&)> handler,
                     watch_options how = {}) override;

 protected:
  /// Passes a request on; it may get lost.
  virtual void send(request&& what) = 0;

  /// Has an answer dealt with by the loop. \param what the answer \param when it came
  void receive(happening&& what, time_point when) { ready_.push_back({std::move(what), when, {}}); }
  /// Has `f` run by the loop.
  void enqueue(unique_function<void()> f) { enqueue(std::move(f), now()); }
  /// The same. \param f the function \param when it came
  void enqueue(unique_function<void()> f, time_point when) {
    ready_.push_back({{}, when, std::move(f)});
  }
  /// Does the next thing that is ready, if its time has come. \returns false where there is none
  bool step();
  /// \returns whether nothing but timers is ready
  [[nodiscard]] bool idle() const noexcept { return ready_.empty(); }
  /// \returns how many steps there are: for what is ready, and for timers that are due
  [[nodiscard]] std::size_t ready() const {
    return ready_.size() +
           static_cast<std::size_t>(std::distance(timers_.begin(), timers_.upper_bound(now())));
  }
  /// \returns when a timer is due next; the latest time there is for never
  [[nodiscard]] time_point next_timer() const noexcept {
    return timers_.empty() ? time_point::max() : timers_.begin()->first;
  }
  /// The broker has forgotten this node's handlers: tells it of them again.
  void resume();
  /// The broker has forgotten this node's operations: they complete with errc::closed. \param why
  /// in words \param kept those of which that is not true
  template <class F>
  void lose(const std::string& why, const F& kept);
  /// \returns whether an operation or a handler is there. \param which its name
  [[nodiscard]] bool knows(token which) const noexcept { return slots_.contains(which); }
  /// Tells the user.
  void report(event::kind what, std::string text) {
    if (on_event_) on_event_({what, std::move(text)});
  }
  /// Completes all operations with errc::closed, ends all handlers, and refuses what comes later.
  void end();
  /// Forgets everything, calling nothing. For the engine's destructor, while `send` still works.
  void forget() noexcept;
  /// \returns whether the node is closed
  [[nodiscard]] bool ended() const noexcept { return ended_; }

 private:
  using requested = decltype(request::what);
  using told_us = decltype(happening::what);
  using timers = std::multimap<time_point, token>;
  static constexpr duration patience = std::chrono::seconds(5);  // of a request that waits
  static constexpr duration margin = std::chrono::seconds(1);    // then it was lost
  static constexpr std::uint32_t at_once = 64;                   // lines and values in one answer
  // A span that is added to any time without running over.
  static duration bounded(duration span) noexcept {
    return std::clamp<duration>(span, duration::zero(), std::chrono::hours(24 * 365 * 100));
  }

  // What a token stands for.
  struct slot {
    slot() = default;
    slot(const slot&) = delete;
    slot& operator=(const slot&) = delete;
    virtual ~slot() = default;
    virtual void on(endpoint& of, told_us&& what, time_point when) = 0;
    virtual void on_time(endpoint&) {}
    virtual void on_drop(endpoint&) {}  // while it can still send
    virtual void resume(endpoint&) {}   // the broker knows nothing of it any more
    [[nodiscard]] virtual bool is_operation() const { return false; }
    token name = 0;
    bool dropped = false;
    timers::iterator timer{};
    bool timed = false;
  };
  template <class T, class Event>
  struct operation;
  struct delay;
  struct server;
  struct listener;
  struct reader;
  struct watcher;
  struct worker;

  // A call while its handler runs. Its responder may be dropped because the handler throws: what is
  // thrown is told then.
  struct execution {
    std::uint64_t call;
    std::optional<error> failed;
  };

  struct item {
    happening what;
    time_point when;
    unique_function<void()> f;  // or this
  };

  // As they began.
  [[nodiscard]] std::vector<std::shared_ptr<slot>> in_order() const;
  void drop(token which) noexcept override;
  void cancel(token which) override;
  // Has an operation complete with this, whatever else was on its way: that knows its old token.
  void complete(std::shared_ptr<slot> it, error why);
  // What becomes of a call that this node executes.
  void answer(std::uint64_t call, result<std::string> what);
  template <class T, class Event>
  registration begin(requested what, completion<T> done, duration deadline,
                     std::string subject = {});
  registration keep(std::shared_ptr<slot> it);
  void arm(slot& it, time_point when) {
    disarm(it);
    it.timer = timers_.emplace(when, it.name);
    it.timed = true;
  }
  void disarm(slot& it) noexcept {
    if (std::exchange(it.timed, false)) timers_.erase(it.timer);
  }
  // Takes it out of the table; it lives on while something of it runs.
  void remove(slot& it) noexcept {
    disarm(it);
    it.dropped = true;
    if (it.is_operation()) --operations_;
    slots_.erase(it.name);
  }
  [[nodiscard]] bool alive(const slot& it) const noexcept { return !it.dropped; }
  // What reads, follows, works or was heard of before was answered with an error: if that may
  // change, it asks again when its timer comes.
  void refused(slot& it, const error& why) {
    if (why.why == errc::refused) remove(it);
    report(event::kind::refused, why.text());
  }

  std::string name_;
  unique_function<void(const event&)> on_event_;
  std::uint64_t last_token_ = 0;
  std::size_t operations_ = 0;
  bool ended_ = false;
  execution* executing_ = nullptr;
  std::unordered_map<token, std::shared_ptr<slot>> slots_;
  timers timers_;
  std::deque<item> ready_;
  // What registrations look at, for as long as this lives.
  std::shared_ptr<detail::registrar> self_{static_cast<detail::registrar*>(this),
                                           [](detail::registrar*) {}};
};

/// \cond
// ---- The loop's side ----------------------------------------------------------------------------

inline bool endpoint::step() {
  // In the order of time: an answer that came before the deadline is one, however late the loop is,
  // and timers that are always due leave room for the rest.
  const time_point present = now();
  if (next_timer() <= present && (ready_.empty() || next_timer() < ready_.front().when)) {
    const auto it = slots_.at(timers_.begin()->second);
    disarm(*it);
    it->on_time(*this);
    return true;
  }
  if (ready_.empty()) return false;
  item next = std::move(ready_.front());
  ready_.pop_front();
  if (next.f) {
    next.f();
  } else if (const auto found = slots_.find(next.what.token); found != slots_.end()) {
    const std::shared_ptr<slot> it = found->second;
    it->on(*this, std::move(next.what.what), next.when);
  } else if (const auto* call = std::get_if<asked>(&next.what.what)) {
    answer(call->call, error{errc::nobody_there, "who served it does so no more", {}});
  }
  return true;
}

inline void endpoint::drop(token which) noexcept {
  const auto found = slots_.find(which);
  if (found == slots_.end()) return;
  const std::shared_ptr<slot> it = found->second;
  remove(*it);
  if (it->is_operation() || ended_) return;
  try {
    it->on_drop(*this);
    send({which, stop{}});
  } catch (...) {  // then the broker finds out by itself
  }
}

inline void endpoint::cancel(token which) {
  const auto found = slots_.find(which);
  if (found == slots_.end()) return;
  if (!found->second->is_operation()) return drop(which);
  complete(found->second, {errc::cancelled, {}, {}});
}

inline void endpoint::complete(std::shared_ptr<slot> it, error why) {
  disarm(*it);
  slots_.erase(it->name);
  it->name = ++last_token_;
  slots_[it->name] = it;
  receive({it->name, std::move(why)}, now());
}

inline registration endpoint::keep(std::shared_ptr<slot> it) {
  it->name = ++last_token_;
  const token name = it->name;
  if (it->is_operation()) ++operations_;
  slots_[name] = std::move(it);
  return {self_, name};
}

inline std::vector<std::shared_ptr<endpoint::slot>> endpoint::in_order() const {
  std::vector<std::shared_ptr<slot>> all;
  for (const auto& [name, it] : slots_) all.push_back(it);
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a->name < b->name; });
  return all;
}

inline void endpoint::resume() {
  for (const auto& it : in_order()) it->resume(*this);
}

template <class F>
void endpoint::lose(const std::string& why, const F& kept) {
  for (const auto& it : in_order())
    if (it->is_operation() && !kept(it->name)) complete(it, {errc::closed, why, {}});
}

inline void endpoint::end() {
  if (std::exchange(ended_, true)) return;
  const auto all = in_order();
  ready_.clear();
  std::size_t operations = 0;  // each is completed by one step
  for (const auto& it : all) {
    if (it->dropped) continue;
    if (it->is_operation()) {
      complete(it, {errc::closed, "this node", {}});
      ++operations;
    } else {
      remove(*it);
    }
  }
  // Where a completion throws, the loop goes on with the others when it runs again.
  for (; operations > 0; --operations) step();
}

inline void endpoint::forget() noexcept {
  ended_ = true;
  self_.reset();
  ready_.clear();
  timers_.clear();
  // What a completion owned may own registrations.
  auto all = std::exchange(slots_, {});
  all.clear();
}

// ---- Operations ---------------------------------------------------------------------------------

template <class T, class Event>
struct endpoint::operation final : slot {
  completion<T> done;
  std::string subject;  // of a call
  void on(endpoint& of, told_us&& what, time_point) override {
    of.remove(*this);
    if (auto* why = std::get_if<error>(&what)) return done(std::move(*why));
    auto* it = std::get_if<Event>(&what);
    if (!it) return done(error{errc::failed_there, "the broker's answer is of another kind", {}});
    if constexpr (std::is_void_v<T>) {
      done(result<T>{});
    } else if constexpr (std::is_same_v<T, message>) {
      it->what.subject = std::move(subject);
      done(std::move(it->what));
    } else if constexpr (std::is_same_v<T, std::uint64_t>) {
      done(it->number);
    } else {
      done(std::move(*it));
    }
  }
  void on_time(endpoint& of) override { on(of, error{errc::deadline, {}, {}}, {}); }
  [[nodiscard]] bool is_operation() const override { return true; }
};

template <class T, class Event>
registration endpoint::begin(requested what, completion<T> done, duration deadline,
                             std::string subject) {
  auto it = std::make_shared<operation<T, Event>>();
  it->done = std::move(done);
  it->subject = std::move(subject);
  slot& kept = *it;
  const bool full = operations_ >= most_operations;
  registration handle = keep(std::move(it));
  if (ended_) {
    receive({kept.name, error{errc::closed, "this node", {}}}, now());
  } else if (full) {
    receive({kept.name, error{errc::overloaded,
                              std::to_string(most_operations) + " operations are under way",
                              {}}},
            now());
  } else {
    arm(kept, now() + bounded(deadline));
    send({kept.name, std::move(what)});
  }
  return handle;
}

inline registration endpoint::call(message request, completion<message> done,
                                   operation_options how) {
  std::string subject = request.subject;
  request.remaining = bounded(how.deadline);
  return begin<message, reply>(ask{std::move(request)}, std::move(done), how.deadline,
                               std::move(subject));
}
inline registration endpoint::append(std::string log, message line, completion<appended> done,
                                     append_options how) {
  return begin<appended, appended>(engines::append{std::move(log), std::move(line), how.expect},
                                   std::move(done), how.deadline);
}
inline registration endpoint::truncate(std::string log, std::uint64_t before, completion<void> done,
                                       operation_options how) {
  return begin<void, engines::done>(engines::truncate{std::move(log), before}, std::move(done),
                                    how.deadline);
}
inline registration endpoint::get(std::string bucket, std::string key, completion<versioned> done,
                                  operation_options how) {
  return begin<versioned, versioned>(engines::get{std::move(bucket), std::move(key)},
                                     std::move(done), how.deadline);
}
inline registration endpoint::put(std::string bucket, std::string key, std::string value,
                                  std::uint64_t expect, completion<std::uint64_t> done,
                                  operation_options how) {
  return begin<std::uint64_t, version>(
      engines::put{std::move(bucket), std::move(key), std::move(value), expect}, std::move(done),
      how.deadline);
}
inline registration endpoint::erase(std::string bucket, std::string key, std::uint64_t expect,
                                    completion<std::uint64_t> done, operation_options how) {
  return begin<std::uint64_t, version>(
      engines::put{std::move(bucket), std::move(key), std::nullopt, expect}, std::move(done),
      how.deadline);
}

// ---- Timers -------------------------------------------------------------------------------------

struct endpoint::delay final : slot {
  unique_function<void()> f;
  void on(endpoint&, told_us&&, time_point) override {}
  void on_time(endpoint& of) override {
    of.remove(*this);
    f();
  }
};
inline registration endpoint::after(duration span, unique_function<void()> f) {
  auto it = std::make_shared<delay>();
  it->f = std::move(f);
  slot& kept = *it;
  registration handle = keep(std::move(it));
  if (!ended_) arm(kept, now() + bounded(span));
  return handle;
}

// ---- Serving ------------------------------------------------------------------------------------

inline void endpoint::answer(std::uint64_t call, result<std::string> what) {
  if (executing_ && executing_->call == call && !what && what.error().kind == "gof::no_answer") {
    executing_->failed = what.error();
    return;
  }
  if (what && what->size() > largest_body)
    what = error{errc::failed_there, "the answer has " + std::to_string(what->size()) + " bytes",
                 "gof::too_large"};
  send({0, engines::answer{call, std::move(what)}});
}

struct endpoint::server final : slot {
  std::string subject, group;
  unique_function<void(const message&, responder)> handler;
  completion<void> ready;
  bool known = false;  // to a broker, which may have forgotten it
  void resume(endpoint& of) override {
    of.arm(*this, of.now() + margin);  // until the broker says that it has heard
    of.send({name, engines::serve{subject, group}});
  }
  void on_time(endpoint& of) override { resume(of); }
  void on(endpoint& of, told_us&& what, time_point when) override {
    if (auto* why = std::get_if<error>(&what)) {
      if (known) return of.refused(*this, *why);
      of.drop(name);  // the broker may think that it is there
      if (auto told = std::exchange(ready, {})) told(std::move(*why));
    } else if (std::holds_alternative<done>(what)) {
      known = true;
      of.disarm(*this);
      if (auto told = std::exchange(ready, {})) told(result<void>{});
    } else if (auto* it = std::get_if<asked>(&what)) {
      execute(of, *it, when);
    }
  }
  void execute(endpoint& of, asked& it, time_point when) {
    it.what.remaining -= of.now() - when;
    if (it.what.remaining <= duration::zero()) return;  // nobody waits any more
    execution mine{it.call, {}};
    of.executing_ = &mine;
    try {
      handler(it.what, responder([to = std::weak_ptr<detail::registrar>(of.self_), &of,
                                  call = it.call](result<std::string> answer) {
                if (to.lock()) of.answer(call, std::move(answer));
              }));
    } catch (const std::exception& thrown) {
      int status = 0;
      const std::unique_ptr<char, void (*)(void*)> kind(
          abi::__cxa_demangle(typeid(thrown).name(), nullptr, nullptr, &status), &std::free);
      mine.failed = {errc::failed_there, thrown.what(), kind ? kind.get() : typeid(thrown).name()};
    } catch (...) {
      mine.failed = {errc::failed_there, "what was thrown is no std::exception", "unknown"};
    }
    of.executing_ = nullptr;
    if (mine.failed) of.answer(it.call, std::move(*mine.failed));
  }
};
inline registration endpoint::serve(std::string subject,
                                    unique_function<void(const message&, responder)> handler,
                                    serve_options how, completion<void> ready) {
  auto it = std::make_shared<server>();
  it->subject = std::move(subject);
  it->group = std::move(how.group);
  it->handler = std::move(handler);
  it->ready = std::move(ready);
  slot& kept = *it;
  registration handle = keep(std::move(it));
  if (ended_)
    receive({kept.name, error{errc::closed, "this node", {}}}, now());
  else
    kept.resume(*this);
  return handle;
}

// ---- Topics -------------------------------------------------------------------------------------

inline result<void> endpoint::publish(message what) {
  if (ended_) return error{errc::closed, "this node", {}};
  if (!is_subject(what.subject))
    return error{errc::refused, '"' + what.subject + "\" is not words between dots", {}};
  if (what.body.size() > largest_body)
    return error{errc::too_large, std::to_string(what.body.size()) + " bytes", {}};
  send({0, engines::publish{std::move(what)}});
  return {};
}

struct endpoint::listener final : slot {
  std::string pattern;
  subscribe_options how;
  unique_function<void(const message&)> handler;
  completion<void> ready;
  bool known = false;  // to a broker, which may have forgotten it
  std::uint64_t last = 0;
  void resume(endpoint& of) override {
    last = 0;  // the broker counts anew
    on_time(of);
  }
  void on_time(endpoint& of) override {
    of.arm(*this, of.now() + margin);  // until the broker says that it has heard
    of.send({name, engines::subscribe{pattern, how.group}});
  }
  void on(endpoint& of, told_us&& what, time_point) override {
    if (auto* why = std::get_if<error>(&what)) {
      if (known) return of.refused(*this, *why);
      of.drop(name);
      if (auto told_so = std::exchange(ready, {})) told_so(std::move(*why));
    } else if (std::holds_alternative<done>(what)) {
      known = true;
      of.disarm(*this);
      if (auto told_so = std::exchange(ready, {})) told_so(result<void>{});
    } else if (auto* it = std::get_if<told>(&what)) {
      if (it->number <= last) return;  // it came before
      const std::uint64_t lost = it->number - last - 1;
      last = it->number;
      if (lost && how.on_gap) how.on_gap(lost);
      if (of.alive(*this)) handler(it->what);
    }
  }
};
inline registration endpoint::subscribe(std::string pattern,
                                        unique_function<void(const message&)> handler,
                                        subscribe_options how, completion<void> ready) {
  auto it = std::make_shared<listener>();
  it->pattern = std::move(pattern);
  it->how = std::move(how);
  it->handler = std::move(handler);
  it->ready = std::move(ready);
  slot& kept = *it;
  registration handle = keep(std::move(it));
  if (ended_)
    receive({kept.name, error{errc::closed, "this node", {}}}, now());
  else
    kept.resume(*this);
  return handle;
}

// ---- Reading, following -------------------------------------------------------------------------
// An answer brings several lines; each is a step of the loop, for which `done` stands.

struct endpoint::reader final : slot {
  std::string log;
  std::uint64_t next = 1;  // the first that was not asked for
  read_options how;
  unique_function<void(const entry&)> handler;
  std::deque<entry> waiting;
  void resume(endpoint& of) override {
    if (!waiting.empty()) return;  // asks when these are done
    of.arm(*this, of.now() + patience + margin);
    of.send({name, engines::read{log, how.filter, next, at_once, patience}});
  }
  void on_time(endpoint& of) override { resume(of); }
  void on(endpoint& of, told_us&& what, time_point when) override {
    if (auto* why = std::get_if<error>(&what)) return of.refused(*this, *why);
    if (auto* it = std::get_if<lines>(&what)) {
      if (it->from != next || !waiting.empty()) return;  // an answer to an older question
      of.disarm(*this);
      next = it->next;
      for (entry& one : it->all) {
        waiting.push_back(std::move(one));
        of.receive({name, engines::done{}}, when);
      }
      resume(of);  // before the user's function is called, which may throw
      if (it->begin > it->from && how.on_gap) how.on_gap(it->from, it->begin);
    } else if (!waiting.empty()) {
      const entry one = std::move(waiting.front());
      waiting.pop_front();
      resume(of);
      handler(one);
    }
  }
};
inline registration endpoint::read(std::string log, std::uint64_t from,
                                   unique_function<void(const entry&)> handler, read_options how) {
  auto it = std::make_shared<reader>();
  it->log = std::move(log);
  it->next = std::max<std::uint64_t>(from, 1);
  it->how = std::move(how);
  it->handler = std::move(handler);
  slot& kept = *it;
  registration handle = keep(std::move(it));
  if (!ended_) kept.resume(*this);
  return handle;
}

struct endpoint::watcher final : slot {
  std::string bucket, pattern;
  std::uint64_t after = 0;
  bool current = false;  // all that was there has been told
  watch_options how;
  unique_function<void(const versioned&)> handler;
  std::deque<versioned> waiting;
  bool told_all = false;  // ... once these are done
  void resume(endpoint& of) override {
    if (!waiting.empty()) return;
    of.arm(*this, of.now() + patience + margin);
    of.send({name, engines::watch{bucket, pattern, after, at_once,
                                  current ? patience : duration::zero()}});
  }
  void on_time(endpoint& of) override { resume(of); }
  void on(endpoint& of, told_us&& what, time_point when) override {
    if (auto* why = std::get_if<error>(&what)) return of.refused(*this, *why);
    if (auto* it = std::get_if<changes>(&what)) {
      if (it->after != after || !waiting.empty()) return;
      of.disarm(*this);
      after = it->through;
      told_all = it->current;
      for (versioned& one : it->all) {
        waiting.push_back(std::move(one));
        of.receive({name, engines::done{}}, when);
      }
      of.receive({name, engines::done{}}, when);  // then all of these are told
      if (it->resync) {
        current = false;
        if (how.on_resync) how.on_resync();
      }
    } else if (!waiting.empty()) {
      const versioned one = std::move(waiting.front());
      waiting.pop_front();
      handler(one);
    } else {
      const bool first = told_all && !current;
      current = current || told_all;
      resume(of);
      if (first && how.on_current) how.on_current();
    }
  }
};
inline registration endpoint::watch(std::string bucket, std::string pattern,
                                    unique_function<void(const versioned&)> handler,
                                    watch_options how) {
  auto it = std::make_shared<watcher>();
  it->bucket = std::move(bucket);
  it->pattern = std::move(pattern);
  it->after = how.after;
  it->how = std::move(how);
  it->handler = std::move(handler);
  slot& kept = *it;
  registration handle = keep(std::move(it));
  if (!ended_) kept.resume(*this);
  return handle;
}

// ---- Working ------------------------------------------------------------------------------------

struct endpoint::worker final : slot {
  std::string log, group;
  work_options how;
  unique_function<void(delivery)> handler;
  std::deque<job> waiting;
  std::size_t unsettled = 0;  // handed to the user, and not given back
  bool asked_for = false;

  // What was not handed to the user is free for others at once.
  void on_drop(endpoint& of) override {
    for (const job& one : waiting)
      of.send({0, engines::settle{log, group, one.line.sequence, one.attempt, verdict::again, {}}});
  }
  // Stands for a line in the user's hands.
  struct ticket {
    std::weak_ptr<detail::registrar> lives;
    endpoint* of;
    std::weak_ptr<slot> from;
    std::string log, group;
    std::uint64_t sequence;
    std::uint32_t attempt;
    bool held = true;
    ticket(endpoint& in, const worker& by, const job& it)
        : lives(in.self_),
          of(&in),
          from(in.slots_.at(by.name)),
          log(by.log),
          group(by.group),
          sequence(it.line.sequence),
          attempt(it.attempt) {}
    ticket(const ticket&) = delete;
    ticket& operator=(const ticket&) = delete;
    ~ticket() { release(); }
    void release() {
      if (!std::exchange(held, false) || !lives.lock()) return;
      const auto slot_of = from.lock();
      if (!slot_of || !of->alive(*slot_of)) return;
      auto& by = static_cast<worker&>(*slot_of);
      --by.unsettled;
      by.ask_for_more(*of);
    }
    void settle(verdict what, duration span, completion<void> told_so) {
      if (!lives.lock()) return;
      if (!told_so) told_so = [](const result<void>&) {};
      // Where it was settled before, the broker says so.
      of->begin<void, engines::done>(
            engines::settle{log, group, sequence, attempt, what, bounded(span)}, std::move(told_so),
            default_deadline)
          .detach();
      if (what != verdict::more_time) release();
    }
  };

  void resume(endpoint& of) override {
    asked_for = false;
    ask_for_more(of);
  }
  void ask_for_more(endpoint& of) {
    if (asked_for || !waiting.empty() || unsettled >= how.at_once || of.ended_) return;
    asked_for = true;
    of.arm(*this, of.now() + patience + margin);
    work_options same;
    same.patience = bounded(how.patience);
    same.attempts = how.attempts;
    same.filter = how.filter;
    same.dead_letters = how.dead_letters;
    of.send({name, take{log, group, std::move(same),
                        how.at_once - static_cast<std::uint32_t>(unsettled), patience}});
  }
  void on_time(endpoint& of) override { resume(of); }
  void on(endpoint& of, told_us&& what, time_point when) override {
    if (auto* why = std::get_if<error>(&what)) return of.refused(*this, *why);
    if (auto* it = std::get_if<jobs>(&what)) {
      of.disarm(*this);
      asked_for = false;
      for (job& one : it->all) {
        waiting.push_back(std::move(one));
        of.receive({name, engines::done{}}, when);
      }
      ask_for_more(of);
    } else if (!waiting.empty()) {
      job one = std::move(waiting.front());
      waiting.pop_front();
      hand_over(of, std::move(one));
      if (of.alive(*this)) ask_for_more(of);
    }
  }
  void try_again(endpoint& of, ticket& with, const char* thrown) {
    if (with.held) with.settle(verdict::again, std::chrono::milliseconds(100), {});
    of.report(event::kind::refused, std::string("a worker threw: ") + thrown);
  }
  void hand_over(endpoint& of, job one) {
    auto held = std::make_shared<ticket>(of, *this, one);
    ++unsettled;
    delivery to{one.line.sequence, std::move(one.line.content), one.attempt, one.settled,
                [held](verdict what, duration span, completion<void> told_so) {
                  held->settle(what, span, std::move(told_so));
                }};
    try {
      handler(std::move(to));
    } catch (const std::exception& thrown) {
      try_again(of, *held, thrown.what());
    } catch (...) {
      try_again(of, *held, "no std::exception");
    }
  }
};
inline registration endpoint::work(std::string log, std::string group,
                                   unique_function<void(delivery)> handler, work_options how) {
  auto it = std::make_shared<worker>();
  it->log = std::move(log);
  it->group = std::move(group);
  it->how = std::move(how);
  it->how.at_once = std::max(it->how.at_once, 1u);
  it->handler = std::move(handler);
  slot& kept = *it;
  registration handle = keep(std::move(it));
  if (!ended_) kept.resume(*this);
  return handle;
}

/// \endcond
/// @}
}  // namespace gof::inline v0::engines
