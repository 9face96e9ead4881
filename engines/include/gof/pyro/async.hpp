// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// An object elsewhere, called in a loop of Boost.Asio: many calls under way, and any way to wait.

#include <atomic>
#include <boost/asio/associated_allocator.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/recycling_allocator.hpp>
#include <boost/asio/strand.hpp>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include <gof/described.hpp>
#include <gof/pyro/object.hpp>
#include <gof/pyro/stream.hpp>

namespace gof::inline v0::pyro {

/// \addtogroup pyro
/// @{

template <class T>
class async_stream;

/// \cond
namespace detail {
using loop_strand = boost::asio::strand<boost::asio::io_context::executor_type>;

// A call, encoded.
class encoded {
 public:
  encoded(std::string_view object_called, std::string_view method_called, std::uint16_t how)
      : object(object_called), method(method_called), flags(how) {}
  std::string object, method;  // an empty object is the one that the connection is for
  std::string places = "\x90", names = "\x80";
  std::uint16_t flags;
  context_sent belongs{};
};

class async_connection;

// A call, and who waits for its answer.
class pending {
 public:
  pending(encoded&& call, std::uint64_t which) : what(std::move(call)), number(which) {}
  pending(const pending&) = delete;
  pending& operator=(const pending&) = delete;
  // Tells them, by their executor, what was answered, or why nothing was. It is gone then.
  virtual void complete(async_connection& on, std::exception_ptr why,
                        const client_session::reply* answer) = 0;
  // It is gone then, and they are not told.
  virtual void drop() noexcept = 0;

  const encoded what;
  const std::uint64_t number;
  std::chrono::steady_clock::time_point by{};  // when the answer has to be there

 protected:
  ~pending() = default;
};
struct dropping {
  void operator()(pending* it) const noexcept { it->drop(); }
};
using owned_call = std::unique_ptr<pending, dropping>;

// A connection that is used in a loop, for many calls at once.
class async_connection : public std::enable_shared_from_this<async_connection> {
 public:
  static std::shared_ptr<async_connection> make(boost::asio::io_context& in, uri to, calling how);
  async_connection(const async_connection&) = delete;
  async_connection& operator=(const async_connection&) = delete;
  virtual ~async_connection() = default;

  // From any thread; nothing is completed inside.
  virtual void begin(owned_call it) = 0;
  virtual void cancel(std::uint64_t number, boost::asio::cancellation_type how) = 0;
  virtual void close_stream(std::string id) = 0;
  virtual void end() noexcept = 0;
  // Completes a call without an answer.
  void later(owned_call it, std::exception_ptr why);

  [[nodiscard]] std::uint64_t next_number() noexcept { return ++last_number_; }
  [[nodiscard]] const loop_strand& strand() const noexcept { return strand_; }
  [[nodiscard]] const uri& asked() const noexcept { return asked_; }
  [[nodiscard]] const calling& how() const noexcept { return how_; }
  [[nodiscard]] exchange& by() const noexcept { return *how_.by; }
  [[nodiscard]] wire::limits most() const noexcept { return {how_.most.message, how_.most.depth}; }

  // Raises what was thrown there.
  static void check(const client_session::reply& it);
  // The same; false at the end of a stream.
  static bool check_item(const client_session::reply& it);

 protected:
  async_connection(boost::asio::io_context& in, uri to, calling how);

 private:
  const loop_strand strand_;
  const uri asked_;
  calling how_;
  std::atomic<std::uint64_t> last_number_ = 0;
};

template <class R>
struct async_signature {
  using type = void(std::exception_ptr, R);
};
template <>
struct async_signature<void> {
  using type = void(std::exception_ptr);
};

// Read is called with the connection and the reply, and makes an R of it.
template <class R, class Handler, class Read>
class pending_for final : public pending {
  using executor = boost::asio::associated_executor_t<Handler, loop_strand>;
  using allocator = typename std::allocator_traits<boost::asio::associated_allocator_t<
      Handler, boost::asio::recycling_allocator<void>>>::template rebind_alloc<pending_for>;
  using traits = std::allocator_traits<allocator>;

