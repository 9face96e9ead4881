// SPDX-License-Identifier: BSL-1.0
#include <gof/distributed/command.hpp>

#include <gtest/gtest.h>

#include <array>
#include <gof/engines/simulator.hpp>
#include <gof/wait.hpp>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/seeds.hpp"
#include "world/document_wire.hpp"

using namespace std::chrono_literals;
using namespace gof::command::distributed;
namespace sim = gof::sim;

// Two registers, and the commands on them. --------------------------------------------------------

struct registers {
  std::array<int, 2> value{};
  bool operator==(const registers&) const = default;
};
struct set {
  std::uint64_t which = 0;
  int to = 0, old = 0;
  void execute(registers& r) {
    if (to < 0) throw std::domain_error("a register is not negative");
    old = r.value.at(which);
    r.value.at(which) = to;
  }
  void undo(registers& r) { r.value.at(which) = old; }
  std::string label() const { return "set " + std::to_string(which); }
};
BOOST_DESCRIBE_STRUCT(set, (), (which, to, old))
std::vector<std::string> keys_of(const set& c) { return {std::to_string(c.which)}; }
struct launch {  // cannot be taken back
  int count = 0;
  void execute(registers& r) { r.value[1] += count; }
};
BOOST_DESCRIBE_STRUCT(launch, (), (count))
std::vector<std::string> keys_of(const launch&) { return {"1"}; }

using machine = replica<registers, set, launch>;
using any = machine::any_command;

static_assert(networked<set, registers> && networked<launch, registers>);
static_assert(networked<world::insert, world::document>);
static_assert(!networked<int, registers>);
static_assert(!std::is_copy_constructible_v<replicated_history<registers, set>>);

// Appends proposals to a replica, as a user's shell would.
class client {
 public:
  client(machine& to, std::uint64_t& last, std::string user)
      : to_(&to), last_(&last), user_(std::move(user)) {
    detail::proposal it;
    it.user = user_;
    session_ = append(it, 0)->index;
  }
  step execute(std::vector<any> all) {
    detail::proposal it = next(detail::deed::execute);
    for (const any& one : all) it.commands.push_back(gof::wire::encode(one));
    return *append(it, it.sequence);
  }
  step undo(policy how = policy::reject) {
    return *append(next(detail::deed::undo, how), sequence_);
  }
  step redo(policy how = policy::reject) {
    return *append(next(detail::deed::redo, how), sequence_);
  }
  detail::proposal next(detail::deed what, policy how = policy::reject) {
    detail::proposal it;
    it.what = what;
    it.how = how;
    it.session = session_;
    it.sequence = ++sequence_;
    return it;
  }
  std::optional<step> append(const detail::proposal& it, std::uint64_t sequence) {
    return to_->apply(++*last_, line(it, sequence));
  }
  gof::message line(const detail::proposal& it, std::uint64_t sequence) const {
    gof::message m("proposal", gof::wire::encode(it), {session_, sequence});
    m.principal = user_;
    return m;
  }

 private:
  machine* to_;
  std::uint64_t* last_;
  std::string user_;
  std::uint64_t session_ = 0, sequence_ = 0;
};

struct CommandReplica : testing::Test {
  machine replica{registers{}};
  std::uint64_t last = 0;
  client ana{replica, last, "ana"}, ben{replica, last, "ben"};
  const registers& now() const { return replica.receiver(); }
};

TEST_F(CommandReplica, ExecutesUndoesAndRedoes) {
  EXPECT_EQ(ana.execute({set{0, 7}}).deed, "execute set 0");
  EXPECT_EQ(now(), (registers{{7, 0}}));
  const step undone = ana.undo();
  EXPECT_EQ(undone.what, verdict::done);
  EXPECT_EQ(undone.deed, "undo set 0");
  EXPECT_EQ(undone.user, "ana");
  EXPECT_EQ(now(), registers{});
  EXPECT_EQ(ana.redo().what, verdict::done);
  EXPECT_EQ(now(), (registers{{7, 0}}));
  EXPECT_EQ(ana.redo().what, verdict::nothing);
  EXPECT_EQ(ben.undo().what, verdict::nothing);
}

TEST_F(CommandReplica, LabelsSayWhatUndoAndRedoWouldDo) {
  EXPECT_EQ(replica.undo_label("ana"), std::nullopt);
  ana.execute({set{1, 2}});
  EXPECT_EQ(replica.undo_label("ana"), "set 1");
  EXPECT_EQ(replica.undo_label("ben"), std::nullopt);
  ana.undo();
  EXPECT_EQ(replica.redo_label("ana"), "set 1");
}

TEST_F(CommandReplica, ExecutesAllCommandsOfAProposalOrNone) {
  const step what = ana.execute({set{0, 1}, set{1, 2}, set{0, -1}});
  EXPECT_EQ(what.what, verdict::failed);
  EXPECT_EQ(what.why, "a register is not negative");
  EXPECT_EQ(now(), registers{});
  EXPECT_EQ(ana.undo().what, verdict::nothing);
  EXPECT_EQ(ana.execute({set{0, 1}, set{1, 2}}).what, verdict::done);
  EXPECT_EQ(ana.undo().what, verdict::done);
  EXPECT_EQ(now(), registers{});
}

TEST_F(CommandReplica, ExecutesAProposalOnceHoweverOftenItIsAppended) {
  detail::proposal it = ana.next(detail::deed::execute);
  it.commands.push_back(gof::wire::encode(any(launch{3})));
  const auto first = ana.append(it, it.sequence), second = ana.append(it, it.sequence);
  EXPECT_EQ(now(), (registers{{0, 3}}));
  EXPECT_EQ(first->index, second->index);
  EXPECT_EQ(second->what, verdict::done);
  ana.execute({launch{1}});
  EXPECT_EQ(ana.append(it, it.sequence)->what, verdict::stale);
  EXPECT_EQ(now(), (registers{{0, 4}}));
}

TEST_F(CommandReplica, RefusesAnIdThatWasUsedForSomethingElse) {
  detail::proposal it = ana.next(detail::deed::execute);
  it.commands.push_back(gof::wire::encode(any(launch{3})));
  ana.append(it, it.sequence);
  it.commands.push_back(gof::wire::encode(any(launch{4})));
  EXPECT_EQ(ana.append(it, it.sequence)->what, verdict::misused);
  EXPECT_EQ(now(), (registers{{0, 3}}));
}

