// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// An mbox as a file: its messages as they were written, by their places in it. In the style of a
/// library that knows no exceptions.

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace world {

/// Remembers where in the file each message begins; reads one when it is asked for.
class mbox_file {
 public:
  /// \param path which file; it is not opened yet
  explicit mbox_file(std::filesystem::path path) : path_(std::move(path)) {}

  /// Finds the messages. To be called first, and where the file was changed by others.
  /// \returns `bad_message` where the file does not begin with "From "; else how opening it failed
  std::error_code open() {
    std::error_code code;
    if (!std::filesystem::is_regular_file(path_, code)) {
      return code ? code : std::make_error_code(std::errc::is_a_directory);
    }
    std::ifstream in(path_, std::ios::binary);
    if (!in) return std::make_error_code(std::errc::permission_denied);
    std::vector<long> begins;
    std::string line;
    long at = 0;
    bool blank = true;
    for (; std::getline(in, line); blank = line.empty() || line == "\r") {
      if (blank && line.starts_with("From ")) begins.push_back(at);
      if (begins.empty()) return std::make_error_code(std::errc::bad_message);
      at += static_cast<long>(line.size()) + 1;
    }
    begins.push_back(in.bad() ? -1 : static_cast<long>(std::filesystem::file_size(path_, code)));
    if (begins.back() < 0 || code) return std::make_error_code(std::errc::io_error);
    gap_ = blank ? "" : at > begins.back() ? "\n\n" : "\n";
    begins_ = std::move(begins);
    return {};
  }

  /// \returns the number of messages
  long count() const noexcept { return static_cast<long>(begins_.size()) - 1; }

  /// \returns a message, without the blank line after it; nothing, with a code, where it cannot be
  /// read \param n from 0 \param code how it went
  std::string raw(long n, std::error_code& code) const {
    code.clear();
    if (n < 0 || n >= count()) {
      code = std::make_error_code(std::errc::result_out_of_range);
      return {};
    }
    const auto i = static_cast<std::size_t>(n);
    std::string text(static_cast<std::size_t>(begins_[i + 1] - begins_[i]), '\0');
    std::ifstream in(path_, std::ios::binary);
    if (!in.seekg(begins_[i]).read(text.data(), static_cast<std::streamsize>(text.size()))) {
      code = std::make_error_code(std::errc::io_error);
      return {};
    }
    if (text.ends_with("\n\n")) text.pop_back();
    if (text.ends_with("\n\r\n")) text.resize(text.size() - 2);
    return text;
  }

  /// Writes a message at the end, between blank lines. \returns how it went
  /// \param text begins with "From ", ends with a line break
  std::error_code append(std::string_view text) {
    std::ofstream out(path_, std::ios::binary | std::ios::app);
    out << gap_ << text << '\n';
    out.close();
    if (!out) return std::make_error_code(std::errc::io_error);
    begins_.back() += static_cast<long>(gap_.size());
    begins_.push_back(begins_.back() + static_cast<long>(text.size()) + 1);
    gap_ = {};
    return {};
  }

 private:
  std::filesystem::path path_;
  std::vector<long> begins_{0};  // and the end of the last one
  std::string_view gap_;         // what is missing at the end for a blank line
};

}  // namespace world
