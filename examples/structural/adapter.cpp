// SPDX-License-Identifier: BSL-1.0
/// \file
/// An mbox file, read as a mailbox. `adapter FILE.mbox` lists the messages in an mbox of yours;
/// `adapter` makes one and tells a story.

#include <gof/adapter/errors.hpp>
#include <gof/adapter/two_way.hpp>
#include <iomanip>
#include <iostream>
#include <sstream>

#include "world/mbox.hpp"
#include "world/mbox_file.hpp"

namespace ad = gof::adapter;

/// [target]
// Target: what the rest of the program knows.
class mailbox {
 public:
  virtual ~mailbox() = default;
  virtual std::size_t size() const = 0;
  virtual world::message at(std::size_t n) const = 0;
  virtual void add(const world::message& m) = 0;
};
/// [target]

/// [two_way]
std::string to_mbox(const world::message& m) {
  std::string text = "From " + m.from + " Thu Jan  1 00:00:00 1970\nFrom: " + m.from + "\nTo: ";
  for (const std::string& to : m.to) text += (&to == &m.to[0] ? "" : ", ") + to;
  text += "\nSubject: " + m.subject + "\n\n";
  std::istringstream lines(m.text);
  for (std::string line; std::getline(lines, line); text += line + '\n') {
    // "From " would begin a message, so it becomes ">From ", which becomes ">>From ".
    if (line.substr(std::min(line.find_first_not_of('>'), line.size())).starts_with("From ")) {
      text += '>';
    }
  }
  return text;
}
world::message from_mbox(const std::string& text) {
  std::istringstream in(text);
  return world::read_mbox(in).at(0);
}
constexpr ad::two_way mbox_text{to_mbox, from_mbox};
/// [two_way]

/// [bind]
std::size_t size(const world::mbox_file& file) { return static_cast<std::size_t>(file.count()); }
world::message at(const world::mbox_file& file, std::size_t n) {
  return mbox_text.back(ad::throwing<&world::mbox_file::raw>(file, static_cast<long>(n)));
}
void add(world::mbox_file& file, const world::message& m) {
  if (!ad::round_trips(mbox_text, m)) throw std::invalid_argument("an mbox would lose part of it");
  ad::throwing<&world::mbox_file::append>(file, mbox_text.to(m));
}
template <class Adaptee>  // mbox_file, to own it; mbox_file&, to refer to it
using mbox_adapter = ad::adapter<ad::target<&mailbox::size, &mailbox::at, &mailbox::add>, Adaptee,
                                 ad::bind<&mailbox::size, size>, ad::bind<&mailbox::at, at>,
                                 ad::bind<&mailbox::add, add>>;
/// [bind]

/// [adapter]
// Adapter: a mailbox, for whoever uses one.
class mbox_mailbox final : public mailbox {
 public:
  explicit mbox_mailbox(world::mbox_file file) : file_(std::move(file)) {
    ad::throwing<&world::mbox_file::open>(file_.adaptee());
  }
  std::size_t size() const override { return file_.request<&mailbox::size>(); }
  world::message at(std::size_t n) const override { return file_.request<&mailbox::at>(n); }
  void add(const world::message& m) override { file_.request<&mailbox::add>(m); }

 private:
  mbox_adapter<world::mbox_file> file_;
};
/// [adapter]

// Client: knows nothing of files.
void list(const mailbox& box) {
  for (std::size_t n = 0; n != box.size(); ++n) {
    const world::message m = box.at(n);
    std::cout << std::setw(4) << n << "  " << std::left << std::setw(18) << m.from << std::right
              << m.subject << '\n';
  }
}
void add(mailbox& box, const world::message& m) try {
  box.add(m);
  std::cout << "added \"" << m.subject << "\"; it comes back "
            << (box.at(box.size() - 1) == m ? "as it was\n" : "changed\n");
} catch (const std::exception& problem) {
  std::cout << "not added \"" << m.subject << "\": " << problem.what() << '\n';
}

int main(int argc, char** argv) try {
  if (argc > 1) {
    list(mbox_mailbox(world::mbox_file(argv[1])));
    return 0;
  }
  std::ofstream("inbox.mbox") << "From ana@here.example Thu Nov 26 09:12:00 2026\n"
                                 "From: Ana <ana@here.example>\nTo: ben@here.example\n"
                                 "Subject: Lunch\n\nAt one?\n\n"
                                 "From shop@far.example Thu Nov 26 09:30:00 2026\n"
                                 "From: \"The Shop\" <shop@far.example>\n"
                                 "Subject: Your order\n of a lamp\n\nIt is on its way.\n";
  std::cout << "A mail program has left inbox.mbox; here it is a mailbox\n";
  mbox_mailbox inbox(world::mbox_file("inbox.mbox"));
  list(inbox);

  std::cout << "\nBen writes into it\n";
  add(inbox, {"ben@here.example", {"ana@here.example"}, "Re: Lunch", "From one on.\n", {}});
  add(inbox, {"ben@here.example", {"ana@here.example"}, "Menu", "See.\n", {{"menu.txt", "Soup"}}});

  std::cout << "\nThe mail program looks again\n";
  list(mbox_mailbox(world::mbox_file("inbox.mbox")));

  std::cout << "\nThe file gives codes, the mailbox throws\n";
  std::error_code code;
  world::mbox_file file("inbox.mbox");
  static_cast<void>(file.raw(9, code));
  std::cout << "mbox_file::raw(9)   " << code.message() << '\n';
  try {
    static_cast<void>(inbox.at(9));
  } catch (const std::system_error& problem) {
    std::cout << "mailbox::at(9)      throws: " << problem.what() << '\n';
  }
  std::cout << "\nTarget mailbox · Adaptee mbox_file · Adapter mbox_mailbox · Request at · "
               "SpecificRequest raw\n";
} catch (const std::system_error& problem) {
  std::cout << (argc > 1 ? argv[1] : "inbox.mbox") << ": " << problem.what()
            << (problem.code() == std::errc::bad_message ? "; an mbox begins with \"From \"\n"
                                                         : "\n");
  return 1;
}
