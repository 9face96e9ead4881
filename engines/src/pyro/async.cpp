// SPDX-License-Identifier: BSL-1.0
#include <gof/pyro/async.hpp>

#include <algorithm>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/post.hpp>
#include <chrono>
#include <deque>
#include <iterator>

#include "line.hpp"
#include "names.hpp"

namespace gof::inline v0::pyro::detail {
namespace {

using clock = std::chrono::steady_clock;
using timer = asio::basic_waitable_timer<clock, asio::wait_traits<clock>, loop_strand>;

constexpr std::size_t usual_room = 16 << 10;
constexpr std::size_t enough_to_send = 1 << 20;
constexpr duration longest = std::chrono::hours(24 * 365);
constexpr clock::time_point never = clock::time_point::max();

std::exception_ptr failed(errc why, std::string text) {
  return std::make_exception_ptr(failure({why, std::move(text), {}}));
}

// A connection, and who waits for what on it. All of it runs in the strand, but for what its base
// says. Answers complete calls where they come, so that a call made then is sent without a detour;
// everything else that completes a call is posted, so that it cannot happen inside of anything.
class async_link final : public async_connection {
 public:
  async_link(asio::io_context& in, uri to, calling how)
      : async_connection(in, std::move(to), std::move(how)), timer_(strand()) {}

  void begin(owned_call it) override {
    if (strand().running_in_this_thread()) return take(std::move(it));
    asio::dispatch(strand(),
                   [self = shared(), it = std::move(it)]() mutable { self->take(std::move(it)); });
  }
  void cancel(std::uint64_t number, asio::cancellation_type how) override {
    asio::post(strand(),
               [self = shared(), number, how] { self->turn([&] { self->give_up(number, how); }); });
  }
  void close_stream(std::string id) override {
    asio::dispatch(strand(), [self = shared(), id = std::move(id)] {
      if (!self->line_ || self->line_->is != state::open) return;  // then it is gone already
      encoded what("Pyro.Daemon", "close_stream", flag::one_way);
      what.places = wire::encode(std::tuple(std::string_view(id)));
      const auto nobody = [](std::exception_ptr) {};
      const auto nothing = [](async_connection&, const client_session::reply*) {};
      using call = pending_for<void, std::remove_const_t<decltype(nobody)>,
                               std::remove_const_t<decltype(nothing)>>;
      self->take(call::make(nobody, nothing, std::move(what), *self));
    });
  }
  void end() noexcept override {
    asio::post(strand(), [self = shared()] {
      self->turn([&] {
        self->ended_ = true;
        self->disconnect();
        self->lose(errc::cancelled, "nobody is there for it any more");
        self->refuse(errc::cancelled, "nobody is there for it any more");
      });
    });
  }

 private:
  enum class state : std::uint8_t { connecting, greeted, open };
  struct connection {
    connection(const loop_strand& in, const calling& how)
        : at(in), resolver(in), session(how.most, how.compress) {}
    line<loop_strand> at;
    asio::ip::basic_resolver<asio::ip::tcp, loop_strand> resolver;
    client_session session;
    std::shared_ptr<async_connection> names;  // while a name server is asked
    uri to;                                   // the object, once it was looked up
    state is = state::connecting;
    bool reading = false, writing = false;
    std::string outgoing;  // what is being written
  };
  struct sent_call {
    owned_call who;  // null where nobody waits for the answer any more
    clock::time_point by;
  };
  [[nodiscard]] std::shared_ptr<async_link> shared() {
    return std::static_pointer_cast<async_link>(shared_from_this());
  }

  // Does it, and then what there is to be done.
  template <class F>
  void turn(const F& what) {
    struct after {
      async_link& of;
      bool fine = false;
      ~after() {
        of.in_turn_ = false;
        if (!fine) of.soon();  // a completion threw, which goes to who runs the loop
      }
    } mark{*this};
    in_turn_ = true;
    what();
    go_on();
    mark.fine = true;
  }
  void soon() {
    if (in_turn_ || std::exchange(soon_, true)) return;
    asio::post(strand(), [self = shared()] {
      self->soon_ = false;
      self->turn([] {});
    });
  }
  // Does it so when something has come of what was begun on this connection.
  template <class... Came, class F>
  auto bound(F what) {
    return [self = shared(), on = line_, what](error_code why, Came... came) {
      if (self->line_ == on) self->turn([&] { what(*on, why, came...); });
    };
  }

