// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// Decorators that are put on and taken off while the program runs.

#include <atomic>
#include <concepts>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <typeinfo>
#include <utility>

#include <gof/decorator.hpp>

namespace gof::inline v0::decorator {

/// \addtogroup decorator
/// @{

/// A stack was edited from inside its own call.
class misuse : public std::logic_error {
  using std::logic_error::logic_error;
};

/// Names a decorator in a `stack`; no other in this process has, had or will have the same.
enum class layer_id : std::uint64_t {};

namespace detail {
template <class... Classes>
bool contains([[maybe_unused]] const std::type_info& type, capabilities<Classes...>) {
  return ((type == typeid(Classes)) || ...);
}

// What is around a part of a stack: the part is a base beside it, so that dynamic_cast, which
// begins here, finds all the part's own bases.
template <class Next>
class node {
 public:
  node(const node&) = delete;
  node& operator=(const node&) = delete;
  virtual ~node() = default;

 protected:
  struct about {  // not virtual functions: the part might have the same ones, and override them
    const std::type_info& type;
    std::string (*label)(const node&);
    bool (*hides)(const std::type_info&);
  };
  explicit node(const about& a) noexcept : about_(a) {}

 private:
  friend Next;
  template <class>
  friend class decorator::stack;
  const about& about_;
  layer_id id_{};
  Next inner_;  // empty in the component
};

// Owns a part, and all further inside, and calls it: what a decorator gets as `next`.
template <class R, bool Const, bool Nothrow, class... Args>
class next {
  using node = detail::node<next>;
  template <class T>
  using qualified = std::conditional_t<Const, const T, T>;
  template <class Result>
  static constexpr bool gives_r = std::is_void_v<R> || std::convertible_to<Result, R>;

 public:
  R operator()(Args... args) const noexcept(Nothrow) {
    return run_(*node_, std::forward<Args>(args)...);
  }

  template <class T>
  [[nodiscard]] qualified<T>* as() const noexcept {
    return find<T>();
  }

 private:
  template <class>
  friend class decorator::stack;
  friend node;
  static constexpr bool is_const = Const;
  template <class C>
  static constexpr bool takes_component = requires(qualified<C>& c, Args... args) {
    requires gives_r<decltype(c(std::forward<Args>(args)...))>;
    requires !Nothrow || noexcept(c(std::forward<Args>(args)...));
  };
  template <class D>
  static constexpr bool takes_decorator = requires(qualified<D>& d, next& inner, Args... args) {
    requires gives_r<decltype(d.invoke(inner, std::forward<Args>(args)...))>;
    requires !Nothrow || noexcept(d.invoke(inner, std::forward<Args>(args)...));
  };

  template <class Part, bool Component>
  class part final : public node, public Part {
   public:
    explicit part(Part p) : node(about_part), Part(std::move(p)) {}

    static R run(node& self, Args... args) noexcept(Nothrow) {
      qualified<Part>& p = static_cast<part&>(self);
      if constexpr (Component) {
        return static_cast<R>(p(std::forward<Args>(args)...));
      } else {
        return static_cast<R>(p.invoke(self.inner_, std::forward<Args>(args)...));
      }
    }

   private:
    static std::string label_part(const node& self) {
      return label(static_cast<const Part&>(static_cast<const part&>(self)));
    }
    static bool hides_type(const std::type_info& type) {
      return contains(type, typename hidden<Part>::type());
    }
    static constexpr typename node::about about_part{typeid(Part), label_part, hides_type};
  };

  template <class T>
  T* find() const noexcept {
    for (node* at = node_.get(); at != nullptr; at = at->inner_.node_.get()) {
      if (T* const found = dynamic_cast<T*>(at)) return found;
      if (at->about_.hides(typeid(T))) break;
    }
    return nullptr;
  }

  next() noexcept = default;
  next(next&&) noexcept = default;
  next& operator=(next other) noexcept {
    node_.swap(other.node_);
    run_ = other.run_;
    return *this;
  }
  template <bool Component, class Part>
  next(std::bool_constant<Component>, Part p)
      : node_(std::make_unique<part<Part, Component>>(std::move(p))),
        run_(&part<Part, Component>::run) {}

