// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// Functions that run at the same time, each in a process of its own.

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <exception>
#include <functional>
#include <iostream>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gof/node.hpp>

namespace gof::inline v0::engines {

/// \addtogroup engines
/// @{

/// What runs in a process of its own.
struct process {
  std::string name;                             ///< what it is called, for people
  std::function<void()> runs;                   ///< what it does there
  std::function<std::string()> keeps;           ///< what there is of it in the end, there
  std::function<void(std::string_view)> comes;  ///< takes that, here
};

/// \cond

// A process while it runs, and the pipe on which it says what it leaves.
class running_process {
 public:
  explicit running_process(const process& what) : what_(&what) { start(); }
  running_process(const running_process&) = delete;
  running_process& operator=(const running_process&) = delete;
  ~running_process() {
    if (id_ > 0) {
      ::kill(id_, SIGKILL);
      static_cast<void>(wait());
    }
  }
  [[nodiscard]] int pipe() const noexcept { return pipe_; }
  [[nodiscard]] bool over() const noexcept { return id_ <= 0; }
  // Takes in what it says. Throws what it threw. Where it has killed itself, it begins anew.
  void hear() {
    std::array<char, 4096> some{};
    const auto n = ::read(pipe_, some.data(), some.size());
    if (n > 0) return static_cast<void>(said_.append(some.data(), static_cast<std::size_t>(n)));
    if (n < 0 && errno == EINTR) return;
    const pid_t before = id_;
    const int status = wait();
    const std::string all = std::exchange(said_, {});
    const bool whole = !all.empty() && all.back() == '\0';
    if (whole && all.front() == 'e')
      throw failure({errc::failed_there, what_->name + ": " + all.substr(1, all.size() - 2), {}});
    if (whole) what_->comes(std::string_view(all).substr(1, all.size() - 2));
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL && whole) {
      start();
      std::clog << what_->name << ": process " << before << " was killed; it is " << id_
                << " now\n";
      return;
    }
    if (!whole || status != 0)
      throw failure({errc::failed_there, what_->name + " ended before it was done", {}});
  }

 private:
  void start() {
    int ends[2];
    if (::pipe(ends) != 0) throw failure({errc::unavailable, "there is no pipe left", {}});
    for (const int end : ends) ::fcntl(end, F_SETFD, FD_CLOEXEC);
    std::cout.flush();
    std::fflush(nullptr);
    const pid_t parent = ::getpid();
    id_ = ::fork();
    if (id_ == 0) {
      ::close(ends[0]);
      run(parent, ends[1]);
    }
    ::close(ends[1]);
    pipe_ = ends[0];
    if (id_ > 0) return;
    ::close(pipe_);
    throw failure({errc::unavailable, "there is no process left", {}});
  }
  [[noreturn]] void run(pid_t parent, int to) {
#ifdef __linux__
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // it ends with its parent
#endif
    if (::getppid() != parent) ::_exit(1);
    std::cout << std::unitbuf;  // they print to the same place
    told_at() = to;
    told() = what_;
    try {
      what_->runs();
      say('k', what_->keeps());
      std::cout.flush();
      ::_exit(0);
    } catch (const failure& thrown) {
      say('e', thrown.reason().text());
    } catch (const std::exception& thrown) {
      say('e', thrown.what());
    } catch (...) {
      say('e', "what was thrown is no std::exception");
    }
    ::_exit(1);
  }
  int wait() {
    int status = 0;
    while (::waitpid(id_, &status, 0) < 0 && errno == EINTR) continue;
    id_ = 0;
    ::close(pipe_);
    return status;
  }

 public:
  // In such a process: where it says what it leaves, and which it is.
  static int& told_at() {
    static int at = -1;
    return at;
  }
  static const process*& told() {
    static const process* it = nullptr;
    return it;
  }
  static void say(char kind, std::string_view what) {
    const std::string all = kind + std::string(what) + '\0';
    for (std::size_t n = 0; n < all.size();) {
      const auto wrote = ::write(told_at(), all.data() + n, all.size() - n);
      if (wrote <= 0 && errno != EINTR) ::_exit(1);
      if (wrote > 0) n += static_cast<std::size_t>(wrote);
    }
  }

 private:
  const process* what_;
  pid_t id_ = 0;
  int pipe_ = -1;
  std::string said_;
};

/// \endcond

/// Runs all, each in a process of its own, a copy of this one as it is; and waits until all are
/// done. This process should have no other thread then. Which is killed, is told on std::clog.
/// \param all what runs \param limit how long at most
/// \throws failure failed_there, where one throws or ends before it is done; deadline; all others
/// are killed then
inline void run_in_processes(const std::vector<process>& all, duration limit) {
  std::vector<std::unique_ptr<running_process>> them;
  for (const process& one : all) them.push_back(std::make_unique<running_process>(one));
  const auto end = std::chrono::steady_clock::now() + limit;
  for (;;) {
    std::erase_if(them, [](const auto& one) { return one->over(); });
    if (them.empty()) return;
    std::vector<pollfd> from;
    for (const auto& one : them) from.push_back({one->pipe(), POLLIN, 0});
    if (::poll(from.data(), from.size(), 1000) < 0 && errno != EINTR)
      throw failure({errc::unavailable, "poll", {}});
    for (std::size_t i = 0; i < from.size(); ++i)
      if (from[i].revents != 0) them[i]->hear();
    if (std::chrono::steady_clock::now() > end)
      throw failure({errc::deadline, "the processes are not done", {}});
  }
}

/// In a process that run_in_processes started: leaves what there is, and is killed as by
/// `kill -9`; it begins anew with that. Elsewhere it does nothing.
inline void kill_this_process() {
  using it = running_process;
  if (!it::told()) return;
  it::say('k', it::told()->keeps());
  ::raise(SIGKILL);
}

/// @}
}  // namespace gof::inline v0::engines
