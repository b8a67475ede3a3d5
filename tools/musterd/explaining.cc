// What DNS makes of an instance, and what stands at a name, for the explain routes.
#include "registry/api/instance_json.h"
#include "registry/api/json_text.h"
#include "registry/json_text.h"
#include "registry/label.h"
#include "tools/musterd/musterd.h"

namespace muster::tools {

namespace {

using registry::Instance;
using zones::NameExplanation;

// `before` opens the object or parts it from the member before.
void append_member(std::string& out, char before, std::string_view name, std::string_view text) {
  (out += before).append("\"").append(name).append("\":");
  registry::append_json_string(out, text);
}

void append_member(std::string& out, char before, std::string_view name, double number) {
  (out += before).append("\"").append(name).append("\":");
  registry::append_json_number(out, number);
}

std::string source_of(const Instance& instance) {
  return instance.sources.empty() ? std::string() : instance.sources.front().name;
}

// What has the say over its state: "report" is what its heartbeats say; "": nothing, it is well, or a source
// says so, or it is gone since the answer was made.
std::string deciding_check(const std::optional<registry::HealthView>& health) {
  using registry::Reason;
  if (!health) return "";
  const registry::HealthView& view = *health;
  const Reason reason = view.instance->reason;
  const bool is_found = reason == Reason::suspended || reason == Reason::timedout ||
                        reason == Reason::timedout_hidden || reason == Reason::capped ||
                        reason == Reason::starting || reason == Reason::bad_port;
  for (const registry::WatchView& check : view.checks)
    if (is_found && check.state == view.real_state) return check.id;
  if (is_found && view.reports && view.reports->state == view.real_state) return "reports";
  return reason == Reason::suspended_report || reason == Reason::starting ? "report" : "";
}

void append_check(std::string& out, const std::optional<registry::HealthView>& health) {
  out += ",\"check\":";
  registry::api::append_string_or_null(out, deciding_check(health));
}

std::string source_of(const NameExplanation& found, const NameExplanation::Record& record) {
  if (!record.instances.empty()) return source_of(*record.instances.front());
  if (record.policy == "panic:fallback") return "fallback";  // an address that the configuration names
  return found.generated ? "muster" : "zone";
}

// An instance of the service that is fallen back to is named with it.
std::string shown_id(const NameExplanation& found, const Instance& instance) {
  const bool is_own = registry::ascii_lower(instance.service) == found.would_be_of;
  return is_own || found.would_be_of.empty() ? instance.id : instance.service + "/" + instance.id;
}

void append_record(std::string& out, const NameExplanation& found, const NameExplanation::Record& record) {
  if (out.back() != '[') out += ',';
  append_member(out, '{', "type", record.type);
  append_member(out, ',', "ttl", record.ttl);
  append_member(out, ',', "data", record.text);
  append_member(out, ',', "weight", record.weight);
  append_member(out, ',', "probability", record.probability);
  append_member(out, ',', "policy", record.policy);
  append_member(out, ',', "ttl_reason", record.ttl_reason);
  append_member(out, ',', "source", source_of(found, record));
  out += ",\"instances\":[";
  for (const auto& instance : record.instances) {
    if (out.back() != '[') out += ',';
    registry::append_json_string(out, shown_id(found, *instance));
  }
  out += "]}";
}

void append_candidate(std::string& out, const NameExplanation::Candidate& candidate,
                      const registry::LeaseView& lease, const std::optional<registry::HealthView>& health) {
  const Instance& instance = *candidate.instance;
  if (out.back() != '[') out += ',';
  append_member(out, '{', "id", instance.id);
  out.append(",\"serving\":").append(candidate.answered ? "true" : "false");
  append_member(out, ',', "state", to_string(instance.state));
  append_member(out, ',', "reason",
                candidate.answered ? registry::reason_text(instance.reason, instance) : candidate.rule);
  append_member(out, ',', "probability", candidate.probability);
  append_member(out, ',', "policy", candidate.rule);
  append_member(out, ',', "weight", instance.effective_weight);
  append_member(out, ',', "priority", instance.body->priority_or_default());
  append_member(out, ',', "source", source_of(instance));
  append_check(out, health);
  registry::api::append_lease(out, lease, true);
  append_member(out, ',', "ttl_reason", candidate.ttl_reason);
  out += '}';
}

}  // namespace

registry::api::PublishedAs Musterd::published_as(const Instance& instance) const {
  registry::api::PublishedAs to;
  to.names = names_.publisher->names_of(instance);
  to.not_in_txt = names_.publisher->strings_left_out(instance);
  for (const auto& [name, share] : names_.publisher->standings_of(instance))
    to.answers.push_back({name, share.type, share.probability, share.rule});
  return to;
}

std::string Musterd::explain_name(std::string_view name, std::string_view type,
                                  const std::optional<net::IpPrefix>& client) const {
  const auto owner = zones::parse_domain(name);
  const auto wanted = type.empty() ? std::nullopt : zones::parse_type(type);
  if (!owner || (!type.empty() && !wanted)) return "";
  std::optional<zones::ClientNetwork> network;
  if (client) network = {hash_key(*config_), zones::asking_network(client->address, client->length)};
  const NameExplanation found = names_.publisher->explain(*owner, wanted, network ? &*network : nullptr);
  const net::Instant now = net::machine_now();
  std::string out;
  append_member(out, '{', "name", found.name);
  append_member(out, ',', "zone", found.zone);
  append_member(out, ',', "outcome", found.outcome);
  append_member(out, ',', "closest_encloser", found.closest_encloser);
  append_member(out, ',', "service", found.service);
  append_member(out, ',', "ttl_reason", found.ttl_reason);
  if (!found.note.empty()) append_member(out, ',', "note", found.note);
  out += ",\"records\":[";
  for (const auto& record : found.records) append_record(out, found, record);
  out += "],\"instances\":[";
  for (const auto& candidate : found.candidates) {
    const Instance& instance = *candidate.instance;
    append_candidate(out, candidate, registry_->lease_of(instance.service, instance.id, now),
                     registry_->health_of(instance.service, instance.id, now));
  }
  return out.append("]")
      .append(schedulers_->explain(*owner, wanted, found.would_be_of, now.wall))
      .append("}");
}

}  // namespace muster::tools
