// The labels of the Mesos-DNS view against what Mesos-DNS makes of the same input.
#include "zones/naming/mesos_label.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <span>

#include "zones/naming/label.h"

namespace muster::zones::naming {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::string dashes(std::size_t count) { return std::string(count, '-'); }

struct LabelRow {
  std::string text;
  std::string label;
  std::string rfc952;
};

template <class Make>
void expect_rows(std::span<const LabelRow> rows, const Make& make) {
  for (const LabelRow& row : rows) {
    EXPECT_EQ(make(row.text, kMesosDefault), row.label) << row.text;
    EXPECT_EQ(make(row.text, kMesosRfc952), row.rfc952) << row.text;
  }
}

TEST(MesosLabel, IsWhatClientsKnow) {
  const LabelRow rows[] = {
      {"4abc123", "4abc123", "abc123"},
      {"-4abc123", "4abc123", "abc123"},
      {"fd%gsf---gs7-f$gs--d7fddg-123", "fdgsf---gs7-fgs--d7fddg-123", "fdgsf---gs7-fgs--d7fddg1"},
      {"89fdgsf---gs7-fgs--d7fddg-", "89fdgsf---gs7-fgs--d7fddg", "fdgsf---gs7-fgs--d7fddg"},
      {"chronos with a space AND MIXED CASE-2.0.1", "chronoswithaspaceandmixedcase-2-0-1",
       "chronoswithaspaceandmixe"},
      {"chronos with a space AND----------MIXED--", "chronoswithaspaceand----------mixed",
       "chronoswithaspaceandmixe"},
      {"hello" + dashes(58) + "f", "hellof", "hellof"},
      {"hello" + dashes(56) + "f", "hello" + dashes(56) + "f", "hellof"},
      {"%%fdgsf---gs7-fgs--d7fddg123456789012345678901234567890123456789---123",
       "fdgsf---gs7-fgs--d7fddg1234567890123456789012345678901234567891", "fdgsf---gs7-fgs--d7fddg1"},
      {std::string(62, 'b') + "-cc", std::string(62, 'b') + "c", std::string(24, 'b')},
      {std::string(70, 'a') + "-zz", std::string(63, 'a'), std::string(24, 'a')},
      {"we!rd @pp#1 \xc3\xbc\xc3\xa4", "werdpp1", "werdpp1"},
      {"twodots..name", "twodots--name", "twodots--name"},
      {"-lead-trail-", "lead-trail", "lead-trail"},
      {"007", "007", ""},
      {"9digit-first.app_v2", "9digit-first-app-v2", "digit-first-app-v2"},
      {"___", "", ""},
      {"!!", "", ""},
      {"http_api", "http-api", "http-api"},
      {"Web UI", "webui", "webui"},
      {"a.b", "a-b", "a-b"},
      {"TCP", "tcp", "tcp"},
      {"_tcp", "tcp", "tcp"},
      {"tcp,udp", "tcpudp", "tcpudp"},
  };
  expect_rows(rows, mesos_label);
}

TEST(MesosLabel, OfAnyTextIsALabelOrNothing) {
  std::mt19937 random(20261128);
  for (int round = 0; round < 20'000; ++round) {
    std::string text(random() % 100, '\0');
    for (char& c : text) c = random() % 3 == 0 ? '-' : static_cast<char>(random());
    for (const MesosRule& rule : {kMesosDefault, kMesosRfc952}) {
      const std::string label = mesos_label(text, rule);
      ASSERT_LE(label.size(), rule.most);
      ASSERT_EQ(label.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-"), label.npos) << label;
      ASSERT_TRUE(label.empty() || rule.cut.find(label.front()) == rule.cut.npos) << label;
    }
  }
}

TEST(MesosLabel, OfAFrameworkKeepsItsDots) {
  const LabelRow rows[] = {
      {"pod_123$abc.marathon-0.6.0-dev.mesos", "pod-123abc.marathon-0.6.0-dev.mesos",
       "pod-123abc.marathon-0.dev.mesos"},
      {"(@ host . com", "host.com", "host.com"},
      {"a..c.e", "a.c.e", "a.c.e"},
      {"My_Framework..Team!", "my-framework.team", "my-framework.team"},
      {"chronos with a space AND MIXED CASE-2.0.1", "chronoswithaspaceandmixedcase-2.0.1",
       "chronoswithaspaceandmixe"},
      {"12.34", "12.34", ""},
      {"___", "", ""},
      {"", "", ""},
  };
  expect_rows(rows, mesos_framework);
}

TEST(MesosLabel, APortOfSeveralProtocolsHasEachOfThem) {
  EXPECT_THAT(mesos_protocols("TCP", kMesosDefault), ElementsAre("tcp"));
  EXPECT_THAT(mesos_protocols("tcp,udp", kMesosDefault), ElementsAre("tcp", "udp", "tcpudp"));
  EXPECT_THAT(mesos_protocols("udp,tcp", kMesosDefault), ElementsAre("udp", "tcp", "udptcp"));
  EXPECT_THAT(mesos_protocols("tcp,", kMesosDefault), ElementsAre("tcp"));
  EXPECT_THAT(mesos_protocols("", kMesosDefault), IsEmpty());
  EXPECT_THAT(mesos_protocols("!", kMesosDefault), IsEmpty());
}

TEST(MesosLabel, OfAnAgentIsTheEndOfItsId) {
  EXPECT_EQ(mesos_agent_tail("0a1b-4c5d-S0"), "s0");
  EXPECT_EQ(mesos_agent_tail("20140803-125133-3041283216-5050-2410-6"), "6");
  EXPECT_EQ(mesos_agent_tail("NODASHID"), "nodashid");
}

TEST(MesosLabel, OfAnInstanceHoldsTheHashOfItsTask) {
  EXPECT_EQ(mesos_instance("web", "web.aaa", "s0"), "web-5quyu-s0");
  EXPECT_EQ(mesos_instance("cart-shop-prod", "cart.bbb", "s1"), "cart-shop-prod-f7a9k-s1");
  EXPECT_EQ(mesos_instance(std::string(63, 'a'), "test", "s12"), std::string(53, 'a') + "-iffe9-s12");
  EXPECT_EQ(mesos_instance("", "test", "s1"), std::nullopt);
}

TEST(MesosLabel, OfAnInstanceEndsInNoDashWhereItWasCut) {
  EXPECT_EQ(mesos_instance(std::string(52, 'a') + "-bbbb", "test", "s12"),
            std::string(52, 'a') + "-iffe9-s12");
  EXPECT_EQ(mesos_instance("a-", "test", "s12"), "a--iffe9-s12");
  EXPECT_EQ(mesos_instance("a", "test", std::string(55, 's')), "a-iffe9-" + std::string(55, 's'));
  EXPECT_EQ(mesos_instance("a", "test", std::string(56, 's')), std::nullopt);
}

TEST(MesosLabel, HashesAreThoseOfMesosDns) {
  const std::pair<const char*, const char*> rows[] = {
      {"test", "iffe9"},
      {"", "5eh48"},
      {"web.aaa", "5quyu"},
      {"web.bbb", "c3o5x"},
      {"web.ccc", "ajegs"},
      {"plain.0001", "8nguo"},
      {"webapp.instance-c7c3a1de-4b17-11e9-8b2f-70b3d5800001._app.1", "wwhgc"},
  };
  for (const auto& [task, hash] : rows) EXPECT_EQ(hash_label(task, 5), hash) << task;
  EXPECT_EQ(hash_label("test", 8), "iffe93qc");
  EXPECT_EQ(hash_label("web.aaa", 8), "5quyukpq");
}

}  // namespace
}  // namespace muster::zones::naming
