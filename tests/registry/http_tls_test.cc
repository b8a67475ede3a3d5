#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <functional>

#include "tests/registry/support/http_house.h"

namespace muster::registry::http {
namespace {

using test::echo;
using test::HttpHouse;
using test::request;
using namespace std::chrono_literals;

std::string pem_of(const std::function<void(BIO*)>& write) {
  BIO* memory = BIO_new(BIO_s_mem());
  write(memory);
  char* data = nullptr;
  const auto size = BIO_get_mem_data(memory, &data);
  std::string text(data, static_cast<std::size_t>(size));
  BIO_free(memory);
  return text;
}

// A self-signed P-256 certificate for localhost, valid for an hour.
TlsFiles make_certificate() {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  X509* certificate = X509_new();
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -60);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
  X509_set_pubkey(certificate, key);
  X509_NAME* name = X509_get_subject_name(certificate);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("localhost"),
                             -1, -1, 0);
  X509_set_issuer_name(certificate, name);
  X509_sign(certificate, key, EVP_sha256());
  TlsFiles files{pem_of([&](BIO* out) { PEM_write_bio_X509(out, certificate); }), pem_of([&](BIO* out) {
                   PEM_write_bio_PrivateKey(out, key, nullptr, nullptr, 0, nullptr, nullptr);
                 })};
  X509_free(certificate);
  EVP_PKEY_free(key);
  return files;
}

ServerConfig tls_config() {
  ServerConfig config;
  config.tls = make_certificate();
  config.limits.sweep = 20ms;
  return config;
}

TEST(HttpTls, AnswersPipelinedAndLarge) {
  HttpHouse house(tls_config());
  house.add("POST", "/in", echo);
  house.start();
  auto client = house.connect(true);
  client.send(request("POST", "/in", "one") + request("POST", "/in", "two"));
  EXPECT_EQ(client.read_response()->body, "POST /in one");
  EXPECT_EQ(client.read_response()->body, "POST /in two");
  const std::string large(500'000, 'x');
  EXPECT_EQ(client.ask(request("POST", "/in", large))->body, "POST /in " + large);
  EXPECT_EQ(client.ask("garbage\r\n\r\n")->status, 400);
  EXPECT_TRUE(client.at_end());
}

TEST(HttpTls, ASilentHandshakeIsCutOff) {
  auto config = tls_config();
  config.limits.header_timeout = 150ms;
  HttpHouse house(config);
  house.start();
  auto silent = house.connect();
  EXPECT_TRUE(silent.at_end());
  auto plain = house.connect();
  plain.send(request("GET", "/x"));
  EXPECT_FALSE(plain.read_response()) << "plain HTTP on a TLS port";
  EXPECT_EQ(house.counters().handshakes_failed, 2u);
}

TEST(HttpTls, ARenewedCertificateIsForNewConnections) {
  auto config = tls_config();
  HttpHouse house(config);
  house.add("POST", "/in", echo);
  house.start();
  auto old = house.connect(true);
  const std::string before = old.certificate();
  const TlsFiles renewed = make_certificate();
  EXPECT_EQ(house.server->set_tls(renewed), std::nullopt);
  EXPECT_EQ(old.ask(request("POST", "/in", "one"))->body, "POST /in one") << "an open one goes on";
  auto fresh = house.connect(true);
  const std::string after = fresh.certificate();
  EXPECT_NE(after, before);

  const auto other_key = house.server->set_tls({renewed.certificate, make_certificate().key});
  ASSERT_TRUE(other_key);
  EXPECT_NE(other_key->find("mismatch"), std::string::npos) << *other_key;
  const auto missing = house.server->set_tls({"/nowhere/server.pem", renewed.key});
  ASSERT_TRUE(missing);
  EXPECT_NE(missing->find("/nowhere/server.pem"), std::string::npos) << *missing;
  auto later = house.connect(true);
  EXPECT_EQ(later.certificate(), after) << "a bad one changes nothing";
  EXPECT_EQ(later.ask(request("POST", "/in", "two"))->body, "POST /in two");
}

TEST(HttpTls, AKeyOfAnotherCertificateIsRefusedAtStart) {
  auto config = tls_config();
  config.tls->key = make_certificate().key;
  HttpHouse house(config);
  EXPECT_THROW(house.start(), ServerRefused);
  config.tls->key = "/nowhere/key.pem";
  HttpHouse other(config);
  EXPECT_THROW(other.start(), ServerRefused);
}

}  // namespace
}  // namespace muster::registry::http
