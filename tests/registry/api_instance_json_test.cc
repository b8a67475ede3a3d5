#include "registry/api/instance_json.h"

#include <gtest/gtest.h>

#include "registry/api/json_text.h"
#include "registry/health/own_check.h"
#include "registry/rfc3339.h"

namespace muster::registry::api {
namespace {

WallTime at(std::string_view text) { return parse_rfc3339(text).value(); }

Instance web_i1() {
  InstanceBody body;
  body.addresses = {*net::parse_ip("10.0.0.7"), *net::parse_ip("2001:db8::7")};
  Port port;
  port.name = "http";
  port.number = 8080;
  body.ports = {port};
  body.weight = 10;
  body.tags = {{"az", "a"}};
  body.version = "abc123";
  Instance instance;
  instance.service = "web";
  instance.id = instance.label = "i1";
  instance.generation = 1795212000123;
  instance.revision = 4812;
  instance.body = std::make_shared<InstanceBody>(body);
  instance.serving = true;
  instance.effective_weight = 10.0;
  instance.lease = Millis{30'000};
  instance.sources = {SourceId{}};
  instance.created_at = at("2026-11-20T22:00:00.000Z");
  return instance;
}

LeaseView live_lease() {
  return {LeaseState::live, Millis{30'000}, at("2026-11-20T22:14:33.120Z"), at("2026-11-20T22:14:03.120Z")};
}

constexpr std::string_view kInstance =
    R"({"service":"web","id":"i1","label":"i1","generation":1795212000123,"revision":4812,)"
    R"("addresses":["10.0.0.7","2001:db8::7"],"ports":[{"name":"http","port":8080,"proto":"tcp"}],)"
    R"("weight":10,"priority":0,"order":0,"tags":{"az":"a"},"meta":{},"version":"abc123","attributes":{},)"
    R"("state":"ACTIVE","serving":true,"reason":"ok","effective_weight":10.0,)"
    R"("lease":{"state":"live","ttl_ms":30000,"expires_at":"2026-11-20T22:14:33.120Z",)"
    R"("heartbeat_at":"2026-11-20T22:14:03.120Z"},"admin":"auto","draining":null,"sources":["heartbeat"],)"
    R"("owner":null,"created_at":"2026-11-20T22:00:00.000Z"})";

TEST(InstanceJson, InstanceToTheLetter) {
  std::string out;
  append_instance(out, web_i1(), live_lease());
  EXPECT_EQ(out, kInstance);
}

TEST(InstanceJson, ShowsWhatIsRareOnlyWhenItIsThere) {
  Instance instance = web_i1();
  InstanceBody body = *instance.body;
  body.host_addresses = {*net::parse_ip("192.0.2.1")};
  body.ports[0].name.clear();
  body.ports[0].protocol = Protocol::udp;
  body.ports[0].scope = PortScope::container;
  body.ports[0].service_port = 10004;
  body.ports[0].attributes = {{"sla_ms", 12.5}};
  body.properties = {{"action", "x"}};
  body.task = "t.1";
  body.scheduler = SharedFacts(std::make_shared<const SchedulerFacts>(
      SchedulerFacts{"mesos", "cart.shop", {{"HAPROXY_GROUP", "a\"b"}}}));
  body.attributes = {{"error_rate", 0.1}, {"sla_ms", 250}};
  health::OwnCheck check;
  check.id = "ping";
  check.type = health::CheckType::http;
  check.port_name = "http";
  body.checks = health::OwnChecks(std::make_shared<const health::OwnChecks::List>(1, check));
  instance.body = std::make_shared<InstanceBody>(body);
  instance.draining_since = at("2026-11-20T22:00:01.005Z");
  instance.draining_reason = "kernel \"update\"";
  std::string out;
  append_instance(out, instance, LeaseView{});
  for (
      const std::string_view part :
      {R"("host_addresses":["192.0.2.1"])",
       R"("ports":[{"port":8080,"proto":"udp","service_port":10004,"scope":"container","attributes":{"sla_ms":12.5}}])",
       R"("attributes":{"error_rate":0.1,"sla_ms":250},"properties":{"action":"x"},"task":"t.1")",
       R"("task":"t.1","checks":[{"type":"http","id":"ping","port":"http"}],"scheduler":{"source":"mesos","app":"cart.shop","task":"t.1","labels":{"HAPROXY_GROUP":"a\"b"}})",
       R"("lease":null)",
       R"("draining":{"since":"2026-11-20T22:00:01.005Z","reason":"kernel \"update\""})"}) {
    EXPECT_NE(out.find(part), std::string::npos) << part << "\nin " << out;
  }
}

TEST(InstanceJson, ServiceToTheLetter) {
  ServiceView view;
  view.name = "web";
  view.revision = 4812;
  view.set_hash = "fb35f00d936f21d206e7e6003ab6cc96";
  std::string out;
  append_service(out, view, "0b7c");
  EXPECT_EQ(
      out, R"({"service":"web","epoch":"0b7c","revision":4812,"set_hash":"fb35f00d936f21d206e7e6003ab6cc96",)"
           R"("policy":"weighted-failover","instances":[]})");
}

TEST(InstanceJson, ServiceShowsWhatItsClientsAreTold) {
  ServiceView view;
  view.properties = std::make_shared<const Tags>(Tags{{"vpath", "http://\"a\"/"}, {"zone", "b"}});
  std::string out;
  append_service(out, view, "0b7c");
  EXPECT_NE(out.find(R"("properties":{"vpath":"http://\"a\"/","zone":"b"},"instances":[])"), out.npos) << out;
}

TEST(InstanceJson, ServiceHoldsItsInstancesInOrder) {
  ServiceView view;
  view.name = "Web";
  view.publishable = false;
  view.reason = Reason::service_label_taken;
  view.instances = {std::make_shared<Instance>(web_i1()), std::make_shared<Instance>(web_i1())};
  view.leases = {live_lease(), live_lease()};
  std::string out;
  append_service(out, view, "0b7c");
  const std::string both = "[" + std::string(kInstance) + "," + std::string(kInstance) + "]}";
  EXPECT_TRUE(out.ends_with(both)) << out;
  EXPECT_NE(out.find(R"("publishable":false,"reason":"service_label_taken","instances")"), std::string::npos)
      << out;
}

TEST(InstanceJson, GrantToTheLetter) {
  Grant grant;
  grant.label = "i1";
  grant.generation = 1795212000123;
  grant.revision = 4812;
  grant.state = State::starting;
  grant.lease = live_lease();
  std::string out;
  append_grant(out, "web", "i1", grant, true);
  EXPECT_EQ(out, R"({"service":"web","id":"i1","label":"i1","generation":1795212000123,"revision":4812,)"
                 R"("state":"STARTING","heartbeat_in_ms":10000,"durable":true,"owner":null,)"
                 R"("lease":{"state":"live","ttl_ms":30000,"expires_at":"2026-11-20T22:14:33.120Z"}})");
}

TEST(InstanceJson, OverlayEntryNamesOnlyWhatItSets) {
  OverlayEntry entry;
  entry.match = "web/*";
  entry.mode = AdminMode::down;
  std::string out;
  append_overlay_entry(out, entry);
  EXPECT_EQ(out, R"({"match":"web/*","mode":"down"})");

  entry.weight = 5;
  entry.priority = 1;
  entry.tags = {{"az", std::nullopt}, {"canary", "true"}};
  entry.expires_at = at("2026-11-20T22:14:33.120Z");
  entry.reason = "kernel update";
  entry.by = "deploy";
  out.clear();
  append_overlay_entry(out, entry);
  EXPECT_EQ(out,
            R"({"match":"web/*","mode":"down","weight":5,"priority":1,"tags":{"az":null,"canary":"true"},)"
            R"("expires_at":"2026-11-20T22:14:33.120Z","reason":"kernel update","by":"deploy"})");
}

TEST(InstanceJson, ClaimBodyLeavesOutWhatItsSourceDidNotSay) {
  InstanceBody body = *web_i1().body;
  body.weight.reset();
  std::string out;
  append_body(out, body);
  EXPECT_EQ(out.find("weight"), std::string::npos) << out;
  EXPECT_TRUE(out.starts_with(R"({"addresses":["10.0.0.7","2001:db8::7"],"ports":[)")) << out;
}

TEST(JsonText, EscapesWhatMustBeEscaped) {
  struct Row {
    const char* why;
    std::string_view text;
    std::string_view json;
  };
  constexpr Row kRows[] = {
      {"empty", "", R"("")"},
      {"plain text is copied", "web-1", R"("web-1")"},
      {"quote and backslash", R"(a"b\c)", R"("a\"b\\c")"},
      {"the short escapes", "\n\r\t", R"("\n\r\t")"},
      {"other control characters", std::string_view("\0\x1f", 2), R"("\u0000\u001f")"},
      {"UTF-8 stays as it is", "gr\xc3\xbc\xc3\x9f", "\"gr\xc3\xbc\xc3\x9f\""},
      {"an escape at the end", "x\"", R"("x\"")"},
  };
  for (const Row& row : kRows) {
    SCOPED_TRACE(row.why);
    std::string out;
    append_string(out, row.text);
    EXPECT_EQ(out, row.json);
  }
}

TEST(JsonText, DoublesReadBackAsTheyWere) {
  std::string out;
  append_number(out, 0.625, true);
  out += ' ';
  append_number(out, 10.0, true);
  out += ' ';
  append_number(out, 10.0);
  out += ' ';
  append_number(out, 1e300, true);
  EXPECT_EQ(out, "0.625 10.0 10 1e+300");
}

TEST(Rfc3339, WritesAndReadsBack) {
  for (const std::string_view text :
       {"1970-01-01T00:00:00.000Z", "2026-11-20T22:14:33.120Z", "2024-02-29T23:59:59.999Z"}) {
    std::string out;
    append_rfc3339(out, at(text));
    EXPECT_EQ(out, text);
  }
  EXPECT_EQ(at("2026-11-20T22:14:33Z"), at("2026-11-20T22:14:33.000Z"));
}

TEST(Rfc3339, RefusesEverythingElse) {
  for (const std::string_view text :
       {"", "2026-11-20", "2026-11-20 22:14:33Z", "2026-11-20T22:14:33", "2026-11-20T24:00:00Z",
        "2026-02-30T00:00:00Z", "2026-11-20T22:60:00Z", "2026-11-20T22:14:60Z", "2026-1x-20T22:14:33Z",
        "2026-11-20T22:14:33+01:00", "2026-11-20T22:14:33.1x0Z"}) {
    EXPECT_FALSE(parse_rfc3339(text)) << text;
  }
}

}  // namespace
}  // namespace muster::registry::api
