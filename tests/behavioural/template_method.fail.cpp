// SPDX-License-Identifier: BSL-1.0
#include <gof/template_method.hpp>

namespace {

namespace tpl = gof::template_method;
using tpl::hook, tpl::required;

struct decode {};
struct filter {};
struct encode {};
using convert = tpl::skeleton<required<decode>, hook<filter>, required<encode>>;

struct complete {
  void run(decode) {}
  void run(encode) {}
  void undo(encode) noexcept {}
};

[[maybe_unused]] void cases() {
#ifdef FAIL_required_step_that_is_missing  // says: class_has_the_step<.*encode, false>
  struct to_file {
    void run(decode) {}
  } object;
#else
  complete object;
#endif
  convert::execute(object);

#ifdef FAIL_undo_that_can_throw  // says: undo\(step\) is to be noexcept
  struct undoes : complete {
    using complete::run;
    void undo(decode) {}
  } undone;
#else
  complete undone;
#endif
  convert::execute(undone);

#ifdef FAIL_undo_of_a_step_that_it_does_not_run  // says: has undo\(step\), but no run\(step\)
  struct forgets : complete {
    void undo(filter) noexcept {}
  } forgetful;
#else
  complete forgetful;
#endif
  convert::execute(forgetful);

#ifdef FAIL_listener_that_can_throw  // says: no matching function
  convert::execute(object, [](std::string_view, tpl::progress) {});
#else
  convert::execute(object, [](std::string_view, tpl::progress) noexcept {});
#endif

#ifdef FAIL_step_that_is_neither_required_nor_a_hook  // says: incomplete type|undefined template
  tpl::skeleton<decode, required<encode>>::execute(object);
#else
  tpl::skeleton<hook<decode>, required<encode>>::execute(object);
#endif
}

}  // namespace
