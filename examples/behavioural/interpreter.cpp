// SPDX-License-Identifier: BSL-1.0
/// \file
/// Queries over a log, in a small language of their own. `interpreter FILE QUERY...` asks queries
/// of a log of yours; `interpreter` tells a story.

#include <cstdio>
#include <gof/interpreter/compile.hpp>
#include <gof/interpreter/language.hpp>
#include <iostream>

#include "world/log.hpp"

namespace in = gof::interpreter;
using world::record, world::level;

/// [language]
// Which words there are. A record is the Context.
in::language<record> make_language() {
  in::language<record> words;
  words.variable<&record::severity>("level");
  words.variable<&record::service>("service");
  words.variable<&record::text>("text");
  words.variable("hour", [](const record& r) {
    return std::chrono::floor<std::chrono::hours>(r.time).time_since_epoch().count() % 24;
  });
  words.function("contains", [](std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
  });
  for (std::size_t i = 0; i != world::level_names.size(); ++i) {
    words.constant(world::level_names[i], static_cast<std::int64_t>(i));
  }
  return words;
}
/// [language]

class archive {
 public:
  explicit archive(const std::string& path) {
    std::ifstream in(path);
    if (!in) throw std::runtime_error("cannot read " + path);
    for (std::string line; std::getline(in, line);) records_.push_back(world::parse_record(line));
  }

  // Prints the records for which a query is true, or what is wrong with it.
  bool ask(const std::string& text, const in::budget& within = {}) const try {
    std::cout << "> " << (text.size() < 100 ? text : text.substr(0, 90) + "...") << '\n';
    /// [ask]
    const in::expression<record, bool> query = language_.parse<bool>(text);
    in::program<record, bool> matches = in::compile(query, within);
    std::size_t found = 0;
    for (const record& r : records_) {
      if (!matches(r)) continue;
      ++found;
      std::cout << "  " << world::to_line(r) << '\n';
    }
    /// [ask]
    std::cout << "  " << found << " of " << records_.size() << '\n';
    return true;
    /// [errors]
  } catch (const in::syntax_error& wrong) {  // all that is wrong, with carets
    std::cout << wrong.what();
    return false;
  } catch (const in::evaluation_error& failed) {  // no value for this record
    const std::size_t at = failed.position();
    std::cout << in::point_at(text, {{at, at + 1}, failed.what()});
    return false;
  } catch (const in::budget_exceeded& refused) {
    std::cout << "  refused: more " << refused.which() << " than you may take\n";
    return false;
  }
  /// [errors]

  // Looks at one record, with an expression of any type.
  void explain(const std::string& text, std::size_t n) const {
    /// [interpret]
    const in::expression<record> e = language_.parse(text);
    const in::value v = e.interpret(records_[n], {.steps = 100, .bytes = 1000});
    /// [interpret]
    std::cout << "> " << text << "\n  " << in::print(e) << "  is  ";
    std::visit([](const auto& x) { std::cout << std::boolalpha << x << '\n'; }, v);
  }

 private:
  in::language<record> language_ = make_language();
  std::vector<record> records_;
};

int answer(int argc, char** argv) try {
  const archive log(argv[1]);
  bool all = true;
  for (int i = 2; i != argc; ++i) all = log.ask(argv[i]) && all;
  if (argc == 2)
    std::cout << "a query, for example: 'level >= warn and contains(text, \"full\")'\n";
  return all ? 0 : 1;
} catch (const std::exception& problem) {
  std::cout << problem.what() << '\n';
  return 1;
}

void write_morning(const char* path) {
  using namespace std::chrono;
  std::remove(path);
  world::file_log log(path);
  const auto at = sys_days(2026y / 3 / 2) + 8h;
  log.write({at, level::info, "mail", "started"});
  log.write({at + 5min, level::warn, "mail", "queue is full"});
  log.write({at + 9min, level::error, "files", "disk is full"});
  log.write({at + 31min, level::info, "mail", "sent to Ana"});
  log.write({at + 62min, level::warn, "games", "a player left"});
  log.write({at + 80min, level::error, "mail", "no route to Ben"});
}

int main(int argc, char** argv) {
  if (argc > 1) return answer(argc, argv);
  write_morning("morning.log");
  const archive morning("morning.log");

  std::cout << "Ana looks for what is wrong with the mail\n";
  morning.ask("level >= warn and service = \"mail\"");
  morning.ask("contains(text, \"full\") or not (hour < 9 or service = \"games\")");

  std::cout << "\nBen types too fast\n";
  morning.ask("levl >= warn and (service = 3 or contains(text)");

  std::cout << "\nHow a query is understood, and what it is for the first record\n";
  morning.explain("((level<warn))and not(service!=\"mail\"and hour*60+5>500)", 0);
  morning.explain("service + \": \" + text", 0);

  std::cout << "\nA query that has no value for each record\n";
  morning.ask("60 / (hour - 8) > 20");

  std::cout << "\nGuests may ask too, but not for everything\n";
  morning.ask("level = warn and hour = 8", {.steps = 7});
  morning.ask("level = warn and hour = 8 or level = error", {.steps = 7});
  morning.ask(std::string(50'000, '(') + "true");

  std::cout << "\nContext record · TerminalExpression level, service, 3, \"mail\" · "
               "NonterminalExpression and, =, contains · AbstractExpression expression · "
               "Client archive\n";
}
