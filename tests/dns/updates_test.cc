#include "dns/updates.h"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>

#include "tests/dns/support/packets.h"

namespace muster::dns {
namespace {

using test::QueryBuilder;
using test::record_octets;
using zones::Name;
using zones::RrType;

constexpr std::uint16_t kUpdate = 0x2800;
constexpr std::uint16_t kUpdateLease = 2;

Name name(std::string_view text) { return *Name::from_text(text); }

// What went out, one a query.
struct Kept final : Outlet {
  explicit Kept(std::vector<Octets>& to) : sent(to) {}
  void send(std::vector<Octets> messages, Written) override { sent.push_back(std::move(messages.front())); }
  void abort() override { ADD_FAILURE() << "aborted"; }
  std::vector<Octets>& sent;
};

class UpdatesTest : public testing::Test {
 protected:
  UpdatesTest()
      : updates_(
            io_.get_executor(), std::make_shared<LiveConfig>(AnswerConfig()),
            [this](UpdateRequest request, Updates::Done done) {
              if (!takes_) return false;
              requests_.push_back(std::move(request));
              done_.push_back(std::move(done));
              return true;
            },
            [this](const Updates::Report& report) { reports_.push_back(report); }) {
    AccessList both;
    both.prefixes = {*net::parse_prefix("192.0.2.0/24")};
    both.keys = {name("key.")};
    updates_.set_access({{name("T."), both}, {name("closed."), {}}});
  }

  static QueryBuilder update(std::string_view zone, RrType type = RrType::soa) {
    return QueryBuilder(zone, type).flags(kUpdate).record(2, record_octets("a.t.", RrType::a, 5, "\1\2\3\4"));
  }
  Handed handed(const QueryBuilder& query, Transport transport = Transport::tcp, std::string_view from = "192.0.2.1") {
    Handed one;
    one.packet = query.build();
    one.client.address = *net::parse_ip(from);
    one.client.transport = transport;
    one.outlet = std::make_shared<Kept>(sent_);
    return one;
  }
  // The rcode of the reply; -1: none yet.
  int rcode() const { return sent_.empty() ? -1 : sent_.back()[3] & 15; }
  void run() {
    io_.restart();
    io_.run();
  }

  boost::asio::io_context io_;
  std::vector<Octets> sent_;
  std::vector<UpdateRequest> requests_;
  std::vector<Updates::Done> done_;
  std::vector<Updates::Report> reports_;
  bool takes_ = true;
  Updates updates_;
};

TEST_F(UpdatesTest, WhoMayAndWhoMayNot) {
  struct Row {
    const char* why;
    const char* zone;
    const char* from;
    Transport transport;
    const char* key;
    int rcode;  // -1: handed to the zone's owner
  };
  const Row rows[] = {
      {"a listed prefix over TCP", "t.", "192.0.2.1", Transport::tcp, nullptr, -1},
      {"over UDP anybody may say so", "t.", "192.0.2.1", Transport::udp, nullptr, 5},
      {"not listed", "t.", "198.51.100.1", Transport::tcp, nullptr, 5},
      {"a listed key, from anywhere", "t.", "198.51.100.1", Transport::udp, "KEY.", -1},
      {"another key", "t.", "198.51.100.1", Transport::tcp, "other.", 5},
      {"a zone that nobody may update", "closed.", "192.0.2.1", Transport::tcp, "key.", 5},
      {"no zone of ours", "elsewhere.", "192.0.2.1", Transport::tcp, nullptr, 9},
      {"a name in a zone is no zone", "a.t.", "192.0.2.1", Transport::tcp, nullptr, 9},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.why);
    sent_.clear();
    requests_.clear();
    Handed one = handed(update(row.zone), row.transport, row.from);
    if (row.key != nullptr) one.sender.key = name(row.key);
    updates_.begin(std::move(one));
    EXPECT_EQ(rcode(), row.rcode);
    EXPECT_EQ(requests_.size(), row.rcode == -1 ? 1U : 0U);
  }
  EXPECT_EQ(requests_.size(), 0U);
  EXPECT_EQ(updates_.counts().ended.at({"T.", "refused"}), 3U);
  EXPECT_EQ(updates_.counts().ended.at({"", "notauth"}), 2U);
}

TEST_F(UpdatesTest, ThePermissionComesBeforeTheRecords) {
  const auto broken = QueryBuilder("t.", RrType::soa).flags(kUpdate).record(2, record_octets("a.t.", RrType::a, 5, "\1\2\3"));
  updates_.begin(handed(broken, Transport::tcp, "198.51.100.1"));
  EXPECT_EQ(rcode(), 5);
  updates_.begin(handed(broken));
  EXPECT_EQ(rcode(), 1);
  updates_.begin(handed(update("t.", RrType::a)));
  EXPECT_EQ(rcode(), 1) << "the zone section is of type SOA";
  EXPECT_TRUE(requests_.empty());
}

TEST_F(UpdatesTest, TheOwnersWordIsTheReply) {
  Handed one = handed(update("t.").edns().option(kUpdateLease, {0, 0, 0, 30}));
  one.sender.key = name("key.");
  updates_.begin(std::move(one));
  ASSERT_EQ(requests_.size(), 1U);
  EXPECT_EQ(requests_[0].update.zone.text(), "T.") << "our case";
  EXPECT_EQ(requests_[0].update.changes.size(), 1U);
  EXPECT_EQ(requests_[0].lease_seconds, 30U);
  EXPECT_EQ(requests_[0].by, "key:key.");
  EXPECT_EQ(rcode(), -1);
  done_[0]({.rcode = Rcode::noerror, .lease_seconds = 25});
  EXPECT_EQ(rcode(), -1) << "the answer goes out on the desk's thread";
  run();
  ASSERT_EQ(rcode(), 0);
  EXPECT_EQ(sent_[0][2] & 0xf8, 0xa8) << "QR and the opcode";
  const std::string reply(sent_[0].begin(), sent_[0].end());
  EXPECT_NE(reply.find(std::string("\0\2\0\4\0\0\0\x19", 8)), std::string::npos) << "the lease as granted (RFC 9664)";
  ASSERT_EQ(reports_.size(), 1U);
  EXPECT_EQ(reports_[0].result, "applied");
}

TEST_F(UpdatesTest, AnOwnerThatTakesNoMoreIsServfail) {
  takes_ = false;
  updates_.begin(handed(update("t.")));
  EXPECT_EQ(rcode(), 2);
  EXPECT_EQ(updates_.counts().full, 1U);
}

TEST_F(UpdatesTest, SoManyAtOnceAndNoMore) {
  for (std::size_t i = 0; i < Updates::kAtOnce; ++i) updates_.begin(handed(update("t.")));
  EXPECT_EQ(rcode(), -1);
  updates_.begin(handed(update("t.")));
  EXPECT_EQ(rcode(), 2);
  done_[0]({});
  run();
  updates_.begin(handed(update("t.")));
  EXPECT_EQ(requests_.size(), Updates::kAtOnce + 1);
}

TEST_F(UpdatesTest, ALeaseOptionOfAnotherSizeIsFormerr) {
  updates_.begin(handed(update("t.").edns().option(kUpdateLease, {0, 0, 30})));
  EXPECT_EQ(rcode(), 1);
}

}  // namespace
}  // namespace muster::dns
