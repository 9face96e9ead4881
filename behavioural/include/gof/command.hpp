// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// Command: operations as values, and the history that executes, undoes and redoes them.

#include <concepts>
#include <cstddef>
#include <memory>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

/// \defgroup command Command
/// \ingroup behavioural
/// An operation as a value: execute it now or later, undo it, redo it, keep it in a file.
///
/// | In the book              | Here                                                             |
/// |--------------------------|------------------------------------------------------------------|
/// | Receiver                 | any class; a history refers to one                               |
/// | Command, ConcreteCommand | what models \ref gof::command::undoable "undoable"               |
/// | Invoker, history list    | \ref gof::command::history "history"                             |
/// | MacroCommand             | \ref gof::command::macro_command "macro_command"                 |
/// | Unexecute                | `undo`                                                           |
///
/// | To …                               | write                                                  |
/// |------------------------------------|--------------------------------------------------------|
/// | do something that can be undone    | `history.execute(insert{3, "x"})`                      |
/// | take it back, do it again          | `history.undo()`, `history.redo()`                     |
/// | go to any position                 | `history.go_to(n)`                                     |
/// | make several commands one step     | `auto m = history.begin_macro("all"); …; m.commit()`  |
/// | know whether there is unsaved work | `history.mark_clean()`, `history.is_clean()`           |
/// | forget the oldest steps            | `history.set_limits({.steps = 100})`                   |
/// | take commands of any type          | `gof/command/any_command.hpp`: `any_history<document>` |
/// | prepare now, execute later         | `gof/command/queue.hpp`: `queue<document, insert>`     |
/// | keep the history in a file         | `gof/command/persistence.hpp`: `save`, `load`          |
///
/// \source Gamma, Helm, Johnson, Vlissides, *Design Patterns* (1994), chapter 5, Command

namespace gof::inline v0::command {

/// \addtogroup command
/// @{

/// Can be executed on a `Receiver`.
template <class C, class Receiver>
concept command = requires(C& c, Receiver& receiver) {
  c.execute(receiver);
};

/// Can be kept in a history: moves without throwing, and `undo` takes back what `execute` did.
/// May also have: `redo(receiver)`, where doing it again is not `execute`; `label()`, for menus;
/// `cost()`, in bytes, the same done and undone; `merge_with(const Later&)`, see \ref merge.
template <class C, class Receiver>
concept undoable = command<C, Receiver> && std::is_nothrow_move_constructible_v<C> &&
    requires(C& c, Receiver& receiver) {
  c.undo(receiver);
};

/// What `earlier.merge_with(later)` answers when both were executed: `no`, and `earlier` is as it
/// was (it is so too when this throws); `yes`, and `earlier` now does and undoes both;
/// `annihilated`, together they do nothing.
enum class merge : unsigned char { no, yes, annihilated };

/// What came of undo, redo or go_to; true when the history moved.
class outcome {
 public:
  /// `nothing` to do; `done`; `refused`, inside a command or listener or with a macro open.
  enum value : unsigned char { nothing, done, refused };

  constexpr outcome(value v) noexcept : value_(v) {}  ///< \param v what came of it
  /// \returns whether the history moved
  [[nodiscard]] constexpr explicit operator bool() const noexcept { return value_ == done; }
  friend constexpr bool operator==(outcome, outcome) noexcept = default;  ///< The same answer?

 private:
  value value_;
};

/// A history was used from inside a command or listener, or with a macro open that was in the way.
class misuse : public std::logic_error {
  using std::logic_error::logic_error;
};

/// A command of a macro threw, and so did taking back the others: the receiver is in between.
class diverged : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

namespace detail {
// The optional members of a command, with what stands in for them.
template <class C, class Receiver>
void redo(C& c, Receiver& receiver) {
  if constexpr (requires { c.redo(receiver); }) {
    c.redo(receiver);
  } else {
    c.execute(receiver);
  }
}
template <class C, class Receiver>
constexpr bool nothrow_redo = [] {
  if constexpr (requires(C & c, Receiver & receiver) { c.redo(receiver); }) {
    return noexcept(std::declval<C&>().redo(std::declval<Receiver&>()));
  } else {
    return noexcept(std::declval<C&>().execute(std::declval<Receiver&>()));
  }
}();
template <class C>
std::string label(const C& c) {
  if constexpr (requires { c.label(); }) {
    return std::string(c.label());
  } else {
    return {};
  }
}
template <class C>
std::size_t cost(const C& c) noexcept {
  if constexpr (requires { c.cost(); }) {
    return c.cost();
  } else {
    return sizeof(C);
  }
}
template <class C, class Later>
concept merges_with = requires(C& c, const Later& later) {
  { c.merge_with(later) } -> std::same_as<merge>;
};
}  // namespace detail

/// Commands done and undone as one: a step of a history that is made of steps.
/// \tparam Receiver what commands are executed on
/// \tparam Commands the types of command in the history
template <class Receiver, class... Commands>
class macro_command {
 public:
  /// A command, or a macro within the macro.
  using step = std::variant<Commands..., macro_command>;
  /// Whether no command throws when undone.
  static constexpr bool nothrow_undo =
      (noexcept(std::declval<Commands&>().undo(std::declval<Receiver&>())) && ...);
  /// Whether no command throws when done again.
  static constexpr bool nothrow_redo = (detail::nothrow_redo<Commands, Receiver> && ...);

