// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// Makes expressions: the words of a language, and a builder that puts them together.

#include <concepts>
#include <gof/interpreter/operators.hpp>
#include <limits>
#include <optional>
#include <type_traits>

namespace gof::inline v0::interpreter {

/// \addtogroup interpreter
/// @{

/// A word of a language: the name of a variable, a function or a constant, and what it means.
/// \tparam Context what variables read
template <class Context>
struct word {
  std::string name;                 ///< As it is written.
  op what;                          ///< `variable`, `call` or `literal`.
  type result;                      ///< What its value is.
  std::vector<type> parameters{};   ///< What a function takes.
  detail::function<Context> run{};  ///< What it means, where it is no constant.
  detail::step<Context> step{};     ///< The same in a program.
  value constant{};                 ///< What it is, where it is a constant.
};

namespace detail {
// Types of C++ and of the language. Integers have to fit, at run time where the type does not say.
template <class T>
constexpr bool is_integer = (std::integral<T> && !std::same_as<T, bool>) || std::is_enum_v<T>;
template <class T>
constexpr std::optional<type> type_of = std::same_as<T, bool> ? std::optional(type::boolean)
                                        : is_integer<T>       ? std::optional(type::integer)
                                        : std::convertible_to<const T&, std::string_view>
                                            ? std::optional(type::text)
                                            : std::nullopt;

template <class R>
cell to_cell(R&& r, text_store& texts, std::size_t at) {
  using T = std::remove_cvref_t<R>;
  if constexpr (std::is_enum_v<T>) {
    return to_cell(static_cast<std::underlying_type_t<T>>(r), texts, at);
  } else if constexpr (std::integral<T>) {
    if constexpr (std::unsigned_integral<T> && sizeof(T) >= sizeof(std::int64_t)) {
      if (r > static_cast<T>(std::numeric_limits<std::int64_t>::max())) out_of_range(at);
    }
    return cell::of(static_cast<std::int64_t>(r));
  } else if constexpr (std::same_as<R, std::string>) {  // nobody else would keep it
    return texts.keep(std::move(r));
  } else {
    return cell::of(std::string_view(r));
  }
}
template <class P>
auto from_cell(const cell& c) noexcept {
  static_assert(
      std::same_as<P, bool> || std::same_as<P, std::int64_t> || std::same_as<P, std::string_view>,
      "gof::interpreter: a function takes bool, std::int64_t or std::string_view");
  if constexpr (std::same_as<P, std::string_view>) {
    return c.text();
  } else {
    return static_cast<P>(c.i);
  }
}

// A program is a register machine. An integer or boolean that was just made is in the accumulator,
// all other values are in slots of the frame. An instruction ends by calling the next one, which
// optimisers make a jump of. Some return to a loop, so that the stack stays small without one too.
template <class Context>
struct instruction {
  detail::step<Context> run{};
  std::uint32_t a = 0, b = 0;  // slots of the operands
  std::uint32_t to = 0;        // slot of the result
  std::uint32_t leap = 0;      // of a jump: how far
  std::size_t at = 0;          // where it stands in the text
  bool far = false;            // of a jump: return to the loop
};
// Whether an instruction jumps, and then for which value in the accumulator.
enum class jump : unsigned char { never, when_false, when_true };

template <jump Jump = jump::never, class Context>
machine<Context> go_on(const instruction<Context>& i, std::int64_t accumulator, cell* f,
                       const Context& c, text_store& texts) {
  if (Jump == jump::never || (accumulator != 0) != (Jump == jump::when_true)) {
    return (&i + 1)->run(*(&i + 1), accumulator, f, c, texts);
  }
  if (i.far) return {&i + i.leap, accumulator};
  return (&i + i.leap)->run(*(&i + i.leap), accumulator, f, c, texts);
}

// How to call a function object that has no state, with what it takes besides the context.
template <class F, class Context, class Signature>
struct caller;
template <class F, class Context, class R, class... P>
struct caller<F, Context, R(const Context&, P...)> {
  template <std::size_t... I>
  static cell call(const Context& c, const cell* a, text_store& texts, std::size_t at,
                   std::index_sequence<I...>) {
    return to_cell<R>(F{}(c, from_cell<std::remove_cvref_t<P>>(a[I])...), texts, at);
  }
  static cell run(const Context& c, const cell* a, text_store& texts, std::size_t at) {
    return call(c, a, texts, at, std::index_sequence_for<P...>());
  }
  static machine<Context> step(const instruction<Context>& i, std::int64_t accumulator, cell* f,
                               const Context& c, text_store& texts) {
    f[i.to] = run(c, f + i.a, texts, i.at);
    return go_on(i, accumulator, f, c, texts);
  }
  static word<Context> as_word(std::string name, op what) {
    constexpr auto result = type_of<std::remove_cvref_t<R>>;
    static_assert(result.has_value(),
                  "gof::interpreter: the result is to be a bool, an integer or a text");
    return {
        std::move(name), what, *result, {type_of<std::remove_cvref_t<P>>.value()...}, &run, &step};
  }
};
template <class F, class Context, class R, class... P>
struct caller<F, Context, R(P...)> {
  struct with_context {
    R operator()(const Context&, P... p) const { return F{}(static_cast<P>(p)...); }
  };
  static word<Context> as_word(std::string name, op what) {
    return caller<with_context, Context, R(const Context&, P...)>::as_word(std::move(name), what);
  }
};
template <class F>
struct signature;
template <class F, class R, class... P>
struct signature<R (F::*)(P...) const> {
  using type = R(P...);
};
template <class F, class R, class... P>
struct signature<R (F::*)(P...) const noexcept> {
  using type = R(P...);
};
}  // namespace detail

/// A function object without state, such as a lambda that captures nothing: what it needs to know
/// is in the context. So expressions refer to nothing that could be gone.
template <class F>
concept stateless = std::is_empty_v<F> && std::default_initializable<F> && requires {
  &F::operator();
};

/// \returns a word that stands for a function of the context: a TerminalExpression
/// \tparam Context what it reads \param name the word
/// \tparam F `R(const Context&)`, where `R` is `bool`, an integer, an enumeration or a text
template <class Context, stateless F>
[[nodiscard]] word<Context> variable(std::string name, F) {
  static_assert(std::is_invocable_v<F, const Context&>,
                "gof::interpreter: a variable is a function of the context");
  using R = std::invoke_result_t<F, const Context&>;
  return detail::caller<F, Context, R(const Context&)>::as_word(std::move(name), op::variable);
}
/// \returns a word that stands for a function of values: a NonterminalExpression
/// \tparam Context what variables read \param name the word
/// \tparam F takes, after a `const Context&` where it wants one, any of `bool`, `std::int64_t`,
/// `std::string_view`; returns what a variable may. A `std::string` counts for the budget
template <class Context, stateless F>
[[nodiscard]] word<Context> function(std::string name, F) {
  using called = typename detail::signature<decltype(&F::operator())>::type;
  return detail::caller<F, Context, called>::as_word(std::move(name), op::call);
}
/// \returns a word that stands for a value \tparam Context what variables read
/// \param name the word \param constant the value
template <class Context>
[[nodiscard]] word<Context> constant(std::string name, value constant) {
  const type is = static_cast<type>(constant.index());
  return {std::move(name), op::literal, is, {}, {}, {}, std::move(constant)};
}

/// The Client: makes an expression, operands before their operator.
/// \tparam Context what variables read
template <class Context>
class builder {
 public:
  /// A value that is written as such. \param v the value \param at where it stands in the text
  /// \throws std::bad_alloc; unchanged
  void literal(value v, std::size_t at = 0) {
    add({std::string(), op::literal, static_cast<type>(v.index()), {}, {}, {}, std::move(v)}, at);
  }
  /// A variable, a constant, or the call of a function whose arguments are there.
  /// \param w what it is \param at where it stands in the text
  /// \throws type_error where the arguments do not fit, std::bad_alloc; unchanged
  void add(const word<Context>& w, std::size_t at = 0) {
    node<Context> n{.what = w.what, .result = w.result, .at = at, .run = w.run, .step = w.step};
    n.arguments = w.parameters.size();
    require(n.arguments);
    std::size_t end = nodes_.size();
    for (std::size_t p = n.arguments; p-- != 0; end = nodes_[end - 1].first) {
      if (nodes_[end - 1].result != w.parameters[p]) {
        throw type_error("gof::interpreter: these arguments do not fit " + w.name);
      }
    }
    n.first = end;
    if (!w.name.empty()) {
      texts_.push_back(w.name);
      n.name = texts_.size();
    }
    if (const auto* text = std::get_if<std::string>(&w.constant)) {
      texts_.push_back(*text);
      n.literal = static_cast<std::int64_t>(texts_.size() - 1);
    } else {
      n.literal = w.constant.index() == 0 ? std::get<bool>(w.constant) : std::get<1>(w.constant);
    }
    push(n, n.arguments);
  }
  /// An operator whose operands are there. \param what it \param at where it stands in the text
  /// \throws type_error where they do not fit, std::bad_alloc; unchanged
  void apply(op what, std::size_t at = 0) {
    const bool binary = what >= op::or_, branches = what == op::or_ || what == op::and_;
    require(binary ? 2 : 1);
    const node<Context>& right = nodes_.back();
    const std::size_t left = binary ? right.first - 1 : nodes_.size() - 1;
    const auto is = detail::result_of(what, nodes_[left].result, right.result);
    if (what < op::negate || !is) {
      throw type_error("gof::interpreter: these operands do not fit the operator");
    }
    node<Context> n{.what = what, .result = *is, .at = at};
    n.arguments = binary && !branches ? 2 : 1;
    n.first = nodes_[left].first;
    n.run = detail::with_operator(what, right.result == type::text, []<op What, bool Texts>() {
      return detail::function<Context>(&detail::run_operator<Context, What, Texts>);
    });
    push(n, binary ? 2 : 1);
    if (branches) nodes_[left].branch = nodes_.size() - 1;
  }
  /// \returns the expression; the builder is empty then
  /// \tparam Result what it is to give; `value` takes any type
  /// \throws type_error where it is none of this type, or not one; unchanged
  template <class Result = value>
  [[nodiscard]] expression<Context, Result> finish() {
    constexpr std::optional<type> wanted = detail::type_of<Result>;
    if (waiting_ != 1 || (wanted && *wanted != nodes_.back().result)) {
      throw type_error("gof::interpreter: this is no expression of the type that is wanted");
    }
    waiting_ = 0;
    return {std::exchange(nodes_, {}), std::exchange(texts_, {}), std::exchange(depth_, 0)};
  }

 private:
  void require(std::size_t operands) const {
    if (waiting_ < operands) throw type_error("gof::interpreter: operands are missing");
  }
  void push(const node<Context>& n, std::size_t operands) {
    nodes_.push_back(n);
    waiting_ += 1 - operands;
    depth_ = std::max(depth_, waiting_);
  }

  // Invariant: the nodes are waiting_ whole operands.
  std::vector<node<Context>> nodes_;
  std::vector<std::string> texts_;
  std::size_t waiting_ = 0, depth_ = 0;
};

/// @}
}  // namespace gof::inline v0::interpreter
