// SPDX-License-Identifier: BSL-1.0
// gof-broker: what nodes in many processes share.
#include <csignal>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <gof/engines/pyro.hpp>
#include <iostream>
#include <iterator>
#include <string>
#include <string_view>
#ifdef GOF_HAS_FILE
#include <gof/engines/file.hpp>
#endif

namespace {

constexpr const char* usage =
    R"(gof-broker [OPTIONS] [FILE]: a broker for nodes that join pyro://HOST:PORT
  FILE                         keeps what it must there; without, nothing outlives it
  --durability process         … through a kill of it, but not of the machine; faster
  --at HOST:PORT               where it listens, else 127.0.0.1:4700; port 0 for any that is free
  --certificate FILE --key FILE --authorities FILE    TLS, with certificates on both sides
  --secret FILE                only who knows what is in it takes part
  --insecure                   beyond this machine without TLS
)";

std::string content_of(const std::string& path) {
  std::ifstream from(path);
  std::string all{std::istreambuf_iterator<char>(from), {}};
  while (all.ends_with('\n')) all.pop_back();
  if (!from || all.empty()) throw std::runtime_error(path + ": cannot be read, or is empty");
  return all;
}

}  // namespace

int main(int argc, char** argv) try {
  sigset_t ends;  // before there is a thread that would inherit something else
  sigemptyset(&ends);
  sigaddset(&ends, SIGINT);
  sigaddset(&ends, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &ends, nullptr);

  gof::engines::pyro_broker_options how;
  std::string file, durability = "power", at = "127.0.0.1:4700";
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    const auto next = [&]() -> std::string {
      if (++i == argc) throw std::runtime_error(std::string(word) + " needs a value\n\n" + usage);
      return argv[i];
    };
    if (word == "--at")
      at = next();
    else if (word == "--durability")
      durability = next();
    else if (word == "--certificate")
      how.security.tls.certificate = next();
    else if (word == "--key")
      how.security.tls.key = next();
    else if (word == "--authorities")
      how.security.tls.authorities = next();
    else if (word == "--secret")
      how.security.secret = content_of(next());
    else if (word == "--insecure")
      how.security.insecure = true;
    else if (word == "--help")
      return std::cout << usage, 0;
    else if (word.starts_with('-') || !file.empty())
      throw std::runtime_error('"' + std::string(word) + "\" is not known\n\n" + usage);
    else
      file = word;
  }
  const std::size_t colon = at.rfind(':');
  char* end = nullptr;
  const unsigned long port = std::strtoul(at.c_str() + (colon + 1), &end, 10);
  if (colon == 0 || colon == at.npos || *end != '\0' || end == at.c_str() + (colon + 1) ||
      port > 65535)
    throw std::runtime_error("--at " + at + ": write HOST:PORT");
  how.host = at.substr(0, colon);
  if (how.host.starts_with('[') && how.host.ends_with(']'))
    how.host = how.host.substr(1, how.host.size() - 2);
  how.port = static_cast<std::uint16_t>(port);
  how.on_event = [](const gof::event& it) {
    if (it.what != gof::event::kind::lost) std::cerr << it.text << '\n';  // nodes come and go
  };

  std::unique_ptr<gof::engines::storage> keep;
  if (!file.empty()) {
#ifdef GOF_HAS_FILE
    keep = gof::engines::open_file(file + "?durability=" + durability);
#else
    throw std::runtime_error(file + ": built without SQLite (Debian: libsqlite3-dev)");
#endif
  }
  const gof::engines::pyro_broker broker(std::move(keep), std::move(how));
  std::cout << "broker at " << broker.url() << ", "
            << (file.empty() ? "which keeps nothing for later" : "which keeps all in " + file)
            << std::endl;
  int signal = 0;
  sigwait(&ends, &signal);
} catch (const std::exception& problem) {
  std::cerr << "gof-broker: " << problem.what() << '\n';
  return 1;
}
