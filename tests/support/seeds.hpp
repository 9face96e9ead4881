// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// How many seeds a test goes through: fewer where everything is ten times slower.

#include <cstdint>
#include <cstdlib>
#include <string>

namespace gof::testing {

/// `usual`, or what the environment variable GOF_SEEDS says, as it does under sanitizers.
inline std::uint64_t seeds(std::uint64_t usual) {
  const char* asked = std::getenv("GOF_SEEDS");
  return asked == nullptr ? usual : std::stoull(asked);
}

}  // namespace gof::testing
