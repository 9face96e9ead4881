// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// A document in a text file, with the history of its edits beside it.

#include <filesystem>
#include <fstream>
#include <gof/command/persistence.hpp>
#include <iomanip>
#include <iterator>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "world/document.hpp"

namespace world {

/// \returns all of a file; nothing where there is no such file
/// \param file its path \throws std::runtime_error where it cannot be read
inline std::string read_file(const std::filesystem::path& file) {
  if (!std::filesystem::exists(file)) return {};
  if (!std::filesystem::is_regular_file(file)) {
    throw std::runtime_error(file.string() + " is not a file");
  }
  std::ifstream in(file, std::ios::binary);
  std::string text{std::istreambuf_iterator(in), {}};
  if (!in) throw std::runtime_error("cannot read " + file.string());
  return text;
}
/// Replaces a file, or leaves it as it was. \param file its path \param text all that it will hold
/// \throws std::runtime_error, std::filesystem::filesystem_error
inline void write_file(const std::filesystem::path& file, std::string_view text) {
  const std::filesystem::path next = file.string() + ".new";
  std::ofstream out(next, std::ios::binary);
  if (!(out << text << std::flush)) throw std::runtime_error("cannot write " + next.string());
  std::filesystem::rename(next, file);
}

/// [codec]
/// Commands as bytes: a letter, and the members.
struct codec {
  static std::string encode(const insert& c) { return text('i', c.id, c.after, quoted(c.text)); }
  static std::string encode(const erase& c) { return text('e', c.id, c.after, quoted(c.text)); }
  static std::string encode(const change& c) {
    return text('c', c.id, quoted(c.text), quoted(c.old));
  }
  static std::variant<insert, erase, change> decode(std::string_view bytes) {
    std::istringstream in{std::string(bytes)};
    in.exceptions(std::ios::failbit | std::ios::badbit);
    insert i;
    erase e;
    change c;
    switch (in.get()) {
      case 'i':
        return in >> i.id >> i.after >> quoted(i.text), i;
      case 'e':
        return in >> e.id >> e.after >> quoted(e.text), e;
      case 'c':
        return in >> c.id >> quoted(c.text) >> quoted(c.old), c;
      default:
        throw std::runtime_error("the history holds a command that is not known here");
    }
  }

 private:
  static std::string text(const auto&... members) {
    std::ostringstream out;
    ((out << members << ' '), ...);
    return out.str();
  }
};
/// [codec]

/// A text file and the file of its history, `FILE.history`.
class document_file {
 public:
  explicit document_file(std::filesystem::path text) : text_(std::move(text)) {}  // \param text it

  /// Reads both files; no file is an empty document, no history an empty one.
  /// \param d the document \param h its history
  /// \throws std::runtime_error that says what to do; both files are as they were
  template <class History>
  void open(document& d, History& h) const {
    std::istringstream texts{read_file(text_)};
    const std::string saved = read_file(history_path());
    std::vector<line> lines;
    for (std::string text; std::getline(texts, text);) lines.push_back({lines.size() + 1, text});
    if (saved.empty()) {
      const std::uint64_t last = lines.size();
      d = document(std::move(lines), last);
      return;
    }
    try {
      std::istringstream ids{std::string(gof::command::stamp_of(saved))};
      std::uint64_t last = 0;
      ids >> last;
      for (line& l : lines) ids >> l.id;
      d = document(std::move(lines), last);
      gof::command::load(h, saved, codec{}, stamp(d));
    } catch (const std::runtime_error& problem) {
      throw std::runtime_error(problem.what() + (" (to open the text without its history, rename " +
                                                 history_path().string() + ')'));
    }
  }

  /// Writes both files, the text first, and marks the history clean.
  /// \param d the document \param h its history \throws std::runtime_error
  template <class History>
  void save(const document& d, History& h) const {
    std::string text;
    for (const line& l : d.lines()) text += l.text + '\n';
    write_file(text_, text);
    h.mark_clean();
    write_file(history_path(), gof::command::save(h, codec{}, stamp(d)));
  }

  /// \returns where the history is
  std::filesystem::path history_path() const { return text_.string() + ".history"; }

 private:
  // The ids, which the text does not hold, and the text.
  static std::string stamp(const document& d) {
    std::string ids = std::to_string(d.last_id()), text;
    for (const line& l : d.lines()) {
      ids += ' ' + std::to_string(l.id);
      text += '\n' + l.text;
    }
    return ids + text;
  }
  std::filesystem::path text_;
};

}  // namespace world
