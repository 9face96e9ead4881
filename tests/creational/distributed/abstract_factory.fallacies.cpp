// SPDX-License-Identifier: BSL-1.0
// What the eight fallacies do to Abstract Factory over a network: a game whose edition is replaced
// while it is played. Board, pieces and rules are made by ann, bob and eva; the shop publishes.

#include <algorithm>
#include <deque>
#include <functional>
#include <gof/distributed/abstract_factory.hpp>
#include <map>
#include <set>
#include <tuple>

#include "support/fallacies.hpp"

namespace {

namespace sim = gof::sim;
namespace wire = gof::wire;
namespace af = gof::abstract_factory::distributed;
using namespace std::chrono_literals;
using fallacies::any_loss, fallacies::every, fallacies::hits, fallacies::kept,
    fallacies::over_in_time, fallacies::shelf;
using fallacies::faults, fallacies::found, sim::kind, gof::operation_id;

struct edition {
  af::product board{}, pieces{}, rules{};
};
BOOST_DESCRIBE_STRUCT(edition, (), (board, pieces, rules))
// Of a newer program: nobody can play it who does not know of the dice.
struct dice_edition {
  af::product board{}, pieces{}, rules{};
  wire::required<af::product> dice{};
};
BOOST_DESCRIBE_STRUCT(dice_edition, (), (board, pieces, rules, dice))

// ---- Ours: games are played, and the edition is replaced ----------------------------------------

struct plan {
  sim::options network{};
  std::size_t players = 2;
  bool dice = false;       // A newer shop publishes editions with dice.
  bool stranger = false;   // Somebody asks a maker for what it does not make.
  bool rival = false;      // Another one publishes, too.
  bool catalogue = false;  // There are 150 other families.
  bool steady = false;     // The faults are no reason why a family could not be had,
  gof::duration within{};  // by then, if it is not zero.
};

class evening {
 public:
  // What came about, for the marks.
  struct marks {
    std::size_t again = 0, across = 0, refused = 0, named = 0, died = 0, kits = 0, made = 0;
    std::size_t replaced = 0, retired = 0, strangers = 0;
  } reached{};

  evening(std::uint64_t seed, const faults& all, plan how)
      : how_(how), faults_(all), world_(seed, how.network), god_(world_.join("god")) {
    world_.inject(all);
    watching_ =
        god_->watch("gof.families", "chess", [this](const gof::versioned& it) { look(it); });
  }

  found spent() {
    if (how_.catalogue)
      for (int i = 0; i < 150; ++i)
        god_->put("gof.families", "other" + std::to_string(i), std::string(400, 'x'), gof::absent,
                  [](const auto&) {})
            .detach();
    const std::vector<std::pair<const char*, const char*>> makers{
        {"ann", "board"}, {"bob", "pieces"}, {"eva", "rules"}, {"dan", "dice"}};
    for (const auto& [who, what] : makers)
      world_.start(who, [this, w = std::string(what)](gof::node& n) {
        return std::make_shared<workshop>(n, *this, w);
      });
    world_.start("shop", [this](gof::node& n) { return std::make_shared<shop>(n, *this); });
    if (how_.rival)
      world_.start("rita", [this](gof::node& n) { return std::make_shared<rival>(n, *this); });
    world_.run(700ms);
    for (std::size_t i = 0; i < how_.players; ++i)
      world_.start("c" + std::to_string(i),
                   [this](gof::node& n) { return std::make_shared<player>(n, *this); });
    if (how_.stranger)
      world_.start("mal", [this](gof::node& n) { return std::make_shared<stranger>(n, *this); });
    world_.run(5s);
    calm_ = true;
    world_.run(std::max(end_of_faults() - 5700ms, gof::duration(0)) + 4s);
    look_at_operations();
    look_at_the_end();
    it_.acknowledged = reached.made;
    return std::move(it_).in(world_);
  }

 private:
  static constexpr gof::duration span = 1200ms;  // between editions
  static constexpr int last = 4;                 // edition
  static constexpr gof::duration lease = 1200ms;

  // One piece, which says of which edition it is.
  struct part {
    part(evening& in, std::string label) : in_(in), of(std::move(label)) { ++in_.alive_; }
    part(const part&) = delete;
    part& operator=(const part&) = delete;
    ~part() { --in_.alive_; }

   private:
    evening& in_;

   public:
    std::string of;
  };
  using maker = af::maker<std::shared_ptr<part>>;

