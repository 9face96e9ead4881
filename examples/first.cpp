// SPDX-License-Identifier: BSL-1.0
#include <gof/command.hpp>
#include <iostream>

struct insert {
  std::size_t at;
  std::string text;
  void execute(std::string& document) { document.insert(at, text); }
  void undo(std::string& document) { document.erase(at, text.size()); }
};

int main() {
  std::string document;
  gof::command::history<std::string, insert> history(document);
  history.execute(insert{0, "gang of four"});
  std::cout << document << '\n';
  history.execute(insert{0, "the "});
  std::cout << document << '\n';
  history.undo();
  std::cout << document << '\n';
  history.redo();
  std::cout << document << '\n';
}
