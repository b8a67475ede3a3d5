// What the Mesos-DNS view is told: how it names records, and how it answers them. Plain values, resolved by
// whoever reads the configuration.
#pragma once

#include <cstdint>
#include <vector>

#include "registry/net/ip_address.h"
#include "zones/answer_spec.h"
#include "zones/naming/mesos_naming.h"
#include "zones/publish_config.h"

namespace muster::zones {

struct MesosViewConfig {
  naming::MesosNaming naming;
  std::uint32_t ttl = 60;                  // of all records
  std::uint16_t answers = 0;               // members an answer holds, drawn at random; 0: all
  Overflow overflow = Overflow::truncate;  // fit: for stubs without TCP
  WhenNone when_none = WhenNone::all;
  // Of naming.ns_name, which the view publishes where it is below the domain and not the apex: nobody else
  // may, because a framework can be called like it.
  std::vector<net::IpAddress> name_server_addresses;
  bool operator==(const MesosViewConfig&) const = default;
};

}  // namespace muster::zones
