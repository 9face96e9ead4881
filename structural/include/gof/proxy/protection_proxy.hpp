// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// Protection proxy: a guard decides on each access.

#include <concepts>
#include <gof/proxy.hpp>
#include <stdexcept>
#include <utility>

namespace gof::inline v0::proxy {

/// \addtogroup proxy
/// @{

/// A guard did not let a request pass; nothing was done. A guard may throw one with its reasons.
class denied : public std::runtime_error {
 public:
  /// The guard gave no reason.
  denied() : std::runtime_error("gof::proxy: denied; the guard did not let this request pass") {}
  using std::runtime_error::runtime_error;
};

/// An interceptor that asks a guard before each request.
/// \tparam Guard called with a \ref call, tells whether it may pass: once for each request
/// \threads as the guard, which is called as `const`
/// \law WhatIsDeniedNeverReachesTheSubject: it is not called, not locked, and not even made
template <class Guard>
class protection {
 public:
  /// \param guard who decides
  constexpr explicit protection(Guard guard) : guard_(std::move(guard)) {}

  /// \param c the request \param next what passes it on \returns what `next` returns
  /// \throws denied; what the guard or the request throws
  template <class Call, class Next>
    requires std::predicate<const Guard&, Call>
  constexpr decltype(auto) around(Call c, Next&& next) const {
    if (!guard_(c)) throw denied();
    return next();
  }

 private:
  [[no_unique_address]] Guard guard_;
};

/// A proxy that protects. \tparam Subject as for \ref proxy \tparam Guard as for \ref protection
template <class Subject, class Guard>
using protection_proxy = proxy<Subject, protection<Guard>>;

/// @}
}  // namespace gof::inline v0::proxy
