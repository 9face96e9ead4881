// SPDX-License-Identifier: BSL-1.0
// What the eight fallacies do to Command over a network: an evening in a bar, where a guest, a till
// and a cook write one bill, and take back what they wrote.

#include <gof/distributed/command.hpp>
#include <gof/wait.hpp>
#include <map>
#include <set>

#include "support/fallacies.hpp"
#include "world/document_wire.hpp"

namespace {

namespace sim = gof::sim;
using namespace std::chrono_literals;
using fallacies::any_loss, fallacies::kept, fallacies::over_in_time, fallacies::without;
using fallacies::faults, fallacies::found, sim::kind;
using gof::command::distributed::policy, gof::command::distributed::step;
using gof::command::distributed::verdict;
using world::insert, world::erase, world::change, world::document, world::line;
using history = gof::command::distributed::replicated_history<document, insert, erase, change>;
using commands = std::vector<history::any_command>;

std::string name_of(verdict what) {
  std::string name;
  boost::mp11::mp_for_each<boost::describe::describe_enumerators<verdict>>([&](auto one) {
    if (one.value == what) name = one.name;
  });
  return name;
}
document empty_bill() { return document({{1, ""}, {2, ""}, {3, ""}}, 3); }
std::string save(const document& d) {
  return gof::wire::encode(std::tuple(d.lines(), d.last_id(), d.places()));
}
document load(std::string_view bytes) {
  auto [lines, last, places] =
      gof::wire::decode<std::tuple<std::vector<line>, std::uint64_t, std::vector<std::uint64_t>>>(
          bytes);
  return document(std::move(lines), last, std::move(places));
}
std::string shown(const std::vector<line>& all) {
  std::string text;
  for (const line& l : all)
    if (!l.text.empty()) text += (text.empty() ? "" : ", ") + l.text.substr(0, l.text.find(';'));
  return '[' + text + ']';
}

// ---- The history, told in another way -----------------------------------------------------------

// The sequential model. Each line has a place for ever, and a state. To undo a step is to swap the
// states of its lines for those before it, and to redo it is to swap back, as long as it is the
// last on each of them; or by force, if the lines are there to be changed.
class model {
 public:
  model(std::size_t steps, std::size_t sessions) : most_steps_(steps), most_sessions_(sessions) {}
  void apply(const gof::entry& line) {
    gof::command::distributed::detail::proposal it;
    if (gof::wire::decode_into(std::string_view(line.content.body), it) != gof::wire::refusal::none)
      return;
    using gof::command::distributed::detail::deed;
    if (it.what == deed::open) {
      if (sessions_.size() >= most_sessions_)
        sessions_.erase(std::min_element(
            sessions_.begin(), sessions_.end(),
            [](const auto& a, const auto& b) { return a.second.used < b.second.used; }));
      sessions_[line.sequence] = {it.user, 0, line.sequence};
      return;
    }
    const auto of = sessions_.find(it.session);
    if (of == sessions_.end()) return;
    if (it.sequence <= of->second.last) {
      copies.insert(line.sequence);
      return;
    }
    of->second.last = it.sequence;
    of->second.used = line.sequence;
    verdicts[line.sequence] =
        it.what == deed::execute
            ? execute(line.sequence, of->second.user, it.commands)
            : reverse(line.sequence, of->second.user, it.what == deed::undo, it.how);
  }
  [[nodiscard]] std::vector<line> bill() const {
    std::vector<line> all;
    for (std::uint64_t id : places_)
      if (const auto of = lines_.find(id); of != lines_.end() && of->second.text)
        all.push_back({id, *of->second.text});
    return all;
  }

  std::map<std::uint64_t, verdict> verdicts{};    // Of each proposal that counts, by its place.
  std::map<std::string, std::size_t> executed{};  // How often, by text.
  std::set<std::uint64_t> copies{};               // Where a proposal had been there before.

 private:
  struct state {
    std::uint64_t written = 0;  // By which entry.
    std::optional<std::string> text{};
  };
  struct part {  // Of a step: what it does to a line.
    bool changes = false;
    state other{};                 // What it was before; or is with the step, if that is undone.
    std::uint64_t done, undone{};  // As which entry left it.
  };
  struct session {
    std::string user;
    std::uint64_t last, used;
  };
  struct user {
    std::vector<std::uint64_t> undo, redo;
  };

