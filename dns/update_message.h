// The records of an UPDATE message (RFC 2136 §2) as a value. What they mean, and whether they may, is
// zones/update.h's business.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "dns/question.h"
#include "registry/net/result.h"
#include "zones/update.h"

namespace muster::dns {

// In the order in which reading finds it. All are FORMERR but too_many_records, which is REFUSED.
enum class UpdateError : std::uint8_t { zone_section, too_many_records, owner, rdata };
std::string_view to_string(UpdateError error);

class [[nodiscard]] UpdateResult : public net::Result<zones::Update, UpdateError> {
 public:
  using net::Result<zones::Update, UpdateError>::Result;
};

// Precondition: read_query() has walked the packet and found it readable. Names in rdata may be compressed in
// the types of RFC 1035 and in those that RFC 3597 §4 lists, nowhere else; rdata fits its type, or is empty
// where no record is meant: not in class IN, nor in a change of class NONE. Additional records are not read.
UpdateResult read_update(Packet packet, const Query& query);

// The lease that is asked for (RFC 9664 §4): LEASE, and for those who register keys a KEY-LEASE behind it.
bool lease_ok(const Edns& edns);
// In seconds; nullopt: none. Precondition: lease_ok().
std::optional<std::uint32_t> lease_in(const Edns& edns);

}  // namespace muster::dns
