// The zones of [[zones.file]]: read and compiled on a thread of its own, handed to the control thread in slices of a
// few hundred names, so that loading a million records delays no change. A file with an error never harms what is served.
//
// Thread safety: load() and text() run on the loader's thread (one at a time); status() from any thread.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "registry/net/unique_function.h"
#include "tools/config/config.h"
#include "zones/compiled_zone.h"
#include "zones/zone.h"

namespace muster::tools {

struct ZoneLoad {
  std::vector<std::string> changed;   // "example.test.: 3 names changed, serial 2026112101"
  std::vector<std::string> errors;    // each "FILE:LINE:COLUMN: …"
  std::vector<std::string> warnings;
  std::vector<std::string> with_updates;  // zones whose file changed and was left alone: the store holds updates of them
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

  // What DNS UPDATE made of a zone, kept by somebody else. All on the control thread.
  struct Updates {
    std::function<bool(const zones::Name& apex)> exist;
    std::function<void(zones::Zone& zone, const zones::Name& apex)> lay_over;
    // The names they were about; nullopt: one is being stored just now.
    std::function<std::optional<std::vector<zones::Name>>(const zones::Name& apex)> discard;
  };

  FileZones(zones::Zones& zones, OnControl on_control, Updates updates);

  // On the control thread, before DNS is served: the zones exist and answer SERVFAIL until they are read.
  void announce(const std::vector<config::ZoneFile>& files);
  // Reads all of them, adds what is new, removes what is no longer listed, changes only the names that differ. A
  // changed file whose zone holds updates is left alone, unless it is to `discard` them.
  ZoneLoad load(const std::vector<config::ZoneFile>& files, const std::vector<zones::Name>& discard = {});
  std::vector<ZoneStatus> status() const;
  // The version that is served; null: none.
  std::shared_ptr<const zones::CompiledZone> compiled(const zones::Name& apex) const;

 private:
  struct Held {
    std::shared_ptr<const zones::CompiledZone> version;
    bool failed = false;
  };
  void load_one(const config::ZoneFile& file, bool discard, ZoneLoad& report);
  void replace(const zones::CompiledZone& old, const std::shared_ptr<const zones::CompiledZone>& next, bool discard,
               ZoneLoad& report);
  std::optional<std::vector<zones::Name>> discard_updates(const zones::Name& apex);
  void hold(const std::shared_ptr<const zones::CompiledZone>& version);
  void fail(const config::ZoneFile& file);
  void put_all(const zones::CompiledZone& next);
  // `updated`: names whose content is not the old version's.
  void apply(const zones::CompiledZone& old, const zones::CompiledZone& next, const std::vector<zones::Name>& updated,
             ZoneLoad& report);
  void remove_unlisted(const std::vector<config::ZoneFile>& files, ZoneLoad& report);
  // Calls `each` for 0 … count - 1 on the control thread, a slice at a time.
  void in_slices(std::size_t count, const std::function<void(std::size_t)>& each);
  zones::Zone& zone_at(const zones::Name& apex);

  zones::Zones& zones_;
  const OnControl on_control_;
  const Updates updates_;
  mutable std::mutex mutex_;  // guards held_
  std::map<zones::Name, Held> held_;
};

}  // namespace muster::tools
