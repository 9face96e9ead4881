// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// Waiting for a node's answers in the calling thread.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <gof/node.hpp>

namespace gof::inline v0 {

/// \addtogroup node
/// @{

/// Runs the node's loop until an operation completes. \param on the node
/// \param begin called with a completion, which it gives to the operation that it begins and
/// returns
/// \param limit how long at most \returns what came of it; errc::deadline after the limit
/// \throws std::logic_error from inside a handler \tparam T the value \tparam Begin a function
template <class T, class Begin>
result<T> wait_for(node& on, Begin begin, duration limit) {
  on.run_until([] { return true; }, {});  // throws inside a handler, before anything is begun
  std::optional<result<T>> what;
  registration operation = begin(completion<T>([&](result<T> r) { what.emplace(std::move(r)); }));
  on.run_until([&] { return what.has_value(); }, limit);
  if (!what) return error{errc::deadline, "the loop ended first"};
  return std::move(*what);
}

/// A node's operations that have an answer, for one way to wait for it. \tparam Waiting derives
/// from this, and has `wait<T>(deadline, begin)`, where `begin` is called with a completion
template <class Waiting>
class operations {
 public:
  /// \copybrief gof::node::call
  auto call(message request, operation_options how = {}) {
    return wait<message>(how.deadline,
                         [n = node_, request = std::move(request), how](auto done) mutable {
                           return n->call(std::move(request), std::move(done), how);
                         });
  }
  /// \copybrief gof::node::append
  auto append(std::string log, message line, append_options how = {}) {
    return wait<appended>(how.deadline, [n = node_, log = std::move(log), line = std::move(line),
                                         how](auto done) mutable {
      return n->append(std::move(log), std::move(line), std::move(done), how);
    });
  }
  /// \copybrief gof::node::truncate
  auto truncate(std::string log, std::uint64_t before, operation_options how = {}) {
    return wait<void>(how.deadline,
                      [n = node_, log = std::move(log), before, how](auto done) mutable {
                        return n->truncate(std::move(log), before, std::move(done), how);
                      });
  }
  /// \copybrief gof::node::get
  auto get(std::string bucket, std::string key, operation_options how = {}) {
    return wait<versioned>(how.deadline, [n = node_, bucket = std::move(bucket),
                                          key = std::move(key), how](auto done) mutable {
      return n->get(std::move(bucket), std::move(key), std::move(done), how);
    });
  }
  /// \copybrief gof::node::put
  auto put(std::string bucket, std::string key, std::string value,
           std::uint64_t expect = any_version, operation_options how = {}) {
    return wait<std::uint64_t>(how.deadline,
                               [n = node_, bucket = std::move(bucket), key = std::move(key),
                                value = std::move(value), expect, how](auto done) mutable {
                                 return n->put(std::move(bucket), std::move(key), std::move(value),
                                               expect, std::move(done), how);
                               });
  }
  /// \copybrief gof::node::erase
  auto erase(std::string bucket, std::string key, std::uint64_t expect = any_version,
             operation_options how = {}) {
    return wait<std::uint64_t>(
        how.deadline, [n = node_, bucket = std::move(bucket), key = std::move(key), expect,
                       how](auto done) mutable {
          return n->erase(std::move(bucket), std::move(key), expect, std::move(done), how);
        });
  }

 protected:
  /// \param on the node, which outlives this
  explicit operations(node& on) noexcept : node_(&on) {}
  node* node_;  ///< whose they are

 private:
  template <class T, class Begin>
  auto wait(duration deadline, Begin begin) {
    return static_cast<Waiting*>(this)->template wait<T>(deadline, std::move(begin));
  }
};

/// A node's operations, each of which waits in the calling thread and returns its value. While one
/// waits, the node's handlers run.
/// \throws gof::failure where there is no value; std::logic_error inside a handler
class blocking : public operations<blocking> {
 public:
  /// \param on the node, which outlives this
  explicit blocking(node& on) noexcept : operations(on) {}
  /// Lets time pass. \param span how long
  void pause(duration span) {
    node_->run_until([] { return false; }, span);
  }

 private:
  friend operations;
  // The engine keeps the deadline; the loop's limit is only there in case it does not.
  template <class T, class Begin>
  typename result<T>::value_type wait(duration deadline, Begin begin) {
    return wait_for<T>(*node_, std::move(begin), deadline + std::chrono::seconds(1)).value();
  }
};

/// @}
}  // namespace gof::inline v0
