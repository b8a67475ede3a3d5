#include "tools/musterd/file_zones.h"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <numeric>
#include <thread>

#include "tools/config/public_names.h"
#include "zones/zone_diff.h"
#include "zones/zone_file.h"
#include "zones/zone_snapshot.h"

namespace muster::tools {

namespace {

constexpr std::size_t kPrepared = 4096;  // names made ready at once
constexpr std::size_t kPart = 64;        // names between two looks at the clock
// Of the 2 ms that no piece of the control thread's work may exceed. Where the kernel has to give the table
// its pages, a thousand names take 3.4 to 4.0 ms, so names are no measure.
constexpr std::chrono::microseconds kSliceTime{1000};
constexpr int kDiscardAttempts = 200;
constexpr std::chrono::milliseconds kDiscardPause{5};

zones::ZoneConfig zone_config(const zones::Name& apex) {
  zones::ZoneConfig config;
  config.apex = apex;
  return config;
}

std::string not_the_file_of_the_updates(const zones::Name& apex) {
  const std::string zone = apex.text();
  return zone +
         ": the stored updates were made on top of another file than this one, which is served with them on "
         "top. " +
         "Compare it with `muster dump " + zone +
         "`, write into it what is to stay, then `muster reload --discard " + zone + "`";
}

}  // namespace

FileZones::FileZones(zones::NameTable& table, zones::Zones& zones, OnControl on_control, Updates updates)
    : zones_(zones), names_(table), on_control_(std::move(on_control)), updates_(std::move(updates)) {}

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

bool FileZones::in_slices(std::size_t count, const std::function<void(std::size_t, std::size_t)>& each) {
  bool runs = true;
  for (std::size_t begin = 0; runs && begin < count;) {
    runs = on_control_([&] {
      const auto until = std::chrono::steady_clock::now() + kSliceTime;
      do {
        const std::size_t end = std::min(begin + kPart, count);
        each(begin, end);
        begin = end;
      } while (begin < count && std::chrono::steady_clock::now() < until);
    });
  }
  return runs;
}

// The apex, whose SOA is the zone's, is put as a spec.
void FileZones::put(zones::Zone& zone, const zones::CompiledZone& version,
                    std::span<const std::uint32_t> names) {
  const zones::ZoneId id = zones_.id(zone);
  std::vector<zones::EntryPtr> entries;
  for (; !names.empty(); names = names.subspan(std::min(kPrepared, names.size()))) {
    entries.clear();
    for (const std::uint32_t name : names.first(std::min(kPrepared, names.size()))) {
      entries.push_back(name == 0 ? nullptr
                                  : zones::Zones::prepare(id, version.owner(name), version.records_of(name)));
    }
    const bool runs = in_slices(entries.size(), [&](std::size_t begin, std::size_t end) {
      const auto part = std::span(entries).subspan(begin, end - begin);
      const auto apex = std::find(part.begin(), part.end(), nullptr);
      zones_.put(zone, std::span(part.begin(), apex));
      if (apex == part.end()) return;
      zones_.put(zone, version.name(0));
      zones_.put(zone, std::span(apex + 1, part.end()));
    });
    if (!runs) return;
  }
}

void FileZones::erase(zones::Zone& zone, const zones::CompiledZone& version,
                      std::span<const std::uint32_t> names) {
  in_slices(names.size(), [&](std::size_t begin, std::size_t end) {
    for (const std::uint32_t name : names.subspan(begin, end - begin))
      zones_.erase(zone, *zones::Name::from_wire(version.owner(name)));
  });
}

ZoneLoad FileZones::load(const std::vector<config::ZoneFile>& files, const std::vector<zones::BoundName>& bound,
                         const std::vector<zones::Name>& discard) {
  ZoneLoad report;
  remove_unlisted(files, report);
  for (const config::ZoneFile& file : files)
    load_one(file, config::public_names_in(file.name, files, bound),
             std::find(discard.begin(), discard.end(), file.name) != discard.end(), report);
  return report;
}

// What is served stays where the file cannot be read, and where updates stand on it that are not to be
// dropped.
std::vector<std::string> FileZones::in_the_way(const std::vector<config::ZoneFile>& files,
                                               const std::vector<zones::BoundName>& bound,
                                               const std::vector<zones::Name>& discard) {
  std::vector<std::string> all;
  for (const config::ZoneFile& file : files) {
    const auto in_it = config::public_names_in(file.name, files, bound);
    if (in_it.empty()) continue;
    std::vector<std::string> faults;
    const auto next = zones::compile_zone(file.file.string(), file.name, zones::read_whole_file);
    if (next) faults = zones::bound_faults(*next, in_it);
    const bool is_dropped = std::find(discard.begin(), discard.end(), file.name) != discard.end();
    if (faults.empty() && (!next || (has_updates(file.name) && !is_dropped)))
      faults = served_in_the_way(file.name, in_it);
    for (std::string& fault : faults) all.push_back(std::move(fault) + ", in " + file.file.string());
  }
  return all;
}

bool FileZones::has_updates(const zones::Name& apex) {
  bool updated = false;
  on_control_([&] {
    updated = updates_.close(apex);
    updates_.open(apex, held(apex).digest);
  });
  return updated;
}

std::vector<std::string> FileZones::served_in_the_way(const zones::Name& apex,
                                                      std::span<const zones::BoundName> bound) {
  std::vector<std::string> faults;
  on_control_([&] {
    const zones::Zone* zone = zones_.find(apex);
    if (zone == nullptr) return;
    faults = zones::bound_faults(apex, bound, [&](const zones::Name& owner) {
      std::vector<zones::RrType> types;
      const auto own = zones_.read_own(*zone, owner);
      if (!own) return types;
      for (const zones::RrsetSpec& set : own->rrsets) types.push_back(set.type);
      return types;
    });
  });
  return faults;
}

void FileZones::remove_unlisted(const std::vector<config::ZoneFile>& files, ZoneLoad& report) {
  std::vector<zones::Name> gone;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [apex, held] : held_) {
      const bool listed =
          std::any_of(files.begin(), files.end(), [&](const auto& file) { return file.name == apex; });
      if (!listed) gone.push_back(apex);
    }
    for (const zones::Name& apex : gone) held_.erase(apex);
  }
  for (const zones::Name& apex : gone) {
    remove(apex);
    report.changed.push_back(apex.text() + ": removed");
  }
}

