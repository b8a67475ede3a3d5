#include "zones/naming/native.h"

#include <algorithm>
#include <unordered_map>

#include "registry/label.h"
#include "zones/ready_set.h"

namespace muster::zones::naming {

namespace {

using registry::Instance;
using registry::InstanceBody;
using registry::Port;
using registry::Protocol;
using Kind = SetKey::Kind;
using Instances = std::vector<const Instance*>;

std::string underscored(std::string_view text) { return "_" + std::string(text); }
std::string underscored(Protocol protocol) { return underscored(registry::to_string(protocol)); }

std::optional<Name> below(const std::optional<Name>& parent, std::string_view label) {
  return parent ? parent->child(label) : std::nullopt;
}

const std::string* find_tag(const InstanceBody& body, std::string_view key) {
  for (const auto& [name, value] : body.tags) {
    if (name == key) return &value;
  }
  return nullptr;
}

bool has_family(const Instance& instance, net::Family family) {
  const auto& addresses = addresses_of(*instance.body);
  return std::any_of(addresses.begin(), addresses.end(),
                     [&](const auto& address) { return address.family == family; });
}

struct AddressHash {
  std::size_t operator()(const net::IpAddress& address) const {
    return std::hash<std::string_view>{}(address.bytes());
  }
};

std::uint32_t add_saturating(std::uint32_t a, std::uint32_t b) { return a + b < a ? UINT32_MAX : a + b; }

// Each instance's share is split over its addresses; equal addresses collapse and their shares add up.
std::vector<Member> address_members(const std::vector<Chosen>& chosen, net::Family family) {
  std::vector<Member> members;
  std::unordered_map<net::IpAddress, std::size_t, AddressHash> places;
  members.reserve(chosen.size());
  places.reserve(chosen.size());
  for (const Chosen& one : chosen) {
    const auto& addresses = addresses_of(*one.instance->body);
    const auto count =
        std::count_if(addresses.begin(), addresses.end(), [&](const auto& a) { return a.family == family; });
    for (const net::IpAddress& address : addresses) {
      if (address.family != family) continue;
      const std::uint32_t share = draw_share(one.weight / static_cast<double>(count));
      const auto [place, is_new] = places.try_emplace(address, members.size());
      if (is_new) {
        members.push_back({.rdata = encode_address(address), .weight = share, .tier = 0, .addresses = {}});
      } else {
        members[place->second].weight = add_saturating(members[place->second].weight, share);
      }
    }
  }
  return members;
}

bool fits_below(const Name& service, std::string_view label) {
  return !label.empty() && label.size() <= 63 && service.size() + label.size() + 1 <= 255;
}

// As encode_srv, of a target below the service's name, in one allocation: a change of a large service makes
// thousands.
std::string srv_rdata(std::uint16_t priority, std::uint16_t weight, std::uint16_t port,
                      std::string_view label, const Name& service) {
  std::string rdata;
  rdata.reserve(7 + label.size() + service.size());
  for (const std::uint16_t field : {priority, weight, port}) {
    rdata += static_cast<char>(field >> 8);
    rdata += static_cast<char>(field & 0xff);
  }
  rdata += static_cast<char>(label.size());
  rdata += label;
  rdata += service.wire();
  return rdata;
}

std::vector<Member> srv_members(const SetKey& key, const ServicePicture& service,
                                const std::vector<Chosen>& chosen) {
  std::vector<Member> members;
  members.reserve(chosen.size());
  const auto weights = srv_weights(chosen, service.policy.srv_weight_scale);
  for (std::size_t i = 0; i < chosen.size(); ++i) {
    const Instance& instance = *chosen[i].instance;
    const InstanceBody& body = *instance.body;
    if (!fits_below(service.name, instance.label)) continue;
    const std::uint16_t priority = body.priority_or_default();
    members.push_back(
        {.rdata = srv_rdata(priority, weights[i], port_for(key, body)->number, instance.label, service.name),
         .weight = draw_share(chosen[i].weight),
         .tier = priority,
         .addresses = addresses_of(body)});
  }
  return members;
}

// The frame of an RRset that is chosen by the service's policy; without members when nobody can be served.
RrsetSpec chosen_rrset(RrType type, const Instances& able, const ReadySet& set,
                       const ServicePicture& service) {
  RrsetSpec rrset;
  rrset.type = type;
  rrset.ttl = ttl_of(able, service.ttl, set.nothing_ready()).seconds;
  if (rrset.ttl < service.ttl.most) rrset.full_ttl = service.ttl.most;
  rrset.additional_ttl = type == RrType::srv ? rrset.ttl : 0;
  rrset.order = Order::weighted;
  rrset.overflow = type == RrType::srv ? Overflow::truncate : Overflow::fit;
  rrset.at_most = service.policy.answers;
  rrset.servfail = set.servfail;
  rrset.note = set.note();
  return rrset;
}

void add_addresses(const Instances& standing, net::Family family, const ServicePicture& service,
                   SetContent& content) {
  Instances able;
  for (const Instance* instance : standing) {
    if (has_family(*instance, family)) able.push_back(instance);
  }
  const ReadySet set = choose(able, service.policy, Tiers::lowest);
  if (set.candidates == 0) return;
  const RrType type = family == net::Family::v4 ? RrType::a : RrType::aaaa;
  content.rrsets.push_back(chosen_rrset(type, able, set, service));
  content.rrsets.back().members = address_members(set.chosen, family);
}

void add_srv(const SetKey& key, const Instances& standing, const ServicePicture& service,
             SetContent& content) {
  Instances able;
  for (const Instance* instance : standing) {
    if (port_for(key, *instance->body)) able.push_back(instance);
  }
  const ReadySet set = choose(able, service.policy, Tiers::all);
  if (set.candidates == 0) return;
  content.rrsets.push_back(chosen_rrset(RrType::srv, able, set, service));
  content.rrsets.back().members = srv_members(key, service, set.chosen);
}

}  // namespace

std::optional<Name> service_name(const Name& domain, std::string_view label) { return domain.child(label); }

std::optional<Name> instance_name(const Name& service, const Instance& instance) {
  return service.child(instance.label);
}

std::optional<std::string> tag_label(std::string_view value) {
  const std::string label = registry::ascii_lower(value);
  const auto legal = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; };
  if (label.empty() || label.size() > 63 || !std::all_of(label.begin(), label.end(), legal))
    return std::nullopt;
  return label;
}

