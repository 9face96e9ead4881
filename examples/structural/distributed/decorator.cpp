// SPDX-License-Identifier: BSL-1.0
/// \file
/// A file is read, and written to, on another node, through layers: a deadline, retries from a
/// budget, a breaker, and an older copy for want of a better one. `decorator URL` plays it over
/// another engine, such as sim:42.

#include <gof/distributed/decorator/answers.hpp>
#include <gof/distributed/decorator/attempts.hpp>
#include <gof/distributed/decorator/guards.hpp>
#include <gof/roles.hpp>
#include <gof/wait.hpp>
#include <iomanip>
#include <iostream>
#include <map>
#include <set>

using namespace std::chrono_literals;
using namespace gof::decorator::distributed;

struct deed {
  std::string what, text{};
};
// clang-format off
const std::vector<deed> script{
    {"read", "1"}, {"read", "2"}, {"add", "buy milk"}, {"add", "call Ana"}, {"read", "3"},
    {"server hangs"}, {"read", "1"}, {"read", "2"}, {"read", "3"},
    {"server goes on"}, {"read", "1"}, {"how many lines"}};
// clang-format on

// The file's node, which hangs when it is told to; and how many attempts came there.
void server(gof::node& n) {
  std::vector<std::string> lines{"Dear Ana,", "the slides are done."};
  std::set<gof::operation_id> seen;
  std::vector<gof::responder> unanswered;
  bool hangs = false, over = false;
  int attempts = 0;
  const auto reads = n.serve("file.read", [&](const gof::message& asked, gof::responder r) {
    ++attempts;
    if (hangs) return unanswered.push_back(std::move(r));
    r.reply(lines.at(std::stoul(asked.body) - 1));
  });
  const auto adds = n.serve("file.add", [&](const gof::message& asked, gof::responder r) {
    ++attempts;
    // What has an id that was seen, is done.
    if (!asked.id || seen.insert(asked.id).second) lines.push_back(asked.body);
    r.reply("added");
  });
  const auto told = n.serve("file.do", [&](const gof::message& asked, gof::responder r) {
    if (asked.body == "server hangs") hangs = true;
    if (asked.body == "server goes on") hangs = false;
    over = asked.body == "over";
    r.reply(std::to_string(asked.body == "attempts" ? attempts : static_cast<int>(lines.size())));
  });
  n.run_until([&] { return over; }, 10min);
}
// Has the server do something, however often it has to be told.
std::string insist(gof::node& n, const std::string& what) {
  for (;;) try {
      return gof::blocking(n).call({"file.do", what}, {300ms}).body;
    } catch (const gof::failure& why) {
      if (what == "over") return {};  // it went
      gof::blocking(n).pause(10ms);
    }
}

// ---- The naive way: three attempts, whatever it is ----------------------------------------------

/// [naive]
struct three_attempts {
  explicit three_attempts(gof::node& n) : on(n) {}
  std::string call(const gof::message& request) {
    for (int i = 1;; ++i) try {
        return gof::blocking(on).call(request, {300ms}).body;
      } catch (const gof::failure&) {
        if (i == 3) throw;
      }
  }
  gof::node& on;
};
/// [naive]

// ---- Ours: layers, the outermost first ----------------------------------------------------------

/// [ours]
struct layers {
  explicit layers(gof::node& n)
      : on(n),
        calls(n, idempotency_key(), deadline(900ms),
              fallback(
                  [this](const gof::message& request, const gof::error&) { return old(request); }),
              retry({.waits = {20ms, 100ms}}), breaker({.least = 5, .open = 1s})) {}
  std::string call(const gof::message& request) {
    const call_options how{.repeatable = request.subject == "file.read"};
    const auto begin = [&](auto done) {
      calls.call(request, std::move(done), how);
      return gof::registration();
    };
    const gof::message answer = gof::wait_for<gof::message>(on, begin, 1min).value();
    if (degraded(answer)) return answer.body + " (an older copy)";
    if (how.repeatable) copies[request.body] = answer.body;
    return answer.body;
  }
  std::optional<std::string> old(const gof::message& request) const {
    const auto copy = copies.find(request.body);
    return copy == copies.end() ? std::nullopt : std::optional(copy->second);
  }
  gof::node& on;
  std::map<std::string, std::string> copies{};
  stack<idempotency_key, deadline, fallback, retry, breaker> calls;
};
/// [ours]

template <class Calls>
void reader(gof::node& n, std::vector<std::string>& came) {
  Calls calls(n);
  for (const deed& it : script) {
    const int before = std::stoi(insist(n, "attempts"));
    if (it.text.empty()) {
      const std::string lines = insist(n, it.what);
      came.push_back(it.what == "how many lines" ? lines : "");
      if (it.what == "server goes on") gof::blocking(n).pause(2s);  // the breaker tries again
      continue;
    }
    try {
      came.push_back(calls.call({"file." + it.what, it.text}));
    } catch (const gof::failure& why) {
      came.push_back(why.reason().text());
    }
    const int attempts = std::stoi(insist(n, "attempts")) - before;
    came.back() += " [" + std::to_string(attempts) + ']';
  }
  insist(n, "over");
}

int main(int argc, char** argv) try {
  const std::string url = argc > 1 ? argv[1] : "memory:";
  // On sim: a third of the answers is lost. The seed says which.
  const std::vector<gof::sim::fault> loss{{0ms, 1h, gof::sim::kind::lose_answers, "reader", 333}};
  std::vector<std::string> naive, ours;
  const auto cast = [&](auto plays, std::vector<std::string>& came) {
    gof::play(
        url,
        {{"server", server}, {"reader", [&](gof::node& n) { plays(n, came); }, gof::leaving(came)}},
        loss);
  };
  cast(reader<three_attempts>, naive);
  cast(reader<layers>, ours);

  std::cout << "over " << url << "; in brackets, how many attempts came to the server\n"
            << std::left << std::setw(18) << "" << std::setw(30) << "naive: three attempts"
            << "ours: layers\n";
  for (std::size_t i = 0; i < script.size(); ++i)
    std::cout << std::setw(18) << script[i].what + ' ' + script[i].text << std::setw(30) << naive[i]
              << ours[i] << '\n';
  std::cout
      << "\nComponent component · ConcreteComponent direct, the node's calls · Decorator layer\n"
         "ConcreteDecorator idempotency_key, deadline, fallback, retry, breaker\n"
         "The usual ones in one line: gof::decorator::distributed::resilient\n";
} catch (const std::exception& problem) {
  std::cerr << problem.what() << '\n';
  return 1;
}
