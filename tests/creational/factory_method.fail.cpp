// SPDX-License-Identifier: BSL-1.0
#include <gof/factory_method.hpp>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace {

namespace fm = gof::factory_method;

struct room {
  virtual ~room() = default;
};
struct hall : room {
  static constexpr std::string_view key = "hall";
  explicit hall(int) {}
};
struct nameless : room {
  explicit nameless(int) {}
};
struct garden {
  explicit garden(int) {}
};
struct bare {
  int seats = 0;  // no virtual destructor
};
struct shed : bare {
  explicit shed(int) {}
};

[[maybe_unused]] void cases() {
  fm::creator<room(int)> rooms;

#ifdef FAIL_class_that_is_no_product  // says: constraint|no match
  auto a = rooms.register_creator<garden>("garden");
#else
  auto a = rooms.register_creator<hall>("hall");
#endif

#ifdef FAIL_class_without_that_constructor  // says: constraint|no match
  auto b = rooms.register_creator<room>("room");
#else
  auto b = rooms.register_creator<nameless>("room");
#endif

#ifdef FAIL_function_that_makes_something_else  // says: constraint|no match
  auto c = rooms.register_creator("garden", [](int n) { return std::make_unique<garden>(n); });
#else
  auto c = rooms.register_creator("garden", [](int n) { return std::make_unique<hall>(n); });
#endif

#ifdef FAIL_function_object_that_changes  // says: constraint|no match
  auto d =
      rooms.register_creator("next", [n = 0](int) mutable { return std::make_unique<hall>(++n); });
#else
  auto d = rooms.register_creator("next", [n = 0](int) { return std::make_unique<hall>(n + 1); });
#endif

#ifdef FAIL_list_with_a_class_without_a_key  // says: constraint|no match
  auto all = rooms.register_all<hall, nameless>();
#else
  auto all = rooms.register_all<hall>();
#endif

#ifdef FAIL_product_without_a_virtual_destructor  // says: needs a virtual destructor
  fm::creator<bare(int)> sheds;
  auto e = sheds.register_creator<shed>("shed");
#else
  fm::creator<room(int)> sheds;
  auto e = sheds.register_creator<hall>("shed");
#endif

#ifdef FAIL_arguments_that_are_not_declared  // says: constraint|no match
  static_cast<void>(rooms.create("hall", "thirty"));
#else
  static_cast<void>(rooms.create("hall", short{30}));
#endif

#ifdef FAIL_key_of_another_type  // says: constraint
  fm::creator<room(int), double> keyed;
#else
  fm::creator<room(int), char> keyed;
#endif
  static_cast<void>(keyed.size());

#ifdef FAIL_copy_of_a_registration  // says: deleted
  auto copy = a;
#else
  auto copy = std::move(a);
#endif
}

}  // namespace
