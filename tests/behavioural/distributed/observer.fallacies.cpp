// SPDX-License-Identifier: BSL-1.0
// What the eight fallacies do to Observer over a network: a shared folder, which Ada and Ben
// change, and those who watch it.

#include <algorithm>
#include <array>
#include <gof/distributed/observer.hpp>
#include <gof/wait.hpp>
#include <map>
#include <set>

#include "support/fallacies.hpp"

namespace {

namespace sim = gof::sim;
namespace wire = gof::wire;
using namespace std::chrono_literals;
using fallacies::any_loss, fallacies::hits, fallacies::kept, fallacies::over_in_time,
    fallacies::shelf, fallacies::without;
using fallacies::faults, fallacies::found, sim::kind;
using tells = gof::observer::distributed::kind;
using gof::observer::distributed::busy;

struct file {
  std::uint64_t size = 0;
};
BOOST_DESCRIBE_STRUCT(file, (), (size))
// What a newer program writes: one that an old one can do without, and one that it cannot.
struct annotated {
  std::uint64_t size = 0;
  std::optional<std::string> note{};
};
BOOST_DESCRIBE_STRUCT(annotated, (), (size, note))
struct encrypted {
  std::uint64_t size = 0;
  wire::required<std::string> cipher{};
};
BOOST_DESCRIBE_STRUCT(encrypted, (), (size, cipher))

using news = gof::observer::distributed::news<file>;
using watch = gof::observer::distributed::watch<file>;
template <class Update>
using subject_of = gof::observer::distributed::subject<Update>;
using subject = subject_of<file>;

std::string text(const news& it) {
  std::string all(boost::describe::enum_to_string(it.what, "?"));
  if (!it.key.empty()) all += ' ' + it.key;
  if (it.value) all += '=' + std::to_string(it.value->size);
  return all + " @" + std::to_string(it.version);
}

// ---- Ours: a shared folder ----------------------------------------------------------------------

// Where a crash does not reach it: what an observer has, and all that it was told.
struct book {
  std::string pattern = ">";
  bool slow = false;  // It prints each of the news, and is busy until that is done.
  std::uint64_t version = 0;
  std::map<std::string, std::uint64_t> keys{};
  std::map<std::string, std::uint64_t> sizes{};
  std::set<std::string> unreadable{};
  bool lost = false;                         // It was told so.
  std::vector<std::pair<int, news>> told{};  // In which life.
  int lives = 0;
  const watch* current = nullptr;
};
// A change, as its subject knows it.
struct change {
  std::string by, key, body;
  int life;
  bool erases;
  gof::operation_id id{};
  std::optional<gof::result<std::uint64_t>> came{};
};

// How it goes.
struct plan {
  sim::options network{};
  bool strangers = false;  // One without a right writes too.
  bool grows = false;      // Who changes the folder runs the program of the node's version.
  bool weak = false;       // In every fourth seed, the broker does not sync what it keeps.
  bool printer = false;    // One observer waits for a printer.
  std::size_t flock = 0;   // So many who want one key each, of as many.
  std::size_t bytes = 0;   // ... and may move so many a minute, and as many for each of the news.
  bool cut = false;        // Another administrator shortens the log; others only in even seeds.
};

class shared_folder {
 public:
  // What came about, for the marks.
  struct marks {
    std::size_t late = 0, resumed = 0, resyncs = 0, lost = 0, skipped = 0, unreadable = 0;
    std::size_t noted = 0, denied = 0, strangers = 0, told = 0, fenced = 0;
  } reached{};

  shared_folder(std::uint64_t seed, const faults& all, plan how)
      : how_(std::move(how)),
        faults_(all),
        world_(seed, how_.network),
        compact_(!how_.cut       ? those()
                 : seed % 2 == 1 ? std::set<std::string>()
                 : seed % 4 == 0 ? those()
                                 : std::set<std::string>{"ada"}) {
    for (const char* key : {"a.1", "a.2", "a.3", "b.1", "b.2", "c"}) keys_.emplace_back(key);
    books_["eva"], books_["sam"], books_["pat"].pattern = "a.*";
    books_["sam"].slow = how_.printer;
    // So many that what one has lost is not changed again soon.
    for (int i = 0; how_.cut && i < 60; ++i)
      keys_.push_back((i % 2 == 0 ? "a.x" : "b.x") + std::to_string(i));
    if (how_.flock > 0) keys_.clear();
    for (std::size_t i = 0; i < how_.flock; ++i) {
      keys_.push_back("k." + std::to_string(i));
      books_["o" + std::to_string(i)].pattern = keys_.back();
    }
    gof::read_options gap_is_seen;
    gap_is_seen.on_gap = [this](std::uint64_t, std::uint64_t) { whole_ = false; };
    reading_ = auditor_->read(
        "files", 1, [this](const gof::entry& it) { note(it); }, std::move(gap_is_seen));
    world_.inject(all);
  }

