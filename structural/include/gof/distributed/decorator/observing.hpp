// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// Layers to see what happens, and to make it happen: trace context, and chaos.

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <gof/distributed/decorator.hpp>

namespace gof::inline v0::decorator::distributed {

/// \addtogroup decorator_distributed
/// @{

/// Which trace a call belongs to, and which span of it, as W3C's `traceparent` says it.
struct trace_context {
  std::array<std::uint64_t, 2> trace{};  ///< not both zero
  std::uint64_t span = 0;                ///< not zero
  std::uint8_t flags = 0;                ///< bit 0: somebody records it
  /// \returns what a text says, also that of a later version; none where it is not valid
  /// \param text such as `00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01`
  [[nodiscard]] static constexpr std::optional<trace_context> parse(
      std::string_view text) noexcept {
    constexpr std::size_t length = 55;
    std::uint64_t version = 0, flags = 0;
    trace_context it;
    const bool good = text.size() >= length && text[2] == '-' && text[35] == '-' &&
                      text[52] == '-' && hex(text.substr(0, 2), version) && version != 0xff &&
                      hex(text.substr(3, 16), it.trace[0]) &&
                      hex(text.substr(19, 16), it.trace[1]) && hex(text.substr(36, 16), it.span) &&
                      hex(text.substr(53, 2), flags) && (it.trace[0] | it.trace[1]) != 0 &&
                      it.span != 0;
    // Of version 0 it is known how it ends; a later one may go on.
    if (!good || (text.size() > length && (version == 0 || text[length] != '-'))) return {};
    it.flags = static_cast<std::uint8_t>(flags & 1);
    return it;
  }
  /// \returns the text
  [[nodiscard]] std::string text() const {
    std::string all(55, '-');
    all[0] = all[1] = '0';
    write(all, 3, 16, trace[0]);
    write(all, 19, 16, trace[1]);
    write(all, 36, 16, span);
    write(all, 53, 2, flags);
    return all;
  }

 private:
  static constexpr bool hex(std::string_view digits, std::uint64_t& to) noexcept {
    for (const char c : digits) {
      if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) return false;
      to = to << 4 | static_cast<std::uint64_t>(c <= '9' ? c - '0' : c - 'a' + 10);
    }
    return true;
  }
  static void write(std::string& to, std::size_t at, std::size_t count, std::uint64_t number) {
    for (std::size_t i = count; i-- > 0; number >>= 4) to[at + i] = "0123456789abcdef"[number & 15];
  }
};

/// What a call, or an attempt, was.
struct span {
  trace_context context{};       ///< its own
  std::uint64_t parent = 0;      ///< the span that it belongs to; 0 for none
  std::string subject{};         ///< who was called
  std::uint32_t attempt = 1;     ///< the how-manieth attempt
  time_point began{};            ///< when, on the node's clock
  duration took{};               ///< how long
  std::optional<errc> failed{};  ///< why it has failed
};

/// Told of each span when it ends.
using recorder = unique_function<void(const span&)>;

namespace detail {
class tracing {
 public:
  explicit tracing(recorder to) : to_(to ? std::make_shared<recorder>(std::move(to)) : nullptr) {}
  void invoke(inside& next, message request, completion<message> done, call_options how) {
    const auto parent = trace_context::parse(request.trace);
    trace_context mine = parent ? *parent : trace_context{};
    node& on = next.on();
    if (!parent) mine = {{on.random(), on.random() | 1}, 0, to_ != nullptr};
    mine.span = on.random() | 1;
    request.trace = mine.text();
    if (!to_) return next(std::move(request), std::move(done), how);
    auto it = std::make_shared<span>(
        span{mine, parent ? parent->span : 0, request.subject, how.attempt, on.now(), {}, {}});
    next(std::move(request),
         next.bind([it, to = to_, &on, done = std::move(done)](result<message> came) mutable {
           it->took = on.now() - it->began;
           if (!came) it->failed = came.error().why;
           (*to)(*it);
           done(std::move(came));
         }),
         how);
  }

 private:
  std::shared_ptr<recorder> to_;
};
}  // namespace detail

/// Gives each call a span, in the trace of its request or in a new one. A trace that is not valid
/// is left out.
class trace : public detail::tracing {
 public:
  static constexpr int rank = 10;  ///< its place in a stack
  /// \param to told of each call; none for no one
  explicit trace(recorder to = {}) : tracing(std::move(to)) {}
};
/// Gives each attempt a span, in the call's.
class attempt_trace : public detail::tracing {
 public:
  static constexpr int rank = 70;  ///< its place in a stack
  /// \param to told of each attempt; none for no one
  explicit attempt_trace(recorder to = {}) : tracing(std::move(to)) {}
};

/// Makes go wrong what may go wrong on a network, to try what is outside of it.
class chaos {
 public:
  static constexpr int rank = 120;  ///< its place in a stack
  /// What goes wrong, of 1,000 calls.
  struct options {
    std::uint32_t late = 0;                        ///< so many leave late
    duration by = std::chrono::milliseconds(100);  ///< by so much at most
    std::uint32_t lost = 0;                        ///< of so many the answer is lost
    std::uint32_t failed = 0;                      ///< so many are `unavailable` at once
  };
  /// What becomes of a call.
  struct fate {
    duration late{};     ///< so late it leaves
    bool lost = false,   ///< its answer is lost
        failed = false;  ///< it is `unavailable`
  };
  /// \param how options
  explicit chaos(options how) : how_(how) {}
  /// \returns what becomes of a call \param how options \param chance any number
  [[nodiscard]] static constexpr fate draw(const options& how, std::uint64_t chance) noexcept {
    fate it;
    it.failed = chance % 1000 < how.failed;
    it.lost = chance / 1000 % 1000 < how.lost;
    if (chance / 1'000'000 % 1000 < how.late)
      it.late = how.by / 1000 * static_cast<std::int64_t>(1 + chance / 1'000'000'000 % 1000);
    return it;
  }
  /// Calls, or not. \param next what is inside \param request what \param done gets the answer
  /// \param how how
  void invoke(inside& next, message request, completion<message> done, call_options how) {
    const fate it = draw(how_, next.on().random());
    if (it.failed) return next.answer(std::move(done), error{errc::unavailable, "chaos", {}});
    if (it.lost || it.late >= how.deadline)
      next.on()
          .after(how.deadline, next.bind([done = std::exchange(done, {})]() mutable {
            done(error{errc::deadline, "chaos", {}});
          }))
          .detach();
    if (it.late >= how.deadline) return;
    if (!done) done = [](const result<message>&) {};
    if (it.late <= duration::zero()) return next(std::move(request), std::move(done), how);
    how.deadline -= it.late;
    next.on()
        .after(it.late,
               next.bind([&next, request = std::move(request), done = std::move(done),
                          how]() mutable { next(std::move(request), std::move(done), how); }))
        .detach();
  }

 private:
  options how_;
};

/// @}
}  // namespace gof::inline v0::decorator::distributed
