// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// Reads the mbox files in which mail programs keep messages (RFC 4155).

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <istream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "world/message.hpp"

namespace world {

/// \returns the addresses in `Ana <ana@here.example>, ben@here.example` \param list them
inline std::vector<std::string> addresses(std::string_view list) {
  std::vector<std::string> all(1);
  bool quoted = false, bare = true;
  for (const char c : list) {
    if (c == '"') quoted = !quoted;
    if (quoted || c == '"' || c == ' ' || c == '\t') continue;
    if (c == ',') {
      all.emplace_back();
      bare = true;
    } else if (c == '<') {
      all.back().clear();  // so far it was a name
    } else if (c == '>') {
      bare = false;
    } else if (bare) {
      all.back() += c;
    }
  }
  std::erase(all, "");
  return all;
}

/// \returns the messages; parts and encodings of MIME stay in the text as they are
/// \param in an mbox: before each message is a line that begins with "From " \throws
/// std::runtime_error where the first such line is missing
inline std::vector<message> read_mbox(std::istream& in) {
  std::vector<message> all;
  std::string header, line;  // a header can go on in the next line
  bool in_headers = false, blank = true;
  const auto end_header = [&] {
    const std::size_t colon = header.find(':');
    if (colon == std::string::npos) return;
    std::string name = header.substr(0, colon);
    for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    const std::size_t text = std::min(header.find_first_not_of(" \t", colon + 1), header.size());
    const std::string value = header.substr(text);
    if (name == "subject") all.back().subject = value;
    if (name == "to") all.back().to = addresses(value);
    if (const auto from = addresses(value); name == "from" && !from.empty()) {
      all.back().from = from.front();
    }
    header.clear();
  };
  while (std::getline(in, line)) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (blank && line.starts_with("From ")) {
      if (!all.empty() && all.back().text.ends_with("\n\n")) all.back().text.pop_back();
      all.emplace_back();
      in_headers = true;
    } else if (all.empty()) {
      throw std::runtime_error("no mbox: it does not begin with \"From \"");
    } else if (in_headers) {
      if (!line.starts_with(' ') && !line.starts_with('\t')) end_header();
      header += line;
      in_headers = !line.empty();
    } else {
      const std::size_t quotes = line.find_first_not_of('>');  // ">From " was "From "
      const bool quoted = quotes != 0 && quotes != std::string::npos &&
                          std::string_view(line).substr(quotes).starts_with("From ");
      all.back().text.append(line, quoted ? 1 : 0).append("\n");
    }
    blank = line.empty();
  }
  if (in_headers) end_header();
  return all;
}

}  // namespace world
