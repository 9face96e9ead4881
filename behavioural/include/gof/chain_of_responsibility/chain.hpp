// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// A chain whose handlers come and go while the program runs, and that tells who saw a request.

#include <concepts>
#include <cstddef>
#include <memory>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include <gof/chain_of_responsibility.hpp>

namespace gof::inline v0::chain_of_responsibility {

/// \addtogroup chain_of_responsibility
/// @{

/// What a handler did with a request; `threw` also where it rejected it.
enum class decision : unsigned char { answered, passed_on, threw };
/// A handler saw a request.
struct visit {
  std::string handler;  ///< Its name.
  decision did;         ///< What it did.
  /// The same?
  friend bool operator==(const visit&, const visit&) = default;
};
/// Who saw a request, in order.
using trace = std::vector<visit>;

/// Where a handler is put.
struct place {
  int order = 0;  ///< Lower is asked sooner; equals in the order in which they were added.
};

/// Is there for signatures of the form `answer(request)`. \tparam Signature of HandleRequest
template <class Signature>
class chain;

namespace detail {
// A place in the ring of a chain: the end, or a handler's.
template <class Answer, class Request>
struct link {
  // Makes an outcome at the address given. So passing on by `return next(request)` is a jump, and
  // no answer is moved on its way back.
  using run_t = void(void* into, link&, param<Request>);
  explicit link(run_t* r = nobody) noexcept : run(r) {}
  link(const link&) = delete;
  link& operator=(const link&) = delete;
  virtual ~link() = default;

  outcome<Answer> pass(param<Request> request, trace* seen) {
    return outcome<Answer>(std::in_place, [&](void* into) {
      if (seen != nullptr) [[unlikely]] {
        next->run_traced(into, static_cast<param<Request>>(request), *seen);
      } else {
        next->run(into, *next, static_cast<param<Request>>(request));
      }
    });
  }
  virtual void run_traced(void* into, param<Request> request, trace&) {
    run(into, *this, static_cast<param<Request>>(request));
  }
  static void nobody(void* into, link&, param<Request>) { ::new (into) outcome<Answer>(); }
  static void skip(void* into, link& at, param<Request> request) {
    at.next->run(into, *at.next, static_cast<param<Request>>(request));
  }

  run_t* run;
  link* next = this;
  link* previous = this;
};
}  // namespace detail

/// Is there for signatures of the form `answer(request)`. \tparam Signature as for `chain`
template <class Signature>
class successor;

/// What a handler in a `chain` gets as `next`, where it does not take it as `auto`: the right to
/// ask the handlers after it, once, by `std::move(next)(request)`. It must not be kept beyond the
/// call.
/// \tparam Answer as for `chain` \tparam Request as for `chain`
template <class Answer, class Request>
class successor<Answer(Request)> {
  using link = detail::link<Answer, Request>;

 public:
  /// Takes over the right. \param from is as if used
  successor(successor&& from) noexcept : at_(std::exchange(from.at_, nullptr)), seen_(from.seen_) {}
  successor& operator=(successor&&) = delete;
  /// Asks the handlers after this one. \param request this one or another
  /// \returns what came of it \throws misuse where it was used before; what a handler throws
  outcome<Answer> operator()(detail::param<Request> request) && {
    link& at = detail::unspent(at_);
    if (seen_ != nullptr) [[unlikely]]
      seen_->back().did = decision::passed_on;
    return at.pass(static_cast<decltype(request)>(request), seen_);
  }

 private:
  friend chain<Answer(Request)>;
  successor(link& at, trace* seen) noexcept : at_(&at), seen_(seen) {}
  link* at_;  // null when spent
  trace* seen_;
};

/// Handlers in a row that changes while the program runs.
///
/// It may be used and edited from inside a handler. A request on its way meets the chain as it is
/// when it gets there: those who were added or removed behind it do not concern it. A handler that
/// is removed is not asked any more; it is destroyed when no request is on its way.
/// The chain must not be destroyed inside a handler.
/// \tparam Answer what a handler says \tparam Request what is handled, as for `static_chain`
/// \threads one at a time
/// \law EmptyMeansNobody: an outcome is empty exactly where each handler passed the request on
/// \law InOrder: handlers see a request in the order that `describe` prints
/// \law AtMostOnce: a handler sees a request once or not at all
/// \law RemoveUndoesAdd: a handler that was added and removed has left no trace
/// \law EditsCountAhead: an edit concerns a request on its way where its place is still ahead
template <class Answer, class Request>
class chain<Answer(Request)> {
  using link = detail::link<Answer, Request>;
  using successor = chain_of_responsibility::successor<Answer(Request)>;
  struct node;

 public:
  /// Keeps a handler in a chain. It may outlive the chain.
  class [[nodiscard]] registration {
   public:
    /// Takes over. \param from keeps nothing then
    registration(registration&& from) noexcept { take(from); }
    /// Ends what it kept. \param from keeps nothing then \returns itself
    registration& operator=(registration&& from) noexcept {
      if (this != &from) {
        remove();
        take(from);
      }
      return *this;
    }
    ~registration() { remove(); }  ///< As `remove`.
    /// Takes the handler out of the chain. Does nothing where it is not there.
    void remove() noexcept {
      if (node_ == nullptr) return;
      const scope now(node_->home);
      now.home.take_out(*node_);
    }
    /// The handler stays as long as the chain.
    void keep() && noexcept {
      if (node_ != nullptr) std::exchange(node_, nullptr)->handle = nullptr;
    }

