// SPDX-License-Identifier: BSL-1.0
#include <gof/pyro/members.hpp>
// The header under test comes first, so that it has to stand alone.
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <map>
#include <new>
#include <system_error>
#include <typeinfo>

#include <gof/pyro/remote.hpp>
#include <gof/pyro/uri.hpp>

namespace {

namespace pyro = gof::pyro;
namespace wire = gof::wire;
using gof::errc;
using gof::outcome;
using pyro::attribute_error;
using pyro::serializer;
using pyro::type_error;
using pyro::value;
using std::string_literals::operator""s;
using use = pyro::servant::use;

static_assert(pyro::detail::crosses_by_value<value>);
static_assert(pyro::detail::crosses_by_value<std::vector<std::complex<double>>>);
static_assert(!pyro::detail::crosses_by_value<int>);
static_assert(std::is_copy_constructible_v<pyro::members<int>>);

// What crosses by reference, without a network: the references are numbers.
class shelf final : public pyro::exchange {
 public:
  value refer(std::shared_ptr<pyro::servant> it, const void* same) override {
    const auto found = numbers.try_emplace(same, static_cast<int>(numbers.size())).first;
    kept.push_back(std::move(it));
    return value(found->second);
  }
  std::shared_ptr<pyro::remote_object> follow(const value& reference) override {
    followed.push_back(reference);
    return std::make_shared<pyro::remote_object>(gof::pyro::uri("there", "127.0.0.1", 1));
  }
  std::map<const void*, int> numbers;
  std::vector<std::shared_ptr<pyro::servant>> kept;
  std::vector<value> followed;
};

template <class... A>
std::string places(const A&... each) {
  return wire::encode(std::tuple<A...>(each...));
}
// Uses an object, and returns what comes of it.
template <class T>
value use_of(pyro::servant_of<T>& it, use how, std::string_view name, std::string_view arguments,
             pyro::exchange& by, std::string_view named = "\x80") {
  std::string out = "before";
  EXPECT_FALSE(it.invoke(how, name, {arguments, named}, out, by));
  EXPECT_EQ(out.substr(0, 6), "before");
  return pyro::decode(std::string_view(out).substr(6), serializer::msgpack);
}
// … which is nothing but an exception.
template <class Exception, class T>
std::string thrown_by(pyro::servant_of<T>& it, use how, std::string_view name,
                      std::string_view arguments, std::string_view named = "\x80") {
  shelf by;
  std::string out = "before";
  try {
    it.invoke(how, name, {arguments, named}, out, by);
    ADD_FAILURE() << name << " threw nothing";
    return {};
  } catch (const Exception& e) {
    EXPECT_EQ(out, "before");
    return e.what();
  }
}
bool says(std::string_view text, std::string_view what) { return text.find(what) != text.npos; }

struct dial {
  int mark = 3;
  const int most = 10;
  std::string label() const { return label_; }
  void set_label(std::string to) {
    if (to.empty()) throw std::invalid_argument("a label is not empty");
    label_ = std::move(to);
  }
  int turn(std::int8_t by, std::uint16_t times) { return mark += by * times; }
  double half(double of) { return of / 2; }
  void reset() { mark = 0; }
  void fail() { throw std::out_of_range("beyond the dial"); }
  pyro::stream<int> marks(int n) {
    return pyro::stream<int>(
        [i = 0, n]() mutable { return i < n ? std::optional(i++) : std::nullopt; });
  }

