// What is written of a Marathon is read back as it was.
#include "registry/sources/marathon_write.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/registry/support/marathon_documents.h"

namespace muster::registry::sources {
namespace {

using ::testing::HasSubstr;

std::string text_of(const MarathonBelief& belief) {
  std::string text;
  write_marathon(belief, [&](std::string_view piece) { text += piece; });
  return text;
}

net::Result<MarathonRead, std::string> read(const std::string& text, std::size_t step) {
  MarathonReader reader{MarathonLimits{}};
  for (std::size_t at = 0; at < text.size(); at += step) {
    if (!reader.write(std::string_view(text).substr(at, step))) break;
  }
  return reader.finish();
}

MarathonBelief belief_of(std::string_view apps, std::string_view pods) {
  MarathonBelief belief;
  for (MarathonApp& app : documents::parsed(apps, MarathonDocument::apps).apps)
    belief.apps.push_back(std::make_shared<const MarathonApp>(std::move(app)));
  for (MarathonPod& pod : documents::parsed(pods, MarathonDocument::pods).pods)
    belief.pods.push_back(std::make_shared<const MarathonPod>(std::move(pod)));
  return belief;
}

void expect_round_trip(const MarathonBelief& belief) {
  const std::string text = text_of(belief);
  for (const std::size_t step : {std::size_t{1}, std::size_t{7}, text.size()}) {
    const auto back = read(text, step);
    ASSERT_TRUE(back.has_value()) << back.error() << "\n" << text;
    ASSERT_EQ(back->apps.apps.size(), belief.apps.size());
    for (std::size_t i = 0; i < belief.apps.size(); ++i)
      EXPECT_EQ(back->apps.apps[i], *belief.apps[i]) << belief.apps[i]->id << "\n" << text;
    ASSERT_EQ(back->pods.pods.size(), belief.pods.size());
    for (std::size_t i = 0; i < belief.pods.size(); ++i)
      EXPECT_EQ(back->pods.pods[i], *belief.pods[i]) << belief.pods[i]->id << "\n" << text;
    EXPECT_EQ(back->seen, belief.seen);
  }
}

TEST(MarathonWrite, IsReadBackAsItWas) {
  MarathonBelief belief = belief_of(documents::kTutorial, documents::kPods);
  belief.seen = {{"webapp.1", true}, {"webapp.\"2\"\n", false}};
  expect_round_trip(belief);
  expect_round_trip(MarathonBelief());
}

TEST(MarathonWrite, BadPortsKeepTheirPlaces) {
  expect_round_trip(belief_of(
      R"({"apps": [{"id": "/a", "portDefinitions": [7, {"port": 80}, {"port": -1}],
          "container": {"portMappings": [{"hostPort": -1, "containerPort": 80}, 7, {"hostPort": 0, "containerPort": 81}]},
          "ipAddress": {"discovery": {"ports": [{"number": "x"}, {"number": 90}]}},
          "ports": [1, "x", 3], "healthChecks": [7, {"protocol": "HTTP"}], "labels": {"": "", "empty": ""},
          "tasks": [{"id": "a.1", "host": "h", "ports": [31000, -1, 31002], "healthCheckResults": [null, {"alive": false}]}]}]})",
      "[]"));
}

TEST(MarathonWrite, WhatIsBrokenIsNotRead) {
  const std::string text = text_of(belief_of(documents::kTutorial, documents::kPods));
  EXPECT_FALSE(read(text.substr(0, text.size() / 2), 100).has_value());
  EXPECT_THAT(read(text.substr(0, text.size() - 1), 100).error(), HasSubstr("ends early"));
  EXPECT_FALSE(read("no JSON\n[]\n[]\n", 100).has_value());
  EXPECT_FALSE(read("", 100).has_value());
}

}  // namespace
}  // namespace muster::registry::sources
