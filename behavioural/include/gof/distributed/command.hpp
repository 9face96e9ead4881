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
#include <map>
#include <memory>
#include <optional>
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
  force    ///< it is done all the same; the commands have `inverse_of(command, receiver)`
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
  failed,        ///< a command threw; what it had begun was taken back
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
/// strings, equal for commands that must not be undone past each other. Without `undo`, it cannot
/// be taken back.
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

struct touched {
  std::string key{};
  std::uint64_t before = 0, after = 0;  // the key's version without and with the step
};
BOOST_DESCRIBE_STRUCT(touched, (), (key, before, after))

struct record {  // a step that can be undone, or redone
  std::uint64_t index = 0;
  std::string user{}, label{};
  std::vector<std::string> commands{};  // with what they captured when they were executed last
  std::vector<std::string>
      inverses{};        // what takes each of them back, where there is an inverse_of
  bool flipped = false;  // by force: executing the commands is the undo, not the deed
  std::vector<touched> keys{};
};
BOOST_DESCRIBE_STRUCT(record, (), (index, user, label, commands, inverses, keys))

struct version {
  std::uint64_t number = 0;  // the index of the entry that wrote it
  std::string user{};        // whose
};
BOOST_DESCRIBE_STRUCT(version, (), (number, user))

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
  std::optional<step> apply(std::uint64_t index, const message& content);

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
    return wire::encode(all);
  }
  /// Becomes what was saved, unless it has come further itself. \param bytes what `save` made
  /// \param load_receiver makes a receiver of its bytes
  /// \throws wire::error, unchanged; what `load_receiver` throws, unchanged
  template <class Load>
  void load(std::string_view bytes, Load load_receiver);

 private:
  using record = detail::record;
  using deed = detail::deed;
  static constexpr std::size_t digests_kept = 1024;

  std::optional<std::string> top(const std::string& user,
                                 std::vector<std::uint64_t> detail::stacks::*which) const {
    const auto found = users_.find(user);
    if (found == users_.end() || (found->second.*which).empty()) return {};
    return records_.at((found->second.*which).back()).label;
  }
  step open(std::uint64_t index, const detail::proposal& it, const message& content);
  step perform(std::uint64_t index, const detail::proposal& it, const std::string& user);
  step execute(std::uint64_t index, const detail::proposal& it, const std::string& user);
  step reverse(std::uint64_t index, const detail::proposal& it, const std::string& user);
  std::string blocked(const record& it, bool undoes) const;
  std::string reverse(std::uint64_t index, record& it, bool undoes, bool forced);
  std::string run(std::vector<any_command>& all, std::vector<std::string>* inverses,
                  void (*execute)(any_command&, Receiver&), void (*back)(any_command&, Receiver&));
  void forget_oldest(detail::stacks& of);

  // What was executed goes into the digest, with what it captured.
  void note(const record& it) {
    for (const std::string& one : it.commands) digest_ = detail::checksum(one, digest_);
  }
  static std::vector<any_command> decoded(const std::vector<std::string>& all) {
    std::vector<any_command> commands;
    for (const std::string& one : all) commands.push_back(wire::decode<any_command>(one));
    return commands;
  }
  static std::vector<std::string> encoded(const std::vector<any_command>& all) {
    std::vector<std::string> commands;
    for (const any_command& one : all) commands.push_back(wire::encode(one));
    return commands;
  }
  static constexpr bool can_undo(const any_command& c) {
    return std::visit([]<class C>(const C&) { return undoable<C, Receiver>; }, c);
  }
  static void do_execute(any_command& c, Receiver& r) {
    std::visit([&](auto& it) { it.execute(r); }, c);
  }
  static void do_undo(any_command& c, Receiver& r) {
    std::visit(
        [&]<class C>(C& it) {
          if constexpr (undoable<C, Receiver>) it.undo(r);
        },
        c);
  }
  static void do_redo(any_command& c, Receiver& r) {
    std::visit([&](auto& it) { command::detail::redo(it, r); }, c);
  }
  static std::string label_of(const std::vector<any_command>& all) {
    if (all.size() != 1) return std::to_string(all.size()) + " commands";
    return std::visit([](const auto& c) { return command::detail::label(c); }, all.front());
  }
  // What takes the command back if it is executed now; none unless all types have an inverse_of.
  template <class C>
  static constexpr bool has_inverse = requires(const C& c, const Receiver& r) {
    any_command(inverse_of(c, r));
  };
  static std::optional<any_command> inverse(const any_command& c, const Receiver& r) {
    if constexpr ((has_inverse<Commands> && ...)) {
      return std::visit([&](const auto& it) { return any_command(inverse_of(it, r)); }, c);
    } else {
      return {};
    }
  }

  Receiver receiver_;
  retention keep_;
  std::uint64_t index_ = 0;
  std::uint64_t digest_ = 0xcbf29ce484222325u;
  std::map<std::uint64_t, detail::session> sessions_;
  std::map<std::uint64_t, record> records_;  // all that is on a stack
  std::map<std::string, detail::version> versions_;
  std::map<std::string, detail::stacks> users_;
  std::deque<std::pair<std::uint64_t, std::uint64_t>> digests_;  // the latest, by index
  std::optional<std::string> divergence_;
};

