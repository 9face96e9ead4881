// SPDX-License-Identifier: BSL-1.0
#include <gof/distributed/proxy.hpp>
#include <string>

namespace {

namespace remoting = gof::proxy::distributed;

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
#ifdef FAIL_function_that_is_overloaded  // says: window::open is overloaded, or not there
  virtual int open(int by) = 0;
#endif
#ifdef FAIL_function_that_is_not_named  // says: it has to name all functions
  virtual int close() = 0;
#endif
#ifdef FAIL_function_that_cannot_fail  // says: not noexcept: it can fail
  virtual int look() noexcept = 0;
#else
  virtual int look() = 0;
#endif
#ifdef FAIL_result_that_is_elsewhere  // says: returns is a value, not where it is
  virtual int& glass() = 0;
#else
  virtual int glass() = 0;
#endif
#ifdef FAIL_argument_that_is_changed  // says: cannot change its arguments; return the value
  virtual void measure(int& width) = 0;
#else
  virtual void measure(const int& width) = 0;
#endif
#ifdef FAIL_function_that_is_not_virtual  // says: marked .override., but does not override
  void paint(int) {}
#else
  virtual void paint(int) = 0;
#endif
};
GOF_REMOTE(window, open, look, glass, measure, paint)

struct opaque {  // is not described
  int secret = 0;
};
struct safe {
  virtual ~safe() = default;
#ifdef FAIL_argument_that_cannot_cross  // says: known_or_described_with_BOOST_DESCRIBE_STRUCT
  virtual void keep(opaque what) = 0;
#else
  virtual void keep(int what) = 0;
#endif
};
GOF_REMOTE(safe, keep)

struct stranger {
  virtual ~stranger() = default;
};

[[maybe_unused]] void cases(gof::node& n, gallery& real, stranger& other) {
  remoting::remote<gallery> g(n, "gallery");
  remoting::remote<window> w(n, "window");
  remoting::remote<safe> s(n, "safe");

#ifdef FAIL_argument_of_another_type  // says: not the arguments that the remote function takes
  g.call<&gallery::hang>({}, "sunset", "dear");
#else
  g.call<&gallery::hang>({}, "sunset", 3);
#endif
#ifdef FAIL_argument_too_few  // says: not the arguments that the remote function takes
  g.one_way<&gallery::hang>("sunset");
#else
  g.one_way<&gallery::hang>("sunset", 3);
#endif
#ifdef FAIL_function_that_is_hidden  // says: it does not name this function
  g.one_way<&gallery::burn>();
#else
  g->burn();  // here: it is not remote
#endif
#ifdef FAIL_completion_of_another_type  // says: no matching (member )?function
  g.call<&gallery::hang>([](const gof::result<std::string>&) {}, "sunset", 3);
#else
  g.call<&gallery::hang>([](const gof::result<int>&) {}, "sunset", 3);
#endif
#ifdef FAIL_interface_that_is_not_described  // says: with_GOF_REMOTE
  remoting::exposed<stranger> served(n, "stranger", other);
#else
  remoting::exposed<gallery> served(n, "gallery", real);
  static_cast<void>(other);
#endif
#ifdef FAIL_reference_to_another_interface  // says: no matching function
  remoting::remote<window> wrong(n, served.reference());
#else
  remoting::remote<gallery> right(n, remoting::reference<gallery>{});
#endif
  s->keep(3);
}

}  // namespace
