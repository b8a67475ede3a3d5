#include "zones/explain.h"

#include <algorithm>
#include <unordered_map>

#include "registry/label.h"
#include "zones/naming/dns_sd.h"
#include "zones/naming/native.h"
#include "zones/set_view.h"

namespace muster::zones {

namespace {

std::vector<std::string> labels_below(const Name& name, const Name& domain) {
  std::vector<std::string> labels;
  for (Name at = name; at.size() > domain.size(); at = at.parent())
    labels.push_back(registry::ascii_lower(at.first_label()));
  return labels;
}

bool is_underscored(const std::string& label) { return label.starts_with('_'); }

std::optional<registry::Protocol> protocol_of(const std::string& label) {
  if (label == "_tcp") return registry::Protocol::tcp;
  if (label == "_udp") return registry::Protocol::udp;
  return std::nullopt;
}

// Which sort of name below the domain this is: a set of a service (S, _S._O, _P._O.S, V.K.by.S), a name of
// one instance (L.S, I._T._O with I = "S L"), or another one, which may belong to a service all the same.
struct NamePlace {
  enum class Kind : std::uint8_t { other, set, own } kind = Kind::other;
  std::string service;  // folded; "": none
  naming::SetKey key;   // of a set
  std::string label;    // of an instance
};

NamePlace place_of(const Name& name, const Name& domain) {
  using Key = naming::SetKey::Kind;
  const auto labels = labels_below(name, domain);
  if (labels.empty()) return {};
  const std::string& last = labels.back();
  if (!is_underscored(last)) {
    NamePlace place{NamePlace::Kind::other, last, {}, ""};
    if (labels.size() == 1) place.kind = NamePlace::Kind::set;
    if (labels.size() == 2 && !is_underscored(labels[0])) {
      place.kind = NamePlace::Kind::own;
      place.label = labels[0];
    }
    if (labels.size() == 3 && is_underscored(labels[0])) {
      if (const auto protocol = protocol_of(labels[1])) {
        place.kind = NamePlace::Kind::set;
        place.key = {Key::port, *protocol, labels[0].substr(1), ""};
      }
    }
    if (labels.size() == 4 && labels[2] == "by") {
      place.kind = NamePlace::Kind::set;
      place.key = {Key::tag, registry::Protocol::tcp, labels[1], labels[0]};
    }
    return place;
  }
  const auto protocol = protocol_of(last);
  if (!protocol || labels.size() < 2 || !is_underscored(labels[labels.size() - 2])) return {};
  const std::string& type = labels[labels.size() - 2];
  if (labels.size() == 2)
    return {NamePlace::Kind::set, type.substr(1), {Key::service, *protocol, "", ""}, ""};
  const auto blank = labels[0].rfind(' ');
  if (labels.size() != 3 || blank == std::string::npos) return {};
  return {NamePlace::Kind::own, labels[0].substr(0, blank), {}, labels[0].substr(blank + 1)};
}

// Also of a name in a file zone that is a service's.
NamePlace place_of(const Name& name, const PublishConfig& config) {
  if (name.is_at_or_below(config.domain)) return place_of(name, config.domain);
  const auto label = config.service_at(name);
  const auto set = label ? naming::public_set(name, *label) : std::nullopt;
  if (!set) return {};
  return {NamePlace::Kind::set, *label, set->key, ""};
}

constexpr RrType kChosenTypes[] = {RrType::a, RrType::aaaa, RrType::srv, RrType::uri};

bool is_chosen_type(RrType type) {
  return std::find(std::begin(kChosenTypes), std::end(kChosenTypes), type) != std::end(kChosenTypes);
}

std::uint16_t srv_field(const Member& member, std::size_t at) {
  return static_cast<std::uint16_t>(static_cast<unsigned char>(member.rdata[at]) << 8 |
                                    static_cast<unsigned char>(member.rdata[at + 1]));
}

std::uint32_t shown_weight(RrType type, const Member& member) {
  if (has_priorities(type)) return srv_field(member, 2);
  return std::max<std::uint32_t>(1, member.weight / draw_share(1));
}

void add_records(const RrsetSpec& rrset, bool chosen, const ClientNetwork* client, NameExplanation& out) {
  const auto chances = first_chances(rrset, chosen, client);
  for (std::size_t i = 0; i < rrset.members.size(); ++i) {
    const Member& member = rrset.members[i];
    out.records.push_back({.type = to_string(rrset.type),
                           .ttl = rrset.ttl,
                           .text = rdata_text(rrset.type, member.rdata),
                           .weight = shown_weight(rrset.type, member),
                           .probability = chances[i],
                           .policy = std::string(kFixedRule),
                           .ttl_reason = out.generated ? "the domain's ttl" : "as the zone has it",
                           .instances = {}});
  }
}

bool is_reverse(const Name& apex, const PublishConfig& config) {
  return std::find(config.reverse.begin(), config.reverse.end(), apex) != config.reverse.end();
}

// Mesos views have TTLs of their own, and the least of all is that of the name (zones/reverse_names.h).
void note_ttl_of_views(std::uint32_t domain_ttl, NameExplanation& out) {
  for (NameExplanation::Record& record : out.records) {
    if (record.type == "PTR" && record.ttl != domain_ttl) record.ttl_reason = "the ttl of a Mesos source";
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

registry::InstancePtr find_label(const LiveNames::Members& members, const std::string& label) {
  for (const auto& member : members) {
    if (Name::equal_fold(member->instance->label, label)) return member->instance;
  }
  return nullptr;
}

// Everything that an explanation says of a set, beside the records that add_records() has listed.
class SetExplainer {
 public:
  SetExplainer(const LiveNames& names, const NamePlace& place, std::optional<RrType> type) : type_(type) {
    for (const RrType each : kChosenTypes) {
      if (!type || *type == each) views_.emplace_back(each, SetView(names, place.key, place.service, each));
    }
    if (views_.empty()) views_.emplace_back(*type, SetView(names, place.key, place.service, *type));
  }

  void explain(const LiveNames::Members& members, const naming::SetKey& key, const NameSpec* content,
               NameExplanation& out) {
    if (content != nullptr) note_records(*content, out);
    for (const auto& member : members) {
      const registry::InstancePtr& instance = member->instance;
      if (key.kind == naming::SetKey::Kind::tag && !naming::stands_under(key, *instance)) continue;
      const SetView& view = view_for(*instance);
      const double chance = chances_[instance.get()];
      out.candidates.push_back({instance, view.chooses(*instance) && (chance > 0 || view.answers_more()),
                                chance, view.rule_of(*instance),
                                to_string(ttl_of(*instance, view.ttl_range()))});
    }
    out.ttl_reason = views_.front().second.ttl_reason();
    for (const auto& [each, view] : views_)
      if (out.ttl_reason.empty()) out.ttl_reason = view.ttl_reason();
  }

 private:
  // Of several types the first whose records it can have.
  const SetView& view_for(const registry::Instance& instance) const {
    for (const auto& [each, view] : views_) {
      if (view.suits(instance)) return view;
    }
    return views_.front().second;
  }

  // In the order in which add_records() has listed them.
  void note_records(const NameSpec& content, NameExplanation& out) {
    std::size_t at = 0;
    for (const RrsetSpec& rrset : content.rrsets) {
      if (type_ && rrset.type != *type_) continue;
      const auto view = std::find_if(views_.begin(), views_.end(),
                                     [&](const auto& one) { return one.first == rrset.type; });
      for (const Member& member : rrset.members) {
        NameExplanation::Record& record = out.records[at++];
        if (view == views_.end()) continue;
        record.policy = view->second.rule();
        record.ttl_reason = view->second.ttl_reason();
        record.instances = view->second.holders_of(member.rdata);
        for (const auto& instance : record.instances) {
          if (&view->second == &view_for(*instance)) chances_[instance.get()] += record.probability;
        }
      }
    }
  }

  const std::optional<RrType> type_;
  std::vector<std::pair<RrType, SetView>> views_;
  std::unordered_map<const registry::Instance*, double> chances_;
};

// A name of one instance alone.
void explain_own(const LiveNames& names, const registry::InstancePtr& instance, NameExplanation& out) {
  const ServicePolicy policy = names.config().policy_of(instance->service);
  const std::string ttl_reason = to_string(ttl_of(*instance, ttl_range(names.config().ttl_min, policy)));
  for (NameExplanation::Record& record : out.records) {
    record.instances = {instance};
    record.ttl_reason = ttl_reason;
  }
  out.candidates.push_back(
      {instance, !out.records.empty(), out.records.empty() ? 0.0 : 1.0, std::string(kFixedRule), ttl_reason});
  out.ttl_reason = ttl_reason;
}

void explain_service(const LiveNames& names, const NamePlace& place, std::optional<RrType> type,
                     const NameSpec* content, NameExplanation& out) {
  const auto* members = names.members_of(place.service);
  if (members == nullptr) return;
  out.service = place.service;
  if (place.kind == NamePlace::Kind::set)
    SetExplainer(names, place, type).explain(*members, place.key, content, out);
  if (place.kind != NamePlace::Kind::own || content == nullptr) return;
  if (const auto instance = find_label(*members, place.label)) explain_own(names, instance, out);
}

// The names that belong to one instance alone, its address in wire form beside them.
struct Identity {
  std::vector<Name> names;
  std::vector<std::string> addresses;
  std::string url;  // "": none

  bool owns(const Name& name) const { return std::find(names.begin(), names.end(), name) != names.end(); }
  bool is_meant_by(RrType type, std::string_view rdata) const {
    if (type == RrType::a || type == RrType::aaaa)
      return std::find(addresses.begin(), addresses.end(), rdata) != addresses.end();
    const std::size_t lead = type == RrType::srv ? kSrvTarget : 0;
    if (type == RrType::uri) return !url.empty() && rdata.substr(kUriTarget) == url;
    if (type != RrType::ptr && type != RrType::srv) return false;
    const auto target = Name::from_wire(rdata.substr(lead));
    return target && owns(*target);
  }

 private:
  static constexpr std::size_t kSrvTarget = 6;
  static constexpr std::size_t kUriTarget = 4;
};

Identity identity_of(const LiveNames& names, const registry::Instance& instance) {
  Identity identity{names.own_names_of(instance), {}, instance.body->url ? instance.body->url->url : ""};
  for (const net::IpAddress& address : naming::addresses_of(*instance.body))
    identity.addresses.push_back(encode_address(address));
  return identity;
}

}  // namespace

std::vector<InstanceShare> shares_of(const Zones& zones, const LiveNames& names,
                                     const registry::Instance& instance, const Name& name) {
  std::vector<InstanceShare> shares;
  const auto content = zones.read(name);
  const Identity identity = identity_of(names, instance);
  const bool own = identity.owns(name);
  if (content) {
    for (const RrsetSpec& rrset : content->rrsets) {
      const auto chances = first_chances(rrset, !own && is_chosen_type(rrset.type));
      InstanceShare share{to_string(rrset.type), 0, std::string(kFixedRule)};
      bool stands = false;
      for (std::size_t i = 0; i < chances.size(); ++i) {
        if (!own && !identity.is_meant_by(rrset.type, rrset.members[i].rdata)) continue;
        stands = true;
        share.probability = std::min(1.0, share.probability + chances[i]);  // all of a whole set are sent: 1
      }
      if (stands) shares.push_back(std::move(share));
    }
  }
  if (own) return shares;
  const NamePlace place = place_of(name, names.config());
  const auto standing = [&](RrType type) -> InstanceShare& {
    const std::string text = to_string(type);
    const auto found =
        std::find_if(shares.begin(), shares.end(), [&](const auto& one) { return one.type == text; });
    return found == shares.end() ? shares.emplace_back(InstanceShare{text, 0, ""}) : *found;
  };
  if (place.kind == NamePlace::Kind::set && place.service == registry::ascii_lower(instance.service)) {
    for (const RrType type : kChosenTypes) {
      const SetView view(names, place.key, place.service, type);
      if (!view.suits(instance)) continue;
      InstanceShare& share = standing(type);
      share.rule = view.rule_of(instance);
      if (!view.chooses(instance)) share.probability = 0;  // somebody else's, at the same address
    }
  }
  const auto offers = naming::offers_of(instance);
  const bool offered = std::any_of(offers.begin(), offers.end(), [&](const naming::Offer& offer) {
    return naming::type_name(names.config().domain, offer.type) == name;
  });
  if (!offered) return shares;
  InstanceShare& pointer = standing(RrType::ptr);
  if (pointer.probability <= 0)
    pointer.rule = instance.serving ? "domain_set_full" : registry::reason_text(instance.reason, instance);
  return shares;
}

namespace {

std::size_t first_hashed(const RrsetSpec& rrset, std::uint16_t tier, const ClientNetwork& client) {
  std::size_t first = 0;
  double most = -1;
  for (std::size_t i = 0; i < rrset.members.size(); ++i) {
    const Member& member = rrset.members[i];
    if (member.tier != tier) continue;
    const double score = rendezvous_score(rendezvous_hash(client, member.id), member.weight);
    if (score < most || (score == most && rrset.members[first].id < member.id)) continue;
    first = i;
    most = score;
  }
  return first;
}

}  // namespace

std::vector<double> first_chances(const RrsetSpec& rrset, bool chosen, const ClientNetwork* client) {
  std::vector<double> chances(rrset.members.size(), 0.0);
  if (rrset.members.empty()) return chances;
  const bool is_fixed = rrset.order == Order::fixed;
  if (is_fixed && !chosen) {
    std::fill(chances.begin(), chances.end(), 1.0);
    return chances;
  }
  if (is_fixed && (!has_priorities(rrset.type) || rrset.at_most == 1)) {
    chances.front() = 1;
    return chances;
  }
  const auto tier_of = [&](const Member& member) { return is_fixed ? srv_field(member, 0) : member.tier; };
  const auto weight_of = [&](const Member& member) {
    return is_fixed ? srv_field(member, 2) : static_cast<double>(member.weight);
  };
  // Of a fixed order the first so many are answered.
  const std::size_t answered = is_fixed && rrset.at_most != 0
                                   ? std::min<std::size_t>(rrset.at_most, rrset.members.size())
                                   : rrset.members.size();
  const auto members = std::span(rrset.members).first(answered);
  std::uint16_t lowest = tier_of(members.front());
  for (const Member& member : members) lowest = std::min(lowest, tier_of(member));
  if (rrset.order == Order::hashed && client != nullptr) {
    chances[first_hashed(rrset, lowest, *client)] = 1;
    return chances;
  }
  double sum = 0;
  for (const Member& member : members) sum += tier_of(member) == lowest ? weight_of(member) : 0;
  for (std::size_t i = 0; i < members.size() && sum > 0; ++i) {
    if (tier_of(rrset.members[i]) == lowest) chances[i] = weight_of(rrset.members[i]) / sum;
  }
  return chances;
}

NameExplanation explain(Zones& zones, const LiveNames& names, const Name& name, std::optional<RrType> type,
                        const ClientNetwork* client) {
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
  out.generated = zones.config(*zone).generated;
  const NamePlace place = place_of(name, names.config());
  out.would_be_of = place.service;
  if (is_delegated(zones, name, apex)) {
    out.outcome = "referral";
    return out;
  }
  const auto content = zones.read(name);
  if (!content) {
    out.outcome = "nxdomain";
    explain_service(names, place, type, nullptr, out);
    return out;
  }
  bool servfail = false;
  for (const RrsetSpec& rrset : content->rrsets) {
    if (type && rrset.type != *type) continue;
    servfail |= rrset.servfail;
    if (!rrset.note.text.empty()) out.note = rrset.note.text;
    add_records(rrset, place.kind == NamePlace::Kind::set && is_chosen_type(rrset.type), client, out);
  }
  if (is_reverse(apex, names.config())) note_ttl_of_views(names.config().ttl, out);
  out.outcome = !out.records.empty() ? "answer" : servfail ? "servfail" : "nodata";
  explain_service(names, place, type, &*content, out);
  return out;
}

}  // namespace muster::zones
