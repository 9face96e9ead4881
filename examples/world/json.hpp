// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// A record of a log, as JSON.

#include <array>
#include <cstdio>
#include <string>

#include "world/record.hpp"

namespace world {

/// \returns a text as a JSON string, with its quotes \param text in UTF-8
inline std::string to_json(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20) {
      std::array<char, 8> code{};
      std::snprintf(code.data(), code.size(), "\\u%04x", static_cast<unsigned>(c));
      out += code.data();
    } else {
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    }
  }
  return out + '"';
}

/// \returns a record as a JSON object, in one line without its end \param r the record
inline std::string to_json(const record& r) {
  const std::string line = to_line(r);
  return "{\"time\":" + to_json(line.substr(0, line.find(' '))) +
         ",\"level\":" + to_json(level_names[static_cast<std::size_t>(r.severity)]) +
         ",\"service\":" + to_json(r.service) + ",\"text\":" + to_json(r.text) + "}";
}

}  // namespace world
