// SPDX-License-Identifier: BSL-1.0
#include <gof/observer/concurrent.hpp>
// Seven things that break implementations of Observer, done to ours and to the peers that were
// found. Each is done in a process of its own, with a deadline. Only ours has to pass.
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#ifdef GOF_HAS_SIGNALS2
#include <boost/signals2.hpp>
#endif
#ifdef GOF_HAS_SIGCPP
#include <sigc++/sigc++.h>
#endif

namespace {

// ---- The contenders: what each offers for the purpose -------------------------------------------

template <class Subject>
struct ours {
  using connection = gof::observer::connection;
  static void detach(connection& c) { c.detach(); }
  template <class F>
  connection attach(F f) {
    return subject.attach(f);
  }
  // An observer that is detached when what is returned is destroyed.
  template <class F>
  std::shared_ptr<void> attach_owned(F f) {
    return std::make_shared<gof::observer::scoped_connection>(subject.attach(f));
  }
  void notify() { subject.notify(); }
  void notify_all() { subject.notify_all(); }
  Subject subject;
};
struct ours_alone : ours<gof::observer::subject<>> {
  static constexpr bool has_threads = false;
};
struct ours_concurrent : ours<gof::observer::concurrent_subject<>> {
  static constexpr bool has_threads = true;
  template <class F>
  connection attach_waiting(F f) {
    return subject.attach(f, {.wait = std::chrono::seconds(10)});
  }
};

struct not_found {};
#ifdef GOF_HAS_SIGNALS2
struct signals2 {
  static constexpr bool has_threads = true;
  using connection = boost::signals2::connection;
  static void detach(connection& c) { c.disconnect(); }
  template <class F>
  connection attach(F f) {
    return changed.connect(f);
  }
  template <class F>
  std::shared_ptr<void> attach_owned(F f) {
    return std::make_shared<boost::signals2::scoped_connection>(changed.connect(f));
  }
  template <class F>
  connection attach_waiting(F f) {
    return attach(f);
  }
  void notify() { changed(); }
  void notify_all() { changed(); }
  boost::signals2::signal<void()> changed;
};
#else
using signals2 = not_found;
#endif
#ifdef GOF_HAS_SIGCPP
struct sigcpp {
  static constexpr bool has_threads = false;
  using connection = sigc::connection;
  static void detach(connection& c) { c.disconnect(); }
  template <class F>
  connection attach(F f) {
    return changed.connect(f);
  }
  template <class F>
  std::shared_ptr<void> attach_owned(F f) {
    struct owner : sigc::trackable {
      explicit owner(F from) : f(from) {}
      void call() { f(); }
      F f;
    };
    auto made = std::make_shared<owner>(f);
    changed.connect(sigc::mem_fun(*made, &owner::call));
    return made;
  }
  void notify() { changed(); }
  void notify_all() { changed(); }
  sigc::signal<void()> changed;
};
#else
using sigcpp = not_found;
#endif

// ---- The probes: each answers "ok", "-" where it does not apply, or how it fails ----------------

template <class S>
std::string detaches_itself() {
  S s;
  int before = 0, itself = 0, after = 0;
  typename S::connection c;
  s.attach([&] { ++before; });
  c = s.attach([&] {
    ++itself;
    S::detach(c);
  });
  s.attach([&] { ++after; });
  s.notify();
  s.notify();
  if (itself != 1) return "called again";
  return before == 2 && after == 2 ? "ok" : "others missed a call";
}

template <class S>
std::string destroys_a_later_one() {
  S s;
  bool alive = true, called_dead = false, last = false;
  typename S::connection later;
  s.attach([&] {
    S::detach(later);
    alive = false;
  });
  later = s.attach([&] { called_dead = !alive; });
  s.attach([&] { last = true; });
  s.notify();
  if (called_dead) return "the dead is called";
  return last ? "ok" : "others missed a call";
}

template <class S>
std::string attaches_64_more() {
  S s;
  int called = 0, last = 0;
  bool first = true;
  s.attach([&] {
    for (int i = 0; first && i != 64; ++i) s.attach([&] { ++called; });
    first = false;
  });
  s.attach([&] { ++last; });
  s.notify();
  if (called != 0) return "called at once";
  s.notify();
  return called == 64 && last == 2 ? "ok" : "calls are lost";
}

template <class S>
std::string dies_without_detaching() {
  S s;
  bool alive = true, called_dead = false;
  auto observer = s.attach_owned([&] { called_dead = !alive; });
  s.notify();
  observer.reset();
  alive = false;
  s.notify();
  return called_dead ? "the dead is called" : "ok";
}

template <class S>
std::string destroys_the_subject() {
  auto s = std::make_unique<S>();
  S* const subject = s.get();
  bool remaining = false;
  auto held = std::make_shared<int>(7);
  const std::weak_ptr<int> watched = held;
  int seen = 0;
  subject->attach([&, own = std::move(held)] {
    s.reset();
    seen = *own;
  });
  subject->attach([&] { remaining = true; });
  subject->notify();
  if (seen != 7) return "what runs is destroyed";
  if (remaining) return "calls the rest";
  return watched.expired() ? "ok" : "leaks";
}

template <class S>
std::string one_throws() {
  S s;
  int called = 0;
  s.attach([&] { ++called; });
  s.attach([] { throw 1; });
  s.attach([&] { ++called; });
  try {
    s.notify_all();
    return "not reported";
  } catch (...) {
    return called == 2 ? "ok" : "others not called";
  }
}

template <class S>
std::string detached_while_it_runs() {
  if constexpr (!S::has_threads) {
    return "-";
  } else {
    S s;
    std::atomic<bool> inside = false, entered = false;
    auto c = s.attach_waiting([&] {
      inside = true;
      entered = true;
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
      inside = false;
    });
    std::thread notifier([&] { s.notify(); });
    while (!entered) std::this_thread::yield();
    S::detach(c);
    const bool still = inside;
    notifier.join();
    return still ? "returns too early" : "ok";
  }
}

struct probe {
  const char* name;
  std::string (*alone)();
  std::string (*concurrent)();
  std::string (*signals2)();
  std::string (*sigcpp)();
};
template <class Probe, class Subject>
std::string run() {
  if constexpr (std::is_same_v<Subject, not_found>) {
    return "not found";
  } else {
    return Probe().template operator()<Subject>();
  }
}
template <class Probe>
probe make(const char* name, Probe) {
  return {name, run<Probe, ours_alone>, run<Probe, ours_concurrent>, run<Probe, signals2>,
          run<Probe, sigcpp>};
}

const probe probes[] = {
    make("1 an observer detaches itself", []<class S>() { return detaches_itself<S>(); }),
    make("2 … detaches and destroys a later one",
         []<class S>() { return destroys_a_later_one<S>(); }),
    make("3 … attaches 64 more", []<class S>() { return attaches_64_more<S>(); }),
    make("4 … dies without detaching", []<class S>() { return dies_without_detaching<S>(); }),
    make("5 … destroys the subject", []<class S>() { return destroys_the_subject<S>(); }),
    make("6 … throws: do the others still run?", []<class S>() { return one_throws<S>(); }),
    make("7 … is freed once detached, while it runs",
         []<class S>() { return detached_while_it_runs<S>(); }),
};

// ---- The processes ------------------------------------------------------------------------------

// What a probe answers in a process of its own; "crashes", or "hangs" after ten seconds.
std::string answer(std::string (*run)(), bool quiet) {
  if (run == nullptr) return "not found";
  int ends[2];
  if (pipe(ends) != 0) return "no pipe";
  std::fflush(nullptr);
  const pid_t child = fork();
  if (child < 0) return "no process";
  if (child == 0) {
    if (quiet && std::freopen("/dev/null", "w", stderr) == nullptr) _exit(1);
    const std::string said = run();
    const ssize_t written = write(ends[1], said.data(), said.size());
    _exit(written == static_cast<ssize_t>(said.size()) ? 0 : 1);
  }
  close(ends[1]);
  pollfd wait_for{ends[0], POLLIN, 0};
  const bool in_time = poll(&wait_for, 1, 10'000) > 0;
  char text[100];
  const ssize_t length = in_time ? read(ends[0], text, sizeof text) : 0;
  close(ends[0]);
  if (!in_time) kill(child, SIGKILL);
  int status = 0;
  waitpid(child, &status, 0);
  if (!in_time) return "hangs";
  return status == 0 && length > 0 ? std::string(text, static_cast<std::size_t>(length))
                                   : "crashes";
}

std::string cell(const std::string& text, std::size_t width) {  // "…" is three bytes wide
  const auto characters = static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; }));
  return text + std::string(width > characters ? width - characters : 0, ' ');
}

TEST(ObserverProbes, AreAllPassed) {
  std::printf("%s | %s | %s | %s | %s\n", cell("probe", 41).c_str(), cell("ours", 4).c_str(),
              "ours, threads", cell("Signals2", 17).c_str(), "sigc++");
  for (const probe& p : probes) {
    const std::string alone = answer(p.alone, false), concurrent = answer(p.concurrent, false);
    std::printf("%s | %s | %s | %s | %s\n", cell(p.name, 41).c_str(), cell(alone, 4).c_str(),
                cell(concurrent, 13).c_str(), cell(answer(p.signals2, true), 17).c_str(),
                answer(p.sigcpp, true).c_str());
    EXPECT_EQ(alone, p.name[0] == '7' ? "-" : "ok") << p.name;
    EXPECT_EQ(concurrent, "ok") << p.name;
  }
}

}  // namespace
