// SPDX-License-Identifier: BSL-1.0
/// \file
/// What becomes of the messages in an outbox: draft, queued, sent or bounced. `state FILE` reads
/// what happens to them from a file of yours:
///
///     1 to ana@example.org
///     1 submit
///     1 failed 451 mailbox busy
///     1 accepted by relay-2
///     2 was queued

#include <fstream>
#include <gof/state.hpp>
#include <gof/state/dot.hpp>
#include <iostream>
#include <map>
#include <sstream>
#include <string>

#include "world/message.hpp"

namespace st = gof::state;

/// [states]
struct mail;

struct draft {};
struct queued {
  static void entry(mail&);
};
struct sent {};
struct bounced {
  static void entry(mail&);
};
/// [states]

/// [events]
struct edit {
  std::string field, value;
};
struct submit {};
struct accepted {
  std::string by;
};
struct failed {
  int code;
  std::string why;
};
struct give_up {};
using events = st::events<edit, submit, accepted, failed, give_up>;
/// [events]

/// [context]
// What guards look at and actions change.
struct mail {
  world::message message{"carl@example.org", {}, {}, {}, {}};
  int tries = 0;

  bool addressed() const { return !message.to.empty(); }
  bool for_now(const failed& e) const { return e.code < 500; }
  void change(const edit& e) {
    if (e.field == "to") message.to.assign(1, e.value);
    if (e.field == "text") message.text = e.value;
  }
  void note(const accepted& e) { std::cout << "    taken " << e.by << '\n'; }
  void try_again(const failed& e, st::queue<events>& later) {
    std::cout << "    try " << ++tries << ": " << e.why << '\n';
    if (tries == 3) later.raise(give_up());
  }

  void trace(std::string_view from, std::string_view event, std::string_view to) {
    std::cout << "    " << from << " -- " << event << " -> " << to << '\n';
  }
};

void queued::entry(mail& m) { m.tries = 0; }
void bounced::entry(mail& m) { std::cout << "    back to " << m.message.from << '\n'; }
/// [context]

/// [table]
using st::transition, st::internal, st::ignore, st::refuse, st::guard, st::action;

// clang-format off
using lifecycle = st::table<
    mail, st::states<draft, queued, sent, bounced>, events,
    internal<draft, edit, action<&mail::change>>,
    transition<draft, submit, queued, guard<&mail::addressed>>,
    transition<queued, accepted, sent, action<&mail::note>>,
    internal<queued, failed, guard<&mail::for_now>, action<&mail::try_again>>,
    transition<queued, failed, bounced>,
    transition<queued, give_up, bounced>,
    ignore<sent, accepted>,  // some relays say it twice
    transition<bounced, edit, draft, action<&mail::change>>,
    refuse<st::any, st::any>>;
// clang-format on
/// [table]

// Which event a line tells of.
lifecycle::event parse(const std::string& what, std::istream& line) {
  std::string rest;
  if (what == "submit") return submit();
  if (what == "failed") {
    int code = 0;
    if (line >> code && std::getline(line >> std::ws, rest)) return failed{code, rest};
  } else if (std::getline(line >> std::ws, rest)) {
    if (what == "to" || what == "text") return edit{what, rest};
    if (what == "accepted") return accepted{rest};
  }
  throw std::invalid_argument("there is: to, text, submit, accepted, failed CODE, was");
}

/// [outbox]
// Many messages, each with two bytes for its state, and one table for all.
class outbox {
 public:
  void tell(const std::string& line) try {
    std::cout << "> " << line << '\n';
    std::istringstream words(line);
    std::string number, what, state;
    words >> number >> what;
    if (what == "was" && words >> state) {
      mails_[number].second = st::machine<lifecycle>::restore(state);
    } else {
      const lifecycle::event event = parse(what, words);
      auto& [mail, machine] = mails_[number];
      machine.handle(mail, event);
    }
  } catch (const std::exception& problem) {
    std::cout << "    " << problem.what() << '\n';
  }
  void list() const {
    for (const auto& [number, m] : mails_) std::cout << number << ' ' << m.second.name() << '\n';
  }

 private:
  std::map<std::string, std::pair<mail, st::machine<lifecycle>>> mails_;
};
/// [outbox]

int read(const char* path, outbox box) {
  std::ifstream file(path);
  if (!file) {
    std::cout << path << ": there is no such file\n";
    return 1;
  }
  for (std::string line; std::getline(file, line);) box.tell(line);
  box.list();
  return 0;
}

int main(int argc, char** argv) {
  outbox box;
  if (argc > 1) return read(argv[1], box);
  for (const char* line :
       {"1 submit", "1 to ana@example.org", "1 submit", "1 to ben@example.org",
        "1 failed 451 mailbox busy", "1 accepted by relay-2", "1 accepted by relay-2",
        "2 was queued", "2 failed 421 no answer", "2 failed 421 no answer",
        "2 failed 421 no answer", "2 to eva@example.org", "2 submit",
        "2 failed 550 no such mailbox", "3 was lost"}) {
    box.tell(line);
  }
  box.list();
  std::cout << "\nThe table as a diagram\n" << st::dot<lifecycle>();
  std::cout << "\nContext mail · State lifecycle · ConcreteState draft, queued, sent, bounced · "
               "Handle transition, internal, ignore, refuse\n";
}
