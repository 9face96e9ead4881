// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// An object elsewhere by its interface.

#include <memory>
#include <string>
#include <type_traits>
#include <utility>

#include <gof/described.hpp>
#include <gof/pyro/object.hpp>

namespace gof::inline v0::pyro {

/// \addtogroup pyro
/// @{

/// \cond
namespace detail {
// What the class with the subject's interface begins with.
template <class Subject>
struct waiting : Subject {
  std::shared_ptr<remote_object> gof_object;
  template <auto Method, class... A>
  described::result_of<Method> gof_wait(A&&... arguments) const {
    return gof_object->template call<described::result_of<Method>>(
        described::name_of<Subject, Method>(), std::forward<A>(arguments)...);
  }
};
template <class Subject>
using stub = described::stub<Subject, waiting<Subject>>;
template <class Subject>
std::shared_ptr<stub<Subject>> make_stub(std::shared_ptr<remote_object> of) {
  static_assert(!std::is_abstract_v<stub<Subject>>,
                "GOF_REMOTE: it has to name all functions of the interface");
  auto it = std::make_shared<stub<Subject>>();
  it->gof_object = std::move(of);
  return it;
}
}  // namespace detail

// A pointer to an interface crosses as a reference to the object.
template <described::with_GOF_REMOTE Subject>
struct crossing<std::shared_ptr<Subject>> {
  static std::shared_ptr<Subject> from(value&& it, exchange& by) {
    if (it.is<std::monostate>()) return {};
    return detail::make_stub<Subject>(by.follow(it));
  }
  static value to(std::shared_ptr<Subject> it, exchange& by) {
    if (!it) return {};
    if (const auto* elsewhere = dynamic_cast<const detail::waiting<Subject>*>(it.get()))
      return elsewhere->gof_object->reference();
    const void* const same = dynamic_cast<const void*>(it.get());
    return by.refer(std::make_shared<servant_of<Subject>>(std::move(it)), same);
  }
};
/// \endcond

/// Stands for an object elsewhere, C++ or Python, and has its interface: `r->` calls it, and waits.
/// \tparam Subject an interface, described with GOF_REMOTE \threads any; calls take turns
template <described::with_GOF_REMOTE Subject>
class remote {
 public:
  /// Several calls in one message.
  class batch;

  /// \param to where it is, or its name \param how options
  explicit remote(uri to, calling how = {})
      : object_(std::make_shared<remote_object>(std::move(to), std::move(how))),
        stub_(detail::make_stub<Subject>(object_)) {}

  /// \returns the interface. Its functions wait for the answer, and return what the object returns
  /// \throws what the object throws; failure, which says whether it ran
  Subject* operator->() const noexcept { return stub_.get(); }
  /// \returns the interface, as above
  Subject& operator*() const noexcept { return *stub_; }
  /// \returns the same, for those who share it; as an argument or a result, it is the object's own
  /// reference
  [[nodiscard]] std::shared_ptr<Subject> shared() const { return stub_; }
  /// \returns the object by the names of its functions
  [[nodiscard]] remote_object& object() const noexcept { return *object_; }

  /// Calls, and waits. \param arguments the function's \tparam Method a function of the interface
  /// \returns what it returns
  template <auto Method, class... A>
  described::result_of<Method> call(A&&... arguments) {
    return std::apply(
        [&](auto&&... each) {
          return object_->template call<described::result_of<Method>>(
              described::name_of<Subject, Method>(), std::move(each)...);
        },
        described::arguments<Method>(std::forward<A>(arguments)...));
  }
  /// Has a function called, and forgets it: no answer comes, and what goes wrong there is lost.
  /// \param arguments the function's \tparam Method a function of the interface
  template <auto Method, class... A>
  void one_way(A&&... arguments) {
    std::apply(
        [&](auto&&... each) {
          object_->one_way(described::name_of<Subject, Method>(), std::move(each)...);
        },
        described::arguments<Method>(std::forward<A>(arguments)...));
  }

 private:
  std::shared_ptr<remote_object> object_;
  std::shared_ptr<detail::stub<Subject>> stub_;
};

/// They run in their order, up to the first that throws. \threads one
template <described::with_GOF_REMOTE Subject>
class remote<Subject>::batch {
 public:
  /// \param on the object
  explicit batch(const remote& on) : all_(on.object()) {}
  /// Adds a call. \param arguments the function's \tparam Method a function of the interface
  /// \returns what it will have returned
  template <auto Method, class... A>
  remote_object::answer<described::result_of<Method>> add(A&&... arguments) {
    return std::apply(
        [&](auto&&... each) {
          return all_.template add<described::result_of<Method>>(
              described::name_of<Subject, Method>(), std::move(each)...);
        },
        described::arguments<Method>(std::forward<A>(arguments)...));
  }
  /// As remote_object::batch::send.
  void send() { all_.send(); }
  /// As remote_object::batch::send_one_way.
  void send_one_way() { all_.send_one_way(); }

 private:
  remote_object::batch all_;
};

/// @}
}  // namespace gof::inline v0::pyro
