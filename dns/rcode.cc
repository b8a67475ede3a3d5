#include "dns/rcode.h"

namespace muster::dns {

Rcode rcode_for(WireError error) {
  switch (error) {
    case WireError::opcode: return Rcode::notimp;
    case WireError::opt_version: return Rcode::badvers;
    default: return Rcode::formerr;
  }
}

}  // namespace muster::dns
