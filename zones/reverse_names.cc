#include "zones/reverse_names.h"

#include <algorithm>
#include <string>
#include <unordered_set>
#include <utility>

#include "zones/naming/dns_sd.h"
#include "zones/naming/native.h"
#include "zones/naming/reverse.h"

namespace muster::zones {

namespace {

constexpr std::size_t kFirstZone = NameSink::kDomain + 1;

}  // namespace

bool ReverseNames::covers(const net::IpAddress& address) const {
  return !config_.reverse.empty() &&
         naming::reverse_zone_of(naming::reverse_name(address), config_.reverse).has_value();
}

void ReverseNames::add(const net::IpAddress& address, const Place& place) {
  if (covers(address) && instances_.add(address, place)) dirty_.insert(address);
}

void ReverseNames::remove(const net::IpAddress& address, const Place& place) {
  if (instances_.remove(address, place)) dirty_.insert(address);
}

void ReverseNames::mark(const net::IpAddress& address) {
  if (instances_.find(address)) dirty_.insert(address);
}

ReverseNames::ViewId ReverseNames::open_view(std::uint32_t ttl) {
  const ViewId view{views_++};
  ttls_.emplace(view, ttl);
  return view;
}

void ReverseNames::close_view(ViewId view) {
  for (auto at = claims_.begin(); at != claims_.end();) {
    auto& [address, claims] = *at;
    for (auto claim = claims.begin(); claim != claims.end();) {
      const Claim& one = *claim++;
      if (one.view == view && claims.erase(Claim(one))) dirty_.insert(address);
    }
    at = claims.empty() ? claims_.erase(at) : std::next(at);
  }
  ttls_.erase(view);
}

void ReverseNames::set_ttl(ViewId view, std::uint32_t ttl) {
  if (std::exchange(ttls_.at(view), ttl) == ttl) return;
  for (const auto& [address, claims] : claims_) {
    if (std::ranges::find(claims, view, &Claim::view) != claims.end()) dirty_.insert(address);
  }
}

void ReverseNames::add(const net::IpAddress& address, ViewId view, const Name& target) {
  if (covers(address) && claims_[address].insert({target, view})) dirty_.insert(address);
}

void ReverseNames::remove(const net::IpAddress& address, ViewId view, const Name& target) {
  const auto at = claims_.find(address);
  if (at == claims_.end()) return;
  if (at->second.erase({target, view})) dirty_.insert(address);
  if (at->second.empty()) claims_.erase(at);
}

void ReverseNames::flush() {
  if (dirty_.empty()) return;
  for (const net::IpAddress& address : std::exchange(dirty_, {})) show(address);
}

void ReverseNames::show(const net::IpAddress& address) {
  Name owner = naming::reverse_name(address);
  const auto zone = naming::reverse_zone_of(owner, config_.reverse);
  if (!zone) return;
  const InstanceSet* instances = instances_.find(address);
  const auto claims = claims_.empty() ? claims_.end() : claims_.find(address);
  if (instances == nullptr && claims == claims_.end()) {
    ++counters_.erasures;
    sink_.erase(kFirstZone + *zone, owner);
    return;
  }
  Content content;
  if (instances != nullptr) add_instances(*instances, content);
  if (claims != claims_.end()) add_claims(claims->second, content);
  ++counters_.puts;
  sink_.put(kFirstZone + *zone, {std::move(owner), {naming::ptr_rrset(content.ttl, content.targets)}});
}

void ReverseNames::add_instances(const InstanceSet& instances, Content& to) const {
  to.ttl = config_.ttl;
  std::set<std::string> services;
  instances.for_each_published([&](const Place& place) {
    auto name = naming::own_name(config_.domain, *place.who->instance);
    if (!name) return;
    Name service = name->parent();
    to.targets.push_back(std::move(*name));
    if (config_.reverse_services && services.emplace(service.wire()).second)
      to.targets.push_back(std::move(service));
  });
}

// Two views may say one name, where the domain of the one is below that of the other; so may an instance.
void ReverseNames::add_claims(const Claims& claims, Content& to) const {
  std::unordered_set<Name, NameHash> known(to.targets.begin(), to.targets.end());
  claims.for_each_published([&](const Claim& claim) {
    if (to.targets.size() >= Claims::kPublished) return;
    to.ttl = std::min(to.ttl, ttls_.at(claim.view));
    if (known.insert(claim.target).second) to.targets.push_back(claim.target);
  });
}

}  // namespace muster::zones
