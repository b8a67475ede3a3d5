#include "registry/store/sqlite_store.h"

#include <sqlite3.h>
#include <sys/stat.h>

#include <array>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <fstream>

#include "registry/store/epoch.h"
#include "registry/store/older_schema.h"
#include "registry/store/row_codec.h"
#include "registry/store/salvage.h"
#include "registry/store/schema.h"

namespace muster::registry {
namespace {

constexpr std::int64_t kLogLimitBytes = 64 << 20;  // what stays of the log file after a checkpoint

std::int64_t stored(WallTime at) { return at.time_since_epoch().count(); }
WallTime wall(std::int64_t millis) { return WallTime(Millis(millis)); }
std::int64_t stored(std::uint64_t number) { return static_cast<std::int64_t>(number); }

std::string newer_schema(const std::string& path, std::int64_t version) {
  return path + ": written by a newer musterd (schema " + std::to_string(version) + ", this one knows " +
         std::to_string(kSchemaVersion) + "); start that version, or set another store.path";
}

// user_version as it stands in the file's header (offset 60, big endian): looking through SQLite would
// already create the log's files beside it.
std::int64_t version_in_header(const std::string& path) {
  std::array<char, 100> header{};
  std::ifstream file(path, std::ios::binary);
  if (!file.read(header.data(), header.size()) || std::string_view(header.data(), 15) != "SQLite format 3")
    return 0;
  std::int64_t version = 0;
  for (std::size_t i = 60; i < 64; ++i) version = version << 8 | static_cast<unsigned char>(header[i]);
  return version;
}

std::string name_for_damaged(const std::string& path) {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  std::array<char, 32> stamp{};
  std::strftime(stamp.data(), stamp.size(), "%Y%m%dT%H%M%SZ", &parts);
  std::string name = path + ".corrupt-" + stamp.data();
  for (int again = 2; std::filesystem::exists(name); ++again)
    name = path + ".corrupt-" + stamp.data() + "-" + std::to_string(again);
  return name;
}

void add_message(LoadReport& report, const std::string& text) {
  if (!report.message.empty()) report.message += "; ";
  report.message += text;
}

// What read_all() knows about one row that it cannot believe.
void skip(LoadReport& report, const std::string& what, std::string_view why) {
  if (report.skipped++ == 0) add_message(report, what + " left out: " + std::string(why));
}

}  // namespace

// The prepared statements, and a row's way into them.
struct SqliteStore::Writer {
  explicit Writer(Connection& connection)
      : put_claim(connection.prepare(
            "INSERT INTO claim(service,id,source,generation,seq,lease_ms,created_ms,heard_ms,by,body) "
            "VALUES(?,?,?,?,?,?,?,?,?,?) "
            "ON CONFLICT DO UPDATE SET "
            "generation=excluded.generation,seq=excluded.seq,lease_ms=excluded.lease_ms,"
            "created_ms=excluded.created_ms,heard_ms=excluded.heard_ms,by=excluded.by,body=excluded.body")),
        remove_claim(connection.prepare("DELETE FROM claim WHERE service=? AND id=? AND source=?")),
        put_tombstone(connection.prepare(
            "INSERT OR REPLACE INTO tombstone(service,id,generation,cause,until_ms) VALUES(?,?,?,?,?)")),
        remove_tombstone(connection.prepare("DELETE FROM tombstone WHERE service=? AND id=?")),
        put_drain(connection.prepare(
            "INSERT OR REPLACE INTO drain(service,id,number,reason,since_ms,remove_ms,by,home) "
            "VALUES(?,?,?,?,?,?,?,?)")),
        remove_drain(connection.prepare("DELETE FROM drain WHERE service=? AND id=?")),
        clear_overlay(connection.prepare("DELETE FROM overlay")),
        put_overlay(connection.prepare("INSERT INTO overlay(seq,body) VALUES(?,?)")),
        put_service(connection.prepare(
            "INSERT OR REPLACE INTO service(name,created_ms,known_until_ms) VALUES(?,?,?)")),
        remove_service(connection.prepare("DELETE FROM service WHERE name=?")),
        put_health(
            connection.prepare("INSERT OR REPLACE INTO health(service,id,\"check\",state,s_ms,since_ms,by) "
                               "VALUES(?,?,?,?,?,?,?)")),
        remove_health(connection.prepare("DELETE FROM health WHERE service=? AND id=? AND \"check\"=?")),
        put_meta(connection.prepare("INSERT OR REPLACE INTO meta(k,v) VALUES(?,?)")),
        remove_meta(connection.prepare("DELETE FROM meta WHERE k=?")),
        put_zone(connection.prepare("INSERT OR REPLACE INTO zone_update(zone,name,content) VALUES(?,?,?)")),
        remove_zone(connection.prepare("DELETE FROM zone_update WHERE zone=? AND name=?")),
        put_piece(connection.prepare(
            "INSERT OR REPLACE INTO picture_piece(source,slot,number,content) VALUES(?,?,?,?)")),
        remove_other_pieces(
            connection.prepare("DELETE FROM picture_piece WHERE source=? AND (slot<>? OR number>=?)")),
        put_picture(connection.prepare(
            "INSERT OR REPLACE INTO picture(source,type,format,origin,learnt_ms,slot,pieces) "
            "VALUES(?,?,?,?,?,?,?)")),
        remove_picture(connection.prepare("DELETE FROM picture WHERE source=?")),
        remove_pieces(connection.prepare("DELETE FROM picture_piece WHERE source=?")) {}

