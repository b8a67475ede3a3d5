#include "zones/naming/native.h"

#include <algorithm>
#include <array>
#include <boost/container/small_vector.hpp>
#include <boost/unordered/unordered_flat_map.hpp>
#include <span>

#include "registry/label.h"
#include "zones/naming/instance_names.h"
#include "zones/naming/label.h"
#include "zones/ready_set.h"

namespace muster::zones::naming {

namespace {

using registry::Instance;
using registry::InstanceBody;
using registry::Port;
using registry::Protocol;
using Kind = SetKey::Kind;

std::string underscored(Protocol protocol) { return naming::underscored(registry::to_string(protocol)); }

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

// Writes over the members of a set before, so that their strings and lists are allocated once.
class MemberWriter {
 public:
  explicit MemberWriter(std::vector<Member>& members) : members_(members) {}
  ~MemberWriter() { members_.resize(size_); }
  MemberWriter(const MemberWriter&) = delete;
  MemberWriter& operator=(const MemberWriter&) = delete;

  Member& next() {
    if (size_ == members_.size()) members_.emplace_back();
    return members_[size_++];
  }
  std::span<Member> written() { return std::span(members_).first(size_); }

 private:
  std::vector<Member>& members_;
  std::size_t size_ = 0;
};

// Where an address stands among the members: looked for one by one where they are few.
class AddressPlaces {
 public:
  AddressPlaces(MemberWriter& members, std::size_t most) : members_(members), is_few_(most <= kFew) {
    if (!is_few_) many_.reserve(most);
  }
  // Null: nowhere yet, and it will be the next.
  Member* find(const net::IpAddress& address) {
    if (!is_few_) {
      const auto [at, is_new] = many_.try_emplace(address, members_.written().size());
      return is_new ? nullptr : &members_.written()[at->second];
    }
    for (Member& member : members_.written()) {
      if (member.rdata == address.bytes()) return &member;
    }
    return nullptr;
  }

