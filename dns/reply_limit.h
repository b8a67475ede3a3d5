// How long one reply may be.
#pragma once

#include <algorithm>
#include <cstddef>

#include "dns/client.h"
#include "dns/config.h"
#include "dns/question.h"

namespace muster::dns {

// Octets. Over UDP what the query's OPT offers, between 512 and our own edns_udp_size (RFC 6891 §6.2.5).
inline std::size_t reply_limit(const Query& query, Transport transport, const AnswerConfig& config) {
  if (transport == Transport::tcp) return kPacketMax;
  if (!query.edns.present) return kUdpLimit;
  return std::min(std::max<std::size_t>(kUdpLimit, query.edns.udp_size),
                  std::max<std::size_t>(kUdpLimit, config.edns_udp_size));
}

}  // namespace muster::dns
