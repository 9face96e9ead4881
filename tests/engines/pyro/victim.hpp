// SPDX-License-Identifier: BSL-1.0
#pragma once
// What the processes that are killed, and who looks at what they did, both know.
#include <algorithm>
#include <boost/describe.hpp>
#include <cstdint>
#include <gof/distributed/abstract_factory.hpp>
#include <gof/distributed/command.hpp>
#include <gof/distributed/observer.hpp>
#include <gof/distributed/proxy.hpp>
#include <map>
#include <string>
#include <vector>

namespace victims {

using namespace gof;

// Command: numbers are added to lines; no two commands change the same.
struct lines {
  std::vector<std::uint64_t> all;
};
struct add {
  std::uint64_t number = 0;
  void execute(lines& to) { to.all.push_back(number); }
  void undo(lines& to) { std::erase(to.all, number); }
};
BOOST_DESCRIBE_STRUCT(add, (), (number))
inline std::vector<std::string> keys_of(const add& it) { return {std::to_string(it.number)}; }
using history = command::distributed::replicated_history<lines, add>;

// Observer
struct update {
  std::uint64_t number = 0;
};
BOOST_DESCRIBE_STRUCT(update, (), (number))

// Proxy
class ledger {
 public:
  virtual ~ledger() = default;
  virtual std::uint64_t add(std::uint64_t number) = 0;
};
GOF_REMOTE(ledger, add)
inline std::uint64_t answer_to(std::uint64_t number) { return 3 * number + 1; }

// Abstract Factory
struct game {
  abstract_factory::distributed::product board{}, rules{};
};
BOOST_DESCRIBE_STRUCT(game, (), (board, rules))

// A value that is counted up.
struct counts {
  std::uint64_t sum = 0;
  std::map<std::string, std::uint64_t> by{};  // the last number of each
};
BOOST_DESCRIBE_STRUCT(counts, (), (sum, by))

inline std::string hex(const std::string& bytes) {
  std::string all;
  for (const char it : bytes)
    for (const int half : {it >> 4 & 15, it & 15}) all += "0123456789abcdef"[half];
  return all;
}
inline std::string unhex(const std::string& digits) {
  std::string all;
  for (std::size_t i = 0; i < digits.size(); i += 2)
    all += static_cast<char>(std::stoi(digits.substr(i, 2), nullptr, 16));
  return all;
}

}  // namespace victims
