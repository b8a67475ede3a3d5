// A zone as master file text, one record a line, every name absolute. What is written reads back to the same
// zone.
#pragma once

#include <string>

#include "zones/answer_spec.h"
#include "zones/compiled_zone.h"

namespace muster::zones {

// The SOA, which begins the text.
void write_soa(std::string& text, const Name& apex, const Soa& soa, std::uint32_t ttl);
// One name's records; the same text whoever's members they are, since only their rdata is written.
void write_name(std::string& text, const NameSpec& name);
// The whole of a compiled zone.
std::string write_zone(const CompiledZone& zone);

}  // namespace muster::zones
