// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// One connection of Pyro's protocol, of either side, that does no I/O and knows no clock.

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <gof/pyro/message.hpp>
#include <gof/pyro/value.hpp>
#include <gof/wire.hpp>

namespace gof::inline v0::pyro {

/// \addtogroup pyro
/// @{

/// What both sides have in common: bytes that came, bytes to be sent, and the end. Its owner does
/// the reading and the sending:
///
///     const auto to = it.room(16'384);
///     it.received(read(to));                 // what came; none is the end
///     while (… it.next() …) …                // until there is nothing more in what came
///     it.sent(write(it.output()));           // also when it is closed: it says why
///
/// Views that it gives out are of its own bytes, until the next `next()` or `room()`. It takes
/// nothing from the heap once it has seen messages of the usual size, but for serpent, JSON and
/// compression. Where a payload is asked for, `append(std::string& out)` appends MessagePack to
/// `out`, without a copy if that is what the other side reads, and else it is written in the
/// other's serializer.
/// \threads one at a time
class session {
 public:
  session(const session&) = delete;
  session& operator=(const session&) = delete;

  /// \returns room for bytes that come, until `received` or the next `room`. \param n at least so
  /// many
  [[nodiscard]] std::span<std::byte> room(std::size_t n);
  /// Bytes have come into the room. \param n how many \throws std::logic_error if there was no room
  void received(std::size_t n);
  /// \returns how many bytes the message still needs that has begun to come; 0 if none has, as far
  /// as the last `next()` saw
  [[nodiscard]] std::size_t missing() const noexcept { return missing_; }

  /// \returns what is to be sent, until the next call of anything else
  [[nodiscard]] std::string_view output() const noexcept {
    return std::string_view(out_).substr(sent_);
  }
  /// So much of it was sent. \param n how many bytes
  void sent(std::size_t n) noexcept;

  /// \returns whether it is over: what is still to be sent is the last
  [[nodiscard]] bool closed() const noexcept { return closed_; }
  /// \returns what was wrong with what the other side sent; none if nothing was
  [[nodiscard]] wire::refusal why() const noexcept { return why_; }
  /// \returns why it is over, in words; of a client that was refused, those of the server
  [[nodiscard]] const std::string& reason() const noexcept { return reason_; }

  /// Frees what large messages have left behind, and ends all views. For a connection that is idle.
  void shrink();

 protected:
  /// \param most what messages may be \param compress whether to compress what is sent
  session(const message_limits& most, bool compress) : most_(most), compress_(compress) {}
  ~session() = default;

  /// \cond
  [[nodiscard]] bool take(std::initializer_list<message_type> types, std::size_t most_payload);
  void close(wire::refusal why, std::string_view reason);
  [[nodiscard]] std::string_view to_message_pack();
  [[nodiscard]] std::string_view payload() const noexcept { return payload_; }
  [[nodiscard]] const header& head() const noexcept { return head_; }
  [[nodiscard]] const annotations& notes() const noexcept { return notes_; }
  [[nodiscard]] const message_limits& most() const noexcept { return most_; }
  void read_correlation(std::optional<correlation_id>& to) const noexcept {
    if (head_.has(flag::correlated))
      to = head_.correlation;
    else
      to.reset();
  }

  // Sends a message, or none: if append() throws, or returns false.
  template <class Append>
  bool send(header h, std::string_view chunks, Append&& append) {
    struct unsent {
      std::string& out;
      std::size_t size;
      ~unsent() { out.resize(size); }
    } mark{out_, out_.size()};
    if (!run(std::forward<Append>(append), begin(h, chunks))) return false;
    finish(h, mark.size);
    mark.size = out_.size();
    return true;
  }
  template <class Append>
  static bool run(Append&& append, std::string& to) {
    if constexpr (std::is_void_v<std::invoke_result_t<Append, std::string&>>)
      return std::forward<Append>(append)(to), true;
    else
      return std::forward<Append>(append)(to);
  }
  [[nodiscard]] std::string& nowhere() noexcept { return draft_.clear(), draft_; }
  void send_plain(const header& h, std::string_view payload);
  /// \endcond

 private:
  std::string& begin(header& h, std::string_view chunks);
  void finish(header& h, std::size_t from);

