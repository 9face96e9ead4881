// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// One suite of checks for all implementors of an interface.

#include <exception>
#include <gof/bridge.hpp>
#include <initializer_list>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

namespace gof::inline v0::bridge {

/// \addtogroup bridge
/// @{

/// An expectation was not met.
class not_met : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// For the checks of a suite. \param met whether it is so \param what what was expected
/// \throws not_met where it is not
inline void expect(bool met, const std::string& what) {
  if (!met) throw not_met("expected " + what);
}

/// A check that an implementor did not pass.
struct failure {
  std::string implementor;                                           ///< Which implementor.
  std::string check;                                                 ///< Which check.
  std::string reason;                                                ///< What it threw.
  friend bool operator==(const failure&, const failure&) = default;  ///< The same?
};
/// \returns a failure as a line, without its end \param f the failure
[[nodiscard]] inline std::string to_string(const failure& f) {
  return f.implementor + ": " + f.check + ": " + f.reason;
}

/// What each implementor has to do: checks, as functions.
/// \tparam Subject what a check is given: the interface, or a struct of an implementor and what
/// tells what became of it
/// \law EachCheckAlone: each check is given a new implementor, and a failure hides no other one
template <class Subject>
class conformance {
 public:
  /// A check. It fails by throwing.
  struct check {
    const char* name;       ///< A sentence, such as "lines keep their order".
    void (*run)(Subject&);  ///< Uses the implementor, and calls `expect`.
  };

  /// \param checks at least one \throws misuse where there is none: all would pass
  conformance(std::initializer_list<check> checks) : checks_(checks) {
    if (checks_.empty()) throw misuse("gof::bridge: a suite without checks checks nothing");
  }

  /// Runs all checks. \param implementor its name, for the report
  /// \param make returns a new one for each check: a `Subject`, or a pointer that owns one; where
  /// it throws, the check has failed
  /// \returns which checks failed, and why, in order; none: it conforms \throws std::bad_alloc
  template <class Make>
  [[nodiscard]] std::vector<failure> run(const std::string& implementor, Make make) const {
    std::vector<failure> failures;
    for (const check& each : checks_) {
      try {
        auto made = make();
        if constexpr (std::is_convertible_v<decltype((made)), Subject&>) {
          each.run(made);
        } else {
          each.run(*made);
        }
      } catch (const std::exception& problem) {
        failures.push_back({implementor, each.name, problem.what()});
      } catch (...) {
        failures.push_back({implementor, each.name, "threw what is no std::exception"});
      }
    }
    return failures;
  }

 private:
  std::vector<check> checks_;
};

/// @}
}  // namespace gof::inline v0::bridge
