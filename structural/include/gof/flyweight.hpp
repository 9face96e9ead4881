// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// Flyweight: equal values are one object, shared by all who use it.

#include <algorithm>
#include <atomic>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

/// \defgroup flyweight Flyweight
/// \ingroup structural
/// Equal values are one object, shared by all who use it, and gone when nobody does.
///
/// | In the book                | Here                                                       |
/// |----------------------------|------------------------------------------------------------|
/// | Flyweight                  | \ref gof::flyweight::flyweight "flyweight<T>", a handle    |
/// | ConcreteFlyweight          | any class `T`; only its `const` operations can be called   |
/// | UnsharedConcreteFlyweight  | a `T` of your own                                          |
/// | FlyweightFactory           | \ref gof::flyweight::flyweight_factory "flyweight_factory" |
/// | GetFlyweight(key)          | `get_flyweight(key)`                                       |
/// | intrinsic, extrinsic state | members of `T`; arguments of its operations                |
///
/// | To …                                 | write                                                    |
/// |--------------------------------------|----------------------------------------------------------|
/// | share equal values                   | `flyweight_factory<std::string> names;`                  |
/// | get the one that is equal to this    | `auto name = names.get_flyweight("Ana")`                 |
/// | use it, with its extrinsic state     | `glyph->draw(canvas, x, y)`                              |
/// | compare, or use as a key             | `a == b`, `std::hash`: by identity, whatever the size    |
/// | find values by a part of them        | `flyweight_factory<texture, by_name>`                    |
/// | say what is made where there is none | `textures.get_flyweight("oak", [&] { return load(…); })` |
/// | let go what nobody uses, now         | `names.sweep()`                                          |
/// | share among threads                  | `gof/flyweight/shared_factory.hpp`                       |
/// | get them often, in many threads      | `gof/flyweight/front_cache.hpp`: `front_cache`           |
/// | know whether it pays                 | `gof/flyweight/statistics.hpp`: `statistics`             |
///
/// \source Gamma, Helm, Johnson, Vlissides, *Design Patterns* (1994), chapter 4, Flyweight

namespace gof::inline v0::flyweight {

/// \addtogroup flyweight
/// @{

/// How many threads use a flyweight and its copies; decides how these are counted.
enum class threads : bool { one, many };

/// What was made for a key has another key.
class misuse : public std::logic_error {
  using std::logic_error::logic_error;
};

/// The key of a value is the value: as a `std::string_view`, where it can be seen as one.
struct itself {
  /// \returns the key of a value \param value it \tparam T its type
  template <class T>
  constexpr decltype(auto) operator()(const T& value) const noexcept {
    if constexpr (std::convertible_to<const T&, std::string_view>) {
      return std::string_view(value);
    } else {
      return (value);
    }
  }
};

/// The type of the keys that `KeyOf` makes of values, without a reference.
template <class KeyOf, class T>
using key_t = std::remove_cvref_t<std::invoke_result_t<KeyOf, const T&>>;

/// Tells values apart: `KeyOf()(value)` is a key that never changes. Keys are compared by `==`, and
/// hashed by `KeyOf::hash(key)` where there is one, or else by `std::hash`.
template <class KeyOf, class T>
concept key_of = std::equality_comparable<key_t<KeyOf, T>> &&(
    requires(const key_t<KeyOf, T>& key) { KeyOf::hash(key); } ||
    requires(const key_t<KeyOf, T>& key) { std::hash<key_t<KeyOf, T>>()(key); });

namespace detail {
template <class KeyOf, class Key>
std::uint64_t hash(const Key& key) {
  std::uint64_t h = 0;
  if constexpr (requires { KeyOf::hash(key); }) {
    h = KeyOf::hash(key);
  } else {
    h = std::hash<Key>()(key);
  }
  h *= 0x9E3779B97F4A7C15U;  // the hash of a number may be the number
  return h ^ h >> 32U;
}

// A value, and how many use it: the handles, and the factory until it goes.
template <class T, threads Threads>
struct entry {
  template <class Make>
  entry(std::uint64_t h, Make& make) : hash(h), value(make()) {}

  std::size_t add_users(std::size_t n) noexcept {  // returns how many there were
    if constexpr (Threads == threads::many) {
      return users.fetch_add(n, std::memory_order_acq_rel);
    } else {
      const std::size_t were = users.load(std::memory_order_relaxed);
      users.store(were + n, std::memory_order_relaxed);
      return were;
    }
  }
  void release() noexcept {
    if (add_users(static_cast<std::size_t>(-1)) == 1) delete this;
  }
  std::size_t handles() const noexcept { return users.load(std::memory_order_acquire) - 1; }