  bool take(const insert& c) {
    if (lines_[c.id].text) return false;
    if (std::count(places_.begin(), places_.end(), c.id) == 0) {
      const auto after = std::find(places_.begin(), places_.end(), c.after);
      if (c.after != 0 && after == places_.end()) return false;
      places_.insert(c.after == 0 ? places_.begin() : after + 1, c.id);
    }
    lines_[c.id].text = c.text;
    return true;
  }
  bool take(const erase& c) { return std::exchange(lines_[c.id].text, std::nullopt).has_value(); }
  bool take(const change& c) {
    auto& text = lines_[c.id].text;
    return text && (text = c.text, true);
  }
  verdict execute(std::uint64_t index, const std::string& who,
                  const std::vector<std::string>& all) {
    std::map<std::uint64_t, part> step;
    const auto before = lines_;
    for (const std::string& one : all) {
      const auto c = gof::wire::decode<history::any_command>(one);
      const std::uint64_t id = std::visit([](const auto& it) { return it.id; }, c);
      step[id] = {std::holds_alternative<change>(c), lines_[id], index};
      if (!std::visit([this](const auto& it) { return take(it); }, c)) {
        lines_ = before;
        return verdict::failed;
      }
      lines_[id].written = index;
    }
    for (const std::string& one : all)
      ++executed[std::visit([](const auto& it) { return it.text; },
                            gof::wire::decode<history::any_command>(one))];
    steps_[index] = std::move(step);
    users_[who].redo.clear();
    users_[who].undo.push_back(index);
    if (users_[who].undo.size() > most_steps_) users_[who].undo.erase(users_[who].undo.begin());
    return verdict::done;
  }
  verdict reverse(std::uint64_t index, const std::string& who, bool undoes, policy how) {
    auto& from = undoes ? users_[who].undo : users_[who].redo;
    auto& to = undoes ? users_[who].redo : users_[who].undo;
    verdict what = verdict::nothing;
    for (std::size_t i = from.size(); i-- > 0;) {
      auto& parts = steps_.at(from[i]);
      const bool free = std::all_of(parts.begin(), parts.end(), [&](const auto& of) {
        return lines_[of.first].written == (undoes ? of.second.done : of.second.undone);
      });
      const bool can_be = std::all_of(parts.begin(), parts.end(), [&](const auto& of) {
        const bool there = lines_[of.first].text.has_value();
        return of.second.changes ? there : there != of.second.other.text.has_value();
      });
      if (free || (how == policy::force && can_be)) {
        for (auto& [id, of] : parts) {
          std::swap(lines_[id], of.other);
          if (!free) lines_[id].written = index;
          if (undoes) of.undone = lines_[id].written;
          if (!undoes && !free) of.done = index;
        }
        to.push_back(from[i]);
        from.erase(from.begin() + static_cast<std::ptrdiff_t>(i));
        return verdict::done;
      }
      what = how == policy::force ? verdict::failed : verdict::conflict;
      if (how != policy::skip) break;
    }
    return what;
  }

  std::size_t most_steps_, most_sessions_;
  std::map<std::uint64_t, session> sessions_;
  std::map<std::string, user> users_;
  std::map<std::uint64_t, std::map<std::uint64_t, part>> steps_;
  std::map<std::uint64_t, state> lines_{{1, {0, ""}}, {2, {0, ""}}, {3, {0, ""}}};
  std::vector<std::uint64_t> places_{1, 2, 3};
};

// ---- Ours: an evening at the bar ----------------------------------------------------------------

// What somebody wants to do, and what came of it.
struct wish {
  enum kind { insert, change, erase, both, undo, redo } what;
  gof::duration at;  // On the wisher's clock.
  std::string text;
  std::uint64_t line = 0;  // Which, or behind which.
  policy how = policy::reject;
  std::optional<gof::result<step>> came{};
};
// What each keeps where a crash does not reach it.
struct diary {
  std::vector<wish> wishes{};
  std::size_t begun = 0;           // The first of them were.
  std::deque<std::size_t> open{};  // Those whose answer is awaited.
  std::string intent{};            // Of the first of these.
};

// How an evening goes.
struct plan {
  sim::options network{};
  std::size_t wishes = 14;    // Of each.
  gof::duration span = 9s;    // In which they come up.
  gof::duration break_of{};   // In the middle of it.
  std::size_t padding = 0;    // Bytes in each text.
  bool in_pairs = false;      // An insertion, and at once the undo of it.
  bool few_lines = false;     // They only write on lines that are there.
  bool forces = false;        // They take back by force what others have written over.
  gof::duration snapshots{};  // The till takes one so often; 0 for never.
  gof::duration joins{};      // Somebody comes late; 0 for nobody.
  std::size_t bytes = 0;      // ... and may move so many to catch up.
  std::size_t kept = 0;       // How many bytes there may be on the disk.
  bool cut = false;           // An administrator truncates the log under the readers.
  std::size_t sessions = 1024, steps = 1000;  // How many are remembered.
};

class evening {
 public:
  // What came about, for the marks.
  struct marks {
    std::size_t resent = 0, resent_before_undo = 0, resumed = 0, denied = 0, jumps = 0, caught = 0;
    std::size_t copies = 0, cut = 0, snapshots = 0;
  } reached{};

  evening(std::uint64_t seed, const faults& all, plan how)
      : how_(how), faults_(all), world_(seed, how.network), auditor_(world_.join("auditor")) {
    std::uint64_t number = 0;
    for (const char* name : writers) write(diaries_[name], name, seed, ++number);
    model_.emplace(how_.steps, how_.sessions);
    reading_ = auditor_->read(
        "bill", 1,
        [this](const gof::entry& line) {
          model_->apply(line);
          last_ = line.sequence;
        },
        gap_is_seen());
    watching_ = auditor_->watch("gof.snapshots", ">", [this](const gof::versioned& it) {
      gof::command::distributed::detail::image now;
      if (gof::wire::decode_into(std::string_view(*it.value), now) != gof::wire::refusal::none ||
          now.index < std::exchange(snapshot_at_, now.index))
        it_.violate("snapshots grow",
                    "there is one of entry " + std::to_string(now.index) + " after a later one");
    });
    world_.listen([this](const std::string& who, const gof::engines::request& what) {
      const auto* it = std::get_if<gof::engines::append>(&what.what);
      if (!it || who == "auditor" || it->line.id == gof::operation_id() ||
          std::exchange(last_sent_[who], it->line.id) != it->line.id)
        return;
      ++reached.resent;
      if (diaries_[who].open.size() > 1) ++reached.resent_before_undo;
    });
    world_.inject(all);
  }

