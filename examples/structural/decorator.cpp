// SPDX-License-Identifier: BSL-1.0
/// \file
/// Reading a file, with what one wants besides in layers around it: a checksum, a count of lines,
/// the progress. `decorator FILE` reads a file of yours; `decorator` tells a story.

#include <cstdint>
#include <exception>
#include <fstream>
#include <gof/decorator/stack.hpp>
#include <iomanip>
#include <iostream>
#include <span>
#include <string>
#include <vector>

#include "world/file.hpp"

using gof::decorator::decorate;
using world::file_reader, world::seekable, world::sized;

/// [decorators]
// The CRC-32 of what is read, as in zip and gzip. It would be wrong if others could skip something.
struct checksum {
  using hides = gof::decorator::capabilities<seekable>;
  std::size_t invoke(auto& next, std::span<char> into) {
    const std::size_t n = next(into);
    for (const char c : into.first(n)) {
      sum ^= static_cast<unsigned char>(c);
      for (int bit = 0; bit != 8; ++bit) sum = (sum >> 1) ^ ((sum & 1U) != 0 ? 0xEDB88320U : 0);
    }
    return n;
  }
  std::uint32_t value() const { return ~sum; }
  std::uint32_t sum = ~0U;
};

struct lines {
  std::size_t invoke(auto& next, std::span<char> into) {
    const std::size_t n = next(into);
    for (const char c : into.first(n)) count += c == '\n';
    return n;
  }
  std::size_t count = 0;
};

// Says how far it is at each quarter, if what is inside knows its size.
struct progress {
  std::size_t invoke(auto& next, std::span<char> into) {
    const std::size_t n = next(into);
    const sized* whole = next.template as<sized>();
    const std::uintmax_t size = whole == nullptr ? 0 : whole->size();
    if (size != 0 && 4 * (done + n) / size != 4 * done / size) {
      std::cout << "    " << done + n << " of " << size << " bytes\n";
    }
    done += n;
    return n;
  }
  std::uintmax_t done = 0;
};
/// [decorators]

// Reads to the end, so much at a time.
void read_all(auto& reader, std::size_t at_a_time) {
  std::vector<char> buffer(at_a_time);
  while (reader(buffer) != 0) continue;
}

void say_sums(auto& reader) {
  std::cout << "checksum " << std::hex << std::setw(8) << std::setfill('0')
            << reader.template as<checksum>()->value() << std::dec << ", "
            << reader.template as<lines>()->count << " lines\n";
}

/// [fixed]
// Which layers there are is known when this is compiled: a call costs what one function would.
int read(const std::string& path) try {
  auto reader = decorate(file_reader(path)) | lines() | checksum() | progress();
  std::cout << reader.describe() << '\n';
  read_all(reader, 1 << 16);
  say_sums(reader);
  return 0;
} catch (const std::exception& problem) {
  std::cout << problem.what() << '\n';
  return 1;
}
/// [fixed]

void tell() {
  std::ofstream("letter.txt") << "Dear Ana,\nthe slides are done.\nThey are in the folder.\nBob\n";

  /// [stack]
  gof::decorator::stack<std::size_t(std::span<char>)> reader(file_reader("letter.txt"));
  reader.push(lines());
  reader.push(checksum());
  const auto shown = reader.push(progress());
  std::cout << "> read       " << reader.describe() << '\n';
  read_all(reader, 16);
  say_sums(reader);
  /// [stack]

  std::cout << "> rewind     ";
  std::cout << (reader.as<seekable>() == nullptr ? "refused: not with a checksum\n" : "done\n");
  /// [remove]
  reader.remove<checksum>();
  std::cout << "> remove     " << reader.describe() << '\n';
  if (seekable* file = reader.as<seekable>()) file->seek(0);
  /// [remove]
  std::cout << "> rewind     done, " << reader.as<sized>()->size() << " bytes to read\n";
  reader.as<progress>()->done = 0;
  reader.as<lines>()->count = 0;

  std::vector<char> buffer(32);
  reader(buffer);
  reader.remove(shown);
  std::cout << "> remove     " << reader.describe() << ", in the middle of the file\n";
  read_all(reader, 16);
  std::cout << "             " << reader.as<lines>()->count << " lines: none was missed\n";
  std::cout << "> fixed      ";
  read("letter.txt");
  std::cout << "\nComponent size_t(span<char>) · ConcreteComponent file_reader\n"
               "Decorator stack, layer · ConcreteDecorator checksum, lines, progress\n"
               "Yours: ./gof run decorator -- FILE\n";
}

int main(int argc, char** argv) {
  if (argc > 1) return read(argv[1]);
  tell();
}
