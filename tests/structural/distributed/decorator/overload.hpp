// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// A server of bounded capacity, and those who call it at a given rate, whatever comes of it: what
/// overload is tried with.

#include <cstdint>
#include <deque>
#include <functional>
#include <gof/distributed/decorator.hpp>
#include <gof/engines/faults.hpp>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace overload {

using namespace std::chrono_literals;
namespace decorators = gof::decorator::distributed;

/// Serves one after the other, each for a time half of which is a matter of chance; so many wait at
/// most, and more are refused. Like many a server, it does not look whether somebody still waits
/// for the answer.
class server {
 public:
  server(gof::node& on, std::string subject, gof::duration mean, std::size_t most)
      : node_(&on), mean_(mean), most_(most) {
    serves_ = on.serve(std::move(subject), [this](const gof::message&, gof::responder r) {
      ++attempts;
      if (waiting_.size() >= most_) return r.fail({gof::errc::overloaded, {}, {}});
      waiting_.push_back(std::move(r));
      if (waiting_.size() == 1) work();
    });
  }
  std::uint64_t attempts = 0;  // that came here
  [[nodiscard]] std::size_t waiting() const { return waiting_.size(); }

 private:
  void work() {
    gof::sim::chance by(node_->random());
    node_
        ->after(mean_ / 2 + gof::duration(by.exponential(mean_.count() / 2)), alive_.bind([this] {
          waiting_.front().reply("done");
          waiting_.pop_front();
          if (!waiting_.empty()) work();
        }))
        .detach();
  }
  gof::node* node_;
  gof::duration mean_;
  std::size_t most_;
  std::deque<gof::responder> waiting_;
  gof::registration serves_;
  gof::scope alive_;
};

/// What came of the calls that began in a second of the run.
struct second {
  std::uint64_t calls = 0, good = 0;
};

/// Calls again and again, so many times a second on average.
class callers {
 public:
  using caller = std::function<void(gof::completion<gof::message>)>;
  callers(gof::node& on, caller call) : node_(&on), begun_(on.now()), call_(std::move(call)) {
    next();
  }
  void rate(std::uint64_t per_second) {
    const bool stood = rate_ == 0;
    rate_ = per_second;
    if (stood) next();
  }
  std::vector<second> seconds;
  [[nodiscard]] second between(std::size_t from, std::size_t to) const {
    second sum;
    for (std::size_t i = from; i < to && i < seconds.size(); ++i)
      sum.calls += seconds[i].calls, sum.good += seconds[i].good;
    return sum;
  }

 private:
  void next() {
    if (rate_ == 0) return;
    gof::sim::chance by(node_->random());
    const auto mean = static_cast<std::int64_t>(1'000'000'000 / rate_);
    node_
        ->after(gof::duration(by.exponential(mean)), alive_.bind([this] {
          const auto at = static_cast<std::size_t>((node_->now() - begun_) / 1s);
          seconds.resize(std::max(seconds.size(), at + 1));
          ++seconds[at].calls;
          call_(alive_.bind([this, at](const gof::result<gof::message>& what) {
            seconds[at].good += static_cast<bool>(what);
          }));
          next();
        }))
        .detach();
  }
  gof::node* node_;
  gof::time_point begun_;
  caller call_;
  std::uint64_t rate_ = 0;
  gof::scope alive_;
};

/// The naive way: three attempts, each for as long as all but one of a hundred answers take when
/// nothing is wrong.
inline void try_three_times(gof::node& on, const std::string& subject, gof::duration timeout,
                            gof::completion<gof::message> done, int made = 1) {
  on.call({subject},
          [&on, subject, timeout, made,
           done = std::move(done)](gof::result<gof::message> what) mutable {
            if (what || made == 3) return done(std::move(what));
            try_three_times(on, subject, timeout, std::move(done), made + 1);
          },
          {timeout})
      .detach();
}

}  // namespace overload
