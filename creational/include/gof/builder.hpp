// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// Builder: a product in steps, which cannot be finished before it is complete.

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

/// \defgroup builder Builder
/// \ingroup creational
/// Makes a product part by part; a part that is missing does not compile.
///
/// | In the book     | Here                                                                       |
/// |-----------------|----------------------------------------------------------------------------|
/// | Builder         | \ref gof::builder::builder "builder"                                       |
/// | ConcreteBuilder | a builder with the parts of one product                                    |
/// | Director        | a recipe: any function that takes a builder and returns it                 |
/// | Product         | any class                                                                  |
/// | BuildPart       | `with(part = value)`                                                       |
/// | Construct       | `apply(recipe)`                                                            |
/// | GetResult       | `build()`                                                                  |
///
/// | To …                                   | write                                                     |
/// |----------------------------------------|-----------------------------------------------------------|
/// | name a part, a member or a step        | `constexpr part<"from", &message::from> from;`            |
/// | check the value of a part              | `constexpr part<"from", &message::from, check> from;`     |
/// | say which parts there are              | `using draft = builder<message, required<from, to>, optional<subject>>;` |
/// | have them in this order                | `ordered<from, to>` instead of `required`                 |
/// | build at once                          | `draft::make(from = "ana", to = {"ben"})`                 |
/// | build in steps                         | `draft().with(from = "ana").with(to = {"ben"}).build()`   |
/// | change a product                       | `draft::from(m).with(to = {"cem"}).build()`               |
/// | do several steps as one                | `draft().apply(recipe)`                                   |
/// | find out at run time what is missing   | `gof/builder/runtime.hpp`: `runtime_builder`              |
///
/// \source Gamma, Helm, Johnson, Vlissides, *Design Patterns* (1994), chapter 3, Builder

namespace gof::inline v0::builder {

/// \addtogroup builder
/// @{

/// The product is not right; what() lists all that is wrong with it.
class invalid_product : public std::runtime_error {
 public:
  /// \param problems what is wrong, at least one
  explicit invalid_product(std::vector<std::string> problems)
      : std::runtime_error(join(problems)), problems_(std::move(problems)) {}
  /// \returns what is wrong, a line each
  [[nodiscard]] const std::vector<std::string>& problems() const noexcept { return problems_; }

 private:
  static std::string join(const std::vector<std::string>& problems) {
    std::string all;
    for (const std::string& p : problems) all += (all.empty() ? "gof::builder: " : "; ") + p;
    return all;
  }
  std::vector<std::string> problems_;
};

/// The name of a part, as a template argument.
/// \tparam N its length, and one
template <std::size_t N>
struct name {
  /// \param literal the name
  consteval name(const char (&literal)[N]) { std::copy_n(literal, N, text); }
  char text[N];  ///< It, and a 0.
};

namespace detail {
template <class Value, class Product>
std::type_identity<Value> value_of(Value Product::*);
std::type_identity<void> value_of(...);
}  // namespace detail

/// A part with what it is built from. \tparam Part the part \tparam Args what its step takes
template <class Part, class... Args>
struct step {
  using part = Part;           ///< Which part.
  std::tuple<Args&&...> args;  ///< They live until the end of the statement.
};

/// A part of a product; an object of this type is used as `part = value` or `part(arguments…)`.
/// \tparam Name for people
/// \tparam Step a pointer to a data member, which is assigned; or what is called with the product
/// and the arguments
/// \tparam Check null; or called with the value of the data member when the product is built, also
/// with one that was never assigned: `std::string_view` says what is wrong, empty: nothing
template <name Name, auto Step, auto Check = nullptr>
class part {
  using value = typename decltype(detail::value_of(Step))::type;

 public:
  /// The name.
  static constexpr std::string_view label{Name.text, sizeof(Name.text) - 1};

