// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// Abstract Factory: families of products that belong together, and cannot be mixed up.

#include <concepts>
#include <cstddef>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

/// \defgroup abstract_factory Abstract Factory
/// \ingroup creational
/// Makes products that belong together, of a family that is chosen in one place.
///
/// | In the book                      | Here                                                              |
/// |----------------------------------|-------------------------------------------------------------------|
/// | AbstractFactory                  | \ref gof::abstract_factory::abstract_factory "abstract_factory"   |
/// | ConcreteFactory                  | \ref gof::abstract_factory::concrete_factory "concrete_factory"   |
/// | AbstractProduct, ConcreteProduct | any interface, and what is derived from it                        |
/// | CreateProductA, CreateProductB   | `create<product_a>()`, `create<product_b>()`                      |
/// | prototype-based factory          | \ref gof::abstract_factory::prototype_factory "prototype_factory" |
///
/// | To …                                   | write                                                         |
/// |----------------------------------------|---------------------------------------------------------------|
/// | say what is made, and from what        | `using edition = abstract_factory<board(int), rules()>`       |
/// | name a family                          | `inline constexpr family classic("classic")`                  |
/// | say what it makes                      | `concrete_factory<edition, classic, binds<board, …>, …>`      |
/// | make a product                         | `factory.create<board>(8)`                                    |
/// | refuse a mix when compiling            | parameters `branded<board, F>`, `branded<rules, F>`           |
/// | refuse a mix at run time               | `require_one_family(a_board, the_rules)`                      |
/// | add a product, and break no family     | `optional<clock(int), no_clock>` among the products           |
/// | choose a family by name                | `gof/abstract_factory/registry.hpp`: `family_registry`        |
/// | make a family of objects to be copied  | `gof/abstract_factory/prototype.hpp`: `prototype_factory`     |
/// | make a factory with a state of its own | derive from the abstract factory, and override `do_create`    |
///
/// \source Gamma, Helm, Johnson, Vlissides, *Design Patterns* (1994), chapter 3, Abstract Factory

namespace gof::inline v0::abstract_factory {

/// \addtogroup abstract_factory
/// @{

/// A family of products: an object with a name, equal only to itself. It outlives what is of it.
class family {
 public:
  /// \param name for people and registries; not copied, so a literal as a rule
  constexpr explicit family(std::string_view name) noexcept : name_(name) {}
  template <std::same_as<std::string> Temporary>
  explicit family(Temporary&&) = delete;  ///< The name would be gone.
  family(const family&) = delete;
  family& operator=(const family&) = delete;

  /// \returns its name
  [[nodiscard]] constexpr std::string_view name() const noexcept { return name_; }
  /// The same object?
  friend constexpr bool operator==(const family& a, const family& b) noexcept { return &a == &b; }

 private:
  std::string_view name_;
};

/// Products of two families came together.
class mixed_families : public std::logic_error {
  using std::logic_error::logic_error;
};

/// A product whose family the compiler knows: used with `->`, `*`, `get()` and as a condition, as a
/// `std::unique_ptr`, and no larger. A function whose parameters are of one `Family` does not
/// compile with products of two.
/// \tparam P the AbstractProduct
/// \tparam Family its family
template <class P, const family& Family>
class branded : std::unique_ptr<P> {
  using pointer = std::unique_ptr<P>;

 public:
  using pointer::operator->, pointer::operator*, pointer::operator bool, pointer::get;
  /// Takes the object out of its family. \returns it; this is empty then
  [[nodiscard]] pointer take() && noexcept { return std::move(*this); }
  /// \returns its family
  [[nodiscard]] static constexpr const family& brand() noexcept { return Family; }

 private:
  template <class, const family&, class...>
  friend class concrete_factory;
  explicit branded(pointer object) noexcept : pointer(std::move(object)) {}
};

/// A product that knows its family at run time; used as a `branded` one, and one pointer larger.
/// \tparam P the AbstractProduct
template <class P>
class product : std::unique_ptr<P> {
  using pointer = std::unique_ptr<P>;

