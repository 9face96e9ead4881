// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// A builder that finds out at run time what is missing: for what comes from files and forms.

#include <cstdint>
#include <gof/builder.hpp>
#include <string>
#include <utility>
#include <vector>

namespace gof::inline v0::builder {

/// \addtogroup builder
/// @{

/// Makes a product part by part.
/// \tparam Product what is made, default-constructible
/// \tparam Needed the required parts: `required<…>` \tparam Optional the others: `optional<…>`
template <class Product, class Needed, class Optional = optional<>>
class runtime_builder;

/// A builder of one type, whatever was built: all that is missing or wrong is said at once.
/// \tparam Product as above \tparam Rs the required parts \tparam Os the others
/// \threads one at a time
/// \law ProblemsAreWhatBuildRefuses: `build` throws exactly when there are problems, and says those
template <class Product, auto... Rs, auto... Os>
  requires(sizeof...(Rs) <= 32)
class runtime_builder<Product, required<Rs...>, optional<Os...>> {
  template <class Step>
  static constexpr bool takes = detail::one_of<typename Step::part, Rs..., Os...>;

 public:
  /// Builds parts; one that was built already is built again.
  /// \param steps `part = value` or `part(arguments…)`, done in this order
  /// \returns itself \throws what a step throws; those before it are done
  template <class... Steps>
    requires(takes<Steps>&&...)
  runtime_builder& with(Steps&&... steps) & {
    ((detail::build(product_, std::move(steps)),
      built_ |= detail::bit_of<typename Steps::part, Rs...>()),
     ...);
    return *this;
  }
  /// The same. \param steps as above \returns itself \throws as above
  template <class... Steps>
    requires(takes<Steps>&&...)
  runtime_builder && with(Steps&&... steps) && { return std::move(with(std::move(steps)...)); }
  /// Does several steps as one. \param recipe the Director: called with this builder and the
  /// arguments \param args for it \returns itself \throws what it throws
  template <class Recipe, class... Args>
  runtime_builder& apply(Recipe&& recipe, Args&&... args) {
    std::forward<Recipe>(recipe)(*this, std::forward<Args>(args)...);
    return *this;
  }

  /// \returns what is missing, and what the checks say of what is not, in the order of the parts;
  /// nothing where `build` will do
  [[nodiscard]] std::vector<std::string> problems() const {
    std::vector<std::string> all;
    const auto look = [&]<class P>(P) {
      if ((built_ & detail::bit_of<P, Rs...>()) != 0) return P::check(product_, all);
      all.push_back(std::string(P::label) + " is missing");
    };
    (look(detail::type<Rs>()), ...);
    (detail::type<Os>::check(product_, all), ...);
    return all;
  }

  /// \returns the product; the builder is as anything that was moved from
  /// \throws invalid_product with all problems; unchanged
  [[nodiscard]] Product build() && {
    require_valid();
    return std::move(product_);
  }
  /// \returns a copy of the product; the builder can go on
  /// \throws invalid_product with all problems, what copying throws; unchanged
  [[nodiscard]] Product build() const& {
    require_valid();
    return product_;
  }

 private:
  void require_valid() const {
    if (auto all = problems(); !all.empty()) throw invalid_product(std::move(all));
  }

  Product product_{};
  std::uint32_t built_ = 0;  // the required parts that were
};

/// @}
}  // namespace gof::inline v0::builder
