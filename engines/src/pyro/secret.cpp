// SPDX-License-Identifier: BSL-1.0
#include <gof/pyro/secret.hpp>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <cstdint>
#include <map>
#include <mutex>
#include <new>
#include <set>
#include <stdexcept>

#include "registry.hpp"

namespace gof::inline v0::pyro {

std::string detail::keyed_digest(std::string_view key, std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  if (!HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
            reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data(), &size))
    throw std::bad_alloc();
  std::string digits;
  for (unsigned i = 0; i < size; ++i) {
    digits += "0123456789abcdef"[digest[i] >> 4];
    digits += "0123456789abcdef"[digest[i] & 15];
  }
  return digits;
}

namespace {

constexpr std::size_t longest_user = 1024, nonce_digits = 32;

[[noreturn]] void refuse(const char* why) { throw failure({errc::denied, why, {}}); }

std::string mac_of(const std::string& key, std::int64_t time, std::string_view nonce,
                   std::string_view user) {
  std::string text = std::to_string(time);
  text += ' ';
  text += nonce;
  text += ' ';
  text += user;
  return detail::keyed_digest(key, text);
}
std::int64_t seconds_of(secret::clock::time_point t) {
  return std::chrono::floor<std::chrono::seconds>(t).time_since_epoch().count();
}
template <class T>
const T& part(const value& of, const char* name) {
  const value* const it = of.find(name);
  if (!it || !it->is<T>()) refuse("no proof is shown: see gof::pyro::secret");
  return it->as<T>();
}
}  // namespace

struct secret::state {
  explicit state(std::string_view text) : key(text) {}
  state(const state&) = delete;
  state& operator=(const state&) = delete;
  ~state() { OPENSSL_cleanse(key.data(), key.size()); }
  std::string key;
  std::mutex guard;
  std::set<std::string, std::less<>> used;                  // proofs that are not too old yet
  std::multimap<std::int64_t, const std::string*> by_time;  // the same, by their times
};

secret::secret(std::string_view key) : state_(std::make_shared<state>(key)) {
  if (key.size() < least_bytes || key.size() > 1024)
    throw std::invalid_argument("gof::pyro: a secret has 16 to 1024 bytes that cannot be guessed");
}

value secret::proof(std::string_view user, clock::time_point now) const {
  const std::string nonce = detail::secret_text();
  const std::int64_t time = seconds_of(now);
  return dict{{value("user"), value(user)},
              {value("time"), value(time)},
              {value("nonce"), value(nonce)},
              {value("mac"), value(mac_of(state_->key, time, nonce, user))}};
}

std::string secret::check(const value& shown, clock::time_point now) const {
  const auto& user = part<std::string>(shown, "user");
  const auto& nonce = part<std::string>(shown, "nonce");
  const auto& mac = part<std::string>(shown, "mac");
  const std::int64_t time = part<std::int64_t>(shown, "time"), today = seconds_of(now);
  if (user.size() > longest_user || nonce.size() != nonce_digits ||
      nonce.find_first_not_of("0123456789abcdef") != nonce.npos)
    refuse("no proof is shown: see gof::pyro::secret");
  const std::string right = mac_of(state_->key, time, nonce, user);
  if (mac.size() != right.size() || CRYPTO_memcmp(mac.data(), right.data(), right.size()) != 0)
    refuse("the proof is made with another secret");
  // Whoever knows the secret says what the time is, but for what cannot be one.
  if (time < today - lifetime.count() || time > today + lifetime.count())
    refuse("the proof is of another time: look at the clocks of both sides");
  const std::lock_guard lock(state_->guard);
  while (!state_->by_time.empty() && state_->by_time.begin()->first < today - lifetime.count()) {
    state_->used.erase(state_->used.find(*state_->by_time.begin()->second));
    state_->by_time.erase(state_->by_time.begin());
  }
  if (state_->used.contains(nonce)) refuse("the proof was used before");
  if (state_->used.size() >= most_proofs)
    throw failure({errc::overloaded, "too many clients in a minute", {}});
  const auto known = state_->by_time.emplace(time, nullptr);
  try {
    known->second = &*state_->used.insert(nonce).first;
  } catch (...) {
    state_->by_time.erase(known);
    throw;
  }
  return user;
}

}  // namespace gof::inline v0::pyro
