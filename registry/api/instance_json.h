// The registry's values as the API shows them: grant, instance, service, explanation. Members come in one
// fixed order; what an ordinary instance does not have (properties, task, host addresses) is left out, never
// null.
#pragma once

#include <string>
#include <string_view>

#include <optional>
#include "registry/registry.h"

namespace muster::registry::api {

// ,"lease":{…} or null. `with_heartbeat`: an instance also shows when it was last heard; a grant does not.
void append_lease(std::string& out, const LeaseView& lease, bool with_heartbeat);
void append_instance(std::string& out, const Instance& instance, const LeaseView& lease);
// With its reason among the others of its service (reason_among()).
void append_instance_as(std::string& out, const Instance& instance, const LeaseView& lease, Reason reason);

// A lease of zero length is shown as null: static services have none.
void append_service(std::string& out, const ServiceView& view, const std::string& epoch);

// The answer to a registration or heartbeat. `durable` false: the change lives in memory only.
void append_grant(std::string& out, std::string_view service, std::string_view id, const Grant& grant,
                  bool durable);

// What one source said, with the members of a registration.
void append_body(std::string& out, const InstanceBody& body);

void append_overlay_entry(std::string& out, const OverlayEntry& entry);

// ,"safe_stop_at":…,"safe_stop_in_ms":…: from when no cache can still hold the instance; nulls when it was in
// no answer.
void append_safe_stop(std::string& out, std::optional<WallTime> safe_stop, WallTime now);

}  // namespace muster::registry::api
