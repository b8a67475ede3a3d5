#include "zones/reverse_names.h"

#include <string>
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

void ReverseNames::flush() {
  if (dirty_.empty()) return;
  for (const net::IpAddress& address : std::exchange(dirty_, {})) show(address);
}

void ReverseNames::show(const net::IpAddress& address) {
  Name owner = naming::reverse_name(address);
  const auto zone = naming::reverse_zone_of(owner, config_.reverse);
  if (!zone) return;
  const InstanceSet* instances = instances_.find(address);
  if (instances == nullptr) {
    ++counters_.erasures;
    sink_.erase(kFirstZone + *zone, owner);
    return;
  }
  ++counters_.puts;
  sink_.put(kFirstZone + *zone, {std::move(owner), {naming::ptr_rrset(config_.ttl, targets_at(*instances))}});
}

std::vector<Name> ReverseNames::targets_at(const InstanceSet& instances) const {
  std::vector<Name> targets;
  std::set<std::string> services;
  instances.for_each_published([&](const Place& place) {
    auto name = naming::own_name(config_.domain, *place.who->instance);
    if (!name) return;
    Name service = name->parent();
    targets.push_back(std::move(*name));
    if (config_.reverse_services && services.emplace(service.wire()).second)
      targets.push_back(std::move(service));
  });
  return targets;
}

}  // namespace muster::zones
