// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// Interpreter: sentences of a small language as trees, and what they mean in a context.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <forward_list>
#include <iterator>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

/// \defgroup interpreter Interpreter
/// \ingroup behavioural
/// Lets users say what they want in a small language: over the fields of a record, within a budget.
///
/// | In the book           | Here                                                                        |
/// |-----------------------|-----------------------------------------------------------------------------|
/// | AbstractExpression    | \ref gof::interpreter::expression "expression", a tree in one array         |
/// | TerminalExpression    | a literal; a variable, which is a function of yours of the context          |
/// | NonterminalExpression | an operator; a call of a function of yours                                  |
/// | Context               | any class, such as a record; variables read it                              |
/// | Interpret             | `interpret(context)`                                                        |
/// | Client                | \ref gof::interpreter::builder "builder", or a language's `parse`           |
///
/// | To …                               | write                                                               |
/// |------------------------------------|---------------------------------------------------------------------|
/// | say which words there are          | `gof/interpreter/language.hpp`: `variable`, `function`, `constant`  |
/// | understand a text                  | `language.parse<bool>("level >= warn and service = \"mail\"")`      |
/// | know what it means here            | `query.interpret(record)`                                           |
/// | not let it take too much           | `query.interpret(record, {.steps = 1000})`                          |
/// | ask it of many contexts            | `gof/interpreter/compile.hpp`: `compile(query)`                     |
/// | write it as a text again           | `print(query)`                                                      |
/// | make it without a text             | `gof/interpreter/builder.hpp`: operands first, then their operator  |
/// | parse a language of your own       | `gof/interpreter/parser.hpp`: `parse` with operators and actions    |
///
/// \source Gamma, Helm, Johnson, Vlissides, *Design Patterns* (1994), chapter 5, Interpreter

namespace gof::inline v0::interpreter {

/// \addtogroup interpreter
/// @{

/// What a value is; known of each expression before it is interpreted.
enum class type : unsigned char { boolean, integer, text };
/// A value of any type, in the order of `type`.
using value = std::variant<bool, std::int64_t, std::string>;

/// What a node of an expression is: three that have names or values, then the operators.
enum class op : unsigned char {
  literal,
  variable,
  call,
  negate,
  not_,
  or_,
  and_,
  equal,
  not_equal,
  less,
  less_equal,
  greater,
  greater_equal,
  add,
  subtract,
  multiply,
  divide,
  remainder
};

/// What an interpretation may take. What a function of yours does in one step is its own affair.
struct budget {
  std::size_t steps = 1'000'000;  ///< How many nodes.
  std::size_t depth = 1'000;      ///< How many values wait for their operator at once.
  std::size_t bytes = 1 << 20;    ///< Of all texts that operators and functions make.
};

/// An interpretation would take more than its budget. The context, which is `const`, is as it was.
class budget_exceeded : public std::runtime_error {
 public:
  /// \param which the name of the member of `budget`
  explicit budget_exceeded(const char* which)
      : std::runtime_error(std::string("gof::interpreter: over budget: ") + which), which_(which) {}
  /// \returns `"steps"`, `"depth"` or `"bytes"`
  [[nodiscard]] std::string_view which() const noexcept { return which_; }

 private:
  const char* which_;
};
/// An expression has no value in this context: a division by zero, or an integer out of range.
class evaluation_error : public std::runtime_error {
 public:
  /// \param what what is wrong \param position where in the text, in bytes
  evaluation_error(const char* what, std::size_t position)
      : std::runtime_error(what), position_(position) {}
  /// \returns where in the text it was parsed from, in bytes
  [[nodiscard]] std::size_t position() const noexcept { return position_; }

 private:
  std::size_t position_;
};
/// A builder was given operands that do not fit their operator, too few, or too many.
class type_error : public std::invalid_argument {
  using std::invalid_argument::invalid_argument;
};

namespace detail {
// A value whose type is known from elsewhere; a text is not owned.
struct cell {
  union {
    std::int64_t i;  // a boolean too
    const char* data;
  };
  std::size_t size;
  std::string_view text() const noexcept { return {data, size}; }
  static cell of(std::int64_t n) noexcept { return {{.i = n}, 0}; }
  static cell of(std::string_view s) noexcept { return {{.data = s.data()}, s.size()}; }
};

// Owns the texts that an interpretation makes.
class text_store {
 public:
  explicit text_store(std::size_t bytes) noexcept : left_(bytes) {}
  cell keep(std::string s) {
    take(s.size());
    return own(std::move(s));
  }
  cell join(std::string_view a, std::string_view b) {
    take(a.size() + b.size());
    return own(std::string(a).append(b));
  }
  void restart(std::size_t bytes) noexcept {
    left_ = bytes;
    texts_.clear();
  }

