// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// Singleton over a network: a leader by lease, whose fencing token the resource checks.

#include <algorithm>
#include <boost/describe.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <gof/lease.hpp>
#include <gof/node.hpp>
#include <gof/singleton.hpp>
#include <gof/wire.hpp>

/// \defgroup singleton_distributed Singleton, distributed
/// \ingroup singleton
/// One instance among many nodes. Candidates want a lease; who holds it has the instance. But a
/// holder that stood still believes that it still holds it, and no clock can help: so each holding
/// has a number, greater than all before, and the resource refuses what comes with a smaller one.
///
/// | In the book        | In the field          | Here                                            |
/// |--------------------|-----------------------|-------------------------------------------------|
/// | Singleton          | leader, active master | any class; its only maker is a \ref gof::singleton::distributed::candidate "candidate" |
/// | Instance           | leader election       | `instance()`: the one object, on one node, for a time |
/// | Instance, elsewhere | service discovery    | \ref gof::singleton::distributed::caller "caller" |
/// |                    | sequencer, generation clock, fencing token | \ref gof::singleton::distributed::sequencer "sequencer" |
/// |                    | fencing               | \ref gof::singleton::distributed::fence "fence", at the resource |
///
/// | To …                                      | write                                              |
/// |-------------------------------------------|----------------------------------------------------|
/// | want to be the one                        | `candidate<writer> it(node, "log-writer", 2s, make)` |
/// | do something where it is                  | `if (writer* w = it.instance()) …`                 |
/// | show to the resource who asks             | `it.token()`, or what `make` was given             |
/// | refuse former ones, at the resource       | `fence guard("log-writer"); guard.admit(token)`    |
/// | … also after the resource has restarted   | `kept_fence guard(node, "file", "log-writer")`     |
/// | answer calls from anywhere                | … `make, serve)`                                   |
/// | call it, wherever it is                   | `caller log(node, "log-writer"); log.call("text", done)` |
/// | hand it over                              | `it.resign()`, or its end                          |
///
/// | What may happen                        | What it comes to                                      |
/// |----------------------------------------|-------------------------------------------------------|
/// | the leader stands still, or is cut off | another one has the instance after 1.25 times its time to live; what the former one writes is refused as `conflict` |
/// | it crashes                             | the same                                              |
/// | it resigns                             | another one has the instance at once                  |
/// | nobody leads                           | calls wait, and at their deadline are `nobody_there`  |
/// | a call reaches a former leader         | it is refused, and tried again at the new one         |
/// | a call's leader does not answer        | outcome `unknown`; it is not tried again              |
/// | all call the new leader at once        | it takes so many; others are `overloaded`, and try again, each at another time |
/// | the resource restarts                  | a `kept_fence` still knows the newest one             |
/// | two elections are held for a resource  | it follows one: the other's leader is `refused`       |
/// | nodes are given different times to live | they agree on that of the leader                     |
///
/// At most one node's writes are accepted at a time; more than one may believe that it leads, where
/// clocks run at different speeds. A broker that is put back to an earlier state gives numbers
/// again: then the resource refuses them, until the election has another name.
///
/// \source Gamma, Helm, Johnson, Vlissides, *Design Patterns* (1994), chapter 3, Singleton;
/// Burrows, *The Chubby lock service* (2006), section 2.4; Joshi, *Patterns of Distributed Systems*
/// (2023), Lease, Generation Clock

/// \namespace gof::singleton::distributed
/// See \ref singleton_distributed.

namespace gof::inline v0::singleton::distributed {

/// \addtogroup singleton_distributed
/// @{

/// What a leader shows to the resource: who holds what, by which number.
struct sequencer {
  std::string of{};              ///< the name of the election
  std::uint64_t generation = 0;  ///< grows with each leader; 0 for none
  std::uint64_t nonce = 0;       ///< by chance: two leaders of one number are not the same
  friend bool operator==(const sequencer&, const sequencer&) = default;  ///< By all.
};
/// \cond
BOOST_DESCRIBE_STRUCT(sequencer, (), (of, generation, nonce))
/// \endcond

/// At the resource: lets nobody in who is not the newest leader that was there. It knows no node,
/// no clock, and no chance.
///
/// \law NeverBack: the generations that it admits never fall, also after it was kept and restored.
/// \law OneAtATime: of each generation it admits one leader.
class fence {
 public:
  /// \param election whose leaders come
  explicit fence(std::string election) : newest_{std::move(election)} {}
  /// \param kept what `newest` was
  explicit fence(sequencer kept) : newest_(std::move(kept)) {}

