// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// Taking part by a URL, which names the engine.

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <gof/engines/memory.hpp>
#ifdef GOF_HAS_FILE
#include <gof/engines/file.hpp>
#endif
#ifdef GOF_HAS_PYRO
#include <gof/engines/pyro.hpp>
#endif
#include <gof/node.hpp>

namespace gof::inline v0 {

/// \addtogroup node
/// @{

/// How to take part.
struct join_options {
  std::string name{};  ///< the node's name; one is made up where it is empty
};

/// Takes part. Equal URLs in one process are one broker.
///
/// | URL                 | engine                                                             |
/// |---------------------|--------------------------------------------------------------------|
/// | `memory:NAME`       | the embedded one, while a node of it lives; the name may be empty  |
/// | `file:PATH`         | the embedded one, which keeps what it acknowledged (SQLite)        |
/// | `pyro://HOST:PORT`  | direct TCP, where a broker is: `./gof broker`, or a pyro_broker    |
/// | `tcp://HOST:PORT`   | the same                                                           |
///
/// \param url what to join \param how the node's name
/// \returns the node
/// \throws failure where the engine cannot be joined (refused: no such scheme, or the file is not
/// ours or damaged; conflict: the name or the file is in use; unavailable: what the engine needs is
/// not there); its message says what to do
[[nodiscard]] inline std::unique_ptr<node> join(std::string_view url, join_options how = {}) {
  struct engine {
    std::string_view scheme;
    std::unique_ptr<node> (*make)(const std::string& rest, std::string name);
    std::string_view hint;  // where it cannot be made
  };
#ifdef GOF_HAS_PYRO
  constexpr auto join_pyro = [](const std::string& rest, std::string name) {
    return engines::join_pyro(rest, std::move(name));
  };
#else
  constexpr std::string_view needs_for_pyro =
      "this program was built without the engine for TCP (Debian: libssl-dev zlib1g-dev)";
#endif
  static constexpr std::array<engine, 7> all{{
      {"memory", engines::join_memory, {}},
#ifdef GOF_HAS_FILE
      {"file", engines::join_file, {}},
#else
      {"file", nullptr, "this program was built without SQLite (Debian: libsqlite3-dev)"},
#endif
      {"sim", nullptr, "a simulation is a gof::sim::world (gof/engines/simulator.hpp)"},
#ifdef GOF_HAS_PYRO
      {"pyro", join_pyro, {}},
      {"tcp", join_pyro, {}},
#else
      {"pyro", nullptr, needs_for_pyro},
      {"tcp", nullptr, needs_for_pyro},
#endif
      {"nats", nullptr, "the NATS engine is not there yet"},
      {"ray", nullptr, "the Ray engine is not there yet"},
  }};
  const std::size_t colon = url.find(':');
  const std::string_view scheme = url.substr(0, colon);
  for (const engine& one : all) {
    if (colon == url.npos || one.scheme != scheme) continue;
    if (!one.make)
      throw failure({errc::unavailable, std::string(url) + ": " + std::string(one.hint), {}});
    return one.make(std::string(url.substr(colon + 1)), std::move(how.name));
  }
  std::string known;
  for (const engine& one : all) known += (known.empty() ? "" : " ") + std::string(one.scheme) + ':';
  throw failure(
      {errc::refused, '"' + std::string(url) + "\" names no engine; there are " + known, {}});
}

/// @}
}  // namespace gof::inline v0
