// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// State: a table of transitions that is checked when compiling, and machines that follow it.

#include <array>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

/// \defgroup state State
/// \ingroup behavioural
/// What an object does follows from the state it is in: said once, in a table, and checked.
///
/// | In the book   | Here                                                                        |
/// |---------------|-----------------------------------------------------------------------------|
/// | Context       | your class; it has a \ref gof::state::machine "machine" that knows its state |
/// | State         | the \ref gof::state::table "table": what each event does in each state      |
/// | ConcreteState | a struct; may have `entry` and `exit`                                       |
/// | Request       | your context's functions, which call `machine.handle(context, event)`       |
/// | Handle        | a row: \ref gof::state::transition "transition", `internal`, `ignore`, `refuse` |
///
/// | To …                               | write                                                      |
/// |------------------------------------|------------------------------------------------------------|
/// | go from a state to another         | `transition<draft, submit, queued>`                        |
/// | only if; and do something          | `transition<…, guard<&mail::addressed>, action<&stamp>>`   |
/// | do something, and stay             | `internal<draft, edit, action<&mail::change>>`             |
/// | say that nothing happens           | `ignore<sent, accepted>`                                   |
/// | say that this must not happen      | `refuse<any, any>`, last: all that is left                 |
/// | do something at each entry, exit   | in the state: `static void entry(context&)`, `exit`        |
/// | let another event follow           | a third parameter, `queue<events<…>>&`: `later.raise(e)`   |
/// | handle an event                    | `machine.handle(context, submit{})`; also a `table::event` |
/// | ask, keep, restore the state       | `is<sent>()`, `name()`, `machine::restore(name)`           |
/// | see each step                      | in the context: `void trace(from, event, to)`, their names |
/// | draw the table                     | `gof/state/dot.hpp`: `dot<table>()`                        |
///
/// Guards, actions, `entry` and `exit` take the context, the event and the queue, or fewer of them
/// from the left. They are functions, members of the context, or lambdas without a capture.
///
/// \source Gamma, Helm, Johnson, Vlissides, *Design Patterns* (1994), chapter 5, State;
/// OMG, *Unified Modeling Language* 2.5.1, chapter 14, State Machines (run to completion)

namespace gof::inline v0::state {

/// \addtogroup state
/// @{

/// A machine was used by its own guard or action, or one event raised others without end.
class misuse : public std::logic_error {
  using std::logic_error::logic_error;
};

/// The table refuses this event in this state.
class no_transition : public std::runtime_error {
 public:
  /// \param state the name of the state \param event the name of the event
  no_transition(std::string_view state, std::string_view event)
      : std::runtime_error("gof::state: " + std::string(event) + " is refused in state " +
                           std::string(state)),
        state_(state),
        event_(event) {}
  std::string_view state() const noexcept { return state_; }  ///< \returns the name of the state
  std::string_view event() const noexcept { return event_; }  ///< \returns the name of the event

