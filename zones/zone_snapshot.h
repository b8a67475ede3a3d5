// A zone as it is served, read back from the live table: what a reload compares its file with. So nobody has
// to keep a second copy of a zone while it is served (61 octets a record).
//
// Thread safety: any thread with a reader of its own. Names that change meanwhile are seen old or new.
#pragma once

#include <optional>

#include "zones/compiled_zone.h"
#include "zones/name_table.h"

namespace muster::zones {

// nullopt: there is no such zone, or nothing in it.
std::optional<CompiledZone> snapshot(NameTable::Reader& reader, const Name& apex);

}  // namespace muster::zones
