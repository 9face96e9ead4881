// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// Template Method: steps in a fixed order, each done by the class that knows how.

#include <array>
#include <cstddef>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

/// \defgroup template_method Template Method
/// \ingroup behavioural
/// A fixed order of steps, some required and some optional, that is taken back where one fails.
///
/// | In the book         | Here                                                                      |
/// |---------------------|---------------------------------------------------------------------------|
/// | AbstractClass       | a \ref gof::template_method::skeleton "skeleton": the steps, in order     |
/// | ConcreteClass       | any class with `run(step)` for each required step; no base class          |
/// | TemplateMethod      | `skeleton::execute(object)`                                               |
/// | PrimitiveOperation  | `required<step>`                                                          |
/// | hook operation      | `hook<step>`                                                              |
///
/// | To …                               | write                                                      |
/// |------------------------------------|------------------------------------------------------------|
/// | name a step                        | `struct decode {};`                                        |
/// | fix the order                      | `using convert = skeleton<required<decode>, hook<filter>>` |
/// | do a step                          | in the class: `void run(decode)`                           |
/// | take it back where a later one fails | in the class: `void undo(decode) noexcept`               |
/// | run it all                         | `convert::execute(object)`                                 |
/// | see how far it is                  | `convert::execute(object, listener)`                       |
/// | list the steps                     | `convert::steps`                                           |
/// | choose the class at run time       | make `run` virtual in a base, and execute that             |
///
/// \source Gamma, Helm, Johnson, Vlissides, *Design Patterns* (1994), chapter 5, Template Method

namespace gof::inline v0::template_method {

/// \addtogroup template_method
/// @{

/// A step that each class must have. \tparam Step an empty struct that names it
template <class Step>
struct required {};
/// A step that a class may have. \tparam Step an empty struct that names it
template <class Step>
struct hook {};

/// What a listener hears of a step: it begins; it is done; the class does not have it; it threw; or
/// it was done, and has been taken back, since a later one threw.
enum class progress : unsigned char { begun, done, skipped, failed, undone };

/// Does a step. \tparam Class the class \tparam Step the step
template <class Class, class Step>
concept runs = requires(Class& object) {
  object.run(Step());
};
/// Can take a step back. \tparam Class the class \tparam Step the step
template <class Class, class Step>
concept undoes = requires(Class& object) {
  object.undo(Step());
};

namespace detail {
// The name that T gives itself, or has, without what it is nested in.
template <class T>
constexpr std::string_view name_of() {
  if constexpr (requires { std::string_view(T::name); }) {
    return T::name;
  } else {
    std::string_view text = __PRETTY_FUNCTION__;  // "… [with T = a::b<c>; …]" or "… [T = a::b<c>]"
    text.remove_prefix(text.find("T = ") + 4);
    text = text.substr(0, text.find_first_of(";]"));
    std::size_t begin = 0;
    int depth = 0;
    for (std::size_t i = 0; i != text.size(); ++i) {
      const char c = text[i];
      depth += (c == '<' || c == '(' || c == '{') - (c == '>' || c == ')' || c == '}');
      if (c == ':' && depth == 0) begin = i + 1;
    }
    return text.substr(begin);
  }
}

template <class Part>
struct part;
template <class Step>
struct part<required<Step>> {
  using step = Step;
  static constexpr bool is_required = true;
};
template <class Step>
struct part<hook<Step>> {
  using step = Step;
  static constexpr bool is_required = false;
};

// The compiler names the class and the step.
template <class Class, class Step, bool Right>
struct class_has_the_step {
  static_assert(Right, "gof::template_method: this class needs run(step) for a required step");
};

struct nobody {
  constexpr void operator()(std::string_view, progress) const noexcept {}
};
}  // namespace detail

/// The AbstractClass: which steps there are, and in which order.
///
/// Where a step throws, those done before it are taken back, the last one first, each by
/// `undo(step)` where the class has it; and the exception goes on to the caller. A step that throws
/// is not taken back: it leaves things as they were, or cleans up for itself.
/// \tparam Parts each a `required` or a `hook`
/// \threads as the object
/// \law InOrder: each step that the class has is run once, in the order of the skeleton
/// \law AFailureUndoesInReverse: where a step throws, exactly the steps done before it are undone,
/// the last one first
template <class... Parts>
class skeleton {
 public:
  /// The names of the steps: what they have as `name`, or else those of the structs.
  static constexpr std::array<std::string_view, sizeof...(Parts)> steps{
      detail::name_of<typename detail::part<Parts>::step>()...};

  /// The TemplateMethod: runs the steps. \param object does them
  /// \param listener called with the name of a step and the \ref progress "progress" of it; cannot
  /// throw \throws what a step throws, when those before it were undone
  template <class Class, class Listener = detail::nobody>
    requires std::is_nothrow_invocable_v<Listener&, std::string_view, progress>
  static constexpr void execute(Class& object, Listener listener = {}) noexcept(
      (nothrow<Class, typename detail::part<Parts>::step>() && ...)) {
    from<0>(object, listener);
  }

 private:
  template <class Class, class Step>
  static constexpr bool nothrow() {
    if constexpr (runs<Class, Step>) {
      return noexcept(std::declval<Class&>().run(Step()));
    } else {
      return true;
    }
  }

  template <std::size_t I, class Class, class Listener>
  static constexpr void from(Class& object, Listener& tell) {
    if constexpr (I != sizeof...(Parts)) {
      using part = detail::part<std::tuple_element_t<I, std::tuple<Parts...>>>;
      using step = typename part::step;
      if constexpr (!runs<Class, step>) {
        static_cast<void>(detail::class_has_the_step<Class, step, !part::is_required>());
        static_assert(!undoes<Class, step>,
                      "gof::template_method: this class has undo(step), but no run(step)");
        tell(steps[I], progress::skipped);
        from<I + 1>(object, tell);
      } else {
        run<I, step>(object, tell);
        if constexpr (undoes<Class, step>) {
          static_assert(noexcept(object.undo(step())),
                        "gof::template_method: undo(step) is to be noexcept");
          try {
            from<I + 1>(object, tell);
          } catch (...) {
            object.undo(step());
            tell(steps[I], progress::undone);
            throw;
          }
        } else {
          from<I + 1>(object, tell);
        }
      }
    }
  }
  template <std::size_t I, class Step, class Class, class Listener>
  static constexpr void run(Class& object, Listener& tell) {
    tell(steps[I], progress::begun);
    try {
      object.run(Step());
    } catch (...) {
      tell(steps[I], progress::failed);
      throw;
    }
    tell(steps[I], progress::done);
  }
};

/// @}
}  // namespace gof::inline v0::template_method
