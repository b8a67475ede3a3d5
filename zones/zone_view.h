// What readers need of a zone beside its names: readiness and the ready-made negative answer. Immutable; a
// new serial or readiness makes a new view, and the old one goes through the epochs like an entry.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "zones/answer_spec.h"
#include "zones/name.h"
#include "zones/record.h"

namespace muster::zones {

// What would be NXDOMAIN or NODATA in a generated zone that is not filled is SERVFAIL (RFC 8914 §4.15); in a
// file zone everything is, until it is whole, and while its file could not be read (§4.25). In an incomplete
// zone what would be NXDOMAIN is SERVFAIL, for the name may come.
enum class Readiness : std::uint8_t { ready, incomplete, not_ready, load_failed };

// Index of a zone in the name table.
using ZoneId = std::uint16_t;

struct ZoneView {
  Name apex;
  Readiness readiness = Readiness::ready;
  bool generated = false;
  // Ready, and not stale: readers look no further. Set by make_zone_view().
  bool is_usual = true;
  // What fills it has not been heard since, in Unix seconds, and who that is ("mesos silent"); 0: it has.
  std::uint32_t stale_since = 0;
  std::string stale_text;
  std::uint32_t serial = 0;
  std::uint32_t soa_ttl = 0;
  std::uint32_t negative_ttl = 0;  // TTL of the SOA in a negative answer (RFC 2308 §3)
  std::string soa_rdata;           // names uncompressed

  // The SOA of a negative answer, ready to be copied where the apex is a suffix of the question's name: its
  // owner, and the zone's own part of MNAME and RNAME, are pointers. Each of the 2-octet words at `pointers`
  // becomes 0xc000 | offset of the apex in the message. Where the zone is not in the question (after an
  // alias), write the apex, negative_ttl and soa_rdata instead.
  std::string negative;
  std::array<std::uint16_t, 3> pointers{};
  std::uint8_t pointer_count = 0;
};

// Fills in soa_rdata and the negative answer. `stale`: a note without text is none.
ZoneView make_zone_view(const Name& apex, const Soa& soa, std::uint32_t soa_ttl, std::uint32_t negative_ttl,
                        Readiness readiness, bool generated, const Note& stale = {});

}  // namespace muster::zones
