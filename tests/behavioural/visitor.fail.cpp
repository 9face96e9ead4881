// SPDX-License-Identifier: BSL-1.0
#include <gof/visitor/open_visitor.hpp>
#include <gof/visitor/traverse.hpp>
#include <variant>
#include <vector>

namespace {

namespace vs = gof::visitor;
using vs::otherwise, vs::visitor;

struct file {};
struct folder {};
struct shortcut {};
using element = std::variant<file, folder, shortcut>;

struct class_of_two {
  int operator()(const file&) const { return 1; }
  int operator()(const folder&) const { return 2; }
};
struct class_of_three : class_of_two {
  using class_of_two::operator();
  int operator()(const shortcut&) const { return 3; }
};
struct node {
  std::vector<node> children;
};
struct item {
  virtual ~item() = default;
};
struct part : item {};

[[maybe_unused]] void cases() {
  const element e = file();
  const auto one = [](const file&) { return 1; };
  const auto two = [](const folder&) { return 2; };
  const auto three = [](const shortcut&) { return 3; };

#ifdef FAIL_missing_case  // says: needs_case<.*shortcut
  vs::visit(visitor{one, two}, e);
#else
  vs::visit(visitor{one, two, three}, e);
#endif
#ifdef FAIL_missing_case_is_explained  // says: gof::visitor: there is no case for this Element
  vs::visit(visitor{one, two}, e);
#endif

#ifdef FAIL_missing_case_in_a_class  // says: needs_case<.*shortcut
  vs::visit(class_of_two(), e);
#else
  vs::visit(class_of_three(), e);
#endif

#ifdef FAIL_missing_case_in_std_visit  // says: needs_case<.*shortcut
  std::visit(visitor{one, two}, e);
#else
  std::visit(visitor{one, two, three}, e);
#endif

#ifdef FAIL_catch_all_by_accident  // says: for all that is left, write otherwise
  vs::visit(visitor{one, [](const auto&) { return 0; }}, e);
#else
  vs::visit(visitor{one, otherwise([](const auto&) { return 0; })}, e);
#endif

#ifdef FAIL_conversion_to_a_case  // says: needs_case<int
  vs::visit(visitor{[](bool) {}}, std::variant<int>(1));
#else
  vs::visit(visitor{[](int) {}}, std::variant<int>(1));
#endif

#ifdef FAIL_two_cases_for_one_type  // says: more than one case for this Element
  vs::visit(visitor{one, two, three, [](file) { return 4; }}, e);
#else
  vs::visit(visitor{one, two, three}, e);
#endif

#ifdef FAIL_two_for_the_rest  // says: more than one case for this Element
  vs::visit(visitor{otherwise([](auto) {}), otherwise([](auto&) {})}, e);
#else
  vs::visit(visitor{otherwise([](auto) {})}, e);
#endif

#ifdef FAIL_change_of_a_const_element  // says: no match for call|no matching function
  vs::visit(visitor{[](file&) { return 1; }, two, three}, e);
#else
  vs::visit(visitor{[](file) { return 1; }, two, three}, e);
#endif

#ifdef FAIL_results_of_different_types  // says: same return type|single return type
  vs::visit(visitor{one, two, [](const shortcut&) { return "three"; }}, e);
#else
  vs::visit(visitor{one, two, [](const shortcut&) { return 4; }}, e);
#endif

  node top;
#ifdef FAIL_result_in_a_structure  // says: here a visitor returns nothing, or a step
  vs::traverse(top, [](const node&) { return 1; });
#else
  vs::traverse(top, [](const node&) { return vs::step::into; });
#endif

  vs::open_visitor<const item, int> open(vs::refuse{});
#ifdef FAIL_case_for_a_stranger  // says: constraint|no matching member
  open.on([](const file&) { return 1; });
#else
  open.on([](const part&) { return 1; });
#endif

#ifdef FAIL_case_that_changes_a_const_element  // says: constraint|no matching member
  open.on([](part&) { return 1; });
#endif

#ifdef FAIL_case_for_anything  // says: constraint|no matching member
  open.on([](const auto&) { return 1; });
#endif

#ifdef FAIL_open_visitor_that_does_not_say_what_of_the_unknown  // says: no matching
  vs::open_visitor<item> silent;
#else
  vs::open_visitor<item> silent(otherwise([](item&) {}));
#endif

#ifdef FAIL_elements_without_a_virtual_function  // says: Base needs a virtual function
  vs::open_visitor<file> flat(vs::refuse{});
#endif
}

}  // namespace
