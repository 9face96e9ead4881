// SPDX-License-Identifier: BSL-1.0
// What the eight fallacies do to Singleton over a network: the only writer of a log file, which is
// wherever its leader is, and a disk that takes lines from whoever shows the newest token.

#include <algorithm>
#include <deque>
#include <gof/distributed/singleton.hpp>
#include <map>
#include <set>
#include <tuple>

#include "support/fallacies.hpp"

namespace {

namespace sim = gof::sim;
namespace wire = gof::wire;
using namespace std::chrono_literals;
using fallacies::any_loss, fallacies::every, fallacies::hits, fallacies::kept,
    fallacies::over_in_time, fallacies::shelf;
using fallacies::faults, fallacies::found, sim::kind;
using gof::singleton::distributed::caller;
using gof::singleton::distributed::kept_fence;
using gof::singleton::distributed::sequencer;

// What a writer has the disk write; its lines are numbered, so that none comes twice.
struct line {
  sequencer by{};
  std::uint64_t number = 0;
  std::string text{};
};
BOOST_DESCRIBE_STRUCT(line, (), (by, number, text))

std::string text(const sequencer& it) { return it.of + ' ' + std::to_string(it.generation); }

// ---- Ours: a log file ---------------------------------------------------------------------------

// How it goes.
struct plan {
  sim::options network{};
  gof::duration time_to_live = 1200ms;
  std::size_t candidates = 3, callers = 2;
  gof::duration pace = 300ms;  // between the calls of a caller, on average
  gof::duration takes = 0ms;   // the disk, for a line
  std::size_t at_once = 64;    // calls that a leader takes
  bool units = false;          // A newer program reads seconds as milliseconds.
  bool renamed = false;        // A newer program calls the election something else.
  bool idle = false;           // Nobody has anything to write.
  bool steady = false;         // The faults are no reason for another leader.
  bool one_clock = true;       // Clocks run alike.
};

class log_file {
 public:
  // What came about, for the marks.
  struct marks {
    std::size_t fenced = 0, repeated = 0, strangers = 0, handed_over = 0, moved_on = 0, full = 0;
    std::size_t hurried = 0, elections = 0, answered = 0;
  } reached{};

  log_file(std::uint64_t seed, const faults& all, plan how)
      : how_(how), faults_(all), world_(seed, how.network) {
    world_.inject(all);
    world_.listen([this](const std::string& who, const gof::engines::request& what) {
      const auto* it = std::get_if<gof::engines::ask>(&what.what);
      attempts_ += it && it->what.subject.starts_with("log.");
      // Not what the engine says for itself: that a node is there, that a timer is dropped.
      sent_[who] += what.what.index() > 2;
    });
  }

  // Lets it go by, and looks at what is left of it.
  found spent() {
    world_.start("disk", [this](gof::node& n) { return std::make_shared<disk>(n, *this); });
    for (std::size_t i = 0; i < how_.candidates; ++i) {
      const std::string name =
          i < 3 ? std::string(std::array{"ann", "bob", "eva"}[i]) : "n" + std::to_string(i);
      world_.start(name, [this](gof::node& n) { return std::make_shared<one>(n, *this); });
      if (i == 0) world_.run(50ms);  // Ann is the first.
    }
    for (std::size_t i = 0; i < how_.callers; ++i)
      world_.start("c" + std::to_string(i),
                   [this](gof::node& n) { return std::make_shared<client>(n, *this); });
    pass(span);
    calm_ = true;
    pass(std::max(end_of_faults() - span, gof::duration(0)));
    const auto leads = [this] { return leader() != nullptr; };
    if (!world_.run_until(leads, soon()) && !is_set_back())
      it_.violate("another", "nobody leads " + seconds(soon()) + " after all is well");
    pass(4s);  // Calls have their deadlines, and nothing comes after that.
    if (how_.idle) look_at_prices();
    look_at_calls();
    if (!how_.idle && !is_set_back()) look_at_a_call();
    it_.acknowledged = reached.answered;
    return std::move(it_).in(world_);
  }

 private:
  static constexpr gof::duration span = 6s;
  static constexpr gof::duration patience = 3s;  // of a call