  /// Only for a data member. \tparam Value what converts to it \param from may be a braced list
  /// \returns the step, for `with`
  template <std::convertible_to<value> Value = value>
  constexpr step<part, Value> operator=(Value&& from) const noexcept {
    return {std::forward_as_tuple(std::forward<Value>(from))};
  }
  /// Only for what is called. \param args what it takes \returns the step, for `with`
  template <class... Args>
    requires(!std::is_member_object_pointer_v<decltype(Step)>)
  constexpr step<part, Args...> operator()(Args&&... args) const noexcept {
    return {std::forward_as_tuple(std::forward<Args>(args)...)};
  }

  /// Does the step. \param product to this product \param args what it takes
  template <class Product, class... Args>
  static void build(Product& product, Args&&... args) {
    if constexpr (std::is_member_object_pointer_v<decltype(Step)>) {
      const auto assign = [&product](value v) { product.*Step = std::move(v); };
      assign(std::forward<Args>(args)...);
    } else {
      std::invoke(Step, product, std::forward<Args>(args)...);
    }
  }
  /// Checks the value. \param product whose part it is \param problems where to add what is wrong
  template <class Product>
  static void check(const Product& product, std::vector<std::string>& problems) {
    if constexpr (!std::is_null_pointer_v<decltype(Check)>) {
      const std::string_view wrong = Check(product.*Step);
      if (!wrong.empty()) problems.push_back(std::string(label).append(" ").append(wrong));
    }
  }
};

/// The parts without which a product is not complete. \tparam Parts at most 32
template <auto... Parts>
struct required {};
/// As `required`, and each is built after those that stand before it. \tparam Parts at most 32
template <auto... Parts>
struct ordered {};
/// The parts that may be left out. \tparam Parts any number
template <auto... Parts>
struct optional {};

namespace detail {
template <auto Part>
using type = std::remove_cv_t<decltype(Part)>;

template <class P, auto... Parts>
constexpr bool one_of = (std::is_same_v<P, type<Parts>> || ...);

// Which of them it is, as a bit; 0: none.
template <class P, auto... Parts>
constexpr std::uint32_t bit_of() {
  std::uint32_t bit = 1, found = 0;
  ((found |= std::is_same_v<P, type<Parts>> ? bit : 0, bit <<= 1), ...);
  return found;
}

template <class Product, class Part, class... Args>
void build(Product& product, step<Part, Args...>&& s) {
  std::apply([&](Args&&... args) { Part::build(product, std::forward<Args>(args)...); },
             std::move(s.args));
}

// Where it fails, the compiler names the part.
template <class Part, bool Built>
struct built {
  static_assert(Built, "gof::builder: this part has to be built before");
};
}  // namespace detail

/// Makes a product part by part.
/// \tparam Product what is made: default-constructible, or it starts with `from`
/// \tparam Needed the required parts: `required<…>` or `ordered<…>`
/// \tparam Optional the others: `optional<…>`
/// \tparam Built which of the required parts were built; not to be named by users
template <class Product, class Needed, class Optional = optional<>, std::uint32_t Built = 0>
class builder;

/// The Builder: holds a product, and its type says which of the required parts were built. Where a
/// builder has no name, each `with` moves the product to the next one.
/// \tparam Product as above \tparam Needed as above \tparam Rs the required parts
/// \tparam Os the others \tparam Built as above
/// \threads one at a time
/// \law TheLastValueCounts: of each part that is a member, in whatever order they are built
/// \law FromChangesNothing: what is built from a product is equal to it
template <class Product, template <auto...> class Needed, auto... Rs, auto... Os,
          std::uint32_t Built>
  requires(sizeof...(Rs) <= 32)
class builder<Product, Needed<Rs...>, optional<Os...>, Built> {
  static constexpr std::uint32_t all = static_cast<std::uint32_t>((1ULL << sizeof...(Rs)) - 1);
  template <class P>
  static constexpr std::uint32_t bit = detail::bit_of<P, Rs...>();
  template <class Step>
  static constexpr bool takes = detail::one_of<typename Step::part, Rs..., Os...>;
  template <std::uint32_t Done>
  using state = builder<Product, Needed<Rs...>, optional<Os...>, Done>;

