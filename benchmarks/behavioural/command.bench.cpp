// SPDX-License-Identifier: BSL-1.0
// A history of edits to a text: pushing edits, undoing and redoing them.
#include <functional>
#include <gof/command.hpp>
#include <gof/command/any_command.hpp>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "support/bench.hpp"

#ifdef GOF_HAS_QT
#include <QUndoStack>
#endif

namespace {

// The Receiver does next to nothing, so that the history is what is measured.
struct counter {
  std::size_t value = 0;
};
// Commands as an editor has them: a place and a text.
struct insert {
  std::size_t at;
  std::string text;
  void execute(counter& c) noexcept { c.value += at + text.size(); }
  void undo(counter& c) noexcept { c.value -= at + text.size(); }
};
struct erase {
  std::size_t at;
  std::string text;
  void execute(counter& c) noexcept { c.value ^= at + text.size(); }
  void undo(counter& c) noexcept { c.value ^= at + text.size(); }
};
// The smallest commands: a number.
struct add {
  std::size_t n;
  void execute(counter& c) noexcept { c.value += n; }
  void undo(counter& c) noexcept { c.value -= n; }
};
struct flip {
  std::size_t n;
  void execute(counter& c) noexcept { c.value ^= n; }
  void undo(counter& c) noexcept { c.value ^= n; }
};

// By hand: a vector of variants and a position.
template <class... Commands>
class by_hand {
 public:
  explicit by_hand(counter& c) : counter_(c) {}
  template <class C>
  void execute(C c) {
    c.execute(counter_);
    steps_.erase(steps_.begin() + static_cast<std::ptrdiff_t>(position_), steps_.end());
    steps_.emplace_back(std::move(c));
    ++position_;
  }
  void undo() {
    if (position_ == 0) return;
    std::visit([&](auto& c) { c.undo(counter_); }, steps_[--position_]);
  }
  void redo() {
    if (position_ == steps_.size()) return;
    std::visit([&](auto& c) { c.execute(counter_); }, steps_[position_++]);
  }

 private:
  counter& counter_;
  std::vector<std::variant<Commands...>> steps_;
  std::size_t position_ = 0;
};

/// [functions]
// A pair of functions a step.
class functions {
 public:
  explicit functions(counter& c) : counter_(c) {}
  template <class C>
  void execute(C c) {
    c.execute(counter_);
    steps_.resize(position_);
    steps_.emplace_back([this, c]() mutable { c.execute(counter_); },
                        [this, c]() mutable { c.undo(counter_); });
    ++position_;
  }
  void undo() {
    if (position_ != 0) steps_[--position_].second();
  }
  void redo() {
    if (position_ != steps_.size()) steps_[position_++].first();
  }

 private:
  counter& counter_;
  std::vector<std::pair<std::function<void()>, std::function<void()>>> steps_;
  std::size_t position_ = 0;
};
/// [functions]

// An object with virtual functions a step.
class virtual_functions {
  struct step {
    virtual ~step() = default;
    virtual void execute(counter&) = 0;
    virtual void undo(counter&) = 0;
  };
  template <class C>
  struct step_of final : step {
    explicit step_of(C from) : c(std::move(from)) {}
    void execute(counter& to) override { c.execute(to); }
    void undo(counter& to) override { c.undo(to); }
    C c;
  };

 public:
  explicit virtual_functions(counter& c) : counter_(c) {}
  template <class C>
  void execute(C c) {
    auto s = std::make_unique<step_of<C>>(std::move(c));
    s->execute(counter_);
    steps_.resize(position_);
    steps_.push_back(std::move(s));
    ++position_;
  }
  void undo() {
    if (position_ != 0) steps_[--position_]->undo(counter_);
  }
  void redo() {
    if (position_ != steps_.size()) steps_[position_++]->execute(counter_);
  }

 private:
  counter& counter_;
  std::vector<std::unique_ptr<step>> steps_;
  std::size_t position_ = 0;
};

#ifdef GOF_HAS_QT
class qt {
  template <class C>
  struct step final : QUndoCommand {
    step(C from, counter& receiver) : c(std::move(from)), to(receiver) {}
    void redo() override { c.execute(to); }
    void undo() override { c.undo(to); }
    C c;
    counter& to;
  };

 public:
  explicit qt(counter& c) : counter_(c) {}
  template <class C>
  void execute(C c) {
    stack_.push(new step<C>(std::move(c), counter_));  // the stack owns it
  }
  void undo() { stack_.undo(); }
  void redo() { stack_.redo(); }

 private:
  counter& counter_;
  QUndoStack stack_;
};
#endif

using any = gof::command::any_history<counter>;

// What fills a history: edits, or numbers.
struct edits {
  using hand = by_hand<insert, erase>;
  using ours = gof::command::history<counter, insert, erase>;
  template <class History>
  static void push(History& h, std::size_t n) {
    h.execute(insert{n, "some text"});
    h.execute(erase{n, "some text"});
  }
};
struct numbers {
  using hand = by_hand<add, flip>;
  using ours = gof::command::history<counter, add, flip>;
  template <class History>
  static void push(History& h, std::size_t n) {
    h.execute(add{n});
    h.execute(flip{n});
  }
};

template <class What, class History>
void fill(History& h, const benchmark::State& state) {
  for (std::size_t n = static_cast<std::size_t>(state.range(0)); n != 0; n -= 2) What::push(h, n);
}
template <class What, class History>
void push(benchmark::State& state) {
  for (auto _ : state) {
    counter c;
    History h(c);
    fill<What>(h, state);
    benchmark::DoNotOptimize(c);
  }
}
// All the way back and forth.
template <class What, class History>
void undo_redo(benchmark::State& state) {
  counter c;
  History h(c);
  fill<What>(h, state);
  for (auto _ : state) {
    for (std::int64_t n = 0; n != state.range(0); ++n) {
      benchmark::DoNotOptimize(&h);
      h.undo();
    }
    for (std::int64_t n = 0; n != state.range(0); ++n) {
      benchmark::DoNotOptimize(&h);
      h.redo();
    }
    benchmark::DoNotOptimize(c);
  }
}

template <class What>
gof::bench::plan pushes(const char* operation) {
  return {.operation = operation,
          .sizes = {1'000, 100'000},
          .per_item = true,
          .contenders = {{"hand", push<What, typename What::hand>},
                         {"pair of functions", push<What, functions>},
                         {"virtual functions", push<What, virtual_functions>},
#ifdef GOF_HAS_QT
                         {"QUndoStack", push<What, qt>},
#endif
                         {"ours", push<What, typename What::ours>},
                         {"ours, any_command", push<What, any>}}};
}
template <class What>
gof::bench::plan undos(const char* operation) {
  return {.operation = operation,
          .sizes = {1'000, 100'000},
          .per_item = true,
          .contenders = {{"hand", undo_redo<What, typename What::hand>},
                         {"pair of functions", undo_redo<What, functions>},
                         {"virtual functions", undo_redo<What, virtual_functions>},
#ifdef GOF_HAS_QT
                         {"QUndoStack", undo_redo<What, qt>},
#endif
                         {"ours", undo_redo<What, typename What::ours>},
                         {"ours, any_command", undo_redo<What, any>}}};
}

const gof::bench::comparison push_edits(pushes<edits>("push an edit"));
const gof::bench::comparison push_numbers(pushes<numbers>("push a number"));
const gof::bench::comparison undo_edits(undos<edits>("undo and redo an edit"));
const gof::bench::comparison undo_numbers(undos<numbers>("undo and redo a number"));

}  // namespace
