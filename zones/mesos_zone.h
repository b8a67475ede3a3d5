// The names of Mesos-DNS as a zone of the live table: the apex, its name servers, and what the view makes of
// one Mesos source. Control thread only.
#pragma once

#include <cstdint>
#include <vector>

#include "zones/generated_zone.h"
#include "zones/mesos_view.h"
#include "zones/name_sink.h"

namespace muster::zones {

struct MesosZoneConfig {
  MesosViewConfig view;
  Name hostmaster;
  std::vector<Name> extra_ns;  // beside view.naming.ns_name
  std::uint32_t soa_refresh = 60;
  std::uint32_t soa_retry = 600;
  std::uint32_t soa_expire = 86'400;
  std::uint32_t negative_ttl =
      2;  // MINIMUM is the TTL of the view, as Mesos-DNS has it: the SOA's own TTL bounds it
  SerialStore serials;
};

class MesosZone final : private NameSink {
 public:
  // Adds the zone to `zones`, which outlives this, as does `reverse` (null: there are no reverse zones).
  MesosZone(MesosZoneConfig config, Zones& zones, ReverseNames* reverse = nullptr);

  void apply(const registry::SchedulerChange& change, net::Instant now);
  void tick(net::Instant now);  // every 10 ms
  // not_ready: what it does not know is SERVFAIL.
  void set_readiness(Readiness readiness) { zones_.set_readiness(zone_.zone(), readiness); }

  const MesosView& view() const { return *view_; }
  Zone& zone() const { return zone_.zone(); }

 private:
  void put(std::size_t zone, const NameSpec& spec) override;
  void erase(std::size_t zone, const Name& owner) override;
  void put_apex(const MesosZoneConfig& config);

  Zones& zones_;
  GeneratedZone zone_;
  std::optional<MesosView> view_;
};

}  // namespace muster::zones
