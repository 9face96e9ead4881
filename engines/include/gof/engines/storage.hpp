// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// Where the broker keeps what must outlive it: an ordered map of bytes, changed in one piece.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>

/// \defgroup engines Engines
/// What stands behind a node, for those who write or test one.

/// \namespace gof::engines
/// See \ref engines.

namespace gof::inline v0::engines {

/// \addtogroup engines
/// @{

/// What is stored is not what was written.
class damaged : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// An ordered map of bytes. What was put and erased since the last commit takes place with the next
/// one, all of it or nothing. \threads one at a time
class storage {
 public:
  virtual ~storage() = default;
  /// Sets the value of a key. \throws std::system_error where that cannot be
  virtual void put(std::string_view key, std::string_view value) = 0;
  /// Erases the keys from `first` on that are below `last`. \throws std::system_error
  virtual void erase(std::string_view first, std::string_view last) = 0;
  /// Makes all changes since the last commit last, as the storage promises. \throws
  /// std::system_error; then none of them has taken place; any other exception where that is not
  /// known, and nothing more can be kept
  virtual void commit() = 0;
  /// Forgets all changes since the last commit.
  virtual void roll_back() noexcept = 0;
  /// Calls `each` with all keys and values, in the order of keys. \throws std::system_error;
  /// damaged
  virtual void scan(const std::function<void(std::string_view, std::string_view)>& each) = 0;
  /// \returns whether what was committed outlives the process
  [[nodiscard]] virtual bool durable() const noexcept = 0;
};

/// Writes numbers and strings one after the other: numbers as eight bytes, the highest first, so
/// that they sort; strings behind their length.
class packer {
 public:
  /// \param number eight bytes \returns this
  packer& add(std::uint64_t number) {
    for (int shift = 56; shift >= 0; shift -= 8)
      bytes_ += static_cast<char>(static_cast<unsigned char>(number >> shift));
    return *this;
  }
  /// \param text its length and its bytes \returns this
  packer& add(std::string_view text) {
    add(text.size());
    bytes_ += text;
    return *this;
  }
  /// Writes a checksum of all that was written. \param key what it stands under \returns this
  packer& seal(std::string_view key) { return add(checksum(bytes_, checksum(key))); }
  /// \returns what was written
  [[nodiscard]] const std::string& bytes() const noexcept { return bytes_; }
  /// \returns FNV-1a of 64 bits. \param bytes of these \param sum of those before them
  [[nodiscard]] static std::uint64_t checksum(std::string_view bytes,
                                              std::uint64_t sum = 0xcbf29ce484222325u) noexcept {
    for (char c : bytes) sum = (sum ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
    return sum;
  }

 private:
  std::string bytes_;
};

/// Reads what a packer wrote.
class unpacker {
 public:
  /// \param bytes what was written
  explicit unpacker(std::string_view bytes) noexcept : bytes_(bytes) {}
  /// Checks the checksum at the end, and leaves it out. \param key what it stands under
  /// \throws damaged
  void open(std::string_view key) {
    if (bytes_.size() < 8) throw damaged("a record is too short");
    const std::string_view sum = bytes_.substr(bytes_.size() - 8);
    bytes_.remove_suffix(8);
    if (unpacker(sum).number() != packer::checksum(bytes_, packer::checksum(key)))
      throw damaged("a record has the wrong checksum");
  }
  /// \returns the next number. \throws damaged
  std::uint64_t number() {
    std::uint64_t all = 0;
    for (char c : take(8)) all = all << 8 | static_cast<unsigned char>(c);
    return all;
  }
  /// \returns the next string. \throws damaged
  std::string text() { return std::string(take(number())); }
  /// \returns whether all has been read
  [[nodiscard]] bool empty() const noexcept { return bytes_.empty(); }

 private:
  std::string_view take(std::uint64_t size) {
    if (size > bytes_.size()) throw damaged("a record is too short");
    const std::string_view taken = bytes_.substr(0, static_cast<std::size_t>(size));
    bytes_.remove_prefix(taken.size());
    return taken;
  }
  std::string_view bytes_;
};

/// @}
}  // namespace gof::inline v0::engines
