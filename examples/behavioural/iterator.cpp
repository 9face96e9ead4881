// SPDX-License-Identifier: BSL-1.0
/// \file
/// Pages through a file, and the next run goes on where this one stopped. `iterator FILE` shows the
/// next twenty lines of a file of yours; `iterator` tells a story.

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <gof/iterator/any_range.hpp>
#include <gof/iterator/generator.hpp>
#include <iostream>
#include <ranges>

#include "world/entry.hpp"
#include "world/lines.hpp"
#include "world/record.hpp"
#include "world/tree.hpp"

namespace fs = std::filesystem;
namespace it = gof::iterator;

/// [page]
// Shows the next lines of a file, and leaves a bookmark behind them, in the current folder.
void page(const fs::path& file, int length) {
  world::lines text(file);
  it::cursor c(text);
  const std::string bookmark = file.filename().string() + ".bookmark";
  std::uintmax_t passed = 0;
  const bool begun(std::ifstream(bookmark) >> passed);
  try {
    if (begun) c.resume(passed);
  } catch (const it::lost& why) {
    std::cout << "  (" << why.what() << "; from the beginning)\n";
  }
  if (c.is_done()) std::cout << "  (nothing new)\n";
  for (; length != 0 && !c.is_done(); c.next(), --length) {
    std::cout << "  " << c.current_item() << '\n';
  }
  if (const auto last = c.save()) std::ofstream(bookmark) << *last << '\n';
}
/// [page]

/// [generator]
// The paths of all files below a folder, one by one.
it::generator<const std::string> files_below(fs::path folder) {
  for (const world::entry& e : world::entries_of(folder)) {
    const fs::path path = folder / e.name();
    if (e.is_leaf()) {
      const std::string name = path.generic_string();
      co_yield name;
    } else {
      it::generator<const std::string> inside = files_below(path);
      co_yield it::elements_of(std::move(inside));
    }
  }
}
/// [generator]

/// [any]
// Compiled once, for names from anywhere.
void list(it::any_range<const std::string> names) {
  const char* before = "  ";
  for (const std::string& name : names) std::cout << std::exchange(before, ", ") << name;
  std::cout << '\n';
}
/// [any]

void log(int minute, const char* service, const char* text,
         std::ios::openmode mode = std::ios::app) {
  const auto morning = std::chrono::sys_days(std::chrono::year(2026) / 3 / 2);
  std::ofstream("mail.log", mode) << world::to_line({morning + std::chrono::hours(8) +
                                                         std::chrono::minutes(minute),
                                                     world::level::info, service, text})
                                  << '\n';
}

int main(int argc, char** argv) try {
  if (argc > 1) return page(argv[1], 20), EXIT_SUCCESS;
  fs::remove("mail.log.bookmark");
  const auto run = [](const char* why) {
    std::cout << "> iterator mail.log  # " << why << '\n';
    page("mail.log", 2);
  };
  log(0, "relay", "up", std::ios::trunc);
  log(5, "relay", "mail 1 from Ana queued");
  log(6, "relay", "mail 1 sent");
  run("Monday");
  log(9, "relay", "mail 2 from Ben queued");
  log(12, "relay", "mail 2 sent");
  run("Tuesday, the log has grown");
  run("Wednesday");
  run("Thursday");
  log(15, "relay", "down");
  run("Friday");
  log(20, "relay", "a new log begins", std::ios::trunc);
  run("Saturday");
  fs::remove("mail.log");
  fs::remove("mail.log.bookmark");

  std::cout << "\nFiles that come and go while they are walked on\n";
  /// [keys]
  world::tree files{{"a.txt", {10, {}}}, {"b.tmp", {20, {}}}, {"d.txt", {30, {}}}};
  for (it::cursor c(files); !c.is_done(); c.next()) {
    const std::string name = c.current_item().first;
    std::cout << "  " << name << (name.ends_with(".tmp") ? ", removed\n" : "\n");
    if (name.ends_with(".tmp")) files.erase(name);         // the current one
    if (name == "a.txt") files["c.tmp"] = {5, {}};         // one ahead
    if (name == "d.txt") files["0.txt"] = files.at(name);  // one behind: not seen any more
  }
  /// [keys]

  std::cout << "\nAll files below a folder, then those that are pictures, then a list\n";
  fs::create_directories("album/2026");
  for (const char* name : {"album/notes.txt", "album/2026/mars.pgm", "album/2026/moon.pgm"}) {
    std::ofstream(name) << '\n';
  }
  /// [ranges]
  const auto picture = [](const std::string& name) { return name.ends_with(".pgm"); };
  list(files_below("album"));
  list(files_below("album") | std::views::filter(picture));
  list(std::vector<std::string>{"Ana", "Ben"});
  /// [ranges]
  fs::remove_all("album");
  std::cout << "\nAggregate lines, a map · Iterator cursor, generator · "
               "internal iterator: a loop\n";
} catch (const std::exception& problem) {
  std::cout << problem.what() << '\n';
  return EXIT_FAILURE;
}