 private:
  static constexpr std::size_t kFew = 8;
  MemberWriter& members_;
  bool is_few_;
  boost::unordered_flat_map<net::IpAddress, std::size_t, AddressHash> many_;
};

// What a client's network is hashed with: of several addresses of an instance each has its own.
std::string hashed_id(const Instance& instance, const net::IpAddress& address, bool alone) {
  return alone ? instance.id : instance.id + "/" + net::to_string(address);
}

// Each instance's share is split over its addresses; equal addresses collapse and their shares add up.
void write_addresses(std::span<const Chosen> chosen, net::Family family, Order order,
                     std::vector<Member>& to) {
  const bool weighs = order != Order::fixed && order != Order::rotated;
  const double scale = weighs ? draw_scale(chosen) : 1;
  MemberWriter members(to);
  AddressPlaces places(members, chosen.size());
  for (const Chosen& one : chosen) {
    const auto& addresses = addresses_of(*one.instance->body);
    const auto count =
        std::count_if(addresses.begin(), addresses.end(), [&](const auto& a) { return a.family == family; });
    for (const net::IpAddress& address : addresses) {
      if (address.family != family) continue;
      const std::uint32_t share = weighs ? draw_share(one.weight / static_cast<double>(count), scale) : 1;
      if (Member* same = places.find(address)) {
        if (weighs) same->weight = add_saturating(same->weight, share);
        continue;
      }
      Member& member = members.next();
      member.rdata.assign(address.bytes());
      member.weight = share;
      member.tier = 0;
      member.addresses.clear();
      member.id.clear();
      if (order == Order::hashed) member.id = hashed_id(*one.instance, address, count == 1);
    }
  }
}

bool fits_below(const Name& service, std::string_view label) {
  return !label.empty() && label.size() <= 63 && service.size() + label.size() + 1 <= 255;
}

// As encode_srv, of a target below the service's name.
void write_srv(std::uint16_t priority, std::uint16_t weight, std::uint16_t port, std::string_view label,
               const Name& service, std::string& rdata) {
  rdata.resize(7 + label.size() + service.size());  // most often it has that size already
  char* at = rdata.data();
  for (const std::uint16_t field : {priority, weight, port}) {
    *at++ = static_cast<char>(field >> 8);
    *at++ = static_cast<char>(field & 0xff);
  }
  *at++ = static_cast<char>(label.size());
  at += label.copy(at, label.size());
  service.wire().copy(at, service.size());
}

std::uint16_t shown_priority(const Chosen& one, const ServicePolicy& policy) {
  constexpr std::uint32_t kIndexMost = 65530;
  const SrvFields fields = rules_of(policy.policy).srv;
  if (fields == SrvFields::index && !one.stands_by)
    return static_cast<std::uint16_t>(std::min(kIndexMost, 10 * one.index));
  return fields == SrvFields::index ? static_cast<std::uint16_t>(kIndexMost) : one.priority;
}

bool shows_ranks(const ServicePolicy& policy) {
  return rules_of(policy.policy).srv == SrvFields::ranked ||
         (policy.policy == Policy::round_robin_failover && policy.srv_by_priority);
}

// `service`: below which name their targets are.
void write_services(const SetKey& key, const Name& service, const ServicePolicy& policy, Order order,
                    std::span<const Chosen> chosen, std::vector<Member>& to) {
  const bool weighs = order != Order::fixed && order != Order::rotated;
  const double scale = weighs ? draw_scale(chosen) : 1;
  MemberWriter members(to);
  const auto weights = shown_weights(chosen, policy);
  for (std::size_t i = 0; i < chosen.size(); ++i) {
    const Instance& instance = *chosen[i].instance;
    const InstanceBody& body = *instance.body;
    if (!fits_below(service, instance.label)) continue;
    Member& member = members.next();
    member.tier = chosen[i].group;
    member.weight = weighs ? draw_share(chosen[i].weight, scale) : 1;
    member.addresses = addresses_of(body);
    member.id.clear();
    if (order == Order::hashed) member.id = instance.id;
    write_srv(shown_priority(chosen[i], policy), weights[i], port_for(key, body)->number, instance.label,
              service, member.rdata);
  }
}

// Of addresses each is a member of its own, equal ones counted apart.
std::size_t records_of(RrType type, std::span<const Chosen> chosen) {
  if (type != RrType::a && type != RrType::aaaa) return chosen.size();
  std::size_t records = 0;
  for (const Chosen& one : chosen) records += addresses_of(*one.instance->body).size();
  return records;
}

// Over so many members a hash would cost too much: drawn by weight.
Order order_for(const ServicePolicy& policy, std::size_t members) {
  const Order order = rules_of(policy.policy).order;
  return order == Order::hashed && members > kHashMembersMost ? Order::weighted : order;
}

// The frame of an RRset that is chosen by the service's policy; without members when nobody can be served.
RrsetSpec& add_rrset(RrType type, std::span<const Instance* const> able, const ReadySet& set,
                     const ServicePicture& service, SetContent& content) {
  const PolicyRules& rules = rules_of(service.policy.policy);
  const bool has_all = has_priorities(type);
  RrsetSpec& rrset = content.add();
  rrset.type = type;
  rrset.ttl = ttl_of(able, service.ttl, set.panic).seconds;
  rrset.full_ttl = rrset.ttl < service.ttl.most ? service.ttl.most : 0;  // `rrset` held something before
  rrset.additional_ttl = type == RrType::srv ? rrset.ttl : 0;
  rrset.order = order_for(service.policy, records_of(type, set.chosen));
  rrset.ranked = has_all && shows_ranks(service.policy);
  const bool whole = has_all || service.policy.udp_truncates || service.policy.policy == Policy::all;
  rrset.overflow = whole ? Overflow::truncate : Overflow::fit;
  rrset.at_most = (has_all ? rules.srv_one : rules.one) ? 1 : service.policy.answers;
  rrset.servfail = set.servfail;
  rrset.note = set.note();
  content.beyond_hash |= rrset.order != rules.order;
  if (set.panic && !content.panic) content.panic = Panic{true, set.ready, set.candidates};
  return rrset;
}

using Able = boost::container::small_vector<const Instance*, 16>;

// Who of the service that is fallen back to is ready; itself it falls back to nobody.
ReadySet choose_fallback(std::span<const Instance* const> able, const ServicePicture& service, Tiers tiers) {
  ServicePolicy policy = service.policy;
  policy.when_none = WhenNone::none;
  policy.panic_threshold = 0;
  policy.publish_not_ready = service.fallback_not_ready;
  return choose(able, policy, tiers);
}

template <class Suits>
Able those_that(std::span<const Instance* const> all, const Suits& suits) {
  Able able;
  for (const Instance* one : all) {
    if (suits(*one)) able.push_back(one);
  }
  return able;
}

// In turn, or drawn alike.
void write_literals(const ServicePolicy& policy, net::Family family, std::vector<Member>& to) {
  MemberWriter members(to);
  for (const net::IpAddress& address : policy.fallback_addresses) {
    if (address.family != family) continue;
    Member& member = members.next();
    member = {std::string(address.bytes()), 1, 0, {}};
    member.id = net::to_string(address);
  }
}

void add_addresses(std::span<const Instance* const> standing, net::Family family,
                   const ServicePicture& service, SetContent& content) {
  const auto suits = [&](const Instance& one) { return has_family(one, family); };
  const Able able = those_that(standing, suits);
  if (able.empty()) return;
  const ReadySet set = choose(able, service.policy, Tiers::lowest);
  if (set.candidates == 0 && !set.falls_back) return;
  const RrType type = family == net::Family::v4 ? RrType::a : RrType::aaaa;
  RrsetSpec& rrset = add_rrset(type, able, set, service, content);
  if (!set.falls_back) return write_addresses(set.chosen, family, rrset.order, rrset.members);
  if (service.policy.fallback_service.empty()) return write_literals(service.policy, family, rrset.members);
  const ReadySet other =
      choose_fallback(those_that(service.fallback_members(), suits), service, Tiers::lowest);
  rrset.order = order_for(service.policy, records_of(type, other.chosen));
  write_addresses(other.chosen, family, rrset.order, rrset.members);
}

// Records that say the same are one (RFC 2181 §5.5), and its shares add up.
void unite_equal(std::vector<Member>& members) {
  boost::unordered_flat_map<std::string_view, std::size_t> places;
  std::size_t kept = 0;
  for (std::size_t i = 0; i < members.size(); ++i) {
    const auto known = places.find(members[i].rdata);
    if (known != places.end()) {
      Member& first = members[known->second];
      first.weight = add_saturating(first.weight, members[i].weight);
      continue;
    }
    if (kept != i) std::swap(members[kept], members[i]);
    places.emplace(members[kept].rdata, kept);
    ++kept;
  }
  members.resize(kept);
}

void write_urls(const ServicePolicy& policy, Order order, std::span<const Chosen> chosen,
                std::vector<Member>& to) {
  const bool weighs = order != Order::fixed && order != Order::rotated;
  const double scale = weighs ? draw_scale(chosen) : 1;
  const auto weights = shown_weights(chosen, policy);
  {
    MemberWriter members(to);
    for (std::size_t i = 0; i < chosen.size(); ++i) {
      const Instance& instance = *chosen[i].instance;
      Member& member = members.next();
      member.tier = chosen[i].group;
      member.weight = weighs ? draw_share(chosen[i].weight, scale) : 1;
      member.addresses.clear();
      member.id.clear();
      if (order == Order::hashed) member.id = instance.id;
      member.rdata = encode_uri(shown_priority(chosen[i], policy), weights[i], instance.body->url->url);
    }
  }
  unite_equal(to);
}

// Half of the largest message: what more there is would be cut over TCP, too, where nothing can be asked
// anew.
constexpr std::size_t kTextsMost = 32 * 1024;
constexpr std::size_t kRecordHead = 12;  // the name compressed, type, class, TTL, length (RFC 1035 §4.1.3)

// Keeps the first that have room together; how many it left out.
std::size_t cut_texts(std::vector<Member>& members) {
  std::size_t octets = 0;
  const auto end = std::find_if(members.begin(), members.end(), [&](const Member& member) {
    octets += kRecordHead + member.rdata.size();
    return octets > kTextsMost;
  });
  const auto left_out = static_cast<std::size_t>(members.end() - end);
  members.erase(end, members.end());
  return left_out;
}

// What the instances' own names say in TXT, as far as there is room: it tells of the URLs and is not chosen
// from. How many records found none.
std::size_t write_texts(const ServicePolicy& policy, std::span<const Chosen> chosen,
                        std::vector<Member>& to) {
  {
    MemberWriter members(to);
    for (const Chosen& one : chosen) {
      if (one.stands_by) continue;
      Member& member = members.next();
      member.rdata = encode_txt(txt_strings(*one.instance->body, policy));
      member.weight = 1;
      member.tier = 0;
      member.addresses.clear();
      member.id.clear();
    }
  }
  unite_equal(to);
  return cut_texts(to);
}

// URI by the rules of SRV, and beside it, at the service's own name, TXT.
void add_urls(const SetKey& key, std::span<const Instance* const> standing, const ServicePicture& service,
              SetContent& content) {
  const auto suits = [&](const Instance& one) { return has_url_under(key, one); };
  const Able able = those_that(standing, suits);
  if (able.empty()) return;
  const ReadySet set = choose(able, service.policy, Tiers::all);
  if (set.candidates == 0 && set.chosen.empty() && !set.falls_back) return;
  ReadySet other;
  const bool has_other = set.falls_back && !service.policy.fallback_service.empty();
  if (has_other) other = choose_fallback(those_that(service.fallback_members(), suits), service, Tiers::all);
  const auto& chosen = set.falls_back ? other.chosen : set.chosen;
  RrsetSpec& rrset = add_rrset(RrType::uri, able, set, service, content);
  if (has_other) rrset.order = order_for(service.policy, chosen.size());
  write_urls(service.policy, rrset.order, chosen, rrset.members);
  if (key.kind != Kind::plain) return;
  RrsetSpec& text = add_rrset(RrType::txt, able, set, service, content);
  text.order = Order::fixed;
  text.at_most = 0;
  text.overflow = Overflow::truncate;
  text.ranked = false;
  content.texts_left_out += write_texts(service.policy, chosen, text.members);
}

constexpr std::size_t kStatesMost = 1300;  // octets, so that they fit a packet

// "ready=2/3", then of each instance in configured order "i1=ACTIVE", "i2=SUSPENDED suspended:refused";
// "more=7" for those that find no room.
std::string states_text(std::span<const Instance* const> members, const ServicePolicy& policy) {
  std::vector<std::string> strings(1);
  std::size_t ready = 0;
  std::size_t candidates = 0;
  std::size_t octets = 0;
  std::size_t left_out = 0;
  for (const Instance* one : members) {
    ready += is_ready(*one, policy);
    candidates += is_candidate(*one);
    std::string text = one->label + "=" + std::string(to_string(one->state));
    if (one->reason != registry::Reason::ok) text += " " + registry::reason_text(one->reason, *one);
    if (left_out > 0 || octets + text.size() + 1 > kStatesMost) {
      ++left_out;
      continue;
    }
    octets += text.size() + 1;
    strings.push_back(std::move(text));
  }
  strings.front() = "ready=" + std::to_string(ready) + "/" + std::to_string(candidates);
  if (left_out > 0) strings.push_back("more=" + std::to_string(left_out));
  return encode_txt(strings);
}

void add_states(const ServicePicture& service, SetContent& content) {
  RrsetSpec& rrset = content.add();
  const std::uint32_t ttl = service.ttl.least;
  rrset = {};
  rrset.type = RrType::txt;
  rrset.ttl = ttl;
  rrset.members.push_back(
      {.rdata = states_text(service.members, service.policy), .weight = 1, .tier = 0, .addresses = {}});
}

void add_srv(const SetKey& key, std::span<const Instance* const> standing, const ServicePicture& service,
             SetContent& content) {
  const auto suits = [&](const Instance& one) { return has_port_under(key, one); };
  const Able able = those_that(standing, suits);
  if (able.empty()) return;
  const ReadySet set = choose(able, service.policy, Tiers::all);
  if (set.candidates == 0 && set.chosen.empty() && !set.falls_back) return;
  RrsetSpec& rrset = add_rrset(RrType::srv, able, set, service, content);
  if (!set.falls_back)
    return write_services(key, service.name, service.policy, rrset.order, set.chosen, rrset.members);
  if (service.policy.fallback_service.empty()) return rrset.members.clear();
  const ReadySet other = choose_fallback(those_that(service.fallback_members(), suits), service, Tiers::all);
  rrset.order = order_for(service.policy, other.chosen.size());
  write_services(key, service.fallback_name, service.policy, rrset.order, other.chosen, rrset.members);
}

}  // namespace

SrvMembers srv_members(const SetKey& key, const ServicePicture& service) {
  const auto suits = [&](const Instance& one) { return has_port_under(key, one); };
  ReadySet set = choose(those_that(service.members, suits), service.policy, Tiers::all);
  SrvMembers found{{}, set.panic, set.falls_back && !service.policy.fallback_service.empty()};
  if (found.of_fallback)
    set = choose_fallback(those_that(service.fallback_members(), suits), service, Tiers::all);
  for (const Chosen& one : set.chosen) {
    if (!one.stands_by) found.instances.push_back(one.instance);
  }
  return found;
}

std::vector<std::uint16_t> shown_weights(std::span<const Chosen> chosen, const ServicePolicy& policy) {
  const PolicyRules& rules = rules_of(policy.policy);
  if (rules.srv == SrvFields::registered || rules.weighing == Weighing::share)
    return srv_weights(chosen, policy.srv_weight_scale);
  std::vector<Chosen> equal(chosen.begin(), chosen.end());
  for (Chosen& one : equal) one.weight = 1;
  return srv_weights(equal, policy.srv_weight_scale);
}

std::optional<Name> service_name(const Name& domain, std::string_view label) { return domain.child(label); }

std::optional<Name> instance_name(const Name& service, const Instance& instance) {
  return service.child(instance.label);
}

std::optional<Name> own_name(const Name& domain, const Instance& instance) {
  return domain.below({instance.label, registry::ascii_lower(instance.service)});
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
  if (policy.debug_txt) add({Kind::health, Protocol::tcp, "", ""});
  for (const std::string& view : policy.tag_views) {
    const std::string* value = find_tag(*instance.body, view);
    const auto label = value ? tag_label(*value) : std::nullopt;
    if (label) add({Kind::tag, Protocol::tcp, view, *label});
  }
}

std::optional<Name> owner_of(const SetKey& key, const Name& domain, std::string_view label) {
  switch (key.kind) {
    case Kind::plain: return domain.child(label);
    case Kind::service: return domain.below({underscored(label), underscored(key.protocol)});
    case Kind::port: return domain.below({underscored(key.first), underscored(key.protocol), label});
    case Kind::tag: return domain.below({key.second, key.first, "by", label});
    case Kind::health: return domain.below({"_health", label});
  }
  return std::nullopt;
}

std::optional<PublicSet> public_set(const Name& owner, std::string_view label) {
  const std::string first = registry::ascii_lower(owner.first_label());
  if (!first.starts_with('_')) return PublicSet{{}, {RrType::a, RrType::aaaa, RrType::srv}};
  const std::string second = owner.is_root() ? std::string() : registry::ascii_lower(owner.parent().first_label());
  if (second != "_tcp" && second != "_udp") return std::nullopt;
  const Protocol protocol = second == "_udp" ? Protocol::udp : Protocol::tcp;
  const std::string port = first.substr(1);
  const SetKey key = port == label ? SetKey{Kind::service, protocol, "", ""} : SetKey{Kind::port, protocol, port, ""};
  return PublicSet{key, {RrType::srv}};
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
  if (key.kind == Kind::plain || key.kind == Kind::health) return true;
  if (key.kind != Kind::tag) return port_for(key, *instance.body) != nullptr;
  const std::string* value = find_tag(*instance.body, key.first);
  return value && tag_label(*value) == key.second;
}

// The first that the key takes is that of the URL: two schemes at one port are one service.
bool has_url_under(const SetKey& key, const Instance& instance) {
  const InstanceBody& body = *instance.body;
  if (!body.url || key.kind == Kind::tag || key.kind == Kind::health) return false;
  if (key.kind == Kind::plain) return true;
  const Port* port = port_for(key, body);
  return port != nullptr && port->number == body.url->port;
}

// A target without an address is of no use to anybody.
bool has_port_under(const SetKey& key, const Instance& instance) {
  return port_for(key, *instance.body) != nullptr && !registry::is_unresolved(*instance.body);
}

// Back in order, so that each comes to the like of what it was.
void SetContent::clear() {
  any = false;
  panic.reset();
  beyond_hash = false;
  texts_left_out = 0;
  for (; !rrsets.empty(); rrsets.pop_back()) spare_.push_back(std::move(rrsets.back()));
}

RrsetSpec& SetContent::add() {
  if (spare_.empty()) return rrsets.emplace_back();
  rrsets.push_back(std::move(spare_.back()));
  spare_.pop_back();
  return rrsets.back();
}

void fill_set(const SetKey& key, const ServicePicture& service, SetContent& content) {
  content.clear();
  const Able standing =
      those_that(service.members, [&](const Instance& instance) { return stands_under(key, instance); });
  content.any = !standing.empty();
  if (key.kind == Kind::health) {
    if (content.any) add_states(service, content);
    return;
  }
  if (key.kind == Kind::plain || key.kind == Kind::tag) {
    add_addresses(standing, net::Family::v4, service, content);
    add_addresses(standing, net::Family::v6, service, content);
  }
  add_srv(key, standing, service, content);
  add_urls(key, standing, service, content);
}

const std::vector<net::IpAddress>& addresses_of(const InstanceBody& body) {
  return body.addresses.empty() ? body.host_addresses : body.addresses;
}

}  // namespace muster::zones::naming
