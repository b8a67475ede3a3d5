#include "zones/publish.h"

#include <algorithm>
#include <cassert>
#include <unordered_set>

#include "registry/label.h"
#include "zones/bound_serials.h"
#include "zones/entry_writer.h"
#include "zones/generated_zone.h"
#include "zones/live_names.h"
#include "zones/naming/dns_sd.h"
#include "zones/naming/instance_names.h"
#include "zones/set_view.h"

namespace muster::zones {

namespace {

constexpr std::uint32_t kNameServerTtl = 60;
constexpr std::size_t kGatheredMost = 64;  // names; their entries are still near when they are put

PublishConfig with_defaults(PublishConfig config) {
  if (config.name_servers.empty()) {
    if (auto name = config.domain.child("ns1")) config.name_servers.push_back(std::move(*name));
  }
  return config;
}

ZoneConfig zone_config(const Name& apex, const PublishConfig& config) {
  ZoneConfig zone;
  zone.apex = apex;
  zone.generated = true;
  zone.soa.mname = config.name_servers.empty() ? apex : config.name_servers.front();
  zone.soa.rname = config.hostmaster;
  zone.soa.minimum = config.negative_ttl;
  zone.soa_ttl = config.negative_ttl;
  zone.negative_ttl = config.negative_ttl;
  return zone;
}

RrsetSpec fixed_rrset(RrType type) {
  RrsetSpec rrset;
  rrset.type = type;
  rrset.ttl = kNameServerTtl;
  return rrset;
}

void add_member(RrsetSpec& rrset, std::string rdata) {
  rrset.members.push_back({.rdata = std::move(rdata), .weight = 1, .tier = 0, .addresses = {}});
}

RrsetSpec ns_rrset(const std::vector<Name>& servers) {
  RrsetSpec rrset = fixed_rrset(RrType::ns);
  for (const Name& server : servers) add_member(rrset, std::string(server.wire()));
  return rrset;
}

std::vector<RrsetSpec> address_rrsets(const std::vector<net::IpAddress>& addresses) {
  std::vector<RrsetSpec> rrsets;
  for (const RrType type : {RrType::a, RrType::aaaa}) {
    RrsetSpec rrset = fixed_rrset(type);
    for (const net::IpAddress& address : addresses) {
      if (address_type(address) == type) add_member(rrset, encode_address(address));
    }
    if (!rrset.members.empty()) rrsets.push_back(std::move(rrset));
  }
  return rrsets;
}

}  // namespace

// The zones as a sink; each counts when its open batch of changes began.
class Publisher::Core final : public NameSink {
 public:
  Core(const PublishConfig& config, Zones& zones) : zones_(zones), bound_serials_(zones, config.serials) {
    open_zone(config.domain, config);
    for (const Name& apex : config.reverse) open_zone(apex, config);
    put_apexes(config);
    names_.emplace(config, static_cast<NameSink&>(*this));
    put_gathered();
  }

  void put(std::size_t zone, const NameSpec& spec) override {
    if (zone == kDomain && spec.owner != domain()) return gather(spec);
    assert(!preparing_);
    put_gathered();
    live_[zone].put(spec);
  }
  void erase(std::size_t zone, const Name& owner) override {
    assert(!preparing_);
    put_gathered();
    live_[zone].erase(owner);
  }

  void bind(const Name& owner, const std::vector<RrType>& types, const std::vector<RrsetSpec>& sets) override {
    assert(!preparing_);
    put_gathered();
    zones_.bind(owner, types, sets);
    bound_serials_.changed(owner);
  }
  void unbind(const Name& owner) override {
    zones_.unbind(owner);
    bound_serials_.changed(owner);
  }

  const BoundSerials& bound_serials() const { return bound_serials_; }
  void reserve(std::size_t services) { names_->reserve(services); }

  // Nothing but puts of names below the domain's apex: who has gone and who has NS are no matters of a start.
  Prepared prepare_part(const registry::Batch& part, net::Instant now) {
    preparing_ = true;
    names_->apply_part(part, now);
    preparing_ = false;
    return std::exchange(gathered_, {});
  }

