#include "registry/api/mesos_dns.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace muster::registry::api {
namespace {

using http::Request;
using http::Response;

class Sink : public http::Reply::Sink {
 public:
  explicit Sink(std::optional<Response>& response) : response_(response) {}
  void send(Response response) override { response_ = std::move(response); }
  std::shared_ptr<http::Stream> stream(Response) override { return nullptr; }
  void parked(bool) override {}
  void on_abandoned(net::UniqueFunction<void()>) override {}

 private:
  std::optional<Response>& response_;
};

MesosDnsZone small_zone() {
  MesosDnsZone zone;
  zone.serial = 7;
  zone.a = {{"web.marathon.mesos.", {"10.0.1.10", "10.0.1.11"}}};
  zone.srv = {{"_web._tcp.marathon.mesos.", {"web-5quyu-s0.marathon.slave.mesos.:31000"}}};
  return zone;
}

class MesosDnsRoutes : public ::testing::Test {
 protected:
  MesosDnsRoutes() {
    for (const char* name : {"mesos", "other"}) sources_.push_back(source(name));
    add_mesos_dns_routes(router_, sources_, "1.2.3");
  }

  MesosDnsSource source(const std::string& name) {
    MesosDnsSource source;
    source.name = name;
    source.config.domain = name;
    source.config.ttl = 60;
    source.config.mname = "ns1." + name + ".";
    source.config.rname = "root.ns1." + name + ".";
    source.config.refresh_seconds = 10;
    source.config.has_secret = true;
    source.config.principal = "p";
    source.config.enumerates = name == "mesos";
    source.addresses = [this](std::string host, auto done) {
      asked_ = host;
      if (!synced_) return done(std::nullopt);
      if (host != "leader.mesos.") return done(std::vector<net::IpAddress>{});
      done(std::vector<net::IpAddress>{*net::parse_ip("2001:db8::1"), *net::parse_ip("10.0.1.12")});
    };
    source.targets = [this](std::string service, auto done) {
      asked_ = service;
      if (!synced_) return done(std::nullopt);
      std::vector<MesosDnsTarget> targets;
      if (service == "_web._tcp.marathon.mesos.")
        targets.push_back({"web-5quyu-s0.marathon.slave.mesos.", 31101, {*net::parse_ip("10.0.0.10")}});
      done(std::move(targets));
    };
    source.zone = [this](auto done) { synced_ ? done(small_zone()) : done(std::nullopt); };
    source.serial = [](auto done) { done(7u); };
    source.frameworks = [this](auto done) {
      if (!has_tasks_) return done(std::vector<MesosDnsFramework>{});
      MesosDnsTask task{"web", "web.aaa", {{"web.marathon.mesos.", "10.0.1.10", "A"}}};
      done(std::vector<MesosDnsFramework>{{"marathon", {task, {"bare", "bare.1", {}}}}});
    };
    return source;
  }

  Response get(const std::string& target, const http::Headers& headers = {}) {
    Request request;
    request.method = "GET";
    request.target = target;
    request.headers = headers;
    std::optional<Response> response;
    const auto match = router_.match(request);
    if (match.route == nullptr) return {match.status, {}, ""};
    match.route->handler(std::move(request), http::Reply(std::make_shared<Sink>(response)));
    return response.value_or(Response{0, {}, ""});
  }

