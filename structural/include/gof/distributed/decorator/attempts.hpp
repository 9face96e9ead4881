// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// Layers that make attempts: an operation id for all of them, and retries or a hedge from one
/// budget.

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <gof/distributed/decorator/budget.hpp>

namespace gof::inline v0::decorator::distributed {

/// \addtogroup decorator_distributed
/// @{

/// Gives a call that is not repeatable an operation id, once for all attempts. Only where those who
/// are called recognise an id that they have seen: otherwise a retry is done twice.
class idempotency_key {
 public:
  static constexpr int rank = 30;  ///< its place in a stack
  idempotency_key() = default;     ///< Begins with a client of its own.
  // Two would give the same ids.
  idempotency_key(const idempotency_key&) = delete;
  idempotency_key& operator=(const idempotency_key&) = delete;
  idempotency_key(idempotency_key&&) = default;             ///< Takes over.
  idempotency_key& operator=(idempotency_key&&) = default;  ///< Takes over.
  ~idempotency_key() = default;
  /// Calls with an id; a caller's own stays. \param next what is inside \param request what
  /// \param done gets the answer \param how how
  void invoke(inside& next, message request, completion<message> done, call_options how) {
    if (client_ == 0) client_ = next.on().random() | 1;
    if (!request.id && !how.repeatable) request.id = {client_, ++sequence_};
    next(std::move(request), std::move(done), how);
  }

 private:
  std::uint64_t client_ = 0, sequence_ = 0;
};

/// \returns whether another attempt may succeed, and does no harm. \param why what the last one
/// came to \param safe whether the call may be executed twice
[[nodiscard]] constexpr bool worth_repeating(errc why, bool safe) noexcept {
  switch (why) {
    case errc::nobody_there:
    case errc::overloaded:
    case errc::unavailable:
      return true;
    case errc::deadline:
    case errc::closed:
      return safe;
    default:
      return false;
  }
}

/// How long to wait before another attempt: by chance, up to a bound that doubles, so that those
/// who failed together do not come back together.
struct backoff {
  duration first = std::chrono::milliseconds(50);  ///< the bound after the first attempt
  duration most = std::chrono::seconds(2);         ///< the bound of bounds
  /// \returns how long \param made how many attempts there were, at least one
  /// \param chance any number
  [[nodiscard]] constexpr duration wait(std::uint32_t made, std::uint64_t chance) const noexcept {
    duration bound = first;
    for (std::uint32_t i = 1; i < made && bound < most; ++i) bound *= 2;
    bound = std::min(bound, most);
    return duration(
        static_cast<std::int64_t>(chance % static_cast<std::uint64_t>(bound.count() + 1)));
  }
};

/// How long all but one of twenty answers take, of those that came last.
class latencies {
 public:
  /// \param took how long an answer took
  void add(duration took) noexcept {
    all_[count_++ % all_.size()] = took;
    if (count_ % 16 != 0) return;
    auto sorted = all_;
    const std::size_t n = std::min(count_, all_.size()), at = n * 95 / 100;
    std::nth_element(sorted.begin(), sorted.begin() + static_cast<std::ptrdiff_t>(at),
                     sorted.begin() + static_cast<std::ptrdiff_t>(n));
    most_ = sorted[at];
  }
  /// \returns that; none before there were some answers
  [[nodiscard]] std::optional<duration> p95() const noexcept {
    return count_ < 32 ? std::nullopt : std::optional(most_);
  }

 private:
  std::array<duration, 128> all_{};
  std::size_t count_ = 0;
  duration most_{};
};

/// Makes other attempts where one has failed: only where that may help and does no harm, and only
/// so many for each destination as its calls have paid for. What an outer layer, or the caller's
/// caller, repeats is not repeated.
///
/// With `hedge`, a call that is repeatable and takes longer than all but one of twenty is made a
/// second time meanwhile, from the same budget, and the first answer counts.
/// \law OneBudgetADestination: at most `burst`, and a `share` of the calls, are other attempts.
/// \law NothingAfterTheDeadline: no attempt begins after it, and each ends by it.
/// \law UnknownStaysUnknown: where an attempt may have taken place, a later refusal does not deny
/// it.
class retry {
 public:
  static constexpr int rank = 60;  ///< its place in a stack
  /// How to repeat.
  struct options {
    std::uint32_t attempts = 3;  ///< with the first one
    backoff waits{};             ///< between them
    std::uint32_t share = 100;   ///< so many of 1,000 calls pay for another attempt
    std::uint32_t burst = 10;    ///< so many other attempts may be saved up
    bool hedge = false;          ///< repeatable calls are hedged, and at most once
  };
  retry() : retry(options{}) {}  ///< With the usual options.
  /// \param how options
  explicit retry(options how) : how_(how) {}

