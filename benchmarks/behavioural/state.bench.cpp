// SPDX-License-Identifier: BSL-1.0
// Events that come in any order: of a message that is edited, sent or bounced, with guards and
// actions; and of the book's TCP connection, with nothing but transitions.
#include <cstdint>
#include <gof/state.hpp>
#include <random>
#include <utility>
#include <variant>
#include <vector>

#include "support/bench.hpp"

namespace {

// The Context: guards read it, actions change it.
struct outbox {
  std::uint32_t edits = 0, tries = 0, sent = 0, bounced = 0;
};
enum class event : unsigned char { edit, submit, accepted, failed };

/// [switch]
// By hand: for each state, what comes of each event.
class by_hand {
  enum class state : unsigned char { draft, queued, sent, bounced };

 public:
  void handle(outbox& o, event e) {
    switch (state_) {
      case state::draft:
        if (e == event::edit) {
          ++o.edits;
        } else if (e == event::submit && o.edits != 0) {
          o.tries = 0;
          state_ = state::queued;
        }
        break;
      case state::queued:
        if (e == event::accepted) {
          ++o.sent;
          state_ = state::sent;
        } else if (e == event::failed && o.tries < 3) {
          ++o.tries;
        } else if (e == event::failed) {
          ++o.bounced;
          state_ = state::bounced;
        }
        break;
      case state::sent:
        if (e == event::edit) {
          o.edits = 1;
          state_ = state::draft;
        }
        break;
      case state::bounced:
        if (e == event::edit) {
          ++o.edits;
          state_ = state::draft;
        } else if (e == event::submit) {
          o.tries = 0;
          state_ = state::queued;
        }
        break;
    }
  }

 private:
  state state_ = state::draft;
};
/// [switch]

// As in the book: an object a state, with a virtual function an event.
class virtual_states {
  struct state {
    virtual ~state() = default;
    virtual const state* edit(outbox&) const { return this; }
    virtual const state* submit(outbox&) const { return this; }
    virtual const state* accepted(outbox&) const { return this; }
    virtual const state* failed(outbox&) const { return this; }
  };
  struct draft_state final : state {
    const state* edit(outbox& o) const override { return ++o.edits, this; }
    const state* submit(outbox& o) const override {
      if (o.edits == 0) return this;
      o.tries = 0;
      return &queued;
    }
  };
  struct queued_state final : state {
    const state* accepted(outbox& o) const override { return ++o.sent, &sent; }
    const state* failed(outbox& o) const override {
      if (o.tries < 3) return ++o.tries, this;
      return ++o.bounced, &bounced;
    }
  };
  struct sent_state final : state {
    const state* edit(outbox& o) const override { return o.edits = 1, &draft; }
  };
  struct bounced_state final : state {
    const state* edit(outbox& o) const override { return ++o.edits, &draft; }
    const state* submit(outbox& o) const override { return o.tries = 0, &queued; }
  };
  static const draft_state draft;
  static const queued_state queued;
  static const sent_state sent;
  static const bounced_state bounced;

 public:
  void handle(outbox& o, event e) {
    switch (e) {
      case event::edit:
        state_ = state_->edit(o);
        break;
      case event::submit:
        state_ = state_->submit(o);
        break;
      case event::accepted:
        state_ = state_->accepted(o);
        break;
      case event::failed:
        state_ = state_->failed(o);
        break;
    }
  }

 private:
  const state* state_ = &draft;
};
const virtual_states::draft_state virtual_states::draft;
const virtual_states::queued_state virtual_states::queued;
const virtual_states::sent_state virtual_states::sent;
const virtual_states::bounced_state virtual_states::bounced;

struct draft {};
struct queued {};
struct sent {};
struct bounced {};
struct edit {};
struct submit {};
struct accepted {};
struct failed {};

// A variant of states, visited together with a variant of events.
class variant_states {
  using state = std::variant<draft, queued, sent, bounced>;
  struct step {
    outbox& o;
    state operator()(draft, edit) const { return ++o.edits, draft(); }
    state operator()(draft, submit) const {
      if (o.edits == 0) return draft();
      return o.tries = 0, queued();
    }
    state operator()(queued, accepted) const { return ++o.sent, sent(); }
    state operator()(queued, failed) const {
      if (o.tries < 3) return ++o.tries, queued();
      return ++o.bounced, bounced();
    }
    state operator()(sent, edit) const { return o.edits = 1, draft(); }
    state operator()(bounced, edit) const { return ++o.edits, draft(); }
    state operator()(bounced, submit) const { return o.tries = 0, queued(); }
    state operator()(auto s, auto) const { return s; }
  };

