#include <algorithm>

#include "tools/config/read_sections.h"

namespace muster::config {

namespace {

constexpr std::size_t kAddressesMost = 16;

// "" when the address may be published, else why not.
std::string refusal(const net::IpAddress& address) {
  if (address.is_unspecified()) return "is the unspecified address";
  if (address.is_multicast()) return "is a multicast address";
  if (address.is_broadcast()) return "is the broadcast address";
  return "";
}

void add_address(Section& section, std::string_view key, const std::string& text,
                 registry::InstanceBody& body) {
  const auto address = net::parse_ip(text);
  if (!address) {
    section.error(key, "is not an IPv4 or IPv6 address: \"" + text + "\"");
  } else if (const std::string why = refusal(*address); !why.empty()) {
    section.error(key, why + ": nobody could connect to it");
  } else {
    body.addresses.push_back(*address);
  }
}

registry::Port read_port(Section section) {
  registry::Port port;
  port.number = static_cast<std::uint16_t>(section.integer("port", 1, 1, 65535));
  if (!section.has("port")) section.error("port", "is required");
  port.name = section.text("name", "");
  if (port.name.size() > 62) section.error("name", "must have at most 62 octets");
  if (section.choice("proto", "tcp", {"tcp", "udp"}) == "udp") port.protocol = registry::Protocol::udp;
  section.finish();
  return port;
}

void refuse_address_type(Section& section) {
  const std::string type = section.text("address_type", "");
  if (type == "default") {
    section.error(
        "address_type",
        "\"default\" names no address: the destination comes with each message, nothing to publish in DNS");
  } else if (type == "response") {
    section.error(
        "address_type",
        "\"response\" names no address: replies use the caller's own connection, nothing to publish in DNS");
  } else if (!type.empty()) {
    section.not_built("address_type", "url and prefix endpoints");
  }
  section.not_built("url", "url and prefix endpoints");
  section.not_built("properties", "endpoint properties");
}

void read_tags(Section& section, registry::InstanceBody& body) {
  auto tags = section.table("tags");
  if (!tags) return;
  const toml::table& table = *section.node("tags")->as_table();
  for (const auto& [key, value] : table) {
    body.tags.emplace_back(std::string(key.str()), tags->text(key.str(), ""));
  }
  std::sort(body.tags.begin(), body.tags.end());
}

StaticInstance read_instance(Section section, const std::string& service) {
  StaticInstance instance;
  instance.service = service;
  auto body = std::make_shared<registry::InstanceBody>();
  instance.id = section.text("id", "");
  if (instance.id.empty() || instance.id.size() > 128) section.error("id", "is required, 1 to 128 octets");
  if (section.has("address")) add_address(section, "address", section.text("address", ""), *body);
  for (const std::string& text : section.texts("addresses", {}))
    add_address(section, "addresses", text, *body);
  if (!section.has("address") && !section.has("addresses"))
    section.error("address", "or addresses is required");
  if (body->addresses.size() > kAddressesMost) section.error("addresses", "must be at most 16");
  if (section.has("port")) {
    registry::Port port;
    port.number = static_cast<std::uint16_t>(section.integer("port", 1, 1, 65535));
    body->ports.push_back(port);
  }
  for (Section& port : section.tables("ports")) body->ports.push_back(read_port(port));
  if (section.has("weight"))
    body->weight = static_cast<std::uint16_t>(section.integer("weight", 1, 0, 65535));
  if (section.has("priority"))
    body->priority = static_cast<std::uint16_t>(section.integer("priority", 0, 0, 65535));
  if (section.has("order"))
    body->order = static_cast<std::int32_t>(section.integer("order", 0, INT32_MIN, INT32_MAX));
  body->version = section.text("version", "");
  read_tags(section, *body);
  refuse_address_type(section);
  section.finish();
  instance.body = std::move(body);
  return instance;
}

bool is_service_label(const std::string& name) {
  const auto good = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; };
  return !name.empty() && name.size() <= 62 && name.front() != '-' && name.back() != '-' &&
         std::all_of(name.begin(), name.end(), good);
}

}  // namespace

void read_static_source(Section& section, std::vector<StaticInstance>& instances) {
  const std::string service = section.text("service", "");
  if (!is_service_label(service)) {
    section.error("service",
                  "is required: one label of lower-case letters, digits and hyphens, at most 62 octets");
  }
  for (Section& table : section.tables("instances")) {
    StaticInstance instance = read_instance(table, service);
    const bool twice = std::any_of(instances.begin(), instances.end(), [&](const StaticInstance& other) {
      return other.service == instance.service && other.id == instance.id;
    });
    if (twice) table.error("id", "\"" + instance.id + "\" stands twice in service " + service);
    instances.push_back(std::move(instance));
  }
  section.finish();
}

}  // namespace muster::config
