// SPDX-License-Identifier: BSL-1.0
/// \file
/// A folder, and two who watch it. One is away now and then; back again, it goes on where it was,
/// or is told that it cannot. `observer URL` plays it over another engine, such as sim:42. Over TCP
/// each is a process, and the laptop's is killed when it closes.

#include <gof/distributed/observer.hpp>
#include <gof/roles.hpp>
#include <gof/wait.hpp>
#include <iomanip>
#include <iostream>
#include <map>
#include <sstream>

using namespace std::chrono_literals;
namespace observer = gof::observer::distributed;

struct file {
  std::uint64_t size = 0;
};
BOOST_DESCRIBE_STRUCT(file, (), (size))
struct deed {
  std::string what, name{};
  std::uint64_t size = 0;
};
const std::vector<deed> script{{"both watch"},       {"write", "notes", 20}, {"write", "plan", 30},
                               {"laptop closes"},    {"write", "notes", 25}, {"laptop opens"},
                               {"write", "todo", 5}, {"laptop closes"},      {"erase", "plan"},
                               {"compact"},          {"laptop opens"},       {"write", "todo", 9}};
// What a watcher has on its disk.
struct disk {
  std::size_t place = 0;                         // its next turn
  bool open = true;                              // it watches
  std::map<std::string, std::uint64_t> files{};  // as it knows them,
  std::uint64_t version = 0;                     // up to where it was told,
  std::map<std::string, std::uint64_t> known{};  // and of which version each is
  std::vector<std::string> shown{};              // after each deed

  void update(const std::string& name, const std::optional<file>& f) {
    if (f)
      files[name] = f->size;
    else
      files.erase(name);
  }
  std::string text() const {
    std::string all;
    for (const auto& [name, size] : files)
      all += (all.empty() ? "" : ", ") + name + ' ' + std::to_string(size);
    return all.empty() ? "(empty)" : all;
  }
};
BOOST_DESCRIBE_STRUCT(disk, (), (place, open, files, version, known, shown))

// After each deed of the folder it is the desk's turn, and then the laptop's. Whose it is, is a
// value that they share, set against the version seen; and with it how far the folder's log is.
using act = std::function<std::uint64_t(const deed&, std::uint64_t index)>;
void in_turn(gof::node& n, const std::string& of, std::size_t& place, const act& plays) {
  std::size_t turn = 0;
  std::uint64_t index = 0, version = gof::absent;
  const auto watch = n.watch("script", of, [&](const gof::versioned& v) {
    std::istringstream(*v.value) >> turn >> index;
    version = v.version;
  });
  const auto comes = [&](std::size_t which) {
    if (!n.run_until([&] { return turn >= which; }, 10min) || turn > which)
      throw std::runtime_error("somebody is missing, or it was played there before");
  };
  for (; place < 3 * script.size(); place += 3) {
    comes(place);
    const std::uint64_t expected = version, come = plays(script[place / 3], index);
    const std::string next = std::to_string(place + 1) + ' ' + std::to_string(come);
    while (turn == place) try {
        gof::blocking(n).put("script", of, next, expected);
        n.run_until([&] { return turn != place; }, 10min);
      } catch (const gof::failure&) {  // It may be passed all the same: then that will be seen.
        gof::blocking(n).pause(10ms);
      }
    if (script[place / 3].what == n.name() + " closes") {
      place += 3;
      gof::engines::kill_this_process();  // which starts anew with its disk
      place -= 3;
    }
  }
  comes(3 * script.size());
}
// ---- The naive way: a change is published, and who listens hears it -----------------------------

/// [naive]
void naive_folder(gof::node& n, disk& d) {
  in_turn(n, "naive", d.place, [&](const deed& it, std::uint64_t) {
    if (it.what == "write") (void)n.publish({"file." + it.name, gof::wire::encode(file{it.size})});
    if (it.what == "erase") (void)n.publish({"file." + it.name});
    return 0;
  });
}
void naive_watcher(gof::node& n, disk& here) {
  const auto hear = [&](const gof::message& m) {
    std::optional<file> f;
    if (!m.body.empty()) f = gof::wire::decode<file>(m.body);
    here.update(m.subject.substr(5), f);
  };
  gof::registration listening;
  if (here.open) listening = n.subscribe("file.*", hear);
  in_turn(n, "naive", here.place, [&](const deed& it, std::uint64_t) {
    if (it.what == n.name() + " opens") listening = n.subscribe("file.*", hear), here.open = true;
    if (it.what == n.name() + " closes") listening.drop(), here.open = false;
    here.shown.push_back(here.text());
    return 0;
  });
}
/// [naive]

