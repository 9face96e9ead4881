// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// Facade: the parts behind one simple entrance start together, or not at all.

#include <array>
#include <cstddef>
#include <stdexcept>
#include <tuple>
#include <type_traits>
#include <utility>

/// \defgroup facade Facade
/// \ingroup structural
/// What is behind a simple entrance: parts that start in order, and stop in reverse order.
///
/// | In the book       | Here                                                                        |
/// |-------------------|-----------------------------------------------------------------------------|
/// | Facade            | a class of yours, with the few operations that its clients need             |
/// | subsystem classes | any classes; \ref gof::facade::subsystems "subsystems" keeps them for it    |
///
/// | To …                       | write                                                              |
/// |----------------------------|--------------------------------------------------------------------|
/// | own the parts, in order    | `subsystems<address_book, filter, outbox> parts;`, in your class   |
/// | start and stop a part      | in its class: `void start()`, `void stop() noexcept`; each optional |
/// | start all, or none         | `parts.start()`                                                    |
/// | use them                   | `parts.use([&](address_book& book, filter&, outbox& out) { … })`   |
/// | know how they are          | in a part: `bool healthy() const`; `parts.health()`                |
/// | stop them                  | `parts.stop()`, or leave it to the destructor                      |
///
/// \source Gamma, Helm, Johnson, Vlissides, *Design Patterns* (1994), chapter 4, Facade

namespace gof::inline v0::facade {

/// \addtogroup facade
/// @{

/// They were used while they were not running, or started or stopped while they start.
class misuse : public std::logic_error {
  using std::logic_error::logic_error;
};

/// How a part is: not running; well, or without an opinion; unwell.
enum class condition : unsigned char { stopped, well, unwell };

/// The parts behind a facade. A part that is started has `start()`, one that is stopped has `stop()
/// noexcept`, one that knows how it is has `healthy() const`; each is optional.
/// \tparam Subsystems the parts, in the order in which they start; `T&` is referred to, not owned
/// \threads as the parts; `start` and `stop` by one thread, while no other uses them
/// \law AllOrNone: after `start` either all run, or those that were started have been stopped
/// again; parts stop in the reverse order of their start, each as often as it was started
template <class... Subsystems>
class subsystems {
 public:
  /// Makes parts that need no arguments; none is started.
  subsystems() = default;
  /// Keeps parts; none is started. \param parts in order
  constexpr explicit subsystems(Subsystems... parts) requires(sizeof...(Subsystems) > 0)
      : parts_(static_cast<Subsystems&&>(parts)...) {}
  subsystems(const subsystems&) = delete;             ///< A part that runs is no value.
  subsystems& operator=(const subsystems&) = delete;  ///< A part that runs is no value.
  /// Stops what runs.
  constexpr ~subsystems() { stop_running(); }

  /// Starts each part, in order; has no effect where they run.
  /// \throws what the start of a part throws, after those before it were stopped in reverse order;
  /// misuse, without effect, where a part calls it from its `start`
  constexpr void start() {
    refuse_while_starting();
    if (running()) return;
    starting_ = true;
    std::size_t started = 0;
    try {
      std::apply([&](auto&... part) { ((start_part(part), ++started), ...); }, parts_);
    } catch (...) {
      starting_ = false;
      stop_first<sizeof...(Subsystems)>(started);
      throw;
    }
    starting_ = false;
    running_ = true;
  }

  /// Stops each part, in reverse order; has no effect where they do not run.
  /// \throws misuse, without effect, where a part calls it from its `start`
  constexpr void stop() {
    refuse_while_starting();
    stop_running();
  }

  /// \returns whether all parts run
  [[nodiscard]] constexpr bool running() const noexcept { return running_; }

  /// Uses the parts. \param f is called with a reference to each, in order
  /// \returns what it returns \throws misuse where they do not run; what `f` throws
  template <class F>
  constexpr decltype(auto) use(F&& f) {
    if (!running()) throw misuse("gof::facade: not running; call start() first");
    return std::apply(static_cast<F&&>(f), parts_);
  }

  /// Asks each part how it is. \returns the answers, in order; `unwell` also where a part throws
  [[nodiscard]] constexpr std::array<condition, sizeof...(Subsystems)> health() const noexcept {
    return std::apply(
        [&](const auto&... part) {
          return std::array<condition, sizeof...(Subsystems)>{running() ? ask(part)
                                                                        : condition::stopped...};
        },
        parts_);
  }

 private:
  constexpr void refuse_while_starting() const {
    if (starting_) throw misuse("gof::facade: a part must not start or stop them from its start()");
  }
  constexpr void stop_running() noexcept {
    if (std::exchange(running_, false)) stop_first<sizeof...(Subsystems)>(sizeof...(Subsystems));
  }
  // Stops the first n of the first I parts.
  template <std::size_t I>
  constexpr void stop_first(std::size_t n) noexcept {
    if constexpr (I != 0) {
      if (I <= n) stop_part(std::get<I - 1>(parts_));
      stop_first<I - 1>(n);
    }
  }
  static constexpr void start_part(auto& part) {
    if constexpr (requires { part.start(); }) part.start();
  }
  static constexpr void stop_part(auto& part) noexcept {
    if constexpr (requires { part.stop(); }) {
      static_assert(noexcept(part.stop()), "gof::facade: the stop() of a part is noexcept");
      part.stop();
    }
  }
  static constexpr condition ask(const auto& part) noexcept {
    if constexpr (requires { static_cast<bool>(part.healthy()); }) {
      try {
        return part.healthy() ? condition::well : condition::unwell;
      } catch (...) {
        return condition::unwell;
      }
    } else {
      return condition::well;
    }
  }

  std::tuple<Subsystems...> parts_;
  bool running_ = false;
  bool starting_ = false;
};

/// @}
}  // namespace gof::inline v0::facade