 private:
  std::string_view state_, event_;
};

/// The states of a table; a machine begins in the first. \tparam States empty structs
template <class... States>
struct states {};
/// The events of a table. \tparam Events any values
template <class... Events>
struct events {};
/// In a row: each state, or each event.
struct any {};

/// Part of a row: it is taken only if `F` is true. A guard sees a `const` context.
template <auto F>
struct guard {};
/// Part of a row: what is done when it is taken.
template <auto F>
struct action {};

/// Instead of the state that a row leads to: it is not left, and there is no exit and no entry.
struct stay {};
/// Instead of the state that a row leads to: `no_transition` is thrown.
struct refused {};

/// A row: in `From`, `Event` leads to `To`. In this order: exit of `From`, actions, entry of `To`;
/// then the state changes. A state is left and entered also where both are the same.
/// \tparam From,To states \tparam Event an event \tparam Parts guards, which must all allow it, and
/// actions, in order
template <class From, class Event, class To, class... Parts>
struct transition {};
/// A row: in this state, the event leads to actions, and the state is not left.
template <class State, class Event, class... Parts>
using internal = transition<State, Event, stay, Parts...>;
/// A row: in this state, nothing comes of the event.
template <class State, class Event>
using ignore = transition<State, Event, stay>;
/// A row: in this state, the event is an error.
template <class State, class Event, class... Guards>
using refuse = transition<State, Event, refused, Guards...>;

namespace detail {
inline constexpr std::size_t none = static_cast<std::size_t>(-1);
inline constexpr std::size_t most_raised = 1'000'000;

// The name that T gives itself, or has, without what it is nested in.
template <class T>
constexpr std::string_view name_of() {
  if constexpr (requires { std::string_view(T::name); }) {
    return T::name;
  } else {
    std::string_view text = __PRETTY_FUNCTION__;  // "… [with T = a::b<c>; …]" or "… [T = a::b<c>]"
    text.remove_prefix(text.find("T = ") + 4);
    text = text.substr(0, text.find_first_of(";]"));
    std::size_t begin = 0;
    int depth = 0;
    for (std::size_t i = 0; i != text.size(); ++i) {
      const char c = text[i];
      depth += (c == '<' || c == '(' || c == '{') - (c == '>' || c == ')' || c == '}');
      if (c == ':' && depth == 0) begin = i + 1;
    }
    return text.substr(begin);
  }
}

// A list of types; a type that is not in it has the index none.
template <class List>
struct list;
template <template <class...> class List, class... Ts>
struct list<List<Ts...>> {
  using variant = std::variant<Ts...>;
  static constexpr std::size_t size = sizeof...(Ts);
  static constexpr std::array<std::string_view, size> names{name_of<Ts>()...};
  template <std::size_t I>
  using at = std::tuple_element_t<I, std::tuple<Ts...>>;
  template <class T>
  static constexpr std::size_t index = [] {
    std::size_t i = 0;
    return ((std::is_same_v<T, Ts> || (++i, false)) || ...) ? i : none;
  }();
};
}  // namespace detail

/// Events that follow the one that is being handled, in the order in which they were raised. It
/// lives until `handle` returns. \tparam Events the table's `events`
template <class Events>
class queue {
 public:
  using event = typename detail::list<Events>::variant;  ///< Any event of the table.

  queue() = default;
  queue(const queue&) = delete;
  queue& operator=(const queue&) = delete;

  /// Lets an event follow. \param e the event \throws std::bad_alloc; unchanged
  void raise(event e) { events_.push_back(std::move(e)); }
  /// \returns whether none is left
  [[nodiscard]] bool empty() const noexcept { return next_ == events_.size(); }
  /// Takes the next one out; there must be one. \returns it
  event pop() {
    event e = std::move(events_[next_++]);
    if (empty()) events_.clear(), next_ = 0;
    return e;
  }

