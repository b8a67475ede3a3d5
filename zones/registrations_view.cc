#include "zones/registrations_view.h"

#include <algorithm>
#include <cassert>

namespace muster::zones {

namespace {

using registry::InstancePtr;
using registry::SourceKind;
using Known = RegistrationsView::Known;

class Lookup {
 public:
  Lookup(const Publisher& publisher, const registry::Registry& registry, registry::Instant now)
      : publisher_(publisher), registry_(registry), now_(now) {}

  std::optional<Known> find(const std::string& service, auto matches) const {
    const auto members = publisher_.members_of(service);
    const auto found = std::find_if(members.begin(), members.end(), matches);
    if (found == members.end()) return std::nullopt;
    return known((*found)->service, (*found)->id, **found);
  }

  // One that is part of an instance of another service, as its task's, stands at none of the names asked for;
  // who made it speaks of it by them all the same.
  std::optional<Known> find_alias(const std::string& service, const std::string& id) const {
    const auto name = registry_.service_for(service);
    const InstancePtr instance = name ? registry_.find(*name, id) : nullptr;
    return instance ? std::optional(known(*name, id, *instance)) : std::nullopt;
  }

  std::optional<Known> find_alias_label(const std::string& service, const std::string& label) const {
    const auto name = registry_.service_for(service);
    const auto id = name ? registry_.alias_at(*name, label) : std::nullopt;
    return id ? find_alias(service, *id) : std::nullopt;
  }

  std::vector<Known> claimed(const std::string& service) const {
    std::vector<Known> all;
    for (const InstancePtr& one : publisher_.members_of(service)) {
      const bool ours = std::any_of(one->sources.begin(), one->sources.end(), [](const auto& source) {
        return source.kind == SourceKind::update;
      });
      if (ours) all.push_back(known(one->service, one->id, *one));
    }
    std::erase_if(all, [](const Known& one) { return one.claim == nullptr; });  // made by another name
    return all;
  }

 private:
  Known known(const std::string& service, const std::string& id, const registry::Instance& instance) const {
    Known one{service, id, nullptr, instance.body};
    const bool is_own = instance.service == service && instance.id == id;
    const std::string alias = is_own ? std::string() : service + "/" + id;
    const auto explanation = registry_.explain(instance.service, instance.id, now_);
    assert(explanation);
    for (const registry::ClaimView& claim : explanation->claims) {
      if (claim.source.kind == SourceKind::update && claim.alias == alias) one.claim = claim.body;
    }
    return one;
  }

  const Publisher& publisher_;
  const registry::Registry& registry_;
  registry::Instant now_;
};

}  // namespace

RegistrationsView view_registrations(const Name& domain, const Publisher& publisher,
                                     const registry::Registry& registry, registry::Instant now) {
  const Lookup lookup(publisher, registry, now);
  return {.domain = domain,
          .find_label =
              [lookup](const std::string& service, const std::string& label) {
                auto found =
                    lookup.find(service, [&](const InstancePtr& one) { return one->label == label; });
                return found ? std::move(found) : lookup.find_alias_label(service, label);
              },
          .find_id =
              [lookup](const std::string& service, const std::string& id) {
                auto found = lookup.find(service, [&](const InstancePtr& one) { return one->id == id; });
                return found ? std::move(found) : lookup.find_alias(service, id);
              },
          .service_for = [&registry](const std::string& label) { return registry.service_for(label); },
          .claimed = [lookup](const std::string& service) { return lookup.claimed(service); }};
}

}  // namespace muster::zones
