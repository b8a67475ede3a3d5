#include "tests/registry/support/small_registry.h"

#include "registry/glob.h"

namespace muster::registry::testing {

void SmallRegistry::put(Batch& batch, const std::string& service, const std::string& id,
                        const std::string& version) {
  Service& owner = services_[service];
  InstancePtr& place = owner.instances[id];
  auto body = std::make_shared<InstanceBody>();
  body->version = version;
  auto instance = std::make_shared<Instance>();
  instance->service = service;
  instance->id = id;
  instance->generation = 7;
  instance->revision = owner.revision = ++revision;
  instance->body = std::move(body);
  if (place) owner.hash -= set_hash_term(service, id, place->revision);
  owner.hash += set_hash_term(service, id, revision);
  InstanceChange change;
  change.service = service;
  change.id = id;
  change.before = place;
  change.after = place = std::move(instance);
  change.revision = revision;
  change.set_hash = owner.hash;
  batch.changes.push_back(std::move(change));
}

void SmallRegistry::remove(Batch& batch, const std::string& service, const std::string& id) {
  Service& owner = services_[service];
  InstanceChange change;
  change.service = service;
  change.id = id;
  change.before = owner.instances.at(id);
  change.revision = owner.revision = ++revision;
  change.cause = Cause::expired;
  owner.hash -= set_hash_term(service, id, change.before->revision);
  change.set_hash = owner.hash;
  owner.instances.erase(id);
  batch.changes.push_back(std::move(change));
}

ServiceView SmallRegistry::view(std::string_view service) const {
  ServiceView view;
  view.name = service;
  const auto found = services_.find(service);
  view.known = found != services_.end();
  if (!view.known) return view;
  view.revision = found->second.revision;
  view.set_hash = to_string(found->second.hash);
  for (const auto& [id, instance] : found->second.instances) {
    view.instances.push_back(instance);
    view.leases.emplace_back();
  }
  return view;
}

std::vector<ServiceSummary> SmallRegistry::list(std::string_view glob, std::string_view after,
                                                std::size_t limit) const {
  std::vector<ServiceSummary> page;
  for (auto i = services_.upper_bound(after); i != services_.end() && page.size() < limit; ++i)
    if (glob_matches(glob, i->first)) page.push_back({.name = i->first, .revision = i->second.revision});
  return page;
}

}  // namespace muster::registry::testing
