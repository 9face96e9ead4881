// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// Memento: a state that can be kept by anybody, and looked into only by whose state it is.

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>

/// \defgroup memento Memento
/// \ingroup behavioural
/// A state that others keep and only its originator can look into: save, restore, keep within
/// limits, load from a file.
///
/// | In the book            | Here                                                               |
/// |------------------------|--------------------------------------------------------------------|
/// | Originator             | any class with `create_memento` and `set_memento`                  |
/// | Memento                | \ref gof::memento::memento "memento<Originator, State>"            |
/// | wide interface         | its private members; the originator is a friend                    |
/// | narrow interface       | its public ones: copy, move, destroy, and ask what it costs        |
/// | GetState, SetState     | `state()`, the constructor                                         |
/// | Caretaker              | \ref gof::memento::caretaker "caretaker", or any container         |
///
/// | To …                               | write                                                  |
/// |------------------------------------|--------------------------------------------------------|
/// | make a class an originator         | `using memento = gof::memento::memento<game, state>;`  |
/// | save its state                     | `memento create_memento() const { return memento(s); }` |
/// | restore it, all or nothing         | `void set_memento(const memento& m) { m.restore(s); }` |
/// | keep a state                       | `const auto id = caretaker.keep(g.create_memento())`   |
/// | go back to it                      | `caretaker.restore(g, id)`                             |
/// | forget the oldest                  | `caretaker.set_limits({.mementos = 20})`               |
/// | keep only what is different        | `gof/memento/chunked.hpp`: `chunked<char>`             |
/// | save to a file, and load           | `gof/memento/persistence.hpp`: `save`, `load`          |
///
/// \source Gamma, Helm, Johnson, Vlissides, *Design Patterns* (1994), chapter 5, Memento

namespace gof::inline v0::memento {

/// \addtogroup memento
/// @{

/// A caretaker was changed while it restores.
class misuse : public std::logic_error {
  using std::logic_error::logic_error;
};
/// A memento was asked for that is not kept: it was forgotten, dropped, or never there.
class not_kept : public std::out_of_range {
  using std::out_of_range::out_of_range;
};

namespace detail {
// What a state takes, in bytes.
template <class State>
std::size_t cost(const State& s) noexcept {
  if constexpr (requires { s.cost(); }) {
    return s.cost();
  } else if constexpr (!std::is_trivially_copyable_v<State> &&
                       requires { s.size() * sizeof(*s.data()); }) {
    return sizeof(State) + s.size() * sizeof(*s.data());
  } else {
    return sizeof(State);
  }
}
// The same, where the state before it is kept too.
template <class State>
std::size_t cost_after(const State& s, const State& before) noexcept {
  if constexpr (requires { s.cost_after(before); }) {
    return s.cost_after(before);
  } else {
    return cost(s);
  }
}
}  // namespace detail

/// The Memento: a state of an originator, that only the originator can look into. Others can copy,
/// move and destroy it, and ask what it costs.
///
/// The originator, and what is nested in it, can use these private members:
/// - `memento(State)` keeps a state;
/// - `state()` is that state, `const`;
/// - `restore(State& to)` replaces `to` by a copy of it, or throws and leaves `to` as it was.
/// \tparam Originator the class whose state it is
/// \tparam State what is kept; may be a private member of the originator. May have `cost()`, in
/// bytes, and `cost_after(const State& before)`, where it shares parts with the state before;
/// neither throws. Without them, a string or vector costs its size and what is in it, and any
/// other its size
/// \threads as the state
/// \law RestoringGivesTheStateBack: whatever was done since, restoring gives the originator the
/// state in which the memento was made
/// \law RestoreIsAllOrNothing: where restoring a state throws, the originator is as it was
template <class Originator, class State>
class memento {
 public:
  /// \returns how many bytes it takes
  [[nodiscard]] std::size_t cost() const noexcept { return detail::cost(state_); }
  /// \returns how many more bytes it takes where another is kept too \param before the other
  [[nodiscard]] std::size_t cost_after(const memento& before) const noexcept {
    return detail::cost_after(state_, before.state_);
  }

 private:
  friend Originator;

  explicit memento(State state) noexcept(std::is_nothrow_move_constructible_v<State>)
      : state_(std::move(state)) {}
  const State& state() const noexcept { return state_; }
  void restore(State& to) const {
    static_assert(std::is_nothrow_move_assignable_v<State>,
                  "gof::memento: to restore all or nothing, a State moves without throwing");
    State copy(state_);
    to = std::move(copy);
  }

  State state_;
};

/// Gives out mementos and takes them back.
template <class O>
concept originator = requires(O& o) {
  o.set_memento(std::as_const(o).create_memento());
};

/// The Caretaker: keeps mementos in the order in which they came, and forgets the oldest where they
/// are over its limits. It cannot look into them.
/// \tparam Memento what is kept; a move cannot throw
/// \threads one at a time
/// \law LimitsHold: what is kept is within the limits, or it is the newest alone
/// \law BytesAreWhatIsKept: `bytes()` is the sum of what the first costs, and each of the others
/// after the one before it, whatever was dropped between them
template <class Memento>
  requires std::is_nothrow_move_constructible_v<Memento> &&
      std::is_nothrow_move_assignable_v<Memento>
class caretaker {
 public:
  /// Means "no limit".
  static constexpr std::size_t npos = static_cast<std::size_t>(-1);
  /// Names a memento for as long as the caretaker lives; a later one has a greater number.
  using id = std::uint64_t;

