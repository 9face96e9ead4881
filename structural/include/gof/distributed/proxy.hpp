// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// Proxy over a network: the object is on another node, and each call says what became of it.

#include <cxxabi.h>

#include <algorithm>
#include <array>
#include <boost/describe.hpp>
#include <boost/mp11.hpp>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <gof/described.hpp>
#include <gof/distributed/decorator.hpp>
#include <gof/distributed/proxy/receiver.hpp>
#include <gof/node.hpp>
#include <gof/proxy/protection_proxy.hpp>
#include <gof/wait.hpp>
#include <gof/wire.hpp>

/// \defgroup proxy_distributed Proxy, distributed
/// \ingroup proxy
/// An object on another node, by the interface that it has there. A call runs once there or not at
/// all, on the object that was meant, and where that cannot be known, the outcome says so.
///
/// | In the book   | In the field              | Here                                            |
/// |---------------|---------------------------|-------------------------------------------------|
/// | Subject       | interface description     | your interface, and `GOF_REMOTE(gallery, dimensions, hang)` |
/// | RealSubject   | servant                   | any object of yours, \ref gof::proxy::distributed::exposed "exposed" |
/// | Proxy         | client proxy, stub        | \ref gof::proxy::distributed::remote "remote"   |
/// |               | absolute object reference | \ref gof::proxy::distributed::reference "reference" |
/// |               | idempotent receiver       | \ref gof::proxy::distributed::receiver "receiver" |
///
/// | To …                                  | write                                                  |
/// |---------------------------------------|--------------------------------------------------------|
/// | let an object be called               | `exposed<gallery> served(node, "gallery", real)`       |
/// | call it, and wait                     | `remote<gallery> g(node, "gallery"); g->hang("sunset", p)` |
/// | … and be called back                  | `g.call<&gallery::hang>(done, "sunset", p)`            |
/// | … in a coroutine                      | `co_await g.awaited<&gallery::hang>("sunset", p)`      |
/// | … and never know                      | `g.one_way<&gallery::hang>("sunset", p)`               |
/// | … with others, in one message         | `auto b = g.batch(); b.add<&gallery::hang>(told, "sunset", p); b.send(done)` |
/// | go on with another one of that name   | `remote<gallery> g(node, "gallery", {.fail_over = true})` |
/// | show an object to some only           | `exposed<picture> p(node, real)`, and send `p.reference()` |
/// | use it                                | `remote<picture> p(node, reference)`                   |
/// | know who calls, in a guard            | `gof::proxy::distributed::caller()`                    |
/// | have retries, a breaker, a cache between | … `{.through = &stack}`: see \ref gof::decorator::distributed::component "component" |
///
/// | What may happen                        | What it comes to                                      |
/// |----------------------------------------|-------------------------------------------------------|
/// | the answer is lost, the call repeated  | it runs once; the repetition gets the same answer     |
/// | no answer in time                      | outcome `unknown`: it ran once, or not at all         |
/// | the object is gone                     | `nobody_there`; never another object of that name, but with `fail_over` |
/// | … and it was a call that changes, on its way | outcome `unknown`: it is not repeated elsewhere |
/// | the object throws                      | `failed_there`, with the exception's type and words   |
/// | its guard refuses: `proxy::denied`     | `denied`: it says that nothing was done               |
/// | its answer is no longer kept           | outcome `unknown`; it does not run again              |
///
/// A member function that is `const` reads: it may be repeated at will. Others have a number in a
/// session of the caller with the object, which keeps their answers until the caller has them.
///
/// \source Gamma, Helm, Johnson, Vlissides, *Design Patterns* (1994), chapter 4, Proxy; Völter,
/// Kircher, Zdun, *Remoting Patterns* (2004); Lee et al., *Implementing Linearizability at Large
/// Scale and Low Latency* (2015)

/// \namespace gof::proxy::distributed
/// See \ref proxy_distributed.

