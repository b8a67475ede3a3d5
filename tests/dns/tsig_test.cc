#include "dns/tsig.h"

#include <gtest/gtest.h>

#include <numeric>

#include "dns/octets.h"
#include "dns/question.h"
#include "tests/dns/support/packets.h"
#include "tests/dns/support/signing.h"

namespace muster::dns {
namespace {

using test::from_hex;
using test::Octets;
using test::QueryBuilder;
using test::sign;
using test::Signing;

constexpr std::uint64_t kNow = 1'700'000'000;

zones::Name name_of(std::string_view text) { return *zones::Name::from_text(text); }

std::string plain_hex(std::span<const std::uint8_t> octets) {
  std::string hex;
  for (const char c : test::to_hex({octets.begin(), octets.end()})) {
    if (c != ' ' && c != '\n') hex += c;
  }
  return hex;
}

// RFC 4231 §4.2, §4.3, §4.7; RFC 2202 §3.
TEST(Hmac, IsThatOfTheRfcs) {
  struct Row {
    const char* why;
    TsigAlgorithm algorithm;
    std::string key;
    const char* data;
    const char* mac;
  };
  const Row rows[] = {
      {"RFC 2202 case 2", TsigAlgorithm::hmac_sha1, "Jefe", "what do ya want for nothing?",
       "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"},
      {"RFC 4231 case 1", TsigAlgorithm::hmac_sha256, std::string(20, '\x0b'), "Hi There",
       "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
      {"RFC 4231 case 2", TsigAlgorithm::hmac_sha384, "Jefe", "what do ya want for nothing?",
       "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649"},
      {"RFC 4231 case 6, a key longer than a block", TsigAlgorithm::hmac_sha512, std::string(131, '\xaa'),
       "Test Using Larger Than Block-Size Key - Hash Key First",
       "80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f3526b56d037e05f2598bd0fd2215d6a1e52"
       "95e64f73f63f0aec8b915a985d786598"},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.why);
    const HmacKey key(row.algorithm, row.key);
    const std::string_view data(row.data);
    const auto* octets = reinterpret_cast<const std::uint8_t*>(data.data());
    EXPECT_EQ(plain_hex(key.compute({{octets, 4}, {octets + 4, data.size() - 4}}).view()), row.mac);
    EXPECT_EQ(key.compute({}).size, mac_size(row.algorithm)) << "the key is as it was";
  }
}

TsigKeysPtr keys_of(TsigKey key) {
  return std::make_shared<const TsigKeys>(std::vector<TsigKey>{std::move(key)});
}

TsigKeysPtr usual_keys(std::size_t mac_octets_min = 0) {
  return keys_of({name_of("Transfer."), TsigAlgorithm::hmac_sha256, Signing().secret, mac_octets_min});
}

// A packet as the reader hands it on. Lives as long as the verdict is used.
struct Judged {
  Octets packet;
  TsigRecord record;
  TsigVerdict verdict;
};

std::unique_ptr<Judged> judge(Octets packet, const TsigKeysPtr& keys, std::uint64_t now = kNow) {
  auto judged = std::make_unique<Judged>();
  judged->packet = std::move(packet);
  Query query;
  const Packet view(judged->packet.data(), judged->packet.size());
  static_cast<void>(read_query(view, query).ok);
  EXPECT_NE(query.tsig_at, 0);
  EXPECT_TRUE(read_tsig(view, query.tsig_at, judged->record));
  judged->verdict = verify(view, query.tsig_at, judged->record, keys, now);
  return judged;
}

Octets signed_message(TsigSigner& signer, Octets message, std::uint64_t now = kNow) {
  const std::size_t size = message.size();
  const std::size_t record = signer.size();
  message.resize(size + record);
  EXPECT_EQ(signer.sign(message, size, now), message.size());
  return message;
}

Octets query() { return QueryBuilder("web.example.com.").build(); }

struct Vector {
  TsigAlgorithm algorithm;
  const char* request;  // MACs of the request, of its reply a second later, of a second message after another
  const char* first;
  const char* second;
};

// Computed with Python's hmac from RFC 8945 §4.3: key 01..20, ID 0x1234, RD, web.example.com. A IN, no EDNS;
// the reply has the flags 0x8500 and no records.
constexpr Vector kVectors[] = {
    {TsigAlgorithm::hmac_sha1, "3b370861e856c490b9e8308cd1d0ada7b5ea04ef",
     "5aa67b0148a4542ed66ded2d50dc1757312b8509", "1f2c37592e5dda70da378bb6e81c9483db1d0728"},
    {TsigAlgorithm::hmac_sha256, "51d1ac39311b49731affd8f794abab578c4942ecf4509e814b4870212aa58a8f",
     "907d2103acff324718fa9ba10a7e8c1dc7d5dcd75d1989457e871889d08cc745",
     "1dc1e2447b02a2d67bc562e51b1a1f0e45c2615f2afd33c479f61ffd7161c9cf"},
    {TsigAlgorithm::hmac_sha384,
     "cd699f2c0ee41d277dea8528b84c66bcf9033dae161858ae943eb2af09bbcee5dcdd89bec6c96ba2e4b9fef04f5580c2",
     "437f932a798cffdb09dd291939c2f98076007632567acdcae3c4a0b910236b43463236a62ae8cf62baa5599c754a0bc8",
     "bf729d407f3e9b2fae0436ee040fc873d4cdb36cbd10f9527bff2932c3151b97c9c05f3199c5de09a7ee376563aaaeba"},
    {TsigAlgorithm::hmac_sha512,
     "edf6c3914a8a7ba99c7ac53aafd6bc6d71528edc86aa5cfb069cc7402b9dc4a975ab0e9417ec49c63e2edf535eb598b7"
     "94ebb0609339aa1a40e57a8432de473c",
     "2a8ffff5923d083104223fdd3d3dcad4aae5c32e4e671bc3767a1b61cbe6278f5f3ce737444614d281b3043bae500fd4"
     "55e0a24d5094ab9170b598fe08d1794e",
     "a3aba58e80068e18f1df6017bca6df1a73bbd85f74a8d94ca2932eaaa33861caaddbf0db5fa18547c86d867de3ea995e"
     "37e02bebd1e06907315792d972c5f057"},
};

TEST(Tsig, MacsAreThoseOfAnIndependentProgram) {
  std::string secret(32, '\0');
  std::iota(secret.begin(), secret.end(), '\1');
  for (const Vector& row : kVectors) {
    const std::string algorithm(kTsigAlgorithmNames[static_cast<std::size_t>(row.algorithm)]);
    SCOPED_TRACE(algorithm);
    Signing signing;
    signing.name = "vector";
    signing.algorithm = algorithm;
    signing.secret = secret;
    // The builder's key names have one label; this one has two.
    Octets request = QueryBuilder("web.example.com.").flags(0x0100).build();
    std::string rdata;
    Octets tail;
    test::append(tail, name_of(algorithm + ".").wire());
    test::append_u16(tail, 0);
    test::append_u16(tail, kNow >> 16);
    test::append_u16(tail, kNow & 0xffff);
    test::append_u16(tail, 300);
    const Octets mac = from_hex(row.request);
    test::append_u16(tail, static_cast<unsigned>(mac.size()));
    tail.insert(tail.end(), mac.begin(), mac.end());
    for (const unsigned word : {0x1234u, 0u, 0u}) test::append_u16(tail, word);
    const Octets record = test::record_octets("Vector.Key.", zones::RrType::tsig, 0,
                                              std::string(tail.begin(), tail.end()), 255);
    const Octets packet = QueryBuilder("web.example.com.").flags(0x0100).record(3, record).build();
    const auto judged = judge(packet, keys_of({name_of("vector.KEY."), row.algorithm, secret}));
    ASSERT_EQ(judged->verdict.check, TsigCheck::verified);
    EXPECT_EQ(judged->verdict.key->name.text(), "vector.key.");
    request[2] = 0x85;
    const auto first = test::take_off(signed_message(judged->verdict.reply, request, kNow + 1));
    ASSERT_TRUE(first);
    EXPECT_EQ(plain_hex(first->mac), row.first);
    EXPECT_EQ(first->message, request);
    const auto second = test::take_off(signed_message(judged->verdict.reply, request, kNow + 2));
    ASSERT_TRUE(second);
    EXPECT_EQ(plain_hex(second->mac), row.second);
  }
}

struct Row {
  const char* why;
  Signing signing;
  TsigCheck check;
  std::uint64_t now = kNow;
};

template <class Change>
Signing changed(Change change) {
  Signing signing;
  change(signing);
  return signing;
}

TEST(Tsig, ChecksKeyThenMacThenTimeThenLength) {
  using S = Signing;
  const Row rows[] = {
      {"good", {}, TsigCheck::verified},
      {"names without case", changed([](S& s) { s.name = "TRANSFER", s.algorithm = "HMAC-sha256"; }),
       TsigCheck::verified},
      {"an ID that a forwarder has changed", changed([](S& s) { s.original_id = 77; }), TsigCheck::verified},
      {"other data are signed, too", changed([](S& s) { s.other = Octets(2000, 1); }), TsigCheck::verified},
      {"an unknown key", changed([](S& s) { s.name = "transfers"; }), TsigCheck::bad_key},
      {"an algorithm that is not the key's", changed([](S& s) { s.algorithm = "hmac-sha1"; }),
       TsigCheck::bad_key},
      {"an unknown algorithm", changed([](S& s) { s.algorithm = "hmac-md5"; }), TsigCheck::bad_key},
      {"another secret", changed([](S& s) { s.secret += "x"; }), TsigCheck::bad_sig},
      {"another secret, and late: the MAC comes first", changed([](S& s) { s.secret += "x"; }),
       TsigCheck::bad_sig, kNow + 1000},
      {"the last good second", {}, TsigCheck::verified, kNow + 300},
      {"too late", {}, TsigCheck::bad_time, kNow + 301},
      {"the first good second", {}, TsigCheck::verified, kNow - 300},
      {"too early", {}, TsigCheck::bad_time, kNow - 301},
      {"its own fudge counts", changed([](S& s) { s.fudge = 0; }), TsigCheck::bad_time, kNow + 1},
      {"a time of over 32 bits", changed([](S& s) { s.time += 1ull << 32; }), TsigCheck::bad_time},
      {"no MAC", changed([](S& s) { s.mac_octets = 0; }), TsigCheck::malformed},
      {"less than half a MAC", changed([](S& s) { s.mac_octets = 15; }), TsigCheck::malformed},
      {"half a MAC is not enough for us", changed([](S& s) { s.mac_octets = 16; }), TsigCheck::bad_trunc},
      {"half a MAC, wrong", changed([](S& s) { s.mac_octets = 16, s.secret += "x"; }), TsigCheck::bad_sig},
      {"half a MAC, late: time comes first", changed([](S& s) { s.mac_octets = 16; }), TsigCheck::bad_time,
       kNow + 301},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.why);
    const auto judged = judge(sign(query(), row.signing), usual_keys(), row.now);
    EXPECT_EQ(judged->verdict.check, row.check);
    EXPECT_EQ(judged->verdict.key != nullptr, row.check == TsigCheck::verified);
  }
  EXPECT_EQ(judge(sign(query(), {}), nullptr)->verdict.check, TsigCheck::bad_key) << "no keys at all";
}

TEST(Tsig, ALongerMacThanTheHashIsMalformed) {
  Octets packet = sign(query(), {});
  const std::size_t size_at = packet.size() - 6 - 32 - 2;
  packet[size_at + 1] = 33;
  packet.insert(packet.begin() + static_cast<std::ptrdiff_t>(size_at) + 2, std::uint8_t{0});
  packet[size_at - 8 - 13 - 1] += 1;  // RDLENGTH
  EXPECT_EQ(judge(packet, usual_keys())->verdict.check, TsigCheck::malformed);
}

TEST(Tsig, AKeyMayTakeShorterMacs) {
  struct Cut {
    std::size_t octets;
    TsigCheck check;
  };
  for (const Cut cut : {Cut{24, TsigCheck::verified}, Cut{32, TsigCheck::verified},
                        Cut{23, TsigCheck::bad_trunc}, Cut{15, TsigCheck::malformed}}) {
    SCOPED_TRACE(cut.octets);
    Signing signing;
    signing.mac_octets = cut.octets;
    EXPECT_EQ(judge(sign(query(), signing), usual_keys(24))->verdict.check, cut.check);
  }
  Signing sha1;  // half of it is 10 octets, the least of all
  sha1.algorithm = "hmac-sha1";
  sha1.mac_octets = 10;
  const auto keys = keys_of({name_of("transfer."), TsigAlgorithm::hmac_sha1, sha1.secret, 10});
  EXPECT_EQ(judge(sign(query(), sha1), keys)->verdict.check, TsigCheck::verified);
  sha1.mac_octets = 9;
  EXPECT_EQ(judge(sign(query(), sha1), keys)->verdict.check, TsigCheck::malformed);
}

TEST(Tsig, EverySignedBitCounts) {
  const Octets good = sign(query(), {});
  const std::size_t record = query().size();
  for (std::size_t i = 0; i < 8 * good.size(); ++i) {
    Octets hurt = good;
    hurt[i / 8] ^= static_cast<std::uint8_t>(1 << i % 8);
    Query read;
    const Packet view(hurt.data(), hurt.size());
    static_cast<void>(read_query(view, read).ok);
    if (read.tsig_at == 0 || i / 8 < 2) continue;  // the ID is not signed, the original one is
    const bool letter_case = i % 8 == 5 && i / 8 >= record && i / 8 < record + 10 + 10 + 13;
    if (letter_case) continue;
    EXPECT_NE(judge(hurt, usual_keys())->verdict.check, TsigCheck::verified)
        << "bit " << i % 8 << " of " << i / 8;
  }
}

Octets reply_to_query() {
  Octets reply = query();
  reply[2] = 0x84;
  return reply;
}

TEST(Tsig, RepliesOfManyMessagesAreAChain) {
  const Octets request = sign(query(), {});
  auto judged = judge(request, usual_keys());
  TsigSigner signer = judged->verdict.reply;
  judged.reset();  // a transfer goes on after its query is gone
  Signing expected;
  expected.prior = test::take_off(request)->mac;
  for (int i = 0; i < 5; ++i) {
    SCOPED_TRACE(i);
    expected.time = kNow + 10 + static_cast<std::uint64_t>(i);
    expected.timers_only = i > 0;
    const auto read = test::take_off(signed_message(signer, reply_to_query(), expected.time));
    ASSERT_TRUE(read);
    EXPECT_EQ(read->mac, mac_of(read->message, expected));
    EXPECT_EQ(read->signing.time, expected.time);
    EXPECT_EQ(read->signing.fudge, 300);
    EXPECT_EQ(read->signing.error, 0);
    expected.prior = read->mac;
  }
}

TEST(Tsig, ErrorsGoOutAsSection532Says) {
  struct ErrorRow {
    const char* why;
    Signing signing;
    std::uint16_t error;
    bool is_signed;
    std::uint64_t now = kNow;
  };
  using S = Signing;
  const ErrorRow rows[] = {
      {"BADKEY", changed([](S& s) { s.name = "nobody"; }), 17, false},
      {"BADSIG", changed([](S& s) { s.secret = "guess"; }), 16, false},
      {"BADTIME", {}, 18, true, kNow + 4000},
      {"BADTRUNC", changed([](S& s) { s.mac_octets = 20; }), 22, true},
  };
  for (const ErrorRow& row : rows) {
    SCOPED_TRACE(row.why);
    const Octets request = sign(query(), row.signing);
    const auto judged = judge(request, usual_keys(), row.now);
    const auto read = test::take_off(signed_message(judged->verdict.reply, reply_to_query(), row.now));
    ASSERT_TRUE(read);
    EXPECT_EQ(read->signing.error, row.error);
    EXPECT_EQ(read->signing.time, row.signing.time) << "the client's time comes back";
    EXPECT_EQ(read->signing.name, name_of(row.signing.name + ".").wire());
    EXPECT_EQ(read->signing.algorithm, name_of("hmac-sha256.").wire());
    Octets ours(6);
    write_u48(ours.data(), row.now);
    EXPECT_EQ(read->signing.other, row.error == 18 ? ours : Octets());
    if (!row.is_signed) {
      EXPECT_TRUE(read->mac.empty());
      continue;
    }
    Signing expected;
    expected.prior = test::take_off(request)->mac;
    expected.error = row.error;
    expected.other = read->signing.other;
    EXPECT_EQ(read->mac, mac_of(read->message, expected));
  }
}

TEST(Tsig, AMalformedMacGetsNoRecord) {
  Signing signing;
  signing.mac_octets = 1;
  const auto judged = judge(sign(query(), signing), usual_keys());
  EXPECT_EQ(judged->verdict.reply.size(), 0u);
  EXPECT_EQ(signed_message(judged->verdict.reply, reply_to_query()), reply_to_query());
}

}  // namespace
}  // namespace muster::dns
