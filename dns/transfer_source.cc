#include "dns/transfer_source.h"

#include <numeric>

namespace muster::dns {

namespace {

std::size_t octets_of(const std::vector<zones::DifferencePtr>& differences) {
  return std::accumulate(
      differences.begin(), differences.end(), std::size_t{0},
      [](std::size_t sum, const zones::DifferencePtr& one) { return sum + one->octets(); });
}

Opening::State state_of(zones::Readiness readiness) {
  switch (readiness) {
    case zones::Readiness::ready: return Opening::State::ready;
    case zones::Readiness::incomplete:
    case zones::Readiness::not_ready: return Opening::State::not_ready;
    case zones::Readiness::load_failed: return Opening::State::load_failed;
  }
  return Opening::State::not_ready;
}

}  // namespace

SoaRecord soa_of(const zones::Zones& zones, const zones::Zone& zone) {
  const zones::ZoneConfig& config = zones.config(zone);
  return {config.apex, config.soa_ttl, config.soa, zones::encode(config.soa)};
}

Opening open_transfer(zones::Zones& zones, const zones::Name& apex, std::optional<std::uint32_t> serial,
                      bool soa_only) {
  Opening opening;
  zones::Zone* zone = zones.find(apex);
  zones::ZoneHistory* history = zone == nullptr ? nullptr : zones.history(*zone);
  if (history == nullptr) return opening;
  opening.state = state_of(zones.readiness(*zone));
  if (opening.state != Opening::State::ready) return opening;
  opening.soa = soa_of(zones, *zone);
  if (soa_only || (serial && !zones::serial_newer(opening.soa.soa.serial, *serial))) return opening;
  if (serial) {
    auto differences = history->journal().since(*serial);
    if (differences && octets_of(*differences) <= history->octets()) {
      opening.differences = std::move(*differences);
      return opening;
    }
  }
  opening.walk = history->begin_walk();
  if (!opening.walk) opening.state = Opening::State::busy;
  return opening;
}

Slice next_slice(zones::Zones& zones, const zones::Name& apex, zones::ZoneWalk& walk) {
  Slice slice;
  zones::Zone* zone = zones.find(apex);
  zones::ZoneHistory* history = zone == nullptr ? nullptr : zones.history(*zone);
  slice.last = history == nullptr || !history->next(walk, slice.records);
  slice.aborted = history == nullptr || walk.is_aborted();
  return slice;
}

}  // namespace muster::dns
