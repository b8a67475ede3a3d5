#include "tools/musterd/dns_config.h"

#include <gtest/gtest.h>

#include "tools/config/config_reader.h"

namespace muster::tools {
namespace {

using namespace std::chrono_literals;

constexpr const char* kSecretA = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
constexpr const char* kSecretB = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

config::Config dns_section(const std::string& text) {
  config::LoadResult result = config::load_text("[dns]\n" + text, "m.toml");
  EXPECT_TRUE(result.errors.empty());
  return std::move(result.config);
}

config::Config with_secret(const std::string& secret) {
  return dns_section("cookie_secret = \"" + secret + "\"\n");
}

zones::SipKey secret_of(std::uint8_t octet) {
  zones::SipKey secret;
  secret.fill(octet);
  return secret;
}

class DnsConfigTest : public testing::Test {
 protected:
  // Own secrets are 1…1, 2…2 and so on; the first goes to the rate limiter.
  DnsConfig begin(const config::Config& config) {
    return DnsConfig(config, start_, [this] { return secret_of(made_++); });
  }
  static dns::CookieSecrets cookies(const DnsConfig& dns) { return dns.live()->get().cookies.value(); }

  const net::SteadyTime start_{std::chrono::hours(5)};
  std::uint8_t made_ = 0;
};

TEST_F(DnsConfigTest, ASecretOfItsOwnIsMadeAnewEveryDayAndThePreviousKept) {
  DnsConfig dns = begin(dns_section(""));
  EXPECT_EQ(cookies(dns), (dns::CookieSecrets{secret_of(1), std::nullopt}));
  const std::uint64_t generation = dns.live()->generation();
  dns.tick(start_ + 24h - 1ms);
  EXPECT_EQ(dns.live()->generation(), generation);
  dns.tick(start_ + 24h);
  EXPECT_EQ(cookies(dns), (dns::CookieSecrets{secret_of(2), secret_of(1)}));
  EXPECT_NE(dns.live()->generation(), generation);
  dns.tick(start_ + 24h + 1ms);
  dns.take_over(dns_section(""), start_ + 30h);
  EXPECT_EQ(cookies(dns), (dns::CookieSecrets{secret_of(2), secret_of(1)})) << "a reload changes nothing";
  dns.tick(start_ + 48h);
  EXPECT_EQ(cookies(dns), (dns::CookieSecrets{secret_of(3), secret_of(2)}));
}

TEST_F(DnsConfigTest, AConfiguredSecretStaysAndAChangedOneKeepsTheOneBefore) {
  DnsConfig dns = begin(with_secret(kSecretA));
  dns.tick(start_ + 100h);
  EXPECT_EQ(cookies(dns), (dns::CookieSecrets{secret_of(0xaa), std::nullopt}));
  dns.take_over(with_secret(kSecretB), start_ + 101h);
  EXPECT_EQ(cookies(dns), (dns::CookieSecrets{secret_of(0xbb), secret_of(0xaa)}));
  dns.take_over(with_secret(kSecretB), start_ + 102h);
  EXPECT_EQ(cookies(dns), (dns::CookieSecrets{secret_of(0xbb), secret_of(0xaa)}));
  dns.take_over(dns_section(std::string("cookie_secret = \"") + kSecretB + "\"\ncookie_secret_previous = \"" +
                            std::string(32, 'c') + "\"\n"),
                start_ + 103h);
  EXPECT_EQ(cookies(dns), (dns::CookieSecrets{secret_of(0xbb), secret_of(0xcc)}));
  dns.take_over(dns_section(""), start_ + 104h);
  EXPECT_EQ(cookies(dns), (dns::CookieSecrets{secret_of(1), secret_of(0xbb)}));
}

TEST_F(DnsConfigTest, CookiesLimitsAndKeysAreTakenOver) {
  DnsConfig dns = begin(dns_section(""));
  const auto limiter = dns.live()->get().rate_limiter;
  dns.take_over(
      dns_section("cookies = false\n[dns.rate_limit]\nresponses_per_second = 7\nslip = 3\n[[key]]\nname = "
                  "\"Transfer\"\nalgorithm = \"hmac-sha384\"\nsecret = \"c2VjcmV0\"\n"),
      start_);
  const dns::AnswerConfig answer = dns.live()->get();
  EXPECT_FALSE(answer.cookies);
  EXPECT_EQ(answer.rate_limit, (dns::RateLimitConfig{7, 3}));
  EXPECT_EQ(answer.rate_limiter, limiter) << "what was counted stays";
  const auto* entry = answer.tsig_keys->find(std::string("\10transfer\0", 10));
  ASSERT_NE(entry, nullptr);
  EXPECT_EQ(entry->key.algorithm, dns::TsigAlgorithm::hmac_sha384);
  EXPECT_EQ(entry->key.secret, "secret");
  dns.tick(start_ + 24h);
  EXPECT_FALSE(dns.live()->get().cookies);
}

TEST(MachineMoment, IsNow) {
  const dns::Moment moment = machine_moment();
  EXPECT_NEAR(moment.now, static_cast<double>(::time(nullptr)), 2);
  EXPECT_LT(machine_moment().tick - moment.tick, 10'000u);
}

}  // namespace
}  // namespace muster::tools
