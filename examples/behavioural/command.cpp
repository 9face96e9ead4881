// SPDX-License-Identifier: BSL-1.0
/// \file
/// A line editor with undo and redo that keeps its history in a file: what one run did, the next
/// can undo. `command FILE` edits a file of yours, from a terminal or a script; `command` tells a
/// story.

#include <unistd.h>

#include <gof/command/macro.hpp>
#include <iostream>
#include <sstream>

#include "world/document.hpp"
#include "world/document_file.hpp"

using world::insert, world::erase, world::change;

constexpr auto help =
    "show · insert N TEXT · delete N · change N TEXT · replace OLD NEW · undo · redo · go N · save";

class editor {
 public:
  explicit editor(const std::string& path) : file_(path) { file_.open(document_, history_); }

  // Does what a line of input asks for, and says what came of it.
  std::string obey(const std::string& input) {
    std::istringstream in(input);
    std::string verb, text;
    std::size_t n = 0;
    in >> verb;
    if (verb == "undo") {
      const std::string label = history_.undo_label();
      return history_.undo() ? "undid  " + label : "nothing to undo";
    }
    if (verb == "redo") {
      const std::string label = history_.redo_label();
      return history_.redo() ? "redid  " + label : "nothing to redo";
    }
    if (verb == "show") return show();
    if (verb == "save") {
      file_.save(document_, history_);
      return "saved; " + std::to_string(history_.size()) + " steps kept in " +
             file_.history_path().string();
    }
    if (verb == "replace") return in >> verb >> text ? replace(verb, text) : help;
    if (!(in >> n)) return help;
    std::getline(in >> std::ws, text);
    if (verb == "go") {
      history_.go_to(n);
      return "at step " + std::to_string(n) + " of " + std::to_string(history_.size());
    }
    if (n == 0) return "refused: lines count from 1";
    /// [execute]
    if (verb == "insert") {
      history_.execute(insert{document_.new_id(), document_.id_of(n - 1), text});
    } else if (verb == "delete") {
      history_.execute(erase{document_.id_of(n)});
    } else if (verb == "change") {
      history_.execute(change{document_.id_of(n), text});
    } else {
      return help;
    }
    return "did    " + history_.undo_label();
    /// [execute]
  }

  std::string show() const {
    std::string all;
    for (const world::line& l : document_.lines()) all += "\n    " + l.text;
    return std::to_string(document_.lines().size()) + " lines" + all;
  }
  bool saved() const { return history_.is_clean(); }

 private:
  /// [macro]
  // In all lines, as one step; if a line cannot be changed, none is.
  std::string replace(const std::string& old, const std::string& by) {
    auto all = history_.begin_macro("replace \"" + old + "\" by \"" + by + '"');
    const std::vector<world::line> lines = document_.lines();
    for (auto [id, text] : lines) {
      const std::size_t at = text.find(old);
      if (at != std::string::npos) history_.execute(change{id, text.replace(at, old.size(), by)});
    }
    all.commit();
    return "did    " + history_.undo_label();
  }
  /// [macro]

  world::document_file file_;
  world::document document_;
  gof::command::macro_history<world::document, insert, erase, change> history_{document_};
};

// Obeys each line of a script until it ends.
int edit(const std::string& path, std::istream& script, bool terminal) try {
  editor e(path);
  std::cout << (terminal ? help : "> open " + path) << "\n" << e.show() << "\n";
  for (std::string input; std::cout << "> " << std::flush, std::getline(script, input);) {
    if (!terminal)
      std::cout << input << std::string(input.size() < 24 ? 24 - input.size() : 1, ' ');
    try {
      std::cout << e.obey(input) << '\n';
    } catch (const std::exception& refused) {
      std::cout << "refused: " << refused.what() << '\n';
    }
  }
  std::cout << (e.saved() ? "quit\n" : "quit without saving\n");
  return 0;
} catch (const std::exception& problem) {
  std::cout << path << " is not opened: " << problem.what() << '\n';
  return 1;
}

void tell(const std::string& script) {
  std::istringstream in(script);
  edit("notes.txt", in, false);
}

int main(int argc, char** argv) {
  if (argc > 1) return edit(argv[1], std::cin, isatty(STDIN_FILENO) == 1);
  world::write_file("notes.txt", "call Ana\npay the rent\nsend the slides\n");
  std::cout << "Monday\n";
  tell("insert 2 buy milk\ndelete 1\nundo\nundo\nredo\ninsert 9 ?\nreplace the our\nsave\n");
  std::cout << "\nTuesday: another run\n";
  tell("undo\nundo\nshow\nredo\nsave\n");
  std::cout << "\nWednesday: the disk has lost a byte of the history\n";
  std::string history = world::read_file("notes.txt.history");
  world::write_file("notes.txt.history", history.erase(history.size() / 2, 1));
  tell("undo\n");
  std::cout << "The text is as it was:\n" << world::read_file("notes.txt");
  std::cout
      << "\nReceiver document · Command insert, erase, change · MacroCommand replace · Invoker "
         "history\n";
}
