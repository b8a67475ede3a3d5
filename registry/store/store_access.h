// Whether this process may write a store at all. A file that belongs to somebody else would be read and never
// written, and every registration would live in memory only: that is told at the start, with its mend.
#pragma once

#include <string>

namespace muster::registry {

// Throws StoreRefused naming the folder or file, the user, and the chown that mends it, when permissions keep
// this process from writing. A folder that is not there, and a disk that nobody can write, are no concern of it.
void refuse_unwritable(const std::string& store_path);

}  // namespace muster::registry
