// Zones of every shape that answers can have, in a live table, for tests, the fuzz driver and benchmarks.
// Records are written as text, which ldns reads.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dns/answer.h"
#include "zones/name_table.h"
#include "zones/zone.h"

namespace muster::dns::test {

zones::Name name_of(std::string_view text);

class World {
 public:
  // Adds a zone whose lines are "owner ttl type rdata…"; relative names end at the apex.
  zones::Zone& file_zone(std::string_view apex, std::span<const char* const> lines);
  // Generated, with its apex only.
  zones::Zone& generated_zone(std::string_view apex);
  void put(zones::Zone& zone, const zones::NameSpec& spec) { zones_.put(zone, spec); }
  zones::Zones& zones() { return zones_; }
  zones::NameTable& table() { return table_; }

 private:
  zones::NameTable table_;
  zones::Zones zones_{table_};
};

// Fills a world with the zones that the tests talk about (see world.cc).
void build_shapes(World& world);

// A service's sets below a generated zone, as the publisher makes them: A at the name, SRV at _name._tcp with
// the instances' addresses ready-made, and the instances themselves.
struct Instance {
  std::string label;
  std::string address;
  std::uint32_t weight = 1;
};
void put_service(World& world, zones::Zone& zone, std::string_view domain, std::string_view service,
                 std::span<const Instance> instances, std::uint32_t ttl = 5);

// A thread that answers: reader, state, reply memory.
class Thread {
 public:
  explicit Thread(World& world, std::uint64_t seed = 1);
  // The reply; empty: silence. The query is read from an exact-size heap copy, so
  // that AddressSanitizer sees an octet read too far.
  std::vector<std::uint8_t> ask(const std::vector<std::uint8_t>& query, const Client& client);
  Answerer& answerer() { return answerer_; }
  zones::NameTable::Reader& reader() { return reader_; }

 private:
  zones::NameTable::Reader reader_;
  Answerer answerer_;
};

// At kNow; a thread takes the signatures of Signing's defaults (tests/dns/support/signing.h) and gives
// cookies.
inline constexpr std::uint32_t kNow = 1'700'000'000;
Client udp_client();
Client tcp_client();

}  // namespace muster::dns::test
