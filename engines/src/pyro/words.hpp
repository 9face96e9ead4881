// SPDX-License-Identifier: BSL-1.0
#pragma once
// What a node and a broker in another process say to each other, as MessagePack: protocol.hpp, and
// what a connection that may break needs besides.
#include <boost/describe.hpp>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <gof/engines/protocol.hpp>
#include <gof/engines/pyro.hpp>
#include <gof/pyro/message.hpp>
#include <gof/pyro/secret.hpp>
#include <gof/pyro/server.hpp>

namespace gof::inline v0 {
BOOST_DESCRIBE_STRUCT(operation_id, (), (client, sequence))
BOOST_DESCRIBE_STRUCT(message, (),
                      (subject, body, id, trace, attempt, remaining, incarnation, principal))
BOOST_DESCRIBE_STRUCT(entry, (), (sequence, content))
BOOST_DESCRIBE_STRUCT(appended, (), (sequence, repeated))
BOOST_DESCRIBE_STRUCT(versioned, (), (key, value, version))
BOOST_DESCRIBE_STRUCT(work_options, (), (patience, attempts, at_once, filter, dead_letters))
BOOST_DESCRIBE_STRUCT(error, (), (why, message, kind))

namespace engines {
BOOST_DESCRIBE_STRUCT(ping, (), ())
BOOST_DESCRIBE_STRUCT(leave, (), ())
BOOST_DESCRIBE_STRUCT(stop, (), ())
BOOST_DESCRIBE_STRUCT(ask, (), (what))
BOOST_DESCRIBE_STRUCT(serve, (), (subject, group))
BOOST_DESCRIBE_STRUCT(publish, (), (what))
BOOST_DESCRIBE_STRUCT(subscribe, (), (pattern, group))
BOOST_DESCRIBE_STRUCT(append, (), (log, line, expect))
BOOST_DESCRIBE_STRUCT(read, (), (log, filter, from, count, patience))
BOOST_DESCRIBE_STRUCT(truncate, (), (log, before))
BOOST_DESCRIBE_STRUCT(take, (), (log, group, how, count, patience))
BOOST_DESCRIBE_STRUCT(settle, (), (log, group, sequence, attempt, what, delay))
BOOST_DESCRIBE_STRUCT(get, (), (bucket, key))
BOOST_DESCRIBE_STRUCT(put, (), (bucket, key, value, expect))
BOOST_DESCRIBE_STRUCT(watch, (), (bucket, pattern, after, count, patience))
BOOST_DESCRIBE_STRUCT(done, (), ())
BOOST_DESCRIBE_STRUCT(version, (), (number))
BOOST_DESCRIBE_STRUCT(reply, (), (what))
BOOST_DESCRIBE_STRUCT(asked, (), (call, what))
BOOST_DESCRIBE_STRUCT(told, (), (number, what))
BOOST_DESCRIBE_STRUCT(lines, (), (from, begin, next, all))
BOOST_DESCRIBE_STRUCT(job, (), (line, attempt, settled))
BOOST_DESCRIBE_STRUCT(jobs, (), (all))
BOOST_DESCRIBE_STRUCT(changes, (), (after, through, resync, current, all))
BOOST_DESCRIBE_STRUCT(happening, (), (token, what))
}  // namespace engines
}  // namespace gof::inline v0

