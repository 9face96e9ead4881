// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// Observer over a network: a watch that resumes where it was, and is told what it has missed.

#include <algorithm>
#include <boost/describe.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gof/node.hpp>
#include <gof/observer.hpp>
#include <gof/wire.hpp>

/// \defgroup observer_distributed Observer, distributed
/// \ingroup observer
/// A subject is keys with values, and each change of it an entry of a log. A change's version is
/// its place there: all observers see the same order, and each goes on from the version it has
/// seen.
///
/// | In the book          | In the field       | Here                                               |
/// |----------------------|--------------------|----------------------------------------------------|
/// | ConcreteSubject      | resource, table    | \ref gof::observer::distributed::subject "subject", on one or more nodes |
/// | SetState, then Notify | put, publish      | `notify(key, update)`, `erase(key)`                |
/// | Observer, Update     | watcher, event     | any callable, told \ref gof::observer::distributed::news "news" |
/// | Attach, Detach       | watch, cancel      | \ref gof::observer::distributed::watch "watch", and its end |
/// | GetState             | list               | `state()`, a \ref gof::observer::distributed::view "view" |
///
/// | To …                                     | write                                               |
/// |------------------------------------------|-----------------------------------------------------|
/// | tell of a change                         | `subject<file> s(node, "files"); s.notify("a.txt", f, done)` |
/// | be told, until the watch ends            | `watch<file> w(node, "files", f)`                   |
/// | be told of some keys only                | … `{.pattern = "docs.>"}`                           |
/// | go on after a crash                      | … `{.from = version, .known = keys}`, as stored     |
/// | have no more news for the time being     | `[](const news<file>&, busy b) { keep(std::move(b)); }` |
/// | not listen to strangers                  | … `{.from_only = {"alice"}}`                        |
/// | forget old changes                       | `s.compact(1000, done)`                             |
///
/// | What may happen                     | What it comes to                                         |
/// |-------------------------------------|----------------------------------------------------------|
/// | a message is lost, late, or twice   | each change is told once, in order                       |
/// | no answer to `notify` by its deadline | outcome `unknown`: the change is in the log once, or not at all |
/// | changes are compacted unseen        | `resync`, then what differs from what was seen, then `current` |
/// | they are gone, and in no snapshot   | `lost`: what was told may differ from the subject's state; a watch from 0 is told that |
/// | the observer is slow                | changes gather, then only the last of each key; `skipped` says how many were left out |
/// | a newer update cannot be read       | `unreadable`, with its key and version                   |
///
/// It is not linearizable: an observer lags, by as much as the network and its own work take. The
/// rights to the log and to the bucket `gof.snapshots` are the engine's to give: values there bear
/// no name. A log that is put back to an earlier state is another one, and needs another name.
///
/// \source Gamma, Helm, Johnson, Vlissides, *Design Patterns* (1994), chapter 5, Observer; etcd,
/// *Watch APIs*; Kubernetes, *API Concepts*, "Efficient detection of changes"

/// \namespace gof::observer::distributed
/// See \ref observer_distributed.

