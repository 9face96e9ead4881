// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// Command over a network: one history for many users, each of whom undoes their own.

#include <algorithm>
#include <boost/describe.hpp>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <gof/command.hpp>
#include <gof/node.hpp>
#include <gof/wire.hpp>

/// \defgroup command_distributed Command, distributed
/// \ingroup command
/// A log of proposals that all replicas execute in the same order: the commands and the receiver
/// are those of the local history.
///
/// | In the book           | Here                                                                |
/// |-----------------------|---------------------------------------------------------------------|
/// | Receiver              | each replica's own, kept equal by the log                           |
/// | Command               | the local ones, described for the wire, with `keys_of(command)`     |
/// | Invoker, history list | \ref gof::command::distributed::replicated_history "replicated_history" |
///
/// | To …                                  | write                                                   |
/// |---------------------------------------|---------------------------------------------------------|
/// | take part                             | `replicated_history<document, insert, erase> h(node, "notes", {})` |
/// | do something, once, whatever is lost  | `h.execute(insert{…}, done)`                            |
/// | do several things or none             | `h.execute(all, done)`, of a vector                     |
/// | take back what this user did last     | `h.undo(policy::reject, done)`                          |
/// | do it again                           | `h.redo(policy::reject, done)`                          |
/// | see the receiver                      | `h.receiver()`                                          |
/// | hear of each step of anybody          | `h.on_step(f)`                                          |
/// | forget old entries                    | `h.snapshot(done)`                                      |
/// | go on after a crash                   | `h.on_intent(store)`, then `h.resubmit(bytes, done)`    |
///
/// \source Gamma, Helm, Johnson, Vlissides, *Design Patterns* (1994), chapter 5, Command; Ongaro,
/// *Consensus: Bridging Theory and Practice* (2014), section 6.3, on sessions; Prakash and Knister,
/// *A Framework for Undoing Actions in Collaborative Systems* (1994)

/// \namespace gof::command::distributed
/// See \ref command_distributed.

