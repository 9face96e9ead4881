// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// Waiting for a node's answers in another thread than the one that runs its loop.

#include <future>
#include <memory>
#include <utility>

#include <gof/node.hpp>

namespace gof::inline v0 {

/// \addtogroup node
/// @{

/// Begins an operation in the thread that runs a node's loop, and waits for it elsewhere:
/// \code
///   auto seats = gof::begin<gof::versioned>(
///       node, [](gof::node& n, auto done) { return n.get("seats", "7", std::move(done)); });
///   std::string who = *seats.get().value;
/// \endcode
/// \param on the node \param operation called by the loop with the node and a completion, which it
/// gives to the operation that it begins and returns
/// \returns the value to come. Getting it throws gof::failure where there is none, and
/// std::future_error (broken promise) where the node has gone
/// \threads any. In the thread that runs the loop, getting waits for ever: there use
/// `gof/wait.hpp` \tparam T the value \tparam Operation a function
template <class T, class Operation>
[[nodiscard]] std::future<typename result<T>::value_type> begin(node& on, Operation operation) {
  std::promise<typename result<T>::value_type> promise;
  auto answer = promise.get_future();
  on.post([&on, promise = std::move(promise), operation = std::move(operation)]() mutable {
    completion<T> done = [promise = std::move(promise)](result<T> r) mutable {
      if (r)
        promise.set_value(*std::move(r));
      else
        promise.set_exception(std::make_exception_ptr(failure(r.error())));
    };
    operation(on, std::move(done)).detach();
  });
  return answer;
}

/// @}
}  // namespace gof::inline v0
