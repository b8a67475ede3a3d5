// One scheduler of the configuration: its source, on the I/O thread, and its zone, which is the control
// thread's.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <utility>

#include "tools/musterd/schedulers.h"

namespace muster::tools {

struct Schedulers::One {
  One(Names& names, zones::MesosZoneConfig zone_config) : zone(std::move(zone_config), names.zones) {}

  std::string name;
  std::atomic<bool> is_required{true};
  net::SteadyTime required_until =
      net::SteadyTime::max();  // then it is served without its source having spoken
  zones::MesosZone zone;
  std::atomic<bool> is_current{false};
  std::unique_ptr<registry::sources::MesosSource> source;
};

}  // namespace muster::tools