 public:
  /// A product whose family need not be known when compiling any more. \param from is empty then
  template <const family& Family>
  product(branded<P, Family>&& from) noexcept : product(std::move(from).take(), Family) {}

  using pointer::operator->, pointer::operator*, pointer::operator bool, pointer::get;
  /// Takes the object out of its family. \returns it; this is empty then
  [[nodiscard]] pointer take() && noexcept { return std::move(*this); }
  /// \returns its family, also when empty
  [[nodiscard]] const family& brand() const noexcept { return *brand_; }

 private:
  template <class...>
  friend class abstract_factory;
  product(pointer object, const family& brand) noexcept
      : pointer(std::move(object)), brand_(&brand) {}
  const family* brand_;  // never null
};

/// Is of a family: a product or a factory.
template <class T>
concept of_a_family = requires(const T& t) {
  { t.brand() } -> std::same_as<const family&>;
};

/// To be called where products meet. \param first a product or a factory \param others more of them
/// \throws mixed_families where not all are of one family
void require_one_family(const of_a_family auto& first, const of_a_family auto&... others) {
  const auto require = [&first](const family& other) {
    if (other == first.brand()) return;
    throw mixed_families("gof::abstract_factory: one is of family \"" +
                         std::string(first.brand().name()) + "\", another of \"" +
                         std::string(other.name()) + '"');
  };
  (require(others.brand()), ...);
}

/// Among the products of a factory: one that a family need not bind.
/// \tparam Declaration `P(Args...)`
/// \tparam Default is made where it is not bound; `void`: the product is empty then
template <class Declaration, class Default = void>
struct optional {};

/// In a concrete factory: which ConcreteProduct stands for an AbstractProduct.
/// \tparam P the AbstractProduct
/// \tparam Impl is derived from it, and constructed from what the factory declares for it
template <class P, std::derived_from<P> Impl>
  requires(std::has_virtual_destructor_v<P>)
struct binds {
  using product = P;  ///< The AbstractProduct.
};

namespace detail {
// The virtual functions of a factory.
template <class... Declarations>
class hooks {
 public:
  virtual ~hooks() = default;

 protected:
  void do_create() const;  // for the first `using`
};
template <class P, class... Args, class... Rest>
class hooks<P(Args...), Rest...> : public hooks<Rest...> {
 protected:
  using hooks<Rest...>::do_create;
  virtual std::unique_ptr<P> do_create(std::type_identity<P>, Args... args) const = 0;
};
template <class P, class... Args, class Default, class... Rest>
class hooks<optional<P(Args...), Default>, Rest...> : public hooks<Rest...> {
 protected:
  using hooks<Rest...>::do_create;
  virtual std::unique_ptr<P> do_create(std::type_identity<P>, [[maybe_unused]] Args... args) const {
    if constexpr (std::is_void_v<Default>) {
      return nullptr;
    } else {
      return std::make_unique<Default>(std::forward<Args>(args)...);
    }
  }
};
}  // namespace detail

/// Makes products of one family; which one, only who chose the factory knows.
///
/// A ConcreteFactory is a `concrete_factory`, or what the user derives from this class: then each
/// product `P(Args...)` is made by an override of
/// `std::unique_ptr<P> do_create(std::type_identity<P>, Args...) const`.
/// \tparam Declarations the products: `P(Args...)`, with the arguments of `create`, once or with
/// different ones; or `optional<P(Args...), Default>`
/// \threads `create` on any number of threads, where the constructors of the products allow it
/// \law WhatAFactoryCreatesIsOfItsFamily: whatever it is, and in whichever order
template <class... Declarations>
class abstract_factory : public detail::hooks<Declarations...> {
 public:
  /// What is declared; for `concrete_factory` and its like.
  using declarations = detail::hooks<Declarations...>;

