// The registry's plain values: what a source says about an instance (InstanceBody), and the merged picture
// that every reader sees (Instance). Both are immutable once shared, so they cross threads freely.
// Bounds are those of registry/limits.h; whoever builds a body from outside bytes has checked them.
#pragma once

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "registry/health/own_checks.h"
#include "registry/health/verdict.h"
#include "registry/net/clock.h"
#include "registry/net/ip_address.h"
#include "registry/rare.h"
#include "registry/scheduler_facts.h"
#include "registry/set_hash.h"
#include "registry/url_address.h"

namespace muster::registry {

using net::Instant;
using net::IpAddress;
using net::Millis;
using net::SteadyTime;
using net::WallTime;

enum class Protocol : std::uint8_t { tcp, udp };
enum class PortScope : std::uint8_t { host, container };

// Flat maps, sorted by key, keys unique: small, contiguous, cheap to copy and compare.
using Tags = std::vector<std::pair<std::string, std::string>>;
using Attributes = std::vector<std::pair<std::string, double>>;

struct Port {
  std::string name;  // "" when unnamed, else a label of at most 62 octets
  std::uint16_t number = 0;  // 1..65535
  Protocol protocol = Protocol::tcp;
  PortScope scope = PortScope::host;
  std::uint16_t service_port = 0;  // 0: none
  Attributes attributes;
  bool operator==(const Port&) const = default;
};

// What a client of the Lyft routes stored beside the native fields, returned as it was given.
struct LyftFields {
  std::string service_repo_name;
  std::string tags_json;  // one JSON object
  bool operator==(const LyftFields&) const = default;
};

// What one source says about one instance; also the form of the merge of all of them.
struct InstanceBody {
  std::vector<IpAddress> addresses;
  std::vector<IpAddress> host_addresses;  // of host-scoped ports; empty: addresses
  std::vector<Port> ports;                // the first is the default port
  Rare<UrlAddress> url;                   // where it tells `addresses` and `ports`
  std::optional<std::uint16_t> weight;    // nullopt: this source does not say
  std::optional<std::uint16_t> priority;
  std::optional<std::int32_t> order;
  Tags tags;
  Tags properties;
  Attributes attributes;
  RareText<'{', '}'> meta;  // one JSON object, opaque
  RareText<> version;
  std::string task;  // the scheduler's task id
  SharedFacts scheduler;  // of schedulers alone
  Rare<LyftFields> lyft;
  health::OwnChecks checks;
  bool operator==(const InstanceBody&) const = default;

  std::uint16_t weight_or_default() const { return weight.value_or(1); }
  std::uint16_t priority_or_default() const { return priority.value_or(0); }
  std::int32_t order_or_default() const { return order.value_or(0); }
};
using BodyPtr = std::shared_ptr<const InstanceBody>;

// `scheduler`: Mesos, which knows tasks; `marathon`: what runs apps on top of it, and knows more of the same
// tasks.
enum class SourceKind : std::uint8_t { heartbeat, update, lyft, self, fixed, scheduler, marathon };
inline constexpr std::size_t kSourceKinds = 7;

// Where a claim comes from: "heartbeat", "update", "lyft", "self", "static", or a scheduler source's name.
struct SourceId {
  SourceKind kind = SourceKind::heartbeat;
  std::string name = "heartbeat";
  bool operator==(const SourceId&) const = default;
};

// Those of an instance, in the order of its claims. Shared: most have one, and few are there at all.
class Sources {
 public:
  Sources() = default;
  Sources(std::vector<SourceId> sources)
      : sources_(std::make_shared<const std::vector<SourceId>>(std::move(sources))) {}
  Sources(std::initializer_list<SourceId> sources) : Sources(std::vector(sources)) {}

  std::size_t size() const { return sources_ ? sources_->size() : 0; }
  bool empty() const { return size() == 0; }
  const SourceId* begin() const { return sources_ ? sources_->data() : nullptr; }
  const SourceId* end() const { return begin() + size(); }
  const SourceId& front() const { return sources_->front(); }
  friend bool operator==(const Sources& a, const Sources& b) {
    return a.sources_ == b.sources_ || std::equal(a.begin(), a.end(), b.begin(), b.end());
  }

