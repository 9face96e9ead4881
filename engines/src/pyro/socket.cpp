// SPDX-License-Identifier: BSL-1.0
#include "socket.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <iterator>
#include <system_error>
#include <thread>
#include <utility>

namespace gof::inline v0::pyro::detail {
namespace {

using clock = std::chrono::steady_clock;

[[noreturn]] void refuse(errc why, const std::string& text) { throw failure({why, text, {}}); }
std::string system_text(int number) { return std::generic_category().message(number); }
std::string tls_text() {
  std::array<char, 256> text{};
  const unsigned long number = ERR_get_error();
  ERR_clear_error();
  if (number == 0) return "the connection ended";
  const char* reason = ERR_reason_error_string(number);
  if (reason) return reason;
  ERR_error_string_n(number, text.data(), text.size());
  return text.data();
}
duration left(clock::time_point end) { return std::max<duration>(end - clock::now(), duration(1)); }
clock::time_point end_of(duration most) {
  const duration longest = std::chrono::hours(24 * 365);
  return clock::now() + std::clamp(most, duration::zero(), longest);
}
int milliseconds(duration most) {
  using std::chrono::milliseconds;
  const auto n = std::chrono::ceil<milliseconds>(most).count();
  return static_cast<int>(std::clamp<std::int64_t>(n, 0, 1'000'000'000));
}
bool ready(int fd, short what, duration most) {
  const clock::time_point end = end_of(most);
  for (;;) {
    pollfd it{fd, what, 0};
    const int n = ::poll(&it, 1, milliseconds(left(end)));
    if (n > 0) return true;
    if (n == 0 || (errno != EINTR && errno != EAGAIN)) return false;
  }
}
void set(int fd, int level, int option, int value) noexcept {
  ::setsockopt(fd, level, option, &value, sizeof value);
}

struct addresses {
  addrinfo* all = nullptr;
  addresses() = default;
  addresses(const addresses&) = delete;
  addresses& operator=(const addresses&) = delete;
  ~addresses() {
    if (all) ::freeaddrinfo(all);
  }
};
void look_up(addresses& found, const std::string& host, std::uint16_t port, int flags) {
  addrinfo hint{};
  hint.ai_family = AF_UNSPEC;
  hint.ai_socktype = SOCK_STREAM;
  hint.ai_flags = AI_NUMERICSERV | flags;
  const std::string text = std::to_string(port);
  const int bad = ::getaddrinfo(host.c_str(), text.c_str(), &hint, &found.all);
  if (bad != 0)
    refuse(bad == EAI_SYSTEM || bad == EAI_AGAIN ? errc::unavailable : errc::nobody_there,
           "the host \"" + host + "\" is not known: " + ::gai_strerror(bad));
}
// An address, and behind it the port.
std::string text_of(const sockaddr_storage& it, socklen_t size, bool with_port) {
  std::array<char, NI_MAXHOST> host{};
  std::array<char, NI_MAXSERV> port{};
  if (::getnameinfo(reinterpret_cast<const sockaddr*>(&it), size, host.data(), host.size(),
                    port.data(), port.size(), NI_NUMERICHOST | NI_NUMERICSERV) != 0)
    return {};
  const std::string name = host.data();
  if (!with_port) return name;
  return (it.ss_family == AF_INET6 ? '[' + name + ']' : name) + ':' + port.data();
}

}  // namespace

// TLS over a socket, without the signal that the usual way sends when the other side is gone, and
// with an end for those who send a byte now and then.
struct bio {
  static socket& of(BIO* it) { return *static_cast<socket*>(BIO_get_data(it)); }
  static int read(BIO* it, char* to, int size) {
    BIO_clear_retry_flags(it);
    errno = EAGAIN;
    const auto n = clock::now() >= of(it).until_
                       ? -1
                       : ::recv(of(it).number(), to, static_cast<std::size_t>(size), 0);
    if (n == 0) errno = 0;  // the end, which is no lack of time
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) BIO_set_retry_read(it);
    return static_cast<int>(n);
  }
  static int write(BIO* it, const char* from, int size) {
    BIO_clear_retry_flags(it);
    errno = EAGAIN;
    const auto n =
        clock::now() >= of(it).until_
            ? -1
            : ::send(of(it).number(), from, static_cast<std::size_t>(size), MSG_NOSIGNAL);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) BIO_set_retry_write(it);
    return static_cast<int>(n);
  }
  static long control(BIO*, int what, long, void*) { return what == BIO_CTRL_FLUSH ? 1 : 0; }
  static BIO* make(socket& on) {
    static BIO_METHOD* const how = [] {
      BIO_METHOD* it = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "gof");
      BIO_meth_set_read(it, read);
      BIO_meth_set_write(it, write);
      BIO_meth_set_ctrl(it, control);
      return it;
    }();
    BIO* it = BIO_new(how);
    if (!it) throw std::bad_alloc();
    BIO_set_data(it, &on);
    BIO_set_init(it, 1);
    return it;
  }
};

