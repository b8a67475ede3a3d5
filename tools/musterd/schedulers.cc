#include "tools/musterd/schedulers.h"

#include <algorithm>
#include <map>

#include "tools/musterd/log.h"
#include "tools/musterd/mesos_settings.h"
#include "zones/entry_writer.h"
#include "zones/live_zone.h"
#include "zones/rng.h"

namespace muster::tools {

namespace {

namespace sources = registry::sources;

sources::Routable routable_of(const std::string& word) {
  if (word == "running") return sources::Routable::running;
  return word == "any-alive" ? sources::Routable::any_alive : sources::Routable::strict;
}

sources::IpSource ip_source_of(const std::string& word) {
  if (word == "docker") return sources::IpSource::docker;
  if (word == "mesos") return sources::IpSource::mesos;
  return word == "host" ? sources::IpSource::host : sources::IpSource::netinfo;
}

sources::MesosRules rules_of(const config::MesosSource& source) {
  sources::MesosRules rules;
  rules.source = source.name;
  rules.service_name = source.service_name;
  rules.frameworks = source.frameworks;
  rules.visibility = source.names.visibility;
  rules.ip_sources.clear();
  for (const std::string& word : source.names.ip_sources) rules.ip_sources.push_back(ip_source_of(word));
  rules.weight_labels = source.rules.weight_labels;
  rules.port_scope = source.names.port_scope;
  rules.rfc952 = source.names.rfc952;
  rules.routable.routable = routable_of(source.rules.routable);
  rules.routable.unreachable_grace = source.rules.unreachable_grace;
  for (const std::string& state : source.rules.serve_states)
    rules.routable.serve_states.push_back(sources::parse_task_state(state));
  return rules;
}

sources::MesosSourceConfig source_config(const config::Config& config, const config::MesosSource& source) {
  sources::MesosSourceConfig to;
  to.name = source.name;
  to.ask = mesos_ask(source);
  const bool has_https = std::ranges::any_of(
      to.ask.masters, [](const net::HttpOrigin& master) { return master.scheme == net::HttpScheme::https; });
  if (has_https) to.tls = std::make_shared<net::TlsClientContext>(mesos_tls(source));
  to.rules = rules_of(source);
  to.guard.is_on = source.rules.guard;
  to.guard.least = source.rules.guard_min;
  to.guard.grace = source.rules.guard_grace;
  to.guard.ratio = config.registry.rules.protection.max_expired_ratio;
  to.guard.hold = config.registry.rules.protection.hold;
  to.refresh = source.rules.refresh;
  to.stream = source.rules.stream;
  to.stale_after = source.rules.stale_after;
  to.max_stale = source.rules.max_stale;
  to.drops_stale = source.rules.stale_action == "drop";
  return to;
}

// Addresses at a name, and the targets of its SRV records; of names of the zone alone.
std::vector<net::IpAddress> addresses_at(const zones::Zones& zones, const zones::Zone& zone,
                                         const zones::Name& name) {
  std::vector<net::IpAddress> addresses;
  const auto spec = zones.read(zone, name);
  for (const zones::RrsetSpec& rrset : spec ? spec->rrsets : std::vector<zones::RrsetSpec>()) {
    if (rrset.type != zones::RrType::a && rrset.type != zones::RrType::aaaa) continue;
    for (const zones::Member& member : rrset.members) {
      if (const auto address = net::parse_ip(zones::rdata_text(rrset.type, member.rdata)))
        addresses.push_back(*address);
    }
  }
  return addresses;
}

// "PRIORITY WEIGHT PORT TARGET" of an SRV record.
struct Srv {
  std::uint16_t port = 0;
  std::string target;
};
Srv srv_of(const std::string& rdata) {
  const std::string text = zones::rdata_text(zones::RrType::srv, rdata);
  const auto target = text.rfind(' ');
  const auto port = text.rfind(' ', target - 1);
  return {static_cast<std::uint16_t>(std::stoul(text.substr(port + 1, target - port - 1))),
          text.substr(target + 1)};
}

std::string host_and_port(const std::string& rdata) {
  const Srv srv = srv_of(rdata);
  return srv.target + ":" + std::to_string(srv.port);
}

std::vector<registry::api::MesosDnsTarget> targets_at(const zones::Zones& zones, const zones::Zone& zone,
                                                      const zones::Name& name) {
  std::vector<registry::api::MesosDnsTarget> targets;
  const auto spec = zones.read(zone, name);
  for (const zones::RrsetSpec& rrset : spec ? spec->rrsets : std::vector<zones::RrsetSpec>()) {
    if (rrset.type != zones::RrType::srv) continue;
    for (const zones::Member& member : rrset.members) {
      const Srv srv = srv_of(member.rdata);
      const auto target = zones::parse_domain(srv.target);
      if (target) targets.push_back({srv.target, srv.port, addresses_at(zones, zone, *target)});
    }
  }
  return targets;
}

void add_sets(registry::api::MesosDnsZone& zone, const zones::NameSpec& spec) {
  const std::string name = spec.owner.text();
  for (const zones::RrsetSpec& rrset : spec.rrsets) {
    auto* sets = rrset.type == zones::RrType::a      ? &zone.a
                 : rrset.type == zones::RrType::aaaa ? &zone.aaaa
                 : rrset.type == zones::RrType::srv  ? &zone.srv
                                                     : nullptr;
    if (sets == nullptr) continue;
    registry::api::MesosDnsSet set{name, {}};
    for (const zones::Member& member : rrset.members) {
      set.data.push_back(rrset.type == zones::RrType::srv ? host_and_port(member.rdata)
                                                          : zones::rdata_text(rrset.type, member.rdata));
    }
    sets->push_back(std::move(set));
  }
}

registry::api::MesosDnsTask task_of(const registry::SchedulerTask& task,
                                    std::span<const zones::naming::MesosRecord> records) {
  registry::api::MesosDnsTask to{task.name, task.id, {}};
  for (const zones::naming::MesosRecord& record : records) {
    const bool is_srv = record.type == zones::RrType::srv;
    to.records.push_back({record.owner.text(),
                          is_srv ? host_and_port(record.rdata) : zones::rdata_text(record.type, record.rdata),
                          is_srv                            ? "SRV"
                          : record.type == zones::RrType::a ? "A"
                                                            : "AAAA"});
  }
  return to;
}

}  // namespace

struct Schedulers::One {
  One(Names& names, zones::MesosZoneConfig zone_config) : zone(std::move(zone_config), names.zones) {}

