#include "dns/notify.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <thread>

#include "dns/notifier.h"
#include "dns/question.h"
#include "tests/dns/support/packets.h"
#include "tests/dns/support/sockets.h"
#include "tests/dns/support/strict_reader.h"
#include "tests/dns/support/world.h"

namespace muster::dns {
namespace {

using test::endpoint_of;
using test::name_of;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const net::Endpoint kOne = endpoint_of("192.0.2.1:53");
const net::Endpoint kTwo = endpoint_of("[2001:db8::2]:5353");

SoaRecord soa(std::uint32_t serial, std::string_view zone = "example.test.") {
  SoaRecord record;
  record.apex = name_of(zone);
  record.ttl = 5;
  record.soa.mname = name_of("ns1.example.test.");
  record.soa.serial = serial;
  record.rdata = zones::encode(record.soa);
  return record;
}

class NotifyTest : public testing::Test {
 protected:
  NotifyTest() { schedule_.set_targets({{name_of("example.test."), {kOne, kTwo}}}); }

  std::vector<NotifySchedule::Message> due(int ms) { return schedule_.due(at(ms)); }
  static net::SteadyTime at(int ms) { return net::SteadyTime(net::Millis(1'000'000 + ms)); }
  std::uint64_t count(NotifyResult result, const char* zone = "example.test.") {
    const auto found = schedule_.counts().find(zone);
    return found == schedule_.counts().end() ? 0 : found->second[static_cast<std::size_t>(result)];
  }
  static Octets reply_to(Octets packet, std::uint8_t rcode = 0) {
    packet[2] |= 0x80;
    packet[3] = rcode;
    return packet;
  }