 public:
  template <class H>
  static owned_call make(H&& handler, Read read, encoded&& what, async_connection& on) {
    allocator memory(
        boost::asio::get_associated_allocator(handler, boost::asio::recycling_allocator<void>()));
    pending_for* const at = traits::allocate(memory, 1);
    try {
      return owned_call(
          ::new (at) pending_for(std::forward<H>(handler), std::move(read), std::move(what), on));
    } catch (...) {
      traits::deallocate(memory, at, 1);
      throw;
    }
  }
  void complete(async_connection& on, std::exception_ptr why,
                const client_session::reply* answer) override {
    std::conditional_t<std::is_void_v<R>, std::tuple<std::exception_ptr>,
                       std::tuple<std::exception_ptr, described::as_value<R>>>
        all;
    try {
      if (why)
        std::get<0>(all) = std::move(why);
      else if constexpr (std::is_void_v<R>)
        read_(on, answer);
      else
        std::get<1>(all) = read_(on, answer);
    } catch (...) {
      std::get<0>(all) = std::current_exception();
    }
    allocator memory = its_allocator();
    Handler handler(std::move(handler_));
    const executor where = boost::asio::get_associated_executor(handler, on.strand());
    const auto work = std::move(work_);
    free(memory);
    if constexpr (std::is_same_v<executor, loop_strand>)
      if (where == on.strand())  // which this runs in
        return static_cast<void>(std::apply(std::move(handler), std::move(all)));
    boost::asio::dispatch(where, [handler = std::move(handler), all = std::move(all)]() mutable {
      std::apply(std::move(handler), std::move(all));
    });
  }
  void drop() noexcept override {
    allocator memory = its_allocator();
    free(memory);
  }

 private:
  template <class H>
  pending_for(H&& handler, Read read, encoded&& what_is_called, async_connection& on)
      : pending(std::move(what_is_called), on.next_number()),
        handler_(std::forward<H>(handler)),
        read_(std::move(read)) {
    const executor where = boost::asio::get_associated_executor(handler_, on.strand());
    if constexpr (std::is_same_v<executor, loop_strand>)
      if (where == on.strand()) return;  // it waits for the answer anyway
    work_.emplace(where);
  }
  ~pending_for() = default;
  [[nodiscard]] allocator its_allocator() const noexcept {
    return allocator(
        boost::asio::get_associated_allocator(handler_, boost::asio::recycling_allocator<void>()));
  }
  void free(allocator& memory) noexcept {
    this->~pending_for();
    traits::deallocate(memory, this, 1);
  }
  Handler handler_;
  Read read_;
  std::optional<boost::asio::executor_work_guard<executor>> work_;  // their loop waits for it, too
};

// What a completion token begins.
template <class R, class Read>
class initiation {
 public:
  using executor_type = loop_strand;
  initiation(std::shared_ptr<async_connection> on, Read read, bool ended = false)
      : on_(std::move(on)), read_(std::move(read)), ended_(ended) {}
  [[nodiscard]] executor_type get_executor() const noexcept { return on_->strand(); }
  template <class Handler>
  void operator()(Handler&& handler, encoded&& what) const {
    const auto slot = boost::asio::get_associated_cancellation_slot(handler);
    auto it = pending_for<R, std::decay_t<Handler>, Read>::make(std::forward<Handler>(handler),
                                                                read_, std::move(what), *on_);
    if (ended_) return on_->later(std::move(it), {});
    const std::uint64_t number = it->number;
    if (slot.is_connected()) {
      auto where = slot;
      where.assign([on = std::weak_ptr(on_), number](boost::asio::cancellation_type how) {
        if (const auto still = on.lock()) still->cancel(number, how);
      });
    }
    on_->begin(std::move(it));
  }

