// SPDX-License-Identifier: BSL-1.0
// Whatever the other side sends, and in which pieces: a session does not crash, says the same,
// sends whole messages, and once it is over stays so. main() makes inputs of messages of Pyro5.
// With libFuzzer: clang++ -fsanitize=fuzzer,address,undefined -DGOF_LIBFUZZER. An input is a byte
// (1: of a client, 2: that speaks serpent; the rest: how long the pieces are), and what comes.
#include <gof/pyro/session.hpp>
// The header under test comes first, so that it has to stand alone.
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

#include "golden/frames.hpp"
#include "golden/mutator.hpp"

namespace {

namespace pyro = gof::pyro;
namespace wire = gof::wire;
using gof::testing::fail;
using gof::testing::frame;
using pyro::client_session;
using pyro::server_session;
using server = server_session::event;
using client = client_session::event;

unsigned long accepted = 0;

const std::vector<frame>& golden(bool serpent) {
  static const std::vector<frame> all[] = {gof::testing::golden_frames("msgpack"),
                                           gof::testing::golden_frames("serpent")};
  return all[serpent];
}

void check_messages(std::string_view bytes) {
  while (!bytes.empty()) {
    pyro::header h;
    pyro::annotations notes;
    if (pyro::parse(bytes, h) != wire::refusal::none) fail("what is sent has no header");
    if (bytes.size() - pyro::header::size < h.rest()) fail("what is sent is not whole");
    if (pyro::annotations::parse(bytes.substr(pyro::header::size, h.annotations), notes) !=
        wire::refusal::none)
      fail("what is sent has bad annotations");
    bytes.remove_prefix(pyro::header::size + static_cast<std::size_t>(h.rest()));
  }
}
// One value, and nothing else.
void check_value(std::string_view bytes) {
  wire::raw raw;
  if (wire::decode_into(bytes, raw, {8 << 20, 64}) != wire::refusal::none) fail("no MessagePack");
}
void check_notes(const pyro::annotations& notes) {
  for (const auto& [id, what] : notes)
    if (!notes.find(id) || what.size() > 64 << 10) fail("bad annotations");
}

// What is told of these bytes, and sent.
std::string told_by_server(std::string_view in, std::size_t piece, bool& fine) {
  server_session s;
  std::string all;
  for (; !in.empty() && !s.closed(); in.remove_prefix(std::min(piece, in.size()))) {
    const std::string_view next = in.substr(0, piece);
    const auto room = s.room(next.size());
    std::memcpy(room.data(), next.data(), next.size());
    s.received(next.size());
    for (server e = s.next(); e != server::none; e = s.next()) {
      all += std::to_string(static_cast<int>(e));
      if (e == server::closed) {
        if (!s.closed() || s.missing() != 0) fail("closed, and not closed");
        all += s.reason();
        break;
      }
      fine = true;
      if (e == server::connect) {
        all.append(s.client().object).append(s.client().handshake);
        check_value(s.client().handshake);
        check_notes(s.client().notes);
        if (s.client().handshake.size() % 16 == 15)
          s.refuse("because");
        else
          s.accept("\xc0", "\xc0");
      } else {
        const auto& r = s.request();
        all.append(r.object).append(r.method).append(r.arguments).append(r.named);
        check_value(r.arguments);
        check_value(r.named);
        check_notes(r.notes);
        if (r.sequence % 4 == 0) {
          s.exception("builtins.ValueError", "bad");
        } else if (r.sequence % 4 == 1) {
          s.stream("an id");
        } else {
          try {
            s.result([&](std::string& out) { out += r.arguments; }, r.notes.bytes());
          } catch (const wire::error&) {  // bytes in JSON, for one
            s.exception("Pyro5.errors.SerializeError", "it cannot be written");
          }
        }
      }
    }
    if (s.closed()) {
      const std::string sent(s.output());
      if (s.next() != server::closed || s.output() != sent) fail("it goes on after its end");
    }
  }
  check_messages(s.output());
  return all.append(s.output());
}
std::string told_by_client(std::string_view in, std::size_t piece, bool serpent, bool& fine) {
  client_session c;
  const auto how = serpent ? pyro::serializer::serpent : pyro::serializer::msgpack;
  c.connect("calc", "\xc0", how);
  std::string all;
  for (; !in.empty() && !c.closed(); in.remove_prefix(std::min(piece, in.size()))) {
    const std::string_view next = in.substr(0, piece);
    const auto room = c.room(next.size());
    std::memcpy(room.data(), next.data(), next.size());
    c.received(next.size());
    for (client e = c.next(); e != client::none; e = c.next()) {
      all += std::to_string(static_cast<int>(e));
      if (e == client::closed || e == client::refused) {
        if (!c.closed() || c.next() != client::closed) fail("closed, and not closed");
        all += c.reason();
        break;
      }
      fine = true;
      if (e == client::accepted) {
        check_value(c.server().handshake);
        check_value(c.server().meta);
        for (const frame& f : golden(serpent)) {  // what the answers are to
          if (f.scenario == "handshake") break;
          if (f.from_client && f.type == 6) c.ping();
          if (!f.from_client || f.type != 4 || f.scenario == "no-handshake") continue;
          client_session::call what;
          what.object = "calc";
          what.method = "f";
          what.encoding = how;
          what.flags = static_cast<std::uint16_t>(f.flags);
          c.invoke(what, [](std::string& out) { out += '\x90'; });
        }
      } else if (e == client::replied) {
        all.append(c.answer().payload).append(c.answer().text);
        check_notes(c.answer().notes);
      }
    }
  }
  check_messages(c.output());
  return all;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view in(reinterpret_cast<const char*>(data) + 1, size - 1);
  const bool calls = data[0] & 1, serpent = data[0] & 2;
  const auto told = [&](std::size_t piece) {
    bool fine = false;
    std::string all =
        calls ? told_by_client(in, piece, serpent, fine) : told_by_server(in, piece, fine);
    accepted += fine;
    return all;
  };
  if (told(size) != told((data[0] >> 2) + 1U)) fail("it depends on the pieces");
  return 0;
}

#ifndef GOF_LIBFUZZER
// session.fuzz [COUNT [SEED]]
int main(int argc, char** argv) {
  const unsigned long count = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 10'000;
  const unsigned long seed = argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 1;
  gof::testing::mutator change(seed);
  for (unsigned long n = 0; n != count; ++n) {
    const std::size_t how = change.below(256);
    const bool calls = how & 1;
    std::vector<std::string> frames;
    for (const frame& f : golden(calls ? how & 2 : change.below(2))) {
      if (f.scenario == "no-handshake") continue;
      if (f.scenario == "handshake") break;
      if (f.from_client != calls) frames.push_back(f.bytes);
    }
    // Some are left out of those that come to a server, or come twice; and one or two are changed.
    for (auto left = calls ? 0 : change.below(frames.size()); left != 0; --left)
      frames.erase(frames.begin() + 1 +
                   static_cast<std::ptrdiff_t>(change.below(frames.size() - 1)));
    if (change.below(8) == 0) frames.insert(frames.begin(), frames[change.below(frames.size())]);
    for (auto changes = 1 + change.below(2); changes != 0; --changes)
      change.change(frames[change.below(frames.size())]);
    // On the heap and of exactly its size, so that a sanitizer sees a read past the end.
    std::vector<std::uint8_t> exact = {static_cast<std::uint8_t>(how)};
    for (const std::string& f : frames) exact.insert(exact.end(), f.begin(), f.end());
    exact.shrink_to_fit();
    LLVMFuzzerTestOneInput(exact.data(), exact.size());
  }
  std::printf("%lu inputs from seed %lu, twice each; %lu get somewhere\n", count, seed, accepted);
  if (accepted < count || accepted > count * 199 / 100) fail("too few or too many get somewhere");
}
#endif
