// The routes over a real registry: what goes in, what comes out, and what every reply carries.
#include "registry/api/native.h"

#include <gmock/gmock.h>

#include <boost/json.hpp>
#include <fstream>
#include <sstream>

#include "tests/registry/support/api_house.h"

namespace muster::registry::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::StartsWith;

constexpr std::string_view kI1 = "/api/v1/services/web/instances/i1";
constexpr std::string_view kBody = R"({"address":"10.0.0.7","port":8080,"generation":7})";

std::string i1(std::string_view rest = "") { return std::string(kI1).append(rest); }

boost::json::value json(const http::Response& response) {
  boost::json::error_code fault;
  auto value = boost::json::parse(response.body, fault);
  EXPECT_FALSE(fault) << response.body;
  return value;
}

std::string error_of(const http::Response& response) {
  const auto value = json(response);
  return value.is_object() && value.as_object().contains("error") ? std::string(value.at("error").as_string())
                                                                  : "";
}

class NativeRoutes : public ::testing::Test {
 protected:
  http::Response registered() { return house.put(i1(), std::string(kBody)); }
  ApiHouse house;
};

TEST_F(NativeRoutes, PutCreatesAndGrants) {
  const auto reply = registered();
  EXPECT_EQ(reply.status, 201) << reply.body;
  EXPECT_EQ(header(reply, "Location"), kI1);
  EXPECT_EQ(header(reply, "Muster-Epoch"), "0b7c");
  EXPECT_EQ(header(reply, "Muster-Revision"), std::to_string(house.registry.revision()));
  EXPECT_EQ(header(reply, "Muster-Durable"), "");
  EXPECT_EQ(header(reply, "Content-Type"), "application/json");
  EXPECT_THAT(reply.body,
              StartsWith(R"({"service":"web","id":"i1","label":"i1","generation":7,"revision":)"));
  EXPECT_THAT(reply.body,
              HasSubstr(R"("heartbeat_in_ms":10000,"durable":true,"owner":null,"lease":{"state":"live",)"
                        R"("ttl_ms":30000,"expires_at":")"));
  EXPECT_TRUE(house.waited_for_disk) << "a registration is acknowledged when it is durable";
}

TEST_F(NativeRoutes, TheSameAgainOnlyRenews) {
  registered();
  const auto revision = house.registry.revision();
  house.waited_for_disk = false;
  const auto again = registered();
  EXPECT_EQ(again.status, 200);
  EXPECT_EQ(house.registry.revision(), revision);
  EXPECT_FALSE(house.waited_for_disk) << "a renewal writes nothing";
}

TEST_F(NativeRoutes, AStoreThatFailedIsSaid) {
  house.disk_works = false;
  const auto reply = registered();
  EXPECT_EQ(reply.status, 201);
  EXPECT_EQ(header(reply, "Muster-Durable"), "false");
  EXPECT_EQ(json(reply).at("durable"), false);
}

TEST_F(NativeRoutes, PostNamesTheInstanceAfterItsEndpoint) {
  for (const int status : {201, 200}) {
    const auto reply = house.post("/api/v1/services/web/instances", R"({"address":"auto","port":8080})");
    EXPECT_EQ(reply.status, status) << reply.body;
    EXPECT_EQ(json(reply).at("id"), "192-0-2-99-8080");
  }
}

TEST_F(NativeRoutes, Preconditions) {
  struct Row {
    const char* why;
    http::Headers headers;
    int status;
    std::string_view error;
  };
  registered();
  const std::string tag = header(house.get(i1()), "ETag");
  const Row kRows[] = {
      {"only create", {{"If-None-Match", "*"}}, 412, "precondition_failed"},
      {"another version", {{"If-Match", "\"0b7c-999999\""}}, 412, "precondition_failed"},
      {"another store", {{"If-Match", "\"ffff-1\""}}, 412, "precondition_failed"},
      {"no tag", {{"If-Match", "yes"}}, 400, "invalid_field"},
      {"a tag where only * makes sense", {{"If-None-Match", tag}}, 400, "invalid_field"},
      {"any version", {{"If-Match", "*"}}, 200, ""},
      {"this version", {{"If-Match", tag}}, 200, ""},
  };
  for (const Row& row : kRows) {
    SCOPED_TRACE(row.why);
    const auto reply = house.put(i1(), std::string(kBody), row.headers);
    EXPECT_EQ(reply.status, row.status) << reply.body;
    EXPECT_EQ(error_of(reply), row.error);
  }
  const auto missing =
      house.put("/api/v1/services/web/instances/i9", std::string(kBody), {{"If-Match", "*"}});
  EXPECT_EQ(missing.status, 412) << "* means: whatever version, but one";
}

TEST_F(NativeRoutes, Heartbeats) {
  EXPECT_EQ(error_of(house.post(i1("/heartbeat"), "")), "unknown_instance");
  registered();
  EXPECT_EQ(house.post(i1("/heartbeat"), "").status, 200);
  EXPECT_EQ(house.post(i1("/heartbeat"), R"({"generation":7,"status":"warning","load":10})").status, 200);
  const auto stale = house.post(i1("/heartbeat"), R"({"generation":6})");
  EXPECT_EQ(stale.status, 409);
  EXPECT_EQ(error_of(stale), "stale_generation");
  house.remove(i1("?generation=7"));
  const auto gone = house.post(i1("/heartbeat"), R"({"generation":7})");
  EXPECT_EQ(gone.status, 410);
  EXPECT_EQ(error_of(gone), "deregistered");
  EXPECT_EQ(house.post(i1("/heartbeat"), R"({"generation":8,"instance":{"address":"10.0.0.7"}})").status, 201)
      << "a newer life revives";
}

TEST_F(NativeRoutes, DeleteIsIdempotentAndSaysWhenItIsSafe) {
  house.registry.set_safe_stop([](const Instance&, Instant now) { return now.wall + Millis{5'400}; });
  registered();
  EXPECT_EQ(house.remove(i1("?generation=6")).status, 409);
  const auto reply = house.remove(i1("?generation=7"));
  EXPECT_EQ(reply.status, 200);
  EXPECT_THAT(
      reply.body,
      MatchesRegex(
          R"(\{"existed":true,"revision":[0-9]+,"safe_stop_at":"2026-11-20T[0-9:]+\.[0-9]{3}Z","safe_stop_in_ms":5400\})"));
  const auto again = house.remove(i1());
  EXPECT_EQ(again.status, 200);
  EXPECT_THAT(again.body,
              StartsWith(R"({"existed":false,"revision":)" + std::to_string(house.registry.revision()) + ","))
      << "the registry's own revision, for nothing else has one";
}

TEST_F(NativeRoutes, DeleteMayDrainFirst) {
  registered();
  EXPECT_EQ(house.remove(i1("?drain=true")).status, 202);
  EXPECT_EQ(json(house.get(i1())).at("reason"), "draining");
}

// An instance that is draining already stands in no answer: the time is that of what was answered until now.
TEST_F(NativeRoutes, DrainAndBack) {
  house.registry.set_safe_stop([](const Instance& shown, Instant now) {
    return now.wall + (shown.draining_since ? Millis{0} : Millis{5'400});
  });
  EXPECT_EQ(error_of(house.post(i1("/drain"), "")), "unknown_service");
  registered();
  const auto drained = house.post(i1("/drain"), R"({"reason":"kernel"})");
  EXPECT_EQ(drained.status, 200);
  EXPECT_THAT(drained.body, StartsWith(R"({"draining":true,"safe_stop_at":"20)"));
  EXPECT_THAT(drained.body, HasSubstr(R"("safe_stop_in_ms":5400})"));
  const auto shown = json(house.get(i1()));
  EXPECT_EQ(shown.at("serving"), false);
  EXPECT_EQ(shown.at("draining").at("reason"), "kernel");
  EXPECT_EQ(house.remove(i1("/drain")).body,
            R"({"draining":false,"safe_stop_at":null,"safe_stop_in_ms":null})");
  EXPECT_EQ(json(house.get(i1())).at("serving"), true);
}

TEST_F(NativeRoutes, AdminKeepsWhatAnOrderDoesNotName) {
  EXPECT_EQ(error_of(house.put(i1("/admin"), R"({"mode":"down"})")), "unknown_service");
  registered();
  EXPECT_EQ(error_of(house.put("/api/v1/services/web/instances/i9/admin", R"({"mode":"down"})")),
            "unknown_instance");
  const auto down = house.put(i1("/admin"), R"({"mode":"down","reason":"disk"})");
  EXPECT_EQ(down.body, R"({"match":"web/i1","mode":"down","reason":"disk","by":"192.0.2.99"})");
  EXPECT_TRUE(house.waited_for_disk);
  const auto weight = house.put(i1("/admin"), R"({"weight":5,"expires_in":"10m"})");
  EXPECT_THAT(weight.body,
              MatchesRegex(R"(\{"match":"web/i1","weight":5,"expires_at":"[^"]+","by":"192.0.2.99"\})"));
  EXPECT_EQ(json(house.get(i1())).at("reason"), "admin_down") << "a new weight ends no drain";
  EXPECT_EQ(json(house.get(i1())).at("weight"), 5);
  house.put(i1("/admin"), R"({"mode":"auto"})");
  EXPECT_EQ(json(house.get(i1())).at("serving"), true);
}

TEST_F(NativeRoutes, ReadingKnowsItsTags) {
  registered();
  for (const std::string& target : {i1(), std::string("/api/v1/services/web")}) {
    const auto reply = house.get(target);
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(header(reply, "ETag"), "\"0b7c-" + std::to_string(house.registry.revision()) + "\"");
    const auto same = house.ask({"GET", target, "", {{"If-None-Match", header(reply, "ETag")}}});
    EXPECT_EQ(same.status, 304);
    EXPECT_EQ(same.body, "");
    EXPECT_EQ(header(same, "ETag"), header(reply, "ETag"));
  }
}

TEST_F(NativeRoutes, ServicesAreFiltered) {
  house.put(i1(), R"({"address":"10.0.0.7","tags":{"az":"a","v":"1:2"}})");
  house.put("/api/v1/services/web/instances/i2", R"({"address":"10.0.0.8","tags":{"az":"a"}})");
  house.post("/api/v1/services/web/instances/i2/drain", "");
  const auto ids = [&](std::string_view query) {
    std::string out;
    const auto reply = json(house.get(std::string("/api/v1/services/web").append(query)));
    for (const auto& each : reply.at("instances").as_array())
      out.append(each.at("id").as_string()).append(" ");
    return out;
  };
  EXPECT_EQ(ids(""), "i1 i2 ");
  EXPECT_EQ(ids("?ready=true"), "i1 ");
  EXPECT_EQ(ids("?ready=false"), "i2 ");
  EXPECT_EQ(ids("?tag=az:a"), "i1 i2 ");
  EXPECT_EQ(ids("?tag=az:a&tag=v:1:2"), "i1 ");
  EXPECT_EQ(ids("?tag=az:b"), "");
}

TEST_F(NativeRoutes, ServicesComeInPages) {
  for (const char* name : {"a", "b", "c"}) {
    house.put(std::string("/api/v1/services/") + name + "/instances/i", R"({"address":"10.0.0.7"})");
  }
  const auto page = house.get("/api/v1/services?limit=2");
  EXPECT_THAT(page.body,
              MatchesRegex(R"(\{"services":\[\{"name":"a","revision":[0-9]+,"instances":1,"ready":1,)"
                           R"("publishable":true\},\{"name":"b".*\}\],"next":"b"\})"));
  const auto rest = house.get("/api/v1/services?limit=2&after=b");
  EXPECT_THAT(rest.body, MatchesRegex(R"(\{"services":\[\{"name":"c".*\}\],"next":null\})"));
  EXPECT_EQ(house.get("/api/v1/services?glob=x*").body, R"({"services":[],"next":null})");
}

TEST(NativeServices, TheListSaysWhyAServiceIsNotPublished) {
  RegistryConfig config;
  config.reserved_labels = {"ns1"};
  ApiHouse house({}, {}, config);
  const auto refused = house.put("/api/v1/services/ns1/instances/i1", std::string(kBody));
  EXPECT_EQ(refused.status, 400);
  EXPECT_EQ(error_of(refused), "bad_name");
  EXPECT_THAT(refused.body, HasSubstr("reserved"));
  Registration lyft;
  lyft.service = "ns1";
  lyft.id = "i1";
  lyft.source = {SourceKind::lyft, "lyft"};
  lyft.body = shared(body_at("10.0.0.7"));
  ASSERT_TRUE(house.registry.apply(lyft, house.now));
  EXPECT_THAT(house.get("/api/v1/services").body,
              HasSubstr(R"("publishable":false,"reason":"reserved_label"}],"next":null})"));
}

TEST_F(NativeRoutes, ALowerTierIsReadyAndNotDrawn) {
  const std::string i2 = "/api/v1/services/web/instances/i2";
  house.put(i1(), R"({"address":"10.0.0.7","priority":1})");
  house.put(i2, R"({"address":"10.0.0.8","priority":2})");
  const auto reason = [&](const std::string& target) { return json(house.get(target)).at("reason"); };
  const auto in_service = [&](int i) {
    return json(house.get("/api/v1/services/web")).at("instances").at(static_cast<std::size_t>(i)).at("reason");
  };
  for (const std::string& target : {i2, i2 + "/explain"}) EXPECT_EQ(reason(target), "lower_tier");
  EXPECT_EQ(in_service(1), "lower_tier");
  EXPECT_EQ(json(house.get(i2)).at("serving"), true) << "SRV shows every tier";
  EXPECT_EQ(reason(i1()), "ok");
  const auto before = house.registry.find("web", "i2")->revision;
  house.put(i1("/admin"), R"({"mode":"down"})");
  for (const std::string& target : {i2, i2 + "/explain"}) EXPECT_EQ(reason(target), "ok");
  EXPECT_EQ(in_service(1), "ok");
  EXPECT_EQ(house.registry.find("web", "i2")->revision, before) << "it has not changed, the others have";
  house.put(i2 + "/admin", R"({"mode":"down"})");
  EXPECT_EQ(reason(i2), "admin_down");
}

TEST_F(NativeRoutes, ExplainsAnInstance) {
  house.put(i1(), R"({"address":"10.0.0.7","weight":10,"generation":7})");
  house.put(i1("/admin"), R"({"mode":"down","weight":5,"reason":"r"})");
  const auto reply = house.get(i1("/explain"));
  EXPECT_EQ(reply.status, 200);
  EXPECT_THAT(reply.body, StartsWith(R"({"serving":false,"reason":"admin_down","fields":{)"));
  EXPECT_THAT(reply.body,
              HasSubstr(R"("weight":{"value":5,"from":"overlay","lost":[{"from":"heartbeat","value":10}]})"));
  EXPECT_THAT(reply.body,
              HasSubstr(R"("names":[],"claims":[{"source":"heartbeat","generation":7,"heard_ms_ago":0,)"
                        R"("by":"192.0.2.99","body":{"addresses":["10.0.0.7"])"));
  EXPECT_THAT(reply.body,
              HasSubstr(R"("overlay":[{"match":"web/i1","mode":"down","weight":5,"reason":"r","by":")"));
  json(reply);
}

TEST_F(NativeRoutes, WhoNamesATaskIsFoundByBothNames) {
  InstanceBody listed = body_at("10.9.0.1");
  listed.task = "t";
  Registration task;
  task.service = "app";
  task.id = "t";
  task.body = shared(listed);
  ASSERT_TRUE(house.registry.apply(SourceStep{{SourceKind::scheduler, "mesos"}, {}, {task}}, house.now));
  const auto granted = house.put(i1(), R"({"address":"10.0.0.7","generation":7,"task":"t"})");
  EXPECT_EQ(granted.status, 200) << "the instance was there";
  EXPECT_THAT(granted.body, StartsWith(R"({"service":"web","id":"i1",)")) << "by what name to go on";
  EXPECT_EQ(json(granted).at("alias_of"), "app/t");
  EXPECT_EQ(json(house.post(i1("/heartbeat"), "{}")).at("alias_of"), "app/t");

  for (const std::string& name : {i1(), std::string("/api/v1/services/app/instances/t")}) {
    const auto instance = json(house.get(name));
    EXPECT_EQ(instance.at("service"), "app");
    EXPECT_EQ(instance.at("id"), "t");
    EXPECT_EQ(instance.at("alias").as_array().size(), 1U);
    EXPECT_EQ(instance.at("alias").at(0), "web/i1");
  }
  EXPECT_THAT(house.get(i1("/explain")).body, HasSubstr(R"("by":"192.0.2.99","alias":"web/i1","body":{)"));
  house.put(i1("/admin"), R"({"mode":"down"})");
  EXPECT_EQ(json(house.get("/api/v1/services/app/instances/t")).at("reason"), "admin_down");
  EXPECT_EQ(house.remove(i1()).status, 200);
  EXPECT_EQ(house.get(i1()).status, 404);
  const auto alone = json(house.get("/api/v1/services/app/instances/t"));
  EXPECT_FALSE(alone.as_object().contains("alias"));
  EXPECT_EQ(alone.at("serving"), true) << "the setting was for web/i1";
}

TEST_F(NativeRoutes, Batches) {
  registered();
  const auto beats = house.post("/api/v1/heartbeats",
                                R"({"instances":[{"service":"web","id":"i1"},{"service":"web","id":"i9"},
                                {"service":"web","id":"i1","load":101},
                                {"service":"web","id":"i2","generation":1,"instance":{"address":"10.0.0.8"}}]})");
  EXPECT_EQ(beats.status, 200) << beats.body;
  EXPECT_THAT(beats.body,
              StartsWith(R"({"renewed":1,"created":1,"failed":[{"index":1,"service":"web","id":"i9",)"
                         R"("error":"unknown_instance","message":")"));
  EXPECT_THAT(beats.body, HasSubstr(R"({"index":2,"service":"web","id":"i1","error":"invalid_field",)"
                                    R"("message":"load must be 0 to 100","field":"/instances/2/load"})"));
  const auto bodies =
      house.post("/api/v1/registrations", R"({"instances":[{"service":"web","id":"i3","address":"10.0.0.9"},
                                {"service":"Web","id":"i4","address":"10.0.0.9"}]})");
  EXPECT_THAT(bodies.body,
              StartsWith(R"({"renewed":0,"created":1,"failed":[{"index":1,"service":"Web","id":"i4",)"));
}

TEST_F(NativeRoutes, ALongBatchIsCutIntoTurns) {
  std::string body = R"({"instances":[)";
  for (int i = 0; i < 1000; ++i) {
    body += (i ? "," : "") + std::string(R"({"service":"web","id":"i)") + std::to_string(i) +
            R"(","address":"10.0.0.7"})";
  }
  const auto reply = house.post("/api/v1/registrations", body + "]}");
  EXPECT_EQ(reply.body, R"({"renewed":0,"created":1000,"failed":[]})");
  EXPECT_GE(house.turns, 4u);
  EXPECT_EQ(house.registry.counts().instances, 1000u);
}

TEST_F(NativeRoutes, ATokenOfOneServiceWritesOnlyThatInABatch) {
  http::Caller caller;
  caller.peer.address = address("192.0.2.99");
  caller.write_globs = {"web*"};
  const auto reply = house.ask({"POST",
                                "/api/v1/registrations",
                                R"({"instances":[{"service":"web","id":"a","address":"10.0.0.7"},
                                {"service":"api","id":"a","address":"10.0.0.7"}]})",
                                {},
                                caller});
  EXPECT_THAT(
      reply.body,
      StartsWith(
          R"({"renewed":0,"created":1,"failed":[{"index":1,"service":"api","id":"a","error":"forbidden")"));
  EXPECT_FALSE(house.registry.find("api", "a"));
}

TEST_F(NativeRoutes, ADeadlineNeedsNoControlThreadToPass) {
  house.deadline = house.now.steady + Millis{250};
  house.hold_jobs = true;
  const auto sink = house.start({"PUT", i1(), std::string(kBody), {}, writer()});
  ASSERT_TRUE(sink->late);
  EXPECT_TRUE(sink->late());
  ASSERT_TRUE(sink->response);
  EXPECT_EQ(sink->response->status, 504);
  EXPECT_THAT(sink->response->body, HasSubstr(R"("applied":false)"));
  house.hold_jobs = false;
  house.run_jobs();
  EXPECT_FALSE(house.registry.find("web", "i1")) << "what was refused is not done afterwards";
}

TEST_F(NativeRoutes, ADeadlineNeedsNoDiskToPass) {
  house.deadline = house.now.steady + Millis{250};
  house.hold_disk = true;
  const auto sink = house.start({"PUT", i1(), std::string(kBody), {}, writer()});
  EXPECT_FALSE(sink->response);
  EXPECT_TRUE(sink->late());
  ASSERT_TRUE(sink->response);
  EXPECT_EQ(sink->response->status, 504);
  EXPECT_THAT(sink->response->body, HasSubstr(R"("applied":true)"));
  EXPECT_TRUE(house.registry.find("web", "i1"));
  ASSERT_EQ(house.on_disk.size(), 1u);
  house.on_disk.front()({true});
  EXPECT_EQ(sink->response->status, 504) << "one answer";
}

TEST_F(NativeRoutes, ABatchOnAHangingDiskIsAnsweredAtItsDeadline) {
  house.deadline = house.now.steady + Millis{250};
  house.hold_disk = true;
  const auto sink = house.start(
      {"POST",
       "/api/v1/registrations",
       R"({"instances":[{"service":"web","id":"a","address":"10.0.0.7"},{"service":"web","id":"b"}]})",
       {},
       writer()});
  EXPECT_FALSE(sink->response);
  EXPECT_TRUE(sink->late());
  ASSERT_TRUE(sink->response);
  EXPECT_EQ(sink->response->status, 504);
  EXPECT_EQ(json(*sink->response).at("applied"), true);
  EXPECT_EQ(json(*sink->response).at("created"), 1);
  EXPECT_EQ(json(*sink->response).at("failed").at(0).at("id"), "b");
  EXPECT_TRUE(house.registry.find("web", "a"));
  ASSERT_EQ(house.on_disk.size(), 1u);
  house.on_disk.front()({true});
  EXPECT_EQ(sink->response->status, 504) << "one answer";
}

TEST_F(NativeRoutes, ABatchThatIsLateHalfWaySaysWhatStands) {
  std::string body = R"({"instances":[)";
  for (int i = 0; i < 600; ++i)
    body += std::string(i ? "," : "") + R"({"service":"web","address":"10.0.0.7","id":"i)" +
            std::to_string(i) + "\"}";
  house.deadline = house.now.steady + Millis{250};
  house.disk_takes = Millis{250};
  const auto reply = house.post("/api/v1/registrations", body + "]}");
  EXPECT_EQ(reply.status, 504);
  EXPECT_EQ(json(reply).at("applied"), true);
  EXPECT_EQ(json(reply).at("created"), 512)
      << "the first slice, and the one whose turn found the deadline over";
  EXPECT_EQ(json(reply).at("failed").as_array().size(), 600u - 512);
  EXPECT_EQ(house.registry.counts().instances, 512u);
}

