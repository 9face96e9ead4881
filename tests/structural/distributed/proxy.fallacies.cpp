// SPDX-License-Identifier: BSL-1.0
// What the fallacies do to Proxy over a network: a gallery in a museum, and those who hang pictures
// there from afar. (That it is homogeneous: tests/engines/pyro/homogeneous.test.cpp.)

#include <array>
#include <deque>
#include <gof/distributed/proxy.hpp>
#include <map>
#include <set>

#include "support/fallacies.hpp"

namespace {

namespace sim = gof::sim;
namespace wire = gof::wire;
namespace remoting = gof::proxy::distributed;
namespace decorator = gof::decorator::distributed;
using namespace std::chrono_literals;
using fallacies::any_loss, fallacies::kept, fallacies::shelf;
using fallacies::faults, fallacies::found, sim::kind;
using gof::outcome, gof::errc, gof::result;

struct receipt {
  std::string name{};      // of the picture
  std::uint64_t life = 0;  // of the gallery
};
BOOST_DESCRIBE_STRUCT(receipt, (), (name, life))

struct easel {
  virtual ~easel() = default;
  virtual std::uint64_t paint(std::uint32_t at, std::uint8_t grey) = 0;
};
GOF_REMOTE(easel, paint)

struct gallery {
  virtual ~gallery() = default;
  virtual receipt hang(std::string name, std::string pixels) = 0;
  virtual std::uint64_t size_of(std::string name) const = 0;
  virtual remoting::reference<easel> place(std::string pixels) = 0;
};
GOF_REMOTE(gallery, hang, size_of, place)

// What ran where: no crash reaches it.
using deeds = std::map<std::string, std::vector<std::uint64_t>>;  // by name, in which lives

struct canvas final : easel {
  explicit canvas(std::string with) : pixels(std::move(with)) {}
  std::uint64_t paint(std::uint32_t at, std::uint8_t grey) override {
    pixels.at(at) = static_cast<char>(grey);
    return ++strokes;
  }
  std::string pixels;
  std::uint64_t strokes = 0;
};

// RealSubject, exposed by its name; its easels are found by their references only.
class museum final : public gallery {
 public:
  museum(gof::node& on, deeds& all, std::uint64_t life, remoting::remembering most)
      : node_(&on), ran_(&all), life_(life), served_(on, "gallery", *this, most) {}
  receipt hang(std::string name, std::string) override {
    if (name.empty()) throw std::invalid_argument("a picture has a name");
    (*ran_)[name].push_back(life_);
    return {name, life_};
  }
  std::uint64_t size_of(std::string name) const override { return name.size(); }
  remoting::reference<easel> place(std::string pixels) override {
    const auto& it = canvases_.emplace_back(std::move(pixels));
    return easels_.emplace_back(*node_, const_cast<canvas&>(it)).reference();
  }
  [[nodiscard]] const remoting::receiver& remembered() const { return served_.remembered(); }
  [[nodiscard]] std::string at() const { return served_.reference().subject; }

 private:
  gof::node* node_;
  deeds* ran_;
  std::uint64_t life_;
  std::deque<canvas> canvases_{};
  remoting::exposed<gallery> served_;
  std::deque<remoting::exposed<easel>> easels_{};
};

// Repeats a call, with its id, until it is answered or its time is over. What may have run once is
// not told to have been refused later.
class stubborn final : public decorator::component {
 public:
  explicit stubborn(gof::node& on, gof::duration patience = 400ms)
      : node_(&on), patience_(patience) {}
  void call(gof::message m, gof::completion<gof::message> done,
            decorator::call_options how) override {
    again(std::move(m), std::move(done), node_->now() + how.deadline, false);
  }

