// SPDX-License-Identifier: BSL-1.0
// Whatever the bytes: reading a value throws nothing but wire::error, and what is accepted is
// written and read as the same value. main() makes inputs: valid ones with some bytes changed.
// With libFuzzer: clang++ -fsanitize=fuzzer,address,undefined -DGOF_LIBFUZZER.
#include <gof/pyro/value.hpp>
// The header under test comes first, so that it has to stand alone.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace {

namespace pyro = gof::pyro;
namespace wire = gof::wire;
using pyro::serializer;
using pyro::value;
using std::string_literals::operator""s;

constexpr serializer all_serializers[] = {serializer::serpent, serializer::json,
                                          serializer::msgpack};

[[noreturn]] void fail(const char* what) {
  std::fprintf(stderr, "FAILED: %s\n", what);
  std::abort();
}

// serpent reads them, and writes tuples: that is how Python does it.
value without_empty_sets(value v) {
  if (v.is<pyro::set>() && v.items().empty()) return pyro::tuple();
  if (v.is<pyro::list>())
    for (value& it : v.as<pyro::list>()) it = without_empty_sets(std::move(it));
  if (v.is<pyro::tuple>())
    for (value& it : v.as<pyro::tuple>().items) it = without_empty_sets(std::move(it));
  if (v.is<pyro::dict>())
    for (auto& it : v.as<pyro::dict>()) it.second = without_empty_sets(std::move(it.second));
  return v;
}

bool decoded(std::string_view in, serializer how) {
  value v;
  try {
    v = pyro::decode(in, how);
  } catch (const wire::error& e) {
    if (e.why() == wire::refusal::none) fail("refused for no reason");
    return false;
  }
  if (pyro::to_string(v).empty()) fail("nothing is shown");
  // Short texts may stand for long values: 1e9 is 1000000000.0.
  const wire::limits roomy{std::size_t{1} << 26, 66};
  try {
    const value back = pyro::decode(pyro::encode(v, how, roomy), how, roomy);
    if (back != without_empty_sets(v))
      fail(("another value came back: " + pyro::to_string(v)).c_str());
  } catch (const wire::error& e) {
    fail(e.what());
  }
  return true;
}

unsigned long accepted = 0;

value everything() {
  using namespace pyro;
  const double nan = std::numeric_limits<double>::quiet_NaN();
  return list{nullptr,
              true,
              -5,
              ~std::uint64_t{},
              big_integer("-123456789012345678901234567890"),
              1.5,
              1e300,
              nan,
              "it's \"text\", Ж 字 🎲\n\x01",
              list{},
              tuple{{1, tuple{{2}}}},
              set{{1, "two"}},
              dict{{"a", 1}, {"__class__", "builtins.ValueError"}, {"args", list{"b"}}}};
}
value more() {
  using namespace pyro;
  return list{std::complex<double>(1, -2.5),
              std::complex<double>(0, std::numeric_limits<double>::quiet_NaN()),
              bytes(5, std::byte{0xff}),
              date(std::chrono::days(19'000)),
              datetime(std::chrono::duration<double>(1.7e9)),
              dict{{"data", "aGk="}, {"encoding", 1}}};
}

}  // namespace

// The first byte says in which serializer the others are.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view in(reinterpret_cast<const char*>(data + 1), size - 1);
  accepted += decoded(in, all_serializers[data[0] % std::size(all_serializers)]);
  return 0;
}

#ifndef GOF_LIBFUZZER
// value.fuzz [COUNT [SEED]]
int main(int argc, char** argv) {
  const unsigned long count = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 50'000;
  const unsigned long seed = argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 1;
  std::mt19937_64 random(seed);
  const auto below = [&](std::size_t n) { return static_cast<std::size_t>(random() % n); };
  // What each serializer has besides what it writes.
  std::vector<std::string> corpus[] = {
      {R"([0x_fF, 0o17, 0b1, 1_0.5e-3, .5, 5., -5, (1), 1+2j, - 1 - 01J, 1e999, set()])",
       R"({b'\x00\101' rb'\n': 1, (1, (2,)): u'\u0416\U0001f3b2\'' "a" '''b''')"
       R"( r"\" , None: 2}  # !)",
       R"({'__class__': 'complex', 'real': 1.0, 'imag': {'value': 'nan', '__class__': 'float'}})"},
      {R"({"a": [-0, 1E5, 1e-999, NaN, -Infinity], "\ud83c\udfb2\u0416\/": [null, true, false]})"},
      {"\xca\x3f\xc0\0\0"s, "\xd6\x33\x01\0\0\0"s, "\xdd\0\0\0\2\xd0\x80\xd9\1a"s}};
  for (std::size_t i = 0; i != std::size(all_serializers); ++i) {
    corpus[i].push_back(pyro::encode(everything(), all_serializers[i]));
    if (all_serializers[i] != serializer::json)
      corpus[i].push_back(pyro::encode(more(), all_serializers[i]));
  }
  constexpr std::string_view marks =
      "'\"\\()[]{},:+-.#\n0189abjrxuN_e \x91\xa1\xc4\xd6\xd7\x31\x33\xc7";
  for (unsigned long n = 0; n != count; ++n) {
    const std::size_t which = below(std::size(all_serializers));
    std::string in = corpus[which][below(corpus[which].size())];
    for (auto changes = below(5); changes != 0 && !in.empty(); --changes) {
      const std::size_t at = below(in.size());
      switch (below(6)) {
        case 0:
          in[at] = static_cast<char>(random());
          break;
        case 1:
          in[at] = static_cast<char>(in[at] ^ 1 << below(8));
          break;
        case 2:
          in.insert(at, 1, marks[below(marks.size())]);
          break;
        case 3:
          in.erase(at, 1 + below(3));
          break;
        case 4:
          in.insert(at, in.substr(below(in.size()), below(20)));
          break;
        default:
          in[at] = marks[below(marks.size())];
          break;
      }
    }
    // On the heap and of exactly its size, so that a sanitizer sees a read past the end.
    std::vector<std::uint8_t> exact{static_cast<std::uint8_t>(which)};
    exact.insert(exact.end(), in.begin(), in.end());
    LLVMFuzzerTestOneInput(exact.data(), exact.size());
  }
  std::printf("%lu inputs from seed %lu, %lu accepted\n", count, seed, accepted);
  if (accepted < count / 20 || accepted > count / 2) fail("too few or too many are accepted");
}
#endif
