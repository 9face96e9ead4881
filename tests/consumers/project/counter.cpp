// SPDX-License-Identifier: BSL-1.0
#include "counter.hpp"

namespace consumer {

void counter::increase(int amount) { history_.execute(add{amount}); }
bool counter::undo() { return static_cast<bool>(history_.undo()); }
bool counter::redo() { return static_cast<bool>(history_.redo()); }

}  // namespace consumer
