// SPDX-License-Identifier: BSL-1.0
/// \file
/// The only writer of a log file is on ann's node or on bob's. Ann stands still in the midst of a
/// line, bob takes over, and she wakes up and goes on. `singleton URL` plays it over another
/// engine, such as sim:42.

#include <gof/distributed/singleton.hpp>
#include <gof/roles.hpp>
#include <gof/wait.hpp>
#include <iomanip>
#include <iostream>

using namespace std::chrono_literals;
namespace singleton = gof::singleton::distributed;

constexpr gof::duration ttl = 800ms;
struct line {
  singleton::sequencer token{};
  int number = 0;  // Its writer counts, as it alone writes.
  std::string by{};
};
BOOST_DESCRIBE_STRUCT(line, (), (token, number, by))

// ---- The naive way: who holds the lease, writes -------------------------------------------------

/// [naive]
struct naive {
  static constexpr auto name = "naive";
  gof::lease it;
  explicit naive(gof::node& n) : it(n, "naive-writer", ttl) {}
  bool leads() { return it.held(); }
  singleton::sequencer token() { return {}; }
  void hand_over() { it.release(); }

  struct guard {  // at the disk
    explicit guard(gof::node&) {}
    void admit(const singleton::sequencer&, gof::completion<void> done) { done({}); }
  };
};
/// [naive]

// ---- Ours: … and shows by which token, and the disk looks at it ---------------------------------

/// [ours]
struct writer {  // the one, where it leads; what it needs to be called from anywhere
  gof::node& n;
  singleton::sequencer token;
  void write(const std::string& text, gof::responder to) const {
    n.call({"ours.file", gof::wire::encode(line{token, 0, text})},
           [&n = n, to = std::move(to)](const gof::result<gof::message>& what) mutable {
             what ? to.reply("written by " + n.name()) : to.fail(what.error());
           })
        .detach();
  }
};
struct ours {
  static constexpr auto name = "ours";
  singleton::candidate<writer> it;
  explicit ours(gof::node& n)
      : it(
            n, "log-writer", ttl,
            [&n](const singleton::sequencer& t) {
              return writer{n, t};
            },
            [](writer& w, const gof::message& m, auto to) { w.write(m.body, std::move(to)); }) {}
  bool leads() { return it.instance() != nullptr; }
  singleton::sequencer token() { return it.token(); }
  void hand_over() { it.resign(); }

  struct guard : singleton::kept_fence {  // at the disk
    explicit guard(gof::node& n) : kept_fence(n, "file", "log-writer") {}
  };
};
/// [ours]

// ---- The story, the same for both ---------------------------------------------------------------

std::string run = "1";  // So that it can be played again where values are kept.
std::string url = "memory:";
bool simulated() { return url.starts_with("sim:"); }
using seen = std::vector<std::string>;

// How far it is, and how many lines have been written.
void tell(gof::node& n, const std::string& of, int stage, int lines) {
  gof::blocking(n).put("story" + run, of, std::to_string(stage * 10 + lines));
}
int comes(gof::node& n, const std::string& of, int stage) {
  int now = 0;
  const auto watching =
      n.watch("story" + run, of, [&](const gof::versioned& v) { now = std::stoi(*v.value); });
  if (!n.run_until([&] { return now / 10 >= stage; }, 1min))
    throw std::runtime_error(n.name() + " waits for stage " + std::to_string(stage));
  return now % 10;
}
// The machine stands still until bob has written: in the simulator by a fault, after two seconds;
// elsewhere nobody runs its node, while another one looks for what bob tells.
void stand_still(gof::node& n, const std::string& of) {
  if (!simulated()) return static_cast<void>(comes(*gof::join(url), of + ".bob", 1));
  bool over = false;
  const auto timer = n.after(2001ms - n.now().time_since_epoch(), [&] { over = true; });
  n.run_until([&] { return over; }, 1min);
}

