// The Mesos-DNS view against a second implementation of its description (mesos_records.py), which shares no
// code with it: a cluster of everything that is odd, whose records are checked in, and random ones.
#include <unistd.h>

#include <filesystem>
#include <random>

#include "tests/zones/support/mesos_cluster.h"
#include "tests/zones/support/random_cluster.h"

namespace muster::zones {
namespace {

using naming::MesosNaming;
using naming::MesosReserved;
using namespace test;

std::vector<std::string> golden(const std::string& profile) {
  std::ifstream in(test_file("golden/mesos_" + profile + ".txt"));
  return lines_in(in);
}

MesosNaming with_8_ports(MesosNaming naming) {
  naming.max_ports_per_task = 8;
  return naming;
}

TEST(MesosGolden, TheOddClusterIsNamedAsMesosDnsWould) {
  expect_same_lines(
      lines_of(read_cluster("zones/mesos/odd.txt"), with_8_ports(naming::exact_naming(mesos_domain()))),
      golden("exact"));
}

TEST(MesosGolden, TheOddClusterIsNamedBetter) {
  expect_same_lines(
      lines_of(read_cluster("zones/mesos/odd.txt"), with_8_ports(naming::improved_naming(mesos_domain()))),
      golden("improved"));
}

std::string odd_run(const std::string& profile, const std::string& keys) {
  return test_file("zones/mesos/odd.txt") + " " + profile + " " + keys;
}

// The golden files are what Python says, so that neither is changed alone.
TEST(MesosGolden, IsWhatTheSecondImplementationSays) {
  const auto lines = lines_of_python(
      {odd_run("exact", "max_ports_per_task=8"), odd_run("improved", "max_ports_per_task=8")});
  expect_same_lines(lines.front(), golden("exact"));
  expect_same_lines(lines.back(), golden("improved"));
}

// One key changed at a time, in both profiles: what it does to the odd cluster.
struct KeyRow {
  std::string python;
  void (*change)(MesosNaming&);
  WhenNone when_none = WhenNone::all;
};
const KeyRow kKeys[] = {
    {"rfc952=true", [](MesosNaming& n) { n.rfc952 = true; }},
    {"raw_names=false", [](MesosNaming& n) { n.raw_names = false; }},
    {"reserved=merge", [](MesosNaming& n) { n.reserved = MesosReserved::merge; }},
    {"reserved=protect", [](MesosNaming& n) { n.reserved = MesosReserved::protect; }},
    {"empty_names=true", [](MesosNaming& n) { n.empty_names = true; }},
    {"empty_names=false", [](MesosNaming& n) { n.empty_names = false; }},
    {"dangling_srv=true", [](MesosNaming& n) { n.dangling_srv = true; }},
    {"dangling_srv=false", [](MesosNaming& n) { n.dangling_srv = false; }},
    {"rfc2782_order=true", [](MesosNaming& n) { n.rfc2782_order = true; }},
    {"rfc2782_order=false", [](MesosNaming& n) { n.rfc2782_order = false; }},
    {"master_srv=true", [](MesosNaming& n) { n.master_srv = true; }},
    {"master_srv=false", [](MesosNaming& n) { n.master_srv = false; }},
    {"port_scope=true", [](MesosNaming& n) { n.port_scope = true; }},
    {"port_scope=false", [](MesosNaming& n) { n.port_scope = false; }},
    {"numbered_ports=true", [](MesosNaming& n) { n.numbered_ports = true; }},
    {"weight_labels=true", [](MesosNaming& n) { n.weight_labels = true; }},
    {"weight_labels=false", [](MesosNaming& n) { n.weight_labels = false; }},
    {"srv_weight=7", [](MesosNaming& n) { n.srv_weight = 7; }},
    {"srv_weight=0", [](MesosNaming& n) { n.srv_weight = 0; }},
    {"max_ports_per_task=3", [](MesosNaming& n) { n.max_ports_per_task = 3; }},
    {"max_ports_per_task=0", [](MesosNaming& n) { n.max_ports_per_task = 0; }},
    {"ns_name=a.b.mesos", [](MesosNaming& n) { n.ns_name = *parse_domain("a.b.mesos"); }},
    {"ns_name=my-framework.team.mesos",
     [](MesosNaming& n) { n.ns_name = *parse_domain("my-framework.team.mesos"); }},
    {"ns_name=ns1.elsewhere", [](MesosNaming& n) { n.ns_name = *parse_domain("ns1.elsewhere"); }},
    {"ns_name=mesos", [](MesosNaming& n) { n.ns_name = *parse_domain("mesos"); }},
    {"domain=a.long.Domain ns_name=ns1.a.long.domain",
     [](MesosNaming& n) {
       n.domain = *parse_domain("a.long.domain");
       n.ns_name = *parse_domain("ns1.a.long.domain");
     }},
    {"when_none=none", [](MesosNaming&) {}, WhenNone::none},
    {"when_none=servfail", [](MesosNaming&) {}, WhenNone::servfail},
};

struct KeyRun {
  std::string python;
  MesosNaming naming;
  WhenNone when_none;
};

// Without those that say what the profile says anyway.
void add_runs(const std::string& profile, const MesosNaming& defaults, std::vector<KeyRun>& runs) {
  for (const KeyRow& key : kKeys) {
    MesosNaming naming = defaults;
    key.change(naming);
    if (naming == defaults && key.when_none == WhenNone::all) continue;
    runs.push_back({odd_run(profile, key.python), naming, key.when_none});
  }
}

TEST(MesosGolden, EachKeyDoesWhatTheSecondImplementationDoes) {
  const Cluster cluster = read_cluster("zones/mesos/odd.txt");
  std::vector<KeyRun> runs;
  add_runs("exact", naming::exact_naming(mesos_domain()), runs);
  add_runs("improved", naming::improved_naming(mesos_domain()), runs);
  std::vector<std::string> arguments;
  for (const KeyRun& run : runs) arguments.push_back(run.python);
  const auto expected = lines_of_python(arguments);
  for (std::size_t i = 0; i < runs.size(); ++i) {
    SCOPED_TRACE(runs[i].python);
    expect_same_lines(lines_of(cluster, runs[i].naming, runs[i].when_none), expected[i]);
  }
}

TEST(MesosGolden, RandomClustersAreNamedAsTheSecondImplementationNamesThem) {
  constexpr unsigned kClusters = 8;
  const auto directory = std::filesystem::temp_directory_path();
  const unsigned seed = std::random_device{}();
  std::vector<Cluster> clusters;
  std::vector<std::string> runs;
  std::vector<std::filesystem::path> paths;
  for (unsigned i = 0; i < kClusters; ++i) {
    const std::string text = RandomCluster(seed + i).text();
    const auto path = paths.emplace_back(
        directory / ("mesos_cluster_" + std::to_string(::getpid()) + "_" + std::to_string(i)));
    std::ofstream(path) << text;
    std::istringstream in(text);
    clusters.push_back(read_cluster(in));
    runs.push_back(path.string() + " exact when_none=none");
    runs.push_back(path.string() + " improved numbered_ports=true");
  }
  const auto expected = lines_of_python(runs);
  for (const auto& path : paths) std::filesystem::remove(path);
  MesosNaming improved = naming::improved_naming(mesos_domain());
  improved.numbered_ports = true;
  for (unsigned i = 0; i < kClusters; ++i) {
    SCOPED_TRACE("seed " + std::to_string(seed + i));
    expect_same_lines(lines_of(clusters[i], naming::exact_naming(mesos_domain()), WhenNone::none),
                      expected[2 * i]);
    expect_same_lines(lines_of(clusters[i], improved), expected[2 * i + 1]);
  }
}

}  // namespace
}  // namespace muster::zones
