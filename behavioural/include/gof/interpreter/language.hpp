// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// A language of yours: which words it has, texts to expressions, and expressions to texts.

#include <array>
#include <charconv>
#include <gof/interpreter/builder.hpp>
#include <gof/interpreter/parser.hpp>
#include <optional>
#include <system_error>

namespace gof::inline v0::interpreter {

/// \addtogroup interpreter
/// @{

namespace detail {
// In the order of op, from negate.
inline constexpr std::array<operator_rule, 15> rules{{{"-", 7, operator_rule::prefix},
                                                      {"not", 3, operator_rule::prefix},
                                                      {"or", 1},
                                                      {"and", 2},
                                                      {"=", 4, operator_rule::none},
                                                      {"!=", 4, operator_rule::none},
                                                      {"<", 4, operator_rule::none},
                                                      {"<=", 4, operator_rule::none},
                                                      {">", 4, operator_rule::none},
                                                      {">=", 4, operator_rule::none},
                                                      {"+", 5},
                                                      {"-", 5},
                                                      {"*", 6},
                                                      {"/", 6},
                                                      {"%", 6}}};
constexpr op operator_of(const operator_rule& r) noexcept {
  return static_cast<op>(static_cast<int>(op::negate) + (&r - rules.data()));
}
constexpr const operator_rule* rule_of(op what) noexcept {
  return what < op::negate
             ? nullptr
             : &rules[static_cast<std::size_t>(what) - static_cast<std::size_t>(op::negate)];
}
inline constexpr std::array<std::string_view, 3> type_names{"boolean", "integer", "text"};
inline std::string name_of(type t) { return std::string(type_names[static_cast<std::size_t>(t)]); }
inline std::string quoted(std::string_view s) { return '"' + std::string(s) + '"'; }

// Gives meaning to what the parser finds. Types are checked on; nothing is made after an error.
template <class Context>
class reader {
 public:
  reader(const std::vector<word<Context>>& words, std::vector<diagnostic>& errors)
      : words_(words), errors_(errors) {}

  void number(std::string_view spelling, extent where) {
    std::int64_t n = 0;
    const char* const end = spelling.data() + spelling.size();
    const auto [stop, problem] = std::from_chars(spelling.data(), end, n);
    if (problem != std::errc()) return fail(where, "this integer is too large");
    if (stop != end) return fail(where, "integers only");
    literal(n, where);
  }
  void text(std::string contents, extent where) { literal(std::move(contents), where); }
  void name(std::string_view spelling, extent where) {
    if (spelling == "true" || spelling == "false") return literal(spelling == "true", where);
    const word<Context>* w = find(spelling, where);
    if (w == nullptr) return missing(where);
    if (w->what == op::call) return fail(where, "this is a function: write " + usage(*w));
    if (errors_.empty()) made_.add(*w, where.begin);
    types_.push_back(w->result);
  }
  void call(std::string_view spelling, std::size_t arguments, extent where) {
    const word<Context>* w = find(spelling, where);
    const auto given = types_.end() - static_cast<std::ptrdiff_t>(arguments);
    if (w != nullptr &&
        (w->what != op::call || arguments != w->parameters.size() ||
         !std::equal(given, types_.end(), w->parameters.begin(),
                     [](std::optional<type> is, type wanted) { return !is || *is == wanted; }))) {
      report(where, "this is used as " + usage(*w));
    }
    types_.erase(given, types_.end());
    if (errors_.empty()) made_.add(*w, where.begin);
    types_.push_back(w != nullptr ? std::optional(w->result) : std::nullopt);
  }
  void apply(const operator_rule& rule, extent where) {
    const std::optional<type> right = types_.back();
    if (rule.fixity != operator_rule::prefix) types_.pop_back();
    std::optional<type>& left = types_.back();
    if (!left || !right) {
      left.reset();
      return;
    }
    const auto is = result_of(operator_of(rule), *left, *right);
    if (!is) {
      const std::string before = rule.fixity == operator_rule::prefix ? "" : name_of(*left) + ' ';
      report(where, "there is no " + detail::quoted(before + std::string(rule.spelling) + ' ' +
                                                    name_of(*right)));
    }
    if (errors_.empty()) made_.apply(operator_of(rule), where.begin);
    left = is;
  }
  void missing(extent) { types_.emplace_back(); }
  void discard() { types_.pop_back(); }