// SERVFAIL while its names go, a slice at a time: with half of a zone nothing should be answered.
void FileZones::remove(const zones::Name& apex) {
  zones::Zone* zone = nullptr;
  on_control_([&] {
    zone = zones_.find(apex);
    if (zone != nullptr) zones_.set_readiness(*zone, zones::Readiness::not_ready);
  });
  if (zone == nullptr) return;
  if (const auto old = zones::snapshot(names_, apex)) {
    std::vector<std::uint32_t> names(old->names() - 1);
    std::iota(names.rbegin(), names.rend(), 1U);
    erase(*zone, *old, names);
  }
  on_control_([&] { zones_.remove(*zone); });
}

void FileZones::load_one(const config::ZoneFile& file, std::span<const zones::BoundName> bound, bool discard,
                         ZoneLoad& report) {
  auto result = zones::compile_zone(file.file.string(), file.name, zones::read_whole_file);
  if (!result) {
    for (const zones::ZoneFault& fault : result.error().list)
      report.errors.push_back(zones::to_string(fault));
    return fail(file);
  }
  const zones::CompiledZone& next = *result;
  if (auto faults = zones::bound_faults(next, bound); !faults.empty()) {
    for (std::string& fault : faults)
      report.errors.push_back(std::move(fault) + ", in " + file.file.string());
    return fail(file);
  }
  for (const zones::ZoneFault& fault : next.warnings().list())
    report.warnings.push_back(zones::to_string(fault));
  on_control_([&] { zones_.keep_history(zone_at(file.name), file.secondaries.any()); });
  if (held(file.name).served) return replace(next, discard, report);
  if (put_all(next, bound, report)) return;
  fail(file);
}

FileZones::Held FileZones::held(const zones::Name& apex) const {
  const std::lock_guard lock(mutex_);
  const auto found = held_.find(apex);
  return found == held_.end() ? Held() : found->second;
}

void FileZones::hold(const zones::CompiledZone& version, bool updates_on_other_file) {
  const std::lock_guard lock(mutex_);
  held_[version.apex()] = {true, false, updates_on_other_file, version.digest()};
}

