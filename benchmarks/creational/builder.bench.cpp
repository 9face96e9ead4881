// SPDX-License-Identifier: BSL-1.0
// A mail draft: by designated initialisers, by fluent functions, and by builders.
#include <gof/builder.hpp>
#include <gof/builder/runtime.hpp>
#include <string>
#include <utility>
#include <vector>

#include "support/bench.hpp"

namespace {

struct attachment {
  std::string name, data;
};
struct message {
  std::string from;
  std::vector<std::string> to;
  std::string subject, text;
  std::vector<attachment> attachments;
};

// What the optimiser does not know.
struct given {
  const char* from = "ana@example.org";
  const char* to = "ben@example.org, who has a long address";
  const char* subject = "Plans for the summer, and for what comes then";
  const char* text = "Dear Ben,\nthe ferry goes at nine, and the train does not wait.\nAna\n";
};

/// [by_hand]
message by_hand(const given& g) {
  return {.from = g.from, .to = {g.to}, .subject = g.subject, .text = g.text, .attachments = {}};
}
/// [by_hand]

/// [fluent]
// By hand, in steps: nobody says that one is missing.
class fluent {
 public:
  fluent& from(std::string v) { return made_.from = std::move(v), *this; }
  fluent& to(std::vector<std::string> v) { return made_.to = std::move(v), *this; }
  fluent& subject(std::string v) { return made_.subject = std::move(v), *this; }
  fluent& text(std::string v) { return made_.text = std::move(v), *this; }
  message build() { return std::move(made_); }

 private:
  message made_;
};
/// [fluent]

// As in the book: behind an interface, so that other products can be built.
struct abstract {
  virtual ~abstract() = default;
  virtual void from(std::string) = 0;
  virtual void to(std::vector<std::string>) = 0;
  virtual void subject(std::string) = 0;
  virtual void text(std::string) = 0;
  virtual message build() = 0;
};
struct concrete final : abstract {
  void from(std::string v) override { made.from = std::move(v); }
  void to(std::vector<std::string> v) override { made.to = std::move(v); }
  void subject(std::string v) override { made.subject = std::move(v); }
  void text(std::string v) override { made.text = std::move(v); }
  message build() override { return std::move(made); }
  message made;
};

namespace gb = gof::builder;
constexpr gb::part<"from", &message::from> from;
constexpr gb::part<"to", &message::to> to;
constexpr gb::part<"subject", &message::subject> subject;
constexpr gb::part<"text", &message::text> text;
using draft = gb::builder<message, gb::required<from, to>, gb::optional<subject, text>>;
using form = gb::runtime_builder<message, gb::required<from, to>, gb::optional<subject, text>>;

template <class Make>
void measure(benchmark::State& state, Make make) {
  given g;
  benchmark::DoNotOptimize(&g);
  for (auto _ : state) {
    benchmark::ClobberMemory();
    message m = make(g);
    benchmark::DoNotOptimize(&m);
    benchmark::ClobberMemory();
  }
}
void hand(benchmark::State& s) { measure(s, by_hand); }
void in_steps(benchmark::State& s) {
  measure(s, [](const given& g) {
    return fluent().from(g.from).to({g.to}).subject(g.subject).text(g.text).build();
  });
}
void behind(benchmark::State& s) {
  measure(s, [](const given& g) {
    concrete c;
    abstract* b = &c;
    benchmark::DoNotOptimize(b);
    b->from(g.from);
    b->to({g.to});
    b->subject(g.subject);
    b->text(g.text);
    return b->build();
  });
}
void at_once(benchmark::State& s) {
  measure(s, [](const given& g) {
    return draft::make(from = g.from, to = {g.to}, subject = g.subject, text = g.text);
  });
}
void with_a_name(benchmark::State& s) {
  measure(s, [](const given& g) {
    auto b = draft().with(from = g.from, to = {g.to});
    b.with(subject = g.subject).with(text = g.text);
    return std::move(b).build();
  });
}
void chain(benchmark::State& s) {
  measure(s, [](const given& g) {
    return draft()
        .with(from = g.from)
        .with(to = {g.to})
        .with(subject = g.subject)
        .with(text = g.text)
        .build();
  });
}
void at_run_time(benchmark::State& s) {
  measure(s, [](const given& g) {
    form f;
    f.with(from = g.from).with(to = {g.to}).with(subject = g.subject).with(text = g.text);
    return std::move(f).build();
  });
}

const gof::bench::comparison build({.operation = "build a draft",
                                    .contenders = {{"hand", hand},
                                                   {"fluent", in_steps},
                                                   {"virtual", behind},
                                                   {"ours, at once", at_once},
                                                   {"ours, with a name", with_a_name},
                                                   {"ours, a chain of four", chain},
                                                   {"ours, at run time", at_run_time}}});

}  // namespace
