// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// A secret that clients and a server share, shown without being told.

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include <gof/pyro/server.hpp>
#include <gof/pyro/value.hpp>

namespace gof::inline v0::pyro {

/// \addtogroup pyro
/// @{

/// Lets in who knows a secret. A client proves that it knows it when it connects, and a server
/// believes each proof once, for a minute:
///
///     const gof::pyro::secret key(text);                      // both sides
///     gof::pyro::server at({.admit = key});                   // the server
///     gof::pyro::remote_object it(where, {.proves = [=] { return key.proof("ann"); }});
///
/// A proof is a dict of `user`, `time` (seconds since 1970), `nonce` (32 hexadecimal digits) and
/// `mac`, the HMAC-SHA256 of `TIME NONCE USER` in hexadecimal; tests/engines/pyro/secret.py makes
/// one in Python. What comes after the handshake is not protected: whoever is on the way reads and
/// changes it, and may be quicker with a proof that he sees. So use it on this machine, or within
/// TLS. A server that was started again believes once more what was shown to the one before, for
/// the minute. Copies share what they have seen. \threads any
class secret {
 public:
  using clock = std::chrono::system_clock;  ///< for both sides, whose clocks are nearly the same
  /// How far the time of a proof may be from now.
  static constexpr std::chrono::seconds lifetime{60};
  /// How many clients are let in within a minute: so many proofs are known as used.
  static constexpr std::size_t most_proofs = 10'000;
  /// No secret has fewer bytes.
  static constexpr std::size_t least_bytes = 16;

  /// \param key the secret \throws std::invalid_argument where it is too short
  explicit secret(std::string_view key);

  /// \returns what is shown, for calling::proves: each can be used once
  /// \param user who says so \param now the time
  [[nodiscard]] value proof(std::string_view user, clock::time_point now = clock::now()) const;
  /// Believes a proof, once. \returns the user \param shown the proof \param now the time
  /// \throws failure denied for no proof, one with another secret, of another time, or used before;
  /// overloaded
  std::string check(const value& shown, clock::time_point now = clock::now()) const;
  /// The same, for serving::admit. \param who the client \returns the user
  value operator()(const visitor& who) const { return check(who.handshake); }

 private:
  struct state;
  std::shared_ptr<state> state_;
};

/// @}
}  // namespace gof::inline v0::pyro