  void operator()(const ClaimRow& row) {
    body.clear();
    append_body(body, row.body ? *row.body : InstanceBody());
    put_claim.bind(1, row.service).bind(2, row.id).bind(3, row.source);
    put_claim.bind(4, stored(row.generation)).bind(5, stored(row.sequence)).bind(6, row.lease.count());
    put_claim.bind(7, stored(row.created_at)).bind(8, stored(row.heard_at)).bind(9, row.by);
    put_claim.bind(10, body).run();
  }
  void operator()(const ClaimGone& row) {
    remove_claim.bind(1, row.service).bind(2, row.id).bind(3, row.source).run();
  }
  void operator()(const TombstoneRow& row) {
    put_tombstone.bind(1, row.service).bind(2, row.id).bind(3, stored(row.generation)).bind(4, row.cause);
    put_tombstone.bind(5, stored(row.until)).run();
  }
  void operator()(const TombstoneGone& row) { remove_tombstone.bind(1, row.service).bind(2, row.id).run(); }
  void operator()(const DrainRow& row) {
    put_drain.bind(1, row.service).bind(2, row.id).bind(3, stored(row.number)).bind(4, row.reason);
    put_drain.bind(5, stored(row.since)).bind(6, row.remove_at ? stored(*row.remove_at) : 0);
    put_drain.bind(7, row.by).bind(8, row.home).run();
  }
  void operator()(const DrainGone& row) { remove_drain.bind(1, row.service).bind(2, row.id).run(); }
  void operator()(const OverlayRows& row) {
    clear_overlay.run();
    std::int64_t place = 0;
    for (const std::string& entry : row.entries_json) put_overlay.bind(1, ++place).bind(2, entry).run();
  }
  void operator()(const ServiceRow& row) {
    put_service.bind(1, row.name).bind(2, stored(row.created_at)).bind(3, stored(row.known_until)).run();
  }
  void operator()(const ServiceGone& row) { remove_service.bind(1, row.name).run(); }
  void operator()(const HealthRow& row) {
    put_health.bind(1, row.service).bind(2, row.id).bind(3, row.check).bind(4, row.state);
    put_health.bind(5, row.suspension.count()).bind(6, stored(row.since)).bind(7, row.by).run();
  }
  void operator()(const HealthGone& row) {
    remove_health.bind(1, row.service).bind(2, row.id).bind(3, row.check).run();
  }
  void operator()(const MetaRow& row) { put_meta.bind(1, row.key).bind(2, row.value).run(); }
  void operator()(const MetaGone& row) { remove_meta.bind(1, row.key).run(); }
  void operator()(const ZoneRow& row) { put_zone.bind(1, row.zone).bind(2, row.name).bind(3, row.content).run(); }
  void operator()(const ZoneGone& row) { remove_zone.bind(1, row.zone).bind(2, row.name).run(); }
  void operator()(const PieceRow& row) {
    put_piece.bind(1, row.source).bind(2, std::int64_t{row.slot}).bind(3, std::int64_t{row.number});
    put_piece.bind_blob(4, row.content).run();
  }
  void operator()(const PictureRow& row) {
    remove_other_pieces.bind(1, row.source).bind(2, std::int64_t{row.slot}).bind(3, std::int64_t{row.pieces});
    remove_other_pieces.run();
    put_picture.bind(1, row.source).bind(2, row.type).bind(3, std::int64_t{row.format}).bind(4, row.origin);
    put_picture.bind(5, stored(row.learnt_at)).bind(6, std::int64_t{row.slot});
    put_picture.bind(7, std::int64_t{row.pieces}).run();
  }
  void operator()(const PictureGone& row) {
    remove_picture.bind(1, row.source).run();
    remove_pieces.bind(1, row.source).run();
  }

