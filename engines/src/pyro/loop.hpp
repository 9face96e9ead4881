// SPDX-License-Identifier: BSL-1.0
#pragma once
// Serves all clients of a server in one thread.
#include <cstddef>
#include <memory>

#include "registry.hpp"
#include "socket.hpp"

namespace gof::inline v0::pyro::detail {

class loop {
 public:
  // The listener outlives it.
  loop(std::shared_ptr<registry> objects, tls_context tls, listener& at);
  // Ends all connections, once the call that runs has ended.
  ~loop();
  [[nodiscard]] std::size_t connections() const noexcept;

 private:
  class core;
  const std::unique_ptr<core> core_;
};

}  // namespace gof::inline v0::pyro::detail
