// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// The node: one participant's way to the others, the same on every engine.

#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <variant>

#include <gof/unique_function.hpp>

/// \defgroup node Node
/// The one door from a pattern to the network: calls, topics, logs and queues, keys and values.
/// It is Bridge's Implementor; the engines are its ConcreteImplementors.
///
/// | To …                                          | write                                         |
/// |-----------------------------------------------|-----------------------------------------------|
/// | take part                                     | `auto node = gof::join("memory:");`           |
/// | let what happens happen                       | `node->run_until(condition, limit)`           |
/// | ask one who serves a subject                  | `node->call({"greet", "Ada"}, done)`          |
/// | answer                                        | `node->serve("greet", handler)`               |
/// | tell all who listen now                       | `node->publish({"news.sport", "3:1"})`        |
/// | listen                                        | `node->subscribe("news.*", handler)`          |
/// | keep a line for good, once                    | `node->append("history", message, done)`      |
/// | read all lines from one on, and those to come | `node->read("history", from, handler)`        |
/// | share the work of a log among a group         | `node->work("jobs", "cooks", handler)`        |
/// | keep a value, if nobody changed it meanwhile  | `node->put("seats", "7", "Ada", version, done)` |
/// | follow values                                 | `node->watch("seats", ">", handler)`          |
/// | be the only one, for a time                   | `gof/lease.hpp`: `gof::lease it(*node, "log", 10s)` |
/// | wait for an answer                            | `gof/wait.hpp`: `gof::blocking(*node).call(…)` |
/// | … in a coroutine                              | `gof/task.hpp`: `co_await gof::awaiting(*node).call(…)` |
/// | … in another thread                           | `gof/future.hpp`: `gof::begin<gof::message>(*node, operation).get()` |
///
/// What every engine promises at least:
///
/// | facet   | promise                                                                            |
/// |---------|------------------------------------------------------------------------------------|
/// | loop    | handlers and completions of a node run one after the other, never inside each other, only while its owner runs the loop |
/// | call    | executed at most once; no answer in time is *unknown*, not *failed*                |
/// | topic   | at most once, in order for one publisher and one subscriber; a loss is told as a gap with the next that arrives |
/// | log     | one order for all, growing sequences; an id that was appended within \ref gof::deduplication_window gives the same sequence again; read without gap or repeat |
/// | queue   | each line at least once, to one of the group; after so many attempts it is a dead letter |
/// | value   | a change that names the version it expects takes place against that version only; versions grow; a watch gives the last value of each key, then changes |
///
/// \threads Only \ref gof::node::post may be called from a thread that is not the owner's.

