// SPDX-License-Identifier: BSL-1.0
// The embedded engine, and the plain operation underneath: for a call, a mutex and a condition; for
// a topic, a loop of callbacks; for a log, push_back or an INSERT; for a bucket, a map.
#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <gof/join.hpp>
#include <gof/wait.hpp>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "support/bench.hpp"

#if defined(GOF_HAS_FILE) && __has_include(<sqlite3.h>)
#include <sqlite3.h>
#include <stdlib.h>
#define GOF_BENCH_FILE
#endif

namespace {

const std::string body(32, 'b');
constexpr gof::duration patient = std::chrono::minutes(1);

// ---- Call: thread 0 asks, thread 1 answers ------------------------------------------------------

/// [hand]
class hand_call {
 public:
  std::string ask(std::string what) {
    std::unique_lock lock(mutex_);
    request_ = std::move(what);
    asked_ = true;
    changed_.notify_all();
    changed_.wait(lock, [&] { return answered_; });
    answered_ = false;
    return std::move(answer_);
  }
  void answer_one() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return asked_; });
    asked_ = false;
    answer_ = std::move(request_);
    answered_ = true;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::string request_, answer_;
  bool asked_ = false, answered_ = false;
};
/// [hand]

class our_call {
 public:
  our_call() {
    bool ready = false;
    service_ = server_->serve(
        "echo",
        [this](const gof::message& it, gof::responder to) {
          ++answered_;
          to.reply(it.body);
        },
        {}, [&](const gof::result<void>&) { ready = true; });
    server_->run_until([&] { return ready; }, patient);
  }
  std::string ask(std::string what) {
    return gof::blocking(*client_).call({"echo", std::move(what)}).body;
  }
  void answer_one() {
    server_->run_until([this, until = answered_ + 1] { return answered_ == until; }, patient);
  }

 private:
  std::unique_ptr<gof::node> server_ = gof::join("memory:bench"),
                             client_ = gof::join("memory:bench");
  int answered_ = 0;
  gof::registration service_;
};

template <class Call>
void call(benchmark::State& state) {
  static std::unique_ptr<Call> it;
  if (state.thread_index() == 0) it = std::make_unique<Call>();
  for (auto _ : state) {
    if (state.thread_index() == 0)
      benchmark::DoNotOptimize(it->ask(body));
    else
      it->answer_one();
  }
  if (state.thread_index() == 0) it.reset();
}
const gof::bench::comparison calls({.operation = "call from one thread to another and back",
                                    .threads = 2,
                                    .contenders = {{"hand", call<hand_call>},
                                                   {"ours", call<our_call>}}});

// ---- Publish ------------------------------------------------------------------------------------

void hand_publish(benchmark::State& state) {
  std::vector<std::function<void(const std::string&)>> all;
  std::int64_t heard = 0;
  for (std::int64_t i = 0; i != state.range(0); ++i)
    all.emplace_back([&](const std::string& what) { heard += what.size() == body.size(); });
  for (auto _ : state) {
    benchmark::DoNotOptimize(&all);
    for (auto& one : all) one(body);
    benchmark::DoNotOptimize(&heard);
  }
}
void our_publish(benchmark::State& state) {
  const auto node = gof::join("memory:bench");
  std::vector<gof::registration> all;
  std::int64_t heard = 0, ready = 0;
  for (std::int64_t i = 0; i != state.range(0); ++i)
    all.push_back(node->subscribe(
        "news", [&](const gof::message& it) { heard += it.body.size() == body.size(); }, {},
        [&](const gof::result<void>&) { ++ready; }));
  node->run_until([&] { return ready == state.range(0); }, patient);
  for (auto _ : state) {
    heard = 0;
    if (!node->publish({"news", body})) state.SkipWithError("refused");
    node->run_until([&] { return heard == state.range(0); }, patient);
  }
}
const gof::bench::comparison publishes({.operation = "publish to N, who hear it",
                                        .sizes = {1, 8, 64},
                                        .per_item = true,
                                        .contenders = {{"hand", hand_publish},
                                                       {"ours", our_publish}}});

// ---- Append, put, compare and set ---------------------------------------------------------------

// So many at once, then waits for all.
template <class Begin>
void pipelined(gof::node& node, std::int64_t count, Begin begin) {
  std::int64_t done = 0;
  for (std::int64_t i = 0; i != count; ++i) begin([&](const auto& r) { done += bool(r); });
  node.run_until([&] { return done == count; }, patient);
}
void append_on(gof::node& node, benchmark::State& state) {
  for (auto _ : state)
    pipelined(node, state.range(0), [&](auto told) {
      node.append("log", {"line", body}, [told](gof::result<gof::appended> r) { told(r); })
          .detach();
    });
}

void hand_append(benchmark::State& state) {
  std::vector<std::string> log;
  for (auto _ : state) {
    for (std::int64_t i = 0; i != state.range(0); ++i) log.push_back(body);
    benchmark::DoNotOptimize(log.data());
    benchmark::ClobberMemory();
  }
}
void our_append(benchmark::State& state) { append_on(*gof::join("memory:bench"), state); }
const gof::bench::comparison appends({.operation = "append in memory",
                                      .sizes = {1, 64},
                                      .per_item = true,
                                      .contenders = {{"hand", hand_append}, {"ours", our_append}}});

