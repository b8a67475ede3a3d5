#include "tools/musterd/mesos_dns_reads.h"

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>

#include "zones/entry_writer.h"
#include "zones/live_zone.h"

namespace muster::tools {

namespace {

using registry::api::MesosDnsFramework;
using registry::api::MesosDnsSource;
using registry::api::MesosDnsTarget;
using registry::api::MesosDnsZone;
using zones::RrType;

constexpr std::size_t kTasksATurn = 100;

template <class T>
using Done = MesosDnsSource::Done<T>;

std::vector<net::IpAddress> addresses_at(const MesosDnsReads& reads, const zones::Name& name) {
  std::vector<net::IpAddress> addresses;
  const auto spec = reads.zones.read(reads.zone.zone(), name);
  if (!spec) return addresses;
  for (const zones::RrsetSpec& rrset : spec->rrsets) {
    if (rrset.type != RrType::a && rrset.type != RrType::aaaa) continue;
    for (const zones::Member& member : rrset.members)
      addresses.push_back(zones::decode_address(member.rdata));
  }
  return addresses;
}

std::vector<MesosDnsTarget> targets_at(const MesosDnsReads& reads, const zones::Name& name) {
  std::vector<MesosDnsTarget> targets;
  const auto spec = reads.zones.read(reads.zone.zone(), name);
  if (!spec) return targets;
  for (const zones::RrsetSpec& rrset : spec->rrsets) {
    if (rrset.type != RrType::srv) continue;
    for (const zones::Member& member : rrset.members) {
      const zones::Srv srv = zones::decode_srv(member.rdata);
      targets.push_back({srv.target.text(), srv.port, addresses_at(reads, srv.target)});
    }
  }
  return targets;
}

// An address, or "TARGET:PORT", as that API writes it.
std::string data_text(RrType type, std::string_view rdata) {
  if (type != RrType::srv) return net::to_string(zones::decode_address(rdata));
  const zones::Srv srv = zones::decode_srv(rdata);
  return srv.target.text() + ":" + std::to_string(srv.port);
}

void add_sets(MesosDnsZone& zone, const zones::NameSpec& spec) {
  for (const zones::RrsetSpec& rrset : spec.rrsets) {
    if (rrset.type != RrType::a && rrset.type != RrType::aaaa && rrset.type != RrType::srv) continue;
    auto& sets = rrset.type == RrType::a ? zone.a : rrset.type == RrType::aaaa ? zone.aaaa : zone.srv;
    auto& set = sets.emplace_back(registry::api::MesosDnsSet{spec.owner.text(), {}});
    for (const zones::Member& member : rrset.members) set.data.push_back(data_text(rrset.type, member.rdata));
  }
}

registry::api::MesosDnsTask task_of(const registry::SchedulerTask& task,
                                    std::span<const zones::naming::MesosRecord> records) {
  registry::api::MesosDnsTask to{task.name, task.id, {}};
  for (const zones::naming::MesosRecord& record : records) {
    const char* type = record.type == RrType::a ? "A" : record.type == RrType::aaaa ? "AAAA" : "SRV";
    to.records.push_back({record.owner.text(), data_text(record.type, record.rdata), type});
  }
  return to;
}

using Shared = std::shared_ptr<const MesosDnsReads>;

// Tells what `read` finds on the control thread; nothing, when that has no room or there is nothing yet.
template <class T, class Read>
void on_control(const Shared& reads, Done<T> done, Read read) {
  const auto kept = std::make_shared<Done<T>>(std::move(done));
  const bool taken = reads->submit([reads, kept, read](registry::Turn&) {
    (*kept)(reads->is_current ? std::optional<T>(read()) : std::nullopt);
  });
  if (!taken) (*kept)(std::nullopt);
}

// The tasks so far, by framework; a slice of them a turn, so that nobody waits behind a large cluster.
struct Walk {
  Done<std::vector<MesosDnsFramework>> done;
  std::vector<MesosDnsFramework> frameworks;
  std::map<std::string, std::size_t> places;  // in them
  // One that several tasks share stands under the first.
  std::set<std::tuple<std::string, std::string, std::string_view>> told;