  /// Calls, perhaps more than once. \param next what is inside \param request what
  /// \param done gets the answer \param how how
  void invoke(inside& next, message request, completion<message> done, call_options how) {
    if (how.attempt > 1 || how_.attempts < 2) return next(std::move(request), std::move(done), how);
    const auto to = all_.get(request.subject, [this] {
      return destination{tokens(how_.burst), {}};
    });
    to->budget.add(how_.share * (tokens::whole / 1000));
    const bool hedges = how_.hedge && how.repeatable;
    const bool safe = request.id || how.repeatable;
    auto it = std::make_shared<logical_call>(
        logical_call{this, &next, to, std::move(request), std::move(done), how,
                     next.on().now() + how.deadline, hedges ? 2 : how_.attempts, safe, hedges});
    send(it);
    if (const auto late = hedges ? to->answers.p95() : std::nullopt; late && *late < how.deadline)
      it->hedge = next.on().after(*late, next.bind([it] {
        if (it->made < it->most && it->next->on().now() < it->until && it->to->budget.take())
          send(it);
      }));
  }

 private:
  struct destination {
    tokens budget;
    latencies answers;
  };
  struct logical_call {
    retry* of;
    inside* next;
    std::shared_ptr<destination> to;
    message request;
    completion<message> done;  // empty once it is answered
    call_options how;
    time_point until;
    std::uint32_t most;  // attempts
    bool safe,           // it may be executed twice
        hedges;
    std::uint32_t made = 0, under_way = 0;
    bool unknown = false;  // an attempt may have taken place
    bool paid = false;     // the next one
    registration hedge{};
  };
  using call = std::shared_ptr<logical_call>;

  static void send(const call& it) {
    const time_point now = it->next->on().now();
    call_options how = it->how;
    how.attempt = ++it->made;
    how.deadline = it->until - now;
    ++it->under_way;
    const bool last = it->made == it->most;
    // It is cut short only for another one, which is paid for; else it has all the time there is.
    it->paid = !last && it->safe && !it->hedges && it->to->budget.take();
    if (it->paid) how.deadline = std::min(how.deadline, it->how.deadline / it->most);
    message request = last ? std::move(it->request) : it->request;
    auto done = [it, now](result<message> what) { answered(it, now, std::move(what)); };
    (*it->next)(std::move(request), it->next->bind(std::move(done)), how);
  }
  static void answered(const call& it, time_point sent, result<message> what) {
    node& on = it->next->on();
    const time_point now = on.now();
    --it->under_way;
    if (what && it->hedges) it->to->answers.add(now - sent);
    if (!it->done) return;  // another one was the first
    if (what) return settle(it, std::move(what));
    error why = what.error();
    it->unknown = it->unknown || outcome_of(why.why) == outcome::unknown;
    if (it->made < it->most && worth_repeating(why.why, it->safe)) {
      const duration wait = it->of->how_.waits.wait(it->made, on.random());
      if (now + wait < it->until && (std::exchange(it->paid, false) || it->to->budget.take())) {
        it->hedge.drop();  // this one takes its place
        ++it->under_way;
        auto again = [it, why = std::move(why)]() mutable {
          --it->under_way;
          if (!it->done) return;
          if (it->next->on().now() < it->until) return send(it);
          fail(it, std::move(why));
        };
        return on.after(wait, it->next->bind(std::move(again))).detach();
      }
    }
    fail(it, std::move(why));
  }
  static void fail(const call& it, error why) {
    if (it->under_way > 0) return;  // the other one may succeed
    if (it->unknown && !it->how.repeatable && outcome_of(why.why) == outcome::not_applied)
      why = {
          errc::deadline, "an earlier attempt may have taken place; the last: " + why.text(), {}};
    settle(it, std::move(why));
  }
  static void settle(const call& it, result<message> what) {
    it->hedge.drop();
    if (it->paid) it->to->budget.add(tokens::whole);
    std::exchange(it->done, {})(std::move(what));
  }

  options how_;
  by_destination<destination> all_;
};

/// @}
}  // namespace gof::inline v0::decorator::distributed
