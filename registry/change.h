// What may be asked of the registry, as values: every door (native HTTP, Lyft, DNS UPDATE, static services,
// schedulers) turns what it hears into one of these. The registry alone decides what becomes of it.
#pragma once

#include <functional>
#include <variant>

#include "registry/model.h"
#include "registry/net/result.h"

namespace muster::registry {

// Only create; or only replace exactly this revision (If-None-Match: *, If-Match).
struct Precondition {
  bool create_only = false;
  std::optional<std::uint64_t> revision;
};

enum class HeartbeatStatus : std::uint8_t { passing, warning, critical, starting };

// The optional part of a heartbeat; what is absent stays as it was.
struct Vitals {
  std::optional<HeartbeatStatus> status;
  std::string reason;  // at most 256 octets
  std::optional<std::uint8_t> load;  // 0..100
  bool overloaded = false;
  std::optional<std::uint16_t> weight;
  Attributes attributes;
};

// Builds a claim's body from the one that is there (null: none); for doors that merge instead of replace.
using Amend = std::function<BodyPtr(const InstanceBody* existing)>;

// PUT: create, replace or renew. `body` or, when it is null, `amend` gives the body.
struct Registration {
  std::string service;
  std::string id;
  SourceId source;
  BodyPtr body;
  Amend amend;
  std::optional<std::uint64_t> generation;
  std::optional<Millis> lease;  // clamped into [lease_min, lease_max]
  Precondition precondition;
  std::string by;  // who said so: the peer's address, or the token's name
  // Of `self`, which has no heartbeats.
  std::optional<Vitals> vitals{};
  // Of list-shaped sources, beside what others say: how they see it fare, and, unless that is well, why.
  Fitness fitness{};
  // Of list-shaped sources: nobody has heard of them since, but they are still believed.
  std::optional<WallTime> silent_since{};
};

struct Heartbeat {
  std::string service;
  std::string id;
  std::optional<std::uint64_t> generation;
  Vitals vitals;
  BodyPtr body;  // the full instance, when it was sent; null: renew only
  std::optional<Millis> lease;
  std::string by;
};

struct Removal {
  std::string service;
  std::string id;
  std::optional<std::uint64_t> generation;
  bool drain_first = false;  // drain now, remove at the safe time
  std::optional<SourceKind> only_source;  // Lyft's DELETE touches only its own claims
  std::string by{};
};

struct DrainOrder {
  std::string service;
  std::string id;
  bool drain = true;  // false: undo
  std::string reason;
  std::string by{};
};

// What somebody who uses an instance found.
struct Report {
  std::string service;
  std::string id;
  health::Verdict verdict;
  std::string reporter;
  std::string by{};
};

// Changes the claims of one source without renewing them: `id` empty means every instance of the service.
struct Amendment {
  std::string service;
  std::string id;
  SourceId source;
  Amend amend;
  std::string by{};
};

// One operator setting. Later entries win field by field; nullopt: says nothing; a tag of nullopt removes it.
struct OverlayEntry {
  std::string match;  // glob over "service/id"
  std::optional<AdminMode> mode;
  std::optional<std::uint16_t> weight;
  std::optional<std::uint16_t> priority;
  std::vector<std::pair<std::string, std::optional<std::string>>> tags;
  std::optional<WallTime> expires_at;
  std::string reason;
  std::string by;
  bool operator==(const OverlayEntry&) const = default;
};

struct OverlayEdit {
  enum class Kind : std::uint8_t { replace_all, append, set_exact, remove_match } kind = Kind::append;
  std::vector<OverlayEntry> entries;  // replace_all: the list; append, set_exact: one
  std::string match;                  // remove_match
  std::optional<std::uint64_t> if_revision;  // replace_all: the overlay's revision must still be this
};

// Everything a list-shaped source (static, a scheduler) knows now; what it no longer lists is gone.
struct SourceList {
  SourceId source;
  std::vector<Registration> instances;
};

// What changed in what a list-shaped source lists: those that came or are other than before, and those that
// went.
struct SourceStep {
  struct Gone {
    std::string service;
    std::string id;
    Cause cause = Cause::source_gone;
  };
  SourceId source;
  std::vector<Gone> gone;  // first
  std::vector<Registration> listed;
};

using Change = std::variant<Registration, Heartbeat, Removal, DrainOrder, Report, Amendment, OverlayEdit,
                            SourceList, SourceStep>;

// Stable codes of refusals, in the API's own words (to_string gives "stale_generation" …).
enum class RefusalCode : std::uint8_t {
  bad_name,
  invalid_field,
  unknown_service,
  unknown_instance,
  stale_generation,
  listed_by_source,
  forbidden,
  deregistered,
  precondition_failed,
  batch_too_long,
  too_many_instances,
  too_many_services,
  too_many_claims,
  too_many_hosts,
  rate_limited,
  out_of_capacity,
};
std::string_view to_string(RefusalCode code);

struct Refusal {
  RefusalCode code;
  std::string message;  // what is wrong and what to do
  std::optional<Millis> retry_after;
};

// What was granted. `existed`: the instance was there before this change.
struct Grant {
  std::string label;
  std::string alias_of;  // "service/id" of the instance that was meant by another name; "": by its own
  bool created = false;
  bool existed = false;
  bool durable_needed = false;  // this change wrote store rows: acknowledge after they are committed
  std::uint64_t generation = 0;
  std::uint64_t revision = 0;
  State state = State::active;
  LeaseView lease;
  std::size_t touched = 0;  // of several: how many instances
  struct LeftOut {
    std::string service;
    std::string id;
    std::string message;
    RefusalCode code;
  };
  std::vector<LeftOut> left_out;  // of a source's list: whom the registry has no room for, and why
};
using Outcome = net::Result<Grant, Refusal>;

}  // namespace muster::registry
