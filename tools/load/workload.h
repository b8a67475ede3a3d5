// The queries of the benchmark in the order in which they are sent, as ready packets one behind the other, so
// that neither drawing nor composing costs anything while the clock runs. Half ask the addresses of a
// service, 30 % its SRV, 10 % a type it does not have, 10 % a name that does not exist. With DNS-SD, reverse
// names or both, a tenth each of all queries asks those instead of addresses.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "tools/load/api_request.h"

namespace muster::load {

struct Workload {
  std::string domain = "svc.internal";
  Fleet fleet;           // web-0 and so on; dual stack: half of the addresses asked are AAAA
  bool dns_sd = false;   // SRV and TXT of an instance as DNS-SD shows it
  bool reverse = false;  // PTR of an instance's IPv4 address
  bool edns = false;     // with an OPT record of 1232 octets
  bool recursion = false;  // RD, as the clients of a resolver set it
  bool zipf = false;     // Zipf with s = 1 over shuffled services; else uniform
  std::uint64_t seed = 1;
};

class QueryStream {
 public:
  explicit QueryStream(const Workload& workload);

  // The next packet; its first two octets, the id, are the caller's to write. Starts over at the end.
  std::span<std::uint8_t> next();

 private:
  std::vector<std::uint8_t> octets_;
  std::vector<std::size_t> begins_;  // one more than there are packets
  std::size_t at_ = 0;
};

// A name as labels with their lengths, ending in the root. The text has no escapes and no final dot; spaces
// are as good as letters.
std::vector<std::uint8_t> wire_name(const std::string& text);
// A query with id 0.
std::vector<std::uint8_t> query_packet(const std::string& name, std::uint16_t type, bool edns, bool recursion = false);

}  // namespace muster::load