  // What a tap made of it is still the same operation: it turns the last bit.
  static std::string plain(std::string text) {
    text.back() = static_cast<char>(text.back() & ~1);
    return text;
  }

  // Makes one product, of each edition that there is: the next one is there before it is published.
  class workshop {
   public:
    workshop(gof::node& on, evening& in, std::string what)
        : node_(on), in_(in), what_(std::move(what)) {
      tick();
    }

   private:
    void tick() {
      for (; next_ <= last && node_.now().time_since_epoch() >= (next_ - 1) * span; ++next_)
        makes(std::to_string(next_));
      for (auto it = makers_.begin(); it != makers_.end();)
        if ((*it)->retired()) {
          ++in_.reached.retired;
          it = makers_.erase(it);
        } else {
          ++it;
        }
      node_.after(100ms, scope_.bind([this] { tick(); })).detach();
    }
    void makes(const std::string& label) {
      in_.there_.insert(what_ + label);
      makers_.push_back(std::make_unique<maker>(
          node_, "chess", what_, "chess." + what_ + '.' + label,
          [this, label](const std::string& body) {
            if (body.substr(0, body.find(' ')) != what_)
              in_.it_.violate("described", what_ + "'s maker was to make " + body);
            if (++in_.made_[plain(body)] > 1)
              in_.it_.violate("one effect", body + " was made twice");
            return std::make_shared<part>(in_, label);
          },
          [](const std::shared_ptr<part>& it, const gof::message&, gof::responder to) {
            to.reply(it->of);
          },
          af::terms{lease, 3s, 64, 16}));
    }
    gof::node& node_;
    evening& in_;
    std::string what_;
    int next_ = 1;
    std::deque<std::unique_ptr<maker>> makers_;
    gof::scope scope_;
  };

  // Publishes one edition after the other, and remembers which it knows to be published.
  class shop {
   public:
    shop(gof::node& on, evening& in)
        : node_(on),
          in_(in),
          newer_(in.how_.dice && in.world_.version(on.name()) > 1),
          plain_(on, "chess"),
          dice_(on, "chess") {
      next();
    }

   private:
    void next() {
      const int label = in_.known_ + 1;
      if (label > last) return;
      const gof::time_point due{(label - 1) * span + 200ms};
      node_
          .after(std::max<gof::duration>(due - node_.now(), 20ms), scope_.bind([this, label] {
            const gof::operation_id id{7, static_cast<std::uint64_t>(label)};
            auto done = scope_.bind([this, label, id](const gof::result<std::uint64_t>& is) {
              if (is) {
                in_.told(id, *is);
                in_.known_ = std::max(in_.known_, label);
              }
              next();
            });
            const std::string l = '.' + std::to_string(label);
            if (newer_)
              dice_.publish({{"chess.board" + l},
                             {"chess.pieces" + l},
                             {"chess.rules" + l},
                             {{"chess.dice" + l}}},
                            id, std::move(done), 3s);
            else
              plain_.publish({{"chess.board" + l}, {"chess.pieces" + l}, {"chess.rules" + l}}, id,
                             std::move(done), 3s);
          }))
          .detach();
    }
    gof::node& node_;
    evening& in_;
    bool newer_;
    af::publisher<edition> plain_;
    af::publisher<dice_edition> dice_;
    gof::scope scope_;
  };

  // Plays: obtains a family, makes one of each with pauses, looks at them, and begins again.
  struct operation {
    std::string who, text;
    int life;
    std::optional<gof::result<af::made>> came{};
  };
  class player {
   public:
    player(gof::node& on, evening& in) : node_(on), in_(in), chess_(on, "chess") {
      life_ = ++in.lives_[on.name()];
      begun_ = on.now();
      obtain();
    }
    ~player() { in_.reached.died += it_ && !made_.empty() && !in_.calm_; }
    player(const player&) = delete;
    player& operator=(const player&) = delete;

