// The control thread's part of a transfer: what a zone gives at its beginning (RFC 1995 §4), and a slice of a
// walk at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "zones/zone.h"

namespace muster::dns {

// The SOA of one serial, ready to be sent.
struct SoaRecord {
  zones::Name apex;
  std::uint32_t ttl = 0;
  zones::Soa soa;
  std::string rdata;
  zones::RecordView view() const { return {apex.wire(), zones::RrType::soa, ttl, rdata}; }
};
SoaRecord soa_of(const zones::Zones& zones, const zones::Zone& zone);

struct Opening {
  enum class State : std::uint8_t {
    ready,
    gone,       // no such zone, or it keeps no history (yet)
    not_ready,  // its content is not there yet
    load_failed,
    busy,  // too much of it has changed since its last serial
  };
  State state = State::gone;
  SoaRecord soa;
  // One of these; neither: the client has this serial, or a newer one, or wants to know only the SOA.
  std::vector<zones::DifferencePtr> differences;
  std::shared_ptr<zones::ZoneWalk> walk;
};

// `serial` is what the client of an IXFR has; nullopt: AXFR. The differences are left for the whole zone
// where they are larger than it.
Opening open_transfer(zones::Zones& zones, const zones::Name& apex, std::optional<std::uint32_t> serial,
                      bool soa_only);

struct Slice {
  zones::RecordList records;
  bool last = false;
  bool aborted = false;
};
Slice next_slice(zones::Zones& zones, const zones::Name& apex, zones::ZoneWalk& walk);

}  // namespace muster::dns
