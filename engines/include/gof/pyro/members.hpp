// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// Which functions and attributes of an object can be used from elsewhere, and their use by name.

#include <algorithm>
#include <boost/describe.hpp>
#include <boost/mp11.hpp>
#include <complex>
#include <concepts>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <typeinfo>
#include <utility>
#include <vector>

#include <gof/described.hpp>
#include <gof/pyro/context.hpp>
#include <gof/pyro/exception.hpp>
#include <gof/pyro/stream.hpp>
#include <gof/pyro/value.hpp>
#include <gof/unique_function.hpp>
#include <gof/wire.hpp>

namespace gof::inline v0::pyro {

/// \addtogroup pyro
/// @{

// ---- How arguments and results cross ------------------------------------------------------------

class servant;
class remote_object;

/// What crosses by reference is exchanged here: the server that objects of ours are called at, and
/// how objects elsewhere are called.
class exchange {
 public:
  virtual ~exchange() = default;
  /// Lets an object be called. \param it the object \param same what it is: the same object has the
  /// same reference \returns the reference, as Pyro writes it
  virtual value refer(std::shared_ptr<servant> it, const void* same) = 0;
  /// \returns what calls an object elsewhere, not connected yet. \param reference as Pyro writes it
  virtual std::shared_ptr<remote_object> follow(const value& reference) = 0;
};

/// How a type crosses that \ref wire does not know: specialise it with `from(value&&, exchange&)`
/// and `to(T, exchange&)`, which returns a value. There is one for values, complex numbers, dates,
/// sets, pointers to interfaces, and vectors of these. \tparam T the type
template <class T>
struct crossing;

/// \cond
namespace detail {
// What a session has let in is within its limits, and what goes out is looked at there as well.
inline constexpr wire::limits unlimited{~std::size_t{} >> 1, 256};

// A name that somebody asked for, to be told what is wrong with it.
std::string shortened(std::string_view name);

template <class T>
concept crosses_by_value = requires(value v, T t, exchange& by) {
  { crossing<T>::from(std::move(v), by) } -> std::same_as<T>;
  { crossing<T>::to(std::move(t), by) } -> std::same_as<value>;
};
template <class T>
using wire_type = std::conditional_t<crosses_by_value<T>, wire::raw, T>;
template <class T>
wire_type<T> to_wire(T&& it, exchange& by) {
  if constexpr (crosses_by_value<T>) {
    wire::raw raw;
    raw.bytes.clear();
    encode_to(raw.bytes, crossing<T>::to(std::move(it), by), serializer::msgpack, unlimited);
    return raw;
  } else {
    return std::move(it);
  }
}
template <class T>
T from_wire(wire_type<T>&& it, exchange& by) {
  if constexpr (crosses_by_value<T>)
    return crossing<T>::from(decode(it.bytes, serializer::msgpack, unlimited), by);
  else
    return std::move(it);
}
template <class Tuple>
struct wire_types;
template <class... T>
struct wire_types<std::tuple<T...>> {
  using type = std::tuple<wire_type<T>...>;
};

template <class T>
constexpr bool is_stream = false;
template <class T>
constexpr bool is_stream<stream<T>> = true;
template <class T>
constexpr bool is_shared = false;
template <class T>
constexpr bool is_shared<std::shared_ptr<T>> = true;
}  // namespace detail

template <>
struct crossing<value> {
  static value from(value&& it, exchange&) { return std::move(it); }
  static value to(value it, exchange&) { return it; }
};
template <>
struct crossing<std::complex<double>> {
  static std::complex<double> from(value&& it, exchange&);
  static value to(std::complex<double> it, exchange&) { return it; }
};
template <>
struct crossing<big_integer> {
  static big_integer from(value&& it, exchange&);
  static value to(big_integer it, exchange&) { return value(std::move(it)); }
};
template <>
struct crossing<date> {
  static date from(value&& it, exchange&);
  static value to(date it, exchange&) { return it; }
};
template <>
struct crossing<datetime> {
  static datetime from(value&& it, exchange&);
  static value to(datetime it, exchange&) { return it; }
};
template <wire::decodable T>
struct crossing<std::set<T>> {
  static std::set<T> from(value&& it, exchange&) {
    auto all = wire::decode<std::vector<T>>(encode(it, serializer::msgpack, detail::unlimited),
                                            detail::unlimited);
    return {std::make_move_iterator(all.begin()), std::make_move_iterator(all.end())};
  }
  static value to(const std::set<T>& it, exchange&) {
    return decode(wire::encode(std::vector<T>(it.begin(), it.end()), detail::unlimited),
                  serializer::msgpack, detail::unlimited);
  }
};
template <class T>
  requires detail::crosses_by_value<T>
struct crossing<std::vector<T>> {
  static std::vector<T> from(value&& it, exchange& by) {
    std::vector<T> all;
    for (value& one : it.as<list>()) all.push_back(crossing<T>::from(std::move(one), by));
    return all;
  }
  static value to(std::vector<T> it, exchange& by) {
    list all;
    for (T& one : it) all.push_back(crossing<T>::to(std::move(one), by));
    return value(std::move(all));
  }
};
/// \endcond

// ---- What can be called -------------------------------------------------------------------------

/// Items that a call gives one after another: appends the next one's MessagePack, or returns false.
using item_source = unique_function<bool(std::string& out)>;

/// An object, whatever its type, by the names of what can be used of it. \threads any
class servant {
 public:
  /// What is done with a name.
  enum class use : std::uint8_t { call, get, set };
  /// What a caller is told at first.
  struct listing {
    std::vector<std::string> methods{};     ///< can be called
    std::vector<std::string> one_way{};     ///< … of them, those without an answer
    std::vector<std::string> attributes{};  ///< can be read, and set where they may be
  };
  /// What it is called with: the MessagePack of an array, and of a map with string keys, or nil.
  struct given {
    std::string_view places = "\x90";  ///< the arguments without a name
    std::string_view names = "\x80";   ///< those with one
  };
  virtual ~servant() = default;
  /// \returns all that can be used
  [[nodiscard]] virtual const listing& members() const noexcept = 0;
  /// Uses it. \param how what is done \param name with what \param arguments with these
  /// \param out the result's MessagePack is appended to it \param by what crosses by reference
  /// \returns where the items come from, if it is a stream that was returned; the servant outlives
  /// it
  /// \throws attribute_error where there is no such name; type_error where arguments are not what
  /// it takes; what the object throws. `out` unchanged then
  virtual item_source invoke(use how, std::string_view name, const given& arguments,
                             std::string& out, exchange& by) = 0;
};

/// The functions and attributes of a class that can be used from elsewhere, by name; nothing is
/// that is not in it. \tparam T the class
template <class T>
class members {
  using function = item_source (*)(T&, std::string_view arguments, std::string& out, exchange&);

