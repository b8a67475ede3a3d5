// What the registry keeps of one instance: its claims, what its heartbeats said of it, and the picture shown
// to readers. Small on purpose: there may be millions, and most have one claim and nothing else.
#pragma once

#include <boost/container/static_vector.hpp>
#include <memory>
#include <string>
#include <vector>

#include "registry/change.h"
#include "registry/health/checkup.h"
#include "registry/key_index.h"
#include "registry/lease_wheel.h"
#include "registry/limits.h"
#include "registry/overlay.h"
#include "registry/protection.h"
#include "registry/ramp.h"

namespace muster::registry {

struct Service;
struct Entry;

// A (service, id) under which a source knows an instance that lives under another.
struct Alias {
  std::string service;
  std::string id;
  std::string label;           // inside the service; of an instance of its own, which it was or may become,
  std::uint64_t sequence = 0;  // as these are
  WallTime created_at{};
  Entry* entry = nullptr;  // where it lives
};
struct AliasKey {
  Key operator()(const Alias& alias) const { return {alias.service, alias.id}; }
};
struct AliasLabelKey {  // perhaps of several
  Key operator()(const Alias& alias) const { return {alias.service, alias.label}; }
};

// A source as the registry keeps it, for good.
struct KnownSource : SourceId {
  explicit KnownSource(const SourceId& source) : SourceId(source), alone({source}) {}
  const Sources alone;  // of the instances that no other source knows
};

struct Claim {
  const KnownSource* source = nullptr;
  Alias* alias = nullptr;            // null: its source knows the instance by its own (service, id)
  BodyPtr body;
  std::uint64_t generation = 0;  // 0 at doors that have none
  SteadyTime deadline = SteadyTime::max();
  WallTime heard{};
  std::string by;              // who made it as it is; who renews it has not
  std::uint32_t lease_ms = 0;  // 0: no lease
  bool recovered = false;      // read from the store, not heard since
  bool heard_unsaved = false;  // heard of since its row was stored
  Fitness fitness{};           // as a list-shaped source sees it
  bool is_silent = false;                             // such a source has not been heard since `heard`
};

struct Drain {
  std::uint64_t number = 0;  // one drain is of all names of an instance
  WallTime since{};
  std::string reason;
  std::optional<SteadyTime> remove_at;  // it ends in removal
  std::string by;                       // who asked for it last
  bool operator==(const Drain&) const = default;
};

// What an instance said of itself, and drains: rare, so apart.
struct Condition {
  HeartbeatStatus status = HeartbeatStatus::passing;
  WallTime status_since{};  // of one that is stored, else nothing
  std::string report;
  std::optional<std::uint8_t> load;
  bool overloaded = false;
  std::string by;  // who said so
  std::optional<Drain> drain;
  void take_report(const Condition& from);
  void forget_report() { take_report(Condition{}); }
  bool is_usual() const;                // nothing that a passing heartbeat would not say
  void join_drain(const Drain& other);  // of either, to the earlier end
  bool operator==(const Condition&) const = default;
};

// From the moment the last lease ran out under protection: first undecided, then a suspect or gone.
struct Suspicion : Timer {  // armed for its next probe
  Entry* entry = nullptr;
  Expiry* expiry = nullptr;
  bool suspect = false;
  SourceKind kind = SourceKind::heartbeat;  // whose lease was the last
  SteadyTime until{};
  unsigned failures = 0;  // probes in a row without an answer
  Membership groups;
  std::uint8_t tripped = 0;  // bit i: groups[i] had tripped
};

struct Entry : Timer {  // armed for its next event
  Service* service = nullptr;
  InstancePtr shown;
  std::vector<Claim> claims;
  std::unique_ptr<Condition> condition;
  std::unique_ptr<OverlayEffect> effect;
  std::unique_ptr<Suspicion> suspicion;
  std::unique_ptr<Ramp> ramp;                // null: it does not start slowly
  std::unique_ptr<health::Checkup> checkup;  // null: it has no checks, and nobody has reported of it
  Membership groups;  // those where it counts as live
  std::uint32_t member_index = 0;
  bool lease_low = false;
  bool has_begun = false;   // checks that come now begin with one that runs
  bool task_ended = false;  // a scheduler has seen the end of its task; another may list it still
};

struct EntryKey {
  Key operator()(const Entry& entry) const { return {entry.shown->service, entry.shown->id}; }
};
struct LabelKey {
  Key operator()(const Entry& entry) const { return {entry.shown->service, entry.shown->label}; }
};

// Configured order: (priority, order, sequence, id).
bool comes_before(const Instance& a, const Instance& b);

bool has_generations(SourceKind kind);  // heartbeat, update
bool is_stored(SourceKind kind);        // heartbeat, update, lyft
bool is_stored(HeartbeatStatus status);  // critical, starting: not ACTIVE
bool has_rights(SourceKind kind);        // heartbeat, lyft: made by whoever may write the service
bool is_draining(const Entry& entry);
int badness(HeartbeatStatus status);     // the greater, the worse
HeartbeatStatus status_of(const Entry& entry);
Fitness fitness_by(const health::Watch& watch);
Fitness fitness_of(
    const Entry& entry);  // the worst of that, its checks, and what the sources say that list it
bool is_scheduler(SourceKind kind);                   // scheduler, marathon
bool is_listed(SourceKind kind);        // fixed, schedulers: there while their source lists them
bool is_leased(SourceKind kind);        // the same; the others last while their source lists them

// The (service, id) under which a claim is made and stored.
Key key_of(const Entry& entry, const Claim& claim);
// Its own (service, id), then its aliases, once each.
using Names = boost::container::static_vector<Key, kMaxClaims + 1>;
Names names_of(const Entry& entry);
// Those of claims that have heartbeats.
Names reporters_of(const Entry& entry);
// The claim that generations speak of: heartbeat's before update's; null: none.
const Claim* life_claim(const Entry& entry);
Claim* claim_of(Entry& entry, const SourceId& source);
// The claim that keeps the instance longest; one without a lease keeps it for ever.
const Claim* last_claim(const Entry& entry);

}  // namespace muster::registry