namespace gof::inline v0::observer::distributed {

/// \addtogroup observer_distributed
/// @{

/// What an observer is told.
enum class kind : std::uint8_t {
  changed,     ///< the key has another value
  erased,      ///< the key is gone
  unreadable,  ///< the key has another value, which this program does not understand
  resync,      ///< changes were compacted unseen: what differs follows
  current,     ///< that was all of it, up to this version
  lost         ///< changes are gone for good, unseen
};
/// \cond
BOOST_DESCRIBE_ENUM(kind, changed, erased, unreadable, resync, current, lost)
/// \endcond

/// A change, or what became of changes. \tparam Update the value of a key
template <class Update>
struct news {
  kind what = kind::changed;      ///< what it is
  std::string key{};              ///< whose; empty for `resync`, `current` and `lost`
  std::optional<Update> value{};  ///< of `changed`: the new one
  std::uint64_t version = 0;      ///< all up to this one is told: to be kept, and to go on from
  std::string by{};               ///< the node whose change it is, where the engine knows
  std::uint64_t skipped = 0;  ///< so many changes were left out, each for a later one of its key
  std::string why{};          ///< of `unreadable`: in words
};

/// As long as somebody keeps one, or a copy, the observer is busy, and told nothing.
using busy = std::shared_ptr<const void>;

namespace detail {
inline constexpr const char* snapshots = "gof.snapshots";

struct kept {
  std::uint64_t version = 0;
  std::string by{};
  std::string body{};  // as it came, so that what is not understood is passed on
};
BOOST_DESCRIBE_STRUCT(kept, (), (version, by, body))

struct image {  // of a view
  std::uint64_t index = 0, lost = 0;
  std::map<std::string, kept> keys{};
};
BOOST_DESCRIBE_STRUCT(image, (), (index, lost, keys))
}  // namespace detail

/// What a log comes to: the last value of each key. It knows no node, no clock, and no chance.
///
/// \law Views that have been given the same entries, or a snapshot of them, have the same digest,
/// where none was told that something is `lost`.
/// \law Its version never goes back, and what is not newer changes nothing.
/// \tparam Update the value of a key
template <wire::decodable Update>
class view {
 public:
  /// \param from_only the nodes whose changes count; empty for all \param pattern which keys count
  explicit view(std::set<std::string> from_only = {}, std::string pattern = ">")
      : from_only_(std::move(from_only)), pattern_(std::move(pattern)) {}

  /// Begins as one that had come to a version, but does not know the values.
  /// \param version the version \param known the keys there were, with their versions
  void resume(std::uint64_t version, const std::map<std::string, std::uint64_t>& known) {
    all_ = {version, 0, {}};
    for (const auto& [key, of] : known) all_.keys[key].version = of;
  }
  /// Takes an entry in. \param line it \returns what to tell; nothing where it does not count
  std::optional<news<Update>> apply(const entry& line) {
    if (line.sequence <= all_.index) return {};
    all_.index = line.sequence;
    if (!trusts(line.content.principal)) return ++ignored_, std::nullopt;
    const std::string& key = line.content.subject;
    if (!matches(pattern_, key)) return {};
    const detail::kept now{line.sequence, line.content.principal, line.content.body};
    if (now.body.empty())
      all_.keys.erase(key);
    else
      all_.keys[key] = now;
    return told(key, now);
  }
  /// Takes a snapshot in, unless it is older. What was seen here of the time before stands: who
  /// made the snapshot may have lost some of it. \param bytes what `save` made
  /// \returns what to tell, from `resync` to `current`: first `lost`, where something was seen
  /// neither there nor here, and which keys are gone, with the version that was seen before; then
  /// what is newer \throws wire::error; unchanged
  std::vector<news<Update>> load(std::string_view bytes) {
    auto next = wire::decode<detail::image>(bytes);
    if (next.index <= all_.index) return {};
    std::erase_if(next.keys, [this](const auto& it) {
      return !trusts(it.second.by) || !matches(pattern_, it.first);
    });
    std::vector<news<Update>> tells{marker(kind::resync, all_.index)};
    bool unsure = next.lost > all_.index;
    for (const auto& [key, had] : all_.keys) {
      const auto there = next.keys.find(key);
      if (there == next.keys.end()) {
        tells.push_back({kind::erased, key, {}, all_.index});
        unsure = unsure || had.version <= next.lost;  // or it was never seen there
      } else if (there->second.version <= all_.index && there->second.version != had.version) {
        there->second = had;
      }
    }
    std::set<std::pair<std::uint64_t, std::string>> newer;
    std::erase_if(next.keys, [&](const auto& it) {
      if (it.second.version > all_.index) newer.emplace(it.second.version, it.first);
      return it.second.version <= all_.index && !all_.keys.contains(it.first);
    });
    for (const auto& [version, key] : newer) tells.push_back(told(key, next.keys[key]));
    if (unsure) tells.insert(tells.begin() + 1, marker(kind::lost, all_.index));
    tells.push_back(marker(kind::current, next.index));
    next.lost = unsure ? std::max(next.lost, all_.lost) : all_.lost;
    all_ = std::move(next);
    return tells;
  }
  /// Goes on without the entries up to a version, which are nowhere. \param upto the version
  /// \returns what to tell
  news<Update> lose(std::uint64_t upto) {
    all_.index = all_.lost = std::max(upto, all_.index);
    return marker(kind::lost, all_.index);
  }
  /// \returns all of it, as bytes, with the values as they came. Not after `resume`
  /// \throws wire::error for more than a message may be
  [[nodiscard]] std::string save() const { return wire::encode(all_); }

