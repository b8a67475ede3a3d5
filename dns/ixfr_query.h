// What an IXFR query has beside its question: the SOA of the version that the client holds.
#pragma once

#include <cstdint>
#include <optional>

#include "dns/question.h"

namespace muster::dns {

// The serial of the first SOA in the authority section (RFC 1995 §3); nullopt: there is none, or it is too
// short. Precondition: read_query() has read the packet without an error.
std::optional<std::uint32_t> read_ixfr_serial(Packet packet, const Query& query);

}  // namespace muster::dns
