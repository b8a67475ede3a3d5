// The rows of the store, as values. One Row is the last word on its key: a later write of the same key in
// one batch replaces the earlier. Heartbeats and static claims are never stored.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "registry/model.h"

namespace muster::registry {

struct ClaimRow {
  std::string service;
  std::string id;
  std::string source;  // "heartbeat", "lyft", "update"
  std::uint64_t generation = 0;
  std::uint64_t sequence = 0;
  Millis lease{0};
  WallTime created_at{};
  WallTime heard_at{};
  std::string by;
  BodyPtr body;
};
struct ClaimGone {
  std::string service;
  std::string id;
  std::string source;
};
struct TombstoneRow {
  std::string service;
  std::string id;
  std::uint64_t generation = 0;
  std::string cause;
  WallTime until{};
};
struct TombstoneGone {
  std::string service;
  std::string id;
};
// Of an instance under each of its names, whoever says that it is there.
struct DrainRow {
  std::string service;
  std::string id;
  std::uint64_t number = 0;  // the same for all names of one drain
  std::string reason;
  WallTime since{};
  std::optional<WallTime> remove_at;  // it ends in removal
  std::string by{};                   // who asked for it
  std::string home{};                 // the service in which the instance lives
};
struct DrainGone {
  std::string service;
  std::string id;
};
struct OverlayRows {  // the whole list, replaced at once: at most 10,000 entries
  std::vector<std::string> entries_json;
};
struct ServiceRow {
  std::string name;
  WallTime created_at{};
  WallTime known_until{};
};
struct ServiceGone {
  std::string name;
};
// What a check says of an instance, where it is not ACTIVE. "report": what its heartbeats say.
struct HealthRow {
  std::string service;
  std::string id;
  std::string check;
  std::string state;       // "STARTING", "SUSPENDED"
  Millis suspension{0};    // how long it is suspended for; 0: until the check says otherwise
  WallTime since{};
  std::string by{};  // who said so
};
struct HealthGone {
  std::string service;
  std::string id;
  std::string check;
};
struct MetaRow {
  std::string key;  // "epoch", "revision_block", "serial_block:<zone>", "clean_stop",
                    // "host:<name>": its addresses, with blanks between
  std::string value;
};
struct MetaGone {  // of "host:<name>", when nobody has it in a URL any more
  std::string key;
};

// What DNS UPDATE made of one name of a file zone. Opaque here: zones writes and reads it (zones/name_lines.h).
struct ZoneRow {
  std::string zone;
  std::string name;
  std::string content;  // "": the name is erased, whatever the file says
};
struct ZoneGone {  // the name is as the file says again
  std::string zone;
  std::string name;
};

// The last good picture of a scheduler's source: a head, and its content in pieces, so that many megabytes
// are many small commits. A source has two slots. The next picture's pieces fill the one that is not in use,
// and the head, which comes last, puts it in use: whatever happens between, one picture is whole.
struct PieceRow {
  std::string source;
  std::uint8_t slot = 0;     // 0 or 1
  std::uint32_t number = 0;  // from 0
  std::string content;
};
struct PictureRow {  // what the other slot holds goes with it, and what this one holds beyond its pieces
  std::string source;
  std::string type;          // of the source: "mesos"
  std::uint32_t format = 0;  // of the content, as that type numbers its own
  std::string origin;        // whom it was learnt from: the configured addresses, a line each
  WallTime learnt_at{};      // when the source last said so
  std::uint8_t slot = 0;
  std::uint32_t pieces = 0;
};
struct PictureGone {  // with its pieces
  std::string source;
};

using Row = std::variant<ClaimRow, ClaimGone, TombstoneRow, TombstoneGone, DrainRow, DrainGone, OverlayRows,
                         ServiceRow, ServiceGone, HealthRow, HealthGone, MetaRow, MetaGone, ZoneRow, ZoneGone,
                         PieceRow, PictureRow, PictureGone>;
using Rows = std::vector<Row>;

}  // namespace muster::registry
