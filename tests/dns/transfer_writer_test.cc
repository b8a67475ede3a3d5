#include "dns/transfer_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <random>

#include "tests/dns/support/strict_reader.h"
#include "tests/dns/support/world.h"

namespace muster::dns {
namespace {

using test::name_of;
using test::Octets;
using test::QueryBuilder;
using test::read_transfer;
using test::Reply;
using zones::RecordView;
using zones::RrType;

const Octets kQuery = QueryBuilder("Example.test.", RrType::axfr).id(7).flags(0x0110).build();

class Written {
 public:
  explicit Written(Octets query = kQuery) : query_(std::move(query)) {
    EXPECT_TRUE(read_query(query_, read_).ok);
    edns_.present = read_.edns.present;
    edns_.udp_size = 1232;
    edns_.expire = read_.edns.expire ? std::optional<std::uint32_t>(86400) : std::nullopt;
    writer_ = std::make_unique<TransferWriter>(query_, read_, edns_, TsigSigner(), [] { return Moment(); });
  }
  bool add(std::string_view owner, RrType type, const std::string& rdata, std::uint32_t ttl = 60) {
    const zones::Name name = name_of(owner);
    return writer_->add({name.wire(), type, ttl, rdata});
  }
  Reply read() {
    writer_->finish();
    messages = writer_->take();
    return read_transfer(query_, messages);
  }
  TransferWriter& writer() { return *writer_; }

  std::vector<Octets> messages;

 private:
  Octets query_;
  Query read_;
  ReplyEdns edns_;
  std::unique_ptr<TransferWriter> writer_;
};

std::string wire(std::string_view name) { return std::string(name_of(name).wire()); }

TEST(TransferWriter, KeepsEveryRecordAsItIs) {
  Written written;
  EXPECT_TRUE(written.add("example.test.", RrType::ns, wire("NS.Example.test.")));
  EXPECT_TRUE(written.add("example.test.", RrType::mx, std::string("\0\5", 2) + wire("ns.example.test.")));
  EXPECT_TRUE(written.add("ns.example.test.", RrType::a, std::string("\x0a\0\0\1", 4)));
  EXPECT_TRUE(written.add("_http._tcp.Web.example.test.", RrType::srv,
                          zones::encode_srv(1, 2, 80, name_of("ns.example.test."))));
  EXPECT_TRUE(written.add("odd.example.test.", static_cast<RrType>(65280), std::string("\xc0\x0c", 2)));
  EXPECT_TRUE(written.add("odd.example.test.", RrType::txt, std::string(1, '\0')));
  const Reply reply = written.read();
  EXPECT_THAT(
      reply.answer,
      ::testing::ElementsAre("example.test. 60 NS NS.Example.test.", "example.test. 60 MX 5 ns.example.test.",
                             "ns.example.test. 60 A 10.0.0.1",
                             "_http._tcp.Web.example.test. 60 SRV 1 2 80 ns.example.test.",
                             "odd.example.test. 60 TYPE65280 \\# 2 c00c", "odd.example.test. 60 TXT \"\""));
  EXPECT_EQ(reply.rcode, 0u);
  EXPECT_LT(reply.size, 200u) << "names are compressed";
}

TEST(TransferWriter, FillsItsMessages) {
  Written written;
  std::vector<std::string> expected;
  for (int i = 0; i < 5000; ++i) {
    const std::string owner =
        "host-" + std::to_string(i) + ".rack" + std::to_string(i % 40) + ".example.test.";
    ASSERT_TRUE(
        written.add(owner, RrType::a, {10, 0, static_cast<char>(i / 100), static_cast<char>(i % 100)}));
    expected.push_back(owner + " 60 A 10.0." + std::to_string(i / 100) + "." + std::to_string(i % 100));
  }
  const Reply reply = written.read();
  EXPECT_EQ(reply.answer, expected);
  ASSERT_GT(written.messages.size(), 3u);
  for (std::size_t i = 0; i + 1 < written.messages.size(); ++i) {
    EXPECT_LE(written.messages[i].size(), TransferWriter::kMessageMost);
    EXPECT_GT(written.messages[i].size(), TransferWriter::kMessageMost - 40) << "a record more would fit";
  }
  EXPECT_EQ(written.writer().records(), 5000u);
}

TEST(TransferWriter, ALargeRecordHasAMessageOfItsOwn) {
  Written written;
  const std::string large(60'000, 'x');
  EXPECT_TRUE(written.add("a.example.test.", RrType::a, std::string(4, 'a')));
  EXPECT_TRUE(written.add("b.example.test.", RrType::null, large));
  EXPECT_TRUE(written.add("c.example.test.", RrType::null, large));
  EXPECT_TRUE(written.add("d.example.test.", RrType::a, std::string(4, 'a')));
  EXPECT_TRUE(written.add("d.example.test.", RrType::txt, "\1a"));
  const Reply reply = written.read();
  EXPECT_EQ(reply.sections[1].size(), 5u);
  EXPECT_EQ(reply.sections[1][2].rdata, large);
  EXPECT_EQ(written.messages.size(), 4u);
  EXPECT_FALSE(written.add("e.example.test.", RrType::null, std::string(65'530, 'x'))) << "into none";
}

TEST(TransferWriter, TheFirstMessageCarriesTheOptions) {
  Written written(QueryBuilder("example.test.", RrType::axfr).edns().option(9).build());
  for (int i = 0; i < 2000; ++i)
    ASSERT_TRUE(written.add("n" + std::to_string(i) + ".example.test.", RrType::a, std::string(4, 'a')));
  const Reply reply = written.read();
  EXPECT_GT(written.messages.size(), 1u);
  EXPECT_EQ(reply.options.at(9), std::string("\0\1\x51\x80", 4));
}

// Names that share beginnings, ends, case and nothing, in any order.
TEST(TransferWriter, RandomNamesSurvive) {
  std::mt19937_64 random(7);
  Written written;
  std::vector<std::string> owners;
  const std::vector<std::string> labels = {"a", "A", "b", "ab", "test", "example", "x1", "*", "_tcp"};
  for (int i = 0; i < 4000; ++i) {
    std::string owner;
    for (auto count = random() % 9; count > 0; --count) owner += labels[random() % labels.size()] + ".";
    owners.push_back(owner + "example.test.");
    ASSERT_TRUE(written.add(owners.back(), RrType::ns, wire(owners[random() % owners.size()])));
  }
  const Reply reply = written.read();
  ASSERT_EQ(reply.sections[1].size(), owners.size());
  for (std::size_t i = 0; i < owners.size(); ++i) ASSERT_EQ(reply.sections[1][i].owner, wire(owners[i]));
}

}  // namespace
}  // namespace muster::dns