template <class Receiver, networked<Receiver>... Commands>
std::optional<step> replica<Receiver, Commands...>::apply(std::uint64_t index,
                                                          const message& content) {
  detail::proposal it;
  if (wire::decode_into(std::string_view(content.body), it) != wire::refusal::none) return {};
  if (it.seen != 0) {
    const auto same = std::find_if(digests_.begin(), digests_.end(),
                                   [&](const auto& of) { return of.first == it.seen; });
    if (same != digests_.end() && same->second != it.digest) divergence_ = content.principal;
  }
  index_ = index;
  step what = it.what == deed::open ? open(index, it, content) : step{};
  if (it.what != deed::open) {
    const auto found = sessions_.find(it.session);
    const std::uint64_t sum = detail::checksum(content.body);
    if (found == sessions_.end() || found->second.owner != content.principal) {
      what = {verdict::expired, index, {}, {}, "its session is not known"};
    } else if (detail::session& of = found->second; it.sequence < of.last) {
      what = {verdict::stale, index, of.user, {}, "its session has gone on"};
    } else if (it.sequence == of.last) {
      what = of.result;  // it is a copy, unless it is another one with its id
      if (of.content != sum) what = {verdict::misused, index, of.user, {}, "its id was used"};
    } else {
      of.last = it.sequence;
      of.content = sum;
      of.used = index;
      what = perform(index, it, of.user);
      of.result = what;
    }
  }
  digest_ = detail::checksum(wire::encode(what.what) + what.user + what.deed, digest_ + index);
  digests_.emplace_back(index, digest_);
  if (digests_.size() > digests_kept) digests_.pop_front();
  return what;
}

template <class Receiver, networked<Receiver>... Commands>
step replica<Receiver, Commands...>::open(std::uint64_t index, const detail::proposal& it,
                                          const message& content) {
  if (sessions_.size() >= keep_.sessions)
    sessions_.erase(std::min_element(
        sessions_.begin(), sessions_.end(),
        [](const auto& a, const auto& b) { return a.second.used < b.second.used; }));
  detail::session& of = sessions_[index];
  of.number = of.used = index;
  of.user = it.user;
  of.owner = content.principal;
  return {verdict::done, index, it.user, "open", {}};
}

template <class Receiver, networked<Receiver>... Commands>
step replica<Receiver, Commands...>::perform(std::uint64_t index, const detail::proposal& it,
                                             const std::string& user) {
  return it.what == deed::execute ? execute(index, it, user) : reverse(index, it, user);
}

// Runs all commands, or none. Returns why not.
template <class Receiver, networked<Receiver>... Commands>
std::string replica<Receiver, Commands...>::run(std::vector<any_command>& all,
                                                std::vector<std::string>* inverses,
                                                void (*forth)(any_command&, Receiver&),
                                                void (*back)(any_command&, Receiver&)) {
  std::size_t done = 0;
  try {
    for (; done < all.size(); ++done) {
      std::optional<any_command> opposite;
      if (inverses) opposite = inverse(all[done], receiver_);
      forth(all[done], receiver_);
      if (opposite) inverses->push_back(wire::encode(*opposite));
    }
    return {};
  } catch (const std::exception& thrown) {
    const std::string why = thrown.what();
    while (done > 0) back(all[--done], receiver_);
    return why.empty() ? "it threw" : why;
  }
}