  std::string name;
  bool is_required = true;
  net::SteadyTime required_until =
      net::SteadyTime::max();  // then it is served without its source having spoken
  zones::MesosZone zone;
  std::atomic<bool> is_current{false};
  std::unique_ptr<sources::MesosSource> source;
};

Schedulers::Schedulers(boost::asio::io_context& io, const ConfigPtr& config, Names& names,
                       const zones::SerialStore& serials, const std::vector<net::Endpoint>& listen)
    : strand_(boost::asio::make_strand(io)),
      names_(names),
      lister_(std::make_unique<zones::NameTable::Reader>(names.table)) {
  if (config->mesos.empty()) return;
  resolver_ = std::make_unique<net::Resolver>(strand_, net::ResolverConfig{},
                                              [] { return net::machine_now().steady; });
  const net::SteadyTime now = net::machine_now().steady;
  for (const config::MesosSource& source : config->mesos) {
    zones::MesosZoneConfig zone = mesos_zone_config(*config, source, listen);
    zone.serials = serials;
    auto one = std::make_unique<One>(names, std::move(zone));
    one->name = source.name;
    one->is_required = source.rules.required;
    if (source.rules.start_grace > net::Millis(0)) one->required_until = now + source.rules.start_grace;
    if (one->is_required) one->zone.set_readiness(zones::Readiness::not_ready);
    sources::MesosSourceHooks hooks;
    hooks.now = net::machine_now;
    hooks.chance = [rng = std::make_shared<zones::Rng>(zones::Rng::from_system())] {
      return static_cast<double>(rng->next() >> 11) * 0x1p-53;
    };
    hooks.publish = [this, at = one.get()](const sources::MesosStep& step, bool is_current) {
      return publish(*at, step, is_current);
    };
    hooks.tell = [name = source.name](const sources::SourceFailure& failure) {
      if (failure.kind.empty())
        return log(LogLevel::info, "source", {{"name", name}, {"state", "works again"}});
      log(LogLevel::warning, "source", {{"name", name}, {"kind", failure.kind}, {"error", failure.message}});
    };
    one->source = std::make_unique<sources::MesosSource>(strand_, *resolver_, source_config(*config, source),
                                                         std::move(hooks));
    all_.push_back(std::move(one));
  }
}

Schedulers::~Schedulers() = default;

void Schedulers::start(registry::Control& control) {
  control_ = &control;
  for (const auto& one : all_) one->source->start();
}

void Schedulers::stop() {
  for (const auto& one : all_) one->source->stop();
}

bool Schedulers::publish(One& one, const sources::MesosStep& step, bool is_current) {
  return control_->submit([&one, step, is_current](registry::Turn& turn) {
    if (!step.native.gone.empty() || !step.native.listed.empty()) {
      const auto applied = turn.registry.apply(step.native, turn.now);
      for (const auto& left_out : applied ? applied->left_out : std::vector<registry::Grant::LeftOut>())
        log(LogLevel::warning, "source_refused",
            {{"source", one.name},
             {"service", left_out.service},
             {"id", left_out.id},
             {"error", left_out.message}});
    }
    one.zone.apply(step.seen, turn.now);
    if (one.is_current.exchange(is_current) == is_current) return;
    const bool is_ready = is_current || !one.is_required;
    one.zone.set_readiness(is_ready ? zones::Readiness::ready : zones::Readiness::not_ready);
  });
}

void Schedulers::tick(net::Instant now) {
  for (const auto& one : all_) {
    one->zone.tick(now);
    if (now.steady < one->required_until) continue;
    one->required_until = net::SteadyTime::max();
    one->is_required = false;
    one->zone.set_readiness(zones::Readiness::ready);
  }
}

std::vector<registry::SourceStatus> Schedulers::status() const {
  std::vector<registry::SourceStatus> all;
  for (const auto& one : all_) all.push_back(one->source->status());
  return all;
}

std::vector<registry::api::Missing> Schedulers::missing() const {
  std::vector<registry::api::Missing> list;
  for (const auto& one : all_) {
    if (one->is_required && !one->is_current) list.push_back({"source", one->name, "not synced"});
  }
  return list;
}

Schedulers::One* Schedulers::find(std::string_view source) const {
  const auto found = std::ranges::find_if(all_, [&](const auto& one) { return one->name == source; });
  return found == all_.end() ? nullptr : found->get();
}

bool Schedulers::resync(std::string_view source) {
  One* one = find(source);
  if (one != nullptr) one->source->resync();
  return one != nullptr;
}

bool Schedulers::accept(std::string_view source) {
  One* one = find(source);
  if (one != nullptr) one->source->accept();
  return one != nullptr;
}

// ---- the HTTP API of Mesos-DNS

std::vector<registry::api::MesosDnsSource> Schedulers::mesos_dns(const config::Config& config,
                                                                 Loader& dumps) {
  using registry::api::MesosDnsSource;
  std::vector<MesosDnsSource> all;
  for (const config::MesosSource& source : config.mesos) {
    if (!source.names.http_api) continue;
    One* one = find(source.name);
    MesosDnsSource to;
    to.name = source.name;
    // Reads on the control thread; told that there is nothing yet when that has no room.
    const auto read = [this, one]<class T>(MesosDnsSource::Done<T> done, auto what) {
      const auto kept = std::make_shared<MesosDnsSource::Done<T>>(std::move(done));
      const bool taken = control_ != nullptr && control_->submit([one, kept, what](registry::Turn&) {
        (*kept)(one->is_current ? std::optional<T>(what()) : std::nullopt);
      });
      if (!taken) (*kept)(std::nullopt);
    };
    to.addresses = [this, one, read](std::string host,
                                     MesosDnsSource::Done<std::vector<net::IpAddress>> done) {
      const auto name = zones::parse_domain(host);
      read(std::move(done), [this, one, name] {
        return name ? addresses_at(names_.zones, one->zone.zone(), *name) : std::vector<net::IpAddress>();
      });
    };
    to.targets = [this, one, read](std::string service,
                                   MesosDnsSource::Done<std::vector<registry::api::MesosDnsTarget>> done) {
      const auto name = zones::parse_domain(service);
      read(std::move(done), [this, one, name] {
        return name ? targets_at(names_.zones, one->zone.zone(), *name)
                    : std::vector<registry::api::MesosDnsTarget>();
      });
    };
    to.serial = [this, one, read](MesosDnsSource::Done<std::uint32_t> done) {
      read(std::move(done), [this, one] { return names_.zones.serial(one->zone.zone()); });
    };
    to.frameworks = [one, read](MesosDnsSource::Done<std::vector<registry::api::MesosDnsFramework>> done) {
      read(std::move(done), [one] {
        std::vector<registry::api::MesosDnsFramework> frameworks;
        std::map<std::string, std::size_t> places;
        one->zone.view().visit_tasks(
            [&](const registry::SchedulerTask& task, std::span<const zones::naming::MesosRecord> records) {
              const auto [place, is_new] = places.try_emplace(task.framework, frameworks.size());
              if (is_new) frameworks.push_back({task.framework, {}});
              frameworks[place->second].tasks.push_back(task_of(task, records));
            });
        return frameworks;
      });
    };
    to.zone = [this, one, read, &dumps,
               apex = source.names.domain](MesosDnsSource::Done<registry::api::MesosDnsZone> done) {
      const auto kept = std::make_shared<MesosDnsSource::Done<registry::api::MesosDnsZone>>(std::move(done));
      const auto dump = [this, &dumps, kept, apex](std::optional<std::uint32_t> serial) {
        if (!serial) return (*kept)(std::nullopt);
        const bool taken = dumps.post_dump([this, kept, apex, serial, &dumps](Loader::Now now) {
          // A name that went and came again may be met twice: what was met last counts.
          std::map<zones::Name, zones::NameSpec> found;
          const auto take = [&](const zones::Entry& entry) {
            zones::NameSpec spec = zones::EntryWriter::read(entry);
            found.insert_or_assign(spec.owner, std::move(spec));
          };
          const bool is_whole =
              now == Loader::Now::run && zones::visit_live_zone(
                                             *lister_, apex, [&] { found.clear(); }, take, &dumps.stopping());
          if (!is_whole) return (*kept)(std::nullopt);
          registry::api::MesosDnsZone zone;
          zone.serial = *serial;
          for (const auto& [name, spec] : found) add_sets(zone, spec);
          (*kept)(std::move(zone));
        });
        if (!taken) (*kept)(std::nullopt);
      };
      read(MesosDnsSource::Done<std::uint32_t>(dump),
           [this, one] { return names_.zones.serial(one->zone.zone()); });
    };
    all.push_back(std::move(to));
  }
  return all;
}

}  // namespace muster::tools
