// The records of one element of a Mesos cluster: every form of a name, the reasons to leave one out, and the
// worked example, of which it is known what Mesos-DNS answers.
#include "zones/naming/mesos_names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/zones/support/mesos_cluster.h"
#include "zones/ready_set.h"

namespace muster::zones::naming {
namespace {

using test::Cluster;
using test::mesos_domain;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAreArray;
using Lines = std::vector<std::string>;
using Change = void (*)(MesosNaming&);

MesosNaming exact() { return exact_naming(mesos_domain()); }
MesosNaming improved() { return improved_naming(mesos_domain()); }

std::string without(std::string text, std::string_view what) {
  for (std::size_t at = text.find(what); at != text.npos; at = text.find(what, at))
    text.erase(at, what.size());
  return text;
}

// "web.marathon A 10.0.1.10": below the domain. SRV are priority 0.
Lines lines_of(const MesosRecords& records) {
  Lines lines;
  for (const MesosRecord& record : records.records) {
    lines.push_back(without(
        record.owner.text() + " " + to_string(record.type) + " " + rdata_text(record.type, record.rdata),
        ".mesos."));
  }
  return lines;
}

Lines reasons_of(const MesosRecords& records) {
  Lines reasons;
  for (const MesosDropped& dropped : records.dropped)
    reasons.push_back(std::string(to_string(dropped.reason)) + " " + without(dropped.what, ".mesos."));
  return reasons;
}

// "id=a name=b": as in the files of tests/zones/mesos, of agent x-S0 at 10.0.1.10 unless it says otherwise.
registry::SchedulerTask task(std::string line) {
  std::ranges::replace(line, ' ', '\t');
  registry::SchedulerTask task = test::task_from("task\t" + line);
  if (task.framework.empty()) task.framework = "marathon";
  if (task.agent_id.empty()) task.agent_id = "x-S0";
  if (task.agent_addresses.empty()) task.agent_addresses = test::addresses_from("10.0.1.10");
  if (task.addresses.empty()) task.addresses = test::addresses_from("10.9.0.1");
  return task;
}

struct Row {
  const char* why;
  const char* task;
  MesosNaming naming;
  Lines records;
  Lines reasons = {};
};

MesosNaming with(MesosNaming naming, Change change) {
  change(naming);
  return naming;
}

void expect_rows(std::span<const Row> rows) {
  for (const Row& row : rows) {
    SCOPED_TRACE(row.why);
    const MesosRecords records = records_of(task(row.task), row.naming);
    EXPECT_THAT(lines_of(records), UnorderedElementsAreArray(row.records));
    EXPECT_EQ(reasons_of(records), row.reasons);
  }
}

// The four addresses that every task has, of T = `t`, H = hash of id "test".
Lines and_addresses(const std::string& t, Lines more) {
  for (const char* suffix : {"", "-iffe9-s0"}) {
    more.push_back(t + suffix + ".marathon A 10.9.0.1");
    more.push_back(t + suffix + ".marathon.slave A 10.0.1.10");
  }
  return more;
}

Lines joined(Lines a, const Lines& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

TEST(MesosNames, OfATaskWithoutDiscoveryInfo) {
  const Row rows[] = {
      {"no ports: addresses alone", "id=test name=web", exact(), and_addresses("web", {})},
      {"each port, both protocols, to the agent", "id=test name=web ports=31000", exact(),
       and_addresses("web", {"_web._tcp.marathon SRV 0 1 31000 web-iffe9-s0.marathon.slave",
                             "_web._udp.marathon SRV 0 1 31000 web-iffe9-s0.marathon.slave",
                             "_web._tcp.marathon.slave SRV 0 1 31000 web-iffe9-s0.marathon.slave",
                             "_web._udp.marathon.slave SRV 0 1 31000 web-iffe9-s0.marathon.slave"})},
      {"ports of a DiscoveryInfo that does not count are none", "id=test name=web di=80/tcp/http", exact(),
       and_addresses("web", {})},
      {"dots become dashes, and there is no raw name", "id=test name=a.b", exact(), and_addresses("a-b", {})},
      {"port 0",
       "id=test name=web ports=0",
       exact(),
       and_addresses("web", {}),
       {"bad_port _web._tcp.marathon", "bad_port _web._tcp.marathon.slave", "bad_port _web._udp.marathon",
        "bad_port _web._udp.marathon.slave"}},
  };
  expect_rows(rows);
}

TEST(MesosNames, OfATaskWithDiscoveryInfo) {
  const Row rows[] = {
      {"no ports", "id=test name=web discovery", exact(), and_addresses("web", {})},
      {"ports of its resources are the agent's alone", "id=test name=web discovery ports=31000", exact(),
       and_addresses("web", {"_web._tcp.marathon.slave SRV 0 1 31000 web-iffe9-s0.marathon.slave",
                             "_web._udp.marathon.slave SRV 0 1 31000 web-iffe9-s0.marathon.slave"})},
      {"a port", "id=test name=web discovery di=80/TCP/", exact(),
       and_addresses("web", {"_web._tcp.marathon SRV 0 1 80 web-iffe9-s0.marathon"})},
      {"a port with a name", "id=test name=web discovery di=80/tcp/http_api", exact(),
       and_addresses("web", {"_web._tcp.marathon SRV 0 1 80 web-iffe9-s0.marathon",
                             "_http-api._web._tcp.marathon SRV 0 1 80 web-iffe9-s0.marathon"})},
      {"a port whose name is nothing", "id=test name=web discovery di=80/tcp/!", improved(),
       and_addresses("web", {"_web._tcp.marathon SRV 0 1 80 web-iffe9-s0.marathon"})},
      {"the order of RFC 2782", "id=test name=web discovery di=80/tcp/http", improved(),
       and_addresses("web", {"_web._tcp.marathon SRV 0 1 80 web-iffe9-s0.marathon",
                             "_http._web._tcp.marathon SRV 0 1 80 web-iffe9-s0.marathon",
                             "_http._tcp.web.marathon SRV 0 1 80 web-iffe9-s0.marathon"})},
      {"no protocol: both", "id=test name=web discovery di=80//", exact(),
       and_addresses("web", {"_web._tcp.marathon SRV 0 1 80 web-iffe9-s0.marathon",
                             "_web._udp.marathon SRV 0 1 80 web-iffe9-s0.marathon"})},
      {"a protocol that is nothing: both", "id=test name=web discovery di=80/!/", exact(),
       and_addresses("web", {"_web._tcp.marathon SRV 0 1 80 web-iffe9-s0.marathon",
                             "_web._udp.marathon SRV 0 1 80 web-iffe9-s0.marathon"})},
      {"a list: each, and all as one", "id=test name=web discovery di=80/udp%2Ctcp/", exact(),
       and_addresses("web", {"_web._tcp.marathon SRV 0 1 80 web-iffe9-s0.marathon",
                             "_web._udp.marathon SRV 0 1 80 web-iffe9-s0.marathon",
                             "_web._udptcp.marathon SRV 0 1 80 web-iffe9-s0.marathon"})},
      {"an equal port once", "id=test name=web discovery di=80/tcp/;80/tcp/", exact(),
       and_addresses("web", {"_web._tcp.marathon SRV 0 1 80 web-iffe9-s0.marathon"})},
      {"port 0",
       "id=test name=web discovery di=0/tcp/",
       exact(),
       and_addresses("web", {}),
       {"bad_port _web._tcp.marathon"}},
  };
  expect_rows(rows);
}

TEST(MesosNames, ByNumberOfThePort) {
  const MesosNaming numbered = with(exact(), [](MesosNaming& n) { n.numbered_ports = true; });
  const Row rows[] = {
      {"of DiscoveryInfo", "id=test name=web discovery di=80/tcp/;53/udp/", numbered,
       and_addresses("web", {"_web._tcp.marathon SRV 0 1 80 web-iffe9-s0.marathon",
                             "_web._udp.marathon SRV 0 1 53 web-iffe9-s0.marathon",
                             "_port0._web._tcp.marathon SRV 0 1 80 web-iffe9-s0.marathon",
                             "_port1._web._udp.marathon SRV 0 1 53 web-iffe9-s0.marathon"})},
      {"of resources", "id=test name=web ports=31000", numbered,
       and_addresses("web", {"_web._tcp.marathon SRV 0 1 31000 web-iffe9-s0.marathon.slave",
                             "_web._udp.marathon SRV 0 1 31000 web-iffe9-s0.marathon.slave",
                             "_web._tcp.marathon.slave SRV 0 1 31000 web-iffe9-s0.marathon.slave",
                             "_web._udp.marathon.slave SRV 0 1 31000 web-iffe9-s0.marathon.slave",
                             "_port0._web._tcp.marathon SRV 0 1 31000 web-iffe9-s0.marathon.slave",
                             "_port0._web._udp.marathon SRV 0 1 31000 web-iffe9-s0.marathon.slave"})},
  };
  expect_rows(rows);
}

TEST(MesosNames, RawAsDiscoveryInfoWritesThem) {
  const Lines cut = and_addresses("a-b", {"_a-b._tcp.marathon SRV 0 1 80 a-b-iffe9-s0.marathon"});
  const Row rows[] = {
      {"dots are kept, letters become small", "id=test name=A.b discovery di=80/tcp/", exact(),
       joined(cut, and_addresses("a.b", {"_a.b._tcp.marathon SRV 0 1 80 a.b-iffe9-s0.marathon"}))},
      {"before _T, after _P, below _P._proto", "id=test name=a_b discovery di=80/tcp/p", improved(),
       joined(and_addresses("a-b", {"_a-b._tcp.marathon SRV 0 1 80 a-b-iffe9-s0.marathon",
                                    "_p._a-b._tcp.marathon SRV 0 1 80 a-b-iffe9-s0.marathon",
                                    "_p._tcp.a-b.marathon SRV 0 1 80 a-b-iffe9-s0.marathon"}),
              and_addresses("a_b", {"_a_b._tcp.marathon SRV 0 1 80 a_b-iffe9-s0.marathon",
                                    "_p._a_b._tcp.marathon SRV 0 1 80 a_b-iffe9-s0.marathon",
                                    "_p._tcp.a_b.marathon SRV 0 1 80 a_b-iffe9-s0.marathon"}))},
      {"the agent's ports", "id=test name=a.b discovery ports=31000", exact(),
       joined(and_addresses("a-b", {"_a-b._tcp.marathon.slave SRV 0 1 31000 a-b-iffe9-s0.marathon.slave",
                                    "_a-b._udp.marathon.slave SRV 0 1 31000 a-b-iffe9-s0.marathon.slave"}),
              and_addresses("a.b", {"_a.b._tcp.marathon.slave SRV 0 1 31000 a.b-iffe9-s0.marathon.slave",
                                    "_a.b._udp.marathon.slave SRV 0 1 31000 a.b-iffe9-s0.marathon.slave"}))},
      {"not where they may not be", "id=test name=a.b discovery",
       with(exact(), [](MesosNaming& n) { n.raw_names = false; }), and_addresses("a-b", {})},
      {"not those of a task's own name", "id=test name=a.b", exact(), and_addresses("a-b", {})},
      {"not with a space", "id=test name=a%20b discovery", exact(), and_addresses("ab", {})},
      {"not with a label of nothing", "id=test name=ab. discovery", exact(), and_addresses("ab", {})},
      {"not where they are the same", "id=test name=AB discovery", exact(), and_addresses("ab", {})},
      {"where nothing else is left of the name",
       "id=test name=_ discovery",
       exact(),
       and_addresses("_", {}),
       {"name_empty test"}},
      {"nor these, improved", "id=test name=_ discovery", improved(), {}, {"name_empty test"}},
  };
  expect_rows(rows);
}

TEST(MesosNames, OfPortsOfTheAgentLeadToTheAgent) {
  const Row rows[] = {
      {"all of them: so does the task",
       "id=test name=web discovery di=31000/tcp//agent",
       improved(),
       {"web.marathon A 10.0.1.10", "web-iffe9-s0.marathon A 10.0.1.10", "web.marathon.slave A 10.0.1.10",
        "web-iffe9-s0.marathon.slave A 10.0.1.10",
        "_web._tcp.marathon SRV 0 1 31000 web-iffe9-s0.marathon.slave"}},
      {"some: the port alone", "id=test name=web discovery di=31000/tcp//agent;53/udp/", improved(),
       and_addresses("web", {"_web._tcp.marathon SRV 0 1 31000 web-iffe9-s0.marathon.slave",
                             "_web._udp.marathon SRV 0 1 53 web-iffe9-s0.marathon"})},
      {"exact: as Mesos-DNS", "id=test name=web discovery di=31000/tcp//agent", exact(),
       and_addresses("web", {"_web._tcp.marathon SRV 0 1 31000 web-iffe9-s0.marathon"})},
  };
  expect_rows(rows);
}

TEST(MesosNames, OfFrameworksOfSeveralLabels) {
  EXPECT_THAT(lines_of(records_of(task("id=test name=web framework=My_F..Team!"), exact())),
              UnorderedElementsAreArray({"web.my-f.team A 10.9.0.1", "web-iffe9-s0.my-f.team A 10.9.0.1",
                                         "web.my-f.team.slave A 10.0.1.10",
                                         "web-iffe9-s0.my-f.team.slave A 10.0.1.10"}));
  const MesosRecords unspeakable = records_of(task("id=test name=web framework=___"), exact());
  EXPECT_THAT(unspeakable.records, IsEmpty());
  EXPECT_THAT(reasons_of(unspeakable), ElementsAre("framework_name_empty test"));
}

TEST(MesosNames, OfAddressesThatNobodyCanReachAreNone) {
  const MesosRecords records = records_of(
      task("id=test name=web addresses=0.0.0.0,::,224.0.0.1,ff02::1,::ffff:10.0.0.2,fd00::1,10.0.0.2"),
      exact());
  EXPECT_THAT(lines_of(records),
              UnorderedElementsAreArray(
                  {"web.marathon A 10.0.0.2", "web.marathon AAAA fd00::1", "web-iffe9-s0.marathon A 10.0.0.2",
                   "web-iffe9-s0.marathon AAAA fd00::1", "web.marathon.slave A 10.0.1.10",
                   "web-iffe9-s0.marathon.slave A 10.0.1.10"}));
  EXPECT_THAT(reasons_of(records), ElementsAre("bad_address 0.0.0.0", "bad_address 224.0.0.1",
                                               "bad_address ::", "bad_address ff02::1"));
}

// Of these names' last label 54 octets are left beside the hash and the agent; _T needs one octet more.
TEST(MesosNames, ThatAreTooLongAreLeftOutAlone) {
  const std::string l54(54, 'l');
  const std::string l63(63, 'l');
  MesosRecords records = records_of(task("id=test name=" + l63 + " ports=31000"), exact());
  EXPECT_THAT(lines_of(records),
              UnorderedElementsAreArray({l63 + ".marathon A 10.9.0.1", l54 + "-iffe9-s0.marathon A 10.9.0.1",
                                         l63 + ".marathon.slave A 10.0.1.10",
                                         l54 + "-iffe9-s0.marathon.slave A 10.0.1.10"}));
  EXPECT_EQ(reasons_of(records).size(), 4U);
  EXPECT_EQ(reasons_of(records).front(), "label_too_long _" + l63 + "._tcp.marathon");

  // D is 7 octets, F 247, T.F.D 256 and more; F.D alone fits.
  const std::string f = std::string(60, 'f') + "." + std::string(60, 'f') + "." + std::string(60, 'f') + "." +
                        std::string(63, 'f');
  registry::SchedulerFramework framework;
  framework.name = f;
  framework.addresses = test::addresses_from("10.0.0.1");
  framework.port = 1;
  records = records_of(framework, exact());
  EXPECT_THAT(lines_of(records), ElementsAre(f + " A 10.0.0.1"));
  EXPECT_THAT(reasons_of(records), ElementsAre("name_too_long _framework._tcp." + f));
  records = records_of(task("id=test name=w framework=" + f), exact());
  EXPECT_THAT(records.records, IsEmpty());
  EXPECT_EQ(reasons_of(records).size(), 4U);
}

TEST(MesosNames, SrvWithoutAnAddressDangleOnlyInExact) {
  registry::SchedulerTask one = task("id=test name=web discovery di=80/tcp/");
  one.addresses.clear();
  EXPECT_THAT(
      lines_of(records_of(one, exact())),
      UnorderedElementsAreArray({"web.marathon.slave A 10.0.1.10", "web-iffe9-s0.marathon.slave A 10.0.1.10",
                                 "_web._tcp.marathon SRV 0 1 80 web-iffe9-s0.marathon"}));
  const MesosRecords records = records_of(one, improved());
  EXPECT_EQ(records.records.size(), 2U);
  EXPECT_THAT(reasons_of(records), ElementsAre("no_address web-iffe9-s0.marathon"));
}

TEST(MesosNames, OfPortsAreSoMany) {
  registry::SchedulerTask one = task("id=test name=web");
  for (std::uint16_t port = 1; port <= 1000; ++port) one.host_ports.push_back(port);
  EXPECT_EQ(records_of(one, exact()).records.size(), 4U + 4U * 256U);
  EXPECT_THAT(reasons_of(records_of(one, exact())), ElementsAre("ports_truncated test"));
  one.host_ports.resize(256);
  EXPECT_THAT(records_of(one, exact()).dropped, IsEmpty());

  // The lowest stay, and keep their numbers.
  MesosNaming naming = exact();
  naming.max_ports_per_task = 2;
  naming.numbered_ports = true;
  EXPECT_THAT(lines_of(records_of(task("id=test name=w discovery di=9/tcp/;7/tcp/;8/tcp/"), naming)),
              UnorderedElementsAreArray(
                  and_addresses("w", {"_w._tcp.marathon SRV 0 1 7 w-iffe9-s0.marathon",
                                      "_w._tcp.marathon SRV 0 1 8 w-iffe9-s0.marathon",
                                      "_port1._w._tcp.marathon SRV 0 1 7 w-iffe9-s0.marathon",
                                      "_port2._w._tcp.marathon SRV 0 1 8 w-iffe9-s0.marathon"})));
}

// In the order of zones/mesos_record.h: names of agents are stronger than names of tasks.
TEST(MesosNames, HaveARank) {
  const MesosRecords records = records_of(task("id=test name=a.b discovery"), exact());
  std::map<std::string, MesosRank> ranks;
  for (const MesosRecord& record : records.records)
    ranks[without(record.owner.text(), ".mesos.")] = record.rank;
  EXPECT_EQ(ranks.at("a-b.marathon"), MesosRank::name);
  EXPECT_EQ(ranks.at("a-b-iffe9-s0.marathon"), MesosRank::name);
  EXPECT_EQ(ranks.at("a-b.marathon.slave"), MesosRank::agent_name);
  EXPECT_EQ(ranks.at("a.b.marathon"), MesosRank::raw_name);
  EXPECT_EQ(ranks.at("a.b-iffe9-s0.marathon.slave"), MesosRank::raw_agent_name);
}

// Where both forms of a name are cut to the same T-H-S.
TEST(MesosNames, HaveTheStrongerRankOfTwo) {
  const std::string g(55, 'g');
  for (const MesosRecord& record : records_of(task("id=test name=" + g + "_h discovery"), exact()).records) {
    if (record.owner.first_label() != g.substr(0, 54) + "-iffe9-s0") continue;
    EXPECT_TRUE(record.rank == MesosRank::name || record.rank == MesosRank::agent_name)
        << to_string(record.rank);
  }
}

TEST(MesosNames, AreReadyAsTheirTask) {
  for (const MesosRecord& record : records_of(task("id=test name=a ports=1 unready"), exact()).records)
    EXPECT_FALSE(record.is_ready);
  for (const MesosRecord& record : records_of(task("id=test name=a ports=1"), exact()).records)
    EXPECT_TRUE(record.is_ready);
}

struct WeightRow {
  const char* why;
  MesosNaming naming;
  const char* weight;
  std::string shown;
  std::uint32_t share;
};

TEST(MesosNames, HaveTheWeightOfLabelsWhereTheseCount) {
  const MesosNaming seven = with(improved(), [](MesosNaming& n) { n.srv_weight = 7; });
  const WeightRow rows[] = {
      {"exact: all are equal", exact(), " weight=5", "1", draw_share(1)},
      {"exact: srv_weight is shown, and means nothing",
       with(exact(), [](MesosNaming& n) { n.srv_weight = 7; }), " weight=5", "7", draw_share(1)},
      {"none: srv_weight", seven, "", "7", draw_share(7)},
      {"a label wins", seven, " weight=5", "5", draw_share(5)},
      {"1 is a weight, too", seven, " weight=1", "1", draw_share(1)},
      {"0 is drawn beside nobody else", seven, " weight=0", "0", 0},
      {"srv_weight 0 is drawn as 1", with(improved(), [](MesosNaming& n) { n.srv_weight = 0; }), "", "0",
       draw_share(1)},
  };
  for (const WeightRow& row : rows) {
    SCOPED_TRACE(row.why);
    const auto records = records_of(task("id=test name=a discovery di=80/tcp/ addresses=10.0.0.1,fd00::1" +
                                         std::string(row.weight)),
                                    row.naming)
                             .records;
    for (const MesosRecord& record : records) {
      EXPECT_EQ(record.share, row.share);
      if (record.type != RrType::srv) continue;
      EXPECT_TRUE(rdata_text(record.type, record.rdata).starts_with("0 " + row.shown + " 80 "));
    }
  }
}

TEST(MesosNames, OfSeveralAddressesShareTheWeight) {
  for (const MesosRecord& record :
       records_of(task("id=test name=a addresses=10.0.0.1,10.0.0.2,fd00::1 weight=6"), improved()).records) {
    if (record.owner.text() != "a.marathon.mesos.") continue;
    EXPECT_EQ(record.share, draw_share(record.type == RrType::a ? 3 : 6));
  }
}

TEST(MesosNames, AreShorterUnderRfc952) {
  const MesosNaming rfc952 = with(exact(), [](MesosNaming& n) { n.rfc952 = true; });
  EXPECT_THAT(reasons_of(records_of(task("id=test name=007"), rfc952)), ElementsAre("name_empty test"));
  EXPECT_THAT(lines_of(records_of(task("id=test name=9digit-first.app_v2.and.more"), rfc952)),
              UnorderedElementsAreArray(and_addresses("digit-first-app-v2-and-m", {})));
}

registry::SchedulerMasters masters(const char* leader, const char* listed) {
  return test::masters_from(
      test::Fields(std::string("masters") + (*leader ? "\tleader=" : "") + leader + "\tlisted=" + listed));
}

TEST(MesosNames, OfMasters) {
  const Lines leader = {"leader A 10.0.0.6", "_leader._tcp SRV 0 1 7 leader", "_leader._udp SRV 0 1 7 leader",
                        "master A 10.0.0.6"};
  EXPECT_THAT(lines_of(records_of(masters("10.0.0.6:7", ""), exact())),
              UnorderedElementsAreArray(joined(leader, {"master0 A 10.0.0.6"})));
  EXPECT_THAT(
      lines_of(records_of(masters("10.0.0.6:7", "10.0.0.8:9,10.0.0.6:7,[2001:db8::1]:0"), improved())),
      UnorderedElementsAreArray(joined(
          leader,
          {"master A 10.0.0.8", "master AAAA 2001:db8::1", "master0 A 10.0.0.8", "master1 A 10.0.0.6",
           "master2 AAAA 2001:db8::1", "_master._tcp SRV 0 1 9 master0", "_master._udp SRV 0 1 9 master0",
           "_master._tcp SRV 0 1 7 master1", "_master._udp SRV 0 1 7 master1"})));
  EXPECT_THAT(records_of(masters("", "10.0.0.8:9"), exact()).records, IsEmpty());
}

// Garbage in ZooKeeper has no number, either.
TEST(MesosNames, OfAMasterWithoutAnAddressAreNone) {
  const MesosRecords records = records_of(masters("10.0.0.6:7", "0.0.0.0:5050,10.0.0.8:9"), exact());
  EXPECT_THAT(lines_of(records),
              UnorderedElementsAreArray({"leader A 10.0.0.6", "_leader._tcp SRV 0 1 7 leader",
                                         "_leader._udp SRV 0 1 7 leader", "master A 10.0.0.6",
                                         "master A 10.0.0.8", "master0 A 10.0.0.8", "master1 A 10.0.0.6"}));
  EXPECT_THAT(reasons_of(records), ElementsAre("bad_address 0.0.0.0"));
  EXPECT_THAT(records_of(masters("0.0.0.0:7", "10.0.0.8:9"), exact()).records, IsEmpty());
}

TEST(MesosNames, OfAnAgent) {
  registry::SchedulerAgent agent{"x-S0", test::addresses_from("10.0.1.10,fd00::10"), 5051};
  EXPECT_THAT(lines_of(records_of(agent, exact())),
              UnorderedElementsAreArray(
                  {"slave A 10.0.1.10", "slave AAAA fd00::10", "_slave._tcp SRV 0 1 5051 slave"}));
  agent.port = 0;
  EXPECT_EQ(records_of(agent, exact()).records.size(), 2U);
  agent = {"x-S0", {}, 5051};
  EXPECT_THAT(lines_of(records_of(agent, exact())), ElementsAre("_slave._tcp SRV 0 1 5051 slave"));
  EXPECT_THAT(reasons_of(records_of(agent, improved())), ElementsAre("no_address slave"));
}

TEST(MesosNames, OfAFramework) {
  registry::SchedulerFramework framework{"f1", "Marathon", test::addresses_from("10.0.0.5"), 15101};
  EXPECT_THAT(
      lines_of(records_of(framework, exact())),
      UnorderedElementsAreArray({"marathon A 10.0.0.5", "_framework._tcp.marathon SRV 0 1 15101 marathon"}));
  framework.port = 0;
  EXPECT_THAT(lines_of(records_of(framework, exact())), ElementsAre("marathon A 10.0.0.5"));
  framework.name = "___";
  EXPECT_THAT(reasons_of(records_of(framework, exact())), ElementsAre("framework_name_empty f1"));
}

TEST(MesosNames, OfFrameworksThatAreReserved) {
  MesosNaming naming = improved();
  const auto is_reserved = [&](const char* name) {
    const registry::SchedulerFramework framework{"f1", name, test::addresses_from("10.0.0.5"), 1};
    EXPECT_EQ(records_of(framework, exact()).records.size(), 2U) << name;
    return records_of(framework, naming).records.empty();
  };
  for (const char* name : {"leader", "Leader!", "master", "master0", "master17", "slave", "ns1"})
    EXPECT_TRUE(is_reserved(name)) << name;
  for (const char* name :
       {"leaders", "masterx", "master1x", "slave0", "a.leader", "leader.a", "ns2", "ns1.a"})
    EXPECT_FALSE(is_reserved(name)) << name;
  naming.ns_name = *parse_domain("a.b.mesos");
  EXPECT_TRUE(is_reserved("a.b"));
  EXPECT_FALSE(is_reserved("ns1"));
  naming.ns_name = *parse_domain("ns1.elsewhere");
  EXPECT_FALSE(is_reserved("ns1"));
}

TEST(MesosNames, OfTheNameServer) {
  MesosNaming naming = exact();
  const auto addresses = test::addresses_from("10.0.0.53,0.0.0.0");
  EXPECT_THAT(lines_of(records_of_name_server(addresses, naming)), ElementsAre("ns1 A 10.0.0.53"));
  naming.ns_name = *parse_domain("A.b.Mesos");
  EXPECT_THAT(lines_of(records_of_name_server(addresses, naming)), ElementsAre("a.b A 10.0.0.53"));
  for (const char* other : {"ns1.elsewhere", "mesos", "othermesos"}) {
    naming.ns_name = *parse_domain(other);
    EXPECT_THAT(records_of_name_server(addresses, naming).records, IsEmpty()) << other;
  }
}

// Record for record what Mesos-DNS answers of the same state, and what only musterd adds.
Lines example_of_mesos_dns() {
  Lines lines = {"leader A 10.0.0.1",
                 "master A 10.0.0.1",
                 "master0 A 10.0.0.1",
                 "ns1 A 10.0.0.53",
                 "slave A 10.0.1.10",
                 "slave A 10.0.1.11",
                 "marathon A 10.0.0.5",
                 "_leader._tcp SRV 0 1 5050 leader",
                 "_leader._udp SRV 0 1 5050 leader",
                 "_slave._tcp SRV 0 1 5051 slave",
                 "_framework._tcp.marathon SRV 0 1 15101 marathon"};
  for (const char* owner :
       {"web.marathon", "web-5quyu-s0.marathon", "web.marathon.slave", "web-5quyu-s0.marathon.slave"}) {
    lines.push_back(std::string(owner) + " A 10.0.1.10");
  }
  for (const char* owner :
       {"_web._tcp.marathon", "_web._udp.marathon", "_web._tcp.marathon.slave", "_web._udp.marathon.slave"}) {
    for (const char* port : {"31000", "31004"})
      lines.push_back(std::string(owner) + " SRV 0 1 " + port + " web-5quyu-s0.marathon.slave");
  }
  for (const std::string t : {"cart-shop-prod", "cart.shop.prod"}) {
    const std::string instance = t + "-f7a9k-s1.marathon";
    for (const std::string& owner : {t + ".marathon", instance}) {
      lines.push_back(owner + " A 10.9.0.7");
      lines.push_back(owner + " AAAA fd00::7");
      lines.push_back(owner + ".slave A 10.0.1.11");
    }
    lines.push_back("_" + t + "._tcp.marathon SRV 0 1 8080 " + instance);
    lines.push_back("_http._" + t + "._tcp.marathon SRV 0 1 8080 " + instance);
    lines.push_back("_" + t + "._tcpudp.marathon SRV 0 1 5353 " + instance);
    lines.push_back("_" + t + "._tcp.marathon.slave SRV 0 1 31005 " + instance + ".slave");
    lines.push_back("_" + t + "._udp.marathon.slave SRV 0 1 31005 " + instance + ".slave");
    lines.push_back("_" + t + "._tcp.marathon SRV 0 1 5353 " + instance);  // from here musterd alone
    lines.push_back("_" + t + "._udp.marathon SRV 0 1 5353 " + instance);
  }
  return lines;
}

Lines published_of_example(const MesosNaming& naming) {
  Lines lines;
  for (const std::string& line : test::lines_of(test::read_cluster("zones/mesos/example.txt"), naming))
    lines.push_back(without(line, ".mesos."));
  return lines;
}

TEST(MesosNames, OfTheWorkedExample) {
  EXPECT_THAT(published_of_example(exact()), UnorderedElementsAreArray(example_of_mesos_dns()));
}

TEST(MesosNames, OfTheWorkedExampleImproved) {
  EXPECT_THAT(published_of_example(improved()),
              UnorderedElementsAreArray(joined(
                  example_of_mesos_dns(),
                  {"_master._tcp SRV 0 1 5050 master0", "_master._udp SRV 0 1 5050 master0",
                   "_http._tcp.cart-shop-prod.marathon SRV 0 1 8080 cart-shop-prod-f7a9k-s1.marathon",
                   "_http._tcp.cart.shop.prod.marathon SRV 0 1 8080 cart.shop.prod-f7a9k-s1.marathon"})));
}

}  // namespace
}  // namespace muster::zones::naming
