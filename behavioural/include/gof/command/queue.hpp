// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// Commands that are prepared now and executed later.

#include <concepts>
#include <cstddef>
#include <deque>
#include <gof/command.hpp>
#include <utility>
#include <variant>

namespace gof::inline v0::command {

namespace detail {
template <class History, class C>
concept invokes = requires(History& h, C& c) {
  h.execute(std::move(c));
};
}  // namespace detail

/// \addtogroup command
/// @{

/// Commands that wait, first in first out.
/// \tparam Receiver what they will be executed on
/// \tparam Commands the types of command, stored inline
/// \threads one at a time
/// \law LaterIsAsNow: commands prepared and then executed have the effect of commands executed at
/// once
template <class Receiver, command<Receiver>... Commands>
class queue {
 public:
  /// Puts a command behind the others; also from inside a command. \param c the command
  /// \throws std::bad_alloc; unchanged \complexity constant
  template <class C>
    requires std::constructible_from<std::variant<Commands...>, C>
  void prepare(C&& c) { waiting_.emplace_back(std::forward<C>(c)); }

  /// Executes the command in front. \param receiver what to execute it on
  /// \returns whether there was one
  /// \throws what the command throws, which stays in front; misuse from inside a command
  bool execute_next(Receiver& receiver) {
    return take_next([&](auto& c) { c.execute(receiver); });
  }
  /// Executes the command in front through a history, which can then undo it.
  /// \param history the invoker \returns whether there was one
  /// \throws what the history throws; the command stays in front
  template <class History>
    requires(detail::invokes<History, Commands>&&...)
  bool execute_next(History& history) {
    return take_next([&](auto& c) { history.execute(std::move(c)); });
  }
  /// Executes until none waits; a command that prepares another prolongs it.
  /// \param on a receiver or a history \returns how many were executed
  /// \throws as `execute_next`; those before are executed, that one and the others still wait
  template <class On>
    requires requires(queue& q, On& on) { q.execute_next(on); }
  std::size_t execute_all(On& on) {
    std::size_t executed = 0;
    while (execute_next(on)) ++executed;
    return executed;
  }

  /// \returns how many wait
  [[nodiscard]] std::size_t size() const noexcept { return waiting_.size(); }
  /// \returns whether none waits
  [[nodiscard]] bool empty() const noexcept { return waiting_.empty(); }
  /// Drops those that wait. \throws misuse from inside a command; unchanged
  void clear() {
    require_not_busy();
    waiting_.clear();
  }

 private:
  void require_not_busy() const {
    if (busy_) throw misuse("gof::command: a queue was run or cleared from inside its command");
  }
  template <class Execute>
  bool take_next(Execute execute) {
    require_not_busy();
    if (waiting_.empty()) return false;
    {
      const detail::busy_scope scope(busy_);
      std::visit(execute, waiting_.front());
    }
    waiting_.pop_front();
    return true;
  }

  std::deque<std::variant<Commands...>> waiting_;
  bool busy_ = false;
};

/// @}
}  // namespace gof::inline v0::command
