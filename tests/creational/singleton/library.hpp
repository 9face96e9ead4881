// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// What a program and the libraries that it loads know in common.

#include <gof/singleton.hpp>

struct lines {
  int written = 0;
};
using program_lines = gof::singleton::singleton<lines, void, gof::singleton::lifetime::scoped>;
