// SPDX-License-Identifier: BSL-1.0
#include <gof/pyro/members.hpp>

#include <charconv>
#include <chrono>
#include <complex>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace gof::inline v0::pyro {
namespace {

// Reads text from the front.
class text {
 public:
  text(std::string_view all, const char* what) : rest_(all), what_(what) {}
  // So many digits.
  int digits(std::size_t n) {
    int number = 0;
    const char* const end = rest_.data() + std::min(n, rest_.size());
    const auto read = std::from_chars(rest_.data(), end, number);
    if (read.ec != std::errc() || read.ptr != rest_.data() + n || number < 0) refuse();
    rest_.remove_prefix(n);
    return number;
  }
  bool skip(char c) {
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void expect(char c) {
    if (!skip(c)) refuse();
  }
  double fraction() {  // after a point
    double number = 0, place = 0.1;
    for (; !rest_.empty() && rest_[0] >= '0' && rest_[0] <= '9'; place /= 10) {
      number += place * (rest_[0] - '0');
      rest_.remove_prefix(1);
    }
    return number;
  }
  void end() {
    if (!rest_.empty()) refuse();
  }
  date day() {
    const int year = digits(4);
    expect('-');
    const int month = digits(2);
    expect('-');
    const std::chrono::year_month_day it{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(digits(2)))};
    if (!it.ok() || year == 0) refuse();
    return it;
  }
  [[noreturn]] void refuse() const {
    throw type_error(std::string("this is ") + what_ + ", as ISO 8601 writes it");
  }

 private:
  std::string_view rest_;
  const char* what_;
};
}  // namespace

std::complex<double> crossing<std::complex<double>>::from(value&& it, exchange&) {
  if (it.is<std::int64_t>()) return static_cast<double>(it.as<std::int64_t>());
  return it.is<double>() ? it.as<double>() : it.as<std::complex<double>>();
}
big_integer crossing<big_integer>::from(value&& it, exchange&) {
  if (it.is<std::int64_t>()) return big_integer(it.as<std::int64_t>());
  if (it.is<std::uint64_t>()) return big_integer(std::as_const(it).as<std::uint64_t>());
  return std::as_const(it).as<big_integer>();
}
// In serpent and JSON, Python writes days and moments as text.
date crossing<date>::from(value&& it, exchange&) {
  if (!it.is<std::string>()) return it.as<date>();
  text from(it.as<std::string>(), "no date");
  const date day = from.day();
  from.end();
  return day;
}
datetime crossing<datetime>::from(value&& it, exchange&) {
  if (!it.is<std::string>()) return it.as<datetime>();
  text from(it.as<std::string>(), "no moment");
  using namespace std::chrono;
  datetime when = from.day();
  if (!from.skip('T')) from.expect(' ');
  when += hours(from.digits(2));
  from.expect(':');
  when += minutes(from.digits(2));
  from.expect(':');
  when += seconds(from.digits(2));
  if (from.skip('.')) when += std::chrono::duration<double>(from.fraction());
  // Without a zone it is taken for UTC: Python says nothing of its own.
  if (const bool east = from.skip('+'); east || from.skip('-')) {
    minutes ahead = hours(from.digits(2));
    from.expect(':');
    ahead += minutes(from.digits(2));
    when += east ? -ahead : ahead;
  } else {
    from.skip('Z');
  }
  from.end();
  return when;
}

}  // namespace gof::inline v0::pyro