  Statement put_claim, remove_claim, put_tombstone, remove_tombstone, put_drain, remove_drain, clear_overlay,
      put_overlay, put_service, remove_service, put_health, remove_health, put_meta, remove_meta, put_zone,
      remove_zone, put_piece, remove_other_pieces, put_picture, remove_picture, remove_pieces;
  std::string body;
};

// ---- opening --------------------------------------------------------------------------------------------

SqliteStore::SqliteStore(std::string path, CheckpointConfig checkpoints)
    : path_(std::move(path)), checkpoints_(checkpoints), lock_(path_) {
  refuse_foreign_file();
  connect();
}

SqliteStore::~SqliteStore() { end_checkpointer(); }

// A file that is opened anew begins a new one.
void SqliteStore::end_checkpointer() {
  earlier_ = checkpoints();
  checkpointer_.reset();
}

Checkpoints SqliteStore::checkpoints() const {
  if (!checkpointer_) return earlier_;
  Checkpoints all = checkpointer_->state();
  all.runs += earlier_.runs;
  all.errors += earlier_.errors;
  return all;
}

void SqliteStore::refuse_foreign_file() const {
  std::error_code ignored;
  if (std::filesystem::exists(path_, ignored) && !std::filesystem::is_regular_file(path_, ignored))
    throw StoreRefused(path_ + ": is not a file; set another store.path");
  if (const std::int64_t version = version_in_header(path_); version > kSchemaVersion)
    throw StoreRefused(newer_schema(path_, version));
}

void SqliteStore::connect() {
  try {
    open_writable();
  } catch (const SqliteError& error) {
    trouble_ = error.what();
    condition_ = error.is_damage() ? Condition::damaged : Condition::closed;
    if (condition_ == Condition::closed) open_read_only();
  }
}

void SqliteStore::open_writable() {
  end_checkpointer();
  writer_.reset();
  connection_ = {};
  lock_.take();
  Connection fresh(path_, Connection::Mode::create);
  sqlite3_db_config(fresh.get(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  const std::int64_t version = fresh.number("PRAGMA user_version");
  if (version > kSchemaVersion) throw StoreRefused(newer_schema(path_, version));  // it stood in the log only
  fresh.text("PRAGMA journal_mode=WAL");
  fresh.exec("PRAGMA synchronous=FULL; PRAGMA journal_size_limit=" + std::to_string(kLogLimitBytes));
  if (version < kSchemaVersion) {
    Transaction transaction(fresh);
    for (auto step = static_cast<std::size_t>(version); step < kSchemaSteps.size(); ++step)
      fresh.exec(kSchemaSteps[step]);
    fresh.exec("PRAGMA user_version=" + std::to_string(kSchemaVersion));
    transaction.commit();
  }
  // Setting a hook also turns automatic checkpoints on this connection off.
  sqlite3_wal_hook(
      fresh.get(),
      [](void* bytes, sqlite3*, const char*, int pages) {
        *static_cast<std::uint64_t*>(bytes) = static_cast<std::uint64_t>(pages) * 4096;
        return SQLITE_OK;
      },
      &log_bytes_);
  writer_ = std::make_unique<Writer>(fresh);
  connection_ = std::move(fresh);
  checkpointer_ = std::make_unique<Checkpointer>(path_, checkpoints_);
  condition_ = Condition::writable;
}

// A read-only file system: with the log's files in place SQLite can read them; without, the file alone is
// everything.
void SqliteStore::open_read_only() {
  for (const auto mode : {Connection::Mode::read_only, Connection::Mode::immutable}) {
    try {
      Connection reader(path_, mode);
      reader.number("SELECT count(*) FROM meta");
      connection_ = std::move(reader);
      condition_ = Condition::read_only;
      return;
    } catch (const SqliteError& error) {
      if (error.is_damage()) condition_ = Condition::damaged;
    }
  }
}

// ---- load -----------------------------------------------------------------------------------------------

LoadReport SqliteStore::load(const std::function<void(Row)>& visit) {
  LoadReport report;
  find_damage();
  if (condition_ == Condition::damaged) repair(report);
  report.clean_stop = connection_ && connection_.text("SELECT v FROM meta WHERE k='clean_stop'") != "0";
  visit(MetaRow{"epoch", begin_life()});
  ++report.rows;
  try {
    if (connection_) read_all(visit, report);
  } catch (const SqliteError& error) {
    add_message(report, path_ + ": " + error.what());
  }
  if (condition_ != Condition::writable) {
    std::error_code unknown;
    const bool absent = !std::filesystem::exists(path_, unknown) && !unknown;
    report.nothing_readable = !connection_ && !absent;
    add_message(report, path_ + ": not writable now: " + trouble_);
  }
  return report;
}

// Before anything is handed out, so that a row is never handed out twice: after an unclean stop the file is
// checked, after a clean one the claims are walked once (23 ms for 100,000), since octets also flip while
// nobody runs.
void SqliteStore::find_damage() {
  if (!connection_) return;
  try {
    const bool clean = connection_.text("SELECT v FROM meta WHERE k='clean_stop'") != "0";
    if (clean) connection_.number("SELECT sum(length(body)) FROM claim NOT INDEXED");
    const std::string verdict = clean ? "ok" : connection_.text("PRAGMA quick_check(1)");
    if (verdict == "ok") return;
    trouble_ = verdict;
    condition_ = Condition::damaged;
  } catch (const SqliteError& error) {
    trouble_ = error.what();
    if (error.is_damage()) condition_ = Condition::damaged;
  }
}

void SqliteStore::repair(LoadReport& report) {
  report.recovered_from_damage = true;
  add_message(report, path_ + ": damaged (" + trouble_ + ")");
  end_checkpointer();
  writer_.reset();
  connection_ = {};
  try {
    set_aside(report);
  } catch (const std::exception& error) {
    report.nothing_readable = true;
    trouble_ = error.what();
    add_message(report, std::string("could not be set aside: ") + error.what());
  }
}

void SqliteStore::set_aside(LoadReport& report) {
  const std::string aside = name_for_damaged(path_);
  std::filesystem::rename(path_, aside);
  for (const char* suffix : {"-wal", "-shm"})
    if (std::filesystem::exists(path_ + suffix)) std::filesystem::rename(path_ + suffix, aside + suffix);
  open_writable();
  std::size_t copied = 0;
  try {
    Connection damaged(aside, Connection::Mode::read_only);
    copied = salvage(damaged, connection_);
  } catch (const SqliteError& error) {
    add_message(report, error.what());
  }
  report.nothing_readable = copied == 0;
  add_message(report, "kept as " + aside + ", " + std::to_string(copied) + " rows copied over");
}

// The epoch of this life. Where nothing can be written no revision can be reserved, and an epoch of its own
// keeps them from repeating.
std::string SqliteStore::begin_life() {
  std::string epoch;
  try {
    if (condition_ == Condition::writable) {
      epoch = connection_.text("SELECT v FROM meta WHERE k='epoch'");
      if (epoch.empty()) epoch = new_epoch();
      write({MetaRow{"epoch", epoch}, MetaRow{"clean_stop", "0"}});
      return epoch;
    }
  } catch (const SqliteError& error) {
    trouble_ = error.what();
    condition_ = Condition::read_only;
  }
  return unwritten_epoch_ = new_epoch();
}

namespace {

void read_meta(Connection& connection, const std::function<void(Row)>& visit, LoadReport& report) {
  Statement rows = connection.prepare("SELECT k,v FROM meta WHERE k NOT IN ('epoch','clean_stop')");
  for (; rows.step(); ++report.rows) visit(MetaRow{rows.text(0), rows.text(1)});
}

void read_services(Connection& connection, const std::function<void(Row)>& visit, LoadReport& report) {
  Statement rows = connection.prepare("SELECT name,created_ms,known_until_ms FROM service");
  for (; rows.step(); ++report.rows)
    visit(ServiceRow{rows.text(0), wall(rows.number(1)), wall(rows.number(2))});
}

void read_health(Connection& connection, const std::function<void(Row)>& visit, LoadReport& report) {
  if (!has_table(connection, "health")) return;
  Statement rows = connection.prepare("SELECT service,id,\"check\",state,s_ms,since_ms" +
                                      columns_or_empty(connection, "health", "by") + " FROM health");
  for (; rows.step(); ++report.rows)
    visit(HealthRow{rows.text(0), rows.text(1), rows.text(2), rows.text(3), Millis(rows.number(4)),
                    wall(rows.number(5)), rows.text(6)});
}

void read_zone_updates(Connection& connection, const std::function<void(Row)>& visit, LoadReport& report) {
  if (!has_table(connection, "zone_update")) return;
  Statement rows = connection.prepare("SELECT zone,name,content FROM zone_update");
  for (; rows.step(); ++report.rows) visit(ZoneRow{rows.text(0), rows.text(1), rows.text(2)});
}

void read_overlay(Connection& connection, const std::function<void(Row)>& visit, LoadReport& report) {
  Statement rows = connection.prepare("SELECT body FROM overlay ORDER BY seq");
  OverlayRows overlay;
  for (; rows.step(); ++report.rows) overlay.entries_json.push_back(rows.text(0));
  if (!overlay.entries_json.empty()) visit(std::move(overlay));
}

void read_tombstones(Connection& connection, const std::function<void(Row)>& visit, LoadReport& report) {
  Statement rows = connection.prepare("SELECT service,id,generation,cause,until_ms FROM tombstone");
  for (; rows.step(); ++report.rows)
    visit(TombstoneRow{rows.text(0), rows.text(1), static_cast<std::uint64_t>(rows.number(2)), rows.text(3),
                       wall(rows.number(4))});
}

void read_drains(Connection& connection, const std::function<void(Row)>& visit, LoadReport& report) {
  Statement rows = connection.prepare(
      has_table(connection, "drain") ? "SELECT service,id,number,reason,since_ms,remove_ms" +
                                           columns_or_empty(connection, "drain", "by,home") + " FROM drain"
                                     : std::string(kDrainsInClaims) + " WHERE draining");
  for (; rows.step(); ++report.rows) {
    DrainRow drain{rows.text(0), rows.text(1),         static_cast<std::uint64_t>(rows.number(2)),
                   rows.text(3), wall(rows.number(4)), std::nullopt,
                   rows.text(6), rows.text(7)};
    if (const auto remove_ms = rows.number(5); remove_ms != 0) drain.remove_at = wall(remove_ms);
    visit(std::move(drain));
  }
}

ClaimRow claim_of(const Statement& row, BodyPtr body) {
  ClaimRow claim;
  claim.service = row.text(0);
  claim.id = row.text(1);
  claim.source = row.text(2);
  claim.generation = static_cast<std::uint64_t>(row.number(3));
  claim.sequence = static_cast<std::uint64_t>(row.number(4));
  claim.lease = Millis(row.number(5));
  claim.created_at = wall(row.number(6));
  claim.heard_at = wall(row.number(7));
  claim.by = row.text(8);
  claim.body = std::move(body);
  return claim;
}

void read_claims(Connection& connection, const std::function<void(Row)>& visit, LoadReport& report) {
  Statement rows = connection.prepare(
      "SELECT "
      "service,id,source,generation,seq,lease_ms,created_ms,heard_ms,by,body "
      "FROM claim NOT INDEXED");
  while (rows.step()) {
    auto body = read_body(rows.view(9));
    const bool in_range = rows.number(3) >= 0 && rows.number(4) >= 0 && rows.number(5) >= 0;
    if (!body || !in_range) {
      skip(report, "claim " + rows.text(0) + "/" + rows.text(1),
           body ? "number out of range" : to_string(body.error()));
      continue;
    }
    visit(claim_of(rows, std::move(*body)));
    ++report.rows;
  }
}

// Each head with its pieces behind it, one at a time. What is damaged here costs a picture and nothing else.
void read_pictures(Connection& connection, const std::function<void(Row)>& visit, LoadReport& report) {
  if (!has_table(connection, "picture_piece")) return;
  Statement heads = connection.prepare("SELECT source,type,format,origin,learnt_ms,slot,pieces FROM picture");
  Statement pieces = connection.prepare(
      "SELECT number,content FROM picture_piece WHERE source=? AND slot=? ORDER BY number");
  for (; heads.step(); ++report.rows) {
    PictureRow head{heads.text(0),
                    heads.text(1),
                    static_cast<std::uint32_t>(heads.number(2)),
                    heads.text(3),
                    wall(heads.number(4)),
                    static_cast<std::uint8_t>(heads.number(5)),
                    static_cast<std::uint32_t>(heads.number(6))};
    visit(head);
    pieces.bind(1, head.source).bind(2, std::int64_t{head.slot});
    for (; pieces.step(); ++report.rows)
      visit(PieceRow{head.source, head.slot, static_cast<std::uint32_t>(pieces.number(0)), pieces.blob(1)});
    pieces.reset();
  }
}

}  // namespace

void SqliteStore::read_all(const std::function<void(Row)>& visit, LoadReport& report) {
  // Nothing is sorted here: it would cost as much as reading, and temporary files on a disk that may be full.
  read_meta(connection_, visit, report);
  read_services(connection_, visit, report);
  read_zone_updates(connection_, visit, report);
  read_overlay(connection_, visit, report);
  read_tombstones(connection_, visit, report);
  read_health(connection_, visit, report);
  read_claims(connection_, visit, report);
  read_drains(connection_, visit, report);
  read_pictures(connection_, visit, report);
  connection_.exec("PRAGMA cache_size=-8192; PRAGMA shrink_memory");
}

// ---- commit ---------------------------------------------------------------------------------------------

void SqliteStore::write(const Rows& rows) {
  Transaction transaction(connection_);
  if (!unwritten_epoch_.empty()) (*writer_)(MetaRow{"epoch", unwritten_epoch_});
  for (const Row& row : rows) std::visit(*writer_, row);
  transaction.commit();
  unwritten_epoch_.clear();
  checkpointer_->committed(log_bytes_);
}

CommitResult SqliteStore::commit(const Rows& rows) {
  if (condition_ == Condition::damaged)
    return {false, path_ + ": damaged, and could not be set aside: " + trouble_};
  try {
    if (condition_ != Condition::writable) open_writable();
    write(rows);
    return {};
  } catch (const SqliteError& error) {
    return error.is_damage() ? commit_repaired(error, rows) : failed(error);
  } catch (const StoreRefused& error) {
    return {false, error.what()};
  }
}

// Damage that no look at the start has shown, or that came since. What the new file lacks of this life's rows comes
// with their next change; without an epoch in it the next start begins a new one.
CommitResult SqliteStore::commit_repaired(const SqliteError& damage, const Rows& rows) {
  trouble_ = damage.what();
  condition_ = Condition::damaged;
  LoadReport report;
  repair(report);
  if (condition_ != Condition::writable) return {false, report.message};
  Rows all = rows;
  all.push_back(MetaRow{"clean_stop", "0"});
  try {
    write(all);
    return {true, report.message};
  } catch (const SqliteError& error) {
    return failed(error);
  }
}

// Whatever hindered it, the next commit opens the file anew: it may be another one by then.
CommitResult SqliteStore::failed(const SqliteError& error) {
  trouble_ = error.what();
  condition_ = Condition::closed;
  return {false, path_ + ": " + error.what() + "; registrations are kept in memory until it can be written"};
}

bool SqliteStore::is_still_there() const {
  // An unlinked file still takes commits, and loses them all.
  struct stat status {};
  return stat(path_.c_str(), &status) == 0 && S_ISREG(status.st_mode);
}

CommitResult SqliteStore::check() {
  if (condition_ != Condition::writable) return {false, path_ + ": not writable: " + trouble_};
  if (!is_still_there()) return {false, path_ + ": the file is gone; restart musterd to begin a new one"};
  try {
    Transaction probe(connection_);
    return {};
  } catch (const SqliteError& error) {
    return failed(error);
  }
}

void SqliteStore::close() {
  end_checkpointer();
  if (condition_ == Condition::writable) {
    try {
      Statement mark = connection_.prepare("INSERT OR REPLACE INTO meta(k,v) VALUES('clean_stop','1')");
      mark.run();
      sqlite3_wal_checkpoint_v2(connection_.get(), nullptr, SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
    } catch (const SqliteError& error) {
      trouble_ = error.what();
    }
  }
  writer_.reset();
  connection_ = {};
  condition_ = Condition::closed;
}

}  // namespace muster::registry