 public:
  /// Adds a function. \param name what it is called \tparam Function a member function
  /// \throws std::invalid_argument where the name is there already, or begins with an underscore
  template <auto Function>
  members& method(std::string name) {
    add(all_.methods, name).call = call<Function>;
    return *this;
  }
  /// The same, of one whose callers wait for nothing.
  template <auto Function>
  members& one_way(std::string name) {
    method<Function>(name);
    all_.one_way.push_back(std::move(name));
    return *this;
  }
  /// Adds an attribute. \param name what it is called
  /// \tparam Get a data member, or a function that returns it
  /// \tparam Set a function that sets it; without one, functions are only read, and data is set
  template <auto Get, auto Set = nullptr>
  members& attribute(std::string name) {
    entry& it = add(all_.attributes, name);
    if constexpr (std::is_member_object_pointer_v<decltype(Get)>) {
      it.get = get<Get>;
      if constexpr (!std::is_const_v<std::remove_reference_t<decltype(std::declval<T&>().*Get)>>)
        it.set = set<Get>;
    } else {
      it.get = call<Get>;
      if constexpr (!std::is_null_pointer_v<decltype(Set)>) it.set = call<Set>;
    }
    return *this;
  }

  /// \returns the names
  [[nodiscard]] const servant::listing& names() const noexcept { return all_; }
  /// Uses an object. See servant::invoke. \param on the object
  item_source invoke(T& on, servant::use how, std::string_view name,
                     const servant::given& arguments, std::string& out, exchange& by) const {
    const entry* it = find(name);
    const function what = !it                         ? nullptr
                          : how == servant::use::call ? it->call
                          : how == servant::use::get  ? it->get
                                                      : it->set;
    if (!what)
      throw attribute_error(it && how == servant::use::set
                                ? "the attribute " + std::string(name) + " cannot be set"
                                : "there is no " + detail::shortened(name) + " here");
    if (arguments.names.size() > 1)
      throw type_error(
          "it takes no keyword arguments: a function in C++ knows its arguments by their places");
    return what(on, arguments.places, out, by);
  }