 private:
  std::vector<event> events_;
  std::size_t next_ = 0;
};

namespace detail {
// How many of (context, event, queue) a function takes; -1 where it takes something else.
template <class F, class Context, class Event, class Queue>
constexpr int arity = std::is_invocable_v<F, Context&, const Event&, Queue&> ? 3
                      : std::is_invocable_v<F, Context&, const Event&>       ? 2
                      : std::is_invocable_v<F, Context&>                     ? 1
                      : std::is_invocable_v<F>                               ? 0
                                                                             : -1;
template <class F, class Context, class... Args>
decltype(auto) invoke(F f, Context& c, Args&... args) {
  if constexpr (std::is_member_pointer_v<F>) {
    return (c.*f)(args...);
  } else {
    return f(c, args...);
  }
}
template <class F, class Context, class Event, class Queue>
decltype(auto) call(F f, Context& c, const Event& e, Queue& later) {
  constexpr int n = arity<F, Context, Event, Queue>;
  static_assert(n >= 0,
                "gof::state: a guard, an action, entry and exit take (context, event, queue), or "
                "fewer of them from the left; a guard takes no queue, and its context is const");
  if constexpr (n == 3) return invoke(f, c, e, later);
  if constexpr (n == 2) return invoke(f, c, e);
  if constexpr (n == 1) return invoke(f, c);
  if constexpr (n == 0) return f();
}

// entry and exit of a state. Where it has one, the name in its probe is ambiguous.
struct entry_and_exit {
  int entry, exit;
};
template <class State>
struct probe : State, entry_and_exit {};
template <class State>
struct entry_of {
  static constexpr bool there = !requires { &probe<State>::entry; };
  void operator()(auto&... args) const requires requires { State().entry(args...); }
  { State().entry(args...); }
};
template <class State>
struct exit_of {
  static constexpr bool there = !requires { &probe<State>::exit; };
  void operator()(auto&... args) const requires requires { State().exit(args...); }
  { State().exit(args...); }
};

// What a part of a row does.
struct nothing {
  static constexpr bool guards = false;
  static bool allows(const auto&, const auto&) { return true; }
  static void run(auto&, const auto&, auto&) {}
};
template <class Part>
struct part;
template <auto F>
struct part<guard<F>> : nothing {
  static constexpr bool guards = true;
  static bool allows(const auto& c, const auto& e) { return call(F, c, e, none) ? true : false; }
};
template <auto F>
struct part<action<F>> : nothing {
  static void run(auto& c, const auto& e, auto& later) { call(F, c, e, later); }
};

template <class Row>
struct row_of;
template <class From, class Event, class To, class... Parts>
struct row_of<transition<From, Event, To, Parts...>> {
  using from = From;
  using event = Event;
  using to = To;
  static constexpr bool refuses = std::is_same_v<To, refused>;
  static constexpr bool moves = !refuses && !std::is_same_v<To, stay>;
  static constexpr bool guarded = (part<Parts>::guards || ...);
  static_assert(!refuses || (part<Parts>::guards && ...),
                "gof::state: refuse does nothing but throw; it takes guards, and no actions");
  // Whether there is more to do than to change the state.
  template <class State>
  static constexpr bool acts = sizeof...(Parts) != 0 ||
                               (moves && (exit_of<State>::there || entry_of<To>::there));
  static bool allows(const auto& c, const auto& e) { return (part<Parts>::allows(c, e) && ...); }
  template <class State>
  static void run(auto& c, const auto& e, [[maybe_unused]] auto& later) {
    if constexpr (moves && exit_of<State>::there) call(exit_of<State>(), c, e, later);
    (part<Parts>::run(c, e, later), ...);
    if constexpr (moves && entry_of<To>::there) call(entry_of<To>(), c, e, later);
  }
};

template <class Context>
concept traces = requires(Context& c, std::string_view name) {
  c.trace(name, name, name);
};

// What can be wrong with a table: the compiler names the type, and so what it is about.
template <class Row, bool Right>
struct row_can_be_taken {
  static_assert(Right, "gof::state: a row is never tried: those before it leave nothing for it");
};
template <class State, class Event, bool Right>
struct event_is_answered {
  static_assert(Right,
                "gof::state: no row says what comes of this event in this state, or each has a "
                "guard; add a transition, internal, ignore or refuse");
};
template <class State, bool Right>
struct state_is_reached {
  static_assert(Right, "gof::state: no transition leads to this state from the first one");
};
template <class T, class List, class... Others>
constexpr std::size_t place() {
  constexpr std::size_t i = list<List>::template index<T>;
  static_assert(i != none || (std::is_same_v<T, Others> || ...),
                "gof::state: a row names a state or an event that the table does not list");
  return i;
}
}  // namespace detail

/// What each event does in each state. Of the rows for a state and an event, the first one whose
/// guards allow it is taken.
///
/// A table does not compile where it does not say what comes of an event in a state, where no
/// transition leads to a state, or where a row can never be taken: the message names which.
/// \tparam Context what guards see and actions change; may be incomplete
/// \tparam States the `states` \tparam Events the `events`
/// \tparam Rows each a `transition`, `internal`, `ignore` or `refuse`
template <class Context, class States, class Events, class... Rows>
class table {
  static constexpr std::size_t state_count = detail::list<States>::size;
  static constexpr std::size_t event_count = detail::list<Events>::size;
  static_assert(state_count < 256, "gof::state: at most 255 states");

 public:
  using context = Context;                               ///< What guards see and actions change.
  using states = States;                                 ///< Its states.
  using events = Events;                                 ///< Its events.
  using rows = std::tuple<Rows...>;                      ///< Its rows.
  using event = typename detail::list<Events>::variant;  ///< Any event.
  using queue = gof::state::queue<Events>;               ///< What actions raise events with.

  /// \returns the first row from `r` on that is for a state and an event, or how many rows there
  /// are \param s the number of the state \param e the number of the event \param r where to begin
  static constexpr std::size_t next_row(std::size_t s, std::size_t e, std::size_t r = 0) {
    const auto fits = [](std::size_t wanted, std::size_t is) {
      return wanted == detail::none || wanted == is;
    };
    while (r != sizeof...(Rows) && !(fits(numbers[r].from, s) && fits(numbers[r].event, e))) ++r;
    return r;
  }

