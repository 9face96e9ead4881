// SPDX-License-Identifier: BSL-1.0
#pragma once
#ifdef GOF_ENGINES_COMPILED  // what is inline here is compiled once: engines/src/engines.cpp
#pragma interface
#endif
/// \file
/// The broker behind the embedded engine, the simulator and direct TCP: a deterministic state
/// machine.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include <gof/engines/protocol.hpp>
#include <gof/engines/storage.hpp>

namespace gof::inline v0::engines {

/// \addtogroup engines
/// @{

/// What the broker has to tell to whom.
struct outgoing {
  session to = 0;    ///< the node
  happening what{};  ///< what it is told
};

/// Keeps logs, queues, keys and values, and passes calls and topics on. It is fed with requests and
/// a time, and leaves what it has to say in a list. Nothing in it waits, reads a clock, or chooses
/// by chance: the same requests at the same times give the same answers.
///
/// What it has to say is to be sent only after \ref commit, so that nothing is acknowledged that
/// the storage could not keep. \threads one at a time
class broker {
 public:
  /// May `who` do `what` (call, serve, publish, subscribe, append, read, truncate, work, get, put,
  /// watch) with a subject, log or bucket?
  using policy = unique_function<bool(const std::string& who, std::string_view what,
                                      const std::string& where)>;

  /// Loads what was kept. \param keep where; null keeps nothing beyond this object; outlives it
  /// \throws damaged; std::system_error
  explicit broker(storage* keep = nullptr) : storage_(keep) { load(); }

  /// A node comes. One of the same name that is still there is gone with this.
  /// \param name its name; unique \param quiet gone after so long without a request; zero for never
  /// \param now the time \returns its life, which is greater than all before it
  /// \param life which, where it was given out elsewhere; a node that is there with a greater one
  /// stays, and the result is 0
  session enter(std::string name, duration quiet, time_point now, session life = 0);
  /// \returns whether a node of that life is there. \param who the life
  [[nodiscard]] bool present(session who) const { return members_.contains(who); }
  /// \returns whether a node of that name is there. \param name the name
  [[nodiscard]] bool knows(std::string_view name) const {
    return std::any_of(members_.begin(), members_.end(),
                       [&](const auto& it) { return it.second.name == name; });
  }
  /// Does what a node asks. \param from the node; one that is not there is ignored
  /// \param what its request \param now the time
  void handle(session from, request what, time_point now);
  /// Does what is due. \param now the time
  void tick(time_point now);
  /// \returns when something is due next; the latest time there is for never
  [[nodiscard]] time_point next_due() const noexcept {
    return timers_.empty() ? time_point::max() : timers_.begin()->first;
  }
  /// Makes what was done last. Where the storage cannot, nothing of it has been done, and those who
  /// asked for it are told so. \returns why it could not
  std::optional<error> commit();
  /// \returns what there is to say, in order; only after \ref commit
  [[nodiscard]] std::vector<outgoing> take_outgoing() { return std::exchange(outgoing_, {}); }
  /// \returns the life that was given out last
  [[nodiscard]] session last_life() const noexcept { return lives_; }
  /// \returns the node that serves a subject alone; 0 for none, or a group. \param subject which
  [[nodiscard]] session alone(const std::string& subject) const {
    const auto found = servers_.find(subject);
    return found == servers_.end() || !found->second.group.empty() ? 0 : found->second.all[0].first;
  }
  /// \returns the time up to which it has come, for the start of a clock that goes on after a
  /// restart
  [[nodiscard]] time_point time() const noexcept { return now_; }
  /// Asks a policy from now on. \param asked the policy
  void allow(policy asked) { policy_ = std::move(asked); }

