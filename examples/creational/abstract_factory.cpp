// SPDX-License-Identifier: BSL-1.0
/// \file
/// A game in several editions: a file says which is played, by whom, and the moves. The parts of an
/// edition fit each other and no others. `abstract_factory EDITION-FILE` plays a file of yours:
///
///     edition four
///     players Ana Ben
///     moves   d d e

#include <fstream>
#include <gof/abstract_factory.hpp>
#include <gof/abstract_factory/registry.hpp>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

#include "world/match.hpp"

namespace af = gof::abstract_factory;
using af::binds, af::concrete_factory;
using world::board, world::pieces, world::rules;

/// [editions]
// What every edition has; pieces are made for the two who play.
using edition = af::abstract_factory<board(), pieces(std::string, std::string), rules()>;

inline constexpr af::family noughts("noughts"), four("four"), gomoku("gomoku");

using edition_noughts =
    concrete_factory<edition, noughts, binds<board, world::flat_board<3, 3>>,
                     binds<pieces, world::letters<'X', 'O'>>, binds<rules, world::in_a_row<3>>>;
using edition_four =
    concrete_factory<edition, four, binds<board, world::upright_board<7, 6>>,
                     binds<pieces, world::letters<'R', 'Y'>>, binds<rules, world::in_a_row<4>>>;
using edition_gomoku =
    concrete_factory<edition, gomoku, binds<board, world::flat_board<15, 15>>,
                     binds<pieces, world::letters<'b', 'w'>>, binds<rules, world::in_a_row<5>>>;
/// [editions]

/// [dynamic]
// A match and its parts, of whichever edition, but of one.
class table {
 public:
  table(af::product<board> b, af::product<pieces> p, af::product<rules> r)
      : board_(std::move(b)), pieces_(std::move(p)), rules_(std::move(r)) {
    af::require_one_family(board_, pieces_, rules_);
  }
  void play(const std::vector<std::string>& moves) {
    world::match match(*board_, *pieces_, *rules_);
    for (const std::string& move : moves) {
      try {
        std::cout << match.play(move) << '\n';
      } catch (const std::invalid_argument& refused) {
        std::cout << pieces_->owner(match.turn()) << " is refused: " << refused.what() << '\n';
      }
    }
    std::cout << match.picture();
  }

 private:
  af::product<board> board_;
  af::product<pieces> pieces_;
  af::product<rules> rules_;
};
/// [dynamic]

/// [static]
// Where the edition is known when compiling, so is whether the parts fit.
template <const af::family& Edition>
bool fits(const af::branded<board, Edition>&, const af::branded<rules, Edition>&) {
  return true;
}
template <class Board, class Rules>
constexpr bool compiles = requires(const Board& b, const Rules& r) {
  fits(b, r);
};
/// [static]

class editions {
 public:
  // Plays what a file says.
  int play(const std::string& path) const try {
    const auto file = world::match_file::read(path);
    /// [choose]
    const edition& chosen = registry_.get(file.edition);
    table t(chosen.create<board>(), chosen.create<pieces>(file.first, file.second),
            chosen.create<rules>());
    /// [choose]
    std::cout << "> " << path << ": edition " << chosen.brand().name() << '\n';
    t.play(file.moves);
    return 0;
  } catch (const std::exception& problem) {
    std::cout << "> " << path << ": " << problem.what() << '\n';
    return 1;
  }

  // Takes the rules of one edition to the board of another.
  void mix(const std::string& ours, const std::string& theirs) const try {
    const edition& a = registry_.get(ours);
    const edition& b = registry_.get(theirs);
    table(a.create<board>(), a.create<pieces>("Ana", "Ben"), b.create<rules>()).play({});
  } catch (const af::mixed_families& refused) {
    std::cout << refused.what() << '\n';
  }

 private:
  /// [register]
  using registry = af::family_registry<edition>;
  registry registry_;
  const registry::registration all_[3] = {registry_.add<edition_noughts>(),
                                          registry_.add<edition_four>(),
                                          registry_.add<edition_gomoku>()};
  /// [register]
};

int main(int argc, char** argv) {
  const editions all;
  if (argc > 1) return all.play(argv[1]);
  const auto tell = [&](const std::string& path, const std::string& text) {
    std::ofstream(path) << text;
    all.play(path);
    std::cout << '\n';
  };
  tell("evening.txt", "edition noughts\nplayers Ana Ben\nmoves b2 b2 a1 c1 b1 a3\n");
  tell("holiday.txt", "edition four\nplayers Ben Ana\nmoves d d e e f f c\n");
  tell("typo.txt", "edition fuor\n");
  std::cout << "Rules of four on the board of noughts: nobody could ever win.\n"
            << "At run time:    ";
  all.mix("noughts", "four");
  using board_of_noughts = af::branded<board, noughts>;
  std::cout << "When compiling: the rules of noughts "
            << (compiles<board_of_noughts, af::branded<rules, noughts>> ? "fit" : "do not fit")
            << ", those of four "
            << (compiles<board_of_noughts, af::branded<rules, four>> ? "fit" : "do not compile")
            << "\n\n";
  std::cout
      << "AbstractFactory edition · ConcreteFactory edition_noughts, edition_four, … · "
         "AbstractProduct board, pieces, rules · ConcreteProduct flat_board, … · Client table\n";
}
