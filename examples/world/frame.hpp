// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// A picture in grey, from and to the files that netpbm and most programs for pictures know: PGM
/// and PPM, as text (P2, P3) or bytes (P5, P6).

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <istream>
#include <limits>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace world {

/// Width and height in pixels.
struct extent {
  std::size_t width = 0;                                        ///< Of a row.
  std::size_t height = 0;                                       ///< How many rows.
  friend bool operator==(extent, extent) = default;             ///< The same?
  std::size_t area() const noexcept { return width * height; }  ///< In pixels.
};
/// \returns such as "64 x 32" \param e width and height
inline std::string to_string(extent e) {
  return std::to_string(e.width) + " x " + std::to_string(e.height);
}

/// Rows of pixels, from 0 (black) to 255 (white).
struct frame {
  extent size;                      ///< Width and height.
  std::vector<unsigned char> grey;  ///< `size.area()` pixels, row by row.
  friend bool operator==(const frame&, const frame&) = default;  ///< The same picture?
};

/// A PGM or PPM file that is read: first its header, then its pixels.
class frame_file {
 public:
  /// Opens a file and reads no more than its header. \param file its path
  /// \throws std::runtime_error that says what is wrong with it
  explicit frame_file(const std::filesystem::path& file)
      : name_(file.filename().string()), in_(file, std::ios::binary) {
    if (!in_) throw std::runtime_error("cannot open " + file.string());
    if (in_.get() != 'P' || !(in_ >> kind_) ||
        std::string("2356").find(kind_) == std::string::npos) {
      throw std::runtime_error(name_ + " is no PGM or PPM file (P2, P3, P5 or P6)");
    }
    size_ = {number(1, 65'535), number(1, 65'535)};
    brightest_ = number(1, 65'535);
    in_.get();  // one blank ends the header
  }

  /// \returns what the header says
  extent size() const noexcept { return size_; }

  /// Reads the pixels; once. \returns the picture
  /// \throws std::runtime_error where there are too few
  frame pixels() {
    const bool colour = kind_ == '3' || kind_ == '6';
    frame f{size_, {}};
    while (f.grey.size() != size_.area()) {  // grows with what is there, not with what is claimed
      std::size_t light = 0;
      if (colour) {
        const std::size_t red = sample(f), green = sample(f), blue = sample(f);
        light = (299 * red + 587 * green + 114 * blue) / 1000;
      } else {
        light = sample(f);
      }
      f.grey.push_back(static_cast<unsigned char>(light * 255 / brightest_));
    }
    return f;
  }

 private:
  std::size_t number(std::size_t least, std::size_t most) {
    while ((in_ >> std::ws).peek() == '#')
      in_.ignore(std::numeric_limits<std::streamsize>::max(), '\n');
    std::size_t n = 0;
    if (!(in_ >> n) || n < least || n > most) {
      throw std::runtime_error(name_ + " has a number that is none, or not in the format's bounds");
    }
    return n;
  }
  std::size_t sample(const frame& so_far) {
    const bool text = kind_ == '2' || kind_ == '3';
    if (text && !(in_ >> std::ws).eof()) return number(0, brightest_);
    int byte = in_.get();
    if (brightest_ > 255 && byte >= 0) byte = byte * 256 + in_.get();
    if (!in_) {
      throw std::runtime_error(name_ + " ends after " + std::to_string(so_far.grey.size()) +
                               " of " + std::to_string(size_.area()) + " pixels");
    }
    return std::min(static_cast<std::size_t>(byte), brightest_);
  }

  std::string name_;
  std::ifstream in_;
  char kind_ = '?';
  extent size_;
  std::size_t brightest_ = 0;
};

/// Writes a picture as PGM. \param file its path \param f the picture \throws std::runtime_error
inline void write_pgm(const std::filesystem::path& file, const frame& f) {
  std::ofstream out(file, std::ios::binary);
  out << "P5\n" << f.size.width << ' ' << f.size.height << "\n255\n";
  out.write(reinterpret_cast<const char*>(f.grey.data()),
            static_cast<std::streamsize>(f.grey.size()));
  if (!out.flush()) throw std::runtime_error("cannot write " + file.string());
}

/// \returns a smaller picture, each pixel the mean of those it stands for
/// \param f the picture \param to width and height, neither 0 nor larger than the picture's
inline frame shrunk(const frame& f, extent to) {
  frame small{to, {}};
  small.grey.reserve(to.area());
  for (std::size_t y = 0; y != to.height; ++y) {
    for (std::size_t x = 0; x != to.width; ++x) {
      const std::size_t left = x * f.size.width / to.width, top = y * f.size.height / to.height;
      const std::size_t right = (x + 1) * f.size.width / to.width;
      const std::size_t bottom = (y + 1) * f.size.height / to.height;
      std::size_t sum = 0;
      for (std::size_t v = top; v != bottom; ++v) {
        for (std::size_t u = left; u != right; ++u) sum += f.grey[v * f.size.width + u];
      }
      small.grey.push_back(static_cast<unsigned char>(sum / ((right - left) * (bottom - top))));
    }
  }
  return small;
}

/// \returns the picture in letters, a line a row
/// \param f the picture \param columns how wide at most; a letter is twice as high as it is wide
inline std::string drawn(const frame& f, std::size_t columns) {
  constexpr char ink[] = " .:-=+*#%@";
  columns = std::min(columns, f.size.width);
  const std::size_t rows = columns * f.size.height / f.size.width / 2;
  const frame small = shrunk(f, {columns, std::clamp<std::size_t>(rows, 1, f.size.height)});
  std::string letters;
  for (std::size_t i = 0; i != small.grey.size(); ++i) {
    letters += ink[small.grey[i] * (sizeof ink - 2) / 255];
    if ((i + 1) % columns == 0) letters.erase(letters.find_last_not_of(' ') + 1) += '\n';
  }
  return letters;
}

}  // namespace world