  // Lets it go by, and looks at what is left of it.
  found spent() {
    for (const char* name : {"ada", "ben"})
      world_.start(name, [this](gof::node& n) { return std::make_shared<owner>(n, *this); });
    if (how_.printer)
      world_.start("printer", [](gof::node& n) {
        return std::make_shared<gof::registration>(
            n.serve("print", [](const gof::message&, gof::responder r) { r.reply("printed"); }));
      });
    for (const auto& [name, of] : books_)
      world_.start(name, [this](gof::node& n) { return std::make_shared<observer>(n, *this); });
    if (how_.strangers) world_.start("mallory", [this](gof::node& n) { return stranger(n); });
    if (how_.cut) cut_the_log();
    world_.run(span);
    calm_ = true;
    world_.run(std::max(end_of_faults() - span, gof::duration(1s)));
    for (int i = 0; i < 120 && !is_set_back() && !is_settled().empty(); ++i) world_.run(500ms);
    world_.run(10s);  // Nothing comes after that.
    if (is_set_back()) return std::move(it_).in(world_);
    look_at_the_log();
    if (const std::string who = is_settled(); !who.empty()) it_.violate("converges", who);
    look();
    return std::move(it_).in(world_);
  }

 private:
  static constexpr gof::duration span = 9s;

  // Does something again and again, until it is calm.
  template <class F>
  void repeat(gof::node& on, std::int64_t mean, F f) {
    const auto wait =
        1ms * (1 + static_cast<std::int64_t>(on.random() % (2 * static_cast<std::uint64_t>(mean))));
    on.after(wait, [this, &on, mean, f] {
        if (calm_) return;
        f();
        repeat(on, mean, f);
      }).detach();
  }

  // Ada or Ben, until a crash.
  class owner {
   public:
    owner(gof::node& on, shared_folder& in)
        : in_(in), name_(on.name()), files_(on, "files", {.deadline = 3s, .from_only = those()}) {
      in_.owners_[on.name()] = this;
      life_ = ++in_.lives_[on.name()];
      if (in_.how_.grows) {
        const std::uint64_t version = in_.world_.version(name_);
        if (version > 0) notes_.emplace(on, "files", options<annotated>());
        if (version > 1) ciphers_.emplace(on, "files", options<encrypted>());
      }
      in_.repeat(on, in_.how_.flock > 0 ? 40 : 150, [this, &on] { change_something(on); });
      if (in_.compact_.contains(name_))
        in_.repeat(on, 900, [this, &on] {
          files_.compact(on.random() % 20, [](const gof::result<void>&) {});
        });
    }
    ~owner() {
      if (const auto at = in_.owners_.find(name_); at != in_.owners_.end() && at->second == this)
        in_.owners_.erase(at);
    }
    owner(const owner&) = delete;
    owner& operator=(const owner&) = delete;
    [[nodiscard]] const subject& files() const { return files_; }

   private:
    template <class Update>
    static typename subject_of<Update>::options options() {
      return {.deadline = 3s, .from_only = those()};
    }
    void change_something(gof::node& on) {
      change& it = in_.changes_.emplace_back();
      it.by = on.name();
      it.life = life_;
      it.key = in_.keys_[on.random() % in_.keys_.size()];
      it.erases = on.random() % 5 == 0;
      const auto done = [this, &it](gof::result<std::uint64_t> what) {
        if (it.came) in_.it_.violate("answered", "a completion was called twice");
        it.came = std::move(what);
      };
      const std::uint64_t size = ++in_.last_size_;
      const auto as = [&](auto& of, const auto& value) {
        it.body = wire::encode(value);
        of.notify(it.key, value, done);
      };
      if (it.erases) return files_.erase(it.key, done);
      if (!notes_ || on.random() % 3 == 0) return as(files_, file{size});
      if (!ciphers_ || on.random() % 2 == 0) return as(*notes_, annotated{size, "of " + on.name()});
      as(*ciphers_, encrypted{size, {"rot13"}});
    }
    shared_folder& in_;
    std::string name_;
    int life_;
    subject files_;
    std::optional<subject_of<annotated>> notes_;
    std::optional<subject_of<encrypted>> ciphers_;
  };

  // One of those who watch, until a crash.
  class observer {
   public:
    observer(gof::node& on, shared_folder& in)
        : node_(on), in_(in), book_(in.books_.at(on.name())) {
      life_ = ++book_.lives;
      watch::options how{book_.version, book_.keys, book_.pattern, those(), 4};
      if (book_.version > 0) resumed_at_ = book_.version;
      watch_.emplace(
          on, "files",
          [this](const news& it, busy token) {
            if (life_ != book_.lives) {  // The book is another's by now: it has its number.
              ++in_.reached.fenced;
              return;
            }
            in_.note(node_, book_, it);
            if (resumed_at_ > 0) ++in_.reached.resumed, resumed_at_ = 0;
            if (!book_.slow) return;
            if (std::exchange(printing_, true))
              in_.it_.violate("bounded", node_.name() + " was told more while it was busy");
            print(std::move(token));
          },
          std::move(how));
      book_.current = &*watch_;
    }
    ~observer() {
      in_.reached.strangers += watch_->state().ignored();
      if (life_ == book_.lives) book_.current = nullptr;
    }
    observer(const observer&) = delete;
    observer& operator=(const observer&) = delete;

