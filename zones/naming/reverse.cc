#include "zones/naming/reverse.h"

#include <string>

namespace muster::zones::naming {

namespace {

std::string text_of(const net::IpAddress& address) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string text;
  for (std::size_t i = address.size(); i-- > 0;) {
    const unsigned octet = address.octets[i];
    if (address.family == net::Family::v4) {
      text += std::to_string(octet) + ".";
    } else {
      text += {kHex[octet & 15], '.', kHex[octet >> 4], '.'};
    }
  }
  return text + (address.family == net::Family::v4 ? "in-addr.arpa." : "ip6.arpa.");
}

}  // namespace

Name reverse_name(const net::IpAddress& address) { return *Name::from_text(text_of(address)); }

std::optional<std::size_t> reverse_zone_of(const Name& name, std::span<const Name> zones) {
  std::optional<std::size_t> longest;
  for (std::size_t i = 0; i < zones.size(); ++i) {
    if (name.is_at_or_below(zones[i]) && (!longest || zones[i].size() > zones[*longest].size())) longest = i;
  }
  return longest;
}

}  // namespace muster::zones::naming
