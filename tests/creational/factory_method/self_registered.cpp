// SPDX-License-Identifier: BSL-1.0
// In the same static library. Nobody names anything of this file, so the linker leaves it out.
#include "creational/factory_method/library.hpp"

namespace {

struct cellar : room {
  std::string name() const override { return "a cellar"; }
};
const auto kept = everywhere().register_creator<cellar>("cellar");

}  // namespace
