// What large work has freed goes back to the system at once.
#pragma once

namespace muster::tools {

// The allocator keeps it else: the arrays of a zone that was read are 61 octets a record. Any thread; in
// pieces, so that others can allocate meanwhile. Nothing is done where a sanitizer allocates.
void return_free_memory();

// The allocator keeps some of what a thread has freed for that thread alone: what the calling one has is
// everybody's again, and what is whole pages of it can be returned. For the end of large work; the next needs
// it anew.
void share_free_memory();

}  // namespace muster::tools
