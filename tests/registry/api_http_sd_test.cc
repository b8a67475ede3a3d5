// GET /api/v1/http_sd: what Prometheus is told to scrape, octet for octet.
#include <gmock/gmock.h>

#include <boost/json.hpp>
#include <regex>

#include "tests/registry/support/api_house.h"

namespace muster::registry::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class HttpSd : public ::testing::Test {
 protected:
  void put(const std::string& service, const std::string& id, std::string body) {
    const auto reply = house.put("/api/v1/services/" + service + "/instances/" + id, std::move(body));
    ASSERT_LT(reply.status, 300) << reply.body;
  }
  // By another door, which takes any name.
  void list(const std::string& service, const std::string& id, InstanceBody body) {
    Registration task;
    task.service = service;
    task.id = id;
    task.source = {SourceKind::scheduler, "mesos"};
    task.body = shared(std::move(body));
    ASSERT_TRUE(house.registry.apply(task, house.now));
  }
  http::Response asked(const std::string& query = "") { return house.get("/api/v1/http_sd" + query); }
  // "web/i1 10.0.0.7:8080" each.
  std::vector<std::string> found(const std::string& query = "") {
    std::vector<std::string> lines;
    const auto groups = boost::json::parse(asked(query).body);
    for (const auto& group : groups.as_array()) {
      const auto& labels = group.at("labels").as_object();
      std::string line(labels.at("__meta_muster_service").as_string());
      line.append("/").append(labels.at("__meta_muster_instance").as_string());
      for (const auto& target : group.at("targets").as_array()) line.append(" ").append(target.as_string());
      lines.push_back(std::move(line));
    }
    return lines;
  }
  api::Outside wiring() {
    api::Outside outside;
    outside.loaded = [this] { return loaded; };
    outside.missing = [this] { return missing; };
    return outside;
  }
  bool loaded = true;
  std::vector<api::Missing> missing;
  ApiHouse house{wiring()};
};

TEST_F(HttpSd, IsWhatPrometheusReads) {
  put("web", "i1", R"({"address":"10.0.0.7","port":8080,"tags":{"az":"a \"b\"\\"}})");
  put("web", "i2", R"({"address":"2001:db8::9","port":80})");
  const auto reply = asked("?service=web");
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(header(reply, "Content-Type"), "application/json");
  EXPECT_EQ(
      reply.body,
      R"([{"targets":["10.0.0.7:8080"],"labels":{"__meta_muster_service":"web","__meta_muster_instance":"i1",)"
      R"("__meta_muster_tag_az":"a \"b\"\\"}},)"
      R"({"targets":["[2001:db8::9]:80"],"labels":{"__meta_muster_service":"web","__meta_muster_instance":"i2"}}])");
  EXPECT_EQ(asked("?service=nobody").body, "[]") << "that nobody is there is known";
}

TEST_F(HttpSd, FindsServicesAsAListingDoes) {
  for (const char* service : {"db", "web", "web-1", "web-2", "webs"}) {
    put(service, "a", R"({"address":"10.0.0.7","port":80})");
  }
  struct Row {
    const char* glob;
    std::vector<std::string> services;
  };
  const Row kRows[] = {
      {"*", {"db", "web", "web-1", "web-2", "webs"}},
      {"web", {"web"}},
      {"web*", {"web", "web-1", "web-2", "webs"}},
      {"web-?", {"web-1", "web-2"}},
      {"*b", {"db", "web"}},
      {"?b", {"db"}},
      {"a*", {}},
      {"z*", {}},
      {"we", {}},
  };
  for (const Row& row : kRows) {
    SCOPED_TRACE(row.glob);
    std::vector<std::string> expected;
    for (const std::string& service : row.services) expected.push_back(service + "/a 10.0.0.7:80");
    EXPECT_EQ(found("?service=" + std::string(row.glob)), expected);
    const auto listing = boost::json::parse(house.get("/api/v1/services?glob=" + std::string(row.glob)).body);
    EXPECT_EQ(listing.at("services").as_array().size(), row.services.size());
  }
  EXPECT_EQ(found().size(), 5u) << "without a glob: all";
}

