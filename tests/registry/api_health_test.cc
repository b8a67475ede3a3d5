// The routes that tell how instances fare, and the one that takes what others found.
#include <gmock/gmock.h>

#include "tests/registry/support/api_house.h"

namespace muster::registry::test {
namespace {

using ::testing::HasSubstr;

constexpr const char* kWeb = "/api/v1/services/web/instances/i1";

// One check, without a probe: heartbeats are its looks.
RegistryConfig heard() {
  RegistryConfig config;
  config.settings = [](std::string_view) {
    ServiceSettings settings;
    health::Check check;
    check.id = "ttl";
    check.type = health::CheckType::ttl;
    check.rules.interval = Millis(5'000);
    settings.checks = std::make_shared<const health::Checks>(1, check);
    return settings;
  };
  return config;
}

TEST(ApiHealth, OfAnInstanceWithoutChecksIsWhatIsKnownOfIt) {
  ApiHouse house;
  house.put(kWeb, R"({"address":"10.0.0.7","port":80,"weight":3,"priority":2})");
  const auto reply = house.get(std::string(kWeb) + "/health");
  EXPECT_EQ(reply.status, 200);
  EXPECT_THAT(
      reply.body,
      HasSubstr(
          R"({"service":"web","id":"i1","address":"10.0.0.7","port":80,"state":"ACTIVE","real_state":"ACTIVE",)"
          R"("ready":true,"capped":false,"reason":"ok","since":null,"until":null,"next_probe":null,)"
          R"("retries_left":0,"suspension_ms":0,"suspensions":0,)"
          R"("admin":{"mode":"auto","reason":null,"match":null,"expires_at":null},"lease":{"state":"live")"));
  EXPECT_THAT(
      reply.body,
      HasSubstr(
          R"("source":{"name":"heartbeat","health":null},"priority":2,)"
          R"("weight":{"registered":3,"effective":0.0,"srv":0,"slow_start":1.0,"response_time":1.0,"success_share":1.0},"ewma_ms":null,"checks":[],"reports":null,"history":[]})"));
}

TEST(ApiHealth, TellsWhatEachCheckFound) {
  ApiHouse house({}, {}, heard());
  house.put(kWeb, R"({"address":"10.0.0.7"})");
  EXPECT_THAT(house.get(std::string(kWeb) + "/health").body,
              HasSubstr(R"("state":"STARTING","real_state":"STARTING","ready":false)"));
  house.post(std::string(kWeb) + "/heartbeat", R"({"status":"passing"})");
  house.post(std::string(kWeb) + "/heartbeat", R"({"status":"critical"})");
  const auto reply = house.get(std::string(kWeb) + "/health");
  EXPECT_THAT(reply.body, HasSubstr(R"("retries_left":0,"suspension_ms":2000,"suspensions":1,)"));
  EXPECT_THAT(reply.body,
              HasSubstr(R"("checks":[{"id":"ttl","type":"ttl","target":null,"state":"SUSPENDED","since":)"));
  EXPECT_THAT(
      reply.body,
      HasSubstr(R"("result":"hard","class":"critical","detail":null,"http_status":null,"latency_ms":0})"));
  EXPECT_THAT(
      reply.body,
      HasSubstr(
          R"("shared_with":0,"ewma_ms":null,"counts":{"ok":1,"soft":0,"hard":1,"late":0,"local":0}}])"));
  EXPECT_THAT(reply.body, HasSubstr(R"("from":"STARTING","to":"ACTIVE","cause":"ttl: ok"})"));
  EXPECT_THAT(reply.body, HasSubstr(R"("from":"ACTIVE","to":"SUSPENDED","cause":"ttl: critical"}]})"));
}

TEST(ApiHealth, NamesTheEntryThatTheAdminModeComesFrom) {
  ApiHouse house;
  house.put(kWeb, R"({"address":"10.0.0.7"})");
  house.put(std::string(kWeb) + "/admin", R"({"mode":"down","reason":"disk"})");
  const std::string body = house.get(std::string(kWeb) + "/health").body;
  EXPECT_THAT(body, HasSubstr(R"("state":"OFF","real_state":"ACTIVE","ready":false)"));
  EXPECT_THAT(body,
              HasSubstr(R"("admin":{"mode":"down","reason":"disk","match":"web/i1","expires_at":null})"));
}

TEST(ApiHealth, OfAServiceCountsItsInstances) {
  ApiHouse house;
  house.put(kWeb, R"({"address":"10.0.0.7"})");
  house.put("/api/v1/services/web/instances/i2", R"({"address":"10.0.0.8"})");
  house.put("/api/v1/services/web/instances/i2/report", R"({"result":"hard","class":"refused"})");
  const auto reply = house.get("/api/v1/services/web/health");
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.body,
            R"({"service":"web","policy":"weighted-failover","panic":false,"ttl":0,"ready":1,"candidates":2,)"
            R"("by_state":{"STARTING":0,"ACTIVE":1,"TIMEDOUT":0,"SUSPENDED":1,"OFF":0},)"
            R"("instances":[{"id":"i1","state":"ACTIVE","ready":true,"reason":"ok"},)"
            R"({"id":"i2","state":"SUSPENDED","ready":false,"reason":"suspended:refused"}]})");
}

TEST(ApiHealth, WhatIsNotThereIs404) {
  ApiHouse house;
  EXPECT_EQ(house.get("/api/v1/services/web/health").status, 404);
  EXPECT_THAT(house.get(std::string(kWeb) + "/health").body, HasSubstr("unknown_service"));
  house.put(kWeb, R"({"address":"10.0.0.7"})");
  const auto reply = house.get("/api/v1/services/web/instances/i2/health");
  EXPECT_EQ(reply.status, 404);
  EXPECT_THAT(reply.body, HasSubstr("unknown_instance"));
  EXPECT_EQ(house.put("/api/v1/services/web/instances/i2/report", R"({"result":"ok"})").status, 404);
}

TEST(ApiHealth, ReportsAreReadStrictly) {
  ApiHouse house;
  house.put(kWeb, R"({"address":"10.0.0.7"})");
  struct Row {
    const char* body;
    const char* field;
    const char* message;
  };
  const Row rows[] = {
      {"", "", "JSON"},
      {"{}", "/result", "result must be given: ok, soft or hard"},
      {R"({"result":"bad"})", "/result", "result must be one of ok, soft and hard"},
      {R"({"result":"local"})", "/result", "result must be one of ok, soft and hard"},
      {R"({"result":1})", "/result", "result must be one of ok, soft and hard"},
      {R"({"result":"soft","class":"x"})", "/class", "class must be one of timeout, close"},
      {R"({"result":"soft","class":"http:5xx"})", "/class", "but no 5xx"},
      {R"({"result":"ok","class":"timeout"})", "/class", "class must be left out where the result is ok"},
      {R"({"result":"ok","latency_ms":-1})", "/latency_ms", "milliseconds, 0 to 3600000"},
      {R"({"result":"ok","latency_ms":"1"})", "/latency_ms", "a number"},
      {R"({"result":"ok","reporter":1})", "/reporter", "a string"},
      {R"({"result":"ok","x":1})", "/x", "known here: result, class, latency_ms, reporter"},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.body);
    const auto reply = house.post(std::string(kWeb) + "/report", row.body);
    EXPECT_EQ(reply.status, 400);
    EXPECT_THAT(reply.body, HasSubstr(row.message));
    EXPECT_THAT(reply.body,
                HasSubstr(*row.field == '\0' ? "" : "\"field\":\"" + std::string(row.field) + "\""));
  }
  EXPECT_THAT(house.get(std::string(kWeb) + "/health").body, HasSubstr(R"("reports":null)"));
}

TEST(ApiHealth, AReportIsCountedWithWhatItSays) {
  ApiHouse house;
  house.put(kWeb, R"({"address":"10.0.0.7"})");
  const auto reply = house.put(std::string(kWeb) + "/report",
                               R"({"result":"soft","class":"http:503","latency_ms":12.5,"reporter":"lb1"})");
  EXPECT_EQ(reply.status, 202);
  EXPECT_EQ(reply.body, "{}");
  const std::string body = house.get(std::string(kWeb) + "/health").body;
  EXPECT_THAT(body, HasSubstr(R"("reason":"timedout:http:503")"));
  EXPECT_THAT(
      body,
      HasSubstr(R"("result":"soft","class":"http:503","detail":null,"http_status":503,"latency_ms":12.5})"));
  EXPECT_THAT(body, HasSubstr(R"("counts":{"ok":0,"soft":1,"hard":0})"));
  house.put("/api/v1/services/db/instances/i1", R"({"address":"10.0.0.7"})");
  house.put("/api/v1/services/db/instances/i1/report", R"({"result":"hard"})");
  EXPECT_THAT(house.get("/api/v1/services/db/health").body, HasSubstr("suspended:reported"));
}

TEST(ApiHealth, MoreThanTenReportsASecondAre429) {
  ApiHouse house;
  house.put(kWeb, R"({"address":"10.0.0.7"})");
  for (int i = 0; i < 10; ++i)
    EXPECT_EQ(house.put(std::string(kWeb) + "/report", R"({"result":"ok"})").status, 202);
  const auto reply = house.put(std::string(kWeb) + "/report", R"({"result":"ok"})");
  EXPECT_EQ(reply.status, 429);
  EXPECT_THAT(reply.body, HasSubstr("rate_limited"));
  EXPECT_EQ(header(reply, "Retry-After"), "1");
  EXPECT_EQ(house.put(std::string(kWeb) + "/report", R"({"result":"ok","reporter":"lb2"})").status, 202);
  house.now = house.now + Millis(1'000);
  EXPECT_EQ(house.put(std::string(kWeb) + "/report", R"({"result":"ok"})").status, 202);
}

}  // namespace
}  // namespace muster::registry::test
