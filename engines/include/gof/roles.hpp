// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// Roles of one program, each with a node of its own, on the engine that a URL names.

#include <charconv>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#include <gof/engines/processes.hpp>
#include <gof/engines/simulator.hpp>
#include <gof/join.hpp>
#include <gof/wire.hpp>

namespace gof::inline v0 {

/// \addtogroup node
/// @{

/// What a role changes, and somebody looks at when it has played. Where roles are processes, that
/// is brought back from there.
class leaving {
 public:
  /// Nothing.
  leaving() = default;
  /// \param kept variables, which outlive the play; in all of it, one role uses each
  template <class... T>
    requires(!std::is_same_v<T, leaving> && ...)
  explicit leaving(T&... kept)
      : save_([&] { return wire::encode(std::tuple<T...>(kept...)); }),
        load_([&](std::string_view from) {
          std::tie(kept...) = wire::decode<std::tuple<T...>>(from);
        }) {}
  /// \returns their values
  [[nodiscard]] std::string save() const { return save_ ? save_() : std::string(); }
  /// Sets them. \param from their values
  void load(std::string_view from) const {
    if (load_) load_(from);
  }

 private:
  std::function<std::string()> save_;
  std::function<void(std::string_view)> load_;
};

/// What one participant does: code that blocks, with a node of its own.
struct role {
  std::string name;                  ///< the node's name
  std::function<void(node&)> plays;  ///< what it does; when it returns, the node leaves
  leaving leaves{};                  ///< what there is of it then
};

/// Has all roles played at the same time, and waits until all are done. On `sim:SEED` they play in
/// virtual time, one at a time, so that a run can be repeated; a role whose node crashes begins
/// anew. On `pyro:` each is a process of its own, which begins anew where it is killed by
/// engines::kill_this_process. On other engines each has a thread.
/// \param url the engine \param roles who plays \param faults what goes wrong, on `sim:` alone
/// \throws failure where the engine cannot be joined, or on `sim:` roles are not done within a day
/// of virtual time, or where they are processes within an hour; and the first exception that leaves
/// a role, where they are processes as failed_there
inline void play(std::string_view url, const std::vector<role>& roles,
                 const std::vector<sim::fault>& faults = {}) {
  if (url.starts_with("sim:")) {
    std::uint64_t seed = 0;
    const std::string_view digits = url.substr(4);
    const auto end = std::from_chars(digits.data(), digits.data() + digits.size(), seed);
    if (end.ec != std::errc() || end.ptr != digits.data() + digits.size())
      throw failure(
          {errc::refused, std::string(url) + ": the seed is a number, such as sim:42", {}});
    sim::world world(seed);
    world.inject(faults);
    for (const role& one : roles) world.start_role(one.name, one.plays);
    if (!world.run_roles(std::chrono::hours(24)))
      throw failure({errc::deadline, "the roles are not done after a day of virtual time", {}});
    return;
  }
  if (url.starts_with("pyro:") || url.starts_with("tcp:")) {
    std::vector<engines::process> all;
    for (const role& one : roles)
      all.push_back({one.name, [&] { one.plays(*join(url, {one.name})); },
                     [&] { return one.leaves.save(); },
                     [&](std::string_view what) { one.leaves.load(what); }});
    return engines::run_in_processes(all, std::chrono::hours(1));
  }
  std::vector<std::unique_ptr<node>> nodes;
  for (const role& one : roles) nodes.push_back(join(url, {one.name}));
  std::vector<std::exception_ptr> thrown(roles.size());
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < roles.size(); ++i)
    threads.emplace_back([&, i] {
      try {
        roles[i].plays(*nodes[i]);
      } catch (...) {
        thrown[i] = std::current_exception();
      }
      nodes[i].reset();
    });
  for (std::thread& one : threads) one.join();
  for (const std::exception_ptr& one : thrown)
    if (one) std::rethrow_exception(one);
}

/// @}
}  // namespace gof::inline v0