  /// \returns the version of the last entry that was given to it
  [[nodiscard]] std::uint64_t version() const noexcept { return all_.index; }
  /// \returns the value; none where there is no such key, or its value is not known or understood
  [[nodiscard]] std::optional<Update> find(const std::string& key) const {
    const auto found = all_.keys.find(key);
    return found == all_.keys.end() ? std::nullopt : told(key, found->second).value;
  }
  /// \returns the keys, with the version of the last change of each
  [[nodiscard]] std::map<std::string, std::uint64_t> keys() const {
    std::map<std::string, std::uint64_t> versions;
    for (const auto& [key, it] : all_.keys) versions[key] = it.version;
    return versions;
  }
  /// \returns a digest of the keys and their versions
  [[nodiscard]] std::uint64_t digest() const noexcept {
    std::uint64_t sum = 0xcbf29ce484222325u;
    const auto add = [&](std::uint64_t what) { sum = (sum ^ what) * 0x100000001b3u; };
    for (const auto& [key, it] : all_.keys) {
      for (char c : key) add(static_cast<unsigned char>(c));
      add(it.version);
    }
    return sum;
  }
  /// \returns how many entries did not count because of who had sent them
  [[nodiscard]] std::uint64_t ignored() const noexcept { return ignored_; }

 private:
  [[nodiscard]] bool trusts(const std::string& who) const {
    return from_only_.empty() || from_only_.contains(who);
  }
  static news<Update> marker(kind what, std::uint64_t version) { return {what, {}, {}, version}; }
  static news<Update> told(const std::string& key, const detail::kept& it) {
    news<Update> what{kind::erased, key, {}, it.version, it.by};
    if (it.body.empty()) return what;
    try {
      what.value = wire::decode<Update>(std::string_view(it.body));
      what.what = kind::changed;
    } catch (const wire::error& refused) {
      what.what = kind::unreadable;
      what.why = refused.what();
    }
    return what;
  }

  std::set<std::string> from_only_;
  std::string pattern_;
  detail::image all_;  // a key without a body is one that `resume` was told of
  std::uint64_t ignored_ = 0;
};

// ---- The shells
// ----------------------------------------------------------------------------------

/// Tells an observer of each change, for as long as this lives: attach is to make it, detach is its
/// end, after which nothing is called, not even what was on its way.
///
/// What the observer throws leaves the node's loop; the news count as told. An observer may end its
/// own watch.
/// \law Each change is told once at most, in the order of versions.
/// \law A change that is not told is part of a `resync`, is counted as `skipped`, or is `lost`.
/// \law What was told comes to the subject's state, once nothing changes, unless something is
/// `lost`.
/// \tparam Update the value of a key \threads of one node, which outlives it
template <wire::decodable Update>
class watch {
 public:
  /// How to watch.
  struct options {
    std::uint64_t from = 0;  ///< the version that was seen, as the observer's own store has it
    /// And the keys it has, each with its version: of these it can be told that they are gone.
    std::map<std::string, std::uint64_t> known{};
    std::string pattern = ">";          ///< which keys; `a.*`, `a.>`
    std::set<std::string> from_only{};  ///< whose changes count, the same for all; empty for all
    /// So many news wait for a busy observer, or where that is more, two for each key.
    std::size_t gather = 1024;
  };