  std::uint16_t next_id_ = 100;
  NotifySchedule schedule_{[this] { return next_id_++; }};
};

TEST_F(NotifyTest, EachTargetGetsTheSoaAtOnce) {
  schedule_.changed(soa(7));
  const auto messages = due(0);
  ASSERT_THAT(messages, SizeIs(2));
  EXPECT_EQ(messages[0].to, kOne);
  EXPECT_EQ(messages[1].to, kTwo);
  Query query;
  ASSERT_TRUE(read_query(messages[1].packet, query).ok);
  EXPECT_EQ(query.id, 101);
  EXPECT_EQ(query.opcode, 4);
  EXPECT_EQ(query.type, zones::RrType::soa);
  EXPECT_EQ(query.name.wire(), name_of("example.test.").wire());
  EXPECT_EQ(messages[1].packet[2] & 4, 4) << "AA";
  Octets as_reply = reply_to(messages[1].packet);
  EXPECT_THAT(test::read_reply(messages[1].packet, as_reply, true).answer,
              ElementsAre("example.test. 5 SOA ns1.example.test. . 7 60 15 86400 2"));
  EXPECT_THAT(due(0), IsEmpty());
}

TEST_F(NotifyTest, IsSentAgainUntilItIsAnswered) {
  schedule_.changed(soa(7));
  const Octets first = due(0)[0].packet;
  schedule_.answered(kTwo, reply_to(due(2000).at(1).packet));
  EXPECT_EQ(count(NotifyResult::resent), 2u);
  struct Row {
    int ms;
    std::size_t messages;
  };
  for (const Row& row : {Row{5999, 0}, Row{6000, 1}, Row{13'999, 0}, Row{14'000, 1}, Row{29'999, 0},
                         Row{30'000, 1}, Row{45'999, 0}, Row{46'000, 0}, Row{1'000'000, 0}}) {
    SCOPED_TRACE(row.ms);
    const auto messages = due(row.ms);
    ASSERT_THAT(messages, SizeIs(row.messages));
    if (row.messages == 1) {
      EXPECT_EQ(messages[0].packet, first);
    }
    if (row.ms < 46'000) {
      EXPECT_GT(*schedule_.next(), at(row.ms));
    }
  }
  EXPECT_EQ(count(NotifyResult::answered), 1u);
  EXPECT_EQ(count(NotifyResult::unanswered), 1u);
  EXPECT_FALSE(schedule_.next().has_value());
}

TEST_F(NotifyTest, AZoneIsToldOfAtMostOnceASecond) {
  schedule_.changed(soa(7));
  EXPECT_THAT(due(0), SizeIs(2));
  schedule_.changed(soa(8));
  schedule_.changed(soa(9));
  EXPECT_EQ(*schedule_.next(), at(1000));
  EXPECT_THAT(due(999), IsEmpty());
  const auto messages = due(1000);
  ASSERT_THAT(messages, SizeIs(2));
  const Octets as_reply = reply_to(messages[0].packet);
  EXPECT_THAT(test::read_reply(messages[0].packet, as_reply, true).answer,
              ElementsAre("example.test. 5 SOA ns1.example.test. . 9 60 15 86400 2"));
  schedule_.changed(soa(10));
  EXPECT_THAT(due(3500), SizeIs(2))
      << "at once after a quiet second; what was unanswered is not sent beside it";
  EXPECT_EQ(count(NotifyResult::resent), 0u);
}

TEST_F(NotifyTest, AnAnswerIsKnownByItsIdSourceAndQuestion) {
  schedule_.changed(soa(7));
  const Octets sent = due(0)[0].packet;
  Octets other_id = reply_to(sent);
  ++other_id[1];
  Octets other_zone = reply_to(sent);
  other_zone[14] ^= 1;
  Octets other_opcode = reply_to(sent);
  other_opcode[2] &= 0x87;
  struct Row {
    const char* why;
    net::Endpoint from;
    Octets packet;
  };
  const Row wrong[] = {{"another source", kTwo, reply_to(sent)},
                       {"another port", endpoint_of("192.0.2.1:54"), reply_to(sent)},
                       {"another id", kOne, other_id},
                       {"another zone", kOne, other_zone},
                       {"another opcode", kOne, other_opcode},
                       {"no response", kOne, sent},
                       {"cut", kOne, Octets(sent.begin(), sent.begin() + 5)},
                       {"a header that lies", kOne, [&] {
                          Octets cut = reply_to(sent);
                          cut.resize(20);
                          return cut;
                        }()}};
  for (const Row& row : wrong) {
    SCOPED_TRACE(row.why);
    schedule_.answered(row.from, row.packet);
    EXPECT_EQ(count(NotifyResult::answered), 0u);
  }
  Octets upper = reply_to(sent);
  upper[13] = 'E';
  schedule_.answered(kOne, upper);
  EXPECT_EQ(count(NotifyResult::answered), 1u) << "case is no difference";
  schedule_.answered(kOne, upper);
  EXPECT_EQ(count(NotifyResult::answered), 1u) << "once";
}

TEST_F(NotifyTest, ARefusalIsAnAnswer) {
  schedule_.changed(soa(7));
  const auto messages = due(0);
  schedule_.answered(kOne, reply_to(messages[0].packet, 9));
  EXPECT_EQ(count(NotifyResult::refused), 1u);
  EXPECT_THAT(due(2000), SizeIs(1));
}

TEST_F(NotifyTest, ReloadedTargets) {
  schedule_.changed(soa(7));
  EXPECT_THAT(due(0), SizeIs(2));
  schedule_.set_targets({{name_of("example.test."), {kTwo}}, {name_of("other.test."), {kOne}}});
  const auto again = due(2000);
  ASSERT_THAT(again, SizeIs(1)) << "the one that is left";
  EXPECT_EQ(again[0].to, kTwo);
  EXPECT_EQ(count(NotifyResult::sent, "other.test."), 0u) << "its serial is not known yet";
  schedule_.set_targets({{name_of("example.test."), {kOne, kTwo}}});
  EXPECT_THAT(due(3000), SizeIs(2)) << "a new one learns of the serial";
  schedule_.set_targets({});
  schedule_.changed(soa(8));
  EXPECT_THAT(due(10'000), IsEmpty());
  EXPECT_FALSE(schedule_.next().has_value());
}

TEST(Notifier, TellsASecondaryFromOurAddressAndHearsItsAnswer) {
  test::UdpClient secondary("127.0.0.1:0");
  boost::asio::io_context io;
  Notifier notifier(io.get_executor(), {endpoint_of("127.0.0.2:5300")});
  notifier.set_targets({{name_of("example.test."), {secondary.local()}}});
  notifier.changed(soa(7));
  auto received = secondary.receive();
  ASSERT_TRUE(received.has_value());
  EXPECT_EQ(received->from.address, endpoint_of("127.0.0.2:0").address);
  received->packet[2] |= 0x80;
  secondary.send(received->from, received->packet);
  const auto answered = [&] {
    return notifier.counts().at("example.test.")[static_cast<std::size_t>(NotifyResult::answered)];
  };
  const auto end = std::chrono::steady_clock::now() + test::kPatience;
  while (answered() == 0 && std::chrono::steady_clock::now() < end)
    io.run_one_for(std::chrono::milliseconds(20));
  EXPECT_EQ(answered(), 1u);
  notifier.stop();
}

}  // namespace
}  // namespace muster::dns