  void add(const registry::SchedulerTask& task, std::span<const zones::naming::MesosRecord> records) {
    const auto [place, is_new] = places.try_emplace(task.framework, frameworks.size());
    if (is_new) frameworks.push_back({task.framework, {}});
    registry::api::MesosDnsTask& to = frameworks[place->second].tasks.emplace_back(task_of(task, records));
    std::erase_if(to.records, [this](const registry::api::MesosDnsRecord& record) {
      return !told.emplace(record.name, record.host, record.type).second;
    });
  }
};

void walk_from(const Shared& reads, const std::shared_ptr<Walk>& walk, std::uint64_t place) {
  const bool taken = reads->submit([reads, walk, place](registry::Turn& turn) {
    if (!reads->is_current) return walk->done(std::nullopt);
    const auto next = reads->zone.view().visit_tasks(
        place, kTasksATurn, [&](const auto& task, const auto& records) { walk->add(task, records); });
    if (next) return walk_from(reads, walk, *next);
    turn.after_visible([walk](registry::Durability) { walk->done(std::move(walk->frameworks)); });
  });
  if (!taken) walk->done(std::nullopt);
}

// On the loader's thread. A name that went and came again may be met twice: what was met last counts.
std::optional<MesosDnsZone> whole_zone(const MesosDnsReads& reads, const zones::Name& apex,
                                       std::uint32_t serial) {
  std::map<zones::Name, zones::NameSpec> found;
  const auto take = [&](const zones::Entry& entry) {
    zones::NameSpec spec = zones::EntryWriter::read(entry);
    found.insert_or_assign(spec.owner, std::move(spec));
  };
  const bool is_whole = zones::visit_live_zone(
      reads.lister, apex, [&] { found.clear(); }, take, &reads.dumps.stopping());
  if (!is_whole) return std::nullopt;
  MesosDnsZone zone;
  zone.serial = serial;
  for (const auto& [name, spec] : found) add_sets(zone, spec);
  return zone;
}

void dump(const Shared& reads, Done<MesosDnsZone> done) {
  const auto kept = std::make_shared<Done<MesosDnsZone>>(std::move(done));
  const auto read = [reads] {
    return std::pair(reads->zones.apex(reads->zone.zone()), reads->zones.serial(reads->zone.zone()));
  };
  using Found = std::pair<zones::Name, std::uint32_t>;
  on_control<Found>(
      reads,
      [reads, kept](std::optional<Found> at) {
        if (!at) return (*kept)(std::nullopt);
        const bool taken = reads->dumps.post_dump([reads, kept, at](Loader::Now now) {
          (*kept)(now == Loader::Now::run ? whole_zone(*reads, at->first, at->second) : std::nullopt);
        });
        if (!taken) (*kept)(std::nullopt);
      },
      read);
}

}  // namespace

registry::api::MesosDnsSource mesos_dns_source(const std::string& name, MesosDnsReads over) {
  const Shared reads = std::make_shared<const MesosDnsReads>(std::move(over));
  MesosDnsSource to;
  to.name = name;
  to.addresses = [reads](const std::string& host, Done<std::vector<net::IpAddress>> done) {
    on_control(reads, std::move(done), [reads, at = zones::parse_domain(host)] {
      return at ? addresses_at(*reads, *at) : std::vector<net::IpAddress>();
    });
  };
  to.targets = [reads](const std::string& service, Done<std::vector<MesosDnsTarget>> done) {
    on_control(reads, std::move(done), [reads, at = zones::parse_domain(service)] {
      return at ? targets_at(*reads, *at) : std::vector<MesosDnsTarget>();
    });
  };
  to.serial = [reads](Done<std::uint32_t> done) {
    on_control(reads, std::move(done), [reads] { return reads->zones.serial(reads->zone.zone()); });
  };
  to.frameworks = [reads](Done<std::vector<MesosDnsFramework>> done) {
    const auto walk = std::make_shared<Walk>();
    walk->done = std::move(done);
    walk_from(reads, walk, 0);
  };
  to.zone = [reads](Done<MesosDnsZone> done) { dump(reads, std::move(done)); };
  return to;
}

}  // namespace muster::tools