  /// Attaches an observer. \param on the node \param log the log's name: words between dots
  /// \param f called with news; or with news and a `busy`, which it may keep
  /// \param how options \throws failure for `from_only` where the engine does not know who sends
  template <class F>
    requires observer < F, const news<Update>
  & > ||
      observer<F, const news<Update>&, busy> watch(node& on, std::string log, F f, options how = {})
      : node_(&on),
  log_(std::move(log)), how_(std::move(how)), view_(how_.from_only, how_.pattern),
  limit_(how_.gather) {
    if (!how_.from_only.empty() && !on.promises().knows_principal)
      throw failure({errc::refused, "from_only needs an engine that knows who sends", {}});
    observer_ = std::make_shared<update>([f = std::move(f)](const auto& what, busy b) mutable {
      if constexpr (observer<F, const news<Update>&, busy>)
        f(what, std::move(b));
      else
        f(what);
    });
    if (how_.from != 0) view_.resume(how_.from, std::exchange(how_.known, {}));
    told_ = how_.from;
    follow();
  }
  watch(const watch&) = delete;
  watch& operator=(const watch&) = delete;
  ~watch() = default;

  /// \returns the subject's state as far as it has come here; what of it waits is not told yet
  [[nodiscard]] const view<Update>& state() const noexcept { return view_; }
  /// \returns the version up to which all is told
  [[nodiscard]] std::uint64_t version() const noexcept {
    return waiting_.empty() ? view_.version() : told_;
  }
  /// \returns how many news wait, as the observer is busy
  [[nodiscard]] std::size_t waiting() const noexcept { return waiting_.size(); }

 private:
  using update = unique_function<void(const news<Update>&, busy)>;
  static constexpr int most_misses = 10;

  void follow() {
    read_options how;
    how.filter = how_.pattern;
    how.on_gap = scope_.bind([this](std::uint64_t, std::uint64_t to) {
      gone_ = to - 1;
      misses_ = 0;
      node_->post(scope_.bind([this] { resync(); }));
      reading_.drop();
    });
    auto heard = scope_.bind([this](const entry& line) {
      auto what = view_.apply(line);
      if (!what) return;
      gather(std::move(*what));
      tell();
    });
    reading_ = node_->read(log_, view_.version() + 1, std::move(heard), std::move(how));
  }
  // What is missing is in a snapshot, which is written before anything is forgotten. But what is
  // got may be an older one.
  void resync() {
    auto got = scope_.bind([this](const result<versioned>& found) {
      try {
        if (found)
          for (news<Update>& what : view_.load(*found.value().value)) gather(std::move(what));
      } catch (const wire::error&) {  // it is none
      }
      if (view_.version() < gone_) {
        const bool known = found || found.error().why == errc::not_found;
        if (!known || ++misses_ < most_misses)
          return node_->after(std::chrono::milliseconds(200), scope_.bind([this] { resync(); }))
              .detach();
        gather(view_.lose(gone_));
      }
      follow();
      tell();
    });
    node_->get(detail::snapshots, log_, std::move(got)).detach();
  }

  void gather(news<Update> what) {
    if (what.what == kind::resync) {  // one that waits goes on until the end of this one
      const auto ends = std::find_if(waiting_.begin(), waiting_.end(),
                                     [](const auto& it) { return it.what == kind::current; });
      if (ends != waiting_.end()) return void(waiting_.erase(ends));
    }
    if (what.what == kind::lost) {  // the first of these and the last are told
      const auto is_loss = [](const auto& it) { return it.what == kind::lost; };
      const auto first = std::find_if(waiting_.begin(), waiting_.end(), is_loss);
      const auto last = std::find_if(waiting_.rbegin(), waiting_.rend(), is_loss);
      if (first != waiting_.end() && last.base() != first + 1) waiting_.erase(last.base() - 1);
    }
    if (waiting_.empty()) limit_ = how_.gather;
    waiting_.push_back(std::move(what));
    if (waiting_.size() <= limit_) return;
    // Only the last of each key stays, and what was lost.
    std::set<std::pair<kind, std::string>> later;
    std::deque<news<Update>> last;
    for (; !waiting_.empty(); waiting_.pop_back()) {
      news<Update>& it = waiting_.back();
      if (it.what == kind::lost ||
          later.emplace(it.key.empty() ? it.what : kind::changed, it.key).second)
        last.push_front(std::move(it));
      else if (!it.key.empty())
        ++skipped_;
    }
    waiting_ = std::move(last);
    limit_ = std::max(how_.gather, 2 * waiting_.size());
  }
  void tell() {
    const auto observer = observer_;  // which may end this watch
    auto lives = scope_.bind([](bool& yes) { yes = true; });
    for (bool here = true; here && !busy_ && !waiting_.empty();) {
      news<Update> what = std::move(waiting_.front());
      waiting_.pop_front();
      what.skipped = std::exchange(skipped_, 0);
      told_ = what.version;
      busy_ = true;
      busy token(this, scope_.bind([this](const void*) {
        busy_ = false;
        if (!waiting_.empty()) node_->post(scope_.bind([this] { tell(); }));
      }));
      (*observer)(what, std::move(token));
      here = false;
      lives(here);
    }
  }