template <class Kind>
void disk(gof::node& n, seen& file) {
  typename Kind::guard guard(n);
  const std::string of = Kind::name;
  const auto takes = n.serve(of + ".file", [&](const gof::message& m, gof::responder to) {
    const auto it = gof::wire::decode<line>(m.body);
    guard.admit(it.token, [&, it, to = std::move(to)](const gof::result<void>& may) mutable {
      if (!may) return to.fail(may.error());
      file.push_back(it.number ? it.by + "'s line " + std::to_string(it.number) : it.by);
      to.reply({});
    });
  });
  tell(n, of, 1, 0);
  comes(n, of, 6);
}
// When it leads, it writes a line. Other things may happen in the midst of that.
template <class Kind, class Midst>
void write(gof::node& n, Kind& it, int number, seen& told, Midst midst) {
  n.run_until([&] { return it.leads(); }, 1min);
  const line mine{it.token(), number, n.name()};
  midst();
  try {
    gof::blocking(n).call({std::string(Kind::name) + ".file", gof::wire::encode(mine)});
    told.push_back("writes line " + std::to_string(number));
  } catch (const gof::failure& refused) {
    told.push_back("is refused: " + refused.code().message());
  }
}
template <class Kind>
void ann(gof::node& n, seen& told) {
  comes(n, Kind::name, 1);
  Kind it(n);
  write(n, it, 1, told, [] {});
  write(n, it, 2, told, [&] {
    tell(n, Kind::name, 2, 1);
    stand_still(n, Kind::name);
  });
  tell(n, Kind::name, 3, 2);
  const int lines = comes(n, Kind::name, 4);
  write(n, it, lines + 1, told, [] {});
  tell(n, Kind::name, 5, lines + 1);
  comes(n, Kind::name, 6);
}
template <class Kind>
void bob(gof::node& n, seen& told) {
  const int lines = comes(n, Kind::name, 2);
  Kind it(n);
  write(n, it, lines + 1, told, [] {});
  tell(n, std::string(Kind::name) + ".bob", 1, 0);
  comes(n, Kind::name, 3);
  it.hand_over();
  tell(n, Kind::name, 4, lines + 1);
  comes(n, Kind::name, 5);
  if constexpr (std::is_same_v<Kind, ours>) {
    /// [call]
    singleton::caller log(n, "log-writer");
    std::optional<gof::result<gof::message>> answer;
    log.call("bob's wish", [&](gof::result<gof::message> what) { answer = std::move(what); });
    n.run_until([&] { return answer.has_value(); }, 1min);
    /// [call]
    told.push_back("is " + answer.value().value().body);
  } else {
    told.push_back("finds no writer");
  }
  tell(n, Kind::name, 6, 0);
}

int main(int argc, char** argv) try {
  if (argc > 1) url = argv[1];
  if (!simulated())
    run = std::to_string(std::chrono::system_clock::now().time_since_epoch().count());
  const std::vector<gof::sim::fault> pause{{2s, 2500ms, gof::sim::kind::pause, "ann", 0}};
  struct side {
    seen ann, bob, file;
  } left, right;
  const auto cast = [&]<class Kind>(side& of, Kind*) {
    gof::play(url,
              {{"disk", [&](gof::node& n) { disk<Kind>(n, of.file); }, gof::leaving(of.file)},
               {"ann", [&](gof::node& n) { ann<Kind>(n, of.ann); }, gof::leaving(of.ann)},
               {"bob", [&](gof::node& n) { bob<Kind>(n, of.bob); }, gof::leaving(of.bob)}},
              pause);
  };
  cast(left, static_cast<naive*>(nullptr));
  cast(right, static_cast<ours*>(nullptr));

  const auto row = [](const std::string& what, const std::string& a, const std::string& b) {
    std::cout << std::left << std::setw(36) << what << std::setw(24) << a << b << '\n';
  };
  std::cout << "over " << url << '\n';
  row("", "naive: a lease", "ours: and its token");
  row("ann leads, and", left.ann.at(0), right.ann.at(0));
  row("ann stands still; bob leads, and", left.bob.at(0), right.bob.at(0));
  row("ann wakes up in her line, and", left.ann.at(1), right.ann.at(1));
  row("bob hands over; ann leads, and", left.ann.at(2), right.ann.at(2));
  row("what bob wants written", left.bob.at(1), right.bob.at(1));
  std::cout << "\nthe file\n";
  for (std::size_t i = 0; i < std::max(left.file.size(), right.file.size()); ++i)
    row("  " + std::to_string(i + 1), i < left.file.size() ? left.file[i] : "",
        i < right.file.size() ? right.file[i] : "");
  std::cout
      << "\nSingleton writer, where candidate<writer> leads · Instance candidate::instance(), "
         "caller\n"
         "In the field: lease, generation clock (sequencer), fencing (kept_fence)\n"
         "Try: a shorter pause in `pause`, or a time to live of 5s\n";
} catch (const std::exception& problem) {
  std::cerr << problem.what() << '\n';
  return 1;
}