namespace gof::inline v0::command::distributed {

/// \addtogroup command_distributed
/// @{

/// What an undo or a redo does where somebody else has changed the same keys since.
enum class policy : std::uint8_t {
  reject,  ///< it is refused, and says who it was
  skip,    ///< the next older step of the user that can be taken back is
  force    ///< it is done all the same, if it can be; the commands have an `inverse_of`
};
/// \cond
BOOST_DESCRIBE_ENUM(policy, reject, skip, force)
/// \endcond

/// What came of a proposal; the same on every replica.
enum class verdict : std::uint8_t {
  done,          ///< it took place
  nothing,       ///< the user has nothing to undo, or to redo
  conflict,      ///< somebody else changed the same keys since; nothing took place
  not_undoable,  ///< the step has no inverse, or is older than what is kept
  failed,        ///< a command threw, or is none; what was begun was taken back
  stale,         ///< its session has gone on: it never took place, and never will
  expired,       ///< its session is not known: it did not take place, or its result is forgotten
  misused        ///< its id belongs to another proposal
};
/// \cond
BOOST_DESCRIBE_ENUM(verdict, done, nothing, conflict, not_undoable, failed, stale, expired, misused)
/// \endcond

/// An entry of the history, as every replica has executed it.
struct step {
  verdict what = verdict::done;  ///< what came of it
  std::uint64_t index = 0;       ///< its place in the log
  std::string user{};            ///< whose it is
  std::string deed{};            ///< "execute", "undo" or "redo", and the label of the command
  std::string why{};             ///< where it was not done: in words; of a conflict, who and what
};
/// \cond
BOOST_DESCRIBE_STRUCT(step, (), (what, index, user, deed, why))
/// \endcond

/// A command that can go over a network: described, and `keys_of(command)` says what it changes:
/// strings, equal for commands that must not be undone past each other. It is taken back by its
/// `undo`; or, where all commands have it, by what `inverse_of(command, receiver)` gives, asked
/// before it is executed: another command. One with neither cannot be taken back, and is the last
/// of those that are proposed together.
template <class C, class Receiver>
concept networked = command<C, Receiver> && wire::encodable<C> && requires(const C& c) {
  { keys_of(c) } -> std::convertible_to<std::vector<std::string>>;
};

namespace detail {
enum class deed : std::uint8_t { open, execute, undo, redo };
BOOST_DESCRIBE_ENUM(deed, open, execute, undo, redo)

// What is appended to the log.
struct proposal {
  deed what = deed::open;
  policy how = policy::reject;
  std::string user{};          // open
  std::uint64_t session = 0;   // the index of the entry that opened it
  std::uint64_t sequence = 0;  // of the proposal in its session
  std::vector<std::string> commands{};
  std::uint64_t seen = 0, digest = 0;  // what the proposer's replica had come to
};
BOOST_DESCRIBE_STRUCT(proposal, (), (what, how, user, session, sequence, commands, seen, digest))

struct version {               // of a key
  std::uint64_t number = 0;    // the index of the entry that wrote it
  std::string user{}, last{};  // whose that is; and who came back to it last, by undo or redo
};
BOOST_DESCRIBE_STRUCT(version, (), (number, user, last))

struct touched {  // a key, by a step
  std::string key{};
  version other{};                     // what it has once the step is undone; or redone
  std::uint64_t done = 0, undone = 0;  // the versions from which that is so
};
BOOST_DESCRIBE_STRUCT(touched, (), (key, other, done, undone))

struct record {  // a step that can be undone, or redone
  std::uint64_t index = 0;
  std::string label{};
  std::vector<std::string> commands{};  // by which that is done, in this order
  std::vector<touched> keys{};
};
BOOST_DESCRIBE_STRUCT(record, (), (index, label, commands, keys))

struct stacks {
  std::vector<std::uint64_t> undo{}, redo{};  // of indices, the last on top
};
BOOST_DESCRIBE_STRUCT(stacks, (), (undo, redo))

struct session {
  std::uint64_t number = 0;     // the index of its opening
  std::string user{}, owner{};  // the owner is who the engine says sent it
  std::uint64_t last = 0;       // the greatest sequence that was applied
  std::uint64_t content = 0;    // the checksum of that proposal
  step result{};                // and what came of it
  std::uint64_t used = 0;       // the index of it
};
BOOST_DESCRIBE_STRUCT(session, (), (number, user, owner, last, content, result, used))

struct image {  // of a replica
  std::uint64_t index = 0, digest = 0;
  std::string receiver{};
  std::vector<session> sessions{};
  std::vector<record> records{};
  std::map<std::string, version> versions{};
  std::map<std::string, stacks> users{};
};
BOOST_DESCRIBE_STRUCT(image, (), (index, digest, receiver, sessions, records, versions, users))

// What a replica keeps may be more than a message can carry: the node says so where it is sent.
template <class T>
std::string encode(const T& value) {
  return wire::encode(value, {std::numeric_limits<std::size_t>::max()});
}
template <class T>
T decode(std::string_view bytes) {
  return wire::decode<T>(bytes, {std::numeric_limits<std::size_t>::max()});
}

[[nodiscard]] inline std::uint64_t checksum(std::string_view bytes,
                                            std::uint64_t sum = 0xcbf29ce484222325u) noexcept {
  for (char c : bytes) sum = (sum ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  return sum;
}
}  // namespace detail

/// How much a replica remembers. The same on all replicas.
struct retention {
  std::size_t steps = 1000;     ///< of each user; older ones cannot be undone
  std::size_t sessions = 1024;  ///< the one that was not used for longest expires
};

/// Executes the entries of a log: a function of their order and content alone. It knows no node, no
/// clock, and no chance, so that all replicas of a log are equal.
///
/// \law Two replicas that have applied the same entries have the same digest.
/// \law A proposal takes effect once, however often it stands in the log.
/// \law An undo that is done leaves the receiver as if the step had not been, and its redo as
/// before.
/// \law No entry, whoever wrote it, makes a replica throw.
/// \tparam Receiver what the commands work on \tparam Commands all commands there are
template <class Receiver, networked<Receiver>... Commands>
class replica {
 public:
  /// One of the commands.
  using any_command = std::variant<Commands...>;

  /// \param receiver the receiver before the first entry; the same for all replicas
  /// \param keep how much to remember
  explicit replica(Receiver receiver, retention keep = {})
      : receiver_(std::move(receiver)), keep_(keep) {}

  /// Executes an entry. \param index its place in the log, greater than all before \param content
  /// it
  /// \returns what came of it; empty where it is no proposal of this history, which changes nothing
  std::optional<step> apply(std::uint64_t index, const message& content) {
    detail::proposal it;
    if (wire::decode_into(std::string_view(content.body), it) != wire::refusal::none) return {};
    if (it.seen != 0) {
      const auto same = std::find_if(digests_.begin(), digests_.end(),
                                     [&](const auto& of) { return of.first == it.seen; });
      if (same != digests_.end() && same->second != it.digest) divergence_ = content.principal;
    }
    index_ = index;
    step what = it.what == deed::open ? open(it, content.principal) : proposed(it, content);
    digest_ = detail::checksum(detail::encode(what.what) + what.user + what.deed, digest_ + index);
    digests_.emplace_back(index, digest_);
    if (digests_.size() > digests_kept) digests_.pop_front();
    return what;
  }

