// Response codes (RFC 6895 §2.3), and the one place where the errors of reading and of updating become one.
#pragma once

#include <cstdint>

#include "dns/question.h"
#include "zones/update.h"

namespace muster::dns {

enum class Rcode : std::uint16_t {
  noerror = 0,
  formerr = 1,
  servfail = 2,
  nxdomain = 3,
  notimp = 4,
  refused = 5,
  yxdomain = 6,
  yxrrset = 7,
  nxrrset = 8,
  notauth = 9,
  notzone = 10,
  badvers = 16,
  badcookie = 23,
};

// Precondition: the error is one that is answered (not header_short, not is_response).
Rcode rcode_for(WireError error);
// RFC 2136 §2.2.
Rcode rcode_for(zones::UpdateFault fault);

}  // namespace muster::dns
