// SPDX-License-Identifier: BSL-1.0
/// \file
/// Incoming mail passes a spam filter, a vacation notice, folders and the inbox, until one of them
/// takes it. `chain_of_responsibility FILE` sorts an mbox file of yours, and leaves it as it is;
/// `chain_of_responsibility` tells a story.

#include <fstream>
#include <gof/chain_of_responsibility.hpp>
#include <gof/chain_of_responsibility/chain.hpp>
#include <iostream>
#include <map>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "world/mbox.hpp"

namespace cor = gof::chain_of_responsibility;
using world::message;

/// [handlers]
// The answer: where a message was put.
struct delivery {
  std::string folder;
};
using outcome = cor::outcome<delivery>;

struct spam {
  std::vector<std::string> signs;
  outcome handle_request(const message& m, auto next) const {
    for (const std::string& sign : signs) {
      if ((m.subject + m.text).find(sign) != std::string::npos) return delivery{"spam"};
    }
    return std::move(next)(m);
  }
};

// By the tag in a subject, as mailing lists set it: "[walks] on Sunday".
struct folders {
  outcome handle_request(const message& m, auto next) const {
    const std::size_t begin = m.subject.find('['), end = m.subject.find(']', begin);
    if (end == std::string::npos) return std::move(next)(m);
    return delivery{m.subject.substr(begin + 1, end - begin - 1)};
  }
};

struct inbox {
  std::set<std::string> users;
  outcome handle_request(const message& m, auto next) const {
    for (const std::string& user : m.to) {
      if (users.contains(user)) return delivery{"inbox of " + user};
    }
    return std::move(next)(m);
  }
};
/// [handlers]

/// [onion]
// Sees what the others did, and answers only those whose message has arrived, and only once.
struct vacation {
  std::string notice;
  std::set<std::string> told;
  outcome handle_request(const message& m, auto next) {
    outcome result = std::move(next)(m);
    if (result && told.insert(m.from).second) {
      std::cout << "    reply to " << m.from << ": " << notice << '\n';
    }
    return result;
  }
};
// Is last: nobody else wanted it.
struct bounce {
  outcome handle_request(const message& m, auto) const {
    throw cor::rejected("there is no " + (m.to.empty() ? "recipient" : m.to.front()));
  }
};
/// [onion]

/// [deliver]
using chain = cor::chain<delivery(const message&)>;

void deliver(chain& mail, const message& m) {
  std::cout << m.from << ": " << m.subject << '\n';
  cor::trace seen;
  std::string result;
  try {
    const outcome o = mail.handle_request(m, seen);
    result = o ? "put into " + o->folder : "nobody took it, it stays in the queue";
  } catch (const cor::rejected& refusal) {
    result = std::string("it bounces: ") + refusal.what();
  }
  std::cout << "    seen by";
  for (const auto& [handler, did] : seen) std::cout << ' ' << handler;
  std::cout << ": " << result << '\n';
}
/// [deliver]

/// [fixed]
int sort(const char* file) try {
  std::ifstream in(file);
  if (!in) throw std::runtime_error("cannot be read");
  const auto mail =
      cor::chain_of<delivery(const message&)>(spam{{"lottery", "Viagra", "$$$"}}, folders());
  std::map<std::string, int> counts;
  for (const message& m : world::read_mbox(in)) {
    const delivery d = mail.handle_request(m).value_or({"inbox"});
    std::cout << d.folder << "  " << m.from << ": " << m.subject << '\n';
    ++counts[d.folder];
  }
  for (const auto& [folder, count] : counts) std::cout << count << " in " << folder << '\n';
  return 0;
} catch (const std::exception& problem) {
  std::cout << file << ": " << problem.what() << '\n';
  return 1;
}
/// [fixed]

const char* const arrived = R"(From cleo@far.example Mon Mar  2 08:00:00 2026
From: Cleo <cleo@far.example>
To: ana@here.example
Subject: Lunch?

>From noon on I am free.

From list@walks.example Mon Mar  2 08:05:00 2026
From: list@walks.example
To: "Walks, all" <all@walks.example>, ana@here.example
Subject: [walks] On Sunday,
 along the river

Bring boots.

From win@luck.example Mon Mar  2 08:10:00 2026
From: win@luck.example
To: ana@here.example
Subject: You have won

the lottery!

From dora@far.example Mon Mar  2 08:15:00 2026
From: dora@far.example
To: zed@here.example
Subject: Are you there?

Hello Zed
)";

int main(int argc, char** argv) {
  if (argc > 1) return sort(argv[1]);
  std::istringstream file(arrived);
  const std::vector<message> messages = world::read_mbox(file);
  const message &lunch = messages[0], &to_zed = messages[3];

  /// [chain]
  chain mail;
  mail.add("spam", spam{{"lottery"}}).keep();
  mail.add("inbox", inbox{{"ana@here.example"}}, {.order = 10}).keep();
  /// [chain]
  std::cout << "> " << mail.describe() << '\n';
  for (const message& m : messages) deliver(mail, m);

  /// [edit]
  mail.add("bounce", bounce(), {.order = 100}).keep();  // last, whatever comes between
  mail.add("folders", folders(), {.order = 5}).keep();
  chain::registration away = mail.add("vacation", vacation{"back on Friday", {}}, {.order = 7});
  /// [edit]
  std::cout << "\n> " << mail.describe() << '\n';
  for (const message& m : messages) deliver(mail, m);
  deliver(mail, lunch);

  away.remove();
  std::cout << "\n> " << mail.describe() << '\n';
  deliver(mail, lunch);
  deliver(mail, to_zed);

  std::cout << "\nHandler what has handle_request(message, next) · ConcreteHandler spam, folders, "
               "vacation, inbox, bounce · successor next · Client deliver\n";
}
