// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// A mediator between colleagues who are all known when compiling.

#include <gof/mediator.hpp>

namespace gof::inline v0::mediator {

namespace detail {
// The compiler names the request, and how many answer it.
template <class Request, std::size_t Answer>
struct one_colleague_answers {
  static_assert(Answer != 0, "gof::mediator: no colleague answers this request");
  static_assert(Answer <= 1, "gof::mediator: several colleagues answer this request");
};
}  // namespace detail

/// \addtogroup mediator
/// @{

/// A Mediator between one colleague of each of these types: nobody joins or leaves, any message can
/// be sent, and calls are as direct as if written by hand. It keeps no watch for loops.
/// \tparam Colleagues their types, in the order in which they hear notifications; may be incomplete
/// where nothing is sent
/// \threads as the colleagues
template <class... Colleagues>
class fixed {
 public:
  /// \param colleagues outlive this
  explicit constexpr fixed(Colleagues&... colleagues) noexcept : colleagues_(colleagues...) {}

  /// Asks; does not compile where not exactly one of the types answers. \param r the request
  /// \returns the answer \throws what the colleague throws
  template <request R>
  constexpr answer_of<R> send(const R& r) const {
    constexpr std::size_t n = (std::size_t{0} + ... + std::size_t{receives<Colleagues, R>});
    static_cast<void>(detail::one_colleague_answers<R, n>());
    return answer<0>(r);
  }
  /// Tells all, in order, until one throws. \param n the notification
  /// \throws what a colleague throws
  template <class N>
    requires(!request<N>)
  constexpr void publish(const N& n) const {
    std::apply([&](auto&... each) { (tell(each, n), ...); }, colleagues_);
  }

 private:
  template <std::size_t I, class R>
  constexpr answer_of<R> answer(const R& r) const {
    if constexpr (I < sizeof...(Colleagues)) {
      auto& colleague = std::get<I>(colleagues_);
      if constexpr (receives<std::remove_reference_t<decltype(colleague)>, R>) {
        return colleague.receive(r);
      } else {
        return answer<I + 1>(r);
      }
    }
  }
  template <class C, class N>
  static constexpr void tell(C& colleague, const N& n) {
    if constexpr (receives<C, N>) colleague.receive(n);
  }
  std::tuple<Colleagues&...> colleagues_;
};

/// @}
}  // namespace gof::inline v0::mediator
