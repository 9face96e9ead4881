// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// Messages of real Pyro5, and what is known of them: the files that capture.py wrote.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace gof::testing {

/// One message. See capture.py.
struct frame {
  std::string scenario;
  bool from_client = false;
  unsigned type = 0, serializer = 0, flags = 0, sequence = 0;
  std::string correlation;  ///< 16 bytes
  std::vector<std::pair<std::string, std::string>> annotations;
  std::string says;  ///< MessagePack, but for pings
  std::string bytes;
};

inline std::string from_hex(const std::string& hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
    bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  return bytes;
}

/// \returns the messages in the order in which they were sent. \param serializer msgpack or serpent
inline std::vector<frame> golden_frames(const std::string& serializer) {
  const auto path = std::filesystem::path(__FILE__).parent_path() / (serializer + ".tsv");
  std::ifstream file(path);
  std::vector<frame> all;
  for (std::string line; std::getline(file, line);) {
    std::istringstream fields(line);
    const auto next = [&] {
      std::string field;
      std::getline(fields, field, '\t');
      return field;
    };
    const auto number = [&] { return static_cast<unsigned>(std::stoul(next())); };
    frame f;
    f.scenario = next();
    f.from_client = next() == ">";
    f.type = number();
    f.serializer = number();
    f.flags = number();
    f.sequence = number();
    f.correlation = from_hex(next());
    std::istringstream chunks(next());
    for (std::string chunk; std::getline(chunks, chunk, ',');)
      f.annotations.emplace_back(chunk.substr(0, 4), from_hex(chunk.substr(5)));
    f.says = from_hex(next());
    f.bytes = from_hex(next());
    all.push_back(std::move(f));
  }
  if (all.empty()) throw std::runtime_error("there are no messages in " + path.string());
  return all;
}

}  // namespace gof::testing
