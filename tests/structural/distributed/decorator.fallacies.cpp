// SPDX-License-Identifier: BSL-1.0
// What the eight fallacies do to calls, and to the layers around them: files that are read and
// written on another node.

#include <algorithm>
#include <gof/distributed/decorator/answers.hpp>
#include <gof/distributed/decorator/errand.hpp>
#include <gof/distributed/decorator/resilient.hpp>
#include <map>
#include <set>

#include "structural/distributed/decorator/overload.hpp"
#include "support/fallacies.hpp"

namespace {

namespace sim = gof::sim;
using namespace std::chrono_literals;
using namespace gof::decorator::distributed;
using fallacies::any_loss;
using fallacies::faults, fallacies::found, sim::kind;
using gof::completion, gof::message, gof::node, gof::responder, gof::result;

constexpr gof::duration span = 9s;  // Of the work.

// A layer that looks on.
struct spy {
  std::function<void(const message&, const call_options&)> sent;
  std::function<void(const message&, const result<message>&)> came{};
  void invoke(inside& next, message request, completion<message> done, call_options how) {
    sent(request, how);
    if (!came) return next(std::move(request), std::move(done), how);
    auto look = [this, request, done = std::move(done)](result<message> what) mutable {
      came(request, what);
      done(std::move(what));
    };
    next(std::move(request), next.bind(std::move(look)), how);
  }
};

// Does something again and again, until the work is over.
template <class F>
void repeat(node& on, std::int64_t mean, F f) {
  on.after(
        1ms * (1 + static_cast<std::int64_t>(on.random() % static_cast<std::uint64_t>(2 * mean))),
        [&on, mean, f] {
          if (on.now() - gof::time_point() > span) return;
          f();
          repeat(on, mean, f);
        })
      .detach();
}
// Serves for as long as the node lives, also where another one still does at first.
using handler = std::function<void(const message&, responder)>;
struct service {
  service(node& n, std::string subject, handler f)
      : on(&n), to(std::move(subject)), serves_with(std::move(f)) {
    serve();
  }
  void serve() {
    serves = on->serve(
        to, [f = serves_with](const message& m, responder r) { f(m, std::move(r)); }, {},
        alive.bind([this](const result<void>& ready) {
          if (!ready) on->after(200ms, alive.bind([this] { serve(); })).detach();
        }));
  }
  node* on;
  std::string to;
  handler serves_with;
  gof::registration serves;
  gof::scope alive;
};
void start_service(sim::world& in, const std::string& name, const std::string& subject, handler f) {
  in.start(name, [subject, f](node& n) { return std::make_shared<service>(n, subject, f); });
}
// Lets the work, the faults, and what comes of them go by.
void spend(sim::world& in, const faults& all, gof::duration more) {
  gof::duration end = span;
  for (const sim::fault& one : all) end = std::max(end, one.at + one.lasts);
  in.run(end + more);
}
std::string number_of(std::uint64_t n, const char* what) { return std::to_string(n) + ' ' + what; }

// ---- R: what is written is written once
// ----------------------------------------------------------

// What outlives the server's crashes: what was written, and what was answered to whom.
struct store {
  std::map<std::string, int> effects;  // Of each body.
  std::set<gof::operation_id> done;
  std::uint64_t recognised = 0;
  handler serves(node* chance) {
    return [this, chance](const message& asked, responder r) {
      if (chance->random() % 8 == 0) return r.fail({gof::errc::overloaded, {}, {}});
      if (asked.id && !done.insert(asked.id).second)
        ++recognised;
      else
        ++effects[asked.body];
      r.reply("written");
    };
  }
};
// What came of each write.
struct writes {
  std::map<std::string, std::optional<result<message>>> all;
  std::string begin(const std::string& who) {
    const std::string body = who + ' ' + std::to_string(all.size());
    all[body];
    return body;
  }
  void look(const store& at, found& it) const {
    for (const auto& [body, came] : all) {
      const auto found = at.effects.find(body);
      const int times = found == at.effects.end() ? 0 : found->second;
      const std::string what = "\"" + body + "\" was written " + std::to_string(times) + " times";
      if (!came) {
        it.violate("answered", "\"" + body + "\" was never answered");
        continue;
      }
      it.acknowledged += static_cast<bool>(*came);
      if (times > 1) it.violate("once", what);
      if (*came && times == 0) it.violate("once", what + ", and acknowledged");
      if (came->outcome() == gof::outcome::not_applied && times > 0)
        it.violate("not denied", what + ", and said to be not applied: " + came->error().text());
    }
  }
};

// Each attempt has an id of its own.
void write_naively(node& on, const std::string& body, std::uint64_t& ids, completion<message> done,
                   int made = 1) {
  on.call({"write", body, {on.incarnation(), ++ids}},
          [&on, &ids, body, made, done = std::move(done)](result<message> what) mutable {
            if (what || made == 5) return done(std::move(what));
            write_naively(on, body, ids, std::move(done), made + 1);
          },
          {500ms})
      .detach();
}
found keep_writing(std::uint64_t seed, const faults& all, bool naive) {
  fallacies::world w(seed);
  w.inject(all);
  store files;
  writes done;
  std::uint64_t ids = 0;
  const auto chance = w.join("chance");
  start_service(w, "files", "write", files.serves(chance.get()));
  const auto ada = w.join("ada"), ben = w.join("ben"), cyd = w.join("cyd");
  stack hers(*ada, idempotency_key(), deadline(), retry(), breaker(), bulkhead());
  stack his(*ben, idempotency_key(), deadline(), retry(), attempt_timeout(200ms));
  resilient without_ids(*cyd);
  const auto begin = [&](node& on, component& calls) {
    repeat(on, 60, [&] {
      const std::string body = done.begin(on.name());
      auto told = [&it = done.all[body]](result<message> what) { it = std::move(what); };
      if (naive) return write_naively(on, body, ids, std::move(told));
      calls.call({"write", body}, std::move(told), {2s});
    });
  };
  begin(*ada, hers);
  if (!naive) begin(*ben, his), begin(*cyd, without_ids);
  spend(w, all, 5s);
  found it;
  done.look(files, it);
  it.reached = files.recognised > 0;
  return std::move(it).in(w);
}

// ---- S: what is answered to one is not answered to another
// ---------------------------------------

found read_the_inbox(std::uint64_t seed, const faults& all, bool naive) {
  fallacies::world w(seed);
  w.inject(all);
  start_service(w, "mail", "inbox", [&](const message& asked, responder r) {
    r.reply(asked.principal + ' ' + std::to_string(w.now().time_since_epoch() / 1ms));
  });
  found it;
  // A tablet that they share, and what it keeps.
  const auto kept = std::make_shared<answers>();
  std::map<std::string, std::string> last;
  std::uint64_t asked = 0, told = 0, denied = 0;
  struct user {
    user(node& n, const std::shared_ptr<answers>& store, std::uint64_t& count)
        : on(n),
          calls(n, cache({.kept = store}), deadline(), retry(), breaker(),
                spy{[&](const message&, const call_options&) { ++count; }}) {}
    node& on;
    stack<cache, deadline, retry, breaker, spy> calls;
  };
  const auto ada = w.join("ada"), ben = w.join("ben");
  user hers(*ada, kept, asked), his(*ben, kept, asked);
  for (user* of : {&hers, &his})
    repeat(of->on, 80, [&, of] {
      auto come = [&, of](const result<message>& what) {
        denied += !what && what.error().why == gof::errc::denied;
        std::string body = what ? what->body : std::string();
        // The last good answer is better than none.
        if (naive && what) last["inbox"] = body;
        if (naive && !what) body = last["inbox"];
        if (body.empty()) return;
        ++told;
        const std::string whose = body.substr(0, body.find(' '));
        if (whose != of->on.name())
          it.violate("own", of->on.name() + " was given the inbox of " + whose);
        const auto age = w.now().time_since_epoch() / 1ms - std::stoll(body.substr(body.find(' ')));
        if (!naive && age > 1800)
          it.violate("fresh",
                     of->on.name() + " was given an inbox of " + std::to_string(age) + " ms ago");
      };
      if (naive)
        of->on.call({"inbox"}, std::move(come), {500ms}).detach();
      else
        of->calls.call({"inbox"}, std::move(come), {500ms, true});
    });
  spend(w, all, 2s);
  it.acknowledged = told;
  it.reached = denied > 0 && told > asked;
  return std::move(it).in(w);
}

// ---- H: a trace goes on, whatever version the one before has
// -------------------------------------

// An album reads from files, and these from a disk; the album's program is of another version now
// and then: an old one knows no trace, a new one writes a later format.
found follow_the_trace(std::uint64_t seed, const faults& all, bool naive) {
  fallacies::world w(seed);
  w.inject(all);
  found it;
  std::map<std::string, std::array<std::uint64_t, 2>> traces;  // Of each body.
  std::map<std::string, std::set<std::uint64_t>> versions;     // That passed it on.
  std::uint64_t later = 0;
  using calls = stack<trace, deadline, retry, attempt_trace, spy>;
  const auto nothing = [](const message&, const call_options&) {};
  // Serves one by asking the next.
  struct relay {
    relay(node& n, const std::string& subject, const std::string& next, spy looks,
          std::function<void(message&)> changes)
        : below(n, trace(), deadline(), retry(), attempt_trace(), std::move(looks)),
          serves(n, subject, [this, &n, next, changes](const message& asked, responder r) {
            const errand of(n, asked);
            message request = of.request({next, asked.body});
            changes(request);
            below.call(
                std::move(request),
                [r = std::move(r)](result<message> what) mutable {
                  if (what) return r.reply(what->body);
                  r.fail(errand::failed(what.error()));
                },
                of.within({.repeatable = true}));
          }) {}
    calls below;
    service serves;
  };
  w.start("album", [&](node& n) {
    const std::uint64_t version = w.version("album");
    return std::make_shared<relay>(n, "album", "files", spy{nothing},
                                   [&, version](message& request) {
                                     versions[request.body].insert(version);
                                     if (version == 0) request.trace.clear();
                                   });
  });
  // What the new album does to the wire, in files' ears.
  w.start("files", [&](node& n) {
    return std::make_shared<relay>(n, "files", "disk", spy{nothing}, [&](message& request) {
      if (versions[request.body].contains(2)) {
        ++later;
        request.trace = "01" + request.trace.substr(2) + "-more";
      }
      // A trace is as long as it has always been.
      if (naive && request.trace.size() != 55) request.trace.clear();
    });
  });
  start_service(w, "disk", "disk", [&](const message& asked, responder r) {
    const auto here = trace_context::parse(asked.trace);
    if (!here) it.violate("traced", "\"" + asked.body + "\" came without a trace");
    if (here && !versions[asked.body].contains(0) && here->trace != traces[asked.body])
      it.violate("traced", "\"" + asked.body + "\" belongs to another trace at the disk");
    r.reply("read");
  });
  const auto ada = w.join("ada");
  calls mine(*ada, trace(), deadline(), retry(), attempt_trace(),
             spy{[&](const message& request, const call_options&) {
               traces[request.body] = trace_context::parse(request.trace)->trace;
             }});
  std::uint64_t number = 0;
  repeat(*ada, 80, [&] {
    mine.call({"album", std::to_string(++number)},
              [&](const result<message>& what) { it.acknowledged += static_cast<bool>(what); },
              {1s, true});
  });
  spend(w, all, 3s);
  it.reached = later > 0;
  return std::move(it).in(w);
}

// ---- T: another node at the same place is another one
// --------------------------------------------

// Opens when twenty in a row have failed, for a minute: for that name, whoever has it.
struct fuse {
  int failed = 0;
  gof::time_point until{};
  void invoke(inside& next, message request, completion<message> done, call_options how) {
    if (next.on().now() < until)
      return next.answer(std::move(done),
                         gof::error{gof::errc::unavailable, "the breaker is open", {}});
    auto look = [this, &next, done = std::move(done)](result<message> what) mutable {
      failed = what ? 0 : failed + 1;
      if (failed == 20) failed = 0, until = next.on().now() + 1min;
      done(std::move(what));
    };
    next(std::move(request), next.bind(std::move(look)), how);
  }
};
template <class Breaker>
struct reader {
  reader(node& n, found& to) : on(n), it(to), calls(n, deadline(), Breaker(), look()) {
    // Which life serves, is a value that it sets.
    lives = on.watch("lives", "files",
                     [this](const gof::versioned& v) { meet(std::stoull(*v.value)); });
    repeat(on, 30, [this] { read(); });
  }
  void read() {
    calls.call({"read"},
               [this](const result<message>& what) {
                 good = static_cast<bool>(what);
                 done += good;
                 if (what || what.error().message.find("breaker") == std::string::npos) return;
                 ++refused;
                 if (asked < 20)
                   it.violate("no grudge", on.name() + " is refused the life " +
                                               std::to_string(life) +
                                               " of files, and has asked it " +
                                               std::to_string(asked) + " times");
               },
               {300ms, true, 1, life});
  }
  void meet(std::uint64_t which) {
    if (which <= life) return;
    life = which, asked = 0;
    ++met;
  }
  spy look() {
    return {[this](const message&, const call_options&) { ++asked; },
            [this](const message&, const result<message>& what) {
              if (what) meet(what->incarnation);
            }};
  }
  node& on;
  found& it;
  stack<deadline, Breaker, spy> calls;
  gof::registration lives;
  std::uint64_t life = 0, asked = 0, refused = 0, met = 0, done = 0;
  bool good = false;  // The last one.
};
template <class Breaker>
found read_from_who_comes_back(std::uint64_t seed, const faults& all) {
  fallacies::world w(seed);
  w.inject(all);
  w.start("files", [](node& n) {
    struct files {
      explicit files(node& of)
          : on(of), reads(of, "read", [](const message&, responder r) { r.reply("text"); }) {
        say();
      }
      void say() {
        on.put("lives", "files", std::to_string(on.incarnation()), gof::any_version,
               alive.bind([this](const result<std::uint64_t>& what) {
                 if (!what) say();
               }),
               {200ms})
            .detach();
      }
      node& on;
      service reads;
      gof::scope alive;
    };
    return std::make_shared<files>(n);
  });
  found it;
  const auto ada = w.join("ada"), ben = w.join("ben");
  reader<Breaker> hers(*ada, it), his(*ben, it);
  spend(w, all, 1s);
  for (int i = 0; i < 40; ++i) {
    hers.read(), his.read();
    w.run(400ms);
  }
  for (reader<Breaker>* of : {&hers, &his}) {
    if (!of->good) it.violate("reachable", of->on.name() + " cannot read, and nothing is wrong");
    it.reached = it.reached || (of->refused > 0 && of->met > 1);
  }
  it.acknowledged = hers.done + his.done;
  return std::move(it).in(w);
}

// ---- L: nothing is begun for one who waits no more
// -----------------------------------------------

found read_for_the_album(std::uint64_t seed, const faults& all, bool naive) {
  fallacies::world w(seed);
  w.inject(all);
  found it;
  start_service(w, "files", "read", [](const message&, responder r) { r.reply("picture"); });
  std::map<std::string, gof::time_point> ends;  // When those who asked the album wait no more.
  std::uint64_t too_late = 0;
  struct album {
    album(node& n, bool is_naive, found& to, std::map<std::string, gof::time_point>& waits,
          std::uint64_t& late)
        : on(n),
          it(to),
          ends(waits),
          calls(n, deadline(), retry(),
                spy{[this](const message& request, const call_options& how) {
                  look(request.body, how.deadline);
                }}),
          shows(n, "show", [this, is_naive, &late](const message& asked, responder r) {
            auto& end = ends[asked.body];
            end = std::max(end, on.now() + asked.remaining);
            auto told = [r = std::move(r), &late](result<message> what) mutable {
              if (what) return r.reply(what->body);
              ++late;
              r.fail(errand::failed(what.error()));
            };
            if (is_naive) return try_for_long(asked.body, std::move(told), 1);
            const errand of(on, asked);
            calls.call(of.request({"read", asked.body}), std::move(told), of.within({3s, true}));
          }) {}
    // Three attempts of a second each.
    void try_for_long(const std::string& body, completion<message> done, int made) {
      look(body, 0s);
      on.call({"read", body},
              alive.bind([this, body, made, done = std::move(done)](result<message> what) mutable {
                if (what || made == 3) return done(std::move(what));
                try_for_long(body, std::move(done), made + 1);
              }),
              {1s})
          .detach();
    }
    void look(const std::string& body, gof::duration takes) {
      const auto over = on.now() + takes - ends[body];
      if (over >= 0s)
        it.violate("nothing after the end", "the album reads " + body + " until " +
                                                std::to_string(over / 1ms) +
                                                " ms after the end of the call that it is for");
    }
    node& on;
    found& it;
    std::map<std::string, gof::time_point>& ends;
    stack<deadline, retry, spy> calls;
    service shows;
    gof::scope alive;
  };
  w.start("album", [&](node& n) { return std::make_shared<album>(n, naive, it, ends, too_late); });
  const auto ada = w.join("ada");
  resilient calls(*ada);
  std::uint64_t number = 0, answered = 0;
  repeat(*ada, 60, [&] {
    const auto begun = ada->now();
    const auto limit = naive ? 1900ms : 1ms * static_cast<int>(100 + ada->random() % 1900);
    auto come = [&, begun, limit](const result<message>& what) {
      it.acknowledged += static_cast<bool>(what);
      ++answered;
      const auto over = ada->now() - begun - limit;
      if (over > 1ms)
        it.violate("in time", "ada waits " + std::to_string(over / 1ms) + " ms too long");
    };
    if (naive)
      ada->call({"show", std::to_string(++number)}, std::move(come), {limit}).detach();
    else
      calls.call({"show", std::to_string(++number)}, std::move(come), {limit, true});
  });
  spend(w, all, 5s);
  if (answered != number)
    it.violate("answered", number_of(number - answered, "calls were never answered"));
  it.reached = too_late > 0;
  return std::move(it).in(w);
}

// ---- B: what is overloaded recovers
// --------------------------------------------------------------

found overload_it(std::uint64_t seed, const faults& all, bool naive) {
  fallacies::world w(seed);
  w.inject(all);
  w.start("files",
          [](node& n) { return std::make_shared<overload::server>(n, "read", 20ms, 100); });
  const auto ada = w.join("ada");
  std::uint64_t calls_made = 0, attempts = 0;
  std::set<gof::duration> waits;  // From a refusal to the attempt that follows it.
  std::size_t waited = 0;
  std::map<std::string, gof::time_point> refused;
  stack calls(*ada, trace(), deadline(), retry(), breaker(), bulkhead(),
              spy{[&](const message& request, const call_options&) {
                    ++attempts;
                    const auto at = refused.find(request.body);
                    if (at == refused.end()) return;
                    waits.insert(ada->now() - at->second), ++waited;
                    refused.erase(at);
                  },
                  [&](const message& request, const result<message>& what) {
                    if (!what) refused[request.body] = ada->now();
                  }});
  overload::callers crowd(*ada, [&](auto done) {
    ++calls_made;
    if (naive) return overload::try_three_times(*ada, "read", 300ms, std::move(done));
    calls.call({"read", std::to_string(calls_made)}, std::move(done), {900ms, true});
  });
  w.run(100ms);
  crowd.rate(40);
  gof::duration end = 5s;
  for (const sim::fault& one : all) end = std::max(end, one.at + one.lasts);
  w.run(end);
  w.run(12s);
  found it;
  const auto from = static_cast<std::size_t>(end / 1s) + 1;
  std::uint64_t best = 0;
  for (std::size_t i = from; i < from + 10; ++i) {
    const overload::second one = crowd.between(i, i + 1);
    best = std::max(best, one.calls == 0 ? 0 : 100 * one.good / one.calls);
    it.acknowledged += one.good;
  }
  if (best < 90)
    it.violate("recovers", "in the ten seconds after the fault, " + std::to_string(best) +
                               " % of the calls succeed at best");
  if (!naive && attempts > calls_made + calls_made / 10 + 10)
    it.violate("budget", number_of(attempts, "attempts for ") + number_of(calls_made, "calls"));
  if (waited >= 8 && waits.size() < waited / 4)
    it.violate("spread", number_of(waited, "attempts came back after ") +
                             number_of(waits.size(), "different waits"));
  it.reached = waited > 0 && attempts < calls_made;  // The breaker was open.
  return std::move(it).in(w);
}

// ---- C: a second copy is not for nothing
// ---------------------------------------------------------

// A second copy of what is not answered at once.
void hedge_naively(node& on, std::uint64_t& attempts, completion<message> done) {
  auto shared = std::make_shared<completion<message>>(std::move(done));
  const auto send = [&on, &attempts, shared] {
    if (!*shared) return;
    ++attempts;
    on.call({"read"},
            [shared](result<message> what) {
              if (auto told = std::exchange(*shared, {})) told(std::move(what));
            },
            {2s})
        .detach();
  };
  send();
  on.after(20ms, send).detach();
}
found hedge_it(std::uint64_t seed, const faults& all, bool naive) {
  fallacies::world w(seed);
  w.inject(all);
  found it;
  store files;
  writes done;
  const auto chance = w.join("chance");
  start_service(w, "files", "read", [](const message&, responder r) { r.reply("text"); });
  start_service(w, "more", "write", files.serves(chance.get()));
  const auto ada = w.join("ada");
  std::uint64_t calls_made = 0, attempts = 0, hedges = 0, written = 0;
  stack calls(*ada, deadline(), retry({.hedge = true}), bulkhead(),
              spy{[&](const message& request, const call_options& how) {
                ++(request.subject == "read" ? attempts : written);
                hedges += request.subject == "read" && how.attempt > 1;
              }});
  repeat(*ada, 20, [&] {
    ++calls_made;
    auto come = [&](const result<message>& what) { it.acknowledged += static_cast<bool>(what); };
    if (naive) return hedge_naively(*ada, attempts, std::move(come));
    calls.call({"read"}, std::move(come), {2s, true});
  });
  if (!naive)
    repeat(*ada, 100, [&] {
      const std::string body = done.begin("ada");
      calls.call({"write", body},
                 [&come = done.all[body]](result<message> what) { come = std::move(what); }, {2s});
    });
  spend(w, all, 5s);
  if (attempts > calls_made + calls_made / 10 + 10)
    it.violate("price", number_of(attempts, "attempts for ") + number_of(calls_made, "calls"));
  if (!naive) done.look(files, it);
  it.reached = hedges > 0;
  return std::move(it).in(w);
}

// ---- A: others retry too
// -------------------------------------------------------------------------

// Services of four teams, each of which asks the one below.
found ask_the_tower(std::uint64_t seed, const faults& all, bool naive) {
  fallacies::world w(seed);
  w.inject(all);
  found it;
  std::uint64_t calls_made = 0, attempts = 0, below = 0;
  // Three attempts, of their own or of our layers; and who looks on.
  struct team {
    team(node& n, std::size_t floor, bool is_naive, found& to, std::uint64_t& count,
         std::uint64_t& failed)
        : on(n),
          next("floor" + std::to_string(floor + 1)),
          naive_(is_naive),
          it(to),
          sent_(count),
          calls(n, trace(), deadline(), retry(), breaker(), bulkhead(),
                spy{[this](const message& request, const call_options&) { look(request); },
                    [this, &failed](const message& request, const result<message>& what) {
                      if (what || what.error().message.find("below") == std::string::npos) return;
                      told_.insert(request.trace);
                      ++failed;
                    }}) {}
    void ask(message request, completion<message> done, call_options how) {
      if (!naive_) return calls.call(std::move(request), std::move(done), how);
      again(std::move(request), std::move(done), how, 1);
    }
    void again(message request, completion<message> done, call_options how, int made) {
      look(request);
      on.call(request,
              alive.bind(
                  [this, request, how, made, done = std::move(done)](result<message> what) mutable {
                    if (what || made == 3) return done(std::move(what));
                    again(std::move(request), std::move(done), how, made + 1);
                  }),
              {how.deadline / 3})
          .detach();
    }
    void look(const message& request) {
      ++sent_;
      if (!naive_ && told_.contains(request.trace))
        it.violate("one repeats", on.name() + " repeats what was repeated below");
    }
    node& on;
    std::string next;
    bool naive_;
    found& it;
    std::uint64_t& sent_;
    std::set<std::string> told_;  // Calls, by their span.
    stack<trace, deadline, retry, breaker, bulkhead, spy> calls;
    gof::scope alive;
  };
  std::uint64_t sent[4] = {};
  const auto start = [&](std::size_t floor) {
    w.start("floor" + std::to_string(floor), [&, floor](node& n) {
      struct one {
        team asks;
        service serves;
      };
      auto made = std::make_shared<team>(n, floor, naive, it, sent[floor], below);
      auto answers = std::make_shared<service>(
          n, n.name(), [&n, made, naive](const message& asked, responder r) {
            const errand of(n, asked);
            made->ask(
                of.request({made->next, asked.body}),
                [r = std::move(r), naive](result<message> what) mutable {
                  if (what) return r.reply(what->body);
                  gof::error why = what.error();
                  why.message += " below";
                  r.fail(naive ? why : errand::failed(why));
                },
                of.within({.repeatable = true}));
          });
      return std::make_shared<std::pair<std::shared_ptr<team>, std::shared_ptr<service>>>(
          std::move(made), std::move(answers));
    });
  };
  for (std::size_t i = 1; i <= 3; ++i) start(i);
  start_service(w, "floor4", "floor4", [&](const message& asked, responder r) {
    // Another one in twelve is refused, for as long as it is asked.
    if (!naive && std::stoull(asked.body) % 12 == 0)
      return r.fail({gof::errc::unavailable, {}, {}});
    r.reply("done");
  });
  const auto ada = w.join("ada");
  team hers(*ada, 0, naive, it, sent[0], below);
  repeat(*ada, 25, [&] {
    hers.ask({"floor1", std::to_string(++calls_made)},
             [&](const result<message>& what) { it.acknowledged += static_cast<bool>(what); },
             {2s, true});
  });
  spend(w, all, 5s);
  attempts = sent[3];
  // Of each layer a tenth, and its burst: 1.1^4 and 10 · (1 + 1.1 + 1.1^2 + 1.1^3); a crash begins
  // a budget anew.
  std::uint64_t crashes = 0;
  for (const sim::fault& one : all) crashes += one.what == kind::crash || one.what == kind::move;
  if (attempts > calls_made * 15 / 10 + 47 + 14 * crashes)
    it.violate("amplification",
               number_of(attempts, "attempts at the bottom for ") + number_of(calls_made, "calls"));
  it.reached = below > 0 && attempts > 0;
  return std::move(it).in(w);
}

// ---- The cells ----------------------------------------------------------------------------------

sim::recipe recipe(std::vector<std::string> who, std::vector<kind> more = {}) {
  return any_loss(std::move(who), std::move(more), span, 8);
}
// Without those of which nobody knows when they are over.
sim::recipe over_in_time(sim::recipe of) {
  std::erase_if(of.what, [](kind it) {
    return it == kind::crash_before_nth_answer || it == kind::lose_nth_answer ||
           it == kind::lose_nth_request;
  });
  return of;
}
// Who calls does not crash, which ends its calls, and does not stand still, which ends its time.
auto any_of(const sim::recipe& of, const std::string& instead,
            const std::set<std::string>& callers = {"ada", "ben", "cyd"}) {
  return [=](std::uint64_t seed) {
    faults all = sim::random_faults(seed, of);
    for (sim::fault& one : all)
      if (callers.contains(one.who) && (one.what == kind::crash || one.what == kind::pause ||
                                        one.what == kind::move || one.what == kind::version))
        one.who = instead;
    return all;
  };
}
template <class F>
fallacies::program run(F f, bool naive) {
  return [=](std::uint64_t seed, const faults& all) { return f(seed, all, naive); };
}

std::vector<fallacies::cell> cells() {
  return {
      {'R',
       "The network is reliable",
       "a retry is another operation",
       "once",
       "a repetition was recognised by its id",
       {{2s, 2s, kind::lose_answers, "ada", 600}},
       any_of(recipe({"ada", "ben", "cyd", "files", "broker"}), "files"),
       run(keep_writing, true),
       run(keep_writing, false)},
      {'S',
       "The network is secure",
       "an answer is kept for whoever asks the same",
       "own",
       "one was denied the right to ask, and answers were given again",
       {{2s, 2s, kind::deny, "ben", 0}},
       any_of(recipe({"ada", "ben", "mail", "broker"},
                     {kind::deny, kind::deny, kind::deny, kind::replay, kind::forge}),
              "mail"),
       run(read_the_inbox, true),
       run(read_the_inbox, false)},
      {'H',
       "The network is homogeneous",
       "a trace in a later format is none",
       "traced",
       "one passed a trace on in a later format",
       {{2s, 300ms, kind::version, "album", 2}},
       any_of(recipe({"ada", "album", "files", "album"},
                     {kind::version, kind::version, kind::version}),
              "album"),
       run(follow_the_trace, true),
       run(follow_the_trace, false)},
      {'T',
       "Topology does not change",
       "the breaker for a name stays open for who has it now",
       "no grudge",
       "the breaker was open, and another life came",
       {{1s, 2800ms, kind::crash, "files", 0}},
       any_of(over_in_time(
                  recipe({"ada", "ben", "files", "files"}, {kind::crash, kind::crash, kind::move})),
              "files"),
       [](std::uint64_t seed, const faults& all) {
         return read_from_who_comes_back<fuse>(seed, all);
       },
       [](std::uint64_t seed, const faults& all) {
         return read_from_who_comes_back<breaker>(seed, all);
       }},
      {'L',
       "Latency is zero",
       "attempts go on when nobody waits any more",
       "nothing after the end",
       "the album had no time left, or no answer",
       {{2s, 4s, kind::pause, "files", 0}},
       any_of(recipe({"ada", "album", "files", "broker"}, {kind::delay, kind::delay, kind::pause}),
              "files"),
       run(read_for_the_album, true),
       run(read_for_the_album, false)},
      {'B',
       "Bandwidth is infinite",
       "retries keep the overload alive when its cause is gone",
       "recovers",
       "attempts were repeated, and the breaker was open",
       {{1500ms, 2900ms, kind::pause, "files", 0}},
       [](std::uint64_t seed) {
         sim::recipe of = recipe({"ada", "files", "files"}, {kind::pause, kind::delay});
         of.horizon = 5s;
         of.most = 4;
         return any_of(over_in_time(of), "files")(seed);
       },
       run(overload_it, true),
       run(overload_it, false)},
      {'C',
       "Transport cost is zero",
       "a second copy of each call, when all are slow",
       "price",
       "a call was hedged",
       {{2s, 5s, kind::delay, "files", 400'000}},
       any_of(recipe({"ada", "files", "more"}, {kind::delay, kind::delay, kind::delay}), "files"),
       run(hedge_it, true),
       run(hedge_it, false)},
      {'A',
       "There is one administrator",
       "each team's layer retries",
       "amplification",
       "a service failed for what was below it",
       {{2s, 4s, kind::deny, "floor3", 0}},
       any_of(recipe({"ada", "floor1", "floor2", "floor3", "floor4"},
                     {kind::deny, kind::deny, kind::lose}),
              "floor4"),
       run(ask_the_tower, true),
       run(ask_the_tower, false)},
  };
}
}  // namespace

int main(int count, char** arguments) {
  return fallacies::matrix("decorator", cells()).run(count, arguments);
}
