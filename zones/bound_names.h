// Whether services can stand at names of a file zone ([service.X] also): what the zone has there, or above, may be in
// the way. Pure.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "zones/compiled_zone.h"
#include "zones/record.h"

namespace muster::zones {

struct BoundName {
  Name owner;
  std::vector<RrType> types;  // that are the service's there
  std::string service;
  std::string place{};  // where the configuration says so, "FILE:LINE:COLUMN"
  bool operator==(const BoundName&) const = default;
};

// What is in the way, a line each: "PLACE: also: www.example.test. (service web): the zone has A there".
// `types_at` gives the zone's own types at a name; names outside of the zone are none of its business.
std::vector<std::string> bound_faults(const Name& apex, std::span<const BoundName> bound,
                                      const std::function<std::vector<RrType>(const Name&)>& types_at);
std::vector<std::string> bound_faults(const CompiledZone& zone, std::span<const BoundName> bound);

}  // namespace muster::zones