 private:
  using timers = std::multimap<time_point, unique_function<void()>>;
  struct member {
    std::string name;
    duration quiet;
    time_point heard;
  };
  struct call_under_way {
    session caller;
    token operation;
    session server;
    timers::iterator timer;
  };
  struct servers {
    std::string group;
    std::vector<std::pair<session, token>> all;
    std::size_t next = 0;
  };
  struct listener {
    session who;
    token handler;
    std::string pattern, group;
    std::uint64_t told = 0;
  };
  struct attempt {
    std::uint32_t number;
    time_point due;  // out: when the patience ends; else when it may be handed out again
    session holder;  // 0: not handed out
  };
  struct group {
    work_options how;
    std::uint64_t next = 1;                    // the first line that was never handed out
    std::map<std::uint64_t, attempt> pending;  // by sequence, all below next
    time_point looks{};                        // when it looks next whether one of these is due
    [[nodiscard]] std::uint64_t settled() const {
      return (pending.empty() ? next : pending.begin()->first) - 1;
    }
  };
  struct id_hash {
    std::size_t operator()(const operation_id& id) const noexcept {
      return std::hash<std::uint64_t>{}(id.client * 0x9e3779b97f4a7c15u ^ id.sequence);
    }
  };
  /// \cond
  struct log {
    std::uint64_t first = 1, last = 0;  // lines holds these sequences
    std::deque<message> lines;
    std::unordered_map<operation_id, std::uint64_t, id_hash> ids;  // appended within the window
    struct use {
      time_point when;
      operation_id id;
      std::uint64_t sequence;
    };
    std::deque<use> recent;  // of ids within the window, the oldest first; one may be there twice
    std::map<std::string, group> groups;
  };
  /// \endcond
  struct bucket {
    std::uint64_t last = 0, forgotten = 0;
    std::map<std::string, versioned> values;          // erased ones too
    std::map<std::uint64_t, std::string> by_version;  // the key of each
    std::deque<std::uint64_t> erased;                 // versions, the oldest first
  };
  // A request that waits until there is something to answer.
  struct parked {
    session who;
    token handler;
    std::variant<read, take, watch> what;
    timers::iterator timer;
  };
  static constexpr std::size_t most_erased = 1024;      // erased keys that a bucket remembers
  static constexpr std::size_t most_bytes = 256 << 10;  // of the bodies in one answer

  // ---- Answers
  void say(session to, token about, auto what) {
    outgoing_.push_back({to, {about, {std::move(what)}}});
  }
  void say(session to, token about, errc why, std::string text) {
    say(to, about, error{why, std::move(text)});
  }
  timers::iterator at(time_point when, unique_function<void()> what) {
    return timers_.emplace(when, std::move(what));
  }

  // ---- Requests; each says what it does to whom
  void on(session, token, const ping&) {}
  void on(session who, token, const leave&) { gone(who); }
  void on(session who, token handler, const stop&);
  void on(session who, token operation, ask& it);
  void on(session who, token handler, serve& it);
  void on(session who, token, answer& it);
  void on(session who, token, publish& it);
  void on(session who, token handler, subscribe& it);
  void on(session who, token operation, append& it);
  void on(session who, token handler, read& it) { park("r" + it.log, who, handler, std::move(it)); }
  void on(session who, token operation, truncate& it);
  void on(session who, token handler, take& it);
  void on(session who, token operation, settle& it);
  void on(session who, token operation, get& it);
  void on(session who, token operation, put& it);
  void on(session who, token handler, watch& it) {
    park("w" + it.bucket, who, handler, std::move(it));
  }

  bool may(session who, token about, const request& it);
  void gone(session who);
  void watch_silence(session who);
  void forget_handlers(session who, const token* only);

  // ---- Logs and queues
  std::uint64_t add(const std::string& name, log& to, message line);
  void forget_ids(log& of);
  // Returns the bytes of its body; 0 where it is a dead letter.
  std::size_t hand_out(const std::string& name, log& from, group& of, session to,
                       std::uint64_t sequence, std::uint32_t number, jobs& into);
  void bury(const std::string& name, log& from, group& of, std::uint64_t sequence);
  static std::string queue(const std::string& log_name, const std::string& group_name) {
    return "t" + packer().add(log_name).bytes() + group_name;
  }

  // ---- Waiting requests
  template <class Request>
  void park(const std::string& where, session who, token handler, Request&& it);
  void unpark(const std::string& where, const std::vector<parked>::iterator& at);
  void wake(const std::string& where);
  bool try_answer(session who, token handler, read& it);
  bool try_answer(session who, token handler, take& it);
  bool try_answer(session who, token handler, watch& it);

  // ---- Storage
  static std::string key(char kind, std::string_view name, std::string_view more = {}) {
    return kind + packer().add(name).bytes() + std::string(more);
  }
  static std::string line_key(const std::string& log_name, std::uint64_t sequence) {
    return key('m', log_name, packer().add(sequence).bytes());
  }
  void keep(const std::string& where, packer what) {
    change([&] { storage_->put(where, what.seal(where).bytes()); });
  }
  void forget(const std::string& first, const std::string& last) {
    change([&] { storage_->erase(first, last); });
  }
  // Where it fails, so does the commit.
  template <class F>
  void change(F f) {
    if (!storage_) return;
    dirty_ = true;
    try {
      f();
    } catch (const std::system_error&) {
      failed_ = std::current_exception();
    }
  }
  void keep_lives() { keep("a", packer().add(lives_)); }
  void keep_log(const std::string& name, const log& it) {
    keep(key('l', name), packer().add(it.first).add(it.last));
  }
  void keep_group(const std::string& log_name, const std::string& name, const group& it);
  void load();
  void load(std::string_view where, unpacker from);

