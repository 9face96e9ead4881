// SPDX-License-Identifier: BSL-1.0
#include <gof/flyweight/front_cache.hpp>
#include <string>
#include <string_view>
#include <utility>

namespace {

namespace fw = gof::flyweight;

struct glyph {
  char letter;
  explicit glyph(char c) : letter(c) {}
  int draw(int x) const { return x + letter; }
  void change(char c) { letter = c; }
};
struct by_letter {
  char operator()(const glyph& g) const { return g.letter; }
};
struct by_nothing {
  void operator()(const glyph&) const {}
};

[[maybe_unused]] void cases() {
#ifdef FAIL_value_without_a_hash  // says: constraint
  fw::flyweight_factory<glyph> glyphs;
#else
  fw::flyweight_factory<glyph, by_letter> glyphs;
#endif

#ifdef FAIL_key_that_is_none  // says: constraint
  fw::flyweight_factory<glyph, by_nothing> none;
#else
  fw::flyweight_factory<glyph, by_letter> none;
#endif
  static_cast<void>(none.size());

  auto a = glyphs.get_flyweight('a');
#ifdef FAIL_change_of_a_shared_value  // says: discards qualifiers|not marked const
  a->change('b');
#else
  a->draw(3);
#endif

#ifdef FAIL_assignment_to_a_shared_value  // says: discards qualifiers|no viable overloaded
  *a = glyph('b');
#else
  a = glyphs.get_flyweight('b');
#endif

#ifdef FAIL_comparison_with_a_value  // says: no match for .operator==|invalid operands
  static_cast<void>(a == glyph('b'));
#else
  static_cast<void>(a->letter == 'b');
#endif

#ifdef FAIL_value_made_of_something_else  // says: no matching (function|member function)
  static_cast<void>(glyphs.get_flyweight('c', [] { return std::string("c"); }));
#else
  static_cast<void>(glyphs.get_flyweight('c', [] { return glyph('c'); }));
#endif

  fw::shared_flyweight_factory<glyph, by_letter> shared;
#ifdef FAIL_flyweight_of_one_thread_for_many  // says: conversion from|no viable conversion
  const fw::shared_flyweight<glyph> c = glyphs.get_flyweight('c');
#else
  const fw::shared_flyweight<glyph> c = shared.get_flyweight('c');
#endif
  c->draw(1);

#ifdef FAIL_front_cache_of_a_factory_for_one_thread  // says: no viable constructor|deduction failed
  fw::front_cache front(glyphs);
#else
  fw::front_cache front(shared);
#endif
  static_cast<void>(front.hits());

#ifdef FAIL_copy_of_a_factory  // says: deleted
  const auto copy = glyphs;
#else
  const auto& copy = glyphs;
#endif
  static_cast<void>(copy.size());
}

}  // namespace
