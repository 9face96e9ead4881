// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// The diagram of a state table, in the language of Graphviz.

#include <array>
#include <cstddef>
#include <gof/state.hpp>
#include <string>
#include <string_view>
#include <tuple>

namespace gof::inline v0::state {

namespace detail {
// The name of a function or member; a lambda has none.
template <auto F>
constexpr std::string_view function_name() {
  std::string_view text = __PRETTY_FUNCTION__;  // "… [with auto F = &a::b; …]" or "… [F = &a::b]"
  text.remove_prefix(text.find("F = ") + 4);
  text = text.substr(0, text.find_first_of(";]"));
  if (text.find("lambda") != std::string_view::npos) return "...";
  text = text.substr(text.find_last_of(":&") + 1);
  return text.substr(0, text.find_first_of("({"));
}
template <auto F>
std::string label(part<guard<F>>) {
  return " [" + std::string(function_name<F>()) + ']';
}
template <auto F>
std::string label(part<action<F>>) {
  return " / " + std::string(function_name<F>());
}

struct drawn_row {
  std::size_t to;      // none where the state is not left
  bool guarded, seen;  // seen: something comes of the event
  std::string label;
};
template <class States, class From, class Event, class To, class... Parts>
drawn_row draw(const transition<From, Event, To, Parts...>*) {
  using row = row_of<transition<From, Event, To, Parts...>>;
  return {list<States>::template index<To>, row::guarded,
          row::moves || (!row::refuses && sizeof...(Parts) != 0),
          (std::string() + ... + label(part<Parts>()))};
}

inline std::string quoted(std::string_view text) {
  std::string q = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') q += '\\';
    q += c;
  }
  return q + '"';
}
}  // namespace detail

/// \addtogroup state
/// @{

/// Draws a table: an arrow for each state, event and row that can be taken, with its guards and
/// actions; dashed where the state is not left. What is ignored or refused is not drawn. A state
/// that is never left has a double line.
/// \tparam Table a \ref gof::state::table "table" \returns a `digraph`, for `dot -Tsvg`
/// \throws std::bad_alloc
template <class Table>
[[nodiscard]] std::string dot() {
  using states = detail::list<typename Table::states>;
  using events = detail::list<typename Table::events>;
  const auto rows = []<class... Rows>(const std::tuple<Rows...>*) {
    return std::array{detail::draw<typename Table::states>(static_cast<const Rows*>(nullptr))...};
  }(static_cast<const typename Table::rows*>(nullptr));

  std::string arrows =
      "  \"\" [shape=point];\n  \"\" -> " + detail::quoted(states::names[0]) + ";\n";
  std::string text = "digraph {\n  rankdir=LR;\n";
  for (std::size_t s = 0; s != states::size; ++s) {
    const std::string from = detail::quoted(states::names[s]);
    bool is_left = false;
    for (std::size_t e = 0; e != events::size; ++e) {
      for (std::size_t r = Table::next_row(s, e);; r = Table::next_row(s, e, r + 1)) {
        const bool stays = rows[r].to == detail::none;
        is_left = is_left || !(stays || rows[r].to == s);
        if (rows[r].seen) {
          arrows += "  " + from + " -> " +
                    (stays ? from : detail::quoted(states::names[rows[r].to])) +
                    " [label=" + detail::quoted(std::string(events::names[e]) + rows[r].label) +
                    (stays ? " style=dashed];\n" : "];\n");
        }
        if (!rows[r].guarded) break;
      }
    }
    text += "  " + from + (is_left ? ";\n" : " [peripheries=2];\n");
  }
  return text + arrows + "}\n";
}

/// @}
}  // namespace gof::inline v0::state