  template <class Result>
  expression<Context, Result> finish(std::string_view text) {
    if (constexpr auto wanted = type_of<Result>; wanted && errors_.empty() && types_[0] != wanted) {
      report({0, text.size()},
             "this is of type " + name_of(*types_[0]) + ", not " + name_of(*wanted));
    }
    if (!errors_.empty()) throw syntax_error(text, std::move(errors_));
    return made_.template finish<Result>();
  }

 private:
  void literal(value v, extent where) {
    types_.emplace_back(static_cast<type>(v.index()));
    if (errors_.empty()) made_.literal(std::move(v), where.begin);
  }
  const word<Context>* find(std::string_view spelling, extent where) {
    const auto found = std::find_if(words_.begin(), words_.end(),
                                    [&](const word<Context>& w) { return w.name == spelling; });
    if (found != words_.end()) return &*found;
    std::string all;
    for (const word<Context>& w : words_) all += (all.empty() ? "" : ", ") + w.name;
    report(where, "there is no " + detail::quoted(spelling) + "; there are: " + all);
    return nullptr;
  }
  static std::string usage(const word<Context>& w) {
    if (w.what != op::call) return w.name;
    std::string all;
    for (const type t : w.parameters) all += (all.empty() ? "" : ", ") + name_of(t);
    return w.name + '(' + all + ')';
  }
  void report(extent where, std::string what) { errors_.push_back({where, std::move(what)}); }
  void fail(extent where, std::string what) {
    report(where, std::move(what));
    missing(where);
  }

  const std::vector<word<Context>>& words_;
  std::vector<diagnostic>& errors_;
  builder<Context> made_;
  std::vector<std::optional<type>> types_;  // of the operands; none after an error
};
}  // namespace detail

/// The words that a text may have, beside the operators of the language and `true` and `false`.
///
/// Operators, from the loosest: `or`; `and`; `not`; `= != < <= > >=`, which do not chain;
/// `+ -`; `* / %`; `-` before its operand. Texts stand in `"`, with `\` before a `"` or a `\`, and
/// `\n` for an end of line.
/// \tparam Context what variables read
/// \threads `parse` on any number of threads
/// \law PrintedAndParsedIsTheSame: `parse(print(e)) == e`, for what `parse` has made
/// \law ParsingEnds: whatever the text, in time proportional to its length
template <class Context>
class language {
 public:
  /// Adds what \ref gof::interpreter::variable "variable" makes. \param name the word
  /// \param f a stateless function of the context \returns this \throws std::invalid_argument where
  /// it is no name, or there already; unchanged
  template <stateless F>
  language& variable(std::string name, F f) {
    return add(interpreter::variable<Context>(std::move(name), f));
  }
  /// Adds a member of the context. \tparam Member a pointer to it, data or function
  /// \param name the word \returns this \throws std::invalid_argument; unchanged
  template <auto Member>
  language& variable(std::string name) {
    return variable(std::move(name), [](const Context& c) -> decltype(auto) {
      if constexpr (std::is_member_function_pointer_v<decltype(Member)>) {
        return (c.*Member)();
      } else {
        return (c.*Member);
      }
    });
  }
  /// Adds what \ref gof::interpreter::function "function" makes. \param name the word
  /// \param f a stateless function \returns this \throws std::invalid_argument; unchanged
  template <stateless F>
  language& function(std::string name, F f) {
    return add(interpreter::function<Context>(std::move(name), f));
  }
  /// Adds a name for a value. \param name the word \param v the value
  /// \returns this \throws std::invalid_argument; unchanged
  language& constant(std::string name, value v) {
    return add(interpreter::constant<Context>(std::move(name), std::move(v)));
  }

