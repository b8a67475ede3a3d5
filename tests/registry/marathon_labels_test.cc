// The labels that muster reads, and the names of services.
#include "registry/sources/marathon_labels.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "registry/limits.h"

namespace muster::registry::sources {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;

const std::vector<std::string> kWeightLabels = {"muster.weight", "MUSTER_WEIGHT", "weight"};

LabelWords read(const std::vector<MarathonLabels>& places, Dropped& dropped) {
  LabelPlaces pointers;
  for (const MarathonLabels& place : places) pointers.push_back(&place);
  return read_label_words(pointers, kWeightLabels, dropped);
}

struct Row {
  const char* why;
  std::vector<MarathonLabels> places;
  std::optional<std::uint16_t> weight;
  std::size_t bad = 0;
};

TEST(MarathonLabels, TheWeightIsLookedUpInOrder) {
  const Row rows[] = {
      {"none", {{}}, std::nullopt},
      {"plain", {{{"weight", "3"}}}, 3},
      {"upper case", {{{"MUSTER_WEIGHT", "4"}, {"weight", "3"}}}, 4},
      {"the dotted one first", {{{"muster.weight", "5"}, {"MUSTER_WEIGHT", "4"}, {"weight", "3"}}}, 5},
      {"the app before its ports", {{{"weight", "3"}}, {{"muster.weight", "5"}}}, 3},
      {"a port when the app says none", {{}, {}, {{"muster.weight", "5"}}, {{"weight", "6"}}}, 5},
      {"the ends", {{{"weight", "0"}}}, 0},
      {"the ends", {{{"weight", "65535"}}}, 65535},
      {"too large", {{{"weight", "65536"}}}, std::nullopt, 1},
      {"negative", {{{"weight", "-1"}}}, std::nullopt, 1},
      {"empty", {{{"weight", ""}}}, std::nullopt, 1},
      {"no number", {{{"weight", "3x"}}}, std::nullopt, 1},
      {"spaces", {{{"weight", " 3"}}}, std::nullopt, 1},
      {"a fraction", {{{"weight", "1.5"}}}, std::nullopt, 1},
      {"a bad one is as if it were not there", {{{"muster.weight", "x"}, {"weight", "3"}}}, 3, 1},
      {"a bad one is as if it were not there",
       {{{"muster.weight", "x"}}, {{"weight", "y"}}, {{"weight", "7"}}},
       7,
       2},
      {"HAPROXY's is no weight", {{{"HAPROXY_0_BACKEND_WEIGHT", "9"}}}, std::nullopt},
  };
  for (const Row& row : rows) {
    Dropped dropped;
    EXPECT_EQ(read(row.places, dropped).weight, row.weight) << row.why;
    EXPECT_EQ(dropped["bad_label"], row.bad) << row.why;
  }
  Dropped dropped;
  const MarathonLabels own = {{"traffic", "8"}, {"weight", "3"}};
  const std::vector<std::string> keys = {"traffic"};
  EXPECT_EQ(read_label_words({&own}, keys, dropped).weight, 8);
}

TEST(MarathonLabels, SayMore) {
  Dropped dropped;
  const LabelWords words = read({{{"muster.priority", "10"},
                                  {"MUSTER_PRIORITY", "20"},
                                  {"muster.service", "Shop"},
                                  {"muster.enabled", "false"},
                                  {"muster.tags", "team=blue,canary=true"}}},
                                dropped);
  EXPECT_EQ(words.priority, 10);
  EXPECT_EQ(words.service, "shop");
  EXPECT_FALSE(words.is_enabled);
  EXPECT_EQ(words.tags, (Tags{{"canary", "true"}, {"team", "blue"}}));
  EXPECT_THAT(dropped, IsEmpty());
  EXPECT_EQ(read({{{"MUSTER_PRIORITY", "20"}}}, dropped).priority, 20);
  EXPECT_EQ(read({{}}, dropped), LabelWords());
}

TEST(MarathonLabels, BadOnesSayNothing) {
  for (const char* service : {"", "a.b", "a b", "-a", "a_b", "$(x)",
                              "0123456789012345678901234567890123456789012345678901234567890123"}) {
    Dropped dropped;
    EXPECT_EQ(read({{{"muster.service", service}}}, dropped).service, "") << service;
    EXPECT_THAT(dropped, ElementsAre(Pair("bad_label", 1))) << service;
  }
  for (const char* enabled : {"", "no", "0", "False"}) {
    Dropped dropped;
    EXPECT_TRUE(read({{{"muster.enabled", enabled}}}, dropped).is_enabled) << enabled;
    EXPECT_THAT(dropped, ElementsAre(Pair("bad_label", 1))) << enabled;
  }
  for (const char* tags : {"a", "=b", "A=b", "-a=b", "a-=b", "a=", "a b=c", "a=\x01", ","}) {
    Dropped dropped;
    EXPECT_EQ(read({{{"muster.tags", std::string(tags) + ",ok=yes"}}}, dropped).tags, (Tags{{"ok", "yes"}}))
        << tags;
    EXPECT_EQ(dropped["bad_label"], tags == std::string(",") ? 2U : 1U) << tags;
  }
  std::string many;
  for (int i = 0; i < 40; ++i) many += "k" + std::to_string(i) + "=v,";
  Dropped dropped;
  EXPECT_THAT(read({{{"muster.tags", many}}}, dropped).tags, SizeIs(kMaxTags));
}

TEST(MarathonServiceName, IsThePathFromItsEnd) {
  struct Name {
    const char* pattern;
    const char* app;
    const char* service;
  };
  const std::string too_long = "/" + std::string(256, 'a');
  const Name rows[] = {
      {"{path}", "/prod/shop/cart", "cart-shop-prod"},
      {"{path}", "/webapp", "webapp"},
      {"{path}", "webapp", "webapp"},
      {"{path}", "/prod/v1.2/My_App", "my-app-v1-2-prod"},
      {"{path}", "//a//b/", "b-a"},
      {"{path}", "/", ""},
      {"{path}", "", ""},
      {"{path}", "/a b", "a b"},  // held, and not published
      {"{path}", "/a\nb", ""},
      {"{path}", too_long.c_str(), ""},
      {"m-{path}", "/a/b", "m-b-a"},
      {"all", "/a/b", "all"},
      {"", "/a/b", ""},
  };
  for (const Name& row : rows)
    EXPECT_EQ(service_name_of(row.pattern, row.app), row.service) << row.pattern << " " << row.app;
}

}  // namespace
}  // namespace muster::registry::sources
