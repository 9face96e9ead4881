// SPDX-License-Identifier: BSL-1.0
#include <gof/pyro/remote.hpp>
#include <gof/pyro/server.hpp>
#include <string>

namespace {

namespace pyro = gof::pyro;

struct gallery {
  virtual ~gallery() = default;
  virtual int size_of(std::string name) const = 0;
  virtual int hang(std::string name, int price) = 0;
  virtual void burn() {}
};
GOF_REMOTE(gallery, size_of, hang)

struct window {
  virtual ~window() = default;
  virtual int open() = 0;
#ifdef FAIL_function_that_is_not_named  // says: it has to name all functions
  virtual int close() = 0;
#endif
};
GOF_REMOTE(window, open)

struct opaque {  // is not described, and has no crossing
  int secret = 0;
};
struct safe {
#ifdef FAIL_argument_that_cannot_cross  // says: known_or_described_with_BOOST_DESCRIBE_STRUCT
  void keep(opaque) {}
#else
  void keep(int) {}
#endif
#ifdef FAIL_result_that_is_elsewhere  // says: returns is a value, not where it is
  int& inside() { return it; }
#else
  int inside() { return it; }
#endif
#ifdef FAIL_argument_that_is_changed  // says: cannot change its arguments; return the value
  void fill(int& with) { with = it; }
#else
  void fill(const int& with) { it = with; }
#endif
#ifdef FAIL_function_that_cannot_fail  // says: not noexcept: it can fail
  int look() noexcept { return it; }
#else
  int look() { return it; }
#endif
  int it = 0;
};

struct stranger {
  virtual ~stranger() = default;
  int f() { return 1; }
};

[[maybe_unused]] void cases(pyro::server& at, const pyro::uri& where, safe& real, stranger& other) {
  pyro::remote<gallery> g(where);
  pyro::remote<window> w(where);
  pyro::remote<gallery>::batch all(g);

#ifdef FAIL_argument_of_another_type  // says: not the arguments that the remote function takes
  g.call<&gallery::hang>("sunset", "dear");
#else
  g.call<&gallery::hang>("sunset", 3);
#endif
#ifdef FAIL_argument_too_few  // says: not the arguments that the remote function takes
  g.one_way<&gallery::hang>("sunset");
#else
  g.one_way<&gallery::hang>("sunset", 3);
#endif
#ifdef FAIL_argument_too_many_in_a_batch  // says: not the arguments that the remote function takes
  static_cast<void>(all.add<&gallery::size_of>("sunset", 3));
#else
  static_cast<void>(all.add<&gallery::size_of>("sunset"));
#endif
#ifdef FAIL_function_that_is_hidden  // says: it does not name this function
  g.one_way<&gallery::burn>();
#else
  g->burn();  // here: it is not remote
#endif
#ifdef FAIL_interface_that_is_not_described  // says: with_GOF_REMOTE
  pyro::remote<stranger> s(where);
#endif
#ifdef FAIL_object_that_is_not_described  // says: says what can be used of a class
  at.expose(other);
#else
  at.expose(other, {}, pyro::members<stranger>().method<&stranger::f>("f"));
#endif
  at.expose(real, {},
            pyro::members<safe>()
                .method<&safe::keep>("keep")
                .method<&safe::inside>("inside")
                .method<&safe::fill>("fill")
                .method<&safe::look>("look"));
}

}  // namespace
