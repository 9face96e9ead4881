// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// What can go wrong in a simulation, as data: made from a seed, shrunk, and printed as code.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gof/node.hpp>

/// \namespace gof::sim
/// The simulator; see \ref engines.

namespace gof::inline v0::sim {

/// \addtogroup engines
/// @{

/// Numbers by chance, the same everywhere: the standard's distributions differ between libraries.
class chance {
 public:
  /// \param seed where to begin
  explicit constexpr chance(std::uint64_t seed) noexcept : state_(seed) {}
  /// \returns one of 2^64 (splitmix64)
  constexpr std::uint64_t next() noexcept {
    state_ += 0x9e3779b97f4a7c15u;
    return mixed(state_);
  }
  /// \returns one below `bound`, which is not zero
  constexpr std::uint64_t below(std::uint64_t bound) noexcept { return next() % bound; }
  /// \returns true in so many of 1,000 cases
  constexpr bool per_mille(std::uint64_t share) noexcept { return below(1000) < share; }
  /// \returns a span that is exponentially distributed, in integers. \param mean its mean
  constexpr std::int64_t exponential(std::int64_t mean) noexcept {
    // Halves until a coin falls: mean · ln 2 for each half, and a uniform part of it.
    const std::int64_t half = mean * 693 / 1000;
    std::int64_t sum = 0;
    while (next() & 1) sum += half;
    return sum +
           (half > 0 ? static_cast<std::int64_t>(below(static_cast<std::uint64_t>(half))) : 0);
  }
  /// \returns a stream of its own for each combination of numbers
  static constexpr std::uint64_t mix(std::uint64_t a, std::uint64_t b,
                                     std::uint64_t c = 0) noexcept {
    return mixed(mixed(mixed(a) + 0x9e3779b97f4a7c15u * b) + 0xbf58476d1ce4e5b9u * c);
  }

