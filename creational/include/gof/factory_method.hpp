// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// Factory Method: products by key, from creators that come and go.

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <vector>

/// \defgroup factory_method Factory Method
/// \ingroup creational
/// Makes a product whose class is chosen by a key, and registered by whoever knows the class.
///
/// | In the book     | Here                                                                          |
/// |-----------------|-------------------------------------------------------------------------------|
/// | Creator         | \ref gof::factory_method::creator "creator", or a class that holds one        |
/// | ConcreteCreator | what is registered under a key: a function object                             |
/// | FactoryMethod   | `create`; GoF's parameterized factory method                                  |
/// | Product         | any interface                                                                 |
/// | ConcreteProduct | any class derived from it                                                     |
///
/// | To …                                  | write                                                   |
/// |---------------------------------------|---------------------------------------------------------|
/// | say what is made, and from what       | `creator<room(std::string)> rooms;`                     |
/// | have numbers as keys                  | `creator<room(std::string), int>`                       |
/// | register a class                      | `auto r = rooms.register_creator<hall>("hall");`        |
/// | register a function                   | `auto r = rooms.register_creator("hall", make_hall);`   |
/// | register classes that know their keys | `auto all = rooms.register_all<hall, garden>();`        |
/// | make a product                        | `rooms.create("hall", "Ana's")`                         |
/// | end a registration                    | let `r` go, or `r.remove()`                             |
/// | stand in for what is registered       | `rooms.register_creator("hall", f, if_taken::shadow)`   |
///
/// \source Gamma, Helm, Johnson, Vlissides, *Design Patterns* (1994), chapter 3, Factory Method

namespace gof::inline v0::factory_method {

/// \addtogroup factory_method
/// @{

/// Nothing is registered under that key; what() lists the keys there are.
class unknown_key : public std::runtime_error {
  using std::runtime_error::runtime_error;
};
/// Something is registered under that key already.
class duplicate_key : public std::logic_error {
  using std::logic_error::logic_error;
};

/// What to do where something is registered under the key already: `reject` the new one, or
/// `shadow` the old one until the new registration ends.
enum class if_taken : unsigned char { reject, shadow };

/// What a product can be made by: `std::string`, an integer or an enumeration.
template <class T>
concept key = std::same_as<T, std::string> || std::integral<T> || std::is_enum_v<T>;

/// Makes one of several products.
/// \tparam Signature `Product(Args...)`: what is made, and the arguments of `create`
/// \tparam Key by what it is chosen
template <class Signature, key Key = std::string>
class creator;

/// The Creator: makes the product that is registered under a key.
/// \tparam Product the interface \tparam Args the arguments of `create` \tparam Key of the products
/// \threads `create` and queries on any number of threads, where what is registered allows it;
/// registering and ending a registration alone
/// \law WhatIsRegisteredIsMade: what `create` makes is of the newest registration of the key that
/// has not ended; where there is none, `unknown_key` is thrown
template <class Product, class... Args, key Key>
class creator<Product(Args...), Key> {
  struct entry;
  using function = std::unique_ptr<Product> (*)(const entry&, Args...);

 public:
  /// How a key is passed: not copied.
  using key_view = std::conditional_t<std::same_as<Key, std::string>, std::string_view, Key>;

  /// Owns a ConcreteCreator, and keeps it registered as long as this lives; may outlive the
  /// creator. Products live on when it ends. So a plug-in is unloaded in this order: its
  /// registrations end, its products are destroyed, its code goes.
  class registration {
   public:
    registration(registration&&) noexcept = default;
    /// Ends what it kept up. \param from what it keeps up then \returns itself
    registration& operator=(registration&& from) noexcept {
      std::unique_ptr<entry> next = std::move(from.entry_);
      remove();
      entry_ = std::move(next);
      return *this;
    }
    ~registration() { remove(); }  ///< As `remove`.
    /// Ends the registration. Not to be called by the ConcreteCreator itself.
    void remove() noexcept {
      if (entry_ != nullptr && entry_->registered_at != nullptr) {
        entry_->registered_at->forget(*entry_);
      }
      entry_.reset();
    }

   private:
    friend creator;
    explicit registration(std::unique_ptr<entry> e) noexcept : entry_(std::move(e)) {}
    std::unique_ptr<entry> entry_;  // null after a move and after remove
  };
  /// Several, as a plug-in returns them.
  using registrations = std::vector<registration>;

  creator() = default;  ///< Makes nothing yet.
  creator(const creator&) = delete;
  creator& operator=(const creator&) = delete;
  /// What is registered stays with the registrations.
  ~creator() {
    for (const auto& [k, s] : slots_) {
      for (entry* e = s.top; e != nullptr; e = e->below) e->registered_at = nullptr;
    }
  }

