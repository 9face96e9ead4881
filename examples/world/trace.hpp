// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// How fast a connection was, second by second.

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace world {

/// A bandwidth trace; after its end it begins again.
class trace {
 public:
  /// \param kbit_s one figure for each second
  /// \throws std::runtime_error where one is negative or not finite, or nothing ever arrives
  explicit trace(std::vector<double> kbit_s) : kbit_s_(std::move(kbit_s)) {
    for (const double rate : kbit_s_) {
      if (!(rate >= 0 && rate < 1e12)) {
        throw std::runtime_error("a bandwidth cannot be " + std::to_string(rate));
      }
    }
    if (std::ranges::none_of(kbit_s_, [](double rate) { return rate >= 1; })) {
      throw std::runtime_error("a trace in which nothing arrives");
    }
  }
  /// \returns how many seconds until it begins again
  std::size_t size() const noexcept { return kbit_s_.size(); }
  /// \returns the seconds that it takes to load \param kbit so much \param at beginning then
  double time_to_load(double kbit, double at) const {
    double now = at;
    while (true) {
      const auto second = static_cast<std::size_t>(now);
      const double rate = kbit_s_[second % kbit_s_.size()];
      const double rest = static_cast<double>(second + 1) - now;
      if (kbit <= rate * rest) return now + kbit / rate - at;
      kbit -= rate * rest;
      now = static_cast<double>(second + 1);
    }
  }

 private:
  std::vector<double> kbit_s_;
};

/// Reads a trace: a line a second, with the kbit/s; `#` begins a comment.
/// \param file its path \throws std::runtime_error, saying where
inline trace read_trace(const std::filesystem::path& file) {
  std::ifstream in(file);
  if (!in || std::filesystem::is_directory(file)) {
    throw std::runtime_error("cannot read " + file.string());
  }
  std::vector<double> kbit_s;
  std::string line;
  for (int number = 1; std::getline(in, line); ++number) {
    line.erase(std::min(line.find('#'), line.size()));
    line.erase(line.find_last_not_of(" \t\r") + 1);
    if (line.empty()) continue;
    try {
      std::size_t end = 0;
      kbit_s.push_back(std::stod(line, &end));
      if (end != line.size()) throw std::invalid_argument("more than a number");
    } catch (const std::logic_error&) {
      throw std::runtime_error(file.string() + ':' + std::to_string(number) +
                               ": expected kbit/s, found " + line);
    }
  }
  return trace(std::move(kbit_s));
}

}  // namespace world
