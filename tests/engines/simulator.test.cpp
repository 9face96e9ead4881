// SPDX-License-Identifier: BSL-1.0
#include <gof/engines/simulator.hpp>

#include <gtest/gtest.h>

#include <gof/roles.hpp>
#include <gof/wait.hpp>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "engines/conformance.hpp"

namespace gof::testing {
namespace {

struct simulated final : engine_under_test {
  sim::world world{42};
  std::unique_ptr<node> join(std::string name) override { return world.join(std::move(name)); }
  bool run_until(const several& nodes, const condition& holds, duration limit) override {
    return world.run_until([&] { return holds(); }, limit, nodes);
  }
};
std::unique_ptr<engine_under_test> make_simulated() { return std::make_unique<simulated>(); }
INSTANTIATE_TEST_SUITE_P(Simulator, Conformance, ::testing::Values(&make_simulated));

}  // namespace
}  // namespace gof::testing
