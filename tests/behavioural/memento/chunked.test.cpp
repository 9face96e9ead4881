// SPDX-License-Identifier: BSL-1.0
#include <gof/memento/chunked.hpp>
// The header under test comes first, so that it has to stand alone.
#include <gtest/gtest.h>

#include <deque>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "support/allocations.hpp"

namespace {

namespace mem = gof::memento;

using bytes = mem::chunked<char>;
// Large enough that only a few are in a chunk.
struct wide {
  int value;
  char rest[1500];
  friend bool operator==(const wide& a, const wide& b) { return a.value == b.value; }
};
struct huge {
  char all[5000];
};

static_assert(bytes::chunk_size == 4096 && mem::chunked<int>::chunk_size == 1024);
static_assert(mem::chunked<wide>::chunk_size == 2 && mem::chunked<huge>::chunk_size == 1);
static_assert(std::is_nothrow_move_constructible_v<bytes>);
static_assert(std::is_nothrow_move_assignable_v<bytes>);
static_assert(std::equality_comparable<bytes> && !std::equality_comparable<mem::chunked<huge>>);
static_assert(!std::is_convertible_v<std::string_view, bytes>);

bytes make(std::string_view text) { return bytes(text); }
template <class T>
std::vector<T> items(const mem::chunked<T>& from) {
  std::vector<T> all;
  all.reserve(from.size());
  from.for_each_chunk([&](std::span<const T> s) {
    EXPECT_FALSE(s.empty());
    all.insert(all.end(), s.data(), s.data() + s.size());
  });
  return all;
}
template <class T>
bool same(const mem::chunked<T>& ours, const std::vector<T>& model) {
  std::size_t at = 0;
  bool equal = ours.size() == model.size();
  ours.for_each_chunk([&](std::span<const T> s) {
    equal = equal && !s.empty() && at + s.size() <= model.size() &&
            std::equal(s.data(), s.data() + s.size(), model.data() + at);
    at += s.size();
  });
  return equal && at == model.size();
}
std::string text(const bytes& from) {
  const std::vector<char> all = items(from);
  return {all.begin(), all.end()};
}
// What is paid for each chunk, for each 32 of them, and for the sequence itself.
const std::size_t a_chunk = make(std::string(4097, 'a')).cost() - make("a").cost();
const std::size_t a_block = make("a").cost() - a_chunk - sizeof(bytes) - sizeof(void*);
std::size_t fixed(std::size_t blocks) { return sizeof(bytes) + blocks * sizeof(void*); }

class Seeded : public testing::TestWithParam<unsigned> {};
INSTANTIATE_TEST_SUITE_P(Chunked, Seeded, testing::Range(0U, 40U));

// Versions that share chunks, each against a vector of its own.
template <class T, class Make>
void run(unsigned seed, std::size_t most, Make make_item) {
  std::mt19937 random(seed);
  std::deque<mem::chunked<T>> ours(1);
  std::deque<std::vector<T>> model(1);
  for (int i = 0; i != 50; ++i) {
    const std::size_t v = random() % ours.size();
    auto& x = ours[v];
    auto& m = model[v];
    const std::size_t at = random() % (m.size() + 1);
    switch (random() % 6) {
      case 0:
        ours.push_back(mem::chunked<T>(x));
        model.push_back(std::vector<T>(m));
        break;
      case 1: {
        const std::size_t other = random() % ours.size();
        x = mem::chunked<T>(ours[other]);
        m = std::vector<T>(model[other]);
        break;
      }
      case 2:
        x.truncate(at);
        m.resize(at);
        break;
      case 3: {
        const T item = make_item(random());
        x.write(at, item);
        if (at == m.size()) m.push_back(item);
        m[at] = item;
        break;
      }
      default: {
        std::vector<T> more;
        for (auto n = random() % most; n != 0; --n) more.push_back(make_item(random()));
        x.write(at, more);
        if (m.size() < at + more.size()) m.resize(at + more.size());
        std::copy(more.begin(), more.end(), m.begin() + static_cast<std::ptrdiff_t>(at));
        break;
      }
    }
    for (std::size_t k = 0; k != ours.size(); ++k) {
      ASSERT_TRUE(same(ours[k], model[k])) << "version " << k << ", operation " << i;
    }
    if (!m.empty()) {
      const std::size_t one = random() % m.size();
      ASSERT_TRUE(x[one] == m[one]);
    }
    const std::size_t other = random() % ours.size();
    ASSERT_EQ(x == ours[other], m == model[other]);
  }
}
TEST_P(Seeded, ACopyNeverChanges) {
  run<char>(GetParam(), 9'000, [](auto n) { return static_cast<char>(n % 2); });
  run<wide>(GetParam(), 90, [](auto n) { return wide{static_cast<int>(n % 2), {}}; });
}

TEST(Chunked, BeginsEmpty) {
  const bytes b;
  EXPECT_EQ(b.size(), 0U);
  EXPECT_EQ(text(b), "");
  EXPECT_EQ(b.cost(), sizeof(bytes));
  EXPECT_EQ(make("").cost(), sizeof(bytes));
}

TEST(Chunked, CostsWhatIsDifferent) {
  const std::string all(39 * 4096 + 1, 'a');
  const bytes before = make(all);
  EXPECT_EQ(before.cost(), fixed(2) + 2 * a_block + 40 * a_chunk);
  EXPECT_EQ(before.cost_after(bytes()), before.cost());
  EXPECT_EQ(before.cost_after(make(all)), before.cost()) << "equal, and not shared";
  bytes b = before;
  EXPECT_EQ(b.cost_after(before), fixed(2));
  b.write(5 * 4096, 'b');
  EXPECT_EQ(b.cost_after(before), fixed(2) + a_block + a_chunk);
  b.write(5 * 4096 + 4095, 'b');
  EXPECT_EQ(b.cost_after(before), fixed(2) + a_block + a_chunk) << "the same chunk";
  b.write(8 * 4096 - 1, std::string_view("bb"));
  EXPECT_EQ(b.cost_after(before), fixed(2) + a_block + 3 * a_chunk) << "and two more";
  b.write(b.size(), 'b');
  EXPECT_EQ(b.cost_after(before), fixed(2) + 2 * a_block + 4 * a_chunk) << "the last one grew";
  b.truncate(4096);
  EXPECT_EQ(b.cost_after(before), fixed(1) + a_block) << "its only chunk is shared";
  EXPECT_GE(a_chunk, 4096U);
  EXPECT_LE(a_chunk, 4096U + 16) << "little is added to a chunk";
  EXPECT_GE(a_block, 32 * sizeof(void*));
  EXPECT_LE(a_block, 32 * sizeof(void*) + 16);
}

TEST(Chunked, WritesInPlaceWhatIsNotShared) {
  bytes b = make(std::string(3 * 4096, 'a'));
  { const bytes copy = b; }
  const std::size_t before = gof::testing::allocations();
  b.write(4000, std::string_view("bbbbbb"));
  EXPECT_EQ(gof::testing::allocations(), before);
}

TEST(Chunked, RefusesAWriteAfterTheEnd) {
  bytes b = make("abc");
  EXPECT_THROW(b.write(4, 'd'), std::out_of_range);
  EXPECT_THROW(b.write(4, std::string_view()), std::out_of_range);
  EXPECT_EQ(text(b), "abc");
}

TEST(Chunked, KeepsNothingOfWhatWasTruncated) {
  bytes b = make(std::string(5000, 'a'));
  b.truncate(6000);
  EXPECT_EQ(b.size(), 5000U);
  b.truncate(4096);
  EXPECT_EQ(b.cost(), make("a").cost());
  const std::size_t before = gof::testing::allocations();
  b.write(4096, std::string_view("bc"));
  EXPECT_EQ(gof::testing::allocations(), before + 1) << "its second chunk was given back";
  EXPECT_EQ(text(b), std::string(4096, 'a') + "bc");
  b.truncate(0);
  EXPECT_EQ(b.cost(), sizeof(bytes));
}

TEST(Chunked, IsEmptyAfterItWasMoved) {
  bytes b = make("abc");
  bytes taken = std::move(b);
  EXPECT_EQ(text(taken), "abc");
  EXPECT_EQ(b.size(), 0U);  // NOLINT(bugprone-use-after-move): that is what is tested
  b.write(0, 'x');
  EXPECT_EQ(text(b), "x");
  b = std::move(taken);
  EXPECT_EQ(text(b), "abc");
}

TEST(Chunked, IsAsItWasWhereMemoryRunsOut) {
  const std::string old(31 * 4096 - 10, 'a'), more(3 * 4096, 'b');
  const bytes before = make(old);
  const bytes longer = make(old + more);
  bytes b = before;
  const auto is_as_it_was = [&] {
    EXPECT_EQ(text(b), old);
    EXPECT_EQ(text(before), old);
    EXPECT_TRUE(b == before);
    EXPECT_EQ(longer.cost_after(b), longer.cost());
    EXPECT_EQ(text(bytes(b)), old);
  };
  const std::size_t failed_writes = gof::testing::fail_each_allocation(
      [&] {
        b = before;
        b.write(30 * 4096, std::string_view(more));
      },
      is_as_it_was);
  EXPECT_GE(failed_writes, 5U) << "two blocks and three chunks";
  EXPECT_EQ(text(b), old.substr(0, 30 * 4096) + more);
  EXPECT_EQ(text(before), old);

  b = before;
  const std::size_t failed =
      gof::testing::fail_each_allocation([&] { b.truncate(10); }, is_as_it_was);
  EXPECT_EQ(failed, 1U) << "the block";
  EXPECT_EQ(text(b), old.substr(0, 10));
  EXPECT_EQ(text(before), old);
}

TEST(Chunked, MayBeUsedInThreadsThatShareChunks) {
  const std::string old(4 * 4096, 'a');
  bytes mine = make(old);
  std::vector<std::thread> threads;
  for (const char c : {'b', 'c'}) {
    threads.emplace_back([copy = mine, c, &old]() mutable {
      for (std::size_t i = 0; i != old.size(); i += 64) {
        const bytes kept = copy;
        copy.write(i, c);
        EXPECT_EQ(kept[i], 'a');
      }
      EXPECT_EQ(copy[old.size() - 64], c);
    });
  }
  for (std::size_t i = 0; i != old.size(); i += 64) mine.write(i, 'm');
  for (std::thread& t : threads) t.join();
  EXPECT_EQ(mine[64], 'm');
  EXPECT_EQ(mine[65], 'a');
}

// An originator with a large state, and a caretaker within a budget.
class picture {
 public:
  using memento = mem::memento<picture, bytes>;
  explicit picture(std::size_t size) : pixels_(std::string(size, 'w')) {}
  memento create_memento() const { return memento(pixels_); }
  void set_memento(const memento& m) { m.restore(pixels_); }
  void paint(std::size_t at, char colour) { pixels_.write(at, colour); }
  std::string pixels() const { return text(pixels_); }

 private:
  bytes pixels_;
};

TEST(Chunked, LetsACaretakerKeepManyVersionsInTheBytesOfOne) {
  constexpr std::size_t size = 1 << 18;
  picture p(size);
  mem::caretaker<picture::memento> c;
  std::vector<std::string> model;
  for (std::size_t i = 0; i != 50; ++i) {
    p.paint(i * 5'000, 'b');
    c.keep(p.create_memento());
    model.push_back(p.pixels());
  }
  EXPECT_LT(c.bytes(), 2 * size) << "of the 50 * size that they hold";
  c.set_limits({.bytes = size + size / 2});
  ASSERT_GT(c.size(), 20U);
  ASSERT_LT(c.size(), 50U);
  EXPECT_LE(c.bytes(), size + size / 2);
  c.drop(c[5].which);
  for (const auto& k : c) {
    c.restore(p, k.which);
    ASSERT_EQ(p.pixels(), model[k.which - 1]);
  }
}

}  // namespace
