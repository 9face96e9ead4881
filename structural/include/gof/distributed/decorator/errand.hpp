// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// What one who serves a call asks of others for it: trace, time left and the mark of a retry go
/// on.

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>
#include <utility>

#include <gof/distributed/decorator.hpp>

namespace gof::inline v0::decorator::distributed {

/// \addtogroup decorator_distributed
/// @{

/// What one who serves a call asks of others for it: their calls belong to its trace, end before it
/// does, and are not repeated where it is a repetition.
class errand {
 public:
  /// Begins with the call. \param on the node \param asked what is served
  errand(const node& on, const message& asked)
      : node_(&on),
        until_(on.now() + asked.remaining),
        trace_(asked.trace),
        principal_(asked.principal),
        attempt_(asked.attempt) {}
  /// \returns a request that belongs to it \param it the request
  [[nodiscard]] message request(message it) const {
    it.trace = trace_;
    it.principal = principal_;  // on whose behalf: a cache has to know
    return it;
  }
  /// \returns how to make a call that ends before it does \param how how it would be made otherwise
  /// \param margin how long before
  [[nodiscard]] call_options within(call_options how = {},
                                    duration margin = std::chrono::milliseconds(5)) const {
    how.deadline = std::min(how.deadline, until_ - node_->now() - margin);
    how.attempt = std::max(how.attempt, attempt_);
    return how;
  }
  /// \returns what to answer where a call for it has failed: those outside do not repeat what was
  /// repeated here as often as it should be \param why what came of that call
  [[nodiscard]] static error failed(const error& why) {
    switch (why.why) {
      case errc::nobody_there:
      case errc::overloaded:
      case errc::unavailable:
      case errc::deadline:
      case errc::cancelled:
      case errc::closed:
        return {errc::failed_there, why.text(), "gof::failure"};
      default:
        return why;
    }
  }

 private:
  const node* node_;
  time_point until_;
  std::string trace_, principal_;
  std::uint32_t attempt_;
};

/// @}
}  // namespace gof::inline v0::decorator::distributed
