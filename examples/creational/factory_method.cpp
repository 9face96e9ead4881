// SPDX-License-Identifier: BSL-1.0
/// \file
/// A lobby opens rooms by their kind. Which kinds there are, plug-ins decide, which are loaded and
/// unloaded while rooms are open. `factory_method FILE` does what is in a file of yours:
///
///     load classics
///     open four Ana Ben
///     play 1 d d e
///     unload classics

#include <exception>
#include <fstream>
#include <gof/factory_method.hpp>
#include <iostream>
#include <map>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "world/room.hpp"

namespace fm = gof::factory_method;
using world::match_room, world::room;

/// [creator]
// A room is made for two players, and chosen by the name of its kind.
using room_creator = fm::creator<room(std::string, std::string)>;
/// [creator]

/// [kinds]
struct noughts : match_room<world::flat_board<3, 3>, world::letters<'X', 'O'>, world::in_a_row<3>> {
  static constexpr std::string_view key = "noughts";
  using match_room::match_room;
};
struct four : match_room<world::upright_board<7, 6>, world::letters<'R', 'Y'>, world::in_a_row<4>> {
  static constexpr std::string_view key = "four";
  using match_room::match_room;
};

// The plug-in's one function. Whoever loads it calls it, so no linker leaves it out.
room_creator::registrations classics(room_creator& rooms) {
  return rooms.register_all<noughts, four>();
}
/// [kinds]

// A plug-in that knows a kind more, and has its own idea of another.
using five = match_room<world::flat_board<7, 5>, world::letters<'b', 'w'>, world::in_a_row<5>>;
using wide_noughts =
    match_room<world::flat_board<5, 5>, world::letters<'X', 'O'>, world::in_a_row<4>>;

/// [giants]
room_creator::registrations giants(room_creator& rooms) {
  room_creator::registrations all;
  all.push_back(rooms.register_creator<five>("five"));
  all.push_back(rooms.register_creator<wide_noughts>("noughts", fm::if_taken::shadow));
  return all;
}
/// [giants]

class lobby {
 public:
  /// [load]
  void load(const std::string& plug_in) {
    if (plug_in == "classics") {
      loaded_[plug_in] = classics(rooms_);
    } else if (plug_in == "giants") {
      loaded_[plug_in] = giants(rooms_);
    } else {
      throw std::invalid_argument("the plug-ins are: classics, giants");
    }
  }
  void unload(const std::string& plug_in) { loaded_.erase(plug_in); }
  /// [load]
  /// [open]
  void open(const std::string& kind, const std::string& first, const std::string& second) {
    open_.push_back(rooms_.create(kind, first, second));
    std::cout << "  room " << open_.size() << " is open\n";
  }
  /// [open]
  void play(std::size_t number, const std::vector<std::string>& moves) {
    if (number == 0 || number > open_.size()) throw std::invalid_argument("there is no such room");
    room& r = *open_[number - 1];
    for (const std::string& move : moves) std::cout << "  " << r.play(move) << '\n';
    std::cout << r.picture();
  }

  void list() const {
    std::cout << "  kinds:";
    for (const std::string& kind : rooms_.keys()) std::cout << ' ' << kind;
    std::cout << '\n';
  }

 private:
  room_creator rooms_;
  std::map<std::string, room_creator::registrations> loaded_;
  std::vector<std::unique_ptr<room>> open_;
};

void obey(lobby& l, std::istringstream line) {
  std::string verb, kind, first, second, move;
  std::size_t number = 0;
  line >> verb;
  if ((verb == "load" || verb == "unload") && line >> kind) {
    verb == "load" ? l.load(kind) : l.unload(kind);
    l.list();
  } else if (verb == "open" && line >> kind >> first >> second) {
    l.open(kind, first, second);
  } else if (verb == "play" && line >> number) {
    std::vector<std::string> moves;
    while (line >> move) moves.push_back(move);
    l.play(number, moves);
  } else {
    throw std::invalid_argument(
        "load PLUG-IN, unload PLUG-IN, open KIND PLAYER PLAYER, or play ROOM MOVE…");
  }
}

int run(std::istream& script) {
  lobby all;
  int refused = 0;
  for (std::string line; std::getline(script, line);) {
    std::cout << "> " << line << '\n';
    try {
      obey(all, std::istringstream(line));
    } catch (const std::exception& problem) {
      std::cout << "  " << problem.what() << '\n';
      ++refused;
    }
  }
  return refused == 0 ? 0 : 1;
}

int main(int argc, char** argv) {
  if (argc > 1) {
    std::ifstream file(argv[1]);
    if (file) return run(file);
    std::cerr << "factory_method: cannot read " << argv[1] << '\n';
    return 1;
  }
  std::istringstream evening(
      "load classics\n"
      "load classics\n"
      "open five Cem Dora\n"
      "open fuor Cem Dora\n"
      "load giants\n"
      "open five Cem Dora\n"
      "play 1 d3 c3 d4\n"
      "open noughts Eve Fay\n"
      "play 2 c3\n"
      "unload giants\n"
      "play 1 c4\n"
      "open five Eve Fay\n"
      "open noughts Gil Hal\n"
      "play 3 b2\n");
  run(evening);
  std::cout << "\nCreator room_creator, in a lobby · ConcreteCreator what plug-ins register · "
               "Product room · ConcreteProduct noughts, four, five, … · FactoryMethod create\n";
}