 private:
  struct entry {
    std::string name;
    function call = nullptr, get = nullptr, set = nullptr;
  };
  [[nodiscard]] const entry* find(std::string_view name) const noexcept {
    const auto it = std::lower_bound(entries_.begin(), entries_.end(), name,
                                     [](const entry& e, std::string_view n) { return e.name < n; });
    return it != entries_.end() && it->name == name ? &*it : nullptr;
  }
  entry& add(std::vector<std::string>& to, const std::string& name) {
    if (name.empty() || name.front() == '_' || find(name))
      throw std::invalid_argument(
          "gof::pyro: a member's name is its own, and begins without _: \"" + name + '"');
    to.push_back(name);
    const auto at = std::find_if(entries_.begin(), entries_.end(),
                                 [&](const entry& e) { return e.name > name; });
    return *entries_.insert(at, {name, nullptr, nullptr, nullptr});
  }

  template <class Tuple>
  static Tuple read(std::string_view arguments, exchange& by) {
    using sent_as = typename detail::wire_types<Tuple>::type;
    try {
      auto sent = wire::decode<sent_as>(arguments, detail::unlimited);
      return [&]<std::size_t... I>(std::index_sequence<I...>) {
        return Tuple(
            detail::from_wire<std::tuple_element_t<I, Tuple>>(std::move(std::get<I>(sent)), by)...);
      }
      (std::make_index_sequence<std::tuple_size_v<Tuple>>());
    } catch (const wire::error& e) {
      throw type_error(std::string("these are not the arguments that it takes: ") + e.what());
    }
  }
  template <class R>
  static item_source write(R result, std::string& out, exchange& by) {
    if constexpr (detail::is_stream<R>) {
      return [items = std::move(result), &by](std::string& to) mutable {
        auto item = items.next();
        if (item) wire::encode_to(to, detail::to_wire(std::move(*item), by), detail::unlimited);
        return item.has_value();
      };
    } else {
      wire::encode_to(out, detail::to_wire(std::move(result), by), detail::unlimited);
      return {};
    }
  }
  template <auto Function>
  static item_source call(T& on, std::string_view arguments, std::string& out, exchange& by) {
    using how = described::signature_of<Function>;
    auto given = read<typename how::arguments>(arguments, by);
    const auto run = [&](auto&... each) -> decltype(auto) {
      return (on.*Function)(std::move(each)...);
    };
    if constexpr (std::is_void_v<typename how::result>) {
      std::apply(run, given);
      out += '\xc0';
      return {};
    } else {
      return write(std::apply(run, given), out, by);
    }
  }
  template <auto Data>
  static item_source get(T& on, std::string_view, std::string& out, exchange& by) {
    return write(std::remove_cvref_t<decltype(on.*Data)>(on.*Data), out, by);
  }
  template <auto Data>
  static item_source set(T& on, std::string_view arguments, std::string& out, exchange& by) {
    using type = std::remove_cvref_t<decltype(on.*Data)>;
    on.*Data = std::get<0>(read<std::tuple<type>>(arguments, by));
    out += '\xc0';
    return {};
  }