  std::atomic<std::size_t> users = 1;
  const std::uint64_t hash;
  entry* next = nullptr;   // in the same bucket
  entry* older = nullptr;  // made before this
  const T value;
};
template <class T, class KeyOf, threads Threads>
class table;
}  // namespace detail

/// A handle to a shared value, as large as a pointer. It keeps the value, also when the factory is
/// gone. Empty when it was moved from.
/// \tparam T the type of the value \tparam Threads how many use it and its copies
/// \threads copies in so many as `Threads` says; one and the same as an `int`
template <class T, threads Threads = threads::one>
class flyweight {
 public:
  flyweight() noexcept = default;  ///< Empty.
  /// Shares the value. \param from another
  flyweight(const flyweight& from) noexcept : flyweight(from.entry_) {}
  /// Takes the value over. \param from is empty then
  flyweight(flyweight&& from) noexcept : entry_(std::exchange(from.entry_, nullptr)) {}
  /// Refers to another value. \param from what refers to it \returns itself
  flyweight& operator=(flyweight from) noexcept {
    std::swap(entry_, from.entry_);
    return *this;
  }
  /// Lets go of the value; it is destroyed where the factory has gone and this was the last.
  ~flyweight() {
    if (entry_ != nullptr) entry_->release();
  }

  /// \returns the value; not to be asked of an empty one
  [[nodiscard]] const T& operator*() const noexcept { return entry_->value; }
  /// \returns the value, to call an operation
  [[nodiscard]] const T* operator->() const noexcept { return &entry_->value; }
  /// \returns whether there is a value
  [[nodiscard]] explicit operator bool() const noexcept { return entry_ != nullptr; }
  /// The same object? Of one factory this means: equal? \param a one \param b another
  friend bool operator==(const flyweight& a, const flyweight& b) noexcept {
    return a.entry_ == b.entry_;
  }

 private:
  /// \cond
  template <class, class, threads>
  friend class detail::table;
  /// \endcond
  explicit flyweight(detail::entry<T, Threads>* e) noexcept : entry_(e) {
    if (e != nullptr) e->add_users(1);
  }
  detail::entry<T, Threads>* entry_ = nullptr;
};

namespace detail {
// The values of a factory, or of a part of one: a hash table, and a list by age.
template <class T, class KeyOf, threads Threads>
class table {
  using entry = detail::entry<T, Threads>;
  using handle = flyweight<T, Threads>;
  static constexpr std::size_t least = 32;

 public:
  table& operator=(table&&) = delete;
  ~table() {
    while (newest_ != nullptr) std::exchange(newest_, newest_->older)->release();
  }

  handle find(std::uint64_t hash, const key_t<KeyOf, T>& key) const {
    if (buckets_.empty()) return handle();
    entry* e = buckets_[hash & (buckets_.size() - 1)];
    while (e != nullptr && !(e->hash == hash && KeyOf()(e->value) == key)) e = e->next;
    return handle(e);
  }
  handle hit(std::uint64_t hash, const key_t<KeyOf, T>& key) {
    handle found = find(hash, key);
    hits += found ? 1 : 0;
    return found;
  }
  // What put takes; nothing is changed here.
  template <class Make>
  static std::unique_ptr<entry> make(std::uint64_t hash, const key_t<KeyOf, T>& key, Make& make) {
    auto made = std::make_unique<entry>(hash, make);
    if (KeyOf()(made->value) == key) return made;
    throw misuse("gof::flyweight: what was made for a key has another key");
  }
  // Where an equal one has come meanwhile, that is used.
  handle put(std::unique_ptr<entry> made) {
    if (handle other = hit(made->hash, KeyOf()(made->value))) return other;
    if (size == buckets_.size()) grow();
    made->older = std::exchange(newest_, made.get());
    link(made.get());
    ++size, ++misses, ++made_since_;
    return handle(made.release());
  }