 private:
  std::shared_ptr<const std::vector<SourceId>> sources_;
};

enum class State : std::uint8_t { starting, active, timedout, suspended, off };
inline constexpr std::size_t kStates = 5;
enum class LeaseState : std::uint8_t { live, recovered, suspect };
enum class AdminMode : std::uint8_t { automatic, up, down, drain };

std::string_view to_string(State state);           // "STARTING" …
std::string_view to_string(LeaseState state);      // "live" …
std::string_view to_string(AdminMode mode);        // "auto", "up" …
std::string_view to_string(Protocol protocol);     // "tcp", "udp"

// Why an instance is, or is not, in the answers; one list for the API, the log and explain.
enum class Reason : std::uint8_t {
  ok,
  service_name_not_a_label,
  service_label_taken,
  reserved_label,
  no_address,
  unresolved,  // the host name in its URL has never been resolved
  bad_port,    // it has no port that a check looks at, so the check never answers
  admin_down,
  draining,
  forced_up,
  lease_suspect,
  starting,
  suspended_report,
  suspended,  // by a check or by reports; Instance::failure says for what
  timedout,   // the same; served still
  timedout_hidden,
  capped,  // it would be suspended, but too many of its service are; served still
  // Of a scheduler's task.
  not_routable_unhealthy,
  not_routable_no_result,
  not_routable_not_ready,
  not_routable_unreachable,
  unreachable,  // served still, as is
  held,
  weight_zero,
  lower_tier,
  overloaded,
  task_ended,
};
std::string_view to_string(Reason reason);

// Other (service, id) by which clients know an instance, "service/id" each, sorted.
using SharedAliases = std::shared_ptr<const std::vector<std::string>>;

// How an instance fares, and what that comes from.
struct Fitness {
  State state = State::active;
  Reason reason = Reason::ok;
  health::FailureClass failure = health::FailureClass::none;
  std::uint16_t http_status = 0;  // of FailureClass::http
  bool operator==(const Fitness&) const = default;
};

inline constexpr std::uint32_t kNoTtlBound = ~std::uint32_t{0};

// The merged, immutable picture of one instance. A change of anything here is a revision; heartbeats that
// only move the deadline are not here (Registry::lease_of).
struct Instance {
  std::string service;
  std::string id;
  std::string label;  // its DNS label inside the service
  std::uint64_t generation = 0;
  std::uint64_t revision = 0;
  std::uint64_t sequence = 0;  // registration order, stored, survives a restart
  BodyPtr body;                // merged over all claims and the overlay
  State state = State::active;
  bool serving = false;  // in service answers, as far as this instance alone decides (tiers are zones' business)
  Reason reason = Reason::ok;
  double effective_weight = 1.0;  // body weight after warning, load, overload, suspicion (× 1/16)
  AdminMode admin = AdminMode::automatic;
  LeaseState lease_state = LeaseState::live;
  bool lease_low = false;   // the last third has begun without a heartbeat: TTLs fall to ttl_min
  bool publishable = true;  // false: the service's name makes no label of its own
  // What `suspended`, `timedout` and the like come from.
  health::FailureClass failure = health::FailureClass::none;
  std::uint16_t http_status = 0;
  // Of a slow start: the share of its weight that it has by now.
  float ramp = 1;
  // How its checks and reports have found it of late; what response-time policies go by. 0 ms: no sample.
  float latency_ms = 0;
  float success = 1;
  // Seconds within which its checks may find it otherwise than it is now; TTLs are no longer.
  std::uint32_t ttl_bound = kNoTtlBound;
  Millis lease{0};          // 0: none (static, self)
  // Of a suspect: its last sign of life; of one whose sources are all out of touch: when the last of them
  // spoke; of others the epoch.
  WallTime silent_since{};
  std::optional<WallTime> draining_since;
  RareText<> draining_reason;
  Sources sources;
  SharedAliases aliases;  // null: none
  WallTime created_at{};
};
using InstancePtr = std::shared_ptr<const Instance>;

// Its reason among the others of its service: `lower_tier` depends on them alone, so it is worked out when
// somebody looks and takes no revision. `best_tier`: the lowest priority of those that serve; nullopt: nobody
// does.
Reason reason_among(const Instance& instance, std::optional<std::uint16_t> best_tier);
// With what it comes from: "suspended:http:503".
std::string reason_text(Reason reason, const Instance& instance);

// What heartbeats move, taken at one moment; not part of any revision.
struct LeaseView {
  LeaseState state = LeaseState::live;
  Millis ttl{0};  // 0: no lease
  WallTime expires_at{};
  WallTime heartbeat_at{};
};

// Why an instance is gone; in the feed, the log and muster_leases_expired_total.
enum class Cause : std::uint8_t { none, deregistered, expired, task_ended, confirmed, held_out, replaced, source_gone };
std::string_view to_string(Cause cause);

// One instance's step from one revision to the next; `before` null: new, `after` null: gone.
struct InstanceChange {
  std::string service;
  std::string id;
  InstancePtr before;
  InstancePtr after;
  std::uint64_t revision = 0;
  Cause cause = Cause::none;
  SetHash set_hash;     // of the service, after this step
  bool revised = true;  // false: lease_low or lease_state moved; no revision, no feed event, but TTLs change
  LeaseView lease{};    // of `after`, when it happened
};

}  // namespace muster::registry