 private:
  void again(gof::message m, gof::completion<gof::message> done, gof::time_point until, bool ran) {
    gof::message copy = m;
    const gof::duration left = until - node_->now();
    auto answered = [this, m = std::move(m), done = std::move(done), until,
                     ran](result<gof::message> r) mutable {
      if (r) return done(std::move(r));
      ran = ran || r.outcome() == outcome::unknown;
      const bool over = node_->now() >= until;
      if (over && ran) return done(gof::error{errc::deadline, r.error().text(), {}});
      if (!ran || over) return done(std::move(r));
      auto repeat = [this, m = std::move(m), done = std::move(done), until]() mutable {
        again(std::move(m), std::move(done), until, true);
      };
      node_->after(50ms, scope_.bind(std::move(repeat))).detach();
    };
    node_->call(std::move(copy), scope_.bind(std::move(answered)), {std::min(patience_, left)})
        .detach();
  }
  gof::node* node_;
  gof::duration patience_;
  gof::scope scope_;
};

// It waits for a message to hit, of each node.
bool lies_in_wait(const sim::fault& one) {
  return one.what == kind::lose_nth_request || one.what == kind::lose_nth_answer ||
         one.what == kind::crash_before_nth_answer;
}
gof::time_point end_of(const sim::fault& one) {
  return gof::time_point{} + one.at + one.lasts +
         lies_in_wait(one) * 2s * static_cast<int>(one.amount);
}
gof::time_point end_of(const faults& all) {
  gof::time_point end{};
  for (const sim::fault& one : all) end = std::max(end, end_of(one));
  return end;
}

// ---- Ours: a gallery, and those who hang pictures there -----------------------------------------

// How it goes.
struct plan {
  sim::options network{};
  bool fail_over = true;        // There is an annex, too, and it does as well.
  gof::duration pause = 100ms;  // Between two calls of a visitor.
  gof::duration lease = 30s;    // Of a session.
  bool mallory = false;         // Whose program is another one from a fault on.
};

class visits {
 public:
  // What came about, for the marks.
  struct marks {
    std::size_t repeated = 0, elsewhere = 0, unknown = 0, gone = 0, denied = 0, tried = 0;
    std::size_t renewed = 0;
  } reached{};

  visits(std::uint64_t seed, const faults& all, plan how)
      : how_(how), faults_(all), world_(seed, how.network) {
    world_.inject(all);
    if (how_.mallory)
      world_.listen([this](const std::string& who, const gof::engines::request& it) {
        const auto* ask = std::get_if<gof::engines::ask>(&it.what);
        if (ask && who == "ada") overheard_ = ask->what;
      });
  }
  found spent() {
    for (const char* name : {"museum", "annex"})
      if (name == std::string("museum") || how_.fail_over)
        world_.start(name, [this](gof::node& n) {
          const remoting::remembering most{.lease = how_.lease};
          auto it = std::make_shared<museum>(n, ran_, ++lives_, most);
          galleries_[n.name()] = it;
          return it;
        });
    for (const char* name : {"ada", "ben"})
      world_.start(name, [this](gof::node& n) { return std::make_shared<visitor>(n, *this); });
    if (how_.mallory)
      world_.start("mallory", [this](gof::node& n) {
        auto it = std::make_shared<stranger>(n, *this);
        return world_.version("mallory") > 1 ? it : nullptr;
      });
    for (int i = 0; i < 18; ++i) world_.run(500ms), look_at_galleries();
    world_.run(std::max(end_of(faults_) - world_.now(), gof::duration::zero()) + 8s);
    calm_ = true;
    world_.run(deadline + 3s);
    look();
    return std::move(it_).in(world_);
  }

 private:
  static constexpr gof::duration deadline = 3s;
  struct made {  // A call, as its visitor knows it.
    std::string by, name;
    int visitor, remote;
    bool batch;
    gof::time_point began, ended{};
    std::optional<result<receipt>> came{};
  };

  // Ada, who repeats her calls, or Ben, who does not; until a crash.
  class visitor {
   public:
    visitor(gof::node& on, visits& in) : node_(on), in_(in), again_(on) {
      number_ = ++in.visitors_[on.name()];
      find();
      act();
    }

