// SPDX-License-Identifier: BSL-1.0
/// \file
/// Converts pictures: decode, filter, encode, check, replace. Where a step fails, the file that was
/// there before is still there. `template_method FILE` makes a negative, a thumbnail and a drawing
/// of a PGM or PPM file of yours, beside it.

#include <gof/template_method.hpp>
#include <iomanip>
#include <iostream>

#include "world/frame.hpp"

namespace fs = std::filesystem;
namespace tpl = gof::template_method;
using tpl::hook, tpl::progress, tpl::required;

/// [skeleton]
// AbstractClass: the steps of a conversion.
struct decode {};
struct filter {};
struct encode {};
struct check {};
struct replace {};
using conversion =
    tpl::skeleton<required<decode>, hook<filter>, required<encode>, hook<check>, required<replace>>;
/// [skeleton]

/// [common]
// What most conversions do alike. There is a new file, until it takes the place of the old one.
class to_pgm {
 public:
  to_pgm(fs::path from, fs::path to)
      : from_(std::move(from)), to_(std::move(to)), part_(to_.string() + ".part") {}

  void run(decode) { picture_ = world::frame_file(from_).pixels(); }
  void run(encode) { world::write_pgm(part_, picture_); }
  void undo(encode) noexcept {
    std::error_code gone;
    fs::remove(part_, gone);
  }
  void run(check) {
    if (world::frame_file(part_).pixels() != picture_) throw std::runtime_error("not the same");
  }
  void run(replace) { fs::rename(part_, to_); }

 protected:
  world::frame picture_;
  fs::path from_, to_, part_;
};
/// [common]

/// [concrete]
// ConcreteClasses: each says what it does in another way.
struct negative : to_pgm {
  using to_pgm::to_pgm, to_pgm::run;
  void run(filter) {
    for (auto& p : picture_.grey) p = static_cast<unsigned char>(255 - p);
  }
};
struct thumbnail : to_pgm {
  using to_pgm::to_pgm, to_pgm::run;
  void run(filter) {
    const auto [width, height] = picture_.size;
    picture_ = world::shrunk(picture_, {std::min<std::size_t>(width, 16), (height + 3) / 4});
  }
};
struct copy_to_full_disk : to_pgm {
  using to_pgm::to_pgm, to_pgm::run;
  void run(encode) {
    to_pgm::run(encode());
    fs::resize_file(part_, fs::file_size(part_) / 2);
  }
};
/// [concrete]
// Not derived from anything, and has no filter and no check.
struct drawing {
  fs::path from, to;
  world::frame picture{};
  void run(decode) { picture = world::frame_file(from).pixels(); }
  void run(encode) { std::cout << world::drawn(picture, 24); }
  void run(replace) {}
};

/// [listener]
// Says how far it is.
struct report {
  void operator()(std::string_view step, progress what) const noexcept {
    constexpr const char* names[] = {"", "done", "-", "failed", "taken back"};
    if (what == progress::begun) return;
    std::cout << "    " << std::left << std::setw(8) << step << ' '
              << names[static_cast<std::size_t>(what)] << '\n';
  }
};
/// [listener]

/// [execute]
bool convert(const char* what, auto&& job) try {
  std::cout << "> " << what << '\n';
  conversion::execute(job, report());
  return true;
} catch (const std::exception& problem) {
  std::cout << "    " << problem.what() << '\n';
  return false;
}
/// [execute]

bool convert_all(const fs::path& from) {
  const auto beside = [&](const char* kind) { return fs::path(from).replace_extension(kind); };
  return convert("negative", negative(from, beside("negative.pgm"))) &&
         convert("thumbnail", thumbnail(from, beside("thumbnail.pgm"))) &&
         convert("drawing", drawing{from, {}});
}

int main(int argc, char** argv) {
  if (argc > 1) return convert_all(argv[1]) ? 0 : 1;
  world::frame slope{{64, 64}, {}};
  for (int i = 0; i != 64 * 64; ++i) {
    slope.grey.push_back(static_cast<unsigned char>(2 * (i % 64) + 2 * (i / 64)));
  }
  world::write_pgm("slope.pgm", slope);
  convert_all("slope.pgm");

  std::cout << "\nThe disk is full, as the check finds out; the negative was there before\n";
  convert("copy", copy_to_full_disk("slope.pgm", "slope.negative.pgm"));
  std::cout << "    slope.negative.pgm has " << fs::file_size("slope.negative.pgm")
            << " bytes, slope.negative.pgm.part is "
            << (fs::exists("slope.negative.pgm.part") ? "there" : "not there") << '\n';
  convert("negative of nothing", negative("nothing.pgm", "nothing.negative.pgm"));

  std::cout << "\nThe steps:";
  for (const std::string_view step : conversion::steps) std::cout << ' ' << step;
  std::cout << "\n\nAbstractClass conversion · TemplateMethod conversion::execute · "
               "PrimitiveOperation decode, encode, replace · hook filter, check · "
               "ConcreteClass negative, thumbnail, drawing, …\n";
}