  /// \returns the receiver
  [[nodiscard]] const Receiver& receiver() const noexcept { return receiver_; }
  /// \returns the place of the last entry that was applied
  [[nodiscard]] std::uint64_t index() const noexcept { return index_; }
  /// \returns a digest of all that was done, and what came of it
  [[nodiscard]] std::uint64_t digest() const noexcept { return digest_; }
  /// \returns the label of the step that undo would take back; none where there is none
  [[nodiscard]] std::optional<std::string> undo_label(const std::string& user) const {
    return top(user, &detail::stacks::undo);
  }
  /// \returns the label of the step that redo would do again; none where there is none
  [[nodiscard]] std::optional<std::string> redo_label(const std::string& user) const {
    return top(user, &detail::stacks::redo);
  }
  /// \returns whether a session is open \param number the index of the entry that opened it
  [[nodiscard]] bool knows(std::uint64_t number) const { return sessions_.contains(number); }
  /// \returns what came of the last proposal of a session; none where that is another one
  /// \param id the proposal's
  [[nodiscard]] std::optional<step> result_of(operation_id id) const {
    const auto found = sessions_.find(id.client);
    if (found == sessions_.end() || found->second.last != id.sequence) return {};
    return found->second.result;
  }
  /// \returns who proposed something on a replica that had come to something else, since the last
  /// call; none where all agree
  [[nodiscard]] std::optional<std::string> take_divergence() {
    return std::exchange(divergence_, std::nullopt);
  }

  /// \returns all of it, as bytes. \param save_receiver makes bytes of it
  template <class Save>
  [[nodiscard]] std::string save(Save save_receiver) const {
    detail::image all{index_, digest_, save_receiver(receiver_), {}, {}, versions_, users_};
    for (const auto& [number, of] : sessions_) all.sessions.push_back(of);
    for (const auto& [number, of] : records_) all.records.push_back(of);
    return detail::encode(all);
  }
  /// Becomes what was saved, unless it has come further itself. \param bytes what `save` made
  /// \param load_receiver makes a receiver of its bytes
  /// \throws wire::error, std::out_of_range, unchanged; what `load_receiver` throws, unchanged
  template <class Load>
  void load(std::string_view bytes, Load load_receiver) {
    auto all = detail::decode<detail::image>(bytes);
    if (all.index < index_) return;
    std::map<std::uint64_t, detail::session> sessions;
    for (detail::session& of : all.sessions) sessions[of.number] = std::move(of);
    std::map<std::uint64_t, record> records;
    for (record& of : all.records) {
      decoded(of.commands);
      records[of.index] = std::move(of);
    }
    std::set<std::uint64_t> stacked;
    for (const auto& [user, of] : all.users)
      for (const auto* stack : {&of.undo, &of.redo})
        for (std::uint64_t step : *stack)
          if (!records.contains(step) || !stacked.insert(step).second)
            throw std::out_of_range("a step is missing, or there twice");
    receiver_ = load_receiver(std::string_view(all.receiver));
    index_ = all.index;
    digest_ = all.digest;
    sessions_ = std::move(sessions);
    records_ = std::move(records);
    versions_ = std::move(all.versions);
    users_ = std::move(all.users);
    digests_ = {{index_, digest_}};
  }

 private:
  using deed = detail::deed;
  using record = detail::record;
  static constexpr std::size_t digests_kept = 1024;

  // ---- Sessions: a proposal takes effect once

  step open(const detail::proposal& it, const std::string& owner) {
    if (sessions_.size() >= keep_.sessions)
      sessions_.erase(std::min_element(
          sessions_.begin(), sessions_.end(),
          [](const auto& a, const auto& b) { return a.second.used < b.second.used; }));
    sessions_[index_] = {index_, it.user, owner, 0, 0, {}, index_};
    return {verdict::done, index_, it.user, "open", {}};
  }