template <class Receiver, networked<Receiver>... Commands>
step replica<Receiver, Commands...>::execute(std::uint64_t index, const detail::proposal& it,
                                             const std::string& user) {
  std::vector<any_command> commands;
  try {
    commands = decoded(it.commands);
  } catch (const wire::error& refused) {
    return {verdict::failed, index, user, "execute", refused.what()};
  }
  record made;
  made.index = index;
  made.user = user;
  step what{verdict::done, index, user, {}, run(commands, &made.inverses, do_execute, do_undo)};
  made.label = label_of(commands);
  what.deed = "execute " + made.label;
  if (!what.why.empty()) {
    what.what = verdict::failed;
    return what;
  }
  for (const any_command& c : commands)
    for (std::string& key : std::visit(
             [](const auto& command) { return std::vector<std::string>(keys_of(command)); }, c)) {
      const auto same = std::find_if(made.keys.begin(), made.keys.end(),
                                     [&](const detail::touched& of) { return of.key == key; });
      if (same != made.keys.end()) continue;
      detail::version& now = versions_[key];
      made.keys.push_back({std::move(key), now.number, index});
      now = {index, user};
    }
  made.commands = encoded(commands);
  note(made);
  detail::stacks& of = users_[user];
  for (std::uint64_t gone : std::exchange(of.redo, {})) records_.erase(gone);
  of.undo.push_back(index);
  records_[index] = std::move(made);
  while (of.undo.size() > keep_.steps) forget_oldest(of);
  return what;
}

template <class Receiver, networked<Receiver>... Commands>
void replica<Receiver, Commands...>::forget_oldest(detail::stacks& of) {
  records_.erase(of.undo.front());
  of.undo.erase(of.undo.begin());
}

// Undoes or redoes the step on top of the user's stack, or with skip one below it.
template <class Receiver, networked<Receiver>... Commands>
step replica<Receiver, Commands...>::reverse(std::uint64_t index, const detail::proposal& it,
                                             const std::string& user) {
  const bool undoes = it.what == deed::undo;
  detail::stacks& of = users_[user];
  std::vector<std::uint64_t>& from = undoes ? of.undo : of.redo;
  step what{verdict::nothing, index, user, undoes ? "undo" : "redo", {}};
  for (std::size_t i = from.size(); i-- > 0;) {
    record& target = records_.at(from[i]);
    what.deed = (undoes ? "undo " : "redo ") + target.label;
    const auto commands = decoded(target.commands);
    what.why = blocked(target, undoes);
    if (!std::all_of(commands.begin(), commands.end(), can_undo)) {
      what.what = verdict::not_undoable;
      what.why = "it cannot be taken back";
    } else if (what.why.empty() || it.how == policy::force) {
      const bool forced = !what.why.empty();
      what.why = reverse(index, target, undoes, forced);
      what.what = what.why.empty() ? verdict::done : verdict::failed;
    } else {
      what.what = verdict::conflict;
    }
    if (what.what == verdict::done) {
      (undoes ? of.redo : of.undo).push_back(from[i]);
      from.erase(from.begin() + static_cast<std::ptrdiff_t>(i));
      return what;
    }
    if (it.how != policy::skip) return what;
  }
  return what;
}

// Who has changed what since; empty where nobody has.
template <class Receiver, networked<Receiver>... Commands>
std::string replica<Receiver, Commands...>::blocked(const record& it, bool undoes) const {
  for (const detail::touched& of : it.keys) {
    const auto now = versions_.find(of.key);
    const std::uint64_t number = now == versions_.end() ? 0 : now->second.number;
    if (number != (undoes ? of.after : of.before))
      return of.key + " was changed by " + (now == versions_.end() ? "another" : now->second.user);
  }
  return {};
}