  servant::listing all_;
  std::vector<entry> entries_;  // in the order of their names
};

/// \returns what a class says of itself: the functions that GOF_REMOTE names, or the public members
/// that Boost.Describe does. \tparam T the class
template <class T>
[[nodiscard]] members<T> members_of() {
  members<T> all;
  if constexpr (described::with_GOF_REMOTE<T>) {
    boost::mp11::mp_for_each<described::methods_of<T>>(
        [&]<class M>(M) { all.template method<M::gof_pointer>(std::string(M::gof_name)); });
  } else {
    static_assert(boost::describe::has_describe_members<T>::value,
                  "gof::pyro: GOF_REMOTE or BOOST_DESCRIBE_CLASS says what can be used of a class; "
                  "or members<T>().method<&T::f>(\"f\")");
    using namespace boost::describe;
    boost::mp11::mp_for_each<describe_members<T, mod_public | mod_inherited>>(
        [&]<class D>(D) { all.template attribute<D::pointer>(D::name); });
    boost::mp11::mp_for_each<describe_members<T, mod_public | mod_inherited | mod_function>>(
        [&]<class D>(D) { all.template method<D::pointer>(D::name); });
  }
  return all;
}

/// \cond
namespace detail {
// Of those who use an object, one at a time.
class turns {
 public:
  void take(duration most) {
    std::unique_lock lock(guard_);
    if (!freed_.wait_for(lock, most, [&] { return !taken_; }))
      throw failure({errc::overloaded, "another call is under way", {}});
    taken_ = true;
  }
  void give_back() noexcept {
    {
      const std::lock_guard lock(guard_);
      taken_ = false;
    }
    freed_.notify_one();
  }
  // Takes a turn, and gives it back.
  class one {
   public:
    one(turns* of, duration most) : of_(of) {
      if (of_) of_->take(most);
    }
    one(const one&) = delete;
    one& operator=(const one&) = delete;
    ~one() {
      if (of_) of_->give_back();
    }

   private:
    turns* of_;
  };

 private:
  std::mutex guard_;
  std::condition_variable freed_;
  bool taken_ = false;
};
// Those of an object: however many servants it has, it is used by one at a time.
std::shared_ptr<turns> turns_of(const void* object, const std::type_info& type);
template <class T>
std::shared_ptr<turns> turns_of(const T& object) {
  if constexpr (std::is_polymorphic_v<T>)
    return turns_of(dynamic_cast<const void*>(&object), typeid(object));
  else
    return turns_of(&object, typeid(T));
}
}  // namespace detail
/// \endcond

/// An object of a class, for all its callers. \tparam T the class
template <class T>
class servant_of final : public servant {
 public:
  /// \param object the object \param which what can be used of it
  /// \param at_once whether it may be used by many threads at once; else they take turns, also
  /// those who use it by another servant
  explicit servant_of(std::shared_ptr<T> object, pyro::members<T> which = members_of<T>(),
                      bool at_once = false)
      : object_(std::move(object)),
        members_(std::move(which)),
        turns_(at_once ? nullptr : detail::turns_of(*object_)) {}
  [[nodiscard]] const listing& members() const noexcept override { return members_.names(); }
  item_source invoke(use how, std::string_view name, const given& arguments, std::string& out,
                     exchange& by) override {
    const detail::turns::one mine(turns_.get(), detail::patience(default_deadline));
    item_source items = members_.invoke(*object_, how, name, arguments, out, by);
    if (!items) return {};
    return [this, items = std::move(items)](std::string& to) mutable {
      const detail::turns::one next(turns_.get(), default_deadline);
      return items(to);
    };
  }

 private:
  const std::shared_ptr<T> object_;
  const pyro::members<T> members_;
  const std::shared_ptr<detail::turns> turns_;  // none where many may use it at once
};

/// @}
}  // namespace gof::inline v0::pyro
