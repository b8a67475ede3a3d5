// What the client asks of a server's certificate, and what it says when that is not so.
#include <gtest/gtest.h>

#include <fstream>
#include <stdexcept>

#include "tests/registry/support/fetch_house.h"
#include "tests/registry/support/scratch.h"
#include "tests/registry/support/scripted_server.h"

namespace muster::net {
namespace {

using registry::testing::Scratch;
using test::at;
using test::Certificate;
using test::Fetched;
using test::FetchHouse;
using test::ScriptedServer;
using test::Visitor;
using namespace std::chrono_literals;

constexpr std::string_view kHello = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

void answer_all(Visitor& visitor) {
  while (!visitor.read_head().empty()) visitor.send(kHello);
}

class HttpClientTls : public ::testing::Test {
 protected:
  std::string file(const std::string& name, const std::string& text) {
    std::ofstream(scratch.path(name)) << text;
    return scratch.path(name);
  }
  TlsClientConfig trusting() { return {.ca_file = file("ca.pem", authority.certificate)}; }

  // Asks `host`, which is 127.0.0.1.
  Fetched get(const ScriptedServer& server, const TlsClientConfig& tls, const std::string& host,
              HttpLimits limits = {}) {
    ResolverConfig names;
    names.hosts_file = file("hosts", "127.0.0.1 localhost master.example master.dc.example other.example\n");
    FetchHouse house({.tls = std::make_shared<TlsClientContext>(tls)}, std::move(names));
    return house.get(at(server.port(), HttpScheme::https, host), {}, limits);
  }

