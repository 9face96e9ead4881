// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// What is done around messages: to log, check, refuse or repeat them.

#include <gof/mediator.hpp>

namespace gof::inline v0::mediator {

/// \addtogroup mediator
/// @{

/// What an advice calls to let a message go on: never, once or several times; also with another
/// message instead. Valid until the advice returns. \tparam M the message
template <class M>
class next {
 public:
  next(const next&) = delete;
  next& operator=(const next&) = delete;
  /// Lets it go on. \param m the message \returns the answer \throws what comes from there
  answer_of<M> operator()(const M& m) const { return go_(from_, place_, m); }

 private:
  template <class...>
  friend class pipeline;
  using go = answer_of<M> (*)(void*, std::size_t, const M&);
  next(void* from, std::size_t place, go how) noexcept : from_(from), place_(place), go_(how) {}
  void* from_;
  std::size_t place_;
  go go_;
};

/// Sends to a mediator, through advice that is added here. What is sent to the mediator itself goes
/// past it.
/// \tparam Messages those of the mediator
/// \threads one at a time
/// \law AdviceIsNested: the advice that was added first is the outermost
template <class... Messages>
class pipeline {
  template <class M>
  static constexpr bool carries = (std::same_as<M, Messages> || ...);

 public:
  /// Without advice. \param m outlives this
  explicit pipeline(mediator<Messages...>& m) noexcept : mediator_(&m) {}
  pipeline(const pipeline&) = delete;
  pipeline& operator=(const pipeline&) = delete;

  /// From now on calls `f(message, next)` for each message of this type, inside the advice that is
  /// there already; `next(message)` lets it go on. \tparam M the message
  /// \param f returns the answer \throws std::bad_alloc; unchanged
  template <class M, class F>
    requires(std::is_invocable_r_v<answer_of<M>, F&, const M&, const next<M>&>&& carries<M>)
  void around(F f) { all<M>().push_back(std::make_unique<advice_of<M, F>>(std::move(f))); }

  /// Asks. \param r the request \returns the answer
  /// \throws what an advice throws, or the mediator's `send`
  template <request R>
    requires(carries<R>)
  answer_of<R> send(const R& r) { return go<R>(this, 0, r); }
  /// Tells all, until one throws. \param n the notification
  /// \throws what an advice throws, or the mediator's `publish`
  template <class N>
    requires(carries<N> && !request<N>)
  void publish(const N& n) { go<N>(this, 0, n); }

 private:
  template <class M>
  struct advice {
    virtual ~advice() = default;
    virtual answer_of<M> call(const M&, const next<M>&) = 0;
  };
  template <class M, class F>
  struct advice_of final : advice<M> {
    explicit advice_of(F from) : f(std::move(from)) {}
    answer_of<M> call(const M& m, const next<M>& n) override { return f(m, n); }
    F f;
  };
  template <class M>
  std::vector<std::unique_ptr<advice<M>>>& all() noexcept {
    return std::get<std::vector<std::unique_ptr<advice<M>>>>(advice_);
  }
  template <class M>
  static answer_of<M> go(void* from, std::size_t place, const M& m) {
    auto& self = *static_cast<pipeline*>(from);
    if (place != self.template all<M>().size()) {
      return self.template all<M>()[place]->call(m, next<M>(from, place + 1, go<M>));
    }
    if constexpr (request<M>) {
      return self.mediator_->send(m);
    } else {
      self.mediator_->publish(m);
    }
  }

  mediator<Messages...>* mediator_;
  std::tuple<std::vector<std::unique_ptr<advice<Messages>>>...> advice_;
};
/// \param m what it sends to
template <class... Messages>
pipeline(mediator<Messages...>& m) -> pipeline<Messages...>;

/// @}
}  // namespace gof::inline v0::mediator