// Takes the commands back, or does them again. Where they have inverses, these are executed, and
// what takes them back is remembered from what there is now, so that it restores just that.
template <class Receiver, networked<Receiver>... Commands>
std::string replica<Receiver, Commands...>::reverse(std::uint64_t index, record& it, bool undoes,
                                                    bool forced) {
  const bool invertible = it.inverses.size() == it.commands.size();
  if (forced && !invertible) return "it has no inverse_of, and cannot be forced";
  const bool backwards = undoes || invertible;
  std::vector<any_command> commands = decoded(invertible ? it.inverses : it.commands);
  if (backwards) std::reverse(commands.begin(), commands.end());
  std::vector<std::string> inverses;
  std::string why = invertible ? run(commands, &inverses, do_execute, do_undo)
                    : undoes   ? run(commands, nullptr, do_undo, do_redo)
                               : run(commands, nullptr, do_redo, do_undo);
  if (!why.empty()) return why;
  if (invertible)
    it.inverses = std::move(inverses);
  else if (backwards)
    std::reverse(commands.begin(), commands.end());
  it.commands = encoded(commands);
  for (detail::touched& of : it.keys) {
    // The key has the version back that it had without the step, or with it, so that earlier steps
    // can be undone in turn; by force, it has a new one, and what others did to it is past.
    if (forced) (undoes ? of.before : of.after) = index;
    versions_[of.key] = {undoes ? of.before : of.after, it.user};
  }
  note(it);
  return {};
}

template <class Receiver, networked<Receiver>... Commands>
template <class Load>
void replica<Receiver, Commands...>::load(std::string_view bytes, Load load_receiver) {
  auto all = wire::decode<detail::image>(bytes);
  if (all.index < index_) return;
  Receiver receiver = load_receiver(std::string_view(all.receiver));
  receiver_ = std::move(receiver);
  index_ = all.index;
  digest_ = all.digest;
  sessions_.clear();
  for (detail::session& of : all.sessions) sessions_[of.number] = std::move(of);
  records_.clear();
  for (record& of : all.records) records_[of.index] = std::move(of);
  versions_ = std::move(all.versions);
  users_ = std::move(all.users);
  digests_ = {{index_, digest_}};
}

// ---- The shell
// -----------------------------------------------------------------------------------

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
        first_(receiver),
        replica_(std::move(receiver), how_.keep) {
    if (how_.user.empty()) how_.user = on.name();
    nonce_ = on.random() | 1;
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
    for (const any_command& one : all) encoded.push_back(wire::encode(one));
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
    const auto it = wire::decode<detail::proposal>(bytes);
    session_ = it.session;
    sequence_ = it.sequence;
    waiting_.push_back(
        {it.sequence, std::string(bytes), node_->now() + how_.deadline, true, std::move(done)});
    node_->after(how_.deadline, scope_.bind([this] { send(); })).detach();
    send();
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
  void snapshot(completion<void> done);

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

  void begin();
  void follow(std::uint64_t from);
  void heard(const entry& line);
  void propose(detail::deed what, policy how, std::vector<std::string> commands, told done);
  void open();
  void send();
  void attempt(std::string bytes, operation_id id);
  void answered(operation_id id, const result<appended>& what);
  void again(duration delay);
  void settle(result<step> what);

  node* node_;
  std::string log_;
  history_options<Receiver> how_;
  Receiver first_;
  replica<Receiver, Commands...> replica_;
  std::function<void(const std::string&)> intent_;
  std::function<void(const step&)> heard_;
  std::function<void(const std::string&)> diverged_;

  std::uint64_t nonce_ = 0;     // of the proposal that opens the session
  std::uint64_t session_ = 0;   // 0 until that is through
  std::uint64_t sequence_ = 0;  // the last that was given out
  std::uint64_t ids_ = 0;
  bool cut_ = false;             // lines are gone that it has not executed, and it cannot load
  bool ready_ = false;           // the snapshot, if any, is loaded
  bool sending_ = false;         // an attempt is under way, or its repetition
  std::size_t telling_ = 0;      // what was settled is told before the next intent is shown
  std::deque<pending> waiting_;  // the first is the one that is sent
  registration reading_;
  scope scope_;
};

