// SPDX-License-Identifier: BSL-1.0
/// \file
/// Two editors, one document, and a network that loses answers: what each types is done once, and
/// each undoes what is theirs. `command URL` plays it over another engine, such as sim:42.

#include <gof/distributed/command.hpp>
#include <gof/roles.hpp>
#include <gof/wait.hpp>
#include <iomanip>
#include <iostream>
#include <map>
#include <sstream>

#include "world/document_wire.hpp"

using namespace std::chrono_literals;
using gof::command::distributed::policy, gof::command::distributed::step;
using world::insert, world::erase, world::change;

// What the two do, one after the other. Lines have ids, so that both can speak of the same line.
struct deed {
  std::string who, what;
  std::uint64_t id = 0;
  std::string text{};
};
const std::vector<deed> script{{"ana", "insert", 1, "milk"},
                               {"ben", "insert", 2, "bread"},
                               {"ana", "undo"},
                               {"ben", "insert", 3, "jam"},
                               {"ana", "redo"},
                               {"ben", "change", 1, "oat milk"},
                               {"ana", "undo"},
                               {"ben", "undo"},
                               {"ana", "undo"},
                               {"ana", "look"}};
using seen = std::vector<std::string>;  // What came of each.

std::string text_of(const world::document& d) {
  std::string all;
  for (const world::line& l : d.lines()) all += (all.empty() ? "" : ", ") + l.text;
  return all.empty() ? "(empty)" : all;
}

// Both wait for their turn: its number is a value that they share, set against the version seen, so
// that a second attempt cannot turn it back; and with it how far the log has come. On file: it is
// still there in the next run, which goes on from it.
void in_turn(
    gof::node& n, const std::string& play, const std::function<std::string(const deed&)>& act,
    seen& came, const std::function<std::uint64_t()>& index = [] { return std::uint64_t(0); }) {
  std::size_t turn = 0;
  std::uint64_t come = 0, version = gof::absent;
  bool current = false;
  gof::watch_options how;
  how.on_current = [&] { current = true; };
  const auto watch = n.watch(
      "turns", play,
      [&](const gof::versioned& v) {
        std::istringstream(*v.value) >> turn >> come;
        version = v.version;
      },
      std::move(how));
  n.run_until([&] { return current; }, 10min);
  for (std::size_t i = 0, first = turn; i < script.size(); ++i) {
    if (script[i].who != n.name()) continue;
    if (i < first) came[i] = "(in an earlier run)";
    if (i < first) continue;
    n.run_until([&] { return turn == i && index() >= come; }, 10min);
    came[i] = act(script[i]);
    if (script[i].what == "look") break;
    const std::uint64_t expected = version;
    const std::string next = std::to_string(i + 1) + ' ' + std::to_string(index());
    while (turn == i) try {
        gof::blocking(n).put("turns", play, next, expected);
        n.run_until([&] { return turn != i; }, 10min);
      } catch (const gof::failure&) {  // It may be passed all the same: then that will be seen.
        gof::blocking(n).pause(10ms);
      }
  }
  n.run_until([&] { return turn == script.size() - 1; }, 10min);
}

// ---- The naive way: a server does what it is told; who gets no answer asks again
// -----------------

/// [naive]
void serve(gof::node& n) {
  world::document d;
  gof::command::history<world::document, insert, erase, change> history(d);
  bool over = false;
  const auto handle = n.serve("edit", [&](const gof::message& m, gof::responder r) {
    const auto [who, what, id, text] =
        gof::wire::decode<std::tuple<std::string, std::string, std::uint64_t, std::string>>(m.body);
    if (what == "insert") history.execute(insert{d.new_id(), d.id_of(d.lines().size()), text});
    if (what == "change") history.execute(change{id, text});
    if (what == "undo") history.undo();
    if (what == "redo") history.redo();
    r.reply(text_of(d));
  });
  const auto bye = n.subscribe("bye", [&](const gof::message&) { over = true; });
  n.run_until([&] { return over; }, 1h);
}
std::string ask(gof::node& n, const deed& it) {
  const std::string body = gof::wire::encode(std::tuple(it.who, it.what, it.id, it.text));
  for (;;) try {
      return gof::blocking(n).call({"edit", body}, {300ms}).body;
    } catch (const gof::failure& lost) {
      if (lost.result() == gof::outcome::failed_there) return "(it threw)";
      if (lost.result() == gof::outcome::not_applied) gof::blocking(n).pause(10ms);
    }
}
/// [naive]
void naive_editor(gof::node& n, seen& came) {
  in_turn(
      n, "naive", [&](const deed& it) { return ask(n, it); }, came);
  if (n.name() == "ana") n.publish({"bye"}).value();
}

// ---- Ours: all append to one log, and execute all that is in it
// -----------------------------------

/// [ours]
using document_history =
    gof::command::distributed::replicated_history<world::document, insert, erase, change>;

step act(gof::node& n, document_history& history, const deed& it) {
  return gof::wait_for<step>(
             n,
             [&](gof::completion<step> done) {
               if (it.what == "insert")
                 history.execute(
                     insert{it.id, history.receiver().id_of(history.receiver().lines().size()),
                            it.text},
                     std::move(done));
               else if (it.what == "change")
                 history.execute(change{it.id, it.text}, std::move(done));
               else if (it.what == "undo")
                 history.undo(policy::reject, std::move(done));
               else
                 history.redo(policy::reject, std::move(done));
               return gof::registration();
             },
             1min)
      .value();
}
/// [ours]
void editor(gof::node& n, seen& came) {
  document_history history(n, "notes", {}, {.deadline = 1min});
  const auto show = [&](const deed& it) {
    const step what = it.what == "look" ? step() : act(n, history, it);
    return text_of(history.receiver()) + (what.why.empty() ? "" : " (" + what.why + ')');
  };
  in_turn(n, "ours", show, came, [&] { return history.index(); });
}

int main(int argc, char** argv) try {
  const std::string url = argc > 1 ? argv[1] : "memory:";
  // On sim: half of all answers are lost. The seed says which.
  const std::vector<gof::sim::fault> loss{{0ms, 1h, gof::sim::kind::lose_answers, "ana", 500},
                                          {0ms, 1h, gof::sim::kind::lose_answers, "ben", 500}};
  std::map<std::string, seen> naive, ours;
  const auto played = [](const char* who, auto plays, std::map<std::string, seen>& all) {
    seen& came = all[who] = seen(script.size());
    return gof::role{who, [plays, &came](gof::node& n) { plays(n, came); }, gof::leaving(came)};
  };
  gof::play(
      url,
      {{"server", serve}, played("ana", naive_editor, naive), played("ben", naive_editor, naive)},
      loss);
  gof::play(url, {played("ana", editor, ours), played("ben", editor, ours)}, loss);

  std::cout << "over " << url << '\n'
            << std::left << std::setw(22) << "" << std::setw(45) << "naive: one server"
            << "ours: one log\n";
  for (std::size_t i = 0; i < script.size(); ++i)
    std::cout << std::setw(22) << script[i].who + ' ' + script[i].what + ' ' + script[i].text
              << std::setw(45) << naive[script[i].who][i] << ours[script[i].who][i] << '\n';
  std::cout
      << "\nReceiver document, one a replica · Command insert, change · Invoker and history list "
         "replicated_history\n";
} catch (const std::exception& problem) {
  std::cerr << problem.what() << '\n';
  return 1;
}