std::string key(std::uint64_t i) { return "key." + std::to_string(i % 1000); }
void hand_put(benchmark::State& state) {
  std::map<std::string, std::string> all;
  std::uint64_t i = 0;
  for (auto _ : state) {
    all.insert_or_assign(key(++i), body);
    benchmark::DoNotOptimize(&all);
  }
}
void our_put(benchmark::State& state) {
  const auto node = gof::join("memory:bench");
  gof::blocking on(*node);
  std::uint64_t i = 0;
  for (auto _ : state) benchmark::DoNotOptimize(on.put("bucket", key(++i), body));
}
const gof::bench::comparison puts({.operation = "put in memory",
                                   .contenders = {{"hand", hand_put}, {"ours", our_put}}});

void hand_compare_and_set(benchmark::State& state) {
  std::map<std::string, std::pair<std::string, std::uint64_t>> all;
  std::mutex mutex;
  std::uint64_t version = 0;
  for (auto _ : state) {
    const std::lock_guard lock(mutex);
    auto& it = all[key(0)];
    if (it.second != version) state.SkipWithError("changed");
    it = {body, ++version};
    benchmark::DoNotOptimize(&all);
  }
}
void our_compare_and_set(benchmark::State& state) {
  const auto node = gof::join("memory:bench");
  gof::blocking on(*node);
  std::uint64_t version = gof::absent;
  for (auto _ : state) version = on.put("bucket", key(0), body, version);
}
const gof::bench::comparison sets({.operation = "compare and set in memory",
                                   .contenders = {{"hand", hand_compare_and_set},
                                                  {"ours", our_compare_and_set}}});

// ---- In a file ----------------------------------------------------------------------------------

#ifdef GOF_BENCH_FILE
// A file that ends with this.
struct temporary {
  std::string folder = (std::filesystem::temp_directory_path() / "gof.XXXXXX").string();
  temporary() {
    if (!::mkdtemp(folder.data())) throw std::runtime_error("no folder for " + folder);
  }
  temporary(const temporary&) = delete;
  temporary& operator=(const temporary&) = delete;
  ~temporary() { std::filesystem::remove_all(folder); }
  [[nodiscard]] std::string file() const { return folder + "/kept.db"; }
};

/// [hand file]
// Lines under their numbers, so many in a transaction.
class hand_file {
 public:
  explicit hand_file(bool power) {
    sqlite3_open(in_.file().c_str(), &database_);
    execute("PRAGMA locking_mode=EXCLUSIVE");
    execute("PRAGMA journal_mode=WAL");
    execute(power ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL");
    execute("CREATE TABLE log(key BLOB PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID");
    sqlite3_prepare_v2(database_, "INSERT INTO log VALUES(?,?)", -1, &insert_, nullptr);
  }
  hand_file(const hand_file&) = delete;
  hand_file& operator=(const hand_file&) = delete;
  ~hand_file() {
    sqlite3_finalize(insert_);
    sqlite3_close(database_);
  }
  void append(std::int64_t count) {
    const std::lock_guard lock(mutex_);
    execute("BEGIN");
    for (std::int64_t i = 0; i != count; ++i) {
      const std::uint64_t number = __builtin_bswap64(++last_);  // so that they sort
      sqlite3_bind_blob(insert_, 1, &number, sizeof number, SQLITE_STATIC);
      sqlite3_bind_blob(insert_, 2, body.data(), static_cast<int>(body.size()), SQLITE_STATIC);
      sqlite3_step(insert_);
      sqlite3_reset(insert_);
    }
    execute("COMMIT");
  }

 private:
  void execute(const char* what) {
    if (sqlite3_exec(database_, what, nullptr, nullptr, nullptr) != SQLITE_OK)
      throw std::runtime_error(sqlite3_errmsg(database_));
  }
  const temporary in_;
  std::mutex mutex_;
  sqlite3* database_ = nullptr;
  sqlite3_stmt* insert_ = nullptr;
  std::uint64_t last_ = 0;
};
/// [hand file]

template <bool Power>
void hand_append_file(benchmark::State& state) {
  static std::unique_ptr<hand_file> it;
  if (state.thread_index() == 0) it = std::make_unique<hand_file>(Power);
  for (auto _ : state) it->append(state.range(0));
  if (state.thread_index() == 0) it.reset();
}
template <bool Power>
void our_append_file(benchmark::State& state) {
  static std::unique_ptr<temporary> in;
  static std::vector<std::unique_ptr<gof::node>> nodes;
  if (state.thread_index() == 0) {
    in = std::make_unique<temporary>();
    for (int i = 0; i != state.threads(); ++i)
      nodes.push_back(
          gof::join("file:" + in->file() + (Power ? "?durability=power" : "?durability=process")));
  }
  // The other thread's node is there once the loop has begun.
  for (auto _ : state) {
    gof::node& node = *nodes[static_cast<std::size_t>(state.thread_index())];
    pipelined(node, state.range(0), [&](auto told) {
      node.append("log", {"line", body}, [told](gof::result<gof::appended> r) { told(r); })
          .detach();
    });
  }
  if (state.thread_index() == 0) {
    nodes.clear();
    in.reset();
  }
}
const gof::bench::comparison process_appends(
    {.operation = "append in a file, to outlive the process",
     .sizes = {1, 64},
     .per_item = true,
     .contenders = {{"hand", hand_append_file<false>}, {"ours", our_append_file<false>}}});
// A sync takes no processor time: two threads, as these are measured by the wall clock.
const gof::bench::comparison power_appends(
    {.operation = "append in a file, to outlive the power, by two threads",
     .sizes = {1, 64},
     .per_item = true,
     .threads = 2,
     .contenders = {{"hand", hand_append_file<true>}, {"ours", our_append_file<true>}}});
#endif

}  // namespace
