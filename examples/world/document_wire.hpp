// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// The commands that edit a document, as they go over a network: described, and with the line that
/// they change.

#include <boost/describe.hpp>
#include <string>
#include <variant>
#include <vector>

#include "world/document.hpp"

namespace world {

//! [described]
BOOST_DESCRIBE_STRUCT(line, (), (id, text))
BOOST_DESCRIBE_STRUCT(insert, (), (id, after, text))
BOOST_DESCRIBE_STRUCT(erase, (), (id, text, after))
BOOST_DESCRIBE_STRUCT(change, (), (id, text, old))

/// \returns what a command changes: its line \param c the command
template <class C>
  requires std::same_as<C, insert> || std::same_as<C, erase> || std::same_as<C, change>
      std::vector<std::string> keys_of(const C& c) {
    return {"line " + std::to_string(c.id)};
  }
//! [described]

using edit = std::variant<insert, erase, change>;  // One of them.

/// \returns what takes an insertion back
inline edit inverse_of(const insert& c, const document&) { return erase{c.id}; }
/// \returns what takes a deletion back, if it is executed on the document now
inline edit inverse_of(const erase& c, const document& d) {
  const auto [text, after] = d.look(c.id);
  return insert{c.id, after, text};
}
/// \returns what takes a change back, if it is executed on the document now
inline edit inverse_of(const change& c, const document& d) {
  return change{c.id, d.look(c.id).first};
}

}  // namespace world