namespace gof::inline v0::proxy::distributed {

/// \addtogroup proxy_distributed
/// @{

// ---- What crosses -------------------------------------------------------------------------------

/// Leads to one exposed object, and to no later one: a value that may travel in arguments and
/// results. Who has it may call the object, so it cannot be guessed. \tparam Subject its interface
template <class Subject>
struct reference {
  std::string subject{};                                                 ///< what it is served as
  friend bool operator==(const reference&, const reference&) = default;  ///< the same object
  BOOST_DESCRIBE_CLASS(reference, (), (subject), (), ())
};

/// \cond
namespace detail {
using namespace described;

// What is asked: the session, 0 for calls that only read; the number of this one in the session, or
// of those that read; the first that is not over for the caller; and the calls, each a name and the
// arguments as bytes. Arrays, as they are shorter.
using asked = std::tuple<std::uint64_t, std::uint64_t, std::uint64_t, std::vector<std::string>>;
inline constexpr std::size_t calls_of = 3, results_of = 2;

struct failed {
  std::int32_t why = 0;  // an errc
  std::string message{}, kind{};
};
BOOST_DESCRIBE_STRUCT(failed, (), (why, message, kind))

// What is answered: the session and the number, as they were asked; the results; and of the call
// after them, with which it stopped, why it failed.
using answered =
    std::tuple<std::uint64_t, std::uint64_t, std::vector<std::string>, std::optional<failed>>;

struct opened {
  std::string subject{};
  std::uint64_t session = 0;
  duration lease{};
};
BOOST_DESCRIBE_STRUCT(opened, (), (subject, session, lease))

// What was thrown, by the name of its type.
inline failed thrown_now() {
  try {
    throw;
  } catch (const denied& what) {
    return {static_cast<int>(errc::denied), what.what(), {}};
  } catch (const std::exception& what) {
    int status = 0;
    const std::unique_ptr<char, void (*)(void*)> kind(
        abi::__cxa_demangle(typeid(what).name(), nullptr, nullptr, &status), &std::free);
    return {static_cast<int>(errc::failed_there), what.what(), kind ? kind.get() : "unknown"};
  } catch (...) {
    return {static_cast<int>(errc::failed_there), "what was thrown is no std::exception",
            "unknown"};
  }
}
inline thread_local const message* being_executed = nullptr;

// Executes a call by name. Returns why not.
template <class Subject>
std::optional<failed> execute(Subject& object, std::string_view name, std::string_view arguments,
                              bool may_change, std::string& answer) {
  std::string_view why = "there is no such function";
  bool ran = false;
  boost::mp11::mp_for_each<methods_of<Subject>>([&]<class M>(M) {
    if (name != M::gof_name) return;
    using how = signature_of<M::gof_pointer>;
    typename how::arguments values;
    if (!how::reads && !may_change)
      return void(why = "it changes something, and that needs a session");
    if (const auto not_so = wire::decode_into(arguments, values); not_so != wire::refusal::none)
      return void(why = boost::describe::enum_to_string(not_so, "its arguments are none"));
    ran = true;
    const auto call = [&](auto&... each) -> decltype(auto) {
      return (object.*M::gof_pointer)(std::move(each)...);
    };
    if constexpr (std::is_void_v<typename how::result>) {
      std::apply(call, values);
      wire::encode_to(answer, std::monostate());
    } else {
      wire::encode_to(answer, std::apply(call, values));
    }
  });
  if (ran) return {};
  return failed{static_cast<int>(errc::refused), std::string(name) + ": " + std::string(why), {}};
}
}  // namespace detail
/// \endcond

/// \returns who calls, for an exposed object and its guards while they are called by \ref exposed;
/// empty where nobody does, or the engine does not know
[[nodiscard]] inline std::string_view caller() noexcept {
  return detail::being_executed ? std::string_view(detail::being_executed->principal)
                                : std::string_view();
}

// ---- The shells ---------------------------------------------------------------------------------

/// Lets an object be called from other nodes for as long as this lives, by all who know its name,
/// or have its reference. What it does is finished when it returns; it must not end its exposure.
///
/// Several may be exposed by one name: each caller then gets one of them, and stays with it.
/// \tparam Subject an interface, described with GOF_REMOTE \threads of one node, which outlives it
template <described::with_GOF_REMOTE Subject>
class exposed {
 public:
  /// \param on the node \param name what it is called: words between dots; empty for an object that
  /// is found by its reference only \param object what is exposed; outlives this
  /// \param most how much it remembers \param ready succeeds when calls reach it
  exposed(node& on, const std::string& name, Subject& object, remembering most = {},
          completion<void> ready = {})
      : node_(&on), object_(&object), most_(most), receiver_(most) {
    reference_.subject = (name.empty() ? "object" : name) + ".";
    for (std::uint64_t half : {on.random(), on.random()})
      for (int i = 0; i < 11; ++i)
        reference_.subject +=
            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"[half >> 6 * i & 63];
    // By its name it is found when calls to its reference reach it.
    auto then = [this, name, ready = std::move(ready)](result<void> is) mutable {
      if (!is || name.empty()) return ready ? ready(std::move(is)) : void();
      const auto opens = [this](const message& m, responder r) {
        if (!m.body.empty()) return r.fail({errc::refused, "by its name it is only opened", {}});
        open(m, r);
      };
      serving_name_ = node_->serve(name, opens, {"gof.proxy"}, std::move(ready));
    };
    const auto called = [this](const message& m, responder r) {
      m.body.empty() ? open(m, r) : take(m, r);
    };
    serving_ = on.serve(reference_.subject, called, {}, scope_.bind(std::move(then)));
  }
  /// One that is found by its reference only. \param on the node \param object what is exposed
  /// \param most how much it remembers \param ready succeeds when calls reach it
  exposed(node& on, Subject& object, remembering most = {}, completion<void> ready = {})
      : exposed(on, {}, object, most, std::move(ready)) {}
  exposed(const exposed&) = delete;
  exposed& operator=(const exposed&) = delete;
  ~exposed() = default;