  Scratch scratch;
  const Certificate authority = test::make_authority();
};

TEST_F(HttpClientTls, AsksAndKeepsTheConnection) {
  ScriptedServer server(answer_all, test::issue(authority, "DNS:localhost"));
  FetchHouse house({.tls = std::make_shared<TlsClientContext>(trusting())});
  for (int i = 0; i < 3; ++i) {
    const Fetched got = house.get(at(server.port(), HttpScheme::https, "localhost"));
    EXPECT_EQ(got.outcome(), "ok") << got.message();
    EXPECT_EQ(got.body, "hello");
  }
  EXPECT_EQ(server.visits(), 1);
}

TEST_F(HttpClientTls, TheCertificateHasToHaveTheName) {
  struct Row {
    const char* why;
    const char* names;
    const char* host;
    const char* message;  // its end; "": it will do
  };
  static constexpr Row kRows[] = {
      {"the name", "DNS:master.example", "master.example", ""},
      {"one of its names", "DNS:a.example,DNS:master.example", "master.example", ""},
      {"a wildcard", "DNS:*.example.org,DNS:*.dc.example", "master.dc.example", ""},
      {"a part of a label is no wildcard", "DNS:m*.dc.example", "master.dc.example", "hostname mismatch"},
      {"another name", "DNS:other.example", "master.example", "hostname mismatch"},
      {"the address", "IP:127.0.0.1", "127.0.0.1", ""},
      {"another address", "IP:127.0.0.2", "127.0.0.1", "IP address mismatch"},
      {"a name that looks like the address", "DNS:127.0.0.1", "127.0.0.1", "IP address mismatch"},
      {"the address of a name does not count", "IP:127.0.0.1", "master.example", "hostname mismatch"},
  };
  for (const Row& row : kRows) {
    SCOPED_TRACE(row.why);
    ScriptedServer server(answer_all, test::issue(authority, row.names));
    const Fetched got = get(server, trusting(), row.host);
    EXPECT_EQ(got.outcome(), *row.message ? "tls" : "ok") << got.message();
    EXPECT_TRUE(got.message().ends_with(row.message)) << got.message();
  }
}

TEST_F(HttpClientTls, AnotherNameMayBeExpected) {
  std::string announced;
  ScriptedServer server(
      [&](Visitor& visitor) {
        announced = visitor.server_name();
        answer_all(visitor);
      },
      test::issue(authority, "DNS:master.example"));
  auto tls = trusting();
  tls.server_name = "master.example";
  EXPECT_EQ(get(server, tls, "127.0.0.1").outcome(), "ok");
  EXPECT_EQ(announced, "master.example");
  EXPECT_EQ(get(server, trusting(), "master.example").outcome(), "ok");
  EXPECT_EQ(announced, "master.example");
}

TEST_F(HttpClientTls, TheCertificateHasToBeTrusted) {
  const Certificate stranger = test::make_authority();
  struct Row {
    const char* why;
    Certificate certificate;
    const char* message;
  };
  const Row rows[] = {
      {"an unknown authority", test::issue(stranger, "DNS:localhost"),
       "unable to get local issuer certificate"},
      {"self-signed", test::self_signed("DNS:localhost"), "self-signed certificate"},
      {"expired", test::issue(authority, "DNS:localhost", true), "certificate has expired"},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.why);
    ScriptedServer server(answer_all, row.certificate);
    const Fetched got = get(server, trusting(), "localhost");
    EXPECT_EQ(got.outcome(), "tls");
    EXPECT_TRUE(got.message().ends_with(row.message)) << got.message();
    EXPECT_EQ(get(server, {}, "localhost").outcome(), "tls") << "nor does the system trust it";
    EXPECT_EQ(get(server, {.verify = false}, "localhost").outcome(), "ok") << "unless nobody looks";
  }
  ScriptedServer server(answer_all, test::self_signed("DNS:localhost"));
  EXPECT_EQ(get(server, {.verify = false}, "other.example").outcome(), "ok") << "not even at the name";
}

TEST_F(HttpClientTls, ShowsItsOwnCertificate) {
  const Certificate own = test::issue(authority, "DNS:client");
  ScriptedServer server(answer_all, test::issue(authority, "DNS:localhost"), authority.certificate);
  auto tls = trusting();
  EXPECT_EQ(get(server, tls, "localhost").outcome(), "tls") << "the server wants one";
  tls.cert_file = file("own.pem", own.certificate);
  tls.key_file = file("own.key", own.key);
  const Fetched got = get(server, tls, "localhost");
  EXPECT_EQ(got.outcome(), "ok") << got.message();
}

TEST_F(HttpClientTls, FilesThatCannotBeUsedAreNamed) {
  const auto refusal = [](const TlsClientConfig& config) -> std::string {
    try {
      const TlsClientContext context(config);
      return "";
    } catch (const std::runtime_error& error) {
      return error.what();
    }
  };
  const Certificate own = test::issue(authority, "DNS:client");
  const std::string certificate = file("own.pem", own.certificate), key = file("own.key", own.key);
  const std::string other_key = file("other.key", authority.key), none = scratch.path("none");
  const std::string empty = file("empty", "");
  EXPECT_EQ(refusal({.cert_file = certificate, .key_file = key}), "");
  EXPECT_TRUE(refusal({.ca_file = none}).starts_with("TLS authorities " + none));
  EXPECT_TRUE(refusal({.ca_file = empty}).starts_with("TLS authorities " + empty));
  EXPECT_TRUE(refusal({.cert_file = none, .key_file = key}).starts_with("TLS certificate " + none));
  EXPECT_TRUE(refusal({.cert_file = certificate, .key_file = none}).starts_with("TLS key " + none));
  EXPECT_TRUE(refusal({.cert_file = certificate, .key_file = other_key}).starts_with("TLS key " + other_key));
}

TEST_F(HttpClientTls, PlainServersAndSilentOnes) {
  ScriptedServer plain([](Visitor& visitor) {
    visitor.send("HTTP/1.1 400 Bad Request\r\n\r\n");
    visitor.finish();
    visitor.wait_for_end();
  });
  EXPECT_EQ(get(plain, trusting(), "localhost").outcome(), "tls");
  ScriptedServer silent([](Visitor& visitor) { visitor.wait_for_end(); });
  const Fetched got = get(silent, trusting(), "localhost", {.connect = 500ms});
  EXPECT_EQ(got.outcome(), "timeout");
  EXPECT_TRUE(got.message().ends_with("no TLS handshake")) << got.message();
}

TEST_F(HttpClientTls, WithoutATlsContextThereIsNoHttps) {
  ScriptedServer server(answer_all, test::self_signed());
  FetchHouse house;
  EXPECT_EQ(house.get(at(server.port(), HttpScheme::https)).outcome(), "tls");
}

// RFC 8446 §6.1: without close_notify somebody else may have cut it.
TEST_F(HttpClientTls, AnEndWithoutCloseNotifyIsShort) {
  for (const bool is_rude : {false, true}) {
    ScriptedServer server(
        [&](Visitor& visitor) {
          visitor.read_head();
          visitor.send("HTTP/1.1 200 OK\r\n\r\nhello");
          is_rude ? visitor.finish_rudely() : visitor.finish();
          visitor.wait_for_end();
        },
        test::issue(authority, "DNS:localhost"));
    const Fetched got = get(server, trusting(), "localhost");
    EXPECT_EQ(got.outcome(), is_rude ? "short_body" : "ok") << got.message();
    EXPECT_EQ(got.body, "hello");
  }
}

TEST_F(HttpClientTls, MayBeCancelledAndDestroyedAtAnyTime) {
  ScriptedServer server(
      [](Visitor& visitor) {
        visitor.read_head();
        visitor.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello");
        visitor.wait_for_end();
      },
      test::issue(authority, "DNS:localhost"));
  const auto tls = std::make_shared<TlsClientContext>(trusting());
  bool read_all = false;
  for (int steps = 0; !read_all; ++steps) {
    SCOPED_TRACE(steps);
    ASSERT_LT(steps, 1000);
    FetchHouse house({.tls = tls});
    Fetched got;
    house.start(got, at(server.port(), HttpScheme::https, "localhost"));
    for (int i = 0; i < steps && got.body != "hello"; ++i) house.io.run_one_for(5s);
    read_all = got.body == "hello";
    if (steps % 2 == 0) {
      house.client->cancel();
      ASSERT_TRUE(house.until([&] { return got.end.has_value(); }));
      EXPECT_EQ(got.outcome(), "cancelled");
    } else {
      house.client.reset();
      house.settle();
      EXPECT_EQ(got.outcome(), "");
    }
  }
}

TEST_F(HttpClientTls, ALargeBodyComesWhole) {
  const std::string large(3'000'000, 'x');
  ScriptedServer server(
      [&](Visitor& visitor) {
        const std::string head = visitor.read_head();
        const std::string body = visitor.read(large.size());
        visitor.send("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
        visitor.wait_for_end();
      },
      test::issue(authority, "DNS:localhost"));
  FetchHouse house({.tls = std::make_shared<TlsClientContext>(trusting())});
  const Fetched got =
      house.get(at(server.port(), HttpScheme::https, "localhost"), {.method = "POST", .body = large});
  EXPECT_EQ(got.outcome(), "ok") << got.message();
  EXPECT_TRUE(got.body == large);
}

}  // namespace
}  // namespace muster::net
