#include "zones/mesos_zone.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace muster::zones {

namespace {

ZoneConfig zone_config(const MesosZoneConfig& config) {
  ZoneConfig zone;
  zone.apex = config.view.naming.domain;
  zone.soa.mname = config.view.naming.ns_name;
  zone.soa.rname = config.hostmaster;
  zone.soa.refresh = config.soa_refresh;
  zone.soa.retry = config.soa_retry;
  zone.soa.expire = config.soa_expire;
  zone.soa.minimum = config.view.ttl;
  zone.soa_ttl = config.negative_ttl;
  zone.negative_ttl = config.negative_ttl;
  return zone;
}

Note note_of(const registry::SchedulerSilence& silence, const std::string& source) {
  if (!silence.since) return {};
  const auto seconds =
      std::chrono::duration_cast<std::chrono::seconds>(silence.since->time_since_epoch()).count();
  return {source + " silent", static_cast<std::uint32_t>(std::max<decltype(seconds)>(seconds, 1))};
}

}  // namespace

MesosZone::MesosZone(MesosZoneConfig config, Zones& zones, ReverseNames* reverse)
    : zones_(zones), zone_(zones, zone_config(config), std::move(config.serials)) {
  view_.emplace(config.view, kDomain, static_cast<NameSink&>(*this), reverse);
  put_apex(config);
}

void MesosZone::apply(const registry::SchedulerChange& change, net::Instant now) {
  if (change.silence) zones_.set_stale(zone(), note_of(*change.silence, change.source));
  view_->apply(change);
  zone_.note_changes(now.steady);
}

void MesosZone::tick(net::Instant now) {
  zone_.note_changes(now.steady);
  zone_.tick(now.steady);
}

void MesosZone::put(std::size_t, const NameSpec& spec) { zone_.put(spec); }
void MesosZone::erase(std::size_t, const Name& owner) { zone_.erase(owner); }

// A name server at the apex has its addresses there: the view has no such name.
void MesosZone::put_apex(const MesosZoneConfig& config) {
  NameSpec apex{.owner = zone_.apex(), .rrsets = {}};
  const auto add = [&](RrType type, std::string rdata) {
    if (apex.rrsets.empty() || apex.rrsets.back().type != type) {
      RrsetSpec rrset;
      rrset.type = type;
      rrset.ttl = config.view.ttl;
      apex.rrsets.push_back(std::move(rrset));
    }
    Member member;
    member.rdata = std::move(rdata);
    apex.rrsets.back().members.push_back(std::move(member));
  };
  const Name& first = config.view.naming.ns_name;
  add(RrType::ns, std::string(first.wire()));
  for (const Name& server : config.extra_ns) {
    if (server != first) add(RrType::ns, std::string(server.wire()));
  }
  if (first == apex.owner) {
    for (const RrType type : {RrType::a, RrType::aaaa}) {
      for (const net::IpAddress& address : config.view.name_server_addresses) {
        if (address_type(address) == type) add(type, encode_address(address));
      }
    }
  }
  zone_.put(apex);
}

}  // namespace muster::zones