  /// \returns what leads to this object, and to no later one
  [[nodiscard]] const distributed::reference<Subject>& reference() const noexcept {
    return reference_;
  }
  /// \returns what it remembers
  [[nodiscard]] const receiver& remembered() const noexcept { return receiver_; }

 private:
  void open(const message& m, responder& to) {
    const std::uint64_t session = node_->random() | 1;
    if (!receiver_.open(session, m.principal, node_->now()))
      return to.fail({errc::overloaded, "there are too many sessions", {}});
    to.reply(wire::encode(detail::opened{reference_.subject, session, most_.lease}));
  }
  void take(const message& m, responder& to) {
    const auto refuse = [&](errc why, const char* text) { to.fail({why, text, {}}); };
    const auto& [session, sequence, first, calls] = asked_;
    if (wire::decode_into(std::string_view(m.body), asked_) != wire::refusal::none ||
        calls.size() % 2 != 0)
      return refuse(errc::refused, "this is no call");
    std::string answer;
    if (session == 0) {
      answer = execute(m);
    } else {
      const operation_id id{session, sequence};
      const auto [is, before] =
          receiver_.admit(id, first, std::hash<std::string>()(m.body), m.principal, node_->now());
      switch (is) {
        case receiver::verdict::fresh:
          receiver_.keep(id, answer = execute(m));
          break;
        case receiver::verdict::repeated:
          answer = *before;
          break;
        case receiver::verdict::stale:
          return refuse(errc::refused, "it is over for its caller");
        case receiver::verdict::misused:
          return refuse(errc::refused, "another call has its number");
        case receiver::verdict::ended:
          answer = failure(errc::closed, "its session has ended, and what was known of the call");
          break;
        case receiver::verdict::full:
          return refuse(errc::overloaded, "too many answers are kept");
      }
    }
    to.reply(std::move(answer));
  }
  std::string execute(const message& m) {
    const auto& [session, sequence, first, calls] = asked_;
    auto& [to, number, results, failed] = answered_;
    to = session;
    number = sequence;
    results.clear();
    failed.reset();
    time_point until{};  // the first one is in time, or it would not be here
    if (calls.size() > 2) until = node_->now() + m.remaining;
    for (std::size_t i = 0; i < calls.size() && !failed; i += 2) {
      if (i > 0 && node_->now() >= until) {
        failed = {static_cast<int>(errc::unavailable), "its time was over before", {}};
        break;
      }
      const auto* const outer = std::exchange(detail::being_executed, &m);
      bytes_.clear();
      try {
        failed = detail::execute(*object_, calls[i], calls[i + 1], session != 0, bytes_);
      } catch (...) {
        failed = detail::thrown_now();
      }
      detail::being_executed = outer;
      if (!failed) results.push_back(bytes_);
    }
    try {
      bytes_.clear();
      wire::encode_to(bytes_, answered_);
      return bytes_;
    } catch (const wire::error& refused) {
      return failure(errc::failed_there, refused.what());
    }
  }
  std::string failure(errc why, const char* text) const {
    return wire::encode(
        detail::answered{std::get<0>(asked_),
                         std::get<1>(asked_),
                         {},
                         detail::failed{static_cast<int>(why), text, "gof::proxy"}});
  }

