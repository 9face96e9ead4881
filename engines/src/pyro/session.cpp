// SPDX-License-Identifier: BSL-1.0
#include <gof/pyro/session.hpp>

#include <algorithm>
#include <array>
#include <cstring>
#include <stdexcept>

namespace gof::inline v0::pyro {
namespace {

using wire::refusal;
using wire::detail::kind;
using wire::detail::reader;
using wire::detail::token;

constexpr auto msgpack = static_cast<std::uint8_t>(serializer::msgpack);
constexpr auto marshal = static_cast<std::uint8_t>(serializer::marshal);
constexpr auto json = static_cast<std::uint8_t>(serializer::json);
constexpr std::uint8_t ping_serializer = 42;  // nothing is serialized; it is what Python sends
constexpr std::size_t usual_room = 64 << 10;  // what an idle connection may keep

constexpr const char* unclear = "what it says cannot be read";

bool is_spoken(std::uint8_t id) { return id >= 1 && id <= 4 && id != marshal; }

void append_text(std::string& out, std::string_view text) {
  if (text.size() >= 32) return wire::encode_to(out, text, {~std::size_t{} >> 1, 1});
  out += static_cast<char>(0xa0 | text.size());
  out += text;
}

// ---- Payloads, found without making values ------------------------------------------------------

// One value, whose extensions are those that Pyro knows.
bool walk(reader& r) {
  const unsigned char* const from = r.at;
  token t;
  if (!r.next(t)) return false;
  if (t.is == kind::ext) {
    const unsigned char type = *r.at;  // complex, big integer, datetime, date; timestamp
    if ((type < 0x30 || type > 0x33) && type != 0xff)
      return r.refuse(refusal::unknown_enumerator, from, "an extension of Pyro");
  }
  if (t.is < kind::array) {
    if (t.is >= kind::ext) r.at += t.n;
    return true;
  }
  if (r.depth-- == 0) return r.refuse(refusal::too_deep, from, "fewer levels");
  for (t.n *= t.is == kind::map ? 2 : 1; t.n != 0; --t.n)
    if (!walk(r)) return false;
  return r.leave();
}
bool walk(reader& r, std::string_view& found) {
  const unsigned char* const from = r.at;
  if (!walk(r)) return false;
  found = {reinterpret_cast<const char*>(from), static_cast<std::size_t>(r.at - from)};
  return true;
}
// Throws if `read(reader)` says that it cannot. \param what is read, for people
template <class Read>
void read_from(std::string_view in, std::size_t depth, std::string_view what, Read read) {
  reader r = wire::detail::reader_of(std::as_bytes(std::span(in)), {in.size(), depth}, nullptr);
  if (read(r)) return;
  std::string path;
  r.path = &path;
  throw wire::error(r.why, r.message(what));
}
bool ends(reader& r) { return r.left() == 0 || r.refuse(refusal::trailing_bytes, r.at, "the end"); }

template <std::size_t N>
using views = std::array<std::string_view, N>;
// What is in an array of so many.
template <std::size_t N>
views<N> elements(std::string_view in, std::size_t depth, std::string_view what) {
  views<N> found;
  read_from(in, depth, what, [&](reader& r) {
    if (!r.enter_array(N)) return false;
    for (std::string_view& one : found)
      if (!walk(r, one)) return false;
    return r.leave() && ends(r);
  });
  return found;
}
// What stands under some names in a map, the last one if it is there twice; empty if it is not.
template <std::size_t N>
views<N> fields(std::string_view in, const views<N>& names, std::size_t depth,
                std::string_view what) {
  views<N> found;
  read_from(in, depth, what, [&](reader& r) {
    std::size_t left = 0;
    if (!r.enter(kind::map, left)) return false;
    for (; left != 0; --left) {
      std::string_view name, one;
      if (!r.text(kind::str, name) || !walk(r, one)) return false;
      for (std::size_t i = 0; i != N; ++i)
        if (names[i] == name) found[i] = one;
    }
    return r.leave() && ends(r);
  });
  return found;
}
template <std::size_t N>
views<N> all_fields(std::string_view in, const views<N>& names, std::size_t depth,
                    std::string_view what) {
  const views<N> found = fields(in, names, depth, what);
  for (std::size_t i = 0; i != N; ++i)  // as Python says it
    if (found[i].empty())
      throw wire::error(refusal::missing_field, "'" + std::string(names[i]) + "'");
  return found;
}
// The text of a str; of anything else, the value, which is of this kind.
std::string_view expect(kind wanted, std::string_view in, std::string_view what) {
  std::string_view text = in;
  read_from(in, 0, what, [&](reader& r) {
    token t;
    return wanted == kind::str ? r.text(wanted, text) : r.next(wanted, t);
  });
  return text;
}

constexpr views<2> greeting_names{"handshake", "object"};
constexpr views<2> welcome_names{"handshake", "meta"};
constexpr views<4> call_names{"object", "method", "params", "kwargs"};

// ---- Other serializers --------------------------------------------------------------------------

// A draft becomes the text of a serializer. Python writes a call as tuples.
void transcribe(std::string_view draft, serializer to, bool call, wire::limits most,
                std::string& out) {
  value all = decode(draft, serializer::msgpack, most);
  if (call && to == serializer::serpent) {
    list parts = std::move(all).as<list>();
    parts[2] = tuple{std::move(parts[2]).as<list>()};
    all = tuple{std::move(parts)};
  }
  encode_to(out, all, to, most);
}

}  // namespace

// ---- Both sides ---------------------------------------------------------------------------------

std::span<std::byte> session::room(std::size_t n) {
  const std::size_t used = end_ - begin_;
  if (capacity_ - used < n) {
    const std::size_t larger = std::max(used + n, 2 * capacity_);
    std::unique_ptr<std::byte[]> fresh(new std::byte[larger]);  // not set to zero
    if (used != 0) std::memcpy(fresh.get(), in_.get() + begin_, used);
    in_ = std::move(fresh);
    capacity_ = larger;
  } else if (used == 0 || capacity_ - end_ < n) {
    if (used != 0) std::memmove(in_.get(), in_.get() + begin_, used);
  } else {
    return {in_.get() + end_, capacity_ - end_};
  }
  begin_ = 0;
  end_ = used;
  return {in_.get() + end_, capacity_ - end_};
}
void session::received(std::size_t n) {
  if (n > capacity_ - end_) throw std::logic_error("gof::pyro: there was no room for these bytes");
  end_ += n;
  if (closed_) begin_ = end_;
}
void session::sent(std::size_t n) noexcept {
  sent_ += std::min(n, out_.size() - sent_);
  if (sent_ > out_.size() / 2) {
    out_.erase(0, sent_);
    sent_ = 0;
  }
}
void session::shrink() {
  if (begin_ == end_ && capacity_ > usual_room) {
    in_.reset();
    capacity_ = begin_ = end_ = 0;
  }
  for (std::string* one : {&inflated_, &converted_, &out_, &draft_})
    if (one->capacity() > usual_room && (one != &out_ || out_.empty())) std::string().swap(*one);
}

void session::close(refusal why, std::string_view reason) {
  reason_ = reason;
  why_ = why;
  closed_ = true;
  begin_ = end_;
  missing_ = 0;
}

// The next whole message, in head_, notes_ and payload_. False if more bytes are needed, or if what
// came is wrong: then it is closed. The type is looked at before the rest has come.
bool session::take(std::initializer_list<message_type> types, std::size_t most_payload) {
  const std::string_view all(reinterpret_cast<const char*>(in_.get()) + begin_, end_ - begin_);
  missing_ = all.empty() ? 0 : header::size - std::min(header::size - 1, all.size());
  const auto fail = [&](refusal why, const std::string& reason) {
    close(why, reason);
    return false;
  };
  switch (const refusal why = parse(all, head_, most_)) {
    case refusal::none:
      break;
    case refusal::truncated:
      return false;
    case refusal::too_large:
      return fail(why, "message too large (at most " + std::to_string(most_.message) +
                           " bytes, of these annotations " + std::to_string(most_.annotations) +
                           ")");
    default:
      return fail(why, "invalid message or protocol version");
  }
  if (std::find(types.begin(), types.end(), head_.type) == types.end())
    return fail(refusal::wrong_type, "a message of type " +
                                         std::to_string(static_cast<int>(head_.type)) +
                                         " is not expected now");
  if (head_.payload > most_payload)
    return fail(refusal::too_large,
                "message too large (at most " + std::to_string(most_payload) + " bytes now)");
  const std::size_t whole = header::size + static_cast<std::size_t>(head_.rest());
  if (all.size() < whole) {
    missing_ = whole - all.size();
    return false;
  }
  missing_ = 0;
  payload_ = all.substr(header::size + head_.annotations, head_.payload);
  if (const refusal why =
          annotations::parse(all.substr(header::size, head_.annotations), notes_, most_);
      why != refusal::none)
    return fail(why, why == refusal::too_large
                         ? "at most " + std::to_string(most_.chunks) + " annotations"
                         : "invalid annotations");
  if (head_.has(flag::compressed)) {
    message_limits most = most_;
    most.inflated = std::min(most.inflated, most_payload);
    const refusal why = inflate(payload_, inflated_, most);
    if (why != refusal::none)
      return fail(why, why == refusal::too_large ? "the message is too large when inflated"
                                                 : "the compressed payload is corrupt");
    payload_ = inflated_;
  }
  begin_ += whole;
  return true;
}

std::string_view session::to_message_pack() {
  if (head_.serializer == msgpack) return payload_;
  converted_.clear();
  transcode_to(converted_, payload_, static_cast<serializer>(head_.serializer), serializer::msgpack,
               {most_.inflated, most_.depth});
  return converted_;
}

std::string& session::begin(header& h, std::string_view chunks) {
  if (!chunks.empty()) {
    annotations checked;
    const refusal why = annotations::parse(chunks, checked, most_);
    if (why != refusal::none)
      throw wire::error(why, "gof::pyro: these are no annotations, or too many");
    h.annotations = static_cast<std::uint32_t>(chunks.size());
  }
  out_.resize(out_.size() + header::size);
  out_ += chunks;
  return h.serializer == msgpack ? out_ : nowhere();
}
void session::finish(header& h, std::size_t from) {
  const std::size_t begins = from + header::size + h.annotations;
  if (h.serializer != msgpack)
    transcribe(draft_, static_cast<serializer>(h.serializer), h.type == message_type::invoke,
               {most_.inflated, most_.depth}, out_);
  std::size_t size = out_.size() - begins;
  if (compress_ && size > too_small_to_compress) {
    deflate(std::string_view(out_).substr(begins), draft_);
    if (draft_.size() < size) {
      out_.replace(begins, size, draft_);
      size = draft_.size();
      h.flags |= flag::compressed;
    }
  }
  if (size > most_.message - std::min<std::size_t>(most_.message, h.annotations) ||
      size > 0xffff'ffff)
    throw wire::error(refusal::too_large, "gof::pyro: the message takes more than " +
                                              std::to_string(most_.message) + " bytes");
  h.payload = static_cast<std::uint32_t>(size);
  write(h, out_.data() + from);
}
// One that is not MessagePack, nor to be.
void session::send_plain(const header& h, std::string_view payload) {
  out_.resize(out_.size() + header::size);
  header sized = h;
  sized.payload = static_cast<std::uint32_t>(payload.size());
  write(sized, out_.data() + out_.size() - header::size);
  out_ += payload;
}

// ---- The side that is called --------------------------------------------------------------------

void server_session::require(state s) const {
  if (state_ == s && !closed()) return;
  throw std::logic_error(closed()            ? "gof::pyro: the connection is over"
                         : s == state::asked ? "gof::pyro: there is no call to answer"
                                             : "gof::pyro: there is no client to let in");
}
header server_session::answer_header(int flags) const noexcept {
  header h;
  h.type = message_type::result;
  h.serializer = head().serializer;
  h.sequence = head().sequence;
  h.flags = static_cast<std::uint16_t>(flags);
  if (head().has(flag::correlated)) {
    h.flags |= flag::correlated;
    h.correlation = head().correlation;
  }
  return h;
}

server_session::event server_session::next() {
  if (closed()) return event::closed;
  if (state_ == state::greeted || state_ == state::asked)
    throw std::logic_error("gof::pyro: what happened last was not answered");
  if (state_ == state::fresh) {
    if (!take({message_type::connect}, most().handshake)) {
      if (!closed()) return event::none;
      header h;  // the serializer of a client is not believed before its message is
      h.type = message_type::connect_fail;
      h.serializer = marshal;
      std::string text;
      append_marshal(text, reason());
      send_plain(h, text);
      return event::closed;
    }
    return read_greeting() ? event::connect : event::closed;
  }
  while (take({message_type::invoke, message_type::ping}, most().inflated)) {
    if (head().type == message_type::ping) {
      header h = answer_header(0);
      h.type = message_type::ping;
      send_plain(h, "pong");
    } else if (read_call()) {
      return event::invoke;
    } else if (closed()) {
      return event::closed;
    }
  }
  return closed() ? event::closed : event::none;
}

// False if it was refused.
bool server_session::read_greeting() {
  const std::uint8_t id = head().serializer;
  try {
    if (id == marshal)
      throw wire::error(refusal::unknown_enumerator,
                        "marshal is not spoken here: use the serializer serpent, msgpack or json");
    if (!is_spoken(id)) {
      close(refusal::unknown_enumerator, "unknown serializer " + std::to_string(id));
      return false;
    }
    const auto found = all_fields(to_message_pack(), greeting_names, most().depth, "handshake");
    client_ = {expect(kind::str, found[1], "object"), found[0], static_cast<serializer>(id),
               notes()};
    state_ = state::greeted;
    return true;
  } catch (const wire::error& e) {
    fail_greeting(e.why(), e.what(), is_spoken(id) ? id : json);
    return false;
  }
}
void server_session::fail_greeting(refusal why, std::string_view text, std::uint8_t id) {
  const std::string reason(text);
  header h = answer_header(0);
  h.type = message_type::connect_fail;
  h.serializer = id;
  static_cast<void>(send(h, {}, [&](std::string& out) { append_text(out, reason); }));
  close(why, reason);
}
void server_session::accept(std::string_view handshake, std::string_view meta,
                            std::string_view chunks) {
  require(state::greeted);
  header h = answer_header(0);
  h.type = message_type::connect_ok;
  static_cast<void>(send(h, chunks, [&](std::string& out) {
    out += '\x82';
    append_text(out, welcome_names[0]);
    out += handshake;
    append_text(out, welcome_names[1]);
    out += meta;
  }));
  state_ = state::open;
}
void server_session::refuse(std::string_view text) {
  require(state::greeted);
  fail_greeting(refusal::none, text, head().serializer);
}

// False if it was answered already, or nobody waits for the answer.
bool server_session::read_call() {
  const std::uint8_t id = head().serializer;
  request_.flags = head().flags;
  request_.sequence = head().sequence;
  request_.encoding = static_cast<serializer>(id);
  request_.notes = notes();
  read_correlation(request_.correlation);
  if (!is_spoken(id)) {  // nor could an answer be
    close(refusal::unknown_enumerator, "serializer " + std::to_string(id) + " is not spoken here");
    return false;
  }
  state_ = state::asked;
  if (head().has(flag::kept_serialized)) {
    if (!notes().find("BLBI"))
      exception("builtins.KeyError", "BLBI");
    else
      exception("builtins.NotImplementedError", "blobs that stay serialized are not supported");
    return false;
  }
  try {
    const std::string_view all = to_message_pack();
    const views<4> part = id == json ? all_fields(all, call_names, most().depth, "call")
                                     : elements<4>(all, most().depth, "call");
    request_.object = expect(kind::str, part[0], call_names[0]);
    request_.method = expect(kind::str, part[1], call_names[1]);
    request_.arguments = expect(kind::array, part[2], call_names[2]);
    request_.named = part[3];
    // Python sends nil where there cannot be any.
    if (part[3] == "\xc0" &&
        (request_.batch() || request_.method == "__getattr__" || request_.method == "__setattr__"))
      request_.named = "\x80";
    expect(kind::map, request_.named, call_names[3]);
    return true;
  } catch (const wire::error& e) {
    fail_call(e.why(), e.what());
    return false;
  }
}
void server_session::fail_call(refusal why, std::string_view text) {
  if (why == refusal::unknown_enumerator) {
    exception("Pyro5.errors.SerializeError", text);
    close(why, text);
  } else {
    exception(why == refusal::wrong_type      ? "builtins.TypeError"
              : why == refusal::missing_field ? "builtins.KeyError"
                                              : "builtins.ValueError",
              text);
  }
}

namespace {
void append_exception(std::string& out, std::string_view type, std::string_view text) {
  out += '\x84';
  append_text(out, "__class__");
  append_text(out, type);
  append_text(out, "__exception__");
  out += '\xc3';
  append_text(out, "args");
  out += text.empty() ? '\x90' : '\x91';
  if (!text.empty()) append_text(out, text);
  append_text(out, "attributes");
  out += '\x81';
  append_text(out, "_pyroTraceback");
  out += '\xc0';
}
}  // namespace

void server_session::exception(std::string_view type, std::string_view text) {
  exception([&](std::string& out) { append_exception(out, type, text); });
}
void server_session::stream(std::string_view id, std::string_view chunks) {
  std::string all(chunks);
  append_annotation(all, "STRM", id);
  answer(flag::exception | flag::stream, all, [](std::string& out) {
    append_exception(out, "Pyro5.errors.ProtocolError", "result of call is an iterator");
  });
}

// ---- The side that calls ------------------------------------------------------------------------

void client_session::require(state s) const {
  if (state_ == s && !closed()) return;
  throw std::logic_error(closed()            ? "gof::pyro: the connection is over"
                         : s == state::fresh ? "gof::pyro: the connection has begun already"
                                             : "gof::pyro: the server has not let us in yet");
}
// Room for one more, so that it can be remembered when it is sent.
void client_session::expect_room() {
  if (answered_ == asked_.size() || (answered_ >= 64 && answered_ > asked_.size() / 2)) {
    asked_.erase(asked_.begin(), asked_.begin() + static_cast<std::ptrdiff_t>(answered_));
    answered_ = 0;
  }
  if (asked_.size() == asked_.capacity()) asked_.reserve(2 * asked_.size() + 16);
}

void client_session::connect(std::string_view object, std::string_view handshake,
                             serializer encoding, std::string_view chunks,
                             const std::optional<correlation_id>& correlation) {
  require(state::fresh);
  call what;
  what.encoding = encoding;
  what.correlation = correlation;
  header h = header_of(what);
  h.type = message_type::connect;
  static_cast<void>(send(h, chunks, [&](std::string& out) {
    out += '\x82';
    append_text(out, greeting_names[0]);
    out += handshake;
    append_text(out, greeting_names[1]);
    append_text(out, object);
  }));
  state_ = state::greeted;
}

header client_session::header_of(const call& what) {
  header h;
  h.type = message_type::invoke;
  h.serializer = static_cast<std::uint8_t>(what.encoding);
  if (!is_spoken(h.serializer))
    throw wire::error(refusal::unknown_enumerator, "gof::pyro: marshal is not spoken");
  h.flags = what.flags & ~(flag::compressed | flag::correlated);
  if (what.correlation) {
    h.flags |= flag::correlated;
    h.correlation = *what.correlation;
  }
  return h;
}
header client_session::prepare(const call& what) {
  require(state::open);
  header h = header_of(what);
  h.sequence = static_cast<std::uint16_t>(sequence_ + 1);
  expect_room();
  return h;
}
void client_session::begin_call(std::string& out, const call& what) {
  const bool names = what.encoding == serializer::json;
  out += names ? '\x84' : '\x94';
  if (names) append_text(out, call_names[0]);
  append_text(out, what.object);
  if (names) append_text(out, call_names[1]);
  append_text(out, what.method);
  if (names) append_text(out, call_names[2]);
}
void client_session::end_call(std::string& out, const call& what) {
  if (what.encoding == serializer::json) append_text(out, call_names[3]);
  out += what.named;
}
std::uint16_t client_session::sent_call(const header& h) {
  sequence_ = h.sequence;
  if (!h.has(flag::one_way)) asked_.push_back({message_type::result, h.sequence, h.serializer});
  return h.sequence;
}
void client_session::ping() {
  require(state::open);
  expect_room();
  header h;
  h.type = message_type::ping;
  h.serializer = ping_serializer;
  send_plain(h, "ping");
  asked_.push_back({message_type::ping, 0, h.serializer});
}

client_session::event client_session::next() {
  if (closed()) return event::closed;
  if (state_ == state::greeted) {
    if (take({message_type::connect_ok, message_type::connect_fail}, most().inflated))
      return read_welcome();
  } else if (waiting() == 0) {
    static_cast<void>(take({}, 0));  // nothing is expected
  } else if (const asked what = asked_[answered_]; take({what.type}, most().inflated)) {
    ++answered_;
    return read_reply(what);
  }
  return closed() ? event::closed : event::none;
}

client_session::event client_session::read_welcome() {
  const std::uint8_t id = head().serializer;
  const bool refused = head().type == message_type::connect_fail;
  try {
    if (refused && payload().empty()) {
      close(refusal::none, "it does not say why");
    } else if (refused && id == marshal) {
      close(refusal::none, marshal_text(payload()).value_or(unclear));
    } else if (!is_spoken(id)) {
      throw wire::error(refusal::unknown_enumerator,
                        "the answer comes in serializer " + std::to_string(id));
    } else if (refused) {
      close(refusal::none, expect(kind::str, to_message_pack(), "reason"));
    } else {
      const auto found = fields(to_message_pack(), welcome_names, most().depth, "answer");
      const auto or_nil = [](std::string_view one) { return one.empty() ? "\xc0" : one; };
      server_ = {or_nil(found[0]), or_nil(found[1]), notes()};
      state_ = state::open;
      return event::accepted;
    }
    return event::refused;
  } catch (const wire::error& e) {
    close(refused ? refusal::none : e.why(), refused ? unclear : e.what());
    return refused ? event::refused : event::closed;
  }
}

client_session::event client_session::read_reply(const asked& what) {
  const auto fail = [&](refusal why, const std::string& reason) {
    close(why, reason);
    return event::closed;
  };
  if (head().sequence != what.sequence)
    return fail(refusal::out_of_range, "an answer to call " + std::to_string(head().sequence) +
                                           ", where one to " + std::to_string(what.sequence) +
                                           " is expected");
  if (head().type == message_type::ping) return event::pong;
  if (head().serializer != what.serializer)
    return fail(refusal::unknown_enumerator,
                "an answer in serializer " + std::to_string(head().serializer) + " to a call in " +
                    std::to_string(what.serializer));
  reply_.is = head().has(flag::exception) ? reply::kind::exception : reply::kind::result;
  reply_.sequence = head().sequence;
  reply_.flags = head().flags;
  reply_.payload = reply_.text = {};
  reply_.notes = notes();
  read_correlation(reply_.correlation);
  if (head().has(flag::stream)) {  // an exception as well, for old clients
    const auto id = notes().find("STRM");
    if (!id || id->empty())
      return fail(refusal::missing_field, "the server does not let items follow one by one");
    reply_.is = reply::kind::stream;
    reply_.text = *id;
    return event::replied;
  }
  try {
    reply_.payload = to_message_pack();
  } catch (const wire::error& e) {
    text_ = e.what();
    reply_.is = reply::kind::unreadable;
    reply_.text = text_;
  }
  return event::replied;
}

}  // namespace gof::inline v0::pyro
