// SPDX-License-Identifier: BSL-1.0
// A small command becomes bytes and a command again, in a buffer and an object that are used again;
// and a list of them. By hand: the members behind each other, nothing checked but what is left.
#include <cstdint>
#include <cstring>
#include <gof/wire.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "support/bench.hpp"

#if __has_include(<nlohmann/json.hpp>)
#include <nlohmann/json.hpp>
#define GOF_HAS_NLOHMANN
#endif

namespace {

struct insert {
  std::int64_t line = 0;
  std::int32_t at = 0;
  std::string text;
};
BOOST_DESCRIBE_STRUCT(insert, (), (line, at, text))
using script = std::vector<insert>;

insert make(std::int64_t n) { return {1'000 + n, 40, "the gang of four"}; }
script make_all(std::int64_t n) {
  script all;
  for (std::int64_t i = 0; i != n; ++i) all.push_back(make(i));
  return all;
}

/// [hand]
// The numbers as they are in memory, the text with its size before it.
void put(std::string& out, const auto& number) {
  out.append(reinterpret_cast<const char*>(&number), sizeof number);
}
bool get(std::string_view& in, auto& number) {
  if (in.size() < sizeof number) return false;
  std::memcpy(&number, in.data(), sizeof number);
  in.remove_prefix(sizeof number);
  return true;
}
void put(std::string& out, const insert& c) {
  put(out, c.line);
  put(out, c.at);
  put(out, static_cast<std::uint32_t>(c.text.size()));
  out += c.text;
}
bool get(std::string_view& in, insert& c) {
  std::uint32_t size = 0;
  if (!get(in, c.line) || !get(in, c.at) || !get(in, size) || in.size() < size) return false;
  c.text.assign(in.substr(0, size));
  in.remove_prefix(size);
  return true;
}
/// [hand]

struct hand {
  static void encode(std::string& out, const insert& c) { put(out, c); }
  static bool decode(std::string_view in, insert& c) { return get(in, c) && in.empty(); }
  static void encode(std::string& out, const script& all) {
    put(out, static_cast<std::uint32_t>(all.size()));
    for (const insert& c : all) put(out, c);
  }
  static bool decode(std::string_view in, script& all) {
    std::uint32_t size = 0;
    if (!get(in, size) || size > in.size()) return false;
    all.resize(size);
    for (insert& c : all)
      if (!get(in, c)) return false;
    return in.empty();
  }
};
struct ours {
  static void encode(std::string& out, const auto& c) { gof::wire::encode_to(out, c); }
  static bool decode(std::string_view in, auto& c) {
    return gof::wire::decode_into(in, c) == gof::wire::refusal::none;
  }
};
#ifdef GOF_HAS_NLOHMANN
// A tree of values between the struct and the bytes.
struct tree {
  static nlohmann::json of(const insert& c) {
    return {{"line", c.line}, {"at", c.at}, {"text", c.text}};
  }
  static nlohmann::json of(const script& all) {
    auto list = nlohmann::json::array();
    for (const insert& c : all) list.push_back(of(c));
    return list;
  }
  static void to(const nlohmann::json& j, insert& c) {
    j.at("line").get_to(c.line), j.at("at").get_to(c.at), j.at("text").get_to(c.text);
  }
  static void to(const nlohmann::json& j, script& all) {
    all.resize(j.size());
    for (std::size_t i = 0; i != j.size(); ++i) to(j[i], all[i]);
  }
  static void encode(std::string& out, const auto& c) {
    nlohmann::json::to_msgpack(of(c), nlohmann::detail::output_adapter<char>(out));
  }
  static bool decode(std::string_view in, auto& c) {
    to(nlohmann::json::from_msgpack(in), c);
    return true;
  }
};
#endif

template <class Codec>
void round_trip(benchmark::State& state, auto value) {
  std::string bytes;
  auto there = value;
  for (auto _ : state) {
    benchmark::DoNotOptimize(&value);
    benchmark::ClobberMemory();
    bytes.clear();
    Codec::encode(bytes, value);
    benchmark::DoNotOptimize(bytes.data());
    benchmark::ClobberMemory();
    if (!Codec::decode(bytes, there)) state.SkipWithError("refused");
    benchmark::DoNotOptimize(&there);
    benchmark::ClobberMemory();
  }
}
template <class Codec>
void one(benchmark::State& state) {
  round_trip<Codec>(state, make(0));
}
template <class Codec>
void many(benchmark::State& state) {
  round_trip<Codec>(state, make_all(state.range(0)));
}
template <class Codec>
void refused(benchmark::State& state) {
  std::string bytes;
  Codec::encode(bytes, make(0));
  bytes.pop_back();
  insert there;
  for (auto _ : state) {
    benchmark::DoNotOptimize(bytes.data());
    benchmark::ClobberMemory();
    if (Codec::decode(bytes, there)) state.SkipWithError("accepted");
    benchmark::DoNotOptimize(&there);
  }
}

const gof::bench::comparison calls({.operation = "encode and decode a command",
                                    .contenders = {{"hand", one<hand>},
#ifdef GOF_HAS_NLOHMANN
                                                   {"nlohmann", one<tree>},
#endif
                                                   {"ours", one<ours>}}});
const gof::bench::comparison lists({.operation = "encode and decode a list of commands",
                                    .sizes = {100, 1'000, 10'000},
                                    .per_item = true,
                                    .contenders = {{"hand", many<hand>},
#ifdef GOF_HAS_NLOHMANN
                                                   {"nlohmann", many<tree>},
#endif
                                                   {"ours", many<ours>}}});
const gof::bench::comparison refusals({.operation = "refuse a command that is cut off",
                                       .contenders = {{"hand", refused<hand>},
                                                      {"ours", refused<ours>}}});

}  // namespace
