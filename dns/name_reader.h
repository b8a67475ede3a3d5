// Names in a message, followed through their pointers and copied whole: for readers of records. The query
// path reads its one name itself (question.h).
#pragma once

#include <cstddef>
#include <optional>

#include "dns/question.h"
#include "zones/wire_name.h"

namespace muster::dns {

// Reads the name at `at` into `name`, uncompressed, its case kept. Pointers go strictly backwards and never
// into the header (RFC 1035 §4.1.4). Returns where the name ends in the message; nullopt: unreadable.
std::optional<std::size_t> read_name(Packet packet, std::size_t at, zones::WireName& name);

}  // namespace muster::dns
