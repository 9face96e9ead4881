// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// A lease: one of many nodes has a resource for a time, and a token by which the resource knows
/// it.

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include <gof/node.hpp>

namespace gof::inline v0 {

/// \addtogroup node
/// @{

/// Wants a resource, holds it while it renews it, and has it again after it was lost.
///
/// A holder may believe that it holds when it does not any more: it was paused, or cut off. So each
/// holding has a token, greater than all before it, and the resource refuses a smaller one than it
/// has seen. Expiry is observed, not trusted: another node takes over when it has seen no renewal
/// for 1.25 times the time to live on its own clock; a holder's own time begins before it asks.
///
/// \law The tokens that a resource accepts never fall.
/// \threads of one node, which outlives it
/// \source Burrows, *The Chubby lock service* (2006), section 2.4, sequencers; Gray and Cheriton,
/// *Leases* (1989)
class lease {
 public:
  /// Wants it from now on. \param on the node \param resource words between dots
  /// \param time_to_live how long a holder that is not heard of keeps it
  /// \param changed called when it is held, with the token, and when it is not any more, with 0
  lease(node& on, std::string resource, duration time_to_live,
        std::function<void(std::uint64_t token)> changed = {})
      : node_(&on),
        resource_(std::move(resource)),
        ttl_(time_to_live),
        changed_(std::move(changed)),
        mark_(on.name() + ' ' + std::to_string(on.incarnation()) + ' ' +
              std::to_string(on.random())) {
    watch_options how;
    how.on_current = scope_.bind([this] {
      known_ = true;
      look();
    });
    watching_ = on.watch(bucket, resource_, scope_.bind([this](const versioned& v) { seen(v); }),
                         std::move(how));
  }
  lease(const lease&) = delete;
  lease& operator=(const lease&) = delete;
  /// Gives it up, if the node can still say so.
  ~lease() { release(); }

  /// \returns whether it is held, by this node's own clock
  [[nodiscard]] bool held() const { return token_ != 0 && node_->now() < until_; }
  /// \returns the token to show to the resource; 0 where it is not held
  [[nodiscard]] std::uint64_t token() const { return held() ? token_ : 0; }
  /// Gives it up, and wants it no more: another node may have it at once.
  void release() {
    if (std::exchange(wanted_, false) && token_ != 0) give_up();
    lose();
  }

 private:
  static constexpr const char* bucket = "gof.leases";
  static constexpr duration longest = std::chrono::hours(24);
  static constexpr duration longest_pause = std::chrono::milliseconds(250);

  // Somebody has renewed or released it, or this node has.
  void seen(const versioned& v) {
    there_ = v.value ? v.version : absent;
    since_ = node_->now();
    theirs_ = v.value ? time_to_live_in(*v.value) : ttl_;
    if (!v.value || !v.value->starts_with(mark_)) {
      lose();
    } else if (token_ != 0) {
      version_ = std::max(version_, v.version);  // a renewal whose answer was lost
    } else if (*v.value == value_) {             // the same of the last that was asked for
      asked_ = begun_;
      hold(v.version);
    }
    if (known_) look();
  }
  // As its holder says, at the end of the value; where it does not, the own one.
  [[nodiscard]] duration time_to_live_in(std::string_view value) const {
    std::int64_t span = 0;
    const std::string_view last = value.substr(value.rfind(' ') + 1);
    const auto end = std::from_chars(last.data(), last.data() + last.size(), span);
    const bool is_one = last.ends_with("ns") && end.ptr + 2 == last.data() + last.size();
    return end.ec == std::errc() && is_one && span > 0 ? std::min<duration>(duration(span), longest)
                                                       : ttl_;
  }
  // Takes it, if it is free.
  void look() {
    timer_.drop();
    if (!wanted_) return;
    if (held()) {
      timer_ = node_->after(ttl_ / 3, scope_.bind([this] { ask(version_); }));
      return;
    }
    lose();
    const time_point over = there_ == absent ? since_ : since_ + theirs_ + theirs_ / 4;
    const duration rest = std::max(over, patient_until_) - node_->now();
    if (rest <= duration::zero() && !asking_) return ask(there_);
    timer_ = node_->after(asking_ ? ttl_ / 8 : rest, scope_.bind([this] { look(); }));
  }
  // Takes or renews it, against the version that was seen.
  void ask(std::uint64_t expected) {
    if (std::exchange(asking_, true)) return;
    const time_point begun = begun_ = node_->now();
    value_ = mark_ + ' ' + std::to_string(++asks_) + ' ' + std::to_string(ttl_.count()) + "ns";
    operation_options how;
    how.deadline = ttl_ / 3;
    node_
        ->put(bucket, resource_, value_, expected,
              scope_.bind([this, begun](const result<std::uint64_t>& r) {
                asking_ = false;
                if (r) {
                  asked_ = begun;
                  hold(*r);
                }
                wait_longer();
                look();
              }),
              how)
        .detach();
  }
  // Who asks in vain leaves room for others; its own time may be too short to ever have it.
  void wait_longer() {
    misses_ = held() ? 0 : std::min(misses_ + 1, 5);
    if (misses_ == 0) return;
    const auto most = static_cast<std::uint64_t>(longest_pause.count() >> (5 - misses_));
    patient_until_ = node_->now() + duration(static_cast<std::int64_t>(node_->random() % most));
  }
  void hold(std::uint64_t version) {
    if (version < version_) return;
    version_ = version;
    if (!wanted_) return give_up();  // it was on its way when it was released
    until_ = asked_ + ttl_;
    if (token_ != 0 || node_->now() >= until_) return;
    token_ = version;
    if (changed_) changed_(token_);
  }
  void give_up() {
    node_->erase(bucket, resource_, version_, [](const result<std::uint64_t>&) {}).detach();
  }
  void lose() {
    if (std::exchange(token_, 0) != 0 && changed_) changed_(0);
  }

  node* node_;
  std::string resource_;
  duration ttl_;
  std::function<void(std::uint64_t)> changed_;
  std::string mark_;   // whose it is, at the beginning of the value
  std::string value_;  // of the last that was asked for
  bool wanted_ = true, known_ = false, asking_ = false;
  std::uint64_t there_ = absent;  // the version that was seen; absent where it is free
  time_point since_{};            // when
  duration theirs_{};             // the time to live that was seen with it
  time_point asked_{}, begun_{};  // when the holding was asked for, or renewed; the last asking
  std::uint64_t asks_ = 0;
  int misses_ = 0;              // how often it was asked for in vain, one after the other
  time_point patient_until_{};  // so long it is not asked for
  std::uint64_t token_ = 0, version_ = 0;
  time_point until_{};
  registration watching_, timer_;
  scope scope_;
};

/// @}
}  // namespace gof::inline v0
