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
/// | In the book              | Here                                               |
/// |--------------------------|----------------------------------------------------|
/// | Receiver                 | any class; a history refers to one                 |
/// | Command, ConcreteCommand | what models \ref gof::command::undoable "undoable" |
/// | Invoker, history list    | \ref gof::command::history "history"               |
/// | MacroCommand             | \ref gof::command::macro_command "macro_command"   |
/// | Unexecute                | `undo`                                             |
///
/// | To …                               | write                                                |
/// |------------------------------------|------------------------------------------------------|
/// | do something that can be undone    | `history.execute(insert{3, "x"})`                    |
/// | take it back, do it again          | `history.undo()`, `history.redo()`                   |
/// | go to any position                 | `history.go_to(n)`                                   |
/// | know whether there is unsaved work | `history.mark_clean()`, `history.is_clean()`         |
/// | forget the oldest steps            | `history.set_limits({.steps = 100})`                 |
/// | hear of each change                | `history.on_change(f)`                               |
/// | make several commands one step     | `gof/command/macro.hpp`: `begin_macro`, `commit`     |
/// | take commands of any type          | `gof/command/any_command.hpp`: `any_command`         |
/// | prepare now, execute later         | `gof/command/queue.hpp`: `prepare`, `execute_next`   |
/// | keep the history in a file         | `gof/command/persistence.hpp`: `save`, `load`        |
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

/// Can be kept in a history: `undo` takes back what `execute` did, and a move cannot throw.
/// May also have: `redo(receiver)`, where doing it again is not `execute`; `label()`, for menus;
/// `cost()`, in bytes, the same done and undone; `merge_with(const Later&)`, which answers a
/// \ref gof::command::merge "merge".
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

/// A history was used from inside a command or listener, or around a macro that is open.
class misuse : public std::logic_error {
  using std::logic_error::logic_error;
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

template <class C, class Receiver>
constexpr bool nothrow_undo = noexcept(std::declval<C&>().undo(std::declval<Receiver&>()));
template <class C, class Receiver>
constexpr bool nothrow_redo = noexcept(std::declval<C&>().execute(std::declval<Receiver&>()));
template <class C, class Receiver>
  requires requires(C& c, Receiver& receiver) { c.redo(receiver); }
constexpr bool nothrow_redo<C, Receiver> =
    noexcept(std::declval<C&>().redo(std::declval<Receiver&>()));

// Sets a flag for as long as it lives.
struct busy_scope {
  explicit busy_scope(bool& b) noexcept : busy(b) { busy = true; }
  busy_scope(const busy_scope&) = delete;
  busy_scope& operator=(const busy_scope&) = delete;
  ~busy_scope() { busy = false; }
  bool& busy;
};
}  // namespace detail

/// The Invoker: executes commands on one receiver, remembers them, undoes and redoes them.
///
/// Where a command throws, the history is as it was; so is the receiver, where each command keeps
/// that promise for itself.
/// \tparam Receiver what commands are executed on
/// \tparam Commands the types of command, stored inline
/// \threads one at a time
/// \law UndoRestoresTheReceiver: after execute, undo gives the receiver the state it had before
/// \law RedoRepeatsTheEffect: undo, then redo, changes nothing
/// \law PositionDecidesTheReceiver: by whichever way one comes to a position, the receiver is the
/// same there
template <class Receiver, undoable<Receiver>... Commands>
class history {
  template <class C>
  static constexpr bool stores = (std::same_as<C, Commands> || ...);
  static constexpr bool nothrow_undo = (detail::nothrow_undo<Commands, Receiver> && ...);
  static constexpr bool nothrow_redo = (detail::nothrow_redo<Commands, Receiver> && ...);

 public:
  /// Means "no limit", and "no such position".
  static constexpr std::size_t npos = static_cast<std::size_t>(-1);
  /// What is remembered of one execute.
  using step = std::variant<Commands...>;

  /// How much to remember. The current step is kept in any case.
  struct limits {
    std::size_t steps = npos;  ///< At most so many steps.
    std::size_t bytes = npos;  ///< At most this sum of their costs.
  };