   private:
    void find() {
      remote_ = ++in_.remotes_;
      decorator::component* const through = node_.name() == "ada" ? &again_ : nullptr;
      found_.emplace_back(node_, "gallery",
                          remoting::calling{deadline, in_.how_.fail_over, through});
    }
    void act() {
      const auto wait =
          in_.how_.pause / 2 + in_.how_.pause * static_cast<int>(node_.random() % 64) / 64;
      node_
          .after(wait, scope_.bind([this] {
            if (in_.calm_) return;
            if (gone_) find(), gone_ = false;
            hang();
            act();
          }))
          .detach();
    }
    void hang() {
      const bool batch = node_.random() % 8 == 0;
      const std::string name = "p" + std::to_string(in_.calls_.size());
      made& it = in_.calls_.emplace_back(
          made{node_.name(), name, number_, remote_, batch, in_.world_.now()});
      auto done = [this, &it](result<receipt> what) {
        if (it.came) in_.it_.violate("ends", "a completion was called twice");
        it.ended = in_.world_.now();
        if (!what && what.error().why == errc::nobody_there) gone_ = true;
        it.came.emplace(std::move(what));
      };
      if (!batch) return found_.back().call<&gallery::hang>(std::move(done), name, "0123");
      auto b = found_.back().batch();
      b.add<&gallery::hang>(std::move(done), name, "0123");
      b.add<&gallery::hang>({}, "", "which throws");
      b.add<&gallery::hang>({}, name + ", after a failure", "0123");
      b.send();
    }
    gof::node& node_;
    visits& in_;
    stubborn again_;
    int number_ = 0, remote_ = 0;
    bool gone_ = false;
    std::deque<remoting::remote<gallery>> found_;  // the last is used
    gof::scope scope_;
  };

  // Mallory knows the protocol, and what ada sends. All it calls pictures has its name.
  class stranger {
   public:
    stranger(gof::node& on, visits& in) : node_(on), in_(in), opened_(on, "gallery") { act(); }

   private:
    void act() {
      node_
          .after(150ms, scope_.bind([this] {
            if (in_.calm_) return;
            const std::uint64_t by = node_.random();
            const auto& heard = in_.overheard_;
            const std::string hidden = "gallery." + std::string(22, by / 8 % 2 == 0 ? 'A' : 'B');
            if (by % 4 == 0) open("gallery");  // and then called by its name
            if (by % 4 == 1) send(hidden, by | 1, 1), open(hidden);
            // What ada uses next, so that hers would be taken for a repetition.
            if (by % 4 >= 2 && heard)
              send(heard->subject, heard->id.client, heard->id.sequence + by / 4 % 3);
            act();
          }))
          .detach();
    }
    void send(const std::string& to, std::uint64_t session, std::uint64_t number) {
      const auto arguments = wire::encode(std::tuple<std::string, std::string>("mallory's", ""));
      const remoting::detail::asked what{session, number, 1, {"hang", arguments}};
      gof::message m(to, wire::encode(what), {session, number});
      ++in_.reached.tried;
      node_
          .call(std::move(m), scope_.bind([this](const result<gof::message>& r) { told(r); }), {1s})
          .detach();
    }
    // With a reference that is guessed, and then a session of its own.
    void open(const std::string& to) {
      node_
          .call({to}, scope_.bind([this, to](const result<gof::message>& r) {
            remoting::detail::opened it;
            if (r && wire::decode_into(std::string_view(r->body), it) == wire::refusal::none)
              send(to, it.session, 1);
          }),
                {1s})
          .detach();
    }
    void told(const result<gof::message>& r) {
      if (r) {
        remoting::detail::answered it;
        const bool is_one = wire::decode_into(std::string_view(r->body), it) == wire::refusal::none;
        if (!is_one || !std::get<remoting::detail::results_of>(it).empty())
          in_.it_.violate("permitted", "mallory has hung a picture");
      }
    }
    gof::node& node_;
    visits& in_;
    remoting::remote<gallery> opened_;
    gof::scope scope_;
  };

