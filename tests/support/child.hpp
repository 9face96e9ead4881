// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// Another process, which is heard line by line, and is killed.

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <stdexcept>
#include <string>
#include <vector>

namespace gof::testing {

/// A program that runs, which does not outlive this, nor this thread.
class child {
 public:
  /// \param words the program, and its arguments
  explicit child(std::vector<std::string> words) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
    std::vector<char*> argv;
    for (std::string& it : words) argv.push_back(it.data());
    argv.push_back(nullptr);
    const pid_t parent = ::getpid();
    process_ = ::fork();
    if (process_ == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      if (::getppid() != parent) ::_exit(1);
      ::dup2(ends[1], STDOUT_FILENO);
      ::execv(argv[0], argv.data());
      ::_exit(1);
    }
    ::close(ends[1]);
    pipe_ = ends[0];
    ::fcntl(pipe_, F_SETFL, O_NONBLOCK);
    if (process_ < 0) throw std::runtime_error("no process");
  }
  child(const child&) = delete;
  child& operator=(const child&) = delete;
  ~child() {
    kill();
    ::close(pipe_);
  }
  void kill() {
    if (process_ <= 0) return;
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
    process_ = 0;
  }
  /// \returns where it is heard, for poll
  [[nodiscard]] int pipe() const noexcept { return pipe_; }
  /// Hears what it has said. \param hear called with each line \returns whether it may say more
  template <class Hear>
  bool take(Hear hear) {
    for (;;) {
      char bytes[4096];
      const ssize_t size = ::read(pipe_, bytes, sizeof bytes);
      if (size <= 0) return size < 0 && (errno == EAGAIN || errno == EINTR);
      text_.append(bytes, static_cast<std::size_t>(size));
      std::size_t begin = 0, end = 0;
      for (; (end = text_.find('\n', begin)) != std::string::npos; begin = end + 1)
        hear(text_.substr(begin, end - begin));
      text_.erase(0, begin);
    }
  }
  /// Hears what it says until a time, or until it ends. \returns whether it goes on
  template <class Hear>
  bool listen(std::chrono::steady_clock::time_point until, Hear hear) {
    for (;;) {
      const auto left =
          std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
      pollfd what{pipe_, POLLIN, 0};
      // The last millisecond is not slept through.
      if (::poll(&what, 1, static_cast<int>(std::max<long>(0, left.count() - 1))) > 0 &&
          !take(hear))
        return false;
      if (std::chrono::steady_clock::now() >= until) return true;
    }
  }

 private:
  pid_t process_ = 0;
  int pipe_ = -1;
  std::string text_;
};

}  // namespace gof::testing
