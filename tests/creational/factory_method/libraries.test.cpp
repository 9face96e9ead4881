// SPDX-License-Identifier: BSL-1.0
#include <dlfcn.h>
#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "creational/factory_method/library.hpp"

namespace {

TEST(FactoryMethodInLibraries, WhatIsNamedIsLinkedFromAStaticLibrary) {
  room_creator rooms;
  const auto kept = register_rooms(rooms);
  EXPECT_EQ(rooms.keys(), (std::vector<std::string>{"hall", "tower"}));
  EXPECT_EQ(rooms.create("tower")->name(), "a tower");
}

TEST(FactoryMethodInLibraries, WhatRegistersItselfIsNot) {
  EXPECT_EQ(everywhere().keys(), std::vector<std::string>());
}

TEST(FactoryMethodInLibraries, APlugInIsUnloadedAfterItsRegistrationsAndProducts) {
  room_creator rooms;
  const auto kept = register_rooms(rooms);
  void* const plug_in = dlopen(GOF_PLUG_IN, RTLD_NOW | RTLD_LOCAL);
  ASSERT_NE(plug_in, nullptr) << dlerror();
  const auto load = reinterpret_cast<void (*)(room_creator&, room_creator::registrations&)>(
      dlsym(plug_in, "load"));
  ASSERT_NE(load, nullptr) << dlerror();
  room_creator::registrations registered;
  load(rooms, registered);
  std::unique_ptr<room> made = rooms.create("annexe");
  registered.clear();
  EXPECT_FALSE(rooms.contains("annexe"));
  EXPECT_EQ(made->name(), "an annexe") << "its code is still there";
  made.reset();
  EXPECT_EQ(dlclose(plug_in), 0);
  EXPECT_EQ(dlopen(GOF_PLUG_IN, RTLD_NOW | RTLD_NOLOAD), nullptr) << "its code is gone";
  EXPECT_THROW(static_cast<void>(rooms.create("annexe")), gof::factory_method::unknown_key);
  EXPECT_EQ(rooms.create("hall")->name(), "a hall");
}

}  // namespace
