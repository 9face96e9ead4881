// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// A Component that answers as a test says, and a world for its node.

#include <functional>
#include <gof/distributed/decorator.hpp>
#include <gof/engines/simulator.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace gof::testing {

namespace decorators = gof::decorator::distributed;
using namespace std::chrono_literals;

/// What came to it, and when.
struct attempt {
  gof::duration at;
  gof::message request;
  decorators::call_options how;
};

/// Answers each attempt after a time, with what `answers` says; where that is nothing, or too late,
/// with a deadline.
struct scripted final : decorators::component {
  using answer = std::optional<gof::result<gof::message>>;
  explicit scripted(gof::node& on) : node(on), begun(on.now()) {}
  void call(gof::message request, gof::completion<gof::message> done,
            decorators::call_options how) override {
    all.push_back({node.now() - begun, request, how});
    answer what = answers(all.back());
    if (!what || takes > how.deadline) what = gof::errc::deadline;
    const auto wait = what && *what                              ? takes
                      : what->error().why == gof::errc::deadline ? how.deadline
                                                                 : std::min(takes, how.deadline);
    if (*what && (*what)->incarnation == 0) (*what)->incarnation = life;
    node.after(wait, [done = std::move(done),
                      what = std::move(what)]() mutable { done(std::move(*what)); })
        .detach();
  }
  gof::node& node;
  gof::time_point begun;
  std::function<answer(const attempt&)> answers = [](const attempt&) {
    return gof::message({}, "done");
  };
  gof::duration takes = 1ms;
  std::uint64_t life = 7;  // of who answers
  std::vector<attempt> all;
};

/// Answers all attempts with that.
inline auto always(gof::result<gof::message> what) {
  return [what](const attempt&) { return scripted::answer(what); };
}
/// Answers the first ones with these, and the others with success.
inline auto first(std::vector<std::optional<gof::errc>> whys) {
  return [whys, n = std::size_t(0)](const attempt&) mutable -> scripted::answer {
    if (n == whys.size()) return gof::message({}, "done");
    const auto why = whys[n++];
    if (!why) return {};
    return *why;
  };
}

/// A node in a world, and what is inside of the layers.
struct stage {
  explicit stage(std::uint64_t seed = 7) : in(seed) {}
  gof::sim::world in;
  std::unique_ptr<gof::node> node = in.join("ada");
  scripted inner{*node};
  /// Calls, and lets time pass until it is answered. \returns what came of it, and when
  std::pair<gof::result<gof::message>, gof::duration> call(decorators::component& of,
                                                           gof::message request = {"read"},
                                                           decorators::call_options how = {}) {
    std::optional<gof::result<gof::message>> what;
    const auto begun = node->now();
    gof::duration took{};
    of.call(
        std::move(request),
        [&](gof::result<gof::message> r) {
          what = std::move(r);
          took = node->now() - begun;
        },
        how);
    if (what) throw std::logic_error("answered inside the call");
    if (!in.run_until([&] { return what.has_value(); }, 1h)) throw std::logic_error("no answer");
    return {*what, took};
  }
  /// The same. \returns why there was no answer; none where there was one
  std::optional<gof::errc> why(decorators::component& of, gof::message request = {"read"},
                               decorators::call_options how = {}) {
    const auto what = call(of, std::move(request), how).first;
    return what ? std::nullopt : std::optional(what.error().why);
  }
};

}  // namespace gof::testing