  node* node_;
  Subject* object_;
  remembering most_;
  receiver receiver_;
  distributed::reference<Subject> reference_;
  detail::asked asked_;  // these are kept for their memory only
  detail::answered answered_;
  std::string bytes_;
  registration serving_, serving_name_;
  scope scope_;
};

/// How a remote object is called.
struct calling {
  duration deadline = default_deadline;  ///< of each call
  /// By its name: where the object is gone, calls that did not run there go to another one, and
  /// calls that read go there in any case.
  bool fail_over = false;
  /// What stands between it and the node, and outlives it, such as a retry.
  decorator::distributed::component* through = nullptr;
};

/// \cond
namespace detail {
// Calls, in a session with the object: the part of `remote` that does not depend on its type.
class connection {
 public:
  // What is to be asked, but for its numbers.
  struct request {
    asked what{};
    bool reads = true;
    bool too_large = false;
  };

  connection(node& on, std::string name, std::string bound, calling how)
      : node_(&on),
        direct_(on),
        how_(how),
        through_(how.through ? how.through : &direct_),
        name_(std::move(name)),
        bound_(std::move(bound)) {}
  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;

  // What is sent at once.
  template <class Subject, auto Method, class... A>
  request& prepared(A&&... arguments) {
    at_once_.reads = true;
    at_once_.too_large = false;
    std::get<calls_of>(at_once_.what).resize(2);
    add<Subject, Method>(at_once_, 0, std::forward<A>(arguments)...);
    return at_once_;
  }
  // Puts a call into a request.
  template <class Subject, auto Method, class... A>
  static void add(request& it, std::size_t at, A&&... arguments) {
    auto& calls = std::get<calls_of>(it.what);
    it.reads = it.reads && signature_of<Method>::reads;
    try {
      calls[at] = name_of<Subject, Method>();
      calls[at + 1].clear();
      wire::encode_to(calls[at + 1], described::arguments<Method>(std::forward<A>(arguments)...));
    } catch (const wire::error&) {
      it.too_large = true;
    }
  }
  // `told` is called with why it failed, or with what was answered.
  template <class Told>
  void begin(request& what, Told told, bool one_way = false) {
    struct with final : pending {
      explicit with(Told f) : tells(std::move(f)) {}
      void told(const error* why, answered&& a) override { tells(why, std::move(a)); }
      Told tells;
    };
    const time_point now = node_->now();
    std::unique_ptr<pending> it = std::make_unique<with>(std::move(told));
    it->reads = what.reads;
    it->one_way = one_way;
    it->until = now + how_.deadline;
    std::size_t size = 64;
    for (const std::string& each : std::get<calls_of>(what.what)) size += each.size() + 5;
    if (what.too_large || size > largest_body)
      return fail(std::move(it), {errc::too_large, "more than a message may be", {}});
    begin(std::move(it), what.what, now);
  }
  template <class R>
  void begin(request& what, completion<R> done) {
    begin(what, [done = std::move(done)](const error* why, answered&& a) mutable {
      done(why ? result<R>(*why) : decoded<R>(a, 0));
    });
  }
  template <class R>
  typename result<R>::value_type wait(request& what) {
    const auto begins = [&](completion<R> done) {
      begin<R>(what, std::move(done));
      return registration();
    };
    return wait_for<R>(*node_, begins, how_.deadline + std::chrono::seconds(1)).value();
  }
  // What came of one of the calls.
  template <class R>
  static result<R> decoded(const answered& a, std::size_t which) {
    const auto& [session, sequence, results, failed] = a;
    if (which < results.size()) {
      as_value<R> value{};
      if (wire::decode_into(std::string_view(results[which]), value) == wire::refusal::none)
        return value;
      return error{errc::closed, "it was executed, and its result is of another type", {}};
    }
    if (which > results.size()) return error{errc::refused, "one before it failed", {}};
    if (failed && failed->why >= 1 && failed->why <= static_cast<int>(errc::closed))
      return error{static_cast<errc>(failed->why), failed->message, failed->kind};
    return error{errc::closed, "it may have been executed, and the answer is none", {}};
  }
  [[nodiscard]] const scope& lives() const noexcept { return scope_; }

