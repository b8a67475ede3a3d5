#include "registry/api/instance_json.h"

#include <algorithm>
#include <utility>

#include "registry/api/json_text.h"
#include "registry/health/check_json.h"

namespace muster::registry::api {
namespace {

// [item, item…] with `append(out, item)` for each.
template <class Range, class Append>
void append_array(std::string& out, const Range& range, Append append) {
  out += '[';
  bool first = true;
  for (const auto& item : range) {
    if (!std::exchange(first, false)) out += ',';
    append(out, item);
  }
  out += ']';
}

// {key: value…} of a flat map.
template <class Map, class Append>
void append_map(std::string& out, const Map& map, Append append) {
  out += '{';
  bool first = true;
  for (const auto& [key, value] : map) {
    if (!std::exchange(first, false)) out += ',';
    append_string(out, key);
    out += ':';
    append(out, value);
  }
  out += '}';
}

void append_text(std::string& out, const std::string& text) { append_string(out, text); }
void append_double(std::string& out, double value) { append_number(out, value); }

void append_addresses(std::string& out, const std::vector<IpAddress>& addresses) {
  append_array(out, addresses,
               [](std::string& to, const IpAddress& address) { append_string(to, net::to_string(address)); });
}

void append_port(std::string& out, const Port& port) {
  out += '{';
  if (!port.name.empty()) {
    out += "\"name\":";
    append_string(out, port.name);
    out += ',';
  }
  out += "\"port\":";
  append_number(out, std::uint64_t{port.number});
  out += ",\"proto\":";
  append_string(out, to_string(port.protocol));
  if (port.service_port != 0) {
    out += ",\"service_port\":";
    append_number(out, std::uint64_t{port.service_port});
  }
  if (port.scope == PortScope::container) out += ",\"scope\":\"container\"";
  if (!port.attributes.empty()) {
    out += ",\"attributes\":";
    append_map(out, port.attributes, append_double);
  }
  out += '}';
}

void append_endpoints(std::string& out, const InstanceBody& body) {
  out += "\"addresses\":";
  append_addresses(out, body.addresses);
  if (!body.host_addresses.empty()) {
    out += ",\"host_addresses\":";
    append_addresses(out, body.host_addresses);
  }
  out += ",\"ports\":";
  append_array(out, body.ports, append_port);
  if (!body.url) return;
  out += ",\"url\":";
  append_string(out, body.url->url);
  out += ",\"address_type\":";
  append_string(out, to_string(body.url->type));
}

void append_scheduler(std::string& out, const SchedulerFacts& facts, const std::string& task) {
  out += ",\"scheduler\":{\"source\":";
  append_string(out, facts.source);
  out += ",\"app\":";
  append_string(out, facts.app);
  out += ",\"task\":";
  append_string(out, task);
  out += ",\"labels\":";
  append_map(out, facts.labels, append_text);
  out += '}';
}

void append_properties(std::string& out, const Tags& properties) {
  out += ",\"properties\":";
  append_map(out, properties, append_text);
}

void append_descriptions(std::string& out, const InstanceBody& body) {
  out += ",\"tags\":";
  append_map(out, body.tags, append_text);
  out += ",\"meta\":";
  out += body.meta;
  out += ",\"version\":";
  append_string(out, body.version);
  out += ",\"attributes\":";
  append_map(out, body.attributes, append_double);
  if (!body.properties.empty()) append_properties(out, body.properties);
  if (!body.task.empty()) {
    out += ",\"task\":";
    append_string(out, body.task);
  }
  if (body.checks) {
    out += ",\"checks\":";
    health::append_own_checks(out, *body.checks);
  }
  if (body.scheduler) append_scheduler(out, *body.scheduler, body.task);
}

void append_merged_body(std::string& out, const InstanceBody& body) {
  append_endpoints(out, body);
  out += ",\"weight\":";
  append_number(out, std::uint64_t{body.weight_or_default()});
  out += ",\"priority\":";
  append_number(out, std::uint64_t{body.priority_or_default()});
  out += ",\"order\":";
  append_number(out, std::int64_t{body.order_or_default()});
  append_descriptions(out, body);
}

void append_draining(std::string& out, const Instance& instance) {
  out += ",\"draining\":";
  if (!instance.draining_since) {
    out += "null";
    return;
  }
  out += "{\"since\":";
  append_time(out, *instance.draining_since);
  out += ",\"reason\":";
  append_string(out, instance.draining_reason);
  out += '}';
}

void append_identity(std::string& out, std::string_view service, std::string_view id,
                     std::string_view label) {
  out += "{\"service\":";
  append_string(out, service);
  out += ",\"id\":";
  append_string(out, id);
  out += ",\"label\":";
  append_string(out, label);
}

void append_life(std::string& out, std::uint64_t generation, std::uint64_t revision) {
  out += ",\"generation\":";
  append_number(out, generation);
  out += ",\"revision\":";
  append_number(out, revision);
}

void append_standing(std::string& out, const Instance& instance, Reason reason) {
  out += ",\"state\":";
  append_string(out, to_string(instance.state));
  out += ",\"serving\":";
  append_bool(out, instance.serving);
  out += ",\"reason\":";
  append_string(out, reason_text(reason, instance));
  out += ",\"effective_weight\":";
  append_number(out, instance.effective_weight, true);
}

// The members of an overlay entry that it names; the others say nothing.
void append_settings(std::string& out, const OverlayEntry& entry) {
  if (entry.mode) {
    out += ",\"mode\":";
    append_string(out, to_string(*entry.mode));
  }
  if (entry.weight) {
    out += ",\"weight\":";
    append_number(out, std::uint64_t{*entry.weight});
  }
  if (entry.priority) {
    out += ",\"priority\":";
    append_number(out, std::uint64_t{*entry.priority});
  }
  if (!entry.tags.empty()) {
    out += ",\"tags\":";
    append_map(out, entry.tags, [](std::string& to, const std::optional<std::string>& value) {
      if (value) {
        append_string(to, *value);
      } else {
        to += "null";
      }
    });
  }
}

}  // namespace

void append_lease(std::string& out, const LeaseView& lease, bool with_heartbeat) {
  out += ",\"lease\":";
  if (lease.ttl.count() == 0) {
    out += "null";
    return;
  }
  out += "{\"state\":";
  append_string(out, to_string(lease.state));
  out += ",\"ttl_ms\":";
  append_number(out, std::int64_t{lease.ttl.count()});
  out += ",\"expires_at\":";
  append_time(out, lease.expires_at);
  if (with_heartbeat) {
    out += ",\"heartbeat_at\":";
    append_time(out, lease.heartbeat_at);
  }
  out += '}';
}

void append_instance(std::string& out, const Instance& instance, const LeaseView& lease) {
  append_instance_as(out, instance, lease, instance.reason);
}

void append_instance_as(std::string& out, const Instance& instance, const LeaseView& lease, Reason reason) {
  append_identity(out, instance.service, instance.id, instance.label);
  append_life(out, instance.generation, instance.revision);
  out += ',';
  append_merged_body(out, *instance.body);
  append_standing(out, instance, reason);
  append_lease(out, lease, true);
  out += ",\"admin\":";
  append_string(out, to_string(instance.admin));
  append_draining(out, instance);
  out += ",\"sources\":";
  append_array(out, instance.sources,
               [](std::string& to, const SourceId& source) { append_string(to, source.name); });
  if (instance.aliases) {
    out += ",\"alias\":";
    append_array(out, *instance.aliases,
                 [](std::string& to, const std::string& alias) { append_string(to, alias); });
  }
  out += ",\"owner\":null,\"created_at\":";
  append_time(out, instance.created_at);
  out += '}';
}

void append_service(std::string& out, const ServiceView& view, const std::string& epoch) {
  out += "{\"service\":";
  append_string(out, view.name);
  out += ",\"epoch\":";
  append_string(out, epoch);
  out += ",\"revision\":";
  append_number(out, view.revision);
  out += ",\"set_hash\":";
  append_string(out, view.set_hash);
  out += ",\"policy\":";
  append_string(out, view.policy);
  if (view.properties) append_properties(out, *view.properties);
  if (!view.publishable) {
    out += ",\"publishable\":false,\"reason\":";
    append_string(out, to_string(view.reason));
  }
  out += ",\"instances\":[";
  for (std::size_t i = 0; i < view.instances.size(); ++i) {
    if (i > 0) out += ',';
    append_instance_as(out, *view.instances[i], i < view.leases.size() ? view.leases[i] : LeaseView{},
                       reason_among(*view.instances[i], view.best_tier));
  }
  out += "]}";
}

void append_grant(std::string& out, std::string_view service, std::string_view id, const Grant& grant,
                  bool durable) {
  append_identity(out, service, id, grant.label);
  append_life(out, grant.generation, grant.revision);
  out += ",\"state\":";
  append_string(out, to_string(grant.state));
  out += ",\"heartbeat_in_ms\":";
  append_number(out, std::int64_t{grant.lease.ttl.count() / 3});
  out += ",\"durable\":";
  append_bool(out, durable);
  out += ",\"owner\":null";
  if (!grant.alias_of.empty()) {
    out += ",\"alias_of\":";
    append_string(out, grant.alias_of);
  }
  append_lease(out, grant.lease, false);
  out += '}';
}

void append_body(std::string& out, const InstanceBody& body) {
  out += '{';
  append_endpoints(out, body);
  if (body.weight) {
    out += ",\"weight\":";
    append_number(out, std::uint64_t{*body.weight});
  }
  if (body.priority) {
    out += ",\"priority\":";
    append_number(out, std::uint64_t{*body.priority});
  }
  if (body.order) {
    out += ",\"order\":";
    append_number(out, std::int64_t{*body.order});
  }
  append_descriptions(out, body);
  out += '}';
}

void append_overlay_entry(std::string& out, const OverlayEntry& entry) {
  out += "{\"match\":";
  append_string(out, entry.match);
  append_settings(out, entry);
  if (entry.expires_at) {
    out += ",\"expires_at\":";
    append_time(out, *entry.expires_at);
  }
  if (!entry.reason.empty()) {
    out += ",\"reason\":";
    append_string(out, entry.reason);
  }
  if (!entry.by.empty()) {
    out += ",\"by\":";
    append_string(out, entry.by);
  }
  out += '}';
}

void append_safe_stop(std::string& out, std::optional<WallTime> safe_stop, WallTime now) {
  if (!safe_stop) {
    out += ",\"safe_stop_at\":null,\"safe_stop_in_ms\":null";
    return;
  }
  const WallTime at = std::max(*safe_stop, now);
  out += ",\"safe_stop_at\":";
  append_time(out, at);
  out += ",\"safe_stop_in_ms\":";
  append_number(out, std::int64_t{(at - now).count()});
}

}  // namespace muster::registry::api
