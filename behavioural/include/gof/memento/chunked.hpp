// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// A sequence whose copies share what has not changed since: a state that is cheap to keep.

#include <algorithm>
#include <array>
#include <atomic>
#include <concepts>
#include <cstddef>
#include <gof/memento.hpp>
#include <span>
#include <stdexcept>
#include <type_traits>
#include <utility>
#include <vector>

namespace gof::inline v0::memento {

/// \addtogroup memento
/// @{

/// A sequence in chunks of 4 KiB. A copy shares them all; a write makes those its own that it
/// touches. So a memento of it keeps what is different from the one before.
/// \tparam T what it is a sequence of: bytes, pixels, moves
/// \threads as an `int`: different ones in different threads, also where they share chunks
/// \law ACopyNeverChanges: whatever is written to the original, and the other way round
/// \law CostsWhatIsDifferent: after a write, a copy costs the chunks that were touched and what
/// points to them, and a pointer for each 32 chunks
template <class T>
  requires std::is_trivially_copyable_v<T> && std::default_initializable<T>
class chunked {
 public:
  /// So many are in a chunk.
  static constexpr std::size_t chunk_size = std::max<std::size_t>(4096 / sizeof(T), 1);

  chunked() = default;
  /// \param items what it begins with, copied
  explicit chunked(std::span<const T> items) { write(0, items); }
  /// Shares all chunks. \param other the original
  chunked(const chunked& other) = default;
  /// \param other empty afterwards
  chunked(chunked&& other) noexcept
      : blocks_(std::move(other.blocks_)), size_(std::exchange(other.size_, 0)) {}
  /// Shares all chunks, or takes them where `other` is moved.
  /// \param other what replaces this \returns this
  chunked& operator=(chunked other) noexcept {
    blocks_.swap(other.blocks_);
    std::swap(size_, other.size_);
    return *this;
  }

  /// Overwrites items, and appends those that come after the end.
  /// \param at where the first is written, at most `size()` \param items not a part of this
  /// \throws std::out_of_range, std::bad_alloc; unchanged \complexity linear in the chunks touched
  void write(std::size_t at, std::span<const T> items) {
    if (at > size_) throw std::out_of_range("gof::memento: a write begins after the end");
    const std::size_t end = at + items.size();
    for (std::size_t i = at / chunk_size; i < count(end); ++i) own(i);
    size_ = std::max(size_, end);  // nothing fails from here on
    while (at != end) {
      const std::size_t n = std::min(end - at, chunk_size - at % chunk_size);
      std::copy_n(items.data() + (items.size() - (end - at)), n,
                  chunk_at(at / chunk_size)->data() + at % chunk_size);
      at += n;
    }
  }
  /// Overwrites one. \param at less than `size()` or, to append, equal to it \param item the new
  /// one \throws std::out_of_range, std::bad_alloc; unchanged
  void write(std::size_t at, T item) { write(at, std::span<const T>(&item, 1)); }
  /// Drops what is after a number of items. \param size the number
  /// \throws std::bad_alloc; unchanged
  void truncate(std::size_t size) {
    const std::size_t last = count(std::min(size, size_));
    if (last % block_size != 0) {
      blocks_[last / block_size].own();
      for (std::size_t i = last; i % block_size != 0; ++i) chunk_at(i) = chunk();
    }
    const std::size_t blocks = last / block_size + (last % block_size != 0 ? 1 : 0);
    blocks_.erase(blocks_.begin() + static_cast<std::ptrdiff_t>(blocks), blocks_.end());
    size_ = std::min(size, size_);
  }