void add_set_keys(const Instance& instance, const ServicePolicy& policy, std::vector<SetKey>& keys) {
  static constexpr std::ptrdiff_t kJustAdded = 8;
  const auto add = [&keys](SetKey key) {
    const auto from = keys.end() - std::min(std::ssize(keys), kJustAdded);
    if (std::find(from, keys.end(), key) == keys.end()) keys.push_back(std::move(key));
  };
  add({});
  for (const Port& port : instance.body->ports) {
    add({Kind::service, port.protocol, "", ""});
    if (!port.name.empty()) add({Kind::port, port.protocol, registry::ascii_lower(port.name), ""});
  }
  for (const std::string& view : policy.tag_views) {
    const std::string* value = find_tag(*instance.body, view);
    const auto label = value ? tag_label(*value) : std::nullopt;
    if (label) add({Kind::tag, Protocol::tcp, view, *label});
  }
}

std::optional<Name> owner_of(const SetKey& key, const Name& domain, std::string_view label) {
  switch (key.kind) {
    case Kind::plain: return domain.child(label);
    case Kind::service: return below(domain.child(underscored(key.protocol)), underscored(label));
    case Kind::port:
      return below(below(domain.child(label), underscored(key.protocol)), underscored(key.first));
    case Kind::tag: return below(below(below(domain.child(label), "by"), key.first), key.second);
  }
  return std::nullopt;
}

const Port* port_for(const SetKey& key, const InstanceBody& body) {
  for (const Port& port : body.ports) {
    if (key.kind == Kind::service && port.protocol != key.protocol) continue;
    if (key.kind == Kind::port && (port.protocol != key.protocol || !Name::equal_fold(port.name, key.first)))
      continue;
    return &port;
  }
  return nullptr;
}

bool stands_under(const SetKey& key, const Instance& instance) {
  if (key.kind == Kind::plain) return true;
  if (key.kind != Kind::tag) return port_for(key, *instance.body) != nullptr;
  const std::string* value = find_tag(*instance.body, key.first);
  return value && tag_label(*value) == key.second;
}

SetContent set_content(const SetKey& key, const ServicePicture& service) {
  SetContent content;
  Instances standing;
  standing.reserve(service.members.size());
  for (const Instance* instance : service.members) {
    if (stands_under(key, *instance)) standing.push_back(instance);
  }
  content.any = !standing.empty();
  if (key.kind == Kind::plain || key.kind == Kind::tag) {
    add_addresses(standing, net::Family::v4, service, content);
    add_addresses(standing, net::Family::v6, service, content);
  }
  add_srv(key, standing, service, content);
  return content;
}

const std::vector<net::IpAddress>& addresses_of(const InstanceBody& body) {
  return body.addresses.empty() ? body.host_addresses : body.addresses;
}

}  // namespace muster::zones::naming
