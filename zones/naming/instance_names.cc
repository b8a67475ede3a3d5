#include "zones/naming/instance_names.h"

#include <algorithm>

#include "zones/naming/native.h"
#include "zones/ready_set.h"

namespace muster::zones::naming {

namespace {

using registry::InstanceBody;

constexpr std::size_t kTxtStringMax = 255;

void add_rrset(NameSpec& spec, RrType type, Ttls ttl, const Note& note, std::vector<Member> members) {
  if (members.empty()) return;
  RrsetSpec rrset;
  rrset.type = type;
  rrset.ttl = ttl.now;
  if (ttl.now < ttl.configured) rrset.full_ttl = ttl.configured;
  rrset.additional_ttl = type == RrType::srv ? ttl.now : 0;
  rrset.note = note;
  rrset.members = std::move(members);
  spec.rrsets.push_back(std::move(rrset));
}

std::vector<Member> addresses(const InstanceBody& body, net::Family family) {
  std::vector<Member> members;
  for (const net::IpAddress& address : addresses_of(body)) {
    if (address.family != family) continue;
    Member member{.rdata = encode_address(address), .weight = 1, .tier = 0, .addresses = {}};
    if (std::find(members.begin(), members.end(), member) == members.end())
      members.push_back(std::move(member));
  }
  return members;
}

// Two ports with one number (tcp and udp) make one record.
std::vector<Member> services(const InstanceBody& body, std::uint16_t weight, const Name& target) {
  std::vector<Member> members;
  members.reserve(body.ports.size());
  for (const registry::Port& port : body.ports) {
    Member member = own_srv(port, weight, target, body);
    if (std::find(members.begin(), members.end(), member) == members.end())
      members.push_back(std::move(member));
  }
  return members;
}

}  // namespace

std::vector<std::string> txt_strings(const InstanceBody& body) {
  std::vector<std::string> strings;
  strings.reserve(body.properties.size() + body.tags.size() + 1);  // browsing adds one
  const auto add = [&](const std::string& key, const std::string& value) {
    const std::size_t size = key.size() + 1 + value.size();
    if (size > kTxtStringMax) return;
    std::string& text = strings.emplace_back();
    text.reserve(size);
    text.append(key).append(1, '=').append(value);
  };
  for (const auto& [key, value] : body.properties) add(key, value);
  for (const auto& [key, value] : body.tags) {
    const auto same = [&key = key](const auto& property) { return Name::equal_fold(property.first, key); };
    if (std::none_of(body.properties.begin(), body.properties.end(), same)) add(key, value);
  }
  return strings;
}

std::vector<std::string> strings_left_out(const InstanceBody& body) {
  std::vector<std::string> keys;
  for (const auto* map : {&body.properties, &body.tags}) {
    for (const auto& [key, value] : *map) {
      if (key.size() + 1 + value.size() > kTxtStringMax) keys.push_back(key);
    }
  }
  return keys;
}

std::uint16_t own_weight(const registry::Instance& instance, std::uint32_t srv_weight_scale) {
  const Chosen alone{&instance, std::max(1.0, static_cast<double>(instance.body->weight_or_default()))};
  return srv_weights({&alone, 1}, srv_weight_scale).front();
}

Member own_srv(const registry::Port& port, std::uint16_t weight, const Name& target, const InstanceBody& body) {
  return {.rdata = encode_srv(body.priority_or_default(), weight, port.number, target),
          .weight = 1,
          .tier = body.priority_or_default(),
          .addresses = addresses_of(body)};
}

NameSpec instance_spec(const Name& owner, const registry::Instance& instance, TtlRange range,
                       std::uint32_t srv_weight_scale) {
  NameSpec spec{.owner = owner, .rrsets = {}};
  const InstanceBody& body = *instance.body;
  const Ttls ttl{ttl_of(instance, range).seconds, range.most};
  Note note;
  tell_silence(instance, note);
  spec.rrsets.reserve(4);
  add_rrset(spec, RrType::a, ttl, note, addresses(body, net::Family::v4));
  add_rrset(spec, RrType::aaaa, ttl, note, addresses(body, net::Family::v6));
  add_rrset(spec, RrType::srv, ttl, note, services(body, own_weight(instance, srv_weight_scale), owner));
  const auto strings = txt_strings(body);
  if (!strings.empty()) {
    std::vector<Member> members(1);
    members.front().rdata = encode_txt(strings);
    add_rrset(spec, RrType::txt, ttl, note, std::move(members));
  }
  return spec;
}

}  // namespace muster::zones::naming