 private:
  struct pending {
    pending() = default;
    pending(const pending&) = delete;
    pending& operator=(const pending&) = delete;
    virtual ~pending() = default;
    virtual void told(const error* why, answered&& a) = 0;
    bool reads = true, one_way = false;
    int others = 3;  // of its name may be tried, at most
    time_point until{};
    std::uint64_t session = 0, sequence = 0;  // as it was sent
    std::uint64_t opening = 0;                // to which of the objects
    asked what{};                             // while it waits, or may be sent to another one
  };
  using one = std::unique_ptr<pending>;

  void begin(one it, asked& what, time_point now) {
    // A session that is unused for long may have ended there.
    const bool lives = session_ != 0 && (!numbers_.idle() || now - used_ <= lease_ / 2);
    if (!bound_.empty() && (it->reads || lives)) return send(std::move(it), what, now);
    if (waiting_.size() >= most_operations)
      return fail(std::move(it), {errc::overloaded, "too many calls wait", {}});
    it->what = what;
    waiting_.push_back(std::move(it));
    open();
  }
  // Has a completion called by the loop.
  void fail(one it, error why) {
    node_->post(scope_.bind(
        [it = std::move(it), why = std::move(why)]() mutable { it->told(&why, answered()); }));
  }
  void open() {
    if (std::exchange(opening_, true)) return;
    const std::string& to = bound_.empty() ? name_ : bound_;
    through_->call(message(to), scope_.bind([this, to](result<message> m) { opened(to, m); }),
                   {std::max(waiting_.front()->until - node_->now(), duration(1)), true});
  }
  void opened(const std::string& by, const result<message>& m) {
    opening_ = false;
    detail::opened it;
    std::optional<error> why;
    if (!m)
      why = m.error();
    else if (wire::decode_into(std::string_view(m->body), it) != wire::refusal::none ||
             it.session == 0 || (by == bound_ && it.subject != bound_))
      why = error{errc::refused, by + " is no exposed object, or another one", {}};
    if (!why) {
      bound_ = std::move(it.subject);
      ++opening_number_;
      session_ = it.session;
      lease_ = it.lease;
      life_ = m->incarnation;
      used_ = node_->now();
      numbers_ = {};
    } else if (why->why == errc::nobody_there && may_leave() && by != name_) {
      leave();
    } else {
      // None of what waits was sent; and the deadline was that of the first.
      const bool late = why->why == errc::deadline;
      if (outcome_of(why->why) == outcome::unknown)
        why = error{errc::unavailable, "it could not be opened: " + why->text(), {}};
      do {
        fail(std::move(waiting_.front()), *why);
        waiting_.pop_front();
      } while (!waiting_.empty() && (!late || waiting_.front()->until <= node_->now()));
    }
    for (one& each : std::exchange(waiting_, {})) {
      asked what = std::move(each->what);
      begin(std::move(each), what, node_->now());
    }
  }
  // Another one of its name may be called instead of the one that is gone.
  [[nodiscard]] bool may_leave() const { return how_.fail_over && !name_.empty(); }
  void leave() {
    bound_.clear();
    session_ = 0;
  }
  void send(one it, asked& what, time_point now) {
    const duration left = it->until - now;
    if (left <= duration::zero())
      return fail(std::move(it), {errc::unavailable, "it was not sent in time", {}});
    operation_id id;
    if (it->reads) {
      it->session = 0;
      it->sequence = ++reads_;
    } else {
      id = {it->session = session_, it->sequence = numbers_.next()};
      used_ = now;
    }
    it->opening = opening_number_;
    if (may_leave()) it->what = what;
    auto& [session, sequence, first, calls] = what;
    session = it->session;
    sequence = it->sequence;
    first = it->reads ? 0 : numbers_.first();
    bytes_.clear();
    wire::encode_to(bytes_, what);
    message m(bound_, bytes_, id);
    const decorator::distributed::call_options how{left, it->reads, 1, life_};
    decorator::distributed::component* by = &direct_;  // one way, nothing repeats it
    if (!it->one_way) by = through_;
    auto done = [this, it = std::move(it)](const result<message>& answer) mutable {
      answered_to(std::move(it), answer);
    };
    by->call(std::move(m), scope_.bind(std::move(done)), how);
  }
  void answered_to(one it, const result<message>& m) {
    const bool current = !it->reads && it->session == session_;
    if (current) numbers_.over(it->sequence);
    if (m) {
      const auto& [session, sequence, results, failed] = answer_;
      if (wire::decode_into(std::string_view(m->body), answer_) != wire::refusal::none ||
          session != it->session || sequence != it->sequence) {
        const error why{errc::closed, "what came is no answer to this call", {}};
        return it->told(&why, {});
      }
      if (current && failed && failed->why == static_cast<int>(errc::closed)) session_ = 0;
      return it->told(nullptr, std::move(answer_));
    }
    const errc why = m.error().why;
    const bool gone = why == errc::nobody_there || (it->reads && why == errc::closed);
    if (gone && may_leave() && it->others-- > 0) {
      if (opening_number_ == it->opening) leave();
      asked what = std::move(it->what);
      return begin(std::move(it), what, node_->now());
    }
    it->told(&m.error(), {});
  }

