// SPDX-License-Identifier: BSL-1.0
#pragma once
// What tests of the Pyro engine wait for, and why a call did not succeed.
#include <chrono>
#include <gof/node.hpp>
#include <optional>
#include <thread>

namespace waiting {

// Whether it becomes true; no test depends on how soon.
template <class F>
bool eventually(const F& is_true, std::chrono::seconds most = std::chrono::seconds(30)) {
  const auto end = std::chrono::steady_clock::now() + most;
  while (!is_true())
    if (std::chrono::steady_clock::now() > end)
      return false;
    else
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
  return true;
}

// Why a call failed; none if it did not.
template <class F>
std::optional<gof::errc> reason(const F& run) {
  try {
    run();
    return {};
  } catch (const gof::failure& e) {
    return e.reason().why;
  }
}

}  // namespace waiting