 private:
  void take(std::size_t bytes) {
    if (bytes > left_) throw budget_exceeded("bytes");
    left_ -= bytes;
  }
  cell own(std::string s) { return cell::of(std::string_view(texts_.emplace_front(std::move(s)))); }
  std::size_t left_;
  std::forward_list<std::string> texts_;
};

// What a node does. Its arguments lie side by side; `at` is its place in the text.
template <class Context>
using function = cell (*)(const Context&, const cell* arguments, text_store&, std::size_t at);

// What it does in a compiled program; see gof/interpreter/compile.hpp.
template <class Context>
struct instruction;
template <class Context>
struct machine {
  const instruction<Context>* next;
  std::int64_t accumulator;
};
template <class Context>
using step = machine<Context> (*)(const instruction<Context>&, std::int64_t accumulator,
                                  cell* frame, const Context&, text_store&);

template <class Result>
Result result_of_cell(const cell& c, type is) {
  if constexpr (std::is_same_v<Result, bool>) return c.i != 0;
  if constexpr (std::is_same_v<Result, std::int64_t>) return c.i;
  if constexpr (std::is_same_v<Result, std::string>) return std::string(c.text());
  if constexpr (std::is_same_v<Result, value>) {
    if (is == type::boolean) return value(c.i != 0);
    return is == type::integer ? value(c.i) : value(std::string(c.text()));
  }
}
}  // namespace detail

/// A node of an expression. Nodes lie in one array, operands before their operators: the last
/// operand of node `i` ends at `i - 1`, and the one before it ends where that one begins.
/// \tparam Context what variables read
template <class Context>
struct node {
  op what;                          ///< What it is.
  type result;                      ///< What its value is.
  std::size_t at = 0;               ///< Where it stands in the text, in bytes.
  std::size_t arguments = 0;        ///< How many values it takes; `and` and `or` take one.
  std::size_t first = 0;            ///< Where the nodes below it begin.
  std::size_t branch = 0;           ///< The `and` or `or` whose left operand it is, or 0.
  detail::function<Context> run{};  ///< Its meaning; null for a literal.
  detail::step<Context> step{};     ///< The same in a program, of a variable and a call.
  std::int64_t literal = 0;         ///< The value of a literal; of a text its place in `texts()`.
  std::size_t name = 0;             ///< The place of its name in `texts()` and 1; 0 without.

  /// \returns of a literal that is a text, its place in `texts()`
  [[nodiscard]] std::size_t text_index() const noexcept {
    return static_cast<std::size_t>(literal);
  }
};

template <class Context>
class builder;

/// What an expression can give: one of the types, or `value`, which is any of them.
template <class T>
concept result = std::is_same_v<T, bool> || std::is_same_v<T, std::int64_t> ||
    std::is_same_v<T, std::string> || std::is_same_v<T, value>;

/// An AbstractExpression: a sentence of the language, whole and of the right types.
///
/// It is a value, and owns what it needs; moved away, it can only be assigned to or destroyed.
/// However deep it is, interpreting, copying and destroying it do not recurse.
/// \tparam Context what variables read
/// \tparam Result what it gives: `bool`, `std::int64_t`, `std::string`; or `value`, which is any
/// \threads `interpret` on any number of threads, where the user's functions allow it
/// \law SameContextSameValue: as far as it holds for the user's functions
/// \law LeftDecidesFirst: where the left operand of `and` or `or` decides, the right is not asked
/// \law NeverOverBudget: it takes no more than its budget, or throws; what it needs is enough
template <class Context, interpreter::result Result = value>
class expression {
 public:
  /// What it means in a context. \param context what variables read
  /// \param within what it may take \returns its value
  /// \throws budget_exceeded, evaluation_error, std::bad_alloc; what a function of the user throws
  [[nodiscard]] Result interpret(const Context& context, const budget& within = {}) const {
    if (depth_ > within.depth) throw budget_exceeded("depth");
    detail::text_store made(within.bytes);
    detail::cell few[32];
    std::vector<detail::cell> many(depth_ > std::size(few) ? depth_ : 0);
    detail::cell* top = many.empty() ? few : many.data();
    std::size_t steps = within.steps;
    for (std::size_t i = 0; i != nodes_.size(); ++i) {
      if (steps-- == 0) throw budget_exceeded("steps");
      const node<Context>& n = nodes_[i];
      top -= n.arguments;
      *top = n.run == nullptr ? value_of(n) : n.run(context, top, made, n.at);
      ++top;
      if (n.branch == 0) continue;
      if ((top[-1].i != 0) == (nodes_[n.branch].what == op::or_)) {
        i = n.branch - 1;  // it is decided
      } else {
        --top;
      }
    }
    return detail::result_of_cell<Result>(top[-1], result());
  }

  /// \returns what its value is
  [[nodiscard]] type result() const noexcept { return nodes_.back().result; }
  /// \returns how many values may wait for their operator at once
  [[nodiscard]] std::size_t depth() const noexcept { return depth_; }
  /// \returns the tree, the root last; for those who print, compile or send it
  [[nodiscard]] const std::vector<node<Context>>& nodes() const noexcept { return nodes_; }
  /// \returns the names and the texts that nodes refer to
  [[nodiscard]] const std::vector<std::string>& texts() const noexcept { return texts_; }
  /// The same tree, with the same names? Where its nodes stood in a text does not matter.
  friend bool operator==(const expression& a, const expression& b) noexcept {
    return std::equal(a.nodes_.begin(), a.nodes_.end(), b.nodes_.begin(), b.nodes_.end(),
                      [&](const node<Context>& x, const node<Context>& y) {
                        const bool text = x.what == op::literal && x.result == type::text;
                        return x.what == y.what && x.result == y.result && x.first == y.first &&
                               x.run == y.run && (x.name == 0) == (y.name == 0) &&
                               (x.name == 0 || a.texts_[x.name - 1] == b.texts_[y.name - 1]) &&
                               (text ? a.texts_[x.text_index()] == b.texts_[y.text_index()]
                                     : x.literal == y.literal);
                      });
  }

 private:
  friend builder<Context>;
  expression(std::vector<node<Context>> nodes, std::vector<std::string> texts, std::size_t depth)
      : nodes_(std::move(nodes)), texts_(std::move(texts)), depth_(depth) {}
  detail::cell value_of(const node<Context>& n) const noexcept {
    return n.result == type::text ? detail::cell::of(std::string_view(texts_[n.text_index()]))
                                  : detail::cell::of(n.literal);
  }

  // Invariant: whole and well typed, as builder leaves it; never empty.
  std::vector<node<Context>> nodes_;
  std::vector<std::string> texts_;
  std::size_t depth_;
};

/// @}
}  // namespace gof::inline v0::interpreter