  step proposed(const detail::proposal& it, const message& content) {
    const auto found = sessions_.find(it.session);
    if (found == sessions_.end() || found->second.owner != content.principal)
      return {verdict::expired, index_, {}, {}, "its session is not known"};
    detail::session& of = found->second;
    if (it.sequence < of.last)
      return {verdict::stale, index_, of.user, {}, "its session has gone on"};
    const std::uint64_t sum = detail::checksum(content.body);
    if (it.sequence == of.last) {  // it is a copy, unless it is another one with its id
      if (of.content == sum) return of.result;
      return {verdict::misused, index_, of.user, {}, "its id was used"};
    }
    of.last = it.sequence;
    of.content = sum;
    of.used = index_;
    of.result = it.what == deed::execute ? execute(it, of.user) : reverse(it, of.user);
    return of.result;
  }

  // ---- Steps

  step execute(const detail::proposal& it, const std::string& user) {
    step what{verdict::failed, index_, user, "execute", {}};
    std::vector<any_command> commands, back;
    record made{index_, {}, {}, {}};
    try {
      commands = decoded(it.commands);
      for (const any_command& c : commands)
        for (std::string& key :
             std::visit([](const auto& of) { return std::vector<std::string>(keys_of(of)); }, c))
          if (std::none_of(made.keys.begin(), made.keys.end(),
                           [&](const detail::touched& of) { return of.key == key; }))
            made.keys.push_back({std::move(key), {}, index_, 0});
    } catch (const std::exception& refused) {
      what.why = refused.what();
      return what;
    }
    what.why = run(commands, way::execute, back);
    made.label = label_of(commands);
    what.deed += ' ' + made.label;
    if (!what.why.empty()) return what;
    what.what = verdict::done;
    for (detail::touched& of : made.keys)
      of.other = std::exchange(versions_[of.key], {index_, user, user});
    made.commands = encoded(back);
    detail::stacks& of = users_[user];
    for (std::uint64_t gone : std::exchange(of.redo, {})) records_.erase(gone);
    of.undo.push_back(index_);
    records_[index_] = std::move(made);
    if (of.undo.size() > keep_.steps) {
      records_.erase(of.undo.front());
      of.undo.erase(of.undo.begin());
    }
    return what;
  }

  // Undoes or redoes the step on top of the user's stack, or with skip one below it.
  step reverse(const detail::proposal& it, const std::string& user) {
    const bool undoes = it.what == deed::undo;
    auto& from = undoes ? users_[user].undo : users_[user].redo;
    auto& to = undoes ? users_[user].redo : users_[user].undo;
    step what{verdict::nothing, index_, user, undoes ? "undo" : "redo", {}};
    for (std::size_t i = from.size(); i-- > 0;) {
      record& target = records_.at(from[i]);
      auto commands = decoded(target.commands);
      what.deed = (undoes ? "undo " : "redo ") + target.label;
      what.why = blocked(target, undoes);
      if (!std::all_of(commands.begin(), commands.end(), can_undo)) {
        what.what = verdict::not_undoable;
        what.why = "it cannot be taken back";
      } else if (what.why.empty() || it.how == policy::force) {
        what.why = flip(target, commands, undoes, !what.why.empty(), user);
        what.what = what.why.empty() ? verdict::done : verdict::failed;
      } else {
        what.what = verdict::conflict;
      }
      if (what.what == verdict::done) {
        to.push_back(from[i]);
        from.erase(from.begin() + static_cast<std::ptrdiff_t>(i));
        return what;
      }
      if (it.how != policy::skip) return what;
    }
    return what;
  }

  // Who has changed what since; empty where nobody has.
  std::string blocked(const record& it, bool undoes) const {
    for (const detail::touched& of : it.keys) {
      const auto now = versions_.find(of.key);
      const std::uint64_t expected = undoes ? of.done : of.undone;
      if (now == versions_.end()) return of.key + " is not known";
      if (now->second.number > expected) return of.key + " was changed by " + now->second.user;
      if (now->second.number < expected) return of.key + " was changed back by " + now->second.last;
    }
    return {};
  }

  // Undoes a step, or redoes it. Each key has the version back that it had before, so that older
  // steps can be undone in turn; by force, it has a new one, and what others did to it is past,
  // until that is taken back.
  std::string flip(record& it, std::vector<any_command>& commands, bool undoes, bool forced,
                   const std::string& user) {
    if (forced && !invertible) return "it has no inverse_of, and cannot be forced";
    std::vector<any_command> back;
    const way how = invertible ? way::execute : undoes ? way::undo : way::redo;
    if (std::string why = run(commands, how, back); !why.empty()) return why;
    it.commands = encoded(back);
    for (detail::touched& of : it.keys) {
      detail::version& now = versions_[of.key];
      std::swap(now, of.other);
      if (forced) now = {index_, user, user};
      now.last = user;
      if (undoes) of.undone = now.number;
      if (!undoes && forced) of.done = now.number;
    }
    return {};
  }

