// SPDX-License-Identifier: BSL-1.0
#pragma once
// Stands between SQLite and the disk: keeps a list of all that was written and synced, from which
// it makes what a loss of power would leave; and fails when it is told to.

#include <sqlite3.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <functional>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace gof::testing {

/// While it lives, SQLite opens files through it. There is one at a time.
class disk {
 public:
  enum class deed { create, write, truncate, sync, erase };
  /// Something that SQLite did.
  struct event {
    deed what;
    std::string path{};
    std::int64_t at = 0;  // write: where; truncate: the size
    std::string bytes{};
    bool folder = false;  // sync, erase: the folder's entries are synced with it
  };

  /// All that it did, in order.
  struct history {
    std::vector<event> events{};
    /// What is left of the files after the first so many events.
    using image = std::map<std::string, std::string>;
    /// What was not synced: all of it is lost, or none, or each sector as it happens.
    enum class unsynced { lost, kept, torn };
    [[nodiscard]] image after(std::size_t count, unsynced what, std::uint64_t seed = 0) const {
      std::mt19937_64 chance(seed);
      const std::size_t sector = chance() % 2 == 0 ? 512 : 4096;
      const auto keeps = [&] {
        return what == unsynced::kept || (what == unsynced::torn && chance() % 2 == 0);
      };
      struct node {
        std::string synced;
        std::vector<const event*> since;
      };
      struct entry {
        std::string path;
        std::optional<std::size_t> node;
      };
      std::vector<node> nodes;
      std::map<std::string, std::size_t> now, synced;  // names, and what they stand for
      std::vector<entry> since;
      const auto sync_folder = [&] {
        for (const entry& one : since) {
          if (one.node)
            synced[one.path] = *one.node;
          else
            synced.erase(one.path);
        }
        since.clear();
      };
      for (std::size_t i = 0; i != count; ++i) {
        const event& one = events[i];
        switch (one.what) {
          case deed::create:
            nodes.emplace_back();
            now[one.path] = nodes.size() - 1;
            since.push_back({one.path, nodes.size() - 1});
            break;
          case deed::write:
          case deed::truncate:
            nodes[now.at(one.path)].since.push_back(&one);
            break;
          case deed::sync: {
            node& of = nodes[now.at(one.path)];
            for (const event* each : of.since) apply(of.synced, *each, 0, each->bytes.size());
            of.since.clear();
            break;
          }
          case deed::erase:
            now.erase(one.path);
            since.push_back({one.path, {}});
            break;
        }
        if (one.folder) sync_folder();
      }
      std::erase_if(since, [&](const entry&) { return !keeps(); });
      sync_folder();
      image left;
      for (const auto& [path, number] : synced) {
        std::string bytes = nodes[number].synced;
        for (const event* one : nodes[number].since) {
          if (one->what == deed::truncate) {
            if (keeps()) apply(bytes, *one, 0, 0);
            continue;
          }
          for (std::size_t from = 0; from != one->bytes.size();) {
            const std::size_t in_sector = (static_cast<std::size_t>(one->at) + from) % sector;
            const std::size_t size = std::min(one->bytes.size() - from, sector - in_sector);
            if (keeps()) apply(bytes, *one, from, size);
            from += size;
          }
        }
        left[path] = std::move(bytes);
      }
      return left;
    }

   private:
    static void apply(std::string& bytes, const event& one, std::size_t from, std::size_t size) {
      const std::size_t at = static_cast<std::size_t>(one.at) + from;
      if (one.what == deed::truncate) return bytes.resize(at);
      if (bytes.size() < at + size) bytes.resize(at + size);
      std::memcpy(bytes.data() + at, one.bytes.data() + from, size);
    }
  };

  disk() : real_(sqlite3_vfs_find(nullptr)), vfs_(*real_) {
    it = this;
    vfs_.iVersion = 1;
    vfs_.szOsFile = static_cast<int>(sizeof(file)) + real_->szOsFile;
    vfs_.zName = "gof-test";
    vfs_.xOpen = open;
    vfs_.xDelete = erase;
    sqlite3_vfs_register(&vfs_, 1);
  }
  disk(const disk&) = delete;
  disk& operator=(const disk&) = delete;
  ~disk() {
    sqlite3_vfs_unregister(&vfs_);
    sqlite3_vfs_register(real_, 1);
    it = nullptr;
  }

  history done{};
  /// Asked before anything is done; gives SQLITE_OK, or what to fail with.
  std::function<int(const event&)> refuse{};