   private:
    void print(busy token) {
      node_
          .call({"print", "a line"},
                [this, token](const gof::result<gof::message>& what) {
                  printing_ = !what;
                  if (!what) node_.after(50ms, [this, token] { print(token); }).detach();
                },
                {1s})
          .detach();
    }
    gof::node& node_;
    shared_folder& in_;
    book& book_;
    int life_ = 0;
    std::uint64_t resumed_at_ = 0;
    bool printing_ = false;
    std::optional<watch> watch_;
  };

  std::shared_ptr<void> stranger(gof::node& on) {
    repeat(on, 400, [this, &on] {
      on.append("files", {keys_[on.random() % keys_.size()], wire::encode(file{666'666})},
                [](const auto&) {})
          .detach();
    });
    return std::make_shared<int>();
  }
  // So that what is in no snapshot is gone, now and then.
  void cut_the_log() {
    // Where it is rare, she who takes snapshots comes to rest.
    const bool rarely = world_.seed() % 8 == 2;
    for (int i = 1; i <= (rarely ? 1 : 7); ++i)
      auditor_
          ->after(1200ms * (rarely ? 2 : i),
                  [this] {
                    if (!log_.empty())
                      auditor_
                          ->truncate("files", log_.rbegin()->first + 1,
                                     [](const gof::result<void>&) {})
                          .detach();
                  })
          .detach();
  }
  static std::set<std::string> those() { return {"ada", "ben"}; }
  [[nodiscard]] static bool wants(const book& of, const std::string& key) {
    return gof::matches(of.pattern, key);
  }

  // What the auditor reads, who has a good link.
  void note(const gof::entry& it) {
    log_[it.sequence] = it.content;
    came_[it.sequence] = world_.now();
  }
  // What an observer is told.
  void note(const gof::node& on, book& of, const news& it) {
    const std::string who = on.name() + " was told " + text(it);
    ++reached.told;
    const bool is_new = it.what == tells::changed || it.what == tells::unreadable;
    of.lost = of.lost || it.what == tells::lost;
    if (it.version < of.version || (is_new && it.version == of.version))
      it_.violate("forward", who + " after version " + std::to_string(of.version));
    if (const auto had = of.keys.find(it.key); had != of.keys.end() && it.version < had->second)
      it_.violate("forward", who + ", and had that of " + std::to_string(had->second));
    if (!it.key.empty() && !wants(of, it.key))
      it_.violate("wanted", who + ", and wants " + of.pattern);
    if (is_new && !those().contains(it.by))
      it_.violate("genuine", who + ", which " + it.by + " has written");
    if (it.what == tells::lost && !how_.cut && !is_set_back())
      it_.violate("no gap", who + ", and nobody cut the log");
    of.version = it.version;
    of.unreadable.erase(it.key);
    of.sizes.erase(it.key);
    if (is_new) of.keys[it.key] = it.version;
    if (it.what == tells::changed) of.sizes[it.key] = it.value ? it.value->size : 0;
    if (it.what == tells::unreadable) of.unreadable.insert(it.key);
    if (it.what == tells::erased) of.keys.erase(it.key);
    of.told.emplace_back(of.lives, it);
    if (of.current && of.current->waiting() > 2 * (keys_.size() + 4))
      it_.violate("bounded", std::to_string(of.current->waiting()) + " news of " +
                                 std::to_string(keys_.size()) + " keys wait for " + on.name());
    const auto came = came_.find(it.version);
    reached.late += is_new && came != came_.end() && world_.now() - came->second > 300ms;
    reached.resyncs += it.what == tells::resync;
    reached.lost += it.what == tells::lost;
    reached.skipped += it.skipped;
    reached.unreadable += it.what == tells::unreadable;
  }

  [[nodiscard]] gof::duration end_of_faults() const {
    gof::duration end{};
    for (const sim::fault& one : faults_) {
      const bool waits = one.what == kind::crash_before_nth_answer;  // A reader asks every 6 s.
      end = std::max(end, one.at + one.lasts + waits * 6s * static_cast<int>(one.amount));
    }
    return end;
  }
  // Who has not come to rest; nobody where all is well.
  [[nodiscard]] std::string is_settled() const {
    if (owners_.size() < 2) return "an owner is not there";
    const auto& state = owners_.at("ada")->files().state();
    const auto& other = owners_.at("ben")->files().state();
    for (const auto& [name, of] : owners_)
      if (of->files().unsettled() > 0) return name + " waits for an answer";
    if (!log_.empty() && state.version() < log_.rbegin()->first)
      return "ada is at " + std::to_string(state.version()) + " of " +
             std::to_string(log_.rbegin()->first);
    if (state.version() != other.version()) return "the versions of ada and ben differ";
    if (!is_cut() && state.digest() != other.digest()) return "the states of ada and ben differ";
    for (const auto& [name, of] : books_) {
      if (!of.current) return name + " is not there";
      if (of.current->waiting() > 0) return name + " has news waiting";
      for (auto i = log_.upper_bound(of.version); i != log_.end(); ++i)
        if (those().contains(i->second.principal) && wants(of, i->second.subject))
          return name + " was never told of " + std::to_string(i->first);
      if (is_cut()) continue;
      for (const auto& [key, version] : state.keys())
        if (wants(of, key) && (!of.keys.contains(key) || of.keys.at(key) != version))
          return name + " has " + (of.keys.contains(key) ? "an older " : "no ") + key;
      for (const auto& [key, version] : of.keys)
        if (!state.keys().contains(key)) return name + " still has " + key;
    }
    return {};
  }
  // What is in no snapshot can be lost: then it is told, and states may differ.
  [[nodiscard]] bool is_cut() const { return how_.cut; }
  // What was acknowledged is gone, as its durability allows: the log is another one by now.
  [[nodiscard]] bool is_set_back() const {
    return !how_.network.synced && world_.counts().unsynced > 0;
  }

  void look() {
    if (owners_.size() < 2) return;
    const auto& state = owners_.at("ada")->files().state();
    for (const auto& [name, of] : books_) {
      look(name, of);
      if (of.current) reached.strangers += of.current->state().ignored();
      if (is_cut()) {
        look_without_a_loss(name, of);
        continue;
      }
      for (const auto& [key, version] : state.keys()) {
        if (!wants(of, key)) continue;
        const auto value = state.find(key);
        if (value && (!of.sizes.contains(key) || of.sizes.at(key) != value->size))
          it_.violate("converges", name + " has another value of " + key);
        if (!value && !of.unreadable.contains(key))
          it_.violate("told", name + " was not told that it cannot read " + key);
      }
    }
    look_at_changes();
    if (how_.grows) look_at_notes();
    if (how_.flock > 0) look_at_bytes();
  }
  // Who was not told of a loss yet has what all that was in the log comes to, whoever else lost it.
  void look_without_a_loss(const std::string& name, const book& of) {
    std::map<std::string, std::uint64_t> keys;
    const auto check = [&](std::uint64_t version) {
      std::map<std::string, std::uint64_t> all;
      for (auto i = log_.begin(); i != log_.end() && i->first <= version; ++i) {
        if (!those().contains(i->second.principal) || !wants(of, i->second.subject)) continue;
        if (i->second.body.empty())
          all.erase(i->second.subject);
        else
          all[i->second.subject] = i->first;
      }
      if (keys != all)
        it_.violate("converges", name + " has something else at version " +
                                     std::to_string(version) + ", and was not told of a loss");
    };
    if (!whole_) return;
    for (const auto& [life, it] : of.told) {
      if (it.what == tells::lost) return;
      if (it.what == tells::erased) keys.erase(it.key);
      if (it.what == tells::changed) keys[it.key] = it.version;
      if (it.what == tells::current) check(it.version);
    }
    if (!log_.empty()) check(log_.rbegin()->first);
  }
  // What was in the log is still there, as it was, unless it was forgotten from its beginning on.
  void look_at_the_log() {
    if (log_.empty()) return;
    const auto nora = world_.join("nora");
    std::uint64_t last = 0;
    const auto reading = nora->read("files", 1, [&](const gof::entry& it) {
      last = it.sequence;
      const auto was = log_.find(it.sequence);
      if (was != log_.end() &&
          (was->second.body != it.content.body || was->second.subject != it.content.subject ||
           was->second.principal != it.content.principal))
        it_.violate("durable", "entry " + std::to_string(it.sequence) + " is another one by now");
    });
    // Of a log that is cut to its end, there is nothing to see.
    if (!world_.run_until([&] { return last >= log_.rbegin()->first; }, 20s) && last > 0)
      it_.violate("durable", "the log ends with " + std::to_string(last) + ", and had " +
                                 std::to_string(log_.rbegin()->first));
  }
  // Each entry is told, or is said not to be.
  void look(const std::string& name, const book& of) {
    std::uint64_t at = 0, credit = 0;
    int life = 0;
    bool resync = false;
    for (const auto& [lived, it] : of.told) {
      if (std::exchange(life, lived) != lived) credit = 0, resync = false;
      credit += it.skipped;
      resync = resync || it.what == tells::resync;
      if (!resync && it.what != tells::lost)
        for (auto i = log_.upper_bound(at); i != log_.end() && i->first < it.version; ++i) {
          if (!those().contains(i->second.principal) || !wants(of, i->second.subject)) continue;
          if (credit-- == 0)
            return it_.violate("no gap", name + " was not told of " + std::to_string(i->first) +
                                             " before " + text(it));
        }
      if (it.what == tells::current) resync = false;
      at = it.version;
      const auto entry = log_.find(it.version);
      if (it.what != tells::changed || entry == log_.end()) continue;
      if (entry->second.subject != it.key ||
          wire::decode<file>(std::string_view(entry->second.body)).size != it.value->size)
        it_.violate("genuine", name + " was told " + text(it) + ", which nobody wrote");
    }
    if (!whole_) return;
    for (auto i = log_.upper_bound(at); i != log_.end(); ++i)
      if (those().contains(i->second.principal) && wants(of, i->second.subject))
        return it_.violate("no gap", name + " was never told of " + std::to_string(i->first));
  }
  // What was acknowledged is in the log, once; what was not, at most once; what was refused, not.
  void look_at_changes() {
    std::map<std::string, std::size_t> times;
    std::map<std::array<std::string, 3>, std::size_t> made;
    for (const change& it : changes_) ++made[{it.by, it.key, it.body}];
    for (const auto& [version, it] : log_) {
      if (!those().contains(it.principal)) continue;
      if (!it.body.empty()) ++times[it.body];
      if (!made.contains({it.principal, it.subject, it.body}))
        it_.violate("genuine", "entry " + std::to_string(version) + " of " + it.principal +
                                   ", of whom it is not");
    }
    for (const change& it : changes_) {
      const std::size_t there = it.erases ? 0 : times[it.body];
      if (there > 1)
        it_.violate("once", it.by + "'s change of " + it.key + " is in the log " +
                                std::to_string(there) + " times");
      if (!it.came && it.life == lives_.at(it.by))
        it_.violate("answered", it.by + " was never told what came of a change of " + it.key);
      if (!it.came) continue;
      if (*it.came) {
        ++it_.acknowledged;
        const auto entry = log_.find(it.came->value());
        if (entry == log_.end() ? whole_
                                : entry->second.subject != it.key || entry->second.body != it.body)
          it_.violate("once",
                      it.by + "'s change of " + it.key + " was acknowledged, and is not there");
      } else {
        if (it.came->outcome() == gof::outcome::not_applied && there > 0)
          it_.violate("answered",
                      it.by + " was told " + it.came->error().text() + ", and the change is there");
        if (it.came->error().why != gof::errc::denied) continue;
        ++reached.denied;
        if (it.came->error().message.find(it.by + " may not append") == std::string::npos)
          it_.violate("told", it.by + " was denied without a reason: " + it.came->error().text());
      }
    }
  }
  // A newer program finds all that the newer ones wrote, also in a snapshot that an old one took.
  void look_at_notes() {
    const auto nina = world_.join("nina");
    const gof::observer::distributed::watch<annotated> w(*nina, "files", [](const auto&) {},
                                                         {.from_only = those()});
    for (const auto& [version, it] : log_) reached.noted += it.body.find("note") != it.body.npos;
    const auto& state = owners_.at("ada")->files().state();
    world_.run_until([&] { return w.version() >= state.version(); }, 20s);
    for (const auto& [key, version] : state.keys()) {
      const auto entry = log_.find(version);
      if (entry == log_.end()) continue;
      annotated of;
      if (wire::decode_into(std::string_view(entry->second.body), of) != wire::refusal::none)
        continue;
      const auto has = w.state().find(key);
      if (!has || has->note != of.note)
        it_.violate("told", "the note on " + key + " is not passed on");
    }
  }
  // The same for each, however many there are.
  void look_at_bytes() {
    const auto minutes = static_cast<std::size_t>(world_.now().time_since_epoch() / 1min) + 1;
    for (const auto& [name, of] : books_) {
      if (of.pattern.front() != 'k') continue;
      const auto tries = 1 + static_cast<std::size_t>(std::count_if(
                                 faults_.begin(), faults_.end(), [&](const sim::fault& one) {
                                   return one.who == name || one.who == "broker";
                                 }));
      const std::size_t allowed = how_.bytes * (minutes + tries) + 500 * of.told.size() * tries;
      if (const auto bytes = world_.bytes(name); bytes > allowed)
        it_.violate("price", name + ", one of " + std::to_string(how_.flock) + ", was told " +
                                 std::to_string(of.told.size()) + " news with " +
                                 std::to_string(bytes) + " bytes");
    }
  }

  plan how_;
  faults faults_;
  found it_;
  bool calm_ = false, whole_ = true;  // All that was in the log, the auditor has seen.
  std::vector<std::string> keys_;
  std::uint64_t last_size_ = 0;
  std::deque<change> changes_;
  std::map<std::string, int> lives_;
  std::map<std::string, book> books_;
  std::map<std::string, owner*> owners_;
  std::map<std::uint64_t, gof::message> log_;
  std::map<std::uint64_t, gof::time_point> came_;
  fallacies::world world_;
  std::set<std::string> compact_;  // Who does.
  std::unique_ptr<gof::node> auditor_ = world_.join("auditor");
  gof::registration reading_;
};

// ---- The naive ones -----------------------------------------------------------------------------

using listing = std::map<std::string, std::uint64_t>;
// Publishes so many changes of files, one every 100 ms, from 300 ms on.
void publish_changes(sim::world& w, const std::string& who, std::uint64_t count, std::uint64_t keys,
                     listing& now) {
  w.start(who, [=, &now](gof::node& n) {
    for (std::uint64_t i = 1; i <= count; ++i)
      n.after(100ms * static_cast<int>(i + 2), [=, &n, &now] {
         const std::string key = "files." + std::to_string(i % keys);
         now[key] = i;
         (void)n.publish({key, wire::encode(file{i})});
       }).detach();
    return shelf();
  });
}
shelf hear(gof::node& n, const std::string& pattern, listing& has) {
  return kept(n.subscribe(pattern, [&has](const gof::message& m) {
    has[m.subject] = wire::decode<file>(m.body).size;
  }));
}

// A change is published, and who listens hears it.
found publish_it(std::uint64_t seed, const faults& all) {
  fallacies::world w(seed);
  w.inject(all);
  listing now, has;
  w.start("eva", [&](gof::node& n) { return hear(n, "files.*", has); });
  publish_changes(w, "ada", 30, 5, now);
  w.run(20s);
  found it;
  it.acknowledged = now.size();
  for (const auto& [key, size] : now)
    if (has[key] != size)
      it.violate("converges", "a quarter of a minute later, " + key + " has " +
                                  std::to_string(size) + " bytes, and for eva " +
                                  std::to_string(has[key]));
  return std::move(it).in(w);
}

// Whatever comes on the topic is true.
found believe_the_topic(std::uint64_t seed, const faults& all) {
  fallacies::world w(seed, {.sealed = false});
  w.inject(all);
  listing now, has;
  const auto mallory = w.join("mallory");  // What it says here, nobody hears yet.
  (void)mallory->publish({"files.0", wire::encode(file{666'666})});
  w.run(100ms);
  w.start("eva", [&](gof::node& n) { return hear(n, "files.*", has); });
  publish_changes(w, "ada", 50, 5, now);
  bool fooled = false;
  w.run_until([&] { return fooled = fooled || has["files.0"] == 666'666; }, 20s);
  found it;
  it.acknowledged = now.size();
  if (fooled) it.violate("genuine", "eva was told 666666 bytes, which mallory made up");
  return std::move(it).in(w);
}

// What is not understood is none of ours.
found skip_what_is_new(std::uint64_t seed, const faults& all) {
  fallacies::world w(seed);
  w.inject(all);
  std::map<std::string, std::string> now, has;
  int told = 0;
  w.start("eva", [&](gof::node& n) {
    return kept(n.subscribe("files.*", [&](const gof::message& m) {
      file f;
      if (wire::decode_into(std::string_view(m.body), f) == wire::refusal::none)
        has[m.subject] = m.body;
    }));
  });
  w.start("ben", [&](gof::node& n) {
    const bool is_newer = w.version("ben") > 1;
    for (std::uint64_t i = 1; i <= 40; ++i)
      n.after(100ms * static_cast<int>(i), [&, i, is_newer] {
         std::string body =
             is_newer ? wire::encode(encrypted{i, {"rot13"}}) : wire::encode(file{i});
         now["files.a"] = body;
         (void)n.publish({"files.a", body});
       }).detach();
    return shelf();
  });
  w.run(20s);
  found it;
  it.acknowledged = now.size();
  if (now != has && told == 0)
    it.violate("told", "eva has another files.a than ben, and was told nothing of it");
  return std::move(it).in(w);
}

// Who starts anew subscribes anew.
found subscribe_anew(std::uint64_t seed, const faults& all) {
  fallacies::world w(seed);
  w.inject(all);
  listing now;
  std::set<std::uint64_t> told;
  w.start("eva", [&](gof::node& n) {
    return kept(n.subscribe(
        "files.*", [&](const gof::message& m) { told.insert(wire::decode<file>(m.body).size); }));
  });
  publish_changes(w, "ada", 60, 5, now);
  w.run(20s);
  found it;
  it.acknowledged = 60;
  for (std::uint64_t i = 1; i <= 60; ++i)
    if (!told.contains(i))
      it.violate("no gap", "eva was told " + std::to_string(told.size()) +
                               " of 60 changes, and was not told of " + std::to_string(i));
  return std::move(it).in(w);
}

// The state is asked for, and what changes meanwhile comes as an event: one of the two is older.
found ask_and_listen(std::uint64_t seed, const faults& all) {
  fallacies::world w(seed, {.silence = 1min});
  w.inject(all);
  std::uint64_t at_ada = 1, at_eva = 0;
  found it;
  const auto update = [&](std::uint64_t to) {
    if (to < at_eva)
      it.violate("forward",
                 "eva had version " + std::to_string(at_eva) + ", and then " + std::to_string(to));
    at_eva = to;
  };
  const auto ada = w.join("ada"), ben = w.join("ben"), eva = w.join("eva");
  const auto serves = ada->serve(
      "state", [&](const gof::message&, gof::responder r) { r.reply(wire::encode(file{at_ada})); });
  const auto follows = ada->subscribe(
      "files.*", [&](const gof::message& m) { at_ada = wire::decode<file>(m.body).size; });
  const auto listens = eva->subscribe(
      "files.*", [&](const gof::message& m) { update(wire::decode<file>(m.body).size); });
  w.run(3s);
  std::vector<gof::registration> asks;
  for (std::uint64_t i = 2; i <= 4; ++i) {
    asks.push_back(eva->call({"state"},
                             [&](const gof::result<gof::message>& what) {
                               if (what) update(wire::decode<file>(what->body).size);
                             },
                             {20s}));
    w.run(50ms);
    (void)ben->publish({"files.a", wire::encode(file{i})});
    w.run(950ms);
  }
  w.run(20s);
  it.acknowledged = at_eva;
  return std::move(it).in(w);
}

// What cannot be printed at once waits.
found queue_it(std::uint64_t seed, const faults& all) {
  fallacies::world w(seed);
  w.inject(all);
  listing now;
  std::deque<std::string> waiting;
  std::size_t most = 0, printed = 0;
  w.start("printer", [](gof::node& n) {
    return kept(
        n.serve("print", [](const gof::message&, gof::responder r) { r.reply("printed"); }));
  });
  const auto sam = w.join("sam");
  std::function<void()> print = [&] {
    sam->call({"print", waiting.front()},
              [&](const gof::result<gof::message>& what) {
                if (what) waiting.pop_front(), ++printed;
                if (!waiting.empty()) print();
              },
              {1s})
        .detach();
  };
  const auto listens = sam->subscribe("files.*", [&](const gof::message& m) {
    waiting.push_back(m.body);
    most = std::max(most, waiting.size());
    if (waiting.size() == 1) print();
  });
  publish_changes(w, "ada", 90, 5, now);
  w.run(20s);
  found it;
  it.acknowledged = printed;
  if (most > 16)
    it.violate("bounded", "of 5 files, " + std::to_string(most) + " news wait for the printer");
  return std::move(it).in(w);
}

// Everything is told to everyone, who takes what it wants.
found tell_everyone(std::uint64_t seed, const faults& all) {
  fallacies::world w(seed);
  w.inject(all);
  listing now;
  std::size_t wanted = 0, heard = 0;
  const auto eva = w.join("o1");
  const auto listens = eva->subscribe("files.*", [&](const gof::message& m) {
    ++heard;
    wanted += m.subject == "files.1";
  });
  for (const char* name : {"ada", "ben", "cyd", "dan", "fay", "gus"})
    publish_changes(w, name, 160, 16, now);
  w.run(30s);
  found it;
  it.acknowledged = wanted;
  if (wanted < 60)
    it.violate("wanted", "60 changes of one file were wanted, and " + std::to_string(wanted) +
                             " came, among " + std::to_string(heard - wanted) +
                             " that nobody wanted");
  return std::move(it).in(w);
}

// The log is read, and what is not in it any more is not missed.
found read_on(std::uint64_t seed, const faults& all) {
  fallacies::world w(seed);
  w.inject(all);
  const auto ada = w.join("ada"), admin = w.join("admin"), eva = w.join("eva");
  std::set<std::uint64_t> told;
  std::uint64_t last = 0;
  const auto reads = eva->read("files", 1, [&](const gof::entry& e) { told.insert(e.sequence); });
  for (int i = 0; i < 90; ++i) {
    ada->append("files", {"a", wire::encode(file{1})},
                [&](gof::result<gof::appended> r) {
                  if (r) last = r->sequence;
                })
        .detach();
    w.run(100ms);
    if (last > 20) admin->truncate("files", last - 19, [](const gof::result<void>&) {}).detach();
  }
  w.run(30s);
  found it;
  it.acknowledged = last;
  for (std::uint64_t i = 1; i <= last; ++i)
    if (!told.contains(i))
      it.violate("no gap", "of " + std::to_string(last) + " changes eva was told " +
                               std::to_string(told.size()) + ", and not that others were gone");
  return std::move(it).in(w);
}

// ---- The cells ----------------------------------------------------------------------------------

sim::recipe recipe(std::vector<kind> more = {},
                   std::vector<std::string> who = {"ada", "ben", "eva", "sam", "pat", "broker"}) {
  return any_loss(std::move(who), std::move(more), 9s, 8);
}
auto any_of(const sim::recipe& of) {
  return [of](std::uint64_t seed) { return over_in_time(sim::random_faults(seed, of), "ada"); };
}
// Ours, in that way. \tparam Mark what has to come about
template <class Mark>
fallacies::program share(plan how, Mark mark) {
  return [=](std::uint64_t seed, const faults& all) {
    plan of = how;
    if (of.flock > 0) of.flock = std::size_t(4) << seed % 3;
    if (of.weak) of.network.synced = seed % 4 != 0;
    // Who can be impersonated has to seal.
    if (of.strangers)
      of.network.sealed = std::any_of(
          all.begin(), all.end(), [](const sim::fault& one) { return one.what == kind::forge; });
    shared_folder it(seed, all, of);
    found what = it.spent();
    what.reached = mark(it.reached, what.counts);
    return what;
  };
}

std::vector<fallacies::cell> cells() {
  using marks = shared_folder::marks;
  using counts = sim::ledger;
  return {
      {'R',
       "The network is reliable",
       "the last change is lost, and nobody finds out",
       "converges",
       "a change was told later than it should have been, after it was lost",
       {{2900ms, 800ms, kind::lose_answers, "eva", 1000}},
       [](std::uint64_t seed) {
         faults all = any_of(recipe())(seed);
         if (seed % 2 == 0)  // Without power.
           all.push_back(
               {2s + 100ms * static_cast<int>(seed % 50), 300ms, kind::crash, "broker", 1});
         return all;
       },
       publish_it,
       share({.weak = true}, [](const marks& it, const counts&) { return it.late > 0; })},
      {'S',
       "The network is secure",
       "a stranger's news are believed",
       "genuine",
       "a stranger's changes were left out, and a tap's copies or forgeries came",
       {{3s, 1s, kind::replay, "mallory", 5}},
       [](std::uint64_t seed) {
         faults all = any_of(
             without(kind::flip, recipe({kind::replay, kind::replay, kind::replay},
                                        {"ada", "ben", "eva", "sam", "mallory", "broker"})))(seed);
         for (int i = 1; seed % 2 == 0 && i <= 3; ++i)
           all.push_back({2s * i, {}, kind::forge, i % 2 == 0 ? "ada" : "ben", 1 + seed % 5});
         return all;
       },
       believe_the_topic,
       share({.strangers = true},
             [](const marks& it, const counts& in) {
               return it.strangers > 0 && hits(in, kind::replay) + hits(in, kind::forge) > 0;
             })},
      {'H',
       "The network is homogeneous",
       "an old program skips what it does not understand",
       "told",
       "newer programs wrote what old ones cannot read, and what they can do without",
       {{2s, 300ms, kind::version, "ben", 2}},
       any_of(recipe({kind::version, kind::version, kind::version}, {"ada", "ben", "broker"})),
       skip_what_is_new,
       share({.grows = true},
             [](const marks& it, const counts&) { return it.unreadable > 0 && it.noted > 0; })},
      {'T',
       "Topology does not change",
       "what changed between two subscriptions",
       "no gap",
       "one came back after a crash or a move, and went on from its version",
       {{2s, 1500ms, kind::crash, "eva", 0}},
       any_of(recipe({kind::crash, kind::crash, kind::move, kind::move, kind::move},
                     {"ada", "eva", "sam", "pat", "broker"})),
       subscribe_anew,
       share({}, [](const marks& it, const counts&) { return it.resumed > 0; })},
      {'L',
       "Latency is zero",
       "an older state comes after a newer change",
       "forward",
       "a change was told late, in its order",
       {{2s, 4s, kind::delay, "ada", 3'000'000}, {4s, 2s, kind::delay, "eva", 3'000'000}},
       any_of(recipe({kind::delay, kind::delay, kind::reorder, kind::reorder})),
       ask_and_listen,
       share({}, [](const marks& it, const counts&) { return it.late > 0; })},
      {'B',
       "Bandwidth is infinite",
       "news for a slow observer pile up",
       "bounded",
       "a slow observer was told how many news were left out",
       {{2s, 5s, kind::pause, "printer", 0}},
       any_of(recipe({kind::pause, kind::pause, kind::lose},
                     {"printer", "printer", "sam", "ada", "broker"})),
       queue_it,
       share({.printer = true}, [](const marks& it, const counts&) { return it.skipped > 0; })},
      {'C',
       "Transport cost is zero",
       "what nobody wants takes the place of what is wanted",
       "wanted",
       "observers of one file each, of 4, 8 or 16, one of them on a narrow link",
       {{0s, 30s, kind::narrow, "o1", 2500}},
       [](std::uint64_t seed) {
         faults all = any_of(recipe({kind::narrow, kind::narrow, kind::narrow},
                                    {"o0", "o1", "o2", "o3", "ada", "ben"}))(seed);
         for (sim::fault& one : all)
           if (one.what == kind::narrow) one.amount += 5000;
         return all;
       },
       tell_everyone,
       share({.flock = 4, .bytes = 12'000},
             [](const marks& it, const counts& in) {
               return it.told > 100 && hits(in, kind::narrow) > 0;
             })},
      {'A',
       "There is one administrator",
       "rights and retention change elsewhere",
       "no gap",
       "a change was denied, and an observer was told that changes are gone",
       {{2s, 6s, kind::deny, "eva", 0}, {3s, 1s, kind::deny, "ada", 0}},
       [](std::uint64_t seed) {
         faults all = any_of(recipe({kind::deny, kind::deny, kind::deny}))(seed);
         // Ada loses something, and takes snapshots; eva gets one of these, and has seen it or not.
         const auto some = [&](int most) { return 100ms * (static_cast<int>(seed % 1000) % most); };
         if (seed % 4 == 2) all.push_back({500ms + some(10), 2s, kind::partition, "ada"});
         if (seed % 8 == 2) all.push_back({4500ms + some(30), 2s, kind::partition, "eva"});
         if (seed % 8 == 6) all.push_back({300ms, 4s + some(30), kind::partition, "eva"});
         return all;
       },
       read_on,
       share({.cut = true},
             [](const marks& it, const counts&) {
               return it.denied > 0 && it.resyncs + it.lost > 0;
             })},
  };
}
}  // namespace

int main(int count, char** arguments) {
  return fallacies::matrix("observer", cells()).run(count, arguments);
}