  void take(owned_call it) {
    if (ended_) return later(std::move(it), failed(errc::cancelled, "the object is gone"));
    if (unsent_.size() + sent_.size() + told_.size() + telling_.size() >= most_operations)
      return later(std::move(it), failed(errc::overloaded, "too many calls are under way"));
    const clock::time_point now = clock::now();
    // One that was not used for a while may be over: better to know before something is sent.
    if (line_ && line_->is == state::open && earliest() == never &&
        now - used_ > std::chrono::seconds(1) && is_over())
      disconnect();
    used_ = now;
    it->by = now + std::min(how().deadline, longest);
    first_own_ = std::min(first_own_, it->what.belongs.until);
    unsent_.push_back(std::move(it));
    soon();
  }

  void go_on() {
    if (const auto on = line_; on && on->is != state::connecting) {
      read_answers(*on);
      if (line_ == on && on->is == state::open) send(*on);
      if (line_ == on) write(*on);
      if (line_ == on) read(*on);
    }
    if (!line_ && !unsent_.empty()) connect();
    const clock::time_point next = earliest();
    if (next < armed_) {
      arm(next);
    } else if (next == never) {
      used_ = clock::now();
      first_own_ = never;
      if (std::exchange(armed_, never) != never) timer_.cancel();  // or the loop would wait for it
    }
  }

  // ---- One connection ---------------------------------------------------------------------------

  void connect() {
    line_ = std::make_shared<connection>(strand(), how());
    line_->to = asked();
    if (asked().is == uri::kind::object) return reach();
    const question it = question_for(asked());
    line_->names = make(strand().get_inner_executor().context(), it.at, how());
    encoded what({}, it.method, 0);
    what.places = '\x91';
    encode_to(what.places, it.argument, serializer::msgpack);
    const auto answered = [self = shared(), on = line_](std::exception_ptr why, uri to) {
      asio::dispatch(self->strand(), [=] {
        if (self->line_ == on) self->turn([&] { self->looked_up(why, to); });
      });
    };
    const auto read = [name = asked()](async_connection&, const client_session::reply* reply) {
      return detail::asked([&] {
        check(*reply);
        return found(name, decode(reply->payload, serializer::msgpack));
      });
    };
    using call = pending_for<uri, std::remove_const_t<decltype(answered)>,
                             std::remove_const_t<decltype(read)>>;
    line_->names->begin(call::make(answered, read, std::move(what), *line_->names));
  }
  void looked_up(const std::exception_ptr& why, const uri& to) {
    std::exchange(line_->names, nullptr)->end();
    if (why) return fail_with(why);
    line_->to = to;
    reach();
  }
  void reach() {
    error_code bad;
    const uri& to = line_->to;
    const auto address = asio::ip::make_address(to.host, bad);
    if (!bad)
      return line_->at.socket.async_connect(
          {address, to.port}, bound([this](connection& on, error_code why) { reached(on, why); }));
    line_->resolver.async_resolve(
        to.host, std::to_string(to.port), asio::ip::resolver_base::numeric_service,
        bound<asio::ip::tcp::resolver::results_type>([this](connection& on, error_code why,
                                                            const auto& places) {
          if (why)
            return fail(why == asio::error::host_not_found_try_again ? errc::unavailable
                                                                     : errc::nobody_there,
                        "the host \"" + on.to.host + "\" is not known: " + why.message());
          asio::async_connect(on.at.socket, places,
                              bound<asio::ip::tcp::endpoint>(
                                  [this](connection& at, error_code failed,
                                         const asio::ip::tcp::endpoint&) { reached(at, failed); }));
        }));
  }
  void reached(connection& on, error_code why) {
    if (why)
      return fail(errc::nobody_there, on.to.host + ':' + std::to_string(on.to.port) +
                                          " does not answer: " + why.message());
    try {
      on.at.open();
      const tls_context tls = make_tls(how().tls, false);
      if (!tls) return greet(on);
      on.at.shake_hands(tls, on.to.host.c_str(), bound([this](connection& at, error_code wrong) {
                          if (wrong)
                            return fail(errc::denied,
                                        at.to.host + ':' + std::to_string(at.to.port) +
                                            ": no TLS connection: " + wrong.message());
                          greet(at);
                        }));
    } catch (...) {
      fail_with(std::current_exception());
    }
  }
  void greet(connection& on) {
    try {
      std::string shown;
      encode_to(shown, how().proves ? how().proves() : how().handshake, serializer::msgpack);
      on.session.connect(on.to.object, shown, how().speaks);
      on.is = state::greeted;
    } catch (...) {
      fail_with(std::current_exception());
    }
  }

