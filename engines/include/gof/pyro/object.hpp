// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// An object elsewhere, C++ or Python, called by the names of its functions.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <gof/node.hpp>
#include <gof/pyro/exception.hpp>
#include <gof/pyro/members.hpp>
#include <gof/pyro/session.hpp>
#include <gof/pyro/stream.hpp>
#include <gof/pyro/tls.hpp>
#include <gof/pyro/uri.hpp>
#include <gof/pyro/value.hpp>
#include <gof/wire.hpp>

namespace gof::inline v0::pyro {

/// \addtogroup pyro
/// @{

/// How an object elsewhere is called.
struct calling {
  duration deadline = default_deadline;     ///< of each call, and of connecting
  serializer speaks = serializer::msgpack;  ///< what it is called in; any server understands it
  tls_options tls{};                        ///< what the connection is secured with
  value handshake = value("hello");         ///< what the server is shown
  std::function<value()> proves{};          ///< … or this, made for each connection: see secret
  message_limits most{};                    ///< of what comes
  bool compress = false;                    ///< what is sent, where it is long
  std::shared_ptr<exchange> by{};           ///< where objects of ours are called that are sent
};

/// An argument with a name: for Python; functions in C++ take none. \tparam T the argument
template <class T>
struct named {
  std::string_view name;  ///< the parameter
  T value;                ///< the argument
  /// \param which the parameter \param what the argument
  named(std::string_view which, T what) : name(which), value(std::move(what)) {}
};

/// \cond
namespace detail {
template <class T>
constexpr bool is_named = false;
template <class T>
constexpr bool is_named<named<T>> = true;

template <class T>
void write(std::string& out, T&& it, exchange& by, const wire::limits& most) {
  using type = std::remove_cvref_t<T>;
  if constexpr (crosses_by_value<type>)
    encode_to(out, crossing<type>::to(type(std::forward<T>(it)), by), serializer::msgpack, most);
  else if constexpr (std::is_null_pointer_v<type>)
    out += '\xc0';
  else if constexpr (std::is_convertible_v<T, std::string_view>)
    wire::encode_to(out, std::string_view(it), most);
  else if constexpr (std::is_convertible_v<T, std::span<const std::byte>>)
    wire::encode_to(out, std::span<const std::byte>(it), most);
  else
    wire::encode_to(out, it, most);
}
template <class R>
R read(std::string_view sent_bytes, exchange& by, const wire::limits& most) {
  if constexpr (!std::is_void_v<R>) {
    try {
      return from_wire<R>(wire::decode<wire_type<R>>(sent_bytes, most), by);
    } catch (const wire::error& e) {
      throw type_error(std::string("the answer is of another type: ") + e.what());
    }
  }
}
// The header of an array or a map of few.
template <std::size_t N>
constexpr char few(unsigned first) {
  static_assert(N < 16, "gof::pyro: at most 15 arguments");
  return static_cast<char>(first | N);
}
template <class... A>
void write_places(std::string& out, exchange& by, const wire::limits& most, A&&... arguments) {
  out += few<(std::size_t{0} + ... + !is_named<std::remove_cvref_t<A>>)>(0x90);
  [[maybe_unused]] const auto one = [&]<class T>(T&& it) {
    if constexpr (!is_named<std::remove_cvref_t<T>>) write(out, std::forward<T>(it), by, most);
  };
  (one(std::forward<A>(arguments)), ...);
}
template <class... A>
void write_names(std::string& out, exchange& by, const wire::limits& most, A&&... arguments) {
  out += few<(std::size_t{0} + ... + is_named<std::remove_cvref_t<A>>)>(0x80);
  [[maybe_unused]] const auto one = [&]<class T>(T&& it) {
    if constexpr (is_named<std::remove_cvref_t<T>>) {
      wire::encode_to(out, it.name);
      write(out, std::forward<T>(it).value, by, most);
    }
  };
  (one(std::forward<A>(arguments)), ...);
}

// A reference, as Pyro writes it.
[[nodiscard]] uri where_to(const value& reference);
[[nodiscard]] value reference_to(const uri& to, const servant::listing& members);

// A connection that is used in the thread that needs the answer; one at a time.
class connection {
 public:
  connection(uri to, calling how);
  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;
  ~connection();