  // Which parts are built after these steps; does not compile where one comes before its time.
  template <std::uint32_t Done>
  static constexpr std::uint32_t after() {
    return Done;
  }
  template <std::uint32_t Done, class Step, class... Rest>
  static constexpr std::uint32_t after() {
    constexpr std::uint32_t mine = bit<typename Step::part>;
    if constexpr (std::is_same_v<Needed<>, ordered<>> && mine != 0) {
      (detail::built<detail::type<Rs>, (bit<detail::type<Rs>> & (mine - 1) & ~Done) == 0>(), ...);
    }
    return after<Done | mine, Rest...>();
  }
  // With these steps done.
  template <class... Steps>
  using next = state<after<Built, Steps...>()>;

 public:
  builder() requires(Built == 0) = default;  ///< A product without parts.
  /// \returns a builder of a product that is complete, to change it \param product it
  [[nodiscard]] static state<all> from(Product product) { return state<all>(std::move(product)); }

  /// Builds a product at once, where it comes to lie.
  /// \param steps `part = value` or `part(arguments…)`, done in this order \returns the product
  /// \throws invalid_product where a check says so, what a step throws
  template <class... Steps>
    requires(takes<Steps>&&...)
  [[nodiscard]] static Product make(Steps&&... steps) {
    Product product{};
    (detail::build(product, std::move(steps)), ...);
    require_valid<after<Built, Steps...>()>(product);
    return product;
  }

  /// Builds parts; one that was built already is built again.
  /// \param steps `part = value` or `part(arguments…)`, done in this order
  /// \returns the next builder, which has the product now
  /// \throws what a step throws; those before it are done, and no part counts as built
  template <class... Steps>
    requires(takes<Steps>&&...)
  next<Steps...> with(Steps&&... steps) && {
    (detail::build(product_, std::move(steps)), ...);
    return next<Steps...>(std::move(product_));
  }
  /// The same in a builder with a name, for parts that are optional or were built already.
  /// \param steps as above \returns itself \throws as above
  template <class... Steps>
    requires(takes<Steps>&&...)
  builder& with(Steps&&... steps) & {
    static_assert(after<Built, Steps...>() == Built,
                  "gof::builder: the builder changes its type: use `std::move(b).with(…)`");
    (detail::build(product_, std::move(steps)), ...);
    return *this;
  }

  /// Construct, in the book: several steps as one.
  /// \param recipe the Director: called with this builder and the arguments, returns a builder
  /// \param args for it \returns what it returns \throws what it throws
  template <class Recipe, class... Args>
  decltype(auto) apply(Recipe&& recipe, Args&&... args) && {
    return std::forward<Recipe>(recipe)(std::move(*this), std::forward<Args>(args)...);
  }

  /// GetResult, in the book. Does not compile while a required part is missing.
  /// \returns the product; the builder is as anything that was moved from
  /// \throws invalid_product where a check says so; unchanged
  [[nodiscard]] Product build() && {
    require_valid<Built>(product_);
    return std::move(product_);
  }
  /// \returns a copy of the product; the builder can go on
  /// \throws invalid_product where a check says so, what copying throws; unchanged
  [[nodiscard]] Product build() const& {
    require_valid<Built>(product_);
    return product_;
  }

 private:
  template <class, class, class, std::uint32_t>
  friend class builder;
  explicit builder(Product&& product) : product_(std::move(product)) {}

  template <std::uint32_t Done>
  static void require_valid(const Product& product) {
    (detail::built<detail::type<Rs>, (Done & bit<detail::type<Rs>>) != 0>(), ...);
    std::vector<std::string> problems;
    (detail::type<Rs>::check(product, problems), ...);
    (detail::type<Os>::check(product, problems), ...);
    if (!problems.empty()) throw invalid_product(std::move(problems));
  }
  Product product_{};
};

/// @}
}  // namespace gof::inline v0::builder
