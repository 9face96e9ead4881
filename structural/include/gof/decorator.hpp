// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// Decorator: layers around a component, with their order visible and nothing hidden unasked.

#include <concepts>
#include <cstddef>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

/// \defgroup decorator Decorator
/// \ingroup structural
/// Adds to what an object does, in layers, without touching its class or hiding what else it can.
///
/// | In the book       | Here                                                                            |
/// |-------------------|---------------------------------------------------------------------------------|
/// | Component         | what is called: `component(args...)`; in a `stack` its signature, `int(int)`    |
/// | ConcreteComponent | any class with that call operator                                               |
/// | Decorator         | \ref gof::decorator::layer "layer", and what a `stack` makes of each            |
/// | ConcreteDecorator | any class with `invoke(next, args...)`, which calls `next(args...)` or does not |
/// | Operation         | the call operator                                                               |
/// | AddedBehavior     | what `invoke` does around `next`                                                |
///
/// To put decorators on for good, write `auto r = decorate(file) | checksum{} | progress{};`
///
/// | To …                                  | write                                                     |
/// |---------------------------------------|-----------------------------------------------------------|
/// | name the type of that                 | `decorated<file, checksum, progress>`                     |
/// | call                                  | `r(args...)`                                              |
/// | see the order, outermost first        | `r.describe()`                                            |
/// | use what something inside can besides | `if (auto* s = r.as<seekable>()) s->seek(0)`              |
/// | unwrap a decorator                    | `r.as<checksum>()->value()`                               |
/// | ask, in a decorator, what is inside   | `next.template as<sized>()`                               |
/// | keep others from going past it        | in the decorator: `using hides = capabilities<seekable>`  |
/// | put decorators on and take them off   | `gof/decorator/stack.hpp`: `push`, `push_inside`, `remove` |
///
/// A decorator is a value: it belongs to one component, and a copy has a state of its own. To share
/// a state, let each hold a reference to it.
///
/// \source Gamma, Helm, Johnson, Vlissides, *Design Patterns* (1994), chapter 4, Decorator

namespace gof::inline v0::decorator {

/// \addtogroup decorator
/// @{

/// Classes that a decorator lists as its `hides`: `as` does not find them further inside.
/// \tparam Classes as they are asked for
template <class... Classes>
struct capabilities {};

template <class Signature>
class stack;

namespace detail {
// The name of a class as the compiler writes it, without what the class is nested in.
template <class T>
constexpr std::string_view type_name() {
  std::string_view text = __PRETTY_FUNCTION__;  // "… [with T = a::b<c>; …]" or "… [T = a::b<c>]"
  text.remove_prefix(text.find("T = ") + 4);
  text = text.substr(0, text.find_first_of(";]"));
  std::size_t begin = 0;
  int depth = 0;
  for (std::size_t i = 0; i != text.size(); ++i) {
    const char c = text[i];
    if (c == '<' || c == '(' || c == '{') ++depth;
    if (c == '>' || c == ')' || c == '}') --depth;
    if (c == ':' && depth == 0) begin = i + 1;
  }
  return text.substr(begin);
}
template <class T>
std::string label(const T& part) {
  if constexpr (requires { part.label(); }) {
    return std::string(part.label());
  } else {
    return std::string(type_name<T>());
  }
}
constexpr const char* arrow = " -> ";

template <class Decorator>
struct hidden {
  using type = capabilities<>;
};
template <class Decorator>
  requires requires { typename Decorator::hides; }
struct hidden<Decorator> {
  using type = typename Decorator::hides;
};
template <class T, class... Classes>
constexpr bool contains(capabilities<Classes...>) {
  return (std::same_as<T, Classes> || ...);
}
}  // namespace detail

/// The component, inside all decorators that are fixed at compile time.
/// \tparam Component its class
template <class Component>
class core {
 public:
  /// Takes over a component. \param c the component
  constexpr explicit core(Component c) : component_(std::move(c)) {}

  /// Calls the component. \param args what it takes \returns what it returns
  template <class... Args>
    requires std::invocable<Component&, Args...>
  constexpr decltype(auto) operator()(Args&&... args)  //
      noexcept(std::is_nothrow_invocable_v<Component&, Args...>) {
    return component_(std::forward<Args>(args)...);
  }
  /// Calls a constant component. \param args what it takes \returns what it returns
  template <class... Args>
    requires std::invocable<const Component&, Args...>
  constexpr decltype(auto) operator()(Args&&... args) const
      noexcept(std::is_nothrow_invocable_v<const Component&, Args...>) {
    return component_(std::forward<Args>(args)...);
  }

  /// \returns the component, where it is a `T` or publicly derived from it; else null
  /// \tparam T the class
  template <class T>
  [[nodiscard]] constexpr T* as() noexcept {
    return find<T>(*this);
  }
  /// \returns as above \tparam T the class
  template <class T>
  [[nodiscard]] constexpr const T* as() const noexcept {
    return find<const T>(*this);
  }

