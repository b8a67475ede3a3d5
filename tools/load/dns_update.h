// DNS UPDATE messages (RFC 2136) for the servers that are changed that way: one address replaced by another,
// at the names of the benchmark's instances.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tools/load/api_request.h"

namespace muster::load {

// i0.web-7.DOMAIN: the member's own name.
std::string member_name(const Fleet& fleet, Member member, const std::string& domain);
// 198.18.0.0/15, the range for benchmarks; a different one for 131,072 numbers.
std::string fresh_address(std::size_t number);

class UpdateMessage {
 public:
  explicit UpdateMessage(const std::string& zone);
  // The owner's A records go and this address comes.
  void replace(const std::string& owner, const std::string& address);
  // The whole message under this id.
  const std::vector<std::uint8_t>& message(std::uint16_t id);

 private:
  void put16(unsigned value);
  std::vector<std::uint8_t> octets_;
  unsigned updates_ = 0;
};

}  // namespace muster::load
