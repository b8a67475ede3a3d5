#include "dns/cookies.h"

#include <gtest/gtest.h>

#include <numeric>

#include "tests/dns/support/packets.h"

namespace muster::dns {
namespace {

using test::from_hex;
using test::Octets;
using test::to_hex;

template <std::size_t N>
std::array<std::uint8_t, N> array_of(std::string_view hex) {
  const Octets octets = from_hex(hex);
  std::array<std::uint8_t, N> array{};
  EXPECT_EQ(octets.size(), N);
  std::copy_n(octets.begin(), std::min(octets.size(), N), array.begin());
  return array;
}

// The first, a middle and the last row of the authors' table (vectors_sip64, SipHash-2-4): key 00..0f, input
// 00..(n-1).
TEST(SipHash, IsTheAuthors) {
  zones::SipKey key;
  std::iota(key.begin(), key.end(), std::uint8_t{0});
  Octets input(63);
  std::iota(input.begin(), input.end(), std::uint8_t{0});
  const auto hash = [&](std::size_t size) {
    const auto result = zones::siphash<>(key, {input.data(), size});
    return to_hex(Octets(result.begin(), result.end()));
  };
  EXPECT_EQ(hash(0), "31 0e 0e dd 47 db 6f 72\n");
  EXPECT_EQ(hash(8), "62 24 93 9a 79 f5 f5 93\n");
  EXPECT_EQ(hash(15), "e5 45 be 49 61 ca 29 a1\n");
  EXPECT_EQ(hash(63), "72 45 06 eb 4c 32 8a 95\n");
}

const net::IpAddress kClient = *net::parse_ip("198.51.100.100");
const CookieSecrets kSecrets{array_of<16>("e5e973e5a6b2a43f48e7dc849e37bfcf"),
                             array_of<16>("445536bcd2513298075a5d379663c962")};

struct Vector {
  const char* why;
  const char* secret;
  const char* client_cookie;
  const char* address;
  std::uint32_t time;
  const char* server_cookie;
  bool made;  // by us: reserved octets are zero
};

// RFC 9018 appendix A.
constexpr Vector kVectors[] = {
    {"A.1", "e5e973e5a6b2a43f48e7dc849e37bfcf", "2464c4abcf10c957", "198.51.100.100", 1559731985,
     "010000005cf79f111f8130c3eee29480", true},
    {"A.2", "e5e973e5a6b2a43f48e7dc849e37bfcf", "2464c4abcf10c957", "198.51.100.100", 1559734385,
     "010000005cf7a871d4a564a1442aca77", true},
    {"A.3, reserved octets that are not zero", "e5e973e5a6b2a43f48e7dc849e37bfcf", "fc93fc62807ddb86",
     "203.0.113.203", 1559727985, "01abcdef5cf78f71a314227b6679ebf5", false},
    {"A.4, IPv6", "445536bcd2513298075a5d379663c962", "22681ab97d52c298",
     "2001:db8:220:1:59de:d0f4:8769:82b8", 1559741961, "010000005cf7c609a6bb79d16625507a", true},
};

TEST(Cookies, AreThoseOfRfc9018) {
  for (const Vector& row : kVectors) {
    SCOPED_TRACE(row.why);
    const CookieSecrets secrets{array_of<16>(row.secret), std::nullopt};
    const net::IpAddress client = *net::parse_ip(row.address);
    const Octets whole = from_hex(std::string(row.client_cookie) + row.server_cookie);
    Cookie reply;
    EXPECT_EQ(answer_cookie(whole, client, row.time + 1000, secrets, reply), CookieCheck::valid);
    EXPECT_EQ(Octets(reply.begin(), reply.end()), whole) << "a young one comes back";
    const Octets alone(whole.begin(), whole.begin() + 8);
    EXPECT_EQ(answer_cookie(alone, client, row.time, secrets, reply), CookieCheck::client_only);
    EXPECT_EQ(Octets(reply.begin(), reply.end()) == whole, row.made);
  }
}

Octets fresh(std::uint32_t now, const CookieSecrets& secrets = kSecrets) {
  Cookie cookie;
  answer_cookie(Octets(8, 7), kClient, now, secrets, cookie);
  return {cookie.begin(), cookie.end()};
}

TEST(Cookies, AreValidForAnHourWithSerialArithmetic) {
  struct Row {
    const char* why;
    std::int64_t age;
    CookieCheck check;
  };
  constexpr Row kRows[] = {
      {"just made", 0, CookieCheck::valid},
      {"half an hour", 1800, CookieCheck::valid},
      {"older: renewed", 1801, CookieCheck::renewed},
      {"an hour", 3600, CookieCheck::renewed},
      {"too old", 3601, CookieCheck::invalid},
      {"a clock five minutes ahead", -300, CookieCheck::valid},
      {"farther ahead", -301, CookieCheck::invalid},
  };
  for (const std::uint32_t made : {1'700'000'000u, 0xffffff00u, 100u}) {
    for (const Row& row : kRows) {
      SCOPED_TRACE(std::to_string(made) + ": " + row.why);
      const auto now = static_cast<std::uint32_t>(made + row.age);
      Cookie reply;
      EXPECT_EQ(answer_cookie(fresh(made), kClient, now, kSecrets, reply), row.check);
      EXPECT_EQ(Octets(reply.begin(), reply.end()),
                row.check == CookieCheck::valid ? fresh(made) : fresh(now));
    }
  }
}

TEST(Cookies, OfThePreviousSecretAreRenewed) {
  const CookieSecrets before{*kSecrets.previous, std::nullopt};
  Cookie reply;
  EXPECT_EQ(answer_cookie(fresh(1000, before), kClient, 1000, kSecrets, reply), CookieCheck::renewed);
  EXPECT_EQ(Octets(reply.begin(), reply.end()), fresh(1000));
  EXPECT_EQ(answer_cookie(fresh(1000), kClient, 1000, before, reply), CookieCheck::invalid);
}

TEST(Cookies, OfAnotherAreNeitherAcceptedNorEchoed) {
  const Octets good = fresh(1000);
  Octets other_client = good;
  other_client[0] ^= 1;
  Octets version = good;
  version[8] = 2;
  struct Row {
    const char* why;
    Octets cookie;
    const char* address;
  };
  const Row rows[] = {{"another client cookie", other_client, "198.51.100.100"},
                      {"another address", good, "198.51.100.101"},
                      {"an IPv6 address that begins like it", good, "c633:6464::"},
                      {"another version", version, "198.51.100.100"},
                      {"another server's, longer", Octets(40, 9), "198.51.100.100"},
                      {"another server's, shorter", Octets(16, 9), "198.51.100.100"}};
  for (const Row& row : rows) {
    SCOPED_TRACE(row.why);
    Cookie reply;
    EXPECT_EQ(answer_cookie(row.cookie, *net::parse_ip(row.address), 1000, kSecrets, reply),
              CookieCheck::invalid);
    EXPECT_TRUE(std::equal(row.cookie.begin(), row.cookie.begin() + 8, reply.begin()));
    EXPECT_NE(Octets(reply.begin(), reply.end()), row.cookie);
  }
  for (std::size_t i = 0; i < 8 * good.size(); ++i) {
    Octets hurt = good;
    hurt[i / 8] ^= static_cast<std::uint8_t>(1 << i % 8);
    Cookie reply;
    EXPECT_EQ(answer_cookie(hurt, kClient, 1000, kSecrets, reply), CookieCheck::invalid) << "bit " << i;
  }
}

}  // namespace
}  // namespace muster::dns
