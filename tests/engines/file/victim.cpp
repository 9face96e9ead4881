// SPDX-License-Identifier: BSL-1.0
// victim URL SEED FIRST [AGAIN...]: works on a file until it is killed. It tells what it begins,
// and what is acknowledged, a line each; operations have numbers from FIRST on. Lines of the log
// AGAIN may be there already: it appends them again, with their ids.
#include <array>
#include <cstdlib>
#include <exception>
#include <gof/join.hpp>
#include <gof/wait.hpp>
#include <random>
#include <string>

#include "support/say.hpp"

namespace {

using gof::testing::say;

class victim {
 public:
  victim(gof::node& on, std::uint64_t seed, std::uint64_t first)
      : node_(on), chance_(seed), next_(first) {}

  void look() {
    for (std::size_t k = 0; k != keys_.size(); ++k) {
      try {
        const gof::versioned there = gof::blocking(node_).get("values", key(k));
        keys_[k].version = there.version;
        say("value", k, *there.value, there.version);
      } catch (const gof::failure& none) {
        if (none.code() != gof::errc::not_found) throw;
        say("value", k, 0, 0);
      }
    }
  }
  void append(std::uint64_t number) {
    say("begin", "a", number);
    node_
        .append("history", {"line", std::to_string(number), {7, number}},
                [this, number](gof::result<gof::appended> r) {
                  if (!r) return wrong(r.error());
                  say("ack", "a", number, r->sequence);
                  begin();
                })
        .detach();
  }
  void begin() {
    const std::uint64_t number = next_++;
    const std::uint64_t what = chance_() % 8;
    const std::size_t k = chance_() % keys_.size();
    if (what == 0) {
      say("begin", "j", number);
      node_
          .append("jobs", {"job", std::to_string(number), {7, number}},
                  [this, number](gof::result<gof::appended> r) {
                    if (!r) return wrong(r.error());
                    say("ack", "j", number, r->sequence);
                    begin();
                  })
          .detach();
    } else if (what < 4 && !keys_[k].busy) {
      change(k, number);
    } else {
      append(number);
    }
  }
  void work() {
    gof::work_options how;
    how.patience = std::chrono::milliseconds(50);
    how.attempts = 1'000'000;
    worker_ = node_.work(
        "jobs", "workers",
        [](gof::delivery it) {
          const std::uint64_t sequence = it.sequence;
          say("got", sequence, it.content.body);
          say("begin", "s", sequence);
          it.settle(gof::verdict::done, {}, [sequence](gof::result<void> r) {
            if (r)
              say("ack", "s", sequence);
            else if (r.error().why != gof::errc::conflict)
              wrong(r.error());
          });
        },
        how);
  }

 private:
  struct value {
    std::uint64_t version = gof::absent;
    bool busy = false;
  };
  static std::string key(std::size_t k) { return "k" + std::to_string(k); }
  static void wrong(const gof::error& why) { say("error", why.text()); }

  void change(std::size_t k, std::uint64_t number) {
    value& it = keys_[k];
    it.busy = true;
    const bool erase = it.version != gof::absent && chance_() % 3 == 0;
    say("begin", erase ? "e" : "p", k, number);
    auto done = [this, k, number, erase](gof::result<std::uint64_t> r) {
      if (!r) return wrong(r.error());
      say("ack", erase ? "e" : "p", k, number, *r);
      keys_[k] = {erase ? gof::absent : *r, false};
      begin();
    };
    if (erase)
      node_.erase("values", key(k), it.version, std::move(done)).detach();
    else
      node_.put("values", key(k), std::to_string(number), it.version, std::move(done)).detach();
  }

  gof::node& node_;
  std::mt19937_64 chance_;
  std::uint64_t next_;
  std::array<value, 4> keys_{};
  gof::registration worker_;
};

}  // namespace

int main(int count, char** arguments) {
  try {
    const auto node = gof::join(arguments[1], {"victim"});
    victim it(*node, std::strtoull(arguments[2], nullptr, 10),
              std::strtoull(arguments[3], nullptr, 10));
    it.look();
    say("ready", node->incarnation());
    for (int i = 4; i < count; ++i) it.append(std::strtoull(arguments[i], nullptr, 10));
    for (int i = 0; i != 8; ++i) it.begin();
    it.work();
    node->run_until([] { return false; }, std::chrono::seconds(20));
  } catch (const std::exception& wrong) {
    say("error", wrong.what());
  }
}
