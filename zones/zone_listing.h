// A zone of the live table as master file text, written beside the writer by whatever thread reads: generated
// zones of any size, without a pause for anybody.
#pragma once

#include <atomic>
#include <optional>
#include <string>

#include "zones/name_table.h"

namespace muster::zones {

// The names in canonical order, each as it stood when it was met. A name that is there all the while is there;
// one that comes or goes meanwhile may be there or not. nullopt: there is no such zone, or `stopping` became
// true. The reader is offline before and after, and every few hundred names between, so that what waits for readers
// can be freed.
std::optional<std::string> write_live_zone(NameTable::Reader& reader, const Name& apex,
                                           const std::atomic<bool>* stopping = nullptr);

}  // namespace muster::zones
