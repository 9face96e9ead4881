// SPDX-License-Identifier: BSL-1.0
#include <gof/state.hpp>
#include <string>

namespace {

namespace st = gof::state;
using st::action, st::any, st::guard, st::ignore, st::internal, st::refuse, st::transition;

struct mail {
  std::string to;
};
struct draft {};
struct queued {};
struct sent {};
struct lost {};
struct submit {};
struct accepted {};
struct hurry {};

template <class... Rows>
using lifecycle =
    st::table<mail, st::states<draft, queued, sent>, st::events<submit, accepted>, Rows...>;
using all = refuse<any, any>;

using right = lifecycle<transition<draft, submit, queued>, transition<queued, accepted, sent>, all>;

bool addressed(const mail& m) { return !m.to.empty(); }
void forget(mail& m) { m.to.clear(); }
bool forgets(mail& m) { return m.to.empty(); }
void hurry_up(mail&, const hurry&) {}

[[maybe_unused]] void cases(mail& m) {
#ifdef FAIL_event_without_an_answer  // says: event_is_answered<.*sent, .*accepted, false>
  using table = lifecycle<transition<draft, submit, queued>, transition<queued, accepted, sent>,
                          refuse<any, submit>, ignore<draft, accepted>>;
#else
  using table = lifecycle<transition<draft, submit, queued>, transition<queued, accepted, sent>,
                          refuse<any, submit>, ignore<draft, accepted>, ignore<sent, accepted>>;
#endif
  st::machine<table> answered;

#ifdef FAIL_guard_without_another_row  // says: event_is_answered<.*queued, .*accepted, false>
  using guarded = lifecycle<transition<draft, submit, queued>,
                            transition<queued, accepted, sent, guard<addressed>>,
                            refuse<any, submit>, ignore<draft, any>, ignore<sent, any>>;
#else
  using guarded = lifecycle<transition<draft, submit, queued>,
                            transition<queued, accepted, sent, guard<addressed>>, all>;
#endif
  st::machine<guarded> allowed;

#ifdef FAIL_state_that_is_not_reached  // says: state_is_reached<.*sent, false>
  using reached =
      lifecycle<transition<draft, submit, queued>, transition<sent, accepted, sent>, all>;
#else
  using reached =
      lifecycle<transition<draft, submit, queued>, transition<queued, accepted, sent>, all>;
#endif
  st::machine<reached> end;

#ifdef FAIL_row_that_is_never_tried  // says: row_can_be_taken<.*queued, .*submit, .*sent>
  using tried = lifecycle<transition<draft, submit, queued>, ignore<any, submit>,
                          transition<queued, submit, sent>, transition<any, accepted, sent>>;
#else
  using tried = lifecycle<transition<draft, submit, queued>, transition<queued, submit, sent>,
                          ignore<any, submit>, transition<any, accepted, sent>>;
#endif
  st::machine<tried> before;

#ifdef FAIL_state_of_another_table  // says: place.*lost
  using listed = lifecycle<transition<draft, submit, lost>, all>;
#else
  using listed = right;
#endif
  st::machine<listed> known;

#ifdef FAIL_event_of_another_table  // says: place.*hurry
  using heard = lifecycle<transition<draft, submit, queued>, transition<queued, accepted, sent>,
                          ignore<sent, hurry>, all>;
#else
  using heard = right;
#endif
  st::machine<heard> hears;

#ifdef FAIL_part_that_is_none  // says: incomplete type|undefined template
  using part =
      lifecycle<transition<draft, submit, queued, mail>, transition<queued, accepted, sent>, all>;
#else
  using part = right;
#endif
  st::machine<part> parts;

#ifdef FAIL_refusal_that_acts  // says: it takes guards, and no actions
  using refuses = lifecycle<transition<draft, submit, queued>, transition<queued, accepted, sent>,
                            refuse<queued, submit, action<forget>>, all>;
#else
  using refuses = lifecycle<transition<draft, submit, queued>, transition<queued, accepted, sent>,
                            refuse<queued, submit, guard<addressed>>, all>;
#endif
  st::machine<refuses> refuser;

#ifdef FAIL_guard_that_changes_the_context  // says: its context is const
  using looks = lifecycle<transition<draft, submit, queued, guard<forgets>>,
                          transition<queued, accepted, sent>, all>;
#else
  using looks = lifecycle<transition<draft, submit, queued, guard<addressed>>,
                          transition<queued, accepted, sent>, all>;
#endif
  st::machine<looks>().handle(m, submit());

#ifdef FAIL_action_for_another_event  // says: take \(context, event, queue\), or fewer of them
  using acts = lifecycle<transition<draft, submit, queued, action<hurry_up>>,
                         transition<queued, accepted, sent>, all>;
#else
  using acts = lifecycle<transition<draft, submit, queued, action<forget>>,
                         transition<queued, accepted, sent>, all>;
#endif
  st::machine<acts>().handle(m, submit());

#ifdef FAIL_entry_for_another_context  // says: take \(context, event, queue\), or fewer of them
  struct arrived {
    static void entry(std::string&) {}
  };
#else
  struct arrived {
    static void entry(mail&) {}
  };
#endif
  using arrives = st::table<mail, st::states<draft, arrived>, st::events<submit>,
                            transition<draft, submit, arrived>, ignore<arrived, submit>>;
  st::machine<arrives>().handle(m, submit());

  st::machine<right> machine;
#ifdef FAIL_handling_an_event_of_another_table  // says: convert|no matching|conversion
  machine.handle(m, hurry());
#else
  machine.handle(m, accepted());
#endif

#ifdef FAIL_question_for_another_state  // says: no matching (member )?function
  const bool is = machine.is<lost>();
#else
  const bool is = machine.is<sent>();
#endif
  static_cast<void>(is);

#ifdef FAIL_raising_an_event_of_another_table  // says: convert|no matching|conversion
  st::queue<st::events<submit, accepted>>().raise(hurry());
#else
  st::queue<st::events<submit, accepted>>().raise(submit());
#endif
}

}  // namespace
