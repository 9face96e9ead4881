// SPDX-License-Identifier: BSL-1.0
/// \file
/// Ana sends, and goes on: the answer calls her back, waits until she looks, or is never wanted.
/// `asynchronous URL` plays it over another engine; over sim:42, time is virtual and is printed.

#include <gof/roles.hpp>
#include <gof/wait.hpp>
#include <iostream>
#include <set>

#include "communication/both.hpp"

using namespace communication;

// Reads any number of mails at the same time, 50 ms each.
void ben(gof::node& n) {
  int answered = 0;
  const auto serves = n.serve("ben", [&](const gof::message&, gof::responder caller) {
    auto answer = [&, caller = std::move(caller)]() mutable { caller.reply("agreed"), ++answered; };
    n.after(50ms, std::move(answer)).detach();
  });
  say_up(n);
  until(n, [&] { return answered == 101; });
}

// Comes late, and finds all that was sent before. Her answers wait under a key.
void carla(gof::node& n) {
  until_up(n, "carla");
  int answered = 0;
  const auto works = n.work("inbox", "carla", [&](gof::delivery mail) {
    tell(n, "finds \"" + mail.content.body + "\" in her queue");
    auto settle = [&, settle = std::move(mail.settle)](auto kept) mutable {
      if (kept) settle(gof::verdict::done, {}, {}), ++answered;  // Else it comes again.
    };
    n.put("answers", mail.content.body, "agreed", gof::any_version, std::move(settle)).detach();
  });
  until(n, [&] { return answered == 3; });
}

constexpr std::array<const char*, 4> queues{"filter", "mailbox", "archive", "done"};

// Hands mails on from its queue to the next one. When it goes down, the mail that it had is not
// settled, and comes again; mails have ids, so that the next queue has each once.
template <std::size_t Which>
void service(gof::node& n) {
  const std::string queue = queues[Which], next = queues[Which + 1];
  std::set<std::uint64_t> met, passed;
  int downs = 0;
  for (; passed.size() < mails; gof::blocking(n).pause(100ms)) {
    bool down = false;
    const auto take = [&](gof::delivery mail) {
      const std::uint64_t number = mail.content.id.sequence;
      down = met.insert(number).second && !is_up(Which, number);
      if (down) return void(++downs);
      auto settle = [&, number, settle = std::move(mail.settle)](auto kept) mutable {
        if (kept) settle(gof::verdict::done, {}, {}), passed.insert(number);
      };
      n.append(next, std::move(mail.content), std::move(settle)).detach();
    };
    const auto works = n.work(queue, queue, take, {.patience = 100ms, .at_once = 1});
    until(n, [&] { return down || passed.size() == mails; });
  }
  gof::blocking(n).put("downs", queue, std::to_string(downs));
}

void ana(gof::node& n) {
  gof::blocking wait(n);
  until_up(n, "ben");
  std::cout << "Called back: ana does something else until the answer comes\n";
  bool answered = false;
  tell(n, "asks ben to read a mail");
  const auto call = n.call({"ben", "Thursday at ten?"}, [&](gof::result<gof::message> answer) {
    tell(n, "is called back: " + answer.value().body);
    answered = true;
  });
  tell(n, "writes the next mail");
  until(n, [&] { return answered; });

  std::cout << "At once: ana has 100 mails to be read, ben takes 50 ms for one\n";
  const auto begin = n.now();
  int under_way = 0;
  for (int i = 0; i < 100; ++i, ++under_way)
    n.call({"ben", "mail"}, [&](auto answer) { answer.value(), --under_way; }).detach();
  std::cout << "  " << under_way << " are under way at once\n";
  until(n, [&] { return under_way == 0; });
  std::cout << "  all are read after " << took(n.now() - begin) << '\n';

  std::cout << "Forgotten: a record for whoever listens, and nobody does\n";
  n.publish({"log.mail", "101 mails were read"}).value();
  tell(n, "sends it, and goes on");

  std::cout << "Queue: three mails for carla, who is not up; ana polls for the answer to one\n";
  for (const char* mail : {"one", "two", "three"}) wait.append("inbox", {"mail", mail});
  const auto look = [&] {
    return gof::wait_for<gof::versioned>(
        n, [&](auto done) { return n.get("answers", "three", std::move(done)); }, 5s);
  };
  auto answer = look();  // Poll Object
  tell(n, "looks, and goes on: " + answer.error().text());
  wait.put("up", "carla", "yes");
  for (; !answer; answer = look()) wait.pause(10ms);
  tell(n, "looks: " + *answer->value);

  std::cout << "Three services, each 99 % up, with a queue before each, for each mail\n";
  for (std::uint64_t mail = 1; mail <= mails; ++mail)
    wait.append(queues[0], {"mail", "mail", {1, mail}});
  std::uint64_t done = 0;
  const auto reads = n.read("done", 1, [&](const gof::entry&) { ++done; });
  until(n, [&] { return done == mails; });
  int downs = 0;
  for (const char* service : services) downs += std::stoi(await(n, "downs", service));
  std::cout << "  done " << done << " of " << mails << "; " << downs
            << " met a service that was down\n";
}

const std::vector<gof::role> roles{{"ana", ana},
                                   {"ben", ben},
                                   {"carla", carla},
                                   {"filter", service<0>},
                                   {"mailbox", service<1>},
                                   {"archive", service<2>}};
int main(int argc, char** argv) { return communication::play(argc, argv, roles, "observer"); }
