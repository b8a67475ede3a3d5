// Copies what can still be read of a damaged database into a new one, table by table and row by row.
#pragma once

#include <cstddef>

#include "registry/store/sqlite.h"

namespace muster::registry {

// How many rows came over. The epoch does not.
std::size_t salvage(Connection& damaged, Connection& fresh);

}  // namespace muster::registry
