// SPDX-License-Identifier: BSL-1.0
// Files whose bytes went bad, that were cut off, or that are not ours.
#include <gof/engines/file.hpp>
// The header under test comes first.
#include <sqlite3.h>

#include <filesystem>
#include <gof/wait.hpp>
#include <iostream>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "disk.hpp"
#include "support.hpp"

namespace {

using gof::blocking;
using gof::errc;
using gof::engines::join_file;
using gof::testing::disk;
using gof::testing::folder;

// What a file holds, as a user sees it.
struct contents {
  std::map<std::uint64_t, std::string> lines;
  std::map<std::string, std::pair<std::string, std::uint64_t>> values;
  std::set<std::uint64_t> unsettled;
  bool operator==(const contents&) const = default;
};
contents contents_of(const std::string& path) {
  const auto node = join_file(path, "reader");
  contents all;
  std::uint64_t end = 0;
  const gof::registration working = node->work("jobs", "workers", [&](gof::delivery it) {
    if (it.content.subject == "end")
      end = it.sequence;
    else
      all.unsettled.insert(it.sequence);
    it.settle(gof::verdict::done, {}, {});
  });
  const std::uint64_t last = blocking(*node).append("jobs", {"end"}).sequence;
  if (!node->run_until([&] { return end == last; }, std::chrono::seconds(10)))
    throw std::runtime_error("the jobs could not be read");
  all.lines = gof::testing::lines_of(*node, "log");
  all.values = gof::testing::values_of(*node, "values");
  return all;
}

// Some of everything: pages of records below a root, long values on pages of their own, free pages.
void fill(const std::string& path) {
  const auto node = join_file(path, "writer");
  blocking on(*node);
  std::mt19937_64 chance(11);
  for (std::uint64_t i = 1; i <= 150; ++i) {
    std::string body = "line " + std::to_string(i) + ' ';
    body.append(i % 40 == 0 ? 9000 : chance() % 150, static_cast<char>('a' + i % 26));
    on.append("log", {"line", body, {3, i}});
  }
  on.truncate("log", 30);
  for (int i = 0; i != 60; ++i)
    on.put("values", "k" + std::to_string(i % 40), std::string(chance() % 100, 'v'));
  for (int i = 0; i != 10; ++i) on.erase("values", "k" + std::to_string(i));
  for (int i = 0; i != 10; ++i) on.append("jobs", {"job", std::to_string(i)});
  int settled = 0;
  std::vector<gof::delivery> in_hand;  // it does not come again in this test
  gof::work_options how;
  how.at_once = 1;
  const gof::registration working = node->work(
      "jobs", "workers",
      [&](gof::delivery it) {
        if (it.sequence < 6)
          it.settle(gof::verdict::done, {}, [&](gof::result<void> r) { settled += bool(r); });
        else
          in_hand.push_back(std::move(it));
      },
      std::move(how));
  ASSERT_TRUE(node->run_until([&] { return settled == 5; }, std::chrono::seconds(10)));
}

struct outcomes {
  int refused = 0, harmless = 0;
};
// Opens it: it is refused as damaged, or it holds what it held.
void judge(const std::string& path, const contents& expected, outcomes& all) {
  try {
    const contents there = contents_of(path);
    EXPECT_TRUE(there == expected) << "it holds something else, and nobody was told";
    ++all.harmless;
  } catch (const gof::failure& failed) {
    EXPECT_EQ(failed.code(), errc::refused) << failed.what();
    const std::string text = failed.what();
    EXPECT_TRUE(text.find("damaged") != std::string::npos ||
                text.find("has format") != std::string::npos)
        << text;
    ++all.refused;
  }
}

TEST(FileEngine, ReportsADamagedByteOrIsRightInSpiteOfIt) {
  disk quick;  // nothing waits for the real one
  const folder in;
  fill(in / "kept.db");
  ASSERT_FALSE(std::filesystem::exists(in / "kept.db-wal"));
  const std::string good = gof::testing::read_file(in / "kept.db");
  constexpr std::size_t page = 4096;
  ASSERT_EQ(good.size() % page, 0u);
  const contents expected = contents_of(in / "kept.db");
  ASSERT_EQ(expected.lines.size(), 121u);

  std::mt19937_64 chance(12);
  std::vector<std::size_t> positions;
  for (std::size_t at = 0; at != good.size(); at += page) {
    // All of the file's head and of each page's, and some of the rest.
    for (std::size_t i = 0; i != (at == 0 ? 120 : 16); ++i) positions.push_back(at + i);
    for (std::size_t i = 0; i != 40; ++i) positions.push_back(at + chance() % page);
  }
  outcomes all;
  for (const std::size_t at : positions) {
    std::string bad = good;
    const auto flip = static_cast<char>(chance() % 4 == 0 ? 0xff : 1u << chance() % 8);
    bad[at] = static_cast<char>(bad[at] ^ flip);
    SCOPED_TRACE("byte " + std::to_string(at) + " is " + std::to_string(bad[at]));
    const folder other;
    gof::testing::write_file(other / "kept.db", bad);
    judge(other / "kept.db", expected, all);
    quick.done = {};
    if (HasFailure()) return;
  }
  std::cout << positions.size() << " damaged bytes in " << good.size() / page
            << " pages: " << all.refused << " refused, " << all.harmless << " without harm\n";
  EXPECT_GT(all.refused, 100);
  EXPECT_GT(all.harmless, 10) << "a byte that is not used may be anything";
}

TEST(FileEngine, RefusesAFileThatWasCutOff) {
  disk quick;
  const folder in;
  fill(in / "kept.db");
  const std::string good = gof::testing::read_file(in / "kept.db");
  const contents expected = contents_of(in / "kept.db");
  outcomes all;
  std::vector<std::size_t> sizes{1, 15, 16, 99, 100, 4095, good.size() - 1};
  for (std::size_t size = 512; size < good.size(); size += 512) sizes.push_back(size);
  for (const std::size_t size : sizes) {
    SCOPED_TRACE(std::to_string(size) + " bytes are left");
    const folder other;
    gof::testing::write_file(other / "kept.db", good.substr(0, size));
    judge(other / "kept.db", expected, all);
    if (HasFailure()) return;
  }
  EXPECT_EQ(all.harmless, 0);
}

// What a kill left in the log: a byte that went bad there ends what is found, as a write does that
// was cut off; what is found is a beginning of what was there, and never anything else.
TEST(FileEngine, FindsABeginningOfALogThatIsDamaged) {
  auto watched = std::make_unique<disk>();
  const folder in;
  constexpr std::uint64_t lines = 30;
  disk::history::image left;
  {
    const auto node = join_file(in / "kept.db", "writer");
    for (std::uint64_t i = 1; i <= lines; ++i)
      blocking(*node).append("log", {"line", "line " + std::to_string(i)});
    left = watched->done.after(watched->done.events.size(), disk::history::unsynced::kept);
  }
  watched.reset();
  const disk quick;
  const std::string log = left.at(in / "kept.db-wal");
  std::mt19937_64 chance(13);
  std::set<std::size_t> found;
  for (int i = 0; i != 300; ++i) {
    const std::size_t at = i < 56 ? static_cast<std::size_t>(i) : chance() % log.size();
    SCOPED_TRACE("byte " + std::to_string(at));
    const folder other;
    gof::testing::write_file(other / "kept.db", left.at(in / "kept.db"));
    std::string bad = log;
    bad[at] = static_cast<char>(bad[at] ^ 1 << chance() % 8);
    gof::testing::write_file(other / "kept.db-wal", bad);
    const auto node = join_file(other / "kept.db", "reader");
    const auto there = gof::testing::lines_of(*node, "log");
    found.insert(there.size());
    for (std::uint64_t n = 1; n <= there.size(); ++n)
      ASSERT_EQ(there.at(n), "line " + std::to_string(n));
  }
  EXPECT_GT(found.size(), 20u);
}

// ---- What is not ours ---------------------------------------------------------------------------

void execute(const std::string& path, const std::string& what) {
  sqlite3* it = nullptr;
  ASSERT_EQ(sqlite3_open(path.c_str(), &it), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(it, what.c_str(), nullptr, nullptr, nullptr), SQLITE_OK);
  sqlite3_close(it);
}
// It is refused, and neither it nor its folder is changed. Returns why.
std::string refused(const folder& in, const std::string& path) {
  const std::string before = gof::testing::read_file(path);
  std::string why;
  try {
    const auto node = join_file(path, "reader");
    ADD_FAILURE() << path << " was taken";
  } catch (const gof::failure& failed) {
    EXPECT_EQ(failed.code(), errc::refused);
    why = failed.what();
  }
  EXPECT_EQ(gof::testing::read_file(path), before);
  int files = 0;
  for (const auto& file : std::filesystem::directory_iterator(in.path())) {
    EXPECT_EQ(file.path().string(), path);
    ++files;
  }
  EXPECT_EQ(files, 1);
  return why;
}

TEST(FileEngine, TakesAnEmptyFileForANewOne) {
  const folder in;
  gof::testing::write_file(in / "kept.db", "");
  const auto node = join_file(in / "kept.db", "writer");
  EXPECT_EQ(blocking(*node).append("log", {"line"}).sequence, 1u);
}
TEST(FileEngine, LeavesATextAsItIs) {
  for (const std::string text : {"Dear Ada,\n", "x"}) {
    const folder in;
    gof::testing::write_file(in / "letter.txt", text);
    EXPECT_NE(refused(in, in / "letter.txt").find("not a file of gof"), std::string::npos);
  }
}
TEST(FileEngine, LeavesTheFilesOfOtherProgramsAsTheyAre) {
  for (const std::string mode : {"DELETE", "WAL"}) {
    const folder in;
    execute(in / "other.db", "PRAGMA journal_mode=" + mode + "; CREATE TABLE kept(key, value)");
    EXPECT_NE(refused(in, in / "other.db").find("another program"), std::string::npos);
  }
}
TEST(FileEngine, LeavesAFileOfANewerVersionAsItIs) {
  const folder in;
  fill(in / "kept.db");
  execute(in / "kept.db", "PRAGMA user_version=2");
  EXPECT_NE(refused(in, in / "kept.db").find("format 2"), std::string::npos);
}
TEST(FileEngine, LeavesAFileWithMoreInItAsItIs) {
  const folder in;
  fill(in / "kept.db");
  execute(in / "kept.db", "CREATE TABLE more(it)");
  EXPECT_NE(refused(in, in / "kept.db").find("not as it was made"), std::string::npos);
}

}  // namespace
