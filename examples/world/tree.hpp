// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// The files below a folder, as they were when somebody looked, and what became of them since.

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <system_error>
#include <vector>

namespace world {

/// What can be seen of a file without reading it.
struct file_state {
  std::uintmax_t size = 0;                    ///< In bytes.
  std::filesystem::file_time_type written{};  ///< When it was last written.
  friend bool operator==(const file_state&, const file_state&) = default;  ///< Looks the same?
};

/// Files by their paths below the folder, in which `/` separates names.
using tree = std::map<std::string, file_state>;

/// Looks at a folder. Files that go away meanwhile are left out. \param folder its path
/// \returns what is there \throws std::filesystem::filesystem_error where it cannot be read
inline tree look_at(const std::filesystem::path& folder) {
  tree found;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    std::error_code gone;
    if (!entry.is_regular_file(gone)) continue;
    file_state state{entry.file_size(gone), {}};
    if (!gone) state.written = entry.last_write_time(gone);
    if (!gone) found.emplace(entry.path().lexically_relative(folder).generic_string(), state);
  }
  return found;
}

/// What became of a file.
struct file_change {
  enum kind : char { appeared = '+', changed = '*', vanished = '-' };
  kind what;            ///< What happened to it.
  std::string path;     ///< Below the folder.
  std::uintmax_t size;  ///< In bytes; where it vanished, what it was.
};

/// \returns what happened between two looks, by path
/// \param before the first look \param after the second
inline std::vector<file_change> differences(const tree& before, const tree& after) {
  std::vector<file_change> all;
  auto was = before.begin();
  auto is = after.begin();
  while (was != before.end() || is != after.end()) {
    if (is == after.end() || (was != before.end() && was->first < is->first)) {
      all.push_back({file_change::vanished, was->first, was->second.size});
      ++was;
    } else if (was == before.end() || is->first < was->first) {
      all.push_back({file_change::appeared, is->first, is->second.size});
      ++is;
    } else {
      if (was->second != is->second)
        all.push_back({file_change::changed, is->first, is->second.size});
      ++was, ++is;
    }
  }
  return all;
}

}  // namespace world
