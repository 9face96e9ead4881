// SPDX-License-Identifier: BSL-1.0
#pragma once
// The objects of a server, and what a session with a client comes to, however its bytes come.
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <typeindex>
#include <unordered_map>
#include <utility>

#include <gof/pyro/server.hpp>
#include <gof/pyro/session.hpp>

namespace gof::inline v0::pyro::detail {

// Text that cannot be guessed.
std::string secret_text();
// HMAC-SHA256, in hexadecimal.
std::string keyed_digest(std::string_view key, std::string_view text);
// What a client reads that is refused before it has said anything.
std::string refusal_of(std::string_view why);
// Whether a host is this machine by its very name: a name server may say anything of others.
bool is_this_machine(std::string_view host);
// Throws refused for what is neither secured nor on this machine, unless that is wanted.
void check(const serving& how);

// Answers a call after the function that was called has returned, for a server with one thread, in
// that thread.
class late_answer {
 public:
  // MessagePack; the first one counts.
  void operator()(std::string what) {
    if (!what_) what_ = std::move(what);
    if (const auto told = std::exchange(ready_, nullptr)) told();
  }
  [[nodiscard]] std::optional<std::string>& what() noexcept { return what_; }
  // Calls it when there is an answer, or now.
  void when_ready(std::function<void()> f) {
    if (what_) return f();
    ready_ = std::move(f);
  }

 private:
  std::optional<std::string> what_;
  std::function<void()> ready_;
};
// For a function that is being called: what it returns is lost, and it is answered by this.
std::shared_ptr<late_answer> answer_later();
// For the same: what is kept as long as the connection.
std::shared_ptr<void>& kept_with_connection();

class registry : public exchange, public std::enable_shared_from_this<registry> {
 public:
  explicit registry(serving how) : how_(std::move(how)) {}

  uri expose(std::shared_ptr<servant> it, std::string id);
  bool withdraw(const std::string& id);
  [[nodiscard]] uri where(const std::string& id) const;
  void listen_at(std::uint16_t port) noexcept { port_ = port; }
  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }

  value refer(std::shared_ptr<servant> it, const void* same) override;
  std::shared_ptr<remote_object> follow(const value& reference) override;

  // An object while it is used.
  struct exposed {
    explicit exposed(std::shared_ptr<servant> it) : object(std::move(it)) {}
    const std::shared_ptr<servant> object;
    std::atomic<bool> withdrawn = false;
    std::atomic<std::size_t> calls = 0;  // that run; whoever is the last wakes who withdraws it
  };
  // Items of a stream, and the object that makes them.
  struct unread {
    std::shared_ptr<exposed> of;
    item_source next;
  };
  // What is known of a connection: one for each session.
  struct client {
    std::string address, certificate;
    std::map<std::string, unread, std::less<>> streams;  // whose end was not read
    std::shared_ptr<exposed> last;                       // the object called last, and its id
    std::string last_id;
    std::string notes;  // for the answer
    std::shared_ptr<void> kept;
    bool can_wait = false;                // it is served by a loop
    std::shared_ptr<late_answer> answer;  // it waits for this
  };
  // Does what a session says next, until it needs more bytes, is over, waits for an answer, or has
  // said so much that it is time to send. Returns whether it can go on at once.
  bool step(server_session& with, client& of);
  void tell(event::kind what, std::string text) const noexcept;
  // Tells that a client's connection ends with the exception that is being handled.
  void tell_of_end(const std::string& address) const;

  [[nodiscard]] const serving& how() const noexcept { return how_; }

 private:
  class use;  // an object is used for as long as it lives
  std::shared_ptr<exposed> find(std::string_view id, client& of);
  void greet(server_session& with, client& of);
  void invoke(server_session& with, client& of);
  item_source call(exposed& it, std::string_view method, const servant::given& with,
                   std::string& out);
  // Sends what it waits for. Returns whether that is known.
  bool answer_now(server_session& with, client& of);
  // Sends what is being handled.
  void answer_exception(server_session& with, client& of);
  void call_all(exposed& it, std::string_view calls, std::string& out);
  // What a server can do itself, by the name of Pyro.Daemon.
  void serve_itself(std::string_view method, std::string_view arguments, client& of,
                    std::string& out);
  void write_members(std::string_view id, std::string& out, client& of);

  const serving how_;
  std::uint16_t port_ = 0;
  mutable std::mutex guard_;
  std::condition_variable idle_;
  std::unordered_map<std::string, std::shared_ptr<exposed>> objects_;
  // The ids of those that crossed by reference: an object, and which of its interfaces.
  std::map<std::pair<const void*, std::type_index>, std::string> referred_;
};

}  // namespace gof::inline v0::pyro::detail
