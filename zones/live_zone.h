// The names of a zone of the live table, read beside the writer by whatever thread reads: of zones of any
// size, without a pause for anybody.
#pragma once

#include <atomic>
#include <functional>

#include "zones/name_table.h"

namespace muster::zones {

// Visits each name that holds records, in no order. One that is there all the while is met, as it stands when
// it is met; one that comes, goes or comes again meanwhile is met, not met, or met twice. begin() is called
// first, and again whenever the pass has to begin anew: what was met so far is to be forgotten. False: there
// is no such zone, or no longer, or `stopping` became true. The reader is offline before and after, and every few hundred names between,
// so that what waits for readers can be freed.
bool visit_live_zone(NameTable::Reader& reader, const Name& apex, const std::function<void()>& begin,
                     const std::function<void(const Entry&)>& visit, const std::atomic<bool>* stopping = nullptr);

}  // namespace muster::zones