  /// \returns true: with a mistake in the table it does not compile
  static consteval bool check() {
    constexpr facts f = look();
    [&]<std::size_t... R>(std::index_sequence<R...>) {
      (static_cast<void>(detail::row_can_be_taken<Rows, f.tried[R]>()), ...);
    }
    (std::index_sequence_for<Rows...>());
    [&]<std::size_t... I>(std::index_sequence<I...>) {
      (static_cast<void>(detail::state_is_reached<state<I / event_count>,  //
                                                  f.reached[I / event_count]>()),
       ...);
      (static_cast<void>(detail::event_is_answered<state<I / event_count>,
                                                   typed_event<I % event_count>, f.answered[I]>()),
       ...);
    }
    (std::make_index_sequence<state_count * event_count>());
    return true;
  }

 private:
  template <std::size_t S>
  using state = typename detail::list<States>::template at<S>;
  template <std::size_t E>
  using typed_event = typename detail::list<Events>::template at<E>;

  // A row as numbers; none stands for any, and for a state that is not left.
  struct number {
    std::size_t from, event, to;
    bool guarded;
  };
  template <class Row>
  static constexpr number number_of() {
    using row = detail::row_of<Row>;
    return {detail::place<typename row::from, States, any>(),
            detail::place<typename row::event, Events, any>(),
            detail::place<typename row::to, States, stay, refused>(), row::guarded};
  }
  static constexpr std::array<number, sizeof...(Rows)> numbers{number_of<Rows>()...};

  struct facts {
    std::array<bool, sizeof...(Rows)> tried{};
    std::array<bool, state_count> reached{};
    std::array<bool, state_count * event_count> answered{};
  };
  static constexpr facts look() {
    facts f;
    f.reached[0] = true;
    for (std::size_t i = 0; i != state_count * f.answered.size(); ++i) {  // as often as needed
      const std::size_t pair = i % f.answered.size(), s = pair / event_count;
      std::size_t r = next_row(s, pair % event_count);
      for (; r != sizeof...(Rows); r = next_row(s, pair % event_count, r + 1)) {
        f.tried[r] = true;
        if (f.reached[s] && numbers[r].to != detail::none) f.reached[numbers[r].to] = true;
        if (!numbers[r].guarded) break;
      }
      f.answered[pair] = r != sizeof...(Rows);
    }
    return f;
  }
};

/// Is in one state of a table, and handles events as the table says. Two bytes; a copy is in the
/// same state.
///
/// An event runs to completion: what its actions raise is handled after it, in order, before
/// `handle` returns. The state changes last: where a guard, `exit`, an action or `entry` throws,
/// the machine is in the state from before that event, and what was raised is dropped. An action
/// must not destroy its machine.
/// \tparam Table a \ref gof::state::table "table"
/// \threads one at a time; machines share nothing but their table, which is constant
/// \law TheTableDecides: state and effects are those of the first row that fits and is allowed
/// \law RunsToCompletion: an event begins when the one before has changed the state
/// \law AThrowLeavesTheState: where something throws, the state is the one from before that event
template <class Table>
class machine {
  static_assert(Table::check());
  using states = detail::list<typename Table::states>;
  using events = detail::list<typename Table::events>;
  using queue = typename Table::queue;

 public:
  using context = typename Table::context;  ///< What guards see and actions change.
  using event = typename Table::event;      ///< Any event.

  /// In the first state, without an entry.
  constexpr machine() noexcept = default;
  /// In the state of another. \param other the other
  constexpr machine(const machine& other) noexcept : state_(other.state_) {}
  /// Goes to the state of another, without exit and entry. \param other the other \returns this
  constexpr machine& operator=(const machine& other) noexcept {
    state_ = other.state_;
    return *this;
  }
  /// \returns a machine in a state, without an entry \param name the state's
  /// \throws std::invalid_argument, which lists the states
  [[nodiscard]] static machine restore(std::string_view name) {
    machine m;
    std::string known;
    for (; m.state_ != states::size; ++m.state_) {
      if (m.name() == name) return m;
      known += (known.empty() ? "" : ", ") + std::string(m.name());
    }
    throw std::invalid_argument("gof::state: no state \"" + std::string(name) + "\" among " +
                                known);
  }

  /// Handles an event. \param c the context \param e one of the table's events
  /// \throws no_transition where the table refuses it; misuse, inside a guard or action of this
  /// machine; what these throw; the state is unchanged
  void handle(context& c, const event& e) {
    if (busy_) [[unlikely]]
      throw misuse("gof::state: not inside a guard or action; raise the event instead");
    if (e.valueless_by_exception()) throw std::bad_variant_access();
    step(c, e, nullptr);
  }

