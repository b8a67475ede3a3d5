// What large work has freed goes back to the system at once.
#pragma once

namespace muster::tools {

// The allocator keeps it else: the arrays of a zone that was read are 61 octets a record. Any thread; in
// pieces, so that others can allocate meanwhile. Nothing is done where a sanitizer allocates.
void return_free_memory();

}  // namespace muster::tools
