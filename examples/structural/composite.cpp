// SPDX-License-Identifier: BSL-1.0
/// \file
/// The sizes of files, and of folders of them, which are asked in the same way. `composite FOLDER`
/// shows what takes the room in a folder of yours; `composite` tells a story.

#include <algorithm>
#include <fstream>
#include <gof/composite/edit.hpp>
#include <gof/composite/path.hpp>
#include <gof/composite/walk.hpp>
#include <iomanip>
#include <iostream>
#include <numeric>
#include <string>
#include <vector>

#include "world/entry.hpp"

namespace cp = gof::composite;
namespace fs = std::filesystem;
using world::entry, world::folder;
using component = cp::component<entry>;
using tree = cp::tree<entry>;

/// [read]
// Reads a folder, and all that is in it. The tree grows while it is walked: what is added to a
// folder is still ahead.
tree read(const fs::path& top, cp::limits most = {}) {
  tree files(folder{top.string()});
  files.set_limits(most);
  for (component& c : cp::preorder(files.root())) {
    if (c.value.is_leaf()) continue;
    try {
      for (entry& e : world::entries_of(top / cp::path_of(c, &entry::name))) c.add(std::move(e));
    } catch (const fs::filesystem_error& problem) {
      if (c.parent() == nullptr) throw;
      std::cout << "left out: " << problem.what() << '\n';
    }
  }
  return files;
}
/// [read]

/// [operation]
// The Operation: of a file and of a folder alike.
std::uintmax_t bytes(const component& c) {
  return cp::fold<std::uintmax_t>(c, [](const entry& e, std::span<const std::uintmax_t> below) {
    return std::accumulate(below.begin(), below.end(), e.size());
  });
}
/// [operation]

void show(const tree& files) {
  const std::size_t wide = 24;
  for (const component& c : cp::preorder(files.root())) {
    const std::string name = std::string(2 * c.depth() + 2, ' ') + c.value.name();
    std::cout << name << std::string(std::max(wide, name.size() + 1) - name.size(), ' ')
              << std::setw(5) << bytes(c) << '\n';
  }
}

int usage(const char* path) try {
  const tree files = read(path, {.components = 1'000'000, .depth = 1'000});
  std::vector<std::pair<std::uintmax_t, std::string>> largest;
  for (const component& c : cp::children(files.root())) {
    largest.emplace_back(bytes(c), c.value.name() + (c.value.is_leaf() ? "" : "/"));
  }
  std::sort(largest.rbegin(), largest.rend());
  for (const auto& [size, name] : largest)
    std::cout << std::setw(14) << size << "  " << name << '\n';
  std::cout << std::setw(14) << bytes(files.root()) << "  in " << files.size()
            << " files and folders\n";
  return 0;
} catch (const std::exception& problem) {
  std::cout << path << ": " << problem.what() << '\n';
  return 1;
}

void put(const fs::path& path, std::size_t size) {
  fs::create_directories(path.parent_path());
  std::ofstream(path) << std::string(size, '.');
}
void attempt(const char* what, auto edit) try {
  std::cout << "> " << what << ": ";
  edit();
  std::cout << "done\n";
} catch (const std::exception& refused) {
  std::cout << "refused, " << refused.what() << '\n';
}

int main(int argc, char** argv) {
  if (argc > 1) return usage(argv[1]);
  put("shared/docs/letter.txt", 120);
  put("shared/docs/drafts/letter.old", 110);
  put("shared/docs/drafts/talk.old", 300);
  put("shared/pictures/moon.pgm", 4109);
  put("shared/notes.txt", 40);
  std::cout << "> read shared\n";
  tree files = read("shared");
  show(files);

  /// [edit]
  const auto at = [&](const char* path) -> component& {
    return *cp::find(files.root(), path, &entry::name);
  };
  component& drafts = at("docs/drafts");
  attempt("move docs/drafts into pictures", [&] { cp::splice(drafts, at("pictures")); });
  attempt("move pictures into its own drafts", [&] { cp::splice(at("pictures"), drafts); });
  attempt("put a folder into notes.txt", [&] { at("notes.txt").add(folder{"more"}); });
  show(files);
  /// [edit]

  std::cout << "> remove all that is old, while walking\n";
  /// [walk]
  for (component& c : cp::preorder(files.root())) {
    if (c.value.name().ends_with(".old")) c.parent()->remove(c);
  }
  /// [walk]
  std::cout << "  " << cp::path_of(drafts, &entry::name) << " has " << bytes(drafts) << " bytes, "
            << files.root().value.name() << " has " << bytes(files.root()) << '\n';

  attempt("read shared again, with at most 5 entries",
          [] { static_cast<void>(read("shared", {.components = 5})); });

  std::cout << "> a folder in a folder, a million times: ";
  tree deep(folder{"top"});
  component* last = &deep.root();
  for (int i = 0; i != 1'000'000; ++i) last = &last->add(folder{"in"});
  last->add(world::file{"found", 7});
  const tree copy = deep;
  std::cout << copy.size() << " entries, " << bytes(copy.root()) << " bytes\n";

  std::cout << "\nComponent component<entry> · Leaf a file or a link · Composite a folder · "
               "Operation bytes · Client show\nYours: ./gof run composite -- FOLDER\n";
  fs::remove_all("shared");
}
