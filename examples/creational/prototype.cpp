// SPDX-License-Identifier: BSL-1.0
/// \file
/// What if? A match is forked at a position, and each fork is played to its end. `prototype FILE`
/// forks a match of yours:
///
///     edition four
///     players Ana Ben
///     moves   d d e

#include <gof/prototype.hpp>
#include <gof/prototype/graph.hpp>
#include <gof/prototype/registry.hpp>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "world/match.hpp"
#include "world/players.hpp"

namespace pt = gof::prototype;
using world::careful, world::careless, world::player;

/// [table]
// Client: a match and two players of whichever class. Copying it copies all of them.
struct table {
  world::match match;
  pt::polymorphic<player> first, second;

  // Returns the squares, and what came of it.
  std::string play_on() {
    std::string squares, did;
    while (!match.over()) {
      player& next = match.turn() == world::side::first ? *first : *second;
      did = match.play(next.move(match));
      squares += did.substr(did.find(" on ") + 3, 3);
    }
    return squares + (did.ends_with(" wins") ? ": " + did : ": nobody wins");
  }
};
/// [table]

// The parts of an edition, which all forks of a match share: they do not change.
struct edition {
  std::unique_ptr<const world::board> board;
  std::unique_ptr<const world::rules> rules;
};
edition edition_of(const std::string& name) {
  if (name == "noughts") {
    return {std::make_unique<world::flat_board<3, 3>>(), std::make_unique<world::in_a_row<3>>()};
  }
  if (name == "four") {
    return {std::make_unique<world::upright_board<7, 6>>(), std::make_unique<world::in_a_row<4>>()};
  }
  throw std::runtime_error("there is no edition \"" + name + "\"; there are: four, noughts");
}

/// [registry]
// The prototype manager.
pt::prototype_registry<player> everybody() {
  pt::prototype_registry<player> all;
  all.add("careless", careless(2));
  all.add("careful", careful(careless(3)));
  return all;
}
/// [registry]

void what_if(const world::match_file& file) {
  const edition e = edition_of(file.edition);
  const world::letters<'X', 'O'> pieces(file.first, file.second);
  const pt::prototype_registry<player> players = everybody();

  table now{world::match(*e.board, pieces, *e.rules), players.clone("careless"),
            players.clone("careless")};
  for (const std::string& move : file.moves) now.match.play(move);
  std::cout << "> the match, after " << file.moves.size() << " moves\n" << now.match.picture();

  const auto tell = [](std::string_view what, table fork) {
    std::cout << "> " << what << "\n   " << fork.play_on() << '\n' << fork.match.picture();
  };
  /// [fork]
  table fork = now;
  tell("what if both were careless", fork);
  tell("once more: the copy has not been played on", fork);
  fork.second = players.clone("careful");
  tell("what if " + file.second + " were careful", fork);
  fork.first = players.clone<careless>("careless", [](careless& c) { c.reseed(7); });
  tell("and " + file.first + " careless in another way", fork);
  /// [fork]
  std::cout << "> the match itself\n" << now.match.picture();
  try {
    fork.first = players.clone("perfect");
  } catch (const pt::unknown_prototype& problem) {
    std::cout << "> what if somebody were perfect\n    " << problem.what() << '\n';
  }
}

/// [study]
// A position and where moves lead: the same moves in another order lead to the same one, and a new
// match leads back to the first.
struct studied final {
  std::string note;
  std::vector<studied*> next{};
  void relink(const pt::identity_map<studied>& copies) {
    for (studied*& n : next) n = copies(n);
  }
};

void copy_a_study() {
  pt::graph<studied> anas;
  studied& start = anas.add(studied{"nothing yet"});
  studied& b2 = anas.add(studied{"b2"});
  studied& a1 = anas.add(studied{"a1"});
  studied& both = anas.add(studied{"b2 and a1"});
  start.next = {&b2, &a1};
  b2.next = a1.next = {&both};
  both.next = {&start};

  pt::graph<studied> bens = anas;
  bens[0].next[0]->next[0]->note = "b2 and a1, good for O";
  std::cout << "> Ben copies what Ana has studied, and notes something\n    his, by the one way: "
            << bens[1].next[0]->note << "; by the other: " << bens[2].next[0]->note
            << "\n    hers: " << both.note << '\n';
}
/// [study]

int main(int argc, char** argv) try {
  if (argc > 1) return what_if(world::match_file::read(argv[1])), 0;
  what_if({"noughts", "Ana", "Ben", {"b2", "a1"}});
  copy_a_study();
  std::cout << "\nPrototype player · ConcretePrototype careless, careful · Clone the copy of a "
               "polymorphic<player> · prototype manager everybody · Client table\n";
  return 0;
} catch (const std::exception& problem) {
  std::cout << problem.what() << '\n';
  return 1;
}
