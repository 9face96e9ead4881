// SPDX-License-Identifier: BSL-1.0
// Keeping states: a large one with a small write between two mementos, and small ones.
#include <array>
#include <deque>
#include <gof/memento.hpp>
#include <gof/memento/chunked.hpp>
#include <gof/memento/persistence.hpp>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/bench.hpp"

namespace {

namespace mem = gof::memento;

constexpr std::size_t kept = 8;  // so many versions are kept

// Places to write to, one after the other, all over a state.
class places {
 public:
  explicit places(std::size_t size) : size_(size) {}
  std::size_t next() { return at_ = (at_ + 400'009) % (size_ - 8); }

 private:
  std::size_t size_, at_ = 0;
};
constexpr std::string_view written = "8 bytes!";

/// [problem]
// By hand: a copy of all for each version.
class copies {
 public:
  explicit copies(std::size_t size) : now_(size, 'a') {}
  void write(std::size_t at, std::string_view text) { now_.replace(at, text.size(), text); }
  void save() {
    versions_.push_back(now_);
    if (versions_.size() > kept) versions_.pop_front();
  }
  void restore() { now_ = versions_.back(); }
  char operator[](std::size_t i) const { return now_[i]; }

 private:
  std::string now_;
  std::deque<std::string> versions_;
};
/// [problem]

// A version is shared until the next write.
class copy_on_write {
 public:
  explicit copy_on_write(std::size_t size) : now_(std::make_shared<std::string>(size, 'a')) {}
  void write(std::size_t at, std::string_view text) {
    if (now_.use_count() != 1) now_ = std::make_shared<std::string>(*now_);
    now_->replace(at, text.size(), text);
  }
  void save() {
    versions_.push_back(now_);
    if (versions_.size() > kept) versions_.pop_front();
  }
  void restore() { now_ = versions_.back(); }
  char operator[](std::size_t i) const { return (*now_)[i]; }

 private:
  std::shared_ptr<std::string> now_;
  std::deque<std::shared_ptr<std::string>> versions_;
};

// Every write is remembered, with what was there before: not a memento, but an undo log.
class undo_log {
 public:
  explicit undo_log(std::size_t size) : now_(size, 'a') {}
  void write(std::size_t at, std::string_view text) {
    versions_.back().emplace_back(at, now_.substr(at, text.size()));
    now_.replace(at, text.size(), text);
  }
  void save() {
    versions_.emplace_back();
    if (versions_.size() > kept) versions_.pop_front();
  }
  void restore() {
    auto& writes = versions_.back();
    for (; !writes.empty(); writes.pop_back()) {
      now_.replace(writes.back().first, writes.back().second.size(), writes.back().second);
    }
  }
  char operator[](std::size_t i) const { return now_[i]; }

 private:
  std::string now_;
  std::deque<std::vector<std::pair<std::size_t, std::string>>> versions_{1};
};

/// [chunked]
// Ours: an originator whose state shares what was not written to.
class picture {
 public:
  using memento = mem::memento<picture, mem::chunked<char>>;
  explicit picture(std::size_t size) : pixels_(std::string(size, 'a')) {}
  void write(std::size_t at, std::string_view text) { pixels_.write(at, text); }
  memento create_memento() const { return memento(pixels_); }
  void set_memento(const memento& m) { m.restore(pixels_); }
  char operator[](std::size_t i) const { return pixels_[i]; }

 private:
  mem::chunked<char> pixels_;
};
/// [chunked]
// Ours, with a state that is copied.
class text {
 public:
  using memento = mem::memento<text, std::string>;
  explicit text(std::size_t size) : now_(size, 'a') {}
  void write(std::size_t at, std::string_view s) { now_.replace(at, s.size(), s); }
  memento create_memento() const { return memento(now_); }
  void set_memento(const memento& m) { m.restore(now_); }
  char operator[](std::size_t i) const { return now_[i]; }

 private:
  std::string now_;
};
template <class Originator>
class ours : public Originator {
 public:
  explicit ours(std::size_t size) : Originator(size) { versions_.set_limits({.mementos = kept}); }
  void save() { last_ = versions_.keep(this->create_memento()); }
  void restore() { versions_.restore(*this, last_); }

 private:
  mem::caretaker<typename Originator::memento> versions_;
  std::uint64_t last_ = 0;
};

template <class What>
void save(benchmark::State& state) {
  const auto size = static_cast<std::size_t>(state.range(0));
  What what(size);
  places at(size);
  for (std::size_t i = 0; i != kept; ++i) what.save();
  for (auto _ : state) {
    what.write(at.next(), written);
    what.save();
    benchmark::ClobberMemory();
  }
}
template <class What>
void take_back(benchmark::State& state) {
  const auto size = static_cast<std::size_t>(state.range(0));
  What what(size);
  places at(size);
  what.save();
  for (auto _ : state) {
    what.write(at.next(), written);
    what.restore();
    benchmark::ClobberMemory();
  }
}
// What a state costs that is in chunks: all of it is read.
template <class What>
void read(benchmark::State& state) {
  const What what(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) {
    benchmark::DoNotOptimize(&what);
    unsigned sum = 0;
    for (std::int64_t i = 0; i != state.range(0); ++i) {
      sum += static_cast<unsigned char>(what[static_cast<std::size_t>(i)]);
    }
    benchmark::DoNotOptimize(sum);
  }
}

gof::bench::plan large(const char* operation, auto hand, auto cow, auto log, auto chunks,
                       auto all) {
  return {.operation = operation,
          .sizes = {1 << 20},
          .contenders = {{"hand", hand},
                         {"copy-on-write", cow},
                         {"undo log", log},
                         {"ours, chunked", chunks},
                         {"ours, string", all}}};
}
const gof::bench::comparison saves(large("save 1 MB after a write", save<copies>,
                                         save<copy_on_write>, save<undo_log>, save<ours<picture>>,
                                         save<ours<text>>));
const gof::bench::comparison restores(large("write to 1 MB and take it back", take_back<copies>,
                                            take_back<copy_on_write>, take_back<undo_log>,
                                            take_back<ours<picture>>, take_back<ours<text>>));
const gof::bench::comparison reads({.operation = "read a byte",
                                    .sizes = {1 << 20},
                                    .per_item = true,
                                    .contenders = {{"hand", read<copies>},
                                                   {"ours, chunked", read<picture>}}});

// A small state, as of a game.
struct board {
  std::array<unsigned char, 64> squares{};
  unsigned turn = 0;
};
class small_by_hand {
 public:
  void play(std::size_t at) { now_.squares[at % 64] = static_cast<unsigned char>(++now_.turn); }
  void save() {
    versions_.push_back(now_);
    if (versions_.size() > kept) versions_.pop_front();
  }
  void restore() { now_ = versions_.back(); }

 private:
  board now_;
  std::deque<board> versions_;
};
class game {
 public:
  using memento = mem::memento<game, board>;
  void play(std::size_t at) { now_.squares[at % 64] = static_cast<unsigned char>(++now_.turn); }
  memento create_memento() const { return memento(now_); }
  void set_memento(const memento& m) { m.restore(now_); }

 private:
  board now_;
};
class small_ours : public game {
 public:
  small_ours() { versions_.set_limits({.mementos = kept}); }
  void save() { last_ = versions_.keep(create_memento()); }
  void restore() { versions_.restore(*this, last_); }

 private:
  mem::caretaker<memento> versions_;
  std::uint64_t last_ = 0;
};
// The caretaker alone: the label of a `std::deque`'s entry costs as well.
class small_deque : public game {
 public:
  void save() {
    versions_.push_back(create_memento());
    if (versions_.size() > kept) versions_.pop_front();
  }
  void restore() { set_memento(versions_.back()); }

 private:
  std::deque<memento> versions_;
};
template <class What>
void save_and_restore(benchmark::State& state) {
  What what;
  std::size_t at = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(&what);
    what.play(++at);
    what.save();
    what.play(++at);
    what.restore();
    benchmark::ClobberMemory();
  }
}
const gof::bench::comparison small({.operation = "save and restore 68 bytes",
                                    .contenders = {
                                        {"hand", save_and_restore<small_by_hand>},
                                        {"ours, in a std::deque", save_and_restore<small_deque>},
                                        {"ours", save_and_restore<small_ours>}}});

}  // namespace