  /// \param shown by one who wants something done \returns ok, from when on all before it are
  /// refused; errc::conflict where a newer one was there; errc::refused for another election
  result<void> admit(const sequencer& shown) {
    result<void> may = look(shown);
    if (may) newest_ = shown;
    return may;
  }
  /// \param shown by one who wants something done \returns what `admit` would
  [[nodiscard]] result<void> look(const sequencer& shown) const {
    if (shown.of != newest_.of)
      return error{errc::refused, "it follows " + newest_.of + ", not " + shown.of, {}};
    if (shown.generation > newest_.generation || (shown == newest_ && shown.generation != 0))
      return {};
    return error{errc::conflict,
                 "leader " + std::to_string(shown.generation) + " of " + shown.of +
                     " comes after " + std::to_string(newest_.generation),
                 {}};
  }
  /// \returns the last that was admitted: to be kept with what the resource keeps
  [[nodiscard]] const sequencer& newest() const noexcept { return newest_; }

 private:
  sequencer newest_;
};

// ---- The shells
// ----------------------------------------------------------------------------------

namespace detail {
inline constexpr const char* bucket = "gof.fences";
inline constexpr std::size_t most_waiting = 1024;
inline std::string seat(const std::string& election) { return "leader." + election; }
inline std::string address(const sequencer& of) {
  return of.of + '.' + std::to_string(of.generation);
}
}  // namespace detail

/// A fence that outlives its process: before a newer leader is let in, it is kept by the node, in
/// the bucket `gof.fences`, against the version that was seen.
/// \threads of one node, which outlives it
class kept_fence {
 public:
  /// \param on the node \param resource what is guarded: words between dots; by one process
  /// \param election whose leaders come
  kept_fence(node& on, std::string resource, std::string election)
      : node_(&on), resource_(std::move(resource)), fence_(std::move(election)) {}
  kept_fence(const kept_fence&) = delete;
  kept_fence& operator=(const kept_fence&) = delete;
  ~kept_fence() = default;

  /// Lets in, or not. Who is let in is told so in order, so what is done then stays in order.
  /// \param shown by one who wants something done \param done told; as fence::admit, and
  /// errc::unavailable where it cannot be kept now, errc::overloaded where too many wait
  void admit(sequencer shown, completion<void> done) {
    if (waiting_.size() >= detail::most_waiting)
      return answer(std::move(done), error{errc::overloaded, "too many wait at " + resource_, {}});
    waiting_.push_back({std::move(shown), std::move(done)});
    next();
  }
  /// \returns the last that was admitted
  [[nodiscard]] const sequencer& newest() const noexcept { return fence_.newest(); }

 private:
  struct one {
    sequencer shown;
    completion<void> done;
  };

  void next() {
    while (!waiting_.empty() && !busy_) {
      const sequencer& shown = waiting_.front().shown;
      const result<void> may = fence_.look(shown);
      if (!may || (certain_ && shown == fence_.newest()))
        settle(may);
      else if (known_)
        keep(shown);
      else
        read();
    }
  }
  void read() {
    busy_ = true;
    auto got = [this](const result<versioned>& it) {
      busy_ = false;
      sequencer there;
      if (!it && it.error().why != errc::not_found)
        settle(error{errc::unavailable, it.error().text(), {}});
      else if (it && wire::decode_into(std::string_view(*it->value), there) != wire::refusal::none)
        settle(error{errc::refused, "what is kept for " + resource_ + " is no sequencer", {}});
      else if (it && there.of != newest().of)
        settle(error{errc::refused, resource_ + " follows " + there.of, {}});
      else {
        if (it) (void)fence_.admit(there);  // it may be an older one
        version_ = it ? it->version : absent;
        known_ = true;
      }
      next();
    };
    node_->get(detail::bucket, resource_, scope_.bind(std::move(got))).detach();
  }
  // What was read may not be the last: that it is, is known once something is put against it.
  void keep(const sequencer& shown) {
    busy_ = true;
    auto put = [this, shown](const result<std::uint64_t>& it) {
      busy_ = false;
      known_ = certain_ = bool(it);
      if (it) {
        version_ = *it;
        (void)fence_.admit(shown);
      } else if (it.error().why != errc::conflict) {
        settle(error{errc::unavailable, it.error().text(), {}});
      }
      next();
    };
    node_
        ->put(detail::bucket, resource_, wire::encode(shown), version_, scope_.bind(std::move(put)))
        .detach();
  }
  void settle(result<void> what) {
    answer(std::move(waiting_.front().done), std::move(what));
    waiting_.pop_front();
  }
  void answer(completion<void> done, result<void> what) {
    node_->post(scope_.bind(
        [done = std::move(done), what = std::move(what)]() mutable { done(std::move(what)); }));
  }

