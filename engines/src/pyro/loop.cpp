// SPDX-License-Identifier: BSL-1.0
#include "loop.hpp"

#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cerrno>
#include <chrono>
#include <exception>
#include <map>
#include <string>
#include <thread>
#include <utility>

#include <gof/pyro/session.hpp>

#include "line.hpp"

namespace gof::inline v0::pyro::detail {
namespace {

using clock = std::chrono::steady_clock;
using executor = asio::io_context::executor_type;

constexpr std::size_t usual_room = 16 << 10;
constexpr duration longest = std::chrono::hours(24 * 365);
// A call that takes longer than this holds up all others, and is not held against them.
constexpr duration noticeable = std::chrono::milliseconds(10);

}  // namespace

class loop::core {
 public:
  core(std::shared_ptr<registry> objects, tls_context tls, listener& at,
       std::shared_ptr<asio::io_context> in)
      : objects_(std::move(objects)),
        tls_(std::move(tls)),
        ours_(!in),
        shared_(in ? std::move(in)  // only one thread does I/O in it
                   : std::make_shared<asio::io_context>(BOOST_ASIO_CONCURRENCY_HINT_UNSAFE_IO)),
        io_(*shared_),
        listener_(io_, at.number()),
        pause_(io_) {
    accept();
    if (ours_) thread_ = std::thread([this] { io_.run(); });
  }
  core(const core&) = delete;
  core& operator=(const core&) = delete;
  ~core() {
    if (ours_) {
      io_.stop();
      thread_.join();
    }
    listener_.release();  // it is not ours
  }
  [[nodiscard]] std::size_t connections() const noexcept { return connections_; }

 private:
  class client;
  [[nodiscard]] const serving& how() const noexcept { return objects_->how(); }
  // What time it is for clients: it stands still while a call holds them up.
  [[nodiscard]] clock::time_point now() const noexcept { return clock::now() - held_up_; }

  void accept() {
    listener_.async_wait(asio::posix::stream_descriptor::wait_read, [this](error_code why) {
      if (why == asio::error::operation_aborted) return;
      for (int i = 0; i < 64 && !why; ++i) why = accept_one();
      // Where there are too many files open, it is of no use to ask again at once.
      if (!why || why == asio::error::would_block) return accept();
      pause_.expires_after(std::chrono::milliseconds(20));
      pause_.async_wait([this](error_code aborted) {
        if (!aborted) accept();
      });
    });
  }
  error_code accept_one() {
    sockaddr_storage from{};
    socklen_t size = sizeof from;
    file_descriptor fd(::accept4(listener_.native_handle(), reinterpret_cast<sockaddr*>(&from),
                                 &size, SOCK_CLOEXEC | SOCK_NONBLOCK));
    const int why = errno;
    if (*fd < 0) {
      if (why == ECONNABORTED || why == EINTR) return {};
      return {why, boost::system::system_category()};
    }
    try {
      admit(std::move(fd), from.ss_family == AF_INET6);
    } catch (const std::exception& e) {  // no memory
      objects_->tell(event::kind::dropped,
                     std::string("a client could not be served: ") + e.what());
    }
    return {};
  }
  void admit(file_descriptor fd, bool v6);

  const std::shared_ptr<registry> objects_;
  const tls_context tls_;
  duration held_up_{};
  std::map<std::string, std::size_t> each_;  // how many of an address
  std::atomic<std::size_t> connections_ = 0;
  const bool ours_;
  const std::shared_ptr<asio::io_context> shared_;
  asio::io_context& io_;
  asio::posix::stream_descriptor listener_;
  asio::steady_timer pause_;
  std::thread thread_;
};

// One at a time of: a read, a write, what follows from them. So a client that does not take its
// answers is not read from, and no more than a little and one message waits to be sent to it.
class loop::core::client : public std::enable_shared_from_this<client> {
  [[nodiscard]] const serving_limits& most() const noexcept { return in_.how().most; }
  [[noreturn]] static void fail(errc why, std::string text) {
    throw failure({why, std::move(text), {}});
  }
  // Does it, and ends the connection where it throws.
  template <class F>
  void guarded(const F& what) {
    try {
      what();
    } catch (...) {
      in_.objects_->tell_of_end(state_.address);
      leave();
    }
  }
  // Does it so when something has come of what was begun.
  template <class F>
  auto bound(F what) {
    return [self = shared_from_this(), what](auto... came) {
      if (self->over_) return;
      self->guarded([&] { what(came...); });
    };
  }

