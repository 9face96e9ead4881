// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// An expression as a program: the same value, sooner, for one that meets many contexts.

#include <gof/interpreter/builder.hpp>
#include <memory>

namespace gof::inline v0::interpreter {

/// \addtogroup interpreter
/// @{

namespace detail {
// Where the operands of an operator are: in slots, but for the one that is in the accumulator.
enum class form : unsigned char { slots, left_accumulator, right_accumulator };

template <class Context, op What, bool Texts, form Form, jump Jump>
machine<Context> run_operator(const instruction<Context>& i, std::int64_t accumulator, cell* f,
                              const Context& c, text_store& texts) {
  const cell a = Form == form::left_accumulator ? cell::of(accumulator) : f[i.a];
  const cell b = Form == form::right_accumulator ? cell::of(accumulator) : f[i.b];
  const cell result = apply<What, Texts>(a, b, texts, i.at);
  if constexpr (Texts && What == op::add) {
    f[i.to] = result;
  } else {
    accumulator = result.i;
  }
  return go_on<Jump>(i, accumulator, f, c, texts);
}
template <class Context>
machine<Context> run_load(const instruction<Context>& i, std::int64_t, cell* f, const Context& c,
                          text_store& texts) {
  return go_on(i, f[i.a].i, f, c, texts);
}
template <class Context>
machine<Context> run_store(const instruction<Context>& i, std::int64_t accumulator, cell* f,
                           const Context& c, text_store& texts) {
  f[i.to].i = accumulator;
  return go_on(i, accumulator, f, c, texts);
}
template <class Context>
machine<Context> run_copy(const instruction<Context>& i, std::int64_t accumulator, cell* f,
                          const Context& c, text_store& texts) {
  f[i.to] = f[i.a];
  return go_on(i, accumulator, f, c, texts);
}
template <class Context>
machine<Context> run_pause(const instruction<Context>& i, std::int64_t accumulator, cell*,
                           const Context&, text_store&) {
  return {&i + 1, accumulator};
}
template <class Context>
machine<Context> run_end(const instruction<Context>&, std::int64_t accumulator, cell*,
                         const Context&, text_store&) {
  return {nullptr, accumulator};
}
template <class Context, jump Jump>
machine<Context> run_jump(const instruction<Context>& i, std::int64_t accumulator, cell* f,
                          const Context& c, text_store& texts) {
  return go_on<Jump>(i, accumulator, f, c, texts);
}

// What copies of a program share.
template <class Context>
struct code {
  std::vector<instruction<Context>> instructions;
  std::vector<std::string> texts;
};

// Writes the code of an expression. The operand at depth k is kept in slot k where it has to be;
// literals have slots of their own, and variables, which are read once and only when needed.
template <class Context>
class compiler {
 public:
  template <class Result>
  compiler(const expression<Context, Result>& e, code<Context>& to, std::vector<cell>& frame)
      : nodes_(e.nodes()), code_(to.instructions), texts_(to.texts), frame_(frame) {
    texts_ = e.texts();
    frame_.resize(e.depth());
    for (const node<Context>& n : nodes_) {
      if (code_.size() - paused_ > 100) {
        code_.push_back({.run = &run_pause<Context>});
        paused_ = code_.size();
      }
      const jump after = n.branch == 0                      ? jump::never
                         : nodes_[n.branch].what == op::or_ ? jump::when_true
                                                            : jump::when_false;
      const bool jumps = write(n, after);
      if (after == jump::never) continue;
      if (!jumps) {
        to_accumulator();
        code_.push_back({.run = after == jump::when_true ? &run_jump<Context, jump::when_true>
                                                         : &run_jump<Context, jump::when_false>});
      }
      branches_.push_back({code_.size() - 1, read_.size()});
      operands_.pop_back();
      holds_ = nobody;
    }
    to_slot(0);
    code_.push_back({.run = &run_end<Context>});
  }