  void look_at_galleries() {
    for (const auto& [name, weak] : galleries_)
      if (const auto it = weak.lock()) {
        const auto& of = it->remembered();
        if (of.bytes() > of.sessions() * 30 * 120)
          it_.violate("bounded", name + " keeps " + std::to_string(of.bytes()) + " bytes for " +
                                     std::to_string(of.sessions()) + " sessions");
      }
  }
  // No fault was there from long before it until its end.
  [[nodiscard]] bool in_peace(const made& it) const {
    return std::none_of(faults_.begin(), faults_.end(), [&](const sim::fault& one) {
      return lies_in_wait(one) ||
             (gof::time_point{} + one.at <= it.ended && end_of(one) + 6s >= it.began);
    });
  }
  // All that went wrong so far was that answers did not come to ada, who repeats her calls, and
  // there was time enough after.
  [[nodiscard]] bool only_answers(const made& it) const {
    gof::time_point end{};
    for (const sim::fault& one : faults_) {
      if (gof::time_point{} + one.at > it.ended) continue;
      if (one.what != kind::lose_answers || one.who != "ada") return false;
      end = std::max(end, end_of(one));
    }
    return it.by == "ada" && it.began + deadline > end + 1s;
  }
  void look() {
    std::map<int, std::set<std::uint64_t>> lives;  // which a remote has reached
    std::set<std::string> known;
    bool one_after = false;
    for (const made& it : calls_) {
      known.insert(it.name);
      const auto ran = ran_.find(it.name);
      const std::size_t times = ran == ran_.end() ? 0 : ran->second.size();
      if (times > 1)
        it_.violate("once",
                    it.by + "'s " + it.name + " was hung " + std::to_string(times) + " times");
      if (times > 0) lives[it.remote].insert(ran->second.front());
      if (!it.came) {
        if (visitors_.at(it.by) == it.visitor)
          it_.violate("ends", it.by + " was never told what came of " + it.name);
        continue;
      }
      const result<receipt>& came = *it.came;
      const std::string told =
          it.by + " was told of " + it.name + ": " + (came ? "it hangs" : came.error().text());
      const bool paused = std::any_of(faults_.begin(), faults_.end(), [&](const sim::fault& one) {
        return (one.what == kind::pause || one.what == kind::clock_jump) && one.who == it.by;
      });
      if (it.ended - it.began > deadline + 500ms && !paused) it_.violate("ends", told + ", late");
      if (came) {
        ++it_.acknowledged;
        if (times != 1)
          it_.violate("once", told + ", and it does not");
        else if (came->name != it.name || came->life != ran->second.front())
          it_.violate("own", told + ", by the answer for " + came->name);
        reached.repeated += it.ended - it.began > 400ms;
        one_after = one_after || it.began > end_of(faults_) + 6s;
        continue;
      }
      if (came.outcome() == outcome::not_applied && times > 0)
        it_.violate("told", told + ", and it hangs");
      if (in_peace(it) || only_answers(it))
        it_.violate("answered", told + ", and nothing was wrong");
      reached.unknown += came.outcome() == outcome::unknown;
      reached.gone += came.error().why == errc::nobody_there;
      if (came.error().why != errc::denied) continue;
      ++reached.denied;
      if (came.error().message.find(it.by + " may not call gallery") == std::string::npos)
        it_.violate("told", told + ", without who may not do what");
    }
    for (const auto& [name, in] : ran_)
      if (!known.contains(name))
        it_.violate(name.find("mallory") == 0 ? "permitted" : "told",
                    '"' + name + "\" hangs there");
    for (const auto& [remote, in] : lives) {
      if (in.size() > 1 && !how_.fail_over)
        it_.violate("meant", "calls meant for one gallery ran in " + std::to_string(in.size()));
      reached.elsewhere += in.size() > 1;
    }
    if (!one_after && !calls_.empty() && it_.acknowledged == 0)
      it_.violate("recovers", "when all was well again, no picture could be hung");
  }

