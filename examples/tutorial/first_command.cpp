// SPDX-License-Identifier: BSL-1.0
/// \file
/// The program of the tutorial: a list of notes that can undo.

#include <cstddef>
#include <iostream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <gof/command.hpp>

/// [receiver]
using notes = std::vector<std::string>;
/// [receiver]

/// [add]
struct add {
  std::string text;

  void execute(notes& n) { n.push_back(text); }
  void undo(notes& n) { n.pop_back(); }
};
/// [add]

/// [remove]
struct remove_at {
  std::size_t at;
  std::string removed = {};

  void execute(notes& n) {
    if (at >= n.size()) throw std::out_of_range("no such note");
    removed = std::move(n[at]);
    n.erase(n.begin() + static_cast<std::ptrdiff_t>(at));
  }
  void undo(notes& n) { n.insert(n.begin() + static_cast<std::ptrdiff_t>(at), removed); }
};
/// [remove]

static_assert(gof::command::undoable<add, notes> && gof::command::undoable<remove_at, notes>);

void print(const notes& n) {
  std::cout << "notes:";
  for (const std::string& note : n) std::cout << " [" << note << ']';
  std::cout << '\n';
}

int main() {
  /// [execute]
  notes n;
  gof::command::history<notes, add, remove_at> history(n);

  history.execute(add{"buy milk"});
  history.execute(add{"call Ana"});
  history.execute(remove_at{0});
  print(n);
  /// [execute]

  /// [undo]
  history.undo();
  print(n);
  history.undo();
  print(n);
  history.redo();
  print(n);
  /// [undo]

  /// [end]
  while (history.undo()) {
  }
  print(n);
  /// [end]

  /// [failure]
  try {
    history.execute(remove_at{7});
  } catch (const std::out_of_range& e) {
    std::cout << "refused: " << e.what() << "; still " << history.size() << " steps to redo\n";
  }
  /// [failure]

  /// [clean]
  history.mark_clean();
  history.redo();
  std::cout << (history.is_clean() ? "saved" : "not saved") << '\n';
  history.undo();
  std::cout << (history.is_clean() ? "saved" : "not saved") << '\n';
  /// [clean]
}