  node* node_;
  std::string log_;
  options how_;
  view<Update> view_;
  std::shared_ptr<update> observer_;
  std::deque<news<Update>> waiting_;
  std::size_t limit_;          // how many may wait, before they are thinned out
  std::uint64_t skipped_ = 0;  // since something was told
  std::uint64_t told_ = 0;     // the version of the last that was told
  std::uint64_t gone_ = 0;     // the log has forgotten all up to this version
  int misses_ = 0;             // how often the snapshot was not as new as that
  bool busy_ = false;
  registration reading_;
  scope scope_;
};

/// What is observed: its keys and values are what its log comes to. Several nodes may have one of
/// the same log; each sees what the others change.
///
/// A change has an id, the same for all attempts at it, and is in the log once. Changes of a
/// subject are appended one after the other, in their order. A completion's result is the version;
/// where there is none, the outcome says whether the change may still take place: not_applied, or
/// unknown.
/// \tparam Update the value of a key. A newer program may add members: `std::optional` where old
/// observers can do without, `wire::required` where they cannot: these are told `unreadable`
/// \threads of one node, which outlives it
template <wire::decodable Update>
class subject {
 public:
  /// Told the version of a change.
  using told = completion<std::uint64_t>;
  /// How a subject is.
  struct options {
    duration deadline = default_deadline;  ///< of a change; a minute at most
    std::set<std::string> from_only{};     ///< whose changes count, the same for all; empty for all
  };
  /// How many changes may wait; more are refused as overloaded.
  static constexpr std::size_t most_waiting = 1024;

  /// \param on the node \param log the log's name: words between dots \param how options
  /// \throws failure for `from_only` where the engine does not know who sends
  subject(node& on, std::string log, options how = {})
      : node_(&on),
        log_(std::move(log)),
        // Another attempt after the deduplication window would be another change.
        deadline_(std::min<duration>(how.deadline, deduplication_window / 2)),
        own_(on, log_, [](const news<Update>&) {}, {.from_only = std::move(how.from_only)}) {}
  subject(const subject&) = delete;
  subject& operator=(const subject&) = delete;
  ~subject() = default;

  /// Changes the value of a key, and has all observers told. \param key words between dots
  /// \param value the new value \param done told the version \throws wire::error; nothing is
  /// changed
  void notify(std::string key, const Update& value, told done = {}) {
    append(std::move(key), wire::encode(value), std::move(done));
  }
  /// Takes a key away, and has all observers told. \param key it \param done told the version
  void erase(std::string key, told done = {}) { append(std::move(key), {}, std::move(done)); }

  /// Keeps a snapshot of what has come here, and has the log forget the changes before it.
  /// \param keep how many entries stay all the same, so that who lags a little sees each change
  /// \param done told when that is so; errc::conflict where another one did the same just now;
  /// errc::too_large for more than a message may be; errc::refused where what is kept as a snapshot
  /// is none
  void compact(std::uint64_t keep, completion<void> done) {
    // Only over an older one: what is there is looked at first.
    auto got = scope_.bind([this, keep, done = std::move(done)](result<versioned> found) mutable {
      detail::image there;
      if (!found && found.error().why != errc::not_found) return done(found.error());
      if (found && wire::decode_into(std::string_view(*found->value), there) != wire::refusal::none)
        return done(error{errc::refused, "what is there for " + log_ + " is no snapshot", {}});
      const std::uint64_t index = state().version();
      if (there.index >= index) return forget(there.index, keep, std::move(done));
      std::string bytes;
      try {
        bytes = state().save();
      } catch (const wire::error& refused) {
        return done(error{errc::too_large, refused.what(), {}});
      }
      auto written = [this, index, keep, done = std::move(done)](auto put) mutable {
        if (!put) return done(put.error());
        forget(index, keep, std::move(done));
      };
      node_
          ->put(detail::snapshots, log_, std::move(bytes), found ? found->version : absent,
                scope_.bind(std::move(written)))
          .detach();
    });
    node_->get(detail::snapshots, log_, std::move(got)).detach();
  }