  node* node_;
  std::string resource_;
  fence fence_;
  std::uint64_t version_ = absent;  // of what is kept, as far as it is known
  bool known_ = false, busy_ = false;
  bool certain_ = false;  // what is kept is the fence's newest
  std::deque<one> waiting_;
  scope scope_;
};

/// Wants to be the leader, and has the instance while it is.
///
/// \law OneInstance: where clocks run at one speed, no two candidates of an election have an
/// instance at the same time.
/// \law SoonAnother: when a leader is gone, and a candidate is heard, there is an instance within
/// 1.25 times the leader's time to live, a third of the candidate's own, and a quarter of a second;
/// when it resigns, at once.
/// \tparam T the one; it is made when the lease is won, and destroyed when it is lost: in a handler
/// of the node, or by `resign`
/// \threads of one node, which outlives it
template <class T>
class candidate {
 public:
  /// Makes the instance; is told what to show to the resource.
  using maker = unique_function<T(const sequencer&)>;
  /// Answers a call, as one answers those of a node.
  using server = unique_function<void(T&, const message&, responder)>;

  /// Wants to be it from now on. \param on the node \param election its name: words between dots
  /// \param time_to_live how long a leader that is not heard of stays one; an answer has to come
  /// within a third of it \param make makes the instance; what it throws leaves the node's loop,
  /// and this is no candidate any more \param serve answers the calls of a caller; without it,
  /// nobody can call \param at_once how many calls may be unanswered; more are refused
  candidate(node& on, std::string election, duration time_to_live, maker make, server serve = {},
            std::size_t at_once = 64)
      : node_(&on),
        make_(std::move(make)),
        serve_(std::move(serve)),
        at_once_(at_once),
        again_(std::max<duration>(time_to_live / 8, std::chrono::milliseconds(1))),
        token_{election},
        seat_(on, detail::seat(election), election),
        lease_(on, election, time_to_live, [this](std::uint64_t token) { changed(token); }) {}
  candidate(const candidate&) = delete;
  candidate& operator=(const candidate&) = delete;
  /// Resigns. Not inside `make`, nor the instance's destructor.
  ~candidate() { resign(); }

  /// \returns the instance, where this leads by its own clock; null elsewhere. For this moment:
  /// look again after each wait
  [[nodiscard]] T* instance() { return instance_ && lease_.held() ? &*instance_ : nullptr; }
  /// \returns what to show to the resource; generation 0 where this does not lead
  [[nodiscard]] sequencer token() const {
    return instance_ && lease_.held() ? token_ : sequencer{token_.of};
  }
  /// Destroys the instance, hands over, and is no candidate any more.
  void resign() {
    lose();
    lease_.release();
  }

 private:
  struct made {  // so that T need not be movable
    maker& make;
    const sequencer& token;
    operator T() const { return make(token); }
  };

  void changed(std::uint64_t token) {
    if (token == 0) return lose();
    token_.generation = token;
    token_.nonce = node_->random();
    try {
      instance_.emplace(made{make_, token_});
    } catch (...) {
      lease_.release();
      throw;
    }
    if (serve_) begin();
  }
  void lose() {
    serving_.drop();
    timer_.drop();
    instance_.reset();
  }
  // First it answers, then it says where.
  void begin() {
    auto answers = [this](const message& what, responder to) { asked(what, std::move(to)); };
    auto ready = [this](const result<void>& is) { is ? announce() : later([this] { begin(); }); };
    serving_ = node_->serve(detail::address(token_), scope_.bind(std::move(answers)), {},
                            scope_.bind(std::move(ready)));
  }
  void announce() {
    seat_.admit(token_, [this, said = token_](const result<void>& is) {
      const bool newer = !is && is.error().why == errc::conflict;
      if (!is && !newer && instance_ && said == token_) later([this] { announce(); });
    });
  }
  template <class F>
  void later(F f) {
    timer_ = node_->after(again_, scope_.bind(std::move(f)));
  }
  void asked(const message& what, responder to) {
    T* const it = instance();
    if (!it) return to.fail({errc::conflict, token_.of + " is led by another one", {}});
    if (*open_ >= at_once_)
      return to.fail({errc::overloaded, std::to_string(*open_) + " calls are unanswered", {}});
    ++*open_;
    serve_(*it, what, responder([open = open_, to = std::move(to)](auto answer) mutable {
      --*open;
      answer ? to.reply(std::move(*answer)) : to.fail(answer.error());
    }));
  }

