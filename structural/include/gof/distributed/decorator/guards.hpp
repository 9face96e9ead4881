// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// Layers that refuse in time: a deadline, a limit of calls a second, a circuit breaker, a
/// bulkhead.

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <gof/distributed/decorator/budget.hpp>

namespace gof::inline v0::decorator::distributed {

/// \addtogroup decorator_distributed
/// @{

/// Gives a call so much time at most, for all attempts together, and sends none for which no time
/// is left.
class deadline {
 public:
  static constexpr int rank = 40;  ///< its place in a stack
  /// \param most how long at most
  explicit deadline(duration most = default_deadline) noexcept : most_(most) {}
  /// Calls in time. \param next what is inside \param request what \param done gets the answer
  /// \param how how
  void invoke(inside& next, message request, completion<message> done, call_options how) {
    how.deadline = std::min(how.deadline, most_);
    if (how.deadline <= duration::zero())
      return next.answer(std::move(done), error{errc::unavailable, "no time is left for it", {}});
    next(std::move(request), std::move(done), how);
  }

 private:
  duration most_;
};

/// Gives an attempt so much time at most.
class attempt_timeout {
 public:
  static constexpr int rank = 110;  ///< its place in a stack
  /// \param most how long at most
  explicit attempt_timeout(duration most) noexcept : most_(most) {}
  /// Calls in time. \param next what is inside \param request what \param done gets the answer
  /// \param how how
  void invoke(inside& next, message request, completion<message> done, call_options how) {
    how.deadline = std::min(how.deadline, most_);
    next(std::move(request), std::move(done), how);
  }

 private:
  duration most_;
};

/// Lets so many calls a second through to a destination; more are `overloaded`.
class rate_limit {
 public:
  static constexpr int rank = 80;  ///< its place in a stack
  /// \param per_second how many a second \param burst how many at once, after a time without any
  rate_limit(std::uint32_t per_second, std::uint32_t burst) noexcept
      : per_second_(per_second), burst_(burst) {}
  /// Calls, or refuses. \param next what is inside \param request what \param done gets the answer
  /// \param how how
  void invoke(inside& next, message request, completion<message> done, call_options how) {
    const time_point now = next.on().now();
    const auto to = all_.get(request.subject, [&] { return destination{tokens(burst_), now}; });
    const auto since = std::min<duration>(now - to->looked, std::chrono::hours(1));
    to->looked = now;
    to->left.add(static_cast<std::uint64_t>(since.count()) * per_second_);  // parts: nanoseconds
    if (!to->left.take())
      return next.answer(std::move(done), error{errc::overloaded,
                                                std::to_string(per_second_) +
                                                    " calls a second to " + request.subject,
                                                {}});
    next(std::move(request), std::move(done), how);
  }

 private:
  struct destination {
    tokens left;
    time_point looked;
  };
  std::uint32_t per_second_, burst_;
  by_destination<destination> all_;
};

/// Whether to call one who may be failing all the time. It knows no node, and no clock.
///
/// Closed, it lets all calls through, and counts. Where too many fail it opens, and lets none
/// through for a time; then a few, as probes: where these succeed it closes, and where one fails it
/// opens again.
/// \law NoGrudge: it is open only for what at least `least` calls to the same life came to.
class circuit {
 public:
  /// When to open, and for how long.
  struct options {
    std::uint32_t least = 20;                    ///< calls, before it opens
    std::uint32_t share = 50;                    ///< so many of 100 calls have failed
    duration window = std::chrono::seconds(10);  ///< of the last so much time
    duration open = std::chrono::seconds(5);     ///< how long, a fifth more or less
    duration slow = std::chrono::seconds(1);     ///< an answer that takes so long is a failure
    std::uint32_t probes = 3;                    ///< that have to succeed
  };
  /// Begins closed. \param how options
  explicit circuit(options how) noexcept : how_(how) {}

  /// Asks whether to make a call. \param now the time \param life whom it means; 0 where that is
  /// not known \returns a ticket, to `record` with; none where it is not to be made
  [[nodiscard]] std::optional<std::uint64_t> admit(time_point now, std::uint64_t life) {
    meet(life);
    if (is_open_ && now < until_) return {};
    if (is_open_ && !half_) {
      half_ = true;
      ++era_;
      admitted_ = passed_ = 0;
    }
    if (half_ && admitted_++ >= how_.probes) return {};
    return era_;
  }
  /// Takes down what came of a call. \param ticket what `admit` gave \param now the time
  /// \param good whether it succeeded \param took how long it took \param life who answered; 0
  /// where nobody did \param chance any number
  void record(std::uint64_t ticket, time_point now, bool good, duration took, std::uint64_t life,
              std::uint64_t chance) {
    if (meet(life) || ticket != era_) return;  // of another time
    good = good && took < how_.slow;
    if (half_) {
      if (!good) return trip(now, chance);
      if (++passed_ >= how_.probes) forget();
      return;
    }
    const auto place = now.time_since_epoch() / (how_.window / slots);
    slot& here = window_[static_cast<std::size_t>(place) % slots];
    if (here.place != place) here = {place, 0, 0};
    ++here.calls;
    here.bad += !good;
    std::uint64_t calls = 0, bad = 0;
    for (const slot& one : window_)
      if (one.place > place - slots) calls += one.calls, bad += one.bad;
    if (calls >= how_.least && bad * 100 >= calls * how_.share) trip(now, chance);
  }
  /// Closes, and knows nothing: who is called next is another one.
  void forget() noexcept {
    is_open_ = half_ = false;
    window_ = {};
    ++era_;
  }
  /// \returns whether it is open, or lets probes through
  [[nodiscard]] bool open() const noexcept { return is_open_; }
  /// \returns how long until it lets probes through \param now the time
  [[nodiscard]] duration rest(time_point now) const noexcept {
    return is_open_ ? std::max(until_ - now, duration::zero()) : duration::zero();
  }

