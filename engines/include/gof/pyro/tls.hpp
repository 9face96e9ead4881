// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// What a connection is secured with.

#include <string>

namespace gof::inline v0::pyro {

/// \addtogroup pyro
/// @{

/// TLS 1.3 from the first byte, with certificates on both sides. Files are PEM.
struct tls_options {
  std::string certificate{};  ///< a file with one's own, and those that lead to an authority's
  std::string key{};          ///< a file with its private key
  std::string password{};     ///< of the key; empty where it needs none
  std::string
      authorities{};  ///< a file or a folder with those that are trusted; empty: the system's
  /// A server refuses clients without a certificate of an authority. A client always wants one of
  /// the server, for the host that it connects to.
  bool require_client = true;
  /// \returns whether anything is set: connections are secured then
  explicit operator bool() const noexcept { return !certificate.empty() || !authorities.empty(); }
};

/// @}
}  // namespace gof::inline v0::pyro
