// SPDX-License-Identifier: BSL-1.0
#include <gof/pyro/secret.hpp>
// The header under test comes first, so that it has to stand alone.
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <gof/pyro/object.hpp>

namespace {

namespace pyro = gof::pyro;
using namespace std::chrono_literals;
using gof::errc;
using pyro::remote_object;
using pyro::secret;
using pyro::value;

const std::string text = "correct horse battery staple";

std::string refused(const secret& by, const value& shown,
                    secret::clock::time_point now = secret::clock::now()) {
  try {
    return "let in: " + by.check(shown, now);
  } catch (const gof::failure& e) {
    EXPECT_EQ(e.reason().why, errc::denied);
    return e.reason().message;
  }
}
value changed(value shown, const char* name, value to) {
  for (auto& [key, what] : shown.as<pyro::dict>())
    if (key == value(name)) what = std::move(to);
  return shown;
}

TEST(PyroSecret, BelievesAProofOnce) {
  const secret key(text);
  const value shown = secret(text).proof("ann");
  EXPECT_EQ(key.check(shown), "ann");
  EXPECT_EQ(refused(key, shown), "the proof was used before");
  const secret copy = key;
  EXPECT_EQ(refused(copy, shown), "the proof was used before");
  EXPECT_EQ(key.check(key.proof("ann")), "ann");
}

// What HMAC-SHA256 is, is known from elsewhere:
//     printf '1700000000 00112233445566778899aabbccddeeff ann' |
//       openssl dgst -sha256 -hmac 'correct horse battery staple'
TEST(PyroSecret, IsTheHmacThatOthersCompute) {
  const value shown = pyro::dict{
      {value("user"), value("ann")},
      {value("time"), value(1'700'000'000)},
      {value("nonce"), value("00112233445566778899aabbccddeeff")},
      {value("mac"), value("26267cece2b21590edd7dcc8b4b64c7f90e906fcbdf3a08bb179de943af0cbab")}};
  const auto then = secret::clock::time_point(1'700'000'000s);
  EXPECT_EQ(secret(text).check(shown, then), "ann");
}

TEST(PyroSecret, RefusesWhatIsNoProof) {
  const secret key(text);
  const value shown = key.proof("ann");
  const std::string none = "no proof is shown: see gof::pyro::secret";
  for (const value& odd :
       {value(), value("hello"), value(pyro::list{}), value(pyro::dict{}),
        changed(shown, "user", value(1)), changed(shown, "user", value(std::string(1025, 'a'))),
        changed(shown, "time", value("now")), changed(shown, "time", value(1.5)),
        changed(shown, "time", value(~std::uint64_t{})), changed(shown, "nonce", value("")),
        changed(shown, "nonce", value(std::string(31, 'a'))),
        changed(shown, "nonce", value(std::string(33, 'a'))),
        changed(shown, "nonce", value(std::string(32, 'A'))),
        changed(shown, "nonce", value(std::string(32, ' '))), changed(shown, "mac", value())})
    EXPECT_EQ(refused(key, odd), none) << to_string(odd);
}

TEST(PyroSecret, RefusesAProofThatWasChangedOrIsMadeWithAnotherSecret) {
  const secret key(text);
  const value shown = key.proof("ann");
  const std::string wrong = "the proof is made with another secret";
  EXPECT_EQ(refused(key, secret(text + '.').proof("ann")), wrong);
  EXPECT_EQ(refused(key, changed(shown, "user", value("eve"))), wrong);
  EXPECT_EQ(refused(key, changed(shown, "user", value("ann "))), wrong);
  EXPECT_EQ(refused(key, changed(shown, "time", value(0))), wrong);
  EXPECT_EQ(refused(key, changed(shown, "nonce", value(std::string(32, 'a')))), wrong);
  std::string mac = shown.at(value("mac")).as<std::string>();
  EXPECT_EQ(refused(key, changed(shown, "mac", value(mac.substr(1)))), wrong);
  EXPECT_EQ(refused(key, changed(shown, "mac", value(mac + '0'))), wrong);
  EXPECT_EQ(refused(key, changed(shown, "mac", value(""))), wrong);
  mac.back() = mac.back() == '0' ? '1' : '0';
  EXPECT_EQ(refused(key, changed(shown, "mac", value(mac))), wrong);
  EXPECT_EQ(key.check(shown), "ann");  // none of this has used it up
}

TEST(PyroSecret, RefusesAProofOfAnotherTimeAndForgetsThoseThatAreTooOld) {
  const secret key(text);
  const auto now = secret::clock::time_point(1'700'000'000s);
  const std::string late = "the proof is of another time: look at the clocks of both sides";
  const value shown = key.proof("ann", now);
  EXPECT_EQ(refused(key, shown, now + 61s), late);
  EXPECT_EQ(refused(key, shown, now - 61s), late);
  EXPECT_EQ(key.check(shown, now - 60s), "ann");
  // For as long as it could be believed, it is known.
  for (const auto when : {-60s, 0s, 1s, 59s, 60s})
    EXPECT_EQ(refused(key, shown, now + when), "the proof was used before");
  EXPECT_EQ(key.check(key.proof("eve", now + 61s), now + 61s), "eve");
  EXPECT_EQ(refused(key, shown, now + 61s), late);
}

TEST(PyroSecret, KnowsNoMoreProofsThanItSays) {
  const secret key(text);
  const auto now = secret::clock::time_point(1'700'000'000s);
  for (std::size_t i = 0; i < secret::most_proofs; ++i) key.check(key.proof("a", now), now);
  try {
    key.check(key.proof("a", now), now);
    ADD_FAILURE();
  } catch (const gof::failure& e) {
    EXPECT_EQ(e.reason().why, errc::overloaded);
  }
  EXPECT_EQ(key.check(key.proof("a", now + 61s), now + 61s), "a");
}

TEST(PyroSecret, IsNotShort) {
  EXPECT_THROW(secret(""), std::invalid_argument);
  EXPECT_THROW(secret("fifteen letters"), std::invalid_argument);
  EXPECT_NO_THROW(secret("sixteen letters."));
}

// ---- Between programs ---------------------------------------------------------------------------

struct PyroSecretServer : testing::Test {
  const secret key{text};
  pyro::server at{{.admit = key}};
  struct greeter {
    std::string greet(std::string name) { return "hello " + name; }
  };
  pyro::uri where = at.expose(std::make_shared<greeter>(), "greeter",
                              pyro::members<greeter>().method<&greeter::greet>("greet"));
  std::optional<std::string> refusal(pyro::calling how) {
    try {
      remote_object(where, std::move(how)).call("greet", "ann");
      return {};
    } catch (const gof::failure& e) {
      EXPECT_EQ(e.reason().why, errc::denied);
      return e.reason().message;
    }
  }
};

TEST_F(PyroSecretServer, LetsInWhoKnowsItEachTimeAnew) {
  const secret mine(text);
  remote_object it(where, {.proves = [=] { return mine.proof("ann"); }});
  EXPECT_EQ(it.call<std::string>("greet", "ann"), "hello ann");
  it.disconnect();
  EXPECT_EQ(it.call<std::string>("greet", "bob"), "hello bob");
}

TEST_F(PyroSecretServer, LetsInNobodyElse) {
  EXPECT_NE(refusal({}), std::nullopt);
  const secret another(text + '.');
  EXPECT_NE(refusal({.proves = [=] { return another.proof("ann"); }}), std::nullopt);
  const value old = key.proof("ann", secret::clock::now() - 2min);
  EXPECT_NE(refusal({.handshake = old}), std::nullopt);
}

TEST_F(PyroSecretServer, LetsInNobodyWhoRepeatsWhatHeHasSeen) {
  const value seen = key.proof("ann");
  EXPECT_EQ(refusal({.handshake = seen}), std::nullopt);
  const auto again = refusal({.handshake = seen});
  ASSERT_NE(again, std::nullopt);
  EXPECT_NE(again->find("the proof was used before"), std::string::npos) << *again;
}

TEST_F(PyroSecretServer, LetsInAPythonProgram) {
  const char* const python = std::getenv("GOF_PYRO_PYTHON");
  if (!python) GTEST_SKIP() << "GOF_PYRO_PYTHON names no Python with Pyro5";
  const auto script = std::filesystem::path(__FILE__).replace_filename("secret.py");
  const auto run = [&](const std::string& with) {
    const std::string command = std::string(python) + ' ' + script.string() + " '" + with +
                                "' ann " + where.text() + " greet ann 2>&1";
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> it(::popen(command.c_str(), "r"),
                                                             ::pclose);
    std::string all;
    std::array<char, 256> some{};
    while (it && std::fgets(some.data(), some.size(), it.get())) all += some.data();
    return all;
  };
  const std::string told = run(text);
  EXPECT_EQ(told.substr(0, told.find('\n')), "hello ann");
  EXPECT_NE(told.find("the proof was used before"), std::string::npos) << told;
  EXPECT_NE(run(text + '.').find("the proof is made with another secret"), std::string::npos);
}

}  // namespace