 private:
  std::string label_ = "volume";
};
pyro::members<dial> all_of_dial() {
  return pyro::members<dial>()
      .attribute<&dial::mark>("mark")
      .attribute<&dial::most>("most")
      .attribute<&dial::label, &dial::set_label>("label")
      .attribute<&dial::label>("name")
      .method<&dial::turn>("turn")
      .method<&dial::half>("half")
      .one_way<&dial::reset>("reset")
      .method<&dial::fail>("fail")
      .method<&dial::marks>("marks");
}
pyro::servant_of<dial> a_dial() {
  return pyro::servant_of<dial>(std::make_shared<dial>(), all_of_dial());
}

// ---- Names --------------------------------------------------------------------------------------

TEST(PyroMembers, AreListedAsTheyWereAdded) {
  const auto names = all_of_dial().names();
  EXPECT_EQ(names.methods, (std::vector{"turn"s, "half"s, "reset"s, "fail"s, "marks"s}));
  EXPECT_EQ(names.one_way, std::vector{"reset"s});
  EXPECT_EQ(names.attributes, (std::vector{"mark"s, "most"s, "label"s, "name"s}));
}

TEST(PyroMembers, RefuseANameThatIsTakenOrPrivateAndStayAsTheyWere) {
  auto all = all_of_dial();
  for (const char* name : {"turn", "mark", "", "_turn", "__turn__", "__getattr__", "_"}) {
    EXPECT_THROW(all.method<&dial::turn>(name), std::invalid_argument) << name;
    EXPECT_THROW(all.one_way<&dial::turn>(name), std::invalid_argument) << name;
    EXPECT_THROW(all.attribute<&dial::mark>(name), std::invalid_argument) << name;
  }
  EXPECT_EQ(all.names().methods, all_of_dial().names().methods);
  EXPECT_EQ(all.names().one_way, all_of_dial().names().one_way);
  EXPECT_EQ(all.names().attributes, all_of_dial().names().attributes);
  EXPECT_NO_THROW(all.method<&dial::turn>("turn_"));
}

TEST(PyroMembers, AreFoundByTheirWholeNamesOnly) {
  auto it = a_dial();
  for (const std::string name : {"", "tur", "turn ", "Turn", "turns", "turn.half", "_turn",
                                 "__init__", "__class__", "__dict__", "__getattr__", "\0turn"})
    for (const use how : {use::call, use::get, use::set})
      EXPECT_TRUE(says(thrown_by<attribute_error>(it, how, name, "\x90"), "there is no " + name));
  // An attribute is no function, and a function no attribute.
  thrown_by<attribute_error>(it, use::call, "mark", "\x90");
  thrown_by<attribute_error>(it, use::get, "reset", "\x90");
  thrown_by<attribute_error>(it, use::set, "reset", places(1));
}

TEST(PyroMembers, TellALongNameThatIsNotThereInWholeCharacters) {
  auto it = a_dial();
  std::string name = "a";
  for (int i = 0; i < 100; ++i) name += "ü";
  const std::string text = thrown_by<attribute_error>(it, use::call, name, "\x90");
  EXPECT_LT(text.size(), 130u);
  EXPECT_NO_THROW(static_cast<void>(pyro::encode(value(text), serializer::msgpack))) << text;
}

// ---- Attributes ---------------------------------------------------------------------------------

TEST(PyroMembers, ReadAndSetAttributes) {
  auto it = a_dial();
  shelf by;
  EXPECT_EQ(use_of(it, use::get, "mark", "\x90", by), value(3));
  EXPECT_EQ(use_of(it, use::set, "mark", places(7), by), value());
  EXPECT_EQ(use_of(it, use::get, "mark", "\x90", by), value(7));
  EXPECT_EQ(use_of(it, use::set, "label", places("bass"s), by), value());
  EXPECT_EQ(use_of(it, use::get, "label", "\x90", by), value("bass"));
  EXPECT_EQ(use_of(it, use::get, "name", "\x90", by), value("bass"));
  EXPECT_EQ(use_of(it, use::get, "most", "\x90", by), value(10));
}

TEST(PyroMembers, DoNotSetWhatIsConstOrHasNoSetter) {
  auto it = a_dial();
  EXPECT_TRUE(says(thrown_by<attribute_error>(it, use::set, "most", places(1)), "cannot be set"));
  EXPECT_TRUE(
      says(thrown_by<attribute_error>(it, use::set, "name", places("x"s)), "cannot be set"));
  thrown_by<type_error>(it, use::set, "mark", places("seven"s));
  thrown_by<type_error>(it, use::set, "mark", "\x90");
  EXPECT_EQ(thrown_by<std::invalid_argument>(it, use::set, "label", places(""s)),
            "a label is not empty");
  shelf by;
  EXPECT_EQ(use_of(it, use::get, "mark", "\x90", by), value(3));
  EXPECT_EQ(use_of(it, use::get, "label", "\x90", by), value("volume"));
}

// ---- Arguments ----------------------------------------------------------------------------------

TEST(PyroMembers, CallWithArgumentsAndReturnTheResult) {
  auto it = a_dial();
  shelf by;
  EXPECT_EQ(use_of(it, use::call, "turn", places(-2, 3), by), value(-3));
  EXPECT_EQ(use_of(it, use::call, "half", places(3), by), value(1.5));  // as in Python, an integer
  EXPECT_EQ(use_of(it, use::call, "half", places(3.0), by), value(1.5));
  EXPECT_EQ(use_of(it, use::call, "reset", "\x90", by), value());
  EXPECT_EQ(use_of(it, use::call, "reset", "\x90", by, "\xc0"), value());  // nil for no names
  EXPECT_EQ(use_of(it, use::get, "mark", "\x90", by), value(0));
  EXPECT_EQ(thrown_by<std::out_of_range>(it, use::call, "fail", "\x90"), "beyond the dial");
}

TEST(PyroMembers, RefuseWrongArgumentsWithATypeErrorAndDoNothing) {
  auto it = a_dial();
  const std::pair<const char*, std::string> wrong[] = {
      {"turn", "\x90"},                            // too few
      {"turn", places(1)},                         // …
      {"turn", places(1, 2, 3)},                   // too many
      {"turn", places("1"s, 2)},                   // of another type
      {"turn", places(1.5, 2)},                    // …
      {"turn", places(128, 1)},                    // an integer beyond std::int8_t
      {"turn", places(-129, 1)},                   // …
      {"turn", places(1, 65'536)},                 // … beyond std::uint16_t
      {"turn", places(1, -1)},                     // …
      {"turn", places(1, std::int64_t{1} << 40)},  // …
      {"turn", places(~std::uint64_t{}, 1)},       // …
      {"half", places("x"s)},                      // no number
      {"reset", places(1)},                        // more than none
      {"marks", places(std::vector<int>{1})},      // a list is no number
      {"turn", "\xc0"},                            // not even arguments
      {"turn", "\x92\x01"},                        // …
      {"turn", ""},                                // …
  };
  for (const auto& [name, arguments] : wrong)
    EXPECT_TRUE(says(thrown_by<type_error>(it, use::call, name, arguments),
                     "these are not the arguments that it takes"))
        << name;
  EXPECT_TRUE(says(thrown_by<type_error>(it, use::call, "turn", places(1, 2), "\x81\xa1x\x01"),
                   "no keyword arguments"));
  shelf by;
  EXPECT_EQ(use_of(it, use::get, "mark", "\x90", by), value(3));
}

TEST(PyroMembers, GiveItemsOneByOne) {
  auto it = a_dial();
  shelf by;
  std::string out;
  auto items = it.invoke(use::call, "marks", {places(2)}, out, by);
  EXPECT_TRUE(out.empty());
  ASSERT_TRUE(items);
  EXPECT_TRUE(items(out));
  EXPECT_TRUE(items(out));
  EXPECT_EQ(out, "\x00\x01"s);
  EXPECT_FALSE(items(out));
  EXPECT_FALSE(items(out));
  EXPECT_EQ(out, "\x00\x01"s);
}

struct traveller {
  std::set<int> odd(std::set<int> all) {
    std::erase_if(all, [](int n) { return n % 2 == 0; });
    return all;
  }
  std::complex<double> turned(std::complex<double> z) { return z * std::complex<double>(0, 1); }
  pyro::date next(pyro::date day) { return day + std::chrono::days(1); }
  pyro::datetime later(pyro::datetime t) { return t + std::chrono::seconds(1); }
  pyro::big_integer same(pyro::big_integer n) { return n; }
  std::vector<std::complex<double>> many(std::vector<std::complex<double>> all) { return all; }
  value any(value it) { return it; }
};
pyro::servant_of<traveller> a_traveller() {
  return pyro::servant_of<traveller>(std::make_shared<traveller>(),
                                     pyro::members<traveller>()
                                         .method<&traveller::odd>("odd")
                                         .method<&traveller::turned>("turned")
                                         .method<&traveller::next>("next")
                                         .method<&traveller::later>("later")
                                         .method<&traveller::same>("same")
                                         .method<&traveller::many>("many")
                                         .method<&traveller::any>("any"));
}
std::string one(const value& it) { return '\x91' + pyro::encode(it, serializer::msgpack); }

TEST(PyroMembers, TakeAndReturnWhatPythonHasBesides) {
  using namespace std::chrono;
  auto it = a_traveller();
  shelf by;
  using complex = std::complex<double>;
  const auto list = [](auto... each) { return value(pyro::list{value(each)...}); };
  EXPECT_EQ(use_of(it, use::call, "odd", one(list(5, 2, 1, 5)), by), list(1, 5));
  EXPECT_EQ(use_of(it, use::call, "odd", one(list()), by), list());
  EXPECT_EQ(use_of(it, use::call, "turned", one(complex(1, 2)), by), value(complex(-2, 1)));
  EXPECT_EQ(use_of(it, use::call, "next", one(pyro::date(2024y / February / 28)), by),
            value(pyro::date(2024y / February / 29)));
  EXPECT_EQ(use_of(it, use::call, "later", one(pyro::datetime(duration<double>(1.5))), by),
            value(pyro::datetime(duration<double>(2.5))));
  const value large(pyro::big_integer("-123456789012345678901234567890"));
  EXPECT_EQ(use_of(it, use::call, "same", one(large), by), large);
  // Python's integers are of one kind, and its numbers become complex where that is asked for.
  for (const value& n : {value(-1), value(~std::uint64_t{})})
    EXPECT_EQ(use_of(it, use::call, "same", one(n), by), n);
  EXPECT_EQ(use_of(it, use::call, "turned", one(value(2)), by), value(complex(0, 2)));
  EXPECT_EQ(use_of(it, use::call, "turned", one(value(1.5)), by), value(complex(0, 1.5)));
  EXPECT_EQ(use_of(it, use::call, "many", one(list(complex(1, 0), complex(0, 1))), by),
            list(complex(1, 0), complex(0, 1)));
  for (const value& each : {value(), value(true), list("a", 1.5), large})
    EXPECT_EQ(use_of(it, use::call, "any", one(each), by), each);
}

TEST(PyroMembers, RefuseWhatIsNoneOfTheseWithATypeErrorToo) {
  auto it = a_traveller();
  for (const char* name : {"odd", "turned", "next", "later", "same", "many"})
    for (const value& wrong : {value("text"), value(true), value(pyro::list{value("text")})})
      thrown_by<type_error>(it, use::call, name, one(wrong));
}

// ---- What a class says of itself ----------------------------------------------------------------

struct base {
  int inherited = 1;
  int both() { return 1; }
  int only_base() { return 2; }
};
BOOST_DESCRIBE_STRUCT(base, (), (inherited, both, only_base))
struct derived : base {
  const double ratio = 0.5;
  int both() { return 3; }

 private:
  int hidden_ = 4;
  int secret() { return hidden_; }
  BOOST_DESCRIBE_CLASS(derived, (base), (ratio, both), (), (hidden_, secret))
};

TEST(PyroMembers, AreThePublicOnesThatBoostDescribeLists) {
  const auto names = pyro::members_of<derived>().names();
  const auto sorted = [](auto all) { return std::set<std::string>(all.begin(), all.end()); };
  EXPECT_EQ(sorted(names.attributes), (std::set{"inherited"s, "ratio"s}));
  EXPECT_EQ(sorted(names.methods), (std::set{"both"s, "only_base"s}));
  pyro::servant_of<derived> it(std::make_shared<derived>());
  shelf by;
  EXPECT_EQ(use_of(it, use::call, "both", "\x90", by), value(3));
  EXPECT_EQ(use_of(it, use::call, "only_base", "\x90", by), value(2));
  EXPECT_EQ(use_of(it, use::set, "inherited", places(5), by), value());
  EXPECT_EQ(use_of(it, use::get, "inherited", "\x90", by), value(5));
  thrown_by<attribute_error>(it, use::set, "ratio", places(1.0));
  thrown_by<attribute_error>(it, use::get, "hidden_", "\x90");
  thrown_by<attribute_error>(it, use::call, "secret", "\x90");
}

struct lamp {
  virtual ~lamp() = default;
  virtual bool lit() const = 0;
  virtual void light(bool on) = 0;
  virtual int watts() { return 40; }  // is not named below
};
GOF_REMOTE(lamp, lit, light)
struct desk_lamp : lamp {
  bool lit() const override { return on_; }
  void light(bool on) override { on_ = on; }

 private:
  bool on_ = false;
};
// An interface without functions of its own may name those of two.
struct shop {
  std::vector<std::shared_ptr<lamp>> lamps;
  std::vector<std::shared_ptr<lamp>> all() { return lamps; }
  std::shared_ptr<lamp> none() { return nullptr; }
  int put(std::vector<std::shared_ptr<lamp>> more) {
    lamps.insert(lamps.end(), more.begin(), more.end());
    return static_cast<int>(lamps.size());
  }
};

TEST(PyroMembers, AreThoseThatGofRemoteNames) {
  EXPECT_EQ(pyro::members_of<lamp>().names().methods, (std::vector{"lit"s, "light"s}));
  EXPECT_EQ(pyro::members_of<desk_lamp>().names().methods, (std::vector{"lit"s, "light"s}));
  pyro::servant_of<desk_lamp> it(std::make_shared<desk_lamp>());
  shelf by;
  EXPECT_EQ(use_of(it, use::call, "light", places(true), by), value());
  EXPECT_EQ(use_of(it, use::call, "lit", "\x90", by), value(true));
  thrown_by<attribute_error>(it, use::call, "watts", "\x90");
}

TEST(PyroMembers, LetInterfacesCrossAsReferencesAndTheSameObjectAsTheSame) {
  auto stock = std::make_shared<shop>();
  const auto first = std::make_shared<desk_lamp>(), second = std::make_shared<desk_lamp>();
  stock->lamps = {first, second, first, nullptr};
  pyro::servant_of<shop> it(stock, pyro::members<shop>()
                                       .method<&shop::all>("all")
                                       .method<&shop::none>("none")
                                       .method<&shop::put>("put"));
  shelf by;
  EXPECT_EQ(use_of(it, use::call, "all", "\x90", by),
            value(pyro::list{value(0), value(1), value(0), value()}));
  EXPECT_EQ(use_of(it, use::call, "none", "\x90", by), value());
  ASSERT_FALSE(by.kept.empty());
  std::string out;
  by.kept.front()->invoke(use::call, "light", {places(true)}, out, by);
  EXPECT_TRUE(first->lit());
  EXPECT_FALSE(second->lit());
  // Those that come are followed, and not used yet.
  EXPECT_EQ(use_of(it, use::call, "put", one(pyro::list{value("x"), value(), value("y")}), by),
            value(7));
  EXPECT_EQ(by.followed, (std::vector{value("x"), value("y")}));
}

// ---- Exceptions ---------------------------------------------------------------------------------

template <class E, class... A>
pyro::remote_exception sent(A&&... how) {
  try {
    throw E(std::forward<A>(how)...);
  } catch (...) {
    return pyro::remote_exception::from(pyro::being_handled().to_value());
  }
}
// Whether what was thrown there as E is caught here as one, with its words and its class.
template <class E>
bool comes_back(const char* kind, const char* type) {
  const pyro::remote_exception it = sent<E>("the words");
  EXPECT_EQ(it.kind, kind);
  EXPECT_EQ(it.words(), "the words");
  EXPECT_EQ(it.attributes, (pyro::dict{{value("cpp_type"), value(type)}})) << type;
  try {
    pyro::remote_exception(it).raise();
  } catch (const E& caught) {
    const auto* const remote = dynamic_cast<const pyro::remote_exception*>(&caught);
    EXPECT_EQ(caught.what(), std::string(kind) + ": the words");
    return remote && remote->kind == kind && remote->attributes == it.attributes;
  } catch (...) {
    return false;
  }
}
struct own_error : std::domain_error {
  using std::domain_error::domain_error;
};

TEST(PyroException, CrossesAndIsCaughtAsTheSameStandardException) {
  EXPECT_TRUE(comes_back<std::invalid_argument>("builtins.ValueError", "std::invalid_argument"));
  EXPECT_TRUE(comes_back<std::out_of_range>("builtins.IndexError", "std::out_of_range"));
  EXPECT_TRUE(comes_back<std::domain_error>("builtins.ArithmeticError", "std::domain_error"));
  EXPECT_TRUE(comes_back<std::overflow_error>("builtins.OverflowError", "std::overflow_error"));
  EXPECT_TRUE(comes_back<std::logic_error>("builtins.AssertionError", "std::logic_error"));
  EXPECT_TRUE(comes_back<std::runtime_error>("builtins.RuntimeError", "std::runtime_error"));
  EXPECT_TRUE(comes_back<type_error>("builtins.TypeError", "gof::v0::pyro::type_error"));
  EXPECT_TRUE(
      comes_back<attribute_error>("builtins.AttributeError", "gof::v0::pyro::attribute_error"));
}

TEST(PyroException, CrossesAsTheNearestOtherwise) {
  EXPECT_EQ(sent<std::length_error>("x").kind, "builtins.ValueError");
  EXPECT_EQ(sent<std::range_error>("x").kind, "builtins.ArithmeticError");
  EXPECT_EQ(sent<std::underflow_error>("x").kind, "builtins.ArithmeticError");
  EXPECT_EQ(sent<own_error>("x").kind, "builtins.ArithmeticError");
  EXPECT_EQ(sent<std::bad_alloc>().kind, "builtins.MemoryError");
  EXPECT_EQ(sent<std::bad_cast>().kind, "builtins.RuntimeError");
  EXPECT_EQ(sent<std::filesystem::filesystem_error>("x", std::error_code()).kind,
            "builtins.OSError");
  EXPECT_EQ(sent<std::system_error>(std::make_error_code(std::errc::io_error)).kind,
            "builtins.OSError");
  EXPECT_EQ(sent<wire::error>(wire::refusal::truncated, "x").kind, "Pyro5.errors.SerializeError");
  EXPECT_EQ(sent<int>(7).kind, "builtins.RuntimeError");
  const auto own = sent<own_error>("x");
  ASSERT_EQ(own.attributes.size(), 1u);
  EXPECT_TRUE(says(own.attributes[0].second.as<std::string>(), "own_error"));
  EXPECT_THROW(sent<std::bad_alloc>().raise(), std::bad_alloc);
}

template <class E>
bool is_caught_as(const std::string& kind) {
  pyro::remote_exception it;
  it.kind = kind;
  it.arguments = {value("a"), value(1)};
  it.attributes = {{value("code"), value(42)}};
  it.traceback = {"File \"x.py\", line 1"};
  try {
    pyro::remote_exception::from(it.to_value()).raise();
  } catch (const E& caught) {
    const auto& back = dynamic_cast<const pyro::remote_exception&>(caught);
    EXPECT_EQ(back.kind, kind);
    EXPECT_EQ(back.arguments, it.arguments);
    EXPECT_EQ(back.attributes, it.attributes);
    EXPECT_EQ(back.traceback, it.traceback);
    EXPECT_EQ(caught.what(), kind + ": 'a', 1");
    // It is the nearest: nothing that is derived from it.
    return typeid(caught) == typeid(pyro::thrown<E>);
  } catch (...) {
    return false;
  }
}

TEST(PyroException, OfPythonIsCaughtAsTheTableSays) {
  for (const std::string module : {"builtins.", ""}) {
    EXPECT_TRUE(is_caught_as<std::invalid_argument>(module + "ValueError"));
    EXPECT_TRUE(is_caught_as<type_error>(module + "TypeError"));
    EXPECT_TRUE(is_caught_as<attribute_error>(module + "AttributeError"));
    for (const char* name : {"IndexError", "KeyError", "LookupError"})
      EXPECT_TRUE(is_caught_as<std::out_of_range>(module + name));
    for (const char* name : {"ArithmeticError", "ZeroDivisionError"})
      EXPECT_TRUE(is_caught_as<std::domain_error>(module + name));
    EXPECT_TRUE(is_caught_as<std::overflow_error>(module + "OverflowError"));
    EXPECT_TRUE(is_caught_as<std::bad_alloc>(module + "MemoryError"));
    for (const char* name : {"AssertionError", "NotImplementedError"})
      EXPECT_TRUE(is_caught_as<std::logic_error>(module + name));
    for (const char* name : {"RuntimeError", "OSError", "StopIteration", "Anything"})
      EXPECT_TRUE(is_caught_as<std::runtime_error>(module + name));
  }
  // Somebody else's class of that name is not Python's.
  EXPECT_TRUE(is_caught_as<std::runtime_error>("warehouse.ValueError"));
  for (const char* name : {"PyroError", "NamingError", "SerializeError", "DaemonError"})
    EXPECT_TRUE(is_caught_as<gof::failure>("Pyro5.errors."s + name));
}

TEST(PyroException, OfPyroSaysWhetherTheCallRan) {
  const auto result = [](const char* kind, const char* words) {
    pyro::remote_exception it;
    it.kind = "Pyro5.errors."s + kind;
    it.arguments.emplace_back(words);
    try {
      std::move(it).raise();
    } catch (const gof::failure& e) {
      return std::pair(e.reason().why, e.result());
    }
  };
  EXPECT_EQ(result("DaemonError", "unknown object"),
            std::pair(errc::nobody_there, outcome::not_applied));
  EXPECT_EQ(result("SecurityError", "no"), std::pair(errc::denied, outcome::not_applied));
  EXPECT_EQ(result("DaemonError", "another"), std::pair(errc::failed_there, outcome::failed_there));
  // Maybe the arguments could not be read, and maybe the result could not be written.
  EXPECT_EQ(result("SerializeError", "x"), std::pair(errc::failed_there, outcome::failed_there));
  EXPECT_EQ(result("TimeoutError", "x"), std::pair(errc::failed_there, outcome::failed_there));
}

TEST(PyroException, OfOursBecomesPyrosByItsReason) {
  const auto kind = [](errc why) { return sent<gof::failure>(gof::error{why, "words", {}}).kind; };
  EXPECT_EQ(kind(errc::deadline), "Pyro5.errors.TimeoutError");
  EXPECT_EQ(kind(errc::closed), "Pyro5.errors.ConnectionClosedError");
  EXPECT_EQ(kind(errc::too_large), "Pyro5.errors.MessageTooLargeError");
  EXPECT_EQ(kind(errc::denied), "Pyro5.errors.SecurityError");
  EXPECT_EQ(kind(errc::nobody_there), "Pyro5.errors.DaemonError");
  EXPECT_EQ(kind(errc::conflict), "Pyro5.errors.PyroError");
}

TEST(PyroException, ThatComesFromElsewhereIsPassedOnAsItCame) {
  pyro::remote_exception it;
  it.kind = "warehouse.OutOfStock";
  it.arguments = {value("chess"), value(0)};
  it.attributes = {{value("code"), value(42)}};
  it.traceback = {"there"};
  try {
    pyro::remote_exception(it).raise();
  } catch (const std::exception&) {
    EXPECT_EQ(pyro::being_handled().to_value(), it.to_value());
  }
}

TEST(PyroException, IsReadFromAnythingThatIsSent) {
  for (const value& odd :
       {value(), value(1), value("x"), value(pyro::dict{}),
        value(pyro::dict{{value("__class__"), value(1)}, {value("args"), value(2)}}),
        value(pyro::dict{{value("attributes"), value("x")}}),
        value(pyro::dict{
            {value("attributes"), value(pyro::dict{{value("_pyroTraceback"), value(1)}})}})}) {
    const auto it = pyro::remote_exception::from(odd);
    EXPECT_EQ(it.kind, "unknown");
    EXPECT_EQ(it.words(), "");
    EXPECT_THROW(pyro::remote_exception(it).raise(), std::runtime_error);
  }
}

// ---- URIs ---------------------------------------------------------------------------------------

TEST(PyroUri, IsReadAndWrittenAsPyroDoes) {
  using kind = pyro::uri::kind;
  struct row {
    const char* text;
    kind is;
    const char *object, *host;
    int port;
    const char* again;  // null: as it was
  };
  const row table[] = {
      {"PYRO:a@h:1", kind::object, "a", "h", 1, nullptr},
      {"PYRO:Pyro.NameServer@localhost:9090", kind::object, "Pyro.NameServer", "localhost", 9090,
       nullptr},
      {"PYRO:obj_0f@127.0.0.1:65535", kind::object, "obj_0f", "127.0.0.1", 65535, nullptr},
      {"PYRO:a@[::1]:4444", kind::object, "a", "::1", 4444, nullptr},
      {"pyro:a@h:1", kind::object, "a", "h", 1, "PYRO:a@h:1"},
      {"PyRo:a@h:01", kind::object, "a", "h", 1, "PYRO:a@h:1"},
      {"PYRO:a:b,c@h:1", kind::object, "a:b,c", "h", 1, nullptr},
      {"PYRONAME:warehouse", kind::name, "warehouse", "", 0, nullptr},
      {"pyroname:a@h", kind::name, "a", "h", 9090, "PYRONAME:a@h"},
      {"PYRONAME:a@h:9090", kind::name, "a", "h", 9090, "PYRONAME:a@h"},
      {"PYRONAME:a@h:9091", kind::name, "a", "h", 9091, nullptr},
      {"PYRONAME:a@[fe80::1]", kind::name, "a", "fe80::1", 9090, nullptr},
      {"PYRONAME:a@[fe80::1]:80", kind::name, "a", "fe80::1", 80, nullptr},
      {"PYROMETA:red,blue", kind::tags, "red,blue", "", 0, nullptr},
      {"PYROMETA:red@h:3", kind::tags, "red", "h", 3, nullptr},
  };
  for (const row& r : table) {
    const pyro::uri it(r.text);
    EXPECT_EQ(it.is, r.is) << r.text;
    EXPECT_EQ(it.object, r.object) << r.text;
    EXPECT_EQ(it.host, r.host) << r.text;
    EXPECT_EQ(it.port, r.port) << r.text;
    EXPECT_EQ(it.text(), r.again ? r.again : r.text);
    EXPECT_EQ(pyro::uri(it.text()), it) << r.text;
  }
}

TEST(PyroUri, RefusesWhatIsNoneAndSaysWhy) {
  for (const std::string text : {"",
                                 "PYRO",
                                 "PYRO:",
                                 ":",
                                 "a@h:1",
                                 "HTTP:a@h:1",
                                 "PYRONAM:a@h:1",
                                 " PYRO:a@h:1",
                                 "PYRO:@h:1",
                                 "PYRO:a",
                                 "PYRO:a@",
                                 "PYRO:a@h",
                                 "PYRO:a@h:",
                                 "PYRO:a@:1",
                                 "PYRO:a@h:0",
                                 "PYRO:a@h:65536",
                                 "PYRO:a@h:-1",
                                 "PYRO:a@h:+1",
                                 "PYRO:a@h: 1",
                                 "PYRO:a@h:1 ",
                                 "PYRO:a@h:x",
                                 "PYRO:a@h:1:2",
                                 "PYRO:a@::1",
                                 "PYRO:a@[::1]",
                                 "PYRO:a@[::1",
                                 "PYRO:a@[::1:1",
                                 "PYRO:a@[]:1",
                                 "PYRO:a b@h:1",
                                 "PYRO:a\n@h:1",
                                 "PYRO:a@h h:1",
                                 "PYRO:a@b@h:1",
                                 "PYRO:a@[h]]:1",
                                 "PYRO:a@[[h]]:1",
                                 "PYRO:a@[::1]x:1",
                                 "PYRO:a@./u:socket",
                                 "PYRONAME:",
                                 "PYRONAME:a@",
                                 "PYRONAME:a@[::1:1",
                                 "PYRONAME:a@h:",
                                 "PYROMETA:"}) {
    try {
      const pyro::uri it(text);
      ADD_FAILURE() << '"' << text << "\" became " << it.text();
    } catch (const gof::failure& e) {
      EXPECT_EQ(e.reason().why, errc::refused);
      EXPECT_TRUE(says(e.what(), '"' + text + "\" is no URI: ")) << e.what();
    }
  }
}

}  // namespace
