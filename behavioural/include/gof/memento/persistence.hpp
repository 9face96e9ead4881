// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// A memento as text, and back; of this version of the program or of an older one.

#include <charconv>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <gof/memento.hpp>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace gof::inline v0::memento {

/// \addtogroup memento
/// @{

/// A text is no memento that `save` wrote, or was changed since.
class damaged : public std::runtime_error {
  using std::runtime_error::runtime_error;
};
/// A memento was saved by another version of the program, or under another name.
class other_version : public std::runtime_error {
 public:
  /// \param what the message \param version the one that it was saved by
  other_version(const std::string& what, std::uint32_t version)
      : std::runtime_error(what), version_(version) {}
  /// \returns the version that it was saved by
  [[nodiscard]] std::uint32_t version() const noexcept { return version_; }

 private:
  std::uint32_t version_;
};

/// Makes bytes of a memento, and a memento of bytes. Since it looks inside, it is a member of the
/// originator. Has constants `name`, which tells one kind of state from another, and `version`,
/// which grows when `encode` changes. May have `migrate(std::uint32_t version, std::string_view)`,
/// which makes a memento of bytes of an older version.
template <class Codec, class Memento>
concept codec_of = requires(const Codec& codec, const Memento& m, std::string_view bytes) {
  requires std::string_view(Codec::name)
  .find('\n') == std::string_view::npos;
  typename std::integral_constant<std::uint32_t, Codec::version>;
  { codec.encode(m) } -> std::convertible_to<std::string>;
  { codec.decode(bytes) } -> std::same_as<Memento>;
};

namespace detail {
constexpr std::string_view heading = "gof memento 1\n";

/// FNV-1a, 64 bits.
constexpr std::uint64_t checksum(std::string_view bytes) noexcept {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char byte : bytes) hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001b3;
  return hash;
}

[[noreturn]] inline void fail() {
  throw damaged("gof::memento: this is no saved memento, or it was changed since it was saved");
}
// Takes what is before a character, and the character, from the front of a text.
inline std::string_view take(std::string_view& text, char end) {
  const std::size_t length = text.find(end);
  if (length == std::string_view::npos) fail();
  const std::string_view taken = text.substr(0, length);
  text.remove_prefix(length + 1);
  return taken;
}
template <class Number>
Number take_number(std::string_view& text) {
  const std::string_view digits = take(text, ' ');
  Number n = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), n);
  if (error != std::errc() || end != digits.data() + digits.size()) fail();
  return n;
}
}  // namespace detail

/// Writes a memento as text, for `load`.
/// \param m the memento \param codec makes bytes of it
/// \returns the text; it holds what bytes the codec makes \throws what the codec throws
template <class Memento, codec_of<Memento> Codec>
[[nodiscard]] std::string save(const Memento& m, const Codec& codec) {
  std::string body = std::to_string(Codec::version) + ' ';
  body += Codec::name;
  body += '\n';
  body += codec.encode(m);
  return std::string(detail::heading) + std::to_string(detail::checksum(body)) + ' ' + body;
}

/// Reads what `save` wrote.
/// \param text what `save` returned \param codec makes a memento of its bytes; where they are of an
/// older version, by `migrate`
/// \returns the memento
/// \throws damaged where the text is not as it was written; other_version where it was written
/// under another name, by a newer version, or by an older one and the codec has no `migrate`; what
/// the codec throws
/// \law WhatIsLoadedIsWhatWasSaved: it restores the state that the saved one would
/// \law WhatIsDamagedIsRefused: a text that was cut, or in which a byte was changed, is not loaded
template <class Codec>
[[nodiscard]] auto load(std::string_view text,
                        const Codec& codec) requires codec_of<Codec, decltype(codec.decode(text))> {
  if (!text.starts_with(detail::heading)) detail::fail();
  text.remove_prefix(detail::heading.size());
  if (detail::take_number<std::uint64_t>(text) != detail::checksum(text)) detail::fail();
  const auto version = detail::take_number<std::uint32_t>(text);
  const std::string_view name = detail::take(text, '\n');
  const std::string_view ours = Codec::name;
  if (name == ours && version == Codec::version) return codec.decode(text);
  if constexpr (requires { codec.migrate(version, text); }) {
    if (name == ours && version < Codec::version) return codec.migrate(version, text);
  }
  throw other_version("gof::memento: this was saved as \"" + std::string(name) + "\", version " +
                          std::to_string(version) + "; what is loaded here is \"" +
                          std::string(ours) + "\", version " + std::to_string(Codec::version),
                      version);
}

/// @}
}  // namespace gof::inline v0::memento