TEST_F(NativeRoutes, ABatchOfWhichNothingStandsSaysSo) {
  house.deadline = house.now.steady + Millis{250};
  house.hold_jobs = true;
  const auto sink = house.start(
      {"POST", "/api/v1/heartbeats", R"({"instances":[{"service":"web","id":"i9"}]})", {}, writer()});
  EXPECT_TRUE(sink->late());
  EXPECT_EQ(json(*sink->response).at("applied"), false);
}

TEST_F(NativeRoutes, WhatABatchCostsTheThrottle) {
  struct Row {
    int elements;
    double cost;
  };
  for (const Row row : {Row{0, 1}, Row{1, 1}, Row{2, 1.01}, Row{1'000, 10.99}}) {
    std::string body = R"({"instances":[)";
    for (int i = 0; i < row.elements; ++i)
      body += (i ? "," : "") + std::string(R"({"service":"web","id":"i"})");
    const auto sink = house.start({"POST", "/api/v1/heartbeats", body + "]}", {}, writer()});
    ASSERT_TRUE(sink->charged);
    EXPECT_NEAR(*sink->charged, row.cost, 1e-9) << row.elements;
  }
  const auto bad = house.start({"POST", "/api/v1/registrations", "{", {}, writer()});
  EXPECT_EQ(bad->charged, 1.0) << "reading it was work";
}

TEST_F(NativeRoutes, RefusalsForAFullStoreAreCounted) {
  house.has_room = false;
  EXPECT_EQ(house.put(i1(), std::string(kBody)).status, 503);
  house.post("/api/v1/registrations", R"({"instances":[{"service":"web","id":"a","address":"10.0.0.7"},)"
                                      R"({"service":"web","id":"b","address":"10.0.0.7"}]})");
  EXPECT_EQ(house.refused_writes, 3u);
}

TEST_F(NativeRoutes, WatchingRefusesWhatItDoesNotKnow) {
  for (const char* target : {"/api/v1/changes?after=0&bogus=1", "/api/v1/watch?servcie=web"}) {
    SCOPED_TRACE(target);
    EXPECT_EQ(error_of(house.get(target)), "unknown_field");
  }
}

TEST_F(NativeRoutes, ExplainWritesNumbersAsTheyCame) {
  house.put(i1(),
            R"({"address":"10.0.0.7","attributes":{"sla_ms":100,"error_rate":0.25},"meta":{"a":[1.5,2]}})");
  const auto reply = house.get(i1("/explain"));
  EXPECT_THAT(reply.body, HasSubstr(R"("attributes.error_rate":{"value":0.25,)"));
  EXPECT_THAT(reply.body, HasSubstr(R"("attributes.sla_ms":{"value":100,)"));
  EXPECT_THAT(reply.body, HasSubstr(R"("meta":{"value":{"a":[1.5,2]},)"));
}

TEST_F(NativeRoutes, MetaComesBackAsItWasSent) {
  const std::string meta =
      R"({"meta":12345678901234567890123,"v":1.10,"e":1E2,"u":"\u00e9 \"]}, ","l":[ 1.0,{"a":-0.0}],"z":{}})";
  const std::string compact =
      R"("meta":{"meta":12345678901234567890123,"v":1.10,"e":1E2,"u":"\u00e9 \"]}, ","l":[1.0,{"a":-0.0}],"z":{}})";
  const std::string head = R"({"tags":{"a":"]"}, "address":"10.0.0.7" , "\u006deta" : )";
  house.put(i1(), head + meta + " }");
  EXPECT_THAT(house.get(i1()).body, HasSubstr(compact));
  EXPECT_THAT(house.get(i1("/explain")).body, HasSubstr(R"("meta":{"value":)" + compact.substr(7)));
  house.post(i1("/heartbeat"), R"({"instance":{"address":"10.0.0.7","meta": {"v":2.50}}})");
  EXPECT_THAT(house.get(i1()).body, HasSubstr(R"("meta":{"v":2.50})"));
  std::string batch = R"({ "instances" : [ {"service":"web","id":"bad"} )";
  for (int i = 1; i < 40; ++i)
    batch += R"( , {"service":"web","id":"b)" + std::to_string(i) +
             R"(","address":"10.0.0.8","meta":{"v":1.)" + std::to_string(i) + "0}}";
  EXPECT_THAT(house.post("/api/v1/registrations", batch + "]}").body, HasSubstr(R"("created":39)"));
  for (const char* i : {"1", "17", "39"})
    EXPECT_THAT(house.get("/api/v1/services/web/instances/b" + std::string(i)).body,
                HasSubstr(R"("meta":{"v":1.)" + std::string(i) + "0}"));
}

