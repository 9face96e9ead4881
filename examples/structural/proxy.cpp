// SPDX-License-Identifier: BSL-1.0
/// \file
/// A document whose pictures are loaded when they are looked at. `proxy FILE.ppm…` shows PGM and
/// PPM files of yours; `proxy` makes some and tells a story.

#include <gof/proxy/caching_proxy.hpp>
#include <gof/proxy/protection_proxy.hpp>
#include <gof/proxy/virtual_proxy.hpp>
#include <iostream>

#include "world/frame.hpp"

namespace px = gof::proxy;

/// [subject]
class picture {
 public:
  virtual ~picture() = default;
  virtual world::extent size() const = 0;
  virtual std::string draw(std::size_t columns) const = 0;
  virtual void invert() = 0;
};
/// [subject]

// RealSubject: has all the pixels.
class image final : public picture {
 public:
  explicit image(const std::filesystem::path& file) : pixels_(world::frame_file(file).pixels()) {
    std::cout << "    (loaded " << file.filename().string() << ": " << pixels_.grey.size()
              << " pixels)\n";
  }
  world::extent size() const override { return pixels_.size; }
  std::string draw(std::size_t columns) const override { return world::drawn(pixels_, columns); }
  void invert() override {
    for (auto& p : pixels_.grey) p = static_cast<unsigned char>(255 - p);
  }

 private:
  world::frame pixels_;
};

/// [guard]
// Everybody may look, but only the owner may edit.
struct owner_edits {
  std::string owner;
  const std::string* user;
  bool operator()(auto call) const {
    if (!call.is(px::request<&picture::invert>) || *user == owner) return true;
    throw px::denied("refused, only " + owner + " may edit it");
  }
};
/// [guard]

/// [proxy]
// Proxy: a picture, for whoever uses it. Knows its size from the header; has no pixels until drawn.
class placeholder final : public picture {
 public:
  placeholder(const std::filesystem::path& file, const std::string* user)
      : size_(world::frame_file(file).size()),
        real_(px::virtual_proxy<picture>([file] { return std::make_unique<image>(file); }),
              px::protection(owner_edits{"Ana", user})) {}

  world::extent size() const override { return size_; }
  std::string draw(std::size_t columns) const override {
    return real_.request<&picture::draw>(columns);
  }
  void invert() override { real_.request<&picture::invert>(); }

 private:
  world::extent size_;
  px::protection_proxy<px::virtual_proxy<picture>, owner_edits> real_;
};
/// [proxy]

/// [album]
struct album {
  std::string thumbnail(const std::string& file) const {
    std::cout << "    (shrinking " << file << ")\n";
    return world::drawn(world::frame_file(file).pixels(), 12);
  }
};
/// [album]

void draw(const picture& p, std::size_t columns) try {
  std::cout << p.draw(columns);
} catch (const std::exception& problem) {
  std::cout << "    not drawn: " << problem.what() << '\n';
}
void edit(picture& p, const std::string& user) try {
  std::cout << user << " inverts it: ";
  p.invert();
  std::cout << "done\n";
} catch (const px::denied& refused) {
  std::cout << refused.what() << '\n';
}

// A lit ball, as someone would see it from the given place.
world::frame ball(double from) {
  world::frame f{{64, 64}, {}};
  for (int i = 0; i != 64 * 64; ++i) {
    const double x = (i % 64 - 31.5) / 28, y = (i / 64 - 31.5) / 28, z = 1 - x * x - y * y;
    const double light = z < 0 ? 0 : 0.15 + 0.85 * std::max(0.0, from * x - 0.3 * y + 0.6 * z);
    f.grey.push_back(static_cast<unsigned char>(255 * std::min(light, 1.0)));
  }
  return f;
}

int show(int files, char** paths) try {
  const std::string user = "Ana";
  for (int i = 0; i != files; ++i) {
    const placeholder p(paths[i], &user);
    std::cout << paths[i] << "  " << to_string(p.size()) << '\n' << p.draw(76);
  }
  return 0;
} catch (const std::exception& problem) {
  std::cout << problem.what() << '\n';
  return 1;
}

int main(int argc, char** argv) {
  if (argc > 1) return show(argc - 1, argv + 1);
  std::string user = "Ben";
  world::write_pgm("moon.pgm", ball(0.7));
  world::write_pgm("mars.pgm", ball(-0.7));

  std::cout << "A document with two pictures: only their headers were read\n";
  placeholder moon("moon.pgm", &user), mars("mars.pgm", &user);
  std::cout << "    moon.pgm  " << to_string(moon.size()) << "\n    mars.pgm  "
            << to_string(mars.size()) << '\n';

  std::cout << "\nThe moon comes into view, twice\n";
  draw(moon, 24);
  draw(moon, 12);
  edit(moon, user);
  edit(moon, user = "Ana");
  draw(moon, 12);

  std::cout << "\nMars comes into view, but its file was cut short; later it is whole again\n";
  std::filesystem::resize_file("mars.pgm", 1000);
  draw(mars, 12);
  world::write_pgm("mars.pgm", ball(-0.7));
  draw(mars, 12);

  std::cout << "\nThe margin shows thumbnails\n";
  /// [caching]
  px::caching_proxy<album, &album::thumbnail> thumbnails(
      album{},
      px::caching<&album::thumbnail>({.capacity = 100, .time_to_live = std::chrono::hours(1)}));
  for (const char* file : {"moon.pgm", "mars.pgm", "moon.pgm", "moon.pgm"}) {
    const std::string small = thumbnails.request<&album::thumbnail>(file);
    std::cout << file << ", " << std::count(small.begin(), small.end(), '\n') << " lines\n";
  }
  /// [caching]
  std::cout << "\nSubject picture · RealSubject image · Proxy placeholder (virtual, protection), "
               "thumbnails (caching)\n";
}
