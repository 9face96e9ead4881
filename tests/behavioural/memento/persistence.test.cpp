// SPDX-License-Identifier: BSL-1.0
#include <gof/memento/persistence.hpp>
// The header under test comes first, so that it has to stand alone.
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <string_view>

#include "support/allocations.hpp"

namespace {

namespace mem = gof::memento;

// Originator, with a codec: version 2 has a title before its text.
class note {
  struct state {
    std::string title, text;
  };

 public:
  using memento = mem::memento<note, state>;
  memento create_memento() const { return memento(state_); }
  void set_memento(const memento& m) { m.restore(state_); }
  note() = default;
  note(std::string title, std::string text) : state_{std::move(title), std::move(text)} {}
  const std::string& title() const { return state_.title; }
  const std::string& text() const { return state_.text; }

  struct codec {
    static constexpr std::string_view name = "note";
    static constexpr std::uint32_t version = 2;
    static std::string encode(const memento& m) {
      return std::to_string(m.state().title.size()) + ' ' + m.state().title + m.state().text;
    }
    static memento decode(std::string_view bytes) {
      const std::size_t space = bytes.find(' ');
      if (space == std::string_view::npos) throw std::invalid_argument("no note");
      const std::size_t size = std::stoul(std::string(bytes.substr(0, space)));
      bytes.remove_prefix(space + 1);
      return memento({std::string(bytes.substr(0, size)), std::string(bytes.substr(size))});
    }
  };
  // Knows version 1 as well, which had no title; there was never a version 0.
  struct patient_codec : codec {
    static memento migrate(std::uint32_t version, std::string_view bytes) {
      if (version != 1) throw mem::other_version("there is no such version", version);
      return memento({"untitled", std::string(bytes)});
    }
  };

