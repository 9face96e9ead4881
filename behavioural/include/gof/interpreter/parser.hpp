// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// A small parser kit: operators by precedence, positions, several errors at once, no recursion.

#include <algorithm>
#include <cstddef>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gof::inline v0::interpreter {

/// \addtogroup interpreter
/// @{

/// Where something stands in a text, in bytes.
struct extent {
  std::size_t begin = 0;  ///< Its first byte.
  std::size_t end = 0;    ///< The one after its last.
};
/// Something that is wrong with a text.
struct diagnostic {
  extent where;         ///< What is wrong.
  std::string message;  ///< What is wrong with it.
};

/// \returns two lines: the line of the text that the diagnostic is about, or the part of it that is
/// near, and a caret below it with the message \param text what was parsed \param d the diagnostic
[[nodiscard]] inline std::string point_at(std::string_view text, const diagnostic& d) {
  const auto continues = [&](std::size_t i) {  // a character of UTF-8
    return i < text.size() && (static_cast<unsigned char>(text[i]) & 0xC0U) == 0x80U;
  };
  const std::size_t at = std::min(d.where.begin, text.size());
  std::size_t begin = at == 0 ? 0 : text.rfind('\n', at - 1) + 1;  // npos + 1 is 0
  std::size_t end = std::min(text.find('\n', at), text.size());
  if (at - begin > 60) begin = at - 60;
  if (end - at > 60) end = at + 60;
  while (continues(begin)) ++begin;
  while (continues(end)) ++end;
  std::string line, marks;
  for (std::size_t i = begin; i != end; ++i) {
    line += static_cast<unsigned char>(text[i]) < ' ' ? ' ' : text[i];
    if (i < at && !continues(i)) marks += ' ';
    if (i > at && i < d.where.end && !continues(i)) marks += '~';
    if (i == at) marks += '^';
  }
  if (at == end) marks += '^';
  return line + '\n' + marks + ' ' + d.message + '\n';
}

/// A text that is no sentence of the language. It has all that was found, by position.
class syntax_error : public std::runtime_error {
 public:
  /// \param text what was parsed \param found what is wrong; not empty
  syntax_error(std::string_view text, std::vector<diagnostic> found)
      : std::runtime_error(describe(text, found)), found_(std::move(found)) {}
  /// \returns what is wrong
  [[nodiscard]] const std::vector<diagnostic>& diagnostics() const noexcept { return found_; }

 private:
  static std::string describe(std::string_view text, std::vector<diagnostic>& found) {
    std::sort(found.begin(), found.end(), [](const diagnostic& a, const diagnostic& b) {
      return std::pair(a.where.begin, a.where.end) < std::pair(b.where.begin, b.where.end);
    });
    std::string all;
    for (const diagnostic& d : found) all += point_at(text, d);
    return all;
  }
  std::vector<diagnostic> found_;
};

/// What parsing may take.
struct limits {
  std::size_t length = 64 * 1024;  ///< Of the text, in bytes.
  std::size_t depth = 200;         ///< How many operators and brackets are open at once.
  std::size_t errors = 10;         ///< How many are reported; then it gives up.
};

/// How an operator is written.
struct operator_rule {
  /// Before its operand; or between two, grouped to the `left`, to the `right` or not at all.
  enum fixities : unsigned char { prefix, left, right, none };
  std::string_view spelling;  ///< A name, or punctuation.
  int precedence = 0;         ///< Larger binds tighter.
  fixities fixity = left;     ///< Where its operands stand.
};

/// What to do with what is found, operands before their operator.
template <class A>
concept parser_actions = requires(A& a, extent where, std::string_view spelling, std::string text,
                                  std::size_t arguments, const operator_rule& rule) {
  a.number(spelling, where);       // an operand: digits, perhaps with a `-` before and a `.` within
  a.text(std::move(text), where);  // an operand, without quotes and escapes
  a.name(spelling, where);         // an operand
  a.call(spelling, arguments, where);  // takes as many operands and is one
  a.apply(rule, where);                // takes one operand or two and is one
  a.missing(where);                    // an operand that is not there, after an error
  a.discard();                         // the last operand is none, after an error
};