 private:
  static constexpr std::size_t nobody = static_cast<std::size_t>(-1);
  struct operand {
    std::uint32_t slot;
    bool literal = false;
  };
  struct variable {
    function<Context> run;
    std::uint32_t slot;
  };
  struct branch {
    std::size_t jump, read;
  };

  static std::uint32_t slot(std::size_t n) { return static_cast<std::uint32_t>(n); }
  std::uint32_t new_slot(cell c = {}) {
    frame_.push_back(c);
    return slot(frame_.size() - 1);
  }
  // Where an operand that waits is in the accumulator, it goes to its slot.
  void spill() {
    if (holds_ == nobody) return;
    code_.push_back({.run = &run_store<Context>, .to = slot(holds_)});
    holds_ = nobody;
  }
  void to_slot(std::size_t k) {
    if (holds_ == k) return spill();
    if (operands_[k].slot == k) return;
    code_.push_back({.run = &run_copy<Context>, .a = operands_[k].slot, .to = slot(k)});
    operands_[k] = {slot(k)};
  }
  void to_accumulator() {
    const std::size_t k = operands_.size() - 1;
    if (holds_ == k) return;
    spill();
    code_.push_back({.run = &run_load<Context>, .a = operands_[k].slot});
    operands_[k] = {slot(k)};
    holds_ = k;
  }

  // Returns whether the jump that is wanted after it is done already.
  bool write(const node<Context>& n, jump after) {
    const std::size_t k = operands_.size() - n.arguments;  // where its operands begin
    if (n.what == op::literal) {
      const bool text = n.result == type::text;
      operands_.push_back({new_slot(text ? cell::of(std::string_view(texts_[n.text_index()]))
                                         : cell::of(n.literal)),
                           true});
    } else if (n.what == op::variable) {
      const auto known = std::find_if(read_.begin(), read_.end(),
                                      [&](const variable& v) { return v.run == n.run; });
      if (known != read_.end()) {
        operands_.push_back({known->slot});
      } else {
        operands_.push_back({new_slot()});
        read_.push_back({n.run, operands_[k].slot});
        code_.push_back({.run = n.step, .to = operands_[k].slot, .at = n.at});
      }
    } else if (n.what == op::call) {
      for (std::size_t i = k; i != operands_.size(); ++i) to_slot(i);
      operands_.resize(k);
      operands_.push_back({slot(k)});
      code_.push_back({.run = n.step, .a = slot(k), .to = slot(k), .at = n.at});
    } else if (n.what == op::and_ || n.what == op::or_) {
      to_accumulator();
      const branch b = branches_.back();
      branches_.pop_back();
      code_[b.jump].leap = slot(code_.size() - b.jump);
      code_[b.jump].far = b.jump < paused_;
      read_.resize(b.read);  // what the right operand has read may not have been
    } else {
      const bool texts =
          nodes_[static_cast<std::size_t>(&n - nodes_.data()) - 1].result == type::text;
      return with_operator(n.what, texts, [&]<op What, bool Texts>() {
        return write_operator<What, Texts>(n, k, after);
      });
    }
    return false;
  }
  template <op What, bool Texts>
  bool write_operator(const node<Context>& n, std::size_t k, jump after) {
    const operand a = operands_[k], b = operands_.back();
    const form where = holds_ == nobody || holds_ < k ? form::slots
                       : holds_ == k                  ? form::left_accumulator
                                                      : form::right_accumulator;
    operands_.resize(k);
    if (!Texts && a.literal && b.literal) {
      try {
        text_store none(0);
        const cell known = apply<What, Texts>(frame_[a.slot], frame_[b.slot], none, n.at);
        operands_.push_back({new_slot(known), true});
        return false;
      } catch (const evaluation_error&) {  // it is thrown when it runs
      }
    }
    constexpr bool accumulates = !(Texts && What == op::add);
    if (where == form::slots && accumulates) spill();
    code_.push_back({.run = form_of<What, Texts>(where, after),
                     .a = a.slot,
                     .b = b.slot,
                     .to = slot(k),
                     .at = n.at});
    operands_.push_back({slot(k)});
    if (accumulates) holds_ = k;
    return is_comparison(What);
  }
  template <op What, bool Texts>
  static step<Context> form_of(form where, jump after) {
    if constexpr (!Texts) {
      if (where == form::left_accumulator) {
        return with_jump<What, Texts, form::left_accumulator>(after);
      }
      if (where == form::right_accumulator) {
        return with_jump<What, Texts, form::right_accumulator>(after);
      }
    }
    return with_jump<What, Texts, form::slots>(after);
  }
  template <op What, bool Texts, form Form>
  static step<Context> with_jump(jump after) {
    if constexpr (is_comparison(What)) {
      if (after == jump::when_true) {
        return &run_operator<Context, What, Texts, Form, jump::when_true>;
      }
      if (after == jump::when_false) {
        return &run_operator<Context, What, Texts, Form, jump::when_false>;
      }
    }
    return &run_operator<Context, What, Texts, Form, jump::never>;
  }

