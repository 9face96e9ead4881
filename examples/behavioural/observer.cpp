// SPDX-License-Identifier: BSL-1.0
/// \file
/// Watches a folder and tells whoever wants to know. `observer FOLDER [SECONDS]` watches a folder
/// of yours until you press Enter; `observer` tells a story.

#include <poll.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <gof/observer.hpp>
#include <iostream>
#include <memory>
#include <string>

#include "world/tree.hpp"

namespace fs = std::filesystem;
using world::file_change;

void report(const std::exception_ptr& failed) try {
  std::rethrow_exception(failed);
} catch (const std::exception& e) {
  std::cout << "  failed   " << e.what() << '\n';
}

/// [subject]
// The ConcreteSubject: knows nobody who observes it.
class folder {
 public:
  explicit folder(fs::path path) : path_(std::move(path)), seen_(world::look_at(path_)) {}

  gof::observer::subject<const file_change&> changes;

  const world::tree& files() const { return seen_; }
  // Looks again, and tells what happened since. An observer that fails does not concern the others.
  void look() {
    const world::tree before = std::exchange(seen_, world::look_at(path_));
    for (const file_change& c : world::differences(before, seen_)) changes.notify_or(report, c);
  }

 private:
  fs::path path_;
  world::tree seen_;
};
/// [subject]

void print(const file_change& c) {
  std::cout << "  log      " << static_cast<char>(c.what) << ' ' << c.path << ", " << c.size
            << " bytes\n";
}

/// [observer]
// A ConcreteObserver: as long as it lives it knows what is there.
class catalogue {
 public:
  explicit catalogue(folder& f)
      : files_(f.files()),
        connection_(f.changes.attach([this](const file_change& c) { update(c); })) {}
  catalogue(const catalogue&) = delete;  // the observer refers to this one

 private:
  void update(const file_change& c) {
    if (c.what == file_change::vanished) files_.erase(c.path);
    if (c.what != file_change::vanished) files_[c.path].size = c.size;
    std::uintmax_t bytes = 0;
    for (const auto& [path, state] : files_) bytes += state.size;
    std::cout << "  index    " << files_.size() << " in all, " << bytes << " bytes\n";
  }
  world::tree files_;
  gof::observer::scoped_connection connection_;  // last: detached before the rest is destroyed
};
/// [observer]

// Shows one file. It is shared, and whoever lets go of it last closes it.
struct preview {
  std::string shown;
  void update(const file_change& c) const {
    if (c.path == shown) std::cout << "  preview  draws " << shown << " again\n";
  }
};

int watch(const char* path, int seconds) try {
  folder watched(path);
  watched.changes.attach(print);
  const catalogue all(watched);
  std::cout << "watching " << path << " for " << seconds << " s; Enter ends it" << std::endl;
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
  for (pollfd input{STDIN_FILENO, POLLIN, 0}; std::chrono::steady_clock::now() < end;) {
    if (char c; poll(&input, 1, 200) > 0 && read(STDIN_FILENO, &c, 1) == 1) break;
    if (input.revents != 0) input.fd = -1;  // there is no input, so nobody to press Enter
    watched.look();
    std::cout << std::flush;
  }
  return EXIT_SUCCESS;
} catch (const std::exception& problem) {
  std::cout << path << " is not watched: " << problem.what() << '\n';
  return EXIT_FAILURE;
}

void put(const char* name, std::size_t bytes) {
  std::ofstream(fs::path("shared") / name) << std::string(bytes, '.');
}

int main(int argc, char** argv) {
  if (argc > 1) return watch(argv[1], argc > 2 ? std::atoi(argv[2]) : 60);
  fs::create_directory("shared");
  folder shared("shared");
  const auto then = [&](const char* what) {
    std::cout << "> " << what << '\n';
    shared.look();
  };
  /// [attach]
  catalogue all(shared);
  shared.changes.attach(print, {.order = -1});  // before the others
  shared.changes.attach([](const file_change&) { std::cout << "  badge    there is news\n"; },
                        {.once = true});
  gof::observer::connection mirror = shared.changes.attach([](const file_change& c) {
    if (c.size > 100) throw std::runtime_error("mirror: no room for " + c.path);
    std::cout << "  mirror   has the same\n";
  });
  auto window = std::make_shared<preview>(preview{"notes.txt"});
  shared.changes.attach(std::weak_ptr(window), &preview::update);
  /// [attach]

  put("notes.txt", 20);
  then("Ana adds notes.txt");
  put("slides.txt", 200);
  then("Ben adds slides.txt, which is too large for the mirror");
  put("notes.txt", 30);
  then("Ana writes on");
  window.reset();
  put("notes.txt", 40);
  then("Ana closes the preview, and writes on");
  {
    const gof::observer::blocker quiet = mirror.block();
    put("draft.txt", 10);
    then("Ben pauses the mirror, and adds draft.txt");
  }
  mirror.detach();
  fs::remove("shared/slides.txt");
  fs::remove("shared/draft.txt");
  then("Ben ends the mirror, and deletes two files");
  fs::remove_all("shared");

  std::cout << "\nConcreteSubject folder, which has a subject · ConcreteObserver print, catalogue, "
               "preview, two lambdas\n";
}
