#include <gtest/gtest.h>

#include "tests/registry/support/certificates.h"
#include "tests/registry/support/http_house.h"

namespace muster::registry::http {
namespace {

using test::echo;
using test::HttpHouse;
using test::request;
using namespace std::chrono_literals;

TlsFiles make_certificate() {
  auto made = test::self_signed();
  return {std::move(made.certificate), std::move(made.key)};
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
