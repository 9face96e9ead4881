// SPDX-License-Identifier: BSL-1.0
#include <gof/pyro/object.hpp>

#include <algorithm>
#include <chrono>
#include <tuple>

#include <gof/pyro/name_server.hpp>

#include "socket.hpp"

namespace gof::inline v0::pyro {
namespace {

using clock = std::chrono::steady_clock;

// Where there is no server of ours. What it is told of is called as the one that told of it; but
// who we are is nobody else's business.
class without_server final : public exchange {
 public:
  without_server(uri teller, calling how) : teller_(std::move(teller)), how_(std::move(how)) {}
  value refer(std::shared_ptr<servant>, const void*) override {
    throw failure({errc::refused,
                   "an object of ours that is to be called back needs a server: set calling::by to "
                   "the references() of one",
                   {}});
  }
  std::shared_ptr<remote_object> follow(const value& reference) override {
    uri to = detail::where_to(reference);
    calling how = how_;
    if (to.host != teller_.host || to.port != teller_.port) {
      how.handshake = calling().handshake;
      how.proves = {};
    }
    return std::make_shared<remote_object>(std::move(to), std::move(how));
  }

 private:
  const uri teller_;
  const calling how_;
};
}  // namespace

namespace detail {

uri where_to(const value& reference) {
  const value* const kind = reference.find("__class__");
  const value* const state = reference.find("state");
  if (!kind || *kind != value("Pyro5.client.Proxy") || !state)
    throw type_error("this is no reference to an object");
  const list* const parts = state->is<list>()    ? &state->as<list>()
                            : state->is<tuple>() ? &state->as<tuple>().items
                                                 : nullptr;
  if (!parts || parts->empty() || !parts->front().is<std::string>())
    throw type_error("this reference says not where the object is");
  return uri(parts->front().as<std::string>());
}
value reference_to(const uri& to, const servant::listing& members) {
  const auto names = [](const std::vector<std::string>& all) {
    list it;
    for (const std::string& one : all) it.emplace_back(one);
    return value(std::move(it));
  };
  list state;
  state.emplace_back(to.text());
  for (const auto* all : {&members.one_way, &members.methods, &members.attributes})
    state.push_back(names(*all));
  state.emplace_back("hello");
  state.emplace_back("msgpack");  // what its calls are to be made in
  dict it;
  it.emplace_back(value("__class__"), value("Pyro5.client.Proxy"));
  it.emplace_back(value("state"), value(std::move(state)));
  return value(std::move(it));
}

struct connection::link {
  link(const uri& to, const calling& how, duration most, const tls_context& tls)
      : line(to.host, to.port, most, tls), session(how.most, how.compress) {}
  socket line;
  client_session session;
  clock::time_point used = clock::now();
};

connection::connection(uri to, calling how)
    : asked_(std::move(to)), to_(asked_), how_(std::move(how)) {
  if (!how_.by) how_.by = std::make_shared<without_server>(asked_, how_);
}
connection::~connection() = default;

void connection::disconnect() noexcept { link_.reset(); }

client_session& connection::ready() {
  // One that was not used for a while may be over: better to know before something is sent.
  const clock::time_point now = clock::now();
  patience_ = patience(how_.deadline);
  if (link_ && (link_->session.closed() ||
                (now - link_->used > std::chrono::seconds(1) && link_->line.is_over())))
    disconnect();
  if (!link_) connect();
  link_->used = std::max(link_->used, now);
  return link_->session;
}

void connection::connect() {
  try {
    to_ = asked_.is == uri::kind::object ? asked_ : name_server::resolve(asked_, how_);
    link_ = std::make_unique<link>(to_, how_, patience_, make_tls(how_.tls, false));
    std::string shown;
    encode_to(shown, how_.proves ? how_.proves() : how_.handshake, serializer::msgpack);
    client_session& it = link_->session;
    it.connect(to_.object, shown, how_.speaks);
    send();
    if (wait() == client_session::event::refused)
      throw failure({it.reason() == "unknown object" ? errc::nobody_there : errc::denied,
                     to_.text() + ": " + it.reason(),
                     {}});
    const auto meta = it.server().meta;
    if (meta.size() > 1) {
      const auto decoded = decode(meta, serializer::msgpack);
      const auto names = [&](const char* which) {
        std::vector<std::string> found;
        const value* const them = decoded.find(which);
        if (them && them->is<list>())
          for (const value& one : them->as<list>())
            if (one.is<std::string>()) found.push_back(one.as<std::string>());
        return found;
      };
      members_ = {names("methods"), names("oneway"), names("attrs")};
    }
  } catch (const wire::error& e) {
    disconnect();
    throw failure({errc::unavailable, to_.text() + " cannot be understood: " + e.what(), {}});
  } catch (const failure& e) {
    disconnect();
    if (e.result() != outcome::unknown) throw;
    throw failure({errc::unavailable, to_.text() + ": " + e.reason().text(), {}});  // nothing ran
  } catch (...) {
    disconnect();
    throw;
  }
}

void connection::send() {
  try {
    client_session& it = link_->session;
    const std::size_t size = it.output().size();
    link_->line.write(it.output(), patience_);
    it.sent(size);
  } catch (...) {
    disconnect();
    throw;
  }
}

client_session::event connection::wait() {
  client_session& it = link_->session;
  duration left = patience_;
  const clock::time_point end =
      link_->used + std::min<duration>(left, std::chrono::hours(24 * 365));
  try {
    for (;;) {
      const auto what = it.next();
      if (what == client_session::event::closed)
        throw failure(
            {errc::closed, to_.text() + " does not answer as Pyro does: " + it.reason(), {}});
      if (what != client_session::event::none) return what;
      if (left <= duration::zero()) throw failure({errc::deadline, to_.text(), {}});
      const std::size_t n =
          link_->line.read(it.room(std::max<std::size_t>(it.missing(), 4096)), left);
      if (n == 0) throw failure({errc::closed, to_.text() + " ended the connection", {}});
      it.received(n);
      if (it.missing() > 0) left = end - clock::now();
    }
  } catch (...) {
    disconnect();
    throw;
  }
}

const client_session::reply& connection::answered() {
  using enum client_session::reply::kind;
  send();
  wait();
  const client_session::reply& it = link_->session.answer();
  if (it.is == exception) {
    remote_exception thrown;
    try {
      thrown = remote_exception::from(decode(it.payload, serializer::msgpack, most()));
    } catch (const wire::error& e) {
      throw failure(
          {errc::failed_there, std::string("what it threw cannot be read: ") + e.what(), {}});
    }
    if (thrown.kind == "Pyro5.errors.SerializeError" || thrown.kind == "Pyro5.errors.SecurityError")
      disconnect();  // as Pyro does now
    std::move(thrown).raise();
  }
  if (it.is == unreadable)
    throw failure(
        {errc::failed_there, "it ran, and its answer cannot be read: " + std::string(it.text), {}});
  return it;
}

}  // namespace detail

uri remote_object::where() const {
  const auto mine = connection_->turn();
  return connection_->where();
}
servant::listing remote_object::members() {
  const auto mine = connection_->turn();
  static_cast<void>(connection_->ready());
  return connection_->members();
}
value remote_object::reference() const {
  const auto mine = connection_->turn();
  return detail::reference_to(connection_->where(), connection_->members());
}
void remote_object::disconnect() noexcept {
  try {
    const auto mine = connection_->turn();
    connection_->disconnect();
  } catch (const failure&) {  // somebody calls all the time: there is no need to connect again
  }
}

remote_object::item_reader::~item_reader() {
  if (!on_ || id_.empty()) return;
  try {
    const auto mine = on_->turn();
    if (on_->is_connected()) {
      ask(flag::one_way, "close_stream");
      on_->send();
    }
  } catch (...) {  // then the server finds out when the connection ends
  }
}
void remote_object::item_reader::ask(std::uint16_t flags, std::string_view what) {
  on_->ready().invoke(
      {.object = "Pyro.Daemon", .method = what, .flags = flags, .encoding = on_->how().speaks},
      [&](std::string& out) { wire::encode_to(out, std::tuple(std::string_view(id_))); });
}
const client_session::reply* remote_object::item_reader::next() {
  if (id_.empty()) return nullptr;
  try {
    ask(0, "get_next_stream_item");
    return &on_->answered();
  } catch (const remote_exception& e) {
    id_.clear();
    if (e.kind == "builtins.StopIteration" || e.kind == "StopIteration") return nullptr;
    throw;
  } catch (...) {
    id_.clear();
    throw;
  }
}

std::shared_ptr<detail::batch_results> remote_object::batch::fresh() const {
  auto it = std::make_shared<detail::batch_results>();
  it->on = connection_;
  return it;
}
std::shared_ptr<detail::batch_results> remote_object::batch::invoke(std::uint16_t flags) {
  auto& on = *connection_;
  client_session& it = on.ready();
  const detail::context_sent belongs = detail::context_to_send();
  it.invoke({.object = on.where().object,
             .method = "<batch>",
             .flags = static_cast<std::uint16_t>(flags | flag::batch),
             .encoding = on.how().speaks,
             .chunks = belongs.chunks,
             .correlation = belongs.correlation},
            [&](std::string& out) {
              out += '\xdd';
              for (int bits = 24; bits >= 0; bits -= 8) out += static_cast<char>(size_ >> bits);
              out += calls_;
            });
  calls_.clear();
  size_ = 0;
  return std::exchange(results_, fresh());
}
void remote_object::batch::send() {
  const auto mine = connection_->turn();
  const auto results = invoke(0);
  const auto& it = connection_->answered();
  for (wire::raw& one : wire::decode<std::vector<wire::raw>>(it.payload, connection_->most())) {
    results->all.emplace_back();
    if (one.bytes.size() > 1 && (one.bytes[0] & '\xf0') == '\x80') {  // a map: what was thrown?
      const value what = decode(one.bytes, serializer::msgpack);
      const value* const kind = what.find("__class__");
      const value* const thrown = what.find("exception");
      if (kind && thrown && *kind == value("Pyro5.core._ExceptionWrapper")) {
        results->all.back().thrown = remote_exception::from(*thrown);
        continue;
      }
    }
    results->all.back().result = std::move(one);
  }
}
void remote_object::batch::send_one_way() {
  const auto mine = connection_->turn();
  static_cast<void>(invoke(flag::one_way));
  connection_->send();
}

}  // namespace gof::inline v0::pyro
