// SPDX-License-Identifier: BSL-1.0
/// \file
/// A log, as text or as JSON, to the console or to a file; the file becomes full in the middle of a
/// line. `bridge FILE` shows the records of a file of yours, as JSON.

#include <algorithm>
#include <fstream>
#include <functional>
#include <gof/bridge.hpp>
#include <gof/bridge/conformance.hpp>
#include <gof/bridge/implementor.hpp>
#include <iostream>
#include <sstream>

#include "world/json.hpp"

namespace br = gof::bridge;

/// [implementor]
// Implementor: where lines go.
class medium {
 public:
  virtual ~medium() = default;
  virtual void put(const std::string& line) = 0;
};
// ConcreteImplementors.
class console final : public medium {
 public:
  explicit console(std::ostream& out = std::cout, std::string margin = "")
      : out_(out), margin_(margin) {}
  void put(const std::string& line) override { out_ << margin_ << line << '\n'; }

 private:
  std::ostream& out_;
  std::string margin_;
};
class file final : public medium {
 public:
  explicit file(const std::string& path, std::size_t most = 1'000'000,
                std::function<void(const std::string& unwritten)> when_full = {})
      : path_(path), room_(most), when_full_(std::move(when_full)), out_(path) {}
  void put(const std::string& line) override {
    if (line.size() + 1 > room_) {
      if (!when_full_) throw std::runtime_error(path_ + " is full");
      when_full_(line);  // another medium may be chosen in there: this one lives on until the end
      out_ << "(continued elsewhere)\n" << std::flush;
      return;
    }
    room_ -= line.size() + 1;
    if (!(out_ << line << '\n' << std::flush)) throw std::runtime_error("cannot write " + path_);
  }

 private:
  std::string path_;
  std::size_t room_;
  std::function<void(const std::string&)> when_full_;
  std::ofstream out_;
};
/// [implementor]

/// [hidden]
// In a header: what it tells, but not what it keeps.
class summary {
 public:
  summary();
  summary(const summary&);
  summary(summary&&) noexcept;
  summary& operator=(const summary&);
  summary& operator=(summary&&) noexcept;
  ~summary();
  void add(const world::record& r);
  std::string text() const;

 private:
  struct state;
  br::pimpl<state> state_;
};
/// [hidden]

/// [abstraction]
// Abstraction: what a program writes to.
class log {
 public:
  explicit log(std::unique_ptr<medium> to) : to_(std::move(to)) {}
  virtual ~log() = default;
  void write(const world::record& r) {
    to_->put(line(r));
    seen_.add(r);
  }
  void go_on_with(std::unique_ptr<medium> next) { to_.exchange(std::move(next)); }
  const summary& seen() const { return seen_; }

 protected:
  virtual std::string line(const world::record& r) const = 0;

 private:
  br::implementor<medium> to_;
  summary seen_;
};
// RefinedAbstractions.
class text_log final : public log {
  using log::log;
  std::string line(const world::record& r) const override { return to_line(r); }
};
class json_log final : public log {
  using log::log;
  std::string line(const world::record& r) const override { return world::to_json(r); }
};
/// [abstraction]

/// [unit]
// In the unit of summary.
struct summary::state {
  int records = 0;
  world::level worst = world::level::debug;
};
summary::summary() = default;
summary::summary(const summary&) = default;
summary::summary(summary&&) noexcept = default;
summary& summary::operator=(const summary&) = default;
summary& summary::operator=(summary&&) noexcept = default;
summary::~summary() = default;
void summary::add(const world::record& r) {
  ++state_->records;
  state_->worst = std::max(state_->worst, r.severity);
}
std::string summary::text() const {
  return std::to_string(state_->records) + (state_->records == 1 ? " record" : " records") +
         ", at worst " + world::level_names[static_cast<std::size_t>(state_->worst)];
}
/// [unit]