  [[nodiscard]] turns::one turn() { return {&turns_, patience(how_.deadline)}; }
  // The session, connected.
  client_session& ready();
  // Sends, and waits for the answer. Raises what was thrown there.
  const client_session::reply& answered();
  // Sends, and waits for nothing.
  void send();
  void disconnect() noexcept;
  [[nodiscard]] bool is_connected() const noexcept { return link_ != nullptr; }

  [[nodiscard]] const uri& where() const noexcept { return to_; }
  [[nodiscard]] const calling& how() const noexcept { return how_; }
  [[nodiscard]] exchange& by() noexcept { return *how_.by; }
  [[nodiscard]] wire::limits most() const noexcept {
    return {std::max(how_.most.message, how_.most.inflated), how_.most.depth};
  }
  [[nodiscard]] const servant::listing& members() const noexcept { return members_; }

 private:
  struct link;
  void connect();
  client_session::event wait();

  const uri asked_;
  uri to_;  // the object, once it was looked up
  calling how_;
  turns turns_;
  duration patience_{};  // with the call that is being made
  servant::listing members_;
  std::unique_ptr<link> link_;
};
}  // namespace detail
/// \endcond

/// An object elsewhere, called in the thread that needs the answer: each call sends, and waits.
///
/// It connects with the first call, and again with the first after the connection was lost. A call
/// that was on its way then is not repeated: its outcome is unknown.
/// \threads any; calls take turns
class remote_object {
 public:
  /// Several calls in one message.
  class batch;
  /// What one of them returned. \tparam R its type
  template <class R>
  class answer;

  /// \param to where it is, or its name \param how options
  explicit remote_object(uri to, calling how = {})
      : connection_(std::make_shared<detail::connection>(std::move(to), std::move(how))) {}

  /// \returns where it is; a name, as long as it was not looked up
  [[nodiscard]] uri where() const;
  /// \returns what can be used of it, as it says \throws failure
  [[nodiscard]] servant::listing members();
  /// \returns a reference to it, as Pyro writes it
  [[nodiscard]] value reference() const;
  /// Ends the connection; the next call makes another.
  void disconnect() noexcept;

  /// Calls a function. \param name the function \param arguments its arguments, some with names
  /// \tparam R what it returns: void to ignore it, a stream for a generator \returns it
  /// \throws what it throws, as remote_exception; failure, which says whether it ran; type_error
  /// where what it returned is no R
  template <class R = value, class... A>
  R call(std::string_view name, A&&... arguments) {
    const auto mine = connection_->turn();
    invoke(name, 0, std::forward<A>(arguments)...);
    return result<R>(connection_, connection_->answered());
  }
  /// Has a function called, and forgets it: no answer comes, and what goes wrong there is lost.
  /// \param name the function \param arguments its arguments
  template <class... A>
  void one_way(std::string_view name, A&&... arguments) {
    const auto mine = connection_->turn();
    invoke(name, flag::one_way, std::forward<A>(arguments)...);
    connection_->send();
  }
  /// Reads an attribute. \param name the attribute \tparam R its type \returns its value
  template <class R = value>
  R get(std::string_view name) {
    return call<R>("__getattr__", name);
  }
  /// Sets an attribute. \param name the attribute \param to its value
  template <class A>
  void set(std::string_view name, A&& to) {
    call<void>("__setattr__", name, std::forward<A>(to));
  }

 private:
  using shared = std::shared_ptr<detail::connection>;
  template <class... A>
  void invoke(std::string_view name, std::uint16_t flags, A&&... arguments) {
    constexpr bool names = (detail::is_named<std::remove_cvref_t<A>> || ...);
    auto& on = *connection_;
    client_session& it = on.ready();
    const detail::context_sent belongs = detail::context_to_send();
    client_session::call what{.object = on.where().object, .method = name};
    what.chunks = belongs.chunks;
    what.correlation = belongs.correlation;
    std::string named;
    if constexpr (names) {
      detail::write_names(named, on.by(), on.most(), std::forward<A>(arguments)...);
      what.named = named;
    }
    what.flags = flags;
    what.encoding = on.how().speaks;
    it.invoke(what, [&](std::string& out) {
      detail::write_places(out, on.by(), on.most(), std::forward<A>(arguments)...);
    });
  }
  template <class R>
  static R result(const shared& on, const client_session::reply& it) {
    const bool items = it.is == client_session::reply::kind::stream;
    if constexpr (detail::is_stream<R>) {
      if (!items) throw type_error("the answer is no stream of items");
      return stream_of<typename R::value_type>(on, std::string(it.text));
    } else {
      if (items) throw type_error("the answer is a stream of items: call<gof::pyro::stream<T>>");
      return detail::read<R>(it.payload, on->by(), on->most());
    }
  }
  // Items that are asked for one at a time.
  class item_reader {
   public:
    item_reader(shared on, std::string id) : on_(std::move(on)), id_(std::move(id)) {}
    item_reader(item_reader&&) noexcept = default;
    item_reader& operator=(item_reader&&) = delete;
    ~item_reader();
    // With its turn taken: the next item, or none.
    const client_session::reply* next();
    shared on_;

