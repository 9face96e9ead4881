// SPDX-License-Identifier: BSL-1.0
#include <gof/pyro/server.hpp>

#include <algorithm>
#include <chrono>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>

#include <gof/pyro/session.hpp>

#include "loop.hpp"
#include "registry.hpp"
#include "socket.hpp"

namespace gof::inline v0::pyro {

using clock = std::chrono::steady_clock;

// A thread that accepts, and one for each client; or one for all.
class server::core {
 public:
  explicit core(serving how)
      : objects_(std::make_shared<detail::registry>(std::move(how))),
        tls_(detail::make_tls(this->how().tls, true)),
        listener_(this->how().host, this->how().port) {
    objects_->listen_at(listener_.port());
    if (this->how().one_thread)
      loop_ = std::make_unique<detail::loop>(objects_, tls_, listener_);
    else
      accepts_ = std::thread([this] { accept(); });
  }
  core(const core&) = delete;
  core& operator=(const core&) = delete;
  ~core() {
    if (loop_) return;
    {
      const std::lock_guard lock(guard_);
      ends_ = true;
      for (client& one : clients_) one.line.shut();
    }
    listener_.shut();
    accepts_.join();
    for (;;) {
      std::unique_lock lock(guard_);
      if (clients_.empty()) break;
      gone_.wait_for(lock, std::chrono::seconds(1));
      lock.unlock();
      bury();
    }
    bury();
  }

  [[nodiscard]] const std::shared_ptr<detail::registry>& objects() const noexcept {
    return objects_;
  }
  [[nodiscard]] std::size_t connections() const {
    if (loop_) return loop_->connections();
    const std::lock_guard lock(guard_);
    return clients_.size();
  }

 private:
  struct client {
    explicit client(detail::file_descriptor fd)
        : line(std::move(fd)), address(line.peer_address()) {}
    detail::socket line;
    std::string address;
    const char* why = nullptr;  // it is not served
    std::thread thread;
  };
  [[nodiscard]] const serving& how() const noexcept { return objects_->how(); }

  void accept() {
    for (;;) {
      detail::file_descriptor fd = listener_.accept(std::chrono::seconds(1));
      bury();
      std::list<client> refused;
      try {
        const std::lock_guard lock(guard_);
        if (ends_) return;
        if (*fd >= 0) admit(std::move(fd), refused);
      } catch (const std::exception& e) {  // no memory, no thread
        objects_->tell(event::kind::dropped,
                       std::string("a client could not be served: ") + e.what());
      }
      for (client& one : refused) {
        objects_->tell(event::kind::refused, one.address + ": " + one.why);
        if (!tls_) one.line.say_and_forget(detail::refusal_of(one.why));
      }
    }
  }
  // With the guard locked.
  void admit(detail::file_descriptor fd, std::list<client>& refused) {
    clients_.emplace_back(std::move(fd));
    const auto it = std::prev(clients_.end());
    std::size_t& same = each_[it->address];
    if (clients_.size() > how().most.connections) it->why = "too many clients";
    if (same >= how().most.connections_each) it->why = "too many connections of one client";
    if (it->why) {
      if (same == 0) each_.erase(it->address);
      refused.splice(refused.end(), clients_, it);
      return;
    }
    ++same;
    try {
      it->thread = std::thread([this, it] { run(it); });
    } catch (...) {
      leave(it);
      throw;
    }
  }
  void run(std::list<client>::iterator it) {
    try {
      serve(*it);
    } catch (...) {
      objects_->tell_of_end(it->address);
    }
    const std::lock_guard lock(guard_);
    it->line.shut();
    if (--each_[it->address] == 0) each_.erase(it->address);
    dead_.splice(dead_.end(), clients_, it);
    gone_.notify_all();
  }
  void leave(std::list<client>::iterator it) {
    if (--each_[it->address] == 0) each_.erase(it->address);
    clients_.erase(it);
  }
  // Ends the threads that have nothing to do any more.
  void bury() {
    std::list<client> done;
    {
      const std::lock_guard lock(guard_);
      done.swap(dead_);
    }
    for (client& one : done) one.thread.join();
  }

  void serve(client& it) {
    const serving_limits& most = how().most;
    const clock::time_point greeted_by = clock::now() + most.handshake;
    if (tls_) it.line.secure(tls_, most.handshake);
    server_session session(most.messages);
    detail::registry::client state;
    state.address = it.address;
    state.certificate = it.line.peer_certificate();
    clock::time_point since{};  // when the message began that is coming
    for (bool greeted = false;;) {
      bool more = true;
      while (more) {
        more = objects_->step(session, state);
        const std::string_view out = session.output();
        if (out.empty()) {
          if (greeted) it.line.acknowledge();  // nothing is said that would say so
          continue;
        }
        it.line.write(out, most.answer);
        session.sent(out.size());
        greeted = true;
      }
      if (session.closed()) {
        if (session.why() != wire::refusal::none)
          objects_->tell(event::kind::refused, it.address + ": " + session.reason());
        return;
      }
      duration left = most.idle;
      if (!greeted) {
        left = greeted_by - clock::now();
      } else if (session.missing() > 0) {
        if (since == clock::time_point{}) since = clock::now();
        left = std::min<duration>(since + most.message - clock::now(), most.idle);
      } else {
        since = {};
        session.shrink();
      }
      if (left <= duration::zero()) throw failure({errc::deadline, "too slow", {}});
      const std::size_t n =
          it.line.read(session.room(std::max<std::size_t>(session.missing(), 4096)), left);
      if (n == 0) return;
      session.received(n);
      // Who goes on sending may take a second more for so many bytes.
      if (since != clock::time_point{})
        since += std::chrono::nanoseconds(n * 1'000'000'000 /
                                          std::max<std::size_t>(most.bytes_per_second, 1));
    }
  }

  const std::shared_ptr<detail::registry> objects_;
  const detail::tls_context tls_;
  detail::listener listener_;
  mutable std::mutex guard_;  // of what follows
  std::condition_variable gone_;
  bool ends_ = false;
  std::list<client> clients_, dead_;
  std::map<std::string, std::size_t> each_;  // how many of an address
  std::thread accepts_;
  std::unique_ptr<detail::loop> loop_;  // which does all of this in one thread
};

void detail::check(const serving& how) {
  if (!is_this_machine(how.host) && !how.tls && !how.insecure)
    throw failure({errc::refused,
                   "whoever reaches " + how.host +
                       " could call the objects: set serving::tls, or say serving::insecure",
                   {}});
}

server::server(serving how) {
  detail::check(how);
  core_ = std::make_shared<core>(std::move(how));
}
server::~server() = default;
uri server::serve(std::shared_ptr<servant> it, std::string id) {
  return core_->objects()->expose(std::move(it), std::move(id));
}
bool server::withdraw(const std::string& id) { return core_->objects()->withdraw(id); }
uri server::where(const std::string& id) const { return core_->objects()->where(id); }
std::uint16_t server::port() const noexcept { return core_->objects()->port(); }
std::size_t server::connections() const { return core_->connections(); }
std::shared_ptr<exchange> server::references() const { return core_->objects(); }

}  // namespace gof::inline v0::pyro
