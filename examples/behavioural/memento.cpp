// SPDX-License-Identifier: BSL-1.0
/// \file
/// A game that can be kept, taken back, saved and loaded: four in a row. `memento FILE` loads a
/// saved game of yours and obeys a terminal or a script; `memento` tells a story.

#include <unistd.h>

#include <gof/memento.hpp>
#include <gof/memento/persistence.hpp>
#include <iostream>
#include <sstream>
#include <string>

#include "world/document_file.hpp"
#include "world/match.hpp"

/// [originator]
// Originator: nobody else can look into its mementos, which hold a state.
class game {
  struct state {
    world::match match{board, pieces, rules};
    std::string moves{};
  };

 public:
  using memento = gof::memento::memento<game, state>;
  memento create_memento() const { return memento(state_); }
  void set_memento(const memento& m) { m.restore(state_); }
  /// [originator]

  std::string play(const std::string& move) { return play(state_, move); }
  std::string show() const { return "played" + state_.moves + '\n' + state_.match.picture(); }

  /// [codec]
  // A memento as bytes: the moves. Version 1 wrote columns as numbers.
  struct codec {
    static constexpr std::string_view name = "four";
    static constexpr unsigned version = 2;
    static std::string encode(const memento& m) { return m.state().moves; }
    static memento decode(std::string_view bytes) {
      state s;
      std::istringstream in{std::string(bytes)};
      for (std::string move; in >> move;) play(s, move);
      return memento(std::move(s));
    }
    static memento migrate(unsigned, std::string_view bytes) {
      std::string letters(bytes);
      for (char& c : letters) {
        if (c >= '1' && c <= '7') c = static_cast<char>(c - '1' + 'a');
      }
      return decode(letters);
    }
  };
  /// [codec]

 private:
  static std::string play(state& s, const std::string& move) {
    s.moves.reserve(s.moves.size() + 1 + move.size());  // what follows the move cannot fail
    const std::string did = s.match.play(move);
    s.moves.append(1, ' ').append(move);
    return did;
  }
  inline static const world::upright_board<7, 6> board{};
  inline static const world::letters<'R', 'Y'> pieces{"Ana", "Ben"};
  inline static const world::in_a_row<4> rules{};
  state state_;
};

class table {
 public:
  table() { kept_.set_limits({.mementos = 2}); }

  // Does what a line of input asks for, and says what came of it.
  std::string obey(const std::string& input) {
    std::istringstream in(input);
    std::string verb, name;
    std::getline(in >> verb >> std::ws, name);
    if (verb == "show") return game_.show();
    if (verb == "save") return save(name);
    if (verb == "load") return load(name);
    /// [caretaker]
    if (verb == "keep") {
      return "kept as " + std::to_string(kept_.keep(game_.create_memento(), name));
    }
    if (verb == "back") {
      std::size_t which = 0;
      std::istringstream(name) >> which;
      kept_.restore(game_, which);
      return "back at " + kept_.at(which).label;
    }
    /// [caretaker]
    return game_.play(verb);
  }

 private:
  /// [persistence]
  std::string save(const std::string& file) const {
    world::write_file(file, gof::memento::save(game_.create_memento(), game::codec()));
    return "saved";
  }
  std::string load(const std::string& file) {
    if (!std::filesystem::exists(file)) throw std::runtime_error("there is no such file");
    game_.set_memento(gof::memento::load(world::read_file(file), game::codec()));
    return game_.show();
  }
  /// [persistence]

  game game_;
  gof::memento::caretaker<game::memento> kept_;
};

// Obeys each line of a script until it ends.
void play(table& t, std::istream& script, bool terminal) {
  for (std::string input; std::cout << "> " << std::flush, std::getline(script, input);) {
    if (!terminal) std::cout << input << std::string(24 - input.size() % 24, ' ');
    try {
      std::cout << t.obey(input) << '\n';
    } catch (const std::exception& problem) {
      std::cout << "refused: " << problem.what() << '\n';
    }
  }
  std::cout << "quit\n";
}
void tell(const std::string& script) {
  table t;
  std::istringstream in(script);
  play(t, in, false);
}

int go_on(const std::string& file) try {
  table t;
  std::cout << t.obey("load " + file)
            << "COLUMN · keep NAME · back NUMBER · show · save FILE · load FILE\n";
  play(t, std::cin, isatty(STDIN_FILENO) == 1);
  return 0;
} catch (const std::exception& problem) {
  std::cout << file << " is not loaded: " << problem.what() << '\n';
  return 1;
}

int main(int argc, char** argv) {
  if (argc > 1) return go_on(argv[1]);
  std::cout << "Friday: Ben does not see it coming, and wants to take it back\n";
  tell(
      "d\nd\nkeep the opening\ne\nkeep the trap\na\nf\nkeep too late\na\nc\nshow\n"
      "back 1\nback 2\nf\nsave friday.game\n");
  std::cout << "\nSaturday: another run\n";
  tell("load friday.game\nc\nb\n");
  std::cout << "\nSunday: the disk has lost a byte, and there are games of other versions\n";
  const std::string saved = world::read_file("friday.game");
  world::write_file("friday.game", std::string(saved).erase(saved.size() / 2, 1));
  world::write_file("last-year.game", "gof memento 1\n7189929672000698248 1 four\n4 4 5 5 6");
  world::write_file("next-year.game",
                    "gof memento 1\n1580770248236849032 3 four\n{\"moves\": \"ddeef\"}");
  tell("g\nload friday.game\nload next-year.game\nshow\nload last-year.game\n");
  std::cout << "\nOriginator game · Memento game::memento · Caretaker table, which has a "
               "caretaker<game::memento>\n";
}