  /// How much to keep. The newest is kept in any case.
  struct limits {
    std::size_t mementos = npos;  ///< At most so many.
    std::size_t bytes = npos;     ///< At most this sum of their costs.
  };
  /// A memento, as it is kept.
  struct kept {
    id which;           ///< Its name.
    std::string label;  ///< For people.
    Memento memento;    ///< What the originator takes back.
    std::size_t cost;   ///< In bytes, the one before it being kept too.
  };

  caretaker() = default;
  caretaker(const caretaker&) = delete;
  caretaker& operator=(const caretaker&) = delete;

  /// Keeps a memento, and forgets what is then over the limits.
  /// \param m the memento \param label for people \returns its name
  /// \throws misuse, std::bad_alloc; unchanged \complexity constant, and that of `cost_after`
  id keep(Memento m, std::string label = {}) {
    require_idle();
    const std::size_t cost =
        all_.empty() ? detail::cost(m) : detail::cost_after(m, all_.back().memento);
    all_.push_back({next_, std::move(label), std::move(m), cost});
    bytes_ += cost;
    trim();
    return next_++;
  }

  /// Gives a memento back to its originator; it stays kept.
  /// \param to the originator \param which the name of the memento
  /// \throws misuse, not_kept; what `set_memento` throws. The caretaker is unchanged, and so is the
  /// originator, where its `set_memento` keeps that promise
  template <class Originator>
    requires requires(Originator& o, const Memento& m) { o.set_memento(m); }
  void restore(Originator& to, id which) {
    require_idle();
    const Memento& m = at(which).memento;
    struct scope {
      explicit scope(bool& b) noexcept : busy(b) { busy = true; }
      scope(const scope&) = delete;
      scope& operator=(const scope&) = delete;
      ~scope() { busy = false; }
      bool& busy;
    } const restoring(busy_);
    to.set_memento(m);
  }

  /// Forgets a memento. \param which its name \returns whether it was kept
  /// \throws misuse; unchanged
  bool drop(id which) {
    require_idle();
    const std::size_t i = index(which);
    if (i == size()) return false;
    forget(i);
    return true;
  }
  /// Forgets all mementos; their names are not used again. \throws misuse; unchanged
  void clear() {
    require_idle();
    all_.clear();
    bytes_ = 0;
  }
  /// From now on forgets what is over the limits, the oldest first.
  /// \param to the limits \throws misuse; unchanged
  void set_limits(limits to) {
    require_idle();
    limits_ = to;
    trim();
  }

  /// \returns a memento \param which its name \throws not_kept
  /// \complexity linear in the number of those dropped before it
  [[nodiscard]] const kept& at(id which) const {
    const std::size_t i = index(which);
    if (i == size()) {
      throw not_kept("gof::memento: memento " + std::to_string(which) + " is not kept (any more)");
    }
    return all_[i];
  }
  /// \returns a memento, the oldest first \param i less than `size()`
  [[nodiscard]] const kept& operator[](std::size_t i) const noexcept { return all_[i]; }
  /// \returns how many are kept
  [[nodiscard]] std::size_t size() const noexcept { return all_.size(); }
  /// \returns what they cost together
  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }
  /// \returns the oldest, for a walk
  [[nodiscard]] auto begin() const noexcept { return all_.begin(); }
  /// \returns the end of the walk
  [[nodiscard]] auto end() const noexcept { return all_.end(); }

 private:
  void require_idle() const {
    if (busy_) throw misuse("gof::memento: not inside set_memento, while this caretaker restores");
  }
  // Where it is, or size(). Names grow with the index, by more than one where some were dropped.
  std::size_t index(id which) const noexcept {
    if (all_.empty() || which < all_.front().which) return size();
    const id steps = which - all_.front().which;
    std::size_t i = steps < size() ? static_cast<std::size_t>(steps) : size() - 1;
    while (all_[i].which > which) --i;
    return all_[i].which == which ? i : size();
  }
  void trim() noexcept {
    while (size() > 1 && (size() > limits_.mementos || bytes_ > limits_.bytes)) forget(0);
  }
  void forget(std::size_t i) noexcept {
    bytes_ -= all_[i].cost;
    all_.erase(all_.begin() + static_cast<std::ptrdiff_t>(i));
    if (i == size()) return;
    kept& next = all_[i];
    bytes_ -= next.cost;
    next.cost =
        i == 0 ? detail::cost(next.memento) : detail::cost_after(next.memento, all_[i - 1].memento);
    bytes_ += next.cost;
  }

  // Invariant: ids grow; the cost of each is that after the one before it; bytes_ is their sum.
  std::deque<kept> all_;
  limits limits_;
  id next_ = 1;
  std::size_t bytes_ = 0;
  bool busy_ = false;  // set_memento runs
};

/// @}
}  // namespace gof::inline v0::memento