  plan how_;
  faults faults_;
  found it_;
  bool calm_ = false;
  deeds ran_;
  std::deque<made> calls_;
  std::uint64_t lives_ = 0;
  int remotes_ = 0;
  std::map<std::string, int> visitors_;
  std::map<std::string, std::weak_ptr<museum>> galleries_;
  std::optional<gof::message> overheard_;
  fallacies::world world_;
};

// ---- Ours: a page, a picture, and a wall --------------------------------------------------------

constexpr int properties = 30;

// Draws pages of so many properties each, in one message. Links are slow by D at most, so a page
// takes two round trips at most: one to find the gallery, and one.
found draw_pages(std::uint64_t seed, const faults& all) {
  fallacies::world w(seed, {.silence = 1min});
  w.inject(all);
  deeds none;
  const auto at = w.join("museum"), ada = w.join("ada");
  museum real(*at, none, 1, {});
  w.run(500ms);
  gof::duration slow{};
  for (const sim::fault& one : all)
    if (one.what == kind::delay)
      slow += std::chrono::microseconds(one.amount) * (one.who == "broker" ? 4 : 2);
  found it;
  remoting::remote<gallery> g(*ada, "gallery", {.deadline = 2min});
  while (w.now() < end_of(all) + 1s) {
    bool done = false;
    auto b = g.batch();
    for (int i = 0; i < properties; ++i)
      b.add<&gallery::size_of>([&](const auto& r) { it.acknowledged += r ? 1 : 0; },
                               std::string(3, 'x'));
    const auto began = w.now();
    b.send([&](const result<void>& r) {
      if (!r) it.violate("round trips", "a page was not drawn: " + r.error().text());
      done = true;
    });
    w.run_until([&] { return done; }, 3min);
    if (w.now() - began > 2 * (slow + 250ms))
      it.violate("round trips", "a page took " + std::to_string((w.now() - began) / 1ms) + " ms");
    it.reached = it.reached || w.now() - began > 50ms;
    w.run(200ms);
  }
  return std::move(it).in(w);
}

constexpr std::uint32_t strokes = 20;
constexpr std::size_t pixels = 30'000;

// A picture goes there once; who paints on it has its reference.
found paint_there(std::uint64_t seed, const faults& all) {
  fallacies::world w(seed, {.silence = 1min});
  w.inject(all);
  deeds none;
  const auto at = w.join("museum"), ada = w.join("ada");
  museum real(*at, none, 1, {});
  w.run(500ms);
  stubborn again(*ada, 5s);
  found it;
  remoting::remote<gallery> g(*ada, "gallery", {.deadline = 1min, .through = &again});
  std::optional<remoting::remote<easel>> on;
  std::uint64_t painted = 0, wrong = 0;
  // The reference may be there before calls to it are let through: then they are not applied.
  std::function<void(std::uint32_t)> paint = [&](std::uint32_t where) {
    on->call<&easel::paint>(
        [&, where](const result<std::uint64_t>& r) {
          if (!r && r.outcome() == outcome::not_applied)
            return ada->after(100ms, [&, where] { paint(where); }).detach();
          r ? ++painted : ++wrong;
        },
        where, std::uint8_t{7});
  };
  std::function<void()> place = [&] {
    g.call<&gallery::place>(
        [&](const result<remoting::reference<easel>>& r) {
          if (!r && r.outcome() == outcome::not_applied) return ada->after(100ms, place).detach();
          on.emplace(*ada, r.value(), remoting::calling{.deadline = 1min, .through = &again});
          for (std::uint32_t i = 0; i < strokes; ++i)
            ada->after(100ms * i, [&, i] { paint(i); }).detach();
        },
        std::string(pixels, ' '));
  };
  place();
  const auto until = std::max(end_of(all), gof::time_point{} + 5s) + 10s;
  w.run_until([&] { return painted + wrong == strokes; }, until - w.now());
  it.acknowledged = painted;
  it.reached = w.bytes("ada") < 3 * pixels && painted > 0;
  if (painted < strokes)
    it.violate("in time", std::to_string(painted) + " of " + std::to_string(strokes) +
                              " strokes are painted, with " + std::to_string(w.bytes("ada")) +
                              " bytes");
  return std::move(it).in(w);
}

constexpr std::array visitors{"v0", "v1", "v2", "v3"};
// How old what a visitor sees is at most, over a link of so many bytes a second.
constexpr gof::duration oldest = 4s;
void look_at_walls(found& it, const std::map<std::string, gof::time_point>& seen,
                   gof::time_point now) {
  for (const auto& [who, when] : seen)
    if (now - when > oldest)
      it.violate("fresh",
                 "what " + who + " sees is " + std::to_string((now - when) / 1ms) + " ms old");
}

// Four who watch ten properties each, all together once a second, each in one message.
found watch_walls(std::uint64_t seed, const faults& all) {
  fallacies::world w(seed, {.silence = 1min});
  w.inject(all);
  deeds none;
  const auto at = w.join("museum");
  museum real(*at, none, 1, {});
  std::vector<std::unique_ptr<gof::node>> nodes;
  std::deque<stubborn> again;
  std::deque<remoting::remote<gallery>> remotes;
  for (const char* name : visitors) {
    nodes.push_back(w.join(name));
    again.emplace_back(*nodes.back(), 1s);
    remotes.emplace_back(*nodes.back(), "gallery",
                         remoting::calling{.deadline = 3s, .through = &again.back()});
  }
  w.run(500ms);
  found it;
  std::map<std::string, gof::time_point> seen;
  for (const char* name : visitors) seen[name] = w.now();
  std::uint64_t looks = 0;
  while (w.now() < end_of(all) + 2s) {
    for (std::size_t v = 0; v < visitors.size(); ++v) {
      auto b = remotes[v].batch();
      for (int i = 0; i < 10; ++i) b.add<&gallery::size_of>({}, "wall " + std::to_string(i));
      b.send([&, v, asked = w.now()](const result<void>& r) {
        if (r) seen[visitors[v]] = asked, ++it.acknowledged;
      });
      ++looks;
    }
    w.run(1s);
    look_at_walls(it, seen, w.now());
    const auto& counts = w.counts();
    it.reached =
        it.reached || (looks > 8 && counts.effective[static_cast<std::size_t>(kind::narrow)] > 20);
  }
  return std::move(it).in(w);
}

// ---- The naive ones -----------------------------------------------------------------------------

// No answer: call again.
found call_again(std::uint64_t seed, const faults& all) {
  fallacies::world w(seed);
  w.inject(all);
  std::map<std::string, int> hung;
  const auto at = w.join("museum"), ada = w.join("ada");
  const auto serves = at->serve("gallery", [&](const gof::message& m, gof::responder r) {
    ++hung[m.body];
    r.reply("it hangs");
  });
  w.run(500ms);
  found it;
  std::function<void(std::string)> hang = [&](const std::string& name) {
    ada->call({"gallery", name},
              [&, name](const auto& r) { r ? void(++it.acknowledged) : hang(name); }, {500ms})
        .detach();
  };
  for (int i = 0; i < 60; ++i) hang("p" + std::to_string(i)), w.run(100ms);
  w.run(10s);
  for (const auto& [name, times] : hung)
    if (times > 1) it.violate("once", name + " was hung " + std::to_string(times) + " times");
  return std::move(it).in(w);
}

// Objects have numbers, one after the other; who knows one may call.
found number_them(std::uint64_t seed, const faults& all) {
  fallacies::world w(seed);
  w.inject(all);
  found it;
  std::map<std::string, int> hung;
  const auto at = w.join("museum"), ada = w.join("ada");
  const auto serves = at->serve("gallery.7", [&](const gof::message& m, gof::responder r) {
    ++hung[m.body];
    r.reply("it hangs");
  });
  w.start("mallory", [&](gof::node& n) {
    for (int i = 0; i < 20 && w.version("mallory") > 1; ++i)
      n.call({"gallery." + std::to_string(i), "mallory's"}, [](const auto&) {}).detach();
    return shelf();
  });
  for (int i = 0; i < 40; ++i) {
    ada->call({"gallery.7", "ada's"}, [&](const auto& r) { it.acknowledged += r ? 1 : 0; })
        .detach();
    w.run(100ms);
  }
  w.run(5s);
  if (hung["mallory's"] > 0) it.violate("permitted", "mallory has hung a picture in gallery.7");
  return std::move(it).in(w);
}

// A name is good for ever: whoever has it now is meant.
found keep_the_name(std::uint64_t seed, const faults& all) {
  fallacies::world w(seed);
  w.inject(all);
  found it;
  std::set<int> lives;
  int life = 0;
  w.start("museum", [&](gof::node& n) {
    return kept(n.serve("gallery.1", [&, mine = ++life](const gof::message&, gof::responder r) {
      lives.insert(mine);
      r.reply("it hangs");
    }));
  });
  const auto ada = w.join("ada");
  w.run(500ms);
  for (int i = 0; i < 80; ++i) {
    ada->call({"gallery.1", "next to the last"},
              [&](const auto& r) { it.acknowledged += r ? 1 : 0; }, {1s})
        .detach();
    w.run(100ms);
  }
  if (lives.size() > 1)
    it.violate("meant", "calls meant for one gallery ran in " + std::to_string(lives.size()));
  return std::move(it).in(w);
}

// One property after the other.
found get_each(std::uint64_t seed, const faults& all) {
  fallacies::world w(seed, {.silence = 1min});
  w.inject(all);
  found it;
  const auto at = w.join("museum"), ada = w.join("ada");
  const auto serves =
      at->serve("gallery", [](const gof::message& m, gof::responder r) { r.reply(m.body); });
  w.run(3s);
  const auto began = w.now();
  for (int i = 0; i < properties; ++i) {
    bool done = false;
    ada->call({"gallery", "xxx"}, [&](const auto& r) { it.acknowledged += r ? 1 : 0, done = true; },
              {2min})
        .detach();
    w.run_until([&] { return done; }, 3min);
  }
  gof::duration slow{};
  for (const sim::fault& one : all) slow += 4 * std::chrono::microseconds(one.amount);
  if (w.now() - began > 2 * (slow + 250ms))
    it.violate("round trips", "a page took " + std::to_string((w.now() - began) / 1ms) + " ms");
  return std::move(it).in(w);
}

// The picture goes with each call.
found send_it_each_time(std::uint64_t seed, const faults& all) {
  fallacies::world w(seed, {.silence = 1min});
  w.inject(all);
  found it;
  const auto at = w.join("museum"), ada = w.join("ada");
  const auto serves = at->serve(
      "paint", [](const gof::message& m, gof::responder r) { r.reply(m.body.substr(0, 8)); });
  w.run(500ms);
  for (std::uint32_t i = 0; i < strokes; ++i)
    ada->after(100ms * i,
               [&] {
                 ada->call({"paint", std::string(pixels, ' ')},
                           [&](const auto& r) { it.acknowledged += r ? 1 : 0; }, {1min})
                     .detach();
               })
        .detach();
  w.run(std::max(end_of(all) - w.now(), gof::duration(5s)) + 10s);
  if (it.acknowledged < strokes)
    it.violate("in time", std::to_string(it.acknowledged) + " of " + std::to_string(strokes) +
                              " strokes are painted, with " + std::to_string(w.bytes("ada")) +
                              " bytes");
  return std::move(it).in(w);
}

// A getter is cheap.
found get_all_the_time(std::uint64_t seed, const faults& all) {
  fallacies::world w(seed, {.silence = 1min});
  w.inject(all);
  found it;
  const auto at = w.join("museum");
  const auto serves =
      at->serve("gallery", [](const gof::message& m, gof::responder r) { r.reply(m.body); });
  std::vector<std::unique_ptr<gof::node>> nodes;
  for (const char* name : visitors) nodes.push_back(w.join(name));
  w.run(500ms);
  std::map<std::string, gof::time_point> seen;
  for (const char* name : visitors) seen[name] = w.now();
  for (int second = 0; second < 12; ++second) {
    for (const auto& one : nodes) {
      const auto left = std::make_shared<int>(10);
      for (int i = 0; i < 10; ++i)
        one->call({"gallery", "wall " + std::to_string(i)},
                  [&, left, who = one->name(), asked = w.now()](const auto& r) {
                    if (r && --*left == 0) seen[who] = asked, ++it.acknowledged;
                  },
                  {3s})
            .detach();
    }
    w.run(1s);
    look_at_walls(it, seen, w.now());
  }
  return std::move(it).in(w);
}

// An answer comes sooner or later.
found wait_for_it(std::uint64_t seed, const faults& all) {
  fallacies::world w(seed);
  w.inject(all);
  found it;
  const auto ada = w.join("ada");
  w.start("museum", [&](gof::node& n) {
    return kept(
        n.serve("gallery", [](const gof::message& m, gof::responder r) { r.reply(m.body); }));
  });
  w.run(500ms);
  bool waits = false;
  std::function<void()> next = [&] {
    waits = true;
    ada->call({"gallery", "p"},
              [&](const auto& r) {
                it.acknowledged += r ? 1 : 0;
                waits = false;
                ada->after(900ms, [&] { next(); }).detach();
              },
              {24h})
        .detach();
  };
  next();
  w.run(30s);
  const auto before = it.acknowledged;
  w.run(20s);
  if (waits && it.acknowledged == before)
    it.violate("ends", "ada waits for an answer, when all has been well for a long time");
  return std::move(it).in(w);
}

// ---- The cells ----------------------------------------------------------------------------------

sim::recipe recipe(std::vector<kind> more = {},
                   std::vector<std::string> who = {"ada", "ben", "museum", "annex", "broker"}) {
  return any_loss(std::move(who), std::move(more), 8s, 8);
}
auto any_of(sim::recipe of) {
  return [of](std::uint64_t seed) { return sim::random_faults(seed, of); };
}
// Only these, no worse than so much.
auto no_worse(std::vector<kind> what, std::vector<std::string> who, std::uint64_t least,
              std::uint64_t range) {
  return [=](std::uint64_t seed) {
    faults all = sim::random_faults(seed, {who, what, 8s, 6});
    for (sim::fault& one : all)
      if (one.what == kind::narrow || one.what == kind::delay)
        one.amount = least + one.amount % range;
    return all;
  };
}
template <class Reached>
fallacies::program visit(plan how, Reached is_reached) {
  return [how, is_reached](std::uint64_t seed, const faults& all) {
    visits them(seed, all, how);
    found it = them.spent();
    it.reached = is_reached(them.reached, it.counts);
    return it;
  };
}

std::vector<fallacies::cell> cells() {
  using marks = visits::marks;
  using counts = sim::ledger;
  return {
      {'R',
       "The network is reliable",
       "a call is made again, as its answer was lost",
       "once",
       "a call was repeated, or it is not known whether it ran",
       {{2s, 1500ms, kind::lose_answers, "ada", 900},
        {7s, 4s, kind::lose_requests, "museum", 1000}},
       any_of(recipe()),
       call_again,
       visit({.network = {.silence = 2s}},
             [](const marks& it, const counts&) { return it.repeated + it.unknown > 0; })},
      {'S',
       "The network is secure",
       "who guesses the number of a hidden object calls it",
       "permitted",
       "mallory tried names, references and another's session",
       {{2s, 100ms, kind::version, "mallory", 2}},
       [](std::uint64_t seed) {
         faults all = sim::random_faults(
             seed, {{"ada", "ben"}, {kind::replay, kind::replay, kind::lose_answers}, 8s, 6});
         all.push_back({1s * (1 + seed % 4), 100ms, kind::version, "mallory", 2});
         return all;
       },
       number_them,
       visit({.network = {.sealed = false}, .fail_over = false, .mallory = true},
             [](const marks& it, const counts&) { return it.tried > 10; })},
      {'T',
       "Topology does not change",
       "who has come back under a name gets the calls for the one before",
       "meant",
       "the gallery was gone, and another one had its name",
       {{2s, 500ms, kind::crash, "museum", 0}},
       any_of(recipe({kind::crash, kind::move, kind::move}, {"museum", "museum", "ada", "broker"})),
       keep_the_name,
       visit({.fail_over = false}, [](const marks& it, const counts&) { return it.gone > 0; })},
      {'L',
       "Latency is zero",
       "one property after the other",
       "round trips",
       "a page took longer than 50 ms",
       {{2s, 20s, kind::delay, "broker", 200'000}},
       no_worse({kind::delay, kind::duplicate}, {"ada", "museum", "broker"}, 50'000, 200'000),
       get_each,
       draw_pages},
      {'B',
       "Bandwidth is infinite",
       "the picture goes with each call",
       "in time",
       "the picture went over the link no more than twice",
       {{0s, 9s, kind::narrow, "ada", 15'000}},
       no_worse({kind::narrow, kind::lose, kind::delay}, {"ada", "museum"}, 12'000, 30'000),
       send_it_each_time,
       paint_there},
      {'C',
       "Transport cost is zero",
       "a message for each getter",
       "fresh",
       "more than eight looks, and a narrow link",
       {{0s, 12s, kind::narrow, "museum", 2000}},
       no_worse({kind::narrow, kind::narrow, kind::reorder}, {"museum", "museum", "v0", "v1"}, 2000,
                5000),
       get_all_the_time,
       watch_walls},
      {'A',
       "There is one administrator",
       "another's firewall drops what was idle, and nobody is told",
       "ends",
       "a call was denied, or lost without a word, on a link that had been idle",
       {{2s, 3s, kind::partition, "ada", 0},
        {2s, 3s, kind::partition, "ben", 0},
        {8s, 2s, kind::deny, "ben", 0}},
       any_of(sim::recipe{
           {"ada", "ben", "museum", "annex"}, {kind::partition, kind::deny, kind::deny}, 9s, 6}),
       wait_for_it,
       visit({.pause = 1800ms, .lease = 1s},
             [](const marks& it, const counts&) { return it.denied + it.unknown > 0; })},
  };
}
}  // namespace

int main(int count, char** arguments) {
  return fallacies::matrix("proxy", cells()).run(count, arguments);
}