  // ---- Commands

  enum class way { execute, undo, redo };

  // All commands have an inverse_of: what takes them back is another command.
  template <class C>
  static constexpr bool has_inverse = requires(const C& c, const Receiver& r) {
    any_command(inverse_of(c, r));
  };
  static constexpr bool invertible = (has_inverse<Commands> && ...);

  // Runs all commands, or none. Returns why not. \param back what takes them back, in its order
  std::string run(std::vector<any_command>& all, way how, std::vector<any_command>& back) {
    if (!all.empty() && !std::all_of(all.begin(), all.end() - 1, can_undo))
      return "what cannot be taken back has to be the last";
    std::string why = "it threw";
    std::size_t done = 0;
    try {
      for (; done < all.size(); ++done) {
        if constexpr (invertible)
          back.push_back(std::visit(
              [&](const auto& it) { return any_command(inverse_of(it, receiver_)); }, all[done]));
        run(all[done], how);
      }
      // What was executed goes into the digest, with what it captured.
      for (const any_command& it : all) digest_ = detail::checksum(detail::encode(it), digest_);
      if constexpr (!invertible) back = all;
      std::reverse(back.begin(), back.end());
      return {};
    } catch (const std::exception& thrown) {
      if (*thrown.what() != '\0') why = thrown.what();
    } catch (...) {
    }
    while (done-- > 0)
      if constexpr (invertible)
        run(back[done], way::execute);
      else
        run(all[done], how == way::undo ? way::redo : way::undo);
    return why;
  }
  void run(any_command& c, way how) {
    std::visit(
        [&]<class C>(C& it) {
          if (how == way::execute) it.execute(receiver_);
          if (how == way::redo) command::detail::redo(it, receiver_);
          if constexpr (undoable<C, Receiver>)
            if (how == way::undo) it.undo(receiver_);
        },
        c);
  }
  static bool can_undo(const any_command& c) {
    return invertible || std::visit([]<class C>(const C&) { return undoable<C, Receiver>; }, c);
  }
  static std::string label_of(const std::vector<any_command>& all) {
    if (all.size() != 1) return std::to_string(all.size()) + " commands";
    return std::visit([](const auto& c) { return command::detail::label(c); }, all.front());
  }
  static std::vector<any_command> decoded(const std::vector<std::string>& all) {
    std::vector<any_command> commands;
    for (const std::string& one : all) commands.push_back(detail::decode<any_command>(one));
    return commands;
  }
  static std::vector<std::string> encoded(const std::vector<any_command>& all) {
    std::vector<std::string> commands;
    for (const any_command& one : all) commands.push_back(detail::encode(one));
    return commands;
  }
  std::optional<std::string> top(const std::string& user,
                                 std::vector<std::uint64_t> detail::stacks::*which) const {
    const auto found = users_.find(user);
    if (found == users_.end() || (found->second.*which).empty()) return {};
    return records_.at((found->second.*which).back()).label;
  }

  Receiver receiver_;
  retention keep_;
  std::uint64_t index_ = 0;
  std::uint64_t digest_ = detail::checksum({});
  std::map<std::uint64_t, detail::session> sessions_;
  std::map<std::uint64_t, record> records_;  // all that is on a stack, and nothing else
  std::map<std::string, detail::version> versions_;
  std::map<std::string, detail::stacks> users_;
  std::deque<std::pair<std::uint64_t, std::uint64_t>> digests_;  // the latest, by index
  std::optional<std::string> divergence_;
};

// ---- The shell ----------------------------------------------------------------------------------

/// How a replicated history takes part.
/// \tparam Receiver what the commands work on
template <class Receiver>
struct history_options {
  std::string user{};  ///< whose steps these are; the node's name where it is empty
  duration deadline = std::chrono::seconds(5);  ///< of a proposal, unless it says
  retention keep{};                             ///< the same on all replicas
  /// Makes bytes of a receiver, for snapshots; without it there are none.
  std::function<std::string(const Receiver&)> save{};
  /// Makes a receiver of such bytes. Throws where it cannot.
  std::function<Receiver(std::string_view)> load{};
};

/// A user's part in a history that many share: proposes what the user does, and executes what all
/// do.
///
/// A proposal has an id, the same for all attempts at it, and takes effect once. Proposals of a
/// user are appended one after the other, in their order. A completion's result is the step, as all
/// replicas executed it; where there is none, the outcome says whether the proposal may still take
/// place: not_applied, or unknown, which the next proposal settles, as after it none before it can.
///
/// \tparam Receiver what the commands work on \tparam Commands all commands there are
/// \threads of one node, which outlives it
template <class Receiver, networked<Receiver>... Commands>
class replicated_history {
 public:
  /// One of the commands.
  using any_command = std::variant<Commands...>;
  /// Told what came of a proposal.
  using told = completion<step>;

