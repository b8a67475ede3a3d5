// The store's tables. user_version carries the schema's number; a step to a higher one is an entry of its own
// in kSchemaSteps, never an edit of an old one.
#pragma once

#include <array>
#include <cstdint>

namespace muster::registry {

// A claim is a rowid table: its rows hold a JSON body of 200 octets and more, for which WITHOUT ROWID was
// measured to be slower (docs/explanation/store.md). The others are short and keyed, so they have no rowid.
inline constexpr std::array<const char*, 7> kSchemaSteps = {R"sql(
CREATE TABLE meta(k TEXT PRIMARY KEY, v TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE claim(
  service TEXT NOT NULL, id TEXT NOT NULL, source TEXT NOT NULL,
  generation INTEGER NOT NULL, seq INTEGER NOT NULL, lease_ms INTEGER NOT NULL,
  created_ms INTEGER NOT NULL, heard_ms INTEGER NOT NULL, by TEXT NOT NULL,
  draining INTEGER NOT NULL, draining_ms INTEGER NOT NULL, draining_reason TEXT NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY(service, id, source));
CREATE TABLE tombstone(
  service TEXT NOT NULL, id TEXT NOT NULL, generation INTEGER NOT NULL, cause TEXT NOT NULL, until_ms INTEGER NOT NULL,
  PRIMARY KEY(service, id)) WITHOUT ROWID;
CREATE TABLE overlay(seq INTEGER PRIMARY KEY, body TEXT NOT NULL);
CREATE TABLE service(name TEXT PRIMARY KEY, created_ms INTEGER NOT NULL, known_until_ms INTEGER NOT NULL) WITHOUT ROWID;
)sql",
                                                            R"sql(
ALTER TABLE claim ADD COLUMN remove_ms INTEGER NOT NULL DEFAULT 0;  -- when a drain ends in removal; 0: never
)sql",
                                                            R"sql(
CREATE TABLE zone_update(zone TEXT NOT NULL, name TEXT NOT NULL, content TEXT NOT NULL, PRIMARY KEY(zone, name)) WITHOUT ROWID;
)sql",
                                                            R"sql(
CREATE TABLE health(
  service TEXT NOT NULL, id TEXT NOT NULL, "check" TEXT NOT NULL,
  state TEXT NOT NULL, s_ms INTEGER NOT NULL, since_ms INTEGER NOT NULL,
  PRIMARY KEY(service, id, "check")) WITHOUT ROWID;
)sql",
                                                            R"sql(
CREATE TABLE picture(
  source TEXT PRIMARY KEY, type TEXT NOT NULL, format INTEGER NOT NULL, origin TEXT NOT NULL,
  learnt_ms INTEGER NOT NULL, slot INTEGER NOT NULL, pieces INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE picture_piece(  -- with a rowid: its rows are large
  source TEXT NOT NULL, slot INTEGER NOT NULL, number INTEGER NOT NULL, content BLOB NOT NULL,
  PRIMARY KEY(source, slot, number));
)sql",
                                                            R"sql(
CREATE TABLE drain(
  service TEXT NOT NULL, id TEXT NOT NULL, number INTEGER NOT NULL, reason TEXT NOT NULL, since_ms INTEGER NOT NULL,
  remove_ms INTEGER NOT NULL,  -- when it ends in removal; 0: never
  PRIMARY KEY(service, id)) WITHOUT ROWID;
INSERT OR IGNORE INTO drain SELECT service, id, seq, draining_reason, draining_ms, remove_ms FROM claim WHERE draining;
CREATE TABLE claim_without_drains(
  service TEXT NOT NULL, id TEXT NOT NULL, source TEXT NOT NULL,
  generation INTEGER NOT NULL, seq INTEGER NOT NULL, lease_ms INTEGER NOT NULL,
  created_ms INTEGER NOT NULL, heard_ms INTEGER NOT NULL, by TEXT NOT NULL, body TEXT NOT NULL,
  PRIMARY KEY(service, id, source));
INSERT INTO claim_without_drains
  SELECT service, id, source, generation, seq, lease_ms, created_ms, heard_ms, by, body FROM claim;
DROP TABLE claim;
ALTER TABLE claim_without_drains RENAME TO claim;
)sql",
                                                            R"sql(
ALTER TABLE drain ADD COLUMN by TEXT NOT NULL DEFAULT '';    -- who asked for it; '': not known, as in older files
ALTER TABLE drain ADD COLUMN home TEXT NOT NULL DEFAULT '';  -- the service in which the instance lived
ALTER TABLE health ADD COLUMN by TEXT NOT NULL DEFAULT '';   -- who said so
)sql"};
// Where the sixth step has not been taken, a drain stands in the claims of its instance: those that are
// `draining`.
inline constexpr const char* kDrainsInClaims =
    "SELECT service,id,seq,draining_reason,draining_ms,remove_ms,'','' FROM claim";
inline constexpr std::int64_t kSchemaVersion = kSchemaSteps.size();

}  // namespace muster::registry
