// SPDX-License-Identifier: BSL-1.0
// A request that one of four colleagues answers, and a notification that four hear. They do next to
// nothing, so that the routing is what is measured.
#include <functional>
#include <gof/mediator.hpp>
#include <gof/mediator/fixed.hpp>
#include <gof/mediator/pipeline.hpp>
#include <memory>
#include <typeindex>
#include <unordered_map>
#include <vector>

#include "support/bench.hpp"

#ifdef GOF_HAS_SIGNALS2
#include <boost/signals2.hpp>
#endif

namespace {

struct ask {
  using answer = unsigned;
  unsigned number;
};
struct news {
  unsigned number;
};

/// [hand]
// By hand: the mediator knows each colleague, and each knows the mediator.
struct colleague {
  virtual ~colleague() = default;
  virtual unsigned play(unsigned) { return 0; }
  virtual void hear(unsigned) = 0;
};
class table {
 public:
  void seat(int place, colleague& c) { seats_[place] = &c; }
  unsigned play(unsigned n) { return seats_[0]->play(n); }
  void tell(unsigned n) {
    for (colleague* c : seats_) c->hear(n);
  }

 private:
  colleague* seats_[4] = {};
};
/// [hand]

struct plus final : colleague {
  unsigned sum = 1;
  unsigned play(unsigned n) override { return sum += n; }
  void hear(unsigned n) override { sum += n; }
  unsigned receive(const ask& a) { return sum += a.number; }
  void receive(const news& n) { sum += n.number; }
};
struct times final : colleague {
  unsigned product = 3;
  void hear(unsigned n) override { product *= n; }
  void receive(const news& n) { product *= n.number; }
};
struct people {
  plus one;
  times two, three, four;
};
[[gnu::noinline]] std::unique_ptr<table> seat(people& p, bool turned) {
  auto t = std::make_unique<table>();
  t->seat(turned ? 3 : 0, p.one);
  t->seat(1, p.two);
  t->seat(2, p.three);
  t->seat(turned ? 0 : 3, p.four);
  return t;
}

// A map from the type of message to functions.
class by_type {
 public:
  template <class M, class F>
  void on(F f) {
    lists_[typeid(M)].emplace_back([f](const void* m) { return f(*static_cast<const M*>(m)); });
  }
  template <class M>
  unsigned send(const M& m) {
    return lists_.at(typeid(M)).front()(&m);
  }
  template <class M>
  void publish(const M& m) {
    for (auto& f : lists_.at(typeid(M))) f(&m);
  }

 private:
  std::unordered_map<std::type_index, std::vector<std::function<unsigned(const void*)>>> lists_;
};
[[gnu::noinline]] std::unique_ptr<by_type> make_by_type(people& p) {
  auto m = std::make_unique<by_type>();
  m->on<ask>([&p](const ask& a) { return p.one.receive(a); });
  const auto hears = [&](auto& who) {
    m->on<news>([&who](const news& n) {
      who.receive(n);
      return 0U;
    });
  };
  hears(p.one), hears(p.two), hears(p.three), hears(p.four);
  return m;
}

using mediator = gof::mediator::mediator<ask, news>;
struct joined {
  explicit joined(people& p)
      : one(m.join(p.one)), two(m.join(p.two)), three(m.join(p.three)), four(m.join(p.four)) {}
  mediator m;
  gof::mediator::membership one, two, three, four;
};
[[gnu::noinline]] std::unique_ptr<joined> join(people& p) { return std::make_unique<joined>(p); }

void measure(benchmark::State& state, auto& m, auto call) {
  unsigned n = 1;
  for (auto _ : state) {
    benchmark::DoNotOptimize(&m);
    benchmark::DoNotOptimize(n);
    call(m, n);
    benchmark::ClobberMemory();
  }
}
void ask_it(auto& m, unsigned n) { benchmark::DoNotOptimize(m.send(ask{n})); }
void tell_it(auto& m, unsigned n) { m.publish(news{n}); }

void ask_hand(benchmark::State& state) {
  people p;
  measure(state, *seat(p, false),
          [](table& t, unsigned n) { benchmark::DoNotOptimize(t.play(n)); });
}
void tell_hand(benchmark::State& state) {
  people p;
  measure(state, *seat(p, false), [](table& t, unsigned n) { t.tell(n); });
}
void ask_by_type(benchmark::State& state) {
  people p;
  measure(state, *make_by_type(p), [](auto& m, unsigned n) { ask_it(m, n); });
}
void tell_by_type(benchmark::State& state) {
  people p;
  measure(state, *make_by_type(p), [](auto& m, unsigned n) { tell_it(m, n); });
}
void ask_ours(benchmark::State& state) {
  people p;
  measure(state, join(p)->m, [](auto& m, unsigned n) { ask_it(m, n); });
}
void tell_ours(benchmark::State& state) {
  people p;
  measure(state, join(p)->m, [](auto& m, unsigned n) { tell_it(m, n); });
}
void ask_with_advice(benchmark::State& state) {
  people p;
  const auto j = join(p);
  gof::mediator::pipeline through(j->m);
  through.around<ask>([](const ask& a, auto& next) { return next(a) + 1; });
  measure(state, through, [](auto& m, unsigned n) { ask_it(m, n); });
}
void ask_fixed(benchmark::State& state) {
  people p;
  const gof::mediator::fixed<plus, times, times, times> m(p.one, p.two, p.three, p.four);
  measure(state, m, [](auto& to, unsigned n) { ask_it(to, n); });
}
void tell_fixed(benchmark::State& state) {
  people p;
  const gof::mediator::fixed<plus, times, times, times> m(p.one, p.two, p.three, p.four);
  measure(state, m, [](auto& to, unsigned n) { tell_it(to, n); });
}
#ifdef GOF_HAS_SIGNALS2
void ask_signals2(benchmark::State& state) {
  people p;
  boost::signals2::signal<unsigned(unsigned)> asked;
  asked.connect([&](unsigned n) { return p.one.play(n); });
  measure(state, asked, [](auto& s, unsigned n) { benchmark::DoNotOptimize(s(n)); });
}
void tell_signals2(benchmark::State& state) {
  people p;
  boost::signals2::signal<void(unsigned)> told;
  for (colleague* c : std::initializer_list<colleague*>{&p.one, &p.two, &p.three, &p.four}) {
    told.connect([c](unsigned n) { c->hear(n); });
  }
  measure(state, told, [](auto& s, unsigned n) { s(n); });
}
#endif

const gof::bench::comparison asks({.operation = "ask one",
                                   .contenders = {{"hand", ask_hand},
                                                  {"type_index", ask_by_type},
#ifdef GOF_HAS_SIGNALS2
                                                  {"Signals2", ask_signals2},
#endif
                                                  {"ours", ask_ours},
                                                  {"ours, with advice", ask_with_advice},
                                                  {"ours, fixed", ask_fixed}}});
const gof::bench::comparison tells({.operation = "tell four",
                                    .contenders = {{"hand", tell_hand},
                                                   {"type_index", tell_by_type},
#ifdef GOF_HAS_SIGNALS2
                                                   {"Signals2", tell_signals2},
#endif
                                                   {"ours", tell_ours},
                                                   {"ours, fixed", tell_fixed}}});

}  // namespace
