// SPDX-License-Identifier: BSL-1.0
/// \file
/// A match of four in a row is played, and in its midst the edition is replaced: the board grows,
/// and so does the row that wins. Ann makes boards, bob makes rules, and the shop publishes.
/// `abstract_factory URL` plays it over another engine, such as sim:42.

#include <gof/distributed/abstract_factory.hpp>
#include <gof/roles.hpp>
#include <gof/wait.hpp>
#include <iomanip>
#include <iostream>

using namespace std::chrono_literals;
namespace af = gof::abstract_factory::distributed;
using seen = std::vector<std::string>;

std::string run = "1";  // So that it can be played again where values are kept.

// How far the story is.
void tell(gof::node& n, int stage) {
  gof::blocking(n).put("story" + run, "stage", std::to_string(stage));
}
void comes(gof::node& n, int stage) {
  int now = 0;
  const auto watching =
      n.watch("story" + run, "stage", [&](const gof::versioned& v) { now = std::stoi(*v.value); });
  if (!n.run_until([&] { return now >= stage; }, 1min))
    throw std::runtime_error(n.name() + " waits for stage " + std::to_string(stage));
}
template <class T, class F>
T wait(gof::node& n, F begin) {
  std::optional<gof::result<T>> came;
  begin([&](gof::result<T> what) { came.emplace(std::move(what)); });
  n.run_until([&] { return came.has_value(); }, 1min);
  return std::move(came).value().value();
}
// What a part of an edition says.
std::string line(const std::string& what, int edition) {
  return what == "board" ? (edition == 1 ? "board 7x6" : "board 9x7")
                         : (edition == 1 ? "4 in a row" : "5 in a row");
}

// ---- The naive way: where each part is, is looked up when it is needed -------------------------

/// [naive]
struct naive {
  static constexpr auto name = "naive";
  struct making {  // at ann's and bob's: one part, of each edition
    gof::registration serves;
    making(gof::node& n, const std::string& what, int edition)
        : serves(n.serve("naive." + what + std::to_string(edition),
                         [=](const gof::message&, auto to) { to.reply(line(what, edition)); })) {}
  };
  static void publish(gof::node& n, int edition) {
    for (const std::string what : {"board", "rules"})
      gof::blocking(n).put("naive" + run, what, "naive." + what + std::to_string(edition));
  }
  struct match {
    gof::blocking n;
    explicit match(gof::node& on) : n(on) {}
    std::string make(const std::string& what) {
      return n.call({*n.get("naive" + run, what).value, {}}).body;
    }
  };
};
/// [naive]

// ---- Ours: all parts of one epoch are held together --------------------------------------------

/// [ours]
struct edition {
  af::product board{}, rules{};
};
BOOST_DESCRIBE_STRUCT(edition, (), (board, rules))

struct ours {
  static constexpr auto name = "ours";
  struct making : af::maker<std::string> {  // at ann's and bob's: one part, of each edition
    making(gof::node& n, const std::string& what, int edition)
        : maker(
              n, "four" + run, what, "ours." + what + std::to_string(edition),
              [=](const std::string&) { return line(what, edition); },
              [](std::string& it, const gof::message&, auto to) { to.reply(it); }) {}
  };
  static void publish(gof::node& n, int edition) {
    af::publisher<::edition> it(n, "four" + run);
    const std::string e = std::to_string(edition);
    wait<std::uint64_t>(n, [&](auto done) {
      it.publish({{"ours.board" + e}, {"ours.rules" + e}}, {7, std::stoull(run) + std::stoull(e)},
                 std::move(done));
    });
  }
  struct match {
    using kit = std::unique_ptr<af::kit<::edition>>;
    gof::node& n;
    af::factory<::edition> four{n, "four" + run};
    kit it = wait<kit>(n, [&](auto done) { four.obtain(std::move(done)); });
    explicit match(gof::node& on) : n(on) {}
    std::string make(const std::string& what) {
      const auto part = what == "board" ? &::edition::board : &::edition::rules;
      const auto made =
          wait<af::made>(n, [&](auto done) { it->create(part, {}, std::move(done)); });
      return wait<gof::message>(n, [&](auto done) { it->call(made, {}, std::move(done)); }).body;
    }
  };
};
/// [ours]

// ---- The story, the same for both --------------------------------------------------------------

template <class Kind>
void maker(gof::node& n, const std::string& what, int from) {
  typename Kind::making first(n, what, 1), second(n, what, 2);  // make before break
  tell(n, from + (what == "board" ? 1 : 2));
  comes(n, from + 7);
}
template <class Kind>
void shop(gof::node& n, int from) {
  comes(n, from + 2);
  Kind::publish(n, 1);
  tell(n, from + 3);
  comes(n, from + 4);
  Kind::publish(n, 2);  // in the midst of the match
  tell(n, from + 5);
  comes(n, from + 7);
}
template <class Kind>
void player(gof::node& n, seen& told, int from) {
  comes(n, from + 3);
  {
    typename Kind::match match(n);
    told.push_back(match.make("board"));
    tell(n, from + 4);
    comes(n, from + 5);
    told.push_back(match.make("rules"));
  }
  typename Kind::match next(n);
  told.push_back(next.make("board") + ", " + next.make("rules"));
  tell(n, from + 7);
}

int main(int argc, char** argv) try {
  const std::string url = argc > 1 ? argv[1] : "memory:";
  const bool simulated = url.starts_with("sim:");
  if (!simulated) run = std::to_string(std::chrono::system_clock::now().time_since_epoch().count());
  seen left, right;
  // In the simulator, the player's answers get lost now and then.
  const std::vector<gof::sim::fault> faults{{0s, 1min, gof::sim::kind::lose_answers, "cleo", 100}};
  int from = 0;
  const auto cast = [&]<class Kind>(seen& of, Kind*) {
    gof::play(url,
              {{"ann", [&](gof::node& n) { maker<Kind>(n, "board", from); }},
               {"bob", [&](gof::node& n) { comes(n, from + 1), maker<Kind>(n, "rules", from); }},
               {"shop", [&](gof::node& n) { shop<Kind>(n, from); }},
               {"cleo", [&](gof::node& n) { player<Kind>(n, of, from); }, gof::leaving(of)}},
              faults);
    from += simulated ? 0 : 10;
  };
  cast(left, static_cast<naive*>(nullptr));
  cast(right, static_cast<ours*>(nullptr));

  const auto row = [](const std::string& what, const std::string& a, const std::string& b) {
    std::cout << std::left << std::setw(34) << what << std::setw(26) << a << b << '\n';
  };
  std::cout << "over " << url << '\n';
  row("", "naive: looked up when needed", "  ours: a kit");
  row("the match begins with", left.at(0), "  " + right.at(0));
  row("the shop publishes edition 2, and", left.at(1), "  " + right.at(1));
  row("the next match", left.at(2), "  " + right.at(2));
  std::cout << "\nAbstractFactory factory<edition>, its kit · ConcreteFactory publisher · "
               "AbstractProduct edition::board, rules\nConcreteProduct what a maker makes · "
               "CreateProductA kit.create(&edition::board)\n"
               "In the field: rolling upgrade, make before break (publisher), generation clock\n"
               "Try: publish edition 2 with rules at a subject that nobody serves\n";
} catch (const std::exception& problem) {
  std::cerr << problem.what() << '\n';
  return 1;
}
