// SPDX-License-Identifier: BSL-1.0
#include <gof/prototype.hpp>
#include <gof/prototype/graph.hpp>
#include <gof/prototype/registry.hpp>
#include <memory>
#include <string>
#include <utility>

namespace {

namespace pt = gof::prototype;

struct shape {
  virtual ~shape() = default;
  virtual void grow() {}

 protected:
  shape() = default;
  shape(const shape&) = default;
  shape& operator=(const shape&) = default;
};
struct circle final : shape {
  int radius = 1;
};
struct square final : shape {
  int side = 1;
};
struct open_shape {
  virtual ~open_shape() = default;
};
struct open_circle final : open_shape {};
struct moves_only final : shape {
  std::unique_ptr<int> p;
};
struct node final {
  node* next = nullptr;
  void relink(const pt::identity_map<node>& copies) { next = copies(next); }
};
struct forgetful final {
  forgetful* next = nullptr;
};

[[maybe_unused]] void cases() {
  circle c;
  /// [slicing]
#ifdef FAIL_slice_by_copy  // says: protected
  shape s = c;
#else
  circle s = c;
#endif
  s.grow();

  square q;
  shape& target = q;
#ifdef FAIL_slice_by_assignment  // says: protected
  target = c;
#else
  target.grow();
#endif

#ifdef FAIL_base_that_can_be_sliced  // says: copy operations of this base are public
  pt::polymorphic<open_shape> p(open_circle{});
#else
  pt::polymorphic<shape> p(circle{});
#endif
  /// [slicing]

#ifdef FAIL_object_behind_its_interface  // says: no matching (function|constructor)|no viable
  const pt::polymorphic<shape> behind(static_cast<const shape&>(c));
#else
  const pt::polymorphic<shape> behind(c);
#endif

#ifdef FAIL_object_that_cannot_be_copied  // says: a prototype can be copied by anyone
  const pt::polymorphic<shape> held(moves_only{});
#else
  const pt::polymorphic<shape> held(square{});
#endif

#ifdef FAIL_change_of_a_const_one  // says: discards qualifiers|not marked const
  held->grow();
#else
  pt::polymorphic(held)->grow();
#endif

  pt::prototype_registry<shape> registry;
#ifdef FAIL_change_of_another_interface  // says: constraint|no matching
  static_cast<void>(registry.clone<std::string>("x", [](std::string&) {}));
#else
  static_cast<void>(registry.clone<circle>("x", [](circle&) {}));
#endif

#ifdef FAIL_graph_of_nodes_without_relink  // says: a node has relink
  const pt::graph<forgetful> g;
#else
  const pt::graph<node> g;
#endif
  const auto copy = g;
  static_cast<void>(copy.size());
}

}  // namespace
