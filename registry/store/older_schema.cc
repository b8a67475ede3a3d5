#include "registry/store/older_schema.h"

#include <algorithm>

namespace muster::registry {

bool has_table(Connection& connection, const std::string& name) {
  return connection.number("SELECT count(*) FROM sqlite_master WHERE name='" + name + "'") != 0;
}

std::string columns_or_empty(Connection& connection, const std::string& table, std::string_view columns) {
  std::string list;
  while (!columns.empty()) {
    const std::string column(columns.substr(0, columns.find(',')));
    columns.remove_prefix(std::min(columns.size(), column.size() + 1));
    const bool is_there = connection.number("SELECT count(*) FROM pragma_table_info('" + table +
                                            "') WHERE name='" + column + "'") != 0;
    list.append(",").append(is_there ? column : "''");
  }
  return list;
}

}  // namespace muster::registry