namespace gof::inline v0 {

/// \addtogroup node
/// @{

/// A span of time.
using duration = std::chrono::nanoseconds;
/// A node's clock, which never goes back: the system's, or a simulated one.
struct clock {
  using rep = std::int64_t;                           ///< nanoseconds
  using period = std::nano;                           ///< nanoseconds
  using duration = std::chrono::nanoseconds;          ///< a span of it
  using time_point = std::chrono::time_point<clock>;  ///< a point of it
  static constexpr bool is_steady = true;             ///< it never goes back
};
/// A point in time on a node's clock; not to be compared with another node's.
using time_point = clock::time_point;

/// How long an operation waits for its answer, unless it says.
inline constexpr duration default_deadline = std::chrono::seconds(5);
/// How long a log knows the ids that were appended to it, at least.
inline constexpr duration deduplication_window = std::chrono::minutes(2);
/// The bytes of the largest body; more is refused as too large.
inline constexpr std::size_t largest_body = 1 << 20;
/// How many operations of a node may be under way; more are refused as overloaded.
inline constexpr std::size_t most_operations = 1024;

// ---- What comes of an operation -----------------------------------------------------------------

/// What a caller decides by.
enum class outcome : unsigned char {
  ok,            ///< it took place
  not_applied,   ///< it did not take place, and will not
  failed_there,  ///< it was executed, and threw
  unknown        ///< it may have taken place, or still may
};

/// Why an operation did not succeed. There is no other list.
enum class errc {
  nobody_there = 1,  ///< not applied: nobody serves the subject
  refused,           ///< not applied: the other side does not do that
  conflict,          ///< not applied: somebody else was there first
  not_found,         ///< not applied: there is no such thing
  too_large,         ///< not applied: a message beyond the limit
  denied,            ///< not applied: without the right to
  overloaded,        ///< not applied: too much is under way
  unavailable,       ///< not applied: the engine cannot at present
  failed_there,      ///< executed, and threw there
  deadline,          ///< unknown: no answer in time
  cancelled,         ///< unknown: nobody waits any more
  closed             ///< unknown: the node, or the one who executes it, went away
};

/// \returns what a reason means for the caller
[[nodiscard]] constexpr outcome outcome_of(errc why) noexcept {
  if (why < errc::failed_there) return outcome::not_applied;
  return why == errc::failed_there ? outcome::failed_there : outcome::unknown;
}

/// \returns the category of \ref gof::errc, whose name is "gof"
[[nodiscard]] inline const std::error_category& category() noexcept {
  static const class : public std::error_category {
    [[nodiscard]] const char* name() const noexcept override { return "gof"; }
    [[nodiscard]] std::string message(int why) const override {
      static constexpr const char* text[] = {"no error",
                                             "nobody serves this",
                                             "refused",
                                             "conflict",
                                             "not found",
                                             "too large",
                                             "denied",
                                             "too much is under way",
                                             "unavailable",
                                             "it threw there",
                                             "no answer in time",
                                             "cancelled",
                                             "closed"};
      return why >= 0 && why < static_cast<int>(std::size(text)) ? text[why] : "unknown reason";
    }
  } the;
  return the;
}
/// \returns the reason as a standard error code
[[nodiscard]] inline std::error_code make_error_code(errc why) noexcept {
  return {static_cast<int>(why), category()};
}

/// Why an operation did not succeed, and what the other side said.
struct error {
  errc why = errc::unavailable;  ///< the reason
  std::string message{};         ///< in words, for people
  std::string kind{};            ///< failed_there: the type of the exception, as its side names it
  /// \returns the reason and the words
  [[nodiscard]] std::string text() const {
    std::string all = category().message(static_cast<int>(why));
    if (!kind.empty()) all += ": " + kind;
    if (!message.empty()) all += ": " + message;
    return all;
  }
};

/// What the blocking and the awaited forms throw.
class failure : public std::system_error {
 public:
  /// \param what_failed the reason and the words
  explicit failure(error what_failed)
      : std::system_error(
            make_error_code(what_failed.why),
            what_failed.kind + (what_failed.kind.empty() ? "" : ": ") + what_failed.message),
        error_(std::make_shared<error>(std::move(what_failed))) {}
  /// \returns what the caller decides by
  [[nodiscard]] outcome result() const noexcept { return outcome_of(error_->why); }
  /// \returns the reason and the words
  [[nodiscard]] const error& reason() const noexcept { return *error_; }

 private:
  std::shared_ptr<const error> error_;
};

/// A value, or why there is none. \tparam T the value; void for none
template <class T>
class [[nodiscard]] result {
 public:
  /// What a result of it holds.
  using value_type = std::conditional_t<std::is_void_v<T>, std::monostate, T>;
  /// Success. \param value what came of it
  result(value_type value = {}) : all_(std::in_place_index<0>, std::move(value)) {}
  /// No success. \param why the reason and the words
  result(gof::error why) : all_(std::in_place_index<1>, std::move(why)) {}
  /// No success. \param why the reason
  result(errc why) : result(gof::error{why}) {}
  /// \returns true where there is a value
  explicit operator bool() const noexcept { return all_.index() == 0; }
  /// \returns the value. \throws gof::failure where there is none
  value_type& value() & {
    check();
    return std::get<0>(all_);
  }
  /// \returns the value. \throws gof::failure where there is none
  value_type value() && {
    check();
    return std::get<0>(std::move(all_));
  }
  /// \returns the value. \throws gof::failure where there is none
  [[nodiscard]] const value_type& value() const& {
    check();
    return std::get<0>(all_);
  }
  /// \returns the value, which must be there
  value_type& operator*() noexcept { return *std::get_if<0>(&all_); }
  /// \returns the value, which must be there
  value_type* operator->() noexcept { return std::get_if<0>(&all_); }
  /// \returns the value, which must be there
  [[nodiscard]] const value_type& operator*() const noexcept { return *std::get_if<0>(&all_); }
  /// \returns the value, which must be there
  const value_type* operator->() const noexcept { return std::get_if<0>(&all_); }
  /// \returns why there is no value, which must be so
  [[nodiscard]] const gof::error& error() const noexcept { return *std::get_if<1>(&all_); }
  /// \returns what the caller decides by
  [[nodiscard]] gof::outcome outcome() const noexcept {
    return *this ? gof::outcome::ok : outcome_of(error().why);
  }

