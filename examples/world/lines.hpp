// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// A text file as an aggregate of lines.

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <gof/iterator.hpp>
#include <optional>
#include <stdexcept>
#include <string>

namespace world {

/// [aggregate]
/// The ConcreteAggregate: the lines of a file, which may grow meanwhile. None is kept in memory.
class lines {
 public:
  using position = std::uintmax_t;  ///< Where a line begins, in bytes.

  /// \param file its path \throws std::runtime_error where it cannot be read
  explicit lines(const std::filesystem::path& file) : in_(file, std::ios::binary) {
    if (!in_ || std::filesystem::is_directory(file)) {
      throw std::runtime_error("cannot read " + file.string());
    }
  }
  /// \returns where the first line begins, or nothing in an empty file
  std::optional<position> first() { return line_at(0) ? std::optional<position>(0) : std::nullopt; }
  /// \returns where the line after it begins, or nothing at the end \param p where a line begins
  /// \throws gof::iterator::lost where none does, because it is another file by now
  std::optional<position> after(position p) {
    const auto line = at(p);
    if (!line) throw gof::iterator::lost("another file: no line at byte " + std::to_string(p));
    const position next = p + line->size() + 1;
    return line_at(next) ? std::optional(next) : std::nullopt;
  }
  /// \returns the line without its end, or nothing where none begins \param p where it begins
  std::optional<std::string> at(position p) {
    if (p != 0 && line_at(p - 1) != "") return {};  // there is no end of a line before it
    return line_at(p);
  }

 private:
  std::optional<std::string> line_at(position p) {
    in_.clear();
    in_.seekg(static_cast<std::streamoff>(p));
    std::string text;
    return std::getline(in_, text) ? std::optional(text) : std::nullopt;
  }
  std::ifstream in_;
};
/// [aggregate]

}  // namespace world