  const message_limits most_;
  const bool compress_;
  bool closed_ = false;
  wire::refusal why_ = wire::refusal::none;
  std::string reason_;
  // What came and was not looked at is in_[begin_, end_).
  std::unique_ptr<std::byte[]> in_;
  std::size_t capacity_ = 0, begin_ = 0, end_ = 0, missing_ = 0;
  header head_;  // … of the last message, and its parts
  annotations notes_;
  std::string_view payload_;
  std::string inflated_, converted_;  // where its payload is, if it was not MessagePack as it came
  std::string out_, draft_;           // a draft is what will be written in another serializer
  std::size_t sent_ = 0;
};

/// The side that is called.
///
/// `next()` says that a client is there: accept or refuse it. Then it says that there is a call:
/// answer it, unless nobody waits. What is wrong with a message it says to the client itself, as
/// Pyro does.
class server_session : public session {
 public:
  /// What has happened.
  enum class event : std::uint8_t {
    none,     ///< nothing; more bytes are needed
    connect,  ///< `client()` is there: accept() or refuse() it
    invoke,   ///< `request()` is there: answer it with result(), exception() or stream()
    closed    ///< it is over
  };
  /// Who is there.
  struct greeting {
    std::string_view object;      ///< which object it will call, at first
    std::string_view handshake;   ///< what it says, in MessagePack
    pyro::serializer encoding{};  ///< what it reads
    annotations notes{};          ///< what else it says
  };
  /// What is to be done.
  struct call {
    std::string_view object;                      ///< of which object
    std::string_view method;                      ///< what of it
    std::string_view arguments;                   ///< with these, in MessagePack: an array
    std::string_view named;                       ///< and these, in MessagePack: a map
    std::uint16_t flags = 0;                      ///< those of the message
    std::uint16_t sequence = 0;                   ///< its number
    pyro::serializer encoding{};                  ///< how it came, and its answer goes
    annotations notes{};                          ///< what else was said
    std::optional<correlation_id> correlation{};  ///< what it belongs to, if that was said

    /// \returns whether nobody waits for an answer
    [[nodiscard]] bool one_way() const noexcept { return (flags & flag::one_way) != 0; }
    /// \returns whether the arguments are calls: arrays of method, arguments, named arguments
    [[nodiscard]] bool batch() const noexcept { return (flags & flag::batch) != 0; }
  };

  /// \param most what messages may be \param compress whether to compress results
  explicit server_session(const message_limits& most = {}, bool compress = false)
      : session(most, compress) {}

  /// \returns what has happened next in the bytes that came
  /// \throws std::logic_error if what happened last was not answered
  event next();
  /// \returns who is there
  [[nodiscard]] const greeting& client() const noexcept { return client_; }
  /// \returns what is to be done
  [[nodiscard]] const call& request() const noexcept { return request_; }

  /// Lets the client in. \param handshake what it is told \param meta what the object has, a map of
  /// `methods`, `oneway` and `attrs`; both MessagePack \param chunks annotations
  /// \throws wire::error if this cannot be sent; unchanged
  void accept(std::string_view handshake, std::string_view meta, std::string_view chunks = {});
  /// Does not let the client in; it is over. \param text why not, UTF-8
  void refuse(std::string_view text);

  /// Answers the call, or each call of a batch, in an array. Nothing is sent if nobody waits.
  /// \param append appends what the call returned; if it returns false the call is not answered yet
  /// \param chunks annotations \returns whether the call is answered
  /// \throws what `append` throws; wire::error if this cannot be sent; the call is not answered
  /// then
  template <class Append>
  bool result(Append&& append, std::string_view chunks = {}) {
    return answer(request_.batch() ? flag::batch : 0, chunks, std::forward<Append>(append));
  }
  /// The same: the call threw. \param append appends Pyro's map of an exception
  /// \param chunks annotations
  template <std::invocable<std::string&> Append>
  bool exception(Append&& append, std::string_view chunks = {}) {
    return answer(flag::exception, chunks, std::forward<Append>(append));
  }
  /// The same. \param type what a Python program catches, such as `builtins.ValueError`
  /// \param text what it is told, UTF-8; none if this is empty
  void exception(std::string_view type, std::string_view text);
  /// The call returned items that are asked for one by one. \param id what is asked for them
  /// \param chunks annotations \throws wire::error if this cannot be sent
  void stream(std::string_view id, std::string_view chunks = {});
  /// Ends it after the answer. \param text why, UTF-8
  void end(std::string_view text) { close(wire::refusal::none, text); }

 private:
  enum class state : std::uint8_t { fresh, greeted, open, asked };
  template <class Append>
  bool answer(int flags, std::string_view chunks, Append&& append) {
    require(state::asked);
    const bool done = request_.one_way()
                          ? run(std::forward<Append>(append), nowhere())
                          : send(answer_header(flags), chunks, std::forward<Append>(append));
    if (done) state_ = state::open;
    return done;
  }
  void require(state s) const;
  [[nodiscard]] header answer_header(int flags) const noexcept;
  bool read_greeting();
  bool read_call();
  void fail_greeting(wire::refusal why, std::string_view text, std::uint8_t serializer);
  void fail_call(wire::refusal why, std::string_view text);