  // Lets it go by, and looks at what is left of it.
  found spent() {
    for (const auto& [name, of] : diaries_)
      world_.start(name, [this](gof::node& n) { return std::make_shared<person>(n, *this); });
    const gof::duration over = std::max(how_.span + how_.break_of, end_of_faults());
    if (how_.joins > 0s) {
      world_.run(how_.joins);
      join_late();
    }
    if (how_.cut) cut_the_log();
    if (reached.cut > 0) begin_without_snapshot();
    world_.run(std::max(over - since_begin(), 0ns));
    if (!world_.run_until([this] { return settled(); }, 60s)) it_.violate("told", unsettled());
    world_.run(15s);
    // It goes on, without anybody's having to start anew.
    for (auto& [name, of] : diaries_)
      for (const auto what : {wish::insert, wish::undo, wish::redo}) {
        of.wishes.push_back({what, 0s, name + " at last"});
        people_.at(name)->begin_wish();
      }
    if (!world_.run_until([this] { return settled(); }, 20s)) it_.violate("told", unsettled());
    for (const auto& [name, of] : diaries_)
      for (std::size_t i = of.wishes.size() - 3; i < of.wishes.size(); ++i)
        if (const auto& came = of.wishes[i].came;
            came && (!*came || came->value().what != verdict::done))
          it_.violate(how_.kept > 0 ? "bounded" : "goes on",
                      name + " cannot write any more: " + in_words(*came));
    world_.run(8s);
    if (how_.kept > 0 && world_.kept() > how_.kept)
      it_.violate("bounded", "the broker keeps " + std::to_string(world_.kept()) + " bytes");
    look();
    if (blind_) look_at_the_blind();
    if (model_) reached.copies = model_->copies.size();
    return std::move(it_).in(world_);
  }

 private:
  static constexpr const char* writers[] = {"guest", "till", "cook"};

  // One of those who write, until a crash.
  class person {
   public:
    person(gof::node& on, evening& in)
        : node_(on),
          in_(in),
          diary_(in.diaries_[on.name()]),
          history_(on, "bill", empty_bill(), in.options()) {
      in_.people_[on.name()] = this;
      seen_ = history_.receiver().lines();
      history_.on_intent([this](const std::string& bytes) { diary_.intent = bytes; });
      history_.on_step([this](const step& it) { see(it); });
      history_.on_divergence([this](const std::string& who) {
        in_.it_.violate("equal", node_.name() + " was told that " + who + " has another bill");
      });
      for (std::size_t i = 0; i < diary_.open.size(); ++i)
        if (i == 0 && !diary_.intent.empty()) {
          history_.resubmit(diary_.intent, told());
          ++in_.reached.resumed;
        } else {
          propose(diary_.wishes[diary_.open[i]]);
        }
      await_wish();
      if (in_.how_.snapshots > 0s && (on.name() == "till" || in_.how_.cut)) take_snapshots();
    }
    ~person() { in_.people_.erase(node_.name()); }
    person(const person&) = delete;
    person& operator=(const person&) = delete;

    [[nodiscard]] const history& bill() const { return history_; }
    void begin_wish() {
      diary_.open.push_back(diary_.begun);
      propose(diary_.wishes[diary_.begun++]);
    }

   private:
    void await_wish() {
      while (diary_.begun < diary_.wishes.size() &&
             diary_.wishes[diary_.begun].at <= node_.now().time_since_epoch())
        begin_wish();
      if (diary_.begun == diary_.wishes.size()) return;
      next_ = node_.after(diary_.wishes[diary_.begun].at - node_.now().time_since_epoch(),
                          [this] { await_wish(); });
    }
    void propose(const wish& it) {
      const auto pick = gof::engines::packer::checksum(it.text);
      const insert line{line_of(it.text), it.line, it.text};
      switch (it.what) {
        case wish::insert:
          return history_.execute(line, told());
        case wish::change:
          return history_.execute(change{it.line, it.text}, told());
        case wish::erase:  // The text says which wish it is; what it was comes in its place.
          return history_.execute(erase{it.line, it.text}, told());
        case wish::both:
          return history_.execute({line, change{1 + pick % 3, it.text}}, told());
        case wish::undo:
          return history_.undo(it.how, told());
        case wish::redo:
          return history_.redo(it.how, told());
      }
    }
    // Of the wish that is the first of the open ones when the answer comes.
    gof::completion<step> told() {
      return [this](gof::result<step> came) {
        diary_.wishes[diary_.open.front()].came = std::move(came);
        diary_.open.pop_front();
        diary_.intent.clear();
      };
    }
    void take_snapshots() {
      snapshot_ = node_.after(in_.how_.snapshots, [this] {
        if (std::exchange(kept_, history_.index()) != history_.index())
          history_.snapshot([this](gof::result<void> done) {
            in_.reached.snapshots += !!done;
            if (!done) kept_ = 0;
          });
        take_snapshots();
      });
    }
    void see(const step& it) {
      const std::vector<line>& now = history_.receiver().lines();
      // What a snapshot jumps over is not shown.
      if (!in_.how_.forces && it.index == seen_at_ + 1 && it.what == verdict::done &&
          it.deed.substr(0, 4) == "undo")
        for (const line& l : seen_)
          if (std::count(now.begin(), now.end(), l) == 0 && l.text.find(it.user) != 0)
            in_.it_.violate("others' work", it.user + "'s undo took \"" + l.text + "\" away");
      seen_ = now;
      seen_at_ = it.index;
      in_.saw(node_, it);
    }

