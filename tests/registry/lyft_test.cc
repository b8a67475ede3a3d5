// The Lyft routes as their clients see them: a real server, registry, control thread and memory store.
#include "registry/api/lyft.h"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <future>

#include "registry/control.h"
#include "tests/registry/support/http_house.h"

namespace muster::registry::api {
namespace {

using test::HttpClient;
using test::HttpHouse;
using test::HttpResponse;
using test::request;
namespace json = boost::json;
using namespace std::chrono_literals;

constexpr const char* kForm = "Content-Type: application/x-www-form-urlencoded\r\n";

RegistryConfig registry_config() {
  RegistryConfig config;
  config.epoch = "0b7c";
  return config;
}

class LyftHouse : public testing::Test {
 protected:
  explicit LyftHouse(LyftConfig config = {})
      : registry(registry_config(), net::machine_now()),
        store(
            open_store({.kind = "memory", .path = "", .commit_every = Millis(0), .max_pending_rows = 65536})),
        control(
            {}, registry, *store,
            {.kind = "memory", .path = "", .commit_every = Millis(0), .max_pending_rows = 65536},
            [](const Batch&, Instant) {},
            [this](std::vector<net::UniqueFunction<void()>> answers) {
              boost::asio::post(house.io, [answers = std::move(answers)]() mutable {
                for (auto& answer : answers) answer();
              });
            }) {
    add_lyft_routes(house.router, std::move(config),
                    [this](Job job) { return control.submit(std::move(job)); });
    control.start();
    house.start();
    client.emplace(house.at());
  }
  ~LyftHouse() override {
    house.stop();
    control.stop();
  }

  HttpResponse ask(std::string_view method, std::string_view target, std::string_view body = {}) {
    const auto response = client->ask(request(method, target, body, kForm));
    return response ? *response : HttpResponse{};
  }
  static std::string form(const std::string& ip, const std::string& more_tags = "",
                          const std::string& port = "80", const std::string& revision = "abc") {
    return "ip=" + ip + "&port=" + port + "&revision=" + revision +
           "&tags={\"az\":\"a\",\"region\":\"r\",\"instance_id\":\"i\"" + more_tags + "}";
  }
  HttpResponse post(const std::string& service, const std::string& body) {
    return ask("POST", "/v1/registration/" + service, body);
  }
  json::array hosts(const std::string& service) {
    return json::parse(ask("GET", "/v1/registration/" + service).body).at("hosts").as_array();
  }

  HttpHouse house;
  Registry registry;
  std::unique_ptr<Store> store;
  Control control;
  std::optional<HttpClient> client;
};

TEST_F(LyftHouse, AHostHasExactlySevenMembers) {
  const auto posted = post("web", form("10.0.0.1") + "&service_repo_name=repo");
  EXPECT_EQ(posted.status, 200);
  EXPECT_EQ(posted.body, "{}");
  EXPECT_EQ(posted.header("content-type"), "application/json");
  const auto got = ask("GET", "/v1/registration/web");
  EXPECT_EQ(got.status, 200);
  const std::string head =
      R"({"service":"web","env":"development","hosts":[{"ip_address":"10.0.0.1","port":80,"revision":"abc",)"
      R"("service":"web","service_repo_name":"repo","last_check_in":")";
  ASSERT_TRUE(got.body.starts_with(head)) << got.body;
  const auto time = got.body.substr(head.size(), 26);
  EXPECT_EQ(time[10], ' ');
  EXPECT_EQ(time[19], '.');
  EXPECT_EQ(got.body.substr(head.size() + 26), R"(","tags":{"az":"a","region":"r","instance_id":"i"}}]})");
  const auto repo = ask("GET", "/v1/registration/repo/repo");
  EXPECT_TRUE(
      repo.body.starts_with(R"({"service_repo_name":"repo","env":"development","hosts":[{"ip_address")"));
}