  /// An empty history, clean. \param receiver what commands are executed on; must outlive this
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
    prepare();
    {
      const detail::busy_scope scope(busy_);
      c.execute(*receiver_);
    }
    remember(std::move(c));
  }
  /// Executes a copy of a command. \param c the command
  template <class C>
    requires stores<C>
  void execute(const C& c) { execute(C(c)); }
  /// Executes what converts to a command of this history, as any does to `any_command`.
  /// \param c the command
  template <class C>
    requires(!stores<std::remove_cvref_t<C>> && std::convertible_to<C, step>)
  void execute(C&& c) {
    std::visit([this](auto&& command) { this->execute(std::move(command)); },
               step(std::forward<C>(c)));
  }
  /// Remembers a command that was executed already, as `execute` does.
  /// \param c the command \throws misuse, std::bad_alloc; unchanged
  template <class C>
    requires stores<C>
  void record(C&& c) {
    prepare();
    remember(std::move(c));
  }

  /// Takes back the step before the current position.
  /// \returns what came of it \throws what its command throws; the position is unchanged
  outcome undo() noexcept(nothrow_undo) {
    const outcome result = undo_one();
    if (result) changed();
    return result;
  }

  /// Does the step after the current position again.
  /// \returns what came of it \throws what its command throws; the position is unchanged
  outcome redo() noexcept(nothrow_redo) {
    const outcome result = redo_one();
    if (result) changed();
    return result;
  }

  /// Undoes or redoes until `position() == target`, with one notification.
  /// \param target at most `size()` \returns what came of it
  /// \throws std::out_of_range; what a command throws: the position is then the last one reached
  outcome go_to(std::size_t target) {
    if (target > size()) throw std::out_of_range("gof::command: no such position in the history");
    struct notify_at_end {
      history& self;
      std::size_t from;
      ~notify_at_end() {
        if (self.next_ != from) self.changed();
      }
    } const at_end{*this, next_};
    outcome last = outcome::nothing;
    while (position() != target) {
      last = position() > target ? undo_one() : redo_one();
      if (!last) break;
    }
    return last;
  }

  /// The next command becomes a step of its own, whatever could take it in.
  void stop_merging() noexcept { merge_next_ = false; }

  /// The current position is the saved one. \throws misuse; unchanged
  void mark_clean() {
    require_idle();
    clean_ = position();
    changed();
  }
  /// \returns whether the current position is the saved one
  [[nodiscard]] bool is_clean() const noexcept { return clean_ == position(); }
  /// \returns the saved position, or npos where it can no longer be reached
  [[nodiscard]] std::size_t clean_position() const noexcept { return clean_; }

  /// From now on forgets what is over the limits: the oldest steps, then the last of the undone.
  /// \param to the limits \throws misuse; unchanged
  void set_limits(limits to) {
    require_idle();
    limits_ = to;
    limited_ = to.steps != npos || to.bytes != npos;
    bytes_ = 0;
    for (std::size_t i = 0; i != size(); ++i) bytes_ += cost((*this)[i]);
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
    next_ = position;
    clean_ = clean;
    set_limits(limits_);
  }

  /// \returns how many steps are remembered, done or undone
  [[nodiscard]] std::size_t size() const noexcept { return steps_.size() - forgotten_; }
  /// \returns how many of them are done
  [[nodiscard]] std::size_t position() const noexcept { return next_ - forgotten_; }
  /// \returns a step, the oldest first \param i less than `size()`
  [[nodiscard]] const step& operator[](std::size_t i) const noexcept {
    return steps_[forgotten_ + i];
  }
  /// \returns whether `undo` would do something
  [[nodiscard]] bool can_undo() const noexcept { return !busy_ && position() != 0; }
  /// \returns whether `redo` would do something
  [[nodiscard]] bool can_redo() const noexcept { return !busy_ && position() != size(); }
  /// \returns the label of the step that `undo` takes back, or nothing
  [[nodiscard]] std::string undo_label() const {
    return can_undo() ? label((*this)[position() - 1]) : std::string();
  }
  /// \returns the label of the step that `redo` does again, or nothing
  [[nodiscard]] std::string redo_label() const {
    return can_redo() ? label((*this)[position()]) : std::string();
  }

  /// Calls `listener(*this)` after each change of steps, position or saved position, instead of the
  /// listener before.
  /// \param listener cannot throw; inside it the history can only be read
  template <class F>
    requires std::is_nothrow_invocable_v<F&, const history&>
  void on_change(F listener) { listener_ = std::make_unique<listener_of<F>>(std::move(listener)); }

 protected:
  /// While it is true all that changes the history is refused.
  bool busy_ = false;
  /// \returns the receiver
  Receiver& receiver() const noexcept { return *receiver_; }

 private:
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

  void require_idle() const {
    if (busy_) throw misuse("gof::command: not inside a command, a listener or an open macro");
  }
  void changed() noexcept {
    if (listener_ != nullptr) [[unlikely]] {
      const detail::busy_scope scope(busy_);
      listener_->call(*this);
    }
  }

  // Whatever can fail before a command is executed; remember cannot fail after it.
  void prepare() {
    require_idle();
    if (steps_.size() == steps_.capacity()) [[unlikely]]
      grow();
  }
  void grow() {
    if (forgotten_ == 0) return steps_.reserve(2 * size() + 8);
    std::vector<step> larger;
    larger.reserve(2 * size() + 8);
    for (std::size_t i = 0; i != size(); ++i) larger.push_back(std::move(steps_[forgotten_ + i]));
    steps_.swap(larger);
    next_ -= forgotten_;
    forgotten_ = 0;
  }
  template <class C>
  void remember(C&& c) noexcept {
    while (steps_.size() != next_) [[unlikely]] drop_last();
    merge how = merge::no;
    if constexpr ((detail::merges_with<Commands, C> || ...)) {
      if (merge_next_ && position() != 0 && !is_clean()) how = merge_last(c);
    }
    merge_next_ = true;
    if (how == merge::no) {
      steps_.emplace_back(std::in_place_type<C>, std::move(c));
      ++next_;
      if (limited_) [[unlikely]]
        bytes_ += cost(steps_.back());
    } else if (how == merge::annihilated) {
      --next_;
      drop_last();
    }
    if (limited_) [[unlikely]]
      trim();
    changed();
  }
  template <class Later>
  merge merge_last(const Later& later) noexcept {
    if (limited_) bytes_ -= cost(steps_.back());
    const merge how = std::visit(
        [&]<class C>(C& c) {
          if constexpr (detail::merges_with<C, Later>) {
            try {
              return c.merge_with(later);
            } catch (...) {  // a promise of merge_with: then c is as it was
            }
          }
          return merge::no;
        },
        steps_.back());
    if (limited_) bytes_ += cost(steps_.back());
    return how;
  }

  static std::string label(const step& s) {
    return std::visit([](const auto& c) { return detail::label(c); }, s);
  }
  static std::size_t cost(const step& s) noexcept {
    return std::visit([](const auto& c) { return detail::cost(c); }, s);
  }
  void trim() noexcept {
    while (size() > 1 && (size() > limits_.steps || bytes_ > limits_.bytes)) {
      position() > 1 ? forget_oldest() : drop_last();
    }
  }
  void forget_oldest() noexcept {
    const step oldest = std::move(steps_[forgotten_++]);
    bytes_ -= cost(oldest);
    if (clean_ != npos) --clean_;  // from 0 to npos
  }
  void drop_last() noexcept {
    if (limited_) bytes_ -= cost(steps_.back());
    steps_.pop_back();
    if (clean_ != npos && clean_ > size()) clean_ = npos;
  }

  outcome undo_one() noexcept(nothrow_undo) {
    if (busy_) return outcome::refused;
    if (next_ == forgotten_) return outcome::nothing;
    const detail::busy_scope scope(busy_);
    std::visit([&](auto& c) { c.undo(*receiver_); }, steps_[next_ - 1]);
    --next_;
    return outcome::done;
  }
  outcome redo_one() noexcept(nothrow_redo) {
    if (busy_) return outcome::refused;
    if (next_ == steps_.size()) return outcome::nothing;
    const detail::busy_scope scope(busy_);
    std::visit([&](auto& c) { detail::redo(c, *receiver_); }, steps_[next_]);
    ++next_;
    return outcome::done;
  }

  // Invariant: the first forgotten_ of steps_ were moved away, the others up to next_ are done.
  Receiver* receiver_;
  std::vector<step> steps_;
  std::size_t forgotten_ = 0;
  std::size_t next_ = 0;
  std::size_t clean_ = 0;
  std::size_t bytes_ = 0;  // what the steps cost, while there is a limit
  limits limits_;
  bool limited_ = false;
  bool merge_next_ = true;
  std::unique_ptr<listener_base> listener_;
};

/// @}
}  // namespace gof::inline v0::command