tls_context make_tls(const tls_options& with, bool for_server) {
  if (!with) return {};
  tls_context it(SSL_CTX_new(for_server ? TLS_server_method() : TLS_client_method()), SSL_CTX_free);
  if (!it) throw std::bad_alloc();
  ERR_clear_error();
  const auto check = [](bool fine, const std::string& what, const std::string& file) {
    if (!fine) refuse(errc::refused, what + ' ' + file + " cannot be used: " + tls_text());
  };
  SSL_CTX_set_min_proto_version(it.get(), TLS1_3_VERSION);
  SSL_CTX_set_mode(it.get(), SSL_MODE_AUTO_RETRY | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                 SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_options(it.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_IGNORE_UNEXPECTED_EOF);
  if (for_server || !with.certificate.empty()) {
    SSL_CTX_set_default_passwd_cb(it.get(), [](char* to, int size, int, void* from) {
      const auto& text = *static_cast<const std::string*>(from);
      const auto n = std::min(text.size(), static_cast<std::size_t>(size));
      std::copy_n(text.data(), n, to);
      return static_cast<int>(n);
    });
    SSL_CTX_set_default_passwd_cb_userdata(it.get(), const_cast<std::string*>(&with.password));
    check(SSL_CTX_use_certificate_chain_file(it.get(), with.certificate.c_str()) == 1,
          "the certificate", with.certificate);
    check(SSL_CTX_use_PrivateKey_file(it.get(), with.key.c_str(), SSL_FILETYPE_PEM) == 1 &&
              SSL_CTX_check_private_key(it.get()) == 1,
          "the key", with.key);
    SSL_CTX_set_default_passwd_cb_userdata(it.get(), nullptr);
  }
  struct stat what {};
  if (with.authorities.empty())
    check(SSL_CTX_set_default_verify_paths(it.get()) == 1, "the system's", "authorities");
  else if (::stat(with.authorities.c_str(), &what) == 0 && S_ISDIR(what.st_mode))
    check(SSL_CTX_load_verify_dir(it.get(), with.authorities.c_str()) == 1, "the folder",
          with.authorities);
  else
    check(SSL_CTX_load_verify_file(it.get(), with.authorities.c_str()) == 1, "the file",
          with.authorities);
  if (!for_server || with.require_client)
    SSL_CTX_set_verify(it.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  return it;
}

void expect_host(SSL* client, const char* host) {
  sockaddr_in6 ignored{};
  if (::inet_pton(AF_INET, host, &ignored) == 1 || ::inet_pton(AF_INET6, host, &ignored) == 1) {
    X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(client), host);
  } else {
    SSL_set1_host(client, host);
    SSL_set_tlsext_host_name(client, host);
  }
}
std::string common_name(SSL* of) {
  const std::unique_ptr<X509, void (*)(X509*)> it(SSL_get1_peer_certificate(of), X509_free);
  if (!it) return {};
  std::array<char, 256> name{};
  const int n = X509_NAME_get_text_by_NID(X509_get_subject_name(it.get()), NID_commonName,
                                          name.data(), static_cast<int>(name.size()));
  return n > 0 ? std::string(name.data(), static_cast<std::size_t>(n)) : std::string();
}

file_descriptor::~file_descriptor() {
  if (number_ >= 0) ::close(number_);
}

socket::socket(const std::string& host, std::uint16_t port, duration most, const tls_context& tls) {
  const clock::time_point end = end_of(most);
  addresses found;
  look_up(found, host, port, 0);
  int why = 0;
  for (const addrinfo* one = found.all; one; one = one->ai_next) {
    file_descriptor fd(
        ::socket(one->ai_family, one->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (*fd < 0) refuse(errc::unavailable, "no socket: " + system_text(errno));
    why = ::connect(*fd, one->ai_addr, one->ai_addrlen) == 0 ? 0 : errno;
    if (why == EINPROGRESS || why == EINTR) {
      why = ETIMEDOUT;
      socklen_t size = sizeof why;
      if (ready(*fd, POLLOUT, left(end))) ::getsockopt(*fd, SOL_SOCKET, SO_ERROR, &why, &size);
    }
    if (why != 0) continue;
    ::fcntl(*fd, F_SETFL, ::fcntl(*fd, F_GETFL) & ~O_NONBLOCK);
    fd_ = std::move(fd);
    break;
  }
  if (*fd_ < 0)
    refuse(errc::nobody_there,
           host + ':' + std::to_string(port) + " does not answer: " + system_text(why));
  set(*fd_, IPPROTO_TCP, TCP_NODELAY, 1);
  set(*fd_, SOL_SOCKET, SO_KEEPALIVE, 1);
  if (tls) shake_hands(tls, left(end), host.c_str());
}

socket::socket(file_descriptor fd) : fd_(std::move(fd)) {
  set(*fd_, IPPROTO_TCP, TCP_NODELAY, 1);
  set(*fd_, SOL_SOCKET, SO_KEEPALIVE, 1);
}

socket::~socket() {
  if (tls_) {  // the other side is told that this is the end, if it can be told at once
    ERR_clear_error();
    timeout(SO_SNDTIMEO, writes_, std::chrono::milliseconds(1));
    until_ = end_of(std::chrono::milliseconds(1));
    SSL_shutdown(tls_.get());
    ERR_clear_error();
  }
}

void socket::secure(const tls_context& tls, duration most) { shake_hands(tls, most, nullptr); }

void socket::shake_hands(const tls_context& tls, duration most, const char* host) {
  const clock::time_point end = end_of(most);
  tls_.reset(SSL_new(tls.get()));
  if (!tls_) throw std::bad_alloc();
  BIO* both = bio::make(*this);
  SSL_set_bio(tls_.get(), both, both);
  until_ = end;
  if (host) {
    expect_host(tls_.get(), host);
    SSL_set_connect_state(tls_.get());
  } else {
    SSL_set_accept_state(tls_.get());
  }
  for (;;) {
    timeout(SO_RCVTIMEO, reads_, left(end));
    timeout(SO_SNDTIMEO, writes_, left(end));
    ERR_clear_error();
    const int done = SSL_do_handshake(tls_.get());
    if (done == 1) break;
    const int why = SSL_get_error(tls_.get(), done);
    const bool again = why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE;
    if (again && clock::now() < end) continue;
    if (again) refuse(errc::unavailable, peer() + ": its TLS handshake takes too long");
    const long verdict = SSL_get_verify_result(tls_.get());
    std::string text = tls_text();
    if (verdict != X509_V_OK) text += std::string(": ") + X509_verify_cert_error_string(verdict);
    const std::string who = peer();
    tls_.reset();
    refuse(errc::denied, who + ": no TLS connection: " + text);
  }
}

void socket::timeout(int which, duration& last, duration most) {
  if (most == last) return;
  last = most;
  const auto us = std::max<std::int64_t>(
      std::chrono::ceil<std::chrono::microseconds>(std::min<duration>(most, std::chrono::hours(24)))
          .count(),
      1);
  const timeval it{static_cast<time_t>(us / 1'000'000), static_cast<suseconds_t>(us % 1'000'000)};
  ::setsockopt(*fd_, SOL_SOCKET, which, &it, sizeof it);
}

void socket::fail(const char* doing, int number) {
  if (number == EAGAIN || number == EWOULDBLOCK)
    refuse(errc::deadline, peer() + ": nothing " + doing + " in time");
  refuse(errc::closed, "the connection broke: " + system_text(number));
}
bool refuses_certificate(int alert) {
  constexpr int all[] = {
      SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED,   SSL_R_TLSV1_ALERT_UNKNOWN_CA,
      SSL_R_SSLV3_ALERT_BAD_CERTIFICATE,         SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED,
      SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED,     SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN,
      SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE, SSL_R_TLSV1_ALERT_ACCESS_DENIED};
  return std::find(std::begin(all), std::end(all), alert) != std::end(all);
}
void socket::fail_tls(const char* doing, int result) {
  const int number = errno, why = SSL_get_error(tls_.get(), result);
  if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE) fail(doing, EAGAIN);
  if (why == SSL_ERROR_SYSCALL && number != 0) fail(doing, number);
  // What the other side says of our certificate comes after our handshake, and before all else.
  const int alert = why == SSL_ERROR_SSL ? ERR_GET_REASON(ERR_peek_error()) : 0;
  if (refuses_certificate(alert))
    refuse(errc::denied, peer() + ": no TLS connection: " + tls_text());
  refuse(errc::closed, "the connection broke: " + tls_text());
}

std::size_t socket::read(std::span<std::byte> to, duration most) {
  timeout(SO_RCVTIMEO, reads_, most);
  if (tls_) {
    ERR_clear_error();
    errno = 0;
    until_ = end_of(most);
    std::size_t n = 0;
    const int done = SSL_read_ex(tls_.get(), to.data(), to.size(), &n);
    if (done == 1) return n;
    if (SSL_get_error(tls_.get(), done) == SSL_ERROR_ZERO_RETURN) return 0;
    fail_tls("came", done);
  }
  for (;;) {
    const auto n = ::recv(*fd_, to.data(), to.size(), 0);
    if (n >= 0) return static_cast<std::size_t>(n);
    if (errno != EINTR) fail("came", errno);
  }
}

void socket::write(std::string_view all, duration most) {
  timeout(SO_SNDTIMEO, writes_, most);
  const char* at = all.data();
  std::size_t left_over = all.size();
  clock::time_point end{};  // looked at only where it does not go at once
  while (left_over > 0) {
    std::size_t n = 0;
    if (tls_) {
      ERR_clear_error();
      errno = 0;
      if (end == clock::time_point{}) until_ = end = end_of(most);
      const int done = SSL_write_ex(tls_.get(), at, left_over, &n);
      if (done != 1) fail_tls("went", done);
    } else {
      const auto sent = ::send(*fd_, at, left_over, MSG_NOSIGNAL);
      if (sent < 0 && errno == EINTR) continue;
      if (sent < 0) fail("went", errno);
      n = static_cast<std::size_t>(sent);
    }
    at += n;
    left_over -= n;
    if (left_over == 0) return;
    if (end == clock::time_point{}) end = end_of(most);
    if (clock::now() >= end) fail("went", EAGAIN);
    timeout(SO_SNDTIMEO, writes_, left(end));
  }
}

void socket::acknowledge() noexcept { set(*fd_, IPPROTO_TCP, TCP_QUICKACK, 1); }
void socket::say_and_forget(std::string_view all) noexcept {
  static_cast<void>(::send(*fd_, all.data(), all.size(), MSG_NOSIGNAL | MSG_DONTWAIT));
  ::shutdown(*fd_, SHUT_WR);
  std::array<char, 4096> ignored{};
  static_cast<void>(::recv(*fd_, ignored.data(), ignored.size(), MSG_DONTWAIT));
}
bool socket::is_over() const noexcept {
  char c = 0;
  const auto n = ::recv(*fd_, &c, 1, MSG_PEEK | MSG_DONTWAIT);
  if (n > 0) return !tls_;  // TLS sends by itself now and then
  return n == 0 || (errno != EAGAIN && errno != EINTR);
}
void socket::shut() noexcept { ::shutdown(*fd_, SHUT_RDWR); }

std::string socket::peer() const {
  sockaddr_storage it{};
  socklen_t size = sizeof it;
  if (::getpeername(*fd_, reinterpret_cast<sockaddr*>(&it), &size) != 0) return "the other side";
  return text_of(it, size, true);
}
std::string socket::peer_address() const {
  sockaddr_storage it{};
  socklen_t size = sizeof it;
  if (::getpeername(*fd_, reinterpret_cast<sockaddr*>(&it), &size) != 0) return {};
  return text_of(it, size, false);
}
std::string socket::peer_certificate() const {
  return tls_ ? common_name(tls_.get()) : std::string();
}

listener::listener(const std::string& host, std::uint16_t port) {
  addresses found;
  look_up(found, host, port, AI_PASSIVE);
  const addrinfo& first = *found.all;
  fd_ = file_descriptor(
      ::socket(first.ai_family, first.ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (*fd_ < 0) refuse(errc::unavailable, "no socket: " + system_text(errno));
  set(*fd_, SOL_SOCKET, SO_REUSEADDR, 1);
  const std::string where = host + ':' + std::to_string(port);
  if (::bind(*fd_, first.ai_addr, first.ai_addrlen) != 0) {
    const int why = errno;
    refuse(why == EADDRINUSE ? errc::conflict : errc::unavailable,
           "cannot listen at " + where + ": " + system_text(why) +
               (why == EADDRINUSE ? "; end who listens there, or take another port" : ""));
  }
  if (::listen(*fd_, SOMAXCONN) != 0)
    refuse(errc::unavailable, "cannot listen at " + where + ": " + system_text(errno));
  sockaddr_storage mine{};
  socklen_t size = sizeof mine;
  ::getsockname(*fd_, reinterpret_cast<sockaddr*>(&mine), &size);
  port_ = ntohs(mine.ss_family == AF_INET6 ? reinterpret_cast<const sockaddr_in6&>(mine).sin6_port
                                           : reinterpret_cast<const sockaddr_in&>(mine).sin_port);
}

file_descriptor listener::accept(duration most) {
  if (!ready(*fd_, POLLIN, most)) return {};
  file_descriptor it(::accept4(*fd_, nullptr, nullptr, SOCK_CLOEXEC));
  // Where there are too many files open, it is of no use to ask again at once.
  if (*it < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM))
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  return it;
}
void listener::shut() noexcept { ::shutdown(*fd_, SHUT_RDWR); }

}  // namespace gof::inline v0::pyro::detail