  storage* storage_;
  bool dirty_ = false;         // something was put or erased since the last commit
  std::exception_ptr failed_;  // ... and could not be: the commit fails with this
  std::string broken_;         // why the storage cannot be read any more
  std::uint64_t lives_ = 0;
  std::map<std::string, log> logs_;
  std::map<std::string, bucket> buckets_;

  time_point now_{};
  timers timers_;
  policy policy_;
  std::map<session, member> members_;
  std::uint64_t calls_made_ = 0;
  std::map<std::uint64_t, call_under_way> calls_;
  std::map<std::string, servers> servers_;
  std::vector<listener> listeners_;
  std::map<std::string, std::size_t> turn_;  // of groups that listen: whose turn it is
  std::map<std::string, std::vector<parked>> parked_;
  std::vector<outgoing> outgoing_;
};

// ---- Coming and going ---------------------------------------------------------------------------

inline session broker::enter(std::string name, duration quiet, time_point now, session life) {
  tick(now);
  for (auto i = members_.begin(); i != members_.end(); ++i)
    if (i->second.name == name) {
      if (life && i->first > life) return 0;
      if (i->first != life) gone(i->first);
      break;
    }
  const session who = life ? life : lives_ + 1;
  lives_ = std::max(lives_, who);
  keep_lives();
  members_[who] = {std::move(name), quiet, now_};
  if (quiet > duration::zero()) watch_silence(who);
  return who;
}

inline void broker::watch_silence(session who) {
  const auto found = members_.find(who);
  if (found == members_.end()) return;
  const time_point due = found->second.heard + found->second.quiet;
  if (due <= now_) return gone(who);
  at(due, [this, who] { watch_silence(who); });
}

inline void broker::gone(session who) {
  members_.erase(who);
  forget_handlers(who, nullptr);
  for (auto i = calls_.begin(); i != calls_.end();) {
    if (i->second.server == who)
      say(i->second.caller, i->second.operation, errc::closed, "who executed it went away");
    if (i->second.server == who || i->second.caller == who) {
      timers_.erase(i->second.timer);
      i = calls_.erase(i);
    } else {
      ++i;
    }
  }
  for (auto& [name, it] : logs_)
    for (auto& [group_name, queue_of] : it.groups) {
      bool freed = false;
      for (auto& [sequence, pending] : queue_of.pending)
        if (pending.holder == who) {
          pending.due = now_;
          freed = true;
        }
      if (freed) wake(queue(name, group_name));
    }
}

inline void broker::on(session who, token handler, const stop&) { forget_handlers(who, &handler); }

// Of a session, all handlers, or only one.
inline void broker::forget_handlers(session who, const token* only) {
  const auto meant = [&](session of, token handler) {
    return of == who && (!only || handler == *only);
  };
  for (auto i = servers_.begin(); i != servers_.end();) {
    std::erase_if(i->second.all, [&](auto& it) { return meant(it.first, it.second); });
    i = i->second.all.empty() ? servers_.erase(i) : std::next(i);
  }
  std::erase_if(listeners_, [&](auto& it) { return meant(it.who, it.handler); });
  for (auto i = parked_.begin(); i != parked_.end();) {
    std::erase_if(i->second, [&](parked& it) {
      if (!meant(it.who, it.handler)) return false;
      timers_.erase(it.timer);
      return true;
    });
    i = i->second.empty() ? parked_.erase(i) : std::next(i);
  }
}

inline void broker::tick(time_point now) {
  now_ = std::max(now_, now);
  while (!timers_.empty() && timers_.begin()->first <= now_) {
    auto what = std::move(timers_.begin()->second);
    timers_.erase(timers_.begin());
    what();
  }
}

inline void broker::handle(session from, request what, time_point now) {
  tick(now);
  const auto found = members_.find(from);
  if (found == members_.end()) return;
  found->second.heard = now_;
  if (!broken_.empty() && !std::holds_alternative<leave>(what.what))
    return say(from, what.token, errc::unavailable, broken_);
  if (may(from, what.token, what))
    std::visit([&](auto& it) { on(from, what.token, it); }, what.what);
}

/// \cond
// What a request does, and with what; nothing for those that everybody may.
struct deed {
  std::string_view what{};
  const std::string* where = nullptr;
  std::size_t size = 0;
  const std::string* subject = nullptr;  // in it
  const std::string* pattern = nullptr;  // in it
};
struct deed_of {
  deed operator()(const ask& it) const { return {"call", &it.what.subject, it.what.body.size()}; }
  deed operator()(const serve& it) const { return {"serve", &it.subject}; }
  deed operator()(const publish& it) const {
    return {"publish", &it.what.subject, it.what.body.size()};
  }
  deed operator()(const subscribe& it) const { return {"subscribe", &it.pattern}; }
  deed operator()(const append& it) const {
    return {"append", &it.log, it.line.body.size(), &it.line.subject};
  }
  deed operator()(const read& it) const { return {"read", &it.log, 0, nullptr, &it.filter}; }
  deed operator()(const truncate& it) const { return {"truncate", &it.log}; }
  deed operator()(const take& it) const { return {"work", &it.log, 0, nullptr, &it.how.filter}; }
  deed operator()(const get& it) const { return {"get", &it.bucket, 0, &it.key}; }
  deed operator()(const put& it) const {
    return {"put", &it.bucket, it.value ? it.value->size() : 0, &it.key};
  }
  deed operator()(const watch& it) const { return {"watch", &it.bucket, 0, nullptr, &it.pattern}; }
  template <class Other>
  deed operator()(const Other&) const {
    return {};
  }
};
/// \endcond

inline bool broker::may(session who, token about, const request& it) {
  const deed of = std::visit(deed_of{}, it.what);
  if (!of.where) return true;
  const std::string* wrong = nullptr;
  if (!(of.what == "subscribe" ? is_pattern(*of.where) : is_subject(*of.where))) wrong = of.where;
  if (of.subject && !is_subject(*of.subject)) wrong = of.subject;
  if (of.pattern && !is_pattern(*of.pattern)) wrong = of.pattern;
  const std::string& name = members_.at(who).name;
  if (wrong) {
    say(who, about, errc::refused, '"' + *wrong + "\" is not words between dots");
  } else if (of.size > largest_body) {
    say(who, about, errc::too_large,
        std::to_string(of.size) + " bytes; at most " + std::to_string(largest_body) +
            " are sent in one body");
  } else if (policy_ && !policy_(name, of.what, *of.where)) {
    say(who, about, errc::denied, name + " may not " + std::string(of.what) + ' ' + *of.where);
  } else {
    return true;
  }
  return false;
}

// ---- Calls and topics ---------------------------------------------------------------------------

inline void broker::on(session who, token operation, ask& it) {
  const auto found = servers_.find(it.what.subject);
  if (found == servers_.end()) return say(who, operation, errc::nobody_there, it.what.subject);
  servers& of = found->second;
  const auto [server, handler] = of.all[of.next++ % of.all.size()];
  const std::uint64_t call = ++calls_made_;
  // After the deadline nobody waits: the caller knows it by itself.
  calls_[call] = {who, operation, server,
                  at(now_ + it.what.remaining, [this, call] { calls_.erase(call); })};
  it.what.principal = members_.at(who).name;
  it.what.incarnation = who;
  say(server, handler, asked{call, std::move(it.what)});
}

inline void broker::on(session who, token, answer& it) {
  const auto found = calls_.find(it.call);
  if (found == calls_.end() || found->second.server != who) return;
  timers_.erase(found->second.timer);
  const session caller = found->second.caller;
  const token operation = found->second.operation;
  calls_.erase(found);
  if (!it.what) return say(caller, operation, it.what.error());
  message what({}, std::move(*it.what));
  what.principal = members_.at(who).name;
  what.incarnation = who;
  say(caller, operation, reply{std::move(what)});
}

inline void broker::on(session who, token handler, serve& it) {
  servers& of = servers_[it.subject];
  if (std::find(of.all.begin(), of.all.end(), std::pair(who, handler)) != of.all.end())
    return say(who, handler, done{});  // it asks again, not knowing whether it was heard
  if (of.all.empty()) of.group = it.group;
  if (!of.all.empty() && (of.group.empty() || of.group != it.group))
    return say(who, handler, errc::conflict, it.subject + " is served by another one");
  of.all.emplace_back(who, handler);
  say(who, handler, done{});
}

inline void broker::on(session who, token handler, subscribe& it) {
  const auto same = [&](const listener& of) { return of.who == who && of.handler == handler; };
  if (std::any_of(listeners_.begin(), listeners_.end(), same))
    return say(who, handler, done{});  // it asks again, not knowing whether it was heard
  listeners_.push_back({who, handler, std::move(it.pattern), std::move(it.group)});
  say(who, handler, done{});
}

inline void broker::on(session who, token, publish& it) {
  it.what.remaining = {};
  it.what.principal = members_.at(who).name;
  it.what.incarnation = who;
  std::map<std::string_view, std::vector<listener*>> groups;
  for (listener& to : listeners_) {
    if (!matches(to.pattern, it.what.subject)) continue;
    if (to.group.empty())
      say(to.who, to.handler, told{++to.told, it.what});
    else
      groups[to.group].push_back(&to);
  }
  for (auto& [name, all] : groups) {
    listener& to = *all[turn_[std::string(name)]++ % all.size()];
    say(to.who, to.handler, told{++to.told, it.what});
  }
}

// ---- Logs ---------------------------------------------------------------------------------------

inline void broker::forget_ids(log& of) {
  while (!of.recent.empty() && of.recent.front().when + deduplication_window <= now_) {
    const auto found = of.ids.find(of.recent.front().id);
    if (found != of.ids.end() && found->second == of.recent.front().sequence) of.ids.erase(found);
    of.recent.pop_front();
  }
}

inline std::uint64_t broker::add(const std::string& name, log& to, message line) {
  const std::uint64_t sequence = ++to.last;
  if (line.id) {
    to.ids[line.id] = sequence;
    to.recent.push_back({now_, line.id, sequence});
  }
  keep(line_key(name, sequence),
       packer()
           .add(static_cast<std::uint64_t>(now_.time_since_epoch().count()))
           .add(line.subject)
           .add(line.body)
           .add(line.id.client)
           .add(line.id.sequence)
           .add(line.trace)
           .add(line.incarnation)
           .add(line.principal));
  keep_log(name, to);
  to.lines.push_back(std::move(line));
  wake("r" + name);
  for (auto& [group_name, of] : to.groups) wake(queue(name, group_name));
  return sequence;
}

inline void broker::on(session who, token operation, append& it) {
  log& to = logs_[it.log];
  forget_ids(to);
  if (it.line.id) {
    const auto found = to.ids.find(it.line.id);
    if (found != to.ids.end()) {
      const std::uint64_t sequence = found->second;
      if (sequence >= to.first) {
        const message& there = to.lines[static_cast<std::size_t>(sequence - to.first)];
        if (there.subject != it.line.subject || there.body != it.line.body)
          return say(who, operation, errc::conflict, "its id was used for another line");
      }
      return say(who, operation, appended{sequence, true});
    }
  }
  if (it.expect != any_version && it.expect != to.last)
    return say(
        who, operation, errc::conflict,
        "the last line is " + std::to_string(to.last) + ", not " + std::to_string(it.expect));
  it.line.principal = members_.at(who).name;
  it.line.incarnation = who;
  it.line.remaining = {};
  say(who, operation, appended{add(it.log, to, std::move(it.line)), false});
}

inline void broker::on(session who, token operation, truncate& it) {
  log& of = logs_[it.log];
  const std::uint64_t before = std::min(it.before, of.last + 1);
  if (before > of.first) {
    // Its id is known for as long as the line is kept.
    forget_ids(of);
    const std::uint64_t known =
        of.recent.empty() ? before : std::min(before, of.recent.front().sequence);
    forget(line_key(it.log, 0), line_key(it.log, known));
    of.lines.erase(of.lines.begin(),
                   of.lines.begin() + static_cast<std::ptrdiff_t>(before - of.first));
    of.first = before;
    keep_log(it.log, of);
    for (auto& [name, group_of] : of.groups) {  // what nobody can be handed any more is settled
      group_of.next = std::max(group_of.next, before);
      group_of.pending.erase(group_of.pending.begin(), group_of.pending.lower_bound(before));
      keep_group(it.log, name, group_of);
    }
  }
  say(who, operation, done{});
}

inline bool broker::try_answer(session who, token handler, read& it) {
  const log& from = logs_[it.log];
  const std::uint64_t looked = std::max(it.from, it.looked);
  lines found{it.from, from.first > looked ? from.first : it.from, 0, {}};
  std::size_t bytes = 0;
  std::uint64_t next = std::max(looked, from.first);
  for (; next <= from.last && found.all.size() < it.count && bytes < most_bytes; ++next) {
    const message& line = from.lines[static_cast<std::size_t>(next - from.first)];
    if (!matches(it.filter, line.subject)) continue;
    found.all.push_back({next, line});
    bytes += line.body.size();
  }
  found.next = next;
  if (found.all.empty() && found.begin == it.from) {  // nobody pays for what he does not want
    it.looked = next;
    return false;
  }
  say(who, handler, std::move(found));
  return true;
}

// ---- Queues -------------------------------------------------------------------------------------

inline void broker::on(session who, token handler, take& it) {
  auto& groups = logs_[it.log].groups;
  if (!groups.contains(it.group)) {
    group& of = groups[it.group];
    of.how.patience = it.how.patience;
    of.how.attempts = std::max(it.how.attempts, 1u);
    of.how.filter = it.how.filter;
    of.how.dead_letters = it.how.dead_letters.empty() ? it.log + ".dead" : it.how.dead_letters;
    of.next = logs_[it.log].first;
    keep_group(it.log, it.group, of);
  }
  park(queue(it.log, it.group), who, handler, std::move(it));
}

inline std::size_t broker::hand_out(const std::string& name, log& from, group& of, session to,
                                    std::uint64_t sequence, std::uint32_t number, jobs& into) {
  if (number > of.how.attempts) {
    bury(name, from, of, sequence);
    return 0;
  }
  of.pending[sequence] = {number, now_ + of.how.patience, to};
  const message& line = from.lines[static_cast<std::size_t>(sequence - from.first)];
  into.all.push_back({{sequence, line}, number, 0});
  return line.body.size();
}

inline void broker::bury(const std::string& name, log& from, group& of, std::uint64_t sequence) {
  of.pending.erase(sequence);
  const message dead = from.lines[static_cast<std::size_t>(sequence - from.first)];
  if (of.how.dead_letters != name) add(of.how.dead_letters, logs_[of.how.dead_letters], dead);
}

inline bool broker::try_answer(session who, token handler, take& it) {
  log& from = logs_[it.log];
  group& of = from.groups[it.group];
  jobs found;
  std::vector<std::pair<std::uint64_t, std::uint32_t>> due;
  time_point soonest = time_point::max();
  for (const auto& [sequence, pending] : of.pending) {
    if (pending.due > now_)
      soonest = std::min(soonest, pending.due);
    else
      due.emplace_back(sequence, pending.number + 1);
  }
  const std::uint64_t before = of.next;
  std::size_t bytes = 0;
  const auto room = [&] { return found.all.size() < it.count && bytes < most_bytes; };
  for (const auto& [sequence, number] : due)
    if (room()) bytes += hand_out(it.log, from, of, who, sequence, number, found);
  for (; of.next <= from.last && room(); ++of.next)
    if (matches(of.how.filter, from.lines[static_cast<std::size_t>(of.next - from.first)].subject))
      bytes += hand_out(it.log, from, of, who, of.next, 1, found);
  if (!due.empty() || of.next != before) keep_group(it.log, it.group, of);
  if (found.all.empty()) {
    // Looks again when another attempt is due, if it does not anyway.
    if (soonest != time_point::max() && (of.looks <= now_ || soonest < of.looks)) {
      of.looks = soonest;
      at(soonest, [this, where = queue(it.log, it.group)] { wake(where); });
    }
    return false;
  }
  for (job& one : found.all) one.settled = of.settled();
  say(who, handler, std::move(found));
  return true;
}

inline void broker::on(session who, token operation, settle& it) {
  log& from = logs_[it.log];
  group& of = from.groups[it.group];
  const auto found = of.pending.find(it.sequence);
  if (found == of.pending.end() || found->second.number != it.attempt ||
      found->second.holder != who)
    return say(who, operation, errc::conflict, "it is settled, or was handed out again");
  attempt& pending = found->second;
  switch (it.what) {
    case verdict::done:
      of.pending.erase(found);
      break;
    case verdict::again:
      pending = {pending.number, now_ + it.delay, 0};
      break;
    case verdict::hopeless:
      bury(it.log, from, of, it.sequence);
      break;
    case verdict::more_time:
      pending.due = now_ + of.how.patience;
      break;
  }
  keep_group(it.log, it.group, of);
  say(who, operation, done{});
  wake(queue(it.log, it.group));
}

// ---- Keys and values ----------------------------------------------------------------------------

inline void broker::on(session who, token operation, get& it) {
  const auto of = buckets_.find(it.bucket);
  if (of != buckets_.end()) {
    const auto found = of->second.values.find(it.key);
    if (found != of->second.values.end() && found->second.value)
      return say(who, operation, found->second);
  }
  say(who, operation, errc::not_found, it.key + " in " + it.bucket);
}

inline void broker::on(session who, token operation, put& it) {
  bucket& of = buckets_[it.bucket];
  auto found = of.values.find(it.key);
  const bool there = found != of.values.end() && found->second.value;
  const std::uint64_t current = there ? found->second.version : absent;
  if (!it.value && !there) return say(who, operation, errc::not_found, it.key + " in " + it.bucket);
  if (it.expect != any_version && it.expect != current)
    return say(
        who, operation, errc::conflict,
        it.key + " has version " + std::to_string(current) + ", not " + std::to_string(it.expect));
  const std::uint64_t number = ++of.last;
  if (found == of.values.end()) {
    found = of.values.emplace(it.key, versioned{it.key, {}, 0}).first;
  } else {
    of.by_version.erase(found->second.version);
  }
  found->second.value = std::move(it.value);
  found->second.version = number;
  of.by_version[number] = it.key;
  const bool has = found->second.value.has_value();
  keep(key('k', it.bucket, it.key),
       packer().add(number).add(has).add(has ? *found->second.value : std::string()));
  if (!has) {
    of.erased.push_back(number);
    while (of.erased.size() > most_erased) {  // the oldest is forgotten, unless it was set again
      const auto oldest = of.by_version.find(of.erased.front());
      if (oldest != of.by_version.end()) {
        of.forgotten = oldest->first;
        const std::string old = key('k', it.bucket, oldest->second);
        forget(old, old + '\0');
        of.values.erase(oldest->second);
        of.by_version.erase(oldest);
      }
      of.erased.pop_front();
    }
  }
  keep(key('b', it.bucket), packer().add(of.last).add(of.forgotten));
  say(who, operation, version{number});
  wake("w" + it.bucket);
}

inline bool broker::try_answer(session who, token handler, watch& it) {
  const bucket& of = buckets_[it.bucket];
  const bool resync = it.after != 0 && (it.after < of.forgotten || it.after > of.last);
  changes found{it.after, resync ? 0 : it.after, resync, true, {}};
  std::size_t bytes = 0;
  for (auto i = of.by_version.upper_bound(found.through); i != of.by_version.end(); ++i) {
    if (found.all.size() == it.count || bytes >= most_bytes) {
      found.current = false;
      break;
    }
    found.through = i->first;
    if (!matches(it.pattern, i->second)) continue;
    const versioned& value = of.values.at(i->second);
    found.all.push_back(value);
    bytes += value.value ? value.value->size() : 0;
  }
  if (found.current) found.through = std::max(of.last, found.through);
  if (found.all.empty() && !resync && it.patience > duration::zero()) return false;
  say(who, handler, std::move(found));
  return true;
}

// ---- Waiting requests ---------------------------------------------------------------------------

template <class Request>
void broker::park(const std::string& where, session who, token handler, Request&& it) {
  auto& all = parked_[where];
  const auto same = std::find_if(all.begin(), all.end(), [&](const parked& of) {
    return of.who == who && of.handler == handler;
  });
  if (same != all.end()) unpark(where, same);  // it is asked again: the first one was lost
  if (try_answer(who, handler, it)) return;
  const duration patience = it.patience;
  auto timer = at(now_ + patience, [this, where, who, handler] {
    auto& of = parked_[where];
    for (auto i = of.begin(); i != of.end(); ++i) {
      if (i->who != who || i->handler != handler) continue;
      std::visit(
          [&](auto& waiting) {
            using kind = std::remove_cvref_t<decltype(waiting)>;
            if constexpr (std::is_same_v<kind, read>)
              say(who, handler,
                  lines{waiting.from, waiting.from, std::max(waiting.from, waiting.looked), {}});
            else if constexpr (std::is_same_v<kind, take>)
              say(who, handler, jobs{});
            else
              say(who, handler, changes{waiting.after, waiting.after, false, true, {}});
          },
          i->what);
      of.erase(i);
      return;
    }
  });
  parked_[where].push_back({who, handler, std::forward<Request>(it), timer});
}

inline void broker::unpark(const std::string& where,
                           const std::vector<parked>::iterator& at_place) {
  timers_.erase(at_place->timer);
  parked_[where].erase(at_place);
}

inline void broker::wake(const std::string& where) {
  const auto found = parked_.find(where);
  if (found == parked_.end()) return;
  std::vector<parked> all = std::exchange(found->second, {});
  std::vector<parked> left;
  for (parked& one : all) {
    if (std::visit([&](auto& it) { return try_answer(one.who, one.handler, it); }, one.what))
      timers_.erase(one.timer);
    else
      left.push_back(std::move(one));
  }
  // While they were asked, a dead letter may have woken others, but never these.
  auto& now_there = parked_[where];
  now_there.insert(now_there.begin(), std::make_move_iterator(left.begin()),
                   std::make_move_iterator(left.end()));
}

// ---- Storage ------------------------------------------------------------------------------------

inline void broker::keep_group(const std::string& log_name, const std::string& name,
                               const group& it) {
  packer all;
  all.add(static_cast<std::uint64_t>(now_.time_since_epoch().count()));
  all.add(static_cast<std::uint64_t>(it.how.patience.count())).add(it.how.attempts);
  all.add(it.how.filter).add(it.how.dead_letters).add(it.next);
  for (const auto& [sequence, pending] : it.pending)
    all.add(sequence)
        .add(pending.number)
        .add(static_cast<std::uint64_t>(pending.due.time_since_epoch().count()));
  keep(key('g', log_name, name), std::move(all));
}

inline void broker::load() {
  logs_.clear();
  buckets_.clear();
  if (!storage_) return;
  storage_->scan([this](std::string_view where, std::string_view what) {
    unpacker from(what);
    from.open(where);
    load(where, from);
  });
  for (auto& [name, it] : logs_) {
    if (it.lines.size() != it.last + 1 - it.first)
      throw damaged("lines of the log " + name + " are missing");
    forget_ids(it);
  }
}

inline void broker::load(std::string_view where, unpacker from) {
  const auto time = [&] { return time_point(duration(static_cast<std::int64_t>(from.number()))); };
  if (where == "a") {
    lives_ = std::max(lives_, from.number());
    return;
  }
  unpacker rest(where.substr(1));
  const std::string name = rest.text();
  const std::string_view more = where.substr(9 + name.size());
  switch (where[0]) {
    case 'b': {
      bucket& it = buckets_[name];
      it.last = from.number();
      it.forgotten = from.number();
      break;
    }
    case 'k': {
      bucket& it = buckets_[name];
      versioned value{std::string(more), {}, from.number()};
      if (from.number()) value.value = from.text();
      it.by_version[value.version] = value.key;
      if (!value.value)
        it.erased.insert(std::lower_bound(it.erased.begin(), it.erased.end(), value.version),
                         value.version);
      it.values[value.key] = std::move(value);
      break;
    }
    case 'l': {
      log& it = logs_[name];
      it.first = from.number();
      it.last = from.number();
      break;
    }
    case 'm': {  // lines come in order, after all logs
      log& it = logs_[name];
      const std::uint64_t sequence = rest.number();
      if (sequence >= it.first && sequence != it.first + it.lines.size())
        throw damaged("a line of the log " + name + " is missing");
      const time_point when = time();
      now_ = std::max(now_, when);
      message line;
      line.subject = from.text();
      line.body = from.text();
      line.id.client = from.number();
      line.id.sequence = from.number();
      line.trace = from.text();
      line.incarnation = from.number();
      line.principal = from.text();
      if (line.id) {
        it.ids[line.id] = sequence;
        it.recent.push_back({when, line.id, sequence});
      }
      if (sequence >= it.first) it.lines.push_back(std::move(line));
      break;
    }
    case 'g': {
      group& it = logs_[name].groups[std::string(more)];
      now_ = std::max(now_, time());
      it.how.patience = duration(static_cast<std::int64_t>(from.number()));
      it.how.attempts = static_cast<std::uint32_t>(from.number());
      it.how.filter = from.text();
      it.how.dead_letters = from.text();
      it.next = from.number();
      while (!from.empty()) {
        const std::uint64_t sequence = from.number();
        const auto number = static_cast<std::uint32_t>(from.number());
        it.pending[sequence] = {number, time(), 0};
      }
      break;
    }
    default:
      throw damaged("a record of an unknown kind");
  }
}

inline std::optional<error> broker::commit() {
  if (!std::exchange(dirty_, false)) return {};
  error why{errc::unavailable, {}, {}};
  try {
    if (failed_) std::rethrow_exception(std::exchange(failed_, {}));
    storage_->commit();
    return {};
  } catch (const std::system_error& failed) {
    why.message = failed.what();
  } catch (const std::exception& failed) {
    why = {errc::closed, failed.what(), {}};
    broken_ = failed.what();
  }
  storage_->roll_back();
  try {
    load();
  } catch (const std::exception& failed) {
    broken_ = failed.what();
  }
  for (auto& [where, all] : parked_)  // sequences that were looked at may be given out again
    for (parked& one : all)
      if (auto* reading = std::get_if<read>(&one.what)) reading->looked = 0;
  // Nothing of it took place, as far as is known. A line that was there before may be one of these:
  // that is unknown.
  for (outgoing& it : outgoing_) {
    auto& what = it.what.what;
    if (auto* line = std::get_if<appended>(&what); line && line->repeated)
      what = error{errc::closed, why.message, {}};
    else if (std::holds_alternative<done>(what) || std::holds_alternative<version>(what) ||
             std::holds_alternative<appended>(what) || std::holds_alternative<versioned>(what))
      what = why;
    else if (auto* read_lines = std::get_if<lines>(&what))
      *read_lines = {read_lines->from, read_lines->from, read_lines->from, {}};
    else if (auto* handed = std::get_if<jobs>(&what))
      handed->all.clear();
    else if (auto* changed = std::get_if<changes>(&what))
      *changed = {changed->after, changed->after, false, false, {}};
  }
  return why;
}

/// @}
}  // namespace gof::inline v0::engines