 private:
  void check() const {
    if (!*this) throw failure(error());
  }
  std::variant<value_type, gof::error> all_;
};

/// Called once with what came of an operation, never inside the call that began it; not at all once
/// the operation's registration is dropped, or its node. \tparam T the value
template <class T>
using completion = unique_function<void(result<T>)>;

// ---- What crosses -------------------------------------------------------------------------------

/// Who began an operation, and which of theirs it is: the same for every attempt at it.
struct operation_id {
  std::uint64_t client = 0;    ///< who; 0 for no id
  std::uint64_t sequence = 0;  ///< which of theirs
  /// \returns true where there is an id
  explicit operator bool() const noexcept { return client != 0; }
  auto operator<=>(const operation_id&) const = default;  ///< by client, then by sequence
};

/// What is sent: the body, and its envelope.
struct message {
  message() = default;
  /// \param to the subject \param content the body, as bytes \param which the operation it belongs
  /// to
  message(std::string to, std::string content = {}, operation_id which = {})
      : subject(std::move(to)), body(std::move(content)), id(which) {}
  std::string subject{};      ///< words between dots: whom or what it is about
  std::string body{};         ///< the content, as bytes
  operation_id id{};          ///< the operation it belongs to
  std::string trace{};        ///< a W3C `traceparent`, passed on as it came
  std::uint32_t attempt = 1;  ///< the how-manieth of it, or of what it is for; passed on as it came
  // The engine sets these on what arrives; what a sender writes there is lost.
  duration remaining{};         ///< of a call: what is left of the caller's deadline
  std::uint64_t incarnation{};  ///< the life of the sender: a node that joins again has a new one
  std::string principal{};      ///< the sender's name; empty where the engine cannot know it
};

/// Expects nothing of the version.
inline constexpr std::uint64_t any_version = std::numeric_limits<std::uint64_t>::max();
/// Expects that there is nothing yet.
inline constexpr std::uint64_t absent = 0;

/// A line of a log.
struct entry {
  std::uint64_t sequence = 0;  ///< its place in the log; grows, not always by one
  message content{};           ///< what was appended
};
/// What came of an append.
struct appended {
  std::uint64_t sequence = 0;  ///< the line's place
  bool repeated = false;       ///< the id had been appended before: nothing was added
};
/// A value of a key.
struct versioned {
  std::string key{};                   ///< words between dots
  std::optional<std::string> value{};  ///< the bytes; none where the key was erased
  std::uint64_t version = 0;           ///< grows with every change in its bucket
};

// ---- Options ------------------------------------------------------------------------------------

/// How an operation is done.
struct operation_options {
  duration deadline = default_deadline;  ///< how long to wait for the answer
};
/// How a line is appended.
struct append_options {
  duration deadline = default_deadline;  ///< how long to wait for the answer
  std::uint64_t expect = any_version;  ///< the sequence of the log's last line; 0 for an empty log
};
/// Who serves.
struct serve_options {
  std::string group{};  ///< one of the group answers each call; without a group, one node serves
};
/// How to listen.
struct subscribe_options {
  std::string group{};                            ///< one of the group hears each
  unique_function<void(std::uint64_t)> on_gap{};  ///< so many were lost before the next
};
/// How to read a log.
struct read_options {
  std::string filter = ">";  ///< which subjects
  /// What was truncated before it could be read: from the one on, up to before the other.
  unique_function<void(std::uint64_t from, std::uint64_t to)> on_gap{};
};
/// How to follow values.
struct watch_options {
  std::uint64_t after = 0;               ///< only what changed after this version
  unique_function<void()> on_current{};  ///< all that was there has been told; what follows is new
  /// Erased keys after `after` are forgotten: all that is there is told again, from nothing.
  unique_function<void()> on_resync{};
};
/// How to work in a group.
struct work_options {
  duration patience = std::chrono::seconds(30);  ///< unsettled for so long, another attempt is made
  std::uint32_t attempts = 5;                    ///< after so many, it is a dead letter
  std::uint32_t at_once = 16;                    ///< how many a worker has unsettled
  std::string filter = ">";                      ///< which subjects
  std::string dead_letters{};                    ///< the log of dead letters; else LOG.dead
};

/// \returns whether a subject is one of those that a pattern means; `*` is any word, and `>` at the
/// end one word or more. \param pattern the pattern \param subject the subject
[[nodiscard]] inline bool matches(std::string_view pattern, std::string_view subject) noexcept {
  for (;;) {
    const std::string_view wanted = pattern.substr(0, pattern.find('.'));
    const std::string_view word = subject.substr(0, subject.find('.'));
    if (wanted == ">") return true;
    if (wanted != "*" && wanted != word) return false;
    if (wanted.size() == pattern.size() || word.size() == subject.size())
      return wanted.size() == pattern.size() && word.size() == subject.size();
    pattern.remove_prefix(wanted.size() + 1);
    subject.remove_prefix(word.size() + 1);
  }
}

// ---- What can be dropped ------------------------------------------------------------------------

/// \cond
namespace detail {
// Who keeps what registrations stand for.
class registrar {
 public:
  virtual void drop(std::uint64_t token) noexcept = 0;
  virtual void cancel(std::uint64_t token) = 0;