  /// A macro with nothing in it. \param label for menus
  explicit macro_command(std::string label) : body_(std::make_unique<body>()) {
    body_->label = std::move(label);
  }

  /// Does all steps again. \throws what a command throws, with nothing done; diverged
  void execute(Receiver& receiver) noexcept(nothrow_redo) {
    std::size_t done = 0;
    try {
      for (; done != steps().size(); ++done) redo_step(steps()[done], receiver);
    } catch (...) {
      take_back([&] {
        while (done != 0) undo_step(steps()[--done], receiver);
      });
      throw;
    }
  }
  /// Takes back all steps. \throws what a command throws, with nothing undone; diverged
  void undo(Receiver& receiver) noexcept(nothrow_undo) {
    std::size_t done = steps().size();
    try {
      for (; done != 0; --done) undo_step(steps()[done - 1], receiver);
    } catch (...) {
      take_back([&] {
        for (; done != steps().size(); ++done) redo_step(steps()[done], receiver);
      });
      throw;
    }
  }
  /// \returns the steps, in the order in which they were executed
  [[nodiscard]] std::vector<step>& steps() noexcept { return body_->steps; }
  /// \returns the steps, in the order in which they were executed
  [[nodiscard]] const std::vector<step>& steps() const noexcept { return body_->steps; }
  /// \returns the label given
  [[nodiscard]] const std::string& label() const noexcept { return body_->label; }
  /// \returns the sum of what the steps cost
  [[nodiscard]] std::size_t cost() const noexcept {
    std::size_t sum = 0;
    for (const step& s : steps()) sum += cost(s);
    return sum;
  }

  /// Takes back one step. \param s the step \param receiver what to undo it on
  static void undo_step(step& s, Receiver& receiver) noexcept(nothrow_undo) {
    std::visit([&](auto& c) { c.undo(receiver); }, s);
  }
  /// Does one step again. \param s the step \param receiver what to execute it on
  static void redo_step(step& s, Receiver& receiver) noexcept(nothrow_redo) {
    std::visit([&](auto& c) { detail::redo(c, receiver); }, s);
  }
  /// \returns the label of a step, or nothing \param s the step
  [[nodiscard]] static std::string label(const step& s) {
    return std::visit([](const auto& c) { return detail::label(c); }, s);
  }
  /// \returns what a step costs \param s the step
  [[nodiscard]] static std::size_t cost(const step& s) noexcept {
    return std::visit([](const auto& c) { return detail::cost(c); }, s);
  }

 private:
  template <class F>
  static void take_back(F f) {
    try {
      f();
    } catch (...) {
      throw diverged("gof::command: a macro stopped half-way and could not be taken back");
    }
  }
  struct body {
    std::string label;
    std::vector<step> steps;
  };
  std::unique_ptr<body> body_;  // null only after a move
};

/// The Invoker: executes commands on one receiver, remembers them, undoes and redoes them.
///
/// Where a command throws, the history is as it was; so is the receiver, where each command keeps
/// that promise for itself.
/// \tparam Receiver what commands are executed on; it must outlive the history
/// \tparam Commands the types of command, stored inline
/// \threads one at a time
/// \law UndoRestoresTheReceiver: after execute, undo gives the receiver the state it had before
/// \law RedoRepeatsTheEffect: undo, then redo, changes nothing
/// \law PositionDecidesTheReceiver: by whichever way one comes to a position, the receiver is the
/// same there
template <class Receiver, undoable<Receiver>... Commands>
class history {
  using composite = macro_command<Receiver, Commands...>;
  template <class C>
  static constexpr bool stores = (std::same_as<C, Commands> || ...);
  template <class C>
  static constexpr bool merging = (detail::merges_with<Commands, C> || ...);

