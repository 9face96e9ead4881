// SPDX-License-Identifier: BSL-1.0
#pragma once
// Certificates for tests of TLS.
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>

#include <gof/pyro/tls.hpp>

namespace certifying {

template <class T, void (*Free)(T*)>
struct freed {
  void operator()(T* it) const { Free(it); }
};
using key_pair = std::unique_ptr<EVP_PKEY, freed<EVP_PKEY, EVP_PKEY_free>>;
using certificate = std::unique_ptr<X509, freed<X509, X509_free>>;

// An authority, and those whom it certifies, in files of their own.
class authority {
 public:
  explicit authority(const std::string& name)
      : folder_(std::filesystem::temp_directory_path() /
                ("gof-certificates-" + std::to_string(::getpid()) + '-' + name)),
        key_(EVP_EC_gen("P-256")) {
    std::filesystem::create_directories(folder_);
    own_ = certify(name, key_.get(), true);
    save(name, own_.get(), key_.get());
  }
  authority(const authority&) = delete;
  authority& operator=(const authority&) = delete;
  ~authority() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  // Options of somebody who has a certificate of this authority, and trusts another's.
  gof::pyro::tls_options of(const std::string& name, const authority& trusted) {
    const key_pair key(EVP_EC_gen("P-256"));
    save(name, certify(name, key.get(), false).get(), key.get());
    return {path(name, "pem"), path(name, "key"), {}, trusted.path(trusted.name(), "pem")};
  }
  gof::pyro::tls_options trusted_only() const { return {{}, {}, {}, path(name(), "pem")}; }

 private:
  [[nodiscard]] std::string name() const {
    const std::string all = folder_.filename();
    return all.substr(all.rfind('-') + 1);
  }
  [[nodiscard]] std::string path(const std::string& name, const char* ending) const {
    return folder_ / (name + '.' + ending);
  }
  certificate certify(const std::string& name, EVP_PKEY* key, bool is_authority) {
    certificate it(X509_new());
    X509_set_version(it.get(), 2);
    ASN1_INTEGER_set(X509_get_serialNumber(it.get()), ++number_);
    X509_gmtime_adj(X509_getm_notBefore(it.get()), -3600);
    X509_gmtime_adj(X509_getm_notAfter(it.get()), 3600);
    X509_set_pubkey(it.get(), key);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(it.get()), "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
    const X509* const issuer = is_authority ? it.get() : own_.get();
    X509_set_issuer_name(it.get(), X509_get_subject_name(issuer));
    extend(it.get(), NID_basic_constraints, is_authority ? "critical,CA:TRUE" : "CA:FALSE");
    if (!is_authority)
      extend(it.get(), NID_subject_alt_name,
             name == "elsewhere" ? "DNS:example.org" : "DNS:localhost,IP:127.0.0.1");
    if (X509_sign(it.get(), key_.get(), EVP_sha256()) == 0) throw std::runtime_error("not signed");
    return it;
  }
  static void extend(X509* it, int what, const char* how) {
    X509_EXTENSION* const one = X509V3_EXT_conf_nid(nullptr, nullptr, what, how);
    X509_add_ext(it, one, -1);
    X509_EXTENSION_free(one);
  }
  void save(const std::string& name, X509* it, EVP_PKEY* key) {
    const auto into = [&](const char* ending, const auto& write) {
      std::FILE* const file = std::fopen(path(name, ending).c_str(), "w");
      if (!file || write(file) != 1 || std::fclose(file) != 0)
        throw std::runtime_error("a certificate cannot be written");
    };
    into("pem", [&](std::FILE* f) { return PEM_write_X509(f, it); });
    into("key", [&](std::FILE* f) {
      return PEM_write_PrivateKey(f, key, nullptr, nullptr, 0, nullptr, nullptr);
    });
  }
  std::filesystem::path folder_;
  key_pair key_;
  certificate own_;
  long number_ = 0;
};

}  // namespace certifying