 private:
  std::shared_ptr<async_connection> on_;
  Read read_;
  bool ended_;
};
template <class R, class Token, class Read>
auto initiate(Token&& token, std::shared_ptr<async_connection> on, encoded&& what, Read read,
              bool ended = false) {
  return boost::asio::async_initiate<Token, typename async_signature<R>::type>(
      initiation<R, Read>(std::move(on), std::move(read), ended), token, std::move(what));
}

// Items that are asked for one at a time.
class async_items {
 public:
  async_items(std::shared_ptr<async_connection> of, std::string_view which)
      : on(std::move(of)), id(which) {}
  async_items(const async_items&) = delete;
  async_items& operator=(const async_items&) = delete;
  ~async_items() {
    if (!id.empty()) on->close_stream(std::move(id));
  }
  const std::shared_ptr<async_connection> on;
  std::string id;  // empty at the end
};

template <class R>
struct async_type {
  using type = R;
};
template <class T>
struct async_type<stream<T>> {
  using type = async_stream<T>;
};
template <class T>
constexpr bool is_async_stream = false;
template <class T>
constexpr bool is_async_stream<async_stream<T>> = true;
}  // namespace detail

template <class R>
using async_type_of = typename detail::async_type<R>::type;
/// \endcond

/// Items from elsewhere, one at a time. \see stream \tparam T the items \threads one
template <class T>
class async_stream {
 public:
  using value_type = T;  ///< the items
  /// Of nothing.
  async_stream() = default;

  /// Asks for the next item; one at a time. \param token what is done with it: gets a
  /// `std::exception_ptr`, and a `std::optional<T>`, which is none when there are no more
  /// \returns what the token says \throws std::logic_error where this is of nothing
  template <class Token>
  auto next(Token&& token) {
    if (!from_) throw std::logic_error("gof::pyro: there is no stream");
    detail::encoded what("Pyro.Daemon", "get_next_stream_item", 0);
    what.places = wire::encode(std::tuple(std::string_view(from_->id)));
    auto read = [from = from_](detail::async_connection& on,
                               const client_session::reply* it) -> std::optional<T> {
      const std::string id = std::exchange(from->id, {});
      if (!it || !on.check_item(*it)) return {};
      std::optional<T> item(detail::read<T>(it->payload, on.by(), on.most()));
      from->id = id;
      return item;
    };
    return detail::initiate<std::optional<T>>(std::forward<Token>(token), from_->on,
                                              std::move(what), std::move(read), from_->id.empty());
  }

 private:
  friend class async_object;
  explicit async_stream(std::shared_ptr<detail::async_items> from) : from_(std::move(from)) {}
  std::shared_ptr<detail::async_items> from_;
};

/// An object elsewhere, called in a loop that its owner runs: a call is sent, and what is to be
/// done with the answer is said by a completion token of Boost.Asio, such as `asio::use_awaitable`,
/// `asio::use_future`, or a function of `(std::exception_ptr, R)`; `(std::exception_ptr)` for void.
/// What is thrown there, and every \ref gof::failure, comes so.
///
///     asio::io_context loop;
///     gof::pyro::async_object calculator(loop, "PYRO:calculator@localhost:4000");
///     calculator.call<int>([](std::exception_ptr, int sum) { … }, "add", 1, 2);
///     loop.run();                      // until all are answered, or too late
///     int sum = co_await calculator.call<int>(asio::use_awaitable, "add", 1, 2);
///
/// Arguments are encoded before the function returns. Many calls may be under way, \ref
/// gof::most_operations at most; they are sent, and answered, in their order, on one connection,
/// which is made for the first. When an answer does not come by its deadline, the connection is
/// closed: that call completes with errc::deadline, and those sent after it with errc::closed; but
/// a call_context::deadline is that of its call alone. A call whose cancellation slot is used
/// completes with errc::cancelled; its answer is not waited for. Functions without an executor of
/// their own run in a strand of this object.
/// \threads any; the loop may have many, and outlives this
class async_object {
 public:
  using executor_type = detail::loop_strand;  ///< where completions run that do not say

  /// \param loop where it is called \param to where it is, or its name \param how options
  async_object(boost::asio::io_context& loop, uri to, calling how = {})
      : on_(detail::async_connection::make(loop, std::move(to), std::move(how))) {}
  /// Leaves the other without an object.
  async_object(async_object&&) noexcept = default;
  /// Exchanges the two.
  async_object& operator=(async_object&& other) noexcept {
    on_.swap(other.on_);
    return *this;
  }
  /// Ends the connection. What is under way completes with errc::cancelled.
  ~async_object() {
    if (on_) on_->end();
  }
  /// \returns where the object is, or its name
  [[nodiscard]] const uri& where() const noexcept { return on_->asked(); }
  /// \returns where completions run that do not say
  [[nodiscard]] executor_type get_executor() const noexcept { return on_->strand(); }

