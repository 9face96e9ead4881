// SPDX-License-Identifier: BSL-1.0
#include <gof/abstract_factory.hpp>
#include <gof/abstract_factory/prototype.hpp>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>

namespace {

namespace af = gof::abstract_factory;
using af::binds, af::concrete_factory;

struct board {
  virtual ~board() = default;
  virtual int size() const = 0;
};
struct rules {
  virtual ~rules() = default;
  virtual std::unique_ptr<rules> clone() const = 0;
};
struct clock {
  virtual ~clock() = default;
};
struct bare {
  int size() const { return 1; }  // no virtual destructor
};

struct wooden : board {
  explicit wooden(int size) : size_(size) {}
  int size() const override { return size_; }
  int size_;
};
struct short_rules : rules {
  std::unique_ptr<rules> clone() const override { return std::make_unique<short_rules>(*this); }
};
struct solid : bare {};

/// [editions]
using edition = af::abstract_factory<board(int), rules(), af::optional<clock()>>;

const af::family noughts("noughts"), four("four");

using of_noughts =
    concrete_factory<edition, noughts, binds<board, wooden>, binds<rules, short_rules>>;
using of_four = concrete_factory<edition, four, binds<board, wooden>, binds<rules, short_rules>>;
/// [editions]

/// [set_up]
template <const af::family& F>
void set_up(const af::branded<board, F>&, const af::branded<rules, F>&) {}
/// [set_up]

using complete = concrete_factory<edition, four, binds<board, wooden>, binds<rules, short_rules>>;

[[maybe_unused]] void factories() {
  /// [missing]
#ifdef FAIL_product_that_is_not_bound  // says: bound_once<.*rules, 0>
  concrete_factory<edition, four, binds<board, wooden>> factory;
#else
  complete factory;
#endif
  /// [missing]
  static_cast<void>(factory);

#ifdef FAIL_product_that_is_bound_twice  // says: bound_once<.*board, 2>
  concrete_factory<edition, four, binds<board, wooden>, binds<rules, short_rules>,
                   binds<board, wooden>>
      once;
#else
  complete once;
#endif
  static_cast<void>(once);

#ifdef FAIL_optional_product_that_is_bound_twice  // says: bound_once<.*clock, 2>
  concrete_factory<edition, four, binds<board, wooden>, binds<rules, short_rules>,
                   binds<clock, clock>, binds<clock, clock>>
      with_clock;
#else
  concrete_factory<edition, four, binds<board, wooden>, binds<rules, short_rules>,
                   binds<clock, clock>>
      with_clock;
#endif
  static_cast<void>(with_clock);

#ifdef FAIL_product_that_is_not_declared  // says: bound that the factory does not declare
  concrete_factory<edition, four, binds<board, wooden>, binds<rules, short_rules>,
                   binds<short_rules, short_rules>>
      declared;
#else
  complete declared;
#endif
  static_cast<void>(declared);

#ifdef FAIL_impl_of_another_product  // says: constraint
  using bound = binds<board, short_rules>;
#else
  using bound = binds<board, wooden>;
#endif
  static_assert(std::is_same_v<bound::product, board>);

#ifdef FAIL_product_without_a_virtual_destructor  // says: constraint
  using destroyed = binds<bare, solid>;
#else
  using destroyed = binds<clock, clock>;
#endif
  static_assert(!std::is_void_v<destroyed::product>);

#ifdef FAIL_factory_by_hand_that_forgets_a_product  // says: abstract
  struct by_hand : edition {
    by_hand() : edition(four) {}
    std::unique_ptr<rules> do_create(std::type_identity<rules>) const override { return nullptr; }
  } hand_made;
#else
  struct by_hand : edition {
    by_hand() : edition(four) {}
    std::unique_ptr<rules> do_create(std::type_identity<rules>) const override { return nullptr; }
    std::unique_ptr<board> do_create(std::type_identity<board>, int) const override {
      return nullptr;
    }
  } hand_made;
#endif
  static_cast<void>(hand_made);

#ifdef FAIL_factory_of_a_family_that_is_gone  // says: deleted
  struct of_nobody : edition {
    of_nobody() : edition(af::family("nobody")) {}
  };
#else
  struct of_nobody : edition {
    of_nobody() : edition(four) {}
  };
#endif
  static_assert(std::is_abstract_v<of_nobody>);
}

[[maybe_unused]] void products(const of_noughts& a, const of_four& b, const edition& any) {
#ifdef FAIL_product_of_no_factory_of_ours  // says: no match
  static_cast<void>(any.create<wooden>(3));
#else
  static_cast<void>(any.create<board>(3));
#endif

#ifdef FAIL_arguments_that_are_not_declared  // says: no match
  static_cast<void>(any.create<board>("three"));
#else
  static_cast<void>(any.create<board>(short{3}));
#endif

  /// [mix]
#ifdef FAIL_parts_of_two_families  // says: conflicting
  set_up(a.create<board>(3), b.create<rules>());
#else
  set_up(a.create<board>(3), a.create<rules>());
#endif
  /// [mix]

#ifdef FAIL_part_whose_family_nobody_knows  // says: no match
  set_up(any.create<board>(3), any.create<rules>());
#else
  set_up(b.create<board>(3), b.create<rules>());
#endif

  auto mine = a.create<board>(3);
#ifdef FAIL_part_of_another_family_assigned  // says: no match|no viable
  mine = b.create<board>(3);
#else
  mine = a.create<board>(4);
#endif

#ifdef FAIL_copy_of_a_product  // says: deleted
  const auto copy = mine;
#else
  const auto copy = std::move(mine);
#endif

#ifdef FAIL_family_that_is_claimed  // says: private
  const af::product<board> claimed(std::make_unique<wooden>(3), four);
#else
  const af::product<board> claimed(b.create<board>(3));
#endif

#ifdef FAIL_object_that_is_exchanged  // says: inaccessible|private|no member
  af::product<board> changed = any.create<board>(3);
  changed.reset(new wooden(4));
#else
  af::product<board> changed = any.create<board>(3);
  changed = any.create<board>(4);
#endif
  static_cast<void>(copy), static_cast<void>(claimed);

#ifdef FAIL_check_of_what_has_no_family  // says: constraint
  af::require_one_family(changed, *changed);
#else
  af::require_one_family(changed, any);
#endif

#ifdef FAIL_family_with_a_name_that_is_gone  // says: deleted
  const af::family named(std::string("named"));
#else
  const std::string name = "named";
  const af::family named(name);
#endif
  static_cast<void>(named);
}

[[maybe_unused]] void fewer_need() {
  using sets = af::abstract_factory<rules()>;
#ifdef FAIL_prototype_that_is_missing  // says: no match
  const af::prototype_factory<sets> cloning(four);
#else
  const af::prototype_factory<sets> cloning(four, std::make_unique<short_rules>());
#endif
  static_cast<void>(cloning);

#ifdef FAIL_product_that_cannot_be_cloned  // says: a product has std::unique_ptr<P> clone
  using clocks = af::prototype_factory<af::abstract_factory<clock()>>;
#else
  using clocks = af::prototype_factory<sets>;
#endif
  static_assert(sizeof(clocks) != 0);
}

}  // namespace
