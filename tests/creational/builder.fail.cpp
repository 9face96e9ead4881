// SPDX-License-Identifier: BSL-1.0
#include <gof/builder.hpp>
#include <gof/builder/runtime.hpp>
#include <string>
#include <utility>

namespace {

using gof::builder::builder, gof::builder::optional, gof::builder::ordered, gof::builder::part;
using gof::builder::required, gof::builder::runtime_builder;

struct letter {
  std::string from, to, text;
  void enclose(std::string) {}
};
constexpr part<"from", &letter::from> from;
constexpr part<"to", &letter::to> to;
constexpr part<"text", &letter::text> text;
constexpr part<"stamp", &letter::text> stamp;
constexpr part<"enclose", &letter::enclose> enclose;

using draft = builder<letter, required<from, to>, optional<text, enclose>>;
using in_order = builder<letter, ordered<from, to>, optional<text>>;

[[maybe_unused]] void cases() {
  /// [missing]
#ifdef FAIL_product_without_a_required_part  // says: built<.*"from".*false>
  letter a = draft().with(to = "Ben").with(text = "Dear Ben").build();
#else
  letter a = draft().with(to = "Ben").with(text = "Dear Ben", from = "Ana").build();
#endif
  /// [missing]

#ifdef FAIL_copy_without_a_required_part  // says: built<.*"to".*false>
  const auto builder_of_b = draft().with(from = "Ana");
#else
  const auto builder_of_b = draft().with(from = "Ana", to = "Ben");
#endif
  letter b = builder_of_b.build();

#ifdef FAIL_product_at_once_without_a_required_part  // says: built<.*"to".*false>
  letter c = draft::make(from = "Ana", text = "Dear Ben");
#else
  letter c = draft::make(from = "Ana", to = "Ben");
#endif

  /// [order]
#ifdef FAIL_part_before_its_time  // says: built<.*"from".*false>
  letter d = in_order().with(to = "Ben").with(from = "Ana").build();
#else
  letter d = in_order().with(from = "Ana").with(to = "Ben").build();
#endif
  /// [order]

#ifdef FAIL_part_before_its_time_at_once  // says: built<.*"from".*false>
  letter e = in_order::make(to = "Ben", from = "Ana");
#else
  letter e = in_order::make(from = "Ana", to = "Ben");
#endif

  auto named = draft().with(from = "Ana");
#ifdef FAIL_new_part_of_a_builder_with_a_name  // says: changes its type
  named.with(to = "Ben");
#else
  named.with(from = "Eve");
#endif

#ifdef FAIL_part_of_another_builder  // says: constraint|no match
  named.with(stamp = "1 euro");
#else
  named.with(text = "1 euro");
#endif

#ifdef FAIL_value_of_another_type  // says: constraint|no match
  named.with(text = 3.5f, enclose(7));
#else
  named.with(text = "3.5", enclose("7"));
#endif

#ifdef FAIL_step_that_is_assigned  // says: constraint|no match
  named.with(enclose = "a map");
#else
  named.with(enclose("a map"));
#endif

#ifdef FAIL_member_that_is_called  // says: constraint|no match
  named.with(text("Dear Ben"));
#else
  named.with(text = "Dear Ben");
#endif

#ifdef FAIL_order_that_nobody_can_check_when_compiling  // says: incomplete
  runtime_builder<letter, ordered<from, to>> form;
#else
  runtime_builder<letter, required<from, to>> form;
#endif
  form.with(from = "Ana");
  static_cast<void>(a), static_cast<void>(b), static_cast<void>(c);
  static_cast<void>(d), static_cast<void>(e);
}

}  // namespace
