// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// A ConcreteFactory that clones: a family made of objects, which can be put together at run time.

#include <concepts>
#include <gof/abstract_factory.hpp>
#include <memory>
#include <stdexcept>
#include <type_traits>
#include <utility>

namespace gof::inline v0::abstract_factory {

namespace detail {
template <class P, class... Args>
concept clones = requires(const P& prototype, Args&&... args) {
  { prototype.clone(std::forward<Args>(args)...) } -> std::same_as<std::unique_ptr<P>>;
};

// The virtual functions overridden; each level has the prototype of one product.
template <class Factory, class Declarations>
class cloned : public Factory {
 protected:
  using Factory::Factory;
};
template <class Factory, class P, class... Args, class Default, class... Rest>
class cloned<Factory, hooks<optional<P(Args...), Default>, Rest...>>
    : public cloned<Factory, hooks<Rest...>> {
  using base = cloned<Factory, hooks<Rest...>>;
  static_assert(clones<P, Args...>,
                "gof::abstract_factory: a product has std::unique_ptr<P> clone(Args...) const");

 protected:
  template <class... Others>
  cloned(const family& brand, std::unique_ptr<const P> prototype, Others... others)
      : base(brand, std::move(others)...), prototype_(std::move(prototype)) {}
  using base::do_create;
  std::unique_ptr<P> do_create(std::type_identity<P>, Args... args) const final {
    return prototype_ == nullptr ? nullptr : prototype_->clone(std::forward<Args>(args)...);
  }

 private:
  const std::unique_ptr<const P> prototype_;
};
template <class Factory, class P, class... Args, class... Rest>
class cloned<Factory, hooks<P(Args...), Rest...>>
    : public cloned<Factory, hooks<optional<P(Args...)>, Rest...>> {
  using base = cloned<Factory, hooks<optional<P(Args...)>, Rest...>>;
  static std::unique_ptr<const P> require(std::unique_ptr<const P> prototype) {
    if (prototype != nullptr) return prototype;
    throw std::invalid_argument("gof::abstract_factory: there is no prototype of a product");
  }

 protected:
  template <class... Others>
  cloned(const family& brand, std::unique_ptr<const P> prototype, Others... others)
      : base(brand, require(std::move(prototype)), std::move(others)...) {}
};
}  // namespace detail

/// \addtogroup abstract_factory
/// @{

/// Makes the products of a family by cloning one of each.
/// \tparam Factory an `abstract_factory`, or a class derived from one; a product `P(Args...)` of it
/// has `std::unique_ptr<P> clone(Args...) const`
/// \threads as the abstract factory, where `clone` allows it
/// \law AClonedProductIsAsItsPrototype: and changes neither it nor other clones
template <class Factory>
class prototype_factory final : public detail::cloned<Factory, typename Factory::declarations> {
 public:
  /// \param brand the family of the clones; outlives them
  /// \param prototypes one of each product, in the order in which the factory declares them; null
  /// for an optional one: what is created is empty then
  /// \throws std::invalid_argument where another one is null
  template <class... Prototypes>
  explicit prototype_factory(const family& brand, Prototypes... prototypes)
      : prototype_factory::cloned(brand, std::move(prototypes)...) {}
  template <class... Prototypes>
  explicit prototype_factory(const family&&, Prototypes...) = delete;  ///< It would be gone.
};

/// @}
}  // namespace gof::inline v0::abstract_factory
