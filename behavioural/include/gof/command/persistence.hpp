// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// A history as text, and back.

#include <charconv>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <gof/command.hpp>
#include <gof/command/macro.hpp>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace gof::inline v0::command {

/// \addtogroup command
/// @{

/// A text is no history that `save` wrote, or was changed since.
class damaged : public std::runtime_error {
  using std::runtime_error::runtime_error;
};
/// A history belongs to another state of the receiver.
class out_of_step : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

namespace detail {

/// FNV-1a, 64 bits.
constexpr std::uint64_t checksum(std::string_view bytes) noexcept {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char byte : bytes) hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001b3;
  return hash;
}

// A text of fields: numbers end in a space, bytes come after their number.
inline void put(std::string& to, std::uint64_t number) { to += std::to_string(number) + ' '; }
inline void put(std::string& to, std::string_view bytes) {
  put(to, bytes.size());
  to += bytes;
  to += '\n';
}
class fields {
 public:
  explicit fields(std::string_view text) : rest_(text) {}
  std::uint64_t number() {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
    const auto length = static_cast<std::size_t>(end - rest_.data());
    if (error != std::errc() || length == rest_.size() || *end != ' ') fail();
    rest_.remove_prefix(length + 1);
    return value;
  }
  std::string_view bytes() {
    const std::uint64_t size = number();
    if (size >= rest_.size() || rest_[size] != '\n') fail();
    const std::string_view value = rest_.substr(0, size);
    rest_.remove_prefix(size + 1);
    return value;
  }
  std::string_view rest() const { return rest_; }
  [[noreturn]] static void fail() {
    throw damaged("gof::command: this is no saved history, or it was changed since it was saved");
  }

 private:
  std::string_view rest_;
};

constexpr std::string_view heading = "gof history 1\n";

template <class T>
constexpr bool is_macro = false;
template <class Receiver, class... Commands>
constexpr bool is_macro<macro_command<Receiver, Commands...>> = true;

template <class Codec, class... Commands>
concept encodes = ((is_macro<Commands> ||
                    requires(const Codec& codec, const Commands& command) {
                      { codec.encode(command) } -> std::convertible_to<std::string>;
                    }) &&
                   ...);

// A command is 0 and its bytes; a macro is 1, its label, how many there are in it, and their bytes.
template <class Codec, class C>
void put_step(std::string& to, const Codec& codec, const C& command) {
  if constexpr (is_macro<C>) {
    put(to, 1);
    put(to, command.label());
    put(to, command.steps().size());
    for (const auto& step : command.steps()) {
      std::visit([&](const auto& c) { put(to, std::string_view(codec.encode(c))); }, step);
    }
  } else {
    put(to, 0);
    put(to, std::string_view(codec.encode(command)));
  }
}
template <class Step, class Codec>
Step get_command(fields& from, const Codec& codec) {
  return std::visit([](auto command) { return Step(std::move(command)); },
                    codec.decode(from.bytes()));
}
template <class Step, class Codec>
Step get_step(fields& from, const Codec& codec) {
  using last = std::variant_alternative_t<std::variant_size_v<Step> - 1, Step>;
  const std::uint64_t kind = from.number();
  if (kind == 0) return get_command<Step>(from, codec);
  if constexpr (is_macro<last>) {
    std::string label(from.bytes());
    std::vector<typename last::step> steps;
    for (std::uint64_t n = from.number(); n != 0; --n) {
      steps.push_back(get_command<typename last::step>(from, codec));
    }
    return Step(std::in_place_type<last>, std::move(label), std::move(steps));
  } else {
    fields::fail();
  }
}

// What follows the checksum, where it is right.
inline fields checked(std::string_view text) {
  if (!text.starts_with(heading)) fields::fail();
  fields all(text.substr(heading.size()));
  if (all.number() != checksum(all.rest())) fields::fail();
  return all;
}

}  // namespace detail

/// Writes a history as text, for `load`.
/// \param from a history of a closed set of commands, with macros or without
/// \param codec makes bytes of a command: `encode(const C&)` for each type `C` in the history
/// \param stamp tells the state of the receiver at the position, such as a digest of a document
/// \returns the text; it holds what bytes the codec makes \throws what the codec throws
template <class Receiver, class... Commands, class Codec>
  requires detail::encodes<Codec, Commands...>
[[nodiscard]] std::string save(const history<Receiver, Commands...>& from, const Codec& codec,
                               std::string_view stamp) {
  std::string body;
  detail::put(body, stamp);
  detail::put(body, from.position());
  detail::put(body, from.clean_position() + 1);  // npos becomes 0
  detail::put(body, from.size());
  for (std::size_t i = 0; i != from.size(); ++i) {
    std::visit([&](const auto& command) { detail::put_step(body, codec, command); }, from[i]);
  }
  std::string text(detail::heading);
  detail::put(text, detail::checksum(body));
  return text + body;
}

/// \returns the stamp that a history was saved with, a part of `text`
/// \param text what `save` returned \throws damaged where it is not as it was written
[[nodiscard]] inline std::string_view stamp_of(std::string_view text) {
  return detail::checked(text).bytes();
}

/// Reads what `save` wrote; executes nothing.
/// \param to the history whose steps are replaced
/// \param text what `save` returned
/// \param codec `decode(std::string_view)` makes of bytes a `std::variant` of commands
/// \param stamp tells the state in which the receiver is now
/// \throws damaged where the text is not as it was written; out_of_step where the stamp was
/// another; what the codec throws; misuse; unchanged
template <class Receiver, class... Commands, class Codec>
  requires requires(const Codec& codec, std::string_view bytes) { codec.decode(bytes); }
void load(history<Receiver, Commands...>& to, std::string_view text, const Codec& codec,
          std::string_view stamp) {
  using step = typename history<Receiver, Commands...>::step;
  detail::fields from = detail::checked(text);
  if (from.bytes() != stamp) {
    throw out_of_step("gof::command: the saved history belongs to another state of the receiver");
  }
  const auto position = static_cast<std::size_t>(from.number());
  const auto clean = static_cast<std::size_t>(from.number()) - 1;
  std::vector<step> steps;
  for (std::uint64_t n = from.number(); n != 0; --n) {
    steps.push_back(detail::get_step<step>(from, codec));
  }
  if (!from.rest().empty() || position > steps.size() || clean + 1 > steps.size() + 1) {
    detail::fields::fail();
  }
  to.assign(std::move(steps), position, clean);
}

/// @}
}  // namespace gof::inline v0::command