  /// Makes a product, at the price of one virtual call and one allocation.
  /// \tparam P one of the products \param args what converts to the arguments declared for it
  /// \returns a new product of this family; empty where it is optional and has no default
  /// \throws std::bad_alloc; what its constructor throws
  template <class P, class... Args>
    requires requires(const abstract_factory& f, Args&&... args) {
      f.do_create(std::type_identity<P>(), std::forward<Args>(args)...);
    }
  [[nodiscard]] product<P> create(Args&&... args) const {
    return {this->do_create(std::type_identity<P>(), std::forward<Args>(args)...), *brand_};
  }
  /// \returns the family of all that it makes
  [[nodiscard]] const family& brand() const noexcept { return *brand_; }

 protected:
  /// \param brand the family of all that it will make; outlives the products
  explicit abstract_factory(const family& brand) noexcept : brand_(&brand) {}
  explicit abstract_factory(const family&&) = delete;  ///< The family would be gone.

 private:
  const family* brand_;
};

namespace detail {
template <class P, class... Binds>
struct bound_to;
template <class P, class Impl, class... Rest>
struct bound_to<P, binds<P, Impl>, Rest...> {
  using type = Impl;
};
template <class P, class Other, class... Rest>
struct bound_to<P, Other, Rest...> : bound_to<P, Rest...> {};
template <class P, class... Binds>
constexpr std::size_t times = (std::size_t{std::is_same_v<P, typename Binds::product>} + ... + 0);

// Where it fails, the compiler names the product.
template <class Product, std::size_t Times>
struct bound_once {
  static_assert(Times != 0, "gof::abstract_factory: this product is not bound");
  static_assert(Times < 2, "gof::abstract_factory: this product is bound twice");
};

template <class Factory, const family& Family>
class of_family : public Factory {
 protected:
  of_family() noexcept : Factory(Family) {}
};

// The virtual functions overridden, except those of optional products that are not bound.
template <class Factory, class Declarations, class... Binds>
class overrides : public Factory {
 protected:
  static constexpr std::size_t used = 0;
};
template <class Factory, class P, class... Args, class... Rest, class... Binds>
class overrides<Factory, hooks<P(Args...), Rest...>, Binds...>
    : public overrides<Factory, hooks<Rest...>, Binds...> {
  using base = overrides<Factory, hooks<Rest...>, Binds...>;
  static_assert(sizeof(bound_once<P, times<P, Binds...>>) != 0);

 protected:
  using base::do_create;
  std::unique_ptr<P> do_create(std::type_identity<P>, Args... args) const final {
    return std::make_unique<typename bound_to<P, Binds...>::type>(std::forward<Args>(args)...);
  }
  static constexpr std::size_t used = base::used + times<P, Binds...>;
};
template <class Factory, class P, class... Args, class Default, class... Rest, class... Binds>
class overrides<Factory, hooks<optional<P(Args...), Default>, Rest...>, Binds...>
    : public std::conditional_t<times<P, Binds...> == 0,
                                overrides<Factory, hooks<Rest...>, Binds...>,
                                overrides<Factory, hooks<P(Args...), Rest...>, Binds...>> {};
}  // namespace detail

/// Makes the products of one family. Each product of the factory is bound once, or it does not
/// compile; an optional one may be left to its default.
/// \tparam Factory an `abstract_factory`, or a class derived from one
/// \tparam Family the family, an object at namespace scope
/// \tparam Binds which class stands for which product: `binds<P, Impl>`
template <class Factory, const family& Family, class... Binds>
class concrete_factory : public detail::overrides<detail::of_family<Factory, Family>,
                                                  typename Factory::declarations, Binds...> {
  static_assert(concrete_factory::used >= sizeof...(Binds),
                "gof::abstract_factory: a product is bound that the factory does not declare");

 public:
  /// As in the abstract factory, without a virtual call.
  /// \returns a new product, whose family the compiler knows
  template <class P, class... Args>
    requires requires(const concrete_factory& f, Args&&... args) {
      f.do_create(std::type_identity<P>(), std::forward<Args>(args)...);
    }
  [[nodiscard]] branded<P, Family> create(Args&&... args) const {
    return branded<P, Family>(
        this->do_create(std::type_identity<P>(), std::forward<Args>(args)...));
  }
};

/// @}
}  // namespace gof::inline v0::abstract_factory