 protected:
  ~registrar() = default;
};
}  // namespace detail
/// \endcond

/// Stands for an operation under way, a handler or a timer, which ends with it: dropped, nothing of
/// it is called any more, not even what had been on its way. What others did for it is not undone.
class [[nodiscard("dropped at once, nothing comes of it; detach() lets it go on")]] registration {
 public:
  /// Stands for nothing.
  registration() noexcept = default;
  /// For engines. \param of who keeps it \param token which one
  registration(std::weak_ptr<detail::registrar> of, std::uint64_t token) noexcept
      : of_(std::move(of)), token_(token) {}
  /// Leaves `other` standing for nothing.
  registration(registration && other) noexcept
      : of_(std::move(other.of_)), token_(std::exchange(other.token_, 0)) {}
  /// Drops what it stands for, and leaves `other` standing for nothing.
  registration& operator=(registration&& other) noexcept {
    if (this == &other) return *this;
    drop();
    of_ = std::move(other.of_);
    token_ = std::exchange(other.token_, 0);
    return *this;
  }
  /// Drops what it stands for.
  ~registration() { drop(); }
  /// Nothing of it is called any more.
  void drop() noexcept {
    if (auto of = of_.lock()) of->drop(token_);
    detach();
  }
  /// An operation completes with errc::cancelled, unless it has completed; what is no operation is
  /// dropped.
  void cancel() {
    if (auto of = of_.lock()) of->cancel(token_);
    detach();
  }
  /// Lets it go on by itself, for as long as the node lives.
  void detach() noexcept {
    of_.reset();
    token_ = 0;
  }

 private:
  std::weak_ptr<detail::registrar> of_;
  std::uint64_t token_ = 0;
};

/// Functions that are called for an object only while it lives: have one as its last member, and
/// give what it binds to the node. \threads of one node
class scope {
 public:
  /// \returns a function that does what `f` does until the scope ends, and then nothing
  /// \tparam F a function without a result
  template <class F>
  [[nodiscard]] auto bind(F f) const {
    return [alive = std::weak_ptr<const char>(alive_),
            f = std::move(f)]<class... A>(A&&... a) mutable {
      if (!alive.expired()) f(std::forward<A>(a)...);
    };
  }
  /// What was bound so far does nothing from now on.
  void reset() { alive_ = std::make_shared<const char>(); }