 private:
  struct file {
    sqlite3_file base;
    const char* path;  // lives until it is closed, as SQLite promises
    bool new_entry;    // its first sync is also one of the folder: so does SQLite's own unix VFS
    sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
  };
  static file& of(sqlite3_file* f) { return *reinterpret_cast<file*>(f); }
  static inline disk* it = nullptr;

  // Does it, unless it is refused, and keeps it in mind.
  template <class Do>
  static int note(event one, Do real) {
    if (it->refuse)
      if (const int code = it->refuse(one); code != SQLITE_OK) return code;
    const int code = real();
    if (code == SQLITE_OK) it->done.events.push_back(std::move(one));
    return code;
  }

  static int open(sqlite3_vfs*, const char* path, sqlite3_file* f, int flags, int* out) {
    file& made = of(f);
    made.base.pMethods = nullptr;
    made.path = path;
    made.new_entry = (flags & SQLITE_OPEN_CREATE) != 0 &&
                     (flags & (SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_WAL)) != 0;
    int there = 0;
    if (path) it->real_->xAccess(it->real_, path, SQLITE_ACCESS_EXISTS, &there);
    const int code = it->real_->xOpen(it->real_, path, made.real(), flags, out);
    static const sqlite3_io_methods methods = make_methods();
    if (made.real()->pMethods) made.base.pMethods = &methods;
    if (code == SQLITE_OK && path && (!there || it->is_new(path)))
      it->done.events.push_back({deed::create, path});
    return code;
  }
  // The file itself is made before SQLite opens it.
  [[nodiscard]] bool is_new(const std::string& path) const {
    return std::none_of(done.events.begin(), done.events.end(),
                        [&](const event& one) { return one.path == path; });
  }
  static int erase(sqlite3_vfs*, const char* path, int folder) {
    return note({deed::erase, path, 0, {}, folder != 0},
                [&] { return it->real_->xDelete(it->real_, path, folder); });
  }

  static sqlite3_io_methods make_methods() {
    sqlite3_io_methods all{};
    all.iVersion = 1;
    all.xClose = [](sqlite3_file* f) { return real(f)->pMethods->xClose(real(f)); };
    all.xRead = [](sqlite3_file* f, void* to, int size, sqlite3_int64 at) {
      return real(f)->pMethods->xRead(real(f), to, size, at);
    };
    all.xWrite = [](sqlite3_file* f, const void* from, int size, sqlite3_int64 at) {
      return note({deed::write, of(f).path, at,
                   std::string(static_cast<const char*>(from), static_cast<std::size_t>(size))},
                  [&] { return real(f)->pMethods->xWrite(real(f), from, size, at); });
    };
    all.xTruncate = [](sqlite3_file* f, sqlite3_int64 size) {
      return note({deed::truncate, of(f).path, size},
                  [&] { return real(f)->pMethods->xTruncate(real(f), size); });
    };
    all.xSync = [](sqlite3_file* f, int flags) {
      const bool folder = of(f).new_entry;
      of(f).new_entry = false;
      // What is on the disk is in the list: the test need not wait for it.
      static_cast<void>(flags);
      return note({deed::sync, of(f).path, 0, {}, folder}, [] { return SQLITE_OK; });
    };
    all.xFileSize = [](sqlite3_file* f, sqlite3_int64* size) {
      return real(f)->pMethods->xFileSize(real(f), size);
    };
    all.xLock = [](sqlite3_file* f, int kind) { return real(f)->pMethods->xLock(real(f), kind); };
    all.xUnlock = [](sqlite3_file* f, int kind) {
      return real(f)->pMethods->xUnlock(real(f), kind);
    };
    all.xCheckReservedLock = [](sqlite3_file* f, int* held) {
      return real(f)->pMethods->xCheckReservedLock(real(f), held);
    };
    all.xFileControl = [](sqlite3_file* f, int what, void* with) {
      return real(f)->pMethods->xFileControl(real(f), what, with);
    };
    all.xSectorSize = [](sqlite3_file* f) { return real(f)->pMethods->xSectorSize(real(f)); };
    all.xDeviceCharacteristics = [](sqlite3_file* f) {
      return real(f)->pMethods->xDeviceCharacteristics(real(f));
    };
    return all;
  }
  static sqlite3_file* real(sqlite3_file* f) { return of(f).real(); }

  sqlite3_vfs* real_;
  sqlite3_vfs vfs_;
};

}  // namespace gof::testing