  /// Registers a ConcreteCreator. \param k the key
  /// \param make called as `make(args...)`, returns a `std::unique_ptr` of the product
  /// \param policy what to do where the key is taken
  /// \returns what keeps it registered
  /// \throws duplicate_key, std::bad_alloc; unchanged
  template <class F>
    requires requires(const F& f, Args&&... args) {
      { f(std::forward<Args>(args)...) } -> std::convertible_to<std::unique_ptr<Product>>;
    }
  [[nodiscard]] registration register_creator(key_view k, F make,
                                              if_taken policy = if_taken::reject) {
    static_assert(std::has_virtual_destructor_v<Product>,
                  "gof::factory_method: a product needs a virtual destructor");
    auto added = std::make_unique<entry_of<F>>(Key(k), std::move(make));
    const auto [at, fresh] = slots_.try_emplace(added->key, slot{added->make, added.get()});
    if (!fresh) {
      if (policy == if_taken::reject) {
        throw duplicate_key("gof::factory_method: \"" + text(k) + "\" is registered already");
      }
      added->below = at->second.top;
      at->second = {added->make, added.get()};
    }
    added->registered_at = this;
    return registration(std::move(added));
  }
  /// Registers a class. \tparam P the ConcreteProduct, constructed from the arguments of `create`
  /// \param k the key \param policy what to do where the key is taken
  /// \returns what keeps it registered
  /// \throws duplicate_key, std::bad_alloc; unchanged
  template <std::derived_from<Product> P>
    requires std::constructible_from<P, Args...>
  [[nodiscard]] registration register_creator(key_view k, if_taken policy = if_taken::reject) {
    const auto make = [](Args... args) -> std::unique_ptr<Product> {
      return std::make_unique<P>(std::forward<Args>(args)...);
    };
    return register_creator(k, make, policy);
  }
  /// Registers classes that know their keys. A function that calls this is what a library offers:
  /// the linker keeps what is named here.
  /// \tparam Ps the ConcreteProducts, each with a static member `key`
  /// \returns what keeps them registered
  /// \throws duplicate_key, std::bad_alloc; unchanged
  template <std::derived_from<Product>... Ps>
    requires(requires {
      { Ps::key } -> std::convertible_to<key_view>;
    } && ...)
  [[nodiscard]] registrations register_all() {
    registrations all;
    (all.push_back(register_creator<Ps>(Ps::key)), ...);
    return all;
  }

  /// The factory method. \param k the key
  /// \param args what converts to the arguments declared; not touched where the key is unknown
  /// \returns what the ConcreteCreator made
  /// \throws unknown_key, what the ConcreteCreator throws \complexity constant
  template <class... As>
    requires std::invocable<function, const entry&, As...>
  [[nodiscard]] std::unique_ptr<Product> create(key_view k, As&&... args) const {
    const slot* const s = find(k);
    if (s == nullptr) [[unlikely]]
      throw unknown_key(explain(k));
    return s->make(*s->top, std::forward<As>(args)...);
  }
  /// \returns whether something is registered \param k under this key \complexity constant
  [[nodiscard]] bool contains(key_view k) const noexcept { return find(k) != nullptr; }
  /// \returns how many keys there are
  [[nodiscard]] std::size_t size() const noexcept { return slots_.size(); }
  /// \returns the keys, in order
  [[nodiscard]] std::vector<Key> keys() const {
    std::vector<Key> all;
    for (const auto& [k, s] : slots_) all.push_back(Key(k));
    std::sort(all.begin(), all.end());
    return all;
  }

 private:
  // What is registered once.
  struct entry {
    entry(Key k, function f) : key(std::move(k)), make(f) {}
    virtual ~entry() = default;
    const Key key;
    const function make;
    entry* below = nullptr;            // what this one shadows
    creator* registered_at = nullptr;  // null when that is gone
  };
  template <class F>
  struct entry_of final : entry {
    entry_of(Key k, F from) : entry(std::move(k), call), f(std::move(from)) {}
    static std::unique_ptr<Product> call(const entry& self, Args... args) {
      return static_cast<const entry_of&>(self).f(std::forward<Args>(args)...);
    }
    const F f;
  };
  struct slot {
    function make;
    entry* top;  // the newest of its key
  };
  const slot* find(key_view k) const noexcept {
    const auto at = slots_.find(k);
    return at == slots_.end() ? nullptr : &at->second;
  }
  void forget(const entry& e) noexcept {
    const auto at = slots_.find(e.key);
    entry** link = &at->second.top;
    while (*link != &e) link = &(*link)->below;
    *link = e.below;
    if (entry* const top = at->second.top; top == nullptr) {
      slots_.erase(at);
    } else {
      auto node = slots_.extract(at);
      node.key() = top->key;
      node.mapped().make = top->make;
      slots_.insert(std::move(node));
    }
  }

  // A key as people read it.
  static std::string text(key_view k) {
    if constexpr (std::same_as<Key, std::string>) {
      return std::string(k);
    } else if constexpr (std::is_enum_v<Key>) {
      return std::to_string(+static_cast<std::underlying_type_t<Key>>(k));
    } else {
      return std::to_string(+k);
    }
  }
  std::string explain(key_view k) const {
    std::string near, all;
    for (const Key& known : keys()) {
      all.append(all.empty() ? "; there are: " : ", ").append(text(known));
      if constexpr (std::same_as<Key, std::string>) {
        if (is_near(known, k)) near.append(" (did you mean \"").append(known).append("\"?)");
      }
    }
    return "gof::factory_method: nothing is registered as \"" + text(k) + '"' + near + all;
  }
  // Whether they differ in one or two letters that stand together, and share no fewer.
  static bool is_near(std::string_view a, std::string_view b) noexcept {
    const std::size_t longer = std::max(a.size(), b.size());
    const auto [left, l] = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
    const auto [right, r] = std::mismatch(a.rbegin(), std::make_reverse_iterator(left), b.rbegin(),
                                          std::make_reverse_iterator(l));
    const auto same = static_cast<std::size_t>((left - a.begin()) + (right - a.rbegin()));
    return longer - same <= std::min(same, std::size_t{2});
  }

  std::unordered_map<key_view, slot> slots_;
};

/// @}
}  // namespace gof::inline v0::factory_method