 public:
  client(core& in, file_descriptor fd, bool v6)
      : in_(in), line_(in.io_.get_executor()), timer_(in.io_), session_(in.how().most.messages) {
    line_.socket.assign(v6 ? asio::ip::tcp::v6() : asio::ip::tcp::v4(), *fd);
    fd.release();
    line_.open();
    error_code ignored;
    state_.can_wait = true;
    state_.address = line_.socket.remote_endpoint(ignored).address().to_string(ignored);
  }
  client(const client&) = delete;
  client& operator=(const client&) = delete;
  ~client() { leave(); }

  [[nodiscard]] const std::string& address() const noexcept { return state_.address; }
  // As far as it goes at once; what came is read, or the other side would lose what it is told.
  void say_and_forget(std::string_view all) {
    error_code ignored;
    line_.write_now(all, ignored);
    line_.socket.shutdown(asio::socket_base::shutdown_send, ignored);
    char came[4096];
    line_.socket.read_some(asio::buffer(came), ignored);
  }
  void begin() {
    ++in_.connections_;
    ++in_.each_[state_.address];
    counted_ = true;
    greeted_by_ = in_.now() + std::min(most().handshake, longest);
    guarded([this] {
      watch(greeted_by_);
      if (!in_.tls_) return read(in_.now());
      line_.shake_hands(in_.tls_, nullptr, bound([this](error_code why) {
                          if (why) fail(errc::denied, "no TLS connection: " + why.message());
                          secured_ = true;
                          state_.certificate = line_.certificate();
                          read(in_.now());
                        }));
    });
  }

