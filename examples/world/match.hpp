// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// Matches of two at a table: who first has so many pieces in a row wins. An edition of the game is
/// a board, pieces and rules that fit each other.

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <fstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace world {

/// A place on a board, from 0.
struct square {
  int column = 0;                                                  ///< From the left.
  int row = 0;                                                     ///< From below.
  friend bool operator==(const square&, const square&) = default;  ///< The same?
};
/// \returns how people write it, such as b2 \param s the square
inline std::string to_string(square s) {
  return static_cast<char>('a' + s.column) + std::to_string(s.row + 1);
}

/// Whose a piece is.
enum class side : unsigned char { nobody, first, second };

/// What lies on a board.
class position {
 public:
  /// Nothing lies there. \param columns how many, at most 26 \param rows how many
  position(int columns, int rows)
      : columns_(columns), rows_(rows), owners_(static_cast<std::size_t>(columns * rows)) {}
  int columns() const noexcept { return columns_; }  ///< \returns how many
  int rows() const noexcept { return rows_; }        ///< \returns how many
  /// \returns whose piece lies there; nobody's outside the board \param s the square
  side at(square s) const noexcept { return has(s) ? owners_[index(s)] : side::nobody; }
  /// \returns whether it is on the board \param s the square
  bool has(square s) const noexcept {
    return s.column >= 0 && s.column < columns_ && s.row >= 0 && s.row < rows_;
  }
  /// Puts a piece there. \param s a square of the board \param whose the piece's owner
  void put(square s, side whose) { owners_.at(index(s)) = whose; }
  /// \returns whether no square is free
  bool full() const noexcept { return std::ranges::count(owners_, side::nobody) == 0; }
  friend bool operator==(const position&, const position&) = default;  ///< The same pieces?

 private:
  std::size_t index(square s) const noexcept {
    return static_cast<std::size_t>(s.row * columns_ + s.column);
  }
  int columns_, rows_;
  std::vector<side> owners_;
};

/// Part of an edition: the squares, and where a piece comes to lie.
struct board {
  virtual ~board() = default;
  virtual position empty() const = 0;  ///< \returns the board before the match
  /// \returns where the piece comes to lie \param s where it is put
  virtual square lands(const position&, square s) const { return s; }
};
/// Part of an edition: what the pieces look like, and whose they are.
struct pieces {
  virtual ~pieces() = default;
  virtual char look(side) const = 0;          ///< \returns a letter
  virtual std::string owner(side) const = 0;  ///< \returns a player's name
};
/// Part of an edition: who wins.
struct rules {
  virtual ~rules() = default;
  /// \returns whether the match is won \param last the square of the last piece
  virtual bool won(const position&, square last) const = 0;
};

/// A board that lies on the table.
template <int Columns, int Rows>
struct flat_board : board {
  position empty() const override { return {Columns, Rows}; }
};
/// A board that stands on the table: pieces fall down.
template <int Columns, int Rows>
struct upright_board : flat_board<Columns, Rows> {
  square lands(const position& p, square s) const override {
    s.row = 0;
    while (p.at(s) != side::nobody) ++s.row;
    return s;
  }
};
/// Pieces with a letter for each side.
template <char First, char Second>
class letters : public pieces {
 public:
  /// \param first a player's name \param second the other's
  letters(std::string first, std::string second) : owners_{std::move(first), std::move(second)} {}
  char look(side s) const override {
    return s == side::nobody ? '.' : s == side::first ? First : Second;
  }
  std::string owner(side s) const override { return owners_.at(s == side::first ? 0 : 1); }

 private:
  std::array<std::string, 2> owners_;
};
/// Won by so many in a row, in any direction.
template <int Pieces>
struct in_a_row : rules {
  bool won(const position& p, square last) const override {
    const auto same = [&](int column, int row) {
      int n = 0;
      for (square s = last; p.has(s) && p.at(s) == p.at(last); s.column += column, s.row += row)
        ++n;
      return n;
    };
    constexpr std::pair<int, int> directions[] = {{1, 0}, {0, 1}, {1, 1}, {1, -1}};
    return std::ranges::any_of(directions, [&](auto d) {
      return same(d.first, d.second) + same(-d.first, -d.second) > Pieces;  // last counts twice
    });
  }
};

/// A match as it was played, in a file: `edition four`, `players Ana Ben`, `moves d d e`.
struct match_file {
  std::string edition;             ///< Its name.
  std::string first = "first";     ///< The player who begins.
  std::string second = "second";   ///< The other.
  std::vector<std::string> moves;  ///< In order.
  /// \returns what is in a file \param path its path \throws std::runtime_error
  static match_file read(const std::string& path) {
    std::ifstream file(path);
    if (!file) throw std::runtime_error("there is no such file");
    match_file read;
    for (std::string word; file >> word;) {
      if (word == "edition") {
        file >> read.edition;
      } else if (word == "players") {
        file >> read.first >> read.second;
      } else if (word != "moves") {
        read.moves.push_back(word);
      }
    }
    return read;
  }
};

/// A match under way; refers to the parts of its edition.
class match {
 public:
  /// \param b the board \param p the pieces \param r the rules; all must outlive this
  match(const board& b, const pieces& p, const rules& r)
      : board_(&b), pieces_(&p), rules_(&r), position_(b.empty()) {}

  /// Puts a piece of the side whose turn it is. \param move a square, or a column: a to z
  /// \returns what happened \throws std::invalid_argument where it is not allowed; unchanged
  std::string play(const std::string& move) {
    if (over()) throw std::invalid_argument("the match is over");
    const square s = board_->lands(position_, parse(move));
    if (!position_.has(s)) throw std::invalid_argument("there is no room at " + move);
    if (position_.at(s) != side::nobody) throw std::invalid_argument(move + " is taken");
    position_.put(s, turn_);
    const std::string did =
        pieces_->owner(turn_) + " puts " + pieces_->look(turn_) + " on " + to_string(s);
    if (rules_->won(position_, s)) winner_ = turn_;
    turn_ = turn_ == side::first ? side::second : side::first;
    return winner_ == side::nobody ? did : did + " and wins";
  }
  /// \returns whether somebody has won, or no square is free
  bool over() const noexcept { return winner_ != side::nobody || position_.full(); }
  /// \returns whose turn it is
  side turn() const noexcept { return turn_; }
  /// \returns what lies on the board
  const position& now() const noexcept { return position_; }
  /// \returns the board as people draw it
  std::string picture() const {
    std::string lines;
    for (int row = position_.rows(); row-- != 0;) {
      for (int column = 0; column != position_.columns(); ++column) {
        lines += ' ';
        lines += pieces_->look(position_.at({column, row}));
      }
      lines += '\n';
    }
    return lines;
  }

 private:
  static square parse(const std::string& move) {
    int row = 1;
    const char* const end = move.data() + move.size();
    if (move.empty() || move.size() > 3 || move[0] < 'a' || move[0] > 'z' ||
        (move.size() > 1 && std::from_chars(move.data() + 1, end, row).ptr != end)) {
      throw std::invalid_argument(move + " is no square");
    }
    return {move[0] - 'a', row - 1};
  }

  const board* board_;
  const pieces* pieces_;
  const rules* rules_;
  position position_;
  side turn_ = side::first, winner_ = side::nobody;
};

}  // namespace world