  void read_answers(connection& on) {
    client_session& it = on.session;
    while (line_.get() == &on) {
      switch (it.next()) {
        case client_session::event::none:
          return;
        case client_session::event::accepted:
          on.is = state::open;
          break;
        case client_session::event::refused:
          return fail(it.reason() == "unknown object" ? errc::nobody_there : errc::denied,
                      on.to.text() + ": " + it.reason());
        case client_session::event::closed:
          return fail(errc::closed, on.to.text() + " does not answer as Pyro does: " + it.reason());
        case client_session::event::pong:
          break;
        case client_session::event::replied: {
          owned_call who = std::move(sent_.front().who);
          sent_.pop_front();
          if (who) who.release()->complete(*this, {}, &it.answer());
          break;
        }
      }
    }
  }
  void send(connection& on) {
    while (!unsent_.empty() && on.session.output().size() < enough_to_send) {
      owned_call it = std::move(unsent_.front());
      unsent_.pop_front();
      const encoded& what = it->what;
      const bool one_way = (what.flags & flag::one_way) != 0;
      if (!one_way) sent_.push_back({nullptr, it->by});
      try {
        on.session.invoke({.object = what.object.empty() ? on.to.object : what.object,
                           .method = what.method,
                           .named = what.names,
                           .flags = what.flags,
                           .encoding = how().speaks,
                           .chunks = what.belongs.chunks,
                           .correlation = what.belongs.correlation},
                          [&](std::string& out) { out += what.places; });
      } catch (...) {
        if (!one_way) sent_.pop_back();
        later(std::move(it), std::current_exception());
        continue;
      }
      if (one_way)
        told_.push_back(std::move(it));
      else
        sent_.back().who = std::move(it);
    }
  }
  void write(connection& on) {
    const std::string_view all = on.session.output();
    if (on.writing || all.empty()) return;
    error_code why;
    on.session.sent(on.at.write_now(all, why));
    if (why) return fail(errc::closed, "the connection broke: " + why.message());
    const std::string_view rest = on.session.output();
    if (rest.empty()) return tell(told_);
    on.outgoing = rest;  // more is written behind it meanwhile
    on.session.sent(rest.size());
    on.writing = true;
    telling_.swap(told_);
    on.at.write(on.outgoing,
                bound<std::size_t>([this](connection& at, error_code wrong, std::size_t) {
                  at.writing = false;
                  if (wrong) return fail(errc::closed, "the connection broke: " + wrong.message());
                  tell(telling_);
                }));
  }
  // What was to be sent was sent.
  void tell(std::deque<owned_call>& them) {
    for (; !them.empty(); them.pop_front()) later(std::move(them.front()), {});
  }
  // Only while something is expected, so that the loop ends when there is nothing.
  void read(connection& on) {
    if (on.reading || (on.is == state::open && sent_.empty())) return;
    on.reading = true;
    on.at.read(on.session.room(std::max(on.session.missing(), usual_room)),
               bound<std::size_t>([this](connection& at, error_code why, std::size_t n) {
                 at.reading = false;
                 if (!why) return at.session.received(n);
                 if (is_refusal(why))
                   return fail(errc::denied, at.to.host + ':' + std::to_string(at.to.port) +
                                                 ": no TLS connection: " + why.message());
                 if (why == asio::error::eof)
                   return fail(errc::closed, at.to.text() + " ended the connection");
                 fail(errc::closed, "the connection broke: " + why.message());
               }));
  }
  [[nodiscard]] static bool is_refusal(error_code why) {
    return why.category() == asio::error::get_ssl_category() &&
           refuses_certificate(ERR_GET_REASON(static_cast<unsigned long>(why.value())));
  }
  [[nodiscard]] bool is_over() {
    if (line_->reading) return false;
    char c = 0;
    const auto n = ::recv(line_->at.socket.native_handle(), &c, 1, MSG_PEEK | MSG_DONTWAIT);
    if (n > 0) return !line_->at.tls;  // TLS sends by itself now and then
    return n == 0 || (errno != EAGAIN && errno != EINTR);
  }

