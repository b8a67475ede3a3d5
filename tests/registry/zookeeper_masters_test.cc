#include "registry/sources/zookeeper_masters.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/registry/support/scripted_server.h"

namespace muster::registry::sources {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using test::ScriptedServer;
using test::Visitor;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

// ---- the octets of ZooKeeper's protocol, as far as it takes here

std::string number(std::uint64_t value, int octets) {
  std::string text;
  for (int i = octets - 1; i >= 0; --i) text += static_cast<char>(value >> (8 * i) & 0xff);
  return text;
}
std::string buffer(const std::string& octets) { return number(octets.size(), 4) + octets; }

std::uint32_t read_number(Visitor& visitor) {
  std::uint32_t value = 0;
  for (const char c : visitor.read(4)) value = value << 8 | static_cast<unsigned char>(c);
  return value;
}

const std::string kWelcome =
    number(0, 4) + number(10'000, 4) + number(7, 8) + buffer(std::string(16, 'p')) + '\0';

// A server with these nodes below /mesos, for as long as the client stays.
ScriptedServer::Script nodes(std::map<std::string, std::string> all) {
  return [all = std::move(all)](Visitor& visitor) {
    visitor.read(read_number(visitor));
    visitor.send(buffer(kWelcome));
    for (;;) {
      const std::string ask = visitor.read(read_number(visitor));
      if (ask.size() < 8) return;
      std::string answer;
      if (ask[7] == 8) {  // getChildren
        answer = number(all.size(), 4);
        for (const auto& [name, data] : all) answer += buffer(name);
      } else if (ask[7] == 4) {  // getData
        const std::string path = ask.substr(12, ask.size() - 13);
        answer = buffer(all.at(path.substr(path.rfind('/') + 1))) + std::string(68, '\0');
      }
      visitor.send(buffer(ask.substr(0, 4) + number(1, 8) + number(0, 4) + answer));
      if (ask.substr(4, 4) == number(0xfffffff5, 4)) return visitor.finish();  // close
    }
  };
}

class Masters : public ::testing::Test {
 protected:
  Masters() : strand(io.get_executor()), resolver(strand, {}, [] { return net::machine_now().steady; }) {}
  ~Masters() override {
    masters.reset();
    io.restart();
    io.run_for(milliseconds(50));
    EXPECT_EQ(told.size(), before_end.value_or(told.size())) << "what has ended tells nothing";
  }

  void begin(std::uint16_t port, const std::string& login = "") {
    ZookeeperMastersHooks hooks;
    hooks.now = net::machine_now;
    hooks.chance = [] { return 0.1; };
    hooks.announced = [this](const AnnouncedMasters& now) {
      std::string text = "announced:";
      for (const net::Endpoint& master : now.listed) text += " " + net::to_string(master);
      told.push_back(text);
    };
    hooks.tell = [this](const SourceFailure& failure) {
      told.push_back(failure.kind.empty() ? "works" : failure.kind + ": " + failure.message);
    };
    const ZookeeperUrl url{{{"127.0.0.1", port}}, "/mesos", login};
    masters = std::make_unique<ZookeeperMasters>(strand, resolver, url, std::move(hooks));
    boost::asio::post(strand, [this] {
      if (masters) masters->start();
    });
  }
  bool until(const std::function<bool()>& holds, milliseconds limit = seconds(20)) {
    const auto end = std::chrono::steady_clock::now() + limit;
    while (!holds() && std::chrono::steady_clock::now() < end) {
      io.restart();
      io.run_for(milliseconds(5));
    }
    return holds();
  }
  void stop() {
    boost::asio::post(strand, [this] { masters->stop(); });
    until([] { return false; }, milliseconds(20));
    before_end = told.size();
  }

  boost::asio::io_context io;
  net::Strand strand;
  net::Resolver resolver;
  std::unique_ptr<ZookeeperMasters> masters;
  std::vector<std::string> told;
  std::optional<std::size_t> before_end;
};

TEST_F(Masters, AreToldByTheirNumbers) {
  ScriptedServer server(nodes({{"json.info_0000000009", R"({"address":{"ip":"10.0.0.1","port":5050}})"},
                               {"json.info_0000000003", R"({"pid":"master@10.0.0.2:5050"})"},
                               {"json.info_0000000001", "garbage"},
                               {"log_replicas", ""}}));
  begin(server.port());
  ASSERT_TRUE(until([&] { return !told.empty(); }));
  EXPECT_THAT(told, ElementsAre("announced: 10.0.0.2:5050 10.0.0.1:5050"));
  stop();
}

TEST_F(Masters, ThatAreNotThereAreAFailureThatIsTold) {
  ScriptedServer server(nodes({{"log_replicas", ""}}));
  begin(server.port(), "me:hidden");
  ASSERT_TRUE(until([&] { return told.size() == 2; }));
  EXPECT_EQ(told[0], "zookeeper: zk://127.0.0.1:" + std::to_string(server.port()) +
                         "/mesos: no master has announced itself; the last ones stay");
  EXPECT_EQ(told[1], "announced:");
  stop();
}

TEST_F(Masters, WithoutAServerAreAFailureAfterAWhile) {
  begin(test::dead_port());
  ASSERT_TRUE(until([&] { return !told.empty(); }));
  EXPECT_THAT(told, ElementsAre(HasSubstr("no server answers")));
  stop();
}

TEST_F(Masters, EndAtAnyTime) {
  ScriptedServer silent([](Visitor& visitor) { visitor.wait_for_end(); });
  ScriptedServer good(nodes({{"json.info_0000000001", R"({"pid":"master@10.0.0.2:5050"})"}}));
  for (const std::uint16_t port : {test::dead_port(), silent.port(), good.port()}) {
    for (const int span : {0, 1, 3, 10, 30}) {
      begin(port);
      until([] { return false; }, milliseconds(span));
      masters.reset();
      const std::size_t before = told.size();
      until([] { return false; }, milliseconds(10));
      EXPECT_EQ(told.size(), before);
    }
  }
}

// What it answers to a question the client believes (zookeeper_session.h); what is no ZooKeeper is told
// apart.
TEST_F(Masters, AServerThatTalksNonsenseAnnouncesNobody) {
  struct Row {
    std::string greeting;
    std::string answer;  // to the first question, behind its number
  };
  const Row rows[] = {
      {"HTTP/1.1 400 Bad Request\r\n\r\n", ""},
      {std::string(200, '\xff'), ""},
      {buffer("short"), ""},
      {buffer(kWelcome), number(1, 8) + number(7, 4)},
  };
  for (const Row& row : rows) {
    ScriptedServer server([&](Visitor& visitor) {
      visitor.read(read_number(visitor));
      visitor.send(row.greeting);
      if (row.answer.empty()) return void(visitor.wait_for_end());
      const std::string ask = visitor.read(read_number(visitor));
      if (ask.size() >= 8) visitor.send(buffer(ask.substr(0, 4) + row.answer));
      visitor.wait_for_end();
    });
    told.clear();
    begin(server.port());
    until([&] { return server.visits() > 1; }, milliseconds(300));
    masters.reset();
    for (const std::string& one : told) EXPECT_THAT(one, Not(HasSubstr("announced: "))) << one;
  }
}

}  // namespace
}  // namespace muster::registry::sources
