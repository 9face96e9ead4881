// SPDX-License-Identifier: BSL-1.0
#include <gof/engines/processes.hpp>
// The header under test comes first, so that it has to stand alone.
#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <vector>

namespace {

using namespace std::chrono_literals;
namespace engines = gof::engines;
using gof::errc;

// Why it failed, and what it said.
gof::error failed(const std::vector<engines::process>& all, gof::duration limit = 60s) {
  try {
    engines::run_in_processes(all, limit);
    return {errc{}, "it did not fail", {}};
  } catch (const gof::failure& why) {
    return why.reason();
  }
}
engines::process one(std::string name, std::function<void()> runs) {
  return {std::move(name), std::move(runs), [] { return std::string(); }, [](std::string_view) {}};
}

TEST(Processes, RunApartAndLeaveWhatTheyKept) {
  const pid_t here = ::getpid();
  int number = 1;
  pid_t there = 0;
  std::string came, other;
  engines::run_in_processes({{"a",
                              [&] {
                                number = 7;
                                there = ::getpid();
                              },
                              [&] { return std::to_string(number) + ' ' + std::to_string(there); },
                              [&](std::string_view what) { came = what; }},
                             {"b", [] {}, [] { return std::string(100'000, 'b') + '\0'; },
                              [&](std::string_view what) { other = what; }}},
                            60s);
  EXPECT_EQ(number, 1) << "it is another process that changed it";
  EXPECT_TRUE(came.starts_with("7 "));
  EXPECT_NE(std::stoi(came.substr(2)), here);
  EXPECT_EQ(other, std::string(100'000, 'b') + '\0');
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << "one is left over";
}

TEST(Processes, OneThatIsKilledBeginsAnewWithWhatItKept) {
  int lives = 0;
  std::string path;
  engines::run_in_processes({{"cat",
                              [&] {
                                path += std::to_string(++lives);
                                if (lives < 4) engines::kill_this_process();
                                path += '!';
                              },
                              [&] { return std::to_string(lives) + path; },
                              [&](std::string_view what) {
                                lives = what[0] - '0';
                                path = what.substr(1);
                              }}},
                            60s);
  EXPECT_EQ(lives, 4);
  EXPECT_EQ(path, "1234!");
}

TEST(Processes, NobodyIsKilledHere) {
  engines::kill_this_process();
  SUCCEED();
}

TEST(Processes, WhatOneThrowsIsToldAndEndsAll) {
  const gof::error why = failed({one("good", [] { ::sleep(1000); }),
                                 one("bad", [] { throw std::runtime_error("no more milk"); })});
  EXPECT_EQ(why.why, errc::failed_there);
  EXPECT_EQ(why.message, "bad: no more milk");
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << "one is left over";
}

TEST(Processes, OneThatEndsByItselfIsMissed) {
  EXPECT_EQ(failed({one("short", [] { ::_exit(0); })}).message, "short ended before it was done");
  EXPECT_EQ(failed({one("shot", [] { ::raise(SIGKILL); })}).message,
            "shot ended before it was done");
  EXPECT_EQ(failed({one("hung", [] { ::sleep(1000); })}, 50ms).why, errc::deadline);
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << "one is left over";
}

}  // namespace
