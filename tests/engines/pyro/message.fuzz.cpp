// SPDX-License-Identifier: BSL-1.0
// Whatever the bytes: reading a message does not crash and stays within its limits, and what is
// accepted is written as it was. main() makes inputs of messages of Pyro5.
// With libFuzzer: clang++ -fsanitize=fuzzer,address,undefined -DGOF_LIBFUZZER; a seed corpus is
// what golden/capture.py --frames writes.
#include <gof/pyro/message.hpp>
// The header under test comes first, so that it has to stand alone.
#include <cstdint>
#include <gof/pyro/context.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "golden/frames.hpp"
#include "golden/mutator.hpp"

namespace {

namespace pyro = gof::pyro;
using gof::testing::fail;
using gof::wire::refusal;

unsigned long accepted = 0;

// What a call belongs to, if they say so, is said again as it was understood.
void read_context(const pyro::annotations& notes) {
  pyro::call_context it = pyro::detail::context_of(notes, {});
  it.deadline.reset();  // which moves
  const pyro::context_scope scope(it);
  const std::string said = pyro::detail::context_to_send().chunks;
  pyro::annotations again;
  if (pyro::annotations::parse(said, again) != refusal::none) fail("a context is no annotations");
  const pyro::call_context same = pyro::detail::context_of(again, {});
  if (same.id != it.id || same.incarnation != it.incarnation || same.trace != it.trace)
    fail("a context is said in another way");
}
bool read_annotations(std::string_view in) {
  pyro::annotations notes;
  if (pyro::annotations::parse(in, notes) != refusal::none) return false;
  std::string again;
  std::size_t count = 0;
  for (const auto& [id, what] : notes) {
    pyro::append_annotation(again, id, what);
    if (!notes.find(id)) fail("an annotation is not found");
    ++count;
  }
  if (again != in) fail("annotations are written in another way");
  if (count > pyro::message_limits().chunks) fail("too many annotations");
  read_context(notes);
  return true;
}
bool read_compressed(std::string_view in) {
  const pyro::message_limits most;
  std::string out, packed, again;
  const refusal why = pyro::inflate(in, out, most);
  if (out.capacity() > 2 * most.inflated) fail("inflating takes too much");
  if (why != refusal::none) return false;
  if (out.size() > most.small_inflated && out.size() > most.ratio * in.size())
    fail("more is inflated than is allowed");
  pyro::deflate(out, packed);
  pyro::message_limits any;
  any.ratio = ~std::size_t{};
  if (pyro::inflate(packed, again, any) != refusal::none || again != out)
    fail("another payload after a round trip");
  return true;
}
bool read_marshal(std::string_view in) {
  const auto text = pyro::marshal_text(in);
  if (!text) return false;
  std::string again;
  pyro::append_marshal(again, *text);
  if (pyro::marshal_text(again) != text) fail("another string after a round trip");
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view in(reinterpret_cast<const char*>(data), size);
  pyro::header h;
  bool fine = pyro::parse(in, h) == refusal::none;
  std::string_view rest;
  if (fine) {
    std::string again(pyro::header::size, '?');
    pyro::write(h, again.data());
    std::string sent(in.substr(0, again.size()));
    sent[36] = sent[37] = '\0';  // reserved
    if (again != sent) fail("a header is written in another way");
    if (h.rest() > pyro::message_limits().message) fail("a message is too large");
    rest = in.substr(again.size());
    if (!read_annotations(rest.substr(0, h.annotations))) fine = h.annotations > rest.size();
    rest.remove_prefix(std::min<std::size_t>(rest.size(), h.annotations));
    if (h.has(pyro::flag::compressed)) fine = read_compressed(rest) && fine;
  }
  read_annotations(in);
  read_compressed(in);
  read_marshal(in);
  read_marshal(rest);
  accepted += fine;
  return 0;
}

#ifndef GOF_LIBFUZZER
// message.fuzz [COUNT [SEED]]
int main(int argc, char** argv) {
  const unsigned long count = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 200'000;
  const unsigned long seed = argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 1;
  gof::testing::mutator change(seed);
  std::vector<std::string> corpus;
  for (const char* serializer : {"msgpack", "serpent"})
    for (const auto& f : gof::testing::golden_frames(serializer)) corpus.push_back(f.bytes);
  for (unsigned long n = 0; n != count; ++n) {
    std::string in = corpus[change.below(corpus.size())];
    change.change(in);
    // On the heap and of exactly its size, so that a sanitizer sees a read past the end.
    const std::vector<std::uint8_t> exact(in.begin(), in.end());
    LLVMFuzzerTestOneInput(exact.data(), exact.size());
  }
  std::printf("%lu inputs from seed %lu, %lu accepted\n", count, seed, accepted);
  if (accepted < count / 20 || accepted > count * 19 / 20) fail("too few or too many are accepted");
}
#endif