template <class Receiver, networked<Receiver>... Commands>
void replicated_history<Receiver, Commands...>::begin() {
  reading_.drop();
  ready_ = false;
  if (!how_.load) {
    ready_ = true;
    return follow(1);
  }
  node_
      ->get(snapshots, log_, scope_.bind([this](result<versioned> found) {
        if (found) {
          try {
            replica_.load(*found->value, how_.load);
          } catch (const std::exception&) {  // it is not one: as if there were none
          }
        } else if (found.error().why != errc::not_found) {
          return node_->after(std::chrono::milliseconds(200), scope_.bind([this] { begin(); }))
              .detach();
        }
        ready_ = true;
        follow(replica_.index() + 1);
        // What was under way may stand in the lines that the snapshot is for.
        if (std::exchange(sending_, false) && session_ != 0 && !waiting_.empty())
          waiting_.front().unknown = true;
        send();
      }))
      .detach();
}

template <class Receiver, networked<Receiver>... Commands>
void replicated_history<Receiver, Commands...>::follow(std::uint64_t from) {
  read_options how;
  // What is missing is in a snapshot: everybody begins from it.
  how.on_gap = scope_.bind([this](std::uint64_t, std::uint64_t) {
    if (how_.load)
      node_->after(std::chrono::milliseconds(200), scope_.bind([this] { begin(); })).detach();
    else
      node_->post(scope_.bind([this] { cut_ = true, send(); }));
    reading_.drop();
  });
  reading_ = node_->read(log_, from, scope_.bind([this](const entry& line) { heard(line); }),
                         std::move(how));
}

template <class Receiver, networked<Receiver>... Commands>
void replicated_history<Receiver, Commands...>::heard(const entry& line) {
  const std::optional<step> what = replica_.apply(line.sequence, line.content);
  if (!what) return;
  if (auto who = replica_.take_divergence(); who && diverged_) diverged_(*who);
  const operation_id id = line.content.id;
  if (session_ == 0 && id == operation_id{nonce_, 1}) {
    session_ = line.sequence;
    sending_ = false;
    send();
  } else if (id.client == session_ && !waiting_.empty() &&
             id.sequence == waiting_.front().sequence) {
    settle(*what);
    if (what->what == verdict::expired) {  // the next one opens another session
      session_ = sequence_ = 0;
      nonce_ = node_->random() | 1;
    }
  }
  if (heard_) heard_(*what);
}

template <class Receiver, networked<Receiver>... Commands>
void replicated_history<Receiver, Commands...>::propose(detail::deed what, policy how,
                                                        std::vector<std::string> commands,
                                                        told done) {
  detail::proposal it;
  it.what = what;
  it.how = how;
  it.commands = std::move(commands);
  waiting_.push_back({0, wire::encode(it), node_->now() + how_.deadline, false, std::move(done)});
  // Where the deadline comes, it comes also for what waits behind others.
  node_->after(how_.deadline, scope_.bind([this] { send(); })).detach();
  send();
}

// Sends the first that waits, unless it is on its way; settles those whose time is over.
template <class Receiver, networked<Receiver>... Commands>
void replicated_history<Receiver, Commands...>::send() {
  while (!waiting_.empty() && waiting_.front().until <= node_->now()) {
    const bool unknown = waiting_.front().unknown || (sending_ && waiting_.front().sequence != 0);
    sending_ = false;
    settle(error{unknown ? errc::deadline : errc::unavailable,
                 unknown ? "no answer in time" : "it could not be sent in time",
                 {}});
  }
  while (cut_ && !waiting_.empty())
    settle(error{waiting_.front().unknown ? errc::deadline : errc::unavailable,
                 "the log was truncated, and there is no `load`",
                 {}});
  if (telling_ > 0 || waiting_.empty() || sending_ || !ready_) return;
  if (session_ == 0) return open();
  pending& it = waiting_.front();
  if (it.sequence == 0) {
    it.sequence = ++sequence_;
    auto full = wire::decode<detail::proposal>(it.bytes);
    full.session = session_;
    full.sequence = it.sequence;
    full.seen = replica_.index();
    full.digest = replica_.digest();
    it.bytes = wire::encode(full);
    if (intent_) intent_(it.bytes);
  }
  attempt(it.bytes, {session_, it.sequence});
}

