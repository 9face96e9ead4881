// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// Cuts bytes into chunks where the bytes themselves say so: after a change, the cuts behind it are
/// where they were.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace world {

/// A number for each byte; any that look like chance will do.
inline constexpr std::array<std::uint64_t, 256> chance = [] {
  std::array<std::uint64_t, 256> numbers{};
  std::uint64_t n = 0;
  for (std::uint64_t& each : numbers) {
    n += 0x9E3779B97F4A7C15U;
    each = (n ^ n >> 30U) * 0xBF58476D1CE4E5B9U;
    each = (each ^ each >> 27U) * 0x94D049BB133111EBU;
  }
  return numbers;
}();

/// \returns the chunks, which are views of the bytes; together they are all of them
/// \param bytes what to cut
/// \param usual how long a chunk is as a rule, a power of two; at least a quarter of it, at most
/// eight times as long
inline std::vector<std::string_view> chunks_of(std::string_view bytes, std::size_t usual) {
  std::vector<std::string_view> all;
  std::uint64_t hash = 0;  // of the last 64 bytes
  std::size_t begin = 0;
  for (std::size_t i = 0; i != bytes.size(); ++i) {
    hash = (hash << 1U) + chance[static_cast<unsigned char>(bytes[i])];
    const std::size_t length = i + 1 - begin;
    const bool is_cut = (hash >> 32U) % usual == 0 && length >= usual / 4;
    if (is_cut || length == 8 * usual || i + 1 == bytes.size()) {
      all.push_back(bytes.substr(begin, length));
      begin = i + 1;
    }
  }
  return all;
}

}  // namespace world
