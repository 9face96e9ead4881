// SPDX-License-Identifier: BSL-1.0
// One number is told to observers that add it up.
#ifndef Q_MOC_RUN  // Qt 5's moc cannot read gof::inline
#include <gof/observer/concurrent.hpp>
#endif
#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "support/bench.hpp"

#ifdef GOF_HAS_SIGNALS2
#include <boost/signals2.hpp>
#include <boost/signals2/dummy_mutex.hpp>
#endif
#ifdef GOF_HAS_SIGCPP
#include <sigc++/sigc++.h>
#endif
#ifdef GOF_HAS_QT
#include <QObject>
#endif

#ifdef GOF_HAS_QT
class qt_subject : public QObject {
  Q_OBJECT
 public:
  using connection = QMetaObject::Connection;
  template <class F>
  connection attach(F f) {
    return connect(this, &qt_subject::changed, f);
  }
  static void detach(connection& c) { disconnect(c); }
  void notify(int by) { Q_EMIT changed(by); }
 Q_SIGNALS:
  void changed(int by);
};
#endif

namespace {

/// [hand]
// The hand-written twin, without threads.
class hand {
 public:
  using connection = std::size_t;
  template <class F>
  connection attach(F f) {
    observers_.emplace_back(++last_, std::move(f));
    return last_;
  }
  void detach(connection c) {
    std::erase_if(observers_, [&](const auto& o) { return o.first == c; });
  }
  void notify(int by) {
    for (auto& o : observers_) o.second(by);
  }

 private:
  std::size_t last_ = 0;
  std::vector<std::pair<std::size_t, std::function<void(int)>>> observers_;
};
/// [hand]

// The hand-written twin for threads: a list that is copied to change it, taken under the lock and
// walked outside it, with a flag an observer.
class hand_locked {
  struct slot {
    explicit slot(std::function<void(int)> from) : f(std::move(from)) {}
    std::atomic<bool> attached = true;
    std::function<void(int)> f;
  };
  using list = std::vector<std::shared_ptr<slot>>;

 public:
  using connection = std::shared_ptr<slot>;
  template <class F>
  connection attach(F f) {
    const auto added = std::make_shared<slot>(std::move(f));
    const std::lock_guard lock(mutex_);
    const auto next = std::make_shared<list>(*observers_);
    next->push_back(added);
    observers_ = next;
    return added;
  }
  void detach(const connection& c) {
    c->attached = false;
    const std::lock_guard lock(mutex_);
    const auto next = std::make_shared<list>(*observers_);
    std::erase(*next, c);
    observers_ = next;
  }
  void notify(int by) {
    std::shared_ptr<const list> observers;
    {
      const std::lock_guard lock(mutex_);
      observers = observers_;
    }
    for (const auto& s : *observers) {
      if (s->attached) s->f(by);
    }
  }

