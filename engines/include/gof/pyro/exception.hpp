// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// What is thrown on one side of the network, and caught on the other.

#include <exception>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <gof/node.hpp>
#include <gof/pyro/value.hpp>

namespace gof::inline v0::pyro {

/// \addtogroup pyro
/// @{

/// What an object elsewhere threw, as it says it; whatever else the exception is, it is this too.
/// Thrown by an object of ours, it reaches Python as the class that it names.
///
/// | thrown there                                   | is caught here as                             |
/// |------------------------------------------------|-----------------------------------------------|
/// | `ValueError`                                   | std::invalid_argument                         |
/// | `TypeError`, `AttributeError`                  | type_error, attribute_error                   |
/// | `IndexError`, `KeyError`, `LookupError`        | std::out_of_range                             |
/// | `ArithmeticError`, `ZeroDivisionError`         | std::domain_error                             |
/// | `OverflowError`; `MemoryError`                 | std::overflow_error; std::bad_alloc           |
/// | `AssertionError`, `NotImplementedError`        | std::logic_error                              |
/// | Pyro's own, such as `DaemonError`              | gof::failure, whose outcome says if it ran    |
/// | any other                                      | std::runtime_error                            |
///
/// And the other way round; what is derived from none of these becomes a `RuntimeError`.
struct remote_exception {
  std::string kind{};                    ///< such as `builtins.ValueError`
  std::vector<value> arguments{};        ///< what it was made with; its words come first, usually
  dict attributes{};                     ///< what else is known of it
  std::vector<std::string> traceback{};  ///< where it was thrown there, if that is told

  /// \returns its words, without its class
  [[nodiscard]] std::string words() const;
  /// \returns what Pyro sends
  [[nodiscard]] value to_value() const;
  /// \returns what Pyro sent. \param sent a map with `__exception__`
  static remote_exception from(const value& sent);
  /// Throws it, as the nearest standard exception that is a remote_exception as well.
  [[noreturn]] void raise() &&;
};

/// What was thrown elsewhere, as the nearest exception there is here. \tparam Nearest that one
template <class Nearest>
class thrown final : public Nearest, public remote_exception {
 public:
  /// \param what what was thrown \param how what Nearest is made of
  template <class... A>
  explicit thrown(remote_exception what, A&&... how)
      : Nearest(std::forward<A>(how)...),
        remote_exception(std::move(what)),
        text_(kind + ": " + words()) {}
  /// \returns its class, and its words
  [[nodiscard]] const char* what() const noexcept override { return text_.c_str(); }

 private:
  std::string text_;
};

/// There is no such function or attribute.
class attribute_error : public std::logic_error {
  using std::logic_error::logic_error;
};
/// These are not the arguments that it takes.
class type_error : public std::invalid_argument {
  using std::invalid_argument::invalid_argument;
};

/// \returns the exception that is being handled, to be sent
[[nodiscard]] remote_exception being_handled();

/// @}
}  // namespace gof::inline v0::pyro
