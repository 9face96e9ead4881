// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// Layers that answer by themselves: a cache, and a fallback.

#include <algorithm>
#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gof/distributed/decorator.hpp>

namespace gof::inline v0::decorator::distributed {

/// \addtogroup decorator_distributed
/// @{

/// \returns whether an answer is a fallback's: nobody gave it. \param it the answer
[[nodiscard]] inline bool degraded(const message& it) noexcept { return it.incarnation == 0; }

/// Answers that were given, for a time. It knows no node, and no clock. Several caches of a thread
/// may share one.
/// \law ToWhomItWasGiven: what is found was kept under the same question: also by the same
/// principal.
/// \law Bounded: it holds so many bytes at most.
class answers {
 public:
  /// What was asked.
  struct question {
    std::string subject,  ///< whom
        body,             ///< and what
        principal,        ///< who asks: another one may be answered otherwise
        schema;           ///< how the bodies are to be understood
    auto operator<=>(const question&) const = default;  ///< by all of it
  };
  /// \param most the bytes it holds at most
  explicit answers(std::size_t most = std::size_t(8) << 20) noexcept : most_(most) {}
  /// \returns the answer; null where there is none any more \param what the question
  /// \param now the time
  [[nodiscard]] const message* find(const question& what, time_point now) const {
    const auto found = all_.find(what);
    return found != all_.end() && now < found->second.until ? &found->second.answer : nullptr;
  }
  /// Keeps an answer; others go where there is no room. \param what the question \param answer it
  /// \param now the time \param until until when
  void keep(question what, message answer, time_point now, time_point until) {
    if (const auto old = all_.find(what); old != all_.end()) forget(old);
    const std::size_t size = size_of(what, answer);
    if (size > most_) return;
    if (bytes_ + size > most_)
      for (auto i = all_.begin(); i != all_.end();) i = i->second.until <= now ? forget(i) : ++i;
    while (bytes_ + size > most_)
      forget(std::min_element(all_.begin(), all_.end(), [](const auto& a, const auto& b) {
        return a.second.until < b.second.until;
      }));
    bytes_ += size;
    all_.emplace(std::move(what), kept{std::move(answer), until});
  }
  /// \returns how many bytes it holds
  [[nodiscard]] std::size_t size() const noexcept { return bytes_; }

 private:
  struct kept {
    message answer;
    time_point until;
  };
  using place = std::map<question, kept>::iterator;
  static std::size_t size_of(const question& what, const message& answer) noexcept {
    return 256 + what.subject.size() + what.body.size() + what.principal.size() +
           answer.body.size();
  }
  place forget(place it) noexcept {
    bytes_ -= size_of(it->first, it->second.answer);
    return all_.erase(it);
  }
  std::map<question, kept> all_;
  std::size_t most_, bytes_ = 0;
};

/// Answers a repeatable call as it was answered to the same principal, for a time; and asks once
/// for all who ask the same meanwhile. Only what succeeded is kept, and no fallback.
class cache {
 public:
  static constexpr int rank = 20;  ///< its place in a stack
  /// What to keep, and for how long.
  struct options {
    duration keeps =
        std::chrono::seconds(1);      ///< a fifth more or less, so that not all ends at once
    std::string schema{};             ///< how bodies are understood here, such as "2"
    std::shared_ptr<answers> kept{};  ///< where; one of its own, if there is none
  };
  cache() : cache(options{}) {}  ///< With the usual options.
  /// \param how options
  explicit cache(options how) : how_(std::move(how)) {
    if (!how_.kept) how_.kept = std::make_shared<answers>();
  }
  /// Answers, or calls. \param next what is inside \param request what; on behalf of its
  /// `principal`, where it names one, else of the node \param done gets the answer \param how how
  void invoke(inside& next, message request, completion<message> done, call_options how) {
    if (!how.repeatable) return next(std::move(request), std::move(done), how);
    const time_point now = next.on().now();
    answers::question what{request.subject, request.body,
                           request.principal.empty() ? next.on().name() : request.principal,
                           how_.schema};
    if (const message* found = how_.kept->find(what, now))
      return next.answer(std::move(done), *found);
    const time_point until = now + how.deadline;
    const auto [at, is_new] = under_way_.try_emplace(what);
    // One that ends much before this one would, or after it, is not waited for.
    if (!is_new && at->second.until <= until && at->second.until - now >= how.deadline / 2)
      return at->second.others.push_back(std::move(done));
    if (!is_new) return next(std::move(request), std::move(done), how);
    at->second.until = until;
    next(std::move(request),
         next.bind([this, &next, at, done = std::move(done)](auto came) mutable {
           const answers::question asked = at->first;
           const auto others =
               std::make_shared<std::vector<completion<message>>>(std::move(at->second.others));
           under_way_.erase(at);
           if (came && !degraded(*came)) {
             const time_point then = next.on().now();
             const auto fifth = static_cast<std::uint64_t>(how_.keeps.count() / 5);
             const auto jitter = static_cast<std::int64_t>(next.on().random() % (2 * fifth + 1));
             how_.kept->keep(
                 asked, *came, then,
                 then + how_.keeps - duration(static_cast<std::int64_t>(fifth)) + duration(jitter));
           }
           for (completion<message>& one : *others) next.answer(std::move(one), came);
           done(std::move(came));
         }),
         how);
  }

 private:
  struct flight {
    time_point until{};
    std::vector<completion<message>> others{};
  };
  options how_;
  std::map<answers::question, flight> under_way_;
};

/// Answers where all attempts have failed, in a way that can be told from an answer: see \ref
/// degraded. Not where a call that is not repeatable may have taken place: what the fallback does
/// instead would be done besides.
class fallback {
 public:
  static constexpr int rank = 50;  ///< its place in a stack
  /// Gives another answer, or none.
  using function =
      unique_function<std::optional<std::string>(const message& request, const error& why)>;
  /// \param f gives another answer, or none
  explicit fallback(function f) : f_(std::make_shared<function>(std::move(f))) {}
  /// Calls, and answers otherwise where that fails. \param next what is inside \param request what
  /// \param done gets the answer \param how how
  void invoke(inside& next, message request, completion<message> done, call_options how) {
    struct kept {
      message request;
      completion<message> done;
    };
    auto it = std::make_shared<kept>(kept{request, std::move(done)});
    next(std::move(request), next.bind([f = f_, it, repeatable = how.repeatable](auto came) {
      if (!came && (repeatable || outcome_of(came.error().why) != outcome::unknown))
        if (auto instead = (*f)(it->request, came.error()))
          came = message(it->request.subject, std::move(*instead));
      it->done(std::move(came));
    }),
         how);
  }

 private:
  std::shared_ptr<function> f_;
};

/// @}
}  // namespace gof::inline v0::decorator::distributed