 private:
  std::shared_ptr<const char> alive_ = std::make_shared<const char>();
};

// ---- What is handed to handlers -----------------------------------------------------------------

/// Answers a call, once, now or later; dropped, the caller learns that it failed there.
class responder {
 public:
  /// For engines. \param send takes the answer
  explicit responder(unique_function<void(result<std::string>)> send) : send_(std::move(send)) {}
  responder(responder&&) noexcept = default;  ///< leaves the other one used
  /// Drops what it would have answered, and leaves the other one used.
  responder& operator=(responder&& other) noexcept {
    responder(std::move(other)).send_.swap(send_);
    return *this;
  }
  /// Tells the caller that there was no answer, unless there was.
  ~responder() {
    if (send_) fail({errc::failed_there, "there was no answer", "gof::no_answer"});
  }
  /// Succeeds. \param body the answer
  void reply(std::string body) { answer(std::move(body)); }
  /// Refuses or fails. \param why refused, conflict, not_found, denied, overloaded, unavailable
  /// where nothing was done; anything else is told as failed_there
  void fail(error why) {
    if (outcome_of(why.why) == outcome::unknown) why.why = errc::failed_there;
    answer(std::move(why));
  }

 private:
  void answer(result<std::string> what) {
    if (auto send = std::exchange(send_, {})) send(std::move(what));
  }
  unique_function<void(result<std::string>)> send_;
};

/// What a worker does with a line.
enum class verdict : unsigned char {
  done,      ///< it is finished
  again,     ///< another attempt, after a delay
  hopeless,  ///< it is a dead letter at once
  more_time  ///< the patience begins anew
};

/// A line for a worker, who settles it. Not settled, it comes again after the group's patience.
struct delivery {
  std::uint64_t sequence = 0;  ///< the line's place in its log
  message content{};           ///< what was appended
  std::uint32_t attempt = 1;   ///< the how-manieth time it is handed out; a hint
  /// All lines up to this one are settled in the group: they may be truncated.
  std::uint64_t settled = 0;
  /// Settles it. \param what what becomes of it \param delay how long to wait before another
  /// attempt
  /// \param done told whether it is known to be settled; may be empty
  unique_function<void(verdict what, duration delay, completion<void> done)> settle{};
};

/// What happens to a node, for those who watch over it.
struct event {
  /// What may happen.
  enum class kind : unsigned char {
    connected,  ///< the engine knows it
    lost,       ///< the engine is out of reach
    dropped,    ///< something was dropped
    refused,    ///< what it reads, follows, works on or serves is refused, or a worker threw
    slow        ///< it does not keep pace
  };
  kind what = kind::connected;  ///< what happened
  std::string text{};           ///< in words, for people
};

/// What an engine promises beyond what all do. A pattern that needs it asks.
struct promises {
  bool durable = false;          ///< what was acknowledged outlives the engine's process
  bool knows_principal = false;  ///< it knows who sent a message
};

// ---- The node -----------------------------------------------------------------------------------

/// One participant's way to the others. Every operation that is refused at once is refused through
/// its completion. Handlers that throw: of a call, the caller is told (failed_there); of a line for
/// a worker, another attempt is made; any other exception leaves run_until.
class node {
 public:
  node() = default;
  node(const node&) = delete;
  node& operator=(const node&) = delete;
  /// Leaves: drops completions uncalled; calls that it was executing become unknown.
  virtual ~node() = default;

  /// \returns its name; among nodes that live at the same time, only one has it
  [[nodiscard]] virtual const std::string& name() const noexcept = 0;
  /// \returns its life: a later node of the same name has a greater one
  [[nodiscard]] virtual std::uint64_t incarnation() const noexcept = 0;
  /// \returns what the engine promises beyond what all do
  [[nodiscard]] virtual gof::promises promises() const noexcept = 0;

