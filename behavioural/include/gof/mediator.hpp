// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// Mediator: colleagues send messages to one object, instead of knowing each other.

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

/// \defgroup mediator Mediator
/// \ingroup behavioural
/// Requests go to the one colleague who answers them, notifications to all who want to hear.
///
/// | In the book        | Here                                                                    |
/// |--------------------|-------------------------------------------------------------------------|
/// | Mediator           | \ref gof::mediator::mediator "mediator<messages…>"                      |
/// | ConcreteMediator   | your class that has one, and what it does around messages               |
/// | Colleague          | any class with `receive(const message&)`; no base class                 |
/// | Changed, Notify    | `send(request)`, `publish(notification)`                                |
///
/// | To …                                   | write                                                |
/// |----------------------------------------|------------------------------------------------------|
/// | make a request                         | `struct play { using answer = int; … };`             |
/// | make a notification                    | `struct turn { … };`, without `answer`               |
/// | be a colleague, as long as it lives    | `membership here_ = table.join(*this);`              |
/// | answer a request                       | `int receive(const play&)`                           |
/// | hear a notification                    | `void receive(const turn&)`                          |
/// | hear it before the others              | `table.join(*this, -1)`                              |
/// | ask                                    | `table.send(play{…})`                                |
/// | tell all; stop where one throws        | `table.publish(turn{…})`                             |
/// | tell all, whoever throws               | `table.publish_or(report, turn{…})`                  |
/// | do something before and after          | `gof/mediator/pipeline.hpp`: `around<play>(advice)`  |
/// | know all colleagues when compiling     | `gof/mediator/fixed.hpp`: `fixed`                    |
///
/// \source Gamma, Helm, Johnson, Vlissides, *Design Patterns* (1994), chapter 5, Mediator

namespace gof::inline v0::mediator {

/// \addtogroup mediator
/// @{

/// Says what its answer is, in a type `answer`: one colleague answers it. Any other message is a
/// notification. A message may have `static constexpr std::size_t depth`: how many of its type may
/// be under way inside each other; one, unless it says.
template <class M>
concept request = requires {
  typename M::answer;
};

/// Has a `receive` that is public and takes the message.
template <class C, class M>
concept receives = requires(C& colleague, const M& message) {
  colleague.receive(message);
};

namespace detail {
template <class M>
struct answer {
  using type = void;
};
template <request M>
struct answer<M> {
  using type = typename M::answer;
};
template <class M>
constexpr std::size_t depth_of() {
  if constexpr (requires { M::depth; }) return M::depth;
  return 1;
}

// The name of T, without what it is nested in.
template <class T>
constexpr std::string_view name_of() {
  std::string_view text = __PRETTY_FUNCTION__;  // "… [with T = a::b; …]" or "… [T = a::b]"
  text.remove_prefix(text.find("T = ") + 4);
  text = text.substr(0, text.find_first_of(";]"));
  return text.substr(text.substr(0, text.find('<')).rfind(':') + 1);
}
template <class T>
constexpr std::string_view name = name_of<T>();
}  // namespace detail

/// What is answered; void for a notification. \tparam M the message
template <class M>
using answer_of = typename detail::answer<M>::type;

/// A request was sent that nobody answers.
class unanswered : public std::logic_error {
  using std::logic_error::logic_error;
};
/// Somebody joins who would answer a request that another one answers.
class answered_twice : public std::logic_error {
  using std::logic_error::logic_error;
};
/// A message led to itself.
class loop : public std::logic_error {
 public:
  /// \param chain the names of the messages, each sent while the one before it was under way
  explicit loop(std::vector<std::string> chain)
      : std::logic_error("gof::mediator: a message led to itself: " + text(chain)),
        chain_(std::move(chain)) {}
  /// \returns the names of the messages; the last is the one that was refused
  [[nodiscard]] const std::vector<std::string>& chain() const noexcept { return chain_; }

 private:
  static std::string text(const std::vector<std::string>& chain) {
    std::string all;
    for (const std::string& name : chain) all += (all.empty() ? "" : " > ") + name;
    return all;
  }
  std::vector<std::string> chain_;
};

class membership;

namespace detail {
// What memberships know of a mediator.
class hub {
 protected:
  hub() = default;
  hub(const hub&) = delete;
  hub& operator=(const hub&) = delete;
  ~hub();
  std::vector<membership*> members_;