  /// \returns how many there are
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  /// \returns one of them \param i less than `size()`
  [[nodiscard]] const T& operator[](std::size_t i) const noexcept {
    return (*chunk_at(i / chunk_size))[i % chunk_size];
  }
  /// Calls `f(std::span<const T>)` for one chunk after the other; together they are all items.
  /// \param f what is called \throws what it throws
  template <class F>
  void for_each_chunk(F f) const {
    for (std::size_t i = 0; i != count(size_); ++i) f(items_of(i));
  }
  /// Equal items? What is shared is not compared.
  friend bool operator==(const chunked& a, const chunked& b) requires std::equality_comparable<T> {
    if (a.size_ != b.size_) return false;
    for (std::size_t i = 0; i != count(a.size_); ++i) {
      const std::span<const T> x = a.items_of(i), y = b.items_of(i);
      if (x.data() != y.data() && !std::equal(x.begin(), x.end(), y.begin())) return false;
    }
    return true;
  }

  /// \returns how many bytes it takes
  [[nodiscard]] std::size_t cost() const noexcept { return cost_after({}); }
  /// \returns how many of them are not shared with another \param before the other
  [[nodiscard]] std::size_t cost_after(const chunked& before) const noexcept {
    std::size_t bytes = sizeof(chunked) + blocks_.size() * sizeof(block);
    for (std::size_t b = 0; b != blocks_.size(); ++b) {
      const block* const old = b < before.blocks_.size() ? &before.blocks_[b] : nullptr;
      if (old != nullptr && *old == blocks_[b]) continue;
      bytes += block::cost;
      for (std::size_t i = 0; i != block_size && b * block_size + i < count(size_); ++i) {
        if (old == nullptr || (**old)[i] != (*blocks_[b])[i]) bytes += chunk::cost;
      }
    }
    return bytes;
  }

 private:
  // A value that is shared by its copies until one of them makes it its own.
  template <class Value>
  class shared {
    struct node {
      std::atomic<std::size_t> users = 1;
      Value value{};
    };

   public:
    static constexpr std::size_t cost = sizeof(node);
    shared() = default;  // there is none
    shared(const shared& other) noexcept : node_(other.node_) {
      if (node_ != nullptr) node_->users.fetch_add(1, std::memory_order_relaxed);
    }
    shared(shared&& other) noexcept : node_(std::exchange(other.node_, nullptr)) {}
    shared& operator=(shared other) noexcept {
      std::swap(node_, other.node_);
      return *this;
    }
    ~shared() {
      if (node_ != nullptr && node_->users.fetch_sub(1, std::memory_order_acq_rel) == 1) {
        delete node_;
      }
    }
    // What there is becomes this one's alone; where there is none, a new value is.
    void own() {
      if (node_ != nullptr && node_->users.load(std::memory_order_acquire) == 1) return;
      shared copy;
      copy.node_ = node_ == nullptr ? new node : new node{1, node_->value};
      *this = std::move(copy);
    }
    Value& operator*() const noexcept { return node_->value; }
    Value* operator->() const noexcept { return &node_->value; }
    friend bool operator==(const shared&, const shared&) = default;  // the same?

   private:
    node* node_ = nullptr;
  };

  static constexpr std::size_t block_size = 32;
  using chunk = shared<std::array<T, chunk_size>>;
  using block = shared<std::array<chunk, block_size>>;

  static std::size_t count(std::size_t items) noexcept {
    return items / chunk_size + (items % chunk_size != 0 ? 1 : 0);
  }
  chunk& chunk_at(std::size_t i) const noexcept {
    return (*blocks_[i / block_size])[i % block_size];
  }
  std::span<const T> items_of(std::size_t i) const noexcept {
    return {chunk_at(i)->data(), std::min(chunk_size, size_ - i * chunk_size)};
  }
  void own(std::size_t i) {
    if (i / block_size == blocks_.size()) {
      block next;
      next.own();
      blocks_.push_back(std::move(next));
    }
    blocks_[i / block_size].own();
    chunk_at(i).own();
  }

  // Invariant: there are as many chunks as size_ needs; where a write failed, there may be more.
  // What has another user is not written to.
  std::vector<block> blocks_;
  std::size_t size_ = 0;
};

/// @}
}  // namespace gof::inline v0::memento