namespace gof::inline v0::pyro::words {

using engines::happening;

// A request; an answer to a call as an alternative that can be written.
struct answer {
  std::uint64_t call = 0;
  std::variant<gof::error, std::string> what;
};
struct request {
  engines::token token = 0;
  std::variant<engines::ping, engines::leave, engines::stop, engines::ask, engines::serve, answer,
               engines::publish, engines::subscribe, engines::append, engines::read,
               engines::truncate, engines::take, engines::settle, engines::get, engines::put,
               engines::watch>
      what;
};
BOOST_DESCRIBE_STRUCT(answer, (), (call, what))
BOOST_DESCRIBE_STRUCT(request, (), (token, what))

inline request written(engines::request&& it) {
  return {it.token, std::visit(
                        [](auto& what) -> decltype(request::what) {
                          using kind = std::remove_cvref_t<decltype(what)>;
                          if constexpr (!std::is_same_v<kind, engines::answer>)
                            return std::move(what);
                          else if (what.what)
                            return answer{what.call, std::move(*what.what)};
                          else
                            return answer{what.call, what.what.error()};
                        },
                        it.what)};
}
inline engines::request read(request&& it) {
  return {it.token,
          std::visit(
              [](auto& what) -> decltype(engines::request::what) {
                using kind = std::remove_cvref_t<decltype(what)>;
                if constexpr (!std::is_same_v<kind, answer>)
                  return std::move(what);
                else if (auto* text = std::get_if<std::string>(&what.what))
                  return engines::answer{what.call, std::move(*text)};
                else
                  return engines::answer{what.call, std::get<gof::error>(std::move(what.what))};
              },
              it.what)};
}

// Said to a node that was let in.
struct welcome {
  std::string name;
  engines::session life = 0;
  std::string key;  // which is shown with all that follows
  bool durable = false;
  duration now{};  // on the broker's clock
};
BOOST_DESCRIBE_STRUCT(welcome, (), (name, life, key, durable, now))
using entered = std::variant<gof::error, welcome>;

// What a node asks for, and what it has heard.
struct exchange {
  std::string key;
  std::uint64_t first = 1;  // the number of the first request
  std::vector<request> requests;
  std::uint64_t heard = 0;  // all happenings up to this number have come
  duration patience{};      // how long to wait until something happens; or not, but until these
                            // requests are done
};
BOOST_DESCRIBE_STRUCT(exchange, (), (key, first, requests, heard, patience))
// What it is told.
struct dated {
  duration at{};  // when it happened, on the broker's clock
  happening what;
};
BOOST_DESCRIBE_STRUCT(dated, (), (at, what))
struct news {
  std::uint64_t received = 0;  // all requests up to this number have come
  duration now{};              // on the broker's clock
  std::uint64_t first = 1;     // the number of the first happening
  std::vector<dated> all;
};
BOOST_DESCRIBE_STRUCT(news, (), (received, now, first, all))

// Where the only one who serves a subject is called.
struct place {
  std::string host;
  std::uint16_t port = 0;
  std::string name;
  engines::session life = 0;
  std::string ticket;  // says who calls, by who knows
};
BOOST_DESCRIBE_STRUCT(place, (), (host, port, name, life, ticket))
// A ticket is the digest of this and the life of the one who is called, by the key that it has told
// the broker, and this.
inline std::string caller(engines::session life, const std::string& name) {
  return std::to_string(life) + ' ' + name;
}
using answered = std::variant<std::monostate, gof::error, std::string>;  // the first: not here

inline constexpr const char* broker_id = "gof.broker";
inline constexpr const char* node_id = "gof.node";
// How often a node is heard of, at least, and after how long it is gone.
inline constexpr duration patience = std::chrono::seconds(5), quiet = 3 * patience;
// About as much is said at once.
inline constexpr std::size_t enough = 256 << 10;
// Of a message: what is enough, and what goes beyond it.
inline message_limits limits() {
  message_limits most;
  most.message = 8 << 20;
  return most;
}
// As a broker is served, and a node.
inline serving serving_of(const engines::pyro_security& how) {
  serving it;
  it.tls = how.tls;
  it.insecure = how.insecure;
  it.most.messages = limits();
  it.most.connections = it.most.connections_each = 4096;
  if (!how.secret.empty()) it.admit = secret(how.secret);
  return it;
}
// About how large it is.
inline std::size_t size_of(const message& it) {
  return 128 + it.subject.size() + it.body.size() + it.trace.size();
}
template <class What>
std::size_t size_of_any(const What& what) {
  return std::visit(
      [](const auto& it) -> std::size_t {
        if constexpr (requires { it.line.body; }) return size_of(it.line);
        if constexpr (requires { it.what.body; }) return size_of(it.what);
        if constexpr (requires { it.value->size(); })
          return 128 + (it.value ? it.value->size() : 0);
        if constexpr (requires { std::get<std::string>(it.what); })
          return 128 + (it.what.index() == 1 ? std::get<std::string>(it.what).size() : 0);
        if constexpr (requires { it.all; }) {
          std::size_t all = 128;
          for (const auto& one : it.all) {
            if constexpr (requires { one.content; }) all += size_of(one.content);
            if constexpr (requires { one.line; }) all += size_of(one.line.content);
            if constexpr (requires { one.value; }) all += 64 + (one.value ? one.value->size() : 0);
          }
          return all;
        }
        return 128;
      },
      what);
}

}  // namespace gof::inline v0::pyro::words
