// SPDX-License-Identifier: BSL-1.0
#include <gof/proxy/protection_proxy.hpp>
// The header under test comes first, so that it has to stand alone.
#include <gtest/gtest.h>

#include <gof/proxy/smart_reference.hpp>
#include <gof/proxy/virtual_proxy.hpp>
#include <random>
#include <string>

namespace {

namespace px = gof::proxy;

struct page {
  std::string text;
  const std::string& read() const { return text; }
  void write(const std::string& to) { text = to; }
  void erase() { text.clear(); }
};

enum class role { guest, author, owner };
// What each may do: a guest reads, an author also writes, but nothing empty; an owner does all.
struct by_role {
  const role* who;
  bool operator()(auto call) const {
    if constexpr (call.is(px::request<&page::erase>)) return *who == role::owner;
    if constexpr (call.is(px::request<&page::write>)) {
      return *who == role::owner ||
             (*who == role::author && !std::string(std::get<0>(call.arguments)).empty());
    }
    return true;
  }
};

static_assert(std::is_base_of_v<std::runtime_error, px::denied>);
static_assert(std::is_same_v<px::protection_proxy<page, by_role>,
                             decltype(px::proxy(page{}, px::protection(by_role{})))>);
static_assert(sizeof(px::protection<by_role>) == sizeof(by_role));
constexpr auto nobody = [](auto) { return false; };

class Seeded : public testing::TestWithParam<unsigned> {};
INSTANTIATE_TEST_SUITE_P(ProtectionProxy, Seeded, testing::Range(0U, 50U));

// The law WhatIsDeniedNeverReachesTheSubject, against a table by hand.
TEST_P(Seeded, WhatIsDeniedNeverReachesTheSubject) {
  std::mt19937 random(GetParam());
  role who = role::guest;
  px::proxy p(page{"first"}, px::protection(by_role{&who}));
  std::string text = "first";
  for (int i = 0; i != 100; ++i) {
    who = static_cast<role>(random() % 3);
    const std::string to = random() % 3 == 0 ? "" : std::to_string(random() % 10);
    bool passed = true;
    bool may = true;
    try {
      switch (random() % 3) {
        case 0:
          EXPECT_EQ(p.request<&page::read>(), text);
          break;
        case 1:
          may = who == role::owner || (who == role::author && to != "");
          p.request<&page::write>(to);
          text = to;
          break;
        case 2:
          may = who == role::owner;
          p.request<&page::erase>();
          text = "";
          break;
      }
    } catch (const px::denied&) {
      passed = false;
    }
    ASSERT_EQ(passed, may);
    ASSERT_EQ(p.subject().text, text);
  }
}

TEST(ProtectionProxy, SaysThatItDenies) {
  px::proxy p(page{}, px::protection(nobody));
  try {
    p.request<&page::read>();
    FAIL() << "not denied";
  } catch (const px::denied& e) {
    EXPECT_STREQ(e.what(), "gof::proxy: denied; the guard did not let this request pass");
  }
}

TEST(ProtectionProxy, AsksTheGuardOnceForEachRequest) {
  int asked = 0;
  px::proxy p(page{}, px::protection([&](auto) { return ++asked != 2; }));
  p.request<&page::write>("a");
  EXPECT_THROW(p.request<&page::write>("b"), px::denied);
  p.request<&page::read>();
  EXPECT_EQ(asked, 3);
  EXPECT_EQ(p.subject().text, "a");
}

TEST(ProtectionProxy, DeniesForTheReasonsOfTheGuard) {
  px::proxy p(page{"x"},
              px::protection([](auto) -> bool { throw px::denied("the office is closed"); }));
  try {
    p.request<&page::erase>();
    FAIL() << "not denied";
  } catch (const px::denied& e) {
    EXPECT_STREQ(e.what(), "the office is closed");
  }
  EXPECT_EQ(p.subject().text, "x");
}

TEST(ProtectionProxy, DoesNotMakeASubjectForWhoIsDenied) {
  bool open = false;
  px::proxy p(px::virtual_proxy<page>([] { return page{"made"}; }),
              px::protection([&](auto) { return open; }));
  EXPECT_THROW(p.request<&page::read>(), px::denied);
  EXPECT_FALSE(p.subject().made());
  open = true;
  EXPECT_EQ(p.request<&page::read>(), "made");
}

TEST(ProtectionProxy, DoesNotLockForWhoIsDenied) {
  px::locked shared(page{});
  px::proxy p(&shared, px::protection(nobody));
  const auto held = shared.lock();  // a second lock would be misuse
  EXPECT_THROW(p.request<&page::erase>(), px::denied);
}

}  // namespace
