// The registry: every instance, every claim, and who wins. One writer: all of it belongs to the control
// thread, without a mutex; nothing here reads a clock, opens a socket or knows DNS.
//
// The life of a change: apply() decides and updates; what changed waits as InstanceChange values and store
// rows until the caller takes the batch with take_batch(), once per drained queue. Readers on other threads
// get InstancePtr values, which never change.
//
// Invariants:
//  1. Every applied change of an instance's view takes the next revision; a plain renewal takes none.
//  2. Within an epoch revisions never repeat or go back: they are reserved in the store in blocks of 65,536.
//  3. A change costs at most the claims of its instance; never the size of the service or the registry.
//  4. An instance exists exactly while one of its claims is alive.
#pragma once

#include <functional>
#include <memory>
#include <span>

#include "registry/change.h"
#include "registry/health/check_rules.h"
#include "registry/health/health.h"
#include "registry/host_names.h"
#include "registry/key.h"
#include "registry/net/histogram.h"
#include "registry/ramp.h"
#include "registry/store/rows.h"

namespace muster::registry {

struct ProtectionConfig {
  Millis window{30'000};
  double max_expired_ratio = 0.5;  // 1: off
  Millis hold{300'000};
  std::size_t min_instances = 5;
};

// What the instances of a service of which nothing is said are chosen by.
inline constexpr std::string_view kDefaultPolicy = "weighted-failover";

// Settings of one service that the registry itself needs ([service.X], already resolved by tools/).
struct ServiceSettings {
  bool configured = false;  // named in [service.X]: known (NODATA, not NXDOMAIN) without an instance
  bool use_load = false;
  Millis ttl{5'000};  // a lease is low once less than min(ttl, lease/3) remains
  health::SharedChecks checks;  // of all its instances; null: none
  health::CheckRules check_rules;  // of what instances' own checks leave out
  health::MachineRules report_rules;
  unsigned report_quorum = 1;           // reporters who have to agree
  double most_suspended_by_checks = 1;  // of its candidates; one may always be
  double most_suspended_by_reports = 0.5;
  bool hides_timedout = false;
  SlowStart slow_start;
  Millis response_tau{30'000};                  // what is measured is worth 1/e after so long
  bool shows_response = false;                  // the answers depend on what is measured
  std::size_t max_instances = ~std::size_t{0};  // that its policy can choose from
  std::string_view policy =
      kDefaultPolicy;  // how its instances are chosen, for whoever asks; of static storage
  std::shared_ptr<const Tags> properties;  // what its clients are told of it; null: nothing
};

struct RegistryConfig {
  Millis lease{30'000};
  Millis lease_min{2'000};
  Millis lease_max{86'400'000};
  Millis tombstone{60'000};
  Millis service_linger{3'600'000};
  std::size_t max_instances = 2'000'000;
  std::size_t max_instances_per_service = 100'000;
  std::size_t max_services = 200'000;
  double warning_factor = 0.5;
  ProtectionConfig protection;
  bool lyft_protection = false;
  std::size_t max_probes_in_flight = 4'096;
  std::uint64_t probe_seed = 0;                                       // of when probes are made
  std::string epoch;                                                  // UUID of the store
  std::function<ServiceSettings(std::string_view service)> settings;  // null: defaults
  // Whether a caller, as `by` names him, may write a service; null: all that come this far may write all.
  std::function<bool(std::string_view by, std::string_view service)> may_write;
  std::vector<std::string> configured_services;                       // the exact names of [service.X]
  std::vector<std::string> reserved_labels;  // first labels of name servers and cuts below the domain
};

// Everything since the last take_batch().
struct Batch {
  std::vector<InstanceChange> changes;  // in the order applied; one instance may occur several times
  std::vector<std::string>
      known_services;  // became known or unknown without an instance change (linger over, reload)
  Rows rows;
};

// A service as a reader wants it: its members in configured order (priority, order, sequence, id).
struct ServiceView {
  std::string name;
  std::uint64_t revision = 0;
  std::string set_hash;  // 32 hex digits
  std::string_view policy = kDefaultPolicy;
  std::shared_ptr<const Tags> properties;
  bool known = false;
  bool publishable = true;
  Reason reason = Reason::ok;  // why it is not published
  std::optional<std::uint16_t> best_tier;  // the lowest priority of those that serve
  std::vector<InstancePtr> instances;
  std::vector<LeaseView> leases;  // one per instance, same order
};

// One line of GET /services.
struct ServiceSummary {
  std::string name;
  std::uint64_t revision = 0;
  std::size_t instances = 0;
  std::size_t ready = 0;
  bool publishable = true;
  Reason reason = Reason::ok;  // why it is not published
};

// One claim, for explain.
struct ClaimView {
  SourceId source;
  std::uint64_t generation = 0;
  Millis heard_ago{0};
  std::string by;
  std::string alias;  // "service/id", where that is not the instance's own
  BodyPtr body;
};
struct FieldOrigin {
  std::string field;
  std::string value_json;
  std::string from;                                       // the winner's source, or "overlay"
  std::vector<std::pair<std::string, std::string>> lost;  // source, value_json
};
struct Explanation {
  InstancePtr instance;
  Reason reason = Reason::ok;  // reason_among() those of its service
  LeaseView lease;
  std::vector<FieldOrigin> fields;
  std::vector<ClaimView> claims;
  std::vector<OverlayEntry> overlay;  // the entries that match
  std::string report;                 // the reason its last heartbeat gave for its status; "" for none
};

// One check as it stands, or the reports.
struct WatchView {
  std::string id;  // "": the reports
  std::string type;
  std::string target;  // "http://10.0.0.7:80/health"; "": nothing to look at
  State state = State::active;
  WallTime since{};
  std::optional<WallTime> until;  // of a suspension
  std::optional<WallTime> next;   // look
  unsigned retries_left = 0;
  Millis suspension{0};
  unsigned suspensions = 0;
  bool capped = false;
  std::size_t shared_with = 0;
  std::optional<WallTime> last_at;
  health::Verdict last;
  health::VerdictCounts counts;
  double latency_ms = 0;  // averaged; 0: not measured
};
struct HealthView {
  InstancePtr instance;
  State real_state = State::active;  // whatever the admin mode says
  std::optional<Fitness> source;     // the worst that a source says which lists it
  std::vector<WatchView> checks;
  std::optional<WatchView> reports;
  double latency_ms = 0;                 // averaged over all of them; 0: not measured
  double success = 1;                    // share of the verdicts
  std::vector<health::Passage> history;  // the oldest first
};

// The instances of a service by their state, kept up with every change.
struct StateCounts {
  std::array<std::uint32_t, kStates> by_state{};
  std::uint32_t candidates = 0;  // neither off, down nor draining
  std::uint32_t fit = 0;         // those that may be answered: active, timed out, or forced up
  void add(const Instance& instance) { count(instance, 1); }
  void remove(const Instance& instance) { count(instance, ~std::uint32_t{0}); }

 private:
  void count(const Instance& instance, std::uint32_t step);  // unsigned: adding ~0 takes one away
};
struct ServiceStates {
  std::string service;
  StateCounts counts;
  // Means over those instances that were looked at, or reported of.
  std::size_t measured = 0;
  double latency_ms = 0;  // of those that have a sample; 0: none has
  double success = 1;
};

inline constexpr std::array<std::uint64_t, 9> kLatenessMillis = {0, 5, 10, 20, 50, 100, 500, 1'000, 10'000};
using LatenessTimes = net::Histogram<kLatenessMillis>;
using LatenessOf = std::array<LatenessTimes, kSourceKinds>;  // by the source whose lease was the last

struct RegistryCounts {
  std::size_t services = 0;
  std::size_t instances = 0;
  std::size_t suspects = 0;
  std::array<std::size_t, kSourceKinds> suspects_of{};  // by the source whose lease was the last
  std::size_t tombstones = 0;
  std::size_t aliases = 0;  // other names of instances
  std::size_t waiting_drains = 0;  // names of instances that have not come back since the last start
  std::uint64_t expired = 0;
  std::array<std::uint64_t, kSourceKinds> expired_of{};  // by the source whose lease was the last
  StateCounts states;                                    // of all instances
  std::uint64_t limit_instances = 0;                     // how often each maximum was reached
  std::uint64_t limit_per_service = 0;
  std::uint64_t limit_services = 0;
  Millis lateness_max{0};  // of expiry, since the last look
};

// How much a start has read from the store.
struct RestoreCounts {
  std::size_t services = 0;
  std::size_t claims = 0;
};

// What a probe of a suspect found: a TCP connect to its first TCP port.
enum class ProbeVerdict : std::uint8_t { connected, refused, unreachable, timed_out };

class Registry {
 public:
  explicit Registry(RegistryConfig config, Instant now);
  ~Registry();
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;

  // The one door for changes.
  Outcome apply(const Change& change, Instant now);
  // What changes of these instances will look at is fetched, for whoever has several to apply; at most
  // kFetchedMost.
  static constexpr std::size_t kFetchedMost = 16;
  void fetch(std::span<const Key> instances) const;
  // Registrations, and removals of one source's claims, of different instances: all of them, or none when one
  // would be refused, two names of one instance among them. (Where
  // instances have aliases, what one does may still have a later one refused.) The lease is the shortest granted.
  Outcome apply_all(std::span<const Change> changes, Instant now);

  // Start: one stored row after the other, then restore_next() until it says false; leased claims are
  // `recovered` with one whole lease from `listeners_open`. A call shows whole services, the oldest first, at
  // least `most` instances while there are so many.
  void restore(const Row& row, Instant now);
  RestoreCounts to_restore() const;  // before the first restore_next()
  bool restore_next(Instant listeners_open, std::size_t most);
  void restored(Instant listeners_open);  // all at once

  // Expires what is due, at most `most` wheel entries; true: more is due. Call it every 10 ms.
  bool tick(Instant now, std::size_t most);
  // The loop found itself late by `gap` (paused machine): all deadlines move.
  void shift_deadlines(Millis gap);
  // Protection's probes and zones' knowledge come back as values.
  void suspect_verdict(std::string_view service, std::string_view id, ProbeVerdict verdict, Instant now);
  // Suspects whose next probe is due (at once, then every 2 s); those returned are due again 2 s from `now`.
  std::vector<InstancePtr> suspects_to_probe(Instant now, std::size_t most);
  // Probes of checks that are due, at most `most` and as far as the limit in flight allows. What each finds
  // comes back with its number; it may be late, or for nobody any more.
  std::vector<health::ProbeOrder> probes_due(Instant now, std::size_t most);
  void probe_found(std::uint64_t number, const health::Verdict& verdict, Instant now);
  void probe_late(const health::ProbeTask& task);  // an answer to one that had timed out
  // Host names in the URLs of instances that are to be looked up, at most `most` and as far as the limit in
  // flight allows. What each look-up finds comes back once.
  std::vector<std::string> hosts_due(Instant now, std::size_t most);
  void host_found(std::string_view host, HostFound what, Instant now);
  HostCounts host_counts() const;
  // How an instance fares by its checks; nullopt: there is none.
  std::optional<HealthView> health_of(std::string_view service, std::string_view id, Instant now) const;
  health::PlanCounts probe_counts() const;
  // Settings changed (reload): re-evaluates the services they concern.
  void reconfigure(RegistryConfig config, Instant now);
  // How long the last published answer with this instance can still be in a cache; supplied by zones.
  void set_safe_stop(std::function<WallTime(const Instance&, Instant now)> safe_stop);

  // A row of another part (a zone's serials), stored with the next batch.
  void store_beside(Row row);

  // A clean stop: when everybody was last heard, which no heartbeat stores, in slices.
  void store_heard(Instant now, const std::function<void(Rows)>& hand_over);

  Batch take_batch();
  // Whether the next batch will have changes: what is published is older than what is registered.
  bool has_changes() const;

  // Reads, on the control thread.
  InstancePtr find(std::string_view service, std::string_view id) const;
  bool is_known(std::string_view service) const;
  // The service that answers, or would, at a label of its own (folded); nullopt: no service may take it.
  std::optional<std::string> service_for(const std::string& label) const;
  // The id of an instance in a service that is part of another's, by the label that it had or would have.
  std::optional<std::string> alias_at(std::string_view service, std::string_view label) const;
  // The lowest priority among the instances of a service that serve.
  std::optional<std::uint16_t> best_tier_of(std::string_view service) const;
  LeaseView lease_of(std::string_view service, std::string_view id, Instant now) const;
  WallTime safe_stop_of(std::string_view service, std::string_view id, Instant now) const;
  ServiceView view(std::string_view service, Instant now) const;
  std::vector<ServiceSummary> list(std::string_view glob, std::string_view after, std::size_t limit) const;
  std::vector<InstancePtr> instances_of_repo(std::string_view repo) const;  // Lyft: registration order
  std::optional<Explanation> explain(std::string_view service, std::string_view id, Instant now) const;
  const std::vector<OverlayEntry>& overlay() const;
  std::uint64_t overlay_revision() const;
  std::uint64_t revision() const;
  const std::string& epoch() const;
  RegistryCounts counts() const;
  // Of the next `limit` services after `after`, by name: a long list is taken in slices.
  std::vector<ServiceStates> states(std::string_view after, std::size_t limit) const;
  // How far behind their deadlines leases were ended. Read by any thread.
  const LatenessOf& lateness() const;
  // Every instance once, in no particular order (start, metrics, tests).
  void for_each(const std::function<void(const InstancePtr&)>& visit) const;

 private:
  class Core;
  std::unique_ptr<Core> core_;
};

}  // namespace muster::registry
