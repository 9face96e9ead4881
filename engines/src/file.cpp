// SPDX-License-Identifier: BSL-1.0
#include <fcntl.h>
#include <sqlite3.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <new>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <gof/engines/file.hpp>
#include <gof/engines/memory.hpp>

namespace gof::inline v0::engines {
namespace {

constexpr std::uint32_t application = 0x676f6600;  // "gof"
constexpr std::uint32_t format = 1;                // of what is in the file
constexpr char schema[] =
    "CREATE TABLE kept(key BLOB PRIMARY KEY,value BLOB NOT NULL)WITHOUT ROWID";

[[noreturn]] void refuse(errc why, const std::string& path, const std::string& text) {
  throw failure({why, path + ' ' + text, {}});
}
[[noreturn]] void refuse_damaged(const std::string& path, const std::string& what) {
  refuse(errc::refused, path,
         "is damaged (" + what + "): put back a copy of it, or move it and " + path +
             "-wal away and begin anew; `sqlite3 " + path + " .recover` shows what can be read");
}
[[noreturn]] void refuse_in_use(const std::string& path) {
  refuse(errc::conflict, path,
         "is in use by another process: end that one, or take another file; the nodes of one "
         "process can share it");
}
std::string system_text(int number) { return std::generic_category().message(number); }

// ---- What comes after file:
// ----------------------------------------------------------------------

struct place {
  std::string path;  // where it really is
  bool power = true;
};

place parse(const std::string& rest_of_url) {
  const std::size_t mark = rest_of_url.find('?');
  const std::string path = rest_of_url.substr(0, mark);
  if (path.empty()) refuse(errc::refused, "file:", "names no file; write file:PATH");
  place found;
  for (std::size_t at = mark; at != std::string::npos;) {
    const std::size_t next = rest_of_url.find('&', ++at);
    const std::string option = rest_of_url.substr(at, next - at);
    if (option == "durability=power")
      found.power = true;
    else if (option == "durability=process")
      found.power = false;
    else
      refuse(errc::refused, "file:" + rest_of_url,
             "has an unknown option, \"" + option +
                 "\"; there are durability=power and durability=process");
    at = next;
  }
  try {
    found.path = std::filesystem::weakly_canonical(std::filesystem::absolute(path)).string();
  } catch (const std::filesystem::filesystem_error& failed) {
    refuse(errc::denied, path, "cannot be reached: " + failed.code().message());
  }
  return found;
}

// ---- The file itself, while we have it
// -----------------------------------------------------------

// Opened before SQLite and closed after it, as closing it drops this process's locks on the file.
class claim {
 public:
  explicit claim(const std::string& path)
      : file_(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666)) {
    if (file_ < 0) explain(path, errno);
    try {
      look(path);
    } catch (...) {
      ::close(file_);
      throw;
    }
  }
  claim(const claim&) = delete;
  claim& operator=(const claim&) = delete;
  ~claim() { ::close(file_); }

 private:
  [[noreturn]] static void explain(const std::string& path, int number) {
    const std::string folder = std::filesystem::path(path).parent_path().string();
    switch (number) {
      case ENOENT:
      case ENOTDIR:
        refuse(errc::not_found, path, "cannot be made: there is no folder " + folder);
      case EISDIR:
        refuse(errc::refused, path, "is a folder; name a file in it");
      case EACCES:
      case EPERM:
      case EROFS:
        refuse(errc::denied, path,
               "may not be written: " + system_text(number) + "; it and its folder must be");
      default:
        refuse(errc::unavailable, path, "cannot be opened: " + system_text(number));
    }
  }
  // Takes it, and refuses what is not ours before SQLite writes to it.
  void look(const std::string& path) const {
    struct stat about {};
    if (::fstat(file_, &about) != 0) explain(path, errno);
    if (!S_ISREG(about.st_mode)) refuse(errc::refused, path, "is no ordinary file");
    if (::flock(file_, LOCK_EX | LOCK_NB) != 0) {
      if (errno == EWOULDBLOCK) refuse_in_use(path);
      explain(path, errno);
    }
    // A journal is there when its making was cut off; then only SQLite knows what it is.
    if (about.st_size == 0 || ::access((path + "-journal").c_str(), F_OK) == 0) return;
    std::array<unsigned char, 100> head{};
    if (::pread(file_, head.data(), head.size(), 0) < 0) explain(path, errno);
    const auto number = [&](std::size_t at) {
      std::uint32_t all = 0;
      for (const std::size_t end = at + 4; at != end; ++at) all = all << 8 | head[at];
      return all;
    };
    static constexpr std::string_view magic("SQLite format 3\0", 16);
    if (!std::equal(magic.begin(), magic.end(), head.begin()))
      refuse(errc::refused, path,
             "is not a file of gof, nor of SQLite, or its first bytes are damaged: name another "
             "one, or put back a copy");
    look(path, number(68), number(60));
  }

