// SPDX-License-Identifier: BSL-1.0
#include <gof/pyro/message.hpp>

#define ZLIB_CONST
#include <zlib.h>

#include <algorithm>
#include <bit>
#include <concepts>
#include <cstring>
#include <new>

namespace gof::inline v0::pyro {
namespace {

using wire::refusal;

constexpr std::string_view tag{"PYRO\x01\xf6", 6};  // and the version, 502
constexpr std::uint16_t magic = 0x4dc5;

// Big-endian numbers.
template <std::unsigned_integral T>
T swapped(T n) noexcept {
  if constexpr (std::endian::native == std::endian::big) return n;
  return sizeof(T) == 2 ? static_cast<T>(__builtin_bswap16(static_cast<std::uint16_t>(n)))
                        : static_cast<T>(__builtin_bswap32(static_cast<std::uint32_t>(n)));
}
template <std::unsigned_integral T>
T get(const char* at) noexcept {
  T n;
  std::memcpy(&n, at, sizeof n);
  return swapped(n);
}
template <std::unsigned_integral T>
void put(char* at, T n) noexcept {
  n = swapped(n);
  std::memcpy(at, &n, sizeof n);
}
bool is_ascii(std::string_view s) noexcept {
  return std::none_of(s.begin(), s.end(), [](char c) { return (c & 0x80) != 0; });
}

struct inflating : z_stream {
  inflating() : z_stream() {
    if (inflateInit(this) != Z_OK) throw std::bad_alloc();
  }
  inflating(const inflating&) = delete;
  inflating& operator=(const inflating&) = delete;
  ~inflating() { inflateEnd(this); }
};

}  // namespace

refusal parse(std::string_view bytes, header& h, const message_limits& most) noexcept {
  if (bytes.size() < tag.size()) return refusal::truncated;
  if (bytes.substr(0, 4) != tag.substr(0, 4)) return refusal::malformed;
  if (bytes.substr(4, 2) != tag.substr(4)) return refusal::unknown_version;
  if (bytes.size() < header::size) return refusal::truncated;
  const char* const at = bytes.data();
  if (get<std::uint16_t>(at + 38) != magic) return refusal::malformed;
  const auto payload = get<std::uint32_t>(at + 12), notes = get<std::uint32_t>(at + 16);
  if (std::uint64_t{payload} + notes > most.message || notes > most.annotations)
    return refusal::too_large;
  h.type = static_cast<message_type>(at[6]);
  h.serializer = static_cast<std::uint8_t>(at[7]);
  h.flags = get<std::uint16_t>(at + 8);
  h.sequence = get<std::uint16_t>(at + 10);
  h.payload = payload;
  h.annotations = notes;
  std::memcpy(h.correlation.data(), at + 20, h.correlation.size());
  return refusal::none;
}

void write(const header& h, char* at) noexcept {
  std::memcpy(at, tag.data(), tag.size());
  at[6] = static_cast<char>(h.type);
  at[7] = static_cast<char>(h.serializer);
  put(at + 8, h.flags);
  put(at + 10, h.sequence);
  put(at + 12, h.payload);
  put(at + 16, h.annotations);
  std::memcpy(at + 20, h.correlation.data(), h.correlation.size());
  put(at + 36, std::uint16_t{0});
  put(at + 38, magic);
}

std::size_t annotations::iterator::length() const noexcept {
  return get<std::uint32_t>(rest_.data() + 4);
}

refusal annotations::parse(std::string_view bytes, annotations& into,
                           const message_limits& most) noexcept {
  if (bytes.size() > most.annotations) return refusal::too_large;
  std::size_t count = 0;
  for (std::string_view rest = bytes; !rest.empty();) {
    if (++count > most.chunks) return refusal::too_large;
    if (rest.size() < 8) return refusal::truncated;
    if (!is_ascii(rest.substr(0, 4))) return refusal::malformed;
    const std::uint64_t whole = std::uint64_t{8} + get<std::uint32_t>(rest.data() + 4);
    if (whole > rest.size()) return refusal::truncated;
    rest.remove_prefix(static_cast<std::size_t>(whole));
  }
  into.bytes_ = bytes;
  return refusal::none;
}

std::optional<std::string_view> annotations::find(std::string_view id) const noexcept {
  std::optional<std::string_view> found;
  for (const chunk one : *this)
    if (one.id == id) found = one.bytes;
  return found;
}

void append_annotation(std::string& out, std::string_view id, std::string_view bytes) {
  if (id.size() != 4)
    throw wire::error(refusal::wrong_length, "gof::pyro: the id of an annotation has 4 letters");
  if (!is_ascii(id))
    throw wire::error(refusal::malformed, "gof::pyro: the id of an annotation is ASCII");
  if (bytes.size() > 0xffff'ffff)
    throw wire::error(refusal::too_large, "gof::pyro: an annotation of more than 4 GiB");
  char length[4];
  put(length, static_cast<std::uint32_t>(bytes.size()));
  out.append(id).append(length, sizeof length).append(bytes);
}

refusal inflate(std::string_view compressed, std::string& out, const message_limits& most) {
  if (compressed.size() > std::min<std::size_t>(most.message, 0xffff'ffff))
    return refusal::too_large;
  std::size_t allowed = std::min<std::size_t>(most.inflated, 0x7fff'ffff);
  if (const std::size_t ratio = std::max<std::size_t>(most.ratio, 1);
      compressed.size() < allowed / ratio)
    allowed = std::min(allowed, std::max(most.small_inflated, ratio * compressed.size()));
  inflating stream;
  stream.next_in = reinterpret_cast<const Bytef*>(compressed.data());
  stream.avail_in = static_cast<uInt>(compressed.size());
  // One byte more than is allowed shows that it is too large.
  for (std::size_t used = 0, size = 4 * compressed.size() + 64;; size *= 2) {
    out.resize(std::min(size, allowed + 1));
    stream.next_out = reinterpret_cast<Bytef*>(out.data() + used);
    stream.avail_out = static_cast<uInt>(out.size() - used);
    const int how = ::inflate(&stream, Z_NO_FLUSH);
    if (how == Z_MEM_ERROR) throw std::bad_alloc();
    used = out.size() - stream.avail_out;
    if (used > allowed) return refusal::too_large;
    if (how == Z_STREAM_END) return out.resize(used), refusal::none;
    if (how != Z_OK && how != Z_BUF_ERROR) return refusal::malformed;
    if (stream.avail_out != 0) return refusal::truncated;
  }
}

void deflate(std::string_view payload, std::string& out) {
  uLongf size = compressBound(static_cast<uLong>(payload.size()));
  out.resize(size);
  if (compress2(reinterpret_cast<Bytef*>(out.data()), &size,
                reinterpret_cast<const Bytef*>(payload.data()), static_cast<uLong>(payload.size()),
                4) != Z_OK)
    throw std::bad_alloc();
  out.resize(size);
}

// A letter, a length (of one byte, or of four, the lowest first), and the bytes.
void append_marshal(std::string& out, std::string_view text) {
  text = text.substr(0, 0x7fff'ffff);
  const bool ascii = is_ascii(text), small = ascii && text.size() < 256;
  out += small ? 'z' : ascii ? 'a' : 'u';
  for (unsigned i = 0; i != (small ? 1U : 4U); ++i) out += static_cast<char>(text.size() >> 8 * i);
  out += text;
}

std::optional<std::string_view> marshal_text(std::string_view bytes) noexcept {
  if (bytes.size() < 2) return {};
  const char letter = static_cast<char>(bytes[0] & 0x7f);  // the bit says "to be referred to"
  const bool small = letter == 'z' || letter == 'Z';
  const std::size_t from = small ? 2 : 5;
  if (!small && std::string_view("aAut").find(letter) == std::string_view::npos) return {};
  if (bytes.size() < from) return {};
  std::uint64_t size = 0;
  for (std::size_t i = from; i-- != 1;) size = size << 8 | static_cast<unsigned char>(bytes[i]);
  if (size > bytes.size() - from) return {};
  return bytes.substr(from, static_cast<std::size_t>(size));
}

}  // namespace gof::inline v0::pyro
