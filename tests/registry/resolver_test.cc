#include "registry/net/resolver.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <functional>

#include "tests/registry/support/fake_dns.h"
#include "tests/registry/support/scratch.h"
#include "tests/registry/support/scripted_server.h"

namespace muster::net {
namespace {

using registry::testing::Scratch;
using test::DnsAnswer;
using test::DnsBehaviour;
using test::FakeDns;
using namespace std::chrono_literals;

std::string shown(const Resolved& resolved) {
  std::string text = resolved.is_stale ? "stale" : "";
  for (const IpAddress& address : resolved.addresses) text += (text.empty() ? "" : " ") + to_string(address);
  return text;
}

std::string shown(const ResolveResult& result) {
  return result ? shown(*result) : std::string(to_string(result.error()));
}

class Resolving : public ::testing::Test {
 protected:
  Resolving() : strand(io.get_executor()), dns(io) {
    config.hosts_file = scratch.path("hosts");
    config.servers = dns.servers();
    config.search.emplace();
    config.limit = config.resend = 20s;  // a slow machine loses no answer
    write_hosts("127.0.0.1 localhost\n");
    begin();
  }
  ~Resolving() override {
    resolver.reset();
    if (io.stopped()) io.restart();
    io.poll();
  }

  void begin() {
    resolver.reset();
    resolver = std::make_unique<Resolver>(strand, config, [this] { return now; });
  }
  void write_hosts(const std::string& text) { std::ofstream(config.hosts_file) << text; }
  Resolver::Ticket start(const std::string& name) {
    ++pending;
    return resolver->resolve(name, [this, name](ResolveResult result) {
      --pending;
      told.push_back(name + ": " + shown(result));
    });
  }
  std::string resolve(const std::string& name) {
    told.clear();
    start(name);
    EXPECT_TRUE(told.empty()) << "not inside the call";
    EXPECT_TRUE(until([&] { return !told.empty(); })) << name;
    return told.empty() ? "" : told.front().substr(name.size() + 2);
  }
  std::string known(const std::string& name) {
    const auto resolved = resolver->known(name);
    return resolved ? shown(*resolved) : "nothing";
  }
  bool until(const std::function<bool()>& condition) {
    const auto end = std::chrono::steady_clock::now() + 20s;
    while (!condition()) {
      if (std::chrono::steady_clock::now() > end) return false;
      io.run_one_for(50ms);
    }
    return true;
  }