 private:
  friend class mediator::membership;
  virtual void leave(std::uint64_t id) noexcept = 0;
};
}  // namespace detail

/// That a colleague takes part, as long as this lives. The mediator may end before it.
class membership {
 public:
  membership(const membership&) = delete;
  membership& operator=(const membership&) = delete;
  ~membership() { leave(); }  ///< Ends it.

  /// Ends it: the colleague receives nothing more, not even of a message that is under way.
  void leave() noexcept {
    if (hub_ == nullptr) return;
    hub_->leave(id_);
    std::erase(std::exchange(hub_, nullptr)->members_, this);
  }
  /// \returns whether the colleague takes part
  [[nodiscard]] explicit operator bool() const noexcept { return hub_ != nullptr; }

 private:
  friend class detail::hub;  ///< Ends all of them.
  template <class...>
  friend class mediator;
  membership(detail::hub& h, std::uint64_t id) noexcept : hub_(&h), id_(id) {
    h.members_.push_back(this);
  }
  detail::hub* hub_;
  std::uint64_t id_;
};

inline detail::hub::~hub() {
  for (membership* m : members_) m->hub_ = nullptr;
}

namespace detail {
// Who receives messages of a type.
template <class M>
struct receiver {
  void* colleague;
  answer_of<M> (*call)(void*, const M&);
  int order;
  std::uint64_t id;
};

// A message under way, on the stack; `at` is the place of the one who receives it now.
struct frame {
  frame(frame*& top, const std::string_view& n, const void* receivers, std::uint64_t last) noexcept
      : top_frame(top), below(top), name(&n), to(receivers), last_id(last) {
    top = this;
  }
  frame(const frame&) = delete;
  frame& operator=(const frame&) = delete;
  ~frame() { top_frame = below; }
  frame*& top_frame;
  frame* below;
  const std::string_view* name;
  const void* to;
  std::uint64_t last_id;
  std::ptrdiff_t at = 0;
};
}  // namespace detail

/// The Mediator: knows who receives what.
///
/// While a message is under way everything is allowed but to destroy this: to join, to leave, to
/// destroy a colleague, to send other messages.
/// \tparam Messages all that can be sent, each once; they go to colleagues by reference
/// \threads one at a time
/// \law AllInOrder: a notification reaches each colleague who takes part from its beginning until
/// its turn comes, once, by `order`, and then by when they joined
template <class... Messages>
class mediator final : detail::hub {
  template <class M>
  static constexpr bool carries = (std::same_as<M, Messages> || ...);

 public:
  mediator() = default;  ///< Nobody takes part.

  /// A colleague takes part: it receives all messages that it has a `receive` for.
  /// \param colleague outlives the membership
  /// \param order those with a lower one hear a notification first
  /// \returns the membership: the colleague takes part as long as it lives
  /// \throws answered_twice, std::bad_alloc; unchanged
  template <class C>
    requires(!std::is_const_v<C> && (receives<C, Messages> || ...))
  [[nodiscard]] membership join(C& colleague, int order = 0) {
    (prepare<C, Messages>(), ...);
    make_room(members_);
    ++last_id_;
    (add<C, Messages>(colleague, order), ...);
    return membership(*this, last_id_);
  }

  /// Asks. \param r the request \returns what the one colleague answers who receives it
  /// \throws unanswered; loop; what the colleague throws
  template <request R>
    requires(carries<R>)
  answer_of<R> send(const R& r) {
    const auto& to = all<R>();
    const auto f = begin<R>();
    if (to.empty()) [[unlikely]] {
      throw unanswered("gof::mediator: nobody answers " + std::string(detail::name<R>));
    }
    return to.front().call(to.front().colleague, r);
  }

  /// Tells all, in order, until one throws. \param n the notification
  /// \throws loop; what a colleague throws
  template <class N>
    requires(carries<N> && !request<N>)
  void publish(const N& n) {
    each<N>([&](const detail::receiver<N>& to) { to.call(to.colleague, n); });
  }