 private:
  state state_;
};
struct version_1 : note::codec {
  static constexpr std::uint32_t version = 1;
  static std::string encode(const note::memento& m) {
    return codec::encode(m).substr(std::string("0 ").size());
  }
};
struct version_3 : note::codec {
  static constexpr std::uint32_t version = 3;
};
struct version_0 : note::codec {
  static constexpr std::uint32_t version = 0;
};
struct letter : note::codec {
  static constexpr std::string_view name = "letter";
};
struct older_letter : letter {
  static constexpr std::uint32_t version = 1;
};

static_assert(mem::codec_of<note::codec, note::memento>);
static_assert(mem::codec_of<note::patient_codec, note::memento>);
static_assert(!mem::codec_of<note::codec, std::string>);
static_assert(!mem::codec_of<note, note::memento>);
static_assert(std::is_same_v<decltype(mem::load("", note::codec())), note::memento>);
static_assert(std::is_base_of_v<std::runtime_error, mem::damaged>);
static_assert(std::is_base_of_v<std::runtime_error, mem::other_version>);

std::string saved(const note& n) { return mem::save(n.create_memento(), note::codec()); }

// Bytes that a careless format would stumble over.
std::string random_text(std::mt19937& random) {
  std::string text(random() % 20, ' ');
  for (char& c : text) c = "\n0 1\0a\xff"[random() % 8];
  return text;
}

class Seeded : public testing::TestWithParam<unsigned> {};
INSTANTIATE_TEST_SUITE_P(MementoPersistence, Seeded, testing::Range(0U, 100U));

TEST_P(Seeded, WhatIsLoadedIsWhatWasSaved) {
  std::mt19937 random(GetParam());
  const std::string title = random_text(random), text = random_text(random);
  note n("before", "before");
  n.set_memento(mem::load(saved(note(title, text)), note::codec()));
  EXPECT_EQ(n.title(), title);
  EXPECT_EQ(n.text(), text);
}

TEST(MementoPersistence, WhatIsDamagedIsRefused) {
  const std::string text = saved(note("a title", "and\na text"));
  const auto refused = [&](const std::string& damaged) {
    EXPECT_THROW(static_cast<void>(mem::load(damaged, note::patient_codec())), mem::damaged)
        << damaged;
  };
  for (std::size_t i = 0; i != text.size(); ++i) {
    std::string damaged = text;
    damaged[i] = static_cast<char>(damaged[i] ^ 1);
    refused(damaged);
    refused(std::string(text).erase(i, 1));
    refused(text.substr(0, i));
    refused(std::string(text).insert(i, 1, '7'));
  }
  refused(text + ' ');
  refused("");
}

// Texts whose checksum is right, as a wrong program or a malicious one writes them.
std::string forged(const std::string& body) {
  return "gof memento 1\n" + std::to_string(mem::detail::checksum(body)) + ' ' + body;
}

TEST(MementoPersistence, WhatIsForgedIsRefused) {
  note n;
  n.set_memento(mem::load(forged("2 note\n1 ab"), note::codec()));
  EXPECT_EQ(n.title(), "a");
  EXPECT_EQ(n.text(), "b");
  for (const char* body : {"", "2", "2 ", "2 note", "2note\n1 ab", "-2 note\n1 ab", " note\n1 ab",
                           "2x note\n1 ab", "4294967298 note\n1 ab"}) {
    EXPECT_THROW(static_cast<void>(mem::load(forged(body), note::codec())), mem::damaged) << body;
  }
  EXPECT_THROW(static_cast<void>(
                   mem::load("gof memento 1\n18446744073709551616 2 note\n1 ab", note::codec())),
               mem::damaged);
}

TEST(MementoPersistence, AnotherVersionIsRefused) {
  const note n("", "text");
  const auto refuses = [](const std::string& text, const auto& codec, std::uint32_t version,
                          const std::string& message) {
    try {
      static_cast<void>(mem::load(text, codec));
      FAIL() << message;
    } catch (const mem::other_version& e) {
      EXPECT_EQ(e.version(), version);
      EXPECT_EQ(e.what(), message);
    }
  };
  const std::string older = mem::save(n.create_memento(), version_1());
  const std::string newer = mem::save(n.create_memento(), version_3());
  const std::string other = mem::save(n.create_memento(), letter());
  refuses(older, note::codec(), 1,
          "gof::memento: this was saved as \"note\", version 1; what is loaded here is \"note\", "
          "version 2");
  const std::string too_new =
      "gof::memento: this was saved as \"note\", version 3; what is loaded here is \"note\", "
      "version 2";
  refuses(newer, note::codec(), 3, too_new);
  refuses(newer, note::patient_codec(), 3, too_new);
  refuses(other, note::patient_codec(), 2,
          "gof::memento: this was saved as \"letter\", version 2; what is loaded here is "
          "\"note\", version 2");
  refuses(mem::save(n.create_memento(), version_0()), note::patient_codec(), 0,
          "there is no such version");
}

TEST(MementoPersistence, AnOlderVersionIsMigrated) {
  note n;
  const std::string older = mem::save(note("", "text").create_memento(), version_1());
  n.set_memento(mem::load(older, note::patient_codec()));
  EXPECT_EQ(n.title(), "untitled");
  EXPECT_EQ(n.text(), "text");
}

TEST(MementoPersistence, AnOlderVersionOfAnotherNameIsNotMigrated) {
  const std::string other = mem::save(note("", "text").create_memento(), older_letter());
  EXPECT_THROW(static_cast<void>(mem::load(other, note::patient_codec())), mem::other_version);
}

TEST(MementoPersistence, LetsTheCodecsErrorsThrough) {
  EXPECT_THROW(static_cast<void>(mem::load(forged("2 note\nx"), note::codec())),
               std::invalid_argument);
}

TEST(MementoPersistence, ChecksumIsThePublishedOne) {  // FNV-1a test vectors of its authors
  EXPECT_EQ(mem::detail::checksum(""), 0xcbf29ce484222325U);
  EXPECT_EQ(mem::detail::checksum("a"), 0xaf63dc4c8601ec8cU);
  EXPECT_EQ(mem::detail::checksum("foobar"), 0x85944171f73967e8U);
}

TEST(MementoPersistence, LosesNothingWhereMemoryRunsOut) {
  const std::string title(100, 't'), text(100, 'x');
  const note n(title, text);
  std::string all;
  const std::size_t failed_saves =
      gof::testing::fail_each_allocation([&] { all = saved(n); }, [&] { EXPECT_EQ(all, ""); });
  EXPECT_GT(failed_saves, 0U);
  note loaded("old", "note");
  const std::size_t failed_loads =
      gof::testing::fail_each_allocation([&] { loaded.set_memento(mem::load(all, note::codec())); },
                                         [&] {
                                           EXPECT_EQ(loaded.title(), "old");
                                           EXPECT_EQ(loaded.text(), "note");
                                         });
  EXPECT_GT(failed_loads, 0U);
  EXPECT_EQ(loaded.title(), title);
  EXPECT_EQ(loaded.text(), text);
}

}  // namespace
