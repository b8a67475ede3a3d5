// What the writer wants a name to answer, as plain values: the input of the name table. Naming and zone files
// make these; the table turns each into one immutable entry with its answers ready-made.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "registry/net/ip_address.h"
#include "zones/name.h"
#include "zones/record.h"

namespace muster::zones {

// In which order members are answered.
enum class Order : std::uint8_t {
  fixed,      // as listed
  weighted,   // Plackett-Luce by weight (a draw without replacement); equal weights: a uniform shuffle
  rotated,    // each answer begins with the next member, the others follow in turn
  scheduled,  // one member by smooth weighted round robin, exact in every cycle; needs at_most = 1
  hashed,     // by weighted rendezvous of the client's network: one network always gets the same order
};

// What happens when the chosen members do not fit into a UDP reply.
enum class Overflow : std::uint8_t {
  truncate,  // TC=1, empty answer
  fit,       // what fits is the RRset, TC=0
};

struct Member {
  std::string rdata;         // wire form, names uncompressed; for SRV the weight and priority that are shown
  std::uint32_t weight = 1;  // share in the draw, on a scale common to the set
  std::uint16_t tier =
      0;  // SRV only: lower tiers come first in the order, members of one tier are drawn among themselves
  std::vector<net::IpAddress>
      addresses;  // ready-made additional: the addresses of the rdata's target (SRV of one service)
  std::string id{};  // of hashed sets: what a client's network is hashed with
  bool operator==(const Member&) const = default;
};

// What an extended error says of a set (RFC 8914).
struct Note {
  std::string text;         // "0 of 4 ready"; "" none
  std::uint32_t since = 0;  // Unix seconds; not 0: a stale answer since then, whose age is added at each answer
  bool operator==(const Note&) const = default;
};

struct RrsetSpec {
  RrType type = RrType::a;
  std::uint32_t ttl = 0;
  std::uint32_t full_ttl = 0;        // as configured, where `ttl` is lowered for a lease; 0: the same
  std::uint32_t additional_ttl = 0;  // of Member::addresses
  Order order = Order::fixed;
  Overflow overflow = Overflow::truncate;
  bool ranked = false;        // SRV: an answer's records get the priorities 0, 1, 2… as they are drawn
  std::uint16_t at_most = 0;  // members an answer holds; 0: all
  bool bound = false;         // a service's, at a public name (Zones::bind): no data of the zone itself
  bool servfail = false;      // when_none = "servfail": SERVFAIL instead of NODATA; then without members
  Note note;
  std::vector<Member> members;
  bool operator==(const RrsetSpec&) const = default;
};

// One name's whole content. No RRsets: a name that exists and is NODATA for every type.
struct NameSpec {
  Name owner;
  std::vector<RrsetSpec> rrsets;
  bool operator==(const NameSpec&) const = default;
};

}  // namespace muster::zones
