// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// Strategy: one algorithm out of several, chosen by name and kept as a value.

#include <initializer_list>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

/// \defgroup strategy Strategy
/// \ingroup behavioural
/// One algorithm out of several: chosen by name, kept as a value, replaced while calls run.
///
/// | In the book        | Here                                                                    |
/// |--------------------|-------------------------------------------------------------------------|
/// | Strategy           | \ref gof::strategy::strategy "strategy", or a template parameter        |
/// | ConcreteStrategy   | any copyable function object; no base class                             |
/// | AlgorithmInterface | its `operator() const`, with the signature of the strategy              |
/// | Context            | your class; \ref gof::strategy::concurrent_context "concurrent_context" for many threads |
///
/// | To …                               | write                                                       |
/// |------------------------------------|-------------------------------------------------------------|
/// | choose when compiling              | a template parameter; nothing of this header                |
/// | say what a strategy does           | `using rule = strategy<int(double)>`                        |
/// | keep one that is chosen later      | `rule r = [](double x) { … };`                              |
/// | use it                             | `r(0.5)`                                                    |
/// | name those that there are          | `registry<int(double)> rules{{"up", up}, {"down", down()}}` |
/// | choose by name                     | `rules.make("up")`                                          |
/// | replace it while calls are running | `gof/strategy/concurrent_context.hpp`: `concurrent_context` |
///
/// \source Gamma, Helm, Johnson, Vlissides, *Design Patterns* (1994), chapter 5, Strategy

namespace gof::inline v0::strategy {

/// \addtogroup strategy
/// @{

/// No strategy has that name; what() lists those that there are.
class unknown_strategy : public std::runtime_error {
  using std::runtime_error::runtime_error;
};
/// A strategy has that name already.
class duplicate_strategy : public std::logic_error {
  using std::logic_error::logic_error;
};

namespace detail {
template <class Result, class R>
concept gives = std::is_void_v<R> ||
    (std::is_convertible_v<Result, R> &&
     (!std::is_reference_v<R> || std::is_reference_v<Result>));  // or dangles
template <class F, class R, class... Args>
constexpr bool fits(std::type_identity<R(Args...)>) {
  return requires(const F& f, Args... args) {
    { f(std::forward<Args>(args)...) } -> gives<R>;
  };
}
}  // namespace detail

/// Can be a ConcreteStrategy: it is called as a constant. That it is copyable, too, is not asked
/// here, because of classes with a constructor that takes a strategy: they depend on the answer.
/// \tparam F the function object \tparam Signature `R(Args...)`
template <class F, class Signature>
concept concrete_strategy = detail::fits<F>(std::type_identity<Signature>());

/// An algorithm. \tparam Signature `R(Args...)`
template <class Signature>
class strategy;

/// The Strategy: a value that owns an algorithm. It is one pointer, and a call is one virtual call.
///
/// It is never empty; only one that was moved from can do no more than be assigned or destroyed.
/// To call it is a constant operation: what an algorithm is to remember comes with the arguments,
/// or is `mutable`.
/// \tparam R what it returns \tparam Args what it is called with
/// \threads as the algorithm; distinct copies share nothing
/// \law CallsTheAlgorithm: a call returns, or throws, what the algorithm does
/// \law ACopyIsItsOwn: what is done with a copy is not seen in the original
template <class R, class... Args>
class strategy<R(Args...)> {
 public:
  /// Takes an algorithm. \param f the ConcreteStrategy
  /// \throws std::bad_alloc, what moving `f` throws, std::invalid_argument for a null pointer
  template <concrete_strategy<R(Args...)> F>
  strategy(F f) {
    static_assert(std::is_copy_constructible_v<F>, "gof::strategy: an algorithm is to be copyable");
    if constexpr (std::is_pointer_v<F>) {
      if (f == nullptr) throw std::invalid_argument("gof::strategy: a null pointer is none");
    }
    algorithm_ = std::make_unique<concrete<F>>(std::move(f));
  }
  /// Copies the algorithm. \param from is as before \throws std::bad_alloc, what copying throws
  strategy(const strategy& from) : algorithm_(from.algorithm_->copy()) {}
  strategy(strategy&&) noexcept = default;  ///< The other can only be assigned or destroyed then.
  /// Takes the place of the algorithm, which must not be running. \param from is copied or moved
  /// \returns this strategy \throws what copying throws; unchanged
  strategy& operator=(strategy from) noexcept {
    algorithm_.swap(from.algorithm_);
    return *this;
  }

  /// The AlgorithmInterface. \param args for the algorithm \returns what it returns
  /// \throws what it throws
  R operator()(Args... args) const { return algorithm_->call(std::forward<Args>(args)...); }

 private:
  struct algorithm {
    virtual ~algorithm() = default;
    virtual R call(Args... args) const = 0;
    virtual std::unique_ptr<algorithm> copy() const = 0;
  };
  template <class F>
  struct concrete final : algorithm {
    explicit concrete(F&& from) : f(std::move(from)) {}
    explicit concrete(const F& from) : f(from) {}
    R call(Args... args) const override {
      if constexpr (std::is_void_v<R>) {
        f(std::forward<Args>(args)...);
      } else {
        return f(std::forward<Args>(args)...);
      }
    }
    std::unique_ptr<algorithm> copy() const override { return std::make_unique<concrete>(f); }
    F f;
  };
  std::unique_ptr<algorithm> algorithm_;  // null only when moved from
};

/// Strategies by name, in the order in which they were added. They are few: it looks at each.
/// \tparam Signature of all of them, `R(Args...)`
/// \threads any number may read; one alone may add
/// \law MakesWhatWasAdded: `make` gives a copy of what was added under that name
template <class Signature>
class registry {
 public:
  /// A strategy and its name.
  struct entry {
    std::string name;              ///< Unlike all others.
    strategy<Signature> original;  ///< `make` copies it.
  };

  /// With some, or none. \param entries are copied \throws duplicate_strategy, std::bad_alloc
  registry(std::initializer_list<entry> entries = {}) {
    for (const entry& e : entries) add(e.name, e.original);
  }

  /// Adds one. \param name unlike all others \param added the strategy, or any ConcreteStrategy
  /// \throws duplicate_strategy, std::bad_alloc; unchanged
  void add(std::string name, strategy<Signature> added) {
    if (find(name) != nullptr) {
      throw duplicate_strategy("gof::strategy: there is a \"" + name + "\" already");
    }
    entries_.push_back({std::move(name), std::move(added)});
  }
  /// Chooses one. \param name its name \returns a copy, for the caller alone
  /// \throws unknown_strategy, what copying throws
  [[nodiscard]] strategy<Signature> make(std::string_view name) const {
    if (const entry* found = find(name)) return found->original;
    std::string text = "gof::strategy: there is no \"" + std::string(name) + '"';
    for (const entry& e : entries_) text += (&e == entries_.data() ? ", only " : ", ") + e.name;
    throw unknown_strategy(entries_.empty() ? text + ", nor any other" : text);
  }
  /// \returns the one of that name, or null; until the next is added \param name its name
  [[nodiscard]] const entry* find(std::string_view name) const noexcept {
    for (const entry& e : entries_) {
      if (e.name == name) return &e;
    }
    return nullptr;
  }
  /// \returns all, in the order in which they were added; until the next is added
  [[nodiscard]] const std::vector<entry>& entries() const noexcept { return entries_; }

 private:
  std::vector<entry> entries_;
};

/// @}
}  // namespace gof::inline v0::strategy
