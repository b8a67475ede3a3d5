// One function a section of musterd.toml: from a Section to its part of Config.
#pragma once

#include "tools/config/config.h"
#include "tools/config/section.h"

namespace muster::config {

void read_server(Section& section, Server& server);
void read_dns(Section& section, Dns& dns);
// One [[key]] table; appends it.
void read_key(Section section, std::vector<Key>& keys);
void read_zones(Section& section, Zones& zones);
void read_registry(Section& section, Registry& registry);
void read_store(Section& section, Store& store);
void read_http(Section& section, Http& http);
void read_log(Section& section, Log& log);
void read_forward(Section& section, Forward& forward);
// `health`: what holds where the service says nothing.
void read_service(Section& section, Service& service, const Health& health);
// `properties`, of an instance or a service.
registry::Tags read_properties(Section& section);
// One [[source.static]] table; appends its instances.
void read_static_source(Section& section, std::vector<StaticInstance>& instances);

}  // namespace muster::config
