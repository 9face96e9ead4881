// SPDX-License-Identifier: BSL-1.0
#include <gof/interpreter/compile.hpp>
#include <gof/interpreter/language.hpp>
#include <string>

namespace {

namespace in = gof::interpreter;
struct record {
  int level = 0;
};

[[maybe_unused]] void cases(in::language<record>& l, record& r) {
  [[maybe_unused]] const int captured = 1;
#ifdef FAIL_variable_with_a_state  // says: no matching (member )?function
  l.variable("a", [captured](const record& c) { return c.level + captured; });
#else
  l.variable("a", [](const record& c) { return c.level + 1; });
#endif

#ifdef FAIL_variable_of_another_context  // says: a variable is a function of the context
  l.variable("b", [](const std::string& s) { return s.empty(); });
#else
  l.variable("b", [](const record& c) { return c.level == 0; });
#endif

#ifdef FAIL_variable_that_is_no_value  // says: the result is to be a bool, an integer or a text
  l.variable("c", [](const record& c) { return 1.5 * c.level; });
#else
  l.variable("c", [](const record& c) { return 2 * c.level; });
#endif

#ifdef FAIL_function_of_what_is_no_value  // says: a function takes bool, std::int64_t or
  l.function("d", [](int n) { return n; });
#else
  l.function("d", [](std::int64_t n) { return n; });
#endif

#ifdef FAIL_expression_of_what_is_no_value  // says: constraint
  static_cast<void>(l.parse<double>("1"));
#else
  static_cast<void>(l.parse<std::int64_t>("1"));
#endif

#ifdef FAIL_expression_that_was_not_made  // says: no matching (function|constructor)
  in::expression<record, bool> e;
#else
  in::expression<record, bool> e = l.parse<bool>("true");
#endif

#ifdef FAIL_text_as_a_boolean  // says: cannot convert|no viable conversion|conversion
  bool b = l.parse<std::string>("\"a\"").interpret(r);
#else
  bool b = l.parse<bool>("true").interpret(r);
#endif
  static_cast<void>(b);

#ifdef FAIL_program_in_another_context  // says: no match for call|no matching function
  static_cast<void>(in::compile(e)(l));
#else
  static_cast<void>(in::compile(e)(r));
#endif
}

}  // namespace
