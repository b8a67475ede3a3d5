// Everything that DNS answers from: the live table, the zones in it, and the publisher that keeps the generated ones in
// step with the registry. Built by main, written on the control thread, read by the DNS threads.
#pragma once

#include <memory>

#include "zones/name_table.h"
#include "zones/publish.h"
#include "zones/zone.h"

namespace muster::tools {

struct Names {
  Names() : zones(table) {}

  zones::NameTable table;
  zones::Zones zones;
  std::unique_ptr<zones::Publisher> publisher;
};

}  // namespace muster::tools
