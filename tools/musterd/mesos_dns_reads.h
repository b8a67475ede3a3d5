// What the HTTP API of Mesos-DNS asks about one source, read where it lies: names and tasks on the control
// thread, the latter in slices; whole zones from the live table on the loader's.
#pragma once

#include <atomic>
#include <functional>
#include <string>

#include "registry/api/mesos_dns.h"
#include "registry/control.h"
#include "tools/musterd/loader.h"
#include "zones/mesos_zone.h"
#include "zones/name_table.h"

namespace muster::tools {

// All of it outlives the source that is made of it.
struct MesosDnsReads {
  zones::Zones& zones;
  const zones::MesosZone& zone;
  const std::atomic<bool>& is_current;  // false: there is nothing to be told yet
  zones::NameTable::Reader& lister;     // the loader thread's
  Loader& dumps;
  std::function<bool(registry::Job)> submit;
};

// But for its `config`.
registry::api::MesosDnsSource mesos_dns_source(const std::string& name, MesosDnsReads reads);

}  // namespace muster::tools
