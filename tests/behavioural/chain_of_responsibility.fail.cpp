// SPDX-License-Identifier: BSL-1.0
#include <gof/chain_of_responsibility.hpp>
#include <gof/chain_of_responsibility/chain.hpp>
#include <utility>

namespace {

namespace cor = gof::chain_of_responsibility;
using chain = cor::chain<int(int)>;
using successor = cor::successor<int(int)>;

struct passing {
  cor::outcome<int> handle_request(int x, auto next) const { return std::move(next)(x); }
};
struct silent {
  void handle_request(int, auto) const {}
};

cor::outcome<int> forgets([[maybe_unused]] int x, [[maybe_unused]] successor next) {
#ifdef FAIL_drop_of_a_request  // says: private|could not convert|no matching|no viable
  return {};
#else
  return std::move(next)(x);
#endif
}

cor::outcome<int> twice(int x, successor next) {
#ifdef FAIL_next_that_stays  // says: discards qualifiers|no match for call|expects an rvalue|rvalue
  return next(x);
#else
  return std::move(next)(x);
#endif
}

cor::outcome<int> shares(int x, successor next) {
#ifdef FAIL_copy_of_next  // says: deleted|implicitly-declared|cannot bind
  successor other = next;
#else
  successor other = std::move(next);
#endif
  return std::move(other)(x);
}

[[maybe_unused]] void cases(chain& c) {
#ifdef FAIL_handler_without_an_outcome  // says: constraint
  c.add("silent", silent()).keep();
#else
  c.add("passing", passing()).keep();
#endif

#ifdef FAIL_fixed_handler_without_an_outcome  // says: returns an answer or what next gave
  const auto fixed = cor::chain_of<int(int)>(silent());
#else
  const auto fixed = cor::chain_of<int(int)>(passing());
#endif
  static_cast<void>(fixed.handle_request(1));

#ifdef FAIL_copy_of_a_chain  // says: deleted|cannot bind|no matching
  chain copy(c);
#else
  chain& copy = c;
#endif
  static_cast<void>(copy.handle_request(1));

#ifdef FAIL_outcome_as_an_answer  // says: cannot convert|could not convert|no viable conversion
  int answer = c.handle_request(1);
#else
  int answer = c.handle_request(1).value();
#endif
  static_cast<void>(answer);
  c.add("forgets", forgets).keep();
  c.add("twice", twice).keep();
  c.add("shares", shares).keep();
}

}  // namespace
