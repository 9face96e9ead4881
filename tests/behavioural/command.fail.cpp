// SPDX-License-Identifier: BSL-1.0
#include <gof/command.hpp>
#include <string>

namespace {

struct append {
  char c;
  void execute(std::string& to) { to += c; }
  void undo(std::string& to) { to.pop_back(); }
};
struct forever {
  void execute(std::string& to) { to += '!'; }
};
using history = gof::command::history<std::string, append>;

[[maybe_unused]] void cases(history& h) {
#ifdef FAIL_command_without_undo  // says: constraint
  using other = gof::command::history<std::string, append, forever>;
  std::string text;
  other o(text);
#else
  static_assert(gof::command::command<forever, std::string>);
#endif

#ifdef FAIL_command_of_another_history  // says: no matching function
  h.execute(forever{});
#else
  h.execute(append{'x'});
#endif

#ifdef FAIL_copy_of_a_history  // says: deleted function|deleted constructor
  history copy(h);
#else
  history& same = h;
  same.undo();
#endif

#ifdef FAIL_edit_of_a_step  // says: assignment of member|read-only|const
  std::get<append>(h[0]).c = 'y';
#else
  [[maybe_unused]] const char c = std::get<append>(h[0]).c;
#endif

#ifdef FAIL_listener_that_can_throw  // says: no matching function
  h.on_change([](const history&) {});
#else
  h.on_change([](const history&) noexcept {});
#endif

#ifdef FAIL_outcome_as_a_number  // says: cannot convert|could not convert|no viable conversion
  int moved = h.undo();
#else
  bool moved = static_cast<bool>(h.undo());
#endif
  static_cast<void>(moved);
}

}  // namespace
