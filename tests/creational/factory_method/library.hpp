// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// What the libraries know of each other: the product and its creator.

#include <gof/factory_method.hpp>
#include <string>

struct room {
  virtual ~room() = default;
  virtual std::string name() const = 0;
};
using room_creator = gof::factory_method::creator<room()>;

/// What a library registers itself with, where it does so.
inline room_creator& everywhere() {
  static room_creator rooms;
  return rooms;
}

/// Of the static library: registers what is in it.
room_creator::registrations register_rooms(room_creator&);