 public:
  static void look(const std::string& path, std::uint32_t whose, std::uint32_t version) {
    if (whose != application)
      refuse(errc::refused, path,
             "is an SQLite file of another program, or its first bytes are damaged: name another "
             "one, or put back a copy");
    if (version != format)
      refuse(errc::refused, path,
             "has format " + std::to_string(version) + ", and this program knows only " +
                 std::to_string(format) + ": take the gof that wrote it, or a newer one");
  }

 private:
  int file_;
};

// ---- SQLite
// --------------------------------------------------------------------------------------

struct closer {
  void operator()(sqlite3* it) const noexcept { sqlite3_close(it); }
  void operator()(sqlite3_stmt* it) const noexcept { sqlite3_finalize(it); }
};
using database = std::unique_ptr<sqlite3, closer>;
using statement = std::unique_ptr<sqlite3_stmt, closer>;

// Prepared statements are run one after the other, each to its end. What the system said of a write
// that failed is in errno: sqlite3_system_errno does not know it of a COMMIT.
void set(const statement& of, int number, std::string_view bytes) {
  sqlite3_bind_blob64(of.get(), number, bytes.empty() ? "" : bytes.data(), bytes.size(),
                      SQLITE_STATIC);
}
int run(const statement& it) {
  errno = 0;
  sqlite3_step(it.get());
  return sqlite3_reset(it.get());
}
std::string_view column(const statement& it, int number) {
  const void* const bytes = sqlite3_column_blob(it.get(), number);
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(it.get(), number));
  return {static_cast<const char*>(bytes), bytes ? size : 0};
}

class sqlite_storage final : public storage {
 public:
  explicit sqlite_storage(const place& where) : path_(where.path), claim_(path_) {
    sqlite3* opened = nullptr;
    const int code = sqlite3_open_v2(path_.c_str(), &opened,
                                     SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr);
    database_.reset(opened);
    if (!opened) throw std::bad_alloc();
    sqlite3_extended_result_codes(opened, 1);
    check(code);
    // What is refused is left as it is, with the log that a kill left.
    const int log_left = ::access((path_ + "-wal").c_str(), F_OK) == 0;
    sqlite3_db_config(opened, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, log_left, nullptr);
    // The lock is never let go; so the index of PATH-wal needs no shared memory.
    execute("PRAGMA locking_mode=EXCLUSIVE");
    execute("PRAGMA cell_size_check=ON");
    execute("PRAGMA trusted_schema=OFF");
    execute("PRAGMA synchronous=FULL");
    if (text("PRAGMA page_count") == "0") make();
    claim::look(path_, number("PRAGMA application_id"), number("PRAGMA user_version"));
    if (text("SELECT group_concat(sql) FROM sqlite_schema") != schema)
      refuse_damaged(path_, "its table is not as it was made");
    if (const std::string found = text("PRAGMA quick_check(1)"); found != "ok")
      refuse_damaged(path_, found);
    if (sqlite3_db_readonly(opened, "main")) refuse_damaged(path_, "its head forbids to write");
    // A commit is one write to the end of PATH-wal, whose checksums tell where a write was cut off.
    // FULL syncs it in each commit. NORMAL syncs it only before its pages are copied to PATH, so
    // that the loss of power costs commits, but never what is left. A rollback journal would be
    // synced, and the file, and the journal's end.
    if (text("PRAGMA journal_mode=WAL") != "wal")
      refuse(errc::unavailable, path_, "cannot have a write-ahead log beside it");
    if (!where.power) execute("PRAGMA synchronous=NORMAL");
    execute("BEGIN IMMEDIATE");
    execute("COMMIT");
    sqlite3_db_config(opened, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, nullptr);
    begin_ = prepare("BEGIN IMMEDIATE");
    commit_ = prepare("COMMIT");
    put_ = prepare("INSERT INTO kept VALUES(?1,?2) ON CONFLICT DO UPDATE SET value=?2");
    erase_ = prepare("DELETE FROM kept WHERE key>=?1 AND key<?2");
  }

