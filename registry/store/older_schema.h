// What a store file of an older schema lacks, where it is read as it is: one that cannot be written, or a
// damaged one.
#pragma once

#include <string>
#include <string_view>

#include "registry/store/sqlite.h"

namespace muster::registry {

bool has_table(Connection& connection, const std::string& name);
// Of the text columns of a table, "by,home", those that it has, and '' for the others: ",by,''".
std::string columns_or_empty(Connection& connection, const std::string& table, std::string_view columns);

}  // namespace muster::registry
