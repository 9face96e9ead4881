// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// Visits all elements of a structure, however deep, within a budget.

#include <concepts>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <gof/visitor.hpp>

namespace gof::inline v0::visitor {

/// \addtogroup visitor
/// @{

/// How a visitor goes on from an element: `into` what is below it, as if it had returned nothing;
/// `over` that; or not at all, `stop`.
enum class step : unsigned char { into, over, stop };

/// How much may be visited.
struct limits {
  /// Means "no limit".
  static constexpr std::size_t none = static_cast<std::size_t>(-1);
  std::size_t elements = none;  ///< At most so many.
  std::size_t levels = none;    ///< At most so many, of which the top is one.
};
/// There was more to visit than the limits allow.
class over_budget : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

namespace detail {
template <class Node>
concept linked = requires(Node& n) {
  { n.first_child()->next_sibling() } -> std::convertible_to<Node*>;
};
template <class T>
concept pointing = requires(T& t) {
  *t;
};
template <class T>
concept a_variant = requires(const T& t) {
  []<class... Elements>(const std::variant<Elements...>&) {}(t);
};

// The children of a node that are still to come.
template <class Node>
struct coming {
  explicit coming(Node& parent) : at(parent.children.begin()), end(parent.children.end()) {}
  bool none() const { return at == end; }
  void skip() { at = end; }
  Node& next() {
    if constexpr (pointing<decltype(*at)>) {
      return **at++;
    } else {
      return *at++;
    }
  }
  decltype(std::declval<Node&>().children.begin()) at;
  decltype(std::declval<Node&>().children.end()) end;
};
template <linked Node>
struct coming<Node> {
  explicit coming(Node& parent) : at(parent.first_child()) {}
  bool none() const { return at == nullptr; }
  void skip() { at = nullptr; }
  Node& next() { return *std::exchange(at, at->next_sibling()); }
  Node* at;
};

template <class Node>
auto& element_of(Node& node) {
  if constexpr (requires { node.value; }) {
    return element_of(node.value);
  } else if constexpr (pointing<Node>) {
    return *node;
  } else {
    return node;
  }
}
template <class V, class Element>
decltype(auto) accept(Element& element, V& v) {
  if constexpr (a_variant<Element>) {
    return gof::visitor::visit(v, element);
  } else {
    return v(element);
  }
}
template <class V, class Node>
step visit_node(Node& node, V& v) {
  auto& element = element_of(node);
  if constexpr (std::same_as<decltype(accept(element, v)), step>) {
    return accept(element, v);
  } else {
    static_assert(std::is_void_v<decltype(accept(element, v))>,
                  "gof::visitor: here a visitor returns nothing, or a step");
    accept(element, v);
    return step::into;
  }
}
struct nothing {
  void operator()(const auto&) const noexcept {}
};
inline void require_room(std::size_t n, std::size_t most, const char* of_what) {
  if (n < most) return;
  throw over_budget("gof::visitor: more than " + std::to_string(most) + of_what);
}
}  // namespace detail

/// Visits a structure in loops: each element before what is below it, and once more after that.
///
/// A node has its children in a range that is called `children`, by value or by pointer; or it has
/// `first_child()` and `next_sibling()`, as a component of \ref page_composite "gof/composite.hpp".
/// Its element is its `value`, or what that points to; or the node itself where it has none. A
/// variant is visited by what it holds. The structure is not to be edited meanwhile.
/// \param top where to begin
/// \param enter visits each element; returns nothing, or a `step`
/// \param leave visits each element after all that is below it, also where that was left out;
/// returns nothing, or a `step`, of which only `stop` matters
/// \param most how much may be visited
/// \returns whether the visit came to its end, and was not stopped
/// \throws over_budget before the first element over a limit; what the visitors throw
/// \complexity linear; the memory, in the depth
/// \law TraverseIsTheRecursion: elements are visited as by a function that calls itself
template <class Node, class Enter, class Leave>
  requires(!std::same_as<std::remove_cvref_t<Leave>, limits>)
bool traverse(Node& top, Enter&& enter, Leave&& leave, limits most = {}) {
  struct level {
    Node* node;
    detail::coming<Node> below;
  };
  std::vector<level> path;
  std::size_t elements = 0;
  const auto begin = [&](Node& node) {
    detail::require_room(elements++, most.elements, " elements");
    detail::require_room(path.size(), most.levels, " levels");
    path.push_back({&node, detail::coming<Node>(node)});
    const step how = detail::visit_node(node, enter);
    if (how == step::over) path.back().below.skip();
    return how != step::stop;
  };
  bool goes_on = begin(top);
  while (goes_on && !path.empty()) {
    if (!path.back().below.none()) {
      goes_on = begin(path.back().below.next());
    } else {
      goes_on = detail::visit_node(*path.back().node, leave) != step::stop;
      path.pop_back();
    }
  }
  return goes_on;
}
/// As above, and elements are not visited once more.
/// \param top where to begin \param enter visits each element \param most how much may be visited
/// \returns whether it was not stopped \throws as above
template <class Node, class Enter>
bool traverse(Node& top, Enter&& enter, limits most = {}) {
  return traverse(top, enter, detail::nothing(), most);
}

/// @}
}  // namespace gof::inline v0::visitor