  Scratch scratch;
  boost::asio::io_context io;
  Strand strand;
  FakeDns dns;
  ResolverConfig config;
  SteadyTime now{1'000'000ms};
  std::unique_ptr<Resolver> resolver;
  std::vector<std::string> told;
  int pending = 0;
};

using ResolverTest = Resolving;

TEST_F(ResolverTest, LiteralsAreTheirOwn) {
  EXPECT_EQ(resolve("10.0.0.1"), "10.0.0.1");
  EXPECT_EQ(resolve("2001:DB8::1"), "2001:db8::1");
  EXPECT_EQ(known("::ffff:10.0.0.1"), "10.0.0.1");
  EXPECT_EQ(resolver->counters().asked, 0u);
}

TEST_F(ResolverTest, WhatIsNoHostNameIsNotAsked) {
  for (const std::string& name : {std::string(), std::string("a b"), std::string("a/b"), std::string("a:b"),
                                  std::string("h\xc3\xb6"), std::string("[::1]"), std::string(254, 'a')}) {
    EXPECT_EQ(resolve(name), "not a host name") << name;
    EXPECT_EQ(known(name), "nothing");
  }
  EXPECT_EQ(resolver->counters().asked, 0u);
}

TEST_F(ResolverTest, TheHostsFileComesFirst) {
  dns.set("node1", "10.9.9.9");
  write_hosts(
      "# nodes\n10.0.0.1 Node1 node1.example # the first\n2001:db8::1\tnode1\n10.0.0.1 node1\nbad node2\n\n");
  begin();
  EXPECT_EQ(resolve("node1"), "10.0.0.1 2001:db8::1");
  EXPECT_EQ(resolve("NODE1.example."), "10.0.0.1");
  EXPECT_EQ(known("node1"), "10.0.0.1 2001:db8::1");
  EXPECT_EQ(known("node2"), "nothing");
  EXPECT_EQ(dns.asked("node1", 4), 0);
}

TEST_F(ResolverTest, SaysForHowLongDnsLetsItBeBelieved) {
  struct Row {
    const char* name;
    const char* why;
    DnsAnswer v4;
    DnsAnswer v6;
    std::optional<Millis> ttl;
  };
  const IpAddress four = *parse_ip("10.0.0.1");
  const IpAddress six = *parse_ip("2001:db8::1");
  const Row rows[] = {
      {"both", "the shorter", {.addresses = {four}, .ttl = 40}, {.addresses = {six}, .ttl = 20}, 20s},
      {"four", "of the family that there is", {.addresses = {four}, .ttl = 40}, {}, 40s},
      {"six", "or the other", {}, {.addresses = {six}, .ttl = 50}, 50s},
      {"zero", "not at all", {.addresses = {four}, .ttl = 0}, {}, 0s},
      {"alias",
       "the alias', too",
       {.addresses = {four}, .alias = "target", .ttl = 40, .alias_ttl = 7},
       {},
       7s},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.why);
    dns.set(row.name, 4, row.v4);
    dns.set(row.name, 6, row.v6);
    std::optional<ResolveResult> result;
    resolver->resolve(row.name, [&](ResolveResult found) { result.emplace(std::move(found)); });
    ASSERT_TRUE(until([&] { return result.has_value(); }));
    ASSERT_TRUE(*result);
    EXPECT_EQ((**result).ttl, row.ttl);
  }
  EXPECT_EQ(resolver->known("10.0.0.1")->ttl, std::nullopt) << "nobody was asked";
}

TEST_F(ResolverTest, AChangedHostsFileIsReadAgain) {
  write_hosts("10.0.0.1 node1\n");
  EXPECT_EQ(known("node1"), "10.0.0.1");
  write_hosts("10.0.0.22 node1\n");
  EXPECT_EQ(known("node1"), "10.0.0.1") << "it was just looked at";
  now += config.hosts_check;
  EXPECT_EQ(known("node1"), "10.0.0.22");
  std::filesystem::remove(config.hosts_file);
  now += config.hosts_check;
  EXPECT_EQ(known("node1"), "nothing");
}

// RFC 6761 §6.3.
TEST_F(ResolverTest, LocalhostIsNeverAsked) {
  write_hosts("");
  begin();
  EXPECT_EQ(resolve("localhost"), "127.0.0.1 ::1");
  EXPECT_EQ(resolve("a.LOCALHOST."), "127.0.0.1 ::1");
  EXPECT_EQ(dns.asked("localhost", 4), 0);
}

TEST_F(ResolverTest, AsksForBothFamilies) {
  dns.set("both.example", "10.0.0.1", "2001:db8::1");
  dns.set("four.example", "10.0.0.4");
  dns.set("six.example", nullptr, "2001:db8::6");
  dns.set("none.example", nullptr);
  dns.set("six-only.example", 6, {.addresses = {*parse_ip("2001:db8::7")}});
  dns.set("alias.example", 4,
          {.addresses = {*parse_ip("10.0.0.8"), *parse_ip("10.0.0.9")}, .alias = "real.example"});
  EXPECT_EQ(resolve("both.example"), "10.0.0.1 2001:db8::1");
  EXPECT_EQ(resolve("Four.Example"), "10.0.0.4");
  EXPECT_EQ(resolve("six.example"), "2001:db8::6");
  EXPECT_EQ(resolve("six-only.example"), "2001:db8::7");
  EXPECT_EQ(resolve("alias.example"), "10.0.0.8 10.0.0.9");
  EXPECT_EQ(resolve("none.example"), "no such host");
  EXPECT_EQ(resolve("missing.example"), "no such host");
  EXPECT_EQ(dns.asked("both.example", 4), 1);
  EXPECT_EQ(dns.asked("both.example", 6), 1);
}

TEST_F(ResolverTest, AGoodAnswerIsKeptForAWhile) {
  dns.set("a.example", "10.0.0.1");
  EXPECT_EQ(known("a.example"), "nothing");
  EXPECT_EQ(resolve("a.example"), "10.0.0.1");
  dns.set("a.example", "10.0.0.2");
  now += config.fresh - 1ms;
  EXPECT_EQ(resolve("A.example"), "10.0.0.1");
  EXPECT_EQ(known("a.example"), "10.0.0.1");
  EXPECT_EQ(dns.asked("a.example", 4), 1);
  now += 1ms;
  EXPECT_EQ(known("a.example"), "10.0.0.1");
  EXPECT_EQ(resolve("a.example"), "10.0.0.2");
  EXPECT_EQ(dns.asked("a.example", 4), 2);
}

TEST_F(ResolverTest, AFailureIsTriedAgainAfterAWhile) {
  EXPECT_EQ(resolve("a.example"), "no such host");
  dns.set("a.example", "10.0.0.1");
  now += config.retry - 1ms;
  EXPECT_EQ(resolve("a.example"), "no such host");
  EXPECT_EQ(dns.asked("a.example", 4), 1);
  now += 1ms;
  EXPECT_EQ(resolve("a.example"), "10.0.0.1");
}

TEST_F(ResolverTest, TheLastGoodAnswerOutlivesFailures) {
  for (const auto behaviour :
       {DnsBehaviour::name_error, DnsBehaviour::server_failure, DnsBehaviour::silent}) {
    config.limit = behaviour == DnsBehaviour::silent ? 1s : 20s;
    begin();
    dns.set("a.example", "10.0.0.1");
    EXPECT_EQ(resolve("a.example"), "10.0.0.1");
    for (const int family : {4, 6}) dns.set("a.example", family, {.behaviour = behaviour});
    now += config.fresh;
    EXPECT_EQ(resolve("a.example"), "stale 10.0.0.1");
    EXPECT_EQ(known("a.example"), "stale 10.0.0.1");
    const int asked = dns.asked("a.example", 4);
    EXPECT_EQ(resolve("a.example"), "stale 10.0.0.1");
    EXPECT_EQ(dns.asked("a.example", 4), asked) << "not again so soon";
    EXPECT_EQ(resolver->counters().stale, 2u);
    dns.set("a.example", "10.0.0.2");
    now += config.retry;
    EXPECT_EQ(resolve("a.example"), "10.0.0.2");
  }
}

TEST_F(ResolverTest, ServersThatFail) {
  for (const int family : {4, 6}) dns.set("a.example", family, {.behaviour = DnsBehaviour::server_failure});
  EXPECT_EQ(resolve("a.example"), "DNS fails");
  for (const int family : {4, 6}) dns.set("b.example", family, {.behaviour = DnsBehaviour::silent});
  config.limit = 50ms;
  begin();
  EXPECT_EQ(resolve("b.example"), "DNS does not answer");
  EXPECT_EQ(resolver->counters().failed, 1u);

  config.limit = 20s;
  config.servers = "127.0.0.1:" + std::to_string(test::dead_port());
  begin();
  EXPECT_EQ(resolve("a.example"), "DNS fails") << "nobody is there";
  config.servers = "no server";
  begin();
  EXPECT_EQ(resolve("a.example"), "DNS fails") << "a bad list";
}

TEST_F(ResolverTest, OneFamilyWillDoWhenTheOtherIsSilent) {
  dns.set("a.example", "10.0.0.1");
  dns.set("a.example", 6, {.behaviour = DnsBehaviour::silent});
  dns.set("b.example", 4, {.behaviour = DnsBehaviour::silent});
  dns.set("b.example", 6, {.addresses = {*parse_ip("2001:db8::1")}});
  dns.set("c.example", 4, {.behaviour = DnsBehaviour::silent});
  dns.set("c.example", 6, {});
  config.limit = 1s;
  begin();
  for (const char* name : {"a.example", "b.example", "c.example"}) start(name);
  ASSERT_TRUE(until([&] { return pending == 0; }));
  std::sort(told.begin(), told.end());
  EXPECT_EQ(told, (std::vector<std::string>{
                      "a.example: 10.0.0.1", "b.example: 2001:db8::1",
                      "c.example: DNS does not answer",  // that there is no AAAA says nothing about A
                  }));
}

TEST_F(ResolverTest, ALostQueryIsSentAgain) {
  dns.set("a.example", 4, {.behaviour = DnsBehaviour::silent});
  dns.set("a.example", 6, {});
  config.resend = 50ms;
  begin();
  start("a.example");
  ASSERT_TRUE(until([&] { return dns.asked("a.example", 4) >= 1; }));
  dns.set("a.example", "10.0.0.1");
  ASSERT_TRUE(until([&] { return pending == 0; }));
  EXPECT_EQ(told.front(), "a.example: 10.0.0.1");
  EXPECT_GE(dns.asked("a.example", 4), 2);
}

TEST_F(ResolverTest, ATruncatedAnswerIsFetchedOverTcp) {
  DnsAnswer many{.behaviour = DnsBehaviour::truncate};
  for (int i = 1; i <= 100; ++i) many.addresses.push_back(*parse_ip("10.0.1." + std::to_string(i)));
  dns.set("a.example", 4, many);
  const std::string got = resolve("a.example");
  EXPECT_TRUE(got.starts_with("10.0.1.1 ") && got.ends_with(" 10.0.1.100")) << got;
  EXPECT_GE(dns.asked_over_tcp(), 1);
}

// A in one search domain and AAAA in another are two hosts.
TEST_F(ResolverTest, ShortNamesAreLookedForInTheSearchDomains) {
  config.search = {"a.example", "b.example"};
  begin();
  dns.set("node1.a.example", 4, {.addresses = {*parse_ip("10.0.0.1")}});
  dns.set("node1.b.example", 6, {.addresses = {*parse_ip("2001:db8::2")}});
  dns.set("node2.b.example", "10.0.0.2", "2001:db8::2");
  EXPECT_EQ(resolve("node1"), "10.0.0.1");
  EXPECT_EQ(resolve("node2"), "10.0.0.2 2001:db8::2");
  EXPECT_EQ(resolve("node3"), "no such host");
  EXPECT_EQ(resolve("node2."), "no such host") << "with its dot it is whole";
}

TEST_F(ResolverTest, EqualNamesAreAskedOnce) {
  dns.set("a.example", "10.0.0.1");
  for (const char* name : {"a.example", "A.example", "a.EXAMPLE"}) start(name);
  start("b.example");
  ASSERT_TRUE(until([&] { return pending == 0; }));
  EXPECT_EQ(dns.asked("a.example", 4) + dns.asked("A.example", 4) + dns.asked("a.EXAMPLE", 4), 1);
  EXPECT_EQ(resolver->counters().joined, 2u);
  EXPECT_EQ(resolver->counters().asked, 2u);
  EXPECT_EQ(std::count(told.begin(), told.end(), "A.example: 10.0.0.1"), 1);
}

TEST_F(ResolverTest, WhoCancelsIsNotTold) {
  dns.set("a.example", "10.0.0.1");
  const auto first = start("a.example");
  start("a.example");
  const auto literal = start("10.0.0.1");
  resolver->cancel(first);
  resolver->cancel(literal);
  resolver->cancel(12345);
  ASSERT_TRUE(until([&] { return pending == 2; }));
  while (io.poll() > 0) continue;
  EXPECT_EQ(told.size(), 1u);
}

TEST_F(ResolverTest, NobodyIsToldAfterItsEnd) {
  for (int steps = 0; steps < 12; ++steps) {
    begin();
    told.clear();
    for (const int family : {4, 6}) dns.set("a.example", family, {.behaviour = DnsBehaviour::silent});
    dns.set("b.example", "10.0.0.1");
    start("a.example");
    start("b.example");
    start("10.0.0.1");
    for (int i = 0; i < steps; ++i) io.run_one_for(2ms);
    const auto before = told.size();
    resolver.reset();
    while (io.poll() > 0) continue;
    EXPECT_EQ(told.size(), before);
  }
}

TEST_F(ResolverTest, MayBeDestroyedByWhoIsTold) {
  dns.set("a.example", "10.0.0.1");
  bool done = false;
  for (int i = 0; i < 2; ++i) {
    resolver->resolve("a.example", [&](ResolveResult) {
      EXPECT_FALSE(done);
      done = true;
      resolver.reset();
    });
  }
  EXPECT_TRUE(until([&] { return done; }));
  while (io.poll() > 0) continue;
}

TEST_F(ResolverTest, NoMoreNamesAreKeptThanItsMost) {
  config.most_names = 2;
  begin();
  for (const char* name : {"a.example", "b.example", "c.example"}) dns.set(name, "10.0.0.1");
  resolve("a.example");
  resolve("b.example");
  resolve("a.example");
  resolve("c.example");
  EXPECT_EQ(resolver->counters().evicted, 1u);
  EXPECT_EQ(known("a.example"), "10.0.0.1");
  EXPECT_EQ(known("b.example"), "nothing") << "asked for the longest ago";

  for (const char* name : {"d.example", "e.example"})
    for (const int family : {4, 6}) dns.set(name, family, {.behaviour = DnsBehaviour::silent});
  start("d.example");
  start("e.example");
  EXPECT_EQ(resolve("f.example"), "too many names are being looked up");
  EXPECT_EQ(resolver->counters().refused, 1u);
  EXPECT_EQ(resolve("10.0.0.1"), "10.0.0.1");
}

TEST_F(ResolverTest, NoMoreAreAskedAtOnceThanItsMost) {
  config.most_at_once = 1;
  config.limit = 1s;
  begin();
  for (const int family : {4, 6}) dns.set("a.example", family, {.behaviour = DnsBehaviour::silent});
  dns.set("b.example", "10.0.0.2");
  start("a.example");
  start("b.example");
  ASSERT_TRUE(until([&] { return dns.asked("a.example", 4) == 1; }));
  EXPECT_EQ(dns.asked("b.example", 4), 0);
  ASSERT_TRUE(until([&] { return pending == 0; }));
  EXPECT_EQ(told, (std::vector<std::string>{"a.example: DNS does not answer", "b.example: 10.0.0.2"}));
}

TEST_F(ResolverTest, ThousandsOfNames) {
  constexpr int kNames = 2000;
  for (int i = 0; i < kNames; ++i) {
    const std::string name = "n" + std::to_string(i) + ".example";
    dns.set(name, "10.0.0.1", "2001:db8::1");
    start(name);
  }
  ASSERT_TRUE(until([&] { return pending == 0; }));
  for (const std::string& line : told) EXPECT_TRUE(line.ends_with(": 10.0.0.1 2001:db8::1")) << line;
}

}  // namespace
}  // namespace muster::net
