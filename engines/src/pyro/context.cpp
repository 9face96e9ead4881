// SPDX-License-Identifier: BSL-1.0
#include <gof/pyro/context.hpp>

#include <algorithm>
#include <charconv>
#include <string_view>
#include <utility>

namespace gof::inline v0::pyro {
namespace {

using clock = std::chrono::steady_clock;

thread_local const call_context* current = nullptr;

bool read(std::string_view text, std::uint64_t& number) {
  const char* const end = text.data() + text.size();
  return std::from_chars(text.data(), end, number) == std::from_chars_result{end, std::errc()};
}

}  // namespace

const call_context* current_context() noexcept { return current; }
context_scope::context_scope(call_context what) noexcept
    : what_(std::move(what)), outer_(std::exchange(current, &what_)) {}
context_scope::~context_scope() { current = outer_; }

namespace detail {

duration patience(duration most) {
  if (!current || !current->deadline) return most;
  const duration left = *current->deadline - clock::now();
  if (left <= duration::zero())
    throw failure({errc::refused, "it is too late for this call: its deadline is over", {}});
  return std::min(most, left);
}

context_sent context_to_send() {
  context_sent it;
  if (!current) return it;
  if (current->id)
    append_annotation(
        it.chunks, "OPID",
        std::to_string(current->id.client) + '/' + std::to_string(current->id.sequence));
  if (current->incarnation != 0)
    append_annotation(it.chunks, "LIFE", std::to_string(current->incarnation));
  if (!current->trace.empty()) append_annotation(it.chunks, "TRCE", current->trace);
  if (current->deadline) {
    append_annotation(it.chunks, "LEFT", std::to_string(patience(duration::max()).count()));
    it.until = *current->deadline;
  }
  it.correlation = current->correlation;
  return it;
}

call_context context_of(const annotations& notes,
                        const std::optional<correlation_id>& correlation) {
  call_context it;
  it.correlation = correlation;
  for (const auto [id, text] : notes) {
    std::uint64_t number = 0;
    if (id == "OPID") {
      operation_id which;
      const std::size_t between = text.find('/');
      if (between != text.npos && read(text.substr(0, between), which.client) &&
          read(text.substr(between + 1), which.sequence) && which)
        it.id = which;
    } else if (id == "LIFE" && read(text, number)) {
      it.incarnation = number;
    } else if (id == "TRCE") {
      it.trace = text;
    } else if (id == "LEFT" && read(text, number)) {
      constexpr std::uint64_t a_year =
          std::chrono::nanoseconds(std::chrono::hours(24 * 365)).count();
      it.deadline = clock::now() + std::chrono::nanoseconds(std::min(number, a_year));
    }
  }
  return it;
}

}  // namespace detail
}  // namespace gof::inline v0::pyro
