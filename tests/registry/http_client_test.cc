#include "registry/net/http_client.h"

#include <gtest/gtest.h>

#include "tests/registry/support/fetch_house.h"
#include "tests/registry/support/scripted_server.h"

namespace muster::net {
namespace {

using test::at;
using test::dead_port;
using test::Fetched;
using test::FetchHouse;
using test::ScriptedServer;
using test::Visitor;
using namespace std::chrono_literals;

TEST(HttpClient, GetsABody) {
  std::string asked;
  ScriptedServer server([&](Visitor& visitor) {
    asked = visitor.read_head();
    visitor.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-A: b\r\n\r\nhello");
  });
  FetchHouse house;
  const Fetched got = house.get(at(server.port()), {.target = "/x?y=1"});
  EXPECT_EQ(got.outcome(), "ok") << got.message();
  EXPECT_EQ(got.head->status, 200);
  EXPECT_EQ(got.head->find("x-a"), "b");
  EXPECT_EQ(got.body, "hello");
  EXPECT_EQ(asked, "GET /x?y=1 HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(server.port()) + "\r\n\r\n");
}

TEST(HttpClient, ToldRefused) {
  FetchHouse house;
  EXPECT_EQ(house.get(at(dead_port())).outcome(), "refused");
}

}  // namespace
}  // namespace muster::net
