// SPDX-License-Identifier: BSL-1.0
#pragma once
// A TCP connection, secured or not, for those who wait in a loop of Boost.Asio.
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <cstddef>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "socket.hpp"

namespace gof::inline v0::pyro::detail {

namespace asio = boost::asio;
using boost::system::error_code;

template <class Executor>
class line {
 public:
  using socket_type = asio::basic_stream_socket<asio::ip::tcp, Executor>;
  explicit line(const Executor& on) : socket(on) {}
  line(const line&) = delete;
  line& operator=(const line&) = delete;

  // Once it is connected.
  void open() {
    error_code ignored;
    socket.set_option(asio::ip::tcp::no_delay(true), ignored);
    socket.set_option(asio::socket_base::keep_alive(true), ignored);
    socket.non_blocking(true, ignored);
  }
  // A client's, where a host is given: the other side has to prove that it is that.
  template <class Handler>
  void shake_hands(const tls_context& with, const char* host, Handler done) {
    SSL* const it = SSL_new(with.get());
    if (!it) throw std::bad_alloc();
    tls.emplace(socket, it);  // which frees it
    if (host) expect_host(it, host);
    tls->async_handshake(host ? asio::ssl::stream_base::client : asio::ssl::stream_base::server,
                         std::move(done));
  }
  template <class Handler>
  void read(std::span<std::byte> to, Handler done) {
    const auto room = asio::buffer(to.data(), to.size());
    if (tls)
      tls->async_read_some(room, std::move(done));
    else
      socket.async_read_some(room, std::move(done));
  }
  // Returns how much of it went at once.
  std::size_t write_now(std::string_view all, error_code& why) {
    if (tls) return 0;
    const std::size_t n = socket.write_some(asio::buffer(all.data(), all.size()), why);
    if (!why) return n;
    if (why == asio::error::would_block || why == asio::error::interrupted) why = {};
    return 0;
  }
  // All of it, which has to stay where it is.
  template <class Handler>
  void write(std::string_view all, Handler done) {
    const auto what = asio::buffer(all.data(), all.size());
    if (tls)
      asio::async_write(*tls, what, std::move(done));
    else
      asio::async_write(socket, what, std::move(done));
  }
  void close() noexcept {
    error_code ignored;
    socket.shutdown(asio::socket_base::shutdown_both, ignored);
    socket.close(ignored);
  }
  [[nodiscard]] std::string certificate() {
    return tls ? common_name(tls->native_handle()) : std::string();
  }

  socket_type socket;
  std::optional<asio::ssl::stream<socket_type&>> tls;
};

}  // namespace gof::inline v0::pyro::detail
