// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// What a node and its broker say to each other.

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <gof/node.hpp>

namespace gof::inline v0::engines {

/// \addtogroup engines
/// @{

/// Names an operation or a handler of a node, as the node chose.
using token = std::uint64_t;
/// Names a node's connection to the broker: its life.
using session = std::uint64_t;

/// \cond
// Requests. Those with `patience` are answered when there is something, or empty after that time.
struct ping {};   // still there
struct leave {};  // the session ends
struct stop {};   // the handler of this token ends
struct ask {
  message what;
};  // a call; answered: reply
struct serve {
  std::string subject, group;
};  // answered: done; then asked…
struct answer {
  std::uint64_t call;
  result<std::string> what;
};
struct publish {
  message what;
};
struct subscribe {
  std::string pattern, group;
};  // answered: done; then told…
struct append {
  std::string log;
  message line;
  std::uint64_t expect;
};  // answered: appended
struct read {
  std::string log, filter;
  std::uint64_t from;
  std::uint32_t count;
  duration patience;
  std::uint64_t looked = 0;  // the broker's own: nothing before it is wanted
};
struct truncate {
  std::string log;
  std::uint64_t before;
};  // answered: done
struct take {
  std::string log, group;
  work_options how;
  std::uint32_t count;
  duration patience;
};
struct settle {
  std::string log, group;
  std::uint64_t sequence;
  std::uint32_t attempt;
  verdict what;
  duration delay;
};  // answered: done
struct get {
  std::string bucket, key;
};  // answered: versioned
struct put {
  std::string bucket, key;
  std::optional<std::string> value;
  std::uint64_t expect;
};
// answered: version
struct watch {
  std::string bucket, pattern;
  std::uint64_t after;
  std::uint32_t count;
  duration patience;
};

// Events.
struct done {};
struct version {
  std::uint64_t number;
};
struct reply {
  message what;
};
struct asked {
  std::uint64_t call;
  message what;
};  // a call to be executed
struct told {
  std::uint64_t number;
  message what;
};  // the number-th for this handler
struct lines {
  std::uint64_t from, begin, next;
  std::vector<entry> all;
};  // from, if not truncated
struct job {
  entry line;
  std::uint32_t attempt;
  std::uint64_t settled;
};
struct jobs {
  std::vector<job> all;
};
struct changes {
  std::uint64_t after, through;
  bool resync, current;
  std::vector<versioned> all;
};
/// \endcond

/// What a node asks of its broker.
struct request {
  engines::token token = 0;  ///< the operation or the handler
  /// What it asks.
  std::variant<ping, leave, stop, ask, serve, answer, publish, subscribe, append, read, truncate,
               take, settle, get, put, watch>
      what;
};

/// What a broker tells a node.
struct happening {
  engines::token token = 0;  ///< the operation or the handler
  /// What it tells.
  std::variant<error, done, version, reply, appended, versioned, asked, told, lines, jobs, changes>
      what;
};

/// \returns whether a subject or key is words between dots. \param text the subject
[[nodiscard]] inline bool is_subject(std::string_view text) noexcept {
  if (text.empty() || text.size() > 255 || text.back() == '.') return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c <= ' ' || c == '*' || c == '>' || (c == '.' && (i == 0 || text[i - 1] == '.')))
      return false;
  }
  return true;
}

/// \returns whether a pattern is one. \param text the pattern
[[nodiscard]] inline bool is_pattern(std::string_view text) {
  std::string plain(text);
  for (std::size_t i = 0; i < plain.size(); ++i) {
    const bool alone =
        (i == 0 || plain[i - 1] == '.') && (i + 1 == plain.size() || plain[i + 1] == '.');
    if (alone && (plain[i] == '*' || (plain[i] == '>' && i + 1 == plain.size()))) plain[i] = 'x';
  }
  return is_subject(plain);
}

/// @}
}  // namespace gof::inline v0::engines
