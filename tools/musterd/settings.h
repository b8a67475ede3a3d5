// From the configuration file's words to the plain config structs that the libraries take. Pure.
#pragma once

#include <memory>

#include "dns/notify.h"
#include "dns/transfers.h"
#include "dns/updates.h"
#include "registry/registry.h"
#include "tools/config/config.h"
#include "zones/publish.h"

namespace muster::tools {

using ConfigPtr = std::shared_ptr<const config::Config>;

// Whether others may reach a host at this address of an interface with these flags (IFF_…): it is up, and
// neither the host itself, nor for one link, nor a bridge of Docker's, which every host has.
bool is_for_others(std::string_view interface, unsigned flags, const net::IpAddress& address);
// The addresses at which others reach these listeners: of a wildcard those of the host.
std::vector<net::IpAddress> reachable(const std::vector<net::Endpoint>& listen);
std::uint32_t seconds(config::Millis span);  // whole ones, rounded down
zones::WhenNone when_none(const std::string& word);
registry::RegistryConfig registry_config(const ConfigPtr& config, std::string epoch);
// `listen` are the DNS addresses as bound: the A and AAAA of name servers below the domain.
zones::PublishConfig publish_config(const ConfigPtr& config, const std::vector<net::Endpoint>& listen);
// Who may transfer which zone, and who is told of its new serials: every zone of the configuration.
dns::Transfers::Access transfer_access(const config::Config& config);
dns::Updates::Access update_access(const config::Config& config);
dns::NotifySchedule::Targets notify_targets(const config::Config& config);
// The static services of the file as one list.
registry::SourceList static_list(const config::Config& config);
// The instance that musterd is itself: service `muster`, no lease.
registry::Registration self_registration(const config::Config& config, const std::vector<net::Endpoint>& dns,
                                         const std::vector<net::Endpoint>& http);

}  // namespace muster::tools
