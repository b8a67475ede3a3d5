// The zones of [[zones.file]]: read, compiled and made into entries on a thread of its own, handed to the
// control thread in slices, so that loading a million records delays no change. A file with an error never
// harms what is served. Of a zone that is served only a digest of its file is kept here: a reload compares
// the new version with the live table.
//
// Thread safety: load() runs on the loader's thread; status() on any.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "registry/net/unique_function.h"
#include "tools/config/config.h"
#include "zones/bound_names.h"
#include "zones/compiled_zone.h"
#include "zones/name_table.h"
#include "zones/zone.h"

namespace muster::tools {

struct ZoneLoad {
  std::vector<std::string> changed;  // "example.test.: 3 names changed, serial 2026112101"
  std::vector<std::string> errors;   // each "FILE:LINE:COLUMN: …"
  std::vector<std::string> warnings;
  // Zones whose file changed and was left alone: the store holds updates of them.
  std::vector<std::string> with_updates;
};

struct ZoneStatus {
  std::string name;
  bool loaded = false;  // a version of it is served
  bool failed = false;  // the last reading of its file failed
  // The file changed while nobody looked, and stored updates stand on top of it.
  bool updates_on_other_file = false;
};

class FileZones {
 public:
  // Runs work on the control thread and waits for it; false: the control thread has stopped.
  using OnControl = std::function<bool(net::UniqueFunction<void()>)>;

  // What DNS UPDATE made of a zone, kept by somebody else. All on the control thread. `file` is the digest of
  // what the zone's file says (CompiledZone::digest).
  struct Updates {
    // Publishes a few of the names stored behind this one on top of the file: the last of them; nullopt: that
    // was all.
    std::function<std::optional<zones::Name>(zones::Zone& zone, const zones::Name& apex,
                                             const std::optional<zones::Name>& behind)>
        lay_over;
    // After that. True: what is stored was made on top of another file.
    std::function<bool(zones::Zone& zone, const zones::Name& apex, std::uint64_t file)> stand_on;
    // No update is taken from now on. True: there are some, or one is being stored.
    std::function<bool(const zones::Name& apex)> close;
    std::function<void(const zones::Name& apex, std::uint64_t file)> open;
    // False: one is being stored just now.
    std::function<bool(const zones::Name& apex)> discard;
  };

  // Throws std::runtime_error when the table has no room for a reader.
  FileZones(zones::NameTable& table, zones::Zones& zones, OnControl on_control, Updates updates);

  // On the control thread, before DNS is served: the zones exist and answer SERVFAIL until they are read.
  void announce(const std::vector<config::ZoneFile>& files);
  // Reads all of them, adds what is new, removes what is no longer listed, changes only the names that
  // differ. A changed file whose zone holds updates is left alone, unless it is to `discard` them.
  // One that holds what is to be a service's (`bound`) has an error.
  ZoneLoad load(const std::vector<config::ZoneFile>& files, const std::vector<zones::BoundName>& bound,
                const std::vector<zones::Name>& discard = {});
  // What load() would find in the way of what is to be a service's, a line each. Reads the files of the zones
  // concerned.
  std::vector<std::string> in_the_way(const std::vector<config::ZoneFile>& files,
                                      const std::vector<zones::BoundName>& bound,
                                      const std::vector<zones::Name>& discard);
  std::vector<ZoneStatus> status() const;

 private:
  struct Held {
    bool served = false;
    bool failed = false;
    bool updates_on_other_file = false;
    std::uint64_t digest = 0;  // of the file as it is served
  };
  void load_one(const config::ZoneFile& file, std::span<const zones::BoundName> bound, bool discard, ZoneLoad& report);
  bool has_updates(const zones::Name& apex);
  std::vector<std::string> served_in_the_way(const zones::Name& apex,
                                             std::span<const zones::BoundName> bound);
  void replace(const zones::CompiledZone& next, bool discard, ZoneLoad& report);
  bool discard_updates(const zones::Name& apex);
  Held held(const zones::Name& apex) const;
  void hold(const zones::CompiledZone& version, bool updates_on_other_file);
  void fail(const config::ZoneFile& file);
  bool put_all(const zones::CompiledZone& next, std::span<const zones::BoundName> bound, ZoneLoad& report);
  void apply(const zones::CompiledZone& old, const zones::CompiledZone& next, ZoneLoad& report);
  void remove_unlisted(const std::vector<config::ZoneFile>& files, ZoneLoad& report);
  void remove(const zones::Name& apex);
  // Calls `each` with consecutive parts of 0 … count - 1 on the control thread, for about kSliceTime at a
  // time. False: the control thread has stopped.
  bool in_slices(std::size_t count, const std::function<void(std::size_t begin, std::size_t end)>& each);
  // These names of a version, in this order, made ready here and put there.
  void put(zones::Zone& zone, const zones::CompiledZone& version, std::span<const std::uint32_t> names);
  void erase(zones::Zone& zone, const zones::CompiledZone& version, std::span<const std::uint32_t> names);
  zones::Zone& zone_at(const zones::Name& apex);

  zones::Zones& zones_;
  zones::NameTable::Reader names_;  // the loader's
  const OnControl on_control_;
  const Updates updates_;
  mutable std::mutex mutex_;  // guards held_
  std::map<zones::Name, Held> held_;
};

}  // namespace muster::tools