  static std::string seconds(gof::duration of) { return std::to_string(of / 1ms) + " ms"; }
  // The bound of the law; and the engine's: a watch whose answer was lost asks again after six
  // seconds, and nodes find a broker again that was away.
  [[nodiscard]] gof::duration soon() const {
    return how_.time_to_live * 5 / 4 + how_.time_to_live / 3 + 250ms + 9s;
  }
  // The broker gives numbers again that it has given: nobody may be let in until there are others.
  [[nodiscard]] bool is_set_back() const { return world_.counts().unsynced > 0; }
  void pass(gof::duration for_so_long) {
    const gof::time_point end = world_.now() + for_so_long;
    for (; world_.now() < end; look_at_leaders())
      world_.run(std::min<gof::duration>(25ms, end - world_.now()));
  }
  // Does something again and again, until it is calm. Ends with the scope.
  template <class F>
  void repeat(gof::node& on, gof::scope& in, gof::duration mean, F f) {
    const auto most = static_cast<std::uint64_t>(2 * mean / 1ms);
    on.after(1ms * static_cast<std::int64_t>(1 + on.random() % most), in.bind([=, this, &on, &in] {
        if (calm_) return;
        f();
        repeat(on, in, mean, f);
      }))
        .detach();
  }

  // The resource, until a crash; what is written outlasts it.
  class disk {
   public:
    disk(gof::node& on, log_file& in) : node_(on), in_(in), guard_(on, "file", "log") { serve(); }

   private:
    void serve() {
      auto ready = [this](const gof::result<void>& is) {  // Else it has no right to, for a while.
        if (!is) node_.after(200ms, [this] { serve(); }).detach();
      };
      auto takes = [this](const gof::message& m, gof::responder to) {
        line it;
        if (wire::decode_into(std::string_view(m.body), it) != wire::refusal::none)
          return to.fail({gof::errc::refused, "no line", {}});
        const sequencer shown = it.by;
        std::uint64_t& last = in_.last_[shown.nonce];
        if (last >= it.number) {
          ++in_.reached.repeated;
          return to.fail({gof::errc::failed_there, "it came before, or one after it", {}});
        }
        last = it.number;
        guard_.admit(shown, [this, it = std::move(it),
                             to = std::move(to)](const gof::result<void>& may) mutable {
          if (may) return write(std::move(it), std::move(to));
          in_.reached.fenced += may.error().why == gof::errc::conflict;
          to.fail(may.error());
        });
      };
      serves_ = node_.serve("file", std::move(takes), {}, std::move(ready));
    }
    void write(line it, gof::responder to) {
      // What a tap sends again may be what was refused before: only what it says tells that.
      const bool is_there = !in_.how_.network.sealed && in_.times_.contains(it.text);
      in_.reached.repeated += is_there;
      if (!is_there) in_.note(it);
      if (in_.how_.takes == 0ms) return to.reply({});
      node_.after(in_.how_.takes, [to = std::move(to)]() mutable { to.reply({}); }).detach();
    }
    gof::node& node_;
    log_file& in_;
    kept_fence guard_;
    gof::registration serves_;
  };

  // The one writer. It also writes by itself, and does not ask then whether it still is the one.
  class writer {
   public:
    writer(gof::node& on, log_file& in, const sequencer& by) : node_(on), in_(in), by_(by) {
      if (in_.how_.idle) return;
      flush();
      in_.repeat(node_, scope_, 200ms, [this] { flush(); });
    }
    writer(const writer&) = delete;
    writer& operator=(const writer&) = delete;
    void write(const std::string& text, gof::responder to) {
      if (++open_ > in_.how_.at_once)
        in_.it_.violate("bounded", std::to_string(open_) + " calls wait at " + node_.name());
      in_.reached.full += open_ == in_.how_.at_once;
      send(text, [this, to = std::move(to)](const gof::result<gof::message>& what) mutable {
        --open_;
        what ? to.reply(std::to_string(by_.generation)) : to.fail(what.error());
      });
    }

   private:
    void flush() {
      send({}, [this](const gof::result<gof::message>& what) {
        if (what || by_.of == "log") return;
        ++in_.reached.strangers;
        if (what.outcome() == gof::outcome::not_applied && what.error().why != gof::errc::refused &&
            what.error().why != gof::errc::denied && what.error().why != gof::errc::nobody_there &&
            what.error().why != gof::errc::unavailable)
          in_.it_.violate("told", "a leader of " + by_.of + " was told " + what.error().text());
      });
    }
    template <class F>
    void send(const std::string& text, F done) {
      node_
          .call({"file", wire::encode(line{by_, ++number_, text})}, scope_.bind(std::move(done)),
                {1s})
          .detach();
    }
    gof::node& node_;
    log_file& in_;
    sequencer by_;
    std::uint64_t number_ = 0;
    std::size_t open_ = 0;
    gof::scope scope_;
  };
  using candidate = gof::singleton::distributed::candidate<writer>;

