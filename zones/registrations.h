// DNS UPDATE under the native domain D as the registry's changes: whoever can send an update can register,
// without HTTP. What an instance's claim of source `update` says is worked out here from what it said and
// what the message adds and deletes; leases, merging and limits are the registry's.
//
//   I.S.D A, AAAA          an address of instance (S, I)
//   S.D A, AAAA x          the same, of the instance whose id is x with '-' for '.' and ':'
//   _S._O.D SRV            port, priority and weight of its target I.S.D
//   _P._O.S.D SRV          the port named P of its target I.S.D
//
// A target must be known or added in the same message. Deleting the last address deregisters. Anything else
// is REFUSED: other names have other sources.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "registry/change.h"
#include "zones/update.h"

namespace muster::zones {

// What is registered now, asked for by label.
struct RegistrationsView {
  struct Known {
    std::string service;
    std::string id;
    registry::BodyPtr claim;   // of source `update`; null: other sources registered it
    registry::BodyPtr merged;  // of all
  };
  Name domain;
  // Of a service by its folded label; nullopt: no such instance.
  std::function<std::optional<Known>(const std::string& service, const std::string& label)> find_label;
  std::function<std::optional<Known>(const std::string& service, const std::string& id)> find_id;
  // The name of the service that answers, or would, at a folded label; nullopt: the label is reserved.
  std::function<std::optional<std::string>(const std::string& label)> service_for;
  // Those with a claim of source `update`.
  std::function<std::vector<Known>(const std::string& service)> claimed;
};

// Registrations (source `update`, with the whole new body) and removals, one an instance, in the order in
// which the message names them. Precondition: check_update() found nothing. `lease` nullopt: the registry's
// default.
net::Result<std::vector<registry::Change>, UpdateRefusal> plan_registrations(
    const Update& update, const RegistrationsView& view, std::optional<registry::Millis> lease,
    const std::string& by);

}  // namespace muster::zones
