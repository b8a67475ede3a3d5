#include "zones/explain.h"

#include <algorithm>

#include "registry/label.h"
#include "zones/naming/native.h"
#include "zones/ready_set.h"

namespace muster::zones {

namespace {

std::vector<std::string> labels_below(const Name& name, const Name& domain) {
  std::vector<std::string> labels;
  for (Name at = name; at.size() > domain.size(); at = at.parent())
    labels.push_back(registry::ascii_lower(at.first_label()));
  return labels;
}

bool is_underscored(const std::string& label) { return label.starts_with('_'); }

// The service that a name below the domain belongs to: S, L.S, _P._O.S, V.K.by.S, or S of _S._O.
std::string service_label(const Name& name, const Name& domain) {
  const auto labels = labels_below(name, domain);
  if (labels.empty()) return "";
  if (!is_underscored(labels.back())) return labels.back();
  return labels.size() >= 2 && is_underscored(labels[labels.size() - 2]) ? labels[labels.size() - 2].substr(1)
                                                                         : "";
}

std::uint32_t shown_weight(RrType type, const Member& member) {
  if (type == RrType::srv) {
    return static_cast<std::uint32_t>(static_cast<unsigned char>(member.rdata[2]) << 8 |
                                      static_cast<unsigned char>(member.rdata[3]));
  }
  return std::max<std::uint32_t>(1, member.weight / draw_share(1));
}

void add_records(const RrsetSpec& rrset, NameExplanation& out) {
  const auto chances = first_chances(rrset);
  for (std::size_t i = 0; i < rrset.members.size(); ++i) {
    const Member& member = rrset.members[i];
    out.records.push_back({.type = to_string(rrset.type),
                           .ttl = rrset.ttl,
                           .text = rdata_text(rrset.type, member.rdata),
                           .weight = shown_weight(rrset.type, member),
                           .probability = chances[i]});
  }
}

// Below a cut of a file zone (RFC 1034 §4.3.2, 3b): the name, or an ancestor below the apex, holds NS.
bool is_delegated(const Zones& zones, const Name& name, const Name& apex) {
  for (Name at = name; at.size() > apex.size(); at = at.parent()) {
    const auto content = zones.read(at);
    const auto is_ns = [](const RrsetSpec& rrset) { return rrset.type == RrType::ns; };
    if (content && std::any_of(content->rrsets.begin(), content->rrsets.end(), is_ns)) return true;
  }
  return false;
}

std::string closest_encloser(const Zones& zones, const Name& name, const Name& apex) {
  Name at = name;
  while (at.size() > apex.size() && !zones.read(at)) at = at.parent();
  return at.text();
}

std::string ttl_reason(const LiveNames& names, const std::string& label, bool nothing_ready) {
  const auto* members = names.members_of(label);
  if (!members || members->empty()) return "";
  std::vector<const registry::Instance*> able;
  for (const auto& member : *members) able.push_back(member->instance.get());
  const ServicePolicy policy = names.config().policy_of(members->front()->instance->service);
  return to_string(ttl_of(able, {names.config().ttl_min, policy.ttl}, nothing_ready));
}

// The names that belong to one instance alone, its address in wire form beside them.
struct Identity {
  std::vector<Name> names;
  std::vector<std::string> addresses;

  bool owns(const Name& name) const { return std::find(names.begin(), names.end(), name) != names.end(); }
  bool is_meant_by(RrType type, std::string_view rdata) const {
    if (type == RrType::a || type == RrType::aaaa)
      return std::find(addresses.begin(), addresses.end(), rdata) != addresses.end();
    const std::size_t lead = type == RrType::srv ? kSrvTarget : 0;
    if (type != RrType::ptr && type != RrType::srv) return false;
    const auto target = Name::from_wire(rdata.substr(lead));
    return target && owns(*target);
  }

 private:
  static constexpr std::size_t kSrvTarget = 6;
};

Identity identity_of(const LiveNames& names, const registry::Instance& instance) {
  Identity identity{names.own_names_of(instance), {}};
  for (const net::IpAddress& address : naming::addresses_of(*instance.body))
    identity.addresses.push_back(encode_address(address));
  return identity;
}

}  // namespace

std::vector<InstanceShare> shares_of(const Zones& zones, const LiveNames& names,
                                     const registry::Instance& instance, const Name& name) {
  std::vector<InstanceShare> shares;
  const auto content = zones.read(name);
  if (!content) return shares;
  const Identity identity = identity_of(names, instance);
  const bool own = identity.owns(name);
  for (const RrsetSpec& rrset : content->rrsets) {
    const auto chances = first_chances(rrset);
    InstanceShare share{to_string(rrset.type), 0};
    bool stands = false;
    for (std::size_t i = 0; i < chances.size(); ++i) {
      if (!own && !identity.is_meant_by(rrset.type, rrset.members[i].rdata)) continue;
      stands = true;
      share.probability += chances[i];
    }
    if (stands) shares.push_back(std::move(share));
  }
  return shares;
}

std::vector<double> first_chances(const RrsetSpec& rrset) {
  std::vector<double> chances(rrset.members.size(), 0.0);
  if (rrset.members.empty()) return chances;
  if (rrset.order == Order::fixed) {
    chances.front() = 1;
    return chances;
  }
  std::uint16_t lowest = rrset.members.front().tier;
  for (const Member& member : rrset.members) lowest = std::min(lowest, member.tier);
  double sum = 0;
  for (const Member& member : rrset.members) sum += member.tier == lowest ? member.weight : 0;
  for (std::size_t i = 0; i < chances.size(); ++i) {
    if (rrset.members[i].tier == lowest) chances[i] = rrset.members[i].weight / sum;
  }
  return chances;
}

NameExplanation explain(Zones& zones, const LiveNames& names, const Name& name, std::optional<RrType> type) {
  NameExplanation out;
  out.name = name.text();
  Zone* zone = zones.zone_of(name);
  if (!zone) {
    out.outcome = "refused";
    return out;
  }
  const Name& apex = zones.apex(*zone);
  out.zone = apex.text();
  out.closest_encloser = closest_encloser(zones, name, apex);
  if (name.is_at_or_below(names.config().domain)) {
    const std::string label = service_label(name, names.config().domain);
    if (names.members_of(label)) out.service = label;
  }
  if (is_delegated(zones, name, apex)) {
    out.outcome = "referral";
    return out;
  }
  const auto content = zones.read(name);
  if (!content) {
    out.outcome = "nxdomain";
    return out;
  }
  bool servfail = false;
  bool nothing_ready = false;
  for (const RrsetSpec& rrset : content->rrsets) {
    if (type && rrset.type != *type) continue;
    servfail |= rrset.servfail;
    if (!rrset.note.text.empty()) out.note = rrset.note.text;
    nothing_ready |= !rrset.note.text.empty() && rrset.note.since == 0;
    add_records(rrset, out);
  }
  out.outcome = !out.records.empty() ? "answer" : servfail ? "servfail" : "nodata";
  out.ttl_reason = ttl_reason(names, out.service, nothing_ready);
  return out;
}

}  // namespace muster::zones
