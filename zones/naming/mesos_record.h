// What one element of a Mesos cluster contributes to the Mesos-DNS view: records, and what had to be left
// out.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "zones/name.h"
#include "zones/record.h"

namespace muster::zones::naming {

// Whose claim to a name is stronger, the strongest first. Names of agents come before names of tasks, because
// "T of framework F.slave" is spelt like "the agent of T of framework F".
enum class MesosRank : std::uint8_t {
  infrastructure,  // leader.D, master.D, slave.D, ns1.D and their SRV
  framework,       // F.D, _framework._tcp.F.D
  agent_name,      // T.F.slave.D and what else ends so
  name,            // T.F.D, _T._proto.F.D, …
  raw_agent_name,  // the same two, as DiscoveryInfo writes the name
  raw_name,
};
std::string_view to_string(MesosRank rank);

// Why something is left out, alone: its neighbours stay.
enum class MesosDrop : std::uint8_t {
  label_too_long,
  name_too_long,
  name_empty,            // a task's: nothing of it is left as a label
  framework_name_empty,  // then its tasks have no names, either
  reserved_name,
  bad_address,  // unspecified or multicast
  bad_port,     // 0
  no_address,   // SRV whose target has none
  ports_truncated,
  name_taken,  // a stronger claim has the name: known to the view alone
};
inline constexpr std::size_t kMesosDrops = 10;
std::string_view to_string(MesosDrop reason);

struct MesosRecord {
  Name owner;
  RrType type = RrType::a;  // A, AAAA or SRV
  std::string rdata;        // wire form
  MesosRank rank = MesosRank::infrastructure;
  bool is_ready = true;
  bool has_ptr = false;     // the address leads back to the owner
  std::uint32_t share = 0;  // in the draw, see draw_share()
  bool operator==(const MesosRecord&) const = default;
};

struct MesosDropped {
  MesosDrop reason = MesosDrop::label_too_long;
  std::string what;  // a name, an address, or the id of the element
  auto operator<=>(const MesosDropped&) const = default;
};

// Each record and each dropped thing once.
struct MesosRecords {
  std::vector<MesosRecord> records;
  std::vector<MesosDropped> dropped;
};

}  // namespace muster::zones::naming
