// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// The usual layers around a node's calls, in one line.

#include <gof/distributed/decorator/attempts.hpp>
#include <gof/distributed/decorator/guards.hpp>
#include <gof/distributed/decorator/observing.hpp>

namespace gof::inline v0::decorator::distributed {

/// \addtogroup decorator_distributed
/// @{

/// A node's calls with a trace, a deadline, retries from a budget, a breaker and a bulkhead. A call
/// that is not repeatable is repeated only where it has an operation id, or was not sent.
class resilient final : public stack<trace, deadline, retry, attempt_trace, breaker, bulkhead> {
 public:
  /// \param on the node, which outlives this \param tries how to retry
  explicit resilient(node& on, retry::options tries = {})
      : stack(on, trace(), deadline(), retry(tries), attempt_trace(), breaker(), bulkhead()) {}
};

/// @}
}  // namespace gof::inline v0::decorator::distributed
