// SPDX-License-Identifier: BSL-1.0
#include <gof/observer.hpp>
#include <gof/observer/concurrent.hpp>
#include <memory>
#include <string>

namespace {

namespace obs = gof::observer;
struct view {
  void show(const std::string&) {}
};

[[maybe_unused]] void cases(obs::subject<std::string>& s, const std::shared_ptr<view>& owner) {
#ifdef FAIL_observer_of_something_else  // says: no matching (member )?function
  s.attach([](int) {});
#else
  s.attach([](const std::string&) {});
#endif

#ifdef FAIL_observer_that_takes_it_away  // says: no matching (member )?function
  s.attach([](std::string&&) {});
#else
  s.attach([](std::string) {});
#endif

#ifdef FAIL_observer_that_changes_a_value  // says: no matching (member )?function
  s.attach([](std::string&) {});
#else
  obs::subject<std::string&> variable;
  variable.attach([](std::string&) {});
#endif

#ifdef FAIL_subject_of_rvalues  // says: the first observer could take what the others are to see
  obs::subject<std::string&&> rvalues;
#else
  obs::subject<const std::string&> rvalues;
#endif
  static_cast<void>(rvalues);

#ifdef FAIL_concurrent_subject_of_rvalues  // says: the first observer could take what the others
  obs::concurrent_subject<std::string&&> shared;
#else
  obs::concurrent_subject<std::string> shared;
#endif

#ifdef FAIL_owner_that_cannot_be_asked  // says: no matching (member )?function
  s.attach(owner.get(), &view::show);
#else
  s.attach(std::weak_ptr(owner), &view::show);
#endif

#ifdef FAIL_waiting_without_threads  // says: no matching (member )?function
  s.attach([](const std::string&) {}, {.wait = std::chrono::seconds(10)});
#else
  shared.attach([](const std::string&) {}, {.wait = std::chrono::seconds(10)});
#endif

#ifdef FAIL_copy_of_a_subject  // says: deleted (function|copy constructor|constructor)
  obs::subject<std::string> copy(s);
#else
  obs::subject<std::string> moved(std::move(s));
#endif

#ifdef FAIL_move_of_a_concurrent_subject  // says: deleted (function|copy constructor|constructor)
  obs::concurrent_subject<std::string> other(std::move(shared));
#else
  obs::concurrent_subject<std::string> other;
#endif

#ifdef FAIL_copy_of_a_scoped_connection  // says: deleted (function|copy constructor|constructor)
  obs::scoped_connection first, second(first);
#else
  obs::scoped_connection first, second(std::move(first));
#endif

#ifdef FAIL_dropped_blocker  // says: nodiscard|unused-(value|result)
#pragma GCC diagnostic error "-Wunused-result"
  second.block();
#else
  const obs::blocker quiet = second.block();
#endif
}

}  // namespace