template <class Receiver, networked<Receiver>... Commands>
void replicated_history<Receiver, Commands...>::open() {
  detail::proposal it;
  it.user = how_.user;
  attempt(wire::encode(it), {nonce_, 1});
}

template <class Receiver, networked<Receiver>... Commands>
void replicated_history<Receiver, Commands...>::attempt(std::string bytes, operation_id id) {
  sending_ = true;
  append_options how;
  how.deadline = std::min<duration>(std::chrono::seconds(1), waiting_.front().until - node_->now());
  node_
      ->append(log_, message("proposal", std::move(bytes), id),
               scope_.bind([this, id](result<appended> what) { answered(id, what); }), how)
      .detach();
}

template <class Receiver, networked<Receiver>... Commands>
void replicated_history<Receiver, Commands...>::answered(operation_id id,
                                                         const result<appended>& what) {
  const bool opens = session_ == 0 && id == operation_id{nonce_, 1};
  const bool first =
      id.client == session_ && !waiting_.empty() && waiting_.front().sequence == id.sequence;
  if (!opens && !first) return;  // it is settled
  if (what) {                    // it is in the log, and will be read there
    if (first) waiting_.front().unknown = true;
    if (what.value().sequence > replica_.index()) return;
    // Or it is in the snapshot that this replica began from.
    if (first) {
      const auto came = replica_.result_of(id);
      if (came) return settle(*came);
      return settle(error{errc::deadline, "its result is forgotten", {}});
    }
    nonce_ = node_->random() | 1;  // nobody knows whose session that is: opens another one
    sending_ = false;
    return send();
  }
  if (first && what.outcome() == gof::outcome::unknown) waiting_.front().unknown = true;
  const errc why = what.error().why;
  if (!waiting_.empty() &&
      (why == errc::denied || why == errc::too_large || why == errc::refused)) {
    sending_ = false;
    if (waiting_.front().unknown) return settle(error{errc::deadline, what.error().message, {}});
    return settle(what.error());
  }
  // Nothing hinders another attempt: it has the same id.
  again(std::chrono::milliseconds(20 + static_cast<std::int64_t>(node_->random() % 200)));
}

template <class Receiver, networked<Receiver>... Commands>
void replicated_history<Receiver, Commands...>::again(duration delay) {
  node_
      ->after(delay, scope_.bind([this] {
        sending_ = false;
        send();
      }))
      .detach();
}

template <class Receiver, networked<Receiver>... Commands>
void replicated_history<Receiver, Commands...>::settle(result<step> what) {
  told done = std::move(waiting_.front().done);
  waiting_.pop_front();
  sending_ = false;
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

template <class Receiver, networked<Receiver>... Commands>
void replicated_history<Receiver, Commands...>::snapshot(completion<void> done) {
  if (!how_.save || !ready_) {
    const error why{errc::refused, how_.save ? "it is not ready" : "there is no `save`", {}};
    return node_->post([done = std::move(done), why]() mutable { done(why); });
  }
  const std::uint64_t index = replica_.index();
  std::string bytes = replica_.save(how_.save);
  // Only over an older one: the one that is there is looked at first.
  node_
      ->get(snapshots, log_,
            scope_.bind([this, index, bytes = std::move(bytes),
                         done = std::move(done)](result<versioned> found) mutable {
              if (!found && found.error().why != errc::not_found) return done(found.error());
              if (found) {
                detail::image there;
                if (wire::decode_into(std::string_view(*found->value), there) ==
                        wire::refusal::none &&
                    there.index >= index)
                  return done(error{errc::conflict, "there is a later snapshot", {}});
              }
              node_
                  ->put(snapshots, log_, std::move(bytes), found ? found->version : absent,
                        scope_.bind([this, index,
                                     done = std::move(done)](result<std::uint64_t> kept) mutable {
                          if (!kept) return done(kept.error());
                          node_->truncate(log_, index + 1, std::move(done)).detach();
                        }))
                  .detach();
            }))
      .detach();
}

/// @}
}  // namespace gof::inline v0::command::distributed
