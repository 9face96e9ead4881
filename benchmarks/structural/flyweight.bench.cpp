// SPDX-License-Identifier: BSL-1.0
// Words of a text as flyweights: asking for one that is there, in one thread and in two, and making
// them.
#include <cstddef>
#include <gof/flyweight.hpp>
#include <gof/flyweight/front_cache.hpp>
#include <gof/flyweight/shared_factory.hpp>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "support/bench.hpp"

#if defined(GOF_HAS_SIGNALS2) && __has_include(<boost/flyweight.hpp>)  // as Boost is there
#define GOF_HAS_FLYWEIGHT
#include <boost/flyweight.hpp>
#include <boost/flyweight/no_locking.hpp>
#include <boost/flyweight/no_tracking.hpp>
#endif

namespace {

namespace fw = gof::flyweight;

/// [hand]
struct text_hash {
  using is_transparent = void;
  std::size_t operator()(std::string_view s) const noexcept {
    return std::hash<std::string_view>()(s);
  }
};
class interned {
 public:
  const std::string* get(std::string_view key) {
    const std::lock_guard lock(mutex_);
    const auto found = values_.find(key);
    return found != values_.end() ? &*found : &*values_.emplace(key).first;
  }

 private:
  std::mutex mutex_;
  std::unordered_set<std::string, text_hash, std::equal_to<>> values_;
};
/// [hand]

// As above, for one thread.
class interned_alone {
 public:
  const std::string* get(std::string_view key) {
    const auto found = values_.find(key);
    return found != values_.end() ? &*found : &*values_.emplace(key).first;
  }

 private:
  std::unordered_set<std::string, text_hash, std::equal_to<>> values_;
};

const std::vector<std::string>& words(std::size_t n) {
  static const std::vector<std::string> all = [] {
    std::vector<std::string> made;
    for (int i = 0; i != 100'000; ++i) made.push_back("the word number " + std::to_string(i));
    return made;
  }();
  static std::vector<std::string> some[2];
  std::vector<std::string>& result = some[n > 1000];
  if (result.size() != n) result.assign(all.begin(), all.begin() + static_cast<long>(n));
  return result;
}

// Asks for N words in turn, all of which are in use; each thread begins elsewhere.
template <class Get>
void hits(benchmark::State& state, Get get) {
  const auto& all = words(static_cast<std::size_t>(state.range(0)));
  std::vector<std::decay_t<decltype(get(all[0]))>> used;
  for (const std::string& word : all) used.push_back(get(word));
  std::size_t i = static_cast<std::size_t>(state.thread_index()) * all.size() / 2;
  for (auto _ : state) {
    benchmark::DoNotOptimize(get(all[i]));
    if (++i == all.size()) i = 0;
  }
}

// One for all threads of a run, and all runs.
template <class T>
T& one() {
  static T it;
  return it;
}
using shared_words = fw::shared_flyweight_factory<std::string>;

void hit_hand(benchmark::State& state) {
  hits(state, [](const std::string& s) { return one<interned>().get(s); });
}
#ifdef GOF_HAS_FLYWEIGHT
void hit_boost(benchmark::State& state) {
  hits(state, [](const std::string& s) { return boost::flyweight<std::string>(s); });
}
void hit_boost_untracked(benchmark::State& state) {
  using word = boost::flyweight<std::string, boost::flyweights::no_tracking>;
  hits(state, [](const std::string& s) { return word(s); });
}
#endif
void hit_shared(benchmark::State& state) {
  hits(state, [](const std::string& s) { return one<shared_words>().get_flyweight(s); });
}
/// [front]
void hit_front(benchmark::State& state) {
  fw::front_cache front(one<shared_words>());  // each thread has its own
  hits(
      state, [&](std::string_view s) -> auto& { return front.get_flyweight(s); });
}
/// [front]
void hit_front_kept(benchmark::State& state) {
  fw::front_cache front(one<shared_words>());
  hits(state, [&](std::string_view s) { return front.get_flyweight(s); });
}

const std::vector<gof::bench::contender> ways{{"hand, mutex and unordered_set", hit_hand},
#ifdef GOF_HAS_FLYWEIGHT
                                              {"Boost.Flyweight", hit_boost},
                                              {"Boost.Flyweight, no_tracking", hit_boost_untracked},
#endif
                                              {"ours, shared factory", hit_shared},
                                              {"ours, front cache", hit_front},
                                              {"ours, front cache, copied", hit_front_kept}};
const gof::bench::comparison one_thread({.operation = "hit, shared among threads, one asks",
                                         .sizes = {200},
                                         .contenders = ways});
const gof::bench::comparison two_threads({.operation = "hit, shared among threads, two ask",
                                          .sizes = {200},
                                          .threads = 2,
                                          .contenders = ways});

// In one thread only. -----------------------------------------------------------------------------

void alone_hand(benchmark::State& state) {
  hits(state, [](const std::string& s) { return one<interned_alone>().get(s); });
}
#ifdef GOF_HAS_FLYWEIGHT
void alone_boost(benchmark::State& state) {
  using word = boost::flyweight<std::string, boost::flyweights::no_locking>;
  hits(state, [](const std::string& s) { return word(s); });
}
#endif
void alone_ours(benchmark::State& state) {
  hits(state, [](const std::string& s) {
    return one<fw::flyweight_factory<std::string>>().get_flyweight(s);
  });
}
const gof::bench::comparison alone({.operation = "hit, in one thread",
                                    .sizes = {200, 20'000},
                                    .contenders = {{"hand, unordered_set", alone_hand},
#ifdef GOF_HAS_FLYWEIGHT
                                                   {"Boost.Flyweight, no_locking", alone_boost},
#endif
                                                   {"ours", alone_ours}}});

// Makes N flyweights, and lets all of them go. ----------------------------------------------------

template <class Fresh>
void make(benchmark::State& state, Fresh fresh) {
  const auto& all = words(static_cast<std::size_t>(state.range(0)));
  using flyweight = decltype(fresh()(all[0]));
  std::vector<flyweight> made;
  made.reserve(all.size());
  for (auto _ : state) {
    auto get = fresh();
    for (const std::string& word : all) made.push_back(get(word));
    benchmark::ClobberMemory();
    made.clear();
  }
}
void make_hand(benchmark::State& state) {
  make(state, [] {
    return [factory = std::make_unique<interned_alone>()](std::string_view s) {
      return factory->get(s);
    };
  });
}
#ifdef GOF_HAS_FLYWEIGHT
void make_boost(benchmark::State& state) {  // its factory stays, but drops what nobody uses
  using word = boost::flyweight<std::string, boost::flyweights::no_locking>;
  make(state, [] { return [](const std::string& s) { return word(s); }; });
}
#endif
void make_ours(benchmark::State& state) {
  make(state, [] {
    return [factory = std::make_unique<fw::flyweight_factory<std::string>>()](std::string_view s) {
      return factory->get_flyweight(s);
    };
  });
}
const gof::bench::comparison made({.operation = "make N, and let them go",
                                   .sizes = {200, 20'000},
                                   .per_item = true,
                                   .contenders = {{"hand, unordered_set", make_hand},
#ifdef GOF_HAS_FLYWEIGHT
                                                  {"Boost.Flyweight, no_locking", make_boost},
#endif
                                                  {"ours", make_ours}}});

}  // namespace
