// Who may wait for other servers while the places run out.
#include "dns/forward/waiting_clients.h"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <thread>

#include "tests/dns/support/packets.h"

namespace muster::dns {
namespace {

// What went out.
class Sent final : public Outlet {
 public:
  explicit Sent(std::vector<Octets>& to) : to_(to) {}
  void send(std::vector<Octets> messages, Written) override {
    for (Octets& message : messages) to_.push_back(std::move(message));
  }
  void abort() override {}

 private:
  std::vector<Octets>& to_;
};

class WaitingClientsTest : public testing::Test {
 protected:
  static constexpr std::size_t kMost = 16;

  Handed from(const char* address) {
    Handed handed;
    handed.packet = test::QueryBuilder("www.foreign.test.").flags(0x0100).edns().build();
    handed.client.address = *net::parse_ip(address);
    handed.outlet = std::make_shared<Sent>(sent_);
    return handed;
  }
  // How many of so many more may wait.
  std::size_t admitted(const char* address, std::size_t count) {
    std::size_t admitted = 0;
    for (std::size_t i = 0; i < count; ++i) admitted += clients_.admit(from(address)) ? 1 : 0;
    return admitted;
  }

  boost::asio::io_context io_;
  std::shared_ptr<std::atomic<std::size_t>> pending_ = std::make_shared<std::atomic<std::size_t>>(0);
  WaitingClients clients_{{std::make_shared<const LiveConfig>(AnswerConfig()), [] { return Moment(); },
                           io_.get_executor(), pending_, kMost}};
  std::vector<Octets> sent_;
};

TEST_F(WaitingClientsTest, OneOfTheNetworkHasHalfOfThePlacesAndThenAQuarter) {
  EXPECT_EQ(admitted("192.0.2.1", kMost), kMost / 2) << "while others have room";
  EXPECT_EQ(admitted("192.0.2.2", kMost), kMost / 4);
  EXPECT_EQ(admitted("192.0.2.1", 1), 0u);
  EXPECT_EQ(admitted("192.0.2.3", kMost), kMost / 4);
}

TEST_F(WaitingClientsTest, TheMachineItselfHasAll) {
  EXPECT_EQ(admitted("127.0.0.1", kMost + 3), kMost);
  EXPECT_EQ(*pending_, kMost) << "who is refused does not count";
}

TEST_F(WaitingClientsTest, ANetworkOfVersionSixIsOneClient) {
  EXPECT_EQ(admitted("2001:db8::1", kMost), kMost / 2);
  EXPECT_EQ(admitted("2001:db8::2", 1), 0u);
  EXPECT_EQ(admitted("2001:db8:0:1::1", 1), 1u) << "another site";
}

TEST_F(WaitingClientsTest, WhoIsAnsweredMayWaitAgain) {
  EXPECT_EQ(admitted("192.0.2.1", kMost), kMost / 2);
  EXPECT_EQ(admitted("192.0.2.2", kMost), kMost / 4);
  for (std::size_t i = 0; i < kMost / 2; ++i) clients_.answer(from("192.0.2.1"), Octets(12));
  EXPECT_EQ(*pending_, kMost / 4);
  EXPECT_TRUE(sent_.empty());
  clients_.flush();
  EXPECT_EQ(sent_.size(), kMost / 2);
  clients_.let_go(from("192.0.2.2"));
  EXPECT_EQ(*pending_, kMost / 4 - 1);
  EXPECT_EQ(admitted("192.0.2.1", kMost), 5u) << "to half of all";
}

// Each of the threads that receive queries admits and refuses, while the forwarder's answers.
TEST_F(WaitingClientsTest, SeveralThreadsHandIn) {
  constexpr std::size_t kRounds = 2'000;
  std::atomic<std::size_t> admitted{0};
  std::vector<std::thread> threads;
  for (const char* address : {"192.0.2.1", "192.0.2.2", "2001:db8::1"}) {
    threads.emplace_back([&, address] {
      for (std::size_t i = 0; i < kRounds; ++i) {
        Handed handed = from(address);
        if (clients_.admit(handed)) {
          ++admitted;
        } else {
          std::vector<Octets> own;
          handed.outlet = std::make_shared<Sent>(own);
          std::vector<Handed> all;
          all.push_back(std::move(handed));
          clients_.refuse(std::move(all));
          EXPECT_EQ(own.size(), 1u);
        }
      }
    });
  }
  std::size_t answered = 0;
  const char* addresses[] = {"192.0.2.1", "192.0.2.2", "2001:db8::1"};
  while (answered<kRounds&& * pending_> 0) clients_.answer(from(addresses[answered++ % 3]), Octets(12));
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(*pending_, admitted - answered);
  EXPECT_LE(*pending_, kMost);
}

TEST_F(WaitingClientsTest, WhoIsRefusedHearsWhy) {
  std::vector<Handed> all;
  all.push_back(from("192.0.2.1"));
  clients_.refuse(std::move(all));
  ASSERT_EQ(sent_.size(), 1u);
  EXPECT_EQ(sent_[0][3], 0x82) << "RA, SERVFAIL";
  const std::string text(sent_[0].begin(), sent_[0].end());
  EXPECT_NE(text.find("too many queries wait"), std::string::npos);
  EXPECT_EQ(*pending_, 0u) << "it was not counted";
}

}  // namespace
}  // namespace muster::dns