 private:
  std::mutex mutex_;
  std::shared_ptr<const list> observers_ = std::make_shared<const list>();
};

template <class Subject>
struct ours {
  using connection = gof::observer::connection;
  template <class F>
  connection attach(F f) {
    return subject.attach(f);
  }
  static void detach(connection& c) { c.detach(); }
  void notify(int by) { subject.notify(by); }
  Subject subject;
};
using ours_alone = ours<gof::observer::subject<int>>;
using ours_shared = ours<gof::observer::concurrent_subject<int>>;

#ifdef GOF_HAS_SIGNALS2
namespace s2 = boost::signals2;
template <class Mutex>
struct signals2_subject {
  using connection = s2::connection;
  template <class F>
  connection attach(F f) {
    return changed.connect(f);
  }
  static void detach(connection& c) { c.disconnect(); }
  void notify(int by) { changed(by); }
  typename s2::signal_type<void(int), s2::keywords::mutex_type<Mutex>>::type changed;
};
using signals2_alone = signals2_subject<s2::dummy_mutex>;
using signals2_shared = signals2_subject<s2::mutex>;
#endif
#ifdef GOF_HAS_SIGCPP
struct sigcpp_subject {
  using connection = sigc::connection;
  template <class F>
  connection attach(F f) {
    return changed.connect(f);
  }
  static void detach(connection& c) { c.disconnect(); }
  void notify(int by) { changed(by); }
  sigc::signal<void(int)> changed;
};
#endif

// Two kinds of observer, so that no call can be guessed.
template <class Subject, class Number>
void attach(Subject& s, std::int64_t n, Number& sum) {
  for (std::int64_t i = 0; i != n; ++i) {
    if (i % 2 == 0) {
      s.attach([&sum](int by) { sum = sum + by; });
    } else {
      s.attach([&sum](int by) { sum = sum - by; });
    }
  }
}

template <class Subject>
void notify(benchmark::State& state) {
  Subject s;
  long sum = 0;
  attach(s, state.range(0), sum);
  for (auto _ : state) {
    benchmark::DoNotOptimize(&s);
    s.notify(1);
    benchmark::DoNotOptimize(&sum);
  }
}
const gof::bench::comparison notify_alone({.operation = "notify",
                                           .sizes = {1, 8, 64},
                                           .contenders = {
                                               {"hand", notify<hand>},
#ifdef GOF_HAS_SIGCPP
                                               {"sigc++", notify<sigcpp_subject>},
#endif
#ifdef GOF_HAS_SIGNALS2
                                               {"Signals2, dummy_mutex", notify<signals2_alone>},
#endif
#ifdef GOF_HAS_QT
                                               {"Qt", notify<qt_subject>},
#endif
                                               {"ours", notify<ours_alone>}}});
const gof::bench::comparison notify_shared({.operation = "thread-safe notify",
                                            .sizes = {1, 8, 64},
                                            .contenders = {{"hand", notify<hand_locked>},
#ifdef GOF_HAS_SIGNALS2
                                                           {"Signals2", notify<signals2_shared>},
#endif
#ifdef GOF_HAS_QT
                                                           {"Qt", notify<qt_subject>},
#endif
                                                           {"ours", notify<ours_shared>}}});

// All threads notify the same subject.
template <class Subject>
void notify_together(benchmark::State& state) {
  static std::unique_ptr<Subject> s;
  static thread_local long sum = 0;
  if (state.thread_index() == 0) {
    s = std::make_unique<Subject>();
    for (std::int64_t i = 0; i != state.range(0); ++i) {
      if (i % 2 == 0) {
        s->attach([](int by) { sum += by; });
      } else {
        s->attach([](int by) { sum -= by; });
      }
    }
  }
  for (auto _ : state) {
    s->notify(1);
    benchmark::DoNotOptimize(&sum);
  }
  if (state.thread_index() == 0) s.reset();
}
const gof::bench::comparison notify_by_two({.operation = "thread-safe notify by two threads",
                                            .sizes = {1, 8, 64},
                                            .threads = 2,
                                            .contenders = {
                                                {"hand", notify_together<hand_locked>},
#ifdef GOF_HAS_SIGNALS2
                                                {"Signals2", notify_together<signals2_shared>},
#endif
#ifdef GOF_HAS_QT
                                                {"Qt", notify_together<qt_subject>},
#endif
                                                {"ours", notify_together<ours_shared>}}});

// One observer comes and goes, while others stay.
template <class Subject>
void attach_detach(benchmark::State& state) {
  Subject s;
  long sum = 0;
  attach(s, state.range(0), sum);
  for (auto _ : state) {
    benchmark::DoNotOptimize(&s);
    auto c = s.attach([&sum](int by) { sum += by; });
    benchmark::DoNotOptimize(&c);
    s.detach(c);
  }
}
const gof::bench::comparison attach_detach_alone(
    {.operation = "attach + detach beside N",
     .sizes = {1, 8, 64},
     .contenders = {{"hand", attach_detach<hand>},
#ifdef GOF_HAS_SIGCPP
                    {"sigc++", attach_detach<sigcpp_subject>},
#endif
#ifdef GOF_HAS_SIGNALS2
                    {"Signals2, dummy_mutex", attach_detach<signals2_alone>},
#endif
#ifdef GOF_HAS_QT
                    {"Qt", attach_detach<qt_subject>},
#endif
                    {"ours", attach_detach<ours_alone>}}});
const gof::bench::comparison attach_detach_shared(
    {.operation = "thread-safe attach + detach beside N",
     .sizes = {1, 8, 64},
     .contenders = {{"hand", attach_detach<hand_locked>},
#ifdef GOF_HAS_SIGNALS2
                    {"Signals2", attach_detach<signals2_shared>},
#endif
                    {"ours", attach_detach<ours_shared>}}});

}  // namespace

#ifdef GOF_HAS_QT
#include "observer.bench.moc"
#endif
