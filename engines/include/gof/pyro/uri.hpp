// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// Where an object is: the URI of Pyro.

#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>

#include <gof/node.hpp>

namespace gof::inline v0::pyro {

/// \addtogroup pyro
/// @{

/// Where an object is, or by which name it is found.
///
/// | Text                              | means                                                    |
/// |-----------------------------------|----------------------------------------------------------|
/// | `PYRO:OBJECT@HOST:PORT`           | the object of that id, at that server; `[…]` around IPv6 |
/// | `PYRONAME:NAME`, `…@HOST:PORT`    | what a name server knows by that name                    |
/// | `PYROMETA:TAG,TAG`, `…@HOST:PORT` | one of those that have all these tags                    |
struct uri {
  /// How it is found.
  enum class kind : std::uint8_t { object, name, tags };
  kind is = kind::object;  ///< how
  std::string object{};    ///< the object's id, the name, or the tags
  std::string host{};      ///< of the server, or the name server; empty for the usual name server
  std::uint16_t port = 0;  ///< of the same

  uri() = default;
  /// An object. \param id its id \param at the host \param number the port
  uri(std::string id, std::string at, std::uint16_t number)
      : object(std::move(id)), host(std::move(at)), port(number) {}
  /// \param text as above; the first word in any case
  /// \throws failure refused, where it is none, with what it should look like
  uri(std::string_view text) {
    const auto refuse = [&](const char* why) {
      throw failure({errc::refused, '"' + std::string(text) + "\" is no URI: " + why, {}});
    };
    std::string word(text.substr(0, text.find(':')));
    for (char& c : word) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    is = word == "PYRONAME" ? kind::name : word == "PYROMETA" ? kind::tags : kind::object;
    if (word.size() == text.size() || (is == kind::object && word != "PYRO"))
      refuse("it begins with PYRO:, PYRONAME: or PYROMETA:");
    std::string_view rest = text.substr(word.size() + 1);
    const std::size_t at = rest.find('@');
    object = rest.substr(0, at);
    if (object.empty() || object.find_first_of(" \t\r\n") != object.npos)
      refuse("the object's id is empty, or has blanks in it");
    if (at == rest.npos && is == kind::object) refuse("it is PYRO:OBJECT@HOST:PORT");
    if (at == rest.npos) return;
    rest.remove_prefix(at + 1);
    if (rest.starts_with("./u:")) refuse("sockets of Unix are not supported; use HOST:PORT");
    const std::size_t colon =
        rest.starts_with('[') ? rest.find(':', rest.find(']')) : rest.find(':');
    host = rest.substr(0, colon);
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    if (host.empty()) refuse("there is no host");
    if (host.find_first_of(" \t\r\n@[]/") != host.npos) refuse("the host is none");
    port = default_name_server_port;
    if (colon == rest.npos && is == kind::object) refuse("there is no port");
    if (colon == rest.npos) return;
    const char *begin = rest.data() + colon + 1, *end = rest.data() + rest.size();
    const auto read = std::from_chars(begin, end, port);
    if (read.ec != std::errc() || read.ptr != end || port == 0) refuse("the port is none");
  }
  /// The same. \param text as above
  uri(const char* text) : uri(std::string_view(text)) {}
  /// The same. \param text as above
  uri(const std::string& text) : uri(std::string_view(text)) {}

  /// \returns it as text
  [[nodiscard]] std::string text() const {
    std::string all = is == kind::name ? "PYRONAME:" : is == kind::tags ? "PYROMETA:" : "PYRO:";
    all += object;
    if (host.empty()) return all;
    const bool long_address = host.find(':') != host.npos;
    all += '@' + (long_address ? '[' + host + ']' : host);
    return is != kind::object && port == default_name_server_port
               ? all
               : all + ':' + std::to_string(port);
  }
  friend bool operator==(const uri&, const uri&) = default;  ///< by all parts

  /// Where a name server usually is.
  static constexpr std::uint16_t default_name_server_port = 9090;
};

/// @}
}  // namespace gof::inline v0::pyro