  /// \returns the component's `label()`, or the name of its class
  [[nodiscard]] std::string describe() const { return detail::label(component_); }

 private:
  template <class T, class Self>
  static constexpr T* find(Self& self) noexcept {
    if constexpr (std::convertible_to<decltype(&self.component_), T*>) {
      return &self.component_;
    } else {
      return nullptr;
    }
  }
  template <class>
  friend class stack;
  [[no_unique_address]] Component component_;
};

/// A decorator around what is inside, fixed at compile time; a component like the one inside.
///
/// It is `const` and `noexcept` to call where the decorator and all inside are.
/// \tparam Inner a `core` or another `layer`
/// \tparam Decorator has `invoke(next, args...)`; may have `label()`, for `describe`, and `hides`
/// \threads as its parts
/// \law NoLayerIsLikeNone: a decorator that only returns `next(args...)` changes no call
/// \law OutermostFirst: a call enters the decorators in the order that `describe` prints
/// \law NothingIsHiddenUnasked: what `as` finds, it finds through decorators that do not hide it
template <class Inner, class Decorator>
class layer {
 public:
  /// Puts a decorator around. \param inner what is inside \param d the decorator
  constexpr layer(Inner inner, Decorator d) : inner_(std::move(inner)), decorator_(std::move(d)) {}

  /// Calls `invoke` of the decorator. \param args what it takes besides `next`
  /// \returns what it returns
  template <class... Args>
    requires requires(Inner& next, Decorator& d, Args&&... args) {
      d.invoke(next, std::forward<Args>(args)...);
    }
  constexpr decltype(auto) operator()(Args&&... args) noexcept(
      noexcept(decorator_.invoke(inner_, std::forward<Args>(args)...))) {
    return decorator_.invoke(inner_, std::forward<Args>(args)...);
  }
  /// The same for constants, where what is inside can be called so with these arguments.
  /// \param args what `invoke` takes besides `next` \returns what it returns
  template <class... Args>
    requires std::invocable<const Inner&, Args...> &&
        requires(const Inner& next, const Decorator& d, Args&&... args) {
      d.invoke(next, std::forward<Args>(args)...);
    }
  constexpr decltype(auto) operator()(Args&&... args) const
      noexcept(noexcept(decorator_.invoke(inner_, std::forward<Args>(args)...))) {
    return decorator_.invoke(inner_, std::forward<Args>(args)...);
  }

  /// \returns the outermost part that is a `T` or publicly derived from it; null where there is
  /// none, or where a decorator further out hides it
  /// \tparam T the class
  template <class T>
  [[nodiscard]] constexpr T* as() noexcept {
    return find<T>(*this);
  }
  /// \returns as above \tparam T the class
  template <class T>
  [[nodiscard]] constexpr const T* as() const noexcept {
    return find<const T>(*this);
  }

  /// \returns the `label()` of each part, or the name of its class, the outermost first
  [[nodiscard]] std::string describe() const {
    return detail::label(decorator_) + detail::arrow + inner_.describe();
  }

 private:
  template <class T, class Self>
  static constexpr T* find(Self& self) noexcept {
    using hidden = typename detail::hidden<Decorator>::type;
    if constexpr (std::convertible_to<decltype(&self.decorator_), T*>) {
      return &self.decorator_;
    } else if constexpr (detail::contains<std::remove_const_t<T>>(hidden())) {
      return nullptr;
    } else {
      return self.inner_.template as<T>();
    }
  }
  template <class>
  friend class stack;
  [[no_unique_address]] Inner inner_;
  [[no_unique_address]] Decorator decorator_;
};

namespace detail {
template <class>
constexpr bool wrapped = false;
template <class Component>
constexpr bool wrapped<core<Component>> = true;
template <class Inner, class Decorator>
constexpr bool wrapped<layer<Inner, Decorator>> = true;

template <class Inner, class...>
struct fold {
  using type = Inner;
};
template <class Inner, class First, class... Others>
struct fold<Inner, First, Others...> : fold<layer<Inner, First>, Others...> {};
}  // namespace detail

/// A component with decorators around it, the innermost first.
/// \tparam Component its class \tparam Decorators their classes
template <class Component, class... Decorators>
using decorated = typename detail::fold<core<Component>, Decorators...>::type;

/// \returns a component, ready for decorators \param component it
template <class Component>
[[nodiscard]] constexpr core<Component> decorate(Component component) {
  return core<Component>(std::move(component));
}
/// \returns a component with one more decorator, around the others
/// \param inner what `decorate` or `|` gave \param d the decorator
template <class Inner, class Decorator>
  requires detail::wrapped<Inner>
[[nodiscard]] constexpr layer<Inner, Decorator> operator|(Inner inner, Decorator d) {
  return {std::move(inner), std::move(d)};
}

/// @}
}  // namespace gof::inline v0::decorator
