// The native API under /api/v1, and the probes: every route and what it needs from the rest of musterd. The
// routes are split by noun (instances, batches, drain, services, explain, overlay, operations, sources,
// status); each decides nothing about the registry, it turns requests into jobs for the control thread and outcomes into
// replies.
//
// A write: parsed on the I/O thread, applied on the control thread, answered when it is visible, or when it
// is durable if it wrote store rows. A read: values are collected on the control thread and written as JSON
// on the I/O side, after everything applied before has become visible.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "registry/api/health_board.h"
#include "registry/control.h"
#include "registry/http/message.h"
#include "registry/http/router.h"
#include "registry/source_status.h"
#include "registry/store/store.h"

namespace muster::registry::api {

// What keeps /readyz from being ready: {"zone", "example.test.", "not loaded"}.
struct Missing {
  std::string what;
  std::string name;
  std::string reason;
};

// What zones knows about one instance, for explain.
struct PublishedAs {
  struct Answer {
    std::string name;
    std::string type;
    double probability = 0;  // that the next answer holds this instance first
    std::string rule;        // the policy, or what overrode it
  };
  std::vector<std::string> names;
  std::vector<Answer> answers;
  std::vector<std::string> not_in_txt;  // keys of tags and properties that are too long for a TXT record
};

// The facts of GET /status that only the wiring knows.
struct ServerFacts {
  std::string name;
  std::string version;
  WallTime started_at{};
  std::vector<std::string> dns;  // listeners as bound: "127.0.0.1:5300"
  std::vector<std::string> http;
  std::vector<std::string> zones;
  std::string store_kind;
  StoreState store;
};

struct ReloadReport {
  std::vector<std::string> changed;
  std::vector<std::string> needs_restart;
  std::vector<std::string> errors;
  std::vector<std::string> zones_with_updates;  // changed files that were left alone
  bool taken_over =
      false;  // the configuration is in force; the errors are of files it names. Else nothing has changed
};

// A zone as a master file, or why there is none.
struct ZoneText {
  enum class Outcome : std::uint8_t { written, unknown, busy };
  Outcome outcome = Outcome::unknown;
  std::string text;
};

// False: the source of that name takes no such word.
using TellSource = std::function<bool(std::string_view source)>;
using Stats = std::vector<std::pair<std::string, double>>;

using AnswerPoll = std::function<void(http::Reply reply, std::shared_ptr<const ServiceView> view)>;
using WaitForChange = std::function<void(const http::Request& request, http::Reply reply, std::string service,
                                         AnswerPoll answer)>;

// What a service answers now, whoever of it.
struct ServiceAnswer {
  bool in_panic = false;
  std::uint32_t ttl = 0;  // seconds, of its own name
};
// With what weight an instance stands in the answers.
struct AnswerWeight {
  double effective = 0;      // 0: it is out
  std::uint16_t srv = 0;     // as SRV shows it; 0: not at all, or to be used by nobody
  double response_time = 1;  // what that is multiplied with for its response time
};

// Who stands in a service's answers now, of all priorities: for those who share out load themselves.
struct Answering {
  bool in_panic = false;
  std::string fallback;  // the service whose instances these are; "": its own
  std::vector<InstancePtr> instances;
};

// One line of GET /api/v1.
struct EndpointLine {
  std::string method;
  std::string path;  // a pattern: "/api/v1/services/{service}"
  std::string_view scope;
};

// What the wiring supplies. A function that is empty makes its route 404; the first three are required.
struct Outside {
  std::function<net::Instant()> now;
  std::function<bool(Job)> submit;                // Control::submit
  std::function<bool(Job, const BriefHints&)> submit_brief;  // Control::submit_brief
  std::function<net::SteadyTime()> last_tick;     // of the control loop, for /healthz
  std::function<std::vector<Missing>()> missing;  // for /readyz
  std::function<bool()> loaded;                   // the store is read: else /answers and /http_sd are 503
  // GETs of a service or instance with ?after= (Watch::poll): calls `answer` with the service once it has
  // changed; every other reply it gives by itself.
  WaitForChange wait_for_change;
  // GET /changes and GET /watch (Watch::changes, Watch::stream).
  std::function<void(http::Request request, http::Reply reply)> changes;
  std::function<void(http::Request request, http::Reply reply)> watch;
  // On the control thread; the second returns JSON, "" when name or type cannot be read.
  std::function<PublishedAs(const Instance&)> published_as;
  std::function<ServiceAnswer(const std::string& service)> answer_of;
  std::function<AnswerWeight(const Instance&)> weight_of;
  std::function<Answering(const std::string& service)> answering_of;
  // `client`: for whom a set that is chosen by the client's network is explained; nullopt: for all.
  std::function<std::string(std::string_view name, std::string_view type,
                            const std::optional<net::IpPrefix>& client)>
      explain_name;
  // The completion may be called from any thread.
  std::function<void(std::string zone, net::UniqueFunction<void(ZoneText)>)> zone_text;
  std::function<void(std::vector<std::string> discard, net::UniqueFunction<void(ReloadReport)>)> reload;
  // Forgets what other servers have answered for this name and below it, "": for all names. How many answers
  // it was; nullopt: that is no name. Any thread.
  std::function<void(std::string name, net::UniqueFunction<void(std::optional<std::size_t>)>)> flush_cache;
  std::function<ServerFacts()> facts;
  std::function<std::vector<EndpointLine>()> endpoints;  // every route of the server
  std::function<Stats()> stats;
  std::function<std::vector<SourceStatus>()> sources;
  TellSource resync;  // asks its scheduler for everything now; any thread
  TellSource accept;  // gives up what it holds; any thread
};

class Context;

class NativeApi {
 public:
  NativeApi(Outside outside, std::vector<HealthCheck> checks);
  ~NativeApi();
  void add_routes(http::Router& router);
  // Of the store, before the first request: it is opened after the listeners, which need the routes.
  void set_epoch(std::string epoch);
  // Muster-Epoch and Muster-Revision as of the last change, for replies that the server gives by itself.
  std::vector<http::LiveHeader> position() const;
  // musterd's own checks, run now. Any thread.
  HealthReport health() const;
  // Changes come by other roads than this API's; on the control thread.
  void moved_to(std::uint64_t revision);

 private:
  std::shared_ptr<Context> context_;
};

}  // namespace muster::registry::api
