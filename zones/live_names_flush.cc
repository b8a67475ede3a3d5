// The rebuilding half of LiveNames: what is dirty becomes puts, upwards from the targets, and then erasures,
// downwards.
#include "zones/live_names.h"

#include <algorithm>
#include <set>

#include "zones/naming/instance_names.h"
#include "zones/naming/reverse.h"

namespace muster::zones {

namespace {

using naming::SetKey;
using registry::Instance;
using registry::InstancePtr;

constexpr std::size_t kReverseZone = NameSink::kDomain + 1;  // the first of them

// A key may be dirty because its tag has a view no longer.
bool is_published(const SetKey& key, const ServicePolicy& policy) {
  const auto& views = policy.tag_views;
  return key.kind != SetKey::Kind::tag || std::find(views.begin(), views.end(), key.first) != views.end();
}

}  // namespace

void LiveNames::flush(net::SteadyTime now) {
  std::vector<Erasure> erasures;
  put_own_names();
  put_sets(now, erasures);
  put_browse_names();
  put_reverse(erasures);
  put_types(now, erasures);
  put_type_list(erasures);
  for (auto gone = erasures.rbegin(); gone != erasures.rend(); ++gone) erase(gone->zone, gone->owner);
  erase_targets(now);
}

void LiveNames::tick(net::Instant now) {
  if (is_put_off() || !late_queue_.empty()) flush(now.steady);
  pacer_.forget_old(now.steady);
  safe_stops_.forget_passed(now.wall);
}

void LiveNames::put(std::size_t zone, const NameSpec& spec) {
  if (!late_.empty()) late_.erase(spec.owner);
  ++counters_.puts;
  sink_.put(zone, spec);
}

void LiveNames::erase(std::size_t zone, const Name& owner) {
  ++counters_.erasures;
  sink_.erase(zone, owner);
}

void LiveNames::put_fixed() {
  for (const NameSpec& spec : naming::browsing_domain_specs(config_.domain, config_.ttl))
    put(NameSink::kDomain, spec);
}

void LiveNames::put_own_names() {
  for (const auto& [owner, instance] : dirty_own_) {
    if (!instance) continue;
    const TtlRange range = ttl_range(config_.policy_of(instance->service));
    put(NameSink::kDomain, naming::instance_spec(owner, *instance, range));
  }
}

naming::ServicePicture LiveNames::picture_of(const std::string& label, const Service& service) const {
  naming::ServicePicture picture;
  picture.name = *config_.domain.child(label);
  picture.members.reserve(service.members.size());
  for (const InstancePtr& member : service.members) picture.members.push_back(member.get());
  picture.policy = config_.policy_of(service.members.empty() ? label : service.members.front()->service);
  picture.ttl = ttl_range(picture.policy);
  return picture;
}

void LiveNames::put_sets(net::SteadyTime now, std::vector<Erasure>& erasures) {
  for (auto at = dirty_sets_.begin(); at != dirty_sets_.end();) {
    const auto owner = config_.domain.child(at->first);
    const auto* members = members_of(at->first);
    if (owner && !pacer_.admit(*owner, members && members->size() > kLargeService, now)) {
      ++counters_.put_off;
      ++at;
      continue;
    }
    if (owner) put_service(at->first, at->second, erasures);
    at = dirty_sets_.erase(at);
  }
}

// The service's own name is the first key, so that it comes before the names below it and goes after them.
void LiveNames::put_service(const std::string& label, const std::set<SetKey>& keys,
                            std::vector<Erasure>& erasures) {
  const auto service = services_.find(label);
  const bool known = service != services_.end();
  const naming::ServicePicture picture =
      known ? picture_of(label, service->second) : naming::ServicePicture{};
  for (const SetKey& key : keys) {
    auto owner = naming::owner_of(key, config_.domain, label);
    if (!owner) {
      ++counters_.too_long;
      continue;
    }
    auto content =
        known && is_published(key, picture.policy) ? naming::set_content(key, picture) : naming::SetContent{};
    if (content.any || (known && key.kind == SetKey::Kind::plain)) {
      put(NameSink::kDomain, {std::move(*owner), std::move(content.rrsets)});
    } else {
      erasures.push_back({NameSink::kDomain, std::move(*owner)});
    }
  }
}

void LiveNames::put_browse_names() {
  for (const auto& [owner, browse] : dirty_browse_) {
    if (!browse.instance) continue;
    const auto target = name_of(*browse.instance);
    if (!target) continue;
    const TtlRange range = ttl_range(config_.policy_of(browse.instance->service));
    for (const naming::Offer& offer : naming::offers_of(*browse.instance)) {
      if (offer.type != browse.type) continue;
      put(NameSink::kDomain, naming::browse_spec(owner, offer, *target, *browse.instance, range));
    }
  }
}

void LiveNames::put_reverse(std::vector<Erasure>& erasures) {
  for (const net::IpAddress& address : dirty_addresses_) {
    Name owner = naming::reverse_name(address);
    const auto zone = naming::reverse_zone_of(owner, config_.reverse);
    if (!zone) continue;
    const InstanceSet* set = addresses_.find(address);
    if (!set) {
      erasures.push_back({kReverseZone + *zone, std::move(owner)});
      continue;
    }
    std::vector<Name> targets;
    std::set<std::string> services;
    set->for_each_published([&](const Registered& one) {
      auto name = name_of(*one.instance);
      if (!name) return;
      Name service = name->parent();
      targets.push_back(std::move(*name));
      if (config_.reverse_services && services.emplace(service.wire()).second)
        targets.push_back(std::move(service));
    });
    put(kReverseZone + *zone, {std::move(owner), {naming::ptr_rrset(config_.ttl, targets)}});
  }
  dirty_addresses_.clear();
}

void LiveNames::put_types(net::SteadyTime now, std::vector<Erasure>& erasures) {
  for (auto at = dirty_types_.begin(); at != dirty_types_.end();) {
    const auto owner = naming::type_name(config_.domain, *at);
    const InstanceSet* set = types_.find(*at);
    const auto* members = members_of(at->label);
    const bool large =
        (set && set->published() > kLargeDomainSet) || (members && members->size() > kLargeService);
    if (owner && !pacer_.admit(*owner, large, now)) {
      ++counters_.put_off;
      ++at;
      continue;
    }
    if (owner) put_type(*at, *owner, erasures);
    at = dirty_types_.erase(at);
  }
}

// One owner name, two meanings: _http._tcp.D is SRV of a service `http` and PTR to everybody's http ports.
void LiveNames::put_type(const ServiceType& type, const Name& owner, std::vector<Erasure>& erasures) {
  NameSpec spec{.owner = owner, .rrsets = {}};
  bool exists = false;
  const auto service = services_.find(type.label);
  if (service != services_.end()) {
    auto content = naming::set_content({SetKey::Kind::service, type.protocol, "", ""},
                                       picture_of(type.label, service->second));
    exists = content.any || service->second.members.empty();
    spec.rrsets = std::move(content.rrsets);
  }
  if (const InstanceSet* set = types_.find(type)) {
    std::vector<Name> targets;
    set->for_each_published([&](const Registered& one) {
      auto name = owner.child(naming::browse_label(*one.instance));
      if (name) targets.push_back(std::move(*name));
    });
    exists |= !targets.empty();
    if (!targets.empty()) spec.rrsets.push_back(naming::ptr_rrset(config_.ttl, targets));
  }
  if (exists) {
    put(NameSink::kDomain, spec);
  } else {
    erasures.push_back({NameSink::kDomain, owner});
  }
}

void LiveNames::put_type_list(std::vector<Erasure>& erasures) {
  if (!std::exchange(dirty_type_list_, false)) return;
  auto owner = naming::dns_sd_name(config_.domain, "_services");
  if (!owner) return;
  std::vector<Name> targets;
  type_list_.for_each_published([&](const auto& entry) {
    if (auto name = naming::type_name(config_.domain, entry.second)) targets.push_back(std::move(*name));
  });
  std::sort(targets.begin(), targets.end());
  if (targets.empty()) {
    erasures.push_back({NameSink::kDomain, std::move(*owner)});
  } else {
    put(NameSink::kDomain, {std::move(*owner), {naming::ptr_rrset(config_.ttl, targets)}});
  }
}

// Last of all. While a name is put off, it may still point here: every such name is rebuilt within one
// interval.
void LiveNames::erase_targets(net::SteadyTime now) {
  std::vector<Name> gone;
  for (const auto& [owner, browse] : dirty_browse_) {
    if (!browse.instance) gone.push_back(owner);
  }
  for (const auto& [owner, instance] : dirty_own_) {
    if (!instance) gone.push_back(owner);
  }
  dirty_browse_.clear();
  dirty_own_.clear();
  for (Name& owner : gone) {
    if (is_put_off()) {
      late_[owner] = now + Pacer::kInterval;
      late_queue_.push_back({now + Pacer::kInterval, std::move(owner)});
    } else {
      late_.erase(owner);
      erase(NameSink::kDomain, owner);
    }
  }
  for (; !late_queue_.empty() && late_queue_.front().due <= now; late_queue_.pop_front()) {
    const auto late = late_.find(late_queue_.front().owner);
    if (late == late_.end() || late->second != late_queue_.front().due) continue;
    late_.erase(late);
    erase(NameSink::kDomain, late_queue_.front().owner);
  }
}

}  // namespace muster::zones
