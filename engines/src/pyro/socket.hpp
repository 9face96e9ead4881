// SPDX-License-Identifier: BSL-1.0
#pragma once
// TCP connections, secured or not, for those who wait in the thread that needs the bytes.
#include <openssl/ssl.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include <gof/node.hpp>
#include <gof/pyro/tls.hpp>

namespace gof::inline v0::pyro::detail {

// What many secured connections share.
using tls_context = std::shared_ptr<SSL_CTX>;
// Throws failure where a file cannot be used; null where nothing is asked for.
tls_context make_tls(const tls_options& with, bool for_server);
// Has a client accept only the certificate of this host.
void expect_host(SSL* client, const char* host);
// The common name in the other side's certificate; empty where there is none.
std::string common_name(SSL* of);
// Whether it is an alert of the other side that says that it does not take our certificate.
bool refuses_certificate(int alert);

class file_descriptor {
 public:
  file_descriptor() = default;
  explicit file_descriptor(int number) noexcept : number_(number) {}
  file_descriptor(file_descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  file_descriptor& operator=(file_descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~file_descriptor();
  int operator*() const noexcept { return number_; }
  // Somebody else closes it.
  void release() noexcept { number_ = -1; }

 private:
  int number_ = -1;
};

// One connection, for one thread at a time; `shut` from any. Every wait ends: with failure, of
// which `deadline` and `closed` leave unknown what the other side got.
class socket {
 public:
  // Connects. Throws nobody_there where nobody listens, denied where TLS refuses.
  socket(const std::string& host, std::uint16_t port, duration most, const tls_context& tls);
  // Takes one that was accepted; `secure` follows, where there is TLS.
  explicit socket(file_descriptor fd);
  socket(const socket&) = delete;
  socket& operator=(const socket&) = delete;
  ~socket();

  void secure(const tls_context& tls, duration most);
  // Returns how many bytes came, 0 where the other side is done.
  std::size_t read(std::span<std::byte> to, duration most);
  void write(std::string_view all, duration most);
  // Answers at once that what came did come: the other side may wait for that with its next bytes.
  void acknowledge() noexcept;
  // Says this if it can be said at once, and reads what is there, so that the other side hears it.
  void say_and_forget(std::string_view all) noexcept;
  // Whether the other side has ended it, or said something that nobody asked for.
  [[nodiscard]] bool is_over() const noexcept;
  // Ends all waits, now and later.
  void shut() noexcept;

  [[nodiscard]] std::string peer() const;              // its address and port
  [[nodiscard]] std::string peer_address() const;      // without the port
  [[nodiscard]] std::string peer_certificate() const;  // the common name in it; empty without TLS
  [[nodiscard]] int number() const noexcept { return *fd_; }

 private:
  struct freed {
    void operator()(SSL* it) const noexcept { SSL_free(it); }
  };
  friend struct bio;  // what TLS reads from and writes to
  void shake_hands(const tls_context& tls, duration most, const char* host);
  void timeout(int which, duration& last, duration most);
  [[noreturn]] void fail(const char* doing, int number);
  [[noreturn]] void fail_tls(const char* doing, int result);

  file_descriptor fd_;
  std::unique_ptr<SSL, freed> tls_;
  duration reads_{-1}, writes_{-1};  // what the system was told
  // With TLS: when it has to be over, however little comes at a time.
  std::chrono::steady_clock::time_point until_{};
};

// Waits for connections.
class listener {
 public:
  listener(const std::string& host, std::uint16_t port);
  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  [[nodiscard]] int number() const noexcept { return *fd_; }
  // Returns none when it was shut, or none can be accepted at present.
  file_descriptor accept(duration most);
  void shut() noexcept;

 private:
  file_descriptor fd_;
  std::uint16_t port_ = 0;
};

}  // namespace gof::inline v0::pyro::detail
