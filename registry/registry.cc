#include "registry/registry.h"

#include "registry/core.h"

namespace muster::registry {

Registry::Registry(RegistryConfig config, Instant now)
    : core_(std::make_unique<Core>(std::move(config), now)) {}
Registry::~Registry() = default;

Outcome Registry::apply(const Change& change, Instant now) { return core_->apply(change, now); }
void Registry::fetch(std::span<const Key> instances) const { core_->fetch(instances); }
Outcome Registry::apply_all(std::span<const Change> changes, Instant now) {
  return core_->apply_all(changes, now);
}
void Registry::restore(const Row& row, Instant now) { core_->restore(row, now); }
RestoreCounts Registry::to_restore() const { return core_->to_restore(); }
bool Registry::restore_next(Instant listeners_open, std::size_t most) {
  return core_->restore_next(listeners_open, most);
}
void Registry::restored(Instant listeners_open) { core_->restored(listeners_open); }
bool Registry::tick(Instant now, std::size_t most) { return core_->tick(now, most); }
void Registry::shift_deadlines(Millis gap) { core_->shift_deadlines(gap); }
void Registry::suspect_verdict(std::string_view service, std::string_view id, ProbeVerdict verdict,
                               Instant now) {
  core_->suspect_verdict(service, id, verdict, now);
}
std::vector<InstancePtr> Registry::suspects_to_probe(Instant now, std::size_t most) {
  return core_->suspects_to_probe(now, most);
}
void Registry::reconfigure(RegistryConfig config, Instant now) { core_->reconfigure(std::move(config), now); }
void Registry::set_safe_stop(std::function<WallTime(const Instance&, Instant now)> safe_stop) {
  core_->safe_stop = std::move(safe_stop);
}
void Registry::store_beside(Row row) { core_->store_beside(std::move(row)); }
void Registry::store_heard(Instant now, const std::function<void(Rows)>& hand_over) {
  core_->store_heard(now, hand_over);
}
Batch Registry::take_batch() { return core_->take_batch(); }
bool Registry::has_changes() const { return core_->has_changes(); }

InstancePtr Registry::find(std::string_view service, std::string_view id) const {
  return core_->find(service, id);
}
std::vector<health::ProbeOrder> Registry::probes_due(Instant now, std::size_t most) {
  return core_->probes_due(now, most);
}
void Registry::probe_found(std::uint64_t number, const health::Verdict& verdict, Instant now) {
  core_->probe_found(number, verdict, now);
}
void Registry::probe_late(const health::ProbeTask& task) { core_->probe_late(task); }
std::vector<std::string> Registry::hosts_due(Instant now, std::size_t most) {
  return core_->hosts_due(now, most);
}
void Registry::host_found(std::string_view host, HostFound what, Instant now) {
  core_->host_found(host, std::move(what), now);
}
HostCounts Registry::host_counts() const { return core_->host_counts(); }
std::optional<HealthView> Registry::health_of(std::string_view service, std::string_view id,
                                              Instant now) const {
  return core_->health_of(service, id, now);
}
health::PlanCounts Registry::probe_counts() const { return core_->probe_counts(); }
bool Registry::is_known(std::string_view service) const { return core_->is_known(service); }
std::optional<std::string> Registry::service_for(const std::string& label) const {
  return core_->service_for(label);
}
std::optional<std::string> Registry::alias_at(std::string_view service, std::string_view label) const {
  return core_->alias_at(service, label);
}
std::optional<std::uint16_t> Registry::best_tier_of(std::string_view service) const {
  return core_->best_tier_of(service);
}
LeaseView Registry::lease_of(std::string_view service, std::string_view id, Instant now) const {
  return core_->lease_of(service, id, now);
}
WallTime Registry::safe_stop_of(std::string_view service, std::string_view id, Instant now) const {
  return core_->safe_stop_of(service, id, now);
}
ServiceView Registry::view(std::string_view service, Instant now) const { return core_->view(service, now); }
std::vector<ServiceSummary> Registry::list(std::string_view glob, std::string_view after,
                                           std::size_t limit) const {
  return core_->list(glob, after, limit);
}
std::vector<InstancePtr> Registry::instances_of_repo(std::string_view repo) const {
  return core_->instances_of_repo(repo);
}
std::optional<Explanation> Registry::explain(std::string_view service, std::string_view id,
                                             Instant now) const {
  return core_->explain(service, id, now);
}
const std::vector<OverlayEntry>& Registry::overlay() const { return core_->overlay().entries(); }
std::uint64_t Registry::overlay_revision() const { return core_->overlay_revision(); }
std::uint64_t Registry::revision() const { return core_->revision(); }
const std::string& Registry::epoch() const { return core_->epoch(); }
RegistryCounts Registry::counts() const { return core_->counts(); }
std::vector<ServiceStates> Registry::states(std::string_view after, std::size_t limit) const {
  return core_->states(after, limit);
}
const LatenessOf& Registry::lateness() const { return core_->lateness(); }
void Registry::for_each(const std::function<void(const InstancePtr&)>& visit) const {
  core_->for_each(visit);
}

}  // namespace muster::registry
