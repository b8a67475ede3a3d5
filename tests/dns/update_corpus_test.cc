// The update driver's corpus through the desk that takes updates: every reply is judged by the strict reader
// and by ldns. What becomes of the updates is the driver's business (tools/fuzz/update_fuzz.cc).
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include "dns/question.h"
#include "dns/updates.h"
#include "tests/dns/support/packets.h"
#include "tests/dns/support/strict_reader.h"

namespace muster::dns {
namespace {

struct Kept final : Outlet {
  explicit Kept(std::vector<Octets>& to) : sent(to) {}
  void send(std::vector<Octets> messages, Written) override { sent.push_back(std::move(messages.front())); }
  void abort() override { ADD_FAILURE() << "aborted"; }
  std::vector<Octets>& sent;
};

TEST(UpdateCorpus, IsAnsweredWell) {
  boost::asio::io_context io;
  std::vector<Octets> sent;
  Updates updates(
      io.get_executor(), std::make_shared<LiveConfig>(AnswerConfig()),
      [](const UpdateRequest& request, Updates::Done done) {
        done({.rcode = Rcode::refused,
              .error = ExtendedError::prohibited,
              .error_text = "a reason",
              .lease_seconds = request.lease_seconds});
        return true;
      },
      [](const Updates::Report&) {});
  AccessList all;
  all.prefixes = {*net::parse_prefix("0.0.0.0/0")};
  updates.set_access({{*zones::Name::from_text("t."), all}, {*zones::Name::from_text("d."), all}});

  std::set<unsigned> rcodes;
  for (const auto& file : std::filesystem::directory_iterator(MUSTER_SOURCE_DIR "/tools/fuzz/corpus/update")) {
    SCOPED_TRACE(file.path());
    std::ifstream stream(file.path(), std::ios::binary);
    Octets packet{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
    ASSERT_FALSE(packet.empty());
    const bool udp = (packet.front() & 1) != 0;
    packet.erase(packet.begin());
    Query query;
    if (!read_query({packet.data(), packet.size()}, query).ok) continue;
    Handed handed;
    handed.packet = packet;
    handed.client.address = *net::parse_ip("192.0.2.1");
    handed.client.transport = udp ? Transport::udp : Transport::tcp;
    handed.outlet = std::make_shared<Kept>(sent);
    sent.clear();
    updates.begin(std::move(handed));
    io.restart();
    io.run();
    ASSERT_EQ(sent.size(), 1U);
    rcodes.insert(test::read_reply(packet, sent[0], udp).rcode);
  }
  EXPECT_EQ(rcodes, (std::set<unsigned>{1, 5, 9})) << "FORMERR, REFUSED, NOTAUTH";
}

}  // namespace
}  // namespace muster::dns
