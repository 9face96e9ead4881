// SPDX-License-Identifier: BSL-1.0
// Rooms by their kinds: the kind is a name or a number, found and made in random order.
#include <algorithm>
#include <array>
#include <cstddef>
#include <functional>
#include <gof/factory_method.hpp>
#include <map>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <vector>

#include "support/bench.hpp"

namespace {

namespace fm = gof::factory_method;

struct room {
  virtual ~room() = default;
  virtual int seats() const = 0;
};
template <int Extra>
class room_of final : public room {
 public:
  explicit room_of(int seats) : seats_(seats + Extra) {}
  int seats() const override { return seats_; }

 private:
  int seats_;
};

/// [by_hand]
// By hand: functions in a table, each under its name.
template <class Room>
std::unique_ptr<room> make(int seats) {
  return std::make_unique<Room>(seats);
}
using table = std::unordered_map<std::string, std::unique_ptr<room> (*)(int)>;

std::unique_ptr<room> create(const table& kinds, const std::string& kind, int seats) {
  const auto found = kinds.find(kind);
  if (found == kinds.end()) throw std::runtime_error("unknown kind");
  return found->second(seats);
}
/// [by_hand]

// Calls `use.operator()<Room>(key)` for each key, with eight classes in turn.
void for_each_kind(const auto& keys, auto use) {
  using key = std::remove_cvref_t<decltype(keys.front())>;
  const auto turns = []<int... N>(std::integer_sequence<int, N...>) {
    return std::array{
        +[](decltype(use)& f, const key& k) { f.template operator()<room_of<N>>(k); }...};
  }
  (std::make_integer_sequence<int, 8>());
  for (std::size_t i = 0; i != keys.size(); ++i) turns[i % turns.size()](use, keys[i]);
}

// The keys, as a configuration or a protocol has them, in the order asked for.
template <class Key>
std::vector<Key> keys_of(benchmark::State& state) {
  std::vector<Key> keys;
  for (int i = 0; i != state.range(0); ++i) {
    if constexpr (std::is_same_v<Key, std::string>) {
      keys.push_back("room/" + std::to_string(i));
    } else {
      keys.push_back(100 + 3 * i);
    }
  }
  std::shuffle(keys.begin(), keys.end(), std::mt19937(42));
  return keys;
}
template <class Key>
void measure(benchmark::State& state, const std::vector<Key>& keys, const auto& create) {
  for (auto _ : state) {
    for (const Key& key : keys) {
      int seats = 4;
      benchmark::DoNotOptimize(seats);
      benchmark::DoNotOptimize(create(key, seats)->seats());
    }
  }
}

template <class Map>
void in_map(benchmark::State& state) {
  using key = typename Map::key_type;
  const auto keys = keys_of<key>(state);
  Map map;
  for_each_kind(keys, [&]<class Room>(const key& k) { map.emplace(k, make<Room>); });
  measure(state, keys, [&](const key& k, int seats) {
    if constexpr (std::is_same_v<Map, table>) {
      return create(map, k, seats);
    } else {
      const auto found = map.find(k);
      if (found == map.end()) throw std::runtime_error("unknown kind");
      return found->second(seats);
    }
  });
}
template <class Key>
void ours(benchmark::State& state) {
  const auto keys = keys_of<Key>(state);
  fm::creator<room(int), Key> creator;
  typename fm::creator<room(int), Key>::registrations kept;
  for_each_kind(keys, [&]<class Room>(const Key& k) {
    kept.push_back(creator.template register_creator<Room>(k));
  });
  measure(state, keys, [&](const Key& k, int seats) { return creator.create(k, seats); });
}
using function = std::unique_ptr<room> (*)(int);
void functions(benchmark::State& state) {
  in_map<std::unordered_map<std::string, std::function<std::unique_ptr<room>(int)>>>(state);
}
const gof::bench::comparison by_name({.operation = "create by name",
                                      .sizes = {4, 32, 256},
                                      .per_item = true,
                                      .contenders = {
                                          {"hand", in_map<table>},
                                          {"std::function", functions},
                                          {"std::map", in_map<std::map<std::string, function>>},
                                          {"ours", ours<std::string>}}});

const gof::bench::comparison by_number({.operation = "create by number",
                                        .sizes = {4, 32, 256},
                                        .per_item = true,
                                        .contenders = {
                                            {"hand", in_map<std::unordered_map<int, function>>},
                                            {"std::map", in_map<std::map<int, function>>},
                                            {"ours", ours<int>}}});

}  // namespace