   private:
    friend chain;
    explicit registration(node& n) noexcept : node_(&n) { n.handle = this; }
    void take(registration& from) noexcept {
      node_ = std::exchange(from.node_, nullptr);
      if (node_ != nullptr) node_->handle = this;
    }
    node* node_ = nullptr;
  };

  chain() noexcept = default;  ///< Without handlers: nobody answers.
  chain(const chain&) = delete;
  chain& operator=(const chain&) = delete;
  /// Destroys the handlers.
  ~chain() {
    while (end_.next != &end_) {
      take_out(static_cast<node&>(*end_.next));
      bury();
    }
  }

  /// Adds a handler. \param name for `describe` and for traces \param h the handler
  /// \param at where it is put \returns what keeps it there
  /// \throws std::bad_alloc, what its move throws; unchanged
  /// \complexity linear in the number of handlers
  template <handler<Answer, Request, successor> H>
  registration add(std::string name, H h, place at = {}) {
    node& added =
        *std::make_unique<node_of<H>>(*this, std::move(name), at.order, std::move(h)).release();
    link* before = end_.previous;
    while (before != &end_ && static_cast<node*>(before)->order > at.order) {
      before = before->previous;
    }
    added.previous = before;
    added.next = before->next;
    before->next = added.next->previous = &added;
    return registration(added);
  }

  /// Asks the handlers. \param request what is to be handled
  /// \returns the answer, or that there is none \throws what a handler throws
  outcome<Answer> handle_request(detail::param<Request> request) {
    const scope now(*this);
    return end_.pass(static_cast<decltype(request)>(request), nullptr);
  }
  /// As above, and tells who saw the request. \param request what is to be handled
  /// \param seen to this the visits are added, also where a handler throws
  /// \returns the answer, or that there is none
  /// \throws what a handler throws; std::bad_alloc, before the next handler is asked
  outcome<Answer> handle_request(detail::param<Request> request, trace& seen) {
    const scope now(*this);
    return end_.pass(static_cast<decltype(request)>(request), &seen);
  }

  /// \returns the names of the handlers, the first one first: `spam -> folder`
  [[nodiscard]] std::string describe() const {
    std::string all;
    for (const link* at = end_.next; at != &end_; at = at->next) {
      const node& n = static_cast<const node&>(*at);
      if (!n.removed) all.append(all.empty() ? "" : " -> ").append(n.name);
    }
    return all;
  }

 private:
  struct node : link {
    node(typename link::run_t* r, chain& c, std::string n, int o) noexcept
        : link(r), home(c), name(std::move(n)), order(o) {}
    chain& home;
    const std::string name;
    const int order;
    registration* handle = nullptr;
    bool removed = false;
    node* next_dead = nullptr;
  };
  template <class H>
  struct node_of final : node {
    node_of(chain& c, std::string n, int o, H&& h)
        : node(run, c, std::move(n), o), asked(std::move(h)) {}
    static void run(void* into, link& at, detail::param<Request> request) {
      static_cast<node_of&>(at).ask(into, static_cast<decltype(request)>(request), nullptr);
    }
    void run_traced(void* into, detail::param<Request> request, trace& seen) override {
      if (this->removed) {
        return this->next->run_traced(into, static_cast<decltype(request)>(request), seen);
      }
      const std::size_t mine = seen.size();
      seen.push_back({this->name, decision::threw});
      ask(into, static_cast<decltype(request)>(request), &seen);
      if (seen[mine].did == decision::threw) seen[mine].did = decision::answered;
    }
    void ask(void* into, detail::param<Request> request, trace* seen) {
      ::new (into) outcome<Answer>(detail::ask<Request>(
          asked, static_cast<decltype(request)>(request), successor(*this, seen)));
    }
    H asked;
  };

  // While one lives nothing is destroyed; the outermost then destroys what was taken out.
  struct scope {
    explicit scope(chain& c) noexcept : home(c), outermost(!std::exchange(c.busy_, true)) {}
    scope(const scope&) = delete;
    scope& operator=(const scope&) = delete;
    ~scope() {
      if (!outermost) return;
      home.bury();
      home.busy_ = false;
    }
    chain& home;
    const bool outermost;
  };
  void take_out(node& n) noexcept {
    if (n.handle != nullptr) n.handle->node_ = nullptr;
    n.removed = true;
    n.run = link::skip;
    n.next_dead = std::exchange(dead_, &n);
  }
  void bury() noexcept {
    while (dead_ != nullptr) {  // a handler's end may take out others
      const std::unique_ptr<node> n(std::exchange(dead_, dead_->next_dead));
      n->previous->next = n->next;
      n->next->previous = n->previous;
    }
  }

  // Invariant: a ring from end_ to end_, by order; those that are removed are in dead_ as well.
  link end_;
  node* dead_ = nullptr;
  bool busy_ = false;
};

/// @}
}  // namespace gof::inline v0::chain_of_responsibility