  state state_ = state::fresh;
  greeting client_;
  call request_;
};

/// The side that calls. Calls may follow each other before they are answered; they are answered in
/// order.
class client_session : public session {
 public:
  /// What has happened.
  enum class event : std::uint8_t {
    none,      ///< nothing; more bytes are needed
    accepted,  ///< `server()` has let us in
    refused,   ///< it has not, and `reason()` says why; it is over
    replied,   ///< `answer()` is there, to the oldest call that waits for one
    pong,      ///< the oldest ping was answered
    closed     ///< it is over: what the other side says is wrong
  };
  /// What is to be done. What is not set is as it is usually.
  struct call {
    std::string_view object;          ///< of which object
    std::string_view method;          ///< what of it
    std::string_view named = "\x80";  ///< named arguments, MessagePack: a map, or nil
    std::uint16_t flags = 0;          ///< flag::one_way, flag::batch
    pyro::serializer encoding = serializer::msgpack;  ///< what the other side reads
    std::string_view chunks{};                        ///< annotations
    std::optional<correlation_id> correlation{};      ///< what it belongs to
  };
  /// How we were let in.
  struct welcome {
    std::string_view handshake;  ///< what the server says, in MessagePack
    std::string_view meta;       ///< what the object has, in MessagePack; maybe nil
    annotations notes{};         ///< what else it says
  };
  /// What was answered.
  struct reply {
    /// What it is.
    enum class kind : std::uint8_t {
      result,     ///< what the call returned
      exception,  ///< what it threw: Pyro's map of an exception
      stream,     ///< items, which are asked for one by one
      unreadable  ///< not to be read: `text` says why
    };
    kind is = kind::result;      ///< what it is
    std::uint16_t sequence = 0;  ///< which call is answered
    std::uint16_t flags = 0;     ///< those of the message
    std::string_view payload;    ///< a result or an exception, in MessagePack, not looked into
    std::string_view text;       ///< what the items are asked for by, or why it cannot be read
    annotations notes{};         ///< what else was said
    std::optional<correlation_id> correlation{};  ///< what it belongs to, if that was said
  };

  /// \param most what messages may be \param compress whether to compress calls
  explicit client_session(const message_limits& most = {}, bool compress = false)
      : session(most, compress) {}

  /// Begins. \param object what will be called at first \param handshake what the server is told,
  /// MessagePack \param encoding of this message and the answer \param chunks annotations
  /// \param correlation what it belongs to
  /// \throws std::logic_error if it has begun; wire::error if this cannot be sent; unchanged
  void connect(std::string_view object, std::string_view handshake = "\xa5hello",
               serializer encoding = serializer::msgpack, std::string_view chunks = {},
               const std::optional<correlation_id>& correlation = {});
  /// Calls. \param what what is to be done \param append appends the arguments: an array
  /// \returns its number, which the answer has too
  /// \throws std::logic_error unless the server has let us in, and it is not over; what `append`
  /// throws; wire::error if this cannot be sent; unchanged
  template <class Append>
  std::uint16_t invoke(const call& what, Append&& append) {
    const header h = prepare(what);
    static_cast<void>(send(h, what.chunks, [&](std::string& out) {
      begin_call(out, what);
      std::forward<Append>(append)(out);
      end_call(out, what);
    }));
    return sent_call(h);
  }
  /// Asks for a sign of life. \throws std::logic_error as `invoke`
  void ping();

  /// \returns what has happened next in the bytes that came
  event next();
  /// \returns how we were let in
  [[nodiscard]] const welcome& server() const noexcept { return server_; }
  /// \returns what was answered
  [[nodiscard]] const reply& answer() const noexcept { return reply_; }
  /// \returns how many calls and pings wait for an answer
  [[nodiscard]] std::size_t waiting() const noexcept { return asked_.size() - answered_; }

 private:
  enum class state : std::uint8_t { fresh, greeted, open };
  struct asked {
    message_type type;  // of the answer
    std::uint16_t sequence;
    std::uint8_t serializer;
  };
  void require(state s) const;
  void expect_room();
  [[nodiscard]] static header header_of(const call& what);
  [[nodiscard]] header prepare(const call& what);
  static void begin_call(std::string& out, const call& what);
  static void end_call(std::string& out, const call& what);
  std::uint16_t sent_call(const header& h);
  event read_welcome();
  event read_reply(const asked& what);

  state state_ = state::fresh;
  std::uint16_t sequence_ = 0;
  std::vector<asked> asked_;  // in order; those before answered_ are answered
  std::size_t answered_ = 0;
  welcome server_;
  reply reply_;
  std::string text_;
};

/// @}
}  // namespace gof::inline v0::pyro
