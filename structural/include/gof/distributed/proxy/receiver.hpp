// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// Calls that run once: what the object remembers of its callers, and the numbers that they give.

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <iterator>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <gof/node.hpp>

namespace gof::inline v0::proxy::distributed {

/// \addtogroup proxy_distributed
/// @{

/// How much an exposed object remembers of its callers.
struct remembering {
  duration lease = std::chrono::minutes(2);  ///< a session ends when it is unused for so long
  std::size_t sessions = 1024;               ///< so many; one more is refused as overloaded
  std::size_t answers = 1024;                ///< so many calls of a session at a time
  std::size_t bytes = 16 << 20;              ///< of all answers; with so many, calls are overloaded
};

/// The Idempotent Receiver: which calls have run, and what came of them. It knows no node, no
/// clock, and no chance.
///
/// \law A call is fresh once: from then on it is repeated, with the answer that was kept, or stale,
/// or its session has ended.
/// \law What it keeps is within its bounds, and one answer more.
class receiver {
 public:
  /// What a call is.
  enum class verdict : std::uint8_t {
    fresh,     ///< it is to be executed, and its answer kept
    repeated,  ///< it was executed: here is its answer
    stale,     ///< its caller has had its answer, or does not want it
    misused,   ///< another call has its number
    ended,     ///< there is no such session, or not of this caller: whether it ran is not known
    full       ///< too much is kept
  };
  /// \param most how much to remember
  explicit receiver(remembering most = {}) : most_(most) {}

  /// Begins a session. \param number its number, by chance \param owner who may use it
  /// \param now the time \returns false where there are too many
  bool open(std::uint64_t number, std::string owner, time_point now) {
    forget(now);
    if (by_use_.size() >= most_.sessions || all_.contains(number)) return false;
    by_use_.push_back({number, std::move(owner), now});
    all_[number] = std::prev(by_use_.end());
    return true;
  }
  /// Looks a call up. \param id its session and number, from 1 on \param first all numbers below
  /// are over for the caller \param content a digest of the call \param who the caller
  /// \param now the time \returns what it is, and its answer where it is repeated
  std::pair<verdict, const std::string*> admit(operation_id id, std::uint64_t first,
                                               std::uint64_t content, std::string_view who,
                                               time_point now) {
    forget(now);
    const auto found = all_.find(id.client);
    if (found == all_.end() || found->second->owner != who) return {verdict::ended, nullptr};
    session& of = *found->second;
    of.used = now;
    by_use_.splice(by_use_.end(), by_use_, found->second);
    for (; of.first < first && !of.kept.empty(); ++of.first) release(of);
    of.first = std::max(of.first, first);
    if (id.sequence < of.first) return {verdict::stale, nullptr};
    const std::uint64_t place = id.sequence - of.first;
    if (place < of.kept.size() && of.kept[place].ran) {
      const record& it = of.kept[place];
      if (it.content != content) return {verdict::misused, nullptr};
      return {verdict::repeated, &it.answer};
    }
    if (place >= most_.answers || bytes_ >= most_.bytes) return {verdict::full, nullptr};
    if (place >= of.kept.size()) of.kept.resize(place + 1);
    of.kept[place] = {true, content, {}};
    return {verdict::fresh, nullptr};
  }
  /// Keeps the answer of a call that was fresh. \param id the call \param answer it
  void keep(operation_id id, std::string answer) {
    const auto found = all_.find(id.client);
    if (found == all_.end()) return;
    session& of = *found->second;
    if (id.sequence - of.first >= of.kept.size()) return;
    bytes_ += answer.size();
    of.kept[id.sequence - of.first].answer = std::move(answer);
  }
  /// \returns how many sessions there are
  [[nodiscard]] std::size_t sessions() const noexcept { return by_use_.size(); }
  /// \returns how many bytes of answers it keeps
  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

 private:
  struct record {
    bool ran = false;
    std::uint64_t content = 0;
    std::string answer{};
  };
  struct session {
    std::uint64_t number;
    std::string owner;
    time_point used;
    std::uint64_t first = 1;  // the number of the first that is kept
    std::deque<record> kept{};
  };
  void release(session& of) {
    bytes_ -= of.kept.front().answer.size();
    of.kept.pop_front();
  }
  void forget(time_point now) {
    while (!by_use_.empty() && now - by_use_.front().used > most_.lease) {
      session& of = by_use_.front();
      while (!of.kept.empty()) release(of);
      all_.erase(of.number);
      by_use_.pop_front();
    }
  }

  remembering most_;
  std::size_t bytes_ = 0;
  std::list<session> by_use_;  // the one unused for longest first
  std::unordered_map<std::uint64_t, std::list<session>::iterator> all_;
};

/// The numbers of a caller's calls in a session, and which of them are not over.
class numbering {
 public:
  /// \returns the next number, from 1 on
  std::uint64_t next() { return under_way_.push_back(++last_), last_; }
  /// It is over: answered, or nobody waits any more. \param number which
  void over(std::uint64_t number) { std::erase(under_way_, number); }
  /// \returns the first that is not over: all below are
  [[nodiscard]] std::uint64_t first() const noexcept {
    return under_way_.empty() ? last_ + 1 : under_way_.front();
  }
  /// \returns whether all are over
  [[nodiscard]] bool idle() const noexcept { return under_way_.empty(); }

 private:
  std::uint64_t last_ = 0;
  std::vector<std::uint64_t> under_way_;  // growing
};

/// @}
}  // namespace gof::inline v0::proxy::distributed
