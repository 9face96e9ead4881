// SPDX-License-Identifier: BSL-1.0
// Is built twice, as two libraries.
#include "creational/singleton/library.hpp"

#include <optional>

namespace {
struct hidden {};
std::optional<program_lines::scoped_override> handed_over;
}  // namespace

extern "C" {
lines* own() { return &gof::singleton::singleton<lines, hidden>::instance(); }
void take(lines* from_the_program) {
  handed_over.reset();
  if (from_the_program != nullptr) handed_over.emplace(*from_the_program);
}
lines* taken() { return program_lines::try_instance(); }
}