  /// Understands a text. \tparam Result what it is to give; `value` takes any type
  /// \param text a sentence \param within what it may take; the text may come from anybody
  /// \returns its expression, which needs neither the text nor the language any more
  /// \throws syntax_error with all that is wrong, std::bad_alloc
  template <class Result = value>
  [[nodiscard]] expression<Context, Result> parse(std::string_view text,
                                                  const limits& within = {}) const {
    std::vector<diagnostic> errors;
    detail::reader<Context> read(words_, errors);
    interpreter::parse(text, detail::rules, read, within, errors);
    return read.template finish<Result>(text);
  }

 private:
  language& add(word<Context> w) {
    detail::scanner scan(w.name, detail::rules);
    const detail::token t = scan.next(true);
    const bool whole =
        t.what == detail::token::name && t.where.begin == 0 && t.where.end == w.name.size();
    if (!whole || w.name == "true" || w.name == "false" ||
        std::any_of(words_.begin(), words_.end(),
                    [&](const auto& o) { return o.name == w.name; })) {
      throw std::invalid_argument("gof::interpreter: " + detail::quoted(w.name) +
                                  " is no name, or is there already");
    }
    words_.push_back(std::move(w));
    return *this;
  }
  std::vector<word<Context>> words_;
};

/// \returns an expression as a text, with no more brackets than it needs \param e the expression
/// \throws std::bad_alloc
template <class Context, class Result>
[[nodiscard]] std::string print(const expression<Context, Result>& e) {
  struct piece {
    std::size_t node;  // or npos, and then a text
    std::string_view text{};
  };
  constexpr std::size_t npos = static_cast<std::size_t>(-1);
  std::string all;
  std::vector<piece> rest{{e.nodes().size() - 1}};  // what is still to be written, the first last
  const auto operand = [&](std::size_t i, bool brackets) {
    if (brackets) rest.push_back({npos, ")"});
    rest.push_back({i});
    if (brackets) rest.push_back({npos, "("});
  };
  while (!rest.empty()) {
    const piece now = rest.back();
    rest.pop_back();
    if (now.node == npos) {
      all += now.text;
      continue;
    }
    const node<Context>& n = e.nodes()[now.node];
    const auto loose = [&](std::size_t i) {  // how loosely a node binds, compared with this
      const operator_rule *mine = detail::rule_of(n.what),
                          *its = detail::rule_of(e.nodes()[i].what);
      return its == nullptr ? -1 : mine->precedence - its->precedence;
    };
    const std::size_t last = now.node - 1;  // the root of the last operand
    if (n.what >= op::or_) {
      const operator_rule& rule = *detail::rule_of(n.what);
      operand(last, loose(last) >= 0);
      for (const std::string_view part :
           {std::string_view(" "), rule.spelling, std::string_view(" ")}) {
        rest.push_back({npos, part});
      }
      const std::size_t left = e.nodes()[last].first - 1;
      operand(left, loose(left) >= (rule.fixity == operator_rule::none ? 0 : 1));
    } else if (n.what >= op::negate) {
      const node<Context>& below = e.nodes()[last];
      const bool number = below.what == op::literal && below.name == 0;
      operand(last, loose(last) > 0 || (number && n.what == op::negate));
      all += n.what == op::negate ? "-" : "not ";
    } else if (n.name != 0) {
      all += e.texts()[n.name - 1];
      if (n.what != op::call) continue;
      all += '(';
      rest.push_back({npos, ")"});
      std::size_t end = now.node;
      for (std::size_t a = n.arguments; a-- != 0; end = e.nodes()[end - 1].first) {
        rest.push_back({end - 1});
        if (a != 0) rest.push_back({npos, ", "});
      }
    } else if (n.result == type::text) {
      all += '"';
      for (const char c : e.texts()[n.text_index()]) {
        if (c == '"' || c == '\\' || c == '\n') all += '\\';
        all += c == '\n' ? 'n' : c;
      }
      all += '"';
    } else {
      all += n.result == type::integer ? std::to_string(n.literal)
             : n.literal != 0          ? "true"
                                       : "false";
    }
  }
  return all;
}

/// @}
}  // namespace gof::inline v0::interpreter