 public:
  void handle(outbox& o, std::variant<edit, submit, accepted, failed> e) {
    state_ = std::visit(step{o}, state_, e);
  }

 private:
  state state_;
};

/// [ours]
namespace st = gof::state;
using st::action, st::guard, st::ignore, st::internal, st::transition;

void count_edit(outbox& o) { ++o.edits; }
void first_edit(outbox& o) { o.edits = 1; }
void first_try(outbox& o) { o.tries = 0; }
void next_try(outbox& o) { ++o.tries; }
void count_sent(outbox& o) { ++o.sent; }
void count_bounced(outbox& o) { ++o.bounced; }
bool edited(const outbox& o) { return o.edits != 0; }
bool may_try(const outbox& o) { return o.tries < 3; }

using life =
    st::table<outbox, st::states<draft, queued, sent, bounced>,
              st::events<edit, submit, accepted, failed>, internal<draft, edit, action<count_edit>>,
              transition<draft, submit, queued, guard<edited>, action<first_try>>,
              transition<queued, accepted, sent, action<count_sent>>,
              internal<queued, failed, guard<may_try>, action<next_try>>,
              transition<queued, failed, bounced, action<count_bounced>>,
              transition<sent, edit, draft, action<first_edit>>,
              transition<bounced, edit, draft, action<count_edit>>,
              transition<bounced, submit, queued, action<first_try>>, ignore<st::any, st::any>>;
using ours = st::machine<life>;
/// [ours]

// The connection: transitions, and no more.
namespace tcp {
enum class event : unsigned char {
  passive_open,
  active_open,
  close,
  syn,
  syn_ack,
  ack,
  fin,
  reset,
  timeout
};

class by_hand {
  enum class state : unsigned char {
    closed,
    listen,
    syn_sent,
    syn_received,
    established,
    fin_wait_1,
    fin_wait_2,
    close_wait,
    closing,
    last_ack,
    time_wait
  };

  static state next(state s, event e) {
    if (e == event::reset) return s == state::syn_received ? state::listen : state::closed;
    switch (s) {
      case state::closed:
        if (e == event::passive_open) return state::listen;
        if (e == event::active_open) return state::syn_sent;
        break;
      case state::listen:
        if (e == event::active_open) return state::syn_sent;
        if (e == event::syn) return state::syn_received;
        if (e == event::close) return state::closed;
        break;
      case state::syn_sent:
        if (e == event::syn_ack) return state::established;
        if (e == event::syn) return state::syn_received;
        if (e == event::close) return state::closed;
        break;
      case state::syn_received:
        if (e == event::ack) return state::established;
        if (e == event::close) return state::fin_wait_1;
        break;
      case state::established:
        if (e == event::close) return state::fin_wait_1;
        if (e == event::fin) return state::close_wait;
        break;
      case state::fin_wait_1:
        if (e == event::ack) return state::fin_wait_2;
        if (e == event::fin) return state::closing;
        break;
      case state::fin_wait_2:
        if (e == event::fin) return state::time_wait;
        break;
      case state::close_wait:
        if (e == event::close) return state::last_ack;
        break;
      case state::closing:
        if (e == event::ack) return state::time_wait;
        break;
      case state::last_ack:
        if (e == event::ack) return state::closed;
        break;
      case state::time_wait:
        if (e == event::timeout) return state::closed;
        break;
    }
    return s;
  }

 public:
  void handle(outbox&, event e) { state_ = next(state_, e); }

