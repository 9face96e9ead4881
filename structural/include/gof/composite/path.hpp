// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// Components by their paths.

#include <cstddef>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <gof/composite.hpp>

namespace gof::inline v0::composite {

/// \addtogroup composite
/// @{

namespace detail {
template <class T, class KeyOf>
decltype(auto) key(const T& value, const KeyOf& key_of) {
  if constexpr (std::is_member_function_pointer_v<KeyOf>) {
    return (value.*key_of)();
  } else if constexpr (std::is_member_pointer_v<KeyOf>) {
    return (value.*key_of);
  } else {
    return key_of(value);
  }
}
}  // namespace detail

/// Goes from child to child. \param top where the path begins
/// \param path names of children, separated; empty ones are left out
/// \param key_of a function of the value, or a member of it, that gives a name
/// \param separator what separates them
/// \returns the component, the first where names are equal; or null
/// \complexity linear in the children on the way
template <class C, class KeyOf>
[[nodiscard]] C* find(C& top, std::string_view path, const KeyOf& key_of, char separator = '/') {
  C* at = &top;
  while (at != nullptr && !path.empty()) {
    const std::size_t length = path.find(separator);
    const std::string_view name = path.substr(0, length);
    path.remove_prefix(length < path.size() ? length + 1 : path.size());
    if (name.empty()) continue;
    at = at->first_child();
    while (at != nullptr && name != detail::key(at->value, key_of)) at = at->next_sibling();
  }
  return at;
}

/// \returns the path from the root, which is left out, to a component: what `find` finds it by
/// \param to the component \param key_of as for find \param separator as for find
/// \complexity linear in the depth
template <class T, class KeyOf>
[[nodiscard]] std::string path_of(const component<T>& to, const KeyOf& key_of,
                                  char separator = '/') {
  std::vector<const component<T>*> way;
  for (const auto* c = &to; c->parent() != nullptr; c = c->parent()) way.push_back(c);
  std::string path;
  for (; !way.empty(); way.pop_back()) {
    if (!path.empty()) path += separator;
    path += detail::key(way.back()->value, key_of);
  }
  return path;
}

/// @}
}  // namespace gof::inline v0::composite
