// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// Objects of ours, called from elsewhere.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <gof/node.hpp>
#include <gof/pyro/members.hpp>
#include <gof/pyro/message.hpp>
#include <gof/pyro/tls.hpp>
#include <gof/pyro/uri.hpp>
#include <gof/pyro/value.hpp>

namespace gof::inline v0::pyro {

/// \addtogroup pyro
/// @{

/// What a client may use of a server, by all its connections. What goes beyond is refused, told to
/// serving::on_event, and costs the client its connection, not the others theirs.
struct serving_limits {
  message_limits messages{};                     ///< what messages may be
  std::size_t connections = 1024;                ///< of all clients
  std::size_t connections_each = 32;             ///< of one address
  std::size_t streams = 16;                      ///< of a connection, not read to their end
  duration handshake = std::chrono::seconds(2);  ///< until a client has said what it wants
  duration message = std::chrono::seconds(5);    ///< for a message to come …
  std::size_t bytes_per_second = 500;            ///< … and a second more for so many bytes
  duration idle = std::chrono::seconds(60);      ///< without a message
  duration answer = std::chrono::seconds(5);     ///< for a client to take an answer
};

/// Who wants to connect.
struct visitor {
  std::string address{};      ///< where from, without the port
  std::string certificate{};  ///< the common name in the certificate; empty where there is none
  std::string object{};       ///< the first object it asks for
  value handshake{};          ///< what it shows
};

/// How objects are served.
struct serving {
  std::string host = "127.0.0.1";  ///< the address to listen at
  std::uint16_t port = 0;          ///< 0 for any that is free
  std::string known_as{};          ///< the host in references, where it is not the one above
  tls_options tls{};               ///< what connections are secured with
  /// Beyond this machine only secured connections are served, unless this is set: then whoever
  /// reaches the port calls the objects, and whoever is on the way reads and changes the calls.
  bool insecure = false;
  bool one_thread = false;  ///< for many clients, one thread instead of one each; calls take turns
  bool tells_objects = false;  ///< clients may list the objects
  serving_limits most{};       ///< what a client may use
  /// Lets a client in by returning what it is answered, or throws. From any thread.
  std::function<value(const visitor&)> admit{};
  /// Whether an object elsewhere may be called, to which a client has sent a reference; else those
  /// on this machine may, if this server is for this machine only. From any thread.
  std::function<bool(const uri&)> follow{};
  std::function<void(const event&)> on_event{};  ///< told what happens. From any thread
};

/// What else is known of a call, for the object that is called.
struct circumstances {
  std::string_view address;                     ///< where the caller is, without the port
  std::string_view certificate;                 ///< the common name in its certificate, if any
  annotations notes{};                          ///< what it says besides
  std::optional<correlation_id> correlation{};  ///< Pyro's own; both are in current_context() too
  std::string& answered;  ///< annotations for the answer: see append_annotation
};
/// \returns those of the call that this thread executes for a server; null if it does not
[[nodiscard]] const circumstances* being_called() noexcept;

/// Objects of ours, which can be called from elsewhere, C++ and Python, until this ends.
///
/// It has threads of its own. An object is used by one caller at a time, unless it is exposed as
/// one that bears more. \threads any
class server {
 public:
  /// Listens. \param how options \throws failure conflict where the port is in use, refused where
  /// it is neither secured nor on this machine, unavailable
  explicit server(serving how = {});
  server(const server&) = delete;
  server& operator=(const server&) = delete;
  /// Ends all connections, once the calls that run have ended.
  ~server();

  /// Lets an object be called. \param it the object, which lives on with the server
  /// \param id what it is called; one that cannot be guessed is made up where it is empty
  /// \param which what can be used of it \param at_once whether it bears many threads
  /// \returns where it is \throws failure conflict where the id is in use
  template <class T>
  uri expose(std::shared_ptr<T> it, std::string id = {}, members<T> which = members_of<T>(),
             bool at_once = false) {
    return serve(std::make_shared<servant_of<T>>(std::move(it), std::move(which), at_once),
                 std::move(id));
  }
  /// The same. \param it the object, which outlives this, or its being withdrawn
  template <class T>
  uri expose(T& it, std::string id = {}, members<T> which = members_of<T>(), bool at_once = false) {
    return expose(std::shared_ptr<T>(std::shared_ptr<void>(), &it), std::move(id), std::move(which),
                  at_once);
  }
  /// The same, of what is not typed. \param it the servant \param id what it is called
  uri serve(std::shared_ptr<servant> it, std::string id);
  /// Lets an object be called no more, once the calls that run have ended. \param id the object
  /// \returns whether there was one \throws failure deadline where a call runs on and on; it is
  /// withdrawn all the same, and has to live on
  bool withdraw(const std::string& id);

  /// \returns where an object of that id is. \param id the object
  [[nodiscard]] uri where(const std::string& id) const;
  /// \returns the port
  [[nodiscard]] std::uint16_t port() const noexcept;
  /// \returns how many connections there are
  [[nodiscard]] std::size_t connections() const;
  /// \returns what lets objects be called back that are sent: calling::by
  [[nodiscard]] std::shared_ptr<exchange> references() const;

 private:
  class core;
  std::shared_ptr<core> core_;
};

/// @}
}  // namespace gof::inline v0::pyro
