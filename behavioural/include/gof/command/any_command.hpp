// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// Commands of any type in one history.

#include <concepts>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>

#include <gof/command.hpp>

namespace gof::inline v0::command {

/// \addtogroup command
/// @{

/// Any command for a receiver, its type erased; one allocation.
/// \tparam Receiver what it is executed on
template <class Receiver>
class any_command {
 public:
  /// Takes over a command. \param c the command \throws std::bad_alloc
  template <class C>
    requires(!std::same_as<C, any_command> && undoable<C, Receiver>)
  any_command(C c) : self_(std::make_unique<model<C>>(std::move(c))) {}

  void execute(Receiver& receiver) { self_->execute(receiver); }  ///< As the command.
  void undo(Receiver& receiver) { self_->undo(receiver); }        ///< As the command.
  void redo(Receiver& receiver) { self_->redo(receiver); }        ///< As the command.
  /// \returns the command's label, or nothing
  [[nodiscard]] std::string label() const { return self_->label(); }
  /// \returns the command's cost, or its size
  [[nodiscard]] std::size_t cost() const { return self_->cost(); }
  /// As the command, where it merges with later ones of its own type. \param later the other
  /// \returns what the command answers, or no
  merge merge_with(const std::same_as<any_command> auto& later) {
    return self_->merge_with(*later.self_);
  }

 private:
  struct interface {
    virtual ~interface() = default;
    virtual void execute(Receiver&) = 0;
    virtual void undo(Receiver&) = 0;
    virtual void redo(Receiver&) = 0;
    virtual std::string label() const = 0;
    virtual std::size_t cost() const = 0;
    virtual merge merge_with(const interface&) = 0;
  };
  template <class C>
  struct model final : interface {
    explicit model(C from) : c(std::move(from)) {}
    void execute(Receiver& receiver) override { c.execute(receiver); }
    void undo(Receiver& receiver) override { c.undo(receiver); }
    void redo(Receiver& receiver) override { detail::redo(c, receiver); }
    std::string label() const override { return detail::label(c); }
    std::size_t cost() const override { return detail::cost(c); }
    merge merge_with(const interface& later) override {
      if constexpr (detail::merges_with<C, C>) {
        if (const auto* same = dynamic_cast<const model*>(&later)) return c.merge_with(same->c);
      }
      return merge::no;
    }
    C c;
  };
  std::unique_ptr<interface> self_;  // null only after a move
};

/// A history that takes any command for the receiver.
/// \tparam Receiver what commands are executed on
template <class Receiver>
using any_history = history<Receiver, any_command<Receiver>>;

/// @}
}  // namespace gof::inline v0::command
