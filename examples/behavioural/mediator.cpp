// SPDX-License-Identifier: BSL-1.0
/// \file
/// A table for matches of two: it seats who comes and passes the turn. `mediator FILE` reads who
/// comes and what they do from a file of yours, in lines such as `Ana comes`, `Ana plays b2`,
/// `Ana leaves`.

#include <fstream>
#include <gof/mediator.hpp>
#include <gof/mediator/pipeline.hpp>
#include <iostream>
#include <map>
#include <sstream>

#include "world/match.hpp"

namespace med = gof::mediator;
using world::side;

/// [messages]
// Requests: one colleague answers each.
struct sit {
  using answer = side;  // nobody's: the one who asks can only watch
  std::string name;
};
struct play {
  using answer = std::string;
  std::string name, move;
};
struct put {
  using answer = std::string;
  std::string move;
};
// Notifications: whoever wants to hears them.
struct gone {
  std::string name;
};
struct news {
  std::string text;
};
using room = med::mediator<sit, play, put, gone, news>;
/// [messages]

/// [colleagues]
// A Colleague: has the board, and knows nobody.
class board {
 public:
  explicit board(room& r) : here_(r.join(*this)) {}
  std::string receive(const put& p) { return match_.play(p.move); }

 private:
  world::flat_board<3, 3> squares_;
  world::letters<'X', 'O'> pieces_{"Cross", "Nought"};
  world::in_a_row<3> rules_;
  world::match match_{squares_, pieces_, rules_};
  med::membership here_;
};
// A Colleague: knows who sits where, and whose turn it is.
class host {
 public:
  explicit host(room& r) : room_(r), here_(r.join(*this)) {}
  side receive(const sit& s) {
    for (const side free : {side::first, side::second}) {
      if (seats_.try_emplace(free, s.name).second) return free;
    }
    return side::nobody;
  }
  std::string receive(const play& p) {
    if (seats_.size() < 2) throw std::invalid_argument("a seat is free");
    if (seats_[turn_] != p.name) throw std::invalid_argument("it is " + seats_[turn_] + "'s turn");
    const std::string did = room_.send(put{p.move});
    turn_ = turn_ == side::first ? side::second : side::first;
    room_.publish(news{did});
    return did;
  }
  void receive(const gone& g) {
    std::erase_if(seats_, [&](const auto& seat) { return seat.second == g.name; });
    room_.publish(news{g.name + " is gone"});
  }

 private:
  room& room_;
  std::map<side, std::string> seats_;
  side turn_ = side::first;
  med::membership here_;
};
/// [colleagues]

/// [player]
// A Colleague, who comes and goes.
class player {
 public:
  player(room& r, std::string name) : name_(std::move(name)), here_(r.join(*this)) {}
  virtual ~player() = default;
  void receive(const news& n) { hear(n); }

 protected:
  virtual void hear(const news& n) { std::cout << "    " << name_ << " hears: " << n.text << '\n'; }
  const std::string name_;

 private:
  med::membership here_;
};
/// [player]

// Cannot wait: plays when there is news, while the move of the other is under way.
class hasty final : public player {
 public:
  hasty(room& r, std::string name) : player(r, std::move(name)), room_(r) {}
  void hear(const news&) override { room_.send(play{name_, "a1"}); }

 private:
  room& room_;
};

/// [mediator]
// The ConcreteMediator: has the room, who belongs there, and what is done around messages.
class table {
 public:
  table() {
    pipeline_.around<play>([](const play& p, auto& next) -> std::string {
      try {
        return "played: " + next(p);
      } catch (const std::invalid_argument& problem) {
        return std::string("refused: ") + problem.what();
      }
    });
  }
  template <class Player = player>
  std::string come(const std::string& name) {
    if (guests_.contains(name)) return "is here already";
    guests_[name] = std::make_unique<Player>(room_, name);
    const side seat = pipeline_.send(sit{name});
    return seat == side::nobody ? "watches" : seat == side::first ? "has X" : "has O";
  }
  std::string moves(const std::string& name, const std::string& move) {
    return pipeline_.send(play{name, move});
  }
  std::string leave(const std::string& name) {
    if (guests_.erase(name) == 0) return "is not here";
    pipeline_.publish(gone{name});
    return "left";
  }

 private:
  room room_;
  med::pipeline<sit, play, put, gone, news> pipeline_{room_};
  board board_{room_};
  host host_{room_};
  std::map<std::string, std::unique_ptr<player>> guests_;
};
/// [mediator]

void run(table& t, std::istream& lines) {
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string name, verb, move;
    if (!(words >> name)) continue;
    words >> verb >> move;
    std::cout << "> " << line << '\n';
    std::string answer = "comes, plays or leaves?";
    if (verb == "comes") answer = t.come(name);
    if (verb == "plays") answer = t.moves(name, move);
    if (verb == "leaves") answer = t.leave(name);
    std::cout << "  " << answer << '\n';
  }
}

int main(int argc, char** argv) {
  table t;
  if (argc > 1) {
    std::ifstream file(argv[1]);
    if (!file) {
      std::cerr << argv[1] << ": there is no such file\n";
      return 1;
    }
    run(t, file);
    return 0;
  }
  std::istringstream story(
      "Ana comes\nAna plays b2\nBen comes\nAna plays b2\nAna plays a1\nBen plays b2\nBen plays a2\n"
      "Cleo comes\nCleo plays c3\nBen leaves\nAna plays a1\nCleo leaves\n");
  run(t, story);

  std::cout << "> Dan comes, who cannot wait\n  " << t.come<hasty>("Dan") << '\n';
  std::cout << "> Ana plays a1\n";
  try {
    t.moves("Ana", "a1");
  } catch (const med::loop& problem) {
    std::cout << "  " << problem.what() << '\n';
  }
  std::cout << "\nMediator room · ConcreteMediator table · Colleague board, host, player\n";
}
