#include "dns/rcode.h"

namespace muster::dns {

Rcode rcode_for(WireError error) {
  switch (error) {
    case WireError::opcode: return Rcode::notimp;
    case WireError::opt_version: return Rcode::badvers;
    default: return Rcode::formerr;
  }
}

Rcode rcode_for(zones::UpdateFault fault) {
  using enum zones::UpdateFault;
  switch (fault) {
    case formerr: return Rcode::formerr;
    case notzone: return Rcode::notzone;
    case nxdomain: return Rcode::nxdomain;
    case yxdomain: return Rcode::yxdomain;
    case nxrrset: return Rcode::nxrrset;
    case yxrrset: return Rcode::yxrrset;
    case refused: break;
  }
  return Rcode::refused;
}

}  // namespace muster::dns