namespace detail {
struct token {
  enum kinds : unsigned char { end, number, text, name, open, close, comma, infix, prefix, bad };
  kinds what = end;
  extent where{};
  const operator_rule* rule = nullptr;
  bool is_operand() const noexcept {
    return what == number || what == text || what == name || what == open || what == prefix;
  }
};

class scanner {
 public:
  scanner(std::string_view text, std::span<const operator_rule> rules)
      : text_(text), rules_(rules) {}

  // The next token. Whether an operand is wanted decides what a `-` is.
  token next(bool wanted) {
    skip_space();
    const std::size_t begin = at_;
    if (begin == text_.size()) return {token::end, {begin, begin}};
    const auto found = [&](token::kinds what, const operator_rule* rule = nullptr) {
      return token{what, {begin, at_}, rule};
    };
    if (is_digit(at()) || (wanted && at() == '-' && is_digit(at(1)))) {
      ++at_;
      while (is_digit(at())) ++at_;
      if (at() == '.' && is_digit(at(1))) ++at_;
      while (is_digit(at())) ++at_;
      return found(token::number);
    }
    if (at() == '"') return found(skip_text() ? token::text : token::bad);
    if (is_letter(at())) {
      while (is_letter(at()) || is_digit(at())) ++at_;
      if (const auto* rule = rule_of(spelling({begin, at_}), wanted))
        return found(kind(*rule), rule);
      return found(token::name);
    }
    if (at() == '(' || at() == ')' || at() == ',') {
      const char c = text_[at_++];
      return found(c == '(' ? token::open : c == ')' ? token::close : token::comma);
    }
    for (std::size_t n = std::min<std::size_t>(text_.size() - begin, 3); n != 0; --n) {
      if (const auto* rule = rule_of(text_.substr(begin, n), wanted)) {
        at_ += n;
        return found(kind(*rule), rule);
      }
    }
    ++at_;
    return found(token::bad);
  }
  bool skip(char c) {
    skip_space();
    return at() == c ? ++at_, true : false;
  }
  std::string_view spelling(extent e) const { return text_.substr(e.begin, e.end - e.begin); }

 private:
  void skip_space() {
    while (at() == ' ' || at() == '\t' || at() == '\n' || at() == '\r') ++at_;
  }
  char at(std::size_t n = 0) const { return at_ + n < text_.size() ? text_[at_ + n] : '\0'; }
  static bool is_digit(char c) { return c >= '0' && c <= '9'; }
  static bool is_letter(char c) {  // also all that is no ASCII
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c & 0x80) != 0;
  }
  static token::kinds kind(const operator_rule& r) {
    return r.fixity == operator_rule::prefix ? token::prefix : token::infix;
  }
  const operator_rule* rule_of(std::string_view spelling, bool wanted) const {
    const operator_rule* found = nullptr;
    for (const operator_rule& r : rules_) {
      if (r.spelling == spelling && (!found || (kind(r) == token::prefix) == wanted)) found = &r;
    }
    return found;
  }
  bool skip_text() {
    for (++at_; at_ < text_.size() && at() != '\n'; ++at_) {
      if (at() == '"') return ++at_, true;
      if (at() == '\\' && at_ + 1 < text_.size()) ++at_;
    }
    return false;
  }
  std::string_view text_;
  std::span<const operator_rule> rules_;
  std::size_t at_ = 0;
};

template <class Actions>
class parser {
 public:
  parser(std::string_view text, std::span<const operator_rule> rules, Actions& act,
         const limits& within, std::vector<diagnostic>& errors)
      : size_(text.size()), scan_(text, rules), act_(act), within_(within), errors_(errors) {}

  void run() {
    if (size_ > within_.length) {
      return report({within_.length, size_},
                    "the text is longer than " + std::to_string(within_.length) + " bytes");
    }
    for (bool wanted = true; errors_.size() < within_.errors && !too_deep_;) {
      const token t = scan_.next(wanted);
      if (t.what == token::bad) {
        report(t.where, scan_.spelling(t.where)[0] == '"' ? "this text does not end in its line"
                                                          : "no word begins like this");
        if (scan_.spelling(t.where)[0] != '"') continue;
      }
      if (wanted && !t.is_operand()) {
        if (t.what != token::bad) report(t.where, "an operand is missing here");
        act_.missing(t.where);
        wanted = false;
      } else if (!wanted && t.is_operand()) {
        report(t.where, "an operator is missing here");
        act_.discard();
        wanted = true;
      }
      if (t.what == token::end) return close_all();
      wanted = wanted ? operand(t) : after_operand(t);
    }
  }