TEST_F(HttpSd, ListingsGoOnFromAnyPlaceWhateverTheGlob) {
  for (const char* service : {"db", "web", "web-1", "web-2", "xyz"}) {
    put(service, "a", R"({"address":"10.0.0.7","port":80})");
  }
  const auto after = [&](const std::string& query) {
    std::vector<std::string> names;
    const auto listing = boost::json::parse(house.get("/api/v1/services?" + query).body);
    for (const auto& service : listing.at("services").as_array()) {
      names.emplace_back(service.at("name").as_string());
    }
    return names;
  };
  EXPECT_THAT(after("glob=web*&after=a"), ElementsAre("web", "web-1", "web-2"));
  EXPECT_THAT(after("glob=web*&after=web"), ElementsAre("web-1", "web-2"));
  EXPECT_THAT(after("glob=web-2&after=web-1"), ElementsAre("web-2"));
  EXPECT_THAT(after("glob=web*&after=web-2"), IsEmpty());
  EXPECT_THAT(after("glob=web*&after=x"), IsEmpty());
  EXPECT_THAT(after("after=web-2"), ElementsAre("xyz"));
}

TEST_F(HttpSd, TakesThePortThatIsAskedFor) {
  put("web", "a", R"({"address":"10.0.0.1","ports":[{"port":80},{"name":"metrics","port":9100}]})");
  put("web", "b", R"({"address":"10.0.0.2"})");
  put("web", "c", R"({"address":"10.0.0.3","ports":[{"name":"metrics","port":1,"proto":"udp"},
                     {"name":"metrics","port":2,"proto":"tcp"}]})");
  put("web", "d", R"({"address":"10.0.0.4","ports":[{"name":"syslog","port":514,"proto":"udp"}]})");
  EXPECT_THAT(found(), ElementsAre("web/a 10.0.0.1:80", "web/c 10.0.0.3:1", "web/d 10.0.0.4:514"))
      << "the first of each; who has none is left out";
  EXPECT_THAT(found("?port=metrics"), ElementsAre("web/a 10.0.0.1:9100", "web/c 10.0.0.3:2"));
  EXPECT_THAT(found("?port=syslog"), ElementsAre("web/d 10.0.0.4:514"));
  EXPECT_THAT(found("?port=none"), IsEmpty());
}

