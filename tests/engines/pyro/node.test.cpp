// SPDX-License-Identifier: BSL-1.0
#include <gof/engines/pyro.hpp>
// The header under test comes first, so that it has to stand alone.
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include <gof/join.hpp>
#include <gof/wait.hpp>

#include "engines/conformance.hpp"

namespace {

using namespace gof::testing;
using gof::errc;
namespace engines = gof::engines;

std::string rest(const engines::pyro_broker& of) { return of.url().substr(5); }

class over_tcp : public engine_under_test {
 public:
  std::unique_ptr<gof::node> join(std::string name) override {
    return engines::join_pyro(rest(broker_), std::move(name));
  }
  [[nodiscard]] bool has_threads() const override { return true; }

 private:
  engines::pyro_broker broker_;
};
std::unique_ptr<engine_under_test> make_over_tcp() { return std::make_unique<over_tcp>(); }

INSTANTIATE_TEST_SUITE_P(Pyro, Conformance, ::testing::Values(&make_over_tcp));

}  // namespace
