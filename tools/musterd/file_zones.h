// The zones of [[zones.file]]: read, compiled and made into entries on a thread of its own, handed to the control thread
// in slices, so that loading a million records delays no change. A file with an error never harms what is served. Of a
// zone that is served nothing is kept here: a reload compares the new version with the live table.
//
// Thread safety: load() and text() run on the loader's thread (one at a time); status() from any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "registry/net/unique_function.h"
#include "tools/config/config.h"
#include "zones/compiled_zone.h"
#include "zones/name_table.h"
#include "zones/zone.h"

namespace muster::tools {

struct ZoneLoad {
  std::vector<std::string> changed;   // "example.test.: 3 names changed, serial 2026112101"
  std::vector<std::string> errors;    // each "FILE:LINE:COLUMN: …"
  std::vector<std::string> warnings;
};

struct ZoneStatus {
  std::string name;
  bool loaded = false;  // a version of it is served
  bool failed = false;  // the last reading of its file failed
};

class FileZones {
 public:
  // Runs work on the control thread and waits for it; false: the control thread has stopped.
  using OnControl = std::function<bool(net::UniqueFunction<void()>)>;

  // Throws std::runtime_error when the table has no room for a reader.
  FileZones(zones::NameTable& table, zones::Zones& zones, OnControl on_control);

  // On the control thread, before DNS is served: the zones exist and answer SERVFAIL until they are read.
  void announce(const std::vector<config::ZoneFile>& files);
  // Reads all of them, adds what is new, removes what is no longer listed, changes only the names that differ.
  ZoneLoad load(const std::vector<config::ZoneFile>& files);
  std::vector<ZoneStatus> status() const;
  bool has(const zones::Name& apex) const;
  // The zone as it is served, as a master file; nullopt: none of these, or nothing is served yet.
  std::optional<std::string> text(const zones::Name& apex);

 private:
  struct Held {
    bool served = false;
    bool failed = false;
    std::uint64_t fingerprint = 0;  // of the text that is served
  };
  void load_one(const config::ZoneFile& file, ZoneLoad& report);
  void fail(const config::ZoneFile& file);
  void put_all(const zones::CompiledZone& next);
  void apply(const zones::CompiledZone& old, const zones::CompiledZone& next, ZoneLoad& report);
  void remove_unlisted(const std::vector<config::ZoneFile>& files, ZoneLoad& report);
  void remove(const zones::Name& apex);
  // Calls `each` with consecutive parts of 0 … count - 1 on the control thread, for about kSliceTime at a time.
  // False: the control thread has stopped.
  bool in_slices(std::size_t count, const std::function<void(std::size_t begin, std::size_t end)>& each);
  // These names of a version, in this order, made ready here and put there.
  void put(zones::Zone& zone, const zones::CompiledZone& version, std::span<const std::uint32_t> names);
  void erase(zones::Zone& zone, const zones::CompiledZone& version, std::span<const std::uint32_t> names);
  std::optional<zones::CompiledZone> live(const zones::Name& apex);
  zones::Zone& zone_at(const zones::Name& apex);

  zones::Zones& zones_;
  zones::NameTable::Reader names_;  // the loader's
  const OnControl on_control_;
  mutable std::mutex mutex_;  // guards held_
  std::map<zones::Name, Held> held_;
};

}  // namespace muster::tools
