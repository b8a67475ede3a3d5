// What becomes of DNS UPDATE messages: file zones change in the store first and then in DNS, the native domain
// through the registry, everything else is REFUSED because its source decides.
//
// Thread safety: apply() from any thread; made and restored before any thread runs; the rest on the control thread.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "dns/updates.h"
#include "registry/control.h"
#include "tools/musterd/names.h"
#include "zones/zone_updates.h"

namespace muster::tools {

class UpdateDoor {
 public:
  // Tries work again a little later, when the control thread takes none now.
  using Later = std::function<void(net::UniqueFunction<void()>)>;

  UpdateDoor(Names& names, zones::Name domain, Later later);
  ~UpdateDoor();

  // A stored row of a file zone. False: it cannot be read, and is left alone.
  bool restore(const registry::ZoneRow& row);
  // Before anything is applied.
  void set_control(registry::Control& control) { control_ = &control; }

  // dns::Updates::Apply.
  bool apply(dns::UpdateRequest request, dns::Updates::Done done);

  // What FileZones asks of the updates of a file zone (FileZones::Updates).
  std::optional<zones::Name> lay_over(zones::Zone& zone, const zones::Name& apex, const std::optional<zones::Name>& behind);
  bool stand_on(zones::Zone& zone, const zones::Name& apex, std::uint64_t file, registry::Turn& turn);
  bool close(const zones::Name& apex);
  void open(const zones::Name& apex, std::uint64_t file);
  bool discard(const zones::Name& apex, registry::Turn& turn);

 private:
  class Stored;

  void update_file_zone(const dns::UpdateRequest& request, dns::Updates::Done done, registry::Turn& turn);
  void register_instances(const dns::UpdateRequest& request, dns::Updates::Done done, registry::Turn& turn);
  std::optional<zones::UpdateRefusal> check(const zones::Update& update) const;
  Stored& stored(const zones::Name& apex);
  void settle(Stored& zone, bool durable);

  Names& names_;
  const zones::Name domain_;
  const Later later_;
  registry::Control* control_ = nullptr;
  std::map<zones::Name, std::unique_ptr<Stored>> zones_;
};

}  // namespace muster::tools
