// SPDX-License-Identifier: BSL-1.0
#pragma once
// What a name server is asked for, and what it says, whoever waits for that.
#include <string>

#include <gof/pyro/exception.hpp>
#include <gof/pyro/uri.hpp>
#include <gof/pyro/value.hpp>

namespace gof::inline v0::pyro::detail {

struct question {
  uri at;  // the name server
  const char* method;
  value argument;
};
question question_for(const uri& name);
// Throws failure not_found where there is nothing of that name.
uri found(const uri& name, const value& answer);

// Runs a call of a name server; what it says of names is a reason of ours.
template <class F>
auto asked(const F& call) {
  try {
    return call();
  } catch (const remote_exception& it) {
    if (it.kind != "Pyro5.errors.NamingError") throw;
    const std::string words = it.words();
    const bool taken = words.find("already") != words.npos;
    throw failure({taken ? errc::conflict : errc::not_found, words, {}});
  }
}

}  // namespace gof::inline v0::pyro::detail
