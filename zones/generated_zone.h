// A zone of the live table that follows live data. Its changes come in batches: one closes 20 ms after its first change
// and takes the next serial, if it shows anything that a transfer would. Control thread only.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "zones/serial_block.h"
#include "zones/zone.h"

namespace muster::zones {

class GeneratedZone {
 public:
  // Adds the zone to `zones`, which outlives this; the serial of `config` is taken from `serials`.
  GeneratedZone(Zones& zones, ZoneConfig config, SerialStore serials);

  void put(const NameSpec& spec);
  void put(std::span<EntryPtr> prepared);
  void erase(const Name& owner);
  // After the changes of one moment: a batch is open from then on, if there were any.
  void note_changes(net::SteadyTime now);
  void tick(net::SteadyTime now);  // every 10 ms

  Zone& zone() const { return *zone_; }
  const Name& apex() const { return zones_->apex(*zone_); }

 private:
  void close_batch();
  void reserve_serials();

  Zones* zones_;
  SerialStore store_;
  SerialBlock serials_;
  Zone* zone_;
  bool changed_ = false;                         // since the last note_changes()
  std::optional<net::SteadyTime> changed_at_{};  // when the open batch began
};

}  // namespace muster::zones
