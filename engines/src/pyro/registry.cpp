// SPDX-License-Identifier: BSL-1.0
#include "registry.hpp"

#include <arpa/inet.h>
#include <sys/random.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <exception>
#include <stdexcept>
#include <tuple>
#include <utility>
#include <vector>

#include <gof/pyro/object.hpp>
#include <gof/wire.hpp>

namespace gof::inline v0::pyro::detail {
namespace {

constexpr std::string_view itself = "Pyro.Daemon";
constexpr std::size_t most_references = 10'000;
constexpr std::size_t enough_to_send = 64 << 10;

remote_exception pyro_error(std::string kind, std::string text) {
  remote_exception it;
  it.kind = "Pyro5.errors." + std::move(kind);
  it.arguments.emplace_back(std::move(text));
  return it;
}
void array_of(std::string& out, std::size_t n) {
  out += '\xdd';
  for (int bits = 24; bits >= 0; bits -= 8) out += static_cast<char>(n >> bits);
}
// What the arguments are, which the session has found to be MessagePack within its limits.
template <class T>
T given(std::string_view arguments) {
  try {
    return wire::decode<T>(arguments, unlimited);
  } catch (const wire::error& e) {
    throw type_error(std::string("these are not the arguments that it takes: ") + e.what());
  }
}
thread_local const circumstances* called = nullptr;
thread_local registry::client* calling_client = nullptr;
}  // namespace

std::shared_ptr<late_answer> answer_later() {
  if (!calling_client || !calling_client->can_wait)
    throw std::logic_error("gof::pyro: only a server with one thread answers later");
  calling_client->answer = std::make_shared<late_answer>();
  return calling_client->answer;
}
std::shared_ptr<void>& kept_with_connection() { return calling_client->kept; }

bool is_this_machine(std::string_view host) {
  in_addr number{};
  return host == "localhost" || host == "::1" ||
         (host.starts_with("127.") &&
          ::inet_pton(AF_INET, std::string(host).c_str(), &number) == 1);
}

std::string shortened(std::string_view name) {
  std::size_t n = std::min<std::size_t>(name.size(), 100);
  while (n < name.size() && n > 0 && (name[n] & '\xc0') == '\x80') --n;  // whole characters
  return std::string(name.substr(0, n));
}

std::string refusal_of(std::string_view why) {
  std::string text;
  append_marshal(text, why);
  header h;
  h.type = message_type::connect_fail;
  h.serializer = static_cast<std::uint8_t>(serializer::marshal);
  h.payload = static_cast<std::uint32_t>(text.size());
  std::string all(header::size, '\0');
  write(h, all.data());
  return all + text;
}

std::shared_ptr<turns> turns_of(const void* object, const std::type_info& type) {
  static std::mutex guard;
  static std::map<std::pair<const void*, std::type_index>, std::weak_ptr<turns>> all;
  static std::size_t many = 64;
  const std::lock_guard lock(guard);
  if (all.size() >= many) {
    std::erase_if(all, [](const auto& one) { return one.second.expired(); });
    many = 2 * all.size() + 64;
  }
  std::weak_ptr<turns>& known = all[{object, type}];
  std::shared_ptr<turns> them = known.lock();
  if (!them) known = them = std::make_shared<turns>();
  return them;
}

std::string secret_text() {
  std::array<unsigned char, 16> bytes{};
  for (std::size_t got = 0; got < bytes.size();) {
    const auto n = ::getrandom(bytes.data() + got, bytes.size() - got, 0);
    if (n > 0) got += static_cast<std::size_t>(n);
  }
  std::string text;
  for (const unsigned char byte : bytes) {
    text += "0123456789abcdef"[byte >> 4];
    text += "0123456789abcdef"[byte & 15];
  }
  return text;
}

// Held while an object is called, so that it is not gone before it has answered.
class registry::use {
 public:
  // It is counted before it is looked at, and withdraw() does both the other way round: one of the
  // two sees the other.
  use(registry& in, exposed& it) : in_(in), it_(it) {
    ++it_.calls;
    if (!it_.withdrawn) return;
    give_back();
    throw pyro_error("DaemonError", "unknown object");
  }
  use(const use&) = delete;
  use& operator=(const use&) = delete;
  ~use() { give_back(); }