  void publish_prepared(Prepared prepared) {
    live_[kDomain].put(prepared);
  }

  void publish(const registry::Batch& batch, net::Instant now) {
    gathers_ = batch.changes.size() > 1;
    names_->apply(batch, now);
    note_changes(now.steady);
  }

  void tick(net::Instant now) {
    names_->tick(now);
    note_changes(now.steady);
    for (GeneratedZone& live : live_) live.tick(now.steady);
    bound_serials_.tick(now.steady);
  }

  void reconfigure(PublishConfig config, net::Instant now) {
    const PublishConfig old = names_->config();
    names_->reconfigure(config, now);
    const PublishConfig& fresh = names_->config();
    if (old.name_servers != fresh.name_servers || old.listen_addresses != fresh.listen_addresses) {
      put_apexes(fresh);
      erase_name_servers(old, fresh);
    }
    note_changes(now.steady);
  }

  const LiveNames& names() const { return *names_; }
  LiveNames& names() { return *names_; }
  Zones& zones() const { return zones_; }

 private:
  const Name& domain() const { return live_[kDomain].apex(); }

  // Names below the domain's apex, none of which has NS, are put some together: each one's place in the table
  // is far from the others', and so they wait for it together. Of a lone change each is put at once: an instance's own
  // name does not wait for the sets of its service to be made.
  void gather(const NameSpec& spec) {
    gathered_.push_back(EntryWriter::build(spec, Entry::kOwned, zones_.id(live_[kDomain].zone())));
    if (!preparing_ && (!gathers_ || gathered_.size() >= kGatheredMost)) put_gathered();
  }

  void put_gathered() {
    if (gathered_.empty()) return;
    live_[kDomain].put(gathered_);
    gathered_.clear();
  }

  void open_zone(const Name& apex, const PublishConfig& config) {
    live_.emplace_back(zones_, zone_config(apex, config), config.serials);
  }

  // The end of a batch.
  void note_changes(net::SteadyTime now) {
    put_gathered();
    for (GeneratedZone& live : live_) live.note_changes(now);
  }

  // Name servers first: they are what the NS records point to.
  void put_apexes(const PublishConfig& config) {
    for (const Name& server : config.name_servers) {
      if (server.is_at_or_below(config.domain) && server != config.domain) {
        put(kDomain, {server, address_rrsets(config.listen_addresses)});
      }
    }
    for (std::size_t zone = 0; zone < live_.size(); ++zone) {
      NameSpec apex{.owner = live_[zone].apex(), .rrsets = {ns_rrset(config.name_servers)}};
      const auto& servers = config.name_servers;
      if (zone == kDomain && std::find(servers.begin(), servers.end(), config.domain) != servers.end()) {
        for (RrsetSpec& rrset : address_rrsets(config.listen_addresses))
          apex.rrsets.push_back(std::move(rrset));
      }
      put(zone, apex);
    }
  }

  void erase_name_servers(const PublishConfig& old, const PublishConfig& fresh) {
    const auto& stay = fresh.name_servers;
    for (const Name& server : old.name_servers) {
      const bool ours = server.is_at_or_below(fresh.domain) && server != fresh.domain;
      if (ours && std::find(stay.begin(), stay.end(), server) == stay.end()) erase(kDomain, server);
    }
  }

