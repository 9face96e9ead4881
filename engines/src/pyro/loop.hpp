// SPDX-License-Identifier: BSL-1.0
#pragma once
// Serves all clients of a server in one thread.
#include <boost/asio/io_context.hpp>
#include <cstddef>
#include <memory>

#include "registry.hpp"
#include "socket.hpp"

namespace gof::inline v0::pyro::detail {

class loop {
 public:
  // In what somebody else runs, of which it is the last owner; or in a thread of its own. The
  // listener outlives it.
  loop(std::shared_ptr<registry> objects, tls_context tls, listener& at,
       std::shared_ptr<boost::asio::io_context> in = {});
  // Ends all connections, once the call that runs has ended.
  ~loop();
  [[nodiscard]] std::size_t connections() const noexcept;

 private:
  class core;
  const std::unique_ptr<core> core_;
};

}  // namespace gof::inline v0::pyro::detail
