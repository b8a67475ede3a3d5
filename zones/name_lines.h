// One name's content as lines of a master file, as the store keeps what DNS UPDATE made of it: written by
// write_name() (zones/zone_writer.h), read back here.
#pragma once

#include <optional>
#include <string_view>

#include "zones/answer_spec.h"

namespace muster::zones {

// Each line "OWNER TTL IN TYPE RDATA" with an absolute owner, the same on all. nullopt: not that, or no line.
std::optional<NameSpec> read_name_lines(std::string_view lines);

}  // namespace muster::zones
