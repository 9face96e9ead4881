// SPDX-License-Identifier: BSL-1.0
#include <gof/engines/file.hpp>
// The header under test comes first.
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <gof/join.hpp>
#include <gof/wait.hpp>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "engines/conformance.hpp"
#include "engines/file/support.hpp"

namespace gof::testing {
namespace {

struct embedded_in_file final : engine_under_test {
  folder in;
  std::unique_ptr<node> join(std::string name) override {
    return gof::join("file:" + in / "kept.db" + "?durability=process", {std::move(name)});
  }
  [[nodiscard]] bool has_threads() const override { return true; }
};
std::unique_ptr<engine_under_test> make_file() { return std::make_unique<embedded_in_file>(); }
INSTANTIATE_TEST_SUITE_P(File, Conformance, ::testing::Values(&make_file));

// ---- Taking part --------------------------------------------------------------------------------

// Why a URL is refused, or nothing.
error refusal(const std::string& rest_of_url) {
  try {
    const auto it = engines::join_file(rest_of_url, "newcomer");
    ADD_FAILURE() << rest_of_url << " was taken";
    return {};
  } catch (const failure& failed) {
    return failed.reason();
  }
}
bool says(const error& why, std::string_view words) {
  return why.message.find(words) != std::string::npos;
}

TEST(FileEngine, SharesOneBrokerAmongAllThatNameTheSameFile) {
  const folder in;
  std::filesystem::create_symlink(in / "kept.db", in / "link.db");
  const auto one = join("file:" + in / "kept.db");
  const auto two = join("file:" + in / "link.db?durability=power");
  const auto three =
      join("file:" + in.path() + "/../" + in.path().substr(in.path().rfind('/')) + "/kept.db");
  blocking(*one).put("values", "k", "one");
  EXPECT_EQ(blocking(*two).get("values", "k").value, "one");
  EXPECT_EQ(blocking(*three).get("values", "k").value, "one");
  EXPECT_NE(one->name(), two->name());
  EXPECT_TRUE(one->promises().durable);
  EXPECT_EQ(refusal(in / "kept.db?durability=process").why, errc::conflict);
  std::filesystem::create_hard_link(in / "kept.db", in / "hard.db");
  const error why = refusal(in / "hard.db");
  EXPECT_EQ(why.why, errc::conflict) << "SQLite would not know that it is the same";
}

TEST(FileEngine, SaysWhatIsWrongWithAPath) {
  const folder in;
  EXPECT_TRUE(says(refusal(""), "names no file"));
  const error folderless = refusal(in / "none/kept.db");
  EXPECT_EQ(folderless.why, errc::not_found);
  EXPECT_TRUE(says(folderless, "there is no folder")) << folderless.message;
  const error is_folder = refusal(in.path());
  EXPECT_EQ(is_folder.why, errc::refused);
  EXPECT_TRUE(says(is_folder, "is a folder")) << is_folder.message;
  ASSERT_EQ(::mkfifo((in / "pipe").c_str(), 0600), 0);
  EXPECT_TRUE(says(refusal(in / "pipe"), "no ordinary file"));
  for (const std::string options : {"durabilty=power", "durability=", "durability=power&x", ""}) {
    const error unknown = refusal(in / "kept.db?" + options);
    EXPECT_EQ(unknown.why, errc::refused);
    EXPECT_TRUE(says(unknown, "unknown option")) << unknown.message;
  }
  EXPECT_FALSE(std::filesystem::exists(in / "kept.db")) << "nothing is made by what is refused";
}

// Runs it in another process. Returns the code with which that ends.
template <class Do>
int elsewhere(Do what) {
  const pid_t parent = ::getpid();
  const pid_t process = ::fork();
  if (process == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(99);
    ::alarm(30);
    try {
      ::_exit(what());
    } catch (...) {
      ::_exit(98);
    }
  }
  int status = 0;
  ::waitpid(process, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 97;
}
int code_of_refusal(const std::string& rest_of_url) {
  try {
    static_cast<void>(engines::join_file(rest_of_url, "newcomer"));
    return 0;
  } catch (const failure& failed) {
    return failed.code().value();
  }
}

TEST(FileEngine, IsOfOneProcessAtATime) {
  const folder in;
  auto node = join("file:" + in / "kept.db");
  blocking(*node).append("log", {"line"});
  EXPECT_EQ(elsewhere([&] {
              try {
                static_cast<void>(engines::open_file(in / "kept.db"));
                return 0;
              } catch (const failure& failed) {
                return says(failed.reason(), "in use by another process") ? failed.code().value()
                                                                          : 95;
              }
            }),
            static_cast<int>(errc::conflict));
  blocking(*node).append("log", {"line"});
  node.reset();
  EXPECT_EQ(elsewhere([&] {
              const auto other = join("file:" + in / "kept.db");
              return static_cast<int>(blocking(*other).append("log", {"line"}).sequence);
            }),
            3);
}

TEST(FileEngine, SaysThatItMayNotWrite) {
  const folder in;
  { const auto node = join("file:" + in / "kept.db"); }
  // Who may everything is nobody for this.
  const auto as_nobody = [&](const std::string& path) {
    return elsewhere([&] {
      if (::geteuid() == 0 && (::setgid(65534) != 0 || ::setuid(65534) != 0)) return 96;
      return code_of_refusal(path);
    });
  };
  constexpr int denied = static_cast<int>(errc::denied);
  ASSERT_EQ(::chmod((in / "kept.db").c_str(), 0444), 0);
  ASSERT_EQ(::chmod(in.path().c_str(), 0555), 0);
  const int code = as_nobody(in / "kept.db");
  if (code == 96) GTEST_SKIP() << "root cannot become nobody here";
  EXPECT_EQ(code, denied) << "a file that may only be read";
  EXPECT_EQ(as_nobody(in / "new.db"), denied) << "a folder that may only be read";
  ASSERT_EQ(::chmod((in / "kept.db").c_str(), 0666), 0);
  EXPECT_EQ(as_nobody(in / "kept.db"), denied) << "there is no room beside it";
  ASSERT_EQ(::chmod(in.path().c_str(), 0000), 0);
  EXPECT_EQ(as_nobody(in / "kept.db"), denied) << "a folder that may not be entered";
  ASSERT_EQ(::chmod(in.path().c_str(), 0777), 0);
  EXPECT_EQ(as_nobody(in / "kept.db"), 0);
}

TEST(FileEngine, IsOpenedAndClosedByManyThreadsAtOnce) {
  const folder in;
  std::vector<std::thread> threads;
  for (int t = 0; t != 4; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i != 25; ++i) {
        const auto node = join("file:" + in / "kept.db?durability=process");
        blocking(*node).append("log", {"line"});
      }
    });
  for (std::thread& one : threads) one.join();
  const auto node = join("file:" + in / "kept.db");
  EXPECT_EQ(blocking(*node).append("log", {"line"}).sequence, 101u);
}

// ---- After a restart ----------------------------------------------------------------------------

TEST(FileEngine, GoesOnAfterARestartWhereItStopped) {
  const folder in;
  const std::string url = "file:" + in / "kept.db?durability=process";
  std::uint64_t life = 0, version = 0;
  for (std::uint64_t run = 0; run != 4; ++run) {
    const auto node = join(url, {"ada"});
    blocking on(*node);
    EXPECT_GT(node->incarnation(), life);
    life = node->incarnation();

    const gof::appended line = on.append("log", {"line", std::to_string(run), {7, run}});
    EXPECT_EQ(line.sequence, run + 1);
    EXPECT_FALSE(line.repeated);
    for (std::uint64_t old = 0; old != run; ++old) {
      const gof::appended again = on.append("log", {"line", std::to_string(old), {7, old}});
      EXPECT_TRUE(again.repeated);
      EXPECT_EQ(again.sequence, old + 1);
    }
    on.truncate("log", run + 1);  // the ids are known nevertheless

    if (run != 0) {
      EXPECT_EQ(on.get("values", "k").version, version);
    }
    const std::uint64_t next = on.put("values", "k", "v", run == 0 ? absent : version);
    EXPECT_GT(next, version);
    version = on.erase("values", "k", next);
    EXPECT_GT(version, next);
    version = on.put("values", "k", "v", absent);
  }
}

TEST(FileEngine, KeepsWhatAGroupHasDoneAndTried) {
  const folder in;
  const std::string url = "file:" + in / "kept.db?durability=process";
  std::set<std::string> done;
  std::string dead;
  std::uint32_t tried = 0;
  for (int session = 0; session != 10 && dead.empty(); ++session) {
    const auto node = join(url);
    if (session == 0)
      for (const char* job : {"good", "bad", "better"})
        blocking(*node).append("jobs", {"job", job});
    work_options how;
    how.patience = std::chrono::milliseconds(300);
    how.attempts = 3;
    bool again = false;
    std::vector<delivery> in_hand;  // "bad" is never settled
    const registration working = node->work(
        "jobs", "workers",
        [&](delivery it) {
          const std::string body = it.content.body;
          EXPECT_FALSE(done.contains(body)) << body << " came again";
          if (body == "bad") {
            EXPECT_GT(it.attempt, std::exchange(tried, it.attempt)) << "it was forgotten";
            again = true;
            in_hand.push_back(std::move(it));
          } else {
            it.settle(verdict::done, {}, [&, body](const result<void>& r) {
              if (r) done.insert(body);
            });
          }
        },
        std::move(how));
    const registration reading =
        node->read("jobs.dead", 1, [&](const entry& it) { dead = it.content.body; });
    EXPECT_TRUE(
        node->run_until([&] { return (again && done.size() == 2) || !dead.empty(); }, patient));
    in_hand.clear();
  }
  EXPECT_EQ(dead, "bad");
  EXPECT_EQ(tried, 3u);
}

// Time goes on where it stopped, also where nothing was appended since: what is due comes.
TEST(FileEngine, LetsAJobComeAgainAfterARestart) {
  const folder in;
  const std::string url = "file:" + in / "kept.db?durability=process";
  const auto begin = [](node& on, std::vector<delivery>& in_hand) {
    work_options how;
    how.patience = std::chrono::milliseconds(50);
    return on.work(
        "jobs", "workers", [&](delivery it) { in_hand.push_back(std::move(it)); }, std::move(how));
  };
  std::vector<delivery> before, after;
  {
    const auto node = join(url);
    blocking(*node).append("jobs", {"job"});
    blocking(*node).pause(std::chrono::milliseconds(700));
    const registration working = begin(*node, before);
    ASSERT_TRUE(node->run_until([&] { return !before.empty(); }, patient));
    before.clear();
  }
  const auto node = join(url);
  const time_point start = node->now();
  const registration working = begin(*node, after);
  ASSERT_TRUE(node->run_until([&] { return !after.empty(); }, patient));
  EXPECT_LT(node->now() - start, std::chrono::milliseconds(600)) << "its clock had gone back";
  after.clear();
}

}  // namespace
}  // namespace gof::testing
