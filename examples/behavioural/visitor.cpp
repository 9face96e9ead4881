// SPDX-License-Identifier: BSL-1.0
/// \file
/// Counting, adding up and searching in a tree of files, folders and links, which know nothing of
/// it. `visitor FOLDER` does so in a folder of yours; `visitor` tells a story.

#include <algorithm>
#include <gof/composite/path.hpp>
#include <gof/composite/walk.hpp>
#include <gof/visitor/open_visitor.hpp>
#include <gof/visitor/traverse.hpp>
#include <iostream>
#include <string>

#include "world/entry.hpp"

namespace vs = gof::visitor;
namespace cp = gof::composite;
using tree = cp::tree<world::entry>;

/// [counting]
// A ConcreteVisitor that keeps what it has seen.
struct counting {
  std::size_t files = 0, folders = 0, links = 0;
  void operator()(const world::file&) { ++files; }
  void operator()(const world::folder&) { ++folders; }
  void operator()(const world::link&) { ++links; }
};
/// [counting]

/// [search]
// Goes through the tree until it finds a name with that text; does not look into hidden folders.
// The path is what was entered and not left.
std::string search(const tree& files, const std::string& text) {
  std::string path;
  const auto enter = [&](const auto& e) {
    path += (path.empty() ? "" : "/") + e.name;
    return e.name.find(text) == std::string::npos ? vs::step::into : vs::step::stop;
  };
  const vs::visitor look{[&](const world::folder& f) {
                           const vs::step how = enter(f);
                           return f.name.starts_with('.') ? vs::step::over : how;
                         },
                         vs::otherwise(enter)};
  const auto leave = [&](const auto& e) {
    path.resize(path.size() - std::min(path.size(), e.name.size() + 1));
  };
  const bool missed =
      vs::traverse(files.root(), look, leave, {.elements = 1'000'000, .levels = 1'000});
  return missed ? "nothing" : path;
}
/// [search]

/// [line]
// With a result: what a listing says of an entry.
std::string line(const world::entry& e) {
  return vs::visit(vs::visitor{[](const world::file& f) {
                                 return f.name + ", " + std::to_string(f.size) + " bytes";
                               },
                               [](const world::folder& f) { return f.name + '/'; },
                               [](const world::link& l) { return l.name + " -> " + l.to; }},
                   e);
}
/// [line]

void report(const tree& files) {
  counting count;
  vs::traverse(files.root(), count);
  std::uintmax_t bytes = 0;
  vs::traverse(files.root(), vs::visitor{[&](const world::file& f) { bytes += f.size; },
                                         vs::otherwise([](const auto&) {})});
  std::cout << "  " << count.files << " files, " << count.folders << " folders, " << count.links
            << " links; " << bytes << " bytes\n";
}

int inspect(const std::filesystem::path& top, const std::string& text) try {
  tree files(world::folder{top.string()});
  files.set_limits({.components = 1'000'000, .depth = 999});
  for (auto& c : cp::preorder(files.root())) {
    if (c.value.is_leaf()) continue;
    for (auto& e : world::entries_of(top / cp::path_of(c, &world::entry::name)))
      c.add(std::move(e));
  }
  report(files);
  if (!text.empty()) std::cout << "  \"" << text << "\": " << search(files, text) << '\n';
  return 0;
} catch (const std::exception& problem) {
  std::cout << problem.what() << '\n';
  return 1;
}

/// [open]
// Kinds of contents: plug-ins bring their own, and nobody has a list of them.
struct content {
  virtual ~content() = default;
};
struct text : content {};
struct picture : content {};
struct song : content {};  // of a plug-in that is newer than this program

auto preview(auto unknown) {
  vs::open_visitor<const content, std::string> v(std::move(unknown));
  v.on([](const text&) { return "the first lines"; });
  v.on([](const picture&) { return "a thumbnail"; });
  return v;
}
/// [open]

int main(int argc, char** argv) {
  if (argc > 1) return inspect(argv[1], argc > 2 ? argv[2] : "");
  tree home(world::folder{"home"});
  auto& docs = home.root().add(world::folder{"docs"});
  docs.add(world::file{"letter.txt", 120});
  docs.add(world::file{"slides.pdf", 5000});
  docs.add(world::link{"latest", "slides.pdf"});
  home.root().add(world::folder{".trash"}).add(world::file{"old slides.pdf", 4000});
  home.root().add(world::folder{"pictures"}).add(world::file{"moon.pgm", 4109});

  std::cout << "> list docs\n";
  for (const auto& c : cp::children(docs)) std::cout << "  " << line(c.value) << '\n';
  std::cout << "> count, and add up\n";
  report(home);
  for (const char* name : {"slides", "moon", "old"}) {
    std::cout << "> search " << name << ": " << search(home, name) << '\n';
  }
  std::cout << "> count, with at most 3 elements: ";
  try {
    vs::traverse(home.root(), counting(), {.elements = 3});
  } catch (const vs::over_budget& refused) {
    std::cout << refused.what() << '\n';
  }
  std::cout << "> preview a text, a picture, and a song from a new plug-in\n";
  /// [unknown]
  auto lenient = preview(vs::otherwise([](const content&) { return "an icon"; }));
  std::cout << "  " << lenient(text()) << ", " << lenient(picture()) << ", " << lenient(song())
            << '\n';
  auto strict = preview(vs::refuse{});
  try {
    strict(song());
  } catch (const vs::unknown_element&) {
    std::cout << "  the strict one refuses the song\n";
  }
  /// [unknown]
  std::cout << "\nElement entry · ConcreteElement file, folder, link · Visitor counting, three of "
               "lambdas\n"
               "ObjectStructure tree · open set: Element content, Visitor preview\n"
               "Yours: ./gof run visitor -- FOLDER TEXT\n";
}
