// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// What both examples need: a few words, services that are down at times, a comparison.

#include <array>
#include <cstdint>
#include <gof/engines/faults.hpp>
#include <gof/roles.hpp>
#include <gof/wait.hpp>
#include <iostream>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace communication {

using namespace std::chrono_literals;

/// Over the simulator time is virtual, and the same in every run.
inline bool simulated = false;

/// Waits. \param n the node \param condition for what
template <class Condition>
void until(gof::node& n, Condition condition) {
  if (!n.run_until(condition, 10min)) throw std::runtime_error(n.name() + " waited in vain");
}
/// Says that one is up. \param n the one; what it serves is known before
inline void say_up(gof::node& n) { gof::blocking(n).put("up", n.name(), "yes"); }
/// Waits until somebody has put a value there. \returns it
/// \param n who waits \param what of which kind \param whose whose
inline std::string await(gof::node& n, const std::string& what, const std::string& whose) {
  std::optional<std::string> found;
  const auto watch = n.watch(what, whose, [&](const gof::versioned& v) { found = v.value; });
  until(n, [&] { return found.has_value(); });
  return *found;
}
/// Waits until one is up. \param n who waits \param who for whom
inline void until_up(gof::node& n, const std::string& who) { await(n, "up", who); }

/// \returns a span, rounded down to 0.1 ms. \param span it
inline std::string in_ms(gof::duration span) {
  const auto tenths = span / 100us;
  return std::to_string(tenths / 10) + '.' + std::to_string(tenths % 10) + " ms";
}
/// \returns how long something took, in words that hold on any machine. \param span how long
inline std::string took(gof::duration span) {
  return simulated ? in_ms(span) : span < 5s ? "less than 5 s" : "5 s or more";
}
/// Prints what somebody does. \param who does it \param what it
inline void tell(const gof::node& who, const std::string& what) {
  const std::string when = simulated ? in_ms(who.now().time_since_epoch()) + "  " : "";
  std::cout << "  " + when + who.name() + ' ' + what + '\n';  // At once: others print, too.
}

/// Each mail passes these.
inline constexpr std::array<const char*, 3> services{"filter", "mailbox", "archive"};
/// How many mails.
inline constexpr std::uint64_t mails = 1000;
/// \returns whether a service is up when a mail comes: for 99 in 100. \param service which
/// \param mail its number, from 1 on
inline bool is_up(std::size_t service, std::uint64_t mail) {
  return gof::sim::chance(gof::sim::chance::mix(2026, service, mail)).below(100) != 0;
}

/// How the two compare.
inline constexpr const char* comparison = R"(
                               synchronous                  asynchronous
who waits                      the caller: until it is      nobody; or the sender, until the
                               done, or has failed          queue has it
who must be up                 both, at the same time       called: both; with a queue: the
                                                            sender, and some time the receiver
does an answer come            always: a value, or why      if wanted: called back, or polled
                               there is none                for; else it is forgotten
the receiver is slow           so is the caller             the queue grows
the receiver is not there      an error, at once            called: an error, later; the queue
                                                            keeps it; what is published is lost
a hundred calls of 50 ms       100 x 50 ms = 5 s            50 ms, if the receiver can do them
                                                            all at once
three services, each 99 % up   0.99 x 0.99 x 0.99 = 97 %    all: some of it later
in the books                   Request-Reply                Result Callback, Fire and Forget,
                                                            Poll Object, Message Queue
)";

/// Plays, and prints how the two kinds compare. \returns the program's status
/// \param argc,argv the program's: the URL \param roles who plays \param next what to run next
inline int play(int argc, char** argv, const std::vector<gof::role>& roles, const char* next) try {
  const std::string url = argc > 1 ? argv[1] : "memory:";
  simulated = url.starts_with("sim:");
  std::cout << "over " << url << '\n';
  if (!simulated) try {
      gof::blocking(*gof::join(url)).put("runs", "communication", "yes", gof::absent);
    } catch (const gof::failure& why) {
      if (why.reason().why != gof::errc::conflict) throw;
      throw std::runtime_error(url + " holds an earlier run: take another file, or broker");
    }
  gof::play(url, roles);
  std::cout << comparison << "\nNext: ./gof run " << next << " --over sim:42\n";
  return 0;
} catch (const std::exception& problem) {
  std::cerr << problem.what() << '\n';
  return 1;
}

}  // namespace communication
