// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// Adapter: codes become exceptions, and exceptions codes, at the border between two interfaces.

#include <cstddef>
#include <gof/adapter.hpp>
#include <new>
#include <stdexcept>
#include <string>
#include <system_error>
#include <tuple>
#include <type_traits>
#include <utility>

namespace gof::inline v0::adapter {

/// \addtogroup adapter
/// @{

/// \returns the category of \ref no_code
[[nodiscard]] inline const std::error_category& category() noexcept {
  static const struct final : std::error_category {
    const char* name() const noexcept override { return "gof::adapter"; }
    std::string message(int) const override { return "an exception that no code stands for"; }
  } instance;
  return instance;
}
/// \returns the code of an exception that has none of its own
[[nodiscard]] inline std::error_code no_code() noexcept { return {1, category()}; }

/// For a `catch` block. \returns the code for the exception that is being handled: its own, of a
/// `std::system_error`; `std::errc` for what the standard library throws where memory ran out, an
/// argument is invalid or out of range; else \ref no_code. Never the code of a success.
[[nodiscard]] inline std::error_code current_code() noexcept {
  try {
    throw;
  } catch (const std::system_error& failed) {
    return failed.code() ? failed.code() : no_code();
  } catch (const std::bad_alloc&) {
    return std::make_error_code(std::errc::not_enough_memory);
  } catch (const std::invalid_argument&) {
    return std::make_error_code(std::errc::invalid_argument);
  } catch (const std::out_of_range&) {
    return std::make_error_code(std::errc::result_out_of_range);
  } catch (...) {
    return no_code();
  }
}

/// The type of \ref throwing. \tparam Specific as there
template <auto Specific>
struct throwing_request {
  /// \param adaptee what is asked \param arguments without the code \returns what it returns, if
  /// that is no code \throws std::system_error with the code that it gives
  template <class Adaptee, class... Arguments>
  decltype(auto) operator()(Adaptee& adaptee, Arguments&&... arguments) const {
    if constexpr (detail::called_with<Specific, Adaptee, Arguments..., std::error_code&>) {
      std::error_code code;
      using result = decltype(detail::perform<Specific>(
          adaptee, static_cast<Arguments&&>(arguments)..., code));
      if constexpr (std::is_void_v<result>) {
        detail::perform<Specific>(adaptee, static_cast<Arguments&&>(arguments)..., code);
        if (code) throw std::system_error(code);
      } else {
        result got =
            detail::perform<Specific>(adaptee, static_cast<Arguments&&>(arguments)..., code);
        if (code) throw std::system_error(code);
        return got;
      }
    } else {
      const std::error_code code =
          detail::perform<Specific>(adaptee, static_cast<Arguments&&>(arguments)...);
      if (code) throw std::system_error(code);
    }
  }
};
/// Something to bind, for an adaptee that gives codes and a Target that throws.
/// \tparam Specific as in \ref bind; it takes a `std::error_code&` after the other arguments, or
/// returns a `std::error_code` or what converts to one
template <auto Specific>
inline constexpr throwing_request<Specific> throwing{};

/// The type of \ref coding. \tparam Specific as there \tparam Code as there
template <auto Specific, auto Code>
struct coding_request {
  /// \param adaptee what is asked \param arguments the last one is a `std::error_code&` where it
  /// returns something \returns what it returns, or `{}` where it throws; the code, of `void`
  template <class Adaptee, class... Arguments>
  auto operator()(Adaptee& adaptee, Arguments&&... arguments) const noexcept {
    if constexpr (detail::called_with<Specific, Adaptee, Arguments...>) {
      static_assert(
          std::is_void_v<decltype(detail::perform<Specific>(
              adaptee, static_cast<Arguments&&>(arguments)...))>,
          "gof::adapter: to give a result and a code, take a std::error_code& at the end");
      try {
        detail::perform<Specific>(adaptee, static_cast<Arguments&&>(arguments)...);
        return std::error_code();
      } catch (...) {
        return std::error_code(Code());
      }
    } else {
      return split(adaptee, std::forward_as_tuple(static_cast<Arguments&&>(arguments)...),
                   std::make_index_sequence<sizeof...(Arguments) - 1>());
    }
  }

 private:
  template <class Adaptee, class All, std::size_t... I>
  static auto split(Adaptee& adaptee, All&& all, std::index_sequence<I...>) noexcept {
    std::error_code& code = std::get<sizeof...(I)>(all);
    using result =
        decltype(detail::perform<Specific>(adaptee, std::get<I>(static_cast<All&&>(all))...));
    static_assert(!std::is_reference_v<result>,
                  "gof::adapter: where it throws there is nothing to refer to; return a value");
    try {
      code.clear();
      return detail::perform<Specific>(adaptee, std::get<I>(static_cast<All&&>(all))...);
    } catch (...) {
      code = Code();
      return result();
    }
  }
};
/// Something to bind, for an adaptee that throws and a Target that gives codes and is `noexcept`.
/// The other way round than \ref throwing; the text of an exception is lost.
/// \tparam Specific as in \ref bind \tparam Code is called in the `catch` block for the code
template <auto Specific, auto Code = &current_code>
inline constexpr coding_request<Specific, Code> coding{};

/// @}
}  // namespace gof::inline v0::adapter