TEST_F(LyftHouse, RoutesAndTheirFailures) {
  struct Row {
    const char* why;
    const char* method;
    const char* target;
    std::string body;
    int status;
    const char* reply;
  };
  const char* kNotAllowed = R"({"message":"The method is not allowed for the requested URL."})";
  const char* kMissing = R"({"error":"Required parameter 'weight' is missing."})";
  const char* kInvalid = R"({"error":"Invalid load_balancing_weight. Supply an integer between 1 and 100."})";
  const Row rows[] = {
      {"alive", "GET", "/healthcheck", "", 200, "OK"},
      {"alive, other method", "POST", "/healthcheck", "", 405, kNotAllowed},
      {"unknown service", "GET", "/v1/registration/none", "", 200,
       R"({"service":"none","env":"development","hosts":[]})"},
      {"unknown repo", "GET", "/v1/registration/repo/none", "", 200,
       R"({"service_repo_name":"none","env":"development","hosts":[]})"},
      {"the service repo", "GET", "/v1/registration/repo", "", 200,
       R"({"service":"repo","env":"development","hosts":[]})"},
      {"no parameters", "POST", "/v1/registration/web", "", 400, "{}"},
      {"bad tags", "POST", "/v1/registration/web", "tags={", 400,
       R"({"error":"Invalid json supplied in tags"})"},
      {"parameters in the query", "POST", "/v1/registration/web?ip=10.0.0.1&port=80&revision=a", "", 400,
       "{}"},
      {"a control character in the name", "POST", "/v1/registration/a%01", form("10.0.0.1"), 400, "{}"},
      {"no such host", "DELETE", "/v1/registration/web/10.0.0.9", "", 400, "{}"},
      {"no address", "DELETE", "/v1/registration/web/localhost", "", 400, "{}"},
      {"weight missing comes before the look-up", "POST", "/v1/loadbalancing/none/10.0.0.1", "", 400,
       kMissing},
      {"weight invalid, too", "POST", "/v1/loadbalancing/none/x", "load_balancing_weight=x", 400, kInvalid},
      {"unknown host", "POST", "/v1/loadbalancing/none/10.0.0.1", "load_balancing_weight=5", 404,
       R"({"error":"Host not found"})"},
      {"malformed host", "POST", "/v1/loadbalancing/none/x", "load_balancing_weight=5", 404,
       R"({"error":"Host not found"})"},
      {"weight of an unknown service", "POST", "/v1/loadbalancing/none", "load_balancing_weight=5", 204, ""},
      {"service weight missing", "POST", "/v1/loadbalancing/none", "", 400, kMissing},
      {"GET of a host", "GET", "/v1/registration/web/10.0.0.1", "", 405, kNotAllowed},
      {"POST of a host", "POST", "/v1/registration/web/10.0.0.1", "", 405, kNotAllowed},
      {"DELETE of a service", "DELETE", "/v1/registration/web", "", 405, kNotAllowed},
      {"GET of a weight", "GET", "/v1/loadbalancing/web", "", 405, kNotAllowed},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.why);
    const auto got = ask(row.method, row.target, row.body);
    EXPECT_EQ(got.status, row.status);
    EXPECT_EQ(got.body, row.reply);
    if (row.status == 405) {
      EXPECT_FALSE(got.header("allow").empty());
    }
  }
  for (const char* path : {"/", "/v1", "/v1/registration", "/v1/registration/", "/v1/registration/a/",
                           "/v1/registration//b", "/v1/registration/a/b/c", "/v2/registration/a"}) {
    EXPECT_EQ(ask("GET", path).status, 404) << path;
  }
}

TEST_F(LyftHouse, ThePathIsDecodedBeforeItIsSplit) {
  EXPECT_EQ(post("a%20b%C3%A4", form("10.0.0.1")).status, 200);
  EXPECT_EQ(hosts("a%20b%c3%a4").size(), 1u);
  EXPECT_EQ(ask("DELETE", "/v1/registration/a%20b%C3%A4%2F10.0.0.1").status, 200);
  EXPECT_EQ(hosts("a%20b%C3%A4").size(), 0u);
}

TEST_F(LyftHouse, RepoIsAnOrdinaryServiceForWrites) {
  EXPECT_EQ(post("repo", form("10.0.0.1")).status, 200);
  EXPECT_EQ(hosts("repo").size(), 1u);
  EXPECT_EQ(ask("DELETE", "/v1/registration/repo/10.0.0.1").status, 200);
  EXPECT_EQ(hosts("repo").size(), 0u);
}

TEST_F(LyftHouse, MultipartIsAForm) {
  const std::string tags = R"({"az":"a","region":"r","instance_id":"i"})";
  std::string body;
  for (const auto& [name, value] : std::vector<std::pair<std::string, std::string>>{
           {"ip", "10.0.0.1"}, {"port", "80"}, {"revision", "abc"}, {"tags", tags}}) {
    body += "--B\r\nContent-Disposition: form-data; name=\"" + name + "\"\r\n\r\n" + value + "\r\n";
  }
  const auto posted = client->ask(request("POST", "/v1/registration/web", body + "--B--\r\n",
                                          "Content-Type: multipart/form-data; boundary=B\r\n"));
  EXPECT_EQ(posted->status, 200);
  EXPECT_EQ(hosts("web").size(), 1u);
}

TEST_F(LyftHouse, WeightsSurviveHeartbeatsAndStayWithTheirHost) {
  post("web", form("10.0.0.1"));
  post("web", form("10.0.0.2"));
  EXPECT_EQ(ask("POST", "/v1/loadbalancing/web/10.0.0.1", "load_balancing_weight=7").status, 204);
  post("web", form("10.0.0.1", "", "81", "new"));
  auto now = hosts("web");
  ASSERT_EQ(now.size(), 2u);
  EXPECT_EQ(now[0].at("tags").at("load_balancing_weight").as_int64(), 7);
  EXPECT_EQ(now[0].at("port").as_int64(), 81);
  EXPECT_FALSE(now[1].at("tags").as_object().contains("load_balancing_weight"));
  EXPECT_EQ(ask("POST", "/v1/loadbalancing/web", "load_balancing_weight=9").status, 204);
  post("web", form("10.0.0.3"));
  now = hosts("web");
  EXPECT_EQ(now[0].at("tags").at("load_balancing_weight").as_int64(), 9);
  EXPECT_EQ(now[1].at("tags").at("load_balancing_weight").as_int64(), 9);
  EXPECT_FALSE(now[2].at("tags").as_object().contains("load_balancing_weight"))
      << "later hosts are not concerned";
  post("web", form("10.0.0.1", ",\"load_balancing_weight\":3"));
  EXPECT_EQ(hosts("web")[0].at("tags").at("load_balancing_weight").as_int64(), 3);
}

