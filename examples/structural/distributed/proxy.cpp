// SPDX-License-Identifier: BSL-1.0
/// \file
/// The picture is on another node. Ana looks at it and inverts it, by an object here that has its
/// interface. `proxy URL` plays it over another engine, such as sim:42, where answers get lost.

#include <gof/distributed/decorator/attempts.hpp>
#include <gof/distributed/decorator/guards.hpp>
#include <gof/distributed/proxy.hpp>
#include <gof/roles.hpp>
#include <iomanip>
#include <iostream>
#include <sstream>

#include "world/frame.hpp"

using namespace std::chrono_literals;
namespace remoting = gof::proxy::distributed;

namespace world {
BOOST_DESCRIBE_STRUCT(extent, (), (width, height))
}

/// [subject]
class picture {
 public:
  virtual ~picture() = default;
  virtual world::extent size() const = 0;
  virtual std::string draw(std::size_t columns) const = 0;
  virtual void invert() = 0;
};
GOF_REMOTE(picture, size, draw, invert)
/// [subject]

// RealSubject: has all the pixels, a lit ball. Knows of no network.
class image final : public picture {
 public:
  image() {
    for (int i = 0; i != 64 * 64; ++i) {
      const double x = (i % 64 - 31.5) / 28, y = (i / 64 - 31.5) / 28, z = 1 - x * x - y * y;
      const double light = z < 0 ? 0 : 0.15 + 0.85 * std::max(0.0, 0.7 * x - 0.3 * y + 0.6 * z);
      pixels_.grey.push_back(static_cast<unsigned char>(255 * std::min(light, 1.0)));
    }
  }
  world::extent size() const override { return pixels_.size; }
  std::string draw(std::size_t columns) const override { return world::drawn(pixels_, columns); }
  void invert() override {
    ++inverted;
    for (auto& p : pixels_.grey) p = static_cast<unsigned char>(255 - p);
  }
  int inverted = 0;

 private:
  world::frame pixels_{{64, 64}, {}};
};

// Ana's evening: what she sees after each thing she does. She does not know where the picture is.
using evening = std::vector<std::pair<std::string, std::string>>;
void visit(picture& p, evening& sees) {
  for (const char* deed : {"Ana looks", "inverts it", "inverts it back", "inverts it again"}) {
    if (deed != std::string("Ana looks")) p.invert();
    sees.emplace_back(deed, p.draw(14));
  }
  sees.emplace_back("its size", to_string(p.size()) + '\n');
}

// The museum is open until she goes home.
void open_until(gof::node& n, const std::string& closed) {
  bool is = false;
  const auto watch = n.watch("museum", closed, [&](const auto&) { is = true; });
  n.run_until([&] { return is; }, 10min);
}
void until(gof::node& n, const std::function<void()>& done) {
  for (;;) try {
      return done();
    } catch (const gof::failure&) {
      gof::blocking(n).pause(50ms);
    }
}
void go_home(gof::node& n, const std::string& closed) {
  until(n, [&] { gof::blocking(n).put("museum", closed, "yes", gof::any_version, {200ms}); });
}

// ---- The naive way: a call is a message, and where there is no answer, another one --------------

/// [naive]
void naive_museum(gof::node& n, image& real) {
  const auto serves = n.serve("picture", [&](const gof::message& m, gof::responder r) {
    if (m.body == "invert") return real.invert(), r.reply({});
    r.reply(m.body == "size" ? gof::wire::encode(real.size()) : real.draw(std::stoul(m.body)));
  });
  open_until(n, "naive");
}
struct naive_proxy final : picture {
  explicit naive_proxy(gof::node& on) : n(on) {}
  std::string ask(const std::string& what) const {
    std::string answer;
    until(n, [&] { answer = gof::blocking(n).call({"picture", what}, {200ms}).body; });
    return answer;
  }
  world::extent size() const override { return gof::wire::decode<world::extent>(ask("size")); }
  std::string draw(std::size_t columns) const override { return ask(std::to_string(columns)); }
  void invert() override { ask("invert"); }
  gof::node& n;
};
void naive_ana(gof::node& n, evening& sees) {
  naive_proxy p(n);
  visit(p, sees);
  go_home(n, "naive");
}
/// [naive]

// ---- Ours: the picture is exposed, and each call of it has a number -----------------------------

/// [ours]
void museum(gof::node& n, image& real) {
  const remoting::exposed<picture> served(n, "picture", real);
  open_until(n, "ours");
}
void ana(gof::node& n, evening& sees) {
  namespace layers = gof::decorator::distributed;
  layers::stack calls(n, layers::retry({.attempts = 50, .burst = 1000}),
                      layers::attempt_timeout(200ms));
  remoting::remote<picture> p(n, "picture", {.deadline = 1min, .through = &calls});
  until(n, [&] { p->size(); });  // until the museum is open
  visit(*p, sees);
  go_home(n, "ours");
}
/// [ours]

int main(int argc, char** argv) try {
  const std::string url = argc > 1 ? argv[1] : "memory:";
  // On sim: half of what comes to Ana is lost. The seed says which half.
  const std::vector<gof::sim::fault> loss{{0ms, 1h, gof::sim::kind::lose_answers, "ana", 500}};
  image theirs, real;
  evening naive, ours;
  const auto cast = [&](auto has, auto uses, image& it, evening& sees) {
    gof::play(url,
              {{"museum", [&](auto& n) { has(n, it); }, gof::leaving(it.inverted)},
               {"ana", [&](auto& n) { uses(n, sees); }, gof::leaving(sees)}},
              loss);
  };
  cast(naive_museum, naive_ana, theirs, naive);
  cast(museum, ana, real, ours);

  std::cout << "over " << url << "\n                  naive           ours\n" << std::left;
  for (std::size_t i = 0; i < ours.size(); ++i) {
    std::istringstream one(naive[i].second), other(ours[i].second);
    std::string what = ours[i].first, left, right;
    while (std::getline(one, left) && std::getline(other, right))
      std::cout << std::setw(18) << std::exchange(what, "") << std::setw(16) << left << right
                << '\n';
  }
  std::cout << std::setw(18) << "inverted there" << std::setw(16)
            << std::to_string(theirs.inverted) + " times" << real.inverted << " times\n\n"
            << "Subject picture · RealSubject image, exposed<picture> · Proxy remote<picture>\n"
               "Client visit, which does not know where the picture is\n";
} catch (const std::exception& problem) {
  std::cerr << problem.what() << '\n';
  return 1;
}
