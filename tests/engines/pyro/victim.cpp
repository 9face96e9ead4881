// SPDX-License-Identifier: BSL-1.0
// victim ROLE NAME PORT [WORD...]: plays a role of a pattern over TCP until it is killed. It tells
// what it begins, what is acknowledged and what it does, a line each. Operations have numbers; the
// first ones, or what is to be done again, are among the words.
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/describe.hpp>
#include <chrono>
#include <cstdlib>
#include <exception>
#include <functional>
#include <gof/distributed/abstract_factory.hpp>
#include <gof/distributed/command.hpp>
#include <gof/distributed/decorator/resilient.hpp>
#include <gof/distributed/observer.hpp>
#include <gof/distributed/proxy.hpp>
#include <gof/distributed/singleton.hpp>
#include <gof/engines/file.hpp>
#include <gof/engines/pyro.hpp>
#include <gof/join.hpp>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "support/say.hpp"
#include "victim.hpp"

namespace victims {

using namespace std::chrono_literals;
using gof::testing::say;

constexpr gof::duration patience = 50s;  // of what goes on until it is done
constexpr gof::duration pause = 2ms;

void wrong(const gof::error& why) { say("error", why.text()); }

// What a process is started with.
struct role {
  gof::node& on;
  std::vector<std::string> words;
  [[nodiscard]] const std::string& text(std::size_t i) const { return words.at(i); }
  [[nodiscard]] std::uint64_t number(std::size_t i) const { return std::stoull(words.at(i)); }
  void later(std::function<void()> f) const { on.after(pause, std::move(f)).detach(); }
  void run() const {
    say("ready");
    on.run_until([] { return false; }, 1h);
  }
};

// ---- Command ------------------------------------------------------------------------------------

// FIRST [BYTES]: does things and takes them back, one after the other; BYTES are of the one before.
void proposer(const role& me) {
  command::distributed::history_options<lines> how;
  how.deadline = patience;
  history it(me.on, "commands", {}, how);
  std::uint64_t number = me.number(0);
  bool undoes = false;
  std::function<void()> next;
  const auto told = [&](const gof::result<command::distributed::step>& what) {
    if (!what) return wrong(what.error());
    using command::distributed::verdict;
    if (what->what != verdict::done && what->what != verdict::nothing)
      return say("error", "step", number, what->deed, what->why);
    say("ack", number, what->what == verdict::done ? "done" : "nothing");
    ++number;
    me.later(next);
  };
  next = [&] {
    undoes = number % 4 == 3;
    if (undoes)
      it.undo(command::distributed::policy::reject, told);
    else
      it.execute(add{number}, told);
  };
  it.on_step([&](const command::distributed::step& what) { say("at", what.index, it.digest()); });
  it.on_divergence([](const std::string& who) { say("error", "diverges from", who); });
  it.on_intent(
      [&](const std::string& bytes) { say("begin", number, undoes ? "undo" : "add", hex(bytes)); });
  if (me.words.size() > 1)
    it.resubmit(unhex(me.text(1)), told);
  else
    next();
  me.run();
}

// ---- Observer -----------------------------------------------------------------------------------

// FIRST: changes values, and takes keys away.
void subject(const role& me) {
  observer::distributed::subject<update> it(me.on, "files", {.deadline = patience});
  std::uint64_t number = me.number(0);
  std::function<void()> next = [&] {
    const std::string key = "k" + std::to_string(number % 5);
    say("begin", number);
    const auto told = [&](const gof::result<std::uint64_t>& version) {
      if (!version) return wrong(version.error());
      say("ack", number, *version);
      ++number;
      me.later(next);
    };
    if (number % 8 == 7)
      it.erase(key, told);
    else
      it.notify(key, {number}, told);
  };
  next();
  me.run();
}
// VERSION [KEY VERSION]...: goes on from what it had seen.
void watcher(const role& me) {
  using namespace observer::distributed;
  watch<update>::options how;
  how.from = me.number(0);
  for (std::size_t i = 1; i + 1 < me.words.size(); i += 2) how.known[me.text(i)] = me.number(i + 1);
  watch<update> it(
      me.on, "files",
      [](const news<update>& what) {
        if (what.what != kind::changed && what.what != kind::erased)
          return say("error", "news of kind", static_cast<int>(what.what));
        say("told", what.version, what.key, what.value ? what.value->number : 0, what.skipped);
      },
      how);
  me.run();
}

// ---- Proxy --------------------------------------------------------------------------------------

struct kept final : ledger {
  std::uint64_t add(std::uint64_t number) override {
    say("did", number);
    return answer_to(number);
  }
};
void server(const role& me) {
  kept object;
  proxy::distributed::exposed<ledger> it(me.on, "ledger", object);
  me.run();
}
// Tells what came of a call; where it is certain that it did not take place, so.
void tell(std::uint64_t number, const gof::error& why) {
  const bool was_not = outcome_of(why.why) == gof::outcome::not_applied;
  say("end", number, was_not ? "not" : "unknown", why.text());
}
// FIRST PLAIN-OR-RESILIENT: four calls at a time.
void client(const role& me) {
  decorator::distributed::resilient around(me.on);
  proxy::distributed::remote<ledger> it(
      me.on, "ledger",
      {.fail_over = true, .through = me.text(1) == "resilient" ? &around : nullptr});
  std::uint64_t last = me.number(0);
  std::function<void()> next = [&] {
    const std::uint64_t number = last++;
    say("begin", number);
    it.call<&ledger::add>(
        [&, number](const gof::result<std::uint64_t>& what) {
          if (!what)
            tell(number, what.error());
          else if (*what != answer_to(number))
            say("error", "the answer of another call:", number, *what);
          else
            say("ack", number);
          me.later(next);
        },
        number);
  };
  for (int i = 0; i != 4; ++i) next();
  me.run();
}

// ---- Decorator ----------------------------------------------------------------------------------

// One of a group, which keeps a line for each call. Those with an id are recognised by it.
void keeper(const role& me) {
  const auto serving =
      me.on.serve("keep",
                  [&](const gof::message& what, gof::responder to) {
                    me.on
                        .append("kept", {"line", what.body, what.id},
                                [to = std::move(to)](const gof::result<gof::appended>& is) mutable {
                                  is ? to.reply(std::to_string(is->sequence)) : to.fail(is.error());
                                })
                        .detach();
                  },
                  {"keepers"});
  me.run();
}
// FIRST CLIENT [AGAIN...]: even numbers have an id, and go on until they are acknowledged; others
// are tried once.
void resilient(const role& me) {
  decorator::distributed::resilient calls(me.on);
  std::uint64_t last = me.number(0);
  const std::uint64_t by = me.number(1);
  std::function<void()> next;
  std::function<void(std::uint64_t)> call = [&](std::uint64_t number) {
    gof::message what("keep", std::to_string(number));
    if (number % 2 == 0) what.id = {by, number};
    calls.call(std::move(what), [&, number](const gof::result<gof::message>& is) {
      if (is) {
        say("ack", number, is->body);
      } else if (number % 2 == 0) {
        if (is.error().why == gof::errc::conflict) wrong(is.error());
        return me.later([&, number] { call(number); });
      } else {
        tell(number, is.error());
      }
      me.later(next);
    });
  };
  next = [&] {
    say("begin", last);
    call(last++);
  };
  for (std::size_t i = 2; i < me.words.size(); ++i) call(me.number(i));
  for (int i = 0; i != 3; ++i) next();
  me.run();
}

// ---- Abstract Factory ---------------------------------------------------------------------------

// PRODUCT: makes it in two editions.
void maker(const role& me) {
  using abstract_factory::distributed::maker;
  const std::string product = me.text(0);
  const auto make = [&](std::string edition) {
    return std::make_unique<maker<std::string>>(
        me.on, "game", product, product + edition,
        [=](const std::string& body) {
          say("made", product, body, edition);
          return body + ' ' + edition;
        },
        [](std::string& it, const gof::message&, gof::responder to) { to.reply(it); });
  };
  const auto first = make("1"), second = make("2");
  me.run();
}
// FIRST: publishes one edition after the other, each until it is certain.
void publisher(const role& me) {
  abstract_factory::distributed::publisher<game> it(me.on, "game");
  std::uint64_t number = me.number(0);
  std::function<void()> attempt, next = [&] {
    say("begin", number);
    attempt();
  };
  attempt = [&] {
    const std::string edition = std::to_string(1 + number % 2);
    it.publish({{"board" + edition}, {"rules" + edition}}, {7, number},
               [&](const gof::result<std::uint64_t>& epoch) {
                 if (!epoch) return me.later(attempt);
                 say("ack", number, *epoch);
                 ++number;
                 me.on.after(50 * pause, next).detach();
               });
  };
  next();
  me.run();
}
// FIRST: obtains the family, has all of it made, and looks whether it fits together.
void player(const role& me) {
  using namespace abstract_factory::distributed;
  factory<game> it(me.on, "game");
  struct match {
    std::uint64_t number;
    std::unique_ptr<kit<game>> with;
    std::vector<std::string> parts{};
    bool over = false;
  };
  std::uint64_t last = me.number(0);
  std::function<void()> next;
  const auto over = [&](const std::shared_ptr<match>& of, const gof::error* why) {
    if (std::exchange(of->over, true)) return;
    if (why) say("end", of->number, "unknown", why->text());
    me.on.post([of] { of->with.reset(); });  // not while it tells
    me.later(next);
  };
  const auto make = [&](const std::shared_ptr<match>& of, auto which) {
    of->with->create(which, std::to_string(of->number), [&, of](const gof::result<made>& one) {
      if (!one) return over(of, &one.error());
      of->with->call(*one, {}, [&, of](const gof::result<gof::message>& part) {
        if (!part) return over(of, &part.error());
        of->parts.push_back(part->body);
        if (of->parts.size() != 2) return;
        if (of->parts[0] != of->parts[1])
          say("error", "not of one family:", of->parts[0], of->parts[1]);
        say("ack", of->parts[0]);
        over(of, nullptr);
      });
    });
  };
  next = [&] {
    it.obtain([&](gof::result<factory<game>::kit_ptr> with) {
      if (!with) return me.later(next);  // nothing was made
      const auto of = std::make_shared<match>(match{last++, std::move(*with)});
      say("begin", of->number);
      make(of, &game::board);
      make(of, &game::rules);
    });
  };
  next();
  me.run();
}

// ---- Singleton ----------------------------------------------------------------------------------

struct line {
  singleton::distributed::sequencer token{};
  std::string text{};
};
BOOST_DESCRIBE_STRUCT(line, (), (token, text))

// What only the leader may write to.
void disk(const role& me) {
  singleton::distributed::kept_fence fence(me.on, "disk", "writer");
  const auto serving = me.on.serve("disk", [&](const gof::message& what, gof::responder to) {
    const auto it = gof::wire::decode<line>(what.body);
    fence.admit(it.token, [it, to = std::move(to)](const gof::result<void>& may) mutable {
      if (!may) return to.fail(may.error());
      say("did", it.text, it.token.generation, it.token.nonce);
      to.reply({});
    });
  });
  me.run();
}
void candidate(const role& me) {
  struct writer {
    gof::node& on;
    singleton::distributed::sequencer token;
    void write(const std::string& text, gof::responder to) const {
      on.call({"disk", gof::wire::encode(line{token, text})},
              [to = std::move(to)](const gof::result<gof::message>& is) mutable {
                is ? to.reply({}) : to.fail(is.error());
              })
          .detach();
    }
  };
  const singleton::distributed::candidate<writer> it(
      me.on, "writer", 600ms,
      [&](const auto& token) {
        return writer{me.on, token};
      },
      [](writer& w, const gof::message& what, gof::responder to) {
        w.write(what.body, std::move(to));
      });
  me.run();
}
// FIRST: has the leader write, two lines at a time.
void wisher(const role& me) {
  singleton::distributed::caller it(me.on, "writer");
  std::uint64_t last = me.number(0);
  std::function<void()> next = [&] {
    const std::uint64_t number = last++;
    say("begin", number);
    it.call(std::to_string(number), [&, number](const gof::result<gof::message>& is) {
      if (is)
        say("ack", number);
      else
        tell(number, is.error());
      me.later(next);
    });
  };
  next();
  next();
  me.run();
}

// ---- The node's own -----------------------------------------------------------------------------

// FIRST-OF-COUNT FIRST-OF-LINES CLIENT [AGAIN...]: counts, with others, by a value and its version;
// and appends lines, each until it is acknowledged. AGAIN are lines that were begun before.
void counter(const role& me) {
  const std::string field = me.on.name();
  std::uint64_t number = me.number(0), last = me.number(1);
  const std::uint64_t by = me.number(2);
  std::function<void()> count, look;
  look = [&] {
    me.on
        .get("counts", "all",
             [&](const gof::result<gof::versioned>& there) {
               if (!there && there.error().why != gof::errc::not_found) return me.later(look);
               counts all = there ? gof::wire::decode<counts>(*there->value) : counts{};
               if (std::uint64_t& mine = all.by[field]; mine == number) {
                 say("ack", "c", number++);
                 return me.later(count);
               } else {
                 mine = number;
               }
               ++all.sum;
               me.on
                   .put("counts", "all", gof::wire::encode(all),
                        there ? there->version : gof::absent,
                        [&](const gof::result<std::uint64_t>& is) {
                          if (!is) return me.later(look);  // whether it was done, is seen there
                          say("ack", "c", number++);
                          me.later(count);
                        })
                   .detach();
             })
        .detach();
  };
  count = [&] {
    say("begin", "c", number);
    look();
  };
  std::function<void()> next;
  std::function<void(std::uint64_t)> append = [&](std::uint64_t which) {
    me.on
        .append("lines", {"line", std::to_string(which), {by, which}},
                [&, which](const gof::result<gof::appended>& is) {
                  if (!is) {
                    if (is.error().why == gof::errc::conflict) wrong(is.error());
                    return me.later([&, which] { append(which); });
                  }
                  say("ack", "l", which, is->sequence);
                  me.later(next);
                })
        .detach();
  };
  next = [&] {
    say("begin", "l", last);
    append(last++);
  };
  count();
  for (std::size_t i = 3; i < me.words.size(); ++i) append(me.number(i));
  for (int i = 0; i != 3; ++i) next();
  me.run();
}
void worker(const role& me) {
  gof::work_options how;
  how.patience = 300ms;
  how.attempts = 1'000'000;
  const auto working = me.on.work(
      "lines", "workers",
      [](gof::delivery it) {
        const std::uint64_t sequence = it.sequence;
        say("got", sequence);
        it.settle(gof::verdict::done, {}, [sequence](const gof::result<void>& is) {
          if (is) say("settled", sequence);
        });
      },
      how);
  me.run();
}
// VERSION: reads on.
void reader(const role& me) {
  const auto reading = me.on.read("lines", me.number(0), [](const gof::entry& it) {
    say("read", it.sequence, it.content.body);
  });
  me.run();
}

// ---- Its beginning ------------------------------------------------------------------------------

// Tries until it has come; what came before it may not be gone yet.
template <class F>
auto eventually(F f) {
  for (const auto end = std::chrono::steady_clock::now() + 60s;;) try {
      return f();
    } catch (const gof::failure& why) {
      const gof::errc is = why.reason().why;
      if (is == gof::errc::refused || is == gof::errc::denied ||
          std::chrono::steady_clock::now() > end)
        throw;
      std::this_thread::sleep_for(10ms);
    }
}
void broker(std::uint16_t port, const std::string& file) {
  const auto it = eventually([&] {
    auto keep = gof::engines::open_file(file + "?durability=process");
    return std::make_unique<gof::engines::pyro_broker>(
        std::move(keep), gof::engines::pyro_broker_options{.port = port});
  });
  say("ready");
  std::this_thread::sleep_for(1h);
}

struct one {
  const char* name;
  void (*plays)(const role&);
};
constexpr one all[]{{"proposer", proposer},   {"subject", subject}, {"watcher", watcher},
                    {"server", server},       {"client", client},   {"keeper", keeper},
                    {"resilient", resilient}, {"maker", maker},     {"publisher", publisher},
                    {"player", player},       {"disk", disk},       {"candidate", candidate},
                    {"wisher", wisher},       {"counter", counter}, {"worker", worker},
                    {"reader", reader}};

}  // namespace victims

int main(int count, char** arguments) {
  using namespace victims;
  try {
    const std::vector<std::string> words(arguments + 1, arguments + count);
    if (words.at(0) == "broker") {
      broker(static_cast<std::uint16_t>(std::stoul(words.at(2))), words.at(3));
      return 0;
    }
    const auto plays = std::find_if(std::begin(all), std::end(all),
                                    [&](const one& it) { return it.name == words.at(0); });
    if (plays == std::end(all)) throw std::runtime_error("no role " + words[0]);
    const auto node =
        eventually([&] { return gof::join("pyro://127.0.0.1:" + words.at(2), {words.at(1)}); });
    plays->plays({*node, {words.begin() + 3, words.end()}});
  } catch (const std::exception& why) {
    say("error", why.what());
  }
}
