// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// The messages of Pyro's protocol: header, annotations and payload, as bytes and back.

#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>

#include <gof/wire.hpp>

namespace gof::inline v0::pyro {

/// \addtogroup pyro
/// @{

/// What messages may be. What is larger is refused before there is memory for it.
struct message_limits {
  std::size_t message = 1 << 20;          ///< bytes of payload and annotations, as they are sent
  std::size_t annotations = 64 << 10;     ///< bytes of all annotations
  std::size_t chunks = 16;                ///< annotations
  std::size_t handshake = 4 << 10;        ///< bytes of the payload that a client begins with
  std::size_t inflated = 4 << 20;         ///< bytes of a payload that was compressed …
  std::size_t ratio = 100;                ///< … which is at most this many times as large …
  std::size_t small_inflated = 64 << 10;  ///< … unless it has no more bytes than this
  std::size_t depth = 64;                 ///< arrays and maps inside each other in a payload
};

/// What a message is for.
enum class message_type : std::uint8_t {
  connect = 1,   ///< the first one, of a client
  connect_ok,    ///< its answer
  connect_fail,  ///< or this one, and then the connection ends
  invoke,        ///< a call
  result,        ///< its answer
  ping           ///< a sign of life, and its answer
};

/// The bits of a header's flags. There may be others; they mean nothing.
namespace flag {
inline constexpr std::uint16_t exception = 0x01;        ///< a result: of a call that threw
inline constexpr std::uint16_t compressed = 0x02;       ///< the payload is a stream of zlib
inline constexpr std::uint16_t one_way = 0x04;          ///< a call: nobody waits for an answer
inline constexpr std::uint16_t batch = 0x08;            ///< several calls, or their results
inline constexpr std::uint16_t stream = 0x10;           ///< a result: items follow when asked for
inline constexpr std::uint16_t kept_serialized = 0x20;  ///< a call: Python's blob
inline constexpr std::uint16_t correlated = 0x40;       ///< the correlation id is one
}  // namespace flag

/// Which calls belong together; all zero for none.
using correlation_id = std::array<std::byte, 16>;

/// What every message begins with.
struct header {
  static constexpr std::size_t size = 40;  ///< of its bytes

  message_type type{};            ///< maybe none that there is
  std::uint8_t serializer = 0;    ///< of the payload; maybe none that there is
  std::uint16_t flags = 0;        ///< what else is known of it
  std::uint16_t sequence = 0;     ///< an answer has that of its request
  std::uint32_t payload = 0;      ///< how many bytes, compressed if it is
  std::uint32_t annotations = 0;  ///< how many bytes, which come before the payload
  correlation_id correlation{};   ///< sent with flag::correlated only

  /// \returns whether a flag is set. \param bit the flag
  [[nodiscard]] bool has(std::uint16_t bit) const noexcept { return (flags & bit) != 0; }
  /// \returns how many bytes follow
  [[nodiscard]] std::uint64_t rest() const noexcept { return std::uint64_t{payload} + annotations; }
  friend bool operator==(const header&, const header&) = default;  ///< By all fields.
};

/// Reads a header. \param bytes what it begins with; more may follow
/// \param h the header \param most what is allowed
/// \returns why it is none: `malformed`, `unknown_version` (both known after six bytes),
/// `too_large`; `truncated` if it may become one; then `h` is unchanged
[[nodiscard]] wire::refusal parse(std::string_view bytes, header& h,
                                  const message_limits& most = {}) noexcept;
/// Writes a header. \param h the header \param at room for as many bytes as it has
/// \law RoundTrip: it is read as it was written
void write(const header& h, char* at) noexcept;

/// The annotations of a message: a view of bytes that were found to be some.
class annotations {
 public:
  /// One of them.
  struct chunk {
    std::string_view id;     ///< four letters
    std::string_view bytes;  ///< what it says
  };
  /// Goes through them.
  class iterator {
   public:
    using value_type = chunk;                ///< annotations
    using difference_type = std::ptrdiff_t;  ///< between two of them
    iterator() = default;
    /// \param rest where it stands, until the end
    explicit iterator(std::string_view rest) noexcept : rest_(rest) {}
    /// \returns the one that it stands at
    [[nodiscard]] chunk operator*() const noexcept {
      return {rest_.substr(0, 4), rest_.substr(8, length())};
    }
    /// Goes to the next.
    iterator& operator++() noexcept {
      rest_.remove_prefix(8 + length());
      return *this;
    }
    /// Goes to the next. \returns where it stood
    iterator operator++(int) noexcept {
      iterator before = *this;
      ++*this;
      return before;
    }
    /// \returns whether both are as far from the same end
    friend bool operator==(const iterator& a, const iterator& b) noexcept {
      return a.rest_.size() == b.rest_.size();
    }
    /// \returns whether there are no more
    friend bool operator==(const iterator& a, std::default_sentinel_t) noexcept {
      return a.rest_.empty();
    }

   private:
    [[nodiscard]] std::size_t length() const noexcept;
    std::string_view rest_;
  };

  annotations() = default;
  /// Reads them. \param all their bytes \param into which become a view of the bytes
  /// \param most what is allowed
  /// \returns why not: `truncated` where the last is not whole, `malformed` for an id that is not
  /// ASCII, `too_large`; then `into` is unchanged
  [[nodiscard]] static wire::refusal parse(std::string_view all, annotations& into,
                                           const message_limits& most = {}) noexcept;

  /// \returns the first one
  [[nodiscard]] iterator begin() const noexcept { return iterator(bytes_); }
  /// \returns where there are no more
  [[nodiscard]] std::default_sentinel_t end() const noexcept { return {}; }
  /// \returns what one says, the last if several have this id. \param id four letters
  [[nodiscard]] std::optional<std::string_view> find(std::string_view id) const noexcept;
  /// \returns all of them as they were sent
  [[nodiscard]] std::string_view bytes() const noexcept { return bytes_; }

 private:
  std::string_view bytes_;
};
/// Appends an annotation. \param out to what \param id four ASCII letters \param bytes what it says
/// \throws wire::error wrong_length, malformed for what is not such an id; too_large
void append_annotation(std::string& out, std::string_view id, std::string_view bytes);

/// Makes a payload of a compressed one; takes no more memory than is allowed.
/// \param compressed a stream of zlib; what follows it is ignored, as Python does
/// \param out becomes the payload, or something \param most what is allowed
/// \returns why not: `malformed`, `truncated`, `too_large` \throws std::bad_alloc
[[nodiscard]] wire::refusal inflate(std::string_view compressed, std::string& out,
                                    const message_limits& most = {});
/// Compresses a payload as Python does, at level 4. \param payload the payload
/// \param out becomes the stream of zlib \throws std::bad_alloc
void deflate(std::string_view payload, std::string& out);
/// Payloads of no more bytes than these are never compressed.
inline constexpr std::size_t too_small_to_compress = 100;

/// Appends a string as Python's marshal writes it, in which a server says what is wrong with a
/// message that it cannot read. \param out to what \param text the string, UTF-8
void append_marshal(std::string& out, std::string_view text);
/// \returns the string that was written so; none if it is anything else. \param bytes the bytes
[[nodiscard]] std::optional<std::string_view> marshal_text(std::string_view bytes) noexcept;

/// @}
}  // namespace gof::inline v0::pyro