  // One who wants to be it, until a crash.
  class one {
   public:
    one(gof::node& on, log_file& in) : in_(in), name_(on.name()) {
      const bool newer = in.world_.version(on.name()) > 1;
      std::string election = in.how_.renamed && newer ? "log.eu" : "log";
      gof::duration ttl = in.how_.time_to_live;
      if (in.how_.units && newer) ttl /= 1000, ++in.reached.hurried;
      const bool counts = election == "log";
      it_.emplace(
          on, std::move(election), ttl,
          [this, &on](const sequencer& by) {
            in_.note(on, by);
            return writer(on, in_, by);
          },
          [this](writer& w, const gof::message& m, gof::responder to) {
            in_.look_at_who_answers(it_->token());
            w.write(m.body, std::move(to));
          },
          in.how_.at_once);
      if (counts) in_.ones_.insert(this);
    }
    ~one() { in_.ones_.erase(this); }
    one(const one&) = delete;
    one& operator=(const one&) = delete;
    candidate& operator*() { return *it_; }
    [[nodiscard]] const std::string& name() const { return name_; }

   private:
    log_file& in_;
    std::string name_;
    std::optional<candidate> it_;
  };

  // One who has something to write, until a crash.
  struct call {
    std::string who, text;
    int life;
    gof::time_point asked;
    std::optional<gof::result<gof::message>> came{};
  };
  class client {
   public:
    client(gof::node& on, log_file& in) : node_(on), in_(in), log_(on, "log") {
      life_ = ++in_.lives_[on.name()];
      if (!in_.how_.idle) in_.repeat(on, scope_, in_.how_.pace, [this] { ask(); });
    }

   private:
    void ask() {
      call& it = in_.calls_.emplace_back();
      it = {node_.name(), "line " + std::to_string(in_.calls_.size()), life_, in_.world_.now()};
      log_.call(
          it.text,
          [this, &it](gof::result<gof::message> what) {
            if (it.came) in_.it_.violate("answered", "a completion was called twice");
            if (in_.world_.now() - it.asked > patience + 1ms && in_.faults_.empty())
              in_.it_.violate("answered", "a call took longer than its deadline");
            it.came = std::move(what);
          },
          patience);
    }
    gof::node& node_;
    log_file& in_;
    int life_;
    caller log_;
    gof::scope scope_;
  };

  // A line is written.
  void note(const line& it) {
    const std::string who = "the disk took a line of " + text(it.by);
    if (!made_.contains({it.by.generation, it.by.nonce}))
      it_.violate("genuine", who + ", which nobody ever was");
    if (it.by.of != "log") it_.violate("fenced", who + ", of another election");
    if (!lines_.empty()) {
      const sequencer& last = lines_.back().by;
      if (it.by.generation < last.generation)
        it_.violate("fenced", who + " after one of " + text(last));
      if (it.by.generation == last.generation && it.by.nonce != last.nonce)
        it_.violate("fenced", who + ", and two had that number");
      reached.handed_over += it.by.generation > last.generation;
    }
    lines_.push_back(it);
    if (!it.text.empty()) ++times_[it.text];
  }
  // Somebody won.
  void note(const gof::node& on, const sequencer& by) {
    ++reached.elections;
    made_.insert({by.generation, by.nonce});
    if (by.of != "log") return;
    if (by.generation <= newest_ && !is_set_back())
      it_.violate("fenced",
                  on.name() + " was given " + text(by) + " after " + std::to_string(newest_));
    if (newest_ > 0 && how_.steady)
      it_.violate("steady", on.name() + " leads, and nothing was wrong with who did before");
    newest_ = std::max(newest_, by.generation);
  }
  void look_at_who_answers(const sequencer& it) {
    if (it.generation == 0) it_.violate("current", "a call was executed by one who does not lead");
    if (it.of == "log" && it.generation < newest_ && how_.one_clock)
      it_.violate("current", "a call was executed by " + text(it) + " after " +
                                 std::to_string(newest_) + " had begun");
  }
  [[nodiscard]] candidate* leader() {
    for (one* it : ones_)
      if ((**it).instance()) return &**it;
    return nullptr;
  }
  void look_at_leaders() {
    const auto count =
        std::count_if(ones_.begin(), ones_.end(), [](one* it) { return (**it).instance(); });
    if (count > 1 && how_.one_clock)
      it_.violate("one at a time", std::to_string(count) + " nodes have the instance at once");
  }

