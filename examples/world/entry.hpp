// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// What a folder holds: files, folders and links.

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <string>
#include <system_error>
#include <variant>
#include <vector>

namespace world {

/// A file, with what can be seen of it from outside.
struct file {
  std::string name;
  std::uintmax_t size = 0;  ///< In bytes.
};
/// A folder; what is in it stands elsewhere.
struct folder {
  std::string name;
};
/// A symbolic link.
struct link {
  std::string name;
  std::string to;  ///< A path, which may lead nowhere.
};

/// One of them.
struct entry : std::variant<file, folder, link> {
  using variant::variant;
  /// \returns its name
  const std::string& name() const {
    return std::visit([](const auto& e) -> const std::string& { return e.name; }, *this);
  }
  /// \returns how many bytes it has itself
  std::uintmax_t size() const {
    const file* f = std::get_if<file>(this);
    return f == nullptr ? 0 : f->size;
  }
  /// \returns whether nothing can be put into it
  bool is_leaf() const { return !std::holds_alternative<folder>(*this); }
};

/// Looks into a folder, and not into those in it. What goes away meanwhile is left out, and so are
/// devices and the like. \param path of the folder \returns what is there, by name
/// \throws std::filesystem::filesystem_error where it cannot be read
inline std::vector<entry> entries_of(const std::filesystem::path& path) {
  std::vector<entry> all;
  for (const auto& e : std::filesystem::directory_iterator(path)) {
    std::error_code gone;
    const std::string name = e.path().filename().string();
    if (e.is_symlink(gone)) {
      all.emplace_back(link{name, std::filesystem::read_symlink(e.path(), gone).string()});
    } else if (e.is_directory(gone)) {
      all.emplace_back(folder{name});
    } else if (e.is_regular_file(gone)) {
      all.emplace_back(file{name, e.file_size(gone)});
    }
    if (gone && !all.empty() && all.back().name() == name) all.pop_back();
  }
  std::sort(all.begin(), all.end(),
            [](const entry& a, const entry& b) { return a.name() < b.name(); });
  return all;
}

}  // namespace world