  // Changes wait here for the commit, of each key the last one: so nothing fails before it.
  void put(std::string_view key, std::string_view value) override {
    puts_.insert_or_assign(std::string(key), std::string(value));
  }
  void erase(std::string_view first, std::string_view last) override {
    puts_.erase(puts_.lower_bound(first), puts_.lower_bound(last));
    erases_.emplace_back(first, last);
  }
  void commit() override {
    written(run(begin_));
    for (const auto& [first, last] : erases_) {
      set(erase_, 1, first);
      set(erase_, 2, last);
      written(run(erase_));
    }
    for (const auto& [key, value] : puts_) {
      set(put_, 1, key);
      set(put_, 2, value);
      written(run(put_));
    }
    if (const int code = run(commit_); code != SQLITE_OK) {
      if (no_room(code)) written(code);
      // A sync that failed says nothing of what is on the disk, nor does the next one.
      throw std::runtime_error(path_ + " is in doubt since a write to the disk failed (" +
                               why(code) + "): see to the disk, and start again");
    }
    erases_.clear();
    puts_.clear();
  }
  void roll_back() noexcept override {
    erases_.clear();
    puts_.clear();
    // After some errors SQLite has done so already.
    if (!sqlite3_get_autocommit(database_.get()))
      sqlite3_exec(database_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
  }
  void scan(const std::function<void(std::string_view, std::string_view)>& each) override {
    const statement all = prepare("SELECT key,value FROM kept ORDER BY key");
    while (sqlite3_step(all.get()) == SQLITE_ROW) each(column(all, 0), column(all, 1));
    if (const int code = sqlite3_reset(all.get()); code != SQLITE_OK) {
      if ((code & 0xff) == SQLITE_CORRUPT) throw damaged(why(code));
      throw std::system_error(std::make_error_code(std::errc::io_error),
                              path_ + " cannot be read (" + why(code) + ')');
    }
  }
  [[nodiscard]] bool durable() const noexcept override { return true; }

 private:
  [[nodiscard]] std::string why(int code) const {
    const int number = errno;
    const std::string words = sqlite3_errmsg(database_.get());
    return (code & 0xff) == SQLITE_IOERR && number != 0 ? words + ": " + system_text(number)
                                                        : words;
  }
  // A write that found no room is not whole, and so is no commit.
  [[nodiscard]] static bool no_room(int code) noexcept {
    return code == SQLITE_FULL ||
           (code == SQLITE_IOERR_WRITE && (errno == EFBIG || errno == EDQUOT));
  }
  void written(int code) const {
    if (code == SQLITE_OK) return;
    if (no_room(code))
      throw std::system_error(std::make_error_code(std::errc::no_space_on_device),
                              path_ + " has no room to grow: make some, and it goes on");
    throw std::system_error(std::make_error_code(std::errc::io_error),
                            path_ + " cannot be written (" + why(code) + ')');
  }
  // While it is opened.
  void check(int code) const {
    switch (code & 0xff) {
      case SQLITE_OK:
      case SQLITE_ROW:
      case SQLITE_DONE:
        return;
      case SQLITE_BUSY:
      case SQLITE_LOCKED:
        refuse_in_use(path_);
      case SQLITE_CANTOPEN:
      case SQLITE_PERM:
        refuse(errc::denied, path_, "needs files beside it, which cannot be made: " + why(code));
      case SQLITE_READONLY:
        if (code == SQLITE_READONLY_DIRECTORY)
          refuse(errc::denied, path_, "needs files beside it, and its folder may not be written");
        refuse_damaged(path_, why(code));
      case SQLITE_FULL:
      case SQLITE_IOERR:
      case SQLITE_NOMEM:
        refuse(errc::unavailable, path_, "cannot be opened: " + why(code));
      default:
        refuse_damaged(path_, why(code));
    }
  }
  [[nodiscard]] statement prepare(const char* what) const {
    sqlite3_stmt* made = nullptr;
    const int code = sqlite3_prepare_v2(database_.get(), what, -1, &made, nullptr);
    statement kept(made);
    check(code);
    return kept;
  }
  // Runs it. Returns the first column of its first row, if there is one.
  [[nodiscard]] std::string text(const char* what) const {
    const statement it = prepare(what);
    std::string first;
    errno = 0;
    if (sqlite3_step(it.get()) == SQLITE_ROW) first = column(it, 0);
    check(sqlite3_reset(it.get()));
    return first;
  }
  [[nodiscard]] std::uint32_t number(const char* what) const {
    return static_cast<std::uint32_t>(std::stoll(text(what)));
  }
  void execute(const std::string& what) const { static_cast<void>(text(what.c_str())); }
  // With a rollback journal: from its first byte on the file says whose it is.
  void make() const {
    execute("BEGIN EXCLUSIVE");
    execute("PRAGMA application_id=" + std::to_string(application));
    execute("PRAGMA user_version=" + std::to_string(format));
    execute(schema);
    execute("COMMIT");
  }

  const std::string path_;
  const claim claim_;
  database database_;
  statement begin_, commit_, put_, erase_;
  std::vector<std::pair<std::string, std::string>> erases_;  // before the puts
  std::map<std::string, std::string, std::less<>> puts_;
};

// ---- One broker a file
// ---------------------------------------------------------------------------

struct registry {
  struct one {
    std::weak_ptr<embedded_broker> broker;
    bool power;
  };
  std::mutex guard;
  std::condition_variable gone;  // a file was closed
  std::map<std::string, one> all;
};

std::shared_ptr<embedded_broker> make_broker(const place& where,
                                             const std::shared_ptr<registry>& in) {
  try {
    auto made = std::make_unique<embedded_broker>(std::make_unique<sqlite_storage>(where));
    return {made.release(), [in, path = where.path](embedded_broker* it) {
              delete it;
              const std::lock_guard lock(in->guard);
              in->all.erase(path);
              in->gone.notify_all();
            }};
  } catch (const damaged& found) {
    refuse_damaged(where.path, found.what());
  } catch (const failure&) {
    throw;
  } catch (const std::system_error& failed) {
    refuse(errc::unavailable, where.path, failed.what());
  }
}

std::shared_ptr<embedded_broker> broker_of(const place& where) {
  static const auto all = std::make_shared<registry>();
  std::unique_lock lock(all->guard);
  for (;;) {
    const auto found = all->all.find(where.path);
    if (found == all->all.end()) {
      auto made = make_broker(where, all);
      all->all[where.path] = {made, where.power};
      return made;
    }
    if (auto there = found->second.broker.lock()) {
      if (found->second.power != where.power) {
        lock.unlock();
        refuse(errc::conflict, where.path,
               "is open in this process with durability=" +
                   std::string(where.power ? "process" : "power") + ": write the same URL");
      }
      return there;
    }
    all->gone.wait(lock);  // another thread is closing it
  }
}

}  // namespace

std::unique_ptr<storage> open_file(const std::string& rest_of_url) {
  return std::make_unique<sqlite_storage>(parse(rest_of_url));
}

std::unique_ptr<node> join_file(const std::string& rest_of_url, std::string node_name) {
  return std::make_unique<embedded_node>(broker_of(parse(rest_of_url)), std::move(node_name));
}

}  // namespace gof::inline v0::engines