TEST_F(CommandReplica, ExecutesNothingForAnUnknownSessionNorForSomebodyElses) {
  detail::proposal it = ana.next(detail::deed::execute);
  it.commands.push_back(gof::wire::encode(any(launch{3})));
  EXPECT_EQ(ben.append(it, it.sequence)->what, verdict::expired);
  it.session = 999;
  EXPECT_EQ(ana.append(it, it.sequence)->what, verdict::expired);
  EXPECT_EQ(now(), registers{});
}

TEST_F(CommandReplica, LeavesOutWhatIsNoProposal) {
  const std::uint64_t digest = replica.digest();
  EXPECT_EQ(replica.apply(++last, gof::message("proposal", "?")), std::nullopt);
  EXPECT_EQ(replica.digest(), digest);
  detail::proposal it = ana.next(detail::deed::execute);
  it.commands = {"no command"};
  EXPECT_EQ(ana.append(it, it.sequence)->what, verdict::failed);
  EXPECT_EQ(now(), registers{});
}

TEST_F(CommandReplica, WhatCannotBeTakenBackIsTheLastOfAProposal) {
  const step what = ana.execute({launch{3}, set{0, -1}});
  EXPECT_EQ(what.what, verdict::failed);
  EXPECT_EQ(what.why, "what cannot be taken back has to be the last");
  EXPECT_EQ(now(), registers{});
  EXPECT_EQ(ana.execute({set{0, 1}, launch{3}}).what, verdict::done);
  EXPECT_EQ(ana.undo().what, verdict::not_undoable);
  EXPECT_EQ(now(), (registers{{1, 3}}));
}

TEST_F(CommandReplica, TakesBackNothingThatAnotherChangedSince) {
  ana.execute({set{0, 1}});
  ben.execute({set{0, 2}});
  const step refused = ana.undo();
  EXPECT_EQ(refused.what, verdict::conflict);
  EXPECT_EQ(refused.why, "0 was changed by ben");
  EXPECT_EQ(now(), (registers{{2, 0}}));
  EXPECT_EQ(ben.undo().what, verdict::done);
  EXPECT_EQ(ana.undo().what, verdict::done);
  EXPECT_EQ(now(), registers{});
}

TEST_F(CommandReplica, SaysWhoTookBackWhatARedoStoodOn) {
  ben.execute({set{0, 1}});
  ana.execute({set{0, 2}});
  ana.undo();
  ben.undo();
  const step refused = ana.redo();
  EXPECT_EQ(refused.what, verdict::conflict);
  EXPECT_EQ(refused.why, "0 was changed back by ben");
  ben.redo();
  EXPECT_EQ(ana.redo().what, verdict::done);
  EXPECT_EQ(now(), (registers{{2, 0}}));
}

TEST_F(CommandReplica, SkipsToAnOlderStepThatNobodyTouched) {
  ana.execute({set{1, 5}});
  ana.execute({set{0, 1}});
  ben.execute({set{0, 2}});
  EXPECT_EQ(ana.undo(policy::skip).deed, "undo set 1");
  EXPECT_EQ(now(), (registers{{2, 0}}));
  EXPECT_EQ(ana.undo(policy::skip).what, verdict::conflict);
}

TEST_F(CommandReplica, ForceNeedsAnInverse) {
  ana.execute({set{0, 1}});
  ben.execute({set{0, 2}});
  EXPECT_EQ(ana.undo(policy::force).what, verdict::failed);
  EXPECT_EQ(now(), (registers{{2, 0}}));
}

TEST_F(CommandReplica, SaysWhatCannotBeTakenBack) {
  ana.execute({launch{1}});
  EXPECT_EQ(ana.undo().what, verdict::not_undoable);
  EXPECT_EQ(now(), (registers{{0, 1}}));
}

TEST_F(CommandReplica, ANewDeedEndsTheUsersOwnRedo) {
  ana.execute({set{0, 1}});
  ben.execute({set{1, 1}});
  ana.undo();
  ben.undo();
  ana.execute({set{0, 3}});
  EXPECT_EQ(ana.redo().what, verdict::nothing);
  EXPECT_EQ(ben.redo().what, verdict::done);
}

TEST(CommandReplicaRetention, ForgetsTheOldestStepsOfAUser) {
  machine replica(registers{}, {.steps = 2, .sessions = 8});
  std::uint64_t last = 0;
  client ana(replica, last, "ana");
  for (int i = 1; i <= 3; ++i) ana.execute({set{0, i}});
  EXPECT_EQ(ana.undo().what, verdict::done);
  EXPECT_EQ(ana.undo().what, verdict::done);
  EXPECT_EQ(ana.undo().what, verdict::nothing);
  EXPECT_EQ(replica.receiver(), (registers{{1, 0}}));
}

TEST(CommandReplicaRetention, TheSessionThatWasNotUsedForLongestExpires) {
  machine replica(registers{}, {.steps = 9, .sessions = 2});
  std::uint64_t last = 0;
  client ana(replica, last, "ana"), ben(replica, last, "ben");
  ana.execute({set{0, 1}});
  client eva(replica, last, "eva");
  EXPECT_EQ(ben.execute({set{0, 2}}).what, verdict::expired);
  EXPECT_EQ(ana.execute({set{0, 3}}).what, verdict::done);
}

