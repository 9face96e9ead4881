// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// Several commands as one step of a history, rolled back unless committed.

#include <cstddef>
#include <gof/command.hpp>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace gof::inline v0::command {

/// \addtogroup command
/// @{

/// A command of a macro threw, and so did taking back the others: the receiver is in between.
class diverged : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Commands that are executed, undone and redone as one; a command itself.
/// \tparam Receiver what commands are executed on
/// \tparam Commands the types of command it can hold
template <class Receiver, undoable<Receiver>... Commands>
class macro_command {
  static constexpr bool nothrow_undo = (detail::nothrow_undo<Commands, Receiver> && ...);
  static constexpr bool nothrow_redo = (detail::nothrow_redo<Commands, Receiver> && ...);

 public:
  /// One of the commands.
  using step = std::variant<Commands...>;

  /// A macro of commands that are still to be executed, or were. \param label for menus
  /// \param steps the commands, in order
  explicit macro_command(std::string label, std::vector<step> steps = {}) noexcept
      : label_(std::move(label)), steps_(std::move(steps)) {}

  /// Executes all steps. \param to the receiver
  /// \throws what a command throws, with all taken back; diverged
  void execute(Receiver& to) {
    std::size_t done = 0;
    try {
      for (; done != steps_.size(); ++done) {
        std::visit([&](auto& c) { c.execute(to); }, steps_[done]);
      }
    } catch (...) {
      or_diverge([&] { undo_from(done, to); });
      throw;
    }
  }
  /// Does all steps again. \param to the receiver
  /// \throws what a command throws, with all taken back; diverged
  void redo(Receiver& to) noexcept(nothrow_redo) {
    std::size_t done = 0;
    if constexpr (nothrow_redo) {
      redo_from(done, to);
    } else {
      try {
        redo_from(done, to);
      } catch (...) {
        or_diverge([&] { undo_from(done, to); });
        throw;
      }
    }
  }
  /// Takes back all steps. \param to the receiver
  /// \throws what a command throws, with all done again; diverged
  void undo(Receiver& to) noexcept(nothrow_undo) {
    std::size_t done = steps_.size();
    if constexpr (nothrow_undo) {
      undo_from(done, to);
    } else {
      try {
        undo_from(done, to);
      } catch (...) {
        or_diverge([&] { redo_from(done, to); });
        throw;
      }
    }
  }

  /// \returns the steps, in the order in which they are executed
  [[nodiscard]] const std::vector<step>& steps() const noexcept { return steps_; }
  /// \returns the label given
  [[nodiscard]] const std::string& label() const noexcept { return label_; }
  /// \returns the sum of what the steps cost
  [[nodiscard]] std::size_t cost() const noexcept {
    std::size_t sum = sizeof(*this);
    for (const step& s : steps_) sum += std::visit([](auto& c) { return detail::cost(c); }, s);
    return sum;
  }

 private:
  // done counts the steps that are done, and is right also where one throws.
  void undo_from(std::size_t& done, Receiver& to) noexcept(nothrow_undo) {
    for (; done != 0; --done) std::visit([&](auto& c) { c.undo(to); }, steps_[done - 1]);
  }
  void redo_from(std::size_t& done, Receiver& to) noexcept(nothrow_redo) {
    for (; done != steps_.size(); ++done) {
      std::visit([&](auto& c) { detail::redo(c, to); }, steps_[done]);
    }
  }
  template <class TakeBack>
  static void or_diverge(TakeBack take_back) {
    try {
      take_back();
    } catch (...) {
      throw diverged("gof::command: a macro stopped half-way and could not be taken back");
    }
  }

  template <class R, undoable<R>... Cs>
  friend class macro_history;
  std::string label_;
  std::vector<step> steps_;
};

/// A history in which a step may be a macro.
/// \tparam Receiver what commands are executed on
/// \tparam Commands the types of command, stored inline
/// \threads one at a time
template <class Receiver, undoable<Receiver>... Commands>
class macro_history : public history<Receiver, Commands..., macro_command<Receiver, Commands...>> {
  using composite = macro_command<Receiver, Commands...>;
  using base = history<Receiver, Commands..., composite>;

 public:
  class macro;
  using base::base;