  /// Calls. \param token what is done with the result \param name the function
  /// \param arguments its arguments, some of them \ref named "named" \tparam R what it returns; for
  /// stream<T> that is an async_stream<T> \returns what the token says
  /// \throws what encoding the arguments throws: nothing is called then
  template <class R = value, class Token, class... A>
  auto call(Token&& token, std::string_view name, A&&... arguments) {
    using result = async_type_of<R>;
    return detail::initiate<result>(
        std::forward<Token>(token), on_, encode(name, 0, arguments...),
        [](detail::async_connection& on, const client_session::reply* it) -> result {
          detail::async_connection::check(*it);
          const bool items = it->is == client_session::reply::kind::stream;
          if constexpr (detail::is_async_stream<result>) {
            if (!items) throw type_error("the answer is no stream of items");
            return result(std::make_shared<detail::async_items>(on.shared_from_this(), it->text));
          } else {
            if (items)
              throw type_error("the answer is a stream of items: call<gof::pyro::stream<T>>");
            return detail::read<result>(it->payload, on.by(), on.most());
          }
        });
  }
  /// Has a function called, and forgets it: no answer comes, and what goes wrong there is lost.
  /// \param token told when it was sent \param name the function \param arguments its arguments
  /// \returns what the token says
  template <class Token, class... A>
  auto one_way(Token&& token, std::string_view name, A&&... arguments) {
    return detail::initiate<void>(std::forward<Token>(token), on_,
                                  encode(name, flag::one_way, arguments...),
                                  [](detail::async_connection&, const client_session::reply*) {});
  }
  /// Reads an attribute. \param token what is done with its value \param name the attribute
  /// \tparam R its type \returns what the token says
  template <class R = value, class Token>
  auto get(Token&& token, std::string_view name) {
    return call<R>(std::forward<Token>(token), "__getattr__", name);
  }
  /// Sets an attribute. \param token told when it is set \param name the attribute
  /// \param to its value \returns what the token says
  template <class Token, class A>
  auto set(Token&& token, std::string_view name, A&& to) {
    return call<void>(std::forward<Token>(token), "__setattr__", name, std::forward<A>(to));
  }

 private:
  template <class... A>
  [[nodiscard]] detail::encoded encode(std::string_view name, std::uint16_t flags,
                                       const A&... arguments) const {
    detail::encoded it({}, name, flags);
    it.belongs = detail::context_to_send();
    it.places.clear();
    detail::write_places(it.places, on_->by(), on_->most(), arguments...);
    if constexpr ((detail::is_named<A> || ...)) {
      it.names.clear();
      detail::write_names(it.names, on_->by(), on_->most(), arguments...);
    }
    return it;
  }
  std::shared_ptr<detail::async_connection> on_;
};

/// The same, by the functions of an interface. \see async_object, remote
/// \tparam Subject an interface, described with GOF_REMOTE
template <described::with_GOF_REMOTE Subject>
class async_remote {
 public:
  /// \param loop where it is called \param to where it is, or its name \param how options
  async_remote(boost::asio::io_context& loop, uri to, calling how = {})
      : object_(loop, std::move(to), std::move(how)) {}
  /// \returns the object by the names of its functions
  [[nodiscard]] async_object& object() noexcept { return object_; }

  /// Calls. \param token what is done with the result \param arguments the function's
  /// \tparam Method a function of the interface \returns what the token says
  template <auto Method, class Token, class... A>
  auto call(Token&& token, A&&... arguments) {
    return std::apply(
        [&](const auto&... each) {
          return object_.template call<described::result_of<Method>>(
              std::forward<Token>(token), described::name_of<Subject, Method>(), each...);
        },
        described::arguments<Method>(std::forward<A>(arguments)...));
  }
  /// Has a function called, and forgets it. \param token told when it was sent
  /// \param arguments the function's \tparam Method a function of the interface
  /// \returns what the token says
  template <auto Method, class Token, class... A>
  auto one_way(Token&& token, A&&... arguments) {
    return std::apply(
        [&](const auto&... each) {
          return object_.one_way(std::forward<Token>(token), described::name_of<Subject, Method>(),
                                 each...);
        },
        described::arguments<Method>(std::forward<A>(arguments)...));
  }

 private:
  async_object object_;
};

/// @}
}  // namespace gof::inline v0::pyro