 private:
  struct open {
    const operator_rule* rule;  // null: a bracket
    extent where;
    bool call = false;
    std::size_t arguments = 0;
  };

  // Both answer whether an operand is wanted then.
  bool operand(const token& t) {
    const std::string_view spelling = scan_.spelling(t.where);
    if (t.what == token::prefix || t.what == token::open) return push({t.rule, t.where});
    if (t.what == token::number) act_.number(spelling, t.where);
    if (t.what == token::text) act_.text(contents(spelling), t.where);
    if (t.what == token::name) {
      if (scan_.skip('(')) {
        if (!scan_.skip(')')) return push({nullptr, t.where, true, 1});
        act_.call(spelling, 0, t.where);
      } else {
        act_.name(spelling, t.where);
      }
    }
    return false;
  }
  bool after_operand(const token& t) {
    if (t.what == token::infix) {
      const int tight = t.rule->precedence;
      reduce(tight + (t.rule->fixity == operator_rule::left ? 0 : 1));
      if (t.rule->fixity == operator_rule::none && !open_.empty() && open_.back().rule != nullptr &&
          open_.back().rule->precedence == tight) {
        report(t.where, "this needs brackets around what is before it, or after it");
        reduce(tight);
        act_.discard();
        act_.missing(t.where);
      }
      return push({t.rule, t.where});
    }
    if (t.what != token::close && t.what != token::comma) return false;  // it was reported
    reduce(0);
    if (t.what == token::comma) {
      if (!open_.empty() && open_.back().call) {
        ++open_.back().arguments;
      } else {
        report(t.where, "a comma belongs between the arguments of a function");
        act_.discard();
      }
      return true;
    }
    if (open_.empty()) {
      report(t.where, "no bracket is open here");
    } else {
      close();
    }
    return false;
  }
  void close_all() {
    for (reduce(0); !open_.empty() && errors_.size() < within_.errors; reduce(0)) {
      report(open_.back().where, "its bracket is not closed");
      close();
    }
  }
  void close() {
    const open o = open_.back();
    open_.pop_back();
    if (o.call) act_.call(scan_.spelling(o.where), o.arguments, o.where);
  }
  // Applies the operators that bind at least so tightly, back to the last open bracket.
  void reduce(int precedence) {
    while (!open_.empty() && open_.back().rule != nullptr &&
           open_.back().rule->precedence >= precedence) {
      act_.apply(*open_.back().rule, open_.back().where);
      open_.pop_back();
    }
  }
  bool push(open o) {
    too_deep_ = open_.size() >= within_.depth;
    if (too_deep_) {
      report(o.where, "this is more than " + std::to_string(within_.depth) + " levels deep");
    } else {
      open_.push_back(o);
    }
    return true;
  }
  static std::string contents(std::string_view quoted) {
    std::string s;
    for (std::size_t i = 1; i + 1 < quoted.size(); ++i) {
      const bool escaped = quoted[i] == '\\';
      if (escaped) ++i;
      s += escaped && quoted[i] == 'n' ? '\n' : quoted[i];
    }
    return s;
  }
  void report(extent where, std::string message) { errors_.push_back({where, std::move(message)}); }

  std::size_t size_;
  scanner scan_;
  Actions& act_;
  const limits& within_;
  std::vector<diagnostic>& errors_;
  std::vector<open> open_;  // operators and brackets that still wait for their end
  bool too_deep_ = false;
};
}  // namespace detail

/// Finds operands and operators in a text, and calls an action for each: a Pratt parser whose stack
/// is on the heap, so that nothing overflows. After an error it goes on, to find more.
/// \param text what to parse \param rules the operators; precedences from 1
/// \param actions what to do; may report errors too \param within what it may take
/// \param errors gets what is wrong; where it is not empty then, actions may be incomplete
/// \throws what an action throws, std::bad_alloc
template <parser_actions Actions>
void parse(std::string_view text, std::span<const operator_rule> rules, Actions& actions,
           limits within, std::vector<diagnostic>& errors) {
  within.errors = std::max<std::size_t>(within.errors, 1);
  detail::parser<Actions>(text, rules, actions, within, errors).run();
  if (errors.size() > within.errors) errors.resize(within.errors);
}

/// @}
}  // namespace gof::inline v0::interpreter