  std::unique_ptr<node> node_;
  R (*run_)(node&, Args...) = nullptr;
};

template <class>
struct signature;
template <class R, class... Args, bool Nothrow>
struct signature<R(Args...) noexcept(Nothrow)> {
  using next = detail::next<R, false, Nothrow, Args...>;
};
template <class R, class... Args, bool Nothrow>
struct signature<R(Args...) const noexcept(Nothrow)> {
  using next = detail::next<R, true, Nothrow, Args...>;
};

// What can be a part of a stack.
template <class T>
concept can_be_base = std::is_class_v<T> && !std::is_final_v<T> && std::move_constructible<T>;
template <class C, class Next>
concept component_of = can_be_base<C> && bool(Next::template takes_component<C>);
template <class D, class Next>
concept decorator_of = can_be_base<D> && bool(Next::template takes_decorator<D>);

// A call that is going on in this thread.
struct ongoing {
  const void* outermost;  // part of the stack that was called
  const ongoing* before;  // the call from inside of which it was made
  static constinit inline thread_local const ongoing* last = nullptr;
};
// It is the last one meanwhile. An object of its own, so that `before` can stay in a register.
class ongoing_scope {
 public:
  explicit ongoing_scope(const ongoing& call) noexcept : before_(call.before) {
    ongoing::last = &call;
  }
  ongoing_scope(const ongoing_scope&) = delete;
  ongoing_scope& operator=(const ongoing_scope&) = delete;
  ~ongoing_scope() { ongoing::last = before_; }

 private:
  const ongoing* before_;
};

inline layer_id new_id() noexcept {
  static constinit std::atomic<std::uint64_t> last = 0;
  return layer_id{last.fetch_add(1, std::memory_order_relaxed) + 1};
}
}  // namespace detail

/// A component, and decorators that are put around it and taken off while the program runs.
///
/// A decorator costs an allocation; in each call, an indirect call and a frame of the call stack.
/// Parts stay where they are, also when the stack is moved. A stack that was moved from can only be
/// assigned to or destroyed; none may be destroyed inside its own call.
/// \tparam Signature of the call, as `int(int)`. With `const` the stack and its parts are called as
/// constants; with `noexcept` no part can throw
/// \threads one at a time; but calls at once, where the signature is `const` and the parts allow it
/// \law NoLayerIsLikeNone: a decorator that only returns `next(args...)` changes no call
/// \law OutermostFirst: a call enters the decorators in the order that `describe` prints
/// \law NothingIsHiddenUnasked: what `as` finds, it finds through decorators that do not hide it
/// \law RemoveUndoesPush: a decorator that was put on and taken off has left no trace
template <class Signature>
class stack {
  using next = typename detail::signature<Signature>::next;
  using node = detail::node<next>;

 public:
  /// Takes over a component; or what `decorate` and `|` gave, one by one.
  /// \param from it; no class in it may be final \throws std::bad_alloc; what a move throws
  template <class From>
    requires(!std::same_as<From, stack> && detail::component_of<From, next>)
  explicit stack(From from) { take(std::move(from)); }
  /// Takes all parts. \param other whose parts it takes
  stack(stack&& other) noexcept = default;
  /// Destroys the parts that it had. \param other whose parts it takes \returns itself
  /// \throws misuse; unchanged
  stack& operator=(stack&& other) {
    require_idle();
    next taken = std::move(other.top_);
    clear();
    top_ = std::move(taken);
    return *this;
  }
  /// Destroys all parts.
  ~stack() { clear(); }

  /// Calls the outermost part. \param args as in the signature \returns what it returns
  /// \throws what the parts throw
  template <class... Args>
    requires std::invocable<const next&, Args...>
  decltype(auto) operator()(Args&&... args) noexcept(
      std::is_nothrow_invocable_v<const next&, Args...>) {
    return call(std::forward<Args>(args)...);
  }
  /// The same for constants, where the signature says `const`. \param args as in the signature
  /// \returns what it returns \throws what the parts throw
  template <class... Args>
    requires next::is_const && std::invocable<const next&, Args...>
  decltype(auto) operator()(Args&&... args) const
      noexcept(std::is_nothrow_invocable_v<const next&, Args...>) {
    return call(std::forward<Args>(args)...);
  }

