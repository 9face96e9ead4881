// SPDX-License-Identifier: BSL-1.0
/// \file
/// Mail with one function to send it. `facade FILE` puts a text file of yours into the outbox, as
/// a message that mail programs open; `facade` tells a story.

#include <filesystem>
#include <fstream>
#include <gof/facade.hpp>
#include <iostream>
#include <iterator>
#include <map>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>

#include "world/eml.hpp"

namespace fc = gof::facade;
namespace fs = std::filesystem;

/// [subsystems]
// Knows who is meant by a short name.
class address_book {
 public:
  void start() {
    std::ifstream in("contacts.txt");
    if (!in) throw std::runtime_error("there is no contacts.txt");
    for (std::string name, address; in >> name >> address;) addresses_[name] = address;
    std::cout << "    address book: " << addresses_.size() << " names\n";
  }
  void stop() noexcept {
    addresses_.clear();
    std::cout << "    address book: closed\n";
  }
  std::string of(const std::string& name) const {
    if (name.find('@') != std::string::npos) return name;
    const auto at = addresses_.find(name);
    if (at == addresses_.end()) throw std::runtime_error("nobody is called " + name);
    return at->second;
  }

 private:
  std::map<std::string, std::string> addresses_;
};

// Stops what should not go out.
struct filter {
  void check(const world::message& m) const {
    if (m.text.find("attached") != std::string::npos && m.attachments.empty()) {
      throw std::runtime_error("it says attached, but nothing is");
    }
  }
};

// Keeps messages in a folder, for this program alone.
class outbox {
 public:
  explicit outbox(fs::path folder) : folder_(std::move(folder)) {}
  void start() {
    fs::create_directories(folder_);
    if (!fs::create_directory(folder_ / "lock")) {
      throw std::runtime_error((folder_ / "lock").string() + " is there: the outbox is in use");
    }
    std::cout << "    outbox: open\n";
  }
  void stop() noexcept {
    std::error_code ignored;
    fs::remove(folder_ / "lock", ignored);
    std::cout << "    outbox: closed\n";
  }
  bool healthy() const { return fs::exists(folder_ / "lock"); }
  std::string put(const world::message& m) {
    std::string name;
    for (int n = 1; name.empty() || fs::exists(name); ++n) {
      name = (folder_ / (std::to_string(n) + ".eml")).string();
    }
    std::ofstream out(name, std::ios::binary);
    out << world::to_eml(m);
    if (!out.flush()) throw std::runtime_error(name + " cannot be written");
    return name;
  }

 private:
  fs::path folder_;
};
/// [subsystems]

/// [facade]
// Facade: all that others know of mail.
class mail {
 public:
  explicit mail(const fs::path& folder) : parts_(address_book(), filter(), outbox(folder)) {}
  void open() { parts_.start(); }
  void close() { parts_.stop(); }
  bool well() const {
    for (const fc::condition c : parts_.health()) {
      if (c != fc::condition::well) return false;
    }
    return true;
  }
  std::string send(world::message m) {
    return parts_.use([&](address_book& book, filter& rules, outbox& out) {
      for (std::string& to : m.to) to = book.of(to);
      rules.check(m);
      return out.put(m);
    });
  }

 private:
  fc::subsystems<address_book, filter, outbox> parts_;
};
/// [facade]

void send(mail& by, const world::message& m) try {
  const std::string file = by.send(m);
  std::cout << '"' << m.subject << "\" is in " << file << '\n';
} catch (const std::exception& problem) {
  std::cout << '"' << m.subject << "\" is not sent: " << problem.what() << '\n';
}
void open(mail& m) try { m.open(); } catch (const std::exception& problem) {
  std::cout << "    not opened: " << problem.what() << '\n';
}

int main(int argc, char** argv) try {
  if (!fs::exists("contacts.txt")) {
    std::ofstream("contacts.txt") << "ana ana@here.example\nben ben@here.example\n";
  }
  mail m(argc > 1 ? "outbox" : "facade-story");
  if (argc > 1) {
    std::ifstream in(argv[1]);
    if (!in) throw std::runtime_error(std::string(argv[1]) + " cannot be read");
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    m.open();
    std::cout << m.send({"me@here.example",
                         {"ana@here.example"},
                         fs::path(argv[1]).filename().string(),
                         text,
                         {}})
              << '\n';
    return 0;
  }
  fs::remove_all("facade-story");
  std::cout << "Another program holds the outbox\n";
  fs::create_directories("facade-story/lock");
  open(m);
  send(m, {"ben@here.example", {"ana"}, "Lunch", "At one?\n", {}});

  std::cout << "\nIt has let go\n";
  fs::remove("facade-story/lock");
  open(m);
  send(m, {"ben@here.example", {"ana"}, "Lunch", "At one?\n", {}});
  send(m, {"ben@here.example", {"ana"}, "Menu", "It is attached.\n", {}});
  send(m, {"ben@here.example", {"zoe"}, "Hello", "Who are you?\n", {}});
  std::cout << "mail is " << (m.well() ? "well" : "unwell") << '\n';

  std::cout << "\nSomebody clears up\n";
  fs::remove_all("facade-story");
  std::cout << "mail is " << (m.well() ? "well" : "unwell") << '\n';
  send(m, {"ben@here.example", {"ana"}, "Again", "At two?\n", {}});
  m.close();
  std::cout << "\nFacade mail · Subsystem classes address_book, filter, outbox\n";
} catch (const std::exception& problem) {
  std::cout << problem.what() << '\n';
  return 1;
}