   private:
    void later(std::uint64_t most, std::function<void()> f) {
      node_
          .after(1ms * static_cast<std::int64_t>(1 + node_.random() % most),
                 scope_.bind(std::move(f)))
          .detach();
    }
    void obtain() {
      made_.clear();
      it_.reset();
      if (in_.calm_) return;
      asked_ = node_.now();
      chess_.obtain(scope_.bind([this](gof::result<std::unique_ptr<af::kit<edition>>> what) {
        if (!what) {
          in_.look_at(what.error());
          return later(200, [this] { obtain(); });
        }
        it_ = std::move(*what);
        in_.look_at(*it_, last_, node_.now() - asked_);
        last_ = it_->epoch();
        create(&edition::board, "board");
      }),
                    2s);
    }
    void create(af::product edition::*which, std::string name) {
      operation& of = in_.operations_.emplace_back(
          operation{node_.name(), name + ' ' + std::to_string(2 * in_.operations_.size()), life_});
      in_.reached.across += it_->epoch() < in_.newest_;
      it_->create(which, of.text, scope_.bind([this, &of](gof::result<af::made> what) {
        if (of.came) in_.it_.violate("answered", "a completion was called twice");
        of.came = what;
        if (!what) {
          if (in_.how_.steady) in_.it_.violate("kept", "a kit was lost: " + what.error().text());
          return later(200, [this] { obtain(); });
        }
        made_.push_back(*what);
        if (made_.size() == 1)
          later(800, [this] { create(&edition::pieces, "pieces"); });
        else if (made_.size() == 2)
          later(800, [this] { create(&edition::rules, "rules"); });
        else
          ask();
      }),
                  2s);
    }
    void ask() {
      labels_.clear();
      answers_ = 0;
      for (const af::made& one : made_)
        it_->call(one, {}, scope_.bind([this](const gof::result<gof::message>& what) {
          if (what) labels_.insert(what->body);
          if (++answers_ < 3) return;
          if (labels_.size() > 1)
            in_.it_.violate("one family", node_.name() + " plays with a board of edition " +
                                              *labels_.begin() + " and rules of " +
                                              *labels_.rbegin());
          later(500, [this] { obtain(); });
        }),
                  2s);
    }
    gof::node& node_;
    evening& in_;
    int life_ = 0;
    gof::time_point begun_{}, asked_{};
    std::uint64_t last_ = 0;
    af::factory<edition> chess_;
    std::unique_ptr<af::kit<edition>> it_;
    std::vector<af::made> made_;
    std::set<std::string> labels_;
    int answers_ = 0;
    gof::scope scope_;
  };

  // Another administrator, who publishes again what is there, under operations of theirs.
  class rival {
   public:
    rival(gof::node& on, evening& in) : node_(on), in_(in), chess_(on, "chess") { next(); }

   private:
    void next() {
      if (in_.calm_ || in_.known_ == 0)
        return node_.after(20ms, scope_.bind([this] { next(); })).detach();
      const operation_id id{8, ++in_.rivals_};
      const std::string l = '.' + std::to_string(in_.known_);
      chess_.publish({{"chess.board" + l}, {"chess.pieces" + l}, {"chess.rules" + l}}, id,
                     scope_.bind([this, id](const gof::result<std::uint64_t>& is) {
                       if (is) in_.told(id, *is);
                       node_.after(600ms, scope_.bind([this] { next(); })).detach();
                     }),
                     3s);
    }
    gof::node& node_;
    evening& in_;
    af::publisher<edition> chess_;
    gof::scope scope_;
  };

  // One who holds a family as anybody may, and asks the board's maker for something else.
  class stranger {
   public:
    stranger(gof::node& on, evening& in) : node_(on), in_(in) { ask(); }

   private:
    void ask() {
      node_.after(300ms, scope_.bind([this] { ask(); })).detach();
      af::detail::request it{af::detail::deed::hold, "chess", "board", 1, node_.random(), 0, 1, {}};
      send(it, [this, it](const gof::result<gof::message>& what) mutable {
        if (!what) return;
        it.ticket = wire::decode<af::detail::granted>(what->body).ticket;
        it.what = af::detail::deed::create;
        it.product = "console";
        it.body = "console 2";
        send(it, [this](const gof::result<gof::message>& is) {
          in_.reached.strangers += !is && is.error().why == gof::errc::refused;
        });
      });
    }
    template <class F>
    void send(const af::detail::request& it, F done) {
      node_.call({"chess.board.1", wire::encode(it)}, scope_.bind(std::move(done))).detach();
    }
    gof::node& node_;
    evening& in_;
    gof::scope scope_;
  };

