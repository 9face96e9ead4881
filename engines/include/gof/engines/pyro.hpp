// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// The engine for direct TCP, `pyro:`: nodes in many processes, and the broker that they share.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include <gof/engines/broker.hpp>
#include <gof/engines/storage.hpp>
#include <gof/node.hpp>
#include <gof/pyro/tls.hpp>

namespace gof::inline v0::engines {

/// \addtogroup engines
/// @{

/// What connections between nodes, and with their broker, are secured with: the same for all.
struct pyro_security {
  pyro::tls_options tls{};  ///< beyond this machine there has to be one, or `insecure`
  std::string secret{};     ///< 16 to 1024 bytes that all know, or none
  /// Beyond this machine, without TLS: whoever reaches a port takes part, and whoever is on the way
  /// reads and changes what is said.
  bool insecure = false;
};

/// How a broker is served.
struct pyro_broker_options {
  std::string host = "127.0.0.1";  ///< the address to listen at
  std::uint16_t port = 0;          ///< 0 for any that is free
  pyro_security security{};        ///< of its connections
  broker::policy allow{};          ///< who may do what; with one, all calls pass the broker
  std::function<void(const event&)> on_event{};  ///< told what happens, from its thread
};

/// A broker for nodes in other processes, in a thread of its own: logs, queues, keys and values,
/// topics, and calls to groups. Subjects that one node serves alone it tells the place of, so that
/// they are called there.
///
/// A node that is not heard of for fifteen seconds is gone, and one whose connections have ended
/// for a second. While a node's connections end and it comes again in time, nothing is lost nor
/// done twice: requests and answers are numbered, and are repeated until they have come. \threads
/// any
class pyro_broker {
 public:
  /// \param keep where it keeps what must last; null keeps it for as long as this object
  /// \param how options
  /// \throws failure conflict where the port is in use, refused where it is neither secured nor on
  /// this machine, unavailable; damaged
  explicit pyro_broker(std::unique_ptr<storage> keep = {}, pyro_broker_options how = {});
  pyro_broker(const pyro_broker&) = delete;
  pyro_broker& operator=(const pyro_broker&) = delete;
  /// Ends. Nodes look for another one at the same place.
  ~pyro_broker();
  /// \returns the port
  [[nodiscard]] std::uint16_t port() const noexcept;
  /// \returns what nodes join, such as `pyro://127.0.0.1:4000`
  [[nodiscard]] std::string url() const;

 private:
  class core;
  std::unique_ptr<core> core_;
};

/// How a node takes part.
struct pyro_options {
  pyro_security security{};  ///< of its connections
  /// Where others call what it serves alone: an address of this machine that they reach. Where it
  /// is empty, that is 127.0.0.1 if the broker is on this machine, and otherwise nowhere: calls
  /// pass the broker.
  std::string host{};
};

/// \returns a node on a broker in another process. All that it does, it does in the thread that
/// runs it. Where the broker is out of reach, that is told (event::kind::lost), and what was asked
/// waits; a broker that was started again is told again of what this node serves and listens to,
/// and operations that were under way are unknown (errc::closed). \param rest_of_url `//HOST:PORT`
/// \param node_name its name; one is made up where it is empty \param how options
/// \throws failure refused where that is no address; conflict where a node of that name is there;
/// nobody_there, denied, unavailable where there is no broker in five seconds \threads any
[[nodiscard]] std::unique_ptr<node> join_pyro(const std::string& rest_of_url, std::string node_name,
                                              pyro_options how = {});

/// @}
}  // namespace gof::inline v0::engines