 public:
  /// Means "no limit", and "no such position".
  static constexpr std::size_t npos = static_cast<std::size_t>(-1);
  /// An entry: a command or a macro.
  using step = typename composite::step;

  /// How much to remember. The current step is kept in any case.
  struct limits {
    std::size_t steps = npos;  ///< At most so many steps.
    std::size_t bytes = npos;  ///< At most this sum of their costs.
  };

  class macro;

  /// An empty history, clean. \param receiver what commands are executed on
  explicit history(Receiver& receiver) noexcept : receiver_(&receiver) {}
  history(const history&) = delete;
  history& operator=(const history&) = delete;

  /// Executes a command and remembers it; what could be redone is dropped. The step before takes it
  /// in where it can merge with it, but not across the saved position.
  /// \param c the command; where this throws it is still the caller's
  /// \throws misuse, std::bad_alloc, with nothing executed; what the command throws; unchanged
  /// \complexity amortised constant, and the command's own
  template <class C>
    requires stores<C>
  void execute(C&& c) {
    require_not_busy();
    std::vector<step>& list = target();
    make_room(list);
    {
      const busy_scope scope(busy_);
      c.execute(*receiver_);
    }
    record(list, std::move(c));
  }
  /// Executes a copy of a command. \param c the command
  template <class C>
    requires stores<C>
  void execute(const C& c) { execute(C(c)); }
  /// Executes what converts to the only type of command here, such as `any_command`.
  /// \param c the command
  template <class C>
    requires(sizeof...(Commands) == 1 && !stores<std::remove_cvref_t<C>> &&
             (std::convertible_to<C, Commands> && ...))
  void execute(C&& c) { execute(std::variant_alternative_t<0, step>(std::forward<C>(c))); }

  /// Takes back the step before the current position.
  /// \throws what its command throws; the position is unchanged
  outcome undo() noexcept(composite::nothrow_undo) {
    const outcome result = undo_one();
    if (result) changed();
    return result;
  }

  /// Does the step after the current position again.
  /// \throws what its command throws; the position is unchanged
  outcome redo() noexcept(composite::nothrow_redo) {
    const outcome result = redo_one();
    if (result) changed();
    return result;
  }

  /// Undoes or redoes until `position() == target`, with one notification.
  /// \param target at most `size()`
  /// \throws std::out_of_range; what a command throws: the position is then the last one reached
  outcome go_to(std::size_t target) {
    if (target > size()) throw std::out_of_range("gof::command: no such position in the history");
    struct notify_at_end {
      history& self;
      std::size_t from;
      ~notify_at_end() {
        if (self.position_ != from) self.changed();
      }
    } const at_end{*this, position_};
    outcome last = outcome::nothing;
    while (position_ != target) {
      last = position_ > target ? undo_one() : redo_one();
      if (!last) break;
    }
    return last;
  }

  /// Opens a macro: until it is committed, what is executed is collected in it.
  /// \param label for menus
  /// \throws misuse from inside a command; std::bad_alloc
  [[nodiscard]] macro begin_macro(std::string label) { return macro(*this, std::move(label)); }

  /// The next command becomes a step of its own, whatever could take it in.
  void stop_merging() noexcept { merge_next_ = false; }

  /// The current position is the saved one. \throws misuse; unchanged
  void mark_clean() {
    require_idle();
    clean_ = position_;
    changed();
  }
  /// \returns whether the current position is the saved one
  [[nodiscard]] bool is_clean() const noexcept { return clean_ == position_; }
  /// \returns the saved position, or npos where it can no longer be reached
  [[nodiscard]] std::size_t clean_position() const noexcept { return clean_; }

  /// From now on forgets what is over the limits: the oldest steps, then the last of the undone.
  /// \param to the limits
  /// \throws misuse; unchanged
  void set_limits(limits to) {
    require_idle();
    limits_ = to;
    bytes_ = 0;
    for (std::size_t i = 0; i != size(); ++i) bytes_ += charge((*this)[i]);
    trim();
    changed();
  }

  /// Forgets all steps; the receiver stays as it is. \throws misuse; unchanged
  void clear() { assign({}, 0, is_clean() ? 0 : npos); }