    gof::node& node_;
    evening& in_;
    diary& diary_;
    gof::registration next_, snapshot_;
    std::vector<line> seen_;
    std::uint64_t seen_at_ = 0, kept_ = 0;
    history history_;
  };

  static std::uint64_t line_of(const std::string& text) {
    return gof::engines::packer::checksum(text) << 8;
  }
  void write(diary& into, const std::string& name, std::uint64_t seed, std::uint64_t number) const {
    sim::chance by(sim::chance::mix(seed, 0xd1a7, number));
    const std::string padding = how_.padding ? ';' + std::string(how_.padding, '.') : "";
    for (std::size_t i = 0; i < how_.wishes; ++i) {
      gof::duration at = 300ms + how_.span * static_cast<int>(i) / static_cast<int>(how_.wishes) +
                         std::chrono::milliseconds(by.below(300));
      if (2 * i >= how_.wishes) at += how_.break_of;
      wish it{wish::insert, at, name + ' ' + std::to_string(i) + padding, by.below(4)};
      if (const auto any = by.below(100); how_.in_pairs) {
        into.wishes.push_back(it);
        it.what = wish::undo;
      } else if (how_.few_lines) {
        it.what = any < 90 ? wish::change : wish::undo;
        it.line = 1 + any % 3;
      } else {
        it.what = any < 25   ? wish::insert
                  : any < 52 ? wish::change
                  : any < 60 ? wish::erase
                  : any < 66 ? wish::both
                  : any < 85 ? wish::undo
                             : wish::redo;
        // Most write on the first line; or on one that somebody wished to write not long ago.
        if (it.what == wish::change && it.line == 3) it.line = 1;
        if (it.what == wish::erase && it.line == 1) it.line = 0;
        if (it.line == 0 && i > 0)
          it.line =
              line_of(std::string(writers[by.below(3)]) + ' ' +
                      std::to_string(i - 1 - by.below(std::min<std::uint64_t>(i, 4))) + padding);
        if (it.what == wish::undo && any >= 80) it.how = policy::skip;
        if (it.what >= wish::undo && how_.forces && by.below(2)) it.how = policy::force;
      }
      into.wishes.push_back(it);
    }
  }
  gof::command::distributed::history_options<document> options() const {
    gof::command::distributed::history_options<document> how;
    how.keep = {how_.steps, how_.sessions};
    if (how_.snapshots > 0s) how.save = save, how.load = load;
    return how;
  }
  gof::read_options gap_is_seen() {
    gof::read_options how;
    how.on_gap = [this](std::uint64_t, std::uint64_t) { model_.reset(), reading_.drop(); };
    return how;
  }

  [[nodiscard]] gof::duration since_begin() const { return world_.now().time_since_epoch(); }
  // Of those that do not last all evening.
  [[nodiscard]] gof::duration end_of_faults() const {
    gof::duration end{};
    for (const sim::fault& one : faults_) {
      const bool waits = one.what == kind::crash_before_nth_answer;  // A reader asks every 6 s.
      if (one.lasts < 5min)
        end = std::max(end, one.at + one.lasts + waits * 6s * static_cast<int>(one.amount));
    }
    return end;
  }
  // Somebody comes, and is to know all that was written before, soon and with few bytes.
  void join_late() {
    const std::uint64_t wanted = last_;
    world_.start("late", [this](gof::node& n) { return std::make_shared<person>(n, *this); });
    const auto index = [this] {
      const auto it = people_.find("late");
      return it == people_.end() ? 0 : it->second->bill().index();
    };
    const gof::duration allowed = std::max(end_of_faults() - how_.joins, 0ns) + 10s;
    if (!world_.run_until([&] { return index() >= wanted; }, allowed))
      it_.violate("caught up", "after " + std::to_string(allowed / 1s) + " s, late is at " +
                                   std::to_string(index()) + " of " + std::to_string(wanted));
    // What gets lost is sent again.
    const auto tries =
        1 + std::count_if(faults_.begin(), faults_.end(), [](const sim::fault& one) {
          return one.what != kind::narrow && (one.who == "late" || one.who == "broker");
        });
    if (const auto bytes = world_.bytes("late");
        bytes > how_.bytes * static_cast<std::size_t>(tries))
      it_.violate("caught up", "it took " + std::to_string(bytes) + " bytes");
    reached.caught = wanted;
  }
  void cut_the_log() {
    for (int i = 0; i < 3; ++i) {
      world_.run(2500ms);
      std::uint64_t known = 0;  // What nobody knows would be lost for ever.
      for (const auto& [name, who] : people_) known = std::max(known, who->bill().index());
      auditor_
          ->truncate("bill", known + 1,
                     [this, known](gof::result<void> done) { reached.cut += done && known > 0; })
          .detach();
    }
  }
  // Who cannot begin from a snapshot, and finds the log cut, says so, and shows nothing wrong.
  void begin_without_snapshot() {
    blind_.emplace(*auditor_, "bill", empty_bill());
    blind_->execute(change{1, "blind"}, [this](gof::result<step> came) { blind_came_ = came; });
  }
  void look_at_the_blind() {
    if (!blind_came_ || *blind_came_ || blind_came_->outcome() == gof::outcome::unknown)
      it_.violate("told", "who cannot read all of the log was not told");
    if (!(blind_->receiver() == empty_bill()))
      it_.violate("equal", "who cannot read all of the log has another bill");
  }
  bool settled() const {
    return std::all_of(diaries_.begin(), diaries_.end(), [](const auto& of) {
      return of.second.open.empty() && of.second.begun == of.second.wishes.size();
    });
  }
  std::string unsettled() const {
    for (const auto& [name, of] : diaries_)
      if (!of.open.empty())
        return name + " was never told what came of wish " + std::to_string(of.open.front());
    return "a wish was never begun";
  }
  static std::string in_words(const gof::result<step>& came) {
    if (!came) return came.error().text();
    return name_of(came.value().what) + ' ' + came.value().why;
  }

