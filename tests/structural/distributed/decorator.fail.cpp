// SPDX-License-Identifier: BSL-1.0
#include <gof/distributed/decorator/answers.hpp>
#include <gof/distributed/decorator/errand.hpp>
#include <gof/distributed/decorator/resilient.hpp>
#include <string>

namespace {

using namespace gof::decorator::distributed;

struct no_layer {};

[[maybe_unused]] void cases(gof::node& node) {
#ifdef FAIL_key_made_per_attempt  // says: wrong order.*from the outside in
  stack keyed(node, retry(), idempotency_key());
#else
  stack keyed(node, idempotency_key(), retry());
#endif

#ifdef FAIL_deadline_per_attempt  // says: wrong order.*reordered
  stack timed(node, trace(), retry(), breaker(), deadline());
#else
  stack timed(node, trace(), deadline(), retry(), breaker());
#endif

#ifdef FAIL_cache_of_fallbacks  // says: wrong order
  stack cached(node, fallback([](auto&, auto&) { return std::optional<std::string>(); }), cache());
#else
  stack cached(node, cache(), fallback([](auto&, auto&) { return std::optional<std::string>(); }));
#endif

#ifdef FAIL_two_retries  // says: wrong order
  stack twice(node, retry(), retry());
#else
  stack twice(node, retry(), reordered(retry()));
#endif

#ifdef FAIL_retry_inside_the_breaker  // says: wrong order
  stack broken(node, breaker(), retry());
#else
  stack broken(node, breaker(), reordered(retry()));
#endif

#ifdef FAIL_no_layer  // says: constraint|no viable|layer
  stack other(node, no_layer());
#else
  stack other(node, bulkhead());
#endif

#ifdef FAIL_copied_key  // says: deleted|no matching
  const idempotency_key one;
  idempotency_key another(one);
#else
  idempotency_key another;
#endif

#ifdef FAIL_attempt_timeout_without_a_time  // says: no matching
  stack cut(node, attempt_timeout());
#else
  stack cut(node, attempt_timeout(std::chrono::seconds(1)));
#endif
  for (component* it : {static_cast<component*>(&keyed), static_cast<component*>(&timed),
                        static_cast<component*>(&cached), static_cast<component*>(&twice),
                        static_cast<component*>(&broken), static_cast<component*>(&other),
                        static_cast<component*>(&cut)})
    it->call({"read"}, [](const auto&) {}, {});
  static_cast<void>(another);
}

}  // namespace