  /// \returns whether it is in a state; during an event, whether it was before \tparam State which
  template <class State>
    requires(states::template index<State> != detail::none)
  [[nodiscard]] constexpr bool is() const noexcept {
    return state_ == states::template index<State>;
  }
  /// \returns the name of the state
  [[nodiscard]] constexpr std::string_view name() const noexcept { return states::names[state_]; }

 private:
  template <std::size_t R>
  using row = detail::row_of<std::tuple_element_t<R, typename Table::rows>>;
  template <std::size_t S>
  using state = typename states::template at<S>;

  // Whether an event in a state takes more than to look up the next state.
  template <std::size_t S, std::size_t E, std::size_t R = Table::next_row(S, E)>
  static constexpr bool acts = row<R>::template acts<state<S>> ||
                               (detail::traces<context> && !row<R>::refuses);
  static constexpr bool any_acts = []<std::size_t... I>(std::index_sequence<I...>) {
    return (acts<I / events::size, I % events::size> || ...);
  }
  (std::make_index_sequence<states::size * events::size>());

  // The next state, where there is nothing else to do; states::size where the event is refused.
  template <std::size_t S, std::size_t E, std::size_t R = Table::next_row(S, E)>
  static constexpr auto next =
      static_cast<unsigned char>(row<R>::refuses ? states::size
                                 : row<R>::moves ? states::template index<typename row<R>::to>
                                                 : S);
  static constexpr auto table = []<std::size_t... I>(std::index_sequence<I...>) {
    return std::array{next<I / events::size, I % events::size>...};
  }
  (std::make_index_sequence<states::size * events::size>());

  // Looks for the state, and then for the event among those that act there; an `if` each, which the
  // compiler makes a switch of. For all others the table suffices.
  template <std::size_t S = 0>
  void step(context& c, const event& e, queue* later) {
    if constexpr (!any_acts) {
      go(table[state_ * events::size + e.index()], e);
    } else if constexpr (S + 1 == states::size) {
      step_in<S>(c, e, later);
    } else {
      state_ == S ? step_in<S>(c, e, later) : step<S + 1>(c, e, later);
    }
  }
  template <std::size_t S, std::size_t E = 0>
  void step_in(context& c, const event& e, queue* later) {
    if constexpr (E == events::size) {
      go(table[S * events::size + e.index()], e);
    } else if constexpr (acts<S, E>) {
      e.index() == E ? begin<S, E>(c, *std::get_if<E>(&e), later) : step_in<S, E + 1>(c, e, later);
    } else {
      step_in<S, E + 1>(c, e, later);
    }
  }
  void go(unsigned char to, const event& e) {
    if (to == states::size) [[unlikely]]
      refuse(state_, e.index());
    state_ = to;
  }
  [[noreturn, gnu::cold, gnu::noinline]] static void refuse(std::size_t s, std::size_t e) {
    throw no_transition(states::names[s], events::names[e]);
  }

  // The first event of a run, or one that was raised.
  template <std::size_t S, std::size_t E>
  void begin(context& c, const auto& e, queue* later) {
    if (later != nullptr) return take<S, E>(c, e, *later);
    const busy_scope scope(busy_);
    queue raised;
    take<S, E>(c, e, raised);
    for (std::size_t n = 0; !raised.empty(); ++n) {
      if (n == detail::most_raised) throw misuse("gof::state: a million events raised in a row");
      step(c, raised.pop(), &raised);
    }
  }
  template <std::size_t S, std::size_t E, std::size_t R = Table::next_row(S, E)>
  void take(context& c, const auto& e, queue& later) {
    if constexpr (row<R>::guarded) {
      if (!row<R>::allows(c, e)) return take<S, E, Table::next_row(S, E, R + 1)>(c, e, later);
    }
    if constexpr (row<R>::refuses) {
      refuse(S, E);
    } else {
      row<R>::template run<state<S>>(c, e, later);
      if constexpr (detail::traces<context>) {
        c.trace(states::names[S], events::names[E], states::names[next<S, E, R>]);
      }
      state_ = next<S, E, R>;
    }
  }

  struct busy_scope {
    explicit busy_scope(bool& b) noexcept : busy(b) { busy = true; }
    busy_scope(const busy_scope&) = delete;
    busy_scope& operator=(const busy_scope&) = delete;
    ~busy_scope() { busy = false; }
    bool& busy;
  };

  unsigned char state_ = 0;
  bool busy_ = false;  // an event is being handled
};

/// @}
}  // namespace gof::inline v0::state
