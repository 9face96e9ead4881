// SPDX-License-Identifier: BSL-1.0
#include <gof/version.hpp>
#include <iostream>

#include "counter.hpp"

static_assert(GOF_VERSION_MAJOR >= 0);

int main() {
  consumer::counter counter;
  counter.increase(5);
  counter.increase(12);
  std::cout << counter.value();
  const bool undone = counter.undo();
  std::cout << ' ' << counter.value();
  const bool redone = counter.redo();
  std::cout << ' ' << counter.value() << '\n';
  return undone && redone && !counter.redo() ? 0 : 1;
}