  /// Puts a decorator around all others. \param d the decorator, its class not final
  /// \returns its name \throws misuse, std::bad_alloc, what its move throws; unchanged
  template <detail::decorator_of<next> Decorator>
  layer_id push(Decorator d) {
    return put(top_, std::move(d));
  }
  /// Puts a decorator just inside of another. \param outer the other \param d the decorator
  /// \returns its name \throws std::out_of_range where the other is not there; as push; unchanged
  template <detail::decorator_of<next> Decorator>
  layer_id push_inside(layer_id outer, Decorator d) {
    next* const at = find([&](const node& n) { return n.id_ == outer; });
    if (at == nullptr) throw std::out_of_range("gof::decorator: no such decorator any more");
    return put(at->node_->inner_, std::move(d));
  }

  /// Takes a decorator off and destroys it. \param id its name \returns whether it was there
  /// \throws misuse; unchanged
  bool remove(layer_id id) {
    return remove_at(find([&](const node& n) { return n.id_ == id; }));
  }
  /// Takes the outermost decorator of a class off and destroys it. \tparam Decorator the class
  /// \returns whether there was one \throws misuse; unchanged
  template <class Decorator>
  bool remove() {
    return remove_at(find([](const node& n) { return n.about_.type == typeid(Decorator); }));
  }

  /// \returns the outermost part that is a `T` or publicly derived from it; null where there is
  /// none, or where a decorator further out hides it
  /// \tparam T the class
  template <class T>
  [[nodiscard]] T* as() noexcept {
    return top_.template find<T>();
  }
  /// \returns as above \tparam T the class
  template <class T>
  [[nodiscard]] const T* as() const noexcept {
    return top_.template find<const T>();
  }

  /// \returns the `label()` of each part, or the name of its class, the outermost first
  [[nodiscard]] std::string describe() const {
    const node* at = top_.node_.get();
    std::string all = at->about_.label(*at);
    while ((at = at->inner_.node_.get()) != nullptr) {
      all.append(detail::arrow).append(at->about_.label(*at));
    }
    return all;
  }

 private:
  template <class Component>
  void take(Component c) {
    top_ = next(std::true_type(), std::move(c));
  }
  template <class Component>
  void take(core<Component> c) {
    take(std::move(c.component_));
  }
  template <class Inner, class Decorator>
  void take(layer<Inner, Decorator> l) {
    take(std::move(l.inner_));
    push(std::move(l.decorator_));
  }

  void clear() noexcept {  // without recursion, however many there are
    while (top_.node_ != nullptr) top_ = std::move(top_.node_->inner_);
  }

  template <class... Args>
  decltype(auto) call(Args&&... args) const {
    const detail::ongoing now{top_.node_.get(), detail::ongoing::last};
    const detail::ongoing_scope scope(now);
    return top_(std::forward<Args>(args)...);
  }

  void require_idle() const {
    for (const auto* call = detail::ongoing::last; call != nullptr; call = call->before) {
      if (call->outermost == top_.node_.get()) {
        throw misuse("gof::decorator: a stack cannot be edited from inside its own call");
      }
    }
  }
  // Where the outermost decorator is held that is wanted, or null.
  template <class Wanted>
  next* find(Wanted wanted) noexcept {
    next* at = &top_;
    while (at->node_->inner_.node_ != nullptr && !wanted(*at->node_)) at = &at->node_->inner_;
    return at->node_->inner_.node_ != nullptr ? at : nullptr;
  }
  template <class Decorator>
  layer_id put(next& at, Decorator d) {
    require_idle();
    next made(std::false_type(), std::move(d));
    const layer_id id = made.node_->id_ = detail::new_id();
    made.node_->inner_ = std::move(at);
    at = std::move(made);
    return id;
  }
  bool remove_at(next* at) {
    require_idle();
    if (at != nullptr) *at = std::move(at->node_->inner_);
    return at != nullptr;
  }

  // Invariant: each part owns the next one inside; the innermost is the component.
  next top_;
};

/// @}
}  // namespace gof::inline v0::decorator