TEST_F(LyftHouse, ADeletedHostForgetsItsTagsAndMayComeBack) {
  post("web", form("10.0.0.1", ",\"canary\":true"));
  EXPECT_EQ(ask("DELETE", "/v1/registration/web/10.0.0.1").status, 200);
  EXPECT_EQ(ask("DELETE", "/v1/registration/web/10.0.0.1").status, 400);
  EXPECT_EQ(post("web", form("10.0.0.1")).status, 200);
  EXPECT_FALSE(hosts("web")[0].at("tags").as_object().contains("canary"));
}

TEST_F(LyftHouse, OfManyDeletesExactlyOneGetsIt) {
  post("web", form("10.0.0.1"));
  std::atomic<int> got = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      HttpClient other(house.at());
      if (other.ask(request("DELETE", "/v1/registration/web/10.0.0.1"))->status == 200) ++got;
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(got, 1);
}

TEST_F(LyftHouse, FourHundredHostsBySixteenWriters) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 16; ++t) {
    threads.emplace_back([this, t] {
      HttpClient other(house.at());
      for (int i = 0; i < 25; ++i) {
        const auto ip = "10.1." + std::to_string(t) + "." + std::to_string(i);
        EXPECT_EQ(other.ask(request("POST", "/v1/registration/many", form(ip), kForm))->status, 200);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(hosts("many").size(), 400u);
}

class LyftShortTtl : public LyftHouse {
 protected:
  static LyftConfig config() {
    LyftConfig config;
    config.host_ttl = 2s;  // registry.lease_min
    return config;
  }
  LyftShortTtl() : LyftHouse(config()) {}
};

TEST_F(LyftShortTtl, AnExpiredHostIsGoneEverywhere) {
  post("web", form("10.0.0.1", ",\"canary\":true") + "&service_repo_name=repo");
  EXPECT_EQ(hosts("web").size(), 1u);
  std::this_thread::sleep_for(2200ms);
  EXPECT_EQ(hosts("web").size(), 0u);
  EXPECT_EQ(hosts("repo/repo").size(), 0u);
  EXPECT_EQ(ask("DELETE", "/v1/registration/web/10.0.0.1").status, 400);
  EXPECT_EQ(ask("POST", "/v1/loadbalancing/web/10.0.0.1", "load_balancing_weight=5").status, 404);
  post("web", form("10.0.0.1"));
  EXPECT_FALSE(hosts("web")[0].at("tags").as_object().contains("canary"));
}

TEST_F(LyftHouse, HostsOfOtherDoorsAreListedButNotTouched) {
  std::promise<void> done;
  ASSERT_TRUE(control.submit([&](Turn& turn) {
    auto body = std::make_shared<InstanceBody>();
    body->addresses = {*net::parse_ip("2001:db8::7"), *net::parse_ip("10.0.0.7")};
    body->ports.emplace_back().number = 8080;
    body->weight = 500;
    body->version = "v1";
    body->tags = {{"az", "z"}, {"canary", "true"}, {"team", "core"}};
    Registration native;
    native.service = "web";
    native.id = "i7";
    native.body = std::move(body);
    EXPECT_TRUE(turn.registry.apply(native, turn.now).has_value());
    done.set_value();
  }));
  done.get_future().get();
  const auto listed = hosts("web");
  ASSERT_EQ(listed.size(), 1u);
  EXPECT_EQ(listed[0].at("ip_address").as_string(), "10.0.0.7");
  EXPECT_EQ(listed[0].at("revision").as_string(), "v1");
  EXPECT_EQ(
      json::parse(
          R"({"az":"z","region":"","instance_id":"i7","canary":true,"load_balancing_weight":100,"team":"core"})"),
      listed[0].at("tags"));
  EXPECT_EQ(ask("DELETE", "/v1/registration/web/10.0.0.7").status, 400);
  EXPECT_EQ(ask("POST", "/v1/loadbalancing/web/10.0.0.7", "load_balancing_weight=5").status, 404);
}

TEST_F(LyftHouse, ABrowserMayNotRegister) {
  const auto refused = client->ask(request("POST", "/v1/registration/web", form("10.0.0.1"),
                                           std::string(kForm) + "Origin: http://evil.example\r\n"));
  EXPECT_EQ(refused->status, 403);
  EXPECT_TRUE(refused->body.starts_with("{\"error\":\"")) << refused->body;
  EXPECT_EQ(hosts("web").size(), 0u);
}

}  // namespace
}  // namespace muster::registry::api