  // Somebody was told that it was published.
  void told(operation_id id, std::uint64_t epoch) {
    if (published_.emplace(epoch, id).first->second != id)
      it_.violate("published once", "two were told that theirs is epoch " + std::to_string(epoch));
  }
  // Something was published.
  void look(const gof::versioned& it) {
    af::plan<std::map<std::string, af::product>> now;
    if (wire::decode_into(std::string_view(it.value.value()), now) != wire::refusal::none)
      return it_.violate("whole", "what stands there is no family");
    if (now.epoch < newest_) it_.violate("never back", "the family went back");
    reached.replaced += newest_ > 0 && now.epoch > newest_;
    newest_ = std::max(newest_, now.epoch);
    if (now.products.contains("!dice")) with_dice_.insert(now.epoch);
    for (const char* name : {"board", "pieces", "rules"})
      if (!now.products.contains(name)) it_.violate("whole", std::string(name) + " is missing");
    for (const auto& [name, of] : now.products) {
      const std::string plain_name = name.substr(name.front() == '!');
      if (!there_.contains(plain_name + of.subject.substr(of.subject.rfind('.') + 1)))
        it_.violate("make before break", of.subject + " is published, and was never there");
    }
    for (const af::publication& one : now.past) {
      const operation_id id{one.client, one.sequence};
      if (epochs_.emplace(id, one.epoch).first->second != one.epoch ||
          published_.emplace(one.epoch, id).first->second != id)
        it_.violate("published once", "epoch " + std::to_string(one.epoch) + " is there twice");
    }
  }
  void look_at(const gof::error& why) {
    reached.refused += why.why == gof::errc::refused;
    const bool named = std::any_of(names_.begin(), names_.end(), [&](const std::string& one) {
      return why.message.find(one) != std::string::npos;
    });
    reached.named += named;
    if (gof::outcome_of(why.why) != gof::outcome::not_applied && how_.network.sealed)
      it_.violate("told", "to obtain came to " + why.text());
    if (why.why == gof::errc::refused && how_.network.sealed &&
        why.message.find("dice") == std::string::npos)
      it_.violate("told", "it was refused, and nobody said why: " + why.text());
    if (how_.steady) it_.violate("always there", "a family could not be had: " + why.text());
  }
  void look_at(const af::kit<edition>& it, std::uint64_t last_seen, gof::duration took) {
    ++reached.kits;
    if (with_dice_.contains(it.epoch()))
      it_.violate("whole", "an edition with dice is played by one who does not know of them");
    if (it.epoch() < last_seen)
      it_.violate("never back", "a kit of epoch " + std::to_string(it.epoch()) + " after " +
                                    std::to_string(last_seen));
    if (how_.within > 0ms && took > how_.within)
      it_.violate("in time", "a family took " + std::to_string(took / 1ms) + " ms");
  }
  [[nodiscard]] gof::duration end_of_faults() const {
    gof::duration end{};
    for (const sim::fault& it : faults_) {
      const bool waits = it.what == kind::crash_before_nth_answer;
      end = std::max(end, it.at + it.lasts + waits * 6s * static_cast<int>(it.amount));
    }
    return end;
  }
  void look_at_operations() {
    for (const operation& it : operations_) {
      const std::size_t times = made_[it.text];
      reached.again += it.came && !*it.came;
      if (!it.came && it.life == lives_.at(it.who))
        it_.violate("answered", it.who + " was never told what came of " + it.text);
      if (!it.came) continue;
      if (*it.came) {
        ++reached.made;
        if (times != 1) it_.violate("one effect", it.text + " was made, and is not there");
      } else if (it.came->outcome() == gof::outcome::not_applied &&
                 it.came->error().why != gof::errc::conflict && times > 0) {
        it_.violate("told", it.text + " is there, and came to " + it.came->error().text());
      }
    }
  }
  // All is well: nothing is left of those who went, and a family can be had.
  void look_at_the_end() {
    if (alive_ > 0)
      it_.violate("no orphans", std::to_string(alive_) + " products are there, and nobody plays");
    const auto nora = world_.join("nora");
    af::factory<edition> chess(*nora, "chess");
    std::optional<gof::result<std::unique_ptr<af::kit<edition>>>> came;
    const auto fits = [&] {
      if (!came) return false;
      if (with_dice_.contains(newest_)) return !*came && came->error().why == gof::errc::refused;
      return *came && (**came)->epoch() == newest_;
    };
    for (const auto end = world_.now() + 20s; world_.now() < end && !fits();) {
      came.reset();
      chess.obtain([&](auto what) { came.emplace(std::move(what)); }, 2s);
      world_.run_until([&] { return came.has_value(); }, 3s);
      if (!fits()) world_.run(300ms);
    }
    if (!fits())
      it_.violate("always there", "all is well, and to obtain epoch " + std::to_string(newest_) +
                                      " comes to: " +
                                      (!came   ? std::string("nothing")
                                       : *came ? "epoch " + std::to_string((**came)->epoch())
                                               : came->error().text()));
  }