  /// As the history's; with a macro open the command becomes a part of it, whatever it could merge
  /// with. \param c the command; where this throws it is still the caller's
  /// \throws misuse, std::bad_alloc, with nothing executed; what the command throws; unchanged
  template <class C>
  void execute(C&& c) requires requires(base& h) {
    h.execute(std::forward<C>(c));
  }
  {
    if (open_ == nullptr) {
      base::execute(std::forward<C>(c));
    } else if constexpr (std::is_same_v<C, composite> || (std::is_same_v<C, Commands> || ...)) {
      open_->execute(c);
    } else {
      std::visit([this](auto&& command) { open_->execute(command); },
                 typename base::step(std::forward<C>(c)));
    }
  }

  /// Opens a macro: what is executed until it is closed is collected in it, and nothing can be
  /// undone or redone. Macros nest; the commands of the inner one become the outer one's.
  /// \param label for menus \returns the scope \throws misuse from inside a command or a listener
  [[nodiscard]] macro begin_macro(std::string label) { return macro(*this, std::move(label)); }

  /// What is executed in this scope becomes one step when committed, and is undone otherwise.
  /// Scopes are closed in the reverse order.
  /// \law ARolledBackMacroLeavesNoTrace: receiver and history are as before, what could be redone
  /// included
  class macro {
   public:
    macro(const macro&) = delete;
    macro& operator=(const macro&) = delete;
    /// Rolls back what was not committed. Where an undo throws at that, the rest is kept as a step
    /// if there is memory for it.
    ~macro() {
      if (closed_) return;
      try {
        roll_back();
      } catch (...) {
        try {
          commit();
        } catch (...) {
          close();
        }
      }
    }

    /// Makes all that was executed in the scope one step, or none where there was nothing.
    /// \throws misuse where it is closed already, or one within it is open, and std::bad_alloc;
    /// unchanged
    void commit() {
      require_innermost();
      if (outer_ != nullptr) {
        outer_->make_room(all_.steps_.size());
        outer_->take(all_.steps_);
      } else if (!all_.steps_.empty()) {
        owner_.busy_ = false;
        try {
          owner_.record(std::move(all_));
        } catch (...) {
          owner_.busy_ = true;
          throw;
        }
      }
      close();
    }

    /// Undoes all that was executed in the scope.
    /// \throws misuse as `commit`; what a command throws, with the scope open and the rest in it
    void roll_back() {
      require_innermost();
      for (auto& steps = all_.steps_; !steps.empty(); steps.pop_back()) {
        const detail::busy_scope scope(running_);
        std::visit([&](auto& c) { c.undo(owner_.receiver()); }, steps.back());
      }
      close();
    }

   private:
    friend macro_history;
    macro(macro_history& owner, std::string label)
        : owner_(owner), outer_(owner.open_), all_(std::move(label)) {
      if (outer_ == nullptr ? owner_.busy_ : outer_->running_) {
        throw misuse("gof::command: no macro begins inside a command or a listener");
      }
      owner_.open_ = this;
      owner_.busy_ = true;
    }
    void require_innermost() const {
      if (owner_.open_ != this || running_) {
        throw misuse("gof::command: macros are closed once, the innermost first");
      }
    }
    template <class C>
    void execute(C& c) {
      if (running_) throw misuse("gof::command: not inside a command");
      if constexpr (std::is_same_v<C, composite>) {
        make_room(c.steps_.size());
      } else {
        make_room(1);
      }
      {
        const detail::busy_scope scope(running_);
        c.execute(owner_.receiver());
      }
      if constexpr (std::is_same_v<C, composite>) {
        take(c.steps_);
      } else {
        all_.steps_.emplace_back(std::in_place_type<C>, std::move(c));
      }
    }
    void make_room(std::size_t more) {
      auto& steps = all_.steps_;
      if (steps.capacity() - steps.size() < more) steps.reserve(2 * steps.size() + more + 8);
    }
    void take(std::vector<typename composite::step>& from) noexcept {
      for (auto& step : from) all_.steps_.push_back(std::move(step));
    }
    void close() noexcept {
      owner_.open_ = outer_;
      owner_.busy_ = outer_ != nullptr;
      closed_ = true;
    }

    macro_history& owner_;
    macro* outer_;
    composite all_;         // what was executed so far
    bool running_ = false;  // a command of this scope
    bool closed_ = false;
  };

 private:
  macro* open_ = nullptr;
};

/// @}
}  // namespace gof::inline v0::command