  [[nodiscard]] gof::duration end_of_faults() const {
    gof::duration end{};
    for (const sim::fault& it : faults_) {
      const bool waits = it.what == kind::crash_before_nth_answer;
      end = std::max(end, it.at + it.lasts + waits * 6s * static_cast<int>(it.amount));
    }
    return end;
  }
  // What was acknowledged is written, once; what was not, at most once; what was refused, not.
  void look_at_calls() {
    for (const call& it : calls_) {
      const std::size_t there = times_[it.text];
      if (there > 1) it_.violate("once", it.text + " is there " + std::to_string(there) + " times");
      if (!it.came && it.life == lives_.at(it.who))
        it_.violate("answered", it.who + " was never told what came of " + it.text);
      if (!it.came) continue;
      if (*it.came) {
        ++reached.answered;
        if (there == 0) it_.violate("once", it.text + " was acknowledged, and is not there");
      } else if (it.came->outcome() == gof::outcome::not_applied && there > 0) {
        it_.violate("answered", it.who + " was told \"" + it.came->error().text() +
                                    "\", and the line is there");
      }
    }
    if (attempts_ > 24 * calls_.size() + 24)
      it_.violate("bounded", std::to_string(attempts_) + " attempts at " +
                                 std::to_string(calls_.size()) + " calls");
  }
  // Now that all is well, a call is answered.
  void look_at_a_call() {
    const auto nora = world_.join("nora");
    caller log(*nora, "log");
    std::optional<gof::result<gof::message>> came;
    // What was to go wrong with an answer to come, may have waited for this one.
    for (const auto end = world_.now() + 15s; world_.now() < end && !(came && *came);) {
      came.reset();
      log.call(
          "nora", [&](gof::result<gof::message> what) { came.emplace(std::move(what)); }, 2s);
      world_.run_until([&] { return came.has_value(); }, 3s);
      if (!came || !*came) world_.run(500ms);
    }
    if (!came || !*came)
      it_.violate("another", "all is well, and a call comes to: " +
                                 (came ? came->error().text() : std::string("nothing")));
  }
  // While nobody has anything to write: what a node sends for it.
  void look_at_prices() {
    sent_.clear();
    world_.run(12s);
    if (!leader()) it_.violate("steady", "nobody leads");
    const auto terms = static_cast<std::size_t>(12s / how_.time_to_live);
    for (const auto& [who, sent] : sent_) {
      const bool leads = std::any_of(ones_.begin(), ones_.end(), [&, &name = who](one* it) {
        return it->name() == name && (**it).instance();
      });
      const bool wants = who.front() != 'c' && who != "disk";
      // A renewal is put, and each who watches asks for the next; and for nothing every so often.
      if (sent > (leads ? 6 : wants ? 3 : 0) * terms + 6)
        it_.violate("price",
                    who + " sent " + std::to_string(sent) + " messages in 12 idle seconds");
    }
  }

  plan how_;
  faults faults_;
  found it_;
  bool calm_ = false;
  std::uint64_t newest_ = 0;
  std::deque<line> lines_;
  std::map<std::string, std::size_t> times_;
  std::map<std::uint64_t, std::uint64_t> last_;  // number that came, by the writer's nonce
  std::set<std::pair<std::uint64_t, std::uint64_t>> made_;
  std::deque<call> calls_;
  std::map<std::string, int> lives_;
  std::set<one*> ones_;
  std::size_t attempts_ = 0;
  std::map<std::string, std::size_t> sent_;
  fallacies::world world_;
};

// ---- The naive ones -----------------------------------------------------------------------------

// A lease as one writes it first: whose name stands there leads, and knows so by a flag.
class flag {
 public:
  struct options {
    gof::duration time_to_live = 1s, renewed = 300ms;
    std::string bucket = "naive";
  };
  flag(gof::node& on, options how, std::function<void(std::uint64_t token)> won)
      : node_(on), how_(std::move(how)), won_(std::move(won)) {
    watching_ = node_.watch(how_.bucket, "leader", scope_.bind([this](const gof::versioned& v) {
      version_ = v.version;
      seen_ = node_.now();
      leads_ = leads_ && v.value == node_.name();
    }));
    look();
  }
  [[nodiscard]] bool leads() const { return leads_; }
  [[nodiscard]] std::uint64_t token() const { return token_; }

