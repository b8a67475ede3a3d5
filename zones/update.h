// DNS UPDATE (RFC 2136) as a value, and its rules as one pure function: what a zone holds and what is asked
// give what becomes of it. Nothing is changed here, so that whoever stores an update may still fail.
//
// Kept beyond the RFC, because a master file with it would be refused as well: NS at a wildcard (RFC 4592
// §4.2) and names below a DNAME (RFC 6672 §2.4) are REFUSED.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "registry/net/result.h"
#include "zones/answer_spec.h"

namespace muster::zones {

// A record as it stands in the message: its class says what is meant (§2.4, §2.5).
struct UpdateRecord {
  Name owner;
  RrType type{};
  RrClass rr_class = RrClass::in;
  std::uint32_t ttl = 0;
  std::string rdata;  // names uncompressed; fits its type, or is empty
};

struct Update {
  // Records of both sections together that one message may hold.
  static constexpr std::size_t kRecordsMost = 200;

  Name zone;
  std::vector<UpdateRecord> prerequisites;
  std::vector<UpdateRecord> changes;
};

// The rcodes of RFC 2136 §2.2 that rules end in; in the order in which they are looked for.
enum class UpdateFault : std::uint8_t { formerr, notzone, nxdomain, yxdomain, nxrrset, yxrrset, refused };
struct UpdateRefusal {
  UpdateFault fault;
  std::string reason;  // for the log: "web.example.test. SRV: prerequisite: no such RRset"
};

// What rules need to know of the zone. Both see the names as they stand when the update is planned.
struct UpdateView {
  Name apex;
  Soa soa;
  std::uint32_t soa_ttl = 0;
  // What this zone holds at a name, the apex without its SOA; nullopt: nothing, or an empty non-terminal.
  std::function<std::optional<NameSpec>(const Name&)> read;
  std::function<bool(const Name&)> has_names_below;
  // What a service has at a name (Zones::bind): its types, which no update may touch, and its sets, which count as being
  // there. Null: nothing.
  std::function<std::vector<RrType>(const Name&)> bound_types{};
  std::function<std::vector<RrsetSpec>(const Name&)> bound_sets{};
  // Whether a service has a name at or below this one, which is not to be delegated away. Null: none has.
  std::function<bool(const Name&)> has_bound_below{};
};

// The whole new content of each name that changes, in the order in which they are published: what gains
// first, targets before what refers to them and otherwise parents first; then what only loses, the other way
// round. A name without RRsets is erased.
struct UpdatePlan {
  std::vector<NameSpec> names;
  Soa soa;  // the new one: the serial is raised once if anything changed
  std::uint32_t soa_ttl = 0;
  bool changed = false;
};

// The prerequisites, and what is wrong with the changes before any is made (§3.2, §3.4.1); nullopt: nothing.
std::optional<UpdateRefusal> check_update(const Update& update, const UpdateView& view);

// All or nothing (§3.2 to §3.4). Precondition: at most Update::kRecordsMost records.
net::Result<UpdatePlan, UpdateRefusal> plan_update(const Update& update, const UpdateView& view);

}  // namespace muster::zones