  // All replicas say the same of an entry.
  void saw(const gof::node& on, const step& it) {
    const auto [there, is_new] = steps_.try_emplace(it.index, it);
    const step& other = there->second;
    if (!is_new && (other.what != it.what || other.user != it.user || other.why != it.why))
      it_.violate("equal", "entry " + std::to_string(it.index) + " is \"" + other.deed + ' ' +
                               other.why + "\" for one, and \"" + it.deed + ' ' + it.why +
                               "\" for " + on.name());
    const auto [clock, is_first] = clocks_.try_emplace(it.index, on.now());
    if (!is_first && std::chrono::abs(clock->second - on.now()) > 500ms) ++reached.jumps;
  }

  void look() {
    for (const auto& [index, it] : steps_)
      if (model_ && model_->copies.contains(index) && it.what == verdict::done)
        it_.violate("once",
                    "entry " + std::to_string(index) + " is a copy, and did " + it.deed + " again");
    std::optional<std::uint64_t> digest;
    for (const auto& [name, who] : people_) {
      const history& of = who->bill();
      if (of.index() < last_)
        it_.violate("caught up", name + " stands at " + std::to_string(of.index()) +
                                     ", and the log at " + std::to_string(last_));
      if (digest.value_or(of.digest()) != of.digest())
        it_.violate("equal", "the digest of " + name + " is another one");
      digest = of.digest();
      if (!(of.receiver() == people_.begin()->second->bill().receiver()))
        it_.violate("equal", "the bill of " + name + " is another one");
    }
    for (const auto& [name, of] : diaries_) {
      for (std::size_t i = 0; i < of.wishes.size(); ++i) look(name, of.wishes[i], i);
      for (std::size_t i = 0; how_.in_pairs && i < 2 * how_.wishes; ++i)
        look(name, of.wishes[i], of.wishes[i + 1]);
    }
    if (!model_ || people_.empty()) return;
    const std::vector<line>& ours = people_.begin()->second->bill().receiver().lines();
    if (ours != model_->bill())
      it_.violate("model",
                  "the bill is " + shown(ours) + ", and should be " + shown(model_->bill()));
    for (const auto& [index, what] : model_->verdicts)
      if (const auto it = steps_.find(index); it != steps_.end() && it->second.what != what)
        it_.violate("model", "entry " + std::to_string(index) + " should be " + name_of(what) +
                                 ": " + it->second.deed + ' ' + it->second.why);
  }
  // What was acknowledged took place once; what was not, at most once; what was refused, not.
  void look(const std::string& name, const wish& it, std::size_t number) {
    if (!it.came) return;
    const std::string which = name + "'s wish " + std::to_string(number) + ' ';
    const bool executes = it.what <= wish::both;
    const auto found_in = [&] {
      const auto i = model_->executed.find(it.text);
      return i == model_->executed.end() ? 0 : i->second / (it.what == wish::both ? 2 : 1);
    };
    if (const auto& came = *it.came; came) {
      ++it_.acknowledged;
      if (model_ && executes && came.value().what == verdict::done && found_in() != 1)
        it_.violate("once",
                    which + "was done, and executed " + std::to_string(found_in()) + " times");
      if (!model_ || came.value().what == verdict::expired) return;
      const auto said = model_->verdicts.find(came.value().index);
      if (said == model_->verdicts.end() || said->second != came.value().what)
        it_.violate(said == model_->verdicts.end() ? "told" : "model",
                    which + "was told to be " + in_words(came) + ", which is not so");
    } else {
      if (came.error().why == gof::errc::denied) {
        ++reached.denied;
        if (came.error().message.find(name + " may not append") == std::string::npos)
          it_.violate("told", which + "was denied without a reason: " + came.error().text());
      }
      const bool can_be = came.outcome() == gof::outcome::unknown;
      if (model_ && executes && found_in() > (can_be ? 1u : 0u))
        it_.violate(can_be ? "once" : "told", which + "executed " + std::to_string(found_in()) +
                                                  " times, and told " + came.error().text());
    }
  }
  // Both acknowledged: what was done is gone.
  void look(const std::string& name, const wish& first, const wish& second) {
    const auto is_done = [](const wish& it) {
      return it.came && *it.came && it.came->value().what == verdict::done;
    };
    if (first.what != wish::insert || second.what != wish::undo || !is_done(first) ||
        !is_done(second) || first.at != second.at)
      return;
    for (const auto& [who, of] : people_)
      for (const line& l : of->bill().receiver().lines())
        if (l.text == first.text)
          it_.violate("order",
                      '"' + l.text + "\" was undone by " + name + ", and is on the bill of " + who);
  }