  /// Takes part. \param on the node \param log the log's name: words between dots
  /// \param receiver the receiver before the first entry; the same for all \param how options
  replicated_history(node& on, std::string log, Receiver receiver,
                     history_options<Receiver> how = {})
      : node_(&on),
        log_(std::move(log)),
        how_(std::move(how)),
        replica_(std::move(receiver), how_.keep) {
    if (how_.user.empty()) how_.user = on.name();
    begin();
  }
  replicated_history(const replicated_history&) = delete;
  replicated_history& operator=(const replicated_history&) = delete;
  ~replicated_history() = default;

  /// Proposes a command. \param c it \param done told what came of it
  template <class C>
    requires std::constructible_from<any_command, C>
  void execute(C c, told done) {
    execute(std::vector<any_command>{any_command(std::move(c))}, std::move(done));
  }
  /// Proposes commands that take place together or not at all, and are one step to undo.
  /// \param all the commands \param done told what came of it
  void execute(const std::vector<any_command>& all, told done) {
    std::vector<std::string> encoded;
    for (const any_command& one : all) encoded.push_back(detail::encode(one));
    propose(detail::deed::execute, policy::reject, std::move(encoded), std::move(done));
  }
  /// Proposes to take back what this user did last. \param how where others changed the same since
  /// \param done told what came of it
  void undo(policy how, told done) { propose(detail::deed::undo, how, {}, std::move(done)); }
  /// Proposes to do again what this user took back last. \param how where others changed the same
  /// since \param done told what came of it
  void redo(policy how, told done) { propose(detail::deed::redo, how, {}, std::move(done)); }

  /// Has each proposal shown before it is sent, to be kept until it is told what came of it.
  /// \param store called with bytes for \ref resubmit
  void on_intent(std::function<void(const std::string& bytes)> store) {
    intent_ = std::move(store);
  }
  /// Goes on with a proposal of before a crash, as the same one. To be called first, once.
  /// \param bytes the last that `on_intent` showed \param done told what came of it
  /// \throws wire::error
  void resubmit(std::string_view bytes, told done) {
    const auto it = detail::decode<detail::proposal>(bytes);
    session_ = it.session;
    sequence_ = it.sequence;
    wait({it.sequence, std::string(bytes), node_->now() + how_.deadline, true, std::move(done)});
  }
  /// Has each step of anybody shown, when this replica has executed it. \param heard called with it
  void on_step(std::function<void(const step&)> heard) { heard_ = std::move(heard); }
  /// Has it shown when another replica has come to something else. \param heard called with its
  /// node
  void on_divergence(std::function<void(const std::string& who)> heard) {
    diverged_ = std::move(heard);
  }

  /// Keeps what this replica has come to, and has the log forget the entries before it. Undo and
  /// redo are kept; replicas that are behind begin from the snapshot.
  /// \param done told when that is so; errc::conflict where another replica was first;
  /// errc::refused without `save`
  void snapshot(completion<void> done) {
    const std::uint64_t index = replica_.index();
    const auto refuse = [&](errc why, const char* text) {
      node_->post([done = std::move(done), why, text]() mutable { done(error{why, text, {}}); });
    };
    if (!how_.save) return refuse(errc::refused, "there is no `save`");
    if (!ready_) return refuse(errc::refused, "it is not ready");
    if (index <= kept_.index) return refuse(errc::conflict, "there is nothing later to keep");
    // Over the one that is known, or none: whatever else is there may be a later one.
    node_
        ->put(snapshots, log_, replica_.save(how_.save), kept_.version,
              scope_.bind([this, index, done = std::move(done)](result<std::uint64_t> put) mutable {
                if (!put)
                  return look([done = std::move(done), why = put.error()](
                                  const result<versioned>&) mutable { done(std::move(why)); });
                kept_ = {index, *put};
                node_->truncate(log_, index + 1, std::move(done)).detach();
              }))
        .detach();
  }

