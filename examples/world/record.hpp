// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// A record of a log, as a value and as a line of text.

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <stdexcept>
#include <string>

namespace world {

/// How much a record matters.
enum class level : unsigned char { debug, info, warn, error };
/// The names of the levels, in order.
inline constexpr std::array<const char*, 4> level_names{"debug", "info", "warn", "error"};

/// What a service has to say, and when it said it.
struct record {
  std::chrono::sys_seconds time;                                   ///< To the second, UTC.
  level severity = level::info;                                    ///< How much it matters.
  std::string service;                                             ///< Who says it, in one word.
  std::string text;                                                ///< What it says, in one line.
  friend bool operator==(const record&, const record&) = default;  ///< The same record?
};

/// \returns a record as a line, without its end: `2026-03-02T08:00:00Z warn mail queue is full`
/// \param r the record; an end of line in its text becomes a space
inline std::string to_line(const record& r) {
  const auto day = std::chrono::floor<std::chrono::days>(r.time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(r.time - day);
  std::array<char, 64> stamp{};
  std::snprintf(stamp.data(), stamp.size(), "%04d-%02u-%02uT%02d:%02d:%02dZ", int(date.year()),
                unsigned(date.month()), unsigned(date.day()), int(time.hours().count()),
                int(time.minutes().count()), int(time.seconds().count()));
  std::string line = std::string(stamp.data()) + ' ' +
                     level_names[static_cast<std::size_t>(r.severity)] + ' ' + r.service + ' ' +
                     r.text;
  std::replace(line.begin(), line.end(), '\n', ' ');
  return line;
}

/// \returns the record that a line is \param line as `to_line` writes it
/// \throws std::invalid_argument that says what a line looks like
inline record parse_record(const std::string& line) {
  int year = 0, hour = 0, minute = 0, second = 0, end = 0;
  unsigned month = 0, day = 0;
  std::array<char, 8> name{};
  std::array<char, 32> service{};
  std::sscanf(line.c_str(), "%4d-%2u-%2uT%2d:%2d:%2dZ %7s %31s %n", &year, &month, &day, &hour,
              &minute, &second, name.data(), service.data(), &end);
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(month),
                                         std::chrono::day(day)};
  const auto* found = std::find(level_names.begin(), level_names.end(), std::string(name.data()));
  if (end == 0 || !date.ok() || found == level_names.end() || hour > 23 || minute > 59 ||
      second > 60 || hour < 0 || minute < 0 || second < 0) {
    throw std::invalid_argument("no record: \"" + line +
                                "\"; one looks like: 2026-03-02T08:00:00Z warn mail queue is full");
  }
  return {std::chrono::sys_days(date) + std::chrono::hours(hour) + std::chrono::minutes(minute) +
              std::chrono::seconds(second),
          static_cast<level>(found - level_names.begin()), service.data(),
          line.substr(static_cast<std::size_t>(end))};
}

}  // namespace world