  /// \returns the state, as far as it has come here
  [[nodiscard]] const view<Update>& state() const noexcept { return own_.state(); }
  /// \returns how many changes are not settled
  [[nodiscard]] std::size_t unsettled() const noexcept { return waiting_.size(); }

 private:
  struct change {
    message line;
    time_point until;
    bool unknown;  // an attempt may be on its way
    told done;
  };

  void forget(std::uint64_t index, std::uint64_t keep, completion<void> done) {
    if (index <= keep) return done(result<void>{});
    node_->truncate(log_, index - keep + 1, std::move(done)).detach();
  }
  void append(std::string key, std::string body, told done) {
    if (waiting_.size() >= most_waiting)
      return answer(std::move(done), error{errc::overloaded, "too many changes wait", {}});
    // By chance, so that nobody can take its id before it is in the log.
    const operation_id id{node_->random() | 1, ++sequence_};
    waiting_.push_back({message(std::move(key), std::move(body), id), node_->now() + deadline_,
                        false, std::move(done)});
    send();
  }
  // Sends the first that waits, unless it is on its way; settles those whose time is over.
  void send() {
    while (!waiting_.empty() && waiting_.front().until <= node_->now())
      settle(waiting_.front().unknown
                 ? error{errc::deadline, "no answer in time", {}}
                 : error{errc::unavailable, "it could not be sent in time", {}});
    if (waiting_.empty() || sending_) return;
    sending_ = true;
    change& it = waiting_.front();
    const bool before = std::exchange(it.unknown, true);
    append_options how;
    how.deadline = std::min<duration>(std::chrono::seconds(1), it.until - node_->now());
    auto answered = [this, id = it.line.id, before](const result<appended>& what) {
      if (waiting_.empty() || waiting_.front().line.id != id) return;  // it is settled
      if (what) return settle(what.value().sequence);
      change& of = waiting_.front();
      if (what.outcome() == outcome::not_applied) of.unknown = before;
      const errc why = what.error().why;
      if (!of.unknown && (why == errc::denied || why == errc::too_large || why == errc::refused ||
                          why == errc::conflict))
        return settle(what.error());
      // Nothing hinders another attempt: it has the same id.
      const auto pause = static_cast<std::int64_t>(20 + node_->random() % 200);
      const duration left = of.until - node_->now();
      retry_ = node_->after(std::min<duration>(std::chrono::milliseconds(pause), left),
                            scope_.bind([this] {
                              sending_ = false;
                              send();
                            }));
    };
    node_->append(log_, it.line, scope_.bind(std::move(answered)), how).detach();
  }
  void settle(result<std::uint64_t> what) {
    answer(std::move(waiting_.front().done), std::move(what));
    waiting_.pop_front();
    sending_ = false;
    retry_.drop();
    if (!waiting_.empty()) node_->post(scope_.bind([this] { send(); }));
  }
  // After this handler, as it may destroy the subject.
  void answer(told done, result<std::uint64_t> what) {
    if (!done) return;
    node_->post(
        [done = std::move(done), what = std::move(what)]() mutable { done(std::move(what)); });
  }

  node* node_;
  std::string log_;
  duration deadline_;
  std::uint64_t sequence_ = 0;  // of the last change
  bool sending_ = false;        // an attempt is under way, or its repetition
  std::deque<change> waiting_;  // the first is the one that is sent
  watch<Update> own_;
  registration retry_;
  scope scope_;
};

/// @}
}  // namespace gof::inline v0::observer::distributed