  node* node_;
  decorator::distributed::direct direct_;
  calling how_;
  decorator::distributed::component* through_;
  std::string name_, bound_;   // the latter is its reference; empty until it is opened
  std::uint64_t session_ = 0;  // 0 until it is opened
  duration lease_{};
  std::uint64_t life_ = 0;  // of its node
  time_point used_{};       // when the session was
  numbering numbers_;
  std::uint64_t reads_ = 0;
  std::uint64_t opening_number_ = 0;
  bool opening_ = false;
  std::deque<one> waiting_;  // until it is opened
  request at_once_;          // these are kept for their memory only
  std::string arguments_, bytes_;
  answered answer_;
  scope scope_;
};

// What the class with the subject's interface begins with.
template <class Subject>
struct waiting : Subject {
  connection* gof_connection = nullptr;
  template <auto Method, class... A>
  result_of<Method> gof_wait(A&&... arguments) const {
    auto value = gof_connection->wait<result_of<Method>>(
        gof_connection->prepared<Subject, Method>(std::forward<A>(arguments)...));
    if constexpr (!std::is_void_v<result_of<Method>>) return value;
  }
};
}  // namespace detail
/// \endcond

/// A call that begins when it is waited for: `co_await` it; or give it to `gof::wait_for`, or to
/// `gof::awaited`, to be called with a completion. Dropped, nothing of it is called any more.
/// \tparam R what the remote function returns
template <class R>
class [[nodiscard("it begins when it is waited for")]] begun {
 public:
  /// For \ref remote.
  begun(detail::connection & by, detail::connection::request what)
      : by_(&by), what_(std::move(what)) {}
  /// Begins it, once. \param done told what came of it \returns what stands for nothing
  registration operator()(completion<R> done) {
    by_->begin<R>(what_, std::move(done));
    return {};
  }
  /// \returns that it is to be waited for
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  /// Begins it. \param who goes on when it is answered \tparam Coroutine a handle
  template <class Coroutine>
  void await_suspend(Coroutine who) {
    by_->begin<R>(what_, scope_.bind([this, who](result<R> came) mutable {
      came_.emplace(std::move(came));
      who.resume();
    }));
  }
  /// \returns what the function returned there \throws gof::failure
  R await_resume() {
    auto value = std::move(*came_).value();
    if constexpr (!std::is_void_v<R>) return value;
  }

 private:
  detail::connection* by_;
  detail::connection::request what_;
  std::optional<result<R>> came_;
  scope scope_;
};

/// Stands for an object on another node, and has its interface: `r->` calls it, and waits.
///
/// With its first call it is bound to one object, and calls run there or not at all. Arguments are
/// checked where the call is written.
/// \law A call that changes something runs once, or not at all where its outcome is not_applied.
/// \law An answer is that of its own call.
/// \tparam Subject an interface, described with GOF_REMOTE
/// \threads of one node, which outlives it; waiting, also inside `->`, not in a handler
template <described::with_GOF_REMOTE Subject>
class remote {
  using stub = described::stub<Subject, detail::waiting<Subject>>;
  static_assert(!std::is_abstract_v<stub>,
                "GOF_REMOTE: it has to name all functions of the interface");
  using connection = detail::connection;

 public:
  /// Several calls in one message.
  class letter;