  /// Tells all, in order, whoever throws. \param handler is called with the exception_ptr of each
  /// that does; cannot throw \param n the notification \throws loop
  template <class N, class Handler>
    requires(carries<N> && !request<N> && std::is_nothrow_invocable_v<Handler&, std::exception_ptr>)
  void publish_or(Handler&& handler, const N& n) {
    each<N>([&](const detail::receiver<N>& to) {
      try {
        to.call(to.colleague, n);
      } catch (...) {
        handler(std::current_exception());
      }
    });
  }

  /// \returns how many receive it \tparam M the message
  template <class M>
    requires(carries<M>)
  [[nodiscard]] std::size_t receivers() const noexcept {
    return std::get<std::vector<detail::receiver<M>>>(receivers_).size();
  }

 private:
  // Whatever can fail before a colleague takes part.
  template <class C, class M>
  void prepare() {
    if constexpr (receives<C, M>) {
      auto& to = all<M>();
      if constexpr (request<M>) {
        using returned = decltype(std::declval<C&>().receive(std::declval<const M&>()));
        static_assert(std::is_convertible_v<returned, answer_of<M>>,
                      "gof::mediator: receive does not return the answer of this request");
        if (!to.empty()) {
          throw answered_twice("gof::mediator: somebody answers " + std::string(detail::name<M>) +
                               " already");
        }
      }
      make_room(to);
    }
  }
  static void make_room(auto& in) {
    if (in.size() == in.capacity()) in.reserve(2 * in.size() + 1);
  }
  template <class C, class M>
  void add(C& colleague, int order) noexcept {
    if constexpr (receives<C, M>) {
      auto& to = all<M>();
      auto at = to.end();
      while (at != to.begin() && std::prev(at)->order > order) --at;
      const auto call = [](void* c, const M& m) -> answer_of<M> {
        return static_cast<C*>(c)->receive(m);
      };
      at = to.insert(at, {std::addressof(colleague), call, order, last_id_});
      shift(to, at, 1);
    }
  }
  void leave(std::uint64_t id) noexcept override { (remove<Messages>(id), ...); }
  template <class M>
  void remove(std::uint64_t id) noexcept {
    auto& to = all<M>();
    auto at = to.begin();
    while (at != to.end() && at->id != id) ++at;
    if (at != to.end()) shift(to, to.erase(at), -1);
  }
  // Each message under way stays where it is, when there is one more or less before it.
  template <class To>
  void shift(const To& to, typename To::iterator at, std::ptrdiff_t by) noexcept {
    for (auto* f = top_; f != nullptr; f = f->below) {
      if (f->to == &to && at - to.begin() <= f->at) f->at += by;
    }
  }

  template <class M>
  std::vector<detail::receiver<M>>& all() noexcept {
    return std::get<std::vector<detail::receiver<M>>>(receivers_);
  }
  template <class M>
  detail::frame begin() {
    if (top_ != nullptr) check<M>();
    return {top_, detail::name<M>, &all<M>(), last_id_};
  }
  template <class M>
  void check() {
    std::size_t n = 0, same = 0;
    for (const auto* f = top_; f != nullptr; f = f->below, ++n) same += f->to == &all<M>();
    if (same < detail::depth_of<M>()) return;
    std::vector<std::string> chain(n + 1, std::string(detail::name<M>));
    for (const auto* f = top_; f != nullptr; f = f->below) chain[--n] = *f->name;
    throw loop(std::move(chain));
  }
  template <class N, class Call>
  void each(Call call) {
    const auto& to = all<N>();
    auto f = begin<N>();
    for (; f.at < std::ssize(to); ++f.at) {
      const auto receiver = to[static_cast<std::size_t>(f.at)];
      if (receiver.id <= f.last_id) call(receiver);  // else it came later
    }
  }

  std::tuple<std::vector<detail::receiver<Messages>>...> receivers_;
  detail::frame* top_ = nullptr;  // the innermost message under way
  std::uint64_t last_id_ = 0;
};

/// @}
}  // namespace gof::inline v0::mediator