  // Whether as many were made since the last sweep as it has left.
  bool is_due() const noexcept { return made_since_ >= std::max(kept_, least); }
  // From the newest to the oldest: what a value uses is older than the value.
  std::size_t sweep() noexcept {
    const std::size_t before = size;
    for (entry** at = &newest_; entry* e = *at;) {
      if (e->handles() != 0) {
        at = &e->older;
        continue;
      }
      *at = e->older;
      entry** in = &bucket(*e);
      while (*in != e) in = &(*in)->next;
      *in = e->next;
      --size;
      e->release();
    }
    made_since_ = 0;
    kept_ = size;
    return before - size;
  }

  void for_each(auto& f) const {
    for (const entry* e = newest_; e != nullptr; e = e->older) f(e->value, e->handles());
  }

  // To be read by others.
  std::size_t size = 0, hits = 0, misses = 0;

 private:
  entry*& bucket(const entry& e) noexcept { return buckets_[e.hash & (buckets_.size() - 1)]; }
  void link(entry* e) noexcept { e->next = std::exchange(bucket(*e), e); }
  void grow() {
    buckets_ = std::vector<entry*>(std::max(2 * size, least));
    for (entry* e = newest_; e != nullptr; e = e->older) link(e);
  }

  std::vector<entry*> buckets_;  // none, or a power of two
  entry* newest_ = nullptr;
  std::size_t kept_ = 0, made_since_ = 0;  // by the last sweep, and after it
};
}  // namespace detail

/// Makes flyweights, and keeps them for those who ask again.
///
/// A value that nobody uses stays until a sweep. There is one whenever as many values were made as
/// the last one has left, and at least 32.
/// \tparam T the type of the values; its destructor may not use the factory
/// \tparam KeyOf by what they are told apart, such as a name; as a rule by all
/// \threads one, in which its flyweights are used as well
/// \law EqualKeysShare: while one is used, its key gives the same one, and no other key does
/// \law UnusedOnesGo: after a sweep there are those that are used, from outside or by one another
/// \law Bounded: there are never more than twice as many as the last sweep has left, or 64
/// \law ValuesOutliveTheFactory: as long as there is a flyweight that refers to them
template <class T, key_of<T> KeyOf = itself>
class flyweight_factory {
 public:
  /// \returns the flyweight of a key, made of the key where there is none
  /// \param key nothing is made to look for it
  /// \throws std::bad_alloc, misuse, what the constructor throws; unchanged
  /// \complexity amortised constant
  [[nodiscard]] flyweight<T> get_flyweight(const key_t<KeyOf, T>& key) {
    return get_flyweight(key, [&] { return T(key); });
  }
  /// \returns the flyweight of a key \param key it
  /// \param make is called where there is none, and returns a `T`; may use this factory
  /// \throws std::bad_alloc, misuse, what `make` throws; unchanged
  template <class Make>
    requires(std::same_as<std::invoke_result_t<Make&>, T>)
  [[nodiscard]] flyweight<T> get_flyweight(const key_t<KeyOf, T>& key, Make make) {
    const std::uint64_t hash = detail::hash<KeyOf>(key);
    if (auto found = table_.hit(hash, key)) return found;
    auto made = table_.put(table_.make(hash, key, make));
    if (table_.is_due()) table_.sweep();
    return made;
  }
  /// \returns the flyweight of a key, or an empty one; counts as no request \param key it
  [[nodiscard]] flyweight<T> find(const key_t<KeyOf, T>& key) const {
    return table_.find(detail::hash<KeyOf>(key), key);
  }

  /// Destroys the values that nobody uses. \returns how many \complexity linear
  std::size_t sweep() noexcept { return table_.sweep(); }
  /// \returns how many values there are, used or not
  [[nodiscard]] std::size_t size() const noexcept { return table_.size; }
  /// \returns how often a value was there already
  [[nodiscard]] std::size_t hits() const noexcept { return table_.hits; }
  /// \returns how often one was made
  [[nodiscard]] std::size_t misses() const noexcept { return table_.misses; }
  /// Calls `f(value, number of flyweights)` for each value. \param f may not use the factory
  void for_each(auto f) const { table_.for_each(f); }

 private:
  detail::table<T, KeyOf, threads::one> table_;
};

/// @}
}  // namespace gof::inline v0::flyweight

/// \cond
template <class T, gof::flyweight::threads Threads>
struct std::hash<gof::flyweight::flyweight<T, Threads>> {  // by identity, as ==
  std::size_t operator()(const gof::flyweight::flyweight<T, Threads>& f) const noexcept {
    return std::hash<const void*>()(f ? f.operator->() : nullptr);
  }
};
/// \endcond
