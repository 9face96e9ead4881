// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// Places on this machine, and a port for a server that ends and comes again.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <random>

namespace gof::testing {

/// \returns a place on this machine. \param port its port, 0 for any
inline sockaddr_in here(std::uint16_t port) {
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_port = htons(port);
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return at;
}
/// \returns a port of this machine that nobody listens at, and that no connection is given by
/// chance: it is below those
inline std::uint16_t free_port() {
  for (std::random_device chance;;) {
    const auto port = static_cast<std::uint16_t>(20'000 + chance() % 10'000);
    const int it = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_in at = here(port);
    const bool is = ::bind(it, reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0;
    ::close(it);
    if (is) return port;
  }
}

}  // namespace gof::testing
