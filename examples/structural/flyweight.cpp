// SPDX-License-Identifier: BSL-1.0
/// \file
/// Versions of a file share their chunks: what did not change is there once. `flyweight FILE…`
/// shows how much files of yours share; `flyweight` makes three versions of one.

#include <algorithm>
#include <cstddef>
#include <fstream>
#include <gof/flyweight.hpp>
#include <gof/flyweight/statistics.hpp>
#include <iostream>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "world/chunks.hpp"
#include "world/file.hpp"

namespace fw = gof::flyweight;

/// [chunk]
// ConcreteFlyweight: some bytes. Where they lie in a file is extrinsic state: it differs from one
// version to the next.
class chunk {
 public:
  explicit chunk(std::string_view bytes) : bytes_(bytes) {}
  std::string_view bytes() const { return bytes_; }
  void show(std::ostream& out, std::size_t offset, std::string_view mark) const {
    const std::string_view line = std::string_view(bytes_).substr(0, bytes_.find('\n'));
    out << "    " << mark << " at " << offset << ": \"" << line.substr(0, 30) << "…\", "
        << bytes_.size() << " bytes\n";
  }

 private:
  std::string bytes_;
};
/// [chunk]

/// [factory]
// FlyweightFactory: asks by the bytes, as views of what was read; no chunk is made to find one.
struct by_bytes {
  std::string_view operator()(const chunk& c) const { return c.bytes(); }
};
using store = fw::flyweight_factory<chunk, by_bytes>;
/// [factory]

/// [version]
// Client: one version of a file is a row of flyweights.
struct version {
  std::string name;
  std::vector<fw::flyweight<chunk>> chunks;

  version(std::string n, std::string_view bytes, std::size_t usual, store& s) : name(std::move(n)) {
    for (const std::string_view piece : world::chunks_of(bytes, usual)) {
      chunks.push_back(s.get_flyweight(piece));
    }
  }
  bool has(const fw::flyweight<chunk>& c) const {  // compares no bytes
    return std::ranges::find(chunks, c) != chunks.end();
  }
  /// [version]
  std::string text() const {
    std::string all;
    for (const auto& c : chunks) all += c->bytes();
    return all;
  }
};

std::string read(const std::string& path) {
  world::file_reader file(path);
  std::string all(file.size(), '\0');
  all.resize(file(all));
  return all;
}

void show_what_is_new(const version& now, const version& before) {
  std::size_t offset = 0;
  for (const auto& c : now.chunks) {
    if (!before.has(c)) c->show(std::cout, offset, "new");
    offset += c->bytes().size();
  }
}

void show_store(const store& s) {
  const auto u = fw::statistics(s, [](const chunk& c) { return c.bytes().size(); });
  std::cout << "store: " << u.flyweights << " chunks of files are " << u.values << " in the store; "
            << u.bytes << " bytes in place of " << u.bytes_unshared << '\n';
}

int compare(int files, char** paths) try {
  store s;
  std::vector<version> all;
  for (int i = 0; i != files; ++i) {
    const std::size_t before = s.misses();
    all.emplace_back(paths[i], read(paths[i]), 1024, s);
    std::cout << paths[i] << ": " << all.back().chunks.size() << " chunks, " << s.misses() - before
              << " new\n";
  }
  show_store(s);
  return 0;
} catch (const std::exception& problem) {
  std::cout << problem.what() << '\n';
  return 1;
}

// A diary of a year, a few words a day.
std::string diary() {
  constexpr std::string_view who[] = {"Ana", "Ben", "Cem", "Dora", "Eva"};
  constexpr std::string_view what[] = {"called", "wrote", "came by", "won", "was late", "sang"};
  std::string all;
  for (unsigned day = 1; day <= 365; ++day) {
    all += "day " + std::to_string(day) + ": ";
    all.append(who[day * day % 5]).append(" ").append(what[day * day % 37 % 6]).append("\n");
  }
  return all;
}

void tell(const version& v, const std::string& how, std::size_t made) {
  std::cout << "> " << v.name << ", " << how << "\n    " << v.text().size() << " bytes, "
            << v.chunks.size() << " chunks, " << made << " new\n";
}

int main(int argc, char** argv) {
  if (argc > 1) return compare(argc - 1, argv + 1);
  constexpr std::size_t usual = 256;
  std::string text = diary();
  std::optional<version> survivor;
  {
    store s;
    version first("version 1", text, usual, s);
    tell(first, "a line a day", s.misses());

    text.insert(0, "My diary\n");
    std::size_t before = s.misses();
    version second("version 2", text, usual, s);
    tell(second, "a line at the top: all the rest moves", s.misses() - before);
    show_what_is_new(second, first);

    text.insert(text.find(": ", text.find("day 200")), ", my birthday");
    text += text.substr(0, 2000);
    before = s.misses();
    version third("version 3", text, usual, s);
    tell(third, "a word in the middle; at its end the beginning once more", s.misses() - before);
    show_what_is_new(third, second);
    show_store(s);

    first.chunks.clear();
    second.chunks.clear();
    std::cout << "> versions 1 and 2 are deleted\n    nobody uses " << s.sweep()
              << " chunks any more, and they go\n";
    show_store(s);
    survivor = std::move(third);
  }
  std::cout << "> the store is closed\n    version 3 is "
            << (survivor->text() == text ? "what was written" : "damaged") << "\n\n"
            << "FlyweightFactory store · Flyweight flyweight<chunk> · ConcreteFlyweight chunk · "
               "extrinsic state offset, mark · Client version\n";
}