  const std::vector<node<Context>>& nodes_;
  std::vector<instruction<Context>>& code_;
  std::vector<std::string>& texts_;
  std::vector<cell>& frame_;
  std::vector<operand> operands_;
  std::size_t holds_ = nobody;  // the operand that is in the accumulator
  std::vector<variable> read_;
  std::size_t paused_ = 0;  // where the code goes on after the last pause
  std::vector<branch> branches_;
};
}  // namespace detail

/// What \ref gof::interpreter::compile "compile" makes: a value that is called with contexts.
///
/// It only runs forward, so that steps and depth are checked once, when it is made. A variable is
/// read once a call; again only in a place where it may not have been read before.
/// \tparam Context what variables read \tparam Result what it gives
/// \threads one at a time, and not from within itself; take a copy for each thread
/// \law CompiledIsInterpreted: the value or the error is that of `interpret`, where a variable
/// stays what it is during a call
template <class Context, interpreter::result Result>
class program {
 public:
  /// \param e what it is to do \param within what it may take
  /// \throws budget_exceeded where steps or depth might not be enough; std::bad_alloc
  explicit program(const expression<Context, Result>& e, const budget& within = {})
      : made_(within.bytes), bytes_(within.bytes), result_type_(e.result()) {
    if (e.depth() > within.depth) throw budget_exceeded("depth");
    if (e.nodes().size() > within.steps) throw budget_exceeded("steps");
    auto made = std::make_shared<detail::code<Context>>();
    detail::compiler<Context>(e, *made, frame_);
    code_ = std::move(made);
  }
  /// What it means in a context. \param context what variables read \returns its value
  /// \throws budget_exceeded, of bytes; evaluation_error, std::bad_alloc; what a function throws
  [[nodiscard]] Result operator()(const Context& context) {
    made_.restart(bytes_);
    detail::machine<Context> m{code_->instructions.data(), 0};
    while (m.next != nullptr)
      m = m.next->run(*m.next, m.accumulator, frame_.data(), context, made_);
    return detail::result_of_cell<Result>(frame_[0], result_type_);
  }

 private:
  std::shared_ptr<const detail::code<Context>> code_;
  std::vector<detail::cell> frame_;
  detail::text_store made_;
  std::size_t bytes_;
  type result_type_;
};

/// \returns an expression as a program \param e the expression \param within what it may take
/// \throws budget_exceeded where steps or depth might not be enough; std::bad_alloc
/// \complexity linear, and as often as there are variables
template <class Context, class Result>
[[nodiscard]] program<Context, Result> compile(const expression<Context, Result>& e,
                                               const budget& within = {}) {
  return program<Context, Result>(e, within);
}

/// @}
}  // namespace gof::inline v0::interpreter