  /// The object of that name; where several have it, any of them. \param on the node
  /// \param name what it is exposed as \param how options
  remote(node& on, std::string name, calling how = {}) : connection_(on, std::move(name), {}, how) {
    stub_.gof_connection = &connection_;
  }
  /// The object that a reference leads to, and no other. \param on the node
  /// \param to the reference \param how options
  remote(node& on, const reference<Subject>& to, calling how = {})
      : connection_(on, {}, to.subject, how) {
    stub_.gof_connection = &connection_;
  }
  remote(const remote&) = delete;
  remote& operator=(const remote&) = delete;
  ~remote() = default;

  /// \returns the interface. Its functions wait for the answer, and return what the object returns
  /// \throws gof::failure, which says whether it took place; std::logic_error inside a handler
  Subject* operator->() noexcept { return &stub_; }
  /// \returns the interface, as above
  Subject& operator*() noexcept { return stub_; }

  /// Calls, and goes on. \param done called back with the answer \param arguments the function's
  /// \tparam Method a function of the interface
  template <auto Method, class... A>
  void call(completion<described::result_of<Method>> done, A&&... arguments) {
    connection_.begin(connection_.template prepared<Subject, Method>(std::forward<A>(arguments)...),
                      std::move(done));
  }
  /// \returns a call, to be awaited. \param arguments the function's
  /// \tparam Method a function of the interface
  template <auto Method, class... A>
  begun<described::result_of<Method>> awaited(A&&... arguments) {
    connection::request it;
    std::get<detail::calls_of>(it.what).resize(2);
    connection::add<Subject, Method>(it, 0, std::forward<A>(arguments)...);
    return {connection_, std::move(it)};
  }
  /// Has a call sent, and forgets it: there is no answer, and whatever goes wrong is lost. It runs
  /// once at most. \param arguments the function's \tparam Method a function of the interface
  template <auto Method, class... A>
  void one_way(A&&... arguments) {
    connection_.begin(
        connection_.template prepared<Subject, Method>(std::forward<A>(arguments)...),
        [](const error*, detail::answered&&) {}, true);
  }
  /// \returns an empty batch, for this object
  [[nodiscard]] auto batch() { return letter(connection_); }

 private:
  connection connection_;
  stub stub_;
};

/// Calls in one message. They run in their order, up to the first that fails; together they are one
/// operation, which runs once. \tparam Subject an interface, described with GOF_REMOTE
template <described::with_GOF_REMOTE Subject>
class remote<Subject>::letter {
 public:
  /// Adds a call. \param told what came of it, before the batch is done; may be empty. Of those
  /// after one that failed, it is refused \param arguments the function's
  /// \tparam Method a function of the interface \throws wire::error for what is too large
  template <auto Method, class... A>
  void add(completion<described::result_of<Method>> told, A&&... arguments) {
    auto& calls = std::get<detail::calls_of>(all_.what);
    calls.resize(calls.size() + 2);
    connection::add<Subject, Method>(all_, calls.size() - 2, std::forward<A>(arguments)...);
    told_.emplace_back();
    if (!told) return;
    told_.back() = to_->lives().bind(
        [told = std::move(told)](const error* why, const auto& all, std::size_t which) mutable {
          using R = described::result_of<Method>;
          told(why ? result<R>(*why) : connection::decoded<R>(all, which));
        });
  }
  /// Sends them all; the batch is empty then. \param done told that all ran, or why one did not;
  /// may be empty
  void send(completion<void> done = {}) {
    if (!done) done = [](const result<void>&) {};
    auto request = std::exchange(all_, {});
    auto answered = [told = std::exchange(told_, {}), done = to_->lives().bind(std::move(done))](
                        const error* why, detail::answered&& a) mutable {
      const detail::answered all = std::move(a);
      for (std::size_t i = 0; i < told.size(); ++i)
        if (told[i]) told[i](why, all, i);
      const bool whole = !why && std::get<detail::results_of>(all).size() == told.size();
      done(whole ? result<void>()
           : why ? *why
                 : connection::decoded<void>(all, std::get<detail::results_of>(all).size()));
    };
    to_->begin(request, std::move(answered));
  }

 private:
  friend remote;
  explicit letter(connection& to) noexcept : to_(&to) {}
  connection* to_;
  connection::request all_;
  std::vector<unique_function<void(const error*, const detail::answered&, std::size_t)>> told_;
};

/// @}
}  // namespace gof::inline v0::proxy::distributed