  Zones& zones_;
  BoundSerials bound_serials_;
  std::vector<GeneratedZone> live_;  // as NameSink numbers them
  std::optional<LiveNames> names_;
  Prepared gathered_;       // put, and not yet in the table
  bool gathers_ = true;     // the batch has several changes
  bool preparing_ = false;  // a part of a batch, which another thread puts into the table
};

Publisher::Publisher(PublishConfig config, Zones& zones)
    : core_(std::make_unique<Core>(with_defaults(std::move(config)), zones)) {}

Publisher::~Publisher() = default;

void Publisher::publish(const registry::Batch& batch, net::Instant now) { core_->publish(batch, now); }

void Publisher::reserve(std::size_t services) { core_->reserve(services); }

Publisher::Prepared Publisher::prepare_part(const registry::Batch& part, net::Instant now) {
  return core_->prepare_part(part, now);
}

void Publisher::publish_prepared(Prepared prepared) { core_->publish_prepared(std::move(prepared)); }

void Publisher::tick(net::Instant now) { core_->tick(now); }

void Publisher::reconfigure(PublishConfig config, net::Instant now) {
  core_->reconfigure(with_defaults(std::move(config)), now);
}

ReverseNames& Publisher::reverse() { return core_->names().reverse(); }

registry::WallTime Publisher::safe_stop(const registry::Instance& instance, net::Instant now) const {
  return core_->names().safe_stop(instance, now.wall);
}

std::vector<registry::InstancePtr> Publisher::members_of(const std::string& label) const {
  std::vector<registry::InstancePtr> instances;
  if (const auto* members = core_->names().members_of(label)) {
    for (const auto& member : *members) instances.push_back(member->instance);
  }
  return instances;
}

std::optional<std::uint32_t> Publisher::highest_bound_serial(const Name& apex) const {
  return core_->bound_serials().highest(apex);
}

std::vector<std::string> Publisher::names_of(const registry::Instance& instance) const {
  std::vector<std::string> names;
  for (const Name& name : core_->names().names_of(instance)) names.push_back(name.text());
  return names;
}

std::vector<std::string> Publisher::strings_left_out(const registry::Instance& instance) const {
  return naming::strings_left_out(*instance.body, core_->names().config().policy_of(instance.service));
}

std::vector<Publisher::Standing> Publisher::standings_of(const registry::Instance& instance) const {
  std::vector<Standing> standings;
  for (const Name& name : core_->names().names_of(instance)) {
    for (InstanceShare& share : shares_of(core_->zones(), core_->names(), instance, name))
      standings.push_back({name.text(), std::move(share)});
  }
  return standings;
}

Publisher::Weight Publisher::weight_of(const registry::Instance& instance) const {
  const std::string label = registry::ascii_lower(instance.service);
  for (const RrType type : {RrType::srv, RrType::uri, RrType::a, RrType::aaaa}) {
    const SetView view(core_->names(), {}, label, type);
    if (!view.suits(instance)) continue;
    const SetView::Standing standing = view.standing_of(instance);
    return {standing.weight, standing.srv, standing.response};
  }
  return {};
}

Publisher::Answering Publisher::answering_of(const std::string& label) const {
  const naming::SrvMembers found = core_->names().srv_members_of(label);
  Answering answering{found.in_panic, {}, {}};
  if (found.of_fallback) {
    const auto own = members_of(label);
    answering.fallback =
        core_->names().config().policy_of(own.empty() ? label : own.front()->service).fallback_service;
  }
  const std::unordered_set<const registry::Instance*> wanted(found.instances.begin(), found.instances.end());
  for (auto& instance : members_of(found.of_fallback ? answering.fallback : label)) {
    if (wanted.contains(instance.get())) answering.instances.push_back(std::move(instance));
  }
  return answering;
}

std::uint32_t Publisher::ttl_of(const std::string& label) const {
  std::uint32_t least = 0;
  const auto owner = core_->names().config().domain.child(label);
  const auto content = owner ? core_->zones().read(*owner) : std::nullopt;
  if (!content) return least;
  for (const RrsetSpec& rrset : content->rrsets) {
    if (!rrset.members.empty() && (least == 0 || rrset.ttl < least)) least = rrset.ttl;
  }
  return least;
}

bool Publisher::in_panic(const std::string& label) const { return core_->names().in_panic(label); }

const PublishCounters& Publisher::counters() const { return core_->names().counters(); }

NameExplanation Publisher::explain(const Name& name, std::optional<RrType> type,
                                   const ClientNetwork* client) const {
  return zones::explain(core_->zones(), core_->names(), name, type, client);
}

}  // namespace muster::zones