  /// \returns the time
  [[nodiscard]] virtual time_point now() const = 0;
  /// \returns a number by chance, which nobody can guess; in a simulation the same ones for a seed
  [[nodiscard]] virtual std::uint64_t random() = 0;
  /// Has `f` run by the loop, after what is waiting now. \threads any
  virtual void post(unique_function<void()> f) = 0;
  /// Has `f` run by the loop, when the delay is over.
  virtual registration after(duration delay, unique_function<void()> f) = 0;
  /// Runs handlers and completions until the condition holds, which is asked before, and after
  /// each.
  /// \param condition what to wait for \param limit how long at most \returns whether it holds
  /// \throws std::logic_error from inside a handler; and what a handler throws
  virtual bool run_until(unique_function<bool()> condition, duration limit) = 0;
  /// Has what happens to it told. \param handler called by the loop
  virtual void on_event(unique_function<void(const event&)> handler) = 0;
  /// Ends: completes every operation with errc::closed, and every later one; ends every handler.
  /// \param limit how long to wait until what was sent is on its way
  /// \throws std::logic_error from inside a handler
  virtual void close(duration limit) = 0;

  /// Asks one who serves the subject. \param request the subject and the body
  /// \param done gets the answer, whose subject is that of the request
  virtual registration call(message request, completion<message> done,
                            operation_options how = {}) = 0;
  /// Answers calls. \param subject without wildcards \param handler called with each
  /// \param ready succeeds when calls reach it; errc::conflict where another one serves the
  /// subject, alone or in another group
  virtual registration serve(std::string subject,
                             unique_function<void(const message&, responder)> handler,
                             serve_options how = {}, completion<void> ready = {}) = 0;

  /// Tells all who listen now. \returns ok where it is on its way; nobody learns what becomes of it
  virtual result<void> publish(message what) = 0;
  /// Listens. \param pattern a subject, where `*` is any word, and `>` at the end any words
  /// \param handler called with each \param ready succeeds when messages reach it
  virtual registration subscribe(std::string pattern, unique_function<void(const message&)> handler,
                                 subscribe_options how = {}, completion<void> ready = {}) = 0;

  /// Adds a line to a log, which begins with its first line. With an id that was appended within
  /// the deduplication window, adds nothing and gives the sequence of then; errc::conflict where
  /// that line had other content. \param log its name \param line the line \param done gets its
  /// place; errc::conflict where the last sequence is not the one expected
  virtual registration append(std::string log, message line, completion<appended> done,
                              append_options how = {}) = 0;
  /// Reads lines, and those that come later. \param log its name \param from the first sequence
  /// \param handler called with each line, in order
  virtual registration read(std::string log, std::uint64_t from,
                            unique_function<void(const entry&)> handler, read_options how = {}) = 0;
  /// Forgets lines. \param log its name \param before the first sequence that stays
  /// \param done told when they are forgotten
  virtual registration truncate(std::string log, std::uint64_t before, completion<void> done,
                                operation_options how = {}) = 0;
  /// Works on the lines of a log, each of which goes to one of the group at a time. The options of
  /// the first worker hold for the group. \param log its name \param group its name
  /// \param handler called with each
  virtual registration work(std::string log, std::string group,
                            unique_function<void(delivery)> handler, work_options how = {}) = 0;

  /// Looks a value up, which may be older than the last one. \param bucket its name \param key
  /// words between dots \param done gets it; errc::not_found
  virtual registration get(std::string bucket, std::string key, completion<versioned> done,
                           operation_options how = {}) = 0;
  /// Sets a value. \param bucket its name \param key words between dots \param value the bytes
  /// \param expect its version, `absent`, or `any_version` \param done gets the new version;
  /// errc::conflict where the expectation does not hold
  virtual registration put(std::string bucket, std::string key, std::string value,
                           std::uint64_t expect, completion<std::uint64_t> done,
                           operation_options how = {}) = 0;
  /// Erases a value. \param bucket its name \param key words between dots \param expect its
  /// version, or `any_version` \param done gets the version of the erasure; errc::not_found,
  /// errc::conflict
  virtual registration erase(std::string bucket, std::string key, std::uint64_t expect,
                             completion<std::uint64_t> done, operation_options how = {}) = 0;
  /// Follows values: the last one of each key, then each change, where a change that was followed
  /// by another one may be left out. \param bucket its name \param pattern which keys
  /// \param handler called with each, in the order of versions
  virtual registration watch(std::string bucket, std::string pattern,
                             unique_function<void(const versioned&)> handler,
                             watch_options how = {}) = 0;
};

/// @}
}  // namespace gof::inline v0

/// \cond
template <>
struct std::is_error_code_enum<gof::errc> : std::true_type {};
/// \endcond
