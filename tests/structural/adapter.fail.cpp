// SPDX-License-Identifier: BSL-1.0
#include <gof/adapter/errors.hpp>
#include <gof/adapter/two_way.hpp>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace {

namespace ad = gof::adapter;

struct list {
  virtual int size() const = 0;
  virtual void put(long) = 0;
  virtual const std::string& name() const = 0;

 protected:
  ~list() = default;
};
struct adaptee {
  int count() const { return 0; }
  int counts() { return 0; }
  long long_count() const { return 0; }
  void add(long) {}
  void add_int(int) {}
  std::error_code try_add(long) { return {}; }
  std::string copy() const { return {}; }
  const std::string& text() const { return text_; }
  std::string text_;
};
template <class A, auto Specific>
using one = ad::adapter<ad::target<&list::size>, A, ad::bind<&list::size, Specific>>;
template <auto Specific>
using put = ad::adapter<ad::target<&list::put>, adaptee, ad::bind<&list::put, Specific>>;
template <auto Specific>
using name = ad::adapter<ad::target<&list::name>, adaptee, ad::bind<&list::name, Specific>>;
using size_and_put = ad::target<&list::size, &list::put>;
using bind_size = ad::bind<&list::size, &adaptee::count>;
using bind_put = ad::bind<&list::put, &adaptee::add>;

[[maybe_unused]] void cases() {
#ifdef FAIL_unbound_operation  // says: this operation is not bound
  ad::adapter<size_and_put, adaptee, bind_size> a(adaptee{});
#else
  ad::adapter<size_and_put, adaptee, bind_size, bind_put> a(adaptee{});
#endif
  a.request<&list::size>();

#ifdef FAIL_operation_bound_twice  // says: this operation is bound twice
  using by_long = ad::bind<&list::size, &adaptee::long_count>;
  ad::adapter<ad::target<&list::size>, adaptee, bind_size, by_long> twice(adaptee{});
#endif

#ifdef FAIL_bound_but_not_in_the_target  // says: what is bound is not in the Target
  ad::adapter<ad::target<&list::size>, adaptee, bind_size, bind_put> more(adaptee{});
#endif

#ifdef FAIL_request_that_the_target_does_not_list  // says: no matching (member )?function
  one<adaptee, &adaptee::count>(adaptee{}).request<&list::put>(1L);
#else
  one<adaptee, &adaptee::count>(adaptee{}).request<&list::size>();
#endif

  adaptee lasting;
#ifdef FAIL_reference_to_a_temporary  // says: deleted
  one<adaptee&, &adaptee::count> r(adaptee{});
#else
  one<adaptee&, &adaptee::count> r(lasting);
#endif
#ifdef FAIL_const_reference_to_a_temporary  // says: deleted
  one<const adaptee&, &adaptee::count> c(adaptee{});
#else
  one<const adaptee&, &adaptee::count> c(lasting);
#endif
  r.request<&list::size>(), c.request<&list::size>();

#ifdef FAIL_pointer_of_nobody  // says: say who owns the adaptee
  one<adaptee*, &adaptee::count> p(&lasting);
#else
  one<std::unique_ptr<adaptee>, &adaptee::count> p(std::make_unique<adaptee>());
#endif
  p.request<&list::size>();

#ifdef FAIL_const_lost  // says: has to be const as well
  one<adaptee&, &adaptee::counts>(lasting).request<&list::size>();
#else
  one<adaptee&, &adaptee::count>(lasting).request<&list::size>();
#endif

#ifdef FAIL_change_through_a_const_adapter  // says: no matching (member )?function
  std::as_const(a).request<&list::put>(1L);
#else
  a.request<&list::put>(1L);
#endif

#ifdef FAIL_narrowed_result  // says: the result does not become
  one<adaptee, &adaptee::long_count>(adaptee{}).request<&list::size>();
#else
  constexpr auto to_int = [](const adaptee& x) { return static_cast<int>(x.long_count()); };
  one<adaptee, to_int>(adaptee{}).request<&list::size>();
#endif

#ifdef FAIL_narrowed_argument  // says: an argument would be narrowed
  put<&adaptee::add_int>(adaptee{}).request<&list::put>(1L);
#else
  put<&adaptee::add>(adaptee{}).request<&list::put>(1L);
#endif

#ifdef FAIL_ignored_code  // says: a result would be ignored
  put<&adaptee::try_add>(adaptee{}).request<&list::put>(1L);
#else
  put<ad::throwing<&adaptee::try_add>>(adaptee{}).request<&list::put>(1L);
#endif

#ifdef FAIL_reference_to_a_copy  // says: refer to a temporary
  static_cast<void>(name<&adaptee::copy>(adaptee{}).request<&list::name>());
#else
  static_cast<void>(name<&adaptee::text>(adaptee{}).request<&list::name>());
#endif

  constexpr ad::two_way negated{[](int n) { return -n; }, [](int n) { return -n; }};
#ifdef FAIL_lost_value_that_would_dangle  // says: deleted
  static_cast<void>(ad::first_lost(negated, std::vector{1}));
#else
  const std::vector values{1};
  static_cast<void>(ad::first_lost(negated, values));
#endif
}

}  // namespace
