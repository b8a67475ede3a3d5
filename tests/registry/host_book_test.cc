#include "registry/sources/host_book.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "tests/registry/support/fake_dns.h"

namespace muster::registry::sources {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

std::vector<std::string> shown(const std::vector<net::IpAddress>& addresses) {
  std::vector<std::string> texts;
  for (const net::IpAddress& address : addresses) texts.push_back(net::to_string(address));
  return texts;
}

constexpr net::Millis kLong = 3'600s;

class HostBookTest : public ::testing::Test {
 protected:
  HostBookTest() : dns_(io_) {
    net::ResolverConfig config;
    config.hosts_file = "/dev/null";
    config.servers = dns_.servers();
    config.search.emplace();
    resolver_ = std::make_unique<net::Resolver>(net::Strand(io_.get_executor()), config, [this] { return now_; });
    book_ = std::make_unique<HostBook>(*resolver_, [this] { return now_; });
  }
  ~HostBookTest() override {
    book_.reset();
    resolver_.reset();
    if (io_.stopped()) io_.restart();
    io_.poll();
  }

  std::vector<std::string> ask(const std::string& host) { return shown(book_->addresses_of(host)); }
  bool until_it_wants_a_look() {
    const auto end = std::chrono::steady_clock::now() + 20s;
    while (!book_->wants_look()) {
      if (std::chrono::steady_clock::now() > end) return false;
      io_.run_one_for(50ms);
    }
    return true;
  }

  boost::asio::io_context io_;
  test::FakeDns dns_;
  net::SteadyTime now_{1'000'000ms};
  std::unique_ptr<net::Resolver> resolver_;
  std::unique_ptr<HostBook> book_;
};

TEST_F(HostBookTest, AwaitsWhatHasNeverBeenHeardOf) {
  dns_.set("node1", "10.0.0.1");
  EXPECT_FALSE(book_->awaits_first(kLong));
  EXPECT_THAT(ask("node1"), IsEmpty());
  EXPECT_THAT(ask("nobody"), IsEmpty()) << "there is none of this name";
  EXPECT_TRUE(book_->awaits_first(kLong));
  EXPECT_FALSE(book_->awaits_first(0ms));
  while (book_->awaits_first(kLong)) ASSERT_TRUE(until_it_wants_a_look());
  EXPECT_THAT(ask("node1"), ElementsAre("10.0.0.1"));
  EXPECT_THAT(ask("nobody"), IsEmpty());
  EXPECT_FALSE(book_->awaits_first(kLong)) << "it has been heard of, and is asked for again";
}

TEST_F(HostBookTest, KeepsWhatItKnewOfAnEarlierLife) {
  const KnownHosts earlier = {{"node1", {*net::parse_ip("10.0.0.1"), *net::parse_ip("2001:db8::1")}},
                              {"node2", {*net::parse_ip("10.0.0.2")}}};
  dns_.set("node1", "10.0.0.11");
  dns_.set("node2", 4, {test::DnsBehaviour::server_failure});
  dns_.set("node2", 6, {test::DnsBehaviour::server_failure});
  book_->remember(earlier);
  EXPECT_EQ(book_->known(), earlier);
  EXPECT_THAT(ask("node1"), ElementsAre("10.0.0.1", "2001:db8::1"));
  EXPECT_THAT(ask("node2"), ElementsAre("10.0.0.2"));
  EXPECT_FALSE(book_->awaits_first(kLong));
  while (ask("node1").front() != "10.0.0.11") ASSERT_TRUE(until_it_wants_a_look());
  EXPECT_THAT(ask("node2"), ElementsAre("10.0.0.2")) << "nobody says otherwise";
  book_->forget_unused();
  book_->forget_unused();
  EXPECT_FALSE(book_->known().contains("node1"));
}

TEST(HostsReader, ReadsBackWhatWasWrittenInAnyPieces) {
  const KnownHosts hosts = {{"node1", {*net::parse_ip("10.0.0.1"), *net::parse_ip("2001:db8::1")}},
                            {"strange \"\n name", {*net::parse_ip("10.0.0.2")}}};
  std::string text;
  write_hosts(hosts, [&](std::string_view piece) { text += piece; });
  text += "{\"the\": \"rest\"}\n of it";
  for (std::size_t size = 1; size <= text.size(); ++size) {
    std::string rest;
    HostsReader reader([&](std::string_view piece) { return rest += piece, true; });
    for (std::size_t at = 0; at < text.size(); at += size)
      ASSERT_TRUE(reader.write(std::string_view(text).substr(at, size)));
    ASSERT_EQ(reader.hosts(), hosts) << size;
    ASSERT_EQ(rest, "{\"the\": \"rest\"}\n of it");
  }
}

TEST(HostsReader, TakesWhatCanBeReadAlone) {
  HostsReader reader([](std::string_view) { return false; });
  EXPECT_TRUE(reader.write(R"({"a": ["x", 1, "10.0.0.1"], "b": 1, "c": []})"));
  EXPECT_THAT(reader.hosts(), ElementsAre(Pair("a", ElementsAre(*net::parse_ip("10.0.0.1")))));
  EXPECT_FALSE(reader.write("\nrest")) << "which wants no more";
  HostsReader broken([](std::string_view) { return true; });
  EXPECT_TRUE(broken.write("{\"a\": [\"10.0\nrest"));
  EXPECT_THAT(broken.hosts(), IsEmpty());
}

}  // namespace
}  // namespace muster::registry::sources
