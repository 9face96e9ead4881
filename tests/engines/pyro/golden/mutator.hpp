// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// Makes messages that are almost right.

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>

namespace gof::testing {

[[noreturn]] inline void fail(const char* what) {
  std::fprintf(stderr, "FAILED: %s\n", what);
  std::abort();
}

/// Changes messages of Pyro, at random.
class mutator {
 public:
  /// \param seed of the changes
  explicit mutator(unsigned long seed) : random_(seed) {}
  /// \returns a number below n
  std::size_t below(std::size_t n) { return static_cast<std::size_t>(random_() % n); }

  /// Changes a few bytes of a message. Then, mostly, its lengths are made right again, so that what
  /// stands behind the header is looked at.
  void change(std::string& frame) {
    const std::size_t header = 40;
    const bool repairs = frame.size() >= header && below(8) != 0;
    for (auto changes = below(5); changes != 0 && !frame.empty(); --changes) {
      const bool spares = repairs && frame.size() > header && below(8) != 0;
      const std::size_t at = spares ? header + below(frame.size() - header) : below(frame.size());
      const auto any = static_cast<char>(random_());
      switch (below(6)) {
        case 0:
          frame[at] = any;
          break;
        case 1:
          frame[at] = static_cast<char>(frame[at] ^ 1 << below(8));
          break;
        case 2:
          frame.insert(at, 1, any);
          break;
        case 3:
          frame.erase(at, 1 + below(3));
          break;
        case 4:
          frame.insert(at, frame.substr(below(frame.size()), below(20)));
          break;
        default:
          frame[at] = static_cast<char>(0x80 + below(0x80));
      }
    }
    if (repairs && frame.size() >= header) repair(frame);
  }

 private:
  static std::size_t number(const std::string& frame, std::size_t at) {
    std::size_t n = 0;
    for (std::size_t i = at; i != at + 4; ++i) n = n << 8 | static_cast<unsigned char>(frame[i]);
    return n;
  }
  static void set(std::string& frame, std::size_t at, std::size_t n) {
    for (std::size_t i = at + 4; i-- != at; n >>= 8) frame[i] = static_cast<char>(n);
  }
  // The chunks end where the annotations do, and the payload where the message does.
  static void repair(std::string& frame) {
    const std::size_t rest = frame.size() - 40;
    std::size_t left = number(frame, 16);
    if (left > rest) set(frame, 16, left = rest);
    set(frame, 12, rest - left);
    for (std::size_t at = 40; left >= 8;) {
      std::size_t length = number(frame, at + 4);
      if (length > left - 8 || left - 8 - length < 8) set(frame, at + 4, length = left - 8);
      at += 8 + length;
      left -= 8 + length;
    }
  }

  std::mt19937_64 random_;
};

}  // namespace gof::testing
