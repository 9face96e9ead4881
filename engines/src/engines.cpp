// SPDX-License-Identifier: BSL-1.0
// The engines that are headers only, compiled once for all our tests and examples; g++ leaves the
// inline functions of a header with `#pragma interface` to the file that implements it.
#pragma implementation "broker.hpp"
#pragma implementation "endpoint.hpp"
#pragma implementation "memory.hpp"
#pragma implementation "simulator.hpp"
#include <gof/engines/memory.hpp>
#include <gof/engines/simulator.hpp>