   private:
    void ask(std::uint16_t flags, std::string_view what);
    std::string id_;  // empty at the end
  };
  template <class T>
  static stream<T> stream_of(shared on, std::string id) {
    return stream<T>(
        [it = item_reader(std::move(on), std::move(id))]() mutable -> std::optional<T> {
          const auto mine = it.on_->turn();
          const auto* const item = it.next();
          if (!item) return {};
          return detail::read<T>(item->payload, it.on_->by(), it.on_->most());
        });
  }

  shared connection_;
};

/// \cond
namespace detail {
// What came of the calls of a batch that ran.
struct batch_results {
  struct one {
    wire::raw result{};
    std::optional<remote_exception> thrown{};
  };
  std::vector<one> all{};
  std::shared_ptr<connection> on;
};
}  // namespace detail
/// \endcond

/// \cond
template <>
struct crossing<std::shared_ptr<remote_object>> {
  static std::shared_ptr<remote_object> from(value&& it, exchange& by) {
    return it.is<std::monostate>() ? nullptr : by.follow(it);
  }
  static value to(const std::shared_ptr<remote_object>& it, exchange&) {
    return it ? it->reference() : value();
  }
};
/// \endcond

template <class R>
class remote_object::answer {
 public:
  /// \returns what the call returned \throws what it threw; std::logic_error where it did not run:
  /// the batch was not sent, or stopped before
  R get() const {
    if (which_ >= from_->all.size())
      throw std::logic_error("gof::pyro: this call of the batch did not run");
    const auto& it = from_->all[which_];
    if (it.thrown) remote_exception(*it.thrown).raise();
    return detail::read<R>(it.result.bytes, from_->on->by(), from_->on->most());
  }

 private:
  friend class batch;
  answer(std::shared_ptr<const detail::batch_results> from, std::size_t which)
      : from_(std::move(from)), which_(which) {}
  std::shared_ptr<const detail::batch_results> from_;
  std::size_t which_;
};

/// They run in their order, up to the first that throws. \threads one
class remote_object::batch {
 public:
  /// \param on the object
  explicit batch(const remote_object& on) : connection_(on.connection_), results_(fresh()) {}
  /// Adds a call. \param name the function \param arguments its arguments, some with names
  /// \tparam R what it returns \returns what it will have returned
  template <class R = value, class... A>
  answer<R> add(std::string_view name, A&&... arguments) {
    const std::size_t before = calls_.size();
    try {
      calls_ += '\x93';
      wire::encode_to(calls_, name);
      detail::write_places(calls_, connection_->by(), connection_->most(),
                           std::forward<A>(arguments)...);
      detail::write_names(calls_, connection_->by(), connection_->most(),
                          std::forward<A>(arguments)...);
    } catch (...) {
      calls_.resize(before);
      throw;
    }
    return answer<R>(results_, size_++);
  }
  /// Has them run, and waits; the batch is empty then. What a call threw, its answer throws.
  /// \throws failure; what is thrown where one of them is no function there: those before it ran
  void send();
  /// Has them run, and waits for nothing; the batch is empty then.
  void send_one_way();

 private:
  [[nodiscard]] std::shared_ptr<detail::batch_results> fresh() const;
  std::shared_ptr<detail::batch_results> invoke(std::uint16_t flags);

  std::shared_ptr<detail::connection> connection_;
  std::string calls_;
  std::size_t size_ = 0;
  std::shared_ptr<detail::batch_results> results_;
};

/// @}
}  // namespace gof::inline v0::pyro
