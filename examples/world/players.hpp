// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// Players who decide by themselves, for matches.

#include <algorithm>
#include <cstdint>
#include <gof/prototype.hpp>
#include <string>
#include <utility>
#include <vector>

#include "world/match.hpp"

namespace world {

/// [prototype]
/// The Prototype: has state of its own, which goes on from move to move.
class player {
 public:
  virtual ~player() = default;
  /// \returns the move that it makes \param m the match, not over, in which it is its turn
  virtual std::string move(const match& m) = 0;

 protected:  // so that nobody copies a part of one
  player() = default;
  player(const player&) = default;
  player& operator=(const player&) = default;
};
/// [prototype]

/// \returns the moves that are possible \param m the match
inline std::vector<std::string> moves_of(const match& m) {
  std::vector<std::string> all;
  for (int row = 0; row != m.now().rows(); ++row) {
    for (int column = 0; column != m.now().columns(); ++column) {
      const square s{column, row};
      if (m.now().at(s) == side::nobody) all.push_back(to_string(s));
    }
  }
  return all;
}

/// ConcretePrototype: puts its piece anywhere.
class careless final : public player {
 public:
  explicit careless(std::uint32_t seed = 1) : state_(seed) {}  ///< \param seed decides where
  void reseed(std::uint32_t seed) { state_ = seed; }           ///< \param seed decides from now on
  std::string move(const match& m) override {
    const auto all = moves_of(m);
    state_ = state_ * 1'664'525 + 1'013'904'223;
    return all[(state_ >> 16U) % all.size()];
  }

 private:
  std::uint32_t state_;
};

/// \returns whether a move wins \param m the match \param move the move
inline bool wins(const match& m, const std::string& move) {
  match fork = m;  // a match is a value: a copy is a fork
  return fork.play(move).ends_with(" wins");
}

/// [careful]
/// ConcretePrototype: wins where it can, leaves no win to the other, and else does what its adviser
/// says.
class careful final : public player {
 public:
  /// \param adviser is its own from then on, and copied with it
  explicit careful(gof::prototype::polymorphic<player> adviser) : adviser_(std::move(adviser)) {}
  std::string move(const match& m) override {
    std::string chosen = adviser_->move(m);
    for (const std::string& mine : moves_of(m)) {
      if (wins(m, mine)) return mine;
      if (!is_safe(m, chosen) && is_safe(m, mine)) chosen = mine;
    }
    return chosen;
  }

 private:
  static bool is_safe(const match& m, const std::string& mine) {
    match fork = m;
    fork.play(mine);
    const auto all = fork.over() ? std::vector<std::string>() : moves_of(fork);
    return std::ranges::none_of(all, [&](const std::string& reply) { return wins(fork, reply); });
  }
  gof::prototype::polymorphic<player> adviser_;
};
/// [careful]

}  // namespace world
