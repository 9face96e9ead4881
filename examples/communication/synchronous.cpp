// SPDX-License-Identifier: BSL-1.0
/// \file
/// Ana calls, and waits until it is done: Request-Reply, where both sides block. `synchronous URL`
/// plays it over another engine; over sim:42, time is virtual and is printed.

#include <algorithm>
#include <deque>
#include <gof/roles.hpp>
#include <gof/wait.hpp>
#include <iostream>

#include "communication/both.hpp"

using namespace communication;

// Reads one mail after the other, 50 ms each; who wants it read waits.
void ben(gof::node& n) {
  std::deque<gof::responder> waiting;
  std::size_t most = 0;
  const auto serves = n.serve("ben", [&](const gof::message&, gof::responder caller) {
    waiting.push_back(std::move(caller));
    most = std::max(most, waiting.size());
  });
  say_up(n);
  for (int read = 0; read <= 100; ++read) {
    until(n, [&] { return !waiting.empty(); });
    if (read == 0) tell(n, "takes it");
    gof::blocking(n).pause(50ms);
    if (read == 0) tell(n, "has read it");
    waiting.front().reply("agreed; never more than " + std::to_string(most) + " at a time");
    waiting.pop_front();
  }
}

// Runs the services, each of which is down for one mail in a hundred. It is told which one is next.
void machines(gof::node& n) {
  std::array<std::optional<gof::registration>, services.size()> up;
  const auto serve = [&](std::size_t s) {
    return n.serve(services[s], [](const gof::message&, gof::responder r) { r.reply("done"); });
  };
  bool over = false;
  const auto next = n.serve("machines", [&](const gof::message& m, gof::responder caller) {
    const std::uint64_t mail = std::stoull(m.body);
    for (std::size_t s = 0; s < services.size(); ++s)
      if (!is_up(s, mail))
        up[s].reset();
      else if (!up[s])
        up[s] = serve(s);
    // What a node asks for is done in order: with this, who serves what is known as well.
    auto known = [&, mail, caller = std::move(caller)](auto kept) mutable {
      kept.value(), caller.reply({});
      over = mail == mails + 1;
    };
    n.put("mails", "next", m.body, gof::any_version, std::move(known)).detach();
  });
  say_up(n);
  until(n, [&] { return over; });
}

void ana(gof::node& n) {
  gof::blocking wait(n);
  until_up(n, "ben");
  std::cout << "Rendezvous: ana goes on when ben has done it\n";
  tell(n, "asks ben to read a mail");
  wait.call({"ben", "Thursday at ten?"});
  tell(n, "goes on");

  std::cout << "Back-pressure: ana has 100 mails to be read, ben takes 50 ms for one\n";
  auto begin = n.now();
  std::string answer;
  for (int i = 0; i < 100; ++i) answer = wait.call({"ben", "mail"}).body;
  std::cout << "  ben: " << answer << "\n  all are read after " << took(n.now() - begin) << '\n';

  std::cout << "Nobody there: ana calls carla, and would wait 10 s for an answer\n";
  begin = n.now();
  try {
    wait.call({"carla", "Hello?"}, {.deadline = 10s});
  } catch (const gof::failure& why) {
    std::cout << "  " << why.reason().text() << ": known after " << took(n.now() - begin) << '\n';
  }

  until_up(n, "machines");
  std::cout << "Three services, each 99 % up, are called one after the other for each mail\n";
  std::uint64_t done = 0, failed = 0;
  for (std::uint64_t mail = 1; mail <= mails; ++mail) {
    wait.call({"machines", std::to_string(mail)});
    try {
      for (const char* service : services) wait.call({service, "mail"});
      ++done;
    } catch (const gof::failure& why) {
      if (why.reason().why != gof::errc::nobody_there) throw;
      ++failed;
    }
  }
  wait.call({"machines", std::to_string(mails + 1)});
  std::cout << "  done " << done << " of " << mails << "; " << failed
            << " met a service that was down; to be expected: " << 0.99 * 0.99 * 0.99 << "\n";
}

const std::vector<gof::role> roles{{"ana", ana}, {"ben", ben}, {"machines", machines}};

int main(int argc, char** argv) { return communication::play(argc, argv, roles, "asynchronous"); }