 private:
  // What came is looked at, and answered.
  void go_on() {
    const clock::time_point before = clock::now();
    const bool more = in_.objects_->step(session_, state_);
    clock::time_point after = clock::now();
    if (after - before > noticeable) in_.held_up_ += after - before;
    after -= in_.held_up_;

    const std::string_view out = session_.output();
    if (out.empty()) {
      if (greeted_) acknowledge();  // nothing is said that would say so
      return answered(more, after);
    }
    greeted_ = true;
    error_code why;
    session_.sent(line_.write_now(out, why));
    if (why) fail(errc::closed, "the connection broke: " + why.message());
    const std::string_view rest = session_.output();
    if (rest.empty()) return answered(more, after);
    watch(after + std::min(most().answer, longest));
    line_.write(rest, bound([this, more](error_code wrong, std::size_t n) {
                  if (wrong) fail(errc::closed, "the connection broke: " + wrong.message());
                  session_.sent(n);
                  answered(more, in_.now());
                }));
  }
  void answered(bool more, clock::time_point now) {
    if (session_.closed()) return end();
    if (state_.answer) return wait(now);
    if (!more) return read(now);
    // The others first.
    asio::post(in_.io_, bound([this] { go_on(); }));
  }
  // For what the object answers later.
  void wait(clock::time_point now) {
    watch(now + std::min(most().idle, longest));
    state_.answer->when_ready([weak = weak_from_this()] {
      if (const auto self = weak.lock())
        asio::post(self->in_.io_, self->bound([it = self.get()] { it->go_on(); }));
    });
  }
  void read(clock::time_point now) {
    if (!greeted_) {
      watch(greeted_by_);
    } else if (session_.missing() > 0) {
      if (since_ == clock::time_point{}) since_ = now;
      watch(std::min(since_ + std::min(most().message, longest),
                     now + std::min(most().idle, longest)));
    } else {
      since_ = {};
      session_.shrink();
      watch(now + std::min(most().idle, longest));
    }
    if (until_ <= now) fail(errc::deadline, "too slow");
    line_.read(session_.room(std::max(session_.missing(), usual_room)),
               bound([this](error_code why, std::size_t n) {
                 if (why && (why == asio::error::eof || why == asio::ssl::error::stream_truncated))
                   return leave();
                 if (why) fail(errc::closed, "the connection broke: " + why.message());
                 session_.received(n);
                 // Who goes on sending may take a second more for so many bytes.
                 if (since_ != clock::time_point{})
                   since_ += std::chrono::nanoseconds(
                       n * 1'000'000'000 / std::max<std::size_t>(most().bytes_per_second, 1));
                 go_on();
               }));
  }
  void acknowledge() noexcept {
    const int on = 1;
    ::setsockopt(line_.socket.native_handle(), IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
  }

  // Until when something has to come of it. The timer is set only where that is sooner than what it
  // is set to: a busy client does not cost it anything.
  void watch(clock::time_point until) {
    until_ = until;
    if (until_ < armed_) arm();
  }
  void arm() {
    armed_ = until_;
    timer_.expires_at(armed_ + in_.held_up_);
    timer_.async_wait([self = shared_from_this()](error_code aborted) {
      if (aborted || self->over_) return;
      self->guarded([&] { self->expired(); });
    });
  }
  void expired() {
    armed_ = clock::time_point::max();
    if (in_.now() < until_) return arm();
    if (ending_) return leave();
    if (in_.tls_ && !secured_) fail(errc::unavailable, "its TLS handshake takes too long");
    fail(errc::deadline, "too slow");
  }

  // What the other side is told has been sent: it is over.
  void end() {
    if (session_.why() != wire::refusal::none)
      in_.objects_->tell(event::kind::refused, state_.address + ": " + session_.reason());
    if (!line_.tls) return leave();
    ending_ = true;  // the other side is told that this is the end, if it can be told soon
    watch(in_.now() + std::chrono::seconds(1));
    line_.tls->async_shutdown(bound([this](error_code) { leave(); }));
  }
  void leave() noexcept {
    if (std::exchange(over_, true)) return;
    timer_.cancel();
    line_.close();
    state_.answer.reset();
    state_.kept.reset();
    if (!counted_) return;
    --in_.connections_;
    const auto same = in_.each_.find(state_.address);
    if (--same->second == 0) in_.each_.erase(same);
  }

  core& in_;
  line<executor> line_;
  asio::steady_timer timer_;
  server_session session_;
  registry::client state_;
  bool counted_ = false, secured_ = false, greeted_ = false, ending_ = false, over_ = false;
  clock::time_point greeted_by_{}, since_{};  // since when the message comes that is coming
  clock::time_point until_ = clock::time_point::max(), armed_ = clock::time_point::max();
};

void loop::core::admit(file_descriptor fd, bool v6) {
  const auto it = std::make_shared<client>(*this, std::move(fd), v6);
  const auto same = each_.find(it->address());
  const char* const why = connections_ >= how().most.connections ? "too many clients"
                          : same != each_.end() && same->second >= how().most.connections_each
                              ? "too many connections of one client"
                              : nullptr;
  if (!why) return it->begin();
  objects_->tell(event::kind::refused, it->address() + ": " + why);
  if (!tls_) it->say_and_forget(refusal_of(why));
}

loop::loop(std::shared_ptr<registry> objects, tls_context tls, listener& at,
           std::shared_ptr<asio::io_context> in)
    : core_(std::make_unique<core>(std::move(objects), std::move(tls), at, std::move(in))) {}
loop::~loop() = default;
std::size_t loop::connections() const noexcept { return core_->connections(); }

}  // namespace gof::inline v0::pyro::detail
