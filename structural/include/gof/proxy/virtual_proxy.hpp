// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// Virtual proxy: the real subject is made when it is first used.

#include <atomic>
#include <chrono>
#include <concepts>
#include <condition_variable>
#include <exception>
#include <gof/proxy.hpp>
#include <gof/proxy/waiting.hpp>
#include <memory>
#include <mutex>
#include <type_traits>
#include <utility>

namespace gof::inline v0::proxy {

/// \addtogroup proxy
/// @{

/// Makes a subject: returns one, or a `std::unique_ptr` to one or to what is derived from it.
template <class Make, class Subject>
concept factory_of = std::invocable<Make&> &&
    (std::same_as<std::invoke_result_t<Make&>, Subject> ||
     std::convertible_to<std::invoke_result_t<Make&>, std::unique_ptr<Subject>>);

/// What the next use of a virtual proxy does after its factory has thrown.
enum class at_failure : unsigned char {
  retry,    ///< Calls the factory again.
  remember  ///< Throws the same exception, for ever.
};

/// How a virtual proxy treats failure and waiting.
struct making {
  at_failure on_failure = at_failure::retry;              ///< After the factory has thrown.
  std::chrono::milliseconds patience = default_patience;  ///< Longest wait for another thread.
};

/// Stands in for a subject that is made by a factory at its first use, on the heap, once.
///
/// Threads may race: one makes, the others wait for it. Where the factory throws, that one gets the
/// exception, and those that waited do as \ref at_failure says.
/// \tparam Subject the real subject, or its interface
/// \threads any; moving and destroying it only while nobody uses it
/// \law MadeOnce: however many threads use it, the factory succeeds at most once
/// \law NotMadeUnlessUsed: without a use, the factory is not called
template <class Subject>
class virtual_proxy {
 public:
  /// \param make the factory; what it holds is released once it has succeeded
  /// \param how what to do about failure and waiting \throws std::bad_alloc
  template <factory_of<Subject> Make>
    requires(!std::same_as<Make, virtual_proxy>)
  explicit virtual_proxy(Make make, making how = {})
      : state_(
            std::make_unique<state>(how, std::make_unique<factory_from<Make>>(std::move(make)))) {}
  /// Takes over; nobody may use `from` again. \param from the other
  virtual_proxy(virtual_proxy&& from) noexcept
      : real_(from.real_.exchange(nullptr)), state_(std::move(from.state_)) {}
  virtual_proxy& operator=(virtual_proxy&&) = delete;

  /// \returns the real subject, made if it was not yet
  /// \throws what the factory throws; timed_out; misuse where the factory uses this proxy
  Subject& operator*() { return real(); }
  /// As above. \returns the real subject
  const Subject& operator*() const { return real(); }
  /// As `*`. \returns the real subject
  Subject* operator->() { return &real(); }
  /// As `*`. \returns the real subject
  const Subject* operator->() const { return &real(); }

  /// \returns whether the real subject is there
  [[nodiscard]] bool made() const noexcept {
    return real_.load(std::memory_order_acquire) != nullptr;
  }

 private:
  struct factory {
    virtual ~factory() = default;
    virtual std::unique_ptr<Subject> make() = 0;
  };
  template <class Make>
  struct factory_from final : factory {
    explicit factory_from(Make m) : make_(std::move(m)) {}
    std::unique_ptr<Subject> make() override {
      if constexpr (std::same_as<std::invoke_result_t<Make&>, Subject>) {
        return std::unique_ptr<Subject>(new Subject(make_()));
      } else {
        return make_();
      }
    }
    Make make_;
  };
  struct state {
    state(making h, std::unique_ptr<factory> m) : how(h), make(std::move(m)) {}
    const making how;
    std::mutex mutex;  // of all below
    std::condition_variable changed;
    const void* maker = nullptr;    // the thread that is in the factory
    std::unique_ptr<factory> make;  // null once it will not be called again
    std::exception_ptr error;       // to be thrown from then on, or null
    std::unique_ptr<Subject> subject;
  };

  Subject& real() const {
    if (Subject* made = real_.load(std::memory_order_acquire)) [[likely]]
      return *made;
    return wait_or_make();
  }
  Subject& wait_or_make() const {
    state& s = *state_;
    std::unique_lock lock(s.mutex);
    if (s.maker == detail::this_thread()) {
      throw misuse("gof::proxy: the factory of a virtual proxy needs what it is to make");
    }
    if (!s.changed.wait_until(lock, detail::deadline(s.how.patience),
                              [&] { return s.maker == nullptr; })) {
      throw timed_out("gof::proxy: another thread has not yet made the subject; try again later");
    }
    if (s.error) std::rethrow_exception(s.error);
    if (s.subject) return *s.subject;
    s.maker = detail::this_thread();
    lock.unlock();
    std::unique_ptr<factory> spent;  // destroyed without the lock
    try {
      std::unique_ptr<Subject> made = s.make->make();
      if (!made) throw misuse("gof::proxy: the factory of a virtual proxy returned null");
      lock.lock();
      s.subject = std::move(made);
      spent = std::move(s.make);
      real_.store(s.subject.get(), std::memory_order_release);
    } catch (...) {
      if (!lock.owns_lock()) lock.lock();
      if (s.how.on_failure == at_failure::remember) {
        s.error = std::current_exception();
        spent = std::move(s.make);
      }
      leave(lock);
      throw;
    }
    leave(lock);
    return *s.subject;
  }
  void leave(std::unique_lock<std::mutex>& lock) const noexcept {
    state_->maker = nullptr;
    lock.unlock();
    state_->changed.notify_all();
  }

  // The subject of *state_ once it is made: then no more than this is looked at.
  mutable std::atomic<Subject*> real_ = nullptr;
  std::unique_ptr<state> state_;
};

/// @}
}  // namespace gof::inline v0::proxy
