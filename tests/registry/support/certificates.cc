#include "tests/registry/support/certificates.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <functional>
#include <memory>

namespace muster::test {

namespace {

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Cert = std::unique_ptr<X509, decltype(&X509_free)>;
using Memory = std::unique_ptr<BIO, decltype(&BIO_free)>;

std::string pem_of(const std::function<void(BIO*)>& write) {
  const Memory memory(BIO_new(BIO_s_mem()), BIO_free);
  write(memory.get());
  char* data = nullptr;
  const auto size = BIO_get_mem_data(memory.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

Memory reader_of(const std::string& text) {
  return {BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), BIO_free};
}

void add_name(X509_NAME* to, const std::string& name) {
  X509_NAME_add_entry_by_txt(to, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>(name.c_str()), -1,
                             -1, 0);
}

void extend(X509* certificate, int what, const std::string& value) {
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, what, value.c_str());
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

struct Wanted {
  std::string common_name;
  std::string names;
  bool is_authority = false;
  bool has_expired = false;
};

// Signed by itself when there is no authority.
Certificate make(const Wanted& wanted, const Certificate* authority) {
  static long serial = 0;
  const Key key(EVP_EC_gen("P-256"), EVP_PKEY_free);
  const Cert certificate(X509_new(), X509_free);
  X509_set_version(certificate.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), ++serial);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), wanted.has_expired ? -7200 : -60);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), wanted.has_expired ? -3600 : 3600);
  X509_set_pubkey(certificate.get(), key.get());
  add_name(X509_get_subject_name(certificate.get()), wanted.common_name);
  if (wanted.is_authority) extend(certificate.get(), NID_basic_constraints, "critical,CA:TRUE");
  if (!wanted.names.empty()) extend(certificate.get(), NID_subject_alt_name, wanted.names);
  if (authority == nullptr) {
    X509_set_issuer_name(certificate.get(), X509_get_subject_name(certificate.get()));
    X509_sign(certificate.get(), key.get(), EVP_sha256());
  } else {
    const Cert issuer(PEM_read_bio_X509(reader_of(authority->certificate).get(), nullptr, nullptr, nullptr),
                      X509_free);
    const Key signer(PEM_read_bio_PrivateKey(reader_of(authority->key).get(), nullptr, nullptr, nullptr),
                     EVP_PKEY_free);
    X509_set_issuer_name(certificate.get(), X509_get_subject_name(issuer.get()));
    X509_sign(certificate.get(), signer.get(), EVP_sha256());
  }
  return {pem_of([&](BIO* out) { PEM_write_bio_X509(out, certificate.get()); }), pem_of([&](BIO* out) {
            PEM_write_bio_PrivateKey(out, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
          })};
}

}  // namespace

Certificate self_signed(const std::string& names, bool has_expired) {
  return make({.common_name = "localhost", .names = names, .has_expired = has_expired}, nullptr);
}

Certificate make_authority() {
  static int number = 0;
  return make({.common_name = "authority " + std::to_string(++number), .names = {}, .is_authority = true},
              nullptr);
}

Certificate issue(const Certificate& authority, const std::string& names, bool has_expired) {
  return make({.common_name = "muster test server", .names = names, .has_expired = has_expired}, &authority);
}

}  // namespace muster::test
