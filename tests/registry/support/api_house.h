// The native API over a real registry, without sockets or threads: a request goes through the router, its job
// runs at once, and what waits for visibility and durability is answered in the same breath, unless the test
// holds it.
#pragma once

#include <deque>

#include "registry/api/native.h"
#include "tests/registry/support/fixture.h"

namespace muster::registry::test {

class CaughtReply final : public http::Reply::Sink {
 public:
  void send(http::Response given) override { response = std::move(given); }
  std::shared_ptr<http::Stream> stream(http::Response) override { return nullptr; }
  void parked(bool) override {}
  void on_abandoned(net::UniqueFunction<void()>) override {}
  void on_late(net::SteadyTime, net::UniqueFunction<bool()> told) override { late = std::move(told); }
  bool charge(double cost) override {
    charged = cost;
    return true;
  }
  std::optional<http::Response> response;
  std::optional<double> charged;
  net::UniqueFunction<bool()> late;
};

struct Ask {
  std::string method = "GET";
  std::string target;
  std::string body{};
  http::Headers headers{};
  http::Caller caller{};
};

inline http::Caller writer() {
  http::Caller caller;
  caller.peer.address = address("192.0.2.99");
  caller.writes_all = caller.may_admin = true;
  return caller;
}

class ApiHouse {
 public:
  explicit ApiHouse(api::Outside outside = {}, std::vector<api::HealthCheck> checks = {},
                    RegistryConfig config = {})
      : registry((config.epoch = "0b7c", std::move(config)), kStart) {
    outside.now = [this] { return now; };
    outside.submit = [this](Job job) { return submit(std::move(job)); };
    outside.submit_brief = [submit = outside.submit](Job job, const BriefHints&) {
      return submit(std::move(job));
    };
    if (!outside.last_tick) outside.last_tick = [this] { return now.steady; };
    api.emplace(std::move(outside), std::move(checks));
    api->add_routes(router);
    api->set_epoch("0b7c");
  }

  http::Response ask(Ask what) {
    const auto sink = start(std::move(what));
    if (sink->response) return *sink->response;
    ADD_FAILURE() << "no answer";
    return {};
  }
  http::Response get(std::string target) { return ask({"GET", std::move(target)}); }
  http::Response put(std::string target, std::string body, http::Headers headers = {}) {
    return ask({"PUT", std::move(target), std::move(body), std::move(headers), writer()});
  }
  http::Response post(std::string target, std::string body, http::Headers headers = {}) {
    return ask({"POST", std::move(target), std::move(body), std::move(headers), writer()});
  }
  http::Response remove(std::string target) { return ask({"DELETE", std::move(target), "", {}, writer()}); }

  // A request whose answer may come later.
  std::shared_ptr<CaughtReply> start(Ask what) {
    auto sink = std::make_shared<CaughtReply>();
    http::Request request;
    request.method = what.method;
    request.target = what.target;
    request.body = std::move(what.body);
    request.headers = std::move(what.headers);
    request.caller = std::move(what.caller);
    request.received = now;
    request.deadline = deadline;
    const auto match = router.match(request);
    EXPECT_NE(match.route, nullptr) << what.method << " " << what.target << " is no route: " << match.status;
    if (match.route) match.route->handler(std::move(request), http::Reply(sink));
    run_jobs();
    return sink;
  }

  // Runs what is queued, one turn a job as the control thread does, then acknowledges.
  void run_jobs() {
    while (!jobs.empty() && !hold_jobs) {
      Turn turn(registry, now, has_room);
      Job job = std::move(jobs.front());
      jobs.pop_front();
      job(turn);
      ++turns;
      batch = registry.take_batch();
      for (auto& done : turn.visible) done({true});
      waited_for_disk = waited_for_disk || !turn.durable.empty();
      refused_writes += turn.refused_writes;
      for (auto& done : turn.durable) {
        if (hold_disk) {
          on_disk.push_back(std::move(done));
          continue;
        }
        now = now + disk_takes;
        done({disk_works});
      }
    }
  }

  bool submit(Job job) {
    if (queue_full) return false;
    jobs.push_back(std::move(job));
    return true;
  }

  Instant now = kStart;
  Registry registry;
  http::Router router;
  std::optional<api::NativeApi> api;
  std::deque<Job> jobs;
  Batch batch;
  std::optional<SteadyTime> deadline;
  std::size_t turns = 0;
  Millis disk_takes{0};
  bool disk_works = true;
  bool queue_full = false;
  bool hold_jobs = false;
  bool hold_disk = false;
  std::vector<Acknowledge> on_disk;  // those that wait for a held disk
  std::uint64_t refused_writes = 0;
  bool has_room = true;
  bool waited_for_disk = false;
};

inline std::string header(const http::Response& response, std::string_view name) {
  for (const auto& [key, value] : response.headers) {
    if (key == name) return value;
  }
  return "";
}

}  // namespace muster::registry::test
