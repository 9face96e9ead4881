// SPDX-License-Identifier: BSL-1.0
#include <gof/mediator/fixed.hpp>
#include <gof/mediator/pipeline.hpp>
#include <string>

namespace {

namespace med = gof::mediator;

struct ask {
  using answer = int;
};
struct news {};
struct other {};
using hub = med::mediator<ask, news>;

struct answerer {
  int receive(const ask&) { return 1; }
};
struct listener {
  void receive(const news&) {}
};

[[maybe_unused]] void cases(hub& m) {
  answerer a;
  listener l;

#ifdef FAIL_colleague_who_receives_nothing  // says: constraint|no matching
  struct deaf {
    void recieve(const news&) {}
  } colleague;
#else
  listener colleague;
#endif
  const auto in = m.join(colleague);

#ifdef FAIL_answer_of_another_type  // says: does not return the answer
  struct says {
    std::string receive(const ask&) { return "1"; }
  } wrong;
#else
  answerer wrong;
#endif
  const auto other_in = m.join(wrong);

#ifdef FAIL_message_of_another_mediator  // says: constraint|no matching
  m.publish(other());
#else
  m.publish(news());
#endif

#ifdef FAIL_request_that_is_published  // says: constraint|no matching
  m.publish(ask());
#else
  m.send(ask());
#endif

#ifdef FAIL_handler_that_can_throw  // says: constraint|no matching
  m.publish_or([](std::exception_ptr) {}, news());
#else
  m.publish_or([](std::exception_ptr) noexcept {}, news());
#endif

  med::pipeline p(m);
#ifdef FAIL_advice_without_an_answer  // says: constraint|no matching
  p.around<ask>([](const ask&, const med::next<ask>&) {});
#else
  p.around<ask>([](const ask&, const med::next<ask>&) { return 1; });
#endif

#ifdef FAIL_request_that_nobody_answers  // says: no colleague answers
  med::fixed<listener>(l).send(ask());
#else
  med::fixed<listener, answerer>(l, a).send(ask());
#endif

#ifdef FAIL_request_that_two_answer  // says: several colleagues answer
  med::fixed<answerer, answerer>(a, a).send(ask());
#else
  med::fixed<answerer>(a).send(ask());
#endif
}

}  // namespace