  /// \returns the receiver, as this replica has it
  [[nodiscard]] const Receiver& receiver() const noexcept { return replica_.receiver(); }
  /// \returns the place in the log of the last entry that it has executed
  [[nodiscard]] std::uint64_t index() const noexcept { return replica_.index(); }
  /// \returns a digest: equal for replicas with the same index
  [[nodiscard]] std::uint64_t digest() const noexcept { return replica_.digest(); }
  /// \returns the label of what undo would take back; none for nothing
  [[nodiscard]] std::optional<std::string> undo_label() const {
    return replica_.undo_label(how_.user);
  }
  /// \returns the label of what redo would do again; none for nothing
  [[nodiscard]] std::optional<std::string> redo_label() const {
    return replica_.redo_label(how_.user);
  }
  /// \returns a number that no other history of this log gives, for ids of new things; 0 before the
  /// first proposal is through
  [[nodiscard]] std::uint64_t new_id() noexcept {
    return session_ == 0 ? 0 : (session_ << 24) + ++ids_;
  }
  /// \returns how many proposals are not settled
  [[nodiscard]] std::size_t unsettled() const noexcept { return waiting_.size(); }

 private:
  struct pending {
    std::uint64_t sequence;  // 0 until it is sent for the first time
    std::string bytes;
    time_point until;
    bool unknown;  // an attempt may be on its way
    told done;
  };
  static constexpr const char* snapshots = "gof.snapshots";

  // ---- Reading: from the snapshot, if there is one, and on through the log

  void begin() {
    reading_.drop();
    ready_ = false;
    if (!how_.load) {
      ready_ = true;
      return follow(1);
    }
    look([this](const result<versioned>& found) {
      if (found) {
        try {
          replica_.load(*found.value().value, how_.load);
        } catch (const std::exception&) {  // it is not one: as if there were none
        }
      } else if (found.error().why != errc::not_found) {
        return begin_later();
      }
      ready_ = true;
      follow(replica_.index() + 1);
      // What was under way may stand in the lines that the snapshot is for.
      if (attempt_ && session_ != 0) waiting_.front().unknown = true;
      attempt_.reset();
      send();
    });
  }
  void begin_later() {
    node_->after(std::chrono::milliseconds(200), scope_.bind([this] { begin(); })).detach();
  }

  // Looks at the snapshot that is kept, and remembers which one that is.
  void look(completion<versioned> then) {
    node_
        ->get(snapshots, log_,
              scope_.bind([this, then = std::move(then)](result<versioned> found) mutable {
                if (found) {
                  detail::image there;
                  const auto why = wire::decode_into(std::string_view(*found->value), there);
                  kept_ = {why == wire::refusal::none ? there.index : 0, found->version};
                } else if (found.error().why == errc::not_found) {
                  kept_ = {};
                }
                then(std::move(found));
              }))
        .detach();
  }

  void follow(std::uint64_t from) {
    read_options how;
    // What is missing is in a snapshot: everybody begins from it.
    how.on_gap = scope_.bind([this](std::uint64_t, std::uint64_t) {
      if (how_.load)
        begin_later();
      else
        node_->post(scope_.bind([this] { cut_ = true, send(); }));
      reading_.drop();
    });
    reading_ = node_->read(log_, from, scope_.bind([this](const entry& line) { heard(line); }),
                           std::move(how));
  }

  void heard(const entry& line) {
    const std::optional<step> what = replica_.apply(line.sequence, line.content);
    if (!what) return;
    if (auto who = replica_.take_divergence(); who && diverged_) diverged_(*who);
    const operation_id id = line.content.id;
    if (session_ == 0 && id == operation_id{nonce_, 1}) {
      session_ = line.sequence;
      attempt_.reset();
      send();
    } else if (id && id == first() &&
               (what->what != verdict::expired || !replica_.knows(session_))) {
      settle(*what);
      if (what->what == verdict::expired) {  // the next one opens another session
        session_ = sequence_ = 0;
        nonce_ = node_->random() | 1;
      }
    }
    if (heard_) heard_(*what);
  }

  // ---- Writing: one proposal after the other, each until it is read

  void propose(detail::deed what, policy how, std::vector<std::string> commands, told done) {
    detail::proposal it;
    it.what = what;
    it.how = how;
    it.commands = std::move(commands);
    wait({0, detail::encode(it), node_->now() + how_.deadline, false, std::move(done)});
  }
  void wait(pending it) {
    waiting_.push_back(std::move(it));
    // Where the deadline comes, it comes also for what waits behind others.
    node_->after(how_.deadline, scope_.bind([this] { send(); })).detach();
    send();
  }
  // The id of the first that waits; none before it is sent.
  [[nodiscard]] operation_id first() const {
    if (waiting_.empty() || waiting_.front().sequence == 0) return {};
    return {session_, waiting_.front().sequence};
  }

