#include "zones/generated_zone.h"

#include <utility>

namespace muster::zones {

namespace {

constexpr net::Millis kBatchOpen{20};  // a batch of changes closes so long after its first

std::uint32_t first_serial(const SerialStore& serials, const Name& apex) {
  return serials.first ? serials.first(apex.text()) : 1;
}

}  // namespace

GeneratedZone::GeneratedZone(Zones& zones, ZoneConfig config, SerialStore serials)
    : zones_(&zones), store_(std::move(serials)), serials_(first_serial(store_, config.apex)) {
  config.generated = true;
  config.soa.serial = serials_.serial();
  zone_ = &zones.add(config);
  reserve_serials();
}

void GeneratedZone::put(const NameSpec& spec) {
  zones_->put(*zone_, spec);
  changed_ = true;
}

void GeneratedZone::put(std::span<EntryPtr> prepared) {
  zones_->put(*zone_, prepared);
  changed_ = true;
}

void GeneratedZone::erase(const Name& owner) {
  zones_->erase(*zone_, owner);
  changed_ = true;
}

void GeneratedZone::note_changes(net::SteadyTime now) {
  if (std::exchange(changed_, false) && !changed_at_) changed_at_ = now;
}

void GeneratedZone::tick(net::SteadyTime now) {
  if (changed_at_ && now - *changed_at_ >= kBatchOpen) close_batch();
}

void GeneratedZone::close_batch() {
  changed_at_.reset();
  if (!zones_->close_batch(*zone_, serials_.serial() + 1)) return;
  serials_.advance();
  reserve_serials();
}

void GeneratedZone::reserve_serials() {
  const auto block = serials_.reserve();
  if (block && store_.reserve) store_.reserve(apex().text(), *block);
}

}  // namespace muster::zones
