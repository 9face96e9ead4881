// SPDX-License-Identifier: BSL-1.0
#pragma once
// A folder for a test's files, and what is in a broker, as values to compare.

#include <gtest/gtest.h>
#include <stdlib.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <gof/node.hpp>
#include <gof/wait.hpp>
#include <iterator>
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace gof::testing {

/// A folder that ends with this.
class folder {
 public:
  folder() : path_(::testing::TempDir() + "gof.XXXXXX") {
    if (!::mkdtemp(path_.data())) throw std::runtime_error("no folder for the test");
  }
  folder(const folder&) = delete;
  folder& operator=(const folder&) = delete;
  ~folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::string operator/(const std::string& name) const { return path_ + '/' + name; }

 private:
  std::string path_;
};

inline std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}
inline void write_file(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

/// Lines of a log that are there, by sequence. Adds one to the end, to know where that is.
inline std::map<std::uint64_t, std::string> lines_of(node& on, const std::string& log) {
  const std::uint64_t end = blocking(on).append(log, {"end"}).sequence;
  std::map<std::uint64_t, std::string> all;
  bool ended = false;
  const registration reading = on.read(log, 1, [&](const entry& it) {
    if (it.sequence == end)
      ended = true;
    else if (it.content.subject != "end")
      all[it.sequence] = it.content.body;
  });
  if (!on.run_until([&] { return ended; }, std::chrono::seconds(10)))
    throw std::runtime_error("the log could not be read");
  return all;
}

/// Values of a bucket that are there, with their versions.
inline std::map<std::string, std::pair<std::string, std::uint64_t>> values_of(
    node& on, const std::string& bucket) {
  std::map<std::string, std::pair<std::string, std::uint64_t>> all;
  bool current = false;
  watch_options how;
  how.on_current = [&] { current = true; };
  const registration watching = on.watch(
      bucket, ">",
      [&](const versioned& it) {
        if (it.value)
          all[it.key] = {*it.value, it.version};
        else
          all.erase(it.key);
      },
      std::move(how));
  if (!on.run_until([&] { return current; }, std::chrono::seconds(10)))
    throw std::runtime_error("the bucket could not be read");
  return all;
}

}  // namespace gof::testing
