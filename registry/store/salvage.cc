#include "registry/store/salvage.h"

#include <algorithm>
#include <array>
#include <string>

#include "registry/store/older_schema.h"
#include "registry/store/schema.h"

namespace muster::registry {
namespace {

struct Table {
  const char* name;
  const char* key;  // walked both ways
  const char* columns;
  std::string_view kinds;  // of the columns: t text, n number, b octets
  std::string_view newer{};  // more of them, texts, which a file of an older schema lacks
};

constexpr Table kTables[] = {
    {"meta", "k", "k,v", "tt"},
    {"service", "name", "name,created_ms,known_until_ms", "tnn"},
    {"overlay", "seq", "seq,body", "nt"},
    {"tombstone", "service,id", "service,id,generation,cause,until_ms", "ttntn"},
    {"drain", "service,id", "service,id,number,reason,since_ms,remove_ms", "ttntnntt", "by,home"},
    {"health", "service,id", "service,id,\"check\",state,s_ms,since_ms", "ttttnnt", "by"},
    {"zone_update", "zone,name", "zone,name,content", "ttt"},
    {"picture", "source", "source,type,format,origin,learnt_ms,slot,pieces", "ttntnnn"},
    {"picture_piece", "rowid", "source,slot,number,content", "tnnb"},
    {"claim", "rowid", "service,id,source,generation,seq,lease_ms,created_ms,heard_ms,by,body", "tttnnnnntt"},
};

std::string insert_sql(const Table& table) {
  std::string sql = std::string("INSERT OR REPLACE INTO ") + table.name + "(" + table.columns;
  if (!table.newer.empty()) sql.append(",").append(table.newer);
  sql += ") VALUES(";
  for (std::size_t i = 0; i < table.kinds.size(); ++i) sql += i == 0 ? "?" : ",?";
  return sql + ")";
}

void copy_row(const Table& table, Statement& from, Statement& into) {
  std::array<std::string, 16> texts;
  for (std::size_t i = 0; i < table.kinds.size(); ++i) {
    const int column = static_cast<int>(i);
    if (table.kinds[i] == 'n') {
      into.bind(column + 1, from.number(column));
    } else if (table.kinds[i] == 'b') {
      texts[i] = from.blob(column);
      into.bind_blob(column + 1, texts[i]);
    } else {
      texts[i] = from.text(column);
      into.bind(column + 1, texts[i]);
    }
  }
  into.run();
}

// Rows in the order of `sql` until the walk meets damage; true: it met none.
bool walk(const Table& table, Connection& damaged, const std::string& sql, Statement& into) {
  try {
    Statement from = damaged.prepare(sql);
    while (from.step()) copy_row(table, from, into);
    return true;
  } catch (const SqliteError&) {
    return false;
  }
}

std::int64_t last_rowid(const char* table, Connection& damaged) {
  try {
    return damaged.number(std::string("SELECT max(rowid) FROM ") + table);
  } catch (const SqliteError&) {
    return 0;
  }
}

// Damage in the middle of a rowid table: windows that shrink to the bad rows, step over them and grow again.
// Rows as `table` has them, out of the table `walked`; `also`: what else one is asked for.
void walk_in_windows(const Table& table, const char* walked, Connection& damaged, const std::string& select,
                     Statement& into, std::string_view also = "") {
  constexpr int kMostWindows = 4'000'000;  // where the keys themselves are damaged there may be no end
  const std::int64_t last = last_rowid(walked, damaged);
  std::int64_t from = 1;
  std::int64_t width = 1024;
  for (int window = 0; from <= last && window < kMostWindows; ++window) {
    const std::int64_t to = width < last - from ? from + width : last + 1;
    const bool whole = walk(table, damaged,
                            select + " WHERE rowid >= " + std::to_string(from) + " AND rowid < " +
                                std::to_string(to) + std::string(also),
                            into);
    if (whole || width == 1) from = to;
    width = whole ? width * 2 : std::max<std::int64_t>(width / 8, 1);
  }
}

void copy_table(const Table& table, Connection& damaged, Connection& fresh) {
  std::string select = std::string("SELECT ") + table.columns;
  select += columns_or_empty(damaged, table.name, table.newer) + " FROM " + table.name;
  Statement into = fresh.prepare(insert_sql(table));
  const std::string key = table.key;
  if (walk(table, damaged, select + " ORDER BY " + key, into)) return;
  std::string backwards = key + " DESC";
  if (const auto comma = key.find(','); comma != std::string::npos)
    backwards = key.substr(0, comma) + " DESC," + key.substr(comma + 1) + " DESC";
  walk(table, damaged, select + " ORDER BY " + backwards, into);
  if (key == "rowid") walk_in_windows(table, table.name, damaged, select, into);
}

// A file of before the sixth step has them in its claims.
void copy_drains_in_claims(Connection& damaged, Connection& fresh) {
  if (has_table(damaged, "drain")) return;
  const Table& drains = *std::ranges::find(kTables, std::string_view("drain"), &Table::name);
  const Table& claims = *std::ranges::find(kTables, std::string_view("claim"), &Table::name);
  Statement into = fresh.prepare(insert_sql(drains));
  const std::string select = kDrainsInClaims;
  const std::string drained = " WHERE draining";
  if (walk(drains, damaged, select + drained + " ORDER BY rowid", into)) return;
  walk(drains, damaged, select + drained + " ORDER BY rowid DESC", into);
  walk_in_windows(drains, claims.name, damaged, select, into, " AND draining");
}

}  // namespace

std::size_t salvage(Connection& damaged, Connection& fresh) {
  std::size_t rows = 0;
  Transaction transaction(fresh);
  copy_drains_in_claims(damaged, fresh);
  for (const Table& table : kTables) {
    copy_table(table, damaged, fresh);
    rows += static_cast<std::size_t>(fresh.number(std::string("SELECT count(*) FROM ") + table.name));
  }
  fresh.exec("DELETE FROM meta WHERE k IN ('epoch', 'clean_stop')");
  transaction.commit();
  return rows;
}

}  // namespace muster::registry
