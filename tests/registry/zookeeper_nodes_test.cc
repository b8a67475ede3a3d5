#include "registry/sources/zookeeper_nodes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace muster::registry::sources {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// As Mesos 1.11 writes it.
constexpr std::string_view kMaster =
    R"({"address":{"hostname":"m1","ip":"10.0.0.1","port":5050},"capabilities":[{"type":"AGENT_UPDATE"}],)"
    R"("hostname":"m1","id":"d5","ip":16777226,"pid":"master@10.0.0.1:5050","port":5050,"version":"1.11.0"})";

std::string shown(const MasterNodeResult& master) {
  return master ? net::to_string(*master) : std::string(reason_of(master.error()));
}

TEST(MasterNode, IsWhereItsAddressSaysElseItsPid) {
  struct Row {
    const char* why;
    std::string data;
    const char* expected;
  };
  const Row rows[] = {
      {"as Mesos writes it", std::string(kMaster), "10.0.0.1:5050"},
      {"the address counts", R"({"address":{"ip":"10.0.0.2","port":5051},"pid":"master@10.0.0.9:1"})",
       "10.0.0.2:5051"},
      {"IPv6", R"({"address":{"ip":"2001:db8::1","port":5050}})", "[2001:db8::1]:5050"},
      {"before 0.24 there was no address", R"({"ip":16777226,"pid":"master@10.0.0.1:5050","port":5050})",
       "10.0.0.1:5050"},
      {"an address of null", R"({"address":null,"pid":"master@[2001:db8::1]:5050"})", "[2001:db8::1]:5050"},
      {"an address of a wrong type", R"({"address":"10.0.0.2:5050","pid":"master@10.0.0.1:5050"})",
       "10.0.0.1:5050"},
      {"an ip that is a name", R"({"address":{"ip":"m1","port":5050},"pid":"master@10.0.0.1:5050"})",
       "10.0.0.1:5050"},
      {"an ip that is a number", R"({"address":{"ip":16777226,"port":5050}})", "node_no_address"},
      {"a port that is text", R"({"address":{"ip":"10.0.0.1","port":"5050"}})", "node_no_address"},
      {"a port that is no port", R"({"address":{"ip":"10.0.0.1","port":70000}})", "node_no_address"},
      {"a negative port", R"({"address":{"ip":"10.0.0.1","port":-1}})", "node_no_address"},
      {"half a port", R"({"address":{"ip":"10.0.0.1","port":5050.5}})", "node_no_address"},
      {"no port", R"({"address":{"ip":"10.0.0.1"}})", "node_no_address"},
      {"the number is never read", R"({"ip":16777226,"port":5050})", "node_no_address"},
      {"a pid of a name", R"({"pid":"master@m1:5050"})", "node_no_address"},
      {"a pid that is a number", R"({"pid":7})", "node_no_address"},
      {"an object of nothing", "{}", "node_no_address"},
      {"nowhere", R"({"address":{"ip":"0.0.0.0","port":5050},"pid":"master@10.0.0.1:5050"})",
       "node_unusable"},
      {"nowhere in IPv6", R"({"address":{"ip":"::","port":5050}})", "node_unusable"},
      {"everybody", R"({"address":{"ip":"255.255.255.255","port":5050}})", "node_unusable"},
      {"a group", R"({"address":{"ip":"224.0.0.1","port":5050}})", "node_unusable"},
      {"port 0", R"({"address":{"ip":"10.0.0.1","port":0}})", "node_unusable"},
      {"nothing", "", "node_not_json"},
      {"a list", "[]", "node_not_json"},
      {"null", "null", "node_not_json"},
      {"half", std::string(kMaster.substr(0, kMaster.size() / 2)), "node_not_json"},
      {"text behind it", std::string(kMaster) + "x", "node_not_json"},
      {"a NUL behind it", std::string(kMaster) + '\0', "node_not_json"},
      {"too deep", std::string(100, '[') + std::string(100, ']'), "node_not_json"},
      {"protobuf",
       "\x0a\x04"
       "d51d\x10\x8a\x80\x80\x08",
       "node_not_json"},
      {"not UTF-8", "{\"pid\":\"\xff\"}", "node_not_json"},
      {"longer than any master", "{\"id\":\"" + std::string(65'536, 'a') + "\"}", "node_too_long"},
  };
  for (const Row& row : rows) EXPECT_EQ(shown(read_master_node(row.data)), row.expected) << row.why;
}

TEST(MasterNode, EveryPrefixIsReadOrRefused) {
  for (std::size_t i = 0; i < kMaster.size(); ++i) {
    const std::string exact(kMaster.substr(0, i));
    EXPECT_EQ(shown(read_master_node(exact)), "node_not_json") << exact;
  }
}

TEST(MasterNodes, AreReadByTheirNumbers) {
  const MasterNodes nodes = master_nodes(
      {"json.info_0000000012", "log_replicas", "json.info_0000000007", "json.info_7", "json.info_00000000007",
       "json.info_000000000x", "json.info_-000000001", "info_0000000001", "", "json.info_1000000000"});
  EXPECT_THAT(nodes.names,
              ElementsAre("json.info_0000000007", "json.info_0000000012", "json.info_1000000000"));
  EXPECT_EQ(nodes.dropped, (Dropped{{"node_other", 7}}));
  EXPECT_FALSE(nodes.is_old) << "there are others, too";
}

TEST(MasterNodes, OfOldMastersAloneAreTold) {
  EXPECT_TRUE(master_nodes({"info_0000000001", "log_replicas"}).is_old);
  EXPECT_FALSE(master_nodes({"info_1"}).is_old);
  EXPECT_FALSE(master_nodes({}).is_old);
}

TEST(MasterNodes, AreNotReadWithoutEnd) {
  std::vector<std::string> children;
  for (int i = 0; i < 150; ++i) {
    const std::string digits = std::to_string(i);
    children.push_back("json.info_" + std::string(10 - digits.size(), '0') + digits);
  }
  const MasterNodes nodes = master_nodes(children);
  ASSERT_EQ(nodes.names.size(), MasterNodes::kMostMasters);
  EXPECT_EQ(nodes.names.back(), "json.info_0000000099") << "the lowest stay";
  EXPECT_EQ(nodes.dropped, (Dropped{{"node_too_many", 50}}));
}

TEST(AnnouncedMasters, AreListedByTheirNumbersEachOnce) {
  const auto at = [](const char* ip) {
    return R"({"address":{"ip":")" + std::string(ip) + R"(","port":5050}})";
  };
  const MasterNodes nodes =
      master_nodes({"json.info_0000000005", "json.info_0000000002", "json.info_0000000003",
                    "json.info_0000000004", "json.info_0000000009", "log_replicas"});
  const AnnouncedMasters masters = announced_masters(nodes, {{"json.info_0000000002", "garbage"},
                                                             {"json.info_0000000003", at("10.0.0.9")},
                                                             {"json.info_0000000004", at("10.0.0.1")},
                                                             {"json.info_0000000005", at("10.0.0.9")}});
  EXPECT_THAT(masters.listed,
              ElementsAre(*net::parse_endpoint("10.0.0.9:5050"), *net::parse_endpoint("10.0.0.1:5050")));
  EXPECT_EQ(masters.dropped, (Dropped{{"node_not_json", 1}, {"node_other", 1}})) << "the ninth has ended";
  EXPECT_THAT(announced_masters(master_nodes({}), {}).listed, IsEmpty());
}

}  // namespace
}  // namespace muster::registry::sources
