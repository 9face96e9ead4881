// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// What a call belongs to: it goes with the call, and on to those that are made for it.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include <gof/node.hpp>
#include <gof/pyro/message.hpp>

namespace gof::inline v0::pyro {

/// \addtogroup pyro
/// @{

/// What a call belongs to. What is set of it goes with the call: in annotations, which are text, so
/// that a Python program reads and sets them as `current_context.annotations`; and in the header,
/// where that is `current_context.correlation_id`.
struct call_context {
  operation_id id{};  ///< `OPID`, `client/sequence`: the operation, the same for each attempt
  std::uint64_t incarnation = 0;  ///< `LIFE`: the life of the caller; a new one after a restart
  std::string trace{};            ///< `TRCE`: a W3C `traceparent`
  /// `LEFT`, in nanoseconds: what is left until then; a server counts from when it takes the call
  /// up. After that nothing is called any more, neither by the caller nor by a server of ours, and
  /// nobody waits for an answer.
  std::optional<std::chrono::steady_clock::time_point> deadline{};
  std::optional<correlation_id> correlation{};  ///< what Pyro itself passes on
};

/// \returns what the calls of this thread belong to: as a context_scope says, or, in an object that
/// is called by a server of ours, what the call itself belongs to, if anything; null elsewhere
[[nodiscard]] const call_context* current_context() noexcept;

/// As long as it lives, the calls that are made in its thread belong to this.
///
///     const gof::pyro::context_scope scope({.trace = request.traceparent});
///     warehouse->store("alice", "chess");  // and what this calls in turn
///
/// \threads one: it ends where it began, and those within it end before
class context_scope {
 public:
  /// \param what what they belong to; to nothing, if nothing of it is set
  explicit context_scope(call_context what) noexcept;
  context_scope(const context_scope&) = delete;
  context_scope& operator=(const context_scope&) = delete;
  /// They belong to what they belonged to before.
  ~context_scope();

 private:
  const call_context what_;
  const call_context* const outer_;
};

/// \cond
namespace detail {
// What is sent with a call.
struct context_sent {
  std::string chunks{};
  std::optional<correlation_id> correlation{};
  std::chrono::steady_clock::time_point until = std::chrono::steady_clock::time_point::max();
};
// Throws refused where it is too late.
[[nodiscard]] context_sent context_to_send();
// The same, as it came. What is not written like this is somebody else's.
[[nodiscard]] call_context context_of(const annotations& notes,
                                      const std::optional<correlation_id>& correlation);
// How long a call may take. Throws refused where it is too late for it.
[[nodiscard]] duration patience(duration most);
}  // namespace detail
/// \endcond

/// @}
}  // namespace gof::inline v0::pyro