  plan how_;
  faults faults_;
  found it_;
  std::map<std::string, diary> diaries_;
  std::map<std::string, person*> people_;
  std::optional<model> model_;  // None where the auditor lost sight of the log.
  std::map<std::uint64_t, step> steps_;
  std::map<std::uint64_t, gof::time_point> clocks_;
  std::map<std::string, gof::operation_id> last_sent_;
  std::uint64_t snapshot_at_ = 0, last_ = 0;
  fallacies::world world_;
  std::unique_ptr<gof::node> auditor_;
  gof::registration reading_, watching_;
  std::optional<history> blind_;
  std::optional<gof::result<step>> blind_came_;
};

// ---- The naive ones ----------------------------------------------------------------------------

std::size_t count(const std::vector<std::string>& bill, const std::string& line) {
  return static_cast<std::size_t>(std::count(bill.begin(), bill.end(), line));
}
found once(const sim::world& w, const std::vector<std::string>& bill, std::uint64_t acknowledged) {
  found it;
  it.acknowledged = acknowledged;
  if (const std::size_t n = count(bill, "coffee"); n > 1 || n < acknowledged)
    it.violate("once", "one coffee was ordered, and " + std::to_string(n) + " are on the bill");
  return std::move(it).in(w);
}
// Calls until there is an answer.
void ask_until_answered(gof::node& n, const gof::message& what, std::size_t& answers) {
  n.call(what,
         [&n, what, &answers](gof::result<gof::message> came) {
           if (came) return void(++answers);
           n.after(100ms, [&n, what, &answers] { ask_until_answered(n, what, answers); }).detach();
         },
         {1s})
      .detach();
}
// A node that does something at a time.
sim::world::actor at(gof::duration when, std::function<void(gof::node&)> what) {
  return [when, what](gof::node& n) { return kept(n.after(when, [&n, what] { what(n); })); };
}

// A server does what it is told; who hears nothing asks again.
found charge_again(std::uint64_t seed, const faults& all) {
  fallacies::world w(seed);
  w.inject(all);
  std::vector<std::string> bill;
  std::size_t thanked = 0;
  w.start("till", [&](gof::node& n) {
    return kept(n.serve("charge", [&](const gof::message& m, gof::responder r) {
      bill.push_back(m.body);
      r.reply("thank you");
    }));
  });
  w.start("guest", at(1300ms, [&](gof::node& n) {
            ask_until_answered(n, {"charge", "coffee"}, thanked);
          }));
  w.run(20s);
  return once(w, bill, thanked);
}

// A reader of the log does what stands there, and trusts the log to know what it has already.
found believe_the_log(std::uint64_t seed, const faults& all) {
  fallacies::world w(seed, {.sealed = false});
  w.inject(all);
  std::vector<std::string> bill;
  std::size_t thanked = 0;
  w.start("till", [&](gof::node& n) {
    return kept(n.read("bill", 1, [&](const gof::entry& e) { bill.push_back(e.content.body); }));
  });
  w.start("guest", at(1300ms, [&](gof::node& n) {
            n.append("bill", {"order", "coffee", {n.random() | 1, 1}},
                     [&](gof::result<gof::appended> came) { thanked += !!came; })
                .detach();
          }));
  w.run(5min);
  return once(w, bill, thanked);
}

// A command that looks at the clock of whoever executes it.
struct clocked_bill {
  const gof::node* on = nullptr;
  std::vector<std::string> lines{};
};
struct note {
  std::string text;
  std::int64_t minute = 0;
  void execute(clocked_bill& b) {
    minute = b.on->now().time_since_epoch() / 1min;
    b.lines.push_back(text + " at minute " + std::to_string(minute));
  }
};
BOOST_DESCRIBE_STRUCT(note, (), (text, minute))
std::vector<std::string> keys_of(const note& it) { return {it.text}; }

found look_at_the_clock(std::uint64_t seed, const faults& all) {
  using noted = gof::command::distributed::replicated_history<clocked_bill, note>;
  fallacies::world w(seed);
  w.inject(all);
  std::map<std::string, std::unique_ptr<gof::node>> nodes;
  std::map<std::string, std::unique_ptr<noted>> bills;
  std::size_t done = 0, told = 0;
  for (const char* name : {"guest", "till"}) {
    nodes[name] = w.join(name);
    bills[name] =
        std::make_unique<noted>(*nodes[name], "bill", clocked_bill{nodes[name].get(), {}});
    bills[name]->on_divergence([&](const std::string&) { ++told; });
  }
  for (const char* text : {"coffee", "cake", "tea"}) {
    w.run(5s);
    bills["guest"]->execute(note{text}, [&](const gof::result<step>& came) { done += !!came; });
  }
  w.run(20s);
  found it;
  const auto &guest = bills["guest"]->receiver().lines, &till = bills["till"]->receiver().lines;
  it.acknowledged = done;
  if (guest != till && told == 0) it.violate("divergence is told", "nobody was");
  if (guest != till)
    it.violate("equal", "the guest has \"" + guest.back() + "\", and the till \"" + till.back() +
                            "\"; on_divergence told so " + std::to_string(told) + " times");
  return std::move(it).in(w);
}

// A server keeps the bill where it is safe, and what it has done in its memory.
class forgetful_till {
 public:
  explicit forgetful_till(gof::node& n)
      : node_(n), serving_(n.serve("charge", [this](const gof::message& m, gof::responder r) {
          if (done_.contains(m.id)) return r.reply("thank you");
          charge(m, std::make_shared<gof::responder>(std::move(r)));
        })) {}

