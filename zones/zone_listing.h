// A zone of the live table as master file text, written beside the writer by whatever thread reads: of
// any size, without a pause for anybody.
#pragma once

#include <atomic>
#include <optional>
#include <string>

#include "zones/name_table.h"

namespace muster::zones {

// The names in canonical order, each as it stood when it was met (zones/live_zone.h). nullopt: there is no
// such zone, or `stopping` became true.
std::optional<std::string> write_live_zone(NameTable::Reader& reader, const Name& apex,
                                           const std::atomic<bool>* stopping = nullptr);

}  // namespace muster::zones
