// SPDX-License-Identifier: BSL-1.0
#include <gof/adapter/errors.hpp>
// The header under test comes first, so that it has to stand alone.
#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <new>
#include <string>
#include <system_error>
#include <type_traits>
#include <utility>

namespace {

namespace ad = gof::adapter;

// One that gives codes, in each of the two ways, or an enumeration.
struct gives_codes {
  std::error_code code{};
  int calls = 0;
  int value(int n, std::error_code& out) {
    ++calls;
    out = code;
    return n;
  }
  int& slot(std::error_code& out) {
    out = code;
    return calls;
  }
  std::unique_ptr<int> make(std::unique_ptr<int> from, std::error_code& out) {
    out = code;
    return from;
  }
  void effect(std::error_code& out) const { out = code; }
  std::error_code plain(int) { return code; }
  std::errc number() const { return static_cast<std::errc>(code.value()); }
};
std::error_code number(const gives_codes& from) { return std::make_error_code(from.number()); }

// One that throws what it is told.
struct throws {
  std::error_code (*thrower)() = nullptr;
  int calls = 0;
  int value(int n) {
    ++calls;
    if (thrower != nullptr) thrower();
    return n;
  }
  void effect() { static_cast<void>(value(0)); }
  std::unique_ptr<int> make(std::unique_ptr<int> from) {
    effect();
    return from;
  }
};

const std::error_code full = std::make_error_code(std::errc::no_space_on_device);

static_assert(noexcept(ad::coding<&throws::effect>(std::declval<throws&>())));
static_assert(noexcept(ad::coding<&throws::value>(std::declval<throws&>(), 1,
                                                  std::declval<std::error_code&>())));
static_assert(std::is_same_v<decltype(ad::coding<&throws::effect>(std::declval<throws&>())),
                             std::error_code>);
static_assert(std::is_same_v<decltype(ad::throwing<&gives_codes::slot>(  //
                                 std::declval<gives_codes&>())),
                             int&>);
static_assert(std::is_empty_v<ad::throwing_request<&gives_codes::slot>>);
static_assert(noexcept(ad::current_code()) && noexcept(ad::no_code()));

TEST(AdapterErrors, ASuccessIsPassedOn) {
  gives_codes c;
  EXPECT_EQ(ad::throwing<&gives_codes::value>(c, 3), 3);
  EXPECT_EQ(&ad::throwing<&gives_codes::slot>(c), &c.calls);
  EXPECT_EQ(*ad::throwing<&gives_codes::make>(c, std::make_unique<int>(4)), 4);
  EXPECT_NO_THROW(ad::throwing<&gives_codes::effect>(c));
  EXPECT_NO_THROW(ad::throwing<&gives_codes::plain>(c, 1));
  EXPECT_NO_THROW(ad::throwing<number>(c));
}

TEST(AdapterErrors, ACodeIsThrownAsItIs) {
  gives_codes c{full};
  const auto thrown = [](auto call) {
    try {
      call();
    } catch (const std::system_error& failed) {
      return failed.code();
    }
    return std::error_code();
  };
  EXPECT_EQ(thrown([&] { ad::throwing<&gives_codes::value>(c, 3); }), full);
  EXPECT_EQ(c.calls, 1);
  EXPECT_EQ(thrown([&] { ad::throwing<&gives_codes::slot>(c); }), full);
  EXPECT_EQ(thrown([&] { ad::throwing<&gives_codes::make>(c, nullptr); }), full);
  EXPECT_EQ(thrown([&] { ad::throwing<&gives_codes::effect>(c); }), full);
  EXPECT_EQ(thrown([&] { ad::throwing<&gives_codes::plain>(c, 1); }), full);
  EXPECT_EQ(thrown([&] { ad::throwing<number>(c); }).value(), full.value());
}

TEST(AdapterErrors, ASuccessClearsTheCode) {
  throws t;
  std::error_code code = full;
  EXPECT_EQ(ad::coding<&throws::value>(t, 3, code), 3);
  EXPECT_FALSE(code);
  EXPECT_EQ(*ad::coding<&throws::make>(t, std::make_unique<int>(4), code), 4);
  EXPECT_FALSE(ad::coding<&throws::effect>(t));
}

TEST(AdapterErrors, EveryExceptionBecomesACode) {
  struct {
    std::error_code (*thrower)();
    std::error_code expected;
  } const cases[] = {
      {[]() -> std::error_code { throw std::system_error(full); }, full},
      {[]() -> std::error_code { throw std::filesystem::filesystem_error("x", full); }, full},
      {[]() -> std::error_code { throw std::bad_alloc(); },
       std::make_error_code(std::errc::not_enough_memory)},
      {[]() -> std::error_code { throw std::invalid_argument("x"); },
       std::make_error_code(std::errc::invalid_argument)},
      {[]() -> std::error_code { throw std::out_of_range("x"); },
       std::make_error_code(std::errc::result_out_of_range)},
      {[]() -> std::error_code { throw std::runtime_error("x"); }, ad::no_code()},
      {[]() -> std::error_code { throw 3; }, ad::no_code()},
      {[]() -> std::error_code { throw std::system_error(std::error_code()); }, ad::no_code()},
  };
  for (const auto& [thrower, expected] : cases) {
    throws t{thrower};
    std::error_code code;
    EXPECT_EQ(ad::coding<&throws::value>(t, 3, code), 0);
    EXPECT_EQ(code, expected);
    EXPECT_EQ(t.calls, 1);
    EXPECT_EQ(ad::coding<&throws::make>(t, nullptr, code), nullptr);
    EXPECT_EQ(code, expected);
    EXPECT_EQ(ad::coding<&throws::effect>(t), expected);
    EXPECT_TRUE(expected);
  }
}

TEST(AdapterErrors, TheCodeCanBeChosen) {
  constexpr auto chosen = [] { return std::make_error_code(std::errc::protocol_error); };
  throws t{[]() -> std::error_code { throw 3; }};
  std::error_code code;
  static_cast<void>(ad::coding<&throws::value, chosen>(t, 1, code));
  EXPECT_EQ(code, std::errc::protocol_error);
  EXPECT_EQ((ad::coding<&throws::effect, chosen>(t)), std::errc::protocol_error);
}

TEST(AdapterErrors, TheOwnCodeSaysWhatItIs) {
  EXPECT_EQ(ad::no_code().message(), "an exception that no code stands for");
  EXPECT_STREQ(ad::no_code().category().name(), "gof::adapter");
}

// Both are bound like any other request, and there and back again changes no code.
struct target {
  virtual int value(int) = 0;

 protected:
  ~target() = default;
};
struct coded_target {
  virtual int value(int, std::error_code&) noexcept = 0;

 protected:
  ~coded_target() = default;
};
TEST(AdapterErrors, ThereAndBackAgainChangesNoCode) {
  using thrower = ad::adapter<ad::target<&target::value>, gives_codes&,
                              ad::bind<&target::value, ad::throwing<&gives_codes::value>>>;
  constexpr auto ask = [](thrower& t, int n) { return t.request<&target::value>(n); };
  using coder = ad::adapter<ad::target<&coded_target::value>, thrower,
                            ad::bind<&coded_target::value, ad::coding<ask>>>;
  gives_codes c;
  coder both{thrower(c)};
  std::error_code code = full;
  EXPECT_EQ(both.request<&coded_target::value>(3, code), 3);
  EXPECT_FALSE(code);
  c.code = full;
  EXPECT_EQ(both.request<&coded_target::value>(3, code), 0);
  EXPECT_EQ(code, full);
}

}  // namespace
