// The Lyft routes when the store is full and when time runs out.
#include <gtest/gtest.h>

#include "registry/api/lyft.h"
#include "tests/registry/support/api_house.h"

namespace muster::registry::test {
namespace {

// Without threads, so that a test can hold the disk and the clock.
class LyftInHand : public testing::Test {
 protected:
  LyftInHand() {
    api::add_lyft_routes(
        house.router, {}, [this](Job job) { return house.submit(std::move(job)); },
        [this] { return house.now; });
  }
  std::shared_ptr<CaughtReply> post(const std::string& target, const std::string& body) {
    return house.start({"POST", target, body, {{"Content-Type", "application/x-www-form-urlencoded"}}, {}});
  }
  std::shared_ptr<CaughtReply> host(const std::string& ip) {
    return post("/v1/registration/web",
                "ip=" + ip + R"(&port=80&revision=a&tags={"az":"a","region":"r","instance_id":"i"})");
  }
  ApiHouse house;
};

TEST_F(LyftInHand, AFullStoreRefusesNewWritesButNoHeartbeat) {
  EXPECT_EQ(host("10.0.0.1")->response->status, 200);
  house.has_room = false;
  EXPECT_EQ(host("10.0.0.1")->response->status, 200) << "a heartbeat";
  const auto refused = host("10.0.0.2");
  EXPECT_EQ(refused->response->status, 503);
  EXPECT_EQ(header(*refused->response, "Retry-After"), "1");
  EXPECT_FALSE(house.registry.find("web", "10-0-0-2"));
  EXPECT_EQ(post("/v1/loadbalancing/web/10.0.0.1", "load_balancing_weight=5")->response->status, 503);
  EXPECT_EQ(house.start({"DELETE", "/v1/registration/web/10.0.0.1"})->response->status, 503);
  EXPECT_EQ(house.refused_writes, 3u);
}

TEST_F(LyftInHand, ADeadlineTellsWhetherTheHostIsRegistered) {
  house.deadline = house.now.steady + Millis{250};
  house.hold_jobs = true;
  const auto before = host("10.0.0.1");
  EXPECT_TRUE(before->late());
  EXPECT_EQ(before->response->status, 504);
  EXPECT_EQ(before->response->body,
            R"({"error":"the deadline passed before this began: nothing was changed","applied":false})");
  house.hold_jobs = false;
  house.run_jobs();
  EXPECT_FALSE(house.registry.find("web", "10-0-0-1")) << "what was refused is not done afterwards";

  house.hold_disk = true;
  const auto after = host("10.0.0.1");
  EXPECT_FALSE(after->response);
  EXPECT_TRUE(after->late());
  EXPECT_EQ(after->response->status, 504);
  EXPECT_TRUE(after->response->body.ends_with(R"(,"applied":true})")) << after->response->body;
  EXPECT_TRUE(house.registry.find("web", "10-0-0-1"));
  house.on_disk.front()({true});
  EXPECT_EQ(after->response->status, 504) << "one answer";
}

}  // namespace
}  // namespace muster::registry::test
