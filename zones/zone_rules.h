// What makes records a zone (RFC 1034 §4.2, RFC 2181 §10, RFC 4592 §4.2, RFC 6672 §2.4): what must not be is
// an error, what probably was not meant a warning.
#pragma once

#include "zones/zone_reader.h"

namespace muster::zones {

// The records of a draft by owner and type. Mixed TTLs are evened out to the lowest (RFC 2181 §5.2) and
// duplicates left out, each with a warning; `lines` are of the records, in draft.sources.
struct GroupedZone {
  ZoneContent content;
  std::vector<std::uint32_t> lines;
};
GroupedZone group_records(ZoneDraft& draft);

void check_rules(const GroupedZone& zone, ZoneDraft& draft);

}  // namespace muster::zones
