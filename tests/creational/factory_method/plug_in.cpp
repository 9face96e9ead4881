// SPDX-License-Identifier: BSL-1.0
// Loaded while the program runs.
#include "creational/factory_method/library.hpp"

namespace {

struct annexe : room {
  static constexpr const char* key = "annexe";
  std::string name() const override { return "an annexe"; }
};

}  // namespace

extern "C" void load(room_creator& rooms, room_creator::registrations& registered) {
  registered = rooms.register_all<annexe>();
}
