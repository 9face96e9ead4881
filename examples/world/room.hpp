// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// Rooms in which two play a match.

#include <string>
#include <utility>

#include "world/match.hpp"

namespace world {

/// A room, of whatever kind.
struct room {
  virtual ~room() = default;
  /// Makes a move. \param move a square, or a column \returns what happened
  /// \throws std::invalid_argument where it is not allowed; unchanged
  virtual std::string play(const std::string& move) = 0;
  /// \returns the board as people draw it
  virtual std::string picture() const = 0;
};

/// A room with a board, pieces and rules of its own.
template <class Board, class Pieces, class Rules>
class match_room : public room {
 public:
  /// \param first the player who begins \param second the other
  match_room(std::string first, std::string second)
      : pieces_(std::move(first), std::move(second)) {}
  match_room(const match_room&) = delete;
  match_room& operator=(const match_room&) = delete;
  std::string play(const std::string& move) override { return match_.play(move); }
  std::string picture() const override { return match_.picture(); }

 private:
  Board board_;
  Pieces pieces_;
  Rules rules_;
  match match_{board_, pieces_, rules_};
};

}  // namespace world
