// GET /api/v1/answers: whom the answers hold, as the wiring says, with all instances, in pages.
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json.hpp>
#include <set>

#include "tests/registry/support/api_house.h"

namespace muster::registry::test {
namespace {

boost::json::value json(const http::Response& response) {
  boost::json::error_code fault;
  auto value = boost::json::parse(response.body, fault);
  EXPECT_FALSE(fault) << response.body;
  return value;
}

class Answers : public ::testing::Test {
 protected:
  api::Outside wiring() {
    api::Outside outside;
    outside.answering_of = [this](const std::string& service) { return answering(service); };
    outside.loaded = [this] { return loaded; };
    outside.missing = [this] { return missing; };
    return outside;
  }
  bool loaded = true;
  std::vector<api::Missing> missing;
  ApiHouse house{wiring()};
  std::function<api::Answering(const std::string&)> answering = [this](const std::string& service) {
    return api::Answering{false, "", house.registry.view(service, house.now).instances};
  };
};

TEST_F(Answers, ComeInPagesThatMissNobody) {
  for (int i = 0; i < 300; ++i)
    house.put("/api/v1/services/s" + std::to_string(1000 + i) + "/instances/a",
              R"({"address":"10.0.0.7","port":1})");
  for (const char* limit : {"7", "128", "299", "300", "1000"}) {
    std::vector<std::string> names;
    std::string after;
    do {
      const auto page =
          json(house.get("/api/v1/answers?limit=" + std::string(limit) + "&after=" + after)).as_object();
      for (const auto& service : page.at("services").as_array()) {
        names.emplace_back(service.at("service").as_string());
        EXPECT_EQ(service.at("answering").as_array().size(), 1u);
        EXPECT_EQ(service.at("instances").at(0).at("id"), "a");
        EXPECT_TRUE(service.at("fallback").is_null());
      }
      EXPECT_GT(page.at("revision").to_number<std::uint64_t>(), 0u);
      after = page.at("next").is_null() ? "" : std::string(page.at("next").as_string());
    } while (!after.empty());
    EXPECT_EQ(names.size(), 300u) << limit;
    EXPECT_TRUE(std::ranges::is_sorted(names));
    EXPECT_EQ(std::set<std::string>(names.begin(), names.end()).size(), 300u) << limit;
  }
  house.turns = 0;
  house.get("/api/v1/answers");
  EXPECT_EQ(house.turns, 4u);
  EXPECT_EQ(house.get("/api/v1/answers?limit=0").status, 400);
}

TEST_F(Answers, SayWhoIsInThemAndWhoseTheyAre) {
  house.put("/api/v1/services/web/instances/i1", R"({"address":"10.0.0.7","port":8080})");
  house.put("/api/v1/services/web/instances/i2", R"({"address":"10.0.0.8","port":8080})");
  answering = [&](const std::string&) {
    return api::Answering{true, "", {house.registry.find("web", "i2")}};
  };
  auto web = json(house.get("/api/v1/answers?service=web")).at("services").at(0).as_object();
  EXPECT_EQ(boost::json::serialize(web.at("answering")), R"(["i2"])");
  EXPECT_EQ(web.at("instances").as_array().size(), 2u);
  EXPECT_EQ(web.at("panic"), true);
  answering = [&](const std::string&) {
    return api::Answering{true, "spare", {house.registry.find("web", "i2")}};
  };
  web = json(house.get("/api/v1/answers?service=web")).at("services").at(0).as_object();
  EXPECT_EQ(boost::json::serialize(web.at("answering")), "[]");
  EXPECT_EQ(web.at("fallback").at("service"), "spare");
  EXPECT_EQ(web.at("fallback").at("instances").at(0).at("id"), "i2");
}

TEST_F(Answers, AreLookedAtOnceAllThatTheirRevisionCountsIsVisible) {
  house.put("/api/v1/services/web/instances/i1", R"({"address":"10.0.0.7","port":8080})");
  house.turns = 0;
  std::size_t ended = 0;
  answering = [&](const std::string&) {
    ended = house.turns;
    return api::Answering{};
  };
  house.get("/api/v1/answers");
  EXPECT_GE(ended, 1u) << "what the same turn has taken before is not published yet";
}

TEST_F(Answers, AreNotGivenWhileNothingIsLoaded) {
  loaded = false;
  EXPECT_EQ(house.get("/api/v1/answers").status, 503);
  loaded = true;
  missing = {{"source", "marathon", "not synced"}};
  EXPECT_EQ(house.get("/api/v1/answers").status, 503) << "it may have any number of instances";
  missing = {{"zone", "example.test.", "not loaded"}};
  EXPECT_EQ(house.get("/api/v1/answers").status, 200);
}

TEST_F(Answers, LeaveOutWhatIsNotPublished) {
  Registration task;
  task.service = "not a label";
  task.id = "t";
  task.source = {SourceKind::scheduler, "mesos"};
  task.body = shared(body_at("10.0.0.7"));
  ASSERT_TRUE(house.registry.apply(task, house.now));
  EXPECT_EQ(boost::json::serialize(json(house.get("/api/v1/answers")).at("services")), "[]");
}

}  // namespace
}  // namespace muster::registry::test