 private:
  static constexpr std::uint64_t mixed(std::uint64_t z) noexcept {
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }
  std::uint64_t state_;
};

/// What goes wrong. `who` is a node, and means its link to the broker; or it is "broker", and means
/// all of them.
///
/// A node is called by what it serves, and no pattern sees an address: what there is of addresses
/// is the life of a node. One that crashes comes back with its name and its link as another life,
/// so its address is used again, and nothing that was on its way to the old life reaches it. One
/// that moves is there twice for a while. Where a subject is served by another node, it is that
/// node which does so, and no fault: until the broker gives a lost server up, calls to it are
/// unknown. Requests cross a simulated link as they are: there are no versions of the engine's own
/// protocol here, only of what the programs write.
enum class kind : std::uint8_t {
  lose,           ///< so many of 1,000 messages, both ways
  lose_requests,  ///< so many of 1,000 on the way to the broker; 1,000 cuts one way
  lose_answers,   ///< so many of 1,000 on the way back
  partition,      ///< nothing gets through
  delay,          ///< up to so many microseconds more, often little, sometimes much
  duplicate,      ///< so many of 1,000 messages arrive again, later
  reorder,        ///< so many of 1,000 messages overtake those before them
  narrow,         ///< so many bytes a second, with a queue of a second, beyond which all is lost
  pause,          ///< it stands still, and then finds everything that came meanwhile
  crash,  ///< it is gone, and starts anew; the broker without its unsynced writes if amount is 1
  clock_jump,        ///< its clock goes on by so many milliseconds
  flip,              ///< a tap turns a bit round in so many of 1,000 bodies
  replay,            ///< a tap sends again what it heard, so many messages
  deny,              ///< another administrator takes all rights away
  quota,             ///< the broker's disk holds so many bytes, and no more; who is "broker"
  lose_nth_request,  ///< the so-manieth request after that is lost
  lose_nth_answer,   ///< the so-manieth answer after that is lost
  /// the broker crashes between doing its so-manieth request and the answer
  crash_before_nth_answer,
  move,     ///< another one starts under its name; so long, the old one goes on, and knows nothing
  version,  ///< it crashes, and comes back as that version of its program: 0, 1, as at first, or 2
  forge     ///< a tap makes up messages in its name, of what it heard, so many
};
/// How many kinds there are.
inline constexpr std::size_t kinds = 21;

/// \returns the name of a kind, as in the code
[[nodiscard]] constexpr std::string_view name_of(kind what) noexcept {
  constexpr std::array<std::string_view, kinds> names{"lose",
                                                      "lose_requests",
                                                      "lose_answers",
                                                      "partition",
                                                      "delay",
                                                      "duplicate",
                                                      "reorder",
                                                      "narrow",
                                                      "pause",
                                                      "crash",
                                                      "clock_jump",
                                                      "flip",
                                                      "replay",
                                                      "deny",
                                                      "quota",
                                                      "lose_nth_request",
                                                      "lose_nth_answer",
                                                      "crash_before_nth_answer",
                                                      "move",
                                                      "version",
                                                      "forge"};
  return names[static_cast<std::size_t>(what)];
}

/// One thing that goes wrong.
struct fault {
  duration at{};             ///< when it begins
  duration lasts{};          ///< how long; of a crash, how long it is gone
  kind what = kind::lose;    ///< what goes wrong
  std::string who{};         ///< the node, or "broker"
  std::uint64_t amount = 0;  ///< how much, as the kind says
};

/// \returns the faults as a list to paste into a test. \param all the faults
[[nodiscard]] inline std::string as_code(const std::vector<fault>& all) {
  const auto span = [](duration of) {
    return of % std::chrono::milliseconds(1) == duration::zero()
               ? std::to_string(of / std::chrono::milliseconds(1)) + "ms"
               : std::to_string(of.count()) + "ns";
  };
  std::string code = "{";
  for (const fault& one : all)
    code += (code.size() > 1 ? ",\n " : "") + ("{" + span(one.at)) + ", " + span(one.lasts) +
            ", kind::" + std::string(name_of(one.what)) + ", \"" + one.who + "\", " +
            std::to_string(one.amount) + "}";
  return code + "}";
}

/// What to make faults of.
struct recipe {
  std::vector<std::string> nodes{};             ///< who may be hit; "broker" too
  std::vector<kind> what{};                     ///< which kinds
  duration horizon = std::chrono::seconds(10);  ///< they begin before
  std::size_t most = 8;                         ///< how many at most
};

/// \returns faults by chance: of a subset of the kinds, so that runs differ in character
/// \param seed the same seed gives the same faults \param of what to make them of
[[nodiscard]] inline std::vector<fault> random_faults(std::uint64_t seed, const recipe& of) {
  chance by(chance::mix(seed, 0xfa017));
  std::vector<kind> chosen;
  for (kind one : of.what)
    if (by.next() & 1) chosen.push_back(one);
  if (chosen.empty()) chosen.push_back(of.what[by.below(of.what.size())]);
  std::vector<fault> all;
  const std::uint64_t count = 1 + by.below(of.most);
  const auto milliseconds = [&](std::uint64_t least, std::uint64_t most) {
    return duration(std::chrono::milliseconds(least + by.below(most - least + 1)));
  };
  for (std::uint64_t i = 0; i < count; ++i) {
    fault one;
    one.what = chosen[by.below(chosen.size())];
    one.who = of.nodes[by.below(of.nodes.size())];
    one.at = milliseconds(0, static_cast<std::uint64_t>(of.horizon / std::chrono::milliseconds(1)));
    one.lasts = milliseconds(10, 4000);
    switch (one.what) {
      case kind::lose:
      case kind::lose_requests:
      case kind::lose_answers:
        one.amount = 100 + by.below(901);
        break;
      case kind::delay:
        one.amount = 1000 + by.below(3'000'000);
        break;
      case kind::duplicate:
      case kind::reorder:
      case kind::flip:
        one.amount = 50 + by.below(500);
        break;
      case kind::quota:
        one.who = "broker";
        one.amount = 20'000 + by.below(100'000);
        break;
      case kind::narrow:
        one.amount = 1000 + by.below(20'000);
        break;
      case kind::crash:
        one.amount = by.below(2);
        break;
      case kind::clock_jump:
        one.amount = 1 + by.below(10'000);
        break;
      case kind::version:
        one.amount = by.below(3);
        break;
      case kind::replay:
      case kind::forge:
      case kind::lose_nth_request:
      case kind::lose_nth_answer:
      case kind::crash_before_nth_answer:
        one.amount = 1 + by.below(10);
        break;
      case kind::partition:
      case kind::pause:
      case kind::deny:
      case kind::move:
        break;
    }
    all.push_back(std::move(one));
  }
  std::sort(all.begin(), all.end(), [](const fault& a, const fault& b) { return a.at < b.at; });
  return all;
}

/// \returns as few of the faults as still fail: none of them can be left out
/// \param all faults with which a run fails \param fails runs it; deterministic
template <class Fails>
[[nodiscard]] std::vector<fault> shrink(std::vector<fault> all, Fails fails) {
  for (std::size_t width = std::max<std::size_t>(all.size() / 2, 1); width > 0; width /= 2)
    for (std::size_t i = 0; i < all.size();) {
      std::vector<fault> fewer = all;
      fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(i),
                  fewer.begin() + static_cast<std::ptrdiff_t>(std::min(i + width, all.size())));
      if (fails(fewer))
        all = std::move(fewer);
      else
        i += width;
    }
  return all;
}

/// @}
}  // namespace gof::inline v0::sim