// \law All sequences of two users up to five actions: what is accepted, and what comes of it, is
// what a model says that keeps for each thing the steps that hold, one upon the other.
class model {
 public:
  void execute(int user, std::uint64_t which, int value) {
    steps_.push_back({which, value});
    hold_[which].push_back(steps_.size() - 1);
    undo_[user].push_back(steps_.size() - 1);
    redo_[user].clear();
  }
  // The step on top may go if it is the one that holds.
  verdict undo(int user) {
    if (undo_[user].empty()) return verdict::nothing;
    const std::size_t top = undo_[user].back();
    auto& hold = hold_[steps_[top].which];
    if (hold.empty() || hold.back() != top) return verdict::conflict;
    hold.pop_back();
    undo_[user].pop_back();
    redo_[user].push_back({top, hold});
    return verdict::done;
  }
  // It may come back upon what it was upon.
  verdict redo(int user) {
    if (redo_[user].empty()) return verdict::nothing;
    const auto [top, below] = redo_[user].back();
    auto& hold = hold_[steps_[top].which];
    const bool same = below.empty() ? hold.empty() : !hold.empty() && hold.back() == below.back();
    if (!same) return verdict::conflict;
    hold.push_back(top);
    redo_[user].pop_back();
    undo_[user].push_back(top);
    return verdict::done;
  }
  int value(std::uint64_t which) const {
    const auto it = hold_.find(which);
    return it == hold_.end() || it->second.empty() ? 0 : steps_[it->second.back()].value;
  }

 private:
  struct made {
    std::uint64_t which;
    int value;
  };
  std::vector<made> steps_;
  std::map<std::uint64_t, std::vector<std::size_t>> hold_;
  std::array<std::vector<std::size_t>, 2> undo_;
  std::array<std::vector<std::pair<std::size_t, std::vector<std::size_t>>>, 2> redo_;
};

TEST(CommandReplicaExhaustive, AgreesWithTheModelOnAllSequencesOfFiveActions) {
  int sequences = 0, refused = 0;
  for (int length = 1; length <= 5; ++length)
    for (int code = 0; code < 1 << (3 * length); ++code) {
      ++sequences;
      machine replica{registers{}};
      std::uint64_t last = 0;
      client users[]{{replica, last, "ana"}, {replica, last, "ben"}};
      model expected;
      int writers = 0;
      for (int i = 0; i < length; ++i) {
        const int action = code >> (3 * i) & 7, user = action >> 2, value = 10 + i;
        writers |= 1 << user;
        const registers before = replica.receiver();
        if ((action & 3) < 2) {
          const auto which = static_cast<std::uint64_t>(action & 1);
          ASSERT_EQ(users[user].execute({set{which, value}}).what, verdict::done);
          expected.execute(user, which, value);
        } else {
          const bool undoes = (action & 1) == 0;
          const verdict what = (undoes ? users[user].undo() : users[user].redo()).what;
          ASSERT_EQ(what, undoes ? expected.undo(user) : expected.redo(user)) << code;
          refused += what == verdict::conflict;
          ASSERT_FALSE(writers != 3 && what == verdict::conflict) << "alone, and refused";
          if (what == verdict::done) {  // there and back is the same
            const registers after = replica.receiver();
            ASSERT_EQ((undoes ? users[user].redo() : users[user].undo()).what, verdict::done);
            ASSERT_EQ(replica.receiver(), before) << code;
            ASSERT_EQ((undoes ? users[user].undo() : users[user].redo()).what, verdict::done);
            ASSERT_EQ(replica.receiver(), after) << code;
          }
        }
        ASSERT_EQ(replica.receiver(), (registers{{expected.value(0), expected.value(1)}})) << code;
      }
    }
  EXPECT_EQ(sequences, 37448);
  EXPECT_GT(refused, 0);
}

// A document, whose commands have inverses. -------------------------------------------------------

using text_machine = replica<world::document, world::insert, world::erase, world::change>;

// Two users, whose proposals a replica executes.
struct editors {
  text_machine replica{world::document({{1, "a"}}, 1)};
  std::uint64_t last = 0;
  std::map<std::string, std::uint64_t> sessions, sequences;
  editors() {
    for (const char* user : {"ana", "ben"}) {
      detail::proposal it;
      it.user = user;
      sessions[user] = append(user, it).index;
    }
  }
  step append(const std::string& user, detail::proposal it) {
    it.session = sessions[user];
    it.sequence = it.what == detail::deed::open ? 0 : ++sequences[user];
    gof::message m("proposal", detail::encode(it), {it.session, it.sequence});
    m.principal = user;
    return *replica.apply(++last, m);
  }
  step execute(const std::string& user, world::edit c) {
    detail::proposal it;
    it.what = detail::deed::execute;
    it.commands = {detail::encode(c)};
    return append(user, it);
  }
  step undo(const std::string& user, policy how = policy::reject) {
    return reverse(user, detail::deed::undo, how);
  }
  step redo(const std::string& user, policy how = policy::reject) {
    return reverse(user, detail::deed::redo, how);
  }
  step reverse(const std::string& user, detail::deed what, policy how) {
    detail::proposal it;
    it.what = what;
    it.how = how;
    return append(user, it);
  }
  const std::vector<world::line>& lines() const { return replica.receiver().lines(); }
  std::string text() const {
    std::string all;
    for (const world::line& l : lines()) all += l.text;
    return all;
  }
};

TEST(CommandReplicaDocument, ALineComesBackToItsPlaceWhereItsNeighbourIsGone) {
  editors e;
  e.execute("ana", world::insert{2, 1, "b"});
  e.execute("ben", world::insert{3, 2, "c"});
  e.execute("ben", world::insert{4, 1, "-"});
  e.undo("ben");
  e.undo("ben");
  EXPECT_EQ(e.undo("ana").what, verdict::done);
  EXPECT_EQ(e.text(), "a");
  EXPECT_EQ(e.redo("ben").what, verdict::done);
  EXPECT_EQ(e.text(), "ac");
  EXPECT_EQ(e.redo("ana").what, verdict::done);
  EXPECT_EQ(e.text(), "abc");
  EXPECT_EQ(e.redo("ben").what, verdict::done);
  EXPECT_EQ(e.text(), "a-bc");
  e.execute("ana", world::erase{1});
  EXPECT_EQ(e.execute("ben", world::insert{5, 1, "d"}).what, verdict::done) << "after a line gone";
  EXPECT_EQ(e.text(), "d-bc");
  EXPECT_EQ(e.undo("ana").deed, "undo delete \"a\"");
  EXPECT_EQ(e.text(), "ad-bc");
  const step refused = e.execute("ben", world::insert{6, 7, "e"});
  EXPECT_EQ(refused.what, verdict::failed);
  EXPECT_EQ(refused.why, "there never was such a line");
  EXPECT_EQ(e.execute("ben", world::insert{2, 0, "e"}).why, "the line is there");
  EXPECT_EQ(e.text(), "ad-bc");
}

