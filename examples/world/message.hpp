// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// A mail message.

#include <string>
#include <vector>

namespace world {

/// A file that goes with a message.
struct attachment {
  std::string name;                                                        ///< As it is shown.
  std::string data;                                                        ///< Its bytes.
  friend bool operator==(const attachment&, const attachment&) = default;  ///< The same?
};

/// What somebody writes to others.
struct message {
  std::string from;                                                  ///< An address.
  std::vector<std::string> to;                                       ///< Addresses.
  std::string subject;                                               ///< One line.
  std::string text;                                                  ///< Lines.
  std::vector<attachment> attachments;                               ///< In order.
  friend bool operator==(const message&, const message&) = default;  ///< The same message?
};

}  // namespace world
