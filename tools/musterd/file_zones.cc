#include "tools/musterd/file_zones.h"

#include <algorithm>

#include "zones/zone_diff.h"
#include "zones/zone_file.h"

namespace muster::tools {

namespace {

constexpr std::size_t kSlice = 400;  // names; about a millisecond

zones::ZoneConfig zone_config(const zones::Name& apex) {
  zones::ZoneConfig config;
  config.apex = apex;
  return config;
}

}  // namespace

FileZones::FileZones(zones::Zones& zones, OnControl on_control) : zones_(zones), on_control_(std::move(on_control)) {}

void FileZones::announce(const std::vector<config::ZoneFile>& files) {
  for (const config::ZoneFile& file : files) {
    zones_.keep_history(zone_at(file.name), file.secondaries.any());
    const std::lock_guard lock(mutex_);
    held_.try_emplace(file.name);
  }
}

// A zone that is not there yet answers SERVFAIL until its first version is complete.
zones::Zone& FileZones::zone_at(const zones::Name& apex) {
  if (zones::Zone* zone = zones_.find(apex)) return *zone;
  zones::Zone& zone = zones_.add(zone_config(apex));
  zones_.set_readiness(zone, zones::Readiness::not_ready);
  return zone;
}

void FileZones::in_slices(std::size_t count, const std::function<void(std::size_t)>& each) {
  for (std::size_t begin = 0; begin < count; begin += kSlice) {
    const std::size_t end = std::min(count, begin + kSlice);
    const bool done = on_control_([&] {
      for (std::size_t i = begin; i < end; ++i) each(i);
    });
    if (!done) return;
  }
}

ZoneLoad FileZones::load(const std::vector<config::ZoneFile>& files) {
  ZoneLoad report;
  remove_unlisted(files, report);
  for (const config::ZoneFile& file : files) load_one(file, report);
  return report;
}

void FileZones::remove_unlisted(const std::vector<config::ZoneFile>& files, ZoneLoad& report) {
  std::vector<zones::Name> gone;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [apex, held] : held_) {
      const bool listed = std::any_of(files.begin(), files.end(), [&](const auto& file) { return file.name == apex; });
      if (!listed) gone.push_back(apex);
    }
    for (const zones::Name& apex : gone) held_.erase(apex);
  }
  for (const zones::Name& apex : gone) {
    on_control_([&] {
      if (zones::Zone* zone = zones_.find(apex)) zones_.remove(*zone);
    });
    report.changed.push_back(apex.text() + ": removed");
  }
}

void FileZones::load_one(const config::ZoneFile& file, ZoneLoad& report) {
  auto result = zones::compile_zone(file.file.string(), file.name, zones::read_whole_file);
  if (!result) {
    for (const zones::ZoneFault& fault : result.error().list) report.errors.push_back(zones::to_string(fault));
    return fail(file);
  }
  const auto next = std::make_shared<const zones::CompiledZone>(std::move(*result));
  for (const zones::ZoneFault& fault : next->warnings().list()) report.warnings.push_back(zones::to_string(fault));
  on_control_([&] { zones_.keep_history(zone_at(file.name), file.secondaries.any()); });
  if (const auto old = compiled(file.name)) {
    apply(*old, *next, report);
  } else {
    put_all(*next);
    report.changed.push_back(file.name.text() + ": " + std::to_string(next->records()) + " records, serial " +
                             std::to_string(next->soa().serial));
  }
  const std::lock_guard lock(mutex_);
  held_[file.name] = {next, false};
}

// What is served stays; what never was served answers SERVFAIL, and says that its data are bad.
void FileZones::fail(const config::ZoneFile& file) {
  bool served = false;
  {
    const std::lock_guard lock(mutex_);
    Held& held = held_[file.name];
    held.failed = true;
    served = held.version != nullptr;
  }
  if (served) return;
  on_control_([&] { zones_.set_readiness(zone_at(file.name), zones::Readiness::load_failed); });
}

void FileZones::put_all(const zones::CompiledZone& next) {
  zones::Zone* zone = nullptr;
  on_control_([&] {
    zone = &zone_at(next.apex());
    zones_.set_soa(*zone, next.soa(), next.soa_ttl());
  });
  if (zone == nullptr) return;
  in_slices(next.names(), [&](std::size_t i) { zones_.put(*zone, next.name(static_cast<std::uint32_t>(i))); });
  on_control_([&] { zones_.set_readiness(*zone, zones::Readiness::ready); });
}

void FileZones::apply(const zones::CompiledZone& old, const zones::CompiledZone& next, ZoneLoad& report) {
  const zones::ZoneDiff change = zones::diff(old, next);
  if (change.empty()) return;
  zones::Zone* zone = nullptr;
  on_control_([&] { zone = &zone_at(next.apex()); });
  if (zone == nullptr) return;
  in_slices(change.puts.size(), [&](std::size_t i) { zones_.put(*zone, next.name(change.puts[i])); });
  in_slices(change.erases.size(), [&](std::size_t i) {
    zones_.erase(*zone, *zones::Name::from_wire(old.owner(change.erases[i])));
  });
  zones::Soa soa = next.soa();
  on_control_([&] {
    if (!zones::serial_newer(soa.serial, zones_.serial(*zone))) soa.serial = zones_.serial(*zone) + 1;
    zones_.set_soa(*zone, soa, next.soa_ttl());
  });
  if (change.serial_stands) {
    report.warnings.push_back(next.apex().text() + ": content changed but the serial did not grow; serving it as " +
                              std::to_string(soa.serial));
  }
  report.changed.push_back(next.apex().text() + ": " + std::to_string(change.puts.size() + change.erases.size()) +
                           " names changed, serial " + std::to_string(soa.serial));
}

std::vector<ZoneStatus> FileZones::status() const {
  const std::lock_guard lock(mutex_);
  std::vector<ZoneStatus> all;
  for (const auto& [apex, held] : held_) all.push_back({apex.text(), held.version != nullptr, held.failed});
  return all;
}

std::shared_ptr<const zones::CompiledZone> FileZones::compiled(const zones::Name& apex) const {
  const std::lock_guard lock(mutex_);
  const auto found = held_.find(apex);
  return found == held_.end() ? nullptr : found->second.version;
}

}  // namespace muster::tools