 private:
  state state_ = state::closed;
};

struct passive_open {};
struct active_open {};
struct close {};
struct syn {};
struct syn_ack {};
struct ack {};
struct fin {};
struct reset {};
struct timeout {};
struct closed {};
struct listen {};
struct syn_sent {};
struct syn_received {};
struct established {};
struct fin_wait_1 {};
struct fin_wait_2 {};
struct close_wait {};
struct closing {};
struct last_ack {};
struct time_wait {};

using connection =
    st::table<outbox,
              st::states<closed, listen, syn_sent, syn_received, established, fin_wait_1,
                         fin_wait_2, close_wait, closing, last_ack, time_wait>,
              st::events<passive_open, active_open, close, syn, syn_ack, ack, fin, reset, timeout>,
              transition<closed, passive_open, listen>, transition<closed, active_open, syn_sent>,
              transition<listen, active_open, syn_sent>, transition<listen, syn, syn_received>,
              transition<listen, close, closed>, transition<syn_sent, syn_ack, established>,
              transition<syn_sent, syn, syn_received>, transition<syn_sent, close, closed>,
              transition<syn_received, ack, established>,
              transition<syn_received, close, fin_wait_1>, transition<syn_received, reset, listen>,
              transition<established, close, fin_wait_1>, transition<established, fin, close_wait>,
              transition<fin_wait_1, ack, fin_wait_2>, transition<fin_wait_1, fin, closing>,
              transition<fin_wait_2, fin, time_wait>, transition<close_wait, close, last_ack>,
              transition<closing, ack, time_wait>, transition<last_ack, ack, closed>,
              transition<time_wait, timeout, closed>, transition<st::any, reset, closed>,
              ignore<st::any, st::any>>;
}  // namespace tcp

// The event with a number, as an enumerator or in a variant.
template <class Event>
Event event_of(std::size_t n) {
  if constexpr (std::is_same_v<Event, event>) {
    return static_cast<Event>(n % 4);
  } else if constexpr (std::is_same_v<Event, tcp::event>) {
    return static_cast<Event>(n % 9);
  } else {
    return [n]<std::size_t... I>(std::index_sequence<I...>) {
      constexpr Event each[] = {Event(std::in_place_index<I>)...};
      return each[n % sizeof...(I)];
    }
    (std::make_index_sequence<std::variant_size_v<Event>>());
  }
}
// The same events for all: numbers in random order, or always in the same.
template <class Event>
std::vector<Event> events(bool random, std::size_t n) {
  std::mt19937 bits(1);
  std::vector<Event> all;
  for (std::size_t i = 0; i != n; ++i) all.push_back(event_of<Event>(random ? bits() : i));
  return all;
}
template <class Machine, class Event, bool Random>
void run(benchmark::State& state) {
  const auto all = events<Event>(Random, static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) {
    Machine m;
    outbox o;
    benchmark::DoNotOptimize(&m);
    for (const Event& e : all) m.handle(o, e);
    benchmark::DoNotOptimize(o);
    benchmark::ClobberMemory();
  }
}

template <bool Random>
gof::bench::plan mail(const char* operation) {
  return {.operation = operation,
          .sizes = {1'000'000},
          .per_item = true,
          .contenders = {{"hand", run<by_hand, event, Random>},
                         {"virtual functions", run<virtual_states, event, Random>},
                         {"std::variant", run<variant_states, life::event, Random>},
                         {"ours", run<ours, life::event, Random>}}};
}
gof::bench::plan connection(const char* operation) {
  return {
      .operation = operation,
      .sizes = {1'000'000},
      .per_item = true,
      .contenders = {{"hand", run<tcp::by_hand, tcp::event, true>},
                     {"ours", run<st::machine<tcp::connection>, tcp::connection::event, true>}}};
}
const gof::bench::comparison random_tcp(connection("transitions, random events"));
const gof::bench::comparison random_mail(mail<true>("guards and actions, random events"));
const gof::bench::comparison steady_mail(mail<false>("guards and actions, always the same events"));

}  // namespace