// \law All sequences of five actions of two users, insertions behind each other's lines and
// deletions of them among these: undo and redo never fail; there and back is the same; a line has
// one place, whatever came and went around it. The last action is ana's: users can be exchanged.
TEST(CommandReplicaDocument, UndoAndRedoNeverFailNorMoveALine) {
  enum { insertion, deletion, undo, redo };
  int refused = 0, gone = 0;
  for (int code = 0; code < 1 << 14; ++code) {
    editors e;
    model there;  // 1 for a line that was put in, -1 for one that was erased.
    std::vector<std::uint64_t> order{1};
    for (int i = 0; i < 5; ++i) {
      const int action = code >> (3 * i) & 3, user = code >> (3 * i + 2) & 1;
      const std::string name = user == 0 ? "ana" : "ben";
      const world::document before = e.replica.receiver();
      if (action == insertion) {
        const auto id = static_cast<std::uint64_t>(i) + 2;
        const auto after = order.begin() + (code + i) % static_cast<int>(order.size());
        gone += before.places().size() > before.lines().size();
        ASSERT_EQ(e.execute(name, world::insert{id, *after, "x"}).what, verdict::done);
        order.insert(after + 1, id);
        there.execute(user, id, 1);
      } else if (action == deletion) {
        if (before.lines().empty()) continue;
        const std::uint64_t id = before.lines().back().id;
        ASSERT_EQ(e.execute(name, world::erase{id}).what, verdict::done);
        there.execute(user, id, -1);
      } else {
        const auto reverse = [&](bool undoes) {
          return (undoes ? e.undo(name) : e.redo(name)).what;
        };
        const verdict what = reverse(action == undo);
        ASSERT_EQ(what, action == undo ? there.undo(user) : there.redo(user)) << code;
        refused += what == verdict::conflict;
        if (what == verdict::done) {
          const world::document after = e.replica.receiver();
          ASSERT_EQ(reverse(action != undo), verdict::done);
          ASSERT_EQ(e.replica.receiver(), before) << code;
          ASSERT_EQ(reverse(action == undo), verdict::done);
          ASSERT_EQ(e.replica.receiver(), after) << code;
        }
      }
      std::vector<std::uint64_t> seen, expected;
      for (const world::line& l : e.lines()) seen.push_back(l.id);
      for (std::uint64_t id : order)
        if (there.value(id) > (id == 1 ? -1 : 0)) expected.push_back(id);
      ASSERT_EQ(seen, expected) << code;
    }
  }
  EXPECT_GT(refused, 0);
  EXPECT_GT(gone, 0);
}

TEST(CommandReplicaDocument, ForceTakesBackThroughOthersWorkAndItsRedoGivesThatBack) {
  editors e;
  e.execute("ana", world::change{1, "b"});
  e.execute("ben", world::change{1, "c"});
  EXPECT_EQ(e.undo("ana", policy::force).what, verdict::done);
  EXPECT_EQ(e.text(), "a");
  EXPECT_EQ(e.undo("ben").what, verdict::conflict);
  EXPECT_EQ(e.redo("ana").what, verdict::done);
  EXPECT_EQ(e.text(), "c") << "as it was before the undo";
  EXPECT_EQ(e.undo("ana").why, "line 1 was changed by ben") << "as before, too";
  EXPECT_EQ(e.undo("ana", policy::force).what, verdict::done);
  EXPECT_EQ(e.text(), "a");
  EXPECT_EQ(e.redo("ana", policy::force).what, verdict::done);
  EXPECT_EQ(e.text(), "c");
  EXPECT_EQ(e.undo("ben").what, verdict::done);
  EXPECT_EQ(e.text(), "b");
  EXPECT_EQ(e.undo("ana").what, verdict::done);
  EXPECT_EQ(e.text(), "a");
}

TEST(CommandReplicaDocument, ARedoByForceIsTakenBackToOthersWork) {
  editors e;
  e.execute("ana", world::change{1, "b"});
  e.undo("ana");
  e.execute("ben", world::change{1, "c"});
  EXPECT_EQ(e.redo("ana").what, verdict::conflict);
  EXPECT_EQ(e.redo("ana", policy::force).what, verdict::done);
  EXPECT_EQ(e.text(), "b");
  EXPECT_EQ(e.undo("ben").why, "line 1 was changed by ana");
  EXPECT_EQ(e.undo("ana").what, verdict::done);
  EXPECT_EQ(e.text(), "c");
  EXPECT_EQ(e.undo("ben").what, verdict::done);
  EXPECT_EQ(e.text(), "a");
}

TEST(CommandReplicaDocument, ForceCannotChangeALineThatIsGone) {
  editors e;
  e.execute("ana", world::change{1, "b"});
  e.execute("ben", world::erase{1});
  const step what = e.undo("ana", policy::force);
  EXPECT_EQ(what.what, verdict::failed);
  EXPECT_EQ(what.why, "the line is not there any more");
  EXPECT_EQ(e.undo("ben").what, verdict::done);
  EXPECT_EQ(e.undo("ana").what, verdict::done);
  EXPECT_EQ(e.text(), "a");
}

// \law n undos and then n redos by force, with nothing between, leave the document as it was.
TEST(CommandReplicaDocument, ThereAndBackByForceIsTheSameForAllSequences) {
  for (int code = 0; code < 10 * 10 * 10 * 5; ++code) {  // the last is ana's
    editors e;
    for (int i = 0, rest = code; i < 4; ++i, rest /= 10) {
      const std::string user = rest % 10 < 5 ? "ana" : "ben";
      const auto id = static_cast<std::uint64_t>(i) + 2;
      if (rest % 5 == 0) e.execute(user, world::change{1, "text " + std::to_string(i)});
      if (rest % 5 == 1) e.execute(user, world::insert{id, 1, "more"});
      if (rest % 5 == 2) e.execute(user, world::erase{id - 1});
      if (rest % 5 == 3) e.undo(user, policy::force);
      if (rest % 5 == 4) e.redo(user, policy::force);
    }
    for (const std::string user : {"ana", "ben"}) {
      const world::document before = e.replica.receiver();
      int done = 0;
      while (e.undo(user, policy::force).what == verdict::done) ++done;
      for (; done > 0; --done) ASSERT_EQ(e.redo(user, policy::force).what, verdict::done) << code;
      ASSERT_EQ(e.replica.receiver(), before) << code << user;
    }
  }
}

