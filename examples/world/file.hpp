// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// A file that is read from its beginning to its end, and what it can do besides.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <span>
#include <stdexcept>
#include <string>

namespace world {

/// A capability: knows how much there is to read.
struct sized {
  virtual ~sized() = default;
  virtual std::uintmax_t size() const = 0;  ///< \returns the number of bytes
};
/// A capability: can go on reading somewhere else.
struct seekable {
  virtual ~seekable() = default;
  virtual void seek(std::uintmax_t to) = 0;  ///< \param to how many bytes to leave out
};

/// The ConcreteComponent: reads a file.
class file_reader : public sized, public seekable {
 public:
  /// Opens a file. \param file its path \throws std::runtime_error where it cannot be read
  explicit file_reader(const std::filesystem::path& file)
      : file_(file), in_(file, std::ios::binary) {
    if (!in_ || std::filesystem::is_directory(file)) fail();
  }
  /// The Operation: reads the next bytes. \param into for at most so many
  /// \returns how many; none at the end \throws std::runtime_error
  std::size_t operator()(std::span<char> into) {
    in_.read(into.data(), static_cast<std::streamsize>(into.size()));
    if (in_.bad()) fail();
    return static_cast<std::size_t>(in_.gcount());
  }
  /// \returns the number of bytes in the file
  std::uintmax_t size() const override { return std::filesystem::file_size(file_); }
  /// Goes on reading somewhere else. \param to how many bytes to leave out
  void seek(std::uintmax_t to) override {
    in_.clear();
    in_.seekg(static_cast<std::streamoff>(to));
  }
  /// \returns the name of the file
  std::string label() const { return file_.filename().string(); }

 private:
  [[noreturn]] void fail() const { throw std::runtime_error("cannot read " + file_.string()); }
  std::filesystem::path file_;
  std::ifstream in_;
};

}  // namespace world