// No update is taken while a new version is compared with what is served and put in its place, so none gets
// lost between.
void FileZones::replace(const zones::CompiledZone& next, bool discard, ZoneLoad& report) {
  const zones::Name apex = next.apex();
  Held now = held(apex);
  if (now.digest == next.digest() && !discard) return hold(next, now.updates_on_other_file);
  bool updated = false;
  on_control_([&] { updated = updates_.close(apex); });
  const bool discarded = updated && discard && discard_updates(apex);
  if (updated && !discarded) {
    if (discard) {
      report.errors.push_back(apex.text() +
                              ": an update is still being stored, so none is dropped; is the store well?");
    } else {
      report.with_updates.push_back(apex.text());
    }
  } else if (const auto old = zones::snapshot(names_, apex)) {
    apply(*old, next, report);
    hold(next, false);
    now.digest = next.digest();
  }
  on_control_([&] { updates_.open(apex, now.digest); });
}

// An update that is being stored is waited for.
bool FileZones::discard_updates(const zones::Name& apex) {
  bool done = false;
  for (int attempt = 0; attempt < kDiscardAttempts && !done; ++attempt) {
    if (attempt > 0) std::this_thread::sleep_for(kDiscardPause);
    if (!on_control_([&] { done = updates_.discard(apex); })) break;
  }
  return done;
}

// What is served stays; what never was served answers SERVFAIL, and says that its data are bad.
void FileZones::fail(const config::ZoneFile& file) {
  bool served = false;
  {
    const std::lock_guard lock(mutex_);
    Held& held = held_[file.name];
    held.failed = true;
    served = held.served;
  }
  if (served) return;
  on_control_([&] { zones_.set_readiness(zone_at(file.name), zones::Readiness::load_failed); });
}

// False: what updates have stored is in the way of services.
bool FileZones::put_all(const zones::CompiledZone& next, std::span<const zones::BoundName> bound,
                        ZoneLoad& report) {
  const zones::Name apex = next.apex();
  zones::Zone* zone = nullptr;
  on_control_([&] {
    zone = &zone_at(apex);
    zones_.set_soa(*zone, next.soa(), next.soa_ttl());
    zones_.expect(next.names());
  });
  if (zone == nullptr) return true;
  std::vector<std::uint32_t> names(next.names());
  std::iota(names.begin(), names.end(), 0U);
  put(*zone, next, names);
  std::optional<zones::Name> laid;
  do {
    if (!on_control_([&] { laid = updates_.lay_over(*zone, apex, laid); })) return true;
  } while (laid);
  if (auto faults = served_in_the_way(apex, bound); !faults.empty()) {
    for (std::string& fault : faults)
      report.errors.push_back(std::move(fault) + ", in " + apex.text() + " with its updates");
    on_control_([&] { zones_.expect(0); });
    remove(apex);
    return false;
  }
  bool on_other_file = false;
  std::uint32_t serial = 0;
  on_control_([&] {
    zones_.expect(0);
    on_other_file = updates_.stand_on(*zone, apex, next.digest());
    zones_.set_readiness(*zone, zones::Readiness::ready);
    serial = zones_.serial(*zone);
  });
  hold(next, on_other_file);
  if (on_other_file) report.warnings.push_back(not_the_file_of_the_updates(apex));
  report.changed.push_back(apex.text() + ": " + std::to_string(next.records()) + " records, serial " +
                           std::to_string(serial));
  return true;
}

void FileZones::apply(const zones::CompiledZone& old, const zones::CompiledZone& next, ZoneLoad& report) {
  const zones::ZoneDiff change = zones::diff(old, next);
  if (change.empty()) return;
  zones::Zone* zone = nullptr;
  on_control_([&] { zone = &zone_at(next.apex()); });
  if (zone == nullptr) return;
  put(*zone, next, change.puts);
  erase(*zone, old, change.erases);
  zones::Soa soa = next.soa();
  on_control_([&] {
    if (!zones::serial_newer(soa.serial, zones_.serial(*zone))) soa.serial = zones_.serial(*zone) + 1;
    zones_.set_soa(*zone, soa, next.soa_ttl());
  });
  if (change.serial_stands) {
    report.warnings.push_back(next.apex().text() +
                              ": content changed but the serial did not grow; serving it as " +
                              std::to_string(soa.serial));
  }
  report.changed.push_back(next.apex().text() + ": " +
                           std::to_string(change.puts.size() + change.erases.size()) +
                           " names changed, serial " + std::to_string(soa.serial));
}

std::vector<ZoneStatus> FileZones::status() const {
  const std::lock_guard lock(mutex_);
  std::vector<ZoneStatus> all;
  for (const auto& [apex, held] : held_)
    all.push_back({apex.text(), held.served, held.failed, held.updates_on_other_file});
  return all;
}

}  // namespace muster::tools