TEST_F(NativeRoutes, OverlayIsAListWithARevision) {
  registered();
  EXPECT_EQ(house.get("/api/v1/overlay").body, "[]");
  const auto one = house.post("/api/v1/overlay", R"({"match":"web/*","mode":"down","by":"deploy"})");
  EXPECT_EQ(one.body, R"([{"match":"web/*","mode":"down","by":"deploy"}])");
  EXPECT_EQ(json(house.get(i1())).at("reason"), "admin_down");
  const std::string tag = header(one, "ETag");
  EXPECT_EQ(header(house.get("/api/v1/overlay"), "ETag"), tag);
  const auto put =
      house.put("/api/v1/overlay", R"([{"match":"web/i1","weight":3,"by":"x"}])", {{"If-Match", tag}});
  EXPECT_EQ(put.body, R"([{"match":"web/i1","weight":3,"by":"x"}])");
  const auto stale = house.put("/api/v1/overlay", "[]", {{"If-Match", tag}});
  EXPECT_EQ(stale.status, 412) << stale.body;
  EXPECT_EQ(house.remove("/api/v1/overlay?match=web/i1").body, "[]");
  EXPECT_EQ(error_of(house.remove("/api/v1/overlay")), "invalid_field");
}

TEST_F(NativeRoutes, AnOverlayThatIsTooLongIsTooLarge) {
  std::string list = R"([{"match":"a/*","mode":"up"})";
  for (int i = 0; i < 10'000; ++i) list += R"(,{"match":"a/*","mode":"up"})";
  const auto reply = house.put("/api/v1/overlay", list + "]");
  EXPECT_EQ(reply.status, 413);
  EXPECT_EQ(error_of(reply), "batch_too_long");
  EXPECT_TRUE(house.registry.overlay().empty());
}

TEST_F(NativeRoutes, OneBadEntryLeavesTheOverlayAsItWas) {
  house.post("/api/v1/overlay", R"({"match":"web/*","mode":"down","by":"x"})");
  const auto reply =
      house.put("/api/v1/overlay", R"([{"match":"a/*","mode":"up"},{"match":"b/*","mode":"maybe"}])");
  EXPECT_EQ(reply.status, 400);
  EXPECT_EQ(json(reply).at("field"), "/1/mode");
  EXPECT_EQ(house.registry.overlay().size(), 1u);
}

TEST_F(NativeRoutes, AFullQueueIsSaidAndNothingIsDone) {
  house.queue_full = true;
  const auto reply = registered();
  EXPECT_EQ(reply.status, 503);
  EXPECT_EQ(error_of(reply), "out_of_capacity");
  EXPECT_EQ(header(reply, "Retry-After"), "1");
  EXPECT_FALSE(house.registry.find("web", "i1"));
}

TEST_F(NativeRoutes, AFullStoreRefusesNewWritesButNoRenewal) {
  registered();
  house.has_room = false;
  EXPECT_EQ(registered().status, 200);
  EXPECT_EQ(house.post(i1("/heartbeat"), "").status, 200);
  for (const auto& reply :
       {house.put("/api/v1/services/web/instances/i2", std::string(kBody)), house.remove(i1()),
        house.post(i1("/drain"), ""), house.put(i1("/admin"), R"({"mode":"up"})"),
        house.post("/api/v1/overlay", R"({"match":"a","mode":"up"})")}) {
    EXPECT_EQ(reply.status, 503);
    EXPECT_EQ(error_of(reply), "out_of_capacity");
  }
}

TEST_F(NativeRoutes, DeadlinesTellWhetherTheChangeStands) {
  house.deadline = house.now.steady;
  const auto before = registered();
  EXPECT_EQ(before.status, 504);
  EXPECT_EQ(error_of(before), "deadline_exceeded");
  EXPECT_EQ(json(before).at("applied"), false);
  EXPECT_FALSE(house.registry.find("web", "i1"));

  house.deadline = house.now.steady + Millis{250};
  house.disk_takes = Millis{250};
  const auto after = registered();
  EXPECT_EQ(after.status, 504);
  EXPECT_EQ(json(after).at("applied"), true);
  EXPECT_TRUE(house.registry.find("web", "i1"));
}

TEST_F(NativeRoutes, AliveWhileTheLoopTicks) {
  SteadyTime tick = kStart.steady;
  api::Outside outside;
  outside.last_tick = [&] { return tick; };
  ApiHouse other(std::move(outside));
  other.now = kStart + Millis{5'000};
  EXPECT_EQ(other.get("/healthz").status, 200);
  other.now = kStart + Millis{5'001};
  EXPECT_EQ(other.get("/healthz").status, 503);
  other.queue_full = true;
  tick = other.now.steady;
  EXPECT_EQ(other.get("/healthz").status, 200) << "it asks nobody";
}

TEST(NativeProbes, ReadySaysWhatIsMissing) {
  std::vector<api::Missing> missing{{"zone", "example.test.", "not loaded"}};
  api::Outside outside;
  outside.missing = [&] { return missing; };
  ApiHouse house(std::move(outside));
  const auto reply = house.get("/readyz");
  EXPECT_EQ(reply.status, 503);
  EXPECT_EQ(reply.body, R"([{"what":"zone","name":"example.test.","reason":"not loaded"}])");
  missing.clear();
  EXPECT_EQ(house.get("/readyz").status, 200);
  EXPECT_EQ(house.get("/readyz").body, "[]");
}

TEST(NativeProbes, HealthFailsWithACriticalCheck) {
  auto verdict = api::HealthVerdict{};
  ApiHouse house({}, {{"store", true, [&] { return verdict; }}});
  EXPECT_EQ(house.get("/api/v1/health").status, 200);
  verdict = {api::HealthStatus::fail, "disk full"};
  const auto reply = house.get("/api/v1/health");
  EXPECT_EQ(reply.status, 503);
  EXPECT_THAT(
      reply.body,
      StartsWith(
          R"({"status":"fail","checks":[{"name":"store","status":"fail","output":"disk full","since":")"));
}

TEST(NativeOutside, StatusNamesTheListeners) {
  api::Outside outside;
  outside.facts = [] {
    api::ServerFacts facts;
    facts.name = "muster-1";
    facts.version = "0.1.0";
    facts.dns = {"127.0.0.1:5300"};
    facts.store_kind = "memory";
    return facts;
  };
  ApiHouse house(std::move(outside));
  house.put(i1(), std::string(kBody));
  const auto status = json(house.get("/api/v1/status"));
  EXPECT_EQ(status.at("dns").as_array().at(0), "127.0.0.1:5300");
  EXPECT_EQ(status.at("instances"), 1);
  EXPECT_EQ(status.at("epoch"), "0b7c");
  EXPECT_EQ(status.at("store").at("kind"), "memory");
  EXPECT_EQ(status.at("protection").at("suspects"), 0);
}

TEST(NativeOutside, ReloadReports) {
  api::ReloadReport report{{"zones.ttl"}, {"dns.listen"}, {}, {}};
  std::vector<std::string> discarded;
  api::Outside outside;
  outside.reload = [&](std::vector<std::string> discard, net::UniqueFunction<void(api::ReloadReport)> done) {
    discarded = std::move(discard);
    done(report);
  };
  ApiHouse house(std::move(outside));
  EXPECT_EQ(house.post("/api/v1/reload", "").body,
            R"({"changed":["zones.ttl"],"needs_restart":["dns.listen"]})");
  house.post("/api/v1/reload", R"({"discard":["example.test."]})");
  EXPECT_EQ(discarded, std::vector<std::string>{"example.test."});
  report.zones_with_updates = {"example.test."};
  const auto kept = house.post("/api/v1/reload", "");
  EXPECT_EQ(kept.status, 409);
  EXPECT_EQ(error_of(kept), "zone_has_updates");
  EXPECT_THAT(kept.body, HasSubstr("muster dump example.test."));
  EXPECT_THAT(kept.body, HasSubstr("muster reload --discard example.test."));
  EXPECT_EQ(json(kept).at("changed").as_array().size(), 1u);
  report.errors = {"musterd.toml:3:1: unknown key"};
  EXPECT_EQ(house.post("/api/v1/reload", "").status, 400);
}

TEST(NativeOutside, ZonesStatsSourcesAndNames) {
  api::Outside outside;
  outside.zone_text = [](std::string zone, net::UniqueFunction<void(api::ZoneText)> done) {
    if (zone == "busy.") return done({api::ZoneText::Outcome::busy, ""});
    if (zone != "svc.internal.") return done({});
    done({api::ZoneText::Outcome::written, "$ORIGIN svc.internal.\n"});
  };
  outside.stats = [] { return api::Stats{{"queries", 3}, {"rate", 0.5}}; };
  outside.sources = [] {
    SourceStatus source;
    source.name = source.type = "static";
    source.mode = "file";
    source.last_success = kStart.wall - Millis{120};
    source.total = source.routable = 2;
    source.fetches = 1;
    SourceStatus mesos;
    mesos.name = mesos.type = "mesos";
    mesos.state = "stale";
    mesos.mode = "stream";
    mesos.endpoint = "10.0.0.1:5050";
    mesos.leader = "10.0.0.2:5050";
    mesos.from_store = true;
    mesos.stored = StoredPicture{{}, 48'211};
    mesos.held = 3;
    mesos.total = 110;
    mesos.routable = 96;
    mesos.excluded = {{"state", 9}, {"no_agent", 1}};
    mesos.error = SourceError{"http_503", "it says 503", kStart.wall};
    mesos.consecutive_errors = 2;
    mesos.fetches = 12;
    mesos.bytes = 9'080'000;
    mesos.events = {{"TASK_ADDED", 431}};
    mesos.reconnects = 1;
    return std::vector<SourceStatus>{source, mesos};
  };
  outside.explain_name = [](std::string_view name, std::string_view type,
                            const std::optional<net::IpPrefix>& client) {
    if (name == "-") return std::string();
    const std::string from =
        client ? " " + net::to_string(client->address) + "/" + std::to_string(client->length) : "";
    return "{\"asked\":\"" + std::string(name) + "/" + std::string(type) + from + "\"}";
  };
  ApiHouse house(std::move(outside));
  const auto zone = house.get("/api/v1/zones/svc.internal.");
  EXPECT_EQ(zone.body, "$ORIGIN svc.internal.\n");
  EXPECT_EQ(header(zone, "Content-Type"), "text/dns; charset=utf-8");
  EXPECT_EQ(error_of(house.get("/api/v1/zones/x.")), "not_found");
  const auto busy = house.get("/api/v1/zones/busy.");
  EXPECT_EQ(busy.status, 503);
  EXPECT_EQ(error_of(busy), "out_of_capacity");
  EXPECT_EQ(header(busy, "Retry-After"), "1");
  EXPECT_EQ(house.get("/api/v1/stats").body, R"({"queries":3,"rate":0.5})");
  EXPECT_THAT(
      house.get("/api/v1/sources").body,
      MatchesRegex(
          R"(\{"sources":\[\{"name":"static","type":"static","state":"live","mode":"file","endpoint":null,)"
          R"("leader":null,"last_success":"[^"]+","age_ms":120,"from_store":false,"stored":null,"held":0,)"
          R"("instances":\{"total":2,"routable":2\},"excluded":\{\},"error":null,)"
          R"("consecutive_errors":0,"fetches":1,"bytes":0,"events":0,"reconnects":0\},)"
          R"(\{"name":"mesos","type":"mesos","state":"stale","mode":"stream","endpoint":"10\.0\.0\.1:5050",)"
          R"("leader":"10\.0\.0\.2:5050","last_success":null,"age_ms":null,"from_store":true,)"
          R"("stored":\{"learnt_at":"[^"]+","octets":48211\},"held":3,)"
          R"("instances":\{"total":110,"routable":96\},"excluded":\{"no_agent":1,"state":9\},)"
          R"("error":\{"kind":"http_503","message":"it says 503","at":"[^"]+"\},)"
          R"("consecutive_errors":2,"fetches":12,"bytes":9080000,"events":431,"reconnects":1\}\]\})"));
  EXPECT_EQ(house.get("/api/v1/explain?name=web.svc.internal&type=SRV").body,
            R"({"asked":"web.svc.internal/SRV"})");
  EXPECT_EQ(house.get("/api/v1/explain?name=web.svc.internal").body, R"({"asked":"web.svc.internal/A"})");
  EXPECT_EQ(house.get("/api/v1/explain?name=web.svc.internal&client=10.0.0.0/24").body,
            R"({"asked":"web.svc.internal/A 10.0.0.0/24"})");
  EXPECT_EQ(error_of(house.get("/api/v1/explain?name=web.svc.internal&client=home")), "invalid_field");
  EXPECT_EQ(error_of(house.get("/api/v1/explain")), "invalid_field");
  EXPECT_EQ(error_of(house.get("/api/v1/explain?name=-")), "bad_name");
}

TEST(NativeOutside, OneSourceIsShownAndTold) {
  std::vector<std::string> told;
  api::Outside outside;
  outside.sources = [] {
    SourceStatus fixed;
    fixed.name = fixed.type = "static";
    SourceStatus mesos;
    mesos.name = "cell 1";
    mesos.type = "mesos";
    mesos.held = 3;
    return std::vector<SourceStatus>{fixed, mesos};
  };
  const auto teller = [&told](const std::string& what) {
    return [&told, what](std::string_view source) {
      if (source == "static") return false;
      told.push_back(what + " " + std::string(source));
      return true;
    };
  };
  outside.resync = teller("resync");
  outside.accept = teller("accept");
  ApiHouse house(std::move(outside));
  EXPECT_THAT(house.get("/api/v1/sources/cell%201").body,
              AllOf(StartsWith(R"({"name":"cell 1","type":"mesos")"), HasSubstr(R"("held":3)")));

  const auto resync = house.post("/api/v1/sources/cell%201/resync", "");
  EXPECT_EQ(resync.status, 202);
  EXPECT_EQ(resync.body, R"({"source":"cell 1","held":3})");
  EXPECT_EQ(house.post("/api/v1/sources/cell%201/accept", "").status, 202);
  EXPECT_THAT(told, ElementsAre("resync cell 1", "accept cell 1"));

  for (const std::string what : {"", "/resync", "/accept"}) {
    SCOPED_TRACE(what);
    const std::string target = "/api/v1/sources/mesos" + what;
    const auto unknown = what.empty() ? house.get(target) : house.post(target, "");
    EXPECT_EQ(unknown.status, 404);
    EXPECT_EQ(error_of(unknown), "not_found");
    EXPECT_THAT(unknown.body, HasSubstr("there is no source mesos; the sources are static, cell 1"));
  }
  const auto fixed = house.post("/api/v1/sources/static/resync", "");
  EXPECT_EQ(fixed.status, 404);
  EXPECT_THAT(fixed.body, HasSubstr("`muster reload` reads again"));
  EXPECT_EQ(told.size(), 2U);
}

TEST(NativeOutside, LongPollsComeBackToTheSameReply) {
  std::optional<http::Reply> parked;
  api::AnswerPoll answer;
  api::Outside outside;
  outside.wait_for_change = [&](const http::Request& request, http::Reply reply, std::string service,
                                api::AnswerPoll then) {
    EXPECT_EQ(request.query_value("after"), "3");
    EXPECT_EQ(service, "web");
    parked = std::move(reply);
    answer = std::move(then);
  };
  ApiHouse house(std::move(outside));
  house.put(i1(), std::string(kBody));
  const auto come_back = [&](std::string target) {
    const auto sink = house.start({"GET", std::move(target)});
    EXPECT_FALSE(sink->response) << "it waits";
    answer(std::move(*parked), std::make_shared<ServiceView>(house.registry.view("web", house.now)));
    return *sink->response;
  };
  EXPECT_EQ(json(come_back("/api/v1/services/web?after=3&wait=30s")).at("instances").as_array().size(), 1u);
  EXPECT_EQ(json(come_back("/api/v1/services/web?after=3&ready=false")).at("instances").as_array().size(),
            0u);
  EXPECT_EQ(json(come_back(i1("?after=3"))).at("id"), "i1");
  EXPECT_EQ(error_of(come_back("/api/v1/services/web/instances/i9?after=3")), "unknown_instance");
}

// Every route with bad input: always a 4xx with a body that says what to do, never a 5xx, nothing changed.
TEST_F(NativeRoutes, BadInputIsA4xxThatSaysWhatToDo) {
  struct Row {
    const char* why;
    std::string method;
    std::string target;
    std::string body;
    http::Headers headers;
    int status;
    std::string_view error;
  };
  const std::string web = "/api/v1/services/web";
  const Row kRows[] = {
      {"capitals", "PUT", "/api/v1/services/Web/instances/i1", "{}", {}, 400, "bad_name"},
      {"a slash in an id", "PUT", web + "/instances/a%2Fb", "{}", {}, 400, "bad_name"},
      {"capitals, POST", "POST", "/api/v1/services/Web/instances", "{}", {}, 400, "bad_name"},
      {"capitals, heartbeat",
       "POST",
       "/api/v1/services/Web/instances/i1/heartbeat",
       "{}",
       {},
       400,
       "bad_name"},
      {"no body", "PUT", web + "/instances/i9", "", {}, 400, "bad_json"},
      {"a form",
       "PUT",
       web + "/instances/i9",
       "a=b",
       {{"Content-Type", "application/x-www-form-urlencoded"}},
       415,
       "unsupported_media_type"},
      {"wants XML", "GET", web, "", {{"Accept", "application/xml"}}, 406, "not_acceptable"},
      {"wants anything but JSON",
       "GET",
       web,
       "",
       {{"Accept", "application/json;q=0, text/html"}},
       406,
       "not_acceptable"},
      {"unknown member", "PUT", web + "/instances/i9", R"({"x":1})", {}, 400, "unknown_field"},
      {"bad heartbeat", "POST", web + "/instances/i1/heartbeat", "[]", {}, 400, "invalid_field"},
      {"generation of text", "DELETE", web + "/instances/i1?generation=x", "", {}, 400, "invalid_field"},
      {"generation 0", "DELETE", web + "/instances/i1?generation=0", "", {}, 400, "invalid_field"},
      {"drain neither true nor false", "DELETE", web + "/instances/i1?drain=1", "", {}, 400, "invalid_field"},
      {"a misspelt parameter", "DELETE", web + "/instances/i1?generatoin=1", "", {}, 400, "unknown_field"},
      {"drain with a misspelt member",
       "POST",
       web + "/instances/i1/drain",
       R"({"resaon":""})",
       {},
       400,
       "unknown_field"},
      {"drain of nobody", "DELETE", web + "/instances/i9/drain", "", {}, 404, "unknown_instance"},
      {"admin of nothing", "PUT", web + "/instances/i1/admin", "{}", {}, 400, "invalid_field"},
      {"limit 0", "GET", "/api/v1/services?limit=0", "", {}, 400, "invalid_field"},
      {"limit too large", "GET", "/api/v1/services?limit=1001", "", {}, 400, "invalid_field"},
      {"a tag without value", "GET", web + "?tag=az", "", {}, 400, "invalid_field"},
      {"ready neither true nor false", "GET", web + "?ready=yes", "", {}, 400, "invalid_field"},
      {"unknown service", "GET", "/api/v1/services/nobody", "", {}, 404, "unknown_service"},
      {"unknown instance", "GET", web + "/instances/i9", "", {}, 404, "unknown_instance"},
      {"unknown instance of an unknown service",
       "GET",
       "/api/v1/services/nobody/instances/i",
       "",
       {},
       404,
       "unknown_service"},
      {"explain nobody", "GET", web + "/instances/i9/explain", "", {}, 404, "unknown_instance"},
      {"a poll where nobody waits", "GET", web + "?after=1", "", {}, 404, "not_found"},
      {"batch without list", "POST", "/api/v1/heartbeats", "{}", {}, 400, "invalid_field"},
      {"batch of garbage", "POST", "/api/v1/registrations", "{", {}, 400, "bad_json"},
      {"overlay of an object", "PUT", "/api/v1/overlay", "{}", {}, 400, "invalid_field"},
      {"overlay without a good tag",
       "PUT",
       "/api/v1/overlay",
       "[]",
       {{"If-Match", "x"}},
       400,
       "invalid_field"},
      {"overlay of another store",
       "PUT",
       "/api/v1/overlay",
       "[]",
       {{"If-Match", "\"x-1\""}},
       412,
       "precondition_failed"},
      {"overlay entry without match", "POST", "/api/v1/overlay", "{}", {}, 400, "invalid_field"},
      {"nothing to reload", "POST", "/api/v1/reload", "", {}, 404, "not_found"},
      {"no statistics", "GET", "/api/v1/stats", "", {}, 404, "not_found"},
      {"no zones", "GET", "/api/v1/zones/x.", "", {}, 404, "not_found"},
      {"explains no names", "GET", "/api/v1/explain?name=a", "", {}, 404, "not_found"},
  };
  registered();
  const auto revision = house.registry.revision();
  for (const Row& row : kRows) {
    SCOPED_TRACE(row.why);
    const auto reply = house.ask({row.method, row.target, row.body, row.headers, writer()});
    EXPECT_EQ(reply.status, row.status) << reply.body;
    EXPECT_EQ(error_of(reply), row.error);
    EXPECT_GT(json(reply).at("message").as_string().size(), 10u);
    EXPECT_EQ(header(reply, "Muster-Epoch"), "0b7c");
    EXPECT_NE(header(reply, "Muster-Revision"), "");
  }
  EXPECT_EQ(house.registry.revision(), revision) << "a refusal changes nothing";
}

TEST_F(NativeRoutes, AbsentRoutesDoNotExist) {
  for (const auto& [method, target] : {std::pair("GET", i1("/checks")), std::pair("GET", i1("/reports")),
                                       std::pair("DELETE", std::string("/api/v1/caches"))}) {
    http::Request request;
    request.method = method;
    request.target = target;
    EXPECT_EQ(house.router.match(request).status, 404) << target;
  }
}

TEST_F(NativeRoutes, ScopesAreThoseOfTheReference) {
  std::string admins, open;
  for (std::size_t i = 0; i < house.router.size(); ++i) {
    const auto& route = house.router.route(i);
    if (route.scope == http::Scope::admin) admins += route.method + " " + route.pattern + "\n";
    if (route.scope == http::Scope::open) open += route.method + " " + route.pattern + "\n";
    const bool names_service = route.pattern.find("{service}") != std::string::npos;
    EXPECT_EQ(route.service_capture, names_service ? 0 : -1) << route.pattern;
    const bool reads = route.method == "GET";
    EXPECT_EQ(reads, route.scope == http::Scope::read || route.scope == http::Scope::open) << route.pattern;
  }
  EXPECT_EQ(admins,
            "PUT /api/v1/overlay\nPOST /api/v1/overlay\nDELETE /api/v1/overlay\nPOST /api/v1/reload\n"
            "DELETE /api/v1/cache\nPOST /api/v1/sources/{source}/resync\nPOST /api/v1/sources/{source}/accept\n");
  EXPECT_EQ(open, "GET /api/v1/health\nGET /healthz\nGET /readyz\n");
}

}  // namespace
}  // namespace muster::registry::test