  node* node_;
  maker make_;
  server serve_;
  std::size_t at_once_;
  duration again_;
  sequencer token_;
  std::optional<T> instance_;
  std::shared_ptr<std::size_t> open_ = std::make_shared<std::size_t>(0);  // unanswered calls
  kept_fence seat_;                                                       // what is announced
  registration serving_, timer_;
  lease lease_;
  scope scope_;
};

/// Calls the one instance, wherever it is: follows what leaders announce, and tries again where
/// that is safe. It costs no messages while nobody calls and the leader stays.
///
/// \law OnlyTheLeader: a call is executed by the leader whom it was sent to, while that one leads.
/// \law NotTwice: a call is executed once at most.
/// \threads of one node, which outlives it
class caller {
 public:
  /// \param on the node \param election its name
  caller(node& on, const std::string& election) : node_(&on), leader_(election) {
    auto said = [this](const versioned& it) {
      sequencer there;
      if (it.value && wire::decode_into(std::string_view(*it.value), there) == wire::refusal::none)
        (void)leader_.admit(there);  // an older one is no news
    };
    watching_ = on.watch(detail::bucket, detail::seat(election), scope_.bind(std::move(said)));
  }
  caller(const caller&) = delete;
  caller& operator=(const caller&) = delete;
  ~caller() = default;

  /// Asks the leader. Where it is certain that nothing was done (nobody leads, it was another one,
  /// it has too much to do), asks again after a while, which is by chance and grows to half a
  /// second. \param body the question \param done gets the answer
  /// \param deadline for all attempts together \param id of the operation, as the leader is told
  void call(std::string body, completion<message> done, duration deadline = default_deadline,
            operation_id id = {}) {
    auto it = std::make_shared<question>(
        question{std::move(body), std::move(done), id, node_->now() + deadline});
    it->last = {errc::overloaded, "too many calls wait", {}};
    const bool full = under_way_ >= detail::most_waiting;
    ++under_way_;
    node_->post(scope_.bind([this, it, full] { full ? finish(*it, it->last) : ask(it); }));
  }
  /// \returns the newest leader that this has heard of; generation 0 for none
  [[nodiscard]] const sequencer& leader() const noexcept { return leader_.newest(); }

 private:
  struct question {
    std::string body;
    completion<message> done;
    operation_id id;
    time_point until;
    duration most = std::chrono::milliseconds(20);  // how long until it is asked again
    error last{};
  };

  void ask(const std::shared_ptr<question>& it) {
    const duration left = it->until - node_->now();
    if (left <= duration::zero()) return finish(*it, it->last);
    if (leader().generation == 0)
      return again(it, {errc::nobody_there, "nobody leads " + leader().of, {}});
    auto answered = [this, it](result<message> what) {
      constexpr errc safe[] = {errc::nobody_there, errc::conflict, errc::overloaded,
                               errc::unavailable};
      if (what || std::find(std::begin(safe), std::end(safe), what.error().why) == std::end(safe))
        return finish(*it, std::move(what));
      again(it, what.error());
    };
    node_
        ->call({detail::address(leader()), it->body, it->id}, scope_.bind(std::move(answered)),
               {left})
        .detach();
  }
  void again(const std::shared_ptr<question>& it, error why) {
    it->last = std::move(why);
    const auto most = static_cast<std::uint64_t>(it->most.count());
    const duration pause(static_cast<std::int64_t>(1 + node_->random() % most));  // full jitter
    it->most = std::min<duration>(2 * it->most, std::chrono::milliseconds(500));
    node_
        ->after(std::min(pause, std::max(it->until - node_->now(), duration::zero())),
                scope_.bind([this, it] { ask(it); }))
        .detach();
  }
  void finish(question& it, result<message> what) {
    --under_way_;
    it.done(std::move(what));  // may destroy this
  }

  node* node_;
  fence leader_;
  std::size_t under_way_ = 0;
  registration watching_;
  scope scope_;
};

/// @}
}  // namespace gof::inline v0::singleton::distributed
