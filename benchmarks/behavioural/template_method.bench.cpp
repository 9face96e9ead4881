// SPDX-License-Identifier: BSL-1.0
// Three steps in a fixed order, which do next to nothing, so that the calls are what is measured.
#include <functional>
#include <gof/template_method.hpp>
#include <memory>

#include "support/bench.hpp"

namespace {

/// [virtual]
// As in the book: the base class calls what derived classes override.
class converter {
 public:
  virtual ~converter() = default;
  void convert() {
    decode();
    filter();
    encode();
  }

 protected:
  virtual void decode() = 0;
  virtual void filter() {}  // a hook
  virtual void encode() = 0;
};
/// [virtual]

class by_hand final : public converter {
  void decode() override { value_ += 3; }
  void filter() override { value_ ^= value_ >> 3; }
  void encode() override { value_ *= 5; }
  unsigned value_ = 1;
};
class other_by_hand final : public converter {
  void decode() override { value_ += 7; }
  void encode() override { value_ *= 3; }
  unsigned value_ = 1;
};
[[gnu::noinline]] std::unique_ptr<converter> make_by_hand(bool other) {
  if (other) return std::make_unique<other_by_hand>();
  return std::make_unique<by_hand>();
}

template <class Derived>
struct crtp {
  void convert() {
    auto& self = static_cast<Derived&>(*this);
    self.decode();
    self.filter();
    self.encode();
  }
};
struct by_crtp : crtp<by_crtp> {
  void decode() { value += 3; }
  void filter() { value ^= value >> 3; }
  void encode() { value *= 5; }
  unsigned value = 1;
};

struct functions {
  std::function<void(unsigned&)> decode, filter, encode;
  unsigned value = 1;
  void convert() {
    decode(value);
    filter(value);
    encode(value);
  }
};
[[gnu::noinline]] functions make_functions(bool other) {
  if (other) return {[](unsigned& v) { v += 7; }, [](unsigned&) {}, [](unsigned& v) { v *= 3; }};
  return {[](unsigned& v) { v += 3; }, [](unsigned& v) { v ^= v >> 3; },
          [](unsigned& v) { v *= 5; }};
}

struct decode {};
struct filter {};
struct encode {};
namespace tpl = gof::template_method;
using conversion = tpl::skeleton<tpl::required<decode>, tpl::hook<filter>, tpl::required<encode>>;

struct ours {
  void run(decode) { value += 3; }
  void run(filter) { value ^= value >> 3; }
  void run(encode) { value *= 5; }
  unsigned value = 1;
};
struct ours_with_undo : ours {
  using ours::run;
  void undo(decode) noexcept { value -= 3; }
  void undo(filter) noexcept { value = 0; }
};
struct virtual_base {
  virtual ~virtual_base() = default;
  virtual void run(decode) = 0;
  virtual void run(filter) {}
  virtual void run(encode) = 0;
};
struct ours_virtual final : virtual_base {
  void run(decode) override { value += 3; }
  void run(filter) override { value ^= value >> 3; }
  void run(encode) override { value *= 5; }
  unsigned value = 1;
};
struct other_virtual final : virtual_base {
  using virtual_base::run;
  void run(decode) override { value += 7; }
  void run(encode) override { value *= 3; }
  unsigned value = 1;
};
[[gnu::noinline]] std::unique_ptr<virtual_base> make_virtual(bool other) {
  if (other) return std::make_unique<other_virtual>();
  return std::make_unique<ours_virtual>();
}

void measure(benchmark::State& state, auto& object, auto convert) {
  for (auto _ : state) {
    benchmark::DoNotOptimize(&object);
    convert(object);
    benchmark::ClobberMemory();
  }
}
void hand(benchmark::State& state) {
  measure(state, *make_by_hand(false), [](auto& c) { c.convert(); });
}
void with_crtp(benchmark::State& state) {
  by_crtp object;
  measure(state, object, [](auto& c) { c.convert(); });
}
void with_functions(benchmark::State& state) {
  functions object = make_functions(false);
  measure(state, object, [](auto& c) { c.convert(); });
}
template <class Class>
void with_skeleton(benchmark::State& state) {
  Class object;
  measure(state, object, [](auto& c) { conversion::execute(c); });
}
void with_virtual_steps(benchmark::State& state) {
  measure(state, *make_virtual(false), [](auto& c) { conversion::execute(c); });
}

const gof::bench::comparison three_steps({.operation = "three steps",
                                          .contenders = {
                                              {"hand", hand},
                                              {"CRTP", with_crtp},
                                              {"functions", with_functions},
                                              {"ours", with_skeleton<ours>},
                                              {"ours, with undo", with_skeleton<ours_with_undo>},
                                              {"ours, virtual steps", with_virtual_steps}}});

}  // namespace