  // ---- Its end ----------------------------------------------------------------------------------

  void disconnect() noexcept {
    const auto on = std::exchange(line_, nullptr);
    if (!on) return;
    if (on->names) on->names->end();
    on->resolver.cancel();
    on->at.close();
  }
  // Completes what was sent.
  void lose(errc why, const std::string& text) {
    for (; !sent_.empty(); sent_.pop_front())
      if (sent_.front().who) later(std::move(sent_.front().who), failed(why, text));
    for (auto* all : {&telling_, &told_})
      for (; !all->empty(); all->pop_front()) later(std::move(all->front()), failed(why, text));
  }
  // Completes what was not.
  void refuse(errc why, const std::string& text) {
    for (; !unsent_.empty(); unsent_.pop_front())
      later(std::move(unsent_.front()), failed(why, text));
  }
  void fail(errc why, const std::string& text) {
    const bool was_open = line_->is == state::open;
    const std::string where = line_->to.text();
    disconnect();
    if (was_open) return lose(why, text);
    if (outcome_of(why) == outcome::unknown)  // nothing ran
      refuse(errc::unavailable, where + ": " + text);
    else
      refuse(why, text);
  }
  void fail_with(const std::exception_ptr& why) {
    try {
      std::rethrow_exception(why);
    } catch (const failure& e) {
      fail(e.reason().why, e.reason().message);
    } catch (const std::exception& e) {
      fail(errc::unavailable, e.what());
    }
  }