// ---- Ours: a change is an entry of a log, and has a version -------------------------------------

/// [ours]
void folder(gof::node& n, disk& d) {
  observer::subject<file> files(n, "files", {.deadline = 1min});
  in_turn(n, "ours", d.place, [&](const deed& it, std::uint64_t index) {
    bool done = it.what != "write" && it.what != "erase" && it.what != "compact";
    if (it.what == "write" || it.what == "erase") ++index;
    const auto told = [&](auto what) { what.value(), done = true; };
    if (it.what == "write") files.notify(it.name, file{it.size}, told);
    if (it.what == "erase") files.erase(it.name, told);
    if (it.what == "compact") files.compact(0, told);
    n.run_until([&] { return done && files.state().version() >= index; }, 1min);
    return index;
  });
}
void watcher(gof::node& n, disk& here) {
  std::string told;
  std::optional<observer::watch<file>> watching;
  const auto open = [&] {
    const auto hear = [&](const observer::news<file>& it) {
      if (it.what == observer::kind::resync) told = " (resync)";
      if (!it.key.empty()) here.update(it.key, it.value);
    };
    observer::watch<file>::options how{.from = here.version, .known = here.known};
    watching.emplace(n, "files", hear, std::move(how));
    here.open = true;
  };
  if (here.open) open();
  in_turn(n, "ours", here.place, [&](const deed& it, std::uint64_t index) {
    if (it.what == n.name() + " opens") open();
    if (watching) n.run_until([&] { return watching->version() >= index; }, 10min);
    if (it.what == n.name() + " closes") {
      here.version = watching->version();
      here.known = watching->state().keys();
      here.open = false;
      watching.reset();
    }
    here.shown.push_back(here.text() + std::exchange(told, {}));
    return index;
  });
}
/// [ours]

int main(int argc, char** argv) try {
  const std::string url = argc > 1 ? argv[1] : "memory:";
  // On sim: half of what comes to the watchers is lost. The seed says which half.
  const std::vector<gof::sim::fault> loss{{0ms, 1h, gof::sim::kind::lose_answers, "desk", 500},
                                          {0ms, 1h, gof::sim::kind::lose_answers, "laptop", 500}};
  const std::vector<std::string> names{"folder", "desk", "laptop"};
  std::map<std::string, disk> naive, ours;
  const auto cast = [&](auto subject, auto observer, std::map<std::string, disk>& disks) {
    std::vector<gof::role> all;
    for (std::size_t i = 0; i < names.size(); ++i) {
      disk& d = disks[names[i]];
      d.place = i;
      all.push_back({names[i], [=, &d](gof::node& n) { i == 0 ? subject(n, d) : observer(n, d); },
                     gof::leaving(d)});
    }
    gof::play(url, all, loss);
  };
  cast(naive_folder, naive_watcher, naive);
  cast(folder, watcher, ours);

  std::cout << "over " << url << '\n' << std::left;
  for (const char* who : {"desk", "laptop"}) {
    std::cout << std::setw(16) << "" << std::setw(34) << std::string("naive: the ") + who + " hears"
              << "ours: the " << who << " watches\n";
    for (std::size_t i = 0; i < script.size(); ++i)
      std::cout << std::setw(16)
                << script[i].what + ' ' + script[i].name +
                       (script[i].size ? ' ' + std::to_string(script[i].size) : "")
                << std::setw(34) << naive[who].shown[i] << ours[who].shown[i] << '\n';
    std::cout << '\n';
  }
  std::cout
      << "Subject and ConcreteSubject subject<file> · Attach and Detach watch<file>, and its end\n"
         "Update news<file> · ConcreteObserver the lambda hear, with its listing\n";
} catch (const std::exception& problem) {
  std::cerr << problem.what() << '\n';
  return 1;
}