  // Sends the first that waits, unless it is on its way; settles those whose time is over.
  void send() {
    while (!waiting_.empty() && waiting_.front().until <= node_->now()) {
      const bool unknown = waiting_.front().unknown || (attempt_ && first());
      settle(error{unknown ? errc::deadline : errc::unavailable,
                   unknown ? "no answer in time" : "it could not be sent in time",
                   {}});
    }
    while (cut_ && !waiting_.empty())
      settle(error{waiting_.front().unknown ? errc::deadline : errc::unavailable,
                   "the log was truncated, and there is no `load`",
                   {}});
    if (telling_ > 0 || waiting_.empty() || attempt_ || !ready_) return;
    if (session_ == 0) {  // opens one
      detail::proposal it;
      it.user = how_.user;
      return attempt(detail::encode(it), {nonce_, 1});
    }
    pending& it = waiting_.front();
    if (it.sequence == 0) {
      it.sequence = ++sequence_;
      auto full = detail::decode<detail::proposal>(it.bytes);
      full.session = session_;
      full.sequence = it.sequence;
      full.seen = replica_.index();
      full.digest = replica_.digest();
      it.bytes = detail::encode(full);
      if (intent_) intent_(it.bytes);
    }
    attempt(it.bytes, first());
  }

  void attempt(std::string bytes, operation_id id) {
    append_options how;
    how.deadline =
        std::min<duration>(std::chrono::seconds(1), waiting_.front().until - node_->now());
    attempt_ =
        node_->append(log_, message("proposal", std::move(bytes), id),
                      scope_.bind([this](const result<appended>& what) { answered(what); }), how);
  }

  // What came of the attempt; not called once another one was made, or what it was for is settled.
  void answered(const result<appended>& what) {
    pending& it = waiting_.front();
    const bool opens = session_ == 0;
    if (what) {  // it is in the log, and will be read there
      if (!opens) it.unknown = true;
      if (what.value().sequence > replica_.index()) return;
      // Or it is in the snapshot that this replica began from.
      if (opens) return reopen();  // nobody knows whose session that is
      if (const auto came = replica_.result_of(first())) return settle(*came);
      return settle(error{errc::deadline, "its result is forgotten", {}});
    }
    if (!opens && what.outcome() == gof::outcome::unknown) it.unknown = true;
    switch (what.error().why) {
      case errc::conflict:  // somebody else wrote a line with its id
        if (opens) return reopen();
        [[fallthrough]];
      case errc::denied:
      case errc::too_large:
      case errc::refused:
        if (it.unknown) return settle(error{errc::deadline, what.error().message, {}});
        return settle(what.error());
      default:  // nothing hinders another attempt: it has the same id
        attempt_ = node_->after(
            std::chrono::milliseconds(20 + static_cast<std::int64_t>(node_->random() % 200)),
            scope_.bind([this] { attempt_.reset(), send(); }));
    }
  }
  void reopen() {
    nonce_ = node_->random() | 1;
    attempt_.reset();
    send();
  }

  void settle(result<step> what) {
    told done = std::move(waiting_.front().done);
    waiting_.pop_front();
    attempt_.reset();
    // After this handler, as it may destroy the history.
    node_->post([done = std::move(done), what = std::move(what)]() mutable {
      if (done) done(std::move(what));
    });
    ++telling_;
    node_->post(scope_.bind([this] {
      --telling_;
      send();
    }));
  }

  node* node_;
  std::string log_;
  history_options<Receiver> how_;
  replica<Receiver, Commands...> replica_;
  std::function<void(const std::string&)> intent_;
  std::function<void(const step&)> heard_;
  std::function<void(const std::string&)> diverged_;

  std::uint64_t nonce_ = node_->random() | 1;  // of the proposal that opens the session
  std::uint64_t session_ = 0;                  // 0 until that is through
  std::uint64_t sequence_ = 0;                 // the last that was given out
  std::uint64_t ids_ = 0;
  /// \cond
  struct snapshot_known {
    std::uint64_t index = 0, version = absent;
  };
  /// \endcond
  snapshot_known kept_;                  // the snapshot, as far as it is known
  bool cut_ = false;                     // lines are gone that it has not executed, and cannot load
  bool ready_ = false;                   // the snapshot, if any, is loaded
  std::size_t telling_ = 0;              // what was settled is told before the next intent is shown
  std::deque<pending> waiting_;          // the first is the one that is sent
  std::optional<registration> attempt_;  // at it, until it is read, or made again
  registration reading_;
  scope scope_;
};

/// @}
}  // namespace gof::inline v0::command::distributed