  [[nodiscard]] clock::time_point earliest() const {
    clock::time_point first = sent_.empty() ? never : sent_.front().by;
    for (const auto* all : {&unsent_, &told_, &telling_})
      if (!all->empty()) first = std::min(first, all->front()->by);
    return first == never ? never : std::min(first, first_own_);
  }
  void arm(clock::time_point at) {
    armed_ = at;
    timer_.expires_at(at);
    timer_.async_wait([self = shared()](error_code aborted) {
      if (aborted) return;
      self->armed_ = never;
      self->turn([&] { self->expire(clock::now()); });
    });
  }
  void expire(clock::time_point now) {
    if (first_own_ <= now) give_up_late(now);
    if (now < earliest()) return;
    const std::string where = line_ ? line_->to.text() : asked().text();
    const bool was_open = line_ && line_->is == state::open;
    disconnect();  // an answer that comes too late would be taken for another's
    for (; !sent_.empty() && sent_.front().by <= now; sent_.pop_front())
      if (sent_.front().who) later(std::move(sent_.front().who), failed(errc::deadline, where));
    for (auto* all : {&telling_, &told_})
      for (; !all->empty() && all->front()->by <= now; all->pop_front())
        later(std::move(all->front()), failed(errc::deadline, where));
    lose(errc::closed, "a call before this one was not answered in time by " + where);
    for (; !unsent_.empty() && (!was_open || unsent_.front()->by <= now); unsent_.pop_front())
      later(std::move(unsent_.front()),
            failed(errc::unavailable, where + ": there is no connection in time"));
  }
  // Completes the calls whose own deadline is over. The others, if any, keep their connection.
  void give_up_late(clock::time_point now) {
    first_own_ = never;
    const auto is_late = [&](const owned_call& it) {
      if (!it || it->what.belongs.until <= now) return it != nullptr;
      first_own_ = std::min(first_own_, it->what.belongs.until);
      return false;
    };
    give_up_sent(is_late, errc::deadline, asked().text());
    const auto waits = [](const sent_call& one) { return one.who != nullptr; };
    if (!sent_.empty() && told_.empty() && telling_.empty() &&
        std::none_of(sent_.begin(), sent_.end(), waits)) {
      disconnect();  // or the loop would wait for what nobody waits for
      sent_.clear();
    }
    give_up_unsent(is_late, errc::unavailable, asked().text() + ": too late");
  }
  void give_up(std::uint64_t number, asio::cancellation_type how) {
    const auto is = [&](const owned_call& it) { return it && it->number == number; };
    give_up_unsent(is, errc::cancelled, "it was given up");
    using enum asio::cancellation_type;
    if ((how & (terminal | partial)) == none) return;
    give_up_sent(is, errc::cancelled, "it was given up");
  }
  template <class Is>
  void give_up_unsent(const Is& is, errc why, const std::string& text) {
    for (auto it = unsent_.begin(); it != unsent_.end();) {
      const bool given_up = is(*it);
      if (given_up) later(std::move(*it), failed(why, text));
      it = given_up ? unsent_.erase(it) : std::next(it);
    }
  }
  // What is on its way cannot be called back: it is only not waited for.
  template <class Is>
  void give_up_sent(const Is& is, errc why, const std::string& text) {
    for (sent_call& one : sent_)
      if (is(one.who)) later(std::move(one.who), failed(why, text));
  }

  std::deque<owned_call> unsent_;   // in order
  std::deque<sent_call> sent_;      // those that wait for an answer, in order
  std::deque<owned_call> told_;     // those that do not, and are in the session's output …
  std::deque<owned_call> telling_;  // … and in what is being written
  std::shared_ptr<connection> line_;
  timer timer_;
  clock::time_point armed_ = never;      // what the timer is set to
  clock::time_point first_own_ = never;  // the earliest of the calls' own deadlines, or earlier
  clock::time_point used_{};             // when a call was made, or all had ended
  bool in_turn_ = false, soon_ = false, ended_ = false;
};

}  // namespace

std::shared_ptr<async_connection> async_connection::make(asio::io_context& in, uri to,
                                                         calling how) {
  return std::make_shared<async_link>(in, std::move(to), std::move(how));
}
async_connection::async_connection(asio::io_context& in, uri to, calling how)
    : strand_(in.get_executor()), asked_(std::move(to)), how_(std::move(how)) {
  // As one that blocks does it.
  if (!how_.by) how_.by = {connection(asked_, {}).how().by};
}
void async_connection::later(owned_call it, std::exception_ptr why) {
  asio::post(strand_,
             [self = shared_from_this(), it = std::move(it), why = std::move(why)]() mutable {
               it.release()->complete(*self, std::move(why), nullptr);
             });
}
void async_connection::check(const client_session::reply& it) {
  using enum client_session::reply::kind;
  if (it.is == exception) remote_exception::from(decode(it.payload, serializer::msgpack)).raise();
  if (it.is == unreadable)
    throw failure(
        {errc::failed_there, "it ran, and its answer cannot be read: " + std::string(it.text), {}});
}
bool async_connection::check_item(const client_session::reply& it) {
  try {
    check(it);
    return true;
  } catch (const remote_exception& e) {
    if (e.kind == "builtins.StopIteration" || e.kind == "StopIteration") return false;
    throw;
  }
}

}  // namespace gof::inline v0::pyro::detail