TEST(CommandReplicaDocument, MayRememberMoreThanOneMessageCarries) {
  editors e;
  EXPECT_EQ(e.execute("ana", world::change{1, std::string(700'000, 'b')}).what, verdict::done);
  EXPECT_EQ(e.execute("ben", world::change{1, std::string(700'000, 'c')}).what, verdict::done);
  EXPECT_EQ(e.undo("ben").what, verdict::done);
  EXPECT_EQ(e.undo("ana").what, verdict::done);
  EXPECT_EQ(e.text(), "a");
}

// \law No entry, whoever wrote it, makes a replica throw, or two of them differ.
TEST(CommandReplicaDocument, NoEntryOfAStrangerBringsAReplicaDown) {
  std::size_t taken = 0, refused = 0, no_proposal = 0;
  for (std::uint64_t seed = 1; seed <= gof::testing::seeds(1000); ++seed) {
    text_machine replica{world::document({{1, "a"}}, 1)}, other = replica;
    sim::chance by(seed);
    std::vector<gof::message> lines;
    for (std::uint64_t i = 1; i <= 40; ++i) {
      detail::proposal it;
      it.what = static_cast<detail::deed>(i <= 2 ? 0 : by.below(4));
      it.how = static_cast<policy>(by.below(3));
      it.user = by.below(2) ? "ana" : "ben";
      it.session = 1 + by.below(3);
      it.sequence = by.below(9) ? i : ~std::uint64_t(0) - by.below(2);
      it.seen = by.below(6);
      it.digest = by.below(3);
      for (std::uint64_t n = by.below(4); n > 0; --n) {
        const std::uint64_t id = by.below(9);
        const world::edit edits[]{world::insert{id, id / 2, "x"}, world::erase{id},
                                  world::change{1, "y"}};
        it.commands.push_back(detail::encode(edits[by.below(3)]));
      }
      gof::message line("proposal", detail::encode(it), {it.session, it.sequence});
      line.principal = by.below(4) ? "ana" : "eva";
      if (i > 2 && by.below(4) == 0) line = lines[by.below(lines.size())];
      if (i > 2 && by.below(4) == 0)
        for (char& c : line.body)
          if (by.below(line.body.size()) == 0) c = static_cast<char>(by.next());
      if (i > 2 && by.below(9) == 0) line.body.resize(by.below(line.body.size() + 1));
      lines.push_back(line);
      std::optional<step> one, two;
      ASSERT_NO_THROW(one = replica.apply(i, line)) << seed;
      ASSERT_NO_THROW(two = other.apply(i, line)) << seed;
      ASSERT_EQ(one.has_value(), two.has_value());
      ASSERT_EQ(one ? one->what : verdict{}, two ? two->what : verdict{});
      ASSERT_EQ(replica.digest(), other.digest());
      ASSERT_EQ(replica.receiver(), other.receiver());
      ++(!one ? no_proposal : one->what == verdict::done ? taken : refused);
    }
  }
  EXPECT_GT(taken, 0u);
  EXPECT_GT(refused, 0u);
  EXPECT_GT(no_proposal, 0u);
}

// Snapshots. --------------------------------------------------------------------------------------

std::string save(const registers& r) {
  return std::to_string(r.value[0]) + ' ' + std::to_string(r.value[1]);
}
registers load(std::string_view bytes) {
  registers r;
  if (std::sscanf(std::string(bytes).c_str(), "%d %d", &r.value[0], &r.value[1]) != 2)
    throw std::runtime_error("not registers");
  return r;
}

TEST_F(CommandReplica, GoesOnFromASnapshotAsIfItHadSeenAll) {
  ana.execute({set{0, 1}});
  ben.execute({set{1, 2}});
  ana.execute({set{0, 3}});
  ana.undo();
  machine other{registers{}};
  other.load(replica.save(save), load);
  EXPECT_EQ(other.digest(), replica.digest());
  const auto both = [&](client& who, const detail::proposal& it) {
    const auto line = who.line(it, it.sequence);
    const auto a = replica.apply(++last, line), b = other.apply(last, line);
    EXPECT_EQ(a->what, b->what);
    EXPECT_EQ(replica.receiver(), other.receiver());
    EXPECT_EQ(replica.digest(), other.digest());
  };
  both(ana, ana.next(detail::deed::redo));
  both(ana, ana.next(detail::deed::undo));
  both(ben, ben.next(detail::deed::undo));
  both(ben, ben.next(detail::deed::undo));
}

TEST_F(CommandReplica, RefusesASnapshotThatIsNone) {
  ana.execute({set{0, 1}});
  const std::uint64_t digest = replica.digest();
  EXPECT_THROW(replica.load("?", load), gof::wire::error);
  std::string bytes = replica.save([](const registers&) { return std::string("x"); });
  EXPECT_THROW(replica.load(bytes, load), std::runtime_error);
  auto image = gof::wire::decode<detail::image>(replica.save(save));
  image.users["ana"].redo = image.users["ana"].undo;
  EXPECT_THROW(replica.load(gof::wire::encode(image), load), std::out_of_range);
  image.users["ana"].redo = {77};
  EXPECT_THROW(replica.load(gof::wire::encode(image), load), std::out_of_range);
  image.users["ana"].redo.clear();
  image.records[0].commands = {"no command"};
  EXPECT_THROW(replica.load(gof::wire::encode(image), load), gof::wire::error);
  EXPECT_EQ(replica.digest(), digest);
  EXPECT_EQ(now(), (registers{{1, 0}}));
}

TEST_F(CommandReplica, SeesThatAnotherHasComeToSomethingElse) {
  detail::proposal it = ben.next(detail::deed::undo);
  it.seen = replica.index();
  it.digest = replica.digest();
  ben.append(it, it.sequence);
  EXPECT_EQ(replica.take_divergence(), std::nullopt);
  it = ben.next(detail::deed::undo);
  it.seen = replica.index();
  it.digest = replica.digest() + 1;
  ben.append(it, it.sequence);
  EXPECT_EQ(replica.take_divergence(), "ben");
  EXPECT_EQ(replica.take_divergence(), std::nullopt);
}

// The shell, in a simulation. ---------------------------------------------------------------------

using history = replicated_history<registers, set, launch>;

struct CommandOverANetwork : testing::Test {
  sim::world world{1};
  std::unique_ptr<gof::node> ana_node = world.join("ana"), ben_node = world.join("ben");
  static history_options<registers> kept() {
    history_options<registers> how;
    how.save = save;
    how.load = load;
    return how;
  }
  template <class Begin>
  gof::result<step> wait(Begin begin, gof::duration limit = 1min) {
    std::optional<gof::result<step>> what;
    begin(history::told([&](gof::result<step> r) { what = std::move(r); }));
    EXPECT_FALSE(what.has_value()) << "it was called inside the call";
    EXPECT_TRUE(world.run_until([&] { return what.has_value(); }, limit));
    return what ? std::move(*what) : gof::result<step>(gof::errc::deadline);
  }
  gof::result<step> execute(history& h, any c) {
    return wait([&](auto done) { h.execute(c, std::move(done)); });
  }
};

TEST_F(CommandOverANetwork, KeepsReplicasEqual) {
  history ana(*ana_node, "notes", {}), ben(*ben_node, "notes", {});
  EXPECT_EQ(execute(ana, set{0, 1}).value().what, verdict::done);
  EXPECT_EQ(execute(ben, set{1, 2}).value().user, "ben");
  EXPECT_EQ(wait([&](auto done) { ana.undo(policy::reject, std::move(done)); })->what,
            verdict::done);
  world.run(1s);
  EXPECT_EQ(ana.receiver(), (registers{{0, 2}}));
  EXPECT_EQ(ben.receiver(), ana.receiver());
  EXPECT_EQ(ben.digest(), ana.digest());
  EXPECT_NE(ana.new_id(), ben.new_id());
}

TEST_F(CommandOverANetwork, ExecutesOnceWhereAnswersAreLost) {
  for (std::uint64_t nth = 1; nth <= 8; ++nth) {
    sim::world lossy(nth);
    auto node = lossy.join("ana");
    history ana(*node, "notes", {}, {.deadline = 1min});
    lossy.inject({{}, 1s, sim::kind::lose_nth_answer, "ana", nth});
    std::optional<gof::result<step>> what;
    ana.execute(launch{1}, [&](gof::result<step> r) { what = std::move(r); });
    ASSERT_TRUE(lossy.run_until([&] { return what.has_value(); }, 2min));
    EXPECT_EQ(what->value().what, verdict::done);
    lossy.run(10s);
    EXPECT_EQ(ana.receiver(), (registers{{0, 1}})) << nth;
  }
}

TEST_F(CommandOverANetwork, SaysUnknownWhereItMayStillTakePlaceAndNeverDoesLater) {
  history ana(*ana_node, "notes", {}, {.deadline = 3s});
  ASSERT_TRUE(execute(ana, set{0, 1}));
  world.inject({world.now().time_since_epoch(), 5s, sim::kind::lose_answers, "ana", 1000});
  world.run(1ms);
  const auto what = execute(ana, set{0, 2});
  EXPECT_FALSE(what);
  EXPECT_EQ(what.outcome(), gof::outcome::unknown);
  world.run(20s);
  EXPECT_EQ(execute(ana, set{1, 7}).value().what, verdict::done);
  const registers settled = ana.receiver();
  world.run(1min);
  EXPECT_EQ(ana.receiver(), settled);
}

TEST_F(CommandOverANetwork, SaysNotAppliedWhereItNeverLeft) {
  world.inject({0s, 1min, sim::kind::deny, "ana", 0});
  world.run(1ms);
  history ana(*ana_node, "notes", {}, {.deadline = 2s});
  const auto what = execute(ana, set{0, 2});
  EXPECT_EQ(what.outcome(), gof::outcome::not_applied);
}

TEST_F(CommandOverANetwork, NamesWhoeverTookTheRightAway) {
  history ana(*ana_node, "notes", {});
  ASSERT_TRUE(execute(ana, set{0, 1}));
  world.inject({world.now().time_since_epoch(), 5s, sim::kind::deny, "ana", 0});
  world.run(1ms);
  const auto what = execute(ana, set{0, 2});
  ASSERT_FALSE(what);
  EXPECT_EQ(what.error().why, gof::errc::denied);
  EXPECT_EQ(what.error().message, "ana may not append notes");
  world.run(6s);
  EXPECT_EQ(execute(ana, set{0, 3}).value().what, verdict::done);
  EXPECT_EQ(ana.receiver(), (registers{{3, 0}}));
}

TEST_F(CommandOverANetwork, KeepsTheOrderOfAUser) {
  history ana(*ana_node, "notes", {}, {.deadline = 1min});
  world.inject({0s, 1s, sim::kind::lose_nth_request, "ana", 3});
  std::vector<int> order;
  ana.execute(set{0, 1}, [&](gof::result<step> r) { order.push_back(r ? 1 : -1); });
  ana.undo(policy::reject,
           [&](gof::result<step> r) { order.push_back(r && r->what == verdict::done ? 2 : -2); });
  EXPECT_EQ(ana.unsettled(), 2u);
  ASSERT_TRUE(world.run_until([&] { return order.size() == 2; }, 2min));
  EXPECT_EQ(order, (std::vector{1, 2}));
  EXPECT_EQ(ana.receiver(), registers{});
}

TEST_F(CommandOverANetwork, GoesOnWithAProposalOfBeforeACrash) {
  for (std::uint64_t nth = 1; nth <= 6; ++nth) {
    sim::world lossy(nth);
    std::string intent;
    auto node = lossy.join("ana");
    auto ana = std::make_unique<history>(*node, "notes", registers{});
    std::optional<gof::result<step>> what;
    ana->execute(launch{1}, [&](gof::result<step> r) { what = std::move(r); });
    ASSERT_TRUE(lossy.run_until([&] { return what.has_value(); }, 1min));
    ana->on_intent([&](const std::string& bytes) { intent = bytes; });
    lossy.inject({lossy.now().time_since_epoch(), 1s, sim::kind::lose_nth_answer, "ana", nth});
    ana->execute(launch{1}, [](const gof::result<step>&) {});
    lossy.run_until([&] { return ana->receiver().value[1] == 2; }, gof::duration(nth * 100'000));
    lossy.inject({lossy.now().time_since_epoch(), 1h, sim::kind::crash, "ana", 0});
    lossy.run(1ms);
    ana.reset();
    node.reset();
    ASSERT_FALSE(intent.empty());

    node = lossy.join("ana");
    history again(*node, "notes", {}, {.deadline = 1min});
    std::optional<gof::result<step>> settled;
    again.resubmit(intent, [&](gof::result<step> r) { settled = std::move(r); });
    ASSERT_TRUE(lossy.run_until([&] { return settled.has_value(); }, 2min));
    EXPECT_EQ(settled->value().what, verdict::done);
    lossy.run(10s);
    EXPECT_EQ(again.receiver(), (registers{{0, 2}})) << nth;
  }
}

TEST_F(CommandOverANetwork, ANewReplicaBeginsFromTheSnapshot) {
  history ana(*ana_node, "notes", {}, kept());
  for (int i = 1; i <= 20; ++i) ASSERT_TRUE(execute(ana, set{0, i}));
  std::optional<gof::result<void>> kept_it;
  ana.snapshot([&](gof::result<void> r) { kept_it = std::move(r); });
  ASSERT_TRUE(world.run_until([&] { return kept_it.has_value(); }, 1min));
  ASSERT_TRUE(*kept_it);
  ASSERT_TRUE(execute(ana, set{1, 5}));
  int seen = 0;
  history ben(*ben_node, "notes", {}, kept());
  ben.on_step([&](const step&) { ++seen; });
  world.run(2s);
  EXPECT_EQ(seen, 1);
  EXPECT_EQ(ben.receiver(), (registers{{20, 5}}));
  EXPECT_EQ(ben.digest(), ana.digest());
  EXPECT_EQ(wait([&](auto done) { ana.undo(policy::reject, std::move(done)); })->what,
            verdict::done);
  EXPECT_EQ(wait([&](auto done) { ana.undo(policy::reject, std::move(done)); })->what,
            verdict::done);
  world.run(1s);
  EXPECT_EQ(ben.receiver(), (registers{{19, 0}}));
}

TEST_F(CommandOverANetwork, AReplicaThatIsBehindATruncationBeginsFromTheSnapshotToo) {
  history ana(*ana_node, "notes", {}, kept()), ben(*ben_node, "notes", {}, kept());
  ASSERT_TRUE(execute(ana, set{0, 1}));
  world.run(1s);
  world.inject({world.now().time_since_epoch(), 20s, sim::kind::partition, "ben", 0});
  world.run(1ms);
  for (int i = 2; i <= 9; ++i) ASSERT_TRUE(execute(ana, set{0, i}));
  std::optional<gof::result<void>> done;
  ana.snapshot([&](gof::result<void> r) { done = std::move(r); });
  ASSERT_TRUE(world.run_until([&] { return done.has_value(); }, 1min));
  ASSERT_TRUE(*done);
  world.run(60s);
  EXPECT_EQ(ben.receiver(), (registers{{9, 0}}));
  EXPECT_EQ(ben.digest(), ana.digest());
}

TEST_F(CommandOverANetwork, OnlyALaterSnapshotTakesThePlaceOfOne) {
  history ana(*ana_node, "notes", {}, kept()), ben(*ben_node, "notes", {}, kept());
  ASSERT_TRUE(execute(ana, set{0, 1}));
  world.run(1s);
  const auto snapshot = [&](history& h) {
    std::optional<gof::result<void>> done;
    h.snapshot([&](gof::result<void> r) { done = std::move(r); });
    world.run_until([&] { return done.has_value(); }, 1min);
    return std::move(*done);
  };
  EXPECT_TRUE(snapshot(ana));
  EXPECT_EQ(snapshot(ben).error().why, gof::errc::conflict);
  history eva(*ben_node, "notes", {});
  EXPECT_EQ(snapshot(eva).error().why, gof::errc::refused);
}

TEST_F(CommandOverANetwork, WhoeverKeepsSnapshotsFetchesNone) {
  history ana(*ana_node, "notes", {}, kept());
  ASSERT_TRUE(execute(ana, set{0, 1}));
  int kept_so_often = 0, fetched = 0;
  gof::scope until_the_end;
  world.listen(until_the_end.bind([&](const std::string&, const gof::engines::request& what) {
    fetched += std::holds_alternative<gof::engines::get>(what.what);
  }));
  for (int i = 2; i <= 5; ++i) {
    ASSERT_TRUE(execute(ana, set{0, i}));
    ana.snapshot([&](gof::result<void> done) { kept_so_often += !!done; });
    world.run(1s);
  }
  EXPECT_EQ(kept_so_often, 4);
  EXPECT_EQ(fetched, 0);
}

TEST_F(CommandOverANetwork, AfterAnotherOneKeptASnapshotItsOwnIsNextAgain) {
  history ana(*ana_node, "notes", {}, kept()), ben(*ben_node, "notes", {}, kept());
  std::vector<gof::errc> came;
  const auto snapshot = [&](history& h) {
    h.snapshot(
        [&](gof::result<void> done) { came.push_back(done ? gof::errc{} : done.error().why); });
    world.run(1s);
  };
  ASSERT_TRUE(execute(ana, set{0, 1}));
  snapshot(ana);
  ASSERT_TRUE(execute(ben, set{0, 2}));
  snapshot(ben);
  snapshot(ben);
  EXPECT_EQ(came, (std::vector{gof::errc{}, gof::errc::conflict, gof::errc{}}));
}

TEST_F(CommandOverANetwork, GoesOnWhereStrangersWriteIntoItsLog) {
  history ana(*ana_node, "notes", {}, {.deadline = 10s}), ben(*ben_node, "notes", {});
  ASSERT_TRUE(execute(ana, set{0, 1}));
  const std::uint64_t session = ana.new_id() >> 24;
  const auto eva = world.join("eva");
  detail::proposal forged;
  forged.what = detail::deed::execute;
  forged.session = session;
  forged.sequence = 2;
  forged.commands = {gof::wire::encode(any(launch{7}))};
  const std::string body = gof::wire::encode(forged);
  for (const gof::message& line :
       {gof::message("proposal", "?"), gof::message("proposal", body),
        gof::message("proposal", body, {session, 2}), gof::message("news", body, {session, 3})})
    eva->append("notes", line, [](gof::result<gof::appended> done) { EXPECT_TRUE(done); }).detach();
  world.run(1s);
  EXPECT_EQ(ana.receiver(), (registers{{1, 0}})) << "eva is not ana";
  for (int i = 0; i < 2; ++i) {
    const auto what = execute(ana, set{0, 2});
    ASSERT_FALSE(what) << "its id is taken";
    EXPECT_EQ(what.error().why, gof::errc::conflict);
    EXPECT_EQ(what.outcome(), gof::outcome::not_applied);
  }
  EXPECT_EQ(execute(ana, set{0, 3})->what, verdict::done);
  EXPECT_EQ(wait([&](auto done) { ana.undo(policy::reject, std::move(done)); })->what,
            verdict::done);
  world.run(1s);
  EXPECT_EQ(ana.receiver(), (registers{{1, 0}}));
  EXPECT_EQ(ben.receiver(), ana.receiver());
  EXPECT_EQ(ben.digest(), ana.digest());
}

TEST_F(CommandOverANetwork, IsToldWhatCameOfItsOwnProposalOnly) {
  int forestalled = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    sim::world other(seed);
    auto on = other.join("ana"), eva = other.join("eva");
    history ana(*on, "notes", {});
    std::optional<gof::result<step>> what;
    const auto told = [&](gof::result<step> r) { what = std::move(r); };
    ana.execute(set{0, 1}, told);
    ASSERT_TRUE(other.run_until([&] { return what.has_value(); }, 1min));
    const std::uint64_t session = ana.new_id() >> 24;
    detail::proposal forged;
    forged.what = detail::deed::undo;
    forged.session = session;
    forged.sequence = 2;
    what.reset();
    eva->append("notes", {"proposal", gof::wire::encode(forged), {session, 2}},
                [](const gof::result<gof::appended>&) {})
        .detach();
    ana.execute(set{0, 2}, told);
    ASSERT_TRUE(other.run_until([&] { return what.has_value(); }, 1min));
    if (*what) {
      EXPECT_EQ(what->value().what, verdict::done) << seed;
    } else {
      EXPECT_EQ(what->error().why, gof::errc::conflict) << seed;
      ++forestalled;
    }
    other.run(1s);
    EXPECT_EQ(ana.receiver(), (registers{{*what ? 2 : 1, 0}})) << seed;
  }
  EXPECT_GT(forestalled, 0);
}

TEST_F(CommandOverANetwork, SaysWhatIsTooLargeToBeSent) {
  replicated_history<world::document, world::insert> ana(*ana_node, "text", {});
  std::optional<gof::result<step>> what;
  ana.execute(world::insert{1, 0, std::string(gof::largest_body, 'x')},
              [&](gof::result<step> r) { what = std::move(r); });
  ASSERT_TRUE(world.run_until([&] { return what.has_value(); }, 1min));
  EXPECT_EQ(what->error().why, gof::errc::too_large);
}

TEST_F(CommandOverANetwork, NothingIsCalledWhenItIsGone) {
  {
    history ana(*ana_node, "notes", {});
    ana.execute(set{0, 1}, [](const gof::result<step>&) { FAIL(); });
    ana.on_step([](const step&) { FAIL(); });
  }
  world.run(10s);
}

// \law Under any faults: a step takes place once if it was said to be done, and at most once else;
// replicas with the same index are equal.
TEST(CommandUnderFaults, TakesEffectOnceAndKeepsReplicasEqual) {
  std::uint64_t effective = 0;
  const std::uint64_t seeds = gof::testing::seeds(200);
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    const auto run = [&](const std::vector<sim::fault>& faults, std::uint64_t* trace) {
      sim::world world(seed);
      world.inject(faults);
      auto a = world.join("ana"), b = world.join("ben");
      history ana(*a, "notes", {}, {.deadline = 10s}), ben(*b, "notes", {}, {.deadline = 10s});
      int done = 0, open = 0, settled = 0;
      for (int i = 0; i < 10; ++i)
        for (history* h : {&ana, &ben}) {
          (h == &ana ? a : b)
              ->after(i * 500ms,
                      [&, h] {
                        h->execute(launch{1}, [&](gof::result<step> r) {
                          ++settled;
                          if (r)
                            done += r->what == verdict::done;
                          else
                            open += r.outcome() == gof::outcome::unknown;
                        });
                      })
              .detach();
        }
      if (!world.run_until([&] { return settled == 20; }, 10min)) return std::string("endless");
      world.run(2min);
      for (const std::uint64_t e : world.counts().effective) effective += e;
      if (trace) *trace = world.trace();
      if (ana.digest() != ben.digest() || ana.index() != ben.index()) return std::string("unequal");
      const int count = ana.receiver().value[1];
      return count < done || count > done + open ? std::string("not once") : std::string();
    };
    sim::recipe of;
    of.nodes = {"ana", "ben", "broker"};
    of.what = {sim::kind::lose,      sim::kind::lose_requests, sim::kind::lose_answers,
               sim::kind::partition, sim::kind::delay,         sim::kind::duplicate,
               sim::kind::reorder,   sim::kind::pause,         sim::kind::crash_before_nth_answer};
    of.horizon = 6s;
    const auto faults = sim::random_faults(seed, of);
    std::uint64_t trace = 0, again = 0;
    const std::string wrong = run(faults, &trace);
    ASSERT_EQ(wrong, "") << "seed " << seed << ", faults\n"
                         << sim::as_code(sim::shrink(faults, [&](const auto& fewer) {
                              return run(fewer, nullptr) == wrong;
                            }));
    if (seed % 20 == 0) {
      run(faults, &again);
      ASSERT_EQ(trace, again) << seed;
    }
  }
  EXPECT_GT(effective, 5 * seeds);
}