 private:
  void charge(const gof::message& m, const std::shared_ptr<gof::responder>& r) {
    node_
        .get("bills", "table",
             [this, m, r](gof::result<gof::versioned> there) {
               const std::string bill = (there ? *there->value + ',' : "") + m.body;
               node_
                   .put("bills", "table", bill, there ? there->version : gof::absent,
                        [this, m, r](gof::result<std::uint64_t> put) {
                          if (!put) return r->fail(put.error());
                          done_.insert(m.id);
                          r->reply("thank you");
                        })
                   .detach();
             })
        .detach();
  }
  gof::node& node_;
  std::set<gof::operation_id> done_;
  gof::registration serving_;
};
found forget_what_was_done(std::uint64_t seed, const faults& all) {
  fallacies::world w(seed);
  w.inject(all);
  std::size_t thanked = 0;
  w.start("till", [&](gof::node& n) { return std::make_shared<forgetful_till>(n); });
  w.start("guest", at(1300ms, [&](gof::node& n) {
            ask_until_answered(n, {"charge", "coffee", {n.random() | 1, 1}}, thanked);
          }));
  w.run(20s);
  std::vector<std::string> bill;
  const auto reader = w.join("reader");
  std::istringstream all_of_it(*gof::blocking(*reader).get("bills", "table").value);
  for (std::string one; std::getline(all_of_it, one, ',');) bill.push_back(one);
  return once(w, bill, thanked);
}

// To do and to take back are two calls, each sent until it is answered.
found undo_and_do(std::uint64_t seed, const faults& all) {
  fallacies::world w(seed);
  w.inject(all);
  std::set<std::string> bill;
  std::size_t thanked = 0;
  w.start("cook", [&](gof::node& n) {
    return kept(n.serve("order",
                        [&](const gof::message& m, gof::responder r) {
                          bill.insert(m.body);
                          r.reply("it is on the bill");
                        }),
                n.serve("undo", [&](const gof::message& m, gof::responder r) {
                  bill.erase(m.body);
                  r.reply("it is not on the bill");
                }));
  });
  w.start("guest", at(1500ms, [&](gof::node& n) {
            ask_until_answered(n, {"order", "coffee"}, thanked);
            ask_until_answered(n, {"undo", "coffee"}, thanked);
          }));
  w.run(20s);
  found it;
  it.acknowledged = thanked;
  if (thanked == 2 && bill.contains("coffee"))
    it.violate("order", "the undo of the coffee was acknowledged, and it is on the bill");
  return std::move(it).in(w);
}

// Who comes late reads the log from its first line on.
found read_it_all(std::uint64_t seed, const faults& all) {
  fallacies::world w(seed);
  w.inject(all);
  std::size_t read = 0, written = 0;
  const auto guest = w.join("guest");
  for (std::size_t i = 0; i < 300; ++i)
    guest
        ->append("bill", {"order", "coffee " + std::to_string(i) + std::string(300, '.')},
                 [&](gof::result<gof::appended> came) { written += !!came; })
        .detach();
  w.run(4s);
  w.start("late", [&](gof::node& n) {
    return kept(n.read("bill", 1, [&](const gof::entry&) { ++read; }));
  });
  w.run_until([&] { return read == written; }, 10s);
  found it;
  it.acknowledged = written;
  if (read < written)
    it.violate("caught up",
               "after 10 s, late is at " + std::to_string(read) + " of " + std::to_string(written));
  return std::move(it).in(w);
}

// Nothing is ever forgotten.
found keep_it_all(std::uint64_t seed, const faults& all) {
  fallacies::world w(seed);
  w.inject(all);
  const auto guest = w.join("guest");
  found it;
  for (std::size_t i = 0; i < 600; ++i) {
    gof::result<gof::appended> last = gof::errc::deadline;
    guest
        ->append("bill", {"order", "coffee " + std::to_string(i) + std::string(400, '.')},
                 [&](gof::result<gof::appended> came) { last = std::move(came); })
        .detach();
    w.run(500ms);
    it.acknowledged += !!last;
    if (i == 599 && !last)
      it.violate("bounded", "after " + std::to_string(it.acknowledged) +
                                " orders no other is taken: " + last.error().text());
  }
  return std::move(it).in(w);
}

// Sent is done.
found send_and_forget(std::uint64_t seed, const faults& all) {
  fallacies::world w(seed);
  w.inject(all);
  const auto guest = w.join("guest");
  const auto till = w.join("till");
  std::set<std::string> bill;
  const auto reading =
      till->read("bill", 1, [&](const gof::entry& e) { bill.insert(e.content.body); });
  found it;
  for (int i = 0; i < 9; ++i) {
    guest
        ->append("bill", {"order", "coffee " + std::to_string(i)},
                 [](gof::result<gof::appended>) {})
        .detach();
    ++it.acknowledged;
    w.run(1s);
  }
  w.run(20s);
  if (bill.size() < it.acknowledged)
    it.violate("told", std::to_string(it.acknowledged) + " orders count as done, and " +
                           std::to_string(bill.size()) + " are on the bill");
  return std::move(it).in(w);
}

// ---- The cells ---------------------------------------------------------------------------------

sim::recipe recipe(std::vector<kind> more = {},
                   std::vector<std::string> who = {"guest", "till", "cook", "broker"}) {
  return any_loss(std::move(who), std::move(more), 9s, 8);
}
faults faults_of(std::uint64_t seed, const sim::recipe& of) {
  return over_in_time(sim::random_faults(seed, of), "till");
}
auto any_of(const sim::recipe& of) {
  return [of](std::uint64_t seed) { return faults_of(seed, of); };
}
// Those of the chosen kind come, or last, longer than the engine remembers what it has seen.
auto beyond_the_window(const sim::recipe& of, kind which, bool lasts) {
  return [=](std::uint64_t seed) {
    faults all = faults_of(seed, of);
    for (sim::fault& one : all)
      if (one.what == which && one.who != "broker" && one.amount % 2 == 0)
        (lasts ? one.lasts : one.at) += gof::deduplication_window + 20s;
    return all;
  };
}
// Ours, on an evening of that plan. \tparam Mark what has to come about
template <class Mark>
fallacies::program spend(plan how, Mark mark) {
  return [=](std::uint64_t seed, const faults& all) {
    evening it(seed, all, how);
    found what = it.spent();
    what.reached = mark(it.reached, what.counts);
    return what;
  };
}

std::vector<fallacies::cell> cells() {
  using marks = evening::marks;
  using counts = sim::ledger;
  const gof::duration day_after = gof::deduplication_window + 60s;
  return {
      {'R',
       "The network is reliable",
       "charged twice after a lost answer",
       "once",
       "a proposal was sent again",
       {{1299ms, 800ms, kind::lose_answers, "guest", 1000}},
       any_of(recipe()),
       charge_again,
       spend({}, [](const marks& it, const counts&) { return it.resent > 0; })},
      {'S',
       "The network is secure",
       "a recorded order is replayed the day after",
       "once",
       "a copy came, and the engine did not know it any more",
       {{day_after, 1s, kind::replay, "guest", 100}},
       beyond_the_window(without(kind::flip, recipe({kind::replay, kind::replay, kind::replay})),
                         kind::replay, false),
       believe_the_log,
       spend({.network = {.sealed = false}, .break_of = day_after},
             [](const marks& it, const counts&) { return it.copies > 0; })},
      {'H',
       "The network is homogeneous",
       "replicas look at their own clocks",
       "equal",
       "two executed the same entry with clocks apart",
       {{7s, 1s, kind::clock_jump, "till", 3'600'000}},
       any_of(recipe({kind::clock_jump, kind::clock_jump, kind::clock_jump})),
       look_at_the_clock,
       spend({.forces = true}, [](const marks& it, const counts&) { return it.jumps > 0; })},
      {'T',
       "Topology does not change",
       "who takes over does not know what was done",
       "once",
       "one came back after a crash, and went on with a proposal",
       {{1299ms, 800ms, kind::lose_answers, "guest", 1000},
        {1450ms, 450ms, kind::lose_answers, "till", 1000},
        {1900ms, 300ms, kind::crash, "till", 0}},
       beyond_the_window(recipe({kind::crash, kind::crash, kind::crash}), kind::crash, true),
       forget_what_was_done,
       spend({.forces = true, .snapshots = 2s, .sessions = 8},
             [](const marks& it, const counts&) { return it.resumed > 0; })},
      {'L',
       "Latency is zero",
       "the undo overtakes its do",
       "order",
       "a proposal was sent again while its undo waited",
       {{1499ms, 10ms, kind::lose_nth_request, "guest", 1},
        {1499ms, 800ms, kind::lose_requests, "till", 1000}},
       any_of(recipe()),
       undo_and_do,
       spend({.in_pairs = true},
             [](const marks& it, const counts&) { return it.resent_before_undo > 0; })},
      {'B',
       "Bandwidth is infinite",
       "who comes late reads all of the log",
       "caught up",
       "one came late to a log of more than 200 lines",
       {{0s, 10min, kind::narrow, "late", 5000}},
       [](std::uint64_t seed) {
         sim::recipe of = recipe({kind::narrow, kind::narrow, kind::narrow},
                                 {"guest", "till", "cook", "broker", "late", "late", "late"});
         of.horizon = 5s;
         faults all = fallacies::later(faults_of(seed, of), 3s);
         for (sim::fault& one : all)
           if (one.what == kind::narrow) one.amount += 5000;
         return all;
       },
       read_it_all,
       spend({.wishes = 100,
              .span = 3s,
              .padding = 200,
              .few_lines = true,
              .snapshots = 1s,
              .joins = 4s,
              .bytes = 40'000,
              .steps = 10},
             [](const marks& it, const counts&) { return it.caught > 200; })},
      {'C',
       "Transport cost is zero",
       "a history that is kept for ever fills the disk",
       "bounded",
       "the log was cut behind snapshots, again and again",
       {{0s, 10min, kind::quota, "broker", 80'000}},
       [](std::uint64_t seed) {
         sim::recipe of = recipe({kind::quota, kind::quota, kind::quota});
         of.horizon = 240s;
         faults all = faults_of(seed, of);
         for (sim::fault& one : all)
           if (one.what == kind::quota) one.amount /= 3, one.lasts *= 3;
         return all;
       },
       keep_it_all,
       spend({.wishes = 100,
              .span = 240s,
              .padding = 100,
              .few_lines = true,
              .snapshots = 20s,
              .kept = 80'000,
              .steps = 10},
             [](const marks& it, const counts&) { return it.snapshots > 3; })},
      {'A',
       "There is one administrator",
       "what is refused is not heard of",
       "told",
       "a wish was denied, and who cut the log was noticed",
       {{3s, 2s, kind::deny, "guest", 0}},
       any_of(without(kind::crash, recipe({kind::deny, kind::deny, kind::deny}))),
       send_and_forget,
       spend({.snapshots = 700ms, .cut = true},
             [](const marks& it, const counts&) { return it.denied > 0 && it.cut > 0; })},
  };
}
}  // namespace

int main(int count, char** arguments) {
  return fallacies::matrix("command", cells()).run(count, arguments);
}
