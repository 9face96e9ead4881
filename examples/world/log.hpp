// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// Where records go: a file, or the memory.

#include <fstream>
#include <mutex>
#include <stdexcept>
#include <string>
#include <vector>

#include "world/record.hpp"

namespace world {

/// Takes records; any thread may write at any time.
class log_writer {
 public:
  virtual ~log_writer() = default;  ///< Where it lives is its owner's business.
  /// Writes a record. \param r the record \throws std::runtime_error where it is lost
  virtual void write(const record& r) = 0;
};

/// Appends to a file, a line a record.
class file_log final : public log_writer {
 public:
  /// Opens the file, or begins it. \param path where it is \throws std::runtime_error
  explicit file_log(const std::string& path) : path_(path), out_(path, std::ios::app) { check(); }
  void write(const record& r) override {
    const std::string line = to_line(r) + '\n';
    const std::lock_guard alone(mutex_);
    out_ << line << std::flush;
    check();
  }

 private:
  void check() const {
    if (!out_) throw std::runtime_error("cannot write to " + path_);
  }
  std::string path_;
  std::mutex mutex_;
  std::ofstream out_;
};

/// Keeps the records: for tests.
class memory_log final : public log_writer {
 public:
  void write(const record& r) override {
    const std::lock_guard alone(mutex_);
    records_.push_back(r);
  }
  /// \returns what was written so far; while nobody writes
  const std::vector<record>& records() const noexcept { return records_; }

 private:
  std::mutex mutex_;
  std::vector<record> records_;
};

}  // namespace world