  /// Replaces all steps, executing nothing: for what was loaded.
  /// \param steps the oldest first
  /// \param position how many of them are done
  /// \param clean the saved position, or npos
  /// \throws misuse; std::out_of_range where a position is none; unchanged
  void assign(std::vector<step> steps, std::size_t position, std::size_t clean) {
    require_idle();
    if (position > steps.size() || (clean > steps.size() && clean != npos)) {
      throw std::out_of_range("gof::command: no such position in the history");
    }
    steps_ = std::move(steps);
    forgotten_ = 0;
    position_ = position;
    clean_ = clean;
    set_limits(limits_);
  }

  /// \returns how many steps are remembered, done or undone
  [[nodiscard]] std::size_t size() const noexcept { return steps_.size() - forgotten_; }
  /// \returns how many of them are done
  [[nodiscard]] std::size_t position() const noexcept { return position_; }
  /// \returns a step, the oldest first \param i less than `size()`
  [[nodiscard]] const step& operator[](std::size_t i) const noexcept {
    return steps_[forgotten_ + i];
  }
  /// \returns whether `undo` would do something
  [[nodiscard]] bool can_undo() const noexcept { return idle() && position_ != 0; }
  /// \returns whether `redo` would do something
  [[nodiscard]] bool can_redo() const noexcept { return idle() && position_ != size(); }
  /// \returns the label of the step that `undo` takes back, or nothing
  [[nodiscard]] std::string undo_label() const {
    return can_undo() ? composite::label((*this)[position_ - 1]) : std::string();
  }
  /// \returns the label of the step that `redo` does again, or nothing
  [[nodiscard]] std::string redo_label() const {
    return can_redo() ? composite::label((*this)[position_]) : std::string();
  }

  /// Calls `listener(*this)` after each change of steps, position or saved position, instead of the
  /// listener before.
  /// \param listener cannot throw; inside it the history can only be read
  template <class F>
    requires std::is_nothrow_invocable_v<F&, const history&>
  void on_change(F listener) { listener_ = std::make_unique<listener_of<F>>(std::move(listener)); }

  /// A scope: what is executed in it becomes one step when committed, and is undone otherwise.
  /// Scopes nest, and are closed in the reverse order.
  /// \law ARolledBackMacroLeavesNoTrace: receiver and history are as before, what could be redone
  /// included
  class macro {
   public:
    macro(const macro&) = delete;
    macro& operator=(const macro&) = delete;
    /// Rolls back what was not committed. Where a command throws at that, the rest is committed.
    ~macro() {
      if (closed_) return;
      try {
        roll_back();
      } catch (...) {
        commit();
      }
    }

    /// Makes all that was executed in the scope one step, or none where there was nothing.
    /// \throws misuse where it is closed already, or one within it is open; unchanged
    void commit() {
      require_innermost();
      composite all = close();
      if (!all.steps().empty()) history_.record(history_.target(), std::move(all));
    }

    /// Undoes all that was executed in the scope.
    /// \throws misuse as `commit`; what a command throws, with the scope open and the rest in it
    void roll_back() {
      require_innermost();
      for (std::vector<step>& steps = all_.steps(); !steps.empty(); steps.pop_back()) {
        const busy_scope scope(history_.busy_);
        composite::undo_step(steps.back(), *history_.receiver_);
      }
      close();
    }

   private:
    friend history;
    macro(history& h, std::string label) : history_(h), outer_(h.open_), all_(std::move(label)) {
      h.require_not_busy();
      h.make_room(h.target());
      h.open_ = this;
    }
    void require_innermost() const {
      history_.require_not_busy();
      if (history_.open_ != this) {
        throw misuse("gof::command: macros are closed once, the innermost first");
      }
    }
    composite close() noexcept {
      history_.open_ = outer_;
      closed_ = true;
      return std::move(all_);
    }

    history& history_;
    macro* outer_;
    composite all_;
    bool closed_ = false;
  };

 private:
  struct busy_scope {
    explicit busy_scope(bool& b) noexcept : busy(b) { busy = true; }
    ~busy_scope() { busy = false; }
    bool& busy;
  };
  struct listener_base {
    virtual ~listener_base() = default;
    virtual void call(const history&) noexcept = 0;
  };
  template <class F>
  struct listener_of final : listener_base {
    explicit listener_of(F from) : f(std::move(from)) {}
    void call(const history& h) noexcept override { f(h); }
    F f;
  };

