// SPDX-License-Identifier: BSL-1.0
#pragma once
// What a process that is to be killed tells whoever started it.
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <type_traits>

namespace gof::testing {

// One write: it is in the pipe as a whole, or not at all.
template <class... Parts>
void say(const Parts&... parts) {
  std::string line;
  const auto add = [&](const auto& part) {
    if constexpr (std::is_convertible_v<decltype(part), std::string>)
      line += part;
    else
      line += std::to_string(part);
    line += ' ';
  };
  (add(parts), ...);
  line.back() = '\n';
  if (::write(STDOUT_FILENO, line.data(), line.size()) < 0) std::exit(1);
}

}  // namespace gof::testing