std::string read(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

/// [conformance]
// What every medium has to do, written once. A check gets a medium, and what tells what it wrote.
struct trial {
  std::unique_ptr<medium> it;
  std::function<std::string()> written;
};
const br::conformance<trial> any_medium{
    {"a line is there once it was put",
     [](trial& t) {
       t.it->put("mail is down");
       br::expect(t.written() == "mail is down\n", "the line");
     }},
    {"lines keep their order",
     [](trial& t) {
       t.it->put("one");
       t.it->put("two");
       br::expect(t.written().find("one") < t.written().find("two"), "one, then two");
     }},
};
/// [conformance]

// What somebody wrote to save time: a file that is written when it is closed.
class late_file final : public medium {
 public:
  explicit late_file(const std::string& path) : out_(path) {}
  void put(const std::string& line) override { kept_ += line + '\n'; }
  ~late_file() override { out_ << kept_; }

 private:
  std::string kept_;
  std::ofstream out_;
};

void examine(const std::string& name, const std::function<trial()>& make) {
  const std::vector<br::failure> failures = any_medium.run(name, make);
  if (failures.empty()) std::cout << "    " << name << ": conforms\n";
  for (const br::failure& f : failures) std::cout << "    " << to_string(f) << '\n';
}

int show(const char* path) {
  int number = 0;
  try {
    std::ifstream in(path);
    json_log all(std::make_unique<console>());
    for (std::string line; std::getline(in, line);) ++number, all.write(world::parse_record(line));
    if (number == 0) throw std::runtime_error("cannot be read, or is empty");
    std::cout << all.seen().text() << '\n';
    return 0;
  } catch (const std::exception& problem) {
    std::cout << path << ':' << number << ": " << problem.what() << '\n';
    return 1;
  }
}

int main(int argc, char** argv) {
  if (argc > 1) return show(argv[1]);
  std::vector<world::record> day;
  for (const char* line : {"2026-03-02T08:00:00Z info mail started",
                           "2026-03-02T08:00:05Z warn mail queue is \"full\"",
                           "2026-03-02T08:01:00Z error disk no space left",
                           "2026-03-02T08:02:00Z info mail stopped"}) {
    day.push_back(world::parse_record(line));
  }

  std::cout << "Two formats, two media: four logs out of two and two classes\n";
  text_log text(std::make_unique<console>(std::cout, "console: "));
  json_log json(std::make_unique<console>(std::cout, "console: "));
  text.write(day[0]);
  json.write(day[0]);
  text.go_on_with(std::make_unique<file>("log.txt"));
  json.go_on_with(std::make_unique<file>("log.json"));
  text.write(day[1]);
  json.write(day[1]);
  std::cout << "log.txt: " << read("log.txt") << "log.json: " << read("log.json");

  std::cout << "\nA file that becomes full hands its line on, and the log goes on elsewhere\n";
  /// [exchange]
  text.go_on_with(std::make_unique<file>("small.txt", 100, [&](const std::string& unwritten) {
    auto next = std::make_unique<console>(std::cout, "console: ");
    next->put(unwritten);
    text.go_on_with(std::move(next));
  }));
  /// [exchange]
  const summary before = text.seen();
  for (const world::record& r : day) text.write(r);
  std::cout << "small.txt:\n" << read("small.txt");
  std::cout << "Before: " << before.text() << "; now: " << text.seen().text() << '\n';
  try {
    text.go_on_with(nullptr);
  } catch (const br::misuse& refused) {
    std::cout << "Refused: " << refused.what() << "; the log goes on with what it has\n";
  }

  std::cout << "\nOne suite of checks for all media\n";
  examine("console", [] {
    auto out = std::make_shared<std::ostringstream>();
    return trial{std::make_unique<console>(*out), [out] { return out->str(); }};
  });
  examine("file", [] {
    return trial{std::make_unique<file>("trial.txt"), [] { return read("trial.txt"); }};
  });
  examine("late_file", [] {
    return trial{std::make_unique<late_file>("late.txt"), [] { return read("late.txt"); }};
  });
  std::cout << "\nAbstraction log · RefinedAbstraction text_log, json_log · Implementor medium · "
               "ConcreteImplementor console, file, late_file · Operation write · "
               "OperationImp put\n";
}