 private:
  static constexpr std::int64_t slots = 10;
  struct slot {
    std::int64_t place = -slots;
    std::uint64_t calls = 0, bad = 0;
  };
  // Another life than those before is another one.
  bool meet(std::uint64_t life) noexcept {
    if (life <= life_) return false;
    life_ = life;
    forget();
    return true;
  }
  void trip(time_point now, std::uint64_t chance) noexcept {
    forget();
    is_open_ = true;
    const auto fifth = static_cast<std::uint64_t>(how_.open.count() / 5);
    until_ = now + how_.open - duration(static_cast<std::int64_t>(fifth)) +
             duration(static_cast<std::int64_t>(chance % (2 * fifth + 1)));
  }

  options how_;
  std::array<slot, slots> window_{};
  bool is_open_ = false, half_ = false;
  time_point until_{};
  std::uint64_t life_ = 0, era_ = 0;
  std::uint32_t admitted_ = 0, passed_ = 0;
};

/// Does not call who is failing all the time, by a \ref circuit for each destination.
class breaker {
 public:
  static constexpr int rank = 90;             ///< its place in a stack
  breaker() : breaker(circuit::options{}) {}  ///< With the usual options.
  /// \param how options
  explicit breaker(circuit::options how) : how_(how) {}
  /// Calls, or refuses as `unavailable`. \param next what is inside \param request what
  /// \param done gets the answer \param how how
  void invoke(inside& next, message request, completion<message> done, call_options how) {
    const time_point now = next.on().now();
    auto of = all_.get(request.subject, [this] { return circuit(how_); });
    const auto ticket = of->admit(now, how.incarnation);
    if (!ticket)
      return next.answer(
          std::move(done),
          error{errc::unavailable, "the breaker for " + request.subject + " is open", {}});
    next(std::move(request),
         next.bind([of = std::move(of), ticket = *ticket, now, &on = next.on(),
                    done = std::move(done)](result<message> what) mutable {
           const time_point then = on.now();
           if (!what && what.error().why == errc::nobody_there)
             of->forget();
           else
             of->record(ticket, then, good(what), then - now, what ? what->incarnation : 0,
                        on.random());
           done(std::move(what));
         }),
         how);
  }
  /// \returns whether it is open for a destination \param subject the destination
  [[nodiscard]] bool open(const std::string& subject) const {
    const auto of = all_.find(subject);
    return of && of->open();
  }

 private:
  // An answer shows that somebody is there, also one that refuses.
  static bool good(const result<message>& what) noexcept {
    if (what) return true;
    const errc why = what.error().why;
    return why != errc::overloaded && why != errc::unavailable &&
           outcome_of(why) != outcome::unknown;
  }
  circuit::options how_;
  by_destination<circuit> all_;
};

/// Has so many calls under way to a destination; more are `overloaded` at once, so that one that
/// hangs does not take all there is.
class bulkhead {
 public:
  static constexpr int rank = 100;  ///< its place in a stack
  /// \param most how many at a time
  explicit bulkhead(std::size_t most = 64) noexcept : most_(most) {}
  /// Calls, or refuses. \param next what is inside \param request what \param done gets the answer
  /// \param how how
  void invoke(inside& next, message request, completion<message> done, call_options how) {
    const auto at = under_way_.try_emplace(request.subject, 0).first;
    if (at->second >= most_)
      return next.answer(std::move(done),
                         error{errc::overloaded,
                               std::to_string(most_) + " calls are under way to " + request.subject,
                               {}});
    ++at->second;
    next(std::move(request), next.bind([this, at, done = std::move(done)](auto what) mutable {
      if (--at->second == 0) under_way_.erase(at);
      done(std::move(what));
    }),
         how);
  }

 private:
  std::size_t most_;
  std::map<std::string, std::size_t> under_way_;
};

/// @}
}  // namespace gof::inline v0::decorator::distributed