 private:
  void look() {
    node_.after(leads_ ? how_.renewed : 20ms, scope_.bind([this] { look(); })).detach();
    const bool over = version_ == gof::absent || node_.now() - seen_ > how_.time_to_live + 20ms;
    if ((!leads_ && !over) || asking_) return;
    asking_ = true;
    node_
        .put(how_.bucket, "leader", node_.name(), version_,
             scope_.bind([this](const gof::result<std::uint64_t>& r) {
               asking_ = false;
               if (r && !std::exchange(leads_, true)) won_(token_ = *r);
             }))
        .detach();
  }
  gof::node& node_;
  options how_;
  std::function<void(std::uint64_t)> won_;
  bool leads_ = false, asking_ = false;
  std::uint64_t version_ = gof::absent, token_ = 0;
  gof::time_point seen_{};
  gof::registration watching_;
  gof::scope scope_;
};

// Two nodes that want to be it, the first of them first; and what they do.
template <class F>
void compete(sim::world& w, const std::vector<std::string>& who, F make) {
  for (const std::string& name : who) {
    w.start(name, make);
    w.run(10ms);
  }
}

// It leads, so it writes.
found write_if_it_leads(std::uint64_t seed, const faults& all) {
  fallacies::world w(seed);
  w.inject(all);
  found it;
  std::uint64_t newest = 0;
  w.start("disk", [&](gof::node& n) {
    return kept(n.serve("file", [&](const gof::message& m, gof::responder r) {
      const std::uint64_t token = wire::decode<std::uint64_t>(m.body);
      if (token < newest)
        it.violate("fenced", "the disk took a line of leader " + std::to_string(token) +
                                 " after one of " + std::to_string(newest));
      newest = std::max(newest, token);
      ++it.acknowledged;
      r.reply({});
    }));
  });
  compete(w, {"ann", "bob"}, [](gof::node& n) {
    auto mine = std::make_shared<flag>(n, flag::options{}, [](std::uint64_t) {});
    every(n, 50ms, [&n, &of = *mine] {
      if (of.leads()) n.call({"file", wire::encode(of.token())}, [](const auto&) {}).detach();
    });
    return mine;
  });
  w.run(9s);
  return std::move(it).in(w);
}

// Whose name is written leads.
found who_is_written_there(std::uint64_t seed, const faults& all) {
  fallacies::world w(seed, {.sealed = false});
  w.inject(all);
  found it;
  const auto claim = [](gof::node& n) {
    n.put("naive", "leader", n.name(), gof::any_version, [](const auto&) {}).detach();
  };
  const auto wants = [&](gof::node& n) {
    n.after(n.name() == "ann" ? 100ms : 2s, [&] { claim(n); }).detach();  // As the operator says.
    return kept(n.watch("naive", "leader", [&](const gof::versioned& v) {
      if (v.value != n.name()) return;
      ++it.acknowledged;
      if (n.name() == "ann" && n.now().time_since_epoch() > 3s)
        it.violate("genuine", "ann leads again, by what she had said before bob was the leader");
    }));
  };
  compete(w, {"ann", "bob"}, wants);
  w.run(9s);
  return std::move(it).in(w);
}

// A leader is lost when nothing was heard of it for as long as one thinks.
found as_long_as_one_thinks(std::uint64_t seed, const faults& all) {
  fallacies::world w(seed);
  w.inject(all);
  found it;
  std::uint64_t won = 0;
  compete(w, {"ann", "bob"}, [&](gof::node& n) {
    const bool newer = w.version(n.name()) > 1;  // It reads the same number as milliseconds.
    return std::make_shared<flag>(n, flag::options{newer ? gof::duration(1ms) : 1s, 300ms},
                                  [&](std::uint64_t) {
                                    if (++won > 1)
                                      it.violate("steady", n.name() +
                                                               " leads, and nothing was "
                                                               "wrong with who did before");
                                  });
  });
  w.run(9s);
  it.acknowledged = won;
  return std::move(it).in(w);
}

// Who was the leader is asked again.
found ask_the_same_again(std::uint64_t seed, const faults& all) {
  fallacies::world w(seed, {.silence = 1min});
  w.inject(all);
  found it;
  std::uint64_t newest = 0;
  compete(w, {"ann", "bob"}, [&](gof::node& n) {
    auto mine =
        std::make_shared<flag>(n, flag::options{}, [&](std::uint64_t token) { newest = token; });
    auto serves = n.serve("log." + n.name(), [&, &of = *mine](const gof::message&, auto r) {
      if (of.token() < newest)
        it.violate("current", "a call was executed by leader " + std::to_string(of.token()) +
                                  " after " + std::to_string(newest) + " had begun");
      ++it.acknowledged;
      r.reply({});
    });
    return kept(mine, std::move(serves));
  });
  w.start("c0", [](gof::node& n) {
    auto address = std::make_shared<std::string>();
    every(n, 100ms, [&n, address] {
      if (!address->empty()) return n.call({*address}, [](const auto&) {}).detach();
      n.get("naive", "leader", [address](const gof::result<gof::versioned>& r) {
         if (r) *address = "log." + *r->value;
       }).detach();
    });
    return shelf();
  });
  w.run(9s);
  return std::move(it).in(w);
}

// It is renewed when it is about to end.
found just_in_time(std::uint64_t seed, const faults& all) {
  fallacies::world w(seed);
  w.inject(all);
  found it;
  std::uint64_t won = 0;
  compete(w, {"ann", "bob"}, [&](gof::node& n) {
    return std::make_shared<flag>(n, flag::options{500ms, 500ms}, [&](std::uint64_t) {
      if (++won > 1)
        it.violate("steady", n.name() + " leads, and nothing was wrong with who did before");
    });
  });
  w.run(9s);
  it.acknowledged = won;
  return std::move(it).in(w);
}

// Every call waits until it is its turn; who gets no answer asks again at once.
found queue_and_ask_again(std::uint64_t seed, const faults& all) {
  fallacies::world w(seed);
  w.inject(all);
  found it;
  std::size_t most = 0;
  w.start("ann", [&](gof::node& n) {
    auto waiting = std::make_shared<std::deque<gof::responder>>();
    every(n, 20ms, [&, waiting] {
      if (waiting->empty()) return;
      waiting->front().reply({});
      waiting->pop_front();
      ++it.acknowledged;
    });
    return kept(n.serve("log", [&, waiting](const gof::message&, gof::responder r) {
      waiting->push_back(std::move(r));
      most = std::max(most, waiting->size());
    }));
  });
  std::vector<std::unique_ptr<gof::node>> nodes;
  std::function<void(gof::node&)> ask = [&](gof::node& n) {
    n.call({"log"},
           [&](const auto& r) {
             if (!r) n.after(10ms, [&] { ask(n); }).detach();
           },
           {500ms})
        .detach();
  };
  for (int i = 0; i < 24; ++i) {
    nodes.push_back(w.join("c" + std::to_string(i)));
    nodes.back()
        ->after(40ms * (i + 1), [&, &n = *nodes.back()] { every(n, 1s, [&] { ask(n); }); })
        .detach();
  }
  w.run(9s);
  if (most > 8) it.violate("bounded", std::to_string(most) + " calls wait at ann");
  found result = std::move(it).in(w);
  nodes.clear();
  return result;
}

// Each of the others asks the leader whether it is still there.
found are_you_there(std::uint64_t seed, const faults& all) {
  fallacies::world w(seed);
  w.inject(all);
  found it;
  w.start("ann", [&](gof::node& n) {
    return kept(n.serve("alive", [&](const gof::message&, gof::responder r) {
      ++it.acknowledged;
      r.reply({});
    }));
  });
  for (int i = 0; i < 16; ++i)
    w.start("n" + std::to_string(i), [&](gof::node& n) {
      auto heard = std::make_shared<gof::time_point>(n.now());
      every(n, 200ms, [&, heard] {
        n.call({"alive"},
               [&, heard](const auto& r) {
                 if (r) *heard = n.now();
               },
               {1s})
            .detach();
        if (n.now() - *heard > 1200ms)
          it.violate("steady", n.name() + " leads, and nothing was wrong with who did before");
      });
      return shelf();
    });
  w.run(9s);
  return std::move(it).in(w);
}

// The greatest token may write, whoever gave it.
found the_greatest_token(std::uint64_t seed, const faults& all) {
  fallacies::world w(seed);
  w.inject(all);
  found it;
  std::uint64_t newest = 0;
  std::map<std::uint64_t, std::string> whose;
  w.start("disk", [&](gof::node& n) {
    return kept(n.serve("file", [&](const gof::message& m, gof::responder r) {
      const auto token = wire::decode<std::uint64_t>(m.body);
      if (token < newest) return r.fail({gof::errc::conflict, {}, {}});
      newest = token;
      if (whose.emplace(token, m.principal).first->second != m.principal)
        it.violate("fenced", "the disk took a line of leader " + std::to_string(token) +
                                 ", and two had that number");
      ++it.acknowledged;
      r.reply({});
    }));
  });
  compete(w, {"ann", "bob", "eva"}, [&](gof::node& n) {
    const bool newer = w.version(n.name()) > 1;  // It calls the election something else.
    auto mine = std::make_shared<flag>(n, flag::options{1s, 300ms, newer ? "naive.eu" : "naive"},
                                       [](std::uint64_t) {});
    every(n, 50ms, [&n, &of = *mine] {
      if (of.leads()) n.call({"file", wire::encode(of.token())}, [](const auto&) {}).detach();
    });
    return mine;
  });
  w.run(9s);
  return std::move(it).in(w);
}

// ---- The cells ----------------------------------------------------------------------------------

sim::recipe recipe(std::vector<kind> more = {},
                   std::vector<std::string> who = {"ann", "bob", "eva", "disk", "c0", "broker"}) {
  return any_loss(std::move(who), std::move(more), 5s, 6);
}
auto any_of(const sim::recipe& of) {
  return [of](std::uint64_t seed) {
    faults all = over_in_time(sim::random_faults(seed, of), "ann");
    for (sim::fault& one : all) {
      if (one.what == kind::crash) one.amount = 0;  // The broker syncs what it keeps.
      if (one.what == kind::crash_before_nth_answer)
        one.lasts = std::min<gof::duration>(one.lasts, 1s);
    }
    return all;
  };
}
// Ours, in that way. \tparam Mark what has to come about
template <class Mark>
fallacies::program write(plan how, Mark mark) {
  return [=](std::uint64_t seed, const faults& all) {
    plan of = how;
    const auto each = [&](auto is) { return std::all_of(all.begin(), all.end(), is); };
    of.network.synced = each([](const sim::fault& one) {
      return one.what != kind::crash || one.who != "broker" || one.amount == 0;
    });
    of.one_clock = of.network.synced &&
                   each([](const sim::fault& one) { return one.what != kind::clock_jump; });
    // These are no reason for another leader.
    of.steady = each([&](const sim::fault& one) {
      return (one.what == kind::version && one.who != "ann") ||
             (one.what == kind::narrow && one.amount >= 2500) ||
             (one.what == kind::delay && one.amount * 2us < of.time_to_live / 3 - 10ms);
    });
    if (of.idle) of.candidates = std::size_t(4) << seed % 3;
    log_file it(seed, all, of);
    found what = it.spent();
    what.reached = mark(it.reached, what.counts);
    return what;
  };
}

std::vector<fallacies::cell> cells() {
  using marks = log_file::marks;
  using counts = sim::ledger;
  return {
      {'R',
       "The network is reliable",
       "a leader stands still, another one writes, and it wakes up and writes",
       "fenced",
       "a former leader was refused at the disk",
       {{2s, 2500ms, kind::pause, "ann", 0}},
       [](std::uint64_t seed) {
         faults all = any_of(recipe({kind::pause, kind::pause, kind::clock_jump}))(seed);
         if (seed % 4 == 1) {  // Without power, and what it kept is not synced.
           std::erase_if(all, [](const sim::fault& one) { return one.who == "disk"; });
           all.push_back(
               {2s + 1ms * static_cast<int>(seed * 97 % 2000), 300ms, kind::crash, "broker", 1});
         }
         for (int i = 0; seed % 2 == 0 && i < 2; ++i) {  // Longer than the lease, and not given up.
           const auto at = 1s + 1ms * static_cast<int>(seed * 53 % 900) + 2s * i;
           all.push_back({at, 2200ms, kind::pause, i == 0 ? "ann" : "bob", 0});
           // When the disk comes back, another one has written, and the former one has not yet.
           if (seed % 3 == 0) all.push_back({at + 1900ms, 100ms, kind::crash, "disk", 0});
         }
         return all;
       },
       write_if_it_leads,
       write({}, [](const marks& it, const counts&) { return it.fenced > 0; })},
      {'S',
       "The network is secure",
       "an old claim is heard again, and believed",
       "genuine",
       "a tap sent again what leaders had sent, and lines of it were refused",
       {{4s, 1s, kind::replay, "ann", 5}},
       [](std::uint64_t seed) {
         sim::recipe of = recipe({kind::replay, kind::pause}, {"ann", "bob", "eva", "disk"});
         std::erase(of.what, kind::flip);
         faults all = any_of(of)(seed);
         for (int i = 1; i <= 4; ++i)
           all.push_back({1100ms * i, {}, kind::replay, i % 2 == 0 ? "ann" : "bob", 1 + seed % 7});
         return all;
       },
       who_is_written_there,
       write({.network = {.sealed = false}},
             [](const marks& it, const counts& in) {
               return hits(in, kind::replay) > 0 && it.fenced + it.repeated > 0;
             })},
      {'H',
       "The network is homogeneous",
       "one node reads a time to live in another unit",
       "steady",
       "a candidate was given a thousandth of the time that others were given",
       {{2s, 300ms, kind::version, "bob", 2}},
       [](std::uint64_t seed) {
         faults all = any_of(recipe({kind::version, kind::version, kind::version},
                                    {"ann", "bob", "eva", "broker"}))(seed);
         for (sim::fault& one : all)  // There has to be one with time enough.
           if (one.what == kind::version && one.who != "bob") one.who = "eva";
         if (seed % 2 == 0) {
           std::erase_if(all, [](const sim::fault& one) { return one.what != kind::version; });
           all.push_back({1s, 500ms, kind::version, seed % 4 == 0 ? "bob" : "eva", 2});
         }
         return all;
       },
       as_long_as_one_thinks,
       write({.units = true}, [](const marks& it, const counts&) { return it.hurried > 0; })},
      {'T',
       "Topology does not change",
       "an old address still answers, with the old instance",
       "current",
       "the leader was another node, and calls were answered by both",
       {{2s, 3s, kind::pause, "ann", 0}},
       any_of(recipe({kind::crash, kind::crash, kind::move, kind::move, kind::pause},
                     {"ann", "bob", "eva", "c0", "broker"})),
       ask_the_same_again,
       write({},
             [](const marks& it, const counts&) { return it.handed_over > 0 && it.answered > 5; })},
      {'L',
       "Latency is zero",
       "a renewal is later than the end of what it renews",
       "steady",
       "messages were late, and a leader was acknowledged",
       {{1s, 7s, kind::delay, "ann", 300'000}},
       [](std::uint64_t seed) {
         if (seed % 2 == 0)
           return any_of(recipe({kind::delay, kind::delay, kind::reorder, kind::reorder}))(seed);
         faults all;  // Those that are no reason for another leader.
         sim::chance by(seed);
         for (int i = 0; i < 3; ++i)
           all.push_back({1s + 1700ms * i, 1s + 1ms * static_cast<int>(by.below(500)), kind::delay,
                          std::array{"ann", "bob", "disk", "broker"}[by.below(4)],
                          50'000 + by.below(250'000)});
         return all;
       },
       just_in_time,
       write({.time_to_live = 2s},
             [](const marks& it, const counts& in) {
               return hits(in, kind::delay) > 0 && it.answered > 0;
             })},
      {'B',
       "Bandwidth is infinite",
       "all call the new leader at once, and again before they are answered",
       "bounded",
       "a leader had as many calls as it takes",
       {{2s, 3s, kind::crash, "ann", 0}},
       any_of(recipe({kind::crash, kind::crash, kind::pause}, {"ann", "bob", "disk", "broker"})),
       queue_and_ask_again,
       write({.candidates = 2, .callers = 12, .pace = 700ms, .takes = 80ms, .at_once = 4},
             [](const marks& it, const counts&) { return it.full > 0; })},
      {'C',
       "Transport cost is zero",
       "all ask the leader whether it is there, until nothing else gets through",
       "steady",
       "an idle election of 4, 8 or 16, one of them on a narrow link",
       {{1s, 8s, kind::narrow, "ann", 2500}},
       [](std::uint64_t seed) {
         faults all;
         sim::chance by(seed);
         for (int i = 0; i < 3; ++i)
           all.push_back({2s * i, 2s, kind::narrow,
                          std::array{"ann", "bob", "eva", "broker"}[by.below(4)],
                          2500 + by.below(5000)});
         return all;
       },
       are_you_there,
       write({.idle = true},
             [](const marks&, const counts& in) { return hits(in, kind::narrow) > 10; })},
      {'A',
       "There is one administrator",
       "two elections are held for one file",
       "fenced",
       "a leader of another election was refused",
       {{2s, 300ms, kind::version, "eva", 2}},
       [](std::uint64_t seed) {
         faults all = any_of(recipe({kind::deny, kind::deny, kind::pause}))(seed);
         for (sim::fault& one : all)  // The disk's own administrator is not meant.
           if (one.what == kind::deny && (one.who == "disk" || one.who == "broker"))
             one.who = "ann";
         all.push_back(
             {1ms * static_cast<int>(500 + seed * 37 % 4000), 300ms, kind::version, "eva", 2});
         return all;
       },
       the_greatest_token,
       write({.renamed = true}, [](const marks& it, const counts&) { return it.strangers > 0; })},
  };
}
}  // namespace

int main(int count, char** arguments) {
  return fallacies::matrix("singleton", cells()).run(count, arguments);
}