  plan how_;
  faults faults_;
  found it_;
  bool calm_ = false;
  int known_ = 0, alive_ = 0;
  std::uint64_t newest_ = 0, rivals_ = 0;
  std::map<operation_id, std::uint64_t> epochs_;
  std::map<std::uint64_t, operation_id> published_;
  std::set<std::uint64_t> with_dice_;
  std::map<std::string, std::size_t> made_;
  std::set<std::string> there_;
  std::deque<operation> operations_;
  std::map<std::string, int> lives_;
  const std::vector<std::string> names_{"board: ", "pieces: ", "rules: "};
  fallacies::world world_;
  std::unique_ptr<gof::node> god_;
  gof::registration watching_;
};

// ---- The naive ones -----------------------------------------------------------------------------

const std::vector<std::string> parts{"board", "pieces", "rules"};
gof::registration answers(gof::node& n, const std::string& subject,
                          std::function<std::string(const std::string&)> f) {
  return n.serve(
      subject, [f = std::move(f)](const gof::message& m, gof::responder r) { r.reply(f(m.body)); });
}

// No answer: it is asked for again.
found ask_until_answered(std::uint64_t seed, const faults& all) {
  fallacies::world w(seed);
  w.inject(all);
  found it;
  std::map<std::string, int> made;
  w.start("ann", [&](gof::node& n) {
    return kept(answers(n, "board", [&](const std::string& which) {
      if (++made[which] > 1) it.violate("one effect", "board " + which + " was made twice");
      return which;
    }));
  });
  w.start("c0", [&](gof::node& n) {
    const auto ask = std::make_shared<std::function<void(std::string)>>();
    *ask = [&, of = ask.get()](std::string which) {
      n.call({"board", which},
             [&, of, which](const auto& r) { r ? void(++it.acknowledged) : (*of)(which); }, {300ms})
          .detach();
    };
    every(n, 250ms, [&n, ask] { (*ask)(std::to_string(n.now().time_since_epoch() / 1ms)); });
    return shelf();
  });
  w.run(6s);
  return std::move(it).in(w);
}

// Whatever the message names is made.
found make_what_is_named(std::uint64_t seed, const faults& all) {
  fallacies::world w(seed, {.sealed = false});
  w.inject(all);
  found it;
  w.start("ann", [&](gof::node& n) {
    return kept(answers(n, "make", [&](const std::string& type) {
      const std::map<std::string, std::string> all_types{{"type 2", "a board"},
                                                         {"type 3", "the administrator's console"}};
      const auto made = all_types.find(type);
      if (made != all_types.end() && made->first != "type 2")
        it.violate("described", "ann made " + made->second + ", which is of no family of games");
      ++it.acknowledged;
      return type;
    }));
  });
  w.start("c0", [&](gof::node& n) {
    every(n, 250ms, [&n] { n.call({"make", "type 2"}, [](const auto&) {}).detach(); });
    return shelf();
  });
  w.run(6s);
  return std::move(it).in(w);
}

// What it does not know, it leaves out.
found take_what_one_knows(std::uint64_t seed, const faults& all) {
  fallacies::world w(seed);
  w.inject(all);
  found it;
  w.start("shop", [&](gof::node& n) {
    const bool newer = w.version("shop") > 1;
    n.put("naive", "chess", newer ? "board pieces rules !dice" : "board pieces rules",
          gof::any_version, [](const auto&) {})
        .detach();
    return shelf();
  });
  w.start("c0", [&](gof::node& n) {
    return kept(n.watch("naive", "chess", [&](const gof::versioned& v) {
      std::set<std::string> played;
      for (const std::string& one : parts)
        if (v.value->find(one) != std::string::npos) played.insert(one);
      ++it.acknowledged;
      if (v.value->find('!') != std::string::npos && !played.contains("dice"))
        it.violate("whole", "an edition with dice is played by one who does not know of them");
    }));
  });
  w.run(6s);
  return std::move(it).in(w);
}

// Each product is looked up when it is made.
found look_up_each(std::uint64_t seed, const faults& all) {
  fallacies::world w(seed);
  w.inject(all);
  found it;
  w.start("shop", [&](gof::node& n) {
    for (const std::string& one : parts)
      n.put("naive", one, std::to_string(w.version("shop")), gof::any_version, [](const auto&) {
       }).detach();
    return shelf();
  });
  w.run(100ms);
  for (const char* name : {"c0", "c1", "c2"}) {
    w.start(name, [&](gof::node& n) {
      every(n, 350ms, [&] {
        n.get("naive", "board", [&](const gof::result<gof::versioned>& b) {
           n.after(300ms, [&, board = *b.value().value] {
              n.get("naive", "rules", [&, board](const gof::result<gof::versioned>& r) {
                 ++it.acknowledged;
                 if (board != *r.value().value)
                   it.violate("one family", n.name() + " plays with a board of edition " + board +
                                                " and rules of " + *r.value().value);
               }).detach();
            }).detach();
         }).detach();
      });
      return shelf();
    });
    w.run(120ms);
  }
  w.run(6s);
  return std::move(it).in(w);
}

// One product after the other.
found one_by_one(std::uint64_t seed, const faults& all) {
  fallacies::world w(seed);
  w.inject(all);
  found it;
  w.start("ann", [&](gof::node& n) {
    return kept(answers(n, "make", [](const std::string& which) { return which; }));
  });
  std::function<void(gof::node&, int, gof::time_point)> ask = [&](gof::node& n, int left,
                                                                  gof::time_point begun) {
    if (left == 0) {
      ++it.acknowledged;
      if (n.now() - begun > 1300ms)
        it.violate("in time", "a family took " + std::to_string((n.now() - begun) / 1ms) + " ms");
      return;
    }
    n.call({"make"}, [&, left, begun](const auto&) { ask(n, left - 1, begun); }).detach();
  };
  w.start("c0", [&](gof::node& n) {
    every(n, 4s, [&] { ask(n, 24, n.now()); });
    return shelf();
  });
  w.run(10s);
  return std::move(it).in(w);
}

// All families are loaded, so that none has to be looked up later.
found load_the_catalogue(std::uint64_t seed, const faults& all) {
  fallacies::world w(seed);
  w.inject(all);
  found it;
  const auto god = w.join("god");
  for (int i = 0; i < 150; ++i)
    god->put("naive", "family" + std::to_string(i), std::string(400, 'x'), gof::absent,
             [](const auto&) {})
        .detach();
  w.run(500ms);
  w.start("c0", [&](gof::node& n) {
    gof::watch_options how;
    const auto current = std::make_shared<bool>(false);
    how.on_current = [&, current] { *current = true; };
    n.after(2s, [&, current] {
       ++it.acknowledged;
       if (!*current)
         it.violate("in time", "after two seconds the catalogue is not there, nor a family");
     }).detach();
    return kept(n.watch(
        "naive", ">", [](const auto&) {}, std::move(how)));
  });
  w.run(6s);
  return std::move(it).in(w);
}

// A product is there until its owner says that it need not be.
found until_it_is_given_back(std::uint64_t seed, const faults& all) {
  fallacies::world w(seed);
  w.inject(all);
  found it;
  std::set<std::string> alive;
  w.start("ann", [&](gof::node& n) {
    return kept(answers(n, "make",
                        [&](const std::string& which) {
                          alive.insert(which);
                          return which;
                        }),
                answers(n, "back", [&](const std::string& which) {
                  alive.erase(which);
                  ++it.acknowledged;
                  return which;
                }));
  });
  w.start("c0", [&](gof::node& n) {
    every(n, 500ms, [&n] {
      if (n.now().time_since_epoch() > 4s) return;
      const std::string which = std::to_string(n.now().time_since_epoch() / 1ms);
      n.call({"make", which}, [&n, which](const auto&) {
         n.after(400ms, [&n, which] {
            n.call({"back", which}, [](const auto&) {}).detach();
          }).detach();
       }).detach();
    });
    return shelf();
  });
  w.run(9s);
  if (!alive.empty())
    it.violate("no orphans",
               std::to_string(alive.size()) + " products are there, and nobody plays");
  return std::move(it).in(w);
}

// Whoever answers is in.
found take_who_answers(std::uint64_t seed, const faults& all) {
  fallacies::world w(seed);
  w.inject(all);
  found it;
  const std::vector<std::string> who{"ann", "bob", "eva"};
  for (std::size_t i = 0; i < 3; ++i)
    w.start(who[i], [&, i](gof::node& n) {
      return kept(answers(n, parts[i], [](const std::string& which) { return which; }));
    });
  w.start("c0", [&](gof::node& n) {
    every(n, 500ms, [&] {
      const auto state = std::make_shared<std::pair<int, int>>();
      for (const std::string& one : parts)
        n.call({one},
               [&, state](const auto& r) {
                 state->second += bool(r);
                 if (++state->first < 3) return;
                 ++it.acknowledged;
                 if (state->second > 0 && state->second < 3)
                   it.violate("whole", std::to_string(state->second) +
                                           " of 3 products were handed out as a family");
               },
               {400ms})
            .detach();
    });
    return shelf();
  });
  w.run(6s);
  return std::move(it).in(w);
}

// ---- The cells ----------------------------------------------------------------------------------

sim::recipe recipe(std::vector<kind> more = {},
                   std::vector<std::string> who = {"ann", "bob", "eva", "shop", "c0", "broker"}) {
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
fallacies::program play(plan how, Mark mark) {
  return [=](std::uint64_t seed, const faults& all) {
    plan of = how;
    // These are no reason why a family could not be had.
    of.steady = std::all_of(all.begin(), all.end(), [&](const sim::fault& one) {
      return (one.what == kind::version && one.who == "shop" && !of.dice) ||
             one.what == kind::narrow || (one.what == kind::delay && one.amount <= 150'000);
    });
    if (!of.steady) of.within = {};
    evening it(seed, all, of);
    found what = it.spent();
    what.reached = mark(it.reached, what.counts);
    return what;
  };
}

std::vector<fallacies::cell> cells() {
  using marks = evening::marks;
  using counts = sim::ledger;
  return {
      {'R',
       "The network is reliable",
       "the answer to a create is lost, it is asked for again, and a second one is there",
       "one effect",
       "answers were lost, and products were made",
       {{2s, 700ms, kind::lose_answers, "c0", 1000}},
       [](std::uint64_t seed) {
         faults all = any_of(recipe({kind::lose_answers, kind::lose_nth_answer, kind::move}))(seed);
         all.push_back({1s + 1ms * static_cast<int>(seed * 37 % 3000), 600ms, kind::lose_answers,
                        seed % 2 == 0 ? "c0" : "shop", 1000});
         if (seed % 4 == 2)  // What was made may not be asked for again.
           all.push_back(
               {1700ms + 1ms * static_cast<int>(seed * 37 % 3000), 2s, kind::deny, "c0", 0});
         return all;
       },
       ask_until_answered,
       play({}, [](const marks& it,
                   const counts& in) { return hits(in, kind::lose_answers) > 0 && it.made > 0; })},
      {'S',
       "The network is secure",
       "a message names a type, and it is made",
       "described",
       "a tap made messages up, and a stranger was refused what is not made there",
       {{2s, 1s, kind::forge, "c0", 5}},
       [](std::uint64_t seed) {
         sim::recipe of = recipe({kind::replay, kind::forge}, {"ann", "bob", "eva", "c0"});
         std::erase(of.what, kind::flip);
         faults all = any_of(of)(seed);
         for (int i = 1; i <= 4; ++i)
           all.push_back(
               {1100ms * i, {}, i % 2 == 0 ? kind::replay : kind::forge, "c0", 1 + seed % 7});
         return all;
       },
       make_what_is_named,
       play({.network = {.sealed = false}, .stranger = true},
            [](const marks& it, const counts& in) {
              return hits(in, kind::replay) + hits(in, kind::forge) > 0 && it.strangers > 0;
            })},
      {'H',
       "The network is homogeneous",
       "a newer family has a product that one must know of, and an old client leaves it out",
       "whole",
       "a client refused what it does not know",
       {{2s, 300ms, kind::version, "shop", 2}},
       [](std::uint64_t seed) {
         faults all = any_of(recipe({kind::version, kind::version}))(seed);
         for (sim::fault& one : all)
           if (one.what == kind::version) one.who = "shop";
         all.push_back(
             {1s + 1ms * static_cast<int>(seed * 41 % 2500), 200ms, kind::version, "shop", 2});
         return all;
       },
       take_what_one_knows,
       play({.dice = true}, [](const marks& it, const counts&) { return it.refused > 0; })},
      {'T',
       "Topology does not change",
       "the family is replaced between two creates",
       "one family",
       "a product was made of a family that had been replaced",
       {{2s, 200ms, kind::version, "shop", 2}},
       [](std::uint64_t seed) {
         faults all = any_of(recipe({kind::crash, kind::crash, kind::move, kind::move},
                                    {"ann", "bob", "eva", "shop", "c0", "broker"}))(seed);
         if (seed % 4 == 0)  // These are no reason why a kit should be lost.
           all = {{1s + 1ms * static_cast<int>(seed * 43 % 3000), 200ms, kind::version, "shop", 2}};
         return all;
       },
       look_up_each,
       play({}, [](const marks& it, const counts&) { return it.across > 0 && it.replaced > 0; })},
      {'L',
       "Latency is zero",
       "products are asked for one after the other",
       "in time",
       "messages were late, and a family was obtained",
       {{1s, 8s, kind::delay, "c0", 150'000}},
       [](std::uint64_t seed) {
         if (seed % 2 == 0) return any_of(recipe({kind::delay, kind::delay, kind::reorder}))(seed);
         faults all;  // Those that are no reason why it should take longer than two round trips.
         sim::chance by(seed);
         for (int i = 0; i < 3; ++i)
           all.push_back({1s + 1700ms * i, 1s + 1ms * static_cast<int>(by.below(500)), kind::delay,
                          std::array{"ann", "bob", "eva", "c0"}[by.below(4)],
                          50'000 + by.below(100'000)});
         return all;
       },
       one_by_one,
       play({.within = 1300ms},
            [](const marks& it, const counts& in) {
              return hits(in, kind::delay) > 0 && it.kits > 0;
            })},
      {'B',
       "Bandwidth is infinite",
       "the whole catalogue is loaded, to use one family",
       "in time",
       "a family among 150 was obtained over a narrow link",
       {{0s, 8s, kind::narrow, "c0", 8000}},
       [](std::uint64_t seed) {
         faults all;
         sim::chance by(seed);
         for (int i = 0; i < 3; ++i)
           all.push_back({2s * i, 2s, kind::narrow,
                          std::array{"ann", "bob", "eva", "c0", "c1"}[by.below(5)],
                          6000 + by.below(6000)});
         return all;
       },
       load_the_catalogue,
       play({.catalogue = true, .within = 1300ms},
            [](const marks& it, const counts& in) {
              return hits(in, kind::narrow) > 10 && it.kits > 0;
            })},
      {'C',
       "Transport cost is zero",
       "products stay whose owner is gone, and are paid for",
       "no orphans",
       "a client died, and what it had made went with its lease",
       {{2650ms, 10s, kind::crash, "c0", 0}},
       [](std::uint64_t seed) {
         faults all =
             any_of(recipe({kind::crash, kind::partition}, {"c0", "c1", "ann", "eva"}))(seed);
         all.push_back({1500ms + 1ms * static_cast<int>(seed * 61 % 3500), 300ms, kind::crash,
                        seed % 2 == 0 ? "c0" : "c1", 0});
         return all;
       },
       until_it_is_given_back,
       play({}, [](const marks& it, const counts&) { return it.died > 0; })},
      {'A',
       "There is one administrator",
       "another one disables one product, and the rest is handed out",
       "whole",
       "a family could not be had, and the error named a product",
       {{1500ms, 5s, kind::deny, "eva", 0}, {2s, 300ms, kind::crash, "eva", 0}},
       [](std::uint64_t seed) {
         faults all = any_of(recipe({kind::deny, kind::deny, kind::crash},
                                    {"shop", "rita", "ann", "bob", "c0", "c1", "broker"}))(seed);
         const char* who = std::array{"ann", "bob", "eva"}[seed % 3];
         const gof::duration at = 1s + 1ms * static_cast<int>(seed * 29 % 2500);
         all.push_back({at, 2500ms, kind::deny, who, 0});
         all.push_back({at + 100ms, 200ms, kind::crash, who, 0});
         return all;
       },
       take_who_answers,
       play({.rival = true}, [](const marks& it, const counts&) { return it.named > 0; })},
  };
}
}  // namespace

int main(int count, char** arguments) {
  return fallacies::matrix("abstract_factory", cells()).run(count, arguments);
}
