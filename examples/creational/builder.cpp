// SPDX-License-Identifier: BSL-1.0
/// \file
/// A mail draft with attachments becomes a real .eml, which a mail program opens and sends.
/// `builder FILE` (or several files) attaches files of yours, and writes draft.eml.

#include <algorithm>
#include <exception>
#include <fstream>
#include <gof/builder.hpp>
#include <gof/builder/runtime.hpp>
#include <iostream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "world/eml.hpp"

using gof::builder::builder, gof::builder::invalid_product, gof::builder::optional;
using gof::builder::part, gof::builder::required, gof::builder::runtime_builder;
using world::message;

/// [checks]
// What is wrong with a value; nothing: it is right.
std::string_view address(const std::string& a) {
  return a.find('@') == a.npos || a.find_first_of(" \r\n") != a.npos ? "is no address" : "";
}
std::string_view addresses(const std::vector<std::string>& all) {
  const bool right = std::ranges::all_of(all, [](const auto& a) { return address(a).empty(); });
  return all.empty() ? "is nobody" : right ? "" : "has what is no address";
}
std::string_view line(const std::string& s) {
  return s.find_first_of("\r\n") == s.npos ? "" : "is more than one line";
}
/// [checks]

void attach_file(message& m, const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string data{std::istreambuf_iterator<char>(file), {}};
  if (!file.is_open() || file.bad()) throw std::runtime_error("cannot read " + path);
  m.attachments.push_back({path.substr(path.find_last_of('/') + 1), std::move(data)});
}

/// [parts]
constexpr part<"from", &message::from, address> from;
constexpr part<"to", &message::to, addresses> to;
constexpr part<"subject", &message::subject, line> subject;
constexpr part<"text", &message::text> text;
constexpr part<"attachment", attach_file> attach;

using draft = builder<message, required<from, to>, optional<subject, text, attach>>;
/// [parts]
using form = runtime_builder<message, required<from, to>, optional<subject, text, attach>>;

/// [recipe]
// A Director: writes what a reminder is made of, in a draft for whomever.
constexpr auto reminder = [](auto d, const std::string& what, const std::string& when) {
  return std::move(d).with(subject = "Reminder: " + what,
                           text = "Hello,\n" + what + " is on " + when + ".\n");
};
/// [recipe]

void write(const std::string& path, const std::string& bytes) {
  std::ofstream file(path, std::ios::binary);
  if (!(file << bytes).flush()) throw std::runtime_error("cannot write " + path);
  std::cout << "(wrote " << path << ", " << bytes.size() << " bytes)\n";
}

// The files of somebody who runs this.
int attach_all(char** paths) try {
  /// [named]
  auto b = draft().with(from = "me@example.org", to = {"you@example.org"}, subject = "Files");
  for (; *paths != nullptr; ++paths) b.with(attach(*paths));
  write("draft.eml", world::to_eml(std::move(b).build()));
  /// [named]
  return 0;
} catch (const std::exception& problem) {
  std::cout << "builder: " << problem.what() << "; nothing was written\n";
  return 1;
}

int main(int argc, char** argv) {
  if (argc > 1) return attach_all(argv + 1);
  write("plan.txt", "ferry  9:00\ntrain  9:40\n");
  write("chart.bin", std::string("\x00\xff\x10\x7f", 4));

  std::cout << "\nAna writes to Ben, with two files\n";
  /// [make]
  const message plan = draft::make(
      from = "ana@example.org", to = {"ben@example.org"}, subject = "Plan für Mai",
      text = "Dear Ben,\nthe train does not wait.\nAna\n", attach("plan.txt"), attach("chart.bin"));
  /// [make]
  std::string eml = world::to_eml(plan);
  write("plan.eml", eml);
  std::erase(eml, '\r');  // as people see it
  std::cout << eml;

  std::cout << "\nThe same, to Cem and Dora\n";
  /// [from]
  const message copy = draft::from(plan).with(to = {"cem@example.org", "dora@example.org"}).build();
  /// [from]
  write("copy.eml", world::to_eml(copy));

  std::cout << "\nA reminder, as the recipe has it\n";
  /// [steps]
  const message reminded = draft()
                               .with(from = "ana@example.org")
                               .apply(reminder, "the ferry", "Monday")
                               .with(to = {"ben@example.org"})
                               .build();
  /// [steps]
  std::cout << reminded.subject << '\n' << reminded.text;

  std::cout << "\nWhat somebody typed into a form, and forgot\n";
  form f;
  f.with(to = {"ben"}, subject = "Hello");
  for (const std::string& problem : f.problems()) std::cout << "  " << problem << '\n';
  try {
    static_cast<void>(f.build());
  } catch (const invalid_product& refused) {
    std::cout << refused.what() << '\n';
  }
  f.with(from = "eve@example.org", to = {"ben@example.org"});
  write("hello.eml", world::to_eml(f.build()));

  std::cout << "\nBuilder draft, form · BuildPart with · Director reminder · Product message\n";
}