TEST_F(HttpSd, IsOneTargetAnInstanceAtItsFirstAddress) {
  put("web", "a", R"({"addresses":["10.0.0.1","10.0.0.2","2001:db8::1"],"port":80})");
  put("web", "b", R"({"addresses":["2001:db8::2","10.0.0.3"],"port":80})");
  put("web", "c", R"({"url":"http://10.0.0.4:8080/x"})");
  put("web", "d", R"({"url":"jms:/Queue.orders"})");
  put("web", "e", R"({"url":"http://not-looked-up.example/"})");
  EXPECT_THAT(found(), ElementsAre("web/a 10.0.0.1:80", "web/b [2001:db8::2]:80", "web/c 10.0.0.4:8080"));
}

TEST_F(HttpSd, PairsPortsOfTheAgentWithItsAddress) {
  InstanceBody body;
  body.addresses = {address("10.1.0.1")};
  body.host_addresses = {address("10.0.0.1")};
  body.ports = {Port{"http", 31000, Protocol::tcp, PortScope::host, 0, {}},
                Port{"admin", 9000, Protocol::tcp, PortScope::container, 0, {}}};
  list("web", "t", std::move(body));
  EXPECT_THAT(found("?port=http"), ElementsAre("web/t 10.0.0.1:31000"));
  EXPECT_THAT(found("?port=admin"), ElementsAre("web/t 10.1.0.1:9000"));
}

TEST_F(HttpSd, HoldsWhoIsReady) {
  const std::string web = "/api/v1/services/web/instances/";
  for (const char* id : {"a", "b", "c", "d", "e", "f", "g"}) {
    put("web", id, R"({"address":"10.0.0.7","port":80})");
  }
  house.post(web + "a/drain", "");
  house.put(web + "b/admin", R"({"mode":"down"})");
  house.post(web + "c/heartbeat", R"({"status":"critical"})");
  house.post(web + "d/heartbeat", R"({"weight":0})");
  house.post(web + "e/heartbeat", R"({"overloaded":true})");
  put("web", "f", R"({"address":"10.0.0.7","port":80,"priority":5})");
  house.remove(web + "g");
  list("not a label", "t", body_at("10.0.0.7"));
  EXPECT_THAT(found(), ElementsAre("web/d 10.0.0.7:80", "web/e 10.0.0.7:80", "web/f 10.0.0.7:80"))
      << "who gets nothing now, for its weight, load or priority, runs and is watched";
  const auto listed = boost::json::parse(house.get("/api/v1/services/web?ready=true").body);
  EXPECT_EQ(listed.at("instances").as_array().size(), 3u) << "they are those that count as ready elsewhere";
}

TEST_F(HttpSd, KeepsThoseThatProtectionHolds) {
  for (int i = 0; i < 6; ++i) {
    put("web", "i" + std::to_string(i), R"({"address":"10.0.0.7","port":80,"lease":"10s"})");
  }
  house.now = house.now + Millis(10'100);
  while (house.registry.tick(house.now, 1000)) {
  }
  ASSERT_EQ(house.registry.find("web", "i0")->lease_state, LeaseState::suspect);
  EXPECT_EQ(found().size(), 6u);
}

TEST_F(HttpSd, LabelsAreThoseThatPrometheusTakes) {
  struct Row {
    const char* why;
    const char* tags;
    std::vector<std::string> labels;
  };
  const Row kRows[] = {
      {"what is no letter or digit is a line",
       R"({"team.x":"1","a-b":"2","c_d":"3","9":"4"})",
       {"9=4", "a_b=2", "c_d=3", "team_x=1"}},
      {"the first of those that become one", R"({"a.b":"dot","a-b":"dash"})", {"a_b=dash"}},
      {"but rather the one that is called so", R"({"a.b":"dot","a-b":"dash","a_b":"line"})", {"a_b=line"}},
  };
  for (const Row& row : kRows) {
    SCOPED_TRACE(row.why);
    put("web", "i1", R"({"address":"10.0.0.7","port":80,"tags":)" + std::string(row.tags) + "}");
    const auto groups = boost::json::parse(asked().body);
    std::vector<std::string> labels;
    constexpr std::string_view kTag = "__meta_muster_tag_";
    for (const auto& [name, value] : groups.at(0).at("labels").as_object()) {
      const std::string label(name);
      EXPECT_TRUE(std::regex_match(label, std::regex("[a-zA-Z_][a-zA-Z0-9_]*"))) << label;
      if (label.starts_with(kTag))
        labels.push_back(label.substr(kTag.size()) + "=" + std::string(value.as_string()));
    }
    EXPECT_EQ(labels, row.labels);
  }
}

TEST_F(HttpSd, WalksManyServicesInTurns) {
  for (int i = 0; i < 300; ++i) put("s" + std::to_string(i), "a", R"({"address":"10.0.0.7","port":1})");
  house.turns = 0;
  EXPECT_EQ(found().size(), 300u);
  EXPECT_EQ(house.turns, 3u);
}

// An empty list would be believed, and a part of one.
TEST_F(HttpSd, IsNotGivenWhileNotAllIsKnown) {
  loaded = false;
  EXPECT_EQ(asked().status, 503);
  EXPECT_EQ(boost::json::parse(asked().body).at("error"), "starting");
  loaded = true;
  missing = {{"source", "marathon", "not synced"}};
  EXPECT_EQ(asked().status, 503) << "it may have any number of instances";
  missing = {{"zone", "example.test.", "not loaded"}};
  EXPECT_EQ(asked().body, "[]") << "a zone of a file has none";
}

TEST_F(HttpSd, RefusesWhatMakesNoSense) {
  struct Row {
    const char* query;
    const char* error;
    const char* message;
  };
  const Row kRows[] = {
      {"?name=web", "unknown_field", "unknown query parameter \"name\"; known here: service port"},
      {"?port=", "invalid_field",
       "port name must be one label of 1 to 62 octets a-z, 0-9 and -, beginning and ending with a letter or "
       "digit"},
      {"?port=Metrics", "invalid_field", "port name must be lower case: \"metrics\""},
      {"?port=a%2Fb", "invalid_field",
       "port name must be one label of 1 to 62 octets a-z, 0-9 and -, beginning and ending with a letter or "
       "digit"},
  };
  for (const Row& row : kRows) {
    SCOPED_TRACE(row.query);
    const auto reply = asked(row.query);
    EXPECT_EQ(reply.status, 400);
    const auto value = boost::json::parse(reply.body);
    EXPECT_EQ(value.at("error"), row.error);
    EXPECT_EQ(value.at("message"), row.message);
  }
  EXPECT_EQ(house.ask({"GET", "/api/v1/http_sd", "", {{"Accept", "text/html"}}}).status, 406);
}

}  // namespace
}  // namespace muster::registry::test