 private:
  void give_back() {
    if (--it_.calls > 0 || !it_.withdrawn) return;
    const std::lock_guard lock(in_.guard_);
    in_.idle_.notify_all();
  }

  registry& in_;
  exposed& it_;
};

uri registry::where(const std::string& id) const {
  return {id, how_.known_as.empty() ? how_.host : how_.known_as, port_};
}

uri registry::expose(std::shared_ptr<servant> it, std::string id) {
  if (id.empty()) id = "obj_" + secret_text();
  const uri place(where(id).text());  // which throws where the id is none
  const std::lock_guard lock(guard_);
  if (id == itself || !objects_.try_emplace(id, std::make_shared<exposed>(std::move(it))).second)
    throw failure({errc::conflict, "there is an object \"" + id + "\" already", {}});
  return place;
}

bool registry::withdraw(const std::string& id) {
  std::unique_lock lock(guard_);
  const auto found = objects_.find(id);
  if (found == objects_.end()) return false;
  const std::shared_ptr<exposed> it = found->second;
  objects_.erase(found);
  std::erase_if(referred_, [&](const auto& one) { return one.second == id; });
  it->withdrawn = true;
  if (!idle_.wait_for(lock, default_deadline, [&] { return it->calls == 0; }))
    throw failure({errc::deadline, "\"" + id + "\" is withdrawn, but is still being called", {}});
  return true;
}

value registry::refer(std::shared_ptr<servant> it, const void* same) {
  const std::lock_guard lock(guard_);
  const auto& servant = *it;
  const auto key = std::pair(same, std::type_index(typeid(servant)));
  auto found = referred_.find(key);
  if (found == referred_.end()) {
    if (referred_.size() >= most_references)
      throw failure({errc::overloaded, "too many references; withdraw() those of no use", {}});
    found = referred_.emplace(key, "obj_" + secret_text()).first;
    objects_.emplace(found->second, std::make_shared<exposed>(it));
  }
  return reference_to(where(found->second), it->members());
}

std::shared_ptr<remote_object> registry::follow(const value& reference) {
  const uri to = where_to(reference);
  const bool may = how_.follow ? how_.follow(to)
                               : to.is == uri::kind::object && is_this_machine(how_.host) &&
                                     is_this_machine(to.host);
  if (!may)
    throw failure(
        {errc::denied, to.text() + " is not called from here: serving::follow says where", {}});
  calling how;
  how.tls = how_.tls;
  how.most = how_.most.messages;
  how.by = std::static_pointer_cast<exchange>(shared_from_this());
  return std::make_shared<remote_object>(to, std::move(how));
}

void registry::tell(event::kind what, std::string text) const noexcept {
  try {
    if (how_.on_event) how_.on_event({what, std::move(text)});
  } catch (...) {  // who listens has nobody to tell
  }
}

void registry::tell_of_end(const std::string& address) const {
  try {
    throw;
  } catch (const failure& e) {
    const errc why = e.reason().why;
    tell(why == errc::closed     ? event::kind::lost
         : why == errc::deadline ? event::kind::slow
                                 : event::kind::refused,
         address + ": " + e.what());
  } catch (...) {
    tell(event::kind::dropped, address + ": " + being_handled().words());
  }
}

std::shared_ptr<registry::exposed> registry::find(std::string_view id, client& of) {
  if (of.last && of.last_id == id && !of.last->withdrawn) return of.last;
  const std::lock_guard lock(guard_);
  of.last_id = id;
  const auto found = objects_.find(of.last_id);
  of.last = found == objects_.end() ? nullptr : found->second;
  return of.last;
}

bool registry::step(server_session& with, client& of) {
  if (of.answer && !answer_now(with, of)) return false;
  while (with.output().size() < enough_to_send) {
    switch (with.next()) {
      case server_session::event::none:
        return false;
      case server_session::event::closed:
        return false;
      case server_session::event::connect:
        greet(with, of);
        break;
      case server_session::event::invoke:
        invoke(with, of);
        if (of.answer && !answer_now(with, of)) return false;
        break;
    }
  }
  return true;
}

void registry::greet(server_session& with, client& of) {
  const auto& it = with.client();
  if (it.object != itself && !find(it.object, of)) return with.refuse("unknown object");
  try {
    value answer("hello");
    if (how_.admit)
      answer = how_.admit({of.address, of.certificate, std::string(it.object),
                           decode(it.handshake, serializer::msgpack)});
    std::string handshake, meta;
    encode_to(handshake, answer, serializer::msgpack);
    write_members(it.object, meta, of);
    with.accept(handshake, meta);
  } catch (...) {  // a remote_exception is not always an std::exception
    const std::string why = being_handled().words();
    tell(event::kind::refused, of.address + " is not let in: " + why);
    with.refuse(why);
  }
}

void registry::write_members(std::string_view id, std::string& out, client& of) {
  servant::listing all;
  if (id == itself) {
    all.methods = {"ping",         "registered",           "info",
                   "get_metadata", "get_next_stream_item", "close_stream"};
    all.one_way = {"close_stream"};
  } else {
    const auto it = find(id, of);
    if (!it) throw pyro_error("DaemonError", "unknown object");
    all = it->object->members();
  }
  using names = std::vector<std::string>;
  wire::encode_to(
      out, std::map<std::string, names>{
               {"methods", all.methods}, {"oneway", all.one_way}, {"attrs", all.attributes}});
}

void registry::invoke(server_session& with, client& of) {
  const auto& it = with.request();
  of.notes.clear();
  const circumstances now{of.address, of.certificate, it.notes, it.correlation, of.notes};
  struct after {
    const circumstances* outer;
    client* outer_client;
    ~after() {
      called = outer;
      calling_client = outer_client;
    }
  } mark{std::exchange(called, &now), std::exchange(calling_client, &of)};
  const context_scope belongs(context_of(it.notes, it.correlation));
  try {
    if (it.object == itself) {
      if (it.batch()) throw type_error("no batch of these");
      with.result([&](std::string& out) { serve_itself(it.method, it.arguments, of, out); });
      return;
    }
    const std::shared_ptr<exposed> object = find(it.object, of);
    if (!object) throw pyro_error("DaemonError", "unknown object");
    const use while_called(*this, *object);
    item_source items;
    std::string noted;  // annotations come first: with some, the result has to wait for them
    const bool answered = with.result([&](std::string& out) {
      const std::size_t begin = out.size();
      if (it.batch())
        call_all(*object, it.arguments, out);
      else
        items = call(*object, it.method, {it.arguments, it.named}, out);
      if (it.one_way() || it.batch()) of.answer.reset();  // nobody waits for it
      if (of.answer) return false;
      if (!items && !of.notes.empty()) noted = out.substr(begin);
      return it.one_way() || (!items && noted.empty());
    });
    if (answered || of.answer) return;
    if (!items) {
      with.result([&](std::string& out) { out += noted; }, of.notes);
      return;
    }
    if (of.streams.size() >= how_.most.streams)
      throw failure({errc::overloaded, "too many streams that were not read to their end", {}});
    const std::string id = secret_text();
    with.stream(id, of.notes);
    of.streams.emplace(id, unread{object, std::move(items)});
  } catch (...) {
    answer_exception(with, of);
  }
}

bool registry::answer_now(server_session& with, client& of) {
  auto& what = of.answer->what();
  if (!what) return false;
  const auto content = std::exchange(what, {});
  of.answer.reset();
  try {
    with.result([&](std::string& out) {
      out += *content;
      return true;
    });
  } catch (...) {
    answer_exception(with, of);
  }
  return true;
}

void registry::answer_exception(server_session& with, client& of) {
  of.answer.reset();
  const remote_exception what = being_handled();
  const auto append = [&](std::string& out) {
    encode_to(out, what.to_value(), serializer::msgpack);
  };
  try {
    with.exception(append, of.notes);
  } catch (const wire::error& e) {  // what was thrown is too large, or no text
    with.exception("Pyro5.errors.PyroError",
                   std::string("what it threw cannot be sent: ") + e.what());
  }
}

item_source registry::call(exposed& it, std::string_view method, const servant::given& with,
                           std::string& out) {
  using enum servant::use;
  servant& object = *it.object;
  if (method == "__getattr__") {
    const auto [name] = given<std::tuple<std::string>>(with.places);
    return object.invoke(get, name, {}, out, *this);
  }
  if (method == "__setattr__") {
    const auto [name, to] = given<std::tuple<std::string, wire::raw>>(with.places);
    return object.invoke(set, name, {'\x91' + to.bytes}, out, *this);
  }
  return object.invoke(servant::use::call, method, with, out, *this);
}

void registry::call_all(exposed& it, std::string_view calls, std::string& out) {
  using one = std::tuple<std::string, wire::raw, wire::raw>;
  const auto all = given<std::vector<one>>(calls);
  const auto& known = it.object->members().methods;
  for (const auto& [method, places, names] : all)
    if (std::find(known.begin(), known.end(), method) == known.end())
      throw attribute_error("there is no " + shortened(method) + " here; none of them ran");
  const std::size_t begin = out.size();
  array_of(out, 0);
  std::uint32_t ran = 0;
  for (const auto& [method, places, names] : all) {
    const std::size_t before = out.size();
    ++ran;
    try {
      if (call(it, method, {places.bytes, names.bytes}, out))
        throw type_error(method + " returns a stream of items, which a batch cannot");
    } catch (...) {
      out.resize(before);
      dict wrapped;
      wrapped.emplace_back(value("__class__"), value("Pyro5.core._ExceptionWrapper"));
      wrapped.emplace_back(value("exception"), being_handled().to_value());
      encode_to(out, value(std::move(wrapped)), serializer::msgpack);
      break;
    }
  }
  std::string header;
  array_of(header, ran);
  out.replace(begin, header.size(), header);
}

void registry::serve_itself(std::string_view method, std::string_view arguments, client& of,
                            std::string& out) {
  const auto id = [&] { return std::get<0>(given<std::tuple<std::string>>(arguments)); };
  if (method == "get_next_stream_item") {
    const auto found = of.streams.find(id());
    if (found == of.streams.end()) throw pyro_error("PyroError", "item stream terminated");
    struct last {  // unless there is an item
      client& of;
      decltype(found) it;
      bool goes_on = false;
      ~last() {
        if (!goes_on) of.streams.erase(it);
      }
    } mark{of, found};
    const use while_called(*this, *found->second.of);
    mark.goes_on = found->second.next(out);
    if (mark.goes_on) return;
    remote_exception end;
    end.kind = "builtins.StopIteration";
    throw end;
  }
  if (method == "close_stream") {
    of.streams.erase(id());
    out += '\xc0';
  } else if (method == "get_metadata") {
    write_members(id(), out, of);
  } else if (method == "ping") {
    out += '\xc0';
  } else if (method == "registered" && how_.tells_objects) {
    std::vector<std::string> all{std::string(itself)};
    const std::lock_guard lock(guard_);
    for (const auto& [name, object] : objects_) all.push_back(name);
    wire::encode_to(out, all);
  } else if (method == "info" && how_.tells_objects) {
    wire::encode_to(out, "gof at " + where(std::string(itself)).text());
  } else {
    throw attribute_error("a server of gof does not tell this");
  }
}

}  // namespace gof::inline v0::pyro::detail

namespace gof::inline v0::pyro {
const circumstances* being_called() noexcept { return detail::called; }
}  // namespace gof::inline v0::pyro