  bool synced_ = true;
  bool has_tasks_ = true;
  std::string asked_;
  std::vector<MesosDnsSource> sources_;
  http::Router router_;
};

TEST_F(MesosDnsRoutes, Version) {
  EXPECT_EQ(
      get("/v1/version").body,
      R"({"Service":"Mesos-DNS","URL":"https://github.com/mesosphere/mesos-dns","Version":"muster 1.2.3"})");
}

TEST_F(MesosDnsRoutes, HostsAreAddressesOfTheNameIPv4First) {
  EXPECT_EQ(get("/v1/hosts/leader.mesos").body,
            R"([{"host":"leader.mesos.","ip":"10.0.1.12"},{"host":"leader.mesos.","ip":"2001:db8::1"}])");
}

TEST_F(MesosDnsRoutes, NamesAreReadAsMesosDnsReadsThem) {
  get("/v1/hosts/LEADER.*.mesos.");
  EXPECT_EQ(asked_, "leader.mesos.");
  get("/v1/services/_Web._tcp.marathon.mesos");
  EXPECT_EQ(asked_, "_web._tcp.marathon.mesos.");
}

TEST_F(MesosDnsRoutes, NothingFoundIsOneEmptyElement) {
  EXPECT_EQ(get("/v1/hosts/none.mesos").body, R"([{"host":"","ip":""}])");
  const Response services = get("/v1/services/_none._tcp.mesos");
  EXPECT_EQ(services.status, 200);
  EXPECT_EQ(services.body, R"([{"service":"","host":"","ip":"","port":""}])");
}

TEST_F(MesosDnsRoutes, ServicesAreSaidAsTheyWereAskedAndPortsAreStrings) {
  EXPECT_EQ(get("/v1/services/_web._tcp.marathon.mesos").body,
            R"([{"service":"_web._tcp.marathon.mesos","host":"web-5quyu-s0.marathon.slave.mesos.",)"
            R"("ip":"10.0.0.10","port":"31101"}])");
}

TEST_F(MesosDnsRoutes, PortsOfAHostNeverCameToBe) {
  const Response reply = get("/v1/hosts/leader.mesos/ports");
  EXPECT_EQ(reply.status, 501);
  EXPECT_EQ(reply.body, "To be implemented...\n");
}

TEST_F(MesosDnsRoutes, Enumerate) {
  EXPECT_EQ(get("/v1/enumerate").body,
            R"({"frameworks":[{"tasks":[{"name":"web","id":"web.aaa","records":[)"
            R"({"name":"web.marathon.mesos.","host":"10.0.1.10","rtype":"A"}]},)"
            R"({"name":"bare","id":"bare.1","records":null}],"name":"marathon"}]})");
  has_tasks_ = false;
  EXPECT_EQ(get("/v1/enumerate").body, R"({"frameworks":null})");
}

TEST_F(MesosDnsRoutes, Axfr) {
  EXPECT_EQ(
      get("/v1/axfr").body,
      R"({"TTL":60,"Serial":7,"RefreshSeconds":10,"Mname":"ns1.mesos.","Rname":"root.ns1.mesos.",)"
      R"("Domain":"mesos","Records":{"As":{"web.marathon.mesos.":["10.0.1.10","10.0.1.11"]},"AAAAs":{},)"
      R"("SRVs":{"_web._tcp.marathon.mesos.":["web-5quyu-s0.marathon.slave.mesos.:31000"]}}})");
}

TEST_F(MesosDnsRoutes, ConfigNeverShowsASecret) {
  const std::string body = get("/v1/config").body;
  EXPECT_NE(body.find(R"("MesosCredentials":{"Principal":"p","Secret":"********"})"), body.npos) << body;
  EXPECT_NE(body.find(R"("SOASerial":7)"), body.npos) << body;
}

TEST_F(MesosDnsRoutes, BeforeTheFirstPictureNothingIsSaid) {
  synced_ = false;
  for (const char* target : {"/v1/hosts/leader.mesos", "/v1/services/_a._tcp.mesos", "/v1/axfr"}) {
    const Response reply = get(target);
    EXPECT_EQ(reply.status, 503) << target;
    EXPECT_NE(std::ranges::find(reply.headers, std::pair<std::string, std::string>("Retry-After", "1")),
              reply.headers.end());
  }
}

TEST_F(MesosDnsRoutes, AnotherSourceIsNamed) {
  EXPECT_NE(get("/v1/config?source=other").body.find(R"("Domain":"other")"), std::string::npos);
  EXPECT_EQ(get("/v1/config?source=none").status, 404);
  EXPECT_EQ(get("/v1/enumerate?source=other").body, "404: Page Not Found\n") << "it does not enumerate";
}

TEST_F(MesosDnsRoutes, WhoDoesNotTakeJsonIsRefused) {
  const Response reply = get("/v1/version", {{"Accept", "text/html"}});
  EXPECT_EQ(reply.status, 406);
  EXPECT_EQ(reply.body, "406: Not Acceptable\n");
  EXPECT_EQ(get("/v1/version", {{"Accept", "text/html, */*;q=0.1"}}).status, 200);
}

}  // namespace
}  // namespace muster::registry::api
