// SPDX-License-Identifier: BSL-1.0
#include "creational/factory_method/library.hpp"

/// [library]
namespace {

struct hall : room {
  static constexpr const char* key = "hall";
  std::string name() const override { return "a hall"; }
};
struct tower : room {
  static constexpr const char* key = "tower";
  std::string name() const override { return "a tower"; }
};

}  // namespace

room_creator::registrations register_rooms(room_creator& rooms) {
  return rooms.register_all<hall, tower>();
}
/// [library]