  bool idle() const noexcept { return !busy_ && open_ == nullptr; }
  void require_idle() const {
    if (!idle()) throw misuse("gof::command: not inside a command, a listener or an open macro");
  }
  void require_not_busy() const {
    if (busy_) throw misuse("gof::command: a history was used from inside a command or listener");
  }
  void changed() noexcept {
    if (listener_ == nullptr) return;
    const busy_scope scope(busy_);
    listener_->call(*this);
  }

  // Where the next step goes.
  std::vector<step>& target() noexcept { return open_ == nullptr ? steps_ : open_->all_.steps(); }

  void make_room(std::vector<step>& list) {
    if (list.size() != list.capacity()) return;
    std::size_t dead = &list == &steps_ ? forgotten_ : 0;
    std::vector<step> larger;
    larger.reserve(2 * (list.size() - dead) + 8);
    for (std::size_t i = dead; i != list.size(); ++i) larger.push_back(std::move(list[i]));
    list.swap(larger);
    forgotten_ -= dead;
  }

  // Cannot fail: make_room came before.
  template <class C>
  void record(std::vector<step>& list, C&& c) noexcept {
    const bool outermost = &list == &steps_;
    if (outermost) drop_undone();
    merge how = merge::no;
    if constexpr (merging<C>) {
      if (merge_next_ && !list.empty() && !(outermost && is_clean())) {
        if (outermost) bytes_ -= charge(list.back());
        how = merge_into(list.back(), c);
        if (outermost) bytes_ += charge(list.back());
      }
    }
    merge_next_ = true;
    if (how == merge::no) {
      list.emplace_back(std::in_place_type<C>, std::move(c));
      if (outermost) bytes_ += charge(list.back());
    } else if (how == merge::annihilated) {
      outermost ? drop_last() : list.pop_back();
    }
    if (!outermost) return;
    position_ = size();
    trim();
    changed();
  }
  template <class Later>
  static merge merge_into(step& last, const Later& later) noexcept {
    return std::visit(
        [&]<class C>(C& c) {
          if constexpr (detail::merges_with<C, Later>) {
            try {
              return c.merge_with(later);
            } catch (...) {  // a promise of merge_with: then c is as it was
            }
          }
          return merge::no;
        },
        last);
  }

  std::size_t charge(const step& s) const noexcept {
    return limits_.bytes == npos ? 0 : composite::cost(s);
  }
  void trim() noexcept {
    while (size() > limits_.steps || bytes_ > limits_.bytes) {
      if (position_ > 1) {
        forget_oldest();
      } else if (size() > 1) {
        drop_last();
      } else {
        break;
      }
    }
  }
  void forget_oldest() noexcept {
    const step oldest = std::move(steps_[forgotten_++]);
    bytes_ -= charge(oldest);
    --position_;
    if (clean_ != npos) --clean_;  // from 0 to npos
  }
  void drop_last() noexcept {
    bytes_ -= charge(steps_.back());
    steps_.pop_back();
    if (clean_ > size()) clean_ = npos;
  }
  void drop_undone() noexcept {
    while (size() > position_) drop_last();
  }

  outcome undo_one() noexcept(composite::nothrow_undo) {
    if (!idle()) return outcome::refused;
    if (position_ == 0) return outcome::nothing;
    const busy_scope scope(busy_);
    composite::undo_step(steps_[forgotten_ + position_ - 1], *receiver_);
    --position_;
    return outcome::done;
  }
  outcome redo_one() noexcept(composite::nothrow_redo) {
    if (!idle()) return outcome::refused;
    if (position_ == size()) return outcome::nothing;
    const busy_scope scope(busy_);
    composite::redo_step(steps_[forgotten_ + position_], *receiver_);
    ++position_;
    return outcome::done;
  }

  // Invariant: the first forgotten_ of steps_ were moved away; of the others position_ are done.
  Receiver* receiver_;
  std::vector<step> steps_;
  std::size_t forgotten_ = 0;
  std::size_t position_ = 0;
  std::size_t clean_ = 0;
  std::size_t bytes_ = 0;  // what the steps cost, while there is a limit to it
  limits limits_;
  macro* open_ = nullptr;
  bool busy_ = false;
  bool merge_next_ = true;
  std::unique_ptr<listener_base> listener_;
};

/// @}
}  // namespace gof::inline v0::command
