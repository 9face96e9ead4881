// SPDX-License-Identifier: BSL-1.0
/// \file
/// The only writer of a log file: every thread reaches it, it goes last, and a test replaces it.
/// Beside it the same program with the writer as a parameter: do you need the singleton?
/// `singleton FILE` appends lines of LEVEL SERVICE TEXT, which it reads, to a file of yours.

#include <gof/singleton.hpp>
#include <iostream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "world/log.hpp"

using world::level, world::record;

/// [singleton]
// Which object it is, and how it is made, is said once, here.
struct log_to_file {
  static constexpr auto name = "the log";
  static inline const char* path = "singleton-example.log";
  static world::file_log create() { return world::file_log(path); }
};
using the_log = gof::singleton::singleton<world::log_writer, log_to_file>;
/// [singleton]

record at(int second, std::string service, std::string text) {
  using namespace std::chrono;
  return {sys_days(2026y / 3 / 2) + 8h + seconds(second), level::info, std::move(service),
          std::move(text)};
}

/// [service]
// Knows a writer, and no singleton. It logs to its very end.
class mail_service {
 public:
  explicit mail_service(world::log_writer& to) : log_(to) { log_.write(at(0, "mail", "started")); }
  ~mail_service() {
    try {
      log_.write(at(9, "mail", "stopped"));
    } catch (const std::runtime_error&) {  // nobody is left to hear of it
    }
  }
  void send(const std::string& whom) { log_.write(at(1, "mail", "sent to " + whom)); }

 private:
  world::log_writer& log_;
};

// The mail gets the log while it is made. So the log is torn down after it, whoever came first.
struct mail_with_log {
  static constexpr auto name = "the mail";
  static mail_service create() { return mail_service(the_log::instance()); }
};
using the_mail = gof::singleton::singleton<mail_service, mail_with_log>;
/// [service]

/// [deep]
// Deep in the program, where nobody has passed a writer.
void charge(int amount) {
  the_log::instance().write(at(2, "shop", "charged " + std::to_string(amount)));
}
/// [deep]
// The same where somebody has.
void charge(int amount, world::log_writer& to) {
  to.write(at(2, "shop", "charged " + std::to_string(amount)));
}

std::vector<std::string> lines_of(const char* path) {
  std::vector<std::string> lines;
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

// Each of the threads calls write n times.
template <class Write>
void from_three_threads(int n, Write write) {
  std::vector<std::jthread> threads;
  for (int t = 0; t != 3; ++t) {
    threads.emplace_back([=] {
      for (int i = 0; i != n; ++i) write(i);
    });
  }
}

void with_singletons() {
  std::cout << "A test: what does charge() write?\n";
  {
    /// [override]
    world::memory_log written;
    const the_log::scoped_override in_test(written);
    charge(20);
    /// [override]
    std::cout << "  " << world::to_line(written.records().at(0)) << '\n';
  }
  std::cout << "  log files open: " << (the_log::try_instance() != nullptr) << '\n';

  std::cout << "\nThe program: three threads and a service\n";
  the_mail::instance().send("Ana");
  from_three_threads(100, [](int i) { charge(i); });
  gof::singleton::shutdown_all();
  const std::vector<std::string> lines = lines_of(log_to_file::path);
  for (const std::string& line : lines) world::parse_record(line);  // throws where one is torn
  std::cout << "  " << lines.size() << " whole lines, from\n  " << lines.front() << "\n  to\n  "
            << lines.back() << '\n';

  std::cout << "\nToo late: try_instance() is " << (the_log::try_instance() ? "there" : "null")
            << "\n";
  try {
    charge(1);
  } catch (const gof::singleton::no_instance& refused) {
    std::cout << "  " << refused.what() << '\n';
  }
}

void with_parameters() {
  std::cout << "\nThe same test, with a parameter\n";
  world::memory_log written;
  charge(20, written);
  std::cout << "  " << world::to_line(written.records().at(0)) << '\n';

  std::cout << "\nThe same program, with a parameter\n";
  {
    /// [parameter]
    world::file_log file("parameter-example.log");
    mail_service post(file);
    post.send("Ana");
    from_three_threads(100, [&](int i) { charge(i, file); });
    /// [parameter]
  }
  std::cout << "  " << lines_of("parameter-example.log").size()
            << " lines; what is declared first goes last, nothing comes too late,\n"
               "  and the test has no scope to end\n";
}

// Appends what it reads; where a line has no time it is now.
int append(const char* path) try {
  log_to_file::path = path;
  int status = 0;
  for (std::string line; std::getline(std::cin, line);) {
    const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    const bool has_time = !line.empty() && line[0] >= '0' && line[0] <= '9';
    if (!has_time) line = world::to_line({now, {}, {}, {}}).substr(0, 21) + line;
    try {
      the_log::instance().write(world::parse_record(line));
    } catch (const std::invalid_argument& problem) {
      std::cout << "refused: " << problem.what() << '\n';
      status = 1;
    }
  }
  return status;
} catch (const std::runtime_error& problem) {
  std::cout << problem.what() << '\n';
  return 1;
}

int main(int argc, char** argv) {
  if (argc > 1) return append(argv[1]);
  for (const char* old : {log_to_file::path, "parameter-example.log"}) std::remove(old);
  with_singletons();
  with_parameters();
  std::cout << "\nSingleton log_writer, mail_service · Instance the_log::instance(), "
               "the_mail::instance()\n";
}
