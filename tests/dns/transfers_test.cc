#include "dns/transfers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <random>
#include <set>

#include "dns/ixfr_query.h"
#include "tests/dns/support/signing.h"
#include "tests/dns/support/strict_reader.h"
#include "tests/dns/support/world.h"

namespace muster::dns {
namespace {

using test::name_of;
using test::QueryBuilder;
using test::record_octets;
using test::Reply;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using zones::RrType;

constexpr Moment kNow{1'700'000'000, 0};

// A client that takes what it is sent when it is told to.
struct Peer {
  std::vector<Octets> messages;
  Outlet::Written written;
  bool hung_up = false;  // by us
  bool ended = false;    // the desk has let go
};

class PeerOutlet final : public Outlet {
 public:
  explicit PeerOutlet(std::shared_ptr<Peer> peer) : peer_(std::move(peer)) {}
  ~PeerOutlet() override { peer_->ended = true; }
  void send(std::vector<Octets> messages, Written written) override {
    for (Octets& one : messages) peer_->messages.push_back(std::move(one));
    peer_->written = std::move(written);
  }
  void abort() override { peer_->hung_up = true; }

 private:
  std::shared_ptr<Peer> peer_;
};

std::string soa_rdata(std::uint32_t serial) {
  zones::Soa soa;
  soa.serial = serial;
  return zones::encode(soa);
}

Octets axfr(std::string_view zone) { return QueryBuilder(zone, RrType::axfr).edns().option(9).build(); }
Octets ixfr(std::string_view zone, std::uint32_t serial) {
  return QueryBuilder(zone, RrType::ixfr)
      .edns()
      .record(2, record_octets(zone, RrType::soa, 0, soa_rdata(serial)))
      .build();
}

class TransfersTest : public testing::Test {
 protected:
  TransfersTest() {
    zone_ = &world_.file_zone("example.test.", kLines);
    world_.zones().keep_history(*zone_, true);
    transfers_ = std::make_unique<Transfers>(
        io_.get_executor(), std::make_shared<LiveConfig>(AnswerConfig{}), [] { return kNow; },
        [this](net::UniqueFunction<void(zones::Zones&)> work) {
          if (!control_takes_) return false;
          work(world_.zones());
          return true;
        },
        [this](const TransferReport& report) {
          reports_.push_back(std::string(report.kind) + " " + std::string(report.result));
        });
    const AccessList local{{*net::parse_prefix("127.0.0.0/8")}, {}};
    transfers_->set_access({{name_of("example.test."), local}, {name_of("closed.test."), {}}});
  }

  std::shared_ptr<Peer> begin(const Octets& query, const Client& client = test::tcp_client()) {
    auto peer = std::make_shared<Peer>();
    transfers_->begin({query, client, sender_, std::make_shared<PeerOutlet>(peer)});
    run();
    return peer;
  }
  void run() {
    io_.restart();
    io_.poll();
  }
  // The peer reads what was sent; false: nothing waits.
  bool take(Peer& peer, bool reads = true) {
    if (!peer.written) return false;
    auto written = std::exchange(peer.written, {});
    written(reads);
    run();
    return true;
  }
  Reply whole(const Octets& query, const Client& client = test::tcp_client()) {
    const auto peer = begin(query, client);
    while (take(*peer)) {
    }
    EXPECT_TRUE(peer->ended);
    return test::read_transfer(query, peer->messages);
  }
  Reply refused(const Octets& query, const Client& client = test::tcp_client()) {
    const auto peer = begin(query, client);
    EXPECT_TRUE(peer->ended);
    EXPECT_THAT(peer->messages, SizeIs(1));
    return test::read_reply(query, peer->messages.at(0), client.transport == Transport::udp);
  }

  void put(std::string_view owner, const std::string& address) {
    zones::RrsetSpec set;
    set.ttl = 60;
    set.members.push_back({address, 1, 0, {}});
    world_.put(*zone_, {name_of(owner), {set}});
  }
  void put_many(int count) {
    for (int i = 0; i < count; ++i)
      put("n" + std::to_string(i) + ".example.test.",
          {10, 0, static_cast<char>(i / 250), static_cast<char>(i % 250)});
  }
  std::uint32_t close() {
    const std::uint32_t serial = world_.zones().serial(*zone_) + 1;
    EXPECT_TRUE(world_.zones().close_batch(*zone_, serial));
    return serial;
  }
  std::uint64_t count(const char* zone, const char* kind, const char* result) {
    const auto& ended = transfers_->counts().ended;
    const auto found = ended.find({zone, kind, result});
    return found == ended.end() ? 0 : found->second;
  }

  static constexpr const char* kLines[] = {
      "@ 3600 NS ns1",          "ns1 3600 A 192.0.2.1",   "sub 3600 NS ns.sub",  "ns.sub 3600 A 192.0.2.2",
      "*.wild 60 TXT \"wild\"", "Case.Kept 60 MX 5 Mail", "a.ent 60 A 192.0.2.3"};

  test::World world_;
  zones::Zone* zone_ = nullptr;
  boost::asio::io_context io_;
  std::unique_ptr<Transfers> transfers_;
  std::vector<std::string> reports_;
  bool control_takes_ = true;
  Sender sender_;
};

TEST_F(TransfersTest, AxfrIsTheWholeZoneBetweenItsSoa) {
  const Reply reply = whole(axfr("example.test."));
  std::multiset<std::string> records(reply.answer.begin(), reply.answer.end());
  ASSERT_GE(reply.answer.size(), 2u);
  EXPECT_EQ(reply.answer.front(), reply.answer.back());
  const std::string soa = reply.answer.front();
  EXPECT_NE(soa.find(" SOA "), soa.npos);
  EXPECT_EQ(records,
            (std::multiset<std::string>{
                soa, soa, "example.test. 3600 NS ns1.example.test.", "ns1.example.test. 3600 A 192.0.2.1",
                "sub.example.test. 3600 NS ns.sub.example.test.", "ns.sub.example.test. 3600 A 192.0.2.2",
                "*.wild.example.test. 60 TXT \"wild\"", "Case.Kept.example.test. 60 MX 5 Mail.example.test.",
                "a.ent.example.test. 60 A 192.0.2.3"}));
  EXPECT_THAT(reply.options, testing::Contains(testing::Key(9))) << "EXPIRE (RFC 7314)";
  EXPECT_EQ(count("example.test.", "axfr", "sent"), 1u);
  EXPECT_THAT(reports_, ElementsAre("axfr sent"));
}

TEST_F(TransfersTest, WhoMayNotIsToldSo) {
  Client stranger = test::tcp_client();
  stranger.address = *net::parse_ip("192.0.2.77");
  Client udp = test::udp_client();
  udp.address = *net::parse_ip("127.0.0.1");
  struct Row {
    const char* why;
    Octets query;
    Client client;
    Rcode rcode;
    int error;
  };
  const Row rows[] = {
      {"another address", axfr("example.test."), stranger, Rcode::refused, 18},
      {"another address, IXFR", ixfr("example.test.", 1), stranger, Rcode::refused, 18},
      {"a zone for nobody", axfr("closed.test."), test::tcp_client(), Rcode::refused, 18},
      {"a name in our zone that is no apex", axfr("www.example.test."), test::tcp_client(), Rcode::notauth,
       20},
      {"no zone of ours", axfr("example.org."), stranger, Rcode::notauth, 20},
      {"IXFR without a SOA", QueryBuilder("example.test.", RrType::ixfr).edns().build(), test::tcp_client(),
       Rcode::formerr, -1},
      {"access comes before what is wrong", QueryBuilder("example.test.", RrType::ixfr).edns().build(),
       stranger, Rcode::refused, 18},
      {"over UDP too", ixfr("closed.test.", 1), udp, Rcode::refused, 18},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.why);
    const Reply reply = refused(row.query, row.client);
    EXPECT_EQ(reply.rcode, static_cast<unsigned>(row.rcode));
    EXPECT_EQ(reply.extended_error(), row.error);
    EXPECT_FALSE(reply.aa);
    EXPECT_THAT(reply.answer, IsEmpty());
  }
  EXPECT_EQ(count("example.test.", "axfr", "refused"), 1u);
  EXPECT_EQ(count("", "axfr", "notauth"), 2u);
  transfers_->set_access({{name_of("example.test."), {{}, {}}}});
  EXPECT_EQ(refused(axfr("example.test.")).rcode, static_cast<unsigned>(Rcode::refused)) << "after a reload";
}

TEST_F(TransfersTest, ZonesThatAreNotReadySaySo) {
  world_.zones().set_readiness(*zone_, zones::Readiness::not_ready);
  Reply reply = refused(axfr("example.test."));
  EXPECT_EQ(reply.rcode, static_cast<unsigned>(Rcode::servfail));
  EXPECT_EQ(reply.extended_error(), 14);
  world_.zones().set_readiness(*zone_, zones::Readiness::load_failed);
  EXPECT_EQ(refused(axfr("example.test.")).extended_error(), 24);
  world_.zones().keep_history(*zone_, false);
  EXPECT_EQ(refused(axfr("example.test.")).extended_error(), 14);
  control_takes_ = false;
  EXPECT_EQ(refused(axfr("example.test.")).rcode, static_cast<unsigned>(Rcode::servfail));
  EXPECT_EQ(count("example.test.", "axfr", "failed"), 4u);
  EXPECT_EQ(transfers_->counts().running, 0u);
}

TEST_F(TransfersTest, IxfrGivesADifferenceABatch) {
  put_many(20);
  const std::uint32_t first = close();
  put("n0.example.test.", "abcd");
  close();
  put("new.example.test.", "abcd");
  const std::uint32_t last = close();
  const auto soa = [](std::uint32_t serial) { return "SOA " + std::to_string(serial); };
  const Reply reply = whole(ixfr("example.test.", first));
  std::vector<std::string> told;
  for (const std::string& record : reply.answer) {
    constexpr std::string_view kMail = " hostmaster.example.test. ";
    const std::size_t at = record.find(kMail);
    told.push_back(at == record.npos ? record : "SOA " + record.substr(at + kMail.size()));
    if (at != record.npos) told.back().resize(told.back().find(' ', 4));
  }
  EXPECT_THAT(told, ElementsAre(soa(last), soa(first), "n0.example.test. 60 A 10.0.0.0", soa(first + 1),
                                "n0.example.test. 60 A 97.98.99.100", soa(first + 1), soa(last),
                                "new.example.test. 60 A 97.98.99.100", soa(last)));
  EXPECT_EQ(count("example.test.", "ixfr", "sent"), 1u);

  EXPECT_THAT(whole(ixfr("example.test.", last)).answer, SizeIs(1)) << "the current serial";
  EXPECT_THAT(whole(ixfr("example.test.", last + 1000)).answer, SizeIs(1)) << "a newer one";
  EXPECT_THAT(whole(ixfr("example.test.", last - 0x7fffffff)).answer, SizeIs(30)) << "RFC 1982: an older one";
  EXPECT_THAT(whole(ixfr("example.test.", last + 0x7fffffff)).answer, SizeIs(1)) << "RFC 1982: a newer one";
  EXPECT_EQ(count("example.test.", "ixfr_whole", "sent"), 1u);

  for (int i = 0; i < 20; ++i) {
    put_many(i % 2 == 0 ? 40 : 20);
    for (int j = 20; i % 2 == 1 && j < 40; ++j)
      world_.zones().erase(*zone_, name_of("n" + std::to_string(j) + ".example.test."));
    close();
  }
  EXPECT_THAT(whole(ixfr("example.test.", last)).answer, SizeIs(30)) << "differences larger than the zone";
  EXPECT_EQ(count("example.test.", "ixfr_whole", "sent"), 2u);
}

TEST_F(TransfersTest, OverUdpThereIsTheSoaAlone) {
  Client udp = test::udp_client();
  udp.address = *net::parse_ip("127.0.0.1");
  put_many(500);
  const std::uint32_t before = world_.zones().serial(*zone_);
  close();
  for (const std::uint32_t serial : {before, before + 1, before + 2}) {
    const auto peer = begin(ixfr("example.test.", serial), udp);
    ASSERT_THAT(peer->messages, SizeIs(1));
    const Reply reply = test::read_reply(ixfr("example.test.", serial), peer->messages[0], true);
    EXPECT_TRUE(reply.aa);
    EXPECT_FALSE(reply.tc);
    EXPECT_THAT(reply.answer, SizeIs(1));
  }
  EXPECT_EQ(count("example.test.", "soa", "sent"), 3u);
}

TEST_F(TransfersTest, IsTheZoneOfItsSerialWhateverChangesAndNeverAheadOfItsClient) {
  put_many(5000);
  close();
  const Reply before = whole(axfr("example.test."));
  const auto peer = begin(axfr("example.test."));
  std::mt19937_64 random(3);
  std::size_t sent = peer->messages.size();
  int turns = 0;
  do {
    EXPECT_LT(peer->messages.size() - sent, 8u) << "a slice at a time";
    sent = peer->messages.size();
    run();
    EXPECT_EQ(peer->messages.size(), sent) << "nothing more until the peer has read";
    for (int i = 0; i < 300; ++i) {
      const std::string owner = "n" + std::to_string(random() % 6000) + ".example.test.";
      if (random() % 2 == 0) {
        put(owner, "wxyz");
      } else {
        world_.zones().erase(*zone_, name_of(owner));
      }
    }
    close();
    ++turns;
  } while (take(*peer));
  EXPECT_GT(turns, 3);
  const Reply during = test::read_transfer(axfr("example.test."), peer->messages);
  EXPECT_EQ(during.answer.front(), before.answer.front());
  EXPECT_EQ(std::multiset<std::string>(during.answer.begin(), during.answer.end()),
            std::multiset<std::string>(before.answer.begin(), before.answer.end()));
  const Reply after = whole(axfr("example.test."));
  EXPECT_NE(after.answer.front(), before.answer.front());
}

TEST_F(TransfersTest, AClientThatGoesAndAZoneThatGoesEndIt) {
  put_many(5000);
  close();
  const auto gone = begin(axfr("example.test."));
  EXPECT_EQ(transfers_->counts().running, 1u);
  take(*gone, false);
  EXPECT_TRUE(gone->ended);
  EXPECT_EQ(transfers_->counts().running, 0u);

  const auto left = begin(axfr("example.test."));
  world_.zones().remove(*zone_);
  take(*left);
  EXPECT_TRUE(left->hung_up) << "no half zone passes for a whole one";
  EXPECT_TRUE(left->ended);
  EXPECT_EQ(count("example.test.", "axfr", "aborted"), 2u);
}

TEST_F(TransfersTest, EightAtOnceOthersWaitAndTooManyAreRefused) {
  put_many(5000);
  close();
  std::vector<std::shared_ptr<Peer>> peers;
  for (std::size_t i = 0; i < Transfers::kAtOnce + Transfers::kWaiting; ++i)
    peers.push_back(begin(axfr("example.test.")));
  EXPECT_EQ(transfers_->counts().running, Transfers::kAtOnce);
  EXPECT_THAT(peers[Transfers::kAtOnce]->messages, IsEmpty()) << "it waits";
  EXPECT_EQ(refused(axfr("example.test.")).rcode, static_cast<unsigned>(Rcode::servfail));
  EXPECT_EQ(transfers_->counts().waiting_full, 1u);
  for (bool more = true; more;) {
    more = false;
    for (const auto& peer : peers) more |= take(*peer);
  }
  for (const auto& peer : peers) EXPECT_TRUE(peer->ended);
  EXPECT_EQ(count("example.test.", "axfr", "sent"), peers.size());
  EXPECT_EQ(transfers_->counts().running, 0u);
}

// Checked with the signatures of tests/dns/support/signing.h, which share no code with ours.
TEST_F(TransfersTest, EachMessageOfASignedTransferIsSignedOverTheOneBefore) {
  put_many(3000);
  close();
  test::Signing client;
  client.time = kNow.now;
  const Octets query = test::sign(axfr("example.test."), client);
  const auto keys = std::make_shared<const TsigKeys>(
      std::vector<TsigKey>{{name_of("transfer."), TsigAlgorithm::hmac_sha256, client.secret, 0}});
  Query read;
  ASSERT_TRUE(read_query(query, read).ok);
  TsigRecord record;
  ASSERT_TRUE(read_tsig(query, read.tsig_at, record));
  const TsigVerdict verdict = verify(query, read.tsig_at, record, keys, kNow.now);
  ASSERT_EQ(verdict.check, TsigCheck::verified);
  sender_ = {verdict.key->name, verdict.reply, std::nullopt};
  transfers_->set_access({{name_of("example.test."), {{}, {name_of("Transfer.")}}}});
  const auto peer = begin(query);
  while (take(*peer)) {
  }
  ASSERT_GT(peer->messages.size(), 2u);
  test::Signing server = client;
  server.prior = test::take_off(query)->mac;
  std::vector<Octets> bare;
  for (const Octets& message : peer->messages) {
    EXPECT_LE(message.size(), 16'383u);
    const auto found = test::take_off(message);
    ASSERT_TRUE(found.has_value());
    EXPECT_EQ(found->mac, test::mac_of(found->message, server));
    server.prior = found->mac;
    server.timers_only = true;
    bare.push_back(found->message);
  }
  EXPECT_THAT(test::read_transfer(axfr("example.test."), bare).answer, SizeIs(3000 + 9));

  sender_ = {name_of("other."), verdict.reply, std::nullopt};
  const auto refusal = begin(query);
  EXPECT_EQ(refusal->messages.at(0)[3] & 15, 5) << "another key";
  EXPECT_TRUE(test::take_off(refusal->messages.at(0)).has_value()) << "told in a signed reply";
}

TEST_F(TransfersTest, EndsWithItsOwner) {
  put_many(5000);
  close();
  const auto peer = begin(axfr("example.test."));
  transfers_.reset();
  EXPECT_TRUE(peer->ended);
  take(*peer);
}

TEST(IxfrQuery, FindsTheFirstSoaOfTheAuthoritySection) {
  const Octets a = record_octets("a.", RrType::a, 0, "abcd");
  const auto soa = [](std::uint32_t serial) {
    return record_octets("a.", RrType::soa, 0, soa_rdata(serial));
  };
  const auto builder = [] { return QueryBuilder("a.", RrType::ixfr); };
  struct Row {
    const char* why;
    Octets query;
    std::optional<std::uint32_t> serial;
  };
  const Row rows[] = {
      {"as it should be", builder().record(2, soa(0xfedcba98)).build(), 0xfedcba98},
      {"none", builder().build(), std::nullopt},
      {"in another section", builder().record(1, soa(1)).record(3, soa(2)).build(), std::nullopt},
      {"behind others", builder().record(1, soa(1)).record(2, a).record(2, soa(3)).edns().build(), 3},
      {"cut short", builder().record(2, record_octets("a.", RrType::soa, 0, std::string(21, '\0'))).build(),
       std::nullopt},
      {"names as pointers",
       builder()
           .record(2, {0xc0, 12, 0, 6, 0, 1, 0, 0, 0, 0, 0, 24, 0xc0, 12, 0xc0, 12, 0, 0,
                       0,    9,  0, 0, 0, 0, 0, 0, 0, 0, 0, 0,  0,    0,  0,    0,  0, 0})
           .build(),
       9},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.why);
    Query query;
    ASSERT_TRUE(read_query(row.query, query).ok);
    EXPECT_EQ(read_ixfr_serial(row.query, query), row.serial);
  }
}

}  // namespace
}  // namespace muster::dns
