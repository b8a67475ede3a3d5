// Short ways to say names and record sets in tests.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "registry/net/ip_address.h"
#include "zones/answer_spec.h"

namespace muster::zones::test {

inline Name name(std::string_view text) { return *Name::from_text(text); }
inline net::IpAddress address(std::string_view text) { return *net::parse_ip(text); }

inline RrsetSpec rrset(RrType type, std::vector<std::string> rdata, std::uint32_t ttl = 30) {
  RrsetSpec spec;
  spec.type = type;
  spec.ttl = ttl;
  for (std::string& one : rdata) spec.members.push_back({std::move(one), 1, 0, {}});
  return spec;
}

inline RrsetSpec a_set(const std::vector<std::string>& addresses) {
  RrsetSpec spec = rrset(RrType::a, {});
  for (const std::string& text : addresses)
    spec.members.push_back({std::string(address(text).bytes()), 1, 0, {}});
  return spec;
}

inline RrsetSpec name_set(RrType type, const std::vector<std::string>& targets) {
  RrsetSpec spec = rrset(type, {});
  for (const std::string& text : targets) spec.members.push_back({std::string(name(text).wire()), 1, 0, {}});
  return spec;
}

inline std::string srv_rdata(std::uint16_t priority, std::uint16_t weight, std::uint16_t port,
                             std::string_view target) {
  std::string rdata;
  for (const std::uint16_t field : {priority, weight, port}) {
    rdata += static_cast<char>(field >> 8);
    rdata += static_cast<char>(field & 0xff);
  }
  return rdata += name(target).wire();
}

// Members that differ in their weight; the rdata is the member's index.
inline RrsetSpec weighted(const std::vector<std::uint32_t>& weights) {
  RrsetSpec spec = rrset(RrType::a, {});
  spec.order = Order::weighted;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    std::string rdata{static_cast<char>(i >> 24), static_cast<char>(i >> 16), static_cast<char>(i >> 8),
                      static_cast<char>(i)};
    spec.members.push_back({std::move(rdata), weights[i], 0, {}});
  }
  return spec;
}

}  // namespace muster::zones::test
