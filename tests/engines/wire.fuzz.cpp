// SPDX-License-Identifier: BSL-1.0
// Whatever the bytes: decoding does not crash, and what is accepted becomes bytes again that are
// the same value. main() makes inputs: valid messages with some bytes changed, and random ones.
// With libFuzzer: clang++ -fsanitize=fuzzer,address,undefined -DGOF_LIBFUZZER.
#include <gof/wire.hpp>
// The header under test comes first, so that it has to stand alone.
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <random>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

namespace {

namespace wire = gof::wire;

enum class colour : std::uint8_t { red = 1, blue = 200 };
BOOST_DESCRIBE_ENUM(colour, red, blue)
struct tree {
  int value = 0;
  std::vector<tree> children;
};
BOOST_DESCRIBE_STRUCT(tree, (), (value, children))
struct part {
  std::string name;
  std::optional<double> price;
  wire::unknown_fields rest;
};
BOOST_DESCRIBE_STRUCT(part, (), (name, price, rest))
struct whole {
  std::int8_t small = -100;
  std::uint64_t big = 1ULL << 40;
  float f = 1.5F;
  std::vector<bool> bits = {true, false};
  std::vector<std::byte> bytes = {std::byte{1}};
  std::array<std::byte, 2> two{};
  std::tuple<int, std::string> pair = {5, "five"};
  std::map<std::string, part> parts = {{"a", {"b", 2.5, {}}}, {"c", {"d", {}, {}}}};
  std::unordered_map<std::string, int> counts = {{"x", 1}, {"y", 70'000}};
  std::variant<std::monostate, tree, std::string> one_of = tree{1, {{2, {}}, {3, {{4, {}}}}}};
  wire::versioned<std::chrono::seconds, 1, 2> wait;
  colour paint = colour::blue;
  wire::required<std::optional<int>> must = {5};
};
BOOST_DESCRIBE_STRUCT(whole, (),
                      (small, big, f, bits, bytes, two, pair, parts, counts, one_of, wait, paint,
                       must))
// What `whole` looks like to a program that does not know all its fields.
struct some {
  std::int8_t small = 0;
  wire::unknown_fields rest;
};
BOOST_DESCRIBE_STRUCT(some, (), (small, rest))

[[noreturn]] void fail(const char* what) {
  std::fprintf(stderr, "FAILED: %s\n", what);
  std::abort();
}

// Values are compared by their bytes, since a NaN is not equal to itself.
template <class T>
bool decoded(std::span<const std::byte> in) {
  static T warm;  // by what came before
  const wire::refusal first = wire::decode_into(in, warm);
  try {
    const std::string bytes = wire::encode(wire::decode<T>(in));
    if (first != wire::refusal::none) fail("decode accepts what decode_into refuses");
    if (wire::encode(warm) != bytes) fail("what an object held before matters");
    if (wire::encode(wire::decode<T>(bytes)) != bytes) fail("another value after a round trip");
    return true;
  } catch (const wire::error& e) {
    if (first == wire::refusal::none) {
      // Shorter forms of others may be longer than ours: they are within the limit, and ours not.
      if (e.why() != wire::refusal::too_large) fail(e.what());
    } else if (e.why() != first) {
      fail("refused for two reasons");
    }
  }
  return false;
}

unsigned long accepted = 0;

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto in = std::as_bytes(std::span(data, size));
  const bool each[] = {decoded<whole>(in), decoded<some>(in), decoded<tree>(in),
                       decoded<std::vector<std::variant<int, double, part>>>(in)};
  accepted += each[0] || each[1] || each[2] || each[3];
  return 0;
}

#ifndef GOF_LIBFUZZER
// wire.fuzz [COUNT [SEED]]
int main(int argc, char** argv) {
  const unsigned long count = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 50'000;
  const unsigned long seed = argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 1;
  std::mt19937_64 random(seed);
  const auto below = [&](std::size_t n) { return static_cast<std::size_t>(random() % n); };
  const std::vector<std::string> corpus = {
      wire::encode(whole()), wire::encode(some()), wire::encode(tree{1, {{2, {}}, {3, {}}}}),
      wire::encode(std::vector<std::variant<int, double, part>>{5, 1.5, part{"a", 1, {}}})};
  for (unsigned long n = 0; n != count; ++n) {
    std::string in = corpus[below(corpus.size())];
    if (n % 8 == 0) in.assign(below(100), '\0'), in.push_back('\x80');
    for (auto changes = below(n % 8 == 0 ? 200 : 5); changes != 0; --changes) {
      const std::size_t at = below(in.size());
      const auto any = static_cast<char>(random());
      switch (below(6)) {
        case 0:
          in[at] = any;
          break;
        case 1:
          in[at] = static_cast<char>(in[at] ^ 1 << below(8));
          break;
        case 2:
          in.insert(at, 1, any);
          break;
        case 3:
          in.erase(at, in.size() > 1);
          break;
        case 4:
          in.insert(at, in.substr(below(in.size()), below(20)));
          break;
        default:
          in[at] = static_cast<char>(0xc0 + below(0x20));
          break;  // another format
      }
    }
    // On the heap and of exactly its size, so that a sanitizer sees a read past the end.
    const std::vector<std::uint8_t> exact(in.begin(), in.end());
    LLVMFuzzerTestOneInput(exact.data(), exact.size());
  }
  std::printf("%lu inputs from seed %lu, %lu accepted\n", count, seed, accepted);
  if (accepted < count / 20 || accepted > count / 2) fail("too few or too many are accepted");
}
#endif
